// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that means harm. Whatever it does, the device is as good as new after a reset,
 * and no byte of memory that it was not given was read or written.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vandal.h"

#define NUM 64				/* of a ring; PREY_SLOTS requests of four */
#define GUARDS (1 * MIB)
#define READ_ONLY_IOVA (BLK_IOVA + (1ULL << 36))
#define READ_ONLY (64 * KIB)
#define CANARY 0x5a

FIXTURE(hostile)
{
	struct blk b;
	struct mem read_only;
	struct prey prey;
	__u64 seed;
};

FIXTURE_VARIANT(hostile)
{
	unsigned int what;
	__u32 type;
};

FIXTURE_VARIANT_ADD(hostile, descriptors) {
	.what = VANDAL_DESCS,
	.type = PREY_MIXED,
};

FIXTURE_VARIANT_ADD(hostile, tables) {
	.what = VANDAL_TABLES,
	.type = PREY_MIXED,
};

FIXTURE_VARIANT_ADD(hostile, headers) {
	.what = VANDAL_HEADERS | VANDAL_DATA,
	.type = PREY_MIXED,
};

FIXTURE_VARIANT_ADD(hostile, discards) {
	.what = VANDAL_RANGES,
	.type = VIRTIO_BLK_T_DISCARD,
};

FIXTURE_VARIANT_ADD(hostile, write_zeroes) {
	.what = VANDAL_RANGES,
	.type = VIRTIO_BLK_T_WRITE_ZEROES,
};

FIXTURE_VARIANT_ADD(hostile, avail) {
	.what = VANDAL_AVAIL,
	.type = PREY_MIXED,
};

FIXTURE_VARIANT_ADD(hostile, all) {
	.what = VANDAL_ALL,
	.type = PREY_MIXED,
};

static int map_read_only(FIXTURE_DATA(hostile) *self)
{
	return vdev_map(&self->b.vdev, READ_ONLY_IOVA, READ_ONLY,
			self->read_only.va, VHOST_ACCESS_RO);
}

FIXTURE_SETUP(hostile)
{
	struct blk_options o = {
		.num = NUM,
		.rings = env_vqs() < 4 ? env_vqs() : 4,
		.memory = 8 * MIB,
		.guard = GUARDS,
	};

	self->seed = env_seed(env_now_ms());
	TH_LOG("SEED=%llu", self->seed);
	ASSERT_EQ(0, blk_open(&self->b, &o));
	ASSERT_EQ(0, mem_create(&self->read_only, READ_ONLY, READ_ONLY_IOVA,
				false));
	memset(self->read_only.va, CANARY, READ_ONLY);
	ASSERT_EQ(0, map_read_only(self));
	ASSERT_EQ(0, prey_create(&self->prey, &self->b, self->seed));
}

FIXTURE_TEARDOWN(hostile)
{
	blk_close(&self->b);
	mem_destroy(&self->read_only);
}

static bool has_secret(const __u8 *p, size_t len)
{
	return memmem(p, len, MEM_SECRET, MEM_SECRET_LEN);
}

/* What lies beside the memory that the device was given has not become data. */
static void expect_no_secret_on_disk(struct __test_metadata *_metadata,
				     struct blk *b)
{
	__u32 sector, step = 64 * KIB / BLK_SECTOR;

	for (sector = 0; sector < 2 * PREY_SECTORS; sector += step) {
		ASSERT_EQ(0, blk_rw(b, &b->ring[0], VIRTIO_BLK_T_IN, sector,
				    b->bounce, 64 * KIB));
		ASSERT_FALSE(has_secret(b->bounce, 64 * KIB))
			TH_LOG("memory of others at sector %u", sector);
	}
}

static void expect_unharmed(struct __test_metadata *_metadata,
			    FIXTURE_DATA(hostile) *self)
{
	struct blk *b = &self->b;
	unsigned int i;
	__u32 len;

	ASSERT_EQ(0, blk_recover(b));
	for (i = 0; i < b->rings; i++) {
		__u64 sector = i * 256;

		len = 16384;
		pattern_fill(b->bounce, len, 0, self->seed + i);
		ASSERT_EQ(0, blk_rw(b, &b->ring[i], VIRTIO_BLK_T_OUT, sector,
				    b->bounce, len));
		memset(b->bounce, 0, len);
		ASSERT_EQ(0, blk_rw(b, &b->ring[i], VIRTIO_BLK_T_IN, sector,
				    b->bounce, len));
		ASSERT_EQ(0, pattern_check(b->bounce, len, 0, self->seed + i));
	}
	expect_no_secret_on_disk(_metadata, b);
	ASSERT_EQ(0, mem_check_guards(&b->mem));
	ASSERT_EQ(0, pattern_check_byte(self->read_only.va, READ_ONLY, CANARY));
}

/* ---- what is read is changed while it is read ---- */

TEST_F_TIMEOUT(hostile, rewritten, 120)
{
	struct prey *p = &self->prey;
	struct vandal v = { .forbidden = READ_ONLY_IOVA };
	__u64 end = env_now_ms() + vandal_ms();
	unsigned int rounds = 0;

	p->type = variant->type;
	vandal_pin(0);
	ASSERT_EQ(0, vandal_start(&v, p, variant->what, self->seed + 1));
	do {
		prey_offer(p);
		ASSERT_EQ(0, prey_settle(p));
		rounds++;
	} while (env_now_ms() < end);
	vandal_stop(&v);
	TH_LOG("%u rounds, %llu requests, %llu ended, %llu resets, %llu writes",
	       rounds, p->offered, p->ended, p->resets, v.writes);
	EXPECT_LT(0, p->ended);
	EXPECT_LT(0, v.writes);
	expect_unharmed(_metadata, self);
}

/* ---- kicks at any time ---- */

FIXTURE(storm)
{
	FIXTURE_DATA(hostile) h;
	struct kicker kicker[KICKERS];
	__u64 random;
};

FIXTURE_SETUP(storm)
{
	hostile_setup(_metadata, &self->h, NULL);
	self->random = self->h.seed;
	self->h.prey.patience_ms = env_limit_ms();
	ASSERT_EQ(0, kickers_start(self->kicker, KICKERS, &self->h.b));
}

FIXTURE_TEARDOWN(storm)
{
	hostile_teardown(_metadata, &self->h, NULL);
}

static void storm_end(struct __test_metadata *_metadata,
		      FIXTURE_DATA(storm) *self, unsigned int rounds)
{
	__u64 kicks = kickers_stop(self->kicker, KICKERS);
	struct prey *p = &self->h.prey;

	TH_LOG("%u rounds, %llu kicks, %llu requests, %llu ended", rounds, kicks,
	       p->offered, p->ended);
	EXPECT_LE(vandal_kicks(), kicks);
	expect_unharmed(_metadata, &self->h);
}

static void storm_restart(struct __test_metadata *_metadata,
			  FIXTURE_DATA(storm) *self)
{
	ASSERT_EQ(0, vdev_reset(&self->h.b.vdev));
	ASSERT_EQ(0, blk_restart(&self->h.b, 0));
}

#define STORM(n)							\
	for (__u64 end_ = env_now_ms() + vandal_ms();			\
	     env_now_ms() < end_ ||					\
	     kickers_kicks(self->kicker, KICKERS) < vandal_kicks(); n++)

TEST_F_TIMEOUT(storm, while_nothing_else_happens, 120)
{
	unsigned int n = 0;

	STORM(n) {
		prey_offer(&self->h.prey);
		ASSERT_EQ(0, prey_settle(&self->h.prey));
	}
	EXPECT_EQ(0, self->h.prey.resets);
	EXPECT_EQ(self->h.prey.offered, self->h.prey.ended);
	storm_end(_metadata, self, n);
}

TEST_F_TIMEOUT(storm, while_it_is_reset, 120)
{
	unsigned int n = 0;

	STORM(n) {
		prey_offer(&self->h.prey);
		storm_restart(_metadata, self);
	}
	storm_end(_metadata, self, n);
}

TEST_F_TIMEOUT(storm, while_its_status_changes, 120)
{
	struct vdev *v = &self->h.b.vdev;
	unsigned int n = 0, i;

	STORM(n) {
		prey_offer(&self->h.prey);
		for (i = 0; i < 8; i++)
			vdev_set_status(v, vdev_status(v) |
					   random_next(&self->random));
		vdev_set_status(v, random_next(&self->random));
		storm_restart(_metadata, self);
	}
	storm_end(_metadata, self, n);
}

TEST_F_TIMEOUT(storm, while_it_is_suspended, 120)
{
	struct blk *b = &self->h.b;
	unsigned int n = 0, k;
	__u16 idx;

	STORM(n) {
		prey_offer(&self->h.prey);
		ASSERT_EQ(0, vdev_suspend(&b->vdev));
		for (k = 0; k < b->rings; k++) {
			idx = ring_used_idx(&b->ring[k]);
			EXPECT_EQ(idx, vdev_vring_get_base(&b->vdev, k));
			EXPECT_EQ(idx, ring_used_idx(&b->ring[k]));
		}
		ASSERT_EQ(0, vdev_resume(&b->vdev));
		ASSERT_EQ(0, prey_settle(&self->h.prey));
	}
	EXPECT_EQ(0, self->h.prey.resets);
	storm_end(_metadata, self, n);
}

/* One vring ioctl, at a time and with values that it was not made for. */
static void storm_vring(FIXTURE_DATA(storm) *self)
{
	struct blk *b = &self->h.b;
	unsigned int k = random_below(&self->random, b->rings);
	struct ring *r = &b->ring[k];
	struct vdev *v = &b->vdev;

	switch (random_below(&self->random, 8)) {
	case 0:
		vdev_vring_num(v, k, 1U << random_below(&self->random, 18));
		break;
	case 1:
		vdev_vring_base(v, k, random_below(&self->random, 65536));
		break;
	case 2:
		vdev_vring_addr(v, k, r->used_iova, r->desc_iova, r->avail_iova);
		break;
	case 3:
		vdev_vring_kick(v, k, random_below(&self->random, 2) ?
				      r->kick_fd : -1);
		break;
	case 4:
		vdev_vring_call(v, k, random_below(&self->random, 2) ?
				      r->call_fd : -1);
		break;
	case 5:
		/* Each completion is a kick. */
		vdev_vring_call(v, k, r->kick_fd);
		break;
	default:
		vdev_vring_enable(v, k, random_below(&self->random, 2));
	}
}

TEST_F_TIMEOUT(storm, while_its_rings_are_set, 120)
{
	unsigned int n = 0, i;

	STORM(n) {
		prey_offer(&self->h.prey);
		for (i = 0; i < 16; i++)
			storm_vring(self);
		if (n % 4 == 3) {
			ASSERT_EQ(0, vdev_suspend(&self->h.b.vdev));
			for (i = 0; i < 16; i++)
				storm_vring(self);
			vdev_resume(&self->h.b.vdev);
		}
		storm_restart(_metadata, self);
	}
	storm_end(_metadata, self, n);
}

TEST_F_TIMEOUT(storm, while_it_is_closed, 120)
{
	FIXTURE_DATA(hostile) *h = &self->h;
	struct blk *b = &h->b;
	unsigned int n = 0;

	STORM(n) {
		prey_offer(&h->prey);
		vdev_close(&b->vdev);
		ASSERT_EQ(0, vdev_open(&b->vdev));
		ASSERT_EQ(0, vdev_map(&b->vdev, b->mem.iova, b->mem.size,
				      b->mem.va, VHOST_ACCESS_RW));
		ASSERT_EQ(0, map_read_only(h));
		ASSERT_EQ(0, blk_restart(b, 0));
	}
	storm_end(_metadata, self, n);
}

TEST_F_TIMEOUT(storm, while_memory_comes_and_goes, 120)
{
	FIXTURE_DATA(hostile) *h = &self->h;
	struct blk *b = &h->b;
	unsigned int n = 0;

	STORM(n) {
		prey_offer(&h->prey);
		/* Every other time the rings go, too. */
		if (n % 2) {
			ASSERT_EQ(0, vdev_unmap(&b->vdev, 0, ~0ULL));
		} else {
			ASSERT_EQ(0, vdev_unmap(&b->vdev, READ_ONLY_IOVA,
						READ_ONLY));
		}
		ASSERT_EQ(0, vdev_reset(&b->vdev));
		if (n % 2) {
			ASSERT_EQ(0, vdev_map(&b->vdev, b->mem.iova,
					      b->mem.size, b->mem.va,
					      VHOST_ACCESS_RW));
		}
		ASSERT_EQ(0, map_read_only(h));
		ASSERT_EQ(0, blk_restart(b, 0));
	}
	storm_end(_metadata, self, n);
}

/* ---- rings where they should not be ---- */

FIXTURE(twisted)
{
	FIXTURE_DATA(hostile) h;
	struct blk *b;
	struct ring *r;
	struct prey_slot *s;
	__u64 area;			/* a page for rings that the test places */
	__u8 *area_va;
};

FIXTURE_SETUP(twisted)
{
	hostile_setup(_metadata, &self->h, NULL);
	self->b = &self->h.b;
	self->r = &self->b->ring[0];
	self->s = &self->h.prey.slot[0][0];
	self->area_va = blk_take(self->b, 64 * KIB, MEM_PAGE);
	ASSERT_NE(NULL, self->area_va);
	self->area = blk_iova(self->b, self->area_va);
	/* Both kinds of bytes that a read may spread over a ring. */
	ASSERT_EQ(0, blk_write_pattern(self->b, 0, 64 * KIB, 3));
}

FIXTURE_TEARDOWN(twisted)
{
	hostile_teardown(_metadata, &self->h, NULL);
}

/* A chain of one's own making: three direct descriptors of slot 0. */
static void twisted_chain(FIXTURE_DATA(twisted) *self, __u32 type, __u64 data,
			  __u32 len, __u64 status)
{
	__u16 write = type == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE;
	struct vring_desc *d = self->r->desc;

	*self->s->hdr = (struct virtio_blk_outhdr){ .type = type };
	*self->s->status = REQ_UNTOUCHED;
	d[0] = (struct vring_desc){ blk_iova(self->b, self->s->hdr), 16,
				    VRING_DESC_F_NEXT, 1 };
	d[1] = (struct vring_desc){ data, len, VRING_DESC_F_NEXT | write, 2 };
	d[2] = (struct vring_desc){ status, 1, VRING_DESC_F_WRITE, 0 };
}

static void twisted_run(FIXTURE_DATA(twisted) *self)
{
	__u64 end = env_now_ms() + 2;

	self->r->avail_idx = ring_used_idx(self->r);
	ring_offer(self->r, 0);
	ring_publish(self->r);
	ring_kick(self->r);
	while (env_now_ms() < end &&
	       !(vdev_status(&self->b->vdev) & VIRTIO_CONFIG_S_NEEDS_RESET))
		sched_yield();
	ring_kick(self->r);
}

/* Data that is read lands in the rings themselves, and the status, too. */
TEST_F_TIMEOUT(twisted, reads_into_the_rings, 120)
{
	static const __u32 lens[] = { 512, 1024, 4096 };
	struct ring *r = self->r;
	const __u64 to[] = { r->desc_iova, r->desc_iova + 16, r->avail_iova,
			     r->avail_iova + 2, r->used_iova, r->used_iova + 2,
			     blk_iova(self->b, self->s->hdr) };
	__u64 status = blk_iova(self->b, self->s->status);
	unsigned int i, l;

	for (i = 0; i < ARRAY_SIZE(to); i++) {
		for (l = 0; l < ARRAY_SIZE(lens); l++) {
			twisted_chain(self, VIRTIO_BLK_T_IN, to[i], lens[l],
				      status);
			twisted_run(self);
			ASSERT_EQ(0, blk_recover(self->b));
			ASSERT_EQ(0, blk_write_pattern(self->b, 0, 4096, 3));
		}
		twisted_chain(self, VIRTIO_BLK_T_IN,
			      blk_iova(self->b, self->s->data), 512, to[i]);
		twisted_run(self);
		twisted_chain(self, VIRTIO_BLK_T_GET_ID, to[i], 20, status);
		twisted_run(self);
		ASSERT_EQ(0, blk_recover(self->b));
	}
	expect_unharmed(_metadata, &self->h);
}

/* What is written is the ring, which changes meanwhile. */
TEST_F_TIMEOUT(twisted, writes_out_of_the_rings, 120)
{
	struct ring *r = self->r;
	const __u64 from[] = { r->desc_iova, r->avail_iova & ~1023ULL,
			       r->used_iova & ~1023ULL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		twisted_chain(self, VIRTIO_BLK_T_OUT, from[i], 1024,
			      blk_iova(self->b, self->s->status));
		twisted_run(self);
		ASSERT_EQ(0, blk_recover(self->b));
	}
	expect_unharmed(_metadata, &self->h);
}

/* The places of all three areas, so many of them the same or nearly. */
TEST_F_TIMEOUT(twisted, rings_over_one_another, 120)
{
	static const __u32 at[] = { 0, 16, 1024, 1536 };
	unsigned int n = ARRAY_SIZE(at), i, k;
	struct ring twisted = *self->r, *r = self->r;
	struct blk *b = self->b;

	for (i = 0; i < n * n * n; i++) {
		ASSERT_EQ(0, vdev_reset(&b->vdev));
		r->desc = (void *)(self->area_va + at[i % n]);
		r->avail = (void *)(self->area_va + at[i / n % n]);
		r->used = (void *)(self->area_va + at[i / n / n]);
		r->desc_iova = blk_iova(b, r->desc);
		r->avail_iova = blk_iova(b, r->avail);
		r->used_iova = blk_iova(b, r->used);
		/* The second queue has its used ring in the first one's table. */
		if (b->rings > 1 && i % 2)
			b->ring[1].used_iova = r->desc_iova;
		ASSERT_EQ(0, blk_restart(b, 0));
		for (k = 0; k < 2; k++) {
			prey_offer(&self->h.prey);
			twisted_run(self);
		}
		if (b->rings > 1)
			b->ring[1].used_iova = blk_iova(b, b->ring[1].used);
	}
	*r = twisted;
	expect_unharmed(_metadata, &self->h);
}

/* Sums that leave 64 bits or the memory, in whatever has an address and a length. */
TEST_F_TIMEOUT(twisted, addresses_that_wrap, 120)
{
	const __u64 end = self->b->mem.iova + self->b->mem.size;
	const __u64 addrs[] = { ~0ULL, 0 - 2ULL, 0 - 16ULL, 0 - 511ULL,
				0 - 512ULL, 0 - 4096ULL, 1ULL << 63, end,
				end - 1, end - 15, end - 511, end - 512,
				self->b->mem.iova - 512,
				READ_ONLY_IOVA + READ_ONLY - 511 };
	static const __u32 lens[] = { 1, 15, 16, 512, 4096, 0x80000000,
				      0xfffffe00, 0xffffffff };
	__u64 status = blk_iova(self->b, self->s->status);
	unsigned int a, l, k;

	for (a = 0; a < ARRAY_SIZE(addrs); a++) {
		for (l = 0; l < ARRAY_SIZE(lens); l++) {
			for (k = 0; k < 5; k++) {
				struct vring_desc *d = self->r->desc;

				twisted_chain(self, k % 2 ? VIRTIO_BLK_T_OUT :
							    VIRTIO_BLK_T_IN,
					      addrs[a], lens[l], status);
				d[1].addr = k < 2 ? addrs[a] :
					    blk_iova(self->b, self->s->data);
				if (k == 2)
					d[0].addr = addrs[a];
				if (k == 3)
					d[2] = (struct vring_desc){
						addrs[a], lens[l],
						VRING_DESC_F_WRITE, 0 };
				if (k == 4)
					d[0] = (struct vring_desc){
						addrs[a], lens[l] & ~15U,
						VRING_DESC_F_INDIRECT, 0 };
				self->r->avail_idx = ring_used_idx(self->r);
				ring_offer(self->r, 0);
				ring_publish(self->r);
				ring_kick(self->r);
				if (vdev_status(&self->b->vdev) &
				    VIRTIO_CONFIG_S_NEEDS_RESET) {
					ASSERT_EQ(0, blk_recover(self->b));
				}
			}
		}
	}
	expect_unharmed(_metadata, &self->h);
}

/* 126 segments of 4 GiB each, all of them the same bytes: more than the disk has. */
TEST_F_TIMEOUT(twisted, lengths_of_four_gigabytes, 120)
{
	struct req *q = req_create(self->b, self->r);
	unsigned int n, type;

	ASSERT_NE(NULL, q);
	for (n = 1; n <= 126; n += 25) {
		for (type = 0; type < 2; type++) {
			unsigned int i;

			req_init(q, type, 0);
			q->indirect = true;
			req_header(q);
			for (i = 0; i < n; i++)
				req_seg_iova(q, self->b->mem.iova,
					     i % 2 ? 0xfffffe00 : 0xffffffff,
					     !type);
			req_end(q);
			ASSERT_EQ(0, req_run(q));
			ASSERT_EQ(VIRTIO_BLK_S_IOERR, *q->status);
		}
	}
	expect_unharmed(_metadata, &self->h);
}

/* ---- rings that move ---- */

static void twisted_place(FIXTURE_DATA(twisted) *self, unsigned int at)
{
	struct ring *r = self->r;
	__u8 *va = self->area_va + at;

	memcpy(va, r->desc, NUM * sizeof(*r->desc));
	memcpy(va + 2048, r->avail, 4 + 2 * NUM);
	memcpy(va + 3072, r->used, 4 + 8 * NUM);
	r->desc = (void *)va;
	r->avail = (void *)(va + 2048);
	r->used = (void *)(va + 3072);
	r->desc_iova = blk_iova(self->b, r->desc);
	r->avail_iova = blk_iova(self->b, r->avail);
	r->used_iova = blk_iova(self->b, r->used);
}

/* Between suspend and resume a ring may go elsewhere, and goes on there. */
TEST_F_TIMEOUT(twisted, rings_move_while_suspended, 120)
{
	struct vdev *v = &self->b->vdev;
	struct ring *r = self->r;
	struct load *l = calloc(1, sizeof(*l));
	unsigned int i;

	ASSERT_NE(NULL, l);
	ASSERT_EQ(0, load_create(l, self->b, r, 8, 4096, 256));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, load_fill(l));
		ASSERT_EQ(0, vdev_suspend(v));
		twisted_place(self, i % 2 ? 0 : 16 * KIB);
		ASSERT_EQ(0, vdev_vring_addr(v, 0, r->desc_iova, r->avail_iova,
					     r->used_iova));
		ASSERT_EQ(0, vdev_resume(v));
		ASSERT_EQ(0, load_drain(l));
	}
	ASSERT_EQ(0, load_verify(l));
	free(l);
	expect_unharmed(_metadata, &self->h);
}

/* And where there is nothing, or with a size that there is not, it does not. */
TEST_F_TIMEOUT(twisted, rings_move_to_nowhere, 120)
{
	struct ring *r = self->r;
	const __u64 bad[][3] = {
		{ r->desc_iova + 8, r->avail_iova, r->used_iova },
		{ 1ULL << 46, r->avail_iova, r->used_iova },
		{ r->desc_iova, 0 - 64ULL, r->used_iova },
		{ r->desc_iova, r->avail_iova, READ_ONLY_IOVA },
		{ self->b->mem.iova - 512, r->avail_iova, r->used_iova },
		{ r->desc_iova, r->avail_iova,
		  self->b->mem.iova + self->b->mem.size - 64 },
	};
	struct vdev *v = &self->b->vdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		prey_offer(&self->h.prey);
		ASSERT_EQ(0, vdev_suspend(v));
		if (!vdev_vring_addr(v, 0, bad[i][0], bad[i][1], bad[i][2])) {
			EXPECT_NE(0, vdev_resume(v));
		}
		prey_offer(&self->h.prey);
		ASSERT_EQ(0, blk_recover(self->b));
	}
	expect_unharmed(_metadata, &self->h);
}

/* The same address, another page: in one batch, so that the ring is never unmapped. */
TEST_F_TIMEOUT(twisted, rings_remapped_while_running, 120)
{
	struct blk *b = self->b;
	struct vdev *v = &b->vdev;
	struct mem other;
	unsigned int i;

	ASSERT_EQ(0, mem_create(&other, b->mem.size, b->mem.iova, false));
	for (i = 0; i < 4; i++) {
		prey_offer(&self->h.prey);
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL,
					0));
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE, b->mem.iova,
					b->mem.size, NULL, 0));
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE, b->mem.iova,
					b->mem.size, other.va,
					VHOST_ACCESS_RW));
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL,
					0));
		ASSERT_EQ(0, vdev_wait_needs_reset(v));
		ASSERT_EQ(0, vdev_reset(v));
		ASSERT_EQ(0, vdev_unmap(v, b->mem.iova, b->mem.size));
		ASSERT_EQ(0, vdev_map(v, b->mem.iova, b->mem.size, b->mem.va,
				      VHOST_ACCESS_RW));
		ASSERT_EQ(0, blk_restart(b, 0));
	}
	expect_unharmed(_metadata, &self->h);
	mem_destroy(&other);
}

/* ---- as much work in one pass as there may be ---- */

#define WORST_REQS 60
#define WORST_BUF (1 * MIB)

FIXTURE(worst)
{
	struct blk b;
	struct req *q[WORST_REQS];
	__u8 *buf;
};

/* What a pass has most of. */
FIXTURE_VARIANT(worst)
{
	void (*build)(FIXTURE_DATA(worst) *self, struct req *q);
};

static void worst_begin(struct req *q, __u32 type)
{
	req_init(q, type, 0);
	q->indirect = true;
	req_header(q);
}

/* As many as a pass takes, each a command. */
static void worst_requests(FIXTURE_DATA(worst) *self, struct req *q)
{
	worst_begin(q, VIRTIO_BLK_T_IN);
	req_data(q, self->buf, self->b.lba);
	req_end(q);
}

/* Each of many short segments lies on two pages. */
static void worst_segments(FIXTURE_DATA(worst) *self, struct req *q)
{
	unsigned int i;

	worst_begin(q, VIRTIO_BLK_T_IN);
	for (i = 0; i < 120; i++)
		req_data(q, self->buf + (i + 1) * MEM_PAGE - 256, 512);
	req_end(q);
}

/* As many descriptors as a chain may have, few of which say anything. */
static void worst_descriptors(FIXTURE_DATA(worst) *self, struct req *q)
{
	unsigned int i;

	worst_begin(q, VIRTIO_BLK_T_FLUSH);
	for (i = 0; i < 253; i++)
		req_seg(q, self->buf, 0, true);
	req_end(q);
}

/* A list as long as it may be, across two pages. */
static void worst_ranges(FIXTURE_DATA(worst) *self, struct req *q)
{
	unsigned int i, n = self->b.vdev.config.max_discard_seg;
	struct virtio_blk_discard_write_zeroes *r =
		(void *)(self->buf + MEM_PAGE - 512);

	for (i = 0; i < n; i++)
		r[i] = (struct virtio_blk_discard_write_zeroes){ i * 8, 8, 0 };
	worst_begin(q, n ? VIRTIO_BLK_T_DISCARD : VIRTIO_BLK_T_FLUSH);
	if (n)
		req_seg(q, r, n * sizeof(*r), false);
	req_end(q);
}

/* Many commands, and each of them a list of pages. */
static void worst_commands(FIXTURE_DATA(worst) *self, struct req *q)
{
	worst_begin(q, VIRTIO_BLK_T_IN);
	req_data(q, self->buf, WORST_BUF);
	req_end(q);
}

/* Nothing of it is for the disk. */
static void worst_refusals(FIXTURE_DATA(worst) *self, struct req *q)
{
	unsigned int i;

	worst_begin(q, VIRTIO_BLK_T_IN);
	q->hdr->sector = ~0ULL;
	for (i = 0; i < 140; i++)
		req_data(q, self->buf, 512);
	req_end(q);
}

FIXTURE_VARIANT_ADD(worst, requests) {
	.build = worst_requests,
};

FIXTURE_VARIANT_ADD(worst, segments) {
	.build = worst_segments,
};

FIXTURE_VARIANT_ADD(worst, descriptors) {
	.build = worst_descriptors,
};

FIXTURE_VARIANT_ADD(worst, ranges) {
	.build = worst_ranges,
};

FIXTURE_VARIANT_ADD(worst, refusals) {
	.build = worst_refusals,
};

FIXTURE_VARIANT_ADD(worst, commands) {
	.build = worst_commands,
};

FIXTURE_SETUP(worst)
{
	/* No two pages are neighbours: each is a look-up and a run of its own. */
	struct blk_options o = { .scattered = true, .memory = 4 * MIB };
	unsigned int i;

	ASSERT_EQ(0, blk_open(&self->b, &o));
	for (i = 0; i < WORST_REQS; i++) {
		self->q[i] = req_create(&self->b, &self->b.ring[0]);
		ASSERT_NE(NULL, self->q[i]);
	}
	self->buf = blk_take(&self->b, WORST_BUF + MEM_PAGE, MEM_PAGE);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(worst)
{
	blk_close(&self->b);
}

/* Who measures the kicks looks at this one (functional/kick-bound). */
TEST_F_TIMEOUT(worst, pass, 120)
{
	struct ring *r = &self->b.ring[0];
	unsigned int i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < WORST_REQS; i++) {
			variant->build(self, self->q[i]);
			ASSERT_EQ(0, req_queue(self->q[i]));
		}
		ring_publish(r);
		ring_kick(r);
		for (i = 0; i < WORST_REQS; i++) {
			ASSERT_EQ(0, req_wait(self->q[i]));
			ASSERT_EQ(0, req_check(self->q[i], *self->q[i]->status));
		}
	}
	ASSERT_EQ(0, blk_recover(&self->b));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

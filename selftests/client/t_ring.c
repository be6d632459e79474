// SPDX-License-Identifier: GPL-2.0
/* Rings of every size and place, rings that must be refused, broken rings. */
#include "client.h"

#include <sys/mman.h>

/* Enough of everything through a ring of any size. */
static void expect_works(struct __test_metadata *_metadata, struct blk *b,
			 struct ring *r)
{
	unsigned int depth = r->num < 32 ? r->num : 32;
	struct load *l = calloc(1, sizeof(*l));
	size_t used = b->mem.used;

	ASSERT_NE(NULL, l);
	ASSERT_EQ(0, load_create(l, b, r, depth, 4096, 0));
	l->goal = 4 * depth + 8;
	ASSERT_EQ(0, load_run(l));
	EXPECT_EQ(l->goal, l->completed);
	ASSERT_EQ(0, load_verify(l));
	free(l);
	b->mem.used = used;
}

/* ---- sizes ---- */

FIXTURE(size)
{
	struct blk b;
};

FIXTURE_VARIANT(size)
{
	unsigned int num;
};

FIXTURE_VARIANT_ADD(size, one) {
	.num = 1,
};

FIXTURE_VARIANT_ADD(size, two) {
	.num = 2,
};

FIXTURE_VARIANT_ADD(size, four) {
	.num = 4,
};

FIXTURE_VARIANT_ADD(size, sixteen) {
	.num = 16,
};

FIXTURE_VARIANT_ADD(size, max) {
	.num = 0,
};

FIXTURE_SETUP(size)
{
	struct blk_options o = { .num = variant->num };

	ASSERT_EQ(0, blk_open(&self->b, &o));
}

FIXTURE_TEARDOWN(size)
{
	blk_close(&self->b);
}

TEST_F(size, works)
{
	expect_works(_metadata, &self->b, &self->b.ring[0]);
}

/* A table longer than the ring: 126 segments, header and status. */
TEST_F(size, indirect_table_longer_than_the_ring)
{
	unsigned int n = self->b.vdev.config.seg_max, i;
	struct req *q = req_create(&self->b, &self->b.ring[0]);
	__u32 lba = self->b.lba;
	__u8 *buf = blk_take(&self->b, n * lba, MEM_PAGE);

	ASSERT_NE(NULL, q);
	ASSERT_NE(NULL, buf);
	pattern_fill(buf, n * lba, 0, 55);
	req_init(q, VIRTIO_BLK_T_OUT, 0);
	q->indirect = true;
	req_header(q);
	for (i = 0; i < n; i++)
		req_data(q, buf + i * lba, lba);
	req_end(q);
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_OK));
	/* Read back by a chain of one descriptor too: the ring may be that small. */
	memset(buf, 0, n * lba);
	req_simple(q, VIRTIO_BLK_T_IN, 0, buf, n * lba);
	q->indirect = true;
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(0, pattern_check(buf, n * lba, 0, 55));
}

/* ---- what must be refused, by an ioctl or by DRIVER_OK ---- */

FIXTURE(bad_ring)
{
	struct blk b;
	struct ring *r;
	__u8 *spare;
};

FIXTURE_SETUP(bad_ring)
{
	struct blk_options o = { .num = 64 };

	ASSERT_EQ(0, blk_prepare(&self->b, &o));
	self->r = &self->b.ring[0];
	self->spare = blk_take(&self->b, 16384, MEM_PAGE);
	ASSERT_NE(NULL, self->spare);
}

FIXTURE_TEARDOWN(bad_ring)
{
	blk_close(&self->b);
}

/* Refused at DRIVER_OK unless the ioctl was, and usable after a reset. */
static void expect_refused(struct __test_metadata *_metadata, struct blk *b,
			   int ioctl_err)
{
	size_t used = b->mem.used;

	if (!ioctl_err) {
		EXPECT_EQ(-EIO, vdev_driver_ok(&b->vdev));
		EXPECT_EQ(0, vdev_status(&b->vdev) & VIRTIO_CONFIG_S_DRIVER_OK);
	}
	ASSERT_EQ(0, vdev_reset(&b->vdev));
	b->ring[0].num = 64;
	ASSERT_EQ(0, vdev_negotiate(&b->vdev,
				    BLK_FEATURES & b->vdev.offered));
	ring_restart(&b->ring[0], 0);
	ASSERT_EQ(0, ring_attach(&b->ring[0]));
	ASSERT_EQ(0, blk_start(b));
	expect_works(_metadata, b, &b->ring[0]);
	b->mem.used = used;
	ASSERT_EQ(0, vdev_reset(&b->vdev));
	ASSERT_EQ(0, vdev_negotiate(&b->vdev,
				    BLK_FEATURES & b->vdev.offered));
	ASSERT_EQ(0, ring_attach(&b->ring[0]));
}

static void expect_num_refused(struct __test_metadata *_metadata,
			       FIXTURE_DATA(bad_ring) *self, unsigned int num)
{
	struct vdev *v = &self->b.vdev;
	int err;

	ASSERT_EQ(0, vdev_vring_enable(v, 0, 0));
	err = vdev_vring_num(v, 0, num);
	ASSERT_EQ(0, vdev_vring_enable(v, 0, 1));
	expect_refused(_metadata, &self->b, err);
}

TEST_F(bad_ring, of_0)
{
	expect_num_refused(_metadata, self, 0);
}

TEST_F(bad_ring, of_3)
{
	expect_num_refused(_metadata, self, 3);
}

TEST_F(bad_ring, of_twice_the_maximum)
{
	expect_num_refused(_metadata, self, 2 * self->b.vdev.num_max);
}

TEST_F(bad_ring, of_32768)
{
	expect_num_refused(_metadata, self, 32768);
}

TEST_F(bad_ring, of_65535)
{
	expect_num_refused(_metadata, self, 65535);
}

TEST_F(bad_ring, of_65536_and_more)
{
	EXPECT_GT(0, vdev_vring_num(&self->b.vdev, 0, 65536));
	EXPECT_GT(0, vdev_vring_num(&self->b.vdev, 0, 0x80000000));
	EXPECT_GT(0, vdev_vring_num(&self->b.vdev, 0, ~0U));
}

static void expect_addr_refused(struct __test_metadata *_metadata,
				FIXTURE_DATA(bad_ring) *self, __u64 desc,
				__u64 avail, __u64 used)
{
	struct vdev *v = &self->b.vdev;
	int err;

	ASSERT_EQ(0, vdev_vring_enable(v, 0, 0));
	err = vdev_vring_addr(v, 0, desc, avail, used);
	ASSERT_EQ(0, vdev_vring_enable(v, 0, 1));
	expect_refused(_metadata, &self->b, err);
}

TEST_F(bad_ring, misaligned)
{
	struct ring *r = self->r;
	unsigned int by;

	for (by = 1; by < 16; by *= 2)
		expect_addr_refused(_metadata, self, r->desc_iova + by,
				    r->avail_iova, r->used_iova);
	expect_addr_refused(_metadata, self, r->desc_iova, r->avail_iova + 1,
			    r->used_iova);
	for (by = 1; by < 4; by *= 2)
		expect_addr_refused(_metadata, self, r->desc_iova,
				    r->avail_iova, r->used_iova + by);
}

TEST_F(bad_ring, unmapped)
{
	static const __u64 nowhere[] = {
		16, 4096, 1ULL << 46, 1ULL << 63, ~4095ULL, ~15ULL,
	};
	struct ring *r = self->r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		expect_addr_refused(_metadata, self, nowhere[i], r->avail_iova,
				    r->used_iova);
		expect_addr_refused(_metadata, self, r->desc_iova, nowhere[i],
				    r->used_iova);
		expect_addr_refused(_metadata, self, r->desc_iova,
				    r->avail_iova, nowhere[i]);
	}
}

/* Its first byte is mapped, its last is not. */
TEST_F(bad_ring, across_the_end_of_memory)
{
	struct ring *r = self->r;
	__u64 end = self->b.mem.iova + self->b.mem.size;

	expect_addr_refused(_metadata, self, end - 16, r->avail_iova,
			    r->used_iova);
	expect_addr_refused(_metadata, self, end - 64 * 16 + 16, r->avail_iova,
			    r->used_iova);
	expect_addr_refused(_metadata, self, r->desc_iova, end - 4,
			    r->used_iova);
	expect_addr_refused(_metadata, self, r->desc_iova, r->avail_iova,
			    end - 64 * 8);
}

/* A page of its own, mapped with fewer rights, for one of the areas. */
static __u64 map_spare(struct __test_metadata *_metadata,
		       FIXTURE_DATA(bad_ring) *self, __u8 perm)
{
	__u64 iova = 1ULL << 40;

	vdev_unmap(&self->b.vdev, iova, MEM_PAGE);
	memset(self->spare, 0, MEM_PAGE);
	ASSERT_EQ(0, vdev_map(&self->b.vdev, iova, MEM_PAGE, self->spare, perm));
	return iova;
}

TEST_F(bad_ring, used_is_read_only)
{
	__u64 iova = map_spare(_metadata, self, VHOST_ACCESS_RO);

	expect_addr_refused(_metadata, self, self->r->desc_iova,
			    self->r->avail_iova, iova);
}

TEST_F(bad_ring, descriptors_are_write_only)
{
	__u64 iova = map_spare(_metadata, self, VHOST_ACCESS_WO);

	expect_addr_refused(_metadata, self, iova, self->r->avail_iova,
			    self->r->used_iova);
	expect_addr_refused(_metadata, self, self->r->desc_iova, iova,
			    self->r->used_iova);
}

/* The same rights, used for what they allow. */
TEST_F(bad_ring, least_rights_are_enough)
{
	__u64 ro = 1ULL << 40, wo = 1ULL << 41;
	struct ring *r = self->r;

	ASSERT_EQ(0, vdev_map(&self->b.vdev, ro, 2 * MEM_PAGE, self->spare,
			      VHOST_ACCESS_RO));
	ASSERT_EQ(0, vdev_map(&self->b.vdev, wo, MEM_PAGE,
			      self->spare + 2 * MEM_PAGE, VHOST_ACCESS_WO));
	r->desc = (void *)self->spare;
	r->avail = (void *)(self->spare + MEM_PAGE);
	r->used = (void *)(self->spare + 2 * MEM_PAGE);
	r->desc_iova = ro;
	r->avail_iova = ro + MEM_PAGE;
	r->used_iova = wo;
	ring_restart(r, 0);
	ASSERT_EQ(0, vdev_vring_enable(&self->b.vdev, 0, 0));
	ASSERT_EQ(0, ring_attach(r));
	ASSERT_EQ(0, blk_start(&self->b));
	expect_works(_metadata, &self->b, r);
}

/* ---- places ---- */

FIXTURE(place)
{
	struct blk b;
	struct ring *r;
	__u8 *area;
};

FIXTURE_SETUP(place)
{
	struct blk_options o = { .scattered = true, .memory = 4 * MIB };

	ASSERT_EQ(0, blk_prepare(&self->b, &o));
	self->r = &self->b.ring[0];
	self->area = blk_take(&self->b, 64 * KIB, MEM_PAGE);
	ASSERT_NE(NULL, self->area);
}

FIXTURE_TEARDOWN(place)
{
	blk_close(&self->b);
}

static void place_ring(struct __test_metadata *_metadata,
		       FIXTURE_DATA(place) *self, unsigned int desc,
		       unsigned int avail, unsigned int used)
{
	struct ring *r = self->r;

	r->desc = (void *)(self->area + desc);
	r->avail = (void *)(self->area + avail);
	r->used = (void *)(self->area + used);
	r->desc_iova = blk_iova(&self->b, r->desc);
	r->avail_iova = blk_iova(&self->b, r->avail);
	r->used_iova = blk_iova(&self->b, r->used);
	ring_restart(r, 0);
	ASSERT_EQ(0, vdev_vring_enable(&self->b.vdev, 0, 0));
	ASSERT_EQ(0, ring_attach(r));
	ASSERT_EQ(0, blk_start(&self->b));
	expect_works(_metadata, &self->b, r);
}

/* Pages that follow one another for us do not in physical memory. */
TEST_F(place, across_scattered_pages)
{
	place_ring(_metadata, self, 2048, 16384 + 3840, 32768 + 3000);
}

TEST_F(place, all_in_a_row)
{
	place_ring(_metadata, self, 16, 16 + 4096, 16 + 4096 + 520);
}

/* The event fields lie on the page after the rings' last entries. */
TEST_F(place, event_fields_on_another_page)
{
	place_ring(_metadata, self, 0, 16384 - 4 - 2 * 256,
		   32768 - 4 - 8 * 256);
}

TEST_F(place, end_at_the_end_of_memory)
{
	struct mem *m = &self->b.mem;
	unsigned int end = m->size - (self->area - m->va);

	place_ring(_metadata, self, 0, 8192, (end - 6 - 8 * 256) & ~3U);
}

/* ---- broken by the driver while it runs ---- */

FIXTURE(broken)
{
	struct blk b;
	struct ring *r;
	struct req *q;
	__u8 *buf;
};

FIXTURE_SETUP(broken)
{
	struct blk_options o = { .num = 64 };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	self->q = req_create(&self->b, self->r);
	self->buf = blk_take(&self->b, 64 * KIB, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, self->b.lba, 1));
}

FIXTURE_TEARDOWN(broken)
{
	blk_close(&self->b);
}

/*
 * The ring was spoilt and published. DEVICE_NEEDS_RESET comes with a config
 * interrupt, nothing is processed until the reset, everything is after it.
 */
static void expect_needs_reset(struct __test_metadata *_metadata,
			       FIXTURE_DATA(broken) *self)
{
	ring_kick(self->r);
	ASSERT_EQ(0, vdev_wait_needs_reset(&self->b.vdev));
	ring_kick(self->r);
	ASSERT_EQ(0, ring_quiet(self->r));
	ASSERT_EQ(0, blk_recover(&self->b));
	expect_works(_metadata, &self->b, self->r);
}

static void offer_good(struct __test_metadata *_metadata,
		       FIXTURE_DATA(broken) *self)
{
	req_simple(self->q, VIRTIO_BLK_T_IN, 0, self->buf, self->b.lba);
	ASSERT_EQ(0, req_queue(self->q));
}

TEST_F(broken, head_out_of_range)
{
	static const __u16 heads[] = { 64, 65, 256, 0x8000, 0xffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		ring_offer(self->r, heads[i]);
		ring_publish(self->r);
		expect_needs_reset(_metadata, self);
	}
}

TEST_F(broken, avail_index_jumps)
{
	static const __u16 jumps[] = { 65, 66, 1000, 0x8000, 0xfffe };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		offer_good(_metadata, self);
		self->r->avail_idx = self->r->last_used + jumps[i];
		ring_publish(self->r);
		expect_needs_reset(_metadata, self);
	}
}

TEST_F(broken, avail_index_goes_back)
{
	self->r->avail_idx = self->r->last_used - 1;
	ring_publish(self->r);
	expect_needs_reset(_metadata, self);
}

TEST_F(broken, descriptor_loop)
{
	static const __u16 to[] = { 0, 1 };
	unsigned int i;
	int head;

	for (i = 0; i < ARRAY_SIZE(to); i++) {
		req_simple(self->q, VIRTIO_BLK_T_IN, 0, self->buf, self->b.lba);
		head = ring_add(self->r, self->q->seg, 3, NULL, 0, 0, self->q);
		ASSERT_LE(0, head);
		/* The data's descriptor leads to itself, or to the header. */
		self->r->desc[self->r->next[head]].next =
			to[i] ? self->r->next[head] : head;
		ring_offer(self->r, head);
		ring_publish(self->r);
		expect_needs_reset(_metadata, self);
	}
}

/* Through each descriptor of the ring and back to the first. */
TEST_F(broken, long_descriptor_loop)
{
	unsigned int i, n = self->r->num;
	__u64 iova = blk_iova(&self->b, self->buf);

	for (i = 0; i < n; i++)
		self->r->desc[i] = (struct vring_desc){
			iova, 16, VRING_DESC_F_NEXT, (i + 1) % n };
	ring_offer(self->r, 0);
	ring_publish(self->r);
	expect_needs_reset(_metadata, self);
}

TEST_F(broken, next_out_of_range)
{
	static const __u16 nexts[] = { 64, 65, 0x4000, 0xffff };
	unsigned int i;
	int head;

	for (i = 0; i < ARRAY_SIZE(nexts); i++) {
		req_simple(self->q, VIRTIO_BLK_T_IN, 0, self->buf, self->b.lba);
		head = ring_add(self->r, self->q->seg, 3, NULL, 0, 0, self->q);
		ASSERT_LE(0, head);
		self->r->desc[self->r->next[head]].next = nexts[i];
		ring_offer(self->r, head);
		ring_publish(self->r);
		expect_needs_reset(_metadata, self);
	}
}

/* What was with the disk when the ring broke still has an end before the reset's. */
TEST_F(broken, with_requests_in_flight)
{
	struct load *l = calloc(1, sizeof(*l));

	ASSERT_NE(NULL, l);
	ASSERT_EQ(0, load_create(l, &self->b, self->r, 16, 16384, 0));
	l->indirect = true;
	ASSERT_EQ(0, load_fill(l));
	ring_offer(self->r, 0xffff);
	ring_publish(self->r);
	ring_kick(self->r);
	ASSERT_EQ(0, vdev_wait_needs_reset(&self->b.vdev));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	load_forget(l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	ASSERT_EQ(0, load_verify(l));
	expect_works(_metadata, &self->b, self->r);
}

/* A descriptor rewritten while the device has it: whatever is read is checked. */
TEST_F_TIMEOUT(broken, descriptors_change_under_the_device, 60)
{
	__u64 random = 7;
	unsigned int round, i;
	int head, status;

	for (round = 0; round < 200; round++) {
		req_simple(self->q, VIRTIO_BLK_T_IN, 0, self->buf, self->b.lba);
		head = ring_add(self->r, self->q->seg, 3, NULL, 0, 0, self->q);
		ASSERT_LE(0, head);
		ring_offer(self->r, head);
		for (i = 0; i < 3; i++)
			if (random_below(&random, 3) == 0)
				self->r->desc[random_below(&random, 64)].flags =
					random_next(&random);
		if (random_below(&random, 2))
			self->r->desc[head].next = random_below(&random, 80);
		if (random_below(&random, 3) == 0)
			self->r->desc[self->r->next[head]].len =
				random_next(&random);
		ring_publish(self->r);
		ring_kick(self->r);
		if (round % 8 != 7)
			continue;
		status = vdev_status(&self->b.vdev);
		ASSERT_LE(0, status);
		ASSERT_EQ(0, blk_recover(&self->b));
	}
}

/* Any queue, not only the first. */
TEST_F(broken, last_queue)
{
	struct blk_options o = { .num = 64, .rings = self->b.vdev.nvqs };
	struct blk *b = &self->b;
	unsigned int i;

	blk_close(b);
	ASSERT_EQ(0, blk_open(b, &o));
	ring_offer(&b->ring[b->rings - 1], 0xffff);
	ring_publish(&b->ring[b->rings - 1]);
	ring_kick(&b->ring[b->rings - 1]);
	ASSERT_EQ(0, vdev_wait_needs_reset(&b->vdev));
	ASSERT_EQ(0, blk_recover(b));
	for (i = 0; i < b->rings; i++)
		expect_works(_metadata, b, &b->ring[i]);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

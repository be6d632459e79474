// SPDX-License-Identifier: GPL-2.0
/* The memory table: what is not mapped, what comes and goes, what is too much. */
#include "client.h"

#include <string.h>
#include <sys/mman.h>

#define AREA_IOVA (BLK_IOVA + (1ULL << 32))
#define AREA (256 * KIB)
#define GUARD 0x77

/* A device at work, and an area of memory beside, not mapped yet. */
FIXTURE(mem)
{
	struct blk b;
	struct ring *r;
	struct req *q;
	__u8 *buf;
	struct mem area;
};

FIXTURE_VARIANT(mem)
{
	bool scattered;
};

FIXTURE_VARIANT_ADD(mem, whole) {
	.scattered = false,
};

FIXTURE_VARIANT_ADD(mem, scattered) {
	.scattered = true,
};

FIXTURE_SETUP(mem)
{
	struct blk_options o = {
		.scattered = variant->scattered,
		.memory = 4 * MIB,
	};

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	self->q = req_create(&self->b, self->r);
	self->buf = blk_take(&self->b, AREA, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, mem_create(&self->area, AREA, AREA_IOVA,
				variant->scattered));
	memset(self->area.va, GUARD, self->area.size);
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, AREA, 1));
}

FIXTURE_TEARDOWN(mem)
{
	blk_close(&self->b);
	mem_destroy(&self->area);
}

static int map_area(FIXTURE_DATA(mem) *self, __u8 perm)
{
	return vdev_map(&self->b.vdev, self->area.iova, self->area.size,
			self->area.va, perm);
}

static int unmap_area(FIXTURE_DATA(mem) *self)
{
	return vdev_unmap(&self->b.vdev, self->area.iova, self->area.size);
}

/* Builds a request of one data segment at any IOVA. */
static void build(struct req *q, __u32 type, __u64 iova, __u32 len)
{
	req_init(q, type, 0);
	req_header(q);
	req_seg_iova(q, iova, len, type == VIRTIO_BLK_T_IN);
	req_end(q);
}

static void expect_status(struct __test_metadata *_metadata, struct req *q,
			  __u8 status)
{
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, status));
}

static void expect_works(struct __test_metadata *_metadata, struct blk *b)
{
	static __u64 seed = 100;

	seed++;
	ASSERT_EQ(0, blk_write_pattern(b, 1024, 64 * KIB, seed));
	ASSERT_EQ(0, blk_read_pattern(b, 1024, 64 * KIB, seed));
	EXPECT_EQ(0, vdev_status(&b->vdev) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

/* ---- what is not there ---- */

TEST_F(mem, unmapped_data_is_an_error)
{
	__u32 lba = self->b.lba;
	const __u64 end = self->b.mem.iova + self->b.mem.size;
	const __u64 nowhere[] = {
		0, 4096, self->b.mem.iova - lba, self->b.mem.iova - 1,
		end - lba + 1, end - 1, end, AREA_IOVA, 1ULL << 46, 1ULL << 63,
		0 - (__u64)lba, 0 - (__u64)lba + 1, ~0ULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		build(self->q, VIRTIO_BLK_T_IN, nowhere[i], lba);
		expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
		build(self->q, VIRTIO_BLK_T_OUT, nowhere[i], lba);
		expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	}
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, AREA, 1));
	expect_works(_metadata, &self->b);
}

/*
 * One hole among many segments, at each place. Blocks before it may have been
 * written, the one that would come from the hole and those after may not.
 */
TEST_F(mem, one_unmapped_segment_of_many)
{
	__u32 lba = self->b.lba, hole, i;

	memset(self->buf, GUARD, AREA);
	for (hole = 0; hole < 8; hole++) {
		ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 16 * lba, 1));
		req_init(self->q, VIRTIO_BLK_T_OUT, 0);
		req_header(self->q);
		for (i = 0; i < 8; i++) {
			if (i == hole)
				req_seg_iova(self->q, AREA_IOVA, lba, false);
			else
				req_data(self->q, self->buf + i * lba, lba);
		}
		req_end(self->q);
		expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
		ASSERT_EQ(0, blk_read_pattern(&self->b,
					      hole * self->b.lba_sectors, lba,
					      1));
		ASSERT_EQ(0, blk_read_pattern(&self->b, 8 * self->b.lba_sectors,
					      8 * lba, 1));
	}
}

/* Long, and only the last byte of it is missing; or nearly all. */
TEST_F(mem, long_segment_past_the_end_of_memory)
{
	__u64 end = self->b.mem.iova + self->b.mem.size;

	build(self->q, VIRTIO_BLK_T_OUT, end - 1 * MIB + 1, 1 * MIB);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	build(self->q, VIRTIO_BLK_T_OUT, end - self->b.lba, 16 * MIB);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	build(self->q, VIRTIO_BLK_T_IN, end - self->b.lba, 16 * MIB);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	/* Of a write that failed, the part that was in memory may be there. */
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, AREA, 1));
	expect_works(_metadata, &self->b);
}

TEST_F(mem, unmapped_header_or_status)
{
	int r;

	req_init(self->q, VIRTIO_BLK_T_IN, 0);
	req_seg_iova(self->q, AREA_IOVA, 16, false);
	req_data(self->q, self->buf, self->b.lba);
	req_end(self->q);
	r = req_run_malformed(self->q);
	ASSERT_LE(0, r);
	if (r) {
		ASSERT_EQ(0, blk_recover(&self->b));
	}
	req_init(self->q, VIRTIO_BLK_T_IN, 0);
	req_header(self->q);
	req_data(self->q, self->buf, self->b.lba);
	req_seg_iova(self->q, AREA_IOVA, 1, true);
	r = req_run_malformed(self->q);
	ASSERT_LE(0, r);
	if (r) {
		ASSERT_EQ(0, blk_recover(&self->b));
	}
	expect_works(_metadata, &self->b);
}

/* ---- rights ---- */

TEST_F(mem, read_only_memory)
{
	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RO));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(0, pattern_check_byte(self->area.va, self->area.size, GUARD));
	pattern_fill(self->area.va, 65536, 0, 2);
	build(self->q, VIRTIO_BLK_T_OUT, AREA_IOVA, 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 65536, 2));
}

TEST_F(mem, write_only_memory)
{
	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_WO));
	build(self->q, VIRTIO_BLK_T_OUT, AREA_IOVA, 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, AREA, 1));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(self->area.va, 65536, 0, 1));
	EXPECT_EQ(0, pattern_check_byte(self->area.va + 65536, 65536, GUARD));
}

/* Half of a segment may be written, half may not: then none of it is right. */
TEST_F(mem, segment_of_two_rights)
{
	struct vdev *v = &self->b.vdev;

	ASSERT_EQ(0, vdev_map(v, AREA_IOVA, 8192, self->area.va,
			      VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_map(v, AREA_IOVA + 8192, 8192, self->area.va + 8192,
			      VHOST_ACCESS_RO));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA + 4096, 8192);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(0, pattern_check_byte(self->area.va + 8192, 8192, GUARD));
	pattern_fill(self->area.va + 4096, 8192, 0, 3);
	build(self->q, VIRTIO_BLK_T_OUT, AREA_IOVA + 4096, 8192);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 8192, 3));
}

/* ---- chunks ---- */

/* Pages in the opposite order: where byte `at` of the IOVA range is. */
static __u8 *reversed(FIXTURE_DATA(mem) *self, __u32 pages, __u32 at)
{
	return self->area.va + (pages - 1 - at / MEM_PAGE) * MEM_PAGE +
	       at % MEM_PAGE;
}

TEST_F(mem, segment_across_chunks)
{
	__u32 pages = 16, len = 14 * MEM_PAGE + self->b.lba;
	__u32 i, off, done, n;

	for (i = 0; i < pages; i++)
		ASSERT_EQ(0, vdev_map(&self->b.vdev, AREA_IOVA + i * MEM_PAGE,
				      MEM_PAGE,
				      reversed(self, pages, i * MEM_PAGE),
				      VHOST_ACCESS_RW));
	for (off = 0; off < MEM_PAGE; off = off * 2 + 1) {
		memset(self->area.va, GUARD, pages * MEM_PAGE);
		build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA + off, len);
		expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
		for (done = 0; done < len; done += n) {
			n = MEM_PAGE - (off + done) % MEM_PAGE;
			if (n > len - done)
				n = len - done;
			ASSERT_EQ(0, pattern_check(reversed(self, pages,
							    off + done),
						   n, done, 1));
		}
	}
}

TEST_F(mem, same_memory_at_two_places)
{
	struct vdev *v = &self->b.vdev;

	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_map(v, AREA_IOVA + (1ULL << 33), self->area.size,
			      self->area.va, VHOST_ACCESS_RW));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA + (1ULL << 33) + 65536,
	      65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(self->area.va, 65536, 0, 1));
	EXPECT_EQ(0, pattern_check(self->area.va + 65536, 65536, 0, 1));
	/* One of them goes, the other stays. */
	ASSERT_EQ(0, unmap_area(self));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA + (1ULL << 33), 65536);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
}

TEST_F(mem, messages_without_a_batch)
{
	struct vdev *v = &self->b.vdev;
	unsigned int i;

	for (i = 0; i < AREA / MEM_PAGE; i++)
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE,
					AREA_IOVA + i * MEM_PAGE, MEM_PAGE,
					self->area.va + i * MEM_PAGE,
					VHOST_ACCESS_RW));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, AREA);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(self->area.va, AREA, 0, 1));
	for (i = 0; i < AREA / MEM_PAGE; i += 2)
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE,
					AREA_IOVA + i * MEM_PAGE, MEM_PAGE,
					NULL, 0));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 4096);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA + 4096, 4096);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA + 4096, 8192);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
}

TEST_F(mem, overlap_is_refused)
{
	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
	EXPECT_EQ(-EFAULT, vdev_map(&self->b.vdev, AREA_IOVA + 4096, 4096,
				    self->area.va, VHOST_ACCESS_RW));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, AREA);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(self->area.va, AREA, 0, 1));
}

/* ---- what comes and goes under load ---- */

static struct load *spawn_load(struct __test_metadata *_metadata, struct blk *b)
{
	struct load *l = calloc(1, sizeof(*l));

	ASSERT_NE(NULL, l);
	ASSERT_EQ(0, load_create(l, b, &b->ring[0], 32, 16384, 2048));
	ASSERT_EQ(0, load_spawn(l));
	return l;
}

static void join_load(struct __test_metadata *_metadata, struct load *l)
{
	ASSERT_EQ(0, load_join(l));
	EXPECT_LT(0, l->completed);
	ASSERT_EQ(0, load_verify(l));
}

TEST_F_TIMEOUT(mem, other_range_comes_and_goes_under_load, 60)
{
	struct load *l = spawn_load(_metadata, &self->b);
	unsigned int i;

	for (i = 0; i < 100; i++) {
		EXPECT_EQ(0, map_area(self, VHOST_ACCESS_RW));
		EXPECT_EQ(0, unmap_area(self));
	}
	join_load(_metadata, l);
}

TEST_F_TIMEOUT(mem, pages_come_and_go_without_batch_under_load, 60)
{
	struct load *l = spawn_load(_metadata, &self->b);
	struct vdev *v = &self->b.vdev;
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 32; i++)
			EXPECT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE,
						AREA_IOVA + i * MEM_PAGE,
						MEM_PAGE,
						self->area.va + i * MEM_PAGE,
						VHOST_ACCESS_RW));
		for (i = 0; i < 32; i++)
			EXPECT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE,
						AREA_IOVA + i * MEM_PAGE,
						MEM_PAGE, NULL, 0));
	}
	join_load(_metadata, l);
}

/* All goes and comes again in one batch: the device sees no difference. */
TEST_F_TIMEOUT(mem, same_map_again_under_load, 60)
{
	struct load *l = spawn_load(_metadata, &self->b);
	struct mem *m = &self->b.mem;
	struct vdev *v = &self->b.vdev;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL,
					0));
		EXPECT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE, m->iova,
					m->size, NULL, 0));
		EXPECT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE, m->iova, m->size,
					m->va, VHOST_ACCESS_RW));
		EXPECT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL,
					0));
	}
	join_load(_metadata, l);
}

/* ---- what goes while it is used ---- */

/* Reads in flight, all of them into the area. */
enum { READS = 32 };

static void start_reads(struct __test_metadata *_metadata,
			FIXTURE_DATA(mem) *self, struct req **reads)
{
	unsigned int i;

	for (i = 0; i < READS; i++) {
		if (!reads[i])
			reads[i] = req_create(&self->b, self->r);
		ASSERT_NE(NULL, reads[i]);
		req_init(reads[i], VIRTIO_BLK_T_IN, 0);
		reads[i]->indirect = true;
		req_header(reads[i]);
		req_seg_iova(reads[i], AREA_IOVA + i * 8192, 8192, true);
		req_end(reads[i]);
		ASSERT_EQ(0, req_queue(reads[i]));
	}
	ring_publish(self->r);
	ring_notify(self->r);
}

/* Each has an end: done, or refused because its memory was gone. */
static void finish_reads(struct __test_metadata *_metadata, struct req **reads)
{
	unsigned int i;

	for (i = 0; i < READS; i++) {
		ASSERT_EQ(0, req_wait(reads[i]));
		ASSERT_EQ(0, req_check(reads[i], *reads[i]->status));
		EXPECT_GE(VIRTIO_BLK_S_IOERR, *reads[i]->status);
	}
}

/* Once the unmap is back, the device writes there no more. */
TEST_F_TIMEOUT(mem, unmap_under_reads, 60)
{
	struct req *reads[READS] = { 0 };
	unsigned int round;

	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
		start_reads(_metadata, self, reads);
		ASSERT_EQ(0, unmap_area(self));
		memset(self->area.va, GUARD, self->area.size);
		finish_reads(_metadata, reads);
		ASSERT_EQ(0, pattern_check_byte(self->area.va, self->area.size,
						GUARD));
	}
	expect_works(_metadata, &self->b);
}

/* vhost lets go of the pages at once, the device hears at the batch's end. */
TEST_F_TIMEOUT(mem, unmap_in_an_open_batch_under_reads, 60)
{
	struct req *reads[READS] = { 0 };
	struct vdev *v = &self->b.vdev;
	unsigned int round;

	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
		start_reads(_metadata, self, reads);
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL,
					0));
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE, AREA_IOVA,
					self->area.size, NULL, 0));
		mem_destroy(&self->area);
		finish_reads(_metadata, reads);
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL,
					0));
		build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 4096);
		expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
		ASSERT_EQ(0, mem_create(&self->area, AREA, AREA_IOVA,
					variant->scattered));
	}
	expect_works(_metadata, &self->b);
}

/* The batch that never ends, and then the close. */
TEST_F(mem, close_in_an_open_batch)
{
	struct req *reads[READS] = { 0 };
	struct vdev *v = &self->b.vdev;

	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
	start_reads(_metadata, self, reads);
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE, 0, ~0ULL, NULL, 0));
	mem_destroy(&self->area);
	blk_close(&self->b);
	ASSERT_EQ(0, blk_open(&self->b, NULL));
	expect_works(_metadata, &self->b);
}

/* The same place, other pages: what is read lands in the new ones. */
TEST_F(mem, remap_to_other_memory)
{
	struct vdev *v = &self->b.vdev;
	unsigned int round;
	struct mem other;

	ASSERT_EQ(0, mem_create(&other, AREA, AREA_IOVA, variant->scattered));
	for (round = 0; round < 20; round++) {
		struct mem *now = round % 2 ? &other : &self->area;
		struct mem *then = round % 2 ? &self->area : &other;

		ASSERT_EQ(0, vdev_map(v, AREA_IOVA, AREA, now->va,
				      VHOST_ACCESS_RW));
		memset(now->va, GUARD, AREA);
		memset(then->va, GUARD, AREA);
		build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, AREA);
		expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
		ASSERT_EQ(0, pattern_check(now->va, AREA, 0, 1));
		ASSERT_EQ(0, pattern_check_byte(then->va, AREA, GUARD));
		ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, AREA));
	}
	mem_destroy(&other);
}

/* In one batch, so the place is never empty for the device. */
TEST_F(mem, remap_in_one_batch)
{
	struct vdev *v = &self->b.vdev;
	struct mem other;

	ASSERT_EQ(0, mem_create(&other, AREA, AREA_IOVA, variant->scattered));
	memset(other.va, GUARD, AREA);
	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE, AREA_IOVA,
				self->area.size, NULL, 0));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE, AREA_IOVA, AREA,
				other.va, VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, AREA);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(other.va, AREA, 0, 1));
	EXPECT_EQ(0, pattern_check_byte(self->area.va, AREA, GUARD));
	ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, AREA));
	mem_destroy(&other);
}

/* The ring's own memory goes while the device works with it. */
static void expect_ring_loss(struct __test_metadata *_metadata,
			     FIXTURE_DATA(mem) *self, const void *part)
{
	__u64 iova = blk_iova(&self->b, part) & ~(MEM_PAGE - 1);
	struct load *l = calloc(1, sizeof(*l));
	struct mem *m = &self->b.mem;
	struct vdev *v = &self->b.vdev;

	ASSERT_NE(NULL, l);
	ASSERT_EQ(0, load_create(l, &self->b, self->r, 32, 16384, 2048));
	ASSERT_EQ(0, load_fill(l));
	ASSERT_EQ(0, vdev_unmap(v, iova, MEM_PAGE));
	ASSERT_EQ(0, vdev_wait_needs_reset(v));
	ring_kick(self->r);
	ASSERT_EQ(0, ring_quiet(self->r));
	ASSERT_EQ(0, vdev_reset(v));
	/* What else was in the chunk is gone too: begin with an empty map. */
	ASSERT_EQ(0, vdev_unmap(v, m->iova, m->size));
	ASSERT_EQ(0, vdev_map(v, m->iova, m->size, m->va, VHOST_ACCESS_RW));
	load_forget(l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	ASSERT_EQ(0, load_verify(l));
	expect_works(_metadata, &self->b);
	free(l);
}

TEST_F(mem, descriptors_go_under_load)
{
	expect_ring_loss(_metadata, self, self->r->desc);
}

TEST_F(mem, avail_goes_under_load)
{
	expect_ring_loss(_metadata, self, self->r->avail);
}

TEST_F(mem, used_goes_under_load)
{
	expect_ring_loss(_metadata, self, self->r->used);
}

TEST_F(mem, everything_goes_under_load)
{
	struct mem *m = &self->b.mem;
	struct vdev *v = &self->b.vdev;
	struct load *l = calloc(1, sizeof(*l));

	ASSERT_NE(NULL, l);
	ASSERT_EQ(0, load_create(l, &self->b, self->r, 32, 16384, 2048));
	ASSERT_EQ(0, load_fill(l));
	ASSERT_EQ(0, vdev_unmap(v, 0, ~0ULL));
	ASSERT_EQ(0, vdev_wait_needs_reset(v));
	ring_kick(self->r);
	ASSERT_EQ(0, vdev_reset(v));
	ASSERT_EQ(0, vdev_map(v, m->iova, m->size, m->va, VHOST_ACCESS_RW));
	load_forget(l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	ASSERT_EQ(0, load_verify(l));
	expect_works(_metadata, &self->b);
	free(l);
}

/* The map outlives a reset: that is what IOTLB_PERSIST says. */
TEST_F(mem, map_survives_reset)
{
	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, AREA);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(self->area.va, AREA, 0, 1));
}

/* And does not outlive the opener. */
TEST_F(mem, map_ends_with_close)
{
	ASSERT_EQ(0, map_area(self, VHOST_ACCESS_RW));
	blk_close(&self->b);
	ASSERT_EQ(0, blk_open(&self->b, NULL));
	self->q = req_create(&self->b, &self->b.ring[0]);
	ASSERT_NE(NULL, self->q);
	build(self->q, VIRTIO_BLK_T_IN, AREA_IOVA, 4096);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(0, pattern_check_byte(self->area.va, AREA, GUARD));
}

/* ---- much, and too much ---- */

/* The last page that there is, accepted or not. */
TEST_F(mem, last_page_of_the_address_space)
{
	__u64 top = 0 - (__u64)MEM_PAGE;
	struct vdev *v = &self->b.vdev;
	int err;

	err = vdev_map(v, top, MEM_PAGE, self->area.va, VHOST_ACCESS_RW);
	build(self->q, VIRTIO_BLK_T_IN, top, MEM_PAGE);
	ASSERT_EQ(0, req_run(self->q));
	if (err) {
		EXPECT_EQ(VIRTIO_BLK_S_IOERR, *self->q->status);
	} else if (*self->q->status == VIRTIO_BLK_S_OK) {
		EXPECT_EQ(0, pattern_check(self->area.va, MEM_PAGE, 0, 1));
	} else {
		EXPECT_EQ(VIRTIO_BLK_S_IOERR, *self->q->status);
	}
	build(self->q, VIRTIO_BLK_T_IN, top, 2 * MEM_PAGE);
	expect_status(_metadata, self->q, VIRTIO_BLK_S_IOERR);
	vdev_unmap(v, top, MEM_PAGE);
	expect_works(_metadata, &self->b);
}

FIXTURE(chunks)
{
	struct blk b;
	struct mem area;
};

FIXTURE_SETUP(chunks)
{
	struct blk_options o = { .num = 64, .memory = 2 * MIB };

	ASSERT_EQ(0, blk_prepare(&self->b, &o));
}

FIXTURE_TEARDOWN(chunks)
{
	blk_close(&self->b);
	mem_destroy(&self->area);
}

/* 1,500 pages, no two of them neighbours, and one request over all of them. */
TEST_F_TIMEOUT(chunks, one_thousand_five_hundred, 60)
{
	__u32 len = 1500 * MEM_PAGE;
	struct blk *b = &self->b;
	struct req *q;

	ASSERT_EQ(0, mem_create(&self->area, len, AREA_IOVA, true));
	ASSERT_EQ(0, vdev_map(&b->vdev, AREA_IOVA, len, self->area.va,
			      VHOST_ACCESS_RW));
	ASSERT_EQ(0, blk_start(b));
	q = req_create(b, &b->ring[0]);
	ASSERT_NE(NULL, q);
	pattern_fill(self->area.va, len, 0, 4);
	build(q, VIRTIO_BLK_T_OUT, AREA_IOVA, len);
	expect_status(_metadata, q, VIRTIO_BLK_S_OK);
	memset(self->area.va, 0, len);
	build(q, VIRTIO_BLK_T_IN, AREA_IOVA + 100, len - 4096);
	expect_status(_metadata, q, VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check(self->area.va + 100, len - 4096, 0, 4));
	expect_works(_metadata, b);
}

/* The whole address space in one message: no memory has that size. */
TEST_F(chunks, full_range_is_refused)
{
	struct vdev *v = &self->b.vdev;
	struct mem *m = &self->b.mem;

	ASSERT_EQ(0, vdev_unmap(v, 0, ~0ULL));
	EXPECT_NE(0, vdev_map(v, 0, ~0ULL, m->va, VHOST_ACCESS_RW));
	EXPECT_NE(0, vdev_map(v, 4096, 1ULL << 62, m->va, VHOST_ACCESS_RW));
	EXPECT_NE(0, vdev_map(v, ~0ULL - 100, 4096, m->va, VHOST_ACCESS_RW));
	EXPECT_NE(0, vdev_map(v, 4096, 0, m->va, VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_map(v, m->iova, m->size, m->va, VHOST_ACCESS_RW));
	ASSERT_EQ(0, blk_start(&self->b));
	expect_works(_metadata, &self->b);
}

/*
 * One page, mapped once more than the driver takes: DRIVER_OK is refused, and
 * possible again with a smaller map.
 */
TEST_F_TIMEOUT(chunks, more_than_the_cap, 120)
{
	unsigned int n = env_chunk_cap() + 1, i;
	struct vdev *v = &self->b.vdev;
	int err = 0;

	if (!env_chunk_cap())
		SKIP(return, "NVDPA_CHUNK_CAP is not set");
	ASSERT_EQ(0, mem_create(&self->area, MEM_PAGE, AREA_IOVA, false));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	for (i = 0; i < n && !err; i++)
		err = vdev_iotlb(v, VHOST_IOTLB_UPDATE, AREA_IOVA + i * MEM_PAGE,
				 MEM_PAGE, self->area.va, VHOST_ACCESS_RW);
	ASSERT_EQ(0, err)
		TH_LOG("chunk %u: is vhost_vdpa.max_iotlb_entries raised?", i);
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0));
	EXPECT_EQ(-EIO, blk_start(&self->b));
	ASSERT_EQ(0, vdev_reset(v));
	ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, n * MEM_PAGE));
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_works(_metadata, &self->b);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A guest of 8 GiB, in pieces of some size; the memory behind it is one piece of each
 * sort, mapped over and over. The caller reads the kernel's messages (functional/map-8g).
 */
#include "client.h"

#include <string.h>

#define AREA_IOVA (1ULL << 40)
#define PIECE (2 * MIB)
#define PIECES 4096
#define PAGES_OF_PIECE (PIECE / MEM_PAGE)

FIXTURE(map)
{
	struct blk b;
	struct mem huge;
	struct mem small;
	struct req *q;
};

FIXTURE_SETUP(map)
{
	struct blk_options o = { .num = 64, .memory = PIECE };

	ASSERT_EQ(0, blk_prepare(&self->b, &o));
	ASSERT_EQ(0, mem_create(&self->huge, PIECE, AREA_IOVA, false));
	ASSERT_EQ(0, mem_create(&self->small, PIECE, AREA_IOVA, true));
}

FIXTURE_TEARDOWN(map)
{
	blk_close(&self->b);
	mem_destroy(&self->huge);
	mem_destroy(&self->small);
}

static const __u8 *piece_va(FIXTURE_DATA(map) *self, unsigned int i,
			    unsigned int small)
{
	return i < small ? self->small.va : self->huge.va;
}

/* The first `small` pieces in pages of 4 KiB, the others in one page each. */
static void map_all(struct __test_metadata *_metadata, FIXTURE_DATA(map) *self,
		    unsigned int small)
{
	struct vdev *v = &self->b.vdev;
	__u64 begin = env_now_ms(), end, done;
	unsigned int i;

	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	for (i = 0; i < PIECES; i++)
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE,
					AREA_IOVA + (__u64)i * PIECE, PIECE,
					piece_va(self, i, small),
					VHOST_ACCESS_RW));
	end = env_now_ms();
	/* The device's answer does not come back from here. */
	vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0);
	done = env_now_ms();
	TH_LOG("8 GiB in %u pieces: vhost %llu ms, set_map %llu ms",
	       PIECES - small + small * (unsigned int)PAGES_OF_PIECE,
	       end - begin, done - end);
}

static void unmap_all(struct __test_metadata *_metadata, FIXTURE_DATA(map) *self)
{
	__u64 begin = env_now_ms();

	ASSERT_EQ(0, vdev_unmap(&self->b.vdev, AREA_IOVA,
				(__u64)PIECES * PIECE));
	TH_LOG("unmapped in %llu ms", env_now_ms() - begin);
}

static void expect_works(struct __test_metadata *_metadata, struct blk *b)
{
	ASSERT_EQ(0, blk_write_pattern(b, 0, 64 * KIB, 7));
	ASSERT_EQ(0, blk_read_pattern(b, 0, 64 * KIB, 7));
}

/* A read to the first page of a piece and the last one of that before it. */
static void read_there(struct __test_metadata *_metadata,
		       FIXTURE_DATA(map) *self, unsigned int i,
		       unsigned int small)
{
	const __u8 *before = piece_va(self, i - 1, small);
	const __u8 *here = piece_va(self, i, small);
	struct req *q = self->q;

	memset(self->huge.va, 0, PIECE);
	memset(self->small.va, 0, PIECE);
	req_init(q, VIRTIO_BLK_T_IN, 0);
	req_header(q);
	req_seg_iova(q, AREA_IOVA + (__u64)i * PIECE - MEM_PAGE, 2 * MEM_PAGE,
		     true);
	req_end(q);
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(0, pattern_check(before + PIECE - MEM_PAGE, MEM_PAGE, 0, 7));
	ASSERT_EQ(0, pattern_check(here, MEM_PAGE, MEM_PAGE, 7));
}

static void expect_served(struct __test_metadata *_metadata,
			  FIXTURE_DATA(map) *self, unsigned int small)
{
	unsigned int i;

	map_all(_metadata, self, small);
	ASSERT_EQ(0, blk_start(&self->b));
	self->q = req_create(&self->b, &self->b.ring[0]);
	ASSERT_NE(NULL, self->q);
	expect_works(_metadata, &self->b);
	for (i = 1; i < PIECES; i += 91)
		read_there(_metadata, self, i, small);
	read_there(_metadata, self, PIECES - 1, small);
	unmap_all(_metadata, self);
	expect_works(_metadata, &self->b);
}

TEST_F_TIMEOUT(map, huge_pages, 120)
{
	expect_served(_metadata, self, 0);
}

TEST_F_TIMEOUT(map, mixed, 120)
{
	expect_served(_metadata, self, 64);
}

/* Two million pieces are refused as a whole; less is fine again. */
TEST_F_TIMEOUT(map, small_pages, 300)
{
	map_all(_metadata, self, PIECES);
	EXPECT_EQ(-EIO, blk_start(&self->b));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	unmap_all(_metadata, self);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_works(_metadata, &self->b);
}

/* The same, asked of a device at work: it has no memory then, and a reset helps. */
TEST_F_TIMEOUT(map, small_pages_while_running, 300)
{
	struct vdev *v = &self->b.vdev;

	ASSERT_EQ(0, blk_start(&self->b));
	expect_works(_metadata, &self->b);
	map_all(_metadata, self, PIECES);
	ASSERT_EQ(0, vdev_wait_needs_reset(v));
	unmap_all(_metadata, self);
	ASSERT_EQ(0, vdev_reset(v));
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_works(_metadata, &self->b);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

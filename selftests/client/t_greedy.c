// SPDX-License-Identifier: GPL-2.0
/*
 * A guest whose one request takes the disk minutes, and somebody who waits for it: not
 * for longer than the driver's patience.
 */
#include "client.h"

#include <string.h>

#define AREA_IOVA (1ULL << 40)
#define AREA (1U << 30)
#define PIECE (2 * MIB)
/* NVDPA_QUEUE_PATIENCE_MS, and what the device has when that is over. */
#define PATIENCE_MS 30000
#define LIMIT_MS 50000

FIXTURE(greedy)
{
	struct blk b;
	struct mem piece;
	struct mem other;
	struct req *q;
};

/* One request for the whole disk, again and again to the same place. */
FIXTURE_SETUP(greedy)
{
	struct vdev *v = &self->b.vdev;
	__u64 at, left;

	ASSERT_EQ(0, blk_open(&self->b, NULL));
	ASSERT_EQ(0, mem_create(&self->piece, PIECE, AREA_IOVA, false));
	ASSERT_EQ(0, mem_create(&self->other, PIECE, 2 * AREA_IOVA, false));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	for (at = 0; at < AREA; at += PIECE)
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE, AREA_IOVA + at,
					PIECE, self->piece.va,
					VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE, self->other.iova, PIECE,
				self->other.va, VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0));

	self->q = req_create(&self->b, &self->b.ring[0]);
	ASSERT_NE(NULL, self->q);
	req_init(self->q, VIRTIO_BLK_T_IN, 0);
	self->q->indirect = true;
	req_header(self->q);
	for (left = self->b.sectors * BLK_SECTOR; left; left -= at) {
		at = left < AREA ? left : AREA;
		req_seg_iova(self->q, AREA_IOVA, at, true);
	}
	req_end(self->q);
	ASSERT_EQ(0, req_submit(self->q));
}

FIXTURE_TEARDOWN(greedy)
{
	blk_close(&self->b);
	mem_destroy(&self->piece);
	mem_destroy(&self->other);
}

static void expect_patience(struct __test_metadata *_metadata,
			    FIXTURE_DATA(greedy) *self, __u64 start)
{
	__u64 took = env_now_ms() - start;

	TH_LOG("%llu ms", took);
	EXPECT_LE(PATIENCE_MS, took) TH_LOG("too little was asked for");
	EXPECT_GE(LIMIT_MS, took);
	/* It was given up. */
	ASSERT_EQ(0, req_wait(self->q));
	ASSERT_EQ(VIRTIO_BLK_S_IOERR, *self->q->status);
}

TEST_F_TIMEOUT(greedy, suspend_has_an_end, 200)
{
	__u64 start = env_now_ms();

	ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
	expect_patience(_metadata, self, start);
	ASSERT_EQ(0, vdev_resume(&self->b.vdev));
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 64 * KIB, 1));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 64 * KIB, 1));
}

/* Memory that the request does not use: what it uses it would miss at once. */
TEST_F_TIMEOUT(greedy, unmap_has_an_end, 200)
{
	__u64 start = env_now_ms();

	ASSERT_EQ(0, vdev_unmap(&self->b.vdev, self->other.iova, PIECE));
	expect_patience(_metadata, self, start);
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 64 * KIB, 1));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 64 * KIB, 1));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

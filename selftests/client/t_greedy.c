// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that asks for more than the disk can do in hours, and somebody who waits for it:
 * not for longer than the driver's patience.
 */
#include "client.h"

#include <string.h>

#define AREA_IOVA (1ULL << 40)
#define PIECE (2 * MIB)
#define REQS 250
/* NVDPA_QUEUE_PATIENCE_MS, and what the device has when that is over. */
#define PATIENCE_MS 30000
#define LIMIT_MS 50000

FIXTURE(greedy)
{
	struct blk b;
	struct mem piece;
	struct req *q[REQS];
	__u32 len;
};

/* Each request reads the whole disk to the same place. */
FIXTURE_SETUP(greedy)
{
	struct vdev *v = &self->b.vdev;
	unsigned int i;
	__u64 at;

	ASSERT_EQ(0, blk_open(&self->b, NULL));
	self->len = self->b.sectors * BLK_SECTOR < 1 << 30 ?
		    self->b.sectors * BLK_SECTOR : 1 << 30;
	ASSERT_EQ(0, mem_create(&self->piece, PIECE, AREA_IOVA, false));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	for (at = 0; at < self->len; at += PIECE)
		ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_UPDATE, AREA_IOVA + at,
					PIECE, self->piece.va,
					VHOST_ACCESS_RW));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0));
	for (i = 0; i < REQS; i++) {
		self->q[i] = req_create(&self->b, &self->b.ring[0]);
		ASSERT_NE(NULL, self->q[i]);
		req_init(self->q[i], VIRTIO_BLK_T_IN, 0);
		self->q[i]->indirect = true;
		req_header(self->q[i]);
		req_seg_iova(self->q[i], AREA_IOVA, self->len, true);
		req_end(self->q[i]);
		ASSERT_EQ(0, req_queue(self->q[i]));
	}
	ring_publish(&self->b.ring[0]);
	ring_kick(&self->b.ring[0]);
}

FIXTURE_TEARDOWN(greedy)
{
	blk_close(&self->b);
	mem_destroy(&self->piece);
}

static void expect_patience(struct __test_metadata *_metadata,
			    FIXTURE_DATA(greedy) *self, __u64 start)
{
	__u64 took = env_now_ms() - start;
	unsigned int i, refused = 0;

	EXPECT_LE(PATIENCE_MS, took) TH_LOG("too little was asked for");
	EXPECT_GE(LIMIT_MS, took);
	/* Each has its end. */
	for (i = 0; i < REQS; i++) {
		ASSERT_EQ(0, req_wait(self->q[i]));
		ASSERT_EQ(0, req_check(self->q[i], *self->q[i]->status));
		refused += *self->q[i]->status != VIRTIO_BLK_S_OK;
	}
	TH_LOG("%llu ms, %u of %u requests were given up", took, refused, REQS);
	EXPECT_LT(0, refused);
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

TEST_F_TIMEOUT(greedy, unmap_has_an_end, 200)
{
	__u64 start = env_now_ms();

	ASSERT_EQ(0, vdev_unmap(&self->b.vdev, AREA_IOVA, self->len));
	expect_patience(_metadata, self, start);
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 64 * KIB, 1));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 64 * KIB, 1));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

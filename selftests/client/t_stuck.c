// SPDX-License-Identifier: GPL-2.0
/*
 * A command that the device does not end. The caller makes the device so slow that
 * of two commands one takes longer than the driver's grace (functional/stuck).
 */
#include "client.h"

#include <stdio.h>
#include <string.h>

#define DEPTH 2
#define LEN 65536
/* The driver's grace, and what it may take to get a queue or a controller back. */
#define GRACE_MS 5000
/* Its grace for a guest that wants nothing back. */
#define HURRY_MS 1000
#define LIMIT_MS 60000

FIXTURE(stuck)
{
	struct blk b;
	struct load l;
};

FIXTURE_SETUP(stuck)
{
	struct blk_options o = { .memory = 4 * MIB };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	ASSERT_EQ(0, load_create(&self->l, &self->b, &self->b.ring[0], DEPTH,
				 LEN, 0));
	self->l.tolerant = true;
	ASSERT_EQ(0, load_fill(&self->l));
	ASSERT_EQ(0, load_reap(&self->l));
	ASSERT_EQ(0, self->l.refused);
	ASSERT_EQ(0, ring_quiet(&self->b.ring[0]));
	/* The caller waits for this. */
	printf("# one command is stuck\n");
	fflush(stdout);
}

FIXTURE_TEARDOWN(stuck)
{
	blk_close(&self->b);
}

static void expect_ended_by_reset(struct __test_metadata *_metadata,
				  struct blk *b, struct load *l, __u64 least_ms)
{
	__u64 start = env_now_ms(), took;

	ASSERT_EQ(0, vdev_reset(&b->vdev));
	took = env_now_ms() - start;
	EXPECT_LE(least_ms, took);
	EXPECT_GE(LIMIT_MS * env_scale(), took);
	ASSERT_EQ(1, load_in_flight(l));
	ASSERT_NE(ring_used_idx(l->ring), l->ring->last_used);
	ASSERT_EQ(0, load_reap(l));
	EXPECT_EQ(1, l->refused);
}

/* The queue is taken away from the device, and works again after that. */
TEST_F_TIMEOUT(stuck, reset_ends_it, 120)
{
	expect_ended_by_reset(_metadata, &self->b, &self->l, HURRY_MS);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
}

/* So does a close; the memory is free when it returns. */
TEST_F_TIMEOUT(stuck, close_ends_it, 120)
{
	struct blk_options o = self->b.options;
	__u64 start = env_now_ms(), took;

	blk_close(&self->b);
	took = env_now_ms() - start;
	EXPECT_LE(HURRY_MS, took);
	EXPECT_GE(LIMIT_MS * env_scale(), took);
	ASSERT_EQ(0, blk_open(&self->b, &o));
}

/* The caller takes the controller away, which may be seen before the grace is over. */
TEST_F_TIMEOUT(stuck, reset_ends_it_without_a_controller, 180)
{
	getchar();
	expect_ended_by_reset(_metadata, &self->b, &self->l, 0);
}

/* A read that is stuck, into memory of its own. */
#define AREA_IOVA (BLK_IOVA + (1ULL << 32))
#define AFTER 0x77

FIXTURE(stalled)
{
	struct blk b;
	struct mem area;
	struct req *q[DEPTH];
};

FIXTURE_SETUP(stalled)
{
	unsigned int i;

	ASSERT_EQ(0, blk_open(&self->b, NULL));
	ASSERT_EQ(0, mem_create(&self->area, DEPTH * LEN, AREA_IOVA, false));
	ASSERT_EQ(0, vdev_map(&self->b.vdev, AREA_IOVA, DEPTH * LEN,
			      self->area.va, VHOST_ACCESS_RW));
	for (i = 0; i < DEPTH; i++) {
		self->q[i] = req_create(&self->b, &self->b.ring[0]);
		ASSERT_NE(NULL, self->q[i]);
		req_init(self->q[i], VIRTIO_BLK_T_IN, 0);
		req_header(self->q[i]);
		req_seg_iova(self->q[i], AREA_IOVA + i * LEN, LEN, true);
		req_end(self->q[i]);
		ASSERT_EQ(0, req_queue(self->q[i]));
	}
	ring_publish(&self->b.ring[0]);
	ring_kick(&self->b.ring[0]);
	ASSERT_NE(NULL, req_reap(&self->b.ring[0]));
	ASSERT_EQ(0, ring_quiet(&self->b.ring[0]));
}

FIXTURE_TEARDOWN(stalled)
{
	blk_close(&self->b);
	mem_destroy(&self->area);
}

/*
 * Memory that a stuck read goes to is taken away: when that is done, nothing lands
 * there any more, not even when the drive comes back to its senses.
 */
TEST_F_TIMEOUT(stalled, unmap_ends_it, 120)
{
	__u64 start = env_now_ms(), took;
	unsigned int i;

	ASSERT_EQ(0, vdev_unmap(&self->b.vdev, AREA_IOVA, DEPTH * LEN));
	took = env_now_ms() - start;
	EXPECT_LE(GRACE_MS, took);
	EXPECT_GE(LIMIT_MS * env_scale(), took);
	memset(self->area.va, AFTER, self->area.size);
	for (i = 0; i < DEPTH; i++)
		ASSERT_EQ(0, req_wait(self->q[i]));
	printf("# it was taken away\n");
	fflush(stdout);
	/* The caller lets the drive go on. */
	getchar();
	ASSERT_EQ(0, blk_write_pattern(&self->b, 1024, LEN, 5));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 1024, LEN, 5));
	ASSERT_EQ(0, pattern_check_byte(self->area.va, self->area.size, AFTER));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

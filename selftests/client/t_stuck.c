// SPDX-License-Identifier: GPL-2.0
/*
 * A command that the device does not end. The caller makes the device so slow that
 * of two commands one takes longer than the driver's grace (functional/stuck).
 */
#include "client.h"

#include <stdio.h>

#define DEPTH 2
#define LEN 65536
/* The driver's grace, and what it may take to get a queue or a controller back. */
#define GRACE_MS 5000
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
				  struct blk *b, struct load *l)
{
	__u64 start = env_now_ms(), took;

	ASSERT_EQ(0, vdev_reset(&b->vdev));
	took = env_now_ms() - start;
	EXPECT_LE(GRACE_MS, took);
	EXPECT_GE(LIMIT_MS * env_scale(), took);
	ASSERT_EQ(1, load_in_flight(l));
	ASSERT_NE(ring_used_idx(l->ring), l->ring->last_used);
	ASSERT_EQ(0, load_reap(l));
	EXPECT_EQ(1, l->refused);
}

/* The queue is taken away from the device, and works again after that. */
TEST_F_TIMEOUT(stuck, reset_ends_it, 120)
{
	expect_ended_by_reset(_metadata, &self->b, &self->l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
}

/* So does a close; the memory is free when it returns. */
TEST_F_TIMEOUT(stuck, close_ends_it, 120)
{
	struct blk_options o = self->b.options;
	__u64 start = env_now_ms(), took;

	blk_close(&self->b);
	took = env_now_ms() - start;
	EXPECT_LE(GRACE_MS, took);
	EXPECT_GE(LIMIT_MS * env_scale(), took);
	ASSERT_EQ(0, blk_open(&self->b, &o));
}

/* The caller takes the controller away: nothing answers any more. */
TEST_F_TIMEOUT(stuck, reset_ends_it_without_a_controller, 180)
{
	getchar();
	expect_ended_by_reset(_metadata, &self->b, &self->l);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

// SPDX-License-Identifier: GPL-2.0
/* All queues at once, full queues, wrapped indices, counted calls. */
#include "client.h"

FIXTURE(mq)
{
	struct blk b;
	struct load load[BLK_RINGS_MAX];
	unsigned int n;
};

FIXTURE_VARIANT(mq)
{
	__u64 without;
	bool scattered;
	bool polled;
};

FIXTURE_VARIANT_ADD(mq, event_idx) {
	.without = 0,
};

FIXTURE_VARIANT_ADD(mq, flags) {
	.without = VDEV_FEATURE(RING_F_EVENT_IDX),
};

FIXTURE_VARIANT_ADD(mq, direct) {
	.without = VDEV_FEATURE(RING_F_INDIRECT_DESC),
};

FIXTURE_VARIANT_ADD(mq, direct_flags_scattered) {
	.without = VDEV_FEATURE(RING_F_INDIRECT_DESC) |
		   VDEV_FEATURE(RING_F_EVENT_IDX),
	.scattered = true,
};

FIXTURE_VARIANT_ADD(mq, polled) {
	.polled = true,
};

FIXTURE_SETUP(mq)
{
	struct blk_options o = {
		.without = variant->without,
		.scattered = variant->scattered,
		.rings = env_vqs(),
		.memory = variant->scattered ? 6 * MIB : 16 * MIB,
	};
	unsigned int i;

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->n = self->b.rings;
	for (i = 0; i < self->n; i++)
		self->b.ring[i].polled = variant->polled;
}

FIXTURE_TEARDOWN(mq)
{
	blk_close(&self->b);
}

/* Each queue by its own thread, each on its own part of the disk. */
static void run_all(struct __test_metadata *_metadata, FIXTURE_DATA(mq) *self,
		    unsigned int depth, __u32 len, __u64 goal)
{
	unsigned int i;

	for (i = 0; i < self->n; i++) {
		ASSERT_EQ(0, load_create(&self->load[i], &self->b,
					 &self->b.ring[i], depth, len,
					 i * 16384));
		self->load[i].goal = goal;
	}
	for (i = 0; i < self->n; i++)
		ASSERT_EQ(0, load_spawn(&self->load[i]));
	for (i = 0; i < self->n; i++) {
		EXPECT_EQ(0, load_join(&self->load[i]))
			TH_LOG("queue %u", i);
		EXPECT_EQ(goal, self->load[i].completed);
		EXPECT_EQ(self->b.ring[i].avail_idx, self->b.ring[i].last_used);
	}
	for (i = 0; i < self->n; i++)
		ASSERT_EQ(0, load_verify(&self->load[i]));
}

TEST_F_TIMEOUT(mq, every_queue_one_at_a_time, 60)
{
	run_all(_metadata, self, 1, 4096, 300);
}

TEST_F_TIMEOUT(mq, every_queue_deep, 90)
{
	run_all(_metadata, self, 32, 4096, 1500);
}

TEST_F_TIMEOUT(mq, every_queue_with_larger_requests, 60)
{
	run_all(_metadata, self, 12, 65536, 200);
}

/* All heads of the ring in flight, offered by one kick. */
FIXTURE(depth)
{
	struct blk b;
	struct ring *r;
	struct load l;
};

FIXTURE_SETUP(depth)
{
	struct blk_options o = { .memory = 12 * MIB };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
}

FIXTURE_TEARDOWN(depth)
{
	blk_close(&self->b);
}

TEST_F_TIMEOUT(depth, every_head_in_flight, 60)
{
	unsigned int i;

	ASSERT_EQ(0, load_create(&self->l, &self->b, self->r, self->r->num,
				 4096, 0));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, load_fill(&self->l));
		ASSERT_EQ(0, self->r->nfree);
		ASSERT_EQ(0, load_drain(&self->l));
	}
	EXPECT_EQ(6 * self->r->num, self->l.completed);
	EXPECT_EQ(0, load_verify(&self->l));
}

TEST_F_TIMEOUT(depth, every_descriptor_in_flight, 60)
{
	unsigned int i;

	ASSERT_EQ(0, load_create(&self->l, &self->b, self->r, self->r->num / 3,
				 4096, 0));
	self->l.indirect = false;
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, load_fill(&self->l));
		ASSERT_GT(3, self->r->nfree);
		ASSERT_EQ(0, load_drain(&self->l));
	}
	EXPECT_EQ(0, load_verify(&self->l));
}

/* One after another into a ring that is always nearly full. */
TEST_F_TIMEOUT(depth, always_nearly_full, 90)
{
	ASSERT_EQ(0, load_create(&self->l, &self->b, self->r, self->r->num,
				 4096, 0));
	self->l.goal = 3000;
	ASSERT_EQ(0, load_run(&self->l));
	EXPECT_EQ(3000, self->l.completed);
	EXPECT_EQ(0, load_verify(&self->l));
}

/* A kick for each, wanted or not; and one for many that were published before. */
TEST_F(depth, kicks_of_any_number)
{
	unsigned int i;

	ASSERT_EQ(0, load_create(&self->l, &self->b, self->r, 64, 4096, 0));
	for (i = 0; i < 20; i++)
		ring_kick(self->r);
	ASSERT_EQ(0, load_fill(&self->l));
	for (i = 0; i < 100; i++)
		ring_kick(self->r);
	ASSERT_EQ(0, load_drain(&self->l));
	ASSERT_EQ(0, ring_quiet(self->r));
	EXPECT_EQ(64, self->l.completed);
}

FIXTURE(wrap)
{
	struct blk b;
	struct load l;
};

FIXTURE_VARIANT(wrap)
{
	__u64 without;
	unsigned int num;
};

FIXTURE_VARIANT_ADD(wrap, event_idx) {
	.num = 256,
};

FIXTURE_VARIANT_ADD(wrap, flags) {
	.without = VDEV_FEATURE(RING_F_EVENT_IDX),
	.num = 256,
};

FIXTURE_VARIANT_ADD(wrap, small_ring) {
	.num = 8,
};

FIXTURE_SETUP(wrap)
{
	struct blk_options o = {
		.without = variant->without,
		.num = variant->num,
		.base = 65500,
	};

	ASSERT_EQ(0, blk_open(&self->b, &o));
}

FIXTURE_TEARDOWN(wrap)
{
	blk_close(&self->b);
}

/* From 65500 over 65535 to 0 and on, at different depths. */
TEST_F_TIMEOUT(wrap, index_past_65535, 90)
{
	ASSERT_EQ(0, load_create(&self->l, &self->b, &self->b.ring[0],
				 variant->num == 8 ? 8 : 24, 4096, 0));
	self->l.goal = 3000;
	ASSERT_EQ(0, load_run(&self->l));
	EXPECT_EQ((__u16)(65500 + 3000), ring_used_idx(&self->b.ring[0]));
	EXPECT_EQ(0, load_verify(&self->l));
}

/* ---- calls, counted ---- */

FIXTURE(calls)
{
	struct blk b;
	struct ring *r;
	__u8 *buf;
	struct req *q[32];
};

FIXTURE_VARIANT(calls)
{
	__u64 without;
};

FIXTURE_VARIANT_ADD(calls, event_idx) {
	.without = 0,
};

FIXTURE_VARIANT_ADD(calls, flags) {
	.without = VDEV_FEATURE(RING_F_EVENT_IDX),
};

FIXTURE_SETUP(calls)
{
	struct blk_options o = { .without = variant->without };
	unsigned int i;

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	self->buf = blk_take(&self->b, 32 * 4096, MEM_PAGE);
	ASSERT_NE(NULL, self->buf);
	for (i = 0; i < 32; i++) {
		self->q[i] = req_create(&self->b, self->r);
		ASSERT_NE(NULL, self->q[i]);
	}
	eventfd_take(self->r->call_fd);
}

FIXTURE_TEARDOWN(calls)
{
	blk_close(&self->b);
}

/* Submits requests [from, to) and waits for the used index alone. */
static void submit_range(struct __test_metadata *_metadata,
			 FIXTURE_DATA(calls) *self, unsigned int from,
			 unsigned int to)
{
	__u16 target = self->r->avail_idx + (to - from);
	unsigned int i;

	for (i = from; i < to; i++) {
		req_simple(self->q[i], VIRTIO_BLK_T_IN, i * 8,
			   self->buf + i * 4096, 4096);
		self->q[i]->indirect = true;
		ASSERT_EQ(0, req_queue(self->q[i]));
	}
	ring_publish(self->r);
	ring_notify(self->r);
	ASSERT_EQ(0, ring_wait_used(self->r, target));
}

static void take_all(struct __test_metadata *_metadata,
		     FIXTURE_DATA(calls) *self, unsigned int n)
{
	self->r->polled = true;
	while (n--)
		ASSERT_NE(NULL, req_reap(self->r));
}

TEST_F(calls, none_when_off)
{
	unsigned int i;

	ring_calls_off(self->r);
	for (i = 0; i < 8; i++)
		submit_range(_metadata, self, i, i + 1);
	submit_range(_metadata, self, 8, 32);
	ASSERT_EQ(0, ring_quiet(self->r));
	take_all(_metadata, self, 32);
}

TEST_F(calls, one_for_each_when_alone)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		ring_calls_at(self->r, self->r->last_used);
		submit_range(_metadata, self, i, i + 1);
		ASSERT_EQ(0, eventfd_wait(self->r->call_fd, env_limit_ms()))
			TH_LOG("completion %u", i);
		EXPECT_EQ(1, eventfd_take(self->r->call_fd));
		take_all(_metadata, self, 1);
	}
	ASSERT_EQ(0, ring_quiet(self->r));
}

/* Several completions may share a call, none may come without one. */
TEST_F(calls, at_least_one_for_many)
{
	__u64 n;

	ring_calls_at(self->r, self->r->last_used);
	submit_range(_metadata, self, 0, 32);
	ASSERT_EQ(0, eventfd_wait(self->r->call_fd, env_limit_ms()));
	n = eventfd_take(self->r->call_fd);
	EXPECT_LE(1, n);
	EXPECT_GE(32, n);
	take_all(_metadata, self, 32);
}

/* Asked to be called after the eighth: not before, then once, then no more. */
TEST_F(calls, used_event_is_honoured)
{
	unsigned int i;

	if (!self->r->event_idx) {
		/* Without the feature the field is nothing to the device. */
		ring_calls_at(self->r, self->r->last_used + 7);
		submit_range(_metadata, self, 0, 1);
		EXPECT_EQ(0, eventfd_wait(self->r->call_fd, env_limit_ms()));
		take_all(_metadata, self, 1);
		return;
	}
	ring_calls_at(self->r, self->r->last_used + 7);
	for (i = 0; i < 7; i++)
		submit_range(_metadata, self, i, i + 1);
	ASSERT_EQ(0, ring_quiet(self->r));
	submit_range(_metadata, self, 7, 8);
	ASSERT_EQ(0, eventfd_wait(self->r->call_fd, env_limit_ms()));
	EXPECT_EQ(1, eventfd_take(self->r->call_fd));
	for (i = 8; i < 16; i++)
		submit_range(_metadata, self, i, i + 1);
	submit_range(_metadata, self, 16, 32);
	ASSERT_EQ(0, ring_quiet(self->r));
	take_all(_metadata, self, 32);
}

/* With the feature the flag is nothing to the device. */
TEST_F(calls, flag_is_ignored_with_event_idx)
{
	ring_calls_off(self->r);
	ring_calls_at(self->r, self->r->last_used);
	submit_range(_metadata, self, 0, 1);
	if (self->r->event_idx) {
		ASSERT_EQ(0, eventfd_wait(self->r->call_fd, env_limit_ms()));
		EXPECT_EQ(1, eventfd_take(self->r->call_fd));
	} else {
		ASSERT_EQ(0, ring_quiet(self->r));
	}
	take_all(_metadata, self, 1);
}

/* Requests that never reach the disk call as well. */
TEST_F(calls, for_requests_without_io)
{
	static const __u32 types[] = { VIRTIO_BLK_T_GET_ID, 0x77 };
	unsigned int i;

	for (i = 0; i < 20; i++) {
		ring_calls_at(self->r, self->r->last_used);
		req_simple(self->q[0], types[i % 2], 0, self->buf, 20);
		ASSERT_EQ(0, req_submit(self->q[0]));
		ASSERT_EQ(0, eventfd_wait(self->r->call_fd, env_limit_ms()));
		EXPECT_EQ(1, eventfd_take(self->r->call_fd));
		take_all(_metadata, self, 1);
	}
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

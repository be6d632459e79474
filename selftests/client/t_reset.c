// SPDX-License-Identifier: GPL-2.0
/*
 * Resets of the controller while a guest is at work: it sees latency and nothing
 * else. NVDPA_NODE is the passthrough device, RESETS how many there are.
 */
#include "client.h"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define DEPTH 32
#define LEN 8192
/* What the control plane, and the end of a process, may take. */
#define ANSWER_MS 5000

static unsigned int resets(void)
{
	const char *text = getenv("RESETS");

	return text ? strtoul(text, NULL, 0) : 20;
}

struct stats {
	__u64 min, max, sum;
	unsigned int number;
};

/* 0 or -errno; adds how long it took. */
static int reset_ctrl(int node, struct stats *took)
{
	__u64 start = env_now_ms(), ms;
	int err = ioctl(node, NVME_IOCTL_RESET) ? -errno : 0;

	ms = env_now_ms() - start;
	__atomic_add_fetch(&took->number, 1, __ATOMIC_RELAXED);
	took->sum += ms;
	if (ms > took->max)
		took->max = ms;
	if (ms < took->min)
		took->min = ms;
	return err;
}

FIXTURE(reset)
{
	struct blk b;
	struct load load[BLK_RINGS_MAX];
	int node;
	bool stop;
	int err;
	struct stats meanwhile;
};

FIXTURE_SETUP(reset)
{
	struct blk_options o = { .rings = env_vqs(), .memory = 16 * MIB };
	unsigned int i;

	self->node = open(getenv("NVDPA_NODE") ?: "/dev/null", O_RDWR);
	ASSERT_LE(0, self->node);
	ASSERT_EQ(0, blk_open(&self->b, &o));
	for (i = 0; i < self->b.rings; i++)
		ASSERT_EQ(0, load_create(&self->load[i], &self->b,
					 &self->b.ring[i], DEPTH, LEN,
					 i * 16384));
}

FIXTURE_TEARDOWN(reset)
{
	blk_close(&self->b);
	close(self->node);
}

static __u64 completed(FIXTURE_DATA(reset) *self)
{
	__u64 sum = 0;
	unsigned int i;

	for (i = 0; i < self->b.rings; i++)
		sum += __atomic_load_n(&self->load[i].completed,
				       __ATOMIC_RELAXED);
	return sum;
}

/* Every one of them comes while requests are in flight. */
TEST_F_TIMEOUT(reset, is_not_noticed, 600)
{
	struct stats took = { .min = ~0ULL };
	unsigned int i;
	__u64 before;

	for (i = 0; i < self->b.rings; i++)
		ASSERT_EQ(0, load_spawn(&self->load[i]));
	for (i = 0; i < resets(); i++) {
		ASSERT_EQ(0, reset_ctrl(self->node, &took)) TH_LOG("reset %u", i);
		before = completed(self);
		while (completed(self) < before + DEPTH * self->b.rings)
			sched_yield();
	}
	for (i = 0; i < self->b.rings; i++) {
		EXPECT_EQ(0, load_join(&self->load[i])) TH_LOG("queue %u", i);
		EXPECT_EQ(self->load[i].submitted, self->load[i].completed);
		EXPECT_EQ(0, load_verify(&self->load[i]));
	}
	TH_LOG("%u resets, %llu to %llu ms, %llu on average; %llu requests",
	       resets(), took.min, took.max, took.sum / resets(),
	       completed(self));
	EXPECT_EQ(0, vdev_status(&self->b.vdev) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void *reset_all_the_time(void *arg)
{
	FIXTURE_DATA(reset) *self = arg;

	while (!__atomic_load_n(&self->stop, __ATOMIC_RELAXED) && !self->err)
		self->err = reset_ctrl(self->node, &self->meanwhile);
	return NULL;
}

/* A machine may be so fast that the guest is done after a few of them. */
static bool enough_meanwhile(FIXTURE_DATA(reset) *self)
{
	return __atomic_load_n(&self->err, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&self->meanwhile.number, __ATOMIC_RELAXED) >=
	       resets();
}

/* Whatever a guest does meanwhile, it is done within seconds. */
TEST_F_TIMEOUT(reset, keeps_nobody_waiting, 300)
{
	__u64 start, took, worst = 0;
	struct blk_options o = self->b.options;
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_all_the_time, self));
	for (i = 0; i < resets() || !enough_meanwhile(self); i++) {
		self->load[0].tolerant = true;
		ASSERT_EQ(0, load_fill(&self->load[0]));
		start = env_now_ms();
		switch (i % 4) {
		case 0:
			ASSERT_EQ(0, vdev_reset(&self->b.vdev));
			break;
		case 1:
			blk_close(&self->b);
			break;
		case 2:
			ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
			ASSERT_EQ(0, vdev_reset(&self->b.vdev));
			break;
		default:
			ASSERT_EQ(0, vdev_unmap(&self->b.vdev, BLK_IOVA,
						self->b.mem.size));
			blk_close(&self->b);
		}
		took = env_now_ms() - start;
		if (took > worst)
			worst = took;
		if (i % 4 == 0 || i % 4 == 2)
			blk_close(&self->b);
		ASSERT_EQ(0, blk_open(&self->b, &o));
		ASSERT_EQ(0, load_create(&self->load[0], &self->b,
					 &self->b.ring[0], DEPTH, LEN, 0));
	}
	__atomic_store_n(&self->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, self->err);
	TH_LOG("%u times, at most %llu ms", i, worst);
	EXPECT_GE(ANSWER_MS * env_scale(), worst);
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, LEN, 5));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, LEN, 5));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

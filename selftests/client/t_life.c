// SPDX-License-Identifier: GPL-2.0
/* Starting, suspending, stopping and closing, idle and under load. */
#include "client.h"

#include <string.h>

#define DEPTH 64
#define LEN 16384

FIXTURE(life)
{
	struct blk b;
	struct ring *r;
	struct load l;
};

FIXTURE_SETUP(life)
{
	struct blk_options o = { .memory = 8 * MIB };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	ASSERT_EQ(0, load_create(&self->l, &self->b, self->r, DEPTH, LEN, 0));
}

FIXTURE_TEARDOWN(life)
{
	blk_close(&self->b);
}

static void expect_io(struct __test_metadata *_metadata, struct blk *b)
{
	static __u64 seed = 1;

	seed++;
	ASSERT_EQ(0, blk_write_pattern(b, 0, 64 * KIB, seed));
	ASSERT_EQ(0, blk_read_pattern(b, 0, 64 * KIB, seed));
}

/* Takes what is in the used ring, and waits for nothing. */
static void reap_present(struct __test_metadata *_metadata, struct load *l)
{
	while (ring_used_idx(l->ring) != l->ring->last_used)
		ASSERT_EQ(0, load_reap(l));
}

/* ---- suspend ---- */

/* 64 in flight: each has an answer or was not begun, and the base says which. */
TEST_F_TIMEOUT(life, suspend_under_load, 90)
{
	struct load *l = &self->l;
	unsigned int round, before;
	int base;

	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, load_fill(l));
		ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
		base = vdev_vring_get_base(&self->b.vdev, 0);
		ASSERT_LE(0, base);
		ASSERT_EQ(base, ring_used_idx(self->r));
		ring_kick(self->r);
		ring_kick(self->r);
		ASSERT_EQ(0, ring_quiet(self->r));
		EXPECT_EQ(base, vdev_vring_get_base(&self->b.vdev, 0));
		before = l->completed;
		reap_present(_metadata, l);
		EXPECT_GE(DEPTH, l->completed - before);
		ASSERT_EQ(0, vdev_resume(&self->b.vdev));
		ASSERT_EQ(0, load_drain(l));
	}
	EXPECT_EQ(20 * DEPTH, l->completed);
	ASSERT_EQ(0, load_verify(l));
}

TEST_F_TIMEOUT(life, suspend_in_the_middle_of_a_stream, 60)
{
	struct load *l = &self->l;
	unsigned int round, i;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8 + round; i++) {
			ASSERT_EQ(0, load_fill(l));
			ASSERT_EQ(0, load_reap(l));
		}
		ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
		ASSERT_EQ(vdev_vring_get_base(&self->b.vdev, 0),
			  ring_used_idx(self->r));
		ASSERT_EQ(0, vdev_resume(&self->b.vdev));
	}
	ASSERT_EQ(0, load_drain(l));
	ASSERT_EQ(0, load_verify(l));
}

/* What was offered while suspended waits, and starts with no further kick. */
TEST_F(life, offers_while_suspended_wait_for_resume)
{
	struct load *l = &self->l;

	ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
	ASSERT_EQ(0, load_fill(l));
	ring_kick(self->r);
	ASSERT_EQ(0, ring_quiet(self->r));
	EXPECT_EQ(0, vdev_vring_get_base(&self->b.vdev, 0));
	ASSERT_EQ(0, vdev_resume(&self->b.vdev));
	ASSERT_EQ(0, load_drain(l));
	EXPECT_EQ(DEPTH, l->completed);
}

TEST_F(life, suspend_and_resume_twice_each)
{
	ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
	EXPECT_EQ(0, vdev_suspend(&self->b.vdev));
	ASSERT_EQ(0, vdev_resume(&self->b.vdev));
	EXPECT_EQ(0, vdev_resume(&self->b.vdev));
	expect_io(_metadata, &self->b);
}

/* As QEMU stops and starts a guest: suspend, base, reset, the same base. */
TEST_F_TIMEOUT(life, suspend_reset_and_continue_at_the_base, 60)
{
	struct load *l = &self->l;
	unsigned int round;
	__u16 avail;
	int base;

	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, load_fill(l));
		ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
		base = vdev_vring_get_base(&self->b.vdev, 0);
		ASSERT_LE(0, base);
		ASSERT_EQ(0, vdev_reset(&self->b.vdev));
		ASSERT_EQ(base, ring_used_idx(self->r));
		reap_present(_metadata, l);
		avail = self->r->avail_idx;
		/* The ring stays as the guest has it: only the device is new. */
		ASSERT_EQ(0, vdev_negotiate(&self->b.vdev, BLK_FEATURES &
					    self->b.vdev.offered));
		ASSERT_EQ(0, ring_attach(self->r));
		ASSERT_EQ(avail, self->r->avail_idx);
		ASSERT_EQ(0, vdev_driver_ok(&self->b.vdev));
		ASSERT_EQ(0, load_drain(l));
	}
	EXPECT_EQ(10 * DEPTH, l->completed);
	ASSERT_EQ(0, load_verify(l));
}

/* ---- reset ---- */

/*
 * Whatever the device took from the ring before a reset has its used entry
 * after it, so the used index is where a driver goes on, as QEMU does when
 * there is no suspend. Each request is done exactly once: the ring would tell.
 */
TEST_F_TIMEOUT(life, reset_without_suspend_under_load, 60)
{
	struct load *l = &self->l;
	unsigned int round, i;
	__u16 used;

	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, load_fill(l));
		for (i = 0; i < round; i++)
			ASSERT_EQ(0, load_reap(l));
		ASSERT_EQ(0, vdev_reset(&self->b.vdev));
		used = ring_used_idx(self->r);
		ring_kick(self->r);
		ASSERT_EQ(0, ring_quiet(self->r));
		ASSERT_EQ(used, ring_used_idx(self->r));
		/* What was not wholly posted yet may end with an error. */
		l->tolerant = true;
		reap_present(_metadata, l);
		l->tolerant = false;
		/* The first `used` of what was offered, and no others. */
		for (i = used; (__u16)i != self->r->avail_idx; i++) {
			__u16 head = self->r->avail->ring[i % self->r->num];
			struct req *q = self->r->cookie[head];

			ASSERT_NE(0, self->r->chain_len[head]);
			ASSERT_EQ(REQ_UNTOUCHED, *q->status);
		}
		ASSERT_EQ(0, vdev_negotiate(&self->b.vdev, BLK_FEATURES &
					    self->b.vdev.offered));
		ASSERT_EQ(0, ring_attach(self->r));
		ASSERT_EQ(0, vdev_driver_ok(&self->b.vdev));
		ASSERT_EQ(0, load_drain(l));
	}
	EXPECT_EQ(20 * DEPTH, l->completed);
	ASSERT_EQ(0, load_verify(l));
}

TEST_F_TIMEOUT(life, reset_and_reuse_fifty_times, 60)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, vdev_reset(&self->b.vdev));
		ASSERT_EQ(0, blk_restart(&self->b, i * 1311));
		ASSERT_EQ(0, blk_write_pattern(&self->b, 8 * i, 4096, i));
		ASSERT_EQ(0, blk_read_pattern(&self->b, 8 * i, 4096, i));
	}
	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, blk_read_pattern(&self->b, 8 * i, 4096, i));
}

TEST_F(life, reset_of_an_idle_device)
{
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_io(_metadata, &self->b);
}

TEST_F(life, reset_while_suspended)
{
	ASSERT_EQ(0, load_fill(&self->l));
	ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	load_forget(&self->l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_io(_metadata, &self->b);
}

/* ---- kicks at the wrong time ---- */

TEST_F(life, kick_after_reset)
{
	__u16 used;

	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	used = ring_used_idx(self->r);
	ASSERT_EQ(0, load_fill(&self->l));
	ring_kick(self->r);
	ASSERT_EQ(0, ring_quiet(self->r));
	EXPECT_EQ(used, ring_used_idx(self->r));
	load_forget(&self->l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_io(_metadata, &self->b);
}

TEST_F(life, kick_of_a_disabled_queue)
{
	ASSERT_EQ(0, vdev_vring_enable(&self->b.vdev, 0, 0));
	ASSERT_EQ(0, load_fill(&self->l));
	ring_kick(self->r);
	ASSERT_EQ(0, ring_quiet(self->r));
	EXPECT_EQ(0, ring_used_idx(self->r));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	load_forget(&self->l);
	ASSERT_EQ(0, blk_restart(&self->b, 0));
	expect_io(_metadata, &self->b);
}

/* Each request in flight when a queue is disabled still has its end. */
TEST_F(life, disable_under_load)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, load_fill(&self->l));
		ASSERT_EQ(0, vdev_vring_enable(&self->b.vdev, 0, 0));
		reap_present(_metadata, &self->l);
		ASSERT_EQ(0, ring_quiet(self->r));
		ASSERT_EQ(0, vdev_reset(&self->b.vdev));
		load_forget(&self->l);
		ASSERT_EQ(0, blk_restart(&self->b, 0));
	}
	ASSERT_EQ(0, load_verify(&self->l));
}

TEST_F(life, enable_twice)
{
	ASSERT_EQ(0, vdev_vring_enable(&self->b.vdev, 0, 1));
	expect_io(_metadata, &self->b);
	ASSERT_EQ(0, vdev_vring_enable(&self->b.vdev, 0, 1));
	expect_io(_metadata, &self->b);
}

/* vhost kicks when an eventfd that has a count is set, and again each time. */
TEST_F(life, kick_fd_set_again)
{
	unsigned int i;

	expect_io(_metadata, &self->b);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, vdev_vring_kick(&self->b.vdev, 0, -1));
		ASSERT_EQ(0, vdev_vring_kick(&self->b.vdev, 0,
					     self->r->kick_fd));
	}
	expect_io(_metadata, &self->b);
}

/* ---- the ioctls while it runs ---- */

TEST_F(life, address_and_base_are_fixed_while_running)
{
	EXPECT_EQ(-EINVAL, vdev_vring_addr(&self->b.vdev, 0, self->r->desc_iova,
					   self->r->avail_iova,
					   self->r->used_iova));
	EXPECT_EQ(-EINVAL, vdev_vring_base(&self->b.vdev, 0, 5));
	expect_io(_metadata, &self->b);
}

/* vhost lets it through: what is running does not change its size. */
TEST_F(life, ring_size_set_while_running)
{
	vdev_vring_num(&self->b.vdev, 0, 16);
	ASSERT_EQ(0, load_fill(&self->l));
	ASSERT_EQ(0, load_drain(&self->l));
	ASSERT_EQ(0, load_verify(&self->l));
}

TEST_F(life, config_call_set_under_load)
{
	int none = -1;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, load_fill(&self->l));
		ASSERT_EQ(0, vdev_ioctl(&self->b.vdev,
					VHOST_VDPA_SET_CONFIG_CALL,
					i % 2 ? &self->b.vdev.config_fd : &none));
		ASSERT_EQ(0, load_drain(&self->l));
	}
}

struct storm {
	struct vdev *v;
	int fd[4];
	bool stop;
	unsigned int swaps;
	int err;
};

/*
 * Our own references keep each eventfd alive: vhost itself drops the old one
 * before the driver hears of it, and that is not what is tested here.
 */
static void *storm_thread(void *arg)
{
	struct storm *s = arg;
	int fd;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED) && !s->err) {
		fd = s->swaps % 5 == 4 ? -1 : s->fd[s->swaps % 5];
		s->err = vdev_vring_call(s->v, 0, fd);
		s->swaps++;
	}
	return NULL;
}

TEST_F_TIMEOUT(life, call_fd_storm_under_load, 60)
{
	struct storm s = { .v = &self->b.vdev };
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < 4; i++)
		s.fd[i] = eventfd(0, EFD_NONBLOCK);
	/* Small requests in a shallow ring make many calls. */
	self->r->polled = true;
	self->l.depth = 8;
	self->l.len = 4096;
	self->l.goal = 2000;
	ASSERT_EQ(0, pthread_create(&thread, NULL, storm_thread, &s));
	EXPECT_EQ(0, load_run(&self->l));
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, s.err);
	EXPECT_LT(10, s.swaps);
	EXPECT_EQ(2000, self->l.completed);
	ASSERT_EQ(0, vdev_vring_call(&self->b.vdev, 0, self->r->call_fd));
	self->r->polled = false;
	expect_io(_metadata, &self->b);
	for (i = 0; i < 4; i++)
		close(s.fd[i]);
}

/* No call eventfd: the driver looks for itself. */
TEST_F(life, without_a_call_fd)
{
	ASSERT_EQ(0, vdev_vring_call(&self->b.vdev, 0, -1));
	self->r->polled = true;
	self->l.goal = 300;
	ASSERT_EQ(0, load_run(&self->l));
	ASSERT_EQ(0, load_verify(&self->l));
}

/* A completion's call is a kick at once, on the same CPU. */
TEST_F_TIMEOUT(life, one_eventfd_for_kick_and_call, 60)
{
	ASSERT_EQ(0, vdev_vring_call(&self->b.vdev, 0, self->r->kick_fd));
	self->r->polled = true;
	self->l.goal = 1500;
	ASSERT_EQ(0, load_run(&self->l));
	EXPECT_EQ(1500, self->l.completed);
	ASSERT_EQ(0, load_verify(&self->l));
}

/* ---- close ---- */

/*
 * Nothing reaches our memory once close() is back, though it is still ours;
 * what was acknowledged is on the disk.
 */
TEST_F_TIMEOUT(life, close_under_load_twenty_times, 120)
{
	struct load *l = &self->l;
	struct blk next;
	unsigned int round, i;
	__u16 used;

	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, load_fill(l));
		for (i = 0; i < round; i++)
			ASSERT_EQ(0, load_reap(l));
		ASSERT_EQ(0, close(self->b.vdev.fd));
		self->b.vdev.fd = -1;
		reap_present(_metadata, l);
		used = ring_used_idx(self->r);
		memset(self->b.mem.va, 0xdb, self->b.mem.size);
		ASSERT_EQ(0, blk_open(&next, NULL));
		expect_io(_metadata, &next);
		ASSERT_EQ(0, pattern_check_byte(self->b.mem.va,
						self->b.mem.size, 0xdb))
			TH_LOG("round %u, used index %u", round, used);
		blk_close(&next);
		blk_close(&self->b);
		ASSERT_EQ(0, blk_open(&self->b, NULL));
		self->r = &self->b.ring[0];
		ASSERT_EQ(0, load_create(l, &self->b, self->r, DEPTH, LEN,
					 256));
	}
}

/* The same, by whole patterns: a block is the old one or the new one. */
TEST_F_TIMEOUT(life, close_leaves_no_torn_block, 60)
{
	struct load *l = &self->l;
	struct req *q;
	unsigned int round, i;

	for (round = 0; round < 5; round++) {
		/* Acknowledged writes first, then some that nobody waits for. */
		l->goal = 0;
		ASSERT_EQ(0, load_fill(l));
		ASSERT_EQ(0, load_drain(l));
		for (i = 0; i < DEPTH; i++)
			l->req[i]->hdr->type = VIRTIO_BLK_T_IN;
		ASSERT_EQ(0, load_fill(l));
		vdev_close(&self->b.vdev);
		for (i = 0; i < DEPTH; i++) {
			q = l->req[i];
			if (*q->status == VIRTIO_BLK_S_OK)
				q->acked = q->seed;
		}
		ASSERT_EQ(0, vdev_open(&self->b.vdev));
		ASSERT_EQ(0, vdev_map(&self->b.vdev, self->b.mem.iova,
				      self->b.mem.size, self->b.mem.va,
				      VHOST_ACCESS_RW));
		load_forget(l);
		ASSERT_EQ(0, blk_restart(&self->b, 0));
		ASSERT_EQ(0, load_verify(l));
		for (i = 0; i < DEPTH; i++)
			l->req[i]->hdr->type = VIRTIO_BLK_T_IN;
	}
}

/* ---- before DRIVER_OK ---- */

FIXTURE(start)
{
	struct blk b;
	struct ring *r;
	struct load l;
};

FIXTURE_SETUP(start)
{
	/* Each test prepares the device in its own way. */
	memset(&self->b, 0, sizeof(self->b));
	self->b.vdev.fd = -1;
	self->r = &self->b.ring[0];
}

FIXTURE_TEARDOWN(start)
{
	blk_close(&self->b);
}

TEST_F(start, memory_before_rings)
{
	struct blk_options o = { .map_last = false };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	expect_io(_metadata, &self->b);
}

TEST_F(start, rings_before_memory)
{
	struct blk_options o = { .map_last = true };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	expect_io(_metadata, &self->b);
}

/* Ready rings, and not a byte of memory: nothing can be reached, so no start. */
TEST_F(start, without_any_memory_is_refused)
{
	struct blk_options o = { .num = 64 };
	struct blk *b = &self->b;

	ASSERT_EQ(0, blk_prepare(b, &o));
	ASSERT_EQ(0, vdev_unmap(&b->vdev, b->mem.iova, b->mem.size));
	EXPECT_EQ(-EIO, blk_start(b));
	EXPECT_EQ(0, vdev_status(&b->vdev) & VIRTIO_CONFIG_S_DRIVER_OK);
	ring_kick(self->r);
	ASSERT_EQ(0, vdev_reset(&b->vdev));
	ASSERT_EQ(0, vdev_map(&b->vdev, b->mem.iova, b->mem.size, b->mem.va,
			      VHOST_ACCESS_RW));
	ASSERT_EQ(0, blk_restart(b, 0));
	expect_io(_metadata, b);
}

/*
 * The same with no map ever sent, and rings at addresses that are our own: a
 * device that takes them as physical would read the machine's memory.
 */
TEST_F(start, before_the_first_map_is_refused)
{
	struct vdev *v = &self->b.vdev;
	struct mem m;
	struct ring r;

	ASSERT_EQ(0, mem_create(&m, 1 * MIB, 1 * MIB, false));
	ASSERT_EQ(0, vdev_open(v));
	ASSERT_EQ(0, vdev_negotiate(v, BLK_FEATURES & v->offered));
	ASSERT_EQ(0, ring_create(&r, v, 0, 64, &m));
	ASSERT_EQ(0, ring_attach(&r));
	EXPECT_EQ(-EIO, vdev_driver_ok(v));
	EXPECT_EQ(0, vdev_status(v) & VIRTIO_CONFIG_S_DRIVER_OK);
	ring_kick(&r);
	EXPECT_EQ(0, vdev_reset(v));
	ring_destroy(&r);
	mem_destroy(&m);
}

TEST_F(start, without_a_ready_ring)
{
	struct vdev *v = &self->b.vdev;

	ASSERT_EQ(0, vdev_open(v));
	ASSERT_EQ(0, vdev_negotiate(v, BLK_FEATURES & v->offered));
	EXPECT_EQ(0, vdev_driver_ok(v));
	EXPECT_EQ(0, vdev_suspend(v));
	EXPECT_EQ(0, vdev_resume(v));
	EXPECT_EQ(0, vdev_reset(v));
}

/* QEMU enables all queues, those too that the guest never set up. */
TEST_F(start, unused_queues_may_be_enabled)
{
	struct blk_options o = { .rings = 1 };
	struct blk *b = &self->b;
	unsigned int i;

	ASSERT_EQ(0, blk_prepare(b, &o));
	for (i = 1; i < b->vdev.nvqs; i++)
		ASSERT_EQ(0, vdev_vring_enable(&b->vdev, i, 1));
	ASSERT_EQ(0, blk_start(b));
	expect_io(_metadata, b);
	ASSERT_EQ(0, vdev_suspend(&b->vdev));
	ASSERT_EQ(0, vdev_resume(&b->vdev));
	expect_io(_metadata, b);
}

/* An unused first queue, and work on the last. */
TEST_F(start, only_the_last_queue)
{
	struct blk_options o = { .rings = env_vqs() };
	struct blk *b = &self->b;
	unsigned int i;

	ASSERT_EQ(0, blk_prepare(b, &o));
	for (i = 0; i + 1 < b->rings; i++)
		ASSERT_EQ(0, vdev_vring_enable(&b->vdev, i, 0));
	ASSERT_EQ(0, blk_start(b));
	ASSERT_EQ(0, load_create(&self->l, b, &b->ring[b->rings - 1], 16, 4096,
				 0));
	self->l.goal = 100;
	ASSERT_EQ(0, load_run(&self->l));
	ASSERT_EQ(0, load_verify(&self->l));
}

/* Offered and kicked too early: begun by DRIVER_OK, with no other kick. */
TEST_F(start, offers_before_driver_ok)
{
	struct blk *b = &self->b;

	ASSERT_EQ(0, blk_prepare(b, NULL));
	ASSERT_EQ(0, load_create(&self->l, b, self->r, 32, 4096, 0));
	ASSERT_EQ(0, load_fill(&self->l));
	ring_kick(self->r);
	ring_kick(self->r);
	ASSERT_EQ(0, ring_quiet(self->r));
	EXPECT_EQ(0, ring_used_idx(self->r));
	ASSERT_EQ(0, blk_start(b));
	ASSERT_EQ(0, load_drain(&self->l));
	EXPECT_EQ(32, self->l.completed);
	ASSERT_EQ(0, load_verify(&self->l));
}

TEST_F(start, queue_enabled_after_driver_ok)
{
	struct blk *b = &self->b;

	ASSERT_EQ(0, blk_prepare(b, NULL));
	ASSERT_EQ(0, vdev_vring_enable(&b->vdev, 0, 0));
	ASSERT_EQ(0, blk_start(b));
	ASSERT_EQ(0, vdev_vring_enable(&b->vdev, 0, 1));
	expect_io(_metadata, b);
}

/* A ring that was given before but is ready only later is checked all the same. */
TEST_F(start, queue_enabled_late_in_no_memory)
{
	struct blk_options o = { .num = 64 };
	struct blk *b = &self->b;
	int status;

	ASSERT_EQ(0, blk_prepare(b, &o));
	ASSERT_EQ(0, vdev_vring_enable(&b->vdev, 0, 0));
	ASSERT_EQ(0, vdev_vring_addr(&b->vdev, 0, 1ULL << 46, 1ULL << 46,
				     1ULL << 46));
	ASSERT_EQ(0, blk_start(b));
	vdev_vring_enable(&b->vdev, 0, 1);
	ring_kick(self->r);
	status = vdev_status(&b->vdev);
	ASSERT_LE(0, status);
	ASSERT_EQ(0, blk_recover(b));
}

TEST_F(start, base_of_the_ring)
{
	static const __u16 bases[] = { 1, 255, 256, 257, 32767, 65535 };
	struct blk_options o = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		o.base = bases[i];
		ASSERT_EQ(0, blk_open(&self->b, &o));
		expect_io(_metadata, &self->b);
		ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
		EXPECT_EQ((__u16)(bases[i] + 2),
			  vdev_vring_get_base(&self->b.vdev, 0));
		blk_close(&self->b);
	}
}

/* One eventfd kicks all queues, one is called by all. */
TEST_F_TIMEOUT(start, one_eventfd_for_all_queues, 60)
{
	struct blk_options o = { .rings = env_vqs(), .memory = 8 * MIB };
	struct blk *b = &self->b;
	struct load *l;
	unsigned int i;

	ASSERT_EQ(0, blk_open(b, &o));
	l = calloc(b->rings, sizeof(*l));
	ASSERT_NE(NULL, l);
	for (i = 0; i < b->rings; i++) {
		struct ring *r = &b->ring[i];

		ASSERT_EQ(0, vdev_vring_kick(&b->vdev, i, b->ring[0].kick_fd));
		ASSERT_EQ(0, vdev_vring_call(&b->vdev, i, b->ring[0].call_fd));
		if (i) {
			close(r->kick_fd);
			r->kick_fd = dup(b->ring[0].kick_fd);
		}
		r->polled = true;
		ASSERT_EQ(0, load_create(&l[i], b, r, 16, 4096, i * 16384));
		l[i].goal = 400;
	}
	for (i = 0; i < b->rings; i++)
		ASSERT_EQ(0, load_spawn(&l[i]));
	for (i = 0; i < b->rings; i++) {
		EXPECT_EQ(0, load_join(&l[i]));
	}
	for (i = 0; i < b->rings; i++)
		ASSERT_EQ(0, load_verify(&l[i]));
}

TEST_F(start, open_and_close_fifty_times)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, vdev_open(&self->b.vdev));
		vdev_close(&self->b.vdev);
	}
	ASSERT_EQ(0, blk_open(&self->b, NULL));
	expect_io(_metadata, &self->b);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

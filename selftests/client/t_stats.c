// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic whose every counter is known. functional/stats runs a case and looks at
 * what the device has counted meanwhile, which is why each case says what that is.
 */
#include "client.h"

#include <linux/netlink.h>

#include "nl.h"

#define BUF (1 * MIB)
#define PAGE 4096U

FIXTURE(stats)
{
	struct blk b;
	struct ring *r;
	struct req *q;
	__u8 *buf;
};

FIXTURE_SETUP(stats)
{
	const struct blk_options o = { .rings = env_vqs() > 1 ? 2 : 1 };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	self->q = req_create(&self->b, self->r);
	self->buf = blk_take(&self->b, BUF + PAGE, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(stats)
{
	blk_close(&self->b);
}

/* One kick, one used entry, one callback, which has come when this returns. */
static void exchange(struct __test_metadata *_metadata, struct req *q)
{
	struct ring *r = q->ring;

	ring_calls_at(r, r->last_used);
	ASSERT_EQ(0, req_queue(q));
	ring_publish(r);
	ring_kick(r);
	ASSERT_EQ(0, eventfd_wait(r->call_fd, env_limit_ms()));
	eventfd_take(r->call_fd);
	ASSERT_EQ(q, req_reap(r));
}

static void run(struct __test_metadata *_metadata, struct req *q, __u32 type,
		__u64 sector, void *p, __u32 len, __u8 status)
{
	req_simple(q, type, sector, p, len);
	exchange(_metadata, q);
	ASSERT_EQ(0, req_check(q, status));
}

/* A list of ranges, which is the data of a discard or write zeroes. */
static void ranges(struct __test_metadata *_metadata, struct req *q, __u32 type,
		   struct virtio_blk_discard_write_zeroes *list, __u32 nr,
		   __u8 status)
{
	req_init(q, type, 0);
	req_header(q);
	req_seg(q, list, nr * sizeof(*list), false);
	req_end(q);
	exchange(_metadata, q);
	ASSERT_EQ(0, req_check(q, status));
}

/* 5 reads of 8 KiB in two segments. */
TEST_F(stats, reads)
{
	struct req *q = self->q;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		req_init(q, VIRTIO_BLK_T_IN, 0);
		req_header(q);
		req_data(q, self->buf, PAGE);
		req_data(q, self->buf + 2 * PAGE, PAGE);
		req_end(q);
		exchange(_metadata, q);
		ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_OK));
	}
}

/* 3 writes of 4 KiB, 2 flushes, 4 questions for the serial number. */
TEST_F(stats, others)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, 0, self->buf, PAGE,
		    VIRTIO_BLK_S_OK);
	for (i = 0; i < 2; i++)
		run(_metadata, self->q, VIRTIO_BLK_T_FLUSH, 0, NULL, 0,
		    VIRTIO_BLK_S_OK);
	for (i = 0; i < 4; i++)
		run(_metadata, self->q, VIRTIO_BLK_T_GET_ID, 0, self->buf,
		    VIRTIO_BLK_ID_BYTES, VIRTIO_BLK_S_OK);
}

/* A discard of two times 4 KiB, a write zeroes of 8 KiB. */
TEST_F(stats, ranges)
{
	struct virtio_blk_discard_write_zeroes *list = (void *)self->buf;

	list[0].sector = 0;
	list[0].num_sectors = 8;
	list[1].sector = 64;
	list[1].num_sectors = 8;
	ranges(_metadata, self->q, VIRTIO_BLK_T_DISCARD, list, 2,
	       VIRTIO_BLK_S_OK);
	list[0].num_sectors = 16;
	ranges(_metadata, self->q, VIRTIO_BLK_T_WRITE_ZEROES, list, 1,
	       VIRTIO_BLK_S_OK);
}

/*
 * Refused: a read past the end, a write of a byte, a chain without status byte.
 * Not supported: an unknown type, a discard with a flag.
 */
TEST_F(stats, refused)
{
	struct virtio_blk_discard_write_zeroes *list = (void *)self->buf;
	struct req *q = self->q;

	run(_metadata, q, VIRTIO_BLK_T_IN, self->b.sectors, self->buf, PAGE,
	    VIRTIO_BLK_S_IOERR);
	run(_metadata, q, VIRTIO_BLK_T_OUT, 0, self->buf, 1,
	    VIRTIO_BLK_S_IOERR);
	req_init(q, VIRTIO_BLK_T_OUT, 0);
	req_header(q);
	exchange(_metadata, q);
	ASSERT_EQ(0, q->len);

	run(_metadata, q, 99, 0, self->buf, PAGE, VIRTIO_BLK_S_UNSUPP);
	list[0].num_sectors = 8;
	list[0].flags = VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;
	ranges(_metadata, q, VIRTIO_BLK_T_DISCARD, list, 1,
	       VIRTIO_BLK_S_UNSUPP);
}

/* Data of a read, of a question for the serial number, of a discard; a header. */
TEST_F(stats, unmapped)
{
	static const struct {
		__u32 type;
		__u32 len;
		bool write;
	} cases[] = {
		{ VIRTIO_BLK_T_IN, PAGE, true },
		{ VIRTIO_BLK_T_GET_ID, VIRTIO_BLK_ID_BYTES, true },
		{ VIRTIO_BLK_T_DISCARD,
		  sizeof(struct virtio_blk_discard_write_zeroes), false },
	};
	const __u64 nowhere = BLK_IOVA - MIB;
	struct req *q = self->q;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		req_init(q, cases[i].type, 0);
		req_header(q);
		req_seg_iova(q, nowhere, cases[i].len, cases[i].write);
		req_end(q);
		exchange(_metadata, q);
		ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_IOERR));
	}
	req_init(q, VIRTIO_BLK_T_FLUSH, 0);
	req_seg_iova(q, nowhere, sizeof(*q->hdr), false);
	req_end(q);
	exchange(_metadata, q);
	ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_IOERR));
}

/* A status byte and an indirect table that are nowhere stop the device. */
TEST_F(stats, lost)
{
	const __u64 nowhere = BLK_IOVA - MIB;
	struct vring_desc *desc = self->r->desc;
	struct req *q = self->q;

	req_init(q, VIRTIO_BLK_T_FLUSH, 0);
	req_header(q);
	req_seg_iova(q, nowhere, 1, true);
	ASSERT_EQ(1, req_run_malformed(q));
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	ASSERT_EQ(0, blk_restart(&self->b, 0));

	req_simple(q, VIRTIO_BLK_T_FLUSH, 0, NULL, 0);
	q->indirect = true;
	ASSERT_EQ(0, req_queue(q));
	desc[self->r->avail->ring[0]].addr = nowhere;
	ring_publish(self->r);
	ring_kick(self->r);
	ASSERT_EQ(1, req_wait_malformed(q));
}

/* A read of 1 MiB, which is more than one command. */
TEST_F(stats, splits)
{
	run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, self->buf, BUF,
	    VIRTIO_BLK_S_OK);
}

/* 3 writes and 3 reads of 4 KiB, at addresses that no PRP can have. */
TEST_F(stats, bounces)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, 0, self->buf + 1,
		    PAGE, VIRTIO_BLK_S_OK);
		run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, self->buf + 1,
		    PAGE, VIRTIO_BLK_S_OK);
	}
}

/* A read and a write of 4 KiB, where the medium fails. */
TEST_F(stats, media)
{
	run(_metadata, self->q, VIRTIO_BLK_T_IN, 64, self->buf, PAGE,
	    VIRTIO_BLK_S_IOERR);
	run(_metadata, self->q, VIRTIO_BLK_T_OUT, 64, self->buf, PAGE,
	    VIRTIO_BLK_S_IOERR);
}

/* Nobody is at home, but the bell rings: 3 times. */
TEST_F(stats, suspended)
{
	unsigned int i;

	ASSERT_EQ(0, vdev_suspend(&self->b.vdev));
	for (i = 0; i < 3; i++)
		ring_kick(self->r);
}

/* 3 reads of 4 KiB from the first queue, 4 from the second one. */
TEST_F(stats, queues)
{
	struct req *q;
	unsigned int i;

	if (self->b.rings < 2)
		SKIP(return, "the device has one queue");
	q = req_create(&self->b, &self->b.ring[1]);
	ASSERT_NE(NULL, q);
	for (i = 0; i < 7; i++)
		run(_metadata, i < 3 ? self->q : q, VIRTIO_BLK_T_IN, 0,
		    self->buf, PAGE, VIRTIO_BLK_S_OK);
}

FIXTURE(stats_quiet)
{
	struct blk b;
};

FIXTURE_VARIANT(stats_quiet)
{
	__u64 without;
};

FIXTURE_VARIANT_ADD(stats_quiet, event_idx) {
	.without = 0,
};

FIXTURE_VARIANT_ADD(stats_quiet, no_event_idx) {
	.without = VDEV_FEATURE(RING_F_EVENT_IDX),
};

FIXTURE_SETUP(stats_quiet)
{
	const struct blk_options o = { .without = variant->without };

	ASSERT_EQ(0, blk_open(&self->b, &o));
}

FIXTURE_TEARDOWN(stats_quiet)
{
	blk_close(&self->b);
}

/* 8 reads of 4 KiB, two a kick, by a driver that does not want to be called. */
TEST_F(stats_quiet, reads)
{
	struct ring *r = &self->b.ring[0];
	struct req *q[2];
	unsigned int i, j;
	__u8 *buf;

	buf = blk_take(&self->b, 2 * PAGE, MEM_PAGE);
	ASSERT_NE(NULL, buf);
	r->polled = true;
	ring_calls_off(r);
	for (j = 0; j < 2; j++) {
		q[j] = req_create(&self->b, r);
		ASSERT_NE(NULL, q[j]);
	}
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 2; j++) {
			req_simple(q[j], VIRTIO_BLK_T_IN, 0, buf + j * PAGE,
				   PAGE);
			ASSERT_EQ(0, req_queue(q[j]));
		}
		ring_publish(r);
		ring_kick(r);
		for (j = 0; j < 2; j++) {
			ASSERT_EQ(0, req_wait(q[j]));
			ASSERT_EQ(0, req_check(q[j], VIRTIO_BLK_S_OK));
		}
	}
	EXPECT_EQ(0, eventfd_take(r->call_fd));
}

/* ---- asked all the time ---- */

FIXTURE(asked)
{
	struct blk b;
	struct load load[BLK_RINGS_MAX];
	struct nl nl;
	pthread_t thread;

	/* What somebody who asks has seen. */
	bool stop;
	unsigned int dumps;
	__u64 requests;			/* of the device, the last time */
	int err;
};

FIXTURE_SETUP(asked)
{
	const struct blk_options o = { .rings = env_vqs(), .memory = 16 * MIB };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	ASSERT_EQ(0, nl_open(&self->nl, 0));
}

FIXTURE_TEARDOWN(asked)
{
	nl_close(&self->nl);
	blk_close(&self->b);
}

/* The device comes first, then its queues: never less than the time before. */
static int asked_look(void *arg, const struct nl_object *o)
{
	FIXTURE_DATA(asked) *self = arg;
	__u64 now;

	if (o->attr[NVME_VDPA_A_STATS_QUEUE])
		return 0;
	now = nl_number(o, NVME_VDPA_A_STATS_READS) +
	      nl_number(o, NVME_VDPA_A_STATS_WRITES);
	if (now < self->requests) {
		env_log("%llu requests after %llu", now, self->requests);
		return -EPROTO;
	}
	self->requests = now;
	return 0;
}

static int asked_dump(FIXTURE_DATA(asked) *self, __u8 cmd, nl_object_fn fn)
{
	struct nl_msg m;
	int err;

	nl_begin(&self->nl, &m, cmd, NLM_F_DUMP);
	err = nl_talk(&self->nl, &m, fn, self);
	/* The kernel says that it was interrupted: not here, where nothing changes. */
	return err > 0 ? -EINTR : err;
}

static void *asked_thread(void *arg)
{
	FIXTURE_DATA(asked) *self = arg;
	static const __u8 others[] = {
		NVME_VDPA_CMD_CTRL_GET, NVME_VDPA_CMD_NS_GET,
		NVME_VDPA_CMD_VOLUME_GET, NVME_VDPA_CMD_HEALTH_GET,
	};
	unsigned int i;

	while (!self->err && !__atomic_load_n(&self->stop, __ATOMIC_RELAXED)) {
		self->err = asked_dump(self, NVME_VDPA_CMD_STATS_GET, asked_look);
		for (i = 0; i < sizeof(others) && !self->err; i++)
			self->err = asked_dump(self, others[i], NULL);
		self->dumps++;
	}
	return NULL;
}

/* All queues are at work, and somebody wants to know all the time how it goes. */
TEST_F_TIMEOUT(asked, under_load, 60)
{
	unsigned int i;
	__u64 before, done = 0;

	ASSERT_EQ(0, asked_dump(self, NVME_VDPA_CMD_STATS_GET, asked_look));
	before = self->requests;
	for (i = 0; i < self->b.rings; i++) {
		ASSERT_EQ(0, load_create(&self->load[i], &self->b,
					 &self->b.ring[i], 8, 4096, i * 1024));
		self->load[i].goal = 2000;
	}
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, asked_thread, self));
	for (i = 0; i < self->b.rings; i++)
		ASSERT_EQ(0, load_spawn(&self->load[i]));
	for (i = 0; i < self->b.rings; i++) {
		EXPECT_EQ(0, load_join(&self->load[i]));
		done += self->load[i].completed;
	}
	__atomic_store_n(&self->stop, true, __ATOMIC_RELAXED);
	pthread_join(self->thread, NULL);
	ASSERT_EQ(0, self->err);
	TH_LOG("asked %u times during %llu requests", self->dumps, done);
	EXPECT_LT(0, self->dumps);
	ASSERT_EQ(0, asked_dump(self, NVME_VDPA_CMD_STATS_GET, asked_look));
	EXPECT_EQ(done, self->requests - before);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

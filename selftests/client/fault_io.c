// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest sees of a sick controller: verified requests of all kinds on four
 * virtqueues, 32 at a time on each, every one of them counted until it has ended.
 * fault_io [--rings N] [--depth N], with commands on stdin, one a line:
 *
 *   round   waits until every slot has ended a request that began after now, and says
 *           what was seen since the round before
 *   end     is the end of it
 *
 * In the end what is in flight is waited for, everything is read back, and the
 * sum is told. Status 0 unless a request was lost, ended twice or moved other data than
 * it should; requests that fail are the caller's business.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"
#include "env.h"
#include "pattern.h"

#define RINGS 4
#define DEPTH 32
#define DEPTH_MAX 64
#define MEMORY (24UL << 20)
/* The first slot of a ring makes requests that are several commands. */
#define LONG_BYTES (1U << 20)
#define SHIFTS 6
#define FILLER 0xee

enum content {
	CONTENT_UNKNOWN,		/* a write failed, or there was none */
	CONTENT_PATTERN,
	CONTENT_ZEROES,
};

struct slot {
	struct req *q;
	__u32 type;
	enum content content;		/* of the slot's place on the disk */
	__u64 seed;
	__u64 began_ms;
	__u64 ended;
};

struct counts {
	__u64 requests;
	__u64 errors;
	__u64 lost;
	__u64 twice;
	__u64 mismatched;
};

struct worker {
	struct ring *ring;
	struct slot slot[DEPTH_MAX];
	__u64 random;
	unsigned int in_flight;
	struct counts counts;
	pthread_t thread;
};

static struct blk blk;
static struct worker worker[BLK_RINGS_MAX];
static unsigned int rings = RINGS, depth = DEPTH;
static bool zeroes;			/* the device has Write Zeroes */
static bool stop;
static bool needs_reset;
static __u64 longest_ms;		/* since the last round */

static void count(__u64 *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

static void note_latency(__u64 ms)
{
	__u64 seen = __atomic_load_n(&longest_ms, __ATOMIC_RELAXED);

	while (ms > seen &&
	       !__atomic_compare_exchange_n(&longest_ms, &seen, ms, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static __u32 slot_bytes(unsigned int i)
{
	return i ? blk.lba << (i % SHIFTS) : LONG_BYTES;
}

static int worker_create(struct worker *w, unsigned int ring, __u64 *sector)
{
	unsigned int i;

	w->ring = &blk.ring[ring];
	w->random = env_seed(1) * BLK_RINGS_MAX + ring;
	for (i = 0; i < depth; i++) {
		struct slot *s = &w->slot[i];

		s->q = req_create(&blk, w->ring);
		if (!s->q)
			return -ENOMEM;
		s->q->data_len = slot_bytes(i);
		s->q->data = blk_take(&blk, s->q->data_len, BLK_SECTOR);
		if (!s->q->data)
			return -ENOMEM;
		s->q->sector = *sector;
		*sector += s->q->data_len / BLK_SECTOR;
		s->q->done = true;
		s->seed = (__u64)ring << 48 | (__u64)i << 32;
	}
	return *sector <= blk.sectors ? 0 : -ENOSPC;
}

/* Zeroes as one range, which is data that the device reads. */
static void slot_zeroes(struct slot *s)
{
	struct virtio_blk_discard_write_zeroes *range = (void *)s->q->data;
	struct req *q = s->q;

	range->sector = q->sector;
	range->num_sectors = q->data_len / BLK_SECTOR;
	range->flags = 0;
	req_init(q, VIRTIO_BLK_T_WRITE_ZEROES, q->sector);
	q->hdr->sector = 0;
	req_header(q);
	req_seg(q, range, sizeof(*range), false);
	req_end(q);
}

static void slot_data(struct slot *s)
{
	struct req *q = s->q;

	if (s->type == VIRTIO_BLK_T_OUT)
		pattern_fill(q->data, q->data_len, q->sector * BLK_SECTOR,
			     ++s->seed);
	else
		memset(q->data, FILLER, q->data_len);
	req_simple(q, s->type, q->sector, q->data, q->data_len);
}

static __u32 slot_choose(struct worker *w, const struct slot *s)
{
	__u64 dice = random_below(&w->random, 100);

	if (s->content == CONTENT_UNKNOWN)
		return VIRTIO_BLK_T_OUT;
	if (dice < 4)
		return VIRTIO_BLK_T_FLUSH;
	if (dice < 10 && zeroes)
		return VIRTIO_BLK_T_WRITE_ZEROES;
	return dice < 50 ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;
}

static int worker_begin(struct worker *w, struct slot *s, __u32 type)
{
	struct req *q = s->q;
	__u32 bytes = q->data_len;
	__u64 sector = q->sector;
	__u8 *data = q->data;
	int err;

	s->type = type;
	if (type == VIRTIO_BLK_T_FLUSH)
		req_simple(q, type, 0, NULL, 0);
	else if (type == VIRTIO_BLK_T_WRITE_ZEROES)
		slot_zeroes(s);
	else
		slot_data(s);
	/* A request without data forgets where the slot's is. */
	q->sector = sector;
	q->data = data;
	q->data_len = bytes;
	q->indirect = blk.vdev.accepted & VDEV_FEATURE(RING_F_INDIRECT_DESC);
	s->began_ms = env_now_ms();
	err = req_queue(q);
	if (!err)
		w->in_flight++;
	return err;
}

static void slot_check(struct worker *w, struct slot *s)
{
	struct req *q = s->q;
	int err = 0;

	if (req_check(q, VIRTIO_BLK_S_OK))
		err = -EPROTO;
	else if (s->type == VIRTIO_BLK_T_OUT)
		s->content = CONTENT_PATTERN;
	else if (s->type == VIRTIO_BLK_T_WRITE_ZEROES)
		s->content = CONTENT_ZEROES;
	else if (s->type == VIRTIO_BLK_T_IN && s->content == CONTENT_ZEROES)
		err = pattern_check_byte(q->data, q->data_len, 0);
	else if (s->type == VIRTIO_BLK_T_IN)
		err = pattern_check(q->data, q->data_len,
				    q->sector * BLK_SECTOR, s->seed);
	if (err)
		count(&w->counts.mismatched);
}

static void slot_end(struct worker *w, struct slot *s)
{
	w->in_flight--;
	s->q->done = true;
	count(&w->counts.requests);
	note_latency(env_now_ms() - s->began_ms);
	if (*s->q->status == VIRTIO_BLK_S_OK) {
		slot_check(w, s);
	} else {
		count(&w->counts.errors);
		if (s->type == VIRTIO_BLK_T_OUT ||
		    s->type == VIRTIO_BLK_T_WRITE_ZEROES)
			s->content = CONTENT_UNKNOWN;
	}
	__atomic_store_n(&s->ended, s->ended + 1, __ATOMIC_RELEASE);
}

static struct slot *worker_slot(struct worker *w, const struct req *q)
{
	unsigned int i;

	for (i = 0; i < depth; i++)
		if (w->slot[i].q == q)
			return &w->slot[i];
	abort();
}

/* 0 when there is a used entry. */
static int worker_wait(struct worker *w)
{
	__u64 end = env_now_ms() + env_limit_ms();
	struct ring *r = w->ring;
	struct pollfd p = { .fd = r->call_fd, .events = POLLIN };

	while (ring_used_idx(r) == r->last_used) {
		ring_calls_at(r, r->last_used);
		/* The wish is out before we look again. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (ring_used_idx(r) != r->last_used)
			break;
		if (__atomic_load_n(&needs_reset, __ATOMIC_RELAXED))
			return -ESHUTDOWN;
		if (env_now_ms() > end)
			return -ETIMEDOUT;
		if (poll(&p, 1, 50) > 0)
			eventfd_take(r->call_fd);
	}
	return 0;
}

static void worker_take_one(struct worker *w)
{
	struct vring_used_elem elem;
	struct req *q;
	void *cookie;

	if (ring_get(w->ring, &elem, &cookie) != 1) {
		count(&w->counts.twice);
		return;
	}
	q = cookie;
	q->len = elem.len;
	q->done = true;
	slot_end(w, worker_slot(w, q));
}

/* All that there is, and at least one. */
static int worker_take(struct worker *w)
{
	int err = worker_wait(w);

	while (!err && ring_used_idx(w->ring) != w->ring->last_used)
		worker_take_one(w);
	return err;
}

static void worker_send(struct worker *w)
{
	ring_publish(w->ring);
	ring_notify(w->ring);
}

static int worker_drain(struct worker *w)
{
	int err = 0;

	while (w->in_flight && !err)
		err = worker_take(w);
	if (err != -ESHUTDOWN)
		w->counts.lost += w->in_flight;
	return err;
}

/* What the disk says in the end. */
static void worker_read_back(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < depth; i++)
		if (w->slot[i].content != CONTENT_UNKNOWN &&
		    worker_begin(w, &w->slot[i], VIRTIO_BLK_T_IN))
			count(&w->counts.lost);
	worker_send(w);
	worker_drain(w);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	unsigned int i;
	int err = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED) && !err) {
		for (i = 0; i < depth && !err; i++)
			if (w->slot[i].q->done)
				err = worker_begin(w, &w->slot[i],
						   slot_choose(w, &w->slot[i]));
		worker_send(w);
		if (!err)
			err = worker_take(w);
	}
	if (!worker_drain(w))
		worker_read_back(w);
	return NULL;
}

static bool slots_reach(const __u64 *goal)
{
	unsigned int r, i;

	for (r = 0; r < rings; r++)
		for (i = 0; i < depth; i++)
			if (__atomic_load_n(&worker[r].slot[i].ended,
					    __ATOMIC_ACQUIRE) <
			    goal[r * DEPTH_MAX + i])
				return false;
	return true;
}

static void sum_counts(struct counts *sum)
{
	unsigned int r;

	memset(sum, 0, sizeof(*sum));
	for (r = 0; r < rings; r++) {
		sum->requests += worker[r].counts.requests;
		sum->errors += worker[r].counts.errors;
		sum->lost += worker[r].counts.lost;
		sum->twice += worker[r].counts.twice;
		sum->mismatched += worker[r].counts.mismatched;
	}
}

static void tell(const char *what)
{
	struct counts sum;

	sum_counts(&sum);
	printf("%s requests=%llu errors=%llu lost=%llu twice=%llu mismatched=%llu longest_ms=%llu needs_reset=%u\n",
	       what, sum.requests, sum.errors, sum.lost, sum.twice,
	       sum.mismatched,
	       __atomic_exchange_n(&longest_ms, 0, __ATOMIC_RELAXED),
	       needs_reset);
	fflush(stdout);
}

/* One that is in flight may have ended before; the next one begins after now. */
static void round_wait(void)
{
	__u64 end = env_now_ms() + env_limit_ms();
	__u64 goal[BLK_RINGS_MAX * DEPTH_MAX];
	unsigned int r, i;

	for (r = 0; r < rings; r++)
		for (i = 0; i < depth; i++)
			goal[r * DEPTH_MAX + i] =
				__atomic_load_n(&worker[r].slot[i].ended,
						__ATOMIC_ACQUIRE) + 2;
	while (!slots_reach(goal) && env_now_ms() < end) {
		if (vdev_status(&blk.vdev) & VIRTIO_CONFIG_S_NEEDS_RESET) {
			__atomic_store_n(&needs_reset, true, __ATOMIC_RELAXED);
			break;
		}
		poll(NULL, 0, 5);
	}
	tell(slots_reach(goal) ? "round" : "stuck");
}

static int serve(void)
{
	struct counts sum;
	unsigned int r;
	char line[32];

	for (r = 0; r < rings; r++)
		if (pthread_create(&worker[r].thread, NULL, worker_run,
				   &worker[r]))
			return 2;
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n"))
		if (!strcmp(line, "round\n"))
			round_wait();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (r = 0; r < rings; r++)
		pthread_join(worker[r].thread, NULL);
	tell("end");
	sum_counts(&sum);
	return sum.lost || sum.twice || sum.mismatched;
}

static int arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rings", required_argument, NULL, 'r' },
		{ "depth", required_argument, NULL, 'd' },
		{ },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			rings = strtoul(optarg, NULL, 0);
		else if (c == 'd')
			depth = strtoul(optarg, NULL, 0);
		else
			return -EINVAL;
	}
	return rings && rings <= BLK_RINGS_MAX && depth && depth <= DEPTH_MAX ?
	       0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct blk_options o = { .memory = MEMORY };
	__u64 sector = 0;
	unsigned int r;
	int err;

	if (arguments(argc, argv)) {
		fprintf(stderr, "usage: fault_io [--rings N] [--depth N]\n");
		return 2;
	}
	o.rings = rings;
	err = blk_open(&blk, &o);
	zeroes = blk.vdev.accepted & VDEV_FEATURE(BLK_F_WRITE_ZEROES);
	for (r = 0; r < rings && !err; r++)
		err = worker_create(&worker[r], r, &sector);
	if (err) {
		env_log("no device: %s", strerror(-err));
		return 2;
	}
	r = serve();
	blk_close(&blk);
	return r;
}

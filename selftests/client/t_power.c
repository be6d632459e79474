// SPDX-License-Identifier: GPL-2.0
/*
 * Writes whose fate after a power cut can be told from the disk alone: each sector
 * says whose it is and which generation. Now and then a mark is written: what was
 * acknowledged before a FLUSH that has completed, or, without FLUSH, what was
 * acknowledged. Who keeps a log of all writes (selftests/powercut/flush) finds both.
 */
#include "client.h"

#include <string.h>

#define RINGS 4
#define DEPTH 32
#define SLOTS (RINGS * DEPTH)
/* Of each ring; then it is done. */
#define MARKS 20
/* Writes acknowledged between two of them, at least. */
#define BARRIER_EVERY 8

/* The disk, in sectors: a place for each slot, then one for each ring's marks. */
#define SLOT_PITCH 32U
#define MARK_SECTORS 8U
#define MARK_AT (SLOTS * SLOT_PITCH)
#define SLOT_SHIFTS 6

#define MAGIC "nvdpa-pw"
#define MARK_MAGIC "nvdpa-mk"

/* What a sector is filled with; powercut/flush-check reads both. */
struct stamp {
	char magic[8];
	__u32 slot;
	__u32 generation;
	__u64 sector;
	__u64 zero;
};

struct mark {
	char magic[8];
	__u32 ring;
	__u32 slots;
	__u32 generation[SLOTS];
};

enum barrier {
	BARRIER_NONE,
	BARRIER_FLUSH,
	BARRIER_MARK,
};

struct worker {
	struct blk *blk;
	struct ring *ring;
	bool flush;
	struct req *slot[DEPTH];
	struct req *order;		/* a FLUSH, then the mark that tells of it */
	struct mark *mark;
	enum barrier barrier;
	__u64 random;
	unsigned int submitted;
	unsigned int since;		/* the last barrier, in completions */
	unsigned int marks;
	int err;
	pthread_t thread;
};

/* The generation of each slot that its last acknowledged write has. */
static __u32 acked[SLOTS];

FIXTURE(power)
{
	struct blk b;
	struct worker worker[RINGS];
};

FIXTURE_VARIANT(power)
{
	bool flush;
};

FIXTURE_VARIANT_ADD(power, flush) {
	.flush = true,
};

FIXTURE_VARIANT_ADD(power, no_flush) {
	.flush = false,
};

static __u32 slot_sectors(unsigned int i)
{
	return 1U << (i % SLOT_SHIFTS);
}

static int worker_create(struct worker *w, struct blk *b, unsigned int i,
			 bool flush)
{
	unsigned int s;

	w->blk = b;
	w->ring = &b->ring[i];
	w->flush = flush;
	w->random = env_seed(1) + i;
	w->order = req_create(b, w->ring);
	w->mark = blk_take(b, MARK_SECTORS * BLK_SECTOR, BLK_SECTOR);
	if (!w->order || !w->mark)
		return -ENOMEM;
	memcpy(w->mark->magic, MARK_MAGIC, sizeof(w->mark->magic));
	w->mark->ring = i;
	w->mark->slots = SLOTS;
	for (s = 0; s < DEPTH; s++) {
		struct req *q = req_create(b, w->ring);

		if (!q)
			return -ENOMEM;
		q->acked = i * DEPTH + s;	/* its number */
		q->sector = q->acked * SLOT_PITCH;
		q->data_len = slot_sectors(s) * BLK_SECTOR;
		q->data = blk_take(b, q->data_len, BLK_SECTOR);
		q->done = true;
		if (!q->data)
			return -ENOMEM;
		w->slot[s] = q;
	}
	return 0;
}

FIXTURE_SETUP(power)
{
	struct blk_options o = {
		.rings = RINGS,
		.without = variant->flush ? 0 : VDEV_FEATURE(BLK_F_FLUSH),
	};
	unsigned int i;

	ASSERT_EQ(0, blk_open(&self->b, &o));
	for (i = 0; i < RINGS; i++)
		ASSERT_EQ(0, worker_create(&self->worker[i], &self->b, i,
					   variant->flush));
}

FIXTURE_TEARDOWN(power)
{
	blk_close(&self->b);
}

/* The next generation of a slot; its seed is the last one that was written. */
static int slot_queue(struct req *q)
{
	struct stamp *stamp = (void *)q->data;
	__u32 i;

	q->seed++;
	for (i = 0; i < q->data_len / sizeof(*stamp); i++) {
		memcpy(stamp[i].magic, MAGIC, sizeof(stamp[i].magic));
		stamp[i].slot = q->acked;
		stamp[i].generation = q->seed;
		stamp[i].sector = q->sector +
				  i * sizeof(*stamp) / BLK_SECTOR;
		stamp[i].zero = 0;
	}
	req_simple(q, VIRTIO_BLK_T_OUT, q->sector, q->data, q->data_len);
	q->indirect = q->blk->vdev.accepted &
		      VDEV_FEATURE(RING_F_INDIRECT_DESC);
	return req_queue(q);
}

static int mark_queue(struct worker *w)
{
	w->barrier = BARRIER_MARK;
	req_simple(w->order, VIRTIO_BLK_T_OUT,
		   MARK_AT + w->ring->index * MARK_SECTORS, w->mark,
		   MARK_SECTORS * BLK_SECTOR);
	return req_queue(w->order);
}

/* What is acknowledged now, by whichever ring, is what it will be about. */
static int barrier_queue(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		w->mark->generation[i] = __atomic_load_n(&acked[i],
							 __ATOMIC_ACQUIRE);
	w->since = 0;
	if (!w->flush)
		return mark_queue(w);
	w->barrier = BARRIER_FLUSH;
	req_simple(w->order, VIRTIO_BLK_T_FLUSH, 0, NULL, 0);
	return req_queue(w->order);
}

static int worker_fill(struct worker *w)
{
	unsigned int s;
	int err = 0;

	for (s = 0; s < DEPTH && w->marks < MARKS && !err; s++) {
		if (!w->slot[s]->done || random_below(&w->random, 4) == 0)
			continue;
		w->submitted++;
		err = slot_queue(w->slot[s]);
	}
	if (!err && w->marks < MARKS && w->barrier == BARRIER_NONE &&
	    w->since >= BARRIER_EVERY)
		err = barrier_queue(w);
	ring_publish(w->ring);
	ring_notify(w->ring);
	return err;
}

static int worker_take(struct worker *w, struct req *q)
{
	int err = req_check(q, VIRTIO_BLK_S_OK);

	if (err)
		return err;
	if (q != w->order) {
		w->since++;
		__atomic_store_n(&acked[q->acked], q->seed, __ATOMIC_RELEASE);
		return 0;
	}
	if (w->barrier == BARRIER_FLUSH)
		return mark_queue(w);
	w->barrier = BARRIER_NONE;
	w->marks++;
	return 0;
}

static bool worker_busy(const struct worker *w)
{
	unsigned int s;

	if (w->marks < MARKS || w->barrier != BARRIER_NONE)
		return true;
	for (s = 0; s < DEPTH; s++)
		if (!w->slot[s]->done)
			return true;
	return false;
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	struct req *q;

	do {
		w->err = worker_fill(w);
		if (w->err || w->ring->avail_idx == w->ring->last_used)
			continue;
		q = req_reap(w->ring);
		w->err = q ? worker_take(w, q) : -ETIMEDOUT;
	} while (!w->err && worker_busy(w));
	return NULL;
}

TEST_F_TIMEOUT(power, writes, 120)
{
	unsigned int i, writes = 0;

	for (i = 0; i < RINGS; i++)
		ASSERT_EQ(0, pthread_create(&self->worker[i].thread, NULL,
					    worker_run, &self->worker[i]));
	for (i = 0; i < RINGS; i++) {
		pthread_join(self->worker[i].thread, NULL);
		writes += self->worker[i].submitted;
	}
	for (i = 0; i < RINGS; i++)
		EXPECT_EQ(0, self->worker[i].err);
	TH_LOG("%u writes, %u marks", writes, RINGS * MARKS);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

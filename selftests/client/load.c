// SPDX-License-Identifier: GPL-2.0
#include "load.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "env.h"
#include "pattern.h"

/*
 * A slot is its request: seed is the pattern of its last write, acked that of
 * its last write that was acknowledged. The next is a write after a read.
 */
#define SLOT_PATTERNS 0xffffffffULL	/* of a seed; none written yet: 0 */

static bool slot_idle(const struct req *q)
{
	return q->done;
}

static __u64 slot_offset(const struct req *q)
{
	return q->sector * BLK_SECTOR;
}

int load_create(struct load *l, struct blk *b, struct ring *r,
		unsigned int depth, __u32 len, __u64 first_sector)
{
	struct req *q;
	unsigned int i;

	memset(l, 0, sizeof(*l));
	l->blk = b;
	l->ring = r;
	l->depth = depth;
	l->len = len;
	l->indirect = b->vdev.accepted & (1ULL << VIRTIO_RING_F_INDIRECT_DESC);
	if (depth > LOAD_DEPTH_MAX)
		return -EINVAL;
	if (!l->indirect && depth > r->num / 3)
		l->depth = r->num / 3;
	for (i = 0; i < l->depth; i++) {
		q = req_create(b, r);
		if (!q)
			return -ENOMEM;
		q->data = blk_take(b, len, BLK_SECTOR);
		if (!q->data)
			return -ENOMEM;
		q->sector = first_sector + (__u64)i * len / BLK_SECTOR;
		q->seed = ((__u64)r->index << 48) | ((__u64)i << 32);
		q->acked = q->seed;
		q->hdr->type = VIRTIO_BLK_T_IN;
		q->done = true;
		l->req[i] = q;
	}
	return 0;
}

static int slot_queue(struct load *l, struct req *q)
{
	bool write = q->hdr->type == VIRTIO_BLK_T_IN;

	if (write)
		pattern_fill(q->data, l->len, slot_offset(q), ++q->seed);
	else
		memset(q->data, 0xee, l->len);
	req_simple(q, write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, q->sector,
		   q->data, l->len);
	q->indirect = l->indirect;
	l->submitted++;
	return req_queue(q);
}

static bool load_may_submit(const struct load *l)
{
	return !__atomic_load_n(&l->stop, __ATOMIC_RELAXED) &&
	       (!l->goal || l->submitted < l->goal);
}

int load_fill(struct load *l)
{
	unsigned int i, n = 0;
	int err = 0;

	for (i = 0; i < l->depth && !err && load_may_submit(l); i++) {
		if (!slot_idle(l->req[i]))
			continue;
		err = slot_queue(l, l->req[i]);
		n++;
	}
	if (n && !err) {
		ring_publish(l->ring);
		ring_notify(l->ring);
	}
	return err;
}

static int load_check(struct load *l, struct req *q)
{
	int err;

	__atomic_store_n(&l->completed, l->completed + 1, __ATOMIC_RELAXED);
	if (l->tolerant && *q->status == VIRTIO_BLK_S_IOERR) {
		l->refused++;
		q->hdr->type = VIRTIO_BLK_T_IN;	/* next: a new write */
		return 0;
	}
	err = req_check(q, VIRTIO_BLK_S_OK);
	if (err)
		return err;
	if (q->hdr->type == VIRTIO_BLK_T_IN)
		return pattern_check(q->data, l->len, slot_offset(q), q->seed);
	q->acked = q->seed;
	return 0;
}

int load_reap(struct load *l)
{
	struct req *q = req_reap(l->ring);

	return q ? load_check(l, q) : -ETIMEDOUT;
}

unsigned int load_in_flight(const struct load *l)
{
	unsigned int i, n = 0;

	for (i = 0; i < l->depth; i++)
		n += !slot_idle(l->req[i]);
	return n;
}

int load_drain(struct load *l)
{
	int err = 0;

	while (!err && load_in_flight(l))
		err = load_reap(l);
	return err;
}

int load_run(struct load *l)
{
	int err = 0;

	while (!err && load_may_submit(l)) {
		err = load_fill(l);
		if (!err)
			err = load_reap(l);
	}
	return err ? err : load_drain(l);
}

static void *load_thread(void *arg)
{
	struct load *l = arg;

	__atomic_store_n(&l->err, load_run(l), __ATOMIC_RELAXED);
	return NULL;
}

int load_spawn(struct load *l)
{
	__u64 before = l->completed, end = env_now_ms() + env_limit_ms();
	int err;

	l->err = 0;
	err = -pthread_create(&l->thread, NULL, load_thread, l);
	while (!err &&
	       __atomic_load_n(&l->completed, __ATOMIC_RELAXED) == before) {
		err = __atomic_load_n(&l->err, __ATOMIC_RELAXED);
		if (!err && env_now_ms() >= end)
			err = -ETIMEDOUT;
		sched_yield();
	}
	return err;
}

int load_join(struct load *l)
{
	__atomic_store_n(&l->stop, !l->goal, __ATOMIC_RELAXED);
	pthread_join(l->thread, NULL);
	l->stop = false;
	return l->err;
}

void load_forget(struct load *l)
{
	unsigned int i;

	for (i = 0; i < l->depth; i++) {
		l->req[i]->done = true;
		l->req[i]->hdr->type = VIRTIO_BLK_T_IN;
	}
}

static bool block_is_one_of(const struct req *q, const __u8 *p, __u32 len,
			    __u64 offset)
{
	__u64 seed;

	/* Nothing acknowledged: what was there before is right too. */
	if (!(q->acked & SLOT_PATTERNS))
		return true;
	for (seed = q->acked; seed < q->seed; seed++)
		if (pattern_matches(p, len, offset, seed))
			return true;
	return false;
}

/* Block by block: a write that was cut short may have done some of them. */
static int slot_verify(struct load *l, struct req *q)
{
	__u32 lba = l->blk->lba, at;
	__u64 offset;
	__u8 *p;
	int r;

	r = blk_rw(l->blk, l->ring, VIRTIO_BLK_T_IN, q->sector, q->data,
		   l->len);
	if (r)
		return r < 0 ? r : -EIO;
	for (at = 0; at < l->len; at += lba) {
		p = q->data + at;
		offset = slot_offset(q) + at;
		if (block_is_one_of(q, p, lba, offset))
			continue;
		r = pattern_check(p, lba, offset, q->seed);
		if (r)
			return r;
	}
	return 0;
}

int load_verify(struct load *l)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < l->depth && !err; i++)
		err = slot_verify(l, l->req[i]);
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A vhost-vdpa device without a guest: kicks by write(2) to an eventfd, looks at
 * the used ring all the time, and has the call eventfd signalled for it all the
 * same, as for a guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"
#include "env.h"
#include "load.h"
#include "pieces.h"

#define DEVICES_MAX 64

static struct blk blk[DEVICES_MAX];
static struct req *req[LOAD_DEPTH_MAX];
static __u64 chunk_seed = 1;

static int map_pieces(struct load *l, struct blk *b)
{
	int err = pieces_pin(b, l->chunks);
	int end = pieces_map(b);

	return err ? err : end;
}

static int vhost_open_one(struct load *l, unsigned int device)
{
	unsigned int each = l->depth / l->devices, i;
	struct blk_options options = {
		.memory = (8UL << 20) + (size_t)each * l->len + (l->chunks ? 2 * PIECE : 0),
	};
	struct blk *b = &blk[device];
	int err;

	setenv("NVDPA_VHOST", l->paths[device], 1);
	err = blk_open(b, &options);
	if (!err && l->chunks)
		err = map_pieces(l, b);
	if (err)
		return err;
	for (i = device * each; i < (device + 1) * each; i++) {
		req[i] = req_create(b, &b->ring[0]);
		if (!req[i])
			return -ENOMEM;
		req[i]->seed = i;
		req[i]->data = blk_take(b, l->len, MEM_PAGE);
		if (!req[i]->data)
			return -ENOMEM;
	}
	eventfd_take(b->ring[0].call_fd);
	ring_calls_at(&b->ring[0], b->ring[0].last_used);
	return 0;
}

static int vhost_open(struct load *l)
{
	unsigned int i;
	int err = 0;

	if (l->devices > DEVICES_MAX || l->len > PIECE)
		return -EINVAL;
	for (i = 0; i < l->devices && !err; i++)
		err = vhost_open_one(l, i);
	return err;
}

/* Any chunk, so that the one of the last look-up is of no use. */
static __u64 chunk_address(const struct load *l, unsigned int slot)
{
	chunk_seed = chunk_seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return PIECES_IOVA + (chunk_seed >> 33) % l->chunks * PIECE +
	       (__u64)slot * l->len % (PIECE - l->len + 1) / MEM_PAGE * MEM_PAGE;
}

/* One descriptor of the ring each, as Linux does it. */
static int vhost_prepare(struct load *l, unsigned int slot, __u64 offset)
{
	struct req *q = req[slot];

	req_init(q, l->write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, offset / BLK_SECTOR);
	req_header(q);
	if (l->chunks)
		req_seg_iova(q, chunk_address(l, slot), l->len, !l->write);
	else
		req_data(q, q->data, l->len);
	req_end(q);
	q->indirect = true;
	return req_queue(q);
}

static int vhost_submit(struct load *l)
{
	unsigned int i;

	for (i = 0; i < l->devices; i++) {
		struct ring *r = &blk[i].ring[0];

		if (r->notified_idx == r->avail_idx)
			continue;
		ring_publish(r);
		ring_notify(r);
	}
	return 0;
}

static int vhost_reap_one(struct ring *r, unsigned int *slots)
{
	struct vring_used_elem elem;
	unsigned int n = 0;
	void *cookie;
	int err;

	while ((err = ring_get(r, &elem, &cookie)) == 1) {
		struct req *q = cookie;

		q->done = true;
		q->len = elem.len;
		if (req_check(q, VIRTIO_BLK_S_OK))
			return -EIO;
		slots[n++] = q->seed;
	}
	ring_calls_at(r, r->last_used);
	return err ? err : (int)n;
}

static int vhost_reap(struct load *l, unsigned int *slots)
{
	unsigned int i, n = 0, idle;
	__u64 end = 0;
	int err;

	for (idle = 1; !n; idle++) {
		for (i = 0; i < l->devices; i++) {
			err = vhost_reap_one(&blk[i].ring[0], slots + n);
			if (err < 0)
				return err;
			n += err;
		}
		/* To read the clock may be a system call, so seldom. */
		if (n || idle % (1 << 20))
			continue;
		if (!end)
			end = env_now_ms() + env_limit_ms();
		else if (env_now_ms() > end)
			return ring_wait_used(&blk[0].ring[0], blk[0].ring[0].last_used + 1);
	}
	return n;
}

static void vhost_report(const struct load *l)
{
	unsigned long long kicks = 0, calls = 0;
	unsigned int i;

	for (i = 0; i < l->devices; i++) {
		kicks += blk[i].ring[0].kicks;
		calls += eventfd_take(blk[i].ring[0].call_fd);
	}
	printf(",\"devices\":%u,\"chunks\":%u,\"kicks\":%llu,\"calls\":%llu", l->devices,
	       l->chunks, kicks, calls);
}

const struct engine engine_vhost = {
	.name = "vhost",
	.open = vhost_open,
	.prepare = vhost_prepare,
	.submit = vhost_submit,
	.reap = vhost_reap,
	.report = vhost_report,
};

// SPDX-License-Identifier: GPL-2.0
#include "blk.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "pattern.h"

#define BLK_MEMORY (8UL << 20)
#define BLK_BOUNCE (64U << 10)

static __u64 blk_features(struct blk *b)
{
	return BLK_FEATURES & b->vdev.offered & ~b->options.without;
}

static int blk_map(struct blk *b)
{
	return vdev_map(&b->vdev, b->mem.iova, b->mem.size, b->mem.va,
			VHOST_ACCESS_RW);
}

static int blk_create_rings(struct blk *b)
{
	unsigned int i;
	int err = 0;

	b->rings = b->options.rings ? b->options.rings : 1;
	if (b->rings > b->vdev.nvqs || b->rings > BLK_RINGS_MAX)
		return -EINVAL;
	for (i = 0; i < b->rings && !err; i++) {
		err = ring_create(&b->ring[i], &b->vdev, i,
				  b->options.num ? b->options.num :
						   b->vdev.num_max,
				  &b->mem);
		if (!err)
			ring_restart(&b->ring[i], b->options.base);
	}
	return err;
}

static int blk_attach_rings(struct blk *b)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < b->rings && !err; i++)
		err = ring_attach(&b->ring[i]);
	return err;
}

int blk_prepare(struct blk *b, const struct blk_options *options)
{
	int err;

	memset(b, 0, sizeof(*b));
	if (options)
		b->options = *options;
	err = vdev_open(&b->vdev);
	if (err)
		return err;
	b->sectors = b->vdev.config.capacity;
	b->lba = b->vdev.config.blk_size;
	b->lba_sectors = b->lba / BLK_SECTOR;
	err = mem_create(&b->mem,
			 b->options.memory ? b->options.memory : BLK_MEMORY,
			 BLK_IOVA, b->options.scattered);
	if (!err)
		mem_guard(&b->mem, b->options.guard);
	if (!err)
		err = vdev_negotiate(&b->vdev, blk_features(b));
	if (!err && !b->options.map_last)
		err = blk_map(b);
	if (!err)
		err = blk_create_rings(b);
	if (!err)
		err = blk_attach_rings(b);
	if (!err && b->options.map_last)
		err = blk_map(b);
	if (err) {
		env_log("device setup: %s", strerror(-err));
		blk_close(b);
	}
	return err;
}

int blk_start(struct blk *b)
{
	unsigned int i;

	b->bounce = blk_take(b, BLK_BOUNCE, MEM_PAGE);
	if (!b->bounce)
		return -ENOMEM;
	for (i = 0; i < b->rings; i++) {
		b->own[i] = req_create(b, &b->ring[i]);
		if (!b->own[i])
			return -ENOMEM;
	}
	return vdev_driver_ok(&b->vdev);
}

int blk_open(struct blk *b, const struct blk_options *options)
{
	int err = blk_prepare(b, options);

	if (err)
		return err;
	err = blk_start(b);
	if (err) {
		env_log("DRIVER_OK: %s", strerror(-err));
		blk_close(b);
	}
	return err;
}

void blk_close(struct blk *b)
{
	unsigned int i;

	vdev_close(&b->vdev);
	for (i = 0; i < b->rings; i++)
		ring_destroy(&b->ring[i]);
	mem_destroy(&b->mem);
}

int blk_restart(struct blk *b, __u16 base)
{
	unsigned int i;
	int err;

	for (i = 0; i < b->rings; i++)
		ring_restart(&b->ring[i], base);
	err = vdev_negotiate(&b->vdev, blk_features(b));
	if (!err)
		err = blk_attach_rings(b);
	if (!err)
		err = vdev_driver_ok(&b->vdev);
	if (err)
		env_log("restart: %s", strerror(-err));
	return err;
}

int blk_recover(struct blk *b)
{
	__u64 seed = env_now_ms();
	int err = vdev_reset(&b->vdev);

	if (!err)
		err = blk_restart(b, 0);
	if (!err)
		err = blk_write_pattern(b, 0, b->lba, seed);
	if (!err)
		err = blk_read_pattern(b, 0, b->lba, seed);
	return err;
}

void *blk_take(struct blk *b, size_t size, size_t align)
{
	return mem_take(&b->mem, size, align);
}

__u64 blk_iova(struct blk *b, const void *p)
{
	return mem_iova(&b->mem, p);
}

struct req *req_create(struct blk *b, struct ring *r)
{
	struct req *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->blk = b;
	q->ring = r;
	q->hdr = blk_take(b, sizeof(*q->hdr), sizeof(*q->hdr));
	q->status = blk_take(b, 1, 1);
	q->table = blk_take(b, REQ_SEGS * sizeof(*q->table), 16);
	return q->hdr && q->status && q->table ? q : NULL;
}

void req_init(struct req *q, __u32 type, __u64 sector)
{
	q->hdr->type = type;
	q->hdr->ioprio = 0;
	q->hdr->sector = sector;
	*q->status = REQ_UNTOUCHED;
	q->nseg = 0;
	q->readable = 0;
	q->writable = 0;
	q->indirect = false;
	q->direct = 0;
	q->done = false;
	q->len = 0;
	q->sector = sector;
}

void req_seg_iova(struct req *q, __u64 iova, __u32 len, bool write)
{
	if (q->nseg == REQ_SEGS)
		abort();
	q->seg[q->nseg++] = (struct seg){ iova, len, write };
	if (write)
		q->writable += len;
	else
		q->readable += len;
}

void req_seg(struct req *q, const void *p, __u32 len, bool write)
{
	req_seg_iova(q, blk_iova(q->blk, p), len, write);
}

void req_header(struct req *q)
{
	req_seg(q, q->hdr, sizeof(*q->hdr), false);
}

void req_data(struct req *q, void *p, __u32 len)
{
	req_seg(q, p, len, q->hdr->type != VIRTIO_BLK_T_OUT);
}

void req_end(struct req *q)
{
	req_seg(q, q->status, 1, true);
}

void req_simple(struct req *q, __u32 type, __u64 sector, void *p, __u32 len)
{
	req_init(q, type, sector);
	req_header(q);
	if (p)
		req_data(q, p, len);
	req_end(q);
	q->data = p;
	q->data_len = len;
}

int req_queue(struct req *q)
{
	int head = ring_add(q->ring, q->seg, q->nseg,
			    q->indirect ? q->table : NULL,
			    blk_iova(q->blk, q->table), q->direct, q);

	if (head < 0)
		return head;
	ring_offer(q->ring, head);
	return 0;
}

int req_submit(struct req *q)
{
	int err = req_queue(q);

	if (err)
		return err;
	ring_publish(q->ring);
	ring_notify(q->ring);
	return 0;
}

struct req *req_reap(struct ring *r)
{
	struct vring_used_elem elem;
	struct req *q;
	void *cookie;

	if (ring_wait(r) || ring_get(r, &elem, &cookie) != 1)
		return NULL;
	q = cookie;
	q->done = true;
	q->len = elem.len;
	return q;
}

int req_wait(struct req *q)
{
	while (!q->done)
		if (!req_reap(q->ring))
			return -ETIMEDOUT;
	return 0;
}

int req_run(struct req *q)
{
	int err = req_submit(q);

	return err ? err : req_wait(q);
}

/* 0: a used entry. 1: the config interrupt. */
static int req_wait_or_broken(struct ring *r)
{
	struct pollfd p[] = {
		{ .fd = r->call_fd, .events = POLLIN },
		{ .fd = r->vdev->config_fd, .events = POLLIN },
	};
	__u64 end = env_now_ms() + env_limit_ms();
	__u64 now;

	while (ring_used_idx(r) == r->last_used) {
		now = env_now_ms();
		if (now >= end || poll(p, 2, end - now) <= 0) {
			env_log("vq %u: neither used nor broken", r->index);
			return -ETIMEDOUT;
		}
		if (p[1].revents)
			return 1;
		eventfd_take(r->call_fd);
	}
	return 0;
}

int req_wait_malformed(struct req *q)
{
	int r = req_wait_or_broken(q->ring);
	int err;

	if (r < 0)
		return r;
	err = r ? vdev_wait_needs_reset(&q->blk->vdev) : req_wait(q);
	if (err || r)
		return err ? err : 1;
	if (q->len ? *q->status == VIRTIO_BLK_S_IOERR :
		     *q->status == REQ_UNTOUCHED)
		return 0;
	env_log("malformed request: status 0x%x, used.len %u", *q->status,
		q->len);
	return -EPROTO;
}

int req_run_malformed(struct req *q)
{
	int err = req_submit(q);

	return err ? err : req_wait_malformed(q);
}

/*
 * What the device wrote: all of the writable bytes for a read that went well,
 * the status byte for a request without. How much data a failed read has
 * written is nobody's business.
 */
static bool req_len_is_right(const struct req *q, __u8 status)
{
	if (status == VIRTIO_BLK_S_OK)
		return q->len == q->writable;
	return q->len >= 1 && q->len <= q->writable;
}

int req_check(const struct req *q, __u8 status)
{
	__u8 seen = __atomic_load_n(q->status, __ATOMIC_RELAXED);

	if (q->done && seen == status && req_len_is_right(q, status))
		return 0;
	env_log("type %u sector %llu, %u segments, %u writable: %s, status %u, not %u, used.len %u",
		q->hdr->type, q->hdr->sector, q->nseg, q->writable,
		q->done ? "done" : "not done", seen, status, q->len);
	return -EPROTO;
}

int blk_rw(struct blk *b, struct ring *r, __u32 type, __u64 sector, void *p,
	   __u32 len)
{
	struct req *q = b->own[r->index];
	int err;

	req_simple(q, type, sector, p, len);
	q->indirect = r->num < q->nseg;
	err = req_run(q);
	if (err)
		return err;
	err = req_check(q, *q->status);
	return err ? err : *q->status;
}

static int blk_pattern_part(struct blk *b, __u32 type, __u64 sector, __u32 len,
			    __u64 seed)
{
	bool out = type == VIRTIO_BLK_T_OUT;
	int err;

	if (out)
		pattern_fill(b->bounce, len, sector * BLK_SECTOR, seed);
	else
		memset(b->bounce, 0x55, len);
	err = blk_rw(b, &b->ring[0], type, sector, b->bounce, len);
	if (err) {
		env_log("%s of %u bytes at sector %llu: %d",
			out ? "write" : "read", len, sector, err);
		return err < 0 ? err : -EIO;
	}
	return out ? 0 : pattern_check(b->bounce, len, sector * BLK_SECTOR,
				       seed);
}

static int blk_pattern(struct blk *b, __u32 type, __u64 sector, __u32 len,
		       __u64 seed)
{
	__u32 part;
	int err = 0;

	for (; len && !err; len -= part, sector += part / BLK_SECTOR) {
		part = len < BLK_BOUNCE ? len : BLK_BOUNCE;
		err = blk_pattern_part(b, type, sector, part, seed);
	}
	return err;
}

int blk_write_pattern(struct blk *b, __u64 sector, __u32 len, __u64 seed)
{
	return blk_pattern(b, VIRTIO_BLK_T_OUT, sector, len, seed);
}

int blk_read_pattern(struct blk *b, __u64 sector, __u32 len, __u64 seed)
{
	return blk_pattern(b, VIRTIO_BLK_T_IN, sector, len, seed);
}

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

static struct blk b;
static struct req *req[LOAD_DEPTH_MAX];

static int vhost_open(struct load *l)
{
	struct blk_options options = {
		.memory = (8UL << 20) + (size_t)l->depth * l->len,
	};
	unsigned int i;
	int err;

	setenv("NVDPA_VHOST", l->path, 1);
	err = blk_open(&b, &options);
	if (err)
		return err;
	l->data = blk_take(&b, (size_t)l->depth * l->len, MEM_PAGE);
	if (!l->data)
		return -ENOMEM;
	for (i = 0; i < l->depth; i++) {
		req[i] = req_create(&b, &b.ring[0]);
		if (!req[i])
			return -ENOMEM;
	}
	eventfd_take(b.ring[0].call_fd);
	ring_calls_at(&b.ring[0], b.ring[0].last_used);
	return 0;
}

static int vhost_prepare(struct load *l, unsigned int slot, __u64 offset)
{
	struct req *q = req[slot];

	/* One descriptor of the ring each, as Linux does it. */
	req_simple(q, l->write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN,
		   offset / BLK_SECTOR, l->data + (size_t)slot * l->len, l->len);
	q->indirect = true;
	q->seed = slot;
	return req_queue(q);
}

static int vhost_submit(struct load *l)
{
	struct ring *r = &b.ring[0];

	if (r->notified_idx == r->avail_idx)
		return 0;
	ring_publish(r);
	ring_notify(r);
	return 0;
}

static int vhost_wait(struct ring *r)
{
	__u64 end = 0;
	unsigned int i;

	for (i = 1; ring_used_idx(r) == r->last_used; i++) {
		if (i % (1 << 20))
			continue;
		if (!end)
			end = env_now_ms() + env_limit_ms();
		else if (env_now_ms() > end)
			return ring_wait_used(r, r->last_used + 1);
	}
	return 0;
}

static int vhost_reap(struct load *l, unsigned int *slots)
{
	struct ring *r = &b.ring[0];
	struct vring_used_elem elem;
	unsigned int n = 0;
	void *cookie;
	int err;

	err = vhost_wait(r);
	if (err)
		return err;
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

static void vhost_report(const struct load *l)
{
	printf(",\"kicks\":%llu,\"calls\":%llu", b.ring[0].kicks,
	       (unsigned long long)eventfd_take(b.ring[0].call_fd));
}

const struct engine engine_vhost = {
	.name = "vhost",
	.open = vhost_open,
	.prepare = vhost_prepare,
	.submit = vhost_submit,
	.reap = vhost_reap,
	.report = vhost_report,
};

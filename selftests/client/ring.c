// SPDX-License-Identifier: GPL-2.0
#include "ring.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "env.h"
#include "mem.h"
#include "vdev.h"

#define RING_NONE 0xffff

static __u16 *ring_used_event(struct ring *r)
{
	return &r->avail->ring[r->num];
}

static __u16 ring_avail_event(const struct ring *r)
{
	const void *event = &r->used->ring[r->num];

	return __atomic_load_n((const __u16 *)event, __ATOMIC_RELAXED);
}

__u16 ring_used_idx(const struct ring *r)
{
	/* Pairs with the device's barrier before the index: entries, then index. */
	return __atomic_load_n(&r->used->idx, __ATOMIC_ACQUIRE);
}

int ring_create(struct ring *r, struct vdev *v, unsigned int index,
		unsigned int num, struct mem *m)
{
	memset(r, 0, sizeof(*r));
	r->vdev = v;
	r->index = index;
	r->num = num;
	r->desc = mem_take(m, num * sizeof(*r->desc), VRING_DESC_ALIGN_SIZE);
	r->avail = mem_take(m, sizeof(*r->avail) + (num + 1) * sizeof(__u16),
			    VRING_AVAIL_ALIGN_SIZE);
	r->used = mem_take(m, sizeof(*r->used) + sizeof(__u16) +
			   num * sizeof(struct vring_used_elem),
			   VRING_USED_ALIGN_SIZE);
	if (!r->desc || !r->avail || !r->used)
		return -ENOMEM;
	r->desc_iova = mem_iova(m, r->desc);
	r->avail_iova = mem_iova(m, r->avail);
	r->used_iova = mem_iova(m, r->used);
	r->kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->call_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->kick_fd < 0 || r->call_fd < 0)
		return -errno;
	ring_restart(r, 0);
	return 0;
}

void ring_destroy(struct ring *r)
{
	if (r->kick_fd > 0)
		close(r->kick_fd);
	if (r->call_fd > 0)
		close(r->call_fd);
	memset(r, 0, sizeof(*r));
}

void ring_restart(struct ring *r, __u16 base)
{
	unsigned int i;

	memset(r->desc, 0, r->num * sizeof(*r->desc));
	for (i = 0; i < r->num; i++)
		r->next[i] = i + 1 < r->num ? i + 1 : RING_NONE;
	memset(r->chain_len, 0, sizeof(r->chain_len));
	r->nfree = r->num;
	r->free = 0;
	r->avail_idx = base;
	r->notified_idx = base;
	r->last_used = base;
	r->avail->flags = 0;
	r->avail->idx = base;
	*ring_used_event(r) = base;
	r->used->flags = 0;
	r->used->idx = base;
	eventfd_take(r->call_fd);
	eventfd_take(r->kick_fd);
}

int ring_configure(struct ring *r)
{
	struct vdev *v = r->vdev;
	int err;

	r->event_idx = v->accepted & (1ULL << VIRTIO_RING_F_EVENT_IDX);
	err = vdev_vring_num(v, r->index, r->num);
	if (!err)
		err = vdev_vring_base(v, r->index, r->last_used);
	if (!err)
		err = vdev_vring_addr(v, r->index, r->desc_iova, r->avail_iova,
				      r->used_iova);
	if (!err)
		err = vdev_vring_kick(v, r->index, r->kick_fd);
	if (!err)
		err = vdev_vring_call(v, r->index, r->call_fd);
	return err;
}

int ring_attach(struct ring *r)
{
	int err = ring_configure(r);

	return err ? err : vdev_vring_enable(r->vdev, r->index, 1);
}

static __u16 ring_take_desc(struct ring *r)
{
	__u16 i = r->free;

	r->free = r->next[i];
	r->nfree--;
	return i;
}

static void ring_free_chain(struct ring *r, __u16 head)
{
	unsigned int n = r->chain_len[head];
	__u16 last = head;

	r->chain_len[head] = 0;
	r->nfree += n;
	while (--n)
		last = r->next[last];
	r->next[last] = r->free;
	r->free = head;
}

static void desc_set(struct vring_desc *d, const struct seg *s, bool more,
		     __u16 next)
{
	d->addr = s->iova;
	d->len = s->len;
	d->flags = (s->write ? VRING_DESC_F_WRITE : 0) |
		   (more ? VRING_DESC_F_NEXT : 0);
	d->next = more ? next : 0;
}

int ring_add(struct ring *r, const struct seg *segs, unsigned int n,
	     struct vring_desc *table, __u64 table_iova, unsigned int direct,
	     void *cookie)
{
	unsigned int descs = table ? direct + 1 : n;
	unsigned int i;
	__u16 head, d;

	if (!descs || descs > r->nfree)
		return -ENOSPC;
	head = ring_take_desc(r);
	d = head;
	for (i = 0; i < descs; i++) {
		const struct seg tail = {
			.iova = table_iova,
			.len = (n - direct) * sizeof(*table),
		};
		bool more = i + 1 < descs;
		__u16 next = more ? ring_take_desc(r) : RING_NONE;

		desc_set(&r->desc[d], table && !more ? &tail : &segs[i], more,
			 next);
		if (table && !more)
			r->desc[d].flags = VRING_DESC_F_INDIRECT;
		r->next[d] = next;
		d = next;
	}
	for (i = direct; table && i < n; i++)
		desc_set(&table[i - direct], &segs[i], i + 1 < n,
			 i + 1 - direct);
	r->chain_len[head] = descs;
	r->cookie[head] = cookie;
	return head;
}

void ring_offer(struct ring *r, __u16 head)
{
	r->avail->ring[r->avail_idx++ % r->num] = head;
}

void ring_publish(struct ring *r)
{
	/* Entries and descriptors first: the device reads the index before them. */
	__atomic_store_n(&r->avail->idx, r->avail_idx, __ATOMIC_RELEASE);
}

static bool ring_wants_kick(struct ring *r)
{
	if (r->event_idx)
		return vring_need_event(ring_avail_event(r), r->avail_idx,
					r->notified_idx);
	return !(__atomic_load_n(&r->used->flags, __ATOMIC_RELAXED) &
		 VRING_USED_F_NO_NOTIFY);
}

void ring_notify(struct ring *r)
{
	/* Our index must be out before we look at the device's wish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ring_wants_kick(r))
		ring_kick(r);
	r->notified_idx = r->avail_idx;
}

void ring_kick(struct ring *r)
{
	eventfd_write(r->kick_fd, 1);
	r->kicks++;
	r->notified_idx = r->avail_idx;
}

int ring_get(struct ring *r, struct vring_used_elem *elem, void **cookie)
{
	if (ring_used_idx(r) == r->last_used)
		return 0;
	*elem = r->used->ring[r->last_used++ % r->num];
	if (elem->id >= r->num || !r->chain_len[elem->id]) {
		env_log("vq %u: used entry %u: id %u is not in flight", r->index,
			(__u16)(r->last_used - 1), elem->id);
		return -EPROTO;
	}
	if (cookie)
		*cookie = r->cookie[elem->id];
	ring_free_chain(r, elem->id);
	return 1;
}

/* True when something came before the calls were on. */
static bool ring_calls_on(struct ring *r)
{
	ring_calls_at(r, r->last_used);
	__atomic_store_n(&r->avail->flags, 0, __ATOMIC_RELAXED);
	/* The wish must be out before we look again, as the device's side does. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring_used_idx(r) != r->last_used;
}

static int ring_wait_call(struct ring *r)
{
	__u64 end = env_now_ms() + env_limit_ms();

	while (!ring_calls_on(r)) {
		__u64 now = env_now_ms();

		if (now >= end || eventfd_wait(r->call_fd, end - now)) {
			env_log("vq %u: no call; used index %u, taken %u, offered %u, status 0x%x",
				r->index, ring_used_idx(r), r->last_used,
				r->avail_idx, vdev_status(r->vdev));
			return -ETIMEDOUT;
		}
		eventfd_take(r->call_fd);
	}
	return 0;
}

int ring_wait(struct ring *r)
{
	if (ring_used_idx(r) != r->last_used)
		return 0;
	return r->polled ? ring_wait_used(r, r->last_used + 1) :
			   ring_wait_call(r);
}

int ring_wait_used(struct ring *r, __u16 idx)
{
	__u64 end = env_now_ms() + env_limit_ms();

	while ((__s16)(ring_used_idx(r) - idx) < 0) {
		if (env_now_ms() >= end) {
			env_log("vq %u: used index %u, not %u, available %u, status 0x%x",
				r->index, ring_used_idx(r), idx, r->avail_idx,
				vdev_status(r->vdev));
			return -ETIMEDOUT;
		}
		sched_yield();
	}
	return 0;
}

int ring_quiet(struct ring *r)
{
	__u16 idx = ring_used_idx(r);
	int err;

	eventfd_take(r->call_fd);
	err = eventfd_wait(r->call_fd, env_quiet_ms());
	if (err == -ETIMEDOUT && ring_used_idx(r) == idx)
		return 0;
	env_log("vq %u: %s; used index %u, before %u", r->index,
		err ? "no call" : "a call", ring_used_idx(r), idx);
	return -EBUSY;
}

void ring_calls_off(struct ring *r)
{
	__atomic_store_n(&r->avail->flags, VRING_AVAIL_F_NO_INTERRUPT,
			 __ATOMIC_RELAXED);
	/* As far from being passed as an index can be. */
	ring_calls_at(r, r->last_used - 1);
}

void ring_calls_at(struct ring *r, __u16 event)
{
	__atomic_store_n(ring_used_event(r), event, __ATOMIC_RELAXED);
}

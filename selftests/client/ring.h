/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver's side of a split virtqueue. One thread per ring. Little endian
 * machines only. 0 or -errno unless said otherwise.
 */
#ifndef CLIENT_RING_H
#define CLIENT_RING_H

#include <linux/types.h>
#include <stdbool.h>

#include "compat.h"

struct mem;
struct vdev;

#define RING_NUM_MAX 1024

/* One descriptor to be. */
struct seg {
	__u64 iova;
	__u32 len;
	bool write;			/* by the device */
};

struct ring {
	struct vdev *vdev;
	unsigned int index;
	unsigned int num;
	bool event_idx;
	bool polled;			/* wait by looking, not by the call eventfd */

	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	__u64 desc_iova;
	__u64 avail_iova;
	__u64 used_iova;

	int kick_fd;
	int call_fd;

	__u16 avail_idx;		/* next entry to fill */
	__u16 notified_idx;		/* what the last notify had published */
	__u16 last_used;		/* next entry to take */
	__u64 kicks;			/* that were given */

	/* Free descriptors as a list, chains in flight by their head. */
	unsigned int nfree;
	__u16 free;
	__u16 next[RING_NUM_MAX];
	__u16 chain_len[RING_NUM_MAX];	/* 0: not in flight */
	void *cookie[RING_NUM_MAX];
};

/* Takes memory for the areas and makes the eventfds; the device hears nothing. */
int ring_create(struct ring *r, struct vdev *v, unsigned int index,
		unsigned int num, struct mem *m);
void ring_destroy(struct ring *r);

/* Empties the ring and starts it at an index, as a driver does after a reset. */
void ring_restart(struct ring *r, __u16 base);

/* Tells the device everything; ring_configure() all but the enable. */
int ring_configure(struct ring *r);
int ring_attach(struct ring *r);

/*
 * Makes a chain of n segments: direct descriptors for the first `direct` of
 * them, the rest in the indirect table when there is one. Returns the head, or
 * -ENOSPC; the device sees nothing before ring_offer() and ring_publish().
 */
int ring_add(struct ring *r, const struct seg *segs, unsigned int n,
	     struct vring_desc *table, __u64 table_iova, unsigned int direct,
	     void *cookie);
void ring_offer(struct ring *r, __u16 head);
void ring_publish(struct ring *r);
/* Kicks if the device asked for it; ring_kick() always. */
void ring_notify(struct ring *r);
void ring_kick(struct ring *r);

/* Takes a used entry: 1, 0 when there is none, -EPROTO for an entry that is not ours. */
int ring_get(struct ring *r, struct vring_used_elem *elem, void **cookie);
/* Waits until there is a used entry, by the call eventfd unless polled. */
int ring_wait(struct ring *r);
/* Waits until the used index is the given one, whatever the call eventfd says. */
int ring_wait_used(struct ring *r, __u16 idx);
/* 0 when no used entry and no call comes for a while, else -EBUSY. */
int ring_quiet(struct ring *r);

__u16 ring_used_idx(const struct ring *r);
/* No call for completions, or one when the used index passes `event`. */
void ring_calls_off(struct ring *r);
void ring_calls_at(struct ring *r, __u16 event);

#endif /* CLIENT_RING_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device side of a split virtqueue (virtio 1.2, 2.7) over a one-time
 * kernel mapping of the ring. Everything the driver writes is read once.
 */
#ifndef NVDPA_PURE_RING_H
#define NVDPA_PURE_RING_H

#include "kdep.h"

/**
 * struct nvdpa_ring - a split virtqueue in use
 * @desc: descriptor table, driver-written
 * @avail: available ring, driver-written
 * @used: used ring, device-written
 * @num: queue size, a power of two
 * @last_avail: index of the next available entry to take
 * @used_idx: index of the next used entry to write
 * @signalled: @used_idx at the last time a notification was decided
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 *
 * Protected by the lock of the virtqueue that it is part of.
 */
struct nvdpa_ring {
	const struct vring_desc *desc;
	const struct vring_avail *avail;
	struct vring_used *used;
	u16 num;
	u16 last_avail;
	u16 used_idx;
	u16 signalled;
	bool event_idx;
};

/**
 * struct nvdpa_desc - a descriptor, copied once and in CPU byte order
 * @addr: guest address
 * @len: bytes
 * @flags: VRING_DESC_F_*
 * @next: index of the next descriptor if VRING_DESC_F_NEXT
 */
struct nvdpa_desc {
	u64 addr;
	u32 len;
	u16 flags;
	u16 next;
};

/* Sizes in bytes of the three areas of a ring with @num entries (2.7). */
#define NVDPA_RING_DESC_BYTES(num)	(16u * (num))
#define NVDPA_RING_AVAIL_BYTES(num)	(6u + 2u * (num))
#define NVDPA_RING_USED_BYTES(num)	(6u + 8u * (num))

/**
 * nvdpa_ring_init() - start using a ring
 * @ring: the ring; written whole
 * @desc: kernel address of the descriptor table
 * @avail: kernel address of the available ring
 * @used: kernel address of the used ring
 * @num: queue size, a power of two, 1 to 32768
 * @idx: index at which both available and used continue
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 *
 * The device never has a request open when a ring is taken up, so the used
 * index equals the available index.
 */
void nvdpa_ring_init(struct nvdpa_ring *ring, const void *desc,
		     const void *avail, void *used, u16 num, u16 idx,
		     bool event_idx);

/**
 * nvdpa_ring_pop() - take the next available chain
 * @ring: the ring
 * @head: index of its first descriptor, written when 1 is returned
 *
 * Return: 1 when a chain was taken; 0 when there is none; -EPIPE when the ring
 * is broken: the available index is more than the queue size ahead, or the
 * head is out of range (2.7.13).
 */
int nvdpa_ring_pop(struct nvdpa_ring *ring, u16 *head);

/**
 * nvdpa_ring_desc() - copy a descriptor out of a table, each field once
 * @desc: address of the descriptor in guest-written memory
 * @out: the copy, in CPU byte order
 */
void nvdpa_ring_desc(const struct vring_desc *desc, struct nvdpa_desc *out);

/**
 * nvdpa_ring_push() - put a used entry, not yet visible to the driver
 * @ring: the ring
 * @head: head of the chain that is given back
 * @len: bytes written into its device-writable part
 */
void nvdpa_ring_push(struct nvdpa_ring *ring, u16 head, u32 len);

/**
 * nvdpa_ring_publish() - make all pushed entries visible to the driver
 * @ring: the ring
 */
void nvdpa_ring_publish(struct nvdpa_ring *ring);

/**
 * nvdpa_ring_need_notify() - does the driver want a used buffer notification?
 * @ring: the ring, after nvdpa_ring_publish()
 *
 * Counts as decided: the next call looks only at entries published after this
 * one (2.7.7 and 2.7.10).
 *
 * Return: true if the driver must be notified.
 */
bool nvdpa_ring_need_notify(struct nvdpa_ring *ring);

/**
 * nvdpa_ring_disable_kicks() - tell the driver that kicks are not needed now
 * @ring: the ring
 *
 * Advisory. With event index it is a no-op: avail_event just stays behind.
 */
void nvdpa_ring_disable_kicks(struct nvdpa_ring *ring);

/**
 * nvdpa_ring_enable_kicks() - ask the driver for a kick at the next chain
 * @ring: the ring
 *
 * Return: true when a chain became available meanwhile, whose kick may never
 * come: the caller must look again.
 */
bool nvdpa_ring_enable_kicks(struct nvdpa_ring *ring);

#endif /* NVDPA_PURE_RING_H */

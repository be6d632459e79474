/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device side of a split virtqueue (virtio 1.2, 2.7) over a one-time
 * kernel mapping of the ring. Everything the driver writes is read once.
 *
 * Each barrier has its partner in the driver; the names below are those of
 * drivers/virtio/virtio_ring.c. The rings are shared with a CPU, not with a
 * bus device, hence weak barriers.
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

/*
 * Ring fields are little-endian because VIRTIO_F_VERSION_1 is mandatory here;
 * the __virtio types only exist because they need not be elsewhere. Loads and
 * stores are single: the driver may write at any time.
 */
static inline u16 nvdpa_ring_load16(const __virtio16 *p)
{
	return le16_to_cpu((__force __le16)READ_ONCE(*p));
}

static inline u32 nvdpa_ring_load32(const __virtio32 *p)
{
	return le32_to_cpu((__force __le32)READ_ONCE(*p));
}

static inline u64 nvdpa_ring_load64(const __virtio64 *p)
{
	return le64_to_cpu((__force __le64)READ_ONCE(*p));
}

static inline void nvdpa_ring_store16(__virtio16 *p, u16 value)
{
	WRITE_ONCE(*p, (__force __virtio16)cpu_to_le16(value));
}

static inline void nvdpa_ring_store32(__virtio32 *p, u32 value)
{
	WRITE_ONCE(*p, (__force __virtio32)cpu_to_le32(value));
}

/* The event indices stand behind the last entry (2.7.6 and 2.7.8). */
static inline u16 nvdpa_ring_used_event(const struct nvdpa_ring *ring)
{
	return nvdpa_ring_load16(&ring->avail->ring[ring->num]);
}

static inline void nvdpa_ring_set_avail_event(struct nvdpa_ring *ring, u16 value)
{
	nvdpa_ring_store16((__virtio16 *)&ring->used->ring[ring->num], value);
}

/**
 * nvdpa_ring_desc() - copy a descriptor out of a table, each field once
 * @desc: address of the descriptor in guest-written memory
 * @out: the copy, in CPU byte order
 */
static inline void nvdpa_ring_desc(const struct vring_desc *desc,
				   struct nvdpa_desc *out)
{
	out->addr = nvdpa_ring_load64(&desc->addr);
	out->len = nvdpa_ring_load32(&desc->len);
	out->flags = nvdpa_ring_load16(&desc->flags);
	out->next = nvdpa_ring_load16(&desc->next);
}

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
static inline int nvdpa_ring_pop(struct nvdpa_ring *ring, u16 *head)
{
	u16 ahead, index;

	ahead = nvdpa_ring_load16(&ring->avail->idx) - ring->last_avail;
	if (!ahead)
		return 0;
	if (unlikely(ahead > ring->num))
		return -EPIPE;

	/*
	 * Pairs with the virtio_wmb() of virtqueue_add_split(), before it
	 * stores avail->idx. Without it the entry or its descriptors could be
	 * loaded before the index that makes them valid.
	 */
	virtio_rmb(true);

	index = ring->last_avail & (ring->num - 1);
	index = nvdpa_ring_load16(&ring->avail->ring[index]);
	if (unlikely(index >= ring->num))
		return -EPIPE;

	*head = array_index_nospec(index, ring->num);
	ring->last_avail++;
	return 1;
}

/**
 * nvdpa_ring_push() - put a used entry, not yet visible to the driver
 * @ring: the ring
 * @head: head of the chain that is given back
 * @len: bytes written into its device-writable part
 */
static inline void nvdpa_ring_push(struct nvdpa_ring *ring, u16 head, u32 len)
{
	u16 index = ring->used_idx & (ring->num - 1);

	nvdpa_ring_store32(&ring->used->ring[index].id, head);
	nvdpa_ring_store32(&ring->used->ring[index].len, len);
	ring->used_idx++;
}

/**
 * nvdpa_ring_publish() - make all pushed entries visible to the driver
 * @ring: the ring
 */
static inline void nvdpa_ring_publish(struct nvdpa_ring *ring)
{
	/*
	 * Pairs with the virtio_rmb() of virtqueue_get_buf_ctx_split(), after
	 * it loaded used->idx. Without it the driver could see the index before
	 * the entry, the status byte or data that the CPU copied.
	 */
	virtio_wmb(true);
	nvdpa_ring_store16(&ring->used->idx, ring->used_idx);
}

/**
 * nvdpa_ring_need_notify() - does the driver want a used buffer notification?
 * @ring: the ring, after nvdpa_ring_publish()
 *
 * Counts as decided: the next call looks only at entries published after this
 * one (2.7.7 and 2.7.10).
 *
 * Return: true if the driver must be notified.
 */
static inline bool nvdpa_ring_need_notify(struct nvdpa_ring *ring)
{
	u16 old = ring->signalled;
	u16 new = ring->used_idx;

	if (new == old)
		return false;
	ring->signalled = new;

	/*
	 * Pairs with the virtio_store_mb() of virtqueue_enable_cb_split(),
	 * between its store of used_event or flags and its look at used->idx.
	 * Without it our load could pass the store of used->idx: the driver
	 * sees no new entry and sleeps, we see no wish and stay silent.
	 */
	virtio_mb(true);

	if (ring->event_idx)
		return vring_need_event(nvdpa_ring_used_event(ring), new, old);
	return !(nvdpa_ring_load16(&ring->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

/**
 * nvdpa_ring_disable_kicks() - tell the driver that kicks are not needed now
 * @ring: the ring
 *
 * Advisory. With event index it is a no-op: avail_event just stays behind.
 */
static inline void nvdpa_ring_disable_kicks(struct nvdpa_ring *ring)
{
	if (!ring->event_idx)
		nvdpa_ring_store16(&ring->used->flags, VRING_USED_F_NO_NOTIFY);
}

/**
 * nvdpa_ring_enable_kicks() - ask the driver for a kick at the next chain
 * @ring: the ring
 *
 * Return: true when a chain became available meanwhile, whose kick may never
 * come: the caller must look again.
 */
static inline bool nvdpa_ring_enable_kicks(struct nvdpa_ring *ring)
{
	if (ring->event_idx)
		nvdpa_ring_set_avail_event(ring, ring->last_avail);
	else
		nvdpa_ring_store16(&ring->used->flags, 0);

	/*
	 * Pairs with the virtio_mb() of virtqueue_kick_prepare_split(), between
	 * its store of avail->idx and its look at avail_event or flags. Without
	 * it our load could pass the store: the driver sees that no kick is
	 * wanted, we see no chain, and the chain waits for ever.
	 */
	virtio_mb(true);

	return nvdpa_ring_load16(&ring->avail->idx) != ring->last_avail;
}

#endif /* NVDPA_PURE_RING_H */

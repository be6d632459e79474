// SPDX-License-Identifier: GPL-2.0
/*
 * The device side of a split virtqueue (virtio 1.2, 2.7).
 *
 * Each barrier has its partner in the driver; the names below are those of
 * drivers/virtio/virtio_ring.c. The rings are shared with a CPU, not with a
 * bus device, hence weak barriers.
 */
#include "ring.h"

/*
 * Ring fields are little-endian because VIRTIO_F_VERSION_1 is mandatory here;
 * the __virtio types only exist because they need not be elsewhere. Loads and
 * stores are single: the driver may write at any time.
 */
static u16 ring_load16(const __virtio16 *p)
{
	return le16_to_cpu((__force __le16)READ_ONCE(*p));
}

static u32 ring_load32(const __virtio32 *p)
{
	return le32_to_cpu((__force __le32)READ_ONCE(*p));
}

static u64 ring_load64(const __virtio64 *p)
{
	return le64_to_cpu((__force __le64)READ_ONCE(*p));
}

static void ring_store16(__virtio16 *p, u16 value)
{
	WRITE_ONCE(*p, (__force __virtio16)cpu_to_le16(value));
}

static void ring_store32(__virtio32 *p, u32 value)
{
	WRITE_ONCE(*p, (__force __virtio32)cpu_to_le32(value));
}

/* The event indices stand behind the last entry (2.7.6 and 2.7.8). */
static u16 ring_used_event(const struct nvdpa_ring *ring)
{
	return ring_load16(&ring->avail->ring[ring->num]);
}

static void ring_set_avail_event(struct nvdpa_ring *ring, u16 value)
{
	ring_store16((__virtio16 *)&ring->used->ring[ring->num], value);
}

void nvdpa_ring_init(struct nvdpa_ring *ring, const void *desc,
		     const void *avail, void *used, u16 num, u16 idx,
		     bool event_idx)
{
	*ring = (struct nvdpa_ring) {
		.desc = desc,
		.avail = avail,
		.used = used,
		.num = num,
		.last_avail = idx,
		.used_idx = idx,
		.signalled = idx,
		.event_idx = event_idx,
	};
}

int nvdpa_ring_pop(struct nvdpa_ring *ring, u16 *head)
{
	u16 ahead, index;

	ahead = ring_load16(&ring->avail->idx) - ring->last_avail;
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
	index = ring_load16(&ring->avail->ring[index]);
	if (unlikely(index >= ring->num))
		return -EPIPE;

	*head = array_index_nospec(index, ring->num);
	ring->last_avail++;
	return 1;
}

void nvdpa_ring_desc(const struct vring_desc *desc, struct nvdpa_desc *out)
{
	out->addr = ring_load64(&desc->addr);
	out->len = ring_load32(&desc->len);
	out->flags = ring_load16(&desc->flags);
	out->next = ring_load16(&desc->next);
}

void nvdpa_ring_push(struct nvdpa_ring *ring, u16 head, u32 len)
{
	u16 index = ring->used_idx & (ring->num - 1);

	ring_store32(&ring->used->ring[index].id, head);
	ring_store32(&ring->used->ring[index].len, len);
	ring->used_idx++;
}

void nvdpa_ring_publish(struct nvdpa_ring *ring)
{
	/*
	 * Pairs with the virtio_rmb() of virtqueue_get_buf_ctx_split(), after
	 * it loaded used->idx. Without it the driver could see the index before
	 * the entry, the status byte or data that the CPU copied.
	 */
	virtio_wmb(true);
	ring_store16(&ring->used->idx, ring->used_idx);
}

bool nvdpa_ring_need_notify(struct nvdpa_ring *ring)
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
		return vring_need_event(ring_used_event(ring), new, old);
	return !(ring_load16(&ring->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

void nvdpa_ring_disable_kicks(struct nvdpa_ring *ring)
{
	if (!ring->event_idx)
		ring_store16(&ring->used->flags, VRING_USED_F_NO_NOTIFY);
}

bool nvdpa_ring_enable_kicks(struct nvdpa_ring *ring)
{
	if (ring->event_idx)
		ring_set_avail_event(ring, ring->last_avail);
	else
		ring_store16(&ring->used->flags, 0);

	/*
	 * Pairs with the virtio_mb() of virtqueue_kick_prepare_split(), between
	 * its store of avail->idx and its look at avail_event or flags. Without
	 * it our load could pass the store: the driver sees that no kick is
	 * wanted, we see no chain, and the chain waits for ever.
	 */
	virtio_mb(true);

	return ring_load16(&ring->avail->idx) != ring->last_avail;
}

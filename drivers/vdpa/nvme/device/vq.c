// SPDX-License-Identifier: GPL-2.0
/* Rings: checked and mapped once when the driver is ready, then left alone. */
#include "vq.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "dev.h"

/* Alignment in bytes of the areas (virtio 1.2, 2.7). */
static const u8 nvdpa_vq_align[NVDPA_VQ_AREAS] = {
	[NVDPA_VQ_DESC] = 16,
	[NVDPA_VQ_AVAIL] = 2,
	[NVDPA_VQ_USED] = 4,
};

static const u32 nvdpa_vq_perm[NVDPA_VQ_AREAS] = {
	[NVDPA_VQ_DESC] = NVDPA_MEM_READ,
	[NVDPA_VQ_AVAIL] = NVDPA_MEM_READ,
	[NVDPA_VQ_USED] = NVDPA_MEM_WRITE,
};

static const char * const nvdpa_vq_name[NVDPA_VQ_AREAS] = {
	[NVDPA_VQ_DESC] = "descriptor table",
	[NVDPA_VQ_AVAIL] = "available ring",
	[NVDPA_VQ_USED] = "used ring",
};

static u32 nvdpa_vq_area_bytes(const struct nvdpa_vq *vq,
			       enum nvdpa_vq_area area)
{
	switch (area) {
	case NVDPA_VQ_DESC:
		return NVDPA_RING_DESC_BYTES(vq->num);
	case NVDPA_VQ_AVAIL:
		return NVDPA_RING_AVAIL_BYTES(vq->num);
	default:
		return NVDPA_RING_USED_BYTES(vq->num);
	}
}

/* Page @i of an area, or NULL if it is not mapped with the needed permission. */
static struct page *nvdpa_vq_page(const struct nvdpa_vq *vq,
				  const struct nvdpa_memtable *mem,
				  enum nvdpa_vq_area area, unsigned int i)
{
	u64 iova = (vq->addr[area] & PAGE_MASK) + (u64)i * PAGE_SIZE;
	const struct nvdpa_mem_chunk *chunk;
	u32 hint = 0;

	chunk = nvdpa_memtable_find(mem, &hint, iova);
	if (!chunk || !(chunk->perm & nvdpa_vq_perm[area]))
		return NULL;
	return virt_to_page(chunk->kva + (iova - chunk->iova));
}

static bool nvdpa_vq_contiguous(const struct nvdpa_vq_map *map)
{
	unsigned int i;

	for (i = 1; i < map->nr_pages; i++)
		if (page_to_pfn(map->pages[i]) !=
		    page_to_pfn(map->pages[0]) + i)
			return false;
	return true;
}

static int nvdpa_vq_check_area(const struct nvdpa_vq *vq,
			       enum nvdpa_vq_area area)
{
	u64 addr = vq->addr[area];

	if (!IS_ALIGNED(addr, nvdpa_vq_align[area])) {
		dev_warn_ratelimited(&vq->dev->vdpa.dev,
				     "queue %u: %s at %#llx is not aligned to %u bytes\n",
				     vq->idx, nvdpa_vq_name[area], addr,
				     nvdpa_vq_align[area]);
		return -EINVAL;
	}
	if (addr + nvdpa_vq_area_bytes(vq, area) - 1 < addr) {
		dev_warn_ratelimited(&vq->dev->vdpa.dev,
				     "queue %u: %s at %#llx wraps past the address space\n",
				     vq->idx, nvdpa_vq_name[area], addr);
		return -EINVAL;
	}
	return 0;
}

static int nvdpa_vq_map_area(struct nvdpa_vq *vq, enum nvdpa_vq_area area)
{
	struct nvdpa_vq_map *map = &vq->map[area];
	u32 off = offset_in_page(vq->addr[area]);
	unsigned int i;
	int err;

	lockdep_assert_held(&vq->dev->lock);

	err = nvdpa_vq_check_area(vq, area);
	if (err)
		return err;

	map->nr_pages = PFN_UP(off + nvdpa_vq_area_bytes(vq, area));
	map->pages = kcalloc(map->nr_pages, sizeof(*map->pages), GFP_KERNEL);
	if (!map->pages)
		return -ENOMEM;
	for (i = 0; i < map->nr_pages; i++) {
		map->pages[i] = nvdpa_vq_page(vq, vq->dev->mem.table, area, i);
		if (!map->pages[i]) {
			dev_warn_ratelimited(&vq->dev->vdpa.dev,
					     "queue %u: %s at %#llx is not in memory that the device was given for it\n",
					     vq->idx, nvdpa_vq_name[area], vq->addr[area]);
			err = -EFAULT;
			goto free_pages;
		}
	}

	if (nvdpa_vq_contiguous(map)) {
		map->kva = page_address(map->pages[0]) + off;
		return 0;
	}
	map->vmap = vmap(map->pages, map->nr_pages, VM_MAP, PAGE_KERNEL);
	if (!map->vmap) {
		err = -ENOMEM;
		goto free_pages;
	}
	map->kva = map->vmap + off;
	return 0;

free_pages:
	kfree(map->pages);
	memset(map, 0, sizeof(*map));
	return err;
}

static void nvdpa_vq_unmap(struct nvdpa_vq *vq)
{
	enum nvdpa_vq_area area;

	lockdep_assert_held(&vq->dev->lock);

	for (area = 0; area < NVDPA_VQ_AREAS; area++) {
		vunmap(vq->map[area].vmap);
		kfree(vq->map[area].pages);
	}
	memset(vq->map, 0, sizeof(vq->map));
}

static int nvdpa_vq_map(struct nvdpa_vq *vq)
{
	enum nvdpa_vq_area area;
	int err;

	lockdep_assert_held(&vq->dev->lock);

	for (area = 0; area < NVDPA_VQ_AREAS; area++) {
		err = nvdpa_vq_map_area(vq, area);
		if (err) {
			nvdpa_vq_unmap(vq);
			return err;
		}
	}
	return 0;
}

int nvdpa_vq_start(struct nvdpa_vq *vq)
{
	struct nvdpa_dev *dev = vq->dev;
	u64 features = dev->driver_features;
	struct nvdpa_ring ring;
	int err;

	lockdep_assert_held(&dev->lock);

	if (!is_power_of_2(vq->num) || vq->num > dev->queue_size) {
		dev_warn_ratelimited(&dev->vdpa.dev,
				     "queue %u: size %u is not a power of two up to %u\n",
				     vq->idx, vq->num, dev->queue_size);
		return -EINVAL;
	}
	err = nvdpa_vq_map(vq);
	if (err)
		return err;

	nvdpa_ring_init(&ring, vq->map[NVDPA_VQ_DESC].kva,
			vq->map[NVDPA_VQ_AVAIL].kva,
			vq->map[NVDPA_VQ_USED].kva, vq->num, vq->avail_idx,
			features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX));
	vq->started = true;
	/* A driver that cannot flush relies on every write (5.2.6.2). */
	nvdpa_queue_start(&vq->q, &ring,
			  dev->disk.vwc &&
			  !(features & BIT_ULL(VIRTIO_BLK_F_FLUSH)));
	/* Another queue may have broken meanwhile, before this one ran. */
	if (READ_ONCE(dev->needs_reset))
		nvdpa_queue_halt(&vq->q);
	return 0;
}

void nvdpa_vq_stop(struct nvdpa_vq *vq, bool abort)
{
	lockdep_assert_held(&vq->dev->lock);

	if (!vq->started)
		return;
	nvdpa_queue_stop(&vq->q, abort);
	vq->avail_idx = nvdpa_queue_index(&vq->q);
	vq->started = false;
	nvdpa_vq_unmap(vq);
}

bool nvdpa_vq_moved(const struct nvdpa_vq *vq, const struct nvdpa_memtable *mem)
{
	const struct nvdpa_vq_map *map;
	enum nvdpa_vq_area area;
	unsigned int i;

	lockdep_assert_held(&vq->dev->lock);

	for (area = 0; area < NVDPA_VQ_AREAS; area++) {
		map = &vq->map[area];
		for (i = 0; i < map->nr_pages; i++)
			if (nvdpa_vq_page(vq, mem, area, i) != map->pages[i])
				return true;
	}
	return false;
}

void nvdpa_vq_reset(struct nvdpa_vq *vq)
{
	lockdep_assert_held(&vq->dev->lock);

	nvdpa_queue_set_cb(&vq->q, NULL);
	memset(vq->addr, 0, sizeof(vq->addr));
	vq->num = vq->dev->queue_size;
	vq->avail_idx = 0;
	WRITE_ONCE(vq->ready, false);
	if (vq->has_affinity)
		nvdpa_qpair_set_affinity(vq->q.qp, cpu_possible_mask);
	vq->has_affinity = false;
}

u16 nvdpa_vq_index(struct nvdpa_vq *vq)
{
	lockdep_assert_held(&vq->dev->lock);

	return vq->started ? nvdpa_queue_index(&vq->q) : vq->avail_idx;
}

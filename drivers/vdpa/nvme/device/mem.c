// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory. vhost-vdpa unpins pages before it tells us, so a run holds its
 * own reference on every folio for as long as the device can reach it.
 */
#include "mem.h"

#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vhost_iotlb.h>

#include "dev.h"

/*
 * DMA is coherent (Kconfig: x86-64), and several devices may map the same page.
 */
#define NVDPA_MEM_ATTRS		DMA_ATTR_SKIP_CPU_SYNC

/* Published where there is no memory, so that going there cannot fail. */
static struct nvdpa_memtable nvdpa_mem_none = { .premapped = true };

static struct nvdpa_memtable *nvdpa_mem_alloc(u32 nr)
{
	struct nvdpa_memtable *table;

	table = kvzalloc(struct_size(table, chunks, nr), GFP_KERNEL_ACCOUNT);
	if (table) {
		table->nr = nr;
		table->premapped = true;
	}
	return table;
}

void nvdpa_mem_init(struct nvdpa_dev *dev)
{
	unsigned int i;

	dev->mem.table = &nvdpa_mem_none;
	for (i = 0; i < dev->nr_vqs; i++)
		nvdpa_queue_set_mem(&dev->vqs[i].q, &nvdpa_mem_none, false);
}

static enum dma_data_direction nvdpa_mem_dir(u32 perm)
{
	if (perm == NVDPA_MEM_READ)
		return DMA_TO_DEVICE;
	if (perm == NVDPA_MEM_WRITE)
		return DMA_FROM_DEVICE;
	return DMA_BIDIRECTIONAL;
}

static void nvdpa_mem_get_folio(struct folio *folio)
{
	folio_get(folio);
}

static void nvdpa_mem_put_folio(struct folio *folio)
{
	folio_put(folio);
}

/* vhost marked it dirty when it unpinned; the device wrote after that. */
static void nvdpa_mem_put_written_folio(struct folio *folio)
{
	set_page_dirty_lock(&folio->page);
	folio_put(folio);
}

/* Do something to every folio of a run, once. */
static void nvdpa_mem_each_folio(const struct nvdpa_mem_chunk *chunk,
				 void (*func)(struct folio *folio))
{
	unsigned long pfn = PHYS_PFN(virt_to_phys(chunk->kva));
	unsigned long end = pfn + PHYS_PFN(chunk->size);
	unsigned long next;
	struct folio *folio;

	while (pfn < end) {
		folio = page_folio(pfn_to_page(pfn));
		next = folio_pfn(folio) + folio_nr_pages(folio);
		func(folio);
		pfn = next;
	}
}

/* Is a run of vhost's map one that we can address? */
static bool nvdpa_mem_valid(const struct nvdpa_mem_chunk *chunk)
{
	u64 pa = virt_to_phys(chunk->kva);

	return chunk->perm && !(chunk->perm & ~3u) &&
	       PAGE_ALIGNED(chunk->iova) && PAGE_ALIGNED(pa) &&
	       PAGE_ALIGNED(chunk->size) &&
	       pfn_valid(PHYS_PFN(pa)) &&
	       pfn_valid(PHYS_PFN(pa + chunk->size - 1));
}

/* Reference and map one run; the caller still has vhost's pin on its pages. */
static int nvdpa_mem_take(struct nvdpa_dev *dev, struct nvdpa_mem_chunk *chunk)
{
	struct device *dma_dev = dev->ctrl->dev;
	dma_addr_t dma;

	if (!nvdpa_mem_valid(chunk))
		return -EINVAL;
	/* A mapping that may bounce would go stale at once. */
	if (dma_max_mapping_size(dma_dev) != SIZE_MAX)
		return -EINVAL;

	nvdpa_mem_each_folio(chunk, nvdpa_mem_get_folio);
	dma = dma_map_page_attrs(dma_dev, virt_to_page(chunk->kva), 0,
				 chunk->size, nvdpa_mem_dir(chunk->perm),
				 NVDPA_MEM_ATTRS);
	if (dma_mapping_error(dma_dev, dma)) {
		nvdpa_mem_each_folio(chunk, nvdpa_mem_put_folio);
		return -EIO;
	}
	chunk->dma = dma;
	return 0;
}

static void nvdpa_mem_release(struct nvdpa_dev *dev,
			      const struct nvdpa_mem_chunk *chunk)
{
	dma_unmap_page_attrs(dev->ctrl->dev, chunk->dma, chunk->size,
			     nvdpa_mem_dir(chunk->perm), NVDPA_MEM_ATTRS);
	nvdpa_mem_each_folio(chunk, chunk->perm & NVDPA_MEM_WRITE ?
				    nvdpa_mem_put_written_folio :
				    nvdpa_mem_put_folio);
}

/* Free a table that is not published any more, and what it alone holds. */
static void nvdpa_mem_free(struct nvdpa_dev *dev, struct nvdpa_memtable *table)
{
	u32 i;

	for (i = 0; table->premapped && i < table->nr; i++) {
		if (!table->chunks[i].adopted)
			nvdpa_mem_release(dev, &table->chunks[i]);
		cond_resched();
	}
	if (table != &nvdpa_mem_none)
		kvfree(table);
}

static u64 nvdpa_mem_count(struct vhost_iotlb *iotlb)
{
	struct vhost_iotlb_map *map;
	u64 nr = 0;

	for (map = vhost_iotlb_itree_first(iotlb, 0, U64_MAX); map;
	     map = vhost_iotlb_itree_next(map, 0, U64_MAX))
		nr++;
	return nr;
}

/* Copy vhost's interval tree, which is sorted by address. */
static void nvdpa_mem_copy(struct nvdpa_memtable *table,
			   struct vhost_iotlb *iotlb)
{
	struct nvdpa_mem_chunk *chunk = table->chunks;
	struct vhost_iotlb_map *map;

	for (map = vhost_iotlb_itree_first(iotlb, 0, U64_MAX); map;
	     map = vhost_iotlb_itree_next(map, 0, U64_MAX)) {
		chunk->iova = map->start;
		chunk->size = map->size;
		chunk->kva = phys_to_virt(map->addr);
		chunk->perm = map->perm;
		chunk++;
	}
}

static bool nvdpa_mem_shrinks(const struct nvdpa_memtable *old)
{
	u32 i;

	for (i = 0; i < old->nr; i++)
		if (!old->chunks[i].adopted)
			return true;
	return false;
}

/*
 * Publish a table to all queues and free the one before. A virtqueue whose ring
 * is gone must be drained first, while its used ring is still there.
 */
static void nvdpa_mem_publish(struct nvdpa_dev *dev,
			      struct nvdpa_memtable *table)
{
	struct nvdpa_memtable *old = dev->mem.table;
	bool shrinks = nvdpa_mem_shrinks(old);
	unsigned int i;

	lockdep_assert_held(&dev->lock);

	for (i = 0; shrinks && i < dev->nr_vqs; i++) {
		if (!dev->vqs[i].started ||
		    !nvdpa_vq_moved(&dev->vqs[i], table))
			continue;
		dev_warn_ratelimited(&dev->vdpa.dev,
				     "queue %u: the memory of its ring was taken away, device needs a reset\n",
				     i);
		nvdpa_vq_stop(&dev->vqs[i], true);
		nvdpa_dev_needs_reset(dev);
	}

	dev->mem.table = table;
	WRITE_ONCE(dev->mem.bytes, nvdpa_memtable_bytes(table));
	for (i = 0; i < dev->nr_vqs; i++)
		nvdpa_queue_set_mem(&dev->vqs[i].q, table, shrinks);
	for (i = 0; shrinks && i < dev->nr_vqs; i++)
		nvdpa_queue_drain_mem(&dev->vqs[i].q);
	nvdpa_mem_free(dev, old);
}

/* Keep the runs that are mapped, in order. */
static void nvdpa_mem_compact(struct nvdpa_memtable *table,
			      const unsigned long *mapped)
{
	u32 i, nr = 0;

	for_each_set_bit(i, mapped, table->nr)
		table->chunks[nr++] = table->chunks[i];
	table->nr = nr;
}

/* Take the runs that are new; the others stay out of the table. */
static int nvdpa_mem_take_new(struct nvdpa_dev *dev,
			      struct nvdpa_memtable *table,
			      unsigned long *mapped)
{
	int err, last = 0;
	u32 i;

	lockdep_assert_held(&dev->lock);

	dev->mem.nr_refused = 0;
	for_each_clear_bit(i, mapped, table->nr) {
		err = nvdpa_mem_take(dev, &table->chunks[i]);
		if (err) {
			dev->mem.nr_refused++;
			last = err;
		} else {
			__set_bit(i, mapped);
		}
		cond_resched();
	}
	nvdpa_mem_compact(table, mapped);
	return last;
}

/* No table can be made: fail closed, vhost does not always look at errors. */
static int nvdpa_mem_refuse(struct nvdpa_dev *dev, u64 nr, int err)
{
	lockdep_assert_held(&dev->lock);

	dev->mem.nr_refused = nr;
	nvdpa_mem_clear(dev);
	return err;
}

int nvdpa_mem_set(struct nvdpa_dev *dev, struct vhost_iotlb *iotlb)
{
	u64 nr = nvdpa_mem_count(iotlb);
	struct nvdpa_memtable *table;
	unsigned long *mapped;
	int err;

	lockdep_assert_held(&dev->lock);

	if (nr > NVDPA_MEM_CHUNKS_MAX)
		return nvdpa_mem_refuse(dev, nr, -E2BIG);
	table = nvdpa_mem_alloc(nr);
	if (!table)
		return nvdpa_mem_refuse(dev, nr, -ENOMEM);
	mapped = bitmap_zalloc(max_t(u32, nr, 1), GFP_KERNEL);
	if (!mapped) {
		kvfree(table);
		return nvdpa_mem_refuse(dev, nr, -ENOMEM);
	}

	nvdpa_mem_copy(table, iotlb);
	if (dev->mem.table->premapped)
		nvdpa_memtable_adopt(dev->mem.table, table, mapped);
	err = nvdpa_mem_take_new(dev, table, mapped);
	bitmap_free(mapped);
	nvdpa_mem_publish(dev, table);
	return err;
}

int nvdpa_mem_set_host(struct nvdpa_dev *dev)
{
	struct nvdpa_memtable *table = nvdpa_mem_alloc(1);

	lockdep_assert_held(&dev->lock);

	if (!table)
		return -ENOMEM;
	table->premapped = false;
	table->chunks[0] = (struct nvdpa_mem_chunk) {
		.size = BIT_ULL(MAX_PHYSMEM_BITS),
		.kva = __va(0),
		.perm = NVDPA_MEM_READ | NVDPA_MEM_WRITE,
	};
	nvdpa_mem_publish(dev, table);
	return 0;
}

void nvdpa_mem_clear(struct nvdpa_dev *dev)
{
	lockdep_assert_held(&dev->lock);

	if (dev->mem.table != &nvdpa_mem_none)
		nvdpa_mem_publish(dev, &nvdpa_mem_none);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of a guest: references, bus mappings, publication. */
#ifndef NVDPA_DEVICE_MEM_H
#define NVDPA_DEVICE_MEM_H

#include <linux/types.h>

#include "../pure/memtable.h"

struct nvdpa_dev;
struct vhost_iotlb;

/*
 * Runs that we accept. A guest on 2 MiB pages of 128 GiB stays below; one on
 * scattered 4 KiB pages would need millions of bus mappings.
 */
#define NVDPA_MEM_CHUNKS_MAX	65536

/**
 * struct nvdpa_mem - the memory that a device was given
 * @table: published to all queues; never NULL
 * @bytes: how much memory @table maps; read without lock for messages
 * @nr_refused: runs of the last map that could not be taken, 0 if it is whole
 *
 * Protected by the lock of the device.
 */
struct nvdpa_mem {
	struct nvdpa_memtable *table;
	u64 bytes;
	u64 nr_refused;
};

/**
 * nvdpa_mem_init() - begin with no memory at all
 * @dev: device
 *
 * Context: before the device is visible.
 */
void nvdpa_mem_init(struct nvdpa_dev *dev);

/**
 * nvdpa_mem_set() - take over a guest's memory map
 * @dev: device
 * @iotlb: the whole map, with the pages pinned; read only during the call
 *
 * Unchanged runs keep their bus mapping and the I/O in them is not disturbed.
 * A run that was removed is used by no command any more when this returns; its
 * pages stay referenced until then. A virtqueue whose ring lost a page stops
 * with NEEDS_RESET. Runs that cannot be taken are left out and counted in
 * nr_refused: I/O there fails, and DRIVER_OK is refused.
 *
 * Context: may sleep; lock of the device held; mmap_lock may be held.
 * Return: 0; -E2BIG over NVDPA_MEM_CHUNKS_MAX; -EINVAL; -ENOMEM; -EIO.
 */
int nvdpa_mem_set(struct nvdpa_dev *dev, struct vhost_iotlb *iotlb);

/**
 * nvdpa_mem_set_host() - give the device all of the host's memory
 * @dev: device, bound to virtio_vdpa
 *
 * Addresses are then the host's physical addresses; data is mapped for DMA one
 * request at a time.
 *
 * Context: may sleep; lock of the device held.
 * Return: 0 or -ENOMEM.
 */
int nvdpa_mem_set_host(struct nvdpa_dev *dev);

/**
 * nvdpa_mem_clear() - take all memory away
 * @dev: device
 *
 * Cannot fail. Context: may sleep; lock of the device held.
 */
void nvdpa_mem_clear(struct nvdpa_dev *dev);

#endif /* NVDPA_DEVICE_MEM_H */

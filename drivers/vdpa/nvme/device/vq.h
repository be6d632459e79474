/* SPDX-License-Identifier: GPL-2.0 */
/* A virtqueue of a vDPA device: what the driver configures, start and stop. */
#ifndef NVDPA_DEVICE_VQ_H
#define NVDPA_DEVICE_VQ_H

#include <linux/cpumask.h>
#include <linux/types.h>

#include "../path/queue.h"

struct nvdpa_dev;

/* The three areas of a ring, as an index. */
enum nvdpa_vq_area {
	NVDPA_VQ_DESC,
	NVDPA_VQ_AVAIL,
	NVDPA_VQ_USED,
	NVDPA_VQ_AREAS,
};

/**
 * struct nvdpa_vq_map - the kernel's mapping of one area of a ring
 * @kva: kernel address of the area
 * @vmap: address to give to vunmap(), or NULL if @kva is in the linear map
 * @pages: the pages behind it, to notice when the guest moves them
 * @nr_pages: number of @pages
 */
struct nvdpa_vq_map {
	void *kva;
	void *vmap;
	struct page **pages;
	unsigned int nr_pages;
};

/**
 * struct nvdpa_vq - a virtqueue
 * @q: its data path; has its own locks
 * @dev: its device
 * @idx: its index in the device
 * @affinity: CPUs for its interrupt, if @has_affinity
 * @has_affinity: the driver has asked for CPUs
 * @addr: guest addresses of the areas
 * @num: queue size
 * @avail_idx: index to begin at; kept up to date when the queue is stopped
 * @ready: queue_enable
 * @started: @q serves the ring with the values above, @map is valid
 * @map: the areas in the kernel's address space
 *
 * All but @q are protected by the lock of @dev.
 */
struct nvdpa_vq {
	struct nvdpa_queue q;
	struct nvdpa_dev *dev;
	u16 idx;
	struct cpumask affinity;
	bool has_affinity;
	u64 addr[NVDPA_VQ_AREAS];
	u32 num;
	u16 avail_idx;
	bool ready;
	bool started;
	struct nvdpa_vq_map map[NVDPA_VQ_AREAS];
};

/**
 * nvdpa_vq_start() - map the ring and begin to serve it
 * @vq: virtqueue, not started, ready
 *
 * Context: may sleep; lock of the device held.
 * Return: 0; -EINVAL or -EFAULT with a message when the driver configured it
 * wrongly; -ENOMEM.
 */
int nvdpa_vq_start(struct nvdpa_vq *vq);

/**
 * nvdpa_vq_stop() - drain the virtqueue and let go of the ring
 * @vq: virtqueue; nothing happens if it is not started
 * @abort: as in nvdpa_queue_stop()
 *
 * Context: may sleep; lock of the device held.
 */
void nvdpa_vq_stop(struct nvdpa_vq *vq, bool abort);

/**
 * nvdpa_vq_moved() - does a table still map the ring to the same pages?
 * @vq: started virtqueue
 * @mem: table that is going to be published
 *
 * Context: lock of the device held.
 * Return: true if a page of the ring is missing or another one.
 */
bool nvdpa_vq_moved(const struct nvdpa_vq *vq,
		    const struct nvdpa_memtable *mem);

/**
 * nvdpa_vq_reset() - forget what the driver configured
 * @vq: virtqueue, stopped
 *
 * Context: lock of the device held. When it returns no callback is running.
 */
void nvdpa_vq_reset(struct nvdpa_vq *vq);

/**
 * nvdpa_vq_index() - the index at which the driver's next chain is taken
 * @vq: virtqueue
 *
 * Context: lock of the device held.
 * Return: available index; equals the used index unless the queue is serving.
 */
u16 nvdpa_vq_index(struct nvdpa_vq *vq);

#endif /* NVDPA_DEVICE_VQ_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* One vDPA block device: its life from creation to removal. */
#ifndef NVDPA_DEVICE_DEV_H
#define NVDPA_DEVICE_DEV_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vdpa.h>
#include <linux/virtio_blk.h>

#include "../nvme/ctrl.h"
#include "mem.h"
#include "vq.h"

/* Features that our disks can offer. */
#define NVDPA_DEV_FEATURES					\
	(BIT_ULL(VIRTIO_BLK_F_SIZE_MAX) |			\
	 BIT_ULL(VIRTIO_BLK_F_SEG_MAX) |			\
	 BIT_ULL(VIRTIO_BLK_F_BLK_SIZE) |			\
	 BIT_ULL(VIRTIO_BLK_F_TOPOLOGY) |			\
	 BIT_ULL(VIRTIO_BLK_F_FLUSH) |				\
	 BIT_ULL(VIRTIO_BLK_F_MQ) |				\
	 BIT_ULL(VIRTIO_BLK_F_DISCARD) |			\
	 BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES) |			\
	 BIT_ULL(VIRTIO_F_VERSION_1) |				\
	 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |			\
	 BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |			\
	 BIT_ULL(VIRTIO_RING_F_EVENT_IDX))

/* Features without which a driver cannot use the device. */
#define NVDPA_DEV_FEATURES_REQUIRED				\
	(BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))

/* A header, data and a status byte are three descriptors. */
#define NVDPA_DEV_QUEUE_SIZE_MIN	4

/**
 * struct nvdpa_dev_params - what a device is made of
 * @name: name, as given to vdpa dev add
 * @disk: its disk, copied
 * @phys_lbas: physical block size in logical blocks
 * @opt_lbas: optimal I/O size in logical blocks, or 0
 * @features: features to offer, a subset of NVDPA_DEV_FEATURES and, for a disk
 *            that is read-only, VIRTIO_BLK_F_RO
 * @nr_vqs: number of virtqueues
 * @queue_size: entries that a virtqueue has at most, a power of two from
 *              NVDPA_DEV_QUEUE_SIZE_MIN to NVDPA_QUEUE_NUM_MAX
 */
struct nvdpa_dev_params {
	const char *name;
	struct nvdpa_disk disk;
	u32 phys_lbas;
	u32 opt_lbas;
	u64 features;
	unsigned int nr_vqs;
	u32 queue_size;
};

/**
 * struct nvdpa_dev - a vDPA block device
 * @vdpa: for the framework; first, because vdpa_alloc_device() wants it so
 * @ctrl: its controller
 * @disk: its disk
 * @queue_size: entries that a virtqueue has at most; constant after creation
 * @features: features offered; constant after creation
 * @vqs: its virtqueues, @vdpa.nvqs of them once they are all made
 * @nr_vqs: virtqueues that are initialised
 * @warned_unmapped: the message about missing memory was printed
 * @retired: the volume is not there any more; set once
 * @lock: protects the following fields and those of the virtqueues; outside of
 *        all locks of path/ and nvme/, inside of vhost's and vdpa's
 * @mem: memory of the guest
 * @driver_features: negotiated features
 * @status: device status; written under @lock, read without
 * @suspended: virtqueues are stopped until resume
 * @needs_reset: part of the status that may be set in softirq, without @lock
 * @config_lock: protects the next two fields; inside of @lock
 * @config: configuration space; only the capacity changes after creation
 * @generation: counts the changes of @config
 * @cb_lock: protects @config_cb
 * @config_cb: how the driver is told of a change of status or configuration
 */
struct nvdpa_dev {
	struct vdpa_device vdpa;
	struct nvdpa_ctrl *ctrl;
	struct nvdpa_disk disk;
	u64 features;
	u32 queue_size;
	struct nvdpa_vq *vqs;
	unsigned int nr_vqs;
	unsigned long warned_unmapped;
	bool retired;

	struct mutex lock; /* the state, see above */
	struct nvdpa_mem mem;
	u64 driver_features;
	u8 status;
	bool suspended;
	bool needs_reset;

	spinlock_t config_lock; /* protects the next two */
	struct virtio_blk_config config;
	u32 generation;

	spinlock_t cb_lock; /* protects config_cb */
	struct vdpa_callback config_cb;
};

static inline struct nvdpa_dev *nvdpa_dev_of(struct vdpa_device *vdpa)
{
	return container_of(vdpa, struct nvdpa_dev, vdpa);
}

/* dev.c */

/**
 * nvdpa_dev_create() - make a device, not yet registered
 * @ctrl: its controller
 * @params: what it is
 *
 * Context: may sleep; vdpa_dev_lock held.
 * Return: the device, to be given up with put_device(), or ERR_PTR.
 */
struct nvdpa_dev *nvdpa_dev_create(struct nvdpa_ctrl *ctrl,
				   const struct nvdpa_dev_params *params);

/**
 * nvdpa_dev_destroy() - let go of controller and memory
 * @dev: device that nobody can call any more, possibly half made
 *
 * The object itself lives until its last reference is gone; the controller may
 * go before.
 *
 * Context: may sleep.
 */
void nvdpa_dev_destroy(struct nvdpa_dev *dev);

/**
 * nvdpa_dev_set_status() - the driver writes the device status
 * @dev: device
 * @status: new status, not 0; DRIVER_OK may start the virtqueues
 *
 * What cannot be granted (DRIVER_OK with a ring that cannot be served,
 * FEATURES_OK without the required features) is left out of the status.
 *
 * Context: may sleep.
 */
void nvdpa_dev_set_status(struct nvdpa_dev *dev, u8 status);

/**
 * nvdpa_dev_reset() - device reset: drain, then forget everything but memory
 * @dev: device
 *
 * Context: may sleep.
 */
void nvdpa_dev_reset(struct nvdpa_dev *dev);

/**
 * nvdpa_dev_suspend() - drain all virtqueues and stop taking requests
 * @dev: device
 *
 * Context: may sleep.
 */
void nvdpa_dev_suspend(struct nvdpa_dev *dev);

/**
 * nvdpa_dev_resume() - go on after nvdpa_dev_suspend()
 * @dev: device
 *
 * Context: may sleep.
 * Return: 0, or the error of a virtqueue that cannot be served any more.
 */
int nvdpa_dev_resume(struct nvdpa_dev *dev);

/**
 * nvdpa_dev_enable_vq() - the driver writes queue_enable
 * @vq: virtqueue
 * @ready: serve it or not
 *
 * Context: may sleep.
 */
void nvdpa_dev_enable_vq(struct nvdpa_vq *vq, bool ready);

/**
 * nvdpa_dev_needs_reset() - stop, and tell the driver that it must reset
 * @dev: device
 *
 * Context: any, no lock of path/ held.
 */
void nvdpa_dev_needs_reset(struct nvdpa_dev *dev);

/**
 * nvdpa_dev_retire() - stop for good: the blocks are not there any more
 * @dev: device that was created and whose memory is still there
 *
 * Every request for blocks fails from now on, so that nobody waits, the driver
 * is told that it must reset, and the device does not start again after that.
 *
 * Context: any, no lock of path/ held; as nvdpa_dev_grow().
 */
void nvdpa_dev_retire(struct nvdpa_dev *dev);

/**
 * nvdpa_dev_grow() - the disk has become longer
 * @dev: device that was created and whose memory is still there
 * @nr_lbas: blocks that it has now, more than before
 *
 * Requests find the new end before the configuration space shows it, and then
 * the driver is told.
 *
 * Context: any, no lock of path/ held; one caller at a time.
 */
void nvdpa_dev_grow(struct nvdpa_dev *dev, u64 nr_lbas);

/**
 * nvdpa_dev_stats() - what was counted of some of its virtqueues
 * @dev: device that is not being destroyed
 * @first: index of the first of them
 * @nr: how many; 1, or all of them to get the device's
 * @sum: written
 *
 * Context: any.
 */
void nvdpa_dev_stats(struct nvdpa_dev *dev, unsigned int first, unsigned int nr,
		     struct nvdpa_stats *sum);

/**
 * nvdpa_dev_get_config() - read the configuration space
 * @dev: device
 * @offset: in bytes
 * @buf: written; zeros beyond the end
 * @len: bytes of @buf
 *
 * Context: any.
 */
void nvdpa_dev_get_config(struct nvdpa_dev *dev, unsigned int offset, void *buf,
			  unsigned int len);

/**
 * nvdpa_dev_set_config_cb() - set how the driver hears of changes
 * @dev: device
 * @cb: copied, or NULL
 *
 * When it returns the callback before is not running any more.
 *
 * Context: any.
 */
void nvdpa_dev_set_config_cb(struct nvdpa_dev *dev,
			     const struct vdpa_callback *cb);

/* ops.c */
extern const struct vdpa_config_ops nvdpa_ops;

#endif /* NVDPA_DEVICE_DEV_H */

// SPDX-License-Identifier: GPL-2.0
/* Life of a device: create, start, suspend, reset, destroy. */
#include "dev.h"

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/virtio_byteorder.h>

/*
 * A hint. Times NVDPA_SEG_MAX it stays below 32 MiB, which firmware multiplies
 * in too few bits otherwise; longer segments are served all the same.
 */
#define NVDPA_DEV_SIZE_MAX	SZ_128K

static void nvdpa_dev_event(struct nvdpa_queue *q, enum nvdpa_event event)
{
	struct nvdpa_vq *vq = container_of(q, struct nvdpa_vq, q);
	struct nvdpa_dev *dev = vq->dev;

	switch (event) {
	case NVDPA_EVENT_BROKEN:
		dev_warn_ratelimited(&dev->vdpa.dev,
				     "queue %u: the driver broke the ring, device needs a reset\n",
				     vq->idx);
		nvdpa_dev_needs_reset(dev);
		break;
	case NVDPA_EVENT_UNMAPPED:
		if (test_and_set_bit(0, &dev->warned_unmapped))
			break;
		dev_warn(&dev->vdpa.dev,
			 "queue %u: request to memory that the device was not given; %llu MiB are mapped. If the guest has more, raise vhost_vdpa.max_iotlb_entries or use larger pages\n",
			 vq->idx, READ_ONCE(dev->mem.bytes) >> 20);
		break;
	}
}

static const struct nvdpa_queue_ops nvdpa_dev_queue_ops = {
	.event = nvdpa_dev_event,
};

static void nvdpa_dev_fill_config(struct nvdpa_dev *dev,
				  const struct nvdpa_dev_params *params)
{
	const struct nvdpa_extent *ext = &dev->disk.extent;
	struct virtio_blk_config *c = &dev->config;
	u32 phys = rounddown_pow_of_two(params->phys_lbas);
	u32 segs = min_t(u32, NVDPA_SEG_MAX, params->queue_size - 2);
	u64 sectors = nvdpa_extent_sectors(ext);

	c->capacity = __cpu_to_virtio64(true, sectors);
	c->size_max = __cpu_to_virtio32(true, min(dev->disk.lim.max_bytes,
						  NVDPA_DEV_SIZE_MAX));
	c->seg_max = __cpu_to_virtio32(true, segs);
	c->blk_size = __cpu_to_virtio32(true, 1u << ext->lba_shift);
	c->physical_block_exp = ilog2(phys);
	c->min_io_size = __cpu_to_virtio16(true, min_t(u32, phys, U16_MAX));
	c->opt_io_size = __cpu_to_virtio32(true, params->opt_lbas);
	c->num_queues = __cpu_to_virtio16(true, params->nr_vqs);
}

/* What is not offered is not done, whatever the controller can do. */
static void nvdpa_dev_fill_limits(struct nvdpa_dev *dev)
{
	struct nvdpa_req_limits *lim = &dev->disk.req_lim;

	if (!(dev->features & BIT_ULL(VIRTIO_BLK_F_DISCARD)))
		lim->discard.max_sectors = 0;
	if (!(dev->features & BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES)))
		lim->zeroes.max_sectors = 0;
}

/* Fields of what is not done stay 0. */
static void nvdpa_dev_fill_ranges(struct nvdpa_dev *dev)
{
	const struct nvdpa_req_limits *lim = &dev->disk.req_lim;
	struct virtio_blk_config *c = &dev->config;

	if (lim->discard.max_sectors) {
		c->max_discard_sectors =
			__cpu_to_virtio32(true, lim->discard.max_sectors);
		c->max_discard_seg =
			__cpu_to_virtio32(true, lim->discard.max_ranges);
		c->discard_sector_alignment =
			__cpu_to_virtio32(true, lim->discard_align_sectors);
	}
	if (lim->zeroes.max_sectors) {
		c->max_write_zeroes_sectors =
			__cpu_to_virtio32(true, lim->zeroes.max_sectors);
		c->max_write_zeroes_seg =
			__cpu_to_virtio32(true, lim->zeroes.max_ranges);
		c->write_zeroes_may_unmap = lim->zeroes_unmap;
	}
}

static int nvdpa_dev_init_vqs(struct nvdpa_dev *dev, unsigned int nr)
{
	struct nvdpa_vq *vq;
	int err;

	dev->vqs = kvcalloc(nr, sizeof(*dev->vqs), GFP_KERNEL);
	if (!dev->vqs)
		return -ENOMEM;

	for (; dev->nr_vqs < nr; dev->nr_vqs++) {
		vq = &dev->vqs[dev->nr_vqs];
		vq->dev = dev;
		vq->idx = dev->nr_vqs;
		vq->num = dev->queue_size;
		err = nvdpa_queue_init(&vq->q, dev->ctrl, &dev->disk,
				       &nvdpa_dev_queue_ops);
		if (err)
			return err;
	}
	return 0;
}

struct nvdpa_dev *nvdpa_dev_create(struct nvdpa_ctrl *ctrl,
				   const struct nvdpa_dev_params *params)
{
	struct nvdpa_dev *dev;
	int err;

	dev = vdpa_alloc_device(struct nvdpa_dev, vdpa, ctrl->dev, &nvdpa_ops,
				1, 1, params->name, false);
	if (IS_ERR(dev))
		return dev;
	mutex_init(&dev->lock);
	spin_lock_init(&dev->config_lock);
	spin_lock_init(&dev->cb_lock);
	dev->ctrl = ctrl;
	dev->disk = params->disk;
	dev->features = params->features;
	dev->queue_size = params->queue_size;
	/* Host memory is mapped for the NVMe function request by request. */
	dev->vdpa.dma_dev = &dev->vdpa.dev;
	nvdpa_dev_fill_limits(dev);
	nvdpa_dev_fill_config(dev, params);
	nvdpa_dev_fill_ranges(dev);

	err = nvdpa_dev_init_vqs(dev, params->nr_vqs);
	if (err) {
		nvdpa_dev_destroy(dev);
		put_device(&dev->vdpa.dev);
		return ERR_PTR(err);
	}
	nvdpa_mem_init(dev);
	return dev;
}

/*
 * Who can still be in here? Not the framework: the device is unregistered. Not
 * a driver: unregistering unbound it, and vhost-vdpa waits for its file to be
 * closed, whose reset stopped the queues. Not the interrupt: destroying a queue
 * pair frees it. So the queues are idle and nothing refers to the memory.
 */
void nvdpa_dev_destroy(struct nvdpa_dev *dev)
{
	if (dev->mem.table) {
		nvdpa_dev_reset(dev);
		mutex_lock(&dev->lock);
		nvdpa_mem_clear(dev);
		mutex_unlock(&dev->lock);
	}
	while (dev->nr_vqs)
		nvdpa_queue_exit(&dev->vqs[--dev->nr_vqs].q);
}

/* Status or configuration have changed. */
static void nvdpa_dev_tell_driver(struct nvdpa_dev *dev)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->cb_lock, flags);
	if (dev->config_cb.callback)
		dev->config_cb.callback(dev->config_cb.private);
	spin_unlock_irqrestore(&dev->cb_lock, flags);
}

void nvdpa_dev_needs_reset(struct nvdpa_dev *dev)
{
	unsigned int i;

	WRITE_ONCE(dev->needs_reset, true);
	for (i = 0; i < dev->nr_vqs; i++)
		nvdpa_queue_halt(&dev->vqs[i].q);
	nvdpa_dev_tell_driver(dev);
}

void nvdpa_dev_retire(struct nvdpa_dev *dev)
{
	WRITE_ONCE(dev->retired, true);
	WRITE_ONCE(dev->disk.extent.nr_lbas, 0);
	WRITE_ONCE(dev->needs_reset, true);
	nvdpa_dev_tell_driver(dev);
}

void nvdpa_dev_grow(struct nvdpa_dev *dev, u64 nr_lbas)
{
	struct nvdpa_extent *ext = &dev->disk.extent;
	unsigned long flags;
	u64 sectors;

	WRITE_ONCE(ext->nr_lbas, nr_lbas);
	sectors = nvdpa_extent_sectors(ext);

	spin_lock_irqsave(&dev->config_lock, flags);
	dev->config.capacity = __cpu_to_virtio64(true, sectors);
	WRITE_ONCE(dev->generation, dev->generation + 1);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	nvdpa_dev_tell_driver(dev);
}

void nvdpa_dev_stats(struct nvdpa_dev *dev, unsigned int first, unsigned int nr,
		     struct nvdpa_stats *sum)
{
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	for (i = first; i < first + nr; i++)
		nvdpa_queue_stats(&dev->vqs[i].q, sum);
}

void nvdpa_dev_get_config(struct nvdpa_dev *dev, unsigned int offset, void *buf,
			  unsigned int len)
{
	size_t size = sizeof(dev->config);
	unsigned long flags;

	memset(buf, 0, len);
	if (offset >= size)
		return;
	spin_lock_irqsave(&dev->config_lock, flags);
	memcpy(buf, (const u8 *)&dev->config + offset,
	       min_t(size_t, len, size - offset));
	spin_unlock_irqrestore(&dev->config_lock, flags);
}

void nvdpa_dev_set_config_cb(struct nvdpa_dev *dev,
			     const struct vdpa_callback *cb)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->cb_lock, flags);
	if (cb)
		dev->config_cb = *cb;
	else
		memset(&dev->config_cb, 0, sizeof(dev->config_cb));
	spin_unlock_irqrestore(&dev->cb_lock, flags);
}

static void nvdpa_dev_stop_vqs(struct nvdpa_dev *dev, bool abort)
{
	unsigned int i;

	lockdep_assert_held(&dev->lock);

	for (i = 0; i < dev->nr_vqs; i++)
		nvdpa_queue_halt(&dev->vqs[i].q);
	for (i = 0; i < dev->nr_vqs; i++)
		nvdpa_vq_stop(&dev->vqs[i], abort);
}

/* QEMU enables queues that its guest never set up; they have no address. */
static bool nvdpa_dev_vq_wanted(const struct nvdpa_vq *vq)
{
	lockdep_assert_held(&vq->dev->lock);

	return vq->ready && !vq->started &&
	       (vq->addr[NVDPA_VQ_DESC] || vq->addr[NVDPA_VQ_AVAIL] ||
		vq->addr[NVDPA_VQ_USED]);
}

static int nvdpa_dev_start_vqs(struct nvdpa_dev *dev)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&dev->lock);

	for (i = 0; i < dev->nr_vqs; i++) {
		if (!nvdpa_dev_vq_wanted(&dev->vqs[i]))
			continue;
		err = nvdpa_vq_start(&dev->vqs[i]);
		if (err) {
			nvdpa_dev_stop_vqs(dev, true);
			return err;
		}
	}
	return 0;
}

/*
 * Identity addressing is for the host's own driver only. Whoever holds a
 * vhost-vdpa file must name memory first, or he could reach all of it.
 */
static bool nvdpa_dev_is_host(const struct nvdpa_dev *dev)
{
	const struct device_driver *drv = READ_ONCE(dev->vdpa.dev.driver);

	return drv && !strcmp(drv->name, "virtio_vdpa");
}

static int nvdpa_dev_start(struct nvdpa_dev *dev)
{
	int err;

	lockdep_assert_held(&dev->lock);

	if (nvdpa_ctrl_dead(dev->ctrl)) {
		dev_warn_ratelimited(&dev->vdpa.dev,
				     "cannot start: the controller is dead, nvdpa ctrl reset may bring it back\n");
		return -ENODEV;
	}
	if (READ_ONCE(dev->retired)) {
		dev_warn_ratelimited(&dev->vdpa.dev,
				     "cannot start: the volume does not fit its namespace any more\n");
		return -ENODEV;
	}
	if (dev->mem.nr_refused) {
		dev_warn_ratelimited(&dev->vdpa.dev,
				     "cannot start: %llu runs of guest memory could not be mapped (at most %u): use larger pages for the guest\n",
				     dev->mem.nr_refused, NVDPA_MEM_CHUNKS_MAX);
		return -ENOMEM;
	}
	if (nvdpa_dev_is_host(dev)) {
		err = nvdpa_mem_set_host(dev);
		if (err)
			return err;
	}
	return nvdpa_dev_start_vqs(dev);
}

void nvdpa_dev_set_status(struct nvdpa_dev *dev, u8 status)
{
	u8 added;

	mutex_lock(&dev->lock);
	status &= ~VIRTIO_CONFIG_S_NEEDS_RESET;
	added = status & ~dev->status;
	if (added & VIRTIO_CONFIG_S_FEATURES_OK &&
	    ~dev->driver_features & NVDPA_DEV_FEATURES_REQUIRED)
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	if (added & VIRTIO_CONFIG_S_DRIVER_OK &&
	    (!(status & VIRTIO_CONFIG_S_FEATURES_OK) || nvdpa_dev_start(dev)))
		status &= ~VIRTIO_CONFIG_S_DRIVER_OK;
	WRITE_ONCE(dev->status, status);
	mutex_unlock(&dev->lock);
}

void nvdpa_dev_reset(struct nvdpa_dev *dev)
{
	unsigned int i;

	mutex_lock(&dev->lock);
	nvdpa_dev_stop_vqs(dev, true);
	for (i = 0; i < dev->nr_vqs; i++)
		nvdpa_vq_reset(&dev->vqs[i]);
	nvdpa_dev_set_config_cb(dev, NULL);
	/* A guest's memory stays mapped across resets; the host's is not. */
	if (!dev->mem.table->premapped)
		nvdpa_mem_clear(dev);
	WRITE_ONCE(dev->driver_features, 0);
	dev->suspended = false;
	WRITE_ONCE(dev->needs_reset, false);
	WRITE_ONCE(dev->status, 0);
	mutex_unlock(&dev->lock);
}

void nvdpa_dev_suspend(struct nvdpa_dev *dev)
{
	mutex_lock(&dev->lock);
	nvdpa_dev_stop_vqs(dev, false);
	dev->suspended = true;
	mutex_unlock(&dev->lock);
}

int nvdpa_dev_resume(struct nvdpa_dev *dev)
{
	int err = 0;

	mutex_lock(&dev->lock);
	if (dev->suspended && dev->status & VIRTIO_CONFIG_S_DRIVER_OK &&
	    !READ_ONCE(dev->needs_reset))
		err = nvdpa_dev_start(dev);
	if (!err)
		dev->suspended = false;
	mutex_unlock(&dev->lock);
	return err;
}

void nvdpa_dev_enable_vq(struct nvdpa_vq *vq, bool ready)
{
	struct nvdpa_dev *dev = vq->dev;
	int err = 0;

	mutex_lock(&dev->lock);
	WRITE_ONCE(vq->ready, ready);
	if (!ready)
		nvdpa_vq_stop(vq, false);
	else if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK && !dev->suspended &&
		 !READ_ONCE(dev->needs_reset) && nvdpa_dev_vq_wanted(vq))
		err = nvdpa_vq_start(vq);
	mutex_unlock(&dev->lock);
	if (err)
		nvdpa_dev_needs_reset(dev);
}

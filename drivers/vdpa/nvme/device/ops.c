// SPDX-License-Identifier: GPL-2.0
/*
 * What the vDPA framework calls; each op delegates. get_vq_irq and
 * get_vq_notification stay out: a vector injected into the guest behind our
 * back would leave the completion queue unserved, and a doorbell page is shared
 * by all queues of the controller.
 */
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/vdpa.h>
#include <uapi/linux/vhost_types.h>
#include <uapi/linux/virtio_ids.h>

#include "dev.h"

static struct nvdpa_vq *nvdpa_ops_vq(struct vdpa_device *vdpa, u16 idx)
{
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);

	return &dev->vqs[array_index_nospec(idx, dev->nr_vqs)];
}

static int nvdpa_ops_set_vq_address(struct vdpa_device *vdpa, u16 idx,
				    u64 desc_area, u64 driver_area,
				    u64 device_area)
{
	struct nvdpa_vq *vq = nvdpa_ops_vq(vdpa, idx);

	mutex_lock(&vq->dev->lock);
	vq->addr[NVDPA_VQ_DESC] = desc_area;
	vq->addr[NVDPA_VQ_AVAIL] = driver_area;
	vq->addr[NVDPA_VQ_USED] = device_area;
	mutex_unlock(&vq->dev->lock);
	return 0;
}

static void nvdpa_ops_set_vq_num(struct vdpa_device *vdpa, u16 idx, u32 num)
{
	struct nvdpa_vq *vq = nvdpa_ops_vq(vdpa, idx);

	mutex_lock(&vq->dev->lock);
	vq->num = num;
	mutex_unlock(&vq->dev->lock);
}

static void nvdpa_ops_kick_vq(struct vdpa_device *vdpa, u16 idx)
{
	nvdpa_submit_kick(&nvdpa_ops_vq(vdpa, idx)->q);
}

static void nvdpa_ops_set_vq_cb(struct vdpa_device *vdpa, u16 idx,
				struct vdpa_callback *cb)
{
	nvdpa_queue_set_cb(&nvdpa_ops_vq(vdpa, idx)->q, cb);
}

static void nvdpa_ops_set_vq_ready(struct vdpa_device *vdpa, u16 idx,
				   bool ready)
{
	nvdpa_dev_enable_vq(nvdpa_ops_vq(vdpa, idx), ready);
}

static bool nvdpa_ops_get_vq_ready(struct vdpa_device *vdpa, u16 idx)
{
	return READ_ONCE(nvdpa_ops_vq(vdpa, idx)->ready);
}

static int nvdpa_ops_set_vq_state(struct vdpa_device *vdpa, u16 idx,
				  const struct vdpa_vq_state *state)
{
	struct nvdpa_vq *vq = nvdpa_ops_vq(vdpa, idx);
	int err = 0;

	mutex_lock(&vq->dev->lock);
	if (vq->started)
		err = -EBUSY;
	else
		vq->avail_idx = state->split.avail_index;
	mutex_unlock(&vq->dev->lock);
	return err;
}

static int nvdpa_ops_get_vq_state(struct vdpa_device *vdpa, u16 idx,
				  struct vdpa_vq_state *state)
{
	struct nvdpa_vq *vq = nvdpa_ops_vq(vdpa, idx);

	mutex_lock(&vq->dev->lock);
	state->split.avail_index = nvdpa_vq_index(vq);
	mutex_unlock(&vq->dev->lock);
	return 0;
}

static u16 nvdpa_ops_get_vq_size(struct vdpa_device *vdpa, u16 idx)
{
	return nvdpa_dev_of(vdpa)->queue_size;
}

static u32 nvdpa_ops_get_vq_align(struct vdpa_device *vdpa)
{
	return PAGE_SIZE;
}

static u32 nvdpa_ops_get_vq_group(struct vdpa_device *vdpa, u16 idx)
{
	return 0;
}

static u64 nvdpa_ops_get_device_features(struct vdpa_device *vdpa)
{
	return nvdpa_dev_of(vdpa)->features;
}

static u64 nvdpa_ops_get_backend_features(const struct vdpa_device *vdpa)
{
	return BIT_ULL(VHOST_BACKEND_F_ENABLE_AFTER_DRIVER_OK);
}

static int nvdpa_ops_set_driver_features(struct vdpa_device *vdpa, u64 features)
{
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);

	if (features & ~dev->features ||
	    ~features & NVDPA_DEV_FEATURES_REQUIRED)
		return -EINVAL;

	mutex_lock(&dev->lock);
	WRITE_ONCE(dev->driver_features, features);
	mutex_unlock(&dev->lock);
	return 0;
}

static u64 nvdpa_ops_get_driver_features(struct vdpa_device *vdpa)
{
	return READ_ONCE(nvdpa_dev_of(vdpa)->driver_features);
}

static void nvdpa_ops_set_config_cb(struct vdpa_device *vdpa,
				    struct vdpa_callback *cb)
{
	nvdpa_dev_set_config_cb(nvdpa_dev_of(vdpa), cb);
}

static u16 nvdpa_ops_get_vq_num_max(struct vdpa_device *vdpa)
{
	return nvdpa_dev_of(vdpa)->queue_size;
}

static u32 nvdpa_ops_get_device_id(struct vdpa_device *vdpa)
{
	return VIRTIO_ID_BLOCK;
}

static u32 nvdpa_ops_get_vendor_id(struct vdpa_device *vdpa)
{
	return nvdpa_dev_of(vdpa)->ctrl->vendor;
}

static u8 nvdpa_ops_get_status(struct vdpa_device *vdpa)
{
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);
	u8 status = READ_ONCE(dev->status);

	if (READ_ONCE(dev->needs_reset))
		status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	return status;
}

static void nvdpa_ops_set_status(struct vdpa_device *vdpa, u8 status)
{
	nvdpa_dev_set_status(nvdpa_dev_of(vdpa), status);
}

static int nvdpa_ops_reset(struct vdpa_device *vdpa)
{
	nvdpa_dev_reset(nvdpa_dev_of(vdpa));
	return 0;
}

static int nvdpa_ops_suspend(struct vdpa_device *vdpa)
{
	nvdpa_dev_suspend(nvdpa_dev_of(vdpa));
	return 0;
}

static int nvdpa_ops_resume(struct vdpa_device *vdpa)
{
	return nvdpa_dev_resume(nvdpa_dev_of(vdpa));
}

static size_t nvdpa_ops_get_config_size(struct vdpa_device *vdpa)
{
	return sizeof(struct virtio_blk_config);
}

static void nvdpa_ops_get_config(struct vdpa_device *vdpa, unsigned int offset,
				 void *buf, unsigned int len)
{
	nvdpa_dev_get_config(nvdpa_dev_of(vdpa), offset, buf, len);
}

/* No field of a disk that we offer can be written by the driver. */
static void nvdpa_ops_set_config(struct vdpa_device *vdpa, unsigned int offset,
				 const void *buf, unsigned int len)
{
}

static u32 nvdpa_ops_get_generation(struct vdpa_device *vdpa)
{
	return READ_ONCE(nvdpa_dev_of(vdpa)->generation);
}

static int nvdpa_ops_set_vq_affinity(struct vdpa_device *vdpa, u16 idx,
				     const struct cpumask *cpu_mask)
{
	struct nvdpa_vq *vq = nvdpa_ops_vq(vdpa, idx);

	mutex_lock(&vq->dev->lock);
	vq->has_affinity = cpu_mask;
	if (cpu_mask)
		cpumask_copy(&vq->affinity, cpu_mask);
	nvdpa_qpair_set_affinity(vq->q.qp, cpu_mask ? &vq->affinity : NULL);
	mutex_unlock(&vq->dev->lock);
	return 0;
}

static const struct cpumask *
nvdpa_ops_get_vq_affinity(struct vdpa_device *vdpa, u16 idx)
{
	const struct nvdpa_vq *vq = nvdpa_ops_vq(vdpa, idx);

	return vq->has_affinity ? &vq->affinity : NULL;
}

static int nvdpa_ops_set_map(struct vdpa_device *vdpa, unsigned int asid,
			     struct vhost_iotlb *iotlb)
{
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);
	int err;

	mutex_lock(&dev->lock);
	err = nvdpa_mem_set(dev, iotlb);
	mutex_unlock(&dev->lock);
	if (err)
		dev_warn_ratelimited(&vdpa->dev,
				     "guest memory could not be mapped: %pe\n",
				     ERR_PTR(err));
	return err;
}

static int nvdpa_ops_reset_map(struct vdpa_device *vdpa, unsigned int asid)
{
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);

	mutex_lock(&dev->lock);
	dev->mem.nr_refused = 0;
	nvdpa_mem_clear(dev);
	mutex_unlock(&dev->lock);
	return 0;
}

/* One group, one address space: nothing to choose. */
static int nvdpa_ops_set_group_asid(struct vdpa_device *vdpa,
				    unsigned int group, unsigned int asid)
{
	return group || asid ? -EINVAL : 0;
}

/* Controller and memory went when the device was unregistered. */
static void nvdpa_ops_free(struct vdpa_device *vdpa)
{
	kvfree(nvdpa_dev_of(vdpa)->vqs);
}

const struct vdpa_config_ops nvdpa_ops = {
	.set_vq_address		= nvdpa_ops_set_vq_address,
	.set_vq_num		= nvdpa_ops_set_vq_num,
	.kick_vq		= nvdpa_ops_kick_vq,
	.set_vq_cb		= nvdpa_ops_set_vq_cb,
	.set_vq_ready		= nvdpa_ops_set_vq_ready,
	.get_vq_ready		= nvdpa_ops_get_vq_ready,
	.set_vq_state		= nvdpa_ops_set_vq_state,
	.get_vq_state		= nvdpa_ops_get_vq_state,
	.get_vq_size		= nvdpa_ops_get_vq_size,
	.get_vq_align		= nvdpa_ops_get_vq_align,
	.get_vq_group		= nvdpa_ops_get_vq_group,
	.get_device_features	= nvdpa_ops_get_device_features,
	.get_backend_features	= nvdpa_ops_get_backend_features,
	.set_driver_features	= nvdpa_ops_set_driver_features,
	.get_driver_features	= nvdpa_ops_get_driver_features,
	.set_config_cb		= nvdpa_ops_set_config_cb,
	.get_vq_num_max		= nvdpa_ops_get_vq_num_max,
	.get_device_id		= nvdpa_ops_get_device_id,
	.get_vendor_id		= nvdpa_ops_get_vendor_id,
	.get_status		= nvdpa_ops_get_status,
	.set_status		= nvdpa_ops_set_status,
	.reset			= nvdpa_ops_reset,
	.suspend		= nvdpa_ops_suspend,
	.resume			= nvdpa_ops_resume,
	.get_config_size	= nvdpa_ops_get_config_size,
	.get_config		= nvdpa_ops_get_config,
	.set_config		= nvdpa_ops_set_config,
	.get_generation		= nvdpa_ops_get_generation,
	.set_vq_affinity	= nvdpa_ops_set_vq_affinity,
	.get_vq_affinity	= nvdpa_ops_get_vq_affinity,
	.set_map		= nvdpa_ops_set_map,
	.reset_map		= nvdpa_ops_reset_map,
	.set_group_asid		= nvdpa_ops_set_group_asid,
	.free			= nvdpa_ops_free,
};

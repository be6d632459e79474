// SPDX-License-Identifier: GPL-2.0
/*
 * One vDPA management device a controller. The framework gives us no extended
 * ACK, so the reason of a refusal goes to the kernel log.
 */
#include "mgmt.h"

#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vdpa.h>
#include <uapi/linux/vdpa.h>
#include <uapi/linux/virtio_ids.h>

#include "../device/dev.h"
#include "../nvme/io.h"
#include "claim.h"
#include "fit.h"
#include "volume.h"

/* First bytes of a GPT header, which is in block 1 (UEFI 2.10, 5.3.2). */
#define NVDPA_MGMT_GPT_MAGIC	"EFI PART"

/**
 * struct nvdpa_mgmt - a controller as a vDPA management device
 * @mdev: for the framework
 * @ctrl: the controller
 * @vols: its volumes; what a device stands on is kept in there, taken
 */
struct nvdpa_mgmt {
	struct vdpa_mgmt_dev mdev;
	struct nvdpa_ctrl *ctrl;
	struct nvdpa_volumes vols;
};

static struct virtio_device_id nvdpa_mgmt_ids[] = {
	{ VIRTIO_ID_BLOCK, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

/* Namespace of a name of the form NAME@nNSID, or 0. */
static u32 nvdpa_mgmt_parse(const char *name)
{
	const char *mark = strstr(name, NVDPA_VOLUME_NS_MARK);
	const char *c;
	u32 nsid;

	if (!mark || !nvdpa_volume_name_ok(name, mark - name))
		return 0;
	c = mark + strlen(NVDPA_VOLUME_NS_MARK);
	if (c[strspn(c, "0123456789")] || kstrtou32(c, 10, &nsid))
		return 0;
	return nsid;
}

static struct nvdpa_volume *nvdpa_mgmt_take_whole(struct nvdpa_mgmt *mgmt,
						  const char *name, u32 nsid,
						  struct nvdpa_refusal *why)
{
	const struct nvdpa_ns *ns = nvdpa_ident_ns(mgmt->ctrl, nsid);
	int err;

	if (!ns) {
		err = nvdpa_refuse(why, -ENOENT, 0,
				   "controller has no active namespace %u",
				   nsid);
		return ERR_PTR(err);
	}
	return nvdpa_volume_take_whole(&mgmt->vols, name, ns, why);
}

static struct nvdpa_volume *nvdpa_mgmt_take(struct nvdpa_mgmt *mgmt,
					    const char *name)
{
	u32 nsid = nvdpa_mgmt_parse(name);
	struct nvdpa_refusal why = {};
	struct nvdpa_volume *vol;

	if (nsid)
		vol = nvdpa_mgmt_take_whole(mgmt, name, nsid, &why);
	else
		vol = nvdpa_volume_take(&mgmt->vols, name, &why);
	if (IS_ERR(vol))
		dev_err(mgmt->ctrl->dev, "vdpa dev add %s: %s\n", name,
			why.text);
	return vol;
}

static unsigned int nvdpa_mgmt_nr_vqs(const struct nvdpa_ctrl *ctrl,
				      const struct nvdpa_volume *vol)
{
	return vol->nr_queues ?: min(num_online_cpus(), ctrl->nr_qpairs);
}

static int nvdpa_mgmt_check_room(struct nvdpa_mgmt *mgmt, const char *name,
				 unsigned int nr_vqs)
{
	unsigned int room = nvdpa_qpair_nr_room(mgmt->ctrl);

	if (room < nr_vqs) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: %u virtqueues are too many, there is room for %u\n",
			name, nr_vqs, room);
		return -ENOSPC;
	}
	return 0;
}

/* A namespace with a GPT holds volumes; it is not given away as a whole. */
static int nvdpa_mgmt_check_gpt(struct nvdpa_mgmt *mgmt, const char *name,
				const struct nvdpa_ns *ns)
{
	u8 *buf;
	int err = 0;

	if (ns->nr_lbas < 2)
		return 0;
	buf = kmalloc(1u << ns->lba_shift, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	err = nvdpa_io_read_lba(mgmt->ctrl, ns, 1, buf);
	if (err)
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: block 1 of namespace %u cannot be read: %pe\n",
			name, ns->nsid, ERR_PTR(err));
	if (!err && !memcmp(buf, NVDPA_MGMT_GPT_MAGIC,
			    strlen(NVDPA_MGMT_GPT_MAGIC))) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: namespace %u has a partition table (GPT), which wipefs -a removes with all that it describes\n",
			name, ns->nsid);
		err = -EBUSY;
	}
	kfree(buf);
	return err;
}

/* What depends on the controller's optional commands is offered with them. */
static u64 nvdpa_mgmt_supported(const struct nvdpa_ctrl *ctrl)
{
	u64 features = NVDPA_DEV_FEATURES;

	if (!ctrl->limits.dsm)
		features &= ~BIT_ULL(VIRTIO_BLK_F_DISCARD);
	if (!ctrl->limits.write_zeroes)
		features &= ~BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES);
	return features;
}

static int nvdpa_mgmt_features(struct nvdpa_mgmt *mgmt, const char *name,
			       const struct vdpa_dev_set_config *config,
			       const struct nvdpa_volume *vol, u64 *features)
{
	u64 ro = vol->read_only ? BIT_ULL(VIRTIO_BLK_F_RO) : 0;
	u64 missing, surplus;

	*features = nvdpa_mgmt_supported(mgmt->ctrl) | ro;
	if (!(config->mask & BIT_ULL(VDPA_ATTR_DEV_FEATURES)))
		return 0;

	missing = (NVDPA_DEV_FEATURES_REQUIRED | ro) & ~config->device_features;
	surplus = config->device_features & ~*features;
	*features = config->device_features;
	if (missing || surplus) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: device_features %#llx lacks %#llx and has %#llx too many\n",
			name, *features, missing, surplus);
		return -EINVAL;
	}
	return 0;
}

/* The serial of a whole namespace must differ from that of the next one. */
static void nvdpa_mgmt_serial(const struct nvdpa_ctrl *ctrl, u32 nsid,
			      u8 *serial)
{
	char suffix[16], text[NVDPA_SERIAL_BYTES + 1] = {};
	int len = snprintf(suffix, sizeof(suffix), "_n%u", nsid);

	snprintf(text, sizeof(text), "%.*s%s", NVDPA_SERIAL_BYTES - len,
		 ctrl->serial, suffix);
	memcpy(serial, text, NVDPA_SERIAL_BYTES);
}

/* SGLS bits 1:0; 11b is reserved. */
static enum nvdpa_sgl_support nvdpa_mgmt_sgl(const struct nvdpa_ctrl *ctrl)
{
	switch (ctrl->sgls & (BIT(0) | BIT(1))) {
	case NVDPA_SGL_BYTE:
		return NVDPA_SGL_BYTE;
	case NVDPA_SGL_DWORD:
		return NVDPA_SGL_DWORD;
	default:
		return NVDPA_SGL_NONE;
	}
}

static void nvdpa_mgmt_disk(const struct nvdpa_ctrl *ctrl,
			    const struct nvdpa_volume *vol,
			    struct nvdpa_disk *disk)
{
	const struct nvdpa_ns *ns = &vol->seen;

	disk->extent.nsid = ns->nsid;
	disk->extent.first_lba = vol->start_lba;
	disk->extent.nr_lbas = vol->served_lbas;
	disk->extent.lba_shift = ns->lba_shift;
	disk->extent.boundary_lbas = ns->boundary_lbas;
	disk->lim.max_bytes = ctrl->max_bytes;
	disk->lim.lba_bytes = 1u << ns->lba_shift;
	disk->lim.sgl = nvdpa_mgmt_sgl(ctrl);
	nvdpa_offer_limits(&disk->req_lim, &ns->limits, ns->lba_shift);
	disk->vwc = ctrl->vwc;
	disk->req_lim.read_only = vol->read_only;
	disk->dma_dev = ctrl->dev;
	/*
	 * virtio_vdpa has mapped the same page for the vDPA device, which would
	 * count as an overlap. Only a mapping that may bounce needs the sync.
	 */
	if (dma_max_mapping_size(ctrl->dev) == SIZE_MAX)
		disk->dma_attrs = DMA_ATTR_SKIP_CPU_SYNC;
	if (vol->whole)
		nvdpa_mgmt_serial(ctrl, ns->nsid, disk->serial);
	else
		memcpy(disk->serial, vol->serial, NVDPA_SERIAL_BYTES);
}

static int nvdpa_mgmt_create(struct nvdpa_mgmt *mgmt, struct nvdpa_volume *vol,
			     const struct nvdpa_dev_params *params)
{
	struct nvdpa_dev *dev;
	int err;

	/* As long as there is a device, nobody unloads the module. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	dev = nvdpa_dev_create(mgmt->ctrl, params);
	if (IS_ERR(dev)) {
		dev_err(mgmt->ctrl->dev, "vdpa dev add %s: %pe\n",
			params->name, dev);
		err = PTR_ERR(dev);
		goto put_module;
	}
	dev->vdpa.mdev = &mgmt->mdev;
	err = _vdpa_register_device(&dev->vdpa, params->nr_vqs);
	if (err) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: cannot be registered: %pe\n",
			params->name, ERR_PTR(err));
		nvdpa_dev_destroy(dev);
		put_device(&dev->vdpa.dev);
		goto put_module;
	}
	nvdpa_volume_attach(&mgmt->vols, vol, dev);
	return 0;

put_module:
	module_put(THIS_MODULE);
	return err;
}

static int nvdpa_mgmt_add_volume(struct nvdpa_mgmt *mgmt,
				 struct nvdpa_volume *vol, const char *name,
				 const struct vdpa_dev_set_config *config)
{
	struct nvdpa_dev_params params = {
		.name = name,
		.phys_lbas = vol->seen.phys_lbas,
		.opt_lbas = vol->seen.opt_lbas,
		.nr_vqs = nvdpa_mgmt_nr_vqs(mgmt->ctrl, vol),
		.queue_size = vol->queue_size ?: NVDPA_QUEUE_NUM_MAX,
	};
	int err;

	err = nvdpa_mgmt_features(mgmt, name, config, vol, &params.features);
	if (err)
		return err;
	err = nvdpa_mgmt_check_room(mgmt, name, params.nr_vqs);
	if (err)
		return err;
	if (vol->whole) {
		err = nvdpa_mgmt_check_gpt(mgmt, name, &vol->seen);
		if (err)
			return err;
	}
	nvdpa_mgmt_disk(mgmt->ctrl, vol, &params.disk);
	return nvdpa_mgmt_create(mgmt, vol, &params);
}

static int nvdpa_mgmt_add(struct nvdpa_mgmt *mgmt, const char *name,
			  const struct vdpa_dev_set_config *config)
{
	struct nvdpa_volume *vol;
	int err;

	if (nvdpa_ctrl_dead(mgmt->ctrl)) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: controller is dead, nvdpa ctrl reset may bring it back\n",
			name);
		return -ENODEV;
	}
	vol = nvdpa_mgmt_take(mgmt, name);
	if (IS_ERR(vol))
		return PTR_ERR(vol);
	err = nvdpa_mgmt_add_volume(mgmt, vol, name, config);
	if (err)
		nvdpa_volume_put(&mgmt->vols, vol);
	return err;
}

static int nvdpa_mgmt_dev_add(struct vdpa_mgmt_dev *mdev, const char *name,
			      const struct vdpa_dev_set_config *config)
{
	struct nvdpa_mgmt *mgmt = container_of(mdev, struct nvdpa_mgmt, mdev);
	char copy[NVDPA_VOLUME_NAME_BYTES];

	/* The framework does not see to it that a name ends. */
	if (strscpy(copy, name, sizeof(copy)) < 0) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s...: name is longer than %u characters\n",
			copy, NVME_VDPA_VOLUME_NAME_MAX);
		return -ENAMETOOLONG;
	}
	return nvdpa_mgmt_add(mgmt, copy, config);
}

static void nvdpa_mgmt_dev_del(struct vdpa_mgmt_dev *mdev,
			       struct vdpa_device *vdpa)
{
	struct nvdpa_mgmt *mgmt = container_of(mdev, struct nvdpa_mgmt, mdev);
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);
	struct nvdpa_volume *vol = nvdpa_volume_of(&mgmt->vols, dev);

	/* Somebody may hold a reference for longer than there is a controller. */
	get_device(&vdpa->dev);
	_vdpa_unregister_device(vdpa);
	/* Until here it may grow, and tell what it has counted. */
	nvdpa_volume_detach(vol);
	nvdpa_dev_destroy(dev);
	nvdpa_volume_put(&mgmt->vols, vol);
	put_device(&vdpa->dev);
	/* An unload that begins now waits for vdpa_dev_lock, which is held. */
	module_put(THIS_MODULE);
}

static const struct vdpa_mgmtdev_ops nvdpa_mgmt_ops = {
	.dev_add = nvdpa_mgmt_dev_add,
	.dev_del = nvdpa_mgmt_dev_del,
};

static int nvdpa_mgmt_attach(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_mgmt *mgmt;
	int err;

	mgmt = kzalloc(sizeof(*mgmt), GFP_KERNEL);
	if (!mgmt)
		return -ENOMEM;
	mgmt->ctrl = ctrl;
	nvdpa_volumes_init(&mgmt->vols, ctrl);
	mgmt->mdev.device = ctrl->dev;
	mgmt->mdev.ops = &nvdpa_mgmt_ops;
	mgmt->mdev.id_table = nvdpa_mgmt_ids;
	mgmt->mdev.config_attr_mask = BIT_ULL(VDPA_ATTR_DEV_FEATURES);
	mgmt->mdev.supported_features = nvdpa_mgmt_supported(ctrl) |
					BIT_ULL(VIRTIO_BLK_F_RO);
	mgmt->mdev.max_supported_vqs = nvdpa_qpair_nr_max(ctrl);

	err = vdpa_mgmtdev_register(&mgmt->mdev);
	if (err) {
		kfree(mgmt);
		return err;
	}
	ctrl->client_data = mgmt;
	nvdpa_volumes_publish(&mgmt->vols);
	return 0;
}

static void nvdpa_mgmt_detach(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_mgmt *mgmt = ctrl->client_data;

	vdpa_mgmtdev_unregister(&mgmt->mdev);
	nvdpa_volumes_withdraw(&mgmt->vols);
	kfree(mgmt);
}

static int nvdpa_mgmt_claim(struct nvdpa_ctrl *ctrl, struct nvdpa_claim *claim)
{
	struct nvdpa_mgmt *mgmt = ctrl->client_data;

	return nvdpa_claim_begin(&mgmt->vols, claim);
}

static void nvdpa_mgmt_unclaim(struct nvdpa_ctrl *ctrl,
			       struct nvdpa_claim *claim)
{
	nvdpa_claim_end(claim);
}

/* These come from work items, which know nothing of attach and detach. */
static int nvdpa_mgmt_namespaces(struct nvdpa_ctrl *ctrl,
				 const struct nvdpa_ns_list *now)
{
	return nvdpa_fit_namespaces(ctrl, now);
}

static void nvdpa_mgmt_state(struct nvdpa_ctrl *ctrl)
{
	nvdpa_volumes_state(ctrl);
}

static void nvdpa_mgmt_event(struct nvdpa_ctrl *ctrl,
			     const struct nvdpa_aer_event *event)
{
	nvdpa_volumes_event(ctrl, event);
}

static void nvdpa_mgmt_media(struct nvdpa_ctrl *ctrl,
			     const struct nvdpa_media_error *error)
{
	nvdpa_volumes_media(ctrl, error);
}

const struct nvdpa_ctrl_client nvdpa_mgmt_client = {
	.attach = nvdpa_mgmt_attach,
	.detach = nvdpa_mgmt_detach,
	.claim = nvdpa_mgmt_claim,
	.unclaim = nvdpa_mgmt_unclaim,
	.namespaces = nvdpa_mgmt_namespaces,
	.state = nvdpa_mgmt_state,
	.event = nvdpa_mgmt_event,
	.media = nvdpa_mgmt_media,
};

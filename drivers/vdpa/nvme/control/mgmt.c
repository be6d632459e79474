// SPDX-License-Identifier: GPL-2.0
/*
 * One vDPA management device a controller. The framework gives us no extended
 * ACK, so the reason of a refusal goes to the kernel log.
 */
#include "mgmt.h"

#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vdpa.h>
#include <linux/xarray.h>
#include <uapi/linux/vdpa.h>
#include <uapi/linux/virtio_ids.h>

#include "../device/dev.h"
#include "../nvme/io.h"

/* Separates the name of a disk from the namespace that it takes whole. */
#define NVDPA_MGMT_NS_MARK	"@n"
#define NVDPA_MGMT_NAME_MAX	36
/* With the mark, the digits of a namespace and the end. */
#define NVDPA_MGMT_NAME_BYTES	(NVDPA_MGMT_NAME_MAX + 2 + 10 + 1)
/* First bytes of a GPT header, which is in block 1 (UEFI 2.10, 5.3.2). */
#define NVDPA_MGMT_GPT_MAGIC	"EFI PART"

/**
 * struct nvdpa_mgmt - a controller as a vDPA management device
 * @mdev: for the framework
 * @ctrl: the controller
 * @used: namespaces that a device stands on: nsid -> device; protected by the
 *        framework's vdpa_dev_lock, under which all of this runs
 */
struct nvdpa_mgmt {
	struct vdpa_mgmt_dev mdev;
	struct nvdpa_ctrl *ctrl;
	struct xarray used;
};

static struct virtio_device_id nvdpa_mgmt_ids[] = {
	{ VIRTIO_ID_BLOCK, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

/* Namespace of a name of the form NAME@nNSID, or 0. */
static u32 nvdpa_mgmt_parse(const char *name)
{
	const char *mark = strstr(name, NVDPA_MGMT_NS_MARK);
	const char *c;
	u32 nsid;

	if (!mark || mark == name || mark - name > NVDPA_MGMT_NAME_MAX)
		return 0;
	for (c = name; c < mark; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("_.-", *c)))
			return 0;
	c = mark + strlen(NVDPA_MGMT_NS_MARK);
	if (c[strspn(c, "0123456789")] || kstrtou32(c, 10, &nsid))
		return 0;
	return nsid;
}

static const struct nvdpa_ns *nvdpa_mgmt_find(struct nvdpa_mgmt *mgmt,
					      const char *name)
{
	struct device *dev = mgmt->ctrl->dev;
	u32 nsid = nvdpa_mgmt_parse(name);
	const struct nvdpa_ns *ns;

	if (!nsid) {
		dev_err(dev,
			"vdpa dev add %s: no volume of this name; name a whole namespace as NAME@n1\n",
			name);
		return ERR_PTR(-ENOENT);
	}
	ns = nvdpa_ident_ns(mgmt->ctrl, nsid);
	if (!ns) {
		dev_err(dev,
			"vdpa dev add %s: controller has no active namespace %u\n",
			name, nsid);
		return ERR_PTR(-ENOENT);
	}
	if (ns->refusal) {
		dev_err(dev, "vdpa dev add %s: namespace %u: %s\n", name, nsid,
			ns->refusal);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return ns;
}

static int nvdpa_mgmt_check_free(struct nvdpa_mgmt *mgmt, const char *name,
				 const struct nvdpa_ns *ns, unsigned int nr_vqs)
{
	const struct nvdpa_dev *other = xa_load(&mgmt->used, ns->nsid);
	unsigned int nr_free = nvdpa_qpair_nr_free(mgmt->ctrl);

	if (other) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: namespace %u is in use by %s\n",
			name, ns->nsid, dev_name(&other->vdpa.dev));
		return !strcmp(name, dev_name(&other->vdpa.dev)) ? -EEXIST :
								   -EBUSY;
	}
	if (nr_free < nr_vqs) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: %u virtqueues need as many queue pairs, %u are free\n",
			name, nr_vqs, nr_free);
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

static int nvdpa_mgmt_features(struct nvdpa_mgmt *mgmt, const char *name,
			       const struct vdpa_dev_set_config *config,
			       u64 *features)
{
	u64 missing;

	*features = NVDPA_DEV_FEATURES;
	if (!(config->mask & BIT_ULL(VDPA_ATTR_DEV_FEATURES)))
		return 0;

	*features = config->device_features;
	missing = ~*features & NVDPA_DEV_FEATURES_REQUIRED;
	if (missing || *features & ~NVDPA_DEV_FEATURES) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: device_features %#llx lacks %#llx and has %#llx too many\n",
			name, *features, missing,
			*features & ~NVDPA_DEV_FEATURES);
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

static void nvdpa_mgmt_params(const struct nvdpa_ctrl *ctrl,
			      const struct nvdpa_ns *ns,
			      struct nvdpa_dev_params *params)
{
	struct nvdpa_disk *disk = &params->disk;

	disk->extent.nsid = ns->nsid;
	disk->extent.nr_lbas = ns->nr_lbas;
	disk->extent.lba_shift = ns->lba_shift;
	disk->extent.boundary_lbas = ns->boundary_lbas;
	disk->lim.max_bytes = ctrl->max_bytes;
	disk->lim.lba_bytes = 1u << ns->lba_shift;
	disk->lim.sgl = nvdpa_mgmt_sgl(ctrl);
	disk->vwc = ctrl->vwc;
	disk->dma_dev = ctrl->dev;
	/*
	 * virtio_vdpa has mapped the same page for the vDPA device, which would
	 * count as an overlap. Only a mapping that may bounce needs the sync.
	 */
	if (dma_max_mapping_size(ctrl->dev) == SIZE_MAX)
		disk->dma_attrs = DMA_ATTR_SKIP_CPU_SYNC;
	nvdpa_mgmt_serial(ctrl, ns->nsid, disk->serial);
	params->phys_lbas = ns->phys_lbas;
	params->opt_lbas = ns->opt_lbas;
}

static int nvdpa_mgmt_create(struct nvdpa_mgmt *mgmt, const struct nvdpa_ns *ns,
			     const struct nvdpa_dev_params *params)
{
	struct nvdpa_dev *dev;
	int err;

	dev = nvdpa_dev_create(mgmt->ctrl, params);
	if (IS_ERR(dev)) {
		dev_err(mgmt->ctrl->dev, "vdpa dev add %s: %pe\n",
			params->name, dev);
		return PTR_ERR(dev);
	}
	err = xa_err(xa_store(&mgmt->used, ns->nsid, dev, GFP_KERNEL));
	if (err)
		goto destroy_dev;
	dev->vdpa.mdev = &mgmt->mdev;
	err = _vdpa_register_device(&dev->vdpa, params->nr_vqs);
	if (err) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: cannot be registered: %pe\n",
			params->name, ERR_PTR(err));
		goto erase_used;
	}
	return 0;

erase_used:
	xa_erase(&mgmt->used, ns->nsid);
destroy_dev:
	nvdpa_dev_destroy(dev);
	put_device(&dev->vdpa.dev);
	return err;
}

static int nvdpa_mgmt_add(struct nvdpa_mgmt *mgmt, const char *name,
			  const struct vdpa_dev_set_config *config)
{
	struct nvdpa_dev_params params = {
		.name = name,
		.queue_size = NVDPA_QUEUE_NUM_MAX,
	};
	const struct nvdpa_ns *ns;
	int err;

	if (READ_ONCE(mgmt->ctrl->dead)) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s: controller is dead, unbind and bind it again\n",
			name);
		return -ENODEV;
	}
	ns = nvdpa_mgmt_find(mgmt, name);
	if (IS_ERR(ns))
		return PTR_ERR(ns);
	err = nvdpa_mgmt_features(mgmt, name, config, &params.features);
	if (err)
		return err;
	params.nr_vqs = min(num_online_cpus(), mgmt->ctrl->nr_qpairs);
	err = nvdpa_mgmt_check_free(mgmt, name, ns, params.nr_vqs);
	if (err)
		return err;
	err = nvdpa_mgmt_check_gpt(mgmt, name, ns);
	if (err)
		return err;

	nvdpa_mgmt_params(mgmt->ctrl, ns, &params);
	return nvdpa_mgmt_create(mgmt, ns, &params);
}

static int nvdpa_mgmt_dev_add(struct vdpa_mgmt_dev *mdev, const char *name,
			      const struct vdpa_dev_set_config *config)
{
	struct nvdpa_mgmt *mgmt = container_of(mdev, struct nvdpa_mgmt, mdev);
	char copy[NVDPA_MGMT_NAME_BYTES];

	/* The framework does not see to it that a name ends. */
	if (strscpy(copy, name, sizeof(copy)) < 0) {
		dev_err(mgmt->ctrl->dev,
			"vdpa dev add %s...: name is longer than %u characters\n",
			copy, NVDPA_MGMT_NAME_MAX);
		return -ENAMETOOLONG;
	}
	return nvdpa_mgmt_add(mgmt, copy, config);
}

static void nvdpa_mgmt_dev_del(struct vdpa_mgmt_dev *mdev,
			       struct vdpa_device *vdpa)
{
	struct nvdpa_mgmt *mgmt = container_of(mdev, struct nvdpa_mgmt, mdev);
	struct nvdpa_dev *dev = nvdpa_dev_of(vdpa);

	/* Somebody may hold a reference for longer than there is a controller. */
	get_device(&vdpa->dev);
	_vdpa_unregister_device(vdpa);
	xa_erase(&mgmt->used, dev->disk.extent.nsid);
	nvdpa_dev_destroy(dev);
	put_device(&vdpa->dev);
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
	xa_init(&mgmt->used);
	mgmt->mdev.device = ctrl->dev;
	mgmt->mdev.ops = &nvdpa_mgmt_ops;
	mgmt->mdev.id_table = nvdpa_mgmt_ids;
	mgmt->mdev.config_attr_mask = BIT_ULL(VDPA_ATTR_DEV_FEATURES);
	mgmt->mdev.supported_features = NVDPA_DEV_FEATURES;
	mgmt->mdev.max_supported_vqs = ctrl->nr_qpairs;

	err = vdpa_mgmtdev_register(&mgmt->mdev);
	if (err) {
		kfree(mgmt);
		return err;
	}
	ctrl->client_data = mgmt;
	return 0;
}

static void nvdpa_mgmt_detach(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_mgmt *mgmt = ctrl->client_data;

	vdpa_mgmtdev_unregister(&mgmt->mdev);
	xa_destroy(&mgmt->used);
	kfree(mgmt);
}

const struct nvdpa_ctrl_client nvdpa_mgmt_client = {
	.attach = nvdpa_mgmt_attach,
	.detach = nvdpa_mgmt_detach,
};

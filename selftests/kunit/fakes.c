// SPDX-License-Identifier: GPL-2.0
/* What the sources under test call and is not tested here. */
#include "fakes.h"

#include <kunit/device.h>
#include <linux/module.h>

#include "control/netlink.h"
#include "control/volume.h"
#include "device/dev.h"

struct fake_identify *fake_identify;
struct fake_calls fake_calls;

struct nvdpa_ctrl *fake_ctrl(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl;

	ctrl = kunit_kzalloc(test, sizeof(*ctrl), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctrl);
	fake_identify = kunit_kzalloc(test, sizeof(*fake_identify), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake_identify);
	memset(&fake_calls, 0, sizeof(fake_calls));
	spin_lock_init(&ctrl->ns_lock);
	ctrl->dev = kunit_device_register(test, "nvdpa-kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctrl->dev);
	return ctrl;
}

struct nvme_id_ns *fake_ns(unsigned int i, u32 nsid, u8 lba_shift, u64 nr_lbas)
{
	struct nvme_id_ns *id = &fake_identify->ns[i];

	fake_identify->nsid[i] = nsid;
	id->nsze = cpu_to_le64(nr_lbas);
	id->lbaf[0].ds = lba_shift;
	return id;
}

/* The active namespaces above one, as a controller lists them. */
static void fake_list(u32 above, __le32 *list)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_NAMESPACES && fake_identify->nsid[i]; i++)
		if (n || !above || fake_identify->nsid[i] > above)
			list[n++] = cpu_to_le32(fake_identify->nsid[i]);
}

static unsigned int fake_index(u32 nsid)
{
	unsigned int i;

	for (i = 0; i < FAKE_NAMESPACES - 1; i++)
		if (fake_identify->nsid[i] == nsid)
			break;
	return i;
}

int nvdpa_admin_set_retry(struct nvdpa_ctrl *ctrl)
{
	return 0;
}

int nvdpa_admin_identify(struct nvdpa_ctrl *ctrl, u8 cns, u32 nsid, void *data)
{
	struct nvme_ns_id_desc *desc = data;
	unsigned int i = fake_index(nsid);

	memset(data, 0, NVME_IDENTIFY_DATA_SIZE);
	switch (cns) {
	case NVME_ID_CNS_CTRL:
		memcpy(data, &fake_identify->ctrl, sizeof(fake_identify->ctrl));
		return 0;
	case NVME_ID_CNS_CS_CTRL:
		memcpy(data, &fake_identify->nvm, sizeof(fake_identify->nvm));
		return fake_identify->nvm_status;
	case NVME_ID_CNS_NS_ACTIVE_LIST:
		fake_list(nsid, data);
		return 0;
	case NVME_ID_CNS_NS_DESC_LIST:
		desc->nidt = NVME_NIDT_CSI;
		desc->nidl = NVME_NIDT_CSI_LEN;
		((u8 *)(desc + 1))[0] = fake_identify->csi[i];
		return fake_identify->desc_status;
	case NVME_ID_CNS_NS:
		memcpy(data, &fake_identify->ns[i], sizeof(fake_identify->ns[i]));
		return fake_identify->ns_status[i];
	default:
		return -EINVAL;
	}
}

void nvdpa_netlink_ctrl_event(u8 cmd, const struct nvdpa_volumes *vols)
{
}

void nvdpa_netlink_aer_event(const struct nvdpa_volumes *vols,
			     const struct nvdpa_aer_event *event)
{
}

void nvdpa_netlink_media_event(const struct nvdpa_volumes *vols,
			       const struct nvdpa_media_error *error)
{
}

void nvdpa_netlink_volume_event(u8 cmd, const struct nvdpa_volumes *vols,
				const struct nvdpa_volume *vol)
{
}

void nvdpa_netlink_health_event(const struct nvdpa_volumes *vols)
{
}

void nvdpa_netlink_ns_event(const struct nvdpa_volumes *vols,
			    const struct nvdpa_ns *ns)
{
	fake_calls.ns_events++;
}

void nvdpa_netlink_stop_event(const struct nvdpa_volumes *vols,
			      const struct nvdpa_volume *vol)
{
	fake_calls.stops++;
}

void nvdpa_dev_grow(struct nvdpa_dev *dev, u64 nr_lbas)
{
	fake_calls.grown_lbas = nr_lbas;
}

void nvdpa_dev_retire(struct nvdpa_dev *dev)
{
	fake_calls.retired++;
}

MODULE_DESCRIPTION("KUnit suites of nvme_vdpa");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/* One module parameter a field; -1 leaves the field as the device reports it. */
#include "overrides.h"

#include <linux/module.h>
#include <linux/nvme.h>

static int nvdpa_override_mpsmin = -1;
module_param_named(override_mpsmin, nvdpa_override_mpsmin, int, 0644);
MODULE_PARM_DESC(override_mpsmin, "CAP.MPSMIN");

static int nvdpa_override_mqes = -1;
module_param_named(override_mqes, nvdpa_override_mqes, int, 0644);
MODULE_PARM_DESC(override_mqes, "CAP.MQES, entries less one");

static int nvdpa_override_msix = -1;
module_param_named(override_msix, nvdpa_override_msix, int, 0644);
MODULE_PARM_DESC(override_msix, "number of MSI-X vectors");

static int nvdpa_override_mdts = -1;
module_param_named(override_mdts, nvdpa_override_mdts, int, 0644);
MODULE_PARM_DESC(override_mdts, "Identify Controller MDTS");

static int nvdpa_override_sgls = -1;
module_param_named(override_sgls, nvdpa_override_sgls, int, 0644);
MODULE_PARM_DESC(override_sgls, "Identify Controller SGLS");

static int nvdpa_override_vwc = -1;
module_param_named(override_vwc, nvdpa_override_vwc, int, 0644);
MODULE_PARM_DESC(override_vwc, "Identify Controller VWC");

static int nvdpa_override_oncs = -1;
module_param_named(override_oncs, nvdpa_override_oncs, int, 0644);
MODULE_PARM_DESC(override_oncs, "Identify Controller ONCS");

static int nvdpa_override_noiob = -1;
module_param_named(override_noiob, nvdpa_override_noiob, int, 0644);
MODULE_PARM_DESC(override_noiob, "Identify Namespace NOIOB, blocks");

static int nvdpa_override_npwg = -1;
module_param_named(override_npwg, nvdpa_override_npwg, int, 0644);
MODULE_PARM_DESC(override_npwg,
		 "Identify Namespace NPWG and NAWUPF, blocks less one");

static int nvdpa_override_dps = -1;
module_param_named(override_dps, nvdpa_override_dps, int, 0644);
MODULE_PARM_DESC(override_dps, "Identify Namespace DPS");

static int nvdpa_override_dlfeat = -1;
module_param_named(override_dlfeat, nvdpa_override_dlfeat, int, 0644);
MODULE_PARM_DESC(override_dlfeat, "Identify Namespace DLFEAT");

static int nvdpa_override_nsze = -1;
module_param_named(override_nsze, nvdpa_override_nsze, int, 0644);
MODULE_PARM_DESC(override_nsze, "Identify Namespace NSZE, blocks");

static int nvdpa_override_aer_result = -1;
module_param_named(override_aer, nvdpa_override_aer_result, int, 0644);
MODULE_PARM_DESC(override_aer, "Dword 0 of an asynchronous event");

static int nvdpa_override_csts_bits;
module_param_named(override_csts, nvdpa_override_csts_bits, int, 0644);
MODULE_PARM_DESC(override_csts, "CSTS, bits that are set");

#define NVDPA_CAP_MQES_MASK	0xffffull
#define NVDPA_CAP_MPSMIN_MASK	(0xfull << 48)

u64 nvdpa_override_cap(u64 cap)
{
	if (nvdpa_override_mpsmin >= 0)
		cap = (cap & ~NVDPA_CAP_MPSMIN_MASK) |
		      (((u64)nvdpa_override_mpsmin << 48) &
		       NVDPA_CAP_MPSMIN_MASK);
	if (nvdpa_override_mqes >= 0)
		cap = (cap & ~NVDPA_CAP_MQES_MASK) |
		      (nvdpa_override_mqes & NVDPA_CAP_MQES_MASK);
	return cap;
}

int nvdpa_override_msix_count(int count)
{
	return nvdpa_override_msix >= 0 ? nvdpa_override_msix : count;
}

void nvdpa_override_id_ctrl(struct nvme_id_ctrl *id)
{
	if (nvdpa_override_mdts >= 0)
		id->mdts = nvdpa_override_mdts;
	if (nvdpa_override_sgls >= 0)
		id->sgls = cpu_to_le32(nvdpa_override_sgls);
	if (nvdpa_override_vwc >= 0)
		id->vwc = nvdpa_override_vwc;
	if (nvdpa_override_oncs >= 0)
		id->oncs = cpu_to_le16(nvdpa_override_oncs);
}

void nvdpa_override_id_ns(struct nvme_id_ns *id)
{
	if (nvdpa_override_noiob >= 0)
		id->noiob = cpu_to_le16(nvdpa_override_noiob);
	if (nvdpa_override_npwg >= 0) {
		id->nsfeat |= NVME_NS_FEAT_IO_OPT | NVME_NS_FEAT_ATOMICS;
		id->npwg = cpu_to_le16(nvdpa_override_npwg);
		id->nawupf = id->npwg;
	}
	if (nvdpa_override_nsze >= 0)
		id->nsze = cpu_to_le64(nvdpa_override_nsze);
	if (nvdpa_override_dps >= 0)
		id->dps = nvdpa_override_dps;
	if (nvdpa_override_dlfeat >= 0)
		id->dlfeat = nvdpa_override_dlfeat;
}

u32 nvdpa_override_aer(u32 result)
{
	return nvdpa_override_aer_result >= 0 ? nvdpa_override_aer_result :
						result;
}

u32 nvdpa_override_csts(u32 csts)
{
	return csts | READ_ONCE(nvdpa_override_csts_bits);
}

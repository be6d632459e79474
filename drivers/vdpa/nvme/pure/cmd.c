// SPDX-License-Identifier: GPL-2.0
/* NVMe I/O commands (NVM command set 1.0, 3.2; Flush: NVMe base 2.0, 7.1). */
#include "cmd.h"

void nvdpa_cmd_flush(struct nvme_command *cmd, u32 nsid)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->common.opcode = nvme_cmd_flush;
	cmd->common.nsid = cpu_to_le32(nsid);
}

void nvdpa_cmd_write_zeroes(struct nvme_command *cmd, u32 nsid, u64 slba,
			    u32 nlb, bool deac, bool fua)
{
	u16 control = (deac ? NVME_WZ_DEAC : 0) | (fua ? NVME_RW_FUA : 0);

	memset(cmd, 0, sizeof(*cmd));
	cmd->write_zeroes.opcode = nvme_cmd_write_zeroes;
	cmd->write_zeroes.nsid = cpu_to_le32(nsid);
	cmd->write_zeroes.slba = cpu_to_le64(slba);
	cmd->write_zeroes.length = cpu_to_le16(nvdpa_cmd_to0based(nlb));
	cmd->write_zeroes.control = cpu_to_le16(control);
}

void nvdpa_cmd_deallocate(struct nvme_command *cmd, u32 nsid, u32 nr)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->dsm.opcode = nvme_cmd_dsm;
	cmd->dsm.nsid = cpu_to_le32(nsid);
	cmd->dsm.nr = cpu_to_le32(nvdpa_cmd_to0based(nr));
	cmd->dsm.attributes = cpu_to_le32(NVME_DSMGMT_AD);
}

void nvdpa_cmd_range(struct nvme_dsm_range *range, u64 slba, u32 nlb)
{
	range->cattr = 0;
	range->nlb = cpu_to_le32(nlb);
	range->slba = cpu_to_le64(slba);
}

enum nvdpa_error nvdpa_cmd_error(u16 status)
{
	switch (status & NVME_SCT_SC_MASK) {
	case NVME_SC_SUCCESS:
		return NVDPA_ERROR_NONE;
	case NVME_SC_INVALID_OPCODE:
		return NVDPA_ERROR_UNSUPPORTED;
	case NVME_SC_ABORT_QUEUE:
		return NVDPA_ERROR_ABORTED;
	}
	if ((status & NVME_SCT_MASK) == NVME_SCT_MEDIA_ERROR)
		return NVDPA_ERROR_MEDIA;
	return NVDPA_ERROR_DEVICE;
}

bool nvdpa_cmd_transient(u16 status)
{
	if (status & NVME_STATUS_DNR)
		return false;
	switch (status & NVME_SCT_SC_MASK) {
	case NVME_SC_DATA_XFER_ERROR:
	case NVME_SC_INTERNAL:
	case NVME_SC_ABORT_REQ:
	case NVME_SC_CMD_INTERRUPTED:
	case NVME_SC_TRANSIENT_TR_ERR:
	case NVME_SC_NS_NOT_READY:
		return true;
	}
	return (status & NVME_SCT_MASK) == NVME_SCT_PATH;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* NVMe I/O commands, and what it means how they end. */
#ifndef NVDPA_PURE_CMD_H
#define NVDPA_PURE_CMD_H

#include "error.h"
#include "kdep.h"

/* Numbers of logical blocks and of ranges are 0's based. */
static inline u16 nvdpa_cmd_to0based(u32 nr)
{
	return nr - 1;
}

/**
 * nvdpa_cmd_rw() - make a Read or Write command without its data pointer
 * @cmd: written whole, the data pointer and command identifier as 0
 * @write: Write, else Read
 * @nsid: namespace identifier
 * @slba: first logical block
 * @nlb: number of logical blocks, 1 to 65536
 * @fua: set Force Unit Access
 */
static inline void nvdpa_cmd_rw(struct nvme_command *cmd, bool write, u32 nsid,
				u64 slba, u32 nlb, bool fua)
{
	/* One by one, for a memset() is a loop of eight. */
	cmd->rw.opcode = write ? nvme_cmd_write : nvme_cmd_read;
	cmd->rw.flags = 0;
	cmd->rw.command_id = 0;
	cmd->rw.nsid = cpu_to_le32(nsid);
	cmd->rw.cdw2 = 0;
	cmd->rw.cdw3 = 0;
	cmd->rw.metadata = 0;
	cmd->rw.dptr.prp1 = 0;
	cmd->rw.dptr.prp2 = 0;
	cmd->rw.slba = cpu_to_le64(slba);
	cmd->rw.length = cpu_to_le16(nvdpa_cmd_to0based(nlb));
	cmd->rw.control = cpu_to_le16(fua ? NVME_RW_FUA : 0);
	cmd->rw.dsmgmt = 0;
	cmd->rw.reftag = 0;
	cmd->rw.lbat = 0;
	cmd->rw.lbatm = 0;
}

/**
 * nvdpa_cmd_flush() - make a Flush command
 * @cmd: written whole
 * @nsid: namespace identifier
 */
void nvdpa_cmd_flush(struct nvme_command *cmd, u32 nsid);

/**
 * nvdpa_cmd_write_zeroes() - make a Write Zeroes command
 * @cmd: written whole
 * @nsid: namespace identifier
 * @slba: first logical block
 * @nlb: number of logical blocks, 1 to 65536
 * @deac: the controller may deallocate the blocks
 * @fua: set Force Unit Access
 */
void nvdpa_cmd_write_zeroes(struct nvme_command *cmd, u32 nsid, u64 slba,
			    u32 nlb, bool deac, bool fua);

/**
 * nvdpa_cmd_deallocate() - make a Dataset Management command that deallocates
 * @cmd: written whole, the data pointer and command identifier as 0
 * @nsid: namespace identifier
 * @nr: number of ranges in its data, 1 to 256
 */
void nvdpa_cmd_deallocate(struct nvme_command *cmd, u32 nsid, u32 nr);

/**
 * nvdpa_cmd_range() - make a range of a Dataset Management command
 * @range: written whole
 * @slba: first logical block
 * @nlb: number of logical blocks, not 0
 */
void nvdpa_cmd_range(struct nvme_dsm_range *range, u64 slba, u32 nlb);

/**
 * nvdpa_cmd_error() - what an NVMe status means for the request
 * @status: the CQE's status field without the phase tag (SCT and SC in bits
 *          10:0, as in NVME_SC_*)
 *
 * Return: NVDPA_ERROR_NONE for success, NVDPA_ERROR_UNSUPPORTED for Invalid
 * Command Opcode, NVDPA_ERROR_ABORTED for a command whose submission queue was
 * deleted, NVDPA_ERROR_MEDIA for all of that status code type, NVDPA_ERROR_DEVICE
 * otherwise.
 */
enum nvdpa_error nvdpa_cmd_error(u16 status);

/**
 * nvdpa_cmd_transient() - may the same command end well if it is posted again?
 * @status: the CQE's status field without the phase tag, with its flags
 *
 * Return: false for success, for what the controller says will fail again (DNR),
 * for what lies in the command, and for errors of the medium, which retries in the
 * controller have not helped.
 */
bool nvdpa_cmd_transient(u16 status);

#endif /* NVDPA_PURE_CMD_H */

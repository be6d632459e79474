// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that pass through (NVMe base 2.0, 5; NVM command set 1.0, 3.2). What
 * is not known here does not pass: it may take queues, formats or namespaces
 * away, or write where the range does not say.
 */
#include "allow.h"

/* An Identify structure; also what data a feature has at most. */
#define NVDPA_ALLOW_PAGE_BYTES	4096
/* Identifiers of features, in Dword 10. */
#define NVDPA_ALLOW_FID_MASK	0xff
#define NVDPA_ALLOW_FID_VENDOR	0xc0
/* Upper half of Dword 12: limited retry, FUA, protection information. */
#define NVDPA_ALLOW_RW_CONTROL	0xfc00
/* Dword 11 of Dataset Management: hints to read and write, deallocate. */
#define NVDPA_ALLOW_DSM_BITS	0x7

/*
 * Features that an operator may set. All others, the number of queues first of
 * all, are what this driver or a guest relies on.
 */
static const u8 nvdpa_allow_features[] = {
	NVME_FEAT_POWER_MGMT,
	NVME_FEAT_TEMP_THRESH,
	NVME_FEAT_VOLATILE_WC,
	NVME_FEAT_TIMESTAMP,
	NVME_FEAT_HCTM,
};

static u8 allow_fid(const struct nvme_command *cmd)
{
	return le32_to_cpu(cmd->common.cdw10) & NVDPA_ALLOW_FID_MASK;
}

static int allow_identify(const struct nvme_command *cmd,
			  struct nvdpa_allow *allow)
{
	allow->bytes = NVDPA_ALLOW_PAGE_BYTES;
	return 0;
}

/* The number of dwords, less one, is in two halves. */
static int allow_get_log(const struct nvme_command *cmd,
			 struct nvdpa_allow *allow)
{
	u32 low = le32_to_cpu(cmd->common.cdw10) >> 16;
	u32 high = le32_to_cpu(cmd->common.cdw11) & 0xffff;

	allow->bytes = ((u64)(high << 16 | low) + 1) * sizeof(u32);
	return 0;
}

/* Nobody knows how much data a vendor's feature has. */
static int allow_get_features(const struct nvme_command *cmd,
			      struct nvdpa_allow *allow)
{
	if (allow_fid(cmd) >= NVDPA_ALLOW_FID_VENDOR)
		return -EPERM;
	allow->bytes = NVDPA_ALLOW_PAGE_BYTES;
	return 0;
}

static int allow_set_features(const struct nvme_command *cmd,
			      struct nvdpa_allow *allow)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nvdpa_allow_features); i++) {
		if (nvdpa_allow_features[i] != allow_fid(cmd))
			continue;
		allow->bytes = NVDPA_ALLOW_PAGE_BYTES;
		return 0;
	}
	return -EPERM;
}

static const struct {
	u8 opcode;
	int (*check)(const struct nvme_command *cmd, struct nvdpa_allow *allow);
} nvdpa_allow_admin_cmds[] = {
	{ nvme_admin_get_log_page, allow_get_log },
	{ nvme_admin_identify, allow_identify },
	{ nvme_admin_set_features, allow_set_features },
	{ nvme_admin_get_features, allow_get_features },
};

/* Bits 1:0 of every opcode tell. */
static enum nvdpa_allow_data allow_data(const struct nvme_command *cmd)
{
	switch (cmd->common.opcode & 3) {
	case 1:
		return NVDPA_ALLOW_TO_DEVICE;
	case 2:
		return NVDPA_ALLOW_FROM_DEVICE;
	default:
		return NVDPA_ALLOW_NO_DATA;
	}
}

int nvdpa_allow_admin(const struct nvme_command *cmd,
		      struct nvdpa_allow *allow)
{
	size_t i;

	memset(allow, 0, sizeof(*allow));
	allow->data = allow_data(cmd);
	for (i = 0; i < ARRAY_SIZE(nvdpa_allow_admin_cmds); i++)
		if (nvdpa_allow_admin_cmds[i].opcode == cmd->common.opcode)
			return nvdpa_allow_admin_cmds[i].check(cmd, allow);
	return -EPERM;
}

/* A range of blocks, with @more bits of Dword 12 known. */
static int allow_range(const struct nvme_command *cmd, u16 more,
		       struct nvdpa_allow *allow)
{
	u16 known = NVDPA_ALLOW_RW_CONTROL | more;

	if (le16_to_cpu(cmd->rw.control) & ~known)
		return -EINVAL;
	allow->range.slba = le64_to_cpu(cmd->rw.slba);
	allow->range.nlb = le16_to_cpu(cmd->rw.length) + 1u;
	allow->nr_ranges = 1;
	return 0;
}

static int allow_rw(const struct nvme_command *cmd, u8 lba_shift,
		    struct nvdpa_allow *allow)
{
	int err = allow_range(cmd, 0, allow);

	allow->bytes = allow->range.nlb << lba_shift;
	return err;
}

/* Another bit means all of the namespace in newer versions. */
static int allow_write_zeroes(const struct nvme_command *cmd, u8 lba_shift,
			      struct nvdpa_allow *allow)
{
	return allow_range(cmd, NVME_WZ_DEAC, allow);
}

static int allow_dsm(const struct nvme_command *cmd, u8 lba_shift,
		     struct nvdpa_allow *allow)
{
	u32 nr = le32_to_cpu(cmd->dsm.nr);

	if (nr >= NVDPA_ALLOW_RANGES_MAX ||
	    le32_to_cpu(cmd->dsm.attributes) & ~NVDPA_ALLOW_DSM_BITS)
		return -EINVAL;
	allow->nr_ranges = nr + 1;
	allow->listed = true;
	allow->bytes = allow->nr_ranges * sizeof(struct nvme_dsm_range);
	return 0;
}

static int allow_flush(const struct nvme_command *cmd, u8 lba_shift,
		       struct nvdpa_allow *allow)
{
	return 0;
}

static const struct {
	u8 opcode;
	int (*check)(const struct nvme_command *cmd, u8 lba_shift,
		     struct nvdpa_allow *allow);
} nvdpa_allow_io_cmds[] = {
	{ nvme_cmd_flush, allow_flush },
	{ nvme_cmd_write, allow_rw },
	{ nvme_cmd_read, allow_rw },
	{ nvme_cmd_compare, allow_rw },
	{ nvme_cmd_write_zeroes, allow_write_zeroes },
	{ nvme_cmd_dsm, allow_dsm },
};

static int allow_io(const struct nvme_command *cmd, u8 lba_shift,
		    struct nvdpa_allow *allow)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nvdpa_allow_io_cmds); i++)
		if (nvdpa_allow_io_cmds[i].opcode == cmd->common.opcode)
			return nvdpa_allow_io_cmds[i].check(cmd, lba_shift,
							    allow);
	return -EPERM;
}

int nvdpa_allow_io(const struct nvme_command *cmd, u8 lba_shift,
		   struct nvdpa_allow *allow)
{
	int err;

	memset(allow, 0, sizeof(*allow));
	allow->data = allow_data(cmd);
	err = allow_io(cmd, lba_shift, allow);
	if (!err && (cmd->common.cdw2[0] || cmd->common.cdw2[1]))
		err = -EINVAL;
	return err;
}

void nvdpa_allow_read_list(const struct nvme_dsm_range *list, u32 nr,
			   struct nvdpa_allow_range *ranges)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		ranges[i].slba = le64_to_cpu(list[i].slba);
		ranges[i].nlb = le32_to_cpu(list[i].nlb);
	}
}

/* Nothing is added up, so nothing wraps around. */
static bool allow_common(u64 slba, u64 nlb, u64 other_slba, u64 other_nlb)
{
	if (slba < other_slba)
		return other_slba - slba < nlb && other_nlb;
	return slba - other_slba < other_nlb && nlb;
}

bool nvdpa_allow_overlap(const struct nvdpa_allow_range *ranges, u32 nr,
			 u64 slba, u64 nlb)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (allow_common(ranges[i].slba, ranges[i].nlb, slba, nlb))
			return true;
	return false;
}

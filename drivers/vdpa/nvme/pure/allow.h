/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NVMe commands of somebody else's: which of them may pass through us, how much
 * data they move, and which blocks they touch.
 */
#ifndef NVDPA_PURE_ALLOW_H
#define NVDPA_PURE_ALLOW_H

#include "kdep.h"

/* Ranges that the data of a Dataset Management command holds at most. */
#define NVDPA_ALLOW_RANGES_MAX	256

/**
 * enum nvdpa_allow_data - where the data of a command goes
 * @NVDPA_ALLOW_NO_DATA: there is none
 * @NVDPA_ALLOW_TO_DEVICE: to the controller
 * @NVDPA_ALLOW_FROM_DEVICE: from it
 */
enum nvdpa_allow_data {
	NVDPA_ALLOW_NO_DATA,
	NVDPA_ALLOW_TO_DEVICE,
	NVDPA_ALLOW_FROM_DEVICE,
};

/**
 * struct nvdpa_allow_range - blocks of a namespace
 * @slba: first block, anything
 * @nlb: number of blocks
 */
struct nvdpa_allow_range {
	u64 slba;
	u64 nlb;
};

/**
 * struct nvdpa_allow - what a command does
 * @data: where its data goes
 * @bytes: what the controller moves at most, whatever the caller has room for
 * @nr_ranges: ranges of blocks that it touches
 * @listed: they are in its data, else the only one is @range
 * @range: see @listed
 */
struct nvdpa_allow {
	enum nvdpa_allow_data data;
	u64 bytes;
	u32 nr_ranges;
	bool listed;
	struct nvdpa_allow_range range;
};

/**
 * nvdpa_allow_admin() - may this admin command pass?
 * @cmd: command
 * @allow: written on success
 *
 * What tells something of the controller may, and so may a change of a feature
 * on which nothing of ours rests.
 *
 * Return: 0 or -EPERM.
 */
int nvdpa_allow_admin(const struct nvme_command *cmd,
		      struct nvdpa_allow *allow);

/**
 * nvdpa_allow_io() - may this I/O command pass, if nobody has its blocks?
 * @cmd: command
 * @lba_shift: log2 of the block size of its namespace in bytes
 * @allow: written on success
 *
 * Return: 0; -EPERM when not, whatever its blocks; -EINVAL when it has bits set
 * whose meaning is not known here, for they may reach further than the range.
 */
int nvdpa_allow_io(const struct nvme_command *cmd, u8 lba_shift,
		   struct nvdpa_allow *allow);

/**
 * nvdpa_allow_read_list() - read the ranges of a Dataset Management command
 * @list: its data; nobody changes it meanwhile
 * @nr: number of ranges, at most NVDPA_ALLOW_RANGES_MAX
 * @ranges: room for as many
 */
void nvdpa_allow_read_list(const struct nvme_dsm_range *list, u32 nr,
			   struct nvdpa_allow_range *ranges);

/**
 * nvdpa_allow_overlap() - has a range a block in common with some others?
 * @ranges: ranges, anything
 * @nr: number of @ranges
 * @slba: first block of the range
 * @nlb: number of its blocks
 *
 * Return: true when it has.
 */
bool nvdpa_allow_overlap(const struct nvdpa_allow_range *ranges, u32 nr,
			 u64 slba, u64 nlb);

#endif /* NVDPA_PURE_ALLOW_H */

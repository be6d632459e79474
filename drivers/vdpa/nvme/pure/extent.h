/* SPDX-License-Identifier: GPL-2.0 */
/* A range of a namespace, and the arithmetic from a disk's sectors to LBAs. */
#ifndef NVDPA_PURE_EXTENT_H
#define NVDPA_PURE_EXTENT_H

#include "kdep.h"

/**
 * struct nvdpa_extent - the part of a namespace that a disk stands on
 * @first_lba: first logical block, in the namespace's blocks
 * @nr_lbas: number of logical blocks
 * @boundary_lbas: a command should not cross a multiple of this many blocks of
 *                 the namespace (NOIOB); 0 if there is no such boundary
 * @nsid: namespace identifier
 * @lba_shift: log2 of the block size in bytes, 9 or more
 *
 * @nr_lbas may grow while requests are served: it is one word that is written
 * whole, nvdpa_extent_sectors() reads it whole, and every value that it ever had
 * stays good. The other fields are constant.
 */
struct nvdpa_extent {
	u64 first_lba;
	u64 nr_lbas;
	u32 boundary_lbas;
	u32 nsid;
	u8 lba_shift;
};

static inline u8 nvdpa_extent_sector_shift(const struct nvdpa_extent *ext)
{
	return ext->lba_shift - SECTOR_SHIFT;
}

/**
 * nvdpa_extent_sectors() - size of the disk
 * @ext: the extent
 *
 * Return: sectors of 512 bytes, saturating at U64_MAX.
 */
static inline u64 nvdpa_extent_sectors(const struct nvdpa_extent *ext)
{
	u64 nr_lbas = READ_ONCE(ext->nr_lbas);
	u8 shift = nvdpa_extent_sector_shift(ext);

	if (nr_lbas > U64_MAX >> shift)
		return U64_MAX;
	return nr_lbas << shift;
}

/**
 * nvdpa_extent_lba() - namespace block of a sector of the disk
 * @ext: the extent
 * @sector: sector of 512 bytes, inside the disk and a multiple of the block
 *          (both checked by nvdpa_req_check())
 *
 * Return: logical block of the namespace.
 */
static inline u64 nvdpa_extent_lba(const struct nvdpa_extent *ext, u64 sector)
{
	return ext->first_lba + (sector >> nvdpa_extent_sector_shift(ext));
}

/**
 * nvdpa_extent_lbas() - number of blocks of a number of sectors
 * @ext: the extent
 * @sectors: sectors of 512 bytes, a multiple of the block
 *
 * Return: logical blocks.
 */
static inline u64 nvdpa_extent_lbas(const struct nvdpa_extent *ext, u64 sectors)
{
	return sectors >> nvdpa_extent_sector_shift(ext);
}

/**
 * nvdpa_extent_clip_at() - nvdpa_extent_clip() where there is a boundary
 * @ext: likewise
 * @lba: likewise
 * @bytes: likewise
 *
 * Return: likewise.
 */
u32 nvdpa_extent_clip_at(const struct nvdpa_extent *ext, u64 lba, u32 bytes);

/**
 * nvdpa_extent_clip() - shorten a transfer so that it crosses no boundary
 * @ext: the extent
 * @lba: first logical block of the namespace
 * @bytes: wanted length, a multiple of the block, not 0
 *
 * Return: bytes, a multiple of the block, not 0 and at most @bytes.
 */
static inline u32 nvdpa_extent_clip(const struct nvdpa_extent *ext, u64 lba,
				    u32 bytes)
{
	return ext->boundary_lbas ? nvdpa_extent_clip_at(ext, lba, bytes) :
				    bytes;
}

#endif /* NVDPA_PURE_EXTENT_H */

// SPDX-License-Identifier: GPL-2.0
/* Arithmetic from a disk's sectors to the logical blocks of a namespace. */
#include "extent.h"

static u8 extent_sector_shift(const struct nvdpa_extent *ext)
{
	return ext->lba_shift - SECTOR_SHIFT;
}

u64 nvdpa_extent_sectors(const struct nvdpa_extent *ext)
{
	u64 nr_lbas = READ_ONCE(ext->nr_lbas);
	u8 shift = extent_sector_shift(ext);

	if (nr_lbas > U64_MAX >> shift)
		return U64_MAX;
	return nr_lbas << shift;
}

u64 nvdpa_extent_lbas(const struct nvdpa_extent *ext, u64 sectors)
{
	return sectors >> extent_sector_shift(ext);
}

u64 nvdpa_extent_lba(const struct nvdpa_extent *ext, u64 sector)
{
	return ext->first_lba + (sector >> extent_sector_shift(ext));
}

u32 nvdpa_extent_clip(const struct nvdpa_extent *ext, u64 lba, u32 bytes)
{
	u32 boundary = ext->boundary_lbas;
	u32 past;
	u64 room;

	if (!boundary)
		return bytes;

	/* NOIOB need not be a power of two, but where it is, don't divide. */
	if (is_power_of_2(boundary))
		past = lba & (boundary - 1);
	else
		div_u64_rem(lba, boundary, &past);

	room = (u64)(boundary - past) << ext->lba_shift;
	return min_t(u64, bytes, room);
}

// SPDX-License-Identifier: GPL-2.0
/* Arithmetic from a disk's sectors to the logical blocks of a namespace. */
#include "extent.h"

u32 nvdpa_extent_clip_at(const struct nvdpa_extent *ext, u64 lba, u32 bytes)
{
	u32 boundary = ext->boundary_lbas;
	u32 past;
	u64 room;

	/* NOIOB need not be a power of two, but where it is, don't divide. */
	if (is_power_of_2(boundary))
		past = lba & (boundary - 1);
	else
		div_u64_rem(lba, boundary, &past);

	room = (u64)(boundary - past) << ext->lba_shift;
	return min_t(u64, bytes, room);
}

// SPDX-License-Identifier: GPL-2.0
/* A shift and the position of the highest bit: no loop, no division. */
#include "hist.h"

u32 nvdpa_hist_bucket(u64 ns)
{
	return min_t(u32, fls64(ns >> NVDPA_HIST_SHIFT),
		     NVDPA_HIST_BUCKETS - 1);
}

void nvdpa_hist_add(struct nvdpa_hist *hist, u64 ns)
{
	hist->sum_ns += ns;
	hist->nr[nvdpa_hist_bucket(ns)]++;
}

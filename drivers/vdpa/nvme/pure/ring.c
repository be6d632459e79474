// SPDX-License-Identifier: GPL-2.0
/* How a ring begins; what is done with it is in the header, for it is done often. */
#include "ring.h"

void nvdpa_ring_init(struct nvdpa_ring *ring, const void *desc,
		     const void *avail, void *used, u16 num, u16 idx,
		     bool event_idx)
{
	*ring = (struct nvdpa_ring) {
		.desc = desc,
		.avail = avail,
		.used = used,
		.num = num,
		.last_avail = idx,
		.used_idx = idx,
		.signalled = idx,
		.event_idx = event_idx,
	};
}


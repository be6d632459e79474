/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue of path/ in service: on a simulated drive, with a ring in simulated guest
 * memory.
 */
#ifndef NVDPA_FUZZ_WORLD_H
#define NVDPA_FUZZ_WORLD_H

#include "drive.h"
#include "guest.h"

/* Places in chunk 0, which is plain. */
#define WORLD_AVAIL	0x1000
#define WORLD_USED	0x2000

struct world {
	struct nvdpa_queue *q;
	u32 num;
	u32 slots;
	bool event_idx;
	bool broken;		/* NVDPA_EVENT_BROKEN was told */
	u32 unmapped;		/* NVDPA_EVENT_UNMAPPED was told, times */
	u64 calls;		/* callbacks */
	u64 most_loads;		/* of guest memory in one kick */
};

extern struct world world;

/* Disk and queue as the input says; guest_init() comes before. */
void world_init(u32 num, u16 idx);

void world_start(u16 idx);
void world_kick(void);

/* Until nothing is left that could go on. */
void world_settle(void);

/* Stops what runs; checks that nothing is left over. */
void world_exit(void);

u32 world_load16(u32 off);

#endif /* NVDPA_FUZZ_WORLD_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated NVMe controller behind nvme/qpair.h: it has commands until the harness
 * ends one, reads data pointers as NVMe base 2.0, 4.1 says, and reaches no memory but
 * what the guest gave or the slot has.
 */
#ifndef NVDPA_FUZZ_DRIVE_H
#define NVDPA_FUZZ_DRIVE_H

#include "path/queue.h"

#define DRIVE_BYTES	0x20000u
#define DRIVE_LBAS	(DRIVE_BYTES >> 9)
#define DRIVE_NSID	7u
#define DRIVE_RUNS	4096

/* A piece of memory that a command reaches. */
struct drive_run {
	u64 addr;
	u32 len;
};

struct drive {
	struct nvdpa_qpair *qp;
	struct nvdpa_disk disk;
	u8 data[DRIVE_BYTES];		/* the namespace */
	/* A block's last write, and the last one that power loss does not undo. */
	u32 written[DRIVE_LBAS];
	u32 stable[DRIVE_LBAS];
	u32 clock;
	bool discards;			/* deallocated blocks become 0 */
	bool stuck;			/* ends nothing by itself */
	bool maps_failed;		/* the bus had no room for some data */
	bool turn;			/* whose it is, see shim_step() */
	u32 nr_busy;
	u64 posted;			/* commands, ever */
	u64 since[NVDPA_QPAIR_DEPTH];	/* of that many, one in flight was posted */
	/* Of each head since drive_forget(): the status of the first command that failed. */
	bool failed[NVDPA_QUEUE_NUM_MAX];
	bool failed_opcode[NVDPA_QUEUE_NUM_MAX];
};

extern struct drive drive;

/* Fills the namespace and gives the queue pair @slots slots. */
void drive_init(u32 slots);
void drive_forget(u16 head);

/* The memory that a data pointer names; the list must be at @list, @list_dma on the bus. */
u32 drive_view(const struct nvme_command *cmd, u32 bytes, const void *list,
	       u64 list_dma, enum nvdpa_sgl_support sgl, struct drive_run *runs);

/* Ends the @nth command in flight with a status, of which SC and SCT are looked at. */
void drive_end(u32 nth, u16 status);

/* Ends some at once, as the input says. */
void drive_end_some(void);

#endif /* NVDPA_FUZZ_DRIVE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must come of a request: by ref.c, from a model of the disk, and from what the
 * simulated drive was told to do.
 */
#ifndef NVDPA_FUZZ_MODEL_H
#define NVDPA_FUZZ_MODEL_H

#include "ref.h"
#include "world.h"

#define HEADS		32
#define NO_STATUS	254

struct request {
	bool busy;
	bool unsure;		/* it may also end with an error, by a reset */
	bool started;		/* commands of it may have been posted */
	u8 expect;		/* status, or NO_STATUS */
	u32 nr_descs;
	u16 descs[HEADS];
	struct ref_req ref;
	u32 nr_ranges;
	struct {
		u64 sector;
		u64 sectors;
	} range[NVDPA_REQ_RANGES];
	u32 acked[DRIVE_LBAS];	/* of a flush: what must be stable */
};

/* The disk as it must be, and the last write of each block that was answered. */
struct model {
	u8 data[DRIVE_BYTES];
	u32 acked[DRIVE_LBAS];
};

extern struct model model;

static inline u32 lba_bytes(void)
{
	return drive.disk.lim.lba_bytes;
}

static inline u64 capacity(void)
{
	return drive.disk.extent.nr_lbas * (lba_bytes() / 512);
}

static inline bool is_write(const struct ref_req *ref)
{
	return ref->type == VIRTIO_BLK_T_OUT;
}

static inline bool is_read(const struct ref_req *ref)
{
	return ref->type == VIRTIO_BLK_T_IN;
}

static inline bool cross(u64 a, u64 a_len, u64 b, u64 b_len)
{
	return (u128)a < (u128)b + b_len && (u128)b < (u128)a + a_len;
}

/* The disk is as the drive has it now. */
void model_init(void);

/* Fills in what is expected of a request that was parsed into @rq->ref. */
void model_expect(struct request *rq);

/* Does the queue stop for it? */
bool model_breaks(const struct ref_req *ref);

/* Do two requests touch the same bytes, so that no outcome can be told? Or one of its
 * own twice, if they are the same.
 */
bool model_clash(const struct request *a, const struct request *b);

/* It has ended with this status: was that right, and what it did? */
void model_check(const struct request *rq, u16 head, u8 status);

#endif /* NVDPA_FUZZ_MODEL_H */

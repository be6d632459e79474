/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What virtio 1.2 and Documentation/data-path.rst say about a request, written down
 * without a look at the driver: slow, plain, in numbers that do not wrap.
 */
#ifndef NVDPA_FUZZ_REF_H
#define NVDPA_FUZZ_REF_H

#include "fuzz.h"
#include "memtable.h"
#include "req.h"

typedef unsigned __int128 u128;

#define REF_DESCS	256

struct ref_piece {
	u64 addr;
	u32 len;
};

/* A request; pieces of data in order, empty ones left out. */
struct ref_req {
	enum nvdpa_req_verdict verdict;
	bool has_status;
	u64 status_addr;
	u32 descs;
	u32 type;
	u64 sector;
	u64 data_bytes;
	u32 nr;
	struct ref_piece piece[REF_DESCS];
};

/* Reads by guest_see(): guest_copy() comes before. The table of descriptors of a ring
 * of @num is at the guest address @table.
 */
void ref_parse(struct ref_req *ref, u64 table, u32 num, u32 head);

/* VIRTIO_BLK_S_* of a request that was parsed well; 255: it is a list of ranges, each
 * of which is still to be asked about.
 */
u8 ref_check(const struct ref_req *ref, u64 capacity_sectors,
	     const struct nvdpa_req_limits *lim);

/* The same of a range; sets what remains of it, in sectors. */
u8 ref_range(u32 type, u64 sector, u32 nr_sectors, u32 flags,
	     u64 capacity_sectors, const struct nvdpa_req_limits *lim,
	     u64 *first, u64 *sectors);

/* Guest address of a byte of the data. */
u64 ref_data(const struct ref_req *ref, u64 i);

#endif /* NVDPA_FUZZ_REF_H */

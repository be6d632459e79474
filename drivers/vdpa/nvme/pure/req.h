/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio-blk request (virtio 1.2, 5.2.6) out of a descriptor chain. Every
 * decision whether a request is legal is made here.
 */
#ifndef NVDPA_PURE_REQ_H
#define NVDPA_PURE_REQ_H

#include "kdep.h"

struct nvdpa_memtable;
struct nvdpa_ring;

/* Data segments that we tell the driver it may use (seg_max). */
#define NVDPA_SEG_MAX	126
/*
 * Segments that we hold: the data, a header in 16 pieces of one byte, and data
 * that shares its descriptor with header or status.
 */
#define NVDPA_REQ_SEGS	(NVDPA_SEG_MAX + 16 + 2)
/*
 * Descriptors walked for one chain, empty ones included. Independent of the
 * ring's size: an indirect table may be longer than the ring.
 */
#define NVDPA_CHAIN_MAX	256

enum nvdpa_op {
	NVDPA_OP_READ,
	NVDPA_OP_WRITE,
	NVDPA_OP_FLUSH,
	NVDPA_OP_GET_ID,
	NVDPA_OP_UNKNOWN,
};

/**
 * struct nvdpa_seg - a piece of guest memory
 * @addr: guest address
 * @len: bytes, never 0
 */
struct nvdpa_seg {
	u64 addr;
	u32 len;
};

/**
 * struct nvdpa_req - one request, taken apart and in CPU byte order
 * @op: what to do
 * @sector: first sector of 512 bytes
 * @data_bytes: length of the data
 * @status_addr: guest address of the status byte; valid if @has_status
 * @has_status: the chain ends in a device-writable byte
 * @descs: descriptors walked, for the caller's budget
 * @first: index in @segs of the first data segment
 * @nsegs: number of data segments
 * @segs: pieces of guest memory; only [@first, @first + @nsegs) have a meaning
 */
struct nvdpa_req {
	enum nvdpa_op op;
	u64 sector;
	u64 data_bytes;
	u64 status_addr;
	bool has_status;
	u16 descs;
	u16 first;
	u16 nsegs;
	struct nvdpa_seg segs[NVDPA_REQ_SEGS];
};

/**
 * enum nvdpa_req_verdict - what a chain is worth
 * @NVDPA_REQ_OK: a request; nvdpa_req_check() comes next
 * @NVDPA_REQ_REFUSED: malformed; complete with VIRTIO_BLK_S_IOERR in the status
 *                     byte if @has_status, else with a used length of 0
 * @NVDPA_REQ_BROKEN: the ring itself is wrong (loop, index out of range): the
 *                    virtqueue must stop with NEEDS_RESET
 * @NVDPA_REQ_UNMAPPED: the indirect table lies outside the memory that the
 *                      device was given, so there is not even a status byte:
 *                      must stop with NEEDS_RESET, or the driver would take a
 *                      stale status for success
 */
enum nvdpa_req_verdict {
	NVDPA_REQ_OK,
	NVDPA_REQ_REFUSED,
	NVDPA_REQ_BROKEN,
	NVDPA_REQ_UNMAPPED,
};

/**
 * nvdpa_req_take() - walk a chain and take the request apart
 * @req: written; on NVDPA_REQ_REFUSED @has_status and @status_addr are valid
 * @ring: the ring, for its descriptor table and size
 * @head: first descriptor, below the ring's size
 * @mem: the guest's memory, for the indirect table and the header
 * @hint: as in nvdpa_memtable_find()
 *
 * Layout is free (virtio 1.2, 2.7.4): the header may be split or share a
 * descriptor with data, data and status may share one, descriptors may be
 * empty. Readable descriptors come before writable ones (2.7.4.2). The status
 * is the last writable byte. Each byte is read once.
 *
 * Context: any, bounded by NVDPA_CHAIN_MAX descriptors.
 */
enum nvdpa_req_verdict
nvdpa_req_take(struct nvdpa_req *req, const struct nvdpa_ring *ring, u16 head,
	       const struct nvdpa_memtable *mem, u32 *hint);

/**
 * nvdpa_req_writes() - would the request change the disk?
 * @req: a request that nvdpa_req_take() called OK
 *
 * A disk that is read-only refuses such a request with VIRTIO_BLK_S_IOERR,
 * whatever the driver negotiated (virtio 1.2, 5.2.6.2).
 */
bool nvdpa_req_writes(const struct nvdpa_req *req);

/**
 * nvdpa_req_check() - is the request one that this disk can do?
 * @req: a request that nvdpa_req_take() called OK
 * @capacity_sectors: size of the disk in sectors of 512 bytes
 * @lba_bytes: logical block size of the namespace, a power of two, 512 or more
 *
 * Return: VIRTIO_BLK_S_OK, or the status that refuses it: VIRTIO_BLK_S_UNSUPP
 * for a type that we don't know (5.2.6.2), VIRTIO_BLK_S_IOERR for a range
 * outside the disk, or a length or sector that is no multiple of the block.
 */
u8 nvdpa_req_check(const struct nvdpa_req *req, u64 capacity_sectors,
		   u32 lba_bytes);

#endif /* NVDPA_PURE_REQ_H */

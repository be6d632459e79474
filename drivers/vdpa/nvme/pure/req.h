/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio-blk request (virtio 1.2, 5.2.6) out of a descriptor chain. Every
 * decision whether a request is legal is made here.
 */
#ifndef NVDPA_PURE_REQ_H
#define NVDPA_PURE_REQ_H

#include "error.h"
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
/* Ranges of one discard that we hold, and tell the driver (max_discard_seg). */
#define NVDPA_REQ_RANGES	64

enum nvdpa_op {
	NVDPA_OP_READ,
	NVDPA_OP_WRITE,
	NVDPA_OP_DISCARD,
	NVDPA_OP_WRITE_ZEROES,
	NVDPA_OP_FLUSH,
	NVDPA_OP_GET_ID,
	NVDPA_OP_UNKNOWN,
};

/**
 * nvdpa_op_is_rw() - is its data what is on the disk?
 * @op: operation
 */
static inline bool nvdpa_op_is_rw(enum nvdpa_op op)
{
	return op == NVDPA_OP_READ || op == NVDPA_OP_WRITE;
}

/**
 * nvdpa_op_has_ranges() - is its data a list of ranges?
 * @op: operation
 */
static inline bool nvdpa_op_has_ranges(enum nvdpa_op op)
{
	return op == NVDPA_OP_DISCARD || op == NVDPA_OP_WRITE_ZEROES;
}

/**
 * nvdpa_op_modifies() - does it change what is on the disk?
 * @op: operation
 *
 * Its data comes from the guest then.
 */
static inline bool nvdpa_op_modifies(enum nvdpa_op op)
{
	return op == NVDPA_OP_WRITE || nvdpa_op_has_ranges(op);
}

/**
 * struct nvdpa_range_limits - what a request with ranges may ask for
 * @max_sectors: longest range in sectors of 512 bytes, a multiple of the
 *               block; 0: there are no such requests
 * @max_ranges: ranges of one request, 1 to NVDPA_REQ_RANGES
 */
struct nvdpa_range_limits {
	u32 max_sectors;
	u32 max_ranges;
};

/**
 * struct nvdpa_req_limits - what a disk does; made by nvdpa_offer_limits()
 * @lba_bytes: logical block size of the namespace, a power of two, 512 or more
 * @read_only: nothing may change what is on the disk
 * @zeroes_unmap: blocks of a write zeroes that allows it may be deallocated, for
 *                they read as zeroes then, too
 * @discard: limits of a discard
 * @zeroes: limits of a write zeroes
 * @discard_align_sectors: what ranges of a discard should begin and end at; a
 *                         hint for the driver
 * @zeroes_lbas: blocks of one Write Zeroes command, 1 to 65536
 */
struct nvdpa_req_limits {
	u32 lba_bytes;
	bool read_only;
	bool zeroes_unmap;
	struct nvdpa_range_limits discard;
	struct nvdpa_range_limits zeroes;
	u32 discard_align_sectors;
	u32 zeroes_lbas;
};

/**
 * struct nvdpa_range - a range of a discard or write zeroes, in whole blocks
 * @sector: first sector of 512 bytes
 * @sectors: number of sectors; 0: no whole block
 * @unmap: the blocks may be deallocated; of a write zeroes
 */
struct nvdpa_range {
	u64 sector;
	u32 sectors;
	bool unmap;
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
 * @NVDPA_REQ_NO_HEADER: the header lies outside the memory that the device was
 *                       given, but the status byte is known
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
	NVDPA_REQ_NO_HEADER,
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
 * nvdpa_req_check_other() - the part of nvdpa_req_check() for what moves no data
 * @req: likewise
 * @lim: likewise
 *
 * Return: likewise.
 */
enum nvdpa_error nvdpa_req_check_other(const struct nvdpa_req *req,
				       const struct nvdpa_req_limits *lim);

/**
 * nvdpa_req_check() - is the request one that this disk can do?
 * @req: a request that nvdpa_req_take() called OK
 * @capacity_sectors: size of the disk in sectors of 512 bytes
 * @lim: what the disk does
 *
 * The ranges of a discard or write zeroes are yet to be checked one by one, by
 * nvdpa_req_range(); a multiple of a range's size is there, and not too much.
 *
 * Return: NVDPA_ERROR_NONE; NVDPA_ERROR_UNSUPPORTED for a type that we don't know
 * or don't do (5.2.6.2); NVDPA_ERROR_REFUSED for a change of a read-only disk, a
 * range outside the disk, a length or sector that is no multiple of the block, a
 * list of ranges of a bad length.
 */
static inline enum nvdpa_error
nvdpa_req_check(const struct nvdpa_req *req, u64 capacity_sectors,
		const struct nvdpa_req_limits *lim)
{
	u64 sectors = req->data_bytes >> SECTOR_SHIFT;
	u32 lba_bytes = lim->lba_bytes;
	u32 lba_sectors = lba_bytes >> SECTOR_SHIFT;

	if (unlikely(lim->read_only) && nvdpa_op_modifies(req->op))
		return NVDPA_ERROR_REFUSED;
	if (unlikely(!nvdpa_op_is_rw(req->op)))
		return nvdpa_req_check_other(req, lim);

	if (req->data_bytes & (lba_bytes - 1) ||
	    req->sector & (lba_sectors - 1))
		return NVDPA_ERROR_REFUSED;
	/* Nothing is added up: sector and length are the guest's. */
	if (req->sector >= capacity_sectors ||
	    sectors > capacity_sectors - req->sector)
		return NVDPA_ERROR_REFUSED;
	return NVDPA_ERROR_NONE;
}

/**
 * nvdpa_req_range() - take a range of a discard or write zeroes
 * @op: which of them, of a request that nvdpa_req_check() called OK
 * @raw: the range, copied from the guest
 * @capacity_sectors: size of the disk in sectors of 512 bytes
 * @lim: what the disk does
 * @range: written on NVDPA_ERROR_NONE; inside the disk
 *
 * A discard is advice, so a range of it is cut down to whole blocks.
 *
 * Return: NVDPA_ERROR_NONE; NVDPA_ERROR_UNSUPPORTED for a flag that we don't know,
 * and for unmap in a discard (5.2.6.2); NVDPA_ERROR_REFUSED for a range that is
 * empty, longer than @lim says, outside the disk, or for write zeroes not of whole
 * blocks.
 */
enum nvdpa_error
nvdpa_req_range(enum nvdpa_op op,
		const struct virtio_blk_discard_write_zeroes *raw,
		u64 capacity_sectors, const struct nvdpa_req_limits *lim,
		struct nvdpa_range *range);

#endif /* NVDPA_PURE_REQ_H */

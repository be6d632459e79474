// SPDX-License-Identifier: GPL-2.0
/*
 * virtio-blk requests (virtio 1.2, 5.2.6): walk the chain, copy the header,
 * cut off the status byte; what is left is the data.
 */
#include "memtable.h"
#include "req.h"
#include "ring.h"

/**
 * struct req_chain - what the walk over a chain has found so far
 * @req: takes the segments, the status byte and the number of descriptors
 * @mem: the guest's memory
 * @hint: for lookups in @mem
 * @read_bytes: bytes in readable segments
 * @write_bytes: bytes in writable segments
 * @nr: segments
 * @refused: malformed; walked on only to find the status byte
 */
struct req_chain {
	struct nvdpa_req *req;
	const struct nvdpa_memtable *mem;
	u32 *hint;
	u64 read_bytes;
	u64 write_bytes;
	u16 nr;
	bool refused;
};

/*
 * A buffer that ends at 2^64 is legal, one that wraps is not. The last
 * writable byte seen so far is the status byte if the chain ends here.
 */
static void chain_add(struct req_chain *chain, const struct nvdpa_desc *desc)
{
	bool write = desc->flags & VRING_DESC_F_WRITE;
	struct nvdpa_req *req = chain->req;
	bool wraps;
	u64 last;

	if (!desc->len)
		return;

	wraps = check_add_overflow(desc->addr, (u64)desc->len - 1, &last);
	if (write) {
		req->has_status = !wraps;
		req->status_addr = last;
	}

	/* Readable after writable: 2.7.4.2. */
	if (wraps || (!write && chain->write_bytes) ||
	    chain->nr == NVDPA_REQ_SEGS) {
		chain->refused = true;
		return;
	}

	req->segs[chain->nr].addr = desc->addr;
	req->segs[chain->nr].len = desc->len;
	chain->nr++;
	if (write)
		chain->write_bytes += desc->len;
	else
		chain->read_bytes += desc->len;
}

static int chain_read_desc(struct req_chain *chain, u64 addr,
			   struct nvdpa_desc *out)
{
	struct vring_desc desc;
	int err;

	err = nvdpa_memtable_read(chain->mem, chain->hint, addr, &desc,
				  sizeof(desc));
	if (err)
		return err;
	nvdpa_ring_desc(&desc, out);
	return 0;
}

/*
 * 2.7.5.3. The write flag of the descriptor that refers to the table means
 * nothing. A table may be longer than the ring, but each entry is used once.
 */
static enum nvdpa_req_verdict
chain_walk_indirect(struct req_chain *chain, const struct nvdpa_desc *table)
{
	u32 nr = table->len / sizeof(struct vring_desc);
	struct nvdpa_desc desc;
	u64 addr = table->addr;
	u64 last;
	u32 left;

	if (!nr || table->len % sizeof(struct vring_desc))
		return NVDPA_REQ_REFUSED;
	if (check_add_overflow(addr, (u64)table->len - 1, &last))
		return NVDPA_REQ_UNMAPPED;

	left = min_t(u32, nr, NVDPA_CHAIN_MAX - chain->req->descs);
	for (; left; left--) {
		if (chain_read_desc(chain, addr, &desc))
			return NVDPA_REQ_UNMAPPED;
		chain->req->descs++;

		if (desc.flags & VRING_DESC_F_INDIRECT)
			return NVDPA_REQ_REFUSED;
		chain_add(chain, &desc);
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return NVDPA_REQ_OK;

		if (desc.next >= nr)
			return NVDPA_REQ_REFUSED;
		addr = table->addr + array_index_nospec(desc.next, nr) *
				     sizeof(struct vring_desc);
	}
	return NVDPA_REQ_REFUSED;
}

/*
 * An indirect table may follow direct descriptors, as the end of the chain
 * (2.7.5.3.2); nothing follows the table (2.7.5.3.1).
 */
static enum nvdpa_req_verdict
chain_walk(struct req_chain *chain, const struct nvdpa_ring *ring, u16 index)
{
	struct nvdpa_req *req = chain->req;
	struct nvdpa_desc desc;

	for (;;) {
		if (req->descs == ring->num)
			return NVDPA_REQ_BROKEN;
		if (req->descs == NVDPA_CHAIN_MAX)
			return NVDPA_REQ_REFUSED;
		nvdpa_ring_desc(&ring->desc[index], &desc);
		req->descs++;

		if (desc.flags & VRING_DESC_F_INDIRECT) {
			if (desc.flags & VRING_DESC_F_NEXT)
				return NVDPA_REQ_REFUSED;
			return chain_walk_indirect(chain, &desc);
		}
		chain_add(chain, &desc);
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return NVDPA_REQ_OK;

		if (desc.next >= ring->num)
			return NVDPA_REQ_BROKEN;
		index = array_index_nospec(desc.next, ring->num);
	}
}

/* Copy the header off the front; what is behind it becomes the first. */
static int chain_take_header(struct req_chain *chain,
			     struct virtio_blk_outhdr *hdr)
{
	struct nvdpa_req *req = chain->req;
	size_t done = 0;
	int err;

	while (done < sizeof(*hdr)) {
		struct nvdpa_seg *seg = &req->segs[req->first];
		u32 n = min_t(size_t, seg->len, sizeof(*hdr) - done);

		err = nvdpa_memtable_read(chain->mem, chain->hint, seg->addr,
					  (u8 *)hdr + done, n);
		if (err)
			return err;
		done += n;
		seg->addr += n;
		seg->len -= n;
		if (!seg->len)
			req->first++;
	}
	chain->read_bytes -= sizeof(*hdr);
	return 0;
}

/* Cut the last byte off the back; its address is in the request already. */
static void chain_drop_status(struct req_chain *chain)
{
	struct nvdpa_seg *seg = &chain->req->segs[chain->nr - 1];

	seg->len--;
	if (!seg->len)
		chain->nr--;
	chain->write_bytes--;
}

static enum nvdpa_op req_op(u32 type)
{
	switch (type) {
	case VIRTIO_BLK_T_IN:
		return NVDPA_OP_READ;
	case VIRTIO_BLK_T_OUT:
		return NVDPA_OP_WRITE;
	case VIRTIO_BLK_T_DISCARD:
		return NVDPA_OP_DISCARD;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return NVDPA_OP_WRITE_ZEROES;
	case VIRTIO_BLK_T_FLUSH:
		return NVDPA_OP_FLUSH;
	case VIRTIO_BLK_T_GET_ID:
		return NVDPA_OP_GET_ID;
	default:
		return NVDPA_OP_UNKNOWN;
	}
}

/* What is left between header and status is data, of one direction only. */
static enum nvdpa_req_verdict chain_take_data(struct req_chain *chain)
{
	struct nvdpa_req *req = chain->req;

	switch (req->op) {
	case NVDPA_OP_READ:
	case NVDPA_OP_GET_ID:
		if (chain->read_bytes)
			return NVDPA_REQ_REFUSED;
		break;
	case NVDPA_OP_WRITE:
	case NVDPA_OP_DISCARD:
	case NVDPA_OP_WRITE_ZEROES:
		if (chain->write_bytes)
			return NVDPA_REQ_REFUSED;
		break;
	default:
		return NVDPA_REQ_OK;
	}

	req->nsegs = chain->nr - req->first;
	req->data_bytes = chain->read_bytes + chain->write_bytes;
	return NVDPA_REQ_OK;
}

enum nvdpa_req_verdict
nvdpa_req_take(struct nvdpa_req *req, const struct nvdpa_ring *ring, u16 head,
	       const struct nvdpa_memtable *mem, u32 *hint)
{
	struct req_chain chain = { .req = req, .mem = mem, .hint = hint };
	struct virtio_blk_outhdr hdr;
	enum nvdpa_req_verdict verdict;

	req->op = NVDPA_OP_UNKNOWN;
	req->sector = 0;
	req->data_bytes = 0;
	req->status_addr = 0;
	req->has_status = false;
	req->descs = 0;
	req->first = 0;
	req->nsegs = 0;

	verdict = chain_walk(&chain, ring, head);
	if (unlikely(verdict != NVDPA_REQ_OK)) {
		/* The end was not seen, so no byte is known to be the last. */
		req->has_status = false;
		return verdict;
	}

	if (unlikely(chain.refused || chain.read_bytes < sizeof(hdr) ||
		     !chain.write_bytes))
		return NVDPA_REQ_REFUSED;
	if (unlikely(chain_take_header(&chain, &hdr)))
		return NVDPA_REQ_NO_HEADER;
	chain_drop_status(&chain);

	/* Little-endian under VIRTIO_F_VERSION_1, like the ring. */
	req->op = req_op(le32_to_cpu((__force __le32)hdr.type));
	req->sector = le64_to_cpu((__force __le64)hdr.sector);
	return chain_take_data(&chain);
}

static const struct nvdpa_range_limits *
req_range_limits(enum nvdpa_op op, const struct nvdpa_req_limits *lim)
{
	return op == NVDPA_OP_DISCARD ? &lim->discard : &lim->zeroes;
}

static enum nvdpa_error req_check_ranges(const struct nvdpa_req *req,
					 const struct nvdpa_range_limits *lim)
{
	size_t bytes = sizeof(struct virtio_blk_discard_write_zeroes);

	if (!lim->max_sectors)
		return NVDPA_ERROR_UNSUPPORTED;
	if (!req->data_bytes || req->data_bytes & (bytes - 1) ||
	    req->data_bytes > lim->max_ranges * bytes)
		return NVDPA_ERROR_REFUSED;
	return NVDPA_ERROR_NONE;
}

static enum nvdpa_error req_check_other(const struct nvdpa_req *req,
					const struct nvdpa_req_limits *lim)
{
	switch (req->op) {
	case NVDPA_OP_DISCARD:
	case NVDPA_OP_WRITE_ZEROES:
		return req_check_ranges(req, req_range_limits(req->op, lim));
	case NVDPA_OP_FLUSH:
	case NVDPA_OP_GET_ID:
		return NVDPA_ERROR_NONE;
	default:
		return NVDPA_ERROR_UNSUPPORTED;
	}
}

enum nvdpa_error nvdpa_req_check(const struct nvdpa_req *req,
				 u64 capacity_sectors,
				 const struct nvdpa_req_limits *lim)
{
	u64 sectors = req->data_bytes >> SECTOR_SHIFT;
	u32 lba_bytes = lim->lba_bytes;
	u32 lba_sectors = lba_bytes >> SECTOR_SHIFT;

	if (unlikely(lim->read_only) && nvdpa_op_modifies(req->op))
		return NVDPA_ERROR_REFUSED;
	if (unlikely(!nvdpa_op_is_rw(req->op)))
		return req_check_other(req, lim);

	if (req->data_bytes & (lba_bytes - 1) ||
	    req->sector & (lba_sectors - 1))
		return NVDPA_ERROR_REFUSED;
	/* Nothing is added up: sector and length are the guest's. */
	if (req->sector >= capacity_sectors ||
	    sectors > capacity_sectors - req->sector)
		return NVDPA_ERROR_REFUSED;
	return NVDPA_ERROR_NONE;
}

/* Whole blocks only. Nothing is rounded up: the sum could wrap. */
static void range_shrink(struct nvdpa_range *range, u32 lba_sectors)
{
	u32 head = -(u32)range->sector & (lba_sectors - 1);

	if (head > range->sectors)
		head = range->sectors;
	range->sector += head;
	range->sectors = round_down(range->sectors - head, lba_sectors);
}

enum nvdpa_error
nvdpa_req_range(enum nvdpa_op op,
		const struct virtio_blk_discard_write_zeroes *raw,
		u64 capacity_sectors, const struct nvdpa_req_limits *lim,
		struct nvdpa_range *range)
{
	bool zeroes = op == NVDPA_OP_WRITE_ZEROES;
	u32 known = zeroes ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;
	u32 lba_sectors = lim->lba_bytes >> SECTOR_SHIFT;
	u32 flags = le32_to_cpu(raw->flags);

	range->sector = le64_to_cpu(raw->sector);
	range->sectors = le32_to_cpu(raw->num_sectors);
	range->unmap = flags && lim->zeroes_unmap;

	if (flags & ~known)
		return NVDPA_ERROR_UNSUPPORTED;
	if (!range->sectors ||
	    range->sectors > req_range_limits(op, lim)->max_sectors)
		return NVDPA_ERROR_REFUSED;
	if (range->sector >= capacity_sectors ||
	    range->sectors > capacity_sectors - range->sector)
		return NVDPA_ERROR_REFUSED;
	if (!zeroes)
		range_shrink(range, lba_sectors);
	else if ((range->sector | range->sectors) & (lba_sectors - 1))
		return NVDPA_ERROR_REFUSED;
	return NVDPA_ERROR_NONE;
}

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
 * @mem: the guest's memory
 * @hint: for lookups in @mem
 * @read_bytes: bytes in readable segments
 * @write_bytes: bytes in writable segments
 * @status_addr: the last writable byte, if @has_status
 * @has_status: there is one
 * @refused: malformed; walked on only to find the status byte
 * @nr: segments
 * @descs: descriptors
 */
struct req_chain {
	const struct nvdpa_memtable *mem;
	u32 *hint;
	u64 read_bytes;
	u64 write_bytes;
	u64 status_addr;
	bool has_status;
	bool refused;
	u32 nr;
	u32 descs;
};

/*
 * A buffer that ends at 2^64 is legal, one that wraps is not. The last
 * writable byte seen so far is the status byte if the chain ends here.
 */
static void chain_add(struct req_chain *chain, struct nvdpa_seg *segs,
		      const struct nvdpa_desc *desc)
{
	bool write = desc->flags & VRING_DESC_F_WRITE;
	bool wraps;
	u64 last;

	if (!desc->len)
		return;

	wraps = check_add_overflow(desc->addr, (u64)desc->len - 1, &last);
	if (write) {
		chain->has_status = !wraps;
		chain->status_addr = last;
	}

	/* Readable after writable: 2.7.4.2. */
	if (wraps || (!write && chain->write_bytes) ||
	    chain->nr == NVDPA_REQ_SEGS) {
		chain->refused = true;
		return;
	}

	segs[chain->nr].addr = desc->addr;
	segs[chain->nr].len = desc->len;
	chain->nr++;
	if (write)
		chain->write_bytes += desc->len;
	else
		chain->read_bytes += desc->len;
}

/* Entry @index of a table that may lie in several pieces; each is read once. */
static int chain_read_desc(struct req_chain *chain,
			   const struct nvdpa_desc *table, u32 index,
			   struct nvdpa_desc *out)
{
	struct vring_desc desc;
	int err;

	err = nvdpa_memtable_read(chain->mem, chain->hint,
				  table->addr + index * sizeof(desc), &desc,
				  sizeof(desc));
	if (err)
		return err;
	nvdpa_ring_desc(&desc, out);
	return 0;
}

/*
 * 2.7.5.3. The write flag of the descriptor that refers to the table means
 * nothing. A table may be longer than the ring, but each entry is used once.
 * What was read of the table already comes as @copy.
 */
static enum nvdpa_req_verdict
chain_walk_indirect(struct req_chain *chain, struct nvdpa_seg *segs,
		    const struct nvdpa_desc *table,
		    const struct vring_desc *copy)
{
	u32 nr = table->len / sizeof(struct vring_desc);
	struct nvdpa_desc desc;
	u32 index = 0, left;
	u64 last;

	if (!nr || table->len % sizeof(struct vring_desc))
		return NVDPA_REQ_REFUSED;
	if (check_add_overflow(table->addr, (u64)table->len - 1, &last))
		return NVDPA_REQ_UNMAPPED;

	left = min_t(u32, nr, NVDPA_CHAIN_MAX - chain->descs);
	for (; left; left--) {
		if (copy)
			nvdpa_ring_desc(&copy[index], &desc);
		else if (chain_read_desc(chain, table, index, &desc))
			return NVDPA_REQ_UNMAPPED;
		chain->descs++;

		if (desc.flags & VRING_DESC_F_INDIRECT)
			return NVDPA_REQ_REFUSED;
		chain_add(chain, segs, &desc);
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return NVDPA_REQ_OK;

		if (desc.next >= nr)
			return NVDPA_REQ_REFUSED;
		index = array_index_nospec(desc.next, nr);
	}
	return NVDPA_REQ_REFUSED;
}

/*
 * An indirect table may follow direct descriptors, as the end of the chain
 * (2.7.5.3.2); nothing follows the table (2.7.5.3.1).
 */
static enum nvdpa_req_verdict
chain_walk(struct req_chain *chain, struct nvdpa_seg *segs,
	   const struct nvdpa_ring *ring, struct nvdpa_desc desc,
	   const struct vring_desc *copy)
{
	u16 index;

	for (;;) {
		chain->descs++;
		if (desc.flags & VRING_DESC_F_INDIRECT) {
			if (desc.flags & VRING_DESC_F_NEXT)
				return NVDPA_REQ_REFUSED;
			return chain_walk_indirect(chain, segs, &desc, copy);
		}
		chain_add(chain, segs, &desc);
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return NVDPA_REQ_OK;

		if (desc.next >= ring->num || chain->descs == ring->num)
			return NVDPA_REQ_BROKEN;
		if (chain->descs == NVDPA_CHAIN_MAX)
			return NVDPA_REQ_REFUSED;
		index = array_index_nospec(desc.next, ring->num);
		nvdpa_ring_desc(&ring->desc[index], &desc);
	}
}

/* Copy the header off the front; what is behind it becomes the first. */
static int chain_take_header(struct req_chain *chain, struct nvdpa_req *req,
			     struct virtio_blk_outhdr *hdr)
{
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

/* Cut the last byte off the back; its address is known already. */
static void chain_drop_status(struct req_chain *chain, struct nvdpa_seg *segs)
{
	struct nvdpa_seg *seg = &segs[chain->nr - 1];

	seg->len--;
	if (!seg->len)
		chain->nr--;
	chain->write_bytes--;
}

static enum nvdpa_op req_op(u32 type)
{
	switch (type) {
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

/*
 * The header says what it is. What is left between that and the status byte is
 * data, of one direction only.
 */
static __always_inline enum nvdpa_req_verdict
req_decide(struct nvdpa_req *req, const struct virtio_blk_outhdr *hdr,
	   u64 read_bytes, u64 write_bytes, u32 nsegs)
{
	/* Little-endian under VIRTIO_F_VERSION_1, like the ring. */
	u32 type = le32_to_cpu((__force __le32)hdr->type);

	req->sector = le64_to_cpu((__force __le64)hdr->sector);
	if (likely(type == VIRTIO_BLK_T_IN))
		req->op = NVDPA_OP_READ;
	else if (likely(type == VIRTIO_BLK_T_OUT))
		req->op = NVDPA_OP_WRITE;
	else
		req->op = req_op(type);

	switch (req->op) {
	case NVDPA_OP_READ:
	case NVDPA_OP_GET_ID:
		if (unlikely(read_bytes))
			return NVDPA_REQ_REFUSED;
		break;
	case NVDPA_OP_WRITE:
	case NVDPA_OP_DISCARD:
	case NVDPA_OP_WRITE_ZEROES:
		if (unlikely(write_bytes))
			return NVDPA_REQ_REFUSED;
		break;
	default:
		return NVDPA_REQ_OK;
	}

	req->nsegs = nsegs;
	req->data_bytes = read_bytes + write_bytes;
	return NVDPA_REQ_OK;
}

/* Any request. Its first descriptor was read; so was its table if @copy is there. */
static noinline enum nvdpa_req_verdict
req_take_any(struct nvdpa_req *req, const struct nvdpa_ring *ring,
	     const struct nvdpa_desc *first, const struct vring_desc *copy,
	     const struct nvdpa_memtable *mem, u32 *hint)
{
	struct req_chain chain = { .mem = mem, .hint = hint };
	struct virtio_blk_outhdr hdr;
	enum nvdpa_req_verdict verdict;

	verdict = chain_walk(&chain, req->segs, ring, *first, copy);
	req->status_addr = chain.status_addr;
	/* If the end was not seen, no byte is known to be the last. */
	req->has_status = chain.has_status && verdict == NVDPA_REQ_OK;
	req->descs = chain.descs;
	if (verdict != NVDPA_REQ_OK)
		return verdict;

	if (chain.refused || chain.read_bytes < sizeof(hdr) ||
	    !chain.write_bytes)
		return NVDPA_REQ_REFUSED;
	if (chain_take_header(&chain, req, &hdr))
		return NVDPA_REQ_NO_HEADER;
	chain_drop_status(&chain, req->segs);
	return req_decide(req, &hdr, chain.read_bytes, chain.write_bytes,
			  chain.nr - req->first);
}

/* A descriptor but for its address is one word: length, flags, next. */
#define REST(len, flags, next) \
	((u64)(len) | (u64)(flags) << 32 | (u64)(next) << 48)

/* Entries of a table of three, as words, each loaded once. */
struct req_words {
	u64 addr[3];
	u64 rest[3];
};

static __always_inline void words_load(struct req_words *w,
				       const struct vring_desc *table)
{
	const __le64 *word = (const __le64 *)table;
	int i;

	for (i = 0; i < 3; i++) {
		w->addr[i] = le64_to_cpu(READ_ONCE(word[2 * i]));
		w->rest[i] = le64_to_cpu(READ_ONCE(word[2 * i + 1]));
	}
}

/* Any request whose table was read already. */
static noinline enum nvdpa_req_verdict
req_take_words(struct nvdpa_req *req, const struct nvdpa_ring *ring,
	       const struct nvdpa_desc *first, const struct req_words *w,
	       const struct nvdpa_memtable *mem, u32 *hint)
{
	struct vring_desc copy[3];
	__le64 word[6];
	int i;

	for (i = 0; i < 3; i++) {
		word[2 * i] = cpu_to_le64(w->addr[i]);
		word[2 * i + 1] = cpu_to_le64(w->rest[i]);
	}
	memcpy(copy, word, sizeof(copy));
	return req_take_any(req, ring, first, copy, mem, hint);
}

/* In order: a header, one piece of data that does not wrap, a status byte. */
static __always_inline bool words_common(const struct req_words *w)
{
	u64 data = w->rest[1] & ~REST(U32_MAX, VRING_DESC_F_WRITE, 0);
	u32 len = w->rest[1];

	return w->rest[0] == REST(sizeof(struct virtio_blk_outhdr),
				  VRING_DESC_F_NEXT, 1) &&
	       data == REST(0, VRING_DESC_F_NEXT, 2) && len &&
	       w->addr[1] <= U64_MAX - (len - 1) &&
	       w->rest[2] << 16 == REST(1, VRING_DESC_F_WRITE, 0) << 16;
}

static __always_inline enum nvdpa_req_verdict
req_take_common(struct nvdpa_req *req, const struct req_words *w,
		const void *header)
{
	bool write = w->rest[1] & REST(0, VRING_DESC_F_WRITE, 0);
	u32 len = w->rest[1];
	struct virtio_blk_outhdr hdr;

	memcpy(&hdr, header, sizeof(hdr));
	/* As in nvdpa_memtable_read(). */
	barrier();
	req->status_addr = w->addr[2];
	req->has_status = true;
	req->descs = 4;
	req->segs[0].addr = w->addr[1];
	req->segs[0].len = len;
	return req_decide(req, &hdr, write ? 0 : len, write ? len : 0, 1);
}

/*
 * What Linux sends for a read or write of one piece is looked at first. Whatever
 * differs is taken apart by the rules, from the same copies.
 */
enum nvdpa_req_verdict
nvdpa_req_take(struct nvdpa_req *req, const struct nvdpa_ring *ring, u16 head,
	       const struct nvdpa_memtable *mem, u32 *hint)
{
	const u32 table_bytes = 3 * sizeof(struct vring_desc);
	struct nvdpa_desc first __uninitialized;
	struct req_words w __uninitialized;
	u8 *at;

	req->op = NVDPA_OP_UNKNOWN;
	req->sector = 0;
	req->data_bytes = 0;
	req->first = 0;
	req->nsegs = 0;

	nvdpa_ring_desc(&ring->desc[head], &first);
	if (unlikely(first.flags != VRING_DESC_F_INDIRECT ||
		     first.len != table_bytes ||
		     first.addr % sizeof(struct vring_desc) ||
		     !nvdpa_memtable_at(mem, hint, first.addr, table_bytes,
					NVDPA_MEM_READ, &at)))
		return req_take_any(req, ring, &first, NULL, mem, hint);

	words_load(&w, (const struct vring_desc *)at);
	if (likely(words_common(&w) &&
		   nvdpa_memtable_at(mem, hint, w.addr[0],
				     sizeof(struct virtio_blk_outhdr),
				     NVDPA_MEM_READ, &at)))
		return req_take_common(req, &w, at);
	return req_take_words(req, ring, &first, &w, mem, hint);
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

enum nvdpa_error nvdpa_req_check_other(const struct nvdpa_req *req,
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

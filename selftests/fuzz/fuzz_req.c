// SPDX-License-Identifier: GPL-2.0
/*
 * A chain becomes a request, or is refused: against ref.c, with a guest that changes
 * each byte as soon as it was read. Then what the disk makes of it.
 */
#include "guest.h"
#include "offer.h"
#include "ref.h"
#include "ring.h"

#define DESCS		4096

static void put(u8 *p, u64 value, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		p[i] = value >> 8 * i;
}

static u32 length(void)
{
	static const u32 some[] = {
		0, 1, 15, 16, 17, 32, 512, 513, 4096, 0x7fffffff, 0xffffffff,
	};

	return in_below(4) ? some[in_below(ARRAY_SIZE(some))] : in_u32();
}

/* A descriptor that is likely to go on to the next one. */
static void put_desc(u8 *p, u32 i, u32 entries)
{
	/* Some are just behind the end of a table of one of the lengths above. */
	static const u32 ends[] = { 1, 2, 32, 256 };
	u32 flags = in_below(8), next = i + 1;

	if (in_rarely(16))
		next = in_below(2) ? in_below(entries + 2) : in_u16();
	else if (in_rarely(8))
		next = ends[in_below(ARRAY_SIZE(ends))];
	put(p, guest_address(), 8);
	put(p + 8, length(), 4);
	put(p + 12, in_rarely(32) ? in_u16() : flags, 2);
	put(p + 14, next, 2);
}

/* Descriptors that all go on are needed for chains as long as we take. */
static void put_row(u8 *p, u32 i, u32 n, u32 entries)
{
	u64 addr = guest_address();
	u32 len = length();
	u32 flags = 1 | in_below(4) << 1;

	for (; n && i < entries; i++, n--) {
		put(p + 16 * i, addr, 8);
		put(p + 16 * i + 8, len, 4);
		put(p + 16 * i + 12, flags, 2);
		put(p + 16 * i + 14, i + 1, 2);
	}
}

static void put_table(u8 *p, u32 entries)
{
	u32 i = 0, n = in_below(16);

	while (n-- && i < entries) {
		if (in_rarely(8)) {
			u32 row = in_below(260);

			put_row(p, i, row, entries);
			i += row;
		} else {
			put_desc(p + 16 * i, i, entries);
			i++;
		}
	}
}

/* In chunk 1 or wherever: a header, and a table with @entries. */
static void put_rest(u32 entries)
{
	static const u32 types[] = { 0, 1, 4, 8, 11, 13 };
	u8 *header = guest.kva[1] + in_below(64);
	u32 type = in_rarely(8) ? in_u32() : types[in_below(ARRAY_SIZE(types))];

	put_table(guest.kva[1] + 0x1000, entries);
	put(header, type, 4);
	put(header + 4, in_u8(), 4);
	put(header + 8, in_below(2) ? in_u8() : in_u64(), 8);
}

static enum nvdpa_op op_of(u32 type)
{
	switch (type) {
	case 0:
		return NVDPA_OP_READ;
	case 1:
		return NVDPA_OP_WRITE;
	case 4:
		return NVDPA_OP_FLUSH;
	case 8:
		return NVDPA_OP_GET_ID;
	case 11:
		return NVDPA_OP_DISCARD;
	case 13:
		return NVDPA_OP_WRITE_ZEROES;
	default:
		return NVDPA_OP_UNKNOWN;
	}
}

static void compare(const struct nvdpa_req *req, const struct ref_req *ref)
{
	u64 sum = 0;

	CHECK_EQ(req->has_status, ref->has_status);
	if (req->has_status)
		CHECK_EQ(req->status_addr, ref->status_addr);
	CHECK(req->descs && req->descs <= NVDPA_CHAIN_MAX);
	if (ref->verdict != NVDPA_REQ_OK)
		return;
	CHECK_EQ(req->op, op_of(ref->type));
	CHECK_EQ(req->sector, ref->sector);
	CHECK_EQ(req->data_bytes, ref->data_bytes);
	CHECK_EQ(req->nsegs, ref->nr);
	CHECK(req->first + req->nsegs <= NVDPA_REQ_SEGS);
	for (u32 i = 0; i < req->nsegs; i++) {
		CHECK_EQ(req->segs[req->first + i].addr, ref->piece[i].addr);
		CHECK_EQ(req->segs[req->first + i].len, ref->piece[i].len);
		sum += ref->piece[i].len;
	}
	CHECK_EQ(sum, req->data_bytes);
}

/* Limits as they are really made, out of whatever Identify may say. */
static void limits(struct nvdpa_req_limits *lim)
{
	u8 shift = 9 + in_below(4);
	struct nvdpa_offer_ident id = {
		.dsm = in_below(4),
		.write_zeroes = in_below(4),
		.dmrl = in_below(2) ? in_u8() : 0,
		.wzsl = in_below(2) ? in_u8() : 0,
		.dlfeat = in_u8(),
		.dmrsl = in_below(2) ? in_u32() >> in_below(32) : 0,
		.dmsl = in_below(2) ? in_u64() >> in_below(64) : 0,
		.max_bytes = 4096u << in_below(10),
		.granule_lbas = 1 + in_u16(),
	};
	u32 lba_sectors = 1u << (shift - 9);

	nvdpa_offer_limits(lim, &id, shift);
	CHECK_EQ(lim->lba_bytes, 1u << shift);
	CHECK(!lim->read_only);
	CHECK_EQ(!lim->discard.max_sectors, !id.dsm);
	if (id.dsm) {
		CHECK_EQ(lim->discard.max_sectors % lba_sectors, 0);
		CHECK(lim->discard.max_ranges >= 1 &&
		      lim->discard.max_ranges <= NVDPA_REQ_RANGES);
		CHECK(lim->discard_align_sectors);
		if (id.dmrl)
			CHECK(lim->discard.max_ranges <= id.dmrl);
		if (id.dmrsl)
			CHECK(lim->discard.max_sectors / lba_sectors <= id.dmrsl);
		if (id.dmsl)
			CHECK((u128)lim->discard.max_sectors / lba_sectors *
			      lim->discard.max_ranges <= id.dmsl);
	}
	CHECK_EQ(!lim->zeroes.max_sectors, !id.write_zeroes);
	if (id.write_zeroes) {
		CHECK(lim->zeroes_lbas >= 1 && lim->zeroes_lbas <= 65536);
		CHECK_EQ(lim->zeroes.max_sectors % lba_sectors, 0);
		CHECK(!lim->zeroes_unmap || (id.dlfeat & 0xf) == 9);
	}
	lim->read_only = in_rarely(4);
}

/* Often a block more or less than the request needs, and up to the end of numbers. */
static u64 capacity_for(u64 end, u32 lba_bytes)
{
	switch (in_below(4)) {
	case 0:
		return in_u16() * (lba_bytes / 512);
	case 1:
		return in_below(2) ? U64_MAX : in_u64();
	default:
		return end + in_below(3) - 1;
	}
}

static u8 status_of(enum nvdpa_error error)
{
	CHECK(error < NVDPA_ERRORS);
	return nvdpa_error_status(error);
}

static void judge(const struct nvdpa_req *req, const struct ref_req *ref)
{
	struct virtio_blk_discard_write_zeroes raw;
	struct nvdpa_req_limits lim;
	struct nvdpa_range range;
	u64 capacity, first, sectors;
	enum nvdpa_error error;
	u8 status;

	limits(&lim);
	capacity = capacity_for(ref->sector + ref->data_bytes / 512,
				lim.lba_bytes);
	error = nvdpa_req_check(req, capacity, &lim);
	status = ref_check(ref, capacity, &lim);
	CHECK_EQ(status_of(error), status == 255 ? 0 : status);
	if (status != 255)
		return;
	raw.sector = cpu_to_le64(in_below(2) ? in_u16() : in_u64());
	raw.num_sectors = cpu_to_le32(in_below(2) ? in_u8() : in_u32());
	if (in_below(2))
		raw.sector = cpu_to_le64(capacity + 1 - in_below(3) -
					 le32_to_cpu(raw.num_sectors));
	raw.flags = cpu_to_le32(in_below(4) ? in_below(2) : in_u32());
	error = nvdpa_req_range(req->op, &raw, capacity, &lim, &range);
	status = ref_range(ref->type, le64_to_cpu(raw.sector),
			   le32_to_cpu(raw.num_sectors), le32_to_cpu(raw.flags),
			   capacity, &lim, &first, &sectors);
	CHECK_EQ(status_of(error), status);
	if (error)
		return;
	CHECK_EQ(range.sectors, sectors);
	if (sectors)
		CHECK_EQ(range.sector, first);
	CHECK_EQ(range.unmap, raw.flags && lim.zeroes_unmap);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct ref_req ref;
	static struct nvdpa_req req;
	struct nvdpa_ring ring;
	u32 num, head, hint;

	in_init(data, size);
	guest_init(2 + in_below(GUEST_CHUNKS - 1), 2);
	num = 1u << in_below(9);
	head = in_below(num);
	hint = in_u8();
	guest.key = in_u16();
	guest.mood = in_below(2) ? GUEST_SPOILS : GUEST_CALM;
	put_table(guest.kva[0], num);
	put_rest(0x300);
	nvdpa_ring_init(&ring, guest.kva[0], guest.kva[0] + 0x1000,
			guest.kva[0] + 0x2000, num, 0, false);

	guest_copy();
	ref_parse(&ref, guest.table->chunks[0].iova, num, head);
	CHECK_EQ(nvdpa_req_take(&req, &ring, head, guest.table, &hint),
		 ref.verdict);
	guest_settle();
	compare(&req, &ref);
	if (ref.verdict == NVDPA_REQ_OK)
		judge(&req, &ref);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/req.c. */
#include <stdlib.h>

#include "memtable.h"
#include "req.h"
#include "ring.h"
#include "tap.h"

#define R 0				/* device-readable */
#define W VRING_DESC_F_WRITE
#define N VRING_DESC_F_NEXT
#define I VRING_DESC_F_INDIRECT

/*
 * Where things are in the guest. MEMORY has two runs that touch, TOP ends at
 * 2^64, everything else is unmapped.
 */
#define MEMORY		0x10000ULL
#define MEMORY_BYTES	0x8000u
#define SEAM		(MEMORY + MEMORY_BYTES / 2)
#define TABLE		(MEMORY + 0x1000)
#define HEADER		(MEMORY + 0x100)
#define DATA		0x700000000ULL	/* unmapped: no one looks at it here */
#define STATUS		0x600000007ULL
#define TOP_BYTES	0x1000u
#define TOP		(-(u64)TOP_BYTES)

struct guest {
	u16 num;
	struct vring_desc *desc;
	struct nvdpa_ring ring;
	struct nvdpa_memtable *mem;
	u32 hint;
	u16 direct;	/* descriptors added to the ring */
	u16 indirect;	/* and to the table */
};

static struct guest *guest_new(u16 num)
{
	struct guest *guest = tap_alloc(sizeof(*guest));
	struct nvdpa_mem_chunk *chunks;

	guest->num = num;
	guest->desc = tap_alloc(sizeof(*guest->desc) * num);
	/* Neither ring is looked at. */
	nvdpa_ring_init(&guest->ring, guest->desc, NULL, NULL, num, 0, false);

	guest->mem = tap_alloc(sizeof(*guest->mem) +
			       3 * sizeof(guest->mem->chunks[0]));
	guest->mem->nr = 3;
	chunks = guest->mem->chunks;
	chunks[0].iova = MEMORY;
	chunks[1].iova = SEAM;
	chunks[2].iova = TOP;
	chunks[0].size = MEMORY_BYTES / 2;
	chunks[1].size = MEMORY_BYTES / 2;
	chunks[2].size = TOP_BYTES;
	for (u32 i = 0; i < 3; i++) {
		chunks[i].kva = tap_alloc(chunks[i].size);
		chunks[i].perm = NVDPA_MEM_READ | NVDPA_MEM_WRITE;
	}
	return guest;
}

static void guest_free(struct guest *guest)
{
	for (u32 i = 0; i < guest->mem->nr; i++)
		free(guest->mem->chunks[i].kva);
	free(guest->mem);
	free(guest->desc);
	free(guest);
}

static void guest_poke(struct guest *guest, u64 addr, const void *src, u32 len)
{
	if (nvdpa_memtable_write(guest->mem, &guest->hint, addr, src, len))
		abort();
}

static void desc_set(struct vring_desc *desc, u64 addr, u32 len, u16 flags,
		     u16 next)
{
	desc->addr = htole64(addr);
	desc->len = htole32(len);
	desc->flags = htole16(flags);
	desc->next = htole16(next);
}

static void guest_header(struct guest *guest, u64 addr, u32 type, u64 sector)
{
	struct virtio_blk_outhdr hdr = {
		.type = htole32(type),
		.ioprio = 0xffffffff,
		.sector = htole64(sector),
	};

	guest_poke(guest, addr, &hdr, sizeof(hdr));
}

static void guest_table(struct guest *guest, u64 table, u16 index, u64 addr,
			u32 len, u16 flags, u16 next)
{
	struct vring_desc desc;

	desc_set(&desc, addr, len, flags, next);
	guest_poke(guest, table + 16 * index, &desc, sizeof(desc));
}

/* The next descriptor of a direct chain, in the ring. */
static void add(struct guest *guest, u64 addr, u32 len, u16 flags)
{
	u16 i = guest->direct++;

	desc_set(&guest->desc[i], addr, len, flags, i + 1);
	if (i)
		guest->desc[i - 1].flags |= htole16(N);
}

/* The next descriptor of an indirect table at TABLE. */
static void add_indirect(struct guest *guest, u64 addr, u32 len, u16 flags)
{
	u16 i = guest->indirect++;
	u16 chained = N;

	guest_table(guest, TABLE, i, addr, len, flags, i + 1);
	if (!i)
		return;
	nvdpa_memtable_read(guest->mem, &guest->hint, TABLE + 16 * (i - 1) + 12,
			    &chained, 2);
	chained = htole16(le16toh(chained) | N);
	guest_poke(guest, TABLE + 16 * (i - 1) + 12, &chained, 2);
}

/* The descriptor that refers to what add_indirect() has added. */
static void add_table(struct guest *guest)
{
	add(guest, TABLE, 16 * guest->indirect, I);
}

static enum nvdpa_req_verdict take(struct guest *guest, struct nvdpa_req *req)
{
	memset(req, 0xa5, sizeof(*req));
	return nvdpa_req_take(req, &guest->ring, 0, guest->mem, &guest->hint);
}

/* Takes the chain, and frees the guest; @status and @descs are 0 for none. */
static void expect_verdict(int line, struct guest *guest,
			   enum nvdpa_req_verdict verdict, u64 status,
			   u32 descs)
{
	struct nvdpa_req req;

	tap_expect_eq(__FILE__, line, "verdict", take(guest, &req), verdict);
	tap_expect_eq(__FILE__, line, "has_status", req.has_status, !!status);
	if (status)
		tap_expect_eq(__FILE__, line, "status_addr", req.status_addr,
			      status);
	if (descs)
		tap_expect_eq(__FILE__, line, "descs", req.descs, descs);
	guest_free(guest);
}

#define EXPECT_REFUSED(guest, status) \
	expect_verdict(__LINE__, guest, NVDPA_REQ_REFUSED, status, 0)
#define EXPECT_NO_HEADER(guest, status) \
	expect_verdict(__LINE__, guest, NVDPA_REQ_NO_HEADER, status, 0)
/* The end was not seen, after so many descriptors. */
#define EXPECT_CUT(guest, verdict, descs) \
	expect_verdict(__LINE__, guest, verdict, 0, descs)

/* Plain requests. */

TEST(req, plain_read)
{
	struct guest *g = guest_new(8);
	struct nvdpa_req req;

	guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0x123456789abcdef0);
	add(g, HEADER, 16, R);
	add(g, DATA, 4096, W);
	add(g, DATA + 8192, 512, W);
	add(g, STATUS, 1, W);
	EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
	EXPECT_EQ(req.op, NVDPA_OP_READ);
	EXPECT_EQ(req.sector, 0x123456789abcdef0);
	EXPECT_EQ(req.data_bytes, 4608);
	EXPECT_EQ(req.has_status, true);
	EXPECT_EQ(req.status_addr, STATUS);
	EXPECT_EQ(req.descs, 4);
	EXPECT_EQ(req.nsegs, 2);
	EXPECT_EQ(req.segs[req.first].addr, DATA);
	EXPECT_EQ(req.segs[req.first].len, 4096);
	EXPECT_EQ(req.segs[req.first + 1].addr, DATA + 8192);
	EXPECT_EQ(req.segs[req.first + 1].len, 512);
	guest_free(g);
}

TEST(req, plain_write_in_an_indirect_table)
{
	struct guest *g = guest_new(1);
	struct nvdpa_req req;

	guest_header(g, HEADER, VIRTIO_BLK_T_OUT, 7);
	add_indirect(g, HEADER, 16, R);
	add_indirect(g, DATA, 4096, R);
	add_indirect(g, STATUS, 1, W);
	add_table(g);
	EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
	EXPECT_EQ(req.op, NVDPA_OP_WRITE);
	EXPECT_EQ(req.sector, 7);
	EXPECT_EQ(req.data_bytes, 4096);
	EXPECT_EQ(req.status_addr, STATUS);
	EXPECT_EQ(req.descs, 4);
	EXPECT_EQ(req.nsegs, 1);
	EXPECT_EQ(req.segs[req.first].addr, DATA);
	guest_free(g);
}

TEST(req, types)
{
	static const struct {
		u32 type;
		enum nvdpa_op op;
	} types[] = {
		{ VIRTIO_BLK_T_IN, NVDPA_OP_READ },
		{ VIRTIO_BLK_T_OUT, NVDPA_OP_WRITE },
		{ VIRTIO_BLK_T_FLUSH, NVDPA_OP_FLUSH },
		{ VIRTIO_BLK_T_GET_ID, NVDPA_OP_GET_ID },
		{ VIRTIO_BLK_T_SCSI_CMD, NVDPA_OP_UNKNOWN },
		{ VIRTIO_BLK_T_DISCARD, NVDPA_OP_DISCARD },
		{ VIRTIO_BLK_T_WRITE_ZEROES, NVDPA_OP_WRITE_ZEROES },
		{ VIRTIO_BLK_T_SECURE_ERASE, NVDPA_OP_UNKNOWN },
		{ 3, NVDPA_OP_UNKNOWN },
		{ 5, NVDPA_OP_UNKNOWN },
		{ VIRTIO_BLK_T_BARRIER, NVDPA_OP_UNKNOWN },
		{ VIRTIO_BLK_T_BARRIER | VIRTIO_BLK_T_OUT, NVDPA_OP_UNKNOWN },
		{ U32_MAX, NVDPA_OP_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct guest *g = guest_new(8);
		struct nvdpa_req req;

		guest_header(g, HEADER, types[i].type, 0);
		add(g, HEADER, 16, R);
		add(g, STATUS, 1, W);
		EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
		EXPECT_EQ(req.op, types[i].op);
		EXPECT_EQ(req.data_bytes, 0);
		EXPECT_EQ(req.nsegs, 0);
		EXPECT_EQ(req.status_addr, STATUS);
		guest_free(g);
	}
}

TEST(req, flush_and_unknown_types_ignore_data)
{
	static const u32 types[] = { VIRTIO_BLK_T_FLUSH, 9 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct guest *g = guest_new(8);
		struct nvdpa_req req;

		guest_header(g, HEADER, types[i], 9);
		add(g, HEADER, 16, R);
		add(g, DATA, 64, R);
		add(g, DATA, 32, W);
		add(g, STATUS, 1, W);
		EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
		EXPECT_EQ(req.data_bytes, 0);
		EXPECT_EQ(req.nsegs, 0);
		EXPECT_EQ(req.status_addr, STATUS);
		guest_free(g);
	}
}

TEST(req, data_of_more_than_4_gib)
{
	struct guest *g = guest_new(8);
	struct nvdpa_req req;

	guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0);
	add(g, HEADER, 16, R);
	add(g, DATA, U32_MAX, W);
	add(g, DATA, U32_MAX, W);
	add(g, DATA, 3, W);
	EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
	EXPECT_EQ(req.data_bytes, 2 * (u64)U32_MAX + 2);
	EXPECT_EQ(req.nsegs, 3);
	EXPECT_EQ(req.segs[req.first + 2].len, 2);
	EXPECT_EQ(req.status_addr, DATA + 2);
	guest_free(g);
}

/*
 * Random layouts against a reference that spells out every byte: the first 16
 * readable ones are the header, the last writable one is the status.
 */
#define MAX_DESCS	24
#define MAX_LEN		20

struct naive {
	u64 read[MAX_DESCS * MAX_LEN];
	u64 write[MAX_DESCS * MAX_LEN];
	u32 nr_read;
	u32 nr_write;
	bool disordered;
};

static void naive_add(struct naive *naive, u64 addr, u32 len, u16 flags)
{
	for (u32 i = 0; i < len; i++) {
		if (flags & W) {
			naive->write[naive->nr_write++] = addr + i;
		} else {
			naive->read[naive->nr_read++] = addr + i;
			naive->disordered |= naive->nr_write > 0;
		}
	}
}

static enum nvdpa_req_verdict naive_verdict(const struct naive *naive, u32 type)
{
	if (naive->disordered || naive->nr_read < 16 || !naive->nr_write)
		return NVDPA_REQ_REFUSED;
	if ((type == VIRTIO_BLK_T_OUT || type == VIRTIO_BLK_T_DISCARD) &&
	    naive->nr_write > 1)
		return NVDPA_REQ_REFUSED;
	if ((type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID) &&
	    naive->nr_read > 16)
		return NVDPA_REQ_REFUSED;
	return NVDPA_REQ_OK;
}

static void expect_data(const struct nvdpa_req *req, const u64 *want, u32 n)
{
	u32 got = 0;

	for (u32 i = 0; i < req->nsegs; i++) {
		const struct nvdpa_seg *seg = &req->segs[req->first + i];

		EXPECT(seg->len);
		for (u32 j = 0; j < seg->len; j++, got++) {
			if (got < n)
				EXPECT_EQ(seg->addr + j, want[got]);
		}
	}
	EXPECT_EQ(got, n);
	EXPECT_EQ(req->data_bytes, n);
}

static void expect_as_naive(const struct nvdpa_req *req,
			    enum nvdpa_req_verdict verdict,
			    const struct naive *naive, u32 type, u64 sector)
{
	EXPECT_EQ(verdict, naive_verdict(naive, type));
	EXPECT_EQ(req->has_status, naive->nr_write > 0);
	if (naive->nr_write)
		EXPECT_EQ(req->status_addr, naive->write[naive->nr_write - 1]);
	if (verdict != NVDPA_REQ_OK)
		return;

	EXPECT_EQ(req->sector, sector);
	switch (type) {
	case VIRTIO_BLK_T_OUT:
	case VIRTIO_BLK_T_DISCARD:
		EXPECT_EQ(req->op, type == VIRTIO_BLK_T_OUT ? NVDPA_OP_WRITE :
							      NVDPA_OP_DISCARD);
		expect_data(req, naive->read + 16, naive->nr_read - 16);
		break;
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_GET_ID:
		EXPECT_EQ(req->op, type == VIRTIO_BLK_T_IN ? NVDPA_OP_READ :
							     NVDPA_OP_GET_ID);
		expect_data(req, naive->write, naive->nr_write - 1);
		break;
	default:
		expect_data(req, NULL, 0);
	}
}

/* Permutes where in a table each descriptor of a chain stands. */
static void shuffle(u16 *places, u16 n, u16 size, bool keep_first)
{
	for (u16 i = 0; i < size; i++)
		places[i] = i;
	for (u16 i = keep_first; i < n; i++) {
		u16 j = i + tap_below(size - i);
		u16 swap = places[i];

		places[i] = places[j];
		places[j] = swap;
	}
}

TEST(req, random_layouts_agree_with_a_byte_list)
{
	static const u32 types[] = {
		VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH,
		VIRTIO_BLK_T_GET_ID, VIRTIO_BLK_T_DISCARD,
	};
	u32 accepted = 0, refused = 0;

	for (u32 round = 0; round < 60000 && !tap_failures(); round++) {
		struct guest *g = guest_new(64);
		struct naive *naive = tap_alloc(sizeof(*naive));
		u32 type = types[tap_below(ARRAY_SIZE(types))];
		u16 n = 1 + tap_below(tap_below(4) ? 6 : MAX_DESCS);
		u16 direct = tap_below(3) ? (tap_below(2) ? n : 0) :
					    tap_below(n + 1);
		u32 readable = tap_below(n + 1), done = 0;
		u64 sector = tap_random();
		bool out = type == VIRTIO_BLK_T_OUT ||
			   type == VIRTIO_BLK_T_DISCARD;
		u16 ring_places[64], table_places[64], head;
		struct virtio_blk_outhdr hdr = {
			.type = htole32(type), .sector = htole64(sector),
		};
		enum nvdpa_req_verdict verdict;
		struct nvdpa_req req;

		shuffle(ring_places, direct + 1, 64, false);
		shuffle(table_places, n - direct, 64, true);
		for (u16 i = 0; i < n; i++) {
			u16 flags = i < readable ? R : W;
			u32 len = tap_below(8) ? tap_below(MAX_LEN + 1) : 16;
			/* Header pieces anywhere, also across the seam. */
			u64 addr = SEAM - 24 * MAX_DESCS / 2 + 24 * i;

			if (len > MAX_LEN)
				len = MAX_LEN;
			if (!tap_below(40))
				flags ^= W;
			if (tap_below(4) && !out && flags == R)
				len = min(len, 16 - done % 16);
			if (out && flags == W && tap_below(4))
				len = i == n - 1;
			naive_add(naive, addr, len, flags);
			for (u32 j = 0; flags == R && j < len && done < 16; j++)
				guest_poke(g, addr + j, (u8 *)&hdr + done++, 1);

			if (i + 1 < n)
				flags |= N;
			if (i < direct)
				desc_set(&g->desc[ring_places[i]], addr, len,
					 flags, ring_places[i + 1]);
			else
				guest_table(g, TABLE, table_places[i - direct],
					    addr, len, flags,
					    table_places[i - direct + 1]);
		}
		head = ring_places[0];
		if (direct < n)
			desc_set(&g->desc[ring_places[direct]], TABLE, 64 * 16,
				 I | (tap_below(2) ? W : 0), tap_random());

		memset(&req, 0xa5, sizeof(req));
		verdict = nvdpa_req_take(&req, &g->ring, head, g->mem,
					 &g->hint);
		expect_as_naive(&req, verdict, naive, type, sector);
		EXPECT_EQ(req.descs, n + (direct < n));
		if (verdict == NVDPA_REQ_OK)
			accepted++;
		else
			refused++;
		guest_free(g);
		free(naive);
	}
	/* A generator that only makes rubbish would prove nothing. */
	EXPECT(accepted > 10000);
	EXPECT(refused > 10000);
}

TEST(req, header_in_16_pieces_and_all_data_segments)
{
	static const u8 types[] = { VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_IN };

	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		struct guest *g = guest_new(1024);
		struct nvdpa_req req;

		guest_header(g, HEADER, types[t], 5);
		for (u32 i = 0; i < 16; i++)
			add(g, HEADER + i, 1, R);
		for (u32 i = 0; i < NVDPA_SEG_MAX; i++)
			add(g, DATA + 8192 * i, 512,
			    types[t] == VIRTIO_BLK_T_IN ? W : R);
		add(g, STATUS, 1, W);
		EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
		EXPECT_EQ(req.sector, 5);
		EXPECT_EQ(req.nsegs, NVDPA_SEG_MAX);
		for (u32 i = 0; i < NVDPA_SEG_MAX; i++)
			EXPECT_EQ(req.segs[req.first + i].addr,
				  DATA + 8192 * i);
		EXPECT_EQ(req.status_addr, STATUS);
		guest_free(g);
	}
}

/* Refusals that leave a status byte. */

TEST(req, refuses_15_readable_bytes)
{
	struct guest *g = guest_new(8);

	guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
	add(g, HEADER, 15, R);
	add(g, STATUS, 1, W);
	EXPECT_REFUSED(g, STATUS);

	g = guest_new(8);
	add(g, STATUS, 1, W);
	EXPECT_REFUSED(g, STATUS);
}

TEST(req, refuses_a_chain_without_a_writable_byte)
{
	struct guest *g = guest_new(8);

	guest_header(g, HEADER, VIRTIO_BLK_T_OUT, 0);
	add(g, HEADER, 16, R);
	add(g, DATA, 512, R);
	EXPECT_REFUSED(g, 0);

	/* An empty writable descriptor has no last byte. */
	g = guest_new(8);
	guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
	add(g, HEADER, 16, R);
	add(g, STATUS, 0, W);
	EXPECT_REFUSED(g, 0);
}

TEST(req, refuses_readable_after_writable)
{
	struct guest *g = guest_new(8);

	guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
	add(g, HEADER, 16, R);
	add(g, STATUS, 1, W);
	add(g, DATA, 1, R);
	EXPECT_REFUSED(g, STATUS);

	/* Empty ones are of no direction. */
	g = guest_new(8);
	guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
	add(g, HEADER, 0, W);
	add(g, HEADER, 16, R);
	add(g, STATUS, 1, W);
	add(g, DATA, 0, R);
	EXPECT_EQ(take(g, &(struct nvdpa_req) { 0 }), NVDPA_REQ_OK);
	guest_free(g);
}

TEST(req, refuses_data_of_the_wrong_direction)
{
	static const struct {
		u32 type;
		u16 flags;
	} wrong[] = {
		{ VIRTIO_BLK_T_IN, R }, { VIRTIO_BLK_T_GET_ID, R },
		{ VIRTIO_BLK_T_OUT, W }, { VIRTIO_BLK_T_DISCARD, W },
		{ VIRTIO_BLK_T_WRITE_ZEROES, W },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct guest *g = guest_new(8);

		guest_header(g, HEADER, wrong[i].type, 0);
		add(g, HEADER, 16, R);
		add(g, DATA, 512, wrong[i].flags);
		add(g, STATUS, 1, W);
		EXPECT_REFUSED(g, STATUS);
	}
}

TEST(req, refuses_a_header_that_is_not_mapped_or_readable)
{
	struct guest *g = guest_new(8);

	add(g, DATA, 16, R);
	add(g, STATUS, 1, W);
	EXPECT_NO_HEADER(g, STATUS);

	/* The second piece of it. */
	g = guest_new(8);
	add(g, MEMORY + MEMORY_BYTES - 8, 16, R);
	add(g, STATUS, 1, W);
	EXPECT_NO_HEADER(g, STATUS);

	g = guest_new(8);
	g->mem->chunks[0].perm = NVDPA_MEM_WRITE;
	add(g, HEADER, 16, R);
	add(g, STATUS, 1, W);
	EXPECT_NO_HEADER(g, STATUS);
}

TEST(req, refuses_more_segments_than_it_holds)
{
	for (u32 extra = 0; extra < 3; extra++) {
		struct guest *g = guest_new(256);
		struct nvdpa_req req;

		guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0);
		add(g, HEADER, 16, R);
		/* Empty ones don't count. */
		for (u32 i = 0; i < 20; i++)
			add(g, DATA, 0, W);
		for (u32 i = 0; i < NVDPA_REQ_SEGS - 2 + extra; i++)
			add(g, DATA, 512, W);
		add(g, STATUS, 1, W);
		if (extra) {
			EXPECT_REFUSED(g, STATUS);
			continue;
		}
		EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
		EXPECT_EQ(req.nsegs, NVDPA_REQ_SEGS - 2);
		EXPECT_EQ(req.data_bytes, 512 * (NVDPA_REQ_SEGS - 2));
		guest_free(g);
	}
}

TEST(req, accepts_buffers_that_end_at_2_to_64)
{
	struct guest *g = guest_new(8);
	struct nvdpa_req req;

	guest_header(g, -16ULL, VIRTIO_BLK_T_IN, 3);
	add(g, -16ULL, 16, R);
	add(g, -512ULL, 512, W);
	add(g, U64_MAX, 1, W);
	EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
	EXPECT_EQ(req.sector, 3);
	EXPECT_EQ(req.data_bytes, 512);
	EXPECT_EQ(req.status_addr, U64_MAX);
	guest_free(g);
}

TEST(req, refuses_buffers_that_wrap)
{
	static const struct {
		u64 addr;
		u32 len;
	} wraps[] = {
		{ U64_MAX, 2 }, { -511ULL, 512 },
		{ -(u64)U32_MAX + 1, U32_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wraps); i++) {
		/* In the data: the status is known. */
		struct guest *g = guest_new(8);

		guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0);
		add(g, HEADER, 16, R);
		add(g, wraps[i].addr, wraps[i].len, W);
		add(g, STATUS, 1, W);
		EXPECT_REFUSED(g, STATUS);

		/* In the status itself. */
		g = guest_new(8);
		guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0);
		add(g, HEADER, 16, R);
		add(g, DATA, 512, W);
		add(g, wraps[i].addr, wraps[i].len, W);
		EXPECT_REFUSED(g, 0);

		/* In what is readable. */
		g = guest_new(8);
		add(g, wraps[i].addr, wraps[i].len, R);
		guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0);
		add(g, HEADER, 16, R);
		add(g, STATUS, 1, W);
		EXPECT_REFUSED(g, STATUS);
	}
}

/* Chains whose end is never seen. */

TEST(req, stops_the_ring_at_a_loop)
{
	static const u16 sizes[] = { 1, 2, 64, 256 };

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct guest *g = guest_new(sizes[s]);

		for (u32 i = 0; i < sizes[s]; i++)
			desc_set(&g->desc[i], STATUS, 1, W | N,
				 (i + 1) % sizes[s]);
		EXPECT_CUT(g, NVDPA_REQ_BROKEN, sizes[s]);
	}
}

TEST(req, accepts_a_chain_as_long_as_the_ring)
{
	static const u16 sizes[] = { 2, 64, 256 };

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct guest *g = guest_new(sizes[s]);
		struct nvdpa_req req;

		guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
		add(g, HEADER, 16, R);
		for (u32 i = 2; i < sizes[s]; i++)
			add(g, DATA, 0, R);
		add(g, STATUS, 1, W);
		EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
		EXPECT_EQ(req.descs, sizes[s]);
		guest_free(g);
	}
}

TEST(req, stops_the_ring_at_a_next_out_of_range)
{
	static const u16 nexts[] = { 8, 9, 255, 65535 };

	for (size_t i = 0; i < ARRAY_SIZE(nexts); i++) {
		struct guest *g = guest_new(8);

		add(g, STATUS, 1, W);
		desc_set(&g->desc[0], STATUS, 1, W | N, nexts[i]);
		EXPECT_CUT(g, NVDPA_REQ_BROKEN, 1);
	}
}

TEST(req, next_means_nothing_without_its_flag)
{
	struct guest *g = guest_new(2);

	guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
	desc_set(&g->desc[0], HEADER, 16, N, 1);
	desc_set(&g->desc[1], STATUS, 1, W, 65535);
	EXPECT_EQ(take(g, &(struct nvdpa_req) { 0 }), NVDPA_REQ_OK);
	guest_free(g);
}

/* Direct, indirect, and both: 256 descriptors are walked, not one more. */
TEST(req, refuses_a_longer_walk_than_chain_max)
{
	for (u32 direct = 0; direct <= 257; direct++) {
		for (u32 total = 256; total <= 257; total++) {
			struct guest *g = guest_new(1024);
			u32 indirect = total - direct - 1;
			struct nvdpa_req req;

			if (direct > total || direct + 1 == total) {
				guest_free(g);
				continue;
			}
			if (direct == total)
				indirect = 0;
			guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 0);
			for (u32 i = 0; i < direct; i++)
				add(g, HEADER, i ? 0 : 16, R);
			for (u32 i = 0; i < indirect; i++)
				add_indirect(g, HEADER, i || direct ? 0 : 16,
					     R);
			if (indirect) {
				guest_table(g, TABLE, indirect - 1, STATUS, 1,
					    W, 0);
				add_table(g);
			} else {
				desc_set(&g->desc[direct - 1], STATUS, 1, W, 0);
			}
			if (total == 257) {
				EXPECT_CUT(g, NVDPA_REQ_REFUSED, 256);
				continue;
			}
			if (indirect != 1 || direct) {
				EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
				EXPECT_EQ(req.descs, 256);
			}
			guest_free(g);
		}
	}
}

/* Indirect tables. */

static struct guest *guest_with_table(u16 num)
{
	struct guest *guest = guest_new(num);

	guest_header(guest, HEADER, VIRTIO_BLK_T_FLUSH, 0);
	add_indirect(guest, HEADER, 16, R);
	add_indirect(guest, STATUS, 1, W);
	return guest;
}

TEST(req, table_ignores_the_write_flag_of_its_descriptor)
{
	struct guest *g = guest_with_table(8);

	add(g, TABLE, 32, I | W);
	EXPECT_EQ(take(g, &(struct nvdpa_req) { 0 }), NVDPA_REQ_OK);
	guest_free(g);
}

TEST(req, table_after_direct_descriptors)
{
	struct guest *g = guest_new(8);
	struct nvdpa_req req;

	guest_header(g, HEADER, VIRTIO_BLK_T_OUT, 1);
	add(g, HEADER, 16, R);
	add(g, DATA, 512, R);
	add_indirect(g, DATA + 4096, 512, R);
	add_indirect(g, STATUS, 1, W);
	add_table(g);
	EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
	EXPECT_EQ(req.data_bytes, 1024);
	EXPECT_EQ(req.descs, 5);
	guest_free(g);
}

TEST(req, table_must_be_the_last)
{
	struct guest *g = guest_with_table(8);

	add_table(g);
	add(g, STATUS, 1, W);
	EXPECT_CUT(g, NVDPA_REQ_REFUSED, 1);
}

TEST(req, table_in_a_table)
{
	struct guest *g = guest_with_table(8);

	guest_table(g, TABLE, 2, TABLE, 32, I, 0);
	guest_table(g, TABLE, 1, STATUS, 1, W | N, 2);
	add(g, TABLE, 48, I);
	EXPECT_REFUSED(g, 0);
}

TEST(req, table_of_a_bad_length)
{
	static const u32 lens[] = { 0, 1, 8, 15, 17, 24, 31, 33, U32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct guest *g = guest_with_table(8);

		add(g, TABLE, lens[i], I);
		EXPECT_REFUSED(g, 0);
	}
}

TEST(req, table_with_a_loop)
{
	struct guest *g = guest_with_table(8);

	guest_table(g, TABLE, 1, STATUS, 1, W | N, 1);
	add_table(g);
	EXPECT_CUT(g, NVDPA_REQ_REFUSED, 1 + 2);

	/* A loop in a table of 2^28 entries is left after CHAIN_MAX. */
	g = guest_with_table(8);
	guest_table(g, TABLE, 1, STATUS, 1, W | N, 1);
	add(g, TABLE, 0xfffffff0, I);
	EXPECT_CUT(g, NVDPA_REQ_REFUSED, NVDPA_CHAIN_MAX);
}

TEST(req, table_with_a_next_out_of_range)
{
	static const u16 nexts[] = { 3, 4, 65535 };

	for (size_t i = 0; i < ARRAY_SIZE(nexts); i++) {
		struct guest *g = guest_with_table(8);

		/* There is a descriptor, but beyond the table. */
		guest_table(g, TABLE, 3, STATUS, 1, W, 0);
		guest_table(g, TABLE, 1, STATUS, 1, W | N, nexts[i]);
		add(g, TABLE, 48, I);
		EXPECT_CUT(g, NVDPA_REQ_REFUSED, 1 + 2);
	}
}

TEST(req, table_longer_than_the_ring)
{
	struct guest *g = guest_new(2);
	struct nvdpa_req req;

	guest_header(g, HEADER, VIRTIO_BLK_T_IN, 0);
	add_indirect(g, HEADER, 16, R);
	for (u32 i = 0; i < NVDPA_SEG_MAX; i++)
		add_indirect(g, DATA + 512 * i, 512, W);
	add_indirect(g, STATUS, 1, W);
	add_table(g);
	EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
	EXPECT_EQ(req.nsegs, NVDPA_SEG_MAX);
	guest_free(g);
}

TEST(req, table_that_is_not_mapped)
{
	static const struct {
		u64 addr;
		u32 len;
	} tables[] = {
		{ DATA, 32 },
		{ MEMORY - 16, 32 },
		{ MEMORY + MEMORY_BYTES - 8, 16 },
		/* Wraps, so a part of it is in no memory. */
		{ -16ULL, 32 },
		{ -24ULL, 32 },
	};
	struct guest *g;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		g = guest_with_table(8);
		if (tables[i].addr == -16ULL)
			guest_table(g, -16ULL, 0, STATUS, 1, W, 0);
		add(g, tables[i].addr, tables[i].len, I);
		EXPECT_CUT(g, NVDPA_REQ_UNMAPPED, 1);
	}

	/* The first entry is there, the second is not. */
	g = guest_with_table(8);
	guest_table(g, MEMORY + MEMORY_BYTES - 16, 0, STATUS, 1, W | N, 1);
	add(g, MEMORY + MEMORY_BYTES - 16, 32, I);
	EXPECT_CUT(g, NVDPA_REQ_UNMAPPED, 1 + 1);

	/* Mapped, but not for us to read. */
	g = guest_with_table(8);
	add_table(g);
	g->mem->chunks[0].perm = NVDPA_MEM_WRITE;
	EXPECT_CUT(g, NVDPA_REQ_UNMAPPED, 1);
}

TEST(req, table_across_runs_and_at_odd_addresses)
{
	static const u64 tables[] = { SEAM - 16, SEAM - 8, SEAM - 25, -32ULL };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct guest *g = guest_new(8);
		struct nvdpa_req req;

		guest_header(g, HEADER, VIRTIO_BLK_T_FLUSH, 2);
		guest_table(g, tables[i], 0, HEADER, 16, N, 1);
		guest_table(g, tables[i], 1, STATUS, 1, W, 0);
		add(g, tables[i], 32, I);
		EXPECT_EQ(take(g, &req), NVDPA_REQ_OK);
		EXPECT_EQ(req.op, NVDPA_OP_FLUSH);
		EXPECT_EQ(req.status_addr, STATUS);
		guest_free(g);
	}
}

/* Whether a request fits the disk. */

TEST(req, check_by_operation)
{
	static const struct nvdpa_req_limits lim = { .lba_bytes = 512 };
	static const struct {
		enum nvdpa_op op;
		u64 sector;
		u64 data_bytes;
		u8 want;
	} cases[] = {
		{ NVDPA_OP_FLUSH, 0, 0, NVDPA_ERROR_NONE },
		{ NVDPA_OP_FLUSH, U64_MAX, 0, NVDPA_ERROR_NONE },
		{ NVDPA_OP_GET_ID, 0, 20, NVDPA_ERROR_NONE },
		{ NVDPA_OP_GET_ID, 0, 0, NVDPA_ERROR_NONE },
		{ NVDPA_OP_GET_ID, U64_MAX, 7, NVDPA_ERROR_NONE },
		{ NVDPA_OP_UNKNOWN, 0, 0, NVDPA_ERROR_UNSUPPORTED },
		{ NVDPA_OP_UNKNOWN, U64_MAX, 512, NVDPA_ERROR_UNSUPPORTED },
		/* Not for this disk. */
		{ NVDPA_OP_DISCARD, 0, 16, NVDPA_ERROR_UNSUPPORTED },
		{ NVDPA_OP_WRITE_ZEROES, 0, 16, NVDPA_ERROR_UNSUPPORTED },
		{ NVDPA_OP_READ, 0, 512, NVDPA_ERROR_NONE },
		{ NVDPA_OP_WRITE, 0, 512, NVDPA_ERROR_NONE },
		{ NVDPA_OP_READ, 0, 0, NVDPA_ERROR_NONE },
		{ NVDPA_OP_READ, 99, 0, NVDPA_ERROR_NONE },
		{ NVDPA_OP_WRITE, 100, 0, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, 99, 512, NVDPA_ERROR_NONE },
		{ NVDPA_OP_READ, 99, 1024, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_WRITE, 100, 512, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_WRITE, 0, 51200, NVDPA_ERROR_NONE },
		{ NVDPA_OP_WRITE, 0, 51712, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, 0, 511, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, 0, 1, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, 0, 513, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, U64_MAX, 512, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, U64_MAX, 1024, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_READ, 1ULL << 55, 512, NVDPA_ERROR_REFUSED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvdpa_req req = {
			.op = cases[i].op,
			.sector = cases[i].sector,
			.data_bytes = cases[i].data_bytes,
		};

		EXPECT_EQ(nvdpa_req_check(&req, 100, &lim), cases[i].want);
	}
}

/* A disk that is read-only lets through what is known to leave it alone. */

TEST(req, check_ranges_in_128_bits)
{
	static const u64 interesting[] = {
		0, 1, 7, 8, 9, 15, 16, 64, 1ULL << 54, 1ULL << 55, 1ULL << 63,
		U64_MAX - 8, U64_MAX - 7, U64_MAX - 1, U64_MAX,
	};
	size_t n = ARRAY_SIZE(interesting);

	for (u32 round = 0; round < 400000 && !tap_failures(); round++) {
		u64 cap = interesting[tap_below(n)] + tap_below(3) - 1;
		u32 lba_bytes = tap_below(2) ? 512 : 4096;
		struct nvdpa_req_limits lim = { .lba_bytes = lba_bytes };
		struct nvdpa_req req = {
			.op = tap_below(2) ? NVDPA_OP_READ : NVDPA_OP_WRITE,
			.sector = interesting[tap_below(n)] + tap_below(3) - 1,
			.data_bytes = 512 * (u64)tap_below(20),
		};
		unsigned __int128 begin = (unsigned __int128)req.sector * 512;
		unsigned __int128 end = begin + req.data_bytes;
		unsigned __int128 size = (unsigned __int128)cap * 512;
		bool good;

		if (!tap_below(4))
			req.data_bytes = tap_random();
		if (!tap_below(8))
			req.data_bytes += tap_below(3) - 1;
		end = begin + req.data_bytes;
		good = begin < size && end <= size &&
		       begin % lba_bytes == 0 && end % lba_bytes == 0;
		EXPECT_EQ(nvdpa_req_check(&req, cap, &lim),
			  good ? NVDPA_ERROR_NONE : NVDPA_ERROR_REFUSED);
	}
}

TEST(req, check_of_a_read_only_disk)
{
	static const struct {
		enum nvdpa_op op;
		u64 data_bytes;
		u8 want;
	} cases[] = {
		{ NVDPA_OP_READ, 512, NVDPA_ERROR_NONE },
		{ NVDPA_OP_READ, 511, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_WRITE, 512, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_WRITE, 0, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_DISCARD, 16, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_WRITE_ZEROES, 16, NVDPA_ERROR_REFUSED },
		{ NVDPA_OP_FLUSH, 0, NVDPA_ERROR_NONE },
		{ NVDPA_OP_GET_ID, 20, NVDPA_ERROR_NONE },
		{ NVDPA_OP_UNKNOWN, 0, NVDPA_ERROR_UNSUPPORTED },
	};
	struct nvdpa_req_limits lim = {
		.lba_bytes = 512,
		.discard = { 8, 1 },
		.zeroes = { 8, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvdpa_req req = {
			.op = cases[i].op,
			.data_bytes = cases[i].data_bytes,
		};

		lim.read_only = true;
		EXPECT_EQ(nvdpa_req_check(&req, 100, &lim), cases[i].want);
		/* The operation is why, nothing else. */
		lim.read_only = false;
		if (nvdpa_op_modifies(cases[i].op))
			EXPECT_EQ(nvdpa_req_check(&req, 100, &lim),
				  NVDPA_ERROR_NONE);
	}
}

TEST(req, check_of_the_length_of_a_list)
{
	static const enum nvdpa_op ops[] = {
		NVDPA_OP_DISCARD, NVDPA_OP_WRITE_ZEROES,
	};
	static const struct {
		u32 max_ranges;
		u64 data_bytes;
		u8 want;
	} cases[] = {
		{ 1, 0, NVDPA_ERROR_REFUSED },
		{ 1, 1, NVDPA_ERROR_REFUSED },
		{ 1, 8, NVDPA_ERROR_REFUSED },
		{ 1, 15, NVDPA_ERROR_REFUSED },
		{ 1, 16, NVDPA_ERROR_NONE },
		{ 1, 17, NVDPA_ERROR_REFUSED },
		{ 1, 32, NVDPA_ERROR_REFUSED },
		{ 3, 48, NVDPA_ERROR_NONE },
		{ 3, 47, NVDPA_ERROR_REFUSED },
		{ 3, 64, NVDPA_ERROR_REFUSED },
		{ 64, 1024, NVDPA_ERROR_NONE },
		{ 64, 1040, NVDPA_ERROR_REFUSED },
		{ 64, 1ULL << 32, NVDPA_ERROR_REFUSED },
		{ 64, (1ULL << 32) + 16, NVDPA_ERROR_REFUSED },
	};

	for (size_t o = 0; o < ARRAY_SIZE(ops); o++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			bool discard = ops[o] == NVDPA_OP_DISCARD;
			struct nvdpa_range_limits here = {
				8, cases[i].max_ranges,
			};
			struct nvdpa_req_limits lim = { .lba_bytes = 512 };
			struct nvdpa_req req = {
				.op = ops[o],
				/* Means nothing (5.2.6). */
				.sector = U64_MAX,
				.data_bytes = cases[i].data_bytes,
			};

			/* The other's limits are not looked at. */
			if (discard)
				lim.discard = here;
			else
				lim.zeroes = here;
			EXPECT_EQ(nvdpa_req_check(&req, 100, &lim),
				  cases[i].want);
		}
	}
}

static u8 range_of(enum nvdpa_op op, u64 sector, u32 sectors, u32 flags,
		   u64 capacity, const struct nvdpa_req_limits *lim,
		   struct nvdpa_range *range)
{
	struct virtio_blk_discard_write_zeroes raw = {
		.sector = htole64(sector),
		.num_sectors = htole32(sectors),
		.flags = htole32(flags),
	};

	memset(range, 0xa5, sizeof(*range));
	return nvdpa_req_range(op, &raw, capacity, lim, range);
}

TEST(req, range_flags)
{
	struct nvdpa_req_limits lim = {
		.lba_bytes = 512, .discard = { 8, 1 }, .zeroes = { 8, 1 },
	};
	struct nvdpa_range range;

	for (u32 bit = 0; bit < 33; bit++) {
		u32 flags = bit < 32 ? 1u << bit : 0;
		bool known = flags <= 1;

		EXPECT_EQ(range_of(NVDPA_OP_DISCARD, 0, 8, flags, 100, &lim,
				   &range),
			  flags ? NVDPA_ERROR_UNSUPPORTED : NVDPA_ERROR_NONE);
		for (u32 unmap = 0; unmap < 2; unmap++) {
			lim.zeroes_unmap = unmap;
			EXPECT_EQ(range_of(NVDPA_OP_WRITE_ZEROES, 0, 8, flags,
					   100, &lim, &range),
				  known ? NVDPA_ERROR_NONE :
					  NVDPA_ERROR_UNSUPPORTED);
			if (known)
				EXPECT_EQ(range.unmap, flags && unmap);
			/* A known flag does not excuse an unknown one. */
			EXPECT_EQ(range_of(NVDPA_OP_WRITE_ZEROES, 0, 8,
					   flags | 0x80000001, 100, &lim,
					   &range), NVDPA_ERROR_UNSUPPORTED);
		}
	}
}

TEST(req, range_borders)
{
	static const struct {
		u64 sector;
		u32 sectors;
		u8 want;
	} cases[] = {
		{ 0, 0, NVDPA_ERROR_REFUSED },
		{ 99, 0, NVDPA_ERROR_REFUSED },
		{ 0, 1, NVDPA_ERROR_NONE },
		{ 99, 1, NVDPA_ERROR_NONE },
		{ 99, 2, NVDPA_ERROR_REFUSED },
		{ 100, 1, NVDPA_ERROR_REFUSED },
		{ 0, 50, NVDPA_ERROR_NONE },
		{ 50, 50, NVDPA_ERROR_NONE },
		{ 51, 50, NVDPA_ERROR_REFUSED },
		{ 0, 51, NVDPA_ERROR_REFUSED },	/* longer than allowed */
		{ 0, U32_MAX, NVDPA_ERROR_REFUSED },
		{ U64_MAX, 1, NVDPA_ERROR_REFUSED },
		{ U64_MAX, 2, NVDPA_ERROR_REFUSED },
		{ U64_MAX - 9, 50, NVDPA_ERROR_REFUSED },
		{ 1ULL << 32, 1, NVDPA_ERROR_REFUSED },
		{ 1ULL << 55, 1, NVDPA_ERROR_REFUSED },
		{ 1ULL << 63, 1, NVDPA_ERROR_REFUSED },
	};
	static const struct nvdpa_req_limits lim = {
		.lba_bytes = 512, .discard = { 50, 1 }, .zeroes = { 50, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (u32 zeroes = 0; zeroes < 2; zeroes++) {
			enum nvdpa_op op = zeroes ? NVDPA_OP_WRITE_ZEROES :
						    NVDPA_OP_DISCARD;
			struct nvdpa_range range;

			EXPECT_EQ(range_of(op, cases[i].sector,
					   cases[i].sectors, 0, 100, &lim,
					   &range), cases[i].want);
			if (cases[i].want != NVDPA_ERROR_NONE)
				continue;
			EXPECT_EQ(range.sector, cases[i].sector);
			EXPECT_EQ(range.sectors, cases[i].sectors);
			EXPECT_EQ(range.unmap, false);
		}
	}
}

/* Block by block, in 128 bits: what is wholly inside, and nothing else. */
TEST(req, ranges_of_4k_blocks)
{
	static const u64 bases[] = { 0, 1ULL << 33, U64_MAX - 127 };
	struct nvdpa_req_limits lim = {
		.lba_bytes = 4096, .discard = { 64, 1 }, .zeroes = { 64, 1 },
	};

	for (u32 b = 0; b < ARRAY_SIZE(bases); b++) {
		for (u32 at = 0; at < 32 * 33; at++) {
			u64 sector = bases[b] + at % 32;
			u32 sectors = 1 + at / 32;
			u64 first = 0, n = 0;
			struct nvdpa_range range;

			for (u32 block = 0; block < 8; block++) {
				u64 begin = bases[b] + 8 * block;

				if (begin < sector ||
				    begin + 7 > sector + sectors - 1)
					continue;
				first = n ? first : begin;
				n++;
			}
			EXPECT_EQ(range_of(NVDPA_OP_DISCARD, sector, sectors, 0,
					   U64_MAX, &lim, &range),
				  NVDPA_ERROR_NONE);
			EXPECT_EQ(range.sectors, 8 * n);
			if (n)
				EXPECT_EQ(range.sector, first);
			EXPECT_EQ(range_of(NVDPA_OP_WRITE_ZEROES, sector,
					   sectors, 0, U64_MAX, &lim, &range),
				  sector % 8 || sectors % 8 ?
				  NVDPA_ERROR_REFUSED : NVDPA_ERROR_NONE);
		}
	}
}

/* Where rounding up would wrap. */
TEST(req, ranges_at_the_end_of_64_bits)
{
	static const struct nvdpa_req_limits lim = {
		.lba_bytes = 4096, .discard = { 64, 1 },
	};
	struct nvdpa_range range;

	for (u32 back = 2; back < 8; back++) {
		u64 sector = U64_MAX - back;

		EXPECT_EQ(range_of(NVDPA_OP_DISCARD, sector, back, 0, U64_MAX,
				   &lim, &range), NVDPA_ERROR_NONE);
		EXPECT_EQ(range.sectors, 0);
	}
}

TEST(req, ranges_never_leave_the_disk)
{
	static const u64 interesting[] = {
		0, 1, 7, 8, 9, 64, 1ULL << 32, 1ULL << 54, 1ULL << 63,
		U64_MAX - 8, U64_MAX - 1, U64_MAX,
	};
	size_t n = ARRAY_SIZE(interesting);
	u32 good = 0;

	for (u32 round = 0; round < 400000 && !tap_failures(); round++) {
		struct nvdpa_req_limits lim = {
			.lba_bytes = tap_below(2) ? 512 : 4096,
			.discard = { tap_below(2) ? U32_MAX : 64, 1 },
			.zeroes = { tap_below(2) ? U32_MAX : 64, 1 },
		};
		u32 lba_sectors = lim.lba_bytes / 512;
		u64 cap = interesting[tap_below(n)] + tap_below(3) - 1;
		u64 sector = interesting[tap_below(n)] + tap_below(17) - 8;
		u32 sectors = tap_below(4) ? tap_below(70) : tap_random();
		enum nvdpa_op op = tap_below(2) ? NVDPA_OP_DISCARD :
						  NVDPA_OP_WRITE_ZEROES;
		struct nvdpa_range range;

		if (range_of(op, sector, sectors, 0, cap, &lim, &range) !=
		    NVDPA_ERROR_NONE)
			continue;
		good++;
		EXPECT(range.sectors <= sectors);
		EXPECT_EQ(range.sectors % lba_sectors, 0);
		if (!range.sectors)
			continue;
		EXPECT_EQ(range.sector % lba_sectors, 0);
		EXPECT(range.sector >= sector && range.sector < cap);
		EXPECT((unsigned __int128)range.sector + range.sectors <= cap);
	}
	EXPECT(good > 10000);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * From data to a data pointer: what the controller reads there must be the data, byte
 * for byte. First bus addresses of any kind, then a request in guest memory by way of
 * path/map.c. What is planned is compared with the longest transfer that a search finds.
 */
#include "drive.h"
#include "guest.h"

#define LIST_DMA	0x7000000000ull
#define PAGE		4096u

static struct nvdpa_xfer_limits lim;
static struct nvdpa_dma_seg segs[NVDPA_QUEUE_SG];
static struct drive_run runs[DRIVE_RUNS];
static u8 *list;

static void limits(void)
{
	lim.lba_bytes = 512u << in_below(4);
	lim.max_bytes = PAGE << in_below(10);
	lim.sgl = in_below(3);
}

static u64 seg_addr(u64 end)
{
	switch (in_below(8)) {
	case 0:
		return end;
	case 1:
		return in_u64();
	case 2:
		return (u64)in_u32() << 9;
	case 3:
		return ((u64)in_u32() << 12) + in_below(PAGE);
	default:
		return (u64)in_u32() << 12;
	}
}

static u32 seg_len(void)
{
	switch (in_below(8)) {
	case 0:
		return 1 + in_below(0x200000);
	case 1:
		return 1 + in_below(PAGE);
	case 2:
	case 3:
		return 512 * (1 + in_below(32));
	default:
		return PAGE * (1 + in_below(16));
	}
}

/* As a look-up makes them: none empty, none past 2^64. */
static u32 segs_make(u64 *covered)
{
	u32 n = 0, want = 1 + in_below(in_below(4) ? 8 : NVDPA_QUEUE_SG);
	u64 end = 0;

	*covered = 0;
	while (n < want) {
		/* Some in a row are alike, so that a list gets long. */
		u64 step = in_below(4) * 0x10000ull, addr = seg_addr(end);
		u32 repeat = in_below(8) ? 1 : 1 + in_below(300);
		u32 len = seg_len();

		for (; repeat && n < want; repeat--, addr += step) {
			if (-addr && -addr < len)
				len = -addr;
			if (!step && n && repeat > 1)
				addr = end;
			if (-addr && -addr < len)
				len = -addr;
			segs[n++] = (struct nvdpa_dma_seg) { addr, len };
			*covered += len;
			end = addr + len;
		}
	}
	return n;
}

/* Can PRPs carry the first @bytes? NVMe base 2.0, 4.1.1. */
static bool prp_can(u32 n, u32 bytes)
{
	u64 at = 0;

	if (segs[0].addr % 4)
		return false;
	for (u32 i = 0; i < n; at += segs[i++].len) {
		if (at >= bytes)
			return true;
		if (i && segs[i - 1].addr + segs[i - 1].len != segs[i].addr &&
		    ((segs[i - 1].addr + segs[i - 1].len) % PAGE ||
		     segs[i].addr % PAGE))
			return false;
	}
	return at >= bytes;
}

/* Can one page of descriptors? 4.1.2. */
static bool sgl_can(u32 n, u32 bytes)
{
	u64 at = 0;

	if (lim.sgl == NVDPA_SGL_NONE)
		return false;
	for (u32 i = 0; i < n; at += segs[i++].len) {
		if (at >= bytes)
			return true;
		if (i == PAGE / 16)
			return false;
		if (lim.sgl == NVDPA_SGL_DWORD &&
		    (segs[i].addr % 4 || min((u64)segs[i].len, bytes - at) % 4))
			return false;
	}
	return at >= bytes;
}

static u32 longest(bool (*can)(u32 n, u32 bytes), u32 n, u32 want)
{
	while (want && !can(n, want))
		want -= lim.lba_bytes;
	return want;
}

static void plan_check(u32 n, u32 total, const struct nvdpa_xfer *xfer)
{
	u32 want = min3(total, lim.max_bytes, NVDPA_XFER_MAX_BYTES);
	u32 prp = longest(prp_can, n, want), sgl;

	if (prp == want) {
		CHECK_EQ(xfer->mode, NVDPA_XFER_PRP);
		CHECK_EQ(xfer->bytes, want);
		return;
	}
	sgl = longest(sgl_can, n, want);
	if (sgl > prp) {
		CHECK_EQ(xfer->mode, NVDPA_XFER_SGL);
		CHECK_EQ(xfer->bytes, sgl);
	} else if (prp) {
		CHECK_EQ(xfer->mode, NVDPA_XFER_PRP);
		CHECK_EQ(xfer->bytes, prp);
	} else {
		CHECK_EQ(xfer->mode, NVDPA_XFER_BOUNCE);
		CHECK_EQ(xfer->bytes, min(want, PAGE));
	}
}

/* Builds what was planned and reads it as the controller does. */
static u32 build(struct nvme_command *cmd, const struct nvdpa_dma_seg *from,
		 const struct nvdpa_xfer *xfer)
{
	memset(cmd, 0, sizeof(*cmd));
	memset(list, 0x5a, PAGE);
	if (xfer->mode == NVDPA_XFER_PRP)
		nvdpa_prp_build(cmd, from, xfer->bytes, (void *)list, LIST_DMA);
	else
		nvdpa_sgl_build(cmd, from, xfer->bytes, (void *)list, LIST_DMA);
	return drive_view(cmd, xfer->bytes, list, LIST_DMA, lim.sgl, runs);
}

static void try_addresses(void)
{
	struct nvme_command cmd;
	struct nvdpa_xfer xfer;
	u64 covered;
	u32 n = segs_make(&covered), total, nr, seg = 0, off = 0;

	/* More than covered: the caller ran out of room for segments. */
	total = min(covered, (u64)0x400000) / lim.lba_bytes * lim.lba_bytes;
	if (!total || (n == NVDPA_QUEUE_SG && in_below(2)))
		total += lim.lba_bytes;
	xfer = nvdpa_prp_plan(segs, n, total, &lim);
	plan_check(n, total, &xfer);
	if (xfer.mode == NVDPA_XFER_BOUNCE)
		return;

	nr = build(&cmd, segs, &xfer);
	for (u32 i = 0; i < nr; i++) {
		u64 addr = runs[i].addr;

		/* Byte for byte, in steps in which neither side can bend. */
		for (u32 left = runs[i].len, step; left; left -= step) {
			CHECK_EQ(addr, segs[seg].addr + off);
			step = min(left, segs[seg].len - off);
			addr += step;
			off += step;
			if (off == segs[seg].len) {
				seg++;
				off = 0;
			}
		}
	}
}

static struct nvdpa_queue queue;
static struct nvdpa_queue_req rq;
static struct nvdpa_disk disk;

/* Of each byte of the data. */
static u64 data_where[40 * 0x3000];

/* Data in guest memory, of the request's pieces. */
static u64 data_make(u32 pieces)
{
	u64 bytes = 0;

	rq.req.op = in_below(2) ? NVDPA_OP_READ : NVDPA_OP_WRITE;
	rq.req.first = in_below(4);
	rq.req.nsegs = 0;
	for (u32 i = rq.req.first; i < rq.req.first + pieces; i++) {
		u64 addr = guest_address();
		u32 len = in_below(4) ? 512 * (1 + in_below(16)) :
					1 + in_below(0x3000);

		if (in_below(2))
			addr &= ~(u64)(in_below(2) ? 511 : 4095);
		/* A piece that wraps is refused before. */
		if (-addr && -addr < len)
			len = -addr;
		rq.req.segs[i].addr = addr;
		rq.req.segs[i].len = len;
		rq.req.nsegs++;
		while (len--)
			data_where[bytes++] = addr++;
	}
	return bytes;
}

/* The i-th byte of the data: where the guest has it. */
static u64 data_iova(u64 i)
{
	return data_where[i];
}

static bool data_dma(u64 i, u32 perm, u64 *dma)
{
	u64 iova = data_iova(i);
	const struct nvdpa_mem_chunk *chunk = guest_find(guest.table, iova);

	if (!chunk || !(chunk->perm & perm))
		return false;
	*dma = chunk->dma + (iova - chunk->iova);
	return true;
}

static u32 data_reaches(u64 at, u32 want, u32 perm)
{
	u32 n;
	u64 dma;

	for (n = 0; n < want && data_dma(at + n, perm, &dma); n++)
		;
	return n;
}

/* Through a page: the same bytes, and no others. */
static void try_bounce(u64 at, u32 bytes, u32 perm)
{
	u8 *page = malloc(bytes);
	u32 reach = data_reaches(at, bytes, perm);
	bool write = rq.req.op == NVDPA_OP_WRITE;
	int err;

	guest_copy();
	for (u32 i = 0; i < bytes; i++)
		page[i] = i * 3;
	err = nvdpa_map_copy(&queue, &rq, rq.next, page, bytes);
	CHECK_EQ(err, reach == bytes ? 0 : -EFAULT);
	for (u32 i = 0; i < bytes && !err && write; i++)
		CHECK_EQ(page[i], *guest_byte(data_iova(at + i), perm));
	for (u32 i = 0; i < bytes && !err && !write; i++)
		guest_expect(data_iova(at + i), page[i]);
	if (!err)
		guest_compare();
	free(page);
}

static void try_guest(void)
{
	u32 perm, nr, n;
	u64 left, at = 0, dma;

	guest_init(1 + in_below(GUEST_CHUNKS), 0);
	left = data_make(1 + in_below(in_below(4) ? 6 : 40));
	left -= left % lim.lba_bytes;
	perm = rq.req.op == NVDPA_OP_WRITE ? NVDPA_MEM_READ : NVDPA_MEM_WRITE;
	rq.next.seg = rq.req.first;
	rq.next.off = 0;
	queue.mem = guest.table;
	queue.hint = in_u8();
	while (left) {
		u32 want = min(left, (u64)lim.max_bytes);
		int got = nvdpa_map_gather(&queue, &rq, want, &nr);
		struct nvme_command cmd;
		struct nvdpa_xfer xfer;

		if (data_reaches(at, want, perm) < want) {
			CHECK_EQ(got, -EFAULT);
			return;
		}
		CHECK_EQ(got, want);
		memcpy(segs, queue.sg, nr * sizeof(segs[0]));
		xfer = nvdpa_prp_plan(queue.sg, nr, want, &lim);
		plan_check(nr, want, &xfer);
		if (xfer.mode == NVDPA_XFER_BOUNCE) {
			try_bounce(at, xfer.bytes, perm);
		} else {
			u64 i = at;

			n = build(&cmd, queue.sg, &xfer);
			for (u32 r = 0; r < n; r++)
				for (u32 b = 0; b < runs[r].len; b++) {
					CHECK(data_dma(i++, perm, &dma));
					CHECK_EQ(runs[r].addr + b, dma);
				}
		}
		nvdpa_map_advance(&rq.req, &rq.next, xfer.bytes);
		at += xfer.bytes;
		left -= xfer.bytes;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!list) {
		list = aligned_alloc(PAGE, PAGE);
		queue.disk = &disk;
		queue.lock.held = true;
	}
	in_init(data, size);
	limits();
	if (in_below(2))
		try_addresses();
	else
		try_guest();
	return 0;
}

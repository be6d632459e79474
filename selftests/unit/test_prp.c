// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/prp.c. */
#include <stdlib.h>

#include "prp.h"
#include "tap.h"

#define LIST_DMA	0xfeed000ULL
#define PAGE		4096u
#define MAX_RUNS	1024
#define MAX_SEGS	400

/* What a transfer touches, in order, runs without a gap joined. */
struct runs {
	u32 nr;
	struct {
		u64 addr;
		u32 len;
	} run[MAX_RUNS];
};

static void runs_add(struct runs *runs, u64 addr, u32 len)
{
	u32 last = runs->nr - 1;

	if (runs->nr && runs->run[last].addr + runs->run[last].len == addr) {
		runs->run[last].len += len;
		return;
	}
	if (runs->nr == MAX_RUNS)
		abort();
	runs->run[runs->nr].addr = addr;
	runs->run[runs->nr].len = len;
	runs->nr++;
}

static void runs_of_segs(struct runs *runs, const struct nvdpa_dma_seg *segs,
			 u32 bytes)
{
	runs->nr = 0;
	while (bytes) {
		u32 len = min(segs->len, bytes);

		runs_add(runs, segs->addr, len);
		bytes -= len;
		segs++;
	}
}

/* A command with its list page, as the controller reads it. */
struct device {
	struct nvme_command cmd;
	__le64 *list;
	u8 before[64];
};

static void device_init(struct device *device)
{
	memset(&device->cmd, 0, sizeof(device->cmd));
	device->cmd.common.nsid = 0x11223344;
	device->cmd.common.cdw10 = 0x55667788;
	memcpy(device->before, &device->cmd, 64);
	device->list = tap_alloc(PAGE);
	memset(device->list, 0x5a, PAGE);
}

/* The data pointer is bytes 24 to 39; flags are byte 1. */
static void device_free(struct device *device, u8 flags)
{
	const u8 *after = (const u8 *)&device->cmd;

	for (u32 i = 0; i < 64; i++) {
		if (i == 1)
			EXPECT_EQ(after[i], flags);
		else if (i < 24 || i >= 40)
			EXPECT_EQ(after[i], device->before[i]);
	}
	free(device->list);
}

/* NVMe base 2.0, 4.1.1, for CC.MPS = 0. */
static void device_walk_prp(const struct device *device, u32 bytes,
			    struct runs *runs)
{
	u64 prp1 = le64toh(device->cmd.common.dptr.prp1);
	u64 prp2 = le64toh(device->cmd.common.dptr.prp2);
	u32 len = min(bytes, PAGE - (u32)(prp1 % PAGE));
	u32 pages;

	runs->nr = 0;
	EXPECT_EQ(prp1 % 4, 0);
	runs_add(runs, prp1, len);
	bytes -= len;
	pages = (bytes + PAGE - 1) / PAGE;
	EXPECT(pages <= PAGE / 8);

	if (!pages)
		EXPECT_EQ(prp2, 0);
	if (pages == 1) {
		EXPECT_EQ(prp2 % PAGE, 0);
		runs_add(runs, prp2, bytes);
	}
	if (pages < 2)
		return;
	EXPECT_EQ(prp2, LIST_DMA);
	for (u32 i = 0; bytes; i++) {
		u64 entry = le64toh(device->list[i]);

		len = min(bytes, PAGE);
		EXPECT_EQ(entry % PAGE, 0);
		runs_add(runs, entry, len);
		bytes -= len;
	}
	for (u32 i = pages; i < PAGE / 8; i++)
		EXPECT_EQ(device->list[i], 0x5a5a5a5a5a5a5a5a);
}

/* Sums up the descriptors, because an SGL has its own length. */
static u32 device_walk_sgl(const struct device *device, struct runs *runs,
			   u32 *descs)
{
	const struct nvme_sgl_desc *desc = &device->cmd.common.dptr.sgl;
	u32 bytes = 0;

	runs->nr = 0;
	*descs = 1;
	if (desc->type == 0x30) {
		u32 len = le32toh(desc->length);

		EXPECT_EQ(le64toh(desc->addr), LIST_DMA);
		EXPECT_EQ(len % 16, 0);
		EXPECT(len && len <= PAGE);
		*descs = len / 16;
		desc = (const void *)device->list;
	}
	for (u32 i = 0; i < *descs; i++, desc++) {
		EXPECT_EQ(desc->type, 0);
		EXPECT(!desc->rsvd[0] && !desc->rsvd[1] && !desc->rsvd[2]);
		EXPECT(desc->length);
		runs_add(runs, le64toh(desc->addr), le32toh(desc->length));
		bytes += le32toh(desc->length);
	}
	return bytes;
}

static void expect_same(const struct runs *got, const struct runs *want)
{
	EXPECT_EQ(got->nr, want->nr);
	for (u32 i = 0; i < want->nr && i < got->nr; i++) {
		EXPECT_EQ(got->run[i].addr, want->run[i].addr);
		EXPECT_EQ(got->run[i].len, want->run[i].len);
	}
}

/* Build what was planned and compare what the controller would touch. */
static void expect_transfer(const struct nvdpa_dma_seg *segs,
			    struct nvdpa_xfer xfer, bool dword)
{
	static struct runs want, got;
	struct device device;
	u32 descs;

	if (xfer.mode == NVDPA_XFER_BOUNCE)
		return;
	device_init(&device);
	runs_of_segs(&want, segs, xfer.bytes);
	if (xfer.mode == NVDPA_XFER_PRP) {
		nvdpa_prp_build(&device.cmd, segs, xfer.bytes, device.list,
				LIST_DMA);
		device_walk_prp(&device, xfer.bytes, &got);
		expect_same(&got, &want);
		device_free(&device, 0);
		return;
	}

	nvdpa_sgl_build(&device.cmd, segs, xfer.bytes, (void *)device.list,
			LIST_DMA);
	EXPECT_EQ(device_walk_sgl(&device, &got, &descs), xfer.bytes);
	expect_same(&got, &want);
	EXPECT_EQ(device.cmd.common.dptr.sgl.type, descs > 1 ? 0x30 : 0);
	for (u32 i = 0; dword && i < got.nr; i++) {
		EXPECT_EQ(got.run[i].addr % 4, 0);
		EXPECT_EQ(got.run[i].len % 4, 0);
	}
	device_free(&device, 0x40);
}

/* The rules, applied to one length after the other. */

static bool naive_prp_can(const struct nvdpa_dma_seg *segs, u32 bytes)
{
	static struct runs runs;

	runs_of_segs(&runs, segs, bytes);
	for (u32 i = 0; i < runs.nr; i++) {
		if (runs.run[i].addr % (i ? PAGE : 4))
			return false;
		if (i + 1 < runs.nr &&
		    (runs.run[i].addr + runs.run[i].len) % PAGE)
			return false;
	}
	return true;
}

static bool naive_sgl_can(const struct nvdpa_dma_seg *segs, u32 bytes,
			  enum nvdpa_sgl_support sgl)
{
	u32 nr = 0;

	while (bytes) {
		u32 len = min(segs->len, bytes);

		if (sgl == NVDPA_SGL_DWORD && (segs->addr % 4 || len % 4))
			return false;
		bytes -= len;
		segs++;
		nr++;
	}
	return sgl != NVDPA_SGL_NONE && nr <= 256;
}

static struct nvdpa_xfer naive_plan(const struct nvdpa_dma_seg *segs, u32 n,
				    u32 total,
				    const struct nvdpa_xfer_limits *lim)
{
	u32 want = total, prp = 0, sgl = 0;
	u64 covered = 0;

	if (want > lim->max_bytes)
		want = lim->max_bytes;
	if (want > 512 * PAGE)
		want = 512 * PAGE;
	for (u32 i = 0; i < n; i++)
		covered += segs[i].len;

	for (u32 len = lim->lba_bytes; len <= want && len <= covered;
	     len += lim->lba_bytes) {
		if (naive_prp_can(segs, len))
			prp = len;
		if (naive_sgl_can(segs, len, lim->sgl))
			sgl = len;
	}
	if (prp == want || (prp && prp >= sgl))
		return (struct nvdpa_xfer) { NVDPA_XFER_PRP, prp };
	if (sgl)
		return (struct nvdpa_xfer) { NVDPA_XFER_SGL, sgl };
	return (struct nvdpa_xfer) {
		NVDPA_XFER_BOUNCE, want < PAGE ? want : PAGE
	};
}

static void expect_plan(const struct nvdpa_dma_seg *segs, u32 n, u32 total,
			const struct nvdpa_xfer_limits *lim)
{
	struct nvdpa_xfer want = naive_plan(segs, n, total, lim);
	struct nvdpa_xfer got;
	/* What is beyond the segments given must not be looked at. */
	struct nvdpa_dma_seg *copy = tap_alloc(n * sizeof(*copy));

	memcpy(copy, segs, n * sizeof(*copy));
	got = nvdpa_prp_plan(copy, n, total, lim);
	EXPECT_EQ(got.mode, want.mode);
	EXPECT_EQ(got.bytes, want.bytes);
	EXPECT_EQ(got.bytes % lim->lba_bytes, 0);
	if (got.mode == want.mode && got.bytes == want.bytes)
		expect_transfer(copy, got, lim->sgl == NVDPA_SGL_DWORD);
	free(copy);
}

static const enum nvdpa_sgl_support supports[] = {
	NVDPA_SGL_NONE, NVDPA_SGL_BYTE, NVDPA_SGL_DWORD,
};

TEST(prp, one_segment_at_all_offsets_and_lengths)
{
	static const u32 offsets[] = {
		0, 1, 2, 3, 4, 8, 508, 512, 1000, 2048, 3584, 4088, 4092, 4094,
		4095,
	};
	static const u32 lens[] = {
		512, 1024, 3584, 4096, 4608, 7680, 8192, 8704, 12288, 12800,
		131072, 1 << 20, (2 << 20) - 4096, (2 << 20) - 512, 2 << 20,
		(2 << 20) + 512, (2 << 20) + 8192,
	};
	struct nvdpa_xfer_limits lim = {
		.max_bytes = NVDPA_XFER_MAX_BYTES, .lba_bytes = 512,
	};

	for (u32 o = 0; o < ARRAY_SIZE(offsets); o++) {
		for (u32 l = 0; l < ARRAY_SIZE(lens); l++) {
			struct nvdpa_dma_seg seg = {
				.addr = 0x100000000 + offsets[o],
				.len = lens[l],
			};
			struct nvdpa_xfer plan;
			u32 want = min(lens[l], 2u << 20);

			lim.sgl = NVDPA_SGL_NONE;
			plan = nvdpa_prp_plan(&seg, 1, lens[l], &lim);
			if (offsets[o] % 4) {
				EXPECT_EQ(plan.mode, NVDPA_XFER_BOUNCE);
				EXPECT_EQ(plan.bytes, min(want, PAGE));
			} else {
				EXPECT_EQ(plan.mode, NVDPA_XFER_PRP);
				EXPECT_EQ(plan.bytes, want);
			}
			expect_transfer(&seg, plan, false);

			lim.sgl = NVDPA_SGL_BYTE;
			plan = nvdpa_prp_plan(&seg, 1, lens[l], &lim);
			EXPECT_EQ(plan.mode, offsets[o] % 4 ? NVDPA_XFER_SGL :
							      NVDPA_XFER_PRP);
			EXPECT_EQ(plan.bytes, want);
			expect_transfer(&seg, plan, false);
		}
	}
}

/* PRP2 by the number of pages, where the list begins and where it is full. */
TEST(prp, prp2_is_nothing_a_page_or_a_list)
{
	static const struct {
		u32 offset;
		u32 bytes;
		u32 pages;
	} cases[] = {
		{ 0, 512, 1 }, { 0, 4096, 1 }, { 4, 4092, 1 }, { 3584, 512, 1 },
		{ 4, 4096, 2 }, { 0, 4608, 2 }, { 0, 8192, 2 },
		{ 4092, 4096, 2 }, { 4, 8192, 3 }, { 0, 8704, 3 },
		{ 0, 2 << 20, 512 }, { 4, 2 << 20, 513 },
		{ 4092, 2 << 20, 513 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvdpa_dma_seg seg = {
			.addr = 0x20000 + cases[i].offset, .len = 4 << 20,
		};
		struct device device;
		u64 want = LIST_DMA;

		if (cases[i].pages == 1)
			want = 0;
		if (cases[i].pages == 2)
			want = 0x21000;
		device_init(&device);
		nvdpa_prp_build(&device.cmd, &seg, cases[i].bytes, device.list,
				LIST_DMA);
		EXPECT_EQ(le64toh(device.cmd.common.dptr.prp1), seg.addr);
		EXPECT_EQ(le64toh(device.cmd.common.dptr.prp2), want);
		for (u32 j = 2; j < cases[i].pages; j++)
			EXPECT_EQ(le64toh(device.list[j - 1]),
				  0x20000 + PAGE * (u64)j);
		device_free(&device, 0);
	}
}

/* The plan by hand for the shapes that matter. */
TEST(prp, plans_by_hand)
{
	static const struct {
		const char *what;
		struct nvdpa_dma_seg segs[4];
		u32 n;
		u32 total;
		u32 lba_bytes;
		u32 max_bytes;
		struct nvdpa_xfer none;
		struct nvdpa_xfer byte;
		struct nvdpa_xfer dword;
	} cases[] = {
		{
			"whole pages, scattered",
			{ { 0x9000, 4096 }, { 0x3000, 8192 } },
			2, 12288, 512, 65536,
			{ NVDPA_XFER_PRP, 12288 }, { NVDPA_XFER_PRP, 12288 },
			{ NVDPA_XFER_PRP, 12288 },
		}, {
			"a gap inside a page after one block",
			{ { 0x9000, 512 }, { 0x3000, 512 } },
			2, 1024, 512, 65536,
			{ NVDPA_XFER_PRP, 512 }, { NVDPA_XFER_SGL, 1024 },
			{ NVDPA_XFER_SGL, 1024 },
		}, {
			"the second begins inside a page",
			{ { 0x9000, 4096 }, { 0x3200, 512 } },
			2, 4608, 512, 65536,
			{ NVDPA_XFER_PRP, 4096 }, { NVDPA_XFER_SGL, 4608 },
			{ NVDPA_XFER_SGL, 4608 },
		}, {
			"a block in two pieces",
			{ { 0x9000, 256 }, { 0x3000, 256 } },
			2, 512, 512, 65536,
			{ NVDPA_XFER_BOUNCE, 512 }, { NVDPA_XFER_SGL, 512 },
			{ NVDPA_XFER_SGL, 512 },
		}, {
			"a 4 KiB block in two pieces, more behind",
			{ { 0x9000, 512 }, { 0x3000, 8192 } },
			2, 8192, 4096, 65536,
			{ NVDPA_XFER_BOUNCE, 4096 }, { NVDPA_XFER_SGL, 8192 },
			{ NVDPA_XFER_SGL, 8192 },
		}, {
			"pieces without a gap, off the page",
			{ { 0x9100, 256 }, { 0x9200, 256 }, { 0x9300, 8192 } },
			3, 8704, 512, 65536,
			{ NVDPA_XFER_PRP, 8704 }, { NVDPA_XFER_PRP, 8704 },
			{ NVDPA_XFER_PRP, 8704 },
		}, {
			"an odd address",
			{ { 0x9001, 8192 } },
			1, 8192, 512, 65536,
			{ NVDPA_XFER_BOUNCE, 4096 }, { NVDPA_XFER_SGL, 8192 },
			{ NVDPA_XFER_BOUNCE, 4096 },
		}, {
			"odd only behind the first block",
			{ { 0x9000, 512 }, { 0x3001, 512 } },
			2, 1024, 512, 65536,
			{ NVDPA_XFER_PRP, 512 }, { NVDPA_XFER_SGL, 1024 },
			{ NVDPA_XFER_PRP, 512 },
		}, {
			"dwords, then an odd one: SGL carries more than PRP",
			{ { 0x9000, 512 }, { 0x3004, 512 }, { 0x5001, 512 } },
			3, 1536, 512, 65536,
			{ NVDPA_XFER_PRP, 512 }, { NVDPA_XFER_SGL, 1536 },
			{ NVDPA_XFER_SGL, 1024 },
		}, {
			"cut by MDTS before the gap",
			{ { 0x9000, 8192 }, { 0x3200, 512 } },
			2, 8704, 512, 8192,
			{ NVDPA_XFER_PRP, 8192 }, { NVDPA_XFER_PRP, 8192 },
			{ NVDPA_XFER_PRP, 8192 },
		}, {
			"segments for less than is wanted",
			{ { 0x9000, 4096 }, { 0x3000, 700 } },
			2, 65536, 512, 65536,
			{ NVDPA_XFER_PRP, 4608 }, { NVDPA_XFER_PRP, 4608 },
			{ NVDPA_XFER_PRP, 4608 },
		}, {
			"the last pages before 2^64",
			{ { -8192ULL, 4096 }, { -4096ULL, 4096 },
			  { 0x3000, 512 } },
			3, 8704, 512, 65536,
			{ NVDPA_XFER_PRP, 8704 }, { NVDPA_XFER_PRP, 8704 },
			{ NVDPA_XFER_PRP, 8704 },
		},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nvdpa_xfer *want[] = {
			&cases[i].none, &cases[i].byte, &cases[i].dword,
		};

		for (u32 s = 0; s < 3; s++) {
			struct nvdpa_xfer_limits lim = {
				cases[i].max_bytes, cases[i].lba_bytes,
				supports[s],
			};
			u32 before = tap_failures();
			struct nvdpa_xfer got;

			got = nvdpa_prp_plan(cases[i].segs, cases[i].n,
					     cases[i].total, &lim);
			EXPECT_EQ(got.mode, want[s]->mode);
			EXPECT_EQ(got.bytes, want[s]->bytes);
			if (tap_failures() != before)
				tap_fail(__FILE__, __LINE__, cases[i].what);
			expect_plan(cases[i].segs, cases[i].n, cases[i].total,
				    &lim);
		}
	}
}

/* No more than 256 descriptors, and whole blocks also then. */
TEST(prp, sgl_is_cut_at_a_full_list_page)
{
	static struct nvdpa_dma_seg segs[MAX_SEGS];
	static const u32 lens[] = { 500, 512, 516, 4096, 4095, 3, 2 };

	for (size_t l = 0; l < ARRAY_SIZE(lens); l++) {
		for (u32 n = 254; n < 260; n++) {
			struct nvdpa_xfer_limits lim = {
				NVDPA_XFER_MAX_BYTES, 512, NVDPA_SGL_BYTE,
			};
			u32 total = n * lens[l] / 512 * 512;

			for (u32 i = 0; i < n; i++) {
				segs[i].addr = 0x100001 + 0x2000 * i;
				segs[i].len = lens[l];
			}
			if (!total)
				continue;
			expect_plan(segs, n, total, &lim);
			lim.lba_bytes = 4096;
			if (total >= 4096)
				expect_plan(segs, n, total / 4096 * 4096, &lim);
		}
	}
	/* 256 bytes in 256 pieces are not even a block. */
	for (u32 i = 0; i < MAX_SEGS; i++)
		segs[i].len = 1;
	expect_plan(segs, MAX_SEGS, 512, &(struct nvdpa_xfer_limits) {
		NVDPA_XFER_MAX_BYTES, 512, NVDPA_SGL_BYTE });
}

/* PRP carries more than 256 pages, so a cut SGL would be a loss. */
TEST(prp, prp_is_taken_where_it_carries_more)
{
	static struct nvdpa_dma_seg segs[MAX_SEGS];
	struct nvdpa_xfer_limits lim = {
		NVDPA_XFER_MAX_BYTES, 512, NVDPA_SGL_BYTE,
	};
	struct nvdpa_xfer got;

	for (u32 i = 0; i < MAX_SEGS; i++) {
		segs[i].addr = 0x100000 + 0x2000 * i;
		segs[i].len = 4096;
	}
	segs[300].addr += 512;
	got = nvdpa_prp_plan(segs, MAX_SEGS, MAX_SEGS * 4096, &lim);
	EXPECT_EQ(got.mode, NVDPA_XFER_PRP);
	EXPECT_EQ(got.bytes, 300 * 4096);
	expect_transfer(segs, got, false);
}

/* A controller that claims more than one list page can do. */
TEST(prp, a_plan_never_exceeds_one_list_page)
{
	struct nvdpa_dma_seg seg = { 0x100ffc, 8 << 20 };
	struct nvdpa_xfer_limits lim = { 8 << 20, 512, NVDPA_SGL_NONE };
	struct nvdpa_xfer got = nvdpa_prp_plan(&seg, 1, 8 << 20, &lim);

	EXPECT_EQ(got.mode, NVDPA_XFER_PRP);
	EXPECT_EQ(got.bytes, NVDPA_XFER_MAX_BYTES);
	expect_transfer(&seg, got, false);
}

static u32 random_len(void)
{
	switch (tap_below(8)) {
	case 0:
		return 1 + tap_below(8192);
	case 1:
		return 4 * (1 + tap_below(2048));
	case 2:
		return 1 + tap_below(5);
	case 3:
	case 4:
		return 512 * (1 + tap_below(16));
	default:
		return 4096 * (1 + tap_below(3));
	}
}

static u32 random_offset(void)
{
	switch (tap_below(8)) {
	case 0:
		return tap_below(4096);
	case 1:
		return 4 * tap_below(1024);
	case 2:
		return 512 * tap_below(8);
	default:
		return 0;
	}
}

/* Some join, some end on pages, some are anything; some end at 2^64. */
static u32 random_segs(struct nvdpa_dma_seg *segs, u32 n)
{
	u32 covered = 0;

	for (u32 i = 0; i < n; i++) {
		struct nvdpa_dma_seg *seg = &segs[i];
		u32 shape = tap_below(8);

		seg->addr = (tap_random() >> 16 << 12) + random_offset();
		seg->len = random_len();
		if (i && !tap_below(3))
			seg->addr = segs[i - 1].addr + segs[i - 1].len;
		if (shape < 4)
			seg->len += -(seg->addr + seg->len) & (PAGE - 1);
		if (shape == 7 && i + 1 < n)
			seg->addr = -(u64)seg->len;
		covered += seg->len;
	}
	return covered;
}

static void random_plans(u32 rounds, u32 max_segs)
{
	static struct nvdpa_dma_seg segs[MAX_SEGS];
	u32 modes[3] = { 0 };

	for (u32 round = 0; round < rounds && !tap_failures(); round++) {
		u32 n = 1 + tap_below(max_segs);
		u32 covered = random_segs(segs, n);
		struct nvdpa_xfer_limits lim = {
			.lba_bytes = tap_below(3) ? 512 : 4096,
			.sgl = supports[tap_below(3)],
		};
		u32 blocks = covered / lim.lba_bytes;

		lim.max_bytes = 4096 << tap_below(10);
		/* Sometimes more than there is, sometimes less. */
		if (!tap_below(4))
			blocks = 1 + tap_below(2 * blocks + 2);
		blocks = max(blocks, 1u);
		expect_plan(segs, n, blocks * lim.lba_bytes, &lim);
		modes[nvdpa_prp_plan(segs, n, blocks * lim.lba_bytes,
				     &lim).mode]++;
	}
	for (u32 i = 0; i < 3; i++)
		EXPECT(modes[i] > rounds / 50);
}

TEST(prp, random_plans_of_few_segments)
{
	random_plans(30000, 5);
}

TEST(prp, random_plans_of_many_segments)
{
	random_plans(800, 40);
}

TEST(prp, a_pair_is_what_the_plan_would_make)
{
	const struct nvdpa_xfer_limits lim = {
		.max_bytes = NVDPA_XFER_MAX_BYTES, .lba_bytes = 512,
	};

	for (u32 round = 0; round < 20000 && !tap_failures(); round++) {
		struct nvdpa_dma_seg seg = {
			.addr = (tap_random() & ~(u64)(PAGE - 1)) +
				(tap_below(2) ? 0 : tap_below(PAGE)),
			.len = 512 * (1 + tap_below(24)),
		};
		struct nvme_command pair = {}, built = {};
		__le64 list[NVDPA_PRP_ENTRIES];
		struct nvdpa_xfer xfer;

		if (tap_below(2))
			seg.addr &= ~3ull;
		xfer = nvdpa_prp_plan(&seg, 1, seg.len, &lim);
		if (xfer.mode == NVDPA_XFER_PRP)
			nvdpa_prp_build(&built, &seg, seg.len, list, LIST_DMA);
		if (!nvdpa_prp_pair(&pair, seg.addr, seg.len)) {
			EXPECT(xfer.mode != NVDPA_XFER_PRP ||
			       built.common.dptr.prp2 == cpu_to_le64(LIST_DMA));
			continue;
		}
		EXPECT_EQ(xfer.mode, NVDPA_XFER_PRP);
		EXPECT_EQ(xfer.bytes, seg.len);
		EXPECT(!memcmp(&pair, &built, sizeof(pair)));
	}
}

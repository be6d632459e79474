// SPDX-License-Identifier: GPL-2.0
/* Pins pure/prp.c: the shape of PRP lists for all offsets and the lengths around pages. */
#include <kunit/test.h>

#include "pure/prp.h"

#define BASE		0x123450000ull
#define LIST_DMA	0x9876543000ull
#define POISON		0x5a5a5a5a5a5a5a5aull
#define PAGE		NVDPA_PAGE_BYTES

static const u32 prp_lengths[] = {
	512, 1024, PAGE - 512, PAGE, PAGE + 512, 2 * PAGE - 512, 2 * PAGE,
	2 * PAGE + 512, 3 * PAGE, 16 * PAGE - 512, 16 * PAGE, 16 * PAGE + 512,
};

/* One entry a page: in the command, then in the list, and none behind it. */
static void expect_shape(struct kunit *test, const struct nvme_command *cmd,
			 const __le64 *list, u64 addr, u32 bytes)
{
	u32 pages = DIV_ROUND_UP((addr % PAGE) + bytes, PAGE), i;
	u64 second = addr - addr % PAGE + PAGE;
	u64 prp2 = pages == 1 ? 0 : pages == 2 ? second : LIST_DMA;

	KUNIT_EXPECT_EQ(test, cmd->common.flags, 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->common.dptr.prp1), addr);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->common.dptr.prp2), prp2);
	for (i = 1; i < pages && pages > 2; i++)
		if (le64_to_cpu(list[i - 1]) != second + (u64)(i - 1) * PAGE)
			KUNIT_FAIL(test, "entry %u of %u bytes at %llx", i, bytes, addr);
	if (pages - 1 < NVDPA_PRP_ENTRIES)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(list[pages - 1]), POISON);
}

static void expect_build(struct kunit *test, const struct nvdpa_dma_seg *segs,
			 u32 bytes, __le64 *list)
{
	struct nvme_command cmd = {};

	memset(list, 0x5a, PAGE);
	nvdpa_prp_build(&cmd, segs, bytes, list, LIST_DMA);
	expect_shape(test, &cmd, list, segs[0].addr, bytes);
}

static __le64 *prp_page(struct kunit *test)
{
	__le64 *list = kunit_kmalloc(test, PAGE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, list);
	return list;
}

static void prp_shapes(struct kunit *test)
{
	__le64 *list = prp_page(test);
	unsigned int i;
	u32 offset;

	for (offset = 0; offset < PAGE; offset += 4) {
		for (i = 0; i < ARRAY_SIZE(prp_lengths); i++) {
			struct nvdpa_dma_seg seg = {
				.addr = BASE + offset,
				.len = prp_lengths[i],
			};

			expect_build(test, &seg, prp_lengths[i], list);
		}
		cond_resched();
	}
}

/* The longest transfer, which fills the list to its end. */
static void prp_longest(struct kunit *test)
{
	__le64 *list = prp_page(test);
	u32 offset;

	for (offset = 0; offset < PAGE; offset += 252) {
		struct nvdpa_dma_seg seg = {
			.addr = BASE + offset,
			.len = NVDPA_XFER_MAX_BYTES,
		};

		expect_build(test, &seg, NVDPA_XFER_MAX_BYTES, list);
		cond_resched();
	}
}

/* The same transfers cut in two at each page: no entry more, none less. */
static void prp_two_segments(struct kunit *test)
{
	__le64 *list = prp_page(test);
	u32 offset, cut;

	for (offset = 0; offset < PAGE; offset += 28)
		for (cut = PAGE - offset; cut < 4 * PAGE; cut += PAGE) {
			struct nvdpa_dma_seg segs[] = {
				{ .addr = BASE + offset, .len = cut },
				{ .addr = BASE + offset + cut, .len = 4 * PAGE },
			};

			expect_build(test, segs, 4 * PAGE, list);
		}
}

/* What is planned for an offset and a length, with and without SGLs. */
static void prp_plans(struct kunit *test)
{
	struct nvdpa_xfer_limits lim = {
		.max_bytes = 8 * PAGE,
		.lba_bytes = 512,
	};
	unsigned int i;
	u32 offset;

	for (offset = 0; offset < PAGE; offset++)
		for (i = 0; i < ARRAY_SIZE(prp_lengths); i++) {
			u32 want = min(prp_lengths[i], lim.max_bytes);
			struct nvdpa_dma_seg seg = {
				.addr = BASE + offset,
				.len = prp_lengths[i],
			};
			struct nvdpa_xfer none, byte, dword;

			lim.sgl = NVDPA_SGL_NONE;
			none = nvdpa_prp_plan(&seg, 1, seg.len, &lim);
			lim.sgl = NVDPA_SGL_BYTE;
			byte = nvdpa_prp_plan(&seg, 1, seg.len, &lim);
			lim.sgl = NVDPA_SGL_DWORD;
			dword = nvdpa_prp_plan(&seg, 1, seg.len, &lim);

			if (offset % 4 == 0) {
				KUNIT_EXPECT_EQ(test, none.mode, NVDPA_XFER_PRP);
				KUNIT_EXPECT_EQ(test, byte.mode, NVDPA_XFER_PRP);
				KUNIT_EXPECT_EQ(test, none.bytes, want);
			} else {
				KUNIT_EXPECT_EQ(test, none.mode, NVDPA_XFER_BOUNCE);
				KUNIT_EXPECT_EQ(test, none.bytes, min(want, PAGE));
				KUNIT_EXPECT_EQ(test, byte.mode, NVDPA_XFER_SGL);
			}
			KUNIT_EXPECT_EQ(test, byte.bytes, want);
			KUNIT_EXPECT_EQ(test, dword.mode, none.mode);
			KUNIT_EXPECT_EQ(test, dword.bytes, none.bytes);
		}
}

static struct kunit_case prp_cases[] = {
	KUNIT_CASE_SLOW(prp_shapes),
	KUNIT_CASE(prp_longest),
	KUNIT_CASE(prp_two_segments),
	KUNIT_CASE_SLOW(prp_plans),
	{}
};

static struct kunit_suite prp_suite = {
	.name = "nvdpa-prp",
	.test_cases = prp_cases,
};

kunit_test_suite(prp_suite);

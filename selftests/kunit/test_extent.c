// SPDX-License-Identifier: GPL-2.0
/* Pins pure/extent.c: arithmetic up to the ends of 64 bits, with the kernel's helpers. */
#include <kunit/test.h>

#include "pure/extent.h"

static void extent_capacity(struct kunit *test)
{
	u8 shift;

	for (shift = 9; shift <= 12; shift++) {
		struct nvdpa_extent ext = { .lba_shift = shift };
		u64 most = U64_MAX >> (shift - 9);

		KUNIT_EXPECT_EQ(test, nvdpa_extent_sectors(&ext), 0);
		ext.nr_lbas = 3;
		KUNIT_EXPECT_EQ(test, nvdpa_extent_sectors(&ext),
				3ull << (shift - 9));
		ext.nr_lbas = most;
		KUNIT_EXPECT_EQ(test, nvdpa_extent_sectors(&ext),
				most << (shift - 9));
		/* What does not fit is the most that does, and never wraps. */
		ext.nr_lbas = most + (shift > 9);
		KUNIT_EXPECT_EQ(test, nvdpa_extent_sectors(&ext), U64_MAX);
		ext.nr_lbas = U64_MAX;
		KUNIT_EXPECT_EQ(test, nvdpa_extent_sectors(&ext), U64_MAX);
	}
}

static void extent_place(struct kunit *test)
{
	static const u64 first[] = { 0, 1, 4095, 1ull << 32, U64_MAX >> 3 };
	struct nvdpa_extent ext = { .nr_lbas = 1000 };
	unsigned int i;
	u64 lba;

	for (ext.lba_shift = 9; ext.lba_shift <= 12; ext.lba_shift++) {
		u8 shift = ext.lba_shift - 9;

		for (i = 0; i < ARRAY_SIZE(first); i++) {
			ext.first_lba = first[i];
			for (lba = 0; lba < 1000; lba += 333)
				KUNIT_EXPECT_EQ(test,
						nvdpa_extent_lba(&ext, lba << shift),
						first[i] + lba);
		}
		KUNIT_EXPECT_EQ(test, nvdpa_extent_lbas(&ext, 77ull << shift), 77);
		KUNIT_EXPECT_EQ(test, nvdpa_extent_lbas(&ext, U64_MAX),
				U64_MAX >> shift);
	}
}

/* The most that may follow, block by block. */
static u32 blocks_to_boundary(u64 lba, u32 boundary, u32 blocks)
{
	u32 n = 1, rest;

	for (; n < blocks; n++) {
		div_u64_rem(lba + n, boundary, &rest);
		if (!rest)
			break;
	}
	return n;
}

static void extent_boundary(struct kunit *test)
{
	static const u32 boundaries[] = { 1, 2, 3, 7, 8, 100, 256, 65535 };
	static const u64 bases[] = { 0, 65520, (1ull << 40) - 8, U64_MAX >> 9 };
	struct nvdpa_extent ext = { .lba_shift = 12 };
	unsigned int i, j, lba, n;

	KUNIT_EXPECT_EQ(test, nvdpa_extent_clip(&ext, 12345, 8192), 8192);
	for (i = 0; i < ARRAY_SIZE(boundaries); i++) {
		ext.boundary_lbas = boundaries[i];
		for (j = 0; j < ARRAY_SIZE(bases); j++)
			for (lba = 0; lba < 20; lba++)
				for (n = 1; n <= 16; n += 5)
					KUNIT_EXPECT_EQ(test,
						nvdpa_extent_clip(&ext, bases[j] + lba,
								  n << 12),
						blocks_to_boundary(bases[j] + lba,
								   boundaries[i], n) << 12);
	}
	/* A boundary so large that its bytes do not fit 32 bits. */
	ext.boundary_lbas = 0x80000000;
	KUNIT_EXPECT_EQ(test, nvdpa_extent_clip(&ext, 0, 0x200000), 0x200000);
}

static struct kunit_case extent_cases[] = {
	KUNIT_CASE(extent_capacity),
	KUNIT_CASE(extent_place),
	KUNIT_CASE(extent_boundary),
	{}
};

static struct kunit_suite extent_suite = {
	.name = "nvdpa-extent",
	.test_cases = extent_cases,
};

kunit_test_suite(extent_suite);

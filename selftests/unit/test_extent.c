// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/extent.c. */
#include "extent.h"
#include "tap.h"

TEST(extent, sectors_of_blocks)
{
	static const struct {
		u64 nr_lbas;
		u8 lba_shift;
		u64 want;
	} cases[] = {
		{ 0, 9, 0 },
		{ 1, 9, 1 },
		{ 1, 12, 8 },
		{ 1000, 12, 8000 },
		{ 3, 16, 384 },
		{ U64_MAX, 9, U64_MAX },
		{ U64_MAX >> 3, 12, U64_MAX - 7 },
		{ (U64_MAX >> 3) + 1, 12, U64_MAX },
		{ U64_MAX, 12, U64_MAX },
		{ 1ULL << 61, 12, U64_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvdpa_extent ext = {
			.nr_lbas = cases[i].nr_lbas,
			.lba_shift = cases[i].lba_shift,
		};

		EXPECT_EQ(nvdpa_extent_sectors(&ext), cases[i].want);
	}
}

TEST(extent, lba_of_a_sector)
{
	struct nvdpa_extent ext = { .first_lba = 2048, .lba_shift = 9 };

	EXPECT_EQ(nvdpa_extent_lba(&ext, 0), 2048);
	EXPECT_EQ(nvdpa_extent_lba(&ext, 17), 2065);
	ext.lba_shift = 12;
	EXPECT_EQ(nvdpa_extent_lba(&ext, 8), 2049);
	EXPECT_EQ(nvdpa_extent_lba(&ext, 1ULL << 40), 2048 + (1ULL << 37));
	ext.first_lba = 0;
	EXPECT_EQ(nvdpa_extent_lba(&ext, 0), 0);
	EXPECT_EQ(nvdpa_extent_lba(&ext, U64_MAX - 7), U64_MAX >> 3);
}

TEST(extent, lbas_of_sectors)
{
	struct nvdpa_extent ext = { .first_lba = 2048, .lba_shift = 9 };

	EXPECT_EQ(nvdpa_extent_lbas(&ext, 0), 0);
	EXPECT_EQ(nvdpa_extent_lbas(&ext, U32_MAX), U32_MAX);
	ext.lba_shift = 12;
	EXPECT_EQ(nvdpa_extent_lbas(&ext, 8), 1);
	EXPECT_EQ(nvdpa_extent_lbas(&ext, U64_MAX - 7), U64_MAX >> 3);
}

TEST(extent, no_boundary_clips_nothing)
{
	struct nvdpa_extent ext = { .lba_shift = 9 };

	EXPECT_EQ(nvdpa_extent_clip(&ext, 0, 512), 512);
	EXPECT_EQ(nvdpa_extent_clip(&ext, U64_MAX, 0xfffffe00), 0xfffffe00);
}

/* Block by block: the transfer ends where the next block begins a stripe. */
TEST(extent, clip_agrees_with_counting_blocks)
{
	static const u32 boundaries[] = { 1, 2, 3, 7, 8, 100, 256 };
	static const u64 bases[] = { 0, 1ULL << 33, U64_MAX - 2000 };
	static const u8 shifts[] = { 9, 12 };

	for (u32 b = 0; b < ARRAY_SIZE(boundaries); b++) {
		for (u32 base = 0; base < ARRAY_SIZE(bases); base++) {
			for (u32 at = 0; at < 600; at++) {
				u8 shift = shifts[at & 1];
				u64 lba = bases[base] + at / 2;
				struct nvdpa_extent ext = {
					.boundary_lbas = boundaries[b],
					.lba_shift = shift,
				};
				u32 wanted = 1 + tap_below(300);
				u32 n = 1;

				while (n < wanted &&
				       (lba + n) % boundaries[b])
					n++;
				EXPECT_EQ(nvdpa_extent_clip(&ext, lba,
							    wanted << shift),
					  n << shift);
			}
		}
	}
}

/* Stripes whose length in bytes is beyond 32 bits. */
TEST(extent, clip_at_huge_boundaries)
{
	struct nvdpa_extent ext = { .lba_shift = 12 };

	ext.boundary_lbas = U32_MAX;
	EXPECT_EQ(nvdpa_extent_clip(&ext, 0, 1 << 21), 1 << 21);
	EXPECT_EQ(nvdpa_extent_clip(&ext, U32_MAX - 2, 1 << 21), 2 << 12);
	EXPECT_EQ(nvdpa_extent_clip(&ext, U32_MAX, 1 << 21), 1 << 21);
	ext.boundary_lbas = 1u << 31;
	EXPECT_EQ(nvdpa_extent_clip(&ext, 0, 1 << 21), 1 << 21);
	EXPECT_EQ(nvdpa_extent_clip(&ext, (1u << 31) - 1, 1 << 21), 1 << 12);
	ext.boundary_lbas = 1u << 20;
	EXPECT_EQ(nvdpa_extent_clip(&ext, 0, 1 << 21), 1 << 21);
}

// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/offer.c. */
#include "offer.h"
#include "req.h"
#include "tap.h"

/* A controller with both commands and no limit but MDTS. */
#define PLAIN .dsm = true, .write_zeroes = true, .max_bytes = 524288, \
	.granule_lbas = 1

TEST(offer, nothing_without_oncs)
{
	struct nvdpa_offer_ident id = {
		.max_bytes = 4096, .granule_lbas = 8, .dlfeat = 9,
		.dmrl = 5, .dmrsl = 6, .dmsl = 7, .wzsl = 8,
	};
	struct nvdpa_req_limits lim;

	memset(&lim, 0xa5, sizeof(lim));
	nvdpa_offer_limits(&lim, &id, 12);
	EXPECT_EQ(lim.lba_bytes, 4096);
	EXPECT_EQ(lim.read_only, false);
	EXPECT_EQ(lim.discard.max_sectors, 0);
	EXPECT_EQ(lim.zeroes.max_sectors, 0);

	/* Each alone. */
	id.dsm = true;
	nvdpa_offer_limits(&lim, &id, 12);
	EXPECT(lim.discard.max_sectors);
	EXPECT_EQ(lim.zeroes.max_sectors, 0);
	id.dsm = false;
	id.write_zeroes = true;
	nvdpa_offer_limits(&lim, &id, 12);
	EXPECT_EQ(lim.discard.max_sectors, 0);
	EXPECT(lim.zeroes.max_sectors);
}

TEST(offer, discard)
{
	static const struct {
		u8 lba_shift;
		u8 dmrl;
		u32 dmrsl;
		u64 dmsl;
		u32 max_sectors;
		u32 max_ranges;
	} cases[] = {
		{ 9, 0, 0, 0, U32_MAX, 64 },
		{ 12, 0, 0, 0, U32_MAX - 7, 64 },
		{ 9, 1, 0, 0, U32_MAX, 1 },
		{ 9, 63, 0, 0, U32_MAX, 63 },
		{ 9, 255, 0, 0, U32_MAX, 64 },
		{ 9, 0, 1, 0, 1, 64 },
		{ 12, 0, 1, 0, 8, 64 },
		{ 12, 0, U32_MAX, 0, U32_MAX - 7, 64 },
		{ 12, 0, 1 << 29, 0, U32_MAX - 7, 64 },
		{ 12, 0, (1 << 29) - 1, 0, U32_MAX - 7, 64 },
		{ 12, 0, (1 << 29) - 2, 0, U32_MAX - 15, 64 },
		{ 9, 255, 4194303, 0, 4194303, 64 },
		{ 9, 255, 100, 6400, 100, 64 },
		{ 9, 255, 100, 6399, 100, 63 },
		{ 9, 255, 100, 199, 100, 1 },
		{ 9, 255, 100, 100, 100, 1 },
		{ 9, 255, 100, 99, 99, 1 },
		{ 9, 255, 100, 1, 1, 1 },
		{ 9, 0, 0, 1, 1, 1 },
		{ 9, 0, 0, 1ULL << 32, U32_MAX, 1 },
		{ 9, 0, 0, 1ULL << 33, U32_MAX, 2 },
		{ 9, 0, 0, U64_MAX, U32_MAX, 64 },
		{ 9, 3, 100, U64_MAX, 100, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvdpa_offer_ident id = {
			PLAIN,
			.dmrl = cases[i].dmrl,
			.dmrsl = cases[i].dmrsl,
			.dmsl = cases[i].dmsl,
		};
		struct nvdpa_req_limits lim;

		nvdpa_offer_limits(&lim, &id, cases[i].lba_shift);
		EXPECT_EQ(lim.discard.max_sectors, cases[i].max_sectors);
		EXPECT_EQ(lim.discard.max_ranges, cases[i].max_ranges);
	}
}

TEST(offer, discard_alignment)
{
	static const struct {
		u8 lba_shift;
		u32 granule_lbas;
		u32 dmrsl;
		u32 want;
	} cases[] = {
		{ 9, 1, 0, 1 },
		{ 12, 1, 0, 8 },
		{ 9, 8, 0, 8 },
		{ 12, 8, 0, 64 },
		{ 9, 3, 0, 3 },
		{ 9, 65536, 0, 65536 },
		{ 12, 65536, 0, 524288 },
		{ 9, 8, 8, 8 },
		/* A driver could not ask for one granule. */
		{ 9, 8, 7, 1 },
		{ 12, 8, 7, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvdpa_offer_ident id = {
			PLAIN, .dmrsl = cases[i].dmrsl,
		};
		struct nvdpa_req_limits lim;

		id.granule_lbas = cases[i].granule_lbas;
		nvdpa_offer_limits(&lim, &id, cases[i].lba_shift);
		EXPECT_EQ(lim.discard_align_sectors, cases[i].want);
	}
}

TEST(offer, write_zeroes)
{
	static const struct {
		u8 lba_shift;
		u8 wzsl;
		u32 max_bytes;
		u32 want;
	} cases[] = {
		{ 9, 0, 4096, 8 },
		{ 12, 0, 4096, 1 },
		{ 9, 0, 524288, 1024 },
		{ 12, 0, 2 << 20, 512 },
		{ 9, 0, 1 << 25, 65536 },
		{ 9, 0, 1 << 26, 65536 },
		{ 9, 1, 4096, 16 },
		{ 12, 1, 524288, 2 },
		{ 9, 12, 4096, 32768 },
		{ 9, 13, 4096, 65536 },
		{ 9, 14, 4096, 65536 },
		{ 12, 15, 4096, 32768 },
		{ 12, 16, 4096, 65536 },
		{ 12, 17, 4096, 65536 },
		/* What no shift of 32 bits can do. */
		{ 9, 29, 4096, 65536 },
		{ 12, 32, 4096, 65536 },
		{ 9, 255, 4096, 65536 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 shift = cases[i].lba_shift;
		struct nvdpa_offer_ident id = { PLAIN, .wzsl = cases[i].wzsl };
		struct nvdpa_req_limits lim;

		id.max_bytes = cases[i].max_bytes;
		nvdpa_offer_limits(&lim, &id, shift);
		EXPECT_EQ(lim.zeroes_lbas, cases[i].want);
		EXPECT_EQ(lim.zeroes.max_ranges, 1);
		EXPECT_EQ(lim.zeroes.max_sectors,
			  NVDPA_OFFER_ZEROES_CMDS *
			  ((u64)cases[i].want << shift) / 512);
	}
}

/* Zeroes from deallocated blocks, and DEAC: both, or no unmap. */
TEST(offer, zeroes_unmap)
{
	for (u32 dlfeat = 0; dlfeat < 256; dlfeat++) {
		struct nvdpa_offer_ident id = { PLAIN, .dlfeat = dlfeat };
		struct nvdpa_req_limits lim;

		nvdpa_offer_limits(&lim, &id, 9);
		EXPECT_EQ(lim.zeroes_unmap, (dlfeat & 0xf) == 9);
	}
}

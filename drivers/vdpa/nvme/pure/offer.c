// SPDX-License-Identifier: GPL-2.0
/* Limits of discard and write zeroes (NVM command set 1.0, 3.2.3 and 3.2.8). */
#include "offer.h"

#include "req.h"

#define OFFER_PAGE_SHIFT	12	/* CAP.MPSMIN is 0 */
/* Blocks of one Write Zeroes command, a 0's based field of 16 bits. */
#define OFFER_ZEROES_SHIFT	16

/* Identify Namespace DLFEAT: what deallocated blocks read as, and DEAC. */
#define OFFER_DLFEAT_READ	0x07
#define OFFER_DLFEAT_ZEROES	0x01
#define OFFER_DLFEAT_DEAC	0x08

/* A range's length is 32 bits on either side, of sectors on ours. */
static void offer_discard(struct nvdpa_req_limits *lim,
			  const struct nvdpa_offer_ident *id, u8 sector_shift)
{
	u32 lbas = U32_MAX >> sector_shift;
	u32 ranges = NVDPA_REQ_RANGES;
	u32 align = id->granule_lbas;
	u32 rest;

	if (id->dmrl)
		ranges = min_t(u32, ranges, id->dmrl);
	if (id->dmrsl)
		lbas = min(lbas, id->dmrsl);
	if (id->dmsl) {
		lbas = min_t(u64, lbas, id->dmsl);
		ranges = min_t(u64, ranges, div_u64_rem(id->dmsl, lbas, &rest));
	}
	if (align > lbas)
		align = 1;

	lim->discard.max_sectors = lbas << sector_shift;
	lim->discard.max_ranges = ranges;
	lim->discard_align_sectors = align << sector_shift;
}

/*
 * MDTS is not for Write Zeroes, but without a limit of its own it is the only
 * hint at what the controller can do in good time.
 */
static void offer_zeroes(struct nvdpa_req_limits *lim,
			 const struct nvdpa_offer_ident *id, u8 lba_shift)
{
	u32 shift = OFFER_PAGE_SHIFT + id->wzsl - lba_shift;
	u32 most = 1u << OFFER_ZEROES_SHIFT;
	u8 read = id->dlfeat & OFFER_DLFEAT_READ;

	if (id->wzsl)
		lim->zeroes_lbas = 1u << min_t(u32, shift, OFFER_ZEROES_SHIFT);
	else
		lim->zeroes_lbas = min(id->max_bytes >> lba_shift, most);

	lim->zeroes.max_sectors = lim->zeroes_lbas * NVDPA_OFFER_ZEROES_CMDS <<
				  (lba_shift - SECTOR_SHIFT);
	lim->zeroes.max_ranges = 1;
	lim->zeroes_unmap = read == OFFER_DLFEAT_ZEROES &&
			    id->dlfeat & OFFER_DLFEAT_DEAC;
}

void nvdpa_offer_limits(struct nvdpa_req_limits *lim,
			const struct nvdpa_offer_ident *id, u8 lba_shift)
{
	memset(lim, 0, sizeof(*lim));
	lim->lba_bytes = 1u << lba_shift;
	if (id->dsm)
		offer_discard(lim, id, lba_shift - SECTOR_SHIFT);
	if (id->write_zeroes)
		offer_zeroes(lim, id, lba_shift);
}

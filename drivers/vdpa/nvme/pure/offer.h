/* SPDX-License-Identifier: GPL-2.0 */
/* What a disk does for its driver, out of what Identify says. */
#ifndef NVDPA_PURE_OFFER_H
#define NVDPA_PURE_OFFER_H

#include "kdep.h"

struct nvdpa_req_limits;

/*
 * Commands that one write zeroes may become: a longer one would keep what comes
 * behind it in the ring waiting.
 */
#define NVDPA_OFFER_ZEROES_CMDS	32

/**
 * struct nvdpa_offer_ident - Identify on Dataset Management and Write Zeroes
 * @dsm: Dataset Management is there (ONCS)
 * @write_zeroes: Write Zeroes is there (ONCS)
 * @dmrl: ranges of one Dataset Management command, 0 if not reported
 * @dmrsl: blocks of one range, 0 if not reported
 * @dmsl: blocks of all ranges of a command, 0 if not reported
 * @wzsl: log2 of the longest Write Zeroes in pages of 4096 bytes, 0 if not
 *        reported
 * @max_bytes: largest transfer (MDTS), 4096 or more; the limit of Write Zeroes
 *             without @wzsl
 * @granule_lbas: preferred granularity and alignment of deallocation in blocks
 *                (NPDG, NPDA), 1 to 65536
 * @dlfeat: deallocated blocks, of the namespace
 */
struct nvdpa_offer_ident {
	bool dsm;
	bool write_zeroes;
	u8 dmrl;
	u8 wzsl;
	u8 dlfeat;
	u32 dmrsl;
	u64 dmsl;
	u32 max_bytes;
	u32 granule_lbas;
};

/**
 * nvdpa_offer_limits() - what a disk offers
 * @lim: written whole; the disk is not read-only
 * @id: what Identify says
 * @lba_shift: log2 of the block size in bytes, 9 to 12
 *
 * Deallocated blocks that do not read as zeroes, or a Write Zeroes that does
 * not know DEAC, leave no write zeroes that may unmap.
 */
void nvdpa_offer_limits(struct nvdpa_req_limits *lim,
			const struct nvdpa_offer_ident *id, u8 lba_shift);

#endif /* NVDPA_PURE_OFFER_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From bus addresses to the data pointer of an NVMe command: PRPs where they
 * fit, else SGLs, else a shorter transfer, else a bounce page.
 */
#ifndef NVDPA_PURE_PRP_H
#define NVDPA_PURE_PRP_H

#include "kdep.h"

#define NVDPA_PAGE_BYTES	4096u	/* CC.MPS = 0 */
/* Entries of the one list page that a command has. */
#define NVDPA_PRP_ENTRIES	(NVDPA_PAGE_BYTES / 8)
#define NVDPA_SGL_ENTRIES	(NVDPA_PAGE_BYTES / 16)
/* What PRP1 and a full list page cover if the first page is used whole. */
#define NVDPA_XFER_MAX_BYTES	(NVDPA_PRP_ENTRIES * NVDPA_PAGE_BYTES)

/**
 * struct nvdpa_dma_seg - a run of bus addresses
 * @addr: bus address
 * @len: bytes, never 0
 */
struct nvdpa_dma_seg {
	u64 addr;
	u32 len;
};

/**
 * enum nvdpa_sgl_support - Identify Controller SGLS, bits 1:0
 * @NVDPA_SGL_NONE: no SGLs
 * @NVDPA_SGL_BYTE: any alignment and length
 * @NVDPA_SGL_DWORD: addresses and lengths are multiples of 4
 */
enum nvdpa_sgl_support {
	NVDPA_SGL_NONE = 0,
	NVDPA_SGL_BYTE = 1,
	NVDPA_SGL_DWORD = 2,
};

enum nvdpa_xfer_mode {
	NVDPA_XFER_PRP,
	NVDPA_XFER_SGL,
	NVDPA_XFER_BOUNCE,
};

/**
 * struct nvdpa_xfer_limits - what the controller and the namespace can take
 * @max_bytes: largest transfer of one command (MDTS), a multiple of @lba_bytes
 *             and at most NVDPA_XFER_MAX_BYTES
 * @lba_bytes: logical block, 512 to NVDPA_PAGE_BYTES
 * @sgl: SGL support
 */
struct nvdpa_xfer_limits {
	u32 max_bytes;
	u32 lba_bytes;
	enum nvdpa_sgl_support sgl;
};

/**
 * struct nvdpa_xfer - what the next command carries
 * @mode: how its data pointer is made
 * @bytes: how much, a multiple of the block, not 0
 */
struct nvdpa_xfer {
	enum nvdpa_xfer_mode mode;
	u32 bytes;
};

/**
 * nvdpa_prp_plan() - decide how the next command of a request is made
 * @segs: bus addresses of the data that is left, in order
 * @n: number of @segs, not 0
 * @total: bytes wanted at most: a multiple of the block, not 0, covered by
 *         @segs unless the caller ran out of room for segments (then less may
 *         be planned)
 * @lim: limits
 *
 * A PRP transfer needs a first address that is a multiple of 4, every further
 * segment to begin on a page and every segment but the last to end on one
 * (NVMe base 2.0, 4.1.1); segments without a gap count as one. Order of
 * preference: all of it by PRP; all of it (up to NVDPA_SGL_ENTRIES segments) by
 * SGL; the longest prefix of whole blocks that PRP can do; a bounce of at most
 * NVDPA_PAGE_BYTES. An SGL that is cut short by the number of its entries or by
 * NVDPA_SGL_DWORD is only taken if it carries more than PRP. A bounce need not
 * be covered by @segs.
 *
 * Context: any, bounded by @n.
 * Return: the plan.
 */
struct nvdpa_xfer nvdpa_prp_plan(const struct nvdpa_dma_seg *segs, u32 n,
				 u32 total,
				 const struct nvdpa_xfer_limits *lim);

/**
 * nvdpa_prp_build() - write PRP1, PRP2 and the list
 * @cmd: command; its data pointer is written
 * @segs: bus addresses
 * @bytes: length of the transfer as planned with NVDPA_XFER_PRP
 * @list: kernel address of the command's list page
 * @list_dma: its bus address
 */
void nvdpa_prp_build(struct nvme_command *cmd,
		     const struct nvdpa_dma_seg *segs, u32 bytes,
		     __le64 *list, u64 list_dma);

/**
 * nvdpa_prp_pair() - write PRP1 and PRP2, if the two of them do
 * @cmd: command; its data pointer is written when true is returned
 * @addr: bus address of data that lies in one run
 * @bytes: length of the transfer, not 0 and at most NVDPA_XFER_MAX_BYTES
 *
 * Writes what nvdpa_prp_plan() and nvdpa_prp_build() would.
 *
 * Return: false when a list is needed, or something else than PRPs.
 */
static inline bool nvdpa_prp_pair(struct nvme_command *cmd, u64 addr, u32 bytes)
{
	u32 offset = addr & (NVDPA_PAGE_BYTES - 1);
	u32 end = offset + bytes;

	if (addr & 3 || end > 2 * NVDPA_PAGE_BYTES)
		return false;
	cmd->common.dptr.prp1 = cpu_to_le64(addr);
	if (end > NVDPA_PAGE_BYTES)
		cmd->common.dptr.prp2 =
			cpu_to_le64(addr - offset + NVDPA_PAGE_BYTES);
	else
		cmd->common.dptr.prp2 = 0;
	return true;
}

/**
 * nvdpa_sgl_build() - write the SGL descriptor and the segment in the list page
 * @cmd: command; its data pointer and PSDT are written
 * @segs: bus addresses
 * @bytes: length of the transfer as planned with NVDPA_XFER_SGL
 * @list: kernel address of the command's list page
 * @list_dma: its bus address
 *
 * One segment becomes a data block descriptor in the command itself.
 */
void nvdpa_sgl_build(struct nvme_command *cmd, const struct nvdpa_dma_seg *segs,
		     u32 bytes, struct nvme_sgl_desc *list, u64 list_dma);

#endif /* NVDPA_PURE_PRP_H */

// SPDX-License-Identifier: GPL-2.0
/* Plan and write the data pointer of an NVMe command (NVMe base 2.0, 4.1). */
#include "prp.h"

static u32 page_offset_bytes(u64 addr)
{
	return addr & (NVDPA_PAGE_BYTES - 1);
}

/*
 * Two segments share a PRP list if the gap between them is none at all or lies
 * on page boundaries. Bus addresses may end at 2^64, then @end is 0.
 */
static bool prp_joins(const struct nvdpa_dma_seg *seg,
		      const struct nvdpa_dma_seg *next)
{
	u64 end = seg->addr + seg->len;

	return end == next->addr || !page_offset_bytes(end | next->addr);
}

/* How much of @want PRPs can carry, not rounded to blocks. */
static u32 prp_prefix(const struct nvdpa_dma_seg *segs, u32 n, u32 want)
{
	u32 bytes = 0;
	u32 i;

	if (segs->addr & 3)
		return 0;

	for (i = 0; i < n; i++) {
		if (i && !prp_joins(&segs[i - 1], &segs[i]))
			break;
		bytes += min(segs[i].len, want - bytes);
		if (bytes == want)
			break;
	}
	return bytes;
}

/*
 * How much of @want one segment of SGL descriptors can carry, not rounded to
 * blocks. With NVDPA_SGL_DWORD a ragged segment can only be the last: rounding
 * to blocks then cuts it, or one before it, at a multiple of 4.
 */
static u32 sgl_prefix(const struct nvdpa_dma_seg *segs, u32 n, u32 want,
		      enum nvdpa_sgl_support sgl)
{
	u32 ragged = sgl == NVDPA_SGL_DWORD ? 3 : 0;
	u32 bytes = 0;
	u32 i;

	if (sgl == NVDPA_SGL_NONE)
		return 0;

	n = min(n, NVDPA_SGL_ENTRIES);
	for (i = 0; i < n; i++) {
		if (segs[i].addr & ragged)
			break;
		bytes += min(segs[i].len, want - bytes);
		if (bytes == want || segs[i].len & ragged)
			break;
	}
	return bytes;
}

struct nvdpa_xfer nvdpa_prp_plan(const struct nvdpa_dma_seg *segs, u32 n,
				 u32 total, const struct nvdpa_xfer_limits *lim)
{
	u32 want, prp, sgl;

	/* At NVDPA_XFER_MAX_BYTES any offset of PRP1 still fits the list. */
	want = min3(total, lim->max_bytes, NVDPA_XFER_MAX_BYTES);

	prp = round_down(prp_prefix(segs, n, want), lim->lba_bytes);
	if (likely(prp == want))
		return (struct nvdpa_xfer) { NVDPA_XFER_PRP, prp };

	sgl = round_down(sgl_prefix(segs, n, want, lim->sgl), lim->lba_bytes);
	if (sgl > prp)
		return (struct nvdpa_xfer) { NVDPA_XFER_SGL, sgl };
	if (prp)
		return (struct nvdpa_xfer) { NVDPA_XFER_PRP, prp };

	return (struct nvdpa_xfer) {
		NVDPA_XFER_BOUNCE, min(want, NVDPA_PAGE_BYTES)
	};
}

void nvdpa_prp_build(struct nvme_command *cmd, const struct nvdpa_dma_seg *segs,
		     u32 bytes, __le64 *list, u64 list_dma)
{
	u32 offset, len;
	u64 prp2 = 0;
	u32 nr = 0;

	cmd->common.dptr.prp1 = cpu_to_le64(segs->addr);

	/*
	 * Of each segment, an entry for each page that begins in it. The first
	 * page is in PRP1; a segment that begins inside a page continues the
	 * one before it, which has the entry. Counted in offsets, because the
	 * end of a segment may be 2^64.
	 */
	offset = NVDPA_PAGE_BYTES - page_offset_bytes(segs->addr);
	for (;;) {
		len = min(segs->len, bytes);
		for (; offset < len; offset += NVDPA_PAGE_BYTES) {
			prp2 = segs->addr + offset;
			list[nr++] = cpu_to_le64(prp2);
		}
		bytes -= len;
		if (!bytes)
			break;
		segs++;
		offset = page_offset_bytes(-segs->addr);
	}

	/* One page more needs no list: PRP2 is its address (4.1.1). */
	if (nr > 1)
		prp2 = list_dma;
	cmd->common.dptr.prp2 = cpu_to_le64(prp2);
}

static void sgl_set(struct nvme_sgl_desc *desc, u64 addr, u32 len, u8 type)
{
	*desc = (struct nvme_sgl_desc) {
		.addr = cpu_to_le64(addr),
		.length = cpu_to_le32(len),
		.type = type << 4,
	};
}

void nvdpa_sgl_build(struct nvme_command *cmd, const struct nvdpa_dma_seg *segs,
		     u32 bytes, struct nvme_sgl_desc *list, u64 list_dma)
{
	struct nvme_sgl_desc *sgl = &cmd->common.dptr.sgl;
	u32 nr = 0;

	/* PSDT 01b: an SGL, and no metadata (NVMe base 2.0, 3.3.3.1). */
	cmd->common.flags |= NVME_CMD_SGL_METABUF;

	if (bytes <= segs->len) {
		sgl_set(sgl, segs->addr, bytes, NVME_SGL_FMT_DATA_DESC);
		return;
	}

	for (; bytes; segs++) {
		u32 len = min(segs->len, bytes);

		sgl_set(&list[nr++], segs->addr, len, NVME_SGL_FMT_DATA_DESC);
		bytes -= len;
	}
	sgl_set(sgl, list_dma, nr * sizeof(*list), NVME_SGL_FMT_LAST_SEG_DESC);
}

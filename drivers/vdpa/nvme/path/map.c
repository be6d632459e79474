// SPDX-License-Identifier: GPL-2.0
/*
 * From the guest's addresses to the bus: a look-up for memory that was mapped
 * beforehand, one mapping a segment for the host's own (virtio-vdpa).
 */
#include "queue.h"

#include <linux/dma-mapping.h>
#include <linux/mm.h>

static enum dma_data_direction nvdpa_map_dir(const struct nvdpa_req *req)
{
	return req->op == NVDPA_OP_WRITE ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

static int nvdpa_map_seg(struct nvdpa_queue *q, const struct nvdpa_seg *seg,
			 enum dma_data_direction dir, dma_addr_t *dma)
{
	const struct nvdpa_mem_chunk *chunk;
	u64 off;
	u8 *kva;

	lockdep_assert_held(&q->lock);

	chunk = nvdpa_memtable_find(q->mem, &q->data_hint, seg->addr);
	if (!chunk)
		return -EFAULT;
	off = seg->addr - chunk->iova;
	if (seg->len > chunk->size - off)
		return -EFAULT;

	kva = chunk->kva + off;
	*dma = dma_map_page_attrs(q->disk->dma_dev, virt_to_page(kva),
				  offset_in_page(kva), seg->len, dir,
				  q->disk->dma_attrs);
	return dma_mapping_error(q->disk->dma_dev, *dma);
}

int nvdpa_map_req(struct nvdpa_queue *q, struct nvdpa_queue_req *rq)
{
	const struct nvdpa_req *req = &rq->req;
	u16 i;
	int err;

	lockdep_assert_held(&q->lock);

	for (i = req->first; i < req->first + req->nsegs; i++) {
		err = nvdpa_map_seg(q, &req->segs[i], nvdpa_map_dir(req),
				    &rq->dma[i]);
		if (err) {
			nvdpa_map_undo(q, rq);
			return err;
		}
		rq->mapped++;
	}
	return 0;
}

void nvdpa_map_undo(struct nvdpa_queue *q, struct nvdpa_queue_req *rq)
{
	const struct nvdpa_req *req = &rq->req;
	u16 i;

	lockdep_assert_held(&q->lock);

	for (i = req->first; rq->mapped; i++, rq->mapped--)
		dma_unmap_page_attrs(q->disk->dma_dev, rq->dma[i],
				     req->segs[i].len, nvdpa_map_dir(req),
				     q->disk->dma_attrs);
}

/* Bus address at a cursor, and how many bytes follow it there. */
static int nvdpa_map_at(struct nvdpa_queue *q,
			const struct nvdpa_queue_req *rq,
			struct nvdpa_cursor at, struct nvdpa_dma_seg *out)
{
	const struct nvdpa_seg *seg = &rq->req.segs[at.seg];
	const struct nvdpa_mem_chunk *chunk;
	u64 addr = seg->addr + at.off, off;

	lockdep_assert_held(&q->lock);

	out->len = seg->len - at.off;
	if (rq->mapped) {
		out->addr = rq->dma[at.seg] + at.off;
		return 0;
	}

	chunk = nvdpa_memtable_find(q->mem, &q->data_hint, addr);
	if (!chunk || !(chunk->perm & nvdpa_map_perm(&rq->req)))
		return -EFAULT;
	off = addr - chunk->iova;
	out->addr = chunk->dma + off;
	out->len = min_t(u64, out->len, chunk->size - off);
	return 0;
}

int nvdpa_map_gather(struct nvdpa_queue *q, const struct nvdpa_queue_req *rq,
		     u32 max_bytes, u32 *nr)
{
	struct nvdpa_cursor at = rq->next;
	struct nvdpa_dma_seg piece;
	u32 bytes = 0, n = 0;
	int err = 0;

	lockdep_assert_held(&q->lock);

	while (bytes < max_bytes && n < NVDPA_QUEUE_SG) {
		err = nvdpa_map_at(q, rq, at, &piece);
		if (err)
			break;
		piece.len = min(piece.len, max_bytes - bytes);
		q->sg[n++] = piece;
		bytes += piece.len;
		nvdpa_map_advance(&rq->req, &at, piece.len);
	}
	*nr = n;
	return err ? err : bytes;
}

void nvdpa_map_advance(const struct nvdpa_req *req, struct nvdpa_cursor *cur,
		       u32 bytes)
{
	u32 here;

	while (bytes) {
		here = min(bytes, req->segs[cur->seg].len - cur->off);
		cur->off += here;
		bytes -= here;
		if (cur->off == req->segs[cur->seg].len) {
			cur->seg++;
			cur->off = 0;
		}
	}
}

int nvdpa_map_copy(struct nvdpa_queue *q, const struct nvdpa_queue_req *rq,
		   struct nvdpa_cursor at, void *page, u32 bytes)
{
	const struct nvdpa_seg *seg;
	u32 here;
	int err;

	lockdep_assert_held(&q->lock);

	while (bytes) {
		seg = &rq->req.segs[at.seg];
		here = min(bytes, seg->len - at.off);
		if (nvdpa_op_modifies(rq->req.op))
			err = nvdpa_memtable_read(q->mem, &q->data_hint,
						  seg->addr + at.off, page,
						  here);
		else
			err = nvdpa_memtable_write(q->mem, &q->data_hint,
						   seg->addr + at.off, page,
						   here);
		if (err)
			return err;
		page += here;
		bytes -= here;
		nvdpa_map_advance(&rq->req, &at, here);
	}
	return 0;
}

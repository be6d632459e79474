// SPDX-License-Identifier: GPL-2.0
/* The way down: ring, request, extent, memory, PRP, command, doorbell. */
#include "queue.h"

#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "../debug/trace.h"
#include "../pure/cmd.h"

/* What one pass may still do. */
struct nvdpa_budget {
	int reqs;
	int descs;
	int cmds;
	int segs;
	int bounces;
};

/* The last request that a pass may take is posted by it, too. */
static bool nvdpa_budget_posts(const struct nvdpa_budget *budget)
{
	return budget->cmds > 0 && budget->segs > 0 && budget->bounces > 0;
}

static bool nvdpa_budget_takes(const struct nvdpa_budget *budget)
{
	return budget->reqs > 0 && budget->descs > 0 &&
	       nvdpa_budget_posts(budget);
}

static void nvdpa_submit_later(struct nvdpa_queue *q)
{
	queue_work(system_bh_highpri_wq, &q->work);
}

/* No more commands for this request; it ends with those in flight. */
static void nvdpa_submit_stop(struct nvdpa_queue *q, struct nvdpa_queue_req *rq,
			      enum nvdpa_error error)
{
	lockdep_assert_held(&q->lock);

	rq->left = 0;
	nvdpa_complete_fail(q, rq, error, 0);
}

static enum nvdpa_error nvdpa_submit_unmapped(struct nvdpa_queue *q)
{
	lockdep_assert_held(&q->lock);

	q->unmapped = true;
	nvdpa_submit_later(q);
	return NVDPA_ERROR_UNMAPPED;
}

/* The last resort: a page of our own in place of the guest's memory. */
static int nvdpa_submit_bounce(struct nvdpa_queue *q,
			       struct nvdpa_queue_req *rq, u16 cid, u32 bytes)
{
	struct nvdpa_slot *slot = &q->qp->slots[cid];
	struct nvdpa_queue_cmd *qc = &q->cmds[cid];
	int err;

	lockdep_assert_held(&q->lock);

	if (rq->req.op == NVDPA_OP_WRITE) {
		err = nvdpa_map_copy(q, rq, rq->next, slot->page, bytes);
		if (err)
			return err;
	}
	slot->cmd.rw.dptr.prp1 = cpu_to_le64(slot->page_dma);
	qc->at = rq->next;
	qc->bytes = bytes;
	q->bounces++;
	q->stats.bounces++;
	return 0;
}

/* Data in several pieces, or data that no PRP is for. */
static noinline int nvdpa_submit_pieces(struct nvdpa_queue *q,
					struct nvdpa_queue_req *rq, u16 cid,
					u32 want, struct nvdpa_budget *budget)
{
	const struct nvdpa_disk *disk = q->disk;
	struct nvdpa_slot *slot = &q->qp->slots[cid];
	struct nvme_command *cmd = &slot->cmd;
	struct nvdpa_xfer xfer;
	u32 nr;
	int err;

	lockdep_assert_held(&q->lock);

	err = nvdpa_map_gather(q, rq, want, &nr);
	budget->segs -= nr;
	if (err < 0)
		return err;

	xfer = nvdpa_prp_plan(q->sg, nr, want, &disk->lim);
	nvdpa_cmd_rw(cmd, rq->req.op == NVDPA_OP_WRITE, disk->extent.nsid,
		     rq->lba, xfer.bytes >> disk->extent.lba_shift, q->fua);
	switch (xfer.mode) {
	case NVDPA_XFER_PRP:
		nvdpa_prp_build(cmd, q->sg, xfer.bytes, slot->page,
				slot->page_dma);
		break;
	case NVDPA_XFER_SGL:
		nvdpa_sgl_build(cmd, q->sg, xfer.bytes, slot->page,
				slot->page_dma);
		break;
	case NVDPA_XFER_BOUNCE:
		budget->bounces--;
		err = nvdpa_submit_bounce(q, rq, cid, xfer.bytes);
		if (err)
			return err;
		break;
	}
	return xfer.bytes;
}

/*
 * Give the next bytes of a request to the command in slot @cid. Returns the
 * bytes taken, or -EFAULT.
 */
static int nvdpa_submit_data(struct nvdpa_queue *q, struct nvdpa_queue_req *rq,
			     u16 cid, struct nvdpa_budget *budget)
{
	const struct nvdpa_disk *disk = q->disk;
	struct nvme_command *cmd = &q->qp->slots[cid].cmd;
	u32 want;
	u64 dma;

	lockdep_assert_held(&q->lock);

	want = min_t(u64, rq->left, disk->lim.max_bytes);
	want = nvdpa_extent_clip(&disk->extent, rq->lba, want);
	if (unlikely(!nvdpa_map_one(q, rq, want, &dma)))
		return nvdpa_submit_pieces(q, rq, cid, want, budget);

	nvdpa_cmd_rw(cmd, rq->req.op == NVDPA_OP_WRITE, disk->extent.nsid,
		     rq->lba, want >> disk->extent.lba_shift, q->fua);
	if (unlikely(!nvdpa_prp_pair(cmd, dma, want)))
		return nvdpa_submit_pieces(q, rq, cid, want, budget);
	budget->segs--;
	return want;
}

/* The list goes into a page of our own, where the guest cannot change it. */
static void nvdpa_submit_discard(struct nvdpa_queue *q,
				 struct nvdpa_queue_req *rq, u16 cid,
				 struct nvdpa_budget *budget)
{
	struct nvdpa_slot *slot = &q->qp->slots[cid];

	lockdep_assert_held(&q->lock);

	memcpy(slot->page, rq->ranges, rq->left * sizeof(rq->ranges[0]));
	nvdpa_cmd_deallocate(&slot->cmd, q->disk->extent.nsid, rq->left);
	slot->cmd.dsm.dptr.prp1 = cpu_to_le64(slot->page_dma);
	budget->segs -= rq->left;
	rq->left = 0;
}

static void nvdpa_submit_zeroes(struct nvdpa_queue *q,
				struct nvdpa_queue_req *rq,
				struct nvme_command *cmd)
{
	u32 nlb = min_t(u64, rq->left, q->disk->req_lim.zeroes_lbas);

	lockdep_assert_held(&q->lock);

	nvdpa_cmd_write_zeroes(cmd, q->disk->extent.nsid, rq->lba, nlb,
			       rq->unmap, q->fua);
	rq->lba += nlb;
	rq->left -= nlb;
}

/* Make the next command of a request that moves no data. */
static noinline void nvdpa_submit_other(struct nvdpa_queue *q,
					struct nvdpa_queue_req *rq, u16 cid,
					struct nvdpa_budget *budget)
{
	struct nvme_command *cmd = &q->qp->slots[cid].cmd;

	lockdep_assert_held(&q->lock);

	switch (rq->req.op) {
	case NVDPA_OP_DISCARD:
		nvdpa_submit_discard(q, rq, cid, budget);
		break;
	case NVDPA_OP_WRITE_ZEROES:
		nvdpa_submit_zeroes(q, rq, cmd);
		break;
	default:
		nvdpa_cmd_flush(cmd, q->disk->extent.nsid);
		rq->left = 0;
	}
}

static void nvdpa_submit_count(struct nvdpa_queue *q, struct nvdpa_queue_req *rq,
			       u16 cid)
{
	lockdep_assert_held(&q->lock);

	q->qp->slots[cid].head = rq->head;
	q->stats.commands++;
	if (rq->watch.posted_ns)
		q->stats.splits++;
	else
		rq->watch.posted_ns = q->now_ns;
}

/*
 * Post the next command of a request; -EBUSY when there is no room for it. What is
 * left, if anything, is in @left.
 */
static __always_inline int nvdpa_submit_next(struct nvdpa_queue *q,
					     struct nvdpa_queue_req *rq,
					     struct nvdpa_budget *budget)
{
	int cid, bytes = 0;

	lockdep_assert_held(&q->lock);

	if (unlikely(q->bounces >= NVDPA_QUEUE_BOUNCES))
		return -EBUSY;
	cid = nvdpa_qpair_get(q->qp);
	if (unlikely(cid < 0))
		return cid;

	/* A failure costs a look-up, too: what is spent counts, posted or not. */
	budget->cmds--;
	q->cmds[cid].bytes = 0;
	if (likely(nvdpa_op_is_rw(rq->req.op)))
		bytes = nvdpa_submit_data(q, rq, cid, budget);
	else
		nvdpa_submit_other(q, rq, cid, budget);
	if (unlikely(bytes < 0)) {
		nvdpa_qpair_put(q->qp, cid);
		nvdpa_submit_stop(q, rq, nvdpa_submit_unmapped(q));
		return 0;
	}

	rq->cmds++;
	nvdpa_submit_count(q, rq, cid);
	nvdpa_qpair_post(q->qp, cid, rq);
	rq->left -= bytes;
	if (rq->left && bytes) {
		nvdpa_map_advance(&rq->req, &rq->next, bytes);
		rq->lba += bytes >> q->disk->extent.lba_shift;
	}
	return 0;
}

/* Post what is waiting, oldest first. False when something has to wait on. */
static noinline bool nvdpa_submit_waiting(struct nvdpa_queue *q,
					  struct nvdpa_budget *budget)
{
	struct nvdpa_queue_req *rq;

	lockdep_assert_held(&q->lock);

	while (!list_empty(&q->waiting)) {
		rq = list_first_entry(&q->waiting, struct nvdpa_queue_req,
				      node);
		if (q->aborting || q->qp->gate == NVDPA_QPAIR_SHUT) {
			nvdpa_submit_stop(q, rq, NVDPA_ERROR_ABORTED);
		} else if (!nvdpa_budget_posts(budget)) {
			nvdpa_submit_later(q);
			return false;
		} else if (nvdpa_submit_next(q, rq, budget)) {
			/* A completion goes on from here: all slots are in flight. */
			return false;
		}
		if (rq->left)
			continue;
		list_del(&rq->node);
		if (!rq->cmds)
			nvdpa_complete_req(q, rq);
	}
	return true;
}

/* Post a request that was taken; nothing is waiting. False as above. */
static bool nvdpa_submit_first(struct nvdpa_queue *q,
			       struct nvdpa_queue_req *rq,
			       struct nvdpa_budget *budget)
{
	lockdep_assert_held(&q->lock);

	if (likely(q->qp->gate == NVDPA_QPAIR_OPEN &&
		   !nvdpa_submit_next(q, rq, budget) && !rq->left)) {
		if (unlikely(!rq->cmds))
			nvdpa_complete_req(q, rq);
		return true;
	}
	list_add_tail(&rq->node, &q->waiting);
	return nvdpa_submit_waiting(q, budget);
}

static enum nvdpa_error nvdpa_submit_get_id(struct nvdpa_queue *q,
					    struct nvdpa_queue_req *rq)
{
	u32 bytes = min_t(u64, rq->req.data_bytes, NVDPA_SERIAL_BYTES);
	u8 id[NVDPA_SERIAL_BYTES];

	lockdep_assert_held(&q->lock);

	memcpy(id, q->disk->serial, sizeof(id));
	if (nvdpa_map_copy(q, rq, rq->next, id, bytes))
		return nvdpa_submit_unmapped(q);
	return NVDPA_ERROR_NONE;
}

/* Take the next range of the list. */
static enum nvdpa_error nvdpa_submit_range(struct nvdpa_queue *q,
					   struct nvdpa_queue_req *rq,
					   struct nvdpa_range *range)
{
	const struct nvdpa_disk *disk = q->disk;
	struct virtio_blk_discard_write_zeroes raw;

	lockdep_assert_held(&q->lock);

	if (nvdpa_map_copy(q, rq, rq->next, &raw, sizeof(raw)))
		return nvdpa_submit_unmapped(q);
	nvdpa_map_advance(&rq->req, &rq->next, sizeof(raw));
	return nvdpa_req_range(rq->req.op, &raw,
			       nvdpa_extent_sectors(&disk->extent),
			       &disk->req_lim, range);
}

/* All ranges are taken and checked before any of them is touched. */
static noinline enum nvdpa_error
nvdpa_submit_ranges(struct nvdpa_queue *q, struct nvdpa_queue_req *rq,
		    struct nvdpa_budget *budget)
{
	const struct nvdpa_extent *ext = &q->disk->extent;
	u32 n = rq->req.data_bytes /
		sizeof(struct virtio_blk_discard_write_zeroes);
	struct nvdpa_range range;
	enum nvdpa_error error;
	u64 left = 0, nlb;

	lockdep_assert_held(&q->lock);

	for (; n; n--) {
		budget->segs--;
		error = nvdpa_submit_range(q, rq, &range);
		if (error)
			return error;
		if (!range.sectors)
			continue;

		rq->lba = nvdpa_extent_lba(ext, range.sector);
		nlb = nvdpa_extent_lbas(ext, range.sectors);
		rq->watch.bytes += nlb << ext->lba_shift;
		if (rq->req.op == NVDPA_OP_DISCARD) {
			nvdpa_cmd_range(&rq->ranges[left++], rq->lba, nlb);
		} else {
			rq->unmap = range.unmap;
			left = nlb;
		}
	}
	rq->left = left;
	return NVDPA_ERROR_NONE;
}

/* Decide about a request that is in order; it is posted or ended by @waiting. */
static enum nvdpa_error nvdpa_submit_prepare(struct nvdpa_queue *q,
					     struct nvdpa_queue_req *rq,
					     struct nvdpa_budget *budget)
{
	const struct nvdpa_extent *ext = &q->disk->extent;
	const struct nvdpa_req *req = &rq->req;
	enum nvdpa_error error;
	int err;

	lockdep_assert_held(&q->lock);

	error = nvdpa_req_check(req, nvdpa_extent_sectors(ext),
				&q->disk->req_lim);
	if (error)
		return error;

	switch (req->op) {
	case NVDPA_OP_GET_ID:
		return nvdpa_submit_get_id(q, rq);
	case NVDPA_OP_FLUSH:
		/* Something must be left, or nothing would be posted. */
		rq->left = q->disk->vwc;
		return NVDPA_ERROR_NONE;
	case NVDPA_OP_DISCARD:
	case NVDPA_OP_WRITE_ZEROES:
		return nvdpa_submit_ranges(q, rq, budget);
	default:
		if (!req->data_bytes)
			return NVDPA_ERROR_NONE;
		err = q->mem->premapped ? 0 : nvdpa_map_req(q, rq);
		if (unlikely(err))
			return err == -EFAULT ? nvdpa_submit_unmapped(q) :
						NVDPA_ERROR_DEVICE;
		rq->lba = nvdpa_extent_lba(ext, req->sector);
		rq->left = req->data_bytes;
		rq->watch.bytes = req->data_bytes;
		return NVDPA_ERROR_NONE;
	}
}

/* Kernel address of the status byte, or NULL if it is not ours to write. */
static u8 *nvdpa_submit_status(struct nvdpa_queue *q,
			       const struct nvdpa_req *req)
{
	u8 *status;

	lockdep_assert_held(&q->lock);

	if (unlikely(!nvdpa_memtable_at(q->mem, &q->hint, req->status_addr, 1,
					NVDPA_MEM_WRITE, &status)))
		return NULL;
	return status;
}

static void nvdpa_submit_begin(struct nvdpa_queue *q,
			       struct nvdpa_queue_req *rq)
{
	lockdep_assert_held(&q->lock);

	rq->busy = true;
	rq->epoch = q->epoch;
	rq->cmds = 0;
	rq->left = 0;
	rq->mapped = 0;
	rq->next.seg = rq->req.first;
	rq->next.off = 0;
	rq->error = NVDPA_ERROR_NONE;
	rq->watch.taken_ns = q->now_ns;
	rq->watch.posted_ns = 0;
	rq->watch.bytes = 0;
	q->inflight[q->epoch]++;
	if (trace_nvdpa_req_start_enabled())
		trace_nvdpa_req_start(dev_name(q->qp->ctrl->dev), q->qp->qid,
				      rq->head, &rq->req);
}

/*
 * A chain whose end nobody can be told of. True when the ring cannot be trusted any
 * more, for it is wrong, or the driver would take an old status for success.
 */
static noinline bool nvdpa_submit_no_status(struct nvdpa_queue *q,
					    struct nvdpa_queue_req *rq,
					    enum nvdpa_req_verdict verdict)
{
	lockdep_assert_held(&q->lock);

	if (verdict == NVDPA_REQ_BROKEN)
		return true;
	if (verdict == NVDPA_REQ_UNMAPPED || rq->req.has_status) {
		nvdpa_complete_lost(q, rq->head);
		return true;
	}
	nvdpa_complete_refuse(q, rq->head);
	return false;
}

/*
 * Take one chain. NULL when it is dealt with: it has ended, or, if @broken says so,
 * the ring cannot be trusted any more.
 */
static struct nvdpa_queue_req *nvdpa_submit_chain(struct nvdpa_queue *q,
						  u16 head,
						  struct nvdpa_budget *budget,
						  bool *broken)
{
	struct nvdpa_queue_req *rq = &q->reqs[head];
	enum nvdpa_req_verdict verdict;
	enum nvdpa_error error;

	lockdep_assert_held(&q->lock);

	/* A driver that offers a chain again before it got it back. */
	*broken = rq->busy;
	if (unlikely(rq->busy))
		return NULL;

	verdict = nvdpa_req_take(&rq->req, &q->ring, head, q->mem, &q->hint);
	budget->reqs--;
	budget->descs -= rq->req.descs;
	rq->status = NULL;
	if (likely(rq->req.has_status))
		rq->status = nvdpa_submit_status(q, &rq->req);
	if (unlikely(!rq->status)) {
		*broken = nvdpa_submit_no_status(q, rq, verdict);
		return NULL;
	}

	nvdpa_submit_begin(q, rq);
	if (likely(verdict == NVDPA_REQ_OK))
		error = nvdpa_submit_prepare(q, rq, budget);
	else if (verdict == NVDPA_REQ_NO_HEADER)
		error = nvdpa_submit_unmapped(q);
	else
		error = NVDPA_ERROR_REFUSED;
	if (unlikely(error))
		nvdpa_complete_fail(q, rq, error, 0);
	if (likely(rq->left))
		return rq;
	nvdpa_complete_req(q, rq);
	return NULL;
}

/* The ring is empty, or left with requests in it for a later pass. */
static void nvdpa_submit_take(struct nvdpa_queue *q,
			      struct nvdpa_budget *budget)
{
	struct nvdpa_queue_req *rq;
	bool more, broken;
	u16 head;
	int got;

	lockdep_assert_held(&q->lock);

	q->backlog = true;
	nvdpa_ring_disable_kicks(&q->ring);
	for (;;) {
		more = nvdpa_budget_takes(budget);
		got = likely(more) ? nvdpa_ring_pop(&q->ring, &head) : 0;
		if (!got && !nvdpa_ring_enable_kicks(&q->ring))
			break;
		if (!got) {
			nvdpa_ring_disable_kicks(&q->ring);
			if (!more) {
				nvdpa_submit_later(q);
				return;
			}
			budget->reqs--;
			continue;
		}
		broken = got < 0;
		rq = broken ? NULL : nvdpa_submit_chain(q, head, budget, &broken);
		if (unlikely(broken)) {
			q->running = false;
			q->broken = true;
			nvdpa_submit_later(q);
			return;
		}
		if (rq && unlikely(!nvdpa_submit_first(q, rq, budget)))
			return;
	}
	q->backlog = false;
}

void nvdpa_submit_pass(struct nvdpa_queue *q, bool take)
{
	struct nvdpa_budget budget = {
		.reqs = NVDPA_PASS_REQS,
		.descs = NVDPA_PASS_DESCS,
		.cmds = NVDPA_PASS_CMDS,
		.segs = NVDPA_PASS_SEGS,
		.bounces = NVDPA_PASS_BOUNCES,
	};

	lockdep_assert_held(&q->lock);

	/* What is there stays there: nvdpa_queue_resume() goes on with it. */
	if (unlikely(q->qp->gate == NVDPA_QPAIR_HELD) && !q->aborting)
		return;
	if (unlikely(!list_empty(&q->waiting)) &&
	    !nvdpa_submit_waiting(q, &budget))
		return;
	if (take && q->running)
		nvdpa_submit_take(q, &budget);
}

static __always_inline void nvdpa_submit_look_at(struct nvdpa_queue *q)
{
	lockdep_assert_held(&q->lock);

	if (!q->running || q->backlog)
		return;
	q->now_ns = ktime_get_ns();
	nvdpa_qpair_begin(q->qp);
	nvdpa_submit_pass(q, true);
	nvdpa_qpair_end(q->qp);
	nvdpa_complete_publish(q);
	if (READ_ONCE(q->call))
		nvdpa_submit_later(q);
}

void nvdpa_submit_look(struct nvdpa_queue *q)
{
	nvdpa_submit_look_at(q);
}

void nvdpa_submit_kick(struct nvdpa_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	q->stats.kicks++;
	nvdpa_submit_look_at(q);
	spin_unlock_irqrestore(&q->lock, flags);
}

// SPDX-License-Identifier: GPL-2.0
/* The way up: NVMe status, status byte, used ring, one notification. */
#include "queue.h"

#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "../debug/trace.h"
#include "../pure/cmd.h"

static void nvdpa_complete_push(struct nvdpa_queue *q, u16 head, u32 len)
{
	lockdep_assert_held(&q->lock);

	nvdpa_ring_push(&q->ring, head, len);
	q->pushed++;
}

/* Bytes that the device has written, counted from the first one (2.7.8.2). */
static u32 nvdpa_complete_len(const struct nvdpa_queue_req *rq)
{
	u64 bytes = 0;

	if (!rq->error && rq->req.op == NVDPA_OP_READ)
		bytes = rq->req.data_bytes;
	if (!rq->error && rq->req.op == NVDPA_OP_GET_ID)
		bytes = min_t(u64, rq->req.data_bytes, NVDPA_SERIAL_BYTES);
	return min_t(u64, bytes + 1, U32_MAX);
}

static void nvdpa_complete_trace_error(struct nvdpa_queue *q, u16 head,
				       enum nvdpa_error error, u16 nvme_status)
{
	if (trace_nvdpa_req_error_enabled())
		trace_nvdpa_req_error(dev_name(q->qp->ctrl->dev), q->qp->qid,
				      head, error, nvme_status);
}

void nvdpa_complete_fail(struct nvdpa_queue *q, struct nvdpa_queue_req *rq,
			 enum nvdpa_error error, u16 nvme_status)
{
	lockdep_assert_held(&q->lock);

	/* The first one is the reason; the rest may follow from it. */
	if (!rq->error)
		rq->error = error;
	nvdpa_complete_trace_error(q, rq->head, error, nvme_status);
}

static void nvdpa_complete_trace(struct nvdpa_queue *q,
				 const struct nvdpa_queue_req *rq)
{
	lockdep_assert_held(&q->lock);

	if (trace_nvdpa_req_complete_enabled())
		trace_nvdpa_req_complete(dev_name(q->qp->ctrl->dev),
					 q->qp->qid, rq->head,
					 nvdpa_error_status(rq->error),
					 q->now_ns - rq->watch.taken_ns);
}

void nvdpa_complete_req(struct nvdpa_queue *q, struct nvdpa_queue_req *rq)
{
	lockdep_assert_held(&q->lock);

	if (rq->mapped)
		nvdpa_map_undo(q, rq);
	nvdpa_complete_trace(q, rq);
	nvdpa_stats_end(&q->stats, &rq->req, &rq->watch, rq->error, q->now_ns);
	WRITE_ONCE(*rq->status, nvdpa_error_status(rq->error));
	nvdpa_complete_push(q, rq->head, nvdpa_complete_len(rq));
	rq->busy = false;
	/*
	 * Who waits is in the wait queue before it takes the lock to look at the
	 * counter: when it looked before us, we see it there.
	 */
	if (!--q->inflight[rq->epoch] && waitqueue_active(&q->drained))
		wake_up(&q->drained);
}

void nvdpa_complete_lost(struct nvdpa_queue *q, u16 head)
{
	lockdep_assert_held(&q->lock);

	q->unmapped = true;
	q->stats.errors[NVDPA_ERROR_UNMAPPED]++;
	nvdpa_complete_trace_error(q, head, NVDPA_ERROR_UNMAPPED, 0);
}

void nvdpa_complete_refuse(struct nvdpa_queue *q, u16 head)
{
	lockdep_assert_held(&q->lock);

	q->stats.errors[NVDPA_ERROR_REFUSED]++;
	nvdpa_complete_trace_error(q, head, NVDPA_ERROR_REFUSED, 0);
	nvdpa_complete_push(q, head, 0);
}

void nvdpa_complete_pushed(struct nvdpa_queue *q)
{
	lockdep_assert_held(&q->lock);

	nvdpa_ring_publish(&q->ring);
	if (nvdpa_ring_need_notify(&q->ring))
		WRITE_ONCE(q->call, true);
	else
		q->stats.suppressed += q->pushed;
	q->pushed = 0;
}

/* A command of a request has ended, its data is where it belongs. */
static __always_inline void nvdpa_complete_cmd(struct nvdpa_queue *q,
					       struct nvdpa_queue_req *rq)
{
	lockdep_assert_held(&q->lock);

	/* The rest of a transfer that failed is not started. */
	if (unlikely(rq->error) && rq->left) {
		rq->left = 0;
		list_del(&rq->node);
	}
	if (!--rq->cmds && !rq->left)
		nvdpa_complete_req(q, rq);
}

void nvdpa_complete_bounced(struct nvdpa_queue *q)
{
	struct nvdpa_queue_cmd *qc, *tmp;
	u16 cid;

	lockdep_assert_held(&q->lock);

	list_for_each_entry_safe(qc, tmp, &q->bounced, node) {
		list_del(&qc->node);
		cid = qc - q->cmds;
		if (nvdpa_map_copy(q, qc->rq, qc->at, q->qp->slots[cid].page,
				   qc->bytes)) {
			q->unmapped = true;
			nvdpa_complete_fail(q, qc->rq, NVDPA_ERROR_UNMAPPED, 0);
		}
		q->bounces--;
		nvdpa_qpair_put(q->qp, cid);
		nvdpa_complete_cmd(q, qc->rq);
	}
}

static void nvdpa_complete_one(struct nvdpa_queue *q,
			       const struct nvdpa_done *done)
{
	struct nvdpa_queue_cmd *qc = &q->cmds[done->cid];
	struct nvdpa_queue_req *rq = done->owner;
	enum nvdpa_error error = NVDPA_ERROR_NONE;

	lockdep_assert_held(&q->lock);

	rq->watch.done_ns = q->now_ns;
	if (unlikely(done->status))
		error = nvdpa_cmd_error(done->status);
	if (unlikely(error))
		nvdpa_complete_fail(q, rq, error, done->status);
	if (unlikely(qc->bytes) && rq->req.op == NVDPA_OP_READ && !error) {
		/* Copying is not for hard interrupts. */
		qc->rq = rq;
		list_add_tail(&qc->node, &q->bounced);
		queue_work(system_bh_highpri_wq, &q->work);
		return;
	}
	if (unlikely(qc->bytes))
		q->bounces--;
	nvdpa_qpair_put(q->qp, done->cid);
	nvdpa_complete_cmd(q, rq);
}

void nvdpa_complete_cmds(void *priv, const struct nvdpa_done *done,
			 unsigned int nr)
{
	struct nvdpa_queue *q = priv;
	unsigned int i;

	lockdep_assert_irqs_disabled();

	spin_lock(&q->lock);
	q->now_ns = ktime_get_ns();
	nvdpa_qpair_begin(q->qp);
	q->ended += nr;
	for (i = 0; i < nr; i++)
		nvdpa_complete_one(q, &done[i]);
	/* Nothing waits without a backlog. */
	if (unlikely(q->backlog))
		nvdpa_submit_pass(q, true);
	nvdpa_qpair_end(q->qp);
	nvdpa_complete_publish(q);
	spin_unlock(&q->lock);
}

void nvdpa_complete_flush(void *priv)
{
	struct nvdpa_queue *q = priv;
	unsigned long flags;

	if (!READ_ONCE(q->call) || !xchg(&q->call, false))
		return;

	spin_lock_irqsave(&q->cb_lock, flags);
	if (q->cb.callback) {
		q->callbacks++;
		q->cb.callback(q->cb.private);
	}
	spin_unlock_irqrestore(&q->cb_lock, flags);
}

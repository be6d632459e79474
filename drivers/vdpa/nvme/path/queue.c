// SPDX-License-Identifier: GPL-2.0
/* Life of a queue: init, start, stop, change of memory, the later pass. */
#include "queue.h"

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

/* Without a completion for so long, commands count as stuck. */
#define NVDPA_QUEUE_GRACE_MS	5000
/* Likewise, for those who do not want what is in flight any more. */
#define NVDPA_QUEUE_HURRY_MS	1000
/* So long requests may go on while somebody waits; then they post no more. */
#define NVDPA_QUEUE_PATIENCE_MS	30000

static void nvdpa_queue_tell(struct nvdpa_queue *q)
{
	bool broken, unmapped;

	spin_lock_irq(&q->lock);
	unmapped = q->unmapped;
	broken = q->broken;
	q->unmapped = false;
	q->broken = false;
	spin_unlock_irq(&q->lock);

	if (unmapped)
		q->ops->event(q, NVDPA_EVENT_UNMAPPED);
	if (broken)
		q->ops->event(q, NVDPA_EVENT_BROKEN);
}

static void nvdpa_queue_work(struct work_struct *work)
{
	struct nvdpa_queue *q = container_of(work, struct nvdpa_queue, work);

	spin_lock_irq(&q->lock);
	q->stats.deferred++;
	q->now_ns = ktime_get_ns();
	nvdpa_qpair_begin(q->qp);
	nvdpa_complete_bounced(q);
	nvdpa_submit_pass(q, true);
	nvdpa_qpair_end(q->qp);
	nvdpa_complete_publish(q);
	spin_unlock_irq(&q->lock);

	nvdpa_complete_flush(q);
	nvdpa_queue_tell(q);
}

/* A queue pair may be restored before it is a queue's; that has nothing to post. */
static void nvdpa_queue_resume(void *priv)
{
	struct nvdpa_queue *q = priv;

	spin_lock_irq(&q->lock);
	if (q->running || !list_empty(&q->waiting)) {
		q->now_ns = ktime_get_ns();
		nvdpa_qpair_begin(q->qp);
		nvdpa_submit_pass(q, true);
		nvdpa_qpair_end(q->qp);
		nvdpa_complete_publish(q);
	}
	spin_unlock_irq(&q->lock);
	nvdpa_complete_flush(q);
}

static const struct nvdpa_qpair_ops nvdpa_queue_qpair_ops = {
	.complete = nvdpa_complete_cmds,
	.flush = nvdpa_complete_flush,
	.resume = nvdpa_queue_resume,
};

int nvdpa_queue_init(struct nvdpa_queue *q, struct nvdpa_ctrl *ctrl,
		     const struct nvdpa_disk *disk,
		     const struct nvdpa_queue_ops *ops)
{
	u16 head;
	int err;

	spin_lock_init(&q->lock);
	spin_lock_init(&q->cb_lock);
	init_waitqueue_head(&q->drained);
	INIT_WORK(&q->work, nvdpa_queue_work);
	INIT_LIST_HEAD(&q->waiting);
	INIT_LIST_HEAD(&q->bounced);
	q->disk = disk;
	q->ops = ops;

	q->reqs = kvcalloc(NVDPA_QUEUE_NUM_MAX, sizeof(*q->reqs), GFP_KERNEL);
	if (!q->reqs)
		return -ENOMEM;
	for (head = 0; head < NVDPA_QUEUE_NUM_MAX; head++)
		q->reqs[head].head = head;
	q->cmds = kvcalloc(NVDPA_QPAIR_DEPTH, sizeof(*q->cmds), GFP_KERNEL);
	if (!q->cmds) {
		err = -ENOMEM;
		goto free_reqs;
	}
	q->qp = nvdpa_qpair_create(ctrl, &nvdpa_queue_qpair_ops, q);
	if (IS_ERR(q->qp)) {
		err = PTR_ERR(q->qp);
		goto free_cmds;
	}
	return 0;

free_cmds:
	q->qp = NULL;
	kvfree(q->cmds);
free_reqs:
	kvfree(q->reqs);
	return err;
}

void nvdpa_queue_exit(struct nvdpa_queue *q)
{
	if (!q->qp)
		return;
	nvdpa_qpair_destroy(q->qp);
	/* What was begun was ended, once. */
	WARN_ON(q->inflight[0] || q->inflight[1] || q->bounces);
	kvfree(q->cmds);
	kvfree(q->reqs);
}

void nvdpa_queue_start(struct nvdpa_queue *q, const struct nvdpa_ring *ring,
		       bool fua)
{
	spin_lock_irq(&q->lock);
	q->ring = *ring;
	q->fua = fua;
	q->backlog = false;
	q->broken = false;
	q->running = true;
	nvdpa_submit_look(q);
	spin_unlock_irq(&q->lock);
}

static bool nvdpa_queue_idle(struct nvdpa_queue *q, u8 epochs, u32 *ended)
{
	bool busy;

	spin_lock_irq(&q->lock);
	busy = (epochs & BIT(0) && q->inflight[0]) ||
	       (epochs & BIT(1) && q->inflight[1]);
	*ended = q->ended;
	spin_unlock_irq(&q->lock);
	return !busy;
}

/* End what is not wholly posted; of that, what the device has is still waited for. */
static void nvdpa_queue_abort(struct nvdpa_queue *q)
{
	spin_lock_irq(&q->lock);
	q->aborting = true;
	q->now_ns = ktime_get_ns();
	nvdpa_qpair_begin(q->qp);
	nvdpa_submit_pass(q, false);
	nvdpa_qpair_end(q->qp);
	nvdpa_complete_publish(q);
	q->aborting = false;
	spin_unlock_irq(&q->lock);
	nvdpa_complete_flush(q);
}

/* Nobody who is being killed has much time; true when requests are left. */
static bool nvdpa_queue_wait(struct nvdpa_queue *q, u8 epochs,
			     unsigned long grace, u32 *ended)
{
	long left;

	left = wait_event_killable_timeout(q->drained,
					   nvdpa_queue_idle(q, epochs, ended),
					   grace);
	if (left < 0)
		left = wait_event_timeout(q->drained,
					  nvdpa_queue_idle(q, epochs, ended),
					  msecs_to_jiffies(NVDPA_QUEUE_HURRY_MS));
	return !left;
}

/* Completions whose interrupt got lost; those of others who share it do not count. */
static bool nvdpa_queue_found(struct nvdpa_queue *q, u32 before)
{
	u32 now;

	nvdpa_qpair_reap(q->qp);
	nvdpa_queue_idle(q, 0, &now);
	return now != before;
}

/* The queues of a device are halted together: none waits for the one before. */
static unsigned long nvdpa_queue_hurry(const struct nvdpa_queue *q)
{
	unsigned long end = q->halted + msecs_to_jiffies(NVDPA_QUEUE_HURRY_MS);

	return time_after(end, jiffies) ? end - jiffies : 1;
}

/*
 * Wait for requests of some epochs. As long as commands end the device is at
 * work; when none does for the grace time, first look for completions whose
 * interrupt got lost, then take the queue away from the device. A guest may ask
 * for terabytes in one request, so that it is at work for days; there is an end to
 * that, too.
 */
static void nvdpa_queue_drain(struct nvdpa_queue *q, u8 epochs, bool hurry)
{
	unsigned long end = jiffies + msecs_to_jiffies(NVDPA_QUEUE_PATIENCE_MS);
	unsigned long grace = hurry ? nvdpa_queue_hurry(q) :
				      msecs_to_jiffies(NVDPA_QUEUE_GRACE_MS);
	u32 before, now;

	while (!nvdpa_queue_idle(q, epochs, &before)) {
		if (hurry)
			before = q->halt_ended;
		if (time_after(jiffies, end) || fatal_signal_pending(current))
			nvdpa_queue_abort(q);
		if (!nvdpa_queue_wait(q, epochs, grace, &now))
			return;
		if (now == before && !nvdpa_queue_found(q, now))
			nvdpa_qpair_abandon(q->qp);
		q->halt_ended = now;
		grace = msecs_to_jiffies(hurry ? NVDPA_QUEUE_HURRY_MS :
						 NVDPA_QUEUE_GRACE_MS);
	}
}

void nvdpa_queue_halt(struct nvdpa_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->running) {
		q->halted = jiffies;
		q->halt_ended = q->ended;
	}
	q->running = false;
	spin_unlock_irqrestore(&q->lock, flags);
}

u16 nvdpa_queue_index(struct nvdpa_queue *q)
{
	unsigned long flags;
	u16 idx;

	spin_lock_irqsave(&q->lock, flags);
	idx = q->ring.used_idx;
	spin_unlock_irqrestore(&q->lock, flags);
	return idx;
}

void nvdpa_queue_stop(struct nvdpa_queue *q, bool abort)
{
	nvdpa_queue_halt(q);
	if (abort)
		nvdpa_queue_abort(q);
	nvdpa_queue_drain(q, BIT(0) | BIT(1), abort);
	/* Nothing queues the work any more; a last run may notify. */
	flush_work(&q->work);
	nvdpa_complete_flush(q);
	/* An interrupt that is still at work may be about to notify, too. */
	nvdpa_qpair_sync(q->qp);
}

void nvdpa_queue_set_mem(struct nvdpa_queue *q,
			 const struct nvdpa_memtable *mem, bool shrinks)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	q->mem = mem;
	q->hint = 0;
	q->data_hint = 0;
	/*
	 * The counter that new requests go to is 0 now: it was drained after
	 * the last change that shrank.
	 */
	if (shrinks)
		q->epoch ^= 1;
	spin_unlock_irqrestore(&q->lock, flags);
}

void nvdpa_queue_drain_mem(struct nvdpa_queue *q)
{
	nvdpa_queue_drain(q, BIT(READ_ONCE(q->epoch) ^ 1), false);
}

void nvdpa_queue_set_cb(struct nvdpa_queue *q, const struct vdpa_callback *cb)
{
	unsigned long flags;

	spin_lock_irqsave(&q->cb_lock, flags);
	if (cb)
		q->cb = *cb;
	else
		memset(&q->cb, 0, sizeof(q->cb));
	spin_unlock_irqrestore(&q->cb_lock, flags);
}

/* Callbacks have a lock of their own, which is never taken inside of the queue's. */
void nvdpa_queue_stats(struct nvdpa_queue *q, struct nvdpa_stats *sum)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	nvdpa_stats_add(sum, &q->stats);
	spin_unlock_irqrestore(&q->lock, flags);

	spin_lock_irqsave(&q->cb_lock, flags);
	sum->callbacks += q->callbacks;
	spin_unlock_irqrestore(&q->cb_lock, flags);
}

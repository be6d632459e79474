// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs. Lock order: cq_lock, then the user's locks, then sq_lock. The
 * user's callbacks run under cq_lock (complete) or without lock (flush).
 */
#include "qpair.h"

#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/nospec.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../debug/fault.h"
#include "../debug/trace.h"
#include "../pure/cmd.h"
#include "../pure/doorbell.h"
#include "reset.h"
#include "timeout.h"

/* Times that a command is posted again before its status is believed. */
#define NVDPA_QPAIR_RETRIES	5
/* The first time after so long, and each time twice that, if nothing else was said. */
#define NVDPA_QPAIR_RETRY_MS	10
/* Resets of a controller that a command may be the reason of. */
#define NVDPA_QPAIR_REPLAYS	5

static size_t nvdpa_qpair_sq_bytes(const struct nvdpa_qpair *qp)
{
	return qp->depth * sizeof(*qp->sq);
}

static size_t nvdpa_qpair_cq_bytes(const struct nvdpa_qpair *qp)
{
	return qp->depth * sizeof(*qp->cq);
}

static u16 nvdpa_qpair_nr_slots(const struct nvdpa_qpair *qp)
{
	return qp->depth - 1;
}

void nvdpa_qpair_begin(struct nvdpa_qpair *qp) __acquires(&qp->sq_lock)
{
	spin_lock(&qp->sq_lock);
}

/* Somebody must look after what is in flight. */
static noinline void nvdpa_qpair_be_watched(struct nvdpa_qpair *qp)
{
	qp->watched = true;
	nvdpa_timeout_arm(qp->ctrl);
}

static void nvdpa_qpair_ring(struct nvdpa_qpair *qp)
{
	if (qp->sq_tail == qp->sq_tail_rung)
		return;
	qp->sq_tail_rung = qp->sq_tail;
	writel(qp->sq_tail, qp->sq_db);
	if (unlikely(!qp->watched))
		nvdpa_qpair_be_watched(qp);
}

void nvdpa_qpair_end(struct nvdpa_qpair *qp) __releases(&qp->sq_lock)
{
	nvdpa_qpair_ring(qp);
	spin_unlock(&qp->sq_lock);
}

int nvdpa_qpair_get(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->sq_lock);

	if (!qp->nr_free)
		return -EBUSY;
	return qp->free[--qp->nr_free];
}

void nvdpa_qpair_put(struct nvdpa_qpair *qp, u16 cid)
{
	lockdep_assert_held(&qp->sq_lock);

	qp->slots[cid].state = NVDPA_SLOT_FREE;
	qp->free[qp->nr_free++] = cid;
}

/* What the controller calls the command in a slot. */
static u16 nvdpa_qpair_wire_cid(const struct nvdpa_qpair *qp, u16 cid)
{
	return qp->slots[cid].turn << NVDPA_QPAIR_TURN_SHIFT | cid;
}

/* What is told is gathered only if somebody listens. */
static void nvdpa_qpair_trace_submit(const struct nvdpa_qpair *qp,
				     const struct nvdpa_slot *slot)
{
	if (trace_nvdpa_cmd_submit_enabled())
		trace_nvdpa_cmd_submit(dev_name(qp->ctrl->dev), qp->qid,
				       slot->head, &slot->cmd);
}

static void nvdpa_qpair_trace_complete(const struct nvdpa_qpair *qp,
				       const struct nvdpa_done *done)
{
	if (trace_nvdpa_cmd_complete_enabled())
		trace_nvdpa_cmd_complete(dev_name(qp->ctrl->dev), qp->qid,
					 qp->slots[done->cid].head,
					 nvdpa_qpair_wire_cid(qp, done->cid),
					 done->status);
}

/* Also a second time: to the controller it is another command. */
static __always_inline void nvdpa_qpair_send(struct nvdpa_qpair *qp, u16 cid)
{
	struct nvdpa_slot *slot = &qp->slots[cid];

	lockdep_assert_held(&qp->sq_lock);

	slot->turn++;
	slot->state = NVDPA_SLOT_BUSY;
	slot->late = false;
	slot->aborted = false;
	slot->since = jiffies;
	slot->cmd.common.command_id = nvdpa_qpair_wire_cid(qp, cid);
	nvdpa_qpair_trace_submit(qp, slot);
	qp->sq[qp->sq_tail] = slot->cmd;
	if (++qp->sq_tail == qp->depth)
		qp->sq_tail = 0;
}

void nvdpa_qpair_post(struct nvdpa_qpair *qp, u16 cid, void *owner)
{
	struct nvdpa_slot *slot = &qp->slots[cid];

	slot->owner = owner;
	slot->retries = 0;
	slot->replays = 0;
	nvdpa_qpair_send(qp, cid);
}

/* How long the controller wants the next try to wait, or we if it does not say. */
static unsigned long nvdpa_qpair_retry_delay(const struct nvdpa_qpair *qp,
					     const struct nvdpa_slot *slot,
					     u16 status)
{
	unsigned int crd = FIELD_GET(NVME_STATUS_CRD, status);

	if (crd)
		return msecs_to_jiffies(qp->ctrl->retry_ms[crd - 1]);
	return msecs_to_jiffies(NVDPA_QPAIR_RETRY_MS << slot->retries);
}

/* The first of the blocks; which of them it is the controller does not say. */
static void nvdpa_qpair_media_error(const struct nvdpa_qpair *qp,
				    const struct nvdpa_slot *slot, u16 status)
{
	const struct nvme_rw_command *rw = &slot->cmd.rw;

	dev_warn_ratelimited(qp->ctrl->dev,
			     "queue %u: command %#x for %u blocks from %llu on of namespace %u failed with status %#x\n",
			     qp->qid, rw->opcode, le16_to_cpu(rw->length) + 1,
			     le64_to_cpu(rw->slba), le32_to_cpu(rw->nsid),
			     status);
}

/*
 * A command that failed, but will not always. It stays its user's: nobody is told.
 * One that has ended because of our Abort goes the same way.
 */
static noinline bool nvdpa_qpair_retry(struct nvdpa_qpair *qp,
				       struct nvdpa_slot *slot, u16 status)
{
	bool aborted = slot->aborted &&
		       (status & NVME_SCT_SC_MASK) == NVME_SC_ABORT_REQ;
	unsigned long delay;

	lockdep_assert_held(&qp->sq_lock);

	if ((status & NVME_SCT_MASK) == NVME_SCT_MEDIA_ERROR)
		nvdpa_qpair_media_error(qp, slot, status);
	if (qp->ending || (!aborted && !nvdpa_cmd_transient(status)))
		return false;
	if (slot->retries == NVDPA_QPAIR_RETRIES) {
		nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_GIVEN_UP);
		return false;
	}
	nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_RETRIES);
	delay = nvdpa_qpair_retry_delay(qp, slot, status);
	slot->retries++;
	slot->state = NVDPA_SLOT_HELD;
	slot->since = jiffies + delay;
	nvdpa_timeout_arm_in(qp->ctrl, delay);
	return true;
}

/*
 * Whose command a completion is, or NULL. The slot's turn tells it from one that is
 * the same as one before, the queue's identifier from what is no completion.
 */
static struct nvdpa_slot *nvdpa_qpair_owner(const struct nvdpa_qpair *qp,
					    const struct nvme_completion *cqe,
					    u16 wire_cid)
{
	u16 cid = wire_cid & (BIT(NVDPA_QPAIR_TURN_SHIFT) - 1);
	struct nvdpa_slot *slot;

	BUILD_BUG_ON(BIT(NVDPA_QPAIR_TURN_SHIFT) < NVDPA_QPAIR_DEPTH);
	if (cid >= nvdpa_qpair_nr_slots(qp))
		return NULL;
	slot = &qp->slots[array_index_nospec(cid, nvdpa_qpair_nr_slots(qp))];
	if (slot->state != NVDPA_SLOT_BUSY ||
	    slot->turn != wire_cid >> NVDPA_QPAIR_TURN_SHIFT ||
	    le16_to_cpu(READ_ONCE(cqe->sq_id)) != qp->qid)
		return NULL;
	return slot;
}

/*
 * Take a completion entry. One that is for no command in flight is the device's
 * fault and must not touch memory that belongs to nobody; those behind it are not
 * believed, either. False also when the command is to be posted again.
 */
static bool nvdpa_qpair_take_cqe(struct nvdpa_qpair *qp,
				 const struct nvme_completion *cqe,
				 struct nvdpa_done *done)
{
	u16 wire_cid = READ_ONCE(cqe->command_id);
	u16 status = le16_to_cpu(READ_ONCE(cqe->status)) >> 1;
	struct nvdpa_slot *slot = nvdpa_qpair_owner(qp, cqe, wire_cid);

	lockdep_assert_held(&qp->sq_lock);

	if (unlikely(!slot)) {
		qp->untrusted = true;
		nvdpa_ctrl_bad_completion(qp->ctrl, qp->qid, wire_cid);
		return false;
	}
	done->owner = slot->owner;
	done->cid = slot - qp->slots;
	done->status = status;
	nvdpa_qpair_trace_complete(qp, done);
	if (unlikely(done->status) && nvdpa_qpair_retry(qp, slot, status))
		return false;
	slot->state = NVDPA_SLOT_DONE;
	return true;
}

/* Is there an entry that was not looked at? By its phase it is one that was written. */
static bool nvdpa_qpair_pending(const struct nvdpa_qpair *qp)
{
	const struct nvme_completion *cqe = &qp->cq[qp->cq_head];

	lockdep_assert_held(&qp->cq_lock);

	return (le16_to_cpu(READ_ONCE(cqe->status)) & 1) == qp->cq_phase;
}

static bool nvdpa_qpair_fresh(struct nvdpa_qpair *qp,
			      const struct nvme_completion *cqe)
{
	return nvdpa_fault_fresh(qp->ctrl->dev, qp, cqe,
				 nvdpa_qpair_pending(qp), nvdpa_qpair_reap);
}

/* Gather completions; @seen counts entries, good or bad. */
static unsigned int nvdpa_qpair_gather(struct nvdpa_qpair *qp,
				       struct nvdpa_done *done,
				       unsigned int *seen)
{
	struct device *dev = qp->ctrl->dev;
	const struct nvme_completion *cqe;
	unsigned int nr = 0;

	lockdep_assert_held(&qp->cq_lock);

	spin_lock(&qp->sq_lock);
	while (nr < NVDPA_QPAIR_BATCH && *seen < qp->depth && !qp->untrusted) {
		cqe = &qp->cq[qp->cq_head];
		if (!nvdpa_qpair_fresh(qp, cqe))
			break;
		/* The rest of the entry is valid only once the phase is. */
		dma_rmb();
		cqe = nvdpa_fault_cqe(dev, qp->qid, qp->cq_head, cqe);
		if (!nvdpa_fault_drop(dev, qp->qid) &&
		    nvdpa_qpair_take_cqe(qp, cqe, &done[nr]))
			nr++;
		(*seen)++;
		if (++qp->cq_head == qp->depth) {
			qp->cq_head = 0;
			qp->cq_phase ^= 1;
		}
	}
	spin_unlock(&qp->sq_lock);
	return nr;
}

/* The number of commands that ended; @seen as above. */
static unsigned int nvdpa_qpair_reap_locked(struct nvdpa_qpair *qp,
					    unsigned int *seen)
{
	struct nvdpa_done done[NVDPA_QPAIR_BATCH];
	unsigned int nr, total = 0;

	while ((nr = nvdpa_qpair_gather(qp, done, seen))) {
		qp->ops->complete(qp->priv, done, nr);
		total += nr;
	}
	if (!*seen)
		return total;
	qp->unseen = false;
	if (qp->has_cq)
		writel(qp->cq_head, qp->cq_db);
	return total;
}

unsigned int nvdpa_qpair_reap(struct nvdpa_qpair *qp)
{
	unsigned int seen = 0, total;
	unsigned long flags;

	spin_lock_irqsave(&qp->cq_lock, flags);
	total = nvdpa_qpair_reap_locked(qp, &seen);
	spin_unlock_irqrestore(&qp->cq_lock, flags);

	if (total)
		qp->ops->flush(qp->priv);
	return seen;
}

static irqreturn_t nvdpa_qpair_irq(int irq, void *data)
{
	struct nvdpa_qpair *qp = data;

	if (nvdpa_fault_irq(qp->ctrl->dev))
		return IRQ_HANDLED;
	return nvdpa_qpair_reap(qp) ? IRQ_HANDLED : IRQ_NONE;
}

static bool nvdpa_slot_in_flight(const struct nvdpa_slot *slot)
{
	return slot->state == NVDPA_SLOT_BUSY || slot->state == NVDPA_SLOT_HELD;
}

static bool nvdpa_slot_given_up(const struct nvdpa_slot *slot)
{
	return slot->state == NVDPA_SLOT_HELD &&
	       slot->replays > NVDPA_QPAIR_REPLAYS;
}

/* End commands that the controller does not have any more. */
static void nvdpa_qpair_fail(struct nvdpa_qpair *qp,
			     bool (*which)(const struct nvdpa_slot *slot))
{
	struct nvdpa_done done;
	unsigned long flags;
	bool ends;
	u16 cid;

	spin_lock_irqsave(&qp->cq_lock, flags);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++) {
		spin_lock(&qp->sq_lock);
		ends = which(&qp->slots[cid]);
		if (ends)
			qp->slots[cid].state = NVDPA_SLOT_DONE;
		done.owner = qp->slots[cid].owner;
		spin_unlock(&qp->sq_lock);
		if (!ends)
			continue;
		done.cid = cid;
		done.status = NVME_SC_ABORT_QUEUE;
		nvdpa_qpair_trace_complete(qp, &done);
		qp->ops->complete(qp->priv, &done, 1);
	}
	spin_unlock_irqrestore(&qp->cq_lock, flags);
	qp->ops->flush(qp->priv);
}

static void nvdpa_qpair_reset_state(struct nvdpa_qpair *qp)
{
	memset(qp->cq, 0, nvdpa_qpair_cq_bytes(qp));
	qp->cq_head = 0;
	qp->cq_phase = 1;
	qp->untrusted = false;
	qp->unseen = false;
	qp->sq_tail = 0;
	qp->sq_tail_rung = 0;
}

static void nvdpa_qpair_set_gate(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->sq_lock);

	if (qp->dead)
		qp->gate = NVDPA_QPAIR_SHUT;
	else if (qp->paused || qp->ending)
		qp->gate = NVDPA_QPAIR_HELD;
	else
		qp->gate = NVDPA_QPAIR_OPEN;
}

static void nvdpa_qpair_pause(struct nvdpa_qpair *qp)
{
	spin_lock_irq(&qp->sq_lock);
	qp->paused = true;
	nvdpa_qpair_set_gate(qp);
	spin_unlock_irq(&qp->sq_lock);
}

/*
 * Whatever this leaves on the controller, @created says so. Negative for what a
 * reset takes care of, else a status.
 */
static int nvdpa_qpair_create_queues(struct nvdpa_qpair *qp)
{
	int err;

	lockdep_assert_held(&qp->ctrl->queues_lock);

	qp->created = true;
	err = nvdpa_admin_create_cq(qp->ctrl, qp->qid, qp->cq_dma, qp->depth,
				    qp->qid);
	if (err) {
		qp->created = err == -ECANCELED;
		goto out;
	}
	err = nvdpa_admin_create_sq(qp->ctrl, qp->qid, qp->sq_dma, qp->depth);
	if (err > 0)
		qp->created = nvdpa_admin_delete_cq(qp->ctrl, qp->qid);
out:
	if (err > 0) {
		dev_err(qp->ctrl->dev,
			"queue pair %u refused by the controller, status %#x\n",
			qp->qid, err);
		err = -EIO;
	}
	return err;
}

static int nvdpa_qpair_delete_queues(struct nvdpa_qpair *qp)
{
	int err;

	err = nvdpa_admin_delete_sq(qp->ctrl, qp->qid);
	if (!err)
		err = nvdpa_admin_delete_cq(qp->ctrl, qp->qid);
	return err;
}

static int nvdpa_qpair_vector(const struct nvdpa_qpair *qp)
{
	return pci_irq_vector(qp->ctrl->pdev, qp->qid);
}

/* The controller has the queues: commands may be posted. */
static void nvdpa_qpair_open(struct nvdpa_qpair *qp)
{
	spin_lock_irq(&qp->cq_lock);
	qp->has_cq = true;
	spin_lock(&qp->sq_lock);
	qp->paused = false;
	nvdpa_qpair_set_gate(qp);
	spin_unlock(&qp->sq_lock);
	spin_unlock_irq(&qp->cq_lock);
}

static void nvdpa_qpair_forget_queues(struct nvdpa_qpair *qp)
{
	qp->created = false;
	spin_lock_irq(&qp->cq_lock);
	qp->has_cq = false;
	spin_lock(&qp->sq_lock);
	nvdpa_qpair_reset_state(qp);
	spin_unlock(&qp->sq_lock);
	spin_unlock_irq(&qp->cq_lock);
}

/* The commands of a queue that is not there any more do no DMA. */
static int nvdpa_qpair_end_queues(struct nvdpa_qpair *qp)
{
	int err;

	if (qp->created) {
		err = nvdpa_admin_delete_sq(qp->ctrl, qp->qid);
		/* Its last completions, while there is a doorbell for them. */
		nvdpa_qpair_reap(qp);
		if (!err)
			err = nvdpa_admin_delete_cq(qp->ctrl, qp->qid);
		if (err)
			return err;
		nvdpa_qpair_forget_queues(qp);
		nvdpa_qpair_fail(qp, nvdpa_slot_in_flight);
		nvdpa_qpair_pause(qp);
		if (!nvdpa_qpair_create_queues(qp))
			nvdpa_qpair_open(qp);
		else
			nvdpa_reset_request(qp->ctrl, NVDPA_RESET_QUEUE);
		return 0;
	}
	/* A reset took them away, and makes them anew. */
	nvdpa_qpair_fail(qp, nvdpa_slot_in_flight);
	return 0;
}

static void nvdpa_qpair_set_ending(struct nvdpa_qpair *qp, bool ending)
{
	spin_lock_irq(&qp->sq_lock);
	qp->ending = ending;
	nvdpa_qpair_set_gate(qp);
	spin_unlock_irq(&qp->sq_lock);
}

/*
 * Do something about the controller's queues. When that did not work, a reset
 * has begun, or begins now; it is to be tried again when nothing is left on it.
 */
static bool nvdpa_qpair_change(struct nvdpa_qpair *qp,
			       int (*change)(struct nvdpa_qpair *qp))
{
	struct nvdpa_ctrl *ctrl = qp->ctrl;
	u32 since;
	int err;

	mutex_lock(&ctrl->queues_lock);
	since = READ_ONCE(ctrl->quiets);
	err = change(qp);
	mutex_unlock(&ctrl->queues_lock);
	if (err == -ECANCELED)
		nvdpa_reset_settle(ctrl);
	else if (err)
		nvdpa_reset_fence(ctrl, NVDPA_RESET_QUEUE, since);
	return !err;
}

void nvdpa_qpair_abandon(struct nvdpa_qpair *qp)
{
	nvdpa_qpair_set_ending(qp, true);
	while (!nvdpa_qpair_change(qp, nvdpa_qpair_end_queues))
		;
	nvdpa_qpair_set_ending(qp, false);
	qp->ops->resume(qp->priv);
}

void nvdpa_qpair_sync(struct nvdpa_qpair *qp)
{
	synchronize_irq(nvdpa_qpair_vector(qp));
}

static void nvdpa_qpair_for_all(struct nvdpa_ctrl *ctrl,
				void (*func)(struct nvdpa_qpair *qp))
{
	unsigned int qid;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++)
		if (ctrl->qpairs[qid])
			func(ctrl->qpairs[qid]);
	mutex_unlock(&ctrl->qid_lock);
}

void nvdpa_qpair_pause_all(struct nvdpa_ctrl *ctrl)
{
	nvdpa_qpair_for_all(ctrl, nvdpa_qpair_pause);
}

unsigned int nvdpa_qpair_nr_busy(struct nvdpa_ctrl *ctrl)
{
	const struct nvdpa_qpair *qp;
	unsigned int qid, nr = 0;
	u16 cid;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		qp = ctrl->qpairs[qid];
		for (cid = 0; qp && cid < nvdpa_qpair_nr_slots(qp); cid++)
			nr += READ_ONCE(qp->slots[cid].state) ==
			      NVDPA_SLOT_BUSY;
	}
	mutex_unlock(&ctrl->qid_lock);
	return nr;
}

static void nvdpa_qpair_release(struct nvdpa_qpair *qp)
{
	u16 cid;

	spin_lock_irq(&qp->sq_lock);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++)
		if (qp->slots[cid].state == NVDPA_SLOT_BUSY)
			qp->slots[cid].since = jiffies;
	spin_unlock_irq(&qp->sq_lock);
	nvdpa_qpair_open(qp);
	qp->ops->resume(qp->priv);
}

void nvdpa_qpair_release_all(struct nvdpa_ctrl *ctrl)
{
	nvdpa_qpair_for_all(ctrl, nvdpa_qpair_release);
}

/* Completions that it wrote before it was off count; what it kept back is held. */
static void nvdpa_qpair_hold(struct nvdpa_qpair *qp)
{
	unsigned int seen = 0;
	u16 cid;

	lockdep_assert_held(&qp->ctrl->queues_lock);

	nvdpa_qpair_pause(qp);
	spin_lock_irq(&qp->cq_lock);
	qp->has_cq = false;
	nvdpa_qpair_reap_locked(qp, &seen);
	spin_lock(&qp->sq_lock);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++)
		if (qp->slots[cid].state == NVDPA_SLOT_BUSY)
			qp->slots[cid].state = NVDPA_SLOT_HELD;
	qp->dead = false;
	nvdpa_qpair_set_gate(qp);
	spin_unlock(&qp->sq_lock);
	spin_unlock_irq(&qp->cq_lock);
	nvdpa_qpair_forget_queues(qp);
	qp->ops->flush(qp->priv);
}

void nvdpa_qpair_hold_all(struct nvdpa_ctrl *ctrl)
{
	nvdpa_qpair_for_all(ctrl, nvdpa_qpair_hold);
}

/* Those of an abandon are for that to end. */
static void nvdpa_qpair_replay(struct nvdpa_qpair *qp, bool blame)
{
	struct nvdpa_slot *slot;
	u16 cid;

	spin_lock_irq(&qp->sq_lock);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp) && !qp->ending; cid++) {
		slot = &qp->slots[cid];
		if (slot->state != NVDPA_SLOT_HELD)
			continue;
		slot->replays += blame;
		/* Its blocks are others now, perhaps longer ones. */
		if (nvdpa_ident_moved(qp->ctrl,
				      le32_to_cpu(slot->cmd.common.nsid)))
			slot->replays = NVDPA_QPAIR_REPLAYS + 1;
		if (nvdpa_slot_given_up(slot))
			continue;
		nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_REPLAYS);
		nvdpa_qpair_send(qp, cid);
	}
	nvdpa_qpair_ring(qp);
	spin_unlock_irq(&qp->sq_lock);
	nvdpa_qpair_fail(qp, nvdpa_slot_given_up);
}

static void nvdpa_qpair_die(struct nvdpa_qpair *qp)
{
	spin_lock_irq(&qp->sq_lock);
	qp->dead = true;
	qp->paused = false;
	nvdpa_qpair_set_gate(qp);
	spin_unlock_irq(&qp->sq_lock);
	nvdpa_qpair_fail(qp, nvdpa_slot_in_flight);
	qp->ops->resume(qp->priv);
}

static int nvdpa_qpair_restore(struct nvdpa_qpair *qp, bool blame)
{
	int err;

	lockdep_assert_held(&qp->ctrl->queues_lock);

	if (qp->leaving)
		return 0;
	if (qp->qid > qp->ctrl->nr_granted) {
		dev_err(qp->ctrl->dev,
			"queue pair %u is not granted any more, its requests fail\n",
			qp->qid);
		nvdpa_qpair_die(qp);
		return 0;
	}
	err = nvdpa_qpair_create_queues(qp);
	if (err)
		return err;
	nvdpa_qpair_open(qp);
	nvdpa_qpair_replay(qp, blame);
	qp->ops->resume(qp->priv);
	return 0;
}

/* One at a time: whoever wants to take a queue away need not wait for all. */
int nvdpa_qpair_restore_all(struct nvdpa_ctrl *ctrl, bool blame)
{
	unsigned int qid;
	int err = 0;

	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs) && !err; qid++) {
		mutex_lock(&ctrl->queues_lock);
		if (ctrl->qpairs[qid])
			err = nvdpa_qpair_restore(ctrl->qpairs[qid], blame);
		mutex_unlock(&ctrl->queues_lock);
	}
	return err;
}

void nvdpa_qpair_fail_all(struct nvdpa_ctrl *ctrl)
{
	nvdpa_qpair_for_all(ctrl, nvdpa_qpair_die);
}

/* An entry lay there at the look before, and none was taken since: nothing told of it. */
static void nvdpa_qpair_find_lost(struct nvdpa_qpair *qp)
{
	bool pending, lost;

	spin_lock_irq(&qp->cq_lock);
	pending = nvdpa_qpair_pending(qp);
	lost = pending && qp->unseen;
	qp->unseen = pending;
	spin_unlock_irq(&qp->cq_lock);
	if (!lost || !nvdpa_qpair_reap(qp))
		return;
	nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_LOST_INTERRUPTS);
	dev_warn_ratelimited(qp->ctrl->dev, "queue %u: an interrupt was lost\n",
			     qp->qid);
}

static void nvdpa_qpair_watch_held(struct nvdpa_qpair *qp, u16 cid,
				   struct nvdpa_qpair_watch *watch)
{
	unsigned long since = qp->slots[cid].since;

	if (time_before(jiffies, since))
		watch->next = min(watch->next, since - jiffies);
	else
		nvdpa_qpair_send(qp, cid);
}

static void nvdpa_qpair_watch_busy(struct nvdpa_qpair *qp, u16 cid,
				   struct nvdpa_qpair_watch *watch)
{
	struct nvdpa_slot *slot = &qp->slots[cid];
	unsigned long limit = nvdpa_timeout_limit(qp->ctrl, &slot->cmd);

	if (qp->own || time_before(jiffies, slot->since + limit))
		return;
	if (!slot->late) {
		slot->late = true;
		nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_TIMEOUTS);
		dev_warn_ratelimited(qp->ctrl->dev,
				     "queue %u: command %#x not complete after %u ms\n",
				     qp->qid, slot->cmd.common.opcode,
				     jiffies_to_msecs(jiffies - slot->since));
	}
	if (!slot->aborted) {
		slot->aborted = nvdpa_admin_abort(qp->ctrl, qp->qid,
						  nvdpa_qpair_wire_cid(qp, cid));
		if (slot->aborted)
			nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_ABORTS);
	}
	limit += msecs_to_jiffies(NVDPA_TIMEOUT_ABORT_MS);
	if (time_after_eq(jiffies, slot->since + limit))
		watch->stuck = true;
}

static void nvdpa_qpair_watch_slots(struct nvdpa_qpair *qp,
				    struct nvdpa_qpair_watch *watch)
{
	u16 cid;

	lockdep_assert_held(&qp->sq_lock);

	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++) {
		switch (qp->slots[cid].state) {
		case NVDPA_SLOT_HELD:
			nvdpa_qpair_watch_held(qp, cid, watch);
			break;
		case NVDPA_SLOT_BUSY:
			nvdpa_qpair_watch_busy(qp, cid, watch);
			break;
		}
	}
	nvdpa_qpair_ring(qp);
}

static void nvdpa_qpair_watch(struct nvdpa_qpair *qp,
			      struct nvdpa_qpair_watch *watch)
{
	nvdpa_qpair_find_lost(qp);
	spin_lock_irq(&qp->sq_lock);
	qp->watched = qp->nr_free < nvdpa_qpair_nr_slots(qp);
	if (qp->watched && qp->gate == NVDPA_QPAIR_OPEN)
		nvdpa_qpair_watch_slots(qp, watch);
	watch->busy |= qp->watched;
	watch->untrusted |= qp->untrusted;
	spin_unlock_irq(&qp->sq_lock);
}

void nvdpa_qpair_watch_all(struct nvdpa_ctrl *ctrl,
			   struct nvdpa_qpair_watch *watch)
{
	unsigned int qid;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++)
		if (ctrl->qpairs[qid])
			nvdpa_qpair_watch(ctrl->qpairs[qid], watch);
	mutex_unlock(&ctrl->qid_lock);
}

/* The one that is kept for own I/O follows those for virtqueues. */
static int nvdpa_qpair_get_qid(struct nvdpa_ctrl *ctrl, bool own)
{
	unsigned int granted = READ_ONCE(ctrl->nr_granted);
	unsigned int first = 1, last, qid;

	if (own && ctrl->own_qid && ctrl->own_qid <= granted)
		first = ctrl->own_qid;
	last = min(max(first, ctrl->nr_qpairs), granted);

	mutex_lock(&ctrl->qid_lock);
	qid = find_next_zero_bit(ctrl->qids, last + 1, first);
	if (qid <= last)
		__set_bit(qid, ctrl->qids);
	mutex_unlock(&ctrl->qid_lock);
	return qid <= last ? qid : -EBUSY;
}

static void nvdpa_qpair_put_qid(struct nvdpa_ctrl *ctrl, u16 qid)
{
	mutex_lock(&ctrl->qid_lock);
	__clear_bit(qid, ctrl->qids);
	mutex_unlock(&ctrl->qid_lock);
}

/* A reset sees published queue pairs only. */
static void nvdpa_qpair_publish(struct nvdpa_qpair *qp, bool on)
{
	mutex_lock(&qp->ctrl->qid_lock);
	qp->ctrl->qpairs[qp->qid] = on ? qp : NULL;
	mutex_unlock(&qp->ctrl->qid_lock);
}

unsigned int nvdpa_qpair_nr_free(struct nvdpa_ctrl *ctrl)
{
	unsigned int nr = min(ctrl->nr_qpairs, READ_ONCE(ctrl->nr_granted));
	unsigned int used;

	mutex_lock(&ctrl->qid_lock);
	used = bitmap_weight(ctrl->qids, nr + 1);
	mutex_unlock(&ctrl->qid_lock);
	return nr - used;
}

static void nvdpa_qpair_free_slots(struct nvdpa_qpair *qp)
{
	u16 cid;

	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++)
		if (qp->slots[cid].page)
			dma_free_coherent(qp->ctrl->dev, PAGE_SIZE,
					  qp->slots[cid].page,
					  qp->slots[cid].page_dma);
	kvfree(qp->slots);
}

static int nvdpa_qpair_alloc_slots(struct nvdpa_qpair *qp)
{
	struct nvdpa_slot *slot;
	u16 cid;

	qp->slots = kvcalloc(nvdpa_qpair_nr_slots(qp), sizeof(*qp->slots),
			     GFP_KERNEL);
	if (!qp->slots)
		return -ENOMEM;

	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++) {
		slot = &qp->slots[cid];
		slot->page = dma_alloc_coherent(qp->ctrl->dev, PAGE_SIZE,
						&slot->page_dma, GFP_KERNEL);
		if (!slot->page) {
			nvdpa_qpair_free_slots(qp);
			return -ENOMEM;
		}
		qp->free[qp->nr_free++] = cid;
	}
	return 0;
}

static int nvdpa_qpair_alloc_rings(struct nvdpa_qpair *qp)
{
	struct device *dev = qp->ctrl->dev;

	qp->sq = dma_alloc_coherent(dev, nvdpa_qpair_sq_bytes(qp), &qp->sq_dma,
				    GFP_KERNEL);
	if (!qp->sq)
		return -ENOMEM;
	qp->cq = dma_alloc_coherent(dev, nvdpa_qpair_cq_bytes(qp), &qp->cq_dma,
				    GFP_KERNEL);
	if (!qp->cq) {
		dma_free_coherent(dev, nvdpa_qpair_sq_bytes(qp), qp->sq,
				  qp->sq_dma);
		return -ENOMEM;
	}
	nvdpa_qpair_reset_state(qp);
	return 0;
}

static void nvdpa_qpair_free_rings(struct nvdpa_qpair *qp)
{
	struct device *dev = qp->ctrl->dev;

	dma_free_coherent(dev, nvdpa_qpair_cq_bytes(qp), qp->cq, qp->cq_dma);
	dma_free_coherent(dev, nvdpa_qpair_sq_bytes(qp), qp->sq, qp->sq_dma);
}

static struct nvdpa_qpair *nvdpa_qpair_alloc(struct nvdpa_ctrl *ctrl, bool own)
{
	u32 depth = own ? NVDPA_QPAIR_OWN_DEPTH : NVDPA_QPAIR_DEPTH;
	struct nvdpa_qpair *qp;
	void __iomem *bar = ctrl->bar;
	int err;

	qp = kzalloc(sizeof(*qp), GFP_KERNEL);
	if (!qp)
		return ERR_PTR(-ENOMEM);
	err = nvdpa_qpair_get_qid(ctrl, own);
	if (err < 0)
		goto free_qp;

	qp->ctrl = ctrl;
	qp->own = own;
	qp->qid = err;
	qp->depth = min(ctrl->depth, depth);
	qp->sq_db = bar + nvdpa_doorbell_offset(qp->qid, false, ctrl->dstrd);
	qp->cq_db = bar + nvdpa_doorbell_offset(qp->qid, true, ctrl->dstrd);
	spin_lock_init(&qp->cq_lock);
	spin_lock_init(&qp->sq_lock);
	qp->paused = true;
	qp->gate = NVDPA_QPAIR_HELD;

	err = nvdpa_qpair_alloc_rings(qp);
	if (err)
		goto put_qid;
	err = nvdpa_qpair_alloc_slots(qp);
	if (err)
		goto free_rings;
	return qp;

free_rings:
	nvdpa_qpair_free_rings(qp);
put_qid:
	nvdpa_qpair_put_qid(ctrl, qp->qid);
free_qp:
	kfree(qp);
	return ERR_PTR(err);
}

static void nvdpa_qpair_free(struct nvdpa_qpair *qp)
{
	nvdpa_qpair_free_slots(qp);
	nvdpa_qpair_free_rings(qp);
	nvdpa_qpair_put_qid(qp->ctrl, qp->qid);
	kfree(qp);
}

/* When a reset came in between, that may have made the queues. */
static int nvdpa_qpair_try_start(struct nvdpa_qpair *qp)
{
	int err = 0;

	mutex_lock(&qp->ctrl->queues_lock);
	if (!qp->created)
		err = nvdpa_qpair_create_queues(qp);
	if (!err)
		nvdpa_qpair_open(qp);
	mutex_unlock(&qp->ctrl->queues_lock);
	return err;
}

/* Once it is off the controller nobody can be at work for it. */
static int nvdpa_qpair_leave(struct nvdpa_qpair *qp)
{
	int err = 0;

	qp->leaving = true;
	if (qp->created)
		err = nvdpa_qpair_delete_queues(qp);
	if (err)
		return err;
	qp->created = false;
	nvdpa_qpair_publish(qp, false);
	return 0;
}

static int nvdpa_qpair_start(struct nvdpa_qpair *qp)
{
	int err;

	nvdpa_qpair_publish(qp, true);
	do {
		err = nvdpa_reset_wait(qp->ctrl);
		if (!err)
			err = nvdpa_qpair_try_start(qp);
	} while (err == -ECANCELED);
	while (err && !nvdpa_qpair_change(qp, nvdpa_qpair_leave))
		;
	return err;
}

static struct nvdpa_qpair *nvdpa_qpair_make(struct nvdpa_ctrl *ctrl,
					    const struct nvdpa_qpair_ops *ops,
					    void *priv, bool own)
{
	struct nvdpa_qpair *qp;
	int err;

	qp = nvdpa_qpair_alloc(ctrl, own);
	if (IS_ERR(qp))
		return qp;
	qp->ops = ops;
	qp->priv = priv;
	snprintf(qp->irq_name, sizeof(qp->irq_name), "nvdpa-%s-q%u",
		 pci_name(ctrl->pdev), qp->qid);

	err = request_irq(nvdpa_qpair_vector(qp), nvdpa_qpair_irq, 0,
			  qp->irq_name, qp);
	if (err) {
		dev_err(ctrl->dev, "no interrupt for queue pair %u: %pe\n",
			qp->qid, ERR_PTR(err));
		goto free_qp;
	}
	err = nvdpa_qpair_start(qp);
	if (err)
		goto free_irq;
	return qp;

free_irq:
	free_irq(nvdpa_qpair_vector(qp), qp);
free_qp:
	nvdpa_qpair_free(qp);
	return ERR_PTR(err);
}

struct nvdpa_qpair *nvdpa_qpair_create(struct nvdpa_ctrl *ctrl,
				       const struct nvdpa_qpair_ops *ops,
				       void *priv)
{
	return nvdpa_qpair_make(ctrl, ops, priv, false);
}

struct nvdpa_qpair *nvdpa_qpair_create_own(struct nvdpa_ctrl *ctrl,
					   const struct nvdpa_qpair_ops *ops,
					   void *priv)
{
	return nvdpa_qpair_make(ctrl, ops, priv, true);
}

void nvdpa_qpair_destroy(struct nvdpa_qpair *qp)
{
	if (!qp)
		return;

	/* An interrupt that is still at work rings a doorbell. */
	nvdpa_qpair_sync(qp);
	nvdpa_fault_forget(qp);
	while (!nvdpa_qpair_change(qp, nvdpa_qpair_leave))
		;
	irq_set_affinity_and_hint(nvdpa_qpair_vector(qp), NULL);
	free_irq(nvdpa_qpair_vector(qp), qp);
	nvdpa_qpair_free(qp);
}

void nvdpa_qpair_set_affinity(struct nvdpa_qpair *qp,
			      const struct cpumask *mask)
{
	irq_set_affinity_and_hint(nvdpa_qpair_vector(qp), mask);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs. Lock order: cq_lock, then the user's locks, then sq_lock. The
 * user's callbacks run under cq_lock (complete) or without lock (flush).
 */
#include "qpair.h"

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/nospec.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../debug/trace.h"
#include "../pure/doorbell.h"

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

void nvdpa_qpair_end(struct nvdpa_qpair *qp) __releases(&qp->sq_lock)
{
	if (qp->sq_tail != qp->sq_tail_rung && !READ_ONCE(qp->ctrl->dead)) {
		qp->sq_tail_rung = qp->sq_tail;
		writel(qp->sq_tail, qp->sq_db);
	}
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
static void nvdpa_qpair_trace_submit(const struct nvdpa_qpair *qp, u16 cid,
				     const struct nvme_command *cmd)
{
	if (trace_nvdpa_cmd_submit_enabled())
		trace_nvdpa_cmd_submit(dev_name(qp->ctrl->dev), qp->qid,
				       qp->slots[cid].head, cmd);
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

void nvdpa_qpair_post(struct nvdpa_qpair *qp, u16 cid,
		      struct nvme_command *cmd, void *owner)
{
	struct nvdpa_slot *slot = &qp->slots[cid];

	lockdep_assert_held(&qp->sq_lock);

	slot->owner = owner;
	slot->state = NVDPA_SLOT_BUSY;
	slot->turn++;
	cmd->common.command_id = nvdpa_qpair_wire_cid(qp, cid);
	nvdpa_qpair_trace_submit(qp, cid, cmd);
	qp->sq[qp->sq_tail] = *cmd;
	if (++qp->sq_tail == qp->depth)
		qp->sq_tail = 0;
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
 * fault and must not touch memory that belongs to nobody.
 */
static bool nvdpa_qpair_take_cqe(struct nvdpa_qpair *qp,
				 const struct nvme_completion *cqe,
				 struct nvdpa_done *done)
{
	u16 wire_cid = READ_ONCE(cqe->command_id);
	struct nvdpa_slot *slot = nvdpa_qpair_owner(qp, cqe, wire_cid);

	lockdep_assert_held(&qp->sq_lock);

	if (unlikely(!slot)) {
		nvdpa_ctrl_bad_completion(qp->ctrl, qp->qid, wire_cid);
		return false;
	}
	slot->state = NVDPA_SLOT_DONE;
	done->owner = slot->owner;
	done->cid = slot - qp->slots;
	done->status = le16_to_cpu(cqe->status) >> 1 & NVME_SCT_SC_MASK;
	nvdpa_qpair_trace_complete(qp, done);
	return true;
}

/* Gather completions; @seen counts entries, good or bad. */
static unsigned int nvdpa_qpair_gather(struct nvdpa_qpair *qp,
				       struct nvdpa_done *done,
				       unsigned int *seen)
{
	struct nvme_completion *cqe;
	unsigned int nr = 0;

	lockdep_assert_held(&qp->cq_lock);

	spin_lock(&qp->sq_lock);
	while (nr < NVDPA_QPAIR_BATCH && *seen < qp->depth) {
		cqe = &qp->cq[qp->cq_head];
		if ((le16_to_cpu(READ_ONCE(cqe->status)) & 1) != qp->cq_phase)
			break;
		/* The rest of the entry is valid only once the phase is. */
		dma_rmb();
		if (nvdpa_qpair_take_cqe(qp, cqe, &done[nr]))
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

unsigned int nvdpa_qpair_reap(struct nvdpa_qpair *qp)
{
	struct nvdpa_done done[NVDPA_QPAIR_BATCH];
	unsigned int nr, seen = 0, total = 0;
	unsigned long flags;

	spin_lock_irqsave(&qp->cq_lock, flags);
	while ((nr = nvdpa_qpair_gather(qp, done, &seen))) {
		qp->ops->complete(qp->priv, done, nr);
		total += nr;
	}
	if (seen && !READ_ONCE(qp->ctrl->dead))
		writel(qp->cq_head, qp->cq_db);
	spin_unlock_irqrestore(&qp->cq_lock, flags);

	if (total)
		qp->ops->flush(qp->priv);
	return seen;
}

static irqreturn_t nvdpa_qpair_irq(int irq, void *data)
{
	return nvdpa_qpair_reap(data) ? IRQ_HANDLED : IRQ_NONE;
}

/* End every command in flight; the controller cannot do it any more. */
static void nvdpa_qpair_fail(struct nvdpa_qpair *qp)
{
	struct nvdpa_done done;
	unsigned long flags;
	bool busy;
	u16 cid;

	spin_lock_irqsave(&qp->cq_lock, flags);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++) {
		spin_lock(&qp->sq_lock);
		busy = qp->slots[cid].state == NVDPA_SLOT_BUSY;
		if (busy)
			qp->slots[cid].state = NVDPA_SLOT_DONE;
		done.owner = qp->slots[cid].owner;
		spin_unlock(&qp->sq_lock);
		if (!busy)
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
	qp->sq_tail = 0;
	qp->sq_tail_rung = 0;
}

static int nvdpa_qpair_create_queues(struct nvdpa_qpair *qp)
{
	int err;

	err = nvdpa_admin_create_cq(qp->ctrl, qp->qid, qp->cq_dma, qp->depth,
				    qp->qid);
	if (err)
		goto out;
	err = nvdpa_admin_create_sq(qp->ctrl, qp->qid, qp->sq_dma, qp->depth);
	if (err && nvdpa_admin_delete_cq(qp->ctrl, qp->qid))
		nvdpa_ctrl_fence(qp->ctrl);
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

static void nvdpa_qpair_set_stopped(struct nvdpa_qpair *qp, bool stopped)
{
	spin_lock_irq(&qp->sq_lock);
	qp->stopped = stopped;
	spin_unlock_irq(&qp->sq_lock);
}

static int nvdpa_qpair_vector(const struct nvdpa_qpair *qp)
{
	return pci_irq_vector(qp->ctrl->pdev, qp->qid);
}

void nvdpa_qpair_abandon(struct nvdpa_qpair *qp)
{
	int err;

	nvdpa_qpair_set_stopped(qp, true);
	err = nvdpa_admin_delete_sq(qp->ctrl, qp->qid);
	/* Its last completions, while there is a doorbell to ring for them. */
	nvdpa_qpair_reap(qp);
	if (!err)
		err = nvdpa_admin_delete_cq(qp->ctrl, qp->qid);
	if (!err) {
		nvdpa_qpair_fail(qp);
		spin_lock_irq(&qp->cq_lock);
		spin_lock(&qp->sq_lock);
		nvdpa_qpair_reset_state(qp);
		spin_unlock(&qp->sq_lock);
		spin_unlock_irq(&qp->cq_lock);
		err = nvdpa_qpair_create_queues(qp);
	}
	if (err)
		nvdpa_ctrl_fence(qp->ctrl);
	nvdpa_qpair_set_stopped(qp, false);
}

void nvdpa_qpair_sync(struct nvdpa_qpair *qp)
{
	synchronize_irq(nvdpa_qpair_vector(qp));
}

void nvdpa_qpair_fail_all(struct nvdpa_ctrl *ctrl)
{
	unsigned int qid;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++)
		if (ctrl->qpairs[qid])
			nvdpa_qpair_fail(ctrl->qpairs[qid]);
	mutex_unlock(&ctrl->qid_lock);
}

/* The one that is kept for own I/O follows those for virtqueues. */
static int nvdpa_qpair_get_qid(struct nvdpa_ctrl *ctrl, bool own)
{
	unsigned int first = own && ctrl->own_qid ? ctrl->own_qid : 1;
	unsigned int last = max(first, ctrl->nr_qpairs);
	unsigned int qid;

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

/* nvdpa_qpair_fail_all() sees published queue pairs only. */
static void nvdpa_qpair_publish(struct nvdpa_qpair *qp, bool on)
{
	mutex_lock(&qp->ctrl->qid_lock);
	qp->ctrl->qpairs[qp->qid] = on ? qp : NULL;
	mutex_unlock(&qp->ctrl->qid_lock);
}

unsigned int nvdpa_qpair_nr_free(struct nvdpa_ctrl *ctrl)
{
	unsigned int used;

	mutex_lock(&ctrl->qid_lock);
	used = bitmap_weight(ctrl->qids, ctrl->nr_qpairs + 1);
	mutex_unlock(&ctrl->qid_lock);
	return ctrl->nr_qpairs - used;
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
	qp->qid = err;
	qp->depth = min(ctrl->depth, depth);
	qp->sq_db = bar + nvdpa_doorbell_offset(qp->qid, false, ctrl->dstrd);
	qp->cq_db = bar + nvdpa_doorbell_offset(qp->qid, true, ctrl->dstrd);
	spin_lock_init(&qp->cq_lock);
	spin_lock_init(&qp->sq_lock);

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
	err = nvdpa_qpair_create_queues(qp);
	if (err)
		goto free_irq;
	nvdpa_qpair_publish(qp, true);
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

	nvdpa_qpair_publish(qp, false);
	/* An interrupt that is still at work rings a doorbell. */
	nvdpa_qpair_sync(qp);
	if (nvdpa_qpair_delete_queues(qp))
		nvdpa_ctrl_fence(qp->ctrl);
	irq_set_affinity_and_hint(nvdpa_qpair_vector(qp), NULL);
	free_irq(nvdpa_qpair_vector(qp), qp);
	nvdpa_qpair_free(qp);
}

void nvdpa_qpair_set_affinity(struct nvdpa_qpair *qp,
			      const struct cpumask *mask)
{
	irq_set_affinity_and_hint(nvdpa_qpair_vector(qp), mask);
}

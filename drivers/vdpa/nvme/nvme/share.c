// SPDX-License-Identifier: GPL-2.0
/*
 * Who lodges with whom. All of it changes with queues_lock held: queues stay where they
 * are meanwhile. Those who look at completions find lodgers by RCU.
 */
#include "share.h"

#include <linux/interrupt.h>
#include <linux/limits.h>
#include <linux/pci.h>
#include <linux/rculist.h>

/* The lowest granted ones first, without the one that is kept for own I/O. */
static bool nvdpa_share_can(const struct nvdpa_qpair *qp)
{
	return !qp->own && !qp->host && !qp->leaving &&
	       qp->qid <= READ_ONCE(qp->ctrl->nr_granted);
}

static unsigned int nvdpa_share_nr(const struct nvdpa_qpair *qp)
{
	return qp->nr_lodgers + !qp->vacant;
}

struct nvdpa_qpair *nvdpa_share_find(struct nvdpa_ctrl *ctrl, unsigned int nr)
{
	struct nvdpa_qpair *qp, *best = NULL;
	unsigned int qid;

	lockdep_assert_held(&ctrl->queues_lock);

	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		qp = ctrl->qpairs[qid];
		if (!qp || !nvdpa_share_can(qp) || nvdpa_share_nr(qp) >= nr)
			continue;
		best = qp;
		nr = nvdpa_share_nr(qp);
	}
	return best;
}

/* From now on a place in the queue is not the slot of the same number. */
static void nvdpa_share_begin(struct nvdpa_qpair *qp)
{
	u16 cid;

	BUILD_BUG_ON(NVDPA_QPAIR_DEPTH - 1 > NVDPA_FAIR_MAX);
	spin_lock_irq(&qp->cq_lock);
	nvdpa_share_lock(qp);
	if (!qp->shared) {
		nvdpa_fair_init(&qp->fair, qp->depth - 1);
		for (cid = 0; cid < qp->depth - 1; cid++) {
			qp->share_turns[cid] = qp->slots[cid].turn;
			if (qp->slots[cid].state == NVDPA_SLOT_BUSY)
				nvdpa_fair_seat(&qp->fair, &qp->sharer, cid,
						cid);
		}
		qp->share_tail = qp->sq_tail;
		qp->share_tail_rung = qp->sq_tail;
		qp->shared = true;
		qp->attend = true;
	}
	nvdpa_share_unlock(qp);
	spin_unlock_irq(&qp->cq_lock);
}

void nvdpa_share_end(struct nvdpa_qpair *qp)
{
	u16 cid;

	spin_lock_irq(&qp->cq_lock);
	nvdpa_share_lock(qp);
	if (qp->shared && !qp->host && !qp->nr_lodgers && !qp->fair.nr_users) {
		for (cid = 0; cid < qp->depth - 1; cid++)
			qp->slots[cid].turn = qp->share_turns[cid];
		qp->sq_tail = qp->share_tail;
		qp->sq_tail_rung = qp->share_tail;
		qp->shared = false;
		qp->attend = !qp->watched;
	}
	nvdpa_share_unlock(qp);
	spin_unlock_irq(&qp->cq_lock);
}

void nvdpa_share_join(struct nvdpa_qpair *host, struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&host->ctrl->queues_lock);

	nvdpa_share_begin(host);
	mutex_lock(&host->ctrl->qid_lock);
	spin_lock_irq(&qp->cq_lock);
	spin_lock(&qp->sq_lock);
	WRITE_ONCE(qp->host, host);
	qp->shared = true;
	qp->attend = true;
	if (!qp->sq)
		qp->qid = host->qid;
	spin_unlock(&qp->sq_lock);
	spin_unlock_irq(&qp->cq_lock);
	list_add_tail_rcu(&qp->lodging, &host->lodgers);
	host->nr_lodgers++;
	mutex_unlock(&host->ctrl->qid_lock);
}

void nvdpa_share_leave(struct nvdpa_qpair *qp)
{
	struct nvdpa_qpair *host = qp->host;

	lockdep_assert_held(&host->ctrl->queues_lock);

	mutex_lock(&host->ctrl->qid_lock);
	list_del_rcu(&qp->lodging);
	host->nr_lodgers--;
	spin_lock_irq(&qp->cq_lock);
	spin_lock(&qp->sq_lock);
	WRITE_ONCE(qp->host, NULL);
	qp->shared = false;
	qp->attend = !qp->watched;
	spin_unlock(&qp->sq_lock);
	spin_unlock_irq(&qp->cq_lock);
	mutex_unlock(&host->ctrl->qid_lock);
	nvdpa_share_end(host);
	synchronize_rcu();
}

static void nvdpa_share_nobody_completes(void *priv,
					 const struct nvdpa_done *done,
					 unsigned int nr)
{
}

static void nvdpa_share_nobody(void *priv)
{
}

static const struct nvdpa_qpair_ops nvdpa_share_nobody_ops = {
	.complete = nvdpa_share_nobody_completes,
	.flush = nvdpa_share_nobody,
	.resume = nvdpa_share_nobody,
};

static void nvdpa_share_set_user(struct nvdpa_qpair *qp,
				 const struct nvdpa_qpair_ops *ops, void *priv)
{
	lockdep_assert_held(&qp->ctrl->queues_lock);

	mutex_lock(&qp->ctrl->qid_lock);
	WRITE_ONCE(qp->vacant, ops == &nvdpa_share_nobody_ops);
	/* Nobody does nothing, whatever he is given. */
	if (!qp->vacant)
		WRITE_ONCE(qp->priv, priv);
	/* After @priv, which belongs to it. */
	smp_store_release(&qp->ops, ops);
	mutex_unlock(&qp->ctrl->qid_lock);
}

/* Which vacant one, if it may not have lodgers. */
static struct nvdpa_qpair *nvdpa_share_vacant(struct nvdpa_ctrl *ctrl,
					      bool forlorn)
{
	struct nvdpa_qpair *qp;
	unsigned int qid;

	lockdep_assert_held(&ctrl->queues_lock);

	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		qp = ctrl->qpairs[qid];
		if (qp && qp->vacant && !qp->leaving &&
		    (forlorn ? !qp->nr_lodgers : nvdpa_share_can(qp)))
			return qp;
	}
	return NULL;
}

struct nvdpa_qpair *nvdpa_share_adopt(struct nvdpa_ctrl *ctrl,
				      const struct nvdpa_qpair_ops *ops,
				      void *priv)
{
	struct nvdpa_qpair *qp;

	mutex_lock(&ctrl->queues_lock);
	qp = nvdpa_share_vacant(ctrl, false);
	if (qp)
		nvdpa_share_set_user(qp, ops, priv);
	mutex_unlock(&ctrl->queues_lock);
	return qp;
}

bool nvdpa_share_vacate(struct nvdpa_qpair *qp)
{
	bool stays;

	mutex_lock(&qp->ctrl->queues_lock);
	stays = qp->nr_lodgers;
	if (stays)
		nvdpa_share_set_user(qp, &nvdpa_share_nobody_ops, NULL);
	else
		qp->leaving = true;
	mutex_unlock(&qp->ctrl->queues_lock);
	if (stays) {
		nvdpa_qpair_set_affinity(qp, NULL);
		synchronize_rcu();
	}
	return stays;
}

struct nvdpa_qpair *nvdpa_share_forlorn(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_qpair *qp;

	mutex_lock(&ctrl->queues_lock);
	qp = nvdpa_share_vacant(ctrl, true);
	if (qp)
		qp->leaving = true;
	mutex_unlock(&ctrl->queues_lock);
	return qp;
}

/* With all that lodge with it. */
static void nvdpa_share_move(struct nvdpa_qpair *qp)
{
	struct nvdpa_qpair *host, *lodger, *tmp;

	list_for_each_entry_safe(lodger, tmp, &qp->lodgers, lodging) {
		host = nvdpa_share_find(qp->ctrl, UINT_MAX);
		if (!host)
			return;
		nvdpa_share_leave(lodger);
		nvdpa_share_join(host, lodger);
	}
	host = nvdpa_share_find(qp->ctrl, UINT_MAX);
	if (host && !qp->vacant)
		nvdpa_share_join(host, qp);
}

void nvdpa_share_rehouse(struct nvdpa_ctrl *ctrl)
{
	unsigned int granted = READ_ONCE(ctrl->nr_granted), qid;
	struct nvdpa_qpair *qp;

	lockdep_assert_held(&ctrl->queues_lock);

	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		qp = ctrl->qpairs[qid];
		if (!qp || qp->own || qp->leaving)
			continue;
		if (qid <= granted && qp->host)
			nvdpa_share_leave(qp);
		else if (qid > granted && !qp->host)
			nvdpa_share_move(qp);
	}
}

unsigned int nvdpa_qpair_nr_room(struct nvdpa_ctrl *ctrl)
{
	unsigned int last = min(ctrl->nr_qpairs, READ_ONCE(ctrl->nr_granted));
	const struct nvdpa_qpair *qp;
	unsigned int qid, nr = 0;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid <= last; qid++) {
		qp = ctrl->qpairs[qid];
		if (!test_bit(qid, ctrl->qids))
			nr += NVDPA_QPAIR_SHARERS;
		else if (qp && nvdpa_share_can(qp))
			nr += NVDPA_QPAIR_SHARERS -
			      min(nvdpa_share_nr(qp), NVDPA_QPAIR_SHARERS);
	}
	mutex_unlock(&ctrl->qid_lock);
	return nr;
}

unsigned int nvdpa_qpair_nr_sharing(struct nvdpa_ctrl *ctrl)
{
	const struct nvdpa_qpair *qp;
	unsigned int qid, nr = 0;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		qp = ctrl->qpairs[qid];
		if (qp && nvdpa_share_nr(qp) > 1)
			nr += nvdpa_share_nr(qp);
	}
	mutex_unlock(&ctrl->qid_lock);
	return nr;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs. Lock order: cq_lock, then the user's locks, then sq_lock, then
 * share_lock. The user's callbacks run under cq_lock (complete) or without lock (flush).
 */
#include "qpair.h"

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/nospec.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "../debug/fault.h"
#include "../debug/trace.h"
#include "../pure/cmd.h"
#include "../pure/doorbell.h"
#include "media.h"
#include "reset.h"
#include "share.h"
#include "timeout.h"

/* Times that a command is posted again before its status is believed. */
#define NVDPA_QPAIR_RETRIES	5
/* The first time after so long, and each time twice that, if nothing else was said. */
#define NVDPA_QPAIR_RETRY_MS	10
/* So long one that shares its queues waits for Aborts to be heeded. */
#define NVDPA_QPAIR_RECALL_MS	500
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

/* What guards a slot that is in flight: the latter where the queues are shared. */
static void nvdpa_qpair_assert_slots(const struct nvdpa_qpair *qp)
{
	lockdep_assert(lockdep_is_held(&qp->sq_lock) ||
		       lockdep_is_held(&(qp->host ?: qp)->share_lock));
}

void nvdpa_qpair_begin(struct nvdpa_qpair *qp) __acquires(&qp->sq_lock)
{
	spin_lock(&qp->sq_lock);
}

/* Somebody must look after what is in flight. */
static noinline void nvdpa_qpair_be_watched(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->sq_lock);

	qp->watched = true;
	qp->attend = qp->shared;
	nvdpa_timeout_arm(qp->ctrl);
}

/* Perhaps another sharer has rung for all of them. */
static void nvdpa_qpair_ring_shared(struct nvdpa_qpair *host)
{
	lockdep_assert_held(&host->share_lock);

	if (host->share_tail == host->share_tail_rung)
		return;
	host->share_tail_rung = host->share_tail;
	writel(host->share_tail, host->sq_db);
}

static noinline void nvdpa_qpair_attend(struct nvdpa_qpair *qp)
{
	struct nvdpa_qpair *host = nvdpa_share_host(qp);

	lockdep_assert_held(&qp->sq_lock);

	if (!qp->watched)
		nvdpa_qpair_be_watched(qp);
	if (!qp->shared) {
		writel(qp->sq_tail, qp->sq_db);
		return;
	}
	spin_lock(&host->share_lock);
	nvdpa_qpair_ring_shared(host);
	spin_unlock(&host->share_lock);
}

static void nvdpa_qpair_ring(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->sq_lock);

	if (qp->sq_tail == qp->sq_tail_rung)
		return;
	qp->sq_tail_rung = qp->sq_tail;
	if (likely(!qp->attend))
		writel(qp->sq_tail, qp->sq_db);
	else
		nvdpa_qpair_attend(qp);
}

void nvdpa_qpair_end(struct nvdpa_qpair *qp) __releases(&qp->sq_lock)
{
	nvdpa_qpair_ring(qp);
	spin_unlock(&qp->sq_lock);
}

void nvdpa_qpair_put(struct nvdpa_qpair *qp, u16 cid)
{
	lockdep_assert_held(&qp->sq_lock);

	qp->slots[cid].state = NVDPA_SLOT_FREE;
	qp->free[qp->nr_free++] = cid;
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
				       const struct nvdpa_slot *slot, u16 status)
{
	if (trace_nvdpa_cmd_complete_enabled())
		trace_nvdpa_cmd_complete(dev_name(qp->ctrl->dev), qp->qid,
					 slot->head,
					 slot->cmd.common.command_id, status);
}

/*
 * Also a second time: to the controller it is another command. Its place in the queue
 * is the lower part of its identifier.
 */
static __always_inline void nvdpa_qpair_write(struct nvdpa_qpair *host,
					      struct nvdpa_slot *slot,
					      u16 place, u16 *tail)
{
	nvdpa_qpair_assert_slots(host);

	slot->turn++;
	slot->state = NVDPA_SLOT_BUSY;
	slot->since = jiffies;
	slot->cmd.common.command_id = slot->turn << NVDPA_QPAIR_TURN_SHIFT |
				      place;
	nvdpa_qpair_trace_submit(host, slot);
	host->sq[*tail] = slot->cmd;
	if (++*tail == host->depth)
		*tail = 0;
}

/* Post what is next, as far as there are places. */
static void nvdpa_qpair_dispatch(struct nvdpa_qpair *host)
{
	const struct nvdpa_fair_turn *turn;
	struct nvdpa_qpair *qp;
	struct nvdpa_slot *slot;
	u16 place;

	lockdep_assert_held(&host->share_lock);

	while (!host->paused &&
	       (turn = nvdpa_fair_next(&host->fair, &place))) {
		qp = container_of(turn->user, struct nvdpa_qpair, sharer);
		slot = &qp->slots[turn->cmd];
		/* A place's turns, for those of its commands' slots are alike. */
		slot->turn = host->share_turns[place];
		nvdpa_qpair_write(host, slot, place, &host->share_tail);
		host->share_turns[place] = slot->turn;
	}
}

static void nvdpa_qpair_queue(struct nvdpa_qpair *qp, u16 cid)
{
	struct nvdpa_qpair *host = nvdpa_share_host(qp);

	lockdep_assert_held(&host->share_lock);

	qp->slots[cid].state = NVDPA_SLOT_QUEUED;
	nvdpa_fair_wait(&host->fair, &qp->sharer, cid);
	nvdpa_qpair_dispatch(host);
}

static noinline void nvdpa_qpair_post_shared(struct nvdpa_qpair *qp, u16 cid)
{
	struct nvdpa_qpair *host = nvdpa_share_host(qp);

	lockdep_assert_held(&qp->sq_lock);

	spin_lock(&host->share_lock);
	nvdpa_qpair_queue(qp, cid);
	spin_unlock(&host->share_lock);
	/* No tail: nvdpa_qpair_ring() has something to do. */
	qp->sq_tail_rung = qp->depth;
}

void nvdpa_qpair_post(struct nvdpa_qpair *qp, u16 cid, void *owner)
{
	struct nvdpa_slot *slot = &qp->slots[cid];

	lockdep_assert_held(&qp->sq_lock);

	slot->owner = owner;
	slot->late = false;
	slot->aborted = false;
	slot->retries = 0;
	slot->replays = 0;
	if (unlikely(qp->shared))
		nvdpa_qpair_post_shared(qp, cid);
	else
		nvdpa_qpair_write(qp, slot, cid, &qp->sq_tail);
}

/* What was held. */
static void nvdpa_qpair_repost(struct nvdpa_qpair *qp, u16 cid)
{
	lockdep_assert_held(&qp->sq_lock);

	qp->slots[cid].late = false;
	qp->slots[cid].aborted = false;
	if (qp->shared)
		nvdpa_qpair_queue(qp, cid);
	else
		nvdpa_qpair_write(qp, &qp->slots[cid], cid, &qp->sq_tail);
}

/* The end of reposting. */
static void nvdpa_qpair_rering(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->sq_lock);

	if (!qp->shared) {
		nvdpa_qpair_ring(qp);
		return;
	}
	if (!qp->watched && qp->nr_free < nvdpa_qpair_nr_slots(qp))
		nvdpa_qpair_be_watched(qp);
	nvdpa_qpair_ring_shared(nvdpa_share_host(qp));
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

	nvdpa_qpair_assert_slots(qp);

	if ((status & NVME_SCT_MASK) == NVME_SCT_MEDIA_ERROR)
		nvdpa_media_note(qp->ctrl, qp->qid, &slot->cmd, status);
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

	lockdep_assert_held(&qp->sq_lock);

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

/* Likewise where a place is not a slot; *@qp is whose slot it is. */
static struct nvdpa_slot *
nvdpa_qpair_owner_shared(struct nvdpa_qpair *host,
			 const struct nvme_completion *cqe, u16 wire_cid,
			 struct nvdpa_qpair **qp)
{
	u16 place = wire_cid & (BIT(NVDPA_QPAIR_TURN_SHIFT) - 1);
	const struct nvdpa_fair_turn *turn;
	struct nvdpa_slot *slot;

	lockdep_assert_held(&host->share_lock);

	if (place >= nvdpa_qpair_nr_slots(host))
		return NULL;
	place = array_index_nospec(place, nvdpa_qpair_nr_slots(host));
	turn = &host->fair.turns[place];
	if (!turn->user)
		return NULL;
	*qp = container_of(turn->user, struct nvdpa_qpair, sharer);
	slot = &(*qp)->slots[turn->cmd];
	if (slot->state != NVDPA_SLOT_BUSY ||
	    slot->turn != wire_cid >> NVDPA_QPAIR_TURN_SHIFT ||
	    le16_to_cpu(READ_ONCE(cqe->sq_id)) != host->qid)
		return NULL;
	nvdpa_fair_end(&host->fair, place);
	return slot;
}

/*
 * Take a completion entry. One that is for no command in flight is the device's
 * fault and must not touch memory that belongs to nobody; those behind it are not
 * believed, either. False also when the command is to be posted again.
 */
static __always_inline bool
nvdpa_qpair_take_cqe(struct nvdpa_qpair *qp, const struct nvme_completion *cqe,
		     struct nvdpa_done *done, struct nvdpa_qpair **whose)
{
	u16 wire_cid = READ_ONCE(cqe->command_id);
	u16 status = le16_to_cpu(READ_ONCE(cqe->status)) >> 1;
	struct nvdpa_qpair *user = qp;
	struct nvdpa_slot *slot;

	slot = whose ? nvdpa_qpair_owner_shared(qp, cqe, wire_cid, &user) :
		       nvdpa_qpair_owner(qp, cqe, wire_cid);
	if (unlikely(!slot)) {
		qp->untrusted = true;
		nvdpa_ctrl_bad_completion(qp->ctrl, qp->qid, wire_cid);
		return false;
	}
	done->owner = slot->owner;
	done->cid = slot - user->slots;
	done->status = status;
	nvdpa_qpair_trace_complete(qp, slot, status);
	if (unlikely(done->status) && nvdpa_qpair_retry(user, slot, status))
		return false;
	slot->state = NVDPA_SLOT_DONE;
	if (whose)
		*whose = user;
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
	lockdep_assert_held(&qp->cq_lock);

	return nvdpa_fault_fresh(qp->ctrl->dev, qp, cqe,
				 nvdpa_qpair_pending(qp), nvdpa_qpair_reap);
}

/*
 * Gather completions; @seen counts entries, good or bad. @whose is NULL unless the
 * queues are shared. The lock for that is held.
 */
static __always_inline unsigned int
nvdpa_qpair_gather(struct nvdpa_qpair *qp, struct nvdpa_done *done,
		   struct nvdpa_qpair **whose, unsigned int *seen)
{
	struct device *dev = qp->ctrl->dev;
	const struct nvme_completion *cqe;
	unsigned int nr = 0;

	lockdep_assert_held(&qp->cq_lock);

	while (nr < NVDPA_QPAIR_BATCH && *seen < qp->depth && !qp->untrusted) {
		cqe = &qp->cq[qp->cq_head];
		if (!nvdpa_qpair_fresh(qp, cqe))
			break;
		/* The rest of the entry is valid only once the phase is. */
		dma_rmb();
		cqe = nvdpa_fault_cqe(dev, qp->qid, qp->cq_head, cqe);
		if (!nvdpa_fault_drop(dev, qp->qid) &&
		    nvdpa_qpair_take_cqe(qp, cqe, &done[nr],
					 whose ? &whose[nr] : NULL))
			nr++;
		(*seen)++;
		if (++qp->cq_head == qp->depth) {
			qp->cq_head = 0;
			qp->cq_phase ^= 1;
		}
	}
	return nr;
}

static __always_inline unsigned int
nvdpa_qpair_gather_own(struct nvdpa_qpair *qp, struct nvdpa_done *done,
		       unsigned int *seen)
{
	unsigned int nr;

	spin_lock(&qp->sq_lock);
	nr = nvdpa_qpair_gather(qp, done, NULL, seen);
	spin_unlock(&qp->sq_lock);
	return nr;
}

/* Who was waiting goes before those who are told of the completions. */
static unsigned int nvdpa_qpair_gather_shared(struct nvdpa_qpair *host,
					      struct nvdpa_done *done,
					      struct nvdpa_qpair **whose,
					      unsigned int *seen)
{
	unsigned int nr;

	spin_lock(&host->share_lock);
	nr = nvdpa_qpair_gather(host, done, whose, seen);
	nvdpa_qpair_dispatch(host);
	nvdpa_qpair_ring_shared(host);
	spin_unlock(&host->share_lock);
	return nr;
}

/* To each user what is his. */
static void nvdpa_qpair_hand_over(const struct nvdpa_done *done,
				  struct nvdpa_qpair **whose, unsigned int nr)
{
	struct nvdpa_done part[NVDPA_QPAIR_BATCH];
	struct nvdpa_qpair *qp;
	unsigned int i, j, n;

	for (i = 0; i < nr; i++) {
		qp = whose[i];
		if (!qp)
			continue;
		for (n = 0, j = i; j < nr; j++) {
			if (whose[j] != qp)
				continue;
			part[n++] = done[j];
			whose[j] = NULL;
		}
		qp->ops->complete(qp->priv, part, n);
	}
}

static void nvdpa_qpair_seen(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->cq_lock);

	qp->unseen = false;
	if (qp->has_cq)
		writel(qp->cq_head, qp->cq_db);
}

/* The number of commands that ended; @seen as above. */
static unsigned int nvdpa_qpair_reap_unshared(struct nvdpa_qpair *qp,
					      unsigned int *seen)
{
	struct nvdpa_done done[NVDPA_QPAIR_BATCH] __uninitialized;
	unsigned int nr, total = 0;

	lockdep_assert_held(&qp->cq_lock);

	do {
		nr = nvdpa_qpair_gather_own(qp, done, seen);
		if (likely(nr))
			qp->ops->complete(qp->priv, done, nr);
		total += nr;
	} while (nr && nvdpa_qpair_pending(qp));
	if (*seen)
		nvdpa_qpair_seen(qp);
	return total;
}

static noinline unsigned int nvdpa_qpair_reap_shared(struct nvdpa_qpair *host,
						     unsigned int *seen)
{
	struct nvdpa_qpair *whose[NVDPA_QPAIR_BATCH];
	struct nvdpa_done done[NVDPA_QPAIR_BATCH];
	unsigned int nr, total = 0;

	lockdep_assert_held(&host->cq_lock);

	while ((nr = nvdpa_qpair_gather_shared(host, done, whose, seen))) {
		nvdpa_qpair_hand_over(done, whose, nr);
		total += nr;
	}
	if (*seen)
		nvdpa_qpair_seen(host);
	return total;
}

/* Whoever leaves waits for those who may be about to call him. */
static void nvdpa_qpair_flush_shared(struct nvdpa_qpair *host)
{
	const struct nvdpa_qpair_ops *ops;
	struct nvdpa_qpair *qp;

	/* Before @priv, which is written before it. */
	ops = smp_load_acquire(&host->ops);
	ops->flush(READ_ONCE(host->priv));
	list_for_each_entry_rcu(qp, &host->lodgers, lodging)
		qp->ops->flush(qp->priv);
}

static noinline unsigned int nvdpa_qpair_reap_for_all(struct nvdpa_qpair *host,
						      unsigned long flags)
	__releases(&host->cq_lock)
{
	unsigned int seen = 0, total;

	total = nvdpa_qpair_reap_shared(host, &seen);
	spin_unlock_irqrestore(&host->cq_lock, flags);

	rcu_read_lock();
	if (total)
		nvdpa_qpair_flush_shared(host);
	rcu_read_unlock();
	return seen;
}

static unsigned int nvdpa_qpair_reap_own(struct nvdpa_qpair *qp)
{
	unsigned int seen = 0, total;
	unsigned long flags;

	spin_lock_irqsave(&qp->cq_lock, flags);
	if (unlikely(qp->shared))
		return nvdpa_qpair_reap_for_all(qp, flags);
	total = nvdpa_qpair_reap_unshared(qp, &seen);
	spin_unlock_irqrestore(&qp->cq_lock, flags);

	if (total)
		qp->ops->flush(qp->priv);
	return seen;
}

unsigned int nvdpa_qpair_reap(struct nvdpa_qpair *qp)
{
	unsigned int seen;

	rcu_read_lock();
	seen = nvdpa_qpair_reap_own(nvdpa_share_host(qp));
	rcu_read_unlock();
	return seen;
}

static irqreturn_t nvdpa_qpair_irq(int irq, void *data)
{
	struct nvdpa_qpair *qp = data;

	if (nvdpa_fault_irq(qp->ctrl->dev))
		return IRQ_HANDLED;
	return nvdpa_qpair_reap_own(qp) ? IRQ_HANDLED : IRQ_NONE;
}

static bool nvdpa_slot_in_flight(const struct nvdpa_slot *slot)
{
	return slot->state == NVDPA_SLOT_BUSY || slot->state == NVDPA_SLOT_HELD;
}

static bool nvdpa_slot_held(const struct nvdpa_slot *slot)
{
	return slot->state == NVDPA_SLOT_HELD;
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
		nvdpa_share_lock(qp);
		ends = which(&qp->slots[cid]);
		if (ends)
			qp->slots[cid].state = NVDPA_SLOT_DONE;
		done.owner = qp->slots[cid].owner;
		nvdpa_share_unlock(qp);
		if (!ends)
			continue;
		done.cid = cid;
		done.status = NVME_SC_ABORT_QUEUE;
		nvdpa_qpair_trace_complete(nvdpa_share_host(qp),
					   &qp->slots[cid], done.status);
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
	qp->share_tail = 0;
	qp->share_tail_rung = 0;
	nvdpa_fair_init(&qp->fair, nvdpa_qpair_nr_slots(qp));
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

/* A queue pair and those who lodge with it. */
static void nvdpa_qpair_for_sharers(struct nvdpa_qpair *host,
				    void (*func)(struct nvdpa_qpair *qp))
{
	struct nvdpa_qpair *qp;

	lockdep_assert(lockdep_is_held(&host->ctrl->queues_lock) ||
		       lockdep_is_held(&host->ctrl->qid_lock));

	func(host);
	list_for_each_entry(qp, &host->lodgers, lodging)
		func(qp);
}

static void nvdpa_qpair_pause(struct nvdpa_qpair *qp)
{
	local_irq_disable();
	nvdpa_share_lock(qp);
	qp->paused = true;
	nvdpa_qpair_set_gate(qp);
	nvdpa_share_unlock(qp);
	local_irq_enable();
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

	lockdep_assert_held(&qp->ctrl->queues_lock);

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
	qp->has_cq = !qp->host;
	nvdpa_share_lock(qp);
	qp->paused = false;
	nvdpa_qpair_set_gate(qp);
	if (qp->shared) {
		nvdpa_qpair_dispatch(nvdpa_share_host(qp));
		nvdpa_qpair_ring_shared(nvdpa_share_host(qp));
	}
	nvdpa_share_unlock(qp);
	spin_unlock_irq(&qp->cq_lock);
}

static void nvdpa_qpair_forget_queues(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->ctrl->queues_lock);

	qp->created = false;
	spin_lock_irq(&qp->cq_lock);
	qp->has_cq = false;
	nvdpa_share_lock(qp);
	nvdpa_qpair_reset_state(qp);
	nvdpa_share_unlock(qp);
	spin_unlock_irq(&qp->cq_lock);
}

/* The controller has none of them any more. Their places are forgotten with the queues. */
static void nvdpa_qpair_hold_slots(struct nvdpa_qpair *qp)
{
	struct nvdpa_slot *slot;
	u16 cid;

	spin_lock_irq(&qp->cq_lock);
	nvdpa_share_lock(qp);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++) {
		slot = &qp->slots[cid];
		if (slot->state == NVDPA_SLOT_BUSY ||
		    slot->state == NVDPA_SLOT_QUEUED)
			slot->state = NVDPA_SLOT_HELD;
	}
	memset(&qp->sharer, 0, sizeof(qp->sharer));
	qp->dead = false;
	nvdpa_qpair_set_gate(qp);
	nvdpa_share_unlock(qp);
	spin_unlock_irq(&qp->cq_lock);
}

/* Those of an abandon are for that to end. */
static void nvdpa_qpair_replay(struct nvdpa_qpair *qp, bool blame)
{
	struct nvdpa_slot *slot;
	u16 cid;

	local_irq_disable();
	nvdpa_share_lock(qp);
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
		nvdpa_qpair_repost(qp, cid);
	}
	nvdpa_qpair_rering(qp);
	nvdpa_share_unlock(qp);
	local_irq_enable();
	nvdpa_qpair_fail(qp, nvdpa_slot_given_up);
}

/* The queues are there again. */
static void nvdpa_qpair_go_on(struct nvdpa_qpair *qp, bool blame)
{
	nvdpa_qpair_open(qp);
	nvdpa_qpair_replay(qp, blame);
	qp->ops->resume(qp->priv);
}

static void nvdpa_qpair_all_go_on(struct nvdpa_qpair *host, bool blame)
{
	struct nvdpa_qpair *qp;

	lockdep_assert_held(&host->ctrl->queues_lock);

	nvdpa_qpair_go_on(host, blame);
	list_for_each_entry(qp, &host->lodgers, lodging)
		nvdpa_qpair_go_on(qp, blame);
}

/*
 * The commands of a queue that is not there any more do no DMA. Those of others who
 * share it are posted to the next one.
 */
static int nvdpa_qpair_end_queues(struct nvdpa_qpair *qp)
{
	struct nvdpa_qpair *host = nvdpa_share_host(qp);
	int err;

	lockdep_assert_held(&qp->ctrl->queues_lock);

	if (host->created) {
		nvdpa_qpair_for_sharers(host, nvdpa_qpair_pause);
		err = nvdpa_admin_delete_sq(host->ctrl, host->qid);
		/* Its last completions, while there is a doorbell for them. */
		nvdpa_qpair_reap(host);
		if (!err)
			err = nvdpa_admin_delete_cq(host->ctrl, host->qid);
		if (err)
			return err;
		nvdpa_qpair_for_sharers(host, nvdpa_qpair_hold_slots);
		nvdpa_qpair_forget_queues(host);
		nvdpa_qpair_fail(qp, nvdpa_slot_in_flight);
		if (!nvdpa_qpair_create_queues(host))
			nvdpa_qpair_all_go_on(host, false);
		else
			nvdpa_reset_request(host->ctrl, NVDPA_RESET_QUEUE);
		return 0;
	}
	/* A reset took them away, and makes them anew. */
	nvdpa_qpair_fail(qp, nvdpa_slot_in_flight);
	return 0;
}

static void nvdpa_qpair_set_ending(struct nvdpa_qpair *qp, bool ending)
{
	local_irq_disable();
	nvdpa_share_lock(qp);
	qp->ending = ending;
	nvdpa_qpair_set_gate(qp);
	nvdpa_share_unlock(qp);
	local_irq_enable();
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

static void nvdpa_qpair_abort(struct nvdpa_qpair *qp, struct nvdpa_slot *slot)
{
	lockdep_assert_held(&nvdpa_share_host(qp)->share_lock);

	if (slot->aborted)
		return;
	slot->aborted = nvdpa_admin_abort(qp->ctrl, nvdpa_share_host(qp)->qid,
					  slot->cmd.common.command_id);
	if (slot->aborted)
		nvdpa_ctrl_count(qp->ctrl, NVDPA_COUNT_ABORTS);
}

/* What waits for a place is not posted any more. */
static void nvdpa_qpair_unqueue(struct nvdpa_qpair *qp)
{
	u16 cid;

	local_irq_disable();
	nvdpa_share_lock(qp);
	nvdpa_fair_leave(&nvdpa_share_host(qp)->fair, &qp->sharer);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++)
		if (qp->slots[cid].state == NVDPA_SLOT_QUEUED)
			qp->slots[cid].state = NVDPA_SLOT_HELD;
	nvdpa_share_unlock(qp);
	local_irq_enable();
	nvdpa_qpair_fail(qp, nvdpa_slot_held);
}

/* One after the other, as an Abort can be sent; the number that it has still. */
static unsigned int nvdpa_qpair_abort_some(struct nvdpa_qpair *qp)
{
	struct nvdpa_slot *slot;
	unsigned int nr = 0;
	u16 cid;

	local_irq_disable();
	nvdpa_share_lock(qp);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++) {
		slot = &qp->slots[cid];
		if (slot->state != NVDPA_SLOT_BUSY)
			continue;
		nvdpa_qpair_abort(qp, slot);
		nr++;
	}
	nvdpa_share_unlock(qp);
	local_irq_enable();
	return nr;
}

/*
 * Commands of one that shares its queues are taken back one by one, for others have
 * theirs in them. False when some have not ended for some time.
 */
static bool nvdpa_qpair_recall(struct nvdpa_qpair *qp)
{
	unsigned long end = jiffies + msecs_to_jiffies(NVDPA_QPAIR_RECALL_MS);

	if (!READ_ONCE(qp->shared))
		return false;
	nvdpa_qpair_unqueue(qp);
	while (nvdpa_qpair_abort_some(qp)) {
		if (time_after(jiffies, end))
			return false;
		usleep_range(1000, 2000);
		nvdpa_qpair_reap(qp);
	}
	/* What a reset has taken back is held. */
	nvdpa_qpair_fail(qp, nvdpa_slot_held);
	return true;
}

void nvdpa_qpair_abandon(struct nvdpa_qpair *qp)
{
	nvdpa_qpair_set_ending(qp, true);
	if (!nvdpa_qpair_recall(qp))
		while (!nvdpa_qpair_change(qp, nvdpa_qpair_end_queues))
			;
	nvdpa_qpair_set_ending(qp, false);
	qp->ops->resume(qp->priv);
}

void nvdpa_qpair_sync(struct nvdpa_qpair *qp)
{
	if (qp->sq)
		synchronize_irq(nvdpa_qpair_vector(qp));
	/* Others look at its completions, too. */
	if (READ_ONCE(qp->shared))
		synchronize_rcu();
}

/* Whoever lodges comes with his host. */
static void nvdpa_qpair_for_hosts(struct nvdpa_ctrl *ctrl,
				  void (*func)(struct nvdpa_qpair *qp))
{
	unsigned int qid;

	lockdep_assert_held(&ctrl->qid_lock);

	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++)
		if (ctrl->qpairs[qid] && !ctrl->qpairs[qid]->host)
			func(ctrl->qpairs[qid]);
}

static void nvdpa_qpair_for_all(struct nvdpa_ctrl *ctrl,
				void (*func)(struct nvdpa_qpair *qp))
{
	struct nvdpa_qpair *qp;
	unsigned int qid;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		qp = ctrl->qpairs[qid];
		if (qp && !qp->host)
			nvdpa_qpair_for_sharers(qp, func);
	}
	mutex_unlock(&ctrl->qid_lock);
}

void nvdpa_qpair_pause_all(struct nvdpa_ctrl *ctrl)
{
	nvdpa_qpair_for_all(ctrl, nvdpa_qpair_pause);
}

static unsigned int nvdpa_qpair_count_busy(const struct nvdpa_qpair *qp)
{
	unsigned int nr = 0;
	u16 cid;

	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++)
		nr += READ_ONCE(qp->slots[cid].state) == NVDPA_SLOT_BUSY;
	return nr;
}

unsigned int nvdpa_qpair_nr_busy(struct nvdpa_ctrl *ctrl)
{
	const struct nvdpa_qpair *host, *qp;
	unsigned int qid, nr = 0;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++) {
		host = ctrl->qpairs[qid];
		if (!host || host->host)
			continue;
		nr += nvdpa_qpair_count_busy(host);
		list_for_each_entry(qp, &host->lodgers, lodging)
			nr += nvdpa_qpair_count_busy(qp);
	}
	mutex_unlock(&ctrl->qid_lock);
	return nr;
}

static void nvdpa_qpair_release(struct nvdpa_qpair *qp)
{
	u16 cid;

	local_irq_disable();
	nvdpa_share_lock(qp);
	for (cid = 0; cid < nvdpa_qpair_nr_slots(qp); cid++)
		if (qp->slots[cid].state == NVDPA_SLOT_BUSY)
			qp->slots[cid].since = jiffies;
	nvdpa_share_unlock(qp);
	local_irq_enable();
	nvdpa_qpair_open(qp);
	qp->ops->resume(qp->priv);
}

void nvdpa_qpair_release_all(struct nvdpa_ctrl *ctrl)
{
	nvdpa_qpair_for_all(ctrl, nvdpa_qpair_release);
}

static void nvdpa_qpair_flush(struct nvdpa_qpair *qp)
{
	qp->ops->flush(qp->priv);
}

/* Completions that it wrote before it was off count; what it kept back is held. */
static void nvdpa_qpair_hold(struct nvdpa_qpair *host)
{
	unsigned int seen = 0;

	lockdep_assert_held(&host->ctrl->queues_lock);

	nvdpa_qpair_for_sharers(host, nvdpa_qpair_pause);
	spin_lock_irq(&host->cq_lock);
	host->has_cq = false;
	if (host->shared)
		nvdpa_qpair_reap_shared(host, &seen);
	else
		nvdpa_qpair_reap_unshared(host, &seen);
	spin_unlock_irq(&host->cq_lock);
	nvdpa_qpair_for_sharers(host, nvdpa_qpair_hold_slots);
	nvdpa_qpair_forget_queues(host);
	nvdpa_qpair_for_sharers(host, nvdpa_qpair_flush);
}

void nvdpa_qpair_hold_all(struct nvdpa_ctrl *ctrl)
{
	mutex_lock(&ctrl->qid_lock);
	nvdpa_qpair_for_hosts(ctrl, nvdpa_qpair_hold);
	mutex_unlock(&ctrl->qid_lock);
}

static void nvdpa_qpair_die(struct nvdpa_qpair *qp)
{
	local_irq_disable();
	nvdpa_share_lock(qp);
	qp->dead = true;
	qp->paused = false;
	nvdpa_qpair_set_gate(qp);
	nvdpa_share_unlock(qp);
	local_irq_enable();
	nvdpa_qpair_fail(qp, nvdpa_slot_in_flight);
	qp->ops->resume(qp->priv);
}

static int nvdpa_qpair_restore(struct nvdpa_qpair *qp, bool blame)
{
	int err;

	lockdep_assert_held(&qp->ctrl->queues_lock);

	/* Whoever lodges goes on with his host. */
	if (qp->leaving || qp->host)
		return 0;
	if (qp->qid > qp->ctrl->nr_granted) {
		if (!qp->vacant)
			dev_err(qp->ctrl->dev,
				"queue pair %u is not granted any more, its requests fail\n",
				qp->qid);
		nvdpa_qpair_for_sharers(qp, nvdpa_qpair_die);
		return 0;
	}
	err = nvdpa_qpair_create_queues(qp);
	if (err)
		return err;
	nvdpa_qpair_all_go_on(qp, blame);
	return 0;
}

/* One at a time: whoever wants to take a queue away need not wait for all. */
int nvdpa_qpair_restore_all(struct nvdpa_ctrl *ctrl, bool blame)
{
	unsigned int qid;
	int err = 0;

	mutex_lock(&ctrl->queues_lock);
	nvdpa_share_rehouse(ctrl);
	mutex_unlock(&ctrl->queues_lock);
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

	lockdep_assert_held(&qp->sq_lock);

	if (time_before(jiffies, since))
		watch->next = min(watch->next, since - jiffies);
	else
		nvdpa_qpair_repost(qp, cid);
}

static void nvdpa_qpair_watch_busy(struct nvdpa_qpair *qp, u16 cid,
				   struct nvdpa_qpair_watch *watch)
{
	struct nvdpa_slot *slot = &qp->slots[cid];
	unsigned long limit = nvdpa_timeout_limit(qp->ctrl, &slot->cmd);

	lockdep_assert_held(&qp->sq_lock);

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
	nvdpa_qpair_abort(qp, slot);
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
	nvdpa_qpair_rering(qp);
}

static void nvdpa_qpair_watch(struct nvdpa_qpair *qp,
			      struct nvdpa_qpair_watch *watch)
{
	local_irq_disable();
	nvdpa_share_lock(qp);
	qp->watched = qp->nr_free < nvdpa_qpair_nr_slots(qp);
	qp->attend = !qp->watched || qp->shared;
	if (qp->watched && qp->gate == NVDPA_QPAIR_OPEN)
		nvdpa_qpair_watch_slots(qp, watch);
	watch->busy |= qp->watched;
	watch->untrusted |= qp->untrusted;
	nvdpa_share_unlock(qp);
	local_irq_enable();
}

static void nvdpa_qpair_watch_host(struct nvdpa_qpair *host,
				   struct nvdpa_qpair_watch *watch)
{
	struct nvdpa_qpair *qp;

	nvdpa_qpair_find_lost(host);
	nvdpa_qpair_watch(host, watch);
	list_for_each_entry(qp, &host->lodgers, lodging)
		nvdpa_qpair_watch(qp, watch);
	nvdpa_share_end(host);
}

void nvdpa_qpair_watch_all(struct nvdpa_ctrl *ctrl,
			   struct nvdpa_qpair_watch *watch)
{
	unsigned int qid;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid < ARRAY_SIZE(ctrl->qpairs); qid++)
		if (ctrl->qpairs[qid] && !ctrl->qpairs[qid]->host)
			nvdpa_qpair_watch_host(ctrl->qpairs[qid], watch);
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
	unsigned int last = min(ctrl->nr_qpairs, READ_ONCE(ctrl->nr_granted));
	unsigned int qid, nr = 0;

	mutex_lock(&ctrl->qid_lock);
	for (qid = 1; qid <= last; qid++)
		nr += !test_bit(qid, ctrl->qids) ||
		      (ctrl->qpairs[qid] &&
		       READ_ONCE(ctrl->qpairs[qid]->vacant));
	mutex_unlock(&ctrl->qid_lock);
	return nr;
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

static struct nvdpa_qpair *
nvdpa_qpair_alloc_bare(struct nvdpa_ctrl *ctrl,
		       const struct nvdpa_qpair_ops *ops, void *priv, bool own)
{
	u32 depth = own ? NVDPA_QPAIR_OWN_DEPTH : NVDPA_QPAIR_DEPTH;
	struct nvdpa_qpair *qp;
	int err;

	qp = kzalloc(sizeof(*qp), GFP_KERNEL);
	if (!qp)
		return ERR_PTR(-ENOMEM);
	qp->ctrl = ctrl;
	qp->ops = ops;
	qp->priv = priv;
	qp->own = own;
	qp->depth = min(ctrl->depth, depth);
	INIT_LIST_HEAD(&qp->lodgers);
	spin_lock_init(&qp->cq_lock);
	spin_lock_init(&qp->sq_lock);
	spin_lock_init(&qp->share_lock);
	qp->paused = true;
	qp->gate = NVDPA_QPAIR_HELD;
	qp->attend = true;
	err = nvdpa_qpair_alloc_slots(qp);
	if (err) {
		kfree(qp);
		return ERR_PTR(err);
	}
	return qp;
}

static void nvdpa_qpair_free_bare(struct nvdpa_qpair *qp)
{
	/* Each slot that was taken was given back, once. */
	WARN_ON(qp->nr_free != nvdpa_qpair_nr_slots(qp));
	nvdpa_qpair_free_slots(qp);
	kfree(qp);
}

static int nvdpa_qpair_add_queues(struct nvdpa_qpair *qp)
{
	struct nvdpa_ctrl *ctrl = qp->ctrl;
	void __iomem *bar = ctrl->bar;
	int err;

	err = nvdpa_qpair_get_qid(ctrl, qp->own);
	if (err < 0)
		return err;
	qp->qid = err;
	qp->sq_db = bar + nvdpa_doorbell_offset(qp->qid, false, ctrl->dstrd);
	qp->cq_db = bar + nvdpa_doorbell_offset(qp->qid, true, ctrl->dstrd);
	snprintf(qp->irq_name, sizeof(qp->irq_name), "nvdpa-%s-q%u",
		 pci_name(ctrl->pdev), qp->qid);
	err = nvdpa_qpair_alloc_rings(qp);
	if (err)
		nvdpa_qpair_put_qid(ctrl, qp->qid);
	return err;
}

static void nvdpa_qpair_del_queues(struct nvdpa_qpair *qp)
{
	nvdpa_qpair_free_rings(qp);
	nvdpa_qpair_put_qid(qp->ctrl, qp->qid);
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

	lockdep_assert_held(&qp->ctrl->queues_lock);

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

static int nvdpa_qpair_make_queues(struct nvdpa_qpair *qp)
{
	int err;

	err = nvdpa_qpair_add_queues(qp);
	if (err)
		return err;
	err = request_irq(nvdpa_qpair_vector(qp), nvdpa_qpair_irq, 0,
			  qp->irq_name, qp);
	if (err) {
		dev_err(qp->ctrl->dev, "no interrupt for queue pair %u: %pe\n",
			qp->qid, ERR_PTR(err));
		goto del_queues;
	}
	err = nvdpa_qpair_start(qp);
	if (err)
		goto free_irq;
	return 0;

free_irq:
	free_irq(nvdpa_qpair_vector(qp), qp);
del_queues:
	nvdpa_qpair_del_queues(qp);
	return err;
}

/* With queues that are at work, or with none. */
static int nvdpa_qpair_try_lodge(struct nvdpa_qpair *qp)
{
	struct nvdpa_ctrl *ctrl = qp->ctrl;
	struct nvdpa_qpair *host;
	int err = 0;

	mutex_lock(&ctrl->queues_lock);
	host = nvdpa_share_find(ctrl, NVDPA_QPAIR_SHARERS);
	if (!host)
		err = -EBUSY;
	else if (!host->created)
		err = -ECANCELED;
	if (!err) {
		nvdpa_share_join(host, qp);
		nvdpa_qpair_open(qp);
	}
	mutex_unlock(&ctrl->queues_lock);
	return err;
}

static int nvdpa_qpair_lodge(struct nvdpa_qpair *qp)
{
	int err;

	do {
		err = nvdpa_reset_wait(qp->ctrl);
		if (!err)
			err = nvdpa_qpair_try_lodge(qp);
	} while (err == -ECANCELED);
	return err;
}

static struct nvdpa_qpair *nvdpa_qpair_make(struct nvdpa_ctrl *ctrl,
					    const struct nvdpa_qpair_ops *ops,
					    void *priv, bool own, bool lodge)
{
	struct nvdpa_qpair *qp;
	int err;

	qp = nvdpa_qpair_alloc_bare(ctrl, ops, priv, own);
	if (IS_ERR(qp))
		return qp;
	err = lodge ? nvdpa_qpair_lodge(qp) : nvdpa_qpair_make_queues(qp);
	if (err) {
		nvdpa_qpair_free_bare(qp);
		return ERR_PTR(err);
	}
	return qp;
}

struct nvdpa_qpair *nvdpa_qpair_create(struct nvdpa_ctrl *ctrl,
				       const struct nvdpa_qpair_ops *ops,
				       void *priv)
{
	struct nvdpa_qpair *qp;
	int err;

	err = nvdpa_reset_wait(ctrl);
	if (err)
		return ERR_PTR(err);
	qp = nvdpa_share_adopt(ctrl, ops, priv);
	if (qp)
		return qp;
	return nvdpa_qpair_make(ctrl, ops, priv, false,
				!nvdpa_qpair_nr_free(ctrl));
}

struct nvdpa_qpair *nvdpa_qpair_create_own(struct nvdpa_ctrl *ctrl,
					   const struct nvdpa_qpair_ops *ops,
					   void *priv)
{
	return nvdpa_qpair_make(ctrl, ops, priv, true, false);
}

/* One that may have queues, and need not use them. */
static void nvdpa_qpair_dismantle(struct nvdpa_qpair *qp)
{
	nvdpa_fault_forget(qp);
	mutex_lock(&qp->ctrl->queues_lock);
	if (qp->host)
		nvdpa_share_leave(qp);
	mutex_unlock(&qp->ctrl->queues_lock);
	if (qp->sq) {
		while (!nvdpa_qpair_change(qp, nvdpa_qpair_leave))
			;
		irq_set_affinity_and_hint(nvdpa_qpair_vector(qp), NULL);
		free_irq(nvdpa_qpair_vector(qp), qp);
		nvdpa_qpair_del_queues(qp);
	}
	nvdpa_qpair_free_bare(qp);
}

void nvdpa_qpair_destroy(struct nvdpa_qpair *qp)
{
	struct nvdpa_ctrl *ctrl;

	if (!qp)
		return;

	/* An interrupt that is still at work rings a doorbell. */
	nvdpa_qpair_sync(qp);
	if (nvdpa_share_vacate(qp))
		return;
	ctrl = qp->ctrl;
	nvdpa_qpair_dismantle(qp);
	while ((qp = nvdpa_share_forlorn(ctrl)))
		nvdpa_qpair_dismantle(qp);
}

void nvdpa_qpair_set_affinity(struct nvdpa_qpair *qp,
			      const struct cpumask *mask)
{
	if (qp->sq)
		irq_set_affinity_and_hint(nvdpa_qpair_vector(qp), mask);
}

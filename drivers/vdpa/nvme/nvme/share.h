/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue pairs that share queues: which one lodges with which. How their commands are
 * posted and ended is in qpair.c.
 */
#ifndef NVDPA_NVME_SHARE_H
#define NVDPA_NVME_SHARE_H

#include "qpair.h"

/**
 * nvdpa_share_host() - whose queues a queue pair goes by
 * @qp: queue pair
 *
 * Context: @sq_lock or queues_lock held, or RCU.
 * Return: the one, perhaps itself.
 */
static inline struct nvdpa_qpair *nvdpa_share_host(struct nvdpa_qpair *qp)
{
	return READ_ONCE(qp->host) ?: qp;
}

/**
 * nvdpa_share_lock() - take all that protects a queue pair's slots
 * @qp: queue pair
 *
 * Context: interrupts off.
 */
static inline void nvdpa_share_lock(struct nvdpa_qpair *qp)
	__acquires(&qp->sq_lock) __acquires(&qp->share_lock)
{
	spin_lock(&qp->sq_lock);
	spin_lock(&nvdpa_share_host(qp)->share_lock);
}

/**
 * nvdpa_share_unlock() - undo nvdpa_share_lock()
 * @qp: queue pair
 *
 * Context: after nvdpa_share_lock().
 */
static inline void nvdpa_share_unlock(struct nvdpa_qpair *qp)
	__releases(&qp->share_lock) __releases(&qp->sq_lock)
{
	spin_unlock(&nvdpa_share_host(qp)->share_lock);
	spin_unlock(&qp->sq_lock);
}

/**
 * nvdpa_share_find() - the queue pair that fewest share
 * @ctrl: controller; queues_lock held
 * @nr: how many are too many
 *
 * Context: may sleep.
 * Return: one that is granted, or NULL when there is none with fewer than @nr.
 */
struct nvdpa_qpair *nvdpa_share_find(struct nvdpa_ctrl *ctrl, unsigned int nr);

/**
 * nvdpa_share_join() - lodge with another one
 * @host: its queues may be at work; queues_lock held
 * @qp: queue pair that has no commands but such as are held
 *
 * Context: may sleep.
 */
void nvdpa_share_join(struct nvdpa_qpair *host, struct nvdpa_qpair *qp);

/**
 * nvdpa_share_leave() - undo nvdpa_share_join()
 * @qp: queue pair that has no commands but such as are held; queues_lock held
 *
 * When it returns nobody who looks at the completions of the queues that it went by
 * will call its user any more.
 *
 * Context: may sleep.
 */
void nvdpa_share_leave(struct nvdpa_qpair *qp);

/**
 * nvdpa_share_end() - share no more, if nobody lodges here and nothing is in flight
 * @qp: queue pair
 *
 * Context: qid_lock or queues_lock held.
 */
void nvdpa_share_end(struct nvdpa_qpair *qp);

/**
 * nvdpa_share_adopt() - take over a queue pair that others lodge with, but nobody has
 * @ctrl: controller
 * @ops: of the user
 * @priv: given to @ops
 *
 * Context: may sleep.
 * Return: the queue pair, or NULL if there is none.
 */
struct nvdpa_qpair *nvdpa_share_adopt(struct nvdpa_ctrl *ctrl,
				      const struct nvdpa_qpair_ops *ops,
				      void *priv);

/**
 * nvdpa_share_vacate() - leave a queue pair to those who lodge with it
 * @qp: queue pair that its user needs no more
 *
 * Context: may sleep.
 * Return: false when there are none: it is leaving now, and nobody will join.
 */
bool nvdpa_share_vacate(struct nvdpa_qpair *qp);

/**
 * nvdpa_share_forlorn() - a queue pair that nobody has or lodges with any more
 * @ctrl: controller
 *
 * Context: may sleep.
 * Return: the queue pair, which is leaving now, or NULL.
 */
struct nvdpa_qpair *nvdpa_share_forlorn(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_share_rehouse() - find queues for all, as many as are granted
 * @ctrl: controller whose queue pairs are all held; queues_lock held
 *
 * Those whose own are granted again go back to them, and those whose own are not any
 * more lodge with others, if there are any.
 *
 * Context: may sleep.
 */
void nvdpa_share_rehouse(struct nvdpa_ctrl *ctrl);

#endif /* NVDPA_NVME_SHARE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An NVMe I/O queue pair: one submission queue, one completion queue, one
 * MSI-X vector, and a slot with a page for each command in flight.
 */
#ifndef NVDPA_NVME_QPAIR_H
#define NVDPA_NVME_QPAIR_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "ctrl.h"

/* Entries of a queue; one less can be in flight. */
#define NVDPA_QPAIR_DEPTH	256
/* Likewise, of a queue pair that has one command at a time. */
#define NVDPA_QPAIR_OWN_DEPTH	2
/* Completions handed over at a time. */
#define NVDPA_QPAIR_BATCH	16
/* A command identifier is a slot, and above that the slot's turn. */
#define NVDPA_QPAIR_TURN_SHIFT	8

/**
 * struct nvdpa_done - a command that ended
 * @owner: as given to nvdpa_qpair_post()
 * @cid: its slot, to be given back with nvdpa_qpair_put()
 * @status: NVMe status, SCT and SC (NVME_SC_*)
 */
struct nvdpa_done {
	void *owner;
	u16 cid;
	u16 status;
};

/**
 * struct nvdpa_qpair_ops - how the user of a queue pair hears of completions
 * @complete: commands ended; called with @cq_lock held, interrupts off
 * @flush: a reap that called @complete is over; called without lock in the
 *         context of the reap, possibly hard interrupt
 */
struct nvdpa_qpair_ops {
	void (*complete)(void *priv, const struct nvdpa_done *done,
			 unsigned int nr);
	void (*flush)(void *priv);
};

enum nvdpa_slot_state {
	NVDPA_SLOT_FREE,
	NVDPA_SLOT_BUSY,	/* the controller has it */
	NVDPA_SLOT_DONE,	/* ended, not yet given back */
};

/**
 * struct nvdpa_slot - room for a command in flight
 * @owner: of the user
 * @page: coherent page for a PRP list, an SGL segment or bounced data
 * @page_dma: its bus address
 * @state: who has it
 * @head: what the user calls its request, for the trace events alone; written by
 *        the user between nvdpa_qpair_get() and nvdpa_qpair_post()
 * @turn: how many commands it was for; the controller gives it back, so that a
 *        completion that comes twice, or late, is not taken for the next command's
 */
struct nvdpa_slot {
	void *owner;
	void *page;
	dma_addr_t page_dma;
	enum nvdpa_slot_state state;
	u16 head;
	u8 turn;
};

/**
 * struct nvdpa_qpair - a queue pair
 * @ctrl: its controller
 * @ops: of the user
 * @priv: of the user
 * @sq_db: submission queue tail doorbell
 * @cq_db: completion queue head doorbell
 * @sq: submission queue
 * @cq: completion queue
 * @slots: @depth - 1 of them; the index is the user's command identifier
 * @qid: identifier of both queues and index of the MSI-X vector
 * @depth: entries of each queue
 * @sq_dma: bus address of @sq
 * @cq_dma: bus address of @cq
 * @irq_name: as in /proc/interrupts
 * @cq_lock: outermost; serialises reaping; protects @cq_head and @cq_phase
 * @cq_head: next completion entry to look at
 * @cq_phase: phase tag that a new entry has
 * @sq_lock: innermost; protects the remaining fields and the slots' owner and
 *           state and turn
 * @sq_tail: next free submission entry
 * @sq_tail_rung: what the doorbell was last told
 * @stopped: nothing may be posted
 * @nr_free: number of free slots
 * @free: stack of free slots
 */
struct nvdpa_qpair {
	struct nvdpa_ctrl *ctrl;
	const struct nvdpa_qpair_ops *ops;
	void *priv;
	void __iomem *sq_db;
	void __iomem *cq_db;
	struct nvme_command *sq;
	struct nvme_completion *cq;
	struct nvdpa_slot *slots;
	u16 qid;
	u16 depth;
	dma_addr_t sq_dma;
	dma_addr_t cq_dma;
	char irq_name[32];

	spinlock_t cq_lock ____cacheline_aligned; /* reaping, see above */
	u16 cq_head;
	u16 cq_phase;

	spinlock_t sq_lock ____cacheline_aligned; /* posting, see above */
	u16 sq_tail;
	u16 sq_tail_rung;
	bool stopped;
	u16 nr_free;
	u16 free[NVDPA_QPAIR_DEPTH];
};

/**
 * nvdpa_qpair_create() - make a queue pair for a virtqueue
 * @ctrl: controller
 * @ops: of the user
 * @priv: given to @ops
 *
 * Context: may sleep.
 * Return: the queue pair; ERR_PTR(-EBUSY) when all are in use, -ENODEV when
 * the controller is dead, -EIO when it refused (with a message), -ENOMEM.
 */
struct nvdpa_qpair *nvdpa_qpair_create(struct nvdpa_ctrl *ctrl,
				       const struct nvdpa_qpair_ops *ops,
				       void *priv);

/**
 * nvdpa_qpair_create_own() - make a queue pair for commands of our own
 * @ctrl: controller
 * @ops: of the user
 * @priv: given to @ops
 *
 * The one that is kept for this, or else one of the others. It takes one
 * command at a time.
 *
 * Context: may sleep.
 * Return: as nvdpa_qpair_create().
 */
struct nvdpa_qpair *nvdpa_qpair_create_own(struct nvdpa_ctrl *ctrl,
					   const struct nvdpa_qpair_ops *ops,
					   void *priv);

/**
 * nvdpa_qpair_destroy() - take a queue pair down
 * @qp: queue pair without a command in flight, or NULL
 *
 * Context: may sleep.
 */
void nvdpa_qpair_destroy(struct nvdpa_qpair *qp);

/**
 * nvdpa_qpair_nr_free() - queue pairs that virtqueues can still have
 * @ctrl: controller
 *
 * Context: may sleep. Only a hint unless the caller excludes other creators.
 * Return: the number.
 */
unsigned int nvdpa_qpair_nr_free(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_set_affinity() - ask for CPUs to interrupt
 * @qp: queue pair
 * @mask: CPUs; must live as long as the queue pair or until the next call;
 *        NULL: no preference
 *
 * Context: may sleep.
 */
void nvdpa_qpair_set_affinity(struct nvdpa_qpair *qp,
			      const struct cpumask *mask);

/**
 * nvdpa_qpair_begin() - start posting
 * @qp: queue pair
 *
 * Context: interrupts off. Takes @sq_lock until nvdpa_qpair_end().
 */
void nvdpa_qpair_begin(struct nvdpa_qpair *qp) __acquires(&qp->sq_lock);

/**
 * nvdpa_qpair_end() - ring the doorbell for everything posted since begin
 * @qp: queue pair
 *
 * Context: after nvdpa_qpair_begin().
 */
void nvdpa_qpair_end(struct nvdpa_qpair *qp) __releases(&qp->sq_lock);

/**
 * nvdpa_qpair_get() - take a slot
 * @qp: queue pair
 *
 * Context: between begin and end.
 * Return: the command identifier, or -EBUSY.
 */
int nvdpa_qpair_get(struct nvdpa_qpair *qp);

/**
 * nvdpa_qpair_put() - give a slot back, after its completion or unused
 * @qp: queue pair
 * @cid: command identifier
 *
 * Context: between begin and end.
 */
void nvdpa_qpair_put(struct nvdpa_qpair *qp, u16 cid);

/**
 * nvdpa_qpair_post() - put a command into the submission queue
 * @qp: queue pair
 * @cid: slot from nvdpa_qpair_get()
 * @cmd: command; the identifier that the controller knows it by is written
 * @owner: comes back in struct nvdpa_done
 *
 * There is always room: a slot is free only when its entry has been fetched.
 *
 * Context: between begin and end.
 */
void nvdpa_qpair_post(struct nvdpa_qpair *qp, u16 cid,
		      struct nvme_command *cmd, void *owner);

/**
 * nvdpa_qpair_reap() - hand all new completions to the user
 * @qp: queue pair
 *
 * Bounded by the depth of the queue.
 *
 * Context: any; neither @cq_lock, @sq_lock nor a lock of the user held.
 * Return: number of completion entries, bad ones included.
 */
unsigned int nvdpa_qpair_reap(struct nvdpa_qpair *qp);

/**
 * nvdpa_qpair_abandon() - end commands that the controller does not end
 * @qp: queue pair
 *
 * Deletes the submission queue, so that the commands do no DMA any more, hands
 * them to the user with NVME_SC_ABORT_QUEUE, and makes the queues anew. If the
 * controller does not take part it is fenced, which has the same result for
 * all of its queue pairs.
 *
 * Context: may sleep.
 */
void nvdpa_qpair_abandon(struct nvdpa_qpair *qp);

/**
 * nvdpa_qpair_sync() - wait for an interrupt that is being served
 * @qp: queue pair
 *
 * Context: may sleep; no lock of the user held.
 */
void nvdpa_qpair_sync(struct nvdpa_qpair *qp);

/**
 * nvdpa_qpair_fail_all() - end the commands of all queue pairs with an error
 * @ctrl: controller that does no DMA any more and is marked dead
 *
 * Context: may sleep; no lock of a queue pair held.
 */
void nvdpa_qpair_fail_all(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_live() - may commands be posted?
 * @qp: queue pair
 *
 * Context: between begin and end.
 * Return: false once the controller is dead, and while the queue pair is being
 * abandoned.
 */
static inline bool nvdpa_qpair_live(const struct nvdpa_qpair *qp)
{
	return !READ_ONCE(qp->ctrl->dead) && !qp->stopped;
}

#endif /* NVDPA_NVME_QPAIR_H */

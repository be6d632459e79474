/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An NVMe I/O queue pair: one submission queue, one completion queue, one
 * MSI-X vector, and a slot with a page for each command in flight. One may have no
 * queues and lodge with another one, whose queues its commands go by.
 */
#ifndef NVDPA_NVME_QPAIR_H
#define NVDPA_NVME_QPAIR_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "../pure/fair.h"
#include "ctrl.h"

/* Entries of a queue; one less can be in flight. */
#define NVDPA_QPAIR_DEPTH	256
/* Likewise, of a queue pair that has one command at a time. */
#define NVDPA_QPAIR_OWN_DEPTH	2
/* Virtqueues that one serves at most, by choice. */
#define NVDPA_QPAIR_SHARERS	32
/* Completions handed over at a time. */
#define NVDPA_QPAIR_BATCH	16
/* A command identifier is a slot, and above that the slot's turn. */
#define NVDPA_QPAIR_TURN_SHIFT	8

/**
 * struct nvdpa_done - a command that ended
 * @owner: as given to nvdpa_qpair_post()
 * @cid: its slot, to be given back with nvdpa_qpair_put()
 * @status: NVMe status (NVME_SC_*), with its flags (NVME_STATUS_DNR, ...)
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
 * @resume: commands may be posted again, or end at once, see enum
 *          nvdpa_qpair_gate; called in process context
 */
struct nvdpa_qpair_ops {
	void (*complete)(void *priv, const struct nvdpa_done *done,
			 unsigned int nr);
	void (*flush)(void *priv);
	void (*resume)(void *priv);
};

enum nvdpa_slot_state {
	NVDPA_SLOT_FREE,
	NVDPA_SLOT_BUSY,	/* the controller has it */
	NVDPA_SLOT_QUEUED,	/* waits for a place in a queue that is shared */
	NVDPA_SLOT_HELD,	/* the controller has it no more, or not yet again */
	NVDPA_SLOT_DONE,	/* ended, not yet given back */
};

/**
 * enum nvdpa_qpair_gate - what happens to those who want to post
 * @NVDPA_QPAIR_OPEN: they do
 * @NVDPA_QPAIR_HELD: they wait for nvdpa_qpair_ops.resume
 * @NVDPA_QPAIR_SHUT: what they want would never end, so it ends with an error
 */
enum nvdpa_qpair_gate {
	NVDPA_QPAIR_OPEN,
	NVDPA_QPAIR_HELD,
	NVDPA_QPAIR_SHUT,
};

/**
 * struct nvdpa_slot - room for a command in flight
 * @cmd: the command; made here, and kept until it has ended for good
 * @owner: of the user
 * @page: coherent page for a PRP list, an SGL segment or bounced data
 * @page_dma: its bus address
 * @head: what the user calls its request, for the trace events alone; written by
 *        the user between nvdpa_qpair_get() and nvdpa_qpair_post()
 * @turn: how many commands it was for; the controller gives it back, so that a
 *        completion that comes twice, or late, is not taken for the next command's
 * @state: who has it
 * @late: its deadline is over
 * @aborted: an Abort was sent
 * @retries: times that it was posted again because of its status
 * @replays: times that it was in flight when the controller had to be reset
 * @since: when it was posted, in jiffies; when it is to be, if it is held
 */
struct nvdpa_slot {
	struct nvme_command cmd;
	void *owner;
	void *page;
	dma_addr_t page_dma;
	u16 head;
	u8 turn;
	u8 state;
	bool late;
	bool aborted;
	u8 retries;
	u8 replays;
	unsigned long since;
} ____cacheline_aligned;

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
 * @own: its user has a deadline of its own for each command
 * @irq_name: as in /proc/interrupts
 * @created: the controller has its queues; under the controller's queues_lock
 * @leaving: it is being destroyed; likewise
 * @vacant: it is nobody's, but others lodge here; likewise
 * @nr_lodgers: number of @lodgers; likewise
 * @lodgers: those that go by its queues; changed under queues_lock and qid_lock, and
 *           read by RCU, too
 * @lodging: in @lodgers of @host
 * @cq_lock: outermost; serialises reaping; protects the next five fields
 * @cq_head: next completion entry to look at
 * @cq_phase: phase tag that a new entry has
 * @untrusted: a completion was bad; those behind it are not looked at
 * @has_cq: there is a doorbell to ring
 * @unseen: an entry lay there when it was last watched, and none was taken since
 * @sq_lock: inside of all but @share_lock; protects the next fields and the slots but
 *           for their command
 * @sq_tail: next free submission entry, unless @shared
 * @sq_tail_rung: what the doorbell was last told; @depth: of nothing, but is to be rung
 * @shared: slots that are busy or queued, and the submission queue, are under @share_lock
 *          of @host; changed with @cq_lock held, too
 * @host: whose queues it goes by; NULL: its own; changed under queues_lock, too
 * @gate: made of the next three
 * @paused: by a reset
 * @ending: by an abandon
 * @dead: the controller is off
 * @watched: the controller's timeout_work looks at it
 * @attend: it is not watched, or is shared
 * @nr_free: number of free slots
 * @free: stack of free slots
 * @sharer: it, in @fair of @host
 * @share_lock: innermost; protects the remaining fields, and @sharer of all who share
 * @share_tail: next free submission entry, if @shared
 * @share_tail_rung: what the doorbell was last told
 * @share_turns: by place: the turn of the last command that had it
 * @fair: whose command goes next
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
	bool own;
	char irq_name[32];
	bool created;
	bool leaving;
	bool vacant;
	unsigned int nr_lodgers;
	struct list_head lodgers;
	struct list_head lodging;

	spinlock_t cq_lock ____cacheline_aligned; /* reaping, see above */
	u16 cq_head;
	u16 cq_phase;
	bool untrusted;
	bool has_cq;
	bool unseen;

	spinlock_t sq_lock ____cacheline_aligned; /* posting, see above */
	u16 sq_tail;
	u16 sq_tail_rung;
	u8 gate;
	bool shared;
	bool attend;
	bool paused;
	bool ending;
	bool dead;
	bool watched;
	u16 nr_free;
	u16 free[NVDPA_QPAIR_DEPTH];
	struct nvdpa_qpair *host;
	struct nvdpa_fair_user sharer;

	spinlock_t share_lock ____cacheline_aligned; /* sharing, see above */
	u16 share_tail;
	u16 share_tail_rung;
	u8 share_turns[NVDPA_FAIR_MAX];
	struct nvdpa_fair fair;
};

/**
 * struct nvdpa_qpair_watch - what is wrong with the queue pairs of a controller
 * @busy: something is in flight, look again
 * @stuck: a command did not end although it should have been aborted
 * @untrusted: a completion was bad
 * @next: when to look again, in jiffies from now; written if it is to be sooner
 */
struct nvdpa_qpair_watch {
	bool busy;
	bool stuck;
	bool untrusted;
	unsigned long next;
};

/**
 * nvdpa_qpair_create() - make a queue pair for a virtqueue
 * @ctrl: controller
 * @ops: of the user
 * @priv: given to @ops
 *
 * When all that the controller has are in use it lodges with one of them.
 *
 * Context: may sleep.
 * Return: the queue pair; ERR_PTR(-EBUSY) when there is no room, -ENODEV when
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
 * Where others lodge with it, its queues stay for them.
 *
 * Context: may sleep.
 */
void nvdpa_qpair_destroy(struct nvdpa_qpair *qp);

/**
 * nvdpa_qpair_nr_free() - queue pairs that no virtqueue has
 * @ctrl: controller
 *
 * Context: may sleep. Only a hint unless the caller excludes other creators.
 * Return: the number.
 */
unsigned int nvdpa_qpair_nr_free(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_nr_room() - virtqueues that can still have a queue pair, or share one
 * @ctrl: controller
 *
 * Context: may sleep. Only a hint unless the caller excludes other creators.
 * Return: the number.
 */
unsigned int nvdpa_qpair_nr_room(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_nr_max() - virtqueues that can have one, or share one, if no other does
 * @ctrl: controller
 *
 * Context: any.
 * Return: the number.
 */
static inline unsigned int nvdpa_qpair_nr_max(const struct nvdpa_ctrl *ctrl)
{
	return min_t(unsigned int, ctrl->nr_qpairs * NVDPA_QPAIR_SHARERS,
		     NVDPA_CTRL_QPAIRS_MAX);
}

/**
 * nvdpa_qpair_nr_sharing() - virtqueues that share a queue pair with others
 * @ctrl: controller
 *
 * Context: as nvdpa_qpair_nr_free().
 * Return: the number.
 */
unsigned int nvdpa_qpair_nr_sharing(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_set_affinity() - ask for CPUs to interrupt
 * @qp: queue pair; one that lodges has no interrupt, so nothing happens
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
static inline int nvdpa_qpair_get(struct nvdpa_qpair *qp)
{
	lockdep_assert_held(&qp->sq_lock);

	if (!qp->nr_free)
		return -EBUSY;
	return qp->free[--qp->nr_free];
}

/**
 * nvdpa_qpair_put() - give a slot back, after its completion or unused
 * @qp: queue pair
 * @cid: command identifier
 *
 * Context: between begin and end.
 */
void nvdpa_qpair_put(struct nvdpa_qpair *qp, u16 cid);

/**
 * nvdpa_qpair_post() - put a slot's command into the submission queue
 * @qp: queue pair that is open
 * @cid: slot from nvdpa_qpair_get(), whose command was made; the identifier that
 *       the controller knows it by is written
 * @owner: comes back in struct nvdpa_done
 *
 * There is always room: a slot is free only when its entry has been fetched; where the
 * queue is shared the command waits for its turn. The command, its page and its data must
 * stay as they are until it comes back.
 *
 * Context: between begin and end.
 */
void nvdpa_qpair_post(struct nvdpa_qpair *qp, u16 cid, void *owner);

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
 * controller does not take part it is reset, and while it is, commands end as soon
 * as it is off; those of other queue pairs are posted again, and so are those of others
 * that share the queue. Before a queue that is shared is deleted the commands are aborted
 * one by one.
 *
 * Context: may sleep; no lock of nvme/ held but that of nvdpa_io.
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
 * nvdpa_qpair_pause_all() - post no more
 * @ctrl: controller
 *
 * Context: may sleep; no lock of a queue pair held.
 */
void nvdpa_qpair_pause_all(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_nr_busy() - commands that the controller has
 * @ctrl: controller
 *
 * Context: as nvdpa_qpair_pause_all().
 * Return: the number, a moment ago.
 */
unsigned int nvdpa_qpair_nr_busy(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_release_all() - undo nvdpa_qpair_pause_all() on one that is live
 * @ctrl: controller; deadlines begin anew
 *
 * Context: as nvdpa_qpair_pause_all().
 */
void nvdpa_qpair_release_all(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_hold_all() - take back what was in flight
 * @ctrl: controller that is off; queues_lock held
 *
 * What it had completed is handed over, the rest is held.
 *
 * Context: as nvdpa_qpair_pause_all().
 */
void nvdpa_qpair_hold_all(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_restore_all() - make the queues anew, post what is held, go on
 * @ctrl: controller that was held and is up again
 * @blame: one of the commands may be why it had to be reset: those that were there
 *         every time are given up in the end
 *
 * Context: as nvdpa_qpair_pause_all(); takes queues_lock.
 * Return: 0, or -EIO or another negative errno when not all could be made.
 */
int nvdpa_qpair_restore_all(struct nvdpa_ctrl *ctrl, bool blame);

/**
 * nvdpa_qpair_fail_all() - end everything with an error, from now on
 * @ctrl: controller that was held and is marked dead
 *
 * Context: as nvdpa_qpair_pause_all().
 */
void nvdpa_qpair_fail_all(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_qpair_watch_all() - look for what is late, or lost
 * @ctrl: controller
 * @watch: what was found, added to
 *
 * Finds completions whose interrupt got lost, sends Aborts, posts what was held for
 * a while.
 *
 * Context: as nvdpa_qpair_pause_all().
 */
void nvdpa_qpair_watch_all(struct nvdpa_ctrl *ctrl,
			   struct nvdpa_qpair_watch *watch);

#endif /* NVDPA_NVME_QPAIR_H */

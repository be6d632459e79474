/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The NVMe controller: what it is, what it can do, and its two ends of life.
 * ctrl.c, admin.c, ident.c and pci.c share struct nvdpa_ctrl.
 */
#ifndef NVDPA_NVME_CTRL_H
#define NVDPA_NVME_CTRL_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../pure/offer.h"
#include "health.h"
#include "media.h"

struct dentry;
struct device;
struct nvdpa_allow_range;
struct nvdpa_chardev;
struct nvdpa_ctrl_client;
struct nvdpa_qpair;
struct pci_dev;
struct pci_saved_state;
struct task_struct;

/* I/O queue pairs of one controller that we use at most; qid 1 to this. */
#define NVDPA_CTRL_QPAIRS_MAX	128
/* CSTS is all ones when the function does not answer any more. */
#define NVDPA_CSTS_GONE		U32_MAX
#define NVDPA_ADMIN_DEPTH	32
/* Commands at a time; there is room for the request and the Abort, too. */
#define NVDPA_ADMIN_CMDS	16
#define NVDPA_ADMIN_TIMEOUT_MS	10000

/**
 * enum nvdpa_ctrl_state - where a controller is in its life
 * @NVDPA_CTRL_NEW: being brought up for the first time
 * @NVDPA_CTRL_LIVE: at work
 * @NVDPA_CTRL_RESETTING: being reset; what was posted waits, see reset.h
 * @NVDPA_CTRL_DEAD: off, because it could not be brought up again
 * @NVDPA_CTRL_REMOVING: off for good
 *
 * Documentation/recovery.rst has a drawing.
 */
enum nvdpa_ctrl_state {
	NVDPA_CTRL_NEW,
	NVDPA_CTRL_LIVE,
	NVDPA_CTRL_RESETTING,
	NVDPA_CTRL_DEAD,
	NVDPA_CTRL_REMOVING,
};

/**
 * enum nvdpa_count - what is counted of a controller that misbehaves
 * @NVDPA_COUNT_BAD_COMPLETIONS: completions of no command in flight
 * @NVDPA_COUNT_LOST_INTERRUPTS: completions found that no interrupt told of
 * @NVDPA_COUNT_TIMEOUTS: commands that were not done by their deadline
 * @NVDPA_COUNT_ABORTS: Abort commands sent
 * @NVDPA_COUNT_RESETS: controller resets begun
 * @NVDPA_COUNT_FLRS: function level resets
 * @NVDPA_COUNT_MASTERS_OFF: times that bus mastering went off
 * @NVDPA_COUNT_DEATHS: times that it was given up
 * @NVDPA_COUNT_REPLAYS: commands posted again after a reset
 * @NVDPA_COUNT_RETRIES: commands posted again because of their status
 * @NVDPA_COUNT_GIVEN_UP: commands ended because that had been done too often
 * @NVDPA_COUNTS: how many there are
 */
enum nvdpa_count {
	NVDPA_COUNT_BAD_COMPLETIONS,
	NVDPA_COUNT_LOST_INTERRUPTS,
	NVDPA_COUNT_TIMEOUTS,
	NVDPA_COUNT_ABORTS,
	NVDPA_COUNT_RESETS,
	NVDPA_COUNT_FLRS,
	NVDPA_COUNT_MASTERS_OFF,
	NVDPA_COUNT_DEATHS,
	NVDPA_COUNT_REPLAYS,
	NVDPA_COUNT_RETRIES,
	NVDPA_COUNT_GIVEN_UP,
	NVDPA_COUNTS,
};

/**
 * struct nvdpa_admin_wait - an admin command and who waits for it
 * @done: completed when it has ended, one way or the other
 * @cqe: its completion, unless @err
 * @err: why there is none: -ECANCELED when a reset ended it, -ENODEV when the
 *       controller is dead
 * @cid: command identifier
 */
struct nvdpa_admin_wait {
	struct completion done;
	struct nvme_completion cqe;
	int err;
	u16 cid;
};

/**
 * struct nvdpa_admin - the admin queue, and the request for an asynchronous
 *                      event, which rests in the controller
 * @pass_lock: one command of somebody else's at a time
 * @page_lock: protects @page's contents
 * @page: coherent page for Identify data
 * @page_dma: its bus address
 * @sq: submission queue, NVDPA_ADMIN_DEPTH entries
 * @sq_dma: its bus address
 * @cq: completion queue, NVDPA_ADMIN_DEPTH entries
 * @cq_dma: its bus address
 * @room: who waits to be one of @waits
 * @cq_lock: protects the remaining fields; taken in the interrupt
 * @owner: the task that brings the controller up; nobody else may send a command
 * @closed: no command is taken
 * @sq_tail: next free submission entry
 * @cq_head: next completion entry to look at
 * @cq_phase: phase tag that a new entry has
 * @turn: part of a command identifier, so that one is not taken for another
 * @waits: commands in flight
 * @aer_waiting: the controller has the request for an event
 * @aer_cqe: the completion of the last such request
 * @abort_waiting: the controller has an Abort
 */
struct nvdpa_admin {
	struct mutex pass_lock; /* one at a time */
	struct mutex page_lock; /* the Identify page */
	void *page;
	dma_addr_t page_dma;
	struct nvme_command *sq;
	dma_addr_t sq_dma;
	struct nvme_completion *cq;
	dma_addr_t cq_dma;
	wait_queue_head_t room;

	spinlock_t cq_lock; /* the queue, see above */
	const struct task_struct *owner;
	bool closed;
	u16 sq_tail;
	u16 cq_head;
	u16 cq_phase;
	u8 turn;
	struct nvdpa_admin_wait *waits[NVDPA_ADMIN_CMDS];
	bool aer_waiting;
	struct nvme_completion aer_cqe;
	bool abort_waiting;
};

/**
 * struct nvdpa_io - the channel for commands of our own
 * @lock: serialises commands; protects @qp
 * @qp: queue pair, or NULL while there is none
 */
struct nvdpa_io {
	struct mutex lock; /* one command at a time */
	struct nvdpa_qpair *qp;
};

/**
 * struct nvdpa_ns_ids - what tells a namespace from another one of its identifier
 * @eui64: EUI64, or zeroes
 * @nguid: NGUID, or zeroes
 * @uuid: UUID, or zeroes
 */
struct nvdpa_ns_ids {
	u8 eui64[8];
	u8 nguid[16];
	u8 uuid[16];
};

/**
 * struct nvdpa_ns - a namespace, as Identify reports it
 * @nsid: namespace identifier
 * @active: it is there; all else is what it was when it went
 * @ids: its other identifiers
 * @basis: nvdpa_ctrl.basis, at that time
 * @moved: its blocks are others since the last nvdpa_ident_again()
 * @lba_shift: log2 of the block size in bytes
 * @nr_lbas: size in blocks (NSZE)
 * @boundary_lbas: optimal I/O boundary in blocks (NOIOB), 0 if none
 * @phys_lbas: preferred write granularity in blocks that is atomic, too; at
 *             least 1
 * @opt_lbas: optimal write size in blocks, 0 if not reported
 * @limits: Dataset Management and Write Zeroes, here
 * @refusal: why we cannot serve it, or NULL
 */
struct nvdpa_ns {
	u32 nsid;
	bool active;
	struct nvdpa_ns_ids ids;
	u32 basis;
	bool moved;
	u8 lba_shift;
	u64 nr_lbas;
	u32 boundary_lbas;
	u32 phys_lbas;
	u32 opt_lbas;
	struct nvdpa_offer_ident limits;
	const char *refusal;
};

/**
 * struct nvdpa_ns_list - the namespaces of a controller at some time
 * @ns: the active ones, by identifier
 * @nr: number of @ns
 */
struct nvdpa_ns_list {
	struct nvdpa_ns *ns;
	unsigned int nr;
};

/**
 * struct nvdpa_ctrl - one NVMe function bound to us
 * @pdev: the function
 * @dev: its device, for DMA and messages
 * @bar: registers and doorbells
 * @bar_bytes: length of @bar in bytes
 * @admin: the admin queue
 * @io: the channel for commands of our own
 * @chardev: the passthrough device
 * @client: the floor above
 * @client_data: of the floor above, see struct nvdpa_ctrl_client
 * @quirks: what it does not do as it says (NVDPA_QUIRK_*)
 * @cap: controller capabilities
 * @dstrd: CAP.DSTRD
 * @depth: entries that an I/O queue may have at most (CAP.MQES + 1)
 * @ready_ms: how long a change of CC.EN may take
 * @shutdown_ms: how long a shutdown may take
 * @activation_ms: how long new firmware may take to be activated
 * @vendor: PCI vendor
 * @serial: serial number, without trailing blanks
 * @model: model number, likewise
 * @firmware: firmware revision, likewise
 * @max_bytes: largest transfer of one command
 * @sgls: Identify Controller SGLS
 * @limits: Dataset Management and Write Zeroes, but for what depends on the
 *          namespace
 * @awupf_lbas: blocks written whole or not at all at power loss
 * @oaes: notices that it can be told to send (OAES)
 * @vwc: a volatile write cache is present
 * @retry_ms: by the Command Retry Delay of a status, less 1 (CRDT)
 * @nr_vectors: MSI-X vectors that we hold; vector 0 is the admin queue's
 * @nr_qpairs: I/O queue pairs for virtqueues, with identifiers from 1
 * @nr_granted: queue pairs that it has for us since it was reset; READ_ONCE()
 * @own_qid: the queue pair that is kept for @io, or 0 when there is only one
 * @basis: counts changes of what all namespaces have in common
 * @ns_lock: innermost; taken by whoever changes @ns, together with the lock that
 *           the floor above has for it: either is enough to look
 * @ns: the namespaces that there are, or were; an entry stays where it is, and is
 *      the same namespace identifier for good
 * @nr_ns: number of @ns; whoever has seen it grow sees the new entries
 * @qid_lock: protects the next two fields
 * @qids: bit set: the queue pair of this identifier is in use
 * @qpairs: queue pairs in use, by identifier
 * @queues_lock: the queues that the controller has; held while some are made or
 *               deleted, so commands are waited for; inside of @reset_lock,
 *               outside of @qid_lock
 * @reset_lock: one reset, or one end, at a time; protects the next field; outside
 *              of all other locks of nvme/
 * @quiesced: down until nvdpa_reset_resume()
 * @state_lock: innermost; protects the next four fields
 * @state: read without lock, too, see nvdpa_ctrl_dead()
 * @reset_why: BIT(enum nvdpa_reset_why) of the resets that are wanted
 * @quiet: while resetting: it does no DMA, and nothing is left on it
 * @quiets: how often that was so
 * @state_wait: woken when one of them changes
 * @hurry: whoever brings it up or down shall not wait
 * @reset_work: a reset
 * @saved_state: its configuration space, to be written after a function level reset
 * @slot_work: goes on when a slot that had an error is not reset
 * @io_timeout_ms: how long a read or a write may take; READ_ONCE()
 * @timeout_work: looks after what is in flight; queued only while something is
 * @counts: by enum nvdpa_count
 * @counters: where they can be read
 * @state_work: tells @client of @state
 * @health: what it says of its own health
 * @media: errors of the medium that are to be told
 * @aer_work: serves an asynchronous event
 * @aer_again: asks for the next one
 * @aer_rescan: the namespaces have to be looked at again before that;
 *              READ_ONCE()
 *
 * Fields without a lock are constant after probe.
 */
struct nvdpa_ctrl {
	struct pci_dev *pdev;
	struct device *dev;
	void __iomem *bar;
	resource_size_t bar_bytes;
	struct nvdpa_admin admin;
	struct nvdpa_io io;
	struct nvdpa_chardev *chardev;
	const struct nvdpa_ctrl_client *client;
	void *client_data;

	unsigned long quirks;
	u64 cap;
	u8 dstrd;
	u32 depth;
	unsigned int ready_ms;
	unsigned int shutdown_ms;
	unsigned int activation_ms;
	u16 vendor;
	char serial[21];
	char model[41];
	char firmware[9];
	u32 max_bytes;
	u32 sgls;
	struct nvdpa_offer_ident limits;
	u32 awupf_lbas;
	u32 oaes;
	bool vwc;
	u32 retry_ms[3];
	unsigned int nr_vectors;
	unsigned int nr_qpairs;
	unsigned int nr_granted;
	unsigned int own_qid;
	u32 basis;

	spinlock_t ns_lock; /* the contents of ns */
	struct nvdpa_ns *ns;
	unsigned int nr_ns;

	struct mutex qid_lock; /* the queue identifiers */
	DECLARE_BITMAP(qids, NVDPA_CTRL_QPAIRS_MAX + 1);
	struct nvdpa_qpair *qpairs[NVDPA_CTRL_QPAIRS_MAX + 1];

	struct mutex queues_lock; /* the controller's queues */

	struct mutex reset_lock; /* one reset at a time */
	bool quiesced;

	spinlock_t state_lock; /* the state, see above */
	enum nvdpa_ctrl_state state;
	unsigned long reset_why;
	bool quiet;
	u32 quiets;

	wait_queue_head_t state_wait;
	bool hurry;
	struct work_struct reset_work;
	struct pci_saved_state *saved_state;
	struct delayed_work slot_work;
	u32 io_timeout_ms;
	struct delayed_work timeout_work;
	atomic_t counts[NVDPA_COUNTS];
	struct dentry *counters;
	struct work_struct state_work;
	struct nvdpa_health health;
	struct nvdpa_media media;
	struct work_struct aer_work;
	struct delayed_work aer_again;
	bool aer_rescan;
};

/**
 * struct nvdpa_claim - blocks that a command of somebody else's is to touch
 * @node: of the floor above
 * @ns: their namespace
 * @ranges: the blocks
 * @nr_ranges: number of @ranges
 */
struct nvdpa_claim {
	struct list_head node;
	const struct nvdpa_ns *ns;
	const struct nvdpa_allow_range *ranges;
	u32 nr_ranges;
};

/**
 * struct nvdpa_aer_event - an asynchronous event (NVMe base 2.0, 5.2)
 * @type: NVME_AER_*
 * @info: which of this type
 * @log_page: log page that goes with it
 */
struct nvdpa_aer_event {
	u8 type;
	u8 info;
	u8 log_page;
};

/**
 * struct nvdpa_ctrl_client - the floor above, told of controllers
 * @attach: a controller is ready; may set @client_data; may sleep; an error
 *          fails the probe
 * @detach: the controller goes away; when it returns no virtqueue has a queue
 *          pair any more
 * @claim: keep the blocks of @claim from being given to a vDPA device; -EBUSY
 *         when one has them; between attach and detach; may sleep
 * @unclaim: undo @claim
 * @namespaces: they are like this from now on: gives each that has changed to
 *              nvdpa_ident_update(); at any time between attach and detach, and
 *              shortly before and after; may sleep; -EAGAIN to be asked once more
 * @state: a reset of the controller has begun or ended, or it was given up; several
 *         changes may be told at once, as it is then; at any time in its life; may
 *         sleep
 * @event: it reported something; likewise
 * @media: a command failed because of the medium; likewise
 */
struct nvdpa_ctrl_client {
	int (*attach)(struct nvdpa_ctrl *ctrl);
	void (*detach)(struct nvdpa_ctrl *ctrl);
	int (*claim)(struct nvdpa_ctrl *ctrl, struct nvdpa_claim *claim);
	void (*unclaim)(struct nvdpa_ctrl *ctrl, struct nvdpa_claim *claim);
	int (*namespaces)(struct nvdpa_ctrl *ctrl,
			  const struct nvdpa_ns_list *now);
	void (*state)(struct nvdpa_ctrl *ctrl);
	void (*event)(struct nvdpa_ctrl *ctrl,
		      const struct nvdpa_aer_event *event);
	void (*media)(struct nvdpa_ctrl *ctrl,
		      const struct nvdpa_media_error *error);
};

/* pci.c */

/**
 * nvdpa_pci_register() - start taking NVMe functions
 * @client: told of each controller
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int nvdpa_pci_register(const struct nvdpa_ctrl_client *client);

/**
 * nvdpa_pci_unregister() - give all functions back
 *
 * Context: may sleep; waits for open vhost-vdpa files.
 */
void nvdpa_pci_unregister(void);

/**
 * nvdpa_ctrl_dead() - is it off?
 * @ctrl: controller
 *
 * Context: any.
 * Return: true when commands end with an error, or will in a moment.
 */
static inline bool nvdpa_ctrl_dead(const struct nvdpa_ctrl *ctrl)
{
	enum nvdpa_ctrl_state state = READ_ONCE(ctrl->state);

	return state == NVDPA_CTRL_DEAD || state == NVDPA_CTRL_REMOVING;
}

/**
 * nvdpa_ctrl_count() - count something
 * @ctrl: controller
 * @count: what
 *
 * Context: any.
 */
static inline void nvdpa_ctrl_count(struct nvdpa_ctrl *ctrl,
				    enum nvdpa_count count)
{
	atomic_inc(&ctrl->counts[count]);
}

/* ctrl.c */

/**
 * nvdpa_ctrl_init() - prepare what does not depend on the function
 * @ctrl: zeroed
 */
void nvdpa_ctrl_init(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_exit() - undo nvdpa_ctrl_init()
 * @ctrl: controller that is off
 *
 * Context: may sleep.
 */
void nvdpa_ctrl_exit(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_enable() - bring the controller to CSTS.RDY = 1
 * @ctrl: controller with @bar and the admin queue's memory in place
 *
 * NVMe base 2.0, 3.5.1: disable if enabled, set up the admin queue and CC,
 * enable, wait for CAP.TO or CRTO.
 *
 * Context: may sleep.
 * Return: 0; a negative errno with a message, -ENODEV when the function is gone,
 * -EOPNOTSUPP when the controller cannot be served.
 */
int nvdpa_ctrl_enable(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_disable() - bring the controller to CSTS.RDY = 0
 * @ctrl: controller
 * @timeout_ms: how long that may take
 *
 * It does no DMA after that.
 *
 * Context: may sleep.
 * Return: 0, -ENODEV when the function is gone, -ETIMEDOUT; -EINTR when @hurry
 * was set.
 */
int nvdpa_ctrl_disable(struct nvdpa_ctrl *ctrl, unsigned int timeout_ms);

/**
 * nvdpa_ctrl_flr() - function level reset
 * @ctrl: controller
 *
 * It does no DMA after that. Bus mastering is on.
 *
 * Context: may sleep.
 * Return: 0, -ENODEV when the function is gone, -ENOTTY when it has none.
 */
int nvdpa_ctrl_flr(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_shut() - have the controller write its caches and stop
 * @ctrl: controller to which nobody posts any more
 *
 * Normal shutdown (CC.SHN, NVMe base 2.0, 3.6.1).
 *
 * Context: may sleep.
 */
void nvdpa_ctrl_shut(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_wait_processing() - wait until it processes commands again
 * @ctrl: controller that said that it would pause
 *
 * Context: may sleep.
 * Return: 0, -ENODEV when the function is gone, -ETIMEDOUT.
 */
int nvdpa_ctrl_wait_processing(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_csts() - Controller Status
 * @ctrl: controller
 *
 * Context: any.
 * Return: the register; NVDPA_CSTS_GONE when the function does not answer.
 */
u32 nvdpa_ctrl_csts(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ctrl_bad_completion() - a completion is of no command in flight
 * @ctrl: controller
 * @qid: the queue that it came to, 0 for the admin queue
 * @cid: command identifier
 *
 * Counts it, says so, if that was not said often lately, and has the controller
 * reset.
 *
 * Context: any; locks of the queue held.
 */
void nvdpa_ctrl_bad_completion(struct nvdpa_ctrl *ctrl, u16 qid, u16 cid);

/* admin.c */

/**
 * nvdpa_admin_alloc() - memory of the admin queue
 * @ctrl: controller
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int nvdpa_admin_alloc(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_admin_free() - undo nvdpa_admin_alloc()
 * @ctrl: controller, disabled
 */
void nvdpa_admin_free(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_admin_reap() - look for a completion
 * @ctrl: controller
 *
 * Context: any.
 * Return: true when there was one.
 */
bool nvdpa_admin_reap(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_admin_close() - take commands of one task only
 * @ctrl: controller
 * @owner: the task, or NULL
 *
 * Those of others end with -ECANCELED before they are sent.
 *
 * Context: any.
 */
void nvdpa_admin_close(struct nvdpa_ctrl *ctrl,
		       const struct task_struct *owner);

/**
 * nvdpa_admin_open() - take commands of everybody
 * @ctrl: controller
 *
 * Context: any.
 */
void nvdpa_admin_open(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_admin_reset() - end the commands in flight, begin with empty queues
 * @ctrl: controller that does no DMA any more
 * @err: what those who wait get: -ECANCELED or -ENODEV
 *
 * Context: any; the queue is closed.
 */
void nvdpa_admin_reset(struct nvdpa_ctrl *ctrl, int err);

/**
 * nvdpa_admin_cmd() - run an admin command to its end
 * @ctrl: controller
 * @cmd: command; its identifier is written
 * @result: where Dword 0 of the completion goes, or NULL
 *
 * Waits for a reset that is under way. A command that does not end in time gets
 * the controller reset, because nothing else makes sure that it won't write its
 * buffer later; whoever brings the controller up does that himself.
 *
 * Context: may sleep; not with @queues_lock held.
 * Return: 0; a positive NVMe status (NVME_SC_*) when the controller refused;
 * -ENODEV when it is dead; -EBUSY when it is being reset for long; -ETIMEDOUT;
 * -ECANCELED when a reset ended the command, which may have been done or not.
 */
int nvdpa_admin_cmd(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		    u32 *result);

/**
 * nvdpa_admin_pass() - run an admin command of somebody else's to its end
 * @ctrl: controller
 * @cmd: command; its identifier is written
 * @timeout_ms: how long it may take
 * @result: where Dwords 0 and 1 of the completion go
 *
 * As nvdpa_admin_cmd(), but nothing of the status is cut off.
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd(), with the flags of the status above the code.
 */
int nvdpa_admin_pass(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		     u32 timeout_ms, u64 *result);

/**
 * nvdpa_admin_abort() - ask for the end of a command
 * @ctrl: controller
 * @qid: its submission queue
 * @wire_cid: its identifier there
 *
 * One at a time, which is within any Abort Command Limit. Nobody waits for the
 * answer: what counts is that the command ends.
 *
 * Context: any.
 * Return: false when the one before has not ended, or no command is taken.
 */
bool nvdpa_admin_abort(struct nvdpa_ctrl *ctrl, u16 qid, u16 wire_cid);

/**
 * nvdpa_admin_identify() - read an Identify data structure
 * @ctrl: controller
 * @cns: which one (NVME_ID_CNS_*)
 * @nsid: namespace, or 0
 * @data: NVME_IDENTIFY_DATA_SIZE bytes, written on success
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd().
 */
int nvdpa_admin_identify(struct nvdpa_ctrl *ctrl, u8 cns, u32 nsid, void *data);

/**
 * nvdpa_admin_read_log() - read a log page
 * @ctrl: controller
 * @page: log page
 * @bytes: its length, a multiple of 4, at most NVME_IDENTIFY_DATA_SIZE
 * @data: written on success, or NULL
 *
 * Lets the controller report the next event of this page.
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd().
 */
int nvdpa_admin_read_log(struct nvdpa_ctrl *ctrl, u8 page, u32 bytes,
			 void *data);

/**
 * nvdpa_admin_set_events() - choose which events are reported
 * @ctrl: controller
 * @events: Dword 11 of Asynchronous Event Configuration
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd().
 */
int nvdpa_admin_set_events(struct nvdpa_ctrl *ctrl, u32 events);

/**
 * nvdpa_admin_set_retry() - let statuses say how long a retry should wait
 * @ctrl: controller
 *
 * Advanced Command Retry, of Host Behavior Support (NVMe base 2.0, 5.27.1.18).
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd().
 */
int nvdpa_admin_set_retry(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_admin_post_aer() - let the controller have a request for an event
 * @ctrl: controller; its @aer_work is queued when it answers
 *
 * Nothing happens if it has one.
 *
 * Context: any.
 */
void nvdpa_admin_post_aer(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_admin_set_queues() - negotiate the number of I/O queue pairs
 * @ctrl: controller
 * @want: how many we can use, not 0
 * @granted: how many there are, at most @want, not 0
 *
 * Set Features, Number of Queues (NVMe base 2.0, 5.27.1.5).
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd().
 */
int nvdpa_admin_set_queues(struct nvdpa_ctrl *ctrl, u32 want, u32 *granted);

/**
 * nvdpa_admin_create_cq() - create an I/O completion queue
 * @ctrl: controller
 * @qid: identifier, 1 or more
 * @dma: bus address of its memory
 * @depth: entries
 * @vector: MSI-X vector
 *
 * Context: may sleep; @queues_lock held.
 * Return: as nvdpa_admin_cmd(), but it does not wait for a reset.
 */
int nvdpa_admin_create_cq(struct nvdpa_ctrl *ctrl, u16 qid, dma_addr_t dma,
			  u32 depth, u16 vector);

/**
 * nvdpa_admin_create_sq() - create the submission queue of a completion queue
 * @ctrl: controller
 * @qid: identifier of both
 * @dma: bus address of its memory
 * @depth: entries
 *
 * Context: may sleep; @queues_lock held.
 * Return: as nvdpa_admin_cmd(), but it does not wait for a reset.
 */
int nvdpa_admin_create_sq(struct nvdpa_ctrl *ctrl, u16 qid, dma_addr_t dma,
			  u32 depth);

/**
 * nvdpa_admin_delete_sq() - delete a submission queue
 * @ctrl: controller
 * @qid: identifier
 *
 * The controller ends the queue's commands before this one completes, so none
 * of them does DMA afterwards (NVMe base 2.0, 5.7).
 *
 * Context: may sleep; @queues_lock held.
 * Return: as nvdpa_admin_cmd(), but it does not wait for a reset.
 */
int nvdpa_admin_delete_sq(struct nvdpa_ctrl *ctrl, u16 qid);

/**
 * nvdpa_admin_delete_cq() - delete a completion queue without submission queue
 * @ctrl: controller
 * @qid: identifier
 *
 * Context: may sleep; @queues_lock held.
 * Return: as nvdpa_admin_cmd(), but it does not wait for a reset.
 */
int nvdpa_admin_delete_cq(struct nvdpa_ctrl *ctrl, u16 qid);

/* ident.c */

/**
 * nvdpa_ident_ctrl() - read what the controller can do
 * @ctrl: enabled controller; its Identify fields are written
 *
 * Context: may sleep.
 * Return: 0, or a negative errno with a message.
 */
int nvdpa_ident_ctrl(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ident_scan() - read the active namespaces
 * @ctrl: identified controller; @ns and @nr_ns are written
 *
 * Context: may sleep.
 * Return: 0, or a negative errno with a message.
 */
int nvdpa_ident_scan(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ident_again() - Identify a controller that was reset, or has new firmware
 * @ctrl: identified controller
 *
 * Devices that were made of what is not so any more are stopped by the floor
 * above, the others go on.
 *
 * Context: may sleep; no lock held that is inside of the floor above's.
 * Return: 0; -ENODEV with a message when it is another controller; -EAGAIN when
 * the namespaces should be looked at again, see nvdpa_ident_rescan(); or another
 * negative errno.
 */
int nvdpa_ident_again(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ident_rescan() - see what became of the namespaces
 * @ctrl: identified controller
 *
 * Context: as nvdpa_ident_again().
 * Return: 0; -EAGAIN when something is in the way of a change, for now; or
 * another negative errno, with a message unless the controller is dead.
 */
int nvdpa_ident_rescan(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ident_update() - take note of a namespace
 * @ctrl: controller
 * @now: as it is, with @active clear if it is not there any more
 *
 * Context: any; the lock of the floor above held.
 * Return: the entry that has it, or NULL when there is no room for one more.
 */
const struct nvdpa_ns *nvdpa_ident_update(struct nvdpa_ctrl *ctrl,
					  const struct nvdpa_ns *now);

/**
 * nvdpa_ident_same() - has nothing changed?
 * @a: a namespace
 * @b: it at another time
 */
bool nvdpa_ident_same(const struct nvdpa_ns *a, const struct nvdpa_ns *b);

/**
 * nvdpa_ident_same_blocks() - does a block have the same number?
 * @a: a namespace
 * @b: it at another time
 *
 * The size is not looked at.
 */
bool nvdpa_ident_same_blocks(const struct nvdpa_ns *a,
			     const struct nvdpa_ns *b);

/**
 * nvdpa_ident_same_limits() - may a disk do what it could?
 * @a: a namespace
 * @b: it at another time
 */
bool nvdpa_ident_same_limits(const struct nvdpa_ns *a,
			     const struct nvdpa_ns *b);

/**
 * nvdpa_ident_moved() - did nvdpa_ident_again() find other blocks?
 * @ctrl: controller
 * @nsid: namespace
 *
 * A command from before that must not be sent to it: the length of its data was
 * counted in blocks of another size.
 *
 * Context: any, without @ns_lock.
 */
bool nvdpa_ident_moved(struct nvdpa_ctrl *ctrl, u32 nsid);

/**
 * nvdpa_ident_lba_shift() - the block size
 * @ctrl: controller
 * @ns: one of its namespaces
 *
 * Context: any, without @ns_lock.
 * Return: log2 of it in bytes, or -EOPNOTSUPP when we do not serve it.
 */
int nvdpa_ident_lba_shift(struct nvdpa_ctrl *ctrl, const struct nvdpa_ns *ns);

/**
 * nvdpa_ident_free() - undo nvdpa_ident_scan()
 * @ctrl: controller
 */
void nvdpa_ident_free(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_ident_ns() - find an active namespace
 * @ctrl: controller
 * @nsid: namespace identifier
 *
 * Return: the namespace, or NULL when there is none with this identifier.
 */
const struct nvdpa_ns *nvdpa_ident_ns(const struct nvdpa_ctrl *ctrl, u32 nsid);

#endif /* NVDPA_NVME_CTRL_H */

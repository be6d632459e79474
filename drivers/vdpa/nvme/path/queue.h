/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One virtqueue on one NVMe queue pair: the data path's own state. submit.c
 * takes requests down, complete.c brings them up, map.c makes bus addresses.
 */
#ifndef NVDPA_PATH_QUEUE_H
#define NVDPA_PATH_QUEUE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/vdpa.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../debug/stats.h"
#include "../nvme/qpair.h"
#include "../pure/error.h"
#include "../pure/extent.h"
#include "../pure/memtable.h"
#include "../pure/prp.h"
#include "../pure/req.h"
#include "../pure/ring.h"

/* Queue size that we offer; QEMU takes it as its default. */
#define NVDPA_QUEUE_NUM_MAX	256
/*
 * Work of one pass, which may run with interrupts off in a guest's exit. What
 * is left goes to a later pass in softirq.
 */
#define NVDPA_PASS_REQS		32
#define NVDPA_PASS_DESCS	256
#define NVDPA_PASS_CMDS		32
#define NVDPA_PASS_SEGS		512
#define NVDPA_PASS_BOUNCES	1
/* Commands with bounced data in flight, which bounds the copying in softirq. */
#define NVDPA_QUEUE_BOUNCES	8
/* Runs of bus addresses of one command: a segment may cross into a next run. */
#define NVDPA_QUEUE_SG		(2 * NVDPA_REQ_SEGS)
/* Length of the answer to VIRTIO_BLK_T_GET_ID (virtio 1.2, 5.2.6). */
#define NVDPA_SERIAL_BYTES	VIRTIO_BLK_ID_BYTES

struct nvdpa_queue;

/**
 * struct nvdpa_disk - what all queues of a device have in common
 * @extent: where the disk lies; it may grow, see struct nvdpa_extent
 * @lim: what one command can carry
 * @req_lim: what requests the disk does
 * @serial: answer to GET_ID, padded with NUL
 * @vwc: writes may be volatile until a Flush
 * @dma_dev: the NVMe function, for data that is not premapped
 * @dma_attrs: DMA_ATTR_* for such data
 *
 * But for the growth, constant while a queue runs.
 */
struct nvdpa_disk {
	struct nvdpa_extent extent;
	struct nvdpa_xfer_limits lim;
	struct nvdpa_req_limits req_lim;
	u8 serial[NVDPA_SERIAL_BYTES];
	bool vwc;
	struct device *dma_dev;
	unsigned long dma_attrs;
};

/**
 * enum nvdpa_event - what a queue tells the floor above
 * @NVDPA_EVENT_BROKEN: the driver broke the ring; the queue has stopped
 * @NVDPA_EVENT_UNMAPPED: a request named memory that the device was not given
 */
enum nvdpa_event {
	NVDPA_EVENT_BROKEN,
	NVDPA_EVENT_UNMAPPED,
};

/**
 * struct nvdpa_queue_ops - how the floor above hears of a queue
 * @event: something happened; called in softirq, no lock held
 */
struct nvdpa_queue_ops {
	void (*event)(struct nvdpa_queue *q, enum nvdpa_event event);
};

/**
 * struct nvdpa_cursor - a place in a request's data
 * @seg: index in the request's segments
 * @off: bytes into that segment
 */
struct nvdpa_cursor {
	u16 seg;
	u32 off;
};

/**
 * struct nvdpa_queue_req - a request in flight; its index is its head
 * @node: in the queue's @waiting while commands are still to be posted
 * @status: kernel address of the status byte; the page is held until the
 *          request has ended (see nvdpa_queue_set_mem())
 * @next: where the next command's data begins
 * @left: what is not yet given to a command: bytes; of a discard, ranges; of a
 *        write zeroes, blocks
 * @lba: first block of the next command
 * @cmds: commands in flight
 * @error: enum nvdpa_error so far
 * @unmap: blocks may be deallocated, of a write zeroes
 * @busy: between pop and push
 * @mapped: segments with a mapping in @dma
 * @epoch: which counter of @inflight it is in
 * @head: its head, for that is its index
 * @watch: for the statistics
 * @req: as taken from the ring
 * @dma: bus addresses of the segments, if memory is not premapped
 * @ranges: of a discard, whose list is not for the controller to read
 */
struct nvdpa_queue_req {
	struct list_head node;
	u8 *status;
	u64 left;
	u64 lba;
	struct nvdpa_cursor next;
	u16 cmds;
	u16 mapped;
	u8 error;
	u8 epoch;
	bool unmap;
	bool busy;
	u16 head;
	struct nvdpa_watch watch;
	struct nvdpa_req req;
	union {
		dma_addr_t dma[NVDPA_REQ_SEGS];
		struct nvme_dsm_range ranges[NVDPA_REQ_RANGES];
	};
};

/**
 * struct nvdpa_queue_cmd - a command in flight, by command identifier
 * @node: in the queue's @bounced when bounced data waits to be copied
 * @at: where its data is in the request, for bounced data
 * @bytes: bounced bytes, 0 if none are bounced
 * @rq: its request, while in @bounced
 */
struct nvdpa_queue_cmd {
	struct list_head node;
	struct nvdpa_queue_req *rq;
	struct nvdpa_cursor at;
	u32 bytes;
};

/**
 * struct nvdpa_queue - a virtqueue in service
 * @qp: its queue pair
 * @disk: its disk
 * @ops: of the floor above
 * @fua: writes must be stable when they complete; constant while running
 * @reqs: NVDPA_QUEUE_NUM_MAX requests, by head
 * @cmds: commands, by command identifier
 * @lock: protects everything up to @cb_lock; taken with interrupts off
 * @running: new requests are taken from the ring
 * @aborting: the pass that is under way ends requests that are not wholly posted
 * @backlog: the ring was left with requests in it; kicks are off
 * @broken: the ring is not to be trusted; @running is false until restart
 * @unmapped: NVDPA_EVENT_UNMAPPED is to be told
 * @pushed: used entries that wait to be published
 * @bounces: commands with bounced data in flight
 * @mem: the guest's memory
 * @hint: last hit in @mem, for all that is not data
 * @data_hint: last hit in @mem, for data; a driver keeps these apart
 * @ring: the ring
 * @epoch: counter that new requests go to
 * @inflight: requests between pop and push, by epoch
 * @ended: commands ended so far, wrapping; tells a slow device from a stuck one
 * @halted: when @running was cleared, in jiffies
 * @halt_ended: @ended at that time
 * @now_ns: when the pass or the group of completions that is under way began
 * @waiting: requests with commands still to be posted, in order
 * @bounced: commands whose data waits to be copied to the guest
 * @sg: scratch of one pass
 * @stats: what is counted; but for the callbacks
 * @call: the driver is to be notified; set under @lock, taken by xchg
 * @drained: woken when @inflight of an epoch falls to 0
 * @work: a later pass, in softirq
 * @cb_lock: protects the following fields; outside of the eventfd's or the driver's lock, which
 *           are outside of @lock
 * @cb: how the driver is notified
 * @callbacks: how often it was
 */
struct nvdpa_queue {
	struct nvdpa_qpair *qp;
	const struct nvdpa_disk *disk;
	const struct nvdpa_queue_ops *ops;
	bool fua;
	struct nvdpa_queue_req *reqs;
	struct nvdpa_queue_cmd *cmds;

	spinlock_t lock ____cacheline_aligned; /* the state, see above */
	bool running;
	bool aborting;
	bool backlog;
	bool broken;
	bool unmapped;
	u8 epoch;
	u16 pushed;
	u16 bounces;
	u32 hint;
	u32 data_hint;
	u32 inflight[2];
	u32 ended;
	unsigned long halted;
	u32 halt_ended;
	u64 now_ns;
	const struct nvdpa_memtable *mem;
	struct nvdpa_ring ring;
	struct list_head waiting;
	struct list_head bounced;
	struct nvdpa_dma_seg sg[NVDPA_QUEUE_SG];
	struct nvdpa_stats stats;

	bool call;
	wait_queue_head_t drained;
	struct work_struct work;

	spinlock_t cb_lock ____cacheline_aligned; /* callbacks, see above */
	struct vdpa_callback cb;
	u64 callbacks;
};

/* queue.c */

/**
 * nvdpa_queue_init() - make a queue on a queue pair of its own
 * @q: queue, zeroed
 * @ctrl: controller
 * @disk: the disk
 * @ops: of the floor above
 *
 * Context: may sleep.
 * Return: 0 or a negative errno as nvdpa_qpair_create().
 */
int nvdpa_queue_init(struct nvdpa_queue *q, struct nvdpa_ctrl *ctrl,
		     const struct nvdpa_disk *disk,
		     const struct nvdpa_queue_ops *ops);

/**
 * nvdpa_queue_exit() - undo nvdpa_queue_init()
 * @q: queue, stopped; one that was never initialised is left alone
 *
 * Context: may sleep.
 */
void nvdpa_queue_exit(struct nvdpa_queue *q);

/**
 * nvdpa_queue_start() - begin to serve a ring
 * @q: queue, stopped
 * @ring: the ring, copied
 * @fua: writes must be stable when they complete
 *
 * Chains that are there already are taken at once: a kick that came before
 * the start was dropped.
 *
 * Context: may sleep.
 */
void nvdpa_queue_start(struct nvdpa_queue *q, const struct nvdpa_ring *ring,
		       bool fua);

/**
 * nvdpa_queue_stop() - take no more requests and wait for those taken
 * @q: queue
 * @abort: requests of which a part was not posted yet end with an error
 *         instead of going on; bounds the time by what the device has
 *
 * When it returns every request that was taken has its used entry, the ring is
 * not touched any more and no work is pending. Commands that make no progress
 * are abandoned, see nvdpa_qpair_abandon().
 *
 * Context: may sleep.
 */
void nvdpa_queue_stop(struct nvdpa_queue *q, bool abort);

/**
 * nvdpa_queue_set_mem() - give a queue another table of guest memory
 * @q: queue
 * @mem: table
 * @shrinks: memory of the old table is missing in @mem
 *
 * The old table itself is not used any more when this returns. If @shrinks,
 * requests that were taken before may use its pages until
 * nvdpa_queue_drain_mem() returns, which must be called before the next change.
 *
 * Context: any, but only one caller at a time.
 */
void nvdpa_queue_set_mem(struct nvdpa_queue *q,
			 const struct nvdpa_memtable *mem, bool shrinks);

/**
 * nvdpa_queue_drain_mem() - wait for the users of the table before
 * @q: queue
 *
 * Context: may sleep.
 */
void nvdpa_queue_drain_mem(struct nvdpa_queue *q);

/**
 * nvdpa_queue_set_cb() - set how the driver is notified
 * @q: queue
 * @cb: copied; NULL or without function: not at all
 *
 * When it returns the callback before is not running any more.
 *
 * Context: any.
 */
void nvdpa_queue_set_cb(struct nvdpa_queue *q, const struct vdpa_callback *cb);

/**
 * nvdpa_queue_halt() - take no more requests; those taken go on
 * @q: queue
 *
 * Context: any.
 */
void nvdpa_queue_halt(struct nvdpa_queue *q);

/**
 * nvdpa_queue_index() - where the ring stands
 * @q: queue that was started at least once
 *
 * Context: any.
 * Return: used index; every chain before it was given back.
 */
u16 nvdpa_queue_index(struct nvdpa_queue *q);

/**
 * nvdpa_queue_stats() - add what was counted to a sum
 * @q: queue
 * @sum: added to
 *
 * Context: any.
 */
void nvdpa_queue_stats(struct nvdpa_queue *q, struct nvdpa_stats *sum);

/* submit.c */

/**
 * nvdpa_submit_look() - look whether there are chains
 * @q: queue; nothing happens if it is not running or a pass is owed already
 *
 * Context: @lock held; otherwise as nvdpa_submit_kick().
 */
void nvdpa_submit_look(struct nvdpa_queue *q);

/**
 * nvdpa_submit_kick() - the driver says that there are chains
 * @q: queue
 *
 * Never notifies the driver: its callback would deadlock or be dropped here.
 *
 * Context: any, interrupts may be off; bounded by NVDPA_PASS_*.
 */
void nvdpa_submit_kick(struct nvdpa_queue *q);

/**
 * nvdpa_submit_pass() - post what is waiting, then take chains from the ring
 * @q: queue
 * @take: look at the ring
 *
 * Context: @lock held, @now_ns set, between nvdpa_qpair_begin() and
 * nvdpa_qpair_end(); bounded by NVDPA_PASS_*.
 */
void nvdpa_submit_pass(struct nvdpa_queue *q, bool take);

/* complete.c */

/**
 * nvdpa_complete_cmds() - commands ended (nvdpa_qpair_ops.complete)
 * @priv: queue
 * @done: which
 * @nr: number of @done
 *
 * Context: any, interrupts off.
 */
void nvdpa_complete_cmds(void *priv, const struct nvdpa_done *done,
			 unsigned int nr);

/**
 * nvdpa_complete_flush() - notify the driver if it wants it
 * @priv: queue
 *
 * Context: any, no lock held.
 */
void nvdpa_complete_flush(void *priv);

/**
 * nvdpa_complete_fail() - note down why a request will not end well
 * @q: queue
 * @rq: request
 * @error: the reason; the first one counts
 * @nvme_status: of the command that failed, or 0 if none did
 *
 * Context: @lock held.
 */
void nvdpa_complete_fail(struct nvdpa_queue *q, struct nvdpa_queue_req *rq,
			 enum nvdpa_error error, u16 nvme_status);

/**
 * nvdpa_complete_req() - end a request: status byte and used entry
 * @q: queue
 * @rq: request without a command in flight
 *
 * Context: @lock held.
 */
void nvdpa_complete_req(struct nvdpa_queue *q, struct nvdpa_queue_req *rq);

/**
 * nvdpa_complete_lost() - note down that a chain's end cannot be told
 * @q: queue, which stops
 * @head: its head
 *
 * Its indirect table or its status byte is in memory that the device was not given.
 *
 * Context: @lock held.
 */
void nvdpa_complete_lost(struct nvdpa_queue *q, u16 head);

/**
 * nvdpa_complete_refuse() - give a chain back that is no request
 * @q: queue
 * @head: its head
 *
 * Context: @lock held.
 */
void nvdpa_complete_refuse(struct nvdpa_queue *q, u16 head);

/**
 * nvdpa_complete_pushed() - show the driver what was pushed
 * @q: queue; something was pushed
 *
 * Context: @lock held.
 */
void nvdpa_complete_pushed(struct nvdpa_queue *q);

/**
 * nvdpa_complete_publish() - show the driver what was pushed, if anything was
 * @q: queue
 *
 * Context: @lock held.
 */
static inline void nvdpa_complete_publish(struct nvdpa_queue *q)
{
	if (q->pushed)
		nvdpa_complete_pushed(q);
}

/**
 * nvdpa_complete_bounced() - copy bounced data to the guest and end its commands
 * @q: queue
 *
 * Context: @lock held, between nvdpa_qpair_begin() and nvdpa_qpair_end().
 */
void nvdpa_complete_bounced(struct nvdpa_queue *q);

/* map.c */

/**
 * nvdpa_map_req() - map a request's data for DMA
 * @q: queue, whose memory is not premapped
 * @rq: request
 *
 * Context: @lock held.
 * Return: 0, -EFAULT for memory that the device was not given, -ENOMEM.
 */
int nvdpa_map_req(struct nvdpa_queue *q, struct nvdpa_queue_req *rq);

/**
 * nvdpa_map_undo() - undo nvdpa_map_req(), as far as that got
 * @q: queue
 * @rq: request
 *
 * Context: @lock held.
 */
void nvdpa_map_undo(struct nvdpa_queue *q, struct nvdpa_queue_req *rq);

/**
 * nvdpa_map_perm() - what the device does to a request's data
 * @req: request
 */
static inline u32 nvdpa_map_perm(const struct nvdpa_req *req)
{
	return req->op == NVDPA_OP_WRITE ? NVDPA_MEM_READ : NVDPA_MEM_WRITE;
}

/**
 * nvdpa_map_one() - bus address of a request's next bytes, if they have one
 * @q: queue
 * @rq: request
 * @bytes: how many, not 0
 * @dma: the address, written when true is returned
 *
 * Context: @lock held.
 * Return: false when they do not lie in one run and one segment, or must not be
 * accessed that way; nvdpa_map_gather() tells.
 */
static inline bool nvdpa_map_one(struct nvdpa_queue *q,
				 const struct nvdpa_queue_req *rq, u32 bytes,
				 u64 *dma)
{
	const struct nvdpa_seg *seg = &rq->req.segs[rq->next.seg];
	u64 addr = seg->addr + rq->next.off, off;
	const struct nvdpa_mem_chunk *chunk;

	lockdep_assert_held(&q->lock);

	if (unlikely(bytes > seg->len - rq->next.off))
		return false;
	if (rq->mapped) {
		*dma = rq->dma[rq->next.seg] + rq->next.off;
		return true;
	}

	chunk = nvdpa_memtable_find(q->mem, &q->data_hint, addr);
	if (unlikely(!chunk || !(chunk->perm & nvdpa_map_perm(&rq->req))))
		return false;
	off = addr - chunk->iova;
	*dma = chunk->dma + off;
	return bytes <= chunk->size - off;
}

/**
 * nvdpa_map_gather() - bus addresses of a request's next bytes
 * @q: queue; @sg is written
 * @rq: request
 * @max_bytes: how many bytes at most, not 0
 * @nr: number of runs in @sg, written also on failure
 *
 * Context: @lock held.
 * Return: bytes gathered, or -EFAULT for memory that the device was not given
 * or may not access that way.
 */
int nvdpa_map_gather(struct nvdpa_queue *q, const struct nvdpa_queue_req *rq,
		     u32 max_bytes, u32 *nr);

/**
 * nvdpa_map_advance() - move a cursor
 * @req: request
 * @cur: the cursor
 * @bytes: how far; not beyond the data's end
 */
void nvdpa_map_advance(const struct nvdpa_req *req, struct nvdpa_cursor *cur,
		       u32 bytes);

/**
 * nvdpa_map_copy() - copy between a bounce page and a request's data
 * @q: queue
 * @rq: request; if it changes the disk the page is filled, else emptied
 * @at: where in the data
 * @page: the page
 * @bytes: how much, at most NVDPA_PAGE_BYTES
 *
 * Context: @lock held.
 * Return: 0, or -EFAULT for memory that the device was not given.
 */
int nvdpa_map_copy(struct nvdpa_queue *q, const struct nvdpa_queue_req *rq,
		   struct nvdpa_cursor at, void *page, u32 bytes);

#endif /* NVDPA_PATH_QUEUE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is counted of a virtqueue, always. A counter is a plain number: who adds
 * to it holds the lock of the queue already.
 */
#ifndef NVDPA_DEBUG_STATS_H
#define NVDPA_DEBUG_STATS_H

#include <linux/cache.h>
#include <linux/types.h>

#include "../pure/error.h"
#include "../pure/hist.h"
#include "../pure/req.h"

/* Whose latency there is; as enum nvme_vdpa_latency_type. */
enum nvdpa_latency {
	NVDPA_LATENCY_READ,
	NVDPA_LATENCY_WRITE,
	NVDPA_LATENCY_FLUSH,
	NVDPA_LATENCY_DISCARD,
	NVDPA_LATENCIES,
};

/* As enum nvme_vdpa_latency_scope. */
enum nvdpa_scope {
	NVDPA_SCOPE_DEVICE,
	NVDPA_SCOPE_TOTAL,
	NVDPA_SCOPES,
};

/**
 * struct nvdpa_op_stats - requests of one type that have ended
 * @nr: well or not
 * @bytes: of those that ended well: moved, discarded or zeroed
 */
struct nvdpa_op_stats {
	u64 nr;
	u64 bytes;
};

/**
 * struct nvdpa_stats - the counters of a virtqueue, or the sum of some
 * @kicks: times that the driver rang
 * @commands: NVMe commands posted
 * @segments: data segments of the requests that have ended
 * @suppressed: used entries that the driver did not want to be told of
 * @ops: requests, by enum nvdpa_op
 * @splits: commands beyond the first one of a request
 * @bounces: commands whose data went through a page of ours
 * @callbacks: notifications of the driver; under a lock of their own, so not
 *             counted in place, see struct nvdpa_queue
 * @deferred: passes in softirq
 * @errors: requests that failed, by enum nvdpa_error; the first one stays 0
 * @latency: times, by enum nvdpa_latency and enum nvdpa_scope
 *
 * What each read and write needs comes first and is one cache line. There are u64
 * only, so that nvdpa_stats_add() can do without names.
 */
struct nvdpa_stats {
	u64 kicks;
	u64 commands;
	u64 segments;
	u64 suppressed;
	struct nvdpa_op_stats ops[NVDPA_OP_UNKNOWN + 1];
	u64 splits;
	u64 bounces;
	u64 callbacks;
	u64 deferred;
	u64 errors[NVDPA_ERRORS];
	struct nvdpa_hist latency[NVDPA_LATENCIES][NVDPA_SCOPES];
} ____cacheline_aligned;

/**
 * struct nvdpa_watch - what is noted down of a request until it ends
 * @taken_ns: when it was taken from the ring
 * @posted_ns: when its first command was posted; 0 if none was
 * @done_ns: when its last command so far has ended
 * @bytes: what it moves, discards or zeroes if it ends well
 *
 * Times are those of the pass or of the group of completions that did it.
 */
struct nvdpa_watch {
	u64 taken_ns;
	u64 posted_ns;
	u64 done_ns;
	u64 bytes;
};

/**
 * nvdpa_stats_end() - count a request that ends
 * @stats: of its queue
 * @req: the request
 * @watch: what was noted down of it
 * @error: how it ends
 * @now_ns: when
 *
 * Context: lock of the queue held.
 */
void nvdpa_stats_end(struct nvdpa_stats *stats, const struct nvdpa_req *req,
		     const struct nvdpa_watch *watch, enum nvdpa_error error,
		     u64 now_ns);

/**
 * nvdpa_stats_add() - add counters up
 * @sum: added to
 * @stats: of a queue
 *
 * Context: lock of the queue held.
 */
void nvdpa_stats_add(struct nvdpa_stats *sum, const struct nvdpa_stats *stats);

#endif /* NVDPA_DEBUG_STATS_H */

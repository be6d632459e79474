// SPDX-License-Identifier: GPL-2.0
/* What a request that ends adds to the counters. */
#include "stats.h"

#include <linux/build_bug.h>

/* Whose histograms, by enum nvdpa_op; others have none. */
static const u8 nvdpa_stats_latency[NVDPA_OP_UNKNOWN + 1] = {
	[NVDPA_OP_READ] = NVDPA_LATENCY_READ,
	[NVDPA_OP_WRITE] = NVDPA_LATENCY_WRITE,
	[NVDPA_OP_DISCARD] = NVDPA_LATENCY_DISCARD,
	[NVDPA_OP_WRITE_ZEROES] = NVDPA_LATENCY_DISCARD,
	[NVDPA_OP_FLUSH] = NVDPA_LATENCY_FLUSH,
	[NVDPA_OP_GET_ID] = NVDPA_LATENCIES,
	[NVDPA_OP_UNKNOWN] = NVDPA_LATENCIES,
};

void nvdpa_stats_end(struct nvdpa_stats *stats, const struct nvdpa_req *req,
		     const struct nvdpa_watch *watch, enum nvdpa_error error,
		     u64 now_ns)
{
	struct nvdpa_op_stats *op = &stats->ops[req->op];
	u8 latency = nvdpa_stats_latency[req->op];
	struct nvdpa_hist *hist;

	stats->segments += req->nsegs;
	op->nr++;
	if (unlikely(error))
		stats->errors[error]++;
	else
		op->bytes += watch->bytes;

	if (latency == NVDPA_LATENCIES)
		return;
	hist = stats->latency[latency];
	nvdpa_hist_add(&hist[NVDPA_SCOPE_TOTAL], now_ns - watch->taken_ns);
	if (watch->posted_ns)
		nvdpa_hist_add(&hist[NVDPA_SCOPE_DEVICE],
			       watch->done_ns - watch->posted_ns);
}

void nvdpa_stats_add(struct nvdpa_stats *sum, const struct nvdpa_stats *stats)
{
	const u64 *from = (const u64 *)stats;
	u64 *to = (u64 *)sum;
	size_t i;

	for (i = 0; i < offsetofend(struct nvdpa_stats, latency) / sizeof(*to);
	     i++)
		to[i] += from[i];
}

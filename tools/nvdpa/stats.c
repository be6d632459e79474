// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <stdbool.h>
#include <string.h>

/* Below this is the first bucket, and each later one ends at twice as much. */
#define FIRST_BUCKET_NS 1024ull

const struct counter stats_counters[STATS_NR_COUNTERS] = {
	[STATS_READS] = {
		"reads", "read", STATS_REQUESTS,
		"Read requests that ended"
	},
	[STATS_WRITES] = {
		"writes", "write", STATS_REQUESTS,
		"Write requests that ended"
	},
	[STATS_FLUSHES] = {
		"flushes", "flush", STATS_REQUESTS,
		"Flush requests that ended"
	},
	[STATS_DISCARDS] = {
		"discards", "discard", STATS_REQUESTS,
		"Discard requests that ended"
	},
	[STATS_WRITE_ZEROES] = {
		"write_zeroes", "write_zeroes", STATS_REQUESTS,
		"Write Zeroes requests that ended"
	},
	[STATS_GET_IDS] = {
		"get_ids", "get_id", STATS_REQUESTS,
		"Requests for the serial number that ended"
	},
	[STATS_BYTES_READ] = {
		"bytes_read", "read", STATS_BYTES,
		"Bytes read"
	},
	[STATS_BYTES_WRITTEN] = {
		"bytes_written", "write", STATS_BYTES,
		"Bytes written"
	},
	[STATS_BYTES_DISCARDED] = {
		"bytes_discarded", "discard", STATS_BYTES,
		"Bytes discarded"
	},
	[STATS_BYTES_ZEROED] = {
		"bytes_zeroed", "write_zeroes", STATS_BYTES,
		"Bytes overwritten by Write Zeroes"
	},
	[STATS_ERRORS_REFUSED] = {
		"errors_refused", "refused", STATS_ERRORS,
		"Requests of the guest that are not legal"
	},
	[STATS_ERRORS_UNSUPPORTED] = {
		"errors_unsupported", "unsupported", STATS_ERRORS,
		"Requests of a kind that is not offered"
	},
	[STATS_ERRORS_UNMAPPED] = {
		"errors_unmapped", "unmapped", STATS_ERRORS,
		"Requests with memory that the device was not given"
	},
	[STATS_ERRORS_MEDIA] = {
		"errors_media", "media", STATS_ERRORS,
		"Requests that failed by a media error"
	},
	[STATS_ERRORS_DEVICE] = {
		"errors_device", "device", STATS_ERRORS,
		"Requests that the controller failed otherwise"
	},
	[STATS_ERRORS_ABORTED] = {
		"errors_aborted", "aborted", STATS_ERRORS,
		"Requests that a reset or a dead controller ended"
	},
	[STATS_COMMANDS] = {
		"commands", NULL, STATS_WORK,
		"NVMe commands posted"
	},
	[STATS_SEGMENTS] = {
		"segments", NULL, STATS_WORK,
		"Data segments of requests"
	},
	[STATS_SPLITS] = {
		"splits", NULL, STATS_WORK,
		"NVMe commands beyond the first of a request"
	},
	[STATS_BOUNCES] = {
		"bounces", NULL, STATS_WORK,
		"NVMe commands whose data was copied"
	},
	[STATS_KICKS] = {
		"kicks", NULL, STATS_WORK,
		"Notifications from the guest"
	},
	[STATS_CALLBACKS] = {
		"callbacks", NULL, STATS_WORK,
		"Notifications to the guest"
	},
	[STATS_SUPPRESSED] = {
		"suppressed", NULL, STATS_WORK,
		"Completions that the guest wanted no notification of"
	},
	[STATS_DEFERRED] = {
		"deferred", NULL, STATS_WORK,
		"Passes over the queue that went to softirq"
	},
};

const char *const stats_types[LATENCY_TYPES] = {
	[NVME_VDPA_LATENCY_TYPE_READ] = "read",
	[NVME_VDPA_LATENCY_TYPE_WRITE] = "write",
	[NVME_VDPA_LATENCY_TYPE_FLUSH] = "flush",
	[NVME_VDPA_LATENCY_TYPE_DISCARD] = "discard",
};

const char *const stats_scopes[LATENCY_SCOPES] = {
	[NVME_VDPA_LATENCY_SCOPE_DEVICE] = "device",
	[NVME_VDPA_LATENCY_SCOPE_TOTAL] = "total",
};

uint64_t stats_bucket_below_ns(unsigned int i)
{
	return i < LATENCY_BUCKETS - 1 ? FIRST_BUCKET_NS << i : 0;
}

uint64_t stats_latency_count(const struct latency *latency)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < LATENCY_BUCKETS; i++)
		count += latency->buckets[i];
	return count;
}

uint64_t stats_latency_mean_ns(const struct latency *latency)
{
	uint64_t count = stats_latency_count(latency);

	return count ? latency->sum_ns / count : 0;
}

void stats_latency_add(struct latency *to, const struct latency *other)
{
	unsigned int i;

	to->sum_ns += other->sum_ns;
	for (i = 0; i < LATENCY_BUCKETS; i++)
		to->buckets[i] += other->buckets[i];
}

uint64_t stats_latency_percentile(const struct latency *latency,
				  unsigned int per_mille)
{
	uint64_t count = stats_latency_count(latency), below = 0, from, to;
	double rank = (double)count * per_mille / 1000;
	unsigned int i;

	if (!count)
		return 0;
	for (i = 0; i < LATENCY_BUCKETS - 1; i++) {
		if (below + latency->buckets[i] >= rank && latency->buckets[i])
			break;
		below += latency->buckets[i];
	}
	from = i ? stats_bucket_below_ns(i - 1) : 0;
	/* Nobody knows how far the last one goes: what is certain. */
	to = stats_bucket_below_ns(i) ?: from;
	return from + (rank - below) / (latency->buckets[i] ?: 1) * (to - from);
}

/* Whether any of @count numbers went back. */
static bool stats_is_less(const uint64_t *now, const uint64_t *then, size_t count)
{
	size_t i;

	for (i = 0; i < count && now[i] >= then[i]; i++)
		;
	return i < count;
}

static bool stats_restarted(const struct stats *now, const struct stats *then)
{
	unsigned int i, j;

	for (i = 0; i < LATENCY_TYPES; i++)
		for (j = 0; j < LATENCY_SCOPES; j++)
			if (stats_is_less(now->latency[i][j].buckets,
					  then->latency[i][j].buckets,
					  LATENCY_BUCKETS))
				return true;
	return stats_is_less(now->counters, then->counters, STATS_NR_COUNTERS);
}

static void stats_subtract(uint64_t *now, const uint64_t *then, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		now[i] -= then[i];
}

void stats_since(struct stats *now, const struct stats *then)
{
	struct latency *latency;
	unsigned int i, j;

	if (stats_restarted(now, then))
		return;
	stats_subtract(now->counters, then->counters, STATS_NR_COUNTERS);
	for (i = 0; i < LATENCY_TYPES; i++) {
		for (j = 0; j < LATENCY_SCOPES; j++) {
			latency = &now->latency[i][j];
			/* With all the buckets, it goes up as well. */
			latency->sum_ns -= then->latency[i][j].sum_ns;
			stats_subtract(latency->buckets, then->latency[i][j].buckets,
				       LATENCY_BUCKETS);
		}
	}
}

uint64_t stats_sum(const struct stats *stats, enum stats_unit unit)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < STATS_NR_COUNTERS; i++)
		if (stats_counters[i].unit == unit)
			sum += stats->counters[i];
	return sum;
}

/* Of reads and writes together. */
static struct latency stats_io_latency(const struct stats *stats,
				       enum nvme_vdpa_latency_scope scope)
{
	struct latency latency = stats->latency[NVME_VDPA_LATENCY_TYPE_READ][scope];

	stats_latency_add(&latency,
			  &stats->latency[NVME_VDPA_LATENCY_TYPE_WRITE][scope]);
	return latency;
}

struct stats_load stats_load(const struct stats *stats, double seconds)
{
	struct latency device = stats_io_latency(stats, NVME_VDPA_LATENCY_SCOPE_DEVICE);
	struct latency total = stats_io_latency(stats, NVME_VDPA_LATENCY_SCOPE_TOTAL);
	uint64_t reads = stats->counters[STATS_READS];
	uint64_t writes = stats->counters[STATS_WRITES];
	uint64_t requests = stats_sum(stats, STATS_REQUESTS);

	return (struct stats_load){
		.reads = reads / seconds,
		.writes = writes / seconds,
		.others = (requests - reads - writes) / seconds,
		.bytes_read = stats->counters[STATS_BYTES_READ] / seconds,
		.bytes_written = stats->counters[STATS_BYTES_WRITTEN] / seconds,
		.errors = stats_sum(stats, STATS_ERRORS) / seconds,
		.mean_ns = stats_latency_mean_ns(&total),
		.p99_ns = stats_latency_percentile(&total, 990),
		.device_p99_ns = stats_latency_percentile(&device, 990),
	};
}

const struct stats *stats_find(const struct stats *list, size_t count,
			       const struct stats *like)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].is_queue == like->is_queue &&
		    list[i].queue == like->queue && !strcmp(list[i].name, like->name))
			return &list[i];
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Arithmetic on statistics, and what the counters are called. */
#ifndef NVDPA_STATS_H
#define NVDPA_STATS_H

#include <stddef.h>

#include "model.h"

enum stats_unit {
	STATS_REQUESTS,
	STATS_BYTES,
	STATS_ERRORS,
	STATS_WORK,
};

/**
 * struct counter - what is known of a counter besides its number
 * @key: in JSON
 * @kind: what tells it from others of its unit, or NULL
 * @unit: what it counts, and in which group people see it
 * @help: a line
 */
struct counter {
	const char *key;
	const char *kind;
	enum stats_unit unit;
	const char *help;
};

extern const struct counter stats_counters[STATS_NR_COUNTERS];
extern const char *const stats_types[LATENCY_TYPES];
extern const char *const stats_scopes[LATENCY_SCOPES];

/** stats_bucket_below_ns() - what every latency in bucket @i is less than; 0: any */
uint64_t stats_bucket_below_ns(unsigned int i);

/** stats_latency_count() - samples in a histogram */
uint64_t stats_latency_count(const struct latency *latency);

/** stats_latency_mean_ns() - 0 without samples */
uint64_t stats_latency_mean_ns(const struct latency *latency);

/** stats_latency_add() - @to becomes the histogram of both */
void stats_latency_add(struct latency *to, const struct latency *other);

/**
 * stats_latency_percentile() - what so many are not slower than
 * @latency: histogram
 * @per_mille: 500 for the median, 990, 999
 *
 * Between the bounds of a bucket it is interpolated.
 *
 * Return: nanoseconds, 0 without samples.
 */
uint64_t stats_latency_percentile(const struct latency *latency,
				  unsigned int per_mille);

/**
 * stats_since() - what happened between two looks
 * @now: the later one; out, less @then
 * @then: the earlier one
 *
 * A device that was made anew meanwhile has counted from 0: all of @now stays.
 */
void stats_since(struct stats *now, const struct stats *then);

/** stats_sum() - the counters of a kind together */
uint64_t stats_sum(const struct stats *stats, enum stats_unit unit);

/* What a device does in a second. */
struct stats_load {
	double reads;
	double writes;
	double others;
	double bytes_read;
	double bytes_written;
	double errors;
	/* Of reads and writes, from taken to used; 0 without any. */
	uint64_t mean_ns;
	uint64_t p99_ns;
	/* Of them, the NVMe device's part. */
	uint64_t device_p99_ns;
};

/**
 * stats_load() - the load that statistics mean
 * @stats: of an interval, see stats_since()
 * @seconds: the interval's length
 */
struct stats_load stats_load(const struct stats *stats, double seconds);

/** stats_find() - the element of the same device and queue, or NULL */
const struct stats *stats_find(const struct stats *list, size_t count,
			       const struct stats *like);

#endif /* NVDPA_STATS_H */

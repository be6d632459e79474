/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A histogram of times, whose buckets double in width: a shift and the position of
 * the highest bit, no loop, no division.
 */
#ifndef NVDPA_PURE_HIST_H
#define NVDPA_PURE_HIST_H

#include "kdep.h"

/* The last one begins at 69 s. */
#define NVDPA_HIST_BUCKETS	28
/* log2 of the nanoseconds at which the first bucket ends. */
#define NVDPA_HIST_SHIFT	10

/**
 * struct nvdpa_hist - how often something took how long
 * @sum_ns: all times added up, wrapping; beside the buckets that are hit most
 * @nr: times in each bucket, see nvdpa_hist_bucket()
 */
struct nvdpa_hist {
	u64 sum_ns;
	u64 nr[NVDPA_HIST_BUCKETS];
};

/**
 * nvdpa_hist_bucket() - which bucket a time belongs to
 * @ns: nanoseconds
 *
 * Return: 0 for less than 1024; i for 2^(9+i) up to below 2^(10+i); the last one
 * for everything that is longer.
 */
static inline u32 nvdpa_hist_bucket(u64 ns)
{
	return min_t(u32, fls64(ns >> NVDPA_HIST_SHIFT),
		     NVDPA_HIST_BUCKETS - 1);
}

/**
 * nvdpa_hist_add() - note down a time
 * @hist: the histogram
 * @ns: nanoseconds
 */
static inline void nvdpa_hist_add(struct nvdpa_hist *hist, u64 ns)
{
	hist->sum_ns += ns;
	hist->nr[nvdpa_hist_bucket(ns)]++;
}

#endif /* NVDPA_PURE_HIST_H */

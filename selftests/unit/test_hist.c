// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/hist.h. */
#include <stdlib.h>

#include "hist.h"
#include "tap.h"

TEST(hist, edges_of_all_buckets)
{
	const u32 last = NVDPA_HIST_BUCKETS - 1;

	EXPECT_EQ(nvdpa_hist_bucket(0), 0);
	EXPECT_EQ(nvdpa_hist_bucket(1), 0);
	EXPECT_EQ(nvdpa_hist_bucket(1023), 0);
	for (u32 i = 1; i < last; i++) {
		EXPECT_EQ(nvdpa_hist_bucket(1ULL << (9 + i)), i);
		EXPECT_EQ(nvdpa_hist_bucket((1ULL << (10 + i)) - 1), i);
	}
	for (u32 bit = 9 + last; bit < 64; bit++) {
		EXPECT_EQ(nvdpa_hist_bucket(1ULL << bit), last);
		EXPECT_EQ(nvdpa_hist_bucket((1ULL << bit) - 1),
			  bit == 9 + last ? last - 1 : last);
	}
	EXPECT_EQ(nvdpa_hist_bucket(U64_MAX), last);
}

/* Doubled until the time is below the end of the bucket. */
TEST(hist, agrees_with_doubling)
{
	for (u32 i = 0; i < 100000; i++) {
		u64 ns = tap_random() >> tap_below(64), end = 1024;
		u32 want = 0;

		for (; want < NVDPA_HIST_BUCKETS - 1 && ns >= end; want++)
			end *= 2;
		EXPECT_EQ(nvdpa_hist_bucket(ns), want);
	}
}

TEST(hist, add_counts_and_sums)
{
	struct nvdpa_hist *hist = tap_alloc(sizeof(*hist));
	u64 nr = 0;

	nvdpa_hist_add(hist, 1000);
	nvdpa_hist_add(hist, 1024);
	nvdpa_hist_add(hist, 2047);
	nvdpa_hist_add(hist, 1ULL << 40);
	EXPECT_EQ(hist->nr[0], 1);
	EXPECT_EQ(hist->nr[1], 2);
	EXPECT_EQ(hist->nr[NVDPA_HIST_BUCKETS - 1], 1);
	for (u32 i = 0; i < NVDPA_HIST_BUCKETS; i++)
		nr += hist->nr[i];
	EXPECT_EQ(nr, 4);
	EXPECT_EQ(hist->sum_ns, 1000 + 1024 + 2047 + (1ULL << 40));
	free(hist);
}

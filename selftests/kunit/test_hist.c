// SPDX-License-Identifier: GPL-2.0
/* Pins pure/hist.h: each edge of each bucket. */
#include <kunit/test.h>

#include "pure/hist.h"

static void hist_edges(struct kunit *test)
{
	u32 i;

	KUNIT_EXPECT_EQ(test, nvdpa_hist_bucket(0), 0);
	KUNIT_EXPECT_EQ(test, nvdpa_hist_bucket(1023), 0);
	for (i = 1; i < NVDPA_HIST_BUCKETS; i++) {
		KUNIT_EXPECT_EQ(test, nvdpa_hist_bucket(1ull << (9 + i)), i);
		KUNIT_EXPECT_EQ(test, nvdpa_hist_bucket((1ull << (9 + i)) - 1),
				i - 1);
	}
	for (; i < 64 - 9; i++)
		KUNIT_EXPECT_EQ(test, nvdpa_hist_bucket(1ull << (9 + i)),
				NVDPA_HIST_BUCKETS - 1);
	KUNIT_EXPECT_EQ(test, nvdpa_hist_bucket(U64_MAX), NVDPA_HIST_BUCKETS - 1);
}

static void hist_sum(struct kunit *test)
{
	struct nvdpa_hist *hist;
	u64 nr = 0;
	u32 i;

	hist = kunit_kzalloc(test, sizeof(*hist), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hist);
	for (i = 0; i < 5000; i++)
		nvdpa_hist_add(hist, i);
	KUNIT_EXPECT_EQ(test, hist->sum_ns, 5000ull * 4999 / 2);
	KUNIT_EXPECT_EQ(test, hist->nr[0], 1024);
	KUNIT_EXPECT_EQ(test, hist->nr[1], 1024);
	KUNIT_EXPECT_EQ(test, hist->nr[2], 2048);
	for (i = 0; i < NVDPA_HIST_BUCKETS; i++)
		nr += hist->nr[i];
	KUNIT_EXPECT_EQ(test, nr, 5000);
}

static struct kunit_case hist_cases[] = {
	KUNIT_CASE(hist_edges),
	KUNIT_CASE(hist_sum),
	{}
};

static struct kunit_suite hist_suite = {
	.name = "nvdpa-hist",
	.test_cases = hist_cases,
};

kunit_test_suite(hist_suite);

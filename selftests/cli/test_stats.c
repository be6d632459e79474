// SPDX-License-Identifier: GPL-2.0
/* tools/nvdpa/stats.c: buckets, percentiles, differences. */
#include <string.h>

#include "stats.h"
#include "tap.h"

TEST(stats, buckets_are_those_of_the_kernel)
{
	EXPECT_EQ(stats_bucket_below_ns(0), 1024);
	EXPECT_EQ(stats_bucket_below_ns(1), 2048);
	EXPECT_EQ(stats_bucket_below_ns(26), 1ull << 36);
	EXPECT_EQ(stats_bucket_below_ns(LATENCY_BUCKETS - 1), 0);
}

TEST(stats, every_counter_has_its_words)
{
	unsigned int i, j;

	for (i = 0; i < STATS_NR_COUNTERS; i++) {
		EXPECT(stats_counters[i].key && stats_counters[i].help);
		EXPECT((stats_counters[i].unit == STATS_WORK) == !stats_counters[i].kind);
		for (j = 0; j < i; j++)
			EXPECT(strcmp(stats_counters[i].key, stats_counters[j].key));
	}
	/* As many as the kernel has, in its order. */
	EXPECT_EQ(NVME_VDPA_A_STATS_READS + STATS_DEFERRED, NVME_VDPA_A_STATS_DEFERRED);
	EXPECT_EQ(NVME_VDPA_A_STATS_READS + STATS_ERRORS_REFUSED,
		  NVME_VDPA_A_STATS_ERRORS_REFUSED);
	EXPECT_EQ(STATS_NR_COUNTERS, STATS_DEFERRED + 1);
}

TEST(stats, percentiles)
{
	struct latency latency = {};

	EXPECT_EQ(stats_latency_percentile(&latency, 990), 0);
	EXPECT_EQ(stats_latency_mean_ns(&latency), 0);
	/* All between 2048 and 4096 ns. */
	latency.buckets[2] = 100;
	latency.sum_ns = 300000;
	EXPECT_EQ(stats_latency_count(&latency), 100);
	EXPECT_EQ(stats_latency_mean_ns(&latency), 3000);
	EXPECT_EQ(stats_latency_percentile(&latency, 500), 3072);
	EXPECT_EQ(stats_latency_percentile(&latency, 1000), 4096);
	/* As many below 1024 ns. */
	latency.buckets[0] = 100;
	EXPECT_EQ(stats_latency_percentile(&latency, 250), 512);
	EXPECT_EQ(stats_latency_percentile(&latency, 500), 1024);
	EXPECT_EQ(stats_latency_percentile(&latency, 750), 3072);
	/* One that took longer than anybody counts. */
	latency.buckets[LATENCY_BUCKETS - 1] = 1;
	EXPECT_EQ(stats_latency_percentile(&latency, 1000), 1ull << 36);
	EXPECT(stats_latency_percentile(&latency, 990) < 4096);
}

/* More of it is never less time, and no more than the slowest bucket. */
TEST(stats, percentiles_go_up)
{
	struct latency latency;
	unsigned int i, j, last;
	uint64_t now, then;

	for (i = 0; i < 1000 && !tap_failures(); i++) {
		memset(&latency, 0, sizeof(latency));
		last = 0;
		for (j = 0; j < 5; j++) {
			unsigned int bucket = tap_below(LATENCY_BUCKETS - 1);

			latency.buckets[bucket] += 1 + tap_below(1000);
			last = bucket > last ? bucket : last;
		}
		then = 0;
		for (j = 1; j <= 1000; j++) {
			now = stats_latency_percentile(&latency, j);
			EXPECT(now >= then);
			then = now;
		}
		EXPECT_EQ(then, stats_bucket_below_ns(last));
	}
}

TEST(stats, difference)
{
	struct stats then = {}, now = {}, again = {};

	then.counters[STATS_READS] = 10;
	then.latency[1][1].buckets[3] = 5;
	then.latency[1][1].sum_ns = 100;
	now = then;
	now.counters[STATS_READS] = 15;
	now.latency[1][1].buckets[3] = 6;
	now.latency[1][1].sum_ns = 170;
	stats_since(&now, &then);
	EXPECT_EQ(now.counters[STATS_READS], 5);
	EXPECT_EQ(now.latency[1][1].buckets[3], 1);
	EXPECT_EQ(now.latency[1][1].sum_ns, 70);
	/* Made anew: either a counter or a bucket went back. */
	again.counters[STATS_READS] = 3;
	stats_since(&again, &then);
	EXPECT_EQ(again.counters[STATS_READS], 3);
	again.counters[STATS_READS] = 30;
	again.latency[1][1].buckets[3] = 4;
	stats_since(&again, &then);
	EXPECT_EQ(again.counters[STATS_READS], 30);
	EXPECT_EQ(again.latency[1][1].buckets[3], 4);
}

TEST(stats, second)
{
	struct stats stats = {};
	struct stats_load load;

	stats.counters[STATS_READS] = 100;
	stats.counters[STATS_WRITES] = 50;
	stats.counters[STATS_FLUSHES] = 6;
	stats.counters[STATS_GET_IDS] = 4;
	stats.counters[STATS_BYTES_READ] = 4096;
	stats.counters[STATS_BYTES_WRITTEN] = 8192;
	stats.counters[STATS_ERRORS_REFUSED] = 2;
	stats.counters[STATS_ERRORS_ABORTED] = 8;
	stats.latency[NVME_VDPA_LATENCY_TYPE_READ][1].buckets[0] = 10;
	stats.latency[NVME_VDPA_LATENCY_TYPE_READ][1].sum_ns = 5000;
	stats.latency[NVME_VDPA_LATENCY_TYPE_WRITE][1].buckets[0] = 10;
	stats.latency[NVME_VDPA_LATENCY_TYPE_WRITE][1].sum_ns = 7000;
	load = stats_load(&stats, 2);
	EXPECT(load.reads == 50 && load.writes == 25 && load.others == 5);
	EXPECT(load.bytes_read == 2048 && load.bytes_written == 4096);
	EXPECT(load.errors == 5);
	EXPECT_EQ(load.mean_ns, 600);
	EXPECT_EQ(load.device_p99_ns, 0);
}

TEST(stats, lookup)
{
	struct stats list[] = {
		{ .name = "a" }, { .name = "a", .is_queue = true },
		{ .name = "a", .is_queue = true, .queue = 1 }, { .name = "b" },
	};
	unsigned int i;

	for (i = 0; i < 4; i++)
		EXPECT(stats_find(list, 4, &list[i]) == &list[i]);
	EXPECT(!stats_find(list, 3, &list[3]));
}

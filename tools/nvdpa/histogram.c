// SPDX-License-Identifier: GPL-2.0
#include "histogram.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "out.h"
#include "stats.h"

/* Columns of the longest bar. */
#define BAR 24

/* Room for a count. */
#define COUNT 10

static uint64_t histogram_most(const struct latency *latency)
{
	uint64_t most = 0;
	unsigned int i;

	for (i = 0; i < LATENCY_BUCKETS; i++)
		if (latency->buckets[i] > most)
			most = latency->buckets[i];
	return most;
}

/* What is there is seen: a bar has one character at least. */
static void histogram_bar(uint64_t count, uint64_t most, char text[BAR + 1])
{
	unsigned int length = count ? 1 + (double)count / most * (BAR - 1) : 0;

	memset(text, '#', length);
	text[length] = '\0';
}

static void histogram_bound(unsigned int bucket, char text[DURATION_TEXT + 2])
{
	char bound[DURATION_TEXT];

	if (bucket < LATENCY_BUCKETS - 1)
		snprintf(text, DURATION_TEXT + 2, "< %s",
			 duration_print(stats_bucket_below_ns(bucket), bound));
	else
		snprintf(text, DURATION_TEXT + 2, "> %s",
			 duration_print(stats_bucket_below_ns(bucket - 1), bound));
}

static void histogram_bucket(const struct latency *device,
			     const struct latency *total, unsigned int bucket)
{
	uint64_t count[] = { device->buckets[bucket], total->buckets[bucket] };
	char bound[DURATION_TEXT + 2], bars[2][BAR + 1];

	histogram_bound(bucket, bound);
	histogram_bar(count[0], histogram_most(device), bars[0]);
	histogram_bar(count[1], histogram_most(total), bars[1]);
	out_line("%8s  %*" PRIu64 " %-*s  %*" PRIu64 "%s%s", bound, COUNT, count[0],
		 BAR, bars[0], COUNT, count[1], count[1] ? " " : "", bars[1]);
}

/* From the first bucket that either has something in to the last. */
static void histogram_type(const struct latency *device, const struct latency *total)
{
	unsigned int first = 0, last = LATENCY_BUCKETS - 1, i;

	while (!device->buckets[first] && !total->buckets[first])
		first++;
	while (!device->buckets[last] && !total->buckets[last])
		last--;
	for (i = first; i <= last; i++)
		histogram_bucket(device, total, i);
}

void histogram_print(const struct stats *stats)
{
	const struct latency *device, *total;
	unsigned int type;

	for (type = 0; type < LATENCY_TYPES; type++) {
		device = &stats->latency[type][NVME_VDPA_LATENCY_SCOPE_DEVICE];
		total = &stats->latency[type][NVME_VDPA_LATENCY_SCOPE_TOTAL];
		if (!stats_latency_count(device) && !stats_latency_count(total))
			continue;
		out_line("\n%-8s  %*s %-*s  %*s", stats_types[type], COUNT, "device",
			 BAR, "", COUNT, "total");
		histogram_type(device, total);
	}
}

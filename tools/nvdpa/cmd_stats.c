// SPDX-License-Identifier: GPL-2.0
/* Statistics of vDPA devices: shown once, or live. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "duration.h"
#include "err.h"
#include "histogram.h"
#include "ipc.h"
#include "out.h"
#include "stats.h"
#include "watch.h"

/* A table has room for so many virtqueues beside one another. */
#define QUEUES_MAX 8

static const unsigned int percentiles[] = { 500, 900, 990, 999 };

static const char *percentile_name(unsigned int per_mille, bool json)
{
	static char text[24];

	if (per_mille % 10)
		snprintf(text, sizeof(text), json ? "p%u%u_ns" : "P%u.%u",
			 per_mille / 10, per_mille % 10);
	else
		snprintf(text, sizeof(text), json ? "p%u_ns" : "P%u", per_mille / 10);
	return text;
}

/* JSON: everything, by its name */

static void json_counters(const struct stats *stats)
{
	unsigned int i;

	out_open_object("counters");
	for (i = 0; i < STATS_NR_COUNTERS; i++)
		out_number(stats_counters[i].key, NULL, stats->counters[i]);
	out_close();
}

static void json_buckets(const struct latency *latency)
{
	unsigned int i;

	out_open_array("buckets");
	for (i = 0; i < LATENCY_BUCKETS; i++) {
		out_row();
		if (stats_bucket_below_ns(i))
			out_number("below_ns", NULL, stats_bucket_below_ns(i));
		else
			out_none("below_ns", NULL);
		out_number("count", NULL, latency->buckets[i]);
	}
	out_close();
}

static void json_latency(const char *scope, const struct latency *latency)
{
	unsigned int i;

	out_open_object(scope);
	out_number("count", NULL, stats_latency_count(latency));
	out_number("sum_ns", NULL, latency->sum_ns);
	out_number("mean_ns", NULL, stats_latency_mean_ns(latency));
	for (i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++)
		out_number(percentile_name(percentiles[i], true), NULL,
			   stats_latency_percentile(latency, percentiles[i]));
	json_buckets(latency);
	out_close();
}

static void json_latencies(const struct stats *stats)
{
	unsigned int type, scope;

	out_open_object("latency");
	for (type = 0; type < LATENCY_TYPES; type++) {
		out_open_object(stats_types[type]);
		for (scope = 0; scope < LATENCY_SCOPES; scope++)
			json_latency(stats_scopes[scope], &stats->latency[type][scope]);
		out_close();
	}
	out_close();
}

/* A device and, behind it in the list, its virtqueues. */
static void json_device(const struct stats *device, const struct stats *end)
{
	const struct stats *queue;

	out_row();
	out_text("name", NULL, device->name);
	out_text("ctrl", NULL, device->ctrl);
	json_counters(device);
	json_latencies(device);
	out_open_array("queues");
	for (queue = device + 1; queue < end && queue->is_queue; queue++) {
		out_row();
		out_number("queue", NULL, queue->queue);
		json_counters(queue);
		json_latencies(queue);
	}
	out_close();
}

static void json_devices(const struct stats *list, size_t count)
{
	size_t i;

	out_begin("devices", OUT_TABLE);
	for (i = 0; i < count; i++)
		if (!list[i].is_queue)
			json_device(&list[i], list + count);
	out_end();
}

/* Text: all devices in a table, or one at length */

static void text_duration(const char *title, uint64_t ns)
{
	char text[DURATION_TEXT];

	if (ns)
		out_number_as(NULL, title, ns, "%s", duration_print(ns, text));
	else
		out_none(NULL, title);
}

static void text_summary(const struct stats *stats)
{
	const struct latency *read, *write;

	read = &stats->latency[NVME_VDPA_LATENCY_TYPE_READ][NVME_VDPA_LATENCY_SCOPE_TOTAL];
	write = &stats->latency[NVME_VDPA_LATENCY_TYPE_WRITE][NVME_VDPA_LATENCY_SCOPE_TOTAL];
	out_row();
	out_text(NULL, "NAME", stats->name);
	out_text(NULL, "CTRL", stats->ctrl);
	out_number(NULL, "READS", stats->counters[STATS_READS]);
	out_size(NULL, "READ", stats->counters[STATS_BYTES_READ]);
	out_number(NULL, "WRITES", stats->counters[STATS_WRITES]);
	out_size(NULL, "WRITTEN", stats->counters[STATS_BYTES_WRITTEN]);
	out_number(NULL, "FLUSHES", stats->counters[STATS_FLUSHES]);
	out_number(NULL, "ERRORS", stats_sum(stats, STATS_ERRORS));
	text_duration("READ P99", stats_latency_percentile(read, 990));
	text_duration("WRITE P99", stats_latency_percentile(write, 990));
}

static void text_devices(const struct stats *list, size_t count)
{
	size_t i;

	out_begin(NULL, OUT_TABLE);
	for (i = 0; i < count; i++)
		if (!list[i].is_queue)
			text_summary(&list[i]);
	out_end();
}

static void text_counter(const struct stats *device, size_t queues, unsigned int i)
{
	char title[24];
	size_t queue;

	out_row();
	out_text(NULL, "COUNTER", stats_counters[i].key);
	out_number(NULL, "ALL", device->counters[i]);
	if (queues > QUEUES_MAX)
		return;
	for (queue = 1; queue <= queues; queue++) {
		snprintf(title, sizeof(title), "QUEUE %u", device[queue].queue);
		out_number(NULL, title, device[queue].counters[i]);
	}
}

static void text_latency(const struct stats *device, unsigned int type,
			 unsigned int scope)
{
	const struct latency *latency = &device->latency[type][scope];
	unsigned int i;

	if (!stats_latency_count(latency))
		return;
	out_row();
	out_text(NULL, "LATENCY", stats_types[type]);
	out_text(NULL, "OF", stats_scopes[scope]);
	out_number(NULL, "COUNT", stats_latency_count(latency));
	text_duration("AVERAGE", stats_latency_mean_ns(latency));
	for (i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++)
		text_duration(percentile_name(percentiles[i], false),
			      stats_latency_percentile(latency, percentiles[i]));
}

static void text_latencies(const struct stats *device)
{
	unsigned int type, scope;

	out_begin(NULL, OUT_TABLE);
	for (type = 0; type < LATENCY_TYPES; type++)
		for (scope = 0; scope < LATENCY_SCOPES; scope++)
			text_latency(device, type, scope);
	out_end();
}

/* A device and, behind it, its virtqueues. */
static void text_device(const struct stats *device, size_t queues)
{
	unsigned int i;

	out_line("%s on %s, %zu virtqueue%s\n", device->name, device->ctrl, queues,
		 queues == 1 ? "" : "s");
	out_begin(NULL, OUT_TABLE);
	for (i = 0; i < STATS_NR_COUNTERS; i++)
		text_counter(device, queues, i);
	out_end();
	out_line("%s", "");
	text_latencies(device);
	histogram_print(device);
}

/* Only the device @name and its virtqueues. */
static int narrow(struct stats *list, size_t *count, const char *name)
{
	size_t i, kept = 0;

	for (i = 0; i < *count; i++)
		if (!strcmp(list[i].name, name))
			list[kept++] = list[i];
	*count = kept;
	if (kept)
		return 0;
	return err_set(ENOENT, "name",
		       "no vDPA device is called %s: 'nvdpa stats show' lists them, 'vdpa dev add name %s mgmtdev CTRL' makes one of a volume",
		       name, name);
}

static int stats_show(const struct args *args)
{
	const char *name = args_text(args, "name");
	struct stats *list;
	size_t count;
	int err;

	err = ipc_stats_list(&list, &count);
	if (err)
		return err;
	if (name)
		err = narrow(list, &count, name);
	if (!err && !args_given(args, "watch")) {
		if (out_is_json())
			json_devices(list, count);
		else if (name)
			text_device(list, count - 1);
		else
			text_devices(list, count);
	}
	free(list);
	if (!err && args_given(args, "watch"))
		err = watch_run(name);
	return err;
}

static const struct arg_spec show_args[] = {
	{
		.key = "name",
		.kind = ARG_DEVICE,
		.first = true,
		.help = "only this vDPA device, and all that is known of it",
	},
	{
		.key = "watch",
		.kind = ARG_FLAG,
		.help = "the load of each second, until q or ^C",
	},
	{ }
};

static const struct command commands[] = {
	{
		.name = "show",
		.help = "show counters and latencies since a device was made",
		.args = show_args,
		.run = stats_show,
	},
	{ }
};

const struct object object_stats = {
	.name = "stats",
	.help = "what vDPA devices did, and how long it took",
	.commands = commands,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics for a monitoring system, as OpenMetrics text that Prometheus' own
 * format takes as well: node_exporter's textfile collector reads that one, which
 * has no type "info" and takes # UNIT and # EOF for comments.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "ipc.h"
#include "out.h"
#include "stats.h"

/* All labels of a sample. */
#define LABELS 512

/* What there is to tell of. */
struct world {
	struct ctrl *ctrls;
	size_t nr_ctrls;
	struct ns *namespaces;
	size_t nr_namespaces;
	struct volume *volumes;
	size_t nr_volumes;
	struct stats *stats;
	size_t nr_stats;
};

static void family(const char *name, const char *type, const char *unit,
		   const char *help)
{
	out_line("# TYPE nvdpa_%s %s", name, type);
	if (unit)
		out_line("# UNIT nvdpa_%s %s", name, unit);
	out_line("# HELP nvdpa_%s %s.", name, help);
}

/* A label's value, quoted and escaped. */
static void quote(const char *value, char *text, size_t size)
{
	size_t used = 0;

	text[used++] = '"';
	for (; *value && used + 4 < size; value++) {
		if (*value == '"' || *value == '\\' || *value == '\n')
			text[used++] = '\\';
		text[used++] = *value == '\n' ? 'n' : *value;
	}
	text[used++] = '"';
	text[used] = '\0';
}

static void ctrl_labels(const struct ctrl *ctrl, char labels[LABELS])
{
	char model[96], serial[64], firmware[32];

	quote(ctrl->model, model, sizeof(model));
	quote(ctrl->serial, serial, sizeof(serial));
	quote(ctrl->firmware, firmware, sizeof(firmware));
	snprintf(labels, LABELS, "ctrl=\"%s\",model=%s,serial=%s,firmware=%s",
		 ctrl->name, model, serial, firmware);
}

static void ctrl_gauge(const struct world *world, const char *name,
		       const char *help, uint64_t (*value)(const struct ctrl *ctrl))
{
	size_t i;

	family(name, "gauge", NULL, help);
	for (i = 0; i < world->nr_ctrls; i++)
		out_line("nvdpa_%s{ctrl=\"%s\"} %" PRIu64, name, world->ctrls[i].name,
			 value(&world->ctrls[i]));
}

static uint64_t ctrl_live(const struct ctrl *ctrl)
{
	return ctrl->state == NVME_VDPA_CTRL_STATE_LIVE;
}

static uint64_t ctrl_qpairs(const struct ctrl *ctrl)
{
	return ctrl->nr_qpairs;
}

static uint64_t ctrl_free_qpairs(const struct ctrl *ctrl)
{
	return ctrl->nr_free_qpairs;
}

static void tell_ctrls(const struct world *world)
{
	char labels[LABELS];
	size_t i;

	family("ctrl", "gauge", NULL, "What the controller says of itself; the value means nothing");
	for (i = 0; i < world->nr_ctrls; i++) {
		ctrl_labels(&world->ctrls[i], labels);
		out_line("nvdpa_ctrl{%s} 1", labels);
	}
	ctrl_gauge(world, "ctrl_live", "Whether the controller serves requests",
		   ctrl_live);
	ctrl_gauge(world, "ctrl_queue_pairs",
		   "Queue pairs that the controller has for virtqueues", ctrl_qpairs);
	ctrl_gauge(world, "ctrl_free_queue_pairs",
		   "Queue pairs that no virtqueue has", ctrl_free_qpairs);
}

static uint64_t lba_size_bytes(const struct world *world, const struct volume *volume)
{
	const struct ns *ns;
	size_t i;

	for (i = 0; i < world->nr_namespaces; i++) {
		ns = &world->namespaces[i];
		if (ns->nsid == volume->nsid && !strcmp(ns->ctrl, volume->ctrl))
			return ns->lba_size_bytes;
	}
	return 0;
}

static void volume_gauge(const struct world *world, const char *name,
			 const char *unit, const char *help,
			 uint64_t (*value)(const struct world *world,
					   const struct volume *volume))
{
	const struct volume *volume;
	size_t i;

	family(name, "gauge", unit, help);
	for (i = 0; i < world->nr_volumes; i++) {
		volume = &world->volumes[i];
		out_line("nvdpa_%s{ctrl=\"%s\",volume=\"%s\"} %" PRIu64, name,
			 volume->ctrl, volume->name, value(world, volume));
	}
}

static uint64_t volume_size(const struct world *world, const struct volume *volume)
{
	return volume->nr_lbas * lba_size_bytes(world, volume);
}

static uint64_t volume_wiped(const struct world *world, const struct volume *volume)
{
	return volume->wiped_lbas * lba_size_bytes(world, volume);
}

static uint64_t volume_used(const struct world *world, const struct volume *volume)
{
	(void)world;
	return *volume->used_by != '\0';
}

static void tell_volumes(const struct world *world)
{
	volume_gauge(world, "volume_size_bytes", "bytes", "Size of the volume",
		     volume_size);
	volume_gauge(world, "volume_wiped_bytes", "bytes",
		     "Bytes of the volume that hold nothing of an earlier owner",
		     volume_wiped);
	volume_gauge(world, "volume_in_use", NULL, "Whether a vDPA device has the volume",
		     volume_used);
}

static void queue_labels(const struct stats *stats, char labels[LABELS])
{
	snprintf(labels, LABELS, "ctrl=\"%s\",device=\"%s\",queue=\"%u\"", stats->ctrl,
		 stats->name, stats->queue);
}

/* Counters of a kind as one family, told apart by a label. */
static void tell_kind(const struct world *world, enum stats_unit unit,
		      const char *name, const char *label)
{
	char labels[LABELS];
	unsigned int c;
	size_t i;

	for (i = 0; i < world->nr_stats; i++) {
		if (!world->stats[i].is_queue)
			continue;
		queue_labels(&world->stats[i], labels);
		for (c = 0; c < STATS_NR_COUNTERS; c++) {
			if (stats_counters[c].unit != unit)
				continue;
			out_line("nvdpa_%s_total{%s,%s=\"%s\"} %" PRIu64, name, labels,
				 label, stats_counters[c].kind, world->stats[i].counters[c]);
		}
	}
}

static void tell_counter(const struct world *world, unsigned int c)
{
	const char *key = stats_counters[c].key;
	char labels[LABELS];
	size_t i;

	family(key, "counter", NULL, stats_counters[c].help);
	for (i = 0; i < world->nr_stats; i++) {
		if (!world->stats[i].is_queue)
			continue;
		queue_labels(&world->stats[i], labels);
		out_line("nvdpa_%s_total{%s} %" PRIu64, key, labels,
			 world->stats[i].counters[c]);
	}
}

static void tell_counters(const struct world *world)
{
	unsigned int c;

	family("requests", "counter", NULL, "Requests that ended, well or not");
	tell_kind(world, STATS_REQUESTS, "requests", "type");
	family("data_bytes", "counter", "bytes", "Data of requests that ended well");
	tell_kind(world, STATS_BYTES, "data_bytes", "type");
	family("errors", "counter", NULL, "Requests that ended with an error");
	tell_kind(world, STATS_ERRORS, "errors", "class");
	for (c = 0; c < STATS_NR_COUNTERS; c++)
		if (stats_counters[c].unit == STATS_WORK)
			tell_counter(world, c);
}

/* Buckets count all that is not slower than their bound. */
static void tell_histogram(const struct stats *stats, unsigned int type,
			   unsigned int scope)
{
	const struct latency *latency = &stats->latency[type][scope];
	uint64_t count = 0, below_ns;
	char labels[LABELS];
	unsigned int i;

	snprintf(labels, sizeof(labels),
		 "ctrl=\"%s\",device=\"%s\",type=\"%s\",scope=\"%s\"", stats->ctrl,
		 stats->name, stats_types[type], stats_scopes[scope]);
	for (i = 0; i < LATENCY_BUCKETS; i++) {
		count += latency->buckets[i];
		below_ns = stats_bucket_below_ns(i);
		if (below_ns)
			out_line("nvdpa_latency_seconds_bucket{%s,le=\"%.12g\"} %" PRIu64,
				 labels, below_ns / 1e9, count);
	}
	out_line("nvdpa_latency_seconds_bucket{%s,le=\"+Inf\"} %" PRIu64, labels, count);
	out_line("nvdpa_latency_seconds_count{%s} %" PRIu64, labels, count);
	out_line("nvdpa_latency_seconds_sum{%s} %" PRIu64 ".%09" PRIu64, labels,
		 latency->sum_ns / 1000000000, latency->sum_ns % 1000000000);
}

/* Of devices: times the virtqueues, they would be too many to store. */
static void tell_latencies(const struct world *world)
{
	unsigned int type, scope;
	size_t i;

	family("latency_seconds", "histogram", "seconds",
	       "Time of requests: in the NVMe device, and in total");
	for (i = 0; i < world->nr_stats; i++) {
		if (world->stats[i].is_queue)
			continue;
		for (type = 0; type < LATENCY_TYPES; type++)
			for (scope = 0; scope < LATENCY_SCOPES; scope++)
				tell_histogram(&world->stats[i], type, scope);
	}
}

static int world_get(struct world *world)
{
	int err;

	err = ipc_ctrl_list(&world->ctrls, &world->nr_ctrls);
	if (!err)
		err = ipc_ns_list(NULL, &world->namespaces, &world->nr_namespaces);
	if (!err)
		err = ipc_volume_list(NULL, &world->volumes, &world->nr_volumes);
	if (!err)
		err = ipc_stats_list(&world->stats, &world->nr_stats);
	return err;
}

static void world_put(struct world *world)
{
	free(world->ctrls);
	free(world->namespaces);
	free(world->volumes);
	free(world->stats);
}

static int metrics(const struct args *args)
{
	struct world world = {};
	int err;

	(void)args;
	if (out_is_json())
		return err_usage("-j",
				 "metrics are OpenMetrics text: 'nvdpa -j stats show' has them as JSON");
	err = world_get(&world);
	if (!err) {
		tell_ctrls(&world);
		tell_volumes(&world);
		tell_counters(&world);
		tell_latencies(&world);
		out_line("# EOF");
	}
	world_put(&world);
	return err;
}

static const struct command commands[] = {
	{
		.help = "print all that is counted, for a textfile collector",
		.run = metrics,
	},
	{ }
};

const struct object object_metrics = {
	.name = "metrics",
	.help = "statistics in the OpenMetrics text format",
	.commands = commands,
};

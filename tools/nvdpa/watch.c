// SPDX-License-Identifier: GPL-2.0
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duration.h"
#include "err.h"
#include "histogram.h"
#include "ipc.h"
#include "out.h"
#include "stats.h"
#include "term.h"

#define SECOND_NS 1000000000ull

/* The columns that a narrow terminal does without go first. */
enum watch_detail {
	DETAIL_NAMES,
	DETAIL_LATENCY,
	DETAIL_ALL,
};

/* Lines above the table, and its titles' line. */
#define TITLES 2

/* One look at all devices. */
struct sample {
	struct stats *list;
	size_t count;
	unsigned long long time_ns;
};

struct line {
	struct stats stats;
	struct stats_load load;
};

struct watch {
	const char *name;
	struct sample then;
	struct sample now;
	/* Of what was between them; those with more load first. */
	struct line *lines;
	size_t count;
	double seconds;
};

static unsigned long long watch_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int sample_take(struct sample *sample)
{
	int err = ipc_stats_list(&sample->list, &sample->count);

	sample->time_ns = watch_clock();
	return err;
}

static double load_requests(const struct stats_load *load)
{
	return load->reads + load->writes + load->others;
}

static int line_compare(const void *one, const void *other)
{
	const struct line *a = one, *b = other;
	double more = load_requests(&b->load) - load_requests(&a->load);
	int order;

	/* A device comes before its virtqueues. */
	if (a->stats.is_queue != b->stats.is_queue)
		return a->stats.is_queue - b->stats.is_queue;
	if (more)
		return more > 0 ? 1 : -1;
	order = strcmp(a->stats.name, b->stats.name);
	return order ?: (a->stats.queue > b->stats.queue) - (a->stats.queue < b->stats.queue);
}

static bool watch_wants(const struct watch *watch, const struct stats *stats)
{
	return watch->name ? !strcmp(watch->name, stats->name) : !stats->is_queue;
}

static int watch_compare(struct watch *watch)
{
	const struct stats *then;
	struct line *line;
	size_t i;

	watch->seconds = (double)(watch->now.time_ns - watch->then.time_ns) / SECOND_NS;
	watch->count = 0;
	free(watch->lines);
	watch->lines = calloc(watch->now.count + 1, sizeof(*watch->lines));
	if (!watch->lines)
		return err_set(ENOMEM, NULL, "out of memory");
	for (i = 0; i < watch->now.count; i++) {
		if (!watch_wants(watch, &watch->now.list[i]))
			continue;
		line = &watch->lines[watch->count++];
		line->stats = watch->now.list[i];
		then = stats_find(watch->then.list, watch->then.count, &line->stats);
		if (then)
			stats_since(&line->stats, then);
		line->load = stats_load(&line->stats, watch->seconds);
	}
	qsort(watch->lines, watch->count, sizeof(*watch->lines), line_compare);
	return 0;
}

/* Look, and compare with the look before. */
static int watch_look(struct watch *watch)
{
	struct sample sample;
	int err = sample_take(&sample);

	if (err)
		return err;
	free(watch->then.list);
	watch->then = watch->now;
	watch->now = sample;
	if (!watch->then.time_ns)
		return 0;
	err = watch_compare(watch);
	if (!err && watch->name && !watch->count)
		err = err_set(ENODEV, "name", "there is no vDPA device %s any more",
			      watch->name);
	return err;
}

static void watch_time(const char *key, const char *title, uint64_t ns)
{
	char text[DURATION_TEXT];

	if (ns)
		out_number_as(key, title, ns, "%s", duration_print(ns, text));
	else
		out_none(key, title);
}

static void watch_line_name(const struct watch *watch, const struct line *line)
{
	char queue[16] = "all";

	if (!watch->name) {
		out_text("name", "NAME", line->stats.name);
		return;
	}
	out_text("name", NULL, line->stats.name);
	if (line->stats.is_queue)
		snprintf(queue, sizeof(queue), "%u", line->stats.queue);
	if (line->stats.is_queue)
		out_number("queue", NULL, line->stats.queue);
	else
		out_none("queue", NULL);
	out_text(NULL, "QUEUE", queue);
}

static void watch_line(const struct watch *watch, const struct line *line,
		       enum watch_detail detail)
{
	const struct stats_load *load = &line->load;

	out_row();
	watch_line_name(watch, line);
	out_text("ctrl", detail < DETAIL_ALL ? NULL : "CTRL", line->stats.ctrl);
	out_real("reads_per_second", "READ/S", load->reads, 0, "");
	out_real("writes_per_second", "WRITE/S", load->writes, 0, "");
	out_real("others_per_second", detail < DETAIL_ALL ? NULL : "OTHER/S",
		 load->others, 0, "");
	out_real("bytes_read_per_second", NULL, load->bytes_read, 0, "");
	out_real("bytes_written_per_second", NULL, load->bytes_written, 0, "");
	out_real(NULL, "READ MB/S", load->bytes_read / 1e6, 1, "");
	out_real(NULL, "WRITE MB/S", load->bytes_written / 1e6, 1, "");
	watch_time("mean_ns", detail < DETAIL_LATENCY ? NULL : "AVERAGE", load->mean_ns);
	watch_time("p99_ns", detail < DETAIL_LATENCY ? NULL : "P99", load->p99_ns);
	watch_time("device_p99_ns", detail < DETAIL_ALL ? NULL : "DEVICE P99",
		   load->device_p99_ns);
	out_real("errors_per_second", detail < DETAIL_LATENCY ? NULL : "ERROR/S",
		 load->errors, 0, "");
}

static void watch_table(const struct watch *watch, enum watch_detail detail)
{
	size_t i;

	out_begin("devices", OUT_TABLE);
	for (i = 0; i < watch->count; i++)
		watch_line(watch, &watch->lines[i], detail);
	out_end();
}

static void watch_head(const struct watch *watch)
{
	time_t now = time(NULL);
	char clock[16];
	size_t i, devices = 0;
	double requests = 0;

	for (i = 0; i < watch->count; i++) {
		if (watch->lines[i].stats.is_queue)
			continue;
		devices++;
		requests += load_requests(&watch->lines[i].load);
	}
	strftime(clock, sizeof(clock), "%T", localtime(&now));
	if (watch->name)
		out_line("%s  %s: %.0f requests/s  (q: quit)\n", clock, watch->name,
			 requests);
	else
		out_line("%s  %zu vDPA device%s: %.0f requests/s  (q: quit)\n", clock,
			 devices, devices == 1 ? "" : "s", requests);
}

static unsigned int watch_width(const char *text)
{
	unsigned int width = 0, most = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + 1;
		if (width > most)
			most = width;
	}
	return most;
}

/* All that the terminal is wide enough for. */
static enum watch_detail watch_detail(const struct watch *watch)
{
	enum watch_detail detail = DETAIL_ALL;
	unsigned int width;
	char *text;

	for (; detail > DETAIL_NAMES; detail--) {
		watch_table(watch, detail);
		text = out_take();
		width = watch_width(text);
		free(text);
		if (width <= term_size().columns)
			break;
	}
	return detail;
}

static void watch_draw(const struct watch *watch)
{
	enum watch_detail detail = watch_detail(watch);
	char *text;

	watch_head(watch);
	watch_table(watch, detail);
	if (watch->name)
		histogram_print(&watch->lines[0].stats);
	text = out_take();
	term_draw(text, TITLES);
	free(text);
}

static int watch_on_terminal(struct watch *watch)
{
	unsigned long long next = watch->now.time_ns + SECOND_NS;
	int err = 0;

	while (!err) {
		switch (term_wait(next)) {
		case TERM_END:
			return 0;
		case TERM_TIME:
			next += SECOND_NS;
			err = watch_look(watch);
			break;
		case TERM_REDRAW:
			break;
		}
		if (!err && watch->lines)
			watch_draw(watch);
	}
	return err;
}

static int watch_on_terminal_whole(struct watch *watch)
{
	int err = term_enter();

	if (err)
		return err;
	term_draw("Measuring for a second.", ~0u);
	err = watch_on_terminal(watch);
	term_leave();
	return err;
}

static void watch_sleep(unsigned long long until_ns)
{
	struct timespec until = {
		.tv_sec = until_ns / SECOND_NS,
		.tv_nsec = until_ns % SECOND_NS,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* For a file or a pipe: a table, or a line of JSON, each second. */
static int watch_on_stream(struct watch *watch)
{
	unsigned long long next = watch->now.time_ns;
	int err = 0;

	while (!err) {
		next += SECOND_NS;
		watch_sleep(next);
		err = watch_look(watch);
		if (err)
			break;
		out_object();
		out_now("time");
		out_real("interval_seconds", NULL, watch->seconds, 3, "");
		watch_table(watch, DETAIL_ALL);
		out_line("%s", "");
		err = out_event();
	}
	return err;
}

int watch_run(const char *name)
{
	struct watch watch = { .name = name };
	int err = watch_look(&watch);

	if (!err)
		err = !out_is_json() && term_is() ? watch_on_terminal_whole(&watch) :
						    watch_on_stream(&watch);
	free(watch.then.list);
	free(watch.now.list);
	free(watch.lines);
	return err;
}

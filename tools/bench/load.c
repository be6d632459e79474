// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps DEPTH requests in flight and prints a line of JSON. With --count it marks
 * a section for the plugin that counts instructions, with a lap for each DEPTH
 * requests; with --time it takes the time of each. Not both: to read the clock
 * may be a system call.
 */
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mark.h"

static const struct engine * const engines[] = {
	&engine_psync, &engine_uring, &engine_vhost, NULL
};

static struct load load = { .depth = 1, .len = 4096 };
static const struct engine *engine;
static __u64 count = 1000, warm_up = 100, area = 16 << 20;
static bool counted, timed, batch;

static __u64 *took;			/* of each request, in ns */
static __u64 took_n;
static __u64 began[LOAD_DEPTH_MAX];
static __u64 seed = 88172645463325252ULL;

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Marsaglia's xorshift: the same places in every run. */
static __u64 next_offset(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % (area / load.len) * load.len;
}

static int begin(unsigned int slot)
{
	int err;

	if (timed)
		began[slot] = now_ns();
	err = engine->prepare(&load, slot, next_offset());
	return err || !load.each ? err : engine->submit(&load);
}

static void ended(unsigned int slot)
{
	if (timed && took_n < count)
		took[took_n++] = now_ns() - began[slot];
}

/*
 * All of a batch when the last one of it is done, or each one when it is done.
 * Fewer than DEPTH requests are over at the end.
 */
static int run(__u64 requests, bool mark)
{
	unsigned int slots[LOAD_DEPTH_MAX], idle[LOAD_DEPTH_MAX];
	unsigned int n_idle = load.depth, i;
	__u64 begun = 0, done = 0, lap = load.depth;
	int n, err = 0;

	for (i = 0; i < load.depth; i++)
		idle[i] = i;
	if (mark)
		count_mark(COUNT_START);
	while (done < requests) {
		if (!batch || n_idle == load.depth) {
			while (n_idle && begun < requests && !err) {
				err = begin(idle[--n_idle]);
				begun++;
			}
			if (!err)
				err = engine->submit(&load);
			if (err)
				return err;
		}
		n = engine->reap(&load, slots);
		if (n < 0)
			return n;
		for (i = 0; i < (unsigned int)n; i++) {
			ended(slots[i]);
			idle[n_idle++] = slots[i];
		}
		done += n;
		if (mark && done >= lap) {
			count_mark(COUNT_LAP);
			lap += load.depth;
		}
	}
	if (mark)
		count_mark(COUNT_STOP);
	return 0;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static void report(__u64 ns)
{
	printf("{\"engine\":\"%s\",\"op\":\"%s\",\"bytes\":%u,\"depth\":%u,\"batch\":%s,\"count\":%llu",
	       engine->name, load.write ? "write" : "read", load.len, load.depth,
	       batch ? "true" : "false", count);
	engine->report(&load);
	if (timed) {
		qsort(took, took_n, sizeof(*took), compare);
		printf(",\"rate\":%.0f,\"p50_ns\":%llu,\"p99_ns\":%llu,\"p999_ns\":%llu",
		       count * 1e9 / ns, took[took_n / 2], took[took_n * 99 / 100],
		       took[took_n * 999 / 1000]);
	}
	puts("}");
}

static int usage(void)
{
	fputs("usage: load [OPTION]... ENGINE PATH...\n"
	      "ENGINE: psync, io_uring, or vhost with one or more /dev/vhost-vdpa-N\n"
	      "  --write --bytes N --depth N --batch    what and how; depth is that of each\n"
	      "  --each                                 a system call or a kick for each\n"
	      "  --chunks N                             vhost: data in N pieces of 2 MiB\n"
	      "  --count-of N --warm-up N --area BYTES  how many, and where\n"
	      "  --count, --time                        what is measured\n", stderr);
	return 2;
}

static const struct option options[] = {
	{ "write", no_argument, NULL, 'w' },
	{ "bytes", required_argument, NULL, 'b' },
	{ "depth", required_argument, NULL, 'd' },
	{ "batch", no_argument, NULL, 'B' },
	{ "each", no_argument, NULL, 'e' },
	{ "chunks", required_argument, NULL, 'C' },
	{ "count-of", required_argument, NULL, 'n' },
	{ "warm-up", required_argument, NULL, 'u' },
	{ "area", required_argument, NULL, 'a' },
	{ "count", no_argument, NULL, 'c' },
	{ "time", no_argument, NULL, 't' },
	{}
};

static int parse(int argc, char **argv)
{
	unsigned int i;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'w':
			load.write = true;
			break;
		case 'b':
			load.len = strtoul(optarg, NULL, 0);
			break;
		case 'd':
			load.depth = strtoul(optarg, NULL, 0);
			break;
		case 'B':
			batch = true;
			break;
		case 'e':
			load.each = true;
			break;
		case 'C':
			load.chunks = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			count = strtoull(optarg, NULL, 0);
			break;
		case 'u':
			warm_up = strtoull(optarg, NULL, 0);
			break;
		case 'a':
			area = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			counted = true;
			break;
		case 't':
			timed = true;
			break;
		default:
			return -EINVAL;
		}
	}
	load.devices = argc - optind - 1;
	load.depth *= load.devices;
	if (argc - optind < 2 || !load.depth || load.depth > LOAD_DEPTH_MAX ||
	    !load.len || area < load.len || !count || (counted && timed))
		return -EINVAL;
	for (i = 0; engines[i]; i++)
		if (!strcmp(engines[i]->name, argv[optind]))
			engine = engines[i];
	load.path = argv[optind + 1];
	load.paths = argv + optind + 1;
	return engine ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	bool timing;
	__u64 start;

	if (parse(argc, argv))
		return usage();
	took = calloc(count, sizeof(*took));
	if (!took || engine->open(&load))
		return 1;
	timing = timed;
	timed = false;
	if (run(warm_up, false))
		return 1;
	timed = timing;
	start = now_ns();
	if (run(count, counted))
		return 1;
	report(now_ns() - start);
	return 0;
}

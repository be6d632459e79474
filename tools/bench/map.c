// SPDX-License-Identifier: GPL-2.0
/*
 * map N /dev/vhost-vdpa-M: what it takes to map memory in N pieces. A section and a line
 * of JSON for what vhost-vdpa does to pin them, and one for what the driver does with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mark.h"
#include "pieces.h"

static struct blk blk;
static unsigned int pieces;

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void told(const char *what, __u64 ns)
{
	printf("{\"engine\":\"vhost\",\"what\":\"%s\",\"count\":%u,\"depth\":0,\"ns\":%llu}\n",
	       what, pieces, ns);
}

static int map(void)
{
	__u64 start = now_ns(), pinned;
	int err;

	count_mark(COUNT_START);
	err = pieces_pin(&blk, pieces);
	count_mark(COUNT_STOP);
	if (err)
		return err;
	pinned = now_ns();
	count_mark(COUNT_START);
	err = pieces_map(&blk);
	count_mark(COUNT_STOP);
	if (err)
		return err;
	told("pin", pinned - start);
	told("map", now_ns() - pinned);
	return 0;
}

int main(int argc, char **argv)
{
	struct blk_options options = { .memory = (8UL << 20) + 2 * PIECE };
	int err;

	if (argc == 3)
		pieces = strtoul(argv[1], NULL, 0);
	if (!pieces) {
		fputs("usage: map PIECES /dev/vhost-vdpa-N\n", stderr);
		return 2;
	}
	setenv("NVDPA_VHOST", argv[2], 1);
	err = blk_open(&blk, &options);
	if (!err)
		err = map();
	if (err)
		fprintf(stderr, "map: %s\n", strerror(-err));
	return err ? 1 : 0;
}

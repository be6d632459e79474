// SPDX-License-Identifier: GPL-2.0
/*
 * Random system calls on a vhost-vdpa file, and a guest's memory that changes among
 * them. Each is written down before it is done: --replay repeats them. In the end the
 * device must work. fuzz_ops [--ops N] [--seed N] [--file FILE | --replay FILE]
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blk.h"
#include "env.h"
#include "ops.h"
#include "pattern.h"

#define LAST 40				/* operations shown after a failure */
#define AHEAD 4096			/* written down in one go */
/* The longest that one operation may take: a drain has a grace of 5 s. */
#define OP_SECONDS 30

static struct op last[LAST];
static __u64 done;
static __u64 seed;
static const char *path;		/* what is done, one line each */

static int op_format(char *line, size_t size, const struct op *op)
{
	return snprintf(line, size, "%s %llx %llx %llx %llx %llx\n",
			ops_name(op->kind), op->arg[0], op->arg[1], op->arg[2],
			op->arg[3], op->arg[4]);
}

static void show_last(const char *why)
{
	__u64 i = done > LAST ? done - LAST : 0;
	char line[160];

	printf("# %s after %llu operations; SEED=%llu, all of them in %s; the last ones:\n",
	       why, done, seed, path);
	for (; i < done; i++) {
		op_format(line, sizeof(line), &last[i % LAST]);
		printf("# %llu: %s", i, line);
	}
	fflush(stdout);
}

static void on_alarm(int sig)
{
	show_last("an operation does not end");
	_exit(1);
}

/* The kind's number, or that of kinds. */
static unsigned int kind_of(const char *name)
{
	unsigned int kind;

	for (kind = 0; kind < ops_kinds(); kind++)
		if (!strcmp(name, ops_name(kind)))
			break;
	return kind;
}

static int op_read(FILE *f, struct op *op)
{
	char name[32];

	if (fscanf(f, "%31s %llx %llx %llx %llx %llx", name, &op->arg[0],
		   &op->arg[1], &op->arg[2], &op->arg[3], &op->arg[4]) != 6)
		return -ENOENT;
	op->kind = kind_of(name);
	return op->kind < ops_kinds() ? 0 : -EINVAL;
}

static int op_do(const struct op *op)
{
	last[done++ % LAST] = *op;
	alarm(OP_SECONDS * env_scale());
	return ops_run(op);
}

static int replay(void)
{
	FILE *f = fopen(path, "r");
	struct op op;
	int err = 0;

	if (!f)
		return -errno;
	while (!err) {
		err = op_read(f, &op);
		if (!err)
			op_do(&op);
	}
	fclose(f);
	return err == -ENOENT ? 0 : err;
}

/* The next few, in the file before any of them is done: the host may die of one. */
static int plan_ahead(FILE *f, struct op *op, unsigned int n, __u64 *random)
{
	char line[160];
	unsigned int i;

	for (i = 0; i < n; i++) {
		ops_next(&op[i], random);
		fwrite(line, op_format(line, sizeof(line), &op[i]), 1, f);
	}
	return fflush(f) ? -errno : 0;
}

static int generate(__u64 n)
{
	FILE *f = fopen(path, "w");
	__u64 random = seed;
	static struct op op[AHEAD];
	unsigned int i, k;
	__u64 good = 0;
	int err = 0;

	if (!f)
		return -errno;
	/* Few writes, for the file may be far away: each took 17 ms to the lab's share. */
	setvbuf(f, NULL, _IOFBF, AHEAD * 160);
	while (done < n && !err) {
		k = n - done < AHEAD ? n - done : AHEAD;
		err = plan_ahead(f, op, k, &random);
		for (i = 0; i < k && !err; i++)
			good += op_do(&op[i]) >= 0;
	}
	fclose(f);
	if (err)
		return err;
	printf("# %llu of them were not refused\n", good);
	return 0;
}

/* As somebody who comes afterwards. */
static int works(void)
{
	struct blk b;
	int err;

	alarm(OP_SECONDS * env_scale());
	err = blk_open(&b, NULL);
	if (err)
		return err;
	err = blk_write_pattern(&b, 0, 64U << 10, seed);
	if (!err)
		err = blk_read_pattern(&b, 0, 64U << 10, seed);
	blk_close(&b);
	return err;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ops", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "file", required_argument, NULL, 'f' },
		{ "replay", required_argument, NULL, 'r' },
		{ NULL },
	};
	__u64 n = 20000, start;
	bool again = false;
	int c, err;

	seed = env_seed(env_now_ms());
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			n = strtoull(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			again = true;
			path = optarg;
			break;
		case 'f':
			path = optarg;
			break;
		default:
			return 2;
		}
	}
	if (!path)
		return 2;
	signal(SIGALRM, on_alarm);
	printf("# SEED=%llu\n", seed);
	fflush(stdout);
	start = env_now_ms();
	err = ops_open();
	if (!err)
		err = again ? replay() : generate(n);
	ops_close();
	if (!err)
		err = works();
	if (err) {
		show_last(strerror(-err));
		return 1;
	}
	printf("# %llu operations in %llu ms\n", done, env_now_ms() - start);
	return 0;
}

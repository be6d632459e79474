/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands, as const tables: what dispatches, checks arguments, prints help
 * and completes is made from them and from nothing else.
 */
#ifndef NVDPA_CMD_H
#define NVDPA_CMD_H

#include <stdbool.h>
#include <stdint.h>

struct args;

/* What a value is: how it is checked, shown in help and completed. */
enum arg_kind {
	/* A key word without a value. */
	ARG_FLAG,
	/* The name of something new, with the letters of a volume's name. */
	ARG_NAME,
	/* A volume that exists. */
	ARG_VOLUME,
	/* A vDPA device of ours: of a volume, or NAME@n1 of a namespace. */
	ARG_DEVICE,
	/* A controller that the driver has. */
	ARG_CTRL,
	/* An NVMe function that another driver, or none, has. */
	ARG_FUNCTION,
	/* See size.h. */
	ARG_SIZE,
	/* Decimal digits. */
	ARG_NUMBER,
};

/**
 * struct arg_spec - one argument of a command
 * @key: the word in front of its value; what code and help know it by
 * @kind: what its value is
 * @first: it comes before all others, as a value without its key. One that is
 *	not required may also be given with it: for a value that is a key itself
 * @required: the command is nothing without it
 * @min: least ARG_NUMBER or ARG_SIZE
 * @max: greatest one; 0 for any
 * @excludes: the key of one that cannot be given beside it, or NULL
 * @help: a line
 */
struct arg_spec {
	const char *key;
	enum arg_kind kind;
	bool first;
	bool required;
	uint64_t min;
	uint64_t max;
	const char *excludes;
	const char *help;
};

/**
 * struct command - what an object can be told to do
 * @name: the verb, or NULL: the object's name is the whole command
 * @help: a line
 * @args: those it takes, up to one without key; or NULL for none
 * @run: does it: 0, or a negative errno for which err_set() was called. What
 *	it gave to out.h is printed afterwards if it returned 0
 */
struct command {
	const char *name;
	const char *help;
	const struct arg_spec *args;
	int (*run)(const struct args *args);
};

/**
 * struct object - what commands are about
 * @name: the first word
 * @help: a line
 * @commands: up to one without @run
 */
struct object {
	const char *name;
	const char *help;
	const struct command *commands;
};

/* cmd_ctrl.c */
extern const struct object object_ctrl;
/* cmd_volume.c */
extern const struct object object_volume;
/* cmd_stats.c */
extern const struct object object_stats;
/* cmd_metrics.c */
extern const struct object object_metrics;
/* cmd_monitor.c */
extern const struct object object_monitor;

/* main.c: in the order of help, up to NULL. */
extern const struct object *const objects[];

#endif /* NVDPA_CMD_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* What was given to a command, checked against its table. */
#ifndef NVDPA_ARGS_H
#define NVDPA_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd.h"

/* No command takes more. */
#define ARGS_MAX 16

struct arg {
	/* NULL: not given. A flag's is its key. */
	const char *text;
	/* Of ARG_SIZE, in bytes, and of ARG_NUMBER. */
	uint64_t number;
};

struct args {
	const struct object *object;
	const struct command *command;
	/* In the order of the table. */
	struct arg values[ARGS_MAX];
};

/**
 * args_parse() - check the words behind a command
 * @args: out; its object and command are set
 * @words: ends with NULL
 *
 * Return: 0, or -EINVAL for which err_usage() was called.
 */
int args_parse(struct args *args, char *const words[]);

/** args_given() - whether @key was */
bool args_given(const struct args *args, const char *key);

/** args_text() - the value of @key as it was given, or NULL */
const char *args_text(const struct args *args, const char *key);

/** args_number() - the size in bytes or number given for @key, or @other */
uint64_t args_number(const struct args *args, const char *key, uint64_t other);

/**
 * args_nearest() - the word that was probably meant
 * @word: what was given
 * @words: ends with NULL
 *
 * Return: the one with the least edits, if they are few; or NULL.
 */
const char *args_nearest(const char *word, const char *const words[]);

#endif /* NVDPA_ARGS_H */

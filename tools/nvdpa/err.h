/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why the command failed. Whoever notices records it and returns a negative
 * errno, everybody above returns that unchanged, and main prints the record.
 * The first record stays: what fails while undoing is not the reason.
 */
#ifndef NVDPA_ERR_H
#define NVDPA_ERR_H

#include <stdbool.h>

struct err {
	/* 0: nothing is recorded. */
	int err;
	/* Called wrongly, which exits with 2. */
	bool usage;
	/* What is at fault: a key word, or an attribute of the kernel's; or empty. */
	char attribute[64];
	char message[512];
};

/**
 * err_set() - record a refusal
 * @err: errno, positive or negative
 * @attribute: what is at fault, or NULL
 * @format: a sentence that says what is wrong, with the value, and what to do;
 *	lower case, no full stop at its end
 *
 * Return: -@err as a negative number.
 */
__attribute__((format(printf, 3, 4)))
int err_set(int err, const char *attribute, const char *format, ...);

/**
 * err_usage() - record that the command line is wrong
 * @attribute: the word at fault, or NULL
 * @format: as for err_set()
 *
 * Return: -EINVAL.
 */
__attribute__((format(printf, 2, 3)))
int err_usage(const char *attribute, const char *format, ...);

/**
 * err_prefix() - say what a recorded refusal was about
 * @format: goes in front of the message, and a colon after it
 */
__attribute__((format(printf, 1, 2)))
void err_prefix(const char *format, ...);

/**
 * err_suffix() - say what can be done about a recorded refusal
 * @format: goes behind the message
 */
__attribute__((format(printf, 1, 2)))
void err_suffix(const char *format, ...);

/** err_clear() - forget a refusal that was expected and does no harm */
void err_clear(void);

/** err_get() - the record; its err is 0 when there is none */
const struct err *err_get(void);

/**
 * err_put() - record again what err_get() told before it was cleared
 * @why: a copy of that
 *
 * Return: its errno as a negative number.
 */
int err_put(const struct err *why);

#endif /* NVDPA_ERR_H */

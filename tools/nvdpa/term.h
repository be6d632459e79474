/* SPDX-License-Identifier: GPL-2.0 */
/* A terminal that shows one picture after the other. */
#ifndef NVDPA_TERM_H
#define NVDPA_TERM_H

#include <stdbool.h>

enum term_event {
	/* The time has come. */
	TERM_TIME,
	/* Draw again: it has another size, or was away. */
	TERM_REDRAW,
	/* The user, or who else ends processes, wants an end. */
	TERM_END,
};

struct term_size {
	unsigned int columns;
	unsigned int rows;
};

/** term_is() - whether stdout is a terminal that can */
bool term_is(void);

/**
 * term_enter() - take the screen
 *
 * Until term_leave(), signals that end or stop a process are term_wait()'s.
 *
 * Return: 0, or a negative errno for which err_set() was called.
 */
int term_enter(void);

/** term_leave() - give the screen back as it was */
void term_leave(void);

/** term_size() - as it is now */
struct term_size term_size(void);

/**
 * term_draw() - show a picture
 * @text: lines; what the screen has no room for is cut off
 * @titles: number of the line that is stressed, from 0
 */
void term_draw(const char *text, unsigned int titles);

/**
 * term_wait() - wait for something to happen
 * @until_ns: CLOCK_MONOTONIC of TERM_TIME
 */
enum term_event term_wait(unsigned long long until_ns);

#endif /* NVDPA_TERM_H */

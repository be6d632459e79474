/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that came from outside, such as a disk's model or a word of the command
 * line, must neither steer a terminal nor break JSON.
 */
#ifndef NVDPA_UTF8_H
#define NVDPA_UTF8_H

#include <stddef.h>

enum utf8_controls {
	/* None stays: for one line. */
	UTF8_LINE,
	/* Line breaks stay. */
	UTF8_LINES,
	/* All stay, for what escapes them itself. */
	UTF8_ESCAPED,
};

/**
 * utf8_clean() - put '?' in the place of what is not printable text
 * @text: changed in place
 * @controls: which control characters stay
 *
 * Return: @text.
 */
char *utf8_clean(char *text, enum utf8_controls controls);

/** utf8_width() - characters in @text, one column each */
size_t utf8_width(const char *text);

#endif /* NVDPA_UTF8_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that came from outside, such as a disk's model or a word of the command
 * line, must neither steer a terminal nor break JSON.
 */
#ifndef NVDPA_UTF8_H
#define NVDPA_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * utf8_clean() - put '?' in the place of what is not printable text
 * @text: changed in place
 * @controls: leave control characters, for what escapes them itself
 */
void utf8_clean(char *text, bool controls);

/** utf8_width() - characters in @text, one column each */
size_t utf8_width(const char *text);

#endif /* NVDPA_UTF8_H */

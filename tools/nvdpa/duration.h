/* SPDX-License-Identifier: GPL-2.0 */
/* Times, for people. */
#ifndef NVDPA_DURATION_H
#define NVDPA_DURATION_H

#include <stdint.h>

#define DURATION_TEXT 24

/**
 * duration_print() - write a time with three digits that count: 850ns, 1.02us
 * @ns: nanoseconds
 * @text: out
 *
 * Return: @text.
 */
const char *duration_print(uint64_t ns, char text[DURATION_TEXT]);

#endif /* NVDPA_DURATION_H */

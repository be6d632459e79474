/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes as people write them.
 *
 * A single letter and the names of IEC count in 1024: k K KiB, M MiB, G GiB,
 * T TiB, P PiB, E EiB. Those of SI, as vendors print them on a disk, count in
 * 1000: kB KB, MB, GB, TB, PB, EB. A number alone, or with B, is bytes. A
 * fraction is taken where it comes to whole bytes: 1.5TiB, 0.5k.
 */
#ifndef NVDPA_SIZE_H
#define NVDPA_SIZE_H

#include <stdint.h>

/* Enough for what size_print() and size_print_exact() write. */
#define SIZE_TEXT 24

/**
 * size_parse() - read a size
 * @text: all of it has to be the size
 * @bytes: out
 *
 * Return: 0, -EINVAL for what is no size or not whole bytes, -ERANGE for one
 * that does not fit in 64 bits.
 */
int size_parse(const char *text, uint64_t *bytes);

/**
 * size_print() - write a size for people, with at most three digits that count
 * @bytes: the size
 * @text: out
 *
 * In IEC units: 512B, 1.5GiB, 100GiB. Where digits were dropped it is rounded
 * down, so that nothing is promised that is not there.
 *
 * Return: @text.
 */
const char *size_print(uint64_t bytes, char text[SIZE_TEXT]);

/**
 * size_print_exact() - write a size so that size_parse() reads the same
 * @bytes: the size
 * @text: out
 *
 * For messages that name a limit: 1023KiB, 1536MiB, 1000B.
 *
 * Return: @text.
 */
const char *size_print_exact(uint64_t bytes, char text[SIZE_TEXT]);

#endif /* NVDPA_SIZE_H */

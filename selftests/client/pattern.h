/* SPDX-License-Identifier: GPL-2.0 */
/* Test data: every byte depends on its place on the disk and on a seed. */
#ifndef CLIENT_PATTERN_H
#define CLIENT_PATTERN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

void pattern_fill(void *buf, size_t len, __u64 disk_offset, __u64 seed);

/* 0, or -EILSEQ after saying where the first wrong byte is. */
int pattern_check(const void *buf, size_t len, __u64 disk_offset, __u64 seed);
/* The same, silently, for when one of several patterns may be there. */
bool pattern_matches(const void *buf, size_t len, __u64 disk_offset, __u64 seed);

/* 0, or -EILSEQ after saying where the first other byte is. */
int pattern_check_byte(const void *buf, size_t len, __u8 byte);

/* The repeatable random numbers of the seeded tests. */
__u64 random_next(__u64 *state);
__u64 random_below(__u64 *state, __u64 bound);

#endif /* CLIENT_PATTERN_H */

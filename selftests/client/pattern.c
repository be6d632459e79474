// SPDX-License-Identifier: GPL-2.0
#include "pattern.h"

#include <errno.h>
#include <string.h>

#include "env.h"

/* The eight bytes of the disk that start at word * 8 (splitmix64). */
static __u64 pattern_word(__u64 word, __u64 seed)
{
	__u64 z = (word + seed * 0x9e3779b97f4a7c15ULL) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	return z ^ (z >> 31);
}

static __u8 pattern_byte(__u64 disk_offset, __u64 seed)
{
	return pattern_word(disk_offset / 8, seed) >> (disk_offset % 8 * 8);
}

void pattern_fill(void *buf, size_t len, __u64 disk_offset, __u64 seed)
{
	__u8 *p = buf;
	__u64 word;

	for (; len && disk_offset % 8; len--)
		*p++ = pattern_byte(disk_offset++, seed);
	for (; len >= 8; len -= 8, p += 8, disk_offset += 8) {
		word = pattern_word(disk_offset / 8, seed);
		memcpy(p, &word, 8);
	}
	for (; len; len--)
		*p++ = pattern_byte(disk_offset++, seed);
}

/* The index of the first wrong byte, or len. */
static size_t pattern_find_wrong(const __u8 *p, size_t len, __u64 disk_offset,
				 __u64 seed)
{
	__u64 word;
	size_t i = 0;

	while (i < len) {
		if ((disk_offset + i) % 8 == 0 && len - i >= 8) {
			word = pattern_word((disk_offset + i) / 8, seed);
			if (!memcmp(p + i, &word, 8)) {
				i += 8;
				continue;
			}
		}
		if (p[i] != pattern_byte(disk_offset + i, seed))
			break;
		i++;
	}
	return i;
}

int pattern_check(const void *buf, size_t len, __u64 disk_offset, __u64 seed)
{
	const __u8 *p = buf;
	size_t i = pattern_find_wrong(p, len, disk_offset, seed);

	if (i == len)
		return 0;
	env_log("byte %zu of %zu, disk offset %llu, seed %llu: 0x%02x, not 0x%02x",
		i, len, disk_offset + i, seed, p[i],
		pattern_byte(disk_offset + i, seed));
	return -EILSEQ;
}

bool pattern_matches(const void *buf, size_t len, __u64 disk_offset, __u64 seed)
{
	return pattern_find_wrong(buf, len, disk_offset, seed) == len;
}

int pattern_check_byte(const void *buf, size_t len, __u8 byte)
{
	const __u8 *p = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] != byte) {
			env_log("byte %zu of %zu: 0x%02x, not 0x%02x", i, len,
				p[i], byte);
			return -EILSEQ;
		}
	}
	return 0;
}

__u64 random_next(__u64 *state)
{
	return pattern_word((*state)++, 0x5eed);
}

__u64 random_below(__u64 *state, __u64 bound)
{
	return random_next(state) % bound;
}

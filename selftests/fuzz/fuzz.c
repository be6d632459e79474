// SPDX-License-Identifier: GPL-2.0
#include "fuzz.h"

static const u8 *in_data;
static size_t in_size;

void in_init(const u8 *data, size_t size)
{
	in_data = data;
	in_size = size;
}

size_t in_left(void)
{
	return in_size;
}

u64 in_bytes(unsigned int n)
{
	u64 value = 0;

	for (unsigned int i = 0; i < n && in_size; i++) {
		value |= (u64)*in_data++ << 8 * i;
		in_size--;
	}
	return value;
}

u32 in_below(u32 n)
{
	if (n <= 1)
		return 0;
	return in_bytes(n <= 256 ? 1 : n <= 65536 ? 2 : 4) % n;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What the targets have in common: the input, and how they fail. */
#ifndef NVDPA_FUZZ_FUZZ_H
#define NVDPA_FUZZ_FUZZ_H

#include "check.h"
#include "kdep.h"

#define CHECK_EQ(got, want) do {					\
	unsigned long long got_ = (got), want_ = (want);		\
									\
	if (got_ != want_) {						\
		fprintf(stderr, "%s:%d: %s is %#llx, not %#llx\n",	\
			__FILE__, __LINE__, #got, got_, want_);		\
		abort();						\
	}								\
} while (0)

/* The input is read from its front; behind its end it is all 0. */
void in_init(const u8 *data, size_t size);
size_t in_left(void);
u64 in_bytes(unsigned int n);

static inline u8 in_u8(void)
{
	return in_bytes(1);
}

static inline u16 in_u16(void)
{
	return in_bytes(2);
}

static inline u32 in_u32(void)
{
	return in_bytes(4);
}

static inline u64 in_u64(void)
{
	return in_bytes(8);
}

/* From 0 to n - 1, of as few bytes as that takes. */
u32 in_below(u32 n);

/* Now and then: one in n, and never behind the end. */
static inline bool in_rarely(u32 n)
{
	return in_below(n) == n - 1;
}

#endif /* NVDPA_FUZZ_FUZZ_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small harness: TEST() registers itself, EXPECT*() report and go on, and
 * main() (tap.c) prints TAP and exits with 1 if a test failed.
 */
#ifndef NVDPA_UNIT_TAP_H
#define NVDPA_UNIT_TAP_H

#include "kdep.h"

struct tap_test {
	const char *room;
	const char *name;
	void (*run)(void);
	struct tap_test *next;
};

void tap_register(struct tap_test *test);

/* Counts a failure of the running test; only the first few are printed. */
void tap_fail(const char *file, int line, const char *what);
void tap_expect_eq(const char *file, int line, const char *what, u64 got,
		   u64 want);

/* Failures of the running test so far: to leave a random loop early. */
unsigned int tap_failures(void);

/* Repeatable: the same seed for each test. */
u64 tap_random(void);

/* From 0 to n - 1. */
u32 tap_below(u32 n);

/* Memory that ends where the sanitizer's red zone begins. */
void *tap_alloc(size_t size);

#define TEST(room_, name_)						\
	static void room_##_##name_(void);				\
	__attribute__((constructor))					\
	static void room_##_##name_##_register(void)			\
	{								\
		static struct tap_test test = {				\
			#room_, #name_, room_##_##name_, NULL		\
		};							\
									\
		tap_register(&test);					\
	}								\
	static void room_##_##name_(void)

#define EXPECT(condition) do {						\
	if (!(condition))						\
		tap_fail(__FILE__, __LINE__, #condition);		\
} while (0)

#define EXPECT_EQ(got, want)						\
	tap_expect_eq(__FILE__, __LINE__, #got, got, want)

#endif /* NVDPA_UNIT_TAP_H */

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#ifdef __clang__
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif

/* More would hide the first ones. */
#define SHOWN_FAILURES 5

static struct tap_test *first_test;
static struct tap_test **last_link = &first_test;
static unsigned int failures;
static u64 seed = 0x9e3779b97f4a7c15;
static u64 random_state;

void tap_register(struct tap_test *test)
{
	*last_link = test;
	last_link = &test->next;
}

void tap_fail(const char *file, int line, const char *what)
{
	if (failures++ < SHOWN_FAILURES)
		printf("# %s:%d: %s\n", file, line, what);
}

void tap_expect_eq(const char *file, int line, const char *what, u64 got,
		   u64 want)
{
	char text[256];

	if (got == want)
		return;
	snprintf(text, sizeof(text), "%s is %llu (0x%llx), not %llu (0x%llx)",
		 what, got, got, want, want);
	tap_fail(file, line, text);
}

unsigned int tap_failures(void)
{
	return failures;
}

/* splitmix64 */
u64 tap_random(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

u32 tap_below(u32 n)
{
	return tap_random() % n;
}

void *tap_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

static bool tap_selected(const struct tap_test *test, const char *only)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", test->room, test->name);
	return strstr(name, only);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	const char *given = getenv("SEED");
	unsigned int number = 0, failed = 0;
	struct tap_test *test;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (given && *given)
		seed = strtoull(given, NULL, 0);

	for (test = first_test; test; test = test->next)
		number += tap_selected(test, only);
	printf("TAP version 13\n# %s, SEED=0x%llx\n1..%u\n", COMPILER,
	       (unsigned long long)seed, number);

	number = 0;
	for (test = first_test; test; test = test->next) {
		if (!tap_selected(test, only))
			continue;
		failures = 0;
		random_state = seed;
		test->run();
		printf("%sok %u - %s.%s (%s)\n", failures ? "not " : "",
		       ++number, test->room, test->name, COMPILER);
		failed += failures > 0;
	}
	return failed > 0;
}

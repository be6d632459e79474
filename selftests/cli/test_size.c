// SPDX-License-Identifier: GPL-2.0
/* tools/nvdpa/size.c, duration.c: numbers that people write and read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "size.h"
#include "tap.h"

#define K 1024ull
#define M (K * K)
#define G (K * M)
#define T (K * G)

static void same(const char *what, const char *got, const char *want)
{
	char text[128];

	if (!strcmp(got, want))
		return;
	snprintf(text, sizeof(text), "%s is %s, not %s", what, got, want);
	tap_fail(__FILE__, __LINE__, text);
}

TEST(size, parses)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{ "0", 0 }, { "1", 1 }, { "512", 512 }, { "512B", 512 }, { "007", 7 },
		{ "4k", 4 * K }, { "4K", 4 * K }, { "4KiB", 4 * K }, { "4kiB", 4 * K },
		{ "4kB", 4000 }, { "4KB", 4000 }, { "1M", M }, { "1MiB", M },
		{ "1MB", 1000000 }, { "100G", 100 * G }, { "100GiB", 100 * G },
		{ "500GB", 500000000000 }, { "2T", 2 * T }, { "1TB", 1000000000000 },
		{ "1P", K * T }, { "1PB", 1000000000000000 }, { "1E", M * T },
		{ "15E", 15 * M * T }, { "18EB", 18000000000000000000ull },
		{ "1.5TiB", 3 * T / 2 }, { "0.5k", 512 }, { "1.0", 1 }, { "2.500kB", 2500 },
		{ "1.25G", 5 * G / 4 }, { "15.5E", 15 * M * T + M * T / 2 },
		{ "18446744073709551615", UINT64_MAX },
	};
	uint64_t bytes;
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		bytes = ~sizes[i].bytes;
		EXPECT_EQ(size_parse(sizes[i].text, &bytes), 0);
		if (bytes != sizes[i].bytes)
			tap_expect_eq(__FILE__, __LINE__, sizes[i].text, bytes,
				      sizes[i].bytes);
	}
}

TEST(size, refuses_nonsense)
{
	static const char *const texts[] = {
		"", " ", "k", "B", "GiB", "-1", "+1", " 1", "1 ", "1 k", "0x10", "1e3",
		"1.", ".5", "1.5", "1..5k", "1.5.5k", "1,5k", "1kk", "1kib", "1Kib",
		"1ib", "1iB", "1m", "1g", "1gb", "1Gb", "1GiBs", "1KBB", "1Z", "1Y",
		"1.0001k", "0.3k", "inf", "nan", "\xd9\xa1", "1.0000000000000000001E",
	};
	uint64_t bytes = 77;
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (size_parse(texts[i], &bytes) != -EINVAL)
			tap_fail(__FILE__, __LINE__, texts[i]);
		EXPECT_EQ(bytes, 77);
	}
}

TEST(size, refuses_what_does_not_fit)
{
	static const char *const texts[] = {
		"18446744073709551616", "99999999999999999999999999", "16E", "16EiB",
		"19EB", "16384P", "17179869184G", "18446744073709551615k", "16.5E",
		"18446744073709551616.5k", "18014398509481984k",
	};
	uint64_t bytes;
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (size_parse(texts[i], &bytes) != -ERANGE)
			tap_fail(__FILE__, __LINE__, texts[i]);
}

TEST(size, prints)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{ 0, "0B" }, { 1, "1B" }, { 1023, "1023B" }, { K, "1KiB" },
		{ 1536, "1.5KiB" }, { 1100, "1.07KiB" }, { 10 * K + 512, "10.5KiB" },
		{ 100 * K + 900, "100KiB" }, { M - 1, "1023KiB" }, { M, "1MiB" },
		{ 100 * G, "100GiB" }, { 3 * T / 2, "1.5TiB" }, { K * T, "1PiB" },
		{ 1000000000000, "931GiB" }, { UINT64_MAX, "15.9EiB" },
		{ K + 5, "1KiB" }, { 1034, "1KiB" }, { 1035, "1.01KiB" },
	};
	char text[SIZE_TEXT];
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		same("size", size_print(sizes[i].bytes, text), sizes[i].text);
}

/* What is printed is never more than what is there, and hardly less. */
TEST(size, prints_about_the_same)
{
	char text[SIZE_TEXT], one[SIZE_TEXT + 1], *end;
	uint64_t bytes, unit;
	double number;
	unsigned int i;

	for (i = 0; i < 100000 && !tap_failures(); i++) {
		bytes = tap_random() >> (tap_random() & 63);
		number = strtod(size_print(bytes, text), &end);
		snprintf(one, sizeof(one), "1%s", end);
		EXPECT_EQ(size_parse(one, &unit), 0);
		EXPECT(number * unit <= bytes * (1 + 1e-15));
		EXPECT(number * unit >= bytes * 0.99);
	}
}

TEST(size, prints_exactly_what_it_parses)
{
	char text[SIZE_TEXT];
	uint64_t bytes, again;
	unsigned int i;

	same("0", size_print_exact(0, text), "0B");
	same("1023 KiB", size_print_exact(1023 * K, text), "1023KiB");
	same("1.5 GiB", size_print_exact(3 * G / 2, text), "1536MiB");
	same("1000 B", size_print_exact(1000, text), "1000B");
	for (i = 0; i < 100000 && !tap_failures(); i++) {
		bytes = tap_random() << (tap_random() & 63);
		EXPECT_EQ(size_parse(size_print_exact(bytes, text), &again), 0);
		EXPECT_EQ(again, bytes);
	}
}

TEST(duration, prints)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} times[] = {
		{ 0, "0ns" }, { 999, "999ns" }, { 1000, "1.00us" }, { 1024, "1.02us" },
		{ 9994, "9.99us" }, { 9996, "10.0us" }, { 99960, "100us" },
		{ 999400, "999us" }, { 999600, "1.00ms" }, { 1000000000, "1.00s" },
		{ 68719476736, "68.7s" }, { 3600000000000, "3600s" },
	};
	char text[DURATION_TEXT];
	unsigned int i;

	for (i = 0; i < sizeof(times) / sizeof(*times); i++)
		same("duration", duration_print(times[i].ns, text), times[i].text);
	duration_print(UINT64_MAX, text);
}

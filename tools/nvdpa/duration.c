// SPDX-License-Identifier: GPL-2.0
#include "duration.h"

#include <inttypes.h>
#include <stdio.h>

/* Rounded to three digits, 999.6us are 1000us: those are 1.00ms. */
#define NEXT_UNIT 999.5

const char *duration_print(uint64_t ns, char text[DURATION_TEXT])
{
	static const char *const units[] = { "us", "ms", "s" };
	double value = ns / 1e3;
	unsigned int unit = 0;

	if (ns < 1000) {
		snprintf(text, DURATION_TEXT, "%" PRIu64 "ns", ns);
		return text;
	}
	while (value >= NEXT_UNIT && unit < 2) {
		value /= 1e3;
		unit++;
	}
	snprintf(text, DURATION_TEXT, "%.*f%s",
		 value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[unit]);
	return text;
}

// SPDX-License-Identifier: GPL-2.0
#include "size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits behind the point that are read; more of them are no whole bytes. */
#define FRACTION_DIGITS 18

static const char prefixes[] = "kMGTPE";

/* What @unit multiplies by; 0: it is none. */
static uint64_t size_unit(const char *unit)
{
	uint64_t base, factor = 1;
	const char *prefix;
	unsigned int i;

	if (!*unit || !strcmp(unit, "B"))
		return 1;
	prefix = strchr(prefixes, *unit == 'K' ? 'k' : *unit);
	if (!prefix)
		return 0;
	unit++;
	if (!*unit || !strcmp(unit, "iB"))
		base = 1024;
	else if (!strcmp(unit, "B"))
		base = 1000;
	else
		return 0;
	for (i = 0; i <= prefix - prefixes; i++)
		factor *= base;
	return factor;
}

/* Digits of @text as a number; its end, or NULL for one that is too big. */
static const char *size_digits(const char *text, uint64_t *number)
{
	*number = 0;
	for (; isdigit((unsigned char)*text); text++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, *text - '0', number))
			return NULL;
	}
	return text;
}

/* The bytes of a fraction: -EINVAL if they are not whole. */
static int size_fraction(const char *digits, size_t length, uint64_t factor,
			 uint64_t *bytes)
{
	unsigned __int128 number = 0, scale = 1;

	for (; length; digits++, length--) {
		number = number * 10 + (*digits - '0');
		scale *= 10;
	}
	number *= factor;
	if (number % scale)
		return -EINVAL;
	*bytes = number / scale;
	return 0;
}

int size_parse(const char *text, uint64_t *bytes)
{
	uint64_t whole, factor, part = 0;
	const char *point, *unit;
	size_t length = 0;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	point = text + strspn(text, "0123456789");
	if (*point == '.')
		length = strspn(point + 1, "0123456789");
	unit = *point == '.' ? point + 1 + length : point;
	if ((*point == '.' && !length) || length > FRACTION_DIGITS)
		return -EINVAL;
	factor = size_unit(unit);
	if (!factor)
		return -EINVAL;
	if (!size_digits(text, &whole))
		return -ERANGE;
	if (length && size_fraction(point + 1, length, factor, &part))
		return -EINVAL;
	if (__builtin_mul_overflow(whole, factor, &whole) ||
	    __builtin_add_overflow(whole, part, bytes))
		return -ERANGE;
	return 0;
}

const char *size_print_exact(uint64_t bytes, char text[SIZE_TEXT])
{
	uint64_t number = bytes;
	unsigned int unit = 0;

	while (number && number % 1024 == 0 && prefixes[unit]) {
		number /= 1024;
		unit++;
	}
	if (!unit)
		snprintf(text, SIZE_TEXT, "%" PRIu64 "B", number);
	else
		snprintf(text, SIZE_TEXT, "%" PRIu64 "%ciB", number,
			 unit == 1 ? 'K' : prefixes[unit - 1]);
	return text;
}

const char *size_print(uint64_t bytes, char text[SIZE_TEXT])
{
	unsigned int unit = 0, shift, whole, decimals, scale, part;

	if (bytes < 1024) {
		snprintf(text, SIZE_TEXT, "%" PRIu64 "B", bytes);
		return text;
	}
	while (unit < 5 && bytes >> 10 * (unit + 2))
		unit++;
	shift = 10 * (unit + 1);
	whole = bytes >> shift;
	decimals = whole < 10 ? 2 : whole < 100;
	scale = decimals == 2 ? 100 : decimals ? 10 : 1;
	part = (unsigned __int128)(bytes - ((uint64_t)whole << shift)) * scale >> shift;
	while (decimals && part % 10 == 0) {
		part /= 10;
		decimals--;
	}
	if (decimals)
		snprintf(text, SIZE_TEXT, "%u.%0*u%ciB", whole, decimals, part,
			 unit ? prefixes[unit] : 'K');
	else
		snprintf(text, SIZE_TEXT, "%u%ciB", whole, unit ? prefixes[unit] : 'K');
	return text;
}

// SPDX-License-Identifier: GPL-2.0
#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the sequence that begins at @c; 0: it is none. */
static unsigned int utf8_length(const unsigned char *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int length, i;
	uint32_t code;

	if (*c < 0x80)
		return 1;
	length = *c >= 0xf0 && *c < 0xf8 ? 4 : *c >= 0xe0 ? 3 : 2;
	if (*c < 0xc0 || *c >= 0xf8)
		return 0;
	code = *c & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

/* Of one byte, or of two: C1 has controls, too. */
static bool utf8_is_control(const unsigned char *c)
{
	return *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0);
}

static bool utf8_stays(const unsigned char *c, enum utf8_controls controls)
{
	return controls == UTF8_ESCAPED || (controls == UTF8_LINES && *c == '\n') ||
	       !utf8_is_control(c);
}

char *utf8_clean(char *text, enum utf8_controls controls)
{
	unsigned char *c = (unsigned char *)text;
	unsigned int length;

	for (; *c; c += length) {
		length = utf8_length(c);
		if (length && utf8_stays(c, controls))
			continue;
		*c = '?';
		length = 1;
	}
	return text;
}

size_t utf8_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

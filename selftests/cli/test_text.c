// SPDX-License-Identifier: GPL-2.0
/* tools/nvdpa/utf8.c, table.c, args.c: text that comes in and goes out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "table.h"
#include "tap.h"
#include "utf8.h"

static void cleaned(const char *text, enum utf8_controls controls, const char *want)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	if (strcmp(utf8_clean(copy, controls), want))
		tap_fail(__FILE__, __LINE__, want);
}

TEST(utf8, cleans)
{
	cleaned("plain ~", UTF8_LINE, "plain ~");
	cleaned("gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80", UTF8_LINE,
		"gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80");
	cleaned("a\033[31mb\n\t\x7f", UTF8_LINE, "a?[31mb???");
	cleaned("a\033b\nc", UTF8_LINES, "a?b\nc");
	cleaned("a\033b\nc", UTF8_ESCAPED, "a\033b\nc");
	/* Cut short, alone, too long for what it means, surrogate, too great. */
	cleaned("\xc3", UTF8_ESCAPED, "?");
	cleaned("\xe2\x82", UTF8_ESCAPED, "??");
	cleaned("\x80\xbf", UTF8_ESCAPED, "??");
	cleaned("\xc0\xaf", UTF8_ESCAPED, "??");
	cleaned("\xe0\x80\x80", UTF8_ESCAPED, "???");
	cleaned("\xed\xa0\x80", UTF8_ESCAPED, "???");
	cleaned("\xf4\x90\x80\x80", UTF8_ESCAPED, "????");
	cleaned("\xff\xfe", UTF8_ESCAPED, "??");
	/* The second set of control characters. */
	cleaned("\xc2\x9b" "31m", UTF8_LINE, "??31m");
	cleaned("\xc2\xa0", UTF8_LINE, "\xc2\xa0");
}

TEST(utf8, columns)
{
	EXPECT_EQ(utf8_width(""), 0);
	EXPECT_EQ(utf8_width("abc"), 3);
	EXPECT_EQ(utf8_width("gr\xc3\xb6\xc3\x9f" "e"), 5);
}

static char *printed(const struct table *table,
		     void (*print)(const struct table *table, FILE *to))
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	print(table, to);
	fclose(to);
	return text;
}

TEST(table, aligns)
{
	struct table *table = table_new();
	char *text;

	table_row(table);
	table_cell(table, "NAME", TABLE_LEFT, "a");
	table_cell(table, "SIZE", TABLE_RIGHT, "1");
	table_row(table);
	table_cell(table, "NAME", TABLE_LEFT, "longer");
	table_cell(table, "SIZE", TABLE_RIGHT, "12345");
	table_cell(table, "LATE", TABLE_LEFT, "x");
	text = printed(table, table_print);
	EXPECT(!strcmp(text, "NAME     SIZE  LATE\n"
			     "a           1  -\n"
			     "longer  12345  x\n"));
	free(text);
	text = printed(table, table_print_records);
	EXPECT(!strcmp(text, "NAME  a\n"
			     "SIZE  1\n"
			     "\n"
			     "NAME  longer\n"
			     "SIZE  12345\n"
			     "LATE  x\n"));
	free(text);
	table_clear(table);
	text = printed(table, table_print);
	EXPECT(!*text);
	free(text);
	table_free(table);
	table_free(NULL);
}

TEST(args, guess)
{
	static const char *const words[] = {
		"ctrl", "volume", "stats", "metrics", "monitor", NULL
	};
	static const char *const none[] = { NULL };
	static const struct {
		const char *word;
		const char *nearest;
	} cases[] = {
		{ "volumes", "volume" }, { "vol", "volume" }, { "vloume", "volume" },
		{ "Volume", "volume" }, { "ctl", "ctrl" }, { "cntrl", "ctrl" },
		{ "stat", "stats" }, { "m", "metrics" }, { "mo", "monitor" },
		{ "monitpr", "monitor" }, { "zebra", NULL }, { "", NULL },
		{ "xy", NULL }, { "a very long word that nobody would call an object", NULL },
	};
	const char *got;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		got = args_nearest(cases[i].word, words);
		if (strcmp(got ?: "none", cases[i].nearest ?: "none"))
			tap_fail(__FILE__, __LINE__, cases[i].word);
	}
	EXPECT(!args_nearest("x", none));
}

// SPDX-License-Identifier: GPL-2.0
#include "args.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "model.h"
#include "size.h"

/* A guess that is further away than this is none. */
#define NEAR 2

/* Longer words are never near. */
#define NEAR_LENGTH 31

/* Of the first i characters of @a and the first j of @b, for each i and j. */
struct edits {
	const char *a;
	const char *b;
	unsigned int cost[NEAR_LENGTH + 1][NEAR_LENGTH + 1];
};

static unsigned int edits_least(unsigned int one, unsigned int other)
{
	return one < other ? one : other;
}

static bool edits_is_swap(const struct edits *edits, size_t i, size_t j)
{
	const char *a = edits->a + i, *b = edits->b + j;

	return i > 1 && j > 1 && a[-1] == b[-2] && a[-2] == b[-1];
}

static unsigned int edits_cost(const struct edits *edits, size_t i, size_t j)
{
	unsigned int least;
	bool differ;

	if (!i || !j)
		return i + j;
	differ = edits->a[i - 1] != edits->b[j - 1];
	least = edits->cost[i - 1][j - 1] + differ;
	least = edits_least(least, edits->cost[i - 1][j] + 1);
	least = edits_least(least, edits->cost[i][j - 1] + 1);
	if (edits_is_swap(edits, i, j))
		least = edits_least(least, edits->cost[i - 2][j - 2] + 1);
	return least;
}

/* Characters inserted, removed, changed, or swapped with their neighbour. */
static unsigned int args_edits(const char *a, const char *b)
{
	struct edits edits = { .a = a, .b = b };
	size_t i, j, la = strlen(a), lb = strlen(b);

	if (la > NEAR_LENGTH || lb > NEAR_LENGTH)
		return NEAR_LENGTH;
	for (i = 0; i <= la; i++)
		for (j = 0; j <= lb; j++)
			edits.cost[i][j] = edits_cost(&edits, i, j);
	return edits.cost[la][lb];
}

const char *args_nearest(const char *word, const char *const words[])
{
	/* Of a short word, something has to be right. */
	unsigned int edits, least = strlen(word) <= NEAR ? 1 : NEAR;
	const char *nearest = NULL;

	for (; *words; words++) {
		/* What was cut short is meant, too. */
		edits = *word && !strncmp(*words, word, strlen(word)) ?
			1 : args_edits(word, *words);
		if (edits < least || (edits == least && !nearest)) {
			nearest = *words;
			least = edits;
		}
	}
	return nearest;
}

/* One of the table that has a value or is a flag, by its word. */
static int args_find(const struct command *command, const char *key)
{
	int i;

	for (i = 0; command->args && command->args[i].key; i++)
		if (!strcmp(command->args[i].key, key))
			return i;
	return -1;
}

static const struct arg *args_arg(const struct args *args, const char *key)
{
	int i = args_find(args->command, key);

	/* A command asks for what its own table has. */
	if (i < 0)
		abort();
	return &args->values[i];
}

bool args_given(const struct args *args, const char *key)
{
	return args_arg(args, key)->text;
}

const char *args_text(const struct args *args, const char *key)
{
	return args_arg(args, key)->text;
}

uint64_t args_number(const struct args *args, const char *key, uint64_t other)
{
	const struct arg *arg = args_arg(args, key);

	return arg->text ? arg->number : other;
}

static int args_range(const struct arg_spec *spec, const struct arg *arg)
{
	char min[SIZE_TEXT], max[SIZE_TEXT];

	if (arg->number >= spec->min && (!spec->max || arg->number <= spec->max))
		return 0;
	if (spec->kind == ARG_SIZE) {
		size_print_exact(spec->min, min);
		size_print_exact(spec->max, max);
	} else {
		snprintf(min, sizeof(min), "%" PRIu64, spec->min);
		snprintf(max, sizeof(max), "%" PRIu64, spec->max);
	}
	if (!spec->max)
		return err_usage(spec->key, "%s %s is too small: it is %s at least",
				 spec->key, arg->text, min);
	return err_usage(spec->key, "%s %s is out of range: it is %s to %s",
			 spec->key, arg->text, min, max);
}

static int args_size(const struct arg_spec *spec, struct arg *arg)
{
	int err = size_parse(arg->text, &arg->number);

	if (err == -ERANGE)
		return err_usage(spec->key, "%s %s does not fit in 64 bits",
				 spec->key, arg->text);
	if (err)
		return err_usage(spec->key,
				 "%s '%s' is no size: give bytes, or a number with a unit, such as 100GiB, 1.5TiB, 4k, 500GB",
				 spec->key, arg->text);
	return args_range(spec, arg);
}

static int args_digits(const struct arg_spec *spec, struct arg *arg)
{
	char *end;

	errno = 0;
	arg->number = strtoull(arg->text, &end, 10);
	if (!isdigit((unsigned char)*arg->text) || *end)
		return err_usage(spec->key,
				 "%s '%s' is no number: give decimal digits",
				 spec->key, arg->text);
	if (errno)
		arg->number = UINT64_MAX;
	return args_range(spec, arg);
}

static bool args_name_char(char c)
{
	return isascii(c) && (isalnum((unsigned char)c) || strchr("._-", c));
}

static int args_name(const struct arg_spec *spec, const struct arg *arg)
{
	const char *c;

	for (c = arg->text; *c && args_name_char(*c); c++)
		;
	if (*c || !*arg->text || strlen(arg->text) > NVME_VDPA_VOLUME_NAME_MAX)
		return err_usage(spec->key,
				 "'%s' cannot be a volume's name: it is 1 to %d of A-Z a-z 0-9 . _ -",
				 arg->text, NVME_VDPA_VOLUME_NAME_MAX);
	if (strspn(arg->text, ".") == strlen(arg->text))
		return err_usage(spec->key,
				 "'%s' cannot be a volume's name: it has only dots",
				 arg->text);
	return 0;
}

/* Longer ones are behind a bridge of their own, as Intel's VMD makes it. */
#define PCI_DOMAIN_DIGITS 4
#define PCI_DOMAIN_DIGITS_MAX 8

static bool args_is_hex(char c)
{
	return isdigit((unsigned char)c) || (c >= 'a' && c <= 'f');
}

/* Behind the domain: BB:DD.F. */
static bool args_is_function(const char *text)
{
	static const char format[] = ":xx:xx.d";
	const char *f;

	for (f = format; *f; f++, text++) {
		if (*f == 'x' ? !args_is_hex(*text) :
		    *f == 'd' ? *text < '0' || *text > '7' : *text != *f)
			return false;
	}
	return !*text;
}

/* pci/DDDD:BB:DD.F, as the kernel writes it. */
static int args_pci(const struct arg_spec *spec, const struct arg *arg)
{
	static const char bus[] = "pci/";
	const char *domain = "";
	size_t digits = 0;

	if (!strncmp(arg->text, bus, strlen(bus)))
		domain = arg->text + strlen(bus);
	while (args_is_hex(domain[digits]))
		digits++;
	if (digits >= PCI_DOMAIN_DIGITS && digits <= PCI_DOMAIN_DIGITS_MAX &&
	    (digits == PCI_DOMAIN_DIGITS || *domain != '0') &&
	    args_is_function(domain + digits))
		return 0;
	return err_usage(spec->key,
			 "'%s' cannot be a controller: its name is like pci/0000:01:00.0",
			 arg->text);
}

static int args_value(const struct arg_spec *spec, struct arg *arg,
		      const char *text)
{
	if (arg->text)
		return err_usage(spec->key, "%s is given twice", spec->key);
	arg->text = text;
	switch (spec->kind) {
	case ARG_NAME:
	case ARG_VOLUME:
		return args_name(spec, arg);
	case ARG_CTRL:
	case ARG_FUNCTION:
		return args_pci(spec, arg);
	case ARG_SIZE:
		return args_size(spec, arg);
	case ARG_NUMBER:
		return args_digits(spec, arg);
	case ARG_DEVICE:
	case ARG_FLAG:
		break;
	}
	return 0;
}

static int args_unknown(const struct args *args, const char *word)
{
	const char *words[ARGS_MAX + 1] = {}, *nearest;
	const struct arg_spec *spec = args->command->args;
	unsigned int i, n = 0;

	for (i = 0; spec && spec[i].key && n < ARGS_MAX; i++)
		if (!spec[i].first)
			words[n++] = spec[i].key;
	nearest = args_nearest(word, words);
	if (nearest)
		return err_usage(word, "unknown argument '%s': did you mean '%s'?",
				 word, nearest);
	return err_usage(word, "unknown argument '%s': see 'nvdpa %s%s%s help'", word,
			 args->object->name, args->command->name ? " " : "",
			 args->command->name ?: "");
}

/* The values that come first: true when @word is one. */
static bool args_take_first(struct args *args, unsigned int i, const char *word,
			    int *err)
{
	const struct arg_spec *spec = args->command->args;

	if (!spec || !spec[i].key || !spec[i].first)
		return false;
	if (!spec[i].required && args_find(args->command, word) >= 0)
		return false;
	*err = args_value(&spec[i], &args->values[i], word);
	return true;
}

/* A key with its value; returns the words that it takes. */
static int args_take_key(struct args *args, char *const words[])
{
	const struct arg_spec *spec;
	int err, i = args_find(args->command, words[0]);

	if (i < 0)
		return args_unknown(args, words[0]);
	spec = &args->command->args[i];
	if (spec->first && spec->required)
		return args_unknown(args, words[0]);
	if (spec->kind == ARG_FLAG) {
		err = args_value(spec, &args->values[i], spec->key);
		return err ?: 1;
	}
	if (!words[1])
		return err_usage(spec->key, "%s wants a value: %s", spec->key,
				 spec->help);
	err = args_value(spec, &args->values[i], words[1]);
	return err ?: 2;
}

static int args_complete(const struct args *args)
{
	const struct arg_spec *spec = args->command->args;
	unsigned int i;

	for (i = 0; spec && spec[i].key; i++) {
		if (spec[i].required && !args->values[i].text)
			return err_usage(spec[i].key, "%s is missing: %s",
					 spec[i].key, spec[i].help);
		if (spec[i].excludes && args->values[i].text &&
		    args_given(args, spec[i].excludes))
			return err_usage(spec[i].key,
					 "%s and %s exclude one another",
					 spec[i].key, spec[i].excludes);
	}
	return 0;
}

int args_parse(struct args *args, char *const words[])
{
	unsigned int i;
	int err = 0;

	memset(args->values, 0, sizeof(args->values));
	for (i = 0; *words && args_take_first(args, i, *words, &err); i++, words++)
		if (err)
			return err;
	while (*words) {
		err = args_take_key(args, words);
		if (err < 0)
			return err;
		words += err;
	}
	return args_complete(args);
}

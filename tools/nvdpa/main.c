// SPDX-License-Identifier: GPL-2.0
/* nvdpa: NVMe disks carved into volumes for vDPA devices. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "err.h"
#include "help.h"
#include "ipc.h"
#include "out.h"

enum {
	EXIT_DONE,
	EXIT_REFUSED,
	EXIT_USAGE,
};

/* More words than any table has. */
#define WORDS_MAX 16

const struct object *const objects[] = {
	&object_ctrl,
	&object_volume,
	&object_stats,
	&object_metrics,
	&object_monitor,
	NULL
};

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "-h") ||
	       !strcmp(word, "--help");
}

static bool is_version(const char *word)
{
	return !strcmp(word, "-V") || !strcmp(word, "--version");
}

static int unknown(const char *what, const char *word, const char *const words[],
		   const char *where)
{
	const char *nearest = args_nearest(word, words);

	if (nearest)
		return err_usage(word, "unknown %s '%s': did you mean '%s'?",
				 what, word, nearest);
	return err_usage(word, "unknown %s '%s': see '%s'", what, word, where);
}

static const struct object *find_object(const char *word)
{
	const char *words[WORDS_MAX + 1] = {};
	unsigned int i;

	for (i = 0; objects[i]; i++) {
		if (!strcmp(objects[i]->name, word))
			return objects[i];
		words[i] = objects[i]->name;
	}
	words[i] = "help";
	unknown("object", word, words, "nvdpa help");
	return NULL;
}

static const struct command *find_command(const struct object *object,
					  const char *word)
{
	const char *words[WORDS_MAX + 1] = {};
	char where[64];
	unsigned int i;

	for (i = 0; object->commands[i].run; i++) {
		if (!strcmp(object->commands[i].name, word))
			return &object->commands[i];
		words[i] = object->commands[i].name;
	}
	words[i] = "help";
	snprintf(where, sizeof(where), "nvdpa %s help", object->name);
	unknown("command", word, words, where);
	return NULL;
}

static int run_command(const struct object *object,
		       const struct command *command, char *const words[])
{
	struct args args = { .object = object, .command = command };
	int err;

	if (words[0] && is_help(words[0]) && !words[1]) {
		help_command(object, command);
		return 0;
	}
	err = args_parse(&args, words);
	return err ?: command->run(&args);
}

static int run_object(const struct object *object, char *const words[])
{
	const struct command *command = object->commands;

	if (command->run && !command->name)
		return run_command(object, command, words);
	if (!words[0])
		return err_usage(NULL, "%s wants a command: see 'nvdpa %s help'",
				 object->name, object->name);
	if (is_help(words[0])) {
		help_object(object);
		return 0;
	}
	command = find_command(object, words[0]);
	return command ? run_command(object, command, words + 1) : -EINVAL;
}

static int run(char *const words[])
{
	const struct object *object;

	if (!words[0]) {
		if (!out_is_json())
			help_usage();
		return err_usage(NULL, "an object is missing: see 'nvdpa help'");
	}
	if (is_help(words[0])) {
		help_tool();
		return 0;
	}
	if (is_version(words[0])) {
		out_object();
		out_text("version", NULL, VERSION);
		out_line("nvdpa " VERSION);
		return 0;
	}
	object = find_object(words[0]);
	return object ? run_object(object, words + 1) : -EINVAL;
}

/* The letters of options that go together in one word. */
static bool option_letters(const char *letters, bool *json, bool *pretty)
{
	const char *letter;

	for (letter = letters; *letter; letter++) {
		if (*letter == 'j')
			*json = true;
		else if (*letter == 'p')
			*pretty = true;
		else
			return false;
	}
	return letter != letters;
}

static int option(const char *word, bool *json, bool *pretty)
{
	if (!strcmp(word, "--json"))
		*json = true;
	else if (!strcmp(word, "--pretty"))
		*pretty = true;
	else if (word[1] == '-' || !option_letters(word + 1, json, pretty))
		return err_usage(word, "unknown option '%s': see 'nvdpa help'", word);
	return 0;
}

/* Those of the tool, in front of the object; returns what is behind them. */
static char **options(char *words[], int *err)
{
	bool json = false, pretty = false;

	for (*err = 0; *words && **words == '-' && !*err; words++) {
		if (is_help(*words) || is_version(*words))
			break;
		*err = option(*words, &json, &pretty);
		if (json)
			out_init(pretty ? OUT_JSON_PRETTY : OUT_JSON);
	}
	return words;
}

int main(int argc, char *argv[])
{
	char **words;
	int err;

	/* Without even a name, there is nothing behind it. */
	words = options(argc ? argv + 1 : argv, &err);
	if (!err)
		err = run(words);
	ipc_close();
	if (!err)
		err = out_flush();
	if (!err)
		return EXIT_DONE;
	err_set(err, NULL, "%s", strerror(-err));
	out_error(err_get());
	return err_get()->usage ? EXIT_USAGE : EXIT_REFUSED;
}

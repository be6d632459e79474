// SPDX-License-Identifier: GPL-2.0
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

/* Lines are no longer. */
#define COLUMNS 80

/* Columns in front of what continues or explains a line. */
#define INDENT 16

/* A synopsis. */
#define SYNOPSIS 512

struct help_kind {
	/* How completion knows it. */
	const char *key;
	/* How people see its value. */
	const char *value;
};

static const struct help_kind kinds[] = {
	[ARG_FLAG] = { "flag", NULL },
	[ARG_NAME] = { "name", "NAME" },
	[ARG_VOLUME] = { "volume", "NAME" },
	[ARG_DEVICE] = { "device", "VOLUME" },
	[ARG_CTRL] = { "controller", "CTRL" },
	[ARG_FUNCTION] = { "function", "CTRL" },
	[ARG_SIZE] = { "size", "SIZE" },
	[ARG_NUMBER] = { "number", "N" },
};

/* An argument as it is typed. */
static void help_arg(const struct arg_spec *spec, char *text, size_t size)
{
	const char *value = kinds[spec->kind].value;

	if (!value)
		snprintf(text, size, "%s", spec->key);
	else if (spec->first)
		snprintf(text, size, "%s", value);
	else
		snprintf(text, size, "%s %s", spec->key, value);
}

/* With brackets, and with the one after it if they exclude one another. */
static const struct arg_spec *help_synopsis_arg(const struct arg_spec *spec,
						char *text, size_t size)
{
	char one[64], other[64];

	help_arg(spec, one, sizeof(one));
	if (spec->excludes && spec[1].key && !strcmp(spec->excludes, spec[1].key)) {
		help_arg(spec + 1, other, sizeof(other));
		snprintf(text, size, " [%s|%s]", one, other);
		return spec + 2;
	}
	snprintf(text, size, spec->required ? " %s" : " [%s]", one);
	return spec + 1;
}

static void help_synopsis(const struct object *object,
			  const struct command *command)
{
	const struct arg_spec *spec = command->args;
	char line[SYNOPSIS], arg[160];
	size_t column;

	column = snprintf(line, sizeof(line), "  nvdpa %s%s%s", object->name,
			  command->name ? " " : "", command->name ?: "");
	while (spec && spec->key) {
		spec = help_synopsis_arg(spec, arg, sizeof(arg));
		if (column + strlen(arg) > COLUMNS) {
			out_line("%s", line);
			column = snprintf(line, sizeof(line), "%*s", INDENT - 1, "");
		}
		column += snprintf(line + column, sizeof(line) - column, "%s", arg);
	}
	out_line("%s", line);
}

static void help_synopses(const struct object *object)
{
	const struct command *command;

	for (command = object->commands; command->run; command++) {
		help_synopsis(object, command);
		out_line("%*s%s", INDENT, "", command->help);
	}
}

static void help_json_command(const struct command *command)
{
	const struct arg_spec *spec;

	out_row();
	if (command->name)
		out_text("command", NULL, command->name);
	else
		out_none("command", NULL);
	out_text("help", NULL, command->help);
	out_open_array("arguments");
	for (spec = command->args; spec && spec->key; spec++) {
		out_row();
		out_text("key", NULL, spec->key);
		out_text("kind", NULL, kinds[spec->kind].key);
		out_bool("first", NULL, spec->first, NULL, NULL);
		out_bool("required", NULL, spec->required, NULL, NULL);
		out_text("help", NULL, spec->help);
	}
	out_close();
}

/* Of one command, or of all. */
static void help_json_object(const struct object *object,
			     const struct command *only)
{
	const struct command *command;

	out_row();
	out_text("object", NULL, object->name);
	out_text("help", NULL, object->help);
	out_open_array("commands");
	for (command = object->commands; command->run; command++)
		if (!only || only == command)
			help_json_command(command);
	out_close();
}

/* Of one object, or of all. */
static void help_json(const struct object *only, const struct command *command)
{
	const struct object *const *object;

	out_begin("objects", OUT_TABLE);
	for (object = objects; *object; object++)
		if (!only || only == *object)
			help_json_object(*object, command);
	out_end();
}

static void help_text(void)
{
	const struct object *const *object;

	out_line("usage: nvdpa [-j] [-p] OBJECT COMMAND [KEY VALUE]...\n"
		 "       nvdpa -h | --help | -V | --version\n"
		 "\n"
		 "Carves volumes out of NVMe disks, for vDPA devices.\n"
		 "\n"
		 "objects:");
	for (object = objects; *object; object++)
		out_line("  %-*s%s", INDENT - 2, (*object)->name, (*object)->help);
	out_line("\ncommands:");
	for (object = objects; *object; object++)
		help_synopses(*object);
	out_line("\n"
		 "  -j, --json    JSON on stdout, errors too\n"
		 "  -p, --pretty  with -j: for people's eyes\n"
		 "\n"
		 "'help' behind an object or a command tells more.");
}

void help_tool(void)
{
	if (out_is_json())
		help_json(NULL, NULL);
	else
		help_text();
}

void help_object(const struct object *object)
{
	if (out_is_json()) {
		help_json(object, NULL);
		return;
	}
	out_line("%s: %s\n\ncommands:", object->name, object->help);
	help_synopses(object);
}

void help_command(const struct object *object, const struct command *command)
{
	const struct arg_spec *spec = command->args;
	char text[64];

	if (out_is_json()) {
		help_json(object, command);
		return;
	}
	out_line("%s\n", command->help);
	help_synopsis(object, command);
	if (spec && spec->key)
		out_line("%s", "");
	for (; spec && spec->key; spec++) {
		help_arg(spec, text, sizeof(text));
		out_line("  %-*s%s", INDENT, text, spec->help);
	}
}

void help_usage(void)
{
	help_text();
	out_flush_to(stderr);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Help, made from the tables of commands. */
#ifndef NVDPA_HELP_H
#define NVDPA_HELP_H

#include "cmd.h"

/* To out.h; in JSON, the tables themselves: for completion and tests. */

/** help_tool() - all objects */
void help_tool(void);

/** help_object() - an object's commands */
void help_object(const struct object *object);

/** help_command() - a command's arguments, each with its line */
void help_command(const struct object *object, const struct command *command);

/** help_usage() - the same as help_tool(), at once, for people, on stderr */
void help_usage(void);

#endif /* NVDPA_HELP_H */

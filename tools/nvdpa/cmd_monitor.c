// SPDX-License-Identifier: GPL-2.0
/* Events, as they happen. */
#include "cmd.h"

static const struct command commands[] = {
	{ }
};

const struct object object_monitor = {
	.name = "monitor",
	.help = "events, as they happen",
	.commands = commands,
};

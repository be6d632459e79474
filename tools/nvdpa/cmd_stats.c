// SPDX-License-Identifier: GPL-2.0
/* Statistics of vDPA devices: shown once, or live. */
#include "cmd.h"

static const struct command commands[] = {
	{ }
};

const struct object object_stats = {
	.name = "stats",
	.help = "what vDPA devices did, and how long it took",
	.commands = commands,
};

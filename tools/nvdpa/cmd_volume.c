// SPDX-License-Identifier: GPL-2.0
/* Volumes: named ranges of a namespace. */
#include "cmd.h"

static const struct command commands[] = {
	{ }
};

const struct object object_volume = {
	.name = "volume",
	.help = "named parts of a disk, each for one vDPA device",
	.commands = commands,
};

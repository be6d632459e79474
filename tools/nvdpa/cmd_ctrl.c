// SPDX-License-Identifier: GPL-2.0
/* Controllers: taken from the nvme driver, given back, shown. */
#include "cmd.h"

static const struct command commands[] = {
	{ }
};

const struct object object_ctrl = {
	.name = "ctrl",
	.help = "NVMe controllers that the driver nvme_vdpa has",
	.commands = commands,
};

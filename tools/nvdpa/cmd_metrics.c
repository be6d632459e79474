// SPDX-License-Identifier: GPL-2.0
/* Statistics for a monitoring system. */
#include "cmd.h"

static const struct command commands[] = {
	{ }
};

const struct object object_metrics = {
	.name = "metrics",
	.help = "statistics in the OpenMetrics text format",
	.commands = commands,
};

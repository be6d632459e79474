// SPDX-License-Identifier: GPL-2.0
#include "health.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "out.h"

#define ZERO_CELSIUS_KELVIN 273
#define WARNINGS_TEXT 160

/* By bit, as the NVMe base specification has them. */
static const char *const warnings[] = {
	"spare",
	"temperature",
	"reliability",
	"read-only",
	"volatile memory backup",
	"persistent memory",
};

#define NR_WARNINGS (sizeof(warnings) / sizeof(*warnings))

static void health_warnings(const struct health *health, char text[WARNINGS_TEXT])
{
	size_t i, length = 0;

	*text = '\0';
	for (i = 0; i < NR_WARNINGS; i++)
		if (health->warning & 1u << i)
			length += (size_t)snprintf(text + length, WARNINGS_TEXT - length, "%s%s",
						   length ? ", " : "", warnings[i]);
}

static void health_tell_warnings(const struct health *health)
{
	char text[WARNINGS_TEXT];
	size_t i;

	health_warnings(health, text);
	out_text(NULL, "WARNING", *text ? text : "none");
	out_open_array("critical_warning");
	for (i = 0; i < NR_WARNINGS; i++)
		if (out_is_json() && health->warning & 1u << i)
			out_text(NULL, NULL, warnings[i]);
	out_close();
}

static void health_tell_temperature(const struct health *health)
{
	char text[32];

	if (!health->temperature_kelvin) {
		out_none("temperature_kelvin", out_at_length("TEMPERATURE"));
		return;
	}
	out_number("temperature_kelvin", NULL, health->temperature_kelvin);
	snprintf(text, sizeof(text), "%d C",
		 (int)health->temperature_kelvin - ZERO_CELSIUS_KELVIN);
	out_text(NULL, out_at_length("TEMPERATURE"), text);
}

static void health_tell_percent(const char *key, const char *title, uint32_t percent)
{
	out_number_as(key, title, percent, "%u%%", percent);
}

void health_tell(const struct health *health)
{
	if (!health || !health->known) {
		out_none("critical_warning", "WARNING");
		out_none("temperature_kelvin", out_at_length("TEMPERATURE"));
		out_none("available_spare_percent", out_at_length("SPARE"));
		out_none("spare_threshold_percent", NULL);
		out_none("used_percent", out_at_length("USED"));
		return;
	}
	health_tell_warnings(health);
	health_tell_temperature(health);
	health_tell_percent("available_spare_percent", out_at_length("SPARE"),
			    health->spare_percent);
	out_number("spare_threshold_percent", NULL, health->spare_threshold_percent);
	health_tell_percent("used_percent", out_at_length("USED"), health->used_percent);
}

void health_line(const struct health *health, char *line, int size)
{
	char text[WARNINGS_TEXT];

	if (!health->known) {
		snprintf(line, (size_t)size, "unknown");
		return;
	}
	health_warnings(health, text);
	snprintf(line, (size_t)size, "%s%s, %d C, spare %u%%, used %u%%",
		 *text ? "warning: " : "good", text,
		 (int)health->temperature_kelvin - ZERO_CELSIUS_KELVIN, health->spare_percent,
		 health->used_percent);
}

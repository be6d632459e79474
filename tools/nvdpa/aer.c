// SPDX-License-Identifier: GPL-2.0
#include "aer.h"

#include <stddef.h>

/* As many as the table has columns. */
#define INFOS 8

/* Numbers as the NVMe base specification has them. */
static const struct aer {
	const char *type;
	const char *infos[INFOS];
} aers[] = {
	[0] = {
		"error", {
			[0] = "write to an invalid doorbell",
			[1] = "invalid value written to a doorbell",
			[2] = "diagnostic failure",
			[3] = "persistent internal error",
			[4] = "transient internal error",
			[5] = "firmware image load error",
		},
	},
	[1] = {
		"health", {
			[0] = "reliability degraded",
			[1] = "temperature beyond a threshold",
			[2] = "spare capacity below its threshold",
		},
	},
	[2] = {
		"notice", {
			[0] = "a namespace has changed",
			[1] = "firmware activation starts",
			[2] = "telemetry log has changed",
			[3] = "asymmetric access has changed",
			[4] = "predictable latency log has changed",
			[5] = "LBA status information is there",
			[6] = "endurance group log has changed",
		},
	},
	[6] = {
		"command-set", {
			[0] = "reservation log page is there",
			[1] = "sanitize has completed",
			[2] = "sanitize has completed, with deallocation",
		},
	},
	[7] = { "vendor", {} },
};

static const struct aer *aer_find(uint32_t type)
{
	if (type >= sizeof(aers) / sizeof(*aers) || !aers[type].type)
		return NULL;
	return &aers[type];
}

const char *aer_type(uint32_t type)
{
	const struct aer *aer = aer_find(type);

	return aer ? aer->type : "unknown";
}

const char *aer_info(uint32_t type, uint32_t info)
{
	const struct aer *aer = aer_find(type);

	if (!aer || info >= INFOS || !aer->infos[info])
		return "unknown";
	return aer->infos[info];
}

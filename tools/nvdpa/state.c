// SPDX-License-Identifier: GPL-2.0
#include "state.h"

static const char *const names[] = {
	[NVME_VDPA_CTRL_STATE_LIVE] = "live",
	[NVME_VDPA_CTRL_STATE_DEAD] = "dead",
	[NVME_VDPA_CTRL_STATE_RESETTING] = "resetting",
};

const char *state_name(enum nvme_vdpa_ctrl_state state)
{
	return (unsigned int)state < sizeof(names) / sizeof(*names) ? names[state] : "unknown";
}

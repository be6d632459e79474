/* SPDX-License-Identifier: GPL-2.0 */
/* What a controller can be asked, in a word. */
#ifndef NVDPA_STATE_H
#define NVDPA_STATE_H

#include "model.h"

/** state_name() - the word; "unknown" for one of a newer kernel */
const char *state_name(enum nvme_vdpa_ctrl_state state);

#endif /* NVDPA_STATE_H */

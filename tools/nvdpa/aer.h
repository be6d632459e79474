/* SPDX-License-Identifier: GPL-2.0 */
/* What a controller means by an asynchronous event. */
#ifndef NVDPA_AER_H
#define NVDPA_AER_H

#include <stdint.h>

/** aer_type() - a word for the event's type */
const char *aer_type(uint32_t type);

/** aer_info() - a few words for what happened */
const char *aer_info(uint32_t type, uint32_t info);

#endif /* NVDPA_AER_H */

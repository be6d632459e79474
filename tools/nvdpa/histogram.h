/* SPDX-License-Identifier: GPL-2.0 */
/* Latencies as people see them. */
#ifndef NVDPA_HISTOGRAM_H
#define NVDPA_HISTOGRAM_H

#include "model.h"

/** histogram_print() - of each type of request, to out.h: lines with bars */
void histogram_print(const struct stats *stats);

#endif /* NVDPA_HISTOGRAM_H */

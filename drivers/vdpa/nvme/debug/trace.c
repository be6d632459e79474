// SPDX-License-Identifier: GPL-2.0
/* Bodies of the trace events. */
#define CREATE_TRACE_POINTS
#include "trace.h"

/* SPDX-License-Identifier: GPL-2.0 */
/* How the harness and the fuzzers fail: at once, so that the fuzzer keeps the input. */
#ifndef NVDPA_FUZZ_CHECK_H
#define NVDPA_FUZZ_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) do {						\
	if (!(condition)) {						\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,	\
			#condition);					\
		abort();						\
	}								\
} while (0)

#endif

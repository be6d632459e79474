/* SPDX-License-Identifier: GPL-2.0 */
/* Memory in pieces, as a guest's may be: one huge page that a device sees at N places. */
#ifndef BENCH_PIECES_H
#define BENCH_PIECES_H

#include <linux/types.h>

#include "blk.h"

#define PIECE (2UL << 20)
#define PIECES_IOVA (1ULL << 40)	/* where the first one is for the device */

/*
 * Has vhost-vdpa pin N pieces, in a batch. No two neighbours are one run of memory, for
 * each begins where the one before began, not where it ended.
 */
int pieces_pin(struct blk *b, unsigned int n);
/* Ends the batch: vhost-vdpa hands all its memory to the device. */
int pieces_map(struct blk *b);

#endif /* BENCH_PIECES_H */

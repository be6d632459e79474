/* SPDX-License-Identifier: GPL-2.0 */
/* Where the doorbells of an NVMe controller are. */
#ifndef NVDPA_PURE_DOORBELL_H
#define NVDPA_PURE_DOORBELL_H

#include "kdep.h"

/**
 * nvdpa_doorbell_offset() - place of a doorbell in the controller's BAR 0
 * @qid: queue identifier
 * @cq: the head doorbell of the completion queue, else the tail doorbell of
 *      the submission queue
 * @dstrd: CAP.DSTRD, 0 to 15
 *
 * NVMe over PCIe transport 1.0, 3.1.2. The largest stride puts high queues
 * beyond 4 GiB, so compare the result with the size of the BAR before use.
 *
 * Return: bytes from the beginning of the BAR.
 */
static inline u64 nvdpa_doorbell_offset(u16 qid, bool cq, u8 dstrd)
{
	return 0x1000 + ((2 * (u64)qid + cq) << (2 + dstrd));
}

#endif /* NVDPA_PURE_DOORBELL_H */

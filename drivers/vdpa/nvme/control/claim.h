/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks that passthrough commands touch, against those that devices have. */
#ifndef NVDPA_CONTROL_CLAIM_H
#define NVDPA_CONTROL_CLAIM_H

#include <linux/types.h>

struct nvdpa_claim;
struct nvdpa_ns;
struct nvdpa_refusal;
struct nvdpa_volumes;

/**
 * nvdpa_claim_begin() - keep blocks from being given to a device
 * @vols: the controller's volumes
 * @claim: the blocks, in the list of claims on success
 *
 * What a volume in use is to grow by is not the device's yet, so that it can be
 * wiped.
 *
 * Context: may sleep.
 * Return: 0, or -EBUSY when a device has one of them or is being made of it.
 */
int nvdpa_claim_begin(struct nvdpa_volumes *vols, struct nvdpa_claim *claim);

/**
 * nvdpa_claim_end() - undo nvdpa_claim_begin()
 * @claim: the blocks
 *
 * Context: may sleep.
 */
void nvdpa_claim_end(struct nvdpa_claim *claim);

/**
 * nvdpa_claim_check() - may a range be given to a device?
 * @vols: the controller's volumes
 * @ns: namespace
 * @start_lba: first block of the range
 * @nr_lbas: number of its blocks
 * @attr: attribute to blame (NVME_VDPA_A_VOLUME_*), or 0
 * @why: written on failure
 *
 * Context: may sleep; lock of the registry held, which keeps the result.
 * Return: 0, or -EBUSY while a command is under way there.
 */
int nvdpa_claim_check(const struct nvdpa_volumes *vols,
		      const struct nvdpa_ns *ns, u64 start_lba, u64 nr_lbas,
		      unsigned int attr, struct nvdpa_refusal *why);

#endif /* NVDPA_CONTROL_CLAIM_H */

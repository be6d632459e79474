// SPDX-License-Identifier: GPL-2.0
/*
 * A command of the passthrough device and a vDPA device never have a block in
 * common: whoever comes second is refused. Both look and enter themselves in one
 * go, under the lock of the registry.
 */
#include "claim.h"

#include "../nvme/ctrl.h"
#include "../pure/allow.h"
#include "volume.h"

static bool nvdpa_claim_overlaps(const struct nvdpa_claim *claim,
				 const struct nvdpa_ns *ns, u64 start_lba,
				 u64 nr_lbas)
{
	return claim->ns == ns &&
	       nvdpa_allow_overlap(claim->ranges, claim->nr_ranges, start_lba,
				   nr_lbas);
}

static bool nvdpa_claim_in_use(const struct nvdpa_volumes *vols,
			       const struct nvdpa_claim *claim)
{
	const struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vol, &vols->list, node)
		if (vol->taken &&
		    nvdpa_claim_overlaps(claim, vol->ns, vol->start_lba,
					 vol->served_lbas))
			return true;
	return false;
}

int nvdpa_claim_begin(struct nvdpa_volumes *vols, struct nvdpa_claim *claim)
{
	int err = 0;

	mutex_lock(&nvdpa_registry.lock);
	if (nvdpa_claim_in_use(vols, claim))
		err = -EBUSY;
	else
		list_add(&claim->node, &vols->claims);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

void nvdpa_claim_end(struct nvdpa_claim *claim)
{
	mutex_lock(&nvdpa_registry.lock);
	list_del(&claim->node);
	mutex_unlock(&nvdpa_registry.lock);
}

int nvdpa_claim_check(const struct nvdpa_volumes *vols,
		      const struct nvdpa_ns *ns, u64 start_lba, u64 nr_lbas,
		      unsigned int attr, struct nvdpa_refusal *why)
{
	const struct nvdpa_claim *claim;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(claim, &vols->claims, node)
		if (nvdpa_claim_overlaps(claim, ns, start_lba, nr_lbas))
			return nvdpa_refuse(why, -EBUSY, attr,
					    "a command of the passthrough device is under way there, try again");
	return 0;
}

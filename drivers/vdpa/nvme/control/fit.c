// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace may grow, shrink, be formatted, go or come while devices stand on
 * it. What a device was made of is kept in its volume; what does not agree with
 * that any more stops the device, for a guest cannot follow, and might be served
 * by the wrong blocks.
 */
#include "fit.h"

#include "../device/dev.h"
#include "claim.h"
#include "netlink.h"
#include "volume.h"

bool nvdpa_fit_place(const struct nvdpa_volume *vol)
{
	const struct nvdpa_ns *ns = vol->ns;

	lockdep_assert_held(&nvdpa_registry.lock);

	return ns->active && !ns->refusal &&
	       nvdpa_ident_same_blocks(&vol->seen, ns) &&
	       vol->start_lba < ns->nr_lbas &&
	       vol->nr_lbas <= ns->nr_lbas - vol->start_lba;
}

static bool nvdpa_fit_device(const struct nvdpa_volume *vol)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	return nvdpa_fit_place(vol) &&
	       nvdpa_ident_same_limits(&vol->seen, vol->ns);
}

/* A device that is still being made is stopped when it is there. */
static void nvdpa_fit_stop(const struct nvdpa_volumes *vols,
			   struct nvdpa_volume *vol)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (vol->stopped)
		return;
	vol->stopped = true;
	dev_err(vols->ctrl->dev,
		"%s does not fit namespace %u any more and was stopped; vdpa dev del %s\n",
		vol->name, vol->ns->nsid, vol->name);
	if (vol->dev)
		nvdpa_dev_retire(vol->dev);
	nvdpa_netlink_stop_event(vols, vol);
}

static int nvdpa_fit_grow(const struct nvdpa_volumes *vols,
			  struct nvdpa_volume *vol)
{
	u64 nr_lbas = vol->ns->nr_lbas;
	struct nvdpa_refusal why;

	lockdep_assert_held(&nvdpa_registry.lock);

	/* One that is still being made asks for the size later. */
	if (!vol->whole || !vol->dev || nr_lbas == vol->served_lbas)
		return 0;
	if (nvdpa_claim_check(vols, vol->ns, vol->served_lbas,
			      nr_lbas - vol->served_lbas, 0, &why))
		return -EAGAIN;
	vol->nr_lbas = nr_lbas;
	vol->wiped_lbas = nr_lbas;
	vol->served_lbas = nr_lbas;
	nvdpa_dev_grow(vol->dev, nr_lbas);
	return 0;
}

int nvdpa_fit_volume(const struct nvdpa_volumes *vols, struct nvdpa_volume *vol)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (!vol->taken)
		return 0;
	if (nvdpa_fit_device(vol))
		return nvdpa_fit_grow(vols, vol);
	nvdpa_fit_stop(vols, vol);
	return 0;
}

/* What was told of a namespace is not so any more. */
static void nvdpa_fit_note(struct nvdpa_ctrl *ctrl,
			   const struct nvdpa_volumes *vols,
			   const struct nvdpa_ns *now)
{
	const struct nvdpa_ns *ns = nvdpa_ident_update(ctrl, now);

	lockdep_assert_held(&nvdpa_registry.lock);

	if (!ns || !vols)
		return;
	nvdpa_registry_changed();
	nvdpa_netlink_ns_event(vols, ns);
}

static const struct nvdpa_ns *nvdpa_fit_find(const struct nvdpa_ns_list *list,
					     u32 nsid)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (list->ns[i].nsid == nsid)
			return &list->ns[i];
	return NULL;
}

/* Those that we have, gone or changed; then those that came. */
static void nvdpa_fit_ctrl(struct nvdpa_ctrl *ctrl,
			   const struct nvdpa_volumes *vols,
			   const struct nvdpa_ns_list *list)
{
	unsigned int i, nr = ctrl->nr_ns;
	const struct nvdpa_ns *now;
	struct nvdpa_ns gone;

	lockdep_assert_held(&nvdpa_registry.lock);

	for (i = 0; i < nr; i++) {
		now = nvdpa_fit_find(list, ctrl->ns[i].nsid);
		if (!now) {
			gone = ctrl->ns[i];
			gone.active = false;
			now = &gone;
		}
		if (!nvdpa_ident_same(now, &ctrl->ns[i]))
			nvdpa_fit_note(ctrl, vols, now);
	}
	for (i = 0; i < list->nr; i++)
		if (!nvdpa_ident_ns(ctrl, list->ns[i].nsid))
			nvdpa_fit_note(ctrl, vols, &list->ns[i]);
}

int nvdpa_fit_namespaces(struct nvdpa_ctrl *ctrl,
			 const struct nvdpa_ns_list *now)
{
	struct nvdpa_volumes *vols;
	struct nvdpa_volume *vol;
	int err = 0;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_volumes_of(ctrl);
	nvdpa_fit_ctrl(ctrl, vols, now);
	if (vols)
		list_for_each_entry(vol, &vols->list, node)
			err = nvdpa_fit_volume(vols, vol) ?: err;
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

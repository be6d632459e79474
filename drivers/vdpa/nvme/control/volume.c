// SPDX-License-Identifier: GPL-2.0
/*
 * Volumes are defined, changed and forgotten by whoever reads the disk's
 * partition table; the kernel only sees to it that they agree with the disk, with
 * one another and with what a guest can follow.
 */
#include "volume.h"

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../device/dev.h"
#include "claim.h"
#include "fit.h"
#include "netlink.h"

struct nvdpa_registry nvdpa_registry = {
	.lock = __MUTEX_INITIALIZER(nvdpa_registry.lock),
	.all = LIST_HEAD_INIT(nvdpa_registry.all),
	.generation = 1,
};

int nvdpa_refuse(struct nvdpa_refusal *why, int err, unsigned int attr,
		 const char *fmt, ...)
{
	va_list args;

	why->attr = attr;
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return err;
}

void nvdpa_registry_changed(void)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (!++nvdpa_registry.generation)
		nvdpa_registry.generation = 1;
}

static void nvdpa_volume_changed(const struct nvdpa_volumes *vols,
				 const struct nvdpa_volume *vol)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	nvdpa_registry_changed();
	if (!vol->whole)
		nvdpa_netlink_volume_event(NVME_VDPA_CMD_VOLUME_CHANGE_NTF,
					   vols, vol);
}

static void nvdpa_volume_free(const struct nvdpa_volumes *vols,
			      struct nvdpa_volume *vol)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	list_del(&vol->node);
	nvdpa_registry_changed();
	if (!vol->whole)
		nvdpa_netlink_volume_event(NVME_VDPA_CMD_VOLUME_DEL_NTF, vols,
					   vol);
	kfree(vol);
}

void nvdpa_volumes_init(struct nvdpa_volumes *vols, struct nvdpa_ctrl *ctrl)
{
	vols->ctrl = ctrl;
	INIT_LIST_HEAD(&vols->list);
	INIT_LIST_HEAD(&vols->claims);
	snprintf(vols->name, sizeof(vols->name), "%s/%s", ctrl->dev->bus->name,
		 dev_name(ctrl->dev));
}

void nvdpa_volumes_publish(struct nvdpa_volumes *vols)
{
	mutex_lock(&nvdpa_registry.lock);
	list_add_tail(&vols->node, &nvdpa_registry.all);
	nvdpa_registry_changed();
	nvdpa_netlink_ctrl_event(NVME_VDPA_CMD_CTRL_ADD_NTF, vols);
	mutex_unlock(&nvdpa_registry.lock);
}

void nvdpa_volumes_withdraw(struct nvdpa_volumes *vols)
{
	struct nvdpa_volume *vol, *next;

	mutex_lock(&nvdpa_registry.lock);
	list_for_each_entry_safe(vol, next, &vols->list, node)
		nvdpa_volume_free(vols, vol);
	list_del(&vols->node);
	nvdpa_registry_changed();
	nvdpa_netlink_ctrl_event(NVME_VDPA_CMD_CTRL_DEL_NTF, vols);
	mutex_unlock(&nvdpa_registry.lock);
}

struct nvdpa_volumes *nvdpa_volumes_of(const struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_volumes *vols;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vols, &nvdpa_registry.all, node)
		if (vols->ctrl == ctrl)
			return vols;
	return NULL;
}

void nvdpa_volumes_state(const struct nvdpa_ctrl *ctrl)
{
	const struct nvdpa_volumes *vols;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_volumes_of(ctrl);
	if (vols) {
		nvdpa_registry_changed();
		nvdpa_netlink_ctrl_event(NVME_VDPA_CMD_CTRL_CHANGE_NTF, vols);
	}
	mutex_unlock(&nvdpa_registry.lock);
}

void nvdpa_volumes_event(const struct nvdpa_ctrl *ctrl,
			 const struct nvdpa_aer_event *event)
{
	const struct nvdpa_volumes *vols;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_volumes_of(ctrl);
	if (vols) {
		nvdpa_netlink_aer_event(vols, event);
		if (event->log_page == NVME_LOG_SMART)
			nvdpa_netlink_health_event(vols);
	}
	mutex_unlock(&nvdpa_registry.lock);
}

void nvdpa_volumes_media(const struct nvdpa_ctrl *ctrl,
			 const struct nvdpa_media_error *error)
{
	const struct nvdpa_volumes *vols;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_volumes_of(ctrl);
	if (vols)
		nvdpa_netlink_media_event(vols, error);
	mutex_unlock(&nvdpa_registry.lock);
}

struct nvdpa_volumes *nvdpa_volumes_find(const char *name)
{
	struct nvdpa_volumes *vols;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vols, &nvdpa_registry.all, node)
		if (!strcmp(vols->name, name))
			return vols;
	return NULL;
}

const struct nvdpa_volume *nvdpa_volume_whole(const struct nvdpa_volumes *vols,
					      const struct nvdpa_ns *ns)
{
	const struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vol, &vols->list, node)
		if (vol->whole && vol->ns == ns)
			return vol;
	return NULL;
}

const struct nvdpa_volume *nvdpa_volume_at(const struct nvdpa_volumes *vols,
					   u32 nsid, u64 lba)
{
	const struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vol, &vols->list, node)
		if (vol->taken && vol->ns->nsid == nsid &&
		    lba >= vol->start_lba && lba - vol->start_lba < vol->nr_lbas)
			return vol;
	return NULL;
}

struct nvdpa_volume *nvdpa_volume_find(const struct nvdpa_volumes *vols,
				       const char *name)
{
	struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vol, &vols->list, node)
		if (!vol->whole && !strcmp(vol->name, name))
			return vol;
	return NULL;
}

const struct nvdpa_volume *
nvdpa_volume_find_dev(const struct nvdpa_volumes *vols, const char *name)
{
	const struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vol, &vols->list, node)
		if (vol->dev && !strcmp(vol->name, name))
			return vol;
	return NULL;
}

struct nvdpa_volume *nvdpa_volume_of(const struct nvdpa_volumes *vols,
				     const struct nvdpa_dev *dev)
{
	struct nvdpa_volume *vol;

	mutex_lock(&nvdpa_registry.lock);
	list_for_each_entry(vol, &vols->list, node)
		if (vol->dev == dev)
			break;
	mutex_unlock(&nvdpa_registry.lock);
	return vol;
}

/* A name becomes a folder's in sysfs. */
bool nvdpa_volume_name_ok(const char *name, size_t len)
{
	size_t i;

	if (!len || len > NVME_VDPA_VOLUME_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("_.-", name[i])))
			return false;
	return strspn(name, ".") < len;
}

static int nvdpa_volume_check_name(const struct nvdpa_volumes *vols,
				   const char *name, struct nvdpa_refusal *why)
{
	const struct nvdpa_volumes *other;
	const struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	if (!nvdpa_volume_name_ok(name, strlen(name)))
		return nvdpa_refuse(why, -EINVAL, NVME_VDPA_A_VOLUME_NAME,
				    "a name is 1 to %u of A-Z a-z 0-9 . _ - and not only dots",
				    NVME_VDPA_VOLUME_NAME_MAX);
	if (nvdpa_volume_find(vols, name))
		return nvdpa_refuse(why, -EEXIST, NVME_VDPA_A_VOLUME_NAME,
				    "the controller has a volume of this name");

	list_for_each_entry(other, &nvdpa_registry.all, node) {
		vol = nvdpa_volume_find(other, name);
		if (vol && vol->taken)
			return nvdpa_refuse(why, -EEXIST,
					    NVME_VDPA_A_VOLUME_NAME,
					    "%s has a vDPA device of this name",
					    other->name);
	}
	return 0;
}

static bool nvdpa_volume_is_multiple(u64 lbas, u32 granularity)
{
	u32 rest;

	div_u64_rem(lbas, granularity, &rest);
	return !rest;
}

/* That a range lies in its namespace, and whole pages of the medium. */
static int nvdpa_volume_check_range(const struct nvdpa_volume *vol,
				    struct nvdpa_refusal *why)
{
	const struct nvdpa_ns *ns = vol->ns;

	lockdep_assert_held(&nvdpa_registry.lock);

	/* Nothing is added up: both numbers are the caller's. */
	if (vol->start_lba >= ns->nr_lbas)
		return nvdpa_refuse(why, -ERANGE, NVME_VDPA_A_VOLUME_START,
				    "namespace %u ends at block %llu", ns->nsid,
				    ns->nr_lbas);
	if (!vol->nr_lbas || vol->nr_lbas > ns->nr_lbas - vol->start_lba)
		return nvdpa_refuse(why, -ERANGE, NVME_VDPA_A_VOLUME_NR_LBAS,
				    "1 to %llu blocks lie between start and end of namespace %u",
				    ns->nr_lbas - vol->start_lba, ns->nsid);
	if (!nvdpa_volume_is_multiple(vol->start_lba, ns->phys_lbas))
		return nvdpa_refuse(why, -EINVAL, NVME_VDPA_A_VOLUME_START,
				    "start must be a multiple of %u blocks",
				    ns->phys_lbas);
	if (!nvdpa_volume_is_multiple(vol->nr_lbas, ns->phys_lbas))
		return nvdpa_refuse(why, -EINVAL, NVME_VDPA_A_VOLUME_NR_LBAS,
				    "length must be a multiple of %u blocks",
				    ns->phys_lbas);
	if (vol->wiped_lbas > vol->nr_lbas)
		return nvdpa_refuse(why, -ERANGE, NVME_VDPA_A_VOLUME_WIPED,
				    "the volume has %llu blocks", vol->nr_lbas);
	return 0;
}

/* That a range in its namespace is nobody else's; @self is no neighbour. */
static int nvdpa_volume_check_overlap(const struct nvdpa_volumes *vols,
				      const struct nvdpa_volume *vol,
				      const struct nvdpa_volume *self,
				      struct nvdpa_refusal *why)
{
	const struct nvdpa_volume *other;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(other, &vols->list, node) {
		if (other == self || other->ns != vol->ns ||
		    other->start_lba >= vol->start_lba + vol->nr_lbas ||
		    vol->start_lba >= other->start_lba + other->nr_lbas)
			continue;
		if (other->whole)
			return nvdpa_refuse(why, -EBUSY,
					    NVME_VDPA_A_VOLUME_NSID,
					    "%s has the whole namespace",
					    other->name);
		/* Whose begin is wrong, and whose end. */
		return nvdpa_refuse(why, -EEXIST,
				    other->start_lba <= vol->start_lba ?
				    NVME_VDPA_A_VOLUME_START :
				    NVME_VDPA_A_VOLUME_NR_LBAS,
				    "block %llu belongs to volume %s",
				    max(other->start_lba, vol->start_lba),
				    other->name);
	}
	return 0;
}

static int nvdpa_volume_check_queues(const struct nvdpa_volumes *vols,
				     const struct nvdpa_volume *vol,
				     struct nvdpa_refusal *why)
{
	if (vol->nr_queues > nvdpa_qpair_nr_max(vols->ctrl))
		return nvdpa_refuse(why, -ERANGE, NVME_VDPA_A_VOLUME_NR_QUEUES,
				    "the queue pairs of the controller serve %u virtqueues",
				    nvdpa_qpair_nr_max(vols->ctrl));
	if (vol->queue_size && (!is_power_of_2(vol->queue_size) ||
				vol->queue_size < NVDPA_DEV_QUEUE_SIZE_MIN ||
				vol->queue_size > NVDPA_QUEUE_NUM_MAX))
		return nvdpa_refuse(why, -EINVAL, NVME_VDPA_A_VOLUME_QUEUE_SIZE,
				    "queue size must be a power of two from %u to %u",
				    NVDPA_DEV_QUEUE_SIZE_MIN,
				    NVDPA_QUEUE_NUM_MAX);
	return 0;
}

static int nvdpa_volume_check_serial(const struct nvdpa_volume *vol,
				     struct nvdpa_refusal *why)
{
	const char *c;

	for (c = vol->serial; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			return nvdpa_refuse(why, -EINVAL,
					    NVME_VDPA_A_VOLUME_SERIAL,
					    "a serial number has printable ASCII characters only");
	return 0;
}

/* That a volume which shall be there, or be so, is good in itself. */
static int nvdpa_volume_check(const struct nvdpa_volumes *vols,
			      const struct nvdpa_volume *vol,
			      const struct nvdpa_volume *self,
			      struct nvdpa_refusal *why)
{
	int err;

	err = nvdpa_volume_check_range(vol, why);
	if (!err)
		err = nvdpa_volume_check_overlap(vols, vol, self, why);
	if (!err)
		err = nvdpa_volume_check_queues(vols, vol, why);
	if (!err)
		err = nvdpa_volume_check_serial(vol, why);
	return err;
}

static bool nvdpa_volume_given(const struct nvdpa_volume_wish *wish,
			       unsigned int attr)
{
	return wish->given & BIT(attr);
}

static void nvdpa_volume_apply(struct nvdpa_volume *vol,
			       const struct nvdpa_volume_wish *wish)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (nvdpa_volume_given(wish, NVME_VDPA_A_VOLUME_NR_LBAS))
		vol->nr_lbas = wish->nr_lbas;
	/* A volume that gets shorter keeps what it has of the wiped part. */
	vol->wiped_lbas = min(vol->wiped_lbas, vol->nr_lbas);
	if (nvdpa_volume_given(wish, NVME_VDPA_A_VOLUME_WIPED))
		vol->wiped_lbas = wish->wiped_lbas;
	if (nvdpa_volume_given(wish, NVME_VDPA_A_VOLUME_SERIAL))
		strscpy_pad(vol->serial, wish->serial, sizeof(vol->serial));
	if (nvdpa_volume_given(wish, NVME_VDPA_A_VOLUME_READ_ONLY))
		vol->read_only = wish->read_only;
	if (nvdpa_volume_given(wish, NVME_VDPA_A_VOLUME_NR_QUEUES))
		vol->nr_queues = wish->nr_queues;
	if (nvdpa_volume_given(wish, NVME_VDPA_A_VOLUME_QUEUE_SIZE))
		vol->queue_size = wish->queue_size;
}

static const struct nvdpa_ns *
nvdpa_volume_check_ns(const struct nvdpa_volumes *vols, u32 nsid,
		      struct nvdpa_refusal *why)
{
	const struct nvdpa_ns *ns = nvdpa_ident_ns(vols->ctrl, nsid);
	int err = 0;

	if (!ns)
		err = nvdpa_refuse(why, -ENOENT, NVME_VDPA_A_VOLUME_NSID,
				   "the controller has no active namespace %u",
				   nsid);
	else if (ns->refusal)
		err = nvdpa_refuse(why, -EOPNOTSUPP, NVME_VDPA_A_VOLUME_NSID,
				   "%s", ns->refusal);
	return err ? ERR_PTR(err) : ns;
}

static int nvdpa_volume_check_live(const struct nvdpa_volumes *vols,
				   struct nvdpa_refusal *why)
{
	if (!nvdpa_ctrl_dead(vols->ctrl))
		return 0;
	return nvdpa_refuse(why, -ENODEV, NVME_VDPA_A_VOLUME_CTRL,
			    "controller is dead, nvdpa ctrl reset may bring it back");
}

int nvdpa_volume_new(struct nvdpa_volumes *vols,
		     const struct nvdpa_volume_wish *wish,
		     struct nvdpa_refusal *why)
{
	struct nvdpa_volume *vol;
	const struct nvdpa_ns *ns;
	int err;

	lockdep_assert_held(&nvdpa_registry.lock);

	err = nvdpa_volume_check_live(vols, why);
	if (err)
		return err;
	err = nvdpa_volume_check_name(vols, wish->name, why);
	if (err)
		return err;
	ns = nvdpa_volume_check_ns(vols, wish->nsid, why);
	if (IS_ERR(ns))
		return PTR_ERR(ns);

	vol = kzalloc(sizeof(*vol), GFP_KERNEL_ACCOUNT);
	if (!vol)
		return -ENOMEM;
	vol->ns = ns;
	vol->seen = *ns;
	vol->start_lba = wish->start_lba;
	strscpy(vol->name, wish->name, sizeof(vol->name));
	strscpy(vol->serial, wish->name, sizeof(vol->serial));
	nvdpa_volume_apply(vol, wish);
	err = nvdpa_volume_check(vols, vol, NULL, why);
	if (err) {
		kfree(vol);
		return err;
	}

	list_add_tail(&vol->node, &vols->list);
	nvdpa_registry_changed();
	nvdpa_netlink_volume_event(NVME_VDPA_CMD_VOLUME_ADD_NTF, vols, vol);
	return 0;
}

/* The guest read these when it found the disk, and does not look again. */
static int nvdpa_volume_check_fixed(const struct nvdpa_volume *vol,
				    const struct nvdpa_volume *next,
				    struct nvdpa_refusal *why)
{
	unsigned int attr;

	lockdep_assert_held(&nvdpa_registry.lock);

	if (strcmp(next->serial, vol->serial))
		attr = NVME_VDPA_A_VOLUME_SERIAL;
	else if (next->read_only != vol->read_only)
		attr = NVME_VDPA_A_VOLUME_READ_ONLY;
	else if (next->nr_queues != vol->nr_queues)
		attr = NVME_VDPA_A_VOLUME_NR_QUEUES;
	else if (next->queue_size != vol->queue_size)
		attr = NVME_VDPA_A_VOLUME_QUEUE_SIZE;
	else
		return 0;
	return nvdpa_refuse(why, -EBUSY, attr,
			    "a guest cannot follow; vdpa dev del %s comes first",
			    vol->name);
}

static int nvdpa_volume_check_follow(const struct nvdpa_volume *vol,
				     const struct nvdpa_volume *next,
				     struct nvdpa_refusal *why)
{
	int err;

	err = nvdpa_volume_check_fixed(vol, next, why);
	if (err)
		return err;
	if (!vol->dev)
		return nvdpa_refuse(why, -EBUSY, NVME_VDPA_A_VOLUME_NAME,
				    "the vDPA device is just being made or removed, try again");
	if (next->nr_lbas < vol->served_lbas)
		return nvdpa_refuse(why, -EBUSY, NVME_VDPA_A_VOLUME_NR_LBAS,
				    "in use with %llu blocks, it can only grow",
				    vol->served_lbas);
	if (next->wiped_lbas < vol->served_lbas)
		return nvdpa_refuse(why, -EBUSY, NVME_VDPA_A_VOLUME_WIPED,
				    "in use with %llu blocks, all of them wiped",
				    vol->served_lbas);
	return 0;
}

/* The device grows once all of the volume's new part is wiped. */
static bool nvdpa_volume_grows(const struct nvdpa_volume *vol)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	return vol->dev && vol->wiped_lbas == vol->nr_lbas &&
	       vol->nr_lbas > vol->served_lbas;
}

static int nvdpa_volume_check_taken(const struct nvdpa_volumes *vols,
				    const struct nvdpa_volume *vol,
				    const struct nvdpa_volume *next,
				    struct nvdpa_refusal *why)
{
	int err;

	lockdep_assert_held(&nvdpa_registry.lock);

	err = nvdpa_volume_check_follow(vol, next, why);
	if (err || !nvdpa_volume_grows(next))
		return err;
	return nvdpa_claim_check(vols, vol->ns,
				 vol->start_lba + vol->served_lbas,
				 next->nr_lbas - vol->served_lbas,
				 next->nr_lbas == vol->nr_lbas ?
				 NVME_VDPA_A_VOLUME_WIPED :
				 NVME_VDPA_A_VOLUME_NR_LBAS, why);
}

static int nvdpa_volume_check_place(const struct nvdpa_volume *vol,
				    unsigned int attr,
				    struct nvdpa_refusal *why)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (nvdpa_fit_place(vol))
		return 0;
	return nvdpa_refuse(why, -ESTALE, attr,
			    "namespace %u has changed, the volume is not there any more",
			    vol->ns->nsid);
}

int nvdpa_volume_set(struct nvdpa_volumes *vols, struct nvdpa_volume *vol,
		     const struct nvdpa_volume_wish *wish,
		     struct nvdpa_refusal *why)
{
	struct nvdpa_volume next = *vol;
	int err;

	lockdep_assert_held(&nvdpa_registry.lock);

	err = nvdpa_volume_check_live(vols, why);
	if (!err)
		err = nvdpa_volume_check_place(vol, NVME_VDPA_A_VOLUME_NAME,
					       why);
	if (err)
		return err;
	nvdpa_volume_apply(&next, wish);
	err = nvdpa_volume_check(vols, &next, vol, why);
	if (err)
		return err;
	if (vol->taken) {
		err = nvdpa_volume_check_taken(vols, vol, &next, why);
		if (err)
			return err;
	}

	*vol = next;
	if (nvdpa_volume_grows(vol)) {
		vol->served_lbas = vol->nr_lbas;
		nvdpa_dev_grow(vol->dev, vol->nr_lbas);
	}
	nvdpa_volume_changed(vols, vol);
	return 0;
}

int nvdpa_volume_del(struct nvdpa_volumes *vols, struct nvdpa_volume *vol,
		     struct nvdpa_refusal *why)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (vol->taken)
		return nvdpa_refuse(why, -EBUSY, NVME_VDPA_A_VOLUME_NAME,
				    "in use; vdpa dev del %s comes first",
				    vol->name);
	nvdpa_volume_free(vols, vol);
	return 0;
}

static int nvdpa_volume_check_take(const struct nvdpa_volumes *vols,
				   const struct nvdpa_volume *vol,
				   struct nvdpa_refusal *why)
{
	int err;

	lockdep_assert_held(&nvdpa_registry.lock);

	if (!vol)
		return nvdpa_refuse(why, -ENOENT, 0,
				    "no volume of this name; name a whole namespace as NAME@n1");
	if (vol->taken)
		return nvdpa_refuse(why, -EEXIST, 0,
				    "this volume is a vDPA device already");
	err = nvdpa_volume_check_place(vol, 0, why);
	if (err)
		return err;
	if (vol->wiped_lbas < vol->nr_lbas)
		return nvdpa_refuse(why, -EBUSY, 0,
				    "not wiped yet: block %llu of %llu is next",
				    vol->wiped_lbas, vol->nr_lbas);
	return nvdpa_claim_check(vols, vol->ns, vol->start_lba, vol->nr_lbas, 0,
				 why);
}

struct nvdpa_volume *nvdpa_volume_take(struct nvdpa_volumes *vols,
				       const char *name,
				       struct nvdpa_refusal *why)
{
	struct nvdpa_volume *vol;
	int err;

	mutex_lock(&nvdpa_registry.lock);
	vol = nvdpa_volume_find(vols, name);
	err = nvdpa_volume_check_take(vols, vol, why);
	if (!err) {
		vol->taken = true;
		vol->seen = *vol->ns;
		vol->served_lbas = vol->nr_lbas;
	}
	mutex_unlock(&nvdpa_registry.lock);
	return err ? ERR_PTR(err) : vol;
}

static int nvdpa_volume_check_whole(const struct nvdpa_volumes *vols,
				    const char *name, const struct nvdpa_ns *ns,
				    struct nvdpa_refusal *why)
{
	const struct nvdpa_volume *vol;

	lockdep_assert_held(&nvdpa_registry.lock);

	if (ns->refusal)
		return nvdpa_refuse(why, -EOPNOTSUPP, 0, "%s", ns->refusal);
	list_for_each_entry(vol, &vols->list, node) {
		if (vol->ns != ns)
			continue;
		if (!strcmp(vol->name, name))
			return nvdpa_refuse(why, -EEXIST, 0,
					    "this vDPA device exists");
		return nvdpa_refuse(why, -EBUSY, 0,
				    "namespace %u is in use by %s", ns->nsid,
				    vol->name);
	}
	return nvdpa_claim_check(vols, ns, 0, ns->nr_lbas, 0, why);
}

struct nvdpa_volume *nvdpa_volume_take_whole(struct nvdpa_volumes *vols,
					     const char *name,
					     const struct nvdpa_ns *ns,
					     struct nvdpa_refusal *why)
{
	struct nvdpa_volume *vol;
	int err;

	vol = kzalloc(sizeof(*vol), GFP_KERNEL);
	if (!vol)
		return ERR_PTR(nvdpa_refuse(why, -ENOMEM, 0, "out of memory"));
	vol->ns = ns;
	vol->whole = true;
	vol->taken = true;
	strscpy(vol->name, name, sizeof(vol->name));

	mutex_lock(&nvdpa_registry.lock);
	vol->seen = *ns;
	vol->nr_lbas = ns->nr_lbas;
	vol->wiped_lbas = ns->nr_lbas;
	vol->served_lbas = ns->nr_lbas;
	err = nvdpa_volume_check_whole(vols, name, ns, why);
	if (!err) {
		list_add_tail(&vol->node, &vols->list);
		nvdpa_volume_changed(vols, vol);
	}
	mutex_unlock(&nvdpa_registry.lock);
	if (err) {
		kfree(vol);
		return ERR_PTR(err);
	}
	return vol;
}

void nvdpa_volume_attach(struct nvdpa_volumes *vols, struct nvdpa_volume *vol,
			 struct nvdpa_dev *dev)
{
	mutex_lock(&nvdpa_registry.lock);
	vol->dev = dev;
	/* The namespace may have changed while the device was made. */
	if (vol->stopped)
		nvdpa_dev_retire(dev);
	nvdpa_volume_changed(vols, vol);
	mutex_unlock(&nvdpa_registry.lock);
}

void nvdpa_volume_detach(struct nvdpa_volume *vol)
{
	mutex_lock(&nvdpa_registry.lock);
	vol->dev = NULL;
	nvdpa_registry_changed();
	mutex_unlock(&nvdpa_registry.lock);
}

void nvdpa_volume_put(struct nvdpa_volumes *vols, struct nvdpa_volume *vol)
{
	mutex_lock(&nvdpa_registry.lock);
	vol->taken = false;
	vol->stopped = false;
	if (vol->whole)
		nvdpa_volume_free(vols, vol);
	else
		nvdpa_volume_changed(vols, vol);
	mutex_unlock(&nvdpa_registry.lock);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Volumes: named ranges of a controller's namespaces, and which of them a vDPA
 * device has.
 */
#ifndef NVDPA_CONTROL_VOLUME_H
#define NVDPA_CONTROL_VOLUME_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/types.h>
#include <uapi/linux/nvme_vdpa.h>

#include "../nvme/ctrl.h"

struct nvdpa_dev;

/* Separates the name of a disk from the namespace that it takes whole. */
#define NVDPA_VOLUME_NS_MARK	"@n"
/* With the mark, the digits of a namespace and the end. */
#define NVDPA_VOLUME_NAME_BYTES	(NVME_VDPA_DEVICE_NAME_MAX + 1)

static_assert(NVME_VDPA_DEVICE_NAME_MAX ==
	      NVME_VDPA_VOLUME_NAME_MAX + sizeof(NVDPA_VOLUME_NS_MARK) - 1 + 10);

/**
 * struct nvdpa_registry - all controllers and their volumes
 * @lock: protects all of them and the following fields; inside of the
 *        framework's vdpa_dev_lock, so that no function of the framework that
 *        takes it may be called with this one held; outside of the locks of
 *        devices and controllers. No command is sent under it: whoever asks
 *        what there is does not wait for hardware
 * @all: struct nvdpa_volumes, in the order in which they came
 * @generation: counts the changes of anything that is reported; never 0
 */
struct nvdpa_registry {
	struct mutex lock; /* everything in here */
	struct list_head all;
	u32 generation;
};

extern struct nvdpa_registry nvdpa_registry;

/**
 * struct nvdpa_volumes - the volumes of a controller
 * @node: in the registry, from nvdpa_volumes_publish() on
 * @ctrl: the controller
 * @name: of the controller, as vDPA management devices are named
 * @list: struct nvdpa_volume, in the order in which they came
 * @claims: struct nvdpa_claim, the passthrough commands under way
 */
struct nvdpa_volumes {
	struct list_head node;
	struct nvdpa_ctrl *ctrl;
	char name[NVME_VDPA_CTRL_NAME_MAX + 1];
	struct list_head list;
	struct list_head claims;
};

/**
 * struct nvdpa_volume - a range of a namespace
 * @node: in the controller's list
 * @ns: the namespace
 * @seen: it, when the volume was defined, or last taken
 * @name: unique on the controller
 * @start_lba: first block
 * @nr_lbas: blocks
 * @wiped_lbas: blocks, from the first one on, that hold nothing of an earlier
 *              owner; at most @nr_lbas
 * @serial: what a guest reads as the serial number
 * @read_only: nobody may change it
 * @whole: all of a namespace under the name of a device; lives as long as that
 * @taken: there is a device of it, or one is being made; all fields but
 *         @nr_lbas, @wiped_lbas, @served_lbas, @stopped and @dev are constant
 *         meanwhile
 * @stopped: the device does not fit the namespace any more
 * @nr_queues: virtqueues, or 0 for the default
 * @queue_size: entries of a virtqueue, or 0 for the default
 * @served_lbas: blocks that the device offers, while there is one
 * @dev: the device, or NULL while it is being made or destroyed, too
 */
struct nvdpa_volume {
	struct list_head node;
	const struct nvdpa_ns *ns;
	struct nvdpa_ns seen;
	char name[NVDPA_VOLUME_NAME_BYTES];
	u64 start_lba;
	u64 nr_lbas;
	u64 wiped_lbas;
	char serial[NVME_VDPA_SERIAL_MAX + 1];
	bool read_only;
	bool whole;
	bool taken;
	bool stopped;
	u32 nr_queues;
	u32 queue_size;
	u64 served_lbas;
	struct nvdpa_dev *dev;
};

/**
 * struct nvdpa_volume_wish - what a volume shall be
 * @given: bit set: the field of this attribute (NVME_VDPA_A_VOLUME_*) is valid
 * @name: name
 * @serial: serial number
 * @nsid: namespace
 * @nr_queues: virtqueues
 * @queue_size: entries of a virtqueue
 * @start_lba: first block
 * @nr_lbas: blocks
 * @wiped_lbas: blocks that are wiped
 * @read_only: nobody may change it
 */
struct nvdpa_volume_wish {
	unsigned long given;
	const char *name;
	const char *serial;
	u32 nsid;
	u32 nr_queues;
	u32 queue_size;
	u64 start_lba;
	u64 nr_lbas;
	u64 wiped_lbas;
	bool read_only;
};

/**
 * struct nvdpa_refusal - why something was refused
 * @attr: attribute at fault (NVME_VDPA_A_VOLUME_*), or 0
 * @text: the reason, as long as an extended ACK may be
 */
struct nvdpa_refusal {
	unsigned int attr;
	char text[NETLINK_MAX_FMTMSG_LEN];
};

/**
 * nvdpa_refuse() - note down the reason of a refusal
 * @why: written
 * @err: negative errno
 * @attr: attribute at fault, or 0
 * @fmt: the reason, with the value that is wrong and what to do
 *
 * Return: @err.
 */
int __printf(4, 5) nvdpa_refuse(struct nvdpa_refusal *why, int err,
				unsigned int attr, const char *fmt, ...);

/**
 * nvdpa_registry_changed() - what a dump has told so far does not fit what is next
 *
 * Context: lock of the registry held.
 */
void nvdpa_registry_changed(void);

/**
 * nvdpa_volumes_init() - prepare the volumes of a controller
 * @vols: written
 * @ctrl: the controller
 */
void nvdpa_volumes_init(struct nvdpa_volumes *vols, struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_volumes_publish() - let volumes be defined on a controller
 * @vols: its volumes, initialised
 *
 * Context: may sleep.
 */
void nvdpa_volumes_publish(struct nvdpa_volumes *vols);

/**
 * nvdpa_volumes_withdraw() - forget a controller and its volumes
 * @vols: its volumes, none of them taken
 *
 * Context: may sleep.
 */
void nvdpa_volumes_withdraw(struct nvdpa_volumes *vols);

/**
 * nvdpa_volumes_of() - the volumes of a controller
 * @ctrl: the controller
 *
 * Context: lock of the registry held, which keeps the result.
 * Return: its volumes, or NULL when it is not published, or not any more.
 */
struct nvdpa_volumes *nvdpa_volumes_of(const struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_volumes_state() - tell that the state of a controller has changed
 * @ctrl: the controller
 *
 * One that is not published, or not any more, is nobody's concern.
 *
 * Context: may sleep.
 */
void nvdpa_volumes_state(const struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_volumes_event() - tell of an asynchronous event of a controller
 * @ctrl: the controller
 * @event: what it reported
 *
 * Context: may sleep.
 */
void nvdpa_volumes_event(const struct nvdpa_ctrl *ctrl,
			 const struct nvdpa_aer_event *event);

/**
 * nvdpa_volumes_media() - tell of an error of the medium
 * @ctrl: the controller
 * @error: the error
 *
 * Context: may sleep.
 */
void nvdpa_volumes_media(const struct nvdpa_ctrl *ctrl,
			 const struct nvdpa_media_error *error);

/**
 * nvdpa_volumes_find() - look for a controller
 * @name: its name
 *
 * Context: lock of the registry held, which keeps the result.
 * Return: its volumes, or NULL.
 */
struct nvdpa_volumes *nvdpa_volumes_find(const char *name);

/**
 * nvdpa_volume_whole() - which device has a namespace whole?
 * @vols: the controller's volumes
 * @ns: namespace
 *
 * Context: lock of the registry held, which keeps the result.
 * Return: the entry that stands for it, or NULL.
 */
const struct nvdpa_volume *nvdpa_volume_whole(const struct nvdpa_volumes *vols,
					      const struct nvdpa_ns *ns);

/**
 * nvdpa_volume_find() - look for a volume
 * @vols: the controller's volumes
 * @name: its name
 *
 * Context: lock of the registry held, which keeps the result.
 * Return: the volume, or NULL.
 */
struct nvdpa_volume *nvdpa_volume_find(const struct nvdpa_volumes *vols,
				       const char *name);

/**
 * nvdpa_volume_at() - which device has a block?
 * @vols: the controller's volumes
 * @nsid: namespace
 * @lba: block
 *
 * Context: lock of the registry held, which keeps the result.
 * Return: what the device stands on, or NULL.
 */
const struct nvdpa_volume *nvdpa_volume_at(const struct nvdpa_volumes *vols,
					   u32 nsid, u64 lba);

/**
 * nvdpa_volume_find_dev() - look for a vDPA device
 * @vols: the controller's volumes
 * @name: the device's name
 *
 * Context: lock of the registry held, which keeps the result and its device.
 * Return: what the device stands on, with @dev set, or NULL.
 */
const struct nvdpa_volume *
nvdpa_volume_find_dev(const struct nvdpa_volumes *vols, const char *name);

/**
 * nvdpa_volume_of() - which volume is a device?
 * @vols: the controller's volumes
 * @dev: device
 *
 * Context: may sleep; vdpa_dev_lock held, which keeps the result.
 * Return: the volume.
 */
struct nvdpa_volume *nvdpa_volume_of(const struct nvdpa_volumes *vols,
				     const struct nvdpa_dev *dev);

/**
 * nvdpa_volume_new() - define a volume
 * @vols: the controller's volumes
 * @wish: what it shall be, with name, namespace, start and length
 * @why: written on failure
 *
 * Context: may sleep; lock of the registry held.
 * Return: 0 or a negative errno.
 */
int nvdpa_volume_new(struct nvdpa_volumes *vols,
		     const struct nvdpa_volume_wish *wish,
		     struct nvdpa_refusal *why);

/**
 * nvdpa_volume_set() - change a volume
 * @vols: the controller's volumes
 * @vol: the volume
 * @wish: what shall be different
 * @why: written on failure
 *
 * The device that a volume is grows when all of the new part is wiped.
 *
 * Context: may sleep; lock of the registry held.
 * Return: 0 or a negative errno.
 */
int nvdpa_volume_set(struct nvdpa_volumes *vols, struct nvdpa_volume *vol,
		     const struct nvdpa_volume_wish *wish,
		     struct nvdpa_refusal *why);

/**
 * nvdpa_volume_del() - forget a volume
 * @vols: the controller's volumes
 * @vol: the volume; gone on success
 * @why: written on failure
 *
 * Context: may sleep; lock of the registry held.
 * Return: 0, or -EBUSY while it is taken.
 */
int nvdpa_volume_del(struct nvdpa_volumes *vols, struct nvdpa_volume *vol,
		     struct nvdpa_refusal *why);

/**
 * nvdpa_volume_take() - keep a volume for a device
 * @vols: the controller's volumes
 * @name: the volume's name
 * @why: written on failure
 *
 * Context: may sleep.
 * Return: the volume, to be given up with nvdpa_volume_put(), or ERR_PTR.
 */
struct nvdpa_volume *nvdpa_volume_take(struct nvdpa_volumes *vols,
				       const char *name,
				       struct nvdpa_refusal *why);

/**
 * nvdpa_volume_take_whole() - keep a namespace for a device
 * @vols: the controller's volumes
 * @name: the device's name, shorter than NVDPA_VOLUME_NAME_BYTES
 * @ns: the namespace
 * @why: written on failure
 *
 * Context: may sleep.
 * Return: an entry that stands for all of it, to be given up with
 * nvdpa_volume_put(), or ERR_PTR.
 */
struct nvdpa_volume *nvdpa_volume_take_whole(struct nvdpa_volumes *vols,
					     const char *name,
					     const struct nvdpa_ns *ns,
					     struct nvdpa_refusal *why);

/**
 * nvdpa_volume_attach() - the device of a volume that was taken is there
 * @vols: the controller's volumes
 * @vol: the volume
 * @dev: the device, which lives until nvdpa_volume_detach()
 *
 * Context: may sleep.
 */
void nvdpa_volume_attach(struct nvdpa_volumes *vols, struct nvdpa_volume *vol,
			 struct nvdpa_dev *dev);

/**
 * nvdpa_volume_detach() - the device of a volume is going to be destroyed
 * @vol: the volume, which stays taken
 *
 * Nobody uses the device by way of the volume when this returns.
 *
 * Context: may sleep.
 */
void nvdpa_volume_detach(struct nvdpa_volume *vol);

/**
 * nvdpa_volume_put() - no device has the volume any more
 * @vols: the controller's volumes
 * @vol: a volume that was taken and is without device; gone if it stands for a
 *       whole namespace
 *
 * Context: may sleep.
 */
void nvdpa_volume_put(struct nvdpa_volumes *vols, struct nvdpa_volume *vol);

/**
 * nvdpa_volume_name_ok() - is this the name of a volume?
 * @name: name
 * @len: its length
 */
bool nvdpa_volume_name_ok(const char *name, size_t len);

#endif /* NVDPA_CONTROL_VOLUME_H */

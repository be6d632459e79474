/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family nvme_vdpa: its life, and what it tells. */
#ifndef NVDPA_CONTROL_NETLINK_H
#define NVDPA_CONTROL_NETLINK_H

#include <linux/types.h>

struct nvdpa_aer_event;
struct nvdpa_media_error;
struct nvdpa_ns;
struct nvdpa_volume;
struct nvdpa_volumes;

/**
 * nvdpa_netlink_register() - begin to take messages
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int nvdpa_netlink_register(void);

/**
 * nvdpa_netlink_unregister() - take no more messages
 *
 * Context: may sleep; waits for those that are being served.
 */
void nvdpa_netlink_unregister(void);

/**
 * nvdpa_netlink_ctrl_event() - tell who listens of a controller
 * @cmd: NVME_VDPA_CMD_CTRL_ADD_NTF, _CHANGE_NTF or _DEL_NTF
 * @vols: its volumes
 *
 * An event that cannot be sent is lost, as netlink's own are.
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_ctrl_event(u8 cmd, const struct nvdpa_volumes *vols);

/**
 * nvdpa_netlink_aer_event() - tell who listens of an asynchronous event
 * @vols: the controller's volumes
 * @event: what the controller reported
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_aer_event(const struct nvdpa_volumes *vols,
			     const struct nvdpa_aer_event *event);

/**
 * nvdpa_netlink_health_event() - tell who listens of a controller's health
 * @vols: the controller's volumes
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_health_event(const struct nvdpa_volumes *vols);

/**
 * nvdpa_netlink_media_event() - tell who listens of an error of the medium
 * @vols: the controller's volumes
 * @error: the error
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_media_event(const struct nvdpa_volumes *vols,
			       const struct nvdpa_media_error *error);

/**
 * nvdpa_netlink_ns_event() - tell who listens of a namespace
 * @vols: the controller's volumes
 * @ns: namespace that has come, gone or changed
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_ns_event(const struct nvdpa_volumes *vols,
			    const struct nvdpa_ns *ns);

/**
 * nvdpa_netlink_stop_event() - tell who listens of a device that was stopped
 * @vols: the controller's volumes
 * @vol: what the device stands on
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_stop_event(const struct nvdpa_volumes *vols,
			      const struct nvdpa_volume *vol);

/**
 * nvdpa_netlink_volume_event() - tell who listens of a volume
 * @cmd: NVME_VDPA_CMD_VOLUME_ADD_NTF, _CHANGE_NTF or _DEL_NTF
 * @vols: the controller's volumes
 * @vol: the volume
 *
 * Context: may sleep; lock of the registry held.
 */
void nvdpa_netlink_volume_event(u8 cmd, const struct nvdpa_volumes *vols,
				const struct nvdpa_volume *vol);

#endif /* NVDPA_CONTROL_NETLINK_H */

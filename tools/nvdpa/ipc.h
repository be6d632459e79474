/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's netlink family nvme_vdpa; the only room that knows netlink.
 *
 * Each function returns 0 or a negative errno for which err_set() was called,
 * with the kernel's own reason and attribute where it gave them. The connection
 * opens itself with the first call; a missing family is -ENOENT.
 */
#ifndef NVDPA_IPC_H
#define NVDPA_IPC_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

/** ipc_close() - the end of the connection, if there is one */
void ipc_close(void);

/** ipc_present() - whether the module is loaded; records nothing */
bool ipc_present(void);

/**
 * ipc_ctrl_get() - one controller
 * @name: such as pci/0000:01:00.0
 * @ctrl: out
 *
 * -ENODEV: the driver has no such controller.
 */
int ipc_ctrl_get(const char *name, struct ctrl *ctrl);

/**
 * ipc_health_get() - what a controller says of its health
 * @name: such as pci/0000:01:00.0
 * @health: out; not known if it does not answer within two seconds
 */
int ipc_health_get(const char *name, struct health *health);

/** ipc_ctrl_reset() - have a controller reset; does not wait for the end of it */
int ipc_ctrl_reset(const char *name);

/** ipc_ctrl_set_timeout() - how long a read or a write may take */
int ipc_ctrl_set_timeout(const char *name, uint32_t timeout_ms);

/*
 * Lists are allocated, free() them. With @ctrl not NULL: only what is on that
 * controller. A dump that a change interrupted is repeated.
 */
int ipc_ctrl_list(struct ctrl **list, size_t *count);
int ipc_health_list(struct health **list, size_t *count);
int ipc_ns_list(const char *ctrl, struct ns **list, size_t *count);
int ipc_volume_list(const char *ctrl, struct volume **list, size_t *count);

/** ipc_ns_get() - one namespace; -ENOENT: the controller has none such */
int ipc_ns_get(const char *ctrl, uint32_t nsid, struct ns *ns);

/** ipc_volume_get() - one volume; -ENOENT: the controller has none such */
int ipc_volume_get(const char *ctrl, const char *name, struct volume *volume);

/**
 * ipc_volume_find() - one volume by its name
 * @ctrl: its controller, or NULL for the only one that has such a volume
 * @name: the name
 * @volume: out
 *
 * -ENOENT: there is none; -ENOTUNIQ: several controllers have one.
 */
int ipc_volume_find(const char *ctrl, const char *name, struct volume *volume);

/**
 * ipc_volume_new() - define a volume
 * @volume: its ctrl and name, and what @fields names
 * @fields: of enum volume_field
 */
int ipc_volume_new(const struct volume *volume, unsigned int fields);

/** ipc_volume_set() - change what @fields names of a volume; likewise */
int ipc_volume_set(const struct volume *volume, unsigned int fields);

/** ipc_volume_del() - forget a volume that no vDPA device is */
int ipc_volume_del(const char *ctrl, const char *name);

/**
 * ipc_stats_list() - statistics of all vDPA devices
 * @list: out, free() it: each device, followed by its virtqueues
 * @count: out, elements of @list
 */
int ipc_stats_list(struct stats **list, size_t *count);

/**
 * ipc_monitor() - hand out events as they happen
 * @handle: called with each; another number than 0 ends it
 * @data: for @handle
 *
 * Return: what @handle returned, or a negative errno.
 */
int ipc_monitor(int (*handle)(const struct event *event, void *data),
		void *data);

#endif /* NVDPA_IPC_H */

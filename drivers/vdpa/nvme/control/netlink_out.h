/* SPDX-License-Identifier: GPL-2.0 */
/* What the files that make messages of the family nvme_vdpa have in common. */
#ifndef NVDPA_CONTROL_NETLINK_OUT_H
#define NVDPA_CONTROL_NETLINK_OUT_H

#include <linux/types.h>

struct genl_info;
struct netlink_callback;
struct nvdpa_volumes;
struct sk_buff;

/**
 * struct nvdpa_netlink_out - messages on their way out
 * @skb: takes them
 * @info: whom they answer
 * @cb: state of a dump, whose args[0] counts the objects told so far; or NULL
 * @seen: objects that the dump has come across in this call
 */
struct nvdpa_netlink_out {
	struct sk_buff *skb;
	const struct genl_info *info;
	struct netlink_callback *cb;
	long seen;
};

/**
 * nvdpa_netlink_begin() - begin a message
 * @out: where
 *
 * Return: its header, for nvdpa_netlink_end(), or NULL if there is no room.
 */
void *nvdpa_netlink_begin(const struct nvdpa_netlink_out *out);

/**
 * nvdpa_netlink_end() - end a message
 * @out: where
 * @hdr: its header
 * @full: an attribute did not fit, so that there is no message
 *
 * Return: 0 or -EMSGSIZE.
 */
int nvdpa_netlink_end(const struct nvdpa_netlink_out *out, void *hdr,
		      bool full);

/**
 * nvdpa_netlink_answer() - send the answer to a request
 * @out: holds the answer
 * @info: the request
 * @err: why there is none, or 0
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int nvdpa_netlink_answer(const struct nvdpa_netlink_out *out,
			 struct genl_info *info, int err);

/**
 * nvdpa_netlink_told() - has a call before this one told an object?
 * @out: the dump; asked once for each object, in the same order each time
 */
bool nvdpa_netlink_told(struct nvdpa_netlink_out *out);

/**
 * nvdpa_netlink_dump() - dump what belongs to controllers
 * @skb: takes the messages
 * @cb: state of the dump
 * @dump: tells the objects of a controller
 *
 * Context: may sleep. @dump is called with the registry's lock held.
 * Return: 0, -EMSGSIZE if there is more to tell, or what else @dump returned.
 */
int nvdpa_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb,
		       int (*dump)(struct nvdpa_netlink_out *out,
				   const struct nvdpa_volumes *vols));

/**
 * nvdpa_netlink_put_health() - tell the health of a controller
 * @out: where
 * @vols: its volumes
 *
 * Context: lock of the registry held.
 * Return: 0 or -EMSGSIZE.
 */
int nvdpa_netlink_put_health(const struct nvdpa_netlink_out *out,
			     const struct nvdpa_volumes *vols);

/**
 * nvdpa_netlink_find_ctrl() - which controller is a request about?
 * @info: the request; told what is wrong
 * @attr: attribute that names it
 *
 * Context: lock of the registry held, which keeps the result.
 * Return: its volumes, or ERR_PTR.
 */
struct nvdpa_volumes *nvdpa_netlink_find_ctrl(struct genl_info *info,
					      unsigned int attr);

#endif /* NVDPA_CONTROL_NETLINK_OUT_H */

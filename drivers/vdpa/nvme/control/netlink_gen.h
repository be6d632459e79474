/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/nvme_vdpa.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_NVME_VDPA_GEN_H
#define _LINUX_NVME_VDPA_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/nvme_vdpa.h>

int nvme_vdpa_nl_ctrl_get_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_ctrl_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int nvme_vdpa_nl_ns_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int nvme_vdpa_nl_volume_new_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_volume_del_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_volume_set_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_volume_get_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_volume_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int nvme_vdpa_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_stats_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int nvme_vdpa_nl_health_get_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_health_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int nvme_vdpa_nl_ctrl_reset_doit(struct sk_buff *skb, struct genl_info *info);
int nvme_vdpa_nl_ctrl_set_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	NVME_VDPA_NLGRP_EVENTS,
};

extern struct genl_family nvme_vdpa_nl_family;

#endif /* _LINUX_NVME_VDPA_GEN_H */

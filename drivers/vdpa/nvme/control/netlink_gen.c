// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/nvme_vdpa.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/nvme_vdpa.h>

/* NVME_VDPA_CMD_CTRL_GET - do */
static const struct nla_policy nvme_vdpa_ctrl_get_nl_policy[NVME_VDPA_A_CTRL_NAME + 1] = {
	[NVME_VDPA_A_CTRL_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
};

/* NVME_VDPA_CMD_VOLUME_NEW - do */
static const struct nla_policy nvme_vdpa_volume_new_nl_policy[NVME_VDPA_A_VOLUME_WIPED + 1] = {
	[NVME_VDPA_A_VOLUME_CTRL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
	[NVME_VDPA_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_VOLUME_NAME_MAX, },
	[NVME_VDPA_A_VOLUME_NSID] = NLA_POLICY_MIN(NLA_U32, 1),
	[NVME_VDPA_A_VOLUME_START] = { .type = NLA_UINT, },
	[NVME_VDPA_A_VOLUME_NR_LBAS] = NLA_POLICY_MIN(NLA_UINT, 1),
	[NVME_VDPA_A_VOLUME_SERIAL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_SERIAL_MAX, },
	[NVME_VDPA_A_VOLUME_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
	[NVME_VDPA_A_VOLUME_NR_QUEUES] = { .type = NLA_U32, },
	[NVME_VDPA_A_VOLUME_QUEUE_SIZE] = { .type = NLA_U32, },
	[NVME_VDPA_A_VOLUME_WIPED] = { .type = NLA_UINT, },
};

/* NVME_VDPA_CMD_VOLUME_DEL - do */
static const struct nla_policy nvme_vdpa_volume_del_nl_policy[NVME_VDPA_A_VOLUME_NAME + 1] = {
	[NVME_VDPA_A_VOLUME_CTRL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
	[NVME_VDPA_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_VOLUME_NAME_MAX, },
};

/* NVME_VDPA_CMD_VOLUME_SET - do */
static const struct nla_policy nvme_vdpa_volume_set_nl_policy[NVME_VDPA_A_VOLUME_WIPED + 1] = {
	[NVME_VDPA_A_VOLUME_CTRL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
	[NVME_VDPA_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_VOLUME_NAME_MAX, },
	[NVME_VDPA_A_VOLUME_NR_LBAS] = NLA_POLICY_MIN(NLA_UINT, 1),
	[NVME_VDPA_A_VOLUME_SERIAL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_SERIAL_MAX, },
	[NVME_VDPA_A_VOLUME_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
	[NVME_VDPA_A_VOLUME_NR_QUEUES] = { .type = NLA_U32, },
	[NVME_VDPA_A_VOLUME_QUEUE_SIZE] = { .type = NLA_U32, },
	[NVME_VDPA_A_VOLUME_WIPED] = { .type = NLA_UINT, },
};

/* NVME_VDPA_CMD_VOLUME_GET - do */
static const struct nla_policy nvme_vdpa_volume_get_nl_policy[NVME_VDPA_A_VOLUME_NAME + 1] = {
	[NVME_VDPA_A_VOLUME_CTRL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
	[NVME_VDPA_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_VOLUME_NAME_MAX, },
};

/* NVME_VDPA_CMD_STATS_GET - do */
static const struct nla_policy nvme_vdpa_stats_get_nl_policy[NVME_VDPA_A_STATS_QUEUE + 1] = {
	[NVME_VDPA_A_STATS_CTRL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
	[NVME_VDPA_A_STATS_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_DEVICE_NAME_MAX, },
	[NVME_VDPA_A_STATS_QUEUE] = { .type = NLA_U32, },
};

/* NVME_VDPA_CMD_HEALTH_GET - do */
static const struct nla_policy nvme_vdpa_health_get_nl_policy[NVME_VDPA_A_HEALTH_CTRL + 1] = {
	[NVME_VDPA_A_HEALTH_CTRL] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
};

/* NVME_VDPA_CMD_CTRL_RESET - do */
static const struct nla_policy nvme_vdpa_ctrl_reset_nl_policy[NVME_VDPA_A_CTRL_NAME + 1] = {
	[NVME_VDPA_A_CTRL_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
};

/* NVME_VDPA_CMD_CTRL_SET - do */
static const struct nla_policy nvme_vdpa_ctrl_set_nl_policy[NVME_VDPA_A_CTRL_TIMEOUT + 1] = {
	[NVME_VDPA_A_CTRL_NAME] = { .type = NLA_NUL_STRING, .len = NVME_VDPA_CTRL_NAME_MAX, },
	[NVME_VDPA_A_CTRL_TIMEOUT] = { .type = NLA_U32, },
};

/* Ops table for nvme_vdpa */
static const struct genl_split_ops nvme_vdpa_nl_ops[] = {
	{
		.cmd		= NVME_VDPA_CMD_CTRL_GET,
		.doit		= nvme_vdpa_nl_ctrl_get_doit,
		.policy		= nvme_vdpa_ctrl_get_nl_policy,
		.maxattr	= NVME_VDPA_A_CTRL_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= NVME_VDPA_CMD_CTRL_GET,
		.dumpit	= nvme_vdpa_nl_ctrl_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= NVME_VDPA_CMD_NS_GET,
		.dumpit	= nvme_vdpa_nl_ns_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= NVME_VDPA_CMD_VOLUME_NEW,
		.doit		= nvme_vdpa_nl_volume_new_doit,
		.policy		= nvme_vdpa_volume_new_nl_policy,
		.maxattr	= NVME_VDPA_A_VOLUME_WIPED,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= NVME_VDPA_CMD_VOLUME_DEL,
		.doit		= nvme_vdpa_nl_volume_del_doit,
		.policy		= nvme_vdpa_volume_del_nl_policy,
		.maxattr	= NVME_VDPA_A_VOLUME_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= NVME_VDPA_CMD_VOLUME_SET,
		.doit		= nvme_vdpa_nl_volume_set_doit,
		.policy		= nvme_vdpa_volume_set_nl_policy,
		.maxattr	= NVME_VDPA_A_VOLUME_WIPED,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= NVME_VDPA_CMD_VOLUME_GET,
		.doit		= nvme_vdpa_nl_volume_get_doit,
		.policy		= nvme_vdpa_volume_get_nl_policy,
		.maxattr	= NVME_VDPA_A_VOLUME_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= NVME_VDPA_CMD_VOLUME_GET,
		.dumpit	= nvme_vdpa_nl_volume_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= NVME_VDPA_CMD_STATS_GET,
		.doit		= nvme_vdpa_nl_stats_get_doit,
		.policy		= nvme_vdpa_stats_get_nl_policy,
		.maxattr	= NVME_VDPA_A_STATS_QUEUE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= NVME_VDPA_CMD_STATS_GET,
		.dumpit	= nvme_vdpa_nl_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= NVME_VDPA_CMD_HEALTH_GET,
		.doit		= nvme_vdpa_nl_health_get_doit,
		.policy		= nvme_vdpa_health_get_nl_policy,
		.maxattr	= NVME_VDPA_A_HEALTH_CTRL,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= NVME_VDPA_CMD_HEALTH_GET,
		.dumpit	= nvme_vdpa_nl_health_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= NVME_VDPA_CMD_CTRL_RESET,
		.doit		= nvme_vdpa_nl_ctrl_reset_doit,
		.policy		= nvme_vdpa_ctrl_reset_nl_policy,
		.maxattr	= NVME_VDPA_A_CTRL_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= NVME_VDPA_CMD_CTRL_SET,
		.doit		= nvme_vdpa_nl_ctrl_set_doit,
		.policy		= nvme_vdpa_ctrl_set_nl_policy,
		.maxattr	= NVME_VDPA_A_CTRL_TIMEOUT,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group nvme_vdpa_nl_mcgrps[] = {
	[NVME_VDPA_NLGRP_EVENTS] = { "events", },
};

struct genl_family nvme_vdpa_nl_family __ro_after_init = {
	.name		= NVME_VDPA_FAMILY_NAME,
	.version	= NVME_VDPA_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= nvme_vdpa_nl_ops,
	.n_split_ops	= ARRAY_SIZE(nvme_vdpa_nl_ops),
	.mcgrps		= nvme_vdpa_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(nvme_vdpa_nl_mcgrps),
};

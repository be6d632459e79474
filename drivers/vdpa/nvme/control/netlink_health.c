// SPDX-License-Identifier: GPL-2.0
/*
 * The health of controllers. A command has to be sent for it, so nobody holds the
 * lock of the registry meanwhile, and nobody waits for one that is late.
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <net/genetlink.h>

#include "../nvme/ctrl.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_out.h"
#include "volume.h"

#define NVDPA_NETLINK_HEALTH_MS		2000
#define NVDPA_NETLINK_HEALTH_POLL_MS	5

static int nvdpa_netlink_put_log(struct sk_buff *skb,
				 const struct nvdpa_health_log *log)
{
	return nla_put_u32(skb, NVME_VDPA_A_HEALTH_CRITICAL_WARNING,
			   log->critical_warning) ||
	       nla_put_u32(skb, NVME_VDPA_A_HEALTH_TEMPERATURE,
			   log->temperature_k) ||
	       nla_put_u32(skb, NVME_VDPA_A_HEALTH_AVAILABLE_SPARE,
			   log->spare) ||
	       nla_put_u32(skb, NVME_VDPA_A_HEALTH_SPARE_THRESHOLD,
			   log->spare_threshold) ||
	       nla_put_u32(skb, NVME_VDPA_A_HEALTH_PERCENTAGE_USED, log->used);
}

/* A controller that has not answered has a name, and no more. */
int nvdpa_netlink_put_health(const struct nvdpa_netlink_out *out,
			     const struct nvdpa_volumes *vols)
{
	void *hdr = nvdpa_netlink_begin(out);
	struct nvdpa_health_log log;
	bool full;

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(out->skb, NVME_VDPA_A_HEALTH_CTRL, vols->name) ||
	       (!nvdpa_health_get(vols->ctrl, &log) &&
		nvdpa_netlink_put_log(out->skb, &log));
	return nvdpa_netlink_end(out, hdr, full);
}

/* Of one controller, or of all without a name. */
static bool nvdpa_netlink_health_pending(const char *name)
{
	const struct nvdpa_volumes *vols;
	struct nvdpa_health_log log;

	lockdep_assert_held(&nvdpa_registry.lock);

	list_for_each_entry(vols, &nvdpa_registry.all, node)
		if ((!name || !strcmp(vols->name, name)) &&
		    nvdpa_health_get(vols->ctrl, &log) == -EAGAIN)
			return true;
	return false;
}

/* Returns with the lock of the registry held, and an errno if it was interrupted. */
static int nvdpa_netlink_health_wait(const char *name)
{
	unsigned long end = jiffies + msecs_to_jiffies(NVDPA_NETLINK_HEALTH_MS);
	unsigned long poll = msecs_to_jiffies(NVDPA_NETLINK_HEALTH_POLL_MS);

	lockdep_assert_held(&nvdpa_registry.lock);

	while (nvdpa_netlink_health_pending(name) && time_before(jiffies, end)) {
		mutex_unlock(&nvdpa_registry.lock);
		schedule_timeout_interruptible(poll);
		mutex_lock(&nvdpa_registry.lock);
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int nvdpa_netlink_reply_health(struct genl_info *info,
				      const struct nvdpa_volumes *vols)
{
	struct nvdpa_netlink_out out = { .info = info };

	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb)
		return -ENOMEM;
	return nvdpa_netlink_answer(&out, info,
				    nvdpa_netlink_put_health(&out, vols));
}

int nvme_vdpa_nl_health_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[NVME_VDPA_A_HEALTH_CTRL];
	struct nvdpa_volumes *vols;
	int err = 0;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_HEALTH_CTRL);
	if (!IS_ERR(vols)) {
		nvdpa_health_ask(vols->ctrl);
		err = nvdpa_netlink_health_wait(nla_data(name));
		/* It may have gone meanwhile. */
		vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_HEALTH_CTRL);
	}
	if (!err)
		err = IS_ERR(vols) ? PTR_ERR(vols) :
				     nvdpa_netlink_reply_health(info, vols);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

static int nvdpa_netlink_dump_health(struct nvdpa_netlink_out *out,
				     const struct nvdpa_volumes *vols)
{
	int err;

	if (nvdpa_netlink_told(out))
		return 0;
	err = nvdpa_netlink_put_health(out, vols);
	if (!err)
		out->cb->args[0]++;
	return err;
}

/* All at once, so that several that do not answer take no longer than one. */
static int nvdpa_netlink_ask_all(void)
{
	const struct nvdpa_volumes *vols;
	int err;

	mutex_lock(&nvdpa_registry.lock);
	list_for_each_entry(vols, &nvdpa_registry.all, node)
		nvdpa_health_ask(vols->ctrl);
	err = nvdpa_netlink_health_wait(NULL);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

int nvme_vdpa_nl_health_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	int err;

	if (!cb->args[1]) {
		err = nvdpa_netlink_ask_all();
		if (err)
			return err;
		cb->args[1] = 1;
	}
	return nvdpa_netlink_dump(skb, cb, nvdpa_netlink_dump_health);
}

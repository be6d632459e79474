// SPDX-License-Identifier: GPL-2.0
/* Statistics, as the family nvme_vdpa tells them. */
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "../debug/stats.h"
#include "../device/dev.h"
#include "netlink_gen.h"
#include "netlink_out.h"
#include "volume.h"

/* In place of the index of a virtqueue. */
#define NVDPA_NETLINK_ALL_QUEUES	U32_MAX

static_assert(NVDPA_HIST_BUCKETS == NVME_VDPA_LATENCY_BUCKETS);
static_assert(NVDPA_LATENCY_READ == (int)NVME_VDPA_LATENCY_TYPE_READ);
static_assert(NVDPA_LATENCY_WRITE == (int)NVME_VDPA_LATENCY_TYPE_WRITE);
static_assert(NVDPA_LATENCY_FLUSH == (int)NVME_VDPA_LATENCY_TYPE_FLUSH);
static_assert(NVDPA_LATENCY_DISCARD == (int)NVME_VDPA_LATENCY_TYPE_DISCARD);
static_assert(NVDPA_SCOPE_DEVICE == (int)NVME_VDPA_LATENCY_SCOPE_DEVICE);
static_assert(NVDPA_SCOPE_TOTAL == (int)NVME_VDPA_LATENCY_SCOPE_TOTAL);

#define NVDPA_NETLINK_STAT(attr, field)	\
	{ NVME_VDPA_A_STATS_##attr, offsetof(struct nvdpa_stats, field) }

static const struct {
	u16 attr;
	u16 offset;
} nvdpa_netlink_stats[] = {
	NVDPA_NETLINK_STAT(READS, ops[NVDPA_OP_READ].nr),
	NVDPA_NETLINK_STAT(WRITES, ops[NVDPA_OP_WRITE].nr),
	NVDPA_NETLINK_STAT(FLUSHES, ops[NVDPA_OP_FLUSH].nr),
	NVDPA_NETLINK_STAT(DISCARDS, ops[NVDPA_OP_DISCARD].nr),
	NVDPA_NETLINK_STAT(WRITE_ZEROES, ops[NVDPA_OP_WRITE_ZEROES].nr),
	NVDPA_NETLINK_STAT(GET_IDS, ops[NVDPA_OP_GET_ID].nr),
	NVDPA_NETLINK_STAT(BYTES_READ, ops[NVDPA_OP_READ].bytes),
	NVDPA_NETLINK_STAT(BYTES_WRITTEN, ops[NVDPA_OP_WRITE].bytes),
	NVDPA_NETLINK_STAT(BYTES_DISCARDED, ops[NVDPA_OP_DISCARD].bytes),
	NVDPA_NETLINK_STAT(BYTES_ZEROED, ops[NVDPA_OP_WRITE_ZEROES].bytes),
	NVDPA_NETLINK_STAT(ERRORS_REFUSED, errors[NVDPA_ERROR_REFUSED]),
	NVDPA_NETLINK_STAT(ERRORS_UNSUPPORTED, errors[NVDPA_ERROR_UNSUPPORTED]),
	NVDPA_NETLINK_STAT(ERRORS_UNMAPPED, errors[NVDPA_ERROR_UNMAPPED]),
	NVDPA_NETLINK_STAT(ERRORS_MEDIA, errors[NVDPA_ERROR_MEDIA]),
	NVDPA_NETLINK_STAT(ERRORS_DEVICE, errors[NVDPA_ERROR_DEVICE]),
	NVDPA_NETLINK_STAT(ERRORS_ABORTED, errors[NVDPA_ERROR_ABORTED]),
	NVDPA_NETLINK_STAT(COMMANDS, commands),
	NVDPA_NETLINK_STAT(SEGMENTS, segments),
	NVDPA_NETLINK_STAT(SPLITS, splits),
	NVDPA_NETLINK_STAT(BOUNCES, bounces),
	NVDPA_NETLINK_STAT(KICKS, kicks),
	NVDPA_NETLINK_STAT(CALLBACKS, callbacks),
	NVDPA_NETLINK_STAT(SUPPRESSED, suppressed),
	NVDPA_NETLINK_STAT(DEFERRED, deferred),
};

static bool nvdpa_netlink_put_counters(struct sk_buff *skb,
				       const struct nvdpa_stats *stats)
{
	const u8 *base = (const u8 *)stats;
	bool full = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nvdpa_netlink_stats); i++)
		full = full ||
		       nla_put_uint(skb, nvdpa_netlink_stats[i].attr,
				    *(const u64 *)(base + nvdpa_netlink_stats[i].offset));
	return full;
}

static bool nvdpa_netlink_put_latency(struct sk_buff *skb, u32 type, u32 scope,
				      const struct nvdpa_hist *hist)
{
	struct nlattr *nest;

	if (!memchr_inv(hist->nr, 0, sizeof(hist->nr)))
		return false;
	nest = nla_nest_start(skb, NVME_VDPA_A_STATS_LATENCY);
	if (!nest || nla_put_u32(skb, NVME_VDPA_A_LATENCY_TYPE, type) ||
	    nla_put_u32(skb, NVME_VDPA_A_LATENCY_SCOPE, scope) ||
	    nla_put_uint(skb, NVME_VDPA_A_LATENCY_SUM, hist->sum_ns) ||
	    nla_put(skb, NVME_VDPA_A_LATENCY_BUCKETS, sizeof(hist->nr),
		    hist->nr))
		return true;
	nla_nest_end(skb, nest);
	return false;
}

static bool nvdpa_netlink_put_latencies(struct sk_buff *skb,
					const struct nvdpa_stats *stats)
{
	bool full = false;
	u32 type, scope;

	for (type = 0; type < NVDPA_LATENCIES; type++)
		for (scope = 0; scope < NVDPA_SCOPES; scope++)
			full = full ||
			       nvdpa_netlink_put_latency(skb, type, scope,
							 &stats->latency[type][scope]);
	return full;
}

static int nvdpa_netlink_put_stats(const struct nvdpa_netlink_out *out,
				   const struct nvdpa_volumes *vols,
				   const struct nvdpa_volume *vol, u32 queue)
{
	bool all = queue == NVDPA_NETLINK_ALL_QUEUES;
	struct nvdpa_stats *stats;
	struct sk_buff *skb = out->skb;
	void *hdr;
	bool full;

	lockdep_assert_held(&nvdpa_registry.lock);

	stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	hdr = nvdpa_netlink_begin(out);
	if (!hdr) {
		kfree(stats);
		return -EMSGSIZE;
	}

	nvdpa_dev_stats(vol->dev, all ? 0 : queue, all ? vol->dev->nr_vqs : 1,
			stats);
	full = nla_put_string(skb, NVME_VDPA_A_STATS_CTRL, vols->name) ||
	       nla_put_string(skb, NVME_VDPA_A_STATS_NAME, vol->name) ||
	       (!all && nla_put_u32(skb, NVME_VDPA_A_STATS_QUEUE, queue)) ||
	       nvdpa_netlink_put_counters(skb, stats) ||
	       nvdpa_netlink_put_latencies(skb, stats);
	kfree(stats);
	return nvdpa_netlink_end(out, hdr, full);
}

static int nvdpa_netlink_dump_queue(struct nvdpa_netlink_out *out,
				    const struct nvdpa_volumes *vols,
				    const struct nvdpa_volume *vol, u32 queue)
{
	int err;

	if (nvdpa_netlink_told(out))
		return 0;
	err = nvdpa_netlink_put_stats(out, vols, vol, queue);
	if (!err)
		out->cb->args[0]++;
	return err;
}

static int nvdpa_netlink_dump_stats(struct nvdpa_netlink_out *out,
				    const struct nvdpa_volumes *vols)
{
	const struct nvdpa_volume *vol;
	int err = 0;
	u32 queue;

	list_for_each_entry(vol, &vols->list, node) {
		if (!vol->dev)
			continue;
		err = nvdpa_netlink_dump_queue(out, vols, vol,
					       NVDPA_NETLINK_ALL_QUEUES);
		for (queue = 0; !err && queue < vol->dev->nr_vqs; queue++)
			err = nvdpa_netlink_dump_queue(out, vols, vol, queue);
		if (err)
			break;
	}
	return err;
}

static const struct nvdpa_volume *
nvdpa_netlink_find_dev(struct genl_info *info, const struct nvdpa_volumes *vols)
{
	struct nlattr *name = info->attrs[NVME_VDPA_A_STATS_NAME];
	const struct nvdpa_volume *vol;

	if (GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_STATS_NAME)) {
		GENL_SET_ERR_MSG(info, "the device's name is missing");
		return ERR_PTR(-EINVAL);
	}
	vol = nvdpa_volume_find_dev(vols, nla_data(name));
	if (vol)
		return vol;
	if (nvdpa_volume_find(vols, nla_data(name)))
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "the volume is not in use; vdpa dev add makes a device of it");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "the controller has no vDPA device of this name");
	return ERR_PTR(-ENOENT);
}

static int nvdpa_netlink_find_queue(struct genl_info *info,
				    const struct nvdpa_volume *vol, u32 *queue)
{
	struct nlattr *attr = info->attrs[NVME_VDPA_A_STATS_QUEUE];

	lockdep_assert_held(&nvdpa_registry.lock);

	*queue = attr ? nla_get_u32(attr) : NVDPA_NETLINK_ALL_QUEUES;
	if (attr && *queue >= vol->dev->nr_vqs) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr,
					"the device has %u virtqueues",
					vol->dev->nr_vqs);
		return -ERANGE;
	}
	return 0;
}

static int nvdpa_netlink_reply_stats(struct genl_info *info,
				     const struct nvdpa_volumes *vols)
{
	struct nvdpa_netlink_out out = { .info = info };
	const struct nvdpa_volume *vol;
	u32 queue;
	int err;

	vol = nvdpa_netlink_find_dev(info, vols);
	if (IS_ERR(vol))
		return PTR_ERR(vol);
	err = nvdpa_netlink_find_queue(info, vol, &queue);
	if (err)
		return err;

	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb)
		return -ENOMEM;
	err = nvdpa_netlink_put_stats(&out, vols, vol, queue);
	return nvdpa_netlink_answer(&out, info, err);
}

int nvme_vdpa_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nvdpa_volumes *vols;
	int err;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_STATS_CTRL);
	err = IS_ERR(vols) ? PTR_ERR(vols) :
			     nvdpa_netlink_reply_stats(info, vols);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

int nvme_vdpa_nl_stats_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	return nvdpa_netlink_dump(skb, cb, nvdpa_netlink_dump_stats);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family nvme_vdpa. Policies and table of operations are
 * generated from Documentation/netlink/specs/nvme_vdpa.yaml.
 */
#include "netlink.h"

#include <linux/bitops.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "../nvme/ctrl.h"
#include "../nvme/qpair.h"
#include "../nvme/reset.h"
#include "../nvme/timeout.h"
#include "netlink_gen.h"
#include "netlink_out.h"
#include "volume.h"

void *nvdpa_netlink_begin(const struct nvdpa_netlink_out *out)
{
	void *hdr;

	hdr = __genlmsg_iput(out->skb, out->info, out->cb ? NLM_F_MULTI : 0);
	if (hdr && out->cb)
		genl_dump_check_consistent(out->cb, hdr);
	return hdr;
}

int nvdpa_netlink_end(const struct nvdpa_netlink_out *out, void *hdr,
		      bool full)
{
	if (full) {
		genlmsg_cancel(out->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(out->skb, hdr);
	return 0;
}

int nvdpa_netlink_answer(const struct nvdpa_netlink_out *out,
			 struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(out->skb);
		return err;
	}
	return genlmsg_reply(out->skb, info);
}

bool nvdpa_netlink_told(struct nvdpa_netlink_out *out)
{
	return out->seen++ < out->cb->args[0];
}

static u32 nvdpa_netlink_state(const struct nvdpa_ctrl *ctrl)
{
	switch (READ_ONCE(ctrl->state)) {
	case NVDPA_CTRL_LIVE:
		return NVME_VDPA_CTRL_STATE_LIVE;
	case NVDPA_CTRL_NEW:
	case NVDPA_CTRL_RESETTING:
		return NVME_VDPA_CTRL_STATE_RESETTING;
	default:
		return NVME_VDPA_CTRL_STATE_DEAD;
	}
}

static_assert((int)NVME_VDPA_A_CTRL_BAD_COMPLETIONS +
	      NVDPA_COUNT_GIVEN_UP == (int)NVME_VDPA_A_CTRL_GIVEN_UP);
static_assert((int)NVDPA_COUNT_GIVEN_UP + 1 == (int)NVDPA_COUNTS);

/* Their attributes follow one another as they do. */
static bool nvdpa_netlink_put_counts(struct sk_buff *skb,
				     const struct nvdpa_ctrl *ctrl)
{
	unsigned int i;

	for (i = 0; i < NVDPA_COUNTS; i++)
		if (nla_put_uint(skb, NVME_VDPA_A_CTRL_BAD_COMPLETIONS + i,
				 (u32)atomic_read(&ctrl->counts[i])))
			return true;
	return false;
}

static u32 nvdpa_netlink_nr_ns(const struct nvdpa_ctrl *ctrl)
{
	unsigned int i;
	u32 nr = 0;

	for (i = 0; i < ctrl->nr_ns; i++)
		nr += ctrl->ns[i].active;
	return nr;
}

static int nvdpa_netlink_put_ctrl(const struct nvdpa_netlink_out *out,
				  const struct nvdpa_volumes *vols)
{
	struct nvdpa_ctrl *ctrl = vols->ctrl;
	struct sk_buff *skb = out->skb;
	void *hdr = nvdpa_netlink_begin(out);
	u32 state = nvdpa_netlink_state(ctrl);
	bool full;

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(skb, NVME_VDPA_A_CTRL_NAME, vols->name) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_STATE, state) ||
	       nla_put_string(skb, NVME_VDPA_A_CTRL_MODEL, ctrl->model) ||
	       nla_put_string(skb, NVME_VDPA_A_CTRL_SERIAL, ctrl->serial) ||
	       nla_put_string(skb, NVME_VDPA_A_CTRL_FIRMWARE, ctrl->firmware) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_NR_QPAIRS, ctrl->nr_qpairs) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_NR_FREE_QPAIRS,
			   nvdpa_qpair_nr_free(ctrl)) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_NR_SHARING,
			   nvdpa_qpair_nr_sharing(ctrl)) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_QUEUE_SIZE, ctrl->depth) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_MAX_TRANSFER,
			   ctrl->max_bytes) ||
	       (ctrl->vwc &&
		nla_put_flag(skb, NVME_VDPA_A_CTRL_VOLATILE_CACHE)) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_NR_NAMESPACES,
			   nvdpa_netlink_nr_ns(ctrl)) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_TIMEOUT,
			   READ_ONCE(ctrl->io_timeout_ms)) ||
	       nvdpa_netlink_put_counts(skb, ctrl);
	return nvdpa_netlink_end(out, hdr, full);
}

static int nvdpa_netlink_put_ns(const struct nvdpa_netlink_out *out,
				const struct nvdpa_volumes *vols,
				const struct nvdpa_ns *ns)
{
	const struct nvdpa_volume *whole = nvdpa_volume_whole(vols, ns);
	struct sk_buff *skb = out->skb;
	void *hdr = nvdpa_netlink_begin(out);
	bool full;

	lockdep_assert_held(&nvdpa_registry.lock);

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(skb, NVME_VDPA_A_NS_CTRL, vols->name) ||
	       nla_put_u32(skb, NVME_VDPA_A_NS_NSID, ns->nsid) ||
	       (!ns->active && nla_put_flag(skb, NVME_VDPA_A_NS_GONE));
	/* What cannot be served may not even have a block size. */
	if (ns->refusal)
		full = full || nla_put_string(skb, NVME_VDPA_A_NS_REFUSAL,
					      ns->refusal);
	else
		full = full ||
		       nla_put_u32(skb, NVME_VDPA_A_NS_LBA_SIZE,
				   1u << ns->lba_shift) ||
		       nla_put_uint(skb, NVME_VDPA_A_NS_NR_LBAS, ns->nr_lbas) ||
		       nla_put_u32(skb, NVME_VDPA_A_NS_GRANULARITY,
				   ns->phys_lbas);
	if (whole && whole->dev)
		full = full || nla_put_string(skb, NVME_VDPA_A_NS_USED_BY,
					      whole->name);
	return nvdpa_netlink_end(out, hdr, full);
}

static int nvdpa_netlink_put_volume(const struct nvdpa_netlink_out *out,
				    const struct nvdpa_volumes *vols,
				    const struct nvdpa_volume *vol)
{
	struct sk_buff *skb = out->skb;
	void *hdr = nvdpa_netlink_begin(out);
	bool full;

	lockdep_assert_held(&nvdpa_registry.lock);

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(skb, NVME_VDPA_A_VOLUME_CTRL, vols->name) ||
	       nla_put_string(skb, NVME_VDPA_A_VOLUME_NAME, vol->name) ||
	       nla_put_u32(skb, NVME_VDPA_A_VOLUME_NSID, vol->ns->nsid) ||
	       nla_put_uint(skb, NVME_VDPA_A_VOLUME_START, vol->start_lba) ||
	       nla_put_uint(skb, NVME_VDPA_A_VOLUME_NR_LBAS, vol->nr_lbas) ||
	       nla_put_string(skb, NVME_VDPA_A_VOLUME_SERIAL, vol->serial) ||
	       nla_put_u8(skb, NVME_VDPA_A_VOLUME_READ_ONLY, vol->read_only) ||
	       nla_put_u32(skb, NVME_VDPA_A_VOLUME_NR_QUEUES, vol->nr_queues) ||
	       nla_put_u32(skb, NVME_VDPA_A_VOLUME_QUEUE_SIZE,
			   vol->queue_size) ||
	       nla_put_uint(skb, NVME_VDPA_A_VOLUME_WIPED, vol->wiped_lbas) ||
	       (vol->dev && nla_put_string(skb, NVME_VDPA_A_VOLUME_USED_BY,
					   vol->name));
	return nvdpa_netlink_end(out, hdr, full);
}

/* One object; without a volume, the controller. */
static int nvdpa_netlink_put(const struct nvdpa_netlink_out *out,
			     const struct nvdpa_volumes *vols,
			     const struct nvdpa_volume *vol)
{
	return vol ? nvdpa_netlink_put_volume(out, vols, vol) :
		     nvdpa_netlink_put_ctrl(out, vols);
}

static int nvdpa_netlink_reply(struct genl_info *info,
			       const struct nvdpa_volumes *vols,
			       const struct nvdpa_volume *vol)
{
	struct nvdpa_netlink_out out = { .info = info };

	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb)
		return -ENOMEM;
	return nvdpa_netlink_answer(&out, info,
				    nvdpa_netlink_put(&out, vols, vol));
}

/* False when nobody listens, or there is no memory. */
static bool nvdpa_netlink_begin_event(struct nvdpa_netlink_out *out,
				      struct genl_info *info, u8 cmd)
{
	lockdep_assert_held(&nvdpa_registry.lock);

	if (!genl_has_listeners(&nvme_vdpa_nl_family, &init_net,
				NVME_VDPA_NLGRP_EVENTS))
		return false;
	genl_info_init_ntf(info, &nvme_vdpa_nl_family, cmd);
	out->info = info;
	out->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	return out->skb;
}

/* @err: what became of the object. */
static void nvdpa_netlink_send_event(const struct nvdpa_netlink_out *out,
				     int err)
{
	if (err) {
		nlmsg_free(out->skb);
		return;
	}
	genlmsg_multicast(&nvme_vdpa_nl_family, out->skb, 0,
			  NVME_VDPA_NLGRP_EVENTS, GFP_KERNEL);
}

static void nvdpa_netlink_event(u8 cmd, const struct nvdpa_volumes *vols,
				const struct nvdpa_volume *vol)
{
	struct nvdpa_netlink_out out = {};
	struct genl_info info;

	if (nvdpa_netlink_begin_event(&out, &info, cmd))
		nvdpa_netlink_send_event(&out,
					 nvdpa_netlink_put(&out, vols, vol));
}

void nvdpa_netlink_ctrl_event(u8 cmd, const struct nvdpa_volumes *vols)
{
	nvdpa_netlink_event(cmd, vols, NULL);
}

static int nvdpa_netlink_put_aer(const struct nvdpa_netlink_out *out,
				 const struct nvdpa_volumes *vols,
				 const struct nvdpa_aer_event *event)
{
	struct sk_buff *skb = out->skb;
	void *hdr = nvdpa_netlink_begin(out);
	bool full;

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(skb, NVME_VDPA_A_CTRL_NAME, vols->name) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_AER_TYPE, event->type) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_AER_INFO, event->info) ||
	       nla_put_u32(skb, NVME_VDPA_A_CTRL_AER_LOG_PAGE, event->log_page);
	return nvdpa_netlink_end(out, hdr, full);
}

void nvdpa_netlink_aer_event(const struct nvdpa_volumes *vols,
			     const struct nvdpa_aer_event *event)
{
	struct nvdpa_netlink_out out = {};
	struct genl_info info;

	if (nvdpa_netlink_begin_event(&out, &info, NVME_VDPA_CMD_CTRL_AER_NTF))
		nvdpa_netlink_send_event(&out,
					 nvdpa_netlink_put_aer(&out, vols,
							       event));
}

void nvdpa_netlink_health_event(const struct nvdpa_volumes *vols)
{
	struct nvdpa_netlink_out out = {};
	struct genl_info info;

	if (nvdpa_netlink_begin_event(&out, &info,
				      NVME_VDPA_CMD_HEALTH_CHANGE_NTF))
		nvdpa_netlink_send_event(&out,
					 nvdpa_netlink_put_health(&out, vols));
}

static bool nvdpa_netlink_put_blocks(struct sk_buff *skb,
				     const struct nvdpa_volumes *vols,
				     const struct nvdpa_media_error *error)
{
	const struct nvdpa_volume *vol = nvdpa_volume_at(vols, error->nsid,
							 error->lba);

	return nla_put_uint(skb, NVME_VDPA_A_MEDIA_LBA, error->lba) ||
	       nla_put_u32(skb, NVME_VDPA_A_MEDIA_NR_LBAS, error->nr_lbas) ||
	       (vol && nla_put_string(skb, NVME_VDPA_A_MEDIA_USED_BY,
				      vol->name));
}

static int nvdpa_netlink_put_media(const struct nvdpa_netlink_out *out,
				   const struct nvdpa_volumes *vols,
				   const struct nvdpa_media_error *error)
{
	struct sk_buff *skb = out->skb;
	void *hdr = nvdpa_netlink_begin(out);
	bool full;

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(skb, NVME_VDPA_A_MEDIA_CTRL, vols->name) ||
	       nla_put_u32(skb, NVME_VDPA_A_MEDIA_NSID, error->nsid) ||
	       (error->nr_lbas && nvdpa_netlink_put_blocks(skb, vols, error)) ||
	       nla_put_u32(skb, NVME_VDPA_A_MEDIA_OPCODE, error->opcode) ||
	       nla_put_u32(skb, NVME_VDPA_A_MEDIA_STATUS, error->status) ||
	       nla_put_u32(skb, NVME_VDPA_A_MEDIA_MISSED, error->missed);
	return nvdpa_netlink_end(out, hdr, full);
}

void nvdpa_netlink_media_event(const struct nvdpa_volumes *vols,
			       const struct nvdpa_media_error *error)
{
	struct nvdpa_netlink_out out = {};
	struct genl_info info;

	if (nvdpa_netlink_begin_event(&out, &info,
				      NVME_VDPA_CMD_MEDIA_ERROR_NTF))
		nvdpa_netlink_send_event(&out,
					 nvdpa_netlink_put_media(&out, vols,
								 error));
}

void nvdpa_netlink_ns_event(const struct nvdpa_volumes *vols,
			    const struct nvdpa_ns *ns)
{
	struct nvdpa_netlink_out out = {};
	struct genl_info info;

	if (nvdpa_netlink_begin_event(&out, &info, NVME_VDPA_CMD_NS_CHANGE_NTF))
		nvdpa_netlink_send_event(&out,
					 nvdpa_netlink_put_ns(&out, vols, ns));
}

static int nvdpa_netlink_put_stop(const struct nvdpa_netlink_out *out,
				  const struct nvdpa_volumes *vols,
				  const struct nvdpa_volume *vol)
{
	struct sk_buff *skb = out->skb;
	void *hdr = nvdpa_netlink_begin(out);
	bool full;

	if (!hdr)
		return -EMSGSIZE;
	full = nla_put_string(skb, NVME_VDPA_A_VOLUME_CTRL, vols->name) ||
	       nla_put_u32(skb, NVME_VDPA_A_VOLUME_NSID, vol->ns->nsid) ||
	       nla_put_string(skb, NVME_VDPA_A_VOLUME_USED_BY, vol->name);
	return nvdpa_netlink_end(out, hdr, full);
}

void nvdpa_netlink_stop_event(const struct nvdpa_volumes *vols,
			      const struct nvdpa_volume *vol)
{
	struct nvdpa_netlink_out out = {};
	struct genl_info info;

	if (nvdpa_netlink_begin_event(&out, &info,
				      NVME_VDPA_CMD_DEVICE_STOP_NTF))
		nvdpa_netlink_send_event(&out,
					 nvdpa_netlink_put_stop(&out, vols,
								vol));
}

void nvdpa_netlink_volume_event(u8 cmd, const struct nvdpa_volumes *vols,
				const struct nvdpa_volume *vol)
{
	nvdpa_netlink_event(cmd, vols, vol);
}

/* Without a policy the framework leaves attributes alone, good or bad. */
static int nvdpa_netlink_check_dump(struct netlink_callback *cb)
{
	if (!nlmsg_attrlen(cb->nlh, GENL_HDRLEN))
		return 0;
	NL_SET_ERR_MSG_ATTR(cb->extack, nlmsg_attrdata(cb->nlh, GENL_HDRLEN),
			    "a dump has no attributes, it tells of everything");
	return -EINVAL;
}

int nvdpa_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb,
		       int (*dump)(struct nvdpa_netlink_out *out,
				   const struct nvdpa_volumes *vols))
{
	struct nvdpa_netlink_out out = {
		.skb = skb,
		.info = genl_info_dump(cb),
		.cb = cb,
	};
	const struct nvdpa_volumes *vols;
	int err;

	err = nvdpa_netlink_check_dump(cb);
	if (err)
		return err;

	mutex_lock(&nvdpa_registry.lock);
	cb->seq = nvdpa_registry.generation;
	list_for_each_entry(vols, &nvdpa_registry.all, node) {
		err = dump(&out, vols);
		if (err)
			break;
	}
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

static int nvdpa_netlink_dump_ctrl(struct nvdpa_netlink_out *out,
				   const struct nvdpa_volumes *vols)
{
	int err;

	if (nvdpa_netlink_told(out))
		return 0;
	err = nvdpa_netlink_put_ctrl(out, vols);
	if (!err)
		out->cb->args[0]++;
	return err;
}

static int nvdpa_netlink_dump_ns(struct nvdpa_netlink_out *out,
				 const struct nvdpa_volumes *vols)
{
	unsigned int i;
	int err;

	for (i = 0; i < vols->ctrl->nr_ns; i++) {
		if (!vols->ctrl->ns[i].active || nvdpa_netlink_told(out))
			continue;
		err = nvdpa_netlink_put_ns(out, vols, &vols->ctrl->ns[i]);
		if (err)
			return err;
		out->cb->args[0]++;
	}
	return 0;
}

static int nvdpa_netlink_dump_volumes(struct nvdpa_netlink_out *out,
				      const struct nvdpa_volumes *vols)
{
	const struct nvdpa_volume *vol;
	int err;

	list_for_each_entry(vol, &vols->list, node) {
		if (vol->whole || nvdpa_netlink_told(out))
			continue;
		err = nvdpa_netlink_put_volume(out, vols, vol);
		if (err)
			return err;
		out->cb->args[0]++;
	}
	return 0;
}

struct nvdpa_volumes *nvdpa_netlink_find_ctrl(struct genl_info *info,
					      unsigned int attr)
{
	struct nvdpa_volumes *vols;

	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		GENL_SET_ERR_MSG(info, "the controller is missing");
		return ERR_PTR(-EINVAL);
	}
	vols = nvdpa_volumes_find(nla_data(info->attrs[attr]));
	if (!vols) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "nvme_vdpa has no controller of this name");
		return ERR_PTR(-ENODEV);
	}
	return vols;
}

static struct nvdpa_volume *
nvdpa_netlink_find_volume(struct genl_info *info,
			  const struct nvdpa_volumes *vols)
{
	struct nlattr *name = info->attrs[NVME_VDPA_A_VOLUME_NAME];
	struct nvdpa_volume *vol;

	if (GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_VOLUME_NAME)) {
		GENL_SET_ERR_MSG(info, "the volume's name is missing");
		return ERR_PTR(-EINVAL);
	}
	vol = nvdpa_volume_find(vols, nla_data(name));
	if (!vol) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "the controller has no volume of this name");
		return ERR_PTR(-ENOENT);
	}
	return vol;
}

/* Pass the reason on; the policies of all operations know these attributes. */
static int nvdpa_netlink_refused(struct genl_info *info, int err,
				 const struct nvdpa_refusal *why)
{
	if (why->attr)
		NL_SET_BAD_ATTR(info->extack, info->attrs[why->attr]);
	if (*why->text)
		GENL_SET_ERR_MSG_FMT(info, "%s", why->text);
	return err;
}

static void nvdpa_netlink_wish_attr(struct nvdpa_volume_wish *wish,
				    unsigned int type,
				    const struct nlattr *attr)
{
	switch (type) {
	case NVME_VDPA_A_VOLUME_NAME:
		wish->name = nla_data(attr);
		break;
	case NVME_VDPA_A_VOLUME_NSID:
		wish->nsid = nla_get_u32(attr);
		break;
	case NVME_VDPA_A_VOLUME_START:
		wish->start_lba = nla_get_uint(attr);
		break;
	case NVME_VDPA_A_VOLUME_NR_LBAS:
		wish->nr_lbas = nla_get_uint(attr);
		break;
	case NVME_VDPA_A_VOLUME_SERIAL:
		wish->serial = nla_data(attr);
		break;
	case NVME_VDPA_A_VOLUME_READ_ONLY:
		wish->read_only = nla_get_u8(attr);
		break;
	case NVME_VDPA_A_VOLUME_NR_QUEUES:
		wish->nr_queues = nla_get_u32(attr);
		break;
	case NVME_VDPA_A_VOLUME_QUEUE_SIZE:
		wish->queue_size = nla_get_u32(attr);
		break;
	case NVME_VDPA_A_VOLUME_WIPED:
		wish->wiped_lbas = nla_get_uint(attr);
		break;
	}
}

/* For volume-new and volume-set, whose policies end at the same attribute. */
static void nvdpa_netlink_wish(struct nvdpa_volume_wish *wish,
			       struct genl_info *info)
{
	unsigned int type;

	for (type = 1; type <= NVME_VDPA_A_VOLUME_WIPED; type++) {
		if (!info->attrs[type])
			continue;
		__set_bit(type, &wish->given);
		nvdpa_netlink_wish_attr(wish, type, info->attrs[type]);
	}
}

int nvme_vdpa_nl_ctrl_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nvdpa_volumes *vols;
	int err;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_CTRL_NAME);
	err = IS_ERR(vols) ? PTR_ERR(vols) :
			     nvdpa_netlink_reply(info, vols, NULL);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

int nvme_vdpa_nl_ctrl_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return nvdpa_netlink_dump(skb, cb, nvdpa_netlink_dump_ctrl);
}

/* Who wants to know how it ends looks at state and count. */
int nvme_vdpa_nl_ctrl_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nvdpa_volumes *vols;
	int err;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_CTRL_NAME);
	err = PTR_ERR_OR_ZERO(vols);
	if (!err)
		nvdpa_reset_request(vols->ctrl, NVDPA_RESET_ASKED);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

int nvme_vdpa_nl_ctrl_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *timeout = info->attrs[NVME_VDPA_A_CTRL_TIMEOUT];
	const struct nvdpa_volumes *vols;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_CTRL_TIMEOUT)) {
		GENL_SET_ERR_MSG(info, "the timeout is missing");
		return -EINVAL;
	}
	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_CTRL_NAME);
	err = PTR_ERR_OR_ZERO(vols);
	if (!err)
		err = nvdpa_timeout_set(vols->ctrl, nla_get_u32(timeout));
	if (err == -ERANGE)
		NL_SET_ERR_MSG_ATTR(info->extack, timeout,
				    "a timeout is 100 to 600000 milliseconds");
	if (!err) {
		nvdpa_registry_changed();
		nvdpa_netlink_ctrl_event(NVME_VDPA_CMD_CTRL_CHANGE_NTF, vols);
	}
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

int nvme_vdpa_nl_ns_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return nvdpa_netlink_dump(skb, cb, nvdpa_netlink_dump_ns);
}

int nvme_vdpa_nl_volume_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nvdpa_volume_wish wish = {};
	struct nvdpa_refusal why = {};
	struct nvdpa_volumes *vols;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_VOLUME_NAME) ||
	    GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_VOLUME_NSID) ||
	    GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_VOLUME_START) ||
	    GENL_REQ_ATTR_CHECK(info, NVME_VDPA_A_VOLUME_NR_LBAS)) {
		GENL_SET_ERR_MSG(info,
				 "a volume needs a name, a namespace, a start and a length");
		return -EINVAL;
	}
	nvdpa_netlink_wish(&wish, info);

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_VOLUME_CTRL);
	err = IS_ERR(vols) ? PTR_ERR(vols) :
			     nvdpa_volume_new(vols, &wish, &why);
	mutex_unlock(&nvdpa_registry.lock);
	return err ? nvdpa_netlink_refused(info, err, &why) : 0;
}

/* Run @act on the volume that a message names. */
static int nvdpa_netlink_volume(struct genl_info *info,
				int (*act)(struct genl_info *info,
					   struct nvdpa_volumes *vols,
					   struct nvdpa_volume *vol))
{
	struct nvdpa_volumes *vols;
	struct nvdpa_volume *vol;
	int err;

	mutex_lock(&nvdpa_registry.lock);
	vols = nvdpa_netlink_find_ctrl(info, NVME_VDPA_A_VOLUME_CTRL);
	if (IS_ERR(vols)) {
		err = PTR_ERR(vols);
		goto unlock;
	}
	vol = nvdpa_netlink_find_volume(info, vols);
	err = IS_ERR(vol) ? PTR_ERR(vol) : act(info, vols, vol);
unlock:
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

static int nvdpa_netlink_volume_set(struct genl_info *info,
				    struct nvdpa_volumes *vols,
				    struct nvdpa_volume *vol)
{
	struct nvdpa_volume_wish wish = {};
	struct nvdpa_refusal why = {};
	int err;

	nvdpa_netlink_wish(&wish, info);
	err = nvdpa_volume_set(vols, vol, &wish, &why);
	return err ? nvdpa_netlink_refused(info, err, &why) : 0;
}

static int nvdpa_netlink_volume_del(struct genl_info *info,
				    struct nvdpa_volumes *vols,
				    struct nvdpa_volume *vol)
{
	struct nvdpa_refusal why = {};
	int err;

	err = nvdpa_volume_del(vols, vol, &why);
	return err ? nvdpa_netlink_refused(info, err, &why) : 0;
}

static int nvdpa_netlink_volume_get(struct genl_info *info,
				    struct nvdpa_volumes *vols,
				    struct nvdpa_volume *vol)
{
	return nvdpa_netlink_reply(info, vols, vol);
}

int nvme_vdpa_nl_volume_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nvdpa_netlink_volume(info, nvdpa_netlink_volume_del);
}

int nvme_vdpa_nl_volume_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nvdpa_netlink_volume(info, nvdpa_netlink_volume_set);
}

int nvme_vdpa_nl_volume_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nvdpa_netlink_volume(info, nvdpa_netlink_volume_get);
}

int nvme_vdpa_nl_volume_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	return nvdpa_netlink_dump(skb, cb, nvdpa_netlink_dump_volumes);
}

/* Disks belong to the host: the generator would let every network in. */
int nvdpa_netlink_register(void)
{
	nvme_vdpa_nl_family.netnsok = false;
	return genl_register_family(&nvme_vdpa_nl_family);
}

void nvdpa_netlink_unregister(void)
{
	genl_unregister_family(&nvme_vdpa_nl_family);
}

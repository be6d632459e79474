// SPDX-License-Identifier: GPL-2.0
/*
 * What passes through is checked, and run on queues of ours. Its data goes by way of
 * our pages, which stay ours until the controller is through with them, whatever
 * becomes of the caller.
 */
#include "pass.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/nvme.h>
#include <linux/slab.h>
#include <uapi/linux/nvme_ioctl.h>

#include "../debug/overrides.h"
#include "../pure/allow.h"
#include "buf.h"
#include "ctrl.h"
#include "io.h"

#define NVDPA_PASS_IO_MS	30000
/* What is too late is taken away with its queue; a drive may well be busy for so long. */
#define NVDPA_PASS_MIN_MS	1000
/* The removal of a controller waits for a command, so it must not take long. */
#define NVDPA_PASS_MAX_MS	60000

/**
 * struct nvdpa_pass - a command under way
 * @ctrl: controller
 * @args: as the caller gave it
 * @data: its data, of the length in @args, or NULL
 * @cmd: as the controller gets it
 * @allow: what it does
 * @buf: the data, as the controller gets it, or NULL
 */
struct nvdpa_pass {
	struct nvdpa_ctrl *ctrl;
	struct nvme_passthru_cmd64 *args;
	void *data;
	struct nvme_command cmd;
	struct nvdpa_allow allow;
	struct nvdpa_buf *buf;
};

/* Identifier and data pointer are not the caller's to choose. */
static void nvdpa_pass_init(struct nvdpa_pass *pass, struct nvdpa_ctrl *ctrl,
			    struct nvme_passthru_cmd64 *args, void *data)
{
	*pass = (struct nvdpa_pass) {
		.ctrl = ctrl,
		.args = args,
		.data = data,
		.cmd.common.opcode = args->opcode,
		.cmd.common.nsid = cpu_to_le32(args->nsid),
		.cmd.common.cdw2[0] = cpu_to_le32(args->cdw2),
		.cmd.common.cdw2[1] = cpu_to_le32(args->cdw3),
		.cmd.common.cdw10 = cpu_to_le32(args->cdw10),
		.cmd.common.cdw11 = cpu_to_le32(args->cdw11),
		.cmd.common.cdw12 = cpu_to_le32(args->cdw12),
		.cmd.common.cdw13 = cpu_to_le32(args->cdw13),
		.cmd.common.cdw14 = cpu_to_le32(args->cdw14),
		.cmd.common.cdw15 = cpu_to_le32(args->cdw15),
	};
}

static int nvdpa_pass_check_args(const struct nvdpa_pass *pass)
{
	const struct nvme_passthru_cmd64 *args = pass->args;
	u32 limit = min(pass->ctrl->max_bytes, NVDPA_BUF_MAX_BYTES);

	if (args->flags || args->metadata || args->metadata_len)
		return -EINVAL;
	if (pass->allow.data == NVDPA_ALLOW_NO_DATA)
		return args->data_len ? -EINVAL : 0;
	if (args->data_len > limit || pass->allow.bytes > limit)
		return -EINVAL;
	return 0;
}

/* Room for what the controller moves, even if the caller has less. */
static int nvdpa_pass_begin(struct nvdpa_pass *pass)
{
	const struct nvme_passthru_cmd64 *args = pass->args;
	u64 bytes = max_t(u64, pass->allow.bytes, args->data_len);
	struct nvdpa_buf *buf;

	if (!bytes)
		return 0;
	buf = nvdpa_buf_create(pass->ctrl->dev, bytes);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (pass->allow.data == NVDPA_ALLOW_TO_DEVICE)
		nvdpa_buf_write(buf, pass->data, args->data_len);
	nvdpa_buf_prp(buf, &pass->cmd.common.dptr);
	pass->buf = buf;
	return 0;
}

/* What tests make the driver believe, they make everybody believe. */
static void nvdpa_pass_override(struct nvdpa_pass *pass)
{
	void *data = pass->buf->pages[0].cpu;

	if (pass->cmd.common.opcode != nvme_admin_identify)
		return;
	switch (pass->args->cdw10 & 0xff) {
	case NVME_ID_CNS_CTRL:
		nvdpa_override_id_ctrl(data);
		break;
	case NVME_ID_CNS_NS:
		nvdpa_override_id_ns(data);
		break;
	}
}

/* @err is the outcome of the command. */
static int nvdpa_pass_end(struct nvdpa_pass *pass, int err)
{
	if (!err && pass->allow.data == NVDPA_ALLOW_FROM_DEVICE)
		nvdpa_buf_read(pass->buf, pass->data, pass->args->data_len);
	nvdpa_buf_destroy(pass->buf);
	return err;
}

int nvdpa_pass_admin(struct nvdpa_ctrl *ctrl, struct nvme_passthru_cmd64 *args,
		     void *data)
{
	/* One that is late costs the controller, so there is no hurry. */
	u32 timeout_ms = clamp(args->timeout_ms, NVDPA_ADMIN_TIMEOUT_MS,
			       NVDPA_PASS_MAX_MS);
	struct nvdpa_pass pass;
	int err;

	nvdpa_pass_init(&pass, ctrl, args, data);
	err = nvdpa_allow_admin(&pass.cmd, &pass.allow);
	if (err)
		return err;
	err = nvdpa_pass_check_args(&pass);
	if (err)
		return err;
	err = nvdpa_pass_begin(&pass);
	if (err)
		return err;
	err = nvdpa_admin_pass(ctrl, &pass.cmd, timeout_ms, &args->result);
	if (!err && pass.buf)
		nvdpa_pass_override(&pass);
	return nvdpa_pass_end(&pass, err);
}

static int nvdpa_pass_check_io(const struct nvdpa_pass *pass)
{
	int err = nvdpa_pass_check_args(pass);

	if (err)
		return err;
	/* A list may have room for more, other data is what the range says. */
	if (pass->args->data_len < pass->allow.bytes ||
	    (!pass->allow.listed && pass->args->data_len != pass->allow.bytes))
		return -EINVAL;
	return 0;
}

static int nvdpa_pass_claimed(struct nvdpa_pass *pass,
			      const struct nvdpa_ns *ns,
			      const struct nvdpa_allow_range *ranges)
{
	u32 timeout_ms = clamp(pass->args->timeout_ms ?: NVDPA_PASS_IO_MS,
			       NVDPA_PASS_MIN_MS, NVDPA_PASS_MAX_MS);
	struct nvdpa_ctrl *ctrl = pass->ctrl;
	struct nvdpa_claim claim = {
		.ns = ns,
		.ranges = ranges,
		.nr_ranges = pass->allow.nr_ranges,
	};
	int err;

	/* Flush touches nothing. */
	if (!claim.nr_ranges)
		return nvdpa_io_run(ctrl, &pass->cmd, timeout_ms);
	err = ctrl->client->claim(ctrl, &claim);
	if (err)
		return err;
	err = nvdpa_io_run(ctrl, &pass->cmd, timeout_ms);
	ctrl->client->unclaim(ctrl, &claim);
	return err;
}

/* The list is what the controller will read: nobody else can write it. */
static int nvdpa_pass_listed(struct nvdpa_pass *pass, const struct nvdpa_ns *ns)
{
	u32 nr = pass->allow.nr_ranges;
	struct nvdpa_allow_range *ranges;
	int err;

	BUILD_BUG_ON(NVDPA_ALLOW_RANGES_MAX * sizeof(struct nvme_dsm_range) >
		     PAGE_SIZE);

	ranges = kmalloc_array(nr, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return -ENOMEM;
	nvdpa_allow_read_list(pass->buf->pages[0].cpu, nr, ranges);
	err = nvdpa_pass_claimed(pass, ns, ranges);
	kfree(ranges);
	return err;
}

/*
 * NULL stands for all namespaces, which only Flush may have. Returns the block
 * size as its log2.
 */
static int nvdpa_pass_check_ns(const struct nvdpa_pass *pass,
			       const struct nvdpa_ns **ns)
{
	const struct nvme_passthru_cmd64 *args = pass->args;

	*ns = nvdpa_ident_ns(pass->ctrl, args->nsid);
	if (*ns)
		return nvdpa_ident_lba_shift(pass->ctrl, *ns);
	return args->nsid == NVME_NSID_ALL && args->opcode == nvme_cmd_flush ?
	       0 : -EINVAL;
}

int nvdpa_pass_io(struct nvdpa_ctrl *ctrl, struct nvme_passthru_cmd64 *args,
		  void *data)
{
	const struct nvdpa_ns *ns;
	struct nvdpa_pass pass;
	int err;

	nvdpa_pass_init(&pass, ctrl, args, data);
	err = nvdpa_pass_check_ns(&pass, &ns);
	if (err < 0)
		return err;
	err = nvdpa_allow_io(&pass.cmd, err, &pass.allow);
	if (err)
		return err;
	/* A controller that only says that it does would leave data in place. */
	if (pass.cmd.common.opcode == nvme_cmd_write_zeroes &&
	    !ctrl->limits.write_zeroes)
		return -EOPNOTSUPP;
	err = nvdpa_pass_check_io(&pass);
	if (err)
		return err;
	err = nvdpa_pass_begin(&pass);
	if (err)
		return err;
	err = pass.allow.listed ? nvdpa_pass_listed(&pass, ns) :
				  nvdpa_pass_claimed(&pass, ns, &pass.allow.range);
	args->result = 0;
	return nvdpa_pass_end(&pass, err);
}

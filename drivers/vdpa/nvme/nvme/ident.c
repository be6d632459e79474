// SPDX-License-Identifier: GPL-2.0
/* Identify: every value comes from the device and is checked before use. */
#include "ctrl.h"

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "../debug/fault.h"
#include "../debug/overrides.h"
#include "../pure/prp.h"
#include "quirks.h"

#define NVDPA_SHUTDOWN_MS	5000
/* A device that says it needs longer than this to shut down is not believed. */
#define NVDPA_SHUTDOWN_MAX_MS	60000
/* Retry delays come in this unit; a device that wants longer ones does not get them. */
#define NVDPA_CRDT_MS		100u
#define NVDPA_RETRY_MAX_MS	10000u
/* MTFA counts in tenths of a second; one that does not say gets this. */
#define NVDPA_MTFA_MS		100
#define NVDPA_ACTIVATION_MS	10000
#define NVDPA_NS_LIST_ENTRIES	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))
/* Active namespaces that we look at. */
#define NVDPA_NS_MAX		1024
#define NVDPA_LBA_SHIFT_MIN	9
/* Identify with CNS 06h, and WZSL and DMRL in it, are of this version. */
#define NVDPA_CS_VERSION	NVME_VS(1, 4, 0)

/* Turn the outcome of an admin command into an errno with a message. */
static int nvdpa_ident_err(struct nvdpa_ctrl *ctrl, int err, const char *what)
{
	if (err > 0)
		dev_err(ctrl->dev, "Identify %s failed with status %#x\n",
			what, err);
	return err > 0 ? -EIO : err;
}

/* Text is padded with blanks; @text has room for @len bytes and the end. */
static void nvdpa_ident_text(char *text, const char *field, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		text[i] = isascii(field[i]) && isprint(field[i]) ? field[i] :
								   ' ';
	while (i && text[i - 1] == ' ')
		i--;
	text[i] = '\0';
}

static void nvdpa_ident_names(struct nvdpa_ctrl *ctrl,
			      const struct nvme_id_ctrl *id)
{
	BUILD_BUG_ON(sizeof(ctrl->serial) != sizeof(id->sn) + 1);
	BUILD_BUG_ON(sizeof(ctrl->model) != sizeof(id->mn) + 1);
	BUILD_BUG_ON(sizeof(ctrl->firmware) != sizeof(id->fr) + 1);

	nvdpa_ident_text(ctrl->serial, id->sn, sizeof(id->sn));
	nvdpa_ident_text(ctrl->model, id->mn, sizeof(id->mn));
	nvdpa_ident_text(ctrl->firmware, id->fr, sizeof(id->fr));
}

/* MDTS is a power of two of CAP.MPSMIN, which is 4 KiB; 0 means no limit. */
static u32 nvdpa_ident_max_bytes(u8 mdts)
{
	u32 max_shift = ilog2(NVDPA_XFER_MAX_BYTES / NVDPA_PAGE_BYTES);

	if (!mdts || mdts > max_shift)
		return NVDPA_XFER_MAX_BYTES;
	return NVDPA_PAGE_BYTES << mdts;
}

static void nvdpa_ident_limits(struct nvdpa_ctrl *ctrl,
			       const struct nvme_id_ctrl *id)
{
	u16 oncs = le16_to_cpu(id->oncs);

	ctrl->limits.dsm = oncs & NVME_CTRL_ONCS_DSM;
	ctrl->limits.write_zeroes =
		oncs & NVME_CTRL_ONCS_WRITE_ZEROES &&
		!(ctrl->quirks & NVDPA_QUIRK_NO_WRITE_ZEROES);
	ctrl->limits.max_bytes = ctrl->max_bytes;
}

/*
 * Limits of the NVM command set. A controller that does not know the structure
 * refuses, and has no limits then.
 */
static int nvdpa_ident_ctrl_nvm(struct nvdpa_ctrl *ctrl, void *buf)
{
	const struct nvme_id_ctrl_nvm *id = buf;
	int err;

	err = nvdpa_admin_identify(ctrl, NVME_ID_CNS_CS_CTRL, 0, buf);
	if (err < 0)
		return err;
	if (err)
		return 0;

	ctrl->limits.wzsl = id->wzsl;
	ctrl->limits.dmrl = id->dmrl;
	ctrl->limits.dmrsl = le32_to_cpu(id->dmrsl);
	ctrl->limits.dmsl = le64_to_cpu(id->dmsl);
	return 0;
}

/* A refusal is no harm: the delays are then ours to choose. */
static int nvdpa_ident_retry(struct nvdpa_ctrl *ctrl,
			     const struct nvme_id_ctrl *id)
{
	const __le16 crdt[] = { id->crdt1, id->crdt2, id->crdt3 };
	u32 longest = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(crdt); i++) {
		ctrl->retry_ms[i] = min(le16_to_cpu(crdt[i]) * NVDPA_CRDT_MS,
					NVDPA_RETRY_MAX_MS);
		longest = max(longest, ctrl->retry_ms[i]);
	}
	return longest ? min(nvdpa_admin_set_retry(ctrl), 0) : 0;
}

int nvdpa_ident_ctrl(struct nvdpa_ctrl *ctrl)
{
	struct nvme_id_ctrl *id;
	u32 rtd3e_ms, activation_ms;
	int err;

	id = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!id)
		return -ENOMEM;

	err = nvdpa_admin_identify(ctrl, NVME_ID_CNS_CTRL, 0, id);
	if (err) {
		err = nvdpa_ident_err(ctrl, err, "Controller");
		goto free_id;
	}
	nvdpa_override_id_ctrl(id);

	nvdpa_ident_names(ctrl, id);
	ctrl->max_bytes = nvdpa_ident_max_bytes(id->mdts);
	ctrl->sgls = le32_to_cpu(id->sgls);
	ctrl->awupf_lbas = le16_to_cpu(id->awupf) + 1;
	ctrl->oaes = le32_to_cpu(id->oaes);
	ctrl->vwc = id->vwc & NVME_CTRL_VWC_PRESENT;
	rtd3e_ms = le32_to_cpu(id->rtd3e) / 1000;
	ctrl->shutdown_ms = clamp_t(u32, rtd3e_ms, NVDPA_SHUTDOWN_MS,
				    NVDPA_SHUTDOWN_MAX_MS);
	activation_ms = le16_to_cpu(id->mtfa) * NVDPA_MTFA_MS;
	ctrl->activation_ms = activation_ms ?: NVDPA_ACTIVATION_MS;
	nvdpa_ident_limits(ctrl, id);
	err = nvdpa_ident_retry(ctrl, id);
	if (!err && le32_to_cpu(id->ver) >= NVDPA_CS_VERSION)
		err = nvdpa_ident_ctrl_nvm(ctrl, id);

free_id:
	kfree(id);
	return err;
}

/* What a controller must still be, and what devices on it were made of. */
struct nvdpa_ident_common {
	char serial[sizeof_field(struct nvdpa_ctrl, serial)];
	char model[sizeof_field(struct nvdpa_ctrl, model)];
	u32 sgls;
	bool vwc;
};

static struct nvdpa_ident_common
nvdpa_ident_common(const struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_ident_common common = {
		.sgls = ctrl->sgls,
		.vwc = ctrl->vwc,
	};

	strscpy(common.serial, ctrl->serial);
	strscpy(common.model, ctrl->model);
	return common;
}

/* Why we cannot serve a namespace; the text goes behind "namespace N: ". */
static const char *nvdpa_ident_ns_refusal(const struct nvme_id_ns *id,
					  const struct nvme_lbaf *lbaf)
{
	if (lbaf->ms)
		return "formatted with metadata, which is not supported; see nvme format --ms";
	if (id->dps & NVME_NS_DPS_PI_MASK)
		return "formatted with protection information, not supported; see nvme format --pi";
	if (lbaf->ds < NVDPA_LBA_SHIFT_MIN ||
	    lbaf->ds > ilog2(NVDPA_PAGE_BYTES))
		return "block size is not 512 to 4096 bytes; see nvme format --block-size";
	if (!id->nsze)
		return "size is 0";
	/* Capacity in bytes must fit 64 bits. */
	if (le64_to_cpu(id->nsze) > U64_MAX >> lbaf->ds)
		return "reports an impossible size";
	return NULL;
}

/* Blocks that the device writes at best and also keeps whole at power loss. */
static u32 nvdpa_ident_phys_lbas(const struct nvdpa_ctrl *ctrl,
				 const struct nvme_id_ns *id)
{
	u32 atomic = ctrl->awupf_lbas;

	if (!(id->nsfeat & NVME_NS_FEAT_IO_OPT))
		return 1;
	if (id->nsfeat & NVME_NS_FEAT_ATOMICS && id->nawupf)
		atomic = le16_to_cpu(id->nawupf) + 1;
	return min(le16_to_cpu(id->npwg) + 1u, atomic);
}

/* Blocks that the device deallocates at best. */
static u32 nvdpa_ident_granule_lbas(const struct nvme_id_ns *id)
{
	if (!(id->nsfeat & NVME_NS_FEAT_IO_OPT))
		return 1;
	return max(le16_to_cpu(id->npdg), le16_to_cpu(id->npda)) + 1;
}

static u32 nvdpa_ident_boundary_lbas(const struct nvdpa_ctrl *ctrl,
				     const struct nvme_id_ns *id, u8 lba_shift)
{
	if (!id->noiob && ctrl->quirks & NVDPA_QUIRK_STRIPE)
		return ctrl->max_bytes >> lba_shift;
	return le16_to_cpu(id->noiob);
}

static void nvdpa_ident_ns_parse(const struct nvdpa_ctrl *ctrl,
				 struct nvdpa_ns *ns,
				 const struct nvme_id_ns *id)
{
	const struct nvme_lbaf *lbaf = &id->lbaf[nvme_lbaf_index(id->flbas)];

	memcpy(ns->ids.eui64, id->eui64, sizeof(ns->ids.eui64));
	memcpy(ns->ids.nguid, id->nguid, sizeof(ns->ids.nguid));
	ns->refusal = nvdpa_ident_ns_refusal(id, lbaf);
	ns->lba_shift = lbaf->ds;
	ns->nr_lbas = le64_to_cpu(id->nsze);
	ns->boundary_lbas = nvdpa_ident_boundary_lbas(ctrl, id, lbaf->ds);
	ns->phys_lbas = nvdpa_ident_phys_lbas(ctrl, id);
	ns->limits = ctrl->limits;
	ns->limits.dlfeat = id->dlfeat;
	ns->limits.granule_lbas = nvdpa_ident_granule_lbas(id);
	if (id->nsfeat & NVME_NS_FEAT_IO_OPT)
		ns->opt_lbas = le16_to_cpu(id->nows) + 1;
}

/*
 * The descriptor list tells the command set; anything but NVM (a zoned or
 * key-value namespace) would take our reads and writes for something else.
 */
static const char *nvdpa_ident_descs(struct nvdpa_ns_ids *ids, const u8 *list)
{
	const struct nvme_ns_id_desc *desc;
	unsigned int pos = 0;

	while (pos + sizeof(*desc) < NVME_IDENTIFY_DATA_SIZE) {
		desc = (const void *)(list + pos);
		if (!desc->nidl)
			break;
		pos += sizeof(*desc);
		if (desc->nidt == NVME_NIDT_CSI && list[pos] != NVME_CSI_NVM)
			return "command set is not NVM (zoned or key value)";
		if (desc->nidt == NVME_NIDT_UUID &&
		    desc->nidl == sizeof(ids->uuid) &&
		    pos + sizeof(ids->uuid) <= NVME_IDENTIFY_DATA_SIZE)
			memcpy(ids->uuid, list + pos, sizeof(ids->uuid));
		pos += desc->nidl;
	}
	return NULL;
}

/* Optional before NVMe 1.3: without a list, all is NVM. */
static int nvdpa_ident_read_descs(struct nvdpa_ctrl *ctrl, void *buf,
				  struct nvdpa_ns *ns, const char **refusal)
{
	int err;

	*refusal = NULL;
	if (ctrl->quirks & NVDPA_QUIRK_NO_DESC_LIST)
		return 0;
	err = nvdpa_admin_identify(ctrl, NVME_ID_CNS_NS_DESC_LIST, ns->nsid,
				   buf);
	if (!err)
		*refusal = nvdpa_ident_descs(&ns->ids, buf);
	return min(err, 0);
}

static int nvdpa_ident_ns_read(struct nvdpa_ctrl *ctrl, u32 nsid, void *buf,
			       struct nvdpa_ns *ns)
{
	const char *refusal;
	int err;

	ns->nsid = nsid;
	ns->active = true;
	ns->basis = ctrl->basis;
	err = nvdpa_ident_read_descs(ctrl, buf, ns, &refusal);
	if (err)
		return err;
	err = nvdpa_admin_identify(ctrl, NVME_ID_CNS_NS, nsid, buf);
	if (err < 0)
		return err;
	if (err) {
		ns->refusal = "cannot be identified";
		return 0;
	}
	nvdpa_override_id_ns(buf);
	nvdpa_fault_id_ns(ctrl->dev, buf);

	nvdpa_ident_ns_parse(ctrl, ns, buf);
	if (refusal)
		ns->refusal = refusal;
	return 0;
}

/* Append a page of the active list; -ENOSPC when there are no more of them. */
static int nvdpa_ident_scan_page(struct nvdpa_ctrl *ctrl, const __le32 *list,
				 void *buf, struct nvdpa_ns_list *all)
{
	unsigned int i;
	u32 nsid;
	int err;

	for (i = 0; i < NVDPA_NS_LIST_ENTRIES; i++) {
		nsid = le32_to_cpu(list[i]);
		if (!nsid || all->nr == NVDPA_NS_MAX)
			return -ENOSPC;
		/* The list ascends; a device that repeats itself ends here. */
		if (all->nr && nsid <= all->ns[all->nr - 1].nsid)
			return -ENOSPC;
		err = nvdpa_ident_ns_read(ctrl, nsid, buf, &all->ns[all->nr]);
		if (err)
			return err;
		all->nr++;
	}
	return 0;
}

static int nvdpa_ident_scan_all(struct nvdpa_ctrl *ctrl, void *list, void *buf,
				struct nvdpa_ns_list *all)
{
	u32 last;
	int err;

	do {
		last = all->nr ? all->ns[all->nr - 1].nsid : 0;
		err = nvdpa_admin_identify(ctrl, NVME_ID_CNS_NS_ACTIVE_LIST,
					   last, list);
		if (err)
			return nvdpa_ident_err(ctrl, err,
					       "Active Namespace ID list");
		err = nvdpa_ident_scan_page(ctrl, list, buf, all);
	} while (!err);

	return err == -ENOSPC ? 0 : err;
}

/* The array has room for NVDPA_NS_MAX, and is the caller's. */
static int nvdpa_ident_list(struct nvdpa_ctrl *ctrl, struct nvdpa_ns_list *all)
{
	void *list, *buf;
	int err = -ENOMEM;

	all->nr = 0;
	all->ns = kvcalloc(NVDPA_NS_MAX, sizeof(*all->ns), GFP_KERNEL);
	if (!all->ns)
		return -ENOMEM;
	list = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!list)
		goto free_ns;
	buf = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!buf)
		goto free_list;

	err = nvdpa_ident_scan_all(ctrl, list, buf, all);
	kfree(buf);
free_list:
	kfree(list);
free_ns:
	if (err)
		kvfree(all->ns);
	return err;
}

int nvdpa_ident_scan(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_ns_list all;
	int err;

	err = nvdpa_ident_list(ctrl, &all);
	if (err)
		return err;
	ctrl->ns = all.ns;
	ctrl->nr_ns = all.nr;
	return 0;
}

void nvdpa_ident_free(struct nvdpa_ctrl *ctrl)
{
	kvfree(ctrl->ns);
	ctrl->ns = NULL;
	ctrl->nr_ns = 0;
}

int nvdpa_ident_rescan(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_ns_list now;
	int err;

	err = nvdpa_ident_list(ctrl, &now);
	if (err)
		return err;
	err = ctrl->client->namespaces(ctrl, &now);
	WRITE_ONCE(ctrl->aer_rescan, err == -EAGAIN);
	kvfree(now.ns);
	return err;
}

static void nvdpa_ident_settle(struct nvdpa_ctrl *ctrl)
{
	unsigned int i;

	spin_lock_irq(&ctrl->ns_lock);
	for (i = 0; i < ctrl->nr_ns; i++)
		ctrl->ns[i].moved = false;
	spin_unlock_irq(&ctrl->ns_lock);
}

int nvdpa_ident_again(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_ident_common before = nvdpa_ident_common(ctrl), after;
	int err;

	nvdpa_ident_settle(ctrl);
	err = nvdpa_ident_ctrl(ctrl);
	if (err)
		return err;
	after = nvdpa_ident_common(ctrl);
	if (strcmp(before.serial, after.serial) ||
	    strcmp(before.model, after.model)) {
		dev_err(ctrl->dev, "this is another controller: %s, serial %s\n",
			after.model, after.serial);
		return -ENODEV;
	}
	if (before.vwc != after.vwc || before.sgls != after.sgls)
		ctrl->basis++;
	return nvdpa_ident_rescan(ctrl);
}

static struct nvdpa_ns *nvdpa_ident_find(const struct nvdpa_ctrl *ctrl,
					 u32 nsid)
{
	/* Pairs with the release when one was added: its nsid is there. */
	unsigned int i, nr = smp_load_acquire(&ctrl->nr_ns);

	for (i = 0; i < nr; i++)
		if (ctrl->ns[i].nsid == nsid)
			return &ctrl->ns[i];
	return NULL;
}

const struct nvdpa_ns *nvdpa_ident_ns(const struct nvdpa_ctrl *ctrl, u32 nsid)
{
	const struct nvdpa_ns *ns = nvdpa_ident_find(ctrl, nsid);

	return ns && READ_ONCE(ns->active) ? ns : NULL;
}

const struct nvdpa_ns *nvdpa_ident_update(struct nvdpa_ctrl *ctrl,
					  const struct nvdpa_ns *now)
{
	struct nvdpa_ns *ns = nvdpa_ident_find(ctrl, now->nsid);
	bool moved;

	if (ns) {
		spin_lock_irq(&ctrl->ns_lock);
		moved = ns->moved || !nvdpa_ident_same_blocks(ns, now);
		*ns = *now;
		ns->moved = moved;
		spin_unlock_irq(&ctrl->ns_lock);
		return ns;
	}
	if (ctrl->nr_ns == NVDPA_NS_MAX)
		return NULL;
	ns = &ctrl->ns[ctrl->nr_ns];
	*ns = *now;
	/* Pairs with nvdpa_ident_find(). */
	smp_store_release(&ctrl->nr_ns, ctrl->nr_ns + 1);
	return ns;
}

bool nvdpa_ident_same_blocks(const struct nvdpa_ns *a, const struct nvdpa_ns *b)
{
	return a->active == b->active && !a->refusal == !b->refusal &&
	       a->lba_shift == b->lba_shift &&
	       !memcmp(&a->ids, &b->ids, sizeof(a->ids));
}

bool nvdpa_ident_same_limits(const struct nvdpa_ns *a, const struct nvdpa_ns *b)
{
	const struct nvdpa_offer_ident *la = &a->limits, *lb = &b->limits;

	return a->basis == b->basis && la->dsm == lb->dsm &&
	       la->write_zeroes == lb->write_zeroes && la->dmrl == lb->dmrl &&
	       la->wzsl == lb->wzsl && la->dlfeat == lb->dlfeat &&
	       la->dmrsl == lb->dmrsl && la->dmsl == lb->dmsl &&
	       la->max_bytes == lb->max_bytes;
}

bool nvdpa_ident_same(const struct nvdpa_ns *a, const struct nvdpa_ns *b)
{
	return nvdpa_ident_same_blocks(a, b) && nvdpa_ident_same_limits(a, b) &&
	       a->refusal == b->refusal && a->nr_lbas == b->nr_lbas &&
	       a->boundary_lbas == b->boundary_lbas &&
	       a->phys_lbas == b->phys_lbas && a->opt_lbas == b->opt_lbas &&
	       a->limits.granule_lbas == b->limits.granule_lbas;
}

bool nvdpa_ident_moved(struct nvdpa_ctrl *ctrl, u32 nsid)
{
	const struct nvdpa_ns *ns = nvdpa_ident_find(ctrl, nsid);
	unsigned long flags;
	bool moved;

	if (!ns)
		return false;
	spin_lock_irqsave(&ctrl->ns_lock, flags);
	moved = ns->moved;
	spin_unlock_irqrestore(&ctrl->ns_lock, flags);
	return moved;
}

int nvdpa_ident_lba_shift(struct nvdpa_ctrl *ctrl, const struct nvdpa_ns *ns)
{
	int shift;

	spin_lock_irq(&ctrl->ns_lock);
	shift = ns->active && !ns->refusal ? ns->lba_shift : -EOPNOTSUPP;
	spin_unlock_irq(&ctrl->ns_lock);
	return shift;
}

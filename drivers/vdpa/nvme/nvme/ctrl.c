// SPDX-License-Identifier: GPL-2.0
/* Enable, disable, shut down: CC and CSTS, and the function's own reset. */
#include "ctrl.h"

#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/jiffies.h>
#include <linux/pci.h>

#include "../debug/fault.h"
#include "../debug/overrides.h"
#include "aer.h"
#include "quirks.h"
#include "reset.h"
#include "timeout.h"

/* CAP.TO counts in half seconds. */
#define NVDPA_CAP_TO_MS		500
/* A state changes under locks that telling of it must not have. */
static void nvdpa_ctrl_state_work(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(work, struct nvdpa_ctrl,
					       state_work);

	ctrl->client->state(ctrl);
}

void nvdpa_ctrl_init(struct nvdpa_ctrl *ctrl)
{
	mutex_init(&ctrl->io.lock);
	mutex_init(&ctrl->queues_lock);
	mutex_init(&ctrl->qid_lock);
	spin_lock_init(&ctrl->ns_lock);
	INIT_WORK(&ctrl->state_work, nvdpa_ctrl_state_work);
	nvdpa_reset_init(ctrl);
	nvdpa_timeout_init(ctrl);
	nvdpa_health_init(ctrl);
	nvdpa_media_init(ctrl);
	nvdpa_aer_init(ctrl);
}

void nvdpa_ctrl_exit(struct nvdpa_ctrl *ctrl)
{
	nvdpa_reset_exit(ctrl);
	nvdpa_timeout_stop(ctrl);
	disable_work_sync(&ctrl->state_work);
	nvdpa_media_stop(ctrl);
	kfree(ctrl->saved_state);
}

u32 nvdpa_ctrl_csts(struct nvdpa_ctrl *ctrl)
{
	u32 csts = nvdpa_override_csts(readl(ctrl->bar + NVME_REG_CSTS));

	return nvdpa_fault_csts(ctrl->dev, csts);
}

static int nvdpa_ctrl_wait(struct nvdpa_ctrl *ctrl, u32 mask, u32 want,
			   unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms) + 1;
	bool late;
	u32 csts;

	for (;;) {
		late = time_after(jiffies, end);
		csts = nvdpa_ctrl_csts(ctrl);
		if (csts == NVDPA_CSTS_GONE)
			return -ENODEV;
		if ((csts & mask) == want)
			return 0;
		if (want && csts & NVME_CSTS_CFS)
			return -EIO;
		if (READ_ONCE(ctrl->hurry))
			return -EINTR;
		if (late)
			return -ETIMEDOUT;
		usleep_range(500, 1000);
	}
}

static void nvdpa_ctrl_set_cc(struct nvdpa_ctrl *ctrl, u32 clear, u32 set)
{
	u32 cc = readl(ctrl->bar + NVME_REG_CC);

	writel((cc & ~clear) | set, ctrl->bar + NVME_REG_CC);
}

int nvdpa_ctrl_disable(struct nvdpa_ctrl *ctrl, unsigned int timeout_ms)
{
	int err;

	nvdpa_ctrl_set_cc(ctrl, NVME_CC_SHN_MASK | NVME_CC_ENABLE, 0);
	if (ctrl->quirks & NVDPA_QUIRK_READY_DELAY)
		msleep(NVDPA_QUIRK_READY_DELAY_MS);
	err = nvdpa_ctrl_wait(ctrl, NVME_CSTS_RDY, 0, timeout_ms);
	return nvdpa_fault_disable(ctrl->dev, err);
}

static int nvdpa_ctrl_read_cap(struct nvdpa_ctrl *ctrl)
{
	u64 cap = nvdpa_override_cap(lo_hi_readq(ctrl->bar + NVME_REG_CAP));

	/* CAP.MPSMIN is a power of two of 4 KiB; our pages are 4 KiB. */
	if (NVME_CAP_MPSMIN(cap)) {
		dev_err(ctrl->dev,
			"controller needs pages of at least %lu bytes, only 4096 is supported\n",
			4096ul << NVME_CAP_MPSMIN(cap));
		return -EOPNOTSUPP;
	}
	if (!(NVME_CAP_CSS(cap) & NVME_CAP_CSS_NVM)) {
		dev_err(ctrl->dev,
			"controller does not offer the NVM command set (CAP.CSS %#llx)\n",
			NVME_CAP_CSS(cap));
		return -EOPNOTSUPP;
	}
	/* One entry of a queue stays empty (NVMe base 2.0, 3.3.1.2.1). */
	if (!NVME_CAP_MQES(cap)) {
		dev_err(ctrl->dev, "controller has queues of one entry only\n");
		return -EOPNOTSUPP;
	}

	/* Queue pairs that were made before its reset rely on both. */
	if (ctrl->cap && (NVME_CAP_STRIDE(cap) != ctrl->dstrd ||
			  NVME_CAP_MQES(cap) + 1 < ctrl->depth)) {
		dev_err(ctrl->dev,
			"controller has other doorbells or shorter queues than before\n");
		return -EOPNOTSUPP;
	}

	ctrl->cap = cap;
	ctrl->dstrd = NVME_CAP_STRIDE(cap);
	ctrl->depth = NVME_CAP_MQES(cap) + 1;
	ctrl->ready_ms = (NVME_CAP_TIMEOUT(cap) + 1) * NVDPA_CAP_TO_MS;
	return 0;
}

/*
 * A controller that says so takes its time to become ready from CRTO; CAP.TO
 * may be capped (NVMe base 2.0, 3.1.3.21).
 */
static void nvdpa_ctrl_read_crto(struct nvdpa_ctrl *ctrl)
{
	u32 crto;

	if (!(ctrl->cap & NVME_CAP_CRMS_CRWMS))
		return;

	crto = readl(ctrl->bar + NVME_REG_CRTO);
	ctrl->ready_ms = max(ctrl->ready_ms,
			     NVME_CRTO_CRWMT(crto) * NVDPA_CAP_TO_MS);
}

/* Registers of a function that is gone read as ones, or as zeroes. */
static bool nvdpa_ctrl_answers(struct nvdpa_ctrl *ctrl)
{
	u32 version = readl(ctrl->bar + NVME_REG_VS);

	return nvdpa_ctrl_csts(ctrl) != NVDPA_CSTS_GONE && version &&
	       version != U32_MAX;
}

int nvdpa_ctrl_enable(struct nvdpa_ctrl *ctrl)
{
	u32 aqa = NVDPA_ADMIN_DEPTH - 1;
	int err;

	if (!nvdpa_ctrl_answers(ctrl)) {
		dev_err(ctrl->dev, "controller does not answer\n");
		return -ENODEV;
	}
	err = nvdpa_ctrl_read_cap(ctrl);
	if (err)
		return err;

	/* Firmware or another driver may have left it running. */
	err = nvdpa_ctrl_disable(ctrl, ctrl->ready_ms);
	if (err) {
		dev_err(ctrl->dev, "controller cannot be disabled: %pe\n",
			ERR_PTR(err));
		return err;
	}

	writel(aqa << 16 | aqa, ctrl->bar + NVME_REG_AQA);
	lo_hi_writeq(ctrl->admin.sq_dma, ctrl->bar + NVME_REG_ASQ);
	lo_hi_writeq(ctrl->admin.cq_dma, ctrl->bar + NVME_REG_ACQ);

	/* CRIME stays clear: ready means that media is ready, too. */
	writel(NVME_CC_CSS_NVM | NVME_CC_AMS_RR | NVME_CC_SHN_NONE |
	       NVME_CC_IOSQES | NVME_CC_IOCQES, ctrl->bar + NVME_REG_CC);
	nvdpa_ctrl_read_crto(ctrl);
	nvdpa_ctrl_set_cc(ctrl, 0, NVME_CC_ENABLE);

	err = nvdpa_ctrl_wait(ctrl, NVME_CSTS_RDY, NVME_CSTS_RDY,
			      ctrl->ready_ms);
	err = nvdpa_fault_enable(ctrl->dev, err);
	if (err)
		dev_err(ctrl->dev,
			"controller is not ready after %u ms (CSTS %#x): %pe\n",
			ctrl->ready_ms, nvdpa_ctrl_csts(ctrl), ERR_PTR(err));
	return err;
}

int nvdpa_ctrl_wait_processing(struct nvdpa_ctrl *ctrl)
{
	return nvdpa_ctrl_wait(ctrl, NVME_CSTS_PP, 0, ctrl->activation_ms);
}

void nvdpa_ctrl_shut(struct nvdpa_ctrl *ctrl)
{
	int err;

	nvdpa_ctrl_set_cc(ctrl, NVME_CC_SHN_MASK, NVME_CC_SHN_NORMAL);
	err = nvdpa_ctrl_wait(ctrl, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT,
			      ctrl->shutdown_ms);
	if (err)
		dev_warn(ctrl->dev, "shutdown not complete after %u ms: %pe\n",
			 ctrl->shutdown_ms, ERR_PTR(err));
}

/*
 * Not pci_reset_function(), which wants the lock of the device: a removal has that,
 * and waits for us.
 */
int nvdpa_ctrl_flr(struct nvdpa_ctrl *ctrl)
{
	struct pci_dev *pdev = ctrl->pdev;
	int err;

	if (!pci_device_is_present(pdev))
		return -ENODEV;
	nvdpa_ctrl_count(ctrl, NVDPA_COUNT_FLRS);
	pci_cfg_access_lock(pdev);
	err = pcie_reset_flr(pdev, PCI_RESET_DO_RESET);
	if (!err)
		err = pci_load_saved_state(pdev, ctrl->saved_state);
	if (!err)
		pci_restore_state(pdev);
	pci_cfg_access_unlock(pdev);
	return nvdpa_fault_flr(ctrl->dev, err);
}

void nvdpa_ctrl_bad_completion(struct nvdpa_ctrl *ctrl, u16 qid, u16 cid)
{
	nvdpa_ctrl_count(ctrl, NVDPA_COUNT_BAD_COMPLETIONS);
	dev_warn_ratelimited(ctrl->dev,
			     "queue %u: completion for command %#x, which is not in flight\n",
			     qid, cid);
	nvdpa_reset_request(ctrl, NVDPA_RESET_BAD_COMPLETION);
}

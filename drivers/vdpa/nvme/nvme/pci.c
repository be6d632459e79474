// SPDX-License-Identifier: GPL-2.0
/* The PCI function: probe, remove, shutdown. */
#include "ctrl.h"

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../debug/overrides.h"
#include "../pure/doorbell.h"
#include "aer.h"
#include "chardev.h"
#include "io.h"
#include "quirks.h"
#include "reset.h"

/* A slot is reset within one or two seconds; the PCI core may wait for a minute. */
#define NVDPA_PCI_SLOT_MS	10000

static const struct nvdpa_ctrl_client *nvdpa_pci_client;

static irqreturn_t nvdpa_pci_admin_irq(int irq, void *data)
{
	return nvdpa_admin_reap(data) ? IRQ_HANDLED : IRQ_NONE;
}

static int nvdpa_pci_check(struct pci_dev *pdev)
{
	int vectors;

	if (pdev->class != PCI_CLASS_STORAGE_EXPRESS) {
		dev_err(&pdev->dev,
			"class %#08x is not an NVMe I/O controller (%#08x)\n",
			pdev->class, PCI_CLASS_STORAGE_EXPRESS);
		return -ENODEV;
	}
	vectors = nvdpa_override_msix_count(max(pci_msix_vec_count(pdev), 0));
	if (vectors < 2) {
		dev_err(&pdev->dev,
			"controller needs MSI-X with 2 vectors or more, it has %d\n",
			vectors);
		return -ENODEV;
	}
	return 0;
}

static int nvdpa_pci_map(struct nvdpa_ctrl *ctrl)
{
	struct pci_dev *pdev = ctrl->pdev;
	int err;

	ctrl->bar_bytes = pci_resource_len(pdev, 0);
	if (ctrl->bar_bytes < NVME_REG_DBS + SZ_4K) {
		dev_err(ctrl->dev, "BAR 0 of %pa bytes is too small\n",
			&ctrl->bar_bytes);
		return -ENODEV;
	}

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = pci_request_mem_regions(pdev, KBUILD_MODNAME);
	if (err)
		goto disable_device;
	ctrl->bar = ioremap(pci_resource_start(pdev, 0), ctrl->bar_bytes);
	if (!ctrl->bar) {
		err = -ENOMEM;
		goto release_regions;
	}
	return 0;

release_regions:
	pci_release_mem_regions(pdev);
disable_device:
	pci_disable_device(pdev);
	return err;
}

static void nvdpa_pci_unmap(struct nvdpa_ctrl *ctrl)
{
	iounmap(ctrl->bar);
	pci_release_mem_regions(ctrl->pdev);
	pci_disable_device(ctrl->pdev);
}

static int nvdpa_pci_dma(struct nvdpa_ctrl *ctrl)
{
	unsigned int bits = ctrl->quirks & NVDPA_QUIRK_DMA_48 ? 48 : 64;
	int err;

	err = dma_set_mask_and_coherent(ctrl->dev, DMA_BIT_MASK(bits));
	if (err) {
		dev_err(ctrl->dev, "no %u-bit DMA: %pe\n", bits, ERR_PTR(err));
		return err;
	}
	/* As PRP needs it: a mapping keeps the offset in its 4 KiB page. */
	dma_set_min_align_mask(ctrl->dev, SZ_4K - 1);
	dma_set_max_seg_size(ctrl->dev, UINT_MAX);
	pci_set_master(ctrl->pdev);
	return 0;
}

/*
 * Plain vectors, not managed ones: the kicks of a VM come from any CPU, so the
 * interrupt of its queue must survive when "its" CPU goes offline.
 */
static int nvdpa_pci_irqs(struct nvdpa_ctrl *ctrl)
{
	struct pci_dev *pdev = ctrl->pdev;
	int err;

	err = pci_alloc_irq_vectors(pdev, 2, NVDPA_CTRL_QPAIRS_MAX + 1,
				    PCI_IRQ_MSIX);
	if (err < 0) {
		dev_err(ctrl->dev, "no MSI-X vectors: %pe\n", ERR_PTR(err));
		return err;
	}
	ctrl->nr_vectors = err;

	err = request_irq(pci_irq_vector(pdev, 0), nvdpa_pci_admin_irq, 0,
			  KBUILD_MODNAME "-admin", ctrl);
	if (err) {
		dev_err(ctrl->dev, "no admin interrupt: %pe\n", ERR_PTR(err));
		pci_free_irq_vectors(pdev);
	}
	return err;
}

static void nvdpa_pci_free_irqs(struct nvdpa_ctrl *ctrl)
{
	free_irq(pci_irq_vector(ctrl->pdev, 0), ctrl);
	pci_free_irq_vectors(ctrl->pdev);
}

/* Queue pairs whose two doorbells lie within the BAR. */
static u32 nvdpa_pci_doorbell_limit(const struct nvdpa_ctrl *ctrl)
{
	u32 qid = min(ctrl->nr_vectors - 1, NVDPA_CTRL_QPAIRS_MAX);

	while (qid && nvdpa_doorbell_offset(qid, true, ctrl->dstrd) +
		      sizeof(u32) > ctrl->bar_bytes)
		qid--;
	return qid;
}

static int nvdpa_pci_queues(struct nvdpa_ctrl *ctrl)
{
	u32 want = nvdpa_pci_doorbell_limit(ctrl);
	u32 granted = 0;
	int err;

	err = want ? nvdpa_admin_set_queues(ctrl, want, &granted) : -ENOSPC;
	if (err < 0 && err != -ENOSPC)
		return err;
	if (err) {
		dev_err(ctrl->dev,
			"controller grants no I/O queues (wanted %u, status %#x)\n",
			want, err > 0 ? err : 0);
		return -EIO;
	}
	ctrl->nr_granted = granted;
	/* The last one is ours; a single one is the virtqueues' and ours. */
	ctrl->nr_qpairs = max(granted - 1, 1);
	ctrl->own_qid = granted > 1 ? granted : 0;
	return 0;
}

static int nvdpa_pci_start(struct nvdpa_ctrl *ctrl)
{
	int err;

	err = nvdpa_ctrl_enable(ctrl);
	if (err) {
		nvdpa_reset_kill(ctrl);
		return err;
	}
	err = nvdpa_ident_ctrl(ctrl);
	if (err)
		goto shutdown;
	err = nvdpa_pci_queues(ctrl);
	if (err)
		goto shutdown;
	err = nvdpa_ident_scan(ctrl);
	if (err)
		goto shutdown;
	nvdpa_reset_live(ctrl);
	return 0;

shutdown:
	nvdpa_reset_shutdown(ctrl);
	return err;
}

static void nvdpa_pci_stop(struct nvdpa_ctrl *ctrl)
{
	nvdpa_io_stop(ctrl);
	nvdpa_reset_shutdown(ctrl);
	/* Nobody who could ask finds it any more, and nothing is waited for. */
	nvdpa_health_stop(ctrl);
	nvdpa_ident_free(ctrl);
}

/*
 * The PCI core tells nobody that it could not bring a slot back, or gives up on the way:
 * whatever it has done by then, the function is tried, and found dead if it is.
 */
static void nvdpa_pci_slot_work(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(to_delayed_work(work),
					       struct nvdpa_ctrl, slot_work);

	dev_warn(ctrl->dev, "the slot was not reset in %u ms, going on\n",
		 NVDPA_PCI_SLOT_MS);
	nvdpa_reset_resume(ctrl);
}

static struct nvdpa_ctrl *nvdpa_pci_alloc(struct pci_dev *pdev)
{
	struct nvdpa_ctrl *ctrl;

	ctrl = kzalloc_node(sizeof(*ctrl), GFP_KERNEL, dev_to_node(&pdev->dev));
	if (!ctrl)
		return NULL;
	ctrl->pdev = pdev;
	ctrl->dev = &pdev->dev;
	ctrl->vendor = pdev->vendor;
	ctrl->quirks = nvdpa_quirks_of(pdev);
	ctrl->client = nvdpa_pci_client;
	INIT_DELAYED_WORK(&ctrl->slot_work, nvdpa_pci_slot_work);
	nvdpa_ctrl_init(ctrl);
	pci_set_drvdata(pdev, ctrl);
	return ctrl;
}

static void nvdpa_pci_free(struct nvdpa_ctrl *ctrl)
{
	nvdpa_ctrl_exit(ctrl);
	kfree(ctrl);
}

static int nvdpa_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct nvdpa_ctrl *ctrl;
	int err;

	err = nvdpa_pci_check(pdev);
	if (err)
		return err;
	ctrl = nvdpa_pci_alloc(pdev);
	if (!ctrl)
		return -ENOMEM;
	err = nvdpa_pci_map(ctrl);
	if (err)
		goto free_ctrl;
	err = nvdpa_pci_dma(ctrl);
	if (err)
		goto unmap;
	err = nvdpa_admin_alloc(ctrl);
	if (err)
		goto unmap;
	err = nvdpa_pci_irqs(ctrl);
	if (err)
		goto free_admin;
	err = nvdpa_pci_start(ctrl);
	if (err)
		goto free_irqs;
	err = ctrl->client->attach(ctrl);
	if (err)
		goto stop;
	err = nvdpa_chardev_create(ctrl);
	if (err)
		goto detach;
	nvdpa_aer_start(ctrl);

	dev_info(ctrl->dev, "serial %s, %u namespaces, %u queue pairs\n",
		 ctrl->serial, ctrl->nr_ns, ctrl->nr_qpairs);
	return 0;

detach:
	ctrl->client->detach(ctrl);
stop:
	nvdpa_pci_stop(ctrl);
free_irqs:
	nvdpa_pci_free_irqs(ctrl);
free_admin:
	nvdpa_admin_free(ctrl);
unmap:
	nvdpa_pci_unmap(ctrl);
free_ctrl:
	nvdpa_pci_free(ctrl);
	return err;
}

/* A function that was pulled out ends its commands before anybody waits. */
static void nvdpa_pci_check_gone(struct nvdpa_ctrl *ctrl)
{
	if (!pci_device_is_present(ctrl->pdev))
		nvdpa_reset_kill(ctrl);
}

static void nvdpa_pci_remove(struct pci_dev *pdev)
{
	struct nvdpa_ctrl *ctrl = pci_get_drvdata(pdev);

	disable_delayed_work_sync(&ctrl->slot_work);
	nvdpa_pci_check_gone(ctrl);
	nvdpa_aer_stop(ctrl);
	nvdpa_chardev_destroy(ctrl);
	/* That it died is told before that it is gone. */
	flush_work(&ctrl->state_work);
	ctrl->client->detach(ctrl);
	nvdpa_pci_stop(ctrl);
	nvdpa_pci_free_irqs(ctrl);
	nvdpa_admin_free(ctrl);
	nvdpa_pci_unmap(ctrl);
	nvdpa_pci_free(ctrl);
}

static void nvdpa_pci_shutdown(struct pci_dev *pdev)
{
	nvdpa_reset_shutdown(pci_get_drvdata(pdev));
}

/* The link does not carry anything: what is in flight waits. */
static pci_ers_result_t nvdpa_pci_error_detected(struct pci_dev *pdev,
						 pci_channel_state_t state)
{
	struct nvdpa_ctrl *ctrl = pci_get_drvdata(pdev);

	switch (state) {
	case pci_channel_io_normal:
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		dev_warn(ctrl->dev, "PCI error, the slot is reset\n");
		nvdpa_reset_quiesce(ctrl, false);
		nvdpa_reset_queue(&ctrl->slot_work,
				  msecs_to_jiffies(NVDPA_PCI_SLOT_MS));
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		dev_err(ctrl->dev, "PCI error, for good\n");
		nvdpa_reset_kill(ctrl);
		return PCI_ERS_RESULT_DISCONNECT;
	}
}

/* What was restored once is not restored again, unless it is loaded anew. */
static pci_ers_result_t nvdpa_pci_slot_reset(struct pci_dev *pdev)
{
	struct nvdpa_ctrl *ctrl = pci_get_drvdata(pdev);

	if (pci_load_saved_state(pdev, ctrl->saved_state))
		return PCI_ERS_RESULT_DISCONNECT;
	pci_restore_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void nvdpa_pci_error_resume(struct pci_dev *pdev)
{
	struct nvdpa_ctrl *ctrl = pci_get_drvdata(pdev);

	cancel_delayed_work_sync(&ctrl->slot_work);
	nvdpa_reset_resume(ctrl);
}

/* Somebody resets the function, by sysfs for example. */
static void nvdpa_pci_reset_prepare(struct pci_dev *pdev)
{
	nvdpa_reset_quiesce(pci_get_drvdata(pdev), false);
}

static void nvdpa_pci_reset_done(struct pci_dev *pdev)
{
	nvdpa_reset_resume(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers nvdpa_pci_error_handlers = {
	.error_detected = nvdpa_pci_error_detected,
	.slot_reset = nvdpa_pci_slot_reset,
	.resume = nvdpa_pci_error_resume,
	.reset_prepare = nvdpa_pci_reset_prepare,
	.reset_done = nvdpa_pci_reset_done,
};

/*
 * Sleep and hibernation, of all kinds alike. Guests are frozen before; what the
 * kernel itself still posts waits in its ring.
 */
static int nvdpa_pci_suspend(struct device *dev)
{
	nvdpa_reset_quiesce(dev_get_drvdata(dev), true);
	return 0;
}

/* One that does not come up is dead, which is no reason to stay asleep. */
static int nvdpa_pci_resume(struct device *dev)
{
	nvdpa_reset_resume(dev_get_drvdata(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(nvdpa_pci_pm, nvdpa_pci_suspend,
				nvdpa_pci_resume);

/*
 * No id table: a function comes to us only when its driver_override says so,
 * never by hotplug.
 */
static struct pci_driver nvdpa_pci_driver = {
	.name = KBUILD_MODNAME,
	.probe = nvdpa_pci_probe,
	.remove = nvdpa_pci_remove,
	.shutdown = nvdpa_pci_shutdown,
	.err_handler = &nvdpa_pci_error_handlers,
	.driver.pm = pm_sleep_ptr(&nvdpa_pci_pm),
};

int nvdpa_pci_register(const struct nvdpa_ctrl_client *client)
{
	nvdpa_pci_client = client;
	return pci_register_driver(&nvdpa_pci_driver);
}

void nvdpa_pci_unregister(void)
{
	pci_unregister_driver(&nvdpa_pci_driver);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Controllers that do not do what they say, by their PCI identifiers. */
#ifndef NVDPA_NVME_QUIRKS_H
#define NVDPA_NVME_QUIRKS_H

#include <linux/bits.h>

struct pci_dev;

/*
 * For a while after CC.EN = 0 the registers may not be read: the controller
 * hangs, or says that it is not ready when it is.
 */
#define NVDPA_QUIRK_READY_DELAY		BIT(0)
#define NVDPA_QUIRK_READY_DELAY_MS	2300
/* Write Zeroes is offered, but stalls, or leaves data in place. */
#define NVDPA_QUIRK_NO_WRITE_ZEROES	BIT(1)
/* Hangs when asked for the list of a namespace's identifiers. */
#define NVDPA_QUIRK_NO_DESC_LIST	BIT(2)
/* Only 48 bits of a bus address arrive. */
#define NVDPA_QUIRK_DMA_48		BIT(3)
/*
 * A command that crosses a multiple of the largest transfer is slow, which the
 * namespace does not tell (NOIOB).
 */
#define NVDPA_QUIRK_STRIPE		BIT(4)

/**
 * nvdpa_quirks_of() - what is known of a function
 * @pdev: NVMe function
 *
 * Return: NVDPA_QUIRK_*.
 */
unsigned long nvdpa_quirks_of(struct pci_dev *pdev);

#endif /* NVDPA_NVME_QUIRKS_H */

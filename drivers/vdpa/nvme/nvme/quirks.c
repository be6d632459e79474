// SPDX-License-Identifier: GPL-2.0
/*
 * Who is in here is what the kernel's nvme driver has learned the hard way. What that
 * driver knows beyond it does not concern us: we set no power state and no
 * temperature threshold, use one MSI-X vector a queue and medium priority, keep
 * PRP lists in pages of their own, and tell nobody of namespace identifiers.
 */
#include "quirks.h"

#include <linux/pci.h>

static const struct pci_device_id nvdpa_quirks_ids[] = {
	/* Intel P3500 to P3700, P3520, P4500 and P4600, and Dell's of these. */
	{ PCI_VDEVICE(INTEL, 0x0953), .driver_data = NVDPA_QUIRK_STRIPE },
	{ PCI_VDEVICE(INTEL, 0x0a53), .driver_data = NVDPA_QUIRK_STRIPE },
	{ PCI_VDEVICE(INTEL, 0x0a54), .driver_data = NVDPA_QUIRK_STRIPE },
	{ PCI_VDEVICE(INTEL, 0x0a55), .driver_data = NVDPA_QUIRK_STRIPE },
	/* Intel 600P. */
	{ PCI_VDEVICE(INTEL, 0xf1a5),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Silicon Motion. */
	{ PCI_DEVICE(0x126f, 0x2263), .driver_data = NVDPA_QUIRK_NO_DESC_LIST },
	/* Samsung PM1725, PM1725a. */
	{ PCI_DEVICE(0x144d, 0xa821), .driver_data = NVDPA_QUIRK_READY_DELAY },
	{ PCI_DEVICE(0x144d, 0xa822),
	  .driver_data = NVDPA_QUIRK_READY_DELAY |
			 NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Samsung MZALQ, PM9B1. */
	{ PCI_DEVICE(0x144d, 0xa809),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x144d, 0xa80b),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Sandisk Skyhawk. */
	{ PCI_DEVICE(0x15b7, 0x2001),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Phison E19, E21. */
	{ PCI_DEVICE(0x1987, 0x5019),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x1987, 0x5021),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Lexar, with a controller by Marvell. */
	{ PCI_DEVICE(0x1b4b, 0x1092), .driver_data = NVDPA_QUIRK_NO_DESC_LIST },
	/* Seagate Nytro. */
	{ PCI_DEVICE(0x1bb1, 0x0100),
	  .driver_data = NVDPA_QUIRK_READY_DELAY | NVDPA_QUIRK_NO_DESC_LIST },
	/* HGST SN100, WDC SN200. */
	{ PCI_DEVICE(0x1c58, 0x0003), .driver_data = NVDPA_QUIRK_READY_DELAY },
	{ PCI_DEVICE(0x1c58, 0x0023), .driver_data = NVDPA_QUIRK_READY_DELAY },
	/* SK Hynix PC400, BC901. */
	{ PCI_DEVICE(0x1c5c, 0x1504),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x1c5c, 0x1d59),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Memblaze PBlaze4. */
	{ PCI_DEVICE(0x1c5f, 0x0540), .driver_data = NVDPA_QUIRK_READY_DELAY },
	/* UMIS. */
	{ PCI_DEVICE(0x1cc4, 0x6302),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x1cc4, 0x6303),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* SPCC. */
	{ PCI_DEVICE(0x1d97, 0x2263),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Kingston OM8 and OM3. */
	{ PCI_DEVICE(0x2646, 0x5016),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x2646, 0x5018),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x2646, 0x501a),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x2646, 0x501b),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x2646, 0x501e),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	{ PCI_DEVICE(0x2646, 0x502f),
	  .driver_data = NVDPA_QUIRK_NO_WRITE_ZEROES },
	/* Amazon EC2. */
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0x0061),
	  .driver_data = NVDPA_QUIRK_DMA_48 },
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0x0065),
	  .driver_data = NVDPA_QUIRK_DMA_48 },
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0x8061),
	  .driver_data = NVDPA_QUIRK_DMA_48 },
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0xcd00),
	  .driver_data = NVDPA_QUIRK_DMA_48 },
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0xcd01),
	  .driver_data = NVDPA_QUIRK_DMA_48 },
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0xcd02),
	  .driver_data = NVDPA_QUIRK_DMA_48 },
	{ }
};

unsigned long nvdpa_quirks_of(struct pci_dev *pdev)
{
	const struct pci_device_id *id = pci_match_id(nvdpa_quirks_ids, pdev);

	return id ? id->driver_data : 0;
}

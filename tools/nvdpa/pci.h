/* SPDX-License-Identifier: GPL-2.0 */
/* A PCI function and the driver that has it, by sysfs. */
#ifndef NVDPA_PCI_H
#define NVDPA_PCI_H

#include <stdbool.h>
#include <stddef.h>

#define PCI_DRIVER_NVME "nvme"
#define PCI_DRIVER_OURS "nvme_vdpa"

#define PCI_ADDRESS_SIZE 32
#define PCI_DRIVER_SIZE 32

/**
 * struct pci - a function
 * @address: such as 0000:01:00.0
 * @driver: who has it, or empty
 */
struct pci {
	char address[PCI_ADDRESS_SIZE];
	char driver[PCI_DRIVER_SIZE];
};

/* 0 or a negative errno, recorded. */

/**
 * pci_find() - the NVMe function that a controller's name stands for
 * @ctrl: such as pci/0000:01:00.0
 * @pci: out
 *
 * -EINVAL: no such name; -ENODEV: no such function; -EMEDIUMTYPE: no NVMe
 * controller.
 */
int pci_find(const char *ctrl, struct pci *pci);

/**
 * pci_take() - move a function from whoever has it to nvme_vdpa, and no other
 * @pci: the function
 *
 * Loads the module. When it fails, who had it before has it again, if that can be.
 */
int pci_take(struct pci *pci);

/**
 * pci_give_back() - move a function from nvme_vdpa to the driver that is made for it
 * @pci: the function
 */
int pci_give_back(struct pci *pci);

/** pci_list() - calls @call with the address of each NVMe function */
void pci_list(void (*call)(const char *address, void *data), void *data);

#endif /* NVDPA_PCI_H */

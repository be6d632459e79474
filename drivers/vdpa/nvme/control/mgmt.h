/* SPDX-License-Identifier: GPL-2.0 */
/* vDPA management: vdpa dev add and vdpa dev del. */
#ifndef NVDPA_CONTROL_MGMT_H
#define NVDPA_CONTROL_MGMT_H

#include "../nvme/ctrl.h"

/* Makes a management device of each controller; for nvdpa_pci_register(). */
extern const struct nvdpa_ctrl_client nvdpa_mgmt_client;

#endif /* NVDPA_CONTROL_MGMT_H */

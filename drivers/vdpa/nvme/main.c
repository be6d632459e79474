// SPDX-License-Identifier: GPL-2.0
/* Module init and exit. */
#include <linux/module.h>

#include "control/mgmt.h"
#include "control/netlink.h"
#include "debug/debugfs.h"
#include "debug/fault.h"
#include "nvme/chardev.h"
#include "nvme/ctrl.h"
#include "nvme/reset.h"

static int __init nvdpa_init(void)
{
	int err;

	nvdpa_debugfs_init();
	nvdpa_fault_init();
	err = nvdpa_reset_create_wq();
	if (err)
		goto exit_fault;
	err = nvdpa_netlink_register();
	if (err)
		goto destroy_wq;
	err = nvdpa_chardev_init();
	if (err)
		goto unregister_netlink;
	err = nvdpa_pci_register(&nvdpa_mgmt_client);
	if (err)
		goto exit_chardev;
	return 0;

exit_chardev:
	nvdpa_chardev_exit();
unregister_netlink:
	nvdpa_netlink_unregister();
destroy_wq:
	nvdpa_reset_destroy_wq();
exit_fault:
	nvdpa_debugfs_exit();
	nvdpa_fault_exit();
	return err;
}

static void __exit nvdpa_exit(void)
{
	nvdpa_pci_unregister();
	nvdpa_chardev_exit();
	nvdpa_netlink_unregister();
	nvdpa_reset_destroy_wq();
	nvdpa_debugfs_exit();
	nvdpa_fault_exit();
}

module_init(nvdpa_init);
module_exit(nvdpa_exit);

MODULE_DESCRIPTION("vDPA virtio-blk devices on NVMe queue pairs");
MODULE_LICENSE("GPL");

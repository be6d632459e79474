// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of linux/nvme_ioctl.h, so that nvme-cli works on a controller that is
 * bound to us.
 */
#include "chardev.h"

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/compat.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/nvme_ioctl.h>

#include "buf.h"
#include "ctrl.h"
#include "pass.h"
#include "reset.h"

#define NVDPA_CHARDEV_NAME	"nvdpa"
#define NVDPA_CHARDEV_MINORS	4096
#define NVDPA_CHARDEV_RESET_MS	4000

/* Of an opcode, which tells where its data goes. */
#define NVDPA_CHARDEV_TO_DEVICE		BIT(0)
#define NVDPA_CHARDEV_FROM_DEVICE	BIT(1)

static dev_t nvdpa_chardev_first;
static DEFINE_IDA(nvdpa_chardev_minors);

/**
 * struct nvdpa_chardev - a passthrough device; lives until its last file is closed
 * @dev: its device, whose references are this object's
 * @cdev: holds a reference to @dev while a file is open
 * @lock: protects the next field; held for reading while a command runs
 * @ctrl: the controller, or NULL when that is gone
 */
struct nvdpa_chardev {
	struct device dev;
	struct cdev cdev;

	struct rw_semaphore lock; /* the way to the controller */
	struct nvdpa_ctrl *ctrl;
};

static char *nvdpa_chardev_devnode(const struct device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0600;
	return kasprintf(GFP_KERNEL, NVDPA_CHARDEV_NAME "/%s", dev_name(dev));
}

static const struct class nvdpa_chardev_class = {
	.name = NVDPA_CHARDEV_NAME,
	.devnode = nvdpa_chardev_devnode,
};

/* A file that was handed on gives its new owner no right. */
static int nvdpa_chardev_permit(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static int nvdpa_chardev_open(struct inode *inode, struct file *file)
{
	file->private_data = container_of(inode->i_cdev, struct nvdpa_chardev,
					  cdev);
	return nvdpa_chardev_permit();
}

/* The controller, which stays until nvdpa_chardev_leave(), or ERR_PTR(). */
static struct nvdpa_ctrl *nvdpa_chardev_enter(struct nvdpa_chardev *chardev)
{
	int err = down_read_killable(&chardev->lock);

	if (err)
		return ERR_PTR(err);
	if (chardev->ctrl && !nvdpa_ctrl_dead(chardev->ctrl))
		return chardev->ctrl;
	up_read(&chardev->lock);
	return ERR_PTR(-ENODEV);
}

static void nvdpa_chardev_leave(struct nvdpa_chardev *chardev)
{
	up_read(&chardev->lock);
}

/* As for a namespace's own device; the first one is what most have. */
static int nvdpa_chardev_first_ns(const struct nvdpa_ctrl *ctrl)
{
	unsigned int i, nr = READ_ONCE(ctrl->nr_ns);

	for (i = 0; i < nr; i++)
		if (nvdpa_ident_ns(ctrl, ctrl->ns[i].nsid))
			return ctrl->ns[i].nsid;
	return -ENOTTY;
}

static int nvdpa_chardev_id(struct nvdpa_chardev *chardev, void __user *arg)
{
	struct nvdpa_ctrl *ctrl = nvdpa_chardev_enter(chardev);
	int id;

	if (IS_ERR(ctrl))
		return PTR_ERR(ctrl);
	id = nvdpa_chardev_first_ns(ctrl);
	nvdpa_chardev_leave(chardev);
	return id;
}

/* Runs a command; see nvdpa_pass_admin(). */
typedef int nvdpa_chardev_pass(struct nvdpa_ctrl *ctrl,
			       struct nvme_passthru_cmd64 *args, void *data);

static int nvdpa_chardev_call(struct nvdpa_chardev *chardev,
			      struct nvme_passthru_cmd64 *args, void *data,
			      nvdpa_chardev_pass *pass)
{
	struct nvdpa_ctrl *ctrl = nvdpa_chardev_enter(chardev);
	int err;

	if (IS_ERR(ctrl))
		return PTR_ERR(ctrl);
	err = pass(ctrl, args, data);
	nvdpa_chardev_leave(chardev);
	return err;
}

/*
 * The caller's memory is touched outside of the lock: a page of it may take as long as
 * somebody likes to come, and the removal of the controller must not wait for that.
 */
static int nvdpa_chardev_call_data(struct nvdpa_chardev *chardev,
				   struct nvme_passthru_cmd64 *args,
				   nvdpa_chardev_pass *pass)
{
	void __user *user = u64_to_user_ptr(args->addr);
	void *data;
	int err = 0;

	if (!args->data_len)
		return nvdpa_chardev_call(chardev, args, NULL, pass);
	if (args->data_len > NVDPA_BUF_MAX_BYTES)
		return -EINVAL;
	data = kvzalloc(args->data_len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	if (args->opcode & NVDPA_CHARDEV_TO_DEVICE &&
	    copy_from_user(data, user, args->data_len))
		err = -EFAULT;
	if (!err)
		err = nvdpa_chardev_call(chardev, args, data, pass);
	if (!err && args->opcode & NVDPA_CHARDEV_FROM_DEVICE &&
	    copy_to_user(user, data, args->data_len))
		err = -EFAULT;
	kvfree(data);
	return err;
}

static int nvdpa_chardev_run(struct nvdpa_chardev *chardev, void __user *arg,
			     nvdpa_chardev_pass *pass)
{
	struct nvme_passthru_cmd __user *user = arg;
	struct nvme_passthru_cmd64 args = {};
	int err;

	/* They differ in what comes behind. */
	if (copy_from_user(&args, user, offsetof(struct nvme_passthru_cmd, result)))
		return -EFAULT;
	err = nvdpa_chardev_call_data(chardev, &args, pass);
	if (err >= 0 && put_user((u32)args.result, &user->result))
		return -EFAULT;
	return err;
}

static int nvdpa_chardev_run64(struct nvdpa_chardev *chardev, void __user *arg,
			       nvdpa_chardev_pass *pass)
{
	struct nvme_passthru_cmd64 __user *user = arg;
	struct nvme_passthru_cmd64 args;
	int err;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	err = nvdpa_chardev_call_data(chardev, &args, pass);
	if (err >= 0 && put_user(args.result, &user->result))
		return -EFAULT;
	return err;
}

static int nvdpa_chardev_admin(struct nvdpa_chardev *chardev, void __user *arg)
{
	return nvdpa_chardev_run(chardev, arg, nvdpa_pass_admin);
}

static int nvdpa_chardev_admin64(struct nvdpa_chardev *chardev,
				 void __user *arg)
{
	return nvdpa_chardev_run64(chardev, arg, nvdpa_pass_admin);
}

static int nvdpa_chardev_io(struct nvdpa_chardev *chardev, void __user *arg)
{
	return nvdpa_chardev_run(chardev, arg, nvdpa_pass_io);
}

static int nvdpa_chardev_io64(struct nvdpa_chardev *chardev, void __user *arg)
{
	return nvdpa_chardev_run64(chardev, arg, nvdpa_pass_io);
}

/* Those who have the controller for their disks do not notice. */
static int nvdpa_chardev_reset(struct nvdpa_chardev *chardev, void __user *arg)
{
	struct nvdpa_ctrl *ctrl = nvdpa_chardev_enter(chardev);
	int err;

	if (IS_ERR(ctrl))
		return PTR_ERR(ctrl);
	err = nvdpa_reset_sync(ctrl, NVDPA_CHARDEV_RESET_MS);
	nvdpa_chardev_leave(chardev);
	return err;
}

/* What would take the controller away. */
static int nvdpa_chardev_forbidden(struct nvdpa_chardev *chardev,
				   void __user *arg)
{
	return -EPERM;
}

static const struct {
	unsigned int cmd;
	int (*run)(struct nvdpa_chardev *chardev, void __user *arg);
} nvdpa_chardev_ioctls[] = {
	{ NVME_IOCTL_ID, nvdpa_chardev_id },
	{ NVME_IOCTL_ADMIN_CMD, nvdpa_chardev_admin },
	{ NVME_IOCTL_ADMIN64_CMD, nvdpa_chardev_admin64 },
	{ NVME_IOCTL_IO_CMD, nvdpa_chardev_io },
	{ NVME_IOCTL_IO64_CMD, nvdpa_chardev_io64 },
	{ NVME_IOCTL_RESET, nvdpa_chardev_reset },
	{ NVME_IOCTL_SUBSYS_RESET, nvdpa_chardev_forbidden },
	{ NVME_IOCTL_RESCAN, nvdpa_chardev_forbidden },
};

static long nvdpa_chardev_ioctl(struct file *file, unsigned int cmd,
				unsigned long arg)
{
	int err = nvdpa_chardev_permit();
	size_t i;

	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(nvdpa_chardev_ioctls); i++)
		if (nvdpa_chardev_ioctls[i].cmd == cmd)
			return nvdpa_chardev_ioctls[i].run(file->private_data,
							   (void __user *)arg);
	return -ENOTTY;
}

static const struct file_operations nvdpa_chardev_fops = {
	.owner = THIS_MODULE,
	.open = nvdpa_chardev_open,
	.unlocked_ioctl = nvdpa_chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static void nvdpa_chardev_release(struct device *dev)
{
	struct nvdpa_chardev *chardev = container_of(dev, struct nvdpa_chardev,
						     dev);

	ida_free(&nvdpa_chardev_minors, MINOR(dev->devt));
	kfree(chardev);
}

/* On failure everything is given back, for there is a release from here on. */
static int nvdpa_chardev_add(struct nvdpa_chardev *chardev)
{
	struct nvdpa_ctrl *ctrl = chardev->ctrl;
	int err;

	device_initialize(&chardev->dev);
	err = dev_set_name(&chardev->dev, "%s", dev_name(ctrl->dev));
	if (err)
		goto put_device;
	cdev_init(&chardev->cdev, &nvdpa_chardev_fops);
	chardev->cdev.owner = THIS_MODULE;
	err = cdev_device_add(&chardev->cdev, &chardev->dev);
	if (err)
		goto put_device;
	return 0;

put_device:
	put_device(&chardev->dev);
	return err;
}

int nvdpa_chardev_create(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_chardev *chardev;
	int minor, err;

	chardev = kzalloc(sizeof(*chardev), GFP_KERNEL);
	if (!chardev)
		return -ENOMEM;
	minor = ida_alloc_max(&nvdpa_chardev_minors, NVDPA_CHARDEV_MINORS - 1,
			      GFP_KERNEL);
	if (minor < 0) {
		kfree(chardev);
		return minor;
	}
	init_rwsem(&chardev->lock);
	chardev->ctrl = ctrl;
	chardev->dev.class = &nvdpa_chardev_class;
	chardev->dev.parent = ctrl->dev;
	chardev->dev.devt = MKDEV(MAJOR(nvdpa_chardev_first), minor);
	chardev->dev.release = nvdpa_chardev_release;

	err = nvdpa_chardev_add(chardev);
	if (err) {
		dev_err(ctrl->dev, "no passthrough device: %pe\n",
			ERR_PTR(err));
		return err;
	}
	ctrl->chardev = chardev;
	return 0;
}

/*
 * The node goes first. A file that is open, or is opened by way of another node
 * while one is, has a reference to the cdev, which has one to the device, hence
 * this object stays. A command that runs holds the lock for reading, ends by its own timeout, or at
 * once on a controller that is dead; whoever comes later finds no controller.
 * So nobody is left with @ctrl, and the references do the rest.
 */
void nvdpa_chardev_destroy(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_chardev *chardev = ctrl->chardev;

	cdev_device_del(&chardev->cdev, &chardev->dev);
	down_write(&chardev->lock);
	chardev->ctrl = NULL;
	up_write(&chardev->lock);
	ctrl->chardev = NULL;
	put_device(&chardev->dev);
}

int nvdpa_chardev_init(void)
{
	int err;

	err = class_register(&nvdpa_chardev_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&nvdpa_chardev_first, 0, NVDPA_CHARDEV_MINORS,
				  NVDPA_CHARDEV_NAME);
	if (err)
		class_unregister(&nvdpa_chardev_class);
	return err;
}

void nvdpa_chardev_exit(void)
{
	unregister_chrdev_region(nvdpa_chardev_first, NVDPA_CHARDEV_MINORS);
	class_unregister(&nvdpa_chardev_class);
}

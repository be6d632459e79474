/* SPDX-License-Identifier: GPL-2.0 */
/* An open vhost-vdpa device: ioctls, status, memory map. 0 or -errno. */
#ifndef CLIENT_VDEV_H
#define CLIENT_VDEV_H

#include <linux/types.h>
#include <stddef.h>

#include "compat.h"

#define VDEV_FEATURE(name) (1ULL << VIRTIO_##name)

struct vdev {
	int fd;
	int config_fd;			/* eventfd of the config interrupt */
	__u64 offered;			/* features of the device */
	__u64 accepted;			/* features negotiated */
	__u64 backend;			/* backend features, all acknowledged */
	__u32 nvqs;
	__u16 num_max;
	struct virtio_blk_config config;
};

int vdev_open(struct vdev *v);
void vdev_close(struct vdev *v);

/* Like ioctl(), with -errno for failure. */
int vdev_ioctl(struct vdev *v, unsigned long cmd, void *arg);

int vdev_status(struct vdev *v);
int vdev_set_status(struct vdev *v, __u8 status);
int vdev_add_status(struct vdev *v, __u8 bits);
int vdev_reset(struct vdev *v);
/* ACKNOWLEDGE, DRIVER, the features, FEATURES_OK read back. */
int vdev_negotiate(struct vdev *v, __u64 features);
/* -EIO when the device leaves the bit clear. */
int vdev_driver_ok(struct vdev *v);
int vdev_suspend(struct vdev *v);
int vdev_resume(struct vdev *v);
/* Waits for the config interrupt and for DEVICE_NEEDS_RESET. */
int vdev_wait_needs_reset(struct vdev *v);

int vdev_config_read(struct vdev *v, __u32 offset, void *buf, __u32 len);

int vdev_vring_num(struct vdev *v, unsigned int vq, unsigned int num);
int vdev_vring_addr(struct vdev *v, unsigned int vq, __u64 desc, __u64 avail,
		    __u64 used);
int vdev_vring_base(struct vdev *v, unsigned int vq, unsigned int base);
/* The base, or -errno. */
int vdev_vring_get_base(struct vdev *v, unsigned int vq);
int vdev_vring_kick(struct vdev *v, unsigned int vq, int fd);
int vdev_vring_call(struct vdev *v, unsigned int vq, int fd);
int vdev_vring_enable(struct vdev *v, unsigned int vq, unsigned int enable);

/* One IOTLB message as it is; vdev_map() and vdev_unmap() make a batch of it. */
int vdev_iotlb(struct vdev *v, __u8 type, __u64 iova, __u64 size, const void *va,
	       __u8 perm);
int vdev_map(struct vdev *v, __u64 iova, __u64 size, const void *va, __u8 perm);
int vdev_unmap(struct vdev *v, __u64 iova, __u64 size);

/* An eventfd: its count taken (0 if none), and a wait for it to be non-zero. */
__u64 eventfd_take(int fd);
int eventfd_wait(int fd, unsigned int ms);

#endif /* CLIENT_VDEV_H */

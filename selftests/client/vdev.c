// SPDX-License-Identifier: GPL-2.0
#include "vdev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "env.h"

int vdev_ioctl(struct vdev *v, unsigned long cmd, void *arg)
{
	int r = ioctl(v->fd, cmd, arg);

	return r < 0 ? -errno : r;
}

/*
 * A test that was killed may still be closing the device: nothing tells us
 * when, so try again until the limit.
 */
static int vdev_open_path(const char *path)
{
	__u64 end = env_now_ms() + env_limit_ms();
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != EBUSY || env_now_ms() > end) {
			fd = -errno;
			env_log("%s: %s", path, strerror(-fd));
			return fd;
		}
		poll(NULL, 0, 1);
	}
}

static int vdev_learn(struct vdev *v)
{
	int err;

	err = vdev_ioctl(v, VHOST_SET_OWNER, NULL);
	if (!err)
		err = vdev_ioctl(v, VHOST_GET_BACKEND_FEATURES, &v->backend);
	if (!err)
		err = vdev_ioctl(v, VHOST_SET_BACKEND_FEATURES, &v->backend);
	if (!err)
		err = vdev_ioctl(v, VHOST_GET_FEATURES, &v->offered);
	if (!err)
		err = vdev_ioctl(v, VHOST_VDPA_GET_VQS_COUNT, &v->nvqs);
	if (!err)
		err = vdev_ioctl(v, VHOST_VDPA_GET_VRING_NUM, &v->num_max);
	if (!err)
		err = vdev_config_read(v, 0, &v->config, sizeof(v->config));
	if (!err)
		err = vdev_ioctl(v, VHOST_VDPA_SET_CONFIG_CALL, &v->config_fd);
	return err;
}

int vdev_open(struct vdev *v)
{
	/* vhost counts pinned pages against the limit even for root. */
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int err;

	memset(v, 0, sizeof(*v));
	setrlimit(RLIMIT_MEMLOCK, &all);
	v->fd = vdev_open_path(env_path());
	if (v->fd < 0)
		return v->fd;
	v->config_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = v->config_fd < 0 ? -errno : vdev_learn(v);
	if (err) {
		env_log("%s: first ioctls: %s", env_path(), strerror(-err));
		vdev_close(v);
	}
	return err;
}

void vdev_close(struct vdev *v)
{
	if (v->fd > 0)
		close(v->fd);
	if (v->config_fd > 0)
		close(v->config_fd);
	v->fd = -1;
	v->config_fd = -1;
}

int vdev_status(struct vdev *v)
{
	__u8 status;
	int err = vdev_ioctl(v, VHOST_VDPA_GET_STATUS, &status);

	return err ? err : status;
}

int vdev_set_status(struct vdev *v, __u8 status)
{
	return vdev_ioctl(v, VHOST_VDPA_SET_STATUS, &status);
}

int vdev_add_status(struct vdev *v, __u8 bits)
{
	int status = vdev_status(v);

	return status < 0 ? status : vdev_set_status(v, status | bits);
}

int vdev_reset(struct vdev *v)
{
	int err = vdev_set_status(v, 0);

	if (err)
		return err;
	err = vdev_status(v);
	if (err)
		env_log("status 0x%x after reset", err);
	if (err)
		return -EIO;
	/* A reset makes the device forget its callbacks. */
	return vdev_ioctl(v, VHOST_VDPA_SET_CONFIG_CALL, &v->config_fd);
}

int vdev_negotiate(struct vdev *v, __u64 features)
{
	int err;

	err = vdev_add_status(v, VIRTIO_CONFIG_S_ACKNOWLEDGE |
				 VIRTIO_CONFIG_S_DRIVER);
	if (!err)
		err = vdev_ioctl(v, VHOST_SET_FEATURES, &features);
	if (!err)
		err = vdev_add_status(v, VIRTIO_CONFIG_S_FEATURES_OK);
	if (err)
		return err;
	v->accepted = features;
	return vdev_status(v) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EIO;
}

int vdev_driver_ok(struct vdev *v)
{
	int err = vdev_add_status(v, VIRTIO_CONFIG_S_DRIVER_OK);

	if (err)
		return err;
	return vdev_status(v) & VIRTIO_CONFIG_S_DRIVER_OK ? 0 : -EIO;
}

int vdev_suspend(struct vdev *v)
{
	return vdev_ioctl(v, VHOST_VDPA_SUSPEND, NULL);
}

int vdev_resume(struct vdev *v)
{
	return vdev_ioctl(v, VHOST_VDPA_RESUME, NULL);
}

int vdev_wait_needs_reset(struct vdev *v)
{
	int err = eventfd_wait(v->config_fd, env_limit_ms());
	int status = vdev_status(v);

	if (err)
		env_log("no config interrupt, status 0x%x", status);
	else if (status < 0)
		err = status;
	else if (!(status & VIRTIO_CONFIG_S_NEEDS_RESET))
		err = -EPROTO;
	if (err == -EPROTO)
		env_log("config interrupt, but status 0x%x", status);
	eventfd_take(v->config_fd);
	return err;
}

int vdev_config_read(struct vdev *v, __u32 offset, void *buf, __u32 len)
{
	struct vhost_vdpa_config *config = malloc(sizeof(*config) + len);
	int err;

	if (!config)
		return -ENOMEM;
	config->off = offset;
	config->len = len;
	err = vdev_ioctl(v, VHOST_VDPA_GET_CONFIG, config);
	if (!err)
		memcpy(buf, config->buf, len);
	free(config);
	return err;
}

static int vdev_vring_state(struct vdev *v, unsigned long cmd, unsigned int vq,
			    unsigned int num)
{
	struct vhost_vring_state state = { .index = vq, .num = num };

	return vdev_ioctl(v, cmd, &state);
}

static int vdev_vring_file(struct vdev *v, unsigned long cmd, unsigned int vq,
			   int fd)
{
	struct vhost_vring_file file = { .index = vq, .fd = fd };

	return vdev_ioctl(v, cmd, &file);
}

int vdev_vring_num(struct vdev *v, unsigned int vq, unsigned int num)
{
	return vdev_vring_state(v, VHOST_SET_VRING_NUM, vq, num);
}

int vdev_vring_addr(struct vdev *v, unsigned int vq, __u64 desc, __u64 avail,
		    __u64 used)
{
	struct vhost_vring_addr addr = {
		.index = vq,
		.desc_user_addr = desc,
		.avail_user_addr = avail,
		.used_user_addr = used,
	};

	return vdev_ioctl(v, VHOST_SET_VRING_ADDR, &addr);
}

int vdev_vring_base(struct vdev *v, unsigned int vq, unsigned int base)
{
	return vdev_vring_state(v, VHOST_SET_VRING_BASE, vq, base);
}

int vdev_vring_get_base(struct vdev *v, unsigned int vq)
{
	struct vhost_vring_state state = { .index = vq };
	int err = vdev_ioctl(v, VHOST_GET_VRING_BASE, &state);

	return err ? err : (int)state.num;
}

int vdev_vring_kick(struct vdev *v, unsigned int vq, int fd)
{
	return vdev_vring_file(v, VHOST_SET_VRING_KICK, vq, fd);
}

int vdev_vring_call(struct vdev *v, unsigned int vq, int fd)
{
	return vdev_vring_file(v, VHOST_SET_VRING_CALL, vq, fd);
}

int vdev_vring_enable(struct vdev *v, unsigned int vq, unsigned int enable)
{
	return vdev_vring_state(v, VHOST_VDPA_SET_VRING_ENABLE, vq, enable);
}

int vdev_iotlb(struct vdev *v, __u8 type, __u64 iova, __u64 size, const void *va,
	       __u8 perm)
{
	struct vhost_msg_v2 msg = {
		.type = VHOST_IOTLB_MSG_V2,
		.iotlb = {
			.iova = iova,
			.size = size,
			.uaddr = (__u64)(unsigned long)va,
			.perm = perm,
			.type = type,
		},
	};

	return write(v->fd, &msg, sizeof(msg)) == sizeof(msg) ? 0 : -errno;
}

static int vdev_iotlb_batch(struct vdev *v, __u8 type, __u64 iova, __u64 size,
			    const void *va, __u8 perm)
{
	int err, end;

	err = vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0);
	if (err)
		return err;
	err = vdev_iotlb(v, type, iova, size, va, perm);
	end = vdev_iotlb(v, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0);
	return err ? err : end;
}

int vdev_map(struct vdev *v, __u64 iova, __u64 size, const void *va, __u8 perm)
{
	return vdev_iotlb_batch(v, VHOST_IOTLB_UPDATE, iova, size, va, perm);
}

int vdev_unmap(struct vdev *v, __u64 iova, __u64 size)
{
	return vdev_iotlb_batch(v, VHOST_IOTLB_INVALIDATE, iova, size, NULL, 0);
}

__u64 eventfd_take(int fd)
{
	eventfd_t count = 0;

	return eventfd_read(fd, &count) ? 0 : count;
}

int eventfd_wait(int fd, unsigned int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, ms);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n ? 0 : -ETIMEDOUT;
}

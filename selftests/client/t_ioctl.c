// SPDX-License-Identifier: GPL-2.0
/* What the device says of itself, and what it lets be said. */
#include "client.h"

#include <fcntl.h>

/* NVMe base 2.0, 5.17.2.1: ONCS. */
#define ONCS_DSM 4
#define ONCS_WRITE_ZEROES 8

/* Whatever the controller can do. */
#define FEATURES_OFFERED						\
	(VDEV_FEATURE(BLK_F_SIZE_MAX) | VDEV_FEATURE(BLK_F_SEG_MAX) |	\
	 VDEV_FEATURE(BLK_F_BLK_SIZE) | VDEV_FEATURE(BLK_F_TOPOLOGY) |	\
	 VDEV_FEATURE(BLK_F_FLUSH) | VDEV_FEATURE(BLK_F_MQ) |		\
	 VDEV_FEATURE(F_VERSION_1) | VDEV_FEATURE(F_ACCESS_PLATFORM) |	\
	 VDEV_FEATURE(RING_F_INDIRECT_DESC) |				\
	 VDEV_FEATURE(RING_F_EVENT_IDX))

#define BACKEND(name) (1ULL << VHOST_BACKEND_F_##name)
#define BACKEND_EXPECTED						\
	(BACKEND(IOTLB_MSG_V2) | BACKEND(IOTLB_BATCH) |			\
	 BACKEND(IOTLB_ASID) | BACKEND(SUSPEND) | BACKEND(RESUME) |	\
	 BACKEND(ENABLE_AFTER_DRIVER_OK) | BACKEND(IOTLB_PERSIST))

FIXTURE(ioctl)
{
	struct vdev v;
};

FIXTURE_SETUP(ioctl)
{
	ASSERT_EQ(0, vdev_open(&self->v));
}

FIXTURE_TEARDOWN(ioctl)
{
	vdev_close(&self->v);
}

TEST_F(ioctl, device_id)
{
	__u32 id = 0;

	ASSERT_EQ(0, vdev_ioctl(&self->v, VHOST_VDPA_GET_DEVICE_ID, &id));
	EXPECT_EQ(VIRTIO_ID_BLOCK, id);
}

TEST_F(ioctl, second_open_is_refused)
{
	EXPECT_EQ(-1, open(env_path(), O_RDWR));
	EXPECT_EQ(EBUSY, errno);
}

TEST_F(ioctl, queue_count_and_size)
{
	struct vhost_vring_state s = { .index = 0 };

	EXPECT_EQ(env_vqs(), self->v.nvqs);
	EXPECT_EQ(256, self->v.num_max);
	EXPECT_EQ(0, self->v.num_max & (self->v.num_max - 1));
#ifdef VHOST_VDPA_GET_VRING_SIZE
	if (!vdev_ioctl(&self->v, VHOST_VDPA_GET_VRING_SIZE, &s)) {
		EXPECT_EQ(self->v.num_max, s.num);
	}
#endif
	s.index = self->v.nvqs;
	EXPECT_EQ(-ENOBUFS, vdev_ioctl(&self->v, VHOST_SET_VRING_NUM, &s));
	EXPECT_EQ(-ENOBUFS, vdev_vring_enable(&self->v, self->v.nvqs, 1));
}

TEST_F(ioctl, features_are_exact)
{
	__u64 expected = FEATURES_OFFERED;

	if (env_oncs() & ONCS_DSM)
		expected |= VDEV_FEATURE(BLK_F_DISCARD);
	if (env_oncs() & ONCS_WRITE_ZEROES)
		expected |= VDEV_FEATURE(BLK_F_WRITE_ZEROES);
	EXPECT_EQ(expected, self->v.offered);
}

TEST_F(ioctl, backend_features_are_exact)
{
	EXPECT_EQ(BACKEND_EXPECTED, self->v.backend);
}

TEST_F(ioctl, config_space)
{
	const struct virtio_blk_config *c = &self->v.config;

	EXPECT_LT(0, c->capacity);
	EXPECT_EQ(env_lba(), c->blk_size);
	EXPECT_EQ(0, c->capacity % (env_lba() / BLK_SECTOR));
	if (env_bytes()) {
		EXPECT_EQ(env_bytes() / BLK_SECTOR, c->capacity);
	}
	EXPECT_EQ(126, c->seg_max);
	EXPECT_LE(4096, c->size_max);
	EXPECT_GE(128 * KIB, c->size_max);
	EXPECT_EQ(self->v.nvqs, c->num_queues);
	EXPECT_LT(c->physical_block_exp, 32);
	EXPECT_EQ(0, c->alignment_offset);
}

/* What the lab's drives report: 255 ranges, of less than 2 GiB; NPDG 4 KiB. */
TEST_F(ioctl, config_space_of_discard)
{
	const struct virtio_blk_config *c = &self->v.config;
	bool on = env_oncs() & ONCS_DSM;
	__u64 most = (2ULL << 30) / env_lba() - 1;

	EXPECT_EQ(on ? most * env_lba() / BLK_SECTOR : 0,
		  c->max_discard_sectors);
	EXPECT_EQ(on ? 64 : 0, c->max_discard_seg);
	EXPECT_EQ(on ? 8 : 0, c->discard_sector_alignment);
}

TEST_F(ioctl, config_space_of_write_zeroes)
{
	const struct virtio_blk_config *c = &self->v.config;
	bool on = env_oncs() & ONCS_WRITE_ZEROES;

	EXPECT_EQ(on, c->max_write_zeroes_sectors >= 8 * 32);
	EXPECT_EQ(0, c->max_write_zeroes_sectors % (env_lba() / BLK_SECTOR));
	EXPECT_EQ(on, c->max_write_zeroes_seg);
	if (env_dlfeat() >= 0) {
		EXPECT_EQ(on && env_dlfeat() == 9, c->write_zeroes_may_unmap);
	}
}

TEST_F(ioctl, config_size_and_parts)
{
	struct virtio_blk_config *c = &self->v.config;
	__u32 size = 0, blk_size = 0, at;
	__u16 queues = 0;
	__u32 high = 0;

	ASSERT_EQ(0, vdev_ioctl(&self->v, VHOST_VDPA_GET_CONFIG_SIZE, &size));
	EXPECT_LE(offsetof(struct virtio_blk_config, num_queues) + 2, size);
	EXPECT_GE(256, size);
	at = offsetof(struct virtio_blk_config, blk_size);
	ASSERT_EQ(0, vdev_config_read(&self->v, at, &blk_size, 4));
	EXPECT_EQ(c->blk_size, blk_size);
	at = offsetof(struct virtio_blk_config, num_queues);
	ASSERT_EQ(0, vdev_config_read(&self->v, at, &queues, 2));
	EXPECT_EQ(c->num_queues, queues);
	ASSERT_EQ(0, vdev_config_read(&self->v, 4, &high, 4));
	EXPECT_EQ(c->capacity >> 32, high);
}

TEST_F(ioctl, config_out_of_range_is_refused)
{
	__u32 size = 0;
	__u8 buf[512];

	ASSERT_EQ(0, vdev_ioctl(&self->v, VHOST_VDPA_GET_CONFIG_SIZE, &size));
	ASSERT_GT(sizeof(buf), size + 1);
	EXPECT_EQ(0, vdev_config_read(&self->v, 0, buf, size));
	EXPECT_EQ(0, vdev_config_read(&self->v, size - 1, buf, 1));
	EXPECT_EQ(-EINVAL, vdev_config_read(&self->v, 0, buf, 0));
	EXPECT_EQ(-EINVAL, vdev_config_read(&self->v, 0, buf, size + 1));
	EXPECT_EQ(-EINVAL, vdev_config_read(&self->v, size - 1, buf, 2));
	EXPECT_EQ(-EINVAL, vdev_config_read(&self->v, size, buf, 1));
	EXPECT_EQ(-EINVAL, vdev_config_read(&self->v, ~0U, buf, 2));
}

/* No field of ours can be written, and trying does no harm. */
TEST_F(ioctl, config_write_changes_nothing)
{
	struct vhost_vdpa_config *c = calloc(1, sizeof(*c) + 8);
	struct virtio_blk_config after;

	ASSERT_NE(NULL, c);
	c->len = 8;
	vdev_ioctl(&self->v, VHOST_VDPA_SET_CONFIG, c);
	free(c);
	ASSERT_EQ(0, vdev_config_read(&self->v, 0, &after, sizeof(after)));
	EXPECT_EQ(0, memcmp(&after, &self->v.config, sizeof(after)));
}

TEST_F(ioctl, iova_range)
{
	struct vhost_vdpa_iova_range range = { 1, 0 };

	ASSERT_EQ(0, vdev_ioctl(&self->v, VHOST_VDPA_GET_IOVA_RANGE, &range));
	EXPECT_EQ(0, range.first);
	EXPECT_LE(1ULL << 47, range.last);
}

TEST_F(ioctl, one_group_and_one_address_space)
{
	struct vhost_vring_state s = { .index = 0 };
	__u32 n = 0;

	ASSERT_EQ(0, vdev_ioctl(&self->v, VHOST_VDPA_GET_GROUP_NUM, &n));
	EXPECT_EQ(1, n);
	ASSERT_EQ(0, vdev_ioctl(&self->v, VHOST_VDPA_GET_AS_NUM, &n));
	EXPECT_EQ(1, n);
	if (!vdev_ioctl(&self->v, VHOST_VDPA_GET_VRING_GROUP, &s)) {
		EXPECT_EQ(0, s.num);
	}
	s.index = 0;
	s.num = 1;
	EXPECT_GT(0, vdev_ioctl(&self->v, VHOST_VDPA_SET_GROUP_ASID, &s));
	s.index = 1;
	s.num = 0;
	EXPECT_GT(0, vdev_ioctl(&self->v, VHOST_VDPA_SET_GROUP_ASID, &s));
}

TEST_F(ioctl, status_is_read_back)
{
	EXPECT_EQ(0, vdev_status(&self->v));
	ASSERT_EQ(0, vdev_set_status(&self->v, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	EXPECT_EQ(VIRTIO_CONFIG_S_ACKNOWLEDGE, vdev_status(&self->v));
	ASSERT_EQ(0, vdev_add_status(&self->v, VIRTIO_CONFIG_S_DRIVER));
	EXPECT_EQ(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER,
		  vdev_status(&self->v));
	EXPECT_EQ(-EINVAL,
		  vdev_set_status(&self->v, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	ASSERT_EQ(0, vdev_reset(&self->v));
	EXPECT_EQ(0, vdev_status(&self->v));
	ASSERT_EQ(0, vdev_reset(&self->v));
}

TEST_F(ioctl, features_are_negotiated)
{
	__u64 features = VDEV_FEATURE(F_VERSION_1) |
			 VDEV_FEATURE(F_ACCESS_PLATFORM);

	EXPECT_EQ(0, vdev_negotiate(&self->v, features));
	EXPECT_EQ(-EBUSY, vdev_ioctl(&self->v, VHOST_SET_FEATURES, &features));
	ASSERT_EQ(0, vdev_reset(&self->v));
	EXPECT_EQ(0, vdev_negotiate(&self->v, BLK_FEATURES & self->v.offered));
}

/* Refused by SET_FEATURES, and FEATURES_OK does not stick either. */
static void expect_features_refused(struct __test_metadata *_metadata,
				    struct vdev *v, __u64 features)
{
	ASSERT_EQ(0, vdev_add_status(v, VIRTIO_CONFIG_S_ACKNOWLEDGE |
					VIRTIO_CONFIG_S_DRIVER));
	ASSERT_EQ(-EINVAL, vdev_ioctl(v, VHOST_SET_FEATURES, &features))
		TH_LOG("features 0x%llx", features);
	vdev_add_status(v, VIRTIO_CONFIG_S_FEATURES_OK);
	ASSERT_EQ(0, vdev_status(v) & VIRTIO_CONFIG_S_FEATURES_OK)
		TH_LOG("features 0x%llx", features);
	ASSERT_EQ(0, vdev_reset(v));
}

TEST_F(ioctl, features_without_version_1_are_refused)
{
	expect_features_refused(_metadata, &self->v, self->v.offered &
				~VDEV_FEATURE(F_VERSION_1));
}

TEST_F(ioctl, features_without_access_platform_are_refused)
{
	expect_features_refused(_metadata, &self->v, self->v.offered &
				~VDEV_FEATURE(F_ACCESS_PLATFORM));
}

TEST_F(ioctl, unknown_features_are_refused)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		if (!(self->v.offered & 1ULL << bit))
			expect_features_refused(_metadata, &self->v,
						self->v.offered | 1ULL << bit);
}

TEST_F(ioctl, driver_ok_before_features_is_refused)
{
	vdev_add_status(&self->v, VIRTIO_CONFIG_S_ACKNOWLEDGE |
				  VIRTIO_CONFIG_S_DRIVER);
	EXPECT_NE(0, vdev_driver_ok(&self->v));
	EXPECT_EQ(0, vdev_reset(&self->v));
}

/* We share NVMe doorbells among queues: there is nothing to map. */
TEST_F(ioctl, doorbell_mmap_is_refused)
{
	unsigned int i;

	for (i = 0; i < self->v.nvqs + 2; i++) {
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_WRITE, MAP_SHARED,
					   self->v.fd, i * 4096));
	}
}

TEST_F(ioctl, suspend_before_driver_ok_is_harmless)
{
	EXPECT_EQ(0, vdev_suspend(&self->v));
	EXPECT_EQ(0, vdev_resume(&self->v));
	EXPECT_EQ(0, vdev_status(&self->v));
}

TEST_F(ioctl, unknown_ioctl_is_refused)
{
	EXPECT_GT(0, vdev_ioctl(&self->v, _IO(VHOST_VIRTIO, 0xfe), NULL));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/allow.c. */
#include <stdlib.h>

#include "allow.h"
#include "tap.h"

/* Opcodes as NVMe base 2.0 and the NVM command set have them. */
#define IO_FLUSH	0x00
#define IO_WRITE	0x01
#define IO_READ		0x02
#define IO_COMPARE	0x05
#define IO_WRITE_ZEROES	0x08
#define IO_DSM		0x09

static struct nvme_command command(u8 opcode, u32 cdw10, u32 cdw11, u32 cdw12)
{
	struct nvme_command cmd = {};

	cmd.common.opcode = opcode;
	cmd.common.nsid = cpu_to_le32(1);
	cmd.common.cdw10 = cpu_to_le32(cdw10);
	cmd.common.cdw11 = cpu_to_le32(cdw11);
	cmd.common.cdw12 = cpu_to_le32(cdw12);
	return cmd;
}

static int admin(u8 opcode, u32 cdw10, u32 cdw11, struct nvdpa_allow *allow)
{
	struct nvme_command cmd = command(opcode, cdw10, cdw11, 0);

	return nvdpa_allow_admin(&cmd, allow);
}

static int io(u8 opcode, u32 cdw10, u32 cdw11, u32 cdw12,
	      struct nvdpa_allow *allow)
{
	struct nvme_command cmd = command(opcode, cdw10, cdw11, cdw12);

	return nvdpa_allow_io(&cmd, 9, allow);
}

/* Get Log Page, Identify, Set Features (if it is a good one), Get Features. */
TEST(allow, four_admin_commands_pass)
{
	struct nvdpa_allow allow;

	for (u32 opcode = 0; opcode < 256; opcode++) {
		bool good = opcode == 0x02 || opcode == 0x06 ||
			    opcode == 0x09 || opcode == 0x0a;

		EXPECT_EQ(admin(opcode, 4, 0, &allow), good ? 0 : -EPERM);
	}
}

TEST(allow, five_features_can_be_set)
{
	struct nvdpa_allow allow;

	/* With the bit that makes it last, and with neither. */
	for (u32 save = 0; save < 2; save++)
		for (u32 fid = 0; fid < 256; fid++) {
			bool good = fid == 0x02 || fid == 0x04 || fid == 0x06 ||
				    fid == 0x0e || fid == 0x10;

			EXPECT_EQ(admin(0x09, save << 31 | fid, 0, &allow),
				  good ? 0 : -EPERM);
			if (!good)
				continue;
			EXPECT_EQ(allow.data, NVDPA_ALLOW_TO_DEVICE);
			EXPECT_EQ(allow.bytes, 4096);
		}
}

TEST(allow, features_of_the_vendor_are_not_read)
{
	struct nvdpa_allow allow;

	for (u32 fid = 0; fid < 256; fid++)
		EXPECT_EQ(admin(0x0a, fid, 0, &allow),
			  fid < 0xc0 ? 0 : -EPERM);
	EXPECT_EQ(admin(0x0a, 0x0e, 0, &allow), 0);
	EXPECT_EQ(allow.data, NVDPA_ALLOW_FROM_DEVICE);
	EXPECT_EQ(allow.bytes, 4096);
}

TEST(allow, a_log_is_as_long_as_the_command_says)
{
	struct nvdpa_allow allow;

	EXPECT_EQ(admin(0x02, 2, 0, &allow), 0);
	EXPECT_EQ(allow.bytes, 4);
	EXPECT_EQ(admin(0x02, 127 << 16 | 2, 0, &allow), 0);
	EXPECT_EQ(allow.bytes, 512);
	EXPECT_EQ(allow.data, NVDPA_ALLOW_FROM_DEVICE);
	EXPECT_EQ(admin(0x02, 0xffff0002, 0xabcd0000, &allow), 0);
	EXPECT_EQ(allow.bytes, 0x40000);
	EXPECT_EQ(admin(0x02, 0xffff0002, 0xffff, &allow), 0);
	EXPECT_EQ(allow.bytes, 0x400000000);
	EXPECT_EQ(admin(0x06, 1, 0, &allow), 0);
	EXPECT_EQ(allow.bytes, 4096);
	EXPECT_EQ(allow.nr_ranges, 0);
}

TEST(allow, six_io_commands_pass)
{
	struct nvdpa_allow allow;

	for (u32 opcode = 0; opcode < 256; opcode++) {
		bool good = opcode <= 0x02 || opcode == 0x05 ||
			    opcode == 0x08 || opcode == 0x09;

		EXPECT_EQ(io(opcode, 0, 0, 0, &allow), good ? 0 : -EPERM);
	}
}

TEST(allow, blocks_and_bytes)
{
	static const struct {
		u8 opcode;
		enum nvdpa_allow_data data;
		u32 block_bytes;
	} tries[] = {
		{ IO_WRITE, NVDPA_ALLOW_TO_DEVICE, 512 },
		{ IO_READ, NVDPA_ALLOW_FROM_DEVICE, 512 },
		{ IO_COMPARE, NVDPA_ALLOW_TO_DEVICE, 512 },
		{ IO_WRITE_ZEROES, NVDPA_ALLOW_NO_DATA, 0 },
	};
	struct nvdpa_allow allow;

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		EXPECT_EQ(io(tries[i].opcode, 0x89abcdef, 0x01234567, 0xfc00ffff,
			     &allow), 0);
		EXPECT_EQ(allow.data, tries[i].data);
		EXPECT_EQ(allow.nr_ranges, 1);
		EXPECT(!allow.listed);
		EXPECT_EQ(allow.range.slba, 0x0123456789abcdef);
		EXPECT_EQ(allow.range.nlb, 65536);
		EXPECT_EQ(allow.bytes, 65536 * tries[i].block_bytes);
	}
	EXPECT_EQ(io(IO_FLUSH, ~0u, ~0u, ~0u, &allow), 0);
	EXPECT_EQ(allow.nr_ranges, 0);
	EXPECT_EQ(allow.bytes, 0);
}

/* Bit 23 of Write Zeroes, for one, means all of the namespace. */
TEST(allow, unknown_bits_are_refused)
{
	struct nvdpa_allow allow;
	struct nvme_command cmd;

	for (u32 bit = 16; bit < 32; bit++) {
		EXPECT_EQ(io(IO_READ, 0, 0, 1u << bit, &allow),
			  bit >= 26 ? 0 : -EINVAL);
		EXPECT_EQ(io(IO_WRITE_ZEROES, 0, 0, 1u << bit, &allow),
			  bit >= 25 ? 0 : -EINVAL);
	}
	for (u32 bit = 0; bit < 32; bit++) {
		EXPECT_EQ(io(IO_DSM, 1u << bit, 0, 0, &allow),
			  bit < 8 ? 0 : -EINVAL);
		EXPECT_EQ(io(IO_DSM, 0, 1u << bit, 0, &allow),
			  bit < 3 ? 0 : -EINVAL);
	}
	for (int i = 0; i < 2; i++) {
		cmd = command(IO_READ, 0, 0, 0);
		cmd.common.cdw2[i] = cpu_to_le32(1);
		EXPECT_EQ(nvdpa_allow_io(&cmd, 9, &allow), -EINVAL);
	}
}

TEST(allow, a_list_is_read_range_by_range)
{
	struct nvdpa_allow_range *ranges;
	struct nvme_dsm_range *list;
	struct nvdpa_allow allow;

	EXPECT_EQ(io(IO_DSM, 255, 4, 0, &allow), 0);
	EXPECT(allow.listed);
	EXPECT_EQ(allow.nr_ranges, 256);
	EXPECT_EQ(allow.bytes, 4096);
	EXPECT_EQ(allow.data, NVDPA_ALLOW_TO_DEVICE);
	EXPECT_EQ(io(IO_DSM, 1, 4, 0, &allow), 0);
	EXPECT_EQ(allow.bytes, 32);

	list = tap_alloc(2 * sizeof(*list));
	ranges = tap_alloc(2 * sizeof(*ranges));
	for (u32 i = 0; i < 2; i++) {
		list[i].cattr = cpu_to_le32(~0u);
		list[i].nlb = cpu_to_le32(U32_MAX - i);
		list[i].slba = cpu_to_le64(U64_MAX - i);
	}
	nvdpa_allow_read_list(list, 2, ranges);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(ranges[i].nlb, U32_MAX - i);
		EXPECT_EQ(ranges[i].slba, U64_MAX - i);
	}
	free(ranges);
	free(list);
}

TEST(allow, overlaps)
{
	static const struct {
		u64 slba, nlb;
		bool overlap;	/* with 100 to 199 */
	} tries[] = {
		{ 0, 100, false },
		{ 0, 101, true },
		{ 99, 1, false },
		{ 99, 2, true },
		{ 100, 1, true },
		{ 100, 0, false },
		{ 150, 0, false },
		{ 50, 0, false },
		{ 199, 1, true },
		{ 200, 1, false },
		{ 0, U64_MAX, true },
		{ 50, U64_MAX, true },	/* the end wraps around */
		{ 200, U64_MAX, false },
		{ 100, U64_MAX, true },
		{ U64_MAX, U64_MAX, false },
		{ U64_MAX, 200, false },
	};
	struct nvdpa_allow_range two[2] = { { 0, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		two[1].slba = tries[i].slba;
		two[1].nlb = tries[i].nlb;
		EXPECT_EQ(nvdpa_allow_overlap(two, 2, 100, 100),
			  tries[i].overlap);
		EXPECT(!nvdpa_allow_overlap(two, 1, 100, 100));
		EXPECT(!nvdpa_allow_overlap(two, 2, 100, 0));
	}
	EXPECT(!nvdpa_allow_overlap(two, 0, 100, 100));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of somebody else's: whatever their bits, what passes is known in full, and
 * its blocks are told apart from those of others.
 */
#include "allow.h"
#include "fuzz.h"

#define RANGES	16

typedef unsigned __int128 u128;

/* As the 64 bytes go to the controller. */
static u8 raw[64];

static u64 field(u32 at, u32 bytes)
{
	u64 value = 0;

	for (u32 i = 0; i < bytes; i++)
		value |= (u64)raw[at + i] << 8 * i;
	return value;
}

static bool command(struct nvme_command *cmd)
{
	static const u8 opcodes[] = {
		0x00, 0x01, 0x02, 0x05, 0x08, 0x09, 0x06, 0x0a, 0x0c, 0x80,
	};
	u32 n = in_below(12);

	memset(raw, 0, sizeof(raw));
	raw[0] = in_below(8) ? opcodes[in_below(ARRAY_SIZE(opcodes))] : in_u8();
	while (n--)
		raw[in_below(4) ? 40 + in_below(24) : in_below(64)] = in_u8();
	memcpy(cmd, raw, sizeof(raw));
	return in_below(2);
}

/* NVMe base 2.0, figures 138 and 337: queues, formats and power stay ours. */
static void check_admin(const struct nvme_command *cmd)
{
	static const u8 features[] = { 0x02, 0x04, 0x06, 0x0e, 0x10 };
	struct nvdpa_allow allow;
	u64 bytes = 4096;
	bool good = false;

	switch (raw[0]) {
	case 0x02:
		bytes = ((field(40, 4) >> 16) + (field(44, 2) << 16) + 1) * 4;
		good = true;
		break;
	case 0x06:
		good = true;
		break;
	case 0x09:
		for (u32 i = 0; i < ARRAY_SIZE(features); i++)
			good |= raw[40] == features[i];
		break;
	case 0x0a:
		good = raw[40] < 0xc0;
		break;
	}
	CHECK_EQ(nvdpa_allow_admin(cmd, &allow), good ? 0 : -EPERM);
	if (!good)
		return;
	CHECK_EQ(allow.bytes, bytes);
	CHECK_EQ(allow.nr_ranges, 0);
	CHECK_EQ(allow.data, raw[0] == 0x09 ? NVDPA_ALLOW_TO_DEVICE :
					      NVDPA_ALLOW_FROM_DEVICE);
}

/* Of a read or write: bits 25:16 of Dword 12 are not known, but DEAC. */
static int io_verdict(void)
{
	u64 unknown = field(50, 2) & 0x3ff;

	switch (raw[0]) {
	case 0x00:
		break;
	case 0x08:
		unknown &= ~0x200ull;
		/* fall through */
	case 0x01:
	case 0x02:
	case 0x05:
		if (unknown)
			return -EINVAL;
		break;
	case 0x09:
		if (field(40, 4) > 255 || field(44, 4) > 7)
			return -EINVAL;
		break;
	default:
		return -EPERM;
	}
	return field(8, 8) ? -EINVAL : 0;
}

static void check_io(const struct nvme_command *cmd)
{
	struct nvdpa_allow allow;
	u8 shift = 9 + in_below(4);
	int want = io_verdict();

	CHECK_EQ(nvdpa_allow_io(cmd, shift, &allow), want);
	if (want)
		return;
	CHECK_EQ(allow.listed, raw[0] == 0x09);
	CHECK_EQ(allow.nr_ranges, raw[0] == 0x00 ? 0 :
		 raw[0] == 0x09 ? raw[40] + 1 : 1);
	if (allow.nr_ranges && !allow.listed) {
		CHECK_EQ(allow.range.slba, field(40, 8));
		CHECK_EQ(allow.range.nlb, field(48, 2) + 1);
	}
	if (raw[0] == 0x09)
		CHECK_EQ(allow.bytes, 16 * (raw[40] + 1));
	else
		CHECK_EQ(allow.bytes, raw[0] && raw[0] != 0x08 ?
			 (field(48, 2) + 1) << shift : 0);
}

static u64 lba(void)
{
	switch (in_below(4)) {
	case 0:
		return in_u64();
	case 1:
		return 0ull - in_below(16);
	default:
		return in_below(16);
	}
}

static void check_ranges(void)
{
	struct nvdpa_allow_range ranges[RANGES];
	struct nvme_dsm_range list[RANGES];
	u32 n = in_below(RANGES + 1);
	u64 slba = lba(), nlb = lba();
	bool common = false;

	for (u32 i = 0; i < n; i++) {
		list[i].cattr = in_u8();
		list[i].nlb = cpu_to_le32(lba());
		list[i].slba = cpu_to_le64(lba());
	}
	nvdpa_allow_read_list(list, n, ranges);
	for (u32 i = 0; i < n; i++) {
		u64 s = le64_to_cpu(list[i].slba), l = le32_to_cpu(list[i].nlb);

		CHECK_EQ(ranges[i].slba, s);
		CHECK_EQ(ranges[i].nlb, l);
		common |= l && nlb && s < (u128)slba + nlb && slba < (u128)s + l;
	}
	CHECK_EQ(nvdpa_allow_overlap(ranges, n, slba, nlb), common);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct nvme_command cmd;

	in_init(data, size);
	if (command(&cmd))
		check_admin(&cmd);
	else
		check_io(&cmd);
	check_ranges();
	return 0;
}

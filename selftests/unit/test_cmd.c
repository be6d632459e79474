// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/cmd.c, error.h and doorbell.h. */
#include "cmd.h"
#include "doorbell.h"
#include "tap.h"

/* Raw bytes, as a controller sees them (NVMe base 2.0, 3.3.3.1). */
static u64 field(const struct nvme_command *cmd, u32 offset, u32 bytes)
{
	const u8 *raw = (const u8 *)cmd;
	u64 value = 0;

	for (u32 i = 0; i < bytes; i++)
		value |= (u64)raw[offset + i] << 8 * i;
	return value;
}

static void expect_zero(const struct nvme_command *cmd, u32 from, u32 to)
{
	for (u32 i = from; i < to; i++)
		EXPECT_EQ(field(cmd, i, 1), 0);
}

TEST(cmd, rw_field_by_field)
{
	static const struct {
		bool write;
		u32 nsid;
		u64 slba;
		u32 nlb;
		bool fua;
	} tries[] = {
		{ false, 1, 0, 1, false },
		{ true, 1, 0, 1, false },
		{ true, 0xfffffffe, 0x0123456789abcdef, 65536, true },
		{ false, 0x01020304, U64_MAX, 256, true },
		{ true, 2, 1, 257, false },
	};

	EXPECT_EQ(sizeof(struct nvme_command), 64);
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct nvme_command cmd;

		memset(&cmd, 0xa5, sizeof(cmd));
		nvdpa_cmd_rw(&cmd, tries[i].write, tries[i].nsid,
			     tries[i].slba, tries[i].nlb, tries[i].fua);
		EXPECT_EQ(field(&cmd, 0, 1), tries[i].write ? 1 : 2);
		expect_zero(&cmd, 1, 4);	/* flags, command identifier */
		EXPECT_EQ(field(&cmd, 4, 4), tries[i].nsid);
		expect_zero(&cmd, 8, 40);	/* metadata, data pointer */
		EXPECT_EQ(field(&cmd, 40, 8), tries[i].slba);
		EXPECT_EQ(field(&cmd, 48, 2), tries[i].nlb - 1);
		EXPECT_EQ(field(&cmd, 50, 2), tries[i].fua ? 0x4000 : 0);
		expect_zero(&cmd, 52, 64);
	}
}

TEST(cmd, flush_field_by_field)
{
	struct nvme_command cmd;

	memset(&cmd, 0xa5, sizeof(cmd));
	nvdpa_cmd_flush(&cmd, 0x12345678);
	expect_zero(&cmd, 0, 4);
	EXPECT_EQ(field(&cmd, 4, 4), 0x12345678);
	expect_zero(&cmd, 8, 64);
}

TEST(cmd, write_zeroes_field_by_field)
{
	static const struct {
		u32 nsid;
		u64 slba;
		u32 nlb;
		bool deac;
		bool fua;
		u16 control;
	} tries[] = {
		{ 1, 0, 1, false, false, 0 },
		{ 0xfffffffe, 0x0123456789abcdef, 65536, true, false, 0x0200 },
		{ 0x01020304, U64_MAX, 256, false, true, 0x4000 },
		{ 2, 1, 257, true, true, 0x4200 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct nvme_command cmd;

		memset(&cmd, 0xa5, sizeof(cmd));
		nvdpa_cmd_write_zeroes(&cmd, tries[i].nsid, tries[i].slba,
				       tries[i].nlb, tries[i].deac,
				       tries[i].fua);
		EXPECT_EQ(field(&cmd, 0, 1), 8);
		expect_zero(&cmd, 1, 4);
		EXPECT_EQ(field(&cmd, 4, 4), tries[i].nsid);
		expect_zero(&cmd, 8, 40);
		EXPECT_EQ(field(&cmd, 40, 8), tries[i].slba);
		EXPECT_EQ(field(&cmd, 48, 2), tries[i].nlb - 1);
		EXPECT_EQ(field(&cmd, 50, 2), tries[i].control);
		expect_zero(&cmd, 52, 64);
	}
}

TEST(cmd, deallocate_field_by_field)
{
	static const u32 tries[] = { 1, 2, 64, 256 };

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct nvme_command cmd;

		memset(&cmd, 0xa5, sizeof(cmd));
		nvdpa_cmd_deallocate(&cmd, 0x12345678, tries[i]);
		EXPECT_EQ(field(&cmd, 0, 1), 9);
		expect_zero(&cmd, 1, 4);
		EXPECT_EQ(field(&cmd, 4, 4), 0x12345678);
		expect_zero(&cmd, 8, 40);
		EXPECT_EQ(field(&cmd, 40, 4), tries[i] - 1);
		EXPECT_EQ(field(&cmd, 44, 4), 4);	/* AD, not IDR, IDW */
		expect_zero(&cmd, 48, 64);
	}
}

TEST(cmd, range_byte_by_byte)
{
	static const u8 want[] = {
		0, 0, 0, 0, 0x04, 0x03, 0x02, 0x81,
		0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x88,
	};
	struct nvme_dsm_range range;

	EXPECT_EQ(sizeof(range), 16);
	memset(&range, 0xa5, sizeof(range));
	nvdpa_cmd_range(&range, 0x88090a0b0c0d0e0f, 0x81020304);
	EXPECT_EQ(memcmp(&range, want, sizeof(want)), 0);
}

/* All of SCT and SC, with CRD, M and DNR in every state. */
TEST(cmd, errors)
{
	for (u32 status = 0; status < 0x8000; status++) {
		enum nvdpa_error want = NVDPA_ERROR_DEVICE;

		if ((status & 0x700) == 0x200)
			want = NVDPA_ERROR_MEDIA;
		if ((status & 0x7ff) == 0x000)
			want = NVDPA_ERROR_NONE;
		if ((status & 0x7ff) == 0x001)
			want = NVDPA_ERROR_UNSUPPORTED;
		if ((status & 0x7ff) == 0x008)
			want = NVDPA_ERROR_ABORTED;
		EXPECT_EQ(nvdpa_cmd_error(status), want);
	}
}

TEST(error, status_map)
{
	for (u32 error = 0; error < NVDPA_ERRORS; error++) {
		u8 want = VIRTIO_BLK_S_IOERR;

		if (error == NVDPA_ERROR_NONE)
			want = VIRTIO_BLK_S_OK;
		if (error == NVDPA_ERROR_UNSUPPORTED)
			want = VIRTIO_BLK_S_UNSUPP;
		EXPECT_EQ(nvdpa_error_status(error), want);
	}
}

TEST(doorbell, offsets)
{
	EXPECT_EQ(nvdpa_doorbell_offset(0, false, 0), 0x1000);
	EXPECT_EQ(nvdpa_doorbell_offset(0, true, 0), 0x1004);
	EXPECT_EQ(nvdpa_doorbell_offset(1, false, 0), 0x1008);
	EXPECT_EQ(nvdpa_doorbell_offset(1, true, 0), 0x100c);
	EXPECT_EQ(nvdpa_doorbell_offset(1, true, 4), 0x10c0);
	EXPECT_EQ(nvdpa_doorbell_offset(1, false, 15), 0x41000);
}

/* Counted up doorbell by doorbell, up to 16 GiB and more. */
/* What is posted again must not be what would fail again, or was done. */
TEST(cmd, transient)
{
	static const u16 yes[] = { 0x004, 0x006, 0x007, 0x021, 0x022, 0x082 };
	bool is;
	size_t i;
	u16 status;

	for (status = 0; status < 0x800; status++) {
		is = (status & 0x700) == 0x300;
		for (i = 0; i < ARRAY_SIZE(yes); i++)
			is |= status == yes[i];
		/* CRD and More say nothing about it, DNR does. */
		EXPECT_EQ(nvdpa_cmd_transient(status), is);
		EXPECT_EQ(nvdpa_cmd_transient(status | 0x3800), is);
		EXPECT_EQ(nvdpa_cmd_transient(status | 0x4000), false);
	}
}

TEST(doorbell, every_stride_and_queue)
{
	for (u8 dstrd = 0; dstrd < 16; dstrd++) {
		u64 want = 0x1000, stride = 4;

		for (u8 i = 0; i < dstrd; i++)
			stride *= 2;
		for (u32 qid = 0; qid < 65536; qid++) {
			EXPECT_EQ(nvdpa_doorbell_offset(qid, false, dstrd),
				  want);
			want += stride;
			EXPECT_EQ(nvdpa_doorbell_offset(qid, true, dstrd),
				  want);
			want += stride;
		}
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Pins which commands tools/nvdpa/pass.c makes for a controller that says this or
 * that of itself: above all, how it zeroes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "disk.h"
#include "err.h"
#include "pass.h"
#include "tap.h"

#define CNS_NS 0
#define CNS_CTRL 1
#define CNS_IO_CTRL 6

#define OPCODE_FLUSH 0
#define OPCODE_WRITE 1
#define OPCODE_READ 2
#define OPCODE_WRITE_ZEROES 8
#define OPCODE_IDENTIFY 6
#define DEALLOCATE (1u << 25)

/* By the linker's --wrap. */
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_open(const char *path, int flags, ...);

/* What the controller says of itself. */
static struct {
	uint8_t dlfeat;
	uint8_t mdts;
	uint8_t wzsl;
	uint8_t lba_shift;
	bool write_zeroes;
	bool io_ctrl;
} says;

/* What it was asked last, and says then. */
static struct nvme_passthru_cmd last;
static int answer;

int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(strncmp(path, "/dev/nvdpa/", 11) ? path : "/dev/null",
			   flags, 0);
}

static int identify(const struct nvme_passthru_cmd *cmd)
{
	uint8_t *data = (uint8_t *)(uintptr_t)cmd->addr;
	uint64_t blocks = 1 << 20;

	EXPECT_EQ(cmd->data_len, 4096);
	switch (cmd->cdw10) {
	case CNS_NS:
		EXPECT_EQ(cmd->nsid, 3);
		memcpy(data, &blocks, sizeof(blocks));
		data[33] = says.dlfeat;
		data[128 + 2] = says.lba_shift;
		return 0;
	case CNS_CTRL:
		data[77] = says.mdts;
		data[520] = says.write_zeroes << 3;
		return 0;
	case CNS_IO_CTRL:
		data[1] = says.wzsl;
		return says.io_ctrl ? 0 : 2;
	default:
		return -1;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct nvme_passthru_cmd *cmd;
	va_list args;

	va_start(args, request);
	cmd = va_arg(args, struct nvme_passthru_cmd *);
	va_end(args);
	if (request == NVME_IOCTL_ADMIN_CMD && cmd->opcode == OPCODE_IDENTIFY)
		return identify(cmd);
	EXPECT_EQ(request, NVME_IOCTL_IO_CMD);
	last = *cmd;
	if (answer < 0) {
		errno = -answer;
		return -1;
	}
	return answer;
}

static struct disk *opened(void)
{
	struct disk *disk = NULL;

	answer = 0;
	EXPECT_EQ(pass_open("pci/0000:01:00.0", 3, &disk), 0);
	EXPECT_EQ(disk->lba_size, 1u << says.lba_shift);
	EXPECT_EQ(disk->nr_lbas, 1 << 20);
	return disk;
}

static void says_little(void)
{
	memset(&says, 0, sizeof(says));
	says.lba_shift = 12;
}

/* Only if blocks that are gone read as zeroes and Write Zeroes may let them go. */
TEST(pass, zeroes_that_deallocate)
{
	static const struct {
		uint8_t dlfeat;
		bool deallocates;
	} cases[] = {
		{ 0x00, false }, { 0x01, false }, { 0x08, false }, { 0x09, true },
		{ 0x0a, false }, { 0x0b, false }, { 0x19, true }, { 0x0f, false },
	};
	struct disk *disk;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		says_little();
		says.write_zeroes = true;
		says.dlfeat = cases[i].dlfeat;
		disk = opened();
		EXPECT_EQ(disk->ops->zero(disk, 0x123456789, 8), 0);
		EXPECT_EQ(last.opcode, OPCODE_WRITE_ZEROES);
		EXPECT_EQ(last.nsid, 3);
		EXPECT_EQ(last.cdw10, 0x23456789);
		EXPECT_EQ(last.cdw11, 1);
		EXPECT_EQ(last.cdw12, 7u | (cases[i].deallocates ? DEALLOCATE : 0));
		EXPECT_EQ(last.data_len, 0);
		disk_close(disk);
	}
}

/* How much at a time: WZSL, else MDTS, and never more than a command can say. */
TEST(pass, zeroes_at_a_time)
{
	static const struct {
		bool io_ctrl;
		uint8_t mdts, wzsl, lba_shift;
		uint32_t blocks;
	} cases[] = {
		{ false, 0, 0, 12, 16384 }, { false, 5, 0, 12, 32 },
		{ true, 5, 0, 12, 32 },	    { true, 5, 7, 12, 128 },
		{ true, 0, 1, 12, 2 },	    { true, 5, 31, 12, 16384 },
		{ true, 5, 31, 9, 65536 },
	};
	struct disk *disk;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		says_little();
		says.write_zeroes = true;
		says.io_ctrl = cases[i].io_ctrl;
		says.mdts = cases[i].mdts;
		says.wzsl = cases[i].wzsl;
		says.lba_shift = cases[i].lba_shift;
		disk = opened();
		EXPECT_EQ(disk->zero_lbas, cases[i].blocks);
		disk_close(disk);
	}
}

/* Then it is done by writes: by what the controller says, or by what it answers. */
TEST(pass, no_zeroes)
{
	struct disk *disk;

	says_little();
	disk = opened();
	EXPECT_EQ(disk->zero_lbas, 0);
	disk_close(disk);

	says.write_zeroes = true;
	disk = opened();
	answer = 0x4002;
	EXPECT_EQ(disk->ops->zero(disk, 0, 8), -EOPNOTSUPP);
	answer = 0x4001;
	EXPECT_EQ(disk->ops->zero(disk, 0, 8), -EOPNOTSUPP);
	answer = -EOPNOTSUPP;
	EXPECT_EQ(disk->ops->zero(disk, 0, 8), -EOPNOTSUPP);
	EXPECT_EQ(err_get()->err, 0);
	answer = 0x280;
	EXPECT_EQ(disk->ops->zero(disk, 0, 8), -EIO);
	EXPECT(strstr(err_get()->message, "write fault"));
	err_clear();
	disk_close(disk);
}

TEST(pass, reads_writes_and_flushes)
{
	uint8_t data[2 * 4096];
	struct disk *disk;

	says_little();
	disk = opened();
	EXPECT_EQ(disk_write(disk, 5, 2, data), 0);
	EXPECT_EQ(last.opcode, OPCODE_WRITE);
	EXPECT_EQ(last.cdw12, 1);
	EXPECT_EQ(last.data_len, sizeof(data));
	EXPECT_EQ(disk_read(disk, 5, 2, data), 0);
	EXPECT_EQ(last.opcode, OPCODE_READ);
	EXPECT_EQ(disk_flush(disk), 0);
	EXPECT_EQ(last.opcode, OPCODE_FLUSH);
	EXPECT_EQ(last.nsid, 3);
	answer = -EBUSY;
	EXPECT_EQ(disk_write(disk, 5, 2, data), -EBUSY);
	EXPECT(strstr(err_get()->message, "a vDPA device has it"));
	err_clear();
	disk_close(disk);
}

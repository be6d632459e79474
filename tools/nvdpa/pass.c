// SPDX-License-Identifier: GPL-2.0
#include "pass.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"

#define PASS_PATH "/dev/nvdpa/%s"
#define PASS_BUS "pci/"

#define IDENTIFY_BYTES 4096
#define IDENTIFY_NS 0x00
#define IDENTIFY_CTRL 0x01
#define IDENTIFY_IO_CTRL 0x06

/* Identify Controller. */
#define CTRL_MDTS 77
#define CTRL_ONCS 520
#define CTRL_ONCS_WRITE_ZEROES (1 << 3)
/* Identify Controller of the NVM command set. */
#define IO_CTRL_WZSL 1
/* Identify Namespace. */
#define NS_SIZE 0
#define NS_FORMAT 26
#define NS_DLFEAT 33
#define NS_DLFEAT_READS 0x07
#define NS_DLFEAT_READS_ZEROES 0x01
#define NS_DLFEAT_WRITE_ZEROES (1 << 3)
#define NS_FORMATS 128

#define OPCODE_FLUSH 0x00
#define OPCODE_WRITE 0x01
#define OPCODE_READ 0x02
#define OPCODE_WRITE_ZEROES 0x08
#define OPCODE_IDENTIFY 0x06
#define DEALLOCATE (1u << 25)

/* Of a command; above it, a page of memory at least. */
#define LBAS_MAX (1u << 16)
#define UNIT_SHIFT 12
/* Short enough to be interrupted between two. */
#define ZERO_BYTES_MAX (64u << 20)

#define STATUS_MASK 0x7ff
#define STATUS_INVALID_OPCODE 0x001
#define STATUS_INVALID_FIELD 0x002

struct pass {
	struct disk disk;
	int fd;
	uint32_t nsid;
	uint32_t zero_flags;
};

static const struct {
	unsigned int status;
	const char *text;
} pass_statuses[] = {
	{ 0x001, "invalid command opcode" },
	{ 0x002, "invalid field in command" },
	{ 0x004, "data transfer error" },
	{ 0x005, "aborted: power loss notification" },
	{ 0x006, "internal error" },
	{ 0x007, "abort requested" },
	{ 0x008, "aborted: submission queue deleted" },
	{ 0x00b, "invalid namespace or format" },
	{ 0x00c, "command sequence error" },
	{ 0x01c, "sanitize failed" },
	{ 0x01d, "sanitize in progress" },
	{ 0x020, "namespace is write protected" },
	{ 0x021, "command interrupted" },
	{ 0x022, "transient transport error" },
	{ 0x080, "block out of range" },
	{ 0x081, "capacity exceeded" },
	{ 0x082, "namespace not ready" },
	{ 0x083, "reservation conflict" },
	{ 0x084, "format in progress" },
	{ 0x182, "attempted write to read-only range" },
	{ 0x280, "write fault" },
	{ 0x281, "unrecovered read error" },
	{ 0x282, "guard check error" },
	{ 0x283, "application tag check error" },
	{ 0x284, "reference tag check error" },
	{ 0x285, "compare failure" },
	{ 0x286, "access denied" },
	{ 0x287, "deallocated or unwritten block" },
	{ 0x370, "command aborted by host" },
};

const char *pass_status_text(unsigned int status)
{
	static char unknown[32];
	size_t i;

	status &= STATUS_MASK;
	for (i = 0; i < sizeof(pass_statuses) / sizeof(*pass_statuses); i++)
		if (pass_statuses[i].status == status)
			return pass_statuses[i].text;
	snprintf(unknown, sizeof(unknown), "NVMe status 0x%03x", status);
	return unknown;
}

static struct pass *pass_of(struct disk *disk)
{
	return (struct pass *)((char *)disk - offsetof(struct pass, disk));
}

/* 0, a negative errno, or an NVMe status. */
static int pass_submit(const struct pass *pass, unsigned long request,
		       struct nvme_passthru_cmd *cmd)
{
	int result = ioctl(pass->fd, request, cmd);

	return result < 0 ? -errno : result;
}

static int pass_failed(const struct disk *disk, const char *what, uint64_t lba,
		       int result)
{
	if (!result)
		return 0;
	if (result == -EBUSY)
		return err_set(EBUSY, NULL,
			       "%s: %s at block %ju: a vDPA device has it; vdpa dev del comes first",
			       disk->name, what, (uintmax_t)lba);
	return err_set(result < 0 ? result : EIO, NULL, "%s: %s at block %ju: %s",
		       disk->name, what, (uintmax_t)lba,
		       result < 0 ? strerror(-result) :
				    pass_status_text((unsigned int)result));
}

static int pass_io(struct disk *disk, uint8_t opcode, uint64_t lba,
		   uint32_t nr_lbas, void *data)
{
	struct pass *pass = pass_of(disk);
	struct nvme_passthru_cmd cmd = {
		.opcode		= opcode,
		.nsid		= pass->nsid,
		.addr		= (uintptr_t)data,
		.data_len	= data ? nr_lbas * disk->lba_size : 0,
		.cdw10		= (uint32_t)lba,
		.cdw11		= (uint32_t)(lba >> 32),
		.cdw12		= nr_lbas - 1,
	};

	if (opcode == OPCODE_WRITE_ZEROES)
		cmd.cdw12 |= pass->zero_flags;
	return pass_submit(pass, NVME_IOCTL_IO_CMD, &cmd);
}

static int pass_read(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
		     void *data)
{
	return pass_failed(disk, "read", lba,
			   pass_io(disk, OPCODE_READ, lba, nr_lbas, data));
}

/* The ioctl's address is for both directions. */
static int pass_write(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
		      const void *data)
{
	return pass_failed(disk, "write", lba,
			   pass_io(disk, OPCODE_WRITE, lba, nr_lbas,
				   (void *)(uintptr_t)data));
}

static int pass_zero(struct disk *disk, uint64_t lba, uint32_t nr_lbas)
{
	int result = pass_io(disk, OPCODE_WRITE_ZEROES, lba, nr_lbas, NULL);

	if (result == -EOPNOTSUPP)
		return result;
	if (result > 0 && ((result & STATUS_MASK) == STATUS_INVALID_OPCODE ||
			   (result & STATUS_MASK) == STATUS_INVALID_FIELD))
		return -EOPNOTSUPP;
	return pass_failed(disk, "write zeroes", lba, result);
}

static int pass_flush(struct disk *disk)
{
	struct nvme_passthru_cmd cmd = {
		.opcode	= OPCODE_FLUSH,
		.nsid	= pass_of(disk)->nsid,
	};
	int result = pass_submit(pass_of(disk), NVME_IOCTL_IO_CMD, &cmd);

	return result ? err_set(result < 0 ? result : EIO, NULL,
				"%s: flush: %s", disk->name,
				result < 0 ? strerror(-result) :
				pass_status_text((unsigned int)result)) : 0;
}

static void pass_close(struct disk *disk)
{
	close(pass_of(disk)->fd);
	free(pass_of(disk));
}

static const struct disk_ops pass_ops = {
	.read	= pass_read,
	.write	= pass_write,
	.flush	= pass_flush,
	.zero	= pass_zero,
	.close	= pass_close,
};

static int pass_identify(const struct pass *pass, uint32_t cns, uint8_t *data)
{
	struct nvme_passthru_cmd cmd = {
		.opcode		= OPCODE_IDENTIFY,
		.nsid		= cns == IDENTIFY_NS ? pass->nsid : 0,
		.addr		= (uintptr_t)data,
		.data_len	= IDENTIFY_BYTES,
		.cdw10		= cns,
	};

	memset(data, 0, IDENTIFY_BYTES);
	return pass_submit(pass, NVME_IOCTL_ADMIN_CMD, &cmd);
}

static int pass_identify_failed(const struct pass *pass, int result)
{
	if (!result)
		return 0;
	return err_set(result < 0 ? result : EIO, NULL, "%s: identify: %s",
		       pass->disk.name,
		       result < 0 ? strerror(-result) :
				    pass_status_text((unsigned int)result));
}

static uint64_t pass_le64(const uint8_t *data)
{
	uint64_t value;

	memcpy(&value, data, sizeof(value));
	return le64toh(value);
}

/* Bits 6:5 are the index's upper ones, where there are more than 16 formats. */
static int pass_read_ns(struct pass *pass, const uint8_t *ns)
{
	uint8_t index = (ns[NS_FORMAT] & 0xf) | (ns[NS_FORMAT] >> 1 & 0x30);
	uint8_t shift = ns[NS_FORMATS + 4 * index + 2];

	if (shift < 9 || shift > 16)
		return err_set(EOPNOTSUPP, NULL, "%s has blocks of 2^%u bytes",
			       pass->disk.name, shift);
	pass->disk.lba_size = 1u << shift;
	pass->disk.nr_lbas = pass_le64(ns + NS_SIZE);
	if (pass->disk.nr_lbas > (uint64_t)INT64_MAX >> shift)
		return err_set(EOVERFLOW, NULL, "%s has %ju blocks",
			       pass->disk.name,
			       (uintmax_t)pass->disk.nr_lbas);
	if ((ns[NS_DLFEAT] & NS_DLFEAT_READS) == NS_DLFEAT_READS_ZEROES &&
	    ns[NS_DLFEAT] & NS_DLFEAT_WRITE_ZEROES)
		pass->zero_flags = DEALLOCATE;
	return 0;
}

/* Blocks that a limit of the controller's allows, up to @most_bytes. */
static uint32_t pass_limit(const struct pass *pass, uint8_t limit,
			   uint64_t most_bytes)
{
	uint64_t bytes = limit && limit < 32 ? 1ull << (limit + UNIT_SHIFT) :
					       most_bytes;

	if (bytes > most_bytes)
		bytes = most_bytes;
	return (uint32_t)(bytes / pass->disk.lba_size);
}

/*
 * A limit of its own is newer than some controllers; those that have none may
 * still not like to zero more than they transfer.
 */
static void pass_read_limits(struct pass *pass, const uint8_t *ctrl)
{
	uint8_t data[IDENTIFY_BYTES], limit = ctrl[CTRL_MDTS];

	pass->disk.max_lbas = pass_limit(pass, limit, DISK_CHUNK_BYTES);
	if (!(ctrl[CTRL_ONCS] & CTRL_ONCS_WRITE_ZEROES))
		return;
	if (!pass_identify(pass, IDENTIFY_IO_CTRL, data) && data[IO_CTRL_WZSL])
		limit = data[IO_CTRL_WZSL];
	pass->disk.zero_lbas = pass_limit(pass, limit, ZERO_BYTES_MAX);
	if (pass->disk.zero_lbas > LBAS_MAX)
		pass->disk.zero_lbas = LBAS_MAX;
}

static int pass_read_identity(struct pass *pass)
{
	uint8_t data[IDENTIFY_BYTES];
	int err;

	err = pass_identify_failed(pass, pass_identify(pass, IDENTIFY_NS, data));
	if (!err)
		err = pass_read_ns(pass, data);
	if (!err)
		err = pass_identify_failed(pass, pass_identify(pass,
						IDENTIFY_CTRL, data));
	if (!err)
		pass_read_limits(pass, data);
	return err;
}

/* The driver has the controller: it is the node that is not there, or not for us. */
static int pass_open_failed(const char *path, int err)
{
	switch (err) {
	case ENOENT:
		return err_set(ENXIO, NULL,
			       "%s is missing: the driver makes it in the host's devtmpfs, which has to be mounted on /dev",
			       path);
	case EACCES:
	case EPERM:
		return err_set(EPERM, NULL,
			       "%s: not permitted: it needs CAP_SYS_ADMIN, so run it as root",
			       path);
	default:
		return err_set(err, NULL, "%s: %s", path, strerror(err));
	}
}

static int pass_open_device(const char *ctrl)
{
	char path[64];
	int fd;

	if (!strncmp(ctrl, PASS_BUS, strlen(PASS_BUS)))
		ctrl += strlen(PASS_BUS);
	snprintf(path, sizeof(path), PASS_PATH, ctrl);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? pass_open_failed(path, errno) : fd;
}

int pass_open(const char *ctrl, uint32_t nsid, struct disk **disk)
{
	struct pass *pass;
	int fd, err;

	fd = pass_open_device(ctrl);
	if (fd < 0)
		return fd;
	pass = calloc(1, sizeof(*pass));
	if (!pass) {
		close(fd);
		return err_set(ENOMEM, NULL, "out of memory");
	}
	pass->fd = fd;
	pass->nsid = nsid;
	pass->disk.ops = &pass_ops;
	snprintf(pass->disk.name, sizeof(pass->disk.name),
		 "namespace %u of %s", nsid, ctrl);
	err = pass_read_identity(pass);
	if (err)
		pass_close(&pass->disk);
	else
		*disk = &pass->disk;
	return err;
}

// SPDX-License-Identifier: GPL-2.0
#include "disk.h"

#include <errno.h>
#include <linux/fs.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

struct disk_file {
	struct disk disk;
	int fd;
};

static struct disk_file *disk_file(struct disk *disk)
{
	return (struct disk_file *)((char *)disk -
				    offsetof(struct disk_file, disk));
}

static int disk_file_read(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
			  void *data)
{
	size_t bytes = (size_t)nr_lbas * disk->lba_size;
	ssize_t done = pread(disk_file(disk)->fd, data, bytes,
			     (off_t)(lba * disk->lba_size));

	if (done == (ssize_t)bytes)
		return 0;
	return err_set(done < 0 ? errno : EIO, NULL, "%s: reading block %ju: %s",
		       disk->name, (uintmax_t)lba,
		       done < 0 ? strerror(errno) : "it ends there");
}

static int disk_file_write(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
			   const void *data)
{
	size_t bytes = (size_t)nr_lbas * disk->lba_size;
	ssize_t done = pwrite(disk_file(disk)->fd, data, bytes,
			      (off_t)(lba * disk->lba_size));

	if (done == (ssize_t)bytes)
		return 0;
	return err_set(done < 0 ? errno : EIO, NULL, "%s: writing block %ju: %s",
		       disk->name, (uintmax_t)lba,
		       done < 0 ? strerror(errno) : "it is full");
}

static int disk_file_flush(struct disk *disk)
{
	if (!fdatasync(disk_file(disk)->fd))
		return 0;
	return err_set(errno, NULL, "%s: flush: %s", disk->name,
		       strerror(errno));
}

static void disk_file_close(struct disk *disk)
{
	free(disk_file(disk));
}

static const struct disk_ops disk_file_ops = {
	.read	= disk_file_read,
	.write	= disk_file_write,
	.flush	= disk_file_flush,
	.close	= disk_file_close,
};

static int disk_file_size(int fd, uint32_t *lba_size, uint64_t *bytes)
{
	struct stat stat;
	int sector;

	if (fstat(fd, &stat))
		return -errno;
	if (!S_ISBLK(stat.st_mode)) {
		*bytes = (uint64_t)stat.st_size;
		return 0;
	}
	if (ioctl(fd, BLKGETSIZE64, bytes) || ioctl(fd, BLKSSZGET, &sector))
		return -errno;
	if (!*lba_size)
		*lba_size = (uint32_t)sector;
	return 0;
}

int disk_open(int fd, uint32_t lba_size, const char *name, struct disk **disk)
{
	struct disk_file *file;
	uint64_t bytes;
	int err;

	err = disk_file_size(fd, &lba_size, &bytes);
	if (err)
		return err_set(err, NULL, "%s: size: %s", name, strerror(-err));
	file = calloc(1, sizeof(*file));
	if (!file)
		return err_set(ENOMEM, NULL, "out of memory");
	file->fd = fd;
	file->disk.ops = &disk_file_ops;
	file->disk.lba_size = lba_size;
	file->disk.nr_lbas = bytes / lba_size;
	snprintf(file->disk.name, sizeof(file->disk.name), "%s", name);
	*disk = &file->disk;
	return 0;
}

void disk_close(struct disk *disk)
{
	if (disk)
		disk->ops->close(disk);
}

static int disk_check(const struct disk *disk, uint64_t lba, uint64_t nr_lbas)
{
	if (lba <= disk->nr_lbas && nr_lbas <= disk->nr_lbas - lba)
		return 0;
	return err_set(ERANGE, NULL, "%s ends at block %ju", disk->name,
		       (uintmax_t)disk->nr_lbas);
}

uint32_t disk_chunk(const struct disk *disk, uint64_t nr_lbas)
{
	uint32_t most = DISK_CHUNK_BYTES / disk->lba_size;

	if (disk->max_lbas && disk->max_lbas < most)
		most = disk->max_lbas;
	return nr_lbas < most ? (uint32_t)nr_lbas : most;
}

int disk_read(struct disk *disk, uint64_t lba, uint64_t nr_lbas, void *data)
{
	char *to = data;
	uint32_t chunk;
	int err;

	err = disk_check(disk, lba, nr_lbas);
	for (; !err && nr_lbas; nr_lbas -= chunk) {
		chunk = disk_chunk(disk, nr_lbas);
		err = disk->ops->read(disk, lba, chunk, to);
		lba += chunk;
		to += (size_t)chunk * disk->lba_size;
	}
	return err;
}

int disk_write(struct disk *disk, uint64_t lba, uint64_t nr_lbas,
	       const void *data)
{
	const char *from = data;
	uint32_t chunk;
	int err;

	err = disk_check(disk, lba, nr_lbas);
	for (; !err && nr_lbas; nr_lbas -= chunk) {
		chunk = disk_chunk(disk, nr_lbas);
		err = disk->ops->write(disk, lba, chunk, from);
		lba += chunk;
		from += (size_t)chunk * disk->lba_size;
	}
	return err;
}

int disk_flush(struct disk *disk)
{
	return disk->ops->flush(disk);
}

static int disk_image_fill(struct disk *disk, int fd, uint64_t lba,
			   uint64_t nr_lbas)
{
	size_t bytes = nr_lbas * disk->lba_size;
	void *data;
	int err;

	data = malloc(bytes);
	if (!data)
		return err_set(ENOMEM, NULL, "out of memory");
	err = disk_read(disk, lba, nr_lbas, data);
	if (!err && pwrite(fd, data, bytes, (off_t)(lba * disk->lba_size)) !=
			    (ssize_t)bytes)
		err = err_set(ENOSPC, NULL, "%s: no memory for an image of it",
			      disk->name);
	free(data);
	return err;
}

int disk_image(struct disk *disk, uint64_t head_lbas, uint64_t tail_lbas)
{
	int fd, err = 0;

	if (tail_lbas > disk->nr_lbas)
		tail_lbas = disk->nr_lbas;
	if (head_lbas > disk->nr_lbas - tail_lbas)
		head_lbas = disk->nr_lbas - tail_lbas;
	fd = memfd_create("nvdpa", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)(disk->nr_lbas * disk->lba_size)))
		err = err_set(errno, NULL, "%s: image: %s", disk->name,
			      strerror(errno));
	if (!err)
		err = disk_image_fill(disk, fd, 0, head_lbas);
	if (!err)
		err = disk_image_fill(disk, fd, disk->nr_lbas - tail_lbas,
				      tail_lbas);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

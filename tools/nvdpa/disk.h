/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A namespace as rows of blocks, whoever gets them there: the passthrough device
 * (pass.h), a block device or file (disk_open()), or a test.
 */
#ifndef NVDPA_DISK_H
#define NVDPA_DISK_H

#include <stdint.h>

/* What one read or write carries at most. */
#define DISK_CHUNK_BYTES (128 << 10)

struct disk;

/**
 * struct disk_ops - how blocks get there; each returns 0 or a negative errno
 *	for which err_set() was called
 * @read: at most @max_lbas
 * @write: likewise
 * @flush: what was written before survives a power cut
 * @zero: these blocks read as zeroes afterwards, at most @zero_lbas of them;
 *	-EOPNOTSUPP, recorded by nobody: it cannot, write zeroes instead. May be
 *	NULL
 * @close: free it
 */
struct disk_ops {
	int (*read)(struct disk *disk, uint64_t lba, uint32_t nr_lbas, void *data);
	int (*write)(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
		     const void *data);
	int (*flush)(struct disk *disk);
	int (*zero)(struct disk *disk, uint64_t lba, uint32_t nr_lbas);
	void (*close)(struct disk *disk);
};

/**
 * struct disk - blocks, to embed
 * @ops: how they get there
 * @nr_lbas: how many there are
 * @lba_size: bytes of one
 * @max_lbas: of one @read or @write; 0: what DISK_CHUNK_BYTES are
 * @zero_lbas: of one @zero
 * @name: for messages, such as "namespace 1"
 */
struct disk {
	const struct disk_ops *ops;
	uint64_t nr_lbas;
	uint32_t lba_size;
	uint32_t max_lbas;
	uint32_t zero_lbas;
	char name[64];
};

/**
 * disk_open() - a block device or regular file
 * @fd: open, stays the caller's
 * @lba_size: bytes of a block; 0: a block device's own
 * @name: for messages
 * @disk: out
 *
 * Return: 0 or a negative errno, recorded.
 */
int disk_open(int fd, uint32_t lba_size, const char *name, struct disk **disk);

/** disk_chunk() - how many of @nr_lbas one read or write can be about */
uint32_t disk_chunk(const struct disk *disk, uint64_t nr_lbas);

/** disk_close() - end of any kind of disk; NULL is fine */
void disk_close(struct disk *disk);

/*
 * Blocks at @lba, any number; beyond the end is -ERANGE. 0 or a negative errno,
 * recorded.
 */
int disk_read(struct disk *disk, uint64_t lba, uint64_t nr_lbas, void *data);
int disk_write(struct disk *disk, uint64_t lba, uint64_t nr_lbas,
	       const void *data);
int disk_flush(struct disk *disk);

/**
 * disk_image() - a file like the disk, with only its begin and its end filled
 * @disk: the disk
 * @head_lbas: blocks of its begin
 * @tail_lbas: blocks of its end
 *
 * Libraries that want a file get this. What is between reads as zeroes.
 *
 * Return: a file descriptor or a negative errno, recorded.
 */
int disk_image(struct disk *disk, uint64_t head_lbas, uint64_t tail_lbas);

#endif /* NVDPA_DISK_H */

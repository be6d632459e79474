/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A running virtio-blk device: the open vhost-vdpa device, memory, rings, and
 * requests of any layout. 0 or -errno unless said otherwise.
 */
#ifndef CLIENT_BLK_H
#define CLIENT_BLK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "ring.h"
#include "vdev.h"

#define BLK_IOVA 0x140000000ULL		/* neither an address of ours nor zero */
#define BLK_RINGS_MAX 32
#define BLK_SECTOR 512U

/* What the tests negotiate, as far as the device offers it. */
#define BLK_FEATURES							\
	(VDEV_FEATURE(F_VERSION_1) | VDEV_FEATURE(F_ACCESS_PLATFORM) |	\
	 VDEV_FEATURE(RING_F_INDIRECT_DESC) |				\
	 VDEV_FEATURE(RING_F_EVENT_IDX) |				\
	 VDEV_FEATURE(BLK_F_SIZE_MAX) | VDEV_FEATURE(BLK_F_SEG_MAX) |	\
	 VDEV_FEATURE(BLK_F_BLK_SIZE) | VDEV_FEATURE(BLK_F_TOPOLOGY) |	\
	 VDEV_FEATURE(BLK_F_FLUSH) | VDEV_FEATURE(BLK_F_MQ) |		\
	 VDEV_FEATURE(BLK_F_DISCARD) |					\
	 VDEV_FEATURE(BLK_F_WRITE_ZEROES))

struct req;

struct blk_options {
	__u64 without;			/* features not to accept */
	unsigned int num;		/* ring size, 0: the device's maximum */
	unsigned int rings;		/* 0: one */
	unsigned int base;		/* first index of the rings */
	size_t memory;			/* 0: 8 MiB */
	size_t guard;			/* of it at each end, see mem_guard() */
	bool scattered;			/* memory of single pages */
	bool map_last;			/* rings first, then memory, as QEMU 10.0 */
};

struct blk {
	struct vdev vdev;
	struct mem mem;
	struct ring ring[BLK_RINGS_MAX];
	unsigned int rings;
	__u64 sectors;
	__u32 lba;
	__u32 lba_sectors;
	struct blk_options options;
	void *bounce;			/* of the pattern functions */
	struct req *own[BLK_RINGS_MAX];	/* of blk_rw(), one per ring */
};

int blk_open(struct blk *b, const struct blk_options *options);
void blk_close(struct blk *b);

/* The two halves of blk_open(): up to and with the rings, then DRIVER_OK. */
int blk_prepare(struct blk *b, const struct blk_options *options);
int blk_start(struct blk *b);

/* After a reset: negotiate, rings at an index, DRIVER_OK. The map has stayed. */
int blk_restart(struct blk *b, __u16 base);
/* Reset and restart, then a write and a read: the device is as good as new. */
int blk_recover(struct blk *b);

void *blk_take(struct blk *b, size_t size, size_t align);
__u64 blk_iova(struct blk *b, const void *p);

#define REQ_SEGS 512
#define REQ_UNTOUCHED 0xaa		/* the status byte before the device */

struct req {
	struct blk *blk;
	struct ring *ring;
	struct virtio_blk_outhdr *hdr;
	__u8 *status;
	struct vring_desc *table;	/* room for REQ_SEGS */

	struct seg seg[REQ_SEGS];
	unsigned int nseg;
	__u32 readable;			/* bytes in readable segments */
	__u32 writable;			/* bytes in writable segments */
	bool indirect;
	unsigned int direct;		/* segments before the indirect one */

	bool done;
	__u32 len;			/* of the used entry */
	__u64 sector;			/* for the test's own use, as what follows */
	__u64 seed;
	__u64 acked;
	__u8 *data;
	__u32 data_len;
};

/* Lives as long as the memory of the blk. NULL when that is full. */
struct req *req_create(struct blk *b, struct ring *r);

/* A new request: the header, and nothing in the chain yet. */
void req_init(struct req *q, __u32 type, __u64 sector);
/* Appends a segment; any bytes, in any order. */
void req_seg(struct req *q, const void *p, __u32 len, bool write);
void req_seg_iova(struct req *q, __u64 iova, __u32 len, bool write);
/* The usual layout in three steps. */
void req_header(struct req *q);
void req_data(struct req *q, void *p, __u32 len);
void req_end(struct req *q);
/* All of it, with one segment of data. */
void req_simple(struct req *q, __u32 type, __u64 sector, void *p, __u32 len);

/* Into the ring without publishing; then with publishing and a notification. */
int req_queue(struct req *q);
int req_submit(struct req *q);
/* Takes one used entry, waiting for it. The request, or NULL after a message. */
struct req *req_reap(struct ring *r);
/* Takes used entries until this request is done. */
int req_wait(struct req *q);
int req_run(struct req *q);

/*
 * Submits what is no request, or breaks the ring. 0 when it came back refused
 * (by IOERR, or by a used entry of length 0 when the device found no place for
 * a status), 1 when the device asked for a reset instead.
 */
int req_run_malformed(struct req *q);
/* The second half: for a chain that was submitted by hand. */
int req_wait_malformed(struct req *q);

/* -EPROTO with a message unless done with this status and a right used.len. */
int req_check(const struct req *q, __u8 status);

/* Synchronous; the status, or -errno. The lengths of used entries are checked. */
int blk_rw(struct blk *b, struct ring *r, __u32 type, __u64 sector, void *p,
	   __u32 len);
/* Write a pattern, read and compare it: through a buffer of 64 KiB inside. */
int blk_write_pattern(struct blk *b, __u64 sector, __u32 len, __u64 seed);
int blk_read_pattern(struct blk *b, __u64 sector, __u32 len, __u64 seed);

#endif /* CLIENT_BLK_H */

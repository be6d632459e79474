// SPDX-License-Identifier: GPL-2.0
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blk.h"
#include "env.h"
#include "pattern.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Memory of ours, with nothing of anybody's around it: a map that is too long must
 * not give the device our own stack.
 */
#define AREA (512UL << 10)
#define AROUND (64UL << 20)
#define IOVA BLK_IOVA
#define RINGS 4
#define RING_AREA 16384UL		/* descriptors, then the other two */
#define RING_AVAIL 8192UL
#define RING_USED 10240UL
#define RING_NUM 64U
#define DATA (RINGS * RING_AREA)
#define FDS 8

static struct {
	struct vdev v;
	__u8 *area;
	int fd[FDS];
	int other;			/* a file that is no eventfd */
	__u64 offered;
	__u16 avail[RINGS];
	/* What belongs together is generated in one go. */
	struct op plan[64];
	unsigned int planned;
	unsigned int next;
} ops;

static int ops_memory(void)
{
	__u8 *va = mmap(NULL, AREA + 2 * AROUND, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (va == MAP_FAILED)
		return -errno;
	ops.area = va + AROUND;
	if (mmap(ops.area, AREA, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1,
		 0) == MAP_FAILED)
		return -errno;
	return 0;
}

int ops_open(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < FDS; i++) {
		ops.fd[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (ops.fd[i] < 0)
			return -errno;
	}
	ops.other = open("/dev/null", O_RDWR | O_CLOEXEC);
	err = ops_memory();
	if (!err)
		err = vdev_open(&ops.v);
	ops.offered = ops.v.offered;
	return err;
}

void ops_close(void)
{
	vdev_close(&ops.v);
}

/* ---- what an operation does ---- */

static int op_fd(__u64 n)
{
	if (n < FDS)
		return ops.fd[n];
	return n == FDS ? ops.other : n == FDS + 1 ? 1000 : -1;
}

static int op_value(unsigned long cmd, __u64 value)
{
	return vdev_ioctl(&ops.v, cmd, &value);
}

static int op_state(unsigned long cmd, const struct op *op)
{
	struct vhost_vring_state s = { op->arg[0], op->arg[1] };

	return vdev_ioctl(&ops.v, cmd, &s);
}

static int op_file(unsigned long cmd, const struct op *op)
{
	struct vhost_vring_file f = { op->arg[0], op_fd(op->arg[1]) };

	return vdev_ioctl(&ops.v, cmd, &f);
}

static int do_status(const struct op *op)
{
	__u8 status = op->arg[0];

	return vdev_ioctl(&ops.v, VHOST_VDPA_SET_STATUS, &status);
}

static int do_features(const struct op *op)
{
	return op_value(VHOST_SET_FEATURES, op->arg[0]);
}

static int do_backend(const struct op *op)
{
	return op_value(VHOST_SET_BACKEND_FEATURES, op->arg[0]);
}

static int do_num(const struct op *op)
{
	return op_state(VHOST_SET_VRING_NUM, op);
}

static int do_base(const struct op *op)
{
	return op_state(VHOST_SET_VRING_BASE, op);
}

static int do_get_base(const struct op *op)
{
	return op_state(VHOST_GET_VRING_BASE, op);
}

static int do_enable(const struct op *op)
{
	return op_state(VHOST_VDPA_SET_VRING_ENABLE, op);
}

static int do_addr(const struct op *op)
{
	return vdev_vring_addr(&ops.v, op->arg[0], op->arg[1], op->arg[2],
			       op->arg[3]);
}

static int do_kick_fd(const struct op *op)
{
	return op_file(VHOST_SET_VRING_KICK, op);
}

static int do_call_fd(const struct op *op)
{
	return op_file(VHOST_SET_VRING_CALL, op);
}

static int do_err_fd(const struct op *op)
{
	return op_file(VHOST_SET_VRING_ERR, op);
}

static int do_config_fd(const struct op *op)
{
	int fd = op_fd(op->arg[0]);

	return vdev_ioctl(&ops.v, VHOST_VDPA_SET_CONFIG_CALL, &fd);
}

/* Those that take a vhost_vring_state, or nothing, or write an answer. */
static const unsigned long small[] = {
	VHOST_SET_OWNER, VHOST_RESET_OWNER, VHOST_GET_FEATURES,
	VHOST_GET_BACKEND_FEATURES, VHOST_VDPA_GET_STATUS,
	VHOST_VDPA_GET_DEVICE_ID, VHOST_VDPA_GET_VRING_NUM,
	VHOST_VDPA_GET_CONFIG_SIZE, VHOST_VDPA_GET_VQS_COUNT,
	VHOST_VDPA_GET_GROUP_NUM, VHOST_VDPA_GET_IOVA_RANGE,
	VHOST_VDPA_GET_AS_NUM, VHOST_VDPA_GET_VRING_GROUP,
	VHOST_VDPA_SET_GROUP_ASID, VHOST_GET_VRING_ENDIAN,
	VHOST_SET_VRING_ENDIAN, VHOST_GET_VRING_BUSYLOOP_TIMEOUT,
	VHOST_SET_VRING_BUSYLOOP_TIMEOUT, VHOST_SET_LOG_BASE, VHOST_SET_LOG_FD,
	VHOST_SET_MEM_TABLE, _IOWR(VHOST_VIRTIO, 0x82, struct vhost_vring_state),
	_IO(VHOST_VIRTIO, 0xff), _IOWR(0xff, 1, int),
};

static int do_small(const struct op *op)
{
	__u64 buf[32] = { 0 };
	struct vhost_vring_state s = { op->arg[1], op->arg[2] };

	memcpy(buf, &s, sizeof(s));
	return vdev_ioctl(&ops.v, small[op->arg[0] % ARRAY_LEN(small)], buf);
}

static int do_suspend(const struct op *op)
{
	return vdev_suspend(&ops.v);
}

static int do_resume(const struct op *op)
{
	return vdev_resume(&ops.v);
}

static int do_config(const struct op *op)
{
	union {
		struct vhost_vdpa_config c;
		__u8 room[sizeof(struct vhost_vdpa_config) + 512];
	} u = { .c = { .off = op->arg[1], .len = op->arg[2] } };

	/* The kernel copies as much as we say: no more than there is room for. */
	if (u.c.len > 512 && !op->arg[0])
		u.c.len = 512;
	return vdev_ioctl(&ops.v, op->arg[0] ? VHOST_VDPA_SET_CONFIG :
					       VHOST_VDPA_GET_CONFIG, &u);
}

/* An address of ours: in the area, or one where there is nothing. */
static const void *op_va(__u64 at)
{
	return (const void *)(at < AREA + 4096 ? (unsigned long)ops.area + at :
						 at);
}

static int do_iotlb(const struct op *op)
{
	return vdev_iotlb(&ops.v, op->arg[0], op->arg[1], op->arg[2],
			  op_va(op->arg[3]), op->arg[4]);
}

/* A message that is none: too short, of a type or an address space that is not there. */
static int do_message(const struct op *op)
{
	struct vhost_msg_v2 m = {
		.type = op->arg[0],
		.asid = op->arg[1],
		.iotlb = { .iova = IOVA, .size = 4096, .perm = 3,
			   .uaddr = (unsigned long)ops.area,
			   .type = op->arg[2] },
	};
	size_t len = op->arg[3] < sizeof(m) ? op->arg[3] : sizeof(m);

	return write(ops.v.fd, &m, len) < 0 ? -errno : 0;
}

static int do_kick(const struct op *op)
{
	return eventfd_write(ops.fd[op->arg[0] % FDS], 1) ? -errno : 0;
}

/* Any two bytes that the device may read: descriptors, rings, headers, tables. */
static int do_store(const struct op *op)
{
	__u64 at = op->arg[0] % (AREA - 8);

	memcpy(ops.area + at, &op->arg[1], 1 + op->arg[2] % 8);
	return 0;
}

/* A good request into slot s of a ring, and the ring's index. */
static int do_offer(const struct op *op)
{
	unsigned int q = op->arg[0] % RINGS, s = op->arg[1] % (RING_NUM / 3);
	__u8 *ring = ops.area + q * RING_AREA;
	struct vring_desc *d = (struct vring_desc *)ring + 3 * s;
	struct vring_avail *a = (void *)(ring + RING_AVAIL);
	__u64 at = DATA + (q * RING_NUM / 3 + s) % 64 * 4096;
	struct virtio_blk_outhdr *h = (void *)(ops.area + at);
	__u16 write = op->arg[2] == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE;

	h->type = op->arg[2];
	h->sector = op->arg[3];
	d[0] = (struct vring_desc){ IOVA + at, 16, VRING_DESC_F_NEXT,
				    3 * s + 1 };
	d[1] = (struct vring_desc){ IOVA + at + 512, op->arg[4],
				    VRING_DESC_F_NEXT | write, 3 * s + 2 };
	d[2] = (struct vring_desc){ IOVA + at + 32, 1, VRING_DESC_F_WRITE, 0 };
	a->ring[ops.avail[q]++ % RING_NUM] = 3 * s;
	__atomic_store_n(&a->idx, ops.avail[q], __ATOMIC_RELEASE);
	return 0;
}

/* An empty ring, as the device will find it. */
static int do_clear(const struct op *op)
{
	unsigned int q = op->arg[0] % RINGS;

	memset(ops.area + q * RING_AREA, 0, RING_AREA);
	ops.avail[q] = 0;
	return 0;
}

static int do_reopen(const struct op *op)
{
	vdev_close(&ops.v);
	return vdev_open(&ops.v);
}

static int do_mmap(const struct op *op)
{
	void *p = mmap(NULL, op->arg[1] * 4096, op->arg[2] % 8, MAP_SHARED,
		       ops.v.fd, op->arg[0] * 4096);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, op->arg[1] * 4096);
	return 0;
}

/* Pages of ours go, whether or not the device has them; others take their place. */
static int do_discard(const struct op *op)
{
	__u64 at = op->arg[0] % (AREA / 4096) * 4096;
	__u64 len = op->arg[1] % (AREA - at + 1);

	return madvise(ops.area + at, len, MADV_DONTNEED) ? -errno : 0;
}

static int do_poll(const struct op *op)
{
	struct pollfd p = { .fd = ops.v.fd, .events = op->arg[0] };

	return poll(&p, 1, 0);
}

/* ---- which operations there are ---- */

static __u64 below(__u64 *random, __u64 n)
{
	return random_below(random, n);
}

static __u64 edge(__u64 *random)
{
	static const __u64 from[] = {
		0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 255, 256, 257, 4095, 4096,
		4097, 32768, 65535, 65536, 1 << 20, 0x7fffffff, 0x80000000,
		0xffffffff, 1ULL << 32, 1ULL << 47, 1ULL << 63, 0 - 4096ULL,
		~0ULL - 1, ~0ULL,
	};

	return below(random, 8) ? from[below(random, ARRAY_LEN(from))] :
				  random_next(random);
}

/* Mostly a good one, to get somewhere. */
static __u64 mostly(__u64 *random, __u64 good, unsigned int of)
{
	return below(random, of) ? good : edge(random);
}

static void gen_vq(struct op *op, __u64 *random)
{
	op->arg[0] = mostly(random, below(random, RINGS), 16);
	op->arg[1] = edge(random);
}

static void gen_enable(struct op *op, __u64 *random)
{
	op->arg[0] = mostly(random, below(random, RINGS), 16);
	op->arg[1] = mostly(random, below(random, 2), 16);
}

static void gen_num(struct op *op, __u64 *random)
{
	op->arg[0] = mostly(random, below(random, RINGS), 16);
	op->arg[1] = mostly(random, 1ULL << below(random, 10), 2);
}

static void gen_fd(struct op *op, __u64 *random)
{
	op->arg[0] = mostly(random, below(random, RINGS), 16);
	op->arg[1] = below(random, FDS + 3);
}

static void gen_config_fd(struct op *op, __u64 *random)
{
	op->arg[0] = below(random, FDS + 3);
}

static void gen_addr(struct op *op, __u64 *random)
{
	__u64 base = IOVA + below(random, RINGS) * RING_AREA;

	op->arg[0] = below(random, RINGS);
	op->arg[1] = mostly(random, base, 6);
	op->arg[2] = mostly(random, base + RING_AVAIL, 6);
	op->arg[3] = mostly(random, base + RING_USED, 6);
}

static void gen_status(struct op *op, __u64 *random)
{
	static const __u8 from[] = { 0, 1, 3, 11, 15, 64, 128, 0x8f, 255 };

	op->arg[0] = from[below(random, ARRAY_LEN(from))];
}

static void gen_features(struct op *op, __u64 *random)
{
	op->arg[0] = below(random, 3) ? ops.offered & (random_next(random) |
						       3ULL << 32) :
					random_next(random);
}

static void gen_small(struct op *op, __u64 *random)
{
	op->arg[0] = below(random, ARRAY_LEN(small));
	op->arg[1] = edge(random);
	op->arg[2] = edge(random);
}

static void gen_config(struct op *op, __u64 *random)
{
	op->arg[0] = below(random, 2);
	op->arg[1] = mostly(random, below(random, 128), 3);
	op->arg[2] = mostly(random, below(random, 128), 3);
}

static void gen_iotlb(struct op *op, __u64 *random)
{
	__u64 page = below(random, AREA / 4096);

	/* VHOST_IOTLB_MISS to BATCH_END, and beyond. */
	op->arg[0] = below(random, 4) ? 2 + below(random, 2) : below(random, 9);
	op->arg[1] = mostly(random, IOVA + page * 4096, 6);
	op->arg[2] = mostly(random, 4096 << below(random, 6), 6);
	op->arg[3] = mostly(random, page * 4096, 8);
	op->arg[4] = mostly(random, 3, 4);
}

static void gen_message(struct op *op, __u64 *random)
{
	op->arg[0] = below(random, 4);
	op->arg[1] = mostly(random, 0, 2);
	op->arg[2] = below(random, 8);
	op->arg[3] = below(random, 96);
}

static void gen_store(struct op *op, __u64 *random)
{
	/* Mostly where the rings are. */
	op->arg[0] = below(random, below(random, 4) ? RINGS * RING_AREA : AREA);
	if (below(random, 2))
		op->arg[0] = op->arg[0] / RING_AREA * RING_AREA +
			     op->arg[0] % (RING_NUM * 16);
	op->arg[1] = edge(random);
	op->arg[2] = below(random, 8);
}

static void gen_offer(struct op *op, __u64 *random)
{
	static const __u8 types[] = { 0, 0, 0, 1, 1, 1, 4, 8, 11, 13, 99 };

	op->arg[0] = below(random, RINGS);
	op->arg[1] = below(random, RING_NUM);
	op->arg[2] = types[below(random, ARRAY_LEN(types))];
	op->arg[3] = mostly(random, below(random, 4096), 8);
	op->arg[4] = mostly(random, 512U << below(random, 3), 8);
}

static void gen_mmap(struct op *op, __u64 *random)
{
	op->arg[0] = mostly(random, below(random, 8), 4) & 0xfffffffffff;
	op->arg[1] = 1 + below(random, 3);
	op->arg[2] = below(random, 8);
}

static void gen_two(struct op *op, __u64 *random)
{
	op->arg[0] = edge(random);
	op->arg[1] = edge(random);
}

static void gen_none(struct op *op, __u64 *random)
{
}

enum {
	OP_STATUS, OP_FEATURES, OP_BACKEND, OP_NUM, OP_BASE, OP_GET_BASE,
	OP_ENABLE, OP_ADDR, OP_KICK_FD, OP_CALL_FD, OP_ERR_FD, OP_CONFIG_FD,
	OP_SMALL, OP_SUSPEND, OP_RESUME, OP_CONFIG, OP_IOTLB, OP_MESSAGE,
	OP_KICK, OP_STORE, OP_OFFER, OP_CLEAR, OP_REOPEN, OP_MMAP, OP_DISCARD,
	OP_POLL, OP_KINDS,
};

static const struct {
	const char *name;
	unsigned int weight;
	int (*run)(const struct op *op);
	void (*generate)(struct op *op, __u64 *random);
} kinds[OP_KINDS] = {
	[OP_STATUS] = { "status", 8, do_status, gen_status },
	[OP_FEATURES] = { "features", 6, do_features, gen_features },
	[OP_BACKEND] = { "backend", 3, do_backend, gen_features },
	[OP_NUM] = { "num", 8, do_num, gen_num },
	[OP_BASE] = { "base", 8, do_base, gen_vq },
	[OP_GET_BASE] = { "get-base", 8, do_get_base, gen_vq },
	[OP_ENABLE] = { "enable", 16, do_enable, gen_enable },
	[OP_ADDR] = { "addr", 12, do_addr, gen_addr },
	[OP_KICK_FD] = { "kick-fd", 8, do_kick_fd, gen_fd },
	[OP_CALL_FD] = { "call-fd", 8, do_call_fd, gen_fd },
	[OP_ERR_FD] = { "err-fd", 4, do_err_fd, gen_fd },
	[OP_CONFIG_FD] = { "config-fd", 4, do_config_fd, gen_config_fd },
	[OP_SMALL] = { "small", 24, do_small, gen_small },
	[OP_SUSPEND] = { "suspend", 6, do_suspend, gen_none },
	[OP_RESUME] = { "resume", 6, do_resume, gen_none },
	[OP_CONFIG] = { "config", 10, do_config, gen_config },
	[OP_IOTLB] = { "iotlb", 24, do_iotlb, gen_iotlb },
	[OP_MESSAGE] = { "message", 6, do_message, gen_message },
	[OP_KICK] = { "kick", 120, do_kick, gen_vq },
	[OP_STORE] = { "store", 90, do_store, gen_store },
	[OP_OFFER] = { "offer", 120, do_offer, gen_offer },
	[OP_CLEAR] = { "clear", 0, do_clear, gen_vq },
	[OP_REOPEN] = { "reopen", 1, do_reopen, gen_none },
	[OP_MMAP] = { "mmap", 4, do_mmap, gen_mmap },
	[OP_DISCARD] = { "discard", 3, do_discard, gen_two },
	[OP_POLL] = { "poll", 2, do_poll, gen_two },
};

static void plan(unsigned int kind, __u64 a, __u64 b, __u64 c, __u64 d, __u64 e)
{
	ops.plan[ops.planned++] = (struct op){ kind, { a, b, c, d, e } };
}

/* From whatever there is to a device at work: random ones never get there. */
static void plan_start(void)
{
	unsigned int q;
	__u64 base;

	ops.planned = 0;
	ops.next = 0;
	plan(OP_STATUS, 0, 0, 0, 0, 0);
	plan(OP_STATUS, 3, 0, 0, 0, 0);
	plan(OP_FEATURES, ops.offered, 0, 0, 0, 0);
	plan(OP_STATUS, 11, 0, 0, 0, 0);
	/* BATCH_BEGIN, INVALIDATE, UPDATE, BATCH_END */
	plan(OP_IOTLB, 5, 0, 0, 0, 0);
	plan(OP_IOTLB, 3, 0, ~0ULL, 0, 0);
	plan(OP_IOTLB, 2, IOVA, AREA, 0, 3);
	plan(OP_IOTLB, 6, 0, 0, 0, 0);
	for (q = 0; q < RINGS; q++) {
		base = IOVA + q * RING_AREA;
		plan(OP_CLEAR, q, 0, 0, 0, 0);
		plan(OP_NUM, q, RING_NUM, 0, 0, 0);
		plan(OP_BASE, q, 0, 0, 0, 0);
		plan(OP_ADDR, q, base, base + RING_AVAIL, base + RING_USED, 0);
		plan(OP_KICK_FD, q, q, 0, 0, 0);
		plan(OP_CALL_FD, q, RINGS + q % 2, 0, 0, 0);
		plan(OP_ENABLE, q, 1, 0, 0, 0);
	}
	plan(OP_CONFIG_FD, FDS - 1, 0, 0, 0, 0);
	plan(OP_STATUS, 15, 0, 0, 0, 0);
}

static unsigned int pick_kind(__u64 *random)
{
	unsigned int all = 0, kind;
	__u64 at;

	for (kind = 0; kind < OP_KINDS; kind++)
		all += kinds[kind].weight;
	at = below(random, all);
	for (kind = 0; at >= kinds[kind].weight; kind++)
		at -= kinds[kind].weight;
	return kind;
}

void ops_next(struct op *op, __u64 *random)
{
	if (ops.next == ops.planned && !below(random, 150))
		plan_start();
	if (ops.next < ops.planned) {
		*op = ops.plan[ops.next++];
		return;
	}
	memset(op, 0, sizeof(*op));
	op->kind = pick_kind(random);
	kinds[op->kind].generate(op, random);
}

int ops_run(const struct op *op)
{
	return kinds[op->kind].run(op);
}

unsigned int ops_kinds(void)
{
	return OP_KINDS;
}

const char *ops_name(unsigned int kind)
{
	return kinds[kind].name;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring, at its best without polling: one system call submits all that was
 * prepared and waits for the next completion. Unless each is to be one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

static int fd, ring_fd;
static unsigned int *sq_tail, *sq_array, *cq_head, *cq_tail, sq_mask, cq_mask;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static unsigned int prepared;
static unsigned long long enters;

static int uring_fail(const struct load *l, const char *what)
{
	int err = errno;

	fprintf(stderr, "%s: %s: %s\n", l->path, what, strerror(err));
	return -err;
}

static void *uring_map(size_t size, __u64 what)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		    ring_fd, what);
}

static int uring_setup(struct load *l)
{
	struct io_uring_params p = {};
	__u8 *sq, *cq;

	ring_fd = syscall(SYS_io_uring_setup, l->depth, &p);
	if (ring_fd < 0)
		return uring_fail(l, "io_uring_setup");
	sq = uring_map(p.sq_off.array + p.sq_entries * sizeof(__u32), IORING_OFF_SQ_RING);
	cq = uring_map(p.cq_off.cqes + p.cq_entries * sizeof(*cqes), IORING_OFF_CQ_RING);
	sqes = uring_map(p.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		return uring_fail(l, "mmap");
	sq_tail = (unsigned int *)(sq + p.sq_off.tail);
	sq_mask = *(unsigned int *)(sq + p.sq_off.ring_mask);
	sq_array = (unsigned int *)(sq + p.sq_off.array);
	cq_head = (unsigned int *)(cq + p.cq_off.head);
	cq_tail = (unsigned int *)(cq + p.cq_off.tail);
	cq_mask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return 0;
}

static int uring_open(struct load *l)
{
	if (l->devices != 1) {
		fputs("io_uring: one device\n", stderr);
		return -EINVAL;
	}
	fd = open(l->path, (l->write ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return uring_fail(l, "open");
	l->data = mmap(NULL, (size_t)l->depth * l->len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (l->data == MAP_FAILED)
		return uring_fail(l, "mmap");
	return uring_setup(l);
}

static int uring_prepare(struct load *l, unsigned int slot, __u64 offset)
{
	unsigned int i = (*sq_tail + prepared) & sq_mask;

	sqes[i] = (struct io_uring_sqe){
		.opcode = l->write ? IORING_OP_WRITE : IORING_OP_READ,
		.fd = fd,
		.addr = (unsigned long)(l->data + (size_t)slot * l->len),
		.len = l->len,
		.off = offset,
		.user_data = slot,
	};
	sq_array[i] = i;
	prepared++;
	return 0;
}

static int uring_enter(struct load *l, bool wait)
{
	long n;

	/* Entries first, for the kernel reads the tail before them. */
	__atomic_store_n(sq_tail, *sq_tail + prepared, __ATOMIC_RELEASE);
	n = syscall(SYS_io_uring_enter, ring_fd, prepared, wait,
		    wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
	enters++;
	if (n != prepared)
		return uring_fail(l, "io_uring_enter");
	prepared = 0;
	return 0;
}

static int uring_submit(struct load *l)
{
	return l->each ? uring_enter(l, false) : 0;
}

static int uring_reap(struct load *l, unsigned int *slots)
{
	unsigned int head = *cq_head, tail, n = 0;
	const struct io_uring_cqe *cqe;
	int err;

	/* Pairs with the kernel's release: the tail, then the entries. */
	tail = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
	if (prepared || head == tail) {
		err = uring_enter(l, head == tail);
		if (err)
			return err;
		tail = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
	}
	for (; head != tail; head++) {
		cqe = &cqes[head & cq_mask];
		if (cqe->res != (__s32)l->len) {
			fprintf(stderr, "%s: result %d\n", l->path, cqe->res);
			return -EIO;
		}
		slots[n++] = cqe->user_data;
	}
	__atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
	return n;
}

static void uring_report(const struct load *l)
{
	printf(",\"enters\":%llu", enters);
}

const struct engine engine_uring = {
	.name = "io_uring",
	.open = uring_open,
	.prepare = uring_prepare,
	.submit = uring_submit,
	.reap = uring_reap,
	.report = uring_report,
};

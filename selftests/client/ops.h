/* SPDX-License-Identifier: GPL-2.0 */
/* One system call on a vhost-vdpa file, or one store to what the device reads. */
#ifndef CLIENT_OPS_H
#define CLIENT_OPS_H

#include <linux/types.h>

#define OP_ARGS 5

struct op {
	unsigned int kind;		/* index of ops_name() */
	__u64 arg[OP_ARGS];
};

/* The device, its memory, and eventfds that live as long as all of it. */
int ops_open(void);
void ops_close(void);

/* The next operation; the same ones for the same state of the random numbers. */
void ops_next(struct op *op, __u64 *random);
/* 0 or -errno of the call, which is nobody's business. */
int ops_run(const struct op *op);

unsigned int ops_kinds(void);
const char *ops_name(unsigned int kind);

#endif /* CLIENT_OPS_H */

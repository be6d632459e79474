/* SPDX-License-Identifier: GPL-2.0 */
/* The netlink family nvme_vdpa, message by message. 0 or -errno. */
#ifndef CLIENT_NL_H
#define CLIENT_NL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/nvme_vdpa.h>

#define NL_MSG_MAX 16384U
#define NL_ATTRS 32U

struct nl {
	int fd;
	__u16 family;
	__u32 events;			/* its multicast group */
	__u32 seq;			/* of the last message sent */
	__u8 *reply;			/* the last one received */
	size_t room;			/* bytes asked for at a time */
};

/* Room for replies, in bytes; 0 for plenty. Little makes dumps take long. */
int nl_open(struct nl *n, size_t room);
void nl_close(struct nl *n);

/* What SOL_NETLINK options a socket has, by their number. */
int nl_option(struct nl *n, int option, int value);

/* A message under construction, as long as .len says. */
struct nl_msg {
	size_t len;
	__u8 data[NL_MSG_MAX] __attribute__((aligned(8)));
};

void nl_begin(struct nl *n, struct nl_msg *m, __u8 cmd, __u16 flags);
/* False when there is no room. */
bool nl_put(struct nl_msg *m, __u16 type, const void *value, size_t len);
bool nl_put_string(struct nl_msg *m, __u16 type, const char *value);
bool nl_put_u32(struct nl_msg *m, __u16 type, __u32 value);
bool nl_put_u64(struct nl_msg *m, __u16 type, __u64 value);

/* An answer, or one object of it. Attributes of a number that is too big are left out. */
struct nl_object {
	const __u8 *raw;		/* all attributes */
	size_t raw_len;
	const __u8 *attr[NL_ATTRS];	/* value, or NULL */
	size_t len[NL_ATTRS];
};

const char *nl_string(const struct nl_object *o, unsigned int type);
/* Of any width; 0 if it is not there. */
__u64 nl_number(const struct nl_object *o, unsigned int type);

/* Not 0 from it ends the talk, and is what that returns. */
typedef int (*nl_object_fn)(void *arg, const struct nl_object *o);

/*
 * Sends a message with NLM_F_ACK or NLM_F_DUMP and takes what comes back up to and
 * with the end. 1 for a dump that the kernel calls interrupted.
 */
int nl_talk(struct nl *n, struct nl_msg *m, nl_object_fn fn, void *arg);
/* The two halves of it. */
int nl_send(struct nl *n, const struct nl_msg *m);
int nl_answer(struct nl *n, nl_object_fn fn, void *arg);
/* -EBUSY with a message when there is something to receive. */
int nl_silent(struct nl *n);

/* The common ones. */
int nl_dump_volumes(struct nl *n, nl_object_fn fn, void *arg);
int nl_get_volume(struct nl *n, const char *ctrl, const char *name,
		  nl_object_fn fn, void *arg);
int nl_new_volume(struct nl *n, const char *ctrl, const char *name, __u64 start,
		  __u64 nr_lbas);
int nl_del_volume(struct nl *n, const char *ctrl, const char *name);

#endif /* CLIENT_NL_H */

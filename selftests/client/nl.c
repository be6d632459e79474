// SPDX-License-Identifier: GPL-2.0
#include "nl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "env.h"

#define NL_REPLY_MAX 65536U

/* NLA_OK() and its like are the kernel's own. */
static const struct nlattr *nl_first(const void *attrs, size_t len)
{
	const struct nlattr *a = attrs;

	return len >= sizeof(*a) && a->nla_len >= sizeof(*a) &&
	       a->nla_len <= len ? a : NULL;
}

static const struct nlattr *nl_next(const struct nlattr *a, size_t *left)
{
	size_t step = NLA_ALIGN(a->nla_len);

	if (step >= *left)
		return NULL;
	*left -= step;
	return nl_first((const __u8 *)a + step, *left);
}

static void nl_parse(struct nl_object *o, const void *attrs, size_t len)
{
	const struct nlattr *a;
	size_t left = len;
	unsigned int type;

	memset(o, 0, sizeof(*o));
	o->raw = attrs;
	o->raw_len = len;
	for (a = nl_first(attrs, len); a; a = nl_next(a, &left)) {
		type = a->nla_type & NLA_TYPE_MASK;
		if (type >= NL_ATTRS)
			continue;
		o->attr[type] = (const __u8 *)a + NLA_HDRLEN;
		o->len[type] = a->nla_len - NLA_HDRLEN;
	}
}

const char *nl_string(const struct nl_object *o, unsigned int type)
{
	return o->attr[type] ? (const char *)o->attr[type] : "";
}

__u64 nl_number(const struct nl_object *o, unsigned int type)
{
	__u64 value = 0;

	if (o->attr[type] && o->len[type] <= sizeof(value))
		memcpy(&value, o->attr[type], o->len[type]);
	return value;
}

static bool nl_put_raw(struct nl_msg *m, const void *data, size_t len)
{
	size_t end = NLMSG_ALIGN(m->len + len);

	if (end > sizeof(m->data))
		return false;
	memset(m->data + m->len, 0, end - m->len);
	memcpy(m->data + m->len, data, len);
	m->len = end;
	((struct nlmsghdr *)m->data)->nlmsg_len = end;
	return true;
}

void nl_begin(struct nl *n, struct nl_msg *m, __u8 cmd, __u16 flags)
{
	struct genlmsghdr g = { .cmd = cmd, .version = NVME_VDPA_FAMILY_VERSION };
	struct nlmsghdr h = {
		.nlmsg_type = n->family,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++n->seq,
	};

	m->len = 0;
	nl_put_raw(m, &h, sizeof(h));
	nl_put_raw(m, &g, sizeof(g));
}

bool nl_put(struct nl_msg *m, __u16 type, const void *value, size_t len)
{
	struct nlattr a = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	if (len > NL_MSG_MAX ||
	    m->len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(m->data))
		return false;
	return nl_put_raw(m, &a, sizeof(a)) && nl_put_raw(m, value, len);
}

bool nl_put_string(struct nl_msg *m, __u16 type, const char *value)
{
	return nl_put(m, type, value, strlen(value) + 1);
}

bool nl_put_u32(struct nl_msg *m, __u16 type, __u32 value)
{
	return nl_put(m, type, &value, sizeof(value));
}

bool nl_put_u64(struct nl_msg *m, __u16 type, __u64 value)
{
	return nl_put(m, type, &value, sizeof(value));
}

int nl_option(struct nl *n, int option, int value)
{
	return setsockopt(n->fd, SOL_NETLINK, option, &value, sizeof(value)) ?
		       -errno : 0;
}

int nl_send(struct nl *n, const struct nl_msg *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent = sendto(n->fd, m->data, m->len, 0,
			      (struct sockaddr *)&kernel, sizeof(kernel));

	return sent < 0 ? -errno : 0;
}

int nl_silent(struct nl *n)
{
	ssize_t len = recv(n->fd, n->reply, n->room, MSG_DONTWAIT);

	if (len < 0)
		return errno == EAGAIN ? 0 : -errno;
	env_log("message %u: %zd bytes that nobody asked for", n->seq, len);
	return -EBUSY;
}

/* One message of what was received: 0 to go on, 1 at the end, or -errno. */
static int nl_take(struct nl *n, const struct nlmsghdr *h, int *result,
		   nl_object_fn fn, void *arg)
{
	const __u8 *payload = (const __u8 *)h + NLMSG_HDRLEN;
	size_t len = h->nlmsg_len - NLMSG_HDRLEN;
	struct nl_object o;
	int err;

	if (h->nlmsg_seq != n->seq) {
		env_log("an answer to %u, not %u", h->nlmsg_seq, n->seq);
		return -EPROTO;
	}
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		*result = 1;
	if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
		err = len >= sizeof(err) ? *(const int *)payload : 0;
		if (err)
			*result = err;
		return 1;
	}
	if (h->nlmsg_type != n->family || len < GENL_HDRLEN) {
		env_log("an answer of type %u, %zu bytes", h->nlmsg_type, len);
		return -EPROTO;
	}
	nl_parse(&o, payload + GENL_HDRLEN, len - GENL_HDRLEN);
	return fn ? fn(arg, &o) : 0;
}

/*
 * The kernel has answered when it was told: nothing that is waited for. A dump goes
 * on with every call.
 */
int nl_answer(struct nl *n, nl_object_fn fn, void *arg)
{
	const struct nlmsghdr *h;
	int result = 0, r;
	ssize_t len;

	for (;;) {
		len = recv(n->fd, n->reply, n->room, MSG_DONTWAIT | MSG_TRUNC);
		r = len < 0 ? -errno : len > (ssize_t)n->room ? -EMSGSIZE : 0;
		if (r) {
			env_log("message %u: no answer: %s", n->seq, strerror(-r));
			return r == -EAGAIN ? -ETIMEDOUT : r;
		}
		for (h = (void *)n->reply; NLMSG_OK(h, len);
		     h = NLMSG_NEXT(h, len)) {
			r = nl_take(n, h, &result, fn, arg);
			if (r)
				return r == 1 ? result : r;
		}
	}
}

int nl_talk(struct nl *n, struct nl_msg *m, nl_object_fn fn, void *arg)
{
	int err = nl_send(n, m);

	return err ? err : nl_answer(n, fn, arg);
}

/* The first multicast group; nested twice. */
static __u32 nl_group(const struct nl_object *o)
{
	struct nl_object groups, group;

	nl_parse(&groups, o->attr[CTRL_ATTR_MCAST_GROUPS],
		 o->len[CTRL_ATTR_MCAST_GROUPS]);
	nl_parse(&group, groups.attr[1], groups.len[1]);
	return nl_number(&group, CTRL_ATTR_MCAST_GRP_ID);
}

static int nl_learn_family(void *arg, const struct nl_object *o)
{
	struct nl *n = arg;

	n->events = nl_group(o);
	n->family = nl_number(o, CTRL_ATTR_FAMILY_ID);
	return 0;
}

static int nl_find_family(struct nl *n)
{
	struct nl_msg m;
	int err;

	n->family = GENL_ID_CTRL;
	nl_begin(n, &m, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	nl_put_string(&m, CTRL_ATTR_FAMILY_NAME, NVME_VDPA_FAMILY_NAME);
	err = nl_talk(n, &m, nl_learn_family, n);
	if (err)
		env_log("family " NVME_VDPA_FAMILY_NAME ": %s", strerror(-err));
	return err;
}

int nl_open(struct nl *n, size_t room)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int err;

	memset(n, 0, sizeof(*n));
	n->room = room ? room : NL_REPLY_MAX;
	n->reply = malloc(n->room);
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (!n->reply || n->fd < 0 ||
	    bind(n->fd, (struct sockaddr *)&self, sizeof(self)))
		return -errno;
	err = nl_find_family(n);
	if (err)
		nl_close(n);
	return err;
}

void nl_close(struct nl *n)
{
	close(n->fd);
	free(n->reply);
}

int nl_dump_volumes(struct nl *n, nl_object_fn fn, void *arg)
{
	struct nl_msg m;

	nl_begin(n, &m, NVME_VDPA_CMD_VOLUME_GET, NLM_F_DUMP);
	return nl_talk(n, &m, fn, arg);
}

static int nl_volume(struct nl *n, __u8 cmd, const char *ctrl, const char *name,
		     nl_object_fn fn, void *arg)
{
	struct nl_msg m;

	nl_begin(n, &m, cmd, NLM_F_ACK);
	nl_put_string(&m, NVME_VDPA_A_VOLUME_CTRL, ctrl);
	nl_put_string(&m, NVME_VDPA_A_VOLUME_NAME, name);
	return nl_talk(n, &m, fn, arg);
}

int nl_get_volume(struct nl *n, const char *ctrl, const char *name,
		  nl_object_fn fn, void *arg)
{
	return nl_volume(n, NVME_VDPA_CMD_VOLUME_GET, ctrl, name, fn, arg);
}

int nl_del_volume(struct nl *n, const char *ctrl, const char *name)
{
	return nl_volume(n, NVME_VDPA_CMD_VOLUME_DEL, ctrl, name, NULL, NULL);
}

int nl_new_volume(struct nl *n, const char *ctrl, const char *name, __u64 start,
		  __u64 nr_lbas)
{
	struct nl_msg m;

	nl_begin(n, &m, NVME_VDPA_CMD_VOLUME_NEW, NLM_F_ACK);
	nl_put_string(&m, NVME_VDPA_A_VOLUME_CTRL, ctrl);
	nl_put_string(&m, NVME_VDPA_A_VOLUME_NAME, name);
	nl_put_u32(&m, NVME_VDPA_A_VOLUME_NSID, 1);
	nl_put_u64(&m, NVME_VDPA_A_VOLUME_START, start);
	nl_put_u64(&m, NVME_VDPA_A_VOLUME_NR_LBAS, nr_lbas);
	nl_put_u64(&m, NVME_VDPA_A_VOLUME_WIPED, nr_lbas);
	return nl_talk(n, &m, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family under whatever root may send it, and under many at once.
 *
 *   NVDPA_CTRL    controller whose volumes are lost, such as pci/0000:01:00.0
 *   NVDPA_BLOCKS  of its first namespace
 *   NVDPA_COUNT   random messages, default 100000
 *   SEED          of them; told, and else of the clock
 *
 * The caller has made a vDPA device of the volume "held" and reads the kernel's log.
 */
#include "client.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nl.h"

/* Names of volumes that random messages know. */
#define NAMES 24U
/* Attributes that they have a good value for, and one more. */
#define TYPES NVME_VDPA_A_VOLUME_MAX
#define VOLUMES_MAX 4096U
#define ATTRS_MAX 512U

/* The parts of a run in each of which all of it must happen. */
#define PARTS 4U

/* What can be asked, and what the kernel made of it in one part. */
struct asked {
	const char *name;
	__u8 cmd;
	bool dump;
	unsigned long accepted;
	unsigned long refused;
};

static const struct asked all_asked[] = {
	{ "ctrl-get", NVME_VDPA_CMD_CTRL_GET, false },
	{ "ctrl-get, all", NVME_VDPA_CMD_CTRL_GET, true },
	{ "ctrl-set", NVME_VDPA_CMD_CTRL_SET, false },
	{ "ctrl-reset", NVME_VDPA_CMD_CTRL_RESET, false },
	{ "ns-get, all", NVME_VDPA_CMD_NS_GET, true },
	{ "volume-new", NVME_VDPA_CMD_VOLUME_NEW, false },
	{ "volume-del", NVME_VDPA_CMD_VOLUME_DEL, false },
	{ "volume-set", NVME_VDPA_CMD_VOLUME_SET, false },
	{ "volume-get", NVME_VDPA_CMD_VOLUME_GET, false },
	{ "volume-get, all", NVME_VDPA_CMD_VOLUME_GET, true },
	{ "stats-get", NVME_VDPA_CMD_STATS_GET, false },
	{ "stats-get, all", NVME_VDPA_CMD_STATS_GET, true },
	{ "health-get", NVME_VDPA_CMD_HEALTH_GET, false },
	{ "health-get, all", NVME_VDPA_CMD_HEALTH_GET, true },
};

#define NR_ASKED ARRAY_SIZE(all_asked)

/* Events that come of what is accepted. */
static const __u8 all_events[] = {
	NVME_VDPA_CMD_CTRL_CHANGE_NTF, NVME_VDPA_CMD_VOLUME_ADD_NTF,
	NVME_VDPA_CMD_VOLUME_CHANGE_NTF, NVME_VDPA_CMD_VOLUME_DEL_NTF,
};

struct fuzz {
	struct nl nl;
	struct nl listener;
	struct nl_msg m;
	const char *ctrl;
	__u64 blocks;
	__u64 seed;
	__u64 random;
	bool clean;			/* the message has nothing odd in it */
	bool bare;			/* it is a dump with nothing odd in it */
	unsigned long count;
	unsigned long accepted;
	struct asked asked[NR_ASKED];
	unsigned long events[NVME_VDPA_CMD_MAX + 1];
};

static __u64 below(struct fuzz *f, __u64 bound)
{
	return random_below(&f->random, bound);
}

static bool one_in(struct fuzz *f, __u64 n)
{
	return !below(f, n);
}

/* A number on or beside an edge of something. */
static __u64 odd_number(struct fuzz *f)
{
	const __u64 bases[] = { 0, 1, 8, 1ULL << 8, 1ULL << 16, 1ULL << 31,
				1ULL << 32, 1ULL << 52, 1ULL << 63, f->blocks };
	__u64 base = bases[below(f, ARRAY_SIZE(bases))];

	return one_in(f, 4) ? random_next(&f->random) : base + below(f, 5) - 2;
}

static void put_garbage(struct fuzz *f, __u16 type, size_t max)
{
	__u8 junk[256];
	size_t i, len = below(f, max + 1);

	for (i = 0; i < len; i++)
		junk[i] = random_next(&f->random);
	nl_put(&f->m, type, junk, len);
}

static void put_name(struct fuzz *f, __u16 type)
{
	char name[64];

	if (one_in(f, 12))
		snprintf(name, sizeof(name), "held");
	else
		snprintf(name, sizeof(name), "f%llu", below(f, NAMES));
	nl_put_string(&f->m, type, name);
}

/* Where two volumes may meet, or overlap by a few blocks. */
static __u64 near(struct fuzz *f, __u64 block)
{
	return one_in(f, 4) ? block + below(f, 16) - 8 : block;
}

/* A value that the policy lets pass, for an attribute as volumes have it. */
static void put_good(struct fuzz *f, __u16 type)
{
	__u64 slot = f->blocks / 32;

	switch (type) {
	case NVME_VDPA_A_VOLUME_CTRL:
		nl_put_string(&f->m, type, f->ctrl);
		break;
	case NVME_VDPA_A_VOLUME_NAME:
	case NVME_VDPA_A_VOLUME_SERIAL:
	case NVME_VDPA_A_VOLUME_USED_BY:
		put_name(f, type);
		break;
	case NVME_VDPA_A_VOLUME_NSID:
		nl_put_u32(&f->m, type, one_in(f, 16) ? 2 : 1);
		break;
	case NVME_VDPA_A_VOLUME_READ_ONLY:
		nl_put(&f->m, type, &(__u8){ below(f, 2) }, 1);
		break;
	case NVME_VDPA_A_VOLUME_NR_QUEUES:
		nl_put_u32(&f->m, type, below(f, 3));
		break;
	case NVME_VDPA_A_VOLUME_QUEUE_SIZE:
		nl_put_u32(&f->m, type, 1U << below(f, 9));
		break;
	case NVME_VDPA_A_VOLUME_START:
		nl_put_u64(&f->m, type, near(f, below(f, 32) * slot));
		break;
	case NVME_VDPA_A_CTRL_TIMEOUT:
		nl_put_u32(&f->m, type, one_in(f, 4) ? below(f, 100) :
							10000 + below(f, 590001));
		break;
	default:
		nl_put_u64(&f->m, type, near(f, below(f, 4) * slot));
	}
}

static void put_nested(struct fuzz *f, unsigned int depth)
{
	__u16 type = below(f, TYPES + 3) | NLA_F_NESTED;
	size_t at = f->m.len;

	nl_put(&f->m, type, NULL, 0);
	while (!one_in(f, 3) && f->m.len < 2048) {
		if (depth && one_in(f, 2))
			put_nested(f, depth - 1);
		else
			put_garbage(f, below(f, TYPES + 3), 16);
	}
	((struct nlattr *)(f->m.data + at))->nla_len = f->m.len - at;
}

static void put_attr(struct fuzz *f, __u16 type)
{
	__u64 odd;

	switch (f->clean ? 3 : below(f, 16)) {
	case 0:
		put_garbage(f, type, 48);
		break;
	case 1:
		odd = odd_number(f);
		nl_put(&f->m, type, &odd, one_in(f, 2) ? 4 : 8);
		break;
	case 2:
		if (one_in(f, 4))
			put_nested(f, 6);
		break;
	default:
		put_good(f, type);
	}
}

/* Of a controller only the name, so that these are accepted; seldom what takes long. */
static bool put_ctrl_attrs(struct fuzz *f, __u8 cmd)
{
	switch (cmd) {
	case NVME_VDPA_CMD_CTRL_RESET:
	case NVME_VDPA_CMD_HEALTH_GET:
		if (!one_in(f, 16))
			return false;
		break;
	case NVME_VDPA_CMD_CTRL_GET:
		if (one_in(f, 2))
			return false;
		break;
	case NVME_VDPA_CMD_CTRL_SET:
		put_attr(f, NVME_VDPA_A_CTRL_TIMEOUT);
		break;
	default:
		return false;
	}
	put_attr(f, NVME_VDPA_A_CTRL_NAME);
	return true;
}

/* What a command wants is mostly there, and some of the rest. */
static void put_attrs(struct fuzz *f, __u8 cmd)
{
	__u16 type;

	if (put_ctrl_attrs(f, cmd))
		return;
	for (type = 1; type <= TYPES; type++) {
		unsigned int often = 8;

		if (type <= NVME_VDPA_A_VOLUME_NAME)
			often = f->clean ? 33 : 31;
		else if (type <= NVME_VDPA_A_VOLUME_NR_LBAS)
			often = cmd == NVME_VDPA_CMD_VOLUME_NEW ? 33 : 1;
		else if (cmd != NVME_VDPA_CMD_VOLUME_NEW &&
			 cmd != NVME_VDPA_CMD_VOLUME_SET)
			often = 0;
		if (below(f, 33) < often)
			put_attr(f, type);
	}
	if (!f->clean && one_in(f, 8))
		put_attr(f, below(f, TYPES + 3));
}

static __u8 some_command(struct fuzz *f)
{
	static const __u8 most[] = {
		NVME_VDPA_CMD_VOLUME_NEW, NVME_VDPA_CMD_VOLUME_DEL,
		NVME_VDPA_CMD_VOLUME_SET, NVME_VDPA_CMD_VOLUME_GET,
	};

	if (one_in(f, 2))
		return most[below(f, ARRAY_SIZE(most))];
	return one_in(f, 8) ? below(f, 256) : below(f, NVME_VDPA_CMD_MAX + 2);
}

/* Every message asks for an answer, a dump for its own. */
static __u16 some_flags(struct fuzz *f)
{
	if (one_in(f, 10))
		return NLM_F_DUMP | NLM_F_ACK;
	return one_in(f, 32) ? below(f, 1 << 16) | NLM_F_ACK : NLM_F_ACK;
}

/* A dump has no attributes, for the most part. */
static void make_regular(struct fuzz *f)
{
	__u8 cmd = some_command(f);
	__u16 flags = some_flags(f);

	nl_begin(&f->nl, &f->m, cmd, flags);
	f->bare = f->clean && flags == (NLM_F_DUMP | NLM_F_ACK) && !one_in(f, 4);
	if (!f->bare && ((flags & NLM_F_DUMP) != NLM_F_DUMP || one_in(f, 4)))
		put_attrs(f, cmd);
}

static void make_garbage(struct fuzz *f)
{
	size_t i;

	nl_begin(&f->nl, &f->m, some_command(f), some_flags(f));
	i = f->m.len;
	put_garbage(f, 0, 255);
	/* The attribute's own header as well. */
	for (; i < f->m.len; i++)
		f->m.data[i] = random_next(&f->random);
}

static void make_nested(struct fuzz *f)
{
	nl_begin(&f->nl, &f->m, some_command(f), NLM_F_ACK);
	nl_put_string(&f->m, NVME_VDPA_A_VOLUME_CTRL, f->ctrl);
	put_nested(f, 12);
}

/* More attributes than anybody has. */
static void make_long(struct fuzz *f)
{
	unsigned int i, nr = below(f, ATTRS_MAX);

	nl_begin(&f->nl, &f->m, some_command(f), NLM_F_ACK);
	for (i = 0; i < nr; i++)
		put_attr(f, 1 + below(f, TYPES + 2));
}

/* Attributes one after another. */
static struct nlattr *some_attr(struct fuzz *f)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN, step;
	struct nlattr *a;
	__u64 skip = below(f, 8);

	for (;;) {
		if (at + NLA_HDRLEN > f->m.len)
			return NULL;
		a = (struct nlattr *)(f->m.data + at);
		step = NLA_ALIGN(a->nla_len);
		if (!skip-- || step < NLA_HDRLEN)
			return a;
		at += step;
	}
}

static void break_message(struct fuzz *f)
{
	struct nlmsghdr *h = (struct nlmsghdr *)f->m.data;
	struct genlmsghdr *g = NLMSG_DATA(h);
	struct nlattr *a = some_attr(f);

	if (f->m.len == NLMSG_HDRLEN)
		return;
	switch (below(f, 7)) {
	case 0:
		if (a)
			a->nla_len = below(f, 64);
		break;
	case 1:
		if (a)
			a->nla_type = random_next(&f->random);
		break;
	case 2:
		if (a)
			a->nla_type ^= one_in(f, 2) ? NLA_F_NESTED :
						      NLA_F_NET_BYTEORDER;
		break;
	case 3:
		g->version = random_next(&f->random);
		break;
	case 4:
		g->reserved = random_next(&f->random);
		break;
	case 5:
		f->m.data[NLMSG_HDRLEN + below(f, f->m.len - NLMSG_HDRLEN)] ^=
			1 << below(f, 8);
		break;
	default:
		/* Cut off anywhere, and honest about it. */
		f->m.len = NLMSG_HDRLEN + below(f, f->m.len - NLMSG_HDRLEN);
		h->nlmsg_len = f->m.len;
	}
}

/* Whether the kernel has to answer: it drops what has no header or no length. */
static bool make_message(struct fuzz *f)
{
	struct nlmsghdr *h = (struct nlmsghdr *)f->m.data;

	f->clean = one_in(f, 2);
	f->bare = false;
	switch (f->clean ? 3 : below(f, 16)) {
	case 0:
		make_garbage(f);
		break;
	case 1:
		make_nested(f);
		break;
	case 2:
		if (one_in(f, 8)) {
			make_long(f);
			break;
		}
		/* fall through */
	default:
		make_regular(f);
	}
	while (!f->clean && one_in(f, 3))
		break_message(f);
	if (f->clean || !one_in(f, 32))
		return true;
	switch (below(f, 3)) {
	case 0:
		h->nlmsg_len = below(f, NLMSG_HDRLEN);
		break;
	case 1:
		h->nlmsg_len = f->m.len + 1 + below(f, 1 << 20);
		break;
	default:
		f->m.len = below(f, NLMSG_HDRLEN);
	}
	return false;
}

struct volumes {
	unsigned int nr;
	bool held;
	struct {
		char ctrl[NVME_VDPA_CTRL_NAME_MAX + 1];
		char name[NVME_VDPA_VOLUME_NAME_MAX + 1];
		__u64 nsid, start, nr_lbas;
		size_t raw_len;
		__u8 raw[256];
	} v[VOLUMES_MAX];
};

static int take_volume(void *arg, const struct nl_object *o)
{
	struct volumes *vs = arg;

	if (vs->nr == VOLUMES_MAX || o->raw_len > sizeof(vs->v[0].raw))
		return -E2BIG;
	snprintf(vs->v[vs->nr].ctrl, sizeof(vs->v[0].ctrl), "%s",
		 nl_string(o, NVME_VDPA_A_VOLUME_CTRL));
	snprintf(vs->v[vs->nr].name, sizeof(vs->v[0].name), "%s",
		 nl_string(o, NVME_VDPA_A_VOLUME_NAME));
	vs->v[vs->nr].nsid = nl_number(o, NVME_VDPA_A_VOLUME_NSID);
	vs->v[vs->nr].start = nl_number(o, NVME_VDPA_A_VOLUME_START);
	vs->v[vs->nr].nr_lbas = nl_number(o, NVME_VDPA_A_VOLUME_NR_LBAS);
	vs->v[vs->nr].raw_len = o->raw_len;
	memcpy(vs->v[vs->nr].raw, o->raw, o->raw_len);
	if (!strcmp(vs->v[vs->nr].name, "held") &&
	    !strcmp(nl_string(o, NVME_VDPA_A_VOLUME_USED_BY), "held"))
		vs->held = true;
	vs->nr++;
	return 0;
}

struct same {
	const struct volumes *vs;
	unsigned int i;
};

static int same_volume(void *arg, const struct nl_object *o)
{
	const struct same *s = arg;

	if (o->raw_len == s->vs->v[s->i].raw_len &&
	    !memcmp(o->raw, s->vs->v[s->i].raw, o->raw_len))
		return 0;
	env_log("%s: get and dump do not agree", s->vs->v[s->i].name);
	return -EPROTO;
}

/* What is defined lies in the namespace, apart, each with a name of its own. */
static int check_apart(const struct fuzz *f, const struct volumes *vs)
{
	unsigned int i, j;

	for (i = 0; i < vs->nr; i++) {
		if (!vs->v[i].nr_lbas || vs->v[i].start >= f->blocks ||
		    vs->v[i].nr_lbas > f->blocks - vs->v[i].start) {
			env_log("%s is not in the namespace", vs->v[i].name);
			return -ERANGE;
		}
		for (j = 0; j < i; j++) {
			if (strcmp(vs->v[i].name, vs->v[j].name) &&
			    (vs->v[i].start >= vs->v[j].start + vs->v[j].nr_lbas ||
			     vs->v[j].start >= vs->v[i].start + vs->v[i].nr_lbas))
				continue;
			env_log("%s and %s overlap", vs->v[i].name, vs->v[j].name);
			return -EEXIST;
		}
	}
	return 0;
}

static int check_volumes(struct fuzz *f)
{
	static struct volumes vs;
	struct same s = { .vs = &vs };
	int err;

	vs.nr = 0;
	vs.held = false;
	err = nl_dump_volumes(&f->nl, take_volume, &vs);
	if (!err)
		err = check_apart(f, &vs);
	for (s.i = 0; s.i < vs.nr && !err; s.i++)
		err = nl_get_volume(&f->nl, vs.v[s.i].ctrl, vs.v[s.i].name,
				    same_volume, &s);
	if (!err && !vs.held) {
		env_log("the volume in use is gone, or is not in use");
		err = -ENOENT;
	}
	return err;
}

FIXTURE(netlink)
{
	struct fuzz f;
};

FIXTURE_SETUP(netlink)
{
	const char *ctrl = getenv("NVDPA_CTRL"), *blocks = getenv("NVDPA_BLOCKS"),
		   *count = getenv("NVDPA_COUNT");
	struct fuzz *f = &self->f;

	ASSERT_NE(NULL, ctrl);
	ASSERT_NE(NULL, blocks);
	f->ctrl = ctrl;
	f->blocks = strtoull(blocks, NULL, 0);
	f->count = count ? strtoul(count, NULL, 0) : 100000;
	f->seed = env_seed(env_now_ms());
	/* Else two that are close would draw the same numbers a bit later. */
	f->random = f->seed << 32;
	ASSERT_EQ(0, nl_open(&f->nl, 0));
	ASSERT_EQ(0, nl_open(&f->listener, 0));
}

FIXTURE_TEARDOWN(netlink)
{
	nl_close(&self->f.listener);
	nl_close(&self->f.nl);
}

static void listen_to_events(struct __test_metadata *_metadata, struct fuzz *f)
{
	int group = f->listener.events;

	ASSERT_LT(0, group);
	ASSERT_EQ(0, nl_option(&f->listener, NETLINK_ADD_MEMBERSHIP, group));
}

/* Too many at once are lost, as the kernel says. */
static void take_events(struct __test_metadata *_metadata, struct fuzz *f)
{
	const struct genlmsghdr *g = (void *)(f->listener.reply + NLMSG_HDRLEN);
	ssize_t len;

	for (;;) {
		len = recv(f->listener.fd, f->listener.reply, f->listener.room,
			   MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			break;
		ASSERT_TRUE(len > 0 || errno == ENOBUFS);
		if (len < 0)
			continue;
		ASSERT_GE(NVME_VDPA_CMD_MAX, g->cmd);
		f->events[g->cmd]++;
	}
}

/* How much the kernel says of what is wrong, and how strictly it looks. */
static void other_options(struct __test_metadata *_metadata, struct fuzz *f)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK,
				       NETLINK_GET_STRICT_CHK };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		ASSERT_EQ(0, nl_option(&f->nl, options[i], below(f, 2)));
}

/* NULL for what nobody can ask, or is no whole message. */
static struct asked *find_asked(struct fuzz *f)
{
	const struct nlmsghdr *h = (void *)f->m.data;
	const struct genlmsghdr *g = NLMSG_DATA(h);
	bool dump = (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	unsigned int i;

	if (f->m.len < NLMSG_HDRLEN + GENL_HDRLEN)
		return NULL;
	for (i = 0; i < NR_ASKED; i++)
		if (f->asked[i].cmd == g->cmd && f->asked[i].dump == dump)
			return &f->asked[i];
	return NULL;
}

/* Of all there is to ask, the kernel has done and refused some, again and again. */
static void check_asked(struct __test_metadata *_metadata, struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < NR_ASKED; i++) {
		const struct asked *a = &f->asked[i];

		printf("# %s: %lu accepted, %lu refused\n", a->name, a->accepted,
		       a->refused);
		EXPECT_LT(0, a->accepted);
		EXPECT_LT(0, a->refused);
	}
	memcpy(f->asked, all_asked, sizeof(all_asked));
}

static void check_events(struct __test_metadata *_metadata, struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all_events); i++) {
		EXPECT_LT(0, f->events[all_events[i]])
			TH_LOG("no event %u", i);
	}
}

static void fuzz_one(struct __test_metadata *_metadata, struct fuzz *f)
{
	bool answered = make_message(f);
	struct asked *asked = find_asked(f);
	int err;

	/* A message of no byte is no message. */
	if (!f->m.len)
		return;
	ASSERT_EQ(0, nl_send(&f->nl, &f->m));
	if (!answered) {
		ASSERT_EQ(0, nl_silent(&f->nl));
		return;
	}
	err = nl_answer(&f->nl, NULL, NULL);
	ASSERT_NE(-ETIMEDOUT, err);
	ASSERT_NE(-EPROTO, err);
	f->accepted += err >= 0;
	if (!asked)
		return;
	/* Nothing is wrong with it. */
	if (f->bare)
		ASSERT_LE(0, err);
	if (err >= 0)
		asked->accepted++;
	else
		asked->refused++;
}

TEST_F_TIMEOUT(netlink, random_messages, 300)
{
	struct fuzz *f = &self->f;
	unsigned long i;

	printf("# SEED=%llu\n", f->seed);
	fflush(stdout);
	listen_to_events(_metadata, f);
	memcpy(f->asked, all_asked, sizeof(all_asked));
	for (i = 0; i < f->count; i++) {
		if (i && i % (f->count / PARTS) == 0)
			check_asked(_metadata, f);
		if (i % 1024 == 0) {
			other_options(_metadata, f);
			ASSERT_EQ(0, check_volumes(f))
				TH_LOG("SEED=%llu, before message %lu", f->seed, i);
		}
		if (i % 64 == 0)
			take_events(_metadata, f);
		fuzz_one(_metadata, f);
	}
	ASSERT_EQ(0, check_volumes(f));
	printf("# %lu messages, %lu accepted\n", i, f->accepted);
	check_asked(_metadata, f);
	check_events(_metadata, f);
}

#define WORKERS 4U
#define ROUNDS 64U
/* So many that a dump takes several messages. */
#define FILLERS (WORKERS * ROUNDS)

/* Blocks of volume i of a worker; its own, so that nobody is in its way. */
static __u64 race_start(unsigned int worker, unsigned int i)
{
	return FILLERS * 8 + (worker * 2 + i) * 16;
}

static int race_expect(int err, const char *what, const char *name, int want)
{
	if (err == want)
		return 0;
	env_log("%s %s: %s, not %s", what, name, strerror(-err), strerror(-want));
	return err < 0 ? err : -EPROTO;
}

/* One that everybody fights for: any of these may happen. */
static int race_shared(struct nl *n, const char *ctrl)
{
	int err = nl_new_volume(n, ctrl, "shared",
				race_start(WORKERS, 0), 16);

	if (err && err != -EEXIST)
		return err;
	err = nl_get_volume(n, ctrl, "shared", NULL, NULL);
	if (err && err != -ENOENT)
		return err;
	err = nl_del_volume(n, ctrl, "shared");
	return err == -ENOENT ? 0 : err;
}

/* From one volume to the other and back: one of them is there at any time. */
static int race_move(struct nl *n, const char *ctrl, unsigned int worker,
		     unsigned int to)
{
	char name[2][16];
	unsigned int i;
	int err;

	for (i = 0; i < 2; i++)
		snprintf(name[i], sizeof(name[i]), "w%u-%u", worker, i);
	err = race_expect(nl_new_volume(n, ctrl, name[to],
					race_start(worker, to), 16),
			  "new", name[to], 0);
	if (!err)
		err = race_expect(nl_new_volume(n, ctrl, name[to],
						race_start(worker, to), 16),
				  "second", name[to], -EEXIST);
	if (!err)
		err = race_expect(nl_del_volume(n, ctrl, name[!to]), "del",
				  name[!to], 0);
	if (!err)
		err = race_expect(nl_get_volume(n, ctrl, name[!to], NULL, NULL),
				  "get", name[!to], -ENOENT);
	return err ? err : race_shared(n, ctrl);
}

/* From the begin of the list to its end: a dump would miss one, or have one twice. */
static int race_refresh(struct nl *n, const char *ctrl, unsigned int filler)
{
	char name[16];
	int err;

	snprintf(name, sizeof(name), "x%u", filler);
	err = race_expect(nl_del_volume(n, ctrl, name), "del", name, 0);
	return err ? err : race_expect(nl_new_volume(n, ctrl, name, filler * 8, 8),
				       "new", name, 0);
}

static int race_worker(const char *ctrl, unsigned int worker)
{
	struct nl n;
	unsigned int i;
	int err = nl_open(&n, 0);

	for (i = 0; i < ROUNDS && !err; i++) {
		err = race_move(&n, ctrl, worker, !(i % 2));
		if (!err)
			err = race_refresh(&n, ctrl, i * WORKERS + worker);
	}
	return err;
}

struct race_seen {
	unsigned int nr[WORKERS];	/* of the volumes of each worker */
	unsigned int fillers;
	bool filler[FILLERS];
	bool twice;			/* one of them */
};

static int race_see(void *arg, const struct nl_object *o)
{
	const char *name = nl_string(o, NVME_VDPA_A_VOLUME_NAME);
	struct race_seen *seen = arg;
	unsigned int i;

	if (sscanf(name, "w%u-", &i) == 1 && i < WORKERS)
		seen->nr[i]++;
	if (sscanf(name, "x%u", &i) != 1 || i >= FILLERS)
		return 0;
	seen->twice = seen->twice || seen->filler[i];
	seen->filler[i] = true;
	seen->fillers++;
	return 0;
}

/* 1 for a dump that the kernel itself calls inconsistent. */
static int race_dump(struct nl *n)
{
	struct race_seen seen = {};
	unsigned int i;
	int err = nl_dump_volumes(n, race_see, &seen);

	if (err)
		return err;
	for (i = 0; i < WORKERS; i++) {
		if (seen.nr[i] == 1 || seen.nr[i] == 2)
			continue;
		env_log("worker %u has %u volumes", i, seen.nr[i]);
		return -EPROTO;
	}
	/* Each worker takes away one at a time. */
	if (!seen.twice && seen.fillers >= FILLERS - WORKERS)
		return 0;
	env_log("%u of %u fillers%s", seen.fillers, FILLERS,
		seen.twice ? ", one twice" : "");
	return -EPROTO;
}

static void race_prepare(struct __test_metadata *_metadata, struct fuzz *f)
{
	char name[16];
	unsigned int i;

	ASSERT_LT(race_start(WORKERS + 1, 0), f->blocks);
	for (i = 0; i < FILLERS; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		ASSERT_EQ(0, nl_new_volume(&f->nl, f->ctrl, name, i * 8, 8));
	}
	for (i = 0; i < WORKERS; i++) {
		snprintf(name, sizeof(name), "w%u-0", i);
		ASSERT_EQ(0, nl_new_volume(&f->nl, f->ctrl, name,
					   race_start(i, 0), 16));
	}
}

static void race_clean(struct __test_metadata *_metadata, struct fuzz *f)
{
	char name[16];
	unsigned int i;

	for (i = 0; i < FILLERS; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		ASSERT_EQ(0, nl_del_volume(&f->nl, f->ctrl, name));
	}
	for (i = 0; i < WORKERS; i++) {
		snprintf(name, sizeof(name), "w%u-%u", i, ROUNDS % 2);
		ASSERT_EQ(0, nl_del_volume(&f->nl, f->ctrl, name))
			TH_LOG("%s is lost", name);
	}
}

/* No volume is lost, and whoever asks in between sees one state or another. */
TEST_F_TIMEOUT(netlink, many_at_once, 120)
{
	struct fuzz *f = &self->f;
	unsigned int i, dumps = 0, interrupted = 0;
	struct nl slow;
	pid_t pid[WORKERS];
	int err, status;

	race_prepare(_metadata, f);
	ASSERT_EQ(0, nl_open(&slow, MEM_PAGE));
	for (i = 0; i < WORKERS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			_exit(race_worker(f->ctrl, i) ? 1 : 0);
	}
	for (i = 0; i < WORKERS; i++) {
		while (waitpid(pid[i], &status, WNOHANG) == 0) {
			err = race_dump(&slow);
			ASSERT_LE(0, err);
			dumps++;
			interrupted += err;
		}
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(0, race_dump(&slow));
	nl_close(&slow);
	printf("# %u dumps, %u interrupted\n", dumps, interrupted);
	race_clean(_metadata, f);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Pins tools/nvdpa/ipc.c: what it makes of messages, which are canned here in the place
 * of a kernel's. A program of its own, as the others have fake_ipc.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "err.h"
#include "ipc.h"
#include "tap.h"

#define CTRL "pci/0000:01:00.0"
#define FAMILY 0x20
#define CANNED_MAX 64
#define CANNED_BYTES 4096
/* Ends the list: nothing comes any more. */
#define SILENCE (-NLE_FAILURE)

/* By the linker's --wrap. */
int __wrap_genl_connect(struct nl_sock *sock);
int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name);
int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sock, const char *family,
				 const char *group);
int __wrap_nl_socket_add_membership(struct nl_sock *sock, int group);
int __wrap_nl_send_auto(struct nl_sock *sock, struct nl_msg *msg);
int __wrap_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb);
int __wrap_nl_recvmsgs_default(struct nl_sock *sock);
int __real_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb);

/* What is received, in one go each. */
static struct canned {
	_Alignas(8) uint8_t bytes[CANNED_BYTES];
	size_t length;
	/* What receiving fails with. */
	int err;
} canned[CANNED_MAX];
static unsigned int nr_canned, nr_received;

/* The last question. */
static struct nl_msg *asked;
static uint32_t sequence;
static bool absent;

int __wrap_genl_connect(struct nl_sock *sock)
{
	return 0;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	return absent ? -NLE_OBJ_NOTFOUND : FAMILY;
}

int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sock, const char *family,
				 const char *group)
{
	return 1;
}

int __wrap_nl_socket_add_membership(struct nl_sock *sock, int group)
{
	return 0;
}

int __wrap_nl_send_auto(struct nl_sock *sock, struct nl_msg *msg)
{
	nl_complete_msg(sock, msg);
	sequence = nlmsg_hdr(msg)->nlmsg_seq;
	nlmsg_free(asked);
	asked = msg;
	nlmsg_get(msg);
	return (int)nlmsg_hdr(msg)->nlmsg_len;
}

/* It is the caller's to free. */
static int receive(struct nl_sock *sock, struct sockaddr_nl *from,
		   unsigned char **bytes, struct ucred **creds)
{
	struct canned *next = &canned[nr_received];
	struct nlmsghdr *header;
	size_t at;

	if (nr_received == nr_canned)
		return SILENCE;
	nr_received++;
	if (next->err)
		return next->err;
	*bytes = malloc(next->length);
	memcpy(*bytes, next->bytes, next->length);
	for (at = 0; at + NLMSG_HDRLEN <= next->length;
	     at += NLMSG_ALIGN(header->nlmsg_len)) {
		header = (struct nlmsghdr *)(*bytes + at);
		header->nlmsg_seq = sequence;
		if (header->nlmsg_len < NLMSG_HDRLEN)
			break;
	}
	memset(from, 0, sizeof(*from));
	return (int)next->length;
}

int __wrap_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb)
{
	nl_cb_overwrite_recv(cb, receive);
	return __real_nl_recvmsgs(sock, cb);
}

int __wrap_nl_recvmsgs_default(struct nl_sock *sock)
{
	struct nl_cb *cb = nl_socket_get_cb(sock);
	int err = __wrap_nl_recvmsgs(sock, cb);

	nl_cb_put(cb);
	return err;
}

/* Canning */

static void begin(void)
{
	nr_canned = nr_received = 0;
	absent = false;
	err_clear();
}

static void end(void)
{
	ipc_close();
	nlmsg_free(asked);
	asked = NULL;
	err_clear();
}

static struct canned *more(void)
{
	memset(&canned[nr_canned], 0, sizeof(canned[0]));
	return &canned[nr_canned++];
}

static struct nlmsghdr *header_of(struct canned *can)
{
	return (struct nlmsghdr *)can->bytes;
}

static void grow(struct canned *can, const void *data, size_t bytes)
{
	if (bytes)
		memcpy(can->bytes + can->length, data, bytes);
	can->length += NLMSG_ALIGN(bytes);
	header_of(can)->nlmsg_len = can->length;
}

/* A message of the family's. */
static struct canned *answer(uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = 1 };
	struct canned *can = more();

	can->length = NLMSG_HDRLEN;
	header_of(can)->nlmsg_type = FAMILY;
	header_of(can)->nlmsg_flags = flags;
	grow(can, &genl, sizeof(genl));
	return can;
}

static void put(struct canned *can, uint16_t type, const void *data, size_t bytes)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + bytes, .nla_type = type };

	grow(can, &attr, sizeof(attr));
	grow(can, data, bytes);
}

static void put_text(struct canned *can, uint16_t type, const char *text)
{
	put(can, type, text, strlen(text) + 1);
}

static void put_number(struct canned *can, uint16_t type, uint32_t number)
{
	put(can, type, &number, sizeof(number));
}

static void put_long(struct canned *can, uint16_t type, uint64_t number)
{
	put(can, type, &number, sizeof(number));
}

/* The end of an answer, or the refusal of a question, which attributes follow. */
static struct canned *refuse(int err, uint16_t flags)
{
	struct nlmsgerr nlerr = { .error = -err };
	struct canned *can = more();

	can->length = NLMSG_HDRLEN;
	header_of(can)->nlmsg_type = NLMSG_ERROR;
	header_of(can)->nlmsg_flags = flags;
	nlerr.msg.nlmsg_len = NLMSG_HDRLEN;
	grow(can, &nlerr, sizeof(nlerr));
	return can;
}

static struct canned *done(int err, uint16_t flags)
{
	struct canned *can = more();
	int value = -err;

	can->length = NLMSG_HDRLEN;
	header_of(can)->nlmsg_type = NLMSG_DONE;
	header_of(can)->nlmsg_flags = NLM_F_MULTI | flags;
	grow(can, &value, sizeof(value));
	return can;
}

static void answer_ctrl(uint8_t cmd, uint16_t flags, const char *name)
{
	struct canned *can = answer(cmd, flags);

	put_text(can, NVME_VDPA_A_CTRL_NAME, name);
	put_number(can, NVME_VDPA_A_CTRL_STATE, NVME_VDPA_CTRL_STATE_DEAD);
	put_number(can, NVME_VDPA_A_CTRL_NR_QPAIRS, 7);
	put_number(can, NVME_VDPA_A_CTRL_NR_SHARING, 5);
}

static void answer_volume(uint16_t flags, const char *ctrl, const char *name)
{
	struct canned *can = answer(NVME_VDPA_CMD_VOLUME_GET, flags);

	put_text(can, NVME_VDPA_A_VOLUME_CTRL, ctrl);
	put_text(can, NVME_VDPA_A_VOLUME_NAME, name);
	put_long(can, NVME_VDPA_A_VOLUME_NR_LBAS, 1ull << 40);
	put_number(can, NVME_VDPA_A_VOLUME_START, 2048);
}

static void said(const char *words)
{
	EXPECT(strstr(err_get()->message, words));
	if (!strstr(err_get()->message, words))
		tap_fail(__FILE__, __LINE__, err_get()->message);
}

TEST(ipc, numbers_of_any_width)
{
	struct volume volume;

	begin();
	answer_volume(0, CTRL, "vm1");
	put(&canned[0], NVME_VDPA_A_VOLUME_READ_ONLY, &(uint8_t){ 1 }, 1);
	refuse(0, 0);
	EXPECT_EQ(ipc_volume_get(CTRL, "vm1", &volume), 0);
	EXPECT(!strcmp(volume.ctrl, CTRL) && !strcmp(volume.name, "vm1"));
	EXPECT_EQ(volume.nr_lbas, 1ull << 40);
	EXPECT_EQ(volume.start_lba, 2048);
	EXPECT(volume.read_only);
	/* What is not told. */
	EXPECT_EQ(volume.nr_queues, 0);
	EXPECT(!*volume.serial && !*volume.used_by);
	EXPECT_EQ(nr_received, 2);
	end();
}

/* Of a newer kernel, or a broken one. */
TEST(ipc, what_is_odd)
{
	char text[200];
	struct canned *can;
	struct ctrl ctrl;

	begin();
	memset(text, 'x', sizeof(text));
	can = answer(NVME_VDPA_CMD_CTRL_GET, 0);
	put(can, NVME_VDPA_A_CTRL_NAME, text, sizeof(text));
	put(can, NVME_VDPA_A_CTRL_STATE, "abc", 3);
	put_text(can, NVME_VDPA_A_CTRL_MAX + 1, "new");
	put(can, NVME_VDPA_A_CTRL_SERIAL, NULL, 0);
	put(can, NVME_VDPA_A_CTRL_VOLATILE_CACHE, NULL, 0);
	refuse(0, 0);
	EXPECT_EQ(ipc_ctrl_get(CTRL, &ctrl), 0);
	EXPECT_EQ(strlen(ctrl.name), sizeof(ctrl.name) - 1);
	EXPECT_EQ(ctrl.state, 0);
	EXPECT(!*ctrl.serial && ctrl.volatile_cache);
	end();
	/* An attribute that is longer than its message. */
	begin();
	answer_ctrl(NVME_VDPA_CMD_CTRL_GET, 0, CTRL);
	((struct nlattr *)(canned[0].bytes + NLMSG_HDRLEN + GENL_HDRLEN))->nla_len = 4000;
	refuse(0, 0);
	EXPECT_EQ(ipc_ctrl_get(CTRL, &ctrl), 0);
	EXPECT(!*ctrl.name);
	end();
}

TEST(ipc, the_kernels_reason)
{
	/* The second attribute of the question, behind that of the controller. */
	uint32_t offset = NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(NLA_HDRLEN + sizeof(CTRL));
	struct canned *can;

	begin();
	can = refuse(EBUSY, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	put_text(can, NLMSGERR_ATTR_MSG, "in use");
	put_number(can, NLMSGERR_ATTR_OFFS, offset);
	EXPECT_EQ(ipc_volume_del(CTRL, "vm1"), -EBUSY);
	said("volume vm1 on " CTRL ": in use");
	EXPECT(!strcmp(err_get()->attribute, "name"));
	end();
	begin();
	can = refuse(EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	put_number(can, NLMSGERR_ATTR_MISS_TYPE, NVME_VDPA_A_VOLUME_NSID);
	EXPECT_EQ(ipc_volume_del(CTRL, "vm1"), -EINVAL);
	EXPECT(!strcmp(err_get()->attribute, "nsid"));
	said(strerror(EINVAL));
	end();
	/* With the question in it, as kernels without NETLINK_CAP_ACK send it. */
	begin();
	can = refuse(ERANGE, NLM_F_ACK_TLVS);
	((struct nlmsgerr *)(can->bytes + NLMSG_HDRLEN))->msg.nlmsg_len = NLMSG_HDRLEN + 32;
	grow(can, (uint8_t[32]){}, 32);
	put_text(can, NLMSGERR_ATTR_MSG, "too much");
	EXPECT_EQ(ipc_volume_del(CTRL, "vm1"), -ERANGE);
	said("too much");
	end();
}

TEST(ipc, a_refusal_without_a_reason)
{
	struct canned *can;
	struct ctrl ctrl;

	begin();
	refuse(EPERM, NLM_F_CAPPED);
	EXPECT_EQ(ipc_volume_del(CTRL, "vm1"), -EPERM);
	said("run it as root");
	end();
	/* No text, an attribute of nothing, one that is none, one beyond the end. */
	begin();
	can = refuse(EOPNOTSUPP, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	put(can, NLMSGERR_ATTR_MSG, "abc", 3);
	put_number(can, NLMSGERR_ATTR_OFFS, 0xfffffff0);
	EXPECT_EQ(ipc_volume_del(CTRL, "vm1"), -EOPNOTSUPP);
	said("too old");
	EXPECT(!*err_get()->attribute);
	end();
	begin();
	can = refuse(EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	put(can, NLMSGERR_ATTR_OFFS, "a", 1);
	put_number(can, NLMSGERR_ATTR_MISS_TYPE, 0xffffffff);
	put(can, NLMSGERR_ATTR_MSG, NULL, 0);
	EXPECT_EQ(ipc_volume_del(CTRL, "vm1"), -EINVAL);
	EXPECT(!*err_get()->attribute);
	end();
	begin();
	can = refuse(ENODEV, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	put_text(can, NLMSGERR_ATTR_MSG, "no controller");
	EXPECT_EQ(ipc_ctrl_get(CTRL, &ctrl), -ENODEV);
	said(CTRL ": no controller; nvdpa ctrl attach");
	end();
}

TEST(ipc, a_list)
{
	struct volume *list;
	size_t count;

	begin();
	answer_volume(NLM_F_MULTI, CTRL, "a");
	answer_volume(NLM_F_MULTI, "pci/other", "b");
	answer_volume(NLM_F_MULTI, CTRL, "c");
	done(0, 0);
	EXPECT_EQ(ipc_volume_list(CTRL, &list, &count), 0);
	EXPECT_EQ(count, 2);
	EXPECT(!strcmp(list[0].name, "a") && !strcmp(list[1].name, "c"));
	free(list);
	end();
	begin();
	done(0, 0);
	EXPECT_EQ(ipc_volume_list(NULL, &list, &count), 0);
	EXPECT_EQ(count, 0);
	free(list);
	end();
}

/* What was told until then counts for nothing. */
TEST(ipc, a_list_that_ends_badly)
{
	struct volume *list;
	struct canned *can;
	size_t count;

	begin();
	answer_volume(NLM_F_MULTI, CTRL, "a");
	can = done(EINVAL, NLM_F_ACK_TLVS);
	put_text(can, NLMSGERR_ATTR_MSG, "no attributes");
	EXPECT_EQ(ipc_volume_list(NULL, &list, &count), -EINVAL);
	said("no attributes");
	end();
	begin();
	answer_volume(NLM_F_MULTI, CTRL, "a");
	EXPECT_EQ(ipc_volume_list(NULL, &list, &count), -EIO);
	said("cannot list");
	end();
}

TEST(ipc, a_list_that_changes)
{
	struct volume *list;
	size_t count, i;

	begin();
	answer_volume(NLM_F_MULTI, CTRL, "old");
	done(0, NLM_F_DUMP_INTR);
	answer_volume(NLM_F_MULTI, CTRL, "a");
	answer_volume(NLM_F_MULTI, CTRL, "b");
	done(0, 0);
	EXPECT_EQ(ipc_volume_list(NULL, &list, &count), 0);
	EXPECT_EQ(count, 2);
	EXPECT(!strcmp(list[0].name, "a"));
	free(list);
	end();
	begin();
	for (i = 0; i < 40; i++)
		done(0, NLM_F_DUMP_INTR);
	EXPECT_EQ(ipc_volume_list(NULL, &list, &count), -EAGAIN);
	said("32 tries");
	EXPECT_EQ(nr_received, 32);
	end();
}

TEST(ipc, one_of_a_name)
{
	struct volume volume;

	begin();
	answer_volume(NLM_F_MULTI, CTRL, "a");
	answer_volume(NLM_F_MULTI, "pci/other", "a");
	done(0, 0);
	EXPECT_EQ(ipc_volume_find(NULL, "a", &volume), -ENOTUNIQ);
	said("on " CTRL " and on pci/other");
	end();
	begin();
	answer_volume(NLM_F_MULTI, CTRL, "a");
	done(0, 0);
	EXPECT_EQ(ipc_volume_find(NULL, "b", &volume), -ENOENT);
	end();
}

static void put_latency(struct canned *can, uint32_t type, uint32_t scope,
			size_t buckets)
{
	uint64_t counts[LATENCY_BUCKETS + 1] = { 5 };
	uint8_t *nest = can->bytes + can->length;

	put(can, NVME_VDPA_A_STATS_LATENCY, NULL, 0);
	put_number(can, NVME_VDPA_A_LATENCY_TYPE, type);
	put_number(can, NVME_VDPA_A_LATENCY_SCOPE, scope);
	put_long(can, NVME_VDPA_A_LATENCY_SUM, 1000);
	put(can, NVME_VDPA_A_LATENCY_BUCKETS, counts, buckets * sizeof(*counts));
	((struct nlattr *)nest)->nla_len = can->bytes + can->length - nest;
}

TEST(ipc, statistics)
{
	struct stats *list;
	struct canned *can;
	size_t count;

	begin();
	can = answer(NVME_VDPA_CMD_STATS_GET, NLM_F_MULTI);
	put_text(can, NVME_VDPA_A_STATS_NAME, "vm1");
	put_long(can, NVME_VDPA_A_STATS_READS, 1ull << 33);
	put_number(can, NVME_VDPA_A_STATS_DEFERRED, 9);
	put_latency(can, NVME_VDPA_LATENCY_TYPE_WRITE, 1, LATENCY_BUCKETS);
	/* More buckets than there are, and histograms of nothing. */
	put_latency(can, NVME_VDPA_LATENCY_TYPE_READ, 0, LATENCY_BUCKETS + 1);
	put_latency(can, LATENCY_TYPES, 0, LATENCY_BUCKETS);
	put_latency(can, 0, 0xffffffff, LATENCY_BUCKETS);
	can = answer(NVME_VDPA_CMD_STATS_GET, NLM_F_MULTI);
	put_number(can, NVME_VDPA_A_STATS_QUEUE, 3);
	done(0, 0);
	EXPECT_EQ(ipc_stats_list(&list, &count), 0);
	EXPECT_EQ(count, 2);
	EXPECT_EQ(list[0].counters[STATS_READS], 1ull << 33);
	EXPECT_EQ(list[0].counters[STATS_DEFERRED], 9);
	EXPECT_EQ(list[0].latency[1][1].buckets[0], 5);
	EXPECT_EQ(list[0].latency[1][1].sum_ns, 1000);
	EXPECT_EQ(list[0].latency[0][0].sum_ns, 1000);
	EXPECT_EQ(list[0].latency[0][0].buckets[0], 0);
	EXPECT(!list[0].is_queue && list[1].is_queue && list[1].queue == 3);
	free(list);
	end();
}

/* What is asked. */
TEST(ipc, a_change)
{
	const struct volume volume = {
		.ctrl = CTRL, .name = "vm1", .nsid = 2, .start_lba = 2048,
		.nr_lbas = 1ull << 32, .read_only = true, .serial = "s",
	};
	struct nlattr *attrs[NVME_VDPA_A_VOLUME_MAX + 1];

	begin();
	refuse(0, 0);
	EXPECT_EQ(ipc_volume_set(&volume, VOLUME_START | VOLUME_NR_LBAS | VOLUME_READ_ONLY), 0);
	EXPECT(nlmsg_hdr(asked)->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK));
	EXPECT_EQ(((struct genlmsghdr *)nlmsg_data(nlmsg_hdr(asked)))->cmd,
		  NVME_VDPA_CMD_VOLUME_SET);
	EXPECT_EQ(genlmsg_parse(nlmsg_hdr(asked), 0, attrs, NVME_VDPA_A_VOLUME_MAX, NULL), 0);
	EXPECT(!strcmp(nla_get_string(attrs[NVME_VDPA_A_VOLUME_CTRL]), CTRL));
	EXPECT_EQ(nla_get_u32(attrs[NVME_VDPA_A_VOLUME_START]), 2048);
	EXPECT_EQ(nla_len(attrs[NVME_VDPA_A_VOLUME_NR_LBAS]), sizeof(uint64_t));
	EXPECT_EQ(nla_get_u64(attrs[NVME_VDPA_A_VOLUME_NR_LBAS]), 1ull << 32);
	EXPECT_EQ(nla_get_u8(attrs[NVME_VDPA_A_VOLUME_READ_ONLY]), 1);
	EXPECT(!attrs[NVME_VDPA_A_VOLUME_NSID] && !attrs[NVME_VDPA_A_VOLUME_SERIAL]);
	end();
}

TEST(ipc, no_module)
{
	struct volume *list;
	size_t count;

	begin();
	absent = true;
	EXPECT(!ipc_present());
	EXPECT(!err_get()->err);
	EXPECT_EQ(ipc_volume_list(NULL, &list, &count), -ENOENT);
	said("modprobe nvme_vdpa");
	end();
}

static struct event events[CANNED_MAX];
static unsigned int nr_events;

static int take_event(const struct event *event, void *data)
{
	events[nr_events++] = *event;
	return 0;
}

static void notify_aer(uint32_t type, uint32_t info, uint32_t page)
{
	struct canned *can = answer(NVME_VDPA_CMD_CTRL_AER_NTF, 0);

	put_text(can, NVME_VDPA_A_CTRL_NAME, CTRL);
	put_number(can, NVME_VDPA_A_CTRL_AER_TYPE, type);
	put_number(can, NVME_VDPA_A_CTRL_AER_INFO, info);
	put_number(can, NVME_VDPA_A_CTRL_AER_LOG_PAGE, page);
}

static void notify_media(void)
{
	struct canned *can = answer(NVME_VDPA_CMD_MEDIA_ERROR_NTF, 0);

	put_text(can, NVME_VDPA_A_MEDIA_CTRL, CTRL);
	put_number(can, NVME_VDPA_A_MEDIA_NSID, 1);
	put_long(can, NVME_VDPA_A_MEDIA_LBA, 1ULL << 33);
	put_number(can, NVME_VDPA_A_MEDIA_NR_LBAS, 8);
	put_number(can, NVME_VDPA_A_MEDIA_STATUS, 0x281);
	put_number(can, NVME_VDPA_A_MEDIA_MISSED, 3);
}

/* As the family of families tells it. */
static void notify_unload(const char *family)
{
	struct canned *can = answer(CTRL_CMD_DELFAMILY, 0);

	header_of(can)->nlmsg_type = GENL_ID_CTRL;
	put_text(can, CTRL_ATTR_FAMILY_NAME, family);
}

TEST(ipc, events)
{
	static const enum event_kind want[] = {
		EVENT_CTRL_ADD, EVENT_CTRL_CHANGE, EVENT_CTRL_AER, EVENT_MEDIA_ERROR,
		EVENT_LOST,
		EVENT_VOLUME_ADD, EVENT_VOLUME_CHANGE, EVENT_VOLUME_DEL, EVENT_CTRL_DEL,
	};
	static const uint8_t changes[] = {
		NVME_VDPA_CMD_VOLUME_ADD_NTF, NVME_VDPA_CMD_VOLUME_CHANGE_NTF,
		NVME_VDPA_CMD_VOLUME_DEL_NTF,
	};
	size_t i;

	begin();
	nr_events = 0;
	answer_ctrl(NVME_VDPA_CMD_CTRL_ADD_NTF, 0, CTRL);
	/* Somebody else's, a newer kernel's, and of another family that went. */
	header_of(answer(NVME_VDPA_CMD_CTRL_ADD_NTF, 0))->nlmsg_type = FAMILY + 1;
	answer(NVME_VDPA_CMD_MAX + 1, 0);
	notify_unload("other");
	answer_ctrl(NVME_VDPA_CMD_CTRL_CHANGE_NTF, 0, CTRL);
	notify_aer(2, 0, 4);
	notify_media();
	/* What ENOBUFS becomes, and a signal. */
	more()->err = -NLE_NOMEM;
	more()->err = -NLE_INTR;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		answer_volume(0, CTRL, "vm1");
		((struct genlmsghdr *)(canned[nr_canned - 1].bytes + NLMSG_HDRLEN))->cmd =
			changes[i];
	}
	answer_ctrl(NVME_VDPA_CMD_CTRL_DEL_NTF, 0, CTRL);
	notify_unload(NVME_VDPA_FAMILY_NAME);
	answer_ctrl(NVME_VDPA_CMD_CTRL_ADD_NTF, 0, CTRL);
	EXPECT_EQ(ipc_monitor(take_event, NULL), -ENODEV);
	said("was unloaded");
	EXPECT_EQ(nr_events, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++)
		EXPECT_EQ(events[i].kind, want[i]);
	EXPECT_EQ(events[0].ctrl.nr_qpairs, 7);
	EXPECT_EQ(events[0].ctrl.nr_sharing, 5);
	EXPECT_EQ(events[1].ctrl.state, NVME_VDPA_CTRL_STATE_DEAD);
	EXPECT_EQ(events[2].aer.type, 2);
	EXPECT_EQ(events[2].aer.log_page, 4);
	EXPECT(!strcmp(events[2].ctrl.name, CTRL));
	EXPECT_EQ(events[3].media.lba, 1ull << 33);
	EXPECT_EQ(events[3].media.nr_lbas, 8);
	EXPECT_EQ(events[3].media.status, 0x281);
	EXPECT_EQ(events[3].media.missed, 3);
	EXPECT(!strcmp(events[3].media.used_by, ""));
	EXPECT_EQ(events[5].volume.nr_lbas, 1ull << 40);
	end();
	begin();
	EXPECT_EQ(ipc_monitor(take_event, NULL), -EIO);
	said("cannot receive events");
	end();
}

/* Messages of which any byte may be another: whatever comes of them, no harm. */
TEST(ipc, spoiled_messages)
{
	unsigned int i, j;
	struct stats *list;
	size_t count;

	for (i = 0; i < 2000; i++) {
		begin();
		answer_volume(NLM_F_MULTI, CTRL, "vm1");
		put_latency(&canned[0], 0, 0, LATENCY_BUCKETS);
		put_text(refuse(EINVAL, NLM_F_ACK_TLVS), NLMSGERR_ATTR_MSG, "reason");
		put_text(done(EINVAL, NLM_F_ACK_TLVS), NLMSGERR_ATTR_MSG, "reason");
		for (j = 1 + tap_below(8); j; j--) {
			struct canned *can = &canned[tap_below(nr_canned)];

			can->bytes[tap_below(can->length)] = (uint8_t)tap_random();
		}
		if (i & 1)
			canned[tap_below(nr_canned)].length -= tap_below(NLMSG_HDRLEN);
		if (!ipc_stats_list(&list, &count))
			free(list);
		end();
	}
}

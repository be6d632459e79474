// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "err.h"

/* A dump that changes keep interrupting is given up. */
#define DUMP_TRIES 32

/* For the statistics of a device, and for events that come in a crowd. */
#define MESSAGE_BYTES (256 * 1024)
#define EVENTS_BYTES (1024 * 1024)

static struct {
	struct nl_sock *sock;
	int family;
} ipc;

/* The names of attributes, as the spec has them, by number. */
static const char *const ctrl_attributes[] = {
	[NVME_VDPA_A_CTRL_NAME] = "name",
	[NVME_VDPA_A_CTRL_TIMEOUT] = "timeout",
};

static const char *const volume_attributes[] = {
	[NVME_VDPA_A_VOLUME_CTRL] = "ctrl",
	[NVME_VDPA_A_VOLUME_NAME] = "name",
	[NVME_VDPA_A_VOLUME_NSID] = "nsid",
	[NVME_VDPA_A_VOLUME_START] = "start",
	[NVME_VDPA_A_VOLUME_NR_LBAS] = "nr-lbas",
	[NVME_VDPA_A_VOLUME_SERIAL] = "serial",
	[NVME_VDPA_A_VOLUME_READ_ONLY] = "read-only",
	[NVME_VDPA_A_VOLUME_NR_QUEUES] = "nr-queues",
	[NVME_VDPA_A_VOLUME_QUEUE_SIZE] = "queue-size",
	[NVME_VDPA_A_VOLUME_WIPED] = "wiped",
};

/**
 * struct request - a question to the kernel
 * @msg: the message
 * @attributes: names of its attributes, by number
 * @nr_attributes: names there are
 * @subject: what it is about, for messages
 * @receive: called with each answer, or NULL: 0 or -errno
 * @data: for @receive
 * @err: -errno that came back
 * @done: the last answer came
 */
struct request {
	struct nl_msg *msg;
	const char *const *attributes;
	unsigned int nr_attributes;
	char subject[128];
	int (*receive)(struct nlmsghdr *header, void *data);
	void *data;
	int err;
	bool done;
};

/* The connection */

static int ipc_failed(int nlerr, const char *what)
{
	return err_set(EIO, NULL, "%s: %s", what, nl_geterror(nlerr));
}

static void ipc_set_option(struct nl_sock *sock, int option)
{
	int one = 1;

	/* A kernel that does not know it tells less, and works. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, option, &one, sizeof(one));
}

static struct nl_sock *ipc_connect(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	int err;

	if (!sock) {
		err_set(ENOMEM, NULL, "out of memory");
		return NULL;
	}
	err = genl_connect(sock);
	if (err) {
		ipc_failed(err, "cannot connect to the kernel's netlink");
		nl_socket_free(sock);
		return NULL;
	}
	ipc_set_option(sock, NETLINK_EXT_ACK);
	ipc_set_option(sock, NETLINK_CAP_ACK);
	ipc_set_option(sock, NETLINK_GET_STRICT_CHK);
	nl_socket_set_msg_buf_size(sock, MESSAGE_BYTES);
	return sock;
}

static int ipc_no_module(void)
{
	return err_set(ENOENT, NULL,
		       "the module nvme_vdpa is not loaded: modprobe nvme_vdpa");
}

static int ipc_open(void)
{
	if (ipc.sock)
		return 0;
	ipc.sock = ipc_connect();
	if (!ipc.sock)
		return -EIO;
	ipc.family = genl_ctrl_resolve(ipc.sock, NVME_VDPA_FAMILY_NAME);
	if (ipc.family >= 0)
		return 0;
	ipc_close();
	return ipc_no_module();
}

void ipc_close(void)
{
	nl_socket_free(ipc.sock);
	ipc.sock = NULL;
}

bool ipc_present(void)
{
	struct nl_sock *sock;
	int family;

	if (ipc.sock)
		return true;
	sock = nl_socket_alloc();
	if (!sock)
		return false;
	family = genl_connect(sock) ? -1 :
		 genl_ctrl_resolve(sock, NVME_VDPA_FAMILY_NAME);
	nl_socket_free(sock);
	return family >= 0;
}

/* What is wrong, as the kernel tells it */

/* The attribute of the request at this offset. */
static const char *request_attribute_at(const struct request *request,
					uint32_t offset)
{
	struct nlmsghdr *header = nlmsg_hdr(request->msg);
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, header, GENL_HDRLEN, left) {
		if ((uint32_t)((char *)attr - (char *)header) != offset)
			continue;
		if ((unsigned int)nla_type(attr) < request->nr_attributes)
			return request->attributes[nla_type(attr)];
	}
	return NULL;
}

static const char *request_attribute(const struct request *request,
				     struct nlattr **tlvs)
{
	struct nlattr *offset = tlvs[NLMSGERR_ATTR_OFFS];
	struct nlattr *missing = tlvs[NLMSGERR_ATTR_MISS_TYPE];

	if (offset && nla_len(offset) == sizeof(uint32_t))
		return request_attribute_at(request, nla_get_u32(offset));
	if (missing && nla_len(missing) == sizeof(uint32_t) &&
	    nla_get_u32(missing) < request->nr_attributes)
		return request->attributes[nla_get_u32(missing)];
	return NULL;
}

static const char *request_reason(int err)
{
	switch (-err) {
	case EPERM:
		return "not permitted: a change needs CAP_NET_ADMIN, so run it as root";
	case EOPNOTSUPP:
		return "the module nvme_vdpa is too old for this: load one of this tool's version";
	default:
		return strerror(-err);
	}
}

/* Record a refusal with the kernel's reason, which is in @tlvs of @length bytes. */
static void request_refused(struct request *request, int err,
			    struct nlattr *tlv, int length)
{
	struct nlattr *tlvs[NLMSGERR_ATTR_MAX + 1] = {}, *text;
	const char *reason = request_reason(err);

	if (length > 0)
		nla_parse(tlvs, NLMSGERR_ATTR_MAX, tlv, length, NULL);
	text = tlvs[NLMSGERR_ATTR_MSG];
	if (text && nla_len(text) && !nla_get_string(text)[nla_len(text) - 1])
		reason = nla_get_string(text);
	request->err = err_set(err, request_attribute(request, tlvs), "%s: %s",
			       request->subject, reason);
}

static int request_error(struct sockaddr_nl *from, struct nlmsgerr *nlerr,
			 void *data)
{
	struct nlmsghdr *header = (struct nlmsghdr *)((char *)nlerr - NLMSG_HDRLEN);
	uint64_t bytes = nlmsg_datalen(header), offset = sizeof(*nlerr);
	struct request *request = data;

	(void)from;
	/* The question, whose header is in there already. */
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += (uint64_t)nlerr->msg.nlmsg_len - NLMSG_HDRLEN;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || offset > bytes)
		offset = bytes;
	request_refused(request, nlerr->error,
			(struct nlattr *)((char *)nlerr + offset),
			(int)(bytes - offset));
	request->done = true;
	return NL_STOP;
}

static int request_ack(struct nl_msg *msg, void *data)
{
	struct request *request = data;

	(void)msg;
	request->done = true;
	return NL_STOP;
}

/* A dump ends with its errno. */
static int request_finish(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct request *request = data;
	int err = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(header), sizeof(err));
	if (err < 0)
		request_refused(request, err,
				(struct nlattr *)((char *)nlmsg_data(header) + sizeof(err)),
				nlmsg_datalen(header) - (int)sizeof(err));
	request->done = true;
	return NL_STOP;
}

static int request_answer(struct nl_msg *msg, void *data)
{
	struct request *request = data;

	if (request->receive && !request->err)
		request->err = request->receive(nlmsg_hdr(msg), request->data);
	return NL_OK;
}

/* Questions */

static int request_begin(struct request *request, uint8_t cmd, int flags)
{
	int err = ipc_open();

	if (err)
		return err;
	request->msg = nlmsg_alloc();
	if (!request->msg ||
	    !genlmsg_put(request->msg, NL_AUTO_PORT, NL_AUTO_SEQ, ipc.family, 0,
			 flags | NLM_F_REQUEST, cmd, NVME_VDPA_FAMILY_VERSION)) {
		nlmsg_free(request->msg);
		return err_set(ENOMEM, NULL, "out of memory");
	}
	return 0;
}

static int request_receive(struct request *request, struct nl_cb *cb)
{
	int err = nl_send_auto(ipc.sock, request->msg);

	request->err = 0;
	request->done = false;
	while (err >= 0 && !request->done)
		err = nl_recvmsgs(ipc.sock, cb);
	return err;
}

/* Ask, and hand out the answers; -EAGAIN: a dump was interrupted. */
static int request_send(struct request *request)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return err_set(ENOMEM, NULL, "out of memory");
	nl_cb_err(cb, NL_CB_CUSTOM, request_error, request);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, request_ack, request);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, request_finish, request);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, request_answer, request);
	err = request_receive(request, cb);
	nl_cb_put(cb);
	if (request->err)
		return request->err;
	if (err == -NLE_DUMP_INTR)
		return -EAGAIN;
	return err < 0 ? ipc_failed(err, request->subject) : 0;
}

static void request_end(struct request *request)
{
	nlmsg_free(request->msg);
}

/* Values */

static uint64_t attr_number(struct nlattr *attr)
{
	switch (attr ? nla_len(attr) : 0) {
	case sizeof(uint64_t):
		return nla_get_u64(attr);
	case sizeof(uint32_t):
		return nla_get_u32(attr);
	case sizeof(uint8_t):
		return nla_get_u8(attr);
	default:
		return 0;
	}
}

static int attrs_parse(struct nlmsghdr *header, struct nlattr **attrs, int max)
{
	if (genlmsg_parse(header, 0, attrs, max, NULL) >= 0)
		return 0;
	return err_set(EBADMSG, NULL, "the kernel's message is not understood");
}

static void attr_string(char *to, struct nlattr *attr, size_t size)
{
	*to = '\0';
	if (attr)
		nla_strlcpy(to, attr, size);
}

static int parse_ctrl(struct nlmsghdr *header, void *data)
{
	struct nlattr *attrs[NVME_VDPA_A_CTRL_MAX + 1];
	struct ctrl *ctrl = data;
	unsigned int i;

	if (attrs_parse(header, attrs, NVME_VDPA_A_CTRL_MAX))
		return -EBADMSG;
	attr_string(ctrl->name, attrs[NVME_VDPA_A_CTRL_NAME], sizeof(ctrl->name));
	attr_string(ctrl->model, attrs[NVME_VDPA_A_CTRL_MODEL], sizeof(ctrl->model));
	attr_string(ctrl->serial, attrs[NVME_VDPA_A_CTRL_SERIAL], sizeof(ctrl->serial));
	attr_string(ctrl->firmware, attrs[NVME_VDPA_A_CTRL_FIRMWARE],
		    sizeof(ctrl->firmware));
	ctrl->state = attr_number(attrs[NVME_VDPA_A_CTRL_STATE]);
	ctrl->nr_qpairs = attr_number(attrs[NVME_VDPA_A_CTRL_NR_QPAIRS]);
	ctrl->nr_free_qpairs = attr_number(attrs[NVME_VDPA_A_CTRL_NR_FREE_QPAIRS]);
	ctrl->nr_sharing = attr_number(attrs[NVME_VDPA_A_CTRL_NR_SHARING]);
	ctrl->queue_size = attr_number(attrs[NVME_VDPA_A_CTRL_QUEUE_SIZE]);
	ctrl->max_transfer_bytes = attr_number(attrs[NVME_VDPA_A_CTRL_MAX_TRANSFER]);
	ctrl->volatile_cache = attrs[NVME_VDPA_A_CTRL_VOLATILE_CACHE];
	ctrl->nr_namespaces = attr_number(attrs[NVME_VDPA_A_CTRL_NR_NAMESPACES]);
	ctrl->timeout_ms = attr_number(attrs[NVME_VDPA_A_CTRL_TIMEOUT]);
	for (i = 0; i < CTRL_NR_COUNTS; i++)
		ctrl->counts[i] = attr_number(attrs[NVME_VDPA_A_CTRL_BAD_COMPLETIONS + i]);
	return 0;
}

static int parse_health(struct nlmsghdr *header, void *data)
{
	struct nlattr *attrs[NVME_VDPA_A_HEALTH_MAX + 1];
	struct health *health = data;

	if (attrs_parse(header, attrs, NVME_VDPA_A_HEALTH_MAX))
		return -EBADMSG;
	attr_string(health->ctrl, attrs[NVME_VDPA_A_HEALTH_CTRL], sizeof(health->ctrl));
	health->known = attrs[NVME_VDPA_A_HEALTH_CRITICAL_WARNING];
	health->warning = attr_number(attrs[NVME_VDPA_A_HEALTH_CRITICAL_WARNING]);
	health->temperature_kelvin = attr_number(attrs[NVME_VDPA_A_HEALTH_TEMPERATURE]);
	health->spare_percent = attr_number(attrs[NVME_VDPA_A_HEALTH_AVAILABLE_SPARE]);
	health->spare_threshold_percent =
		attr_number(attrs[NVME_VDPA_A_HEALTH_SPARE_THRESHOLD]);
	health->used_percent = attr_number(attrs[NVME_VDPA_A_HEALTH_PERCENTAGE_USED]);
	return 0;
}

static int parse_media(struct nlmsghdr *header, struct media_error *media)
{
	struct nlattr *attrs[NVME_VDPA_A_MEDIA_MAX + 1];

	if (attrs_parse(header, attrs, NVME_VDPA_A_MEDIA_MAX))
		return -EBADMSG;
	attr_string(media->ctrl, attrs[NVME_VDPA_A_MEDIA_CTRL], sizeof(media->ctrl));
	attr_string(media->used_by, attrs[NVME_VDPA_A_MEDIA_USED_BY], sizeof(media->used_by));
	media->nsid = attr_number(attrs[NVME_VDPA_A_MEDIA_NSID]);
	media->lba = attr_number(attrs[NVME_VDPA_A_MEDIA_LBA]);
	media->nr_lbas = attr_number(attrs[NVME_VDPA_A_MEDIA_NR_LBAS]);
	media->opcode = attr_number(attrs[NVME_VDPA_A_MEDIA_OPCODE]);
	media->status = attr_number(attrs[NVME_VDPA_A_MEDIA_STATUS]);
	media->missed = attr_number(attrs[NVME_VDPA_A_MEDIA_MISSED]);
	return 0;
}

static int parse_ns(struct nlmsghdr *header, void *data)
{
	struct nlattr *attrs[NVME_VDPA_A_NS_MAX + 1];
	struct ns *ns = data;

	if (attrs_parse(header, attrs, NVME_VDPA_A_NS_MAX))
		return -EBADMSG;
	attr_string(ns->ctrl, attrs[NVME_VDPA_A_NS_CTRL], sizeof(ns->ctrl));
	attr_string(ns->refusal, attrs[NVME_VDPA_A_NS_REFUSAL], sizeof(ns->refusal));
	attr_string(ns->used_by, attrs[NVME_VDPA_A_NS_USED_BY], sizeof(ns->used_by));
	ns->nsid = attr_number(attrs[NVME_VDPA_A_NS_NSID]);
	ns->lba_size_bytes = attr_number(attrs[NVME_VDPA_A_NS_LBA_SIZE]);
	ns->nr_lbas = attr_number(attrs[NVME_VDPA_A_NS_NR_LBAS]);
	ns->granularity_lbas = attr_number(attrs[NVME_VDPA_A_NS_GRANULARITY]);
	ns->gone = attrs[NVME_VDPA_A_NS_GONE];
	return 0;
}

static int parse_volume(struct nlmsghdr *header, void *data)
{
	struct nlattr *attrs[NVME_VDPA_A_VOLUME_MAX + 1];
	struct volume *volume = data;

	if (attrs_parse(header, attrs, NVME_VDPA_A_VOLUME_MAX))
		return -EBADMSG;
	attr_string(volume->ctrl, attrs[NVME_VDPA_A_VOLUME_CTRL], sizeof(volume->ctrl));
	attr_string(volume->name, attrs[NVME_VDPA_A_VOLUME_NAME], sizeof(volume->name));
	attr_string(volume->serial, attrs[NVME_VDPA_A_VOLUME_SERIAL],
		    sizeof(volume->serial));
	attr_string(volume->used_by, attrs[NVME_VDPA_A_VOLUME_USED_BY],
		    sizeof(volume->used_by));
	volume->nsid = attr_number(attrs[NVME_VDPA_A_VOLUME_NSID]);
	volume->start_lba = attr_number(attrs[NVME_VDPA_A_VOLUME_START]);
	volume->nr_lbas = attr_number(attrs[NVME_VDPA_A_VOLUME_NR_LBAS]);
	volume->wiped_lbas = attr_number(attrs[NVME_VDPA_A_VOLUME_WIPED]);
	volume->nr_queues = attr_number(attrs[NVME_VDPA_A_VOLUME_NR_QUEUES]);
	volume->queue_size = attr_number(attrs[NVME_VDPA_A_VOLUME_QUEUE_SIZE]);
	volume->read_only = attr_number(attrs[NVME_VDPA_A_VOLUME_READ_ONLY]);
	return 0;
}

static void parse_latency(struct stats *stats, struct nlattr *nest)
{
	struct nlattr *attrs[NVME_VDPA_A_LATENCY_MAX + 1], *buckets;
	uint64_t type, scope;
	struct latency *latency;

	if (nla_parse_nested(attrs, NVME_VDPA_A_LATENCY_MAX, nest, NULL) < 0)
		return;
	type = attr_number(attrs[NVME_VDPA_A_LATENCY_TYPE]);
	scope = attr_number(attrs[NVME_VDPA_A_LATENCY_SCOPE]);
	buckets = attrs[NVME_VDPA_A_LATENCY_BUCKETS];
	if (type >= LATENCY_TYPES || scope >= LATENCY_SCOPES)
		return;
	latency = &stats->latency[type][scope];
	latency->sum_ns = attr_number(attrs[NVME_VDPA_A_LATENCY_SUM]);
	if (buckets && nla_len(buckets) == sizeof(latency->buckets))
		memcpy(latency->buckets, nla_data(buckets), sizeof(latency->buckets));
}

/* Latencies come one by one, and counters in their order. */
static void parse_stat(struct stats *stats, struct nlattr *attr)
{
	int type = nla_type(attr), counter = type - NVME_VDPA_A_STATS_READS;

	if (counter >= 0 && counter < STATS_NR_COUNTERS) {
		stats->counters[counter] = attr_number(attr);
		return;
	}
	switch (type) {
	case NVME_VDPA_A_STATS_CTRL:
		attr_string(stats->ctrl, attr, sizeof(stats->ctrl));
		break;
	case NVME_VDPA_A_STATS_NAME:
		attr_string(stats->name, attr, sizeof(stats->name));
		break;
	case NVME_VDPA_A_STATS_QUEUE:
		stats->is_queue = true;
		stats->queue = attr_number(attr);
		break;
	case NVME_VDPA_A_STATS_LATENCY:
		parse_latency(stats, attr);
		break;
	}
}

static int parse_stats(struct nlmsghdr *header, void *data)
{
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, header, GENL_HDRLEN, left)
		parse_stat(data, attr);
	return 0;
}

/* Lists */

/**
 * struct list - what a dump told
 * @elements: structs that begin with the name of their controller
 * @size: of one of them
 * @count: of them
 * @parse: makes one
 * @ctrl: only what is on this controller, or NULL
 */
struct list {
	void *elements;
	size_t size;
	size_t count;
	int (*parse)(struct nlmsghdr *header, void *element);
	const char *ctrl;
};

static int list_receive(struct nlmsghdr *header, void *data)
{
	struct list *list = data;
	char *element;
	int err;

	element = reallocarray(list->elements, list->count + 1, list->size);
	if (!element)
		return err_set(ENOMEM, NULL, "out of memory");
	list->elements = element;
	element += list->count * list->size;
	memset(element, 0, list->size);
	err = list->parse(header, element);
	if (!err && (!list->ctrl || !strcmp(list->ctrl, element)))
		list->count++;
	return err;
}

static int list_try(struct list *list, uint8_t cmd)
{
	struct request request = {
		.subject = "cannot list",
		.receive = list_receive,
		.data = list,
	};
	int err;

	err = request_begin(&request, cmd, NLM_F_DUMP);
	if (err)
		return err;
	err = request_send(&request);
	request_end(&request);
	return err;
}

/* Sets @elements and @count. */
static int list_dump(struct list *list, uint8_t cmd, void *elements, size_t *count)
{
	unsigned int tries = 0;
	int err;

	do {
		list->count = 0;
		err = list_try(list, cmd);
	} while (err == -EAGAIN && ++tries < DUMP_TRIES);
	if (err == -EAGAIN)
		err_set(EAGAIN, NULL,
			"cannot list: things changed during each of %d tries; try again",
			DUMP_TRIES);
	if (err) {
		free(list->elements);
		return err;
	}
	*(void **)elements = list->elements;
	*count = list->count;
	return 0;
}

int ipc_ctrl_list(struct ctrl **elements, size_t *count)
{
	struct list list = { .size = sizeof(**elements), .parse = parse_ctrl };

	return list_dump(&list, NVME_VDPA_CMD_CTRL_GET, elements, count);
}

int ipc_health_list(struct health **elements, size_t *count)
{
	struct list list = { .size = sizeof(**elements), .parse = parse_health };

	return list_dump(&list, NVME_VDPA_CMD_HEALTH_GET, elements, count);
}

int ipc_ns_list(const char *ctrl, struct ns **elements, size_t *count)
{
	struct list list = {
		.size = sizeof(**elements),
		.parse = parse_ns,
		.ctrl = ctrl,
	};

	return list_dump(&list, NVME_VDPA_CMD_NS_GET, elements, count);
}

int ipc_volume_list(const char *ctrl, struct volume **elements, size_t *count)
{
	struct list list = {
		.size = sizeof(**elements),
		.parse = parse_volume,
		.ctrl = ctrl,
	};

	return list_dump(&list, NVME_VDPA_CMD_VOLUME_GET, elements, count);
}

int ipc_stats_list(struct stats **elements, size_t *count)
{
	struct list list = { .size = sizeof(**elements), .parse = parse_stats };

	return list_dump(&list, NVME_VDPA_CMD_STATS_GET, elements, count);
}

/* Single objects */

/* Puts the attributes that name the volume. */
static int volume_begin(struct request *request, uint8_t cmd, const char *ctrl,
			const char *name)
{
	int err;

	request->attributes = volume_attributes;
	request->nr_attributes = sizeof(volume_attributes) / sizeof(*volume_attributes);
	snprintf(request->subject, sizeof(request->subject), "volume %s on %s",
		 name, ctrl);
	err = request_begin(request, cmd, NLM_F_ACK);
	if (err)
		return err;
	nla_put_string(request->msg, NVME_VDPA_A_VOLUME_CTRL, ctrl);
	nla_put_string(request->msg, NVME_VDPA_A_VOLUME_NAME, name);
	return 0;
}

/* Both sets of attributes begin with the controller. */
static int ctrl_begin(struct request *request, uint8_t cmd, const char *name)
{
	int err;

	_Static_assert((int)NVME_VDPA_A_HEALTH_CTRL == (int)NVME_VDPA_A_CTRL_NAME,
		       "a question about a controller begins with its name");
	request->attributes = ctrl_attributes;
	request->nr_attributes = sizeof(ctrl_attributes) / sizeof(*ctrl_attributes);
	snprintf(request->subject, sizeof(request->subject), "%s", name);
	err = request_begin(request, cmd, NLM_F_ACK);
	if (err)
		return err;
	nla_put_string(request->msg, NVME_VDPA_A_CTRL_NAME, name);
	return 0;
}

static int ctrl_ask(uint8_t cmd, const char *name, struct request *request)
{
	int err;

	err = ctrl_begin(request, cmd, name);
	if (err)
		return err;
	err = request_send(request);
	request_end(request);
	if (err == -ENODEV)
		err_suffix("; nvdpa ctrl attach takes one from the nvme driver");
	return err;
}

int ipc_ctrl_get(const char *name, struct ctrl *ctrl)
{
	struct request request = { .receive = parse_ctrl, .data = ctrl };

	memset(ctrl, 0, sizeof(*ctrl));
	return ctrl_ask(NVME_VDPA_CMD_CTRL_GET, name, &request);
}

int ipc_ctrl_reset(const char *name)
{
	struct request request = {};

	return ctrl_ask(NVME_VDPA_CMD_CTRL_RESET, name, &request);
}

int ipc_ctrl_set_timeout(const char *name, uint32_t timeout_ms)
{
	struct request request = {};
	int err;

	err = ctrl_begin(&request, NVME_VDPA_CMD_CTRL_SET, name);
	if (err)
		return err;
	nla_put_u32(request.msg, NVME_VDPA_A_CTRL_TIMEOUT, timeout_ms);
	err = request_send(&request);
	request_end(&request);
	return err;
}

int ipc_health_get(const char *name, struct health *health)
{
	struct request request = { .receive = parse_health, .data = health };

	memset(health, 0, sizeof(*health));
	return ctrl_ask(NVME_VDPA_CMD_HEALTH_GET, name, &request);
}

int ipc_ns_get(const char *ctrl, uint32_t nsid, struct ns *ns)
{
	struct ns *list;
	size_t count, i;
	int err;

	err = ipc_ns_list(ctrl, &list, &count);
	if (err)
		return err;
	for (i = 0; i < count && list[i].nsid != nsid; i++)
		;
	if (i < count)
		*ns = list[i];
	else
		err = err_set(ENOENT, "nsid", "%s has no active namespace %u", ctrl,
			      nsid);
	free(list);
	return err;
}

int ipc_volume_get(const char *ctrl, const char *name, struct volume *volume)
{
	struct request request = { .receive = parse_volume, .data = volume };
	int err;

	memset(volume, 0, sizeof(*volume));
	err = volume_begin(&request, NVME_VDPA_CMD_VOLUME_GET, ctrl, name);
	if (err)
		return err;
	err = request_send(&request);
	request_end(&request);
	return err;
}

/* The only one of this name: -ENOENT or -ENOTUNIQ. */
static int volume_choose(const struct volume *list, size_t count,
			 const char *name, struct volume *volume)
{
	const struct volume *found = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(list[i].name, name))
			continue;
		if (found)
			return err_set(ENOTUNIQ, "ctrl",
				       "there is a volume %s on %s and on %s: say which with 'ctrl %s'",
				       name, found->ctrl, list[i].ctrl, found->ctrl);
		found = &list[i];
	}
	if (!found)
		return err_set(ENOENT, "name",
			       "no controller has a volume %s: 'nvdpa volume show' lists what there is",
			       name);
	*volume = *found;
	return 0;
}

int ipc_volume_find(const char *ctrl, const char *name, struct volume *volume)
{
	struct volume *list;
	size_t count;
	int err;

	if (ctrl)
		return ipc_volume_get(ctrl, name, volume);
	err = ipc_volume_list(NULL, &list, &count);
	if (err)
		return err;
	err = volume_choose(list, count, name, volume);
	free(list);
	return err;
}

/* Numbers that fit are sent as 32 bits, as the kernel does. */
static void put_uint(struct nl_msg *msg, int type, uint64_t value)
{
	if (value <= UINT32_MAX)
		nla_put_u32(msg, type, value);
	else
		nla_put_u64(msg, type, value);
}

static void put_volume(struct nl_msg *msg, const struct volume *volume,
		       unsigned int fields)
{
	if (fields & VOLUME_NSID)
		nla_put_u32(msg, NVME_VDPA_A_VOLUME_NSID, volume->nsid);
	if (fields & VOLUME_START)
		put_uint(msg, NVME_VDPA_A_VOLUME_START, volume->start_lba);
	if (fields & VOLUME_NR_LBAS)
		put_uint(msg, NVME_VDPA_A_VOLUME_NR_LBAS, volume->nr_lbas);
	if (fields & VOLUME_SERIAL)
		nla_put_string(msg, NVME_VDPA_A_VOLUME_SERIAL, volume->serial);
	if (fields & VOLUME_READ_ONLY)
		nla_put_u8(msg, NVME_VDPA_A_VOLUME_READ_ONLY, volume->read_only);
	if (fields & VOLUME_NR_QUEUES)
		nla_put_u32(msg, NVME_VDPA_A_VOLUME_NR_QUEUES, volume->nr_queues);
	if (fields & VOLUME_QUEUE_SIZE)
		nla_put_u32(msg, NVME_VDPA_A_VOLUME_QUEUE_SIZE, volume->queue_size);
	if (fields & VOLUME_WIPED)
		put_uint(msg, NVME_VDPA_A_VOLUME_WIPED, volume->wiped_lbas);
}

static int volume_change(uint8_t cmd, const struct volume *volume,
			 unsigned int fields)
{
	struct request request = {};
	int err;

	err = volume_begin(&request, cmd, volume->ctrl, volume->name);
	if (err)
		return err;
	put_volume(request.msg, volume, fields);
	err = request_send(&request);
	request_end(&request);
	return err;
}

int ipc_volume_new(const struct volume *volume, unsigned int fields)
{
	return volume_change(NVME_VDPA_CMD_VOLUME_NEW, volume, fields);
}

int ipc_volume_set(const struct volume *volume, unsigned int fields)
{
	return volume_change(NVME_VDPA_CMD_VOLUME_SET, volume, fields);
}

int ipc_volume_del(const char *ctrl, const char *name)
{
	struct request request = {};
	int err;

	err = volume_begin(&request, NVME_VDPA_CMD_VOLUME_DEL, ctrl, name);
	if (err)
		return err;
	err = request_send(&request);
	request_end(&request);
	return err;
}

/* Events */

struct monitor {
	int (*handle)(const struct event *event, void *data);
	void *data;
	int family;
	/* What ended it; 0: nothing. */
	int result;
};

static int monitor_parse(struct nlmsghdr *header, struct event *event)
{
	struct nlattr *attrs[NVME_VDPA_A_CTRL_MAX + 1];

	switch (((struct genlmsghdr *)nlmsg_data(header))->cmd) {
	case NVME_VDPA_CMD_CTRL_ADD_NTF:
		event->kind = EVENT_CTRL_ADD;
		return parse_ctrl(header, &event->ctrl);
	case NVME_VDPA_CMD_CTRL_CHANGE_NTF:
		event->kind = EVENT_CTRL_CHANGE;
		return parse_ctrl(header, &event->ctrl);
	case NVME_VDPA_CMD_CTRL_DEL_NTF:
		event->kind = EVENT_CTRL_DEL;
		return parse_ctrl(header, &event->ctrl);
	case NVME_VDPA_CMD_CTRL_AER_NTF:
		event->kind = EVENT_CTRL_AER;
		if (attrs_parse(header, attrs, NVME_VDPA_A_CTRL_MAX))
			return -EBADMSG;
		event->aer.type = attr_number(attrs[NVME_VDPA_A_CTRL_AER_TYPE]);
		event->aer.info = attr_number(attrs[NVME_VDPA_A_CTRL_AER_INFO]);
		event->aer.log_page = attr_number(attrs[NVME_VDPA_A_CTRL_AER_LOG_PAGE]);
		return parse_ctrl(header, &event->ctrl);
	case NVME_VDPA_CMD_HEALTH_CHANGE_NTF:
		event->kind = EVENT_HEALTH;
		return parse_health(header, &event->health);
	case NVME_VDPA_CMD_MEDIA_ERROR_NTF:
		event->kind = EVENT_MEDIA_ERROR;
		return parse_media(header, &event->media);
	case NVME_VDPA_CMD_NS_CHANGE_NTF:
		event->kind = EVENT_NS_CHANGE;
		return parse_ns(header, &event->ns);
	case NVME_VDPA_CMD_DEVICE_STOP_NTF:
		event->kind = EVENT_DEVICE_STOP;
		return parse_volume(header, &event->volume);
	case NVME_VDPA_CMD_VOLUME_ADD_NTF:
		event->kind = EVENT_VOLUME_ADD;
		return parse_volume(header, &event->volume);
	case NVME_VDPA_CMD_VOLUME_CHANGE_NTF:
		event->kind = EVENT_VOLUME_CHANGE;
		return parse_volume(header, &event->volume);
	case NVME_VDPA_CMD_VOLUME_DEL_NTF:
		event->kind = EVENT_VOLUME_DEL;
		return parse_volume(header, &event->volume);
	default:
		/* A newer kernel has more to tell. */
		return 1;
	}
}

/* From the family of families: whether ours went away. */
static bool monitor_is_unload(struct nlmsghdr *header)
{
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];

	if (header->nlmsg_type != GENL_ID_CTRL ||
	    ((struct genlmsghdr *)nlmsg_data(header))->cmd != CTRL_CMD_DELFAMILY ||
	    genlmsg_parse(header, 0, attrs, CTRL_ATTR_MAX, NULL) < 0)
		return false;
	return attrs[CTRL_ATTR_FAMILY_NAME] &&
	       !nla_strcmp(attrs[CTRL_ATTR_FAMILY_NAME], NVME_VDPA_FAMILY_NAME);
}

static int monitor_message(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct monitor *monitor = data;
	struct event event = {};
	int err;

	if (monitor->result)
		return NL_STOP;
	if (monitor_is_unload(header)) {
		monitor->result = err_set(ENODEV, NULL,
					  "the module nvme_vdpa was unloaded");
		return NL_STOP;
	}
	if (header->nlmsg_type != monitor->family)
		return NL_OK;
	err = monitor_parse(header, &event);
	monitor->result = err > 0 ? 0 : err ?: monitor->handle(&event, monitor->data);
	return NL_OK;
}

static int monitor_join(struct nl_sock *sock, const char *family, const char *group)
{
	int id = genl_ctrl_resolve_grp(sock, family, group);

	return id < 0 ? id : nl_socket_add_membership(sock, id);
}

static int monitor_open(struct nl_sock *sock, struct monitor *monitor)
{
	int err;

	monitor->family = genl_ctrl_resolve(sock, NVME_VDPA_FAMILY_NAME);
	if (monitor->family < 0)
		return ipc_no_module();
	nl_socket_set_buffer_size(sock, EVENTS_BYTES, 0);
	nl_socket_disable_seq_check(sock);
	err = monitor_join(sock, "nlctrl", "notify");
	if (!err)
		err = monitor_join(sock, NVME_VDPA_FAMILY_NAME, NVME_VDPA_MCGRP_EVENTS);
	if (err)
		return ipc_failed(err, "cannot listen to events");
	return nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, monitor_message,
				   monitor);
}

static int monitor_run(struct nl_sock *sock, struct monitor *monitor)
{
	struct event lost = { .kind = EVENT_LOST };
	int err;

	while (!monitor->result) {
		err = nl_recvmsgs_default(sock);
		/* What ENOBUFS has become. */
		if (err == -NLE_NOMEM)
			monitor->result = monitor->handle(&lost, monitor->data);
		else if (err < 0 && err != -NLE_INTR && !monitor->result)
			return ipc_failed(err, "cannot receive events");
	}
	return monitor->result;
}

int ipc_monitor(int (*handle)(const struct event *event, void *data), void *data)
{
	struct monitor monitor = { .handle = handle, .data = data };
	struct nl_sock *sock = ipc_connect();
	int err;

	if (!sock)
		return -EIO;
	err = monitor_open(sock, &monitor);
	if (!err)
		err = monitor_run(sock, &monitor);
	nl_socket_free(sock);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events, in the order of a request's life. Controller, queue identifier and
 * head tell a request from all others that are under way. (A parameter called head
 * is in the way of what the macros make.)
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvme_vdpa

#if !defined(NVDPA_DEBUG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NVDPA_DEBUG_TRACE_H

#include <linux/nvme.h>
#include <linux/tracepoint.h>

#include "../pure/error.h"
#include "../pure/req.h"

TRACE_DEFINE_ENUM(NVDPA_OP_READ);
TRACE_DEFINE_ENUM(NVDPA_OP_WRITE);
TRACE_DEFINE_ENUM(NVDPA_OP_DISCARD);
TRACE_DEFINE_ENUM(NVDPA_OP_WRITE_ZEROES);
TRACE_DEFINE_ENUM(NVDPA_OP_FLUSH);
TRACE_DEFINE_ENUM(NVDPA_OP_GET_ID);
TRACE_DEFINE_ENUM(NVDPA_OP_UNKNOWN);

TRACE_DEFINE_ENUM(NVDPA_ERROR_REFUSED);
TRACE_DEFINE_ENUM(NVDPA_ERROR_UNSUPPORTED);
TRACE_DEFINE_ENUM(NVDPA_ERROR_UNMAPPED);
TRACE_DEFINE_ENUM(NVDPA_ERROR_MEDIA);
TRACE_DEFINE_ENUM(NVDPA_ERROR_DEVICE);
TRACE_DEFINE_ENUM(NVDPA_ERROR_ABORTED);

#define nvdpa_show_op(op)					\
	__print_symbolic(op,					\
			 { NVDPA_OP_READ, "read" },		\
			 { NVDPA_OP_WRITE, "write" },		\
			 { NVDPA_OP_DISCARD, "discard" },	\
			 { NVDPA_OP_WRITE_ZEROES, "write-zeroes" }, \
			 { NVDPA_OP_FLUSH, "flush" },		\
			 { NVDPA_OP_GET_ID, "get-id" },		\
			 { NVDPA_OP_UNKNOWN, "unknown" })

#define nvdpa_show_error(error)					\
	__print_symbolic(error,					\
			 { NVDPA_ERROR_REFUSED, "refused" },	\
			 { NVDPA_ERROR_UNSUPPORTED, "unsupported" }, \
			 { NVDPA_ERROR_UNMAPPED, "unmapped" },	\
			 { NVDPA_ERROR_MEDIA, "media" },	\
			 { NVDPA_ERROR_DEVICE, "device" },	\
			 { NVDPA_ERROR_ABORTED, "aborted" })

TRACE_EVENT(nvdpa_req_start,
	TP_PROTO(const char *ctrl, u16 qid, u16 chain,
		 const struct nvdpa_req *req),
	TP_ARGS(ctrl, qid, chain, req),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u16, qid)
		__field(u16, head)
		__field(u8, op)
		__field(u64, sector)
		__field(u64, bytes)
		__field(u16, segments)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->qid = qid;
		__entry->head = chain;
		__entry->op = req->op;
		__entry->sector = req->sector;
		__entry->bytes = req->data_bytes;
		__entry->segments = req->nsegs;
	),
	TP_printk("ctrl=%s qid=%u head=%u type=%s sector=%llu bytes=%llu segments=%u",
		  __get_str(ctrl), __entry->qid, __entry->head,
		  nvdpa_show_op(__entry->op), __entry->sector, __entry->bytes,
		  __entry->segments)
);

TRACE_EVENT(nvdpa_cmd_submit,
	TP_PROTO(const char *ctrl, u16 qid, u16 chain,
		 const struct nvme_command *cmd),
	TP_ARGS(ctrl, qid, chain, cmd),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u16, qid)
		__field(u16, head)
		__field(u16, cid)
		__field(u8, opcode)
		__field(u8, flags)
		__field(u32, nsid)
		__field(u64, slba)
		__field(u32, nlb)
		__field(bool, fua)
		__field(bool, deac)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->qid = qid;
		__entry->head = chain;
		__entry->cid = cmd->common.command_id;
		__entry->opcode = cmd->common.opcode;
		__entry->flags = cmd->common.flags;
		__entry->nsid = le32_to_cpu(cmd->common.nsid);
		__entry->slba = le64_to_cpu(cmd->rw.slba);
		__entry->nlb = le16_to_cpu(cmd->rw.length) + 1;
		__entry->fua = le16_to_cpu(cmd->rw.control) & NVME_RW_FUA;
		__entry->deac = le16_to_cpu(cmd->rw.control) & NVME_WZ_DEAC;
		/* The blocks are in its data; here is how many ranges. */
		if (cmd->common.opcode == nvme_cmd_dsm) {
			__entry->slba = 0;
			__entry->nlb = le32_to_cpu(cmd->dsm.nr) + 1;
		}
	),
	TP_printk("ctrl=%s qid=%u head=%u cid=%u opcode=%#x flags=%#x nsid=%u slba=%llu nlb=%u fua=%d deac=%d",
		  __get_str(ctrl), __entry->qid, __entry->head, __entry->cid,
		  __entry->opcode, __entry->flags, __entry->nsid,
		  __entry->slba, __entry->nlb, __entry->fua, __entry->deac)
);

TRACE_EVENT(nvdpa_cmd_complete,
	TP_PROTO(const char *ctrl, u16 qid, u16 chain, u16 cid, u16 status),
	TP_ARGS(ctrl, qid, chain, cid, status),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u16, qid)
		__field(u16, head)
		__field(u16, cid)
		__field(u16, status)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->qid = qid;
		__entry->head = chain;
		__entry->cid = cid;
		__entry->status = status;
	),
	TP_printk("ctrl=%s qid=%u head=%u cid=%u status=%#x",
		  __get_str(ctrl), __entry->qid, __entry->head, __entry->cid,
		  __entry->status)
);

/* When the reason is known: commands of the request may be in flight still. */
TRACE_EVENT(nvdpa_req_error,
	TP_PROTO(const char *ctrl, u16 qid, u16 chain, enum nvdpa_error error,
		 u16 nvme_status),
	TP_ARGS(ctrl, qid, chain, error, nvme_status),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u16, qid)
		__field(u16, head)
		__field(u8, error)
		__field(u16, nvme_status)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->qid = qid;
		__entry->head = chain;
		__entry->error = error;
		__entry->nvme_status = nvme_status;
	),
	TP_printk("ctrl=%s qid=%u head=%u error=%s nvme_status=%#x",
		  __get_str(ctrl), __entry->qid, __entry->head,
		  nvdpa_show_error(__entry->error), __entry->nvme_status)
);

TRACE_EVENT(nvdpa_req_complete,
	TP_PROTO(const char *ctrl, u16 qid, u16 chain, u8 status, u64 ns),
	TP_ARGS(ctrl, qid, chain, status, ns),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u16, qid)
		__field(u16, head)
		__field(u8, status)
		__field(u64, ns)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->qid = qid;
		__entry->head = chain;
		__entry->status = status;
		__entry->ns = ns;
	),
	TP_printk("ctrl=%s qid=%u head=%u status=%u ns=%llu",
		  __get_str(ctrl), __entry->qid, __entry->head,
		  __entry->status, __entry->ns)
);

#endif /* NVDPA_DEBUG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

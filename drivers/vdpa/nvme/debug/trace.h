/* SPDX-License-Identifier: GPL-2.0 */
/* Trace events, in the order of a request's life. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvme_vdpa

#if !defined(NVDPA_DEBUG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NVDPA_DEBUG_TRACE_H

#include <linux/nvme.h>
#include <linux/tracepoint.h>

TRACE_EVENT(nvdpa_cmd_submit,
	TP_PROTO(u16 qid, const struct nvme_command *cmd),
	TP_ARGS(qid, cmd),
	TP_STRUCT__entry(
		__field(u16, qid)
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
		__entry->qid = qid;
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
	TP_printk("qid=%u cid=%u opcode=%#x flags=%#x nsid=%u slba=%llu nlb=%u fua=%d deac=%d",
		  __entry->qid, __entry->cid, __entry->opcode, __entry->flags,
		  __entry->nsid, __entry->slba, __entry->nlb, __entry->fua,
		  __entry->deac)
);

TRACE_EVENT(nvdpa_cmd_complete,
	TP_PROTO(u16 qid, u16 cid, u16 status),
	TP_ARGS(qid, cid, status),
	TP_STRUCT__entry(
		__field(u16, qid)
		__field(u16, cid)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->qid = qid;
		__entry->cid = cid;
		__entry->status = status;
	),
	TP_printk("qid=%u cid=%u status=%#x", __entry->qid, __entry->cid,
		  __entry->status)
);

#endif /* NVDPA_DEBUG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

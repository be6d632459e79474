# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The driver's trace events.

TRACE=/sys/kernel/tracing

# trace_open: from now on all of them are traced; not longer than the test lasts.
trace_open() {
	test_finally put 0 "$TRACE/events/nvme_vdpa/enable"
	put 0 "$TRACE/tracing_on"
	put "" "$TRACE/trace"
	put 1 "$TRACE/events/nvme_vdpa/enable"
	put 1 "$TRACE/tracing_on"
}

# trace_close: and $WORK/trace has them, without what is in front of their names.
trace_close() {
	put 0 "$TRACE/events/nvme_vdpa/enable"
	sed -n 's/^[^#].*: \(nvdpa_[a-z_]*: \)/\1/p' "$TRACE/trace" >"$WORK/trace"
}

# trace_count EVENT [PATTERN]: how many there are with PATTERN.
trace_count() {
	grep "^$1: " "$WORK/trace" | grep -cE -e "${2-.}" || true
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernel log of a test, and what in it makes the test fail.

# Every way in which this kernel complains of itself.
SPLAT_PATTERNS=(
	'BUG:'
	'WARNING:'
	'Oops'
	'KASAN'
	'KCSAN'
	'UBSAN'
	'general protection'
	'unable to handle'
	'possible circular locking'
	'possible recursive locking'
	'possible irq lock inversion'
	'inconsistent lock state'
	'bad unlock balance'
	'held lock freed'
	'suspicious RCU usage'
	'Invalid wait context'
	'sleeping function called'
	'scheduling while atomic'
	'DMA-API:'
	'DMAR: \[(DMA|INTR)'
	'DMAR: DRHD: handling fault'
	'soft lockup'
	'hard LOCKUP'
	'hung task'
	'blocked for more than'
	'rcu: INFO'
	'rcu: .*(stall|kthread starved)'
	'kmemleak: [0-9]+ new suspected'
	'refcount_t'
	'list_(add|del) corruption'
	'ODEBUG:'
	'corrupted stack end'
	'Kernel panic'
	'stack-protector'
	'irq [0-9]+: nobody cared'
	'[Bb]ad page'
	# A page that was written after it was freed, with page_poison=1.
	'pagealloc:'
	'double free'
	'EXT4-fs error'
	'XFS .*(Corruption|corruption)'
	'I/O error, dev vd'
)

# What a test says in the kernel log (io_errors_expected) when it takes disks away.
SPLAT_EXPECTED='nvdpa-test: I/O errors are expected'
SPLAT_IO_ERROR='I/O error, dev vd|Buffer I/O error on dev vd'

# Said by kernels that have nothing to do with us, each with its reason.
SPLAT_INNOCENT=(
	# DMA-API debug announces at boot that it is there.
	'DMA-API: (preallocated|debugging enabled|debugfs)'
	# kmemleak announces itself likewise.
	'kmemleak: Kernel memory leak detector'
)

splat_regex() {
	local IFS='|'
	printf '%s' "$*"
}

SPLAT_REGEX=$(splat_regex "${SPLAT_PATTERNS[@]}")
SPLAT_INNOCENT_REGEX=$(splat_regex "${SPLAT_INNOCENT[@]}")

# The kernel log is copied to a file from the first mark on; marks of our own
# in it say where a test ends, and that the copy has got that far.
SPLAT_COUNT=0

# splat_open FILE
splat_open() {
	local fifo=$1.never

	# Else the kernel drops marks that come too fast.
	echo on >/proc/sys/kernel/printk_devkmsg
	: >"$1"
	mkfifo "$fifo"
	exec {SPLAT_NEVER}<>"$fifo"
	# Ends when the ring overtakes it; then it starts over.
	while :; do cat /dev/kmsg; done >>"$1" 2>/dev/null &
	exec {SPLAT_FD}<"$1"
	splat_read
}

# splat_mark TEXT [LEVEL]: what follows belongs to TEXT.
splat_mark() {
	SPLAT_COUNT=$((SPLAT_COUNT + 1))
	echo "<${2-5}>nvdpa-test $SPLAT_COUNT: $1" >/dev/kmsg
}

# splat_read: the log up to a mark of now, in SPLAT_LINES. No process is
# started for it: there are hundreds of tests. False if the mark never came.
splat_read() {
	local line part='' tries=0

	SPLAT_LINES=()
	# Not for the console, which is slow.
	splat_mark end 7
	while ((tries < 500)); do
		if IFS= read -r line <&"$SPLAT_FD"; then
			line=$part$line part=''
			[[ $line != *";nvdpa-test $SPLAT_COUNT: "* ]] || return 0
			# A line that begins with a blank only says which device it is about.
			[[ $line == ' '* ]] || SPLAT_LINES+=("${line#*;}")
		else
			# A line is there in two pieces for a moment where a page ends.
			part+=$line
			tries=$((tries + 1))
			read -rt 0.01 -u "$SPLAT_NEVER" || true
		fi
	done
	return 1
}

# splat_found: whether SPLAT_LINES complain; SPLAT_TEXT is the first complaint
# with what surrounds it.
splat_found() {
	local i line start expected=''

	# shellcheck disable=SC2034 # for the caller
	SPLAT_TEXT=()
	for i in "${!SPLAT_LINES[@]}"; do
		line=${SPLAT_LINES[i]}
		[[ $line != "$SPLAT_EXPECTED" ]] || expected=yes
		[[ -z $expected || ! $line =~ $SPLAT_IO_ERROR ]] || continue
		if [[ $line =~ $SPLAT_REGEX && ! $line =~ $SPLAT_INNOCENT_REGEX ]]; then
			start=$((i > 2 ? i - 2 : 0))
			# shellcheck disable=SC2034
			SPLAT_TEXT=("${SPLAT_LINES[@]:start:60}")
			return 0
		fi
	done
	return 1
}

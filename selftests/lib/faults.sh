# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Fault injection that can reach what may sleep, too, says nothing of itself, and
# fails only what the module is near to.

# Frames between an allocation that fails and the module's function. What lies
# deeper is others' business: ACPI, for one, does not survive it.
FAULTS_DEPTH=12

# faults_symbol NAME: where a function of the kernel begins and where the next does.
# The kernel's own symbols are listed by address; all of them take minutes to read.
faults_symbol() {
	grep -m 1 -A 20 " $1\$" /proc/kallsyms | awk '
		NR == 1 { begin = $1 }
		$1 != begin { print "0x" begin, "0x" $1; exit }
	'
}

faults_allow() {
	local kind dir text size proc

	# The IRQ core goes on without an entry in /proc, and warns when it removes
	# one that is not there.
	read -r -a proc <<<"$(faults_symbol __proc_create)"
	text=$(cat /sys/module/nvme_vdpa/sections/.text)
	size=$(cat /sys/module/nvme_vdpa/coresize)
	for kind in failslab fail_page_alloc fail_usercopy; do
		dir=/sys/kernel/debug/$kind
		[[ -d $dir ]] || skip "this kernel has no $kind"
		put 0 "$dir/verbose"
		put "$FAULTS_DEPTH" "$dir/stacktrace-depth"
		put "$text" "$dir/require-start"
		put "$(printf '0x%x' $((text + size)))" "$dir/require-end"
		put "${proc[0]}" "$dir/reject-start"
		put "${proc[1]}" "$dir/reject-end"
		[[ ! -e $dir/ignore-gfp-wait ]] || put N "$dir/ignore-gfp-wait"
		[[ ! -e $dir/min-order ]] || put 0 "$dir/min-order"
	done
}

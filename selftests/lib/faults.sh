# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Fault injection that can reach what may sleep, too, and says nothing of itself.

faults_allow() {
	local kind dir

	for kind in failslab fail_page_alloc fail_usercopy; do
		dir=/sys/kernel/debug/$kind
		[[ -d $dir ]] || skip "this kernel has no $kind"
		put 0 "$dir/verbose"
		[[ ! -e $dir/ignore-gfp-wait ]] || put N "$dir/ignore-gfp-wait"
		[[ ! -e $dir/min-order ]] || put 0 "$dir/min-order"
	done
}

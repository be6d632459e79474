# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # for the parts
# Two volumes on one SSD, and a guest on each of them at the same time.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TENANTS=(vm1 vm2)
# Outlives the host, as a disk of its own would.
KEPT=/mnt/share
# The second SSD; the first one is the first part's.
PCI=$(pci_function 1)
CTRL=pci/$PCI

tenants_add() {
	local tenant

	for tenant in "${TENANTS[@]}"; do
		vdpa_add "$tenant" "$PCI"
		vdpa_to vhost_vdpa "$tenant"
		SHOW+="$tenant is $(vdpa_node "$tenant")"$'\n'
	done
	SHOW=${SHOW%$'\n'}
}

# tenant_guest TENANT COMMAND...: a guest on the tenant's volume; its output, each line
# behind the time, is in WORK.
tenant_guest() {
	local tenant=$1 node line
	shift

	node=$(vdpa_node "$tenant")
	"$NVDPA_REPO/tools/lab/guest" --vdpa "$node" --time 250 -- "$@" |
		while IFS= read -r line; do
			echo "$EPOCHREALTIME $line"
		done >"$WORK/$tenant"
}

# tenants_guests COMMAND...: both at once.
tenants_guests() {
	local -A guests=()
	local tenant status=0

	for tenant in "${TENANTS[@]}"; do
		guest_try tenant_guest "$tenant" "$@" &
		guests[$tenant]=$!
	done
	for tenant in "${TENANTS[@]}"; do
		wait "${guests[$tenant]}" || status=$?
	done
	return "$status"
}

# tenant_said TENANT WORD: when its guest said that, and what came behind it.
tenant_said() {
	sed -n "s/^\([0-9.]*\) $2 *\(.*\)/\1 \2/p" "$WORK/$1" | tail -n 1
}

tenant_checksum() {
	local found

	found=$(tenant_said "$1" "done")
	[[ ${found#* } =~ ^[0-9a-f]{16}$ ]] || fail "$1 said nothing of its files"
	echo "${found#* }"
}

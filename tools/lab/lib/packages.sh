# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The machine's packages, listed in the file packages.

PACKAGES_LIST=$LAB/packages

# packages_missing SUITE: the listed packages of SUITE ("" for the release's
# own) that are not there, or not in that suite's version.
packages_missing() {
	local suite=$1
	local -A installed=()
	local name status version wanted

	while read -r name status version; do
		[[ $status != installed ]] || installed[$name]=$version
	done < <(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n')
	while read -r name wanted; do
		[[ -n $name && $name != '#'* && $wanted == "$suite" ]] || continue
		# Backports carry the release's number in their version.
		case ${installed[$name]-} in
		'') echo "$name" ;;
		*~bpo*) ;;
		*) [[ -z $suite ]] || echo "$name" ;;
		esac
	done <"$PACKAGES_LIST"
}

packages_setup() {
	local release newer

	mapfile -t release < <(packages_missing "")
	mapfile -t newer < <(packages_missing "$BACKPORTS")
	((${#release[@]} + ${#newer[@]})) || return 0
	backports_add
	((${#release[@]} == 0)) || packages_install "${release[@]}"
	((${#newer[@]} == 0)) ||
		packages_install -t "$BACKPORTS" "${newer[@]}"
}

# Lists of a day ago may name versions that the mirror has dropped.
packages_install() {
	packages_get "$@" || {
		apt-get -q update >&2
		packages_get "$@"
	}
}

packages_get() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "$@" >&2
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The release's backports suite, as one more apt source.

BACKPORTS=$(. /etc/os-release && echo "$VERSION_CODENAME-backports")
BACKPORTS_FILE=/etc/apt/sources.list.d/nvme-vdpa-backports.sources

backports_known() {
	apt-cache policy 2>/dev/null | grep -q "n=$BACKPORTS,"
}

# The URI of the machine's own source of the release: whatever mirror it uses
# is the one that it can reach.
backports_uri() {
	local suite=${BACKPORTS%-backports}

	awk -v suite="$suite" '
		FNR == 1 { uri = "" }
		/^URIs:/ { uri = $2 }
		/^Suites:/ {
			for (i = 2; i <= NF; i++)
				if ($i == suite && uri != "") { print uri; exit }
		}
		/^deb / {
			sub(/\[[^]]*\] */, "")
			if ($3 == suite) { print $2; exit }
		}
	' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list 2>/dev/null || true
}

# Called before anything is looked up, for a fresh machine has no lists at all.
backports_add() {
	local uri

	! backports_known || return 0
	if [[ ! -e $BACKPORTS_FILE ]]; then
		uri=$(backports_uri)
		[[ -n $uri ]] || die "no apt source of this release to copy"
		cat >"$BACKPORTS_FILE.tmp" <<-END
			Types: deb
			URIs: $uri
			Suites: $BACKPORTS
			Components: main
			Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
		END
		mv "$BACKPORTS_FILE.tmp" "$BACKPORTS_FILE"
	fi
	apt-get -q update >&2
	backports_known || die "apt does not find $BACKPORTS"
}

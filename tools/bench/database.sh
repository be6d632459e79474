# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# PostgreSQL on ext4 on a disk, under pgbench. Sourced by lib.sh.

POSTGRES=/usr/lib/postgresql/15/bin
DATABASE=/mnt/bench
DATABASE_SECONDS=20

# Its programs refuse to be root's.
postgres() {
	local program=$1
	shift

	setpriv --reuid postgres --regid postgres --clear-groups -- \
		"$POSTGRES/$program" "$@"
}

database_start() {
	mkfs.ext4 -q -F "$1"
	mkdir -p "$DATABASE"
	mount "$1" "$DATABASE"
	install -d -o postgres -m 700 "$DATABASE/data" "$DATABASE/log"
	postgres initdb -D "$DATABASE/data" -A trust
	postgres pg_ctl -D "$DATABASE/data" -w -t 120 -l "$DATABASE/log/server" -o \
		"-k $DATABASE/data -c listen_addresses= -c shared_buffers=64MB" start
	postgres pgbench -h "$DATABASE/data" -i -q -s 5 postgres
}

database_stop() {
	postgres pg_ctl -D "$DATABASE/data" -m immediate stop
	umount "$DATABASE"
}

# cell_database DISK NAME: of each transaction, the time in us is the third word of a line.
cell_database() {
	database_start "$1" >&2
	(cd "$DATABASE/log" && postgres pgbench -h "$DATABASE/data" -n -c 4 -T "$DATABASE_SECONDS" \
		-l --log-prefix=transactions postgres) >&2
	cell_tell "$2" "$(cut -d ' ' -f 3 "$DATABASE"/log/transactions.* | sort -n |
		awk -v seconds="$DATABASE_SECONDS" '{ us[NR - 1] = $1 }
		END {
			printf "{\"engine\":\"pgbench\",\"count\":%d,\"rate\":%.1f,", NR, NR / seconds
			printf "\"p50_ns\":%d,\"p99_ns\":%d,\"p999_ns\":%d}", us[int(NR / 2)] * 1000,
				us[int(NR * 0.99)] * 1000, us[int(NR * 0.999)] * 1000
		}')"
	database_stop >&2
}

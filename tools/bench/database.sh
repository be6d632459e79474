# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# PostgreSQL on ext4 on a disk, under pgbench. Sourced by lib.sh, and by run, which makes
# the database that all arms copy: an emulated machine would take a minute for that.

POSTGRES=/usr/lib/postgresql/15/bin
DATABASE_SCALE=5
DATABASE_MADE=${BENCH%/tools/bench}/build/bench/pgdata
DATABASE=/mnt/bench
DATABASE_SECONDS=15

# Its programs refuse to be root's.
postgres() {
	local program=$1
	shift

	setpriv --reuid postgres --regid postgres --clear-groups -- \
		"$POSTGRES/$program" "$@"
}

# database_start DIR: a server for what is in DIR/data, with its log and socket in DIR.
database_start() {
	postgres pg_ctl -D "$1/data" -w -t 120 -l "$1/log" -o \
		"-k $1 -c listen_addresses= -c shared_buffers=64MB" start
}

database_stop() {
	postgres pg_ctl -D "$1/data" -w -m "$2" stop
}

# In a folder that the user postgres may look into.
database_make() {
	local work

	work=$(mktemp -d /tmp/nvdpa-database.XXXXXX)
	chown postgres: "$work"
	postgres initdb -D "$work/data" -A trust --no-locale -E UTF8
	database_start "$work"
	postgres pgbench -h "$work" -i -q -s "$DATABASE_SCALE" postgres
	database_stop "$work" fast
	# The log of what was loaded is half of it.
	postgres pg_resetwal -D "$work/data"
	rm -rf "$DATABASE_MADE"
	mv "$work/data" "$DATABASE_MADE"
	rm -r "$work"
}

database_mount() {
	mkfs.ext4 -q -F "$1"
	mkdir -p "$DATABASE"
	mount "$1" "$DATABASE"
	chown postgres: "$DATABASE"
	cp -a "$DATABASE_MADE" "$DATABASE/data"
	sync
}

# cell_database DISK NAME: of each transaction, the time in us is the third word of a line.
cell_database() {
	local job="-n -c 4 -T $DATABASE_SECONDS"

	database_mount "$1" >&2
	database_start "$DATABASE" >&2
	# shellcheck disable=SC2086 # words
	(cd "$DATABASE" && postgres pgbench -h "$DATABASE" $job -l --log-prefix=transactions \
		postgres) >&2
	cell_tell "$2" "$(cut -d ' ' -f 3 "$DATABASE"/transactions.* | sort -n |
		awk -v seconds="$DATABASE_SECONDS" '{ us[NR - 1] = $1 }
		END {
			printf "{\"engine\":\"pgbench\",\"count\":%d,\"rate\":%.1f,", NR, NR / seconds
			printf "\"p50_ns\":%d,\"p99_ns\":%d,\"p999_ns\":%d}", us[int(NR / 2)] * 1000,
				us[int(NR * 0.99)] * 1000, us[int(NR * 0.999)] * 1000
		}')" "pgbench $job, scale $DATABASE_SCALE, shared_buffers 64 MB"
	database_stop "$DATABASE" immediate >&2
	umount "$DATABASE"
}

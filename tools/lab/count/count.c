// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's TCG that counts the instructions of the lab's host:
 *
 *	-plugin FILE,out=PREFIX[,profile=on]
 *
 * by who executes them (kernel or user, of the host or of a KVM guest in it), in
 * sections that the program under test marks (mark.h). PREFIX.json gets a line a
 * section. With profile=on, PREFIX.SECTION gets the host kernel's counts by
 * address, in units of 16 bytes, to which the kernel aligns its functions: the
 * instructions of the unit, and how often its first byte was executed, which is
 * how often a function that begins there was called.
 *
 * A translation block belongs to a privilege level and to host or guest: QEMU
 * has both among the flags by which it looks a block up. So who executes is known
 * when code is translated, and counting is an addition in line, with no call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "mark.h"

enum who { HOST_KERNEL, HOST_USER, GUEST_KERNEL, GUEST_USER, ENTRIES, COUNTERS };

static const char * const who_name[COUNTERS] = {
	"host_kernel", "host_user", "guest_kernel", "guest_user", "entries",
};

#define UNIT_SHIFT 4
#define UNITS 262144U			/* more than the code that a kernel uses */

struct unit {
	uint64_t executed;
	uint64_t entered;
};

/* One vCPU's element of the scoreboard. */
struct score {
	uint64_t who[COUNTERS];
	struct unit unit[];
};

struct lap {
	uint64_t who[COUNTERS];
};

/* Where QEMU translates on several threads; the rest of a section has one user. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct qemu_plugin_scoreboard *score;
static bool profile;
static char *prefix;
static FILE *out;

/* By hash: the address of a unit, 0 for none. The last place is for what is too much. */
static uint64_t unit_address[UNITS];
static unsigned int units;

#define VMRUNS 8
static uint64_t after_vmrun[VMRUNS];
static unsigned int vmruns;
/*
 * Whether what this vCPU's thread translates next is its guest's. Of several vCPUs that
 * take turns on one thread (--one-thread) only one may have a guest.
 */
static __thread bool in_guest;

static unsigned int section;
static uint64_t start[COUNTERS];
static struct unit *unit_start;
static struct lap *lap;
static size_t laps, laps_room;
static uint64_t lap_start[COUNTERS];

static struct api_u64 counter(enum who who)
{
	return (struct api_u64){ score, offsetof(struct score, who) +
					 who * sizeof(uint64_t) };
}

static struct api_u64 unit_executed(unsigned int i)
{
	return (struct api_u64){ score, offsetof(struct score, unit) +
					 i * sizeof(struct unit) };
}

static struct api_u64 unit_entered(unsigned int i)
{
	struct api_u64 u = unit_executed(i);

	u.offset += offsetof(struct unit, entered);
	return u;
}

static struct unit unit_read(unsigned int i)
{
	return (struct unit){ qemu_plugin_u64_sum(unit_executed(i)),
			      qemu_plugin_u64_sum(unit_entered(i)) };
}

static void read_counters(uint64_t to[COUNTERS])
{
	unsigned int i;

	for (i = 0; i < COUNTERS; i++)
		to[i] = qemu_plugin_u64_sum(counter(i));
}

static void section_start(unsigned int vcpu, void *data)
{
	unsigned int i;

	pthread_mutex_lock(&lock);
	section++;
	laps = 0;
	for (i = 0; profile && i < UNITS; i++)
		unit_start[i] = unit_read(i);
	read_counters(start);
	memcpy(lap_start, start, sizeof(start));
	pthread_mutex_unlock(&lock);
}

static void section_lap(unsigned int vcpu, void *data)
{
	uint64_t now[COUNTERS];
	unsigned int i;

	pthread_mutex_lock(&lock);
	read_counters(now);
	if (laps == laps_room) {
		laps_room = laps_room ? 2 * laps_room : 4096;
		lap = realloc(lap, laps_room * sizeof(*lap));
		if (!lap)
			abort();
	}
	for (i = 0; i < COUNTERS; i++)
		lap[laps].who[i] = now[i] - lap_start[i];
	memcpy(lap_start, now, sizeof(now));
	laps++;
	pthread_mutex_unlock(&lock);
}

static enum who sort_who;

static int lap_compare(const void *a, const void *b)
{
	uint64_t x = ((const struct lap *)a)->who[sort_who];
	uint64_t y = ((const struct lap *)b)->who[sort_who];

	return x < y ? -1 : x > y;
}

/* Least, quartiles and most: a timer tick in some laps does not move the median. */
static void write_laps(enum who who)
{
	unsigned int i;

	sort_who = who;
	qsort(lap, laps, sizeof(*lap), lap_compare);
	fprintf(out, ",\"%s_laps\":[", who_name[who]);
	for (i = 0; i <= 4; i++)
		fprintf(out, "%s%llu", i ? "," : "",
			(unsigned long long)lap[(laps - 1) * i / 4].who[who]);
	fputc(']', out);
}

static void write_profile(void)
{
	struct unit u;
	unsigned int i;
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s.%u", prefix, section);
	f = fopen(name, "w");
	if (!f) {
		fprintf(stderr, "count: %s: %s\n", name, strerror(errno));
		return;
	}
	for (i = 0; i < UNITS; i++) {
		u = unit_read(i);
		u.executed -= unit_start[i].executed;
		u.entered -= unit_start[i].entered;
		if (u.executed)
			fprintf(f, "%llx %llu %llu\n",
				(unsigned long long)unit_address[i],
				(unsigned long long)u.executed,
				(unsigned long long)u.entered);
	}
	fclose(f);
}

static void section_stop(unsigned int vcpu, void *data)
{
	uint64_t now[COUNTERS];
	unsigned int i;

	pthread_mutex_lock(&lock);
	read_counters(now);
	if (profile)
		write_profile();
	fprintf(out, "{\"section\":%u,\"laps\":%zu", section, laps);
	for (i = 0; i < COUNTERS; i++)
		fprintf(out, ",\"%s\":%llu", who_name[i],
			(unsigned long long)(now[i] - start[i]));
	for (i = 0; laps && i < COUNTERS; i++)
		write_laps(i);
	fputs("}\n", out);
	fflush(out);
	pthread_mutex_unlock(&lock);
}

static const qemu_plugin_exec_cb mark_cb[] = {
	[COUNT_START] = section_start,
	[COUNT_LAP] = section_lap,
	[COUNT_STOP] = section_stop,
};

static void count_each(struct qemu_plugin_insn *insn, struct api_u64 in)
{
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							    in, 1);
}

static void call_each(struct qemu_plugin_insn *insn, qemu_plugin_exec_cb cb)
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, QEMU_PLUGIN_CB_NO_REGS, NULL);
}

/* The last place is never anybody's own, so a search ends. */
static unsigned int unit_of(uint64_t address)
{
	uint64_t unit = address >> UNIT_SHIFT << UNIT_SHIFT;
	unsigned int i = (address >> UNIT_SHIFT) * 2654435761U % (UNITS - 1);

	pthread_mutex_lock(&lock);
	while (unit_address[i] && unit_address[i] != unit)
		i = (i + 1) % (UNITS - 1);
	if (!unit_address[i] && units < UNITS / 4 * 3) {
		unit_address[i] = unit;
		units++;
	} else if (!unit_address[i]) {
		i = UNITS - 1;
	}
	pthread_mutex_unlock(&lock);
	return i;
}

static void guest_enter(unsigned int vcpu, void *data)
{
	in_guest = true;
}

static void guest_leave(unsigned int vcpu, void *data)
{
	in_guest = false;
}

/* An exit goes on behind the VMRUN, at the start of a block. */
static bool is_after_vmrun(uint64_t address)
{
	unsigned int i;

	for (i = 0; i < __atomic_load_n(&vmruns, __ATOMIC_ACQUIRE); i++)
		if (after_vmrun[i] == address)
			return true;
	return false;
}

static void remember_vmrun(uint64_t address)
{
	pthread_mutex_lock(&lock);
	if (!is_after_vmrun(address) && vmruns < VMRUNS) {
		after_vmrun[vmruns] = address;
		/* Readers look at the entry after the number. */
		__atomic_store_n(&vmruns, vmruns + 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
}

static void look_for_vmrun(struct qemu_plugin_insn *insn)
{
	static const uint8_t vmrun[] = { 0x0f, 0x01, 0xd8 };
	uint8_t code[sizeof(vmrun)];

	if (qemu_plugin_insn_size(insn) != sizeof(vmrun))
		return;
	qemu_plugin_insn_data(insn, code, sizeof(code));
	if (memcmp(code, vmrun, sizeof(vmrun)))
		return;
	remember_vmrun(qemu_plugin_insn_vaddr(insn) + sizeof(vmrun));
	call_each(insn, guest_enter);
	count_each(insn, counter(ENTRIES));
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[] = { 0x0f, 0x1f, 0x84, 0x00 };
	uint8_t code[8];
	uint32_t verb;

	if (qemu_plugin_insn_size(insn) != sizeof(code))
		return;
	qemu_plugin_insn_data(insn, code, sizeof(code));
	if (memcmp(code, nop, sizeof(nop)))
		return;
	memcpy(&verb, code + sizeof(nop), sizeof(verb));
	verb -= COUNT_MAGIC;
	if (verb >= COUNT_START && verb <= COUNT_STOP)
		call_each(insn, mark_cb[verb]);
}

static void instruction_of_unit(struct qemu_plugin_insn *insn, uint64_t address)
{
	unsigned int i = unit_of(address);

	count_each(insn, unit_executed(i));
	if (!(address & ((1 << UNIT_SHIFT) - 1)))
		count_each(insn, unit_entered(i));
}

static void instruction(struct qemu_plugin_insn *insn, bool guest)
{
	uint64_t address = qemu_plugin_insn_vaddr(insn);
	bool user = !(address >> 63);
	enum who who = guest ? (user ? GUEST_USER : GUEST_KERNEL) :
			       (user ? HOST_USER : HOST_KERNEL);

	/* One by one: a block may be left in its middle by a fault. */
	count_each(insn, counter(who));
	if (profile && who == HOST_KERNEL)
		instruction_of_unit(insn, address);
	if (user)
		look_for_mark(insn);
	if (who == HOST_KERNEL)
		look_for_vmrun(insn);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	bool left = is_after_vmrun(qemu_plugin_tb_vaddr(tb));
	bool guest = in_guest && !left;

	if (left)
		call_each(qemu_plugin_tb_get_insn(tb, 0), guest_leave);
	for (i = 0; i < n; i++)
		instruction(qemu_plugin_tb_get_insn(tb, i), guest);
}

API_EXPORT int qemu_plugin_version = API_VERSION;

API_EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	char name[4096];
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			prefix = argv[i] + 4;
		else if (!strcmp(argv[i], "profile=on"))
			profile = true;
	}
	if (!prefix) {
		fputs("count: no out=PREFIX\n", stderr);
		return -1;
	}
	snprintf(name, sizeof(name), "%s.json", prefix);
	out = fopen(name, "w");
	unit_start = calloc(UNITS, sizeof(*unit_start));
	if (!out || !unit_start) {
		fprintf(stderr, "count: %s: %s\n", name, strerror(errno));
		return -1;
	}
	score = qemu_plugin_scoreboard_new(sizeof(struct score) +
					   (profile ? UNITS * sizeof(struct unit) : 0));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory that goes while commands use it: nvdpa_mem_publish() against the passes
 * and completions of path/. Each critical section of a queue's lock is one step here,
 * for nothing but the lock orders them; whatever happens without it is a step of its own.
 *
 * To be shown: no page is written to after it was released, by the device or by the CPU
 * (the status byte); no table is looked at after it was freed; whoever waits for the
 * requests of before is let go. Each MUTANT_* leaves something out that this needs.
 */
#define QUEUES 2
#define REQS 2
#define PAGES 2
#define CHANGES 3
#define NOTHING PAGES

mtype = { IDLE, TAKEN, POSTED, ENDED };

/* A page, and how often it had been released when it was looked up. */
typedef place {
	byte page;
	byte age;
};

typedef request {
	mtype state = IDLE;
	bit epoch;
	place status;
	/* What the device has, whatever we think of it. */
	bool running;
	place data;
};

typedef queue {
	request req[REQS];
	byte mem;		/* table that is published */
	bit epoch;
	byte inflight[2];
	bool stopped;		/* nothing is posted (nvdpa_qpair_live()) */
};

queue q[QUEUES];

/* A table has one run, which is one page or nothing. Table 0 is empty. */
byte table[CHANGES + 1] = NOTHING;
bool freed[CHANGES + 1];
bool held[PAGES];
byte age[PAGES];

inline look_up(i, at)
{
	assert(!freed[q[i].mem]);
	at.page = table[q[i].mem];
	if
	:: at.page != NOTHING -> at.age = age[at.page]
	:: else
	fi
}

inline write_to(at)
{
	assert(held[at.page] && age[at.page] == at.age)
}

/* nvdpa_complete_req(), and a slot for the next one. */
inline end_request(i, r)
{
	write_to(q[i].req[r].status);
	q[i].inflight[q[i].req[r].epoch]--;
	q[i].req[r].state = IDLE;
	q[i].req[r].status.page = 0; q[i].req[r].status.age = 0
}

/* Passes: take a chain, later post its command, with whatever table there is then. */
proctype passes(byte i; byte r)
{
	place at;

end:	do
	:: atomic {
		q[i].req[r].state == IDLE ->
		look_up(i, at);
		if
		:: at.page != NOTHING ->
			q[i].req[r].status.page = at.page;
			q[i].req[r].status.age = at.age;
			q[i].req[r].epoch = q[i].epoch;
			q[i].inflight[q[i].epoch]++;
			q[i].req[r].state = TAKEN
		:: else
		fi;
		at.page = 0; at.age = 0
	   }
	:: atomic {
		q[i].req[r].state == TAKEN && !q[i].req[r].running ->
		look_up(i, at);
		if
		:: q[i].stopped || at.page == NOTHING -> end_request(i, r)
		:: else ->
			q[i].req[r].data.page = at.page;
			q[i].req[r].data.age = at.age;
			q[i].req[r].running = true;
			q[i].req[r].state = POSTED
		fi;
		at.page = 0; at.age = 0
	   }
	od
}

inline forget(i, r)
{
	q[i].req[r].running = false;
	q[i].req[r].data.page = 0; q[i].req[r].data.age = 0
}

/* One command: DMA as often as it likes, then perhaps an end, which is noticed later. */
proctype command(byte i; byte r)
{
end:	do
	:: atomic { q[i].req[r].running -> write_to(q[i].req[r].data) }
	:: atomic {
		q[i].req[r].running ->
		forget(i, r);
		if
		:: q[i].req[r].state == POSTED -> q[i].req[r].state = ENDED
		:: else
		fi
	   }
	:: atomic { q[i].req[r].state == ENDED -> end_request(i, r) }
	od
}

/* nvdpa_qpair_abandon(), for a device that does not end its commands. */
inline abandon(i)
{
	q[i].stopped = true;
#ifndef MUTANT_NOT_DELETED
	atomic {
		r = 0;
		do
		:: r < REQS -> forget(i, r); r++
		:: else -> break
		od
	}
#endif
	r = 0;
	do
	:: r < REQS ->
		atomic {
			if
			:: q[i].req[r].state == POSTED || q[i].req[r].state == ENDED ->
				end_request(i, r)
			:: else
			fi;
			r++
		}
	:: else -> break
	od;
	q[i].stopped = false
}

/* nvdpa_queue_drain_mem() */
inline drain(i)
{
	do
	:: q[i].inflight[1 - q[i].epoch] == 0 -> break
	:: q[i].inflight[1 - q[i].epoch] != 0 -> abandon(i)
	od
}

inline release(page)
{
	atomic { held[page] = false; age[page]++ }
}

/* nvdpa_mem_set(): one at a time, the device's lock is held all the while. */
proctype changes()
{
	byte n = 1, i, r, page, old = NOTHING;

	do
	:: n <= CHANGES ->
		if
		:: page = 0
		:: page = 1
		:: page = NOTHING
		fi;
		/* What is taken was ours or somebody else's before: now it is held. */
		atomic {
			table[n] = page;
			if
			:: page != NOTHING -> held[page] = true
			:: else
			fi
		}
		i = 0;
		do
		:: i < QUEUES ->
			atomic {
				q[i].mem = n;
#ifndef MUTANT_SAME_EPOCH
				if
				:: old != NOTHING && old != page ->
					q[i].epoch = 1 - q[i].epoch;
					assert(q[i].inflight[q[i].epoch] == 0)
				:: else
				fi;
#endif
				i++
			}
		:: else -> break
		od;
		if
		:: old != NOTHING && old != page ->
#ifdef MUTANT_RELEASED_FIRST
			release(old);
#endif
			i = 0;
			do
			:: i < QUEUES ->
#ifndef MUTANT_NO_DRAIN
				drain(i);
#endif
				i++
			:: else -> break
			od;
#ifndef MUTANT_RELEASED_FIRST
			release(old)
#endif
		:: else
		fi;
		freed[n - 1] = true;
		old = page;
		n++
	:: else -> break
	od
}

init
{
	byte i, r;

	atomic {
		i = 0;
		do
		:: i < QUEUES ->
			r = 0;
			do
			:: r < REQS -> run passes(i, r); run command(i, r); r++
			:: else -> break
			od;
			i++
		:: else -> break
		od;
		run changes()
	}
}

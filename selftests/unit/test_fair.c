// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/fair.c. */
#include <stdlib.h>

#include "fair.h"
#include "tap.h"

#define USERS 8

static struct nvdpa_fair *fair;
static struct nvdpa_fair_user *users[USERS];

static void make(u16 places, u32 nr_users)
{
	fair = tap_alloc(sizeof(*fair));
	nvdpa_fair_init(fair, places);
	for (u32 i = 0; i < nr_users; i++) {
		users[i] = tap_alloc(sizeof(*users[i]));
		memset(users[i], 0, sizeof(*users[i]));
	}
}

static void unmake(u32 nr_users)
{
	for (u32 i = 0; i < nr_users; i++)
		free(users[i]);
	free(fair);
}

static void want(u32 user, u32 nr)
{
	u16 held = users[user]->held, waiting = users[user]->waiting;

	for (u32 i = 0; i < nr; i++)
		nvdpa_fair_wait(fair, users[user], held + waiting + i);
}

static u32 go(void)
{
	u32 nr = 0;
	u16 place;

	while (nvdpa_fair_next(fair, &place))
		nr++;
	return nr;
}

/* The place of one of a user's commands; there is no test without. */
static u16 place_of(u32 user)
{
	u16 place;

	for (place = 0; place < fair->nr_places; place++)
		if (fair->turns[place].user == users[user])
			return place;
	abort();
}

TEST(fair, alone_has_all_places)
{
	make(30, 1);
	want(0, 100);
	EXPECT_EQ(go(), 30);
	EXPECT_EQ(users[0]->waiting, 70);
	nvdpa_fair_end(fair, place_of(0));
	EXPECT_EQ(go(), 1);
	unmake(1);
}

TEST(fair, commands_of_a_user_go_in_order)
{
	const struct nvdpa_fair_turn *turn;
	u16 place;

	make(2, 1);
	want(0, 50);
	for (u32 i = 0; i < 50; i++) {
		turn = nvdpa_fair_next(fair, &place);
		EXPECT(turn && turn->user == users[0]);
		EXPECT_EQ(turn->cmd, i);
		nvdpa_fair_end(fair, place);
	}
	EXPECT(!nvdpa_fair_next(fair, &place));
	EXPECT_EQ(fair->nr_users, 0);
	unmake(1);
}

TEST(fair, one_command_goes_beside_many)
{
	make(30, 2);
	want(0, 128);
	EXPECT_EQ(go(), 30);
	/* All are taken: it has the next one that gets free. */
	want(1, 1);
	EXPECT_EQ(go(), 0);
	nvdpa_fair_end(fair, place_of(0));
	EXPECT_EQ(go(), 1);
	EXPECT_EQ(users[1]->held, 1);
	/* As long as it comes again, half of them is kept from the other one. */
	for (u32 i = 0; i < 20; i++) {
		nvdpa_fair_end(fair, place_of(1));
		want(1, 1);
		EXPECT_EQ(go(), 1);
		EXPECT_EQ(users[1]->held, 1);
		nvdpa_fair_end(fair, place_of(0));
		go();
	}
	EXPECT_EQ(users[0]->held, 15);
	unmake(2);
}

TEST(fair, places_are_divided_evenly)
{
	make(255, 4);
	for (u32 i = 0; i < 4; i++)
		want(i, 100);
	EXPECT_EQ(go(), 4 * 63);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(users[i]->held, 63);
	unmake(4);
}

TEST(fair, who_has_too_many_gives_them_back)
{
	make(20, 2);
	want(0, 60);
	EXPECT_EQ(go(), 20);
	want(1, 60);
	while (users[0]->held > 10) {
		nvdpa_fair_end(fair, place_of(0));
		EXPECT_EQ(go(), 1);
	}
	EXPECT_EQ(users[1]->held, 10);
	/* And has them again when the other one wants none any more. */
	nvdpa_fair_leave(fair, users[1]);
	while (users[1]->held)
		nvdpa_fair_end(fair, place_of(1));
	nvdpa_fair_end(fair, place_of(0));
	EXPECT_EQ(go(), 11);
	EXPECT_EQ(users[0]->held, 20);
	unmake(2);
}

TEST(fair, more_users_than_places)
{
	make(3, USERS);
	for (u32 i = 0; i < USERS; i++)
		want(i, 2);
	for (u32 i = 0; i < USERS * 2; i++) {
		EXPECT_EQ(go(), i < 1 ? 3 : i < USERS * 2 - 2 ? 1 : 0);
		EXPECT_EQ(users[i % USERS]->held, 1);
		nvdpa_fair_end(fair, place_of(i % USERS));
	}
	EXPECT_EQ(fair->nr_users, 0);
	EXPECT_EQ(fair->nr_free, 3);
	unmake(USERS);
}

TEST(fair, commands_that_have_places_already)
{
	make(10, 2);
	nvdpa_fair_seat(fair, users[0], 3, 3);
	nvdpa_fair_seat(fair, users[0], 9, 9);
	EXPECT_EQ(fair->nr_users, 1);
	want(1, 20);
	EXPECT_EQ(go(), 5);
	EXPECT(fair->turns[3].user == users[0] && fair->turns[9].cmd == 9);
	nvdpa_fair_end(fair, 3);
	nvdpa_fair_end(fair, 9);
	EXPECT_EQ(fair->nr_users, 1);
	unmake(2);
}

TEST(fair, who_leaves_is_not_in_line)
{
	make(1, 3);
	for (u32 i = 0; i < 3; i++)
		want(i, 2);
	EXPECT_EQ(go(), 1);
	nvdpa_fair_leave(fair, users[1]);
	nvdpa_fair_end(fair, place_of(0));
	EXPECT_EQ(go(), 1);
	nvdpa_fair_leave(fair, users[0]);
	EXPECT_EQ(fair->nr_users, 1);
	nvdpa_fair_end(fair, place_of(2));
	EXPECT_EQ(go(), 1);
	EXPECT_EQ(users[2]->held, 1);
	nvdpa_fair_leave(fair, users[2]);
	nvdpa_fair_end(fair, place_of(2));
	EXPECT_EQ(fair->nr_users, 0);
	unmake(3);
}

/*
 * Whatever they do, nothing that could go waits, and whoever asks for one place is
 * not passed over for more than one round of the others' and what they have too many.
 */
TEST(fair, nobody_is_forgotten)
{
	u16 had[USERS], place;
	u32 users_nr, places, passed[USERS] = {};

	for (u32 round = 0; round < 300; round++) {
		users_nr = 1 + tap_below(USERS);
		places = 1 + tap_below(40);
		memset(passed, 0, sizeof(passed));
		make(places, users_nr);
		for (u32 i = 0; i < 400; i++) {
			u32 user = tap_below(users_nr);
			u32 all = users[user]->held + users[user]->waiting;
			const struct nvdpa_fair_turn *turn;

			if (tap_below(3) && all < 100) {
				/* Whatever number is not in use. */
				u16 cmd = i % NVDPA_FAIR_MAX;
				bool used = false;

				for (u32 p = 0; p < places; p++)
					used |= fair->turns[p].user == users[user] &&
						fair->turns[p].cmd == cmd;
				for (u32 w = 0, c = users[user]->first;
				     w < users[user]->waiting;
				     w++, c = users[user]->after[c])
					used |= c == cmd;
				if (!used)
					nvdpa_fair_wait(fair, users[user], cmd);
			} else if (users[user]->held) {
				nvdpa_fair_end(fair, place_of(user));
			} else if (!tap_below(8)) {
				nvdpa_fair_leave(fair, users[user]);
			}
			for (u32 u = 0; u < users_nr; u++)
				had[u] = users[u]->held;
			while ((turn = nvdpa_fair_next(fair, &place)))
				for (u32 u = 0; u < users_nr; u++)
					passed[u] += turn->user != users[u];
			for (u32 u = 0; u < users_nr; u++) {
				if (users[u]->held > had[u] || had[u] ||
				    !users[u]->waiting)
					passed[u] = 0;
				EXPECT(passed[u] <= users_nr);
				/* It waits for a place, or for its own. */
				if (users[u]->waiting)
					EXPECT(users[u]->held || !fair->nr_free);
			}
		}
		unmake(users_nr);
	}
}

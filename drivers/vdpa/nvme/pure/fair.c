// SPDX-License-Identifier: GPL-2.0
/* Places of a queue that several share, divided evenly among those who want some. */
#include "fair.h"

void nvdpa_fair_init(struct nvdpa_fair *fair, u16 nr_places)
{
	u16 place;

	memset(fair, 0, sizeof(*fair));
	fair->nr_places = nr_places;
	for (place = 0; place < nr_places; place++)
		fair->free[fair->nr_free++] = place;
}

static bool nvdpa_fair_wants(const struct nvdpa_fair_user *user)
{
	return user->held || user->waiting;
}

/* What a user may have while others want some, too. */
static u16 nvdpa_fair_part(const struct nvdpa_fair *fair)
{
	return max(fair->nr_places / max_t(u16, fair->nr_users, 1), 1);
}

static void nvdpa_fair_line_up(struct nvdpa_fair *fair,
			       struct nvdpa_fair_user *user)
{
	if (user->in_line)
		return;
	user->in_line = true;
	user->next = NULL;
	if (fair->first)
		fair->last->next = user;
	else
		fair->first = user;
	fair->last = user;
}

static struct nvdpa_fair_user *nvdpa_fair_first(struct nvdpa_fair *fair)
{
	struct nvdpa_fair_user *user = fair->first;

	fair->first = user->next;
	user->in_line = false;
	return user;
}

static void nvdpa_fair_take(struct nvdpa_fair *fair,
			    struct nvdpa_fair_user *user, u16 cmd, u16 place)
{
	user->held++;
	fair->turns[place].user = user;
	fair->turns[place].cmd = cmd;
}

void nvdpa_fair_seat(struct nvdpa_fair *fair, struct nvdpa_fair_user *user,
		     u16 cmd, u16 place)
{
	u16 i = 0;

	while (fair->free[i] != place)
		i++;
	fair->free[i] = fair->free[--fair->nr_free];
	fair->nr_users += !nvdpa_fair_wants(user);
	nvdpa_fair_take(fair, user, cmd, place);
}

void nvdpa_fair_wait(struct nvdpa_fair *fair, struct nvdpa_fair_user *user,
		     u16 cmd)
{
	fair->nr_users += !nvdpa_fair_wants(user);
	if (user->waiting++)
		user->after[user->last] = cmd;
	else
		user->first = cmd;
	user->last = cmd;
	nvdpa_fair_line_up(fair, user);
}

const struct nvdpa_fair_turn *nvdpa_fair_next(struct nvdpa_fair *fair,
					      u16 *place)
{
	struct nvdpa_fair_user *user;
	u16 cmd;

	while (fair->nr_free && fair->first) {
		user = nvdpa_fair_first(fair);
		if (user->held >= nvdpa_fair_part(fair))
			continue;
		cmd = user->first;
		user->first = user->after[cmd];
		if (--user->waiting)
			nvdpa_fair_line_up(fair, user);
		*place = fair->free[--fair->nr_free];
		nvdpa_fair_take(fair, user, cmd, *place);
		return &fair->turns[*place];
	}
	return NULL;
}

void nvdpa_fair_end(struct nvdpa_fair *fair, u16 place)
{
	struct nvdpa_fair_user *user = fair->turns[place].user;

	fair->turns[place].user = NULL;
	fair->free[fair->nr_free++] = place;
	user->held--;
	fair->nr_users -= !nvdpa_fair_wants(user);
	if (user->waiting)
		nvdpa_fair_line_up(fair, user);
}

void nvdpa_fair_leave(struct nvdpa_fair *fair, struct nvdpa_fair_user *user)
{
	struct nvdpa_fair_user *first = fair->first, *next;

	if (!user->waiting)
		return;
	user->waiting = 0;
	fair->nr_users -= !nvdpa_fair_wants(user);
	/* The others line up again, in their order. */
	for (fair->first = NULL; first; first = next) {
		next = first->next;
		first->in_line = false;
		if (first != user)
			nvdpa_fair_line_up(fair, first);
	}
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may post next, where several share a queue pair that has fewer places than
 * they have commands.
 */
#ifndef NVDPA_PURE_FAIR_H
#define NVDPA_PURE_FAIR_H

#include "kdep.h"

/* Places, and commands of one user, at most. */
#define NVDPA_FAIR_MAX	255

/**
 * struct nvdpa_fair_user - one of those who share
 * @next: behind it in line
 * @in_line: it is in line
 * @held: places that its commands have
 * @waiting: its commands that wait for one
 * @first: the one of them that is to go next
 * @last: the one of them that came last
 * @after: by command: the one that waits behind it
 */
struct nvdpa_fair_user {
	struct nvdpa_fair_user *next;
	bool in_line;
	u16 held;
	u16 waiting;
	u16 first;
	u16 last;
	u16 after[NVDPA_FAIR_MAX];
};

/**
 * struct nvdpa_fair_turn - a command that has a place
 * @user: whose it is
 * @cmd: which of its commands
 */
struct nvdpa_fair_turn {
	struct nvdpa_fair_user *user;
	u16 cmd;
};

/**
 * struct nvdpa_fair - places, and the line of those who wait for one
 * @first: first in line, or NULL
 * @last: last in line
 * @nr_users: users that have a command, with a place or waiting
 * @nr_places: number of places
 * @nr_free: number of free places
 * @free: stack of free places
 * @turns: by place: the command that has it; without a user if none has
 */
struct nvdpa_fair {
	struct nvdpa_fair_user *first;
	struct nvdpa_fair_user *last;
	u16 nr_users;
	u16 nr_places;
	u16 nr_free;
	u16 free[NVDPA_FAIR_MAX];
	struct nvdpa_fair_turn turns[NVDPA_FAIR_MAX];
};

/**
 * nvdpa_fair_init() - begin without any user
 * @fair: places
 * @nr_places: how many there are, not 0
 */
void nvdpa_fair_init(struct nvdpa_fair *fair, u16 nr_places);

/**
 * nvdpa_fair_seat() - a command has a place already
 * @fair: places
 * @user: whose it is
 * @cmd: the command
 * @place: its place, which is free
 *
 * Searches the free places, so this is nothing for each command.
 */
void nvdpa_fair_seat(struct nvdpa_fair *fair, struct nvdpa_fair_user *user,
		     u16 cmd, u16 place);

/**
 * nvdpa_fair_wait() - a command wants a place
 * @fair: places
 * @user: whose it is
 * @cmd: the command, neither waiting nor in a place
 */
void nvdpa_fair_wait(struct nvdpa_fair *fair, struct nvdpa_fair_user *user,
		     u16 cmd);

/**
 * nvdpa_fair_next() - give the next command in line a place
 * @fair: places
 * @place: the place, written if there was one
 *
 * Places are divided evenly among the users that want any. Who has his part is
 * passed over, and is in line again when one of his own commands ends; the others
 * go in turn, one command each.
 *
 * Return: the command, or NULL when nothing can go: there is no free place, or
 * whoever waits has his part.
 */
const struct nvdpa_fair_turn *nvdpa_fair_next(struct nvdpa_fair *fair,
					      u16 *place);

/**
 * nvdpa_fair_end() - a command has its place no more
 * @fair: places
 * @place: its place
 */
void nvdpa_fair_end(struct nvdpa_fair *fair, u16 place);

/**
 * nvdpa_fair_leave() - a user's commands wait no more
 * @fair: places
 * @user: user
 *
 * Those that have a place keep it. Without one it may go away.
 */
void nvdpa_fair_leave(struct nvdpa_fair *fair, struct nvdpa_fair_user *user);

#endif /* NVDPA_PURE_FAIR_H */

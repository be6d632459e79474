// SPDX-License-Identifier: GPL-2.0
/* Prints the volumes that the tool's own code reads from an image: show IMAGE */
#include <fcntl.h>
#include <stdio.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"

#define BLOCK 512

static int show(int fd)
{
	const struct gpt_part *part;
	struct disk *disk;
	struct gpt *gpt;
	unsigned int i;

	if (disk_open(fd, BLOCK, "the image", &disk) || gpt_open(disk, &gpt)) {
		fprintf(stderr, "%s\n", err_get()->message);
		return 1;
	}
	for (i = 0; i < gpt->nr_parts; i++) {
		part = &gpt->parts[i];
		if (part->kind == GPT_VOLUME)
			printf("%s %ju %ju %ju %s\n", part->name,
			       (uintmax_t)part->start_lba,
			       (uintmax_t)part->nr_lbas,
			       (uintmax_t)part->growth_lbas, part->uuid);
	}
	gpt_close(gpt);
	disk_close(disk);
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0) {
		fprintf(stderr, "usage: show IMAGE\n");
		return 2;
	}
	return show(fd);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The health of a controller, told as fields of a row. */
#ifndef NVDPA_HEALTH_H
#define NVDPA_HEALTH_H

struct health;

/** health_tell() - fields of the current row; @health is NULL if nobody knows */
void health_tell(const struct health *health);

/**
 * health_line() - a few words
 * @health: that of a controller that answered
 * @line: out
 * @size: of @line
 */
void health_line(const struct health *health, char *line, int size);

#endif /* NVDPA_HEALTH_H */

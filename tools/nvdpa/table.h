/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of text under titles, aligned. */
#ifndef NVDPA_TABLE_H
#define NVDPA_TABLE_H

#include <stdio.h>

struct table;

enum table_align {
	TABLE_LEFT,
	/* Numbers. */
	TABLE_RIGHT,
};

/** table_new() - an empty one, or NULL */
struct table *table_new(void);

/** table_free() - NULL is fine */
void table_free(struct table *table);

/** table_clear() - forget the rows and keep the columns */
void table_clear(struct table *table);

/** table_row() - begin a row */
void table_row(struct table *table);

/**
 * table_cell() - a value of the row
 * @table: the table
 * @title: its column, which is made after the others if it is new
 * @align: of the new column
 * @value: copied
 */
void table_cell(struct table *table, const char *title, enum table_align align,
		const char *value);

/** table_print() - all rows under their titles; a value that lacks is "-" */
void table_print(const struct table *table, FILE *to);

/** table_print_records() - a block a row, a line a value, behind its title */
void table_print_records(const struct table *table, FILE *to);

#endif /* NVDPA_TABLE_H */

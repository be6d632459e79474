// SPDX-License-Identifier: GPL-2.0
#include "table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* No command shows more. */
#define COLUMNS_MAX 48

/* Between columns. */
#define GAP 2

struct column {
	char *title;
	enum table_align align;
};

struct table {
	struct column columns[COLUMNS_MAX];
	unsigned int nr_columns;
	/* Rows of COLUMNS_MAX values, NULL where there is none. */
	char *(*rows)[COLUMNS_MAX];
	size_t nr_rows;
};

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

void table_clear(struct table *table)
{
	unsigned int column;
	size_t row;

	for (row = 0; row < table->nr_rows; row++)
		for (column = 0; column < table->nr_columns; column++)
			free(table->rows[row][column]);
	free(table->rows);
	table->rows = NULL;
	table->nr_rows = 0;
}

void table_free(struct table *table)
{
	unsigned int column;

	if (!table)
		return;
	table_clear(table);
	for (column = 0; column < table->nr_columns; column++)
		free(table->columns[column].title);
	free(table);
}

void table_row(struct table *table)
{
	void *rows;

	rows = reallocarray(table->rows, table->nr_rows + 1, sizeof(*table->rows));
	if (!rows)
		abort();
	table->rows = rows;
	memset(table->rows[table->nr_rows++], 0, sizeof(*table->rows));
}

static unsigned int table_column(struct table *table, const char *title,
				 enum table_align align)
{
	unsigned int column;

	for (column = 0; column < table->nr_columns; column++)
		if (!strcmp(table->columns[column].title, title))
			return column;
	if (column == COLUMNS_MAX)
		abort();
	table->columns[column].title = strdup(title);
	table->columns[column].align = align;
	table->nr_columns++;
	return column;
}

void table_cell(struct table *table, const char *title, enum table_align align,
		const char *value)
{
	char **cell = &table->rows[table->nr_rows - 1][table_column(table, title, align)];

	free(*cell);
	*cell = strdup(value);
}

static const char *table_value(const struct table *table, size_t row,
			       unsigned int column)
{
	return table->rows[row][column] ?: "-";
}

static size_t table_width(const struct table *table, unsigned int column)
{
	size_t width = utf8_width(table->columns[column].title), row, other;

	for (row = 0; row < table->nr_rows; row++) {
		other = utf8_width(table_value(table, row, column));
		if (other > width)
			width = other;
	}
	return width;
}

static void table_blanks(size_t count, FILE *to)
{
	fprintf(to, "%*s", (int)count, "");
}

/* The blanks behind the last value of a line stay away. */
static void table_print_value(const struct table *table, unsigned int column,
			      const char *value, size_t width, FILE *to)
{
	size_t blanks = width - utf8_width(value);
	bool last = column == table->nr_columns - 1;

	if (column)
		table_blanks(GAP, to);
	if (table->columns[column].align == TABLE_RIGHT)
		table_blanks(blanks, to);
	fputs(value, to);
	if (table->columns[column].align == TABLE_LEFT && !last)
		table_blanks(blanks, to);
}

void table_print(const struct table *table, FILE *to)
{
	size_t widths[COLUMNS_MAX], row;
	unsigned int column;

	if (!table->nr_rows)
		return;
	for (column = 0; column < table->nr_columns; column++) {
		widths[column] = table_width(table, column);
		table_print_value(table, column, table->columns[column].title,
				  widths[column], to);
	}
	fputc('\n', to);
	for (row = 0; row < table->nr_rows; row++) {
		for (column = 0; column < table->nr_columns; column++)
			table_print_value(table, column,
					  table_value(table, row, column),
					  widths[column], to);
		fputc('\n', to);
	}
}

void table_print_records(const struct table *table, FILE *to)
{
	unsigned int column;
	size_t row, width = 0, other;

	for (column = 0; column < table->nr_columns; column++) {
		other = utf8_width(table->columns[column].title);
		if (other > width)
			width = other;
	}
	for (row = 0; row < table->nr_rows; row++) {
		if (row)
			fputc('\n', to);
		for (column = 0; column < table->nr_columns; column++) {
			if (!table->rows[row][column])
				continue;
			fputs(table->columns[column].title, to);
			table_blanks(width + GAP -
				     utf8_width(table->columns[column].title), to);
			fprintf(to, "%s\n", table->rows[row][column]);
		}
	}
}

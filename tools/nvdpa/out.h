/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one printer, for people and for machines: a command says once what it has
 * to tell, as rows of fields, and the format is decided here. Everything is kept
 * until out_flush(), so that the output is whole or an error.
 *
 * JSON is one object: {"volumes": [{"name": "vm1", ...}, ...]}.
 */
#ifndef NVDPA_OUT_H
#define NVDPA_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct err;

enum out_format {
	OUT_TEXT,
	OUT_JSON,
	/* The same, for people's eyes. */
	OUT_JSON_PRETTY,
};

enum out_layout {
	/* A line a row, under titles. */
	OUT_TABLE,
	/* A line a field, a block a row. */
	OUT_RECORD,
};

/** out_init() - before anything else; without it, text */
void out_init(enum out_format format);

/** out_is_json() - for what text has and JSON has not */
bool out_is_json(void);

/**
 * out_begin() - begin a list
 * @key: its key in JSON
 * @layout: of its rows as text
 */
void out_begin(const char *key, enum out_layout layout);

/** out_row() - begin a row of the list */
void out_row(void);

/*
 * Fields of the row. @key is JSON's, @title the text's; a field without title
 * is for JSON only, one without key for text only. A title's first use settles
 * its place among the columns; rows that lack it show "-".
 */
void out_text(const char *key, const char *title, const char *value);
void out_number(const char *key, const char *title, uint64_t value);
/* For people with a unit, in JSON in bytes. */
void out_size(const char *key, const char *title, uint64_t bytes);
/* JSON has true or false. */
void out_bool(const char *key, const char *title, bool value,
	      const char *yes, const char *no);
/* JSON has a float, text @decimals decimals and @unit. */
void out_real(const char *key, const char *title, double value,
	      unsigned int decimals, const char *unit);
/* The time, as ISO 8601 has it, for JSON. */
void out_now(const char *key);
/* JSON has null, text "-". */
void out_none(const char *key, const char *title);
/* A title for records alone: NULL in a table, whose line has no room for all. */
const char *out_at_length(const char *title);
/* A field whose text differs from its number. */
__attribute__((format(printf, 4, 5)))
void out_number_as(const char *key, const char *title, uint64_t value,
		   const char *format, ...);

/*
 * Structure inside of a row, for JSON only: fields and rows go there until
 * out_close(). An element without key is an array's.
 */
void out_open_object(const char *key);
void out_open_array(const char *key);
void out_close(void);

/** out_line() - a line of text for people, in place; nothing in JSON */
__attribute__((format(printf, 1, 2)))
void out_line(const char *format, ...);

/** out_end() - end the list */
void out_end(void);

/**
 * out_object() - one row without a list around it, for a change that was made
 *
 * Its fields follow; JSON's top object has them itself.
 */
void out_object(void);

/** out_flush() - print what was told, and forget it: 0 or -errno of stdout */
int out_flush(void);

/** out_flush_to() - likewise, text on another stream */
int out_flush_to(FILE *to);

/**
 * out_event() - print what was told as one line, at once
 *
 * JSON without line breaks, whatever out_init() was told.
 */
int out_event(void);

/** out_take() - the text that was told, to free(), in the place of printing it */
char *out_take(void);

/** out_drop() - forget what was told */
void out_drop(void);

/** out_error() - print why it failed: JSON on stdout, text on stderr */
void out_error(const struct err *err);

/**
 * out_note() - tell people something beside the result, on stderr, at once
 * @format: a sentence
 */
__attribute__((format(printf, 1, 2)))
void out_note(const char *format, ...);

/**
 * out_progress() - how far something long is, on stderr if that is a terminal
 * @what: in a few words
 * @done: of @all
 * @all: everything; when @done has reached it, the line is wiped
 */
void out_progress(const char *what, uint64_t done, uint64_t all);

#endif /* NVDPA_OUT_H */

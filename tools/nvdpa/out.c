// SPDX-License-Identifier: GPL-2.0
#include "out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "err.h"
#include "size.h"
#include "table.h"
#include "utf8.h"

/* Structure in structure. */
#define DEPTH_MAX 16

#define VALUE_SIZE 256

enum out_nest {
	NEST_ARRAY,
	/* An object that out_row() put into an array. */
	NEST_ROW,
	NEST_OBJECT,
};

static struct {
	enum out_format format;
	bool streamed;
	/* JSON: what was told, and where in it the next field goes. */
	struct json_object *root;
	struct {
		enum out_nest nest;
		struct json_object *object;
	} stack[DEPTH_MAX];
	unsigned int depth;
	/* Text: what is complete, and the list that is not yet. */
	FILE *text;
	char *text_data;
	size_t text_size;
	struct table *table;
	enum out_layout layout;
} out;

static void *out_checked(void *memory)
{
	if (!memory) {
		fputs("nvdpa: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

void out_init(enum out_format format)
{
	out_drop();
	out.format = format;
}

bool out_is_json(void)
{
	return out.format != OUT_TEXT;
}

/* JSON */

static struct json_object *out_root(void)
{
	if (!out.root)
		out.root = out_checked(json_object_new_object());
	return out.root;
}

static void out_push(enum out_nest nest, struct json_object *object)
{
	if (out.depth == DEPTH_MAX)
		abort();
	out.stack[out.depth].nest = nest;
	out.stack[out.depth].object = object;
	out.depth++;
}

static bool out_in(enum out_nest nest)
{
	return out.depth && out.stack[out.depth - 1].nest == nest;
}

static void out_pop(enum out_nest nest)
{
	if (out_in(nest))
		out.depth--;
}

/* Into what is open; NULL stands for null. */
static void out_put(const char *key, struct json_object *value)
{
	struct json_object *at = out.depth ? out.stack[out.depth - 1].object :
					     out_root();

	if (out_in(NEST_ARRAY))
		json_object_array_add(at, value);
	else if (key)
		json_object_object_add(at, key, value);
	else
		json_object_put(value);
}

static struct json_object *out_json_string(const char *value)
{
	struct json_object *string;
	char *clean = out_checked(strdup(value));

	utf8_clean(clean, UTF8_ESCAPED);
	string = out_checked(json_object_new_string(clean));
	free(clean);
	return string;
}

static void out_nest(const char *key, enum out_nest nest)
{
	struct json_object *object;

	object = out_checked(nest == NEST_ARRAY ? json_object_new_array() :
						  json_object_new_object());
	out_put(key, object);
	out_push(nest, object);
}

/* Text */

static FILE *out_stream(void)
{
	if (!out.text)
		out.text = out_checked(open_memstream(&out.text_data, &out.text_size));
	return out.text;
}

static void out_render(void)
{
	if (!out.table)
		return;
	if (out.layout == OUT_TABLE)
		table_print(out.table, out_stream());
	else
		table_print_records(out.table, out_stream());
	table_clear(out.table);
}

static void out_cell(const char *title, enum table_align align, const char *value)
{
	char text[VALUE_SIZE];

	if (!title || !out.table)
		return;
	snprintf(text, sizeof(text), "%s", value);
	utf8_clean(text, UTF8_LINE);
	table_cell(out.table, title, align, text);
}

static void out_layout(enum out_layout layout)
{
	out.table = out_checked(table_new());
	out.layout = layout;
}

const char *out_at_length(const char *title)
{
	return out.layout == OUT_RECORD ? title : NULL;
}

/* Both */

void out_end(void)
{
	if (out_is_json()) {
		out.depth = 0;
		return;
	}
	out_render();
	table_free(out.table);
	out.table = NULL;
}

void out_begin(const char *key, enum out_layout layout)
{
	if (out_is_json()) {
		out_nest(key, NEST_ARRAY);
		return;
	}
	out_end();
	out_layout(layout);
}

void out_row(void)
{
	if (!out_is_json()) {
		table_row(out.table);
		return;
	}
	out_pop(NEST_ROW);
	out_nest(NULL, NEST_ROW);
}

void out_object(void)
{
	if (out_is_json()) {
		out_root();
		return;
	}
	out_end();
	out_layout(OUT_RECORD);
	table_row(out.table);
}

void out_open_object(const char *key)
{
	if (out_is_json())
		out_nest(key, NEST_OBJECT);
}

void out_open_array(const char *key)
{
	if (out_is_json())
		out_nest(key, NEST_ARRAY);
}

void out_close(void)
{
	if (!out_is_json())
		return;
	out_pop(NEST_ROW);
	out.depth--;
}

void out_text(const char *key, const char *title, const char *value)
{
	if (out_is_json())
		out_put(key, out_json_string(value));
	else
		out_cell(title, TABLE_LEFT, *value ? value : "-");
}

void out_number(const char *key, const char *title, uint64_t value)
{
	out_number_as(key, title, value, "%" PRIu64, value);
}

void out_size(const char *key, const char *title, uint64_t bytes)
{
	char text[SIZE_TEXT];

	out_number_as(key, title, bytes, "%s", size_print(bytes, text));
}

void out_number_as(const char *key, const char *title, uint64_t value,
		   const char *format, ...)
{
	char text[VALUE_SIZE];
	va_list values;

	if (out_is_json()) {
		out_put(key, out_checked(json_object_new_uint64(value)));
		return;
	}
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	out_cell(title, TABLE_RIGHT, text);
}

void out_bool(const char *key, const char *title, bool value,
	      const char *yes, const char *no)
{
	if (out_is_json())
		out_put(key, out_checked(json_object_new_boolean(value)));
	else
		out_cell(title, TABLE_LEFT, value ? yes : no);
}

void out_real(const char *key, const char *title, double value,
	      unsigned int decimals, const char *unit)
{
	char text[VALUE_SIZE];

	snprintf(text, sizeof(text), "%.*f%s", decimals, value,
		 out_is_json() ? "" : unit);
	if (out_is_json())
		out_put(key, out_checked(json_object_new_double_s(value, text)));
	else
		out_cell(title, TABLE_RIGHT, text);
}

void out_now(const char *key)
{
	struct timespec now;
	struct tm parts;
	char date[32], text[64];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(date, sizeof(date), "%FT%T", &parts);
	snprintf(text, sizeof(text), "%s.%06ldZ", date, now.tv_nsec / 1000);
	out_text(key, NULL, text);
}

void out_none(const char *key, const char *title)
{
	if (out_is_json())
		out_put(key, NULL);
	else
		out_cell(title, TABLE_LEFT, "-");
}

void out_line(const char *format, ...)
{
	va_list values;
	char *text;
	int length;

	if (out_is_json())
		return;
	out_render();
	va_start(values, format);
	length = vasprintf(&text, format, values);
	va_end(values);
	out_checked(length < 0 ? NULL : text);
	fprintf(out_stream(), "%s\n", utf8_clean(text, UTF8_LINES));
	free(text);
}

static void out_print_json(bool pretty, FILE *to)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |= pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			  JSON_C_TO_STRING_PLAIN;
	fprintf(to, "%s\n", json_object_to_json_string_ext(out_root(), flags));
}

static void out_print_text(FILE *to)
{
	out_end();
	if (!out.text)
		return;
	fflush(out.text);
	fwrite(out.text_data, 1, out.text_size, to);
}

static int out_print(bool pretty, FILE *to)
{
	errno = 0;
	if (out_is_json())
		out_print_json(pretty, to);
	else
		out_print_text(to);
	out_drop();
	if (!fflush(to) && !ferror(to))
		return 0;
	return err_set(errno ?: EIO, NULL, "cannot write the output: %s",
		       strerror(errno ?: EIO));
}

int out_flush_to(FILE *to)
{
	return out_print(out.format == OUT_JSON_PRETTY, to);
}

int out_flush(void)
{
	/* What tells of events has told all of it. */
	if (out.streamed && !out.root && !out.text && !out.table)
		return 0;
	return out_flush_to(stdout);
}

int out_event(void)
{
	out.streamed = true;
	return out_print(false, stdout);
}

char *out_take(void)
{
	char *text;

	out_end();
	fflush(out_stream());
	text = out_checked(strdup(out.text_data));
	out_drop();
	return text;
}

void out_drop(void)
{
	json_object_put(out.root);
	out.root = NULL;
	out.depth = 0;
	if (out.text)
		fclose(out.text);
	free(out.text_data);
	out.text = NULL;
	out.text_data = NULL;
	table_free(out.table);
	out.table = NULL;
}

void out_error(const struct err *err)
{
	const char *name = strerrorname_np(err->err);
	char message[sizeof(err->message)];

	out_drop();
	if (!out_is_json()) {
		snprintf(message, sizeof(message), "%s", err->message);
		utf8_clean(message, UTF8_LINE);
		fprintf(stderr, "nvdpa: %s\n", message);
		return;
	}
	out_open_object("error");
	out_text("message", NULL, err->message);
	out_text("errno", NULL, name ? name : "EIO");
	if (*err->attribute)
		out_text("attribute", NULL, err->attribute);
	else
		out_none("attribute", NULL);
	out_close();
	out_print_json(out.format == OUT_JSON_PRETTY, stdout);
	out_drop();
}

void out_note(const char *format, ...)
{
	char text[sizeof(((struct err *)0)->message)];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	utf8_clean(text, UTF8_LINE);
	fprintf(stderr, "nvdpa: %s\n", text);
}

void out_progress(const char *what, uint64_t done, uint64_t all)
{
	static unsigned int shown = ~0u;
	unsigned int percent;

	if (!isatty(STDERR_FILENO))
		return;
	if (done >= all) {
		fputs("\r\033[K", stderr);
		shown = ~0u;
		return;
	}
	percent = (double)done / all * 100;
	if (percent == shown)
		return;
	shown = percent;
	fprintf(stderr, "\r%s: %u%%\033[K", what, percent);
}

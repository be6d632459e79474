// SPDX-License-Identifier: GPL-2.0
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct err record;

static void err_record(int err, const char *attribute, const char *format,
		       va_list values)
{
	if (record.err)
		return;
	record.err = err;
	snprintf(record.attribute, sizeof(record.attribute), "%s",
		 attribute ? attribute : "");
	vsnprintf(record.message, sizeof(record.message), format, values);
}

int err_set(int err, const char *attribute, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	err_record(abs(err), attribute, format, values);
	va_end(values);
	return -abs(err);
}

int err_usage(const char *attribute, const char *format, ...)
{
	va_list values;

	if (!record.err)
		record.usage = true;
	va_start(values, format);
	err_record(EINVAL, attribute, format, values);
	va_end(values);
	return -EINVAL;
}

void err_prefix(const char *format, ...)
{
	char *prefix, *message;
	va_list values;
	int length;

	va_start(values, format);
	length = vasprintf(&prefix, format, values);
	va_end(values);
	if (length < 0)
		return;
	if (asprintf(&message, "%s: %s", prefix, record.message) >= 0) {
		snprintf(record.message, sizeof(record.message), "%s", message);
		free(message);
	}
	free(prefix);
}

void err_clear(void)
{
	record = (struct err){};
}

const struct err *err_get(void)
{
	return &record;
}

int err_put(const struct err *why)
{
	if (!record.err)
		record = *why;
	return -why->err;
}

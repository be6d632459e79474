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
	char message[sizeof(record.message)];
	va_list values;
	size_t length;

	memcpy(message, record.message, sizeof(message));
	va_start(values, format);
	vsnprintf(record.message, sizeof(record.message), format, values);
	va_end(values);
	length = strlen(record.message);
	snprintf(record.message + length, sizeof(record.message) - length,
		 ": %s", message);
}

void err_suffix(const char *format, ...)
{
	size_t length = strlen(record.message);
	va_list values;

	va_start(values, format);
	vsnprintf(record.message + length, sizeof(record.message) - length,
		  format, values);
	va_end(values);
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

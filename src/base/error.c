/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define CUT " ... "

/* What is too long loses its middle: the object in front and the reason at the end stay. */
static void put(struct error *e, const char *text)
{
	const size_t part = (sizeof(e->text) - sizeof(CUT)) / 2;
	size_t len = strlen(text);

	if (len < sizeof(e->text))
		memcpy(e->text, text, len + 1);
	else
		snprintf(e->text, sizeof(e->text), "%.*s" CUT "%s", (int)part, text,
			text + len - part);
}

/* The format's text, and ": tail" behind it. */
static void put_formatted(struct error *e, const char *fmt, va_list ap, const char *tail)
{
	CLEANUP(mem_free) char *head = NULL;
	CLEANUP(mem_free) char *text = NULL;

	if (vasprintf(&head, fmt, ap) < 0)
		head = xstrdup(fmt);
	text = xasprintf("%s%s%s", head, tail ? ": " : "", tail ? tail : "");
	put(e, text);
}

int error_set(struct error *e, int code, const char *fmt, ...)
{
	va_list ap;

	e->code = code > 0 ? code : EIO;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	put_formatted(e, fmt, ap, NULL);
	va_end(ap);
	return -e->code;
}

int error_errno(struct error *e, const char *fmt, ...)
{
	int code = errno;
	va_list ap;

	e->code = code > 0 ? code : EIO;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	put_formatted(e, fmt, ap, strerror(e->code));
	va_end(ap);
	return -e->code;
}

int error_context(struct error *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_formatted(e, fmt, ap, e->text);
	va_end(ap);
	return -e->code;
}

int error_hint(struct error *e, const char *fmt, ...)
{
	va_list ap;

	if (e->hint[0])
		return -e->code;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -e->code;
}

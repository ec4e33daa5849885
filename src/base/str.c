/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

uint64_t str_hash(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ull;
	return hash;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

int str_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*s)
		return -EINVAL;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return -EINVAL;
	for (; *s; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	if (n > max)
		return -ERANGE;
	*out = n;
	return 0;
}

int str_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t n;
	int64_t value;
	int r = str_u64(s + negative, (uint64_t)INT64_MAX + negative, &n);

	if (r < 0)
		return r;
	value = negative ? (int64_t)(0 - n) : (int64_t)n;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

static void text_reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;

	if (need <= t->size)
		return;
	while (t->size < need)
		t->size = t->size ? t->size * 2 : 128;
	t->s = xrealloc(t->s, t->size, 1);
}

size_t str_utf8(const char *string, size_t n)
{
	const unsigned char *s = (const unsigned char *)string;
	unsigned char low = 0x80, high = 0xbf; /* what the second byte may be */
	size_t length;

	if (n == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n < length)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* below: longer than needed */
	if (s[0] == 0xed)
		high = 0x9f; /* above: surrogates */
	if (s[0] == 0xf0)
		low = 0x90;
	if (s[0] == 0xf4)
		high = 0x8f; /* above: beyond U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

void text_add(struct text *t, const char *s, size_t n)
{
	text_reserve(t, n);
	memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n > 0)
		text_add(t, s, (size_t)n);
	free(s);
}

/* Terminals obey U+0080 to U+009F as they obey escape sequences: U+009B is "ESC [". */
static bool is_text(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;

	if (n == 1)
		return u[0] >= 0x20 && u[0] != 0x7f;
	return n > 1 && !(u[0] == 0xc2 && u[1] < 0xa0);
}

void text_puts_printable(struct text *t, const char *s)
{
	size_t left = strlen(s), n;

	text_puts(t, "");
	for (; left > 0; s += n, left -= n) {
		n = str_utf8(s, left);
		if (is_text(s, n)) {
			text_add(t, s, n);
			continue;
		}
		n = 1;
		text_printf(t, "\\x%02x", (unsigned char)*s);
	}
}

void text_release(struct text *t)
{
	free(t->s);
	*t = (struct text){ 0 };
}

void strlist_add(struct strlist *l, char *owned)
{
	l->v = xrealloc(l->v, l->n + 2, sizeof(char *));
	l->v[l->n++] = owned;
	l->v[l->n] = NULL;
}

void strlist_printf(struct strlist *l, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) >= 0)
		strlist_add(l, s);
	va_end(ap);
}

static char **env_find(const struct strlist *l, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->v[i], name, len) == 0 && l->v[i][len] == '=')
			return &l->v[i];
	return NULL;
}

void strlist_setenv(struct strlist *l, const char *name, const char *value)
{
	char **found = env_find(l, name);
	char *entry = xasprintf("%s=%s", name, value);

	if (!found) {
		strlist_add(l, entry);
		return;
	}
	free(*found);
	*found = entry;
}

const char *strlist_getenv(const struct strlist *l, const char *name)
{
	char **found = env_find(l, name);

	return found ? *found + strlen(name) + 1 : NULL;
}

void strlist_release(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){ 0 };
}

const struct name *name_find(const struct name *table, const char *name)
{
	for (; table->name; table++)
		if (streq(table->name, name))
			return table;
	return NULL;
}

const char *name_of(const struct name *table, int64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

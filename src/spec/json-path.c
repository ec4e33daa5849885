/* SPDX-License-Identifier: Apache-2.0 */
/* Reading values of a parsed document, and naming them in errors. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "spec/json.h"

/* A longer path is cut: the reason must have its place in the error. */
#define PATH_SHOWN_MAX 700

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *j = object->child; j; j = j->next)
		if (streq(j->key, key))
			return j;
	return NULL;
}

const struct json *json_at(const struct json *list, size_t i)
{
	const struct json *j = list ? list->child : NULL;

	while (j && i-- > 0)
		j = j->next;
	return j;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = { "null", "boolean", "number", "string", "array",
		"object" };

	return names[type];
}

int json_i64(const struct json *j, int64_t min, int64_t max, int64_t *out)
{
	if (j->type != JSON_NUMBER)
		return -EINVAL;
	return str_i64(j->text, min, max, out);
}

int json_u64(const struct json *j, uint64_t max, uint64_t *out)
{
	int64_t negative;

	if (j->type != JSON_NUMBER)
		return -EINVAL;
	if (streq(j->text, "-0")) {
		*out = 0;
		return 0;
	}
	if (j->text[0] == '-')
		return str_i64(j->text, INT64_MIN, -1, &negative) == -EINVAL ? -EINVAL : -ERANGE;
	return str_u64(j->text, max, out);
}

struct json_quoted json_quote(const char *s)
{
	struct json_quoted q = { "\"" };
	size_t len = 1, left = strlen(s), n;

	/* Room for the longest of one step, the dots and the quote. */
	for (; left > 0 && len + 10 < sizeof(q.s); s += n, left -= n) {
		n = str_utf8(s, left);
		if (n > 0 && (unsigned char)*s >= 0x20 && *s != 0x7f) {
			if (*s == '"' || *s == '\\')
				q.s[len++] = '\\';
			memcpy(q.s + len, s, n);
			len += n;
			continue;
		}
		n = 1;
		len += (size_t)snprintf(q.s + len, 5, "\\x%02x", (unsigned char)*s);
	}
	snprintf(q.s + len, sizeof(q.s) - len, "%s\"", left ? "..." : "");
	return q;
}

static bool is_word(const char *s)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_-";

	return *s && strlen(s) < 64 && s[strspn(s, letters)] == '\0';
}

static void add_key(struct text *out, const char *key)
{
	if (is_word(key))
		text_printf(out, "%s%s", out->len ? "." : "", key);
	else
		text_printf(out, "[%s]", json_quote(key).s);
}

void json_path(const struct json *j, struct text *out)
{
	struct text parents = { 0 };
	size_t i = 0;

	if (!j->parent)
		return;
	json_path(j->parent, &parents);
	if (j->parent->type == JSON_OBJECT) {
		add_key(&parents, j->key);
	} else {
		for (const struct json *k = j->parent->child; k != j; k = k->next)
			i++;
		text_printf(&parents, "[%zu]", i);
	}
	text_add(out, parents.s, parents.len);
	text_release(&parents);
}

ERROR_PRINTF(4, 0)
static int path_error(const struct json *root, const struct text *path, struct error *e,
	const char *fmt, va_list ap)
{
	char reason[600];
	int shown = path->len < PATH_SHOWN_MAX ? (int)path->len : PATH_SHOWN_MAX;

	vsnprintf(reason, sizeof(reason), fmt, ap);
	return error_set(e, EINVAL, "%.200s: %.*s%s%s%s", root->key, shown,
		path->len ? path->s : "", shown < (int)path->len ? "..." : "",
		path->len ? ": " : "", reason);
}

static const struct json *root_of(const struct json *j)
{
	while (j->parent)
		j = j->parent;
	return j;
}

int json_error(const struct json *j, struct error *e, const char *fmt, ...)
{
	CLEANUP(text_release) struct text path = { 0 };
	va_list ap;
	int r;

	json_path(j, &path);
	va_start(ap, fmt);
	r = path_error(root_of(j), &path, e, fmt, ap);
	va_end(ap);
	return r;
}

int json_error_member(
	const struct json *object, const char *key, struct error *e, const char *fmt, ...)
{
	CLEANUP(text_release) struct text path = { 0 };
	va_list ap;
	int r;

	json_path(object, &path);
	add_key(&path, key);
	va_start(ap, fmt);
	r = path_error(root_of(object), &path, e, fmt, ap);
	va_end(ap);
	return r;
}

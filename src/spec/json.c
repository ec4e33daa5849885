/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct parser {
	yajl_handle yajl;
	struct json *values, *current; /* current: the object or array that is open */
	size_t n_values, max_values;
	char *strings; /* decoded strings; none is longer than its text, so this cannot overflow */
	size_t strings_left;
	unsigned int depth;
	struct json *last[JSON_DEPTH_MAX + 1]; /* the last value of each open object or array */
	const char *key;
	const struct json **sorted; /* scratch of the search for duplicates */
	size_t n_sorted;
	const char *problem; /* why a callback stopped the parser, if e has not been filled */
	struct error *e;
};

static void parser_release(struct parser *p)
{
	if (p->yajl)
		yajl_free(p->yajl);
	free(p->sorted);
}

/* yajl does not look at what its allocator returns. */
static void *yajl_malloc(void *ctx, size_t size)
{
	(void)ctx;
	return xmalloc(size);
}

static void *yajl_realloc(void *ctx, void *p, size_t size)
{
	(void)ctx;
	return xrealloc(p, size, 1);
}

static void yajl_release(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static int stop(struct parser *p, const char *problem)
{
	p->problem = problem;
	return 0;
}

static struct json *add(struct parser *p, enum json_type type)
{
	struct json *j;

	if (p->n_values >= p->max_values) {
		stop(p, "too many values");
		return NULL;
	}
	j = &p->values[p->n_values++];
	j->type = type;
	j->key = TAKE_PTR(p->key);
	j->parent = p->current;
	if (!p->current)
		return j;
	if (p->last[p->depth])
		p->last[p->depth]->next = j;
	else
		p->current->child = j;
	p->last[p->depth] = j;
	p->current->n++;
	return j;
}

static const char *copy(struct parser *p, const void *s, size_t n)
{
	char *start = p->strings;

	if (n >= p->strings_left) {
		stop(p, "string is longer than its text");
		return NULL;
	}
	memcpy(start, s, n);
	p->strings += n + 1;
	p->strings_left -= n + 1;
	return start;
}

static int on_null(void *ctx)
{
	struct json *j = add(ctx, JSON_NULL);

	if (j)
		j->text = "null";
	return j != NULL;
}

static int on_bool(void *ctx, int value)
{
	struct json *j = add(ctx, JSON_BOOL);

	if (j)
		j->text = value ? "true" : "false";
	return j != NULL;
}

static int on_number(void *ctx, const char *s, size_t n)
{
	struct json *j = add(ctx, JSON_NUMBER);

	return j && (j->text = copy(ctx, s, n));
}

static int on_string(void *ctx, const unsigned char *s, size_t n)
{
	struct parser *p = ctx;
	struct json *j = add(p, JSON_STRING);

	if (!j)
		return 0;
	if (memchr(s, 0, n)) {
		json_error(j, p->e, "NUL in a string");
		return 0;
	}
	return (j->text = copy(p, s, n)) != NULL;
}

static int on_key(void *ctx, const unsigned char *s, size_t n)
{
	struct parser *p = ctx;

	if (memchr(s, 0, n)) {
		json_error(p->current, p->e, "NUL in a key");
		return 0;
	}
	return (p->key = copy(p, s, n)) != NULL;
}

static int on_open(struct parser *p, enum json_type type)
{
	struct json *j;

	if (p->depth >= JSON_DEPTH_MAX)
		return stop(p, "nested too deeply");
	j = add(p, type);
	if (!j)
		return 0;
	p->current = j;
	p->last[++p->depth] = NULL;
	return 1;
}

static int on_object(void *ctx)
{
	return on_open(ctx, JSON_OBJECT);
}

static int on_array(void *ctx)
{
	return on_open(ctx, JSON_ARRAY);
}

static int on_close(void *ctx)
{
	struct parser *p = ctx;

	p->depth--;
	/* Every value is in p->values; the tree shows it to its readers as const. */
	p->current = p->current->parent ? &p->values[p->current->parent - p->values] : NULL;
	return 1;
}

/* By key; those with the same key in the order of the document. */
static int compare(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int r = strcmp(x->key, y->key);

	return r ? r : (x > y) - (x < y);
}

/* The first member whose key was there before, by sorting: there may be many. */
static const struct json *find_duplicate(struct parser *p)
{
	const struct json *found = NULL;
	size_t n = 0;

	if (p->current->n > p->n_sorted) {
		p->n_sorted = p->current->n * 2;
		p->sorted = xrealloc(p->sorted, p->n_sorted, sizeof(*p->sorted));
	}
	for (const struct json *j = p->current->child; j; j = j->next)
		p->sorted[n++] = j;
	qsort(p->sorted, n, sizeof(*p->sorted), compare);
	for (size_t i = 1; i < n; i++)
		if (streq(p->sorted[i]->key, p->sorted[i - 1]->key))
			if (!found || p->sorted[i] < found)
				found = p->sorted[i];
	return found;
}

/* The same for the few members that most objects have. */
static const struct json *find_duplicate_of_few(const struct json *object)
{
	for (const struct json *j = object->child; j; j = j->next)
		for (const struct json *k = object->child; k != j; k = k->next)
			if (streq(j->key, k->key))
				return j;
	return NULL;
}

static int on_object_end(void *ctx)
{
	struct parser *p = ctx;
	const struct json *found = p->current->n <= 16 ? find_duplicate_of_few(p->current)
						       : find_duplicate(p);

	if (found) {
		json_error(found, p->e, "the key is there twice");
		return 0;
	}
	return on_close(p);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_close,
};

/* The four hexadecimal digits of "\uXXXX" at s, or -1. */
static int hex4(const char *s, size_t n)
{
	int value = 0;

	if (n < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		char c = s[i] | 0x20;

		if ((s[i] < '0' || s[i] > '9') && (c < 'a' || c > 'f'))
			return -1;
		value = value * 16 + (s[i] <= '9' ? s[i] - '0' : c - 'a' + 10);
	}
	return value;
}

/* Bytes of the escape at s, 0 for half of a surrogate pair. yajl finds what else is wrong. */
static size_t escape_length(const char *s, size_t n)
{
	int unit = hex4(s, n);

	if (n < 2)
		return n;
	if (unit < 0)
		return 2;
	if (unit < 0xd800 || unit > 0xdfff)
		return 6;
	if (unit > 0xdbff)
		return 0;
	unit = hex4(s + 6, n - 6);
	return unit >= 0xdc00 && unit <= 0xdfff ? 12 : 0;
}

/* The bytes at which scan() has to look closer. */
static const bool is_special[256] = {
	['"'] = true,
	['\\'] = true,
	[','] = true,
	['['] = true,
	['{'] = true,
	[0x80 ... 0xff] = true,
};

/*
 * What yajl does not see to: strict UTF-8 and surrogates. Counts the values, at most one too many.
 * Returns the reason why not, with the place in *out_at, or NULL.
 */
static const char *scan(const char *s, size_t len, size_t *out_values, size_t *out_at)
{
	bool in_string = false;
	size_t values = 1, n;

	for (size_t i = 0; i < len; i += n) {
		unsigned char c = (unsigned char)s[i];

		n = 1;
		if (!is_special[c])
			continue;
		if (c & 0x80)
			n = str_utf8(s + i, len - i);
		else if (c == '"')
			in_string = !in_string;
		else if (in_string && c == '\\')
			n = escape_length(s + i, len - i);
		else if (!in_string)
			values += c != '\\';
		*out_at = i;
		if (n == 0)
			return c & 0x80 ? "not valid UTF-8" : "half of a surrogate pair";
	}
	*out_values = values;
	return values > JSON_VALUES_MAX ? "too many values" : NULL;
}

static int syntax_error(
	const char *name, const char *text, size_t at, const char *reason, struct error *e)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return error_set(e, EINVAL, "%s: line %zu, column %zu: %s", name, line, column, reason);
}

/* yajl's reason without its kind ("parse error: "), full stop and line end. */
static int yajl_failed(
	struct parser *p, const char *name, const char *text, size_t at, struct error *e)
{
	unsigned char *message = yajl_get_error(p->yajl, 0, NULL, 0);
	char reason[160];
	const char *colon;
	size_t len;

	snprintf(reason, sizeof(reason), "%s", message ? (const char *)message : "not JSON");
	yajl_free_error(p->yajl, message);
	len = strlen(reason);
	while (len > 0 && (reason[len - 1] == '.' || reason[len - 1] == '\n'))
		reason[--len] = '\0';
	colon = strstr(reason, ": ");
	return syntax_error(name, text, at, colon ? colon + 2 : reason, e);
}

static int run(struct parser *p, const char *name, const char *text, size_t len, struct error *e)
{
	yajl_status status = yajl_parse(p->yajl, (const unsigned char *)text, len);
	size_t at = len;

	if (status != yajl_status_ok) {
		/* yajl counts what it has read; the place is the last of that. */
		at = yajl_get_bytes_consumed(p->yajl);
		at = at > 0 && at <= len ? at - 1 : 0;
	} else {
		status = yajl_complete_parse(p->yajl);
	}
	if (p->problem)
		return syntax_error(name, text, at, p->problem, e);
	if (status == yajl_status_client_canceled)
		return -e->code;
	if (status != yajl_status_ok)
		return yajl_failed(p, name, text, at, e);
	return 0;
}

size_t json_arena_size(size_t len)
{
	size_t values = len / 2 + 2;

	if (len > JSON_SIZE_MAX)
		len = JSON_SIZE_MAX;
	if (values > JSON_VALUES_MAX)
		values = JSON_VALUES_MAX;
	/* For each value the tree's node and what a table makes of it: at most BIND_SIZE_MAX. */
	return len + values * (sizeof(struct json) + 128) + (256u << 10);
}

int json_parse(struct arena *a, const char *name, const char *text, size_t len,
	const struct json **out, struct error *e)
{
	CLEANUP(parser_release) struct parser p = { .e = e };
	yajl_alloc_funcs functions = { yajl_malloc, yajl_realloc, yajl_release, NULL };
	const char *problem;
	size_t at = 0;
	int r;

	if (len > JSON_SIZE_MAX)
		return error_set(e, EFBIG, "%s: larger than %u MB", name, JSON_SIZE_MAX >> 20);
	problem = scan(text, len, &p.max_values, &at);
	if (problem)
		return syntax_error(name, text, at, problem, e);
	p.values = arena_alloc(a, p.max_values * sizeof(struct json));
	p.strings_left = len + 1;
	p.strings = arena_alloc(a, p.strings_left);
	p.key = arena_strndup(a, name, strlen(name));
	p.yajl = yajl_alloc(&callbacks, &functions, &p);
	yajl_config(p.yajl, yajl_dont_validate_strings, 1);
	r = run(&p, name, text, len, e);
	if (r < 0)
		return r;
	*out = p.values;
	return 0;
}

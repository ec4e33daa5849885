/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/bind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct binder {
	struct arena *arena;
	struct strings *unknown; /* or NULL */
	struct error *e;
};

/* The layout of every list. */
struct list {
	size_t n;
	void *v;
};

static void *field(void *object, size_t offset)
{
	return (char *)object + offset;
}

static int bind_members(
	struct binder *b, const struct json *o, const struct bind_object *table, void *out);

static int expected(struct binder *b, const struct json *j, const char *what)
{
	if (j->type == JSON_NUMBER && streq(what, "integer"))
		return json_error(j, b->e, "expected integer, found %.60s", j->text);
	return json_error(j, b->e, "expected %s, found %s", what, json_type_name(j->type));
}

static int out_of_range(struct binder *b, const struct json *j, int64_t min, uint64_t max)
{
	/* A short number is not beyond the largest there is: it is too small. */
	if (max >= INT64_MAX && strlen(j->text) < 19)
		return json_error(j, b->e, "found %.60s, must be at least %" PRId64, j->text, min);
	return json_error(
		j, b->e, "found %.60s, must be from %" PRId64 " to %" PRIu64, j->text, min, max);
}

static int bind_i64(struct binder *b, const struct json *j, const struct bind *row, int64_t *out)
{
	bool ranged = row->min != 0 || row->max != 0;
	int64_t min = ranged ? row->min : INT64_MIN, max = ranged ? (int64_t)row->max : INT64_MAX;
	int r = json_i64(j, min, max, out);

	if (r == -ERANGE)
		return out_of_range(b, j, min, (uint64_t)max);
	return r < 0 ? expected(b, j, "integer") : 0;
}

static int bind_u64(struct binder *b, const struct json *j, const struct bind *row,
	uint64_t type_max, uint64_t *out)
{
	uint64_t max = row->max ? row->max : type_max, min = (uint64_t)row->min, value;
	int r = json_u64(j, max, &value);

	if (r == -ERANGE || (r == 0 && value < min))
		return out_of_range(b, j, row->min, max);
	if (r < 0)
		return expected(b, j, "integer");
	*out = value;
	return 0;
}

static int bind_number(struct binder *b, const struct json *j, const struct bind *row, void *out)
{
	struct opt_i64 i = { .set = true };
	struct opt_u64 u = { .set = true };
	int r;

	if (row->kind == BIND_I64 || row->kind == BIND_OPT_I64)
		r = bind_i64(b, j, row, &i.v);
	else if (row->kind == BIND_U64 || row->kind == BIND_OPT_U64)
		r = bind_u64(b, j, row, UINT64_MAX, &u.v);
	else
		r = bind_u64(b, j, row, UINT32_MAX, &u.v);
	if (r == 0 && row->check)
		r = row->check(j, b->e);
	if (r < 0)
		return r;
	switch (row->kind) {
	case BIND_I64:
		*(int64_t *)out = i.v;
		break;
	case BIND_U64:
		*(uint64_t *)out = u.v;
		break;
	case BIND_U32:
		*(uint32_t *)out = (uint32_t)u.v;
		break;
	case BIND_OPT_I64:
		*(struct opt_i64 *)out = i;
		break;
	case BIND_OPT_U64:
		*(struct opt_u64 *)out = u;
		break;
	default:
		*(struct opt_u32 *)out = (struct opt_u32){ .set = true, .v = (uint32_t)u.v };
	}
	return 0;
}

static int unknown_value(struct binder *b, const struct json *j, const struct text *known)
{
	json_error(j, b->e, "unknown value %s", json_quote(j->text).s);
	return error_hint(b->e, "known are %s", known->len ? known->s : "none");
}

static int find_name(
	struct binder *b, const struct json *j, const struct name *names, const struct name **out)
{
	CLEANUP(text_release) struct text known = { 0 };

	if (j->type != JSON_STRING)
		return expected(b, j, "string");
	*out = name_find(names, j->text);
	if (*out)
		return 0;
	for (; names->name; names++)
		text_printf(&known, "%s%s", known.len ? ", " : "", names->name);
	return unknown_value(b, j, &known);
}

static int check_known(struct binder *b, const struct json *j, const char *const *names)
{
	CLEANUP(text_release) struct text known = { 0 };

	for (const char *const *name = names; *name; name++)
		if (streq(*name, j->text))
			return 0;
	for (; *names; names++)
		text_printf(&known, "%s%s", known.len ? ", " : "", *names);
	return unknown_value(b, j, &known);
}

static int bind_enum(struct binder *b, const struct json *j, const struct bind *row, void *object)
{
	const struct name *found;
	int r = find_name(b, j, row->names, &found);

	if (r < 0)
		return r;
	if (row->kind == BIND_CHAR) {
		*(char *)field(object, row->offset) = (char)found->value;
		return 0;
	}
	*(int64_t *)field(object, row->offset) = found->value;
	if (row->also)
		*(const char **)field(object, row->also) = j->text;
	return 0;
}

static int bind_flags(
	struct binder *b, const struct json *list, const struct bind *row, uint64_t *out)
{
	const struct name *found;
	int r;

	if (list->type != JSON_ARRAY)
		return expected(b, list, "array");
	for (const struct json *j = list->child; j; j = j->next) {
		r = find_name(b, j, row->names, &found);
		if (r < 0)
			return r;
		*out |= (uint64_t)found->value;
	}
	return 0;
}

static int bind_string(
	struct binder *b, const struct json *j, const struct bind *row, const char **out)
{
	const struct name *found;
	int r = 0;

	if (j->type != JSON_STRING)
		return expected(b, j, "string");
	if (row->names)
		r = find_name(b, j, row->names, &found);
	else if (row->known)
		r = check_known(b, j, row->known);
	if (r == 0 && row->check)
		r = row->check(j, b->e);
	if (r < 0)
		return r;
	*out = j->text;
	return 0;
}

static int bind_strings(
	struct binder *b, const struct json *list, const struct bind *row, struct strings *out)
{
	int r;

	if (list->type != JSON_ARRAY)
		return expected(b, list, "array");
	out->v = arena_alloc(b->arena, (list->n + 1) * sizeof(*out->v));
	for (const struct json *j = list->child; j; j = j->next) {
		r = bind_string(b, j, row, &out->v[out->n]);
		if (r < 0)
			return r;
		out->n++;
	}
	return 0;
}

static int bind_u32s(
	struct binder *b, const struct json *list, const struct bind *row, struct spec_u32s *out)
{
	uint64_t value;
	int r;

	if (list->type != JSON_ARRAY)
		return expected(b, list, "array");
	out->v = arena_alloc(b->arena, list->n * sizeof(*out->v));
	for (const struct json *j = list->child; j; j = j->next) {
		r = bind_u64(b, j, row, UINT32_MAX, &value);
		if (r < 0)
			return r;
		out->v[out->n++] = (uint32_t)value;
	}
	return 0;
}

static int bind_element(struct binder *b, const struct json *j, const struct bind *row, void *out)
{
	int r;

	if (row->kind == BIND_PAIRS) {
		struct spec_pair *pair = out;

		pair->key = j->key;
		return bind_string(b, j, row, &pair->value);
	}
	if (j->type != JSON_OBJECT)
		return expected(b, j, "object");
	if (row->kind == BIND_MAP) {
		*(const char **)out = j->key;
		r = row->check ? row->check(j, b->e) : 0;
		if (r < 0)
			return r;
	}
	return bind_members(b, j, row->object, out);
}

/* Lists of structs, and objects as such lists. */
static int bind_list(struct binder *b, const struct json *j, const struct bind *row, void *out)
{
	enum json_type type = row->kind == BIND_LIST ? JSON_ARRAY : JSON_OBJECT;
	struct list list = { .n = j->n };
	char *element;
	int r;

	if (j->type != type)
		return expected(b, j, json_type_name(type));
	list.v = element = arena_alloc(b->arena, list.n * row->size);
	for (j = j->child; j; j = j->next, element += row->size) {
		r = bind_element(b, j, row, element);
		if (r < 0)
			return r;
	}
	memcpy(out, &list, sizeof(list));
	return 0;
}

static int bind_object(struct binder *b, const struct json *j, const struct bind *row, void *out)
{
	if (j->type != JSON_OBJECT)
		return expected(b, j, "object");
	if (row->kind == BIND_IGNORED) {
		*(bool *)out = true;
		return 0;
	}
	if (row->kind == BIND_POINTER) {
		void *object = arena_alloc(b->arena, row->size);

		memcpy(out, &object, sizeof(object));
		out = object;
	}
	return bind_members(b, j, row->object, out);
}

static int bind_bool(struct binder *b, const struct json *j, const struct bind *row, void *out)
{
	bool value = j->text && j->text[0] == 't';

	if (j->type != JSON_BOOL)
		return expected(b, j, "boolean");
	if (row->kind == BIND_BOOL)
		*(bool *)out = value;
	else
		*(struct opt_bool *)out = (struct opt_bool){ .set = true, .v = value };
	return 0;
}

static int bind_value(struct binder *b, const struct json *j, const struct bind *row, void *object)
{
	void *out = field(object, row->offset);

	switch (row->kind) {
	case BIND_STRING:
		return bind_string(b, j, row, out);
	case BIND_BOOL:
	case BIND_OPT_BOOL:
		return bind_bool(b, j, row, out);
	case BIND_I64:
	case BIND_U64:
	case BIND_U32:
	case BIND_OPT_I64:
	case BIND_OPT_U64:
	case BIND_OPT_U32:
		return bind_number(b, j, row, out);
	case BIND_ENUM:
	case BIND_CHAR:
		return bind_enum(b, j, row, object);
	case BIND_FLAGS:
		return bind_flags(b, j, row, out);
	case BIND_STRINGS:
		return bind_strings(b, j, row, out);
	case BIND_U32S:
		return bind_u32s(b, j, row, out);
	case BIND_LIST:
	case BIND_MAP:
	case BIND_PAIRS:
		return bind_list(b, j, row, out);
	case BIND_OBJECT:
	case BIND_POINTER:
	case BIND_IGNORED:
		return bind_object(b, j, row, out);
	}
	return json_error(j, b->e, "no such kind of row");
}

static int unknown_member(struct binder *b, const struct json *j, const struct bind_object *table)
{
	CLEANUP(text_release) struct text path = { 0 };
	struct strings *list = b->unknown;

	if (table->unknown)
		return json_error(j, b->e, "unknown %s", table->unknown);
	if (!list || list->n >= BIND_UNKNOWN_MAX)
		return 0;
	json_path(j, &path);
	if (!list->v)
		list->v = arena_alloc(b->arena, (BIND_UNKNOWN_MAX + 1) * sizeof(*list->v));
	list->v[list->n++] = arena_strndup(b->arena, path.s, path.len < 500 ? path.len : 500);
	return 0;
}

static const struct bind *find_row(const struct bind_object *table, const struct json *j)
{
	for (const struct bind *row = table->rows; row->key; row++)
		if (row->key[0] == j->key[0] && streq(row->key, j->key))
			return row;
	return NULL;
}

static bool is_absent(const struct json *j, const struct bind *row)
{
	if (j->type == JSON_NULL)
		return true;
	return row->flags & BIND_EMPTY_ABSENT && j->type == JSON_STRING && !*j->text;
}

static int find_missing(struct binder *b, const struct json *o, const struct bind_object *table)
{
	for (const struct bind *row = table->rows; row->key; row++) {
		const struct json *j;

		if (!(row->flags & BIND_REQUIRED))
			continue;
		j = json_get(o, row->key);
		if (!j || is_absent(j, row))
			return json_error_member(o, row->key, b->e, "required, but missing");
	}
	return 0;
}

static int follow_rules(
	struct binder *b, const struct json *o, const struct bind_object *table, const void *object)
{
	const struct bind *row;
	int r;

	for (const struct json *j = o->child; j; j = j->next) {
		row = find_row(table, j);
		if (!row || !row->rule || is_absent(j, row))
			continue;
		r = row->rule(object, j, b->e);
		if (r < 0)
			return r;
	}
	return table->rule ? table->rule(object, o, b->e) : 0;
}

static int bind_members(
	struct binder *b, const struct json *o, const struct bind_object *table, void *out)
{
	const struct bind *row;
	int r;

	for (const struct json *j = o->child; j; j = j->next) {
		row = find_row(table, j);
		if (row && is_absent(j, row))
			continue;
		r = row ? bind_value(b, j, row, out) : unknown_member(b, j, table);
		if (r < 0)
			return r;
		if (row && row->also && row->kind != BIND_ENUM)
			*(bool *)field(out, row->also) = true;
	}
	r = find_missing(b, o, table);
	return r < 0 ? r : follow_rules(b, o, table, out);
}

int bind_document(struct arena *a, const struct json *document, const struct bind_object *o,
	void *out, struct strings *out_unknown, struct error *e)
{
	struct binder b = { .arena = a, .unknown = out_unknown, .e = e };

	if (document->type != JSON_OBJECT)
		return expected(&b, document, "object");
	return bind_members(&b, document, o, out);
}

/* What follows the path of a row for the values in it, or NULL if it holds no others. */
static const char *inner(const struct bind *row)
{
	switch (row->kind) {
	case BIND_OBJECT:
	case BIND_POINTER:
		return "";
	case BIND_LIST:
	case BIND_STRINGS:
	case BIND_U32S:
	case BIND_FLAGS:
		return "[]";
	case BIND_MAP:
	case BIND_PAIRS:
		return ".*";
	default:
		return NULL;
	}
}

static void walk(const struct bind_object *o, const char *prefix, bind_visit *visit, void *arg)
{
	for (const struct bind *row = o->rows; row->key; row++) {
		CLEANUP(mem_free)
		char *path = xasprintf("%s%s%s", prefix, *prefix ? "." : "", row->key);
		CLEANUP(mem_free) char *within = NULL;

		visit(path, arg);
		if (!inner(row))
			continue;
		within = xasprintf("%s%s", path, inner(row));
		if (*inner(row))
			visit(within, arg);
		if (row->object)
			walk(row->object, within, visit, arg);
	}
}

void bind_walk(const struct bind_object *o, bind_visit *visit, void *arg)
{
	walk(o, "", visit, arg);
}

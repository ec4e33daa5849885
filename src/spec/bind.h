/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a parsed JSON document to structs, by tables: one row for each property. The order of the
 * document decides which of several problems is reported:
 *
 *   1. every member as it comes: its type, its range, the row's check;
 *   2. at the end of an object: what is required and missing;
 *   3. the rows' rules (which look at the whole object), again in the order of the document;
 *   4. the object's own rule.
 *
 * A member that is null is absent. Members without a row are collected by their paths.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "spec/json.h"
#include "spec/spec.h"

enum bind_kind {
	BIND_STRING, /* const char * */
	BIND_BOOL, /* bool */
	BIND_I64, /* int64_t */
	BIND_U64, /* uint64_t */
	BIND_U32, /* uint32_t */
	BIND_OPT_BOOL, /* struct { bool set; bool v; } and so on */
	BIND_OPT_I64,
	BIND_OPT_U64,
	BIND_OPT_U32,
	BIND_ENUM, /* int64_t, from a name in names */
	BIND_CHAR, /* char, likewise */
	BIND_FLAGS, /* uint64_t, from a list of such names, or-ed */
	BIND_STRINGS, /* struct strings */
	BIND_U32S, /* struct { size_t n; uint32_t *v; } */
	BIND_OBJECT, /* a struct in place */
	BIND_POINTER, /* a pointer to a struct */
	BIND_LIST, /* struct { size_t n; T *v; }, from an array of objects */
	BIND_MAP, /* the same from an object of objects; T begins with the key */
	BIND_PAIRS, /* the same from an object of strings; T is { key, value } */
	BIND_IGNORED, /* an object whose members are not looked at: bool */
};

/* A row must be there. */
#define BIND_REQUIRED 1u
/* The string "" means absent (callers that do not tell the two apart). */
#define BIND_EMPTY_ABSENT 2u

/* The rest of an integer's row. */
#define BIND_RANGE(a, b) .min = (a), .max = (b)
#define BIND_MIN(a)	 BIND_RANGE(a, INT64_MAX)

/* What one element of a list may take; json_arena_size counts on it. */
#define BIND_SIZE_MAX 96

/*
 * Looks at one value, a string or integer; of BIND_STRINGS at each element, of BIND_PAIRS and
 * BIND_MAP at each member.
 */
typedef int bind_check(const struct json *value, struct error *e);

/* Looks at a bound struct; value is the row's member, or the object itself. */
typedef int bind_rule(const void *object, const struct json *value, struct error *e);

struct bind_object;

struct bind {
	const char *key;
	enum bind_kind kind;
	unsigned int flags;
	size_t offset;
	/*
	 * A second field of the struct, 0 for none: for BIND_ENUM a const char * that gets the name
	 * as written; for all others a bool that says that the member is there.
	 */
	size_t also;
	size_t size; /* of the struct or element */
	int64_t min; /* of integers; BIND_RANGE, BIND_MIN; */
	uint64_t max; /* 0 and 0: all that the type can hold */
	const struct name *names; /* what a string must be one of; the hint lists them */
	const char *const *known; /* the same without values */
	const struct bind_object *object;
	bind_check *check;
	bind_rule *rule;
};

struct bind_object {
	const struct bind *rows; /* ends with a NULL key */
	bind_rule *rule;
	const char *unknown; /* not NULL: an unknown member is an error, "unknown ..." */
};

/* How many unknown members are remembered. */
#define BIND_UNKNOWN_MAX 64

/*
 * Fills *out, a zeroed struct of the table's kind. What it points to lies in the arena (which
 * json_arena_size measured) and in the document, so it lives as long as they do. out_unknown may
 * be NULL.
 */
int bind_document(struct arena *a, const struct json *document, const struct bind_object *o,
	void *out, struct strings *out_unknown, struct error *e);

/*
 * Calls visit with the path of every place where the table knows a value: "mounts",
 * "mounts[].options", "mounts[].options[]", "annotations.*".
 */
typedef void bind_visit(const char *path, void *arg);
void bind_walk(const struct bind_object *o, bind_visit *visit, void *arg);

/*
 * Rows. Each macro proves at compile time that the field has the type that its kind writes; the
 * rest of the row follows as designated initializers: BIND_ROW_STRING("cwd", struct x, cwd,
 * .flags = BIND_REQUIRED).
 */
#define BIND_FIELD_(s, field, type) \
	.offset = offsetof(s, field) + 0 * sizeof((type *)NULL == &((s *)NULL)->field)
#define BIND_ROW_(name, what, s, field, type, ...)                                  \
	{                                                                           \
		.key = name, .kind = what, BIND_FIELD_(s, field, type), __VA_ARGS__ \
	}
#define BIND_ROW_STRING(name, s, field, ...) \
	BIND_ROW_(name, BIND_STRING, s, field, const char *, __VA_ARGS__)
#define BIND_ROW_BOOL(name, s, f, ...) BIND_ROW_(name, BIND_BOOL, s, f, bool, __VA_ARGS__)
#define BIND_ROW_I64(name, s, f, ...)  BIND_ROW_(name, BIND_I64, s, f, int64_t, __VA_ARGS__)
#define BIND_ROW_U64(name, s, f, ...)  BIND_ROW_(name, BIND_U64, s, f, uint64_t, __VA_ARGS__)
#define BIND_ROW_U32(name, s, f, ...)  BIND_ROW_(name, BIND_U32, s, f, uint32_t, __VA_ARGS__)
#define BIND_ROW_OPT_BOOL(name, s, field, ...) \
	BIND_ROW_(name, BIND_OPT_BOOL, s, field, struct opt_bool, __VA_ARGS__)
#define BIND_ROW_OPT_I64(name, s, field, ...) \
	BIND_ROW_(name, BIND_OPT_I64, s, field, struct opt_i64, __VA_ARGS__)
#define BIND_ROW_OPT_U64(name, s, field, ...) \
	BIND_ROW_(name, BIND_OPT_U64, s, field, struct opt_u64, __VA_ARGS__)
#define BIND_ROW_OPT_U32(name, s, field, ...) \
	BIND_ROW_(name, BIND_OPT_U32, s, field, struct opt_u32, __VA_ARGS__)
#define BIND_ROW_ENUM(name, s, field, table, ...) \
	BIND_ROW_(name, BIND_ENUM, s, field, int64_t, .names = table, __VA_ARGS__)
#define BIND_ROW_CHAR(name, s, field, table, ...) \
	BIND_ROW_(name, BIND_CHAR, s, field, char, .names = table, __VA_ARGS__)
#define BIND_ROW_FLAGS(name, s, field, table, ...) \
	BIND_ROW_(name, BIND_FLAGS, s, field, uint64_t, .names = table, __VA_ARGS__)
#define BIND_ROW_STRINGS(name, s, field, ...) \
	BIND_ROW_(name, BIND_STRINGS, s, field, struct strings, __VA_ARGS__)
#define BIND_ROW_U32S(name, s, field, ...) \
	BIND_ROW_(name, BIND_U32S, s, field, struct spec_u32s, __VA_ARGS__)
#define BIND_ROW_IGNORED(name, s, field, ...) \
	BIND_ROW_(name, BIND_IGNORED, s, field, bool, __VA_ARGS__)
/* In place, and by pointer; type is the struct's. */
#define BIND_ROW_OBJECT(name, s, field, type, table, ...) \
	BIND_ROW_(name, BIND_OBJECT, s, field, type, .object = table, __VA_ARGS__)
#define BIND_ROW_POINTER(name, s, field, type, table, ...)                                     \
	BIND_ROW_(name, BIND_POINTER, s, field, type *, .object = table, .size = sizeof(type), \
		__VA_ARGS__)
/* field is a struct { size_t n; type *v; }. */
#define BIND_LIST_(name, what, s, field, type, ...)                                              \
	{                                                                                        \
		.key = name, .kind = what,                                                       \
		.offset = offsetof(s, field.n) +                                                 \
			0 * sizeof((size_t *)NULL == &((s *)NULL)->field.n) +                    \
			0 * sizeof((type **)NULL == &((s *)NULL)->field.v),                      \
		.size = sizeof(type) + 0 * sizeof(char[sizeof(type) <= BIND_SIZE_MAX ? 1 : -1]), \
		__VA_ARGS__                                                                      \
	}
#define BIND_ROW_LIST(name, s, field, type, table, ...) \
	BIND_LIST_(name, BIND_LIST, s, field, type, .object = table, __VA_ARGS__)
#define BIND_ROW_MAP(name, s, field, type, table, ...) \
	BIND_LIST_(name, BIND_MAP, s, field, type, .object = table, __VA_ARGS__)
#define BIND_ROW_PAIRS(name, s, field, ...) \
	BIND_LIST_(name, BIND_PAIRS, s, field, struct spec_pair, __VA_ARGS__)
#define BIND_END  \
	{         \
		0 \
	}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, read and written. json.c is the only file that knows yajl, of which it uses the streaming
 * parser alone: its tree keeps duplicate keys, cuts strings at NUL and overflows the stack.
 *
 * The parser is strict (RFC 8259 and nothing more): valid UTF-8, no half surrogate pairs, no NUL
 * in strings, no duplicate keys, nothing after the value, and the limits below.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define JSON_SIZE_MAX	(16u << 20) /* bytes of text */
#define JSON_DEPTH_MAX	128
#define JSON_VALUES_MAX (1u << 20)

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/*
 * A value. All values of a document stand in one array in the order of the document, so comparing
 * two pointers tells which comes first.
 */
struct json {
	enum json_type type;
	uint32_t n; /* members or elements */
	const char *key; /* of a member; of the document: its name ("config.json") */
	const char *text; /* a string decoded; everything else scalar as it was written */
	const struct json *parent, *child, *next;
};

/* How much an arena must hold for json_parse and for everything that bind() makes of the tree. */
size_t json_arena_size(size_t len);

/*
 * Parses text, which need not end with NUL and may be released afterwards, into a tree in the
 * arena. name begins every error: with line and column (`config.json: line 3, column 14: ...`) for
 * what is not JSON, with the path of the value (as json_error) for the rest.
 */
int json_parse(struct arena *a, const char *name, const char *text, size_t len,
	const struct json **out, struct error *e);

/* A member of an object, or NULL; the i-th element (or member), or NULL. */
const struct json *json_get(const struct json *object, const char *key);
const struct json *json_at(const struct json *list, size_t i);

const char *json_type_name(enum json_type type);

/* Integers as written, strictly: 0, -EINVAL (1.0, 1e3, "1") or -ERANGE. */
int json_i64(const struct json *j, int64_t min, int64_t max, int64_t *out);
int json_u64(const struct json *j, uint64_t max, uint64_t *out);

/* Adds `mounts[2].options[6]`; keys that are not plain words as `annotations["a.b"]`. */
void json_path(const struct json *j, struct text *out);

/* `NAME: PATH: reason`, code EINVAL; the other names a member that is not there. */
int json_error(const struct json *j, struct error *e, const char *fmt, ...) ERROR_PRINTF(3, 4);
int json_error_member(const struct json *object, const char *key, struct error *e, const char *fmt,
	...) ERROR_PRINTF(4, 5);

/* A string between quotes on one line and not longer than an error can bear. */
struct json_quoted {
	char s[128];
};
struct json_quoted json_quote(const char *s);

/*
 * The writer. It appends to text, which is its owner's. Every function takes the key of a member,
 * or NULL inside an array and for the outermost value. Bytes that are not UTF-8 become U+FFFD.
 */
struct json_out {
	struct text *text;
	unsigned int indent; /* blanks a level; 0: all on one line */
	unsigned int depth;
	unsigned int n; /* how many are in the present object or array */
};

void json_out_init(struct json_out *o, struct text *text, unsigned int indent);
void json_out_object(struct json_out *o, const char *key);
void json_out_object_end(struct json_out *o);
void json_out_array(struct json_out *o, const char *key);
void json_out_array_end(struct json_out *o);
void json_out_string(struct json_out *o, const char *key, const char *value);
/* As json_out_string; leaves the member out when value is NULL. */
void json_out_string_if(struct json_out *o, const char *key, const char *value);
void json_out_bool(struct json_out *o, const char *key, int value);
void json_out_i64(struct json_out *o, const char *key, int64_t value);
void json_out_u64(struct json_out *o, const char *key, uint64_t value);
/* A number with two digits behind the point: 1234 is 12.34. */
void json_out_hundredths(struct json_out *o, const char *key, uint64_t value);
void json_out_null(struct json_out *o, const char *key);
/* A list of strings as an array. */
void json_out_strings(struct json_out *o, const char *key, const struct strings *list);
/* A parsed value, numbers as they were written. */
void json_out_value(struct json_out *o, const char *key, const struct json *value);

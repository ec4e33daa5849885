/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/json.h"

void json_out_init(struct json_out *o, struct text *text, unsigned int indent)
{
	*o = (struct json_out){ .text = text, .indent = indent };
}

static void new_line(struct json_out *o)
{
	if (!o->indent)
		return;
	text_puts(o->text, "\n");
	for (unsigned int i = 0; i < o->depth * o->indent; i++)
		text_puts(o->text, " ");
}

static void escape(struct json_out *o, unsigned char c)
{
	static const char short_from[] = "\"\\\n\t\r\b\f", short_to[] = "\"\\ntrbf";
	const char *found = strchr(short_from, c);
	char s[8];

	if (found)
		snprintf(s, sizeof(s), "\\%c", short_to[found - short_from]);
	else
		snprintf(s, sizeof(s), "\\u%04x", c);
	text_puts(o->text, s);
}

static void quoted(struct json_out *o, const char *s)
{
	size_t left = strlen(s), n, plain;

	text_puts(o->text, "\"");
	while (left > 0) {
		for (plain = 0; plain < left; plain += n) {
			n = str_utf8(s + plain, left - plain);
			if (n == 0 ||
				(n == 1 &&
					((unsigned char)s[plain] < 0x20 || s[plain] == '"' ||
						s[plain] == '\\')))
				break;
		}
		text_add(o->text, s, plain);
		s += plain;
		left -= plain;
		if (left == 0)
			break;
		if (str_utf8(s, left) == 0)
			text_puts(o->text, "\xef\xbf\xbd");
		else
			escape(o, (unsigned char)*s);
		s++;
		left--;
	}
	text_puts(o->text, "\"");
}

/* Whatever stands in front of a value. */
static void start(struct json_out *o, const char *key)
{
	if (o->n++ > 0)
		text_puts(o->text, ",");
	if (o->depth > 0)
		new_line(o);
	if (!key)
		return;
	quoted(o, key);
	text_puts(o->text, o->indent ? ": " : ":");
}

static void open_with(struct json_out *o, const char *key, const char *bracket)
{
	start(o, key);
	text_puts(o->text, bracket);
	o->depth++;
	o->n = 0;
}

static void close_with(struct json_out *o, const char *bracket)
{
	o->depth--;
	if (o->n > 0)
		new_line(o);
	text_puts(o->text, bracket);
	o->n = 1; /* at least what was just closed */
}

void json_out_object(struct json_out *o, const char *key)
{
	open_with(o, key, "{");
}

void json_out_object_end(struct json_out *o)
{
	close_with(o, "}");
}

void json_out_array(struct json_out *o, const char *key)
{
	open_with(o, key, "[");
}

void json_out_array_end(struct json_out *o)
{
	close_with(o, "]");
}

void json_out_string(struct json_out *o, const char *key, const char *value)
{
	start(o, key);
	quoted(o, value);
}

void json_out_string_if(struct json_out *o, const char *key, const char *value)
{
	if (value)
		json_out_string(o, key, value);
}

void json_out_bool(struct json_out *o, const char *key, int value)
{
	start(o, key);
	text_puts(o->text, value ? "true" : "false");
}

void json_out_i64(struct json_out *o, const char *key, int64_t value)
{
	start(o, key);
	text_printf(o->text, "%" PRId64, value);
}

void json_out_u64(struct json_out *o, const char *key, uint64_t value)
{
	start(o, key);
	text_printf(o->text, "%" PRIu64, value);
}

void json_out_hundredths(struct json_out *o, const char *key, uint64_t value)
{
	start(o, key);
	text_printf(o->text, "%" PRIu64 ".%02" PRIu64, value / 100, value % 100);
}

void json_out_null(struct json_out *o, const char *key)
{
	start(o, key);
	text_puts(o->text, "null");
}

void json_out_strings(struct json_out *o, const char *key, const struct strings *list)
{
	json_out_array(o, key);
	for (size_t i = 0; i < list->n; i++)
		json_out_string(o, NULL, list->v[i]);
	json_out_array_end(o);
}

void json_out_value(struct json_out *o, const char *key, const struct json *value)
{
	switch (value->type) {
	case JSON_OBJECT:
		json_out_object(o, key);
		for (const struct json *j = value->child; j; j = j->next)
			json_out_value(o, j->key, j);
		json_out_object_end(o);
		break;
	case JSON_ARRAY:
		json_out_array(o, key);
		for (const struct json *j = value->child; j; j = j->next)
			json_out_value(o, NULL, j);
		json_out_array_end(o);
		break;
	case JSON_STRING:
		json_out_string(o, key, value->text);
		break;
	default:
		start(o, key);
		text_puts(o->text, value->text);
	}
}

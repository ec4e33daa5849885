/* SPDX-License-Identifier: Apache-2.0 */
/* Words → the variants of D-Bus. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "request.h"

static int bad_value(const struct property *p, struct error *e)
{
	return error_set(e, EINVAL, "property %s: '%s' is no value of type '%s'", p->name, p->value,
		p->signature);
}

static int append_number(sd_bus_message *m, const struct property *p)
{
	uint64_t number = 0;
	int64_t integer = 0;

	switch (p->signature[0]) {
	case 'u':
		if (str_u64(p->value, UINT32_MAX, &number) < 0)
			return -EINVAL;
		return sd_bus_message_append(m, "u", (uint32_t)number);
	case 't':
		if (str_u64(p->value, UINT64_MAX, &number) < 0)
			return -EINVAL;
		return sd_bus_message_append(m, "t", number);
	case 'i':
		if (str_i64(p->value, INT32_MIN, INT32_MAX, &integer) < 0)
			return -EINVAL;
		return sd_bus_message_append(m, "i", (int32_t)integer);
	default:
		if (str_i64(p->value, INT64_MIN, INT64_MAX, &integer) < 0)
			return -EINVAL;
		return sd_bus_message_append(m, "x", integer);
	}
}

static int append_bytes(sd_bus_message *m, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(hex) / 2;
	CLEANUP(mem_free) unsigned char *bytes = xcalloc(n + 1, 1);

	for (size_t i = 0; i < 2 * n; i++) {
		const char *digit = strchr(digits, hex[i]);

		if (!digit)
			return -EINVAL;
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | (digit - digits));
	}
	return hex[2 * n] ? -EINVAL : sd_bus_message_append_array(m, 'y', bytes, n);
}

/* "STRING NUMBER": the string may have blanks, the number not. */
static int append_limit(sd_bus_message *m, char *line)
{
	char *blank = strrchr(line, ' ');
	uint64_t number;

	if (!blank || str_u64(blank + 1, UINT64_MAX, &number) < 0)
		return -EINVAL;
	*blank = '\0';
	return sd_bus_message_append(m, "(st)", line, number);
}

static int append_lines(sd_bus_message *m, const struct property *p)
{
	CLEANUP(mem_free) char *text = xstrdup(p->value);
	const char *element = p->signature + 1;
	char *save = NULL;
	int r = sd_bus_message_open_container(m, 'a', element);

	for (char *line = strtok_r(text, "\n", &save); r >= 0 && line;
		line = strtok_r(NULL, "\n", &save))
		r = streq(element, "s") ? sd_bus_message_append(m, "s", line)
					: append_limit(m, line);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const struct property *p)
{
	if (streq(p->signature, "s"))
		return sd_bus_message_append(m, "s", p->value);
	if (streq(p->signature, "b") && (streq(p->value, "true") || streq(p->value, "false")))
		return sd_bus_message_append(m, "b", (int)streq(p->value, "true"));
	if (streq(p->signature, "ay"))
		return append_bytes(m, p->value);
	if (streq(p->signature, "as") || streq(p->signature, "a(st)"))
		return append_lines(m, p);
	if (p->signature[0] && strchr("iutx", p->signature[0]) && !p->signature[1])
		return append_number(m, p);
	return -EINVAL;
}

int property_append(sd_bus_message *m, const struct property *p, struct error *e)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', p->signature);
	if (r >= 0)
		r = append_value(m, p);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r == -EINVAL)
		return bad_value(p, e);
	return r < 0 ? error_set(e, -r, "property %s: %s", p->name, strerror(-r)) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/duration.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

struct unit {
	const char *name;
	uint64_t ns;
};

/* Names that begin as another one stand before it. The micro sign and the Greek letter look alike.
 */
static const struct unit units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\u00b5s", 1000 },
	{ "\u03bcs", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60000000000 },
	{ "h", 3600000000000 },
};

static const struct unit *find_unit(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (str_starts(s, units[i].name))
			return &units[i];
	return NULL;
}

/* Fractions of a nanosecond are cut off. */
static uint64_t fraction_ns(const char *digits, size_t n, uint64_t unit_ns)
{
	uint64_t ns = 0, weight = unit_ns;

	for (size_t i = 0; i < n && weight > 0; i++) {
		ns += (uint64_t)(digits[i] - '0') * weight / 10;
		weight /= 10;
	}
	return ns;
}

/* One number and its unit: how long the text of it is, or < 0. */
static int parse_part(const char *s, uint64_t *out_ns)
{
	size_t whole = strspn(s, "0123456789"), fraction = 0, len = whole;
	CLEANUP(mem_free) char *digits = xstrndup(s, whole);
	const struct unit *unit;
	uint64_t n = 0;

	if (s[len] == '.') {
		fraction = strspn(s + len + 1, "0123456789");
		len += 1 + fraction;
	}
	unit = find_unit(s + len);
	if (whole + fraction == 0 || !unit)
		return -EINVAL;
	if (whole > 0 && str_u64(digits, INT64_MAX, &n) < 0)
		return -ERANGE;
	if (n > (uint64_t)INT64_MAX / unit->ns)
		return -ERANGE;
	*out_ns = n * unit->ns + fraction_ns(s + whole + 1, fraction, unit->ns);
	return (int)(len + strlen(unit->name));
}

int duration_parse(const char *text, int64_t *out_ns)
{
	const char *s = text + (*text == '-' || *text == '+');
	uint64_t sum = 0;

	if (!*s)
		return -EINVAL;
	if (streq(s, "0"))
		s++;
	while (*s) {
		uint64_t part;
		int len = parse_part(s, &part);

		if (len < 0)
			return len;
		if (part > INT64_MAX - sum)
			return -ERANGE;
		sum += part;
		s += len;
	}
	*out_ns = *text == '-' ? -(int64_t)sum : (int64_t)sum;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static const char units[] = "bkmgt";

/* The letter's factor as a shift, or -1. */
static int shift_of(const char *unit)
{
	const char *letter = *unit ? strchr(units, tolower((unsigned char)*unit)) : units;

	if (!letter || !*letter)
		return -1;
	if (*unit && unit[1] &&
		(letter == units ||
			(strcasecmp(unit + 1, "b") != 0 && strcasecmp(unit + 1, "ib") != 0)))
		return -1;
	return 10 * (int)(letter - units);
}

int size_parse(const char *text, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	CLEANUP(mem_free) char *number = xstrndup(text, digits);
	int shift = shift_of(text + digits);
	uint64_t value;
	int r;

	if (streq(text, "-1")) {
		*out = -1;
		return 0;
	}
	if (shift < 0)
		return -EINVAL;
	r = str_u64(number, INT64_MAX, &value);
	if (r == 0 && value > (uint64_t)INT64_MAX >> shift)
		r = -ERANGE;
	if (r == 0)
		*out = (int64_t)(value << shift);
	return r;
}

struct size_text size_print(uint64_t bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	struct size_text t;
	double value = (double)bytes;
	size_t i = 0;

	if (bytes == UINT64_MAX) {
		snprintf(t.s, sizeof(t.s), "no limit");
		return t;
	}
	for (; value >= 1024 && i + 1 < sizeof(names) / sizeof(names[0]); i++)
		value /= 1024;
	snprintf(t.s, sizeof(t.s), i ? "%.1f %s" : "%.0f %s", value, names[i]);
	return t;
}

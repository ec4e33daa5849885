/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "cli/duration.h"

static void is_duration(const char *text, int64_t want)
{
	int64_t ns = -42;

	is_int(duration_parse(text, &ns), 0, "'%s' is one", text);
	is_int(ns, want, "'%s' is %" PRId64 " ns", text, want);
}

static void is_none(const char *text, int why)
{
	int64_t ns = -42;

	is_int(duration_parse(text, &ns), why, "'%s' is none", text);
	is_int(ns, -42, "'%s' leaves the output alone", text);
}

int main(void)
{
	static const char *const wrong[] = { "", "-", "+", "5", "s", "5 s", " 5s", "5s ", "5x",
		".s", ".", "1..5s", "5s0", "5s3", "0x5s", "1e3s", "--5s", "5S", "5sec", "00",
		"5m-3s", "five" };

	is_duration("5s", 5000000000);
	is_duration("500ms", 500000000);
	is_duration("1m", 60000000000);
	is_duration("2h", 7200000000000);
	is_duration("1m30s", 90000000000);
	is_duration("1h2m3s4ms5us6ns", 3723004005006);
	is_duration("7us", 7000);
	is_duration("7\u00b5s", 7000);
	is_duration("7\u03bcs", 7000);
	is_duration("1.5h", 5400000000000);
	is_duration("0.25s", 250000000);
	is_duration(".5s", 500000000);
	is_duration("1.s", 1000000000);
	is_duration("0.0000000015s", 1);
	is_duration("0", 0);
	is_duration("-0", 0);
	is_duration("0s", 0);
	is_duration("-1.5s", -1500000000);
	is_duration("+3s", 3000000000);
	is_duration("9223372036854775807ns", INT64_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is_none(wrong[i], -EINVAL);
	is_none("9223372036854775808ns", -ERANGE);
	is_none("9223372036s1h", -ERANGE);
	is_none("3000000h", -ERANGE);
	is_none("99999999999999999999s", -ERANGE);
	return done();
}

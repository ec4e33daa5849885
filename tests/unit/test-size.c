/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "cli/size.h"

static void test_parse(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} good[] = { { "0", 0 }, { "-1", -1 }, { "1048576", 1048576 }, { "7b", 7 }, { "7B", 7 },
		{ "1k", 1024 }, { "1K", 1024 }, { "1kb", 1024 }, { "1KiB", 1024 }, { "1kib", 1024 },
		{ "100m", 104857600 }, { "100M", 104857600 }, { "2g", 2147483648 },
		{ "3T", 3298534883328 }, { "8388607t", 9223370937343148032 },
		{ "9223372036854775807", INT64_MAX } };
	static const struct {
		const char *text;
		int code;
	} bad[] = { { "", -EINVAL }, { "m", -EINVAL }, { "-2", -EINVAL }, { "-1m", -EINVAL },
		{ "+1", -EINVAL }, { " 1", -EINVAL }, { "1 ", -EINVAL }, { "1 m", -EINVAL },
		{ "1.5g", -EINVAL }, { "0x10", -EINVAL }, { "1e3", -EINVAL }, { "1bb", -EINVAL },
		{ "1mm", -EINVAL }, { "1mi", -EINVAL }, { "1mibs", -EINVAL }, { "1p", -EINVAL },
		{ "8388608t", -ERANGE }, { "9223372036854775808", -ERANGE },
		{ "99999999999999999999999", -ERANGE } };
	int64_t got;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		got = -99;
		ok(size_parse(good[i].text, &got) == 0 && got == good[i].want, "'%s' is %" PRId64,
			good[i].text, good[i].want);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		got = -99;
		is_int(size_parse(bad[i].text, &got), bad[i].code, "'%s' is none", bad[i].text);
		is_int(got, -99, "… and nothing is written");
	}
}

static void test_print(void)
{
	is_str(size_print(0).s, "0 B", "nothing");
	is_str(size_print(1023).s, "1023 B", "bytes");
	is_str(size_print(1024).s, "1.0 KiB", "a kibibyte");
	is_str(size_print(1536).s, "1.5 KiB", "and a half");
	is_str(size_print(67108864).s, "64.0 MiB", "a usual limit");
	is_str(size_print(UINT64_MAX - 1).s, "16.0 EiB", "the most");
	is_str(size_print(UINT64_MAX).s, "no limit", "what the kernel says for none");
}

int main(void)
{
	test_parse();
	test_print();
	return done();
}

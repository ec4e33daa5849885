/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <time.h>

#include "base/str.h"

struct number {
	const char *text;
	int result;
	uint64_t value;
};

/* What C's own functions, and other runtimes, take for a number. */
static const struct number unsigned_numbers[] = {
	{ "0", 0, 0 },
	{ "7", 0, 7 },
	{ "10", 0, 10 },
	{ "00", 0, 0 },
	{ "0755", 0, 755 },
	{ "4294967295", 0, UINT32_MAX },
	{ "4294967296", 0, UINT32_MAX + 1ull },
	{ "9223372036854775807", 0, INT64_MAX },
	{ "9223372036854775808", 0, INT64_MAX + 1ull },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "000000000000000000000000000000018446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "18446744073709551620", -ERANGE, 0 },
	{ "28446744073709551615", -ERANGE, 0 },
	{ "99999999999999999999", -ERANGE, 0 },
	{ "340282366920938463463374607431768211456", -ERANGE, 0 },
	{ "99999999999999999999x", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ " ", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1\n", -EINVAL, 0 },
	{ "\t1", -EINVAL, 0 },
	{ "1 2", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "-0", -EINVAL, 0 },
	{ "-", -EINVAL, 0 },
	{ "--1", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "1.0", -EINVAL, 0 },
	{ "1,000", -EINVAL, 0 },
	{ "1_000", -EINVAL, 0 },
	{ "1k", -EINVAL, 0 },
	{ "1:1", -EINVAL, 0 },
	{ "root", -EINVAL, 0 },
	{ "0:0", -EINVAL, 0 },
	{ "NaN", -EINVAL, 0 },
	{ "inf", -EINVAL, 0 },
	{ "\xef\xbc\x91", -EINVAL, 0 }, /* a full-width 1 */
	{ "\xd9\xa1", -EINVAL, 0 }, /* an Arabic one */
	{ "\x80", -EINVAL, 0 },
	{ "1\xff", -EINVAL, 0 },
	{ "/", -EINVAL, 0 }, /* below and above the digits */
	{ ":", -EINVAL, 0 },
};

static void test_u64(void)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(unsigned_numbers); i++) {
		const struct number *t = &unsigned_numbers[i];

		n = 4711;
		is_int(str_u64(t->text, UINT64_MAX, &n), t->result, "'%s'", t->text);
		ok(n == (t->result ? 4711 : t->value), "'%s' is %llu", t->text,
			(unsigned long long)n);
	}
	is_int(str_u64("255", 255, &n), 0, "the largest that is allowed");
	n = 4711;
	is_int(str_u64("256", 255, &n), -ERANGE, "one more");
	is_int(str_u64("0", 0, &n), 0, "none but 0");
	n = 4711;
	is_int(str_u64("1", 0, &n), -ERANGE, "one more than 0");
	is_int((int64_t)n, 4711, "and the output is untouched");
}

static const struct {
	const char *text;
	int64_t min, max;
	int result;
	int64_t value;
} signed_numbers[] = {
	{ "0", INT64_MIN, INT64_MAX, 0, 0 },
	{ "-0", INT64_MIN, INT64_MAX, 0, 0 },
	{ "-1", INT64_MIN, INT64_MAX, 0, -1 },
	{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
	{ "-9223372036854775807", INT64_MIN, INT64_MAX, 0, -INT64_MAX },
	{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
	{ "9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "-18446744073709551616", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "-1000", -1000, 1000, 0, -1000 },
	{ "-1001", -1000, 1000, -ERANGE, 0 },
	{ "1000", -1000, 1000, 0, 1000 },
	{ "1001", -1000, 1000, -ERANGE, 0 },
	{ "-1", 0, 10, -ERANGE, 0 },
	{ "5", 6, 10, -ERANGE, 0 },
	{ "", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "-", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "--1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "-+1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "+1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "- 1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ " -1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "-1 ", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "-0x1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "1-", INT64_MIN, INT64_MAX, -EINVAL, 0 },
};

static void test_i64(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(signed_numbers); i++) {
		const char *text = signed_numbers[i].text;
		int64_t n = 4711;

		is_int(str_i64(text, signed_numbers[i].min, signed_numbers[i].max, &n),
			signed_numbers[i].result, "'%s' signed", text);
		is_int(n, signed_numbers[i].result ? 4711 : signed_numbers[i].value, "'%s' is that",
			text);
	}
}

/* Random digits, compared with the C library; and every text of two bytes. */
static void test_numbers_at_random(void)
{
	unsigned int seed = (unsigned int)time(NULL), wrong = 0;
	char text[32];

	for (int i = 0; i < 100000; i++) {
		size_t len = 1 + (size_t)rand_r(&seed) % 22;
		uint64_t n = 0;
		unsigned long long want;

		for (size_t k = 0; k < len; k++)
			text[k] = (char)('0' + rand_r(&seed) % 10);
		text[len] = '\0';
		errno = 0;
		want = strtoull(text, NULL, 10);
		if (str_u64(text, UINT64_MAX, &n) != -errno || (errno == 0 && n != want))
			wrong++;
	}
	is_int(wrong, 0, "as strtoull reads digits (seed %u)", seed);
	wrong = 0;
	for (int a = 1; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			bool digits = a >= '0' && a <= '9' && (b == 0 || (b >= '0' && b <= '9'));
			uint64_t n;

			text[0] = (char)a;
			text[1] = (char)b;
			text[2] = '\0';
			wrong += (str_u64(text, UINT64_MAX, &n) == 0) != digits;
		}
	is_int(wrong, 0, "no other byte is a digit");
}

static void test_text(void)
{
	struct text t = { 0 };
	size_t right = 0;

	text_puts(&t, "");
	is_str(t.s, "", "an empty text is a string");
	text_puts(&t, "ab");
	text_add(&t, "cdef", 2);
	text_printf(&t, "%d%%", 7);
	is_str(t.s, "abcd7%", "added one after the other");
	is_int((int64_t)t.len, 6, "its length");
	text_add(&t, "x\0y", 3);
	is_int((int64_t)t.len, 9, "a NUL counts like any byte");
	is_int(t.s[9], '\0', "and one stands at the end");
	t.len = 0;
	text_add(&t, "n", 1);
	is_str(t.s, "n", "and behind what is written over it");
	text_release(&t);
	ok(!t.s && t.len == 0, "released");
	for (int i = 0; i < 5000; i++)
		text_printf(&t, "%04d", i);
	for (size_t i = 0; i < 5000; i++)
		right += (size_t)(t.s[4 * i + 3] == (char)('0' + i % 10));
	is_int((int64_t)right, 5000, "it grows");
	is_int((int64_t)strlen(t.s), 20000, "and ends");
	text_release(&t);
}

static void test_strlist(void)
{
	struct strlist l = { 0 };

	strlist_setenv(&l, "PATH", "/bin");
	strlist_setenv(&l, "PAT", "x");
	strlist_setenv(&l, "EMPTY", "");
	strlist_printf(&l, "%s=%d", "N", 7);
	strlist_add(&l, xstrdup("WITHOUT"));
	strlist_setenv(&l, "PATH", "/usr/bin:/bin");
	is_int((int64_t)l.n, 5, "a name stands once");
	is_str(l.v[0], "PATH=/usr/bin:/bin", "where it stood first");
	ok(!l.v[5], "NULL at the end");
	is_str(strlist_getenv(&l, "PATH"), "/usr/bin:/bin", "a value");
	is_str(strlist_getenv(&l, "PAT"), "x", "a name that another one begins with");
	is_str(strlist_getenv(&l, "PA"), NULL, "the beginning of a name is none");
	is_str(strlist_getenv(&l, "EMPTY"), "", "an empty value is one");
	is_str(strlist_getenv(&l, "WITHOUT"), NULL, "an entry without = has none");
	is_str(strlist_getenv(&l, "N"), "7", "a formatted one");
	strlist_release(&l);
	ok(!l.v && l.n == 0, "released");
	is_str(strlist_getenv(&l, "PATH"), NULL, "nothing in an empty list");
}

static void test_names(void)
{
	static const struct name table[] = { { "KILL", 1 }, { "KILL_THREAD", 1 }, { "ZERO", 0 },
		{ "MINUS", -1 }, { 0 } };

	is_int(name_find(table, "KILL_THREAD")->value, 1, "found");
	is_int(name_find(table, "ZERO")->value, 0, "found with the value 0");
	is_int(name_find(table, "MINUS")->value, -1, "found with a negative value");
	ok(!name_find(table, "KIL"), "not by its beginning");
	ok(!name_find(table, "kill"), "nor in other letters");
	ok(!name_find(table, ""), "nor empty");
	is_str(name_of(table, 1), "KILL", "the first name of a value");
	is_str(name_of(table, 2), NULL, "a value without a name");
	ok(streq("", "") && !streq("a", "ab") && !streq("ab", "a"), "streq");
	ok(str_starts("abc", "ab") && str_starts("abc", "") && str_starts("abc", "abc") &&
			!str_starts("ab", "abc") && !str_starts("", "a"),
		"str_starts");
}

int main(void)
{
	test_u64();
	test_i64();
	test_numbers_at_random();
	test_text();
	test_strlist();
	test_names();
	return done();
}

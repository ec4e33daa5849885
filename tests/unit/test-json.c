/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON parser's limits and errors, and the writer. */
#include "tap.h"

#include <errno.h>
#include <time.h>

#include "spec/json.h"

/* Parses and writes again in one line; the error if it is refused. For checks of few bytes. */
static const char *round_trip(const char *text, size_t len, struct text *out)
{
	CLEANUP(arena_release) struct arena a = { 0 };
	const struct json *j = NULL;
	struct error e = { 0 };
	struct json_out o;

	out->len = 0;
	arena_init(&a, json_arena_size(len));
	if (json_parse(&a, "x.json", text, len, &j, &e) < 0) {
		text_puts(out, e.text);
	} else {
		json_out_init(&o, out, 0);
		json_out_value(&o, NULL, j);
	}
	return out->s;
}

struct example {
	const char *text;
	size_t len;
	const char *want; /* NULL: the same again */
};

#define TEXT(s) s, sizeof(s) - 1

static const struct example accepted[] = {
	{ TEXT("null"), NULL },
	{ TEXT(" true\t\r\n"), "true" },
	{ TEXT("[ false , [ ] , { } ]"), "[false,[],{}]" },
	{ TEXT("[0,-0,1.50,-1e-7,1E400,18446744073709551616]"), NULL },
	{ TEXT("{\"b\":1,\"a\":{\"b\":2}}"), NULL },
	{ TEXT("{\"\":\"\"}"), NULL },
	{ TEXT("\"\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\""), "\"A/\\b\\f\\n\\r\\t\\\\\\\"\"" },
	{ TEXT("\"\\u00e9\\u20AC\\uD83D\\uDE00\""), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ TEXT("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\""), NULL },
	{ TEXT("\"\xf4\x8f\xbf\xbf\x7f\""), NULL },
	{ TEXT("\"\\u001f\\ud7ff\\ue000\""), "\"\\u001f\xed\x9f\xbf\xee\x80\x80\"" },
	{ TEXT("\"[,]{,}\\\"[\""), NULL },
};

static const struct example refused[] = {
	{ TEXT(""), "line 1, column 1: premature EOF" },
	{ TEXT("[1,\n  2,\n  tru]"), "line 3, column 5: invalid string in json text" },
	{ TEXT("[\"\xe2\x82\xac\", x]"), "line 1, column 7: invalid char in json text" },
	{ TEXT("\xef\xbb\xbf{}"), "line 1, column 1: invalid char in json text" },
	{ TEXT("[1]\n\n ]"), "line 3, column 2: trailing garbage" },
	{ TEXT("\"a\0b\""), "line 1, column 2: invalid character inside string" },
	{ TEXT("[1\0]"), "line 1, column 3: invalid char in json text" },
	{ TEXT("[\"\\u0000\"]"), "[0]: NUL in a string" },
	{ TEXT("\"\\u0000\""), "NUL in a string" },
	{ TEXT("{\"a\\u0000\": 1}"), "NUL in a key" },
	{ TEXT("\"\x80\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xc0\xaf\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xc1\xbf\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xe0\x9f\xbf\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xed\xa0\x80\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xf0\x8f\xbf\xbf\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xf4\x90\x80\x80\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xf5\x80\x80\x80\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xe2\x82"), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xe2\x82\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\xe2\x28\xa1\""), "line 1, column 2: not valid UTF-8" },
	{ TEXT("[\xff]"), "line 1, column 2: not valid UTF-8" },
	{ TEXT("\"\\ud83d\""), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\ud83dx\""), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\ud83d\\n\""), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\ud83d\\u0041\""), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\ud83d\\ud83d\""), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\ude00\""), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\ud83d\\ude0"), "line 1, column 2: half of a surrogate pair" },
	{ TEXT("\"\\"),
		"line 1, column 3: inside a string, '\\' occurs before a character which it may "
		"not" },
	{ TEXT("\"\\u12"),
		"line 1, column 6: invalid (non-hex) character occurs after '\\u' inside string" },
	{ TEXT("[\"a\\\"]"), "line 1, column 7: premature EOF" },
	{ TEXT("{\"a\":1,\"a\":1}"), "a: the key is there twice" },
	{ TEXT("{\"a\":1,\"\\u0061\":1}"), "a: the key is there twice" },
	{ TEXT("{\"\":1,\"\":1}"), "[\"\"]: the key is there twice" },
	{ TEXT("[{},{\"k k\":[0,{\"x\":1,\"x\":2}]}]"),
		"[1][\"k k\"][1].x: the key is there twice" },
};

static void test_examples(void)
{
	CLEANUP(text_release) struct text out = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		const struct example *x = &accepted[i];

		is_str(round_trip(x->text, x->len, &out), x->want ? x->want : x->text,
			"accepted: %s", x->text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP(mem_free) char *want = xasprintf("x.json: %s", refused[i].want);

		is_str(round_trip(refused[i].text, refused[i].len, &out), want, "refused %zu", i);
	}
}

/* Whatever is cut off or changed must be parsed or refused, without a crash. */
static void test_truncated(void)
{
	static const char text[] = "{\"a\": [1, -2.5e3, \"x\\u00e9\\ud83d\\ude00\", null], "
				   "\"b\": {\"c\": true, \"d\": \"\xe2\x82\xac\"}}";
	CLEANUP(text_release) struct text out = { 0 };
	size_t refusals = 0, n;

	for (n = 0; n < sizeof(text) - 1; n++) {
		/* On the heap, so that a sanitizer sees a byte too much. */
		CLEANUP(mem_free) char *part = xmalloc(n);

		memcpy(part, text, n);
		refusals += str_starts(round_trip(part, n, &out), "x.json: line 1, column ");
	}
	is_int((int64_t)refusals, (int64_t)n, "every beginning of a text is refused");
}

static void repeat(struct text *t, const char *s, size_t n)
{
	while (n-- > 0)
		text_puts(t, s);
}

static void test_depth(void)
{
	CLEANUP(text_release) struct text t = { 0 }, out = { 0 };

	repeat(&t, "[", JSON_DEPTH_MAX);
	repeat(&t, "]", JSON_DEPTH_MAX);
	is_str(round_trip(t.s, t.len, &out), t.s, "as deep as it may be");
	t.len = 0;
	repeat(&t, "[", JSON_DEPTH_MAX + 1);
	is_str(round_trip(t.s, t.len, &out), "x.json: line 1, column 129: nested too deeply",
		"too deep");
	t.len = 0;
	repeat(&t, "{\"a\":", 1 << 19);
	is_str(round_trip(t.s, t.len, &out), "x.json: line 1, column 641: nested too deeply",
		"much too deep");
}

static void test_size(void)
{
	CLEANUP(mem_free) char *big = xmalloc(JSON_SIZE_MAX + 1);
	CLEANUP(text_release) struct text t = { 0 }, out = { 0 };

	memset(big, ' ', JSON_SIZE_MAX + 1);
	big[0] = '1';
	is_str(round_trip(big, JSON_SIZE_MAX, &out), "1", "as large as it may be");
	is_str(round_trip(big, JSON_SIZE_MAX + 1, &out), "x.json: larger than 16 MB", "too large");
	text_puts(&t, "[0");
	repeat(&t, ",0", JSON_VALUES_MAX - 2);
	text_puts(&t, "]");
	is_str(round_trip(t.s, t.len, &out), t.s, "as many values as there may be");
	t.len--;
	text_puts(&t, ",0]");
	ok(strstr(round_trip(t.s, t.len, &out), "too many values") != NULL, "too many");
}

/* An object of many keys, the last of which may be there twice. */
static const char *parse_many(size_t n, const char *last, struct text *out)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_puts(&t, "{");
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "\"key%zu\":0,", i);
	text_printf(&t, "\"%s\":0}", last);
	return round_trip(t.s, t.len, out);
}

static void test_many_keys(void)
{
	static const size_t sizes[] = { 2, 14, 15, 16, 17, 100, 100000 };
	CLEANUP(text_release) struct text out = { 0 };
	clock_t start = clock();

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ok(str_starts(parse_many(sizes[i], "other", &out), "{\"key0\":0,"), "%zu keys",
			sizes[i]);
		is_str(parse_many(sizes[i], "key1", &out), "x.json: key1: the key is there twice",
			"%zu keys, one twice", sizes[i]);
	}
	/* Comparing each with each would take minutes. */
	ok((clock() - start) / CLOCKS_PER_SEC < 10, "the search for duplicates is not quadratic");
}

static void test_integers(void)
{
	static const char text[] = "[9223372036854775807,9223372036854775808,-9223372036854775808,"
				   "-0,1.0,1e3,\"1\",18446744073709551615,18446744073709551616,-1]";
	CLEANUP(arena_release) struct arena a = { 0 };
	const struct json *j = NULL;
	struct error e = { 0 };
	uint64_t u = 7;
	int64_t i = 7;

	arena_init(&a, json_arena_size(sizeof(text)));
	is_int(json_parse(&a, "n", text, sizeof(text) - 1, &j, &e), 0, "numbers %s", e.text);
	is_int(json_i64(json_at(j, 0), INT64_MIN, INT64_MAX, &i), 0, "the largest signed");
	is_int(i, INT64_MAX, "its value");
	is_int(json_i64(json_at(j, 1), INT64_MIN, INT64_MAX, &i), -ERANGE, "one more");
	is_int(json_i64(json_at(j, 2), INT64_MIN, INT64_MAX, &i), 0, "the smallest");
	is_int(i, INT64_MIN, "its value");
	is_int(json_i64(json_at(j, 3), 0, 5, &i), 0, "minus zero");
	is_int(i, 0, "its value");
	is_int(json_u64(json_at(j, 3), 5, &u), 0, "minus zero, unsigned");
	is_int((int64_t)u, 0, "its value");
	for (size_t k = 4; k < 7; k++) {
		is_int(json_i64(json_at(j, k), INT64_MIN, INT64_MAX, &i), -EINVAL, "%s",
			json_at(j, k)->text);
		is_int(json_u64(json_at(j, k), UINT64_MAX, &u), -EINVAL, "%s unsigned",
			json_at(j, k)->text);
	}
	is_int(json_u64(json_at(j, 7), UINT64_MAX, &u), 0, "the largest unsigned");
	ok(u == UINT64_MAX, "its value");
	is_int(json_u64(json_at(j, 8), UINT64_MAX, &u), -ERANGE, "one more");
	is_int(json_u64(json_at(j, 9), UINT64_MAX, &u), -ERANGE, "a negative one, unsigned");
	ok(!json_at(j, 10) && !json_at(NULL, 0) && !json_get(j, "x"), "what is not there");
}

static void write_sample(struct json_out *o)
{
	static const char *words[] = { "a/b", "" };
	const struct strings list = { ARRAY_SIZE(words), words };

	json_out_object(o, NULL);
	json_out_object(o, "empty");
	json_out_object_end(o);
	json_out_array(o, "list");
	json_out_i64(o, NULL, INT64_MIN);
	json_out_u64(o, NULL, UINT64_MAX);
	json_out_array(o, NULL);
	json_out_array_end(o);
	json_out_null(o, NULL);
	json_out_hundredths(o, NULL, 1203);
	json_out_hundredths(o, NULL, 5);
	json_out_array_end(o);
	json_out_bool(o, "no", 0);
	json_out_string_if(o, "absent", NULL);
	json_out_string_if(o, "k\"\n", "v\x01\x7f\xff\xc3\xa9\xed\xa0\x80\\");
	json_out_strings(o, "words", &list);
	json_out_object_end(o);
}

static void test_writer(void)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct json_out o;

	json_out_init(&o, &t, 0);
	write_sample(&o);
	is_str(t.s,
		"{\"empty\":{},\"list\":[-9223372036854775808,18446744073709551615,[],null,12.03,0."
		"05],"
		"\"no\":false,\"k\\\"\\n\":\"v\\u0001\x7f\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf"
		"\xbd\xef\xbf\xbd\\\\\",\"words\":[\"a/b\",\"\"]}",
		"on one line");
	t.len = 0;
	json_out_init(&o, &t, 2);
	write_sample(&o);
	is_str(t.s,
		"{\n  \"empty\": {},\n  \"list\": [\n    -9223372036854775808,\n"
		"    18446744073709551615,\n    [],\n    null,\n    12.03,\n    0.05\n  ],\n  "
		"\"no\": false,\n"
		"  \"k\\\"\\n\": \"v\\u0001\x7f\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf"
		"\xbd\\\\\",\n  \"words\": [\n    \"a/b\",\n    \"\"\n  ]\n}",
		"on several");
	t.len = 0;
	json_out_init(&o, &t, 4);
	json_out_array(&o, NULL);
	json_out_bool(&o, NULL, 1);
	json_out_array_end(&o);
	is_str(t.s, "[\n    true\n]", "with four blanks");
}

/* However deep and long the path is, the reason is in the error. */
static void test_long_errors(void)
{
	CLEANUP(text_release) struct text t = { 0 }, out = { 0 };
	CLEANUP(mem_free) char *name = xmalloc(5000);
	CLEANUP(arena_release) struct arena a = { 0 };
	const struct json *j;
	struct error e = { 0 };

	for (int i = 0; i < 100; i++)
		text_puts(&t, "{\"an unusually long key, which is quoted\":");
	text_puts(&t, "\"\\u0000\"");
	ok(strstr(round_trip(t.s, t.len, &out), "...: NUL in a string") != NULL, "a long path");
	t.len = 0;
	text_puts(&t, "{\"");
	repeat(&t, "k", 100000);
	text_puts(&t, "\":\"\\u0000\"}");
	ok(strstr(round_trip(t.s, t.len, &out), "...\"]: NUL in a string") != NULL, "a long key");
	memset(name, 'n', 4999);
	name[4999] = '\0';
	arena_init(&a, json_arena_size(100) + 5000);
	is_int(json_parse(&a, name, "[\"\\u0000\"]", 10, &j, &e), -EINVAL, "a long file name");
	ok(strstr(e.text, ": [0]: NUL in a string") != NULL, "its error");
}

int main(void)
{
	test_examples();
	test_truncated();
	test_depth();
	test_size();
	test_many_keys();
	test_integers();
	test_writer();
	test_long_errors();
	return done();
}

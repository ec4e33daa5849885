/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That no property of config.json takes a value of another type: for each place of the model, made
 * by walking its tables, a document with nothing but that, and the error that names it.
 */
#include "tap.h"

#include "base/str.h"
#include "spec/spec.h"
#include "spec/tables.h"

/* "mounts[].options[]" → {"mounts": [{"options": [VALUE]}]} */
static void put_document(const char *path, const char *value, struct text *out)
{
	CLEANUP(text_release) struct text closing = { 0 };
	CLEANUP(mem_free) char *ends = NULL;

	text_puts(out, "{");
	text_puts(&closing, "}");
	if (!streq(path, "ociVersion"))
		text_puts(out, "\"ociVersion\": \"1.0.0\", ");
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, ".[");

		text_printf(out, "\"%.*s\": ", (int)n, *p == '*' ? "k" : p);
		for (p += n; str_starts(p, "[]"); p += 2) {
			text_puts(out, "[");
			text_puts(&closing, "]");
		}
		if (*p == '.') {
			text_puts(out, "{");
			text_puts(&closing, "}");
			p++;
		}
	}
	text_puts(out, value);
	for (size_t i = closing.len; i > 0; i--)
		text_printf(out, "%c", closing.s[i - 1]);
}

/* "mounts[].options[]" → "config.json: mounts[0].options[0]: expected " */
static void put_place(const char *path, struct text *out)
{
	text_puts(out, "config.json: ");
	for (const char *p = path; *p; p++) {
		if (str_starts(p, "[]"))
			text_puts(out, "[0");
		else
			text_printf(out, "%c", *p == '*' ? 'k' : *p);
	}
	text_puts(out, ": expected ");
}

/* What is said to it; empty if it is taken. */
static struct error error_of(const char *path, const char *value)
{
	CLEANUP(text_release) struct text document = { 0 };
	CLEANUP(spec_cleanup) const struct spec *s = NULL;
	struct error e = { 0 };

	put_document(path, value, &document);
	spec_parse(document.s, document.len, "config.json", &s, &e);
	return e;
}

/* 7 is no value of what is not a number, and text is none of what is one. */
static void test_place(const char *path, void *arg)
{
	CLEANUP(text_release) struct text place = { 0 };
	struct error number = error_of(path, "7"), text = error_of(path, "\"x\"");

	(void)arg;
	put_place(path, &place);
	ok(str_starts(number.text, place.s) || str_starts(text.text, place.s), "wrong type: %s",
		path);
	if (!str_starts(number.text, place.s) && !str_starts(text.text, place.s))
		printf("# 7:   %s\n# \"x\": %s\n# want: %s...\n", number.text, text.text, place.s);
}

int main(void)
{
	bind_walk(&spec_table, test_place, NULL);
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_help.h"

/* Where the explanations begin, unless all names are shorter. */
#define NAMES_WIDTH_MAX 30

/* "-b, --bundle DIR", "    --no-pivot", "-SIGNAL". */
static void add_names(const struct option_def *def, struct text *out)
{
	const char *separator = "";

	if (def->type == OPTION_DASHED) {
		text_printf(out, "-%s", def->value);
		return;
	}
	for (const char *s = def->shorts; s && *s; s++) {
		text_printf(out, "%s-%c", separator, *s);
		separator = ", ";
	}
	if (def->name)
		text_printf(out, "%s--%s", def->shorts ? ", " : "    ", def->name);
	if (def->value)
		text_printf(out, " %s", def->value);
}

static void add_choices(const struct option_def *def, struct text *out)
{
	const char *separator = ": ";

	for (const struct name *c = def->choices; c && c->name; c++) {
		text_printf(out, "%s%s", separator, c->name);
		separator = ", ";
	}
	text_puts(out, "\n");
}

static int names_width(const struct option_def *options)
{
	size_t width = 0;

	for (const struct option_def *row = options; row->help; row++) {
		CLEANUP(text_release) struct text names = { 0 };

		add_names(row, &names);
		if (names.len > width && names.len <= NAMES_WIDTH_MAX)
			width = names.len;
	}
	return (int)width;
}

void options_describe(const struct option_def *options, struct text *out)
{
	int width = names_width(options);

	for (const struct option_def *row = options; row->help; row++) {
		CLEANUP(text_release) struct text names = { 0 };

		add_names(row, &names);
		text_printf(out, "  %-*s  %s", width, names.s, row->help);
		add_choices(row, out);
	}
}

void options_list(const char *page, const struct option_def *options, struct text *out)
{
	text_printf(out, "%s\n", page);
	for (const struct option_def *row = options; row->help; row++) {
		if (row->type == OPTION_HELP)
			continue;
		for (const char *s = row->shorts; s && *s; s++)
			text_printf(out, "%s -%c\n", page, *s);
		if (row->name)
			text_printf(out, "%s --%s\n", page, row->name);
		if (row->type == OPTION_DASHED)
			text_printf(out, "%s -%s\n", page, row->value);
	}
}

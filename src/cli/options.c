/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `lichen __options`: every page that man/ must have, and every option that it must explain;
 * man/check-man.sh compares.
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/globals.h"

static void print_page(const char *page, const struct option_def *rows)
{
	printf("%s\n", page);
	for (const struct option_def *row = rows; row->help; row++) {
		/* Every command has these; the main page tells of them. */
		if (row->type == OPTION_HELP && rows != global_options)
			continue;
		for (const char *s = row->shorts; s && *s; s++)
			printf("%s -%c\n", page, *s);
		if (row->name)
			printf("%s --%s\n", page, row->name);
		if (row->type == OPTION_DASHED)
			printf("%s -%s\n", page, row->value);
	}
}

static int print_options(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	(void)cli;
	(void)values;
	(void)operands;
	(void)e;
	print_page("lichen", global_options);
	for (const struct command *const *c = commands; *c; c++) {
		CLEANUP(mem_free) char *page = xasprintf("lichen-%s", (*c)->name);

		if ((*c)->visibility == COMMAND_SHOWN)
			print_page(page, (*c)->options);
	}
	return 0;
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_options = {
	.name = "__options",
	.operands = "",
	.summary = "the options of every command, for the check of the man pages",
	.options = options,
	.visibility = COMMAND_HIDDEN,
	.run = print_options,
};

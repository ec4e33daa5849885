/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `lichen __options`: every page that man/ must have, and every option that it must explain;
 * man/check-man.sh compares.
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/globals.h"
#include "cli/option_help.h"

static void print_page(const char *page, const struct option_def *rows)
{
	CLEANUP(text_release) struct text text = { 0 };

	options_list(page, rows, &text);
	fputs(text.s, stdout);
}

static int print_options(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	(void)cli;
	(void)values;
	(void)operands;
	(void)e;
	print_page("lichen", global_options);
	printf("lichen -h\nlichen -?\nlichen --help\nlichen --usage\n");
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

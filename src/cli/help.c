/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>

#include "cli/globals.h"
#include "cli/option_help.h"

static void add_command_help(const char *program, const struct command *command, struct text *out)
{
	text_printf(out, "usage: %s [GLOBAL OPTIONS] %s [OPTIONS]%s%s\n\n", program, command->name,
		*command->operands ? " " : "", command->operands);
	text_printf(out, "%s %s: %s\n", program, command->name, command->summary);
	if (command->details)
		text_printf(out, "%s\n", command->details);
	text_puts(out, "\noptions:\n");
	options_describe(command->options, out);
	text_printf(out,
		"\nThe global options are listed by '%s --help'; 'man lichen-%s' tells more.\n",
		program, command->name);
}

static void add_program_help(const char *program, struct text *out)
{
	text_printf(out, "usage: %s [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n", program);
	text_puts(out, "Runs OCI containers without privilege.\n\ncommands:\n");
	for (const struct command *const *c = commands; *c; c++) {
		if ((*c)->visibility == COMMAND_HIDDEN)
			continue;
		text_printf(out, "  %-8s  %s\n", (*c)->name, (*c)->summary);
	}
	text_puts(out, "\nglobal options, before the command:\n");
	options_describe(global_options, out);
	text_printf(out,
		"\n'%s COMMAND --help' tells the options of a command, 'man lichen' more.\n",
		program);
}

void help_print(const char *program, const struct command *command)
{
	CLEANUP(text_release) struct text text = { 0 };

	if (command)
		add_command_help(program, command, &text);
	else
		add_program_help(program, &text);
	fputs(text.s, stdout);
}

static int help(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct command *command = NULL;

	(void)values;
	if (operands->n > 0) {
		command = command_find(cli->program, operands->v[0], e);
		if (!command)
			return -e->code;
	}
	help_print(cli->program, command);
	return 0;
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "print the help of a command, or this",
	.options = options,
	.max_operands = 1,
	.complete = { COMPLETE_COMMAND },
	.run = help,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>

#include "cli/globals.h"

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

static void add_row(const char *names, const char *help, int width, struct text *out)
{
	text_printf(out, "  %-*s  %s", width, names, help);
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

static void add_options(const struct option_def *options, struct text *out)
{
	int width = names_width(options);

	for (const struct option_def *row = options; row->help; row++) {
		CLEANUP(text_release) struct text names = { 0 };

		add_names(row, &names);
		add_row(names.s, row->help, width, out);
		add_choices(row, out);
	}
}

static void add_command_help(const char *program, const struct command *command, struct text *out)
{
	text_printf(out, "usage: %s [GLOBAL OPTIONS] %s [OPTIONS]%s%s\n\n", program, command->name,
		*command->operands ? " " : "", command->operands);
	text_printf(out, "%s %s: %s\n", program, command->name, command->summary);
	if (command->details)
		text_printf(out, "%s\n", command->details);
	text_puts(out, "\noptions:\n");
	add_options(command->options, out);
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
		add_row((*c)->name, (*c)->summary, 8, out);
		text_puts(out, "\n");
	}
	text_puts(out, "\nglobal options, before the command:\n");
	add_options(global_options, out);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/globals.h"
#include "cli/help.h"
#include "stage/self.h"

/* The command line, read and checked. Release with invocation_release. */
struct invocation {
	const char *program;
	struct global_values globals;
	const struct command *command; /* or NULL: of the program itself */
	enum { RUN_COMMAND, SHOW_HELP } action;
	void *values; /* of command's options */
	struct strings words; /* the command and all behind it */
	struct strings operands; /* the command's */
};

static void invocation_release(struct invocation *inv)
{
	if (inv->values)
		options_release(inv->command->options, inv->values);
	free(inv->values);
	free(inv->words.v);
	free(inv->operands.v);
}

/* What is opened later must not become the container's standard input or output. */
static void ensure_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(fd);
}

/* A link called crun or runc has its own default state directory, as its callers expect. */
static const char *program_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;
	struct error e = { 0 };

	return name && container_check_id(name, &e) == 0 ? name : "lichen";
}

static int parse_command(struct invocation *inv, struct error *e)
{
	const struct command *command = command_find(inv->program, inv->words.v[0], e);
	CLEANUP(mem_free) char *called = xasprintf("%s %s", inv->program, inv->words.v[0]);
	struct option_grammar g = { .command = called, .elsewhere = global_options };
	int r;

	if (!command)
		return -e->code;
	inv->command = command;
	inv->values = xcalloc(1, command->values_size + 1);
	g.options = command->options;
	g.order = command->order;
	r = options_parse(&g, inv->words.v + 1, inv->values, &inv->operands, e);
	if (r == 0)
		r = command_check_operands(inv->program, command, &inv->operands, e);
	inv->action = r == OPTIONS_HELP ? SHOW_HELP : RUN_COMMAND;
	return r;
}

/* What fails here is a usage error. The global options before it have been read all the same. */
static int parse(struct invocation *inv, const char *const *words, struct error *e)
{
	struct option_grammar g = { inv->program, global_options, NULL, OPTIONS_FIRST };
	int r = options_parse(&g, words, &inv->globals, &inv->words, e);

	if (r < 0)
		return r;
	if (r == OPTIONS_HELP) {
		inv->action = SHOW_HELP;
		return 0;
	}
	if (inv->globals.version) {
		inv->command = &command_version;
		return 0;
	}
	if (inv->words.n > 0)
		return parse_command(inv, e);
	error_set(e, EINVAL, "no command given");
	return error_hint(e, "see '%s --help'", inv->program);
}

/* Returns the exit status, or < 0. */
static int execute(
	const struct invocation *inv, char *const argv[], const struct log *log, struct error *e)
{
	CLEANUP(mem_free) char *root = NULL;
	struct cli cli = { .program = inv->program };

	if (inv->action == SHOW_HELP) {
		help_print(inv->program, inv->command);
		return 0;
	}
	if (inv->command->reach == COMMAND_ENTERS && self_protect(argv, e) < 0)
		return -e->code;
	root = inv->globals.root ? xstrdup(inv->globals.root) : runtime_default_root(inv->program);
	cli.runtime = globals_runtime(&inv->globals, root, log);
	return inv->command->run(&cli, inv->values, &inv->operands, e);
}

static int flush_output(int r, struct error *e)
{
	if (r < 0 || (fflush(stdout) == 0 && !ferror(stdout)))
		return r;
	return error_errno(e, "write to standard output");
}

int main(int argc, char **argv)
{
	CLEANUP(invocation_release) struct invocation inv = { .program = program_name(argv[0]) };
	struct error e = { 0 }, log_e = { 0 };
	struct log log;
	int status = EXIT_USAGE, r, opened;

	ensure_standard_fds();
	r = parse(&inv, (const char *const *)argv + (argc > 0), &e);
	log = globals_log(&inv.globals);
	/* Also after a usage error, so that the log has it. */
	opened = log_open(&log, inv.globals.log, &log_e);
	if (r >= 0) {
		status = inv.command && inv.command->failure ? inv.command->failure : EXIT_FAILURE;
		r = opened < 0 ? opened : execute(&inv, argv, &log, &e);
		r = flush_output(r, opened < 0 ? &log_e : &e);
	}
	if (r < 0)
		log_error(&log, e.code ? &e : &log_e);
	log_close(&log);
	return r < 0 ? status : r;
}

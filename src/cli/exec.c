/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "plan/exec.h"

/* As runc and crun: 1 would be what many a program ends with. */
#define EXIT_NOT_EXECUTED 255

struct exec_values {
	const char *process, *console_socket, *pid_file, *pidfd_socket;
	const char *cwd, *user, *apparmor, *process_label, *cgroup;
	struct strings env, caps, groups;
	unsigned int preserve_fds;
	int tty, no_new_privs; /* enum option_switch */
	bool detach, ignore_paused, dry_run;
};

static int choice_of(int given)
{
	return given == SWITCH_NOT_GIVEN ? CHOICE_NOT_SAID
		: given == SWITCH_ON	 ? CHOICE_YES
					 : CHOICE_NO;
}

static unsigned int flags_of(const struct exec_values *v)
{
	return (v->detach ? EXEC_DETACH : 0) | (v->ignore_paused ? EXEC_IGNORE_PAUSED : 0);
}

static int print_plan(const struct runtime *rt, const struct exec_request *req, struct error *e)
{
	CLEANUP(text_release) struct text plan = { 0 };
	int r = container_exec_dry_run(rt, req, &plan, e);

	if (r == 0)
		fwrite(plan.s, 1, plan.len, stdout);
	return r;
}

/* What is behind ID; a "--" may stand in front of it. */
static struct strings command_of(const struct strings *operands)
{
	size_t first = operands->n > 1 && streq(operands->v[1], "--") ? 2 : 1;

	return (struct strings){ .n = operands->n - first, .v = operands->v + first };
}

static int exec(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct exec_values *v = values;
	const struct plan_changes changes = { .args = command_of(operands),
		.cwd = v->cwd,
		.user = v->user,
		.apparmor_profile = v->apparmor,
		.selinux_label = v->process_label,
		.env = v->env,
		.caps = v->caps,
		.groups = v->groups,
		.terminal = choice_of(v->tty),
		.no_new_privileges = choice_of(v->no_new_privs) };
	const struct exec_request req = { .id = operands->v[0],
		.process = v->process,
		.changes = &changes,
		.console_socket = v->console_socket,
		.pid_file = v->pid_file,
		.pidfd_socket = v->pidfd_socket,
		.cgroup = v->cgroup,
		.preserve_fds = v->preserve_fds,
		.flags = flags_of(v) };
	int status = 0, r;

	if (changes.args.n == 0 && !v->process) {
		error_set(e, EINVAL, "exec: there is no command to run in container '%s'", req.id);
		return error_hint(e, "%s exec %s COMMAND, or --process FILE", cli->program, req.id);
	}
	if (v->dry_run)
		return print_plan(&cli->runtime, &req, e);
	r = container_exec(&cli->runtime, &req, &status, e);
	return r < 0 ? r : status;
}

#define AT(field) .offset = offsetof(struct exec_values, field)

static const struct option_def options[] = {
	{ .shorts = "p",
		.name = "process",
		.value = "FILE",
		.type = OPTION_STRING,
		.help = "the process, as in config.json; '-': from standard input",
		.complete = COMPLETE_FILE,
		AT(process) },
	{ .shorts = "d",
		.name = "detach",
		.type = OPTION_FLAG,
		.help = "return when the program has been executed",
		AT(detach) },
	{ .shorts = "t",
		.name = "tty",
		.type = OPTION_SWITCH,
		.help = "give the process a terminal",
		AT(tty) },
	{ .name = "cwd",
		.value = "DIR",
		.type = OPTION_STRING,
		.help = "its working directory, in the container",
		AT(cwd) },
	{ .shorts = "e",
		.name = "env",
		.value = "NAME=VALUE",
		.type = OPTION_LIST,
		.help = "set a variable; may be given again",
		AT(env) },
	{ .shorts = "u",
		.name = "user",
		.value = "UID[:GID]",
		.type = OPTION_TEXT,
		.help = "its user and group, in numbers",
		AT(user) },
	{ .shorts = "g",
		.name = "additional-gids",
		.value = "GID",
		.type = OPTION_LIST,
		.help = "add a group; may be given again",
		AT(groups) },
	{ .shorts = "c",
		.name = "cap",
		.value = "CAP",
		.type = OPTION_LIST,
		.help = "add a capability; may be given again",
		AT(caps) },
	{ .name = "no-new-privs",
		.type = OPTION_SWITCH,
		.help = "nothing that it executes can gain privileges",
		AT(no_new_privs) },
	{ .name = "process-label",
		.value = "LABEL",
		.type = OPTION_STRING,
		.help = "its SELinux label",
		AT(process_label) },
	{ .name = "apparmor",
		.value = "PROFILE",
		.type = OPTION_STRING,
		.help = "its AppArmor profile",
		AT(apparmor) },
	{ .name = "console-socket",
		.value = "SOCKET",
		.type = OPTION_STRING,
		.help = "socket that receives the terminal's master side",
		.complete = COMPLETE_FILE,
		AT(console_socket) },
	{ .name = "pid-file",
		.value = "FILE",
		.type = OPTION_STRING,
		.help = "file that receives the number of the process",
		.complete = COMPLETE_FILE,
		AT(pid_file) },
	{ .name = "pidfd-socket",
		.value = "SOCKET",
		.type = OPTION_STRING,
		.help = "socket that receives a descriptor of the process",
		.complete = COMPLETE_FILE,
		AT(pidfd_socket) },
	{ .name = "preserve-fds",
		.value = "N",
		.type = OPTION_NUMBER,
		.help = "pass descriptors 3 to 2+N to the process",
		AT(preserve_fds) },
	{ .name = "cgroup",
		.value = "PATH",
		.type = OPTION_STRING,
		.help = "put it into a cgroup beneath the container's",
		AT(cgroup) },
	{ .name = "ignore-paused",
		.type = OPTION_FLAG,
		.help = "also in a paused container, where it waits until that is resumed",
		AT(ignore_paused) },
	{ .name = "no-subreaper",
		.type = OPTION_IGNORED,
		.help = "ignored: lichen never is a subreaper" },
	{ .name = "dry-run",
		.type = OPTION_FLAG,
		.help = "print what would be done, and do nothing",
		AT(dry_run) },
	OPTION_LAST_ROWS,
};

const struct command command_exec = {
	.name = "exec",
	.operands = "ID [COMMAND [ARGUMENT...]]",
	.summary = "run a further process in a container",
	.details =
		"The process is that of config.json, or of --process, with COMMAND and the options "
		"in place.\nEnds with its exit status, or 128 + its signal.",
	.options = options,
	.order = OPTIONS_FIRST,
	.values_size = sizeof(struct exec_values),
	.min_operands = 1,
	.max_operands = SIZE_MAX,
	.complete = { COMPLETE_CONTAINER },
	.reach = COMMAND_ENTERS,
	.failure = EXIT_NOT_EXECUTED,
	.run = exec,
};

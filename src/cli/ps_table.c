/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ps_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/ids.h"

static const char blanks[] = " \t\n";

int ps_table_pid_column(const char *heading)
{
	int column = 0;

	for (const char *s = heading + strspn(heading, blanks); *s; column++) {
		size_t len = strcspn(s, blanks);

		if (len == 3 && strncmp(s, "PID", 3) == 0)
			return column;
		s += len;
		s += strspn(s, blanks);
	}
	return -1;
}

pid_t ps_table_pid(const char *line, int column)
{
	const char *s = line + strspn(line, blanks);
	uint64_t pid;
	char word[16];
	size_t len;

	while (column-- > 0) {
		s += strcspn(s, blanks);
		s += strspn(s, blanks);
	}
	len = strcspn(s, blanks);
	if (len >= sizeof(word))
		return -1;
	memcpy(word, s, len);
	word[len] = '\0';
	return str_u64(word, INT_MAX, &pid) == 0 ? (pid_t)pid : -1;
}

static bool listed(const struct pid_list *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == pid)
			return true;
	return false;
}

/* The command line: ours, or what the user gave. The caller's to free. */
static char **ps_argv(const char *const *args)
{
	size_t n = 0;
	char **argv;

	while (args[n])
		n++;
	argv = xcalloc(n + 3, sizeof(*argv));
	argv[0] = xstrdup("ps");
	if (n == 0)
		argv[1] = xstrdup("-ef");
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = xstrdup(args[i]);
	return argv;
}

static void argv_release(char ***argv)
{
	for (char **s = *argv; *s; s++)
		free(*s);
	free(*argv);
}

/* Starts ps; returns the end of the pipe that its output comes from. */
static int start_ps(const char *program, char *const *argv, pid_t *out_pid, struct error *e)
{
	posix_spawn_file_actions_t actions;
	int pipe_fds[2], r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_errno(e, "make a pipe for ps");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	r = posix_spawn(out_pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	fd_close(pipe_fds[1]);
	if (r == 0)
		return pipe_fds[0];
	fd_close(pipe_fds[0]);
	return error_set(e, r, "run '%s': %s", program, strerror(r));
}

static int print_lines(FILE *output, const struct pid_list *pids, struct error *e)
{
	CLEANUP(mem_free) char *line = NULL;
	size_t size = 0;
	int column;

	if (getline(&line, &size, output) < 0)
		return error_set(e, EIO, "ps printed nothing");
	column = ps_table_pid_column(line);
	if (column < 0) {
		error_set(e, EINVAL, "ps prints no column PID");
		return error_hint(e,
			"without it the container's processes can't be told; "
			"with 'ps -o', name pid too");
	}
	fputs(line, stdout);
	while (getline(&line, &size, output) >= 0)
		if (listed(pids, ps_table_pid(line, column)))
			fputs(line, stdout);
	return 0;
}

static void close_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static int read_ps(int fd, const struct pid_list *pids, struct error *e)
{
	CLEANUP(close_stream) FILE *output = fdopen(fd, "r");

	if (!output) {
		error_errno(e, "read the output of ps");
		fd_close(fd);
		return -e->code;
	}
	return print_lines(output, pids, e);
}

int ps_table_print(const struct pid_list *pids, const char *const *args, struct error *e)
{
	CLEANUP(argv_release) char **argv = ps_argv(args);
	CLEANUP(mem_free) char *program = host_find_program("ps");
	int fd, r, status = 0;
	pid_t pid;

	if (!program) {
		error_set(e, ENOENT, "there is no program ps on this machine");
		return error_hint(e, "install the package procps");
	}
	fd = start_ps(program, argv, &pid, e);
	if (fd < 0)
		return fd;
	r = read_ps(fd, pids, e);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && status != 0)
		return error_set(e, EIO, "ps failed");
	return r;
}

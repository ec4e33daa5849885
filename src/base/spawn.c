/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/syscalls.h"

static int start(const struct spawn *s, int in_fd, int out_fd, pid_t *out_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setflags(&attr,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	if (s->cwd_fd >= 0)
		posix_spawn_file_actions_addfchdir_np(&actions, s->cwd_fd);
	posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	r = posix_spawn(out_pid, s->path, &actions, &attr, (char *const *)(uintptr_t)s->argv,
		(char *const *)(uintptr_t)s->envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* A pipe for its input, or /dev/null: [0] is the program's end. */
static int open_input(const struct spawn *s, int fds[2])
{
	fds[1] = -EBADF;
	if (s->input)
		return pipe2(fds, O_CLOEXEC);
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fds[0];
}

int spawn_start(const struct spawn *s, struct child *out, struct error *e)
{
	int in[2] = { -EBADF, -EBADF }, output[2] = { -EBADF, -EBADF };
	struct child c = { .input = s->input, .input_left = s->input_len, .pidfd = -EBADF,
		.until_fd = -EBADF };
	int r;

	if (open_input(s, in) < 0 || pipe2(output, O_CLOEXEC) < 0) {
		r = error_errno(e, "run '%s': make a pipe", s->path);
		fd_close(in[0]);
		fd_close(in[1]);
		return r;
	}
	r = start(s, in[0], output[1], &c.pid);
	fd_close(in[0]);
	fd_close(output[1]);
	c.in_fd = in[1];
	c.out_fd = output[0];
	if (c.in_fd >= 0)
		fcntl(c.in_fd, F_SETFL, O_NONBLOCK);
	if (r == 0)
		c.pidfd = sys_pidfd_open(c.pid, 0);
	if (r < 0 || c.pidfd < 0) {
		r = error_set(e, r < 0 ? -r : errno, "run '%s': %s", s->path,
			strerror(r < 0 ? -r : errno));
		child_release(&c);
		return r;
	}
	*out = c;
	return 0;
}

/* The program may well end without reading its input: that is EPIPE, and no signal for us. */
static void feed(struct child *c)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, saved;
	ssize_t n;

	sigaction(SIGPIPE, &ignore, &saved);
	n = write(c->in_fd, c->input, c->input_left);
	sigaction(SIGPIPE, &saved, NULL);
	if (n > 0) {
		c->input += n;
		c->input_left -= (size_t)n;
	}
	if (c->input_left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->in_fd = fd_close(c->in_fd);
}

static void collect(struct child *c)
{
	char buf[4096];
	ssize_t n = read(c->out_fd, buf, sizeof(buf));

	if (n > 0) {
		size_t room = SPAWN_OUTPUT_MAX - c->output.len;

		text_add(&c->output, buf, (size_t)n < room ? (size_t)n : room);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->out_fd = fd_close(c->out_fd);
}

/* 1 when it has ended. A grandchild that holds the output open does not keep us. */
static int serve(struct child *c, int64_t deadline_ms)
{
	struct pollfd p[4] = { { .fd = c->pidfd, .events = POLLIN },
		{ .fd = c->out_fd, .events = POLLIN }, { .fd = c->in_fd, .events = POLLOUT },
		{ .fd = c->until_fd, .events = POLLIN } };
	int timeout = -1;

	if (deadline_ms != INT64_MAX) {
		int64_t left = deadline_ms - time_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		timeout = left > 1000000 ? 1000000 : (int)left;
	}
	if (poll(p, 4, timeout) < 0 && errno != EINTR)
		return -errno;
	if (p[2].revents)
		feed(c);
	if (p[1].revents)
		collect(c);
	if (p[0].revents)
		return 1;
	return p[3].revents ? -ESRCH : 0;
}

static void drain(struct child *c)
{
	while (c->out_fd >= 0 && fd_wait(c->out_fd, 0) > 0)
		collect(c);
}

int spawn_wait(struct child *c, int64_t deadline_ms, int *out_status, struct error *e)
{
	int r, status;

	do
		r = serve(c, deadline_ms);
	while (r == 0);
	if (r < 0) {
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
		c->pid = 0;
		return error_set(e, -r, "%s", r == -ETIMEDOUT ? "timed out" : strerror(-r));
	}
	drain(c);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(e, "wait for a program");
	c->pid = 0;
	*out_status = status;
	return 0;
}

void child_release(struct child *c)
{
	int status;

	if (c->pid > 0) {
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
	}
	fd_close(c->pidfd);
	fd_close(c->in_fd);
	fd_close(c->out_fd);
	text_release(&c->output);
	*c = (struct child){ .pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF };
}

void spawn_describe(const struct child *c, int status, struct text *out)
{
	size_t end = c->output.len;

	if (WIFSIGNALED(status))
		text_printf(out, "was killed by signal %d", WTERMSIG(status));
	else
		text_printf(out, "exited with status %d", WEXITSTATUS(status));
	while (end > 0 && strchr("\n\r ", c->output.s[end - 1]))
		end--;
	if (end == 0)
		return;
	text_puts(out, ": ");
	for (size_t i = 0; i < end; i++)
		text_add(out, c->output.s[i] == '\n' ? " / " : c->output.s + i,
			c->output.s[i] == '\n' ? 3 : 1);
}

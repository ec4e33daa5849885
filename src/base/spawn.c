/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/syscalls.h"

/* An orphan's, for its word that it is ready. */
#define READY_FD 3

/* What a program gets: descriptors 0 to 3. */
struct ends {
	int in_fd, out_fd;
	int ready_fd; /* of an orphan; or -EBADF */
	pid_t parent; /* with whom it dies; 0: an orphan */
};

/* A program of ours that is killed leaves none behind, but for those that are to outlive it. */
static bool settle(const struct ends *ends)
{
	if (ends->parent == 0)
		return setsid() >= 0;
	return setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
		getppid() == ends->parent;
}

static bool give_ready(int fd)
{
	return dup2(fd, READY_FD) == READY_FD && fcntl(READY_FD, F_SETFD, 0) == 0;
}

/* In the child of a vfork(2): system calls alone. */
static _Noreturn void become(const struct spawn *s, const struct ends *ends, volatile int *code)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (settle(ends) && (s->cwd_fd < 0 || fchdir(s->cwd_fd) == 0) &&
		dup2(ends->in_fd, STDIN_FILENO) == 0 && dup2(ends->out_fd, STDOUT_FILENO) == 1 &&
		dup2(ends->out_fd, STDERR_FILENO) == 2 &&
		(ends->ready_fd < 0 || give_ready(ends->ready_fd))) {
		fd_cloexec_from(ends->ready_fd < 0 ? READY_FD : READY_FD + 1);
		execve(s->path, (char *const *)(uintptr_t)s->argv,
			(char *const *)(uintptr_t)s->envp);
	}
	*code = errno;
	_exit(127);
}

/* Likewise: its parent ends at once, so that it is handed on to whoever takes such. */
static _Noreturn void become_orphan(
	const struct spawn *s, const struct ends *ends, volatile int *code, volatile pid_t *out_pid)
{
	pid_t pid = vfork();

	if (pid == 0)
		become(s, ends, code);
	if (pid < 0)
		*code = errno;
	*out_pid = pid;
	_exit(0);
}

static int start(const struct spawn *s, const struct ends *ends, pid_t *out_pid)
{
	volatile pid_t orphan = 0;
	volatile int code = 0;
	sigset_t all, saved;
	pid_t pid;

	/* No handler of ours may run in a child that has our memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &saved);
	pid = vfork();
	if (pid == 0 && ends->parent == 0)
		become_orphan(s, ends, &code, &orphan);
	if (pid == 0)
		become(s, ends, &code);
	if (pid < 0)
		code = errno;
	sigprocmask(SIG_SETMASK, &saved, NULL);
	if (pid > 0 && (code != 0 || ends->parent == 0))
		waitpid(pid, NULL, 0);
	if (code == 0)
		*out_pid = ends->parent == 0 ? orphan : pid;
	return -code;
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
	struct child c = {
		.input = s->input, .input_left = s->input_len, .pidfd = -EBADF, .until_fd = -EBADF
	};
	int r;

	if (open_input(s, in) < 0 || pipe2(output, O_CLOEXEC) < 0) {
		r = error_errno(e, "run '%s': make a pipe", s->path);
		fd_close(in[0]);
		fd_close(in[1]);
		return r;
	}
	r = start(s, &(struct ends){ in[0], output[1], -EBADF, getpid() }, &c.pid);
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

int spawn_orphan(const struct spawn *s, struct orphan *out, struct error *e)
{
	int in[2] = { -EBADF, -EBADF }, output[2] = { -EBADF, -EBADF };
	int ready[2] = { -EBADF, -EBADF };
	struct orphan o = ORPHAN_NONE;
	int r = 0;

	if (open_input(s, in) < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
		r = -errno;
	if (r == 0)
		r = start(s, &(struct ends){ in[0], output[1], ready[1], 0 }, &o.pid);
	fd_close(in[0]);
	fd_close(output[1]);
	fd_close(ready[1]);
	o.out_fd = output[0];
	o.ready_fd = ready[0];
	if (r < 0) {
		orphan_release(&o);
		return error_set(e, -r, "run '%s': %s", s->path, strerror(-r));
	}
	o.pidfd = sys_pidfd_open(o.pid, 0);
	*out = o;
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

int spawn_collect(int fd, struct text *output)
{
	char buf[SPAWN_OUTPUT_MAX];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0) {
		size_t room = SPAWN_OUTPUT_MAX - output->len;

		text_add(output, buf, (size_t)n < room ? (size_t)n : room);
	}
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ? fd_close(fd) : fd;
}

int spawn_drain(int fd, struct text *output)
{
	while (fd >= 0 && fd_wait(fd, 0) > 0)
		fd = spawn_collect(fd, output);
	return fd;
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
		c->out_fd = spawn_collect(c->out_fd, &c->output);
	if (p[0].revents)
		return 1;
	return p[3].revents ? -ESRCH : 0;
}

/* Its group, and itself if it left that. */
static void kill_all(const struct child *c)
{
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

int spawn_wait(struct child *c, int64_t deadline_ms, int *out_status, struct error *e)
{
	int r, status;

	do
		r = serve(c, deadline_ms);
	while (r == 0);
	if (r < 0) {
		kill_all(c);
		waitpid(c->pid, &status, 0);
		c->pid = 0;
		return error_set(e, -r, "%s", r == -ETIMEDOUT ? "timed out" : strerror(-r));
	}
	c->out_fd = spawn_drain(c->out_fd, &c->output);
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
		kill_all(c);
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

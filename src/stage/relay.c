/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "kernel/tty.h"

#define BUFFER_SIZE 16384

/* One direction: what was read and not yet written. */
struct flow {
	int from, to;
	size_t start, end;
	int from_open, to_open;
	char buf[BUFFER_SIZE];
};

struct relay {
	pid_t pid;
	int pidfd, signal_fd, master_fd;
	struct notify *notify; /* or NULL */
	int saved_valid;
	struct termios saved;
	int stdin_flags, stdout_flags;
	struct flow in, out;
};

/* Those that say something about us or that the kernel sends for a fault of ours stay ours. */
static void forwarded_signals(sigset_t *set)
{
	static const int ours[] = { SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
		SIGTRAP, SIGSYS, SIGPIPE, SIGTTIN, SIGTTOU, SIGCHLD, SIGURG };

	sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigdelset(set, ours[i]);
}

void relay_block_signals(sigset_t *out_saved)
{
	sigset_t set;

	forwarded_signals(&set);
	sigprocmask(SIG_BLOCK, &set, out_saved);
}

void relay_unblock_signals(const sigset_t *saved)
{
	sigprocmask(SIG_SETMASK, saved, NULL);
}

static void copy_size(int master_fd)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master_fd, TIOCSWINSZ, &size);
}

void relay_give_size(int master_fd)
{
	struct winsize size;

	if (master_fd >= 0 && ioctl(master_fd, TIOCGWINSZ, &size) == 0 && size.ws_row == 0 &&
		size.ws_col == 0)
		copy_size(master_fd);
}

static void handle_signal(struct relay *r)
{
	struct signalfd_siginfo info;

	if (read(r->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH && r->master_fd >= 0)
		copy_size(r->master_fd);
	else if (info.ssi_signo == SIGTSTP || info.ssi_signo == SIGCONT)
		(void)sys_pidfd_send_signal(
			r->pidfd, info.ssi_signo == SIGTSTP ? SIGTSTP : SIGCONT);
	else
		(void)sys_pidfd_send_signal(r->pidfd, (int)info.ssi_signo);
}

static void flow_read(struct flow *f)
{
	ssize_t n = read(f->from, f->buf, sizeof(f->buf));

	if (n > 0) {
		/* What nobody takes any more is read all the same, or its writer would wait for
		 * ever. */
		f->start = 0;
		f->end = f->to_open ? (size_t)n : 0;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* EIO from a master: nobody has the other side open any more. */
		f->from_open = 0;
	}
}

static void flow_write(struct flow *f)
{
	ssize_t n = write(f->to, f->buf + f->start, f->end - f->start);

	if (n > 0)
		f->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		f->to_open = 0;
	/* A reader that went away must not hold the container up: the rest goes nowhere. */
	if (!f->to_open)
		f->start = f->end;
}

static int is_pending(const struct flow *f)
{
	return f->start < f->end;
}

/* Reads only when the last piece is written, so nothing is ever dropped or piled up. */
static void prepare(struct pollfd *p, const struct flow *f)
{
	p[0] = (struct pollfd){ .fd = f->from_open && !is_pending(f) ? f->from : -1,
		.events = POLLIN };
	p[1] = (struct pollfd){ .fd = f->to_open && is_pending(f) ? f->to : -1, .events = POLLOUT };
}

static void serve(const struct pollfd *p, struct flow *f)
{
	if (p[0].revents)
		flow_read(f);
	if (p[1].revents)
		flow_write(f);
}

/* Everything that the container wrote before it ended is still in the terminal. */
static void drain(struct relay *r)
{
	struct flow *f = &r->out;

	while (r->master_fd >= 0 && (is_pending(f) || f->from_open)) {
		struct pollfd p[2];

		prepare(p, f);
		if (poll(p, 2, is_pending(f) ? -1 : 0) <= 0)
			return;
		serve(p, f);
	}
}

static int loop(struct relay *r, struct error *e)
{
	for (;;) {
		struct pollfd p[7] = { { .fd = r->pidfd, .events = POLLIN },
			{ .fd = r->signal_fd, .events = POLLIN } };

		prepare(p + 2, &r->in);
		prepare(p + 4, &r->out);
		p[6] = r->notify ? notify_poll(r->notify) : (struct pollfd){ .fd = -EBADF };
		if (poll(p, 7, -1) < 0 && errno != EINTR)
			return error_errno(e, "wait for the container");
		if (p[1].revents)
			handle_signal(r);
		serve(p + 2, &r->in);
		serve(p + 4, &r->out);
		if (r->notify && p[6].revents)
			notify_pass_on(r->notify);
		if (p[0].revents) {
			drain(r);
			/* What it said last, before it ended. */
			if (r->notify)
				notify_finish(r->notify);
			return 0;
		}
	}
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return flags;
}

/* The terminal's description is shared with the shell that called us: it gets back what it had. */
static void restore(struct relay *r)
{
	if (r->saved_valid)
		tcsetattr(STDIN_FILENO, TCSANOW, &r->saved);
	/* In reverse: both are one description, usually, and the first was read before any change.
	 */
	if (r->stdout_flags >= 0)
		fcntl(STDOUT_FILENO, F_SETFL, r->stdout_flags);
	if (r->stdin_flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, r->stdin_flags);
	fd_close(r->signal_fd);
}

static int open_terminal(struct relay *r, struct error *e)
{
	int status;

	if (r->master_fd < 0)
		return 0;
	status = tty_set_raw(STDIN_FILENO, &r->saved, e);
	if (status < 0)
		return status;
	r->saved_valid = 1;
	set_nonblocking(r->master_fd);
	r->stdin_flags = set_nonblocking(STDIN_FILENO);
	r->stdout_flags = set_nonblocking(STDOUT_FILENO);
	r->in = (struct flow){
		.from = STDIN_FILENO, .to = r->master_fd, .from_open = 1, .to_open = 1
	};
	r->out = (struct flow){
		.from = r->master_fd, .to = STDOUT_FILENO, .from_open = 1, .to_open = 1
	};
	return 0;
}

int relay_run(pid_t pid, int pidfd, int master_fd, struct notify *notify, int *out_status,
	struct error *e)
{
	CLEANUP(restore)
	struct relay r = { .pid = pid,
		.pidfd = pidfd,
		.master_fd = master_fd,
		.notify = notify,
		.stdin_flags = -1,
		.stdout_flags = -1,
		.signal_fd = -EBADF };
	sigset_t set;
	int status;
	int result;

	forwarded_signals(&set);
	r.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r.signal_fd < 0)
		return error_errno(e, "receive signals");
	result = open_terminal(&r, e);
	if (result == 0)
		result = loop(&r, e);
	if (result < 0)
		return result;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return error_errno(e, "wait for the container");
	*out_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

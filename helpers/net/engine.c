/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "forwards.h"
#include "kernel/caps.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "sandbox.h"

#include <linux/capability.h>

/* Two sockets a connection on the short way, one through libslirp, which also has 256 KiB of
 * buffers for it. */
#define DESCRIPTORS_MAX 8192
#define MEMORY_MAX	(UINT64_C(4) << 30)
/* Of one allocation, and at the end of the heap: they are kept for the next connection. */
#define BUFFERS_MAX (4 << 20)
#define KEPT_MAX    (16 << 20)

struct serving {
	struct source control;
	const struct request *request;
	unsigned long namespaces; /* of its own since its birth */
	struct stack stack;
	struct forwards forwards;
};

/* ---- control ---- */

static void answer(int fd, enum control_type type, const struct forward *f, const struct error *e)
{
	struct control m = { .type = type };

	if (f)
		m.forward = *f;
	if (e)
		m.error = *e;
	/* A monitor that is gone has ended us. */
	(void)!send(fd, &m, sizeof(m), MSG_NOSIGNAL);
}

static int receive(int fd, struct control *out)
{
	ssize_t n;

	do
		n = recv(fd, out, sizeof(*out), 0);
	while (n < 0 && errno == EINTR);
	return n == sizeof(*out) ? 0 : -EPIPE;
}

static void handle(struct serving *s, struct control *m)
{
	struct error e = { 0 };

	switch (m->type) {
	case CONTROL_RESOLVERS:
		nameserver_use(&s->stack.nameserver, m->resolvers.n, m->resolvers.v);
		break;
	case CONTROL_ADD:
		(void)forwards_add(&s->forwards, &m->forward, &e);
		answer(s->control.fd, CONTROL_ANSWER, &m->forward, &e);
		break;
	case CONTROL_REMOVE:
		(void)forwards_remove(&s->forwards, m->forward.id, &e);
		answer(s->control.fd, CONTROL_ANSWER, &m->forward, &e);
		break;
	default:
		break;
	}
}

static void on_control(struct source *source, uint32_t events)
{
	struct serving *s = (struct serving *)source;
	struct control m;

	(void)events;
	if (receive(source->fd, &m) < 0)
		_exit(EXIT_SUCCESS); /* the monitor is gone */
	handle(s, &m);
}

/* ---- locking up ---- */

/*
 * Always: who has no ID in the namespace yet looks like nobody to himself, and would stay what he
 * is outside, which may be root.
 */
static int become(uid_t uid, gid_t gid, struct error *e)
{
	const struct process_user user = { .uid = uid, .gid = gid };
	int r = process_become(&user, GROUPS_SET, e);

	return r < 0 ? r : cap_raise(e);
}

static int lock_up(struct serving *s, struct error *e)
{
	struct control m;
	int r = 0;

	if (!(s->namespaces & CLONE_NEWUSER))
		r = namespace_unshare(CLONE_NEWUSER, e);
	if (r < 0)
		return r;
	answer(s->control.fd, CONTROL_MAP_ME, NULL, NULL);
	if (receive(s->control.fd, &m) < 0 || m.type != CONTROL_MAPPED)
		_exit(EXIT_FAILURE);
	r = become(m.user.uid, m.user.gid, e);
	if (r == 0)
		r = sandbox_enter_root(e);
	if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = error_errno(e, "end with the parent");
	return r < 0 ? r : sandbox_lock(SANDBOX_ENGINE, e);
}

/* Until all is as it was asked for. */
static void serve_start(struct serving *s)
{
	struct control m;

	for (;;) {
		if (receive(s->control.fd, &m) < 0)
			_exit(EXIT_FAILURE);
		if (m.type == CONTROL_SEAL)
			return;
		handle(s, &m);
	}
}

/* Room for many connections, and not for all of the machine's memory. */
static int limit_resources(struct error *e)
{
	struct rlimit files, memory = { MEMORY_MAX, MEMORY_MAX };
	const struct rlimit none = { 0, 0 };
	int r;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return error_errno(e, "read the limit of open files");
	if (files.rlim_max > DESCRIPTORS_MAX)
		files.rlim_max = DESCRIPTORS_MAX;
	files.rlim_cur = files.rlim_max;
	r = process_set_rlimit(RLIMIT_NOFILE, &files, e);
	if (r == 0)
		r = process_set_rlimit(RLIMIT_CORE, &none, e);
	if (r == 0)
		r = process_set_rlimit(RLIMIT_FSIZE, &none, e);
#ifndef __SANITIZE_ADDRESS__ /* reserves terabytes */
	if (r == 0)
		r = process_set_rlimit(RLIMIT_AS, &memory, e);
#endif
	(void)memory;
	return r;
}

/*
 * libslirp has two buffers of 128 KiB and more for each connection, which glibc would map and unmap
 * every time: mallopt(3).
 */
static void keep_memory(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, BUFFERS_MAX);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_MAX);
#endif
}

static void say_nothing(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

/* Standard input, output and error of nobody, so that no library writes into a socket of ours. */
static void use_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

#ifdef __SANITIZE_ADDRESS__ /* says there what it has found */
	const int last = STDOUT_FILENO;
#else
	const int last = STDERR_FILENO;
#endif

	for (int i = 0; fd >= 0 && i <= last; i++)
		if (i != fd)
			(void)dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static int prepare(struct serving *s, int tap_fd, int sockets_fd, struct error *e)
{
	struct loop *loop;
	int r = limit_resources(e);

	if (r < 0)
		return r;
	loop = loop_new(e);
	if (!loop)
		return -e->code;
	r = stack_init(&s->stack, loop, s->request, tap_fd, e);
	if (r == 0)
		forwards_init(&s->forwards, &s->stack, sockets_fd);
	return r;
}

_Noreturn void engine_main(const struct request *q, int tap_fd, int sockets_fd, int control_fd,
	unsigned long namespaces)
{
	struct serving *s = xcalloc(1, sizeof(*s));
	int keep[] = { tap_fd, sockets_fd, control_fd };
	struct error e = { 0 };
	int r;

	process_close_except(3, keep, ARRAY_SIZE(keep));
	use_null();
	keep_memory();
	g_log_set_default_handler(say_nothing, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->control = (struct source){ control_fd, on_control };
	s->request = q;
	s->namespaces = namespaces;
	r = prepare(s, tap_fd, sockets_fd, &e);
	if (r == 0) {
		serve_start(s);
		r = lock_up(s, &e);
	}
	if (r == 0 && loop_add(s->stack.loop, &s->control, EPOLLIN) < 0)
		r = error_set(&e, EIO, "the monitor's socket");
	if (r == 0)
		r = stack_open_tap(&s->stack, &e);
	answer(control_fd, CONTROL_ANSWER, NULL, &e);
	if (r == 0)
		(void)stack_run(&s->stack, &e);
	_exit(EXIT_FAILURE);
}

/* ---- in the monitor ---- */

/*
 * An ordinary user gets a PID namespace together with a user namespace only; who has privilege
 * keeps it until the ports are open, and gets the user namespace then.
 */
static unsigned long namespaces_at_birth(void)
{
	bool privileged = cap_effective() & 1ull << CAP_SYS_ADMIN;

	return CLONE_NEWPID | (privileged ? 0 : CLONE_NEWUSER);
}

int engine_start(
	const struct request *q, int tap_fd, int sockets_fd, struct engine *out, struct error *e)
{
	CLEANUP(engine_release) struct engine n = { 0, -EBADF, -EBADF };
	unsigned long namespaces = namespaces_at_birth();
	const struct clone_args args = { .flags = namespaces | CLONE_PIDFD,
		.pidfd = (uintptr_t)&n.pidfd,
		.exit_signal = SIGCHLD };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, "make a socket pair");
	n.pid = sys_clone3(&args);
	if (n.pid == 0) {
		close(pair[0]);
		engine_main(q, tap_fd, sockets_fd, pair[1], namespaces);
	}
	close(pair[1]);
	n.control_fd = pair[0];
	if (n.pid < 0) {
		error_errno(e, "make namespaces for the network's own process");
		return namespace_explain(e);
	}
	*out = n;
	n = (struct engine){ 0, -EBADF, -EBADF };
	return 0;
}

void engine_release(struct engine *n)
{
	fd_close(n->control_fd);
	if (n->pid > 0) {
		kill(n->pid, SIGKILL);
		(void)waitpid(n->pid, NULL, 0);
	}
	fd_close(n->pidfd);
}

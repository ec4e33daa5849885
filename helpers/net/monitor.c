/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "kernel/caps.h"
#include "kernel/idmap.h"
#include "kernel/process.h"

#define ENGINE_END_MS 100
#define NOBODY	      65534 /* as in /proc/sys/kernel/overflowuid */

/*
 * The tap device goes with the engine, and takes as long as an instance of inotify: each waits for
 * all processors (RCU). So they go at the same time, since whoever deletes the container waits.
 */
static void monitor_release(struct monitor *m)
{
	if (m->engine.pid > 0)
		kill(m->engine.pid, SIGKILL);
	fd_close(m->watch_fd);
	engine_release(&m->engine);
	inside_release(&m->inside);
	fd_close(m->pidfd);
	fd_close(m->api_fd);
	fd_close(m->signal_fd);
	free(m->forwards);
	if (m->request->api_socket && m->api_fd >= 0)
		(void)unlink(m->request->api_socket);
}

/* ---- the engine ---- */

static int engine_died(const struct monitor *m, struct error *e)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)m->engine.pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
		info.si_pid && info.si_code != CLD_EXITED)
		return error_set(e, EIO, "the network's process was killed by signal %d%s",
			info.si_status,
			info.si_status == SIGSYS ? " (a system call that it may not make)" : "");
	return error_set(e, EIO, "the network's process ended");
}

static int receive(
	const struct monitor *m, enum control_type type, struct control *out, struct error *e)
{
	int r = fd_wait(m->engine.control_fd, ENGINE_TIMEOUT_MS);

	if (r == 0) {
		/* Its answer would be taken for the next one's. */
		kill(m->engine.pid, SIGKILL);
		return error_set(e, ETIMEDOUT, "the network's process does not answer");
	}
	if (r < 0 || recv(m->engine.control_fd, out, sizeof(*out), 0) != sizeof(*out)) {
		/* Its end and that of its socket are seen in any order. */
		(void)fd_wait(m->engine.pidfd, 100);
		return engine_died(m, e);
	}
	if (out->type != type && out->type != CONTROL_ANSWER)
		return error_set(e, EPROTO, "the network's process says what was not asked");
	out->error.text[sizeof(out->error.text) - 1] = '\0';
	if (out->error.code) {
		*e = out->error;
		e->hint[0] = '\0';
		return -(e->code > 0 ? e->code : (e->code = EIO));
	}
	return 0;
}

int monitor_tell(const struct monitor *m, const struct control *message, struct error *e)
{
	ssize_t n = send(
		m->engine.control_fd, message, sizeof(*message), MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return 0;
	/* One that reads no more would keep us from seeing the container's end. */
	if (errno == EAGAIN)
		kill(m->engine.pid, SIGKILL);
	(void)fd_wait(m->engine.pidfd, 100);
	return engine_died(m, e);
}

int monitor_call(const struct monitor *m, const struct control *request, struct control *out,
	struct error *e)
{
	int r = monitor_tell(m, request, e);

	return r < 0 ? r : receive(m, CONTROL_ANSWER, out, e);
}

static int map_id(pid_t pid, enum idmap_kind kind, uint32_t id, struct error *e)
{
	struct idmap_range range = { id, id, 1 };
	const struct idmap map = { 1, &range };

	return idmap_write(pid, kind, &map, e);
}

/* As nobody, where there is one; as ourselves otherwise, with nothing of ours. */
static int map_engine(pid_t pid, uid_t *out_uid, gid_t *out_gid, struct error *e)
{
	struct error ignored;
	int r;

	*out_uid = *out_gid = NOBODY;
	if (geteuid() == 0 && map_id(pid, IDMAP_UID, NOBODY, &ignored) == 0)
		return map_id(pid, IDMAP_GID, NOBODY, e);
	*out_uid = geteuid();
	*out_gid = getegid();
	r = idmap_deny_setgroups(pid, e);
	if (r == 0)
		r = map_id(pid, IDMAP_UID, geteuid(), e);
	return r < 0 ? r : map_id(pid, IDMAP_GID, getegid(), e);
}

static int seal(const struct monitor *m, struct error *e)
{
	struct control message = { .type = CONTROL_SEAL }, answer;
	int r = monitor_tell(m, &message, e);

	if (r == 0)
		r = receive(m, CONTROL_MAP_ME, &answer, e);
	if (r < 0)
		return r;
	message.type = CONTROL_MAPPED;
	r = map_engine(m->engine.pid, &message.user.uid, &message.user.gid, e);
	return r < 0 ? r : monitor_call(m, &message, &answer, e);
}

/* ---- start ---- */

static int watch_signals(struct error *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? error_errno(e, "watch signals") : fd;
}

static int open_container(struct monitor *m, struct error *e)
{
	if (!m->request->pid)
		return 0;
	m->pidfd = sys_pidfd_open(m->request->pid, 0);
	return m->pidfd < 0 ? error_errno(e, "process %d", m->request->pid) : 0;
}

static int start_processes(struct monitor *m, struct error *e)
{
	int r = inside_start(m->request, &m->inside, e);

	if (r == 0)
		r = engine_start(m->request, m->inside.tap_fd, m->inside.sockets_fd, &m->engine, e);
	/* The engine alone keeps the device, so that it goes with it. */
	m->inside.tap_fd = fd_close(m->inside.tap_fd);
	m->inside.sockets_fd = fd_close(m->inside.sockets_fd);
	return r;
}

static int publish_all(struct monitor *m, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->request->publish.n; i++)
		r = ports_publish(m, m->request->publish.v[i], e);
	return r;
}

/* Of root's: the engine is nobody, and may have to be killed. */
static int drop_privilege(struct error *e)
{
	uint64_t kept = cap_effective() & 1ull << CAP_KILL;
	const struct cap_sets sets = { .permitted = kept, .effective = kept };
	int r = process_no_new_privileges(e);

	return r < 0 ? r : cap_apply(&sets, e);
}

static int start(struct monitor *m, struct error *e)
{
	const struct request *q = m->request;
	int r = open_container(m, e);

	if (r == 0)
		r = start_processes(m, e);
	if (r == 0) {
		resolvers_tell(m);
		r = publish_all(m, e);
	}
	if (r == 0)
		r = seal(m, e);
	if (r == 0)
		m->signal_fd = r = watch_signals(e);
	if (r >= 0 && q->api_socket)
		m->api_fd = r = api_listen(q->api_socket, e);
	if (r < 0)
		return r;
	m->watch_fd = q->dns ? resolvers_watch() : -EBADF;
	r = drop_privilege(e);
	if (r < 0)
		return r;
	return status_write(m, STATUS_UP, NULL, e);
}

static void tell_ready(const struct request *q)
{
	if (q->ready_fd < 0)
		return;
	(void)!write(q->ready_fd, "1", 1);
	close(q->ready_fd);
}

/* ---- life ---- */

enum { CONTAINER, CALLER, SIGNAL, ENGINE, INSIDE, API, RESOLVERS, N_FDS };

/* The end of what we are there for; an error is one of ours. */
static int end(const struct monitor *m, const struct pollfd *fds, struct error *e)
{
	int r = 0;

	if (fds[CONTAINER].revents || fds[SIGNAL].revents || fds[CALLER].revents)
		return status_write(m, STATUS_ENDED, NULL, e) < 0 ? -e->code : 1;
	if (fds[ENGINE].revents)
		r = engine_died(m, e);
	/* That one ends with the engine, whose own end may be seen later. */
	else if (fds[INSIDE].revents)
		r = fd_wait(m->engine.pidfd, ENGINE_END_MS) > 0
			? engine_died(m, e)
			: error_set(
				  e, EIO, "the process in the container's network namespace ended");
	if (r < 0) {
		struct error ignored;

		(void)status_write(m, STATUS_FAILED, e->text, &ignored);
		syslog(LOG_DAEMON | LOG_ERR, "the network of process %d: %s", m->request->pid,
			e->text);
	}
	return r;
}

static int live(struct monitor *m, struct error *e)
{
	struct pollfd fds[N_FDS] = {
		[CONTAINER] = { m->pidfd, POLLIN, 0 },
		/* slirp4netns(1): a pipe whose other end is closed. */
		[CALLER] = { m->request->exit_fd, 0, 0 },
		[SIGNAL] = { m->signal_fd, POLLIN, 0 },
		[ENGINE] = { m->engine.pidfd, POLLIN, 0 },
		[INSIDE] = { m->inside.pidfd, POLLIN, 0 },
		[API] = { m->api_fd, POLLIN, 0 },
	};
	int r = 0;

	while (r == 0) {
		fds[RESOLVERS] = (struct pollfd){ m->watch_fd, POLLIN, 0 };
		if (poll(fds, N_FDS, -1) < 0 && errno != EINTR)
			return error_errno(e, "wait");
		r = end(m, fds, e);
		if (r == 0 && fds[API].revents)
			api_serve(m);
		if (r == 0 && fds[RESOLVERS].revents)
			resolvers_changed(m);
	}
	return r < 0 ? r : 0;
}

int monitor_run(const struct request *q, struct error *e)
{
	CLEANUP(monitor_release)
	struct monitor m = { .request = q,
		.inside = { 0, -EBADF, -EBADF, -EBADF },
		.engine = { 0, -EBADF, -EBADF },
		.pidfd = -EBADF,
		.api_fd = -EBADF,
		.signal_fd = -EBADF,
		.watch_fd = -EBADF,
		.next_id = 1 };
	int r = start(&m, e);

	if (r < 0)
		return r;
	tell_ready(q);
	return live(&m, e);
}

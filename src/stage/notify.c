/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

/* A longer one systemd ignores itself (NOTIFY_BUFFER_MAX). */
#define DATAGRAM_MAX 4096

/* At once: a container that never stops talking must not keep us from all else. */
#define ROUND 64

/*
 * For a manager that is busy. One that does not know sd_notify_barrier(3) closes the descriptor at
 * once, too.
 */
#define MANAGER_TIMEOUT_MS 5000

/* "@name" is in the abstract namespace: unix(7). */
static int address_of(
	const char *path, struct sockaddr_un *out, socklen_t *out_len, struct error *e)
{
	size_t len = strlen(path);

	if (path[0] != '/' && path[0] != '@')
		return error_set(e, EAFNOSUPPORT,
			"NOTIFY_SOCKET '%s': neither a path nor an abstract name", path);
	if (len >= sizeof(out->sun_path))
		return error_set(
			e, ENAMETOOLONG, "NOTIFY_SOCKET '%s': %s", path, strerror(ENAMETOOLONG));
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(out->sun_path, path, len);
	if (path[0] == '@')
		out->sun_path[0] = '\0';
	*out_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/'));
	return 0;
}

static int connect_to(const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	struct sockaddr_un addr;
	socklen_t len = 0;

	if (address_of(path, &addr, &len, e) < 0)
		return -e->code;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, len) < 0)
		return error_errno(e, "connect to NOTIFY_SOCKET '%s'", path);
	return fd_take(&fd);
}

int notify_open(struct notify *n, struct error *e)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int fd;

	if (!path || !*path)
		return 0;
	fd = connect_to(path, e);
	if (fd < 0)
		return error_hint(e, "unset NOTIFY_SOCKET, if no service manager waits for it");
	n->manager_fd = fd;
	return 0;
}

void notify_release(struct notify *n)
{
	n->manager_fd = fd_close(n->manager_fd);
	n->container_fd = fd_close(n->container_fd);
	text_release(&n->pending);
}

/* sd_notify(3). Not among them: MAINPID, BARRIER, and all that stores or opens something. */
static int may_pass(const char *line, size_t len)
{
	static const char *const known[] = { "READY=1", "RELOADING=1", "STOPPING=1",
		"MONOTONIC_USEC=", "STATUS=", "ERRNO=", "BUSERROR=", "VARLINKERROR=",
		"EXIT_STATUS=", "WATCHDOG=", "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i]);
		int is_prefix = known[i][n - 1] == '=';

		if (len >= n && memcmp(line, known[i], n) == 0 && (is_prefix || len == n))
			return 1;
	}
	return 0;
}

int notify_filter(const char *text, size_t len, pid_t main_pid, struct text *out)
{
	int ready = 0;

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		/* A NUL would cut off what follows for the manager. */
		if (may_pass(text, n) && !memchr(text, '\0', n)) {
			text_add(out, text, n);
			text_puts(out, "\n");
			ready = ready ||
				(n == strlen("READY=1") && memcmp(text, "READY=1", n) == 0);
		}
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
	if (ready)
		text_printf(out, "MAINPID=%d\n", main_pid);
	return ready;
}

/* Whether the manager has it, or is gone: else it stays pending. */
static int send_pending(struct notify *n)
{
	if (n->pending.len > 0 && n->manager_fd >= 0 &&
		send(n->manager_fd, n->pending.s, n->pending.len, MSG_NOSIGNAL) < 0 &&
		errno == EAGAIN)
		return 0;
	text_release(&n->pending);
	return 1;
}

/* Whether there was anything. */
static int receive(struct notify *n)
{
	char buf[DATAGRAM_MAX];
	ssize_t size;

	if (n->container_fd < 0 || fd_wait(n->container_fd, 0) <= 0)
		return 0;
	/* Descriptors that come along stay behind: a barrier is over when they are closed. */
	size = recv(n->container_fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
	if (size > 0 && size <= DATAGRAM_MAX &&
		notify_filter(buf, (size_t)size, n->main_pid, &n->pending))
		n->ready = 1;
	return size >= 0;
}

struct pollfd notify_poll(const struct notify *n)
{
	if (n->pending.len > 0)
		return (struct pollfd){ .fd = n->manager_fd, .events = POLLOUT };
	return (struct pollfd){ .fd = n->container_fd, .events = POLLIN };
}

void notify_pass_on(struct notify *n)
{
	for (int i = 0; i < ROUND && send_pending(n) && receive(n); i++)
		;
	(void)send_pending(n);
}

/* Until the manager has room; or has gone, as sending will tell. */
static void wait_for_room(const struct notify *n, int64_t deadline)
{
	struct pollfd p = { .fd = n->manager_fd, .events = POLLOUT };
	int64_t left = deadline - time_ms();

	if (left > 0)
		(void)poll(&p, 1, (int)left);
}

void notify_finish(struct notify *n)
{
	int64_t deadline = time_ms() + MANAGER_TIMEOUT_MS;

	notify_pass_on(n);
	while (!send_pending(n) && time_ms() < deadline)
		wait_for_room(n, deadline);
}

/* sd_notify_barrier(3): a manager that looks up the sender must not find it gone. */
static void wait_for_manager(const struct notify *n)
{
	int64_t deadline = time_ms() + MANAGER_TIMEOUT_MS;
	int pipe_fds[2], sent = -EAGAIN;

	if (n->manager_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return;
	while (sent == -EAGAIN && time_ms() < deadline) {
		wait_for_room(n, deadline);
		sent = (int)fd_send(
			n->manager_fd, "BARRIER=1", strlen("BARRIER=1"), &pipe_fds[1], 1);
	}
	fd_close(pipe_fds[1]);
	if (sent >= 0)
		(void)fd_wait(pipe_fds[0], MANAGER_TIMEOUT_MS);
	fd_close(pipe_fds[0]);
}

void notify_wait_ready(struct notify *n, int pidfd)
{
	while (!n->ready || !send_pending(n)) {
		struct pollfd p[] = { notify_poll(n), { .fd = pidfd, .events = POLLIN } };

		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents) {
			notify_finish(n);
			break;
		}
		if (!n->ready)
			notify_pass_on(n);
	}
	wait_for_manager(n);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static const struct name kinds[] = {
	{ "BORN", MESSAGE_BORN },
	{ "MAPPED", MESSAGE_MAPPED },
	{ "PLACED", MESSAGE_PLACED },
	{ "NETWORK", MESSAGE_NETWORK },
	{ "NETDEV", MESSAGE_NETDEV },
	{ "MOVED", MESSAGE_MOVED },
	{ "TERMINAL", MESSAGE_TERMINAL },
	{ "MOUNTED", MESSAGE_MOUNTED },
	{ "HOOKED", MESSAGE_HOOKED },
	{ "READY", MESSAGE_READY },
	{ "COMMITTED", MESSAGE_COMMITTED },
	{ "START", MESSAGE_START },
	{ "NOTIFIED", MESSAGE_NOTIFIED },
	{ "EXECUTING", MESSAGE_EXECUTING },
	{ "LISTENER", MESSAGE_LISTENER },
	{ "FETCHED", MESSAGE_FETCHED },
	{ "ERROR", MESSAGE_ERROR },
	{ 0 },
};

/* All but an error is this short. */
#define SHORT_SIZE offsetof(struct message, error)

const char *message_name(enum message_kind kind)
{
	const char *name = name_of(kinds, kind);

	return name ? name : "an unknown message";
}

int message_send(int sock_fd, enum message_kind kind, int32_t value, int fd, struct error *e)
{
	struct message m = { .kind = kind, .value = value };
	ssize_t n = fd_send(sock_fd, &m, SHORT_SIZE, &fd, fd >= 0 ? 1 : 0);

	if (n < 0)
		return error_set(e, (int)-n, "send %s: %s", message_name(kind), strerror((int)-n));
	return 0;
}

void message_send_error(int sock_fd, const struct error *error)
{
	struct message m = { .kind = MESSAGE_ERROR, .error = *error };
	ssize_t n = fd_send(sock_fd, &m, sizeof(m), NULL, 0);

	/* A seccomp filter of the container that forbids sendmsg(2) hardly forbids write(2). */
	if (n < 0 && n != -EPIPE)
		n = write(sock_fd, &m, sizeof(m));
	(void)n;
}

static int wait_readable(int sock_fd, int64_t deadline_ms)
{
	int64_t left = -1;

	if (deadline_ms != INT64_MAX) {
		left = deadline_ms - time_ms();
		if (left < 0)
			left = 0;
		if (left > INT32_MAX)
			left = INT32_MAX;
	}
	return fd_wait(sock_fd, (int)left);
}

static int check(const struct message *m, ssize_t size, const char *phase, struct error *e)
{
	if (size == 0)
		return error_set(e, EPIPE, "the container's process died while it %s", phase);
	if ((size_t)size == sizeof(*m) && m->kind == MESSAGE_ERROR) {
		*e = m->error;
		e->text[sizeof(e->text) - 1] = '\0';
		e->hint[sizeof(e->hint) - 1] = '\0';
		if (e->code <= 0)
			e->code = EIO;
		return -e->code;
	}
	if ((size_t)size != SHORT_SIZE)
		return error_set(e, EPROTO, "a message of %zd bytes while it %s", size, phase);
	return 0;
}

int message_receive(int sock_fd, int64_t deadline_ms, const char *phase, struct message *out,
	int *out_fd, struct error *e)
{
	int fds[FD_SEND_MAX], r;
	size_t n_fds;
	ssize_t size;

	r = wait_readable(sock_fd, deadline_ms);
	if (r == 0)
		return error_set(e, ETIMEDOUT, "timed out while it %s", phase);
	if (r < 0)
		return error_set(e, -r, "wait while it %s: %s", phase, strerror(-r));
	size = fd_receive(sock_fd, out, sizeof(*out), fds, &n_fds);
	/* A peer that died with unread data resets the connection; what it said is still to be
	 * read. */
	if (size == -ECONNRESET)
		size = fd_receive(sock_fd, out, sizeof(*out), fds, &n_fds);
	if (size < 0)
		return error_set(
			e, (int)-size, "receive while it %s: %s", phase, strerror((int)-size));
	for (size_t i = out_fd ? 1 : 0; i < n_fds; i++)
		fd_close(fds[i]);
	if (out_fd)
		*out_fd = n_fds > 0 ? fds[0] : -EBADF;
	return check(out, size, phase, e);
}

int message_expect(int sock_fd, enum message_kind kind, int64_t deadline_ms, const char *phase,
	struct error *e)
{
	struct message m;
	int r = message_receive(sock_fd, deadline_ms, phase, &m, NULL, e);

	if (r < 0)
		return r;
	if (m.kind != kind)
		return error_set(e, EPROTO, "%s instead of %s while it %s", message_name(m.kind),
			message_name(kind), phase);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "shortcut.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "sockaddr.h"

#define BACKLOG 1024
/* Of the kernel's default for a pipe: pipe(7). */
#define PIPE_SIZE  65536
#define SPARE_MAX  32
#define END_EVENTS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET)
/* Connections accepted, or pieces moved, before others get their turn. */
#define ACCEPT_MAX 64
#define MOVES_MAX  16
/* Descriptors that connections may not have: two pipes of four. */
#define RESERVE 8
/* The process inside is never so far behind. */
#define SOCKET_WAIT_MS 1000

struct shortcut_pipe {
	struct shortcut_pipe *next;
	int in_fd, out_fd;
};

struct shortcut {
	struct source source;
	struct shortcuts *all;
	struct sockaddr_storage guest;
};

struct pair;

/* One end of a pair, and what flows from it to the other end. */
struct end {
	struct source source;
	struct pair *pair;
	struct end *other;
	struct shortcut_pipe *pipe; /* or NULL while nothing is on its way */
	size_t in_pipe;
	bool readable, writable;
	bool urgent; /* a byte that splice(2) stops at */
	bool ended; /* no more comes from here */
	bool told; /* and the other end knows */
};

struct pair {
	struct shortcuts *all;
	bool connected;
	struct end client, guest;
};

/* ---- pipes ---- */

static struct shortcut_pipe *pipe_take(struct shortcuts *s)
{
	struct shortcut_pipe *p = s->spare;
	int fds[2];

	if (p) {
		s->spare = p->next;
		s->n_spare--;
		return p;
	}
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return NULL;
	p = xmalloc(sizeof(*p));
	*p = (struct shortcut_pipe){ .in_fd = fds[1], .out_fd = fds[0] };
	return p;
}

static void pipe_destroy(struct shortcut_pipe *p)
{
	if (!p)
		return;
	close(p->in_fd);
	close(p->out_fd);
	free(p);
}

/* Only an empty one may serve somebody else. */
static void pipe_give_back(struct shortcuts *s, struct shortcut_pipe *p)
{
	if (s->n_spare >= SPARE_MAX) {
		pipe_destroy(p);
		return;
	}
	p->next = s->spare;
	s->spare = p;
	s->n_spare++;
}

/* ---- pairs ---- */

static void end_release(struct end *n)
{
	loop_remove(n->pair->all->loop, &n->source);
	fd_close(n->source.fd);
	pipe_destroy(n->pipe);
}

static void pair_close(struct pair *p)
{
	end_release(&p->client);
	end_release(&p->guest);
	free(p);
}

/* The other side is to see a reset, and not an end in good order: socket(7), SO_LINGER. */
static void pair_abort(struct pair *p)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(p->client.source.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)setsockopt(p->guest.source.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	pair_close(p);
}

/* Where splice(2) stops may be urgent data: in line, that is read as any other. */
static int move_byte(struct end *from)
{
	char byte;
	ssize_t n = recv(from->source.fd, &byte, 1, 0);

	if (n > 0)
		n = write(from->pipe->in_fd, &byte, 1);
	else if (n == 0)
		from->ended = true;
	from->urgent = false;
	if (n > 0)
		from->in_pipe++;
	if (n < 0 && errno != EAGAIN)
		return -errno;
	if (n < 0)
		from->readable = false;
	return n > 0;
}

/* 1: there may be more; 0: it waits; -errno: the connection is broken. */
static int move_in(struct end *from)
{
	ssize_t n;

	if (!from->readable || from->ended || from->in_pipe >= PIPE_SIZE)
		return 0;
	if (!from->pipe)
		from->pipe = pipe_take(from->pair->all);
	if (!from->pipe)
		return -errno;
	n = splice(from->source.fd, NULL, from->pipe->in_fd, NULL, PIPE_SIZE,
		SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0) {
		from->in_pipe += (size_t)n;
		return 1;
	}
	if (n < 0 && errno != EAGAIN)
		return -errno;
	/* Only an empty pipe is sure to have room. */
	if (from->in_pipe == 0 && (n == 0 || from->urgent))
		return move_byte(from);
	/* The pipe may be full of small pieces: then it is not the socket that has no more. */
	if (from->in_pipe == 0)
		from->readable = false;
	return 0;
}

static int move_out(struct end *from)
{
	struct end *to = from->other;
	ssize_t n;

	if (from->in_pipe == 0 || !to->writable)
		return 0;
	n = splice(from->pipe->out_fd, NULL, to->source.fd, NULL, from->in_pipe,
		SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0) {
		from->in_pipe -= (size_t)n;
		return 1;
	}
	if (n < 0 && errno != EAGAIN)
		return -errno;
	to->writable = false;
	return 0;
}

static void tidy(struct end *from)
{
	if (from->pipe && from->in_pipe == 0) {
		pipe_give_back(from->pair->all, from->pipe);
		from->pipe = NULL;
	}
	if (from->ended && !from->pipe && !from->told) {
		(void)shutdown(from->other->source.fd, SHUT_WR);
		from->told = true;
	}
}

/* Moves what can be moved one way; -errno if the connection is broken. */
static int flow(struct end *from)
{
	for (int i = 0; i < MOVES_MAX; i++) {
		int in = move_in(from), out;

		if (in < 0)
			return in;
		out = move_out(from);
		if (out < 0)
			return out;
		if (in == 0 && out == 0)
			break;
	}
	tidy(from);
	return 0;
}

static bool has_more(const struct end *from)
{
	return (from->in_pipe > 0 && from->other->writable) ||
		(from->readable && !from->ended && from->in_pipe == 0);
}

/* Edges are seen once: what our turn left over has to be asked for again. */
static void ask_again(struct pair *p)
{
	struct end *n = has_more(&p->client) ? &p->client : &p->guest;

	if (has_more(n))
		(void)loop_change(p->all->loop, &n->source, END_EVENTS);
}

static void serve(struct pair *p)
{
	if (flow(&p->client) < 0 || flow(&p->guest) < 0)
		pair_abort(p);
	else if (p->client.told && p->guest.told)
		pair_close(p);
	else
		ask_again(p);
}

static int connection_error(int fd)
{
	int code = 0;
	socklen_t size = sizeof(code);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? -errno : -code;
}

static void on_end(struct source *source, uint32_t events)
{
	struct end *n = (struct end *)source;
	struct pair *p = n->pair;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
		n->readable = true;
	if (events & EPOLLOUT)
		n->writable = true;
	if (events & EPOLLPRI)
		n->urgent = true;
	if (events & EPOLLERR && connection_error(source->fd) < 0) {
		pair_abort(p);
		return;
	}
	if (n == &p->guest && events & EPOLLOUT)
		p->connected = true;
	if (p->connected)
		serve(p);
}

static void end_init(struct end *n, struct pair *p, struct end *other, int fd)
{
	static const int on = 1;

	*n = (struct end){ .source = { fd, on_end }, .pair = p, .other = other };
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

static void pair_new(struct shortcuts *s, int client_fd, int guest_fd)
{
	struct pair *p = xcalloc(1, sizeof(*p));

	p->all = s;
	end_init(&p->client, p, &p->guest, client_fd);
	end_init(&p->guest, p, &p->client, guest_fd);
	if (loop_add(s->loop, &p->client.source, END_EVENTS) < 0 ||
		loop_add(s->loop, &p->guest.source, END_EVENTS) < 0)
		pair_abort(p);
}

/* ---- listening ---- */

static int take_socket(const struct shortcuts *s)
{
	int fds[FD_SEND_MAX];
	size_t n_fds = 0;
	char byte = 0;

	if (send(s->sockets_fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ||
		fd_wait(s->sockets_fd, SOCKET_WAIT_MS) <= 0 ||
		fd_receive(s->sockets_fd, &byte, 1, fds, &n_fds) < 0)
		return -EBADF;
	for (size_t i = 1; i < n_fds; i++)
		fd_close(fds[i]);
	return n_fds > 0 ? fds[0] : -EBADF;
}

static void on_connection(struct source *source, uint32_t events)
{
	struct shortcut *s = (struct shortcut *)source;

	(void)events;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		CLEANUP(fd_cleanup)
		int client_fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		CLEANUP(fd_cleanup) int guest_fd = -EBADF;

		if (client_fd < 0)
			return;
		/* A few are kept for what is not a connection. */
		if (client_fd >= s->all->fd_limit - RESERVE)
			continue;
		guest_fd = take_socket(s->all);
		if (guest_fd < 0)
			return;
		if (connect(guest_fd, (struct sockaddr *)&s->guest, sizeof(struct sockaddr_in)) <
				0 &&
			errno != EINPROGRESS)
			continue;
		pair_new(s->all, fd_take(&client_fd), fd_take(&guest_fd));
	}
}

/*
 * A socket for one address may listen beside one for all addresses if both say so: socket(7),
 * SO_REUSEPORT. Both take it back at once, so that nobody else can join them. The kernel remembers
 * for the port that it was shared until somebody binds to it without sharing: we do.
 */
static int set_sharing(int fd, int on)
{
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ? -errno : 0;
}

static int end_sharing(uint16_t port)
{
	static const int on = 1;
	CLEANUP(fd_cleanup) int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	/* Old connections of that port are in nobody's way. */
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return 0;
	a.sin6_addr = in6addr_loopback;
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
}

static int listen_beside(int fd, const struct sockaddr_storage *a, socklen_t size, int beside_fd)
{
	int r = 0;

	if (beside_fd >= 0 && (set_sharing(beside_fd, 1) < 0 || set_sharing(fd, 1) < 0))
		r = -errno;
	if (r == 0 && (bind(fd, (const struct sockaddr *)a, size) < 0 || listen(fd, BACKLOG) < 0))
		r = -errno;
	if (beside_fd >= 0) {
		(void)set_sharing(beside_fd, 0);
		(void)set_sharing(fd, 0);
		if (r == 0)
			r = end_sharing((uint16_t)sockaddr_port(a));
	}
	return r;
}

int shortcut_listen(struct shortcuts *all, const struct net_address *host, uint16_t port,
	int beside_fd, struct in_addr guest, uint16_t guest_port, struct shortcut **out)
{
	static const int on = 1;
	struct net_address guest_address = { .family = AF_INET, .v4 = guest };
	CLEANUP(fd_cleanup)
	int fd = socket(host->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage a;
	socklen_t size = sockaddr_of(host, port, &a);
	struct shortcut *s;
	int r;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	r = listen_beside(fd, &a, size, beside_fd);
	if (r < 0)
		return r;
	s = xcalloc(1, sizeof(*s));
	*s = (struct shortcut){ .source = { fd, on_connection }, .all = all };
	sockaddr_of(&guest_address, guest_port, &s->guest);
	r = loop_add(all->loop, &s->source, EPOLLIN);
	if (r < 0) {
		free(s);
		return r;
	}
	(void)fd_take(&fd);
	*out = s;
	return 0;
}

void shortcut_close(struct shortcut *s)
{
	if (!s)
		return;
	loop_remove(s->all->loop, &s->source);
	fd_close(s->source.fd);
	free(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "forwards.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "datagrams.h"
#include "sockaddr.h"

#define BACKLOG 1024
/* A free port of one family may be taken in the other. */
#define FREE_TRIES 16

enum { V4, V6, FAMILIES };

/* What there is of one forward, a family each. */
struct published {
	struct forward forward;
	struct way {
		int far_fd; /* on which libslirp listens; -EBADF: it does not */
		struct sockaddr_storage host;
		struct shortcut *near;
		struct datagram_port *datagrams;
	} ways[FAMILIES];
};

void forwards_init(struct forwards *f, struct stack *s, int sockets_fd)
{
	*f = (struct forwards){ .stack = s,
		.shortcuts = { s->loop, .sockets_fd = sockets_fd, .fd_limit = s->fd_limit } };
}

static sa_family_t family_of(int i)
{
	return i == V4 ? AF_INET : AF_INET6;
}

static struct net_address loopback(sa_family_t family)
{
	return family == AF_INET ? net_address_v4(INADDR_LOOPBACK)
				 : net_address_v6(&in6addr_loopback);
}

static bool is_loopback(const struct net_address *a)
{
	return a->family == AF_INET ? ntohl(a->v4.s_addr) >> 24 == 127
				    : IN6_IS_ADDR_LOOPBACK(&a->v6);
}

static bool is_any(const struct net_address *a)
{
	return a->family == AF_INET ? a->v4.s_addr == 0 : IN6_IS_ADDR_UNSPECIFIED(&a->v6);
}

/* ---- one family ---- */

static const struct net_address *guest_of(
	const struct forwards *all, const struct forward *f, sa_family_t family)
{
	const struct vnet *v = &all->stack->request->vnet;

	if (f->guest.family == family)
		return &f->guest;
	return family == AF_INET ? &v->guest : &v->guest6;
}

static int open_near(struct forwards *all, const struct forward *f, const struct net_address *host,
	struct way *way)
{
	return shortcut_listen(&all->shortcuts, host, f->host_port, way->far_fd,
		guest_of(all, f, AF_INET)->v4, f->guest_port, &way->near);
}

static int open_far(struct forwards *all, const struct forward *f, const struct net_address *host,
	struct way *way)
{
	struct sockaddr_storage guest;
	int fd;

	sockaddr_of(guest_of(all, f, host->family), f->guest_port, &guest);
	sockaddr_of(host, f->host_port, &way->host);
	fd = stack_publish(all->stack, &way->host, &guest);
	if (fd < 0)
		return fd;
	way->far_fd = fd;
	/* libslirp listens with a queue of one. */
	(void)listen(fd, BACKLOG);
	return 0;
}

static void close_way(struct forwards *all, struct way *way)
{
	shortcut_close(way->near);
	datagrams_close(way->datagrams);
	if (way->far_fd >= 0)
		stack_unpublish(all->stack, &way->host, way->far_fd);
	*way = (struct way){ .far_fd = -EBADF };
}

static int open_way(struct forwards *all, const struct forward *f, const struct net_address *host,
	struct way *way)
{
	struct net_address near = is_any(host) ? loopback(host->family) : *host;
	int r = 0;

	*way = (struct way){ .far_fd = -EBADF };
	if (f->protocol == PUBLISH_UDP)
		return datagrams_open(all->stack, host, f->host_port,
			guest_of(all, f, host->family), f->guest_port, &way->datagrams);
	/* The sockets inside are of IPv4. */
	if (is_loopback(host) && f->guest.family != AF_INET6)
		return open_near(all, f, host, way);
	r = open_far(all, f, host, way);
	/* Where that can't be had, the other way serves the loopback, too. */
	if (r == 0 && host->family == AF_INET && is_any(host))
		(void)open_near(all, f, &near, way);
	return r;
}

/* ---- both ---- */

static bool has_ipv6(const struct forwards *all)
{
	return all->stack->request->ipv6;
}

/* Without an address it is all of both families, as far as the host has IPv6. */
static bool wants(const struct forwards *all, const struct forward *f, sa_family_t family)
{
	if (f->host.family != AF_UNSPEC)
		return f->host.family == family;
	return family == AF_INET || has_ipv6(all);
}

static void close_ways(struct forwards *all, struct published *p)
{
	for (int i = 0; i < FAMILIES; i++)
		close_way(all, &p->ways[i]);
}

/* A kernel without IPv6, or with net.ipv6.conf.all.disable_ipv6. */
static bool is_missing(int r)
{
	return r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL;
}

static int open_ways(struct forwards *all, struct published *p)
{
	for (int i = 0; i < FAMILIES; i++) {
		struct net_address host = p->forward.host;
		int r = 0;

		if (!wants(all, &p->forward, family_of(i)))
			continue;
		host.family = family_of(i);
		r = open_way(all, &p->forward, &host, &p->ways[i]);
		if (is_missing(r) && family_of(i) == AF_INET6 &&
			p->forward.host.family == AF_UNSPEC)
			continue;
		if (r < 0) {
			close_ways(all, p);
			return r;
		}
	}
	return 0;
}

/* What the kernel would give now; somebody else may get it before us. */
static int find_free_port(const struct forward *f, uint16_t *out)
{
	sa_family_t family = f->host.family == AF_UNSPEC ? AF_INET : f->host.family;
	struct net_address host = f->host;
	struct sockaddr_storage a;
	socklen_t size;
	CLEANUP(fd_cleanup)
	int fd = socket(
		family, (f->protocol == PUBLISH_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

	host.family = family;
	size = sockaddr_of(&host, 0, &a);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) < 0)
		return -errno;
	size = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &size) < 0)
		return -errno;
	*out = (uint16_t)sockaddr_port(&a);
	return 0;
}

static int open_free(struct forwards *all, struct published *p)
{
	int r = -EADDRINUSE;

	for (int i = 0; r == -EADDRINUSE && i < FREE_TRIES; i++) {
		r = find_free_port(&p->forward, &p->forward.host_port);
		if (r == 0)
			r = open_ways(all, p);
	}
	return r;
}

int forwards_add(struct forwards *all, struct forward *f, struct error *e)
{
	struct published p = { .forward = *f,
		.ways = { { .far_fd = -EBADF }, { .far_fd = -EBADF } } };
	int r;

	if (all->n >= PUBLISH_MAX)
		return error_set(e, EMFILE, "more than %d published ports", PUBLISH_MAX);
	if (f->host.family == AF_INET6 && !has_ipv6(all))
		return error_set(e, EAFNOSUPPORT, "the container has no IPv6");
	r = f->host_port ? open_ways(all, &p) : open_free(all, &p);
	if (r < 0)
		return error_set(e, -r, "%s", strerror(-r));
	*f = p.forward;
	all->v = xrealloc(all->v, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = p;
	return 0;
}

int forwards_remove(struct forwards *all, uint32_t id, struct error *e)
{
	for (size_t i = 0; i < all->n; i++) {
		struct published p = all->v[i];

		if (p.forward.id != id)
			continue;
		close_ways(all, &p);
		all->v[i] = all->v[--all->n];
		return 0;
	}
	return error_set(e, ENOENT, "there is no published port with the id %u", id);
}

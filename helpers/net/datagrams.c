/* SPDX-License-Identifier: Apache-2.0 */
#include "datagrams.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "sockaddr.h"

/* So many are taken from a socket before others get their turn. */
#define TAKE_MAX 64
/* Ports of the gateway's that one of the loopback may get. */
#define PORTS_MAX 16

struct datagram_port {
	struct source source; /* first: on_datagrams goes back from it to the rest */
	struct stack *stack;
	struct net_address guest;
	uint16_t guest_port;
};

/* The host's address that a datagram was sent to, or is to be sent from: ip(7), ipv6(7). */
struct local {
	struct net_address address;
	unsigned int interface; /* of a link-local one */
};

union told_address {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* ---- to the container ---- */

static void read_local(struct msghdr *m, struct local *out)
{
	*out = (struct local){ 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			out->address = net_address_v4(ntohl(info.ipi_spec_dst.s_addr));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			out->address = net_address_v6(&info.ipi6_addr);
			if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
				out->interface = info.ipi6_ifindex;
		}
	}
}

static bool is_loopback(const struct net_address *a)
{
	return a->family == AF_INET ? ntohl(a->v4.s_addr) >> 24 == IN_LOOPBACKNET
				    : IN6_IS_ADDR_LOOPBACK(&a->v6);
}

static bool is_between(const struct conversation *c, const struct datagram_port *p,
	const struct sockaddr_storage *from)
{
	return c->published == p && memcmp(&c->real, from, sizeof(c->real)) == 0;
}

/* The port of the gateway's for a peer of the loopback; 0: all that we try are others'. */
static uint16_t find_port(struct datagram_port *p, const struct net_address *seen,
	const struct sockaddr_storage *from)
{
	struct conversations *all = &p->stack->policy.conversations;
	uint16_t own = (uint16_t)sockaddr_port(from), free_port = 0;

	for (uint16_t i = PORTS_MAX; i-- > 0;) {
		uint16_t port = (uint16_t)(own + i);
		struct conversation *c = conversations_find(
			all, seen, port, p->guest_port, stack_seconds());

		if (c && is_between(c, p, from))
			return port;
		if (!c)
			free_port = port;
	}
	return free_port;
}

static bool see(struct datagram_port *p, const struct sockaddr_storage *from,
	struct net_address *out, uint16_t *out_port)
{
	const struct vnet *v = &p->stack->request->vnet;

	*out = sockaddr_address(from);
	*out_port = (uint16_t)sockaddr_port(from);
	if (!is_loopback(out))
		return true;
	*out = out->family == AF_INET ? v->gateway : v->gateway6;
	*out_port = find_port(p, out, from);
	return *out_port != 0;
}

static void pass_on(struct datagram_port *p, const struct sockaddr_storage *from,
	const struct local *local, size_t n)
{
	struct stack *s = p->stack;
	struct frame_datagram d = { .ether_from = s->gateway_mac,
		.ether_to = s->guest_mac,
		.to = p->guest,
		.to_port = p->guest_port,
		.payload = s->datagram,
		.payload_n = n };
	struct conversation *c;

	if (!see(p, from, &d.from, &d.from_port))
		return;
	c = conversations_begin(
		&s->policy.conversations, &d.from, d.from_port, d.to_port, stack_seconds());
	c->published = p;
	c->local = local->address;
	c->interface = local->interface;
	memcpy(&c->real, from, sizeof(c->real));
	stack_send(s, s->out, frame_udp(&d, s->out, sizeof(s->out)));
}

static void on_datagrams(struct source *source, uint32_t events)
{
	struct datagram_port *p = (struct datagram_port *)source;
	struct stack *s = p->stack;

	(void)events;
	for (int i = 0; i < TAKE_MAX; i++) {
		struct sockaddr_storage from = { 0 };
		union told_address told;
		struct iovec part = { s->datagram, sizeof(s->datagram) };
		struct msghdr m = { .msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = told.bytes,
			.msg_controllen = sizeof(told.bytes) };
		struct local local;
		ssize_t n = recvmsg(source->fd, &m, MSG_DONTWAIT);

		if (n < 0)
			return;
		read_local(&m, &local);
		pass_on(p, &from, &local, (size_t)n);
	}
}

/* ---- from the container ---- */

/* None for a group's address, which can't send. */
static void tell_local(struct msghdr *m, union told_address *told, const struct conversation *to)
{
	const struct net_address *local = &to->local;
	struct in_pktinfo info4 = { .ipi_spec_dst = local->v4 };
	struct in6_pktinfo info6 = { .ipi6_addr = local->v6, .ipi6_ifindex = to->interface };
	bool four = local->family == AF_INET;
	size_t size = four ? sizeof(info4) : sizeof(info6);
	struct cmsghdr *c = &told->align;

	if (local->family == AF_UNSPEC || (!four && IN6_IS_ADDR_MULTICAST(&local->v6)))
		return;
	m->msg_control = told->bytes;
	m->msg_controllen = CMSG_SPACE(size);
	c->cmsg_level = four ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = four ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), four ? (void *)&info4 : (void *)&info6, size);
}

void datagrams_answer(struct stack *s, const struct frame *f)
{
	struct conversation *c = conversations_find(&s->policy.conversations, &f->destination,
		f->destination_port, f->source_port, stack_seconds());
	struct iovec part = { (void *)(uintptr_t)f->payload, f->payload_n };
	union told_address told = { 0 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

	if (!c || !c->published || !net_address_equal(&f->source, &c->published->guest))
		return;
	m.msg_name = &c->real;
	m.msg_namelen = c->real.family == AF_INET ? sizeof(c->real.v4) : sizeof(c->real.v6);
	tell_local(&m, &told, c);
	/* What the host's network does not take is lost, as on any way. */
	(void)!sendmsg(c->published->source.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- ports ---- */

static int open_socket(const struct net_address *host, uint16_t port)
{
	CLEANUP(fd_cleanup)
	int fd = socket(host->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage a;
	socklen_t size = sockaddr_of(host, port, &a);
	const int on = 1;
	int r;

	if (fd < 0)
		return -errno;
	if (host->family == AF_INET)
		r = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	else
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) |
			setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (r < 0 || bind(fd, (struct sockaddr *)&a, size) < 0)
		return -errno;
	return fd_take(&fd);
}

int datagrams_open(struct stack *s, const struct net_address *host, uint16_t host_port,
	const struct net_address *guest, uint16_t guest_port, struct datagram_port **out)
{
	int fd = open_socket(host, host_port), r;
	struct datagram_port *p;

	if (fd < 0)
		return fd;
	p = xmalloc(sizeof(*p));
	*p = (struct datagram_port){ { fd, on_datagrams }, s, *guest, guest_port };
	r = loop_add(s->loop, &p->source, EPOLLIN);
	if (r < 0) {
		close(fd);
		free(p);
		return r;
	}
	*out = p;
	return 0;
}

void datagrams_close(struct datagram_port *p)
{
	if (!p)
		return;
	conversations_end(&p->stack->policy.conversations, p);
	loop_remove(p->stack->loop, &p->source);
	close(p->source.fd);
	free(p);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>

#include "base/fd.h"
#include "datagrams.h"
#include "inside.h"
#include "packet.h"
#include "sockaddr.h"

/* So many frames are taken from the tap device before sockets are looked at again. */
#define TAP_FRAMES 64
/* One that is worth a round of its own: several at a time took 8 % more CPU time for each byte. */
#define LARGE_FRAME    16384
#define CONFIG_VERSION 4 /* the first with disable_dhcp, libslirp 4.7 */
/* libslirp sleeps at most so long with us; a round without events costs little. */
#define WAIT_MAX_MS 60000

/*
 * Never SLIRP_POLL_PRI: libslirp would take whatever byte it read last for the urgent one, and the
 * container would miss it. So urgent data arrives in line, as on the short way.
 */
static const struct {
	uint32_t epoll;
	int slirp;
} events[] = { { EPOLLIN, SLIRP_POLL_IN }, { EPOLLOUT, SLIRP_POLL_OUT },
	{ EPOLLERR, SLIRP_POLL_ERR }, { EPOLLHUP, SLIRP_POLL_HUP } };

uint64_t stack_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec;
}

static bool bit_get(const uint8_t *bits, uint16_t i)
{
	return bits[i / 8] & 1u << i % 8;
}

static void bit_set(uint8_t *bits, uint16_t i, bool on)
{
	if (on)
		bits[i / 8] |= (uint8_t)(1u << i % 8);
	else
		bits[i / 8] &= (uint8_t) ~(1u << i % 8);
}

/* ---- to the container ---- */

/*
 * The kernel need not verify the checksums of what never crossed a wire: it is told that they are
 * still to be made, with the pseudo header's sum in their place, as virtio has it.
 */
static void write_frame(struct stack *s, const uint8_t *bytes, size_t n)
{
	struct virtio_net_hdr header = { 0 };
	uint8_t front[PACKET_FRONT_MAX];
	size_t n_front = n < sizeof(front) ? n : sizeof(front);
	struct packet_checksum sum;
	struct iovec parts[] = { { &header, TAP_HEADER_SIZE }, { front, n_front },
		{ (void *)(uintptr_t)(bytes + n_front), n - n_front } };

	memcpy(front, bytes, n_front);
	if (packet_leave_checksum(front, n_front, n, &sum)) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = sum.start;
		header.csum_offset = sum.offset;
	}
	/* A full queue loses it, as a wire would. */
	(void)!writev(s->tap.fd, parts, n > n_front ? 3 : 2);
}

/*
 * The host's loopback is the gateway inside. libslirp translates it only as long as the socket's
 * last datagram did not go elsewhere.
 */
static void hide_loopback(struct stack *s, uint8_t *bytes, const struct frame *f)
{
	const struct policy_link *link = &s->policy.link;
	bool v4 = f->kind == FRAME_IPV4;

	if (v4 ? ntohl(f->source.v4.s_addr) >> 24 != IN_LOOPBACKNET
	       : !IN6_IS_ADDR_LOOPBACK(&f->source.v6))
		return;
	packet_set_source(bytes, f, v4 ? &link->gateway4 : &link->gateway6);
}

/* Answers of name servers come from ours. */
static void look_at_outgoing(struct stack *s, uint8_t *bytes, size_t n)
{
	struct frame f;

	frame_parse(bytes, n, &f);
	if (f.protocol == IPPROTO_UDP && f.fragment == FRAGMENT_NONE)
		hide_loopback(s, bytes, &f);
	if (f.protocol == IPPROTO_TCP && f.source_port == NAMESERVER_PORT &&
		bit_get(s->to_nameserver, f.destination_port))
		packet_set_source(bytes, &f,
			f.kind == FRAME_IPV4 ? &s->policy.link.nameserver4
					     : &s->policy.link.nameserver6);
}

/* Routers' announcements are for hosts without an address; ours has one. */
static bool is_router_announcement(const uint8_t *b, size_t n)
{
	return n > FRAME_HEADER + 40 && b[12] == 0x86 && b[13] == 0xdd && b[20] == IPPROTO_ICMPV6 &&
		b[FRAME_HEADER + 40] == 134;
}

/* UDP, and TCP from port 53. */
static bool concerns_us(const uint8_t *b, size_t n)
{
	if (n < FRAME_HEADER + 28)
		return false;
	if (b[12] == 0x08 && b[13] == 0x00)
		return b[23] == IPPROTO_UDP ||
			(b[23] == IPPROTO_TCP && b[34] == 0 && b[35] == NAMESERVER_PORT);
	return b[12] == 0x86 && b[13] == 0xdd && n >= FRAME_HEADER + 44 &&
		(b[20] == IPPROTO_UDP ||
			(b[20] == IPPROTO_TCP && b[54] == 0 && b[55] == NAMESERVER_PORT));
}

static ssize_t on_send(const void *data, size_t n, void *opaque)
{
	struct stack *s = opaque;

	if (s->request->configure && is_router_announcement(data, n))
		return (ssize_t)n;
	if (!concerns_us(data, n) || n > sizeof(s->out)) {
		write_frame(s, data, n);
		return (ssize_t)n;
	}
	memcpy(s->out, data, n);
	look_at_outgoing(s, s->out, n);
	write_frame(s, s->out, n);
	return (ssize_t)n;
}

void stack_send(struct stack *s, const uint8_t *bytes, size_t n)
{
	if (n > 0)
		write_frame(s, bytes, n);
}

/* ---- from the container ---- */

/*
 * TCP to our name server goes to the host's of the same family. Which of the container's ports
 * that are is kept until they connect elsewhere: answers are to come from where it asked.
 */
static bool lead_to_nameserver(struct stack *s, const struct frame *f)
{
	const struct policy_link *link = &s->policy.link;
	const struct net_address *to = nameserver_of(&s->nameserver, f->destination.family);
	bool ours = f->destination_port == NAMESERVER_PORT &&
		(net_address_equal(&f->destination, &link->nameserver4) ||
			net_address_equal(&f->destination, &link->nameserver6));

	if (frame_opens(f))
		bit_set(s->to_nameserver, f->source_port, ours && to);
	if (!ours)
		return true;
	if (!to)
		return false;
	packet_set_destination(s->in, f, to);
	return true;
}

static void reject(struct stack *s, const struct frame *f)
{
	uint8_t answer[FRAME_ANSWER_MAX];

	stack_send(s, answer, policy_answer(&s->policy, f, answer, sizeof(answer)));
}

/* What libslirp might make a socket for; it never does for its neighbours' ICMPv6. */
static bool wants_socket(const struct frame *f)
{
	return frame_opens(f) || f->protocol == IPPROTO_UDP || f->protocol == IPPROTO_ICMP ||
		(f->protocol == IPPROTO_ICMPV6 && f->icmp_type == ICMP6_ECHO_REQUEST);
}

static void pass(struct stack *s, const struct frame *f)
{
	s->resetting = f->protocol == IPPROTO_TCP && f->tcp_flags & FRAME_RST;
	slirp_input(s->slirp, s->in, (int)f->n);
	s->resetting = false;
}

/*
 * A connection that its other side has closed first is kept by libslirp for 10 s (RFC 9293's
 * TIME-WAIT). If those are many, there is a place when the container asks again; else it is told.
 */
static void turn_away(struct stack *s, const struct frame *f)
{
	if (!frame_opens(f) || s->n_sockets - s->n_live < s->fd_limit / 2)
		reject(s, f);
}

static bool is_guest(const struct stack *s, const struct net_address *a)
{
	const struct vnet *v = &s->request->vnet;

	return net_address_equal(a, &v->guest) || net_address_equal(a, &v->guest6);
}

static void take_frame(struct stack *s, size_t n)
{
	enum verdict verdict;
	struct frame f;

	frame_parse(s->in, n, &f);
	verdict = policy_judge(&s->policy, &f, stack_seconds());
	if (verdict != VERDICT_DROP && is_guest(s, &f.source))
		memcpy(s->guest_mac, s->in + ETHER_ADDR_LEN, ETHER_ADDR_LEN);
	switch (verdict) {
	case VERDICT_PASS:
		if (s->is_full && wants_socket(&f))
			turn_away(s, &f);
		else if (f.protocol == IPPROTO_TCP && f.fragment == FRAGMENT_NONE &&
			!lead_to_nameserver(s, &f))
			reject(s, &f);
		else
			pass(s, &f);
		break;
	case VERDICT_ANSWER:
		datagrams_answer(s, &f);
		break;
	case VERDICT_DNS:
		nameserver_ask(&s->nameserver, &f);
		break;
	case VERDICT_REJECT:
		reject(s, &f);
		break;
	case VERDICT_DROP:
		break;
	}
}

/*
 * As many frames at a time as came the last time: where they come one by one, the wait says as well
 * as a read that fails that there is no other.
 */
static void on_tap(struct source *source, uint32_t ready)
{
	struct stack *s = (struct stack *)source;
	struct virtio_net_hdr header;
	struct iovec parts[] = { { &header, TAP_HEADER_SIZE }, { s->in, sizeof(s->in) } };

	if (ready & (EPOLLERR | EPOLLHUP))
		exit(EXIT_SUCCESS); /* the device is gone, and with it the container */
	for (unsigned int i = 0; i < s->burst; i++) {
		ssize_t n = readv(source->fd, parts, ARRAY_SIZE(parts));

		if (n <= TAP_HEADER_SIZE) {
			s->burst = i > 1 ? i : 1;
			return;
		}
		take_frame(s, (size_t)n - TAP_HEADER_SIZE);
		if (n > LARGE_FRAME)
			return;
	}
	s->burst = s->burst * 2 < TAP_FRAMES ? s->burst * 2 : TAP_FRAMES;
}

/* ---- libslirp ---- */

static void on_guest_error(const char *text, void *opaque)
{
	(void)text;
	(void)opaque;
}

static int64_t on_clock(void *opaque)
{
	struct timespec t;

	(void)opaque;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* It has one timer, for router announcements. */
static void *on_timer_new(SlirpTimerId id, void *its_opaque, void *opaque)
{
	(void)its_opaque;
	return id == SLIRP_TIMER_RA ? opaque : NULL;
}

static void on_timer_free(void *timer, void *opaque)
{
	(void)timer;
	((struct stack *)opaque)->router_at = INT64_MAX;
}

static void on_timer_mod(void *timer, int64_t at_ms, void *opaque)
{
	(void)timer;
	((struct stack *)opaque)->router_at = at_ms;
}

/* The kernel gives the lowest number that is free. */
static bool is_among_last(const struct stack *s, int fd)
{
	return fd >= s->fd_limit - s->fd_limit / STACK_RESERVE;
}

static void on_descriptor(int fd, void *opaque)
{
	struct stack *s = opaque;

	s->n_sockets++;
	s->is_full = is_among_last(s, fd);
	loop_forget(s->loop, fd);
}

/* Others than libslirp give descriptors back, too. */
static void look_for_room(struct stack *s)
{
	int fd = fcntl(s->tap.fd, F_DUPFD_CLOEXEC, 0);

	s->is_full = fd < 0 || is_among_last(s, fd);
	fd_close(fd);
}

/* libslirp closes in good order what the container resets: the peer would take it for the end. */
static void on_close(int fd, void *opaque)
{
	static const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct stack *s = opaque;

	if (s->resetting)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	s->n_sockets--;
	s->is_full = false;
	loop_forget(s->loop, fd);
}

static void on_notify(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = { .send_packet = on_send,
	.guest_error = on_guest_error,
	.clock_get_ns = on_clock,
	.timer_free = on_timer_free,
	.timer_mod = on_timer_mod,
	.register_poll_fd = on_descriptor,
	.unregister_poll_fd = on_close,
	.notify = on_notify,
	.timer_new_opaque = on_timer_new };

static struct in_addr mask_of(uint8_t bits)
{
	return (struct in_addr){ htonl(bits ? UINT32_MAX << (32 - bits) : 0) };
}

static Slirp *new_slirp(struct stack *s)
{
	const struct request *q = s->request;
	struct sockaddr_in outbound = { .sin_family = AF_INET, .sin_addr = q->outbound };
	struct sockaddr_in6 outbound6 = { .sin6_family = AF_INET6, .sin6_addr = q->outbound6 };
	const SlirpConfig config = { .version = CONFIG_VERSION,
		.in_enabled = true,
		.vnetwork = q->vnet.network.address.v4,
		.vnetmask = mask_of(q->vnet.network.bits),
		.vhost = q->vnet.gateway.v4,
		.vnameserver = q->vnet.nameserver.v4,
		.vdhcp_start = q->vnet.guest.v4,
		.in6_enabled = q->ipv6,
		.vprefix_addr6 = q->vnet.network6.address.v6,
		.vprefix_len = q->vnet.network6.bits,
		.vhost6 = q->vnet.gateway6.v6,
		.vnameserver6 = q->vnet.nameserver6.v6,
		.if_mtu = q->mtu,
		.if_mru = q->mtu,
		.outbound_addr = q->outbound_given ? &outbound : NULL,
		.outbound_addr6 = q->outbound6_given ? &outbound6 : NULL,
		.disable_dns = true,
		.disable_dhcp = true };

	return slirp_new(&config, &callbacks, s);
}

static const struct net_address *or_none(bool wanted, const struct net_address *a)
{
	static const struct net_address none = { 0 };

	return wanted ? a : &none;
}

/* libslirp's own choice for the gateway; for the container what it has, until it says otherwise. */
static void init_macs(struct stack *s)
{
	struct ifreq device = { 0 };

	s->gateway_mac[0] = 0x52;
	s->gateway_mac[1] = 0x55;
	memcpy(s->gateway_mac + 2, &s->request->vnet.gateway.v4, 4);
	if (ioctl(s->tap.fd, SIOCGIFHWADDR, &device) == 0)
		memcpy(s->guest_mac, device.ifr_hwaddr.sa_data, ETHER_ADDR_LEN);
	else
		memset(s->guest_mac, 0xff, ETHER_ADDR_LEN);
}

int stack_init(
	struct stack *s, struct loop *l, const struct request *q, int tap_fd, struct error *e)
{
	const struct vnet *v = &q->vnet;
	struct policy_link link = { .net4 = v->network,
		.gateway4 = v->gateway,
		.nameserver4 = v->nameserver,
		.gateway6 = *or_none(q->ipv6, &v->gateway6),
		.nameserver6 = *or_none(q->ipv6, &v->nameserver6),
		.host_loopback = q->host_loopback,
		.dns = q->dns };

	if (q->ipv6)
		link.net6 = v->network6;
	*s = (struct stack){
		.loop = l, .tap = { tap_fd, on_tap }, .request = q, .router_at = INT64_MAX
	};
	s->fd_limit = loop_limit(l);
	init_macs(s);
	policy_init(&s->policy, &link, &q->egress);
	if (getrandom(&s->policy.conversations.seed, sizeof(uint32_t), 0) < 0)
		return error_errno(e, "a random number");
	nameserver_init(&s->nameserver, s);
	s->slirp = new_slirp(s);
	return s->slirp ? 0 : error_set(e, EINVAL, "libslirp refuses its configuration");
}

int stack_open_tap(struct stack *s, struct error *e)
{
	int r = loop_add(s->loop, &s->tap, EPOLLIN);

	s->burst = 1;
	return r < 0 ? error_set(e, -r, "the tap device: %s", strerror(-r)) : 0;
}

static int on_want(int fd, int wanted, void *opaque)
{
	struct stack *s = opaque;
	uint32_t mask = 0;

	s->n_live++;
	/* A connection that can't be accepted would be there in every round. */
	if (s->is_full && bit_get(s->listeners, (uint16_t)fd))
		return fd;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (wanted & events[i].slirp)
			mask |= events[i].epoll;
	loop_want(s->loop, fd, mask);
	return fd;
}

static int on_asked(int fd, void *opaque)
{
	struct stack *s = opaque;
	uint32_t ready = loop_ready(s->loop, fd);
	int out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (ready & events[i].epoll)
			out |= events[i].slirp;
	return out;
}

static int until(int64_t at, int64_t now_ms, int timeout)
{
	if (at == INT64_MAX)
		return timeout;
	if (at <= now_ms)
		return 0;
	return at - now_ms < timeout ? (int)(at - now_ms) : timeout;
}

int stack_run(struct stack *s, struct error *e)
{
	for (;;) {
		uint32_t timeout = WAIT_MAX_MS;
		int64_t at = time_ms();
		int r;

		if (s->is_full)
			look_for_room(s);
		loop_begin(s->loop);
		s->n_live = 0;
		slirp_pollfds_fill(s->slirp, &timeout, on_want, s);
		timeout = (uint32_t)until(s->router_at, at, (int)timeout);
		r = loop_wait(s->loop, until(s->nameserver.next_at, at, (int)timeout));
		slirp_pollfds_poll(s->slirp, r < 0, on_asked, s);
		if (r < 0)
			return error_set(e, -r, "wait for events: %s", strerror(-r));
		at = time_ms();
		if (s->router_at <= at) {
			s->router_at = INT64_MAX;
			slirp_handle_timer(s->slirp, SLIRP_TIMER_RA, NULL);
		}
		if (s->nameserver.next_at <= at)
			nameserver_tick(&s->nameserver);
	}
}

/* ---- published ports ---- */

struct search {
	struct stack *stack;
	const struct sockaddr_storage *host;
	int found;
};

/* A listening socket with this address: libslirp has just made it, and tells nobody its number. */
static int on_search(int fd, int wanted, void *opaque)
{
	struct search *search = opaque;
	struct sockaddr_storage a;
	socklen_t size = sizeof(a), flag_size = sizeof(int);
	int listening = 0;

	(void)wanted;
	if (search->found < 0 && !bit_get(search->stack->listeners, (uint16_t)fd) &&
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag_size) == 0 &&
		listening && getsockname(fd, (struct sockaddr *)&a, &size) == 0 &&
		a.ss_family == search->host->ss_family &&
		sockaddr_port(&a) == sockaddr_port(search->host))
		search->found = fd;
	return fd;
}

static int find_listener(struct stack *s, const struct sockaddr_storage *host)
{
	struct search search = { s, host, -EBADF };
	uint32_t ignored = 0;

	slirp_pollfds_fill(s->slirp, &ignored, on_search, &search);
	if (search.found >= 0)
		bit_set(s->listeners, (uint16_t)search.found, true);
	return search.found;
}

static socklen_t size_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static int flags_for(const struct sockaddr_storage *host)
{
	return host->ss_family == AF_INET6 ? SLIRP_HOSTFWD_V6ONLY : 0;
}

int stack_publish(
	struct stack *s, const struct sockaddr_storage *host, const struct sockaddr_storage *guest)
{
	int fd;

	errno = 0;
	if (slirp_add_hostxfwd(s->slirp, (const struct sockaddr *)host, size_of(host),
		    (const struct sockaddr *)guest, size_of(guest), flags_for(host)) < 0)
		return errno ? -errno : -EIO;
	fd = find_listener(s, host);
	if (fd >= 0)
		return fd;
	stack_unpublish(s, host, fd);
	return -EIO;
}

void stack_unpublish(struct stack *s, const struct sockaddr_storage *host, int fd)
{
	if (fd >= 0)
		bit_set(s->listeners, (uint16_t)fd, false);
	(void)slirp_remove_hostxfwd(
		s->slirp, (const struct sockaddr *)host, size_of(host), flags_for(host));
}

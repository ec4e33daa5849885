/* SPDX-License-Identifier: Apache-2.0 */
#include "nameserver.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "sockaddr.h"
#include "stack.h"

struct question {
	struct source source; /* .fd < 0: this place is free */
	struct nameserver *server;
	struct dns_query query;
	uint16_t id; /* ours */
	unsigned int tries;
	int64_t until;
	size_t n;
	uint8_t frame[NAMESERVER_QUESTION_MAX];
};

void nameserver_init(struct nameserver *s, struct stack *stack)
{
	*s = (struct nameserver){ .stack = stack, .next_at = INT64_MAX };
	s->questions = xcalloc(NAMESERVER_PENDING, sizeof(*s->questions));
	for (size_t i = 0; i < NAMESERVER_PENDING; i++)
		s->questions[i].source.fd = -EBADF;
}

void nameserver_use(struct nameserver *s, size_t n, const struct resolver_server *servers)
{
	s->n_servers = n < RESOLVER_SERVERS_MAX ? n : RESOLVER_SERVERS_MAX;
	memcpy(s->servers, servers, s->n_servers * sizeof(*servers));
}

const struct net_address *nameserver_of(const struct nameserver *s, sa_family_t family)
{
	for (size_t i = 0; i < s->n_servers; i++)
		if (s->servers[i].address.family == family)
			return &s->servers[i].address;
	return NULL;
}

/* ---- answers ---- */

static void reply(struct nameserver *s, const struct frame *f, const uint8_t *message, size_t n)
{
	static uint8_t out[FRAME_HEADER + 65536];

	stack_send(s->stack, out, frame_udp_reply(f, message, n, out, sizeof(out)));
}

static void refuse(struct nameserver *s, const struct frame *f, enum dns_rcode code)
{
	uint8_t message[NAMESERVER_QUESTION_MAX];
	size_t n = dns_refuse(f->payload, f->payload_n, code, message, sizeof(message));

	if (n > 0)
		reply(s, f, message, n);
}

static void forget(struct question *q)
{
	loop_remove(q->server->stack->loop, &q->source);
	q->source.fd = fd_close(q->source.fd);
}

static void pin_addresses(struct question *q, const uint8_t *message, size_t n)
{
	struct dns_address a;
	struct dns_walk w;
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	dns_walk_begin(&w, &q->query, message, n);
	while (dns_walk_next(&w, &a) > 0)
		(void)policy_pin(&q->server->stack->policy, q->query.name, &a.address, a.ttl,
			(uint64_t)t.tv_sec);
}

static void answer(struct question *q, uint8_t *message, size_t n)
{
	struct frame f;

	pin_addresses(q, message, n);
	dns_set_id(message, q->query.id);
	frame_parse(q->frame, q->n, &f);
	reply(q->server, &f, message, n);
	forget(q);
}

static int ask_next(struct question *q);

static void give_up(struct question *q)
{
	struct frame f;

	frame_parse(q->frame, q->n, &f);
	refuse(q->server, &f, DNS_SERVFAIL);
	forget(q);
}

static void on_answer(struct source *source, uint32_t events)
{
	static uint8_t message[65536];
	struct question *q = (struct question *)source;
	ssize_t n = recv(source->fd, message, sizeof(message), MSG_DONTWAIT);

	(void)events;
	if (n < 0) {
		/* "port unreachable": nobody listens there. */
		if (errno != EAGAIN && ask_next(q) < 0)
			give_up(q);
		return;
	}
	if (dns_answers(&q->query, q->id, message, (size_t)n))
		answer(q, message, (size_t)n);
}

/* ---- questions ---- */

static int connect_to(const struct resolver_server *server)
{
	struct sockaddr_storage to;
	socklen_t size = sockaddr_of(&server->address, NAMESERVER_PORT, &to);
	CLEANUP(fd_cleanup)
	int fd = socket(server->address.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (server->address.family == AF_INET6)
		((struct sockaddr_in6 *)&to)->sin6_scope_id = sockaddr_scope(server->scope);
	if (connect(fd, (struct sockaddr *)&to, size) < 0)
		return -errno;
	return fd_take(&fd);
}

/* A new socket and a new identifier each time, so that neither can be guessed (RFC 5452). */
static int send_question(struct question *q, const struct resolver_server *server)
{
	uint8_t message[NAMESERVER_QUESTION_MAX];
	struct frame f;
	int fd;

	frame_parse(q->frame, q->n, &f);
	memcpy(message, f.payload, f.payload_n);
	if (getrandom(&q->id, sizeof(q->id), 0) != sizeof(q->id))
		return -EIO;
	dns_set_id(message, q->id);
	fd = connect_to(server);
	if (fd < 0)
		return fd;
	q->source.fd = fd;
	if (send(fd, message, f.payload_n, 0) < 0 ||
		loop_add(q->server->stack->loop, &q->source, EPOLLIN) < 0) {
		q->source.fd = fd_close(fd);
		return -EIO;
	}
	return 0;
}

/* The servers in turn, until one can be asked. */
static int ask_next(struct question *q)
{
	struct nameserver *s = q->server;

	if (q->source.fd >= 0)
		loop_remove(s->stack->loop, &q->source);
	q->source.fd = fd_close(q->source.fd);
	while (s->n_servers > 0 && q->tries < NAMESERVER_TRIES) {
		q->until = time_ms() + NAMESERVER_TRY_MS;
		if (s->next_at > q->until)
			s->next_at = q->until;
		if (send_question(q, &s->servers[q->tries++ % s->n_servers]) == 0)
			return 0;
	}
	return -EHOSTUNREACH;
}

static struct question *find_place(struct nameserver *s)
{
	for (size_t i = 0; i < NAMESERVER_PENDING; i++)
		if (s->questions[i].source.fd < 0)
			return &s->questions[i];
	return NULL;
}

/*
 * Each is one more chance to guess the identifier of an answer (RFC 5452, section 5), with which
 * somebody outside would open an address to a container that may reach few.
 */
static size_t count_same(const struct nameserver *s, const struct dns_query *query)
{
	size_t n = 0;

	for (size_t i = 0; i < NAMESERVER_PENDING; i++) {
		const struct question *q = &s->questions[i];

		n += q->source.fd >= 0 && q->query.type == query->type &&
			streq(q->query.name, query->name);
	}
	return n;
}

static void ask(struct nameserver *s, const struct frame *f, const struct dns_query *query)
{
	struct question *q = find_place(s);

	if (!q ||
		(s->stack->policy.egress.mode == EGRESS_ALLOW &&
			count_same(s, query) >= NAMESERVER_SAME_MAX))
		return;
	*q = (struct question){ .source = { -EBADF, on_answer }, .server = s, .query = *query };
	q->n = f->n;
	memcpy(q->frame, f->bytes, f->n);
	if (ask_next(q) < 0)
		refuse(s, f, DNS_SERVFAIL);
}

void nameserver_ask(struct nameserver *s, const struct frame *f)
{
	struct dns_query query;
	int r;

	if (f->n > NAMESERVER_QUESTION_MAX)
		return;
	r = dns_query_parse(f->payload, f->payload_n, &query);
	if (r == -ENOTSUP)
		refuse(s, f, DNS_NOTIMP);
	else if (r == -EINVAL)
		refuse(s, f, DNS_FORMERR);
	else if (r == 0 && !policy_name_allowed(&s->stack->policy, query.name))
		refuse(s, f, DNS_REFUSED);
	else if (r == 0)
		ask(s, f, &query);
}

void nameserver_tick(struct nameserver *s)
{
	int64_t now = time_ms();

	s->next_at = INT64_MAX;
	for (size_t i = 0; i < NAMESERVER_PENDING; i++) {
		struct question *q = &s->questions[i];

		if (q->source.fd >= 0 && q->until <= now && ask_next(q) < 0)
			give_up(q);
		if (q->source.fd >= 0 && q->until < s->next_at)
			s->next_at = q->until;
	}
}

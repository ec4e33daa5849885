/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name server on the container's link: passes questions on to the host's name servers, and
 * their answers back. If the egress rules are for names, others are refused, and the addresses of
 * the allowed ones may be reached as soon as the container knows them.
 */
#pragma once

#include "dns.h"
#include "frame.h"
#include "loop.h"
#include "net/resolver_file.h"

#define NAMESERVER_PORT 53
/* Questions that wait for an answer; one more is dropped, and asked again by who wanted to know. */
#define NAMESERVER_PENDING	256
#define NAMESERVER_SAME_MAX	8 /* of one name, where names open addresses */
#define NAMESERVER_QUESTION_MAX 1024 /* bytes of a frame; longer ones are no questions */
/* resolv.conf(5): each name server is given 5 s. Ours lets the container's own time-out win. */
#define NAMESERVER_TRY_MS 3000
#define NAMESERVER_TRIES  3

struct stack;
struct question;

struct nameserver {
	struct stack *stack;
	size_t n_servers;
	struct resolver_server servers[RESOLVER_SERVERS_MAX];
	struct question *questions; /* NAMESERVER_PENDING of them */
	int64_t next_at; /* when nameserver_tick has to be called, in ms of time_ms() */
};

void nameserver_init(struct nameserver *s, struct stack *stack);
void nameserver_use(struct nameserver *s, size_t n, const struct resolver_server *servers);

/* A question: a whole UDP datagram for our port 53. */
void nameserver_ask(struct nameserver *s, const struct frame *f);

/* Asks the next server where one has not answered in time; to be called at next_at. */
void nameserver_tick(struct nameserver *s);

/* The first of a family, or NULL: where TCP goes. */
const struct net_address *nameserver_of(const struct nameserver *s, sa_family_t family);

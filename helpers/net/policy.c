/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "base/mem.h"

/* The bytes of a network; IPv4's are the first four, as in struct net_address. */
#define NETWORK(af, length, ...)                                                               \
	{                                                                                      \
		.address = { .family = (af), .v6.s6_addr = { __VA_ARGS__ } }, .bits = (length) \
	}

/*
 * Linux takes the first two and the last two for the host itself, libslirp the third: a connection
 * there would be one to the host's loopback.
 */
static const struct net_cidr nowhere[] = {
	NETWORK(AF_INET, 8, 0), /* RFC 1122, section 3.2.1.3 (a) */
	NETWORK(AF_INET, 8, 127),
	NETWORK(AF_INET, 32, 255, 255, 255, 255),
	NETWORK(AF_INET6, 96, 0), /* "::", "::1", and what RFC 4291, 2.5.5.1, has ended */
	NETWORK(AF_INET6, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff),
};

/*
 * Open to nobody by way of a wider network, as what answers there serves the machine, not its
 * containers: its link's other hosts and groups, and what hands out the machine's credentials.
 */
static const struct net_cidr named_only[] = {
	NETWORK(AF_INET, 16, 169, 254), /* RFC 3927; 169.254.169.254 of all clouds */
	NETWORK(AF_INET, 4, 224), /* RFC 5771; the host's own listeners hear it too */
	NETWORK(AF_INET, 32, 100, 100, 100, 200), /* Alibaba Cloud */
	NETWORK(AF_INET, 32, 168, 63, 129, 16), /* Azure */
	NETWORK(AF_INET6, 10, 0xfe, 0x80), /* RFC 4291, section 2.5.6 */
	/* fd00:ec2::254 of AWS, fd20:ce::254 of Google Cloud */
	NETWORK(AF_INET6, 128, 0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54),
	NETWORK(AF_INET6, 128, 0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54),
};

static const struct net_cidr groups6 = NETWORK(AF_INET6, 8, 0xff);
static const struct net_cidr link_local6 = NETWORK(AF_INET6, 10, 0xfe, 0x80);

/* UDP services that libslirp has of its own: DHCP, TFTP, DHCPv6. */
static const uint16_t services[] = { 67, 68, 69, 546, 547 };

/* Where a packet goes, as far as the rules differ. */
enum place {
	PLACE_NOWHERE, /* never leaves */
	PLACE_GATEWAY,
	PLACE_NAMESERVER,
	PLACE_GROUP, /* of IPv6 */
	PLACE_NAMED, /* open if a rule names it */
	PLACE_NETWORK, /* open as --egress says */
};

/* The first of n networks that has the address, or NULL. */
static const struct net_cidr *find(
	const struct net_cidr *networks, size_t n, const struct net_address *a)
{
	for (size_t i = 0; i < n; i++)
		if (net_cidr_has(&networks[i], a))
			return &networks[i];
	return NULL;
}

static bool on_link(const struct policy_link *l, const struct net_address *a)
{
	return net_cidr_has(&l->net4, a) || net_cidr_has(&l->net6, a);
}

static bool is_gateway(const struct policy_link *l, const struct net_address *a)
{
	return net_address_equal(&l->gateway4, a) || net_address_equal(&l->gateway6, a);
}

static bool is_nameserver(const struct policy_link *l, const struct net_address *a)
{
	return net_address_equal(&l->nameserver4, a) || net_address_equal(&l->nameserver6, a);
}

static enum place place_of(const struct policy_link *l, const struct net_address *a)
{
	if (find(nowhere, ARRAY_SIZE(nowhere), a))
		return PLACE_NOWHERE;
	if (is_gateway(l, a))
		return PLACE_GATEWAY;
	if (l->dns && is_nameserver(l, a))
		return PLACE_NAMESERVER;
	/* libslirp takes every other address of the IPv6 prefix for the host's loopback. */
	if (on_link(l, a) || is_nameserver(l, a))
		return PLACE_NOWHERE;
	if (net_cidr_has(&groups6, a))
		return PLACE_GROUP;
	return find(named_only, ARRAY_SIZE(named_only), a) ? PLACE_NAMED : PLACE_NETWORK;
}

static bool is_open(const struct egress *g)
{
	return g->mode == EGRESS_UNSET || g->mode == EGRESS_OPEN;
}

void policy_init(struct policy *p, const struct policy_link *link, const struct egress *egress)
{
	memset(p, 0, sizeof(*p));
	p->link = *link;
	p->egress = *egress;
}

/* --- names and their addresses --- */

bool policy_name_allowed(const struct policy *p, const char *name)
{
	if (p->egress.mode != EGRESS_ALLOW)
		return is_open(&p->egress);
	for (size_t i = 0; i < p->egress.n; i++)
		if (egress_rule_names(&p->egress.rules[i], name))
			return true;
	return false;
}

static void pin(struct policy *p, const struct net_address *a, uint16_t port, uint64_t until)
{
	struct policy_pin *place = &p->pins[0];

	for (size_t i = 0; i < POLICY_PINS_MAX; i++) {
		struct policy_pin *it = &p->pins[i];

		if (it->until && it->port == port && net_address_equal(&it->address, a)) {
			if (until > it->until)
				it->until = until;
			return;
		}
		if (it->until < place->until)
			place = it;
	}
	*place = (struct policy_pin){ .address = *a, .port = port, .until = until };
}

bool policy_pin(struct policy *p, const char *name, const struct net_address *address, uint32_t ttl,
	uint64_t now)
{
	bool pinned = false;

	if (p->egress.mode != EGRESS_ALLOW || place_of(&p->link, address) != PLACE_NETWORK)
		return false;
	if (ttl < POLICY_PIN_SECONDS_MIN)
		ttl = POLICY_PIN_SECONDS_MIN;
	if (ttl > POLICY_PIN_SECONDS_MAX)
		ttl = POLICY_PIN_SECONDS_MAX;
	for (size_t i = 0; i < p->egress.n; i++) {
		if (!egress_rule_names(&p->egress.rules[i], name))
			continue;
		pin(p, address, p->egress.rules[i].port, now + ttl);
		pinned = true;
	}
	return pinned;
}

/* --- the verdict --- */

/* A rule is for this address; where only what is named is open, for a part of that alone. */
static bool rule_has(const struct egress_rule *r, const struct net_address *a)
{
	const struct net_cidr *named = find(named_only, ARRAY_SIZE(named_only), a);

	return r->kind == EGRESS_ADDRESS && net_cidr_has(&r->cidr, a) &&
		(!named || net_cidr_within(named, &r->cidr));
}

/* The port, or 0 where there is none to go by: then only a rule for all ports will do. */
static bool rules_allow(const struct policy *p, const struct net_address *a, uint16_t port)
{
	for (size_t i = 0; i < p->egress.n; i++) {
		const struct egress_rule *r = &p->egress.rules[i];

		if ((r->port == 0 || r->port == port) && rule_has(r, a))
			return true;
	}
	return false;
}

static bool pins_allow(
	const struct policy *p, const struct net_address *a, uint16_t port, uint64_t now)
{
	for (size_t i = 0; i < POLICY_PINS_MAX; i++) {
		const struct policy_pin *it = &p->pins[i];

		if (it->until > now && (it->port == 0 || it->port == port) &&
			net_address_equal(&it->address, a))
			return true;
	}
	return false;
}

/* What --egress says about something that begins here. */
static enum verdict judge_egress(
	struct policy *p, const struct frame *f, enum place place, uint64_t now)
{
	const struct net_address *a = &f->destination;
	uint16_t port = f->destination_port;

	switch (p->egress.mode) {
	case EGRESS_UNSET:
	case EGRESS_OPEN:
		return place == PLACE_NAMED ? VERDICT_REJECT : VERDICT_PASS;
	case EGRESS_ALLOW:
		if (rules_allow(p, a, port))
			return VERDICT_PASS;
		if (!pins_allow(p, a, port, now))
			return VERDICT_REJECT;
		/* A conversation outlives the record that led to it, as a connection does. */
		if (f->protocol == IPPROTO_UDP)
			(void)conversations_begin(&p->conversations, a, port, f->source_port, now);
		return VERDICT_PASS;
	case EGRESS_DENY:
		break;
	}
	return VERDICT_REJECT;
}

static enum verdict judge_tcp(
	struct policy *p, const struct frame *f, enum place place, uint64_t now)
{
	if (!frame_opens(f))
		return VERDICT_PASS;
	if (place == PLACE_GATEWAY && !p->link.host_loopback)
		return VERDICT_REJECT;
	/* libslirp would ask the host's own name server, for any name. */
	if (place == PLACE_NAMESERVER)
		return f->destination_port == 53 && is_open(&p->egress) ? VERDICT_PASS
									: VERDICT_REJECT;
	return judge_egress(p, f, place, now);
}

static enum verdict judge_udp(
	struct policy *p, const struct frame *f, enum place place, uint64_t now)
{
	struct conversation *c = conversations_find(
		&p->conversations, &f->destination, f->destination_port, f->source_port, now);

	if (c)
		c->until = now + CONVERSATION_SECONDS;
	if (c && c->published)
		return VERDICT_ANSWER;
	if (place == PLACE_GATEWAY || place == PLACE_NAMESERVER) {
		for (size_t i = 0; i < ARRAY_SIZE(services); i++)
			if (f->destination_port == services[i])
				return VERDICT_DROP;
	}
	if (place == PLACE_NAMESERVER)
		return f->destination_port == 53 ? VERDICT_DNS : VERDICT_REJECT;
	if (c)
		return VERDICT_PASS;
	if (place == PLACE_GATEWAY && !p->link.host_loopback)
		return VERDICT_REJECT;
	return judge_egress(p, f, place, now);
}

/* libslirp answers for the gateway and the name server, and forwards echo requests alone. */
static enum verdict judge_echo(
	struct policy *p, const struct frame *f, enum place place, uint64_t now)
{
	if (place == PLACE_GATEWAY || place == PLACE_NAMESERVER)
		return VERDICT_PASS;
	return judge_egress(p, f, place, now);
}

static enum verdict judge_icmp4(
	struct policy *p, const struct frame *f, enum place place, uint64_t now)
{
	if (f->icmp_type != ICMP_ECHO)
		return VERDICT_DROP;
	return judge_echo(p, f, place, now);
}

static enum verdict judge_icmp6(
	struct policy *p, const struct frame *f, enum place place, uint64_t now)
{
	switch (f->icmp_type) {
	case ND_ROUTER_SOLICIT:
	case ND_NEIGHBOR_SOLICIT:
	case ND_NEIGHBOR_ADVERT:
		return place != PLACE_NETWORK ? VERDICT_PASS : VERDICT_DROP;
	case ICMP6_ECHO_REQUEST:
		return place != PLACE_GROUP ? judge_echo(p, f, place, now) : VERDICT_DROP;
	default:
		return VERDICT_DROP;
	}
}

/* The container's address: any of our networks but ours, and of the link while it has none yet. */
static bool source_is_right(const struct policy_link *l, const struct frame *f)
{
	const struct net_address *a = &f->source;

	if (is_gateway(l, a) || is_nameserver(l, a))
		return false;
	if (on_link(l, a))
		return true;
	return l->net6.address.family == AF_INET6 && f->kind == FRAME_IPV6 &&
		f->protocol == IPPROTO_ICMPV6 &&
		(IN6_IS_ADDR_UNSPECIFIED(&a->v6) || net_cidr_has(&link_local6, a));
}

static enum verdict judge_ip(struct policy *p, const struct frame *f, uint64_t now)
{
	enum place place = place_of(&p->link, &f->destination);

	if (place == PLACE_NOWHERE || !source_is_right(&p->link, f))
		return VERDICT_DROP;
	if (f->kind == FRAME_IPV6 && f->protocol == IPPROTO_ICMPV6)
		return judge_icmp6(p, f, place, now);
	if (place == PLACE_GROUP)
		return VERDICT_DROP;
	/* libslirp 4.7 was seen to crash when it put fragments together (ip_reass). */
	if (f->fragment != FRAGMENT_NONE)
		return f->fragment == FRAGMENT_FIRST ? VERDICT_REJECT : VERDICT_DROP;
	if (f->kind == FRAME_IPV4 && f->protocol == IPPROTO_ICMP)
		return judge_icmp4(p, f, place, now);
	if (f->protocol == IPPROTO_TCP)
		return judge_tcp(p, f, place, now);
	return f->protocol == IPPROTO_UDP ? judge_udp(p, f, place, now) : VERDICT_DROP;
}

/* 0.0.0.0 asks whether an address is free (RFC 5227, section 2.1.1). */
static enum verdict judge_arp(const struct policy_link *l, const struct frame *f)
{
	const struct net_address nobody = net_address_v4(INADDR_ANY);
	bool ours = is_gateway(l, &f->source) || is_nameserver(l, &f->source);

	if (l->net4.address.family != AF_INET || ours)
		return VERDICT_DROP;
	return net_cidr_has(&l->net4, &f->source) || net_address_equal(&f->source, &nobody)
		? VERDICT_PASS
		: VERDICT_DROP;
}

enum verdict policy_judge(struct policy *p, const struct frame *f, uint64_t now)
{
	switch (f->kind) {
	case FRAME_ARP:
		return judge_arp(&p->link, f);
	case FRAME_IPV4:
	case FRAME_IPV6:
		return judge_ip(p, f, now);
	case FRAME_OTHER:
	case FRAME_MALFORMED:
		break;
	}
	return VERDICT_DROP;
}

size_t policy_answer(const struct policy *p, const struct frame *f, uint8_t *out, size_t size)
{
	const struct net_address *gateway = f->kind == FRAME_IPV4 ? &p->link.gateway4
								  : &p->link.gateway6;

	if (frame_opens(f))
		return frame_reset(f, out, size);
	return frame_unreachable(f, gateway, out, size);
}

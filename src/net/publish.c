/* SPDX-License-Identifier: Apache-2.0 */
#include "net/publish.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct name protocols[] = {
	{ "tcp", PUBLISH_TCP },
	{ "udp", PUBLISH_UDP },
	{ 0 },
};

/* Longer than any publication; what does not fit in it is none. */
#define WORDS_MAX 128

struct range {
	uint16_t first, n;
};

const char *publish_protocol_name(enum publish_protocol protocol)
{
	return name_of(protocols, protocol);
}

static int refuse(struct error *e, const char *words, const char *why, const char *hint)
{
	error_set(e, EINVAL, "published port \"%s\": %s", words, why);
	return error_hint(e, "%s", hint);
}

/* "8080" or "8080-8090"; writes into s. */
static int range_parse(char *s, struct range *out)
{
	uint64_t first, last;
	char *dash = strchr(s, '-');

	if (dash)
		*dash++ = '\0';
	if (str_u64(s, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && (str_u64(dash, UINT16_MAX, &last) < 0 || last <= first || first == 0))
		return -EINVAL;
	out->first = (uint16_t)first;
	out->n = (uint16_t)(last - first + 1);
	return 0;
}

/* The colon that ends the host's address, or NULL if s does not begin with one. */
static char *address_end(char *s, const char *before)
{
	char *end = *s == '[' ? strchr(s, ']') : strchr(s, ':');

	if (end && *end == ']')
		end++;
	return end && *end == ':' && end < before ? end : NULL;
}

/* Everything in front of "/PROTOCOL"; writes into s, words are the whole for an error's text. */
static int ports_parse(char *s, const char *words, struct publication *p, struct error *e)
{
	static const char form[] = "[ADDRESS:]HOST:GUEST[/tcp|/udp]: -p 8080:80, "
				   "-p 127.0.0.1:8080:80, -p 0:80 for a free port of the host";
	char *colon = strrchr(s, ':'), *end;
	struct range host, guest;

	if (!colon || strchr(colon, ']'))
		return refuse(
			e, words, "it needs a port of the host and one of the container", form);
	end = address_end(s, colon);
	*colon = '\0';
	if (end) {
		*end = '\0';
		if (net_address_parse(s, &p->address) < 0 ||
			(p->address.family == AF_INET6 && *s != '['))
			return refuse(e, words, "what is in front of the ports is no address",
				"an IPv6 address is in brackets: -p [::1]:8080:80");
		if (net_address_is_mapped(&p->address))
			return refuse(e, words, "an IPv4 address is written as one", form);
		s = end + 1;
	}
	if (range_parse(s, &host) < 0)
		return refuse(e, words, "the host's part is neither a port nor a range", form);
	if (range_parse(colon + 1, &guest) < 0 || guest.first == 0)
		return refuse(e, words, "the container's part is neither a port nor a range", form);
	if (host.n != guest.n)
		return refuse(
			e, words, "the ranges differ in length", "-p 8080-8089:80-89 is ten ports");
	p->host_port = host.first;
	p->guest_port = guest.first;
	p->n = host.n;
	return 0;
}

int publication_parse(const char *words, struct publication *out, struct error *e)
{
	struct publication p = { .protocol = PUBLISH_TCP };
	char s[WORDS_MAX], *slash;
	int r;

	if (strlen(words) >= sizeof(s))
		return error_set(e, EINVAL, "published port \"%.32s...\": too long", words);
	memcpy(s, words, strlen(words) + 1);
	slash = strchr(s, '/');
	if (slash) {
		const struct name *protocol = name_find(protocols, slash + 1);

		if (!protocol)
			return refuse(e, words, "only tcp and udp can be published",
				"end it with /tcp or /udp, or with nothing, which is /tcp");
		p.protocol = (enum publish_protocol)protocol->value;
		*slash = '\0';
	}
	r = ports_parse(s, words, &p, e);
	if (r == 0)
		*out = p;
	return r;
}

static void range_print(uint16_t first, uint16_t n, struct text *out)
{
	text_printf(out, ":%u", first);
	if (n > 1)
		text_printf(out, "-%u", first + n - 1);
}

void publication_print(const struct publication *p, struct text *out)
{
	struct text ports = { 0 };
	char address[NET_ADDRESS_SIZE];

	net_address_print(&p->address, address);
	range_print(p->host_port, p->n, &ports);
	range_print(p->guest_port, p->n, &ports);
	if (p->address.family == AF_INET6)
		text_printf(out, "[%s]%s", address, ports.s);
	else
		text_printf(out, "%s%s", address, *address ? ports.s : ports.s + 1);
	text_printf(out, "/%s", publish_protocol_name(p->protocol));
	text_release(&ports);
}

/* Whether a socket bound to one address excludes one bound to the other, at the same port. */
static bool addresses_overlap(const struct net_address *a, const struct net_address *b)
{
	static const struct in6_addr any6 = IN6ADDR_ANY_INIT;
	const struct net_address all4 = net_address_v4(INADDR_ANY), all6 = net_address_v6(&any6);

	if (a->family == AF_UNSPEC || b->family == AF_UNSPEC)
		return true;
	return a->family == b->family &&
		(net_address_equal(a, b) || net_address_equal(a, &all4) ||
			net_address_equal(b, &all4) || net_address_equal(a, &all6) ||
			net_address_equal(b, &all6));
}

bool publications_overlap(const struct publication *a, const struct publication *b)
{
	return a->protocol == b->protocol && a->host_port != 0 && b->host_port != 0 &&
		a->host_port < b->host_port + b->n && b->host_port < a->host_port + a->n &&
		addresses_overlap(&a->address, &b->address);
}

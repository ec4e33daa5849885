/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "dns.h"
#include "wire.h"

#include "base/mem.h"
#include "base/str.h"

/* A message that is being written. */
struct message {
	uint8_t bytes[2048];
	size_t n;
};

static void put8(struct message *m, uint8_t value)
{
	m->bytes[m->n++] = value;
}

static void put16(struct message *m, uint16_t value)
{
	wire_put16(m->bytes + m->n, value);
	m->n += 2;
}

static void put_bytes(struct message *m, const void *bytes, size_t n)
{
	memcpy(m->bytes + m->n, bytes, n);
	m->n += n;
}

/* "www.example.org", or "www.@12": a pointer to the twelfth byte instead of the root. */
static void put_name(struct message *m, const char *name)
{
	while (*name && *name != '@') {
		size_t n = strcspn(name, ".");

		put8(m, (uint8_t)n);
		put_bytes(m, name, n);
		name += n + (name[n] == '.');
	}
	if (*name == '@')
		put16(m, (uint16_t)(0xc000 | atoi(name + 1)));
	else
		put8(m, 0);
}

static struct message message(uint16_t flags, uint16_t answers, const char *name, uint16_t type)
{
	struct message m = { 0 };

	put16(&m, 0x1234);
	put16(&m, flags);
	put16(&m, 1);
	put16(&m, answers);
	put16(&m, 0);
	put16(&m, 0);
	put_name(&m, name);
	put16(&m, type);
	put16(&m, DNS_IN);
	return m;
}

static struct message query(const char *name)
{
	return message(0x0100, 0, name, DNS_A);
}

static void put_record(
	struct message *m, const char *name, uint16_t type, uint32_t ttl, const char *data)
{
	struct net_address a = { 0 };
	size_t length;

	put_name(m, name);
	put16(m, type);
	put16(m, DNS_IN);
	put16(m, (uint16_t)(ttl >> 16));
	put16(m, (uint16_t)ttl);
	length = m->n;
	m->n += 2;
	if (net_address_parse(data, &a) == 0)
		put_bytes(m, &a.v6, a.family == AF_INET ? 4 : 16);
	else
		put_name(m, data);
	wire_put16(m->bytes + length, (uint16_t)(m->n - length - 2));
}

/* Of exactly n bytes, so that a sanitizer sees what is read beyond them. */
static int parse(const struct message *m, size_t n, struct dns_query *q)
{
	CLEANUP(mem_free) uint8_t *exact = xmalloc(n + !n);

	memcpy(exact, m->bytes, n);
	return dns_query_parse(exact, n, q);
}

static void is_query(struct message m, const char *name)
{
	struct dns_query q = { 0 };

	is_int(parse(&m, m.n, &q), 0, "a query for '%s'", name);
	is_str(q.name, name, "... by its name");
	is_int(q.end, m.n, "... all of it is the question");
}

static void is_none(struct message m, int why, const char *what)
{
	struct dns_query q = { .end = 42 };

	is_int(parse(&m, m.n, &q), why, "%s", what);
	is_int(q.end, 42, "... leaves the output alone");
}

static void check_queries(void)
{
	struct message m = message(0x0100, 0, "Example.ORG", DNS_AAAA);
	struct dns_query q;
	int accepted = 0;

	is_query(query("example.org"), "example.org");
	is_query(query("WWW.Example.ORG"), "www.example.org");
	is_query(query(""), "");
	is_query(query("_http._tcp.x-y.org"), "_http._tcp.x-y.org");
	is_query(query("AZ.az.09"), "az.az.09");
	is_query(query("[.`.{./.:"), "\\091.\\096.\\123.\\047.\\058");
	is_query(query("my printer.local"), "my\\032printer.local");
	is_query(query("a\\b.\xc3\xa4*"), "a\\092b.\\195\\164\\042");
	is_int(parse(&m, m.n, &q), 0, "a query");
	ok(q.id == 0x1234 && q.type == DNS_AAAA && q.class == DNS_IN, "id, type and class");
	for (size_t n = 0; n < m.n; n++)
		accepted += parse(&m, n, &q) == 0;
	is_int(accepted, 0, "no beginning of one is one");

	m = query("www.example");
	m.bytes[DNS_HEADER + 4] = '.';
	m.bytes[DNS_HEADER] = 11;
	is_query(m, "www\\046example");
	m = query("example.org");
	put_bytes(&m, "\0\0\51\20\0\0\0\0\0\0\0", 11);
	wire_put16(m.bytes + 10, 1);
	is_int(parse(&m, m.n, &q), 0, "with EDNS");
	is_int(q.end, m.n - 11, "... which is behind the question");
}

static struct message with16(struct message m, size_t at, uint16_t value)
{
	wire_put16(m.bytes + at, value);
	return m;
}

static void check_no_queries(void)
{
	CLEANUP(text_release) struct text name = { 0 };
	struct message m = query("@12");

	is_none(with16(query("x"), 2, 0x8180), -EBADMSG, "an answer");
	is_none((struct message){ .n = 11 }, -EBADMSG, "no header");
	is_none((struct message){ .n = 12 }, -EINVAL, "nothing but a header");
	is_none(with16(query("x"), 2, 0x2000), -ENOTSUP, "NOTIFY");
	is_none(with16(query("x"), 4, 0), -EINVAL, "no question");
	is_none(with16(query("x"), 4, 2), -EINVAL, "two questions");
	is_none(with16(query("x"), 6, 1), -EINVAL, "an answer in it");
	is_none(with16(query("x"), 8, 1), -EINVAL, "an authority in it");
	is_none(m, -EINVAL, "a name that is a pointer to itself");
	is_none(query("www.@12"), -EINVAL, "a name with a pointer");
	is_none(query("www.@0"), -EINVAL, "a name with a pointer into the header");
	m = query("x");
	m.bytes[DNS_HEADER] = 0x40;
	is_none(m, -EINVAL, "an unknown kind of label");
	m.bytes[DNS_HEADER] = 63;
	is_none(m, -EINVAL, "a label beyond the end");

	/* Four of 1 + 62 and one of 1 + 1, with the root: 255. */
	for (int i = 0; i < 4; i++)
		text_puts(&name,
			"\x01x2345678901234567890123456789012345678901234567890123456789xx.");
	text_puts(&name, "x");
	m = query(name.s);
	is_int(m.n, 12 + 255 + 4, "the longest name is this long");
	ok(parse(&m, m.n, &(struct dns_query){ 0 }) == 0, "the longest name");
	text_puts(&name, "x");
	is_none(query(name.s), -EINVAL, "a longer name");
}

/* The longest name whose every byte is escaped has room. */
static void check_escapes(void)
{
	struct message m = query("");
	struct dns_query q = { 0 };

	m.n = DNS_HEADER;
	for (int i = 0; i < 3; i++) {
		put8(&m, 63);
		memset(m.bytes + m.n, 0xff, 63);
		m.n += 63;
	}
	put8(&m, 61);
	memset(m.bytes + m.n, 0xff, 61);
	m.n += 61;
	put8(&m, 0);
	put16(&m, DNS_A);
	put16(&m, DNS_IN);
	is_int(parse(&m, m.n, &q), 0, "the longest name in print");
	is_int(strlen(q.name), 250 * 4 + 3, "... has room");
}

static void check_refusals(void)
{
	struct message m = query("Example.org"), bad = query("www.@12");
	uint8_t out[512];
	size_t n;

	put_bytes(&m, "behind", 6);
	n = dns_refuse(m.bytes, m.n, DNS_REFUSED, out, sizeof(out));
	is_int(n, m.n - 6, "a refusal: header and question");
	is_int(wire_get16(out), 0x1234, "its identifier");
	is_int(wire_get16(out + 2), 0x8185, "its flags");
	ok(memcmp(out + 4, "\0\1\0\0\0\0\0\0", 8) == 0, "its counts");
	ok(memcmp(out + 12, m.bytes + 12, n - 12) == 0, "its question, as it was written");
	is_int(dns_refuse(m.bytes, m.n, DNS_REFUSED, out, n), (int64_t)n, "just the room");
	is_int(dns_refuse(m.bytes, m.n, DNS_REFUSED, out, n - 1), 0, "no room");
	n = dns_refuse(bad.bytes, bad.n, DNS_FORMERR, out, sizeof(out));
	is_int(n, DNS_HEADER, "of a bad query: the header");
	ok(memcmp(out + 2, "\x81\x81\0\0\0\0\0\0\0\0", 10) == 0, "... with nothing behind it");
	m = with16(query("x"), 2, 0x2100);
	is_int(dns_refuse(m.bytes, m.n, DNS_NOTIMP, out, sizeof(out)), DNS_HEADER, "of NOTIFY");
	is_int(wire_get16(out + 2), 0xa184, "... which it says");
	m = with16(m, 2, 0x8000);
	is_int(dns_refuse(m.bytes, m.n, DNS_REFUSED, out, sizeof(out)), 0, "none of an answer");
	is_int(dns_refuse(m.bytes, 11, DNS_REFUSED, out, sizeof(out)), 0, "none of less");
	dns_set_id(m.bytes, 0xabcd);
	is_int(dns_id(m.bytes), 0xabcd, "an identifier of our own");
}

static void answers(struct message m, uint16_t id, bool want, const char *what)
{
	struct message asked = query("example.org");
	struct dns_query q;
	bool got;

	parse(&asked, asked.n, &q);
	got = dns_answers(&q, id, m.bytes, m.n);
	ok(got == want, "%s %s", what, want ? "is an answer" : "is none");
}

static void check_answers(void)
{
	struct message m = message(0x8180, 0, "example.org", DNS_A);

	answers(m, 0x1234, true, "the same question");
	answers(message(0x8183, 0, "EXAMPLE.org", DNS_A), 0x1234, true, "in capitals");
	answers(m, 0x1235, false, "another identifier");
	answers(query("example.org"), 0x1234, false, "a query");
	answers(message(0xa180, 0, "example.org", DNS_A), 0x1234, false, "another operation");
	answers(message(0x8180, 0, "example.com", DNS_A), 0x1234, false, "another name");
	answers(message(0x8180, 0, "example.org", DNS_AAAA), 0x1234, false, "another type");
	answers(with16(m, m.n - 2, 3), 0x1234, false, "another class");
	answers(with16(m, 4, 0), 0x1234, false, "no question");
	m.n--;
	answers(m, 0x1234, false, "half of one");
	m.n = 11;
	answers(m, 0x1234, false, "no header");
}

/* The addresses as "ADDRESS/TTL ...", and "!" at the end for what makes no sense. */
static void walks(const struct message *m, size_t n, const char *want, const char *what)
{
	CLEANUP(mem_free) uint8_t *exact = xmalloc(n + !n);
	CLEANUP(text_release) struct text got = { 0 };
	struct message asked = query("example.org");
	char buffer[NET_ADDRESS_SIZE];
	struct dns_address a;
	struct dns_query q;
	struct dns_walk w;
	int r;

	parse(&asked, asked.n, &q);
	memcpy(exact, m->bytes, n);
	dns_walk_begin(&w, &q, exact, n);
	text_puts(&got, "");
	while ((r = dns_walk_next(&w, &a)) == 1)
		text_printf(&got, "%s/%u ", net_address_print(&a.address, buffer), a.ttl);
	if (r < 0)
		text_puts(&got, "!");
	is_str(got.s, want, "%s", what);
	is_int(dns_walk_next(&w, &a), 0, "... which is the end");
}

/* How many addresses the first n bytes have. */
static size_t walk_length(const struct message *m, size_t n)
{
	CLEANUP(mem_free) uint8_t *exact = xmalloc(n + !n);
	struct message asked = query("example.org");
	struct dns_address a;
	struct dns_query q;
	struct dns_walk w;
	size_t found = 0;

	parse(&asked, asked.n, &q);
	memcpy(exact, m->bytes, n);
	dns_walk_begin(&w, &q, exact, n);
	while (dns_walk_next(&w, &a) == 1)
		found++;
	return found;
}

static void check_walks(void)
{
	struct message m = message(0x8180, 0, "example.org", DNS_A);
	size_t whole, found = 0;

	walks(&m, m.n, "", "no answer");
	wire_put16(m.bytes + 6, 1);
	walks(&m, m.n, "!", "fewer than it says");
	m = message(0x8180, 2, "example.org", DNS_A);
	put_record(&m, "@12", DNS_A, 300, "192.0.2.1");
	put_record(&m, "EXAMPLE.org", DNS_AAAA, 60, "2001:db8::1");
	walks(&m, m.n, "192.0.2.1/300 2001:db8::1/60 ", "two addresses");
	walks(&m, m.n - 1, "192.0.2.1/300 !", "one and a half");
	wire_put16(m.bytes + 6, 1);
	walks(&m, m.n, "192.0.2.1/300 ", "no more than it says");

	m = message(0x8180, 5, "example.org", DNS_A);
	put_record(&m, "@12", DNS_CNAME, 100, "www.@20"); /* www.org */
	put_record(&m, "www.org", DNS_CNAME, 50, "a.example");
	put_record(&m, "a.example", DNS_A, 500, "192.0.2.1");
	put_record(&m, "a.example", DNS_A, 5, "192.0.2.2");
	put_record(&m, "example.org", DNS_A, 5, "192.0.2.3");
	walks(&m, m.n, "192.0.2.1/50 192.0.2.2/5 ", "aliases, and the least of the TTLs");

	m = message(0x8180, 4, "example.org", DNS_A);
	put_record(&m, "evil.example", DNS_A, 500, "192.0.2.66");
	put_record(&m, "org", DNS_A, 500, "192.0.2.67");
	put_record(&m, "@12", 16, 500, "text");
	put_record(&m, "@12", DNS_A, UINT32_MAX, "192.0.2.1");
	walks(&m, m.n, "192.0.2.1/0 ", "others' addresses, a text, and a TTL that is none");

	for (size_t n = 0; n < m.n; n++)
		found += walk_length(&m, n);
	is_int(found, 0, "no beginning of that has more");

	m = message(0x8180, 2, "example.org", DNS_A);
	put_record(&m, "@12", DNS_A, INT32_MAX, "192.0.2.1");
	whole = m.n;
	put_record(&m, "@12", DNS_CNAME, 300, "www.@12");
	walks(&m, m.n, "192.0.2.1/2147483647 ", "the longest TTL");
	put8(&m, 0);
	wire_put16(m.bytes + whole + 10, 7);
	walks(&m, m.n, "192.0.2.1/2147483647 !", "an alias with something behind it");
	m.bytes[whole] = 0x40;
	walks(&m, m.n, "192.0.2.1/2147483647 !", "an unknown kind of label");
	m.bytes[whole] = 0x3f;
	walks(&m, m.n, "192.0.2.1/2147483647 !", "a label beyond the end");

	m = message(0x8180, 1, "example.org", DNS_A);
	whole = m.n;
	put_record(&m, "@12", DNS_A, 300, "192.0.2.1");
	wire_put16(m.bytes + whole + 4, 3);
	walks(&m, m.n, "", "another class");
	wire_put16(m.bytes + whole + 4, DNS_IN);
	wire_put16(m.bytes + whole + 2, DNS_AAAA);
	walks(&m, m.n, "!", "an address of the wrong length");
	wire_put16(m.bytes + whole + 2, DNS_A);
	wire_put16(m.bytes + whole, 0xc000 | whole);
	walks(&m, m.n, "!", "a pointer to itself");
	wire_put16(m.bytes + whole, (uint16_t)(0xc000 | (whole + 2)));
	walks(&m, m.n, "!", "a pointer forwards");
	wire_put16(m.bytes + whole, 0xffff);
	walks(&m, m.n, "!", "a pointer beyond the end");
	walks(&m, whole + 1, "!", "half a pointer");
	walks(&m, whole - 1, "!", "half a question");
	walks(&m, 11, "", "no header");
	wire_put16(m.bytes + whole, 0xc00c);
	walks(&m, m.n, "192.0.2.1/300 ", "and as it was");
}

/* Pointers that grow a name without end: each stands for a label and what is before it. */
static void check_long_chain(void)
{
	struct message m = message(0x8180, 60, "example.org", DNS_A);
	char name[32];
	size_t at = 12, last = 0, before_last = 0;

	for (int i = 0; i < 60; i++) {
		size_t here = m.n;

		if (i == 40) {
			last = here;
			before_last = at;
		}

		snprintf(name, sizeof(name), "label.@%zu", at);
		put_record(&m, name, 2, 300, "");
		at = here;
	}
	/* 255 / 6: the 41st of them is too long. */
	walks(&m, m.n, "!", "a name that grows too long");
	wire_put16(m.bytes + 6, 40);
	walks(&m, m.n, "", "one that does not");
	wire_put16(m.bytes + 6, 41);
	walks(&m, m.n, "!", "one more");
	/* The 40th has 253 bytes. */
	m.n = last;
	put_record(&m, "x.@12", 2, 300, "");
	wire_put16(m.bytes + last + 2, (uint16_t)(0xc000 | before_last));
	walks(&m, m.n, "", "one of 255 bytes");
	m.n = last;
	put_record(&m, "xx.@12", 2, 300, "");
	wire_put16(m.bytes + last + 3, (uint16_t)(0xc000 | before_last));
	walks(&m, m.n, "!", "one of 256 bytes");
}

int main(void)
{
	check_queries();
	check_no_queries();
	check_escapes();
	check_refusals();
	check_answers();
	check_walks();
	check_long_chain();
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "net/publish.h"

static struct publication parsed(const char *words)
{
	struct publication p = { 0 };
	struct error e = { 0 };

	is_int(publication_parse(words, &p, &e), 0, "'%s' is one", words);
	return p;
}

/* words, and the same in full, which mean the same again. */
static void is_published(const char *words, const char *full)
{
	CLEANUP(text_release) struct text once = { 0 }, twice = { 0 };
	struct publication p = parsed(words);

	publication_print(&p, &once);
	is_str(once.s, full, "'%s' in full", words);
	p = parsed(once.s);
	publication_print(&p, &twice);
	is_str(twice.s, full, "'%s' again", full);
}

static void is_refused(const char *words, const char *why)
{
	CLEANUP(mem_free) char *text = xasprintf("published port \"%s\": %s", words, why);
	struct publication p = { .n = 42 };
	struct error e = { 0 };

	is_int(publication_parse(words, &p, &e), -EINVAL, "'%s' is refused", words);
	is_str(e.text, text, "... with the reason");
	ok(e.hint[0] != '\0', "... and a hint");
	is_int(p.n, 42, "... and the output is left alone");
}

static void overlap(const char *a, const char *b, bool want)
{
	struct publication p = parsed(a), q = parsed(b);

	ok(publications_overlap(&p, &q) == want && publications_overlap(&q, &p) == want,
		"%s and %s %s", a, b, want ? "overlap" : "don't overlap");
}

static void check_refusals(void)
{
	static const char no_address[] = "what is in front of the ports is no address";
	static const char no_host[] = "the host's part is neither a port nor a range";
	static const char no_guest[] = "the container's part is neither a port nor a range";
	static const char ports[] = "it needs a port of the host and one of the container";
	static const char length[] = "the ranges differ in length";
	static const char protocol[] = "only tcp and udp can be published";
	static const struct {
		const char *words, *why;
	} cases[] = {
		{ "", ports },
		{ "80", ports },
		{ "80/tcp", ports },
		{ "[::1]", ports },
		{ "[::1:80]", ports },
		{ ":", no_host },
		{ ":80", no_host },
		{ "::80", no_address },
		{ "8080:", no_guest },
		{ "8080:0", no_guest },
		{ "8080:65536", no_guest },
		{ "65536:80", no_host },
		{ "-1:80", no_host },
		{ " 8080:80", no_host },
		{ "8080 :80", no_host },
		{ "http:80", no_host },
		{ "8080:http", no_guest },
		{ "8080-:80", no_host },
		{ "8081-8080:80-81", no_host },
		{ "8080-8080:80", no_host },
		{ "0-1:80-81", no_host },
		{ "8080-8081-8082:80-82", no_host },
		{ "8080-8081:80", length },
		{ "8080:80-81", length },
		{ "8080-8081:80-82", length },
		{ "0:80-81", length },
		{ "127.0.0.1::80", no_host },
		{ "localhost:8080:80", no_address },
		{ "127.0.0.1:8080:80:90", no_host },
		{ "::1:8080:80", no_address },
		{ "fd00::1:8080:80", no_address },
		{ "[127.0.0.1]:8080:80", no_address },
		{ "[::1]8080:80", no_host },
		{ "[::ffff:127.0.0.1]:8080:80", "an IPv4 address is written as one" },
		{ "8080:80/", protocol },
		{ "8080:80/sctp", protocol },
		{ "8080:80/TCP", protocol },
		{ "8080:80/tcp/udp", protocol },
		{ "8080/tcp:80", protocol },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_refused(cases[i].words, cases[i].why);
}

int main(void)
{
	char many[512] = "8080:80/";
	struct publication p;
	struct error e = { 0 };

	p = parsed("8080:80");
	ok(p.address.family == AF_UNSPEC && p.host_port == 8080 && p.guest_port == 80 && p.n == 1 &&
			p.protocol == PUBLISH_TCP,
		"all addresses, one port, tcp");
	p = parsed("[fd00::1]:8080-8089:80-89/udp");
	ok(p.address.family == AF_INET6 && p.host_port == 8080 && p.guest_port == 80 && p.n == 10 &&
			p.protocol == PUBLISH_UDP,
		"one address, ten ports, udp");
	is_published("8080:80", "8080:80/tcp");
	is_published("0:80/udp", "0:80/udp");
	is_published("127.0.0.1:8080:80", "127.0.0.1:8080:80/tcp");
	is_published("0.0.0.0:1:65535", "0.0.0.0:1:65535/tcp");
	is_published("[::1]:8080:80", "[::1]:8080:80/tcp");
	is_published("[::]:0:80/udp", "[::]:0:80/udp");
	is_published("1-65535:1-65535", "1-65535:1-65535/tcp");
	is_published("127.0.0.1:8080-8081:80-81/udp", "127.0.0.1:8080-8081:80-81/udp");
	check_refusals();
	memset(many + 8, 'x', sizeof(many) - 9);
	many[sizeof(many) - 1] = '\0';
	is_int(publication_parse(many, &p, &e), -EINVAL, "no end of words");

	overlap("8080:80", "8080:90", true);
	overlap("8080:80", "8080:80/udp", false);
	overlap("8080:80", "8081:80", false);
	overlap("8080-8089:80-89", "8089:1", true);
	overlap("8080-8089:80-89", "8090:1", false);
	overlap("127.0.0.1:8080:80", "8080:80", true);
	overlap("127.0.0.1:8080:80", "127.0.0.2:8080:80", false);
	overlap("127.0.0.1:8080:80", "0.0.0.0:8080:80", true);
	overlap("[::1]:8080:80", "[::]:8080:80", true);
	overlap("127.0.0.1:8080:80", "[::]:8080:80", false);
	overlap("0:80", "0:80", false);
	overlap("1-65535:1-65535", "65535:80", true);
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "net/publish.h"
#include "net/words.h"

/* What a text means is what it prints as. */
static void is_read(const char *text, const char *want)
{
	CLEANUP(network_words_release) struct network_words w = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	struct error e = { 0 };

	is_int(network_words_parse(text, &w, &e), 0, "'%s' is understood", text);
	if (e.code == 0)
		network_words_print(&w, &got);
	is_str(got.s, want, "... and printed again");
}

static void is_refused(const char *text, const char *why)
{
	struct network_words w = { .mtu = 42 };
	struct error e = { 0 };

	is_int(network_words_parse(text, &w, &e), -EINVAL, "'%s' is refused", text);
	is_str(e.text, why, "... with the reason");
	is_int(w.mtu, 42, "... and the output is left alone");
}

static void test_texts(void)
{
	is_read("none", "none");
	is_read(" auto\n", "auto");
	is_read("pasta -p 8080:80", "pasta -p 8080:80");
	is_read("ns:/run/netns/blue", "ns:/run/netns/blue");
	is_read("slirp --publish=8080:80 --publish 0:53/udp -p=1:2 --egress=deny",
		"slirp -p 8080:80 -p 0:53/udp -p 1:2 --egress deny");
	is_read("slirp:mtu=1500,host-loopback=on,ipv6=off,cidr=10.9.0.0/16",
		"slirp:cidr=10.9.0.0/16,mtu=1500,ipv6=off,host-loopback=on");
	is_read("slirp:mtu=576,ipv6=off", "slirp:mtu=576,ipv6=off");
	is_read("auto --egress allow=192.0.2.1:443 --egress allow=example.org",
		"auto --egress allow=192.0.2.1:443 --egress allow=example.org");
}

static void test_refusals(void)
{
#define MODES "none, slirp, pasta, host, ns:PATH, auto or config"
	is_refused("", "is empty: expected " MODES);
	is_refused("Slirp", "expected " MODES ", found 'Slirp'");
	is_refused("ns", "expected " MODES ", found 'ns'");
	is_refused("ns:a", "'a' is not an absolute path");
	is_refused("pasta:mtu=1500", "'pasta' has no settings");
	is_refused("slirp:", "expected KEY=VALUE, found ''");
	is_refused("slirp:mtu", "expected KEY=VALUE, found 'mtu'");
	is_refused("slirp:mtu=1500,", "expected KEY=VALUE, found ''");
	is_refused(
		"slirp:mtu=575,ipv6=off", "mtu: expected a number from 576 to 65521, found '575'");
	is_refused("slirp:mtu=1279", "mtu: IPv6 needs 1280, found '1279'");
	is_refused("slirp:cidr=0.0.0.0/0", "cidr: '0.0.0.0/0' is no IPv4 network of 1 to 25 bits");
	is_refused("slirp:host-loopback=yes", "host-loopback: expected on or off, found 'yes'");
	is_refused("slirp deny", "'deny' is not understood");
	is_refused("slirp -p 8080:80 -p 127.0.0.1:8080:81",
		"--publish: '8080:80' and '127.0.0.1:8080:81' want the same port");
	is_refused("none -p 8080:80", "'none' publishes no ports");
	is_refused("pasta --egress deny", "'pasta' has no egress policy");
	is_refused("slirp --egress open --egress deny", "egress \"deny\": \"open\" stands alone");
}

/* Each is held against all before it. */
static void test_many(void)
{
	CLEANUP(text_release) struct text words = { 0 };

	text_puts(&words, "slirp");
	for (int i = 0; i <= PUBLISH_MAX; i++)
		text_puts(&words, " -p 0:1");
	is_refused(words.s, "--publish: more than 4096 times");
}

static enum network_mode mode_of(const char *mode, const char *publish, const char *egress)
{
	const char *p[] = { publish, NULL }, *g[] = { egress, NULL };
	const struct strings ports = { publish ? 1 : 0, p }, policy = { egress ? 1 : 0, g };
	const struct network_options options = { mode, &ports, &policy };
	CLEANUP(network_words_release) struct network_words w = { 0 };
	struct error e = { 0 };

	is_int(network_words_of_options(&options, &w, &e), 0, "options: %s %s %s",
		mode ? mode : "-", publish ? publish : "-", egress ? egress : "-");
	return w.mode;
}

static void test_options(void)
{
	is_int(mode_of(NULL, NULL, NULL), NETWORK_UNSAID, "nobody asks");
	is_int(mode_of(NULL, "8080:80", NULL), NETWORK_SLIRP, "a port alone asks for slirp");
	is_int(mode_of(NULL, NULL, "deny"), NETWORK_SLIRP, "and so does a policy");
	is_int(mode_of("auto", "8080:80", "deny"), NETWORK_AUTO, "unless another one is named");
	is_int(mode_of("config", NULL, NULL), NETWORK_CONFIG, "config");
}

int main(void)
{
	test_texts();
	test_refusals();
	test_many();
	test_options();
	return done();
}

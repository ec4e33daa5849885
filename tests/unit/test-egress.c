/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "net/egress.h"

/* What several options, with blanks between, mean in full. */
static void means(const char *options, const char *full)
{
	CLEANUP(text_release) struct text out = { 0 };
	CLEANUP(mem_free) char *copy = xstrdup(options);
	struct egress g = { 0 };
	struct error e = { 0 };
	char *saved = NULL;
	int r = 0;

	for (char *s = strtok_r(copy, " ", &saved); s && r == 0; s = strtok_r(NULL, " ", &saved))
		r = egress_add(&g, s, &e);
	egress_print(&g, &out);
	is_int(r, 0, "'%s' is a policy", options);
	is_str(out.s, full, "'%s' in full", options);
}

static void is_refused(const char *words, const char *why)
{
	struct egress g = { 0 };
	struct error e = { 0 };

	is_int(egress_add(&g, words, &e), -EINVAL, "'%s' is refused", words);
	is_str(e.text, why, "... with the reason");
	ok(g.mode == EGRESS_UNSET && g.n == 0, "... and nothing is added");
}

static void item_refused(const char *item, const char *why)
{
	CLEANUP(mem_free) char *words = xasprintf("allow=192.0.2.1,%s", item);
	CLEANUP(mem_free) char *text = xasprintf("egress \"%s\": %s", item, why);

	is_refused(words, text);
}

static void check_items(void)
{
	static const char nothing[] = "neither an address, a network nor a host's name";
	static const char port[] = "expected a port, 1 to 65535, behind \":\"";
	static const struct {
		const char *item, *why;
	} cases[] = {
		{ "", "an item is empty" },
		{ "*", "everything is \"open\"" },
		{ "*.", nothing },
		{ "*x.org", nothing },
		{ "a.*.org", nothing },
		{ "*.*.org", nothing },
		{ ".", nothing },
		{ ".org", nothing },
		{ "example..org", nothing },
		{ "-example.org", nothing },
		{ "example-.org", nothing },
		{ "exa mple.org", nothing },
		{ "ex\xc3\xa4mple.org", nothing },
		{ "https://example.org", port },
		{ "example.org/", nothing },
		{ "300.1.1.1", nothing },
		{ "10.1", nothing },
		{ "10.0.0.0/33", nothing },
		{ "10.0.0.1/8", "bits are set behind the prefix" },
		{ "fd00::1/64", "bits are set behind the prefix" },
		{ "::ffff:127.0.0.1", "an IPv4 address is written as one" },
		{ "::ffff:0.0.0.0/96", "an IPv4 address is written as one" },
		{ "example.org:", port },
		{ "example.org:0", port },
		{ "example.org:65536", port },
		{ "example.org:https", port },
		{ "10.0.0.0:80/8", port },
		{ "[fd00::1", port },
		{ "[fd00::1]80", port },
		{ "[fd00::]/8", port },
		{ "[fd00::1]:", port },
		{ "[10.0.0.1]:80", nothing },
		{ "[example.org]:80", nothing },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		item_refused(cases[i].item, cases[i].why);
}

static void check_lengths(void)
{
	CLEANUP(text_release) struct text words = { 0 }, name = { 0 };
	struct egress g = { 0 };
	struct error e = { 0 };

	for (int i = 0; i < EGRESS_RULES_MAX; i++)
		text_printf(&words, "%s10.0.0.%d", i ? "," : "allow=", i);
	is_int(egress_add(&g, words.s, &e), 0, "as many items as there may be");
	is_int(egress_add(&g, "allow=192.0.2.1", &e), -EINVAL, "and not one more");
	is_int(g.n, EGRESS_RULES_MAX, "none is lost");

	/* 253 characters: 63.63.63.61 */
	for (int i = 0; i < 253; i++)
		text_puts(&name, i % 64 == 63 ? "." : "x");
	g = (struct egress){ 0 };
	words.len = 0;
	text_printf(&words, "allow=*.%s.:65535", name.s);
	is_int(egress_add(&g, words.s, &e), 0, "the longest name");
	is_str(g.rules[0].name, name.s, "... is kept whole");
	words.len = 0;
	text_printf(&words, "allow=%sx", name.s);
	is_int(egress_add(&g, words.s, &e), -EINVAL, "not a longer one");
	is_int(egress_add(&g,
		       "allow=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		       "xxxxxxxx.org",
		       &e),
		-EINVAL, "nor a longer label");
}

static void check_names(void)
{
	static const struct egress_rule one = { .kind = EGRESS_NAME, .name = "example.org" },
					beneath = { .kind = EGRESS_BENEATH, .name = "example.org" },
					address = { .kind = EGRESS_ADDRESS };

	ok(egress_rule_names(&one, "example.org"), "itself");
	ok(!egress_rule_names(&one, "www.example.org"), "not beneath");
	ok(!egress_rule_names(&one, "xexample.org"), "not by its end");
	ok(egress_rule_names(&beneath, "www.example.org"), "beneath");
	ok(egress_rule_names(&beneath, "a.b.example.org"), "far beneath");
	ok(!egress_rule_names(&beneath, "example.org"), "not itself");
	ok(!egress_rule_names(&beneath, ".example.org"), "not beneath nothing");
	ok(!egress_rule_names(&beneath, "xexample.org"), "not by its end alone");
	ok(!egress_rule_names(&beneath, "www\\046example.org"), "not an escaped dot");
	ok(!egress_rule_names(&beneath, "org") && !egress_rule_names(&beneath, ""), "not shorter");
	ok(!egress_rule_names(&address, ""), "an address is no name");
}

int main(void)
{
	means("", "open");
	means("open", "open");
	means("open open", "open");
	means("deny", "deny");
	means("deny deny", "deny");
	means("deny allow=10.0.0.0/8", "allow=10.0.0.0/8");
	means("allow=10.0.0.0/8 deny", "allow=10.0.0.0/8");
	means("allow=10.0.0.0/8,192.0.2.1:443 allow=example.org",
		"allow=10.0.0.0/8,192.0.2.1:443,example.org");
	means("allow=10.0.0.0/8:443", "allow=10.0.0.0/8:443");
	means("allow=fd00::/8", "allow=fd00::/8");
	means("allow=[fd00::/8]", "allow=fd00::/8");
	means("allow=[fd00::/8]:443,[::1]:1,::", "allow=[fd00::/8]:443,[::1]:1,::");
	means("allow=0.0.0.0/0,::/0", "allow=0.0.0.0/0,::/0");
	means("allow=Example.ORG.,*.example.org:443", "allow=example.org,*.example.org:443");
	means("allow=_dmarc.example.org,x-y.example,db,1.2.3.4.example",
		"allow=_dmarc.example.org,x-y.example,db,1.2.3.4.example");
	means("allow=AZ.az-09", "allow=az.az-09");
	check_items();
	check_lengths();
	check_names();
	is_refused("", "egress \"\": expected open, deny or allow=...");
	is_refused("Open", "egress \"Open\": expected open, deny or allow=...");
	is_refused("allow", "egress \"allow\": expected open, deny or allow=...");
	is_refused("allow=", "egress \"\": an item is empty");
	is_refused("allow=10.0.0.1,", "egress \"\": an item is empty");

	struct egress g = { 0 };
	struct error e = { 0 };

	egress_add(&g, "open", &e);
	is_int(egress_add(&g, "deny", &e), -EINVAL, "open and deny");
	is_int(egress_add(&g, "allow=10.0.0.1", &e), -EINVAL, "open and allow");
	is_int(g.mode, EGRESS_OPEN, "... changes nothing");
	g = (struct egress){ .mode = EGRESS_DENY };
	is_int(egress_add(&g, "open", &e), -EINVAL, "deny and open");
	is_int(g.mode, EGRESS_DENY, "... changes nothing");
	return done();
}

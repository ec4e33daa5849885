/* SPDX-License-Identifier: Apache-2.0 */
#include "net/words.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "net/egress.h"
#include "net/publish.h"
#include "net/vnet.h"

#define MODES "none, slirp, pasta, host, ns:PATH, auto or config"

const struct name network_mode_names[] = {
	{ "none", NETWORK_NONE },
	{ "slirp", NETWORK_SLIRP },
	{ "pasta", NETWORK_PASTA },
	{ "host", NETWORK_HOST },
	{ "ns", NETWORK_PATH },
	{ "auto", NETWORK_AUTO },
	{ "config", NETWORK_CONFIG },
	{ 0 },
};

static bool is_of_lichen_net(const struct network_words *w)
{
	return w->mode == NETWORK_SLIRP || w->mode == NETWORK_AUTO;
}

/* ---- KEY=VALUE ---- */

static int bad_value(const char *key, const char *value, const char *expected, struct error *e)
{
	return error_set(e, EINVAL, "%s: expected %s, found '%s'", key, expected, value);
}

static int set_switch(const char *key, const char *value, enum network_switch *out, struct error *e)
{
	if (!streq(value, "on") && !streq(value, "off"))
		return bad_value(key, value, "on or off", e);
	*out = streq(value, "on") ? NETWORK_ON : NETWORK_OFF;
	return 0;
}

static int set_mtu(const char *value, struct network_words *w, struct error *e)
{
	uint64_t mtu;

	if (str_u64(value, VNET_MTU_MAX, &mtu) < 0 || mtu < VNET_MTU_MIN) {
		CLEANUP(mem_free)
		char *expected = xasprintf("a number from %d to %d", VNET_MTU_MIN, VNET_MTU_MAX);

		return bad_value("mtu", value, expected, e);
	}
	w->mtu = (uint32_t)mtu;
	return 0;
}

static int set_cidr(const char *value, struct network_words *w, struct error *e)
{
	struct vnet vnet;
	int r = vnet_plan(&vnet, value, e);

	if (r < 0)
		return error_context(e, "cidr");
	free(w->cidr);
	w->cidr = xstrdup(value);
	return 0;
}

static int set_key(struct network_words *w, const char *key, const char *value, struct error *e)
{
	if (streq(key, "cidr"))
		return set_cidr(value, w, e);
	if (streq(key, "mtu"))
		return set_mtu(value, w, e);
	if (streq(key, "ipv6"))
		return set_switch(key, value, &w->ipv6, e);
	if (streq(key, "host-loopback"))
		return set_switch(key, value, &w->host_loopback, e);
	error_set(e, EINVAL, "unknown setting '%s'", key);
	return error_hint(e, "the settings are cidr, mtu, ipv6 and host-loopback");
}

static int set_keys(struct network_words *w, const char *text, struct error *e)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	char *rest = copy, *item;

	while ((item = strsep(&rest, ","))) {
		char *value = strchr(item, '=');
		int r;

		if (!value)
			return error_set(e, EINVAL, "expected KEY=VALUE, found '%s'", item);
		*value++ = '\0';
		r = set_key(w, item, value, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- MODE ---- */

static int set_path(struct network_words *w, const char *path, struct error *e)
{
	if (path[0] != '/') {
		error_set(e, EINVAL, "'%s' is not an absolute path", path);
		return error_hint(e, "a running process has its network at /proc/PID/ns/net");
	}
	w->path = xstrdup(path);
	return 0;
}

static int set_mode(struct network_words *w, const char *text, struct error *e)
{
	const char *colon = strchr(text, ':');
	CLEANUP(mem_free)
	char *word = xstrndup(text, colon ? (size_t)(colon - text) : strlen(text));
	const struct name *mode = name_find(network_mode_names, word);

	if (!mode || (mode->value == NETWORK_PATH && !colon))
		return error_set(e, EINVAL, "expected " MODES ", found '%s'", text);
	w->mode = (enum network_mode)mode->value;
	if (w->mode == NETWORK_PATH)
		return set_path(w, colon + 1, e);
	if (!colon)
		return 0;
	if (!is_of_lichen_net(w))
		return error_set(e, EINVAL, "'%s' has no settings", word);
	return set_keys(w, colon + 1, e);
}

/* ---- what is published, what may be reached ---- */

static int add_publication(struct network_words *w, const char *spec, struct error *e)
{
	struct publication new, old;
	struct error ignored;
	int r = publication_parse(spec, &new, e);

	/* Each is held against all others. */
	if (r == 0 && w->publish.n == PUBLISH_MAX)
		r = error_set(e, EINVAL, "--publish: more than %d times", PUBLISH_MAX);
	for (size_t i = 0; r == 0 && i < w->publish.n; i++)
		if (publication_parse(w->publish.v[i], &old, &ignored) == 0 &&
			publications_overlap(&old, &new))
			r = error_set(e, EINVAL, "--publish: '%s' and '%s' want the same port",
				w->publish.v[i], spec);
	if (r == 0)
		strlist_add(&w->publish, xstrdup(spec));
	return r;
}

static int check_mode(const struct network_words *w, struct error *e)
{
	const char *mode = name_of(network_mode_names, w->mode);
	int r = 0;

	if (w->publish.n > 0 && !is_of_lichen_net(w) && w->mode != NETWORK_PASTA)
		r = error_set(e, EINVAL, "'%s' publishes no ports", mode);
	else if (w->egress.n > 0 && !is_of_lichen_net(w))
		r = error_set(e, EINVAL, "'%s' has no egress policy", mode);
	if (r < 0)
		return error_hint(e, "slirp has: lichen run --network slirp ...");
	if (w->mtu == 0 || w->mtu >= VNET_MTU_MIN_IPV6 || w->ipv6 == NETWORK_OFF)
		return 0;
	error_set(e, EINVAL, "mtu: IPv6 needs %d, found '%u'", VNET_MTU_MIN_IPV6, w->mtu);
	return error_hint(e, "add ipv6=off");
}

static int check_egress(const struct network_words *w, struct error *e)
{
	struct egress parsed = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->egress.n; i++)
		r = egress_add(&parsed, w->egress.v[i], e);
	return r;
}

/* ---- from options, from a text ---- */

static int read_options(const struct network_options *o, struct network_words *w, struct error *e)
{
	int r = o->mode ? set_mode(w, o->mode, e) : 0;

	if (!o->mode && (o->publish->n > 0 || o->egress->n > 0))
		w->mode = NETWORK_SLIRP;
	for (size_t i = 0; r == 0 && i < o->egress->n; i++)
		strlist_add(&w->egress, xstrdup(o->egress->v[i]));
	for (size_t i = 0; r == 0 && i < o->publish->n; i++) {
		r = add_publication(w, o->publish->v[i], e);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = check_mode(w, e);
	return r < 0 ? error_context(e, "--network") : check_egress(w, e);
}

/* The value of an option that may be spelled in one word or in two; NULL: it is not this one. */
static const char *value_of(const char *word, const char *option, char **rest)
{
	size_t len = strlen(option);

	if (strncmp(word, option, len) == 0 && word[len] == '=')
		return word + len + 1;
	return streq(word, option) ? strtok_r(NULL, " \t\n", rest) : NULL;
}

static int read_option(struct network_words *w, const char *word, char **rest, struct error *e)
{
	static const char *const publish[] = { "-p", "--publish" };
	const char *value;

	for (size_t i = 0; i < ARRAY_SIZE(publish); i++) {
		value = value_of(word, publish[i], rest);
		if (value)
			return add_publication(w, value, e);
	}
	value = value_of(word, "--egress", rest);
	if (!value) {
		error_set(e, EINVAL, "'%s' is not understood", word);
		return error_hint(e, "MODE [-p SPEC]... [--egress POLICY]...: lichen-network(7)");
	}
	strlist_add(&w->egress, xstrdup(value));
	return 0;
}

static int read_text(const char *text, struct network_words *w, struct error *e)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	char *rest = NULL;
	const char *word = strtok_r(copy, " \t\n", &rest);
	int r;

	if (!word)
		return error_set(e, EINVAL, "is empty: expected " MODES);
	r = set_mode(w, word, e);
	while (r == 0 && (word = strtok_r(NULL, " \t\n", &rest)))
		r = read_option(w, word, &rest, e);
	if (r == 0)
		r = check_mode(w, e);
	return r < 0 ? r : check_egress(w, e);
}

static int hand_out(int r, struct network_words *w, struct network_words *out)
{
	if (r == 0)
		*out = *w;
	else
		network_words_release(w);
	return r;
}

int network_words_of_options(
	const struct network_options *options, struct network_words *out, struct error *e)
{
	struct network_words w = { 0 };

	return hand_out(read_options(options, &w, e), &w, out);
}

int network_words_parse(const char *text, struct network_words *out, struct error *e)
{
	struct network_words w = { 0 };

	return hand_out(read_text(text, &w, e), &w, out);
}

/* ---- and back ---- */

static void print_switch(
	const char *key, enum network_switch value, const char **separator, struct text *out)
{
	if (value == NETWORK_DEFAULT)
		return;
	text_printf(out, "%s%s=%s", *separator, key, value == NETWORK_ON ? "on" : "off");
	*separator = ",";
}

void network_words_print(const struct network_words *w, struct text *out)
{
	const char *separator = ":";

	text_puts(out, name_of(network_mode_names, w->mode));
	if (w->path)
		text_printf(out, ":%s", w->path);
	if (w->cidr) {
		text_printf(out, "%scidr=%s", separator, w->cidr);
		separator = ",";
	}
	if (w->mtu) {
		text_printf(out, "%smtu=%u", separator, w->mtu);
		separator = ",";
	}
	print_switch("ipv6", w->ipv6, &separator, out);
	print_switch("host-loopback", w->host_loopback, &separator, out);
	for (size_t i = 0; i < w->publish.n; i++)
		text_printf(out, " -p %s", w->publish.v[i]);
	for (size_t i = 0; i < w->egress.n; i++)
		text_printf(out, " --egress %s", w->egress.v[i]);
}

void network_words_release(struct network_words *w)
{
	free(w->path);
	free(w->cidr);
	strlist_release(&w->publish);
	strlist_release(&w->egress);
	*w = (struct network_words){ 0 };
}

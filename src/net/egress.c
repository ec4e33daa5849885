/* SPDX-License-Identifier: Apache-2.0 */
#include "net/egress.h"

#include <errno.h>
#include <string.h>

/* Longer than "*.", any name or bracketed network, and ":65535". */
#define ITEM_MAX (EGRESS_NAME_SIZE + 16)

static const char forms[] = "an item is ADDRESS, NETWORK/BITS, NAME or *.NAME, with :PORT if only "
			    "that port; IPv6 then in brackets: [fd00::/8]:443";

static int refuse(struct error *e, const char *item, const char *why)
{
	error_set(e, EINVAL, "egress \"%s\": %s", item, why);
	return error_hint(e, "%s", forms);
}

/*
 * Splits ":PORT" off: behind "]", or behind the only colon. 0, or -EINVAL for what is no port; port
 * 0 can't be asked for.
 */
static int split_port(char *item, uint16_t *out)
{
	char *colon = *item == '[' ? strchr(item, ']') : strchr(item, ':');
	uint64_t port;

	*out = 0;
	if (*item == '[') {
		if (!colon || (colon[1] != ':' && colon[1] != '\0'))
			return -EINVAL;
		colon++;
	} else if (!colon || strchr(colon + 1, ':')) {
		return 0;
	}
	if (*colon == '\0')
		return 0;
	if (str_u64(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	*colon = '\0';
	*out = (uint16_t)port;
	return 0;
}

/* One label in lower case: letters, digits, "_", and "-" not at its ends (RFC 1123, 2.1; RFC 2782).
 */
static bool is_label(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '_' &&
			!(s[i] == '-' && i > 0 && i + 1 < n))
			return false;
	return n > 0 && n <= 63;
}

/* A host's name; its last label is not a number, as it would be in a mistyped address. */
static bool is_name(const char *s)
{
	const char *label = s;
	size_t n;

	for (;; label += n + 1) {
		n = strcspn(label, ".");
		if (!is_label(label, n))
			return false;
		if (label[n] == '\0')
			return strspn(label, "0123456789") != n;
	}
}

/* A name into r; writes into item. */
static int name_parse(char *item, struct egress_rule *r)
{
	size_t n = strlen(item);

	r->kind = EGRESS_NAME;
	if (str_starts(item, "*.")) {
		r->kind = EGRESS_BENEATH;
		item += 2;
		n -= 2;
	}
	if (n > 1 && item[n - 1] == '.')
		item[--n] = '\0';
	for (char *p = item; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	if (n >= sizeof(r->name) || !is_name(item))
		return -EINVAL;
	memcpy(r->name, item, n + 1);
	return 0;
}

static int item_parse(const char *words, size_t n, struct egress_rule *out, struct error *e)
{
	struct egress_rule r = { .kind = EGRESS_ADDRESS };
	char item[ITEM_MAX], whole[ITEM_MAX];
	int code;

	if (n >= sizeof(item))
		return error_set(e, EINVAL, "egress \"%.32s...\": an item is too long", words);
	memcpy(item, words, n);
	item[n] = '\0';
	memcpy(whole, item, n + 1);
	if (n == 0)
		return refuse(e, whole, "an item is empty");
	if (streq(item, "*"))
		return error_set(e, EINVAL, "egress \"*\": everything is \"open\"");
	if (split_port(item, &r.port) < 0)
		return refuse(e, whole, "expected a port, 1 to 65535, behind \":\"");
	code = net_cidr_parse(item, &r.cidr);
	if (code == -ERANGE)
		return refuse(e, whole, "bits are set behind the prefix");
	if (code == 0 && net_address_is_mapped(&r.cidr.address))
		return refuse(e, whole, "an IPv4 address is written as one");
	if (code < 0 && name_parse(item, &r) < 0)
		return refuse(e, whole, "neither an address, a network nor a host's name");
	*out = r;
	return 0;
}

static int allow(struct egress *to, const char *items, struct error *e)
{
	size_t added = 0;
	int r;

	for (;; added++) {
		size_t n = strcspn(items, ",");

		if (to->n + added == EGRESS_RULES_MAX)
			return error_set(e, EINVAL, "egress: more than %d items", EGRESS_RULES_MAX);
		r = item_parse(items, n, &to->rules[to->n + added], e);
		if (r < 0)
			return r;
		if (items[n] == '\0')
			break;
		items += n + 1;
	}
	to->n += added + 1;
	to->mode = EGRESS_ALLOW;
	return 0;
}

int egress_add(struct egress *to, const char *words, struct error *e)
{
	bool open = streq(words, "open"), deny = streq(words, "deny");

	if (!open && !deny && !str_starts(words, "allow=")) {
		error_set(e, EINVAL, "egress \"%s\": expected open, deny or allow=...", words);
		return error_hint(e, "--egress allow=%s", *words ? words : "example.org:443");
	}
	if (to->mode != EGRESS_UNSET && open != (to->mode == EGRESS_OPEN)) {
		error_set(e, EINVAL, "egress \"%s\": \"open\" stands alone", words);
		return error_hint(e, "either --egress open, or --egress deny and allow=...");
	}
	if (open)
		to->mode = EGRESS_OPEN;
	else if (deny && to->mode == EGRESS_UNSET)
		to->mode = EGRESS_DENY;
	return open || deny ? 0 : allow(to, words + strlen("allow="), e);
}

static void rule_print(const struct egress_rule *r, struct text *out)
{
	char cidr[NET_CIDR_SIZE];

	if (r->kind != EGRESS_ADDRESS)
		text_printf(out, "%s%s", r->kind == EGRESS_BENEATH ? "*." : "", r->name);
	else if (r->port && r->cidr.address.family == AF_INET6)
		text_printf(out, "[%s]", net_cidr_print(&r->cidr, cidr));
	else
		text_puts(out, net_cidr_print(&r->cidr, cidr));
	if (r->port)
		text_printf(out, ":%u", r->port);
}

void egress_print(const struct egress *g, struct text *out)
{
	if (g->mode != EGRESS_ALLOW) {
		text_puts(out, g->mode == EGRESS_DENY ? "deny" : "open");
		return;
	}
	for (size_t i = 0; i < g->n; i++) {
		text_puts(out, i == 0 ? "allow=" : ",");
		rule_print(&g->rules[i], out);
	}
}

bool egress_rule_names(const struct egress_rule *r, const char *name)
{
	size_t n = strlen(name), rule = strlen(r->name);

	if (r->kind == EGRESS_NAME)
		return streq(r->name, name);
	return r->kind == EGRESS_BENEATH && n > rule + 1 && name[n - rule - 1] == '.' &&
		streq(name + n - rule, r->name);
}

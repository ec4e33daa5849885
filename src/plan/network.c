/* SPDX-License-Identifier: Apache-2.0 */
/* Who connects the container, and what it is told: --network, or the annotation. */
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/path.h"
#include "net/publish.h"
#include "net/resolver_file.h"
#include "net/vnet.h"
#include "plan/annotations.h"
#include "plan/parts.h"

#define OPTION "--network"

/* Link-local, so that it is nobody's; pasta passes on what is sent there. */
#define PASTA_NAMESERVER "169.254.1.1"

/* A request on its way into the plan. */
struct asked {
	const struct network_words *words;
	const char *object; /* where it was asked: for errors and operations */
};

/* ---- what slirp and pasta need of the host ---- */

/*
 * Who is in the user namespace already may not look at our init before it runs its own program, and
 * then neither may an ordinary user's helper: ptrace(2), PR_SET_DUMPABLE.
 */
static int check_visible(const struct plan_builder *b, struct error *e)
{
	if (b->host->ids.privilege != HOST_USER || !plan_has_joined(b, CLONE_NEWUSER))
		return 0;
	error_set(e, ENOTSUP,
		"a container that joins the user namespace of another one can't be connected");
	return error_hint(e, "let it join that one's network, too: --network ns:/proc/PID/ns/net");
}

/* 0, or what is missing and how to get it. */
static int check_slirp(const struct plan_builder *b, struct error *e)
{
	const struct host_network *n = &b->host->network;
	int r = check_visible(b, e);

	if (r < 0)
		return r;
	if (!n->lichen_net) {
		error_set(e, ENOENT, "the program lichen-net is not installed");
		return error_hint(e,
			"install it with lichen: it is built where libslirp is there (package "
			"libslirp-dev)");
	}
	if (!n->tun_error)
		return 0;
	error_set(e, ENOENT, "open '/dev/net/tun': %s", n->tun_error);
	return error_hint(e, "as root: modprobe tun && chmod 666 /dev/net/tun");
}

static int check_pasta(const struct plan_builder *b, struct error *e)
{
	if (b->host->ids.privilege == HOST_ROOT) {
		error_set(e, ENOTSUP, "pasta gives up root's privilege before it could connect");
		return error_hint(e, "use slirp, or start lichen as an ordinary user");
	}
	/* It gives up its capabilities before it looks for the container's namespace: ptrace(2). */
	if (!b->other_user_namespace) {
		error_set(e, ENOTSUP,
			"pasta can't connect a container without a user namespace of its own");
		return error_hint(
			e, "use slirp, or add { \"type\": \"user\" } to linux.namespaces");
	}
	if (b->host->network.pasta)
		return check_visible(b, e);
	error_set(e, ENOENT, "the program pasta is not installed");
	return error_hint(e, "install the package passt");
}

/* ---- the helper's words ---- */

static void add_word(struct plan_builder *b, const char *word)
{
	struct strings *args = &b->plan->network.args;

	args->v[args->n++] = word;
}

static void begin_words(struct plan_builder *b, const char *program, const struct network_words *w)
{
	struct strings *args = &b->plan->network.args;
	size_t max = 16 + 2 * (w->publish.n + w->egress.n);

	args->v = arena_alloc(&b->plan->arena, max * sizeof(*args->v));
	add_word(b, program);
}

static void add_pairs(struct plan_builder *b, const char *option, const struct strlist *values)
{
	for (size_t i = 0; i < values->n; i++) {
		add_word(b, option);
		add_word(b, plan_printf(b, "%s", values->v[i]));
	}
}

static const char *print(struct plan_builder *b, const struct net_address *a)
{
	char buffer[NET_ADDRESS_SIZE];

	return plan_printf(b, "%s", net_address_print(a, buffer));
}

static int plan_slirp(struct plan_builder *b, const struct asked *a, struct error *e)
{
	const struct network_words *w = a->words;
	struct plan_network *n = &b->plan->network;
	struct vnet vnet;
	int r = vnet_plan(&vnet, w->cidr, e);

	if (r < 0)
		return r;
	n->how = PLAN_NETWORK_SLIRP;
	n->program = b->host->network.lichen_net;
	n->address = print(b, &vnet.guest);
	n->nameserver = print(b, &vnet.nameserver);
	if (w->ipv6 != NETWORK_OFF) {
		n->address6 = print(b, &vnet.guest6);
		n->nameserver6 = print(b, &vnet.nameserver6);
	}
	begin_words(b, "lichen-net", w);
	add_word(b, "--configure");
	if (w->cidr)
		add_word(b, plan_printf(b, "--cidr=%s", w->cidr));
	add_word(b, plan_printf(b, "--mtu=%u", w->mtu ? w->mtu : VNET_MTU_DEFAULT));
	if (w->ipv6 != NETWORK_OFF)
		add_word(b, "--enable-ipv6");
	if (w->host_loopback != NETWORK_ON)
		add_word(b, "--disable-host-loopback");
	add_word(b, "--ready-fd=" PLAN_NETWORK_READY_FD);
	add_word(b, "--api-socket=" PLAN_NETWORK_SOCKET);
	add_word(b, "--status=" PLAN_NETWORK_STATUS);
	add_pairs(b, "--publish", &w->publish);
	add_pairs(b, "--egress", &w->egress);
	return 0;
}

/* passt(1): ADDRESS/HOST-LAST:GUEST-LAST. It has no free ports. */
static void add_pasta_port(struct plan_builder *b, const struct publication *p)
{
	char address[NET_ADDRESS_SIZE];

	net_address_print(&p->address, address);
	add_word(b, p->protocol == PUBLISH_TCP ? "--tcp-ports" : "--udp-ports");
	add_word(b,
		plan_printf(b, "%s%s%u-%u:%u-%u", address, *address ? "/" : "", p->host_port,
			p->host_port + p->n - 1, p->guest_port, p->guest_port + p->n - 1));
}

/* What it does by default is made for a shell of one's own: everything bound is forwarded. */
static int add_pasta_ports(struct plan_builder *b, const struct strlist *publish, struct error *e)
{
	size_t n_tcp = 0, n_udp = 0;

	for (size_t i = 0; i < publish->n; i++) {
		struct publication p;
		int r = publication_parse(publish->v[i], &p, e);

		if (r < 0)
			return r;
		if (p.host_port == 0) {
			error_set(e, ENOTSUP, "publish '%s': pasta can't choose a free port",
				publish->v[i]);
			return error_hint(e, "name a port, or use slirp");
		}
		add_pasta_port(b, &p);
		n_tcp += p.protocol == PUBLISH_TCP;
		n_udp += p.protocol == PUBLISH_UDP;
	}
	if (n_tcp == 0)
		add_word(b, "--tcp-ports=none");
	if (n_udp == 0)
		add_word(b, "--udp-ports=none");
	add_word(b, "--tcp-ns=none");
	add_word(b, "--udp-ns=none");
	return 0;
}

static int plan_pasta(struct plan_builder *b, const struct asked *a, struct error *e)
{
	struct plan_network *n = &b->plan->network;

	n->how = PLAN_NETWORK_PASTA;
	n->program = b->host->network.pasta;
	n->nameserver = PASTA_NAMESERVER;
	begin_words(b, "pasta", a->words);
	add_word(b, "--config-net");
	add_word(b, "--quiet");
	add_word(b, "--no-map-gw");
	add_word(b, "--dns-forward=" PASTA_NAMESERVER);
	add_word(b, "--pid=" PLAN_NETWORK_PID);
	return add_pasta_ports(b, &a->words->publish, e);
}

/* ---- what the container is told ---- */

/* Someone who mounts there has their own. */
static bool is_mounted(const struct plan_builder *b, const char *path)
{
	for (size_t i = 0; i < b->spec->mounts.n; i++) {
		CLEANUP(mem_free)
		char *target = path_clean("/", b->spec->mounts.v[i].destination);

		if (streq(target, path))
			return true;
	}
	return false;
}

static void add_file(struct plan_builder *b, const char *name, const struct text *text)
{
	struct plan_network *n = &b->plan->network;

	n->files[n->n_files++] = (struct plan_file){ .name = name,
		.path = plan_printf(b, "/etc/%s", name),
		.text = arena_strndup(&b->plan->arena, text->s, text->len) };
}

/*
 * Our name server has answers over TCP from a host's of the same family alone, and a program asks
 * again over TCP where it got a part of the answer: so the better family is first.
 */
static void add_nameservers(
	const struct plan_network *n, const struct resolver_file *host, struct text *out)
{
	const char *addresses[] = { n->nameserver, n->nameserver6 };
	size_t first = n->nameserver6 != NULL;

	for (size_t i = 0; i < host->n; i++)
		if (host->servers[i].address.family == AF_INET)
			first = 0;
	text_printf(out, "nameserver %s\n", addresses[first]);
	if (addresses[!first])
		text_printf(out, "nameserver %s\n", addresses[!first]);
}

static void add_resolv_conf(struct plan_builder *b)
{
	const char *host = b->host->network.resolv_conf;
	CLEANUP(text_release) struct text text = { 0 };
	struct resolver_file file;

	resolver_file_parse(host ? host : "", host ? strlen(host) : 0, &file);
	add_nameservers(&b->plan->network, &file, &text);
	if (*file.search)
		text_printf(&text, "search %s\n", file.search);
	if (*file.options)
		text_printf(&text, "options %s\n", file.options);
	add_file(b, "resolv.conf", &text);
}

/* RFC 1123 and the underscore; anything else would be a line of its own in the file. */
static bool is_host_name(const char *s)
{
	if (!s || !*s)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
			return false;
	return true;
}

static void add_hosts(struct plan_builder *b)
{
	const struct plan_network *n = &b->plan->network;
	const char *name = is_host_name(b->spec->hostname) ? b->spec->hostname : NULL;
	CLEANUP(text_release) struct text text = { 0 };

	text_puts(&text, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
	/* pasta gives the container an address of the host's, which we don't look up: hosts(5) of
	 * Debian has this one for a name without an address. */
	if (name)
		text_printf(&text, "%s %s\n", n->address ? n->address : "127.0.1.1", name);
	if (name && n->address6)
		text_printf(&text, "%s %s\n", n->address6, name);
	add_file(b, "hosts", &text);
}

static void plan_files(struct plan_builder *b)
{
	CLEANUP(text_release) struct text hostname = { 0 };

	if (!is_mounted(b, "/etc/resolv.conf"))
		add_resolv_conf(b);
	if (!is_mounted(b, "/etc/hosts"))
		add_hosts(b);
	if (!is_host_name(b->spec->hostname) || is_mounted(b, "/etc/hostname"))
		return;
	text_printf(&hostname, "%s\n", b->spec->hostname);
	add_file(b, "hostname", &hostname);
}

/* Read-only: the files are in the caller's state directory, which a container shall not fill. */
void plan_network_files(struct plan_builder *b)
{
	const struct plan_network *n = &b->plan->network;

	for (size_t i = 0; i < n->n_files; i++) {
		struct op *op = plan_add_op(b, OP_BIND);

		op->object = n->object;
		op->flags = OP_OF_CALLER;
		op->source = plan_printf(
			b, "%s/%s/%s", b->request->state_root, b->request->id, n->files[i].name);
		op->target = n->files[i].path;
		op->fs.attrs.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			MOUNT_ATTR_NOEXEC;
		op->fs.attrs.propagation = MS_PRIVATE;
	}
}

/* ---- who asks ---- */

static int plan_helper(struct plan_builder *b, const struct asked *a, struct error *e)
{
	struct plan_network *n = &b->plan->network;
	int r = a->words->mode == NETWORK_PASTA ? plan_pasta(b, a, e) : plan_slirp(b, a, e);

	if (r < 0)
		return error_context(e, "%s", a->object);
	n->object = a->object;
	n->publish.v = arena_alloc(
		&b->plan->arena, (a->words->publish.n + 1) * sizeof(*n->publish.v));
	for (size_t i = 0; i < a->words->publish.n; i++)
		n->publish.v[n->publish.n++] = plan_printf(b, "%s", a->words->publish.v[i]);
	plan_files(b);
	return 0;
}

/* auto: what was asked for by name and can't be had is an error even so. */
static int do_without(
	struct plan_builder *b, const struct asked *a, const struct error *why, struct error *e)
{
	if (a->words->publish.n > 0) {
		*e = *why;
		error_context(e, "publish '%s'", a->words->publish.v[0]);
		return error_context(e, "%s", a->object);
	}
	plan_warn(b, "the container has a loopback and no other network: %s%s%s", why->text,
		*why->hint ? "; " : "", why->hint);
	return 0;
}

static int plan_asked(struct plan_builder *b, const struct asked *a, struct error *e)
{
	struct error why;
	int r = 0;

	/* Whoever made the namespace has connected it, or not: there is nothing to do. */
	if (a->words->mode == NETWORK_AUTO && !plan_has_new(b, CLONE_NEWNET))
		return 0;
	switch (a->words->mode) {
	case NETWORK_SLIRP:
		r = check_slirp(b, e);
		break;
	case NETWORK_PASTA:
		r = check_pasta(b, e);
		break;
	case NETWORK_AUTO:
		if (check_slirp(b, &why) < 0)
			return do_without(b, a, &why, e);
		break;
	default:
		return 0;
	}
	return r < 0 ? error_context(e, "%s", a->object) : plan_helper(b, a, e);
}

/* ---- the annotation ---- */

/*
 * An image's author may have written it. Where engines call us, images' annotations turn up in
 * config.json; an ordinary user's is taken for that user's own.
 */
static int check_trust(const struct plan_builder *b, const struct network_words *w, struct error *e)
{
	const struct network_words *option = b->request->network;

	if (w->host_loopback == NETWORK_ON) {
		error_set(e, EPERM, "host-loopback: an annotation can't open the host's");
		return error_hint(e, "lichen run --network slirp:host-loopback=on ...");
	}
	if (b->host->ids.privilege == HOST_USER || (option && option->mode == NETWORK_CONFIG))
		return 0;
	error_set(e, EPERM,
		"an annotation may be an image's, and gets no network where lichen is root unless "
		"the command line allows it");
	return error_hint(e, "lichen run --network config ... obeys the annotation");
}

static int check_annotation(struct plan_builder *b, const struct network_words *w, struct error *e)
{
	if (w->mode == NETWORK_HOST || w->mode == NETWORK_PATH || w->mode == NETWORK_CONFIG) {
		error_set(e, EPERM,
			"an annotation asks for none, slirp, pasta or auto, not for '%s'",
			name_of(network_mode_names, w->mode));
		return error_hint(e, "linux.namespaces says whose network namespace it is");
	}
	if (plan_has_new(b, CLONE_NEWNET))
		return w->mode == NETWORK_NONE ? 0 : check_trust(b, w, e);
	error_set(e, EINVAL, "the container has no network namespace of its own");
	return error_hint(e,
		"add { \"type\": \"network\" } without a path to linux.namespaces, or "
		"remove the annotation");
}

static int plan_annotated(struct plan_builder *b, const char *text, struct error *e)
{
	CLEANUP(network_words_release) struct network_words words = { 0 };
	const struct asked asked = { &words,
		"config.json: annotations[\"" NETWORK_ANNOTATION "\"]" };
	struct error why;
	int r = network_words_parse(text, &words, e);

	if (r < 0)
		return error_context(e, "%s", asked.object);
	if (words.mode != NETWORK_AUTO || plan_has_new(b, CLONE_NEWNET))
		r = check_annotation(b, &words, &why);
	if (r == 0)
		return plan_asked(b, &asked, e);
	if (words.mode == NETWORK_AUTO && words.host_loopback != NETWORK_ON)
		return do_without(b, &asked, &why, e);
	*e = why;
	return error_context(e, "%s", asked.object);
}

int plan_network(struct plan_builder *b, struct error *e)
{
	const struct network_words *option = b->request->network;
	const char *annotation = plan_annotation(b, NETWORK_ANNOTATION);

	if (option && option->mode != NETWORK_UNSAID && option->mode != NETWORK_CONFIG)
		return plan_asked(b, &(struct asked){ option, OPTION }, e);
	return annotation ? plan_annotated(b, annotation, e) : 0;
}

/* ---- linux.namespaces, as the command line wants them ---- */

bool plan_network_is_asked(const struct spec *spec, const struct network_words *option)
{
	if (option && option->mode != NETWORK_UNSAID && option->mode != NETWORK_CONFIG)
		return option->mode == NETWORK_SLIRP || option->mode == NETWORK_PASTA ||
			option->mode == NETWORK_AUTO;
	for (size_t i = 0; i < spec->annotations.n; i++)
		if (streq(spec->annotations.v[i].key, NETWORK_ANNOTATION))
			return true;
	return false;
}

void plan_network_namespaces(
	const struct spec *spec, const struct network_words *option, struct spec_namespaces *out)
{
	const struct spec_namespaces *from = &spec->linux.namespaces;
	enum network_mode mode = option ? option->mode : NETWORK_UNSAID;
	struct spec_namespace *net;

	*out = (struct spec_namespaces){ .n = from->n,
		.v = xcalloc(from->n + 1, sizeof(*from->v)) };
	if (from->n > 0)
		memcpy(out->v, from->v, from->n * sizeof(*from->v));
	if (mode == NETWORK_UNSAID || mode == NETWORK_CONFIG)
		return;
	for (net = out->v; net < out->v + out->n && net->type != CLONE_NEWNET; net++)
		;
	/* auto leaves alone what is somebody else's; it is no request for a new one. */
	if (mode == NETWORK_AUTO && net < out->v + out->n)
		return;
	if (net == out->v + out->n && mode != NETWORK_HOST)
		out->n++;
	/* The places of the others are what errors name: nothing moves up. */
	*net = (struct spec_namespace){ .type = mode == NETWORK_HOST ? 0 : CLONE_NEWNET,
		.name = "network",
		.path = mode == NETWORK_PATH ? option->path : NULL };
}

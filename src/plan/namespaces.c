/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>

#include "plan/parts.h"

static const struct spec_namespace *find(const struct plan_builder *b, int64_t type)
{
	const struct spec_namespaces *all = b->namespaces;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].type == type)
			return &all->v[i];
	return NULL;
}

/* An ordinary user needs a user namespace for everything, so there is one even if nobody said so.
 */
static bool needs_own_user_namespace(const struct plan_builder *b)
{
	return b->host->ids.privilege == HOST_USER && !find(b, CLONE_NEWUSER);
}

bool plan_has_new(const struct plan_builder *b, int64_t type)
{
	const struct spec_namespace *ns = find(b, type);

	if (type == CLONE_NEWUSER && needs_own_user_namespace(b))
		return true;
	return ns && !ns->path;
}

bool plan_has_joined(const struct plan_builder *b, int64_t type)
{
	const struct spec_namespace *ns = find(b, type);

	return ns && ns->path;
}

bool plan_is_confined(const struct plan_builder *b)
{
	return b->host->ids.privilege != HOST_ROOT || b->other_user_namespace;
}

/* "--network ns:PATH", or config.json. */
static const char *origin_of(struct plan_builder *b, size_t i)
{
	const struct network_words *w = b->request->network;

	if (w && w->mode == NETWORK_PATH && b->namespaces->v[i].type == CLONE_NEWNET)
		return "--network";
	return plan_printf(b, "config.json: linux.namespaces[%zu].path", i);
}

static struct plan_join join_of(struct plan_builder *b, size_t i)
{
	const struct spec_namespace *ns = &b->namespaces->v[i];

	return (struct plan_join){ .type = ns->type,
		.fd = b->request->namespace_fds ? b->request->namespace_fds[i] : -EBADF,
		.name = ns->name,
		.path = ns->path,
		.origin = origin_of(b, i) };
}

/*
 * A namespace is entered with the capabilities that we hold over its owner. Where the user
 * namespace changes, one that our present user namespace owns must be entered before; any other
 * one can only be entered after. Who owns it the kernel tells: no trying.
 */
static bool belongs_to_us(const struct plan_builder *b, size_t i)
{
	return b->request->namespace_owners &&
		b->request->namespace_owners[i] == b->host->ids.user_namespace;
}

static int check_joinable(struct plan_builder *b, size_t i, struct error *e)
{
	const struct spec_namespace *ns = &b->namespaces->v[i];

	if (b->host->ids.privilege != HOST_USER || !belongs_to_us(b, i) ||
		ns->type == CLONE_NEWUSER)
		return 0;
	error_set(e, EPERM, "%s: '%s' belongs to the host, and an ordinary user can't enter it",
		origin_of(b, i), ns->path);
	if (ns->type == CLONE_NEWNET && b->request->network &&
		b->request->network->mode == NETWORK_PATH)
		return error_hint(e, "--network host stays in the host's own");
	return error_hint(e,
		"leave the %s namespace out of linux.namespaces to stay in the host's, or "
		"join the user namespace that owns it too",
		ns->name);
}

static int plan_joins(struct plan_builder *b, struct error *e)
{
	const struct spec_namespaces *all = b->namespaces;
	struct plan_namespaces *out = &b->plan->namespaces;
	bool user_changes = find(b, CLONE_NEWUSER) || needs_own_user_namespace(b);

	out->before = arena_alloc(&b->plan->arena, (all->n + 1) * sizeof(*out->before));
	out->after = arena_alloc(&b->plan->arena, (all->n + 1) * sizeof(*out->after));
	for (size_t i = 0; i < all->n; i++) {
		int r;

		if (!all->v[i].path)
			continue;
		r = check_joinable(b, i, e);
		if (r < 0)
			return r;
		if (all->v[i].type != CLONE_NEWUSER && user_changes && belongs_to_us(b, i))
			out->before[out->n_before++] = join_of(b, i);
	}
	/* Then the user namespace, then the PID namespace, which takes effect on children alone. */
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].path && all->v[i].type == CLONE_NEWUSER)
			out->before[out->n_before++] = join_of(b, i);
	for (size_t i = 0; i < all->n; i++) {
		bool early = user_changes && belongs_to_us(b, i);

		if (!all->v[i].path || all->v[i].type == CLONE_NEWUSER || early)
			continue;
		if (all->v[i].type == CLONE_NEWPID)
			out->before[out->n_before++] = join_of(b, i);
		else
			out->after[out->n_after++] = join_of(b, i);
	}
	return 0;
}

static void plan_offsets(struct plan_builder *b)
{
	const struct spec_time_offsets *t = b->spec->linux.time_offsets;
	const struct spec_time_offset none = { 0 };
	const struct spec_time_offset *mono, *boot;

	if (!t)
		return;
	mono = t->monotonic ? t->monotonic : &none;
	boot = t->boottime ? t->boottime : &none;
	b->plan->namespaces.time_offsets = plan_printf(b, "monotonic %lld %u\nboottime %lld %u\n",
		(long long)mono->secs, mono->nanosecs, (long long)boot->secs, boot->nanosecs);
}

int plan_namespaces(struct plan_builder *b, struct error *e)
{
	static const int64_t later[] = { CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET,
		CLONE_NEWCGROUP };
	struct plan_namespaces *out = &b->plan->namespaces;
	int r;

	if (!find(b, CLONE_NEWNS)) {
		error_set(
			e, ENOTSUP, "config.json: linux.namespaces: a mount namespace is required");
		return error_hint(e, "add { \"type\": \"mount\" } to linux.namespaces");
	}
	if (plan_has_new(b, CLONE_NEWUSER))
		out->clone_flags |= CLONE_NEWUSER;
	if (plan_has_new(b, CLONE_NEWPID))
		out->clone_flags |= CLONE_NEWPID;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (plan_has_new(b, later[i]))
			out->unshare_flags |= (uint64_t)later[i];
	out->new_time = plan_has_new(b, CLONE_NEWTIME);
	plan_offsets(b);
	r = plan_joins(b, e);
	if (r < 0)
		return r;
	/* In a new user namespace's mount namespace they are slaves already (mount_namespaces(7)).
	 */
	out->make_slave = plan_has_new(b, CLONE_NEWNS) && !find(b, CLONE_NEWUSER) &&
		!needs_own_user_namespace(b);
	out->hidden = plan_has_joined(b, CLONE_NEWUSER) ||
		(!(out->clone_flags & CLONE_NEWUSER) && !(out->clone_flags & CLONE_NEWPID));
	return 0;
}

int plan_identity(struct plan_builder *b, struct error *e)
{
	(void)e;
	if (plan_has_new(b, CLONE_NEWNET))
		plan_add_op(b, OP_LOOPBACK)->object = "linux.namespaces";
	if (b->plan->network.how != PLAN_NETWORK_NOTHING) {
		struct op *op = plan_add_op(b, OP_NETWORK);

		op->object = b->plan->network.object;
		op->flags = OP_OF_CALLER;
	}
	if (b->spec->hostname && *b->spec->hostname) {
		struct op *op = plan_add_op(b, OP_HOSTNAME);

		op->object = "hostname";
		op->text = b->spec->hostname;
	}
	if (b->spec->domainname && *b->spec->domainname) {
		struct op *op = plan_add_op(b, OP_DOMAINNAME);

		op->object = "domainname";
		op->text = b->spec->domainname;
	}
	return 0;
}

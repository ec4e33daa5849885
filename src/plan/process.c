/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>

#include "plan/annotations.h"
#include "plan/parts.h"

static int not_mapped(
	struct plan_builder *b, const char *path, const char *what, uint32_t id, struct error *e)
{
	error_set(e, EINVAL, "%s%s: %s %u has no mapping in the user namespace",
		b->plan->process.origin, path, what, id);
	return error_hint(e,
		"map it in linux.uidMappings and linux.gidMappings; with one's own ID alone "
		"(no line in /etc/subuid) only user and group 0 exist");
}

/*
 * Podman's --group-add keep-groups comes as an annotation alone. It counts where whoever calls us
 * made the user namespace that we are in: an engine, whose own groups these are, and who can tell
 * its users' annotations from an image's (features.md). Elsewhere the command line has to say it.
 */
static int choose_groups(struct plan_builder *b, struct error *e)
{
	struct plan_process *p = &b->plan->process;
	bool asked;
	int r = plan_annotation_switch(b, ANNOTATION_KEEP_GROUPS, &asked, e);

	if (r < 0)
		return r;
	p->keep_groups = b->request->keep_groups;
	if (!asked || p->keep_groups)
		return 0;
	if (b->host->ids.privilege != HOST_NAMESPACE_ROOT) {
		error_set(e, EPERM,
			"config.json: annotations[\"%s\"]: an annotation alone does not keep the "
			"caller's groups here",
			ANNOTATION_KEEP_GROUPS);
		return error_hint(e,
			"lichen create --keep-groups, if the container is to have them; or "
			"remove the annotation");
	}
	p->keep_groups = true;
	return 0;
}

/* setgroups(2) replaces all of them, and can't name those that have no mapping. */
static int plan_groups(struct plan_builder *b, struct error *e)
{
	struct plan_process *p = &b->plan->process;
	const struct spec_u32s *gids = &b->process->user.additional_gids;
	int r = choose_groups(b, e);

	if (r < 0 || gids->n == 0)
		return r;
	if (p->keep_groups) {
		plan_not_applied(b, "process.user.additionalGids");
		plan_warn(b,
			"%suser.additionalGids: left out: the caller's groups are kept, and the "
			"kernel knows no way to have both",
			p->origin);
		return 0;
	}
	for (size_t i = 0; i < gids->n; i++)
		if (!plan_gid_mapped(b, gids->v[i]))
			return not_mapped(b, plan_printf(b, "user.additionalGids[%zu]", i), "group",
				gids->v[i], e);
	if (b->plan->namespaces.deny_setgroups) {
		error_set(e, EPERM,
			"%suser.additionalGids: the kernel lets nobody set groups where one's own "
			"group alone is mapped",
			p->origin);
		return error_hint(e,
			"map more groups through newgidmap (a line in /etc/subgid), or remove "
			"additionalGids");
	}
	p->n_groups = gids->n;
	p->groups = gids->v;
	return 0;
}

static int plan_user(struct plan_builder *b, struct error *e)
{
	struct plan_process *p = &b->plan->process;
	const struct spec_user *u = &b->process->user;

	if (!plan_uid_mapped(b, u->uid))
		return not_mapped(b, "user.uid", "user", u->uid, e);
	if (!plan_gid_mapped(b, u->gid))
		return not_mapped(b, "user.gid", "group", u->gid, e);
	p->uid = u->uid;
	p->gid = u->gid;
	p->umask = u->umask;
	return plan_groups(b, e);
}

/* Names → mask. What can't be granted is warned about, as config.md demands, and left out. */
static uint64_t mask_of(
	struct plan_builder *b, const struct strings *names, const char *set, uint64_t grantable)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->n; i++) {
		const struct name *found = name_find(cap_names, names->v[i]);
		const char *why = NULL;

		if (!found)
			why = "is unknown";
		else if (found->value > b->host->cap_last)
			why = "is unknown to this kernel";
		else if (!(grantable & 1ull << found->value))
			why = "can't be granted";
		if (why)
			plan_warn(b, "%scapabilities.%s[%zu]: '%s' %s", b->plan->process.origin,
				set, i, names->v[i], why);
		else
			mask |= 1ull << found->value;
	}
	return mask;
}

static void plan_caps(struct plan_builder *b)
{
	const struct spec_capabilities *c = b->process->capabilities;
	struct cap_sets *out = &b->plan->process.caps;
	uint64_t all = b->other_user_namespace ? ~0ull : b->host->capabilities;

	/* On the host itself a node that is made works unless a filter holds it back. */
	if (!plan_filters_devices(b))
		all &= ~(1ull << CAP_MKNOD);

	if (!c)
		return;
	out->bounding = mask_of(b, &c->bounding, "bounding", all);
	out->permitted = mask_of(b, &c->permitted, "permitted", all);
	/* capset(2): none that the bounding set has not. */
	out->inheritable = mask_of(b, &c->inheritable, "inheritable", all & out->bounding);
	out->effective = mask_of(b, &c->effective, "effective", out->permitted);
	/* capabilities(7): ambient only what is both permitted and inheritable. */
	out->ambient = mask_of(b, &c->ambient, "ambient", out->permitted & out->inheritable);
}

static int limit_too_high(
	struct plan_builder *b, size_t i, struct plan_rlimit *limit, struct error *e)
{
	rlim_t own = b->host->rlimits[limit->resource].rlim_max;

	if (b->request->best_effort & PLAN_BEST_EFFORT_RLIMITS) {
		limit->raise = false;
		limit->limit.rlim_max = own;
		if (limit->limit.rlim_cur > own)
			limit->limit.rlim_cur = own;
		plan_not_applied(b, "process.rlimits[%zu]", i);
		return 0;
	}
	error_set(e, EPERM, "%srlimits[%zu].hard: %s %llu is more than your own hard limit of %llu",
		b->plan->process.origin, i, limit->name, (unsigned long long)limit->limit.rlim_max,
		(unsigned long long)own);
	return error_hint(e,
		"raise yours in /etc/security/limits.conf, or take what there is: "
		"lichen --best-effort=rlimits ...");
}

static int plan_rlimits(struct plan_builder *b, struct error *e)
{
	const struct spec_rlimits *from = &b->process->rlimits;
	struct plan_process *p = &b->plan->process;
	bool may_raise = b->host->ids.privilege == HOST_ROOT &&
		(b->host->capabilities & 1ull << CAP_SYS_RESOURCE);

	p->rlimits = arena_alloc(&b->plan->arena, (from->n + 1) * sizeof(*p->rlimits));
	for (size_t i = 0; i < from->n; i++) {
		struct plan_rlimit *out = &p->rlimits[p->n_rlimits++];
		int r = 0;

		*out = (struct plan_rlimit){ .resource = (int)from->v[i].type,
			.limit = { from->v[i].soft, from->v[i].hard },
			.name = from->v[i].name,
			.index = i };
		out->raise = from->v[i].hard > b->host->rlimits[from->v[i].type].rlim_max;
		if (out->raise && !may_raise)
			r = limit_too_high(b, i, out, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A lower value needs a privilege (proc(5)); the present one is always allowed. */
static void plan_oom_score(struct plan_builder *b)
{
	struct opt_i64 *score = &b->plan->process.oom_score_adj;

	*score = b->process->oom_score_adj;
	if (!score->set || score->v >= b->host->oom_score_adj ||
		!(b->request->best_effort & PLAN_BEST_EFFORT_OOM) ||
		(b->host->ids.privilege == HOST_ROOT &&
			(b->host->capabilities & 1ull << CAP_SYS_RESOURCE)))
		return;
	score->v = b->host->oom_score_adj;
	plan_not_applied(b, "process.oomScoreAdj");
}

static void plan_window(struct plan_builder *b)
{
	const struct spec_console_size *size = b->process->console_size;

	if (!size || !b->process->terminal)
		return;
	b->plan->process.window.set = true;
	b->plan->process.window.rows = (uint16_t)size->height;
	b->plan->process.window.columns = (uint16_t)size->width;
}

static int plan_terminal(struct plan_builder *b, struct error *e)
{
	b->plan->process.terminal = b->process->terminal;
	if (!b->process->terminal || b->request->may_use_terminal)
		return 0;
	error_set(e, ENOTTY, "%sterminal: is true, and there is no terminal to give",
		b->plan->process.origin);
	if (b->plan->namespaces.of_init)
		return error_hint(e,
			"leave out --tty, run it from a terminal in the foreground, or pass "
			"--console-socket");
	return error_hint(e,
		"set \"terminal\": false in config.json, run it from a terminal in the "
		"foreground, or pass --console-socket");
}

int plan_process(struct plan_builder *b, struct error *e)
{
	const struct spec_process *from = b->process;
	struct plan_process *p = &b->plan->process;
	int r = plan_terminal(b, e);

	if (r == 0)
		r = plan_user(b, e);
	if (r == 0)
		r = plan_rlimits(b, e);
	if (r < 0)
		return r;
	plan_caps(b);
	plan_oom_score(b);
	plan_window(b);
	p->cwd = from->cwd;
	p->args = &from->args;
	p->env = &from->env;
	p->no_new_privileges = from->no_new_privileges;
	p->new_keyring = !b->request->no_new_keyring;
	p->n_fds = b->request->n_fds;
	p->listen_fds = b->request->listen_fds;
	p->notify_socket = b->request->notify_socket ? PLAN_NOTIFY_SOCKET : NULL;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes the container's cgroup, where, and what is written to it. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>

#include "base/path.h"
#include "plan/annotations.h"
#include "plan/parts.h"

/* The default slice of a scope for runc and crun, too; for the system manager another one. */
#define USER_SLICE   "user.slice"
#define SYSTEM_SLICE "system.slice"

static const char *wanted_path(const struct plan_builder *b)
{
	const char *path = b->spec->linux.cgroups_path;

	return path && *path ? path : NULL;
}

/* "slice:prefix:name", which only systemd can make something of. */
static bool is_scope_form(const char *path)
{
	const char *colon = path[0] == '/' ? NULL : strchr(path, ':');

	return colon && strchr(colon + 1, ':');
}

/* ---- what can't be done ---- */

static bool may_leave_out(const struct plan_builder *b)
{
	return b->request->best_effort & PLAN_BEST_EFFORT_CGROUP;
}

/* A limit that was asked for, and nothing that could hold it. */
static int no_holder(struct plan_builder *b, const char *object, const char *why, struct error *e)
{
	if (may_leave_out(b)) {
		plan_not_applied(b, "linux.resources.%s", object);
		return 0;
	}
	error_set(e, ENOTSUP, "config.json: linux.resources.%s: no cgroup here can hold it: %s",
		object, why);
	return plan_hint_cgroup(b, e);
}

static int not_possible(void *arg, const char *object, const char *why, struct error *e)
{
	struct plan_builder *b = arg;

	if (may_leave_out(b)) {
		plan_not_applied(b, "linux.resources.%s", object);
		return 0;
	}
	error_set(e, ENOTSUP, "config.json: linux.resources.%s: %s", object, why);
	return error_hint(e,
		"remove it from config.json, or run without it: lichen --best-effort=cgroup ...");
}

/* The caller named a manager, or a limit needs one: else the container does without a cgroup. */
static int without(struct plan_builder *b, const char *why, struct error *e)
{
	const struct resource_settings *s = b->plan->cgroup.settings;

	b->plan->cgroup.how = PLAN_CGROUP_NONE;
	for (size_t i = 0; i < s->n; i++) {
		int r = s->v[i].lifts ? 0 : no_holder(b, s->v[i].object, why, e);

		if (r < 0)
			return r;
	}
	if (wanted_path(b))
		plan_not_applied(b, "linux.cgroupsPath");
	return 0;
}

static int refuse_manager(
	struct plan_builder *b, const char *manager, const char *why, struct error *e)
{
	if (may_leave_out(b))
		return without(b, why, e);
	error_set(e, ENOTSUP, "make a cgroup by the manager '%s': %s", manager, why);
	return plan_hint_cgroup(b, e);
}

/* ---- scopes ---- */

/* systemd.unit(5): what a unit's name may be made of. */
static bool is_unit_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(":-_.\\@", c));
}

/* What may not be in a unit's name is written as \xNN (systemd.unit(5)). */
static const char *escaped(struct plan_builder *b, const char *id)
{
	CLEANUP(text_release) struct text t = { 0 };

	for (; *id; id++)
		if (is_unit_char(*id))
			text_add(&t, id, 1);
		else
			text_printf(&t, "\\x%02x", (unsigned char)*id);
	return plan_printf(b, "%s", t.s);
}

/* systemd.unit(5) and mkdir(2) agree on how long a name may be; a digest tells longer ones apart.
 */
static const char *name_for(struct plan_builder *b, const char *id, const char *suffix)
{
	size_t room = NAME_MAX - strlen("lichen-") - strlen(suffix);

	if (strlen(id) <= room)
		return plan_printf(b, "lichen-%s%s", id, suffix);
	return plan_printf(b, "lichen-%.*s-%016llx%s", (int)room - 17, id,
		(unsigned long long)str_hash(id, strlen(id)), suffix);
}

static int check_unit(struct plan_builder *b, const char *name, const char *suffix, struct error *e)
{
	size_t len = strlen(name), end = strlen(suffix);
	bool good = len > end && len < 256 && streq(name + len - end, suffix);

	(void)b;
	for (const char *c = name; good && *c; c++)
		good = is_unit_char(*c);
	if (good)
		return 0;
	error_set(e, EINVAL, "config.json: linux.cgroupsPath: '%s' is no name of a systemd %s",
		name, suffix + 1);
	return error_hint(e, "write it as SLICE:PREFIX:NAME, such as user.slice:lichen:web");
}

/* "slice:prefix:name" → the slice and "prefix-name.scope". */
static int split_scope(struct plan_builder *b, const char *path, struct error *e)
{
	struct plan_cgroup *c = &b->plan->cgroup;
	const char *prefix = strchr(path, ':') + 1, *name = strchr(prefix, ':') + 1;
	int prefix_len = (int)(name - prefix - 1);
	int r;

	if (prefix > path + 1)
		c->slice = plan_printf(b, "%.*s", (int)(prefix - path - 1), path);
	c->unit = prefix_len > 0 ? plan_printf(b, "%.*s-%s.scope", prefix_len, prefix, name)
				 : plan_printf(b, "%s.scope", name);
	r = check_unit(b, c->slice, ".slice", e);
	return r < 0 ? r : check_unit(b, c->unit, ".scope", e);
}

static int use_scope(struct plan_builder *b, struct error *e)
{
	struct plan_cgroup *c = &b->plan->cgroup;
	const char *path = wanted_path(b);

	c->how = PLAN_CGROUP_SCOPE;
	c->helper = b->request->scope_helper;
	c->slice = b->host->ids.privilege == HOST_ROOT ? SYSTEM_SLICE : USER_SLICE;
	c->unit = name_for(b, escaped(b, b->request->id), ".scope");
	c->description = plan_printf(
		b, "lichen container %s of %s", b->request->id, b->request->state_root);
	if (path && split_scope(b, path, e) < 0)
		return -e->code;
	return plan_scope_properties(b, e);
}

/* ---- directories ---- */

/* What can't be held is refused, or goes from the list. */
static int check_controllers(struct plan_builder *b, struct error *e)
{
	struct resource_settings *all = b->settings;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct resource_setting *s = &all->v[i];

		if (!s->controller || host_cgroup_has(&b->host->cgroup, s->controller)) {
			all->v[n++] = *s;
			continue;
		}
		if (s->lifts)
			continue;
		if (may_leave_out(b)) {
			plan_not_applied(b, "linux.resources.%s", s->object);
			continue;
		}
		error_set(e, ENOTSUP,
			"config.json: linux.resources.%s: the cgroup '%s' has not been given the "
			"controller '%s'",
			s->object, b->host->cgroup.base, s->controller);
		return plan_hint_delegate(&b->host->cgroup, b->host->cgroup.base, s->controller, e);
	}
	all->n = n;
	return 0;
}

/* What a caller that takes all of the tree for its own names ("/default/ID") begins at base. */
static const char *directory_for(struct plan_builder *b, const char *path)
{
	const char *base = b->host->cgroup.base;
	CLEANUP(mem_free) char *clean = path_clean(base, path);

	if (path_beneath(clean, base))
		return plan_printf(b, "%s", clean);
	plan_note(b,
		"config.json: linux.cgroupsPath: '%s' begins nowhere, and is made beneath '%s'",
		path, base);
	return plan_printf(b, "%s%s", base, clean);
}

static int use_directory(struct plan_builder *b, struct error *e)
{
	struct plan_cgroup *c = &b->plan->cgroup;
	const char *path = wanted_path(b);

	c->how = PLAN_CGROUP_DIRECTORY;
	c->base = b->host->cgroup.base;
	c->path = directory_for(b, path ? path : name_for(b, b->request->id, ""));
	if (streq(c->path, "/") || streq(c->path, c->base)) {
		error_set(e, EINVAL,
			"config.json: linux.cgroupsPath: '%s' is a cgroup that is there already",
			path);
		return error_hint(e, "name a new one beneath it");
	}
	return check_controllers(b, e);
}

/* ---- the choice ---- */

static const char *why_no_systemd(const struct plan_builder *b)
{
	if (!b->host->cgroup.mount)
		return "this host has no cgroup v2";
	if (!b->host->cgroup.systemd)
		return b->host->ids.privilege == HOST_ROOT ? "this host does not run systemd"
							   : "no systemd user manager answers";
	return "lichen-scope is not installed";
}

static bool has_systemd(const struct plan_builder *b)
{
	return b->host->cgroup.mount && b->host->cgroup.systemd && b->request->scope_helper;
}

static const char *why_no_directory(const struct plan_builder *b)
{
	if (!b->host->cgroup.mount)
		return "this host has no cgroup v2";
	return wanted_path(b) && wanted_path(b)[0] == '/'
		? "nothing there is yours to write to, or to move a process to"
		: "the cgroup that lichen was started in is not yours";
}

static int choose_systemd(struct plan_builder *b, struct error *e)
{
	const char *path = wanted_path(b);

	if (path && !is_scope_form(path)) {
		error_set(e, EINVAL,
			"config.json: linux.cgroupsPath: '%s' is not of the form "
			"SLICE:PREFIX:NAME, "
			"which the systemd manager needs",
			path);
		return error_hint(
			e, "write user.slice:lichen:NAME, or use --cgroup-manager=cgroupfs");
	}
	return has_systemd(b) ? use_scope(b, e)
			      : refuse_manager(b, "systemd", why_no_systemd(b), e);
}

static int choose_cgroupfs(struct plan_builder *b, struct error *e)
{
	return b->host->cgroup.base ? use_directory(b, e)
				    : refuse_manager(b, "cgroupfs", why_no_directory(b), e);
}

/* systemd owns the tree where it runs; a path that is none of its names it can't make. */
static int choose(struct plan_builder *b, struct error *e)
{
	const char *path = wanted_path(b);

	if (path && is_scope_form(path))
		return has_systemd(b) ? use_scope(b, e) : without(b, why_no_systemd(b), e);
	if (!path && has_systemd(b))
		return use_scope(b, e);
	return b->host->cgroup.base ? use_directory(b, e) : without(b, why_no_directory(b), e);
}

/* ---- the cgroup namespace and who owns it ---- */

static bool mounts_cgroup_writable(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct spec_mount *m = &spec->mounts.v[i];
		bool readonly = false;

		if (!m->type || !str_starts(m->type, "cgroup") ||
			!streq(m->destination, "/sys/fs/cgroup"))
			continue;
		for (size_t k = 0; k < m->options.n; k++)
			readonly |= streq(m->options.v[k], "ro") || streq(m->options.v[k], "rro");
		return !readonly;
	}
	return false;
}

/* config-linux.md, Cgroup ownership. */
static enum plan_give whom_to_give(const struct plan_builder *b)
{
	if (!b->plan->cgroup.new_namespace || !mounts_cgroup_writable(b->spec))
		return PLAN_GIVE_NOT;
	if (b->host->ids.privilege != HOST_USER &&
		(plan_has_new(b, CLONE_NEWUSER) || plan_has_joined(b, CLONE_NEWUSER)))
		return PLAN_GIVE_OUTSIDE;
	return PLAN_GIVE_INSIDE;
}

void plan_enter_cgroup(struct plan_builder *b)
{
	if (b->plan->cgroup.how == PLAN_CGROUP_NONE || b->cgroup_entered)
		return;
	b->cgroup_entered = true;
	plan_add_op(b, OP_CGROUP)->object = "linux.cgroupsPath";
}

/* Podman writes 0 for --pids-limit=0, which its manual calls "no limit"; up to 5.4 at least. */
static bool is_of_podman(const struct plan_builder *b)
{
	const char *manager = plan_annotation(b, ANNOTATION_MANAGER);

	return manager && streq(manager, "libpod");
}

int plan_cgroup(struct plan_builder *b, struct error *e)
{
	static int (*const choices[])(struct plan_builder *, struct error *) = {
		[PLAN_CGROUP_AUTO] = choose,
		[PLAN_CGROUP_SYSTEMD] = choose_systemd,
		[PLAN_CGROUP_CGROUPFS] = choose_cgroupfs,
	};
	static const struct spec_resources nothing;
	const struct spec_resources *r = b->spec->linux.resources;
	const struct resource_policy policy = {
		.not_possible = not_possible, .arg = b, .no_pids_means_any = is_of_podman(b)
	};
	struct resource_settings *settings = arena_alloc(&b->plan->arena, sizeof(*settings));
	struct plan_cgroup *c = &b->plan->cgroup;
	int result = resources_digest(r ? r : &nothing, &policy, &b->plan->arena, settings, e);

	c->settings = b->settings = settings;
	c->best_effort = may_leave_out(b);
	if (result < 0)
		return result;
	if (b->request->cgroup_manager == PLAN_CGROUP_DISABLED)
		return without(b, "--cgroup-manager=disabled", e);
	result = choices[b->request->cgroup_manager](b, e);
	if (result < 0 || c->how == PLAN_CGROUP_NONE)
		return result;
	/* The namespace's root is where we are when it is made, so not before we are there. */
	c->new_namespace = plan_has_new(b, CLONE_NEWCGROUP);
	b->plan->namespaces.unshare_flags &= ~(uint64_t)CLONE_NEWCGROUP;
	c->give = whom_to_give(b);
	return 0;
}

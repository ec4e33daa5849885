/* SPDX-License-Identifier: Apache-2.0 */
/* What would make a cgroup, or a controller in it, possible here: a line to type. */
#include <string.h>

#include "plan/parts.h"

/* systemd.resource-control(5): what Delegate= knows. */
static const char *const systemd_controllers[] = { "cpu", "cpuset", "io", "memory", "pids" };

static bool is_word_of(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (streq(words[i], word))
			return true;
	return false;
}

/* Nothing helps but another boot, or another mount. */
static bool hint_hierarchy(const struct host_cgroup *c, struct error *e)
{
	switch (c->kind) {
	case HOST_CGROUP_V1:
	case HOST_CGROUP_HYBRID:
		error_hint(e,
			"this host has cgroup v1: boot it with systemd.unified_cgroup_hierarchy=1, "
			"or go without the limit: lichen --best-effort=cgroup ...");
		return true;
	case HOST_CGROUP_NONE:
		error_hint(e,
			"no cgroup v2 is mounted at /sys/fs/cgroup: mount -t cgroup2 cgroup2 "
			"/sys/fs/cgroup, or go without the limit: lichen --best-effort=cgroup ...");
		return true;
	case HOST_CGROUP_V2:
		break;
	}
	return false;
}

/* As the host knows us: in a user namespace that somebody made we are 0, or somebody else. */
static const char *user_of(struct plan_builder *b)
{
	const struct host_ids *ids = &b->host->ids;

	return ids->privilege == HOST_USER && ids->user_name && *ids->user_name
		? ids->user_name
		: plan_printf(b, "%u", host_outside_uid(b->host));
}

static int hint_for_user(struct plan_builder *b, struct error *e)
{
	const struct host_cgroup *c = &b->host->cgroup;
	const char *user = user_of(b);

	if (c->systemd)
		return error_hint(e,
			"systemd-run --user --scope -p Delegate=yes lichen ... makes a cgroup "
			"that is yours; or let systemd make it: lichen --systemd-cgroup ...");
	if (c->systemd_runs)
		return error_hint(e,
			"as root: loginctl enable-linger %s (it starts a systemd of your own); or "
			"start lichen in a cgroup that is yours",
			user);
	return error_hint(e,
		"as root: cd %s && mkdir %s && chown -R %s %s && for c in $(cat "
		"cgroup.controllers); do echo +$c >cgroup.subtree_control; done; echo $$ "
		">%s/cgroup.procs (then become %s in the same shell)",
		c->mount, user, user, user, user, user);
}

int plan_hint_cgroup(struct plan_builder *b, struct error *e)
{
	const struct host_cgroup *c = &b->host->cgroup;

	if (b->request->cgroup_manager == PLAN_CGROUP_DISABLED)
		return error_hint(e,
			"leave out --cgroup-manager=disabled (Podman: --cgroups=disabled), or go "
			"without the limit: lichen --best-effort=cgroup ...");
	if (c->systemd && !b->request->scope_helper)
		return error_hint(e,
			"install lichen-scope, which belongs to lichen, or name its directory in "
			"LICHEN_HELPERS");
	if (hint_hierarchy(c, e))
		return -e->code;
	if (b->host->ids.privilege == HOST_ROOT)
		return error_hint(e,
			"make it writable: mount -o remount,rw %s; or go without the limit: lichen "
			"--best-effort=cgroup ...",
			c->mount);
	return hint_for_user(b, e);
}

/* Every cgroup from the root down to path, as words for a shell. */
static void print_path(const struct host_cgroup *c, const char *path, struct text *out)
{
	text_printf(out, "'%s'", c->mount);
	for (size_t len = 0; path[len] && path[len + 1];) {
		len += 1 + strcspn(path + len + 1, "/");
		text_printf(out, " '%s%.*s'", c->mount, (int)len, path);
	}
}

int plan_hint_delegate(
	const struct host_cgroup *c, const char *path, const char *controller, struct error *e)
{
	CLEANUP(text_release) struct text all = { 0 };

	if (hint_hierarchy(c, e))
		return -e->code;
	if (c->known.n > 0 && !is_word_of((const char *const *)c->known.v, c->known.n, controller))
		return error_hint(e,
			"%s has no controller '%s': the kernel was built without it, or cgroup v1 "
			"has it; go without the limit: lichen --best-effort=cgroup ...",
			c->mount, controller);
	if (c->systemd_runs &&
		is_word_of(systemd_controllers, ARRAY_SIZE(systemd_controllers), controller))
		return error_hint(e,
			"as root: mkdir -p /etc/systemd/system/user@.service.d && printf "
			"'[Service]\\nDelegate=cpu cpuset io memory pids\\n' "
			">/etc/systemd/system/user@.service.d/delegate.conf && systemctl "
			"daemon-reload (then log in anew)");
	print_path(c, path, &all);
	return error_hint(e, "as root: for d in %s; do echo +%s >$d/cgroup.subtree_control; done",
		all.s, controller);
}

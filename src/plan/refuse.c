/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is understood and can't be done: said by name, before anything exists. Rows leave this file
 * as the properties come to be applied.
 */
#include <errno.h>

#include "plan/parts.h"

static int not_yet(const char *path, struct error *e)
{
	error_set(e, ENOTSUP, "config.json: %s: is not supported by this version of lichen", path);
	return error_hint(
		e, "remove it from config.json: the container would have to do without it");
}

static int refuse_process(struct plan_builder *b, struct error *e)
{
	const struct spec_process *p = b->spec->process;

	if (!p) {
		error_set(e, EINVAL, "config.json: process: is required");
		return error_hint(e, "lichen spec writes a complete config.json");
	}
	if (p->apparmor_profile && *p->apparmor_profile)
		return not_yet("process.apparmorProfile", e);
	if (p->selinux_label && *p->selinux_label)
		return not_yet("process.selinuxLabel", e);
	return 0;
}

static int refuse_linux(struct plan_builder *b, struct error *e)
{
	const struct spec_linux *l = &b->spec->linux;

	if (l->net_devices.n > 0)
		return not_yet("linux.netDevices", e);
	if (l->intel_rdt)
		return not_yet("linux.intelRdt", e);
	if (l->mount_label && *l->mount_label)
		return not_yet("linux.mountLabel", e);
	return 0;
}

/* -1 is "none" where the specification says so. */
static bool limits_memory(const struct spec_memory *m)
{
	return m &&
		((m->limit.set && m->limit.v != -1) || (m->swap.set && m->swap.v != -1) ||
			(m->reservation.set && m->reservation.v != -1) || m->kernel.set ||
			m->kernel_tcp.set || m->swappiness.set || m->disable_oom_killer.v);
}

static bool limits_cpu(const struct spec_cpu *c)
{
	return c &&
		(c->shares.set || c->period.set || c->burst.set ||
			(c->quota.set && c->quota.v != -1) || c->idle.set ||
			c->realtime_period.set || c->realtime_runtime.set || c->cpus || c->mems);
}

static int cgroup_missing(struct plan_builder *b, const char *what, struct error *e)
{
	if (b->request->best_effort & PLAN_BEST_EFFORT_CGROUP) {
		plan_not_applied(b, "linux.resources.%s", what);
		return 0;
	}
	error_set(e, ENOTSUP, "config.json: linux.resources.%s: no cgroup here can hold it", what);
	return error_hint(e,
		"remove it from config.json, or run without it: "
		"lichen --best-effort=cgroup ...");
}

/* Whatever somebody asked for, by its name. */
static int refuse_limits(struct plan_builder *b, const struct spec_resources *r, struct error *e)
{
	const struct {
		const char *name;
		bool asked;
	} limits[] = {
		{ "memory", limits_memory(r->memory) },
		{ "cpu", limits_cpu(r->cpu) },
		{ "pids", r->pids && r->pids->limit != -1 },
		{ "blockIO", r->blkio },
		{ "hugepageLimits", r->hugepage_limits.n > 0 },
		{ "network", r->network },
		{ "rdma", r->rdma.n > 0 },
		{ "unified", r->unified.n > 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int result = limits[i].asked ? cgroup_missing(b, limits[i].name, e) : 0;

		if (result < 0)
			return result;
	}
	return 0;
}

static bool has_capability(const struct spec *spec, const char *name)
{
	const struct spec_capabilities *c = spec->process->capabilities;

	for (size_t i = 0; c && i < c->bounding.n; i++)
		if (streq(c->bounding.v[i], name))
			return true;
	return false;
}

int plan_check_chroot(struct plan_builder *b, struct error *e)
{
	static const char *const keys[] = { "CAP_SYS_CHROOT", "CAP_SYS_ADMIN" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!has_capability(b->spec, keys[i]))
			continue;
		error_set(e, EPERM,
			"config.json: process.capabilities: with %s the container could leave its "
			"root, which in a mount namespace that it joins is one by chroot alone",
			keys[i]);
		return error_hint(e,
			"remove %s from the capabilities, or the path of the mount namespace",
			keys[i]);
	}
	return 0;
}

static int refuse_resources(struct plan_builder *b, struct error *e)
{
	const struct spec_resources *r = b->spec->linux.resources;
	int result;

	if (b->spec->linux.cgroups_path && *b->spec->linux.cgroups_path)
		plan_not_applied(b, "linux.cgroupsPath");
	if (!r)
		return 0;
	result = refuse_limits(b, r, e);
	/*
	 * What isn't allowed does not exist: no node can be made (in a user namespace, or without
	 * CAP_MKNOD), the root's own don't work, and only those that config.json names are bound.
	 * Whoever may mount devtmpfs or do raw I/O needs a filter.
	 */
	if (result == 0 && r->devices.n > 0 && !plan_is_confined(b) &&
		(has_capability(b->spec, "CAP_SYS_ADMIN") ||
			has_capability(b->spec, "CAP_SYS_RAWIO")))
		result = cgroup_missing(b, "devices", e);
	return result;
}

int plan_refuse(struct plan_builder *b, struct error *e)
{
	static int (*const parts[])(struct plan_builder *, struct error *) = { refuse_process,
		refuse_linux, refuse_resources };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r = parts[i](b, e);

		if (r < 0)
			return r;
	}
	return 0;
}

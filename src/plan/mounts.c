/* SPDX-License-Identifier: Apache-2.0 */
/* root and mounts → operations, with the rewrites that a process without privilege needs. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/path.h"
#include "plan/mount_options.h"
#include "plan/parts.h"

static bool is_type(const struct spec_mount *m, const char *type)
{
	return m->type && streq(m->type, type);
}

/* Where a link in the image could turn the container's view of the kernel into something else. */
static bool wants_plain_target(const struct spec_mount *m)
{
	return is_type(m, "proc") || is_type(m, "sysfs") || streq(m->destination, "/dev") ||
		streq(m->destination, "/proc") || streq(m->destination, "/sys");
}

static int check_option_id(struct plan_builder *b, size_t index, const struct mount_digest *d,
	size_t k, struct error *e)
{
	bool user = str_starts(d->data.v[k], "uid="), group = str_starts(d->data.v[k], "gid=");
	uint64_t id;

	if ((!user && !group) || str_u64(d->data.v[k] + 4, UINT32_MAX, &id) < 0)
		return 0;
	if (user ? plan_uid_mapped(b, (uint32_t)id) : plan_gid_mapped(b, (uint32_t)id))
		return 0;
	error_set(e, EINVAL,
		"config.json: mounts[%zu].options[%zu]: '%s': the user namespace has no "
		"mapping for it",
		index, d->data_index[k], d->data.v[k]);
	return error_hint(
		e, "remove the option, or map the ID in linux.%sMappings", user ? "uid" : "gid");
}

static struct op *add_bind(
	struct plan_builder *b, size_t index, const char *source, const struct mount_digest *d)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];
	struct op *op = plan_add_op(b, OP_BIND);

	op->object = plan_printf(b, "mounts[%zu]", index);
	op->source = source;
	op->target = m->destination;
	op->depth = d->rbind ? MOUNT_TREE : MOUNT_ONE;
	op->fs.attrs = d->attrs;
	/* Unless asked for, what is mounted on the host later does not turn up inside, nor back. */
	if (!d->attrs.propagation && !d->attrs.tree_propagation)
		op->fs.attrs.tree_propagation = MS_PRIVATE;
	return op;
}

/*
 * Wherever the host's /sys turns up, the cgroup tree in it is not the container's to write
 * (CVE-2023-25809). What config.json mounts there itself comes later and covers this.
 */
static void protect_cgroup_tree(struct plan_builder *b, size_t index)
{
	struct op *op = plan_add_op(b, OP_READONLY);

	op->object = plan_printf(b, "mounts[%zu]", index);
	op->target = plan_printf(b, "%s/fs/cgroup", b->spec->mounts.v[index].destination);
}

static const struct idmap *map_of(struct plan_builder *b, const struct spec_idmaps *from)
{
	struct idmap *map = arena_alloc(&b->plan->arena, sizeof(*map));

	map->v = arena_alloc(&b->plan->arena, (from->n + 1) * sizeof(*map->v));
	for (size_t i = 0; i < from->n; i++)
		map->v[map->n++] = (struct idmap_range){ from->v[i].container_id,
			from->v[i].host_id, from->v[i].size };
	return map;
}

/* config.md: the mount's own mapping, or else that of the container's user namespace. */
static int plan_idmap(struct plan_builder *b, size_t index, const struct mount_digest *d,
	struct op *op, struct error *e)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];
	const struct plan_namespaces *ns = &b->plan->namespaces;

	if (b->host->ids.privilege == HOST_USER) {
		error_set(e, EPERM,
			"config.json: mounts[%zu]: an ordinary user can't map the IDs of a mount: "
			"the kernel leaves that to who made its file system",
			index);
		return error_hint(e,
			"choose linux.uidMappings so that the owner outside is the one wanted "
			"inside, or chown the source");
	}
	if (m->uid_mappings.n == 0 && ns->uids.how == MAP_NONE)
		return error_set(e, EINVAL,
			"config.json: mounts[%zu]: 'idmap' needs uidMappings and "
			"gidMappings, or a new user namespace to take them from",
			index);
	op->uids = m->uid_mappings.n > 0 ? map_of(b, &m->uid_mappings) : &ns->uids.map;
	op->gids = m->uid_mappings.n > 0 ? map_of(b, &m->gid_mappings) : &ns->gids.map;
	op->idmap_depth = d->ridmap ? MOUNT_TREE : MOUNT_ONE;
	return 0;
}

static int plan_bind(
	struct plan_builder *b, size_t index, const struct mount_digest *d, struct error *e)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];
	CLEANUP(mem_free) char *source = NULL;
	struct op *op;

	if (!m->source || !*m->source)
		return error_set(e, EINVAL,
			"config.json: mounts[%zu].source: is required for a bind mount", index);
	source = path_clean(b->request->bundle, m->source);
	op = add_bind(b, index, plan_printf(b, "%s", source), d);
	if (d->idmap && plan_idmap(b, index, d, op, e) < 0)
		return -e->code;
	if (d->rbind && streq(source, "/sys"))
		protect_cgroup_tree(b, index);
	return 0;
}

/*
 * What to do where the kernel does not let us mount a new one: the host's own, which is what the
 * container would see anyway, since it shares the namespace. NULL: nothing.
 */
static const struct op *shared_fallback(struct plan_builder *b, size_t index, const char *type,
	const char *source, const struct mount_digest *d)
{
	struct op *op = arena_alloc(&b->plan->arena, sizeof(*op));

	op->kind = OP_BIND;
	op->flags = OP_KEEP_ORDER | OP_PLAIN | (streq(type, "proc") ? OP_OVER_PROC : 0);
	op->fs.type = type;
	op->object = plan_printf(b, "mounts[%zu]", index);
	op->source = source;
	op->target = b->spec->mounts.v[index].destination;
	op->depth = MOUNT_TREE;
	op->fs.attrs = d->attrs;
	/* A read-only /sys with a writable cgroup tree in it would be CVE-2023-25809. */
	op->fs.attrs.tree_set |= d->attrs.set & MOUNT_ATTR_RDONLY;
	if (!d->attrs.propagation && !d->attrs.tree_propagation)
		op->fs.attrs.tree_propagation = MS_PRIVATE;
	return op;
}

/* Neither a new one nor somebody else's. */
static bool is_shared(const struct plan_builder *b, int64_t type)
{
	return !plan_has_new(b, type) && !plan_has_joined(b, type);
}

static const struct op *fallback_of(
	struct plan_builder *b, size_t index, const struct mount_digest *d)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];

	if (is_type(m, "proc") && is_shared(b, CLONE_NEWPID))
		return shared_fallback(b, index, "proc", "/proc", d);
	if (is_type(m, "sysfs") && is_shared(b, CLONE_NEWNET))
		return shared_fallback(b, index, "sysfs", "/sys", d);
	if (is_type(m, "mqueue") && is_shared(b, CLONE_NEWIPC))
		return shared_fallback(b, index, "mqueue", "/dev/mqueue", d);
	return NULL;
}

/* Of the host's view the part that concerns the container: its own cgroup, or else the caller's. */
static struct op view_of_host(
	struct plan_builder *b, size_t index, const struct mount_digest *d, const char *path)
{
	struct op op = *shared_fallback(b, index, "cgroup2", path, d);

	if (b->plan->cgroup.how == PLAN_CGROUP_NONE)
		return op;
	op.source = b->host->cgroup.mount;
	op.flags |= OP_OWN_CGROUP;
	return op;
}

/*
 * "cgroup" means the unified hierarchy. In a cgroup namespace of its own the container sees its
 * subtree; otherwise it gets the host's view of it, read-only (CVE-2023-25809).
 */
static int plan_cgroup_mount(
	struct plan_builder *b, size_t index, struct mount_digest *d, struct error *e)
{
	const struct host *host = b->host;
	struct mount_digest readonly = *d;
	struct op *op, *view;

	if (!host->cgroup.mount) {
		error_set(e, ENOTSUP,
			"config.json: mounts[%zu]: this host has no cgroup v2 to mount", index);
		return error_hint(
			e, "remove the mount, or boot with systemd.unified_cgroup_hierarchy=1");
	}
	readonly.attrs.set |= MOUNT_ATTR_RDONLY;
	readonly.attrs.clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	readonly.attrs.tree_set |= MOUNT_ATTR_RDONLY;
	readonly.attrs.tree_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	view = arena_alloc(&b->plan->arena, sizeof(*view));
	*view = view_of_host(b, index, &readonly,
		plan_printf(
			b, "%s%s", host->cgroup.mount, host->cgroup.path ? host->cgroup.path : ""));
	plan_enter_cgroup(b);
	if (!plan_has_new(b, CLONE_NEWCGROUP)) {
		*plan_add_op(b, OP_BIND) = *view;
		return 0;
	}
	op = plan_add_op(b, OP_MOUNT);
	op->object = plan_printf(b, "mounts[%zu]", index);
	op->target = b->spec->mounts.v[index].destination;
	op->fs = (struct mount_fs){ .type = "cgroup2", .source = "cgroup", .attrs = d->attrs };
	op->fallback = view;
	return 0;
}

static bool is_at(const struct spec_mount *m, const char *path)
{
	CLEANUP(mem_free) char *target = path_clean("/", m->destination);

	return streq(target, path);
}

static int plan_new_fs(struct plan_builder *b, size_t index, const struct mount_digest *d,
	enum op_kind kind, struct error *e)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];
	struct strings *data = arena_alloc(&b->plan->arena, sizeof(*data));
	struct op *op;

	if (kind == OP_MOUNT && (!m->type || !*m->type))
		return error_set(e, EINVAL,
			"config.json: mounts[%zu].type: is required unless it is a "
			"bind mount",
			index);
	for (size_t k = 0; k < d->data.n; k++) {
		int r = check_option_id(b, index, d, k, e);

		if (r < 0)
			return r;
	}
	*data = d->data;
	/* The digest has room for one more. */
	if (kind == OP_MOUNT && !d->has_context && plan_takes_context(b, m->type))
		data->v[data->n++] = b->mount_context;
	op = plan_add_op(b, kind);
	op->object = plan_printf(b, "mounts[%zu]", index);
	op->target = m->destination;
	op->flags = (d->copy_up ? OP_COPY_UP : 0) | (wants_plain_target(m) ? OP_PLAIN : 0);
	op->fs = (struct mount_fs){ .type = m->type ? m->type : "none",
		.source = m->source && *m->source ? m->source : m->type,
		.data = data,
		.sb_flags = d->sb_flags,
		.attrs = d->attrs };
	op->fallback = kind == OP_MOUNT ? fallback_of(b, index, d) : NULL;
	if (op->fallback && is_type(m, "sysfs"))
		protect_cgroup_tree(b, index);
	return 0;
}

/* A new procfs at /proc, or the host's. */
static bool is_proc(const struct spec_mount *m, const struct mount_digest *d)
{
	CLEANUP(mem_free) char *source = path_clean("/", m->source ? m->source : "");

	return is_at(m, "/proc") &&
		(d->bind ? m->source && m->source[0] == '/' && streq(source, "/proc")
			 : is_type(m, "proc"));
}

/*
 * Programs inside, and whoever enters the container, believe what procfs says, and write to it: a
 * file of an image in the place of an entry is how confinement was escaped (CVE-2019-16884,
 * CVE-2019-19921). These only report; lxcfs has them for each container, and Podman the last.
 */
static bool only_reports(const char *destination)
{
	static const char *const entries[] = { "/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
		"/proc/meminfo", "/proc/net/dev", "/proc/slabinfo", "/proc/stat", "/proc/swaps",
		"/proc/uptime", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled" };
	CLEANUP(mem_free) char *target = path_clean("/", destination);

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (streq(target, entries[i]))
			return true;
	return false;
}

/* Links of the image may lead there, too; then it is found out when it happens. */
static int check_proc(struct plan_builder *b, size_t index, bool allowed, struct error *e)
{
	if (allowed || !b->proc_mounted ||
		!path_beneath(b->spec->mounts.v[index].destination, "/proc"))
		return 0;
	error_set(e, EPERM,
		"config.json: mounts[%zu].destination: '%s' would cover a part of procfs that "
		"programs rely on",
		index, b->spec->mounts.v[index].destination);
	return error_hint(e,
		"use maskedPaths or readonlyPaths to protect it; only entries that report, such as "
		"/proc/meminfo, can be replaced");
}

static int plan_any(struct plan_builder *b, size_t index, struct mount_digest *d, struct error *e)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];

	if (d->remount)
		return plan_new_fs(b, index, d, OP_REMOUNT, e);
	if (d->bind)
		return plan_bind(b, index, d, e);
	if (is_type(m, "cgroup") || is_type(m, "cgroup2"))
		return plan_cgroup_mount(b, index, d, e);
	return plan_new_fs(b, index, d, OP_MOUNT, e);
}

/* Devices and further mounts go into /dev (podman --read-only --read-only-tmpfs=false). */
static void fill_first(struct plan_builder *b, struct op *op)
{
	if (op->kind != OP_REMOUNT || (op->fs.attrs.clear & MOUNT_ATTR_RDONLY))
		b->readonly_dev = NULL;
	if (op->kind == OP_BIND || !(op->fs.attrs.set & MOUNT_ATTR_RDONLY))
		return;
	b->readonly_dev = op->object;
	op->fs.attrs.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
}

void plan_seal_mounts(struct plan_builder *b)
{
	struct op *op;

	if (!b->readonly_dev)
		return;
	op = plan_add_op(b, OP_REMOUNT);
	op->object = b->readonly_dev;
	op->target = "/dev";
	op->fs = (struct mount_fs){
		.type = "none", .source = "none", .attrs = { .set = MOUNT_ATTR_RDONLY }
	};
}

static int plan_mount(struct plan_builder *b, size_t index, struct error *e)
{
	const struct spec_mount *m = &b->spec->mounts.v[index];
	size_t first = b->plan->n_ops;
	struct mount_digest d;
	bool proc, allowed;
	int r = mount_options_digest(m, index, &b->plan->arena, &d, e);

	if (r < 0)
		return r;
	proc = is_proc(m, &d);
	allowed = d.remount || proc || only_reports(m->destination);
	r = check_proc(b, index, allowed, e);
	if (r == 0)
		r = plan_any(b, index, &d, e);
	if (r < 0)
		return r;
	if (allowed)
		b->plan->ops[first].flags |= OP_OVER_PROC;
	if (is_at(m, "/dev"))
		fill_first(b, &b->plan->ops[first]);
	b->proc_mounted |= proc;
	return 0;
}

int plan_mounts(struct plan_builder *b, struct error *e)
{
	struct op *root = plan_add_op(b, OP_ROOT);

	root->object = "root.path";
	root->source = b->plan->rootfs;
	for (size_t i = 0; i < b->spec->mounts.n; i++) {
		int r = plan_mount(b, i, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: those that every container has (config-linux.md, Default Devices), then those of
 * linux.devices. The host's node is bound, since without privilege none can be made (mknod(2));
 * real root makes what the host doesn't have, or not with this mode and owner.
 */
#include <errno.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "plan/parts.h"

/* Whom the kernel shows for an ID without a mapping: /proc/sys/kernel/overflowuid. */
#define OVERFLOW_ID 65534

static const struct {
	const char *path;
	unsigned int major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },
	{ "/dev/zero", 1, 5 },
	{ "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty", 5, 0 },
};

static const struct {
	const char *path, *target;
} default_links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx" },
};

/* The host's /dev as a whole: what is in there is the host's business. */
static bool has_bound_dev(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct spec_mount *m = &spec->mounts.v[i];
		CLEANUP(mem_free) char *path = path_clean("/", m->destination);

		if (!streq(path, "/dev"))
			continue;
		if (m->type && (streq(m->type, "bind") || streq(m->type, "rbind")))
			return true;
		for (size_t k = 0; k < m->options.n; k++)
			if (streq(m->options.v[k], "bind") || streq(m->options.v[k], "rbind"))
				return true;
	}
	return false;
}

static bool can_make_nodes(const struct plan_builder *b)
{
	return !plan_is_confined(b) && (b->host->capabilities & 1ull << CAP_MKNOD);
}

static void add_node(struct plan_builder *b, const char *object, const char *path, mode_t mode,
	dev_t dev, uid_t uid, gid_t gid)
{
	struct op *op = plan_add_op(b, OP_NODE);

	op->object = object;
	op->target = path;
	op->node.mode = mode;
	op->node.dev = dev;
	op->node.uid = uid;
	op->node.gid = gid;
}

static struct op *add_bound_node(struct plan_builder *b, const char *object, const char *path,
	const char *source, mode_t type, dev_t dev)
{
	struct op *op = plan_add_op(b, OP_DEVICE);

	op->object = object;
	/* In /dev an image's link would put them into somebody's volume; elsewhere links are usual.
	 */
	op->flags = path_beneath(path, "/dev") ? OP_PLAIN : 0;
	op->source = source;
	op->target = path;
	op->node.mode = type;
	op->node.dev = dev;
	op->fs.attrs = (struct mount_attrs){ .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE };
	return op;
}

static bool is_configured(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->linux.devices.n; i++)
		if (streq(spec->linux.devices.v[i].path, path))
			return true;
	return false;
}

static void plan_defaults(struct plan_builder *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++) {
		const char *path = default_devices[i].path;
		dev_t dev = makedev(default_devices[i].major, default_devices[i].minor);

		if (!is_configured(b->spec, path))
			add_bound_node(b, "default devices", path, path, S_IFCHR, dev);
	}
	for (size_t i = 0; i < ARRAY_SIZE(default_links); i++) {
		struct op *op = plan_add_op(b, OP_LINK);

		op->object = "default devices";
		op->target = default_links[i].path;
		op->source = default_links[i].target;
	}
}

/* A bound node keeps the host's mode and owner. */
static bool suits(const struct spec_device *d, const struct host_node *node)
{
	return (!d->file_mode.set || (node->mode & 0777) == (d->file_mode.v & 0777)) &&
		(!d->uid.set || node->uid == d->uid.v) && (!d->gid.set || node->gid == d->gid.v);
}

static void add_made_node(struct plan_builder *b, size_t i, mode_t type, dev_t dev)
{
	const struct spec_device *d = &b->spec->linux.devices.v[i];

	add_node(b, plan_printf(b, "linux.devices[%zu]", i), d->path,
		type | (d->file_mode.set ? d->file_mode.v & 0777 : 0666), dev,
		d->uid.set ? d->uid.v : b->plan->process.setup_uid,
		d->gid.set ? d->gid.v : b->plan->process.setup_gid);
}

/* What a bound node has, and what it was to have. */
static int differs(struct plan_builder *b, size_t i, const char *key, const char *path,
	const char *has, const char *wanted, struct error *e)
{
	if (b->request->best_effort & PLAN_BEST_EFFORT_DEVICES) {
		plan_not_applied(b, "linux.devices[%zu].%s", i, key);
		return 0;
	}
	error_set(e, EPERM,
		"config.json: linux.devices[%zu].%s: without privilege no node can be made, and "
		"the host's '%s' has %s, not %s",
		i, key, path, has, wanted);
	return error_hint(
		e, "remove %s, or take the host's: lichen --best-effort=devices ...", key);
}

/* As it will be seen inside: whoever has no mapping is nobody. */
static uint32_t seen_inside(struct plan_builder *b, const struct idmap *map, uint32_t outside)
{
	if (plan_has_joined(b, CLONE_NEWUSER))
		return OVERFLOW_ID;
	if (!plan_has_new(b, CLONE_NEWUSER))
		return outside;
	for (size_t i = 0; i < map->n; i++)
		if (outside >= map->v[i].outside && outside - map->v[i].outside < map->v[i].count)
			return map->v[i].inside + (outside - map->v[i].outside);
	return OVERFLOW_ID;
}

static int check_owner(struct plan_builder *b, size_t i, const char *key,
	const struct opt_u32 *wanted, uint32_t inside, const char *path, struct error *e)
{
	if (!wanted->set || wanted->v == inside)
		return 0;
	return differs(b, i, key, path, plan_printf(b, "owner %u inside", inside),
		plan_printf(b, "%u", wanted->v), e);
}

static int check_bound(
	struct plan_builder *b, size_t i, const struct host_node *node, struct error *e)
{
	const struct spec_device *d = &b->spec->linux.devices.v[i];
	const struct plan_namespaces *ns = &b->plan->namespaces;
	int r = 0;

	if (d->file_mode.set && (node->mode & 0777) != (d->file_mode.v & 0777))
		r = differs(b, i, "fileMode", node->path,
			plan_printf(b, "mode %04o", node->mode & 0777),
			plan_printf(b, "%04o", d->file_mode.v & 0777), e);
	if (r == 0)
		r = check_owner(b, i, "uid", &d->uid, seen_inside(b, &ns->uids.map, node->uid),
			node->path, e);
	if (r == 0)
		r = check_owner(b, i, "gid", &d->gid, seen_inside(b, &ns->gids.map, node->gid),
			node->path, e);
	return r;
}

static void bind_configured(
	struct plan_builder *b, size_t i, const char *source, mode_t type, dev_t dev)
{
	struct op *op = add_bound_node(b, plan_printf(b, "linux.devices[%zu]", i),
		b->spec->linux.devices.v[i].path, source, type, dev);

	op->flags |= OP_OWN_PLACE;
}

static int plan_found(struct plan_builder *b, size_t i, mode_t type, dev_t dev,
	const struct host_node *node, struct error *e)
{
	int r;

	if (can_make_nodes(b) && !suits(&b->spec->linux.devices.v[i], node)) {
		add_made_node(b, i, type, dev);
		return 0;
	}
	r = check_bound(b, i, node, e);
	if (r < 0)
		return r;
	bind_configured(b, i, plan_printf(b, "%s", node->path), type, dev);
	return 0;
}

/* It leads to the container's own devpts: the host's would make terminals out there. */
static bool is_own_ptmx(struct plan_builder *b, size_t i)
{
	const struct spec_device *d = &b->spec->linux.devices.v[i];
	bool is_it = streq(d->path, "/dev/ptmx") && d->type != 'b' && d->type != 'p' &&
		d->major.v == 5 && d->minor.v == 2;

	if (is_it && !has_bound_dev(b->spec)) {
		plan_note(b, "config.json: linux.devices[%zu]: '%s' is the container's own", i,
			d->path);
		return true;
	}
	return false;
}

static int plan_device(struct plan_builder *b, size_t i, struct error *e)
{
	const struct spec_device *d = &b->spec->linux.devices.v[i];
	mode_t type = d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
	struct host_node node = { 0 };
	dev_t dev;
	int r;

	if (type == S_IFIFO) {
		add_made_node(b, i, type, 0);
		return 0;
	}
	dev = makedev((unsigned int)d->major.v, (unsigned int)d->minor.v);
	if (!b->request->find_devices) {
		bind_configured(b, i, d->path, type, dev);
		return 0;
	}
	r = host_find_device(d->path, type, dev, &node, e);
	if (r < 0 && can_make_nodes(b)) {
		add_made_node(b, i, type, dev);
		return 0;
	}
	if (r < 0)
		return error_context(e, "config.json: linux.devices[%zu]: '%s'", i, d->path);
	r = plan_found(b, i, type, dev, &node, e);
	free(node.path);
	return r;
}

int plan_devices(struct plan_builder *b, struct error *e)
{
	if (!has_bound_dev(b->spec))
		plan_defaults(b);
	for (size_t i = 0; i < b->spec->linux.devices.n; i++) {
		int r = is_own_ptmx(b, i) ? 0 : plan_device(b, i, e);

		if (r < 0)
			return r;
	}
	if (b->spec->process->terminal) {
		struct op *op = plan_add_op(b, OP_TERMINAL);

		op->object = "process.terminal";
		op->target = "/dev/console";
	}
	return 0;
}

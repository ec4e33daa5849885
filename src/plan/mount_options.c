/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/mount_options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#define ATTR(name, set, clear)                      \
	{                                           \
		name, MOUNT_OPTION_ATTR, set, clear \
	}
#define TREE_ATTR(name, set, clear)                      \
	{                                                \
		name, MOUNT_OPTION_TREE_ATTR, set, clear \
	}

const struct mount_option mount_options[] = {
	{ "async", MOUNT_OPTION_SUPER, 0, MS_SYNCHRONOUS },
	ATTR("atime", 0, MOUNT_ATTR__ATIME),
	{ "bind", MOUNT_OPTION_BIND, 0, 0 },
	{ "defaults", MOUNT_OPTION_NOTHING, 0, 0 },
	ATTR("dev", 0, MOUNT_ATTR_NODEV),
	ATTR("diratime", 0, MOUNT_ATTR_NODIRATIME),
	{ "dirsync", MOUNT_OPTION_SUPER, MS_DIRSYNC, 0 },
	ATTR("exec", 0, MOUNT_ATTR_NOEXEC),
	{ "idmap", MOUNT_OPTION_IDMAP, 0, 0 },
	{ "iversion", MOUNT_OPTION_SUPER, MS_I_VERSION, 0 },
	{ "lazytime", MOUNT_OPTION_SUPER, MS_LAZYTIME, 0 },
	{ "loud", MOUNT_OPTION_SUPER, 0, MS_SILENT },
	{ "mand", MOUNT_OPTION_SUPER, MS_MANDLOCK, 0 },
	ATTR("noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME),
	ATTR("nodev", MOUNT_ATTR_NODEV, 0),
	ATTR("nodiratime", MOUNT_ATTR_NODIRATIME, 0),
	ATTR("noexec", MOUNT_ATTR_NOEXEC, 0),
	{ "noiversion", MOUNT_OPTION_SUPER, 0, MS_I_VERSION },
	{ "nolazytime", MOUNT_OPTION_SUPER, 0, MS_LAZYTIME },
	{ "nomand", MOUNT_OPTION_SUPER, 0, MS_MANDLOCK },
	ATTR("norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	ATTR("nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	ATTR("nosuid", MOUNT_ATTR_NOSUID, 0),
	ATTR("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	{ "private", MOUNT_OPTION_PROPAGATION, MS_PRIVATE, 0 },
	TREE_ATTR("ratime", 0, MOUNT_ATTR__ATIME),
	{ "rbind", MOUNT_OPTION_RBIND, 0, 0 },
	TREE_ATTR("rdev", 0, MOUNT_ATTR_NODEV),
	TREE_ATTR("rdiratime", 0, MOUNT_ATTR_NODIRATIME),
	ATTR("relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	{ "remount", MOUNT_OPTION_REMOUNT, 0, 0 },
	TREE_ATTR("rexec", 0, MOUNT_ATTR_NOEXEC),
	{ "ridmap", MOUNT_OPTION_RIDMAP, 0, 0 },
	TREE_ATTR("rnoatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME),
	TREE_ATTR("rnodev", MOUNT_ATTR_NODEV, 0),
	TREE_ATTR("rnodiratime", MOUNT_ATTR_NODIRATIME, 0),
	TREE_ATTR("rnoexec", MOUNT_ATTR_NOEXEC, 0),
	TREE_ATTR("rnorelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	TREE_ATTR("rnostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	TREE_ATTR("rnosuid", MOUNT_ATTR_NOSUID, 0),
	TREE_ATTR("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	ATTR("ro", MOUNT_ATTR_RDONLY, 0),
	{ "rprivate", MOUNT_OPTION_TREE_PROPAGATION, MS_PRIVATE, 0 },
	TREE_ATTR("rrelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	TREE_ATTR("rro", MOUNT_ATTR_RDONLY, 0),
	TREE_ATTR("rrw", 0, MOUNT_ATTR_RDONLY),
	{ "rshared", MOUNT_OPTION_TREE_PROPAGATION, MS_SHARED, 0 },
	{ "rslave", MOUNT_OPTION_TREE_PROPAGATION, MS_SLAVE, 0 },
	TREE_ATTR("rstrictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	TREE_ATTR("rsuid", 0, MOUNT_ATTR_NOSUID),
	TREE_ATTR("rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	{ "runbindable", MOUNT_OPTION_TREE_PROPAGATION, MS_UNBINDABLE, 0 },
	ATTR("rw", 0, MOUNT_ATTR_RDONLY),
	{ "shared", MOUNT_OPTION_PROPAGATION, MS_SHARED, 0 },
	{ "silent", MOUNT_OPTION_SUPER, MS_SILENT, 0 },
	{ "slave", MOUNT_OPTION_PROPAGATION, MS_SLAVE, 0 },
	ATTR("strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	ATTR("suid", 0, MOUNT_ATTR_NOSUID),
	ATTR("symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	{ "sync", MOUNT_OPTION_SUPER, MS_SYNCHRONOUS, 0 },
	{ "tmpcopyup", MOUNT_OPTION_COPY_UP, 0, 0 },
	{ "unbindable", MOUNT_OPTION_PROPAGATION, MS_UNBINDABLE, 0 },
	{ 0 },
};

static const struct mount_option *find(const char *name)
{
	for (const struct mount_option *o = mount_options; o->name; o++)
		if (streq(o->name, name))
			return o;
	return NULL;
}

/* The last option about a property counts; an access time mode replaces another one. */
static void change(uint64_t *set, uint64_t *clear, const struct mount_option *o)
{
	*set = (*set & ~o->clear) | o->set;
	*clear = (*clear & ~o->set) | o->clear;
}

static void add_data(struct mount_digest *out, size_t *indexes, const char *option, size_t index)
{
	indexes[out->data.n] = index;
	out->data.v[out->data.n++] = option;
}

/*
 * SELinux's labels have commas, so people quote them as mount(8) wants it:
 * context="a:b:c:s0:c1,c2". The kernel's newer interface has no use for that.
 */
static const char *unquote(const char *option, struct arena *arena)
{
	const char *equals = strchr(option, '=');
	size_t len = strlen(option);
	char *plain;

	if (!equals || equals[1] != '"' || len < (size_t)(equals - option) + 3 ||
		option[len - 1] != '"')
		return option;
	plain = arena_strndup(arena, option, len - 2);
	memcpy(plain + (equals - option) + 1, equals + 2, len - (size_t)(equals - option) - 3);
	return plain;
}

static void apply(const struct mount_option *o, struct mount_digest *out)
{
	switch (o->kind) {
	case MOUNT_OPTION_NOTHING:
		break;
	case MOUNT_OPTION_ATTR:
		change(&out->attrs.set, &out->attrs.clear, o);
		break;
	case MOUNT_OPTION_TREE_ATTR:
		change(&out->attrs.tree_set, &out->attrs.tree_clear, o);
		break;
	case MOUNT_OPTION_SUPER:
		out->sb_flags = (out->sb_flags & ~o->clear) | o->set;
		out->sb_flag_name = o->set ? o->name : out->sb_flag_name;
		break;
	case MOUNT_OPTION_PROPAGATION:
		out->attrs.propagation = o->set;
		break;
	case MOUNT_OPTION_TREE_PROPAGATION:
		out->attrs.tree_propagation = o->set;
		break;
	case MOUNT_OPTION_BIND:
		out->bind = true;
		break;
	case MOUNT_OPTION_RBIND:
		out->bind = out->rbind = true;
		break;
	case MOUNT_OPTION_REMOUNT:
		out->remount = true;
		break;
	case MOUNT_OPTION_COPY_UP:
		out->copy_up = true;
		break;
	case MOUNT_OPTION_IDMAP:
		out->idmap = true;
		break;
	case MOUNT_OPTION_RIDMAP:
		out->idmap = out->ridmap = true;
		break;
	}
}

/* What can't be said of a bind mount, because it is the source's file system's. */
static int check_bind(const struct mount_digest *d, size_t index, struct error *e)
{
	if (d->data.n > 0)
		return error_set(e, EINVAL,
			"config.json: mounts[%zu].options[%zu]: '%s' is no option of a bind mount",
			index, d->data_index[0], d->data.v[0]);
	if (d->sb_flags)
		return error_set(e, EINVAL,
			"config.json: mounts[%zu].options: '%s' is a property of the source's file "
			"system, "
			"not of a bind mount",
			index, d->sb_flag_name);
	if (d->copy_up)
		return error_set(e, EINVAL,
			"config.json: mounts[%zu].options: 'tmpcopyup' is for a tmpfs", index);
	return 0;
}

int mount_options_digest(const struct spec_mount *mount, size_t index, struct arena *arena,
	struct mount_digest *out, struct error *e)
{
	size_t *indexes = arena_alloc(arena, (mount->options.n + 1) * sizeof(size_t));

	*out = (struct mount_digest){ .data_index = indexes };
	out->data.v = arena_alloc(arena, (mount->options.n + 2) * sizeof(char *));
	out->bind = mount->type && (streq(mount->type, "bind") || streq(mount->type, "rbind"));
	out->rbind = mount->type && streq(mount->type, "rbind");
	for (size_t i = 0; i < mount->options.n; i++) {
		const char *name = mount->options.v[i];
		const struct mount_option *o = find(name);

		/* Podman writes empty ones. */
		if (!*name)
			continue;
		if (!o && (str_starts(name, "idmap=") || str_starts(name, "ridmap="))) {
			error_set(e, ENOTSUP,
				"config.json: mounts[%zu].options[%zu]: '%s' is not understood",
				index, i, name);
			return error_hint(
				e, "use 'idmap' with uidMappings and gidMappings of the mount");
		}
		if (o) {
			apply(o, out);
		} else if (mount_is_context(name)) {
			add_data(out, indexes, unquote(name, arena), i);
			out->has_context = true;
		} else {
			add_data(out, indexes, name, i);
		}
	}
	/* Recursive options say more than the plain ones: they reach the top mount as well. */
	if (out->copy_up && mount->type && !streq(mount->type, "tmpfs"))
		return error_set(e, EINVAL,
			"config.json: mounts[%zu].options: 'tmpcopyup' is for a tmpfs", index);
	if (mount->uid_mappings.n > 0)
		out->idmap = true;
	if (out->idmap && (!out->bind || out->remount))
		return error_set(e, ENOTSUP,
			"config.json: mounts[%zu]: only bind mounts can have their IDs mapped",
			index);
	return out->bind && !out->remount ? check_bind(out, index, e) : 0;
}

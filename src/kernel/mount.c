/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "kernel/mount_old.h"

/* fsconfig(2) takes strings of up to 255 bytes. */
#define FSCONFIG_VALUE_MAX 255

/* Not in linux/magic.h; ipc/mqueue.c of the kernel. */
#define MQUEUE_MAGIC 0x19800202

/* A kernel without the call, or a seccomp filter in front of it. */
static bool is_unavailable(int code)
{
	return code == ENOSYS || code == EPERM || code == EACCES;
}

/* For calls that are given nothing to do: one that is there refuses that otherwise. */
static bool is_there(int result)
{
	return result >= 0 || !is_unavailable(errno);
}

static bool have_trees(void)
{
	return is_there(open_tree(-1, "", 0)) && is_there(move_mount(-1, "", -1, "", 0));
}

static bool have_contexts(void)
{
	return is_there(fsopen("", ~0u)) && is_there(fsconfig(-1, ~0u, NULL, NULL, 0)) &&
		is_there(fsmount(-1, 0, 0)) && is_there(move_mount(-1, "", -1, "", 0));
}

bool mount_can_change_trees(void)
{
	return is_there(mount_setattr(-1, "", 0, NULL, 0));
}

int mount_tree_open(int dir_fd, const char *path, enum mount_depth depth, struct mount_tree *out,
	struct error *e)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	int fd = -1;

	if (depth == MOUNT_TREE)
		flags |= AT_RECURSIVE;
	errno = ENOSYS;
	if (have_trees())
		fd = open_tree(dir_fd, path, flags);
	if (fd >= 0) {
		*out = (struct mount_tree){ .fd = fd, .detached = true };
		return 0;
	}
	if (!is_unavailable(errno))
		return error_errno(e, "open '%s'", path);
	/* EACCES and EPERM may be the path's own: then this says so. */
	fd = *path ? openat(dir_fd, path, O_PATH | O_CLOEXEC) : fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return error_errno(e, "open '%s'", path);
	*out = (struct mount_tree){ .fd = fd, .detached = false };
	return 0;
}

int mount_check_type(int fd, const char *type, struct error *e)
{
	static const struct name magics[] = { { "proc", PROC_SUPER_MAGIC },
		{ "sysfs", SYSFS_MAGIC }, { "mqueue", MQUEUE_MAGIC },
		{ "cgroup2", CGROUP2_SUPER_MAGIC }, { 0 } };
	const struct name *magic = name_find(magics, type);
	struct statfs fs;

	if (!magic || fstatfs(fd, &fs) < 0 || fs.f_type != magic->value)
		return error_set(e, EINVAL, "it is not of type '%s'", type);
	return 0;
}

int mount_tree_of_fd(int fd, enum mount_depth depth, struct mount_tree *out, struct error *e)
{
	return mount_tree_open(fd, "", depth, out, e);
}

static int set_attrs(
	int fd, unsigned int at_flags, uint64_t set, uint64_t clear, unsigned long propagation)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	/* One of the access time modes is a number in the mask: setting it means clearing the mask.
	 */
	if (set & MOUNT_ATTR__ATIME || clear & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (!set && !attr.attr_clr && !propagation)
		return 0;
	return mount_setattr(fd, "", AT_EMPTY_PATH | at_flags, &attr, sizeof(attr));
}

int mount_change(int fd, const struct mount_attrs *a, struct error *e)
{
	if (!mount_can_change_trees())
		return mount_old_change(fd, a, e);
	if (set_attrs(fd, 0, a->set, a->clear, a->propagation) == 0 &&
		set_attrs(fd, AT_RECURSIVE, a->tree_set, a->tree_clear, a->tree_propagation) == 0)
		return 0;
	error_errno(e, "change mount attributes");
	if (e->code == EPERM)
		error_hint(e,
			"the source's own mount flags (nosuid, nodev, noexec, read-only, atime) "
			"can be added to here, not taken away");
	return -e->code;
}

/* Whether fd is the root of a mount, and of another one than the place beneath it. */
static bool is_new_mount(int fd, int place_fd)
{
	struct statx now, place;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &now) < 0 ||
		statx(place_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &place) < 0)
		return false;
	/* Linux 5.8; before that there is nothing to compare. */
	if (!(now.stx_mask & STATX_MNT_ID) || !(now.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return true;
	return now.stx_mnt_id != place.stx_mnt_id && (now.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/*
 * A descriptor of what is now mounted at the target, since the old interface gives none. The path
 * is looked up again, so it has to be shown that nobody has put something else there meanwhile.
 */
static int reopen_target(const struct mount_target *t, struct error *e)
{
	CLEANUP(fd_cleanup)
	int fd = t->root_fd == AT_FDCWD ? open(t->path, O_PATH | O_CLOEXEC)
					: path_open(t->root_fd, t->path, O_PATH, e);

	if (fd < 0)
		return t->root_fd == AT_FDCWD ? error_errno(e, "open the new mount '%s'", t->path)
					      : fd;
	if (!is_new_mount(fd, t->fd))
		return error_set(e, EBUSY, "'%s' has changed while it was mounted", t->path);
	return fd_take(&fd);
}

static int attach_fd(int fd, const struct mount_target *target)
{
	return move_mount(
		fd, "", target->fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mount_attach(const struct mount_tree *tree, enum mount_depth depth,
	const struct mount_target *target, const struct mount_attrs *attrs, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r;

	if (tree->detached) {
		bool early = mount_can_change_trees();

		fd = fcntl(tree->fd, F_DUPFD_CLOEXEC, 3);
		/* Attributes first, where possible: nobody ever sees the mount without them. */
		r = early ? mount_change(fd, attrs, e) : 0;
		if (r < 0)
			return r;
		if (attach_fd(fd, target) < 0)
			return error_errno(e, "attach the mount '%s'", target->path);
		r = early ? 0 : mount_change(fd, attrs, e);
		return r < 0 ? r : fd_take(&fd);
	}
	r = mount_old_bind(tree->fd, depth, target, e);
	if (r < 0)
		return r;
	fd = reopen_target(target, e);
	if (fd < 0)
		return fd;
	r = mount_change(fd, attrs, e);
	return r < 0 ? r : fd_take(&fd);
}

int mount_set_idmap(int tree_fd, enum mount_depth depth, int user_namespace_fd, struct error *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)user_namespace_fd };
	unsigned int flags = AT_EMPTY_PATH | (depth == MOUNT_TREE ? AT_RECURSIVE : 0);

	if (mount_setattr(tree_fd, "", flags, &attr, sizeof(attr)) == 0)
		return 0;
	error_errno(e, "map the IDs of the mount");
	if (e->code == EINVAL)
		return error_hint(e, "its file system does not support ID-mapped mounts");
	if (e->code == EPERM)
		return error_hint(e,
			"only who made the file system may map its IDs: one that belongs to the "
			"host needs root there");
	return -e->code;
}

bool mount_is_context(const char *option)
{
	static const char *const names[] = {
		"context=", "fscontext=", "defcontext=", "rootcontext="
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_starts(option, names[i]))
			return true;
	return false;
}

static int set_option(int fs_fd, const char *option)
{
	const char *equals = strchr(option, '=');
	CLEANUP(mem_free) char *key = NULL;

	if (!equals)
		return fsconfig(fs_fd, FSCONFIG_SET_FLAG, option, NULL, 0);
	key = xstrndup(option, (size_t)(equals - option));
	return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

/* What the kernel's log of the file system context says, for the error's text. */
static void read_context_log(int fs_fd, char *buf, size_t size)
{
	ssize_t n = read(fs_fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	if (n > 0 && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	/* "e tmpfs: Unknown parameter": the letter is the message's level. */
	if (n > 2 && buf[1] == ' ')
		memmove(buf, buf + 2, strlen(buf + 2) + 1);
}

static int context_error(int fs_fd, const struct mount_fs *fs, const char *what, struct error *e)
{
	int code = errno;
	char log[256];

	read_context_log(fs_fd, log, sizeof(log));
	return error_set(e, code, "mount a new '%s'%s%s: %s%s%s", fs->type,
		*what ? ": option " : "", what, strerror(code), *log ? " - the kernel: " : "", log);
}

static int fill_context(int fs_fd, const struct mount_fs *fs, struct error *e)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} flags[] = { { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },
		{ MS_LAZYTIME, "lazytime" }, { MS_MANDLOCK, "mand" } };

	if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", fs->source ? fs->source : fs->type, 0) <
		0)
		return context_error(fs_fd, fs, "source", e);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if ((fs->sb_flags & flags[i].flag) &&
			fsconfig(fs_fd, FSCONFIG_SET_FLAG, flags[i].name, NULL, 0) < 0)
			return context_error(fs_fd, fs, flags[i].name, e);
	for (size_t i = 0; fs->data && i < fs->data->n; i++)
		if (set_option(fs_fd, fs->data->v[i]) < 0)
			return context_error(fs_fd, fs, fs->data->v[i], e);
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(fs_fd, fs, "", e);
	return 0;
}

/*
 * Silent and iversion have no name in fsconfig(2), which also bounds values; other types than
 * these may read their options otherwise when they come one by one.
 */
static bool suits_context(const struct mount_fs *fs)
{
	static const char *const types[] = { "proc", "sysfs", "tmpfs", "devpts", "mqueue",
		"cgroup2" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		known |= streq(types[i], fs->type);
	if (!known || (fs->sb_flags & (MS_SILENT | MS_I_VERSION)))
		return false;
	for (size_t i = 0; fs->data && i < fs->data->n; i++)
		if (strlen(fs->data->v[i]) > FSCONFIG_VALUE_MAX)
			return false;
	return true;
}

/* 0, or 1 when the interface isn't there. */
static int new_by_context(
	const struct mount_fs *fs, const struct mount_target *target, int *out_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int fs_fd = fsopen(fs->type, FSOPEN_CLOEXEC);
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r;

	if (fs_fd < 0)
		return is_unavailable(errno)
			? 1
			: error_errno(e, "mount a new '%s': open the file system", fs->type);
	r = fill_context(fs_fd, fs, e);
	if (r < 0)
		return r;
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned int)fs->attrs.set);
	if (fd < 0)
		return error_errno(e, "mount a new '%s'", fs->type);
	if (fs->attrs.propagation || fs->attrs.tree_set || fs->attrs.tree_propagation) {
		r = mount_change(fd, &fs->attrs, e);
		if (r < 0)
			return r;
	}
	if (attach_fd(fd, target) < 0)
		return error_errno(e, "attach the mount '%s'", target->path);
	*out_fd = fd_take(&fd);
	return 0;
}

int mount_new(const struct mount_fs *fs, const struct mount_target *target, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = suits_context(fs) && have_contexts() ? new_by_context(fs, target, &fd, e) : 1;

	if (r < 0)
		return r;
	if (r == 0)
		return fd_take(&fd);
	r = mount_old_new(fs, target, e);
	if (r < 0)
		return r;
	fd = reopen_target(target, e);
	if (fd < 0)
		return fd;
	r = mount_change(fd, &fs->attrs, e);
	return r < 0 ? r : fd_take(&fd);
}

int mount_again(int fd, const struct mount_fs *fs, struct error *e)
{
	int r = 0;

	if (fs->sb_flags || (fs->data && fs->data->n > 0))
		r = mount_old_again(fd, fs, e);
	return r < 0 ? r : mount_change(fd, &fs->attrs, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/mount_old.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"

/* The same property in the two vocabularies, and in what statvfs(3) reports. */
static const struct {
	uint64_t attr;
	unsigned long ms, st;
} flag_table[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME },
	/* Not in the headers of glibc 2.36; value of include/linux/statfs.h (Linux 5.10). */
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, 0x2000 },
};

static unsigned long atime_flags(const struct mount_attrs *a, unsigned long now)
{
	switch (a->set & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_NOATIME:
		return MS_NOATIME;
	case MOUNT_ATTR_STRICTATIME:
		return MS_STRICTATIME;
	}
	if (a->clear & MOUNT_ATTR__ATIME)
		return MS_RELATIME;
	if (now & ST_NOATIME)
		return MS_NOATIME;
	return now & ST_RELATIME ? MS_RELATIME : MS_STRICTATIME;
}

/* A remount sets all flags anew, so what is there has to be asked for again. */
static unsigned long merged_flags(const struct mount_attrs *a, unsigned long now)
{
	unsigned long flags = atime_flags(a, now);

	for (size_t i = 0; i < ARRAY_SIZE(flag_table); i++) {
		bool on = (now & flag_table[i].st) && !(a->clear & flag_table[i].attr);

		if (on || (a->set & flag_table[i].attr))
			flags |= flag_table[i].ms;
	}
	return flags;
}

int mount_old_bind(
	int source_fd, enum mount_depth depth, const struct mount_target *target, struct error *e)
{
	unsigned long flags = MS_BIND | (depth == MOUNT_TREE ? MS_REC : 0);

	if (mount(fd_path(source_fd).s, fd_path(target->fd).s, NULL, flags, NULL) < 0)
		return error_errno(e, "bind the mount '%s'", target->path);
	return 0;
}

/*
 * mount(2) on what is mounted already. A directory is reached without procfs, since what is mounted
 * on /proc after the pivot is the container's.
 */
static int change(int fd, unsigned long flags, const char *data)
{
	CLEANUP(fd_cleanup) int back_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (back_fd < 0 || fchdir(fd) < 0)
		return mount(NULL, fd_path(fd).s, NULL, flags, data);
	r = mount(NULL, ".", NULL, flags, data);
	if (fchdir(back_fd) < 0)
		return -1;
	return r;
}

int mount_old_change(int fd, const struct mount_attrs *a, struct error *e)
{
	struct statvfs now;

	if (a->tree_set || a->tree_clear)
		return error_set(e, ENOSYS, "change the attributes of all mounts beneath: %s",
			strerror(ENOSYS));
	if (a->set || a->clear) {
		if (fstatvfs(fd, &now) < 0)
			return error_errno(e, "read mount attributes");
		if (change(fd, MS_REMOUNT | MS_BIND | merged_flags(a, now.f_flag), NULL) < 0)
			return error_errno(e, "change mount attributes");
	}
	if (a->propagation && change(fd, a->propagation, NULL) < 0)
		return error_errno(e, "set mount propagation");
	if (a->tree_propagation && change(fd, a->tree_propagation | MS_REC, NULL) < 0)
		return error_errno(e, "set mount propagation");
	return 0;
}

/* A label has commas of its own: SELinux takes it in quotes. */
static void add_option(struct text *t, const char *option)
{
	const char *value = mount_is_context(option) ? strchr(option, '=') + 1 : NULL;

	if (t->len > 0)
		text_puts(t, ",");
	if (value)
		text_printf(t, "%.*s\"%s\"", (int)(value - option), option, value);
	else
		text_puts(t, option);
}

static char *join(const struct strings *data)
{
	struct text t = { 0 };

	for (size_t i = 0; data && i < data->n; i++)
		add_option(&t, data->v[i]);
	return t.s;
}

static unsigned long new_flags(const struct mount_fs *fs)
{
	return fs->sb_flags | merged_flags(&fs->attrs, ST_RELATIME);
}

int mount_old_new(const struct mount_fs *fs, const struct mount_target *target, struct error *e)
{
	CLEANUP(mem_free) char *data = join(fs->data);

	if (mount(fs->source ? fs->source : fs->type, fd_path(target->fd).s, fs->type,
		    new_flags(fs), data) < 0)
		return error_errno(e, "mount a new '%s'", fs->type);
	return 0;
}

int mount_old_again(int fd, const struct mount_fs *fs, struct error *e)
{
	CLEANUP(mem_free) char *data = join(fs->data);
	struct statvfs now;

	if (fstatvfs(fd, &now) < 0)
		return error_errno(e, "read mount attributes");
	/* What nothing was said about stays: above all nosuid, nodev and noexec. */
	if (change(fd, MS_REMOUNT | fs->sb_flags | merged_flags(&fs->attrs, now.f_flag), data) < 0)
		return error_errno(e, "mount again");
	return 0;
}

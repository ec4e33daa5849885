/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

int device_make(int root_fd, const struct device_node *node, struct error *e)
{
	const char *name;
	CLEANUP(fd_cleanup) int dir_fd = path_make_parent(root_fd, node->path, &name, e);

	if (dir_fd < 0)
		return dir_fd;
	if (mknodat(dir_fd, name, (node->mode & S_IFMT) | 0600, node->dev) < 0) {
		struct stat st;
		bool same = errno == EEXIST &&
			fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			((st.st_mode ^ node->mode) & S_IFMT) == 0 && st.st_rdev == node->dev;

		if (!same)
			return error_errno(e, "make the node '%s'", node->path);
	}
	/* The mode by chmod, since mknod's is cut by the umask; no link can stand here (EEXIST). */
	if (fchmodat(dir_fd, name, node->mode & 07777, 0) < 0 ||
		fchownat(dir_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(e, "set the mode and owner of '%s'", node->path);
	return 0;
}

int device_check(int fd, mode_t type, dev_t dev, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(e, "look at the device");
	if ((st.st_mode & S_IFMT) != type || st.st_rdev != dev)
		return error_set(e, ENODEV, "the host's node is not %s device %u:%u",
			type == S_IFBLK ? "block" : "character", major(dev), minor(dev));
	return 0;
}

int device_link(int root_fd, const char *path, const char *target, struct error *e)
{
	const char *name;
	CLEANUP(fd_cleanup) int dir_fd = path_make_parent(root_fd, path, &name, e);
	char now[PATH_MAX];
	ssize_t n;

	if (dir_fd < 0)
		return dir_fd;
	if (symlinkat(target, dir_fd, name) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(e, "make the link '%s'", path);
	n = readlinkat(dir_fd, name, now, sizeof(now) - 1);
	if (n >= 0) {
		now[n] = '\0';
		if (streq(now, target))
			return 0;
	}
	/* An image may bring another one: the specification says what it must be. */
	if (unlinkat(dir_fd, name, 0) < 0 || symlinkat(target, dir_fd, name) < 0)
		return error_errno(e, "replace '%s' by a link", path);
	return 0;
}

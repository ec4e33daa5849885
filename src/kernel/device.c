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

/* In /dev an image's link would put nodes into somebody's volume; elsewhere links are usual. */
static int open_parent(int root_fd, const char *path, const char **out_name, struct error *e)
{
	return path_make_parent(
		root_fd, path, path_beneath(path, "/dev") ? PATH_PLAIN : PATH_FOLLOW, out_name, e);
}

/* By descriptor: where others can write to the directory, the name may be a link by now. */
static int set_owner(int dir_fd, const char *name, const struct device_node *node, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(e, "open the node '%s'", node->path);
	if (((st.st_mode ^ node->mode) & S_IFMT) != 0 || st.st_rdev != node->dev)
		return error_set(e, EEXIST, "make the node '%s': something else is in its place",
			node->path);
	/* The mode by chmod, since mknod's is cut by the umask. */
	if (chmod(fd_path(fd).s, node->mode & 07777) < 0 ||
		fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
		return error_errno(e, "set the mode and owner of '%s'", node->path);
	return 0;
}

int device_make(int root_fd, const struct device_node *node, struct error *e)
{
	const char *name;
	CLEANUP(fd_cleanup) int dir_fd = open_parent(root_fd, node->path, &name, e);

	if (dir_fd < 0)
		return dir_fd;
	if (mknodat(dir_fd, name, (node->mode & S_IFMT) | 0600, node->dev) < 0 && errno != EEXIST)
		return error_errno(e, "make the node '%s'", node->path);
	return set_owner(dir_fd, name, node, e);
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

int device_check_place(int fd, mode_t type, dev_t dev, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(e, "look at the place of the device");
	if ((S_ISREG(st.st_mode) && st.st_size == 0) ||
		((st.st_mode & S_IFMT) == type && st.st_rdev == dev))
		return 0;
	return error_set(e, EEXIST, "something else is there already");
}

int device_link(int root_fd, const char *path, const char *target, struct error *e)
{
	const char *name;
	CLEANUP(fd_cleanup) int dir_fd = open_parent(root_fd, path, &name, e);
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
	/* An image may bring another link: the specification says what it must be. A file stays. */
	if (n < 0)
		return error_set(
			e, EEXIST, "make the link '%s': something else is in its place", path);
	if (unlinkat(dir_fd, name, 0) < 0 || symlinkat(target, dir_fd, name) < 0)
		return error_errno(e, "replace the link '%s'", path);
	return 0;
}

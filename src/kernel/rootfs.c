/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "kernel/mount.h"

int rootfs_make_slave(struct error *e)
{
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return error_errno(e, "make the mounts of '/' slaves");
	return 0;
}

int rootfs_pivot(int root_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old_fd < 0)
		return error_errno(e, "open '/'");
	if (fchdir(root_fd) < 0)
		return error_errno(e, "change into the root file system");
	/* The old root ends up on top of the new one (pivot_root(2), NOTES), to be taken away. */
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		error_errno(e, "pivot_root");
		return error_hint(e, "--no-pivot is for a root on a ramdisk");
	}
	if (fchdir(old_fd) < 0)
		return error_errno(e, "change into the old root");
	if (umount2(".", MNT_DETACH) < 0)
		return error_errno(e, "detach the old root");
	if (chdir("/") < 0)
		return error_errno(e, "change into the new root");
	return 0;
}

int rootfs_move(int root_fd, struct error *e)
{
	/*
	 * What stays beneath must be no procfs or sysfs without masks: the kernel would let a user
	 * namespace inside mount another one. In a user namespace they are locked, hence covered.
	 */
	static const char *const hidden[] = { "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (umount2(hidden[i], MNT_DETACH) < 0 && errno != ENOENT &&
			mount("tmpfs", hidden[i], "tmpfs", MS_RDONLY, NULL) < 0)
			return error_errno(e, "hide the host's '%s'", hidden[i]);
	if (fchdir(root_fd) < 0)
		return error_errno(e, "change into the root file system");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return error_errno(e, "move the root file system to '/'");
	if (chroot(".") < 0 || chdir("/") < 0)
		return error_errno(e, "change the root");
	return 0;
}

int rootfs_chroot(int root_fd, struct error *e)
{
	if (fchdir(root_fd) < 0)
		return error_errno(e, "change into the root file system");
	if (chroot(".") < 0 || chdir("/") < 0)
		return error_errno(e, "change the root");
	return 0;
}

/* Not a path that somebody may have swapped: the node itself (CVE-2025-31133). */
static int check_null(int null_fd, struct error *e)
{
	struct stat st;

	if (fstat(null_fd, &st) < 0)
		return error_errno(e, "look at the container's '/dev/null'");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(e, EINVAL, "the container's '/dev/null' is not the null device");
	return 0;
}

int rootfs_mask(int root_fd, const char *path, int null_fd, const char *context, struct error *e)
{
	static const struct mount_attrs null_attrs = {
		.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	};
	const char *options[] = { "size=0", "nr_inodes=2", "mode=755", context, NULL };
	const struct strings data = { context ? 4 : 3, options };
	const struct mount_fs empty = { .type = "tmpfs",
		.data = &data,
		.attrs = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				MOUNT_ATTR_NOEXEC } };
	CLEANUP(fd_cleanup) int target_fd = -EBADF;
	CLEANUP(fd_cleanup) int mount_fd = -EBADF;
	struct mount_tree tree;
	struct mount_target target;
	struct stat st;
	int r;

	target_fd = path_open(root_fd, path, O_PATH, e);
	if (target_fd == -ENOENT || target_fd == -ENOTDIR)
		return 0;
	if (target_fd < 0)
		return target_fd;
	if (fstat(target_fd, &st) < 0)
		return error_errno(e, "look at '%s'", path);
	target = (struct mount_target){ .root_fd = root_fd, .path = path, .fd = target_fd };
	if (S_ISDIR(st.st_mode)) {
		mount_fd = mount_new(&empty, &target, e);
		return mount_fd < 0 ? mount_fd : 0;
	}
	r = check_null(null_fd, e);
	if (r < 0)
		return r;
	r = mount_tree_of_fd(null_fd, MOUNT_ONE, &tree, e);
	if (r < 0)
		return r;
	mount_fd = mount_attach(&tree, MOUNT_ONE, &target, &null_attrs, e);
	fd_close(tree.fd);
	return mount_fd < 0 ? mount_fd : 0;
}

static int bind_readonly(const struct mount_target *target, enum mount_depth depth,
	const struct mount_attrs *attrs, struct error *e)
{
	struct mount_tree tree;
	int fd, r = mount_tree_of_fd(target->fd, depth, &tree, e);

	if (r < 0)
		return r;
	fd = mount_attach(&tree, depth, target, attrs, e);
	fd_close(tree.fd);
	if (fd < 0)
		return fd;
	fd_close(fd);
	return 0;
}

int rootfs_make_readonly(int root_fd, const char *path, struct error *e)
{
	static const struct mount_attrs recursive = { .tree_set = MOUNT_ATTR_RDONLY };
	static const struct mount_attrs single = { .set = MOUNT_ATTR_RDONLY };
	CLEANUP(fd_cleanup) int target_fd = path_open(root_fd, path, O_PATH, e);
	struct mount_target target = { .root_fd = root_fd, .path = path, .fd = target_fd };

	if (target_fd == -ENOENT || target_fd == -ENOTDIR)
		return 0;
	if (target_fd < 0)
		return target_fd;
	/* Before Linux 5.12: without what is mounted beneath, rather than with it writable. */
	return mount_can_change_trees() ? bind_readonly(&target, MOUNT_TREE, &recursive, e)
					: bind_readonly(&target, MOUNT_ONE, &single, e);
}

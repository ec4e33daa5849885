/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mount at a time, by descriptor. The new mount interface (Linux 5.2, mount_setattr 5.12) is
 * used where it is there; where it is missing or blocked by an outer seccomp filter, mount(2) on
 * /proc/self/fd paths does the same, but for what it can't express (recursive attributes), which
 * then fails with ENOSYS.
 *
 * Everything here wants CAP_SYS_ADMIN in the user namespace that owns our mount namespace, and
 * /proc of the host still at hand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h> /* MOUNT_ATTR_*, MS_* */

#include "base/error.h"
#include "base/str.h"

/* What to change of a mount; MOUNT_ATTR_* of linux/mount.h, MS_SHARED etc. of mount(2). */
struct mount_attrs {
	uint64_t set, clear;
	uint64_t tree_set, tree_clear; /* for it and all mounts beneath */
	unsigned long propagation; /* 0: leave */
	unsigned long tree_propagation; /* 0: leave */
};

/* Where to mount: the object that fd (O_PATH) stands for; path is its name beneath root_fd. */
struct mount_target {
	int root_fd;
	const char *path;
	int fd;
};

/*
 * Whether fd lies in a file system of this type: "proc", "sysfs", "mqueue" or "cgroup2". What the
 * host has at a usual place need not be what it usually is.
 */
int mount_check_type(int fd, const char *type, struct error *e);

/* A copy of a mount, not attached anywhere yet (or, with the old interface, only its source). */
struct mount_tree {
	int fd;
	bool detached;
};

enum mount_depth { MOUNT_ONE, MOUNT_TREE };

/* Copies what path is (with the mounts beneath it: MOUNT_TREE). Close out->fd when done. */
int mount_tree_open(int dir_fd, const char *path, enum mount_depth depth, struct mount_tree *out,
	struct error *e);

/* Copies the mount that fd stands for. */
int mount_tree_of_fd(int fd, enum mount_depth depth, struct mount_tree *out, struct error *e);

/*
 * Attaches a tree. Returns a descriptor of the new mount's root. A detached tree has been used up
 * afterwards: its fd then is the attached mount.
 */
int mount_attach(const struct mount_tree *tree, enum mount_depth depth,
	const struct mount_target *target, const struct mount_attrs *attrs, struct error *e);

/* Gives a detached tree the ID mapping of a user namespace: mount_setattr(2), Linux 5.12. */
int mount_set_idmap(int tree_fd, enum mount_depth depth, int user_namespace_fd, struct error *e);

/* Whether an option of a file system is a label of SELinux: "context=a:b:c:s0:c1,c2", unquoted. */
bool mount_is_context(const char *option);

/* A new file system. */
struct mount_fs {
	const char *type;
	const char *source; /* or NULL: the type */
	const struct strings *data; /* options of the file system, "key" or "key=value"; or NULL */
	unsigned long sb_flags; /* MS_SYNCHRONOUS, MS_DIRSYNC, MS_LAZYTIME, ... of mount(2) */
	struct mount_attrs attrs;
};

/* Returns a descriptor of the new mount's root. */
int mount_new(const struct mount_fs *fs, const struct mount_target *target, struct error *e);

/* Changes an existing mount, through any descriptor on it (of its root, for a tree). */
int mount_change(int fd, const struct mount_attrs *attrs, struct error *e);

/* Whether tree_set and tree_clear can be had. */
bool mount_can_change_trees(void);

/* The option "remount": attributes and file system options of what is mounted at fd. */
int mount_again(int fd, const struct mount_fs *fs, struct error *e);

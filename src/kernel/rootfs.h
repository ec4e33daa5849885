/* SPDX-License-Identifier: Apache-2.0 */
/* The root: making one's mount namespace safe, changing into the root, hiding parts of it. */
#pragma once

#include "base/error.h"

/* Nothing that we mount from here on reaches the host: all mounts become slaves. */
int rootfs_make_slave(struct error *e);

/* Puts the mount of root_fd in place of "/" and lets go of the old one: pivot_root(2). */
int rootfs_pivot(int root_fd, struct error *e);

/* The same by MS_MOVE and chroot(2), for a root on a ramdisk, where pivot_root is refused. */
int rootfs_move(int root_fd, struct error *e);

/* Changes the root of this process alone. */
int rootfs_chroot(int root_fd, struct error *e);

/*
 * Hides a path: a file behind /dev/null, a directory behind an empty read-only one. What does not
 * exist needs no hiding. null_fd is the container's own /dev/null, O_PATH. context is one more
 * option for the empty file system, "context=...", or NULL.
 */
int rootfs_mask(int root_fd, const char *path, int null_fd, const char *context, struct error *e);

/* Makes a path and all mounts beneath it read-only; nothing if it doesn't exist. */
int rootfs_make_readonly(int root_fd, const char *path, struct error *e);

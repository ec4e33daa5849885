/* SPDX-License-Identifier: Apache-2.0 */
/* mount(2), for kernels and sandboxes without the new interface; used by mount.c alone. */
#pragma once

#include "kernel/mount.h"

int mount_old_bind(
	int source_fd, enum mount_depth depth, const struct mount_target *target, struct error *e);
int mount_old_new(const struct mount_fs *fs, const struct mount_target *target, struct error *e);
int mount_old_change(int fd, const struct mount_attrs *attrs, struct error *e);
int mount_old_again(int fd, const struct mount_fs *fs, struct error *e);

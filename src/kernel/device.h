/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, FIFOs and links in the container's /dev. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct device_node {
	const char *path; /* in the container */
	mode_t mode; /* S_IFCHR, S_IFBLK or S_IFIFO, with the permissions */
	dev_t dev;
	uid_t uid;
	gid_t gid;
};

/* Makes the node; wants CAP_MKNOD in the initial user namespace, except for a FIFO. */
int device_make(int root_fd, const struct device_node *node, struct error *e);

/* Fails unless fd is this device: what is bound must be what was asked for. */
int device_check(int fd, mode_t type, dev_t dev, struct error *e);

/*
 * Fails if something else than this device is at its place already (config-linux.md, Devices). An
 * empty file is nothing: so do the places look that containers of before have left.
 */
int device_check_place(int fd, mode_t type, dev_t dev, struct error *e);

/* A symbolic link; one that is already there and says the same is fine. */
int device_link(int root_fd, const char *path, const char *target, struct error *e);

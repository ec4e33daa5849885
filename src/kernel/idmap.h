/* SPDX-License-Identifier: Apache-2.0 */
/* The ID maps of a new user namespace: user_namespaces(7), newuidmap(1). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/spawn.h"

struct idmap_range {
	uint32_t inside, outside, count;
};

struct idmap {
	size_t n;
	struct idmap_range *v;
};

/* The kernel's limit on lines of a map since Linux 4.15. */
#define IDMAP_RANGES_MAX 340

enum idmap_kind { IDMAP_UID, IDMAP_GID };

/* Writes the map of process pid ourselves. */
int idmap_write(pid_t pid, enum idmap_kind kind, const struct idmap *map, struct error *e);

/* user_namespaces(7): needed before an unprivileged process may write a gid map. */
int idmap_deny_setgroups(pid_t pid, struct error *e);

/*
 * A user namespace with these maps and nobody in it, for mount_setattr(2): its descriptor. Wants
 * privilege over every ID outside.
 */
int idmap_namespace(const struct idmap *uids, const struct idmap *gids, struct error *e);

/* Starts newuidmap or newgidmap (absolute path in helper). Both may run at the same time. */
int idmap_start_helper(
	const char *helper, pid_t pid, const struct idmap *map, struct child *out, struct error *e);
/* Waits for it. */
int idmap_wait_helper(struct child *c, enum idmap_kind kind, struct error *e);

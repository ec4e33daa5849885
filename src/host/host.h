/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine and this user allow: the facts that a plan is made of. Probing changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/ids.h"

/* How cgroups are mounted: cgroups(7). */
enum host_cgroup {
	HOST_CGROUP_NONE,
	HOST_CGROUP_V1, /* no unified hierarchy at all */
	HOST_CGROUP_HYBRID, /* v1 holds the controllers, a unified tree without them stands beside
			     */
	HOST_CGROUP_V2,
};

struct host {
	struct host_ids ids;
	struct id_ranges sub_uids, sub_gids; /* from host_probe_subordinate */
	char *newuidmap, *newgidmap; /* likewise; absolute, or NULL */
	struct idmap own_uids, own_gids; /* of our user namespace */
	enum host_cgroup cgroup;
	char *cgroup_mount; /* where the unified hierarchy is mounted, or NULL */
	char *cgroup_path; /* our place in it, absolute, or NULL */
	uint64_t capabilities;
	int cap_last;
	struct rlimit rlimits[RLIM_NLIMITS];
	int oom_score_adj;
	int nice;
	bool apparmor, selinux; /* the module is active */
	bool stdin_is_terminal;
};

int host_probe(struct host *out, struct error *e);

/*
 * The part that only an ordinary user needs who maps more than their own ID: subordinate ranges and
 * the programs that map them. Nothing for others.
 */
int host_probe_subordinate(struct host *host, struct error *e);

void host_release(struct host *host);

/*
 * A node of the host for a device: the same path if it is this device, else what sysfs calls it.
 * Not part of the probe, since most containers ask for none. The caller's to free, or NULL.
 * *out_mode, *out_uid, *out_gid describe the node.
 */
struct host_node {
	char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};
int host_find_device(
	const char *path, mode_t type, dev_t dev, struct host_node *out, struct error *e);

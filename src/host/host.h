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
#include "host/cgroup.h"
#include "host/ids.h"
#include "host/network.h"

struct host {
	struct host_ids ids;
	struct id_ranges sub_uids, sub_gids; /* from host_probe_subordinate */
	char *newuidmap, *newgidmap; /* likewise; absolute, or NULL */
	struct idmap own_uids, own_gids; /* of our user namespace */
	struct host_cgroup cgroup;
	struct host_network network; /* from host_network_probe, if a network is asked for */
	uint64_t capabilities;
	int cap_last;
	struct rlimit rlimits[RLIM_NLIMITS];
	int oom_score_adj;
	bool apparmor, selinux; /* the module is active */
	bool stdin_is_terminal;
};

int host_probe(struct host *out, struct error *e);

/*
 * The part that only an ordinary user needs who maps more than their own ID: subordinate ranges and
 * the programs that map them. Nothing for others.
 */
int host_probe_subordinate(struct host *host, struct error *e);

/*
 * The part that only a container with a cgroup of its own needs: where one could be made. path is
 * the absolute one that was asked for, or NULL.
 */
void host_probe_delegation(struct host *host, const char *path);

/* Our user ID as the initial user namespace, or the one around ours, knows it. */
uid_t host_outside_uid(const struct host *host);

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

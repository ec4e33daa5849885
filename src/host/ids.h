/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are, and which IDs we may give away: credentials(7), subuid(5), user_namespaces(7). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/idmap.h"

/* What our privilege is in the user namespace that we stand in. */
enum host_privilege {
	HOST_USER, /* none: containers need a user namespace of their own (mode A) */
	HOST_NAMESPACE_ROOT, /* all, in a user namespace that somebody made (mode B) */
	HOST_ROOT, /* all, in the initial user namespace */
};

struct id_range {
	uint32_t first, count;
};
struct id_ranges {
	size_t n;
	struct id_range *v;
};

struct host_ids {
	uid_t uid;
	gid_t gid;
	enum host_privilege privilege;
	char *user_name; /* "" if the user has no entry in /etc/passwd and the environment */
	ino_t user_namespace; /* inode number */
};

/*
 * Fills out; looks at the process, at /proc/self/ns/user and at nothing else but, for the name,
 * /etc/passwd.
 */
int host_ids_probe(struct host_ids *out, struct error *e);
void host_ids_release(struct host_ids *ids);

/*
 * The user's subordinate ranges, in the order of /etc/subuid or /etc/subgid: lines by name and by
 * number, or what getsubids(1) says where /etc/nsswitch.conf names another source. None: n == 0.
 */
int host_subordinate_ids(
	const struct host_ids *ids, enum idmap_kind kind, struct id_ranges *out, struct error *e);
void id_ranges_release(struct id_ranges *ranges);

/* Parses the format of subuid(5); for tests and for host_subordinate_ids. */
void id_ranges_parse(const char *text, const char *user_name, uid_t uid, struct id_ranges *out);

/* The map of our own user namespace, as /proc/self/uid_map shows it. */
int host_own_map(enum idmap_kind kind, struct idmap *out, struct error *e);
/* The same of another process. */
int host_map_of(pid_t pid, enum idmap_kind kind, struct idmap *out, struct error *e);

/* Whom an ID inside stands for outside, or -ENOENT. */
int host_id_outside(const struct idmap *map, uint32_t id, uint32_t *out);

/* What our own user namespace calls the user who is uid in that of pid. */
int host_uid_of_process(pid_t pid, uid_t uid, uid_t *out, struct error *e);

/*
 * The absolute path of newuidmap or newgidmap, searched in PATH and then in the usual places
 * (Podman calls with an empty environment); NULL if there is none. The caller's to free.
 */
char *host_find_program(const char *name);

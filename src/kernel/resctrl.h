/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel RDT and its relatives, by their file system: Documentation/filesystems/resctrl.rst. A group
 * is a path beneath the root of it: ".", "NAME", and for monitoring "NAME/mon_groups/NAME".
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Where mountinfo (proc_pid_mountinfo(5)) says that it is mounted, the caller's to free; NULL if
 * nowhere.
 */
char *resctrl_find(const char *mountinfo);

/* Its root, O_PATH. ENOENT if it isn't mounted. */
int resctrl_open(struct error *e);

/* What there is before anything is done. */
struct resctrl_facts {
	bool mounted, exists;
	bool writable; /* the group, or, where it does not exist, the directory for it */
	char *schemata; /* of the group, or NULL */
};
void resctrl_probe(int root_fd, const char *group, struct resctrl_facts *out);
void resctrl_facts_release(struct resctrl_facts *facts);

/* EEXIST if it is there already. */
int resctrl_make(int root_fd, const char *group, struct error *e);

/* One line of the group's schemata, "L3:0=7f0;1=1f". */
int resctrl_write(int root_fd, const char *group, const char *line, struct error *e);

/* A process, and with it those that it will make. */
int resctrl_add(int root_fd, const char *group, pid_t pid, struct error *e);

/* Its processes go to the group above it. */
int resctrl_remove(int root_fd, const char *group, struct error *e);

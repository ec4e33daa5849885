/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cgroup of the unified hierarchy, by the descriptor of its directory: cgroups(7) and the
 * kernel's Documentation/admin-guide/cgroup-v2.rst. Nothing here knows what a container is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Opens path (absolute in the hierarchy) beneath the hierarchy's root; ENOENT as it is. */
int cgroup_open(int root_fd, const char *path, struct error *e);

/* Makes and opens the child name; EEXIST if it is there. */
int cgroup_make(int parent_fd, const char *name, struct error *e);

/* Its number, which no other cgroup has had or will have until the next boot (Linux 5.5); or 0. */
uint64_t cgroup_id(int fd);

/*
 * Says that lichen made it on the way to somewhere else, so that whoever leaves last may remove it.
 * Before Linux 5.7 a cgroup can't be marked, and then it isn't.
 */
void cgroup_mark(int fd);
bool cgroup_is_marked(int fd);

/*
 * Writes one of its files. Several lines are written one by one, as the kernel wants them. EACCES
 * and EPERM: not ours; ENOENT: the controller is not enabled for it.
 */
int cgroup_write(int fd, const char *file, const char *value, struct error *e);

/* A file's text without the last newline, the caller's to free; or NULL. */
char *cgroup_read(int fd, const char *file);

/* The number after key in a file of "key number" lines (memory.events), or in a file that is one
 * number for key NULL. -ENOENT without it; "max" is UINT64_MAX. */
int cgroup_read_number(int fd, const char *file, const char *key, uint64_t *out);

/* Whether a file of words (cgroup.controllers, cgroup.subtree_control) has this one. */
bool cgroup_has(int fd, const char *file, const char *word);

/* Gives its children a controller. EBUSY while processes are in it (cgroups(7)). */
int cgroup_enable(int fd, const char *controller, struct error *e);

/* Moves a process into it; it must be allowed to (cgroups(7), "delegation containment"). */
int cgroup_enter(int fd, pid_t pid, struct error *e);

/* Moves all processes of from into to; those that are gone meanwhile are no error. */
int cgroup_move_all(int from_fd, int to_fd, struct error *e);

/*
 * Whether processes of its own are in the way of giving controllers to its children (cgroups(7),
 * "no internal processes"). The kernel says so only of some: cpu, cpuset and pids it gives all the
 * same, and makes the children threaded, where no container can be. In the hierarchy's root all may
 * be.
 */
bool cgroup_has_processes(int fd);

/* Whether a process is in it or beneath it. */
bool cgroup_is_populated(int fd);

enum cgroup_freezing { CGROUP_THAW, CGROUP_FREEZE };
/* Until the kernel says that it is so; ETIMEDOUT after deadline_ms (time_ms()). */
int cgroup_freeze(int fd, enum cgroup_freezing how, int64_t deadline_ms, struct error *e);
/* Or is about to be: whoever froze it may have been killed before all of its processes were. */
bool cgroup_is_frozen(int fd);

/* The processes in it and beneath it; *out_pids is the caller's. */
int cgroup_pids(int fd, pid_t **out_pids, size_t *out_n, struct error *e);

/* A signal for each of them, the rest also if one can't be sent. */
int cgroup_signal(int fd, int sig, struct error *e);

/* SIGKILL for all in it and beneath it, and until they are gone: EBUSY after deadline_ms. */
int cgroup_kill(int fd, int64_t deadline_ms, struct error *e);

/* Removes parent_fd/name and everything beneath it, which must hold no process any more. */
int cgroup_remove(int parent_fd, const char *name, int64_t deadline_ms, struct error *e);

/*
 * Gives it away: the directory and the files that a new owner needs to make cgroups of its own
 * (cgroups(7), "cgroups delegation").
 */
int cgroup_give(int fd, uid_t uid, struct error *e);

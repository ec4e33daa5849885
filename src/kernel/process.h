/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of this very process, before it becomes the container's. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

struct process_user {
	uid_t uid;
	gid_t gid;
	size_t n_groups;
	const gid_t *groups;
};

/* What to do with the supplementary groups. */
enum process_groups {
	GROUPS_SET, /* set them, as the user says */
	GROUPS_KEEP, /* leave what we have: setgroups(2) is denied here, or the caller wants it */
};

/* Groups, GID, UID, with all capabilities kept permitted; cap_raise makes them effective again. */
int process_become(const struct process_user *user, enum process_groups groups, struct error *e);

int process_set_rlimit(int resource, const struct rlimit *limit, struct error *e);

/* Writes oom_score_adj in our own directory of a procfs. */
int process_set_oom_score(int self_proc_fd, int value, struct error *e);

int process_no_new_privileges(struct error *e);

/* Whether others of our user (or of our user namespace) may look into us: prctl(2). */
enum process_dumpable { PROCESS_HIDDEN, PROCESS_VISIBLE };
int process_set_dumpable(enum process_dumpable how, struct error *e);

/* Closes everything from first on but those of keep, which it sorts; -EBADF is none. */
void process_close_except(int first, int *keep, size_t n);

/* Default actions and an empty mask, as a program expects them. */
void process_reset_signals(void);

int process_set_hostname(const char *name, struct error *e);
int process_set_domainname(const char *name, struct error *e);

/* Writes one sysctl, "net/ipv4/ip_forward", through a procfs' descriptor. */
int process_set_sysctl(int proc_fd, const char *key, const char *value, struct error *e);

/*
 * A fresh session keyring, so that the caller's keys stay out of reach: keyctl(2). Without a name,
 * by which another container could join it.
 */
int process_new_keyring(struct error *e);

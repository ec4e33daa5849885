/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security modules that confine a process by a label: AppArmor and SELinux. What the next execve(2)
 * brings is written to a file of our own directory in procfs. The container's /proc may be anything
 * (CVE-2019-16884), so the file is opened while the host's is still there, and written at last.
 */
#pragma once

#include "base/error.h"

enum lsm { LSM_APPARMOR, LSM_SELINUX };
#define LSM_COUNT 2

/* A label on its way to execve, which takes both of these away; all zero: none. */
struct lsm_exec {
	int fd;
	char *text;
};

/* Whether no_new_privs will be set by then: AppArmor lets it only add to its own confinement. */
enum lsm_privileges { LSM_MAY_CHANGE, LSM_MAY_ONLY_ADD };

/*
 * In the process that will execute: opens the file in the host's procfs, proc_fd. ENOENT if
 * AppArmor has no such profile.
 */
int lsm_exec_prepare(enum lsm lsm, const char *label, enum lsm_privileges privileges, int proc_fd,
	struct lsm_exec *out, struct error *e);

/* From here on the next execve changes the label; nothing if none was prepared. */
int lsm_exec_apply(const struct lsm_exec *exec, struct error *e);

/* SELinux: what keyrings that this process makes are labelled with, until execve. */
int lsm_label_keys(int proc_fd, const char *label, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: entering and making them. Types are CLONE_NEW* of clone(2). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Opens a namespace given by path and checks that it is one of this type (EINVAL if not).
 * Returns a descriptor.
 */
int namespace_open(const char *path, int64_t type, struct error *e);

/*
 * The inode number of the user namespace that owns the namespace of fd, or of the parent user
 * namespace if fd is one itself; 0 if it lies outside of what we may see.
 */
ino_t namespace_owner(int fd);
ino_t namespace_inode(int fd);

/* Adds what mends an error of making namespaces, of which one is a user namespace or belongs to
 * one. */
int namespace_explain(struct error *e);

int namespace_enter(int fd, int64_t type, struct error *e);
/*
 * Enters those of a process' namespaces that flags name (CLONE_NEW*), with one setns(2) by its
 * pidfd: all or none. Before Linux 5.8, one after the other. A PID namespace takes effect on
 * children alone.
 */
int namespace_enter_all(int pidfd, pid_t pid, uint64_t flags, struct error *e);

int namespace_unshare(uint64_t flags, struct error *e);

/*
 * Makes a time namespace with offsets and enters it (time_namespaces(7)). Offsets are the text of
 * /proc/self/timens_offsets or NULL. self_proc_fd is our /proc/self.
 */
int namespace_new_time(int self_proc_fd, const char *offsets, struct error *e);

/* Brings up the loopback interface of our network namespace. */
int namespace_loopback_up(struct error *e);

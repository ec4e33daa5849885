/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that the C library has no wrapper for, or only in newer versions than Debian 12's
 * 2.36. All return -1 with errno, as the C library's do. Numbers and structs: the kernel's uapi
 * headers.
 */
#pragma once

#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/types.h>

long sys_openat2(int dir_fd, const char *path, const struct open_how *how);
/* In the child: 0. args->exit_signal etc. as clone3(2). */
pid_t sys_clone3(const struct clone_args *args);
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_capget(void *header, void *data);
int sys_capset(void *header, const void *data);

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/syscalls.h"

#include <sys/syscall.h>
#include <unistd.h>

long sys_openat2(int dir_fd, const char *path, const struct open_how *how)
{
	return syscall(SYS_openat2, dir_fd, path, how, sizeof(*how));
}

pid_t sys_clone3(const struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int sys_capget(void *header, void *data)
{
	return (int)syscall(SYS_capget, header, data);
}

int sys_capset(void *header, const void *data)
{
	return (int)syscall(SYS_capset, header, data);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* Not in the headers of glibc 2.36; include/uapi/linux/memfd.h (Linux 6.3). */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

/*
 * A process inside can write to it if its owner or group is mapped there, or if anybody can. As an
 * ordinary user on the host, root's files are safe: host root is in no map that we could make. The
 * overflow IDs stand for somebody outside of our own user namespace.
 */
static bool is_writable_inside(const struct stat *st)
{
	bool foreign = st->st_uid == 65534 || (st->st_uid == 0 && geteuid() != 0);

	return !foreign || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static int make_copy(int from_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int fd =
		memfd_create("lichen", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	ssize_t n;

	/* MFD_EXEC is unknown before Linux 6.3, and not needed there. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("lichen", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return error_errno(e, "make a protected copy of lichen in memory");
	do
		n = sendfile(fd, from_fd, NULL, 1 << 30);
	while (n > 0);
	if (n < 0 || fchmod(fd, 0500) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return error_errno(e, "make a protected copy of lichen in memory");
	return fd_take(&fd);
}

int self_protect(char *const argv[], struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int copy_fd = -EBADF;
	struct stat st;

	/* Not readable for us: then it isn't ours, and nobody inside has more than we have. */
	if (fd < 0 && errno == EACCES)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		error_errno(e, "look at lichen's own program file in '/proc/self/exe'");
		return error_hint(e, "lichen needs a procfs at /proc");
	}
	if (is_sealed(fd) || !is_writable_inside(&st))
		return 0;
	copy_fd = make_copy(fd, e);
	if (copy_fd < 0)
		return copy_fd;
	fexecve(copy_fd, argv, environ);
	return error_errno(e, "execute the protected copy of lichen");
}

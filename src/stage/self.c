/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/ids.h"

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

static bool is_mapped(const struct idmap *map, uid_t uid)
{
	for (size_t i = 0; i < map->n; i++)
		if (uid >= map->v[i].inside && uid - map->v[i].inside < map->v[i].count)
			return true;
	return false;
}

/*
 * A process inside can write to it if its owner is somebody inside, or if others than the owner can
 * write to it anyway. As an ordinary user on the host, root's files are safe: host root is in no
 * map that we could make. In somebody else's user namespace it is the owners without a mapping
 * there.
 */
static int is_writable_inside(const struct stat *st, struct error *e)
{
	struct host_ids ids;
	struct idmap own = { 0 };
	bool foreign;
	int r = host_ids_probe(&ids, e);

	if (r == 0)
		r = host_own_map(IDMAP_UID, &own, e);
	if (r < 0)
		return r;
	foreign = !is_mapped(&own, st->st_uid) ||
		(st->st_uid == 0 && ids.privilege == HOST_USER && ids.uid != 0);
	free(own.v);
	host_ids_release(&ids);
	return !foreign || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static int make_copy(int from_fd, struct error *e)
{
	CLEANUP(fd_cleanup)
	int fd = memfd_create("lichen", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
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
	CLEANUP(fd_cleanup) int fd = -EBADF;
	CLEANUP(fd_cleanup) int copy_fd = -EBADF;
	struct stat st;
	int r;

	if (stat("/proc/self/exe", &st) < 0) {
		error_errno(e, "look at lichen's own program file in '/proc/self/exe'");
		return error_hint(e, "lichen needs a procfs at /proc");
	}
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && is_sealed(fd)) {
		/* It was executed by its descriptor, and is called by that one's number. */
		prctl(PR_SET_NAME, "lichen", 0, 0, 0);
		return 0;
	}
	r = is_writable_inside(&st, e);
	if (r <= 0)
		return r;
	if (fd < 0) {
		error_set(e, EACCES,
			"lichen's own program file could be overwritten from inside, and can't "
			"be read to make a protected copy");
		return error_hint(e, "chmod u+r the program, or let root own it");
	}
	copy_fd = make_copy(fd, e);
	if (copy_fd < 0)
		return copy_fd;
	fexecve(copy_fd, argv, environ);
	return error_errno(e, "execute the protected copy of lichen");
}

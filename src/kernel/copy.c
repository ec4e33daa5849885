/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* Deeper than any root file system has it; bounds the descriptors and the stack. */
#define COPY_DEPTH_MAX 64

static void dir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void copy_xattrs(int from_fd, int to_fd)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr(from_fd, names, sizeof(names));

	/* A tmpfs takes only some of them (user.* since Linux 6.6): what it can't hold stays out.
	 */
	for (ssize_t i = 0; i < len; i += (ssize_t)strlen(names + i) + 1) {
		ssize_t n = fgetxattr(from_fd, names + i, value, sizeof(value));

		if (n >= 0)
			(void)fsetxattr(to_fd, names + i, value, (size_t)n, 0);
	}
}

/* Owner before mode: chown(2) clears the set-ID bits. An owner without a mapping stays ours. */
static int copy_metadata(int from_fd, int to_fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to_fd, st->st_uid, st->st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return -errno;
	if (fchmod(to_fd, st->st_mode & 07777) < 0)
		return -errno;
	copy_xattrs(from_fd, to_fd);
	return futimens(to_fd, times) < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	CLEANUP(fd_cleanup)
	int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(fd_cleanup)
	int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (from < 0 || to < 0)
		return -errno;
	do
		n = sendfile(to, from, NULL, 1 << 20);
	while (n > 0);
	return n < 0 ? -errno : copy_metadata(from, to, st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to_dir, name) < 0)
		return -errno;
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		errno != EINVAL && errno != EPERM)
		return -errno;
	return 0;
}

static int copy_directory(int from_fd, int to_fd, dev_t dev, int depth);

static int copy_subdirectory(
	int from_dir, int to_dir, const char *name, const struct stat *st, dev_t dev, int depth)
{
	CLEANUP(fd_cleanup) int from = -EBADF;
	CLEANUP(fd_cleanup) int to = -EBADF;
	int r;

	if (mkdirat(to_dir, name, 0700) < 0)
		return -errno;
	from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return -errno;
	/* Another mount there: its directory alone, as an empty place to mount on. */
	r = st->st_dev == dev ? copy_directory(from, to, dev, depth + 1) : 0;
	return r < 0 ? r : copy_metadata(from, to, st);
}

static int copy_entry(int from_dir, int to_dir, const char *name, dev_t dev, int depth)
{
	struct stat st;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from_dir, to_dir, name, &st);
	case S_IFLNK:
		return copy_link(from_dir, to_dir, name, &st);
	case S_IFDIR:
		return copy_subdirectory(from_dir, to_dir, name, &st, dev, depth);
	case S_IFIFO:
		return mkfifoat(to_dir, name, st.st_mode & 0777) < 0 ? -errno : 0;
	}
	/* Sockets and devices: the one is dead when copied, the other not ours to make. */
	return 0;
}

static int copy_directory(int from_fd, int to_fd, dev_t dev, int depth)
{
	CLEANUP(fd_cleanup) int fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(dir_cleanup) DIR *d = NULL;
	struct dirent *entry;

	if (depth > COPY_DEPTH_MAX)
		return -ENAMETOOLONG;
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	fd_take(&fd);
	while ((entry = readdir(d))) {
		int r;

		if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		r = copy_entry(dirfd(d), to_fd, entry->d_name, dev, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

int copy_contents(int from_fd, int to_fd, struct error *e)
{
	struct stat st;
	int r;

	if (fstat(from_fd, &st) < 0)
		return error_errno(e, "copy the directory's contents");
	r = copy_directory(from_fd, to_fd, st.st_dev, 0);
	if (r < 0)
		return error_set(e, -r, "copy the directory's contents: %s", strerror(-r));
	return 0;
}

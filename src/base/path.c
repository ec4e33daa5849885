/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/syscalls.h"

/* The kernel's limit on links in one look-up (MAXSYMLINKS in include/linux/namei.h). */
#define LINKS_MAX 40
/* Directories that a walk may stand in; each is an open descriptor. */
#define WALK_DEPTH_MAX 256

/*
 * A walk keeps the descriptor of every directory it came through, so that ".." never asks the
 * kernel, which would follow a directory that was moved out of the root meanwhile.
 */
struct walk {
	int fds[WALK_DEPTH_MAX];
	int depth; /* fds[0] is the root and borrowed */
	int links;
	bool slash; /* stands behind the component that walk_next gave */
	char *rest; /* what is still to be resolved */
};

static void walk_release(struct walk *w)
{
	while (w->depth > 0)
		fd_close(w->fds[w->depth--]);
	free(w->rest);
}

/* The next component of rest, cut off; NULL at the end. */
static char *walk_next(struct walk *w, size_t *offset)
{
	char *start = w->rest + *offset, *end;

	while (*start == '/')
		start++;
	if (!*start)
		return NULL;
	end = strchrnul(start, '/');
	w->slash = *end == '/';
	*offset = (size_t)(end - w->rest) + w->slash;
	*end = '\0';
	return start;
}

/* Puts a link's target in front of what is still to be resolved. */
static int walk_follow(struct walk *w, int link_fd, size_t *offset)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link_fd, "", target, sizeof(target));
	char *rest;

	if (n < 0)
		return -errno;
	if (n == 0 || (size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (target[0] == '/')
		while (w->depth > 0)
			fd_close(w->fds[w->depth--]);
	rest = xasprintf("%.*s%s%s", (int)n, target, w->slash ? "/" : "", w->rest + *offset);
	free(w->rest);
	w->rest = rest;
	*offset = 0;
	return 0;
}

static int make_component(int dir_fd, const char *name, bool last, enum path_kind kind)
{
	if (last && kind == PATH_FILE) {
		int fd = openat(
			dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

		if (fd < 0 && errno != EEXIST)
			return -errno;
		fd_close(fd);
		return 0;
	}
	if (mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static bool only_slashes(const char *s)
{
	return s[strspn(s, "/")] == '\0';
}

/*
 * procfs' magic links (fd, root, cwd, exe, ns) lead out of any root. The walk would take their text
 * for a path, which is safe, but answers otherwise than RESOLVE_NO_MAGICLINKS does.
 */
static bool is_magic_link(int link_fd)
{
	char target[PATH_MAX];
	struct statfs fs;
	ssize_t n;

	if (fstatfs(link_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	n = readlinkat(link_fd, "", target, sizeof(target));
	/* "/usr/bin/sh", "(unreachable)/x", "pipe:[7]", "user:[7]" */
	return n > 0 && (target[0] == '/' || target[0] == '(' || memchr(target, ':', (size_t)n));
}

enum links { LINKS_FOLLOW, LINKS_FOLLOW_BUT_LAST, LINKS_REFUSE };

/* make: create what is missing, of kind `kind`. Returns an O_PATH descriptor. */
static int walk(int root_fd, const char *path, bool make, enum path_kind kind, enum links links)
{
	CLEANUP(walk_release) struct walk w = { .fds = { root_fd }, .rest = xstrdup(path) };
	size_t offset = 0;
	char *name;

	while ((name = walk_next(&w, &offset))) {
		bool last = only_slashes(w.rest + offset);
		CLEANUP(fd_cleanup) int fd = -EBADF;
		struct stat st;
		int r;

		if (streq(name, "."))
			continue;
		if (streq(name, "..")) {
			if (w.depth > 0)
				fd_close(w.fds[w.depth--]);
			continue;
		}
		fd = openat(w.fds[w.depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && make) {
			r = make_component(w.fds[w.depth], name, last, kind);
			if (r < 0)
				return r;
			fd = openat(w.fds[w.depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		}
		if (fd < 0)
			return -errno;
		if (fstat(fd, &st) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode) && (!last || w.slash || links != LINKS_FOLLOW_BUT_LAST)) {
			if (links == LINKS_REFUSE || is_magic_link(fd))
				return -ELOOP;
			r = walk_follow(&w, fd, &offset);
			if (r < 0)
				return r;
			continue;
		}
		if (!S_ISDIR(st.st_mode) && (!last || (w.slash && !make)))
			return -ENOTDIR;
		if (last)
			return fd_take(&fd);
		if (w.depth + 1 >= WALK_DEPTH_MAX)
			return -ENAMETOOLONG;
		w.fds[++w.depth] = fd_take(&fd);
	}
	/* The path led back to a directory that the walk already holds. */
	{
		int fd = fcntl(w.fds[w.depth], F_DUPFD_CLOEXEC, 3);

		return fd < 0 ? -errno : fd;
	}
}

/* Turns an O_PATH descriptor of a walk into what the caller asked for. */
static int reopen(int path_fd, int flags)
{
	int fd;

	if (flags & O_PATH)
		return fcntl(path_fd, F_DUPFD_CLOEXEC, 3);
	fd = open(fd_path(path_fd).s, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_by_walk(int root_fd, const char *path, int flags)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	struct stat st;

	if (!*path)
		return -ENOENT;
	fd = walk(root_fd, path, false, PATH_FILE,
		flags & O_NOFOLLOW ? LINKS_FOLLOW_BUT_LAST : LINKS_FOLLOW);
	if (fd < 0)
		return fd;
	if ((flags & O_DIRECTORY) && (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)))
		return -ENOTDIR;
	return reopen(fd, flags);
}

int path_open(int root_fd, const char *path, int flags, struct error *e)
{
	struct open_how how = { .flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int r = -EAGAIN;

	/* EAGAIN: something was renamed during the look-up; a few tries are the man page's advice.
	 */
	for (int i = 0; i < 16 && r == -EAGAIN; i++) {
		long fd = sys_openat2(root_fd, path, &how);

		r = fd < 0 ? -errno : (int)fd;
	}
	if (r == -ENOSYS || r == -EPERM || r == -EAGAIN)
		r = open_by_walk(root_fd, path, flags);
	if (r < 0)
		return error_set(
			e, -r, "open '%s' in the root file system: %s", path, strerror(-r));
	return r;
}

int path_make(int root_fd, const char *path, enum path_kind kind, struct error *e)
{
	struct error ignored;
	int r = path_open(root_fd, path, O_PATH, &ignored);

	if (r == -ENOENT)
		r = walk(root_fd, path, true, kind, LINKS_FOLLOW);
	if (r < 0)
		return error_set(
			e, -r, "create '%s' in the root file system: %s", path, strerror(-r));
	return r;
}

int path_make_plain(int root_fd, const char *path, enum path_kind kind, struct error *e)
{
	int r = walk(root_fd, path, true, kind, LINKS_REFUSE);

	if (r == -ELOOP)
		return error_set(e, ELOOP,
			"'%s' in the root file system goes through a symbolic link", path);
	if (r < 0)
		return error_set(
			e, -r, "create '%s' in the root file system: %s", path, strerror(-r));
	return r;
}

int path_make_parent(int root_fd, const char *path, enum path_links links, const char **out_name,
	struct error *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	CLEANUP(mem_free) char *parent = xstrndup(path, (size_t)(name - path));
	int r;

	if (!*name || streq(name, ".") || streq(name, ".."))
		return error_set(e, EINVAL, "'%s' does not name a file", path);
	if (links == PATH_PLAIN)
		r = path_make_plain(root_fd, *parent ? parent : "/", PATH_DIRECTORY, e);
	else
		r = path_make(root_fd, *parent ? parent : "/", PATH_DIRECTORY, e);
	if (r >= 0)
		*out_name = name;
	return r;
}

char *path_clean(const char *base, const char *path)
{
	CLEANUP(mem_free)
	char *joined = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", base, path);
	char *clean = xmalloc(strlen(joined) + 2), *end = clean, *save = NULL;

	for (char *c = strtok_r(joined, "/", &save); c; c = strtok_r(NULL, "/", &save)) {
		if (streq(c, "."))
			continue;
		if (streq(c, "..")) {
			while (end > clean && *--end != '/')
				;
			continue;
		}
		*end++ = '/';
		end = stpcpy(end, c);
	}
	if (end == clean)
		*end++ = '/';
	*end = '\0';
	return clean;
}

bool path_beneath(const char *path, const char *dir)
{
	CLEANUP(mem_free) char *p = path_clean("/", path), *d = path_clean("/", dir);
	size_t len = strlen(d);

	if (streq(d, "/"))
		return true;
	return strncmp(p, d, len) == 0 && (p[len] == '\0' || p[len] == '/');
}

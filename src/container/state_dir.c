/* SPDX-License-Identifier: Apache-2.0 */
#include "container/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

/* What another operation on the same container may take: a hook's run, usually. */
#define LOCK_TIMEOUT_MS 30000
/* One that only looks has it for less. */
#define LOCK_SHORT_MS 100
#define LOCK_RETRY_NS 5000000
/* A creation's directory before it gets its name; the number is the creator's. */
#define UNNAMED ".new."

static void dir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}

char *runtime_default_root(const char *name)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	CLEANUP(mem_free) char *usual = NULL;
	uid_t uid = geteuid();
	struct stat st;

	/* su and sudo may leave another user's there, who would then own our state. */
	if (runtime_dir && *runtime_dir == '/' && (stat(runtime_dir, &st) < 0 || st.st_uid == uid))
		return xasprintf("%s/%s", runtime_dir, name);
	if (uid == 0)
		return xasprintf("/run/%s", name);
	usual = xasprintf("/run/user/%u", uid);
	if (access(usual, W_OK) == 0)
		return xasprintf("%s/%s", usual, name);
	return xasprintf("/tmp/%s-%u", name, uid);
}

int container_check_id(const char *id, struct error *e)
{
	size_t len = strlen(id);

	if (len == 0)
		return error_set(e, EINVAL, "the container's ID is empty");
	if (len > 1024)
		return error_set(e, EINVAL, "the container's ID is longer than 1024 characters");
	for (const char *p = id; *p; p++)
		if (!strchr("_+-.", *p) && !(*p >= '0' && *p <= '9') && !(*p >= 'a' && *p <= 'z') &&
			!(*p >= 'A' && *p <= 'Z'))
			return error_set(e, EINVAL,
				"invalid container ID '%s': it may have letters, "
				"digits and any of _ + - .",
				id);
	/* Names with a dot in front are our own, half made. */
	if (id[0] == '.')
		return error_set(e, EINVAL, "invalid container ID '%s': it begins with a dot", id);
	return 0;
}

/* Whoever else could write here would choose which hooks we run and which processes we signal. */
static int check_ours(int fd, const char *path, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(e, "look at the state directory '%s'", path);
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	error_set(e, EPERM, "the state directory '%s' is not ours alone", path);
	return error_hint(e, "chown it and chmod 700, or name another one: lichen --root DIR ...");
}

/* ENOENT if there is none; in /tmp anybody could have been there first, also with a link. */
static int open_existing_root(const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0) {
		error_errno(e, "open the state directory '%s'", path);
		return error_hint(e, "name another one: lichen --root DIR ...");
	}
	r = check_ours(fd, path, e);
	return r < 0 ? r : fd_take(&fd);
}

/* Makes it where it is missing, with its parents. */
static int open_root(const char *path, struct error *e)
{
	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		CLEANUP(mem_free)
		char *part = xstrndup(path, slash ? (size_t)(slash - path) : strlen(path));

		/* The sticky bit keeps cleaners of old files away: tmpfiles.d(5), basedir-spec. */
		if (mkdir(part, slash ? 0700 : 01700) < 0 && errno != EEXIST) {
			error_errno(e, "create the state directory '%s'", part);
			return error_hint(e,
				"set XDG_RUNTIME_DIR, or name another one: lichen --root DIR ...");
		}
		if (!slash)
			break;
	}
	return open_existing_root(path, e);
}

static int lock(int fd, const char *id, int64_t timeout_ms, struct error *e)
{
	int64_t deadline = time_ms() + timeout_ms;
	struct timespec pause = { .tv_nsec = LOCK_RETRY_NS };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(e, "lock the container '%s'", id);
		if (time_ms() > deadline) {
			error_set(e, EBUSY,
				"the container '%s' is busy: another operation on it does not end",
				id);
			return error_hint(
				e, "a hook that hangs is the usual cause: ps -ef shows it");
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Made under another name and locked before it gets its own: nobody ever sees it unlocked. */
int state_dir_reserve(
	const struct runtime *rt, const char *id, struct state_dir *out, struct error *e)
{
	CLEANUP(mem_free) char *temporary = xasprintf(UNNAMED "%d", getpid());
	CLEANUP(fd_cleanup) int root_fd = open_root(rt->root, e);
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r;

	if (root_fd < 0)
		return root_fd;
	if (mkdirat(root_fd, temporary, 0700) < 0 && errno != EEXIST)
		return error_errno(e, "create a directory in '%s'", rt->root);
	fd = openat(root_fd, temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_errno(e, "open a directory in '%s'", rt->root);
	r = lock(fd, id, LOCK_TIMEOUT_MS, e);
	if (r == 0 && renameat2(root_fd, temporary, root_fd, id, RENAME_NOREPLACE) < 0) {
		r = errno == EEXIST ? error_set(e, EEXIST, "container '%s' already exists", id)
				    : error_errno(e, "take the name '%s' in '%s'", id, rt->root);
		if (e->code == EEXIST)
			error_hint(e, "choose another ID, or: lichen delete %s", id);
	}
	if (r < 0) {
		unlinkat(root_fd, temporary, AT_REMOVEDIR);
		return r;
	}
	*out = (struct state_dir){
		.root_fd = fd_take(&root_fd), .fd = fd_take(&fd), .locked = 1, .id = xstrdup(id)
	};
	return 0;
}

static int does_not_exist(const char *id, struct error *e)
{
	return error_set(e, ENOENT, "container '%s' does not exist", id);
}

int state_dir_lock(struct state_dir *dir, int64_t timeout_ms, struct error *e)
{
	struct stat st;
	int r = lock(dir->fd, dir->id, timeout_ms, e);

	if (r < 0)
		return r;
	/* Somebody else may have deleted it while we waited. */
	if (fstat(dir->fd, &st) < 0 || st.st_nlink == 0)
		return does_not_exist(dir->id, e);
	dir->locked = 1;
	return 0;
}

static int is_created(const struct state_dir *dir)
{
	struct state s;
	struct error ignored;
	int created;

	if (state_read(dir, &s, &ignored) < 0)
		return 1;
	created = s.is_created;
	state_release(&s);
	return created;
}

static int lock_unless_creating(struct state_dir *dir, struct error *e)
{
	int r = state_dir_lock(dir, LOCK_SHORT_MS, e);

	if (r != -EBUSY)
		return r;
	return is_created(dir) ? state_dir_lock(dir, LOCK_TIMEOUT_MS, e) : 0;
}

int state_dir_open(const struct runtime *rt, const char *id, enum state_lock want,
	struct state_dir *out, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	CLEANUP(fd_cleanup) int fd = -EBADF;
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	int r = container_check_id(id, e);

	if (r < 0)
		return r;
	root_fd = open_existing_root(rt->root, e);
	if (root_fd == -ENOENT)
		return does_not_exist(id, e);
	if (root_fd < 0)
		return root_fd;
	fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return does_not_exist(id, e);
	if (fd < 0)
		return error_errno(e, "open the state of container '%s'", id);
	r = check_ours(fd, id, e);
	if (r < 0)
		return r;
	dir = (struct state_dir){
		.root_fd = fd_take(&root_fd), .fd = fd_take(&fd), .id = xstrdup(id)
	};
	if (want == STATE_LOCKED)
		r = lock_unless_creating(&dir, e);
	if (r < 0)
		return r;
	*out = dir;
	dir = (struct state_dir)STATE_DIR_NONE;
	return 0;
}

void state_dir_close(struct state_dir *dir)
{
	fd_close(dir->fd);
	fd_close(dir->root_fd);
	free(dir->id);
	*dir = (struct state_dir)STATE_DIR_NONE;
}

/* It is flat: we made every file in it. */
int state_dir_remove(struct state_dir *dir, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(dir_cleanup) DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!d)
		return error_errno(e, "read the state of container '%s'", dir->id);
	fd_take(&fd);
	while ((entry = readdir(d)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			unlinkat(dir->fd, entry->d_name, 0);
	if (unlinkat(dir->root_fd, dir->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(e, "remove the state of container '%s'", dir->id);
	return 0;
}

/* The lock tells for a creator that we can't see: one in another PID namespace. */
static void sweep_one(int root_fd, const char *name)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	uint64_t pid;

	if (!str_starts(name, UNNAMED) || str_u64(name + strlen(UNNAMED), INT32_MAX, &pid) < 0 ||
		kill((pid_t)pid, 0) == 0 || errno != ESRCH)
		return;
	fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(root_fd, name, AT_REMOVEDIR);
}

void state_dir_sweep(const struct runtime *rt)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int root_fd = open_existing_root(rt->root, &ignored);
	CLEANUP(fd_cleanup) int fd = root_fd < 0 ? -EBADF : fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	CLEANUP(dir_cleanup) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		return;
	fd_take(&fd);
	while ((entry = readdir(d)))
		sweep_one(root_fd, entry->d_name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_dir_names(const struct runtime *rt, struct strlist *out, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open_existing_root(rt->root, e);
	CLEANUP(dir_cleanup) DIR *d = NULL;
	struct dirent *entry;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d)
		return error_errno(e, "read the state directory '%s'", rt->root);
	fd_take(&fd);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			strlist_add(out, xstrdup(entry->d_name));
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(*out->v), compare_names);
	return 0;
}

/* The directory's own path may be longer than a socket's address can be (unix(7)). */
static struct sockaddr_un address_of(const struct state_dir *dir, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dir->fd, name);
	return addr;
}

int state_listen(const struct state_dir *dir, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = address_of(dir, "start.sock");

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 8) < 0)
		return error_errno(e, "make the start socket");
	return fd_take(&fd);
}

int state_connect(const struct state_dir *dir, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = address_of(dir, "start.sock");

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_errno(e, "connect to the start socket of container '%s'", dir->id);
	return fd_take(&fd);
}

int state_connect_network(const struct state_dir *dir, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = address_of(dir, PLAN_NETWORK_SOCKET);
	const struct timeval timeout = { .tv_sec = STATE_NETWORK_TIMEOUT_S };

	/* It waits for room in the queue of one that is stopped, too. */
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
		connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd_take(&fd);
	error_errno(e, "connect to lichen-net of container '%s'", dir->id);
	return e->code == ECONNREFUSED || e->code == ENOENT
		? error_hint(e, "lichen state %s tells whether it has ended", dir->id)
		: -e->code;
}

int state_bind_notify(const struct state_dir *dir, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = address_of(dir, STATE_NOTIFY);

	/* Whoever the container's process is may write to it. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		fchmodat(dir->fd, STATE_NOTIFY, 0666, 0) < 0)
		return error_errno(e, "make the socket for notifications");
	return fd_take(&fd);
}

int state_lock_created(const struct state_dir *dir, struct error *e)
{
	CLEANUP(fd_cleanup)
	int fd = openat(dir->fd, "created.lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_errno(e, "make the lock of container '%s'", dir->id);
	return fd_take(&fd);
}

static int is_before_execve(const struct state_dir *dir)
{
	CLEANUP(fd_cleanup) int fd = openat(dir->fd, "created.lock", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* Whoever reserved it still works on it; if the lock is ours, nobody else does. */
static int is_being_made(const struct state_dir *dir)
{
	if (dir->locked)
		return 0;
	CLEANUP(fd_cleanup) int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum container_status state_status(const struct state_dir *dir, const struct state *s)
{
	if (!s->is_created)
		return is_being_made(dir) ? STATUS_CREATING : STATUS_STOPPED;
	if (!process_is_alive(&s->init))
		return STATUS_STOPPED;
	if (container_cgroup_is_frozen(&s->cgroup))
		return STATUS_PAUSED;
	return is_before_execve(dir) ? STATUS_CREATED : STATUS_RUNNING;
}

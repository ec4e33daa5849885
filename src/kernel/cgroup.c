/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#define FILE_MAX (1u << 20)

/* Not even the kernel goes deeper than a process could make with sense. */
#define DEPTH_MAX 64

/* How often to look where the kernel sends no event. */
#define STEP_MS 2

static void dir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* For readdir(3), with a position of its own. */
static DIR *open_dir(int fd)
{
	int own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own_fd < 0 ? NULL : fdopendir(own_fd);

	if (!d)
		fd_close(own_fd);
	return d;
}

int cgroup_open(int root_fd, const char *path, struct error *e)
{
	return path_open(
		root_fd, path[0] == '/' && !path[1] ? "." : path, O_RDONLY | O_DIRECTORY, e);
}

int cgroup_make(int parent_fd, const char *name, struct error *e)
{
	int fd;

	if (mkdirat(parent_fd, name, 0755) < 0)
		return error_errno(e, "make the cgroup '%s'", name);
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(e, "open the cgroup '%s'", name) : fd;
}

static int write_line(int fd, const char *line, size_t len)
{
	ssize_t n;

	do
		n = pwrite(fd, line, len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int cgroup_write(int fd, const char *file, const char *value, struct error *e)
{
	CLEANUP(fd_cleanup) int file_fd = openat(fd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	const char *line = value;
	int r;

	if (file_fd < 0)
		return error_errno(e, "open '%s'", file);
	do {
		size_t len = strcspn(line, "\n");

		r = write_line(file_fd, line, len);
		if (r < 0)
			return error_set(e, -r, "write '%.*s' to '%s': %s", (int)len, line, file,
				strerror(-r));
		line += len + (line[len] == '\n');
	} while (*line);
	return 0;
}

char *cgroup_read(int fd, const char *file)
{
	char *text = NULL;
	size_t len = 0;

	if (file_read_text(fd, file, FILE_MAX, &text, &len) < 0)
		return NULL;
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

static int number_of(const char *text, uint64_t *out)
{
	if (streq(text, "max")) {
		*out = UINT64_MAX;
		return 0;
	}
	return str_u64(text, UINT64_MAX, out);
}

int cgroup_read_number(int fd, const char *file, const char *key, uint64_t *out)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, file);
	char *save = NULL;
	size_t len = key ? strlen(key) : 0;

	if (!text)
		return -ENOENT;
	if (!key)
		return number_of(text, out);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, key) && line[len] == ' ')
			return number_of(line + len + 1, out);
	return -ENOENT;
}

bool cgroup_has(int fd, const char *file, const char *word)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, file);
	char *save = NULL;

	for (char *w = text ? strtok_r(text, " \n", &save) : NULL; w;
		w = strtok_r(NULL, " \n", &save))
		if (streq(w, word))
			return true;
	return false;
}

int cgroup_enable(int fd, const char *controller, struct error *e)
{
	CLEANUP(mem_free) char *change = xasprintf("+%s", controller);

	if (cgroup_has(fd, "cgroup.subtree_control", controller))
		return 0;
	return cgroup_write(fd, "cgroup.subtree_control", change, e);
}

int cgroup_enter(int fd, pid_t pid, struct error *e)
{
	CLEANUP(mem_free) char *text = xasprintf("%d", pid);

	return cgroup_write(fd, "cgroup.procs", text, e);
}

/* ---- the processes of a subtree ---- */

struct pid_list {
	pid_t *v;
	size_t n;
};

static void pid_list_release(struct pid_list *l)
{
	free(l->v);
}

static void add_own(int fd, struct pid_list *out)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, "cgroup.procs");
	char *save = NULL;
	uint64_t pid;

	for (char *w = text ? strtok_r(text, "\n", &save) : NULL; w;
		w = strtok_r(NULL, "\n", &save)) {
		/* 0: a process of a PID namespace that is not visible from ours. */
		if (str_u64(w, INT32_MAX, &pid) < 0 || pid == 0)
			continue;
		out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (pid_t)pid;
	}
}

/* Every directory of the subtree; deepest first if visit is for removal. */
static int walk(int fd, unsigned int depth, int (*visit)(int fd, void *arg), void *arg)
{
	CLEANUP(dir_cleanup) DIR *d = open_dir(fd);
	struct dirent *entry;
	int r = visit(fd, arg);

	if (!d || depth >= DEPTH_MAX)
		return r;
	while (r == 0 && (entry = readdir(d))) {
		CLEANUP(fd_cleanup) int child_fd = -EBADF;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child_fd = openat(
			fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child_fd >= 0)
			r = walk(child_fd, depth + 1, visit, arg);
	}
	return r;
}

static int visit_pids(int fd, void *arg)
{
	add_own(fd, arg);
	return 0;
}

int cgroup_pids(int fd, pid_t **out_pids, size_t *out_n, struct error *e)
{
	struct pid_list list = { 0 };

	(void)e;
	walk(fd, 0, visit_pids, &list);
	*out_pids = list.v ? list.v : xcalloc(1, sizeof(pid_t));
	*out_n = list.n;
	return 0;
}

int cgroup_signal(int fd, int sig, struct error *e)
{
	CLEANUP(pid_list_release) struct pid_list list = { 0 };

	walk(fd, 0, visit_pids, &list);
	for (size_t i = 0; i < list.n; i++)
		if (kill(list.v[i], sig) < 0 && errno != ESRCH)
			return error_errno(e, "send signal %d to process %d", sig, list.v[i]);
	return 0;
}

int cgroup_move_all(int from_fd, int to_fd, struct error *e)
{
	/* Those that are born meanwhile are in the next round. */
	for (int round = 0; round < 100; round++) {
		CLEANUP(pid_list_release) struct pid_list list = { 0 };

		add_own(from_fd, &list);
		if (list.n == 0)
			return 0;
		for (size_t i = 0; i < list.n; i++)
			if (cgroup_enter(to_fd, list.v[i], e) < 0 && e->code != ESRCH)
				return -e->code;
	}
	return error_set(e, EBUSY, "move processes: more are born than can be moved");
}

bool cgroup_is_populated(int fd)
{
	uint64_t n;

	return cgroup_read_number(fd, "cgroup.events", "populated", &n) == 0 && n != 0;
}

bool cgroup_is_frozen(int fd)
{
	uint64_t n;

	return cgroup_read_number(fd, "cgroup.events", "frozen", &n) == 0 && n != 0;
}

/* cgroup.events tells a change by POLLPRI, and may have changed before we looked. */
static int wait_for_event(int fd, const char *key, uint64_t value, int64_t deadline_ms)
{
	CLEANUP(fd_cleanup) int events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	for (;;) {
		struct pollfd p = { .fd = events_fd, .events = POLLPRI };
		int64_t left = deadline_ms - time_ms();
		char buf[256];
		uint64_t now;
		int r = cgroup_read_number(fd, "cgroup.events", key, &now);

		if (r < 0)
			return r;
		if (now == value)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		/* Reading is what arms the event. */
		if (events_fd < 0 || pread(events_fd, buf, sizeof(buf), 0) < 0)
			return -errno;
		(void)poll(&p, 1, left < STEP_MS * 10 ? (int)left : STEP_MS * 10);
	}
}

int cgroup_freeze(int fd, enum cgroup_freezing how, int64_t deadline_ms, struct error *e)
{
	uint64_t want = how == CGROUP_FREEZE;
	int r = cgroup_write(fd, "cgroup.freeze", want ? "1" : "0", e);

	if (r < 0)
		return r;
	r = wait_for_event(fd, "frozen", want, deadline_ms);
	if (r == 0)
		return 0;
	error_set(e, -r, "%s the cgroup: %s", want ? "freeze" : "thaw", strerror(-r));
	/* Half frozen is worse than not at all. */
	if (want) {
		struct error ignored;

		(void)cgroup_write(fd, "cgroup.freeze", "0", &ignored);
	}
	return r;
}

/* Before Linux 5.14 there is no cgroup.kill: freeze, so that nobody gives birth, then signal. */
static int kill_each(int fd, struct error *e)
{
	struct error ignored;
	int r;

	(void)cgroup_write(fd, "cgroup.freeze", "1", &ignored);
	r = cgroup_signal(fd, SIGKILL, e);
	(void)cgroup_write(fd, "cgroup.freeze", "0", &ignored);
	return r;
}

int cgroup_kill(int fd, int64_t deadline_ms, struct error *e)
{
	int r = 0;

	if (!cgroup_is_populated(fd))
		return 0;
	if (cgroup_write(fd, "cgroup.kill", "1", e) < 0)
		r = kill_each(fd, e);
	if (r == 0)
		r = wait_for_event(fd, "populated", 0, deadline_ms);
	/* Removed meanwhile: nobody is in it. */
	if (r == 0 || r == -ENOENT || r == -ENODEV)
		return 0;
	return error_set(e, EBUSY, "kill the processes of the cgroup: %s", strerror(-r));
}

/* ---- removal ---- */

static int remove_beneath(int parent_fd, const char *name, unsigned int depth)
{
	CLEANUP(fd_cleanup)
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP(dir_cleanup) DIR *d = fd < 0 ? NULL : open_dir(fd);
	struct dirent *entry;

	while (d && depth < DEPTH_MAX && (entry = readdir(d)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			(void)remove_beneath(fd, entry->d_name, depth + 1);
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int cgroup_remove(int parent_fd, const char *name, int64_t deadline_ms, struct error *e)
{
	int r;

	/* EBUSY for a moment after the last process has gone. */
	while ((r = remove_beneath(parent_fd, name, 0)) == -EBUSY && time_ms() < deadline_ms)
		poll(NULL, 0, STEP_MS);
	if (r < 0)
		return error_set(e, -r, "remove the cgroup '%s': %s", name, strerror(-r));
	return 0;
}

int cgroup_give(int fd, const char *delegate_files, uid_t uid, struct error *e)
{
	CLEANUP(mem_free) char *names = xstrdup(delegate_files);
	char *save = NULL;

	if (fchown(fd, uid, (gid_t)-1) < 0)
		return error_errno(e, "give the cgroup to user %u", uid);
	for (char *w = strtok_r(names, "\n", &save); w; w = strtok_r(NULL, "\n", &save)) {
		/* The list is of all that a kernel may have. */
		if (strchr(w, '/') || fchownat(fd, w, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) == 0 ||
			errno == ENOENT)
			continue;
		return error_errno(e, "give '%s' of the cgroup to user %u", w, uid);
	}
	return 0;
}

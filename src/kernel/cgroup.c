/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/syscalls.h"

/* The PIDs of as many processes as a kernel can have. */
#define FILE_MAX (64u << 20)

/* More cgroups than that are not looked into: those inside could make them faster than we read. */
#define VISITS_MAX 65536

/* How often to look where the kernel sends no event. */
#define STEP_MS 2

/* How many processes are signalled at a time. */
#define BATCH 64

#define MARK "user.lichen"

/* Since Linux 4.15 the kernel says what belongs to it; the specification's list is for before. */
#define DELEGATE_LIST  "/sys/kernel/cgroup/delegate"
#define DELEGATE_FILES "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"

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

static int open_child(int fd, const char *name)
{
	return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The first child behind *at, which moves on; name has room for NAME_MAX and a NUL. */
static bool next_child(int fd, long *at, char *name)
{
	CLEANUP(dir_cleanup) DIR *d = open_dir(fd);
	struct dirent *entry;

	if (!d)
		return false;
	seekdir(d, *at);
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || streq(entry->d_name, ".") ||
			streq(entry->d_name, ".."))
			continue;
		*at = telldir(d);
		strcpy(name, entry->d_name);
		return true;
	}
	return false;
}

/* fd becomes the one above it; cgroups can't be moved, so ".." is where we came from. */
static int go_up(int *fd)
{
	int up_fd = open_child(*fd, "..");

	fd_close(*fd);
	*fd = up_fd;
	return up_fd;
}

static void go_down(int *fd, int child_fd)
{
	fd_close(*fd);
	*fd = child_fd;
}

/*
 * fd and every cgroup beneath it, with one descriptor at any depth: whom it was delegated to may
 * nest cgroups as they like.
 */
static void walk(int top_fd, void (*visit)(int fd, void *arg), void *arg)
{
	CLEANUP(fd_cleanup) int fd = open_child(top_fd, ".");
	CLEANUP(mem_free) long *at = xcalloc(1, sizeof(*at));
	char name[NAME_MAX + 1];
	size_t depth = 0;

	if (fd >= 0)
		visit(fd, arg);
	for (size_t n = 1; fd >= 0 && n < VISITS_MAX;) {
		if (next_child(fd, &at[depth], name)) {
			int child_fd = open_child(fd, name);

			if (child_fd < 0)
				continue;
			go_down(&fd, child_fd);
			visit(fd, arg);
			at = xrealloc(at, ++depth + 1, sizeof(*at));
			at[depth] = 0;
			n++;
		} else if (depth-- == 0 || go_up(&fd) < 0) {
			return;
		}
	}
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
	fd = open_child(parent_fd, name);
	return fd < 0 ? error_errno(e, "open the cgroup '%s'", name) : fd;
}

uint64_t cgroup_id(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

void cgroup_mark(int fd)
{
	(void)fsetxattr(fd, MARK, "1", 1, 0);
}

bool cgroup_is_marked(int fd)
{
	return fgetxattr(fd, MARK, NULL, 0) == 1;
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

		/* An empty line is how a list is emptied; nothing at all would be no write. */
		r = len > 0 ? write_line(file_fd, line, len) : write_line(file_fd, "\n", 1);
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

static void visit_pids(int fd, void *arg)
{
	add_own(fd, arg);
}

int cgroup_pids(int fd, pid_t **out_pids, size_t *out_n, struct error *e)
{
	struct pid_list list = { 0 };

	(void)e;
	walk(fd, visit_pids, &list);
	*out_pids = list.v ? list.v : xcalloc(1, sizeof(pid_t));
	*out_n = list.n;
	return 0;
}

struct signal_all {
	int sig;
	struct error error; /* the first one */
};

static bool has_pid(const struct pid_list *l, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == pid)
			return true;
	return false;
}

/* By descriptor, and only who is still in it when that is open: numbers come again. */
static void signal_some(int fd, const pid_t *pids, size_t n, struct signal_all *s)
{
	CLEANUP(pid_list_release) struct pid_list now = { 0 };
	int pidfds[BATCH];

	for (size_t i = 0; i < n; i++)
		pidfds[i] = sys_pidfd_open(pids[i], 0);
	add_own(fd, &now);
	for (size_t i = 0; i < n; i++) {
		if (pidfds[i] >= 0 && has_pid(&now, pids[i]) &&
			sys_pidfd_send_signal(pidfds[i], s->sig) < 0 && errno != ESRCH &&
			!s->error.code)
			error_errno(&s->error, "send signal %d to process %d", s->sig, pids[i]);
		fd_close(pidfds[i]);
	}
}

static void visit_signal(int fd, void *arg)
{
	CLEANUP(pid_list_release) struct pid_list list = { 0 };

	add_own(fd, &list);
	for (size_t i = 0; i < list.n; i += BATCH)
		signal_some(fd, list.v + i, list.n - i < BATCH ? list.n - i : BATCH, arg);
}

int cgroup_signal(int fd, int sig, struct error *e)
{
	struct signal_all s = { .sig = sig };

	walk(fd, visit_signal, &s);
	if (!s.error.code)
		return 0;
	*e = s.error;
	return -e->code;
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

bool cgroup_has_processes(int fd)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, "cgroup.procs");

	return text && *text && faccessat(fd, "cgroup.type", F_OK, 0) == 0;
}

bool cgroup_is_populated(int fd)
{
	uint64_t n;

	return cgroup_read_number(fd, "cgroup.events", "populated", &n) == 0 && n != 0;
}

bool cgroup_is_frozen(int fd)
{
	uint64_t n;

	return (cgroup_read_number(fd, "cgroup.events", "frozen", &n) == 0 && n != 0) ||
		(cgroup_read_number(fd, "cgroup.freeze", NULL, &n) == 0 && n != 0);
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

/*
 * Before Linux 5.14 there is no cgroup.kill: freeze, so that nobody gives birth, then signal.
 * Whoever was born before the frost had set in is there in the next round.
 */
static int kill_each(int fd, int64_t deadline_ms)
{
	struct error ignored;
	int r;

	do {
		int64_t soon = time_ms() + 50 * STEP_MS;

		(void)cgroup_write(fd, "cgroup.freeze", "1", &ignored);
		(void)cgroup_signal(fd, SIGKILL, &ignored);
		(void)cgroup_write(fd, "cgroup.freeze", "0", &ignored);
		r = wait_for_event(fd, "populated", 0, soon < deadline_ms ? soon : deadline_ms);
	} while (r == -ETIMEDOUT && time_ms() < deadline_ms);
	return r;
}

int cgroup_kill(int fd, int64_t deadline_ms, struct error *e)
{
	int r;

	if (!cgroup_is_populated(fd))
		return 0;
	if (cgroup_write(fd, "cgroup.kill", "1", e) == 0)
		r = wait_for_event(fd, "populated", 0, deadline_ms);
	else
		r = kill_each(fd, deadline_ms);
	/* Removed meanwhile: nobody is in it. */
	if (r == 0 || r == -ENOENT || r == -ENODEV)
		return 0;
	return error_set(e, EBUSY, "kill the processes of the cgroup: %s", strerror(-r));
}

/* ---- removal ---- */

/* Whether a process that has just died may still be counted, or a child be there. */
static bool is_busy(int code)
{
	return code == EBUSY || code == ENOTEMPTY;
}

/* All beneath it, the deepest first; one that does not go at once is given time. */
static int remove_children(int top_fd, int64_t deadline_ms)
{
	CLEANUP(fd_cleanup) int fd = open_child(top_fd, ".");
	char name[NAME_MAX + 1];
	size_t depth = 0;
	bool arrived = false;

	while (fd >= 0) {
		long at = 0;
		int child_fd;

		if (!next_child(fd, &at, name)) {
			if (depth-- == 0)
				return 0;
			/* It was not for its children that it stayed. */
			if (arrived)
				poll(NULL, 0, STEP_MS);
			go_up(&fd);
			arrived = false;
			continue;
		}
		arrived = false;
		if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (!is_busy(errno))
			return -errno;
		if (time_ms() >= deadline_ms)
			return -EBUSY;
		child_fd = open_child(fd, name);
		if (child_fd < 0)
			continue;
		go_down(&fd, child_fd);
		depth++;
		arrived = true;
	}
	return 0;
}

static int remove_one(int parent_fd, const char *name, int64_t deadline_ms)
{
	while (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		CLEANUP(fd_cleanup) int fd = -EBADF;
		int r;

		if (!is_busy(errno))
			return -errno;
		fd = open_child(parent_fd, name);
		r = fd < 0 ? 0 : remove_children(fd, deadline_ms);
		if (r < 0)
			return r;
		if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
			return 0;
		if (time_ms() >= deadline_ms)
			return -EBUSY;
		poll(NULL, 0, STEP_MS);
	}
	return 0;
}

int cgroup_remove(int parent_fd, const char *name, int64_t deadline_ms, struct error *e)
{
	int r = remove_one(parent_fd, name, deadline_ms);

	return r < 0 ? error_set(e, -r, "remove the cgroup '%s': %s", name, strerror(-r)) : 0;
}

int cgroup_give(int fd, uid_t uid, struct error *e)
{
	CLEANUP(mem_free) char *names = NULL;
	char *save = NULL;

	if (file_read_text(AT_FDCWD, DELEGATE_LIST, 1u << 16, &names, NULL) < 0)
		names = xstrdup(DELEGATE_FILES);
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

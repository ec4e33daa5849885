/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanisms of a cgroup, on a unified hierarchy of which this user may have a part: root
 * mounts one for the test alone; an ordinary user needs a delegated cgroup to stand in.
 */
#include "tap.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "kernel/cgroup.h"
#include "temp.h"

/* Deeper than there are descriptors for. */
#define DEPTH	 200
#define FEW_FDS	 40
#define PATIENCE 5000

/* Who is not root and owns nothing here. */
#define NOBODY 65534

static struct error e;

/* ---- a place ---- */

struct place {
	struct temp temp;
	int top_fd, fd; /* the hierarchy's root, or what was delegated; our own cgroup in it */
	char name[32];
};

static bool find_place(struct place *p)
{
	const char *given = getenv("LICHEN_TEST_CGROUP");

	p->temp = temp_make();
	snprintf(p->name, sizeof(p->name), "lichen-unit-%d", getpid());
	if (given)
		p->top_fd = open(given, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("cgroup2", p->temp.path, "cgroup2", 0, NULL) == 0)
		p->top_fd = open(p->temp.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		p->top_fd = -EBADF;
	p->fd = p->top_fd < 0 ? p->top_fd : cgroup_make(p->top_fd, p->name, &e);
	return p->fd >= 0;
}

static void leave_place(struct place *p)
{
	is_int(cgroup_remove(p->top_fd, p->name, time_ms() + PATIENCE, &e), 0, "all of it goes");
	fd_close(p->fd);
	fd_close(p->top_fd);
	umount2(p->temp.path, MNT_DETACH);
	temp_remove(&p->temp);
}

/* ---- processes ---- */

static pid_t start_in(int fd, void (*run)(void))
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		raise(SIGSTOP);
		run();
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	ok(cgroup_enter(fd, pid, &e) == 0, "process %d goes in", pid);
	kill(pid, SIGCONT);
	return pid;
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* Always a child ahead of whoever has read its number. */
static void run_away(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
	}
}

/* The signal that has ended it; if none has, we do. */
static int status_of(pid_t pid)
{
	int64_t deadline = time_ms() + PATIENCE;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (time_ms() > deadline)
			kill(pid, SIGALRM);
		poll(NULL, 0, 1);
	}
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

/* ---- the tests ---- */

static void test_names(const struct place *p)
{
	CLEANUP(fd_cleanup) int fd = cgroup_make(p->fd, "one", &e);
	uint64_t id = cgroup_id(fd);
	int again_fd;

	ok(fd >= 0 && id != 0, "a cgroup has a number");
	is_int(cgroup_make(p->fd, "one", &e), -EEXIST, "its name is taken");
	is_int(cgroup_remove(p->fd, "one", time_ms() + PATIENCE, &e), 0, "it goes");
	is_int(cgroup_remove(p->fd, "one", time_ms() + PATIENCE, &e), 0, "it need not be there");
	again_fd = cgroup_make(p->fd, "one", &e);
	ok(again_fd >= 0 && cgroup_id(again_fd) != id, "the next one of its name has another one");
	fd_close(again_fd);
	is_int(cgroup_make(p->fd, "with\nline", &e), -EINVAL,
		"a name of two lines is the kernel's to refuse");
	is_int(cgroup_open(p->fd, "missing", &e), -ENOENT, "what is not there");
	is_int(cgroup_open(p->fd, "cgroup.procs", &e), -ENOTDIR, "a file is no cgroup");
	cgroup_remove(p->fd, "one", time_ms() + PATIENCE, &e);
}

static void test_mark(const struct place *p)
{
	CLEANUP(fd_cleanup) int fd = cgroup_make(p->fd, "marked", &e);

	ok(!cgroup_is_marked(fd), "nobody has marked it");
	cgroup_mark(fd);
	ok(cgroup_is_marked(fd), "lichen has");
	cgroup_remove(p->fd, "marked", time_ms() + PATIENCE, &e);
}

static void test_files(const struct place *p)
{
	CLEANUP(mem_free) char *none = cgroup_read(p->fd, "nothing.here");
	CLEANUP(mem_free) char *type = cgroup_read(p->fd, "cgroup.type");
	uint64_t n = 0;

	ok(!none, "a file that is not there");
	is_str(type, "domain", "a file without its last newline");
	is_int(cgroup_write(p->fd, "nothing.here", "1", &e), -ENOENT, "no such file to write");
	is_str(e.text, "open 'nothing.here': No such file or directory", "… and what is said");
	is_int(cgroup_write(p->fd, "cgroup.max.depth", "x", &e), -EINVAL, "no such value");
	is_str(e.text, "write 'x' to 'cgroup.max.depth': Invalid argument", "… and what is said");
	is_int(cgroup_write(p->fd, "cgroup.max.depth", "7\n8", &e), 0, "two lines, one by one");
	is_int(cgroup_read_number(p->fd, "cgroup.max.depth", NULL, &n), 0, "a number");
	is_int((int64_t)n, 8, "… the last one written");
	is_int(cgroup_write(p->fd, "cgroup.max.depth", "7\nx", &e), -EINVAL,
		"the second line of two");
	is_int(cgroup_write(p->fd, "cgroup.max.depth", "max", &e), 0, "no limit");
	cgroup_read_number(p->fd, "cgroup.max.depth", NULL, &n);
	ok(n == UINT64_MAX, "… reads as one");
	is_int(cgroup_write(p->fd, "cgroup.max.depth", "", &e), -EINVAL,
		"an empty value is written, too");
	is_int(cgroup_read_number(p->fd, "cgroup.events", "populated", &n), 0, "a key");
	is_int((int64_t)n, 0, "… and its number");
	is_int(cgroup_read_number(p->fd, "cgroup.events", "popul", &n), -ENOENT, "half a key");
	ok(!cgroup_has(p->fd, "cgroup.controllers", "cgroup"), "a word that is not in the list");
}

/* Names and depths that a container could choose, to be found nowhere. */
static void test_depth(const struct place *p)
{
	const struct rlimit few = { FEW_FDS, FEW_FDS };
	struct rlimit before;
	int fd = cgroup_make(p->fd, "deep", &e);
	int deep_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	pid_t pid, *pids = NULL;
	size_t n = 0;

	for (int i = 0; i < DEPTH; i++) {
		int next_fd = cgroup_make(fd, i % 2 ? ".hidden" : "x", &e);

		if (i == DEPTH / 2)
			fd_close(cgroup_make(fd, "...", &e));
		fd_close(fd);
		fd = next_fd;
	}
	ok(fd >= 0, "%d levels", DEPTH);
	pid = start_in(fd, wait_for_ever);
	getrlimit(RLIMIT_NOFILE, &before);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ few.rlim_cur, before.rlim_max });
	ok(cgroup_is_populated(deep_fd), "somebody is down there");
	is_int(cgroup_pids(deep_fd, &pids, &n, &e), 0, "who");
	ok(n == 1 && pids[0] == pid, "… is found (%zu)", n);
	free(pids);
	is_int(cgroup_remove(p->fd, "deep", time_ms() + 50, &e), -EBUSY,
		"with somebody in it nothing goes");
	is_int(cgroup_signal(deep_fd, SIGTERM, &e), 0, "a signal gets there");
	is_int(status_of(pid), SIGTERM, "… and is the one that was sent");
	is_int(cgroup_remove(p->fd, "deep", time_ms() + PATIENCE, &e), 0, "then all goes");
	is_int(cgroup_open(p->fd, "deep", &e), -ENOENT, "… to the last");
	setrlimit(RLIMIT_NOFILE, &before);
	fd_close(deep_fd);
	fd_close(fd);
}

static void test_width(const struct place *p)
{
	CLEANUP(fd_cleanup) int fd = cgroup_make(p->fd, "wide", &e);
	pid_t pids[150], *found = NULL;
	size_t n = 0;
	int killed = 0;

	for (int i = 0; i < 150; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%d", i / 10);
		fd_close(cgroup_make(fd, name, &e));
		CLEANUP(fd_cleanup) int child_fd = cgroup_open(fd, name, &e);
		pids[i] = start_in(i % 2 ? fd : child_fd, wait_for_ever);
	}
	cgroup_pids(fd, &found, &n, &e);
	is_int((int64_t)n, 150, "every process of them all");
	free(found);
	is_int(cgroup_signal(fd, SIGUSR1, &e), 0, "more than fit into a batch");
	for (int i = 0; i < 150; i++)
		killed += status_of(pids[i]) == SIGUSR1;
	is_int(killed, 150, "… and each has got it");
	is_int(cgroup_remove(p->fd, "wide", time_ms() + PATIENCE, &e), 0, "they go");
}

static void test_freeze(const struct place *p)
{
	CLEANUP(fd_cleanup) int fd = cgroup_make(p->fd, "ice", &e);
	pid_t pid = start_in(fd, wait_for_ever);

	ok(!cgroup_is_frozen(fd), "not frozen");
	is_int(cgroup_freeze(fd, CGROUP_FREEZE, time_ms() + PATIENCE, &e), 0, "frozen");
	ok(cgroup_is_frozen(fd), "… it says so");
	is_int(cgroup_freeze(fd, CGROUP_THAW, time_ms() + PATIENCE, &e), 0, "thawed");
	ok(!cgroup_is_frozen(fd), "… it says so");
	/* A freezer that was killed at its work: not all are frozen, and yet it is to be thawed. */
	cgroup_freeze(p->fd, CGROUP_FREEZE, time_ms() + PATIENCE, &e);
	ok(cgroup_is_frozen(fd), "frozen from above");
	is_int(cgroup_freeze(fd, CGROUP_THAW, time_ms() + 50, &e), -ETIMEDOUT,
		"… is not for us to thaw");
	cgroup_freeze(p->fd, CGROUP_THAW, time_ms() + PATIENCE, &e);
	cgroup_freeze(fd, CGROUP_FREEZE, time_ms() + PATIENCE, &e);
	is_int(cgroup_kill(fd, time_ms() + PATIENCE, &e), 0, "killed while frozen");
	is_int(status_of(pid), SIGKILL, "… it is dead");
	is_int(cgroup_remove(p->fd, "ice", time_ms() + PATIENCE, &e), 0,
		"it goes, frozen as it is");
}

static void test_kill(const struct place *p)
{
	CLEANUP(fd_cleanup) int fd = cgroup_make(p->fd, "doomed", &e);
	pid_t pid;

	is_int(cgroup_kill(fd, time_ms(), &e), 0, "nobody to kill");
	pid = start_in(fd, run_away);
	is_int(cgroup_kill(fd, time_ms() + PATIENCE, &e), 0, "who runs away is caught");
	ok(!cgroup_is_populated(fd), "nobody is left");
	waitpid(pid, NULL, 0);
	if (geteuid() == 0) {
		/* As on a kernel without cgroup.kill. */
		fchmodat(fd, "cgroup.kill", 0, 0);
		fchownat(fd, "cgroup.freeze", NOBODY, NOBODY, 0);
		pid = start_in(fd, run_away);
		(void)!seteuid(NOBODY);
		is_int(cgroup_kill(fd, time_ms() + PATIENCE, &e), 0, "… without cgroup.kill, too");
		(void)!seteuid(0);
		ok(!cgroup_is_populated(fd) && !cgroup_is_frozen(fd), "nobody is left, nor frozen");
		waitpid(pid, NULL, 0);
	}
	is_int(cgroup_remove(p->fd, "doomed", time_ms() + PATIENCE, &e), 0, "it goes");
}

static void test_move(const struct place *p)
{
	CLEANUP(fd_cleanup) int from_fd = cgroup_make(p->fd, "from", &e);
	CLEANUP(fd_cleanup) int to_fd = cgroup_make(p->fd, "to", &e);
	pid_t a = start_in(from_fd, wait_for_ever), b = start_in(from_fd, wait_for_ever);

	is_int(cgroup_move_all(from_fd, to_fd, &e), 0, "all move");
	ok(!cgroup_is_populated(from_fd) && cgroup_is_populated(to_fd), "… from one to the other");
	cgroup_kill(to_fd, time_ms() + PATIENCE, &e);
	ok(status_of(a) == SIGKILL && status_of(b) == SIGKILL, "… and die there");
	cgroup_remove(p->fd, "from", time_ms() + PATIENCE, &e);
	cgroup_remove(p->fd, "to", time_ms() + PATIENCE, &e);
}

static void test_give(const struct place *p)
{
	CLEANUP(fd_cleanup) int fd = cgroup_make(p->fd, "given", &e);
	struct stat dir, procs, kill;

	is_int(cgroup_give(fd, NOBODY, &e), 0, "given away");
	fstat(fd, &dir);
	fstatat(fd, "cgroup.procs", &procs, 0);
	fstatat(fd, "cgroup.kill", &kill, 0);
	ok(dir.st_uid == NOBODY && procs.st_uid == NOBODY, "the directory and who is in it");
	ok(kill.st_uid == 0, "… and not what rules it");
	cgroup_remove(p->fd, "given", time_ms() + PATIENCE, &e);
}

int main(void)
{
	struct place p = { 0 };
	size_t n_fds;

	if (!find_place(&p)) {
		skip("no cgroup v2 here that is ours: run it as root, or name one in "
		     "LICHEN_TEST_CGROUP");
		return done();
	}
	n_fds = count_open_fds();
	test_names(&p);
	test_mark(&p);
	test_files(&p);
	test_depth(&p);
	test_width(&p);
	test_freeze(&p);
	test_kill(&p);
	test_move(&p);
	if (geteuid() == 0)
		test_give(&p);
	is_int((int64_t)count_open_fds(), (int64_t)n_fds, "no descriptor is left open");
	leave_place(&p);
	return done();
}

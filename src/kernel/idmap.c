/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/syscalls.h"

/* A look-up in a slow directory service is the longest that newuidmap takes. */
#define HELPER_TIMEOUT_MS 30000

int idmap_write(pid_t pid, enum idmap_kind kind, const struct idmap *map, struct error *e)
{
	CLEANUP(mem_free)
	char *path = xasprintf("/proc/%d/%s", pid, kind == IDMAP_UID ? "uid_map" : "gid_map");
	CLEANUP(text_release) struct text lines = { 0 };
	int r;

	for (size_t i = 0; i < map->n; i++)
		text_printf(
			&lines, "%u %u %u\n", map->v[i].inside, map->v[i].outside, map->v[i].count);
	r = file_write(AT_FDCWD, path, lines.s);
	if (r < 0)
		return error_set(e, -r, "map %s IDs: write '%s': %s",
			kind == IDMAP_UID ? "user" : "group", path, strerror(-r));
	return 0;
}

int idmap_deny_setgroups(pid_t pid, struct error *e)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/setgroups", pid);
	int r = file_write(AT_FDCWD, path, "deny");

	if (r < 0)
		return error_set(e, -r, "write '%s': %s", path, strerror(-r));
	return 0;
}

static int open_namespace(
	pid_t pid, const struct idmap *uids, const struct idmap *gids, struct error *e)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/ns/user", pid);
	int fd, r = idmap_write(pid, IDMAP_UID, uids, e);

	if (r == 0)
		r = idmap_write(pid, IDMAP_GID, gids, e);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(e, "open '%s'", path) : fd;
}

int idmap_namespace(const struct idmap *uids, const struct idmap *gids, struct error *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	int fd;

	if (pid < 0)
		return error_errno(e, "make a user namespace");
	/* Only to be looked at: the namespace lives on by the descriptor. */
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		syscall(SYS_close_range, 0, ~0u, 0);
		for (;;)
			pause();
	}
	fd = open_namespace(pid, uids, gids, e);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

int idmap_start_helper(
	const char *helper, pid_t pid, const struct idmap *map, struct child *out, struct error *e)
{
	/* These set-uid programs need no environment, and ours is no business of theirs. */
	static const char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	CLEANUP(strlist_release) struct strlist argv = { 0 };
	struct spawn s = { .path = helper, .envp = envp, .cwd_fd = -EBADF };

	strlist_add(&argv, xstrdup(helper));
	strlist_printf(&argv, "%d", pid);
	for (size_t i = 0; i < map->n; i++) {
		strlist_printf(&argv, "%u", map->v[i].inside);
		strlist_printf(&argv, "%u", map->v[i].outside);
		strlist_printf(&argv, "%u", map->v[i].count);
	}
	s.argv = (const char *const *)argv.v;
	return spawn_start(&s, out, e);
}

int idmap_wait_helper(struct child *c, enum idmap_kind kind, struct error *e)
{
	CLEANUP(text_release) struct text t = { 0 };
	const char *name = kind == IDMAP_UID ? "newuidmap" : "newgidmap";
	int status, r = spawn_wait(c, time_ms() + HELPER_TIMEOUT_MS, &status, e);

	if (r < 0)
		return error_context(e, "%s", name);
	if (status == 0)
		return 0;
	spawn_describe(c, status, &t);
	return error_set(
		e, EPERM, "map %s IDs: %s %s", kind == IDMAP_UID ? "user" : "group", name, t.s);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/intermediate.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/syscalls.h"
#include "kernel/cgroup.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "stage/message.h"

/* cgroups(7): whoever moves a process must own what is above both of its places. */
static int explain_cgroup(struct error *e)
{
	if (e->code != EACCES && e->code != EPERM)
		return -e->code;
	return error_hint(e,
		"the cgroup that lichen was started in is not beneath one that is yours: start it "
		"by systemd-run --user --scope -p Delegate=yes lichen ..., or use "
		"--systemd-cgroup");
}

static int clone_error(uint64_t flags, struct error *e)
{
	error_errno(e, "make the container's process");
	return flags & CLONE_NEWUSER ? namespace_explain(e) : -e->code;
}

/* As clone3 does it, for kernels and sandboxes where that is impossible. */
static pid_t clone_and_move(uint64_t flags, int cgroup_fd, struct error *e)
{
	pid_t pid = (pid_t)syscall(
		SYS_clone, (unsigned long)(flags | SIGCHLD), NULL, NULL, NULL, NULL);

	if (pid < 0)
		return clone_error(flags, e);
	if (pid > 0 && cgroup_fd >= 0 && cgroup_enter(cgroup_fd, pid, e) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
		return explain_cgroup(e);
	}
	return pid;
}

/* Sandboxes refuse clone3, whose flags a seccomp filter can't see: ENOSYS, older ones EPERM. Before
 * Linux 5.7 it knows no cgroups: E2BIG. */
static bool is_clone3_missing(int code)
{
	return code == ENOSYS || code == EPERM || code == E2BIG;
}

pid_t stage_clone(uint64_t flags, int cgroup_fd, struct error *e)
{
	struct clone_args args = { .flags = flags,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD };
	pid_t pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid < 0 && is_clone3_missing(errno))
		return clone_and_move(flags, cgroup_fd, e);
	if (pid < 0 && cgroup_fd >= 0 && errno == EACCES) {
		error_errno(e, "make the container's process in its cgroup");
		return explain_cgroup(e);
	}
	return pid < 0 ? clone_error(flags, e) : pid;
}

static int join_all(const struct plan_namespaces *ns, struct error *e)
{
	for (size_t i = 0; i < ns->n_before; i++) {
		const struct plan_join *join = &ns->before[i];
		int r = namespace_enter(join->fd, join->type, e);

		if (r < 0)
			return error_context(e, "%s: '%s'", join->origin, join->path);
	}
	return 0;
}

_Noreturn void intermediate_main(const struct init_args *args)
{
	const struct plan_namespaces *ns = &args->plan->namespaces;
	struct error e = { 0 };
	pid_t pid = -1;

	prctl(PR_SET_NAME, "lichen:join", 0, 0, 0);
	/* Whoever is in those namespaces must not look into us: we still hold the host's. */
	if (process_set_dumpable(PROCESS_HIDDEN, &e) == 0 && join_all(ns, &e) == 0)
		pid = stage_clone(ns->clone_flags | CLONE_PARENT, -EBADF, &e);
	if (pid == 0) {
		/* The parent writes our maps, for which we have to be visible. */
		if (ns->clone_flags & CLONE_NEWUSER)
			(void)process_set_dumpable(PROCESS_VISIBLE, &e);
		init_main(args);
	}
	if (pid < 0) {
		message_send_error(args->sock_fd, &e);
		_exit(1);
	}
	_exit(message_send(args->sock_fd, MESSAGE_BORN, pid, -EBADF, &e) < 0);
}

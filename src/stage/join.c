/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "kernel/rootfs.h"
#include "stage/exec.h"
#include "stage/intermediate.h"
#include "stage/message.h"
#include "stage/terminal.h"

/* The parent moves us into a cgroup meanwhile. */
#define STEP_TIMEOUT_MS 120000

static _Noreturn void fail(int sock_fd, const struct error *e)
{
	message_send_error(sock_fd, e);
	_exit(1);
}

/* All that the caller has open, but for what they passed on; before anybody inside is near. */
static void close_parents(const struct join_args *args)
{
	int keep[] = { args->root_fd, args->init_pidfd, args->sock_fd };

	process_close_except(3 + (int)args->plan->process.n_fds, keep, ARRAY_SIZE(keep));
}

static int enter(const struct join_args *args, struct error *e)
{
	const struct plan_namespaces *ns = &args->plan->namespaces;
	const struct plan_process *p = &args->plan->process;
	const struct process_user user = { .uid = p->setup_uid, .gid = p->setup_gid };
	int r = exec_adjust_oom_score(args->plan, e);

	if (r == 0)
		r = process_set_dumpable(PROCESS_HIDDEN, e);
	if (r == 0)
		r = namespace_enter_all(args->init_pidfd, args->init_pid, ns->init_flags, e);
	if (r == 0 && ns->init_root)
		r = rootfs_chroot(args->root_fd, e);
	/* Our caller need not be anybody inside. */
	return r < 0 ? r : process_become(&user, GROUPS_KEEP, e);
}

static int set_cpus(const struct plan_process *p, struct error *e)
{
	if (p->final_cpus && scheduling_set_cpus(p->final_cpus, e) < 0)
		return error_context(e, "%sexecCPUAffinity.final", p->origin);
	return 0;
}

static int open_terminal(const struct join_args *args, int *out_slave_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int master_fd = -EBADF;
	int r;

	if (!args->plan->process.terminal)
		return 0;
	if (root_fd < 0)
		return error_errno(e, "open the root");
	r = terminal_open(root_fd, &args->plan->process, &master_fd, out_slave_fd, e);
	return r < 0 ? r : message_send(args->sock_fd, MESSAGE_TERMINAL, 0, master_fd, e);
}

static int set_up(const struct join_args *args, int proc_fd, struct exec_program *program,
	int *out_slave_fd, struct error *e)
{
	const struct plan_process *p = &args->plan->process;
	int r = message_expect(args->sock_fd, MESSAGE_MAPPED, time_ms() + STEP_TIMEOUT_MS,
		"waited for its cgroup", e);

	if (r == 0)
		r = set_cpus(p, e);
	if (r == 0 && setsid() < 0)
		r = error_errno(e, "make a session");
	if (r == 0)
		r = exec_prepare_labels(args->plan, proc_fd, program, e);
	if (r == 0)
		r = exec_make_keyring(p, proc_fd, e);
	if (r == 0)
		r = open_terminal(args, out_slave_fd, e);
	if (r == 0)
		r = exec_apply_placement(p, e);
	if (p->umask.set)
		umask((mode_t)p->umask.v);
	return r < 0 ? r : exec_find(args->plan, program, e);
}

/* The second one: the program, once the parent says so. */
static _Noreturn void become_program(const struct join_args *args, int proc_fd)
{
	struct exec_program program = { 0 };
	struct error e = { 0 };
	int slave_fd = -EBADF;

	prctl(PR_SET_NAME, "lichen:exec", 0, 0, 0);
	if (set_up(args, proc_fd, &program, &slave_fd, &e) < 0)
		fail(args->sock_fd, &e);
	fd_close(proc_fd);
	if (message_send(args->sock_fd, MESSAGE_READY, 0, -EBADF, &e) < 0 ||
		message_expect(args->sock_fd, MESSAGE_COMMITTED, INT64_MAX, "waited for the state",
			&e) < 0)
		_exit(1);
	if (terminal_use(slave_fd, &e) == 0 && terminal_attach(&slave_fd, &e) == 0)
		exec_run(args->plan, &program, NULL, args->sock_fd, &e);
	fail(args->sock_fd, &e);
}

_Noreturn void join_main(const struct join_args *args)
{
	struct error e = { 0 };
	pid_t pid = -1;
	int proc_fd;

	process_reset_signals();
	prctl(PR_SET_NAME, "lichen:join", 0, 0, 0);
	close_parents(args);
	/* The container's own procfs may be anything. */
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (enter(args, &e) == 0) {
		fd_close(args->init_pidfd);
		fd_close(args->root_fd);
		pid = stage_clone(CLONE_PARENT, -EBADF, &e);
	}
	if (pid == 0)
		become_program(args, proc_fd);
	/* clone(2): a PID namespace whose init has ended takes nobody in. */
	if (pid == -ENOMEM && args->plan->namespaces.init_flags & CLONE_NEWPID)
		error_set(&e, ESRCH, "join the container: its first process has ended");
	if (pid < 0)
		fail(args->sock_fd, &e);
	_exit(message_send(args->sock_fd, MESSAGE_BORN, pid, -EBADF, &e) < 0);
}

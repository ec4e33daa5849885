/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "kernel/rootfs.h"
#include "stage/exec.h"
#include "stage/message.h"
#include "stage/ops.h"
#include "stage/terminal.h"

/* What init does without IDs and hooks is quick; a helper that looks IDs up may not be. */
#define STEP_TIMEOUT_MS 120000

static int enter_namespaces(const struct plan *plan, struct error *e)
{
	const struct plan_namespaces *ns = &plan->namespaces;
	int r;

	for (size_t i = 0; i < ns->n_after; i++) {
		r = namespace_enter(ns->after[i].fd, ns->after[i].type, e);
		fd_close(ns->after[i].fd);
		if (r < 0)
			return error_context(e, "%s: '%s'", ns->after[i].origin, ns->after[i].path);
	}
	if (ns->new_time) {
		CLEANUP(fd_cleanup) int self_fd = open("/proc/self", O_PATH | O_CLOEXEC);

		r = namespace_new_time(self_fd, ns->time_offsets, e);
		if (r < 0)
			return error_context(e, "config.json: linux.timeOffsets");
	}
	r = namespace_unshare(ns->unshare_flags, e);
	if (r < 0)
		return error_context(e, "config.json: linux.namespaces");
	return ns->make_slave ? rootfs_make_slave(e) : 0;
}

/*
 * What we may open depends on which of its owners are mapped, so not before that is certain. Also
 * where there is nothing to map: until then our birth may not have been recorded.
 */
static int wait_for_ids(const struct init_args *args, struct error *e)
{
	return message_expect(args->sock_fd, MESSAGE_MAPPED, time_ms() + STEP_TIMEOUT_MS,
		"waited for its IDs", e);
}

/* From here on we are who sets the container up: its root, usually. */
static int become_root(const struct init_args *args, struct error *e)
{
	const struct plan_process *p = &args->plan->process;
	const struct process_user user = { .uid = p->setup_uid, .gid = p->setup_gid };
	int r = process_become(&user, GROUPS_KEEP, e);

	/* A change of IDs hides us; then nobody could join us before start, not even our user. */
	if (r == 0 && !args->plan->namespaces.hidden)
		r = process_set_dumpable(PROCESS_VISIBLE, e);
	return r;
}

/* While the host's procfs is there. */
static int prepare_labels(
	const struct init_args *args, struct exec_program *program, struct error *e)
{
	CLEANUP(fd_cleanup) int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	int r = exec_prepare_labels(args->plan, proc_fd, program, e);

	return r < 0 ? r : exec_make_keyring(&args->plan->process, proc_fd, e);
}

static int set_up(const struct init_args *args, struct ops_run *run, struct exec_program *program,
	struct error *e)
{
	const struct plan_process *p = &args->plan->process;
	int r = 0;

	prctl(PR_SET_NAME, "lichen:init", 0, 0, 0);
	if (args->plan->namespaces.hidden)
		r = process_set_dumpable(PROCESS_HIDDEN, e);
	if (r == 0 && setsid() < 0)
		r = error_errno(e, "make a session");
	if (r == 0)
		r = exec_adjust_oom_score(args->plan, e);
	if (r == 0)
		r = prepare_labels(args, program, e);
	if (r == 0)
		r = enter_namespaces(args->plan, e);
	if (r == 0)
		r = wait_for_ids(args, e);
	if (r == 0)
		r = ops_open_sources(run, e);
	if (r == 0)
		r = become_root(args, e);
	if (r < 0)
		return r;
	run->umask = umask(0);
	r = ops_execute(run, e);
	if (r == 0)
		r = exec_apply_placement(p, e);
	umask(p->umask.set ? (mode_t)p->umask.v : run->umask);
	return r;
}

/* One that connects and goes away without a word was no start. */
static int wait_for_start(int start_fd, struct error *e)
{
	for (;;) {
		int fd = accept4(start_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return error_errno(e, "wait for start");
		if (message_expect(fd, MESSAGE_START, INT64_MAX, "waited for start", e) == 0)
			return fd;
		fd_close(fd);
	}
}

static _Noreturn void fail(int sock_fd, const struct error *e)
{
	message_send_error(sock_fd, e);
	_exit(1);
}

/* A fork has the parent's descriptors, among them directories of the host (CVE-2024-21626). */
static void close_parents(const struct init_args *args)
{
	const struct plan_namespaces *ns = &args->plan->namespaces;
	CLEANUP(mem_free) int *keep = xcalloc(4 + ns->n_after + args->plan->n_ops, sizeof(int));
	size_t n = 0;

	keep[n++] = args->sock_fd;
	keep[n++] = args->start_fd;
	keep[n++] = args->lock_fd;
	keep[n++] = args->notify_fd;
	for (size_t i = 0; i < ns->n_after; i++)
		keep[n++] = ns->after[i].fd;
	for (size_t i = 0; i < args->plan->n_ops; i++)
		if (args->prepared[i] >= 0)
			keep[n++] = args->prepared[i];
	process_close_except(3 + (int)args->plan->process.n_fds, keep, n);
}

_Noreturn void init_main(const struct init_args *args)
{
	struct ops_run run = { .plan = args->plan,
		.state = args->state,
		.prepared = args->prepared,
		.sock_fd = args->sock_fd,
		.place_fd = -EBADF,
		.root_fd = -EBADF,
		.proc_fd = -EBADF,
		.terminal_fd = -EBADF };
	struct error e = { 0 };
	struct exec_program program = { 0 };
	int connection_fd;

	process_reset_signals();
	close_parents(args);
	if (set_up(args, &run, &program, &e) < 0 || exec_find(args->plan, &program, &e) < 0)
		fail(args->sock_fd, &e);
	ops_close(&run);
	if (message_send(args->sock_fd, MESSAGE_READY, 0, -EBADF, &e) < 0 ||
		message_expect(args->sock_fd, MESSAGE_COMMITTED, INT64_MAX, "waited for the state",
			&e) < 0)
		_exit(1);
	fd_close(args->sock_fd);
	if (terminal_use(run.terminal_fd, &e) < 0)
		_exit(1);
	connection_fd = wait_for_start(args->start_fd, &e);
	if (connection_fd < 0)
		_exit(1);
	fd_close(args->start_fd);
	if (args->notify_fd >= 0 &&
		message_send(connection_fd, MESSAGE_NOTIFIED, 0, args->notify_fd, &e) < 0)
		_exit(1);
	fd_close(args->notify_fd);
	if (terminal_attach(&run.terminal_fd, &e) == 0)
		exec_run(args->plan, &program, args->state, connection_fd, &e);
	fail(connection_fd, &e);
}

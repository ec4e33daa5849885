/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/parent.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "kernel/cgroup.h"
#include "stage/intermediate.h"
#include "stage/join.h"
#include "stage/message.h"
#include "stage/prepare.h"

/* The longest that mounts may take: a network file system's time-out is in this order. */
#define SET_UP_TIMEOUT_MS 300000
#define BIRTH_TIMEOUT_MS  60000
#define DEATH_TIMEOUT_MS  1000

/* Less than this may not be enough for what init does before execve. */
#define SET_UP_MEMORY (8 << 20)

static int wait_for_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

/* The intermediate process says whom it has born and goes. */
static int receive_pid(
	int sock_fd, int64_t deadline, pid_t intermediate, pid_t *out_pid, struct error *e)
{
	struct message m;
	int r = message_receive(sock_fd, deadline, "joined namespaces", &m, NULL, e);

	if (r == 0 && m.kind != MESSAGE_BORN)
		r = error_set(e, EPROTO, "%s instead of BORN", message_name(m.kind));
	if (r < 0)
		kill(intermediate, SIGKILL);
	else
		*out_pid = m.value;
	wait_for_exit(intermediate);
	return r;
}

static int give_birth(const struct plan *plan, const struct init_args *args, int sock_fd,
	int cgroup_fd, pid_t *out_pid, struct error *e)
{
	bool direct = plan->namespaces.n_before == 0;
	pid_t pid = stage_clone(direct ? plan->namespaces.clone_flags : 0, cgroup_fd, e);

	if (pid < 0)
		return pid;
	if (pid == 0 && direct)
		init_main(args);
	if (pid == 0)
		intermediate_main(args);
	if (!direct)
		return receive_pid(sock_fd, time_ms() + BIRTH_TIMEOUT_MS, pid, out_pid, e);
	*out_pid = pid;
	return 0;
}

static int hand_out(struct stage *s, struct stage *out, struct error *e)
{
	s->pidfd = sys_pidfd_open(s->pid, 0);
	if (s->pidfd < 0)
		return error_errno(e, "open the container's process");
	*out = *s;
	*s = (struct stage)STAGE_NONE;
	return 0;
}

int stage_begin(const struct plan *plan, const struct hook_state *state,
	const struct stage_fds *fds, struct stage *out, struct error *e)
{
	CLEANUP(stage_release) struct stage s = STAGE_NONE;
	CLEANUP(prepared_release) struct prepared prepared = { 0 };
	struct init_args args = { .plan = plan,
		.state = state,
		.start_fd = fds->start_fd,
		.lock_fd = fds->lock_fd,
		.notify_fd = fds->notify_fd };
	int pair[2], r = prepare_trees(plan, &prepared, e);

	if (r == 0)
		r = placement_begin(plan, &s.placement, e);
	if (r < 0)
		return r;
	args.prepared = prepared.fds;
	s.state_fd = fds->state_fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, "make a socket pair");
	s.sock_fd = pair[0];
	args.sock_fd = pair[1];
	r = give_birth(plan, &args, s.sock_fd, s.placement.leaf_fd, &s.pid, e);
	fd_close(args.sock_fd);
	if (r == 0)
		r = placement_ask(plan, &s.placement, s.pid, e);
	return r < 0 ? r : hand_out(&s, out, e);
}

/* config.md, execCPUAffinity: the first list is ours while the process is born into its cgroup. */
static pid_t clone_joiner(const struct plan_process *p, int cgroup_fd, struct error *e)
{
	struct cpu_list own;
	struct error ignored;
	pid_t pid;

	if (!p->initial_cpus)
		return stage_clone(0, cgroup_fd, e);
	if (scheduling_get_cpus(&own, e) < 0 || scheduling_set_cpus(p->initial_cpus, e) < 0)
		return error_context(e, "%sexecCPUAffinity.initial", p->origin);
	pid = stage_clone(0, cgroup_fd, e);
	if (pid != 0)
		(void)scheduling_set_cpus(&own, &ignored);
	return pid;
}

int stage_begin_join(
	const struct plan *plan, const struct stage_join *join, struct stage *out, struct error *e)
{
	CLEANUP(stage_release) struct stage s = STAGE_NONE;
	struct join_args args = { .plan = plan,
		.init_pid = join->init_pid,
		.init_pidfd = join->init_pidfd,
		.root_fd = join->root_fd };
	int pair[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, "make a socket pair");
	s.sock_fd = pair[0];
	args.sock_fd = pair[1];
	pid = clone_joiner(&plan->process, join->cgroup_fd, e);
	if (pid == 0)
		join_main(&args);
	fd_close(args.sock_fd);
	if (pid < 0)
		return pid;
	r = receive_pid(s.sock_fd,
		join->cgroup == JOIN_FROZEN ? INT64_MAX : time_ms() + BIRTH_TIMEOUT_MS, pid, &s.pid,
		e);
	return r < 0 ? r : hand_out(&s, out, e);
}

void stage_release(struct stage *s)
{
	if (!s->committed) {
		net_devices_undo(&s->net_devices);
		network_kill(&s->network);
	}
	net_devices_release(&s->net_devices);
	network_release(&s->network);
	if (s->pid > 0 && !s->committed) {
		kill(s->pid, SIGKILL);
		wait_for_exit(s->pid);
	}
	fd_close(s->pidfd);
	fd_close(s->sock_fd);
	fd_close(s->terminal_fd);
	placement_release(&s->placement);
	*s = (struct stage)STAGE_NONE;
}

/* What the helpers say is "not allowed"; what is allowed stands in two files. */
static int explain_map(const struct host *host, enum idmap_kind kind, struct error *e)
{
	const struct id_ranges *ranges = kind == IDMAP_UID ? &host->sub_uids : &host->sub_gids;
	const char *file = kind == IDMAP_UID ? "/etc/subuid" : "/etc/subgid";
	CLEANUP(text_release) struct text allowed = { 0 };

	if (host->ids.privilege != HOST_USER)
		return -e->code;
	if (ranges->n == 0)
		return error_hint(e, "%s has no line for %s: usermod --add-sub%ss 100000-165535 %s",
			file, host->ids.user_name, kind == IDMAP_UID ? "uid" : "gid",
			host->ids.user_name);
	for (size_t i = 0; i < ranges->n; i++)
		text_printf(&allowed, "%s%u-%u", i ? ", " : "", ranges->v[i].first,
			ranges->v[i].first + ranges->v[i].count - 1);
	return error_hint(e,
		"%s gives %s the IDs %s, and one's own; is newuidmap set-uid root or has it "
		"its file capabilities, on a file system without nosuid?",
		file, host->ids.user_name, allowed.s);
}

static int map_directly(struct stage *s, const struct plan *plan, struct error *e)
{
	const struct plan_namespaces *ns = &plan->namespaces;
	int r = 0;

	if (ns->uids.how == MAP_DIRECT)
		r = idmap_write(s->pid, IDMAP_UID, &ns->uids.map, e);
	if (r == 0 && ns->deny_setgroups)
		r = idmap_deny_setgroups(s->pid, e);
	if (r == 0 && ns->gids.how == MAP_DIRECT)
		r = idmap_write(s->pid, IDMAP_GID, &ns->gids.map, e);
	return r;
}

/* Both helpers at the same time: each takes about a millisecond. */
static int map_by_helpers(struct stage *s, const struct plan *plan, struct error *e)
{
	const struct plan_namespaces *ns = &plan->namespaces;
	CLEANUP(child_release)
	struct child uid = { .pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF };
	CLEANUP(child_release)
	struct child gid = { .pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF };
	int r = 0;

	if (ns->uids.how == MAP_HELPER)
		r = idmap_start_helper(plan->host->newuidmap, s->pid, &ns->uids.map, &uid, e);
	if (r == 0 && ns->gids.how == MAP_HELPER)
		r = idmap_start_helper(plan->host->newgidmap, s->pid, &ns->gids.map, &gid, e);
	if (r == 0 && ns->uids.how == MAP_HELPER) {
		r = idmap_wait_helper(&uid, IDMAP_UID, e);
		if (r < 0)
			return explain_map(plan->host, IDMAP_UID, e);
	}
	if (r == 0 && ns->gids.how == MAP_HELPER) {
		r = idmap_wait_helper(&gid, IDMAP_GID, e);
		if (r < 0)
			return explain_map(plan->host, IDMAP_GID, e);
	}
	return r;
}

static int map_ids(struct stage *s, const struct plan *plan, struct error *e)
{
	int r = 0;

	if (plan->namespaces.uids.how != MAP_NONE)
		r = map_directly(s, plan, e);
	if (r == 0 && plan->namespaces.uids.how != MAP_NONE)
		r = map_by_helpers(s, plan, e);
	return r < 0 ? r : message_send(s->sock_fd, MESSAGE_MAPPED, 0, -EBADF, e);
}

/* While init mounts: it waits for PLACED only where it needs to be in its cgroup. */
static int place(struct stage *s, const struct plan *plan, struct error *e)
{
	int r = placement_finish(plan, &s->placement, s->pid, e);

	if (r < 0 || plan->cgroup.how == PLAN_CGROUP_NONE)
		return r;
	return message_send(s->sock_fd, MESSAGE_PLACED, 0, s->placement.leaf_fd, e);
}

static int move_device(
	struct stage *s, const struct plan *plan, int32_t number, int fd, struct error *e)
{
	int r;

	if (fd < 0 || number < 0 || (size_t)number >= plan->n_ops ||
		plan->ops[number].kind != OP_NETDEV)
		return error_set(e, EPROTO, "NETDEV without a device");
	r = net_devices_move(&s->net_devices, &plan->ops[number], fd, e);
	return r < 0 ? r : message_send(s->sock_fd, MESSAGE_MOVED, 0, -EBADF, e);
}

static int run_runtime_hooks(
	struct stage *s, const struct plan *plan, const struct hook_state *state, struct error *e)
{
	const struct spec_all_hooks *hooks = &plan->spec->hooks;
	const struct hooks_place place = { .cwd = HOOKS_IN_BUNDLE,
		.until_fd = s->pidfd,
		.until = "the container's first process died" };
	struct hook_state now = *state;
	int r = network_wait(&s->network, plan, e);

	now.pid = s->pid;
	if (r == 0)
		r = hooks_run(&hooks->prestart, "hooks.prestart", &now, &place, e);
	if (r == 0)
		r = hooks_run(&hooks->create_runtime, "hooks.createRuntime", &now, &place, e);
	return r < 0 ? r : message_send(s->sock_fd, MESSAGE_HOOKED, 0, -EBADF, e);
}

/* createContainer hooks run in init, and may take what they may take. */
static int64_t set_up_deadline(const struct plan *plan)
{
	int64_t hooks = plan->namespaces.of_init ? 0
						 : hooks_time(&plan->spec->hooks.create_container);

	return hooks == INT64_MAX ? hooks : time_ms() + SET_UP_TIMEOUT_MS + hooks;
}

/* The kernel counts whom it killed; systemd takes the counter away with the scope. */
static bool is_out_of_memory(const struct stage *s, const struct plan *plan)
{
	const struct spec_resources *r = plan->spec->linux.resources;
	const struct spec_memory *m = r ? r->memory : NULL;
	uint64_t n = 0;

	if (s->placement.fd >= 0)
		(void)cgroup_read_number(s->placement.fd, "memory.events", "oom_kill", &n);
	return n > 0 || (m && m->limit.set && m->limit.v >= 0 && m->limit.v < SET_UP_MEMORY);
}

static int explain_kill(const struct stage *s, const struct plan *plan, int sig, struct error *e)
{
	error_context(e, "killed by signal %d", sig);
	if (sig != SIGKILL || !is_out_of_memory(s, plan))
		return -e->code;
	return error_hint(e,
		"is linux.resources.memory.limit too small? To set a container up takes some "
		"megabytes");
}

/*
 * An init that dies of the outside has no time for a word, but its exit status says something. With
 * a pending error from a helper that failed, that one is the cause.
 */
static int explain_death(struct stage *s, const struct plan *plan, struct error *e)
{
	siginfo_t info = { 0 };

	if (e->code != EPIPE)
		return -e->code;
	/* Its descriptors are closed a moment before it can be waited for. */
	(void)fd_wait(s->pidfd, DEATH_TIMEOUT_MS);
	if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) == 0 &&
		info.si_code == CLD_KILLED)
		return explain_kill(s, plan, info.si_status, e);
	return -e->code;
}

/* What fails because init has gone before has its cause in init's own word, or else in its death.
 */
static int prefer_word_of_init(
	struct stage *s, const struct plan *plan, const char *phase, struct error *e)
{
	/* Whoever is on his way out can't be moved into a cgroup, and closes his end a bit later.
	 */
	bool leaves = e->code == EACCES || e->code == ESRCH;
	int64_t deadline = time_ms() + (leaves ? DEATH_TIMEOUT_MS : 0);
	struct message m = { 0 };
	struct error word;
	int r;

	/* What it told before, as that it has mounted, matters no more. */
	do
		r = message_receive(s->sock_fd, deadline, phase, &m, NULL, &word);
	while (r == 0);
	if (r != -EPIPE && m.kind != MESSAGE_ERROR)
		return -e->code;
	*e = word;
	return explain_death(s, plan, e);
}

int stage_set_up(
	struct stage *s, const struct plan *plan, const struct hook_state *state, struct error *e)
{
	int r = map_ids(s, plan, e);

	if (r == 0)
		r = place(s, plan, e);
	if (r < 0)
		return prefer_word_of_init(s, plan, "was set up", e);
	while (r == 0) {
		struct message m;
		int fd = -EBADF;

		r = message_receive(s->sock_fd, set_up_deadline(plan), "was set up", &m, &fd, e);
		if (r < 0)
			return explain_death(s, plan, e);
		if (m.kind == MESSAGE_READY)
			return network_wait(&s->network, plan, e);
		if (m.kind == MESSAGE_TERMINAL && fd >= 0)
			s->terminal_fd = fd;
		else if (m.kind == MESSAGE_NETWORK)
			r = network_start(&s->network, plan, s->pid, s->state_fd, e);
		else if (m.kind == MESSAGE_NETDEV)
			r = move_device(s, plan, m.value, fd, e);
		else if (m.kind == MESSAGE_MOUNTED)
			r = run_runtime_hooks(s, plan, state, e);
		else
			r = error_set(e, EPROTO, "%s while it was set up", message_name(m.kind));
	}
	return r == -EPIPE ? prefer_word_of_init(s, plan, "ran hooks", e) : r;
}

/*
 * From outside: a new user namespace has no right to raise a limit. The limits themselves are set
 * by init, at last.
 */
static int raise_limits(const struct stage *s, const struct plan *plan, struct error *e)
{
	const struct plan_process *p = &plan->process;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct plan_rlimit *r = &p->rlimits[i];
		struct rlimit room = { r->limit.rlim_max, r->limit.rlim_max };

		if (r->raise && prlimit(s->pid, (__rlimit_resource_t)r->resource, &room, NULL) < 0)
			return error_errno(
				e, "%srlimits[%zu]: raise %s", p->origin, r->index, r->name);
	}
	return 0;
}

/* Not before init has made its nodes, and before a program of the container runs. */
static int filter_devices(const struct stage *s, const struct plan *plan, struct error *e)
{
	const struct plan_cgroup *c = &plan->cgroup;

	if (c->n_devices == 0 ||
		device_filter_attach(s->placement.fd, c->devices, c->n_devices, e) == 0)
		return 0;
	error_context(e, "config.json: linux.resources.devices");
	return error_hint(e,
		"is eBPF forbidden here (CONFIG_CGROUP_BPF, a seccomp filter around lichen)? Go "
		"without: lichen --best-effort=cgroup ...");
}

int stage_commit(struct stage *s, const struct plan *plan, struct error *e)
{
	int r = raise_limits(s, plan, e);

	if (r == 0)
		r = filter_devices(s, plan, e);

	if (r == 0)
		r = message_send(s->sock_fd, MESSAGE_COMMITTED, 0, -EBADF, e);
	if (r < 0)
		return prefer_word_of_init(s, plan, "waited for start", e);
	s->committed = 1;
	net_devices_release(&s->net_devices);
	return 0;
}

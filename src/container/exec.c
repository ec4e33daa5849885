/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "container/caller.h"
#include "container/cgroup.h"
#include "container/last_words.h"
#include "container/state_dir.h"
#include "plan/exec.h"
#include "stage/relay.h"

/* A first process that moves on each time keeps its cgroup to itself. */
#define PLACE_TRIES 5

struct exec {
	const struct runtime *rt;
	const struct exec_request *request;
	struct state_dir dir;
	struct state state;
	enum container_status status;
	const struct spec *spec;
	const struct spec_process_file *file;
	struct host host;
	int init_pidfd;
	int root_fd;
	struct surroundings init;
	struct plan plan;
	struct stage stage;
	struct caller_wishes wishes;
};

static void exec_release(struct exec *x)
{
	stage_release(&x->stage);
	plan_release(&x->plan);
	surroundings_release(&x->init);
	fd_close(x->root_fd);
	fd_close(x->init_pidfd);
	host_release(&x->host);
	spec_process_free(x->file);
	spec_free(x->spec);
	state_release(&x->state);
	state_dir_close(&x->dir);
}

static void exec_init(struct exec *x, const struct runtime *rt, const struct exec_request *req)
{
	*x = (struct exec){ .rt = rt,
		.request = req,
		.dir = STATE_DIR_NONE,
		.init_pidfd = -EBADF,
		.root_fd = -EBADF,
		.stage = STAGE_NONE,
		.wishes = { .pid_file = req->pid_file,
			.console_socket = req->console_socket,
			.pidfd_socket = req->pidfd_socket,
			.pidfd_message = "setns" } };
}

/* ---- the container ---- */

static int has_stopped(const struct exec *x, struct error *e)
{
	return error_set(e, ESRCH,
		"cannot exec in a stopped container: '%s': container not running", x->dir.id);
}

/* A frozen process would wait in the container's cgroup until it is resumed, and we with it. */
static int check_paused(const struct exec *x, struct error *e)
{
	if (x->request->flags & EXEC_IGNORE_PAUSED)
		return 0;
	error_set(e, EAGAIN, "cannot exec in a paused container: '%s'", x->dir.id);
	return error_hint(e, "lichen resume %s, or wait for that: --ignore-paused", x->dir.id);
}

static int check_status(const struct exec *x, struct error *e)
{
	switch (x->status) {
	case STATUS_CREATED:
	case STATUS_RUNNING:
		return 0;
	case STATUS_PAUSED:
		return check_paused(x, e);
	case STATUS_STOPPED:
		return has_stopped(x, e);
	case STATUS_CREATING:
		break;
	}
	return error_set(
		e, EBUSY, "cannot exec in a container that is being created: '%s'", x->dir.id);
}

static int check_cgroup(const struct exec *x, struct error *e)
{
	const char *path = x->request->cgroup;
	CLEANUP(mem_free) char *place = path ? path_clean("/in", path + strspn(path, "/")) : NULL;

	if (path && !path_beneath(place, "/in"))
		return error_set(
			e, EINVAL, "--cgroup '%s': leads out of the container's cgroup", path);
	return path ? container_cgroup_require(&x->state.cgroup, "exec --cgroup in", x->dir.id, e)
		    : 0;
}

/* Not locked: whatever ends the container meanwhile ends what has joined it, too. */
static int open_container(struct exec *x, struct error *e)
{
	int r = state_dir_open(x->rt, x->request->id, STATE_UNLOCKED, &x->dir, e);

	if (r == 0)
		r = state_read(&x->dir, &x->state, e);
	if (r < 0)
		return r;
	x->status = state_status(&x->dir, &x->state);
	r = check_status(x, e);
	if (r == 0)
		r = state_read_config(&x->dir, &x->spec, e);
	if (r < 0)
		return r;
	x->init_pidfd = process_open(&x->state.init);
	return x->init_pidfd < 0 ? has_stopped(x, e) : check_cgroup(x, e);
}

/* Before start the kernel shows our own set-up to nobody where others could see it, too. */
static int explain_look(const struct exec *x, struct error *e)
{
	if (x->status == STATUS_CREATED)
		error_hint(e, "start it first: lichen start %s", x->dir.id);
	return error_context(e, "join container '%s'", x->dir.id);
}

static int look_at_init(struct exec *x, struct error *e)
{
	int r = surroundings_probe(x->state.init.pid, &x->init, e);

	/* Only if it still is the same process was that its number; one that ends has no
	 * namespaces. */
	if (r == -ENOENT || fd_wait(x->init_pidfd, 0) > 0)
		return has_stopped(x, e);
	return r < 0 ? explain_look(x, e) : 0;
}

static int open_root(struct exec *x, struct error *e)
{
	CLEANUP(mem_free) char *root = xasprintf("/proc/%d/root", x->state.init.pid);

	if (!x->plan.namespaces.init_root)
		return 0;
	x->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd_wait(x->init_pidfd, 0) > 0)
		return has_stopped(x, e);
	return x->root_fd < 0 ? error_errno(e, "open '%s'", root) : 0;
}

/* ---- the process ---- */

static int read_process(struct exec *x, struct error *e)
{
	const char *path = x->request->process;
	CLEANUP(mem_free) char *text = NULL;
	bool is_stdin = path && streq(path, "-");
	size_t len;
	int r;

	if (!path)
		return 0;
	if (is_stdin)
		r = fd_read_text(STDIN_FILENO, SPEC_SIZE_MAX, &text, &len);
	else
		r = file_read_text(AT_FDCWD, path, SPEC_SIZE_MAX, &text, &len);
	if (r < 0)
		return error_set(e, -r, "read the process '%s': %s", path, strerror(-r));
	return spec_parse_process(text, len, is_stdin ? "standard input" : path, &x->file, e);
}

/* What could not be had for the container itself is not demanded here. */
static unsigned int best_effort(const struct exec *x)
{
	const struct strlist *not_applied = &x->state.not_applied;
	unsigned int bits = x->rt->best_effort;

	for (size_t i = 0; i < not_applied->n; i++) {
		if (str_starts(not_applied->v[i], "process.rlimits"))
			bits |= BEST_EFFORT_RLIMITS;
		if (str_starts(not_applied->v[i], "process.oomScoreAdj"))
			bits |= BEST_EFFORT_OOM;
	}
	return bits;
}

static int check_console(const struct exec *x, struct error *e)
{
	if (!x->request->console_socket || x->plan.process.terminal)
		return 0;
	error_set(e, EINVAL, "--console-socket: the process has no terminal");
	return error_hint(e, "add --tty, or leave out --console-socket");
}

static int make_plan(struct exec *x, struct error *e)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/.seccomp", x->rt->root);
	const struct exec_request *req = x->request;
	bool relays = !(req->flags & EXEC_DETACH) && isatty(STDIN_FILENO);
	struct plan_exec_request request = { .spec = x->spec,
		.host = &x->host,
		.init = &x->init,
		.process = x->file ? &x->file->process : NULL,
		.process_name = req->process && streq(req->process, "-") ? "standard input"
									 : req->process,
		.changes = req->changes,
		.best_effort = best_effort(x),
		.n_fds = req->preserve_fds,
		.seccomp_cache = cache,
		.cgroup = x->state.cgroup.path,
		.no_new_keyring = x->state.keeps_keyring,
		.keep_groups = x->state.keeps_groups,
		.may_use_terminal = req->console_socket || relays };
	int r = plan_make_exec(&request, &x->plan, e);

	return r < 0 ? r : check_console(x, e);
}

static void warn(const struct exec *x)
{
	for (size_t i = 0; i < x->plan.warnings.n; i++)
		log_write(x->rt->log, LOG_LEVEL_WARNING, "%s", x->plan.warnings.v[i]);
	for (size_t i = 0; i < x->plan.not_applied.n; i++)
		log_write(x->rt->log, LOG_LEVEL_DEBUG, "not applied: %s", x->plan.not_applied.v[i]);
}

/* Everything that can be known without touching anything. */
static int plan_exec(struct exec *x, struct error *e)
{
	int r = container_check_id(x->request->id, e);

	if (r == 0)
		r = caller_check_fds(x->request->preserve_fds, e);
	if (r == 0)
		r = open_container(x, e);
	if (r == 0)
		r = read_process(x, e);
	if (r == 0)
		r = host_probe(&x->host, e);
	if (r == 0)
		r = look_at_init(x, e);
	if (r == 0)
		r = make_plan(x, e);
	return r < 0 ? r : open_root(x, e);
}

/* ---- doing it ---- */

static int begin(struct exec *x, int cgroup_fd, struct error *e)
{
	const struct stage_join join = { .init_pid = x->state.init.pid,
		.init_pidfd = x->init_pidfd,
		.root_fd = x->root_fd,
		.cgroup_fd = cgroup_fd,
		.cgroup = x->status == STATUS_PAUSED ? JOIN_FROZEN : JOIN_RUNNING };

	return stage_begin_join(&x->plan, &join, &x->stage, e);
}

static int begin_at(struct exec *x, const char *place, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = container_cgroup_open_place(&x->state.cgroup, place, e);

	return fd < 0 ? fd : begin(x, fd, e);
}

/* Where the first process is, or what the caller has named; beneath the container's cgroup. */
static char *choose_place(const struct exec *x)
{
	const char *named = x->request->cgroup;
	char *first = named ? NULL : container_cgroup_place_of(x->state.init.pid, &x->state.cgroup);

	return first ? first : xstrdup(named ? named : "/");
}

/* It has given its controllers to others; it has gone; it has gone since we opened it. */
static bool is_moving(int r)
{
	return r == -EBUSY || r == -ENOENT || r == -ENODEV;
}

/*
 * The process is born in the cgroup of the first one: in the container's own it would keep a
 * systemd inside, which has just moved, from giving controllers to cgroups that it makes
 * (cgroups(7), "no internal processes"). Where it is not ours to enter from where we are
 * ("delegation containment"), systemd moves it there before it goes on.
 */
static int begin_in_cgroup(struct exec *x, struct error *e)
{
	const struct state_cgroup *c = &x->state.cgroup;
	CLEANUP(mem_free) char *place = NULL;
	int r = -EBUSY;

	if (!c->path)
		return begin(x, -EBADF, e);
	/* The first process may move meanwhile, and remove where it was. */
	for (int i = 0; is_moving(r) && i < PLACE_TRIES; i++) {
		free(place);
		place = choose_place(x);
		r = begin_at(x, place, e);
	}
	if (r == -EACCES && c->unit) {
		r = begin(x, -EBADF, e);
		if (r == 0)
			r = container_cgroup_attach(c, place, x->stage.pid, e);
	}
	return r < 0 ? error_context(e, "join container '%s'", x->dir.id) : 0;
}

static int set_up(struct exec *x, struct error *e)
{
	int r = begin_in_cgroup(x, e);

	return r < 0 ? r : stage_set_up(&x->stage, &x->plan, NULL, e);
}

static int hear_last_words(struct exec *x, struct error *e)
{
	const struct hook_state container = { .id = x->dir.id,
		.status = container_status_name(x->status),
		.pid = x->state.init.pid,
		.bundle = x->state.bundle,
		.annotations = &x->spec->annotations };
	bool executes;
	const struct last_words words = { .sock_fd = x->stage.sock_fd,
		.pid = x->stage.pid,
		.pidfd = x->stage.pidfd,
		.spec = x->spec,
		.container = &container };

	return last_words_hear(&words, &executes, e);
}

/* Nobody else knows of it yet. */
static void end_process(struct exec *x)
{
	(void)sys_pidfd_send_signal(x->stage.pidfd, SIGKILL);
	while (waitpid(x->stage.pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* Until the program has been executed. */
static int execute(struct exec *x, struct error *e)
{
	int r = set_up(x, e);

	if (r < 0)
		return r;
	if (!x->request->console_socket)
		relay_give_size(x->stage.terminal_fd);
	r = caller_hand_over(&x->wishes, &x->stage, e);
	if (r == 0)
		r = caller_write_pid_file(&x->wishes, x->stage.pid, e);
	if (r < 0)
		return r;
	r = stage_commit(&x->stage, &x->plan, e);
	if (r == 0) {
		r = hear_last_words(x, e);
		if (r < 0)
			end_process(x);
	}
	if (r < 0 && x->request->pid_file)
		unlink(x->request->pid_file);
	return r;
}

static void unblock(sigset_t *saved)
{
	relay_unblock_signals(saved);
}

static int run_foreground(struct exec *x, int *out_status, struct error *e)
{
	CLEANUP(unblock) sigset_t saved;
	int r;

	relay_block_signals(&saved);
	r = execute(x, e);
	if (r < 0)
		return r;
	r = relay_run(x->stage.pid, x->stage.pidfd, x->stage.terminal_fd, NULL, out_status, e);
	if (r < 0)
		end_process(x);
	return r;
}

int container_exec(
	const struct runtime *rt, const struct exec_request *req, int *out_status, struct error *e)
{
	CLEANUP(exec_release) struct exec x;
	int r;

	*out_status = 0;
	exec_init(&x, rt, req);
	r = plan_exec(&x, e);
	if (r < 0)
		return r;
	warn(&x);
	return req->flags & EXEC_DETACH ? execute(&x, e) : run_foreground(&x, out_status, e);
}

int container_exec_dry_run(
	const struct runtime *rt, const struct exec_request *req, struct text *out, struct error *e)
{
	CLEANUP(exec_release) struct exec x;
	int r;

	exec_init(&x, rt, req);
	r = plan_exec(&x, e);
	if (r == 0)
		plan_print(&x.plan, out);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "kernel/process.h"
#include "kernel/seccomp.h"
#include "stage/message.h"

/* execvp(3) and the shells agree on these where PATH is not set. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Our own directory of the host's procfs, which needs no PID of ours. */
int exec_adjust_oom_score(const struct plan *plan, struct error *e)
{
	const struct plan_process *p = &plan->process;
	CLEANUP(fd_cleanup) int self_fd = -EBADF;

	if (!p->oom_score_adj.set)
		return 0;
	self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self_fd < 0)
		return error_errno(e, "open '/proc/self'");
	if (process_set_oom_score(self_fd, (int)p->oom_score_adj.v, e) < 0) {
		error_context(e, "%soomScoreAdj", p->origin);
		return error_hint(e,
			"an ordinary user can't go below %d, the present value: raise "
			"process.oomScoreAdj or remove it",
			plan->host->oom_score_adj);
	}
	return 0;
}

int exec_apply_placement(const struct plan_process *p, struct error *e)
{
	if (p->memory_policy && memory_policy_set(p->memory_policy, e) < 0)
		return error_context(e, "config.json: linux.memoryPolicy");
	if (p->personality.set && personality_set(p->personality.v, e) < 0)
		return error_context(e, "config.json: linux.personality");
	if (p->io_priority &&
		scheduling_set_io((int)p->io_priority->class, (int)p->io_priority->priority, e) < 0)
		return error_context(e, "%sioPriority", p->origin);
	if (p->scheduling && scheduling_set(p->scheduling, e) < 0)
		return error_context(e, "%sscheduler", p->origin);
	return 0;
}

static void file_cleanup(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* The home directory as the image's /etc/passwd has it; "/" if it doesn't say. */
static char *find_home(uid_t uid)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_cleanup)
	int fd = path_open(root_fd, "etc/passwd", O_RDONLY | O_NONBLOCK, &ignored);
	CLEANUP(file_cleanup) FILE *f = NULL;
	struct passwd *entry;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return xstrdup("/");
	f = fdopen(fd, "r");
	if (f)
		fd_take(&fd);
	while (f && (entry = fgetpwent(f)))
		if (entry->pw_uid == uid && entry->pw_dir && entry->pw_dir[0] == '/')
			return xstrdup(entry->pw_dir);
	return xstrdup("/");
}

static void make_environment(const struct plan *plan, struct strlist *out)
{
	const struct plan_process *p = &plan->process;

	for (size_t i = 0; i < p->env->n; i++)
		strlist_add(out, xstrdup(p->env->v[i]));
	if (!strlist_getenv(out, "HOME")) {
		CLEANUP(mem_free) char *home = find_home(p->uid);

		strlist_setenv(out, "HOME", home);
	}
	if (p->notify_socket)
		strlist_setenv(out, "NOTIFY_SOCKET", p->notify_socket);
	/* sd_listen_fds(3): for the process of this number alone, as it will see it itself. */
	if (p->listen_fds) {
		CLEANUP(mem_free) char *pid = xasprintf("%d", getpid());

		strlist_setenv(out, "LISTEN_FDS", p->listen_fds);
		strlist_setenv(out, "LISTEN_PID", pid);
	}
}

/* 0 if it can be executed as far as its mode says, else -errno. */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return st.st_mode & 0111 ? 0 : -EACCES;
}

static int search_path(const char *name, const char *path, char **out)
{
	CLEANUP(mem_free) char *dirs = xstrdup(path);
	char *rest = dirs, *dir;
	int result = -ENOENT;

	while ((dir = strsep(&rest, ":"))) {
		/* An empty entry is the working directory. */
		CLEANUP(mem_free) char *full = xasprintf("%s/%s", *dir ? dir : ".", name);
		int r = check_executable(full);

		if (r == 0) {
			*out = TAKE_PTR(full);
			return 0;
		}
		if (r == -EACCES)
			result = r;
	}
	return result;
}

/* Docker's client tells 126 and 127 by these words as Go writes them, in lower case. */
static const char *why_not(int code)
{
	switch (code) {
	case ENOENT:
		return "no such file or directory";
	case EACCES:
		return "permission denied";
	case EISDIR:
		return "is a directory: permission denied";
	default:
		return strerror(code);
	}
}

static int not_executable(const struct plan_process *p, int code, struct error *e)
{
	const char *name = p->args->v[0];

	if (code == ENOENT && !strchr(name, '/')) {
		error_set(e, ENOENT, "%sargs[0]: exec '%s': executable file not found in $PATH: %s",
			p->origin, name, why_not(ENOENT));
		return error_hint(
			e, "is it in the root file system, in a directory of process.env's PATH?");
	}
	error_set(e, code, "%sargs[0]: exec '%s': %s", p->origin, name, why_not(code));
	if (code == EACCES)
		return error_hint(e, "chmod +x it in the root file system");
	return -code;
}

int exec_find(const struct plan *plan, struct exec_program *out, struct error *e)
{
	const char *name = plan->process.args->v[0];
	const char *path;
	int r;

	if (chdir(plan->process.cwd) < 0 && errno != EACCES)
		return error_errno(
			e, "%scwd: change into '%s'", plan->process.origin, plan->process.cwd);
	make_environment(plan, &out->env);
	path = strlist_getenv(&out->env, "PATH");
	if (strchr(name, '/')) {
		out->path = xstrdup(name);
		r = check_executable(name);
	} else {
		r = search_path(name, path ? path : DEFAULT_PATH, &out->path);
	}
	return r < 0 ? not_executable(&plan->process, -r, e) : 0;
}

/*
 * As the user that it will be, for file systems that know root for nobody (NFS), and with all
 * capabilities still: a directory that the user may not search is a usual WORKDIR, and config.md
 * says nothing of access. getcwd(2) says "(unreachable)" for a directory outside of the root, such
 * as a leaked descriptor's (CVE-2024-21626).
 */
static int enter_cwd(const struct plan_process *p, struct error *e)
{
	char where[PATH_MAX];

	if (chdir(p->cwd) < 0)
		return error_errno(e, "%scwd: change into '%s'", p->origin, p->cwd);
	if (!getcwd(where, sizeof(where)) || where[0] != '/')
		return error_set(e, EPERM, "%scwd: '%s' lies outside of the root file system",
			p->origin, p->cwd);
	return 0;
}

/*
 * The listener closes with execve, so init waits until start has it. What the filter does to this
 * read(2) does not matter: refused, it returns at once; notified, the agent answers it, to whom
 * start brings the listener in the meantime.
 */
static void wait_for_listener(int connection_fd)
{
	char ack;
	ssize_t n;

	do
		n = read(connection_fd, &ack, sizeof(ack));
	while (n < 0 && errno == EINTR);
}

static int load_filter(const struct plan *plan, int connection_fd, struct error *e)
{
	int fd;

	if (plan->seccomp.n == 0)
		return 0;
	if (plan->seccomp_notify) {
		/* The descriptor will be the lowest free one; start fetches it by that number. */
		int r, next = fcntl(connection_fd, F_DUPFD_CLOEXEC, 0);

		fd_close(next);
		/* pidfd_getfd(2) is for those who may trace us. */
		r = process_set_dumpable(PROCESS_VISIBLE, e);
		if (r == 0)
			r = message_send(connection_fd, MESSAGE_LISTENER, next, -EBADF, e);
		if (r < 0)
			return r;
	}
	fd = seccomp_load_filter(&plan->seccomp, e);
	if (fd < 0)
		return error_context(e, "config.json: linux.seccomp");
	if (plan->seccomp_notify)
		wait_for_listener(connection_fd);
	return 0;
}

static int take_credentials(const struct plan *plan, int connection_fd, struct error *e)
{
	const struct plan_process *p = &plan->process;
	const struct process_user user = {
		.uid = p->uid, .gid = p->gid, .n_groups = p->n_groups, .groups = p->groups
	};
	bool keep = p->keep_groups || plan->namespaces.deny_setgroups;
	int r = cap_limit_bounding(p->caps.bounding, e);

	/* Without no_new_privs a filter takes CAP_SYS_ADMIN, which is about to go. */
	if (r == 0 && !p->no_new_privileges)
		r = load_filter(plan, connection_fd, e);
	if (r == 0)
		r = process_become(&user, keep ? GROUPS_KEEP : GROUPS_SET, e);
	if (r == 0)
		r = cap_raise(e);
	if (r == 0)
		r = enter_cwd(p, e);
	if (r == 0)
		r = cap_apply(&p->caps, e);
	if (r == 0 && p->no_new_privileges)
		r = process_no_new_privileges(e);
	if (r == 0 && p->no_new_privileges)
		r = load_filter(plan, connection_fd, e);
	return r;
}

static const char *const label_names[LSM_COUNT] = {
	[LSM_APPARMOR] = "apparmorProfile",
	[LSM_SELINUX] = "selinuxLabel",
};

int exec_prepare_labels(
	const struct plan *plan, int proc_fd, struct exec_program *out, struct error *e)
{
	const struct plan_process *p = &plan->process;
	enum lsm_privileges how = p->no_new_privileges ? LSM_MAY_ONLY_ADD : LSM_MAY_CHANGE;

	for (int i = 0; i < LSM_COUNT; i++)
		if (p->labels[i] &&
			lsm_exec_prepare(
				(enum lsm)i, p->labels[i], how, proc_fd, &out->labels[i], e) < 0)
			return error_context(e, "%s%s", p->origin, label_names[i]);
	return 0;
}

int exec_make_keyring(const struct plan_process *p, int proc_fd, struct error *e)
{
	if (!p->new_keyring)
		return 0;
	if (p->labels[LSM_SELINUX] && lsm_label_keys(proc_fd, p->labels[LSM_SELINUX], e) < 0)
		return error_context(e, "%sselinuxLabel", p->origin);
	return process_new_keyring(e);
}

/* Behind the hooks, which are no programs of the container; before what might forbid a write. */
static int apply_labels(
	const struct plan_process *p, const struct exec_program *program, struct error *e)
{
	for (int i = 0; i < LSM_COUNT; i++)
		if (lsm_exec_apply(&program->labels[i], e) < 0)
			return error_context(e, "%s%s", p->origin, label_names[i]);
	return 0;
}

static int explain_exec(const struct plan_process *p, const char *path, int code, struct error *e)
{
	error_set(e, code, "%sargs[0]: exec '%s': %s", p->origin, path, why_not(code));
	if (code == ENOENT)
		return error_hint(e,
			"the file is there: what is missing is its dynamic loader or the "
			"interpreter of its first line");
	if (code == ENOEXEC)
		return error_hint(
			e, "it is a program for another machine, or a script without '#!'");
	return -code;
}

/* Not before the last moment: 3 descriptors or no memory at all would hinder ourselves. */
static int set_limits(const struct plan_process *p, struct error *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (process_set_rlimit(p->rlimits[i].resource, &p->rlimits[i].limit, e) < 0)
			return error_context(e, "%srlimits[%zu]: %s", p->origin,
				p->rlimits[i].index, p->rlimits[i].name);
	return 0;
}

static int run_hooks(const struct plan *plan, const struct exec_program *program,
	const struct hook_state *state, struct error *e)
{
	const struct hook_state created = { .id = state->id,
		.status = "created",
		.pid = getpid(),
		.bundle = state->bundle,
		.annotations = state->annotations };
	const struct hooks_place place = { .cwd = HOOKS_IN_OUR_CWD,
		.until_fd = -EBADF,
		.env = (const char *const *)program->env.v };

	return hooks_run(
		&plan->spec->hooks.start_container, "hooks.startContainer", &created, &place, e);
}

int exec_run(const struct plan *plan, struct exec_program *program, const struct hook_state *state,
	int connection_fd, struct error *e)
{
	int r = process_set_dumpable(PROCESS_HIDDEN, e);

	if (r == 0 && state)
		r = run_hooks(plan, program, state, e);
	/* Not later: the filter need not let us. */
	if (r == 0)
		r = message_send(connection_fd, MESSAGE_EXECUTING, 0, -EBADF, e);
	fd_cloexec_from(3 + plan->process.n_fds);
	if (r == 0)
		r = apply_labels(&plan->process, program, e);
	if (r == 0)
		r = set_limits(&plan->process, e);
	if (r == 0)
		r = take_credentials(plan, connection_fd, e);
	if (r < 0)
		return r;
	execve(program->path, (char *const *)(uintptr_t)plan->process.args->v, program->env.v);
	return explain_exec(&plan->process, program->path, errno, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "container/creation.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "container/caller.h"
#include "container/cgroup.h"
#include "container/destruction.h"
#include "container/network.h"
#include "container/rdt.h"
#include "kernel/cgroup.h"
#include "kernel/namespace.h"

void creation_init(
	struct creation *c, const struct runtime *rt, const struct create_request *request)
{
	*c = (struct creation){
		.rt = rt, .request = request, .dir = STATE_DIR_NONE, .stage = STAGE_NONE
	};
}

/* ---- what the caller gave us ---- */

/* sd_listen_fds(3): the variable is for us only if it names our PID. */
static unsigned int count_listen_fds(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t n, number;

	if (!fds || !pid || str_u64(pid, INT32_MAX, &number) < 0 || (pid_t)number != getpid() ||
		str_u64(fds, 4096, &n) < 0)
		return 0;
	return (unsigned int)n;
}

/* sd_notify(3). What is sent there is for whoever starts the container to pass on. */
static bool is_notified(void)
{
	const char *socket = getenv("NOTIFY_SOCKET");

	return socket && *socket;
}

static int take_fds(struct creation *c, struct error *e)
{
	unsigned int listen_fds = count_listen_fds();

	if (listen_fds > 0)
		c->listen_fds = xasprintf("%u", listen_fds);
	c->n_fds = c->request->preserve_fds + listen_fds;
	return caller_check_fds(c->n_fds, e);
}

static int find_bundle(struct creation *c, struct error *e)
{
	const char *bundle = c->request->bundle ? c->request->bundle : ".";
	struct stat st;

	c->bundle = realpath(bundle, NULL);
	if (!c->bundle || stat(c->bundle, &st) < 0)
		return error_errno(e, "open the bundle '%s'", bundle);
	if (!S_ISDIR(st.st_mode))
		return error_set(e, ENOTDIR, "open the bundle '%s': %s", bundle, strerror(ENOTDIR));
	return 0;
}

static int read_config(struct creation *c, struct error *e)
{
	CLEANUP(mem_free)
	char *path = c->request->config ? xstrdup(c->request->config)
					: xasprintf("%s/config.json", c->bundle);
	int r = file_read_text(AT_FDCWD, path, SPEC_SIZE_MAX, &c->config_text, &c->config_len);

	if (r < 0) {
		error_set(e, -r, "read '%s': %s", path, strerror(-r));
		if (r == -ENOENT)
			return error_hint(e,
				"a bundle is a directory with a config.json, which 'lichen spec' "
				"writes, and a root file system; name it with --bundle");
		return r;
	}
	return spec_parse(c->config_text, c->config_len, "config.json", &c->spec, e);
}

/* ---- what the host says ---- */

static int open_namespaces(struct creation *c, struct error *e)
{
	const struct spec_namespaces *all = &c->namespaces;
	const char *own_path;

	plan_network_namespaces(c->spec, c->request->network, &c->namespaces);
	c->namespace_fds = xcalloc(all->n + 1, sizeof(int));
	c->namespace_owners = xcalloc(all->n + 1, sizeof(ino_t));
	own_path = c->request->network ? c->request->network->path : NULL;
	for (size_t i = 0; i < all->n; i++)
		c->namespace_fds[i] = -EBADF;
	for (size_t i = 0; i < all->n; i++) {
		int fd;

		if (!all->v[i].path)
			continue;
		fd = namespace_open(all->v[i].path, all->v[i].type, e);
		if (fd < 0)
			return all->v[i].path == own_path
				? error_context(e, "--network")
				: error_context(e, "config.json: linux.namespaces[%zu].path", i);
		c->namespace_fds[i] = fd;
		c->namespace_owners[i] = namespace_owner(fd);
	}
	return 0;
}

/* Likewise linux.intelRdt. */
static void probe_resctrl(struct creation *c)
{
	const struct spec_intel_rdt *from = c->spec->linux.intel_rdt;
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	struct error not_mounted;

	if (!from)
		return;
	root_fd = resctrl_open(&not_mounted);
	if (root_fd >= 0)
		resctrl_probe(root_fd, plan_rdt_group(from, c->request->id), &c->resctrl);
}

/* Only where somebody asks for a network, or a device is to be moved, it makes a difference. */
static void probe_network(struct creation *c)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;

	if (plan_network_is_asked(c->spec, c->request->network))
		host_network_probe(&c->host.network);
	if (c->spec->linux.net_devices.n == 0)
		return;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	c->network_owner = fd < 0 ? 0 : namespace_owner(fd);
}

static bool maps_own_id_alone(const struct spec_idmaps *maps, uint32_t own)
{
	return maps->n == 1 && maps->v[0].size == 1 && maps->v[0].host_id == own;
}

/* Subordinate IDs cost a look at several files, and many containers have none. */
static int probe_host(struct creation *c, struct error *e)
{
	const struct spec_linux *l = &c->spec->linux;
	int r = host_probe(&c->host, e);

	if (r < 0 ||
		(maps_own_id_alone(&l->uid_mappings, c->host.ids.uid) &&
			maps_own_id_alone(&l->gid_mappings, c->host.ids.gid)))
		return r;
	return host_probe_subordinate(&c->host, e);
}

/* Where a cgroup could be made is looked for only by those who may want one. */
static void probe_delegation(struct creation *c)
{
	const char *path = c->spec->linux.cgroups_path;

	if (c->rt->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return;
	host_probe_delegation(&c->host, path && path[0] == '/' ? path : NULL);
	c->scope_helper = host_find_helper("lichen-scope");
}

static int check_rootfs(struct creation *c, struct error *e)
{
	struct stat st;

	if (!c->spec->root)
		return 0;
	CLEANUP(mem_free) char *path = path_clean(c->bundle, c->spec->root->path);

	if (stat(path, &st) < 0)
		return error_errno(e, "config.json: root.path: open '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(e, ENOTDIR, "config.json: root.path: open '%s': %s", path,
			strerror(ENOTDIR));
	return 0;
}

static int check_console(const struct creation *c, struct error *e)
{
	bool terminal = c->spec->process && c->spec->process->terminal;

	if (!c->request->console_socket || terminal)
		return 0;
	error_set(e, EINVAL, "--console-socket: config.json asks for no terminal");
	return error_hint(e, "set process.terminal to true, or leave out --console-socket");
}

static void warn(const struct creation *c)
{
	for (size_t i = 0; i < c->plan.warnings.n; i++)
		log_write(c->rt->log, LOG_LEVEL_WARNING, "%s", c->plan.warnings.v[i]);
	for (size_t i = 0; i < c->plan.not_applied.n; i++)
		log_write(c->rt->log, LOG_LEVEL_DEBUG, "not applied: %s", c->plan.not_applied.v[i]);
	for (size_t i = 0; i < c->plan.notes.n; i++)
		log_write(c->rt->log, LOG_LEVEL_DEBUG, "%s", c->plan.notes.v[i]);
	for (size_t i = 0; i < c->spec->unknown.n; i++)
		log_write(c->rt->log, LOG_LEVEL_DEBUG, "config.json: %s: unknown, ignored",
			c->spec->unknown.v[i]);
}

static int make_plan(struct creation *c, enum creation_terminal terminal, struct error *e)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/.seccomp", c->rt->root);
	CLEANUP(mem_free)
	char *notify = xasprintf("%s/%s/" STATE_NOTIFY, c->rt->root, c->request->id);
	struct plan_request request = { .spec = c->spec,
		.host = &c->host,
		.id = c->request->id,
		.bundle = c->bundle,
		.state_root = c->rt->root,
		.scope_helper = c->scope_helper,
		.cgroup_manager = (enum plan_cgroup_manager)c->rt->cgroup_manager,
		.network = c->request->network,
		.namespaces = &c->namespaces,
		.namespace_fds = c->namespace_fds,
		.namespace_owners = c->namespace_owners,
		.network_owner = c->network_owner,
		.resctrl = &c->resctrl,
		.best_effort = c->rt->best_effort,
		.n_fds = c->n_fds,
		.listen_fds = c->listen_fds,
		.seccomp_cache = cache,
		.notify_socket = is_notified() ? notify : NULL,
		.no_pivot = c->request->flags & CREATE_NO_PIVOT,
		.no_new_keyring = c->request->flags & CREATE_NO_NEW_KEYRING,
		.keep_groups = c->request->flags & CREATE_KEEP_GROUPS,
		.may_use_terminal = c->request->console_socket || terminal == TERMINAL_RELAYED,
		.find_devices = true };

	return plan_make(&request, &c->plan, e);
}

int creation_plan(struct creation *c, enum creation_terminal terminal, struct error *e)
{
	int r = container_check_id(c->request->id, e);

	if (r == 0)
		r = take_fds(c, e);
	if (r == 0)
		r = find_bundle(c, e);
	if (r == 0)
		r = read_config(c, e);
	if (r == 0)
		r = check_console(c, e);
	if (r == 0)
		r = check_rootfs(c, e);
	if (r == 0)
		r = probe_host(c, e);
	if (r < 0)
		return r;
	probe_delegation(c);
	r = open_namespaces(c, e);
	if (r == 0)
		probe_network(c);
	if (r == 0)
		probe_resctrl(c);
	if (r == 0)
		r = make_plan(c, terminal, e);
	if (r == 0)
		warn(c);
	return r;
}

/* ---- doing it ---- */

static char *now_rfc3339(void)
{
	struct timespec now;
	struct tm tm;
	char seconds[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	return xasprintf("%s.%09ldZ", seconds, now.tv_nsec);
}

static void describe(struct creation *c)
{
	const struct spec_pairs *annotations = &c->spec->annotations;
	struct state *s = &c->state;

	*s = (struct state){ .id = xstrdup(c->request->id),
		.oci_version = xstrdup(SPEC_VERSION),
		.bundle = xstrdup(c->bundle),
		.rootfs = xstrdup(c->plan.rootfs),
		.keeps_groups = c->plan.process.keep_groups,
		.keeps_keyring = (c->request->flags & CREATE_NO_NEW_KEYRING) != 0,
		.own_mount_namespace = (c->plan.namespaces.unshare_flags & CLONE_NEWNS) != 0,
		.own_pid_namespace = (c->plan.namespaces.clone_flags & CLONE_NEWPID) != 0,
		.created = now_rfc3339(),
		.owner = *c->host.ids.user_name ? xstrdup(c->host.ids.user_name)
						: xasprintf("%u", c->host.ids.uid) };
	for (size_t i = 0; i < annotations->n; i++) {
		strlist_add(&s->annotation_keys, xstrdup(annotations->v[i].key));
		strlist_add(&s->annotation_values, xstrdup(annotations->v[i].value));
	}
	rdt_describe(c->plan.rdt, s);
	for (size_t i = 0; i < c->plan.not_applied.n; i++)
		strlist_add(&s->not_applied, xstrdup(c->plan.not_applied.v[i]));
}

static int reserve(struct creation *c, struct error *e)
{
	int r = state_dir_reserve(c->rt, c->request->id, &c->dir, e);

	if (r < 0)
		return r;
	c->reserved = 1;
	describe(c);
	r = network_expect(&c->dir, &c->plan.network, e);
	if (r == 0)
		r = container_cgroup_expect(&c->plan, &c->state.cgroup, e);
	if (r < 0)
		return r;
	r = state_write_cgroup(&c->dir, &c->state.cgroup, e);
	if (r == 0)
		r = state_write(&c->dir, &c->state, e);
	return r < 0 ? r : state_write_config(&c->dir, c->config_text, c->config_len, e);
}

/* What was made, in the place of what was going to be; false if that is known already. */
static bool note_cgroup(struct creation *c)
{
	const struct placement *p = &c->stage.placement;
	struct state_cgroup *cgroup = &c->state.cgroup;

	if (p->leaf_fd < 0 || cgroup->id)
		return false;
	cgroup->id = cgroup_id(p->leaf_fd);
	if (!cgroup->path)
		cgroup->path = xstrdup(p->path);
	/* Somebody else was quicker. */
	if (!p->made)
		free(TAKE_PTR(cgroup->top));
	return true;
}

static int record_cgroup(struct creation *c, struct error *e)
{
	return note_cgroup(c) ? state_write_cgroup(&c->dir, &c->state.cgroup, e) : 0;
}

static int begin(struct creation *c, const struct hook_state *state, struct error *e)
{
	CLEANUP(fd_cleanup) int start_fd = state_listen(&c->dir, e);
	CLEANUP(fd_cleanup) int lock_fd = -EBADF;
	CLEANUP(fd_cleanup) int notify_fd = -EBADF;
	int r;

	if (start_fd < 0)
		return start_fd;
	lock_fd = state_lock_created(&c->dir, e);
	if (lock_fd < 0)
		return lock_fd;
	if (c->plan.process.notify_socket) {
		notify_fd = state_bind_notify(&c->dir, e);
		if (notify_fd < 0)
			return notify_fd;
	}
	r = stage_begin(&c->plan, state,
		&(struct stage_fds){ start_fd, lock_fd, notify_fd, c->dir.fd }, &c->stage, e);
	c->cgroup_is_anothers = r == -EEXIST;
	if (r == 0)
		r = process_ref_get(c->stage.pid, &c->state.init, e);
	if (r == 0)
		r = state_record_init(&c->dir, &c->state.init, e);
	if (r == 0)
		r = record_cgroup(c, e);
	if (r == 0)
		r = rdt_apply(c->plan.rdt, &c->dir, &c->state, c->stage.pid, e);
	c->rdt_applied = r == 0;
	return r;
}

static struct caller_wishes wishes_of(const struct create_request *req)
{
	/* runc's word for what is not an exec's. */
	return (struct caller_wishes){ .pid_file = req->pid_file,
		.console_socket = req->console_socket,
		.pidfd_socket = req->pidfd_socket,
		.pidfd_message = "standard" };
}

static int finish(struct creation *c, struct error *e)
{
	const struct caller_wishes wishes = wishes_of(c->request);
	int r = caller_hand_over(&wishes, &c->stage, e);

	if (r < 0)
		return r;
	c->state.is_created = 1;
	/* A scope has been made meanwhile. */
	r = record_cgroup(c, e);
	if (r == 0)
		r = network_record(&c->dir, &c->plan.network, &c->stage.network, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->stage.placement.left.n; i++)
		strlist_add(&c->state.not_applied, xstrdup(c->stage.placement.left.v[i]));
	r = state_write(&c->dir, &c->state, e);
	if (r == 0)
		r = caller_write_pid_file(&wishes, c->stage.pid, e);
	if (r == 0)
		r = stage_commit(&c->stage, &c->plan, e);
	if (r == 0)
		c->committed = 1;
	else if (c->request->pid_file)
		unlink(c->request->pid_file);
	return r;
}

int creation_do(struct creation *c, struct error *e)
{
	struct hook_state state = { .id = c->request->id,
		.status = "creating",
		.bundle = c->bundle,
		.annotations = &c->spec->annotations };
	int r = reserve(c, e);

	if (r == 0)
		r = begin(c, &state, e);
	if (r < 0)
		return r;
	c->hooks_began = 1;
	r = stage_set_up(&c->stage, &c->plan, &state, e);
	return r < 0 ? r : finish(c, e);
}

void creation_release(struct creation *c)
{
	bool is_silent = c->stage.placement.is_silent;
	struct error ignored;

	(void)note_cgroup(c);
	stage_release(&c->stage);
	if (c->reserved && !c->committed) {
		/* runtime.md: what fails while it is created goes on at "destroy" (lifecycle, step
		 * 12). What systemd makes is gone then, too, and its name is free. */
		if (!is_silent && !c->cgroup_is_anothers)
			(void)container_cgroup_remove(&c->state.cgroup, &ignored);
		network_end(&c->dir);
		if (c->hooks_began)
			destruction_run_hooks(c->rt, c->spec, &c->state);
		if (c->rdt_applied)
			rdt_undo(c->plan.rdt);
		(void)state_dir_remove(&c->dir, &ignored);
	}
	state_dir_close(&c->dir);
	state_release(&c->state);
	plan_release(&c->plan);
	for (size_t i = 0; c->namespace_fds && i < c->namespaces.n; i++)
		fd_close(c->namespace_fds[i]);
	free(c->namespaces.v);
	free(c->namespace_fds);
	free(c->namespace_owners);
	host_release(&c->host);
	resctrl_facts_release(&c->resctrl);
	spec_free(c->spec);
	free(c->config_text);
	free(c->bundle);
	free(c->listen_fds);
	free(c->scope_helper);
}

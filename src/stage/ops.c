/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "kernel/cgroup.h"
#include "kernel/copy.h"
#include "kernel/device.h"
#include "kernel/namespace.h"
#include "kernel/netdev.h"
#include "kernel/process.h"
#include "kernel/rootfs.h"
#include "stage/message.h"
#include "stage/terminal.h"

/* As long as init waits for its IDs. */
#define STEP_TIMEOUT_MS 120000

static bool has_source(const struct op *op)
{
	return (op->kind == OP_ROOT || op->kind == OP_BIND || op->kind == OP_DEVICE) &&
		!(op->flags & OP_KEEP_ORDER);
}

/* Says which directory of a path it was that let us not through: the error alone never does. */
static void explain_access(const char *path, uid_t caller, struct error *e)
{
	CLEANUP(mem_free) char *part = xstrdup(path);

	if (e->code != EACCES)
		return;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (access(part, X_OK) < 0) {
			error_hint(e,
				"'%s' does not let you through: chmod o+x, or setfacl -m u:%u:x "
				"'%s'",
				part, caller, part);
			return;
		}
		*slash = '/';
	}
}

/* What asked for it: most are config.json's. */
static int blame(const struct op *op, struct error *e)
{
	return op->flags & OP_OF_CALLER ? error_context(e, "%s", op->object)
					: error_context(e, "config.json: %s", op->object);
}

static int open_source(
	const struct ops_run *run, const struct op *op, struct mount_tree *out, struct error *e)
{
	enum mount_depth depth = op->kind == OP_ROOT ? MOUNT_TREE : op->depth;
	CLEANUP(mem_free)
	char *path = xasprintf(
		"%s%s", op->source, op->flags & OP_OWN_CGROUP && run->cgroup ? run->cgroup : "");
	int r = mount_tree_open(AT_FDCWD, path, depth, out, e);

	if (r >= 0)
		return 0;
	/* Our own number is not told in a user namespace that has no map yet. */
	explain_access(path, run->plan->host->ids.uid, e);
	if (e->code == EINVAL && depth == MOUNT_ONE)
		error_hint(e,
			"there are mounts beneath it, which the kernel does not let an ordinary "
			"user uncover: use the option 'rbind' in place of 'bind'");
	return blame(op, e);
}

int ops_open_sources(struct ops_run *run, struct error *e)
{
	run->sources = xcalloc(run->plan->n_ops, sizeof(*run->sources));
	for (size_t i = 0; i < run->plan->n_ops; i++)
		run->sources[i].fd = -EBADF;
	for (size_t i = 0; i < run->plan->n_ops; i++) {
		int r;

		if (run->prepared[i] >= 0)
			run->sources[i] = (struct mount_tree){ .fd = run->prepared[i],
				.detached = true };
		if (!has_source(&run->plan->ops[i]) || run->prepared[i] >= 0)
			continue;
		r = open_source(run, &run->plan->ops[i], &run->sources[i], e);
		if (r < 0)
			return r;
		if (run->plan->ops[i].kind != OP_ROOT)
			continue;
		run->place_fd = open(run->plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (run->place_fd < 0)
			return error_errno(
				e, "config.json: root.path: open '%s'", run->plan->rootfs);
	}
	return 0;
}

void ops_close(struct ops_run *run)
{
	for (size_t i = 0; run->sources && i < run->plan->n_ops; i++)
		fd_close(run->sources[i].fd);
	free(TAKE_PTR(run->sources));
	free(TAKE_PTR(run->cgroup));
	run->place_fd = fd_close(run->place_fd);
	run->root_fd = fd_close(run->root_fd);
	run->proc_fd = fd_close(run->proc_fd);
}

/* The root's mount goes on top of its own directory; from there it becomes "/". */
static int do_root(struct ops_run *run, const struct mount_tree *source, struct error *e)
{
	static const struct mount_attrs none = { 0 };
	struct mount_target target = {
		.root_fd = AT_FDCWD, .path = run->plan->rootfs, .fd = run->place_fd
	};

	run->root_fd = mount_attach(source, MOUNT_TREE, &target, &none, e);
	return run->root_fd < 0 ? run->root_fd : 0;
}

static int make_target(
	const struct ops_run *run, const struct op *op, int source_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	enum path_kind kind = PATH_DIRECTORY;
	struct error is_other;
	struct stat st;

	if (source_fd >= 0 && fstat(source_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		kind = PATH_FILE;
	fd = op->flags & OP_PLAIN ? path_make_plain(run->root_fd, op->target, kind, e)
				  : path_make(run->root_fd, op->target, kind, e);
	if (fd < 0)
		return fd;
	if (!(op->flags & OP_OVER_PROC) && mount_check_type(fd, "proc", &is_other) == 0)
		return error_set(e, EPERM,
			"'%s' leads to a part of procfs that programs rely on, which it would "
			"cover",
			op->target);
	return fd_take(&fd);
}

static int do_bind(
	struct ops_run *run, const struct op *op, struct mount_tree *source, struct error *e)
{
	CLEANUP(fd_cleanup) int target_fd = -EBADF;
	CLEANUP(fd_cleanup) int mount_fd = -EBADF;
	struct mount_target target = { .root_fd = run->root_fd, .path = op->target };
	int r = 0;

	if (op->flags & OP_KEEP_ORDER)
		r = open_source(run, op, source, e);
	if (r == 0 && op->kind == OP_BIND && op->fs.type)
		r = mount_check_type(source->fd, op->fs.type, e) < 0
			? error_context(e, "'%s' of the host", op->source)
			: 0;
	if (r == 0 && op->kind == OP_DEVICE)
		r = device_check(source->fd, op->node.mode & S_IFMT, op->node.dev, e);
	if (r < 0)
		return r;
	target_fd = make_target(run, op, source->fd, e);
	if (target_fd < 0)
		return target_fd;
	if (op->flags & OP_OWN_PLACE)
		r = device_check_place(target_fd, op->node.mode & S_IFMT, op->node.dev, e);
	if (r < 0)
		return error_context(e, "bind '%s' to '%s'", op->source, op->target);
	target.fd = target_fd;
	mount_fd = mount_attach(source, op->depth, &target, &op->fs.attrs, e);
	return mount_fd < 0 ? error_context(e, "bind '%s' to '%s'", op->source, op->target) : 0;
}

static int copy_up(int from_fd, int to_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from < 0 || to < 0)
		return error_errno(e, "copy the directory's contents");
	return copy_contents(from, to, e);
}

/* A directory that is copied up also keeps its mode and owner, unless the options say others. */
static int copy_root(const struct op *op, int from_fd, int to_fd)
{
	struct stat st;

	for (size_t i = 0; op->fs.data && i < op->fs.data->n; i++)
		if (str_starts(op->fs.data->v[i], "mode="))
			return 0;
	if (fstat(from_fd, &st) < 0)
		return -errno;
	return chmod(fd_path(to_fd).s, st.st_mode & 07777) < 0 ? -errno : 0;
}

static int do_mount(struct ops_run *run, const struct op *op, struct error *e)
{
	CLEANUP(fd_cleanup) int target_fd = make_target(run, op, -EBADF, e);
	CLEANUP(fd_cleanup) int mount_fd = -EBADF;
	struct mount_target target = {
		.root_fd = run->root_fd, .path = op->target, .fd = target_fd
	};
	struct mount_fs fs = op->fs;
	int r;

	if (target_fd < 0)
		return target_fd;
	/* It must be writable until it is filled. */
	if (op->flags & OP_COPY_UP)
		fs.attrs.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	mount_fd = mount_new(&fs, &target, e);
	if (mount_fd < 0)
		return error_context(e, "mount '%s'", op->target);
	if (!(op->flags & OP_COPY_UP))
		return 0;
	r = copy_up(target_fd, mount_fd, e);
	if (r == 0 && copy_root(op, target_fd, mount_fd) < 0)
		r = error_errno(e, "set the mode of '%s'", op->target);
	if (r == 0 && op->fs.attrs.set != fs.attrs.set)
		r = mount_change(mount_fd, &op->fs.attrs, e);
	return r;
}

static int do_remount(struct ops_run *run, const struct op *op, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = path_open(run->root_fd, op->target, O_PATH, e);

	if (fd < 0)
		return fd;
	return mount_again(fd, &op->fs, e);
}

static int do_directory(struct ops_run *run, const struct op *op, struct error *e)
{
	int fd = path_make(run->root_fd, op->target, PATH_DIRECTORY, e);

	if (fd < 0)
		return fd;
	fd_close(fd);
	return 0;
}

static int do_node(struct ops_run *run, const struct op *op, struct error *e)
{
	struct device_node node = { .path = op->target,
		.mode = op->node.mode,
		.dev = op->node.dev,
		.uid = op->node.uid,
		.gid = op->node.gid };

	return device_make(run->root_fd, &node, e);
}

/* The master goes to the parent at once; /dev/console is the slave, bound by its descriptor. */
static int do_terminal(struct ops_run *run, const struct op *op, struct error *e)
{
	static const struct mount_attrs attrs = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	CLEANUP(fd_cleanup) int master_fd = -EBADF;
	CLEANUP(fd_cleanup) int slave_fd = -EBADF;
	CLEANUP(fd_cleanup) int target_fd = -EBADF;
	CLEANUP(fd_cleanup) int mount_fd = -EBADF;
	struct mount_target target = { .root_fd = run->root_fd, .path = op->target };
	struct mount_tree tree;
	int r = terminal_open(run->root_fd, &run->plan->process, &master_fd, &slave_fd, e);

	if (r < 0)
		return r;
	target_fd = path_make(run->root_fd, op->target, PATH_FILE, e);
	if (target_fd < 0)
		return target_fd;
	target.fd = target_fd;
	r = mount_tree_of_fd(slave_fd, MOUNT_ONE, &tree, e);
	if (r < 0)
		return r;
	mount_fd = mount_attach(&tree, MOUNT_ONE, &target, &attrs, e);
	fd_close(tree.fd);
	if (mount_fd < 0)
		return mount_fd;
	run->terminal_fd = fd_take(&slave_fd);
	return message_send(run->sock_fd, MESSAGE_TERMINAL, 0, master_fd, e);
}

static int do_mask(struct ops_run *run, const struct op *op, struct error *e)
{
	CLEANUP(fd_cleanup) int null_fd = open("/dev/null", O_PATH | O_CLOEXEC);

	if (null_fd < 0)
		return error_errno(e, "open '/dev/null'");
	return rootfs_mask(run->root_fd, op->target, null_fd, op->text, e);
}

/* A procfs that nobody has mounted anything over; the container's own may lie (CVE-2025-52881). */
static int open_proc(struct ops_run *run, struct error *e)
{
	int fs_fd, fd;

	if (run->proc_fd >= 0)
		return 0;
	fs_fd = fsopen("proc", FSOPEN_CLOEXEC);
	fd = fs_fd >= 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0
		? fsmount(fs_fd, FSMOUNT_CLOEXEC,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
		: -1;
	fd_close(fs_fd);
	/* In a sandbox that covers parts of /proc there is only the host's, at its place until
	 * then. */
	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "open a procfs");
	run->proc_fd = fd;
	return 0;
}

static int do_sysctl(struct ops_run *run, const struct op *op, struct error *e)
{
	int r = open_proc(run, e);

	return r < 0 ? r : process_set_sysctl(run->proc_fd, op->source, op->text, e);
}

/* Only in this namespace can such a socket be opened, and only outside is the right to use it. */
static int do_netdev(struct ops_run *run, const struct op *op, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = netdev_open(e);
	int r = fd;

	if (r >= 0)
		r = message_send(
			run->sock_fd, MESSAGE_NETDEV, (int32_t)(op - run->plan->ops), fd, e);
	return r < 0 ? r
		     : message_expect(run->sock_fd, MESSAGE_MOVED, time_ms() + STEP_TIMEOUT_MS,
			       "waited for a network device", e);
}

static int do_runtime_hooks(struct ops_run *run, struct error *e)
{
	int r = message_send(run->sock_fd, MESSAGE_MOUNTED, 0, -EBADF, e);

	return r < 0 ? r : message_expect(run->sock_fd, MESSAGE_HOOKED, INT64_MAX, "ran hooks", e);
}

static int do_container_hooks(struct ops_run *run, struct error *e)
{
	static const struct hooks_place place = { .cwd = HOOKS_IN_BUNDLE, .until_fd = -EBADF };
	struct hook_state state = *run->state;
	int r;

	state.pid = getpid();
	umask(run->umask);
	r = hooks_run(&run->plan->spec->hooks.create_container, "hooks.createContainer", &state,
		&place, e);
	umask(0);
	return r;
}

/* The parent has the cgroup ready by now, or soon: it works on it while we mount. */
static int do_cgroup(struct ops_run *run, struct error *e)
{
	const struct plan_cgroup *c = &run->plan->cgroup;
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	struct message m;
	int r = message_receive(run->sock_fd, INT64_MAX, "waited for its cgroup", &m, &leaf_fd, e);

	if (r == 0 && m.kind != MESSAGE_PLACED)
		r = error_set(e, EPROTO, "%s instead of PLACED", message_name(m.kind));
	/* As the outside calls it. */
	run->cgroup = host_cgroup_own_path();
	if (r == 0 && c->new_namespace)
		r = namespace_unshare(CLONE_NEWCGROUP, e);
	if (r < 0 || c->give != PLAN_GIVE_INSIDE)
		return r;
	return cgroup_give(leaf_fd, run->plan->process.uid, e);
}

static int execute(
	struct ops_run *run, const struct op *op, struct mount_tree *source, struct error *e)
{
	switch (op->kind) {
	case OP_LOOPBACK:
		return namespace_loopback_up(e);
	case OP_NETWORK:
		return message_send(run->sock_fd, MESSAGE_NETWORK, 0, -EBADF, e);
	case OP_CGROUP:
		return do_cgroup(run, e);
	case OP_NETDEV:
		return do_netdev(run, op, e);
	case OP_HOSTNAME:
		return process_set_hostname(op->text, e);
	case OP_DOMAINNAME:
		return process_set_domainname(op->text, e);
	case OP_ROOT:
		return do_root(run, source, e);
	case OP_BIND:
	case OP_DEVICE:
		return do_bind(run, op, source, e);
	case OP_MOUNT:
		return do_mount(run, op, e);
	case OP_REMOUNT:
		return do_remount(run, op, e);
	case OP_NODE:
		return do_node(run, op, e);
	case OP_DIRECTORY:
		return do_directory(run, op, e);
	case OP_LINK:
		return device_link(run->root_fd, op->target, op->source, e);
	case OP_TERMINAL:
		return do_terminal(run, op, e);
	case OP_RUNTIME_HOOKS:
		return do_runtime_hooks(run, e);
	case OP_CONTAINER_HOOKS:
		return do_container_hooks(run, e);
	case OP_MASK:
		return do_mask(run, op, e);
	case OP_READONLY:
		return rootfs_make_readonly(run->root_fd, op->target, e);
	case OP_SYSCTL:
		return do_sysctl(run, op, e);
	case OP_ROOT_ATTRS:
		return mount_change(run->root_fd, &op->fs.attrs, e);
	case OP_PIVOT:
		return rootfs_pivot(run->root_fd, e);
	case OP_MOVE:
		return rootfs_move(run->root_fd, e);
	case OP_CHROOT:
		return rootfs_chroot(run->root_fd, e);
	}
	return error_set(e, EINVAL, "an operation of unknown kind %d", op->kind);
}

static bool is_not_permitted(int code)
{
	return code == EPERM || code == EBUSY || code == EACCES;
}

/* A fresh procfs or sysfs is allowed only where the one that we have is fully visible. */
static void explain_nesting(const struct op *op, struct error *e)
{
	if (op->kind != OP_MOUNT || e->code != EPERM)
		return;
	if (streq(op->fs.type, "proc") || streq(op->fs.type, "sysfs"))
		error_hint(e,
			"inside another container the kernel allows this only if nothing covers "
			"parts "
			"of the outer /%s: start the outer one with podman run --security-opt "
			"unmask=ALL, or docker run --security-opt systempaths=unconfined",
			streq(op->fs.type, "proc") ? "proc" : "sys");
}

/* What the host has in place of a new one was not what it should be, or not there. */
static void explain_fallback(const struct op *op, struct error *e)
{
	if (streq(op->fs.type, "mqueue"))
		error_hint(e,
			"in the host's ipc namespace only the host's own can be shown: as root: "
			"mount -t mqueue mqueue /dev/mqueue; or add { \"type\": \"ipc\" } to "
			"linux.namespaces");
}

/* An image without the place for it, on a file system that takes none. */
static void explain_file(const struct op *op, struct error *e)
{
	if (op->kind != OP_BIND || !(op->flags & OP_OF_CALLER) ||
		(!is_not_permitted(e->code) && e->code != EROFS))
		return;
	error_hint(e, "make an empty file at '%s' in the root file system, or go without: %s",
		op->target,
		streq(op->target, PLAN_NOTIFY_SOCKET) ? "env -u NOTIFY_SOCKET lichen run ..."
						      : "lichen run --network none ...");
}

/* Hooks are named by their list, and sources have said where they come from. */
static bool names_itself(const struct op *op, const struct error *e)
{
	return op->kind == OP_RUNTIME_HOOKS || op->kind == OP_CONTAINER_HOOKS ||
		str_starts(e->text, "config.json:");
}

int ops_execute(struct ops_run *run, struct error *e)
{
	for (size_t i = 0; i < run->plan->n_ops; i++) {
		const struct op *op = &run->plan->ops[i];
		int r = execute(run, op, &run->sources[i], e);

		if (r < 0 && op->fallback && is_not_permitted(e->code)) {
			r = execute(run, op->fallback, &run->sources[i], e);
			if (r < 0)
				explain_fallback(op->fallback, e);
		}
		if (r < 0) {
			explain_nesting(op, e);
			explain_file(op, e);
			return names_itself(op, e) ? -e->code : blame(op, e);
		}
	}
	return 0;
}

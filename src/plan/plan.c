/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/path.h"
#include "plan/parts.h"

/*
 * Address space, not memory. What becomes operations is bounded by OPS_MAX; the rest, lists of
 * options above all, takes less than the tree of config.json does.
 */
#define PLAN_ARENA_SIZE (64u << 20)
/* As many mounts as a mount namespace may have: /proc/sys/fs/mount-max. */
#define OPS_MAX 100000

/* How many operations config.json asks for, so that their list need not grow. */
static int count_ops(struct plan_builder *b, struct error *e)
{
	const struct spec_linux *l = &b->spec->linux;
	size_t n = b->spec->mounts.n + l->devices.n + l->masked_paths.n + l->readonly_paths.n +
		l->sysctl.n + l->net_devices.n;

	if (n > OPS_MAX) {
		error_set(e, E2BIG,
			"config.json: mounts, linux.devices, maskedPaths, readonlyPaths and sysctl "
			"have %zu entries together: more than %d",
			n, OPS_MAX);
		return error_hint(e, "mask or mount a directory in place of what is in it");
	}
	plan_reserve_ops(b, n);
	return 0;
}

/* The socket alone: in a directory of the host's the container could make files. */
static void plan_notify(struct plan_builder *b)
{
	struct op *op;

	if (!b->request->notify_socket)
		return;
	op = plan_add_op(b, OP_BIND);
	op->object = "NOTIFY_SOCKET";
	op->flags = OP_OF_CALLER;
	op->source = plan_printf(b, "%s", b->request->notify_socket);
	op->target = PLAN_NOTIFY_SOCKET;
	op->fs.attrs.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		MOUNT_ATTR_NOEXEC;
	op->fs.attrs.propagation = MS_PRIVATE;
}

/* What follows the mounts, in the order in which it happens. */
static int plan_tail(struct plan_builder *b, struct error *e)
{
	const struct spec_linux *l = &b->spec->linux;
	struct op *op;
	int r;

	plan_network_files(b);
	plan_notify(b);
	plan_enter_cgroup(b);
	r = plan_net_devices(b, e);
	if (r < 0)
		return r;
	if (b->spec->hooks.prestart.n + b->spec->hooks.create_runtime.n > 0)
		plan_add_op(b, OP_RUNTIME_HOOKS)->object = "hooks.createRuntime";
	if (b->spec->hooks.create_container.n > 0)
		plan_add_op(b, OP_CONTAINER_HOOKS)->object = "hooks.createContainer";
	for (size_t i = 0; i < l->readonly_paths.n; i++) {
		op = plan_add_op(b, OP_READONLY);
		op->object = plan_printf(b, "linux.readonlyPaths[%zu]", i);
		op->target = l->readonly_paths.v[i];
	}
	for (size_t i = 0; i < l->masked_paths.n; i++) {
		op = plan_add_op(b, OP_MASK);
		op->object = plan_printf(b, "linux.maskedPaths[%zu]", i);
		op->target = l->masked_paths.v[i];
		op->text = b->mount_context;
	}
	r = plan_sysctls(b, e);
	if (r < 0)
		return r;
	op = plan_add_op(b, OP_DIRECTORY);
	op->object = "process.cwd";
	op->target = b->spec->process->cwd;
	plan_seal_mounts(b);
	if (b->spec->root->readonly || !plan_filters_devices(b)) {
		op = plan_add_op(b, OP_ROOT_ATTRS);
		op->object = b->spec->root->readonly ? "root.readonly" : "root";
		op->fs.attrs.set = b->spec->root->readonly ? MOUNT_ATTR_RDONLY : 0;
		/* An image may bring nodes; in a user namespace the kernel ignores them. */
		op->fs.attrs.set |= plan_filters_devices(b) ? 0 : MOUNT_ATTR_NODEV;
	}
	/* pivot_root(2) would change "/" for everybody in a mount namespace that is joined. */
	if (plan_has_joined(b, CLONE_NEWNS) && plan_check_chroot(b, e) < 0)
		return -e->code;
	if (b->request->no_pivot && plan_check_move(b, e) < 0)
		return -e->code;
	if (plan_has_joined(b, CLONE_NEWNS))
		op = plan_add_op(b, OP_CHROOT);
	else
		op = plan_add_op(b, b->request->no_pivot ? OP_MOVE : OP_PIVOT);
	op->object = "root.path";
	return 0;
}

/* With the plain names of the specification, and with the recursive ones that Podman writes. */
static unsigned long propagation(const char *name, bool *out_tree)
{
	static const struct name names[] = { { "shared", MS_SHARED }, { "slave", MS_SLAVE },
		{ "private", MS_PRIVATE }, { "unbindable", MS_UNBINDABLE }, { 0 } };
	const struct name *found = name_find(names, name);

	*out_tree = !found;
	if (!found)
		found = name_find(names, name + 1);
	return found ? (unsigned long)found->value : 0;
}

/* pivot_root(2) refuses a shared new root, so this comes after it. */
static void plan_propagation(struct plan_builder *b)
{
	const char *name = b->spec->linux.rootfs_propagation;
	struct op *op = plan_add_op(b, OP_ROOT_ATTRS);
	bool tree = false;
	unsigned long how = name && *name ? propagation(name, &tree) : MS_PRIVATE;

	op->object = "linux.rootfsPropagation";
	op->fs.attrs.propagation = tree ? 0 : how;
	op->fs.attrs.tree_propagation = tree ? how : 0;
}

static int make(struct plan_builder *b, struct error *e)
{
	static int (*const parts[])(struct plan_builder *, struct error *) = { plan_refuse,
		plan_annotations, plan_labels, plan_rdt, plan_network, plan_namespaces, plan_ids,
		plan_identity, plan_cgroup, plan_device_rules, plan_mounts, plan_devices };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		r = parts[i](b, e);
		if (r < 0)
			return r;
	}
	r = plan_tail(b, e);
	if (r < 0)
		return r;
	plan_propagation(b);
	r = plan_process(b, e);
	if (r == 0)
		r = plan_placement(b, e);
	return r < 0 ? r : plan_seccomp(b, e);
}

int plan_make(const struct plan_request *request, struct plan *out, struct error *e)
{
	struct plan_builder b = {
		.request = request,
		.spec = request->spec,
		.namespaces = request->namespaces ? request->namespaces
						  : &request->spec->linux.namespaces,
		.host = request->host,
		.plan = out,
		.process = request->spec->process,
	};
	CLEANUP(mem_free) char *rootfs = NULL;
	int r;

	b.other_user_namespace = plan_has_new(&b, CLONE_NEWUSER) ||
		plan_has_joined(&b, CLONE_NEWUSER);
	*out = (struct plan){ .spec = request->spec,
		.host = request->host,
		.bundle = request->bundle,
		.process.origin = "config.json: process." };
	arena_init(&out->arena, PLAN_ARENA_SIZE + request->spec->arena.used);
	if (!request->spec->root)
		return error_set(e, EINVAL, "config.json: root: is required");
	r = count_ops(&b, e);
	if (r < 0)
		return r;
	rootfs = path_clean(request->bundle, request->spec->root->path);
	out->rootfs = arena_strndup(&out->arena, rootfs, strlen(rootfs));
	r = make(&b, e);
	arena_seal(&out->arena);
	return r;
}

void plan_release(struct plan *plan)
{
	strlist_release(&plan->warnings);
	strlist_release(&plan->not_applied);
	strlist_release(&plan->notes);
	arena_release(&plan->arena);
	*plan = (struct plan){ 0 };
}

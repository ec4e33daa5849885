/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as text, for --dry-run and for golden tests: one decision a line. */
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "plan/plan.h"

static const struct name op_names[] = {
	{ "loopback", OP_LOOPBACK },
	{ "network", OP_NETWORK },
	{ "cgroup", OP_CGROUP },
	{ "network-device", OP_NETDEV },
	{ "hostname", OP_HOSTNAME },
	{ "domainname", OP_DOMAINNAME },
	{ "root", OP_ROOT },
	{ "bind", OP_BIND },
	{ "device", OP_DEVICE },
	{ "mount", OP_MOUNT },
	{ "remount", OP_REMOUNT },
	{ "node", OP_NODE },
	{ "directory", OP_DIRECTORY },
	{ "link", OP_LINK },
	{ "terminal", OP_TERMINAL },
	{ "runtime-hooks", OP_RUNTIME_HOOKS },
	{ "container-hooks", OP_CONTAINER_HOOKS },
	{ "mask", OP_MASK },
	{ "readonly", OP_READONLY },
	{ "sysctl", OP_SYSCTL },
	{ "root-attributes", OP_ROOT_ATTRS },
	{ "pivot", OP_PIVOT },
	{ "move", OP_MOVE },
	{ "chroot", OP_CHROOT },
	{ 0 },
};

static const struct name flag_names[] = { { "mount", CLONE_NEWNS }, { "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC }, { "user", CLONE_NEWUSER }, { "pid", CLONE_NEWPID },
	{ "network", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
	{ 0 } };

static const struct name attr_names[] = { { "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID }, { "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC }, { "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME }, { "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW }, { 0 } };

static const struct name propagation_names[] = { { "shared", MS_SHARED }, { "slave", MS_SLAVE },
	{ "private", MS_PRIVATE }, { "unbindable", MS_UNBINDABLE }, { 0 } };

static void print_bits(
	const struct name *names, uint64_t bits, const char *prefix, struct text *out)
{
	for (; names->name; names++)
		if (bits & (uint64_t)names->value)
			text_printf(out, " %s%s", prefix, names->name);
}

static void print_attrs(const struct mount_attrs *a, struct text *out)
{
	print_bits(attr_names, a->set, "+", out);
	print_bits(attr_names, a->clear & ~(a->set | MOUNT_ATTR__ATIME), "-", out);
	print_bits(attr_names, a->tree_set, "+r", out);
	print_bits(attr_names, a->tree_clear & ~(a->tree_set | MOUNT_ATTR__ATIME), "-r", out);
	print_bits(propagation_names, a->propagation, "", out);
	print_bits(propagation_names, a->tree_propagation, "r", out);
}

static void print_node(const struct op *op, struct text *out)
{
	if (S_ISFIFO(op->node.mode))
		text_puts(out, " p");
	else
		text_printf(out, " %c %u:%u", S_ISBLK(op->node.mode) ? 'b' : 'c',
			major(op->node.dev), minor(op->node.dev));
	/* A bound node keeps the host's mode and owner. */
	if (op->kind == OP_NODE)
		text_printf(out, " %04o %u:%u", op->node.mode & 07777, op->node.uid, op->node.gid);
}

static void print_op(const struct op *op, const char *prefix, struct text *out)
{
	text_printf(out, "%s%s", prefix, name_of(op_names, op->kind));
	if (op->kind == OP_MOUNT || op->kind == OP_REMOUNT)
		text_printf(out, " %s", op->fs.type);
	if (op->source)
		text_printf(out, " %s", op->source);
	if (op->target)
		text_printf(out, " -> %s", op->target);
	if (op->text)
		text_printf(out, " '%s'", op->text);
	if (op->kind == OP_BIND && op->depth == MOUNT_TREE)
		text_puts(out, " tree");
	if (op->kind == OP_NODE || op->kind == OP_DEVICE)
		print_node(op, out);
	print_attrs(&op->fs.attrs, out);
	if (op->fs.sb_flags)
		text_printf(out, " super=0x%lx", op->fs.sb_flags);
	for (size_t i = 0; op->fs.data && i < op->fs.data->n; i++)
		text_printf(out, " %s", op->fs.data->v[i]);
	for (size_t i = 0; op->uids && i < op->uids->n; i++)
		text_printf(out, " uid:%u<-%u*%u", op->uids->v[i].inside, op->uids->v[i].outside,
			op->uids->v[i].count);
	for (size_t i = 0; op->gids && i < op->gids->n; i++)
		text_printf(out, " gid:%u<-%u*%u", op->gids->v[i].inside, op->gids->v[i].outside,
			op->gids->v[i].count);
	if (op->flags & OP_COPY_UP)
		text_puts(out, " copy-up");
	if (op->flags & OP_OWN_CGROUP)
		text_puts(out, " own-cgroup");
	if (op->flags & OP_PLAIN)
		text_puts(out, " no-links");
	text_printf(out, "  # %s\n", op->object ? op->object : "");
	if (op->fallback)
		print_op(op->fallback, "  else ", out);
}

static void print_ids(const char *what, const struct plan_ids *ids, struct text *out)
{
	static const char *const how[] = { "none", "directly", "by helper" };

	if (ids->how == MAP_NONE)
		return;
	text_printf(out, "map %s %s:", what, how[ids->how]);
	for (size_t i = 0; i < ids->map.n; i++)
		text_printf(out, " %u<-%u*%u", ids->map.v[i].inside, ids->map.v[i].outside,
			ids->map.v[i].count);
	text_puts(out, "\n");
}

/* The text for the kernel has a line for each clock. */
static void print_offsets(const char *offsets, struct text *out)
{
	for (const char *end; offsets && (end = strchr(offsets, '\n')); offsets = end + 1)
		text_printf(out, "time offset %.*s\n", (int)(end - offsets), offsets);
}

static void print_init(const struct plan *plan, struct text *out)
{
	const struct plan_namespaces *ns = &plan->namespaces;

	text_puts(out, "namespaces of init:");
	print_bits(flag_names, ns->init_flags, "", out);
	text_printf(out, "%s\n", ns->init_root ? ", and its root" : "");
	if (ns->deny_setgroups)
		text_puts(out, "setgroups denied\n");
	if (plan->cgroup.path)
		text_printf(out, "in cgroup %s/" PLAN_CGROUP_LEAF "\n", plan->cgroup.path);
}

static void print_namespaces(const struct plan_namespaces *ns, struct text *out)
{
	for (size_t i = 0; i < ns->n_before; i++)
		text_printf(
			out, "join %s %s before birth\n", ns->before[i].name, ns->before[i].path);
	text_puts(out, "new namespaces:");
	print_bits(flag_names, ns->clone_flags | ns->unshare_flags, "", out);
	text_printf(out, "%s\n", ns->new_time ? " time" : "");
	print_offsets(ns->time_offsets, out);
	for (size_t i = 0; i < ns->n_after; i++)
		text_printf(out, "join %s %s\n", ns->after[i].name, ns->after[i].path);
	print_ids("users", &ns->uids, out);
	print_ids("groups", &ns->gids, out);
	if (ns->deny_setgroups)
		text_puts(out, "setgroups denied\n");
	if (ns->make_slave)
		text_puts(out, "all mounts become slaves\n");
	if (ns->hidden)
		text_puts(out, "hidden from who is in the namespaces already\n");
}

/* One decision a line, whatever there is in a value. */
static void print_lines(const char *text, struct text *out)
{
	for (; *text; text++)
		if (*text != '\n')
			text_add(out, text, 1);
		else if (text[1])
			text_puts(out, " / ");
}

static void print_property(const struct resource_property *p, struct text *out)
{
	text_printf(out, "property %s %s ", p->name, p->signature);
	print_lines(p->value, out);
	text_puts(out, "\n");
}

static void print_number(int64_t number, const char *after, struct text *out)
{
	if (number < 0)
		text_printf(out, "*%s", after);
	else
		text_printf(out, "%lld%s", (long long)number, after);
}

static void print_device_rule(const struct device_rule *r, struct text *out)
{
	text_printf(out, "filter %s %c ", r->verdict == DEVICE_ALLOW ? "allow" : "deny", r->type);
	print_number(r->major, ":", out);
	print_number(r->minor, " ", out);
	text_printf(out, "%s%s%s\n", r->access & BPF_DEVCG_ACC_READ ? "r" : "",
		r->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
		r->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

static void print_cgroup(const struct plan_cgroup *c, struct text *out)
{
	const struct resource_settings *s = c->settings;

	if (c->how == PLAN_CGROUP_NONE)
		return;
	if (c->how == PLAN_CGROUP_SCOPE)
		text_printf(
			out, "cgroup: scope %s in %s ('%s')\n", c->unit, c->slice, c->description);
	else
		text_printf(out, "cgroup: directory %s, from %s\n", c->path, c->base);
	for (size_t i = 0; i < s->n; i++) {
		const struct resource_setting *other = s->v[i].alternative;

		text_printf(out, "cgroup %s = ", s->v[i].file);
		print_lines(s->v[i].value, out);
		if (other)
			text_printf(out, ", or %s = %s", other->file, other->value);
		text_printf(out, "  # linux.resources.%s\n", s->v[i].object);
	}
	for (size_t i = 0; c->how == PLAN_CGROUP_SCOPE && i < s->n_properties; i++)
		print_property(&s->properties[i], out);
	for (size_t i = 0; i < c->n_devices; i++)
		print_device_rule(&c->devices[i], out);
	if (c->new_namespace)
		text_puts(out, "cgroup namespace in it\n");
	if (c->give)
		text_puts(out, "cgroup given to the process' user\n");
}

static void print_network(const struct plan_network *n, struct text *out)
{
	if (n->how == PLAN_NETWORK_NOTHING)
		return;
	text_printf(out, "network by %s:", n->program);
	for (size_t i = 1; i < n->args.n; i++)
		text_printf(out, " %s", n->args.v[i]);
	text_printf(out, "  # %s\n", n->object);
	if (n->address)
		text_printf(out, "address %s%s%s\n", n->address, n->address6 ? " " : "",
			n->address6 ? n->address6 : "");
	for (size_t i = 0; i < n->n_files; i++) {
		text_printf(out, "file %s: ", n->files[i].name);
		print_lines(n->files[i].text, out);
		text_puts(out, "\n");
	}
}

static void print_caps(const char *set, uint64_t mask, struct text *out)
{
	text_printf(out, "capabilities %s:", set);
	for (const struct name *c = cap_names; c->name; c++)
		if (mask & 1ull << c->value)
			text_printf(out, " %s", c->name + strlen("CAP_"));
	text_puts(out, "\n");
}

static void print_user(const struct plan_process *p, struct text *out)
{
	text_printf(out, "set up as %u:%u, run as %u:%u in %s\n", p->setup_uid, p->setup_gid,
		p->uid, p->gid, p->cwd);
	if (p->keep_groups)
		text_puts(out, "groups of the caller\n");
	for (size_t i = 0; i < p->n_groups; i++)
		text_printf(out, "%s%u%s", i ? " " : "groups ", p->groups[i],
			i + 1 == p->n_groups ? "\n" : "");
	if (p->umask.set)
		text_printf(out, "umask %04o\n", p->umask.v);
	if (p->new_keyring)
		text_puts(out, "new session keyring\n");
	if (p->window.set)
		text_printf(out, "terminal of %u rows and %u columns\n", p->window.rows,
			p->window.columns);
	if (p->n_fds > 0)
		text_printf(out, "descriptors 3 to %u\n", 2 + p->n_fds);
}

static void print_cpus(const char *which, const struct cpu_list *cpus, struct text *out)
{
	if (cpus)
		text_printf(out, "%s CPUs 0x%lx\n", which, cpus->bits[0]);
}

static void print_process(const struct plan_process *p, struct text *out)
{
	print_user(p, out);
	print_caps("bounding", p->caps.bounding, out);
	print_caps("permitted", p->caps.permitted, out);
	print_caps("effective", p->caps.effective, out);
	print_caps("inheritable", p->caps.inheritable, out);
	print_caps("ambient", p->caps.ambient, out);
	for (size_t i = 0; i < p->n_rlimits; i++)
		text_printf(out, "limit %s %llu %llu\n", p->rlimits[i].name,
			(unsigned long long)p->rlimits[i].limit.rlim_cur,
			(unsigned long long)p->rlimits[i].limit.rlim_max);
	if (p->oom_score_adj.set)
		text_printf(out, "oom_score_adj %lld\n", (long long)p->oom_score_adj.v);
	if (p->scheduling)
		text_printf(out, "scheduler policy %u flags 0x%llx nice %d priority %u\n",
			p->scheduling->policy, (unsigned long long)p->scheduling->flags,
			p->scheduling->nice, p->scheduling->priority);
	if (p->io_priority)
		text_printf(out, "I/O class %lld priority %lld\n", (long long)p->io_priority->class,
			(long long)p->io_priority->priority);
	if (p->memory_policy)
		text_printf(out, "memory policy 0x%x nodes 0x%lx\n",
			(unsigned int)p->memory_policy->mode, p->memory_policy->nodes[0]);
	print_cpus("initial", p->initial_cpus, out);
	print_cpus("final", p->final_cpus, out);
	if (p->personality.set)
		text_printf(out, "personality 0x%llx\n", (unsigned long long)p->personality.v);
	if (p->labels[LSM_APPARMOR])
		text_printf(out, "AppArmor profile '%s'\n", p->labels[LSM_APPARMOR]);
	if (p->labels[LSM_SELINUX])
		text_printf(out, "SELinux label '%s'\n", p->labels[LSM_SELINUX]);
	if (p->no_new_privileges)
		text_puts(out, "no new privileges\n");
	for (size_t i = 0; i < p->env->n; i++)
		text_printf(out, "variable %s\n", p->env->v[i]);
	for (size_t i = 0; i < p->args->n; i++)
		text_printf(out, "argument %s\n", p->args->v[i]);
}

static void print_rdt(const struct plan_rdt *r, struct text *out)
{
	if (!r)
		return;
	text_printf(out, "resctrl group %s%s%s\n", r->group, r->make ? ", made" : "",
		r->remove ? ", removed at last" : "");
	for (size_t i = 0; i < r->schemata.n; i++)
		text_printf(out, "resctrl schemata %s\n", r->schemata.v[i]);
	if (r->monitor)
		text_printf(out, "resctrl monitor %s\n", r->monitor);
}

void plan_print(const struct plan *plan, struct text *out)
{
	if (plan->namespaces.of_init)
		print_init(plan, out);
	else
		print_namespaces(&plan->namespaces, out);
	print_cgroup(&plan->cgroup, out);
	print_network(&plan->network, out);
	for (size_t i = 0; i < plan->n_ops; i++)
		print_op(&plan->ops[i], "", out);
	if (plan->namespaces.of_init && plan->process.terminal)
		text_puts(out, "terminal\n");
	print_process(&plan->process, out);
	print_rdt(plan->rdt, out);
	if (plan->seccomp.n > 0)
		text_printf(out, "seccomp filter of %zu instructions, flags 0x%x\n",
			plan->seccomp.n, plan->seccomp.flags);
	for (size_t i = 0; i < plan->not_applied.n; i++)
		text_printf(out, "not applied: %s\n", plan->not_applied.v[i]);
	for (size_t i = 0; i < plan->notes.n; i++)
		text_printf(out, "note: %s\n", plan->notes.v[i]);
	for (size_t i = 0; i < plan->warnings.n; i++)
		text_printf(out, "warning: %s\n", plan->warnings.v[i]);
}

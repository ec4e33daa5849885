/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json to its typed form: a file that sets every property to an unusual value, the files
 * of snippets that must and must not be accepted, and the seal.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "spec/spec.h"
#include "spec/tables.h"

static char *read_data(const char *name, size_t *out_len)
{
	char path[512];
	char *text = NULL;

	if (file_read_text(AT_FDCWD, tap_data(path, sizeof(path), name), 1 << 20, &text, out_len) <
		0) {
		printf("Bail out! cannot read %s\n", path);
		exit(EXIT_FAILURE);
	}
	return text;
}

static void is_list(const struct strings *got, const char *want, const char *what)
{
	CLEANUP(text_release) struct text joined = { 0 };

	for (size_t i = 0; i < got->n; i++)
		text_printf(&joined, "%s%s", i ? "|" : "", got->v[i]);
	is_str(joined.s ? joined.s : "", want, "%s", what);
	ok(!got->v || !got->v[got->n], "%s ends with NULL", what);
}

static void is_maps(const struct spec_idmaps *got, const char *want, const char *what)
{
	CLEANUP(text_release) struct text joined = { 0 };

	for (size_t i = 0; i < got->n; i++)
		text_printf(&joined, "%s%u %u %u", i ? "|" : "", got->v[i].container_id,
			got->v[i].host_id, got->v[i].size);
	is_str(joined.s ? joined.s : "", want, "%s", what);
}

static void is_pairs(const struct spec_pairs *got, const char *want, const char *what)
{
	CLEANUP(text_release) struct text joined = { 0 };

	for (size_t i = 0; i < got->n; i++)
		text_printf(&joined, "%s%s=%s", i ? "|" : "", got->v[i].key, got->v[i].value);
	is_str(joined.s ? joined.s : "", want, "%s", what);
}

/* An optional number: whether it is there and which. */
#define IS_OPT(got, want, what)                                        \
	do {                                                           \
		ok((got).set, "%s is set", what);                      \
		is_int((int64_t)(got).v, (int64_t)(want), "%s", what); \
	} while (0)

static void check_top(const struct spec *s)
{
	is_str(s->oci_version, "1.3.7-rc.1+build.007", "ociVersion");
	is_str(s->root->path, "../other/root fs", "root.path");
	ok(s->root->readonly, "root.readonly");
	is_str(s->hostname, "h0123456789012345678901234567890123456789012345678901234567890.e",
		"hostname");
	is_str(s->domainname, "domain.example", "domainname");
	is_pairs(&s->annotations, "org.example.key=value|empty=|z y=\xe2\x82\xac \xf0\x9f\x98\x80",
		"annotations");
	ok(s->linux_set, "linux");
	ok(s->zos_or_other_platform, "other platforms");
	is_int((int64_t)s->unknown.n, 0, "nothing is unknown");
}

static void check_mounts(const struct spec_mounts *m)
{
	is_int((int64_t)m->n, 2, "mounts");
	is_str(m->v[0].destination, "relative/target", "mounts[0].destination");
	is_str(m->v[0].type, "fuse.sshfs", "mounts[0].type");
	is_str(m->v[0].source, "user@host:/d\xc3\xafr", "mounts[0].source");
	is_list(&m->v[0].options, "|ridmap|x=1,2", "mounts[0].options");
	is_maps(&m->v[0].uid_mappings, "7 100007 3|10 200000 4294767295", "mounts[0].uidMappings");
	is_maps(&m->v[0].gid_mappings, "8 100008 4", "mounts[0].gidMappings");
	is_str(m->v[1].destination, "/second", "mounts[1].destination");
	is_str(m->v[1].type, NULL, "mounts[1].type");
	is_str(m->v[1].source, NULL, "mounts[1].source");
	is_int((int64_t)m->v[1].options.n, 0, "mounts[1].options");
	is_int((int64_t)m->v[1].uid_mappings.n, 0, "mounts[1].uidMappings");
}

static void check_process(const struct spec_process *p)
{
	ok(p->terminal, "terminal");
	is_int((int64_t)p->console_size->height, 65535, "consoleSize.height");
	is_int((int64_t)p->console_size->width, 1, "consoleSize.width");
	is_str(p->cwd, "/work dir", "cwd");
	is_list(&p->env, "A=b=c|EMPTY=", "env");
	is_list(&p->args, "pr\"og||two\nlines", "args");
	is_str(p->command_line, "prog.exe", "commandLine");
	is_int(p->user.uid, 4294967294, "user.uid");
	is_int(p->user.gid, 11, "user.gid");
	IS_OPT(p->user.umask, 0777, "user.umask");
	is_int((int64_t)p->user.additional_gids.n, 3, "user.additionalGids");
	is_int(p->user.additional_gids.v[0], 4294967293, "user.additionalGids[0]");
	is_int(p->user.additional_gids.v[2], 12, "user.additionalGids[2]");
	is_str(p->user.username, "ContainerAdministrator", "user.username");
	is_list(&p->capabilities->bounding, "CAP_A|CAP_B", "capabilities.bounding");
	is_list(&p->capabilities->permitted, "CAP_C", "capabilities.permitted");
	is_list(&p->capabilities->effective, "CAP_D", "capabilities.effective");
	is_list(&p->capabilities->inheritable, "CAP_E", "capabilities.inheritable");
	is_list(&p->capabilities->ambient, "CAP_F", "capabilities.ambient");
	ok(p->no_new_privileges, "noNewPrivileges");
	is_str(p->apparmor_profile, "profile-1", "apparmorProfile");
	is_str(p->selinux_label, "u:r:t:s0", "selinuxLabel");
	IS_OPT(p->oom_score_adj, -999, "oomScoreAdj");
}

static void check_limits(const struct spec_process *p)
{
	is_int((int64_t)p->rlimits.n, 2, "rlimits");
	is_int(p->rlimits.v[0].type, RLIMIT_RTTIME, "rlimits[0].type");
	is_str(p->rlimits.v[0].name, "RLIMIT_RTTIME", "rlimits[0].type by name");
	is_int((int64_t)p->rlimits.v[0].soft, -2, "rlimits[0].soft");
	is_int((int64_t)p->rlimits.v[0].hard, -1, "rlimits[0].hard");
	is_int(p->rlimits.v[1].type, RLIMIT_AS, "rlimits[1].type");
	is_int(p->io_priority->class, IOPRIO_CLASS_IDLE, "ioPriority.class");
	is_int(p->io_priority->priority, 6, "ioPriority.priority");
	is_int(p->scheduler->policy, SCHED_DEADLINE, "scheduler.policy");
	IS_OPT(p->scheduler->nice, -20, "scheduler.nice");
	IS_OPT(p->scheduler->priority, 0, "scheduler.priority");
	is_int((int64_t)p->scheduler->flags, SCHED_FLAG_RECLAIM | SCHED_FLAG_UTIL_CLAMP_MAX,
		"scheduler.flags");
	IS_OPT(p->scheduler->runtime, 1001, "scheduler.runtime");
	IS_OPT(p->scheduler->deadline, 1002, "scheduler.deadline");
	IS_OPT(p->scheduler->period, 1003, "scheduler.period");
	is_str(p->exec_cpu_affinity->initial, "0-3, 7", "execCPUAffinity.initial");
	is_str(p->exec_cpu_affinity->final, "5", "execCPUAffinity.final");
}

static void check_hooks(const struct spec_all_hooks *h)
{
	is_int((int64_t)h->prestart.n, 1, "prestart");
	is_str(h->prestart.v[0].path, "/h/prestart", "prestart[0].path");
	is_list(&h->prestart.v[0].args, "a0|a1", "prestart[0].args");
	is_list(&h->prestart.v[0].env, "E=1", "prestart[0].env");
	ok(h->prestart.v[0].env_set, "prestart[0].env is set");
	IS_OPT(h->prestart.v[0].timeout, 1, "prestart[0].timeout");
	is_int((int64_t)h->create_runtime.n, 3, "createRuntime");
	is_str(h->create_runtime.v[0].path, "/h/createRuntime", "createRuntime[0].path");
	ok(h->create_runtime.v[0].env_set, "createRuntime[0].env is set and empty");
	is_int((int64_t)h->create_runtime.v[0].args.n, 0, "createRuntime[0].args");
	ok(!h->create_runtime.v[0].timeout.set, "createRuntime[0].timeout is not set");
	ok(!h->create_runtime.v[1].env_set, "createRuntime[1].env is not set");
	is_str(h->create_container.v[0].path, "/h/createContainer", "createContainer[0].path");
	IS_OPT(h->create_container.v[0].timeout, INT64_MAX, "createContainer[0].timeout");
	is_str(h->start_container.v[0].path, "/h/startContainer", "startContainer[0].path");
	is_str(h->poststart.v[0].path, "/h/poststart", "poststart[0].path");
	is_str(h->poststop.v[0].path, "/h/poststop", "poststop[0].path");
}

static void check_linux(const struct spec_linux *l)
{
	static const int64_t types[] = { CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWIPC,
		CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWTIME };

	is_int((int64_t)l->namespaces.n, ARRAY_SIZE(types), "namespaces");
	for (size_t i = 0; i < l->namespaces.n; i++)
		is_int(l->namespaces.v[i].type, types[i], "namespace %s", l->namespaces.v[i].name);
	is_str(l->namespaces.v[0].path, "/proc/1/ns/pid", "namespaces[0].path");
	is_str(l->namespaces.v[1].path, NULL, "namespaces[1].path");
	is_maps(&l->uid_mappings, "0 1000 1|1 165536 65536", "uidMappings");
	is_maps(&l->gid_mappings, "5 6 7", "gidMappings");
	is_int(l->time_offsets->monotonic->secs, INT64_MIN, "monotonic.secs");
	is_int(l->time_offsets->monotonic->nanosecs, 999999999, "monotonic.nanosecs");
	is_int(l->time_offsets->boottime->secs, INT64_MAX, "boottime.secs");
	is_int(l->time_offsets->boottime->nanosecs, 1, "boottime.nanosecs");
	is_str(l->cgroups_path, "user.slice:prefix:na..me", "cgroupsPath");
	is_pairs(&l->sysctl, "net.core.somaxconn=256|kernel.shm_rmid_forced=", "sysctl");
	is_str(l->rootfs_propagation, "runbindable", "rootfsPropagation");
	is_list(&l->masked_paths, "/proc/kcore|/sys/firmware", "maskedPaths");
	is_list(&l->readonly_paths, "/proc/sys", "readonlyPaths");
	is_str(l->mount_label, "u:object_r:t:s0", "mountLabel");
	is_int(l->personality->domain, PER_LINUX32, "personality.domain");
	is_int((int64_t)l->personality->flags.n, 0, "personality.flags");
}

static void check_devices(const struct spec_linux *l)
{
	const struct spec_device *d = l->devices.v;

	is_int((int64_t)l->devices.n, 3, "devices");
	is_int(d[0].type, 'c', "devices[0].type: u is c");
	is_str(d[0].path, "/dev/unbuffered", "devices[0].path");
	IS_OPT(d[0].major, 4294967295, "devices[0].major");
	IS_OPT(d[0].minor, 229, "devices[0].minor");
	IS_OPT(d[0].file_mode, 020666, "devices[0].fileMode");
	IS_OPT(d[0].uid, 21, "devices[0].uid");
	IS_OPT(d[0].gid, 22, "devices[0].gid");
	is_int(d[1].type, 'p', "devices[1].type");
	ok(!d[1].major.set && !d[1].minor.set, "devices[1] has no numbers");
	is_int(d[2].type, 'b', "devices[2].type");
	ok(d[2].major.set && !d[2].file_mode.set && !d[2].uid.set, "devices[2]: what is set");
	is_int((int64_t)l->net_devices.n, 3, "netDevices");
	is_str(l->net_devices.v[0].host_name, "eth0", "netDevices: the key");
	is_str(l->net_devices.v[0].name, "inside%d", "netDevices.eth0.name");
	is_str(l->net_devices.v[1].host_name, "eth1", "netDevices: the second key");
	is_str(l->net_devices.v[1].name, NULL, "netDevices.eth1.name");
	is_str(l->net_devices.v[2].name, NULL, "netDevices.eth2.name: empty is absent");
}

static void check_memory_and_cpu(const struct spec_resources *r)
{
	is_int((int64_t)r->devices.n, 2, "resources.devices");
	ok(r->devices.v[0].allow && !r->devices.v[1].allow, "resources.devices[].allow");
	is_int(r->devices.v[0].type, 'b', "resources.devices[0].type");
	is_int(r->devices.v[1].type, 0, "resources.devices[1].type");
	IS_OPT(r->devices.v[0].major, -1, "resources.devices[0].major");
	IS_OPT(r->devices.v[0].minor, 3, "resources.devices[0].minor");
	is_str(r->devices.v[0].access, "wm", "resources.devices[0].access");
	is_str(r->devices.v[1].access, NULL, "resources.devices[1].access");
	IS_OPT(r->memory->limit, 1001, "memory.limit");
	IS_OPT(r->memory->reservation, -1, "memory.reservation");
	IS_OPT(r->memory->swap, 1003, "memory.swap");
	IS_OPT(r->memory->kernel, 1004, "memory.kernel");
	IS_OPT(r->memory->kernel_tcp, 1005, "memory.kernelTCP");
	IS_OPT(r->memory->swappiness, 100, "memory.swappiness");
	IS_OPT(r->memory->disable_oom_killer, true, "memory.disableOOMKiller");
	IS_OPT(r->memory->use_hierarchy, false, "memory.useHierarchy");
	IS_OPT(r->memory->check_before_update, true, "memory.checkBeforeUpdate");
	IS_OPT(r->cpu->shares, -1, "cpu.shares");
	IS_OPT(r->cpu->quota, 2002, "cpu.quota");
	IS_OPT(r->cpu->burst, 2002, "cpu.burst");
	IS_OPT(r->cpu->period, 2004, "cpu.period");
	IS_OPT(r->cpu->realtime_runtime, -5, "cpu.realtimeRuntime");
	IS_OPT(r->cpu->realtime_period, 2006, "cpu.realtimePeriod");
	is_str(r->cpu->cpus, "0-1", "cpu.cpus");
	is_str(r->cpu->mems, "2", "cpu.mems");
	IS_OPT(r->cpu->idle, 1, "cpu.idle");
	is_int(r->pids->limit, -1, "pids.limit");
}

static void check_throttle(const struct spec_blkio_throttles *t, int64_t minor, const char *what)
{
	is_int((int64_t)t->n, 1, "%s", what);
	is_int(t->v[0].major, 8, "%s[0].major", what);
	is_int(t->v[0].minor, minor, "%s[0].minor", what);
	IS_OPT(t->v[0].rate, 3001 + minor - 2, what);
}

static void check_other_resources(const struct spec_resources *r)
{
	const struct spec_blkio *b = r->blkio;

	IS_OPT(b->weight, 10, "blockIO.weight");
	IS_OPT(b->leaf_weight, 1000, "blockIO.leafWeight");
	is_int(b->weight_device.v[0].major, 8, "blockIO.weightDevice[0].major");
	is_int(b->weight_device.v[0].minor, 1, "blockIO.weightDevice[0].minor");
	IS_OPT(b->weight_device.v[0].weight, 0, "blockIO.weightDevice[0].weight");
	IS_OPT(b->weight_device.v[0].leaf_weight, 11, "blockIO.weightDevice[0].leafWeight");
	check_throttle(&b->read_bps, 2, "throttleReadBpsDevice");
	check_throttle(&b->write_bps, 3, "throttleWriteBpsDevice");
	check_throttle(&b->read_iops, 4, "throttleReadIOPSDevice");
	check_throttle(&b->write_iops, 5, "throttleWriteIOPSDevice");
	is_str(r->hugepage_limits.v[0].page_size, "16GB", "hugepageLimits[0].pageSize");
	is_int((int64_t)r->hugepage_limits.v[0].limit, 4001, "hugepageLimits[0].limit");
	IS_OPT(r->network->class_id, 4294967295, "network.classID");
	is_str(r->network->priorities.v[0].name, "eth9", "network.priorities[0].name");
	is_int(r->network->priorities.v[0].priority, 5001, "network.priorities[0].priority");
	is_int((int64_t)r->rdma.n, 2, "rdma");
	is_str(r->rdma.v[0].device, "mlx5_1", "rdma: the key");
	IS_OPT(r->rdma.v[0].hca_handles, 6001, "rdma.mlx5_1.hcaHandles");
	IS_OPT(r->rdma.v[0].hca_objects, 6002, "rdma.mlx5_1.hcaObjects");
	ok(!r->rdma.v[1].hca_handles.set, "rdma.rxe3.hcaHandles is not set");
	is_pairs(&r->unified, "memory.high=7001|io.max=259:0 rbps=1\n253:0 wiops=2", "unified");
}

static void check_rdt_and_memory_policy(const struct spec_linux *l)
{
	is_str(l->intel_rdt->clos_id, "clos", "intelRdt.closID");
	is_list(&l->intel_rdt->schemata, "L3:0=f|MB:0=10", "intelRdt.schemata");
	is_str(l->intel_rdt->l3_cache_schema, "L3:0=ff", "intelRdt.l3CacheSchema");
	is_str(l->intel_rdt->mem_bw_schema, "MB:0=20", "intelRdt.memBwSchema");
	ok(l->intel_rdt->enable_monitoring, "intelRdt.enableMonitoring");
	is_int(l->memory_policy->mode, 6, "memoryPolicy.mode");
	is_str(l->memory_policy->nodes, "0-1", "memoryPolicy.nodes");
	is_int((int64_t)l->memory_policy->flags, MPOL_F_STATIC_NODES | MPOL_F_NUMA_BALANCING,
		"memoryPolicy.flags");
}

static void check_seccomp(const struct spec_seccomp *s)
{
	const struct spec_syscall *c = s->syscalls.v;

	is_int(s->default_action, SECCOMP_ACT_TRACE, "seccomp.defaultAction");
	IS_OPT(s->default_errno_ret, 65535, "seccomp.defaultErrnoRet");
	is_list(&s->architectures, "SCMP_ARCH_SHEB|SCMP_ARCH_LOONGARCH64", "seccomp.architectures");
	is_list(&s->flags, "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "seccomp.flags");
	ok(s->flags_set, "seccomp.flags is set");
	is_str(s->listener_path, "/run/listener", "seccomp.listenerPath");
	is_str(s->listener_metadata, "meta data", "seccomp.listenerMetadata");
	is_int((int64_t)s->syscalls.n, 3, "seccomp.syscalls");
	is_list(&c[0].names, "open|openat", "seccomp.syscalls[0].names");
	is_int(c[0].action, SECCOMP_ACT_ERRNO, "seccomp.syscalls[0].action");
	IS_OPT(c[0].errno_ret, 4095, "seccomp.syscalls[0].errnoRet");
	is_int((int64_t)c[0].args.n, 2, "seccomp.syscalls[0].args");
	is_int(c[0].args.v[0].index, 5, "seccomp.syscalls[0].args[0].index");
	is_int((int64_t)c[0].args.v[0].value, -1, "seccomp.syscalls[0].args[0].value");
	is_int((int64_t)c[0].args.v[0].value_two, 8001, "seccomp.syscalls[0].args[0].valueTwo");
	is_int(c[0].args.v[0].op, SECCOMP_OP_MASKED_EQ, "seccomp.syscalls[0].args[0].op");
	is_int(c[0].args.v[1].op, SECCOMP_OP_NE, "seccomp.syscalls[0].args[1].op");
	is_int(c[1].action, SECCOMP_ACT_NOTIFY, "seccomp.syscalls[1].action");
	ok(!c[1].errno_ret.set, "seccomp.syscalls[1].errnoRet is not set");
	is_int(c[2].action, SECCOMP_ACT_KILL_THREAD, "seccomp.syscalls[2].action: KILL");
}

/* Whether the document has a value at the path, whose "*" and "[]" are any member or element. */
static bool has_path(const struct json *j, const char *path)
{
	size_t n = strcspn(path, ".[");
	bool is_any = *path == '[' || *path == '*';

	if (!j || j->type == JSON_NULL)
		return false;
	if (!*path)
		return true;
	if (*path == '.')
		return has_path(j, path + 1);
	if (!is_any)
		for (j = j->child; j; j = j->next)
			if (strlen(j->key) == n && memcmp(j->key, path, n) == 0)
				return has_path(j, path + n);
	for (j = is_any ? j->child : NULL; j; j = j->next)
		if (has_path(j, path + (*path == '[' ? 2 : 1)))
			return true;
	return false;
}

static void visit_full(const char *path, void *document)
{
	/* No flags are defined. */
	if (!streq(path, "linux.personality.flags[]"))
		ok(has_path(document, path), "full.json has %s", path);
}

static void test_full(void)
{
	CLEANUP(mem_free) char *text = NULL;
	CLEANUP(spec_cleanup) const struct spec *s = NULL;
	CLEANUP(arena_release) struct arena a = { 0 };
	const struct json *document = NULL;
	struct error e = { 0 };
	size_t len;

	text = read_data("config/full.json", &len);
	if (!is_int(spec_parse(text, len, "full.json", &s, &e), 0, "full.json: %s", e.text))
		return;
	memset(text, 'x', len); /* nothing may point into it */
	check_top(s);
	check_mounts(&s->mounts);
	check_process(s->process);
	check_limits(s->process);
	check_hooks(&s->hooks);
	check_linux(&s->linux);
	check_devices(&s->linux);
	check_memory_and_cpu(s->linux.resources);
	check_other_resources(s->linux.resources);
	check_rdt_and_memory_policy(&s->linux);
	check_seccomp(s->linux.seccomp);
	free(text);
	text = read_data("config/full.json", &len);
	arena_init(&a, json_arena_size(len));
	is_int(json_parse(&a, "full.json", text, len, &document, &e), 0, "full.json as JSON");
	bind_walk(&spec_table, visit_full, (void *)(uintptr_t)document);
}

static void test_minimal(void)
{
	static const char text[] = "{\"ociVersion\": \"1.0.0\", \"root\": null, \"linux\": null}";
	CLEANUP(spec_cleanup) const struct spec *s = NULL;
	struct error e = { 0 };

	if (!is_int(spec_parse(text, strlen(text), "c", &s, &e), 0, "minimal: %s", e.text))
		return;
	ok(!s->root && !s->process && !s->hostname, "what is absent is NULL");
	ok(!s->linux_set && s->mounts.n == 0 && !s->zos_or_other_platform, "or unset");
}

static void test_unknown(void)
{
	static const char text[] =
		"{\"ociVersion\": \"1.0.0\", \"x\": {\"y\": 1}, \"mounts\": [{\"destination\": "
		"\"/\", \"a b\": []}], \"linux\": {\"resources\": {\"oomScoreAdj\": 1}}}";
	CLEANUP(spec_cleanup) const struct spec *s = NULL;
	CLEANUP(text_release) struct text many = { 0 };
	struct error e = { 0 };

	if (!is_int(spec_parse(text, strlen(text), "c", &s, &e), 0, "unknown: %s", e.text))
		return;
	is_list(&s->unknown, "x|mounts[0][\"a b\"]|linux.resources.oomScoreAdj", "unknown");
	spec_free(s);
	s = NULL;
	text_puts(&many, "{\"ociVersion\": \"1.0.0\"");
	for (int i = 0; i < 1000; i++)
		text_printf(&many, ", \"k%d\": 0", i);
	text_puts(&many, "}");
	is_int(spec_parse(many.s, many.len, "c", &s, &e), 0, "1000 unknown");
	is_int((int64_t)s->unknown.n, BIND_UNKNOWN_MAX, "no more are kept than that");
}

/* One line is a snippet: members next to ociVersion, or with "!" in front the whole text. */
static int parse_snippet(const char *line, const struct spec **out, struct error *e)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (*line == '!')
		text_puts(&t, line + 1);
	else
		text_printf(&t, "{\"ociVersion\": \"1.0.2\", %s}", line);
	return spec_parse(t.s, t.len, "config.json", out, e);
}

static void check_bad(const char *line, const char *want, const char *hint)
{
	CLEANUP(mem_free) char *text = xasprintf("config.json: %s", want);
	const struct spec *s = NULL;
	struct error e = { 0 };

	is_int(parse_snippet(line, &s, &e), -EINVAL, "refused: %s", line);
	is_str(e.text, text, "the error of it: %s", line);
	if (hint)
		is_str(e.hint, hint, "the hint of it: %s", line);
	ok(!s, "the output is untouched: %s", line);
	spec_free(s);
}

/* A snippet, the next line "=> error", perhaps one "hint: ...". */
static void test_bad(void)
{
	CLEANUP(mem_free) char *text = NULL;
	char *line, *next, *snippet = NULL, *want = NULL;
	size_t len, n = 0;

	text = read_data("bad/config.txt", &len);
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (str_starts(line, "=> ")) {
			want = line + 3;
			continue;
		}
		if (want) {
			bool has_hint = str_starts(line, "hint: ");

			check_bad(snippet, want, has_hint ? line + 6 : NULL);
			want = NULL;
			n++;
			if (has_hint)
				continue;
		}
		if (*line && *line != '#')
			snippet = line;
	}
	ok(n >= 120, "%zu bad snippets", n);
}

static void test_good(void)
{
	CLEANUP(mem_free) char *text = NULL;
	size_t len, n = 0;
	char *rest, *line;

	text = read_data("config/good.txt", &len);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		CLEANUP(spec_cleanup) const struct spec *s = NULL;
		struct error e = { 0 };

		if (!*line || *line == '#')
			continue;
		is_int(parse_snippet(line, &s, &e), 0, "accepted: %s %s", line, e.text);
		n++;
	}
	ok(n >= 40, "%zu good snippets", n);
}

static void test_process_and_resources(void)
{
	static const char process[] = "{\"cwd\": \"/\", \"args\": [\"x\"], \"user\": {\"uid\": 1, "
				      "\"gid\": 2}}";
	static const char resources[] = "{\"pids\": {\"limit\": 5}, \"unified\": {\"a\": \"b\"}}";
	const struct spec_process_file *p = NULL;
	const struct spec_resources_file *r = NULL;
	struct error e = { 0 };

	is_int(spec_parse_process(process, strlen(process), "p", &p, &e), 0, "process %s", e.text);
	is_int(p->process.user.gid, 2, "process: user.gid");
	spec_process_free(p);
	spec_process_free(NULL);
	is_int(spec_parse_process("{}", 2, "p.json", &p, &e), -EINVAL, "an empty process");
	is_str(e.text, "p.json: cwd: required, but missing", "the path begins at the object");
	is_int(spec_parse_process("[]", 2, "p.json", &p, &e), -EINVAL, "a list as process");
	is_str(e.text, "p.json: expected object, found array", "no path at all");
	is_int(spec_parse_resources(resources, strlen(resources), "r", &r, &e), 0, "resources %s",
		e.text);
	is_int(r->resources.pids->limit, 5, "resources: pids.limit");
	spec_resources_free(r);
	spec_resources_free(NULL);
	is_int(spec_parse_resources("{\"pids\": {}}", 12, "-", &r, &e), -EINVAL, "no limit");
	is_str(e.text, "-: pids.limit: required, but missing", "its error");
}

/* Writing to it must end the process. */
static void test_seal(void)
{
	static const char text[] = "{\"ociVersion\": \"1.0.0\", \"hostname\": \"\"}";
	CLEANUP(spec_cleanup) const struct spec *s = NULL;
	struct error e = { 0 };
	int status = 0;
	pid_t pid;

	is_int(spec_parse(text, strlen(text), "c", &s, &e), 0, "to be sealed");
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)(uintptr_t)s->oci_version = '2';
		_exit(0);
	}
	ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
		"the tree cannot be written to");
}

static void test_long_path(void)
{
	CLEANUP(text_release) struct text t = { 0 };
	const struct spec *s = NULL;
	struct error e = { 0 };

	text_puts(&t, "{\"ociVersion\": \"1.0.0\", \"mounts\": [{\"destination\": \"/");
	for (int i = 0; i < 4094; i++)
		text_puts(&t, "x");
	text_puts(&t, "\"}]}");
	is_int(spec_parse(t.s, t.len, "c", &s, &e), 0, "a path of 4095 bytes");
	spec_free(s);
	memcpy(t.s + t.len - 4, "xx\"}", 4);
	text_puts(&t, "]}");
	is_int(spec_parse(t.s, t.len, "c", &s, &e), -EINVAL, "a path of 4097 bytes");
	is_str(e.text,
		"c: mounts[0].destination: a path of 4097 bytes, above the system's limit of 4095",
		"its error");
}

int main(void)
{
	test_full();
	test_minimal();
	test_unknown();
	test_bad();
	test_good();
	test_process_and_resources();
	test_seal();
	test_long_path();
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed form of config.json: all of the OCI runtime specification v1.3.0 for Linux. Parsed
 * once, checked across fields, then sealed: the memory is read-only, in every process.
 *
 * An absent optional object is a NULL pointer, an absent optional scalar has .set == false, an
 * absent list has n == 0. Enumerations hold the kernel's own values where there are any. Strings
 * have no NUL in them. Nothing here was looked up on the host.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

/* The version that this model implements, and the oldest that it accepts. */
#define SPEC_VERSION	 "1.3.0"
#define SPEC_VERSION_MIN "1.0.0"

/* config.json may be this large: Podman's largest seen is 0.3 MB (614 mounts). */
#define SPEC_SIZE_MAX (16u << 20)

struct opt_bool {
	bool set, v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};

/* A JSON object of strings, in the order of the file. */
struct spec_pair {
	const char *key;
	const char *value;
};
struct spec_pairs {
	size_t n;
	struct spec_pair *v;
};

struct spec_u32s {
	size_t n;
	uint32_t *v;
};

struct spec_root {
	const char *path;
	bool readonly;
};

struct spec_idmap {
	uint32_t container_id, host_id, size;
};
struct spec_idmaps {
	size_t n;
	struct spec_idmap *v;
};

struct spec_mount {
	const char *destination;
	const char *type; /* or NULL */
	const char *source; /* or NULL */
	struct strings options;
	struct spec_idmaps uid_mappings, gid_mappings;
};
struct spec_mounts {
	size_t n;
	struct spec_mount *v;
};

struct spec_console_size {
	uint64_t height, width; /* checked to fit a struct winsize */
};

struct spec_user {
	uint32_t uid, gid;
	struct opt_u32 umask;
	struct spec_u32s additional_gids;
	const char *username; /* Windows only; ignored */
};

/* Names as written; which of them the kernel knows is the plan's business (it warns). */
struct spec_capabilities {
	struct strings bounding, permitted, effective, inheritable, ambient;
};

struct spec_rlimit {
	int64_t type; /* RLIMIT_* */
	const char *name;
	uint64_t soft, hard;
};
struct spec_rlimits {
	size_t n;
	struct spec_rlimit *v;
};

struct spec_io_priority {
	int64_t class; /* IOPRIO_CLASS_* */
	int64_t priority;
};

struct spec_scheduler {
	int64_t policy; /* SCHED_* */
	struct opt_i64 nice, priority;
	uint64_t flags; /* SCHED_FLAG_*, or-ed */
	struct opt_u64 runtime, deadline, period;
};

struct spec_cpu_affinity {
	const char *initial, *final; /* lists such as "0-3,7", or NULL */
};

struct spec_process {
	bool terminal;
	struct spec_console_size *console_size;
	const char *cwd;
	struct strings env;
	struct strings args;
	const char *command_line; /* Windows only; ignored */
	struct spec_user user;
	struct spec_capabilities *capabilities;
	struct spec_rlimits rlimits;
	bool no_new_privileges, no_new_privileges_set;
	const char *apparmor_profile;
	const char *selinux_label;
	struct opt_i64 oom_score_adj;
	struct spec_io_priority *io_priority;
	struct spec_scheduler *scheduler;
	struct spec_cpu_affinity *exec_cpu_affinity;
};

struct spec_hook {
	const char *path;
	struct strings args; /* n == 0: absent; then argv is the path alone */
	struct strings env;
	bool env_set;
	struct opt_i64 timeout; /* seconds, > 0 */
};
struct spec_hooks {
	size_t n;
	struct spec_hook *v;
};

struct spec_all_hooks {
	struct spec_hooks prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

struct spec_namespace {
	int64_t type; /* CLONE_NEW* */
	const char *name; /* "pid", "network", ... as in config.json */
	const char *path; /* or NULL: a new one */
};
struct spec_namespaces {
	size_t n;
	struct spec_namespace *v;
};

struct spec_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};
struct spec_time_offsets {
	struct spec_time_offset *monotonic, *boottime;
};

struct spec_device {
	const char *path;
	char type; /* c, b or p; u is read as c */
	struct opt_i64 major, minor; /* required unless type is p */
	struct opt_u32 file_mode, uid, gid;
};
struct spec_devices {
	size_t n;
	struct spec_device *v;
};

/* linux.netDevices: the key is the name on the host. */
struct spec_net_device {
	const char *host_name;
	const char *name; /* inside, or NULL: the same */
};
struct spec_net_devices {
	size_t n;
	struct spec_net_device *v;
};

struct spec_device_rule {
	bool allow;
	char type; /* a, b, c; 0: absent */
	struct opt_i64 major, minor;
	const char *access; /* some of r, w, m; or NULL */
};
struct spec_device_rules {
	size_t n;
	struct spec_device_rule *v;
};

struct spec_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct spec_cpu {
	struct opt_u64 shares, period, burst, realtime_period;
	struct opt_i64 quota, realtime_runtime, idle;
	const char *cpus, *mems;
};

struct spec_pids {
	int64_t limit;
};

struct spec_blkio_weight_device {
	int64_t major, minor;
	struct opt_u32 weight, leaf_weight;
};
struct spec_blkio_weight_devices {
	size_t n;
	struct spec_blkio_weight_device *v;
};
struct spec_blkio_throttle {
	int64_t major, minor;
	struct opt_u64 rate;
};
struct spec_blkio_throttles {
	size_t n;
	struct spec_blkio_throttle *v;
};
struct spec_blkio {
	struct opt_u32 weight, leaf_weight;
	struct spec_blkio_weight_devices weight_device;
	struct spec_blkio_throttles read_bps, write_bps, read_iops, write_iops;
};

struct spec_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;
};
struct spec_hugepage_limits {
	size_t n;
	struct spec_hugepage_limit *v;
};

struct spec_net_priority {
	const char *name;
	uint32_t priority;
};
struct spec_net_priorities {
	size_t n;
	struct spec_net_priority *v;
};
struct spec_net_class {
	struct opt_u32 class_id;
	struct spec_net_priorities priorities;
};

struct spec_rdma {
	const char *device; /* the key */
	struct opt_u32 hca_handles, hca_objects;
};
struct spec_rdmas {
	size_t n;
	struct spec_rdma *v;
};

struct spec_resources {
	struct spec_device_rules devices;
	struct spec_memory *memory;
	struct spec_cpu *cpu;
	struct spec_pids *pids;
	struct spec_blkio *blkio;
	struct spec_hugepage_limits hugepage_limits;
	struct spec_net_class *network;
	struct spec_rdmas rdma;
	struct spec_pairs unified;
};

struct spec_intel_rdt {
	const char *clos_id;
	struct strings schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	bool enable_monitoring;
};

struct spec_memory_policy {
	int64_t mode; /* MPOL_* of linux/mempolicy.h */
	const char *nodes;
	uint64_t flags; /* MPOL_F_*, or-ed */
};

struct spec_personality {
	int64_t domain; /* PER_LINUX or PER_LINUX32 */
	struct strings flags; /* none are defined by the specification yet */
};

/* Named after SCMP_ACT_*; the plan translates them for libseccomp. */
enum spec_seccomp_action {
	SECCOMP_ACT_KILL_THREAD, /* also "SCMP_ACT_KILL" */
	SECCOMP_ACT_KILL_PROCESS,
	SECCOMP_ACT_TRAP,
	SECCOMP_ACT_ERRNO,
	SECCOMP_ACT_TRACE,
	SECCOMP_ACT_ALLOW,
	SECCOMP_ACT_LOG,
	SECCOMP_ACT_NOTIFY,
};

enum spec_seccomp_op {
	SECCOMP_OP_NE,
	SECCOMP_OP_LT,
	SECCOMP_OP_LE,
	SECCOMP_OP_EQ,
	SECCOMP_OP_GE,
	SECCOMP_OP_GT,
	SECCOMP_OP_MASKED_EQ,
};

struct spec_seccomp_arg {
	uint32_t index; /* 0 to 5 */
	uint64_t value, value_two;
	int64_t op; /* enum spec_seccomp_op */
};
struct spec_seccomp_args {
	size_t n;
	struct spec_seccomp_arg *v;
};
struct spec_syscall {
	struct strings names; /* at least one */
	int64_t action; /* enum spec_seccomp_action */
	struct opt_u32 errno_ret;
	struct spec_seccomp_args args;
};
struct spec_syscalls {
	size_t n;
	struct spec_syscall *v;
};
struct spec_seccomp {
	int64_t default_action; /* enum spec_seccomp_action */
	struct opt_u32 default_errno_ret;
	struct strings architectures; /* "SCMP_ARCH_...", checked */
	struct strings flags; /* "SECCOMP_FILTER_FLAG_...", checked */
	bool flags_set;
	const char *listener_path, *listener_metadata;
	struct spec_syscalls syscalls;
};

struct spec_linux {
	struct spec_namespaces namespaces;
	struct spec_idmaps uid_mappings, gid_mappings;
	struct spec_time_offsets *time_offsets;
	struct spec_devices devices;
	struct spec_net_devices net_devices;
	const char *cgroups_path;
	struct spec_resources *resources;
	struct spec_intel_rdt *intel_rdt;
	struct spec_memory_policy *memory_policy;
	struct spec_pairs sysctl;
	struct spec_seccomp *seccomp;
	const char
		*rootfs_propagation; /* checked: [r]shared, [r]slave, [r]private, [r]unbindable */
	struct strings masked_paths, readonly_paths;
	const char *mount_label;
	struct spec_personality *personality;
};

struct spec {
	const char *oci_version;
	struct spec_root *root;
	struct spec_mounts mounts;
	struct spec_process *process;
	const char *hostname, *domainname;
	struct spec_all_hooks hooks;
	struct spec_pairs annotations;
	struct spec_linux linux; /* all zero when absent; needs -Ulinux, a macro of gnu17 */
	bool linux_set;

	struct arena arena; /* owns everything above and the struct itself */
	struct strings unknown; /* paths of properties that the specification does not know */
	bool zos_or_other_platform; /* has solaris, windows, vm, zos or freebsd; ignored */
};

/*
 * Parses and checks. name ("config.json") begins every error, followed by the JSON path:
 * `config.json: mounts[2].options[6]: expected string, found number`. On success the tree is sealed
 * and *out is the caller's, to release with spec_free (which accepts NULL).
 */
int spec_parse(
	const char *text, size_t len, const char *name, const struct spec **out, struct error *e);
void spec_free(const struct spec *s);
void spec_cleanup(const struct spec **s);

/* The same for a bare `process` object (exec --process FILE). */
struct spec_process_file {
	struct arena arena;
	struct spec_process process;
};
int spec_parse_process(const char *text, size_t len, const char *name,
	const struct spec_process_file **out, struct error *e);
void spec_process_free(const struct spec_process_file *p);

/* The same for a bare `resources` object (update --resources FILE). */
struct spec_resources_file {
	struct arena arena;
	struct spec_resources resources;
};
int spec_parse_resources(const char *text, size_t len, const char *name,
	const struct spec_resources_file **out, struct error *e);
void spec_resources_free(const struct spec_resources_file *r);

/* Tables that more than the parser needs (features, kill, the plan). All end with a NULL name. */
extern const struct name spec_namespace_names[];
extern const struct name spec_rlimit_names[];
extern const struct name spec_seccomp_action_names[];
extern const struct name spec_seccomp_op_names[];
extern const struct name spec_memory_policy_names[];
extern const struct name spec_memory_policy_flag_names[];
extern const char *const spec_seccomp_arch_names[];
extern const char *const spec_seccomp_flag_names[];

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: everything that is decided about a container, before anything is touched. A pure
 * function of config.json, the host's facts and the request; the processes of the stage layer
 * carry it out, in order, and decide nothing. `lichen create --dry-run` prints it.
 *
 * A plan borrows from the spec and the host that it was made of, which must outlive it. Its own
 * memory is sealed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "kernel/caps.h"
#include "kernel/device_filter.h"
#include "kernel/idmap.h"
#include "kernel/lsm.h"
#include "kernel/mount.h"
#include "kernel/resctrl.h"
#include "kernel/scheduling.h"
#include "kernel/seccomp.h"
#include "net/words.h"
#include "plan/resources.h"
#include "spec/spec.h"

/* ---- what init does, one after the other ---- */

enum op_kind {
	OP_LOOPBACK, /* bring up lo of a new network namespace */
	OP_NETWORK, /* the parent starts what connects us, which looks at our namespaces */
	OP_CGROUP, /* wait until we are in our cgroup, then make what namespaces.cgroup says */
	OP_NETDEV, /* the parent moves its device source here, where it is called text */
	OP_HOSTNAME, /* text */
	OP_DOMAINNAME, /* text */
	OP_ROOT, /* source: the root file system, becomes the root for all that follow */
	OP_BIND, /* source, target, depth, attrs */
	OP_DEVICE, /* as OP_BIND; node says which device the source must be */
	OP_MOUNT, /* fs, target */
	OP_REMOUNT, /* fs, target */
	OP_NODE, /* node */
	OP_DIRECTORY, /* target, made if it does not exist */
	OP_LINK, /* target -> source */
	OP_TERMINAL, /* a pty; its slave becomes target, /dev/console */
	OP_RUNTIME_HOOKS, /* the parent runs prestart and createRuntime meanwhile */
	OP_CONTAINER_HOOKS, /* createContainer */
	OP_MASK, /* target; text: the context= option of the file system that hides it, or NULL */
	OP_READONLY, /* target */
	OP_SYSCTL, /* source = key, text = value */
	OP_ROOT_ATTRS, /* attrs of the root's mount: read-only before, propagation after the pivot
			*/
	OP_PIVOT, /* into the root */
	OP_MOVE, /* the same by MS_MOVE and chroot (--no-pivot) */
	OP_CHROOT, /* the same by chroot alone: others share the mount namespace */
};

enum op_flag {
	OP_COPY_UP = 1u << 0, /* the directory's contents go into the new tmpfs */
	OP_PLAIN = 1u << 1, /* the target may not go through symbolic links */
	OP_KEEP_ORDER = 1u << 2, /* the source is opened when the op runs, not before */
	OP_OVER_PROC = 1u << 3, /* the target may lie in a procfs */
	OP_OWN_CGROUP = 1u << 4, /* the source is our own cgroup beneath it, since OP_CGROUP */
	OP_OWN_PLACE = 1u << 5, /* what is at the target already must be the device */
	OP_OF_CALLER = 1u << 6, /* object is a whole name: an option, or a variable */
};

struct op {
	enum op_kind kind;
	unsigned int flags; /* enum op_flag, or-ed */
	const char *object; /* what of config.json it comes from: "mounts[2]"; OP_OF_CALLER; or NULL
			     */
	const char *source;
	const char *target; /* beneath the root */
	const char *text;
	enum mount_depth depth;
	struct mount_fs fs; /* its attrs also serve OP_BIND, OP_DEVICE and OP_ROOT_ATTRS; with
			       OP_BIND, a type is what the source must be */
	struct {
		mode_t mode; /* with the type */
		dev_t dev;
		uid_t uid;
		gid_t gid;
	} node;
	const struct idmap *uids, *gids; /* of an ID-mapped bind mount, or NULL */
	enum mount_depth idmap_depth;
	const struct op *fallback; /* done instead if this is not permitted here; or NULL */
};

/* ---- namespaces and IDs ---- */

/* A namespace that is joined; fd is borrowed from the request. */
struct plan_join {
	int64_t type;
	int fd;
	const char *name, *path;
	const char *origin; /* what asks for it: "config.json: linux.namespaces[2].path" */
};

enum plan_map {
	MAP_NONE, /* no new user namespace */
	MAP_DIRECT, /* we may write it ourselves */
	MAP_HELPER, /* newuidmap, newgidmap */
};

struct plan_ids {
	enum plan_map how;
	struct idmap map;
};

struct plan_namespaces {
	uint64_t clone_flags; /* CLONE_NEWUSER, CLONE_NEWPID: init is born in them */
	uint64_t unshare_flags; /* init makes them while its IDs are being mapped */
	bool new_time;
	const char *time_offsets; /* text for timens_offsets, or NULL */
	/* joined by an intermediate process, in this order, before init is born */
	size_t n_before;
	struct plan_join *before;
	/* joined by init itself */
	size_t n_after;
	struct plan_join *after;
	struct plan_ids uids, gids;
	bool deny_setgroups;
	bool make_slave; /* our copy of the mounts still shares events with the host */
	bool hidden; /* somebody else is in the user or PID namespace: stay undumpable */
	/* exec: nothing of the above but deny_setgroups; all are init's */
	bool of_init;
	uint64_t init_flags; /* CLONE_NEW* of those that are not ours */
	bool init_root; /* init's root is one by chroot(2), not that of its mount namespace */
};

/* ---- the cgroup ---- */

enum plan_cgroup_how {
	PLAN_CGROUP_NONE, /* the caller's */
	PLAN_CGROUP_DIRECTORY, /* a directory that we make */
	PLAN_CGROUP_SCOPE, /* a scope that systemd makes */
};

/* The limits are the container's cgroup's; its processes are in a child of it of this name, out of
 * whose cgroup namespace the limits can't be seen. */
#define PLAN_CGROUP_LEAF "container"

/* To the process' user, who may then make cgroups of their own in it: systemd, for example. */
enum plan_give {
	PLAN_GIVE_NOT,
	PLAN_GIVE_INSIDE, /* by init: its user namespace has power over both owners */
	PLAN_GIVE_OUTSIDE, /* by the parent, whose cgroup has no owner inside */
};

struct plan_cgroup {
	enum plan_cgroup_how how;
	const char *base; /* DIRECTORY: what is there already, and delegated to us */
	const char *path; /* DIRECTORY: the container's cgroup, absolute in the hierarchy */
	const char *slice, *unit; /* SCOPE */
	const char *description; /* SCOPE: tells ours from another unit of this name */
	const char *helper; /* SCOPE: the path of lichen-scope */
	const struct resource_settings *settings;
	bool new_namespace;
	size_t n_devices; /* 0: no filter */
	const struct device_rule *devices;
	bool best_effort; /* limits that can't be held are left out */
	enum plan_give give;
};

/* ---- the network ---- */

enum plan_network_how {
	PLAN_NETWORK_NOTHING, /* nobody is started: a loopback, or somebody else's namespace */
	PLAN_NETWORK_SLIRP, /* lichen-net */
	PLAN_NETWORK_PASTA,
};

/* What its program is started with: its descriptor, and files of the state directory. */
#define PLAN_NETWORK_READY_FD "3"
#define PLAN_NETWORK_SOCKET   "network.sock"
#define PLAN_NETWORK_STATUS   "network-status.json"
#define PLAN_NETWORK_PID      "network.pid"
/* The device in the container. */
#define PLAN_NETWORK_DEVICE "tap0"

/* A file of the state directory that becomes path in the container. */
struct plan_file {
	const char *name, *path, *text;
};
#define PLAN_NETWORK_FILES 3 /* resolv.conf, hosts, hostname */

struct plan_network {
	enum plan_network_how how;
	const char *object; /* what asks for it: "--network", or where the annotation is */
	const char *program; /* absolute */
	struct strings args; /* its words, before those that tell whom it is for */
	struct strings publish; /* as they were asked for */
	const char *address, *address6; /* the container's; NULL: not known, not there */
	const char *nameserver, *nameserver6;
	size_t n_files;
	struct plan_file files[PLAN_NETWORK_FILES];
};

/* ---- the process ---- */

struct plan_rlimit {
	int resource;
	struct rlimit limit;
	const char *name;
	size_t index; /* in process.rlimits */
	bool raise; /* above our own hard limit: init may not */
};

/* Where the container's processes find the socket of sd_notify(3); as runc's do. */
#define PLAN_NOTIFY_SOCKET "/run/notify/notify.sock"

struct plan_process {
	const char *origin; /* what errors about it begin with: "config.json: process." */
	uid_t setup_uid; /* whom init becomes for the set-up: root, if that is mapped */
	gid_t setup_gid;
	uid_t uid;
	gid_t gid;
	bool keep_groups; /* the caller's, in place of these */
	size_t n_groups;
	const gid_t *groups;
	struct opt_u32 umask;
	const char *cwd;
	const struct strings *args, *env;
	struct cap_sets caps;
	bool no_new_privileges;
	const char *labels[LSM_COUNT]; /* by enum lsm; or NULL */
	size_t n_rlimits;
	struct plan_rlimit *rlimits;
	struct opt_i64 oom_score_adj;
	const struct scheduling *scheduling; /* or NULL: as the caller */
	const struct spec_io_priority *io_priority; /* likewise */
	const struct memory_policy *memory_policy; /* likewise */
	/* exec: before and after the container's cgroup is joined; likewise */
	const struct cpu_list *initial_cpus, *final_cpus;
	struct opt_u64 personality;
	bool terminal;
	struct winsize_opt {
		bool set;
		uint16_t rows, columns;
	} window;
	bool new_keyring;
	unsigned int n_fds; /* descriptors 3 ... 2+n go to the program */
	const char *listen_fds; /* the value of LISTEN_FDS for it, or NULL */
	const char *notify_socket; /* that of NOTIFY_SOCKET, or NULL */
};

/* linux.intelRdt: groups of resctrl, as kernel/resctrl.h has them. */
struct plan_rdt {
	const char *group;
	bool make; /* it is not there yet */
	bool remove; /* with the container */
	const char *monitor; /* a group of monitoring, made and removed in any case; or NULL */
	struct strings schemata; /* lines, in the order in which they are written */
};

struct plan {
	const struct spec *spec;
	const struct host *host;
	const char *bundle, *rootfs; /* absolute */
	struct plan_namespaces namespaces;
	struct plan_cgroup cgroup;
	struct plan_network network;
	size_t n_ops;
	struct op *ops;
	struct plan_process process;
	struct plan_rdt *rdt; /* or NULL */
	struct seccomp_filter seccomp; /* n == 0: none */
	bool seccomp_notify;
	struct strlist warnings; /* what the specification wants a warning for */
	struct strlist not_applied; /* what --best-effort left out */
	struct strlist notes; /* for who debugs */
	struct arena arena;
};

/* The same as the container layer's enum cgroup_manager. */
enum plan_cgroup_manager {
	PLAN_CGROUP_AUTO,
	PLAN_CGROUP_SYSTEMD,
	PLAN_CGROUP_CGROUPFS,
	PLAN_CGROUP_DISABLED,
};

struct plan_request {
	const struct spec *spec;
	const struct host *host;
	const char *id;
	const char *bundle; /* absolute */
	const char *state_root; /* tells containers of one name apart */
	const char *scope_helper; /* the path of lichen-scope, or NULL */
	const struct network_words *network; /* the command line's; NULL: it says nothing */
	const struct spec_namespaces *namespaces; /* plan_network_namespaces(); NULL: spec's */
	const int *namespace_fds; /* for each of these: open if it has a path */
	const ino_t *namespace_owners; /* namespace_owner() of each, 0 if unknown */
	const struct resctrl_facts *resctrl; /* about plan_rdt_group(); NULL: nobody asks */
	ino_t network_owner; /* namespace_owner() of the network namespace that we are in */
	unsigned int best_effort; /* bits of enum plan_best_effort */
	enum plan_cgroup_manager cgroup_manager;
	unsigned int n_fds; /* --preserve-fds and LISTEN_FDS together */
	const char *listen_fds;
	const char *notify_socket; /* what the container is to see as NOTIFY_SOCKET, or NULL */
	const char *seccomp_cache; /* a directory for compiled filters, or NULL */
	bool no_pivot, no_new_keyring, keep_groups;
	bool may_use_terminal; /* there is a console socket or a terminal to relay to */
	bool find_devices; /* look for nodes on this host (not when tests print a plan) */
};

/* The same bits as the container layer's enum best_effort. */
enum plan_best_effort {
	PLAN_BEST_EFFORT_CGROUP = 1u << 0,
	PLAN_BEST_EFFORT_RLIMITS = 1u << 1,
	PLAN_BEST_EFFORT_OOM = 1u << 2,
	PLAN_BEST_EFFORT_DEVICES = 1u << 3,
};

/* Release with plan_release, also after a failure. */
int plan_make(const struct plan_request *request, struct plan *out, struct error *e);
void plan_release(struct plan *plan);

/* The hint to an error: what gives the controller to the children of path. */
int plan_hint_delegate(
	const struct host_cgroup *c, const char *path, const char *controller, struct error *e);

/* The group of resctrl that linux.intelRdt means, for a container of this ID. */
const char *plan_rdt_group(const struct spec_intel_rdt *from, const char *id);

/* Whether a network is to be made, so that host_network_probe is needed. */
bool plan_network_is_asked(const struct spec *spec, const struct network_words *option);

/*
 * linux.namespaces as the command line changes them: the network's is added, replaced, or, for the
 * caller's own, becomes one of type 0, which is none. out->v is the caller's to free; the strings
 * stay theirs.
 */
void plan_network_namespaces(
	const struct spec *spec, const struct network_words *option, struct spec_namespaces *out);

/* The plan as text: one line for each decision. */
void plan_print(const struct plan *plan, struct text *out);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI operations, one file each. None of them prints; each either does what it was asked, or
 * fails and leaves nothing behind that was not there before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

enum cgroup_manager {
	CGROUP_MANAGER_AUTO,
	CGROUP_MANAGER_SYSTEMD,
	CGROUP_MANAGER_CGROUPFS,
	CGROUP_MANAGER_DISABLED
};

/* What the caller allows to be left out where this host can't do it (--best-effort=LIST). */
enum best_effort {
	BEST_EFFORT_CGROUP = 1u << 0, /* linux.resources */
	BEST_EFFORT_RLIMITS = 1u << 1, /* process.rlimits: clamped to the own hard limit */
	BEST_EFFORT_OOM = 1u << 2, /* process.oomScoreAdj */
	BEST_EFFORT_DEVICES = 1u << 3, /* linux.devices: mode and owner of bound nodes */
};

/* What the global options say; the same for every operation. */
struct runtime {
	const char *root; /* the state directory's path */
	enum cgroup_manager cgroup_manager;
	unsigned int best_effort; /* enum best_effort, or-ed */
	const struct log *log; /* warnings that the specification wants, and debug records */
};

/*
 * The state directory: --root, or $XDG_RUNTIME_DIR/NAME, or /run/user/UID/NAME where that exists,
 * or /run/NAME for root, else /tmp/NAME-UID, which must be ours and closed to others. The caller's
 * to free. name is "lichen".
 */
char *runtime_default_root(const char *name);

/* 0, or -EINVAL: an ID is [A-Za-z0-9_+.-]{1,1024} and is neither "." nor "..". */
int container_check_id(const char *id, struct error *e);

enum create_flag {
	CREATE_NO_PIVOT = 1u << 0,
	CREATE_NO_NEW_KEYRING = 1u << 1,
	CREATE_DETACH = 1u << 2, /* run: return when it has started */
	CREATE_KEEP = 1u << 3, /* run: keep the state when it has ended */
	CREATE_KEEP_GROUPS = 1u << 4, /* the caller's supplementary groups */
};

struct network_words;

struct create_request {
	const char *id;
	const char *bundle; /* default "." */
	const char *config; /* NULL: BUNDLE/config.json */
	const char *console_socket, *pid_file, *pidfd_socket; /* or NULL */
	const struct network_words *network; /* the command line's; NULL: it says nothing */
	unsigned int preserve_fds; /* 3 ... 2+N go to the container; LISTEN_FDS adds to it */
	unsigned int flags; /* enum create_flag, or-ed */
};

/* Creates; the process waits for start. */
int container_create(const struct runtime *rt, const struct create_request *req, struct error *e);

/* Prints nothing, changes nothing: the plan of create as text, the caller's to release. */
int container_dry_run(const struct runtime *rt, const struct create_request *req, struct text *out,
	struct error *e);

int container_start(const struct runtime *rt, const char *id, struct error *e);

/*
 * create, start and, unless detached, wait. out_status is the exit status for our own exit: the
 * process' code, or 128 + signal. Signals and the terminal are forwarded meanwhile.
 */
int container_run(const struct runtime *rt, const struct create_request *req, int *out_status,
	struct error *e);

enum exec_flag {
	EXEC_DETACH = 1u << 0, /* return when the program has been executed */
	EXEC_IGNORE_PAUSED = 1u << 1,
};

struct plan_changes;

struct exec_request {
	const char *id;
	const char *process; /* a file with a process object, "-": standard input; NULL:
				config.json's */
	const struct plan_changes *changes; /* plan/exec.h */
	const char *console_socket, *pid_file, *pidfd_socket; /* or NULL */
	const char *cgroup; /* beneath the container's; or NULL */
	unsigned int preserve_fds; /* 3 ... 2+N go to the process */
	unsigned int flags; /* enum exec_flag, or-ed */
};

/*
 * A further process in a container that is created or running: our child, or our parent's to reap
 * when detached. out_status is as run's.
 */
int container_exec(
	const struct runtime *rt, const struct exec_request *req, int *out_status, struct error *e);

/* Prints nothing, changes nothing: the plan of exec as text, the caller's to release. */
int container_exec_dry_run(const struct runtime *rt, const struct exec_request *req,
	struct text *out, struct error *e);

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};
const char *container_status_name(enum container_status status);
/* Whether there is a process: created, running or paused. */
bool container_status_has_process(enum container_status status);

/* A published port of the container; strings are owned, NULL: not known, or all. */
struct container_port {
	uint64_t id; /* 0: it has none, and can't be removed */
	char *protocol; /* "tcp", "udp" */
	char *host_address, *guest_address;
	uint16_t host_port, guest_port;
};
struct container_ports {
	size_t n;
	struct container_port *v;
};
void container_port_release(struct container_port *port);
void container_ports_release(struct container_ports *ports);
/* Those of from become those of to, behind what it has. */
void container_ports_move(struct container_ports *to, struct container_ports *from);

/* A network that lichen-net or pasta makes. */
struct container_network {
	char *mode; /* "slirp", "pasta"; NULL: there is none */
	char *address, *address6; /* the container's, as far as they are known */
	char *status; /* "up", "failed", "ended"; NULL: not known yet */
	char *reason; /* of a failure, or NULL */
	struct container_ports ports;
};
void container_network_release(struct container_network *network);

/* What `state` and `list` show. Release with container_info_release. */
struct container_info {
	char *id;
	enum container_status status;
	pid_t pid; /* 0 when stopped */
	char *oci_version;
	char *bundle; /* absolute */
	char *rootfs; /* absolute */
	char *created; /* RFC 3339 with nanoseconds, UTC */
	char *owner; /* user name, or the number */
	struct strlist annotation_keys, annotation_values;
	struct strlist not_applied; /* what --best-effort left out */
	char *cgroup; /* its path in the hierarchy, or NULL */
	char *resources; /* the limits since the last update, as JSON; NULL: config.json's */
	struct container_network network;
	uint64_t oom_kills; /* processes that the kernel has killed for the memory limit */
};
int container_state(
	const struct runtime *rt, const char *id, struct container_info *out, struct error *e);
void container_info_release(struct container_info *info);

/* What is there, sorted by ID. */
struct container_infos {
	size_t n;
	struct container_info *v;
	struct strlist unreadable; /* why others are left out, a sentence each */
};
int container_list(const struct runtime *rt, struct container_infos *out, struct error *e);
void container_infos_release(struct container_infos *infos);

enum kill_flag { KILL_ALL = 1u << 0 };
int container_kill(
	const struct runtime *rt, const char *id, int sig, unsigned int flags, struct error *e);

enum delete_flag { DELETE_FORCE = 1u << 0 };
int container_delete(const struct runtime *rt, const char *id, unsigned int flags, struct error *e);

/* All of its processes are suspended, or go on. EINVAL, ESRCH, EALREADY in the wrong state. */
int container_pause(const struct runtime *rt, const char *id, struct error *e);
int container_resume(const struct runtime *rt, const char *id, struct error *e);

/*
 * New limits for a container that has a cgroup: those of the JSON text, an object as
 * linux.resources. What it does not name stays as it is. name begins errors in the text.
 */
struct update_request {
	const char *name, *json;
	size_t len;
};
int container_update(const struct runtime *rt, const char *id, const struct update_request *req,
	struct error *e);

/*
 * What its cgroup has used so far; release with cgroup_stats_release (kernel/cgroup_stats.h).
 * ENOTSUP: it has no cgroup; ESRCH: it does not run.
 */
struct cgroup_stats;
int container_stats(
	const struct runtime *rt, const char *id, struct cgroup_stats *out, struct error *e);

/*
 * Tells the listener of what happens to a running container, until that ends: its figures each
 * interval, and at once (stats is NULL then) when the memory limit has called the OOM killer, and
 * when its network has failed. What the listener returns < 0 is returned. ENOTSUP and ESRCH as
 * above.
 */
struct container_listener {
	int (*tell)(void *arg, const struct cgroup_stats *stats, struct error *e);
	int (*tell_network)(void *arg, const char *reason, struct error *e);
	void *arg;
};
int container_events(const struct runtime *rt, const char *id, int64_t interval_ms,
	const struct container_listener *listener, struct error *e);

/* The published ports; ENOTSUP if the container has no network of lichen's. */
int container_ports(
	const struct runtime *rt, const char *id, struct container_ports *out, struct error *e);

/*
 * Publishes what words say, as --publish does; all of it or nothing. out: what there is now in
 * addition. Removes one by its number, or all that the words mean. ENOTSUP: the network can't.
 */
int container_port_publish(const struct runtime *rt, const char *id, const char *words,
	struct container_ports *out, struct error *e);
int container_port_remove(
	const struct runtime *rt, const char *id, const char *words, struct error *e);

/* The processes of the container, as numbers of our PID namespace; *out_pids is the caller's. */
int container_pids(
	const struct runtime *rt, const char *id, pid_t **out_pids, size_t *out_n, struct error *e);

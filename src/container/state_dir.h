/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory: ROOT/ID, mode 0700, one for each container.
 *
 *   state.json    what is known: written when the name is reserved, and again when it is created
 *   config.json   the copy that every later operation goes by (runtime.md: later edits are without
 *                 effect)
 *   cgroup.json   where its cgroup is or is going to be, written before that is made
 *   network.json  who connects it, written before that is started, and again when it is created
 *   network-status.json, network.sock  lichen-net's own: what it does, and where ports are added
 *   network.pid   pasta's own
 *   resolv.conf, hosts, hostname       what the container sees of them
 *   init          PID and start time of the first process, from its birth on
 *   start.sock    where init waits for start
 *   notify.sock   what the container sees as NOTIFY_SOCKET, if create had one
 *   created.lock  held locked by init until execve closes it: who can't lock it sees "created"
 *
 * The directory itself is flock(2)ed by whoever changes something. What will exist is recorded
 * before it exists, so that delete --force can always clean up.
 */
#pragma once

#include <sys/types.h>

#include "container/container.h"
#include "spec/spec.h"

struct state_dir {
	int root_fd;
	int fd;
	int locked; /* by us */
	char *id;
};

#define STATE_DIR_NONE                          \
	{                                       \
		.root_fd = -EBADF, .fd = -EBADF \
	}

/*
 * LOCKED waits for other operations, but not for a creation, whose hooks may take any time: the
 * lock is left to it, and the status is "creating".
 */
enum state_lock { STATE_UNLOCKED, STATE_LOCKED };

/* Takes the name, locked. EEXIST: "container 'X' already exists". */
int state_dir_reserve(
	const struct runtime *rt, const char *id, struct state_dir *out, struct error *e);

/* ENOENT: "container 'X' does not exist". EBUSY if another operation has the lock for too long. */
int state_dir_open(const struct runtime *rt, const char *id, enum state_lock lock,
	struct state_dir *out, struct error *e);
void state_dir_close(struct state_dir *dir);

/* Waits for whoever has the lock. EBUSY; ENOENT if it was deleted meanwhile. */
int state_dir_lock(struct state_dir *dir, int64_t timeout_ms, struct error *e);

/* Removes what a killed creation left in the root before it had taken a name. */
void state_dir_sweep(const struct runtime *rt);

/* Removes everything; the name is free then. */
int state_dir_remove(struct state_dir *dir, struct error *e);

/* The names in the root, sorted; an absent root has none. */
int state_dir_names(const struct runtime *rt, struct strlist *out, struct error *e);

/* ---- what is in it ---- */

/* A process, told from a later one of the same number. */
struct process_ref {
	pid_t pid; /* 0: none */
	uint64_t start_time; /* clock ticks since boot: proc_pid_stat(5), field 22 */
};

/* Recorded before it is made, so that whatever was made can be removed. */
struct state_cgroup {
	char *path; /* absolute in the hierarchy; NULL: none, or a scope that was only asked for */
	char *top; /* the uppermost one that was made for it; NULL: path was there before */
	uint64_t id; /* of the leaf, once there is one; only then processes are ours to end */
	char *unit, *description; /* of a scope; NULL: a directory of ours */
	char *systemd; /* how its manager is reached: lichen-scope's BUS */
};

struct state {
	char *id, *oci_version, *bundle, *rootfs, *created, *owner;
	int is_created; /* not reserved alone */
	int own_pid_namespace; /* made for this container, not joined or the host's */
	int own_mount_namespace; /* likewise */
	/* --no-new-keyring, --keep-groups: what counts for its further processes, too */
	int keeps_keyring, keeps_groups;
	struct process_ref init;
	struct state_cgroup cgroup;
	struct strlist annotation_keys, annotation_values, not_applied;
	struct strlist resctrl; /* groups that go with it, in this order */
};

int state_write(const struct state_dir *dir, const struct state *s, struct error *e);
int state_read(const struct state_dir *dir, struct state *out, struct error *e);
/* What there is without state.json: the first process, if it was born. For removing what is broken.
 */
void state_read_birth(const struct state_dir *dir, struct state *out);
void state_release(struct state *s);

/* Nothing is written for a container without a cgroup. */
int state_write_cgroup(const struct state_dir *dir, const struct state_cgroup *c, struct error *e);
/* As far as it is known; state_read and state_read_birth do this too. */
void state_read_cgroup(const struct state_dir *dir, struct state_cgroup *out);
void state_cgroup_release(struct state_cgroup *c);

/* What the plan's network is for the later operations. Nothing is written for one without. */
struct state_network {
	char *mode; /* "slirp" or "pasta"; NULL: there is none */
	char *address, *address6; /* or NULL */
	struct strlist publish; /* as it was asked for */
	struct process_ref helper; /* once it is ready */
};
int state_write_network(
	const struct state_dir *dir, const struct state_network *n, struct error *e);
void state_read_network(const struct state_dir *dir, struct state_network *out);
void state_network_release(struct state_network *n);

int state_record_init(const struct state_dir *dir, const struct process_ref *init, struct error *e);

int state_write_config(const struct state_dir *dir, const char *text, size_t len, struct error *e);
int state_read_config(const struct state_dir *dir, const struct spec **out, struct error *e);

/* The limits since the last update, as JSON, the caller's to free; NULL if there was none. */
char *container_updated_resources(const struct state_dir *dir);

/* The socket that init waits at: made by create, connected to by start. */
int state_listen(const struct state_dir *dir, struct error *e);
int state_connect(const struct state_dir *dir, struct error *e);

/*
 * Telling whoever has the lock to give it up: a descriptor that is readable once state_force was
 * called, or -EBADF if there is none to be had.
 */
int state_watch_force(const struct state_dir *dir);
void state_force(const struct state_dir *dir);

/* Where lichen-net takes requests; it has so long for each. */
#define STATE_NETWORK_TIMEOUT_S 12
int state_connect_network(const struct state_dir *dir, struct error *e);

/* Where the container's processes notify; init has it until start takes it. */
#define STATE_NOTIFY "notify.sock"
int state_bind_notify(const struct state_dir *dir, struct error *e);

/* The lock that only execve or death releases. Returns the descriptor for init. */
int state_lock_created(const struct state_dir *dir, struct error *e);

/* What it looks like right now. */
enum container_status state_status(const struct state_dir *dir, const struct state *s);

/* ---- processes ---- */

int process_ref_get(pid_t pid, struct process_ref *out, struct error *e);
/* Not yet dead: neither gone nor a zombie without living threads. */
int process_is_alive(const struct process_ref *p);
/* A pidfd of exactly this process, or -ESRCH. */
int process_open(const struct process_ref *p);
/* By the name that the kernel has for it: that of its program, cut to 15 characters. */
int process_is_called(pid_t pid, const char *name);

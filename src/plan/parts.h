/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of plan_make, one file each; for the plan layer alone. */
#pragma once

#include <linux/capability.h>

#include "plan/plan.h"

struct plan_builder {
	const struct plan_request *request;
	const struct spec *spec;
	const struct spec_namespaces *namespaces; /* spec's, or as the command line wants them */
	const struct host *host;
	struct plan *plan;
	size_t ops_size;
	struct resource_settings *settings; /* of plan->cgroup, while it is being made */
	bool cgroup_entered; /* there is an OP_CGROUP */
	bool proc_mounted; /* a procfs at /proc, so far */
	const char
		*readonly_dev; /* the object of a new /dev that is read-only in the end, or NULL */
	const char *mount_context; /* the option of file systems for linux.mountLabel, or NULL */
	bool has_filter; /* for devices, in the container's cgroup that is there already */
	const struct spec_process *process; /* spec's, or the one that exec is to run */
	bool other_user_namespace; /* the process is in one that is not ours */
	const struct idmap *uids, *gids; /* of the process' user namespace; NULL: not known */
};

/* Room for n operations of config.json's and some of ours; it grows by itself if need be. */
void plan_reserve_ops(struct plan_builder *b, size_t n);
/* A zeroed operation at the end of the list; valid until the next one is added. */
struct op *plan_add_op(struct plan_builder *b, enum op_kind kind);
char *plan_printf(struct plan_builder *b, const char *fmt, ...) ERROR_PRINTF(2, 3);
void plan_warn(struct plan_builder *b, const char *fmt, ...) ERROR_PRINTF(2, 3);
void plan_note(struct plan_builder *b, const char *fmt, ...) ERROR_PRINTF(2, 3);
void plan_not_applied(struct plan_builder *b, const char *fmt, ...) ERROR_PRINTF(2, 3);

/* Whether init will be in a new namespace of this type, or joins one by path. */
bool plan_has_new(const struct plan_builder *b, int64_t type);
bool plan_has_joined(const struct plan_builder *b, int64_t type);
/* Whether the process has no privilege on the host: then nodes can't be made, for example. */
bool plan_is_confined(const struct plan_builder *b);
/* Whether devices that are not allowed are out of reach even where there are nodes of them. */
bool plan_filters_devices(const struct plan_builder *b);

/* Whether an ID inside is mapped to one outside; what a joined namespace maps is not known: yes. */
bool plan_uid_mapped(const struct plan_builder *b, uint32_t id);
bool plan_gid_mapped(const struct plan_builder *b, uint32_t id);

bool plan_has_capability(const struct spec *spec, const char *name);
/* The value of an annotation, or NULL. */
const char *plan_annotation(const struct plan_builder *b, const char *name);
/* Of one that is "1" or "0": off where it is absent. EINVAL if it is anything else. */
int plan_annotation_switch(
	const struct plan_builder *b, const char *name, bool *out_on, struct error *e);

/* Whether a new file system of this type takes linux.mountLabel, if there is any. */
bool plan_takes_context(const struct plan_builder *b, const char *type);

/* A root that is only a chroot(2) is none for who may call that themselves. */
int plan_check_chroot(struct plan_builder *b, struct error *e);
/* Nor one that is only moved to the top, for who may unmount it. */
int plan_check_move(struct plan_builder *b, struct error *e);
/* Adds OP_CGROUP, once: before what needs to be in the cgroup, and at the latest before hooks. */
void plan_enter_cgroup(struct plan_builder *b);
/* The hint to an error: what would make a cgroup possible here. */
int plan_hint_cgroup(struct plan_builder *b, struct error *e);
int plan_refuse(struct plan_builder *b, struct error *e);
int plan_annotations(struct plan_builder *b, struct error *e);
/* process' part of it, which also holds for exec's. */
int plan_process_labels(struct plan_builder *b, struct error *e);
int plan_labels(struct plan_builder *b, struct error *e);
int plan_namespaces(struct plan_builder *b, struct error *e);
int plan_ids(struct plan_builder *b, struct error *e);
int plan_network(struct plan_builder *b, struct error *e);
/* Adds the mounts of what tells the container of it. */
void plan_network_files(struct plan_builder *b);
int plan_net_devices(struct plan_builder *b, struct error *e);
/* Whom the process becomes for what comes before its own credentials. */
void plan_setup_user(struct plan_builder *b);
int plan_identity(struct plan_builder *b, struct error *e);
int plan_cgroup(struct plan_builder *b, struct error *e);
int plan_scope_properties(struct plan_builder *b, struct error *e);
int plan_device_rules(struct plan_builder *b, struct error *e);
int plan_mounts(struct plan_builder *b, struct error *e);
/* What is to be read-only and could not be before it had its contents. */
void plan_seal_mounts(struct plan_builder *b);
int plan_devices(struct plan_builder *b, struct error *e);
int plan_rdt(struct plan_builder *b, struct error *e);
int plan_sysctls(struct plan_builder *b, struct error *e);
int plan_process(struct plan_builder *b, struct error *e);
int plan_placement(struct plan_builder *b, struct error *e);
/* "0-3, 7" as bits, of which there are max; or -EINVAL. */
int plan_parse_list(const char *list, unsigned long *bits, size_t max);
int plan_seccomp(struct plan_builder *b, struct error *e);

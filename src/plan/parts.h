/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of plan_make, one file each; for the plan layer alone. */
#pragma once

#include <linux/capability.h>

#include "plan/plan.h"

struct plan_builder {
	const struct plan_request *request;
	const struct spec *spec;
	const struct host *host;
	struct plan *plan;
	size_t ops_size;
	struct resource_settings *settings; /* of plan->cgroup, while it is being made */
	bool cgroup_entered; /* there is an OP_CGROUP */
	bool has_filter; /* for devices, in the container's cgroup that is there already */
	const struct spec_process *process; /* spec's, or the one that exec is to run */
	bool other_user_namespace; /* the process is in one that is not ours */
	const struct idmap *uids, *gids; /* of the process' user namespace; NULL: not known */
};

/* A zeroed operation at the end of the list; valid until the next one is added. */
struct op *plan_add_op(struct plan_builder *b, enum op_kind kind);
char *plan_printf(struct plan_builder *b, const char *fmt, ...) ERROR_PRINTF(2, 3);
void plan_warn(struct plan_builder *b, const char *fmt, ...) ERROR_PRINTF(2, 3);
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
/* A root that is only a chroot(2) is none for who may call that themselves. */
int plan_check_chroot(struct plan_builder *b, struct error *e);
/* Adds OP_CGROUP, once: before what needs to be in the cgroup, and at the latest before hooks. */
void plan_enter_cgroup(struct plan_builder *b);
int plan_refuse(struct plan_builder *b, struct error *e);
/* The part of it that also holds for exec's process. */
int plan_refuse_labels(struct plan_builder *b, struct error *e);
int plan_namespaces(struct plan_builder *b, struct error *e);
int plan_ids(struct plan_builder *b, struct error *e);
/* Whom the process becomes for what comes before its own credentials. */
void plan_setup_user(struct plan_builder *b);
int plan_identity(struct plan_builder *b, struct error *e);
int plan_cgroup(struct plan_builder *b, struct error *e);
int plan_scope_properties(struct plan_builder *b, struct error *e);
int plan_device_rules(struct plan_builder *b, struct error *e);
int plan_mounts(struct plan_builder *b, struct error *e);
int plan_devices(struct plan_builder *b, struct error *e);
int plan_sysctls(struct plan_builder *b, struct error *e);
int plan_process(struct plan_builder *b, struct error *e);
int plan_placement(struct plan_builder *b, struct error *e);
/* "0-3, 7" as bits, of which there are max; or -EINVAL. */
int plan_parse_list(const char *list, unsigned long *bits, size_t max);
int plan_seccomp(struct plan_builder *b, struct error *e);

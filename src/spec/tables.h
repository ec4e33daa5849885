/* SPDX-License-Identifier: Apache-2.0 */
/* Within this directory: the tables of config.json, one for each kind of object. */
#pragma once

#include "spec/bind.h"

extern const struct bind_object spec_table; /* the whole of config.json: struct spec */
extern const struct bind_object spec_mount_table;
extern const struct bind_object spec_idmap_table;
extern const struct bind_object spec_process_table;
extern const struct bind_object spec_hooks_table;
extern const struct bind_object spec_linux_table;
extern const struct bind_object spec_resources_table;
extern const struct bind_object spec_seccomp_table;

extern const struct name spec_ioprio_names[];
extern const struct name spec_sched_policy_names[];
extern const struct name spec_sched_flag_names[];
extern const struct name spec_device_type_names[];
extern const struct name spec_device_rule_type_names[];
extern const struct name spec_personality_names[];
extern const struct name spec_propagation_names[];

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Within this directory: what is demanded of single values (bind_check) and what several tables
 * demand across properties (bind_rule).
 */
#pragma once

#include "spec/bind.h"

bind_check check_not_empty;
bind_check check_key; /* that a member's key is not empty */
bind_check check_path; /* not empty, shorter than PATH_MAX */
bind_check check_path_or_empty; /* shorter than PATH_MAX */
bind_check check_absolute; /* a path that begins with "/" */
bind_check check_env; /* NAME=value */
bind_check check_cpu_list; /* "0-3,7" */
bind_check check_host_name; /* fits the kernel's struct new_utsname */
bind_check check_cgroup_path;
bind_check check_interface; /* the name of a network device */
bind_check check_interface_key; /* the same of a member's key */
bind_check check_interface_template; /* the same, or with one %d for the kernel to number */

/* The first name that was there before, in the order of the document, or NULL; sorts v. */
struct check_name {
	const char *name;
	const struct json *json;
};
const struct json *check_find_twice(struct check_name *v, size_t n);

/* The entry for CLONE_NEW..., or NULL. */
const struct spec_namespace *check_find_namespace(const struct spec_linux *l, int64_t type);

/* A list of ID mappings by itself; list is its JSON. */
int check_idmaps(const struct spec_idmaps *maps, const struct json *list, struct error *e);

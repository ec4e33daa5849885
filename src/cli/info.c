/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/info.h"

#include <string.h>

#include "spec/spec.h"

static void add_annotations(struct json_out *j, const struct container_info *info)
{
	if (info->annotation_keys.n == 0)
		return;
	json_out_object(j, "annotations");
	for (size_t i = 0; i < info->annotation_keys.n; i++)
		json_out_string(j, info->annotation_keys.v[i], info->annotation_values.v[i]);
	json_out_object_end(j);
}

static void add_not_applied(struct json_out *j, const struct container_info *info)
{
	if (info->not_applied.n == 0)
		return;
	json_out_array(j, "notApplied");
	for (size_t i = 0; i < info->not_applied.n; i++)
		json_out_string(j, NULL, info->not_applied.v[i]);
	json_out_array_end(j);
}

/* Written by update, which had parsed it. */
static void add_resources(struct json_out *j, const struct container_info *info)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	const struct json *tree;
	struct error ignored;

	if (!info->resources)
		return;
	arena_init(&arena, json_arena_size(strlen(info->resources)));
	if (json_parse(&arena, "resources", info->resources, strlen(info->resources), &tree,
		    &ignored) == 0)
		json_out_value(j, "resources", tree);
}

/* A creation that was cut short has recorded little; callers can't parse an empty time. */
static void add_known(struct json_out *j, const char *key, const char *value)
{
	json_out_string_if(j, key, *value ? value : NULL);
}

void info_write(struct json_out *j, const char *key, const struct container_info *info)
{
	json_out_object(j, key);
	json_out_string(j, "ociVersion", *info->oci_version ? info->oci_version : SPEC_VERSION);
	json_out_string(j, "id", info->id);
	json_out_u64(j, "pid", (uint64_t)info->pid);
	json_out_string(j, "status", container_status_name(info->status));
	json_out_string(j, "bundle", info->bundle);
	add_known(j, "rootfs", info->rootfs);
	add_known(j, "created", info->created);
	add_annotations(j, info);
	json_out_string(j, "owner", info->owner);
	json_out_string_if(j, "cgroup", info->cgroup);
	add_resources(j, info);
	if (info->oom_kills > 0)
		json_out_u64(j, "oomKills", info->oom_kills);
	add_not_applied(j, info);
	json_out_object_end(j);
}

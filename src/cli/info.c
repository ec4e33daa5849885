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

void info_write_port(struct json_out *j, const struct container_port *port)
{
	json_out_object(j, NULL);
	if (port->id)
		json_out_u64(j, "id", port->id);
	json_out_string(j, "proto", port->protocol ? port->protocol : "tcp");
	json_out_string_if(j, "host_addr", port->host_address);
	json_out_u64(j, "host_port", port->host_port);
	json_out_string_if(j, "guest_addr", port->guest_address);
	json_out_u64(j, "guest_port", port->guest_port);
	json_out_object_end(j);
}

static void add_network(struct json_out *j, const struct container_network *n)
{
	if (!n->mode)
		return;
	json_out_object(j, "network");
	json_out_string(j, "mode", n->mode);
	json_out_string_if(j, "status", n->status);
	json_out_string_if(j, "reason", n->reason);
	json_out_string_if(j, "address", n->address);
	json_out_string_if(j, "address6", n->address6);
	json_out_array(j, "ports");
	for (size_t i = 0; i < n->ports.n; i++)
		info_write_port(j, &n->ports.v[i]);
	json_out_array_end(j);
	json_out_object_end(j);
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
	add_network(j, &info->network);
	add_resources(j, info);
	if (info->oom_kills > 0)
		json_out_u64(j, "oomKills", info->oom_kills);
	add_not_applied(j, info);
	json_out_object_end(j);
}

void info_warn(const struct container_infos *infos, const struct log *log)
{
	for (size_t i = 0; i < infos->unreadable.n; i++)
		log_write(log, LOG_LEVEL_WARNING, "%s", infos->unreadable.v[i]);
}

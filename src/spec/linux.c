/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: linux, but for its resources and seccomp. */
#include <linux/sched.h>
#include <string.h>

#include "spec/check.h"
#include "spec/tables.h"

#define L struct spec_linux

static const struct bind namespace_rows[] = {
	BIND_ROW_ENUM("type", struct spec_namespace, type, spec_namespace_names,
		.also = offsetof(struct spec_namespace, name), .flags = BIND_REQUIRED),
	BIND_ROW_STRING("path", struct spec_namespace, path, .check = check_absolute),
	BIND_END,
};

static const struct bind_object namespace_table = { .rows = namespace_rows };

static int namespaces_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec_namespaces *l = &((const L *)object)->namespaces;
	uint64_t seen = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (seen & (uint64_t)l->v[i].type)
			return json_error(json_get(json_at(list, i), "type"), e,
				"%s is there twice", json_quote(l->v[i].name).s);
		seen |= (uint64_t)l->v[i].type;
	}
	return 0;
}

/*
 * With the path of a user namespace they are allowed although they can have no effect: that
 * namespace has its mappings. Podman writes them then (--userns=container:..., pods).
 */
static int mappings_rule(const void *object, const struct json *list, struct error *e)
{
	const L *l = object;
	bool is_uid = streq(list->key, "uidMappings");
	const struct spec_idmaps *maps = is_uid ? &l->uid_mappings : &l->gid_mappings;
	const struct spec_idmaps *other = is_uid ? &l->gid_mappings : &l->uid_mappings;

	if (maps->n == 0)
		return 0;
	if (other->n == 0)
		return json_error(list, e, "linux.%s must be there too",
			is_uid ? "gidMappings" : "uidMappings");
	if (!check_find_namespace(l, CLONE_NEWUSER))
		return json_error(list, e, "needs \"user\" in linux.namespaces");
	return check_idmaps(maps, list, e);
}

static const struct bind time_offset_rows[] = {
	BIND_ROW_I64("secs", struct spec_time_offset, secs),
	BIND_ROW_U32("nanosecs", struct spec_time_offset, nanosecs, BIND_RANGE(0, 999999999)),
	BIND_END,
};

static const struct bind_object time_offset_table = { .rows = time_offset_rows };

static const struct bind time_offsets_rows[] = {
	BIND_ROW_POINTER("monotonic", struct spec_time_offsets, monotonic, struct spec_time_offset,
		&time_offset_table),
	BIND_ROW_POINTER("boottime", struct spec_time_offsets, boottime, struct spec_time_offset,
		&time_offset_table),
	BIND_END,
};

static const struct bind_object time_offsets_table = { .rows = time_offsets_rows,
	.unknown = "clock" };

static int time_offsets_rule(const void *object, const struct json *j, struct error *e)
{
	const L *l = object;
	const struct spec_namespace *ns = check_find_namespace(l, CLONE_NEWTIME);

	if (!l->time_offsets->monotonic && !l->time_offsets->boottime)
		return 0;
	if (!ns)
		return json_error(j, e, "needs \"time\" in linux.namespaces");
	if (ns->path)
		return json_error(j, e,
			"needs a new time namespace, and that of linux.namespaces has a path");
	return 0;
}

static int device_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_device *d = object;

	if (d->type == 'p')
		return 0;
	if (!d->major.set)
		return json_error_member(j, "major", e, "required, but missing");
	if (!d->minor.set)
		return json_error_member(j, "minor", e, "required, but missing");
	return 0;
}

static const struct bind device_rows[] = {
	BIND_ROW_STRING(
		"path", struct spec_device, path, .flags = BIND_REQUIRED, .check = check_absolute),
	BIND_ROW_CHAR(
		"type", struct spec_device, type, spec_device_type_names, .flags = BIND_REQUIRED),
	BIND_ROW_OPT_I64("major", struct spec_device, major, BIND_RANGE(0, UINT32_MAX)),
	BIND_ROW_OPT_I64("minor", struct spec_device, minor, BIND_RANGE(0, UINT32_MAX)),
	/* Some callers leave the file's type in, as stat(2) has it. */
	BIND_ROW_OPT_U32("fileMode", struct spec_device, file_mode, BIND_RANGE(0, 0177777)),
	BIND_ROW_OPT_U32("uid", struct spec_device, uid),
	BIND_ROW_OPT_U32("gid", struct spec_device, gid),
	BIND_END,
};

static const struct bind_object device_table = { .rows = device_rows, .rule = device_rule };

static int devices_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec_devices *l = &((const L *)object)->devices;
	CLEANUP(mem_free) struct check_name *names = xcalloc(l->n, sizeof(*names));
	const struct json *j = list->child;

	for (size_t i = 0; i < l->n; i++, j = j->next)
		names[i] = (struct check_name){ l->v[i].path, json_get(j, "path") };
	j = check_find_twice(names, l->n);
	return j ? json_error(j, e, "%s is there twice", json_quote(j->text).s) : 0;
}

static const struct bind net_device_rows[] = {
	BIND_ROW_STRING("name", struct spec_net_device, name, .flags = BIND_EMPTY_ABSENT,
		.check = check_interface_template),
	BIND_END,
};

static const struct bind_object net_device_table = { .rows = net_device_rows };

/* Two devices cannot have one name, unless the kernel numbers them. */
static int net_devices_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec_net_devices *l = &((const L *)object)->net_devices;
	CLEANUP(mem_free) struct check_name *names = xcalloc(l->n, sizeof(*names));
	const struct json *j = list->child;
	const char *name;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++, j = j->next) {
		name = l->v[i].name ? l->v[i].name : l->v[i].host_name;
		if (!strchr(name, '%'))
			names[n++] = (struct check_name){ name, j };
	}
	j = check_find_twice(names, n);
	return j ? json_error(j, e, "another device has this name inside") : 0;
}

/* A directory of resctrl; "/" is its root. */
static int check_clos(const struct json *j, struct error *e)
{
	if (streq(j->text, "/"))
		return 0;
	if (strchr(j->text, '/') || streq(j->text, ".") || streq(j->text, ".."))
		return json_error(j, e, "%s is not the name of a class", json_quote(j->text).s);
	return 0;
}

static int check_mem_bw(const struct json *j, struct error *e)
{
	if (!str_starts(j->text, "MB:") || strchr(j->text, '\n'))
		return json_error(
			j, e, "%s is not one line that begins with \"MB:\"", json_quote(j->text).s);
	return 0;
}

static int check_schema(const struct json *j, struct error *e)
{
	if (strchr(j->text, '\n'))
		return json_error(j, e, "%s is not one line", json_quote(j->text).s);
	return 0;
}

static const struct bind intel_rdt_rows[] = {
	BIND_ROW_STRING("closID", struct spec_intel_rdt, clos_id, .flags = BIND_EMPTY_ABSENT,
		.check = check_clos),
	BIND_ROW_STRINGS("schemata", struct spec_intel_rdt, schemata, .check = check_schema),
	BIND_ROW_STRING("l3CacheSchema", struct spec_intel_rdt, l3_cache_schema,
		.flags = BIND_EMPTY_ABSENT),
	BIND_ROW_STRING("memBwSchema", struct spec_intel_rdt, mem_bw_schema,
		.flags = BIND_EMPTY_ABSENT, .check = check_mem_bw),
	BIND_ROW_BOOL("enableMonitoring", struct spec_intel_rdt, enable_monitoring),
	BIND_END,
};

static const struct bind_object intel_rdt_table = { .rows = intel_rdt_rows };

static const struct bind memory_policy_rows[] = {
	BIND_ROW_ENUM("mode", struct spec_memory_policy, mode, spec_memory_policy_names,
		.flags = BIND_REQUIRED),
	BIND_ROW_STRING("nodes", struct spec_memory_policy, nodes, .flags = BIND_EMPTY_ABSENT,
		.check = check_cpu_list),
	BIND_ROW_FLAGS("flags", struct spec_memory_policy, flags, spec_memory_policy_flag_names),
	BIND_END,
};

static const struct bind_object memory_policy_table = { .rows = memory_policy_rows };

static int check_personality_flag(const struct json *j, struct error *e)
{
	return json_error(j, e, "unknown value %s: no flags are defined", json_quote(j->text).s);
}

static const struct bind personality_rows[] = {
	BIND_ROW_ENUM("domain", struct spec_personality, domain, spec_personality_names,
		.flags = BIND_REQUIRED),
	BIND_ROW_STRINGS("flags", struct spec_personality, flags, .check = check_personality_flag),
	BIND_END,
};

static const struct bind_object personality_table = { .rows = personality_rows };

static const struct bind linux_rows[] = {
	BIND_ROW_LIST("namespaces", L, namespaces, struct spec_namespace, &namespace_table,
		.rule = namespaces_rule),
	BIND_ROW_LIST("uidMappings", L, uid_mappings, struct spec_idmap, &spec_idmap_table,
		.rule = mappings_rule),
	BIND_ROW_LIST("gidMappings", L, gid_mappings, struct spec_idmap, &spec_idmap_table,
		.rule = mappings_rule),
	BIND_ROW_POINTER("timeOffsets", L, time_offsets, struct spec_time_offsets,
		&time_offsets_table, .rule = time_offsets_rule),
	BIND_ROW_LIST(
		"devices", L, devices, struct spec_device, &device_table, .rule = devices_rule),
	BIND_ROW_MAP("netDevices", L, net_devices, struct spec_net_device, &net_device_table,
		.check = check_interface_key, .rule = net_devices_rule),
	BIND_ROW_STRING("cgroupsPath", L, cgroups_path, .flags = BIND_EMPTY_ABSENT,
		.check = check_cgroup_path),
	BIND_ROW_POINTER("resources", L, resources, struct spec_resources, &spec_resources_table),
	BIND_ROW_POINTER("intelRdt", L, intel_rdt, struct spec_intel_rdt, &intel_rdt_table),
	BIND_ROW_POINTER(
		"memoryPolicy", L, memory_policy, struct spec_memory_policy, &memory_policy_table),
	BIND_ROW_PAIRS("sysctl", L, sysctl, .check = check_key),
	BIND_ROW_POINTER("seccomp", L, seccomp, struct spec_seccomp, &spec_seccomp_table),
	BIND_ROW_STRING("rootfsPropagation", L, rootfs_propagation, .flags = BIND_EMPTY_ABSENT,
		.names = spec_propagation_names),
	BIND_ROW_STRINGS("maskedPaths", L, masked_paths, .check = check_absolute),
	BIND_ROW_STRINGS("readonlyPaths", L, readonly_paths, .check = check_absolute),
	BIND_ROW_STRING("mountLabel", L, mount_label, .flags = BIND_EMPTY_ABSENT),
	BIND_ROW_POINTER(
		"personality", L, personality, struct spec_personality, &personality_table),
	BIND_END,
};

const struct bind_object spec_linux_table = { .rows = linux_rows };

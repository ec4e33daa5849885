/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/features.h"

#include "kernel/caps.h"
#include "plan/annotations.h"
#include "plan/mount_options.h"
#include "plan/seccomp.h"
#include "spec/json.h"
#include "spec/spec.h"

static const char *const hooks[] = {
	"prestart",
	"createRuntime",
	"createContainer",
	"startContainer",
	"poststart",
	"poststop",
	NULL,
};

static void add_strings(struct json_out *j, const char *key, const char *const *list)
{
	json_out_array(j, key);
	for (; *list; list++)
		json_out_string(j, NULL, *list);
	json_out_array_end(j);
}

static void add_names(struct json_out *j, const char *key, const struct name *table)
{
	json_out_array(j, key);
	for (; table->name; table++)
		json_out_string(j, NULL, table->name);
	json_out_array_end(j);
}

static void add_mount_options(struct json_out *j)
{
	json_out_array(j, "mountOptions");
	for (const struct mount_option *o = mount_options; o->name; o++)
		json_out_string(j, NULL, o->name);
	json_out_array_end(j);
}

static void add_enabled(struct json_out *j, const char *key, bool enabled)
{
	json_out_object(j, key);
	json_out_bool(j, "enabled", enabled);
	json_out_object_end(j);
}

static void add_archs(struct json_out *j)
{
	json_out_array(j, "archs");
	for (const char *const *arch = spec_seccomp_arch_names; *arch; arch++)
		if (seccomp_knows_arch(*arch))
			json_out_string(j, NULL, *arch);
	json_out_array_end(j);
}

static void add_seccomp(struct json_out *j, const struct features_request *req)
{
	json_out_object(j, "seccomp");
	json_out_bool(j, "enabled", true);
	add_names(j, "actions", spec_seccomp_action_names);
	add_names(j, "operators", spec_seccomp_op_names);
	add_archs(j);
	add_strings(j, "knownFlags", spec_seccomp_flag_names);
	json_out_array(j, "supportedFlags");
	for (const char *const *flag = spec_seccomp_flag_names; *flag; flag++)
		if (seccomp_flag(*flag) & req->seccomp_flags)
			json_out_string(j, NULL, *flag);
	json_out_array_end(j);
	json_out_object_end(j);
}

/* Version 1 is refused for good. */
static void add_cgroup(struct json_out *j)
{
	json_out_object(j, "cgroup");
	json_out_bool(j, "v1", false);
	json_out_bool(j, "v2", true);
	json_out_bool(j, "systemd", true);
	json_out_bool(j, "systemdUser", true);
	json_out_bool(j, "rdma", true);
	json_out_object_end(j);
}

static void add_linux(struct json_out *j, const struct features_request *req)
{
	json_out_object(j, "linux");
	add_names(j, "namespaces", spec_namespace_names);
	add_names(j, "capabilities", cap_names);
	add_cgroup(j);
	add_seccomp(j, req);
	add_enabled(j, "apparmor", true);
	add_enabled(j, "selinux", true);
	json_out_object(j, "intelRdt");
	json_out_bool(j, "enabled", true);
	json_out_bool(j, "schemata", true);
	json_out_bool(j, "monitoring", true);
	json_out_object_end(j);
	json_out_object(j, "mountExtensions");
	add_enabled(j, "idmap", true);
	json_out_object_end(j);
	add_enabled(j, "netDevices", true);
	json_out_object(j, "memoryPolicy");
	add_names(j, "modes", spec_memory_policy_names);
	add_names(j, "flags", spec_memory_policy_flag_names);
	json_out_object_end(j);
	json_out_object_end(j);
}

static void add_unsafe_annotations(struct json_out *j)
{
	json_out_array(j, "potentiallyUnsafeConfigAnnotations");
	for (const struct annotation *a = annotations; a->name; a++)
		if (a->risk == ANNOTATION_UNSAFE)
			json_out_string(j, NULL, a->name);
	json_out_array_end(j);
}

/* Callers look for the names that libseccomp and runc introduced. */
static void add_annotations(struct json_out *j, const struct features_request *req)
{
	json_out_object(j, "annotations");
	json_out_string(j, "io.github.seccomp.libseccomp.version", req->libseccomp_version);
	json_out_string(j, "org.opencontainers.runc.checkpoint.enabled", "false");
	json_out_string(j, "lichen.version", req->version);
	if (req->commit)
		json_out_string(j, "lichen.commit", req->commit);
	json_out_object_end(j);
}

void features_document(const struct features_request *req, struct text *out)
{
	struct json_out j;

	json_out_init(&j, out, 2);
	json_out_object(&j, NULL);
	json_out_string(&j, "ociVersionMin", SPEC_VERSION_MIN);
	json_out_string(&j, "ociVersionMax", SPEC_VERSION);
	add_strings(&j, "hooks", hooks);
	add_mount_options(&j);
	add_linux(&j, req);
	add_annotations(&j, req);
	add_unsafe_annotations(&j);
	json_out_object_end(&j);
	text_puts(out, "\n");
}

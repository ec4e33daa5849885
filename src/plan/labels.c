/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apparmorProfile, selinuxLabel, mountLabel: only where the module is there that knows them.
 * Callers such as Podman ask for them only then, so whoever does otherwise relies on a confinement.
 */
#include <errno.h>
#include <sched.h>

#include "plan/annotations.h"
#include "plan/parts.h"

static int inactive(
	const char *origin, const char *path, const char *module, const char *mend, struct error *e)
{
	error_set(e, ENOTSUP, "%s%s: %s is not active on this host", origin, path, module);
	return error_hint(e, "%s, or do without %s", mend, path);
}

#define NO_SELINUX "enable it in /etc/selinux/config"

int plan_process_labels(struct plan_builder *b, struct error *e)
{
	const struct spec_process *p = b->process;
	const char *origin = b->plan->process.origin;
	const char **labels = b->plan->process.labels;

	/* Without the module every process is that. */
	if (p->apparmor_profile && (b->host->apparmor || !streq(p->apparmor_profile, "unconfined")))
		labels[LSM_APPARMOR] = p->apparmor_profile;
	labels[LSM_SELINUX] = p->selinux_label;
	if (labels[LSM_APPARMOR] && !b->host->apparmor)
		return inactive(origin, "apparmorProfile", "AppArmor",
			"boot with apparmor=1 (see aa-status)", e);
	if (labels[LSM_SELINUX] && !b->host->selinux)
		return inactive(origin, "selinuxLabel", "SELinux", NO_SELINUX, e);
	return 0;
}

static int plan_mount_label(struct plan_builder *b, struct error *e)
{
	static const char *const kinds[] = { "context", "fscontext", "defcontext", "rootcontext" };
	const char *label = b->spec->linux.mount_label;
	const char *kind = plan_annotation(b, ANNOTATION_CONTEXT_TYPE);

	if (!label)
		return 0;
	if (!b->host->selinux)
		return inactive("config.json: ", "linux.mountLabel", "SELinux", NO_SELINUX, e);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!kind || streq(kind, kinds[i])) {
			b->mount_context = plan_printf(b, "%s=%s", kinds[i], label);
			return 0;
		}
	error_set(e, EINVAL, "config.json: annotations[\"%s\"]: '%s' is no kind of context",
		ANNOTATION_CONTEXT_TYPE, kind);
	return error_hint(e, "one of context, fscontext, defcontext, rootcontext");
}

int plan_labels(struct plan_builder *b, struct error *e)
{
	int r = plan_process_labels(b, e);

	return r < 0 ? r : plan_mount_label(b, e);
}

/*
 * What the policy labels itself takes none. In a user namespace SELinux lets only these types have
 * one (security/selinux/hooks.c, selinux_set_mnt_opts).
 */
bool plan_takes_context(const struct plan_builder *b, const char *type)
{
	static const char *const never[] = { "proc", "sysfs", "cgroup", "cgroup2" };
	static const char *const confined[] = { "tmpfs", "ramfs", "devpts", "overlay" };

	if (!b->mount_context)
		return false;
	if (plan_is_confined(b)) {
		for (size_t i = 0; i < ARRAY_SIZE(confined); i++)
			if (streq(type, confined[i]))
				return true;
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (streq(type, never[i]))
			return false;
	return true;
}

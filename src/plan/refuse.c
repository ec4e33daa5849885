/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is understood and can't be done: said by name, before anything exists. Rows leave this file
 * as the properties come to be applied.
 */
#include <errno.h>

#include "plan/parts.h"

static int not_yet(const char *path, struct error *e)
{
	error_set(e, ENOTSUP, "config.json: %s: is not supported by this version of lichen", path);
	return error_hint(
		e, "remove it from config.json: the container would have to do without it");
}

int plan_refuse_labels(struct plan_builder *b, struct error *e)
{
	const struct spec_process *p = b->process;
	const char *key = p->apparmor_profile && *p->apparmor_profile ? "apparmorProfile"
		: p->selinux_label && *p->selinux_label		      ? "selinuxLabel"
								      : NULL;

	if (!key)
		return 0;
	error_set(e, ENOTSUP, "%s%s: is not supported by this version of lichen",
		b->plan->process.origin, key);
	return error_hint(e, "%s: the %s would have to do without it",
		b->plan->namespaces.of_init ? "leave it out" : "remove it from config.json",
		b->plan->namespaces.of_init ? "process" : "container");
}

static int refuse_process(struct plan_builder *b, struct error *e)
{
	if (!b->process) {
		error_set(e, EINVAL, "config.json: process: is required");
		return error_hint(e, "lichen spec writes a complete config.json");
	}
	return plan_refuse_labels(b, e);
}

static int refuse_linux(struct plan_builder *b, struct error *e)
{
	const struct spec_linux *l = &b->spec->linux;

	if (l->net_devices.n > 0)
		return not_yet("linux.netDevices", e);
	if (l->intel_rdt)
		return not_yet("linux.intelRdt", e);
	if (l->mount_label && *l->mount_label)
		return not_yet("linux.mountLabel", e);
	return 0;
}

bool plan_has_capability(const struct spec *spec, const char *name)
{
	const struct spec_capabilities *c = spec->process->capabilities;

	for (size_t i = 0; c && i < c->bounding.n; i++)
		if (streq(c->bounding.v[i], name))
			return true;
	return false;
}

int plan_check_chroot(struct plan_builder *b, struct error *e)
{
	static const char *const keys[] = { "CAP_SYS_CHROOT", "CAP_SYS_ADMIN" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!plan_has_capability(b->spec, keys[i]))
			continue;
		error_set(e, EPERM,
			"config.json: process.capabilities: with %s the container could leave its "
			"root, which in a mount namespace that it joins is one by chroot alone",
			keys[i]);
		return error_hint(e,
			"remove %s from the capabilities, or the path of the mount namespace",
			keys[i]);
	}
	return 0;
}

int plan_refuse(struct plan_builder *b, struct error *e)
{
	static int (*const parts[])(
		struct plan_builder *, struct error *) = { refuse_process, refuse_linux };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r = parts[i](b, e);

		if (r < 0)
			return r;
	}
	return 0;
}

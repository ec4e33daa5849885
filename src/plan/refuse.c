/* SPDX-License-Identifier: Apache-2.0 */
/* What no container is made of: said before anything exists. */
#include <errno.h>

#include "plan/parts.h"

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

/*
 * A root that was moved lies on top of the host's in the same mount namespace. Who may unmount it
 * and enter that namespace again (setns(2)) stands in the host's. Real root with this capability
 * needs no such way.
 */
int plan_check_move(struct plan_builder *b, struct error *e)
{
	if (!plan_has_capability(b->spec, "CAP_SYS_ADMIN"))
		return 0;
	if (!plan_is_confined(b)) {
		plan_warn(b, "--no-pivot: with CAP_SYS_ADMIN the container can leave its root");
		return 0;
	}
	error_set(e, EPERM,
		"config.json: process.capabilities: with --no-pivot and CAP_SYS_ADMIN the "
		"container could leave its root");
	return error_hint(e,
		"remove CAP_SYS_ADMIN from the capabilities, or leave out --no-pivot, which is "
		"for a host that runs from its initramfs");
}

int plan_refuse(struct plan_builder *b, struct error *e)
{
	if (b->spec->process)
		return 0;
	error_set(e, EINVAL, "config.json: process: is required");
	return error_hint(e, "lichen spec writes a complete config.json");
}

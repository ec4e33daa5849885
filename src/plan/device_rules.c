/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices: a filter where one can be attached, which is for root of the host. For
 * everybody else what isn't allowed does not exist: in a user namespace no node can be made
 * (mknod(2)), those of an image don't work, and only what config.json names is bound.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "plan/parts.h"

/* config-linux.md, Default Devices: what every container must have, whatever the rules say. */
static const struct device_rule defaults[] = {
	{ DEVICE_ALLOW, 'c', 1, 3, DEVICE_ACCESS_ALL }, /* null */
	{ DEVICE_ALLOW, 'c', 1, 5, DEVICE_ACCESS_ALL }, /* zero */
	{ DEVICE_ALLOW, 'c', 1, 7, DEVICE_ACCESS_ALL }, /* full */
	{ DEVICE_ALLOW, 'c', 1, 8, DEVICE_ACCESS_ALL }, /* random */
	{ DEVICE_ALLOW, 'c', 1, 9, DEVICE_ACCESS_ALL }, /* urandom */
	{ DEVICE_ALLOW, 'c', 5, 0, DEVICE_ACCESS_ALL }, /* tty */
	{ DEVICE_ALLOW, 'c', 5, 2, DEVICE_ACCESS_ALL }, /* ptmx */
	{ DEVICE_ALLOW, 'c', 136, -1, DEVICE_ACCESS_ALL }, /* the terminals of devpts */
};

static bool may_attach(const struct plan_builder *b)
{
	const uint64_t admin = 1ull << CAP_SYS_ADMIN, net = 1ull << CAP_NET_ADMIN;
	const uint64_t bpf = 1ull << CAP_BPF, have = b->host->capabilities;

	return b->plan->cgroup.how != PLAN_CGROUP_NONE &&
		((have & admin) || ((have & bpf) && (have & net)));
}

bool plan_filters_devices(const struct plan_builder *b)
{
	return plan_is_confined(b) || b->plan->cgroup.n_devices > 0 || b->has_filter;
}

static unsigned int access_of(const char *letters)
{
	/* Absent: all. */
	return !letters ? DEVICE_ACCESS_ALL
			: (strchr(letters, 'r') ? BPF_DEVCG_ACC_READ : 0u) |
			(strchr(letters, 'w') ? BPF_DEVCG_ACC_WRITE : 0u) |
			(strchr(letters, 'm') ? BPF_DEVCG_ACC_MKNOD : 0u);
}

static void add_filter(struct plan_builder *b, const struct spec_device_rules *from)
{
	struct device_rule *rules = arena_alloc(
		&b->plan->arena, (from->n + ARRAY_SIZE(defaults)) * sizeof(*rules));

	for (size_t i = 0; i < from->n; i++) {
		const struct spec_device_rule *r = &from->v[i];

		rules[i] = (struct device_rule){ .verdict = r->allow ? DEVICE_ALLOW : DEVICE_DENY,
			.type = r->type ? r->type : 'a',
			.major = r->major.set ? r->major.v : -1,
			.minor = r->minor.set ? r->minor.v : -1,
			.access = access_of(r->access) };
	}
	memcpy(rules + from->n, defaults, sizeof(defaults));
	b->plan->cgroup.devices = rules;
	b->plan->cgroup.n_devices = from->n + ARRAY_SIZE(defaults);
}

int plan_device_rules(struct plan_builder *b, struct error *e)
{
	const struct spec_resources *r = b->spec->linux.resources;

	if (!r || r->devices.n == 0 || plan_is_confined(b))
		return 0;
	if (may_attach(b)) {
		add_filter(b, &r->devices);
		return 0;
	}
	/* Whoever may mount devtmpfs or do raw I/O is held by a filter alone. */
	if (!plan_has_capability(b->spec, "CAP_SYS_ADMIN") &&
		!plan_has_capability(b->spec, "CAP_SYS_RAWIO"))
		return 0;
	if (b->request->best_effort & PLAN_BEST_EFFORT_CGROUP) {
		plan_not_applied(b, "linux.resources.devices");
		return 0;
	}
	error_set(e, ENOTSUP,
		"config.json: linux.resources.devices: no cgroup here can hold it, and the "
		"capabilities lead around it");
	return error_hint(e,
		"take CAP_SYS_ADMIN and CAP_SYS_RAWIO out of process.capabilities, give the "
		"container a cgroup, or go without: lichen --best-effort=cgroup ...");
}

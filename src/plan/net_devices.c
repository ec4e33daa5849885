/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>

#include "plan/parts.h"

#define MEND                                                                              \
	"make it where you are root, and start lichen in there: unshare --map-root-user " \
	"--net, or podman unshare --rootless-netns"

/* rtnetlink(7): whoever moves a device needs CAP_NET_ADMIN where it is and where it goes. */
static int check_right(const struct plan_builder *b, const char *name, struct error *e)
{
	const char *why = NULL;

	if (b->host->ids.privilege == HOST_USER)
		why = "an ordinary user can't move a device out of the host's network namespace";
	else if (b->request->network_owner == 0)
		why = "it is in a network namespace that belongs to a user namespace above ours";
	else if (!(b->host->capabilities & 1ull << CAP_NET_ADMIN))
		why = "moving a device takes CAP_NET_ADMIN, which we have not";
	if (!why)
		return 0;
	error_set(e, EPERM, "config.json: linux.netDevices['%s']: %s", name, why);
	return error_hint(e, MEND);
}

static int plan_device(struct plan_builder *b, const struct spec_net_device *d, struct error *e)
{
	struct op *op;
	int r = check_right(b, d->host_name, e);

	if (r < 0)
		return r;
	op = plan_add_op(b, OP_NETDEV);
	op->object = plan_printf(b, "linux.netDevices['%s']", d->host_name);
	op->source = d->host_name;
	op->text = d->name ? d->name : d->host_name;
	return 0;
}

int plan_net_devices(struct plan_builder *b, struct error *e)
{
	const struct spec_net_devices *all = &b->spec->linux.net_devices;

	if (all->n > 0 && !plan_has_new(b, CLONE_NEWNET) && !plan_has_joined(b, CLONE_NEWNET)) {
		error_set(e, EINVAL,
			"config.json: linux.netDevices: needs \"network\" in linux.namespaces");
		return error_hint(e, "add { \"type\": \"network\" } to linux.namespaces");
	}
	for (size_t i = 0; i < all->n; i++) {
		int r = plan_device(b, &all->v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

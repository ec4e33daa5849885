/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/net_devices.h"

#include <errno.h>

#include "base/fd.h"

int net_devices_move(struct net_devices *n, const struct op *op, int to_fd, struct error *e)
{
	struct netdev d;
	int r;

	fd_close(n->to_fd);
	n->to_fd = to_fd;
	if (n->from_fd < 0)
		n->from_fd = netdev_open(e);
	if (n->from_fd < 0)
		return error_context(e, "config.json: %s", op->object);
	r = netdev_move(n->from_fd, n->to_fd, op->source, op->text, &d, e);
	if (r < 0)
		return error_context(e, "config.json: %s", op->object);
	n->devices = xrealloc(n->devices, n->n + 1, sizeof(*n->devices));
	n->devices[n->n++] = d;
	return 0;
}

/* The last one first, as everything is undone. The kernel has the rest: network_namespaces(7). */
void net_devices_undo(struct net_devices *n)
{
	struct error ignored;

	for (size_t i = n->n; i > 0; i--)
		(void)netdev_return(n->to_fd, n->from_fd, &n->devices[i - 1], &ignored);
}

void net_devices_release(struct net_devices *n)
{
	for (size_t i = 0; i < n->n; i++)
		netdev_release(&n->devices[i]);
	free(n->devices);
	fd_close(n->from_fd);
	fd_close(n->to_fd);
	*n = (struct net_devices)NET_DEVICES_NONE;
}

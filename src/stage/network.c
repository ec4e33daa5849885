/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/network.h"

#include <errno.h>

#include "base/fd.h"

int network_move(struct network *n, const struct op *op, int to_fd, struct error *e)
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
void network_undo(struct network *n)
{
	struct error ignored;

	for (size_t i = n->n; i > 0; i--)
		(void)netdev_return(n->to_fd, n->from_fd, &n->devices[i - 1], &ignored);
}

void network_release(struct network *n)
{
	for (size_t i = 0; i < n->n; i++)
		netdev_release(&n->devices[i]);
	free(n->devices);
	fd_close(n->from_fd);
	fd_close(n->to_fd);
	*n = (struct network)NETWORK_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/prepare.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"

static int prepare_tree(const struct op *op, int *out_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int user_fd = idmap_namespace(op->uids, op->gids, e);
	CLEANUP(fd_cleanup) int tree_fd = -EBADF;
	struct mount_tree tree;
	int r;

	if (user_fd < 0)
		return user_fd;
	r = mount_tree_open(AT_FDCWD, op->source, op->depth, &tree, e);
	if (r < 0)
		return r;
	tree_fd = tree.fd;
	if (!tree.detached) {
		error_set(e, EPERM, "open '%s' as a tree of its own: %s", op->source,
			"not permitted");
		return error_hint(e,
			"ID-mapped mounts need privilege over our own mount namespace: start "
			"lichen in unshare --mount");
	}
	r = mount_set_idmap(tree_fd, op->idmap_depth, user_fd, e);
	if (r == 0)
		*out_fd = fd_take(&tree_fd);
	return r;
}

int prepare_trees(const struct plan *plan, struct prepared *out, struct error *e)
{
	out->n = plan->n_ops;
	out->fds = xcalloc(plan->n_ops + 1, sizeof(int));
	for (size_t i = 0; i < plan->n_ops; i++)
		out->fds[i] = -EBADF;
	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].uids && prepare_tree(&plan->ops[i], &out->fds[i], e) < 0)
			return error_context(e, "config.json: %s", plan->ops[i].object);
	return 0;
}

void prepared_release(struct prepared *p)
{
	for (size_t i = 0; i < p->n; i++)
		fd_close(p->fds[i]);
	free(p->fds);
	*p = (struct prepared){ 0 };
}

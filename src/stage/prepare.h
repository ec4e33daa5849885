/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent opens for init, because only its privilege reaches that far: the trees of
 * ID-mapped mounts, whose file systems belong to our user namespace and not to the container's.
 */
#pragma once

#include <stddef.h>

#include "plan/plan.h"

/* One for each operation, -EBADF where init opens its source itself. */
struct prepared {
	size_t n;
	int *fds;
};

int prepare_trees(const struct plan *plan, struct prepared *out, struct error *e);
void prepared_release(struct prepared *p);

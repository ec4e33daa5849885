/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intermediate process: only where a namespace must be joined before init is born, because
 * joining a PID namespace takes effect on children alone, and what one may join depends on the user
 * namespace that one is in.
 *
 * Where: a child of the creating process. May: setns, clone init as its sibling. Must not: live
 * longer than that.
 */
#pragma once

#include "stage/init.h"

/* Tells the parent BORN with init's PID and exits; init is the parent's child. */
_Noreturn void intermediate_main(const struct init_args *args);

/*
 * clone3(2) with a set-up child's flags: 0 in the child, which is born in the cgroup of cgroup_fd
 * unless that is -EBADF.
 */
pid_t stage_clone(uint64_t flags, int cgroup_fd, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* What start and run share: a created container that begins to run. */
#pragma once

#include "container/container.h"
#include "stage/notify.h"

/*
 * When it returns, the program has been executed and the poststart hooks have ended. n is connected
 * to the service manager, if there is one; then *out_pidfd, which may be NULL, is a descriptor of
 * the first process.
 */
int start_container(const struct runtime *rt, const char *id, struct notify *n, int *out_pidfd,
	struct error *e);

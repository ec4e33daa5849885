/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a compiled seccomp filter: seccomp(2). Compiling is the plan's. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

#include "base/error.h"

struct seccomp_filter {
	unsigned int flags; /* SECCOMP_FILTER_FLAG_* */
	size_t n;
	const struct sock_filter *v;
};

/* All of SECCOMP_FILTER_FLAG_* that this kernel knows. */
unsigned int seccomp_probe_flags(void);

/* With SECCOMP_FILTER_FLAG_NEW_LISTENER among the flags: returns the listener's descriptor. */
int seccomp_load_filter(const struct seccomp_filter *filter, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: capabilities(7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* All that Linux 6.18 has, by number ("CAP_CHOWN" is 0). */
extern const struct name cap_names[];

/* Sets as bit masks, bit N for capability N. */
struct cap_sets {
	uint64_t bounding, permitted, effective, inheritable, ambient;
};

/* The highest capability that the running kernel knows. */
int cap_last(void);

/* Our own effective set. */
uint64_t cap_effective(void);

/* Takes everything that is not in mask out of the bounding set. */
int cap_limit_bounding(uint64_t mask, struct error *e);

/* Sets the permitted, effective, inheritable and then the ambient set of this process. */
int cap_apply(const struct cap_sets *sets, struct error *e);

/* Makes what is permitted effective too: a change of IDs has cleared it. */
int cap_raise(struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The features document (features.md of the specification): what this build knows, whatever the
 * host allows, but for the flags of seccomp, which the specification wants to be what the kernel
 * has. Callers decide by it what they may ask for, so it lists nothing that is refused.
 */
#pragma once

#include "base/str.h"

struct features_request {
	const char *version, *libseccomp_version;
	const char *commit; /* or NULL */
	unsigned int seccomp_flags; /* those of the kernel: seccomp_probe_flags() */
};

void features_document(const struct features_request *req, struct text *out);

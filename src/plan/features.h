/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The features document (features.md of the specification): what this build knows, whatever the
 * host allows. Callers decide by it what they may ask for, so it lists nothing that is refused.
 */
#pragma once

#include "base/str.h"

struct features_request {
	const char *version, *libseccomp_version;
	const char *commit; /* or NULL */
};

void features_document(const struct features_request *req, struct text *out);

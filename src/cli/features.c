/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/features.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/version.h"
#include "kernel/seccomp.h"
#include "plan/seccomp.h"

static int features(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct features_request req = {
		.version = version_package(),
		.commit = version_commit(),
		.libseccomp_version = plan_seccomp_version(),
		.seccomp_flags = seccomp_probe_flags(),
	};

	(void)cli;
	(void)values;
	(void)operands;
	(void)e;
	features_document(&req, &text);
	fputs(text.s, stdout);
	return 0;
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_features = {
	.name = "features",
	.operands = "",
	.summary = "print what this build can do, as JSON",
	.options = options,
	.run = features,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/version.h"

#include <stdio.h>

#include "cli/command.h"
#include "plan/seccomp.h"
#include "spec/spec.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

const char *version_package(void)
{
#ifdef PACKAGE_VERSION
	return PACKAGE_VERSION;
#else
	return "unknown";
#endif
}

const char *version_commit(void)
{
#ifdef LICHEN_COMMIT
	return *LICHEN_COMMIT ? LICHEN_COMMIT : NULL;
#else
	return NULL;
#endif
}

/* go-runc insists on a first line that begins with the name it called, and reads the next two. */
static int version(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	(void)values;
	(void)operands;
	(void)e;
	printf("%s version %s\n", cli->program, version_package());
	if (!streq(cli->program, "lichen"))
		printf("lichen: %s\n", version_package());
	if (version_commit())
		printf("commit: %s\n", version_commit());
	printf("spec: %s\n", SPEC_VERSION);
	printf("libseccomp: %s\n", plan_seccomp_version());
	return 0;
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version, as --version does",
	.options = options,
	.run = version,
};

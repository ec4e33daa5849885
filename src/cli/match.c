/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/match.h"

#include <errno.h>
#include <regex.h>

#include "base/mem.h"
#include "cli/info.h"

static int compile(regex_t *re, const char *pattern, struct error *e)
{
	char reason[128];
	int r = regcomp(re, pattern, REG_EXTENDED | REG_NOSUB);

	if (r == 0)
		return 0;
	regerror(r, re, reason, sizeof(reason));
	return error_set(e, EINVAL, "regular expression '%s': %s", pattern, reason);
}

int match_each(const struct runtime *rt, const char *pattern,
	int (*fn)(const struct runtime *rt, const char *id, const void *arg, struct error *e),
	const void *arg, struct error *e)
{
	CLEANUP(container_infos_release) struct container_infos infos = { 0 };
	int result = container_list(rt, &infos, e);
	regex_t re;

	if (result < 0)
		return result;
	info_warn(&infos, rt->log);
	result = compile(&re, pattern, e);
	if (result < 0)
		return result;
	for (size_t i = 0; i < infos.n; i++) {
		struct error own = { 0 };
		int r;

		if (regexec(&re, infos.v[i].id, 0, NULL, 0) != 0)
			continue;
		r = fn(rt, infos.v[i].id, arg, &own);
		if (r < 0 && result == 0) {
			*e = own;
			result = r;
		}
	}
	regfree(&re);
	return result;
}

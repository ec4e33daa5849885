/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: hooks. */
#include "spec/check.h"
#include "spec/tables.h"

static const struct bind hook_rows[] = {
	BIND_ROW_STRING(
		"path", struct spec_hook, path, .flags = BIND_REQUIRED, .check = check_absolute),
	BIND_ROW_STRINGS("args", struct spec_hook, args),
	BIND_ROW_STRINGS("env", struct spec_hook, env, .check = check_env,
		.also = offsetof(struct spec_hook, env_set)),
	BIND_ROW_OPT_I64("timeout", struct spec_hook, timeout, BIND_MIN(1)),
	BIND_END,
};

static const struct bind_object hook_table = { .rows = hook_rows };

#define HOOKS(name, field) \
	BIND_ROW_LIST(name, struct spec_all_hooks, field, struct spec_hook, &hook_table)

static const struct bind hooks_rows[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
	BIND_END,
};

const struct bind_object spec_hooks_table = { .rows = hooks_rows };

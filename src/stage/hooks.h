/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks: config.md, POSIX-platform Hooks. */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "spec/spec.h"

/* What a hook reads on its standard input: runtime.md, State. */
struct hook_state {
	const char *id;
	const char *status; /* "creating", "created", "running", "stopped" */
	pid_t pid; /* 0: left out */
	const char *bundle;
	const struct spec_pairs *annotations;
};

/* The state as JSON on one line. */
void hook_state_json(const struct hook_state *state, struct text *out);

/* runc and crun run a hook in the bundle wherever that can be seen; by now it may be gone. */
enum hooks_cwd { HOOKS_IN_BUNDLE, HOOKS_IN_OUR_CWD };

/* How hooks of a kind are run. */
struct hooks_place {
	enum hooks_cwd cwd;
	int until_fd; /* they are killed when this is readable; or -EBADF */
	const char *until; /* what that means: "the container's first process died" */
	/*
	 * For hooks that bring no environment. NULL: ours, by which callers pass settings to hooks
	 * of the runtime. A hook that is a program of the image gets what the container's program
	 * gets.
	 */
	const char *const *env;
};

/*
 * Runs them in order; stops at the first that fails. name is that of the list, for errors:
 * "hooks.poststart[1]: ...".
 */
int hooks_run(const struct spec_hooks *hooks, const char *name, const struct hook_state *state,
	const struct hooks_place *place, struct error *e);

/*
 * The milliseconds that they may take at most; INT64_MAX if one has no timeout.
 */
int64_t hooks_time(const struct spec_hooks *hooks);

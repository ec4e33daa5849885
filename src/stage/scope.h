/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lichen-scope: the helper that talks to systemd. What it is asked is in helpers/scope/request.h.
 *
 * Where: a child of ours, for the length of one request. Every wait ends at SCOPE_TIMEOUT_MS; a
 * systemd that does not answer makes the operation fail.
 */
#pragma once

#include "base/spawn.h"
#include "plan/resources.h"

/* systemd's own jobs give up after 90 s (DefaultTimeoutStartSec=); a scope takes milliseconds. */
#define SCOPE_TIMEOUT_MS 30000

/* A scope as it is known later on: every string is somebody else's. */
struct scope {
	const char *helper; /* the path of lichen-scope */
	const char *systemd; /* "peer=unix:path=..." or "bus=..." */
	const char *unit, *description;
};

/* Asks, and does not wait: a child for scope_answer. */
int scope_ask(const struct scope *s, const char *slice, pid_t pid,
	const struct resource_settings *settings, struct child *out, struct error *e);

/* The cgroup of the scope that was asked for, the caller's to free. */
int scope_answer(struct child *c, char **out_path, struct error *e);

/* The rest wait by themselves. */
int scope_set(const struct scope *s, const struct resource_settings *settings, struct error *e);
int scope_attach(const struct scope *s, pid_t pid, const char *subgroup, struct error *e);
int scope_stop(const struct scope *s, struct error *e);

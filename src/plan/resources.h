/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources → what is written to the files of a cgroup v2, and what systemd is told of it.
 * For create and for update.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/mem.h"
#include "spec/spec.h"

struct resource_setting {
	const char *controller; /* or NULL: none is needed */
	const char *file, *value;
	const char *object; /* "memory.limit" */
	/* One of the two must be there, both are written: io.bfq.weight and io.weight, for example.
	 */
	const struct resource_setting *alternative;
	bool lifts; /* asks for no limit, which holds without a cgroup, too */
	/* Whether it may be missing where there is no swap. */
	bool needs_swap;
	/* Refuse if memory.current is above the value (checkBeforeUpdate). */
	bool check_usage;
};

/*
 * The same for systemd, so that its own writing (daemon-reload) does not undo ours: name, signature
 * and value as lichen-scope takes them (helpers/scope/request.h).
 */
struct resource_property {
	const char *name, *signature, *value;
};

struct resource_settings {
	size_t n, n_properties;
	struct resource_setting *v;
	struct resource_property *properties;
	size_t size, properties_size;
	struct arena *arena;
};

/*
 * What cgroup v2 has nothing for, or a value that can't be: not_possible is asked, and either
 * fills e and returns its code, or returns 0 to go on without. object is "memory.swappiness".
 */
struct resource_policy {
	int (*not_possible)(void *arg, const char *object, const char *why, struct error *e);
	void *arg;
	bool no_pids_means_any; /* pids.limit 0: for a caller who means "no limit" by it */
};

/* Everything in *out is in the arena. */
int resources_digest(const struct spec_resources *r, const struct resource_policy *policy,
	struct arena *arena, struct resource_settings *out, struct error *e);

/* One more for systemd; the strings are in the arena, or outlive it. */
void resources_add_property(
	struct resource_settings *out, const char *name, const char *signature, const char *value);

/* The properties that bring systemd from those of now back to those of then, added to out. */
void resources_undo(const struct resource_settings *now, const struct resource_settings *then,
	struct resource_settings *out);

/* "0-3,7" as the bit mask that systemd takes, in hexadecimal digits; NULL if it is no such list.
 * The caller's to free. */
char *resources_cpu_mask(const char *list);

/* cpu.shares as cpu.weight: the formula that runc and crun agree on, 1024 being 100. */
unsigned int resources_cpu_weight(uint64_t shares);

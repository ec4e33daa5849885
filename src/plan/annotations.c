/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/annotations.h"

#include <errno.h>
#include <string.h>

#include "plan/parts.h"

#define UNDERSTOOD(text, how_unsafe)                                           \
	{                                                                      \
		.name = text, .use = ANNOTATION_UNDERSTOOD, .risk = how_unsafe \
	}
#define IGNORED(text, reason)                                          \
	{                                                              \
		.name = text, .use = ANNOTATION_IGNORED, .why = reason \
	}
#define REFUSED(text, reason, mend)                                                  \
	{                                                                            \
		.name = text, .use = ANNOTATION_REFUSED, .why = reason, .hint = mend \
	}

#define NO_HANDLER "lichen has no handlers: it runs programs on this kernel itself"

const struct annotation annotations[] = {
	UNDERSTOOD(ANNOTATION_KEEP_GROUPS, ANNOTATION_UNSAFE),
	UNDERSTOOD(ANNOTATION_CONTEXT_TYPE, ANNOTATION_UNSAFE),
	UNDERSTOOD(ANNOTATION_SECCOMP_STRICT, ANNOTATION_HARMLESS),
	UNDERSTOOD(ANNOTATION_MANAGER, ANNOTATION_HARMLESS),
	UNDERSTOOD(NETWORK_ANNOTATION, ANNOTATION_UNSAFE),
	/* What they would do for the isolation must not be lost in silence. */
	REFUSED("run.oci.handler", NO_HANDLER, "remove it, or use a runtime that has this handler"),
	REFUSED("run.oci.seccomp_bpf_data", "filters come from linux.seccomp alone",
		"write the filter as linux.seccomp"),
	REFUSED("run.oci.seccomp.receiver", "the listener's socket is linux.seccomp.listenerPath",
		"use linux.seccomp.listenerPath"),
	REFUSED("run.oci.seccomp.plugins", "lichen loads no code of others",
		"use linux.seccomp.listenerPath, and a program that listens there"),
	/* Somebody waits for these. */
	REFUSED("run.oci.pidfd_receiver", "the command line names that socket",
		"use lichen create --pidfd-socket SOCKET"),
	REFUSED("run.oci.systemd.force_cgroup_v1", "lichen knows cgroup v2 alone",
		"remove it: a systemd of 2017 or newer inside needs it not"),
	IGNORED("run.oci.hooks.stdout", "what hooks print is part of the error's text"),
	IGNORED("run.oci.hooks.stderr", "what hooks print is part of the error's text"),
	IGNORED("run.oci.systemd.subgroup", "where the process is in its scope is lichen's choice"),
	IGNORED("run.oci.delegate-cgroup", "the place of the cgroup is linux.cgroupsPath"),
	IGNORED("run.oci.", "unknown"),
	UNDERSTOOD(ANNOTATION_SCOPE_PROPERTIES, ANNOTATION_UNSAFE),
	IGNORED("org.criu.config", "lichen makes no checkpoints"),
	IGNORED("krun.", NO_HANDLER),
	IGNORED("module.wasm.image/variant", NO_HANDLER),
	IGNORED("io.kubernetes.cri.container-type", NO_HANDLER),
	{ 0 },
};

static bool matches(const struct annotation *row, const char *key)
{
	return row->name[strlen(row->name) - 1] == '.' ? str_starts(key, row->name)
						       : streq(key, row->name);
}

static const struct annotation *find_row(const char *key)
{
	for (const struct annotation *row = annotations; row->name; row++)
		if (matches(row, key))
			return row;
	return NULL;
}

const char *plan_annotation(const struct plan_builder *b, const char *name)
{
	const struct spec_pairs *all = &b->spec->annotations;

	for (size_t i = 0; i < all->n; i++)
		if (streq(all->v[i].key, name))
			return all->v[i].value;
	return NULL;
}

int plan_annotation_switch(
	const struct plan_builder *b, const char *name, bool *out_on, struct error *e)
{
	static const struct name words[] = { { "1", true }, { "true", true }, { "0", false },
		{ "false", false }, { "", false }, { 0 } };
	const char *value = plan_annotation(b, name);
	const struct name *word = name_find(words, value ? value : "");

	if (!word) {
		error_set(e, EINVAL, "config.json: annotations[\"%s\"]: '%s' is neither 1 nor 0",
			name, value);
		return error_hint(e, "write \"1\" or \"0\"");
	}
	*out_on = word->value;
	return 0;
}

static int refuse(const struct annotation *row, const char *key, struct error *e)
{
	error_set(e, ENOTSUP, "config.json: annotations[\"%s\"]: %s", key, row->why);
	return error_hint(e, "%s", row->hint);
}

int plan_annotations(struct plan_builder *b, struct error *e)
{
	const struct spec_pairs *all = &b->spec->annotations;

	for (size_t i = 0; i < all->n; i++) {
		const struct annotation *row = find_row(all->v[i].key);
		int r = 0;

		if (!row)
			continue;
		if (row->use == ANNOTATION_REFUSED)
			r = refuse(row, all->v[i].key, e);
		if (r < 0)
			return r;
		if (row->use == ANNOTATION_IGNORED)
			plan_note(b, "config.json: annotations[\"%s\"]: ignored: %s", all->v[i].key,
				row->why);
	}
	return 0;
}

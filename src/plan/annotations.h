/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annotations that a runtime is known to act on, as a table: for the plan, and for `lichen
 * features`. Any other one is none of our business (config.md: no error), and goes into the state.
 *
 * An image's author may have written them, so none of them weakens isolation unless the caller's
 * command line allows it.
 */
#pragma once

enum annotation_use {
	ANNOTATION_UNDERSTOOD, /* some part of the plan reads it */
	ANNOTATION_IGNORED, /* for a reason; noted at debug level */
	ANNOTATION_REFUSED, /* without it the container would not be what was asked for */
};

/* Whoever passes on annotations from an image had better leave these out: features.md. */
enum annotation_risk { ANNOTATION_HARMLESS, ANNOTATION_UNSAFE };

struct annotation {
	const char *name; /* one that ends with "." stands for all that begin with it */
	enum annotation_use use;
	enum annotation_risk risk;
	const char *why; /* of what is ignored or refused */
	const char *hint; /* of what is refused */
};

/* crun's, which Podman uses. */
#define ANNOTATION_KEEP_GROUPS	  "run.oci.keep_original_groups"
#define ANNOTATION_CONTEXT_TYPE	  "run.oci.mount_context_type"
#define ANNOTATION_SECCOMP_STRICT "run.oci.seccomp_fail_unknown_syscall"
/* Who wrote config.json: "libpod". */
#define ANNOTATION_MANAGER "io.container.manager"
/* Ours is NETWORK_ANNOTATION of net/words.h. */
/* Of runc, crun and CRI-O. */
#define ANNOTATION_SCOPE_PROPERTIES "org.systemd.property."

/* The first row that matches counts; ends with a NULL name. */
extern const struct annotation annotations[];

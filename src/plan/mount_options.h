/* SPDX-License-Identifier: Apache-2.0 */
/* The mount options of config.md, as a table: for the plan, and for `lichen features`. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "kernel/mount.h"
#include "spec/spec.h"

enum mount_option_kind {
	MOUNT_OPTION_NOTHING, /* "defaults", "async", ...: what is so anyway */
	MOUNT_OPTION_ATTR, /* MOUNT_ATTR_* of the mount */
	MOUNT_OPTION_TREE_ATTR, /* of it and all beneath */
	MOUNT_OPTION_SUPER, /* MS_* of the file system */
	MOUNT_OPTION_PROPAGATION,
	MOUNT_OPTION_TREE_PROPAGATION,
	MOUNT_OPTION_BIND,
	MOUNT_OPTION_RBIND,
	MOUNT_OPTION_REMOUNT,
	MOUNT_OPTION_COPY_UP,
	MOUNT_OPTION_IDMAP,
	MOUNT_OPTION_RIDMAP,
};

struct mount_option {
	const char *name;
	enum mount_option_kind kind;
	uint64_t set, clear;
};

/* In alphabetical order; ends with a NULL name. */
extern const struct mount_option mount_options[];

/* One entry of mounts, digested. */
struct mount_digest {
	bool bind, rbind, remount, copy_up, idmap, ridmap;
	bool has_context; /* an SELinux label of its own */
	struct mount_attrs attrs;
	unsigned long sb_flags;
	const char *sb_flag_name; /* the last that asked for a flag of the file system, or NULL */
	struct strings
		data; /* what is for the file system; in memory of the arena; room for one more */
	const size_t *data_index; /* of each in the options, for errors */
};

/* Fails on what it knows to be impossible; index is that of the mount. */
int mount_options_digest(const struct spec_mount *mount, size_t index, struct arena *arena,
	struct mount_digest *out, struct error *e);

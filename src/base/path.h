/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that come from a container's side, resolved beneath the descriptor of its root: absolute
 * links and ".." stay inside, /proc's magic links are refused. Uses openat2(2) with
 * RESOLVE_IN_ROOT, and where that call is missing (before Linux 5.6) or blocked by an outer
 * seccomp filter, a walk component by component that never lets the kernel follow a link.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* As open(2) with flags (O_CLOEXEC is added); returns a descriptor or -errno with e filled. */
int path_open(int root_fd, const char *path, int flags, struct error *e);

enum path_kind { PATH_DIRECTORY, PATH_FILE };

/*
 * Opens path with O_PATH; what is missing is made: directories with mode 0755 and, for
 * PATH_FILE, an empty regular file with mode 0644 as the last component. Whatever exists is left
 * as it is, of whichever kind.
 */
int path_make(int root_fd, const char *path, enum path_kind kind, struct error *e);

/*
 * As path_make, but no component may be a symbolic link: where an image could
 * otherwise move /proc, /sys or /dev elsewhere (CVE-2019-19921, CVE-2023-27561).
 */
int path_make_plain(int root_fd, const char *path, enum path_kind kind, struct error *e);

/* What to do about symbolic links on the way. */
enum path_links { PATH_FOLLOW, PATH_PLAIN };

/*
 * Opens the directory that holds path's last component, making missing ones; *out_name points
 * into path. Refuses a path that ends in "/", "." or "..".
 */
int path_make_parent(int root_fd, const char *path, enum path_links links, const char **out_name,
	struct error *e);

/* Whether an absolute or relative path, lexically cleaned, is dir or lies beneath it. */
bool path_beneath(const char *path, const char *dir);

/* Absolute and lexically clean, starting from base when relative; the caller's to free. */
char *path_clean(const char *base, const char *path);

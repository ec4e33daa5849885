/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp → a filter for the kernel, by libseccomp; the only user of its compiler. */
#pragma once

#include "base/error.h"
#include "base/mem.h"
#include "kernel/seccomp.h"
#include "spec/spec.h"

/*
 * Compiles; the filter's memory is the arena's. cache_dir, if not NULL, is a directory of ours
 * where compiled filters are kept: each entry carries the whole description of what it was compiled
 * from and is used only if that is the same, byte by byte.
 */
int seccomp_compile(const struct spec_seccomp *spec, const char *cache_dir, struct arena *arena,
	struct seccomp_filter *out, struct error *e);

/* "2.5.4" */
const char *plan_seccomp_version(void);

/* SECCOMP_FILTER_FLAG_* by name; 0 if it is none of linux.seccomp.flags. */
unsigned int seccomp_flag(const char *name);

/* Whether the library knows this architecture ("SCMP_ARCH_..."). */
int seccomp_knows_arch(const char *name);

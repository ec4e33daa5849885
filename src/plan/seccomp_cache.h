/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled seccomp filters, kept. libseccomp takes some 17 ms for the profile that Podman and
 * Docker use, more than all the rest of a container's start. An entry's name is a hash, which only
 * finds it; the entry carries the complete key, and counts only if that is equal.
 */
#pragma once

#include "base/mem.h"
#include "base/str.h"
#include "kernel/seccomp.h"
#include "spec/spec.h"

/* Everything that determines the filter, as text with lengths; compiler is libseccomp's version. */
void seccomp_cache_key(const struct spec_seccomp *spec, const char *compiler, struct text *out);

/* 0, or -errno: there is none, or not for this key. Nothing in dir that isn't ours is trusted. */
int seccomp_cache_load(
	const char *dir, const struct text *key, struct arena *arena, struct seccomp_filter *out);

/* Keeps one; failing to is no error. */
void seccomp_cache_store(
	const char *dir, const struct text *key, const struct seccomp_filter *filter);

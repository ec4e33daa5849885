/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as people and front-ends write them: 9, KILL, SIGKILL, kill, RTMIN+3, SIGRTMAX-1. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

int signal_parse(const char *text, int *out, struct error *e);
bool signal_is_name(const char *text);

/* Without "SIG"; the real-time ones, whose names are sums, are not among them. */
extern const struct name signal_names[];

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `events` prints: one JSON object a line, with the field names of runc's types/events.go. A
 * controller that the container does not have leaves its object out.
 */
#pragma once

#include "base/str.h"
#include "kernel/cgroup_stats.h"

/* Adds {"type":"stats",...}, or for stats NULL {"type":"oom",...}, without an end of the line. */
void event_write(struct text *out, const char *id, const struct cgroup_stats *stats);

/* Adds {"type":"network",...} of a network that has failed; reason may be NULL. */
void event_write_network(struct text *out, const char *id, const char *reason);

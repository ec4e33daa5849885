/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lichen asks of lichen-scope: the words of its command line, which src/stage/scope.c writes.
 *
 *   lichen-scope BUS start UNIT SLICE DESCRIPTION PID [PROPERTY...]
 *   lichen-scope BUS set UNIT DESCRIPTION [PROPERTY...]
 *   lichen-scope BUS attach UNIT DESCRIPTION PID SUBGROUP
 *   lichen-scope BUS stop UNIT DESCRIPTION
 *
 * BUS is "bus=ADDRESS" for a message bus, or "peer=ADDRESS" for the manager's own socket. A
 * PROPERTY is three words: name, signature, value. The signatures: b, i, u, t, x and s; as with an
 * element a line; a(st) with lines of "STRING NUMBER"; ay in hexadecimal digits. A property whose
 * name begins with "?" is left out if this systemd does not know it.
 *
 * start prints the scope's cgroup. A failure is one line with the cause and one with what mends it
 * (or empty); the exit status is 1.
 *
 * The description tells our scope from somebody else's unit of the same name: set, attach and stop
 * act on no other.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "base/error.h"

struct property {
	const char *name, *signature, *value;
};

struct request {
	sd_bus *bus;
	const char *unit, *description;
	size_t n_properties;
	struct property *properties;
};

int request_connect(struct request *q, const char *word, struct error *e);
void request_release(struct request *q);

/* The scope exists with the process in it; *out_cgroup is its path, the caller's to free. */
int scope_start(
	struct request *q, const char *slice, uint32_t pid, char **out_cgroup, struct error *e);
int scope_set(struct request *q, struct error *e);
/* Moves a process into the scope or into its cgroup SUBGROUP ("/container"). */
int scope_attach(struct request *q, uint32_t pid, const char *subgroup, struct error *e);
/* Until it is gone, and its name is free; one that is not there is no error. */
int scope_stop(struct request *q, struct error *e);

/* Appends one (name, variant) to a message; EINVAL for a signature or a value that is none. */
int property_append(sd_bus_message *m, const struct property *p, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published ports: for TCP the way through libslirp, which shows the container its peers' own
 * addresses, and from the host's loopback the short way (shortcut.h); for UDP datagrams.h.
 */
#pragma once

#include "control.h"
#include "shortcut.h"
#include "stack.h"

struct forwards {
	struct stack *stack;
	struct shortcuts shortcuts;
	size_t n;
	struct published *v;
};

void forwards_init(struct forwards *f, struct stack *s, int sockets_fd);

/* Fills in the addresses and the port that f leaves open. */
int forwards_add(struct forwards *all, struct forward *f, struct error *e);
int forwards_remove(struct forwards *all, uint32_t id, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's event loop, on epoll(7): sources of our own, each with a function, and the sockets
 * of libslirp, which says before every wait which of them it is interested in. Those are kept
 * registered, so that a wait costs one system call as long as its interest stays the same.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct loop;

/* Something of ours that can be ready; whoever has it removes it before it is freed. */
struct source {
	int fd;
	void (*ready)(struct source *s, uint32_t events); /* EPOLL* */
};

struct loop *loop_new(struct error *e);

/* How many descriptors we may have. */
int loop_limit(const struct loop *l);

/* Events as for epoll_ctl(2), EPOLLET among them. -errno. */
int loop_add(struct loop *l, struct source *s, uint32_t events);
int loop_change(struct loop *l, struct source *s, uint32_t events);
/* It will not be called any more, not even for what has happened already. */
void loop_remove(struct loop *l, struct source *s);

/* ---- descriptors of libslirp, by number ---- */

/* Opened or about to be closed: what is known of this number is forgotten. */
void loop_forget(struct loop *l, int fd);
/* One round: begin, want for each, wait, then ready of each. Events are EPOLL*. */
void loop_begin(struct loop *l);
void loop_want(struct loop *l, int fd, uint32_t events);
uint32_t loop_ready(const struct loop *l, int fd);

/* Waits, and calls the sources that are ready. -errno. */
int loop_wait(struct loop *l, int timeout_ms);

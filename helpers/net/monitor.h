/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's parts (request.h): what it knows, and the ports as the API has them. */
#pragma once

#include "control.h"
#include "engine.h"
#include "inside.h"
#include "request.h"

/* The engine answers at once; one that does not is stuck. */
#define ENGINE_TIMEOUT_MS 10000

struct monitor {
	const struct request *request;
	struct inside inside;
	struct engine engine;
	int pidfd; /* of the container, or -EBADF */
	int api_fd, signal_fd, watch_fd; /* or -EBADF */
	uint32_t next_id;
	size_t n_forwards;
	struct forward *forwards;
};

/* ---- ports (ports.c) ---- */

/* Opens one port; fills in what f leaves open. An error names the port and what mends it. */
int ports_add(struct monitor *m, struct forward *f, struct error *e);
int ports_remove(struct monitor *m, uint32_t id, struct error *e);
/* A publication as it is written on the command line; all of its ports or none. */
int ports_publish(struct monitor *m, const char *words, struct error *e);

/* Who listens on a port already, as far as we may know: "process 812 (nginx)"; false if we may not.
 */
bool ports_find_owner(const struct forward *f, struct text *out);

/* ---- slirp4netns' API (api.c) ---- */

/* Listens at a path for the user alone. Returns the socket. */
int api_listen(const char *path, struct error *e);
/* Takes one connection with its one request, and answers it. */
void api_serve(struct monitor *m);
/* Writes the status file if one was asked for. reason is NULL while all is well. */
enum status { STATUS_UP, STATUS_FAILED, STATUS_ENDED };
int status_write(const struct monitor *m, enum status status, const char *reason, struct error *e);

/* ---- the host's resolv.conf (resolvers.c) ---- */

/* Watches it: a descriptor to be polled, or -errno; a host without inotify has no changes seen. */
int resolvers_watch(void);
/* Reads it and tells the engine. */
void resolvers_tell(const struct monitor *m);
/* It may have changed: takes what the descriptor has, watches anew and tells. */
void resolvers_changed(struct monitor *m);

/* ---- the engine ---- */

/* A message without an answer; an engine that takes none is killed. */
int monitor_tell(const struct monitor *m, const struct control *message, struct error *e);

/* One request and its answer, which may be an error. */
int monitor_call(const struct monitor *m, const struct control *request, struct control *out,
	struct error *e);

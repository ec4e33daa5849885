/* SPDX-License-Identifier: Apache-2.0 */
/* What create and run share: a container on its way to "created". */
#pragma once

#include "container/container.h"
#include "container/state_dir.h"
#include "host/host.h"
#include "plan/plan.h"
#include "stage/parent.h"

struct creation {
	const struct runtime *rt;
	const struct create_request *request;
	char *bundle; /* absolute */
	char *config_text;
	size_t config_len;
	const struct spec *spec;
	struct host host;
	struct spec_namespaces namespaces; /* linux.namespaces, as the command line wants them */
	int *namespace_fds; /* for each of them */
	ino_t *namespace_owners;
	struct resctrl_facts resctrl;
	ino_t network_owner; /* of our own network namespace; 0: unknown, or nobody asks */
	unsigned int n_fds;
	char *listen_fds;
	char *scope_helper; /* the path of lichen-scope, or NULL */
	struct plan plan;
	struct state_dir dir;
	struct state state;
	struct stage stage;
	int reserved, rdt_applied, hooks_began, committed;
	int cgroup_is_anothers; /* somebody else had made it: nothing of it is ours */
};

/* Zeroed but for descriptors. */
void creation_init(
	struct creation *c, const struct runtime *rt, const struct create_request *request);

/* Everything that can be known without touching anything. relays: the caller has a terminal. */
enum creation_terminal { TERMINAL_NONE, TERMINAL_RELAYED };
int creation_plan(struct creation *c, enum creation_terminal terminal, struct error *e);

/* The container is created; the terminal's master, if any, is in c->stage. */
int creation_do(struct creation *c, struct error *e);

/* Undoes whatever was done, unless committed. */
void creation_release(struct creation *c);

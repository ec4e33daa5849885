/* SPDX-License-Identifier: Apache-2.0 */
/* The network of a container as its later operations see it: what was recorded, and who does it. */
#pragma once

#include "container/state_dir.h"
#include "plan/plan.h"
#include "spec/json.h"
#include "stage/network.h"

/*
 * Before anything is started: the files that tell the container of it, and the record that lets
 * delete end whoever connects it. Nothing for a plan without a network.
 */
int network_expect(const struct state_dir *dir, const struct plan_network *plan, struct error *e);

/* Once it is ready: who does it. */
int network_record(const struct state_dir *dir, const struct plan_network *plan,
	const struct network *network, struct error *e);

/*
 * Ends whoever connects it, when the container's processes are dead: lichen-net sees that by
 * itself, pasta has to be told. Bounded in time.
 */
void network_end(const struct state_dir *dir);

/*
 * What state and port show. The container's status tells why somebody has gone; while it is being
 * made there may be no word of its network yet.
 */
void network_info(
	const struct state_dir *dir, enum container_status status, struct container_network *out);

/* A port as lichen-net tells of it. */
void network_read_port(const struct json *from, struct container_port *out);
void network_add_port(struct container_ports *ports, struct container_port *taken);

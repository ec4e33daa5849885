/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between monitor and engine: one SEQPACKET socket, one struct control a message. The monitor
 * trusts nothing that comes back: the engine is where hostile frames go.
 *
 *   monitor                                   engine
 *   RESOLVERS  the host's name servers ─────▶            at the start, and when they change
 *   ADD        a published port ────────────▶
 *              ◀──────────────────────────── ANSWER      error, or the port that it got
 *   REMOVE     one ─────────────────────────▶
 *              ◀──────────────────────────── ANSWER
 *   SEAL       no privileged ports any more ▶
 *              ◀──────────────────────────── MAP_ME      is in a new user namespace
 *   MAPPED ─────────────────────────────────▶
 *              ◀──────────────────────────── ANSWER      locked up, or why not; frames from here
 *
 * ADD and REMOVE may come before and after SEAL. The end of the socket ends the engine.
 */
#pragma once

#include <sys/types.h>

#include "net/publish.h"
#include "net/resolver_file.h"

enum control_type {
	CONTROL_RESOLVERS,
	CONTROL_ADD,
	CONTROL_REMOVE,
	CONTROL_SEAL,
	CONTROL_MAPPED,
	CONTROL_MAP_ME,
	CONTROL_ANSWER,
};

/* One port of a publication. */
struct forward {
	uint32_t id;
	enum publish_protocol protocol;
	struct net_address host, guest; /* host AF_UNSPEC: all; guest AF_UNSPEC: the container's */
	uint16_t host_port, guest_port; /* host_port 0 in a request: a free one */
};

struct control {
	enum control_type type;
	union {
		struct forward forward; /* ADD; REMOVE: its id; ANSWER to ADD */
		struct {
			size_t n;
			struct resolver_server v[RESOLVER_SERVERS_MAX];
		} resolvers;
		struct {
			uid_t uid;
			gid_t gid;
		} user; /* MAPPED: whom to become */
	};
	struct error error; /* ANSWER; code 0 is success */
};

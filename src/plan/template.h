/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config.json of `lichen spec`: the namespaces, mounts and limits that people know from runc's,
 * with the ID maps that work for the user who asks. Pure: the facts are in the request.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "host/ids.h"
#include "kernel/idmap.h"
#include "net/words.h"

struct template_request {
	enum host_privilege privilege;
	uint32_t uid, gid; /* as an ordinary user: 0 in the container */
	/* As an ordinary user: 1 and up in the container; none: the own ID is mapped alone. */
	struct id_ranges sub_uids, sub_gids;
	struct idmap own_gids; /* as root: the groups that exist where we are */
	const struct network_words *network; /* NULL: a loopback of its own, and no word of it */
	bool terminal;
};

void template_config(const struct template_request *req, struct text *out);

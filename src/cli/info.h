/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of containers: as JSON, with runc's fields in runc's order. */
#pragma once

#include "container/container.h"
#include "spec/json.h"

/* The members are those of slirp4netns's list_hostfwd. */
void info_write_port(struct json_out *j, const struct container_port *port);

void info_write(struct json_out *j, const char *key, const struct container_info *info);

/* Warns of those that can't be read. */
void info_warn(const struct container_infos *infos, const struct log *log);

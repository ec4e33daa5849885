/* SPDX-License-Identifier: Apache-2.0 */
/* The options that ask for a network: those of `create`, `run` and `spec`. */
#pragma once

#include "cli/option.h"
#include "net/words.h"

struct network_values {
	const char *mode;
	struct strings publish, egress;
};

/* The choices are for completion: a mode may have more behind it. The rows for a struct that has
 * network_values as its member "network". */
/* clang-format off */
#define NETWORK_OPTION_ROWS(values)                                                                \
	{ .name = "network", .value = "MODE", .type = OPTION_STRING,                                   \
		.help = "the network (ns:PATH)",                                                       \
		.choices = network_mode_names,                                                         \
		.offset = offsetof(values, network.mode) },                                            \
	{ .shorts = "p", .name = "publish", .value = "PORT", .type = OPTION_LIST,                      \
		.help = "[ADDRESS:]HOST:GUEST[/udp]: a port that leads into the container",            \
		.offset = offsetof(values, network.publish) },                                         \
	{ .name = "egress", .value = "POLICY", .type = OPTION_LIST,                                    \
		.help = "open, deny or allow=ITEM,...: where the container may connect to",            \
		.offset = offsetof(values, network.egress) }
/* clang-format on */

/* EINVAL with what is wrong. Release with network_words_release. */
int network_values_read(
	const struct network_values *values, struct network_words *out, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of a container as words: what --network, -p and --egress say, and, as one text, what
 * the annotation says.
 *
 *     MODE[:KEY=VALUE[,KEY=VALUE...]] [-p SPEC]... [--egress POLICY]...
 *
 * What can be told wrong from the words alone is refused here, so that it is refused the same way
 * wherever they come from.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* Where it stands in config.json. */
#define NETWORK_ANNOTATION "org.lichen.network"

enum network_mode {
	NETWORK_UNSAID, /* nobody has asked for anything */
	NETWORK_NONE, /* a loopback of its own */
	NETWORK_SLIRP, /* lichen-net */
	NETWORK_PASTA, /* pasta, of passt */
	NETWORK_HOST, /* the caller's */
	NETWORK_PATH, /* that of a path */
	NETWORK_AUTO, /* slirp where it works, else none */
	NETWORK_CONFIG, /* what the annotation says, whoever wrote it */
};
extern const struct name network_mode_names[];

enum network_switch { NETWORK_DEFAULT, NETWORK_ON, NETWORK_OFF };

/* Release with network_words_release. */
struct network_words {
	enum network_mode mode;
	char *path; /* of NETWORK_PATH */
	char *cidr; /* the IPv4 network, or NULL: 10.0.2.0/24 */
	uint32_t mtu; /* 0: lichen-net's own */
	enum network_switch ipv6, host_loopback;
	struct strlist publish, egress;
};

/* The mode may be NULL: "slirp" if there is anything to publish or a policy, else UNSAID. */
struct network_options {
	const char *mode;
	const struct strings *publish, *egress;
};
int network_words_of_options(
	const struct network_options *options, struct network_words *out, struct error *e);

int network_words_parse(const char *text, struct network_words *out, struct error *e);

/* As network_words_parse reads them. */
void network_words_print(const struct network_words *words, struct text *out);

void network_words_release(struct network_words *words);

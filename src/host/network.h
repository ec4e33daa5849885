/* SPDX-License-Identifier: Apache-2.0 */
/* What a network for a container needs of this machine: programs, a device, the host's resolver. */
#pragma once

/* Strings are owned; NULL: not there. */
struct host_network {
	char *lichen_net, *pasta; /* absolute paths */
	char *tun_error; /* why /dev/net/tun can't be opened; NULL: it can */
	char *resolv_conf; /* the text of the host's */
};

void host_network_probe(struct host_network *out);
void host_network_release(struct host_network *network);

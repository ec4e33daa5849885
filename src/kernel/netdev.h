/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices, from one network namespace to another: rtnetlink(7). A namespace is known by a
 * socket that was opened in it, which also keeps it alive. Needs CAP_NET_ADMIN in the owners of
 * both.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/* A socket for the network namespace that we are in. */
int netdev_open(struct error *e);

/* A device that was moved, and what it was before; release with netdev_release. */
struct netdev {
	unsigned int index; /* where it is now */
	char name[IF_NAMESIZE]; /* where it came from; likewise: */
	bool up;
	struct text addresses; /* messages of rtnetlink */
};

/*
 * Moves the device and names it; a new name with "%d" in it is completed by the kernel. Its
 * permanent global addresses come along, and it is up then (config-linux.md, Network Devices). On
 * failure it is where it was.
 */
int netdev_move(int from_fd, int to_fd, const char *name, const char *new_name, struct netdev *out,
	struct error *e);

/* Undoes that, as far as it goes. */
int netdev_return(int from_fd, int to_fd, const struct netdev *d, struct error *e);

void netdev_release(struct netdev *d);

/* ---- a device that we have made ---- */

/* mtu in bytes. */
int netdev_bring_up(int fd, const char *name, unsigned int mtu, struct error *e);

/* address is a struct in_addr or in6_addr; IPv6 need not look for duplicates of it. */
int netdev_add_address(int fd, const char *name, int family, const void *address,
	unsigned char bits, struct error *e);

/* The default route. */
int netdev_add_gateway(int fd, const char *name, int family, const void *gateway, struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: the parent moves devices out of its own network namespace, where only it has
 * the right to, into that of init, which hands over a socket of it.
 */
#pragma once

#include "kernel/netdev.h"
#include "plan/plan.h"

/* The devices that were moved so far; release with net_devices_release. */
struct net_devices {
	int from_fd, to_fd;
	size_t n;
	struct netdev *devices;
};

#define NET_DEVICES_NONE                           \
	{                                          \
		.from_fd = -EBADF, .to_fd = -EBADF \
	}

/* One of them; to_fd is the socket, which it takes over. */
int net_devices_move(struct net_devices *n, const struct op *op, int to_fd, struct error *e);

/* Moves all of them back: the container has not come to be. */
void net_devices_undo(struct net_devices *n);

void net_devices_release(struct net_devices *n);

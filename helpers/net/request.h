/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lichen-net: what it was called to do, and which process does it.
 *
 *   monitor      the process that was called. Opens what only the caller can reach, tells when all
 *                is ready, watches the container, the host's resolv.conf and the API socket.
 *   inside       its child, in the container's network namespace: makes and configures the tap
 *                device, then hands out sockets of that namespace for the short way of published
 *                ports (shortcut.h), and can do nothing else any more.
 *   engine       its child, in namespaces of its own with an empty root: libslirp, between the tap
 *                device and sockets of the host's network namespace. Whatever comes from the
 *                container is looked at here and nowhere else.
 *
 * When one of them ends, so do the others, and the tap device with them.
 */
#pragma once

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"
#include "net/address.h"
#include "net/egress.h"
#include "net/vnet.h"

/* slirp4netns(1) calls it that, and callers ask for it. */
#define DEVICE_DEFAULT "tap0"
struct request {
	pid_t pid; /* of the container, or 0 */
	const char *netns_path, *userns_path; /* or NULL: those of pid, our own */
	const char *device;
	struct vnet vnet;
	unsigned int mtu;
	struct ether {
		bool given;
		unsigned char octets[6];
	} mac;
	bool configure, ipv6, host_loopback, dns;
	bool outbound_given, outbound6_given;
	struct in_addr outbound;
	struct in6_addr outbound6;
	struct egress egress;
	struct strings publish; /* as they were written; somebody else's */
	int ready_fd, exit_fd; /* or -EBADF */
	const char *api_socket, *status; /* paths, or NULL */
};

/* Until the container or the caller ends it; the caller's to release. */
int monitor_run(const struct request *q, struct error *e);

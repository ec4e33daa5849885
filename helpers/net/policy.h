/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may leave the container: a verdict for each frame before libslirp sees it. Two kinds of
 * rules: some always hold, as libslirp would connect to the host's loopback or offer services that
 * nobody asked for; and those of --egress, which are about what opens a connection.
 *
 * libslirp makes a socket for a TCP segment only if it opens a connection (frame_opens); any other
 * reaches an existing one or is refused by libslirp. So published ports' answers pass. For UDP
 * whoever serves published ports (datagrams.h) begins a conversation with each peer.
 *
 * No fragment passes, so that libslirp never puts any together: its errors there were many
 * (CVE-2019-14378, CVE-2019-15890, CVE-2020-1983), and a large enough MTU makes none.
 *
 * This is the only judge: libslirp is to be told to allow the host's loopback. Ports that are
 * published for IPv6 must be for IPv6 alone (SLIRP_HOSTFWD_V6ONLY): answers to mapped addresses
 * never pass.
 *
 * Fixed size, no allocation, no system call: time is a parameter, in seconds of a clock that never
 * goes back (CLOCK_BOOTTIME).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conversations.h"
#include "frame.h"
#include "net/egress.h"

/*
 * Our side of the link. Without IPv6, net6 and the addresses of its family are all zeros, and no
 * IPv6 frame passes; the same for IPv4.
 */
struct policy_link {
	struct net_cidr net4, net6; /* 10.0.2.0/24, fd00::/64 */
	struct net_address gateway4, gateway6;
	struct net_address nameserver4, nameserver6;
	bool host_loopback; /* whether the gateway is the host's loopback, for what the guest opens
			     */
	bool dns; /* whether there is a name server on the link at all */
};

enum verdict {
	VERDICT_DROP, /* without a word */
	VERDICT_REJECT, /* with policy_answer */
	VERDICT_PASS, /* on to libslirp */
	VERDICT_ANSWER, /* whole UDP datagram to a peer of a published port: for datagrams.h */
	VERDICT_DNS, /* whole UDP datagram to our name server: its payload is for the forwarder */
};

#define POLICY_PINS_MAX 512
/* A pin lives as long as its record, but in these bounds: programs connect after they looked up. */
#define POLICY_PIN_SECONDS_MIN 60
#define POLICY_PIN_SECONDS_MAX 86400

/* An address that a name in the rules had; 0 in until is a free place. */
struct policy_pin {
	struct net_address address;
	uint16_t port; /* of the rule; 0: any */
	uint64_t until;
};

/* About 300 KiB: not for the stack. */
struct policy {
	struct policy_link link;
	struct egress egress;
	struct policy_pin pins[POLICY_PINS_MAX];
	struct conversations conversations;
};

void policy_init(struct policy *p, const struct policy_link *link, const struct egress *egress);

/* The verdict about a frame from the container. Keeps UDP conversations that pass alive. */
enum verdict policy_judge(struct policy *p, const struct frame *f, uint64_t now);

/*
 * The frame for a rejected one: a reset for TCP, else "administratively prohibited" from the
 * gateway. As frame_reset: its length, or 0 for none; FRAME_ANSWER_MAX is room enough.
 */
size_t policy_answer(const struct policy *p, const struct frame *f, uint8_t *out, size_t size);

/* Whether the container may ask for this name (as dns.h has it): any if open, else the rules'. */
bool policy_name_allowed(const struct policy *p, const char *name);

/*
 * An allowed name has this address for ttl seconds: what the rules for the name allow, passes.
 * Never pinned, whoever says so: what is not a host of the network's own (loopback, link-local,
 * unspecified, multicast, broadcast, mapped), cloud services for the machine, and our own networks.
 * A full table forgets the pin that ends first. Returns whether it is pinned now.
 */
bool policy_pin(struct policy *p, const char *name, const struct net_address *address, uint32_t ttl,
	uint64_t now);

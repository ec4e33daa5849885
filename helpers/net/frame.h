/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet frames of the container's: what one of them is, and answers to it. Every byte comes from
 * inside, so all is checked against the length before it is looked at, as strictly as libslirp does
 * or more: what is well-formed here means the same there. Nothing is allocated or kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

#define FRAME_HEADER 14U /* of Ethernet: two addresses and the type */

enum frame_kind {
	FRAME_MALFORMED, /* shorter than it says, or headers that contradict themselves */
	FRAME_OTHER, /* well-formed, of a type that nobody here speaks; tagged frames too */
	FRAME_ARP, /* request or answer, for IPv4 on Ethernet (RFC 826) */
	FRAME_IPV4,
	FRAME_IPV6,
};

enum frame_fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

/* Bits of tcp_flags (RFC 9293, section 3.1). */
enum { FRAME_FIN = 1, FRAME_SYN = 2, FRAME_RST = 4, FRAME_PSH = 8, FRAME_ACK = 16, FRAME_URG = 32 };

/* A view: the pointers lead into the frame, which has to outlive it. Numbers in host byte order. */
struct frame {
	enum frame_kind kind;
	const uint8_t *bytes; /* the frame, n bytes of it */
	size_t n;

	/* FRAME_IPV4 and FRAME_IPV6; for FRAME_ARP the addresses alone (sender, target). */
	struct net_address source, destination;
	const uint8_t *packet; /* from the IP header to the end that it names, packet_n bytes */
	size_t packet_n;
	enum frame_fragment fragment; /* IPv4 alone: IPv6's is a header of its own */
	/* IPPROTO_*; IPv6: the first next header, whatever it is (0, 43, 44, 60: extensions). */
	uint8_t protocol;

	/* All below: only of a whole packet (FRAGMENT_NONE). TCP and UDP: */
	uint16_t source_port, destination_port;
	/* TCP: */
	uint8_t tcp_flags;
	uint32_t tcp_sequence;
	/* ICMP and ICMPv6: */
	uint8_t icmp_type, icmp_code;
	/* What UDP or TCP carries; of ICMP what follows type, code and checksum. */
	const uint8_t *payload;
	size_t payload_n;
};

/* Looks at n bytes; never fails, since FRAME_MALFORMED is an answer. */
void frame_parse(const uint8_t *bytes, size_t n, struct frame *out);

/* A whole TCP segment that opens a connection: SYN without ACK, RST, FIN and URG. */
bool frame_opens(const struct frame *f);

/* A datagram that is to be written, to the container. */
struct frame_datagram {
	const uint8_t *ether_from, *ether_to; /* 6 octets each */
	struct net_address from, to; /* of one family */
	uint16_t from_port, to_port;
	const uint8_t *payload;
	size_t payload_n;
};

/* As the answers below: its length, or 0 if there is no room for it. */
size_t frame_udp(const struct frame_datagram *d, uint8_t *out, size_t size);

/*
 * The answers: each writes a frame into out, which has room for size bytes, and returns its length,
 * or 0 if there is no such answer to this frame or no room for it. out and the frame don't overlap.
 * The Ethernet addresses are the request's, swapped; lengths and checksums are right.
 */

/* A UDP datagram back to the sender of one, with this payload. */
size_t frame_udp_reply(const struct frame *request, const uint8_t *payload, size_t payload_n,
	uint8_t *out, size_t size);

/*
 * "Administratively prohibited" for what was not let through: ICMP 3/13 (RFC 1812,
 * section 5.2.7.1), ICMPv6 1/1 (RFC 4443, section 3.1), from that address (the gateway's, of the
 * frame's family), quoting up to 576 or 1280 bytes in all. 0 for what is never answered (RFC 1122,
 * section 3.2.2; RFC 4443, section 2.4): ICMP errors, later fragments, from or to what is not one
 * host's address.
 */
size_t frame_unreachable(
	const struct frame *f, const struct net_address *from, uint8_t *out, size_t size);

/* TCP's refusal of a segment that opens a connection (RFC 9293, section 3.10.7.1); else 0. */
size_t frame_reset(const struct frame *f, uint8_t *out, size_t size);

/* Room for any frame_unreachable and frame_reset. */
#define FRAME_ANSWER_MAX (FRAME_HEADER + 1280U)

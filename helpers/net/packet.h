/* SPDX-License-Identifier: Apache-2.0 */
/* Small changes to whole frames: checksums, and another address in place of one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

/* Up to the checksum field of TCP behind the longest IPv4 header. */
#define PACKET_FRONT_MAX (FRAME_HEADER + 60 + 18)

/* As in struct virtio_net_hdr: from the beginning of the frame, and from there. */
struct packet_checksum {
	uint16_t start, offset;
};

/*
 * Puts the sum of the pseudo header alone into the checksum field of a whole TCP segment or UDP
 * datagram, whose first n_front bytes are front and which has n bytes. False, and nothing changed,
 * if it is none or has no checksum.
 */
bool packet_leave_checksum(uint8_t *front, size_t n_front, size_t n, struct packet_checksum *out);

/*
 * Puts an address of the same family into a whole TCP segment or UDP datagram, which f is a view
 * of; the checksums follow (RFC 1624). The view is stale afterwards.
 */
void packet_set_source(uint8_t *bytes, const struct frame *f, const struct net_address *a);
void packet_set_destination(uint8_t *bytes, const struct frame *f, const struct net_address *a);

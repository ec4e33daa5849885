/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <netinet/in.h>
#include <string.h>

#include "wire.h"

/* Offsets: RFC 791, RFC 8200, RFC 9293, RFC 768. */
enum {
	IPV4_HEADER = 20, /* at least */
	IPV4_CHECKSUM = 10,
	IPV4_SOURCE = 12,
	IPV6_HEADER = 40,
	IPV6_SOURCE = 8,
	TCP_CHECKSUM = 16,
	UDP_CHECKSUM = 6,
};

static uint32_t sum16(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += wire_get16(p + i);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t checksum_offset(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? TCP_CHECKSUM : protocol == IPPROTO_UDP ? UDP_CHECKSUM : 0;
}

/* Where the addresses, the transport's header and its data are; false: not such a packet. */
struct layout {
	size_t addresses, addresses_n, transport, transport_n;
	uint8_t protocol;
};

static bool find_layout(const uint8_t *b, size_t n_front, size_t n, struct layout *out)
{
	size_t ip = FRAME_HEADER, length;

	if (n_front < ip + IPV4_HEADER)
		return false;
	if (wire_get16(b + 12) == 0x0800) {
		size_t header = (size_t)(b[ip] & 15) * 4;

		length = wire_get16(b + ip + 2);
		/* Not a fragment: neither "more" nor an offset. */
		if (b[ip] >> 4 != 4 || header < IPV4_HEADER || length < header ||
			wire_get16(b + ip + 6) & 0x3fff)
			return false;
		*out = (struct layout){ ip + IPV4_SOURCE, 8, ip + header, length - header,
			b[ip + 9] };
	} else if (wire_get16(b + 12) == 0x86dd && n_front >= ip + IPV6_HEADER) {
		*out = (struct layout){ ip + IPV6_SOURCE, 32, ip + IPV6_HEADER,
			wire_get16(b + ip + 4), b[ip + 6] };
	} else {
		return false;
	}
	return checksum_offset(out->protocol) &&
		out->transport + checksum_offset(out->protocol) + 2 <= n_front &&
		out->transport + out->transport_n <= n;
}

bool packet_leave_checksum(uint8_t *front, size_t n_front, size_t n, struct packet_checksum *out)
{
	struct layout l;
	uint16_t offset;
	uint8_t *field;

	if (!find_layout(front, n_front, n, &l))
		return false;
	offset = checksum_offset(l.protocol);
	field = front + l.transport + offset;
	/* RFC 768: zero is none. */
	if (l.protocol == IPPROTO_UDP && wire_get16(field) == 0)
		return false;
	wire_put16(field,
		fold(sum16(front + l.addresses, l.addresses_n) + l.protocol +
			(uint32_t)l.transport_n));
	*out = (struct packet_checksum){ (uint16_t)l.transport, offset };
	return true;
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
static void update(uint8_t *field, const uint8_t *old, const uint8_t *new, size_t n)
{
	uint32_t sum = (uint16_t)~wire_get16(field);

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)(uint16_t)~wire_get16(old + i) + wire_get16(new + i);
	wire_put16(field, (uint16_t)~fold(sum));
}

enum side { SOURCE, DESTINATION };

static void set_address(
	uint8_t *bytes, const struct frame *f, const struct net_address *a, enum side side)
{
	size_t size = a->family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
	struct layout l;
	uint8_t *place;

	if (f->source.family != a->family || !find_layout(bytes, f->n, f->n, &l))
		return;
	place = bytes + l.addresses + (side == SOURCE ? 0 : size);
	update(bytes + l.transport + checksum_offset(l.protocol), place, (const uint8_t *)&a->v6,
		size);
	if (a->family == AF_INET)
		update(bytes + FRAME_HEADER + IPV4_CHECKSUM, place, (const uint8_t *)&a->v4, size);
	memcpy(place, &a->v6, size);
}

void packet_set_source(uint8_t *bytes, const struct frame *f, const struct net_address *a)
{
	set_address(bytes, f, a, SOURCE);
}

void packet_set_destination(uint8_t *bytes, const struct frame *f, const struct net_address *a)
{
	set_address(bytes, f, a, DESTINATION);
}

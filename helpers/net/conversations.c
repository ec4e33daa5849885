/* SPDX-License-Identifier: Apache-2.0 */
#include "conversations.h"

#include <stddef.h>

/* One may be in any of so many places, which are searched one by one. */
#define PLACES 8

static uint32_t mix(uint32_t hash, const void *bytes, size_t n)
{
	/* FNV-1a, as RFC 9923 has it. */
	for (const uint8_t *p = bytes; n > 0; p++, n--)
		hash = (hash ^ *p) * 16777619u;
	return hash;
}

static struct conversation *places_of(struct conversations *c, const struct net_address *peer,
	uint16_t peer_port, uint16_t guest_port)
{
	const uint16_t ports[] = { peer_port, guest_port };
	uint32_t hash = mix(
		c->seed, &peer->v6, peer->family == AF_INET ? sizeof(peer->v4) : sizeof(peer->v6));

	hash = mix(hash, ports, sizeof(ports));
	return c->v + (hash ^ hash >> 16) % (CONVERSATIONS_MAX / PLACES) * PLACES;
}

static int is_between(const struct conversation *it, const struct net_address *peer,
	uint16_t peer_port, uint16_t guest_port)
{
	return it->until && it->peer_port == peer_port && it->guest_port == guest_port &&
		net_address_equal(&it->peer, peer);
}

struct conversation *conversations_find(struct conversations *c, const struct net_address *peer,
	uint16_t peer_port, uint16_t guest_port, uint64_t now)
{
	struct conversation *places = places_of(c, peer, peer_port, guest_port);

	for (size_t i = 0; i < PLACES; i++)
		if (places[i].until > now && is_between(&places[i], peer, peer_port, guest_port))
			return &places[i];
	return NULL;
}

/* Seconds are long where many peers come at once. */
static int is_older(const struct conversation *a, const struct conversation *b)
{
	return a->until != b->until ? a->until < b->until : a->begun < b->begun;
}

struct conversation *conversations_begin(struct conversations *c, const struct net_address *peer,
	uint16_t peer_port, uint16_t guest_port, uint64_t now)
{
	struct conversation *places = places_of(c, peer, peer_port, guest_port);
	struct conversation *place = places;

	for (size_t i = 0; i < PLACES; i++) {
		if (is_between(&places[i], peer, peer_port, guest_port)) {
			place = &places[i];
			break;
		}
		if (is_older(&places[i], place))
			place = &places[i];
	}
	*place = (struct conversation){ .peer = *peer,
		.peer_port = peer_port,
		.guest_port = guest_port,
		.until = now + CONVERSATION_SECONDS,
		.begun = ++c->n_begun };
	return place;
}

void conversations_end(struct conversations *c, const struct datagram_port *published)
{
	for (size_t i = 0; i < CONVERSATIONS_MAX; i++)
		if (c->v[i].published == published)
			c->v[i] = (struct conversation){ 0 };
}

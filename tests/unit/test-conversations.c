/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "base/mem.h"
#include "conversations.h"

#define NOW 1000

static struct net_address peer_at(uint32_t number)
{
	return net_address_v4(0xc0000200 + number);
}

static struct conversation *find(
	struct conversations *c, uint32_t peer, uint16_t peer_port, uint64_t now)
{
	struct net_address a = peer_at(peer);

	return conversations_find(c, &a, peer_port, 53, now);
}

static struct conversation *begin(
	struct conversations *c, uint32_t peer, uint16_t peer_port, uint64_t now)
{
	struct net_address a = peer_at(peer);

	return conversations_begin(c, &a, peer_port, 53, now);
}

static void test_one(struct conversations *c)
{
	struct net_address six = net_address_v6(&(struct in6_addr){ .s6_addr = { 192, 0, 2, 1 } });
	struct conversation *it = begin(c, 1, 5000, NOW);
	struct net_address peer = peer_at(1);

	ok(find(c, 1, 5000, NOW) == it, "it is found again");
	ok(!find(c, 1, 5001, NOW) && !find(c, 2, 5000, NOW), "and no other");
	ok(!conversations_find(c, &peer, 5000, 54, NOW), "nor that of another port");
	ok(!conversations_find(c, &six, 5000, 53, NOW), "nor of the other family");
	ok(find(c, 1, 5000, NOW + CONVERSATION_SECONDS - 1), "until it ends");
	ok(!find(c, 1, 5000, NOW + CONVERSATION_SECONDS), "and then no more");
	it->published = (struct datagram_port *)8;
	ok(begin(c, 1, 5000, NOW + 1) == it, "begun anew it has the same place");
	ok(it->published == NULL, "of no published port");
	ok(find(c, 1, 5000, NOW + CONVERSATION_SECONDS), "and lives longer");
}

static void test_end(struct conversations *c)
{
	const struct datagram_port *first = (struct datagram_port *)8;
	const struct datagram_port *second = (struct datagram_port *)16;

	begin(c, 1, 1, NOW)->published = first;
	begin(c, 2, 1, NOW)->published = second;
	begin(c, 3, 1, NOW)->published = first;
	begin(c, 4, 1, NOW);
	conversations_end(c, first);
	ok(!find(c, 1, 1, NOW) && !find(c, 3, 1, NOW), "those of a closed port are gone");
	ok(find(c, 2, 1, NOW) && find(c, 4, 1, NOW), "and no others");
}

/* Somebody who talks is not forgotten for many who say one word each. */
static void test_full(struct conversations *c)
{
	unsigned int kept = 0, found = 0;

	for (uint32_t i = 1; i <= 100000; i++) {
		begin(c, i, 7, NOW + i);
		kept += find(c, 0, 7, NOW + i) || i == 1;
		begin(c, 0, 7, NOW + i);
	}
	is_int(kept, 100000, "who talks is kept");
	for (uint32_t i = 1; i <= 100000; i++)
		found += find(c, i, 7, NOW + 100000) != NULL;
	ok(found > CONVERSATION_SECONDS / 2, "the last ones are there, too (%u)", found);
	ok(found < CONVERSATIONS_MAX, "and no more than there are places");
}

/* All within a second. */
static void test_crowd(struct conversations *c)
{
	unsigned int found = 0;

	for (uint32_t i = 1; i <= 100000; i++)
		begin(c, i, 7, NOW);
	for (uint32_t i = 100000 - 500; i <= 100000; i++)
		found += find(c, i, 7, NOW) != NULL;
	ok(found > 450, "of a crowd the last are there (%u of 501)", found);
}

int main(void)
{
	CLEANUP(mem_free) struct conversations *c = xcalloc(4, sizeof(*c));

	c[2].seed = 7;
	test_one(&c[0]);
	test_end(&c[1]);
	test_full(&c[2]);
	test_crowd(&c[3]);
	return done();
}

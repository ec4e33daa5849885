/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as frames of a container's, each with its length in front (2 bytes).
 * Whatever the policy lets through is no place of the host's; an answer is a well-formed frame
 * back.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-frame tests/fuzz/corpus/frame
 */
#include <stdint.h>
#include <string.h>

#include "frame.h"
#include "policy.h"
#include "wire.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static struct net_cidr cidr(const char *words)
{
	struct net_cidr c;

	require(net_cidr_parse(words, &c) == 0);
	return c;
}

static struct policy *policy(const char *words)
{
	struct policy_link link = { .net4 = cidr("10.0.2.0/24"),
		.net6 = cidr("fd00::/64"),
		.gateway4 = cidr("10.0.2.2").address,
		.gateway6 = cidr("fd00::2").address,
		.nameserver4 = cidr("10.0.2.3").address,
		.nameserver6 = cidr("fd00::3").address,
		.dns = true };
	struct policy *p = xmalloc(sizeof(*p));
	struct egress egress = { 0 };
	struct error e;

	require(egress_add(&egress, words, &e) == 0);
	policy_init(p, &link, &egress);
	return p;
}

/* Every byte that the view leads to is one of the frame's. */
static void check_view(const struct frame *f)
{
	const uint8_t *end = f->bytes + f->n;

	if (f->packet)
		require(f->packet >= f->bytes && f->packet_n <= (size_t)(end - f->packet));
	if (f->payload)
		require(f->payload >= f->packet &&
			f->payload_n <= (size_t)(f->packet + f->packet_n - f->payload));
}

/* By other means than the policy's. */
static void check_passed(const struct frame *f)
{
	const uint8_t *to = f->destination.v6.s6_addr;

	if (f->kind == FRAME_IPV4) {
		require(to[0] != 0 && to[0] != 127 && f->destination.v4.s_addr != INADDR_BROADCAST);
		require(f->source.v4.s_addr != INADDR_ANY);
		require(memcmp(to, "\x0a\0\2", 3) != 0 || to[3] == 2 || to[3] == 3);
	} else if (f->kind == FRAME_IPV6) {
		require(!IN6_IS_ADDR_LOOPBACK(&f->destination.v6));
		require(!IN6_IS_ADDR_UNSPECIFIED(&f->destination.v6));
		require(!IN6_IS_ADDR_V4MAPPED(&f->destination.v6));
		require(!IN6_IS_ADDR_MULTICAST(&f->destination.v6) ||
			f->protocol == IPPROTO_ICMPV6);
		require(memcmp(to, "\xfd\0\0\0\0\0\0", 8) != 0 ||
			(memcmp(to + 8, "\0\0\0\0\0\0", 7) == 0 && (to[15] == 2 || to[15] == 3)));
	} else {
		require(f->kind == FRAME_ARP);
	}
}

static void check_answer(const struct policy *p, const struct frame *f)
{
	uint8_t out[FRAME_ANSWER_MAX];
	size_t n = policy_answer(p, f, out, sizeof(out));
	struct frame back;

	require(n <= sizeof(out));
	if (n == 0)
		return;
	frame_parse(out, n, &back);
	require(back.kind == f->kind && back.fragment == FRAGMENT_NONE);
	require(net_address_equal(&back.destination, &f->source));
	require(!frame_opens(&back));
}

static void check_frame(struct policy *open, struct policy *deny, const uint8_t *bytes, size_t n)
{
	CLEANUP(mem_free) uint8_t *exact = xmalloc(n + !n);
	enum verdict v;
	struct frame f;

	memcpy(exact, bytes, n);
	frame_parse(exact, n, &f);
	check_view(&f);
	v = policy_judge(open, &f, 1);
	if (v == VERDICT_PASS)
		check_passed(&f);
	if (v == VERDICT_DNS)
		require(f.protocol == IPPROTO_UDP && f.payload && f.destination_port == 53);
	check_answer(open, &f);
	v = policy_judge(deny, &f, 1);
	/* What begins something leaves only as ours, or as a question on the link. */
	require(v != VERDICT_PASS || !frame_opens(&f));
	if (f.protocol == IPPROTO_UDP)
		require(v != VERDICT_PASS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(mem_free) struct policy *open = policy("open");
	CLEANUP(mem_free) struct policy *deny = policy("deny");

	while (size >= 2) {
		size_t n = wire_get16(data);

		data += 2;
		size -= 2;
		if (n > size)
			n = size;
		check_frame(open, deny, data, n);
		data += n;
		size -= n;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as the words of a network, and as resolv.conf. What is accepted means, when
 * it is printed, the same again; what is refused has an error.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-words tests/fuzz/corpus/words
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "net/egress.h"
#include "net/publish.h"
#include "net/resolver_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_addresses(const char *words)
{
	char first[NET_CIDR_SIZE], second[NET_CIDR_SIZE];
	struct net_address a, b;
	struct net_cidr c, d;

	if (net_address_parse(words, &a) == 0) {
		require(net_address_parse(net_address_print(&a, first), &b) == 0);
		require(net_address_equal(&a, &b));
	}
	if (net_cidr_parse(words, &c) == 0) {
		require(net_cidr_parse(net_cidr_print(&c, first), &d) == 0);
		require(streq(first, net_cidr_print(&d, second)));
		require(net_cidr_within(&c, &d) && net_cidr_within(&d, &c));
	}
}

static void check_publication(const char *words)
{
	CLEANUP(text_release) struct text first = { 0 }, second = { 0 };
	struct publication p, q;
	struct error e = { 0 };

	if (publication_parse(words, &p, &e) < 0) {
		require(e.code == EINVAL && e.text[0]);
		return;
	}
	require(p.n > 0 && p.guest_port > 0 && p.guest_port + p.n - 1 <= UINT16_MAX);
	require(p.host_port + p.n - 1 <= UINT16_MAX);
	publication_print(&p, &first);
	require(publication_parse(first.s, &q, &e) == 0);
	publication_print(&q, &second);
	require(streq(first.s, second.s));
	require(p.host_port == 0 || publications_overlap(&p, &q));
}

static void check_egress(const char *words)
{
	CLEANUP(text_release) struct text first = { 0 }, second = { 0 };
	struct egress g = { 0 }, h = { 0 };
	struct error e = { 0 };

	if (egress_add(&g, words, &e) < 0) {
		require(e.code == EINVAL && e.text[0] && g.mode == EGRESS_UNSET);
		return;
	}
	require(g.n <= EGRESS_RULES_MAX);
	egress_print(&g, &first);
	require(egress_add(&h, first.s, &e) == 0);
	egress_print(&h, &second);
	require(streq(first.s, second.s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(mem_free) char *words = xstrndup((const char *)data, size);
	CLEANUP(mem_free) char *exact = xmalloc(size + !size);
	struct resolver_file f;

	check_addresses(words);
	check_publication(words);
	check_egress(words);
	memcpy(exact, data, size);
	resolver_file_parse(exact, size, &f);
	require(f.n > 0 && f.n <= RESOLVER_SERVERS_MAX);
	require(strlen(f.search) < sizeof(f.search) && strlen(f.options) < sizeof(f.options));
	return 0;
}

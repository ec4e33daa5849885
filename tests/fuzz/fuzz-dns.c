/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as a query (after its length in 2 bytes) and, behind it, the answer to it.
 * Whatever is a query has a refusal, which answers it; every walk ends.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-dns tests/fuzz/corpus/dns
 */
#include <stdint.h>
#include <string.h>

#include "dns.h"
#include "wire.h"

#include "base/mem.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_name(const char *name)
{
	require(strlen(name) < DNS_NAME_SIZE);
	require(name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.\\")] == '\0');
}

static void check_refusal(const struct dns_query *q, const uint8_t *query, size_t n)
{
	CLEANUP(mem_free) uint8_t *out = xmalloc(n);
	size_t size = dns_refuse(query, n, DNS_REFUSED, out, n);

	require(size == q->end && dns_answers(q, q->id, out, size));
}

static void check_walk(const struct dns_query *q, const uint8_t *answer, size_t n)
{
	struct dns_address a;
	struct dns_walk w;
	size_t found = 0;
	int r;

	dns_walk_begin(&w, q, answer, n);
	while ((r = dns_walk_next(&w, &a)) == 1) {
		require(a.address.family == AF_INET || a.address.family == AF_INET6);
		require(a.ttl <= INT32_MAX);
		check_name(w.name);
		require(++found <= n / 15);
	}
	require(r <= 0 && dns_walk_next(&w, &a) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(mem_free) uint8_t *query = NULL, *answer = NULL;
	struct dns_query q;
	size_t n;

	if (size < 2)
		return 0;
	n = wire_get16(data);
	size -= 2;
	if (n > size)
		n = size;
	query = xmalloc(n + !n);
	memcpy(query, data + 2, n);
	answer = xmalloc(size - n + (size == n));
	memcpy(answer, data + 2 + n, size - n);
	if (dns_query_parse(query, n, &q) < 0) {
		uint8_t out[DNS_HEADER];

		require(dns_refuse(query, n, DNS_FORMERR, out, sizeof(out)) <= DNS_HEADER);
		return 0;
	}
	check_name(q.name);
	check_refusal(&q, query, n);
	if (dns_answers(&q, q.id, answer, size - n))
		check_walk(&q, answer, size - n);
	check_walk(&q, query, n);
	return 0;
}

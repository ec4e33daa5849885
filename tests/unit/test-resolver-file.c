/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "base/str.h"
#include "net/resolver_file.h"

/* The servers as "ADDRESS%SCOPE ADDRESS". */
static void is_file(const char *text, size_t n, const char *servers, const char *search,
	const char *options, const char *what)
{
	CLEANUP(text_release) struct text got = { 0 };
	/* Exactly as large as the text, so that a sanitizer sees what is read beyond it. */
	CLEANUP(mem_free) char *exact = xmalloc(n + !n);
	struct resolver_file f;
	char address[NET_ADDRESS_SIZE];

	memcpy(exact, text, n);
	resolver_file_parse(exact, n, &f);
	for (size_t i = 0; i < f.n; i++)
		text_printf(&got, "%s%s%s%s", i ? " " : "",
			net_address_print(&f.servers[i].address, address),
			f.servers[i].scope[0] ? "%" : "", f.servers[i].scope);
	is_str(got.s, servers, "%s: servers", what);
	is_str(f.search, search, "%s: search", what);
	is_str(f.options, options, "%s: options", what);
}

#define IS(text, servers, search, options, what) \
	is_file(text, sizeof(text) - 1, servers, search, options, what)

static void check_lengths(void)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct resolver_file f;

	text_puts(&text, "search kept\nsearch ");
	for (int i = 0; i < 100; i++)
		text_puts(&text, "example.org ");
	text_puts(&text, "\nnameserver 192.0.2.1\n");
	resolver_file_parse(text.s, text.len, &f);
	is_str(f.search, "kept", "a line without end is none");
	is_int(f.servers[0].address.family, AF_INET, "the next one counts");

	for (int n = RESOLVER_WORDS_SIZE - 1; n <= RESOLVER_WORDS_SIZE; n++) {
		text.len = 0;
		text_printf(&text, "options %0*d\n", n, 0);
		resolver_file_parse(text.s, text.len, &f);
		is_int(strlen(f.options), n < RESOLVER_WORDS_SIZE ? n : 0, "a word of %d", n);
	}
	text.len = 0;
	for (int i = 0; i < 200; i++)
		text_printf(&text, "options option-%d\n", i);
	resolver_file_parse(text.s, text.len, &f);
	ok(strlen(f.options) < RESOLVER_WORDS_SIZE && strlen(f.options) > RESOLVER_WORDS_SIZE - 20,
		"options up to the last that fits");
	ok(str_starts(f.options, "option-0 option-1 "), "... from the first");
	is_str(strrchr(f.options, ' '), " option-102", "... whole ones");
}

int main(void)
{
	IS("", "127.0.0.1", "", "", "an empty file");
	IS("# nameserver 192.0.2.1\n;search x\n\n", "127.0.0.1", "", "", "comments");
	IS("nameserver 192.0.2.1\nnameserver\t2001:db8::1 \nsearch a.example  b.example\n"
	   "options ndots:2 edns0\n",
		"192.0.2.1 2001:db8::1", "a.example b.example", "ndots:2 edns0", "a plain file");
	IS("nameserver 192.0.2.1", "192.0.2.1", "", "", "no end of line");
	IS("nameserver 192.0.2.1\r\nsearch a\r\n", "192.0.2.1", "a", "", "DOS's ends of line");
	IS("nameserver 192.0.2.1 # one\n", "192.0.2.1", "", "", "a word behind the address");
	IS("nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n",
		"1.1.1.1 2.2.2.2 3.3.3.3", "", "", "four servers");
	IS("nameserver fe80::1%eth0\nnameserver fe80::2%3\n", "fe80::1%eth0 fe80::2%3", "", "",
		"scopes");
	IS("nameserver fe80::1%fifteen-letters\nnameserver fe80::1%sixteen--letters\n",
		"fe80::1%fifteen-letters", "", "", "the longest scope");
	IS("nameserver fe80::1%\nnameserver 192.0.2.1%eth0\nnameserver fe80::1%interface-too-long\n"
	   "nameserver [::1]\nnameserver example.org\nnameserver\nnameserver 192.0.2.7\n",
		"192.0.2.7", "", "", "what is no server");
	IS(" nameserver 192.0.2.1\nnameservers 192.0.2.2\nNameserver 192.0.2.3\n", "127.0.0.1", "",
		"", "what is no keyword");
	IS("search a b\ndomain c d\n", "127.0.0.1", "c", "", "domain behind search");
	IS("domain c\nsearch a b\n", "127.0.0.1", "a b", "", "search behind domain");
	IS("search a\nsearch\n", "127.0.0.1", "", "", "an empty search");
	IS("options a\noptions b c\n", "127.0.0.1", "", "a b c", "options add up");
	IS("nameserver 192.0.2.1\0\nsearch a\n", "127.0.0.1", "a", "", "a NUL");
	check_lengths();
	return done();
}

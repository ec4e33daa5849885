/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolv.conf(5), read as the C library reads it: what lichen-net asks, and what a container's own
 * file has of the host's. Pure: the caller reads the file.
 */
#pragma once

#include <net/if.h>
#include <stddef.h>

#include "net/address.h"

#define RESOLVER_SERVERS_MAX 3 /* MAXNS of <resolv.h> */
/* glibc has had no limit since 2.26; this is ours, and what is beyond it is left out whole. */
#define RESOLVER_WORDS_SIZE 1024

struct resolver_server {
	struct net_address address;
	char scope[IF_NAMESIZE]; /* of fe80::1%eth0: a device's name or number; "" if there is none
				  */
};

/* Holds no pointers. */
struct resolver_file {
	size_t n;
	struct resolver_server servers[RESOLVER_SERVERS_MAX]; /* 127.0.0.1 if the file has none */
	char search[RESOLVER_WORDS_SIZE]; /* domains with one blank between; "" if there are none */
	char options[RESOLVER_WORDS_SIZE]; /* likewise: "ndots:2 edns0" */
};

/*
 * Reads n bytes of text, which needs no end. Never fails: what is not understood is no line, as in
 * the C library. The last of several "search" and "domain" lines counts, "options" add up.
 */
void resolver_file_parse(const char *text, size_t n, struct resolver_file *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as the socket calls want them. Ports are in host byte order. */
#pragma once

#include <sys/socket.h>

#include "net/address.h"

/* Returns the size. */
socklen_t sockaddr_of(const struct net_address *a, uint16_t port, struct sockaddr_storage *out);

/* What they say; -1, and AF_UNSPEC, for another family. */
int sockaddr_port(const struct sockaddr_storage *a);
struct net_address sockaddr_address(const struct sockaddr_storage *a);

/* What is behind "%" in resolver_server, as a number; 0 if it is none. */
uint32_t sockaddr_scope(const char *scope);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual network between a container and lichen-net. The numbers are slirp4netns(1)'s, so that
 * what is written down about it holds here.
 */
#pragma once

#include "base/error.h"
#include "net/address.h"

/* The largest that libslirp takes; ten times cheaper for each byte than 1500. */
#define VNET_MTU_DEFAULT  65520
#define VNET_MTU_MIN	  576 /* what every host takes: RFC 791, section 3.1 */
#define VNET_MTU_MIN_IPV6 1280 /* RFC 8200, section 5 */
#define VNET_MTU_MAX	  65521 /* the largest frame of a tap device */

/* 10.0.2.0/24 and fd00::/64 unless another one is asked for; in it .2, .3 and .100. */
struct vnet {
	struct net_cidr network, network6;
	struct net_address gateway, nameserver, guest;
	struct net_address gateway6, nameserver6, guest6;
};

/* cidr may be NULL: the default. The error's text begins with what is wrong with it. */
int vnet_plan(struct vnet *v, const char *cidr, struct error *e);

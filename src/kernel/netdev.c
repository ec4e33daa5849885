/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/netdev.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* As netlink(7) advises for answers; a message of ours is far smaller. */
#define ANSWER_MAX  32768
#define REQUEST_MAX 512
/* A dump is repeated when the addresses change meanwhile. */
#define DUMP_TRIES 10

struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
	};
	char attributes[REQUEST_MAX];
};

/* Looks at each message of an answer; those that end one are not shown. */
typedef void answer_handler(const struct nlmsghdr *message, void *arg);

int netdev_open(struct error *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? error_errno(e, "open a socket for network devices") : fd;
}

void netdev_release(struct netdev *d)
{
	text_release(&d->addresses);
}

/* ---- messages ---- */

static struct request request_for_link(uint16_t type, unsigned int index)
{
	return (struct request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)index },
	};
}

static void add_attribute(struct request *r, uint16_t type, const void *data, size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

	if (NLMSG_ALIGN(r->header.nlmsg_len) + RTA_SPACE(size) > sizeof(*r))
		return;
	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	r->header.nlmsg_len =
		(uint32_t)(NLMSG_ALIGN(r->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len));
}

static void add_name(struct request *r, const char *name)
{
	add_attribute(r, IFLA_IFNAME, name, strlen(name) + 1);
}

/* 1 when the answer is complete, 0 if more is to come, or -errno. */
static int read_answer(const char *data, size_t size, answer_handler *handle, void *arg)
{
	const struct nlmsghdr *m = (const void *)data;

	for (; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size)) {
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(m);

			return error->error < 0 ? error->error : 1;
		}
		if (handle)
			handle(m, arg);
	}
	return 0;
}

/* Sends one request and reads all of its answer. */
static int transact(int fd, const struct request *r, answer_handler *handle, void *arg)
{
	CLEANUP(mem_free) char *buf = xmalloc(ANSWER_MAX);
	int state = 0;

	if (send(fd, r, r->header.nlmsg_len, 0) < 0)
		return -errno;
	while (state == 0) {
		ssize_t n = recv(fd, buf, ANSWER_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		state = read_answer(buf, (size_t)n, handle, arg);
	}
	return state < 0 ? state : 0;
}

/* ---- links ---- */

struct link {
	unsigned int index;
	bool up;
};

static void read_link(const struct nlmsghdr *m, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	struct link *out = arg;

	if (m->nlmsg_type == RTM_NEWLINK)
		*out = (struct link){ .index = (unsigned int)info->ifi_index,
			.up = info->ifi_flags & IFF_UP };
}

static int find_link(int fd, const char *name, struct link *out)
{
	struct request r = request_for_link(RTM_GETLINK, 0);
	struct link found = { 0 };
	int result;

	add_name(&r, name);
	result = transact(fd, &r, read_link, &found);
	if (result < 0)
		return result;
	if (found.index == 0)
		return -ENODEV;
	*out = found;
	return 0;
}

static int rename_link(int fd, unsigned int index, const char *name)
{
	struct request r = request_for_link(RTM_NEWLINK, index);

	add_name(&r, name);
	return transact(fd, &r, NULL, NULL);
}

static int set_up(int fd, unsigned int index)
{
	struct request r = request_for_link(RTM_NEWLINK, index);

	r.link.ifi_flags = r.link.ifi_change = IFF_UP;
	return transact(fd, &r, NULL, NULL);
}

/* Its number may become another one, so it is found again by the name that it gets. */
static int change_namespace(
	int from_fd, int to_fd, unsigned int index, const char *new_name, struct link *out)
{
	CLEANUP(fd_cleanup) int namespace_fd = ioctl(to_fd, SIOCGSKNS);
	struct request r = request_for_link(RTM_NEWLINK, index);
	int result;

	if (namespace_fd < 0)
		return -errno;
	add_attribute(&r, IFLA_NET_NS_FD, &namespace_fd, sizeof(namespace_fd));
	add_name(&r, new_name);
	result = transact(from_fd, &r, NULL, NULL);
	return result < 0 ? result : find_link(to_fd, new_name, out);
}

static int is_same_namespace(int a_fd, int b_fd)
{
	CLEANUP(fd_cleanup) int a = ioctl(a_fd, SIOCGSKNS);
	CLEANUP(fd_cleanup) int b = ioctl(b_fd, SIOCGSKNS);
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino;
}

/* ---- addresses ---- */

struct address_filter {
	unsigned int index;
	struct text *out;
};

static const struct rtattr *find_attribute(const struct nlmsghdr *m, unsigned short type)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	size_t size = IFA_PAYLOAD(m);

	for (const struct rtattr *a = IFA_RTA(info); RTA_OK(a, size); a = RTA_NEXT(a, size))
		if (a->rta_type == type)
			return a;
	return NULL;
}

static uint32_t flags_of(const struct nlmsghdr *m)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	const struct rtattr *a = find_attribute(m, IFA_FLAGS);
	uint32_t flags = info->ifa_flags;

	if (a)
		memcpy(&flags, RTA_DATA(a), sizeof(flags));
	return flags;
}

/* What the specification wants kept: permanent, and global. */
static void keep_address(const struct nlmsghdr *m, void *arg)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	const struct address_filter *filter = arg;
	struct nlmsghdr padded = *m;

	if (m->nlmsg_type != RTM_NEWADDR || info->ifa_index != filter->index ||
		info->ifa_scope != RT_SCOPE_UNIVERSE || !(flags_of(m) & IFA_F_PERMANENT))
		return;
	padded.nlmsg_len = NLMSG_ALIGN(m->nlmsg_len);
	text_add(filter->out, (const char *)&padded, sizeof(padded));
	text_add(filter->out, (const char *)m + sizeof(padded), padded.nlmsg_len - sizeof(padded));
}

static int save_addresses(int fd, unsigned int index, struct text *out)
{
	struct address_filter filter = { .index = index, .out = out };
	struct request r = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = RTM_GETADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int result = -EINTR;

	for (int i = 0; result == -EINTR && i < DUMP_TRIES; i++) {
		out->len = 0;
		result = transact(fd, &r, keep_address, &filter);
	}
	return result;
}

/*
 * As it was, but for what the kernel finds out itself. IPv6 need not look for duplicates again,
 * which would keep the address from use for a second, unless it had found one.
 */
static int add_address(int fd, unsigned int index, const struct nlmsghdr *saved)
{
	static const unsigned short kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST,
		IFA_RT_PRIORITY };
	struct request r = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
				     .nlmsg_type = RTM_NEWADDR,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
					     NLM_F_EXCL } };
	uint32_t flags = flags_of(saved);

	memcpy(&r.address, NLMSG_DATA(saved), sizeof(r.address));
	r.address.ifa_index = index;
	if (r.address.ifa_family == AF_INET6 && !(flags & IFA_F_DADFAILED))
		flags |= IFA_F_NODAD;
	flags &= ~(uint32_t)(IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_SECONDARY);
	r.address.ifa_flags = (unsigned char)flags;
	add_attribute(&r, IFA_FLAGS, &flags, sizeof(flags));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		const struct rtattr *a = find_attribute(saved, kept[i]);

		if (a)
			add_attribute(&r, kept[i], RTA_DATA(a), RTA_PAYLOAD(a));
	}
	return transact(fd, &r, NULL, NULL);
}

static int restore_addresses(int fd, unsigned int index, const struct text *saved)
{
	size_t size = saved->len;
	int result = 0;

	for (const struct nlmsghdr *m = (const void *)saved->s; result == 0 && NLMSG_OK(m, size);
		m = NLMSG_NEXT(m, size))
		result = add_address(fd, index, m);
	return result;
}

/* ---- both ---- */

static int explain_move(int code, const char *name, struct error *e)
{
	error_set(e, -code, "move '%s' into the container's network namespace: %s", name,
		strerror(-code));
	if (code == -EINVAL || code == -EOPNOTSUPP)
		return error_hint(e,
			"some devices belong to their network namespace for good, such as lo and "
			"wireless ones: move a veth, macvlan or ipvlan in its place");
	if (code == -EPERM)
		return error_hint(
			e, "it takes CAP_NET_ADMIN over both network namespaces, here and inside");
	return code;
}

/* Under the new name, or under a free one that the kernel then completes. */
static int move_and_name(
	int from_fd, int to_fd, unsigned int index, const char *new_name, struct netdev *d)
{
	char between[IF_NAMESIZE];
	bool is_template = strchr(new_name, '%');
	struct link link;
	int r;

	snprintf(between, sizeof(between), "lichen%d", getpid());
	r = change_namespace(from_fd, to_fd, index, is_template ? between : new_name, &link);
	if (r < 0)
		return r;
	d->index = link.index;
	return is_template ? rename_link(to_fd, d->index, new_name) : 0;
}

static int look_at(int from_fd, int to_fd, const char *name, const char *new_name, struct link *out,
	struct error *e)
{
	struct link other;
	int r = find_link(from_fd, name, out);

	if (r < 0) {
		error_set(e, -r, "find the network device '%s': %s", name, strerror(-r));
		return error_hint(e, "'ip link' shows those of this network namespace");
	}
	if (is_same_namespace(from_fd, to_fd))
		return error_set(e, EINVAL,
			"the container's network namespace is the one that '%s' is in", name);
	/* The kernel would notice only when the device is there already. */
	if (find_link(to_fd, new_name, &other) == 0)
		return error_set(e, EEXIST,
			"the container's network namespace has a device '%s' already", new_name);
	return 0;
}

int netdev_move(int from_fd, int to_fd, const char *name, const char *new_name, struct netdev *out,
	struct error *e)
{
	CLEANUP(netdev_release) struct netdev d = { 0 };
	struct link link;
	int r = look_at(from_fd, to_fd, name, new_name, &link, e);

	if (r < 0)
		return r;
	snprintf(d.name, sizeof(d.name), "%s", name);
	d.up = link.up;
	r = save_addresses(from_fd, link.index, &d.addresses);
	if (r == 0)
		r = move_and_name(from_fd, to_fd, link.index, new_name, &d);
	if (r == 0)
		r = restore_addresses(to_fd, d.index, &d.addresses);
	if (r == 0)
		r = set_up(to_fd, d.index);
	if (r < 0) {
		struct error ignored;

		/* Moved, but not renamed, because somebody there was quicker with that name. */
		if (d.index == 0 && find_link(from_fd, name, &link) == -ENODEV &&
			find_link(to_fd, name, &link) == 0)
			d.index = link.index;
		if (d.index > 0)
			(void)netdev_return(to_fd, from_fd, &d, &ignored);
		return explain_move(r, name, e);
	}
	*out = d;
	d = (struct netdev){ 0 };
	return 0;
}

int netdev_return(int from_fd, int to_fd, const struct netdev *d, struct error *e)
{
	struct link link;
	int r = change_namespace(from_fd, to_fd, d->index, d->name, &link);

	if (r == 0)
		r = restore_addresses(to_fd, link.index, &d->addresses);
	if (r == 0 && d->up)
		r = set_up(to_fd, link.index);
	return r < 0 ? error_set(e, -r, "move '%s' back: %s", d->name, strerror(-r)) : 0;
}

/* ---- a device that we have made ---- */

static size_t address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

int netdev_bring_up(int fd, const char *name, unsigned int mtu, struct error *e)
{
	struct request r = request_for_link(RTM_NEWLINK, 0);
	struct link link;
	int result = find_link(fd, name, &link);

	if (result == 0) {
		r.link.ifi_index = (int)link.index;
		r.link.ifi_flags = r.link.ifi_change = IFF_UP;
		add_attribute(&r, IFLA_MTU, &mtu, sizeof(mtu));
		result = transact(fd, &r, NULL, NULL);
	}
	return result < 0 ? error_set(e, -result, "bring up %s with an MTU of %u: %s", name, mtu,
				    strerror(-result))
			  : 0;
}

int netdev_add_address(int fd, const char *name, int family, const void *address,
	unsigned char bits, struct error *e)
{
	struct request r = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.address = { .ifa_family = (unsigned char)family,
			.ifa_prefixlen = bits,
			.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0,
			.ifa_scope = RT_SCOPE_UNIVERSE },
	};
	struct link link;
	int result = find_link(fd, name, &link);

	if (result == 0) {
		r.address.ifa_index = link.index;
		add_attribute(&r, IFA_LOCAL, address, address_size(family));
		add_attribute(&r, IFA_ADDRESS, address, address_size(family));
		result = transact(fd, &r, NULL, NULL);
	}
	return result < 0
		? error_set(e, -result, "give %s its address: %s", name, strerror(-result))
		: 0;
}

int netdev_add_gateway(int fd, const char *name, int family, const void *gateway, struct error *e)
{
	struct request r = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.route = { .rtm_family = (unsigned char)family,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_BOOT,
			.rtm_scope = RT_SCOPE_UNIVERSE,
			.rtm_type = RTN_UNICAST },
	};
	struct link link;
	int result = find_link(fd, name, &link);

	if (result == 0) {
		add_attribute(&r, RTA_GATEWAY, gateway, address_size(family));
		add_attribute(&r, RTA_OIF, &link.index, sizeof(link.index));
		result = transact(fd, &r, NULL, NULL);
	}
	return result < 0
		? error_set(e, -result, "add the default route by %s: %s", name, strerror(-result))
		: 0;
}

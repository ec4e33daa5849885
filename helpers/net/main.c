/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lichen-net: the network of one container, in user space. Its command line is that of slirp4netns,
 * so that who calls that can call this; lichen uses the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/option_help.h"
#include "config.h"
#include "kernel/process.h"
#include "request.h"

struct values {
	bool configure, ipv6, disable_host_loopback, disable_dns, version;
	const char *ready_fd, *exit_fd, *cidr, *netns_type, *userns_path, *mac, *outbound,
		*outbound6;
	const char *api_socket, *status;
	unsigned int mtu;
	struct strings publish, egress;
};

#define OFFSET(member) .offset = offsetof(struct values, member)

/* clang-format off */
static const struct option_def options[] = {
	{ .shorts = "c", .name = "configure", .type = OPTION_FLAG, OFFSET(configure),
		.help = "bring the device up, with addresses and routes" },
	{ .shorts = "e", .name = "exit-fd", .value = "FD", .type = OPTION_STRING, OFFSET(exit_fd),
		.help = "end when the other end of this descriptor is closed" },
	{ .shorts = "r", .name = "ready-fd", .value = "FD", .type = OPTION_STRING, OFFSET(ready_fd),
		.help = "write \"1\" to this descriptor when all is ready" },
	{ .shorts = "m", .name = "mtu", .value = "BYTES", .type = OPTION_NUMBER, OFFSET(mtu),
		.help = "of the device (default: 65520)" },
	{ .shorts = "6", .name = "enable-ipv6", .type = OPTION_FLAG, OFFSET(ipv6),
		.help = "IPv6, too" },
	{ .shorts = "a", .name = "api-socket", .value = "PATH", .type = OPTION_STRING,
		OFFSET(api_socket), .complete = COMPLETE_FILE,
		.help = "listen there for requests about ports" },
	{ .name = "cidr", .value = "CIDR", .type = OPTION_STRING, OFFSET(cidr),
		.help = "the network (default: 10.0.2.0/24)" },
	{ .name = "disable-host-loopback", .type = OPTION_FLAG, OFFSET(disable_host_loopback),
		.help = "the gateway's address does not lead to the host's loopback" },
	{ .name = "disable-dns", .type = OPTION_FLAG, OFFSET(disable_dns),
		.help = "no name server" },
	{ .name = "netns-type", .value = "TYPE", .type = OPTION_STRING, OFFSET(netns_type),
		.help = "what PID|PATH is: path or pid (default: pid)" },
	{ .name = "userns-path", .value = "PATH", .type = OPTION_STRING, OFFSET(userns_path),
		.complete = COMPLETE_FILE, .help = "the user namespace to enter first" },
	{ .name = "outbound-addr", .value = "ADDRESS", .type = OPTION_STRING, OFFSET(outbound),
		.help = "the host's address from which connections are made" },
	{ .name = "outbound-addr6", .value = "ADDRESS", .type = OPTION_STRING, OFFSET(outbound6),
		.help = "the same for IPv6" },
	{ .name = "macaddress", .value = "MAC", .type = OPTION_STRING, OFFSET(mac),
		.help = "of the device" },
	{ .shorts = "p", .name = "publish", .value = "PORT", .type = OPTION_LIST,
		OFFSET(publish), .help = "[ADDRESS:]HOST:GUEST[/udp]: a port of the host leads inside" },
	{ .name = "egress", .value = "POLICY", .type = OPTION_LIST, OFFSET(egress),
		.help = "where the container may connect to: open, deny, allow=ITEM,..." },
	{ .name = "status", .value = "FILE", .type = OPTION_STRING, OFFSET(status),
		.complete = COMPLETE_FILE, .help = "keep addresses, ports and health there, as JSON" },
	{ .name = "enable-sandbox", .type = OPTION_IGNORED,
		.help = "always on: an empty root, no capabilities" },
	{ .name = "enable-seccomp", .type = OPTION_IGNORED,
		.help = "always on: the system calls that it needs alone" },
	{ .shorts = "v", .name = "version", .type = OPTION_FLAG, OFFSET(version),
		.help = "print the version and exit" },
	OPTION_LAST_ROWS
};
/* clang-format on */

static int read_fd(const char *name, const char *word, int *out, struct error *e)
{
	uint64_t fd;

	if (!word)
		return 0;
	if (str_u64(word, INT32_MAX, &fd) < 0 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(e, EBADF, "--%s '%s' is no open descriptor", name, word);
	*out = (int)fd;
	return 0;
}

static int read_mac(const char *word, struct ether *out, struct error *e)
{
	char end;

	if (!word)
		return 0;
	if (strlen(word) != 17 ||
		sscanf(word, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &out->octets[0],
			&out->octets[1], &out->octets[2], &out->octets[3], &out->octets[4],
			&out->octets[5], &end) != 6)
		return error_set(e, EINVAL, "--macaddress '%s' is not six pairs of digits", word);
	out->given = true;
	return 0;
}

static int read_address(const char *option, const char *word, sa_family_t family,
	struct net_address *out, struct error *e)
{
	if (net_address_parse(word, out) < 0 || out->family != family)
		return error_set(e, EINVAL, "--%s '%s' is no %s address", option, word,
			family == AF_INET ? "IPv4" : "IPv6");
	return 0;
}

static int read_outbound(const struct values *v, struct request *q, struct error *e)
{
	struct net_address a;
	int r = 0;

	if (v->outbound) {
		r = read_address("outbound-addr", v->outbound, AF_INET, &a, e);
		q->outbound = a.v4;
		q->outbound_given = true;
	}
	if (r == 0 && v->outbound6) {
		r = read_address("outbound-addr6", v->outbound6, AF_INET6, &a, e);
		q->outbound6 = a.v6;
		q->outbound6_given = true;
	}
	return r;
}

static int read_target(
	const struct values *v, const struct strings *operands, struct request *q, struct error *e)
{
	uint64_t pid;

	if (operands->n < 1 || operands->n > 2)
		return error_set(e, EINVAL, "expected PID|PATH [DEVICE]");
	q->device = operands->n > 1 ? operands->v[1] : DEVICE_DEFAULT;
	if (strlen(q->device) >= IFNAMSIZ || strchr(q->device, '/') || !*q->device)
		return error_set(e, EINVAL, "'%s' can't be a device's name", q->device);
	q->userns_path = v->userns_path;
	if (v->netns_type && streq(v->netns_type, "path")) {
		q->netns_path = operands->v[0];
		return 0;
	}
	if (v->netns_type && !streq(v->netns_type, "pid"))
		return error_set(
			e, EINVAL, "--netns-type '%s' is neither path nor pid", v->netns_type);
	if (str_u64(operands->v[0], INT32_MAX, &pid) < 0 || pid == 0) {
		error_set(e, EINVAL, "'%s' is no process", operands->v[0]);
		return error_hint(e, "for a path: --netns-type=path");
	}
	q->pid = (pid_t)pid;
	return 0;
}

static int read_rules(const struct values *v, struct request *q, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->egress.n; i++)
		r = egress_add(&q->egress, v->egress.v[i], e);
	return r;
}

static int read_mtu(unsigned int mtu, unsigned int min, struct error *e)
{
	if (mtu < min || mtu > VNET_MTU_MAX)
		return error_set(
			e, ERANGE, "--mtu %u is not between %u and %d", mtu, min, VNET_MTU_MAX);
	return 0;
}

static int read_cidr(const char *cidr, struct vnet *out, struct error *e)
{
	int r = vnet_plan(out, cidr, e);

	return r < 0 ? error_context(e, "--cidr") : 0;
}

static int read_request(
	const struct values *v, const struct strings *operands, struct request *q, struct error *e)
{
	int r = read_target(v, operands, q, e);

	q->mtu = v->mtu;
	q->configure = v->configure;
	q->ipv6 = v->ipv6;
	q->host_loopback = !v->disable_host_loopback;
	q->dns = !v->disable_dns;
	q->publish = v->publish;
	q->api_socket = v->api_socket;
	q->status = v->status;
	if (r == 0)
		r = read_mtu(v->mtu, v->ipv6 ? VNET_MTU_MIN_IPV6 : VNET_MTU_MIN, e);
	if (r == 0)
		r = read_cidr(v->cidr, &q->vnet, e);
	if (r == 0)
		r = read_fd("ready-fd", v->ready_fd, &q->ready_fd, e);
	if (r == 0)
		r = read_fd("exit-fd", v->exit_fd, &q->exit_fd, e);
	if (r == 0)
		r = read_mac(v->mac, &q->mac, e);
	if (r == 0)
		r = read_outbound(v, q, e);
	return r < 0 ? r : read_rules(v, q, e);
}

static void print_help(void)
{
	CLEANUP(text_release) struct text text = { 0 };

	text_puts(&text,
		"usage: lichen-net [OPTIONS] PID|PATH [DEVICE]\n\n"
		"The network of a container, in user space.\n\noptions:\n");
	options_describe(options, &text);
	text_puts(&text, "\n'man lichen-net' tells more.\n");
	fputs(text.s, stdout);
}

/* man/check-man.sh compares the page with this. */
static void print_options(void)
{
	CLEANUP(text_release) struct text text = { 0 };

	options_list("lichen-net", options, &text);
	fputs(text.s, stdout);
}

static int run(const char *const *words, struct values *v, struct error *e)
{
	static const struct option_grammar grammar = {
		.command = "lichen-net", .options = options, .order = OPTIONS_ANYWHERE
	};
	CLEANUP(mem_free) struct request *q = xcalloc(1, sizeof(*q));
	struct strings operands = { 0 };
	int r = options_parse(&grammar, words, v, &operands, e);

	q->ready_fd = q->exit_fd = -EBADF;
	if (r == OPTIONS_HELP) {
		print_help();
		r = 0;
	} else if (r == 0 && v->version) {
		printf("lichen-net version " PACKAGE_VERSION "\n");
	} else if (r == 0) {
		r = read_request(v, &operands, q, e);
		if (r == 0) {
			int keep[] = { q->ready_fd, q->exit_fd };

			process_close_except(STDERR_FILENO + 1, keep, ARRAY_SIZE(keep));
			r = monitor_run(q, e);
		}
	}
	free(operands.v);
	return r;
}

/* No descriptor of ours is to become the standard input, output or error of a child. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(fd);
}

int main(int argc, char **argv)
{
	struct values v = { .mtu = VNET_MTU_DEFAULT };
	struct error e = { 0 };
	int r;

	open_standard_descriptors();
	if (argc == 2 && streq(argv[1], "__options")) {
		print_options();
		return EXIT_SUCCESS;
	}
	r = run((const char *const *)argv + (argc > 0), &v, &e);
	options_release(options, &v);
	if (r >= 0 && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "lichen-net: %s\n", e.text);
	if (*e.hint)
		fprintf(stderr, "hint: %s\n", e.hint);
	return EXIT_FAILURE;
}

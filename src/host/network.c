/* SPDX-License-Identifier: Apache-2.0 */
#include "host/network.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "host/cgroup.h"
#include "host/ids.h"

#define RESOLV_CONF_MAX (64u << 10)

/* Opening makes no device: tuntap.rst of the kernel's documentation. */
static char *tun_error(void)
{
	CLEANUP(fd_cleanup) int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	return fd < 0 ? xstrdup(strerror(errno)) : NULL;
}

void host_network_probe(struct host_network *out)
{
	*out = (struct host_network){ .lichen_net = host_find_helper("lichen-net"),
		.pasta = host_find_program("pasta"),
		.tun_error = tun_error() };
	(void)file_read_text(
		AT_FDCWD, "/etc/resolv.conf", RESOLV_CONF_MAX, &out->resolv_conf, NULL);
}

void host_network_release(struct host_network *network)
{
	free(network->lichen_net);
	free(network->pasta);
	free(network->tun_error);
	free(network->resolv_conf);
	*network = (struct host_network){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "kernel/namespace.h"
#include "kernel/netdev.h"
#include "kernel/process.h"
#include "sandbox.h"

_Static_assert(TAP_HEADER_SIZE == sizeof(struct virtio_net_hdr), "tun(4)'s default");

struct target {
	int user_fd, network_fd; /* user_fd is -EBADF if it is our own */
};

static void target_release(struct target *t)
{
	fd_close(t->user_fd);
	fd_close(t->network_fd);
}

static int is_ours(int namespace_fd)
{
	CLEANUP(fd_cleanup) int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	return own >= 0 && namespace_inode(own) == namespace_inode(namespace_fd);
}

static int open_target(const struct request *q, struct target *out, struct error *e)
{
	CLEANUP(mem_free) char *network = NULL, *user = NULL;
	CLEANUP(target_release) struct target t = { -EBADF, -EBADF };

	network = q->netns_path ? xstrdup(q->netns_path) : xasprintf("/proc/%d/ns/net", q->pid);
	t.network_fd = namespace_open(network, CLONE_NEWNET, e);
	if (t.network_fd < 0)
		return -e->code;
	if (q->userns_path)
		user = xstrdup(q->userns_path);
	else if (q->pid)
		user = xasprintf("/proc/%d/ns/user", q->pid);
	if (user)
		t.user_fd = namespace_open(user, CLONE_NEWUSER, e);
	if (user && t.user_fd < 0)
		return -e->code;
	/* setns(2) refuses the user namespace that we are in. */
	if (t.user_fd >= 0 && is_ours(t.user_fd))
		t.user_fd = fd_close(t.user_fd);
	*out = (struct target){ fd_take(&t.user_fd), fd_take(&t.network_fd) };
	return 0;
}

static int enter(const struct target *t, struct error *e)
{
	int r = 0;

	if (t->user_fd >= 0)
		r = namespace_enter(t->user_fd, CLONE_NEWUSER, e);
	if (r >= 0)
		r = namespace_enter(t->network_fd, CLONE_NEWNET, e);
	return r;
}

static int open_tun(struct error *e)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	error_errno(e, "open '/dev/net/tun'");
	if (e->code == ENOENT || e->code == ENODEV)
		return error_hint(e,
			"as root: modprobe tun; in a container, it has to be started "
			"with --device /dev/net/tun");
	if (e->code == EACCES || e->code == EPERM)
		return error_hint(e, "as root: chmod 0666 /dev/net/tun, which is its usual mode");
	return -e->code;
}

static int set_mac(int fd, const struct ether *mac, const char *device, struct error *e)
{
	struct ifreq r = { .ifr_hwaddr.sa_family = 1 /* ARPHRD_ETHER */ };

	if (!mac->given)
		return 0;
	memcpy(r.ifr_name, device, strnlen(device, IFNAMSIZ - 1));
	memcpy(r.ifr_hwaddr.sa_data, mac->octets, sizeof(mac->octets));
	return ioctl(fd, SIOCSIFHWADDR, &r) < 0 ? error_errno(e, "give %s its address", device) : 0;
}

static int make_tap(const struct request *q, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open_tun(e);
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	if (fd < 0)
		return fd;
	memcpy(r.ifr_name, q->device, strnlen(q->device, IFNAMSIZ - 1));
	if (ioctl(fd, TUNSETIFF, &r) < 0)
		return error_errno(e, "make the tap device %s", q->device);
	return fd_take(&fd);
}

static int add_addresses(const struct request *q, int fd, struct error *e)
{
	const struct vnet *v = &q->vnet;
	int r = netdev_add_address(fd, q->device, AF_INET, &v->guest.v4, v->network.bits, e);

	if (r == 0)
		r = netdev_add_gateway(fd, q->device, AF_INET, &v->gateway.v4, e);
	if (r < 0 || !q->ipv6)
		return r;
	r = netdev_add_address(fd, q->device, AF_INET6, &v->guest6.v6, v->network6.bits, e);
	return r < 0 ? r : netdev_add_gateway(fd, q->device, AF_INET6, &v->gateway6.v6, e);
}

static int configure(const struct request *q, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = netdev_open(e);
	CLEANUP(fd_cleanup) int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fd;
	if (socket_fd < 0)
		return error_errno(e, "open a socket");
	r = set_mac(socket_fd, &q->mac, q->device, e);
	if (r == 0 && q->configure)
		r = namespace_loopback_up(e);
	if (r == 0 && q->configure)
		r = netdev_bring_up(fd, q->device, q->mtu, e);
	if (r == 0 && q->configure)
		r = add_addresses(q, fd, e);
	return r;
}

static int prepare(const struct request *q, const struct target *t, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = enter(t, e);

	if (r < 0)
		return r;
	fd = make_tap(q, e);
	if (fd < 0)
		return fd;
	r = configure(q, e);
	return r < 0 ? r : fd_take(&fd);
}

/*
 * One for each byte; ends with the engine, which has the other end. None is sent in advance, and
 * one that can't be sent ends nothing: descriptors on their way count against all of a user's
 * processes (unix(7), ETOOMANYREFS).
 */
static void hand_out_sockets(int channel_fd)
{
	char byte;

	while (recv(channel_fd, &byte, 1, 0) == 1) {
		CLEANUP(fd_cleanup)
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ssize_t r = fd_send(channel_fd, "", 1, &fd, fd >= 0);

		if (r == -ETOOMANYREFS)
			r = fd_send(channel_fd, "", 1, NULL, 0);
		if (r < 0)
			return;
	}
}

static void run_inside(const struct request *q, const struct target *t, int channel_fd)
{
	struct error e = { 0 };
	int tap_fd = process_set_dumpable(PROCESS_HIDDEN, &e), keep[] = { channel_fd };

	/* The container's root is not to look into us while we have the host's. */
	if (tap_fd == 0)
		tap_fd = prepare(q, t, &e);
	if (fd_send(channel_fd, &e, sizeof(e), &tap_fd, tap_fd >= 0) < 0 || tap_fd < 0)
		return;
	close(tap_fd);
	process_close_except(0, keep, ARRAY_SIZE(keep));
	if (sandbox_enter_root(&e) < 0 || sandbox_lock(SANDBOX_INSIDE, &e) < 0)
		return;
	hand_out_sockets(channel_fd);
}

static int receive_tap(struct inside *i, struct error *e)
{
	struct error answer;
	size_t n_fds = 0;
	int fds[FD_SEND_MAX];
	ssize_t n = fd_wait(i->sockets_fd, INSIDE_TIMEOUT_MS);

	if (n == 0)
		return error_set(e, ETIMEDOUT, "the container's network namespace: no answer");
	n = fd_receive(i->sockets_fd, &answer, sizeof(answer), fds, &n_fds);
	if (n != sizeof(answer))
		return error_set(e, EIO, "the process in the container's network namespace died");
	if (n_fds != 1) {
		*e = answer;
		return error_context(e, "the container's network");
	}
	i->tap_fd = fds[0];
	return 0;
}

int inside_start(const struct request *q, struct inside *out, struct error *e)
{
	CLEANUP(target_release) struct target t = { -EBADF, -EBADF };
	CLEANUP(inside_release) struct inside i = { 0, -EBADF, -EBADF, -EBADF };
	int pair[2], r = open_target(q, &t, e);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, "make a socket pair");
	i.pid = fork();
	if (i.pid == 0) {
		close(pair[0]);
		run_inside(q, &t, pair[1]);
		_exit(1);
	}
	close(pair[1]);
	i.sockets_fd = pair[0];
	if (i.pid < 0)
		return error_errno(e, "fork");
	i.pidfd = sys_pidfd_open(i.pid, 0);
	r = receive_tap(&i, e);
	if (r < 0)
		return r;
	*out = i;
	i = (struct inside){ 0, -EBADF, -EBADF, -EBADF };
	return 0;
}

void inside_release(struct inside *i)
{
	fd_close(i->tap_fd);
	fd_close(i->sockets_fd);
	fd_close(i->pidfd);
	if (i->pid <= 0)
		return;
	kill(i->pid, SIGKILL);
	(void)waitpid(i->pid, NULL, 0);
}

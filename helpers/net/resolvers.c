/* SPDX-License-Identifier: Apache-2.0 */
/* The host's name servers, and when they change. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "monitor.h"

#define RESOLV_CONF	"/etc/resolv.conf"
#define RESOLV_CONF_MAX 65536

/* The engine may not ask the kernel for a device's number. */
static void number_scope(struct resolver_server *s)
{
	unsigned int index = if_nametoindex(s->scope);

	if (index > 0)
		(void)snprintf(s->scope, sizeof(s->scope), "%u", index);
}

void resolvers_tell(const struct monitor *m)
{
	struct control message = { .type = CONTROL_RESOLVERS };
	CLEANUP(mem_free) char *text = NULL;
	struct resolver_file file;
	struct error ignored;
	size_t n = 0;

	/* Without the file it is what resolv.conf(5) says: 127.0.0.1. */
	(void)file_read_text(AT_FDCWD, RESOLV_CONF, RESOLV_CONF_MAX, &text, &n);
	resolver_file_parse(text ? text : "", n, &file);
	message.resolvers.n = file.n;
	for (size_t i = 0; i < file.n; i++) {
		message.resolvers.v[i] = file.servers[i];
		number_scope(&message.resolvers.v[i]);
	}
	(void)monitor_tell(m, &message, &ignored);
}

/* The file may be replaced, be a link to one that is, or be a mount of its own. */
int resolvers_watch(void)
{
	const uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR;
	CLEANUP(mem_free) char *path = realpath(RESOLV_CONF, NULL);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (fd < 0)
		return -errno;
	(void)inotify_add_watch(fd, "/etc", changes);
	(void)inotify_add_watch(fd, RESOLV_CONF, IN_CLOSE_WRITE);
	if (slash && slash > path) {
		*slash = '\0';
		(void)inotify_add_watch(fd, path, changes | IN_MASK_ADD);
	}
	return fd;
}

void resolvers_changed(struct monitor *m)
{
	fd_close(m->watch_fd);
	m->watch_fd = resolvers_watch();
	resolvers_tell(m);
}

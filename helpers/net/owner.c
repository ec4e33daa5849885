/* SPDX-License-Identifier: Apache-2.0 */
/* Which process has a port: the sockets' numbers of proc(5), looked for in processes' descriptors.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "monitor.h"

#define TABLE_MAX (1u << 20) /* bytes of /proc/net/tcp; a machine with more finds nobody */

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001  0 12345 ..."
 */
static uint64_t inode_in(const char *line, uint16_t port, enum publish_protocol protocol)
{
	unsigned int found, state;
	unsigned long inode;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu",
		    &found, &state, &inode) != 3)
		return 0;
	/* 0A is TCP_LISTEN. */
	return found == port && (protocol == PUBLISH_UDP || state == 0x0a) ? inode : 0;
}

static uint64_t find_inode(const char *table, uint16_t port, enum publish_protocol protocol)
{
	CLEANUP(mem_free) char *text = NULL;
	uint64_t inode = 0;
	char *rest;

	if (file_read_text(AT_FDCWD, table, TABLE_MAX, &text, NULL) < 0)
		return 0;
	rest = text;
	for (char *line = strsep(&rest, "\n"); line && !inode; line = strsep(&rest, "\n"))
		inode = inode_in(line, port, protocol);
	return inode;
}

static bool has_descriptor(const char *pid, const char *wanted)
{
	char path[300], link[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = streq(link, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void describe(const char *pid, struct text *out)
{
	CLEANUP(mem_free) char *name = NULL;
	char path[300];

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	(void)file_read_text(AT_FDCWD, path, 64, &name, NULL);
	text_printf(out, "process %s (", pid);
	if (name)
		name[strcspn(name, "\n")] = '\0';
	text_puts_printable(out, name ? name : "?");
	text_puts(out, ")");
}

bool ports_find_owner(const struct forward *f, struct text *out)
{
	static const char *const tables[2][2] = { { "/proc/net/tcp", "/proc/net/tcp6" },
		{ "/proc/net/udp", "/proc/net/udp6" } };
	const char *const *two = tables[f->protocol == PUBLISH_UDP];
	uint64_t inode = find_inode(two[0], f->host_port, f->protocol);
	struct dirent *entry;
	char wanted[64];
	bool found = false;
	DIR *proc;

	if (!inode)
		inode = find_inode(two[1], f->host_port, f->protocol);
	(void)snprintf(wanted, sizeof(wanted), "socket:[%llu]", (unsigned long long)inode);
	proc = inode ? opendir("/proc") : NULL;
	while (proc && !found && (entry = readdir(proc))) {
		found = isdigit((unsigned char)entry->d_name[0]) &&
			has_descriptor(entry->d_name, wanted);
		if (found)
			describe(entry->d_name, out);
	}
	if (proc)
		closedir(proc);
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "host/ids.h"

#define FILE_MAX 4096

static const struct name files[] = { { "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS },
	{ "uts", CLONE_NEWUTS }, { "ipc", CLONE_NEWIPC }, { "pid", CLONE_NEWPID },
	{ "net", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { 0 } };

static int compare(pid_t pid, const struct name *file, uint64_t *out, struct error *e)
{
	CLEANUP(mem_free) char *own_path = xasprintf("/proc/self/ns/%s", file->name);
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/ns/%s", pid, file->name);
	struct stat own, st;

	/* A kernel without this kind: time namespaces are Linux 5.6. */
	if (stat(own_path, &own) < 0 && errno == ENOENT)
		return 0;
	if (stat(path, &st) < 0)
		return error_errno(e, "look at '%s'", path);
	if (st.st_ino != own.st_ino)
		*out |= (uint64_t)file->value;
	return 0;
}

static int probe(pid_t pid, struct surroundings *out, struct error *e)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/setgroups", pid);
	CLEANUP(mem_free) char *text = NULL;
	int r = 0;

	for (const struct name *file = files; r == 0 && file->name; file++)
		r = compare(pid, file, &out->namespaces, e);
	if (r == 0)
		r = host_map_of(pid, IDMAP_UID, &out->uids, e);
	if (r == 0)
		r = host_map_of(pid, IDMAP_GID, &out->gids, e);
	if (r < 0)
		return r;
	r = file_read_text(AT_FDCWD, path, FILE_MAX, &text, NULL);
	if (r < 0)
		return error_set(e, -r, "read '%s': %s", path, strerror(-r));
	out->denies_setgroups = str_starts(text, "deny");
	return 0;
}

int surroundings_probe(pid_t pid, struct surroundings *out, struct error *e)
{
	CLEANUP(surroundings_release) struct surroundings s = { 0 };
	int r = probe(pid, &s, e);

	if (r < 0)
		return r;
	*out = s;
	s = (struct surroundings){ 0 };
	return 0;
}

void surroundings_release(struct surroundings *s)
{
	free(s->uids.v);
	free(s->gids.v);
	*s = (struct surroundings){ 0 };
}

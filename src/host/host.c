/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "kernel/caps.h"

#define FILE_MAX (1u << 20)

static bool file_says_yes(const char *path)
{
	CLEANUP(mem_free) char *text = NULL;

	return file_read_text(AT_FDCWD, path, FILE_MAX, &text, NULL) == 0 && text[0] == 'Y';
}

static int read_oom_score_adj(void)
{
	CLEANUP(mem_free) char *text = NULL;

	if (file_read_text(AT_FDCWD, "/proc/self/oom_score_adj", FILE_MAX, &text, NULL) < 0)
		return 0;
	return atoi(text);
}

static int probe_maps(struct host *out, struct error *e)
{
	int r = host_own_map(IDMAP_UID, &out->own_uids, e);

	return r < 0 ? r : host_own_map(IDMAP_GID, &out->own_gids, e);
}

int host_probe_subordinate(struct host *host, struct error *e)
{
	int r;

	if (host->ids.privilege != HOST_USER)
		return 0;
	host->newuidmap = host_find_program("newuidmap");
	host->newgidmap = host_find_program("newgidmap");
	r = host_subordinate_ids(&host->ids, IDMAP_UID, &host->sub_uids, e);
	return r < 0 ? r : host_subordinate_ids(&host->ids, IDMAP_GID, &host->sub_gids, e);
}

uid_t host_outside_uid(const struct host *host)
{
	uid_t uid = host->ids.uid;

	(void)host_id_outside(&host->own_uids, uid, &uid);
	return uid;
}

int host_probe(struct host *out, struct error *e)
{
	int r;

	*out = (struct host){ 0 };
	r = host_ids_probe(&out->ids, e);
	if (r == 0)
		r = probe_maps(out, e);
	if (r < 0) {
		host_release(out);
		return r;
	}
	host_cgroup_probe(&out->cgroup);
	out->capabilities = cap_effective();
	out->cap_last = cap_last();
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit((__rlimit_resource_t)i, &out->rlimits[i]);
	out->oom_score_adj = read_oom_score_adj();
	out->apparmor = file_says_yes("/sys/module/apparmor/parameters/enabled");
	out->selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
	out->stdin_is_terminal = isatty(STDIN_FILENO);
	return 0;
}

void host_probe_delegation(struct host *host, const char *path)
{
	host_cgroup_probe_delegation(&host->cgroup, path);
	/* In a user namespace we have another number than our user's systemd knows us by. */
	host_cgroup_probe_systemd(
		&host->cgroup, host->ids.privilege == HOST_ROOT, host_outside_uid(host));
}

void host_release(struct host *host)
{
	host_ids_release(&host->ids);
	id_ranges_release(&host->sub_uids);
	id_ranges_release(&host->sub_gids);
	free(host->newuidmap);
	free(host->newgidmap);
	free(host->own_uids.v);
	free(host->own_gids.v);
	host_cgroup_release(&host->cgroup);
	host_network_release(&host->network);
	*host = (struct host){ 0 };
}

static bool is_device(const char *path, mode_t type, dev_t dev, struct host_node *out)
{
	struct stat st;

	if (stat(path, &st) < 0 || (st.st_mode & S_IFMT) != type || st.st_rdev != dev)
		return false;
	*out = (struct host_node){ xstrdup(path), st.st_mode, st.st_uid, st.st_gid };
	return true;
}

/* "DEVNAME=net/tun" in the device's uevent file is its name below /dev. */
static char *name_in_sysfs(mode_t type, dev_t dev)
{
	CLEANUP(mem_free)
	char *path = xasprintf("/sys/dev/%s/%u:%u/uevent", type == S_IFBLK ? "block" : "char",
		major(dev), minor(dev));
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;

	if (file_read_text(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "DEVNAME="))
			return xasprintf("/dev/%s", line + strlen("DEVNAME="));
	return NULL;
}

int host_find_device(
	const char *path, mode_t type, dev_t dev, struct host_node *out, struct error *e)
{
	CLEANUP(mem_free) char *other = NULL;

	if (is_device(path, type, dev, out))
		return 0;
	other = name_in_sysfs(type, dev);
	if (other && is_device(other, type, dev, out))
		return 0;
	error_set(e, ENODEV, "this host has no node of %s device %u:%u",
		type == S_IFBLK ? "block" : "character", major(dev), minor(dev));
	return error_hint(e, "as root: mknod -m 666 %s %c %u %u", path, type == S_IFBLK ? 'b' : 'c',
		major(dev), minor(dev));
}

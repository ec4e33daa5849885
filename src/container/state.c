/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "container/cgroup.h"
#include "container/network.h"

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = { [STATUS_CREATING] = "creating",
		[STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",
		[STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped" };

	return names[status];
}

bool container_status_has_process(enum container_status status)
{
	return status == STATUS_CREATED || status == STATUS_RUNNING || status == STATUS_PAUSED;
}

/* The state's strings become the information's. */
int container_state(
	const struct runtime *rt, const char *id, struct container_info *out, struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	struct state s;
	int r = state_dir_open(rt, id, STATE_UNLOCKED, &dir, e);

	if (r == 0)
		r = state_read(&dir, &s, e);
	if (r < 0)
		return r;
	*out = (struct container_info){ .id = xstrdup(dir.id),
		.status = state_status(&dir, &s),
		.oci_version = TAKE_PTR(s.oci_version),
		.bundle = TAKE_PTR(s.bundle),
		.rootfs = TAKE_PTR(s.rootfs),
		.created = TAKE_PTR(s.created),
		.owner = TAKE_PTR(s.owner),
		.annotation_keys = s.annotation_keys,
		.annotation_values = s.annotation_values,
		.not_applied = s.not_applied,
		.resources = container_updated_resources(&dir),
		.oom_kills = container_cgroup_oom_kills(&s.cgroup) };
	/* Not above: initializers have no order, and the count is found by the path. */
	out->cgroup = TAKE_PTR(s.cgroup.path);
	out->pid = out->status == STATUS_STOPPED ? 0 : s.init.pid;
	network_info(&dir, out->status, &out->network);
	free(s.id);
	state_cgroup_release(&s.cgroup);
	strlist_release(&s.resctrl);
	return 0;
}

void container_info_release(struct container_info *info)
{
	free(info->id);
	free(info->oci_version);
	free(info->bundle);
	free(info->rootfs);
	free(info->created);
	free(info->owner);
	free(info->cgroup);
	free(info->resources);
	container_network_release(&info->network);
	strlist_release(&info->annotation_keys);
	strlist_release(&info->annotation_values);
	strlist_release(&info->not_applied);
	*info = (struct container_info){ 0 };
}

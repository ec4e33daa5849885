/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container's cgroup: a file of its own, so that it outlives a broken state.json.
 */
#include "container/record.h"

#define CGROUP_FILE "cgroup.json"

int state_write_cgroup(const struct state_dir *dir, const struct state_cgroup *c, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out o;

	if (!c->path && !c->unit)
		return 0;
	json_out_init(&o, &text, 0);
	json_out_object(&o, NULL);
	json_out_string_if(&o, "path", c->path);
	json_out_string_if(&o, "top", c->top);
	json_out_u64(&o, "id", c->id);
	json_out_string_if(&o, "unit", c->unit);
	json_out_string_if(&o, "description", c->description);
	json_out_string_if(&o, "systemd", c->systemd);
	json_out_object_end(&o);
	return record_write(dir, CGROUP_FILE, "cgroup", &text, e);
}

void state_read_cgroup(const struct state_dir *dir, struct state_cgroup *out)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	const struct json *root = record_read(dir, CGROUP_FILE, &arena);

	*out = (struct state_cgroup){ .path = record_string(root, "path"),
		.top = record_string(root, "top"),
		.id = record_number(root, "id", UINT64_MAX),
		.unit = record_string(root, "unit"),
		.description = record_string(root, "description"),
		.systemd = record_string(root, "systemd") };
	/* Without all of these systemd can't be asked; then there is the directory, if known. */
	if (out->unit && out->description && out->systemd)
		return;
	free(TAKE_PTR(out->unit));
	free(TAKE_PTR(out->description));
	free(TAKE_PTR(out->systemd));
}

void state_cgroup_release(struct state_cgroup *c)
{
	free(c->path);
	free(c->top);
	free(c->unit);
	free(c->description);
	free(c->systemd);
	*c = (struct state_cgroup){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: mounts. */
#include "spec/check.h"
#include "spec/tables.h"

static int mappings_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec_mount *m = object;
	bool is_uid = streq(list->key, "uidMappings");
	const struct spec_idmaps *maps = is_uid ? &m->uid_mappings : &m->gid_mappings;
	const struct spec_idmaps *other = is_uid ? &m->gid_mappings : &m->uid_mappings;

	if (maps->n == 0)
		return 0;
	if (other->n == 0)
		return json_error(
			list, e, "%s must be there too", is_uid ? "gidMappings" : "uidMappings");
	return check_idmaps(maps, list, e);
}

static const struct bind mount_rows[] = {
	/* A relative one is deprecated and means "from /". */ BIND_ROW_STRING("destination",
		struct spec_mount, destination, .flags = BIND_REQUIRED, .check = check_path),
	BIND_ROW_STRING("type", struct spec_mount, type, .flags = BIND_EMPTY_ABSENT),
	BIND_ROW_STRING("source", struct spec_mount, source, .flags = BIND_EMPTY_ABSENT,
		.check = check_path_or_empty),
	BIND_ROW_STRINGS("options", struct spec_mount, options),
	BIND_ROW_LIST("uidMappings", struct spec_mount, uid_mappings, struct spec_idmap,
		&spec_idmap_table, .rule = mappings_rule),
	BIND_ROW_LIST("gidMappings", struct spec_mount, gid_mappings, struct spec_idmap,
		&spec_idmap_table, .rule = mappings_rule),
	BIND_END,
};

const struct bind_object spec_mount_table = { .rows = mount_rows };

/* SPDX-License-Identifier: Apache-2.0 */
#include "container/creation.h"

int container_create(const struct runtime *rt, const struct create_request *req, struct error *e)
{
	CLEANUP(creation_release) struct creation c;
	int r;

	creation_init(&c, rt, req);
	r = creation_plan(&c, TERMINAL_NONE, e);
	return r < 0 ? r : creation_do(&c, e);
}

int container_dry_run(const struct runtime *rt, const struct create_request *req, struct text *out,
	struct error *e)
{
	CLEANUP(creation_release) struct creation c;
	int r;

	creation_init(&c, rt, req);
	r = creation_plan(&c, TERMINAL_RELAYED, e);
	if (r == 0)
		plan_print(&c.plan, out);
	return r;
}

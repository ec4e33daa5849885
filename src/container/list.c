/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "container/state_dir.h"

int container_list(const struct runtime *rt, struct container_infos *out, struct error *e)
{
	CLEANUP(strlist_release) struct strlist names = { 0 };
	int r = state_dir_names(rt, &names, e);

	*out = (struct container_infos){ 0 };
	if (r < 0)
		return r;
	out->v = xcalloc(names.n + 1, sizeof(*out->v));
	for (size_t i = 0; i < names.n; i++) {
		struct error why = { 0 };

		r = container_state(rt, names.v[i], &out->v[out->n], &why);
		if (r == 0)
			out->n++;
		else if (r != -ENOENT)
			strlist_printf(&out->unreadable, "%s", why.text);
	}
	return 0;
}

void container_infos_release(struct container_infos *infos)
{
	for (size_t i = 0; i < infos->n; i++)
		container_info_release(&infos->v[i]);
	free(infos->v);
	strlist_release(&infos->unreadable);
	*infos = (struct container_infos){ 0 };
}

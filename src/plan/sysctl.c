/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.sysctl. Only what belongs to a namespace may be set, and only where the container has that
 * namespace: anything else would change the host, which as root even works.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "plan/parts.h"

static const struct {
	const char *name; /* with slashes; a trailing one stands for everything beneath */
	int64_t type;
	const char *namespace;
} sysctls[] = {
	{ "net/", CLONE_NEWNET, "network" },
	{ "fs/mqueue/", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmnb", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/msg_next_id", CLONE_NEWIPC, "ipc" },
	{ "kernel/auto_msgmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/sem", CLONE_NEWIPC, "ipc" },
	{ "kernel/sem_next_id", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmall", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/shm_next_id", CLONE_NEWIPC, "ipc" },
	{ "kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc" },
	{ "kernel/hostname", CLONE_NEWUTS, "uts" },
	{ "kernel/domainname", CLONE_NEWUTS, "uts" },
	{ "user/", CLONE_NEWUSER, "user" },
};

/* As sysctl(8): dots separate unless the key has slashes, and then a dot is part of a name. */
static char *path_of(struct plan_builder *b, const char *key)
{
	char *path = plan_printf(b, "%s", key);

	if (!strchr(path, '/'))
		for (char *p = path; *p; p++)
			if (*p == '.')
				*p = '/';
	return path;
}

/* No component may lead elsewhere. */
static bool is_plain(const char *path)
{
	for (const char *p = path;; p += strcspn(p, "/") + 1) {
		size_t len = strcspn(p, "/");

		if (len == 0 || (len == 1 && p[0] == '.') ||
			(len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (!p[len])
			return true;
	}
}

static bool matches(const char *path, const char *name)
{
	size_t len = strlen(name);

	return name[len - 1] == '/' ? str_starts(path, name) : streq(path, name);
}

static int check(const struct plan_builder *b, const char *key, const char *path, struct error *e)
{
	if (!is_plain(path))
		return error_set(e, EINVAL,
			"config.json: linux.sysctl['%s']: is not the name of a sysctl", key);
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		if (!matches(path, sysctls[i].name))
			continue;
		if (plan_has_new(b, sysctls[i].type) || plan_has_joined(b, sysctls[i].type))
			return 0;
		error_set(e, EINVAL,
			"config.json: linux.sysctl['%s']: belongs to the %s namespace, which is "
			"the host's",
			key, sysctls[i].namespace);
		return error_hint(e, "add { \"type\": \"%s\" } to linux.namespaces, or remove it",
			sysctls[i].namespace);
	}
	error_set(e, EINVAL,
		"config.json: linux.sysctl['%s']: belongs to no namespace: it would change "
		"the host",
		key);
	return error_hint(e, "remove it, and set it on the host: sysctl -w %s=...", key);
}

int plan_sysctls(struct plan_builder *b, struct error *e)
{
	const struct spec_pairs *all = &b->spec->linux.sysctl;

	for (size_t i = 0; i < all->n; i++) {
		const char *path = path_of(b, all->v[i].key);
		struct op *op;
		int r = check(b, all->v[i].key, path, e);

		if (r < 0)
			return r;
		op = plan_add_op(b, OP_SYSCTL);
		/* These two files are root's, but the calls need only the namespace. */
		if (streq(path, "kernel/hostname"))
			op->kind = OP_HOSTNAME;
		if (streq(path, "kernel/domainname"))
			op->kind = OP_DOMAINNAME;
		op->object = plan_printf(b, "linux.sysctl['%s']", all->v[i].key);
		op->source = op->kind == OP_SYSCTL ? path : NULL;
		op->text = all->v[i].value;
	}
	return 0;
}

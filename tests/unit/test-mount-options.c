/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <linux/fs.h>

#include "plan/mount_options.h"

#define ATIMES MOUNT_ATTR__ATIME

/* All options of config.md, in its order, and what each one alone comes to. */
static const struct {
	const char *name;
	struct mount_digest d;
} alone[] = {
	{ "async", { 0 } },
	{ "atime", { .attrs.clear = ATIMES } },
	{ "bind", { .bind = true } },
	{ "defaults", { 0 } },
	{ "dev", { .attrs.clear = MOUNT_ATTR_NODEV } },
	{ "diratime", { .attrs.clear = MOUNT_ATTR_NODIRATIME } },
	{ "dirsync", { .sb_flags = MS_DIRSYNC } },
	{ "exec", { .attrs.clear = MOUNT_ATTR_NOEXEC } },
	{ "iversion", { .sb_flags = MS_I_VERSION } },
	{ "lazytime", { .sb_flags = MS_LAZYTIME } },
	{ "loud", { 0 } },
	{ "mand", { .sb_flags = MS_MANDLOCK } },
	{ "noatime",
		{ .attrs = { .set = MOUNT_ATTR_NOATIME, .clear = ATIMES & ~MOUNT_ATTR_NOATIME } } },
	{ "nodev", { .attrs.set = MOUNT_ATTR_NODEV } },
	{ "nodiratime", { .attrs.set = MOUNT_ATTR_NODIRATIME } },
	{ "noexec", { .attrs.set = MOUNT_ATTR_NOEXEC } },
	{ "noiversion", { 0 } },
	{ "nolazytime", { 0 } },
	{ "nomand", { 0 } },
	{ "norelatime", { .attrs = { .set = MOUNT_ATTR_STRICTATIME } } },
	{ "nostrictatime", { .attrs = { .set = MOUNT_ATTR_RELATIME } } },
	{ "nosuid", { .attrs.set = MOUNT_ATTR_NOSUID } },
	{ "nosymfollow", { .attrs.set = MOUNT_ATTR_NOSYMFOLLOW } },
	{ "private", { .attrs.propagation = MS_PRIVATE } },
	{ "ratime", { .attrs.tree_clear = ATIMES } },
	{ "rbind", { .bind = true, .rbind = true } },
	{ "rdev", { .attrs.tree_clear = MOUNT_ATTR_NODEV } },
	{ "rdiratime", { .attrs.tree_clear = MOUNT_ATTR_NODIRATIME } },
	{ "relatime", { .attrs = { .set = MOUNT_ATTR_RELATIME } } },
	{ "remount", { .remount = true } },
	{ "rexec", { .attrs.tree_clear = MOUNT_ATTR_NOEXEC } },
	{ "rnoatime", { .attrs.tree_set = MOUNT_ATTR_NOATIME } },
	{ "rnodev", { .attrs.tree_set = MOUNT_ATTR_NODEV } },
	{ "rnodiratime", { .attrs.tree_set = MOUNT_ATTR_NODIRATIME } },
	{ "rnoexec", { .attrs.tree_set = MOUNT_ATTR_NOEXEC } },
	{ "rnorelatime", { .attrs.tree_set = MOUNT_ATTR_STRICTATIME } },
	{ "rnostrictatime", { .attrs.tree_set = MOUNT_ATTR_RELATIME } },
	{ "rnosuid", { .attrs.tree_set = MOUNT_ATTR_NOSUID } },
	{ "rnosymfollow", { .attrs.tree_set = MOUNT_ATTR_NOSYMFOLLOW } },
	{ "ro", { .attrs.set = MOUNT_ATTR_RDONLY } },
	{ "rprivate", { .attrs.tree_propagation = MS_PRIVATE } },
	{ "rrelatime", { .attrs.tree_set = MOUNT_ATTR_RELATIME } },
	{ "rro", { .attrs.tree_set = MOUNT_ATTR_RDONLY } },
	{ "rrw", { .attrs.tree_clear = MOUNT_ATTR_RDONLY } },
	{ "rshared", { .attrs.tree_propagation = MS_SHARED } },
	{ "rslave", { .attrs.tree_propagation = MS_SLAVE } },
	{ "rstrictatime", { .attrs.tree_set = MOUNT_ATTR_STRICTATIME } },
	{ "rsuid", { .attrs.tree_clear = MOUNT_ATTR_NOSUID } },
	{ "rsymfollow", { .attrs.tree_clear = MOUNT_ATTR_NOSYMFOLLOW } },
	{ "runbindable", { .attrs.tree_propagation = MS_UNBINDABLE } },
	{ "rw", { .attrs.clear = MOUNT_ATTR_RDONLY } },
	{ "shared", { .attrs.propagation = MS_SHARED } },
	{ "silent", { .sb_flags = MS_SILENT } },
	{ "slave", { .attrs.propagation = MS_SLAVE } },
	{ "strictatime", { .attrs.set = MOUNT_ATTR_STRICTATIME } },
	{ "suid", { .attrs.clear = MOUNT_ATTR_NOSUID } },
	{ "symfollow", { .attrs.clear = MOUNT_ATTR_NOSYMFOLLOW } },
	{ "sync", { .sb_flags = MS_SYNCHRONOUS } },
	{ "tmpcopyup", { .copy_up = true } },
	{ "unbindable", { .attrs.propagation = MS_UNBINDABLE } },
};

/* A mount with options from one string, separated by commas. */
struct case_ {
	struct arena arena;
	struct mount_digest d;
	struct error e;
	int result;
};

static struct case_ digest(const char *type, const char *options)
{
	struct case_ c = { 0 };
	struct spec_mount m = { .destination = "/x", .type = type };
	char *copy, *option;

	arena_init(&c.arena, 1 << 16);
	m.options.v = arena_alloc(&c.arena, 64 * sizeof(char *));
	copy = arena_strndup(&c.arena, options, strlen(options));
	while (copy && *options && (option = strsep(&copy, ",")))
		m.options.v[m.options.n++] = option;
	c.result = mount_options_digest(&m, 3, &c.arena, &c.d, &c.e);
	return c;
}

static void case_release(struct case_ *c)
{
	arena_release(&c->arena);
}

/* The access time modes are one number of three bits, of which the old one is always cleared. */
static uint64_t without_atime(uint64_t clear, uint64_t set)
{
	return set & ATIMES ? clear & ~ATIMES : clear;
}

static void is_digest(const char *type, const char *options, const struct mount_digest *want)
{
	CLEANUP(case_release) struct case_ c = digest(type, options);
	const struct mount_attrs *a = &c.d.attrs, *b = &want->attrs;

	is_int(c.result, 0, "'%s' is fine%s", options, c.e.text);
	is_int((int64_t)a->set, (int64_t)b->set, "'%s': sets", options);
	is_int((int64_t)a->tree_set, (int64_t)b->tree_set, "'%s': sets in the tree", options);
	if (!(b->set & ATIMES) && b->clear != 0)
		is_int((int64_t)a->clear, (int64_t)b->clear, "'%s': clears", options);
	if (!(b->tree_set & ATIMES) && b->tree_clear != 0)
		is_int((int64_t)a->tree_clear, (int64_t)b->tree_clear, "'%s': clears in the tree",
			options);
	ok(without_atime(a->set & a->clear, a->set) == 0 &&
			without_atime(a->tree_set & a->tree_clear, a->tree_set) == 0,
		"'%s': nothing is both", options);
	/* mount_setattr(2) wants all bits of the access time cleared to set it. */
	ok(!(a->set & ATIMES) || (a->clear | a->set) >= (a->set | (ATIMES & ~a->set)),
		"'%s': the old access time mode goes", options);
	is_int((int64_t)a->propagation, (int64_t)b->propagation, "'%s': propagation", options);
	is_int((int64_t)a->tree_propagation, (int64_t)b->tree_propagation,
		"'%s': propagation of the tree", options);
	is_int((int64_t)c.d.sb_flags, (int64_t)want->sb_flags, "'%s': of the file system", options);
	ok(c.d.bind == want->bind && c.d.rbind == want->rbind && c.d.remount == want->remount &&
			c.d.copy_up == want->copy_up,
		"'%s': bind, rbind, remount, tmpcopyup", options);
	is_int((int64_t)c.d.data.n, 0, "'%s': nothing for the file system", options);
}

static void test_alone(void)
{
	const char *before = "";

	for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
		is_digest("tmpfs", alone[i].name, &alone[i].d);
	for (const struct mount_option *o = mount_options; o->name; before = (o++)->name) {
		bool known = o->kind == MOUNT_OPTION_IDMAP || o->kind == MOUNT_OPTION_RIDMAP;

		for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
			known |= streq(alone[i].name, o->name);
		ok(known, "the table's '%s' is tested here", o->name);
		ok(strcmp(before, o->name) < 0, "'%s' is in its place", o->name);
	}
}

static void test_last_wins(void)
{
	is_digest("tmpfs", "ro,rw", &(struct mount_digest){ .attrs.clear = MOUNT_ATTR_RDONLY });
	is_digest("tmpfs", "rw,ro", &(struct mount_digest){ .attrs.set = MOUNT_ATTR_RDONLY });
	is_digest("tmpfs", "nosuid,suid,nosuid",
		&(struct mount_digest){ .attrs.set = MOUNT_ATTR_NOSUID });
	is_digest("tmpfs", "noatime,strictatime",
		&(struct mount_digest){ .attrs.set = MOUNT_ATTR_STRICTATIME });
	is_digest("tmpfs", "strictatime,noatime",
		&(struct mount_digest){ .attrs.set = MOUNT_ATTR_NOATIME });
	is_digest("tmpfs", "strictatime,relatime", &(struct mount_digest){ .attrs.clear = ATIMES });
	is_digest("tmpfs", "noatime,atime", &(struct mount_digest){ .attrs.clear = ATIMES });
	is_digest("tmpfs", "noatime,nodiratime,diratime",
		&(struct mount_digest){ .attrs.set = MOUNT_ATTR_NOATIME });
	is_digest("tmpfs", "sync,async", &(struct mount_digest){ 0 });
	is_digest("tmpfs", "async,sync", &(struct mount_digest){ .sb_flags = MS_SYNCHRONOUS });
	is_digest("tmpfs", "mand,nomand,iversion,noiversion,lazytime,nolazytime,silent,loud",
		&(struct mount_digest){ 0 });
	is_digest("tmpfs", "private,shared",
		&(struct mount_digest){ .attrs.propagation = MS_SHARED });
	is_digest("tmpfs", "rshared,rslave",
		&(struct mount_digest){ .attrs.tree_propagation = MS_SLAVE });
	is_digest("tmpfs", "ro,rro,rrw",
		&(struct mount_digest){
			.attrs = { .set = MOUNT_ATTR_RDONLY, .tree_clear = MOUNT_ATTR_RDONLY } });
	is_digest("tmpfs", "ro,defaults,nosuid",
		&(struct mount_digest){ .attrs.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID });
}

static void test_types(void)
{
	is_digest("bind", "", &(struct mount_digest){ .bind = true });
	is_digest("rbind", "", &(struct mount_digest){ .bind = true, .rbind = true });
	is_digest("bind", "rbind", &(struct mount_digest){ .bind = true, .rbind = true });
	is_digest("none", "bind,ro",
		&(struct mount_digest){ .bind = true, .attrs.set = MOUNT_ATTR_RDONLY });
	is_digest(NULL, "rbind,rro",
		&(struct mount_digest){
			.bind = true, .rbind = true, .attrs.tree_set = MOUNT_ATTR_RDONLY });
	is_digest("tmpfs", "", &(struct mount_digest){ 0 });
	is_digest(NULL, "", &(struct mount_digest){ 0 });
	/* Podman writes empty ones. */
	is_digest("tmpfs", ",,ro,", &(struct mount_digest){ .attrs.set = MOUNT_ATTR_RDONLY });
	is_digest(NULL, "tmpcopyup", &(struct mount_digest){ .copy_up = true });
}

static void test_data(void)
{
	CLEANUP(case_release)
	struct case_ c = digest("tmpfs", "nosuid,mode=755,ro,size=64k,RO,rox,newinstance,gid=5");
	static const char *const want[] = { "mode=755", "size=64k", "RO", "rox", "newinstance",
		"gid=5" };
	static const size_t where[] = { 1, 3, 4, 5, 6, 7 };

	is_int(c.result, 0, "what isn't known is for the file system");
	is_int((int64_t)c.d.data.n, ARRAY_SIZE(want), "all of it");
	for (size_t i = 0; i < c.d.data.n && i < ARRAY_SIZE(want); i++) {
		is_str(c.d.data.v[i], want[i], "in its order");
		is_int((int64_t)c.d.data_index[i], (int64_t)where[i], "with its place");
	}
}

static void is_refused(const char *type, const char *options, int code, const char *text)
{
	CLEANUP(case_release) struct case_ c = digest(type, options);

	is_int(c.result, -code, "%s with '%s' is refused", type, options);
	is_str(c.e.text, text, "and why");
}

static void test_refused(void)
{
	is_refused("bind", "ro,mode=755", EINVAL,
		"config.json: mounts[3].options[1]: 'mode=755' is no option of a bind mount");
	is_refused("none", "rbind,nosiud", EINVAL,
		"config.json: mounts[3].options[1]: 'nosiud' is no option of a bind mount");
	is_refused("bind", "sync", EINVAL,
		"config.json: mounts[3].options: 'sync' is a property of the source's file system, "
		"not of a bind mount");
	is_refused("bind", "lazytime,nolazytime,dirsync,ro", EINVAL,
		"config.json: mounts[3].options: 'dirsync' is a property of the source's file "
		"system, not of a bind mount");
	is_refused("bind", "tmpcopyup", EINVAL,
		"config.json: mounts[3].options: 'tmpcopyup' is for a tmpfs");
	is_refused("proc", "tmpcopyup", EINVAL,
		"config.json: mounts[3].options: 'tmpcopyup' is for a tmpfs");
	is_refused("tmpfs", "ro,idmap", ENOTSUP,
		"config.json: mounts[3]: only bind mounts can have their IDs mapped");
	is_refused("bind", "ro,rw,idmap=uids=0-1-1", ENOTSUP,
		"config.json: mounts[3].options[2]: 'idmap=uids=0-1-1' is not understood");
}

/* A name is an option, and nothing that only begins with one. */
static void test_values(void)
{
	for (const struct mount_option *o = mount_options; o->name; o++) {
		bool is_idmap = o->kind == MOUNT_OPTION_IDMAP || o->kind == MOUNT_OPTION_RIDMAP;
		CLEANUP(mem_free) char *option = xasprintf("%s=x", o->name);
		CLEANUP(mem_free)
		char *want = xasprintf("config.json: mounts[3].options[0]: '%s' %s", option,
			is_idmap ? "is not understood" : "is no option of a bind mount");
		CLEANUP(case_release) struct case_ c = digest("bind", option);

		is_str(c.e.text, want, "no such option: %s=x", o->name);
	}
}

static void test_remount(void)
{
	CLEANUP(case_release) struct case_ c = digest("none", "remount,bind,size=1m,sync");

	is_int(c.result, 0, "a remount may say what a bind mount may not");
	ok(c.d.remount && c.d.bind, "both are told");
	is_int((int64_t)c.d.sb_flags, MS_SYNCHRONOUS, "with flags of the file system");
	is_int((int64_t)c.d.data.n, 1, "and its options");
}

int main(void)
{
	test_alone();
	test_last_wins();
	test_types();
	test_data();
	test_refused();
	test_values();
	test_remount();
	return done();
}

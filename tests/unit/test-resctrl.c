/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where it is mounted, and what is written to which file: no processor is needed for that. In a
 * directory of ours a group that is made has no files yet, unlike in the kernel's.
 */
#include "tap.h"

#include <errno.h>

#include "base/fd.h"
#include "kernel/resctrl.h"
#include "temp.h"

static void is_found(const char *mountinfo, const char *want, const char *name)
{
	CLEANUP(mem_free) char *path = resctrl_find(mountinfo);

	is_str(path, want, "%s", name);
}

static void test_find(void)
{
	is_found("", NULL, "nothing is mounted");
	is_found("22 1 0:20 / / rw - ext4 /dev/resctrl rw\n"
		 "23 22 0:21 / /resctrl rw,relatime shared:2 - tmpfs resctrl rw\n",
		NULL, "something of that name is");
	is_found("22 1 0:20 / / rw - ext4 /dev/sda rw\n"
		 "30 22 0:27 / /sys/fs/resctrl rw,relatime shared:9 master:1 - resctrl resctrl rw",
		"/sys/fs/resctrl", "it is");
	is_found(
		"30 22 0:27 / /a\\040b\\134c rw - resctrl x rw\n", "/a b\\c", "at a strange place");
	is_found("30 22\n - resctrl x\n", NULL, "half a line");
}

static void make_group(const struct temp *t, const char *name)
{
	char path[64];

	mkdirat(t->fd, name, 0755);
	snprintf(path, sizeof(path), "%s/tasks", name);
	temp_write(t, path, "");
	snprintf(path, sizeof(path), "%s/schemata", name);
	temp_write(t, path, "    L3:0=7ff;1=7ff\n");
}

static void is_text(const struct temp *t, const char *file, const char *want, const char *name)
{
	CLEANUP(mem_free) char *text = NULL;

	file_read_text(t->fd, file, 4096, &text, NULL);
	is_str(text, want, "%s", name);
}

static void test_probe(const struct temp *t)
{
	struct resctrl_facts facts;

	resctrl_probe(t->fd, "gold", &facts);
	ok(facts.mounted && facts.exists && facts.writable, "a group that is there");
	is_str(facts.schemata, "    L3:0=7ff;1=7ff\n", "its schemata");
	resctrl_facts_release(&facts);
	resctrl_probe(t->fd, "silver", &facts);
	ok(facts.mounted && !facts.exists && facts.writable && !facts.schemata, "one that is not");
	resctrl_facts_release(&facts);
}

static void test_group(const struct temp *t)
{
	struct error e = { 0 };

	temp_write(t, "gold/schemata", "");
	is_int(resctrl_write(t->fd, "gold", "L3:0=7f0;1=1f", &e), 0, "write schemata %s", e.text);
	is_text(t, "gold/schemata", "L3:0=7f0;1=1f\n", "a line, as the kernel wants it");
	is_int(resctrl_add(t->fd, "gold", 4711, &e), 0, "add a process %s", e.text);
	is_text(t, "gold/tasks", "4711", "its number");
	is_int(resctrl_make(t->fd, "gold", &e), -EEXIST, "made twice");
	is_int(resctrl_make(t->fd, "silver", &e), 0, "make");
	ok(faccessat(t->fd, "silver", F_OK, 0) == 0, "it is there");
	is_int(resctrl_remove(t->fd, "silver", &e), 0, "remove");
	ok(faccessat(t->fd, "silver", F_OK, 0) < 0, "it is gone");
	is_int(resctrl_remove(t->fd, "silver", &e), 0, "… or was");
}

static void test_words(const struct temp *t)
{
	struct error e = { 0 };

	mkdirat(t->fd, "info", 0755);
	temp_write(t, "info/last_cmd_status", "ok\n");
	is_int(resctrl_add(t->fd, "none", 1, &e), -ENOENT, "no such group");
	is_str(e.hint, "", "the kernel had nothing to say");
	temp_write(t, "info/last_cmd_status", "Mask f000 out of range\nmore\n");
	e = (struct error){ 0 };
	is_int(resctrl_write(t->fd, "none", "L3:0=f000", &e), -ENOENT, "no such group");
	is_str(e.hint, "the kernel: Mask f000 out of range", "the kernel's own word");
}

int main(void)
{
	struct temp t = temp_make();

	make_group(&t, "gold");
	test_find();
	test_probe(&t);
	test_group(&t);
	test_words(&t);
	temp_remove(&t);
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "host/ids.h"
#include "temp.h"

/* Files as they are found; always read for the user "anna", number 1000. */
static const struct {
	const char *what, *text, *ranges;
} layouts[] = {
	{ "nothing", "", "" },
	{ "one line by name", "anna:100000:65536\n", "100000+65536" },
	{ "one line by number", "1000:100000:65536\n", "100000+65536" },
	{ "no line end at the end", "anna:100000:65536", "100000+65536" },
	{ "another user's alone", "bert:100000:65536\n1001:1:1\n", "" },
	{ "between others", "root:1:1\nanna:100000:65536\nbert:165536:65536\n", "100000+65536" },
	{ "several lines keep their order",
		"anna:300000:10\nbert:1:1\nanna:100000:65536\nanna:200000:1\n",
		"300000+10 100000+65536 200000+1" },
	{ "by name and by number", "1000:500000:5\nanna:100000:65536\n", "500000+5 100000+65536" },
	{ "the same line twice", "anna:100000:10\nanna:100000:10\n", "100000+10 100000+10" },
	{ "names that begin alike", "ann:1:1\nannab:2:2\nanna:3:3\nAnna:4:4\n", "3+3" },
	{ "numbers that begin alike", "100:1:1\n10000:2:2\n1000:3:3\n", "3+3" },
	{ "a number with a zero in front", "01000:3:3\n", "3+3" },
	{ "empty lines and comments", "\n\n# anna:1:1\nanna:100000:65536\n\n", "100000+65536" },
	{ "blanks are no part of the format", " anna:1:1\nanna :2:2\nanna: 3:3\nanna:4:4 \n", "" },
	{ "too few fields", "anna\nanna:\nanna:1\nanna:1:\n", "" },
	{ "not numbers", "anna:a:b\nanna:-1:1\nanna:0x10:1\nanna:1:+1\nanna:1e3:1\n", "" },
	{ "no IDs at all", "anna:100000:0\n", "" },
	{ "the highest", "anna:4294967294:1\n", "4294967294+1" },
	{ "beyond the highest", "anna:4294967295:1\nanna:1:4294967295\nanna:4294967290:100\n", "" },
	{ "numbers that overflow", "anna:4294967296:1\nanna:18446744073709551617:1\n", "" },
	{ "a bad line spoils no other", "anna:x:1\nanna:100000:65536\n", "100000+65536" },
	{ "line ends of Windows", "anna:100000:65536\r\n", "" },
	{ "a fourth field", "anna:100000:65536:x\nanna:1:1:\n", "" },
	{ "empty fields", ":1000:5:5\nanna::5:5\nanna:5::5\n:anna:5:5\n", "" },
	{ "no text", "\xff\xfe\x01:::\n:::\n::\n", "" },
	{ "no name", ":100000:65536\n", "" },
};

static void ranges_text(const struct id_ranges *ranges, struct text *out)
{
	text_puts(out, "");
	for (size_t i = 0; i < ranges->n; i++)
		text_printf(out, "%s%u+%u", i ? " " : "", ranges->v[i].first, ranges->v[i].count);
}

static void is_parsed(
	const char *text, const char *user, uid_t uid, const char *want, const char *what)
{
	CLEANUP(text_release) struct text got = { 0 };
	CLEANUP(id_ranges_release) struct id_ranges ranges = { 0 };

	id_ranges_parse(text, user, uid, &ranges);
	ranges_text(&ranges, &got);
	is_str(got.s, want, "%s", what);
}

static void test_parse(void)
{
	CLEANUP(text_release) struct text many = { 0 };
	CLEANUP(id_ranges_release) struct id_ranges ranges = { 0 };

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		is_parsed(layouts[i].text, "anna", 1000, layouts[i].ranges, layouts[i].what);
	/* A user whom no file names has the number alone. */
	is_parsed(":1:1\n1000:2:2\n::3:3\n", "", 1000, "2+2", "a user without a name");
	is_parsed("0:1:1\nroot:2:2\n", "root", 0, "1+1 2+2", "root");
	is_parsed("1000:2:2\n", "1000", 7, "2+2", "a name of digits");
	for (unsigned int i = 0; i < 5000; i++)
		text_printf(&many, "anna:%u:7\nbert:1:1\n", 100000 + 7 * i);
	id_ranges_parse(many.s, "anna", 1000, &ranges);
	is_int((int64_t)ranges.n, 5000, "thousands of lines");
	is_int(ranges.v[4999].first, 100000 + 7 * 4999, "in order");
}

static void test_self(void)
{
	CLEANUP(host_ids_release) struct host_ids ids = { 0 };
	struct idmap uids = { 0 }, gids = { 0 };
	struct error e = { 0 };
	struct stat st;

	is_int(host_ids_probe(&ids, &e), 0, "who we are%s", e.text);
	is_int(ids.uid, geteuid(), "the user");
	is_int(ids.gid, getegid(), "the group");
	ok(ids.user_name, "a name, if only an empty one");
	stat("/proc/self/ns/user", &st);
	is_int((int64_t)ids.user_namespace, (int64_t)st.st_ino, "the user namespace");
	is_int(host_own_map(IDMAP_UID, &uids, &e), 0, "its map of users");
	is_int(host_own_map(IDMAP_GID, &gids, &e), 0, "and of groups");
	ok(uids.n > 0 && gids.n > 0, "neither is empty");
	free(uids.v);
	free(gids.v);
}

static void test_find_program(void)
{
	struct temp t = temp_make();
	CLEANUP(mem_free) char *want = xasprintf("%s/lichen-test-program", t.path);
	CLEANUP(mem_free) char *path = xasprintf(":relative:%s", t.path);
	CLEANUP(mem_free) char *found = NULL;
	CLEANUP(mem_free) char *none = NULL;
	CLEANUP(mem_free) char *usual = NULL;

	temp_write(&t, "lichen-test-program", "");
	setenv("PATH", path, 1);
	none = host_find_program("lichen-test-program");
	is_str(none, NULL, "not what can't be executed");
	fchmodat(t.fd, "lichen-test-program", 0755, 0);
	found = host_find_program("lichen-test-program");
	is_str(found, want, "a program in PATH");
	unsetenv("PATH");
	usual = host_find_program("sh");
	ok(usual && usual[0] == '/', "without PATH: in the usual places");
	/* What stands in a directory of the caller's choice is not what PATH means by it. */
	free(TAKE_PTR(none));
	setenv("PATH", ".:", 1);
	if (fchdir(t.fd) == 0)
		none = host_find_program("lichen-test-program");
	is_str(none, NULL, "never by a relative entry of PATH");
	temp_remove(&t);
}

int main(void)
{
	test_parse();
	test_self();
	test_find_program();
	return done();
}

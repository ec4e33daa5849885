/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <fcntl.h>
#include <linux/capability.h>

#include "base/fd.h"
#include "base/mem.h"
#include "kernel/caps.h"

/* The header that this was compiled with, and the running kernel. */
static void test_table(void)
{
	int n = 0;

	for (const struct name *c = cap_names; c->name; c++, n++) {
		is_int(c->value, n, "%s is %d", c->name, n);
		ok(str_starts(c->name, "CAP_"), "%s begins with CAP_", c->name);
	}
	is_int(n, CAP_LAST_CAP + 1, "as many as linux/capability.h has");
	is_str(name_of(cap_names, CAP_CHOWN), "CAP_CHOWN", "the first");
	is_str(name_of(cap_names, CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE", "the last");
	ok(!name_find(cap_names, "CHOWN"), "no short names: config.json has none");
	ok(!name_find(cap_names, "cap_chown"), "nor small letters");
}

/* "#define CAP_CHOWN            0" */
static void test_header(void)
{
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;
	int n = 0;

	if (file_read_text(AT_FDCWD, "/usr/include/linux/capability.h", 1 << 20, &text, NULL) < 0) {
		skip("no /usr/include/linux/capability.h");
		return;
	}
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const struct name *found;
		char name[64];
		int value;

		if (sscanf(line, "#define %63[A-Z_] %d", name, &value) != 2 ||
			!str_starts(name, "CAP_") || value > 63)
			continue;
		found = name_find(cap_names, name);
		is_int(found ? found->value : -1, value, "%s of the header", name);
		n++;
	}
	ok(n >= 41, "the header has %d", n);
}

static void test_kernel(void)
{
	CLEANUP(mem_free) char *last = NULL;
	CLEANUP(mem_free) char *status = NULL;
	const char *line;

	ok(cap_last() >= CAP_AUDIT_READ && cap_last() < 64, "the kernel's last is %d", cap_last());
	if (file_read_text(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 100, &last, NULL) == 0)
		is_int(cap_last(), atoi(last), "as /proc says");
	else
		skip("no /proc/sys/kernel/cap_last_cap");
	file_read_text(AT_FDCWD, "/proc/self/status", 1 << 20, &status, NULL);
	line = status ? strstr(status, "\nCapEff:") : NULL;
	if (line)
		is_int((int64_t)cap_effective(),
			(int64_t)strtoull(line + strlen("\nCapEff:"), NULL, 16),
			"our effective set is what /proc says");
	else
		skip("no CapEff in /proc/self/status");
}

int main(void)
{
	test_table();
	test_header();
	test_kernel();
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "base/error.h"

static void test_set(void)
{
	struct error e = { .code = 7, .text = "old", .hint = "old" };

	is_int(error_set(&e, EINVAL, "mounts[%d]: %s", 2, "bad"), -EINVAL, "the code, negative");
	is_int(e.code, EINVAL, "and in the error");
	is_str(e.text, "mounts[2]: bad", "the text");
	is_str(e.hint, "", "an older error's hint is gone");
	is_int(error_set(&e, 0, "x"), -EIO, "no code becomes EIO");
	is_int(error_set(&e, -EPERM, "x"), -EIO, "a negative code too");
	is_str(e.text, "x", "and the text is there");

	errno = ENOENT;
	is_int(error_errno(&e, "open '%s'", "a"), -ENOENT, "errno as the code");
	is_str(e.text, "open 'a': No such file or directory",
		"and its description behind the text");
	errno = 0;
	is_int(error_errno(&e, "open"), -EIO, "errno 0 is an input/output error");
}

static void test_context(void)
{
	struct error e;

	error_set(&e, ENOENT, "no such file");
	is_int(error_context(&e, "mount '%s'", "/proc"), -ENOENT, "context keeps the code");
	error_context(&e, "create");
	is_str(e.text, "create: mount '/proc': no such file", "the outer context stands in front");
	error_set(&e, EIO, "50%%s");
	error_context(&e, "c");
	is_str(e.text, "c: 50%s", "the text is no format");
}

static void test_hint(void)
{
	struct error e;

	error_set(&e, EPERM, "x");
	is_int(error_hint(&e, "install '%s'", "uidmap"), -EPERM, "a hint keeps the code");
	is_str(e.hint, "install 'uidmap'", "the hint");
	error_hint(&e, "something vague");
	is_str(e.hint, "install 'uidmap'", "the one nearer to the cause stays");
	error_context(&e, "create");
	is_str(e.hint, "install 'uidmap'", "context leaves it alone");
}

static void test_bounds(void)
{
	char huge[3 * ERROR_TEXT_MAX], half[ERROR_TEXT_MAX / 2];
	struct error e;

	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	memset(half, 'y', sizeof(half) - 1);
	half[sizeof(half) - 1] = '\0';

	error_set(&e, EIO, "object '%s': reason", huge);
	ok(strlen(e.text) < ERROR_TEXT_MAX, "a long text is cut");
	ok(strncmp(e.text, "object 'xxx", 11) == 0, "its beginning is kept");
	is_str(strstr(e.text, "': "), "': reason", "and its end");
	error_context(&e, "%s", half);
	ok(strncmp(e.text, "yyy", 3) == 0, "so is its context's beginning");
	is_str(strstr(e.text, "': "), "': reason", "and its own end");
	error_set(&e, EIO, "reason");
	error_context(&e, "%s", half);
	is_str(e.text + strlen(half), ": reason", "half of the room is enough for both");

	error_hint(&e, "%s", huge);
	is_int((int64_t)strlen(e.hint), ERROR_HINT_MAX - 1, "a long hint is cut");
	errno = ENOENT;
	error_errno(&e, "open '%s'", huge);
	is_str(strstr(e.text, "': "), "': No such file or directory", "errno's description stays");
	ok(strlen(e.text) < ERROR_TEXT_MAX, "within the room");
}

int main(void)
{
	test_set();
	test_context();
	test_hint();
	test_bounds();
	return done();
}

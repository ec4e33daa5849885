/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <regex.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "temp.h"

#define NO_LOG                                     \
	{                                          \
		.fd = -EBADF, .syslog_fd = -EBADF, \
	}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z"

/* The whole of the text is this expression. */
static void is_like(const char *text, const char *expression, const char *what)
{
	regex_t re;

	if (regcomp(&re, expression, REG_EXTENDED | REG_NOSUB) != 0) {
		printf("Bail out! '%s' is no expression\n", expression);
		exit(EXIT_FAILURE);
	}
	if (!ok(text && regexec(&re, text, 0, NULL, 0) == 0, "%s", what))
		printf("# got: %s\n# want: %s\n", text ? text : "(null)", expression);
	regfree(&re);
}

/* Standard error goes to a file of the test while something is logged. */
static int saved_stderr;

static void catch_stderr(const struct temp *t)
{
	int fd = openat(t->fd, "stderr", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	saved_stderr = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void is_caught(const struct temp *t, const char *want, const char *what)
{
	char *text = NULL;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	file_read_text(t->fd, "stderr", 10000, &text, NULL);
	is_str(text, want, "%s", what);
	free(text);
}

static char *log_of(const struct temp *t)
{
	char *text = NULL;

	file_read_text(t->fd, "log", 100000, &text, NULL);
	unlinkat(t->fd, "log", 0);
	return text;
}

static struct log open_log(const struct temp *t, enum log_format format, enum log_level level)
{
	struct log log = NO_LOG;
	char path[512];
	struct error e;

	snprintf(path, sizeof(path), "file:%s/log", t->path);
	ok(log_open(&log, path, &e) == 0, "a log with file: in front of its path");
	log.format = format;
	log.level = level;
	return log;
}

static void test_open(const struct temp *t)
{
	struct log log = NO_LOG;
	struct error e;
	char path[512], want[1024];

	is_int(log_open(&log, NULL, &e), 0, "no log");
	is_int(log_open(&log, "", &e), 0, "nor with an empty name");
	ok(log.fd < 0 && log.syslog_fd < 0, "opens nothing");
	snprintf(path, sizeof(path), "%s/none/log", t->path);
	is_int(log_open(&log, path, &e), -ENOENT, "a log in a directory that is not there");
	snprintf(want, sizeof(want), "open the log file '%s': No such file or directory", path);
	is_str(e.text, want, "says so");
	snprintf(path, sizeof(path), "%s/log", t->path);
	is_int(log_open(&log, path, &e), 0, "a path alone");
	ok(fcntl(log.fd, F_GETFD) == FD_CLOEXEC, "close-on-exec");
	ok(fcntl(log.fd, F_GETFL) & O_APPEND, "appended to");
	log_close(&log);
	is_int(log.fd, -EBADF, "closed");
	unlinkat(t->fd, "log", 0);
	if (access("/dev/log", F_OK) == 0) {
		skip("this machine has a system log");
		return;
	}
	is_int(log_open(&log, "syslog:tag", &e), -ENOENT, "no system log here");
	is_str(e.text, "connect to the system's log at '/dev/log': No such file or directory",
		"says so");
}

/* Podman takes the whole file for one JSON object. */
static void test_json(const struct temp *t)
{
	struct log log = open_log(t, LOG_JSON, LOG_LEVEL_ERROR);
	struct error e;
	char *text;

	catch_stderr(t);
	log_write(&log, LOG_LEVEL_WARNING, "only a warning");
	log_write(&log, LOG_LEVEL_DEBUG, "only for us");
	is_caught(t, "lichen: warning: only a warning\n", "a warning is said");
	error_set(&e, ENOENT, "mount \"a\\b\": tab\tnew\nline \x01\x1f end \xc3\xa4");
	error_hint(&e, "install it");
	catch_stderr(t);
	log_error(&log, &e);
	is_caught(t,
		"lichen: mount \"a\\b\": tab\\x09new\\x0aline \\x01\\x1f end \xc3\xa4\nhint: "
		"install it\n",
		"an error is said, with its hint on a line of its own");
	text = log_of(t);
	is_like(text,
		"^\\{\"msg\":\"mount \\\\\"a\\\\\\\\b\\\\\": tab\\\\\\\\x09new\\\\\\\\x0aline "
		"\\\\\\\\x01\\\\\\\\x1f end \xc3\xa4\\\\nhint: install it\",\"level\":\"error\","
		"\"time\":\"" TIME "\"\\}\n$",
		"the file has it as one JSON object, and nothing else");
	free(text);
	log_close(&log);
}

static void test_text(const struct temp *t)
{
	struct log log = open_log(t, LOG_TEXT, LOG_LEVEL_DEBUG);
	struct error e;
	char *text;

	error_set(&e, ENOENT, "no 'x'");
	catch_stderr(t);
	log_write(&log, LOG_LEVEL_DEBUG, "step %d", 1);
	log_write(&log, LOG_LEVEL_WARNING, "a %s", "warning");
	log_error(&log, &e);
	is_caught(t, "lichen: warning: a warning\nlichen: no 'x'\n",
		"debug records are the file's alone");
	text = log_of(t);
	is_like(text,
		"^time=\"" TIME "\" level=debug msg=\"step 1\"\n"
		"time=\"" TIME "\" level=warning msg=\"a warning\"\n"
		"time=\"" TIME "\" level=error msg=\"no 'x'\"\n$",
		"one line a record, in the form of runc");
	free(text);
	log_close(&log);
}

static void test_warning(const struct temp *t)
{
	struct log log = open_log(t, LOG_JSON, LOG_LEVEL_WARNING);
	char *text;

	catch_stderr(t);
	log_warning(&log, "no \033[31mred\r\x7f", "");
	/* U+009B is "ESC ["; then half a character, one that is too long, and a real one. */
	log_warning(&log,
		"no \xc2\x9b"
		"31m, \xc3, \xc0\xaf, \xe2\x82\xac",
		"");
	log_warning(&log, "no ranges", "usermod --add-subuids ...");
	is_caught(t,
		"lichen: warning: no \\x1b[31mred\\x0d\\x7f\n"
		"lichen: warning: no \\xc2\\x9b31m, \\xc3, \\xc0\\xaf, \xe2\x82\xac\n"
		"lichen: warning: no ranges\nhint: usermod --add-subuids ...\n",
		"a warning with its hint, and nothing that a terminal obeys");
	text = log_of(t);
	is_like(text,
		"^\\{\"msg\":\"no "
		"\\\\\\\\x1b\\[31mred\\\\\\\\x0d\\\\\\\\x7f\",\"level\":\"warning\",\"time\":"
		"\"" TIME "\"\\}\n"
		"\\{\"msg\":\"no \\\\\\\\xc2\\\\\\\\x9b31m, \\\\\\\\xc3, \\\\\\\\xc0\\\\\\\\xaf, "
		"\xe2\x82\xac\","
		"\"level\":\"warning\",\"time\":\"" TIME "\"\\}\n"
		"\\{\"msg\":\"no ranges\\\\nhint: usermod --add-subuids "
		"\\.\\.\\.\",\"level\":"
		"\"warning\",\"time\":\"" TIME "\"\\}\n$",
		"in the file too");
	free(text);
	log_close(&log);
}

static void test_levels(const struct temp *t)
{
	struct log none = NO_LOG;
	struct log log = open_log(t, LOG_TEXT, LOG_LEVEL_WARNING);
	char *text;

	catch_stderr(t);
	none.level = LOG_LEVEL_DEBUG;
	log_write(&none, LOG_LEVEL_DEBUG, "where");
	none.level = LOG_LEVEL_WARNING;
	log_write(&none, LOG_LEVEL_DEBUG, "nowhere");
	log_write(&log, LOG_LEVEL_DEBUG, "nowhere");
	log_write(&log, LOG_LEVEL_ERROR, "100%% %s", "%n");
	is_caught(t, "lichen: where\nlichen: 100% %n\n", "debug records without a file are said");
	text = log_of(t);
	is_like(text, "^time=\"" TIME "\" level=error msg=\"100% %n\"\n$",
		"the file has what its level asks for");
	free(text);
	log_close(&log);
}

int main(void)
{
	struct temp t = temp_make();

	test_open(&t);
	test_json(&t);
	test_text(&t);
	test_warning(&t);
	test_levels(&t);
	temp_remove(&t);
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

static const char *const level_name[] = { "error", "warning", "debug" };
static const int level_priority[] = { LOG_ERR, LOG_WARNING, LOG_DEBUG };

/* Both the journal and syslogd listen here (systemd-journald.service(8), syslog(3)). */
#define SYSLOG_SOCKET "/dev/log"

static int open_syslog(struct log *log, const char *tag, struct error *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = SYSLOG_SOCKET };
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_errno(e, "connect to the system's log at '%s'", SYSLOG_SOCKET);
	log->syslog_fd = fd_take(&fd);
	log->tag = tag;
	return 0;
}

int log_open(struct log *log, const char *target, struct error *e)
{
	const char *path = target;

	if (!target || !*target)
		return 0;
	if (str_starts(target, "syslog:") || str_starts(target, "journald:"))
		return open_syslog(log, strchr(target, ':') + 1, e);
	if (str_starts(target, "file:"))
		path = target + strlen("file:");
	log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (log->fd < 0)
		return error_errno(e, "open the log file '%s'", path);
	return 0;
}

void log_close(struct log *log)
{
	log->fd = fd_close(log->fd);
	log->syslog_fd = fd_close(log->syslog_fd);
}

/*
 * Quotes printable text for both JSON and runc's text form, which read the same escapes. Its one
 * control character is the newline in front of a hint.
 */
static void add_quoted(struct text *t, const char *s)
{
	text_puts(t, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_printf(t, "\\%c", *s);
		else if (*s == '\n')
			text_puts(t, "\\n");
		else
			text_add(t, s, 1);
	}
	text_puts(t, "\"");
}

/*
 * Texts name what config.json, a hook or a file said, and end up on terminals: no byte of them may
 * move a cursor or begin a line of its own.
 */
static char *printable(const char *s)
{
	struct text t = { 0 };

	text_puts_printable(&t, s);
	return t.s;
}

static void now_rfc3339(char *buf, size_t size)
{
	struct timespec now;
	struct tm tm;
	char seconds[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%06ldZ", seconds, now.tv_nsec / 1000);
}

static void write_record(const struct log *log, enum log_level level, const char *msg)
{
	CLEANUP(text_release) struct text t = { 0 };
	char when[64];

	now_rfc3339(when, sizeof(when));
	if (log->format == LOG_JSON) {
		text_puts(&t, "{\"msg\":");
		add_quoted(&t, msg);
		text_printf(&t, ",\"level\":\"%s\",\"time\":\"%s\"}\n", level_name[level], when);
	} else {
		text_printf(&t, "time=\"%s\" level=%s msg=", when, level_name[level]);
		add_quoted(&t, msg);
		text_puts(&t, "\n");
	}
	/* A log that can't be written must not hide the error that it was for. */
	(void)fd_write_all(log->fd, t.s, t.len);
}

static void write_syslog(const struct log *log, enum log_level level, const char *msg)
{
	CLEANUP(mem_free)
	char *line = xasprintf("<%d>%s[%d]: %s", LOG_USER | level_priority[level],
		*log->tag ? log->tag : "lichen", getpid(), msg);

	(void)send(log->syslog_fd, line, strlen(line), MSG_NOSIGNAL);
}

static void write_everywhere(const struct log *log, enum log_level level, const char *msg)
{
	bool wanted = level <= log->level;

	if (wanted && log->fd >= 0)
		write_record(log, level, msg);
	if (wanted && log->syslog_fd >= 0)
		write_syslog(log, level, msg);
}

static void log_line(const struct log *log, enum log_level level, const char *msg)
{
	write_everywhere(log, level, msg);
	if (level <= LOG_LEVEL_WARNING || (level <= log->level && log->fd < 0))
		fprintf(stderr, "lichen: %s%s\n", level == LOG_LEVEL_WARNING ? "warning: " : "",
			msg);
}

void log_write(const struct log *log, enum log_level level, const char *fmt, ...)
{
	CLEANUP(mem_free) char *msg = NULL;
	CLEANUP(mem_free) char *line = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&msg, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	line = printable(msg);
	log_line(log, level, line);
}

static char *with_hint(const char *text, const char *hint)
{
	CLEANUP(mem_free) char *line = printable(text);
	CLEANUP(mem_free) char *mend = printable(hint);

	return *hint ? xasprintf("%s\nhint: %s", line, mend) : TAKE_PTR(line);
}

void log_warning(const struct log *log, const char *text, const char *hint)
{
	CLEANUP(mem_free) char *msg = with_hint(text, hint);

	log_line(log, LOG_LEVEL_WARNING, msg);
}

void log_error(const struct log *log, const struct error *e)
{
	CLEANUP(mem_free) char *msg = with_hint(e->text, e->hint);

	log_line(log, LOG_LEVEL_ERROR, msg);
}

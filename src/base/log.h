/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: a file, the journal or syslog named by --log, in runc's text form or as one JSON object
 * a line. Whoever reads one parses `level`, `msg` and an RFC 3339 `time`.
 */
#pragma once

#include "base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

struct log {
	int fd; /* the file, or -EBADF: standard error alone */
	int syslog_fd; /* a datagram socket to the system's log, or -EBADF */
	const char *tag; /* for the system's log */
	enum log_format format;
	enum log_level level;
};

/*
 * target: PATH, file:PATH, syslog:TAG or journald:TAG; NULL for none. Files are appended to.
 */
int log_open(struct log *log, const char *target, struct error *e);
void log_close(struct log *log);

/*
 * One record. Errors and warnings also go to standard error, as plain lines; the file has warnings
 * only if the level asks for them, since Podman takes the whole file for one JSON object.
 */
void log_write(const struct log *log, enum log_level level, const char *fmt, ...)
	ERROR_PRINTF(3, 4);

/* A warning with the line that mends it. */
void log_warning(const struct log *log, const char *text, const char *hint);

/* Prints an error the one time that it is printed, with its hint. */
void log_error(const struct log *log, const struct error *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors. Every descriptor is close-on-exec from birth and has one owner; -EBADF is
 * "none".
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/mem.h"

/* Closes and returns -EBADF; keeps errno; ignores a negative fd. */
int fd_close(int fd);

/* The cleanup: `CLEANUP(fd_cleanup) int fd = -EBADF;` */
void fd_cleanup(int *fd);

/* Moves ownership out of a variable that has a cleanup. */
int fd_take(int *fd);

/*
 * Everything from first on becomes close-on-exec: what our caller left open. System calls alone, so
 * that it can be done in the child of a vfork(2).
 */
void fd_cloexec_from(unsigned int first);

/* All of it, or -errno with errno set. */
int fd_write_all(int fd, const void *data, size_t size);
/* Up to size bytes until end of file; returns how many, or -errno. */
ssize_t fd_read_all(int fd, void *data, size_t size);

/*
 * A whole file, NUL-terminated, at most max bytes (-EFBIG beyond). out_text is the caller's to
 * free; out_len may be NULL.
 */
int fd_read_text(int fd, size_t max, char **out_text, size_t *out_len);
int file_read_text(int dir_fd, const char *path, size_t max, char **out_text, size_t *out_len);

/* Writes an existing file in one write(2), as the kernel's control files want it. */
int file_write(int dir_fd, const char *path, const char *text);

/* Replaces dir_fd/name atomically (temporary file, then rename). -errno on failure. */
int file_replace(int dir_fd, const char *name, mode_t mode, const char *data, size_t size);

/* "/proc/self/fd/N", for calls that have no form that takes a descriptor. */
struct fd_path {
	char s[32];
};
struct fd_path fd_path(int fd);

/* Sends one message with up to FD_SEND_MAX descriptors; receives likewise. -errno on failure. */
#define FD_SEND_MAX 4
ssize_t fd_send(int sock_fd, const void *data, size_t size, const int *fds, size_t n_fds);
/* Received descriptors are close-on-exec and the caller's; out_n_fds is how many came. */
ssize_t fd_receive(int sock_fd, void *data, size_t size, int *fds, size_t *out_n_fds);

/*
 * Connects to a stream socket by its path and sends data with one descriptor. what names it in
 * errors: "the console socket". Then waits a moment for it to be read: conmon, for one, takes a
 * runtime whose end it sees first for one that has sent nothing.
 */
int fd_hand_over(const char *path, const char *what, const char *data, int fd, struct error *e);

/* Waits until fd is readable or at end of file: 1, 0 at the deadline, -errno. -1 ms: no limit. */
int fd_wait(int fd, int timeout_ms);

/* Monotonic milliseconds, for deadlines. */
int64_t time_ms(void);

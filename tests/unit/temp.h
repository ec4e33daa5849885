/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of the test's own, and what is looked at in more than one test. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct temp {
	char path[256];
	int fd; /* O_RDONLY | O_DIRECTORY */
};

static inline struct temp temp_make(void)
{
	const char *dir = getenv("TMPDIR");
	struct temp t;

	snprintf(t.path, sizeof(t.path), "%s/lichen-test.XXXXXX", dir && *dir ? dir : "/tmp");
	if (!mkdtemp(t.path) || (t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		printf("Bail out! no directory at %s\n", t.path);
		exit(EXIT_FAILURE);
	}
	return t;
}

static inline int temp_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void temp_remove(struct temp *t)
{
	close(t->fd);
	nftw(t->path, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A file with this text, in place of what was there. */
static inline void temp_write(const struct temp *t, const char *name, const char *text)
{
	int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		printf("Bail out! cannot write %s/%s\n", t->path, name);
		exit(EXIT_FAILURE);
	}
	close(fd);
}

static inline size_t count_open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static inline size_t count_entries(const struct temp *t)
{
	DIR *d = opendir(t->path);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

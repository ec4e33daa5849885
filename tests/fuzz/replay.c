/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzzer's entry over the files of $srcdir/tests/fuzz/corpus/NAME, where the program is
 * called replay-NAME, or over those that are named on the command line. One TAP line for each
 * file: a crash or an abort ends the program before the plan.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int n_files;

static int replay(const char *path)
{
	CLEANUP(mem_free) char *text = NULL;
	size_t len;

	if (file_read_text(AT_FDCWD, path, 64 << 20, &text, &len) < 0) {
		printf("not ok %u - cannot read %s\n", ++n_files, path);
		return 1;
	}
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	printf("ok %u - %s\n", ++n_files, path);
	return 0;
}

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int replay_directory(const char *path)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_visible, alphasort), failed = 0;

	for (int i = 0; i < n; i++) {
		CLEANUP(mem_free) char *file = xasprintf("%s/%s", path, entries[i]->d_name);

		failed += replay(file);
		free(entries[i]);
	}
	free(entries);
	if (n <= 0) {
		printf("not ok %u - no corpus in %s\n", ++n_files, path);
		failed++;
	}
	return failed;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "replay-");
	CLEANUP(mem_free) char *directory = NULL;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed += replay(argv[i]);
	if (argc == 1 && name) {
		directory = xasprintf(
			"%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name + strlen("replay-"));
		failed += replay_directory(directory);
	}
	printf("1..%u\n", n_files);
	return failed || n_files == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

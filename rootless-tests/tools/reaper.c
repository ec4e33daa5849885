/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reaper CMD [ARG...]   runs CMD in this process, as the one that orphans among its descendants
 *                       come to: what a test leaves behind is then its own child, whoever else runs
 *                       containers on the machine.
 * reaper --wait PID-FILE CMD [ARG...]
 *                       the same as a caller does (conmon, buildah): runs CMD as a child, then
 * waits for the process that PID-FILE names. Prints "child STATUS", and "first process STATUS" or
 * why that one was not there to be waited for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_for(pid_t pid, const char *what)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			printf("%s: %s\n", what, strerror(errno));
			return 1;
		}
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else
		printf("%s: %d\n", what, WEXITSTATUS(status));
	return 0;
}

static int wait_for_both(const char *pid_file, char **argv)
{
	pid_t pid = fork();
	FILE *f;
	int first;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait_for(pid, "child"))
		return 1;
	f = fopen(pid_file, "r");
	if (!f || fscanf(f, "%d", &first) != 1) {
		printf("first process: no PID in '%s'\n", pid_file);
		return 1;
	}
	fclose(f);
	/* Whoever reads this may start it now. */
	printf("waiting\n");
	fflush(stdout);
	return wait_for(first, "first process");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("reaper: prctl");
		return 1;
	}
	if (argc > 3 && strcmp(argv[1], "--wait") == 0)
		return wait_for_both(argv[2], argv + 3);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}

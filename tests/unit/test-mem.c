/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/* Runs a function in a process of its own; its wait status and what it wrote to standard error. */
static int in_child(void (*run)(void), char *output, size_t size)
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		/* Not a sanitizer's handlers. */
		signal(SIGSEGV, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		close(fds[1]);
		run();
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], output, size - 1);
	output[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	return status;
}

static void exhaust_arena(void)
{
	struct arena a;

	arena_init(&a, 64);
	arena_alloc(&a, 48);
	arena_alloc(&a, 17);
}

static void overflow_arena(void)
{
	struct arena a;

	arena_init(&a, 64);
	arena_alloc(&a, SIZE_MAX - 3);
}

static void write_to_sealed(void)
{
	struct arena a;
	char *s;

	arena_init(&a, 4096);
	s = arena_strndup(&a, "text", 4);
	arena_seal(&a);
	s[0] = 'T';
}

#ifndef __SANITIZE_ADDRESS__
static volatile size_t too_much = SIZE_MAX / 4;

static void realloc_overflow(void)
{
	/* 4, if nobody looks. */
	xrealloc(NULL, too_much + 2, 4);
}

static void malloc_too_much(void)
{
	xmalloc(too_much);
}
#endif

static void test_out_of_memory(void)
{
	char text[256];
	int status = in_child(exhaust_arena, text, sizeof(text));

	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "an exhausted arena ends the program");
	is_str(text, "lichen: out of memory\n", "with one line");
	status = in_child(overflow_arena, text, sizeof(text));
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "so does a size that overflows");
	status = in_child(write_to_sealed, text, sizeof(text));
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "nobody writes to a sealed arena");
#ifdef __SANITIZE_ADDRESS__
	skip("the address sanitizer has its own word on absurd sizes");
#else
	status = in_child(realloc_overflow, text, sizeof(text));
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "a product that overflows ends it");
	is_str(text, "lichen: out of memory\n", "with the line");
	status = in_child(malloc_too_much, text, sizeof(text));
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "as does more than there is");
	is_str(text, "lichen: out of memory\n", "with the line");
#endif
}

static void test_heap(void)
{
	CLEANUP(mem_free) char *zero = xmalloc(0);
	CLEANUP(mem_free) unsigned char *cleared = xcalloc(100, 3);
	CLEANUP(mem_free) char *s = xstrdup("text");
	CLEANUP(mem_free) char *part = xstrndup("text", 2);
	CLEANUP(mem_free) char *none = xcalloc(0, 0);
	CLEANUP(mem_free) char *formatted = xasprintf("%s-%d", "a", 7);
	CLEANUP(mem_free) char *grown = xrealloc(NULL, 4, 1);
	unsigned int sum = 0;
	char *taken;

	ok(zero && none, "nothing is something");
	for (size_t i = 0; i < 300; i++)
		sum += cleared[i];
	is_int(sum, 0, "xcalloc clears");
	is_str(part, "te", "a part of a string");
	is_str(formatted, "a-7", "a formatted string");
	memcpy(grown, "abc", 4);
	grown = xrealloc(grown, 1000, 100);
	is_str(grown, "abc", "what was there stays");
	taken = TAKE_PTR(s);
	ok(!s, "what was taken is gone from where it was");
	is_str(taken, "text", "and here");
	free(taken);
}

static void test_arena(void)
{
	struct arena a;
	unsigned char *first, *second;
	char *s;
	unsigned int sum = 0;

	arena_init(&a, 1 << 20);
	first = arena_alloc(&a, 1);
	second = arena_alloc(&a, 100);
	is_int(second - first, 16, "aligned to 16 bytes");
	for (size_t i = 0; i < 100; i++)
		sum += second[i];
	is_int(sum, 0, "zeroed");
	s = arena_strndup(&a, "abcdef", 3);
	is_str(s, "abc", "a string ends");
	is_int((char *)arena_alloc(&a, 0) - a.base, (int64_t)a.used, "nothing takes nothing");
	is_int(a.size - a.used >= (1 << 20) - 256, 1, "it counts what it gave");
	arena_alloc(&a, a.size - a.used);
	is_int((int64_t)a.used, (int64_t)a.size, "it can be used up to the last byte");
	arena_seal(&a);
	is_str(s, "abc", "what is sealed can be read");
	arena_release(&a);
	ok(!a.base && !a.size, "released");
	arena_release(&a);
	ok(true, "twice does no harm");
}

int main(void)
{
	test_heap();
	test_arena();
	test_out_of_memory();
	return done();
}

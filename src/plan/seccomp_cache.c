/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"

#define ENTRY_MAX (4u << 20)
/* Another number when the form of an entry changes: the key, a checksum, the program. */
#define MAGIC "lichen seccomp 2\n"

static void add_strings(struct text *t, const struct strings *s)
{
	text_printf(t, "%zu:", s->n);
	for (size_t i = 0; i < s->n; i++)
		text_printf(t, "%zu=%s", strlen(s->v[i]), s->v[i]);
	text_puts(t, "\n");
}

static void add_number(struct text *t, const struct opt_u32 *n)
{
	if (n->set)
		text_printf(t, " %u\n", n->v);
	else
		text_puts(t, " -\n");
}

void seccomp_cache_key(const struct spec_seccomp *spec, const char *compiler, struct text *out)
{
	struct utsname machine = { 0 };

	uname(&machine);
	text_printf(out, MAGIC "%s %s\n%lld", compiler, machine.machine,
		(long long)spec->default_action);
	add_number(out, &spec->default_errno_ret);
	add_strings(out, &spec->architectures);
	for (size_t i = 0; i < spec->syscalls.n; i++) {
		const struct spec_syscall *rule = &spec->syscalls.v[i];

		text_printf(out, "%lld %zu", (long long)rule->action, rule->args.n);
		add_number(out, &rule->errno_ret);
		add_strings(out, &rule->names);
		for (size_t k = 0; k < rule->args.n; k++)
			text_printf(out, "%u %lld %llu %llu\n", rule->args.v[k].index,
				(long long)rule->args.v[k].op,
				(unsigned long long)rule->args.v[k].value,
				(unsigned long long)rule->args.v[k].value_two);
	}
}

static char *entry_name(const struct text *key)
{
	return xasprintf("%016llx", (unsigned long long)str_hash(key->s, key->len));
}

static int open_dir(const char *dir)
{
	CLEANUP(fd_cleanup) int fd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	return fd_take(&fd);
}

int seccomp_cache_load(
	const char *dir, const struct text *key, struct arena *arena, struct seccomp_filter *out)
{
	CLEANUP(mem_free) char *name = entry_name(key);
	CLEANUP(mem_free) char *entry = NULL;
	CLEANUP(fd_cleanup) int dir_fd = open_dir(dir);
	size_t len, size;
	uint64_t checksum;
	void *program;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = file_read_text(dir_fd, name, ENTRY_MAX, &entry, &len);
	if (r < 0)
		return r;
	if (len <= key->len + sizeof(checksum) || memcmp(entry, key->s, key->len) != 0)
		return -ESTALE;
	memcpy(&checksum, entry + key->len, sizeof(checksum));
	size = len - key->len - sizeof(checksum);
	if (size % sizeof(struct sock_filter) != 0 ||
		size / sizeof(struct sock_filter) > BPF_MAXINSNS ||
		str_hash(entry + len - size, size) != checksum)
		return -EBADMSG;
	program = arena_alloc(arena, size);
	memcpy(program, entry + len - size, size);
	out->v = program;
	out->n = size / sizeof(struct sock_filter);
	return 0;
}

void seccomp_cache_store(
	const char *dir, const struct text *key, const struct seccomp_filter *filter)
{
	CLEANUP(mem_free) char *name = entry_name(key);
	CLEANUP(text_release) struct text entry = { 0 };
	CLEANUP(fd_cleanup) int dir_fd = -EBADF;
	size_t size = filter->n * sizeof(struct sock_filter);
	uint64_t checksum = str_hash(filter->v, size);

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return;
	dir_fd = open_dir(dir);
	if (dir_fd < 0)
		return;
	text_add(&entry, key->s, key->len);
	text_add(&entry, (const char *)&checksum, sizeof(checksum));
	text_add(&entry, (const char *)filter->v, size);
	(void)file_replace(dir_fd, name, 0600, entry.s, entry.len);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters that are kept: which of them are taken. */
#include "tap.h"

#include <errno.h>

#include "base/fd.h"
#include "plan/seccomp_cache.h"
#include "profile.h"
#include "temp.h"

#define CACHED(code)                                                             \
	"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"names\": " \
	"[\"getppid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": " code " } ] }"

/* The one entry of the cache: 0 if there is none. */
static bool only_entry(const char *cache, char *name, size_t size)
{
	DIR *d = opendir(cache);
	struct dirent *entry;
	size_t n = 0;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.') {
			snprintf(name, size, "%s/%s", cache, entry->d_name);
			n++;
		}
	if (d)
		closedir(d);
	return n == 1;
}

/* Changes what the entry's program answers. */
static bool tamper(const char *entry, uint32_t from, uint32_t to)
{
	CLEANUP(mem_free) char *text = NULL;
	struct sock_filter i = BPF_STMT(BPF_RET | BPF_K, from);
	size_t len = 0;
	char *found;
	CLEANUP(fd_cleanup) int fd = open(entry, O_RDWR | O_CLOEXEC);

	if (fd_read_text(fd, 1 << 20, &text, &len) < 0 ||
		!(found = memmem(text, len, &i, sizeof(i))))
		return false;
	i.k = to;
	memcpy(found, &i, sizeof(i));
	return pwrite(fd, text, len, 0) == (ssize_t)len;
}

static uint32_t cached_answer(const char *seccomp, const char *cache)
{
	CLEANUP(profile_release) struct profile p = compile_cached(seccomp, cache);

	return p.result < 0 ? BROKEN : decide(&p, SYS_getppid, 0, 0);
}

/* A filter that nothing compiles to, under the key of this profile: so that a hit can be seen. */
static void store_lie(const char *seccomp, const char *cache)
{
	CLEANUP(profile_release) struct profile p = compile(seccomp);
	CLEANUP(text_release) struct text key = { 0 };
	const struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, ERRNO(99)) };
	const struct seccomp_filter stored = { .n = 1, .v = code };

	seccomp_cache_key(p.spec->linux.seccomp, plan_seccomp_version(), &key);
	seccomp_cache_store(cache, &key, &stored);
	is_int(seccomp_cache_load(cache, &key, &p.arena, &p.filter), 0, "a stored filter is found");
	is_int((int64_t)p.filter.n, 1, "as it was stored");
	key.s[key.len - 1] ^= 1;
	is_int(seccomp_cache_load(cache, &key, &p.arena, &p.filter), -ENOENT,
		"another key finds none");
}

static void test_cache(const struct temp *t)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/cache", t->path);
	CLEANUP(profile_release) struct profile miss = compile_cached(CACHED("7"), cache);
	CLEANUP(profile_release) struct profile hit = compile_cached(CACHED("7"), cache);
	CLEANUP(profile_release) struct profile plain = compile(CACHED("7"));
	char entry[512];
	struct stat st;

	is_int(decide(&miss, SYS_getppid, 0, 0), ERRNO(7), "compiled");
	ok(miss.filter.n == plain.filter.n && hit.filter.n == plain.filter.n &&
			memcmp(hit.filter.v, plain.filter.v,
				hit.filter.n * sizeof(*hit.filter.v)) == 0,
		"a hit equals what is compiled");
	is_int(hit.filter.flags, plain.filter.flags, "and its flags");
	ok(only_entry(cache, entry, sizeof(entry)), "one entry for it");
	ok(stat(cache, &st) == 0 && (st.st_mode & 07777) == 0700, "in a directory of ours alone");
	ok(stat(entry, &st) == 0 && (st.st_mode & 07777) == 0600, "in a file of ours alone");
	is_int(cached_answer(CACHED("8"), cache), ERRNO(8), "another errnoRet is another filter");
	unlink(entry);
	ok(only_entry(cache, entry, sizeof(entry)), "with an entry of its own");
	is_int(cached_answer(CACHED("8"), NULL), ERRNO(8), "no cache is fine");
	is_int(cached_answer(CACHED("8"), "/proc/none/x"), ERRNO(8), "nor one that can't be");
}

/* An entry that is not taken is one that is written anew. */
static void test_cache_is_verified(const struct temp *t)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/verified", t->path);
	char entry[512];

	store_lie(CACHED("7"), cache);
	ok(only_entry(cache, entry, sizeof(entry)), "(its name)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(99), "what is stored is taken");
	chmod(cache, 0777);
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7),
		"but not from a directory that others can write to");
	chmod(cache, 0700);
	is_int(cached_answer(CACHED("7"), cache), ERRNO(99), "which was left alone");
	ok(tamper(entry, ERRNO(99), ERRNO(98)), "(changed)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7),
		"an entry that was changed is not taken");
	is_int(truncate(entry, 20), 0, "(cut)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor one that is cut in its key");
	ok(tamper(entry, ERRNO(7), ERRNO(7)), "it is written anew");
	{
		struct stat st;

		stat(entry, &st);
		is_int(truncate(entry, st.st_size - 3), 0, "(cut)");
		is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor one cut in its program");
		is_int(truncate(entry, 0), 0, "(cut)");
		is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor an empty one");
		is_int(truncate(entry, 5 << 20), 0, "(grown)");
		is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor a huge one");
	}
	unlink(entry);
	is_int(mkdir(entry, 0700), 0, "(a directory in its place)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "what can't be written is compiled");
	rmdir(entry);
}

static void test_cache_is_ours(const struct temp *t)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/ours", t->path);
	CLEANUP(mem_free) char *link = xasprintf("%s/link", t->path);
	char entry[512];

	cached_answer(CACHED("7"), cache);
	is_int(symlink(cache, link), 0, "(a link to a cache)");
	if (only_entry(cache, entry, sizeof(entry)))
		unlink(entry);
	is_int(cached_answer(CACHED("7"), link), ERRNO(7), "a link is no cache");
	ok(!only_entry(cache, entry, sizeof(entry)), "nothing is written through it");
	if (geteuid() != 0) {
		skip("only root can make a directory of another user");
		return;
	}
	is_int(chown(cache, 1, 1), 0, "(of another user)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "another user's is none");
	ok(!only_entry(cache, entry, sizeof(entry)), "nothing is written to it");
}

/* ---- what determines a filter ---- */

static void key_of(const char *seccomp, const char *compiler, struct text *out)
{
	CLEANUP(profile_release) struct profile p = compile(seccomp);

	if (p.result == 0)
		seccomp_cache_key(p.spec->linux.seccomp, compiler, out);
}

#define BUT(rules) "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" rules "] }"

static void test_key(void)
{
	static const char *const different[] = {
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\" }",
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\" }",
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 0 }",
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1 }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"] }",
		CACHED("1"),
		CACHED("2"),
		BUT(RULE("ERRNO", "")),
		BUT(RULE("TRAP", "")),
		BUT(RULE("ERRNO", EQ("0", "1"))),
		BUT(RULE("ERRNO", EQ("1", "0"))),
		BUT(RULE("ERRNO", EQ("0", "1") ", " EQ("1", "1"))),
		BUT(RULE("ERRNO", EQ("0", "1")) ", " RULE("ERRNO", EQ("1", "1"))),
		BUT("{ \"names\": [\"a\", \"b\"], \"action\": \"SCMP_ACT_ERRNO\" }"),
		BUT("{ \"names\": [\"a1=b\"], \"action\": \"SCMP_ACT_ERRNO\" }"),
	};
	struct text keys[ARRAY_SIZE(different)] = { 0 };
	CLEANUP(text_release) struct text newer = { 0 };
	CLEANUP(text_release) struct text again = { 0 };
	size_t same = 0;

	for (size_t i = 0; i < ARRAY_SIZE(different); i++) {
		key_of(different[i], "2.5.4", &keys[i]);
		ok(keys[i].len > 0, "key %zu", i);
		for (size_t k = 0; k < i; k++)
			same += keys[i].len == keys[k].len &&
				memcmp(keys[i].s, keys[k].s, keys[i].len) == 0;
	}
	is_int((int64_t)same, 0, "no two filters share a key");
	key_of(different[0], "2.5.4", &again);
	is_str(again.s, keys[0].s, "the same one has the same");
	key_of(different[0], "2.6.0", &newer);
	ok(!streq(newer.s, keys[0].s), "another version of libseccomp compiles anew");
	for (size_t i = 0; i < ARRAY_SIZE(different); i++)
		text_release(&keys[i]);
}

int main(void)
{
	struct temp t = temp_make();

	if (OUR_ARCH == 0) {
		skip("this machine's calls are not known to the test");
		return done();
	}
	test_cache(&t);
	test_cache_is_verified(&t);
	test_cache_is_ours(&t);
	test_key();
	temp_remove(&t);
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/cgroup_stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup.h"

#define NS_PER_US 1000

/* More CPUs or nodes in one range than any kernel knows: not a text of the kernel's. */
#define SET_MAX 65536

/* ---- texts of the kernel ---- */

void cgroup_parse_numbers(const char *text, struct cgroup_numbers *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	char *save = NULL;

	*out = (struct cgroup_numbers){ 0 };
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');
		uint64_t value;

		if (!blank || str_u64(blank + 1, UINT64_MAX, &value) < 0)
			continue;
		out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (struct cgroup_number){ xstrndup(line, (size_t)(blank - line)),
			value };
	}
}

void cgroup_numbers_release(struct cgroup_numbers *numbers)
{
	for (size_t i = 0; i < numbers->n; i++)
		free(numbers->v[i].name);
	free(numbers->v);
	*numbers = (struct cgroup_numbers){ 0 };
}

static const struct cgroup_number *find(const struct cgroup_numbers *numbers, const char *name)
{
	for (size_t i = 0; i < numbers->n; i++)
		if (streq(numbers->v[i].name, name))
			return &numbers->v[i];
	return NULL;
}

uint64_t cgroup_number(const struct cgroup_numbers *numbers, const char *name)
{
	const struct cgroup_number *found = find(numbers, name);

	return found ? found->value : 0;
}

bool cgroup_number_is_there(const struct cgroup_numbers *numbers, const char *name)
{
	return find(numbers, name);
}

unsigned int cgroup_parse_cpu(const char *text, struct cgroup_cpu *out)
{
	CLEANUP(cgroup_numbers_release) struct cgroup_numbers numbers = { 0 };

	cgroup_parse_numbers(text, &numbers);
	out->usage_ns = cgroup_number(&numbers, "usage_usec") * NS_PER_US;
	out->user_ns = cgroup_number(&numbers, "user_usec") * NS_PER_US;
	out->kernel_ns = cgroup_number(&numbers, "system_usec") * NS_PER_US;
	out->periods = cgroup_number(&numbers, "nr_periods");
	out->throttled_periods = cgroup_number(&numbers, "nr_throttled");
	out->throttled_ns = cgroup_number(&numbers, "throttled_usec") * NS_PER_US;
	if (!cgroup_number_is_there(&numbers, "usage_usec"))
		return 0;
	return cgroup_number_is_there(&numbers, "nr_periods") ? CGROUP_CPU | CGROUP_CPU_LIMIT
							      : CGROUP_CPU;
}

/* The kernel prints all of its averages with two digits behind the point. */
static bool parse_pressure_line(const char *values, struct cgroup_pressure_line *out)
{
	unsigned int whole[3], hundredths[3];
	unsigned long long total;

	if (sscanf(values, " avg10=%u.%2u avg60=%u.%2u avg300=%u.%2u total=%llu", &whole[0],
		    &hundredths[0], &whole[1], &hundredths[1], &whole[2], &hundredths[2],
		    &total) != 7)
		return false;
	*out = (struct cgroup_pressure_line){ .avg10 = whole[0] * 100 + hundredths[0],
		.avg60 = whole[1] * 100 + hundredths[1],
		.avg300 = whole[2] * 100 + hundredths[2],
		.total = total };
	return true;
}

void cgroup_parse_pressure(const char *text, struct cgroup_pressure *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	char *save = NULL;

	*out = (struct cgroup_pressure){ 0 };
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "some "))
			out->has_some = parse_pressure_line(line + 5, &out->some);
		else if (str_starts(line, "full "))
			out->has_full = parse_pressure_line(line + 5, &out->full);
}

void cgroup_parse_set(const char *text, struct cgroup_set *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	char *save = NULL;

	*out = (struct cgroup_set){ 0 };
	for (char *w = strtok_r(copy, ",\n", &save); w; w = strtok_r(NULL, ",\n", &save)) {
		unsigned int first, last;
		int found = sscanf(w, "%u-%u", &first, &last);

		if (found < 1)
			continue;
		if (found == 1)
			last = first;
		if (last < first || last >= SET_MAX)
			continue;
		out->v = xrealloc(out->v, out->n + (last - first + 1), sizeof(*out->v));
		while (first <= last)
			out->v[out->n++] = first++;
	}
}

/* Where in a device a figure belongs, or NULL: one that nobody asks for. */
static uint64_t *io_figure(struct cgroup_io_device *device, const char *name, size_t len)
{
	const struct {
		const char *name;
		uint64_t *figure;
	} figures[] = {
		{ "rbytes", &device->read_bytes },
		{ "wbytes", &device->written_bytes },
		{ "rios", &device->reads },
		{ "wios", &device->writes },
	};

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (strlen(figures[i].name) == len && strncmp(name, figures[i].name, len) == 0)
			return figures[i].figure;
	return NULL;
}

static void add_device(struct cgroup_io *io, unsigned int major, unsigned int minor)
{
	io->v = xrealloc(io->v, io->n + 1, sizeof(*io->v));
	io->v[io->n++] = (struct cgroup_io_device){ .major = major, .minor = minor };
}

/*
 * By words, not by lines: some kernels print devices that did nothing by their number alone,
 * without an end of the line, and some name one "(unknown)".
 */
void cgroup_parse_io(const char *text, struct cgroup_io *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	enum { NOBODY, NAMED, ADDED } device = NOBODY;
	unsigned int major = 0, minor = 0;
	char *save = NULL;

	out->n = 0;
	out->v = NULL;
	for (char *w = strtok_r(copy, " \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
		char *equals = strchr(w, '=');
		uint64_t *figure, value;

		if (!equals) {
			device = sscanf(w, "%u:%u", &major, &minor) == 2 ? NAMED : NOBODY;
			continue;
		}
		if (device == NOBODY)
			continue;
		if (device == NAMED)
			add_device(out, major, minor);
		device = ADDED;
		figure = io_figure(&out->v[out->n - 1], w, (size_t)(equals - w));
		if (figure && str_u64(equals + 1, UINT64_MAX, &value) == 0)
			*figure = value;
	}
}

void cgroup_parse_oom(const char *text, struct cgroup_oom *out)
{
	CLEANUP(cgroup_numbers_release) struct cgroup_numbers numbers = { 0 };

	cgroup_parse_numbers(text, &numbers);
	*out = (struct cgroup_oom){ .times = cgroup_number(&numbers, "oom"),
		.kills = cgroup_number(&numbers, "oom_kill") };
}

/* ---- reading ---- */

int cgroup_oom_read(int events_fd, struct cgroup_oom *out)
{
	char text[4096];
	ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	cgroup_parse_oom(text, out);
	return 0;
}

static void read_pressure(int fd, const char *file, struct cgroup_pressure *out)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, file);

	if (text)
		cgroup_parse_pressure(text, out);
}

static uint64_t read_number(int fd, const char *file, const char *key)
{
	uint64_t value = 0;

	(void)cgroup_read_number(fd, file, key, &value);
	return value;
}

static unsigned int read_cpu(int fd, struct cgroup_cpu *out)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, "cpu.stat");

	read_pressure(fd, "cpu.pressure", &out->pressure);
	return text ? cgroup_parse_cpu(text, out) : 0;
}

static unsigned int read_sets(int fd, struct cgroup_stats *out)
{
	CLEANUP(mem_free) char *cpus = cgroup_read(fd, "cpuset.cpus.effective");
	CLEANUP(mem_free) char *nodes = cgroup_read(fd, "cpuset.mems.effective");

	if (!cpus || !nodes)
		return 0;
	cgroup_parse_set(cpus, &out->cpus);
	cgroup_parse_set(nodes, &out->nodes);
	return CGROUP_CPUSET;
}

static bool read_amount(
	int fd, const char *current, const char *max, const char *peak, struct cgroup_amount *out)
{
	if (cgroup_read_number(fd, current, NULL, &out->usage) < 0 ||
		cgroup_read_number(fd, max, NULL, &out->limit) < 0)
		return false;
	out->peak = read_number(fd, peak, NULL);
	return true;
}

static unsigned int read_memory(int fd, struct cgroup_memory *out)
{
	CLEANUP(mem_free) char *details = cgroup_read(fd, "memory.stat");
	CLEANUP(mem_free) char *events = cgroup_read(fd, "memory.events");
	unsigned int parts = 0;

	read_pressure(fd, "memory.pressure", &out->pressure);
	if (!details || !events ||
		!read_amount(fd, "memory.current", "memory.max", "memory.peak", &out->memory))
		return 0;
	parts |= CGROUP_MEMORY;
	cgroup_parse_numbers(details, &out->details);
	cgroup_parse_oom(events, &out->oom);
	out->memory.failures = read_number(fd, "memory.events", "max");
	if (read_amount(
		    fd, "memory.swap.current", "memory.swap.max", "memory.swap.peak", &out->swap)) {
		parts |= CGROUP_SWAP;
		out->swap.failures = read_number(fd, "memory.swap.events", "max");
	}
	return parts;
}

static unsigned int read_pids(int fd, struct cgroup_stats *out)
{
	return cgroup_read_number(fd, "pids.current", NULL, &out->pids.current) == 0 &&
			cgroup_read_number(fd, "pids.max", NULL, &out->pids.limit) == 0
		? CGROUP_PIDS
		: 0;
}

static unsigned int read_io(int fd, struct cgroup_io *out)
{
	CLEANUP(mem_free) char *text = cgroup_read(fd, "io.stat");

	read_pressure(fd, "io.pressure", &out->pressure);
	if (!text)
		return 0;
	cgroup_parse_io(text, out);
	return CGROUP_IO;
}

static void dir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void add_huge_pages(int fd, const char *size, struct cgroup_stats *out)
{
	CLEANUP(mem_free) char *current = xasprintf("hugetlb.%s.current", size);
	CLEANUP(mem_free) char *events = xasprintf("hugetlb.%s.events", size);
	struct cgroup_huge_pages pages = { .failures = read_number(fd, events, "max") };

	snprintf(pages.size, sizeof(pages.size), "%s", size);
	if (cgroup_read_number(fd, current, NULL, &pages.usage) < 0)
		return;
	out->huge_pages.v = xrealloc(
		out->huge_pages.v, out->huge_pages.n + 1, sizeof(*out->huge_pages.v));
	out->huge_pages.v[out->huge_pages.n++] = pages;
}

/* The sizes are the machine's; the files' names tell them. */
static unsigned int read_huge_pages(int fd, struct cgroup_stats *out)
{
	int own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(dir_cleanup) DIR *d = own_fd < 0 ? NULL : fdopendir(own_fd);
	struct dirent *entry;

	if (!d)
		fd_close(own_fd);
	while (d && (entry = readdir(d))) {
		char size[16], rest[16];

		if (sscanf(entry->d_name, "hugetlb.%15[^.].%15s", size, rest) == 2 &&
			streq(rest, "current"))
			add_huge_pages(fd, size, out);
	}
	return out->huge_pages.n > 0 ? CGROUP_HUGETLB : 0;
}

void cgroup_stats_read(int fd, struct cgroup_stats *out)
{
	*out = (struct cgroup_stats){ 0 };
	out->parts |= read_cpu(fd, &out->cpu);
	out->parts |= read_sets(fd, out);
	out->parts |= read_memory(fd, &out->memory);
	out->parts |= read_pids(fd, out);
	out->parts |= read_io(fd, &out->io);
	out->parts |= read_huge_pages(fd, out);
}

void cgroup_stats_release(struct cgroup_stats *stats)
{
	cgroup_numbers_release(&stats->memory.details);
	free(stats->cpus.v);
	free(stats->nodes.v);
	free(stats->io.v);
	free(stats->huge_pages.v);
	*stats = (struct cgroup_stats){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Of "report": how this process is scheduled, where its memory lies, and how large its terminal is.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

#define NODES_MAX 1024
#define LONG_BITS (8 * sizeof(unsigned long))

static void add_scheduler(void)
{
	struct sched_attr attr = { 0 };

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0)
		return;
	json_object("scheduler");
	json_number("policy", attr.sched_policy);
	json_number("flags", (long long)attr.sched_flags);
	json_number("nice", attr.sched_nice);
	json_number("priority", attr.sched_priority);
	json_number("runtime", (long long)attr.sched_runtime);
	json_number("deadline", (long long)attr.sched_deadline);
	json_number("period", (long long)attr.sched_period);
	json_object_end();
}

static void add_io_priority(void)
{
	long value = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);

	if (value < 0)
		return;
	json_array("io_priority");
	json_number(NULL, IOPRIO_PRIO_CLASS(value));
	json_number(NULL, IOPRIO_PRIO_DATA(value));
	json_array_end();
}

/* A kernel without NUMA has no such call. */
static void add_memory_policy(void)
{
	unsigned long nodes[NODES_MAX / LONG_BITS] = { 0 };
	int mode = 0;

	if (syscall(SYS_get_mempolicy, &mode, nodes, NODES_MAX, NULL, 0) < 0)
		return;
	json_object("memory_policy");
	json_number("mode", mode);
	json_array("nodes");
	for (size_t i = 0; i < NODES_MAX; i++)
		if (nodes[i / LONG_BITS] >> i % LONG_BITS & 1)
			json_number(NULL, (long long)i);
	json_array_end();
	json_object_end();
}

static void add_window(void)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	json_array("window");
	json_number(NULL, size.ws_row);
	json_number(NULL, size.ws_col);
	json_array_end();
}

void report_placement(void)
{
	add_scheduler();
	add_io_priority();
	add_memory_policy();
	add_window();
}

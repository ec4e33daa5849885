/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device controller of cgroup v2: an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE that is
 * asked at every open(2) and mknod(2) of a device (cgroup-v2.rst, "Device controller"; Linux 4.15).
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct device_rule {
	enum { DEVICE_DENY, DEVICE_ALLOW } verdict;
	char type; /* a: both, b, c */
	int64_t major, minor; /* -1: any */
	unsigned int access; /* BPF_DEVCG_ACC_MKNOD, _READ, _WRITE, or-ed */
};

#define DEVICE_ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/*
 * The rules as a program, the caller's to free. As in cgroup v1 the last one that speaks of a
 * device and a kind of access decides, and what none speaks of is allowed.
 */
struct bpf_insn *device_filter_compile(const struct device_rule *rules, size_t n, size_t *out_n);

/*
 * Loads and attaches it to a cgroup, whose processes it holds from now on, beside what others have
 * attached. Needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, in the initial user namespace.
 */
int device_filter_attach(int cgroup_fd, const struct device_rule *rules, size_t n, struct error *e);

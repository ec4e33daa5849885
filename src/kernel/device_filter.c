/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/device_filter.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

/* What the verifier wants to know; nothing here calls a helper that is for GPL programs alone. */
#define LICENSE "Apache-2.0"

/* Enough for the longest rule, see rule_code. */
#define RULE_INSNS_MAX 9

enum {
	REG_RESULT = BPF_REG_0,
	REG_SCRATCH = BPF_REG_1, /* the context, at first */
	REG_TYPE = BPF_REG_2,
	REG_ACCESS = BPF_REG_3, /* what is still to be allowed */
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5,
};

struct program {
	struct bpf_insn *v;
	size_t n;
};

static struct bpf_insn *add(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int32_t imm)
{
	struct bpf_insn *insn = &p->v[p->n++];

	*insn = (struct bpf_insn){
		.code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .imm = imm
	};
	return insn;
}

static void add_load(struct program *p, uint8_t dst, size_t offset)
{
	add(p, BPF_LDX | BPF_MEM | BPF_W, dst, REG_SCRATCH, 0)->off = (int16_t)offset;
}

static void add_return(struct program *p, int32_t result)
{
	add(p, BPF_ALU64 | BPF_MOV | BPF_K, REG_RESULT, 0, result);
	add(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* access_type is the access above 16 bits of type (linux/bpf.h, struct bpf_cgroup_dev_ctx). */
static void add_prologue(struct program *p)
{
	add_load(p, REG_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add(p, BPF_ALU64 | BPF_MOV | BPF_X, REG_ACCESS, REG_TYPE, 0);
	add(p, BPF_ALU | BPF_AND | BPF_K, REG_TYPE, 0, 0xffff);
	add(p, BPF_ALU | BPF_RSH | BPF_K, REG_ACCESS, 0, 16);
	add_load(p, REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	add_load(p, REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/*
 * One rule: conditions that jump behind it, and what it decides. A device number beyond int32 is
 * compared as a negative one would be, and no device has such a number.
 */
static void add_rule(struct program *p, const struct device_rule *rule)
{
	const uint8_t unless = BPF_JMP | BPF_JNE | BPF_K;
	size_t skips[4], n = 0;

	if (rule->type != 'a') {
		skips[n++] = p->n;
		add(p, unless, REG_TYPE, 0,
			rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (rule->major >= 0) {
		skips[n++] = p->n;
		add(p, unless, REG_MAJOR, 0, (int32_t)rule->major);
	}
	if (rule->minor >= 0) {
		skips[n++] = p->n;
		add(p, unless, REG_MINOR, 0, (int32_t)rule->minor);
	}
	if (rule->verdict == DEVICE_DENY) {
		add(p, BPF_ALU64 | BPF_MOV | BPF_X, REG_SCRATCH, REG_ACCESS, 0);
		add(p, BPF_ALU | BPF_AND | BPF_K, REG_SCRATCH, 0, (int32_t)rule->access);
		skips[n++] = p->n;
		add(p, BPF_JMP | BPF_JEQ | BPF_K, REG_SCRATCH, 0, 0);
	} else {
		add(p, BPF_ALU | BPF_AND | BPF_K, REG_ACCESS, 0, (int32_t)~rule->access);
		skips[n++] = p->n;
		add(p, unless, REG_ACCESS, 0, 0);
	}
	add_return(p, rule->verdict == DEVICE_ALLOW);
	for (size_t i = 0; i < n; i++)
		p->v[skips[i]].off = (int16_t)(p->n - skips[i] - 1);
}

struct bpf_insn *device_filter_compile(const struct device_rule *rules, size_t n, size_t *out_n)
{
	struct program p = { .v = xcalloc(8 + n * RULE_INSNS_MAX, sizeof(*p.v)) };

	add_prologue(&p);
	/* The last one decides, so it is asked first. */
	for (size_t i = n; i > 0; i--)
		add_rule(&p, &rules[i - 1]);
	add_return(&p, 1);
	*out_n = p.n;
	return p.v;
}

/* Always the whole union: Linux 6.17 to 7.1 write past a shorter one. */
static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(const struct device_rule *rules, size_t n, struct error *e)
{
	CLEANUP(mem_free) struct bpf_insn *insns = NULL;
	union bpf_attr attr = { 0 };
	size_t n_insns;
	int fd;

	insns = device_filter_compile(rules, n, &n_insns);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n_insns;
	attr.license = (uint64_t)(uintptr_t)LICENSE;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		return error_errno(e, "load the filter of %zu device rules", n);
	return fd;
}

int device_filter_attach(int cgroup_fd, const struct device_rule *rules, size_t n, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = load(rules, n, e);
	union bpf_attr attr = { 0 };

	if (fd < 0)
		return fd;
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (bpf(BPF_PROG_ATTACH, &attr) < 0)
		return error_errno(e, "attach the filter of devices to the cgroup");
	return 0;
}

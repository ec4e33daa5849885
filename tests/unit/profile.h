/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as config.json has it, compiled, and what the filter decides: by running it in an
 * interpreter of classic BPF (bpf(4), the part that seccomp(2) allows).
 */
#pragma once

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "plan/seccomp.h"
#include "tap.h"

#define KILL_THREAD  SECCOMP_RET_KILL_THREAD
#define KILL_PROCESS SECCOMP_RET_KILL_PROCESS
#define ALLOW	     SECCOMP_RET_ALLOW
#define LOG	     SECCOMP_RET_LOG
#define NOTIFY	     SECCOMP_RET_USER_NOTIF
#define ERRNO(code)  (SECCOMP_RET_ERRNO | (code))
#define TRACE(code)  (SECCOMP_RET_TRACE | (code))
#define TRAP	     SECCOMP_RET_TRAP

/* What the interpreter says of a program that the kernel would refuse. */
#define BROKEN 0xdeadbeefu

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define OUR_ARCH AUDIT_ARCH_RISCV64
#else
#define OUR_ARCH 0
#endif

static inline uint32_t alu(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_AND:
		return a & operand;
	case BPF_OR:
		return a | operand;
	case BPF_ADD:
		return a + operand;
	case BPF_LSH:
		return a << operand;
	case BPF_RSH:
		return a >> operand;
	}
	return BROKEN;
}

static inline bool jumps(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	case BPF_JSET:
		return (a & operand) != 0;
	}
	return false;
}

static inline uint32_t interpret(
	const struct seccomp_filter *filter, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < filter->n; pc++) {
		const struct sock_filter *i = &filter->v[pc];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (i->code == (BPF_LD | BPF_MEM) && i->k < BPF_MEMWORDS)
				a = memory[i->k];
			else if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k % 4 == 0 &&
				i->k + 4 <= sizeof(*data))
				memcpy(&a, (const char *)data + i->k, 4);
			else
				return BROKEN;
			break;
		case BPF_LDX:
			x = i->k;
			break;
		case BPF_ST:
			if (i->k >= BPF_MEMWORDS)
				return BROKEN;
			memory[i->k] = a;
			break;
		case BPF_ALU:
			a = alu(i->code, a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else
				pc += jumps(i->code, a, operand) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default:
			return BROKEN;
		}
	}
	return BROKEN;
}

/* ---- a profile as config.json has it ---- */

struct profile {
	const struct spec *spec;
	struct arena arena;
	struct seccomp_filter filter;
	int result;
	struct error e;
};

static inline void profile_release(struct profile *p)
{
	spec_free(p->spec);
	arena_release(&p->arena);
}

/* linux.seccomp of this text, compiled with this cache (or NULL). */
static inline struct profile compile_cached(const char *seccomp, const char *cache)
{
	CLEANUP(mem_free)
	char *text = xasprintf(
		"{ \"ociVersion\": \"1.0.2\", \"linux\": { \"seccomp\": %s } }", seccomp);
	struct profile p = { 0 };

	arena_init(&p.arena, 8 << 20);
	p.result = spec_parse(text, strlen(text), "config.json", &p.spec, &p.e);
	if (p.result == 0)
		p.result = seccomp_compile(p.spec->linux.seccomp, cache, &p.arena, &p.filter, &p.e);
	if (p.result < 0)
		printf("# %s\n", p.e.text);
	return p;
}

static inline struct profile compile(const char *seccomp)
{
	return compile_cached(seccomp, NULL);
}

static inline uint32_t decide_for(
	const struct profile *p, uint32_t arch, long nr, uint64_t first, uint64_t second)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { first, second } };

	return interpret(&p->filter, &data);
}

static inline uint32_t decide(const struct profile *p, long nr, uint64_t first, uint64_t second)
{
	return decide_for(p, OUR_ARCH, nr, first, second);
}

#define RULE(action, args)                                                                      \
	"{ \"names\": [\"personality\"], \"action\": \"SCMP_ACT_" action "\", \"args\": [" args \
	"] }"
#define EQ(index, value) "{ \"index\": " index ", \"value\": " value ", \"op\": \"SCMP_CMP_EQ\" }"

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program for device rules against the rules themselves: every question is put to both, by a
 * small interpreter of the instructions that the compiler uses and by going through the list.
 */
#include "tap.h"

#include "base/mem.h"
#include "kernel/device_filter.h"

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

struct question {
	uint32_t type, access, major, minor;
};

static uint64_t load(const struct question *q, int offset)
{
	if (offset == offsetof(struct bpf_cgroup_dev_ctx, access_type))
		return q->access << 16 | q->type;
	return offset == offsetof(struct bpf_cgroup_dev_ctx, major) ? q->major : q->minor;
}

/* -1 for anything that is not understood: then the test fails. */
static int interpret(const struct bpf_insn *v, size_t n, const struct question *q)
{
	uint64_t reg[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &v[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm, *dst = &reg[i->dst_reg];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			*dst = load(q, i->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*dst = (uint32_t)*dst & (uint32_t)imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*dst = (uint32_t)*dst >> imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += *dst != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += *dst == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

static bool speaks_of(const struct device_rule *r, const struct question *q)
{
	uint32_t type = r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

	return (r->type == 'a' || type == q->type) && (r->major < 0 || r->major == q->major) &&
		(r->minor < 0 || r->minor == q->minor);
}

static int by_list(const struct device_rule *rules, size_t n, const struct question *q)
{
	static const unsigned int kinds[] = { R, W, M };

	for (size_t k = 0; k < 3; k++) {
		bool allowed = true;

		for (size_t i = 0; (q->access & kinds[k]) && i < n; i++)
			if (speaks_of(&rules[i], q) && (rules[i].access & kinds[k]))
				allowed = rules[i].verdict == DEVICE_ALLOW;
		if (!allowed)
			return 0;
	}
	return 1;
}

static const struct device_rule usual[] = {
	{ DEVICE_DENY, 'a', -1, -1, R | W | M },
	{ DEVICE_ALLOW, 'c', -1, -1, M },
	{ DEVICE_ALLOW, 'c', 1, 3, R | W | M },
	{ DEVICE_ALLOW, 'c', 136, -1, R | W },
	{ DEVICE_ALLOW, 'b', 8, 0, R },
	{ DEVICE_DENY, 'c', 1, 3, W },
};

static int ask(const struct device_rule *rules, size_t n, struct question q)
{
	size_t n_insns;
	CLEANUP(mem_free) struct bpf_insn *v = device_filter_compile(rules, n, &n_insns);

	return interpret(v, n_insns, &q);
}

static void test_usual(void)
{
	static const struct {
		struct question q;
		int want;
		const char *name;
	} cases[] = {
		{ { BPF_DEVCG_DEV_CHAR, R, 1, 3 }, 1, "allowed by number" },
		{ { BPF_DEVCG_DEV_CHAR, W, 1, 3 }, 0, "a later rule takes a kind of access away" },
		{ { BPF_DEVCG_DEV_CHAR, R | W, 1, 3 }, 0, "one kind refused is all refused" },
		{ { BPF_DEVCG_DEV_CHAR, R | W, 136, 77 }, 1, "any minor" },
		{ { BPF_DEVCG_DEV_CHAR, M, 9, 9 }, 1, "mknod of any" },
		{ { BPF_DEVCG_DEV_CHAR, M | R, 9, 9 }, 0, "mknod, but not reading it" },
		{ { BPF_DEVCG_DEV_BLOCK, M, 9, 9 }, 0, "the other type" },
		{ { BPF_DEVCG_DEV_BLOCK, R, 8, 0 }, 1, "a block device to read" },
		{ { BPF_DEVCG_DEV_BLOCK, R, 8, 1 }, 0, "its neighbour" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_int(ask(usual, ARRAY_SIZE(usual), cases[i].q), cases[i].want, "%s",
			cases[i].name);
	is_int(ask(NULL, 0, cases[0].q), 1, "no rule: everything is allowed");
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static void test_random(void)
{
	uint32_t seed = 1;
	int wrong = 0, asked = 0, refused = 0;

	for (int round = 0; round < 2000; round++) {
		struct device_rule rules[8];
		size_t n = next(&seed) % 9;

		for (size_t i = 0; i < n; i++)
			rules[i] = (struct device_rule){ next(&seed) % 2 ? DEVICE_ALLOW
									 : DEVICE_DENY,
				"abc"[next(&seed) % 3], (int64_t)(next(&seed) % 4) - 1,
				(int64_t)(next(&seed) % 4) - 1, 1 + next(&seed) % 7 };
		for (int k = 0; k < 20; k++) {
			struct question q = { 1 + next(&seed) % 2, 1 + next(&seed) % 7,
				next(&seed) % 3, next(&seed) % 3 };
			int want = by_list(rules, n, &q);

			wrong += ask(rules, n, q) != want;
			refused += !want;
			asked++;
		}
	}
	is_int(wrong, 0, "the program answers as the list does, for random rules");
	ok(refused > asked / 10 && refused < asked * 9 / 10, "of which enough are refused");
}

int main(void)
{
	test_usual();
	test_random();
	return done();
}

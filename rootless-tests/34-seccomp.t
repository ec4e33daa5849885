#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Seccomp: actions, arguments, architectures, flags, the notify listener, the cache of compiled filters.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)
machine=$(uname -m)

# kcmp does nothing of interest with any arguments; 99 is nobody's errno but ours
allow() { printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: [%s]}' "$1"; }
[[ $machine == x86_64 ]] || allow() { printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [%s]}' "$1"; }

inside 'del(.linux.seccomp)' -- report , syscall kcmp
expect "no profile: no filter" '.[0].seccomp' 0
inside "$(allow '')" -- report
expect "a profile: a filter" '.[0].seccomp' 2

# ---- actions ----

inside "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ERRNO"}, {names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 99}, {names: ["syslog", "getcpu"], action: "SCMP_ACT_ERRNO", errnoRet: 38},
	{names: ["sched_yield"], action: "SCMP_ACT_LOG"}, {names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: 0}, {names: ["personality"], action: "SCMP_ACT_TRACE", errnoRet: 7}')" -- \
	syscall kcmp , syscall acct , syscall syslog , syscall getcpu , syscall sched_yield , syscall getppid , syscall personality 0xffffffff , syscall getuid
expect "ERRNO without a number: EPERM" '.[0].error' EPERM
expect "ERRNO with one" '.[1].errno' 99
expect "several names" '[.[2, 3].error] | unique' '["ENOSYS"]'
expect "LOG: it is done" '.[4].errno' 0
expect "ERRNO 0: done without doing" '.[5] | [.errno, .result]' '[0,0]'
expect "TRACE without a tracer: ENOSYS" '.[6].error' ENOSYS
expect "what no rule names" '.[7].errno' 0
for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
	inside "$(allow "{names: [\"kcmp\"], action: \"$action\"}")" -- syscall getuid , syscall kcmp , syscall getuid
	is "$action: death by SIGSYS" "$status $(got length)" '159 1'
done
inside "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ALLOW"}')" -- syscall getuid
expect "a rule that says what the default says" '.[0].errno' 0
strict() { # a list of calls that are allowed, the others get 99
	printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 99, syscalls: [{names: [%s], action: "SCMP_ACT_ALLOW"}]}' "$1"
}
few='"execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlinkat", "readlink", "getrandom", "mprotect", "write", "exit_group", "fstat", "newfstatat", "mmap", "munmap"'
for nnp in true false; do
	allowed=$few
	# without no_new_privs the filter comes before the user does, and must let that be done
	[[ $nnp == true ]] || allowed+=', "prctl", "capget", "capset", "setresuid", "setresgid", "setgroups", "chdir", "getcwd", "fcntl", "close", "sendmsg"'
	inside "$(strict "$allowed")" ".process.noNewPrivileges = $nnp" -- syscall getuid , syscall kcmp
	expect "a list of what is allowed, noNewPrivileges $nnp" '[.[].errno]' '[99,99]'
done

# ---- arguments ----

# compare OP VALUE [VALUETWO]: a rule about the second argument, and which of 1 ... 5 it meets
compare() {
	inside "$(allow "{names: [\"kcmp\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 99, args: [{index: 1, value: $2, valueTwo: ${3:-0}, op: \"SCMP_CMP_$1\"}]}")" -- \
		syscall kcmp 0 1 , syscall kcmp 0 2 , syscall kcmp 0 3 , syscall kcmp 0 4 , syscall kcmp 0 5
	expect "args: $1 $2 ${3-}" '[to_entries[] | select(.value.errno == 99) | .key + 1]' "$4"
}
compare EQ 3 '' '[3]'
compare NE 3 '' '[1,2,4,5]'
compare LT 3 '' '[1,2]'
compare LE 3 '' '[1,2,3]'
compare GE 3 '' '[3,4,5]'
compare GT 3 '' '[4,5]'
compare MASKED_EQ 6 4 '[4,5]'
inside "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ERRNO", errnoRet: 99, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 2, value: 4294967298, op: "SCMP_CMP_EQ"}]}')" -- \
	syscall kcmp 1 0 4294967298 , syscall kcmp 1 0 2 , syscall kcmp 2 0 4294967298
expect "args: two must both be met, all 64 bits count" '[.[].errno == 99]' '[true,false,false]'
inside "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ERRNO", errnoRet: 99, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 0, value: 3, op: "SCMP_CMP_EQ"}]}')" -- \
	syscall kcmp 1 , syscall kcmp 2 , syscall kcmp 3
expect "args: two about the same argument are alternatives" '[.[].errno == 99]' '[true,false,true]'
inside "$(allow '{names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 99, args: [{index: 0, value: 16, op: "SCMP_CMP_EQ"}]}')" -- socket 16 3 , socket 1 1 , socket 2 2
expect "a family of sockets" '[.[].errno == 99]' '[true,false,false]'

# ---- architectures ----

if must_run ia32; then
	getpid='{names: ["getpid"], action: "SCMP_ACT_ERRNO", errnoRet: 99}'
	inside "$(allow "$getpid")" -- syscall getpid , syscall32 20 , syscall 0x40000027
	expect "a rule holds for the 32-bit calls, and for x32" '[.[].errno]' '[99,99,99]'
	inside "$(allow "$getpid") | .linux.seccomp.architectures = [\"SCMP_ARCH_X86_64\"]" -- syscall getpid , syscall32 20 , syscall getpid
	is "an architecture that is not named: death" "$status $(got 'map(.errno)')" '159 [99]'
	inside "$(allow "$getpid") | del(.linux.seccomp.architectures)" -- syscall getpid , syscall 0x40000027 , syscall getpid
	is "x32 that is not named: death" "$status $(got 'map(.errno)')" '159 [99]'
fi

# ---- flags ----

for flag in SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW; do
	inside "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ERRNO", errnoRet: 99}') | .linux.seccomp.flags = [\"$flag\"]" -- syscall kcmp
	expect "$flag" '.[0].errno' 99
done

# ---- what is wrong with a profile ----

refused "an unknown action" 'linux.seccomp.defaultAction' '.linux.seccomp = {defaultAction: "SCMP_ACT_NONSENSE"}' -- report
refused "an unknown action of a rule" 'linux.seccomp.syscalls\[0\].action' "$(allow '{names: ["kcmp"], action: "NONSENSE"}')" -- report
refused "an unknown architecture" 'linux.seccomp.architectures\[0\]' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NONSENSE"]}' -- report
refused "an unknown flag" 'linux.seccomp.flags\[0\]' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["NONSENSE"]}' -- report
refused "an unknown operator" 'linux.seccomp.syscalls\[0\].args\[0\].op' "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "NONSENSE"}]}')" -- report
refused "a seventh argument" 'linux.seccomp.syscalls\[0\].args\[0\].index' "$(allow '{names: ["kcmp"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}')" -- report
refused "errnoRet where there is no errno" 'linux.seccomp.syscalls\[0\].*errnoRet' "$(allow '{names: ["kcmp"], action: "SCMP_ACT_KILL", errnoRet: 1}')" -- report
refused "defaultErrnoRet where there is no errno" 'linux.seccomp.*defaultErrnoRet' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}' -- report
refused "a rule without names" 'linux.seccomp.syscalls\[0\].names' "$(allow '{names: [], action: "SCMP_ACT_ERRNO"}')" -- report
inside "$(allow '{names: ["call_of_the_future", "kcmp"], action: "SCMP_ACT_ERRNO", errnoRet: 99}')" -- syscall kcmp
expect "a name that libseccomp does not know matches nothing" '.[0].errno' 99

# ---- the listener ----

listen() { # COUNT ERRNO
	rm -f "$scratch/listener"
	timeout 20 "$guest" notify "$scratch/listener" "$@" >"$scratch/listener.out" &
	listener=$!
	eventually test -S "$scratch/listener"
}
notify="$(allow '{names: ["kcmp"], action: "SCMP_ACT_NOTIFY"}') | .linux.seccomp.listenerPath = \"$scratch/listener\" | .linux.seccomp.listenerMetadata = \"meta/data\" | .annotations = {\"a/b\": \"c\"}"
for nnp in true false; do
	listen 2 55
	inside "$notify" ".process.noNewPrivileges = $nnp" -- report , syscall kcmp 1 , syscall kcmp 2
	expect "NOTIFY, noNewPrivileges $nnp: the listener's answer" '[.[1, 2].errno]' '[55,55]'
	expect "… the descriptor does not stay inside" '[.[0].fds[].fd]' '[0,1,2]'
	wait "$listener"
	stdout=$(cat "$scratch/listener.out")
	expect "… it gets one descriptor, and the calls" '.[0] | [.n_fds, (.calls | length)]' '[1,2]'
	expect "… and who it is about" '.[0].text | fromjson | [.fds, .metadata, .state.id, .state.status, .state.bundle, .state.annotations]' \
		"[[\"seccompFd\"],\"meta/data\",\"$id\",\"created\",\"$scratch/bundle\",{\"a/b\":\"c\"}]"
	expect "… and its PID, twice" '.[0].text | fromjson | .pid == .state.pid and .pid > 1' true
done
listen 1 0
inside "$notify" -- syscall kcmp
wait "$listener"
expect "the listener lets it go on" '.[0].errno != 55' true
rm -f "$scratch/listener"
refused "no listener" "$scratch/listener" "$notify" -- report
refused "NOTIFY without a path" 'linux.seccomp.listenerPath' "$(allow '{names: ["kcmp"], action: "SCMP_ACT_NOTIFY"}')" -- report
refused "NOTIFY by default" 'linux.seccomp.defaultAction' ".linux.seccomp = {defaultAction: \"SCMP_ACT_NOTIFY\", listenerPath: \"$scratch/listener\"}" -- report

# ---- the cache ----

cache=$(state_dir)/.seccomp
number() { allow "{names: [\"kcmp\"], action: \"SCMP_ACT_ERRNO\", errnoRet: $1}, {names: [\"acct\"], action: \"SCMP_ACT_ERRNO\", errnoRet: $2}"; }
entries() { find "$cache" -type f | wc -l; }
inside "$(number 71 72)" -- syscall kcmp , syscall acct
expect "a cold cache" '[.[].errno]' '[71,72]'
cold=$(entries)
inside "$(number 72 71)" -- syscall kcmp , syscall acct
expect "other numbers, other filter" '[.[].errno]' '[72,71]'
is "… and another entry" "$(entries)" "$((cold + 1))"
inside "$(number 71 72)" -- syscall kcmp , syscall acct
expect "a warm cache gives the same filter" '[.[].errno]' '[71,72]'
is "… and makes no entry" "$(entries)" "$((cold + 1))"
inside "$(number 71 72) | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_LOG\"] | .linux.seccomp.defaultAction = \"SCMP_ACT_LOG\"" -- syscall kcmp , syscall acct
expect "another default is another entry" "[(.[].errno), $(entries)]" "[71,72,$((cold + 2))]"
for file in "$cache"/*; do
	head -c -5 "$file" >"$scratch/short" && cat "$scratch/short" >"$file"
done
inside "$(number 71 72)" -- syscall kcmp , syscall acct
expect "a damaged entry is not used" '[.[].errno]' '[71,72]'
for file in "$cache"/*; do : >"$file"; done
inside "$(number 71 72)" -- syscall kcmp , syscall acct
expect "an empty one neither" '[.[].errno]' '[71,72]'
chmod 777 "$cache"
for file in "$cache"/*; do : >"$file"; done
inside "$(number 71 72)" -- syscall kcmp , syscall acct
expect "a directory that others can write is not used" '[.[].errno]' '[71,72]'
is "… nor written" "$(find "$cache" -type f -size +0 | wc -l)" 0
chmod 700 "$cache"

nothing_left "nothing is left" "$before"
done_testing

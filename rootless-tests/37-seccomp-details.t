#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Seccomp, beyond 34: default actions, each argument, what lichen needs itself, the cache, the listener.
# shellcheck disable=SC2016,SC2154,SC2054,SC2207
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

jq_lib+='
def filter($default): .linux.seccomp = {defaultAction: "SCMP_ACT_\($default)"};
def rule($action; $names; $more): .linux.seccomp.syscalls += [{names: ($names | split(" ")), action: "SCMP_ACT_\($action)"} + $more];
def rule($action; $names): rule($action; $names; {});
def arg($index; $op; $value; $two): {index: $index, op: "SCMP_CMP_\($op)", value: $value, valueTwo: $two};
def arg($index; $op; $value): arg($index; $op; $value; 0);
def old_privileges: .process.noNewPrivileges = false;
'
# what a static program needs at all, then what lichen needs itself where it loads the filter early
program='read write writev close fstat newfstatat execve brk arch_prctl mmap munmap mprotect set_tid_address set_robust_list rseq
	prlimit64 getrandom readlink readlinkat futex uname fcntl ioctl rt_sigaction rt_sigprocmask exit exit_group'
program=$(xargs <<<"$program")
setting_up='setresuid setresgid setgroups setfsuid setfsgid capset capget prctl chdir getcwd sendmsg'

# ---- default actions ----

filters_outside=$(awk '/^Seccomp_filters:/ {print $2}' /proc/self/status)
inside 'filter("ALLOW")' -- report , read /proc/self/status , syscall getppid
expect "default ALLOW: a filter is in force" '.[0].seccomp' 2
if [[ $filters_outside ]]; then
	expect "… and it is one" '.[1].text | capture("Seccomp_filters:\\t(?<n>[0-9]+)").n' "$((filters_outside + 1))"
else
	skip "the number of filters: the kernel does not show it (before 5.10)"
fi
expect "… all calls work" '.[2].errno' 0
inside 'del(.linux.seccomp)' -- report , read /proc/self/status
expect "no seccomp: no filter of ours" '.[0].seccomp' "$(awk '/^Seccomp:/ {print $2}' /proc/self/status)"
[[ ! $filters_outside ]] || expect "… none at all" '.[1].text | capture("Seccomp_filters:\\t(?<n>[0-9]+)").n' "$filters_outside"
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid")' -- syscall getppid , syscall getpid
expect "ERRNO without a number: EPERM; others are not hit" '[.[].error]' '["EPERM",null]'
inside 'filter("ERRNO")' "rule(\"ALLOW\"; \"$program getpid\")" -- syscall getpid , syscall getppid
expect "default ERRNO: EPERM for all but what is allowed" '[.[].error]' '[null,"EPERM"]'
inside 'filter("ERRNO")' '.linux.seccomp.defaultErrnoRet = 38' "rule(\"ALLOW\"; \"$program getpid\")" \
	'rule("ERRNO"; "getuid"; {errnoRet: 1})' 'rule("ERRNO"; "getgid")' -- syscall getpid , syscall getppid , syscall getuid , syscall getgid
expect "defaultErrnoRet; rules with errnoRet and without keep theirs" '[.[].error]' '[null,"ENOSYS","EPERM","EPERM"]'

# ---- errnoRet ----

inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {errnoRet: 95})' 'rule("ERRNO"; "getpid"; {errnoRet: 5})' \
	'rule("ERRNO"; "mkdirat"; {errnoRet: 0})' -- syscall getppid , syscall getpid , syscall mkdirat -100 0 0 , syscall getuid
expect "errnoRet of each rule" '[.[0, 1].error]' '["EOPNOTSUPP","EIO"]'
expect "errnoRet 0: success, and nothing is done (else it were EFAULT)" '.[2] | [.errno, .result]' '[0,0]'
expect "the others go on" '.[3].errno' 0
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {errnoRet: 4094})' -- syscall getppid
expect "the largest errno that libseccomp takes" '.[0].errno' 4094
refused "errnoRet beyond what the kernel keeps" 'linux.seccomp.syscalls\[0\].errnoRet: .*4096' 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {errnoRet: 4096})' -- report
refused "errnoRet of an action that returns none" 'linux.seccomp.syscalls\[0\].errnoRet: SCMP_ACT_KILL' 'filter("ALLOW")' 'rule("KILL"; "getppid"; {errnoRet: 1})' -- report

# ---- actions ----

# kills ACTION: and the calls before are out
kills() {
	inside 'filter("ALLOW")' "rule(\"$1\"; \"getppid\")" -- syscall getpid , syscall getppid , syscall getpid
	is "$1: the status is that of SIGSYS" "$status" $((128 + 31))
	expect "… what came before was done, nothing after" '[.[].do]' '["syscall"]'
}
for action in KILL KILL_THREAD KILL_PROCESS TRAP; do kills "$action"; done
inside 'filter("ALLOW")' 'rule("TRAP"; "getppid")' -- spawn /guest syscall getppid
expect "TRAP: a child gets SIGSYS, the container goes on" '.[-1].status % 128' 31
inside 'filter("ALLOW")' 'rule("LOG"; "getppid")' -- report , syscall getppid
expect "LOG: the call is done" '[.[0].seccomp, .[1].errno]' '[2,0]'
inside 'filter("LOG")' 'rule("ERRNO"; "getppid")' -- syscall getppid , syscall getpid
expect "default LOG" '[.[].error]' '["EPERM",null]'
inside 'filter("ALLOW")' 'rule("TRACE"; "getppid"; {errnoRet: 7})' -- syscall getppid , syscall getpid
expect "TRACE without a tracer: ENOSYS" '[.[].error]' '["ENOSYS",null]'
for action in KILL KILL_THREAD KILL_PROCESS TRAP TRACE; do
	inside "filter(\"$action\")" "rule(\"ALLOW\"; \"$program getpid\")" -- syscall getpid , syscall getppid
	if [[ $action == TRACE ]]; then
		expect "default TRACE" '[.[].error]' '[null,"ENOSYS"]'
	else
		is "default $action" "$status $(got '[.[].error]')" '159 [null]'
	fi
done
refused "an action that nobody knows" 'linux.seccomp.syscalls\[0\].action' 'filter("ALLOW")' 'rule("SHRUG"; "getppid")' -- report
refused "a default action that nobody knows" 'linux.seccomp.defaultAction' 'filter("SHRUG")' -- report
refused "no default action" 'linux.seccomp.*defaultAction' '.linux.seccomp = {}' -- report

# ---- arguments ----

# A call without arguments of its own for each operator: what is in the registers is up to us.
value=4294967306 # 2^32 + 10: both halves count
probes=()
for call in getpid getppid getuid getgid geteuid getegid; do
	for number in 10 $((value - 1)) $value $((value + 1)) $((value + (1 << 32))); do probes+=(, syscall "$call" "$number"); done
done
inside 'filter("ALLOW")' "rule(\"ERRNO\"; \"getpid\"; {args: [arg(0; \"NE\"; $value)]})" "rule(\"ERRNO\"; \"getppid\"; {args: [arg(0; \"LT\"; $value)]})" \
	"rule(\"ERRNO\"; \"getuid\"; {args: [arg(0; \"LE\"; $value)]})" "rule(\"ERRNO\"; \"getgid\"; {args: [arg(0; \"EQ\"; $value)]})" \
	"rule(\"ERRNO\"; \"geteuid\"; {args: [arg(0; \"GE\"; $value)]})" "rule(\"ERRNO\"; \"getegid\"; {args: [arg(0; \"GT\"; $value)]})" -- print "${probes[@]}"
# 1 where the rule hit: for 10, value - 1, value, value + 1, value + 2^32
i=1
for operator in NE:11011 LT:11000 LE:11100 EQ:00100 GE:00111 GT:00011; do
	expect "${operator%:*}" ".[$i:$((i + 5))] | map(if .error == \"EPERM\" then 1 elif .errno == 0 then 0 else 9 end) | join(\"\")" "${operator#*:}"
	i=$((i + 5))
done
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(0; "MASKED_EQ"; 240; 32)]})' \
	-- syscall getppid 32 , syscall getppid 47 , syscall getppid 48 , syscall getppid 4294967328 , syscall getppid 0
expect "MASKED_EQ: value is the mask, valueTwo what is left" '[.[].error]' '["EPERM","EPERM",null,"EPERM",null]'
rules=() probes=()
calls=(getpid getppid getuid getgid geteuid getegid)
for i in 0 1 2 3 4 5; do
	rules+=("rule(\"ERRNO\"; \"${calls[i]}\"; {args: [arg($i; \"EQ\"; 7)]})")
	for k in 0 1 2 3 4 5; do
		registers=(0 0 0 0 0 0)
		registers[k]=7
		probes+=(, syscall "${calls[i]}" "${registers[@]}")
	done
done
inside 'filter("ALLOW")' "${rules[@]}" -- print "${probes[@]}"
expect "each of the six arguments, and that one alone" '.[1:] | [range(36) as $i | select((.[$i].error == "EPERM") != (($i / 6 | floor) == $i % 6))]' '[]'
expect "… 36 calls were made" '.[1:] | length' 36
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(0; "GE"; 5), arg(1; "EQ"; 1)]})' \
	-- syscall getppid 5 1 , syscall getppid 4 1 , syscall getppid 5 2
expect "conditions on several arguments: all must hold" '[.[].error]' '["EPERM",null,null]'
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(0; "EQ"; 3), arg(0; "EQ"; 5)]})' \
	-- syscall getppid 3 , syscall getppid 4 , syscall getppid 5
expect "several conditions on one argument: one suffices, as for runc and crun" '[.[].error]' '["EPERM",null,"EPERM"]'
inside 'filter("ERRNO")' "rule(\"ALLOW\"; \"$program\")" 'rule("ALLOW"; "getppid"; {args: [arg(0; "EQ"; 3)]})' 'rule("ALLOW"; "getppid"; {args: [arg(1; "EQ"; 4)]})' \
	-- syscall getppid 3 0 , syscall getppid 0 4 , syscall getppid 0 0
expect "several rules for one call: one suffices" '[.[].error]' '[null,null,"EPERM"]'
refused "a seventh argument" 'linux.seccomp.syscalls\[0\].args\[0\].index' 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(6; "EQ"; 0)]})' -- report
refused "an operator that nobody knows" 'linux.seccomp.syscalls\[0\].args\[0\].op' 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(0; "ISH"; 0)]})' -- report

# ---- names ----

inside 'filter("ALLOW")' 'rule("ERRNO"; "call_of_tomorrow getppid call_of_other_machine")' 'rule("KILL"; "nothing_at_all")' \
	-- syscall getppid , syscall getpid
expect "unknown names are skipped, those beside them are not" '[.[].error]' '["EPERM",null]'
refused "no names at all" 'linux.seccomp.syscalls\[0\].names' 'filter("ALLOW")' '.linux.seccomp.syscalls = [{names: [], action: "SCMP_ACT_ERRNO"}]' -- report

# ---- architectures ----

if [[ $(uname -m) == x86_64 ]]; then
	inside 'filter("ALLOW")' 'rule("ERRNO"; "getpid")' '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"]' -- syscall getpid
	expect "the native architecture by name" '.[0].error' EPERM
	inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid")' '.linux.seccomp.architectures = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_RISCV64"]' -- syscall getppid , syscall getpid
	expect "the native architecture is always one of them" '[.[].error]' '["EPERM",null]'
	inside 'filter("ALLOW")' 'rule("ERRNO"; "getpid")' -- print , syscall 0x40000027
	is "a call of x32, which was not listed: killed" "$status $(got 'length')" '159 1'
	if must_run ia32; then
		inside 'filter("ALLOW")' 'rule("ERRNO"; "getpid")' '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]' \
			-- syscall getpid , syscall32 20 , syscall32 64
		expect "several architectures: a rule holds in each" '[.[].error]' '["EPERM","EPERM",null]'
		inside 'filter("ALLOW")' 'rule("ERRNO"; "getpid")' '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"]' -- syscall getpid , syscall32 64
		is "an architecture that was not listed: killed" "$status $(got '[.[].error]')" '159 ["EPERM"]'
	fi
else
	elsewhere "architectures: the tests know the two of x86_64 alone, this machine is $(uname -m)"
fi
refused "an architecture that nobody knows" 'linux.seccomp.architectures\[1\]' 'filter("ALLOW")' '.linux.seccomp.architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_ABACUS"]' -- report

# ---- flags ----

for flags in '[]' '["SECCOMP_FILTER_FLAG_TSYNC"]' '["SECCOMP_FILTER_FLAG_LOG"]' '["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]' \
	'["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' '["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'; do
	inside 'filter("ALLOW")' ".linux.seccomp.flags = $flags" 'rule("ERRNO"; "getppid")' -- report , syscall getppid
	expect "flags $flags: the filter is in force" '[.[0].seccomp, .[1].error]' '[2,"EPERM"]'
done
# nothing inside shows a flag: whoever refuses it to the kernel's call sees whether it is there
if find_deny; then
	for flag in TSYNC:1 LOG:2 SPEC_ALLOW:4; do
		bit=${flag#*:} flag=SECCOMP_FILTER_FLAG_${flag%:*}
		denied "seccomp@1&$bit:EPERM" 'filter("ALLOW")' ".linux.seccomp.flags = [\"$flag\"]" -- print ran
		like "the kernel is given $flag" "$status $stderr" '^[1-9].*linux.seccomp.*Operation not permitted'
		denied "seccomp@1&$bit:EPERM" 'filter("ALLOW")' '.linux.seccomp.flags = []' -- print ran
		expect "… and not if it is not asked for" '.[0].arguments' '["ran"]'
	done
	denied 'seccomp@1&32:EPERM' 'filter("ALLOW")' "rule(\"NOTIFY\"; \"getppid\") | .linux.seccomp.listenerPath = \"$scratch/nobody\"" \
		'.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' -- print ran
	like "the kernel is given SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" "$status $stderr" '^[1-9].*linux.seccomp: .*Operation not permitted'
	denied 'seccomp@1&32:EPERM' 'filter("ALLOW")' "rule(\"NOTIFY\"; \"getppid\") | .linux.seccomp.listenerPath = \"$scratch/nobody\"" -- print ran
	like "… and not if it is not asked for" "$status $stderr" '^[1-9].*linux.seccomp.listenerPath: connect'
else
	skip "which flags the kernel is given: $why_not_deny"
fi
refused "a flag that nobody knows" 'linux.seccomp.flags\[0\]' 'filter("ALLOW")' '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_MAYBE"]' -- report

# ---- noNewPrivileges ----

for value in true false; do
	inside "filter(\"ALLOW\") | .process.noNewPrivileges = $value" 'rule("ERRNO"; "getppid")' -- report , syscall getppid
	expect "noNewPrivileges $value" '[.[0].seccomp, .[0].no_new_privs, .[1].error]' "[2,$([[ $value == true ]] && echo 1 || echo 0),\"EPERM\"]"
	expect "… the capabilities are those that were asked for" '.[0].caps.bounding | sort' "$(jq -c '.process.capabilities.bounding | sort' "$scratch/bundle/config.json")"
done
blocked='setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid'
inside 'filter("ALLOW")' "rule(\"ERRNO\"; \"$blocked\"; {errnoRet: 38})" '.process.noNewPrivileges = true' -- report , syscall setuid 0 , syscall setgroups 0 0
expect "a filter that forbids to change IDs, with noNewPrivileges: it is loaded after the change" \
	'[.[0].seccomp, .[1].error, .[2].error]' '[2,"ENOSYS","ENOSYS"]'
refused "… without: loaded before, since it takes CAP_SYS_ADMIN; start fails and says at what" \
	'set|process.user' 'filter("ALLOW")' "rule(\"ERRNO\"; \"$blocked\"; {errnoRet: 38})" old_privileges -- print
is "… the program did not run" "$stdout" ''
inside 'filter("ERRNO")' "rule(\"ALLOW\"; \"$program $setting_up\")" old_privileges -- syscall getppid
expect "a short list without noNewPrivileges: what lichen needs is enough" '.[0].error' EPERM
refused "a filter that forbids execve: start says so" "exec '/guest': .*(Operation not permitted|EPERM)" 'filter("ALLOW")' 'rule("ERRNO"; "execve execveat")' -- print
refused "… although sendmsg is forbidden too" "exec '/guest': .*(Operation not permitted|EPERM)" 'filter("ALLOW")' 'rule("ERRNO"; "execve execveat sendmsg sendto")' -- print

# ---- the cache ----

cache=$(state_dir)/.seccomp
rm -rf "$cache"
errno_ret() { inside 'filter("ALLOW")' "rule(\"ERRNO\"; \"getppid\"; {errnoRet: $1})" -- syscall getppid , syscall getpid; }
entries() { find "$cache" -type f -printf '%f\n' | sort; }
errno_ret 5
expect "cold: errnoRet 5" '[.[].errno]' '[5,0]'
first=$(entries)
is "… is kept" "$(wc -l <<<"$first")" 1
is "… for its owner alone" "$(stat -c %a "$cache" "$cache/$first" | xargs)" '700 600'
cp "$cache/$first" "$scratch/first"
errno_ret 5
expect "warm: errnoRet 5" '[.[].errno]' '[5,0]'
is "… nothing was added" "$(entries)" "$first"
errno_ret 6
expect "another errnoRet alone: another filter" '[.[].errno]' '[6,0]'
second=$(entries | grep -vx "$first")
is "… and another entry" "$(wc -l <<<"$second")" 1
errno_ret 5
expect "the first once more" '[.[].errno]' '[5,0]'
inside 'filter("ERRNO")' "rule(\"ALLOW\"; \"$program\")" '.linux.seccomp.defaultErrnoRet = 5' -- syscall getppid
one=$(got '.[0].errno')
inside 'filter("ERRNO")' "rule(\"ALLOW\"; \"$program\")" '.linux.seccomp.defaultErrnoRet = 6' -- syscall getppid
is "another defaultErrnoRet alone" "$one $(got '.[0].errno')" '5 6'
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(0; "EQ"; 1)]})' -- syscall getppid 1 , syscall getppid 2
inside 'filter("ALLOW")' 'rule("ERRNO"; "getppid"; {args: [arg(0; "EQ"; 2)]})' -- syscall getppid 1 , syscall getppid 2
expect "another argument alone" '[.[].errno]' '[0,1]'

# The same key with another program and that one's checksum: the one way to see that it is used.
differing=($(cmp -l "$scratch/first" "$cache/$second" | awk '{print $1 - 1}'))
ok "entries of two errnoRet differ in the key, and in what follows" test "${#differing[@]}" -ge 3
{
	head -c "$((differing[0] + 1))" "$scratch/first"
	tail -c "+$((differing[0] + 2))" "$cache/$second"
} >"$cache/$first"
errno_ret 5
expect "an entry whose key fits is used" '.[0].errno' 6

damage() { # NAME COMMAND... with the entry's path as its last argument; the answer is right, the entry mended
	local name=$1
	shift
	rm -rf "${cache:?}/$first"
	cp "$scratch/first" "$cache/$first"
	"$@" "$cache/$first"
	errno_ret 5
	expect "$name: still right" '[.[].errno]' '[5,0]'
	ok "… and mended" cmp "$cache/$first" "$scratch/first"
}
invert() { # OFFSET FILE: one byte
	local byte
	byte=$(od -An -tu1 -j "$1" -N 1 "$2")
	printf '%b' "\\x$(printf %x $((byte ^ 255)))" | dd of="$2" bs=1 seek="$1" conv=notrunc status=none
}
size=$(stat -c %s "$scratch/first")
damage "another config's entry under this name" cp "$cache/$second"
damage "a byte of the program" invert "${differing[-1]}"
damage "the last byte" invert "$((size - 1))"
damage "a byte of the checksum" invert "${differing[1]}"
damage "a byte of the key" invert 0
damage "cut in the program" truncate -s "$((size - 8))"
damage "cut in an instruction" truncate -s "$((size - 3))"
damage "cut in the key" truncate -s 10
damage "empty" truncate -s 0
damage "more behind it" truncate -s "$((size + 8))"
damage "huge" truncate -s 100M
rm "$cache/$first"
mkdir "$cache/$first"
errno_ret 5
expect "a directory in its place" '[.[].errno]' '[5,0]'
rmdir "$cache/$first"

# what others may write to is not trusted: the planted entry says 6
plant() {
	rm -rf "$cache" "$scratch/elsewhere"
	mkdir -m 700 "$scratch/elsewhere"
	{
		head -c "$((differing[0] + 1))" "$scratch/first"
		tail -c "+$((differing[0] + 2))" "$scratch/second"
	} >"$scratch/elsewhere/$first"
}
errno_ret 6
cp "$cache/$second" "$scratch/second"
plant
mv "$scratch/elsewhere" "$cache"
errno_ret 5
expect "(planted: it would be used)" '.[0].errno' 6
chmod 777 "$cache"
errno_ret 5
expect "a cache that others may write to is not used" '.[0].errno' 5
plant
ln -s "$scratch/elsewhere" "$cache"
errno_ret 5
expect "a cache that is a link is not used" '.[0].errno' 5
rm "$cache"
: >"$cache"
errno_ret 5
expect "a cache that cannot be one is no error" '[.[].errno]' '[5,0]'
rm "$cache"

# ---- the listener ----

socket=$scratch/listener.sock
number_of_getppid=173
[[ $(uname -m) != x86_64 ]] || number_of_getppid=110

# agent COUNT ERRNO: answers COUNT calls, in the background; then hear, for what it got: $heard
agent() {
	rm -f "$socket"
	timeout 30 "$guest" notify "$socket" "$@" >"$scratch/agent" 2>&1 &
	agent_pid=$!
	eventually test -S "$socket"
}
hear() {
	# without a container nobody will ask
	((status == 0)) || kill "$agent_pid"
	wait "$agent_pid"
	heard=$(<"$scratch/agent")
}
hears() { is "$1" "$(jq -c "$2" <<<"$heard" 2>&1)" "$3"; }
notify='filter("ALLOW") | .linux.seccomp.listenerPath = "'$socket'" | .linux.seccomp.listenerMetadata = "for the \"agent\"/1"'

bundle "$scratch/bundle" "$notify" 'rule("NOTIFY"; "getppid")' '.annotations = {"org.example/a": "b/c"}' -- syscall getppid , syscall getpid
agent 1 95
new_id
ok "a container with a listener is created" rt create --bundle "$scratch/bundle" "$id"
pid=$(rt state "$id" | jq .pid)
ok "… started" rt start "$id"
hear
hears "the agent got one descriptor" .n_fds 1
hears "… and all that the specification has" '.text | fromjson | keys' '["fds","metadata","ociVersion","pid","state"]'
hears "… fds" '.text | fromjson.fds' '["seccompFd"]'
hears "… pid: of the process that the filter holds" '.text | fromjson.pid' "$pid"
hears "… metadata, as it was given" '.text | fromjson.metadata' '"for the \"agent\"/1"'
hears "… ociVersion is one" '.text | fromjson.ociVersion | test("^1[.][0-9]+[.][0-9]+$")' true
hears "… state: the container's" '.text | fromjson.state | [.id, .status, .pid, .bundle, .annotations]' \
	"[\"$id\",\"created\",$pid,\"$scratch/bundle\",{\"org.example/a\":\"b/c\"}]"
hears "… and the call itself" .calls "[$number_of_getppid]"
ok "… deleted" rt delete --force "$id"

agent 1 95
inside "$notify" 'rule("NOTIFY"; "getppid")' -- syscall getppid , syscall getpid
expect "the agent's answer is the call's" '[.[].error]' '["EOPNOTSUPP",null]'
hear
agent 2 0
inside "$notify" 'rule("NOTIFY"; "getppid")' 'del(.linux.seccomp.listenerMetadata)' -- syscall getppid , syscall getppid
expect "the agent lets calls go on" '[.[].errno]' '[0,0]'
hear
hears "… both were asked for" .calls "[$number_of_getppid,$number_of_getppid]"
hears "no metadata: none is sent" '.text | fromjson | has("metadata")' false
# "report" asks for it as well
agent 2 95
inside "$notify" 'rule("NOTIFY"; "getppid")' old_privileges -- report , syscall getppid
expect "without noNewPrivileges" '[.[0].no_new_privs, .[1].error]' '[0,"EOPNOTSUPP"]'
hear
agent 1 0
inside "$notify" 'rule("NOTIFY"; "execve")' -- syscall getppid
expect "a call that lichen makes itself: the agent has the listener by then" '.[0].errno' 0
hear
hears "… and was asked" '.calls | length' 1
agent 1 0
inside "$notify" 'rule("NOTIFY"; "setresuid")' old_privileges -- report
expect "… long before execve" '.[0].seccomp' 2
hear
hears "… and was asked" '.calls | length' 1
agent 0 0
inside "$notify" 'rule("NOTIFY"; "getppid")' -- syscall getppid , open-fds
expect "an agent that goes away: ENOSYS" '.[0].error' ENOSYS
expect "the program has no listener itself" '[.[1].fds[].fd] | sort' '[0,1,2]'
hear
for flags in '["SECCOMP_FILTER_FLAG_TSYNC"]' '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'; do
	agent 1 95
	inside "$notify" 'rule("NOTIFY"; "getppid")' ".linux.seccomp.flags = $flags" -- syscall getppid
	expect "a listener and the flags $flags" '.[0].error' EOPNOTSUPP
	hear
done

rm -f "$socket"
bundle "$scratch/bundle" "$notify" 'rule("NOTIFY"; "getppid")' -- create /ran x , syscall getppid
new_id
ok "nobody listens: create cannot know" rt create --bundle "$scratch/bundle" "$id"
exits 1 "… start fails" rt start "$id"
like "… and says where" "$stderr" "linux.seccomp.listenerPath: connect to .*'$socket': No such file or directory"
not_ok "… the program has not run" test -e "$rootfs/ran"
is "… the container is stopped" "$(rt state "$id" | jq -r .status)" stopped
ok "… and can be deleted" rt delete "$id"
refused "… run leaves nothing" "linux.seccomp.listenerPath: connect to .*'$socket': No such file" "$notify" 'rule("NOTIFY"; "getppid")' -- syscall getppid
: >"$socket"
refused "what is no socket" "linux.seccomp.listenerPath: connect to .*'$socket': Connection refused" "$notify" 'rule("NOTIFY"; "getppid")' -- syscall getppid
rm "$socket"
inside "$notify" -- syscall getppid
expect "a path that no rule needs is not used" '.[0].errno' 0
refused "NOTIFY by default" 'linux.seccomp.defaultAction: SCMP_ACT_NOTIFY' "$notify" '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"' -- print
refused "NOTIFY without a path" 'linux.seccomp.syscalls\[0\].action: SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath' 'filter("ALLOW")' 'rule("NOTIFY"; "getppid")' -- print
refused "metadata without a path" 'linux.seccomp.listenerMetadata: needs linux.seccomp.listenerPath' 'filter("ALLOW")' '.linux.seccomp.listenerMetadata = "x"' -- print
refused "a relative path" 'linux.seccomp.listenerPath' "$notify" '.linux.seccomp.listenerPath = "listener.sock"' 'rule("NOTIFY"; "getppid")' -- print

nothing_left "nothing is left" "$before"
done_testing

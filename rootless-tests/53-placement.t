#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How the process runs and where its memory lies: scheduler, ioPriority, memoryPolicy, personality.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)
nice=$(nice)

# what only CAP_SYS_NICE of the initial user namespace allows
may_raise() {
	[[ $mode == root ]] && "$guest" report | jq -e '.caps.effective | index("CAP_SYS_NICE")' >/dev/null
}

# ---- scheduler ----

scheduler() { printf '.process.scheduler = {policy: "%s"%s}' "$1" "${2:+, $2}"; }
for policy in OTHER:0 BATCH:3 IDLE:5; do
	inside "$(scheduler "SCHED_${policy%:*}")" -- report
	expect "scheduler: SCHED_${policy%:*}" '.[0].scheduler | [.policy, .nice]' "[${policy#*:},0]"
done
inside "$(scheduler SCHED_OTHER "nice: $((nice + 4))")" -- report
expect "scheduler: nice" '.[0].scheduler | [.policy, .nice]' "[0,$((nice + 4))]"
inside "$(scheduler SCHED_BATCH 'flags: ["SCHED_FLAG_RESET_ON_FORK"]')" -- report , spawn /guest report
expect "scheduler: a flag" '.[0].scheduler | [.policy, .flags]' '[3,1]'
expect "… is in force: a child does not have it" '.[1].scheduler.flags' 0
inside 'del(.process.scheduler)' -- report
(renice -n $((nice + 5)) -p $BASHPID >/dev/null; inside 'del(.process.scheduler)' -- report; got '.[0].scheduler.nice' >"$scratch/nice")
is "no scheduler: the caller's nice" "$(cat "$scratch/nice")" "$((nice + 5))"
expect "no scheduler: the caller's" '.[0].scheduler | [.policy, .nice]' "[0,$nice]"
real_time=('SCHED_FIFO|priority: 7|[1,7]' 'SCHED_RR|priority: 8|[2,8]'
	'SCHED_DEADLINE|runtime: 2000000, deadline: 50000000, period: 90000000|[6,2000000,50000000,90000000]')
for line in "${real_time[@]}"; do
	IFS='|' read -r policy more want <<<"$line"
	if may_raise; then
		inside "$(scheduler "$policy" "$more")" -- report
		[[ $policy == SCHED_DEADLINE ]] && members='.policy, .runtime, .deadline, .period' || members='.policy, .priority'
		expect "scheduler: $policy" ".[0].scheduler | [$members]" "$want"
	else
		refused "scheduler: $policy is refused without privilege" 'process\.scheduler: .*Operation not permitted' "$(scheduler "$policy" "$more")" -- report
		like "… and says how far one may go" "$stderr" 'hint: .*RLIMIT_RTPRIO'
	fi
done
if may_raise; then
	inside "$(scheduler SCHED_OTHER 'nice: -5')" -- report
	expect "scheduler: root raises its priority" '.[0].scheduler.nice' -5
else
	refused "scheduler: nice below one's own" 'process\.scheduler: .*Operation not permitted' "$(scheduler SCHED_OTHER 'nice: -5')" -- report
fi
refused "scheduler: a deadline before the runtime is over" 'process\.scheduler: ' \
	"$(scheduler SCHED_DEADLINE 'runtime: 50000000, deadline: 2000000, period: 90000000')" -- report
refused "scheduler: a policy that the kernel has reserved" 'process\.scheduler: .*Invalid argument' "$(scheduler SCHED_ISO)" -- report

# ---- ioPriority ----

priority() { printf '.process.ioPriority = {class: "IOPRIO_CLASS_%s", priority: %s}' "$1" "$2"; }
inside "$(priority BE 3)" -- report
expect "ioPriority: IOPRIO_CLASS_BE 3" '.[0].io_priority' '[2,3]'
inside "$(priority IDLE 0)" -- report
expect "ioPriority: IOPRIO_CLASS_IDLE" '.[0].io_priority' '[3,0]'
inside "$(priority BE 6)" -- spawn /guest report
expect "ioPriority: a child has it, too" '.[0].io_priority' '[2,6]'
if may_raise; then
	inside "$(priority RT 2)" -- report
	expect "ioPriority: IOPRIO_CLASS_RT" '.[0].io_priority' '[1,2]'
else
	refused "ioPriority: the real-time class" 'process\.ioPriority: .*Operation not permitted' "$(priority RT 2)" -- report
	like "… and says what else there is" "$stderr" 'hint: .*IOPRIO_CLASS_BE'
fi

# ---- memoryPolicy ----

policy() { printf '.linux.memoryPolicy = {mode: "MPOL_%s"%s}' "$1" "${2:+, $2}"; }
if [[ -d /sys/devices/system/node/node0 ]]; then
	for line in 'DEFAULT||[0,[]]' 'LOCAL||[4,[]]' 'BIND|nodes: "0"|[2,[0]]' 'INTERLEAVE|nodes: "0"|[3,[0]]' 'PREFERRED|nodes: "0"|[1,[0]]'; do
		IFS='|' read -r name more want <<<"$line"
		inside "$(policy "$name" "$more")" -- report
		expect "memoryPolicy: MPOL_$name" '.[0].memory_policy | [.mode, .nodes]' "$want"
	done
	inside "$(policy BIND 'nodes: "0", flags: ["MPOL_F_STATIC_NODES"]')" -- report
	expect "memoryPolicy: a flag" '.[0].memory_policy.mode' "$((2 | 1 << 15))"
	refused "memoryPolicy: nodes that there are not" 'linux\.memoryPolicy: .*Invalid argument' "$(policy BIND 'nodes: "1000"')" -- report
	like "… and says where to look" "$stderr" 'hint: .*/sys/devices/system/node/online'
	refused "memoryPolicy: no nodes for a mode that needs some" 'linux\.memoryPolicy: .*Invalid argument' "$(policy BIND)" -- report
else
	inside "$(policy DEFAULT)" -- report
	like "memoryPolicy on a kernel without NUMA is refused" "$status $stderr" '^[1-9].*linux\.memoryPolicy: .*Function not implemented'
fi
refused "memoryPolicy: nodes for a mode that takes none" 'linux\.memoryPolicy: ' "$(policy LOCAL 'nodes: "0"')" -- report
refused "memoryPolicy: beyond all nodes that a kernel can have" 'linux\.memoryPolicy\.nodes: ' "$(policy BIND 'nodes: "99999"')" -- report

# ---- personality ----

inside '.linux.personality = {domain: "LINUX32"}' -- report
expect "personality: LINUX32" '.[0].personality' 8
inside '.linux.personality = {domain: "LINUX", flags: []}' -- report
expect "personality: LINUX" '.[0].personality' 0
refused "personality: a flag" 'linux\.personality\.flags\[0\]: ' '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}' -- report

nothing_left "nothing is left" "$before"
done_testing

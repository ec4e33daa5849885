#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits hold: what each of them does to processes is observed, and that nobody inside can lift it. By
# both managers, for an ordinary user, for uid 0 of a user namespace that others made, and for root.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/cgroup.sh
source "$(dirname "$0")/lib/cgroup.sh"

# shellcheck disable=SC2317  # parts calls them
{
	namespaced() { unshare --user --map-root-user --map-auto -- "$@"; }
	namespaced_scope() { in_scope unshare --user --map-root-user --map-auto -- "$@"; }
	root_scope() { as_root systemd-run --scope --quiet -p Delegate=yes -- "$@"; }
}
if [[ ! $part ]]; then
	if ! must_run cgroup-memory; then done_testing; fi
	parts systemd:env cgroupfs:in_scope
	if [[ ${LICHEN_TIER:-here} == qemu ]]; then
		elsewhere "the other kinds of caller take ten minutes more under emulation"
		done_testing
	fi
	[[ $mode != user ]] || parts namespaced-systemd:namespaced namespaced-cgroupfs:namespaced_scope
	if [[ $mode != root ]] && can_be_root; then parts root-systemd:as_root root-cgroupfs:root_scope; fi
	done_testing
fi

case $part in
	*systemd) runtime_flags=(--systemd-cgroup) ;;
	*) runtime_flags=(--cgroup-manager=cgroupfs) ;;
esac
# What every kind of caller shows; the rest is shown once by each manager.
is_main() { [[ $part == systemd || $part == cgroupfs ]]; }
# everything that a user of the guest is not given
[[ $mode != nested ]] || export LICHEN_TIER=${LICHEN_TIER:-here}

resources() { echo ".linux.resources = {$1}"; }
# inside FILTER SCRIPT   a container that runs SCRIPT to its end: $status, $stdout, $stderr
inside() {
	put_bundle inside "$1" ".process.args = [\"sh\", \"-c\", $(jq -n --arg s "$2" '$s')]" "${@:3}"
	new_id
	run rt run --bundle "$bundle" "$id"
}
# hold FILTER...   one that stays until release: $held
hold() { stay '["sh", "-c", "echo ready; exec sleep 1000"]' "$@"; }
stay() {
	put_bundle held ".process.args = $1" "${@:2}"
	new_id
	held=$id
	begin rt run --detach --bundle "$bundle" "$held"
	wait "$begun" && eventually says_ready
}
release() { rt delete --force "$held"; }
# A refusal names its reason and is as if nothing had been.
refused() {
	put_bundle refused "${@:3}"
	new_id
	run rt create --bundle "$bundle" "$id"
	if ((status == 1)) && [[ $stderr =~ $2 && $(status_of "$id") == none ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "wanted: $2" "status: $status" "stderr: $stderr"
}
has() { is "$1" "$(limit "$held" "$2" 2>&1)" "$3"; }
scope_property() { systemctl_ours show -P "$1" "lichen-$held.scope"; }

before=$(census)

test_place() {
	hold "$(resources '"pids": {"limit": 50}')"
	local group pid
	group=$(group_of "$held")
	pid=$(rt state "$held" | jq .pid)
	ok "the cgroup exists" test -d "$group/container"
	is "the process is in its leaf" "$tree$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$group/container"
	is "it holds the limit" "$(cat "$group/pids.max")" 50
	is "the leaf has it, too" "$(cat "$group/container/pids.max")" 50
	if [[ $part == *systemd ]]; then
		like "a scope" "$group" "/lichen-$held\.scope$"
		is "systemd knows the limit" "$(scope_property TasksMax)" 50
		is "it is delegated" "$(scope_property Delegate)" yes
		is "systemd leaves it alone when one process of it is killed for memory" "$(scope_property OOMPolicy)" continue
	else
		like "a directory beside us" "$group" "/lichen-$held$"
	fi
	ok "delete --force" release
	ok "nothing of it is left" test ! -e "$group"
}

# One that another container's creation made, and that a container of ours then has for its own.
test_left_to_us() {
	local shared first second third
	[[ $part == *cgroupfs ]] || return 0
	shared=left-to-us-$$
	hold ".linux.cgroupsPath = \"$shared/first\""
	first=$held shared=$(dirname "$(group_of "$held")")
	hold ".linux.cgroupsPath = \"${shared##*/}/second\""
	second=$held
	rt delete --force "$first"
	rt kill "$second" KILL
	ok "a cgroup that is shared stays while it is used" eventually has_status "$second" stopped
	hold ".linux.cgroupsPath = \"${shared##*/}\""
	third=$held
	is "it becomes another container's" "$(group_of "$third")" "$shared"
	rt delete --force "$second"
	rt delete --force "$third"
	ok "the last one removes it" test ! -e "$shared"
}

# What callers write who take the whole tree for theirs, as containerd does for the shim.
test_begins_nowhere() {
	local ours first=nowhere-$$
	[[ $part == *cgroupfs ]] || return 0
	ours=$(sed -n 's/^0:://p' /proc/self/cgroup)
	ours=$tree${ours%/lichen-callers}
	[[ $part != root-* ]] || ours=$tree
	hold ".linux.cgroupsPath = \"/$first/held\"" "$(resources '"pids": {"limit": 50}')"
	is "a path that begins nowhere is placed beneath our own cgroup" "$(group_of "$held")" "$ours/$first/held"
	has "… and holds the limit" pids.max 50
	release
	ok "… and goes with the container" test ! -e "$ours/$first"
	[[ $part != root-* ]] || return 0
	refused "a path into what is not ours" ': nothing there is yours to write to' \
		'.linux.cgroupsPath = "/init.scope/nowhere"' "$(resources '"pids": {"limit": 50}')"
}

# dd has the memory that it is asked for in use at once.
test_memory() {
	inside "$(resources '"memory": {"limit": 33554432, "swap": 33554432}')" 'dd if=/dev/zero of=/dev/null bs=200M count=1'
	is "memory.limit: the kernel kills what asks for more" "$status" 137
	inside "$(resources '"memory": {"limit": 67108864}')" 'dd if=/dev/zero of=/dev/null bs=8M count=2 && echo fits'
	is "memory.limit: what fits goes on" "$status $stdout" '0 fits'
	ok "memory.limit: a process of several is killed" stay '["sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1; echo ready; exec sleep 1000"]' \
		"$(resources '"memory": {"limit": 33554432, "swap": 33554432}')"
	is "memory.limit: state counts it" "$(rt state "$held" | jq .oomKills)" 1
	is "memory.limit: the container lives on" "$(status_of "$held")" running
	release
	is_main || return 0
	inside "$(resources '"memory": {"limit": 33554432}, "unified": {"memory.oom.group": "1"}')" \
		'dd if=/dev/zero of=/dev/null bs=200M count=1; echo lives'
	is "memory.oom.group: the whole container goes" "$status $stdout" '137 '
	refused "memory.limit: too small for a container to be made" 'killed by signal 9.*hint: is linux\.resources\.memory\.limit too small' \
		"$(resources '"memory": {"limit": 4096}')"
	# A writer of a big file stays beneath memory.high: its cache is written back and taken away.
	inside "$(resources '"unified": {"memory.high": "16777216"}')" \
		'dd if=/dev/zero of=/big bs=1M count=64 2>/dev/null; rm /big; cat /sys/fs/cgroup/memory.events'
	like "unified memory.high: holds back without killing" "$status $stdout" '^0 .*high [1-9].*oom_kill 0'
	hold "$(resources '"memory": {"limit": 67108864, "reservation": 16777216, "swap": 100663296}')"
	has "memory.reservation" memory.low 16777216
	has "memory.limit" memory.max 67108864
	if [[ -e $(group_of "$held")/memory.swap.max ]]; then has "memory.swap is of both together" memory.swap.max 33554432; fi
	release
	refused "memory.swap below memory.limit" 'linux\.resources\.memory\.swap: it is the limit of memory and swap together' \
		"$(resources '"memory": {"limit": 67108864, "swap": 1048576}')"
	refused "memory.swappiness" 'memory\.swappiness: cgroup v2 has nothing for it' "$(resources '"memory": {"swappiness": 60}')"
	refused "memory.kernel" 'memory\.kernel: cgroup v2 has nothing for it' "$(resources '"memory": {"kernel": 1000000}')"
}

test_pids() {
	inside "$(resources '"pids": {"limit": 10}')" 'for i in $(seq 30); do sleep 3 & done; echo all'
	like "pids.limit: one process too many" "$status $stdout $stderr" "^2 .*can't fork"
	is_main || return 0
	stay '["sh", "-c", "bomb() { bomb | bomb | sleep 1000 & }; echo ready; bomb; exec sleep 1000"]' "$(resources '"pids": {"limit": 30}')"
	ok "pids.limit: a fork bomb gets that far" eventually eval '(($(limit "$held" pids.current) >= 30))'
	sleep 0.5
	ok "pids.limit: and no farther" test "$(limit "$held" pids.current)" -le 30
	like "pids.limit: it has tried" "$(limit "$held" pids.events)" 'max [1-9]'
	ok "pids.limit: delete --force ends it" within 20 "$LICHEN" --root "$(state_dir)" delete --force "$held"
	inside "$(resources '"pids": {"limit": 0}')" 'echo lives; sleep 0; echo forked'
	like "pids.limit 0: a value, and a strict one" "$stdout $stderr" "^lives .*can't fork"
	hold "$(resources '"pids": {"limit": -1}')"
	has "pids.limit -1: none" pids.max max
	release
}

# The share of a CPU, in percent, that a process got which wants one for 0.8 s and never forks.
share='cpu() { read -r line </proc/self/stat; set -- $line; shift 13; t=$(($1 + $2)); }
	read a _ </proc/uptime; cpu; t0=$t; while :; do i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done
	read b _ </proc/uptime; d=$((${b%.*}${b#*.} - ${a%.*}${a#*.})); [ $d -lt 80 ] || break; done; cpu; echo $(((t - t0) * 100 / d))'
test_cpu() {
	local free limited _
	# others on the machine may take the CPU, so that nothing would be shown: then once more
	for _ in 1 2 3 4; do
		inside . "$share"
		free=$stdout
		if ((free > 60)); then break; fi
	done
	inside "$(resources '"cpu": {"quota": 15000, "period": 100000}')" "$share"
	limited=$stdout
	diag "of a CPU: $free% without a limit, $limited% with 15%"
	ok "cpu.quota: 15% of a CPU are less than 40%" test "$limited" -lt 40
	ok "cpu.quota: and more than nothing" test "$((limited * 50))" -gt "$free"
	is_main || return 0
	hold "$(resources '"cpu": {"shares": 2048, "quota": 50000, "period": 200000, "burst": 10000}')"
	has "cpu.shares" cpu.weight 174
	has "cpu.quota and cpu.period" cpu.max '50000 200000'
	has "cpu.burst" cpu.max.burst 10000
	release
	hold "$(resources '"cpu": {"idle": 1}')"
	has "cpu.idle" cpu.idle 1
	release
	refused "cpu.realtimeRuntime" 'cpu\.realtimeRuntime: cgroup v2 has nothing for it' "$(resources '"cpu": {"realtimeRuntime": 1000}')"
}

# Beside somebody who wants as much, a small weight gets little.
# By what both have been given meanwhile, whatever else the machine does.
test_weight() {
	local cpus='' other shares
	is_main || return 0
	if [[ $(nproc) != 1 ]]; then
		if ! must_run cgroup-cpuset; then return; fi
		cpus=', "cpus": "0"'
	fi
	spin() { stay '["sh", "-c", "echo ready; while :; do :; done"]' "$(resources "\"cpu\": {\"shares\": $1$cpus}")"; }
	used() { awk '$1 == "usage_usec" {print $2}' "$(group_of "$1")/cpu.stat"; }
	# of_1024 SHARES   what percentage of the other one's time one with so many shares gets
	of_1024() {
		local mine theirs
		spin "$1"
		mine=$(used "$held") theirs=$(used "$other")
		sleep 2
		echo $((($(used "$held") - mine) * 100 / ($(used "$other") - theirs + 1)))
		release
	}
	spin 1024
	other=$held
	for shares in 200 8192; do of_1024 "$shares" >"$scratch/of.$shares"; done
	rt delete --force "$other"
	diag "of the time of one with 1024 shares: $(cat "$scratch/of.200")% with 200, $(cat "$scratch/of.8192")% with 8192"
	ok "cpu.shares: the lighter one gets less" test "$(cat "$scratch/of.200")" -lt 60
	ok "cpu.shares: the heavier one gets more" test "$(cat "$scratch/of.8192")" -gt 160
}

test_cpuset() {
	if ! must_run cgroup-cpuset; then return; fi
	inside "$(resources '"cpu": {"cpus": "0", "mems": "0"}')" 'grep -E "^(Cpus|Mems)_allowed_list" /proc/self/status'
	is "cpu.cpus and cpu.mems confine" "$(tr -d '\t\n' <<<"$stdout")" 'Cpus_allowed_list:0Mems_allowed_list:0'
	is_main || return 0
	# one CPU is all that some guests have
	hold "$(resources '"cpu": {"cpus": "0", "mems": "0"}')"
	has "cpu.cpus" cpuset.cpus 0
	has "cpu.mems" cpuset.mems 0
	release
	if (($(nproc) > 1)); then
		inside "$(resources '"cpu": {"cpus": "1"}')" 'grep ^Cpus_allowed_list /proc/self/status'
		is "cpu.cpus: the other one" "$(tr -d '\t\n' <<<"$stdout")" 'Cpus_allowed_list:1'
	fi
	refused "cpu.cpus: a CPU that is not there" 'linux\.resources\.cpu\.cpus: write .5000. to .cpuset\.cpus.' "$(resources '"cpu": {"cpus": "5000"}')"
}

# The block device of the root file systems.
test_io() {
	local device node free limited _
	if ! must_run cgroup-io; then return; fi
	device=$(stat -c %d "$scratch")
	device=$((device >> 8 & 0xfff)):$((device & 0xff))
	node=/sys/dev/block/$device
	[[ ! -e $node/partition ]] || device=$(cat "$(realpath "$node/..")/dev")
	if [[ ! -e /sys/dev/block/$device ]]; then
		elsewhere "the test's files are on no block device here"
		return
	fi
	# in hundredths of a second, without the container's own birth
	write_big() {
		inside "$1" 'read a _ </proc/uptime; dd if=/dev/zero of=/big bs=1M count=4 conv=fsync 2>/dev/null; read b _ </proc/uptime
			rm -f /big; echo $((${b%.*}${b#*.} - ${a%.*}${a#*.}))'
		echo "$stdout"
	}
	# others on the machine may write, too: then both are measured again
	for _ in 1 2 3 4; do
		free=$(write_big .)
		limited=$(write_big "$(resources "\"blockIO\": {\"throttleWriteBpsDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 1048576}]}")")
		if ((free * 2 < limited)); then break; fi
	done
	diag "4 MiB to $device: $free hundredths of a second without a limit, $limited with 1 MiB a second"
	ok "blockIO.throttleWriteBpsDevice: four seconds' worth takes more than three" test "$limited" -gt 300
	ok "… and twice as long as without" test "$limited" -gt $((free * 2))
	is_main || return 0
	hold "$(resources "\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 2097152}],
		\"throttleReadIOPSDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 300}],
		\"throttleWriteIOPSDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 400}]}")"
	has "blockIO: the four throttles" io.max "$device rbps=2097152 wbps=max riops=300 wiops=400"
	[[ $part != *systemd ]] || like "blockIO: systemd knows them" "$(scope_property IOReadBandwidthMax)" ' 2097152$'
	release
	hold
	if [[ -e $(group_of "$held")/io.weight ]]; then
		release
		hold "$(resources '"blockIO": {"weight": 500}')"
		like "blockIO.weight" "$(limit "$held" io.weight)" '^default 4950'
	else
		refused "blockIO.weight: a kernel without it" "blockIO\.weight: open 'io\.weight'.*hint:.*no file 'io\.weight'" "$(resources '"blockIO": {"weight": 500}')"
	fi
	release
	refused "blockIO: a device that is not there" 'blockIO\.throttleWriteBpsDevice\[0\]: write .*io\.max.*No such device' \
		"$(resources '"blockIO": {"throttleWriteBpsDevice": [{"major": 250, "minor": 250, "rate": 1000}]}')"
}

test_refused() {
	local group controller
	is_main || return 0
	hold
	group=$(group_of "$held")
	for controller in hugetlb rdma; do
		if grep -qw "$controller" "$group/cgroup.controllers"; then continue; fi
		case $controller in
			hugetlb) refused "hugepageLimits without the controller" "hugepageLimits\[0\]: .*has not been given the controller 'hugetlb'" \
				"$(resources '"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]')" ;;
			rdma) refused "rdma without the controller" "rdma\.mlx4_0: .*has not been given the controller 'rdma'" \
				"$(resources '"rdma": {"mlx4_0": {"hcaHandles": 1}}')" ;;
		esac
	done
	release
	refused "network" 'linux\.resources\.network: cgroup v2 has neither' "$(resources '"network": {"classID": 1}')"
	refused "unified: no limit" 'unified\["cgroup\.procs"\]: this file is not a limit' "$(resources '"unified": {"cgroup.procs": "1"}')"
	refused "unified: a way out" 'is not the name of a file' "$(resources '"unified": {"../memory.max": "1"}')"
	refused "unified: a file that is not there" "unified\[\"memory\.nothing\"\]: open 'memory\.nothing'" "$(resources '"unified": {"memory.nothing": "1"}')"
	refused "unified: a value that the kernel does not take" 'unified\["memory\.max"\]: write .lots. to' "$(resources '"unified": {"memory.max": "lots"}')"
	put_bundle left "$(resources '"unified": {"memory.nothing": "1", "memory.high": "50000000"}, "memory": {"swappiness": 1}')"
	new_id
	held=$id
	exits 0 "--best-effort=cgroup: what can't be is left out" rt --best-effort=cgroup create --bundle "$bundle" "$held"
	is "… the rest holds" "$(limit "$held" memory.high)" 49999872
	is "… and state says so" "$(rt state "$held" | jq -c '.notApplied | sort')" '["linux.resources.memory.swappiness","linux.resources.unified[\"memory.nothing\"]"]'
	release
}

# The leaf is what a cgroup namespace shows; the limits are on what is above it.
test_inside() {
	local writable='(.mounts[] | select(.type == "cgroup").options) |= map(select(. != "ro"))' limits
	limits=$(resources '"memory": {"limit": 33554432, "swap": 33554432}, "pids": {"limit": 40}')
	inside "$limits" 'cat /proc/self/cgroup | grep ^0:; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; ls /sys/fs/cgroup | grep -c lichen;
		echo max >/sys/fs/cgroup/memory.max'
	like "seen inside: one's own cgroup is the root, with its limits" "$stdout" $'^0::/\n33554432\n40\n0$'
	like "read-only as config.json says" "$stderr" 'Read-only file system'
	inside "$limits" 'mkdir /sys/fs/cgroup/mine && echo $$ >/sys/fs/cgroup/mine/cgroup.procs && cat /proc/self/cgroup | grep ^0:' "$writable"
	is "writable: cgroups of one's own" "$stdout" '0::/mine'
	inside "$limits" 'for f in memory.max pids.max cgroup.procs; do (echo max >/sys/fs/cgroup/../$f) 2>/dev/null && echo "lifted $f"; done
		(echo max >/sys/fs/cgroup/memory.max) 2>/dev/null; mkdir /sys/fs/cgroup/a && echo 0 >/sys/fs/cgroup/a/cgroup.procs
		exec dd if=/dev/zero of=/dev/null bs=200M count=1' "$writable"
	is "writable: the limit holds all the same" "$status $stdout" '137 '
	inside "$limits | .linux.namespaces |= map(select(.type != \"cgroup\"))" \
		'cat /sys/fs/cgroup/memory.max; echo max >/sys/fs/cgroup/memory.max; cat /proc/self/cgroup | grep ^0:' "$writable"
	like "without a cgroup namespace: one's own cgroup" "$stdout" $'^33554432\n0::/.*'"$id"'[^/]*/container$'
	like "… and read-only, whatever config.json says (CVE-2023-25809)" "$stderr" 'Read-only file system'
	[[ $part == root-* ]] || return 0
	# As a hierarchy that the kernel does not guard (cgroups(7), nsdelegate).
	# by both names, or mount(8) keeps the options that there are
	mount -t cgroup2 -o remount,memory_recursiveprot cgroup2 "$tree"
	unlike "nsdelegate: taken off" "$(grep " $tree " /proc/mounts)" nsdelegate
	put_bundle lifts "$limits" "$writable" '.process.args = ["sh", "-c", "echo max >/sys/fs/cgroup/memory.max; cat /sys/fs/cgroup/memory.max; exec dd if=/dev/zero of=/dev/null bs=200M count=1"]'
	new_id
	run rt run --bundle "$bundle" "$id"
	is "without nsdelegate: what is written inside does not lift the limit" "$status $stdout" '137 max'
	mount -t cgroup2 -o remount,nsdelegate,memory_recursiveprot cgroup2 "$tree"
}

# What systemd writes anew is what it has been told.
test_reload() {
	local limits files='memory.max memory.low memory.high memory.swap.max cpu.max cpu.max.burst cpu.weight pids.max io.max cpuset.cpus cgroup.max.depth' was
	[[ $part == *systemd ]] || return 0
	all_limits() {
		local file
		for file in $files; do echo "$file: $(limit "$held" "$file" 2>/dev/null) $(cat "$(leaf_of "$held")/$file" 2>/dev/null)"; done
	}
	hold "$(resources '"memory": {"limit": 67108864, "reservation": 16777216, "swap": 83886080}, "pids": {"limit": 77},
		"cpu": {"quota": 30000, "period": 60000, "burst": 5000, "shares": 300},
		"unified": {"memory.high": "60000000", "cgroup.max.depth": "5"}')"
	was=$(all_limits)
	like "reload: limits to begin with" "$was" 'memory.max: 67108864 67108864.*cpu.max.burst: 5000 5000.*pids.max: 77 77'
	ok "systemctl daemon-reload" systemctl_ours daemon-reload
	is "daemon-reload undoes nothing" "$(all_limits)" "$was"
	ok "systemctl daemon-reexec" systemctl_ours daemon-reexec
	eventually systemctl_ours is-active --quiet "lichen-$held.scope"
	is "daemon-reexec undoes nothing" "$(all_limits)" "$was"
	# with one of a controller's limits it writes the others
	ok "systemctl set-property" systemctl_ours set-property --runtime "lichen-$held.scope" MemoryHigh=59998208 CPUWeight=13
	is "what somebody changes is changed" "$(limit "$held" memory.high) $(limit "$held" cpu.weight)" '59998208 13'
	is "… and what systemd writes with it is what it has been told" "$(all_limits | sed -E '/^(memory.high|cpu.weight):/d')" \
		"$(sed -E '/^(memory.high|cpu.weight):/d' <<<"$was")"
	ok "… and delete works as ever" release
	not_ok "… the unit is gone" systemctl_ours is-active --quiet "lichen-$held.scope"
	# systemd takes no 0, and may write its own default: the leaf's holds.
	mkfifo "$scratch/base/rootfs/wait"
	stay '["sh", "-c", "echo ready; read x </wait; sleep 0; echo forked"]' "$(resources '"pids": {"limit": 0}')"
	systemctl_ours daemon-reload
	echo go >"$scratch/base/rootfs/wait"
	eventually has_status "$held" stopped
	like "pids.limit 0 after a daemon-reload" "$(cat "$out")" "can't fork"
	rm "$scratch/base/rootfs/wait"
	release
}

run_tests place left_to_us begins_nowhere memory pids cpu weight cpuset io refused inside reload
done_testing

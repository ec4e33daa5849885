#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A cgroup's life: paused and resumed, changed, killed and removed as a whole; what is not the
# container's is left alone, whatever it is called; and whatever dies, nothing is left.
#
#   LICHEN_MANY=N    how many containers at once (200)
# shellcheck disable=SC2016,SC2034,SC2154
set -uo pipefail
# shellcheck source=lib/cgroup.sh
source "$(dirname "$0")/lib/cgroup.sh"

if [[ ! $part ]]; then
	if has_manager; then parts systemd:env cgroupfs:in_scope
	elif [[ $mode == root && -w $tree/cgroup.procs ]]; then parts cgroupfs:env
	else no_cgroup; fi
	done_testing
fi
runtime_flags=(--cgroup-manager="$part")
killer=$(tool killer) || { echo "Bail out! tools/killer.c cannot be compiled"; exit 1; }

# ticks in $out show whether it runs; it ends on TERM
put_bundle ticks '.process.args = ["sh", "-c", "echo ready; trap \"exit 5\" TERM; while :; do echo tick; sleep 0.05; done"]'
ticks=$bundle
put_bundle sleeps '.process.args = ["sh", "-c", "echo ready; exec sleep 1000"]'
sleeps=$bundle
writable='(.mounts[] | select(.type == "cgroup").options) |= map(select(. != "ro"))'
L=("$LICHEN" --root "$(state_dir)" "${runtime_flags[@]}")

# start BUNDLE   a container of it, running: $id, $out
start() {
	new_id
	begin rt run --detach --bundle "$1" "$id"
	wait "$begun" && eventually says_ready
}
refused() {
	run rt "${@:3}"
	if ((status == 1)) && [[ $stderr =~ $2 ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "wanted: $2" "status: $status" "stderr: $stderr"
}
n_ticks() { grep -c tick "$out"; }
ticked() { (($(n_ticks) > $1)); }
still() {
	local was
	was=$(n_ticks)
	sleep 0.3
	[[ $(n_ticks) == "$was" ]]
}
# somebody else's process, in a cgroup: $stranger
stranger_in() {
	sleep 1000 &
	stranger=$!
	echo "$stranger" >"$1/cgroup.procs"
}
systemd_run() {
	if [[ $mode == root ]]; then systemd-run "$@"; else XDG_RUNTIME_DIR=$user_runtime systemd-run --user "$@"; fi
}
foreign_unit() {
	systemd_run --quiet --scope --slice=user.slice --unit="$1" sleep 1000 >/dev/null 2>&1 </dev/null &
	eventually systemctl_ours is-active --quiet "$1"
}
lives() { kill -0 "$1" 2>/dev/null && [[ $(ps -o stat= -p "$1") != Z* ]]; }
end_stranger() {
	kill -9 "$stranger"
	wait "$stranger" 2>/dev/null
}
before=$(census)

test_pause() {
	start "$ticks"
	ok "pause" rt pause "$id"
	is "pause: the status" "$(status_of "$id")" paused
	ok "pause: nothing moves" still
	refused "pause: twice" 'it is paused already' pause "$id"
	refused "pause: start" 'already running|is paused' start "$id"
	refused "pause: delete" 'that is not stopped: paused' delete "$id"
	run rt exec "$id" true
	like "pause: exec" "$status $stderr" '^255 .*cannot exec in a paused container'
	like "pause: ps shows it all the same" "$(rt ps --format json "$id")" "$(rt state "$id" | jq .pid)"
	ok "pause: a signal is for later" rt kill "$id" TERM
	is "pause: still paused" "$(status_of "$id")" paused
	ok "resume" rt resume "$id"
	ok "resume: what was for later arrives" eventually has_status "$id" stopped
	refused "pause: a stopped one" 'not running' pause "$id"
	refused "resume: a stopped one" 'not paused' resume "$id"
	rt delete "$id"
	start "$ticks"
	local seen
	rt pause "$id"
	seen=$(n_ticks)
	rt resume "$id"
	ok "resume: it goes on" eventually ticked "$seen"
	refused "resume: twice" 'not paused' resume "$id"
	rt pause "$id"
	ok "pause: SIGKILL is for now" rt kill "$id" KILL
	ok "pause: … it stops" eventually has_status "$id" stopped
	ok "pause: … delete" rt delete "$id"
	start "$ticks"
	rt pause "$id"
	ok "pause: delete --force" within 10 "${L[@]}" delete --force "$id"
	new_id
	rt create --bundle "$ticks" "$id" >/dev/null 2>&1
	ok "pause: a created one" rt pause "$id"
	refused "pause: … start" 'container that is paused' start "$id"
	ok "resume: it is created again" rt resume "$id"
	is "resume: … the status" "$(status_of "$id")" created
	rt delete --force "$id"
	start "$ticks"
	# as if lichen had died between the freezer and its answer
	echo 1 >"$(leaf_of "$id")/cgroup.freeze"
	rt pause "$id" 2>/dev/null
	ok "pause: frozen already by somebody else" rt resume "$id"
	rt delete --force "$id"
	local n rc=0 killed=0 bad=''
	if [[ ${LICHEN_TIER:-here} == qemu ]]; then
		elsewhere "pause, killed at its system calls: tracing them is too slow under emulation"
		return
	fi
	"$killer" 0 true 2>/dev/null || rc=$?
	if ((rc != 1)); then
		skip "processes cannot be traced here (a sandbox's seccomp filter, or kernel.yama.ptrace_scope=3)"
		return
	fi
	start "$ticks"
	for ((n = 1; n < 3000; n += 7)); do
		rc=0
		within 60 env ASAN_OPTIONS=detect_leaks=0 "$killer" "$n" "${L[@]}" pause "$id" >/dev/null 2>&1 </dev/null || rc=$?
		case $(status_of "$id") in
			running) ;;
			paused) rt resume "$id" || bad+="$n: resume;" ;;
			*) bad+="$n: $(status_of "$id");" ;;
		esac
		eventually ticked "$(n_ticks)" || bad+="$n: it stands still;"
		((rc == 0)) || break
		killed=$((killed + 1))
	done
	is "pause, killed at $killed of its system calls: it can always be resumed" "${bad:-always}" always
	ok "… in earnest" test "$killed" -ge 5
	rt delete --force "$id"
}

test_kill() {
	put_bundle tree "$writable" '.process.args = ["sh", "-c", "trap : TERM; cd /sys/fs/cgroup; for i in 1 2 3; do mkdir .d d; cd .d; sleep 1000 & echo $! >cgroup.procs; done; echo ready; while :; do sleep 1; done"]'
	start "$bundle"
	local group
	group=$(group_of "$id")
	is "ps: of all cgroups beneath it" "$(rt ps --format json "$id" | jq length)" "$(find "$group" -name cgroup.procs -exec cat {} + | wc -l)"
	ok "… which are several" test "$(find "$group" -type d | wc -l)" -ge 8
	ok "kill --all TERM" rt kill --all "$id" TERM
	ok "kill --all TERM: who does not ignore it is gone" eventually eval '(($(rt ps --format json "$id" | jq length) <= 2))'
	is "kill --all TERM: who does goes on" "$(status_of "$id")" running
	ok "kill --all KILL" rt kill --all "$id" KILL
	ok "kill --all KILL: nobody is left" eventually has_status "$id" stopped
	is "kill --all KILL: not in any cgroup" "$(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)" ''
	ok "delete: cgroups that it has made go, too" within 10 "${L[@]}" delete "$id"
	ok "delete: … to the last" test ! -e "$group"
	# before it gives controllers to others, too, which somebody in its own cgroup would be in the way of
	put_bundle moves "$writable" '.process.args = ["sh", "-c", "mkdir /sys/fs/cgroup/d && echo 0 >/sys/fs/cgroup/d/cgroup.procs; echo ready; exec sleep 1000"]'
	start "$bundle"
	run rt exec "$id" grep ^0: /proc/self/cgroup
	is "exec: where the first process has moved to" "$status $stdout" '0 0::/d'
	run rt exec --cgroup / "$id" grep ^0: /proc/self/cgroup
	is "exec --cgroup: elsewhere" "$status $stdout" '0 0::/'
	rt delete --force "$id"
	# Without a PID namespace its children outlive its first process.
	put_bundle orphans '.linux.namespaces |= map(select(.type != "pid"))' '.mounts |= map(select(.type != "proc"))' \
		'.process.args = ["sh", "-c", "sleep 1000 & sleep 1000 & echo ready; exit 0"]'
	start "$bundle"
	ok "orphans: stopped" eventually has_status "$id" stopped
	is "orphans: ps shows them" "$(rt ps --format json "$id" | jq length)" 2
	ok "orphans: kill --all" rt kill --all "$id" KILL
	is "orphans: are gone" "$(rt ps --format json "$id" | jq length)" 0
	rt delete "$id"
	start "$bundle"
	eventually has_status "$id" stopped
	ok "orphans: delete ends them" rt delete "$id"
}

test_update() {
	if ! must_run cgroup-memory; then return; fi
	local group option value file want property known
	start "$sleeps"
	group=$(group_of "$id")
	file_is() { is "update $1" "$(cat "$group/$2") $(cat "$group/container/$2")" "$3 $3"; }
	# option, value, file, what it has then, systemd's property, its value
	while read -r option value file want property known; do
		run rt update "--$option" "$value" "$id"
		if ((status != 0)); then tap_fail "update --$option $value" "$stderr"; continue; fi
		file_is "--$option $value" "$file" "${want//_/ }"
		if [[ $part == systemd && $property != - ]]; then
			is "… systemd's $property" "$(systemctl_ours show -P "$property" "lichen-$id.scope")" "$known"
		fi
	done <<-'EOF2'
		memory 64m memory.max 67108864 MemoryMax 67108864
		memory 100M memory.max 104857600 MemoryMax 104857600
		memory-swap 200MiB memory.swap.max 104857600 MemorySwapMax 104857600
		memory-reservation 33554432 memory.low 33554432 MemoryLow 33554432
		cpu-quota 30000 cpu.max 30000_100000 CPUQuotaPerSecUSec 300ms
		cpu-period 60000 cpu.max 30000_60000 CPUQuotaPeriodUSec 60ms
		cpu-burst 20000 cpu.max.burst 20000 - -
		cpu-share 2048 cpu.weight 174 CPUWeight 174
		pids-limit 33 pids.max 33 TasksMax 33
	EOF2
	if must_run cgroup-cpuset; then
		ok "update --cpuset-cpus" rt update --cpuset-cpus 0 "$id"
		file_is "--cpuset-cpus" cpuset.cpus 0
		ok "update --cpuset-mems" rt update --cpuset-mems 0 "$id"
		file_is "--cpuset-mems" cpuset.mems 0
	fi
	run rt state "$id"
	is "update: state shows what is in force" "$(jq -c '.resources | [.memory.limit, .memory.swap, .cpu.quota, .cpu.burst, .pids.limit]' <<<"$stdout")" \
		'[104857600,209715200,30000,20000,33]'
	# a quota below the burst that is there
	printf '%s' '{"cpu": {"quota": 10000, "burst": 5000}}' >"$scratch/resources.json"
	ok "update --resources FILE: both down" rt update --resources "$scratch/resources.json" "$id"
	is "… both" "$(cat "$group/cpu.max") $(cat "$group/cpu.max.burst")" '10000 60000 5000'
	printf '%s' '{"cpu": {"quota": 50000, "burst": 40000}}' >"$scratch/resources.json"
	run bash -c 'exec "${@:2}" <"$1"' - "$scratch/resources.json" timeout 60 "${L[@]}" update --resources - "$id"
	is "update -r -: both up" "$status $(cat "$group/cpu.max") $(cat "$group/cpu.max.burst")" '0 50000 60000 40000'
	ok "update --cpu-quota -1" rt update --cpu-quota -1 "$id"
	file_is "--cpu-quota -1" cpu.max 'max 60000'
	# the kernel takes no weight beside it
	ok "update --cpu-idle 1" rt update --cpu-idle 1 "$id"
	file_is "--cpu-idle 1" cpu.idle 1
	ok "update: other limits beside cpu.idle" rt update --pids-limit 44 "$id"
	file_is "--pids-limit 44" pids.max 44
	ok "update --cpu-idle 0" rt update --cpu-idle 0 "$id"
	file_is "--pids-limit -1 is no limit" pids.max 44
	ok "update --pids-limit -1" rt update --pids-limit -1 "$id"
	file_is "--pids-limit -1" pids.max max

	# all or nothing
	values() {
		rt state "$id"
		for file in memory.max memory.low memory.swap.max cpu.max cpu.weight cpu.max.burst pids.max memory.high io.max; do
			echo "$file $(cat "$group/$file" 2>/dev/null) $(cat "$group/container/$file" 2>/dev/null)"
		done
		[[ $part != systemd ]] || systemctl_ours show -p MemoryMax,MemoryHigh,MemoryLow,CPUWeight,TasksMax,CPUQuotaPerSecUSec "lichen-$id.scope"
	}
	# without a quota systemd writes the kernel's period
	snapshot() { values | sed -E 's/max [0-9]+/max/g'; }
	local was
	was=$(snapshot)
	printf '%s' '{"memory": {"limit": 99999744, "reservation": 4096}, "pids": {"limit": 55}, "cpu": {"shares": 100},
		"unified": {"memory.high": "88887296", "memory.nothing": "1"}}' >"$scratch/resources.json"
	refused "update: one of several that can't be" 'memory\.nothing' update -r "$scratch/resources.json" "$id"
	is "update: … and none of them is" "$(snapshot)" "$was"
	refused "update: not a number" "option '--pids-limit': expected a number" update --pids-limit many "$id"
	refused "update: not a size" "option '--memory': expected a size" update --memory 1.5g "$id"
	refused "update: nothing" 'nothing to change' update "$id"
	refused "update: both" 'from --resources and from other options' update -r "$scratch/resources.json" --pids-limit 3 "$id"
	refused "update: no file" "read '/nonexistent'" update -r /nonexistent "$id"
	printf '[]' >"$scratch/resources.json"
	refused "update: not an object" 'expected' update -r "$scratch/resources.json" "$id"
	refused "update --kernel-memory" 'cgroup v2 has nothing for it' update --kernel-memory 100m "$id"
	refused "update --l3-cache-schema" 'resctrl' update --l3-cache-schema 'L3:0=f' "$id"
	is "update: nothing of all this changed it" "$(snapshot)" "$was"
	printf '%s' '{"memory": {"limit": 4096, "swap": 4096, "checkBeforeUpdate": true}}' >"$scratch/resources.json"
	refused "update: checkBeforeUpdate" 'bytes are in use, above the new limit of 4096' update -r "$scratch/resources.json" "$id"
	is "update: … and it lives" "$(status_of "$id") $(snapshot)" "running $was"
	rt pause "$id"
	ok "update: of a paused one" rt update --pids-limit 66 "$id"
	file_is "of a paused one" pids.max 66
	rt resume "$id"
	rt kill "$id" KILL
	eventually has_status "$id" stopped
	refused "update: of a stopped one" 'not running' update --pids-limit 3 "$id"
	rt delete "$id"
	# it holds
	put_bundle forks '.process.args = ["sh", "-c", "echo ready; read x </go; for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; echo all"]'
	rm -f "$scratch/base/rootfs/go"
	mkfifo "$scratch/base/rootfs/go"
	start "$bundle"
	rt update --pids-limit 4 "$id"
	echo go >"$scratch/base/rootfs/go"
	eventually has_status "$id" stopped
	like "update: it holds" "$(cat "$out")" "can't fork"
	rm "$scratch/base/rootfs/go"
	rt delete --force "$id"
}

# In a unit to which nothing is delegated: what systemd has not given it is not taken from its slice.
test_slice() {
	local slice=t$$.slice at was
	if [[ $part != cgroupfs ]] || ! has_manager || ! must_run cgroup-memory; then return; fi
	new_id
	ok "a plain unit: create" systemd_run --quiet --scope --slice="$slice" --unit="t$$-plain" "${L[@]}" create --bundle "$sleeps" "$id"
	at=$(group_of "$id")
	at=${at%"/$slice/"*}/$slice
	was=$(cat "$at/cgroup.subtree_control")
	if [[ " $was " == *' cpu '* || " $(cat "$at/cgroup.controllers") " != *' cpu '* ]]; then
		elsewhere "a plain unit: systemd gives the controller cpu to every slice here, or to none"
	else
		refused "a plain unit: update of what it has not" "has not been given the controller 'cpu'" update --cpu-quota 20000 "$id"
		is "… and the slice is as it was" "$(cat "$at/cgroup.subtree_control")" "$was"
	fi
	ok "a plain unit: update of what it has" rt update --pids-limit 44 "$id"
	rt delete --force "$id"
}

# Whatever has the same name is not ours.
test_foreign() {
	local group unit
	if [[ $part == systemd ]]; then
		new_id
		unit=lichen-$id.scope
		foreign_unit "$unit"
		refused "a foreign unit of its name: create" "hint: see 'systemctl --user status $unit' \(as root" create --bundle "$sleeps" "$id"
		is "… it leaves nothing" "$(status_of "$id")" none
		ok "… the stranger lives" systemctl_ours is-active --quiet "$unit"
		systemctl_ours stop "$unit"
		# ours goes by somebody else's hand, and another one of its name comes
		start "$ticks"
		unit=lichen-$id.scope
		systemctl_ours stop "$unit"
		ok "a scope that systemd was told to stop: stopped" eventually has_status "$id" stopped
		foreign_unit "$unit"
		run rt kill --all "$id" KILL
		is "a foreign unit in its place: ps shows none of it" "$(rt ps --format json "$id" | jq length)" 0
		ok "… delete --force" within 20 "${L[@]}" delete --force "$id"
		ok "… the stranger lives" systemctl_ours is-active --quiet "$unit"
		systemctl_ours stop "$unit"
		return
	fi
	# where we stand: what lichen may make others in
	start "$sleeps"
	group=$(group_of "$id")
	local base=${group%/*} path
	rt delete --force "$id"
	path=$base/t$$-mine
	put_bundle path ".linux.cgroupsPath = \"${path#"$tree"}\"" '.process.args = ["sh", "-c", "echo ready; exec sleep 1000"]'
	mkdir "$path"
	stranger_in "$path"
	new_id
	refused "a populated cgroupsPath: create" 'linux\.cgroupsPath: the cgroup .* is in use' create --bundle "$bundle" "$id"
	ok "… delete --force of what never was" rt delete --force "$id"
	ok "… the stranger lives" lives "$stranger"
	end_stranger
	ok "an empty cgroupsPath" start "$bundle"
	is "… is used" "$(group_of "$id")" "$path"
	mkdir "$path/other"
	stranger_in "$path/other"
	ok "… pause" rt pause "$id"
	ok "… does not hold others in it" grep -qx 'frozen 0' "$path/other/cgroup.events"
	rt resume "$id"
	is "… ps shows none of them" "$(rt ps --format json "$id" | jq length)" 1
	rt kill --all "$id" KILL
	eventually has_status "$id" stopped
	ok "… kill --all neither" lives "$stranger"
	ok "… delete --force" rt delete --force "$id"
	ok "… neither" lives "$stranger"
	ok "… and the cgroup that was there stays" test -d "$path" -a ! -e "$path/container"
	end_stranger
	eventually rmdir "$path/other" 2>/dev/null
	rmdir "$path"
	# one that is in the place of ours
	start "$bundle"
	rt kill "$id" KILL
	eventually has_status "$id" stopped
	eventually rmdir "$path/container" 2>/dev/null
	rmdir "$path"
	mkdir -p "$path/container"
	stranger_in "$path/container"
	refused "a foreign cgroup in its place: pause" 'not running' pause "$id"
	run rt kill --all "$id" KILL
	ok "… kill --all spares it" lives "$stranger"
	ok "… delete --force" within 20 "${L[@]}" delete --force "$id"
	ok "… the stranger lives" lives "$stranger"
	end_stranger
	eventually rmdir "$path/container" 2>/dev/null
	rmdir "$path" 2>/dev/null
	# two for one path at the same time: one gets it, and the other's failure is not its end
	put_bundle race ".linux.cgroupsPath = \"${path#"$tree"}\"" '.process.args = ["sh", "-c", "echo ready; exec sleep 1000"]'
	local i n bad=''
	for i in 1 2 3 4 5; do
		new_id
		local a=$id b=$id-b c=$id-c
		rt create --bundle "$bundle" "$a" >/dev/null 2>&1 & local pa=$!
		rt create --bundle "$bundle" "$b" >/dev/null 2>&1 & local pb=$!
		rt create --bundle "$bundle" "$c" >/dev/null 2>&1 & local pc=$!
		wait "$pa" "$pb" "$pc"
		n=0
		for one in "$a" "$b" "$c"; do if [[ $(status_of "$one") == created ]]; then n=$((n + 1)); fi; done
		((n == 1)) || bad+="round $i: $n;"
		for one in "$a" "$b" "$c"; do rt delete --force "$one"; done
	done
	is "several creations for one path: one has it" "${bad:-one each}" 'one each'
	# parents that several share go with the last of them
	for i in 1 2 3 4 5 6; do
		put_bundle "deep$i" ".linux.cgroupsPath = \"${base#"$tree"}/t$$-shared/$((i % 2))/$i\"" '.process.args = ["sleep", "0.1"]'
		(rt run --bundle "$bundle" "t$$-deep-$i" >/dev/null 2>"$scratch/deep.$i" || echo failed >>"$scratch/deep.$i") &
	done
	wait
	is "cgroups that several share: none fails" "$(cat "$scratch"/deep.*)" ''
	ok "… and they go with the last" test ! -e "$base/t$$-shared"
}

# Whenever the one who makes it dies: both the process and the scope or directory go.
test_death() {
	local i bad='' pid
	for i in $(seq 12); do
		new_id
		"${L[@]}" create --bundle "$sleeps" "$id" >/dev/null 2>&1 </dev/null &
		pid=$!
		sleep "0.$(printf %03d $((i * 12)))"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		within 30 "${L[@]}" delete --force "$id" 2>"$scratch/said" || bad+="$i: $(cat "$scratch/said");"
		# a scope of which systemd had not told yet goes with its process
		eventually eval '[[ -z $(our_cgroups | grep -F "$id") ]]' || bad+="$i: $(our_cgroups | grep -F "$id");"
	done
	is "create killed, then delete --force: clean each time" "${bad:-clean}" clean
	for i in 1 2 3 4; do
		start "$sleeps"
		"${L[@]}" delete --force "$id" >/dev/null 2>&1 </dev/null &
		pid=$!
		sleep "0.0$i"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		within 30 "${L[@]}" delete --force "$id" 2>"$scratch/said" || bad+="$i: $(cat "$scratch/said");"
	done
	is "delete killed, then delete --force: clean each time" "${bad:-clean}" clean
}

# The name is free at once, again and again.
test_again() {
	local i bad=''
	new_id
	for i in $(seq 12); do
		rt create --bundle "$sleeps" "$id" >/dev/null 2>"$scratch/said" || bad+="create $i: $(cat "$scratch/said");"
		rt delete --force "$id" 2>"$scratch/said" || bad+="delete $i: $(cat "$scratch/said");"
	done
	is "the same name, created and deleted 12 times without a pause" "${bad:-well}" well
	# 255 characters, more than a unit or a directory has room for behind "lichen-"
	id=t$$-$(printf 'x%.0s' $(seq 230))
	exits 0 "a long name: create" rt create --bundle "$sleeps" "$id"
	ok "a long name: it has a cgroup" test -d "$(leaf_of "$id")"
	ok "a long name: delete" rt delete --force "$id"
}

# Two containers of one name.
create_and_delete() {
	local twice
	for twice in 1 2; do
		"${L[@]}" create --bundle "$bundle" "$1" || return
		"${L[@]}" delete --force "$1" || return
	done
}
test_many() {
	local many=${LICHEN_MANY:-200} at_once=20 i running=0
	case ${LICHEN_TIER:-here}:$part in
		qemu:*) many=$((many / 10)) ;;
		uml*:cgroupfs) many=$((many / 4)) ;;
	esac
	put_bundle true '.process.args = ["true"]'
	for ((i = 0; i < many; i += 2)); do
		create_and_delete "t$$-many-$i" >>"$scratch/many" 2>&1 </dev/null || echo "$i failed" >>"$scratch/many" &
		running=$((running + 1))
		((running < at_once)) || { wait -n; running=$((running - 1)); }
	done
	wait
	is "$many containers, two of each name, $at_once at a time: none fails" "$(cat "$scratch/many")" ''
	is "… no state is left" "$(rt list --quiet)" ''
	rm "$scratch/many"
}

run_tests pause kill update slice foreign death again many
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# events and stats: a known load in the figures, the OOM killer's visits at once, the table on a
# terminal, and what the foreground says of a container that was killed for its memory.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/lichen.sh
source "$(dirname "$0")/lib/lichen.sh"

python=python3
[[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3
mebibyte=1048576

# put_bundle SCRIPT [FILTER...]   a shell script as the container's program; sets $bundle
put_bundle() {
	local script=$1
	shift
	bundle=$scratch/bundle
	rm -rf "$bundle"
	make_bundle "$bundle" ".process.args = $(jq -nc --arg s "$script" '["sh", "-c", $s]')" \
		'.linux.resources = {}' "$@"
}
# begin SCRIPT [FILTER...]   runs it in the background; sets $id
begin() {
	put_bundle "$@"
	new_id
	rt run --detach --bundle "$bundle" "$id" </dev/null >"$scratch/begin" 2>&1 || diag "$(cat "$scratch/begin")"
}
finish() { rt delete --force "$id"; }
is_ready() { [[ -e $bundle/rootfs/ready ]]; }
limits() { echo ".linux.resources = {memory: {limit: $1}, pids: {limit: 50}}"; }

# watch [OPTION...]   events in the background: $watcher, and what it prints in $scratch/events
watch() {
	rt events "$@" "$id" >"$scratch/events" 2>"$scratch/events.err" &
	watcher=$!
}
ended() { ! kill -0 "$watcher" 2>/dev/null; }
lines() { wc -l <"$scratch/events"; }
has_lines() { (($(lines) >= $1)); }
watcher_status() { wait "$watcher"; }

in_figures() { jq -r "$1" <<<"$figures"; }
# within_range NAME VALUE LEAST MOST
within_range() {
	if [[ $2 =~ ^[0-9.]+$ ]] && awk -v v="$2" -v l="$3" -v m="$4" 'BEGIN {exit !(v >= l && v <= m)}'; then tap_pass "$1"; return; fi
	tap_fail "$1" "got:    $2" "wanted: $3 to $4"
}

before=$(census)

# ---- without a cgroup ----
bare_flags=("${runtime_flags[@]}")
runtime_flags=(--cgroup-manager=disabled)
begin 'sleep 1000'
run rt events --stats "$id"
is "no cgroup: events fails" "$status" 1
like "no cgroup: and says so" "$stderr" "cannot measure container '$id': it has no cgroup of its own"
like "no cgroup: and what would help" "$stderr" "hint: .*systemd-run --user --scope -p Delegate=yes"
exits 1 "no cgroup: nor is it watched" rt events --interval 1s "$id"
run rt stats "$id"
is "no cgroup: stats shows it" "$status $stderr" '0 '
like "no cgroup: with nothing in its columns" "$stdout" $'\n'"$id"' +-  +-  +-  +-  +-'$'\n'
like "no cgroup: and a note" "$stdout" "Not counted, without a cgroup of its own: $id"
run rt stats --format json
is "no cgroup: JSON" "$(jq -c '.[] | [.id, .cpuPercent, .memoryUsage, .pids, .note]' <<<"$stdout")" \
	"[\"$id\",null,null,null,\"no cgroup of its own\"]"
mkdir -m 700 "$(state_dir)/broken"
echo '{"id": ' >"$(state_dir)/broken/state.json"
run rt stats
is "what can't be read: the others" "$status $(grep -c "^$id" <<<"$stdout")" '0 1'
is "what can't be read: one warning for two looks" "$(grep -c "warning: .*'broken'" <<<"$stderr")" 1
rm -r "$(state_dir)/broken"
finish
runtime_flags=("${bare_flags[@]}")

# ---- with whatever cgroup there is ----
begin 'sleep 1000'
place=$(rt state "$id" | jq -r '.cgroup // empty')
if [[ $place ]]; then
	controllers=$(cat /sys/fs/cgroup{,/unified}"$place"/cgroup.controllers 2>/dev/null)
	figures=$(rt events --stats "$id")
	within_range "the CPU's time is counted without a controller" "$(in_figures .data.cpu.usage.total)" 0 60000000000
	for pair in memory:memory pids:pids io:blkio cpuset:cpuset hugetlb:hugetlb; do
		there=false
		[[ " $controllers " != *" ${pair%:*} "* ]] || there=true
		is "${pair#*:} is told if there is the controller ($there)" "$(in_figures ".data | has(\"${pair#*:}\")")" "$there"
	done
else
	no_cgroup
fi
finish

# ---- what is wrong ----
run rt stats
is "no container: a heading" "$status $(wc -l <<<"$stdout")" '0 1'
run rt stats --format json
is "no container: an empty array" "$stdout" '[]'
run rt stats nobody
like "stats of a container that is not there" "$status $stderr" "^1 lichen: container 'nobody' does not exist"
run rt events nobody
like "events of a container that is not there" "$status $stderr" "^1 lichen: container 'nobody' does not exist"
for interval in 0 -1s 5 x; do
	exits 1 "events --interval $interval" rt events --interval "$interval" nobody
done
begin 'exit 0'
has_stopped() { [[ $(rt state "$id" | jq -r .status) == stopped ]]; }
eventually has_stopped
run rt events "$id"
like "events of a container that has ended" "$status $stderr" '^1 .*container not running'
run rt stats "$id"
like "stats of a container that has ended" "$status $stderr" '^1 .*container not running'
run rt stats
is "all that run: not this one" "$status $(wc -l <<<"$stdout")" '0 1'
finish

# ---- the table on a terminal ----
# live SCENARIO   a person in front of `stats`; sets $said
live() {
	scene=$1
	said=$(TERM=linux within 100 "$python" "$lib/../tools/terminal.py" "$1" "$LICHEN" "$(state_dir)" "$bundle" "$id" 2>&1) ||
		said+=" (status $?)"
}
found() {
	local value
	value=$(awk -v name="$1: " 'index($0, name) == 1 {print substr($0, length(name) + 1)}' <<<"$said")
	is "$scene: $1" "$value" "$2"
}
if command -v "$python" >/dev/null; then
	begin 'sleep 1000'
	live stats_keys
	found "keys unseen meanwhile" yes
	found "painted again" yes
	found "widest line at 60 columns" 'less than 60'
	found "exit by q" 0
	found "settings restored" yes
	found "the other screen is left" yes
	live stats_interrupted
	found "exit by ^C" 0
	found "settings restored" yes
	found "the other screen is left" yes
	found "the cursor is back" yes
	live stats_stopped
	found "after ^Z" Stopped
	found "the shell's settings" yes
	found "painted again and left by q" 0
	live stats_named
	found "ends with the container" 0
	found "settings restored" yes
	finish
else
	skip "not installed here: python3"
fi

# ---- a known load ----
load='dd if=/dev/zero of=/dev/shm/held bs=1M count=40 2>/dev/null
dd if=/dev/zero of=/written bs=1M count=4 conv=fsync 2>/dev/null
sleep 1000 & sleep 1000 & sleep 1000 &
: >/ready
while :; do :; done'

known_load() {
	begin "$load" "$(limits $((100 * mebibyte)))"
	ok "the load is there" eventually is_ready
	run rt events --stats "$id"
	figures=$stdout
	is "events --stats: one line" "$status $(wc -l <<<"$figures")" '0 1'
	is "type and id" "$(in_figures '[.type, .id] | @tsv')" "stats	$id"
	within_range "memory that is held" "$(in_figures .data.memory.usage.usage)" $((40 * mebibyte)) $((90 * mebibyte))
	is "its limit" "$(in_figures .data.memory.usage.limit)" $((100 * mebibyte))
	within_range "the same in memory.stat" "$(in_figures .data.memory.raw.shmem)" $((40 * mebibyte)) $((50 * mebibyte))
	is "pids" "$(in_figures '.data.pids | [.current, .limit] | @tsv')" "4	50"
	cpu=$(in_figures .data.cpu.usage.total)
	within_range "the CPU's time is the user's and the kernel's" \
		"$(in_figures '.data.cpu.usage | (.user + .kernel) / (.total + 1)')" 0.9 1.1
	sleep 1
	figures=$(rt events --stats "$id")
	within_range "and grows in nanoseconds" $(($(in_figures .data.cpu.usage.total) - cpu)) 100000000 60000000000
	if must_run cgroup-cpuset; then
		is "CPUs to run on" "$(in_figures '.data.cpuset.cpus | length')" "$(nproc)"
	fi
	if must_run psi; then
		is "pressure" "$(in_figures '[.data.cpu.psi, .data.memory.psi, .data.blkio.psi] | map(.some | keys | join(" ")) | unique | join(",")')" \
			'avg10 avg300 avg60 total'
	fi
	if must_run cgroup-io; then
		within_range "bytes that were written" \
			"$(in_figures '[.data.blkio.ioServiceBytesRecursive[] | select(.op == "Write") | .value] | max')" $((2 * mebibyte)) $((64 * mebibyte))
		within_range "in how many writes" \
			"$(in_figures '[.data.blkio.ioServicedRecursive[] | select(.op == "Write") | .value] | max')" 1 10000
	fi

	run rt stats "$id"
	like "stats: a line of it" "$stdout" $'\n'"$id"' +[0-9]+\.[0-9]{2}% +[0-9.]+ MiB / 100\.0 MiB +[0-9]+\.[0-9]{2}% +4 '
	run rt stats --format json "$id"
	figures=$stdout
	within_range "stats: most of one CPU" "$(in_figures '.[0].cpuPercent')" 30 110
	within_range "stats: memory" "$(in_figures '.[0].memoryUsage')" $((40 * mebibyte)) $((90 * mebibyte))
	within_range "stats: its share" "$(in_figures '.[0].memoryPercent')" 40 90
	is "stats: limits" "$(in_figures '.[0] | [.memoryLimit, .pids, .pidsLimit] | @tsv')" "$((100 * mebibyte))	4	50"

	watch --interval 200ms
	ok "events: a line each interval" eventually has_lines 4
	rt kill "$id" KILL
	ok "events: ends with the container" eventually ended
	ok "events: well" watcher_status
	is "events: nothing but figures" "$(jq -rs 'map(.type) | unique | join(" ")' "$scratch/events")" stats
	is "events: nothing on stderr" "$(cat "$scratch/events.err")" ''
	finish
}

# ---- the names that callers know ----
names_of() { jq -r '[paths | map(if type == "number" then 0 else . end) | map(tostring) | join(".")] | unique[]' | LC_ALL=C sort; }
same_names() {
	local theirs
	begin "$load" "$(limits $((100 * mebibyte)))"
	eventually is_ready
	rt events --stats "$id" | names_of >"$scratch/ours"
	finish
	rm -f "$bundle/rootfs/ready"
	theirs=$id-runc
	with_runtime runc rt run --detach --bundle "$bundle" "$theirs" </dev/null >/dev/null 2>&1
	eventually is_ready
	with_runtime runc rt events --stats "$theirs" | names_of >"$scratch/theirs"
	with_runtime runc rt delete --force "$theirs"
	ok "runc has figures, too" grep -qx data.memory.usage.limit "$scratch/theirs"
	# the objects of controllers that are not there, and flags of cgroup v1, which are zeros
	is "no name of runc's is missing" "$(LC_ALL=C comm -13 "$scratch/ours" "$scratch/theirs" |
		grep -vE '^data\.(cpuset(\..*_.*)?|hugetlb)$')" ''
}

# ---- the OOM killer ----
greedy='while [ ! -e /go ]; do sleep 0.1; done; dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null; : >/ready; sleep 1000'
has_oom() { grep -qxF "{\"type\":\"oom\",\"id\":\"$id\"}" "$scratch/events"; }
oom_events() {
	begin "$greedy" "$(limits $((32 * mebibyte)))" '.linux.resources.memory.swap = .linux.resources.memory.limit'
	watch --interval 1h
	# the watcher has begun when it waits for the first process
	ok "oom: somebody watches" eventually holds_memory_events
	: >"$bundle/rootfs/go"
	ok "oom: the container goes on" eventually is_ready
	ok "oom: told at once, not at the interval" eventually has_oom
	is "oom: and once" "$(lines)" 1
	is "oom: state counts it" "$(rt state "$id" | jq .oomKills)" 1
	rt kill "$id" KILL
	ok "oom: ends with the container" eventually ended
	ok "oom: well" watcher_status
	is "oom: nothing else was told" "$(lines)" 1
	finish
}
# memory.events is open: from now on nothing is missed
holds_memory_events() {
	local fd
	for fd in $(pgrep -f "events --interval 1h $id" | sed 's|.*|/proc/&/fd/*|'); do
		[[ $(readlink "$fd") != */memory.events ]] || return 0
	done
	return 1
}

first_process() {
	begin 'while [ ! -e /go ]; do sleep 0.1; done; exec dd if=/dev/zero of=/dev/null bs=200M count=1' \
		"$(limits $((32 * mebibyte)))" '.linux.resources.memory.swap = .linux.resources.memory.limit'
	watch --interval 1h
	eventually holds_memory_events
	: >"$bundle/rootfs/go"
	ok "oom of the first process: events ends" eventually ended
	ok "oom of the first process: and has told" has_oom
	finish
}

# A cgroup of systemd's goes by itself, and may have gone before it could be read; one of ours stays.
foreground() {
	local delegated=(systemd-run --user --scope --quiet -p Delegate=yes)
	put_bundle 'exec dd if=/dev/zero of=/dev/null bs=200M count=1' \
		"$(limits $((32 * mebibyte)))" '.linux.resources.memory.swap = .linux.resources.memory.limit'
	new_id
	run within 60 "${delegated[@]}" "$LICHEN" --root "$(state_dir)" --cgroup-manager=cgroupfs run --bundle "$bundle" "$id"
	is "run: killed for its memory" "$status" 137
	like "run: said why" "$stderr" "container '$id' was ended by SIGKILL, and the kernel's OOM killer was at work in it: linux.resources.memory.limit is 33554432 bytes"
	like "run: and what would help" "$stderr" "hint: raise it in config.json, or .*lichen update --memory 65m $id"
	change_args 'exit 137'
	new_id
	run within 60 "${delegated[@]}" "$LICHEN" --root "$(state_dir)" --cgroup-manager=cgroupfs run --bundle "$bundle" "$id"
	is "run: the same status without the OOM killer" "$status $stderr" '137 '
}
change_args() {
	jq --arg s "$1" '.process.args = ["sh", "-c", $s]' "$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"
}

if must_run cgroup-memory; then
	known_load
	if command -v runc >/dev/null; then same_names; else elsewhere "not installed here: runc"; fi
	oom_events
	first_process
	if must_run user-scope; then foreground; fi
fi

nothing_left "nothing is left" "$before"
done_testing

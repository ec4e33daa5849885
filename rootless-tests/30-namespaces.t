#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Namespaces: new, inherited, joined by path; ID maps; time offsets.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

# linux.namespaces' names and those of /proc/PID/ns
declare -A file=([pid]=pid [network]=net [ipc]=ipc [uts]=uts [cgroup]=cgroup [mount]=mnt [user]=user [time]=time)

# ---- new ----

map_self='.linux.uidMappings = [{containerID: 0, hostID: '$EUID', size: 1}] |
	.linux.gidMappings = [{containerID: 0, hostID: '$(id -g)', size: 1}] | single'
inside 'new("time")' -- report
for type in pid network ipc uts cgroup mount time; do
	expect "a new $type namespace" ".[0].ns.${file[$type]} == $(namespace_of "${file[$type]}")" false
done
inside 'new("user")' "$map_self" -- report
expect "a new user namespace" ".[0].ns.user == $(namespace_of user)" false
expect "a new PID namespace: the first process" '.[0] | [.pid, .ppid]' '[1,0]'
expect "a session and a process group of its own" '.[0] | [.sid, .pgid]' '[1,1]'
expect "a new network namespace: lo is up" '.[0].interfaces.lo' true

# ---- inherited ----

for type in network ipc uts cgroup pid time; do
	inside "without(\"$type\")" 'del(.hostname)' 'unmounted("/dev/mqueue")' -- report
	expect "no $type namespace: ours" ".[0].ns.${file[$type]}" "$(namespace_of "${file[$type]}")"
done
inside 'without("user")' 'del(.linux.uidMappings, .linux.gidMappings)' -- report
if [[ $mode == user ]]; then
	expect "no user namespace in config.json: an ordinary user gets one" ".[0].ns.user == $(namespace_of user)" false
	expect "… in which the user is root" '.[0].uids' '[0,0,0,0]'
else
	expect "no user namespace: ours" '.[0].ns.user' "$(namespace_of user)"
fi
refused "without a mount namespace" 'linux.namespaces: a mount namespace is required' 'without("mount")' -- report
refused "a host name without a UTS namespace" 'hostname' 'without("uts")' -- report
refused "the same namespace twice" 'linux.namespaces\[[0-9]\]' '.linux.namespaces += [{type: "ipc"}]' -- report

# ---- joined ----

pause 'new("time")'
if [[ $mode == user ]]; then user_too='joined("user"; "/proc/'$pause_pid'/ns/user") | del(.linux.uidMappings, .linux.gidMappings)'
else user_too=.; fi
for type in network ipc uts cgroup pid time; do
	inside "$user_too" "joined(\"$type\"; \"/proc/$pause_pid/ns/${file[$type]}\")" 'del(.hostname)' -- report
	expect "join the $type namespace" ".[0].ns.${file[$type]}" "$(namespace_of "${file[$type]}" "$pause_pid")"
done
inside "$user_too" "joined(\"pid\"; \"/proc/$pause_pid/ns/pid\")" -- report , processes , kill 1 0 , look-into 1
expect "… join the PID namespace: we are not its first" '.[0].pid > 1' true
expect "… and a new procfs shows both of us" '[.[1].processes[]] | sort' '["guest","guest"]'
expect "… and a signal reaches the other" '.[2].errno' 0

# a pod: data/podman-config-pod-2.json joins network, ipc and uts of the infra container
pod='joined("network"; "/proc/'$pause_pid'/ns/net") | joined("ipc"; "/proc/'$pause_pid'/ns/ipc") |
	joined("uts"; "/proc/'$pause_pid'/ns/uts") | del(.hostname)'
inside "$user_too" "$pod" -- report
for type in network ipc uts; do
	expect "a pod: $type is the other's" ".[0].ns.${file[$type]}" "$(namespace_of "${file[$type]}" "$pause_pid")"
done
for type in pid mount cgroup; do
	expect "a pod: $type is new" ".[0].ns.${file[$type]} | . != $(namespace_of "${file[$type]}" "$pause_pid") and . != $(namespace_of "${file[$type]}")" true
done
expect "a pod: sysfs is that of the joined network" '[.[0].mounts[] | select(.point == "/sys") | .type]' '["sysfs"]'
if [[ $mode == user ]]; then
	expect "a pod: user is the other's" '.[0].ns.user' "$(namespace_of user "$pause_pid")"
	refused "an ordinary user and the host's network by path" 'linux.namespaces\[[0-9]\].path: .* belongs to the host' \
		'joined("network"; "/proc/self/ns/net")' -- report
	refused "a namespace of a user namespace that is not joined" 'linux.namespaces\[[0-9]\].path' \
		"joined(\"network\"; \"/proc/$pause_pid/ns/net\")" -- report
elif [[ $mode == root ]]; then
	inside 'joined("network"; "/proc/self/ns/net")' 'unmounted("/sys")' 'unmounted("/sys/fs/cgroup")' -- report
	expect "our own network namespace by path" '.[0].ns.net' "$(namespace_of net)"
else
	refused "the host's network by path, from within a user namespace" \
		'linux.namespaces\[[0-9]\].path: .*/proc/self/ns/net.*Operation not permitted' 'joined("network"; "/proc/self/ns/net")' -- report
fi
for type in pid network ipc uts cgroup mount user time; do
	if [[ $type == uts ]]; then other=net; else other=uts; fi
	refused "the path of another type for $type" "linux.namespaces\[[0-9]\].path: .* is a namespace of another type" \
		"joined(\"$type\"; \"/proc/self/ns/$other\") | del(.hostname)" -- report
done
refused "a namespace of another type" "linux.namespaces\[[0-9]\].path: .* is a namespace of another type" \
	"joined(\"network\"; \"/proc/$pause_pid/ns/uts\")" -- report
refused "what is no namespace" "is not a namespace" "joined(\"network\"; \"/dev/null\")" -- report
refused "a namespace that is not there" "No such file" "joined(\"network\"; \"/nowhere\")" -- report
unpause

# joined together with the processes of somebody else, who holds no container of ours
if [[ $mode == user ]]; then other=(unshare --user --map-root-user --mount --pid --fork); else other=(unshare --mount --pid --fork); fi
mkfifo "$scratch/ready"
"${other[@]}" sh -c 'echo >"$1"; exec sleep 100' - "$scratch/ready" &
other_pid=$!
disown
read -r _ <"$scratch/ready"
child=$(cat "/proc/$other_pid/task/$other_pid/children")
child=${child%% *}
if [[ $mode == user ]]; then join_user='joined("user"; "/proc/'$child'/ns/user") | del(.linux.uidMappings, .linux.gidMappings) | single'; else join_user=.; fi
inside "$join_user" "joined(\"pid\"; \"/proc/$child/ns/pid\")" -- report , processes
expect "join a PID namespace that unshare(1) made" '.[0].ns.pid' "$(namespace_of pid "$child")"
inside "$join_user" "joined(\"mount\"; \"/proc/$child/ns/mnt\")" -- report
expect "join a mount namespace that unshare(1) made" '.[0].ns.mnt' "$(namespace_of mnt "$child")"
kill -KILL "$child" "$other_pid"

# ---- clocks ----

monotonic=$("$guest" report | jq .monotonic)
inside 'new("time")' '.linux.timeOffsets = {monotonic: {secs: 1000000}, boottime: {secs: 2000000, nanosecs: 5}}' -- report
expect "time offsets: monotonic" "(.[0].monotonic - $monotonic) / 1000 | floor" 1000
expect "time offsets: boottime" "(.[0].boottime - $monotonic) / 1000 | floor" 2000
expect "time offsets: in the kernel's words" '.[0].timens_offsets | [scan("[0-9]+")]' '["1000000","0","2000000","5"]'
refused "time offsets without a new time namespace" 'timeOffsets' '.linux.timeOffsets = {monotonic: {secs: 1}}' -- report

# ---- ID maps ----

maps() { got '.[0].uid_map' | awk '{printf "%s%s:%s:%s", (NR > 1 ? " " : ""), $1, $2, $3}'; }
inside 'new("user")' "$map_self" -- report
is "one ID" "$(maps)" "0:$EUID:1"
inside 'new("user")' "$map_self" '.linux.uidMappings[0].containerID = 1000' '.linux.gidMappings[0].containerID = 1000' \
	'.process.user = {uid: 1000, gid: 1000}' 'unmounted("/dev/mqueue")' -- report , stat /
is "one ID that is not root inside" "$(maps)" "1000:$EUID:1"
expect "… the process has it" '.[0].uids' '[1000,1000,1000,1000]'
expect "… and so has the root directory" '.[1] | [.uid, .gid]' '[1000,1000]'
refused "a user without a mapping" 'process.user.uid: user 1234567 has no mapping' '.process.user.uid = 1234567' 'new("user")' "$map_self" -- report
refused "a group without a mapping" 'process.user.gid: group 1234567 has no mapping' '.process.user.gid = 1234567' 'new("user")' "$map_self" -- report

if has_ids 1000; then
	first=$(base_config | jq '.linux.uidMappings[1].hostID // 100000')
	[[ $mode == user ]] || first=100000
	[[ $mode != nested ]] || first=1
	# the IDs inside run against those outside, so that the order is not by chance
	ranges=$(jq -nc --argjson first "$first" --argjson own "$EUID" '[{containerID: 0, hostID: $own, size: 1}] +
		[range(9) | {containerID: (1 + . * 10), hostID: ($first + 100 - . * 10), size: 10}]')
	inside 'new("user")' ".linux.uidMappings = $ranges | .linux.gidMappings = ($ranges | .[0].hostID = $(id -g))" -- report
	is "ten ranges" "$(maps)" "$(jq -r 'map("\(.containerID):\(.hostID):\(.size)") | join(" ")' <<<"$ranges")"
	expect "ten ranges of groups" '.[0].gid_map | split("\n") | length' 10
	ranges=$(jq -nc --argjson first "$first" --argjson own "$EUID" '[{containerID: 0, hostID: $own, size: 1}] +
		[range(200) | {containerID: (1 + .), hostID: ($first + 500 - .), size: 1}]')
	inside 'new("user")' ".linux.uidMappings = $ranges | .linux.gidMappings = ($ranges | .[0].hostID = $(id -g))" -- report
	expect "201 ranges" '.[0].uid_map | split("\n") | length' 201
	refused "more ranges than the kernel takes" 'linux.uidMappings: has 341 elements' 'new("user")' \
		".linux.uidMappings = [range(341) | {containerID: ., hostID: ($first + .), size: 1}]" ".linux.gidMappings = ($ranges | .[0].hostID = $(id -g))" -- report
	refused "more text than the kernel takes" 'linux.uidMappings: .*4095 bytes' 'new("user")' \
		".linux.uidMappings = [range(340) | {containerID: (1000000 + .), hostID: ($first + .), size: 1}]" ".linux.gidMappings = ($ranges | .[0].hostID = $(id -g))" -- report
	refused "ranges that overlap inside" 'linux.uidMappings\[2\]: overlaps \[1\]' 'new("user")' \
		".linux.uidMappings = [{containerID: 0, hostID: $EUID, size: 1}, {containerID: 1, hostID: $first, size: 9}, {containerID: 5, hostID: $((first + 50)), size: 9}]" \
		".linux.gidMappings = [{containerID: 0, hostID: $(id -g), size: 1}]" -- report
else
	skip "ten and 201 ID ranges: $why_not_ids"
fi
if [[ $mode == user ]]; then
	refused "IDs that are somebody else's" 'map user IDs: newuidmap' '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]' -- report
fi

# Only root can give newuidmap another /etc/subuid: a mount namespace, then an ordinary user of it.
# with_subuid PASSWD-LINE SUBUID-LINES COMMAND...
subuid_user=61234
with_subuid() {
	local passwd=$1 lines=$2
	shift 2
	{ cat /etc/passwd; [[ -z $passwd ]] || echo "$passwd"; } >"$scratch/passwd"
	printf '%b' "$lines" >"$scratch/subuid"
	unshare --mount sh -c '
		mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/subuid" /etc/subuid && mount --bind "$1/subuid" /etc/subgid || exit 99
		shift; user=$1; shift
		exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"' - "$scratch" "$subuid_user" "$@"
}
as_subuid_user() {
	local place=$scratch/subuid-home
	chmod 755 "$scratch"
	rm -rf "$place"
	mkdir -p "$place/rootfs" "$place/run"
	cp "$guest" "$place/rootfs/guest"
	cp "$(realpath "$LICHEN")" "$place/lichen"
	chmod 755 "$place/lichen"
	chown -R "$subuid_user:$subuid_user" "$place"
	run with_subuid "$1" "$2" env -i XDG_RUNTIME_DIR="$place/run" HOME="$place" PATH="$PATH" sh -c '
		cd "$1" && ./lichen spec --network none 2>spec.err; cat spec.err >&2
		jq ".process.terminal = false | .process.args = [\"/guest\", \"report\"]" config.json >new && mv new config.json && exec ./lichen run "$2"' - "$place" "$3"
}
name_line="mossy:x:$subuid_user:$subuid_user::/nowhere:/bin/sh"
if [[ $mode == root ]]; then
	new_id
	as_subuid_user "$name_line" "mossy:200000:10\nother:300000:10\nmossy:400000:20\n" "$id"
	is "subuid by name, several lines" "$(maps)" "0:$subuid_user:1 1:200000:10 11:400000:20"
	as_subuid_user "$name_line" "other:300000:10\n$subuid_user:500000:10\n" "$id"
	is "subuid by number" "$(maps)" "0:$subuid_user:1 1:500000:10"
	as_subuid_user '' "$subuid_user:500000:10\n" "$id"
	like "… of a user without a name, for whom newuidmap does nothing: it is said" "$status $stderr" '[1-9].*newuidmap'
	as_subuid_user "$name_line" "$subuid_user:500000:10\nmossy:200000:10\n" "$id"
	is "subuid by number and by name" "$(maps)" "0:$subuid_user:1 1:500000:10 11:200000:10"
	lines=''
	for i in $(seq 12); do lines+="mossy:$((600000 + i * 100)):10\n"; done
	as_subuid_user "$name_line" "$lines" "$id"
	is "subuid with twelve lines: no range is lost" "$(got '.[0].uid_map | split("\n") | length')" 13
	as_subuid_user "$name_line" "other:200000:10\n" "$id"
	is "no line in subuid: one's own ID alone" "$(maps)" "0:$subuid_user:1"
	expect "… without setgroups" '.[0].setgroups' deny
else
	elsewhere "/etc/subuid by name, by number, several lines: only root can give newuidmap another file (run the tests as root)"
fi

# ---- a sandbox around us ----

if find_deny; then
	for code in ENOSYS EPERM; do
		denied "clone3:$code" 'new("time")' -- report
		expect "clone3 answers $code: clone is used" '.[0].pid' 1
	done
else
	skip "clone3 denied: $why_not_deny"
fi

nothing_left "nothing is left" "$before"
done_testing

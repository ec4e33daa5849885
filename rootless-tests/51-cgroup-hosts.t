#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where a cgroup comes from on five kinds of host, one after the other: a limit holds, or the refusal
# names a line, and once that is typed, as it stands there, the limit holds. And no systemd is waited
# for without end, nor one believed that speaks of another machine's processes.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/cgroup.sh
source "$(dirname "$0")/lib/cgroup.sh"

if ! must_run cgroup-memory || ! can_be_root; then done_testing; fi
if [[ $mode == root ]]; then
	elsewhere "hosts as an ordinary user finds them: run it as one"
	done_testing
fi
drop_in=/etc/systemd/system/user@.service.d/delegate.conf
people=()

# Somebody without a session, who has a bundle in a home of their own.
new_person() {
	as_root useradd --create-home --shell /bin/bash "$1"
	people+=("$1")
	person=$1
	place=/home/$1/test
	as_root install -d -o "$1" -g "$1" "$place" "$place/bundle"
	as_root cp -a "$scratch/base/rootfs" "$place/bundle/rootfs"
	as_root chown -R "$1:$1" "$place"
}
# as at a login that systemd has nothing to do with
as_person() { as_root setpriv --reuid "$person" --regid "$person" --init-groups env -i PATH="$PATH" HOME="/home/$person" ${LICHEN_HELPERS:+"LICHEN_HELPERS=$LICHEN_HELPERS"} "$@"; }
end_people() {
	local one
	for one in "${people[@]}"; do
		as_root loginctl disable-linger "$one" 2>/dev/null
		as_root systemctl stop "user@$(id -u "$one").service" "user-$(id -u "$one").slice" 2>/dev/null
		as_root userdel --remove "$one" 2>/dev/null
	done
}
at_exit_of_life=$(declare -f at_exit)
eval "life_$at_exit_of_life"
at_exit() {
	as_root bash -c 'test -e "$1" || cp "$2" "$1"; systemctl daemon-reload' - "$drop_in" "$scratch/delegate.conf"
	end_people
	life_at_exit
}
cp "$drop_in" "$scratch/delegate.conf"

# limited RESOURCES SCRIPT OPTION...   a container with these limits, by a lichen with these options; $how
# is what calls it, and $own what it wants to have changed in config.json
how=env own=. person=''
limited() {
	local n=$((n_limited += 1)) state
	state=$(state_dir)
	put_bundle host ".linux.resources = {$1}" ".process.args = [\"sh\", \"-c\", $(jq -n --arg s "$2" '$s')]" "$own"
	if [[ $person ]]; then
		change "$bundle" ".root.path = \"$place/bundle/rootfs\"" \
			".linux.uidMappings = [{containerID: 0, hostID: $(id -u "$person"), size: 1}] | .linux.gidMappings = .linux.uidMappings" \
			'.mounts[].options |= (if . then map(select(. != "gid=5")) else . end)'
		as_root install -o "$person" -m 644 "$bundle/config.json" "$place/bundle/config.json"
		bundle=$place/bundle state=$place/state
	fi
	run "$how" timeout -k 5 60 "$LICHEN" --root "$state" "${@:3}" run --bundle "$bundle" "t$$-host-$n"
}
n_limited=0
memory='"memory": {"limit": 33554432, "swap": 33554432}'
hungry='dd if=/dev/zero of=/dev/null bs=200M count=1; echo alive'
cpu='"cpu": {"quota": 10000, "period": 100000}'
busy='i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); done; grep ^nr_throttled /sys/fs/cgroup/cpu.stat'
memory_holds() {
	limited "$memory, \"unified\": {\"memory.oom.group\": \"1\"}" "$hungry"
	is "$1: the memory limit holds" "$status $stdout" '137 '
}
cpu_holds() {
	limited "$cpu" "$busy"
	like "$1: the CPU limit holds" "$status $stdout" '^0 nr_throttled [1-9]'
}
# typed NAME REGEX   the refusal has a line for root, which becomes $line
typed() {
	line=$(sed -nE 's/^hint: as root: (.*) \(.*$/\1/p' <<<"$stderr")
	like "$1: the refusal" "$status $stderr" "^1 .*$2"
	ok "$1: and a line to type: $line" test "$line"
}

put_bundle base
before=$(census)

# ---- a systemd that never answers, in the background of all others ----

listen='import socket, sys, os, time
os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(20)
kept = []
while True: kept.append(s.accept())'
put_bundle hang '.linux.resources = {"pids": {"limit": 10}}'
for kind in systemd/private bus; do
	name=${kind##*/}
	mkdir -p "$scratch/hang-$name"
	python3 -c "$listen" "$scratch/hang-$name/$kind" &
	listeners+=($!)
	eventually test -S "$scratch/hang-$name/$kind"
	(
		began=$EPOCHREALTIME rc=0
		XDG_RUNTIME_DIR=$scratch/hang-$name within 100 "$LICHEN" --root "$scratch/state-hang" create --bundle "$bundle" "t$$-hang-$name" \
			>"$scratch/hung-$name" 2>&1 </dev/null || rc=$?
		awk -v a="$began" -v b="$EPOCHREALTIME" -v rc=$rc 'BEGIN {printf "%d %d\n", rc, b - a}' >>"$scratch/hung-$name"
	) &
	hanging+=($!)
done

test_hang() {
	local name
	wait "${hanging[@]}"
	for name in private bus; do
		like "a $name that never answers: an error" "$(cat "$scratch/hung-$name")" 'systemd did not answer within 30 s.*hint: .*--cgroup-manager=cgroupfs'
		read -r status seconds <<<"$(tail -n 1 "$scratch/hung-$name")"
		is "… its status" "$status" 1
		ok "… after the 30 seconds that the manual names, and not twice as many ($seconds)" test "$seconds" -ge 29 -a "$seconds" -lt 45
		ok "… leaves no state" test ! -e "$scratch/state-hang/t$$-hang-$name"
	done
	kill "${listeners[@]}"
	wait "${listeners[@]}" 2>/dev/null
	rm -rf "$scratch"/hang-*
}

# ---- the five ----

test_full() {
	memory_holds "a user manager with all controllers"
	cpu_holds "a user manager with all controllers"
	put_bundle auto
	new_id
	rt create --bundle "$bundle" "$id" >/dev/null 2>&1
	like "… by systemd, which nobody had to ask for" "$(rt state "$id" | jq -r .cgroup)" "/lichen-$id\.scope$"
	rt delete --force "$id"
}

test_default() {
	local name="a manager with memory and pids alone" uid
	as_root mv "$drop_in" "$drop_in.away"
	new_person moss
	how=as_person
	uid=$(id -u moss)
	as_root bash -c 'mkdir -p "$1" && printf "[Service]\nDelegate=\nDelegate=memory pids\n" >"$1/00-default.conf" && systemctl daemon-reload && loginctl enable-linger moss' \
		- "/etc/systemd/system/user@$uid.service.d"
	ok "$name: it is up" eventually as_root test -S "/run/user/$uid/bus"
	memory_holds "$name"
	limited "$cpu" "$busy"
	typed "$name" "linux\.resources\.cpu\.quota: the container's cgroup has not been given the controller 'cpu'"
	is "$name: nothing is left of what was refused" "$(find "$tree" -name "*t$$-host-*")" ''
	ok "$name: root types it" as_root bash -c "$line"
	# "then log in anew"
	as_root systemctl restart "user@$uid.service"
	eventually as_root test -S "/run/user/$uid/bus"
	cpu_holds "$name, once it is typed"
	is "$name: the line is as the guest had it" "$(cat "$drop_in")" "$(cat "$scratch/delegate.conf")"
	as_root rm -r "/etc/systemd/system/user@$uid.service.d" "$drop_in.away"
	how=env person=''
}

test_alone() {
	local name="a login without a systemd of one's own"
	new_person fern
	how=as_person
	limited '"pids": {"limit": -1}' 'echo runs'
	is "$name: without a limit a container runs" "$status $stdout" '0 runs'
	limited "$memory" "$hungry" --best-effort=cgroup
	is "$name: --best-effort=cgroup goes without" "$status $stdout" '0 alive'
	limited "$memory" "$hungry" --cgroup-manager=disabled
	like "$name: with the manager that was disabled" "$status $stderr" '1 .*hint: leave out --cgroup-manager=disabled'
	limited "$memory" "$hungry"
	typed "$name" 'linux\.resources\.memory\.limit: no cgroup here can hold it'
	ok "$name: root types it" as_root bash -c "$line"
	eventually as_root test -S "/run/user/$(id -u fern)/bus"
	memory_holds "$name, once it is typed"
	how=env person=''
}

# As root, where no socket of systemd can be reached; and as ourselves in such a place.
without_systemd() {
	as_root unshare --mount --propagation private bash -c 'mount -t tmpfs t /run/user && mount -t tmpfs t /run/systemd && mount -t tmpfs t /run/dbus && exec "$@"' - "$@"
}
ourselves=(setpriv --reuid "$(id -u)" --regid "$(id -g)" --init-groups)
blind() { without_systemd "${ourselves[@]}" "$@"; }
in_scope_blind() { in_scope bash -c "$(declare -f as_root without_systemd); mode=$mode rig_root=$rig_root; without_systemd \"\$@\"" - "${ourselves[@]}" "$@"; }
in_scope_blind_namespace() { in_scope_blind unshare --user --map-root-user --map-auto -- "$@"; }
no_user_namespace='.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'

test_scope() {
	local name="a delegated scope and no systemd in sight"
	how=in_scope_blind
	memory_holds "$name"
	cpu_holds "$name"
	limited '"pids": {"limit": 10}' 'echo runs' --systemd-cgroup
	like "$name: asked for systemd" "$status $stderr" "1 .*make a cgroup by the manager 'systemd': no systemd user manager answers"
	how=in_scope_blind_namespace own=$no_user_namespace
	memory_holds "$name, as uid 0 of a user namespace"
	how=env own=.
}

# root's shell: the line, and then the user in its place
typed_first() { without_systemd bash -c "$line; exec \"\$@\"" - "${ourselves[@]}" "$@"; }
test_nothing() {
	local name="nothing at all"
	how=blind
	limited "$memory" "$hungry"
	typed "$name" 'linux\.resources\.memory\.limit: no cgroup here can hold it'
	how=typed_first
	memory_holds "$name, once it is typed"
	ok "$name: it was a cgroup of the user's own" test -d "$tree/$(id -un)"
	how=env
	as_root find "$tree/$(id -un)" -depth -type d -exec rmdir {} \;
}

# ---- a systemd of somebody else's world ----

other_pids() { unshare --user --map-root-user --map-auto --pid --fork --mount-proc -- "$@"; }
other_cgroups() {
	in_scope unshare --user --map-root-user --map-auto --cgroup --mount bash -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' - "$@"
}
test_namespaces() {
	local name
	own=$no_user_namespace
	name="a PID namespace in which systemd is not"
	how=other_pids
	limited "$memory" "$hungry" --systemd-cgroup
	like "$name: systemd is not asked" "$status $stderr" "1 .*no systemd user manager answers"
	limited '"pids": {"limit": -1}' 'echo runs'
	is "$name: without a limit a container runs" "$status $stdout" '0 runs'
	name="a cgroup namespace in which systemd is not"
	how=other_cgroups
	limited "$memory" "$hungry" --systemd-cgroup
	like "$name: systemd is not asked" "$status $stderr" "1 .*no systemd user manager answers"
	memory_holds "$name: the cgroup that is there"
	how=env own=.
}

run_tests full default alone scope nothing namespaces hang
done_testing

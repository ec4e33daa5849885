#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lichen-net by itself: what its processes may do, seen from outside, and how they end
# (helpers/net/request.h has who they are; "hands" is the one inside).
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/net.sh
source "$(dirname "$0")/lib/net.sh"
net_begin || done_testing

namespace() { readlink "/proc/$1/ns/$2"; }
field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | xargs; }
limit() { awk -v name="$2" 'index($0, name) == 1 {sub(name, ""); print $1, $2}' "/proc/$1/limits"; }
# what its descriptors are, as a multiset: "/dev/null 3, ..."
descriptors() {
	local fd
	for fd in "/proc/$1/fd"/*; do readlink "$fd"; done | sed 's/:\[[0-9]*\]$//' | sort | uniq -c |
		awk '{n = $1; $1 = ""; printf "%s%s %d", sep, substr($0, 2), n; sep = ", "}'
}
# as another process of the same user, who has no privilege
unprivileged=(setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all)
as_its_user() {
	local uid
	uid=$(awk '/^Uid:/ {print $2}' "/proc/$1/status")
	shift
	"${unprivileged[@]}" --reuid="$uid" "$@"
}

# A descriptor that is open by mistake, and more rights than it needs, are not handed on.
exec 9</etc/passwd
ok "a network" net_start --enable-ipv6 --disable-host-loopback
exec 9<&-
engine=$(engine) hands=$(hands)
like "a monitor and two processes" "$(monitor) $engine $hands" '^[0-9]+ [0-9]+ [0-9]+$'
for name in engine hands; do
	pid=${!name}
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		is "$name: $set is empty" "$(field "$pid" $set)" 0000000000000000
	done
	is "$name: no new privileges" "$(field "$pid" NoNewPrivs)" 1
	is "$name: a filter of system calls" "$(field "$pid" Seccomp)" 2
	is "$name: one thread" "$(field "$pid" Threads)" 1
	for type in mnt ipc uts; do
		unlike "$name: a namespace of its own: $type" "$(namespace "$pid" $type)" \
			"^($(namespace self $type)|$(namespace "$container" $type))$|^$"
	done
	is "$name: an empty root" "$(find "/proc/$pid/root/" 2>&1)" "/proc/$pid/root/"
	is "$name: … which is the only mount" "$(wc -l <"/proc/$pid/mountinfo")" 1
	like "$name: … read-only" "$(cat "/proc/$pid/mountinfo")" ' / / ro,nosuid,nodev,noexec'
	not_ok "$name: … for root, too" touch "/proc/$pid/root/file"
	is "$name: works in it" "$(readlink "/proc/$pid/cwd")" /
	if grep -q ' .wx' /proc/self/maps; then
		elsewhere "$name: memory that is writable and executable: this kernel makes all data so"
	else
		is "$name: no memory is writable and executable" "$(grep -c ' .wx' "/proc/$pid/maps")" 0
	fi
	not_ok "$name: hidden from its own user" as_its_user "$pid" readlink "/proc/$pid/exe"
done
"${unprivileged[@]}" sleep 100 &
net_containers+=("$!")
eventually grep -qx sleep "/proc/$!/comm"
ok "… who sees others of his own" as_its_user $! readlink "/proc/$!/exe"
for type in user pid; do
	unlike "engine: a namespace of its own: $type" "$(namespace "$engine" $type)" "^($(namespace self $type)|$(namespace "$container" $type))$|^$"
done
is "engine: the host's network" "$(namespace "$engine" net)" "$(namespace self net)"
is "hands: the container's network" "$(namespace "$hands" net)" "$(namespace "$container" net)"
if [[ $LICHEN_NET_MODE == root ]]; then
	is "engine: nobody" "$(field "$engine" Uid)" "65534 65534 65534 65534"
	is "engine: nobody's group" "$(field "$engine" Gid)" "65534 65534 65534 65534"
	is "engine: in no other group" "$(field "$engine" Groups)" ""
else
	unlike "engine: nobody else's user" "$(field "$engine" Uid)" '^$'
fi
# stdin and so on, the device, two sockets to the other processes, and what they are waited for with
is "engine: descriptors" "$(descriptors "$engine")" "/dev/net/tun 1, /dev/null 3, anon_inode:[eventpoll] 1, socket 2"
is "hands: descriptors" "$(descriptors "$hands" | sed 's/socket [0-9]*/socket/')" "socket"
is "engine: open files" "$(limit "$engine" 'Max open files')" "8192 8192"
is "engine: memory" "$(limit "$engine" 'Max address space')" "4294967296 4294967296"
is "engine: no core" "$(limit "$engine" 'Max core file size')" "0 0"
is "engine: no files" "$(limit "$engine" 'Max file size')" "0 0"
net_stop

# ---- how it ends ----

gone() { [[ ! -e /proc/$1 ]] || grep -q '^State:.*Z' "/proc/$1/status"; }
all_gone() { gone "$engine" && gone "$hands" && gone "$helper"; }
has_tap() { "${in_container[@]}" grep -q tap0 /proc/net/dev; }
has_no_tap() { ! has_tap; }
alive() { ! gone "$container"; }

begin() {
	ok "$1" net_start --enable-ipv6 "${@:2}"
	engine=$(engine) hands=$(hands)
	ok "… has a device" has_tap
}
# ends WHAT: all processes end, and the device goes; says how long that took
ends() {
	local began=${EPOCHREALTIME/./} ended
	ok "$1 ends: so do all" eventually all_gone
	ended=${EPOCHREALTIME/./}
	diag "$1: $(((ended - began) / 1000)) ms"
	ended_with='?'
	if all_gone; then
		wait "$helper"
		ended_with=$?
	fi
}
device_goes() {
	ok "… and the device" eventually has_no_tap
	ok "… not the container" alive
}

begin "kill -9 of the engine"
kill -9 "$engine"
ends "the engine"
device_goes
is "… the status file says why" "$(state '[.status, .reason]')" '["failed","the network'"'"'s process was killed by signal 9"]'
is "… and so does the exit status" "$ended_with $(<"$folder/err")" "1 lichen-net: the network's process was killed by signal 9"
net_stop

begin "kill -9 of the one inside"
kill -9 "$hands"
ends "the one inside"
device_goes
like "… the status file says why" "$(state '[.status, .reason]')" '^\["failed","the process in the container.s network namespace'
net_stop

begin "kill -9 of the monitor"
kill -9 "$helper"
ends "the monitor"
device_goes
net_stop

begin "the container ends"
kill -9 "$container"
ends "the container"
is "… with success" "$ended_with $(state .status)" '0 "ended"'
not_ok "… without the API socket" test -e "$folder/api"
net_stop

for signal in TERM INT; do
	begin "SIG$signal"
	kill -"$signal" "$helper"
	ends "lichen-net"
	device_goes
	is "… with success" "$ended_with $(state .status)" '0 "ended"'
	net_stop
done

mkfifo "$scratch/exit"
# shellcheck disable=SC2217 # to have it open is all
sleep 1000 <"$scratch/exit" &
reader=$!
exec {write_fd}>"$scratch/exit"
begin "an exit descriptor" --exit-fd="$write_fd"
ok "… lives while it is open" test -d "/proc/$engine"
kill "$reader"
ends "the other end"
is "… with success" "$ended_with $(state .status)" '0 "ended"'
exec {write_fd}>&-
net_stop

# A container that is deleted takes the folder of the status file with it.
begin "the status file's folder is gone"
mv "$folder" "$folder.away"
kill -9 "$container"
ends "the container"
mv "$folder.away" "$folder"
is "… that is no error" "$ended_with $(<"$folder/err")" "0 "
net_stop

# ---- its system calls ----

source_file=$net_lib/../../helpers/net/syscalls.c
# The names in the rows of one profile: "engine" or "inside" (BOTH is for both).
listed() { sed -E 's/SOCKET\(/CALL_IF(socket, /g' "$source_file" | grep -oE 'CALL(_IF)?\([a-z0-9_]+, (BOTH|ENGINE)' | sed -E 's/.*\(//; s/,//' | awk -v who="$1" 'who == "engine" || $2 == "BOTH" {print $1}' | sort -u; }
# What a process called since it has its filter.
called() { awk -F '(' '$1 == "seccomp" {delete names; next} $1 ~ /^[a-z0-9_]+$/ {names[$1]} END {for (name in names) print name}' "$1" | sort; }
# These are refused, not forbidden.
files='access newfstatat open openat stat'
traffic() {
	serve outside serve tcp 198.51.100.1 7
	serve outside serve tcp 2001:db8::1 7
	serve outside serve udp 198.51.100.1 7
	serve outside serve-names 192.0.2.53 53 a.test=198.51.100.1
	serve inside serve tcp 0.0.0.0 7
	serve inside serve tcp fd00::100 7
	serve inside serve udp 0.0.0.0 7
	serve inside serve udp 0.0.0.0 8
	inside tcp 198.51.100.1 7 echo 1000000 , tcp 2001:db8::1 7 source 100000 , tcp 198.51.100.1 7 reset , tcp 198.51.100.1 7 urgent \
		, tcp 198.51.100.1 9 who , many 50 198.51.100.1 7 , udp 198.51.100.1 7 60000 , udp 198.51.100.1 9 1 , ping 198.51.100.1 \
		, ping fd00::2 , ask 10.0.2.3 53 a.test A , ask 10.0.2.3 53 a.test A tcp , tcp 169.254.169.254 80 who
	answers=$(got '[.[].errno] | tostring')
	api '{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":8090,"guest_port":7}}'
	api '{"execute":"add_hostfwd","arguments":{"proto":"udp","host_port":8091,"guest_port":8}}'
	outside tcp 198.51.100.1 8080 echo 1000000 , tcp 127.0.0.1 8080 echo 1000000 , tcp 127.0.0.1 8080 reset , tcp 127.0.0.1 8099 who \
		, tcp 198.51.100.1 8099 who , many 50 127.0.0.1 8080 , many 50 198.51.100.1 8080 , udp 198.51.100.1 8080 1000 , tcp 2001:db8::1 8080 echo 1 \
		, udp 127.0.0.1 8091 who , tcp 198.51.100.1 8090 urgent , tcp 127.0.0.1 8090 urgent
	answers+=$(got '[.[].errno] | tostring')
	api '{"execute":"remove_hostfwd","arguments":{"id":4}}'
	name_servers 192.0.2.53 192.0.2.54
}
if ! command -v strace >/dev/null; then
	skip "the list of system calls: there is no strace here"
	done_testing
fi
net_wrap=(strace -ff -qq -o "$scratch/trace")
ok "under strace" net_start --enable-ipv6 --disable-host-loopback -p 8080:7 -p 8080:7/udp -p 8099:99
net_wrap=()
engine=$(engine) hands=$(hands)
traffic
is "all traffic went as it should" "$answers" "[0,0,104,0,111,0,0,111,0,0,0,0,111][0,0,104,104,104,0,0,0,0,0,0,0]"
ok "no call was missing: all live" test -d "/proc/$engine" -a -d "/proc/$hands"
kill -9 "$container"
eventually all_gone
for name in engine hands; do
	trace=$scratch/trace.${!name}
	used=$(called "$trace")
	like "$name: the trace shows what it called" "$(tr '\n' ' ' <<<"$used")" 'recvmsg|sendmsg|epoll'
	if [[ ! -r $source_file ]]; then
		elsewhere "the list of system calls is compared where the source is"
		continue
	fi
	if [[ $name == engine ]]; then list=$(listed engine); else list=$(listed inside); fi
	more=$(comm -23 <(echo "$used") <(tr ' ' '\n' <<<"$files $list" | sort -u))
	is "$name: every one is in the list" "$more" ''
	[[ ! $more ]] || diag "$(grep -wF "$more" "$trace" | tail -n 5)"
	diag "$name: in the list, and not used now: $(comm -13 <(echo "$used") <(echo "$list") | tr '\n' ' ')"
done
done_testing

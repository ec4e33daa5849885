# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# For the tests of lichen-net by itself: the world outside is a network namespace of the test's own,
# with addresses on its loopback device; a "container" is a namespace in it that sleeps. The test
# file runs in that world as root of a user namespace of its own, or as root.
#
#   net_begin                     to be called first: goes on in the world; false without /dev/net/tun
#   net_start OPTION...           a new container and lichen-net for it: $container, $helper (pids),
#                                 $folder with status, api, err; false if it was not ready
#   net_stop                      ends both
#   inside ACTION...              the guest program in the container: $status, $stdout; got, expect
#   outside ACTION...             the guest program in the world
#   serve inside|outside ACTION...   the same for a server, which is ended with the file
#   api REQUEST                   sends it to the API socket: $stdout
#   state FILTER                  the status file through jq
#   engine, monitor, hands        the pids of lichen-net's processes (request.h)
#   forget                        begins to count anew
#   watch                         begins to note the world's packets
#   seen REGEX                    how many there have been; all that the container sent before count
#   name_servers WORDS...         the world's resolv.conf, written in place
net_lib=$(dirname "${BASH_SOURCE[0]}")
world4=(198.51.100.1 203.0.113.7 192.0.2.53 192.0.2.54 169.254.169.254 100.100.100.200)
world6=(2001:db8::1 2001:db8::7 2001:db8::53 fd00:ec2::254)

# The kernel looks at who made the network namespace: his gid 0, or root's every group.
net_allow_ping() {
	echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range 2>/dev/null ||
		echo "0 0" >/proc/sys/net/ipv4/ping_group_range
}

# /etc is a folder of links to what was there, so that resolv.conf can be anything. What was there is
# read-only, and nothing goes on without it: the test may be root, and these are the system's files.
net_own_etc() {
	local entry
	mkdir "$scratch/etc" "$scratch/etc-was"
	mount --rbind /etc "$scratch/etc-was" && mount -o remount,bind,ro "$scratch/etc-was" || return
	for entry in /etc/* /etc/.[a-z]*; do
		[[ ${entry##*/} == resolv.conf ]] || ln -s "$scratch/etc-was/${entry##*/}" "$scratch/etc/${entry##*/}"
	done 2>/dev/null
	mount --bind "$scratch/etc" /etc
}

net_world() {
	local address
	ip link set lo up
	for address in "${world4[@]}"; do ip addr add "$address/32" dev lo; done
	for address in "${world6[@]}"; do ip addr add "$address/128" dev lo nodad; done
	net_allow_ping
	net_own_etc || { echo "Bail out! no /etc of its own"; exit 1; }
	name_servers 192.0.2.53
}

# user, root or nested, as guest.sh has it
net_mode() {
	if ((EUID)); then echo user; elif [[ $(readlink /proc/self/ns/user) == 'user:[4026531837]' ]]; then echo root; else echo nested; fi
}

net_begin() {
	if [[ ${LICHEN_NET_WORLD-} != inside ]]; then
		local how=(--net --mount)
		((EUID == 0)) || how=(--user --map-root-user "${how[@]}")
		source "$net_lib/tap.sh"
		must_run tun || return 1
		trap - EXIT
		rm -rf "$tap_scratch"
		exec env LICHEN_NET_WORLD=inside LICHEN_NET_MODE="$(net_mode)" unshare "${how[@]}" bash "$0"
	fi
	# shellcheck source=guest.sh
	source "$net_lib/guest.sh"
	lichen_net=${LICHEN_HELPERS:-$(dirname "$(realpath "$LICHEN")")/../libexec/lichen}/lichen-net
	[[ -x $lichen_net ]] || { echo "Bail out! there is no $lichen_net"; exit 1; }
	net_servers=() net_containers=() net_marks=0
	net_world
	net_redefine
}

name_servers() { printf 'nameserver %s\n' "$@" >/etc/resolv.conf; }

# guest.sh and lichen.sh mean containers of lichen's by these names
net_redefine() {
	at_exit() {
		local pid
		for pid in "${net_servers[@]}"; do kill -- "-$pid" "$pid" 2>/dev/null; done
		for pid in "${net_containers[@]}"; do kill -9 "$pid" 2>/dev/null; done
		umount -l /etc "$scratch/etc-was" 2>/dev/null
		grep -qF " $scratch/" /proc/self/mountinfo || rm -rf "$scratch"
	}
	inside() { run within 100 "${in_container[@]}" "$guest" "$@"; }
}
outside() { run within 100 "$guest" "$@"; }

serve() {
	local where=$1
	shift
	"$where" "$@"
	[[ $(got '.[0].errno') == 0 ]] || diag "server $*: $stdout $stderr"
	net_servers+=("$(got '.[0].pid')")
}

# in a namespace of its own as soon as the two differ
net_is_apart() { [[ $(readlink "/proc/$1/ns/net") != "$(readlink /proc/self/ns/net)" ]] && grep -q . "/proc/$1/uid_map"; }

new_container() {
	unshare --user --map-root-user --net --mount sleep 1000 &
	container=$!
	net_containers+=("$container")
	in_container=(nsenter --preserve-credentials --target "$container" --user --net)
	eventually net_is_apart "$container"
}

net_wrap=()

net_start() {
	local ready=
	new_container
	folder=$(mktemp -d "$scratch/net.XXXXXX")
	mkfifo "$folder/ready"
	exec {ready_fd}<>"$folder/ready"
	"${net_wrap[@]}" "$lichen_net" --configure --ready-fd="$ready_fd" --api-socket="$folder/api" \
		--status="$folder/status" "$@" "$container" tap0 2>"$folder/err" >"$folder/out" &
	helper=$!
	net_containers+=("$helper")
	while [[ ! $ready ]] && kill -0 "$helper" 2>/dev/null; do read -r -n 1 -t 0.2 -u "$ready_fd" ready; done
	exec {ready_fd}>&-
	[[ $ready == 1 ]] && return
	diag "lichen-net: $(<"$folder/err")"
	return 1
}

net_stop() {
	kill -9 "$container"
	wait "$container" "$helper"
} 2>/dev/null

state() { jq -c "$1" "$folder/status"; }
api() { run within 10 "$guest" talk "$folder/api" "$1"; }

monitor() { state .pid; }
# the engine has an end of the tap device, the other one has not
engine() { net_child engine; }
hands() { net_child hands; }
net_child() {
	local pid
	for pid in $(pgrep -P "$(monitor)"); do
		if [[ $(readlink "/proc/$pid/ns/net") == "$(readlink "/proc/$container/ns/net")" ]]; then
			[[ $1 == engine ]] || echo "$pid"
		else
			[[ $1 == hands ]] || echo "$pid"
		fi
	done
}

watch() { serve outside watch "$scratch/packets"; }
forget() { : >"$scratch/packets"; }

# Frames are taken in turn: when the gateway has answered, what was sent before has been judged, and
# what went on has passed the world's loopback device; then a mark of our own does.
seen() {
	inside ping 10.0.2.2
	net_marks=$((net_marks + 1))
	outside send 127.0.0.1 9 "mark-$net_marks"
	eventually grep -q "mark-$net_marks\$" "$scratch/packets" || diag "the watcher does not see its mark"
	grep -cE -- "$1" "$scratch/packets"
}

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: network devices that are moved into the container. Everything happens in a network
# namespace that is made for it, with veth devices, which every kernel here has.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
if [[ ${LICHEN_NETDEVICES-} != inside && $EUID == 0 ]]; then
	exec env LICHEN_NETDEVICES=inside unshare --net bash "$0"
fi
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

if [[ $mode == user ]]; then
	refused "an ordinary user" "linux.netDevices\['eth0'\]: an ordinary user can't move a device out of the host's network" '.linux.netDevices = {eth0: {}}' -- report
	like "… with what to do instead" "$stderr" 'hint: make it where you are root.*unshare --map-root-user --net'
	elsewhere "moving takes uid 0 of a user namespace, or root"
	nothing_left "nothing is left" "$before"
	done_testing
fi

# a pair of devices of which one is to be moved, with all that is to come along
pair() {
	ip link del left 2>/dev/null || ip link del right 2>/dev/null
	ip link add left type veth peer name right &&
		ip link set left mtu 1380 address 02:00:00:00:00:07 &&
		ip addr add 192.0.2.7/24 dev left &&
		ip addr add 192.0.2.8/24 dev left &&
		ip addr add 198.51.100.1/32 dev left scope link &&
		ip addr add 2001:db8::7/64 dev left nodad &&
		ip addr add 203.0.113.5/24 dev left valid_lft 1000 preferred_lft 1000 &&
		ip link set left up && ip link set right up
}
# what is on it in our own namespace
addresses() { ip -o addr show dev left scope global | awk '{print $4}' | sort | tr '\n' ' '; }
if ! pair; then
	elsewhere "moving devices: this machine has no veth"
	done_testing
fi
has_device() { ip link show dev "$1" >/dev/null 2>&1; }

inside '.linux.netDevices = {left: {}}' -- report , link left
expect "a device is moved" '[.[0].interfaces | keys[]]' '["left","lo"]'
expect "… and up" '.[0].interfaces.left' true
expect "… with its permanent, global addresses, ready for use" '.[1].addresses - ["fe80::ff:fe00:7/64"] | sort' '["192.0.2.7/24","192.0.2.8/24","2001:db8::7/64"]'
expect "… its hardware address and MTU" '.[1] | [.address, .mtu]' '["02:00:00:00:00:07",1380]'
not_ok "a virtual device goes with the namespace" has_device left

pair && ip link set left down
inside '.linux.netDevices = {left: {name: "eth0"}}' -- report , link eth0
expect "under another name; up, though it was not" '.[0].interfaces' '{"lo":true,"eth0":true}'
expect "… the addresses are those that it had (down, it has none of IPv6)" '.[1].addresses - ["fe80::ff:fe00:7/64"] | sort' '["192.0.2.7/24","192.0.2.8/24"]'
pair
inside '.linux.netDevices = {left: {name: "net%d"}, right: {name: "net%d"}}' -- report
expect "a template: the kernel counts" '.[0].interfaces | keys' '["lo","net0","net1"]'
pair
inside '.linux.netDevices = {left: {name: "fifteen-letters"}}' -- report
expect "a name of 15 characters" '.[0].interfaces["fifteen-letters"]' true
pair
inside 'new("user") | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings | single' '.linux.netDevices = {left: {}}' -- report , link left
expect "into a network namespace of a new user namespace" '[.[0].interfaces.left, (.[1].addresses | index("192.0.2.7/24") != null)]' '[true,true]'

# ---- a namespace that is joined ----

pair
unshare --net sleep 60 &
holder=$!
eventually bash -c "[ \$(readlink /proc/$holder/ns/net) != \$(readlink /proc/self/ns/net) ]"
inside_of=(nsenter --net="/proc/$holder/ns/net")
inside "joined(\"network\"; \"/proc/$holder/ns/net\")" '.linux.netDevices = {left: {name: "kept"}}' -- report
expect "into a network namespace that is joined" '.[0].interfaces.kept' true
ok "… where it stays: its life is the namespace's" "${inside_of[@]}" ip link show dev kept
pair
"${inside_of[@]}" ip link add kept type veth peer name kept-peer
refused "a name that is taken there" "linux.netDevices\['left'\]: .*has a device 'kept' already" \
	"joined(\"network\"; \"/proc/$holder/ns/net\")" '.linux.netDevices = {left: {name: "kept"}}' -- report
is "… leaves the device as it was" "$(addresses)" '192.0.2.7/24 192.0.2.8/24 2001:db8::7/64 203.0.113.5/24 '
inside "joined(\"network\"; \"/proc/$holder/ns/net\")" '.linux.netDevices = {left: {name: "kept%d"}}' -- report
expect "… a template finds another" '.[0].interfaces.kept0' true
kill "$holder"
wait "$holder" 2>/dev/null
eventually pair

# ---- what fails leaves everything as it was ----

ip addr del 203.0.113.5/24 dev left
was="192.0.2.7/24 192.0.2.8/24 2001:db8::7/64 "
refused "a device that is not there" "linux.netDevices\['nosuch'\]: find the network device 'nosuch': No such device" '.linux.netDevices = {left: {name: "inner"}, nosuch: {}}' -- report
like "… says how to see them" "$stderr" "hint: 'ip link' shows"
is "… the one before it is back, with its addresses" "$(addresses)" "$was"
like "… and up" "$(ip -o link show dev left)" '[<,]UP[,>]'
refused "a failure behind it" 'mounts\[[0-9]*\]' '.linux.netDevices = {left: {name: "inner"}}' 'mounted("/x"; "bind"; "/nonexistent"; ["bind"])' -- report
is "… the device is back, under its name" "$(addresses)" "$was"
ip link set left down
refused "a hook that fails" 'hooks.createRuntime' '.linux.netDevices = {left: {name: "inner"}}' '.hooks.createRuntime = [{path: "/bin/false"}]' -- report
like "… the device is back, and down as it was" "$(ip -o link show dev left)" 'state DOWN'
refused "lo stays where it is" "linux.netDevices\['lo'\]: .*" '.linux.netDevices = {lo: {name: "other"}}' -- report
refused "no network namespace" 'linux.netDevices: needs "network" in linux.namespaces' 'without("network")' '.linux.netDevices = {left: {}}' -- report
refused "our own namespace" "network namespace is the one that 'left' is in" 'joined("network"; "/proc/self/ns/net")' '.linux.netDevices = {left: {}}' -- report
refused "a name of 16 characters" 'linux.netDevices.left.name: "sixteen-letters-" cannot be the name' '.linux.netDevices = {left: {name: "sixteen-letters-"}}' -- report
refused "one name for two" 'linux.netDevices.right: another device has this name' '.linux.netDevices = {left: {name: "x"}, right: {name: "x"}}' -- report
if [[ $mode == nested ]]; then
	bundle "$scratch/bundle" single '.linux.netDevices = {left: {}}' -- report
	new_id
	# a user namespace beneath ours, in our network namespace: whoever is root there is not here
	run unshare --user --map-root-user "$LICHEN" --root "$scratch/other" run --bundle "$scratch/bundle" "$id"
	like "a network namespace of somebody above" "$status $stderr" "^1 .*belongs to a user namespace above ours"
fi
has_device left && has_device right && tap_pass "both devices are where they were"

nothing_left "nothing is left" "$before"
done_testing

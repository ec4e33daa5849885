#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lichen-net in slirp4netns' place: Podman with --network slirp4netns, and RootlessKit. The control is
# slirp4netns itself, for crun.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman || ! must_run tun; then done_testing; fi
podman_begin || { echo "Bail out! crun's first container does not run"; exit 1; }
helper=${LICHEN_HELPERS:-${LICHEN%/*}/../libexec/lichen}/lichen-net

program() { if [[ $oci == crun ]]; then command -v slirp4netns; else echo "$helper"; fi; }
# tells Podman which of them to call
choose() { printf '[engine]\nnetwork_cmd_path = "%s"\n' "$(program)" >"$XDG_CONFIG_HOME/containers/containers.conf.d/70-network.conf"; }
net() {
	local options=$1
	shift
	run pod run --rm --network "slirp4netns$options" "${@/#@/$image}"
}
# a server in a container: answers with its peer's address
serve() { pod run --detach --name "$oci-$1" --network "slirp4netns$2" "${@:3}" "$image" sh -c 'exec busybox nc -ll -p 80 -e sh -c "echo hello"' >/dev/null; }
ask() {
	local i
	for ((i = 0; i < 50; i++)); do
		stdout=$(busybox nc -w 5 "$@" </dev/null 2>/dev/null)
		[[ ! $stdout ]] || break
		sleep 0.1
	done
	echo "$stdout"
}
host_server() { busybox nc -ll -p "$1" -e echo "the host" & host_server=$!; }

addresses() {
	choose
	net '' @ sh -c 'ip -4 -o addr show tap0; ip route; cat /etc/resolv.conf'
	matches "--network slirp4netns: the address" "$stdout" 'inet 10\.0\.2\.100/24'
	matches "… the default route" "$stdout" 'default via 10\.0\.2\.2'
	matches "… the name server" "$stdout" 'nameserver 10\.0\.2\.3'
	net :cidr=10.9.8.0/24 @ sh -c 'ip -4 -o addr show tap0; cat /etc/resolv.conf'
	matches "… cidr=" "$stdout" 'inet 10\.9\.8\.100/24.*nameserver 10\.9\.8\.3'
	net :mtu=1500 @ cat /sys/class/net/tap0/mtu
	expect "… mtu=" "$stdout" 1500
	net '' @ sh -c 'ip -6 -o addr show tap0'
	matches "… IPv6 is on" "$stdout" 'inet6 fd00::'
	net :enable_ipv6=false @ sh -c 'ip -6 -o addr show tap0 scope global'
	expect "… enable_ipv6=false" "$stdout" ''
}

loopbacks() {
	choose
	host_server 7070
	net :allow_host_loopback=true @ busybox nc -w 5 10.0.2.2 7070
	expect "allow_host_loopback=true" "$stdout" 'the host'
	net '' @ busybox nc -w 5 10.0.2.2 7070
	expect "… without it" "$stdout" ''
	net :allow_host_loopback=true @ busybox nc -w 5 127.0.0.1 7070
	expect "the container's loopback is its own" "$stdout" ''
	kill "$host_server" 2>/dev/null
	wait "$host_server" 2>/dev/null
}

ports() {
	choose
	serve kit '' --publish 127.0.0.1:7081:80
	expect "-p, by Podman's own program" "$(ask 127.0.0.1 7081)" hello
	pod rm --force --time 0 "$oci-kit" >/dev/null
	serve own :port_handler=slirp4netns --publish 127.0.0.1:7082:80
	expect "-p with port_handler=slirp4netns" "$(ask 127.0.0.1 7082)" hello
	works "… and exec in there" pod exec "$oci-own" true
	pod rm --force --time 0 "$oci-own" >/dev/null
	serve all :port_handler=slirp4netns --publish 7083:80
	expect "… for all addresses" "$(ask 127.0.0.1 7083)" hello
	fails "… a port that is taken" pod run --rm --network slirp4netns:port_handler=slirp4netns --publish 7083:80 "$image" true
	pod rm --force --time 0 "$oci-all" >/dev/null
	fails "… the port is closed with the container" busybox nc -w 2 127.0.0.1 7083 </dev/null
}

kit() { within "$seconds" rootlesskit --net=slirp4netns "--slirp4netns-binary=$(program)" --mtu=65520 --disable-host-loopback --copy-up=/etc "$@"; }
rootless_kit() {
	local server
	run kit ip -4 -o addr show tap0
	matches "RootlessKit: the address" "$stdout" 'inet 10\.0\.2\.100/24'
	run kit --slirp4netns-sandbox=true --slirp4netns-seccomp=true --cidr=10.9.8.0/24 ip -4 -o addr show tap0
	matches "… sandboxed, and with a network of its own" "$stdout" 'inet 10\.9\.8\.100/24'
	kit --port-driver=slirp4netns --publish 127.0.0.1:7090:80/tcp busybox nc -l -p 80 -e echo kit >/dev/null 2>&1 &
	server=$!
	expect "… its ports by the API" "$(ask 127.0.0.1 7090)" kit
	wait "$server"
	run kit sh -c 'exit 7'
	expect "… the status of its program" "$status" 7
}

gone() { ! pgrep -u "$(id -u)" -f "${helper//./\\.} " >/dev/null; }

scenario addresses loopbacks ports rootless_kit
remove_all
ok "no process of lichen-net is left" eventually gone
scenarios_done 18

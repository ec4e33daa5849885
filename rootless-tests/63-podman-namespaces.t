#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Namespaces by Podman, for lichen and for crun: users, processes, IPC, networks and ports, pods.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }
# bridge networks without a firewall: not every tier's kernel has nftables
printf '[network]\nfirewall_driver = "none"\n' >"$XDG_CONFIG_HOME/containers/containers.conf.d/70-network.conf"

up() { pod run --detach --name "$oci-$1" "${@:2}" >/dev/null; }
pid_of() { pod inspect --format '{{.State.Pid}}' "$oci-$1"; }
same_as_host() { if [[ $(readlink "/proc/$1/ns/$2") == "$(readlink "/proc/self/ns/$2")" ]]; then echo same; else echo other; fi; }
inner='echo "ids $(id -u):$(id -g)"; echo "map $(tr -s " " </proc/self/uid_map | tr "\n" ",")"'
mine=$(id -u)

users() {
	mkdir "$scratch/volume.$oci"
	script --userns keep-id --volume "$scratch/volume.$oci:/volume" <<<"$inner; : >/volume/file"
	expect "--userns=keep-id: who one is" "$(said ids)" "$mine:$(id -g)"
	expect "--userns=keep-id: a file's owner on the host" "$(stat -c %u "$scratch/volume.$oci/file")" "$mine"
	script --userns keep-id:uid=2000,gid=3000 <<<"$inner"
	expect "--userns=keep-id:uid=,gid=" "$(said ids)" 2000:3000
	script --userns keep-id --user 0 <<<"$inner"
	expect "--userns=keep-id --user 0" "$(said ids)" 0:0
	script --userns auto <<<"$inner"
	matches "--userns=auto" "$(said map)" '^ 0 [1-9][0-9]* 1024,$'
	script --userns auto:size=500 <<<"$inner"
	matches "--userns=auto:size=" "$(said map)" '^ 0 [1-9][0-9]* 500,$'
	script --userns nomap <<<"$inner"
	matches "--userns=nomap: the caller is not in the map" "$(said ids) $(said map)" '^0:0  0 [1-9]'
	script --uidmap 0:0:1 --uidmap 1:1000:500 --gidmap 0:0:1000 <<<"$inner"
	expect "--uidmap, --gidmap" "$(said map)" ' 0 0 1, 1 1000 500,'
	script --userns host <<<"$inner"
	expect "--userns=host" "$(said ids)" 0:0
	up keep --network none --userns keep-id "$image" sleep 1000
	expect "exec with keep-id" "$(pod exec "$oci-keep" id -u)" "$mine"
	script --userns "container:$oci-keep" <<<"$inner"
	matches "--userns=container:" "$(said map)" "$mine 0 1,"
	# it holds all IDs, and those of the next --userns=auto with them
	pod rm --force --time 0 "$oci-keep" >/dev/null
	expect "--userns=keep-id: a network by pasta" "$(pod run --rm --userns keep-id "$image" ip -4 addr show 2>&1 | grep -c 192.0.2.2)" 1
}

namespaces() {
	up other --network none --ipc shareable --uts private "$image" sh -c 'echo shared >/dev/shm/word; sleep 1000'
	local other=$oci-other pid
	script --pid host <<-END
		echo "pid \$(readlink /proc/self/ns/pid)"
		test -d /proc/$$ && echo "sees yes"
	END
	expect "--pid=host" "$(said pid) $(said sees)" "$(readlink /proc/self/ns/pid) yes"
	script --pid "container:$other" <<<'echo "sees $(tr "\0" " " </proc/1/cmdline)"'
	expect "--pid=container:" "$(said sees)" 'sleep 1000 '
	script --ipc host <<<'echo "ipc $(readlink /proc/self/ns/ipc)"'
	expect "--ipc=host" "$(said ipc)" "$(readlink /proc/self/ns/ipc)"
	script --ipc "container:$other" <<<'echo "word $(cat /dev/shm/word)"'
	expect "--ipc=container:" "$(said word)" shared
	script --ipc none <<<'test -e /dev/shm/word || echo "shm none"'
	expect "--ipc=none" "$(said shm)" none
	script --uts host <<<'echo "host $(hostname)"'
	expect "--uts=host" "$(said host)" "$(hostname)"
	pod run --detach --network none --pid host --name "$oci-hostpid" "$image" sh -c 'sleep 1000 & sleep 2000' >/dev/null
	works "--pid=host: stop takes all processes" pod stop --time 0 "$oci-hostpid"
	fails "--pid=host: none is left" pgrep -f '^sleep [12]000$' --parent 1
	pid=$(pid_of other)
	expect "usually every namespace is another" \
		"$(for n in cgroup ipc mnt net pid user uts; do same_as_host "$pid" "$n"; done | sort -u)" other
}

networks() {
	script <<<'echo "links $(ls /sys/class/net | tr "\n" " ")"'
	expect "--network none" "$(said links)" 'lo '
	run pod run --rm "$image" sh -c 'echo "addr $(ip -4 -o addr show scope global | grep -c 192.0.2.2)"; echo "route $(ip route | grep -c default)"'
	expect "the usual network: the host's address and a route" "$(said addr) $(said route)" '1 1'
	run pod run --rm --network host "$image" readlink /proc/self/ns/net
	expect "--network host" "$stdout" "$(readlink /proc/self/ns/net)"
	run pod run --rm --network host "$image" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	expect "--network host: its sysctls can't be set" "$status" 1
	run pod run --rm --network slirp4netns "$image" ip -4 -o addr show
	matches "--network slirp4netns" "$stdout" 'tap0.*10\.0\.2\.100'
	up web --publish "127.0.0.1:$(port 0):80" "$image" httpd -f -p 80 -h /etc
	works "--publish: the host reaches the container" eventually reaches "$(port 0)"
	run pod run --rm --network "container:$oci-web" "$image" wget -q -O - http://127.0.0.1/passwd
	matches "--network container:" "$stdout" '^root:'
	expect "port" "$(pod port "$oci-web")" "80/tcp -> 127.0.0.1:$(port 0)"
	pod rm --force --time 0 "$oci-web" >/dev/null
	fails "rm: nothing answers" reaches "$(port 0)"
}
# Podman starts its pasta anew without waiting for the old one's end, so nobody takes another's port
port() { if [[ $oci == crun ]]; then echo "1808$1"; else echo "1809$1"; fi; }
reaches() { curl -sf --max-time 5 "http://127.0.0.1:$1/passwd" | grep -q ^root:; }

bridges() {
	pod network create "$oci-net" >/dev/null
	up server --network "$oci-net" --publish "127.0.0.1:$(port 1):80" "$image" httpd -f -p 80 -h /etc
	works "a bridge: the host reaches the container" eventually reaches "$(port 1)"
	run pod run --rm --network "$oci-net" "$image" wget -q -O - "http://$oci-server/passwd"
	matches "a bridge: by its name" "$stdout" '^root:'
	pod network create "$oci-net-2" >/dev/null
	works "network connect" pod network connect "$oci-net-2" "$oci-server"
	expect "network connect: another interface" "$(pod exec "$oci-server" ls /sys/class/net | tr '\n' ' ')" 'eth0 eth1 lo '
	pod rm --force --time 0 "$oci-server" >/dev/null
	works "network rm" pod network rm "$oci-net" "$oci-net-2"
}

pods() {
	local p=$oci-pod pid
	pod pod create --name "$p" --share net,ipc,uts,pid --hostname together --publish "127.0.0.1:$(port 2):80" --memory 128m >/dev/null
	up one --pod "$p" "$image" httpd -f -p 80 -h /etc
	run pod run --rm --pod "$p" "$image" sh -c 'wget -q -O - http://127.0.0.1/passwd; echo "host $(hostname)"; echo shm >/dev/shm/word; ps -o args; cat /proc/self/cgroup'
	matches "pod: a shared network" "$stdout" '^root:'
	expect "pod: a shared host name" "$(said host)" together
	matches "pod: shared processes" "$stdout" 'httpd -f -p 80'
	expect "pod: shared IPC" "$(pod exec "$oci-one" cat /dev/shm/word)" shm
	works "pod: its port" eventually reaches "$(port 2)"
	# Podman's other manager sets none
	[[ ${LICHEN_CGROUP_MANAGER-} ]] ||
		expect "pod --memory" "$(cat "$(dirname "$(cgroup_of "$oci-one")")/memory.max")" 134217728
	works "pod pause" pod pod pause "$p"
	expect "pod pause: every container" "$(pod inspect --format '{{.State.Status}}' "$oci-one")" paused
	works "pod unpause" pod pod unpause "$p"
	works "pod stop" pod pod stop --time 0 "$p"
	fails "pod stop: nothing answers" reaches "$(port 2)"
	works "pod start" pod pod start "$p"
	works "pod rm" pod pod rm --force --time 0 "$p"
	works "--pod new:" pod run --rm --pod "new:$oci-new" --network none "$image" true
	pod pod create --name "$p-user" --userns keep-id --network none >/dev/null
	run pod run --rm --pod "$p-user" "$image" id -u
	expect "pod --userns=keep-id" "$stdout" "$mine"
	up restarted --pod "$p-user" "$image" sleep 1000
	pid=$(pid_of restarted)
	works "pod restart" pod pod restart "$p-user"
	expect "pod restart: other processes" "$([[ $(pid_of restarted) != "$pid" ]] && ps -o args= -p "$(pid_of restarted)")" 'sleep 1000'
}

scenario users namespaces networks bridges pods
scenarios_done 40

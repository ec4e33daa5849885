#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container's network as lichen sees it: how it is asked for and who may ask, what the container is
# told, state and port, and that nothing is left of it whatever ends first. What goes through it is in
# the files after this one.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

key='org.lichen.network'
put_bundle plain '.process.args = ["sleep", "100"]'
plain=$bundle
# say BUNDLE WORDS   its annotation
say() { change "$1" ".annotations[\"$key\"] = \"$2\""; }
# with WORDS [FILTER...]   a bundle that says so
with() {
	local words=$1
	shift
	put_bundle said '.process.args = ["sleep", "100"]' "$@"
	say "$bundle" "$words"
}
# shows NAME COMMAND WANT OPTION...   what a shell in a container of $bundle prints
shows() {
	local name=$1 command=$2 want=$3
	shift 3
	put_bundle shown ".process.args = [\"sh\", \"-c\", $(jq -n --arg c "$command" '$c')]"
	new_id
	run rt run --bundle "$bundle" "$@" "$id"
	is "$name" "$status $stdout$stderr" "$want"
}
# refused NAME TEXT OPTION...   create of $bundle fails, says TEXT, and leaves nothing
refused() {
	local name=$1 text=$2 id
	shift 2
	new_id
	run rt create --bundle "$bundle" "$@" "$id"
	if ((status == 1)) && [[ $stderr == *"$text"* && $(status_of "$id") == none ]]; then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted status 1 and: $text" "$(tap_said create "$@" | sed 's/^# //')"
}
# up OPTION...   a running container of $bundle
up() {
	new_id
	out=$scratch/up.$id
	rt run --detach --bundle "$bundle" "$@" "$id" >"$out" 2>&1 </dev/null
}
network() { rt state "$id" | jq -c "$1"; }
network_is() { [[ $(network "$1") == "$2" ]]; }
helper_of() { jq .pid "$(state_dir)/$1/network.json"; }
is_gone() { ! grep -qs '^State:.[^ZX]' "/proc/$1/status"; }
helpers_gone() { ! own_processes | grep -qE '^(lichen-net|pasta|passt)'; }
before=$(census)

lo_alone='ls /sys/class/net | tr "\n" " "'
test_modes() {
	bundle=$plain
	shows "none: a loopback of its own, which is up" "$lo_alone; ip addr show lo | grep -c 'inet 127.0.0.1'" "0 lo 1" --network none
	shows "nothing said: the same" "$lo_alone" "0 lo " 
	shows "none: no files of lichen's" 'ls /etc | tr "\n" " "' "0 group passwd " --network none
	put_bundle host '.process.args = ["readlink", "/proc/self/ns/net"]'
	new_id
	is "host: the caller's own" "$(rt run --bundle "$bundle" --network host "$id" 2>&1)" "$(readlink /proc/self/ns/net)"
	put_bundle shared '.process.args = ["readlink", "/proc/self/ns/net"]' '.linux.namespaces |= map(select(.type != "network"))'
	new_id
	unlike "none: one is made where config.json has none" "$(rt run --bundle "$bundle" --network none "$id" 2>&1)" "^$(readlink /proc/self/ns/net)\$"
	new_id
	is "… which by itself means the caller's own" "$(rt run --bundle "$bundle" "$id" 2>&1)" "$(readlink /proc/self/ns/net)"
	bundle=$plain
	refused "an unknown mode" "--network: expected none, slirp, pasta, host, ns:PATH, auto or config, found 'bridge'" --network bridge
	refused "ns: without a path" "--network: expected none" --network ns
	refused "ns: a path that is not there" "--network: open the namespace '/nowhere': No such file" --network ns:/nowhere
	refused "ns: another type of namespace" "--network: " --network ns:/proc/self/ns/uts
	refused "ports need a network" "--network: 'none' publishes no ports" --network none -p 8080:80
	refused "a policy needs lichen-net" "--network: 'host' has no egress policy" --network host --egress deny
	refused "a port that is none" 'published port "80": ' -p 80
	refused "a policy that is none" 'egress "perhaps": ' --egress perhaps
	refused "the same port twice" "'8080:80' and '8080:81' want the same port" -p 8080:80 -p 8080:81
}

# A network namespace of somebody's: a container's, whose user namespace comes with it.
test_path() {
	local pid path name
	bundle=$plain
	ok "ns: (a container whose network is joined)" up --network none
	pid=$(rt state "$id" | jq .pid)
	path=/proc/$pid/ns/net
	name=$(readlink "$path")
	put_bundle joins '.process.args = ["readlink", "/proc/self/ns/net"]'
	[[ $mode != user ]] || change "$bundle" '.linux.namespaces |= map(if .type == "user" then .path = "/proc/'"$pid"'/ns/user" else . end)' 'del(.linux.uidMappings, .linux.gidMappings)'
	new_id
	is "ns: it is entered" "$(rt run --bundle "$bundle" --network "ns:$path" "$id" 2>&1)" "$name"
	if [[ $mode == user ]]; then
		bundle=$plain
		refused "ns: an ordinary user can't enter the host's" "--network: '/proc/self/ns/net' belongs to the host" --network ns:/proc/self/ns/net
		like "… with what to do instead" "$stderr" 'hint: --network host'
	else
		elsewhere "ns: only an ordinary user can't enter the host's"
	fi
	delete_containers
}

# Who may ask by an annotation, and for what.
test_annotation() {
	local words
	for words in host ns:/proc/1/ns/net config; do
		with "$words"
		refused "annotation: never '$words'" "config.json: annotations[\"$key\"]: an annotation asks for none, slirp, pasta or auto"
	done
	with slirp:host-loopback=on
	refused "annotation: never the host's loopback" "annotations[\"$key\"]: host-loopback: an annotation can't open the host's"
	refused "… nor where the command line allows the annotation" "host-loopback: an annotation can't" --network config
	with 'slirp --magic'
	refused "annotation: words that are none" "annotations[\"$key\"]: '--magic' is not understood"
	with slirp '.linux.namespaces |= map(select(.type != "network"))'
	refused "annotation: the caller's network is not connected" "annotations[\"$key\"]: the container has no network namespace of its own"
	with none '.linux.namespaces |= map(select(.type != "network"))'
	refused "annotation: nor is it none" "the container has no network namespace of its own"
	with auto '.linux.namespaces |= map(select(.type != "network"))' '.process.args = ["true"]'
	new_id
	is "annotation: auto leaves it alone" "$(rt run --bundle "$bundle" "$id" 2>&1)" ''
	with none '.process.args = ["true"]'
	new_id
	is "annotation: none, for everybody" "$(rt run --bundle "$bundle" "$id" 2>&1)" ''
	with 'slirp -p 8080:80' '.process.args = ["true"]'
	new_id
	is "annotation: the command line overrides it" "$(rt run --bundle "$bundle" --network none "$id" 2>&1)" ''
	if [[ $mode == user ]]; then elsewhere "annotation: an ordinary user's own counts"; return; fi
	for words in slirp pasta 'auto -p 8080:80'; do
		with "$words"
		refused "annotation: as root not '$words'" "annotations[\"$key\"]: "
		like "… with the option that allows it" "$stderr" 'hint: lichen run --network config'
	done
	with auto '.process.args = ["sh", "-c", "ls /sys/class/net"]'
	new_id
	run rt run --bundle "$bundle" "$id"
	is "annotation: as root auto is a loopback" "$status $stdout" '0 lo'
	like "… which one line says" "$stderr" '^lichen: warning: the container has a loopback and no other network: [^'$'\n'']*--network config[^'$'\n'']*$'
}

# Where slirp can't be had: no helper, which LICHEN_HELPERS can show.
test_without() {
	local LICHEN_HELPERS=$scratch/none
	export LICHEN_HELPERS
	if rt run --network slirp --dry-run --bundle "$plain" any >/dev/null 2>&1; then
		elsewhere "without a helper: this lichen is installed with one"
		return
	fi
	bundle=$plain
	refused "no helper: slirp is refused" "--network: the program lichen-net is not installed" --network slirp
	like "… with what to install" "$stderr" 'hint: .*libslirp'
	refused "no helper: auto with a port is refused" "--network: publish '8080:80': the program lichen-net" --network auto -p 8080:80
	shows "no helper: auto is a loopback, and one line says why" "$lo_alone" "0 lo lichen: warning: the container has a loopback and no other network: the program lichen-net is not installed; $(sed -n 's/^hint: //p' <<<"$stderr")" --network auto
}

test_spec() {
	local dir=$scratch/spec
	written() { jq -c "$1" "$dir/config.json"; }
	spec() { rm -rf "$dir"; mkdir "$dir"; run rt spec --bundle "$dir" "$@"; }
	spec
	is "spec: auto" "$(written ".annotations[\"$key\"]")" '"auto"'
	spec --network slirp -p 8080:80 --publish 0:53/udp --egress allow=192.0.2.0/24
	is "spec: what it is told" "$(written ".annotations[\"$key\"]")" '"slirp -p 8080:80 -p 0:53/udp --egress allow=192.0.2.0/24"'
	spec -p 8080:80
	is "spec: a port alone asks for slirp" "$(written ".annotations[\"$key\"]")" '"slirp -p 8080:80"'
	spec --network none
	is "spec: none is a namespace and no word" "$(written '[.annotations, (.linux.namespaces | map(select(.type == "network")))]')" '[null,[{"type":"network"}]]'
	spec --network host
	is "spec: host is no namespace" "$(written '[.annotations, (.linux.namespaces | map(select(.type == "network")))]')" '[null,[]]'
	spec --network ns:/run/netns/blue
	is "spec: ns is its path" "$(written '.linux.namespaces | map(select(.type == "network"))')" '[{"type":"network","path":"/run/netns/blue"}]'
	spec --network slirp:host-loopback=on
	like "spec: nothing that would be refused" "$status $stderr" '^1 .*host-loopback.*hint: '
	spec --network config
	like "spec: config is what it would be" "$status $stderr" "^1 .*'config'"
	spec --network magic
	like "spec: words that are none" "$status $stderr" "^1 .*found 'magic'"
}

# ---- what takes lichen-net ----

test_files() {
	slirp_works || return
	local search servers=$'nameserver 10.0.2.3\nnameserver fd00::3'
	search=$(sed -n 's/^search[ \t]*/search /p; s/^domain[ \t]*/search /p' /etc/resolv.conf | tail -n 1)
	if grep -q '^nameserver' /etc/resolv.conf && ! grep -q '^nameserver.*\.' /etc/resolv.conf; then
		servers=$'nameserver fd00::3\nnameserver 10.0.2.3'
	fi
	shows "resolv.conf: the network's name servers, and the host's domains" "grep -v ^options /etc/resolv.conf" "0 $servers${search:+
$search}" --network slirp
	shows "hosts: the container's name, too" "cat /etc/hosts" "0 127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
10.0.2.100 lichen
fd00::100 lichen" --network slirp
	shows "hostname" "cat /etc/hostname" "0 lichen" --network slirp
	shows "another network, without IPv6" "cat /etc/resolv.conf /etc/hosts | grep -E '^nameserver|lichen'" "0 nameserver 10.9.0.3
10.9.0.100 lichen" --network slirp:cidr=10.9.0.0/16,ipv6=off
	shows "they can't be written: they are the caller's disk" "for f in resolv.conf hosts hostname; do echo x >>/etc/\$f || echo no; done 2>/dev/null" "0 no
no
no" --network slirp
	echo 'mine' >"$scratch/mine"
	put_bundle mine '.process.args = ["cat", "/etc/resolv.conf", "/etc/hosts"]' ".mounts += [{destination: \"/etc//resolv.conf\", type: \"bind\", source: \"$scratch/mine\", options: [\"bind\"]}]"
	new_id
	is "what config.json mounts itself stays" "$(rt run --bundle "$bundle" --network slirp "$id" 2>&1 | head -n 2)" $'mine\n127.0.0.1 localhost'
	put_bundle readonly '.process.args = ["true"]' '.mounts += [{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["ro"]}]'
	new_id
	run rt run --bundle "$bundle" --network slirp "$id"
	like "an image without room for them" "$status $stderr" "^1 lichen: --network: .*/etc/resolv.conf.*Read-only file system.*hint: make an empty file at '/etc/resolv.conf' .*lichen run --network none"
	# a link of the image leads nowhere outside
	put_bundle link '.process.args = ["head", "-n", "1", "/etc/resolv.conf"]' ".root.path = \"$scratch/linked\""
	cp -a "$scratch/base/rootfs" "$scratch/linked"
	ln -sf ../../../../../../../run/resolver/stub.conf "$scratch/linked/etc/resolv.conf"
	new_id
	is "an image's link is followed beneath its root" "$(rt run --bundle "$bundle" --network slirp "$id" 2>&1)" 'nameserver 10.0.2.3'
	ok "… where the place is made" test -f "$scratch/linked/run/resolver/stub.conf"
	put_bundle inject '.hostname = "a\n192.0.2.1 evil"' '.process.args = ["sh", "-c", "grep -c evil /etc/hosts; ls /etc/hostname"]'
	new_id
	like "a host name with a line in it goes into no file" "$(rt run --bundle "$bundle" --network slirp "$id" 2>&1)" '^0'
}

test_hooks() {
	slirp_works || return
	put_hook network "nsenter -t \$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/') -U -n --preserve-credentials ip -o addr show dev tap0 >$scratch/seen 2>&1; exit 0"
	put_bundle hooked '.process.args = ["true"]' ".hooks.createRuntime = [{path: \"$hook\"}]"
	[[ $mode == user ]] || { elsewhere "hooks: the container has no user namespace of its own here"; return; }
	new_id
	is "hooks: (a container with one)" "$(rt run --bundle "$bundle" --network slirp "$id" 2>&1)" ''
	like "createRuntime hooks find the network ready" "$(cat "$scratch/seen")" '10\.0\.2\.100/24'
	put_hook state "exec $runtime --root $(state_dir) state \"\$(sed 's/.*\"id\": *\"\([^\"]*\)\".*/\1/')\" >$scratch/seen"
	put_bundle told '.process.args = ["true"]' ".hooks.createRuntime = [{path: \"$hook\"}]"
	new_id
	is "hooks: (a container with another)" "$(rt run --bundle "$bundle" --network slirp "$id" 2>&1)" ''
	is "… and state says so" "$(jq -c '[.status, .network.mode, .network.status]' "$scratch/seen")" '["creating","slirp","up"]'
}

test_state() {
	slirp_works || return
	local pid port
	bundle=$plain
	ok "state: (a container with two ports)" up --network slirp -p 127.0.0.1:0:80 -p '[::1]:0:81/udp'
	is "state: mode, status, addresses" "$(network '.network | [.mode, .status, .address, .address6, .reason]')" '["slirp","up","10.0.2.100","fd00::100",null]'
	is "state: the ports" "$(network '[.network.ports[] | [.id, .proto, .host_addr, .guest_port]]')" '[[1,"tcp","127.0.0.1",80],[2,"udp","::1",81]]'
	port=$(network '.network.ports[0].host_port')
	ok "state: the port that the kernel has chosen" test "$port" -gt 0
	like "port: as a table" "$(rt port "$id")" "^ID +PROTO +HOST +CONTAINER"$'\n'"1 +tcp +127.0.0.1:$port +10.0.2.100:80"$'\n'"2 +udp +\[::1\]:[0-9]+ +"
	is "port: as JSON, the same as state's" "$(rt port --format json "$id" | jq -c .)" "$(network .network.ports)"
	run rt port --add 127.0.0.1:0:82 --format json "$id"
	is "port --add: what was added" "$status $(jq -c '[.[] | [.id, .proto, .host_addr, .guest_port]]' <<<"$stdout")" '0 [[3,"tcp","127.0.0.1",82]]'
	is "… and state has it" "$(network '.network.ports | map(.guest_port)')" '[80,81,82]'
	ok "port --remove by number" rt port --remove 1 "$id"
	ok "port --remove as it was published" rt port --remove 127.0.0.1:0:82 "$id"
	is "… and state has them no longer" "$(network '.network.ports | map(.guest_port)')" '[81]'
	run rt port --remove 127.0.0.1:9:9 "$id"
	like "port --remove: what is not there" "$status $stderr" "^1 .*remove '127.0.0.1:9:9': container '$id' publishes no such port.*hint: "
	run rt port --remove 77 "$id"
	like "… nor such a number" "$status $stderr" "^1 .*remove '77': "
	run rt port --add 127.0.0.1 "$id"
	like "port --add: no port" "$status $stderr" '^1 .*published port "127.0.0.1": '
	pid=$(helper_of "$id")
	is "the helper is nobody's child of ours" "$(ps -o ppid= -p "$pid" | tr -d ' ')" "$(ps -o ppid= -p "$(rt state "$id" | jq .pid)" | tr -d ' ')"
	ok "delete --force" rt delete --force "$id"
	ok "… ends it" is_gone "$pid"
}

test_port_refused() {
	bundle=$plain
	ok "port: (a container without a network)" up --network none
	is "state: nothing of a network" "$(network .network)" null
	run rt port "$id"
	like "port: it has none" "$status $stderr" "^1 .*container '$id' has no network that lichen has made.*hint: "
	run rt port nobody
	like "port: no such container" "$status $stderr" "^1 .*container 'nobody' does not exist"
	rt delete --force "$id"
}

test_busy() {
	slirp_works || return
	local port
	bundle=$plain
	ok "busy: (a container that has a port)" up --network slirp -p 127.0.0.1:0:80
	port=$(network '.network.ports[0].host_port')
	refused "a port that is in use" "--network: lichen-net: " --network slirp -p "127.0.0.1:$port:80"
	like "… says which, and why" "$stderr" "$port.*in use"
	like "… and what to do" "$stderr" 'hint: '
	run rt port --add "127.0.0.1:$port:81" "$id"
	like "port --add: a port that is in use" "$status $stderr" "^1 .*publish '127.0.0.1:$port:81': .*in use"
	run rt port --add "127.0.0.1:$((port - 1))-$port:90-91" "$id"
	is "port --add: a range is added whole or not at all" "$status $(network '.network.ports | length')" '1 1'
	rt delete --force "$id"
}

# A helper of the test's own, which does what it is told in a file.
put_helper() {
	mkdir -p "$scratch/helpers"
	printf '%s\n' '#!/bin/sh' "$@" >"$scratch/helpers/lichen-net"
	chmod 755 "$scratch/helpers/lichen-net"
}
test_broken_helper() {
	slirp_works || return
	local LICHEN_HELPERS=$scratch/helpers start
	export LICHEN_HELPERS
	bundle=$plain
	put_helper 'echo "lichen-net: no more frames" >&2' 'echo "hint: buy some" >&2' 'exit 1'
	if ! rt run --network slirp --dry-run --bundle "$plain" any | grep -qF "$scratch"; then
		elsewhere "a helper that fails: this lichen is installed with another one"
		return
	fi
	refused "a helper that fails: its words" "--network: lichen-net: no more frames" --network slirp
	like "… and its hint" "$stderr" $'\nhint: buy some$'
	put_helper 'exit 0'
	refused "one that ends without a word" "--network: lichen-net ended without a word" --network slirp
	put_helper 'kill -9 $$'
	refused "one that is killed" "--network: lichen-net ended without a word" --network slirp
	put_helper 'while :; do sleep 1; done'
	start=$SECONDS
	refused "one that hangs" "--network: lichen-net was not ready within 10 s" --network slirp
	ok "… is not waited for any longer" test $((SECONDS - start)) -le 20
	# ready, and then it stays whatever happens
	put_helper 'echo 1 >&3; exec 3>&-; trap "" TERM; while :; do sleep 1; done'
	ok "one that does not end: (a container)" up --network slirp
	rt kill "$id" KILL
	eventually has_status "$id" stopped
	ok "… is ended by delete" rt delete "$id"
	put_helper 'echo "lichen-net: late" >&2; exit 1'
	put_hook never "touch $scratch/never"
	put_bundle late ".hooks.createRuntime = [{path: \"$hook\"}]"
	refused "hooks don't run without the network" "lichen-net: late" --network slirp
	not_ok "… none has" test -e "$scratch/never"
}

test_deaths() {
	slirp_works || return
	local pid
	bundle=$plain
	ok "killed: (a container)" up --network slirp -p 127.0.0.1:0:80
	pid=$(helper_of "$id")
	kill -9 "$pid"
	ok "killed: the helper's end shows in state" eventually network_is '.network | [.status, .reason != null]' '["failed",true]'
	is "… and the container lives" "$(status_of "$id")" running
	run rt port --add 127.0.0.1:0:81 "$id"
	like "… without ports to add" "$status $stderr" "^1 .*has failed"
	ok "… no process is left of the helper" eventually helpers_gone
	ok "… and it can be deleted" rt delete --force "$id"
	ok "killed: (another container)" up --network slirp
	kill -9 "$(rt state "$id" | jq .pid)"
	ok "killed: the helper ends with the container's process" eventually helpers_gone
	is "… and state says so" "$(network .network.status)" '"ended"'
	ok "… and it can be deleted" rt delete "$id"
	put_bundle short '.process.args = ["true"]'
	new_id
	ok "run in the foreground: (one that ends)" rt run --bundle "$bundle" --network slirp "$id"
	ok "… nothing is left when it returns" helpers_gone
	put_bundle long '.process.args = ["sh", "-c", "echo ready; while :; do sleep 0.05; done"]'
	new_id
	begin "$LICHEN" --root "$(state_dir)" run --bundle "$bundle" --network slirp "$id"
	eventually says_ready
	kill -9 "$begun"
	wait "$begun" 2>/dev/null
	is "run is killed: the container lives, with its network" "$(status_of "$id") $(network .network.status)" 'running "up"'
	ok "… and all of it can be deleted" rt delete --force "$id"
	ok "… with no process left" helpers_gone
}

# events go by the container's cgroup
test_events() {
	slirp_works && must_run cgroup-pids || return
	local events=$scratch/events
	bundle=$plain
	ok "events: (a container)" up --network slirp
	rt events --interval 1s "$id" >"$events" 2>&1 &
	eventually grep -q '"stats"' "$events"
	kill -9 "$(pgrep -P "$(helper_of "$id")" | tail -n 1)"
	ok "events: the engine's end" eventually grep -q '"type":"network"' "$events"
	is "… with the reason" "$(grep '"type":"network"' "$events" | jq -c '[.id == "'"$id"'", .data.status, .data.reason]')" \
		"[true,\"failed\",\"the network's process was killed by signal 9\"]"
	rt delete --force "$id"
	wait "$!"
	is "… once" "$(grep -c '"type":"network"' "$events")" 1
}

test_pasta() {
	if ! command -v pasta >/dev/null; then skip "pasta is not installed here (package passt)"; return; fi
	put_bundle pasta '.process.args = ["sleep", "100"]'
	refused "pasta: no free ports" "--network: " --network pasta -p 0:80
	if [[ $mode == root ]]; then
		refused "pasta: not for root" "--network: pasta gives up root's privilege" --network pasta
		return
	fi
	if [[ $mode == nested ]]; then
		refused "pasta: not without a user namespace" "--network: pasta can't connect a container without a user" --network pasta
		change "$bundle" '.linux.namespaces += [{type: "user"}]' '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]' '.linux.gidMappings = .linux.uidMappings' 'del(.mounts[].options | arrays | .[] | select(. == "gid=5"))'
	fi
	slirp_works || return
	ok "pasta: (a container)" up --network pasta -p 127.0.0.1:18473:80
	like "pasta: it has a device" "$(rt exec "$id" ls /sys/class/net 2>&1 | tr '\n' ' ')" '^[a-z0-9]+ lo |^lo [a-z0-9]+ '
	is "pasta: its name server" "$(rt exec "$id" head -n 1 /etc/resolv.conf 2>&1)" 'nameserver 169.254.1.1'
	is "pasta: state" "$(network '.network | [.mode, .status, .ports]')" '["pasta","up",[{"proto":"tcp","host_addr":"127.0.0.1","host_port":18473,"guest_port":80}]]'
	run rt port --add 127.0.0.1:0:81 "$id"
	like "pasta: its ports are fixed" "$status $stderr" "^1 .*are pasta's, which are fixed.*hint: "
	refused "pasta: a port that is in use" "--network: pasta: " --network pasta -p 127.0.0.1:18473:80
	ok "pasta: delete --force" rt delete --force "$id"
	ok "… ends it" helpers_gone
}

test_dry_run() {
	slirp_works || return
	bundle=$plain
	run rt create --dry-run --bundle "$bundle" --network slirp -p 8080:80 any
	like "dry run: who connects it, and how" "$stdout" $'\nnetwork by [^\n]*lichen-net: [^\n]*--publish 8080:80[^\n]*# --network\n'
	like "dry run: what the container is told" "$stdout" $'\nfile resolv.conf: nameserver 10\\.0\\.2\\.3 /'
	ok "dry run: nothing is started" helpers_gone
}

run_tests modes path annotation without spec files hooks state port_refused busy broken_helper deaths events pasta dry_run
done_testing

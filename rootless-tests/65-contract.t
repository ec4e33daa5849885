#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The contract with those who call a runtime: the invocations of conmon and Podman, Buildah, containerd's
# shim and CRI-O, word for word and with the environment that they give; and what these programs parse
# of the answers. None of them is needed for it.
# shellcheck disable=SC2016,SC2034,SC2154
set -uo pipefail
# shellcheck source=lib/cgroup.sh
source "$(dirname "$0")/lib/cgroup.sh"

if ! need jq setpriv python3; then done_testing; fi
# Podman and Buildah call it as uid 0 of the user namespace that they have made
namespaced() { unshare --user --map-root-user --map-auto -- "$@"; }
if [[ ! $part && $mode == user ]]; then
	parts user:env namespaced:namespaced
	done_testing
fi
# Its states are where each caller looks for them.
eval "life_$(declare -f at_exit)"
at_exit() {
	local state
	for state in "$scratch"/run/*/"t$$-"*/ "$user_runtime"/*/"t$$-${scratch##*.}-"*/; do
		if [[ ! -d $state ]]; then continue; fi
		within 20 "$LICHEN" --root "$(dirname "$state")" delete --force "$(basename "$state")" >/dev/null 2>&1
	done
	life_at_exit
}
before=$(census)
called=${LICHEN##*/}
shim_root=$scratch/state-$called

# Podman's configurations name no user namespace: the caller has brought one
if [[ $mode == user ]]; then as_engines='.'
else as_engines='.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'; fi
contract_bundle() {
	put_bundle "$1" '.root.readonly = true' "$as_engines" ".process.args = $2" "${@:3}"
	: >"$bundle/oci-log"
	rm -f "$bundle/oci-log"
	new_id
}

# ---- the callers ----

# conmon: the whole environment and its own pipes' numbers; killed with conmon; pipes for the streams
conmon() {
	within 60 env _OCI_SYNCPIPE=3 _OCI_STARTPIPE=4 _OCI_ATTACHPIPE=5 _CONTAINERS_ROOTLESS_UID=1000 setpriv --pdeathsig KILL \
		"$LICHEN" "${manager[@]}" --log-format=json --log "$bundle/oci-log" "$@"
}
manager=()
# into pipes, whose other ends write to $bundle/out and $bundle/err
piped() {
	rm -f "$bundle"/{1,2}
	mkfifo "$bundle/1" "$bundle/2"
	cat "$bundle/1" >"$bundle/out" &
	cat "$bundle/2" >"$bundle/err" &
	status=0
	"$@" </dev/null >"$bundle/1" 2>"$bundle/2" || status=$?
}
podman_start() { within 60 env -i PATH="$PATH" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$LICHEN" start "$@"; }
podman_bare() { within 60 env -i XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$LICHEN" "$@"; }
shim() { within 60 env -u NOTIFY_SOCKET setpriv --pdeathsig KILL "$LICHEN" --root "$shim_root" --log "$bundle/log.json" --log-format json "$@"; }
crio() { within 60 env -i CRI_O_EXTERNAL=1 XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" PATH="$PATH" "$LICHEN" --root "$shim_root" "$@"; }

# ---- what they parse ----

is_bare_number() { [[ $(od -An -c "$1" | tr -d ' \n') =~ ^[1-9][0-9]*$ ]]; }
# conmon, the shim and Buildah wait for it themselves; this process takes orphans over, as they do
is_callers_child() { [[ $(ps -o ppid= -p "$1" | tr -d ' ') == "$$" ]]; }
is_gone() { ! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1") == Z* ]]; }
said() { grep -qx "$1" "$bundle/out"; }
# Podman parses the whole file as one object
one_object() { [[ $(jq -s length "$1" 2>&1) == 1 ]]; }
rfc3339='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$'

# failed NAME REGEX   the last call failed as Podman has to see it: by its log, and by its streams
failed() {
	local msg
	is "$1: the status" "$((status != 0))" 1
	ok "$1: one object in the log" one_object "$bundle/oci-log"
	is "$1: with level, msg and time" "$(jq -c '[.level, (.msg | type), (.time | type)]' "$bundle/oci-log")" '["error","string","string"]'
	msg=$(jq -r .msg "$bundle/oci-log" | head -n 1)
	like "$1: what Podman looks for" "$msg" "$2"
	ok "$1: the same text on standard error" eventually grep -qF -- "$msg" "$bundle/err"
	is "$1: no PID file" "$(ls "$bundle/pidfile" 2>/dev/null)" ''
}
# refuses_to_create NAME REGEX   $bundle as $id, and it failed like that
refuses_to_create() {
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	failed "$@"
}
not_found='([Ee]xecutable file not found in|[Nn]o such file or directory|[Oo]pen executable)'
not_permitted='([Pp]ermission denied|[Oo]peration not permitted)'

# process_file FILTER [FILTER]   of config.json, and of its process
process_file() { jq "$1" "$bundle/config.json" | jq ".process | .terminal = false | ${2-.}" >"$bundle/process.json"; }

test_podman() {
	local pid
	contract_bundle podman '["sh", "-c", "env; echo up; trap \"exit 9\" TERM; while :; do sleep 0.1; done"]'
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	is "podman: create" "$status $(cat "$bundle/err")" '0 '
	ok "podman: the PID file is a number and nothing else" is_bare_number "$bundle/pidfile"
	pid=$(cat "$bundle/pidfile")
	ok "podman: the process is conmon's child" is_callers_child "$pid"
	is "podman: nothing in the log" "$(cat "$bundle/oci-log" 2>/dev/null)" ''
	is "podman: the state is where Podman looks for it" "$(find "$XDG_RUNTIME_DIR/$called/$id" -maxdepth 0)" "$XDG_RUNTIME_DIR/$called/$id"
	run podman_start "$id"
	is "podman: start" "$status|$stdout|$stderr" '0||'
	ok "podman: the container writes into conmon's pipe" eventually said up
	is "podman: conmon's variables stay outside" "$(grep -c _OCI_ "$bundle/out")" 0
	process_file '.process.args = ["sh", "-c", "echo further; exit 3"]'
	piped conmon exec --pid-file "$bundle/pid-exec" --process "$bundle/process.json" --detach "$id"
	is "podman: exec" "$status" 0
	ok "podman: exec: the PID file" is_bare_number "$bundle/pid-exec"
	ok "podman: exec: it writes into conmon's pipe" eventually said further
	ok "podman: kill by a number" podman_bare kill "$id" 15
	ok "podman: then the process is gone" eventually is_gone "$pid"
	not_ok "podman: kill of one that is gone" podman_bare kill "$id" 9
	is "podman: state of one that is gone" "$(podman_bare state "$id" | jq -c '[.status, .pid]')" '["stopped",0]'
	run podman_bare delete --force "$id"
	is "podman: delete --force" "$status|$stdout|$stderr" '0||'
	run podman_bare delete --force "$id"
	is "podman: delete --force, once more" "$status" 0
	ok "podman: delete --force of what has never been" podman_bare delete --force never
}

test_podman_failures() {
	contract_bundle missing '["nonexistent"]'
	refuses_to_create "a missing command" "$not_found"
	contract_bundle path '["/nonexistent"]'
	refuses_to_create "a missing path" "$not_found"
	contract_bundle mode '["/etc/passwd"]'
	refuses_to_create "a file that is not executable" "$not_permitted"
	# what is only warned of must not become a second object
	contract_bundle warned '["nonexistent"]' '.process.capabilities = {bounding: ["CAP_NONSENSE", "CAP_CHOWN"]}'
	refuses_to_create "a missing command, and a warning" "$not_found"
	# longer than what is said of it: the reason stays
	contract_bundle long "[\"$(printf '/nonexistent%.0s' {1..250})\"]"
	refuses_to_create "a missing path of 3000 characters" "$not_found"
	contract_bundle refused '["true"]' '.linux.namespaces += [{type: "nonsense"}]'
	refuses_to_create "a bad configuration" 'namespaces'
	contract_bundle exec-failures '["sleep", "1000"]'
	piped conmon create --bundle "$bundle" --pid-file "$bundle/first" "$id"
	podman_start "$id"
	refuses_to_create "create of one that exists" 'already exists'
	rm -f "$bundle/oci-log"
	process_file '.process.args = ["nonexistent"]'
	piped conmon exec --pid-file "$bundle/pidfile" --process "$bundle/process.json" --detach "$id"
	failed "exec of a missing command" "$not_found"
	rm -f "$bundle/oci-log"
	process_file '.process.args = ["/etc/passwd"]'
	piped conmon exec --pid-file "$bundle/pidfile" --process "$bundle/process.json" --detach "$id"
	failed "exec of a file that is not executable" "$not_permitted"
	ok "what exec could not start changes nothing" has_status_of_podman running
	podman_bare delete --force "$id"
}
has_status_of_podman() { [[ $(podman_bare state "$id" | jq -r .status) == "$1" ]]; }

# conmon accepts one connection, takes one descriptor, and uses the data as a name; then the terminal
# says "up"
cat >"$scratch/receive.py" <<-'END'
	import array, os, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	s.bind(sys.argv[1])
	s.listen(1)
	print("listens", flush=True)
	c, _ = s.accept()
	data, extra, _, _ = c.recvmsg(64, socket.CMSG_SPACE(4 * 8))
	fds = array.array("i")
	for level, kind, part in extra:
	    fds.frombytes(part[:len(part) - len(part) % 4])
	print("fds", len(fds), "tty", os.isatty(fds[0]), "data", len(data) > 0, "end", c.recv(1) == b"", flush=True)
	out = b""
	while b"up" not in out:
	    out += os.read(fds[0], 100)
	print("it says", out.decode().strip(), flush=True)
END
listen() {
	rm -f "$scratch/console" "$scratch/received"
	within 60 python3 "$scratch/receive.py" "$scratch/console" >"$scratch/received" 2>&1 &
	eventually grep -sqx listens "$scratch/received"
}
one_terminal='fds 1 tty True data True end True'

test_console_socket() {
	local up='test -t 0 && test -t 1 && test -t 2 && echo up'
	contract_bundle console "[\"sh\", \"-c\", \"$up; sleep 1000\"]" '.process.terminal = true'
	listen
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" --console-socket "$scratch/console" "$id"
	is "console: create" "$status $(cat "$bundle/err")" '0 '
	ok "console: one descriptor of a terminal, with a name, and the end" eventually grep -qx "$one_terminal" "$scratch/received"
	podman_start "$id"
	ok "console: the container's terminal" eventually grep -qx 'it says up' "$scratch/received"
	listen
	process_file ".process.args = [\"sh\", \"-c\", \"$up; sleep 1000\"]" '.terminal = true'
	piped conmon exec --pid-file "$bundle/pid-exec" --process "$bundle/process.json" --detach --console-socket "$scratch/console" "$id"
	is "console: exec" "$status $(cat "$bundle/err")" '0 '
	ok "console: exec: one descriptor of a terminal" eventually grep -qx "$one_terminal" "$scratch/received"
	ok "console: exec: the process's terminal" eventually grep -qx 'it says up' "$scratch/received"
	podman_bare delete --force "$id"
}

# what conmon passes on besides: --preserve-fds, no_pivot_root and keyring=false of containers.conf
test_options() {
	local script='for f in 3 4 5; do [ -e /proc/self/fd/$f ] && cat /proc/self/fd/$f; done; echo end; sleep 1000'
	echo three >"$scratch/3"
	echo four >"$scratch/4"
	contract_bundle options "[\"sh\", \"-c\", \"$script\"]"
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" --no-pivot --no-new-keyring --preserve-fds 2 "$id" \
		3<"$scratch/3" 4<"$scratch/4" 5<"$scratch/4"
	is "options: create" "$status $(cat "$bundle/err")" '0 '
	podman_start "$id"
	eventually said end
	is "options: the descriptors that are asked for, and no other" "$(cat "$bundle/out")" $'three\nfour\nend'
	process_file '.'
	piped conmon exec --pid-file "$bundle/pid-exec" --process "$bundle/process.json" --detach --preserve-fds 1 "$id" \
		3<"$scratch/4" 4<"$scratch/3"
	eventually said end
	is "options: those of exec" "$(cat "$bundle/out")" $'four\nend'
	podman_bare delete --force "$id"
	contract_bundle disabled '["sleep", "1000"]'
	manager=(--cgroup-manager disabled)
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	manager=()
	is "--cgroups=disabled: the container stays where it is called" "$(cat "/proc/$(cat "$bundle/pidfile")/cgroup")" "$(cat /proc/self/cgroup)"
	podman_bare delete --force "$id"
	not_ok "--cgroups=disabled: it is gone" test -e "$XDG_RUNTIME_DIR/$called/$id"
}

# cwd is the bundle; state is polled, and any other status is fatal
test_buildah() {
	local pid
	contract_bundle buildah '["sh", "-c", "echo built; sleep 1000"]' 'del(.linux.cgroupsPath)'
	buildah() { (cd "$bundle" && within 60 "$LICHEN" "$@"); }
	piped buildah create --bundle "$bundle" --pid-file "$bundle/pidfile" --no-new-keyring "$id"
	is "buildah: create" "$status" 0
	pid=$(cat "$bundle/pidfile")
	ok "buildah: the process is its child" is_callers_child "$pid"
	is "buildah: state: created" "$(buildah state "$id" | jq -r .status)" created
	ok "buildah: start" buildah start "$id"
	is "buildah: state: running" "$(buildah state "$id" | jq -r .status)" running
	ok "buildah: what RUN says" eventually said built
	ok "buildah: kill" buildah kill "$id" SIGKILL
	ok "buildah: state: stopped" eventually stopped_for_buildah
	run buildah delete "$id"
	is "buildah: delete" "$status" 0
	contract_bundle buildah-created '["true"]'
	piped buildah create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	ok "buildah: delete, without force, of one that was never started" buildah delete "$id"
}
stopped_for_buildah() { [[ $(buildah state "$id" | jq -r .status) == stopped ]]; }

test_containerd() {
	local pid
	contract_bundle shim '["sleep", "1000"]'
	piped shim create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	is "shim: create" "$status" 0
	pid=$(cat "$bundle/pidfile")
	run shim state "$id"
	is "shim: state" "$(jq -c '[.id, .pid, .status, .bundle, (.rootfs | type)]' <<<"$stdout")" \
		"[\"$id\",$pid,\"created\",\"$bundle\",\"string\"]"
	like "shim: when it was created, as Go parses it" "$(jq -r .created <<<"$stdout")" "$rfc3339"
	ok "shim: start" shim start "$id"
	is "shim: ps" "$(shim ps --format json "$id" | jq -c .)" "[$pid]"
	process_file '.process.args = ["sh", "-c", "exec sleep 2000"]'
	piped shim exec --process "$bundle/process.json" --detach --pid-file "$bundle/pid-exec" "$id"
	is "shim: exec" "$status" 0
	is "shim: ps, with what exec has started" "$(shim ps --format json "$id" | jq -c sort)" \
		"$(jq -nc --argjson a "$pid" --argjson b "$(cat "$bundle/pid-exec")" '[$a, $b] | sort')"
	is "shim: list" "$(shim list --format json | jq -c 'map([.id, .pid, .status])')" "[[\"$id\",$pid,\"running\"]]"
	not_ok "shim: delete of a running container" shim delete "$id"
	like "shim: its last record is the error" "$(jq -rs 'map(select(.level == "error")) | last | .msg' "$bundle/log.json")" 'not stopped|running'
	like "shim: the record's time, as Go parses it" "$(jq -rs 'last | .time' "$bundle/log.json")" "$rfc3339"
	ok "shim: kill --all" shim kill --all "$id" 9
	ok "shim: the process is gone" eventually is_gone "$pid"
	not_ok "shim: kill of one that is gone" shim kill "$id" 9
	like "shim: which it takes for an end" "$stderr" 'os: process already finished|container not running|no such process'
	is "shim: ps of one that is gone" "$(shim ps --format json "$id" | jq -c '. // []')" '[]'
	ok "shim: delete" shim delete "$id"
	ok "shim: delete --force of what has never been" shim delete --force never
	not_ok "shim: delete of what has never been" shim delete never
	like "shim: which it ignores" "$stderr" 'does not exist'
	is "shim: list of nothing" "$(shim list --format json | jq -c '. // []')" '[]'
}

test_crio() {
	contract_bundle crio '["sleep", "1000"]'
	piped shim create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	ok "cri-o: start" crio start "$id"
	process_file '.process.args = ["sh", "-c", "echo probe; exit 7"]'
	run crio exec --process "$bundle/process.json" "$id"
	is "cri-o: exec in the foreground" "$status|$stdout" '7|probe'
	is "cri-o: state" "$(crio state "$id" | jq -r .status)" running
	ok "cri-o: kill -a" crio kill -a "$id" 9
	ok "cri-o: it stops" eventually stopped_for_crio
	not_ok "cri-o: kill of one that is gone" crio kill "$id" 15
	like "cri-o: which it takes for an end, to the letter" "$stderr" 'no such process|container not running|invalid process'
	ok "cri-o: delete --force" crio delete --force "$id"
	not_ok "cri-o: state of what is gone" crio state "$id"
	run bash -c '"$@" 2>&1' - env -i CRI_O_EXTERNAL=1 XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" PATH="$PATH" "$LICHEN" --root "$shim_root" features
	is "cri-o: features, both streams together" "$(jq -c '[(.ociVersionMin | type), (.ociVersionMax | startswith("1."))]' <<<"$stdout")" '["string",true]'
	is "containerd: features: recursive read-only, user namespaces, mapped mounts" \
		"$(jq -c '[(.mountOptions | index("rro") != null), (.linux.namespaces | index("user") != null), .linux.mountExtensions.idmap.enabled]' <<<"$stdout")" \
		'[true,true,true]'
}
stopped_for_crio() { [[ $(crio state "$id" | jq -r .status) == stopped ]]; }

# every command says of an unknown name what containerd and Podman look for
test_unknown() {
	local command
	echo '{"pids": {"limit": 10}}' >"$scratch/resources"
	echo '{"args": ["true"], "cwd": "/", "user": {"uid": 0, "gid": 0}}' >"$scratch/process"
	for command in state start 'kill ID 9' pause resume ps delete "update --resources=$scratch/resources ID" \
		"exec --process $scratch/process ID" 'ps --format json ID'; do
		[[ $command == *ID* ]] || command+=' ID'
		# shellcheck disable=SC2086
		not_ok "unknown: ${command%% *}" podman_bare ${command/ID/nobody}
		like "unknown: ${command%% *}: the text" "$stderr" 'does not exist'
	done
}

# ---- with cgroups: a scope of systemd, with what the environment has ----

group() { echo "$tree$("$@" state "$id" | jq -r '.cgroup // "/none"')"; }
scoped_bundle() {
	contract_bundle "$1" "$2" '.linux.resources = {pids: {limit: 20}}' "${@:3}"
	change "$bundle" ".linux.cgroupsPath = \"user.slice:contract:$id\""
}
both_are_gone() { is_gone "$1" && is_gone "$2"; }

test_podman_limits() {
	local -x XDG_RUNTIME_DIR=$user_runtime
	local at pid
	scoped_bundle scope '["sleep", "1000"]'
	manager=(--systemd-cgroup)
	piped conmon create --bundle "$bundle" --pid-file "$bundle/first" "$id"
	manager=()
	is "scope: create" "$status $(cat "$bundle/err")" '0 '
	podman_start "$id"
	at=$(group podman_bare)
	like "scope: its name" "$at" "/user\\.slice/contract-$id\\.scope"
	is "scope: the limit" "$(cat "$at/pids.max")" 20
	ok "podman: pause" podman_bare pause "$id"
	ok "podman: it is paused" has_status_of_podman paused
	process_file '.process.args = ["sleep", "2000"]'
	piped conmon exec --pid-file "$bundle/pidfile" --process "$bundle/process.json" --detach "$id"
	failed "exec while it is paused" paused
	ok "podman: resume" podman_bare resume "$id"
	ok "podman: it runs" has_status_of_podman running
	rm -f "$bundle/oci-log"
	piped conmon exec --pid-file "$bundle/pid-exec" --process "$bundle/process.json" --detach "$id"
	pid=$(cat "$bundle/pid-exec")
	like "podman: exec, without --systemd-cgroup, joins the scope" "$tree$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "^$at(/|\$)"
	echo '{"pids": {"limit": 33}}' >"$scratch/resources"
	ok "podman: update" podman_start_like update "--resources=$scratch/resources" "$id"
	is "podman: update: the limit" "$(cat "$at/pids.max")" 33
	ok "podman: delete --force" podman_bare delete --force "$id"
	ok "podman: its processes are gone" eventually both_are_gone "$pid" "$(cat "$bundle/first")"
	not_ok "podman: its cgroup is gone" test -e "$at"
	not_ok "podman: its state is gone" test -e "$XDG_RUNTIME_DIR/$called/$id"
}
podman_start_like() { within 60 env -i PATH="$PATH" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$LICHEN" "$@"; }

# --pid=host: there is no namespace whose end ends them all
test_podman_kill_all() {
	local -x XDG_RUNTIME_DIR=$user_runtime
	scoped_bundle pid-host '["sh", "-c", "sleep 1000 & echo child $!; wait"]' '.linux.namespaces |= map(select(.type != "pid"))' \
		'.mounts |= map(if .destination == "/proc" then {destination: "/proc", type: "bind", source: "/proc", options: ["rbind"]} else . end)'
	manager=(--systemd-cgroup)
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	manager=()
	is "pid=host: create" "$status $(cat "$bundle/err")" '0 '
	podman_start "$id"
	eventually grep -q child "$bundle/out"
	ok "pid=host: kill --all" podman_bare kill --all "$id" 9
	ok "pid=host: it takes all" eventually both_are_gone "$(cat "$bundle/pidfile")" "$(sed -n 's/^child //p' "$bundle/out")"
	podman_bare delete --force "$id"
}

test_shim_limits() {
	local -x XDG_RUNTIME_DIR=$user_runtime
	local at
	scoped_bundle shim-scope '["sleep", "1000"]'
	piped shim --systemd-cgroup create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	is "shim: create in a scope" "$status" 0
	ok "shim: start" shim start "$id"
	at=$(group shim)
	ok "shim: update --resources=-" update_by 41 shim --resources=- "$id"
	is "shim: update: the limit" "$(cat "$at/pids.max")" 41
	ok "cri-o: update --resources -" update_by 42 crio --resources - "$id"
	is "cri-o: update: the limit" "$(cat "$at/pids.max")" 42
	ok "cri-o: update --systemd-cgroup" update_by 43 crio_scope --resources - "$id"
	is "cri-o: update: the limit again" "$(cat "$at/pids.max")" 43
	is "go-runc: events --stats" "$(shim events --stats "$id" | jq -c '[.type, .id, .data.pids.current, .data.pids.limit]')" "[\"stats\",\"$id\",1,43]"
	ok "shim: pause" shim pause "$id"
	is "shim: state: paused" "$(shim state "$id" | jq -r .status)" paused
	ok "shim: resume" shim resume "$id"
	ok "shim: delete --force" shim delete --force "$id"
	not_ok "shim: its cgroup is gone" test -e "$at"
}
update_by() { "$2" update "${@:3}" <<<"{\"pids\": {\"limit\": $1}}"; }
crio_scope() { crio --systemd-cgroup "$@"; }

# Podman asks whether there are checkpoints by whether there is help for them, and whether for pods by
# what is said of an option without its argument
test_checkpoint() {
	local all=(--image-path "$scratch/image" --work-path "$scratch/work")
	not_ok "checkpoint --help fails" podman_bare checkpoint --help
	run podman_bare restore --lsm-mount-context
	unlike "restore is not offered for pods" "$stdout$stderr" '(flag needs|requires) an argument'
	contract_bundle checkpoint '["sleep", "1000"]'
	piped conmon create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
	podman_start "$id"
	not_ok "checkpoint is refused" podman_bare checkpoint "${all[@]}" --leave-running --tcp-established --file-locks \
		--pre-dump --parent-path ../pre-checkpoint "$id"
	like "checkpoint: in words" "$stderr" 'checkpoint: not supported: '
	ok "checkpoint: the container goes on" has_status_of_podman running
	podman_bare delete --force "$id"
	contract_bundle restore '["true"]'
	piped conmon restore --bundle "$bundle" --pid-file "$bundle/pidfile" --detach "${all[@]}" "$id"
	failed "restore" 'restore: not supported: '
	not_ok "restore by containerd" shim restore --image-path "$scratch/image" --bundle "$bundle" --detach --pid-file "$bundle/p" -no-subreaper "$id"
	like "restore by containerd: in words" "$stderr" 'restore: not supported: '
}

# front-ends that know only these names; go-runc wants the first, Docker one line alone with "version"
test_names() {
	local link bare
	for link in "$called" runc crun; do
		mkdir -p "$scratch/bin"
		ln -sf "$LICHEN" "$scratch/bin/$link"
		bare=(env -i XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$scratch/bin/$link")
		run "${bare[@]}" --version
		like "called $link: --version" "$(head -n 1 <<<"$stdout")" "^$link version [0-9]+\\.[0-9]+"
		is "called $link: --version: one line with the word" "$(grep -c version <<<"$stdout")" 1
		like "called $link: --version: the specification" "$stdout" $'\nspec: 1\\.'
		contract_bundle "named-$link" '["sleep", "1000"]'
		run env XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$scratch/bin/$link" create --bundle "$bundle" --pid-file "$bundle/pidfile" "$id"
		is "called $link: create" "$status $stderr" '0 '
		ok "called $link: its own state directory" test -d "$XDG_RUNTIME_DIR/$link/$id"
		ok "called $link: start" "${bare[@]}" start "$id"
		is "called $link: list" "$("${bare[@]}" list --quiet)" "$id"
		ok "called $link: delete" "${bare[@]}" delete --force "$id"
		run "${bare[@]}" state
		like "called $link: hints are for that name" "$stderr" "hint: .*'$link state --help'"
		like "called $link: lichen says who it is" "$stderr" '^lichen: '
		run "${bare[@]}" --help
		like "called $link: --help" "$stdout" "$link .*COMMAND"
	done
}

run_tests podman podman_failures console_socket options buildah containerd crio unknown checkpoint names
if must_run cgroup-pids; then run_tests podman_limits podman_kill_all shim_limits; fi
done_testing

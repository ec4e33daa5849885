#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exec: in every status of the container, in the foreground and detached, with signals, with terminals,
# and who is whose parent.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

waiter='["sh", "-c", "trap \"exit 3\" TERM; echo ready; while :; do sleep 0.05; done"]'
# refused NAME TEXT CMD...   status 255, nothing on stdout, a text that has TEXT
refused() {
	local name=$1 text=$2
	shift 2
	run "$@"
	if ((status == 255)) && [[ -z $stdout && $stderr == *"$text"* ]]; then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted status 255 and: $text" "$(tap_said "$@" | sed 's/^# //')"
}
create() {
	new_id
	out=$scratch/out.$id
	rt create --bundle "$bundle" "$id" >"$out" 2>&1 </dev/null
}
started() { create && rt start "$id" && eventually says_ready; }
parent_of() { awk '{sub(/.*\) /, ""); print $2}' "/proc/$1/stat"; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"; }

put_bundle base ".process.args = $waiter"
before=$(census)

test_status() {
	refused "absent" "container 'nobody' does not exist" rt exec nobody true
	refused "an ID that is none" 'invalid container ID' rt exec ../x true
	gate creating
	put_bundle creating ".process.args = $waiter" ".hooks.createRuntime = [{path: \"$hook\"}]"
	new_id
	begin rt create --bundle "$bundle" "$id"
	ok "creating: the hook is reached" eventually gated
	refused "creating" "cannot exec in a container that is being created: '$id'" rt exec "$id" true
	touch "$gate/go"
	wait "$begun"
	run rt exec "$id" sh -c 'echo $$ is not 1; echo in >/made; exit 5'
	like "created: it runs, and its exit status" "$status $stdout" '^5 [0-9]+ is not 1$'
	is "created: it still is" "$(status_of "$id")" created
	ok "created: it can be started after that" rt start "$id"
	ok "… and runs" eventually says_ready
	run rt exec "$id" cat /made
	is "running: what another one has made is there" "$status $stdout$stderr" '0 in'
	rm -f "$scratch/base/rootfs/made"
	rt kill "$id" && eventually has_status "$id" stopped
	refused "stopped" "cannot exec in a stopped container: '$id': container not running" rt exec "$id" true
	rt delete "$id"
	refused "deleted" 'does not exist' rt exec "$id" true
}

test_foreground() {
	local code
	put_bundle plain ".process.args = $waiter"
	ok "a container" started
	for code in 0 1 7 126 127 200 255; do
		exits "$code" "exit status $code" rt exec "$id" sh -c "exit $code"
	done
	exits 137 "128 + 9" rt exec "$id" sh -c 'kill -9 $$'
	exits 143 "128 + 15" rt exec "$id" sh -c 'kill $$'
	run rt exec "$id" sh -c 'echo out; echo err >&2'
	is "output and errors apart" "$stdout,$stderr" out,err
	is "1 MiB through it" "$(head -c 1048576 /dev/zero | rt exec "$id" sh -c 'cat' | wc -c)" 1048576
	is "the end of standard input is passed on" "$(printf 'a\nb\n' | rt exec "$id" wc -l | tr -d ' ')" 2
	begin "$LICHEN" --root "$(state_dir)" exec "$id" sh -c 'for s in HUP INT QUIT USR1 USR2 WINCH TSTP CONT; do trap "echo got $s" $s; done; trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'
	ok "signals: it runs" eventually says_ready
	for code in INT HUP QUIT USR1 USR2 WINCH TSTP CONT; do
		kill -"$code" "$begun"
		ok "signals: $code is passed on" eventually grep -sqx "got $code" "$out"
	done
	kill -TERM "$begun"
	wait "$begun"
	is "signals: TERM ends it as it likes" $? 9
	# the container's end is that of all in it
	begin rt exec "$id" sh -c 'echo ready; while :; do sleep 0.05; done'
	ok "a second one runs" eventually says_ready
	rt kill "$id" KILL
	wait "$begun"
	is "the container ends: 128 + 9" $? 137
	ok "… stopped" eventually has_status "$id" stopped
	rt delete "$id"
}

test_detached() {
	local pid reaper waiting
	reaper=$(tool reaper)
	put_bundle detached ".process.args = $waiter"
	started
	exits 0 "--detach" rt exec --detach --pid-file "$scratch/pid" "$id" sleep 1000
	pid=$(cat "$scratch/pid")
	like "the PID file: digits alone" "$(od -c -An "$scratch/pid" | tr -d ' ')" '^[0-9]+$'
	is "its process" "$(cat "/proc/$pid/comm")" sleep
	is "in the container's namespaces" "$(stat -Lc %i "/proc/$pid/ns/pid" "/proc/$pid/ns/mnt")" "$(stat -Lc %i "/proc/$(rt state "$id" | jq .pid)/ns/"{pid,mnt})"
	is "its parent is the subreaper: nothing of lichen stays between" "$(parent_of "$pid")" $$
	is "its session is its own" "$(awk '{sub(/.*\) /, ""); print $4}' "/proc/$pid/stat")" "$pid"
	is "ps has it" "$(rt ps --format json "$id" | jq "index($pid) != null")" true
	rt kill --all "$id" KILL
	ok "kill --all reaches it" eventually gone "$pid"
	rt delete --force "$id"
	started
	rt exec --detach --pid-file "$scratch/pid" "$id" sleep 1000
	pid=$(cat "$scratch/pid")
	rt delete --force "$id"
	ok "delete --force takes it away" eventually gone "$pid"
	rm -f "$scratch/pid"
	started
	"$reaper" --wait "$scratch/pid" "$LICHEN" --root "$(state_dir)" exec --detach --pid-file "$scratch/pid" "$id" sh -c 'sleep 0.2; exit 6' >"$scratch/waited" 2>&1 </dev/null &
	waiting=$!
	wait "$waiting"
	is "its caller can wait for it, as conmon does" "$(tr '\n' ';' <"$scratch/waited")" 'child: 0;waiting;first process: 6;'
	rm -f "$scratch/pid"
	run rt exec --detach --pid-file "$scratch/pid" "$id" nosuch
	like "a program that is not there: --detach says so, too" "$status $stderr" '^255 .*executable file not found in .PATH'
	ok "… and leaves no PID file" test ! -e "$scratch/pid"
	printf 'text' >"$scratch/base/rootfs/no-format"
	chmod 755 "$scratch/base/rootfs/no-format"
	run rt exec --detach --pid-file "$scratch/pid" "$id" /no-format
	like "one that execve refuses" "$status $stderr" '^255 .*Exec format error'
	ok "… and leaves no PID file" test ! -e "$scratch/pid"
	rm "$scratch/base/rootfs/no-format"
	run rt exec --detach --pid-file "$scratch/nowhere/pid" "$id" sleep 1000
	like "a PID file that can't be written" "$status $stderr" "^255 .*write the PID file '.*/nowhere/pid': No such file"
	is "… and nothing runs" "$(rt ps "$id" -o pid,args | grep -c 'sleep 1000')" 0
	run rt exec --tty --detach "$id" true
	like "--tty --detach without a console socket" "$status $stderr" '^255 .*there is no terminal to give.*--console-socket'
	run rt exec --detach --console-socket "$scratch/none" "$id" true
	like "--console-socket without --tty" "$status $stderr" '^255 lichen: --console-socket: the process has no terminal'
	run rt exec --tty --detach --console-socket "$scratch/none" --pid-file "$scratch/pid" "$id" sleep 1000
	like "a console socket that nobody listens on" "$status $stderr" "^255 .*connect to the console socket '$scratch/none': No such file"
	ok "… and no PID file" test ! -e "$scratch/pid"
	rt delete --force "$id"
}

# Many at once, and the container's end amidst them.
test_many() {
	local i pids=() bad=''
	put_bundle many ".process.args = $waiter"
	started
	for ((i = 0; i < 20; i++)); do
		rt exec "$id" sh -c "exit $((i + 10))" >"$scratch/many.$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for ((i = 0; i < 20; i++)); do
		wait "${pids[i]}"
		(($? == i + 10)) || bad+="$i: $(cat "$scratch/many.$i");"
	done
	is "twenty at once: each has its own status" "$bad" ''
	pids=()
	for ((i = 0; i < 20; i++)); do
		rt exec "$id" sh -c "while :; do sleep 0.05; done" >"$scratch/many.$i" 2>&1 </dev/null &
		pids+=($!)
		((i != 10)) || rt delete --force "$id"
	done
	for ((i = 0; i < 20; i++)); do
		wait "${pids[i]}"
		(($? == 137)) || grep -qE 'container not running|does not exist|being created|its first process has ended|process died while|No such process' "$scratch/many.$i" || bad+="$i: $(cat "$scratch/many.$i");"
	done
	is "the container goes meanwhile: each is killed or says why not" "$bad" ''
}

cgroup_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
# A running container with a cgroup of its own, or why not. By systemd, where the user has one: from
# a session's scope, it is systemd that has to move a process there.
in_cgroup() {
	local place=/run/user/$EUID
	L=("$LICHEN" --root "$(state_dir)")
	if [[ $mode == user && -S $place/systemd/private ]]; then
		L=(env XDG_RUNTIME_DIR="$place" "$LICHEN" --root "$(state_dir)" --systemd-cgroup)
	fi
	new_id
	out=$scratch/out.$id
	"${L[@]}" create --bundle "$bundle" "$id" >"$out" 2>&1 </dev/null
	"${L[@]}" start "$id" && eventually says_ready
	pid=$(rt state "$id" | jq .pid)
	cgroup=$(cgroup_of "$pid")
	[[ $cgroup && $cgroup != "$(cgroup_of self)" ]] && return
	elsewhere "the container has no cgroup of its own here: none is delegated to $(id -un), and no systemd makes one"
	"${L[@]}" delete --force "$id"
	return 1
}

test_cgroup() {
	local hierarchy=/sys/fs/cgroup one controller
	put_bundle cgroup ".process.args = $waiter"
	in_cgroup || return
	[[ ! -d $hierarchy/unified ]] || hierarchy+=/unified
	ok "exec in a container that has a cgroup" "${L[@]}" exec --detach --pid-file "$scratch/pid" "$id" sleep 1000
	one=$(cat "$scratch/pid")
	is "the process is in the cgroup of the first one" "$(cgroup_of "$one")" "$cgroup"
	rt kill --all "$id" 0
	is "… and among the container's" "$(rt ps --format json "$id" | jq "index($one) != null")" true
	mkdir "$hierarchy$cgroup/sub"
	ok "--cgroup" "${L[@]}" exec --detach --pid-file "$scratch/pid" --cgroup /sub "$id" sleep 1000
	is "the process is in that one" "$(cgroup_of "$(cat "$scratch/pid")")" "$cgroup/sub"
	run "${L[@]}" exec --cgroup /nowhere "$id" true
	like "--cgroup: one that there is not" "$status $stderr" "^255 .*cgroup '/nowhere': No such file or directory"
	run "${L[@]}" exec --cgroup /sub/../../x "$id" true
	like "--cgroup does not lead out" "$status $stderr" "^255 lichen: --cgroup '/sub/../../x': leads out of the container's cgroup"
	rt kill --all "$id" KILL
	eventually has_status "$id" stopped
	"${L[@]}" delete --force "$id"
	rm -f "$scratch/pid"
	# as systemd does it inside: the processes in a child, so that controllers can be given
	in_cgroup || return
	for controller in memory hugetlb io misc ''; do
		! grep -qw "${controller:-.}" "$hierarchy$cgroup/cgroup.controllers" || break
	done
	mkdir "$hierarchy$cgroup/init"
	# its children come and go
	make_room() {
		for one in $(cat "$hierarchy$cgroup/cgroup.procs"); do echo "$one" >"$hierarchy$cgroup/init/cgroup.procs"; done
		echo "+$controller" >"$hierarchy$cgroup/cgroup.subtree_control"
	} 2>/dev/null
	if [[ $controller ]] && eventually make_room; then
		ok "where the cgroup may hold no process any more" "${L[@]}" exec --detach --pid-file "$scratch/pid" "$id" sleep 1000
		is "… the process is where the first one went" "$(cgroup_of "$(cat "$scratch/pid")")" "$cgroup/init"
	else
		elsewhere "the cgroup has no controller to give to its children: $(cat "$hierarchy$cgroup/cgroup.controllers")"
	fi
	"${L[@]}" delete --force "$id"
	rm -f "$scratch/pid"
}

test_paused() {
	put_bundle paused ".process.args = $waiter"
	in_cgroup || return
	ok "pause" "${L[@]}" pause "$id"
	refused "paused" "cannot exec in a paused container: '$id'" "${L[@]}" exec "$id" true
	like "… what to do" "$stderr" 'hint: lichen resume .*--ignore-paused'
	begin "${L[@]}" exec --ignore-paused "$id" sh -c 'echo ready; exit 4'
	sleep 0.5
	ok "--ignore-paused: it waits" kill -0 "$begun"
	is "… and has not begun" "$(cat "$out")" ''
	ok "resume" "${L[@]}" resume "$id"
	wait "$begun"
	is "… then it runs" "$? $(cat "$out")" '4 ready'
	"${L[@]}" delete --force "$id"
}

# play SCENARIO [SCRIPT]   a shell by exec, with a terminal; sets $said
play() {
	local scenario=$1
	shift
	said=$(within 100 "$python" "$life_tools/terminal.py" "$scenario" "$LICHEN" "$(state_dir)" "$bundle" "$id" "$@" 2>&1) || said+=" (status $?)"
	scene="exec: $scenario"
}
found() {
	local value
	value=$(awk -v name="$1: " 'index($0, name) == 1 {print substr($0, length(name) + 1)}' <<<"$said")
	if [[ $value == "$2" ]]; then tap_pass "$scene: $1: $2"; return; fi
	tap_fail "$scene: $1" "got:    $value" "wanted: $2" "all it said: $said"
}

test_terminal() {
	local sum
	if ! need python3; then return; fi
	# the system's: what a version manager puts in its place may not be ours to execute
	python=python3
	[[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3
	head -c 1048576 /dev/urandom >"$scratch/base/rootfs/data"
	sum=$(sha256sum <"$scratch/base/rootfs/data")
	# the size is one of the container's own terminal, not of those that exec makes
	put_bundle terminal ".process.args = $waiter" '.process.env += ["PS1=# "]' '.process.consoleSize = {height: 25, width: 90}'
	started
	play job_control sh -i
	found "raw meanwhile" yes
	found tty /dev/pts/0
	found "the job is there" yes
	found "after ^C" 130
	found "after ^Z" Stopped
	found "exit" 7
	found "settings restored" yes
	found "blocking again" yes
	play window_size sh -c 'trap "echo size \$(stty size)" WINCH; echo ready; echo size $(stty size); read x; while ! [ $(stty size | cut -d" " -f1) = 44 ]; do read x; done; exit 3'
	found "at first" '33 101'
	found "after a change" '44 123'
	play bulk_out sh -c 'stty raw -echo; printf BEGIN; cat /data; exit 5'
	found bytes 1048576
	found sum "${sum%% *}"
	found exit 5
	play bulk_in sh -c 'stty raw -echo; printf BEGIN; head -c 1048576 | sha256sum; exit 6'
	found received "$(sed -n 's/^sent: //p' <<<"$said")"
	found exit 6
	play report sh -c 'echo "tty: $(tty)"; exec 3</dev/tty && echo "/dev/tty: opens"; n=; for f in 0 1 2; do [ -t $f ] && n=$n$f; done; echo "are ttys: $n"
		set -- $(cat /proc/self/stat); shift 5; echo "session is ours: $([ "$1" = $$ ] && echo yes)"; echo "tty_nr is set: $([ "$2" != 0 ] && echo yes)"
		echo "console: $(ls /dev/console 2>&1)"
		echo "descriptors: $(ls /proc/self/fd | tr "\n" " ")"; exit 2'
	found tty /dev/pts/0
	found "/dev/tty" opens
	found "are ttys" 012
	found "session is ours" yes
	found "tty_nr is set" yes
	like "exec: report: the container has got no console by that" "$said" 'console: ls: /dev/console: No such file'
	found exit 2
	play console_socket sh -c 'echo ready; read x; echo got $x'
	found exec 0
	found descriptors 1
	found payload /dev/ptmx
	found "then the end" yes
	found "one connection" yes
	found "the socket file stays the caller's" yes
	found "a master" yes
	found echo hello
	found answer hello
	found end yes
	printf '%s' '{"terminal": true, "consoleSize": {"height": 25, "width": 90}, "cwd": "/", "env": ["PATH=/bin"], "args": ["sh", "-c", "stty size; tty"]}' >"$scratch/process.json"
	# the socket's side goes away at once, so the size that it says is all that is asked
	said=$(within 60 "$python" - "$scratch/size.sock" "$LICHEN" --root "$(state_dir)" exec --detach --process "$scratch/process.json" --console-socket "$scratch/size.sock" "$id" <<'END'
import array, os, socket, subprocess, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
runtime = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
connection, _ = server.accept()
_, ancillary, _, _ = connection.recvmsg(4096, 64)
fd = array.array("i", ancillary[0][2])[0]
text = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    text += data
print(runtime.wait(), text.decode().split())
END
	)
	is "--process: terminal and consoleSize, by the console socket" "$said" "0 ['25', '90', '/dev/pts/0']"
	play idle sh -c 'echo ready; exec sleep 1000'
	found "idle ticks" few
	found exit 137
	found "settings restored" yes
	rt delete --force "$id"
	started
	play hang_up sh -c 'trap "" HUP; echo ready; exec sleep 1000'
	found "ticks" few
	found "still there" yes
	found exit 137
	rt delete --force "$id"
	rm -f "$scratch/base/rootfs/data"
}

run_tests status foreground detached many cgroup paused terminal
done_testing

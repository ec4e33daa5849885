#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lifecycle: every operation in every status, what each prints, and with which exit status.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

# A program that says that it runs, and ends with 3 on TERM and at once.
waiter='["sh", "-c", "trap \"exit 3\" TERM; echo ready; while :; do sleep 0.05; done"]'
# No PID namespace, and a /proc that fits.
share_pids='.linux.namespaces |= map(select(.type != "pid")) |
	.mounts |= map(if .type == "proc" then {destination: "/proc", type: "bind", source: "/proc", options: ["rbind", "ro"]} else . end)'
json() { jq -r "$1" <<<"$stdout"; }
# new CONTAINER of $bundle, created; its output in $out
create() {
	new_id
	out=$scratch/out.$id
	rt create --bundle "$bundle" "$@" "$id" >"$out" 2>&1 </dev/null
}
started() { create && rt start "$id" && eventually says_ready; }
# refused NAME TEXT CMD...   an error: status 1, nothing on stdout, a text that has TEXT
refused() {
	local name=$1 text=$2
	shift 2
	run "$@"
	if ((status == 1)) && [[ -z $stdout && $stderr == *"$text"* ]]; then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted status 1 and: $text" "$(tap_said "$@" | sed 's/^# //')"
}
# All that may not change by an operation that is refused: the state, its files, the process.
snapshot() {
	rt state "$1" 2>&1
	(cd "$(state_dir)" 2>/dev/null && find . -type f -path "./$1/*" -exec sha256sum {} + | LC_ALL=C sort -k 2)
	sed -E 's/^[0-9]+ \(.*\) . ([0-9]+ [0-9]+ [0-9]+).*/\1/' "/proc/$(rt state "$1" 2>/dev/null | jq .pid)/stat" 2>/dev/null
}

put_bundle base ".process.args = $waiter"
before=$(census)

test_absent() {
	local op
	for op in start state kill ps delete 'kill --all' 'ps --format json'; do
		# shellcheck disable=SC2086
		refused "absent: $op" "container 'nobody' does not exist" rt $op nobody
	done
	exits 0 "absent: delete --force is no error" rt delete --force nobody
	is "absent: delete --force says nothing" "$stdout$stderr" ''
	# a root that nobody has made yet
	refused "no root yet: state" 'does not exist' within 10 "$LICHEN" --root "$scratch/none" state nobody
	exits 0 "no root yet: list" within 10 "$LICHEN" --root "$scratch/none" list -q
	ok "looking makes no directory" test ! -e "$scratch/none"
}

test_creating() {
	gate creating
	put_bundle creating ".process.args = $waiter" ".hooks.createRuntime = [{path: \"$hook\"}]" \
		'.annotations = {"org.example.a": "x/y", "b": "ü\n"}'
	new_id
	begin rt create --bundle "$bundle" --pid-file "$scratch/pid" "$id"
	ok "creating: the hook is reached" eventually gated
	run rt state "$id"
	is "creating: status" "$(json .status)" creating
	is "creating: the hook is told so" "$(jq -r .status "$gate/state")" creating
	is "creating: the hook is told the PID" "$(jq .pid "$gate/state")" "$(json .pid)"
	is "creating: the bundle" "$(jq -r .bundle "$gate/state")" "$bundle"
	is "creating: annotations, byte for byte" "$(jq -c .annotations "$gate/state")" '{"org.example.a":"x/y","b":"ü\n"}'
	is "creating: the state's own annotations" "$(json .annotations -c | jq -c .)" '{"org.example.a":"x/y","b":"ü\n"}'
	is "creating: the state on one line" "$(wc -l <"$gate/state")" 0
	ok "creating: no PID file yet" test ! -e "$scratch/pid"
	local was
	was=$(snapshot "$id")
	refused "creating: create" "container '$id' already exists" rt create --bundle "$bundle" "$id"
	refused "creating: start" 'cannot start a container that is being created' rt start "$id"
	refused "creating: kill" 'container not running' rt kill "$id"
	refused "creating: kill --all" 'container not running' rt kill --all "$id"
	refused "creating: delete" "cannot delete container '$id' that is not stopped: creating" rt delete "$id"
	is "creating: nothing of this changed it" "$(snapshot "$id")" "$was"
	is "creating: in the list" "$(rt list --format json | jq -r '.[] | select(.id == "'"$id"'").status')" creating
	touch "$gate/go"
	wait "$begun"
	is "creating: create goes on to its end" "$? $(cat "$out")" '0 '
	is "then created" "$(status_of "$id")" created
	is "the PID file is the state's PID" "$(cat "$scratch/pid")" "$(rt state "$id" | jq -r .pid)"
	ok "delete" rt delete "$id"
	rm -f "$scratch/pid"
}

test_created() {
	put_bundle created ".process.args = $waiter" '.annotations = {"k": "v"}'
	create
	is "created: create says nothing" "$(cat "$out")" ''
	run rt state "$id"
	is "created: status" "$(json .status)" created
	local was pid text=$stdout
	pid=$(json .pid)
	# a cgroup is made where there is somebody to ask for one
	is "state: exactly these members" "$(json 'keys_unsorted - ["cgroup"] | join(" ")')" \
		'ociVersion id pid status bundle rootfs created annotations owner'
	like "state: the process is in that cgroup" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "^$(json '.cgroup // ""')"
	like "state: ociVersion" "$(json .ociVersion)" '^1\.[0-9]+\.[0-9]+$'
	is "state: id" "$(json .id)" "$id"
	is "state: bundle" "$(json .bundle)" "$bundle"
	is "state: rootfs" "$(json .rootfs)" "$scratch/base/rootfs"
	is "state: annotations" "$(json '.annotations | tojson')" '{"k":"v"}'
	is "state: owner" "$(json .owner)" "$(id -un)"
	like "state: created is RFC 3339" "$(json .created)" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z$'
	is "state: created is now" "$(jq -r '.created | sub("\\.[0-9]+Z"; "Z") | fromdate | (now - .) | . >= 0 and . < 60' <<<"$text")" true
	ok "state: pid is a process" test -d "/proc/$pid"
	is "state: slashes are not escaped" "$(grep -c '\\/' <<<"$text")" 0
	is "created: the program has not begun" "$(cat "$out")" ''
	was=$(snapshot "$id")
	refused "created: create" "container '$id' already exists" rt create --bundle "$bundle" "$id"
	refused "created: run" "container '$id' already exists" rt run --bundle "$bundle" "$id"
	is "created: nothing of this changed it" "$(snapshot "$id")" "$was"
	is "created: ps has its process" "$(rt ps --format json "$id")" "[$pid]"
	exits 0 "created: delete is no error (for Buildah, after a start that failed)" rt delete "$id"
	is "created: it is gone" "$(status_of "$id")" none
	not_ok "created: its process is gone" kill -0 "$pid"
	create
	exits 0 "created: kill is allowed" rt kill "$id" KILL
	ok "created, killed: stopped" eventually has_status "$id" stopped
	refused "created, killed: start" 'cannot start a container that has stopped' rt start "$id"
	exits 0 "created, killed: delete" rt delete "$id"
	create
	exits 0 "created: delete --force" rt delete --force "$id"
	# edits after create have no effect
	put_bundle edited '.process.args = ["echo", "before"]' '.hostname = "before"'
	create
	change "$bundle" '.process.args = ["echo", "after"]'
	rt start "$id"
	ok "config.json edited after create has no effect" eventually grep -sqx before "$out"
	eventually has_status "$id" stopped
	echo '{' >"$bundle/config.json"
	ok "nor has one that became invalid" rt delete "$id"
}

test_running() {
	put_bundle running ".process.args = $waiter"
	ok "start" started
	run rt state "$id"
	is "running: status" "$(json .status)" running
	local pid was mend
	pid=$(json .pid)
	was=$(snapshot "$id")
	refused "running: create" "container '$id' already exists" rt create --bundle "$bundle" "$id"
	refused "running: start" 'cannot start an already running container' rt start "$id"
	refused "running: delete" "cannot delete container '$id' that is not stopped: running" rt delete "$id"
	like "running: delete says how" "$stderr" 'hint: .*delete --force'
	is "running: nothing of this changed it" "$(snapshot "$id")" "$was"
	is "running: ps json" "$(rt ps --format json "$id" | jq -c 'index('"$pid"') != null')" true
	like "running: ps table" "$(rt ps "$id" | head -n 1)" '^UID +PID +PPID '
	is "running: ps with arguments for ps" "$(rt ps "$id" -o pid=PID,comm= | awk -v p="$pid" '$1 == p {print $2}')" sh
	exits 0 "running: kill" rt kill "$id"
	is "kill says nothing" "$stdout$stderr" ''
	ok "stopped" eventually has_status "$id" stopped
	run rt state "$id"
	is "stopped: pid 0" "$(json .pid)" 0
	was=$(snapshot "$id")
	refused "stopped: create" "container '$id' already exists" rt create --bundle "$bundle" "$id"
	refused "stopped: start" 'cannot start a container that has stopped' rt start "$id"
	mend=$(sed -nE "s/^hint: lichen (delete .*$id), .*/\1/p" <<<"$stderr")
	refused "stopped: kill" 'container not running' rt kill "$id"
	like "stopped: kill, for CRI-O" "$stderr" 'no such process'
	exits 0 "stopped: kill --all" rt kill --all "$id" KILL
	is "stopped: ps json" "$(rt ps --format json "$id")" '[]'
	is "stopped: nothing of this changed it" "$(snapshot "$id")" "$was"
	exits 0 "stopped: delete" rt delete "$id"
	refused "deleted: delete again" "container '$id' does not exist" rt delete "$id"
	# run has deleted it when it prints what start says
	# shellcheck disable=SC2086
	exits 0 "deleted: the line that start has named" rt ${mend:-none}
	ok "the same ID again" rt create --bundle "$bundle" "$id"
	ok "and away" rt delete --force "$id"
	started
	exits 0 "running: delete --force" rt delete --force "$id"
	is "running: gone" "$(status_of "$id")" none
}

test_kill() {
	local sig number
	# every signal by name and number: a program that ends with the number that it got
	put_bundle kill '.process.args = ["sh", "-c", "for s in 1 2 3 10 12 14 15 24 34 64; do trap \"exit $s\" $s; done; echo ready; while :; do sleep 0.05; done"]'
	for sig in HUP SIGINT int 3 USR1 SIGUSR2 alrm TERM RTMIN RTMAX SIGRTMAX; do
		case $sig in
			HUP) number=1 ;; SIGINT | int) number=2 ;; USR1) number=10 ;; SIGUSR2) number=12 ;;
			alrm) number=14 ;; TERM) number=15 ;; RTMIN) number=34 ;; RTMAX | SIGRTMAX) number=64 ;;
			*) number=$sig ;;
		esac
		new_id
		begin rt run --bundle "$bundle" "$id"
		eventually says_ready
		rt kill "$id" "$sig" 2>"$scratch/err"
		wait "$begun"
		is "kill $sig" "$? $(cat "$scratch/err")" "$number "
	done
	put_bundle kill-option ".process.args = $waiter"
	for sig in -TERM '--signal TERM' -15 '-s 15'; do
		started
		# shellcheck disable=SC2086
		exits 0 "kill $sig ID" rt kill $sig "$id"
		ok "kill $sig: it ends" eventually has_status "$id" stopped
		rt delete "$id"
	done
	started
	local was
	was=$(snapshot "$id")
	refused "kill: unknown name" 'unknown signal' rt kill "$id" FOO
	refused "kill: number too high" 'unknown signal' rt kill "$id" 65
	exits 0 "kill 0 asks whether it is there" rt kill "$id" 0
	refused "kill: negative" 'signal' rt kill "$id" -- -1
	refused "kill: not a number" 'unknown signal' rt kill "$id" 9x
	is "kill: none of this reached it" "$(snapshot "$id")" "$was"
	exits 0 "kill KILL" rt kill "$id" 9
	ok "kill KILL: stopped" eventually has_status "$id" stopped
	rt delete "$id"
	# --all: every process, not the first one alone
	put_bundle kill-all '.process.args = ["sh", "-c", "trap : USR1; for i in 1 2 3; do sh -c \"trap \\\"echo got; exit\\\" USR1; echo set; while :; do sleep 0.05; done\" & done; echo ready; while :; do sleep 0.05; done"]'
	three() { (($(grep -cx "$1" "$out") == 3)); }
	started
	ok "kill --all: three children" eventually three set
	is "ps: the first process and its children" "$(rt ps --format json "$id" | jq 'length >= 4')" true
	exits 0 "kill --all USR1" rt kill --all "$id" USR1
	ok "kill --all: all three children got it" eventually three got
	is "kill --all: the first process lives on" "$(status_of "$id")" running
	exits 0 "kill -a KILL" rt kill -a "$id" KILL
	ok "kill -a KILL: stopped" eventually has_status "$id" stopped
	rt delete "$id"
	# without a PID namespace nothing but us ends the others
	put_bundle kill-shared '.process.args = ["sh", "-c", "sleep 1000 & sleep 1001 & echo ready; while :; do sleep 0.05; done"]' "$share_pids"
	ok "in the host's PID namespace: start" started
	local pids
	pids=$(rt ps --format json "$id" | jq -r '.[]')
	is "in the host's PID namespace: ps" "$(wc -l <<<"$pids" | awk '{print ($1 >= 3)}')" 1
	exits 0 "in the host's PID namespace: kill --all KILL" rt kill --all "$id" KILL
	# shellcheck disable=SC2086
	dead() { ! ps -o stat= -p "$(echo $pids | tr ' ' ,)" | grep -qv '^Z'; }
	ok "in the host's PID namespace: all of them are gone" eventually dead
	rt delete --force "$id"
	started
	exits 0 "in the host's PID namespace: delete --force" rt delete --force "$id"
	nothing_left "in the host's PID namespace: no child survives" "$before"
}

test_ids() {
	local id name
	put_bundle ids '.process.args = ["true"]'
	for name in a 0 A.b_c+d-e _ + - a.. 1234567890123456789012345678901234567890; do
		exits 0 "ID '$name'" rt create --bundle "$bundle" -- "$name"
		rt delete --force -- "$name"
	done
	for name in '' . .. .hidden a/b ../x / 'a b' $'a\nb' a:b 'a*' ä "$(printf '%01025d' 0)"; do
		refused "ID $(printf %.20q "$name") is refused" "ID" rt create --bundle "$bundle" -- "$name"
		refused "ID $(printf %.20q "$name") is refused by delete --force" "ID" rt delete --force -- "$name"
	done
	nothing_left "IDs: nothing is left" "$before"
}

test_pid_file() {
	put_bundle pid-file ".process.args = $waiter"
	local file=$scratch/pidfile inode
	create --pid-file "$file"
	is "PID file: a bare number, nothing else" "$(od -An -c "$file" | tr -d ' \n')" "$(rt state "$id" | jq -r .pid)"
	ok "PID file: readable by all, as 0644 less umask" test "$(stat -c %a "$file")" = "$(printf '%o' $((0644 & ~$(umask))))"
	rt delete "$id"
	inode=$(stat -c %i "$file")
	# a new file takes the old one's place: who has it open goes on reading whole numbers
	create --pid-file "$file"
	ok "PID file: replaced, not overwritten" test "$(stat -c %i "$file")" != "$inode"
	rt delete "$id"
	(cd "$scratch" && rm -f relative && rt create --bundle "$bundle" --pid-file relative "$id")
	ok "PID file: relative to the working directory" test -s "$scratch/relative"
	rt delete "$id"
	rm -f "$scratch/relative" "$file"
	refused "PID file in no directory" 'PID file' rt create --bundle "$bundle" --pid-file "$scratch/nowhere/pid" "$id"
	is "PID file in no directory: no container" "$(status_of "$id")" none
	put_bundle pid-file-bad '.process.args = ["/nonexistent"]'
	not_ok "a create that fails" rt create --bundle "$bundle" --pid-file "$file" "$id"
	ok "a create that fails leaves no PID file" test ! -e "$file"
	echo 1 >"$file"
	not_ok "a create that fails, with an old file there" rt create --bundle "$bundle" --pid-file "$file" "$id"
	unlike "an old PID file is not taken for a new one" "$(cat "$file" 2>/dev/null)" '^[02-9]|^1.'
	rm -f "$file"
	not_ok "a run that fails" rt run --bundle "$bundle" --pid-file "$file" "$id"
	ok "a run that fails leaves no PID file" test ! -e "$file"
	is "no half-made files beside it" "$(find "$scratch" -maxdepth 1 -name '.*pid*')" ''
	# atomic: a reader that looks all the time sees no file or a whole number
	put_bundle pid-file ".process.args = $waiter"
	(while [[ ! -e $scratch/stop ]]; do
		if text=$(cat "$file" 2>/dev/null) && [[ ! $text =~ ^[0-9]+$ ]]; then echo "'$text'"; fi
	done >"$scratch/torn") &
	local reader=$! i
	for ((i = 0; i < 20; i++)); do create --pid-file "$file" && rt delete "$id"; done
	touch "$scratch/stop"
	wait "$reader"
	is "PID file: never half written" "$(cat "$scratch/torn")" ''
	rm -f "$scratch/stop" "$file"
}

test_run() {
	local code
	put_bundle run '.process.args = ["sh", "-c", "exit $CODE"]' '.process.env += ["CODE=0"]'
	for code in 0 1 7 125 126 127 128 200 255; do
		put_bundle run ".process.args = [\"sh\", \"-c\", \"exit $code\"]"
		new_id
		exits "$code" "run: exit status $code" rt run --bundle "$bundle" "$id"
		is "run: exit status $code: it is deleted" "$(status_of "$id")" none
	done
	put_bundle run-signal '.process.args = ["sh", "-c", "exec sh -c \"kill -9 \\$\\$\"; exit 3"]'
	new_id
	# PID 1 of a PID namespace is immune to its own signals: from outside then
	put_bundle run-signal ".process.args = [\"sh\", \"-c\", \"echo ready; while :; do sleep 0.05; done\"]"
	begin rt run --bundle "$bundle" "$id"
	eventually says_ready
	rt kill "$id" KILL
	wait "$begun"
	is "run: 128 + signal 9" $? 137
	put_bundle run-signal '.process.args = ["sh", "-c", "kill -ABRT $$; exit 3"]' "$share_pids"
	new_id
	exits 134 "run: 128 + signal 6, of itself" rt run --bundle "$bundle" "$id"
	is "run: it is deleted" "$(status_of "$id")" none
	put_bundle run-keep '.process.args = ["sh", "-c", "exit 5"]'
	new_id
	exits 5 "run --keep: exit status" rt run --keep --bundle "$bundle" "$id"
	is "run --keep: it stays, stopped" "$(status_of "$id")" stopped
	ok "run --keep: delete" rt delete "$id"
	put_bundle run-detach ".process.args = $waiter"
	new_id
	out=$scratch/out.$id
	rt run --detach --bundle "$bundle" --pid-file "$scratch/pid" "$id" >"$out" 2>&1
	is "run --detach: status" $? 0
	is "run --detach: running" "$(status_of "$id")" running
	is "run --detach: PID file" "$(cat "$scratch/pid")" "$(rt state "$id" | jq .pid)"
	eventually says_ready
	rt kill "$id" && eventually has_status "$id" stopped
	is "run --detach: stays when it has ended" "$(status_of "$id")" stopped
	ok "run --detach: delete" rt delete "$id"
	rm -f "$scratch/pid"
	nothing_left "run: nothing is left" "$before"
}

test_signals() {
	local sig
	put_bundle signals '.process.args = ["sh", "-c", "for s in HUP INT QUIT USR1 USR2 ALRM TERM WINCH TSTP CONT; do trap \"echo got $s\" $s; done; trap \"exit 9\" RTMIN+1 35; echo ready; while :; do sleep 0.05; done"]'
	new_id
	begin "$LICHEN" --root "$(state_dir)" run --bundle "$bundle" "$id"
	ok "signals: it runs" eventually says_ready
	for sig in TERM INT HUP QUIT USR1 USR2 ALRM WINCH TSTP CONT; do
		kill -"$sig" "$begun"
		ok "signals: $sig is passed on" eventually grep -sqx "got $sig" "$out"
	done
	is "signals: and each once" "$(sort "$out" | uniq -d)" ''
	is "signals: the runtime itself was not stopped" "$(awk '{print $3}' "/proc/$begun/stat")" S
	kill -35 "$begun"
	wait "$begun"
	is "signals: a real-time signal ends it" $? 9
	# one that comes before the program is there is not lost, nor does it end the runtime alone
	gate early
	put_bundle early ".process.args = $waiter" ".hooks.startContainer = []" ".hooks.createRuntime = [{path: \"$hook\"}]"
	new_id
	begin "$LICHEN" --root "$(state_dir)" run --bundle "$bundle" "$id"
	eventually gated
	kill -TERM "$begun"
	touch "$gate/go"
	# it comes when relay begins; PID 1 has no handler yet then, and the kernel drops it: send again
	eventually says_ready
	kill -TERM "$begun"
	wait "$begun"
	is "signals: TERM while it is created does not kill the runtime alone" $? 3
	is "signals: deleted" "$(status_of "$id")" none
}

test_streams() {
	local sum
	put_bundle cat '.process.args = ["cat"]'
	new_id
	head -c 8388608 /dev/urandom >"$scratch/data"
	sum=$(sha256sum <"$scratch/data")
	is "streams: 8 MiB from stdin to stdout, through pipes" \
		"$(cat "$scratch/data" | rt run --bundle "$bundle" "$id" 2>/dev/null | sha256sum)" "$sum"
	put_bundle cat2 '.process.args = ["sh", "-c", "cat >&2"]'
	new_id
	is "streams: 8 MiB from stdin to stderr" \
		"$(cat "$scratch/data" | rt run --bundle "$bundle" "$id" 2>&1 >/dev/null | sha256sum)" "$sum"
	put_bundle slow '.process.args = ["sh", "-c", "dd if=/dev/zero bs=65536 count=64 2>/dev/null; exit 4"]'
	new_id
	is "streams: a reader that begins late loses nothing" \
		"$(rt run --bundle "$bundle" "$id" | (sleep 0.3; wc -c); echo "${PIPESTATUS[0]}")" $'4194304\n4'
	put_bundle closed '.process.args = ["sh", "-c", "cat; echo out; echo err >&2; exit 6"]'
	local i
	for i in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		new_id
		eval "rt run --bundle '$bundle' '$id' </dev/null >'$scratch/o' 2>'$scratch/e' $i"
		is "streams: $i" $? 6
		is "streams: $i: deleted" "$(status_of "$id")" none
	done
	# a result that nobody can read is an error
	refused_full() { rt state "$1" >/dev/full; }
	put_bundle base ".process.args = $waiter"
	create
	exits 1 "state > /dev/full fails" refused_full "$id"
	like "and says why" "$stderr" 'No space left'
	rt delete "$id"
}

test_fds() {
	put_bundle fds '.process.args = ["sh", "-c", "for f in 3 4 5 6 7 8 9 10 11; do [ -e /proc/$$/fd/$f ] && echo $f=$(cat /proc/$$/fd/$f); done; true"]'
	echo three >"$scratch/three"
	new_id
	is "fds: those of the caller do not get in" "$(rt run --bundle "$bundle" "$id" 3<"$scratch/three" 4<"$scratch/three" 9<"$scratch/three")" ''
	local n want f
	for n in 1 2 3; do
		want=$(for ((f = 3; f < 3 + n; f++)); do echo "$f=fd$f"; done)
		for f in 3 4 5 6; do echo "fd$f" >"$scratch/fd$f"; done
		new_id
		is "fds: --preserve-fds $n" "$(rt run --bundle "$bundle" --preserve-fds "$n" "$id" 3<"$scratch/fd3" 4<"$scratch/fd4" 5<"$scratch/fd5" 6<"$scratch/fd6")" "$want"
	done
	new_id
	is "fds: those between that are closed stay so" "$(rt run --bundle "$bundle" --preserve-fds 3 "$id" 3<&- 4<&- 5<"$scratch/fd5")" 5=fd5
	new_id
	refused "fds: a miscount is an error" 'descriptor 4' bash -c '"$@" 3<"$0" 4<&-' "$scratch/fd3" \
		"$LICHEN" --root "$(state_dir)" create --bundle "$bundle" --preserve-fds 2 "$id"
	is "fds: a miscount leaves nothing" "$(status_of "$id")" none
	put_bundle listen '.process.args = ["sh", "-c", "echo $LISTEN_FDS $LISTEN_PID; for f in 3 4; do [ -e /proc/self/fd/$f ] && cat /proc/self/fd/$f; done; true"]'
	new_id
	is "fds: LISTEN_FDS for us" "$(bash -c 'exec 3<"$1"; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' - "$scratch/fd3" "$LICHEN" --root "$(state_dir)" run --bundle "$bundle" "$id" 2>/dev/null)" $'1 1\nfd3'
	new_id
	is "fds: LISTEN_FDS for somebody else" "$(bash -c 'exec 3<"$1"; shift; LISTEN_FDS=1 LISTEN_PID=1 exec "$@"' - "$scratch/fd3" "$LICHEN" --root "$(state_dir)" run --bundle "$bundle" "$id" 2>/dev/null)" ''
	new_id
	is "fds: LISTEN_FDS comes on top of --preserve-fds" "$(bash -c 'exec 3<"$1" 4<"$2"; shift 2; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' - "$scratch/fd3" "$scratch/fd4" "$LICHEN" --root "$(state_dir)" run --preserve-fds 1 --bundle "$bundle" "$id" 2>/dev/null)" $'1 1\nfd3\nfd4'
	new_id
	refused "fds: LISTEN_FDS miscounted" 'descriptor' bash -c 'LISTEN_FDS=3 LISTEN_PID=$$ exec "$@" 3<&- 4<&- 5<&-' - "$LICHEN" --root "$(state_dir)" create --bundle "$bundle" "$id"
}

test_log() {
	local file=$scratch/life.log format
	put_bundle log-good '.process.args = ["true"]'
	put_bundle log-bad '.process.args = ["/nonexistent \"q\" \\ \u0001"]'
	local L=(within 20 "$LICHEN" --root "$(state_dir)" --log "$file")
	new_id
	ok "log: a success" "${L[@]}" --log-format json run --bundle "$scratch/bundle.log-good" "$id"
	ok "log: empty on success" test ! -s "$file"
	is "log: nothing on stderr on success" "$stderr" ''
	not_ok "log: a create that fails" "${L[@]}" --log-format json create --bundle "$scratch/bundle.log-bad" "$id"
	is "log: one JSON value (Podman parses the file as one)" "$(jq -s length "$file")" 1
	is "log: one line" "$(wc -l <"$file")" 1
	is "log: level, msg, time" "$(jq -r 'keys | sort | join(" ")' "$file")" 'level msg time'
	is "log: level error" "$(jq -r .level "$file")" error
	like "log: time is RFC 3339" "$(jq -r .time "$file")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5})$'
	is "log: the text is that of stderr" "lichen: $(jq -r .msg "$file")" "$stderr"
	like "log: for Podman, not found" "$(jq -r .msg "$file")" 'no such file or directory'
	rm -f "$file"
	not_ok "log: text" "${L[@]}" create --bundle "$scratch/bundle.log-bad" "$id"
	like "log: text format" "$(cat "$file")" '^time="[0-9TZ:.-]+" level=error msg=".*"$'
	not_ok "log: a second error is appended" "${L[@]}" --log-format text state nobody
	is "log: two lines" "$(wc -l <"$file")" 2
	rm -f "$file"
	not_ok "log: file: prefix" within 20 "$LICHEN" --root "$(state_dir)" --log "file:$file" state nobody
	ok "log: file: prefix: it is there" test -s "$file"
	rm -f "$file"
	# a usage error is in the log as well
	not_ok "log: usage error" "${L[@]}" --log-format json create --nonsense x
	is "log: usage error: one record" "$(jq -r .level "$file")" error
	rm -f "$file"
	refused "log: a file that cannot be opened" 'open the log file' within 20 "$LICHEN" --log /nonexistent/log --root "$(state_dir)" state nobody
	new_id
	ok "debug: works" "${L[@]}" --debug --log-format json create --bundle "$scratch/bundle.log-good" "$id"
	change "$scratch/bundle.log-good" '.unknownThing = 1'
	rt delete --force "$id"
	ok "debug: with something unknown" "${L[@]}" --debug --log-format json create --bundle "$scratch/bundle.log-good" "$id"
	like "debug: tells of what was ignored" "$(jq -r 'select(.level == "debug").msg' "$file")" 'unknownThing: unknown, ignored'
	ok "debug: every record is JSON" jq -e -s 'all(.level == "debug" or .level == "warning")' "$file"
	rt delete --force "$id"
	rm -f "$file"
	for format in xml ''; do
		run "${L[@]}" --log-format "$format" state nobody
		if [[ $format ]]; then is "log: unknown format is a usage error" "$status" 64; fi
	done
	rm -f "$file"
	: "$format"
}

test_list() {
	local one=$scratch/listed
	local L=(within 20 "$LICHEN" --root "$one")
	put_bundle list '.process.args = ["sleep", "1000"]'
	is "list: 0 containers: table" "$("${L[@]}" list)" 'ID          PID         STATUS      BUNDLE      CREATED     OWNER'
	is "list: 0 containers: json" "$("${L[@]}" list --format json)" '[]'
	is "list: 0 containers: -q" "$("${L[@]}" list -q)" ''
	"${L[@]}" create --bundle "$bundle" b </dev/null >/dev/null 2>&1
	like "list: 1 container: table" "$("${L[@]}" list | tail -n 1)" "^b +[1-9][0-9]* +created +$bundle +[0-9T:.-]+Z +$(id -un)\$"
	is "list: 1 container: json is the state" "$("${L[@]}" list -f json | jq -S '.[0]')" "$("${L[@]}" state b | jq -S .)"
	is "list: json on one line" "$("${L[@]}" list -f json | wc -l)" 1
	"${L[@]}" run --detach --bundle "$bundle" a </dev/null >/dev/null 2>&1
	"${L[@]}" create --bundle "$bundle" c </dev/null >/dev/null 2>&1
	"${L[@]}" kill c KILL
	c_stopped() { [[ $("${L[@]}" state c | jq -r .status) == stopped ]]; }
	eventually c_stopped
	is "list: 3 containers: -q, sorted" "$("${L[@]}" list -q | tr '\n' ' ')" 'a b c '
	is "list: 3 containers: --quiet --format json" "$("${L[@]}" list --quiet | wc -l)" 3
	is "list: 3 containers: table" "$("${L[@]}" list | awk 'NR > 1 {print $1, $3}' | tr '\n' ';')" 'a running;b created;c stopped;'
	is "list: 3 containers: a stopped one has PID 0" "$("${L[@]}" list | awk '$1 == "c" {print $2}')" 0
	is "list: columns are aligned" "$("${L[@]}" list | awk '{print index($0, $3)}' | sort -u | wc -l)" 1
	# what is broken is said, and keeps nobody from seeing the others
	mkdir -m 700 "$one/broken"
	echo '{"id": ' >"$one/broken/state.json"
	mkdir -m 700 "$one/empty"
	echo junk >"$one/file"
	run "${L[@]}" list -q
	is "list: with a broken directory: exit status" "$status" 0
	is "list: with a broken directory: the others" "$(tr '\n' ' ' <<<"$stdout")" 'a b c empty '
	like "list: with a broken directory: a warning names it" "$stderr" "warning: .*'broken'"
	exits 0 "broken: delete --force" "${L[@]}" delete --force broken
	exits 0 "empty: delete" "${L[@]}" delete empty
	rm -f "$one/file"
	local name
	for name in a b c; do "${L[@]}" delete --force "$name"; done
	is "list: all are gone" "$(ls "$one")" ''
	exits 64 "list: an unknown format" "${L[@]}" list --format yaml
	exits 64 "list: an argument too many" "${L[@]}" list x
}

test_ps() {
	put_bundle ps '.process.args = ["sh", "-c", "sleep 1000 & echo ready; wait"]'
	started
	is "ps json: numbers, one line" "$(rt ps -f json "$id" | jq -c 'map(type) | unique')" '["number"]'
	is "ps json: both processes" "$(rt ps --format=json "$id" | jq length)" 2
	is "ps table: heading and both" "$(rt ps "$id" | wc -l)" 3
	is "ps: what they are" "$(rt ps "$id" -o pid,comm | awk 'NR > 1 {print $2}' | LC_ALL=C sort | tr '\n' ' ')" 'sh sleep '
	not_ok "ps: without a column for the PID" rt ps "$id" -o comm
	like "ps: it says so" "$stderr" 'no column PID'
	exits 64 "ps: an unknown format" rt ps --format yaml "$id"
	rt delete --force "$id"
}

test_others() {
	local dir=$scratch/spec
	mkdir -m 700 "$dir"
	ok "spec" bash -c 'cd "$1" && "$2" spec --network none' - "$dir" "$LICHEN"
	ok "spec: it is JSON with a process" jq -e '.process.args | length > 0' "$dir/config.json"
	is "spec: no terminal where there is none" "$(jq .process.terminal "$dir/config.json")" false
	refused "spec: does not overwrite" 'exists' "$LICHEN" spec --bundle "$dir"
	is "spec --file -: the same" "$("$LICHEN" spec --network none --file - </dev/null)" "$(cat "$dir/config.json")"
	is "spec --rootless: accepted" "$("$LICHEN" spec --network none --rootless --file - </dev/null)" "$(cat "$dir/config.json")"
	make_rootfs "$dir/rootfs"
	change "$dir" '.process.args = ["echo", "it works"]'
	new_id
	is "spec: runs at once" "$(rt run --bundle "$dir" "$id" 2>&1)" 'it works'
	run "$LICHEN" features
	is "features: no noise" "$status $stderr" '0 '
	is "features: what containerd and CRI-O read" "$(json '(.ociVersionMin | startswith("1.")) and (.ociVersionMax | startswith("1."))
		and (.mountOptions | index("rro")) and (.linux.namespaces | index("user")) and (.linux.mountExtensions.idmap.enabled | type == "boolean")')" true
	is "features: six kinds of hooks" "$(json '.hooks | sort | join(" ")')" 'createContainer createRuntime poststart poststop prestart startContainer'
	local option
	for option in --version -v -V version; do
		run "$LICHEN" "$option"
		like "$option" "$status $stdout" $'^0 lichen version [0-9.]+[^\n]*\n(commit: [^\n]*\n)?spec: 1\\.[0-9]+\\.[0-9]+\n'
	done
	ln -s "$LICHEN" "$scratch/runc"
	like "called runc, for go-runc" "$("$scratch/runc" --version | head -n 1)" '^runc version '
	exits 64 "no command" "$LICHEN"
	exits 64 "unknown command" "$LICHEN" nonsense
	exits 64 "unknown option" "$LICHEN" create --nonsense x
	exits 64 "an argument is missing" "$LICHEN" create
	exits 0 "--help" "$LICHEN" --help
	exits 0 "create --help" "$LICHEN" create --help
	refused "no bundle" "config.json" bash -c 'cd / && "$1" --root "$2" create x' - "$LICHEN" "$(state_dir)"
	like "no bundle: a hint" "$stderr" 'hint: .*lichen spec'
	refused "bundle is missing" "/nonexistent" rt create --bundle /nonexistent x
}

# conmon, buildah and containerd's shim reap it themselves: no process may stay between.
test_reaping() {
	local reaper pid parents
	reaper=$(tool reaper)
	put_bundle reap ".process.args = $waiter"
	new_id
	local L=("$LICHEN" --root "$(state_dir)")
	rm -f "$scratch/waited"
	"$reaper" --wait "$scratch/pid" "${L[@]}" create --bundle "$bundle" --pid-file "$scratch/pid" "$id" >"$scratch/waited" 2>&1 </dev/null &
	local waiting=$!
	ok "reaping: create has returned" eventually grep -sqx waiting "$scratch/waited"
	pid=$(cat "$scratch/pid")
	is "reaping: the first process is the reaper's own child" "$(awk '{sub(/.*\) /, ""); print $2}' "/proc/$pid/stat")" "$waiting"
	parents=$(ps -e -o ppid=,comm= | awk -v w="$waiting" '$1 == w' | wc -l)
	is "reaping: and its only one: nothing stays between" "$parents" 1
	rt start "$id"
	eventually grep -sqx ready "$scratch/waited"
	rt kill "$id"
	wait "$waiting"
	is "reaping: wait4 works" "$(grep -v ready "$scratch/waited" | tr '\n' ';')" 'child: 0;waiting;first process: 3;'
	is "reaping: stopped" "$(status_of "$id")" stopped
	rt delete "$id"
	rm -f "$scratch/pid"
	new_id
	rm -f "$scratch/waited"
	"$reaper" --wait "$scratch/pid" "${L[@]}" run --detach --bundle "$bundle" --pid-file "$scratch/pid" "$id" >"$scratch/waited" 2>&1 </dev/null &
	waiting=$!
	eventually grep -sqx ready "$scratch/waited"
	rt kill "$id" KILL
	wait "$waiting"
	is "reaping: run --detach" "$(grep -v ready "$scratch/waited" | tr '\n' ';')" 'child: 0;waiting;first process: signal 9;'
	rt delete "$id"
	rm -f "$scratch/pid"
}

# at_once N ERROR CMD...   N of them; sets $won, how many succeed, and $bad, what fails with another text
at_once() {
	local n=$1 expected=$2 i pids=()
	shift 2
	won=0 bad=''
	for ((i = 0; i < n; i++)); do
		"$@" >"$scratch/race.$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for ((i = 0; i < n; i++)); do
		if wait "${pids[i]}"; then won=$((won + 1)); else grep -qE "$expected" "$scratch/race.$i" || bad+="$i: $(<"$scratch/race.$i")"; fi
	done
}
kill_or_delete() { if ((i % 2)); then rt kill "$id" KILL; else rt delete --force "$id"; fi; }

# Each of many at once succeeds or fails with a text that is expected; one create wins.
test_races() {
	put_bundle race ".process.args = $waiter"
	new_id
	at_once 10 'already exists' rt create --bundle "$bundle" "$id"
	is "ten creates of one ID: one wins" "$won" 1
	is "ten creates of one ID: the others say that it exists" "$bad" ''
	is "ten creates of one ID: it is created" "$(status_of "$id")" created
	rt delete "$id"
	create
	at_once 5 'already running' rt start "$id"
	is "five starts: one wins" "$won $bad" '1 '
	eventually says_ready
	at_once 20 'container not running|does not exist' kill_or_delete
	is "20 kills and forced deletes at once: none fails for another reason" "$bad" ''
	is "20 kills and forced deletes at once: it is gone" "$(status_of "$id")" none
	create
	rt kill "$id" KILL
	eventually has_status "$id" stopped
	at_once 10 'does not exist' rt delete "$id"
	is "ten deletes: one wins, the others find nothing" "$won $bad" '1 '
}

run_tests absent creating created running kill ids pid_file run signals streams fds log list ps others reaping races
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Terminals: in the foreground, where every byte, every signal and the window's size go through, and
# by the console socket. tools/terminal.py is the person in front of it.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

if ! need python3; then done_testing; fi
# the system's: what a version manager puts in its place may not be ours to execute
python=python3
[[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3

# play SCENARIO ARGS [FILTER...]   on a bundle that runs ARGS (JSON) with a terminal; sets $said
play() {
	local scenario=$1 args=$2
	shift 2
	put_bundle "$scenario" '.process.terminal = true' ".process.args = $args" '.process.env += ["PS1=# "]' "$@"
	new_id
	said=$(within 100 "$python" "$life_tools/terminal.py" "$scenario" "$LICHEN" "$(state_dir)" "$bundle" "$id" 2>&1) || said+=" (status $?)"
	scene=$scenario
}
# found NAME VALUE   what the scenario said of NAME
found() {
	local value
	value=$(awk -v name="$1: " 'index($0, name) == 1 {print substr($0, length(name) + 1)}' <<<"$said")
	if [[ $value == "$2" ]]; then tap_pass "$scene: $1: $2"; return; fi
	tap_fail "$scene: $1" "got:    $value" "wanted: $2" "all it said: $said"
}
gone() { is "$scene: the container is deleted" "$(status_of "$id")" none; }
sh_args() { jq -nc --arg s "$1" '["sh", "-c", $s]'; }

make_bundle "$scratch/base" ".root.path = \"$scratch/base/rootfs\""
head -c 1048576 /dev/urandom >"$scratch/base/rootfs/data"
sum=$(sha256sum <"$scratch/base/rootfs/data")
sum=${sum%% *}
before=$(census)

play job_control '["sh", "-i"]'
found "raw meanwhile" yes
found tty /dev/pts/0
found "the job is there" yes
found "after ^C" 130
found "after ^Z" Stopped
found "exit" 7
found "settings restored" yes
found "blocking again" yes
gone

play window_size "$(sh_args 'trap "echo size \$(stty size)" WINCH; echo ready; echo size $(stty size); read x; while ! [ $(stty size | cut -d" " -f1) = 44 ]; do read x; done; exit 3')"
found "at first" '33 101'
found "after a change" '44 123'
gone

# one that config.json gives counts until the caller's changes
play window_size "$(sh_args 'trap "echo size \$(stty size)" WINCH; echo ready; echo size $(stty size); read x; while ! [ $(stty size | cut -d" " -f1) = 44 ]; do read x; done; exit 3')" \
	'.process.consoleSize = {height: 25, width: 90}'
scene="consoleSize in the foreground"
found "at first" '25 90'
found "after a change" '44 123'
gone

play bulk_out "$(sh_args 'stty raw -echo; printf BEGIN; cat /data; exit 5')"
found bytes 1048576
found sum "$sum"
found exit 5
gone

play bulk_in "$(sh_args 'stty raw -echo; printf BEGIN; head -c 1048576 | sha256sum; exit 6')"
found received "$(sed -n 's/^sent: //p' <<<"$said")"
found exit 6
gone

play both_ways "$(sh_args 'stty raw -echo; printf BEGIN; exec cat')"
found back "$(sed -n 's/^sent: //p' <<<"$said")"
found exit 137
gone

play idle "$(sh_args 'echo ready; exec sleep 1000')"
found "idle ticks" few
found exit 137
found "settings restored" yes
gone

# nobody holds the terminal open for a while: that is not its end
play idle "$(sh_args 'echo ready; exec sleep 1000 </dev/null >/dev/null 2>&1')"
scene="nobody has it open"
found "idle ticks" few
found exit 137
gone

play hang_up "$(sh_args 'trap "" HUP; echo ready; exec sleep 1000')"
found "ticks" few
found "still there" yes
found exit 137
gone

play hang_up "$(sh_args 'trap "" HUP; echo ready; while :; do echo more; sleep 0.01; done')"
scene="hang_up while it writes"
found "still there" yes
found exit 137
gone

play broken_pipe "$(sh_args 'stty -echo; echo ready; read x; for i in 1 2 3 4 5 6 7 8 9; do cat /data; done; exit 4')"
found exit 4
found "settings restored" yes
gone

play report "$(sh_args 'echo "tty: $(tty)"; exec 3</dev/tty && echo "/dev/tty: opens"; n=; for f in 0 1 2; do [ -t $f ] && n=$n$f; done; echo "are ttys: $n"
	set -- $(cat /proc/self/stat); shift 5; echo "session: $1"; echo "tty_nr is set: $([ "$2" != 0 ] && echo yes)"
	echo "console is it: $([ "$(stat -c %t:%T /dev/console)" = "$(stat -Lc %t:%T /proc/self/fd/0)" ] && echo yes)"
	echo "console is a mount: $(grep -c " /dev/console " /proc/self/mountinfo)"
	echo "console: $(stat -c "%F %a" /dev/console)"
	echo "descriptors: $(ls /proc/self/fd | tr "\n" " ")"; exit 2')"
found tty /dev/pts/0
found "/dev/tty" opens
found "are ttys" 012
found session 1
found "tty_nr is set" yes
found "console is it" yes
found "console is a mount" 1
found exit 2
gone

play console_socket "$(sh_args 'stty size; echo ready; read x; echo got $x')" '.process.consoleSize = {height: 25, width: 90}'
found create 0
found "its output ends" yes
found descriptors 1
found payload /dev/ptmx
found "then the end" yes
found "one connection" yes
found "the socket file stays the caller's" yes
found "a master" yes
found size '25 90'
found start 0
found echo hello
found answer hello
found end yes
ok "console_socket: stopped" eventually has_status "$id" stopped
ok "console_socket: delete" rt delete "$id"

# (c) of the walkthroughs: what spec writes for a terminal, and none there
put_bundle none '.process.terminal = true' '.process.args = ["true"]'
for command in create run 'run --detach'; do
	new_id
	# shellcheck disable=SC2086
	exits 1 "$command with a terminal and no tty" rt $command --bundle "$bundle" "$id"
	like "$command: the property" "$stderr" '^lichen: config\.json: process\.terminal: is true, and there is no terminal'
	like "$command: what to change" "$stderr" 'hint: set "terminal": false in config\.json'
	is "$command: nothing is there" "$(status_of "$id")" none
done
# without a terminal, one that the caller has stays the caller's: no controlling terminal
put_bundle without '.process.terminal = false' ".process.args = $(sh_args '(: </dev/tty) 2>/dev/null && echo bad; [ -e /dev/console ] && echo console; set -- $(cat /proc/self/stat); echo "tty_nr: $7"')"
new_id
said=$(within 100 "$python" "$life_tools/terminal.py" report "$LICHEN" "$(state_dir)" "$bundle" "$id" 2>&1)
scene="terminal false"
found tty_nr 0
unlike "terminal false: no controlling terminal" "$said" 'bad|console'
found exit 0
nothing_left "nothing is left" "$before"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container's life by Podman, for lichen and for crun: exec, attach, logs, top, stats, pause, stop,
# kill, restart policies, health checks, checkpoints.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }

up() { pod run --detach --network none --name "$oci-$1" "${@:2}" >/dev/null; }
is_status() { [[ $(pod inspect --format '{{.State.Status}}' "$oci-$1") == "$2" ]]; }
says() { pod logs "$oci-$1" 2>&1 | grep -q "$2"; }
field() { pod inspect --format "{{$2}}" "$oci-$1"; }

looks() {
	local c=$oci-looks
	up looks --memory 64m "$image" sleep 1000
	run pod ps --filter "name=$c" --format '{{.Names}} {{.Status}}'
	matches "ps" "$stdout" "^$c Up "
	run pod inspect --format '{{.State.Status}} {{.State.Pid}} {{.OCIRuntime}}' "$c"
	matches "inspect: the status and the runtime" "$stdout" "^running [0-9]+ $oci\$"
	expect "inspect: the PID is the command's" "$(tr '\0' ' ' <"/proc/$(cut -d' ' -f2 <<<"$stdout")/cmdline")" 'sleep 1000 '
	run pod top "$c" pid user args
	matches "top" "$stdout" '1 +root +sleep 1000'
	run pod stats --no-stream --format '{{.PIDS}} {{.MemUsage}}' "$c"
	matches "stats" "$stdout" '^1 .*B / 67.11MB'
	run pod container exists "$c"
	expect "container exists" "$status" 0
	echo copied >"$scratch/copied"
	pod cp "$scratch/copied" "$c:/tmp/copied" && pod cp "$c:/tmp/copied" "$scratch/back.$oci"
	expect "cp into a running container and back" "$(cat "$scratch/back.$oci")" copied
	run pod diff "$c"
	matches "diff" "$stdout" 'A /tmp/copied'
	fails "rm of a running container" pod rm "$c"
	works "rename" pod rename "$c" "$c-2"
	works "rm --force of a running container" pod rm --force --time 0 "$c-2"
	fails "it is gone" pod container exists "$c-2"
}

execs() {
	local c=$oci-execs
	up execs --env FROM=run --user 1000 --memory 64m "$image" sleep 1000
	run pod exec "$c" sh -c 'echo out; echo err >&2; exit 3'
	expect "exec: status and streams" "$status|$stdout|$stderr" '3|out|err'
	run pod exec -u 5:7 -w /etc -e A=1 "$c" sh -c 'echo "$(id -u):$(id -g) $PWD $A $FROM"'
	expect "exec -u -w -e" "$stdout" '5:7 /etc 1 run'
	run pod exec "$c" sh -c 'id -u; cat /proc/self/cgroup; tr "\0" " " </proc/1/cmdline; sed -n "s/^CapEff:.//p;s/^Seccomp:.//p" /proc/self/status'
	expect "exec: the container's user, cgroup, processes, capabilities and filter" "$stdout" \
		$'1000\n0::/\nsleep 1000 0000000000000000\n2'
	run pod exec --privileged -u 0 "$c" sh -c 'sed -n "s/^CapEff:.//p" /proc/self/status'
	expect "exec --privileged" "$stdout" 000001ffffffffff
	expect "exec -i: every byte" "$(head -c 1000000 "$big" | pod exec -i "$c" sha256sum)" "$(head -c 1000000 "$big" | sha256sum)"
	gives 127 "exec: a missing command" pod exec "$c" nonexistent
	gives 126 "exec: a file that is not executable" pod exec "$c" /etc/passwd
	gives 137 "exec: death by a signal" pod exec "$c" sh -c 'kill -9 $$'
	works "exec -d" pod exec -d -u 0 "$c" sh -c 'echo done >/tmp/detached; sleep 1000'
	works "exec -d: it runs" eventually test -n "$(pod exec "$c" cat /tmp/detached)"
	run pod top "$c" args
	matches "top: what exec started" "$stdout" 'sleep 1000.*sleep 1000'
	run on_terminal "stty rows 44 cols 88; podman exec -it $c sh -c 'tty; while [ \"\$(stty size)\" != \"44 88\" ]; do sleep 0.1; done; stty size; exit 6'"
	expect "exec -t: the status" "$status" 6
	matches "exec -t: a terminal and its size" "$stdout" '/dev/pts/0.*44 88'
	echo three >"$scratch/three"
	expect "exec --preserve-fds" "$(pod exec --preserve-fds 1 "$c" cat /proc/self/fd/3 3<"$scratch/three")" three
	pod pause "$c" >/dev/null
	fails "exec in a paused container" pod exec "$c" true
	pod unpause "$c" >/dev/null
	works "exec after that" pod exec "$c" true
	pod stop --time 0 "$c" >/dev/null
	fails "exec in a stopped container" pod exec "$c" true
}

attaches() {
	local c=$oci-attach
	up attach -i "$image" sh -c 'read line; echo "it read $line"; exit 4'
	expect "attach: stdin and stdout" "$(echo words | pod attach "$c")" 'it read words'
	expect "attach: the command's status" "$(pod wait "$c")" 4
	up terminal -it "$image" sh
	rm -f "$scratch/typed"
	mkfifo "$scratch/typed"
	on_terminal podman attach "$oci-terminal" <"$scratch/typed" >"$scratch/seen" 2>&1 &
	exec 9>"$scratch/typed"
	echo 'echo $((20 + 22))' >&9
	eventually grep -q '^42' "$scratch/seen"
	printf '\x10' >&9
	sleep 0.3
	printf '\x11' >&9
	wait $!
	expect "attach -t: detached by its keys" "$?" 0
	exec 9>&-
	matches "attach -t: the shell's answer" "$(cat "$scratch/seen")" 42
	works "attach -t: the container goes on" is_status terminal running
}

logs() {
	local c=$oci-logs
	run pod run --network none --name "$c" "$image" sh -c 'echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three'
	run pod logs "$c"
	expect "logs: stdout and stderr" "$stdout|$stderr" $'one\nthree|two'
	run pod logs --tail 1 "$c"
	expect "logs --tail" "$stdout" three
	run pod run --network none --log-driver k8s-file --name "$c-file" "$image" sh -c 'echo kept'
	expect "--log-driver k8s-file" "$(pod logs "$c-file")" kept
	up follow "$image" sh -c 'echo first; sleep 1; echo last'
	expect "logs -f ends with the container" "$(pod logs -f "$oci-follow")" $'first\nlast'
	works "start of one that has ended, attached" pod start --attach "$c"
	expect "start --attach: its output" "$stdout" $'one\nthree'
	works "rm of one that has ended" pod rm "$c"
	run pod create --network none --name "$c-never" "$image" true
	works "rm of one that has not been started" pod rm "$c-never"
}

pauses() {
	local c=$oci-pause cgroup before
	up pause "$image" sh -c 'while :; do i=$((i + 1)); echo $i >/tmp/count; done'
	works "pause" pod pause "$c"
	works "pause: the status" is_status pause paused
	cgroup=$(cgroup_of "$c")
	matches "pause: the cgroup is frozen" "$(cat "$cgroup/cgroup.events" "$cgroup"/*/cgroup.events 2>/dev/null)" 'frozen 1'
	before=$(sed -n "s/usage_usec //p" "$cgroup/cpu.stat")
	sleep 0.3
	expect "pause: no time is used" "$(($(sed -n 's/usage_usec //p' "$cgroup/cpu.stat") - before < 20000))" 1
	works "unpause" pod unpause "$c"
	works "unpause: the status" is_status pause running
	works "kill" pod kill "$c"
	expect "wait: death by a signal" "$(pod wait "$c")" 137
}

stops() {
	up trap "$image" sh -c 'trap "exit 9" TERM; trap "echo got usr1" USR1; echo up; while :; do sleep 0.1; done'
	eventually says trap up
	works "kill --signal" pod kill --signal USR1 "$oci-trap"
	works "kill --signal: it arrives" eventually says trap 'got usr1'
	works "stop" pod stop --time 10 "$oci-trap"
	expect "stop: the signal's own status" "$(field trap .State.ExitCode)" 9
	works "start again" pod start "$oci-trap"
	works "start again: it runs" is_status trap running
	local first
	first=$(field trap .State.Pid)
	eventually says trap up
	works "restart" pod restart --time 5 "$oci-trap"
	expect "restart: another process" "$([[ $(field trap .State.Pid) != "$first" ]] && echo yes)" yes
	up deaf --stop-signal INT --stop-timeout 1 "$image" sh -c 'trap "" INT; echo up; while :; do sleep 0.1; done'
	eventually says deaf up
	works "stop of one that ignores its signal" pod stop "$oci-deaf"
	expect "stop: killed after the time" "$(field deaf .State.ExitCode)" 137
	up hang "$image" sleep 1000
	expect "wait --condition" "$(pod wait --condition running "$oci-hang")" -1
	works "stop --time 0" pod stop --time 0 "$oci-hang"
	works "stop of a stopped container" pod stop "$oci-hang"
	fails "kill of a stopped container" pod kill "$oci-hang"
	matches "kill of a stopped container: the reason" "$stderr" 'not running|can only kill running'
}

counted() { (($(field "$1" .RestartCount) >= $2)); }
restarts() {
	up again --restart on-failure:2 "$image" sh -c 'echo run; exit 3'
	works "--restart on-failure:2: two more times" eventually counted again 2
	works "--restart on-failure:2: then the end" eventually is_status again exited
	expect "--restart on-failure:2: ran three times" "$(pod logs "$oci-again" | grep -c run)" 3
	up always --restart always "$image" sleep 1000
	kill -KILL "$(field always .State.Pid)"
	works "--restart always: after a death" eventually counted always 1
	works "--restart always: it runs" eventually is_status always running
	pod stop --time 0 "$oci-always" >/dev/null
	works "--restart always: not after stop" is_status always exited
}

health() {
	local c=$oci-health
	up health --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 --health-on-failure kill "$image" \
		sh -c ': >/tmp/well; sleep 1000'
	works "healthcheck: healthy" eventually pod healthcheck run "$c"
	expect "healthcheck: the status" "$(field health .State.Health.Status)" healthy
	pod exec "$c" rm /tmp/well
	fails "healthcheck: unhealthy" pod healthcheck run "$c"
	works "--health-on-failure kill" eventually is_status health exited
	up timer --health-cmd 'echo checked' --health-interval 1s "$image" sleep 1000
	works "--health-interval: by a timer of systemd" eventually checked timer
}
checked() { [[ $(field "$1" '(index .State.Health.Log 0).Output') == *checked* ]] 2>/dev/null; }

checkpoints() {
	up check "$image" sleep 1000
	fails "checkpoint is refused" pod container checkpoint "$oci-check"
	matches "checkpoint: with a reason" "$stderr" 'rootless|CRIU|criu|checkpoint'
	works "checkpoint: the container goes on" is_status check running
}

big=$scratch/big
head -c 1000000 /dev/urandom >"$big"
scenario looks execs attaches logs pauses stops restarts health checkpoints
scenarios_done 70

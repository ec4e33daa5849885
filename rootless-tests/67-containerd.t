#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# containerd without root: ctr asks it for containers, its shim of runc calls lichen, or crun in the
# same boot. And where the shim names no scope, lichen alone: both peers fail there.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/engines.sh
source "$(dirname "$0")/lib/engines.sh"

for feature in containerd user-scope cgroup-memory cgroup-pids cgroup-cpu; do
	must_run "$feature" || done_testing
done

image=docker.io/library/box:1
limit=$((32 << 20))

# As lichen-engines(7) has it; the CRI plugin has no client here, so what it read is asked for.
configure() {
	cat >"$scratch/config.toml" <<-END
		version = 2
		root = "$scratch/containerd/root"
		state = "$scratch/containerd/state"
		[grpc]
		  address = "$scratch/containerd/socket"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.lichen]
		  runtime_type = "io.containerd.runc.v2"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.lichen.options]
		    BinaryName = "$LICHEN"
		    SystemdCgroup = true
	END
	mkdir "$scratch/containerd"
}

start_containerd() {
	daemon containerd rootlesskit --state-dir="$scratch/rootlesskit" --net=host --copy-up=/etc --copy-up=/run --copy-up=/var/lib \
		--propagation=rslave sh -c "rm -f /run/containerd; exec containerd --config $scratch/config.toml"
	eventually test -S "$scratch/containerd/socket" && eventually ctr version >/dev/null 2>&1
}

in_kit() { within "$seconds" nsenter --user --preserve-credentials --mount --target "$(cat "$scratch/rootlesskit/child_pid")" -- "$@"; }
ctr() { in_kit ctr --address "$scratch/containerd/socket" "$@"; }
# ctr's own options for the runtime, and a cgroup of its own for each container
by_scope() { echo --snapshotter overlayfs --runc-binary "$(command -v "$oci")" --runc-systemd-cgroup --cgroup "user.slice:ctr:$1"; }
new_box() { new_id; box=$id; }
# one OPTION... @ CMD...   a container that runs CMD to its end
one() {
	local options=()
	new_box
	while [[ $1 != @ ]]; do options+=("$1"); shift; done
	shift
	# shellcheck disable=SC2046
	ctr run --rm $(by_scope "$box") "${options[@]}" "$image" "$box" "$@"
}
# stay OPTION... @ CMD...  one in the background, as $box; its output goes to $scratch/out-$box
stay() {
	local options=()
	new_box
	while [[ $1 != @ ]]; do options+=("$1"); shift; done
	shift
	# shellcheck disable=SC2046
	run ctr run --detach --log-uri "file://$scratch/out-$box" $(by_scope "$box") "${options[@]}" "$image" "$box" "$@"
}
status_is() { [[ $(ctr tasks list | awk -v id="$1" '$1 == id {print $3}') == "$2" ]]; }
gone() {
	ctr tasks kill --signal KILL --all "$box" >/dev/null 2>&1
	eventually status_is "$box" STOPPED
	run ctr tasks delete "$box"
	ctr containers delete "$box"
}
group() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(outer_pid)/cgroup" | sed 's:/container$::')"; }
outer_pid() { ctr tasks list | awk -v id="$box" '$1 == id {print $2}'; }
frozen() { grep frozen "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(outer_pid)/cgroup")/cgroup.events"; }
limits_of() { (cd "$(group)" && echo "$(cat memory.max) $(cat cpu.max)"); }

runs() {
	gives 0 "run: a status of 0" one @ true
	expect "run: nothing else is said" "$stdout$stderr" ''
	gives 9 "run: the command's status" one @ sh -c 'echo out; echo err >&2; exit 9'
	expect "run: stdout and stderr" "$stdout|$stderr" 'out|err'
	fails "run: a missing command" one @ nonexistent
	matches "run: it is named" "$stderr" 'OCI runtime create failed: .*nonexistent'
	fails "run: a file that is not executable" one @ /etc/passwd
	matches "run: the reason is named" "$stderr" '[Pp]ermission denied|not permitted'
}

terminal() {
	local said
	new_box
	said=$(on_terminal "stty rows 33 cols 77; nsenter --user --preserve-credentials --mount --target $(cat "$scratch/rootlesskit/child_pid") -- \
		ctr --address $scratch/containerd/socket run --rm --tty $(by_scope "$box") $image $box sh -c '
		tty; i=0; while [ \"\$(stty size)\" != \"33 77\" ] && [ \$i -lt 50 ]; do i=\$((i + 1)); sleep 0.1; done; stty size; exit 5'" </dev/null)
	expect "run --tty: the status" "$?" 5
	matches "run --tty: a terminal" "$said" /dev/pts/0
	matches "run --tty: the window's size" "$said" '33 77'
	said=$(printf 'echo $((6 * 7))\nexit 5\n' | on_terminal "nsenter --user --preserve-credentials --mount --target $(cat "$scratch/rootlesskit/child_pid") -- \
		ctr --address $scratch/containerd/socket run --rm --tty $(by_scope "$box-2") $image $box-2 sh")
	expect "run --tty: a shell's status" "$?" 5
	matches "run --tty: a shell's answer" "$said" '42'
}

attributes() {
	mkdir -p "$scratch/shared"
	echo there >"$scratch/shared/file"
	run one --env A=1 --cwd /tmp --user 5:6 --hostname inside --read-only --cap-drop CAP_MKNOD --seccomp \
		--mount "type=bind,src=$scratch/shared,dst=/mnt,options=rbind:ro" --pid-file "$scratch/pid" \
		--annotation org.example.key=value @ sh -c '
		echo "env $A $FROM_IMAGE; cwd $PWD; ids $(id -u):$(id -g); host $(hostname); file $(cat /mnt/file)"
		(: >/tmp/x) 2>/dev/null || echo read-only; (: >/mnt/x) 2>/dev/null || echo mount-read-only
		sed -n "s/^\(Seccomp\|NoNewPrivs\):\t/\1 /p" /proc/self/status'
	expect "run: environment, folder, user, name and mount" "$(head -n 1 <<<"$stdout")" 'env 1 yes; cwd /tmp; ids 5:6; host inside; file there'
	expect "run: --read-only, ro, --seccomp, no new privileges" "$(tail -n +2 <<<"$stdout" | tr '\n' ' ')" \
		'read-only mount-read-only NoNewPrivs 1 Seccomp 2 '
	run one --cap-drop CAP_NET_RAW --cap-add CAP_SYS_PTRACE --allow-new-privs @ sed -n 's/^CapEff:\t//p; s/^NoNewPrivs:\t//p' /proc/self/status
	expect "run: capabilities, and new privileges" "$(tr '\n' ' ' <<<"$stdout")" '00000000a80c05fb 0 '
	stay @ sleep 1000
	run one --with-ns "ipc:/proc/$(outer_pid)/ns/ipc" --with-ns "uts:/proc/$(outer_pid)/ns/uts" @ readlink /proc/self/ns/ipc
	expect "run --with-ns: another's namespace" "$stdout" "$(ctr tasks exec --exec-id ns "${box%-*}-$((${box##*-} - 1))" readlink /proc/self/ns/ipc)"
	box=${box%-*}-$((${box##*-} - 1))
	gone
	run one --privileged @ sed -n 's/^CapEff:\t//p' /proc/self/status
	expect "run --privileged" "$stdout" "$(in_kit sed -n 's/^CapEff:\t//p' /proc/self/status)"
	run one --net-host @ readlink /proc/self/ns/net
	expect "run --net-host" "$stdout" "$(in_kit readlink /proc/self/ns/net)"
}

limits() {
	stay --memory-limit "$limit" --cpu-quota 50000 --cpu-period 100000 @ sleep 1000
	expect "limits: in the cgroup" "$(limits_of)" "$limit 50000 100000"
	matches "limits: in a scope" "$(group)" "/user.slice/ctr-$box.scope$"
	matches "metrics: from the cgroup" "$(ctr tasks metrics "$box")" 'pids\.current +1'
	gone
	gives 137 "limits: memory is not more" one --memory-limit "$limit" @ dd if=/dev/zero of=/dev/null bs=200M count=1
}

life() {
	local pid
	stay @ sh -c 'trap "echo caught; exit 3" TERM; echo up; while :; do sleep 0.1; done'
	expect "run --detach" "$status$stdout$stderr" 0
	pid=$(outer_pid)
	matches "tasks list: the process" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" '^sh -c trap'
	matches "tasks ps" "$(ctr tasks ps "$box")" "(^|[^0-9])$pid( |$)"
	gives 0 "exec" ctr tasks exec --exec-id e1 --cwd /tmp "$box" sh -c 'echo "$PWD $FROM_IMAGE"'
	expect "exec: what it says" "$stdout" '/tmp yes'
	gives 7 "exec: the status" ctr tasks exec --exec-id e2 "$box" sh -c 'exit 7'
	expect "exec: stdin" "$(echo in | ctr tasks exec --exec-id e3 "$box" head -n 1)" in
	expect "exec --user" "$(ctr tasks exec --exec-id e4 --user 5:6 "$box" sh -c 'echo $(id -u):$(id -g)')" 5:6
	matches "exec --tty" "$(on_terminal "nsenter --user --preserve-credentials --mount --target $(cat "$scratch/rootlesskit/child_pid") -- \
		ctr --address $scratch/containerd/socket tasks exec --tty --exec-id e5 $box tty" </dev/null)" '/dev/pts/'
	fails "exec: a missing command" ctr tasks exec --exec-id e6 "$box" nonexistent
	matches "exec: it is named" "$stderr" 'OCI runtime exec failed: .*nonexistent'
	ctr tasks exec --detach --exec-id e7 "$box" sleep 1000
	works "exec: a signal for it alone" ctr tasks kill --signal KILL --exec-id e7 "$box"
	expect "exec: the container goes on" "$(status_is "$box" RUNNING && echo yes)" yes
	works "pause" ctr tasks pause "$box"
	expect "pause: PAUSED" "$(status_is "$box" PAUSED && echo yes)" yes
	expect "pause: its cgroup is frozen" "$(frozen)" 'frozen 1'
	works "resume" ctr tasks resume "$box"
	expect "resume: RUNNING" "$(status_is "$box" RUNNING && echo yes)" yes
	fails "tasks delete: one that runs" ctr tasks delete "$box"
	works "kill: a signal by name" ctr tasks kill --signal TERM "$box"
	expect "kill: the container ends" "$(eventually status_is "$box" STOPPED && echo yes)" yes
	expect "kill: its output" "$(tr '\n' ' ' <"$scratch/out-$box")" 'up caught '
	works "tasks delete" ctr tasks delete "$box"
	matches "tasks delete: its status" "$stderr" 'exit code 3'
	works "containers delete" ctr containers delete "$box"
	stay @ sleep 1000
	works "tasks delete --force: one that runs" ctr tasks delete --force "$box"
	fails "kill: one that is not there" ctr tasks kill "$box"
	matches "kill: it says so" "$stderr" 'not found'
	ctr containers delete "$box"
}

# ctr cannot ask for an update: the shim's own call, as Docker's tests make it through the daemon
updates() {
	local call=("$(command -v "$oci")" --root /run/containerd/runc/default --log "$scratch/update.json" --log-format json --systemd-cgroup)
	stay --memory-limit "$limit" @ sleep 1000
	echo '{"memory": {"limit": 67108864}, "pids": {"limit": 50}, "cpu": {"quota": 20000, "period": 40000, "shares": 1024}}' >"$scratch/resources"
	gives 0 "update" in_kit sh -c '"$@" <'"$scratch/resources" sh "${call[@]}" update --resources=- "$box"
	expect "update: in the cgroup" "$(limits_of | cut -d ' ' -f 1-3) $(cat "$(group)/pids.max")" '67108864 20000 40000 50'
	gone
}

# Two runtimes in the daemon at once: neither minds the other's.
image_file
configure
start_containerd || { echo "Bail out! containerd does not start: $(daemon_said)"; exit 1; }
ctr images import --snapshotter overlayfs "$scratch/box.tar" >/dev/null || { echo "Bail out! the image cannot be imported"; exit 1; }
one @ true || { echo "Bail out! no first container: $(daemon_said)"; exit 1; }

is "the CRI plugin has read the runtime" "$(in_kit containerd --config "$scratch/config.toml" config dump |
	sed -n '/runtimes.lichen.options\]/,/^ *\[/s/^ *BinaryName = //p')" "\"$LICHEN\""
before=$(census)
scenario runs terminal attributes limits life updates
nothing_left "nothing is left of them" "$before"
is "nothing is left in the shim's folder" "$(in_kit ls /run/containerd/runc/default)" ''

# ---- without SystemdCgroup: cgroupsPath is /default/ID ----

plainly() {
	new_box
	run ctr run "$1" --snapshotter overlayfs --runc-binary "$LICHEN" --memory-limit "$limit" --cpu-quota 50000 --cpu-period 100000 "$image" "$box" "${@:2}"
}
without_systemd() {
	plainly --rm sh -c 'echo up; exit 6'
	is "without a scope: run" "$status $stdout" '6 up'
	plainly --detach sleep 1000
	is "… the cgroup is in containerd's unit" "$(group)" "$(unit_cgroup)/default/$box"
	is "… with the limits" "$(limits_of | cut -d ' ' -f 1-3)" "$limit 50000 100000"
	is "… exec" "$(ctr tasks exec --exec-id e1 "$box" sh -c 'echo in')" in
	ok "… pause" ctr tasks pause "$box"
	is "… its cgroup is frozen" "$(frozen)" 'frozen 1'
	ok "… resume" ctr tasks resume "$box"
	run in_kit sh -c 'echo "{\"memory\": {\"limit\": 67108864}}" | "$@"' sh "$LICHEN" --root /run/containerd/runc/default update --resources=- "$box"
	is "… update" "$status $(limits_of | cut -d ' ' -f 1)" '0 67108864'
	like "… metrics" "$(ctr tasks metrics "$box")" 'pids\.current +1'
	ok "… kill" ctr tasks kill --signal KILL "$box"
	eventually status_is "$box" STOPPED
	ok "… tasks delete" ctr tasks delete "$box"
	like "… its status" "$stderr" 'exit code 137'
	ok "… containers delete" ctr containers delete "$box"
	ok "… and its cgroup is gone, with the one above" test ! -e "$(unit_cgroup)/default"
}
if [[ " ${LICHEN_ONLY:-without_systemd} " == *" without_systemd "* ]]; then without_systemd; fi

scenarios_count 50
daemon_ends
done_testing

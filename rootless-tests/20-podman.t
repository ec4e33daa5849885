#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Podman with lichen in the place of crun, set by a drop-in as a distribution would ship it: run, ps,
# logs, rm, exit statuses, limits. Network none; exec, terminals and networks have files of their own.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/lichen.sh
source "$(dirname "$0")/lib/lichen.sh"

name=${LICHEN##*/}
image=localhost/rig-busybox
seconds=${LICHEN_DEADLINE:-60}

if ! must_run podman; then done_testing; fi

# the user's own configuration folder, so that nothing of the machine is changed
export XDG_CONFIG_HOME=$scratch/config
own_storage
mkdir -p "$XDG_CONFIG_HOME/containers/containers.conf.d"
installed=${LICHEN%/*}/../share/lichen/podman.conf
if [[ $name == lichen && -e $installed ]]; then
	cp "$installed" "$XDG_CONFIG_HOME/containers/containers.conf.d/50-lichen.conf"
else cat >"$XDG_CONFIG_HOME/containers/containers.conf.d/50-lichen.conf" <<EOF
[engine]
runtime = "$name"
runtime_supports_json = ["$name"]
runtime_supports_nocgroup = ["$name"]

[engine.runtimes]
$name = ["$LICHEN"]
EOF
fi
# Podman limits the pids of every container by default. What the runtime or the tier has no limits
# for is run without, and the limits have their own tests below.
limits=$("$LICHEN" features 2>/dev/null | jq '.linux.cgroup.v2 == true')
if [[ $limits != true ]] || ! has_cgroup_pids 2>/dev/null; then
	printf '[containers]\npids_limit = 0\n' >"$XDG_CONFIG_HOME/containers/containers.conf.d/60-no-pids.conf"
fi

pod() { within "$seconds" podman "$@"; }
remove_all() { pod rm --all --force --time 0 >/dev/null 2>&1; }
# The mount namespace in which Podman lets every container be made: a mount left there stays. Its
# storage is one that comes and goes with whoever uses it last.
pod_mounts() {
	pod unshare sed -E 's/^[0-9]+ [0-9]+ [^ ]+ //; s/ - .*//; \|/containers/storage/overlay |d' /proc/self/mountinfo | LC_ALL=C sort
}

make_rootfs "$scratch/image"
ok "an image from a tar archive" bash -c 'tar -c -C "$1" . | timeout "$3" podman import - "$2"' - "$scratch/image" "$image" "$seconds"
is "Podman takes the runtime from the drop-in" "$(pod info --format '{{.Host.OCIRuntime.Path}}')" "$LICHEN"

# the first container brings Podman's pause process and its namespace up
exits 0 "the first container" pod run --rm --network none "$image" true
# one hang says it all: the other tests would each wait for as long (137: Podman had to be killed)
if ((status == 124 || status == 137)); then done_testing; fi
mounts=$(pod_mounts)
before=$(census)

run pod run --rm --network none "$image" echo 'hello  world'
is "run: output" "$stdout" 'hello  world'
is "run: nothing on stderr" "$stderr" ''
exits 7 "run: the command's status" pod run --rm --network none "$image" sh -c 'exit 7'
exits 127 "run: a missing command" pod run --rm --network none "$image" /nonexistent
exits 126 "run: a command that cannot be executed" pod run --rm --network none "$image" /etc/passwd
is "run: stdin" "$(echo 'to stdin' | pod run --rm -i --network none "$image" cat)" 'to stdin'
run pod run --rm --network none --env A=1 --workdir /tmp --hostname lichen "$image" sh -c 'echo "$A $PWD $(hostname)"'
is "run: environment, folder, host name" "$stdout" '1 /tmp lichen'
run pod run --rm --network none "$image" id -u
is "run: root inside" "$stdout" 0
run pod run --rm --network none --user 1000:1000 "$image" id -u
is "run: another user inside" "$stdout" 1000
run pod run --rm --network none --read-only "$image" sh -c 'echo x >/file'
like "run: a read-only root" "$status $stderr" 'Read-only file system'
run pod run --rm --network none --volume "$scratch/image/etc:/mnt:ro" "$image" cat /mnt/group
is "run: a volume" "$stdout" 'root:x:0:'

mkdir "$scratch/for-group"
echo 'of the group' >"$scratch/for-group/file"
chgrp -R "$(id -G | tr ' ' '\n' | tail -n 1)" "$scratch/for-group" && chmod 0750 "$scratch/for-group" && chmod 0640 "$scratch/for-group/file"
run pod run --rm --network none --user 1000:1000 --group-add keep-groups --volume "$scratch/for-group:/mnt" "$image" cat /mnt/file
is "run --group-add keep-groups" "$stdout" 'of the group'
not_ok "… not without it" pod run --rm --network none --user 1000:1000 --volume "$scratch/for-group:/mnt" "$image" cat /mnt/file

run pod run --detach --network none --name sleeper "$image" sleep 1000
is "run --detach" "$status" 0
run pod ps --format '{{.Names}} {{.Status}}'
like "ps" "$stdout" '^sleeper Up '
run pod inspect --format '{{.State.Pid}}' sleeper
ok "the first process is ours and alive" test "$(ps -o user= -p "$stdout")" = "$(id -un)"
ok "stop" pod stop --time 1 sleeper
run pod ps --all --format '{{.Names}} {{.Status}}'
like "ps after stop" "$stdout" '^sleeper Exited \((137|143)\)'
ok "start again" pod start sleeper
ok "kill" pod kill sleeper
run pod wait sleeper
is "wait: death by signal" "$stdout" 137
ok "rm" pod rm --force --time 0 sleeper
is "nothing in ps" "$(pod ps --all --quiet)" ''

run pod run --network none --name talker "$image" sh -c 'echo one; echo two >&2'
run pod logs talker
is "logs: stdout" "$stdout" one
is "logs: stderr" "$stderr" two
ok "rm of one that has ended" pod rm talker

run pod create --network none --name never "$image" true
ok "create, then rm without a start" pod rm never
pod run --detach --network none --name running "$image" sleep 1000 >/dev/null
not_ok "rm refuses a running container" pod rm running
ok "rm --force of a running container" pod rm --force --time 0 running

run pod run --rm --network none --ulimit nofile=123:234 "$image" sh -c 'ulimit -Sn; ulimit -Hn'
is "the limit of open files" "$stdout" $'123\n234'

# as users type it: in the foreground Podman's conmon runs lichen with --console-socket or pipes
check_exec() {
	pod run --detach --network none --name execs --env FROM=config "$image" sleep 1000 >/dev/null
	run pod exec execs sh -c 'echo out; echo err >&2'
	is "exec: output" "$status $stdout,$stderr" '0 out,err'
	exits 7 "exec: the command's status" pod exec execs sh -c 'exit 7'
	exits 137 "exec: death by a signal" pod exec execs sh -c 'kill -9 $$'
	exits 127 "exec: a missing command" pod exec execs nonexistent
	like "… what is said" "$stderr" "executable file .*not found in .PATH"
	exits 127 "exec: a missing path" pod exec execs /nonexistent
	exits 126 "exec: what cannot be executed" pod exec execs /etc/passwd
	run pod exec --workdir /nowhere execs true
	like "exec: a missing folder" "$status $stderr" '^12[67] .*/nowhere'
	is "exec -i" "$(echo 'to stdin' | pod exec -i execs cat)" 'to stdin'
	run pod exec --env A=1 --workdir /tmp execs sh -c 'echo "$A $FROM $PWD"'
	is "exec -e -w" "$stdout" '1 config /tmp'
	run pod exec --user 1000:1001 execs sh -c 'echo "$(id -u):$(id -g)"; grep CapEff /proc/self/status'
	is "exec -u: user and group, and no capability" "$(xargs <<<"$stdout")" '1000:1001 CapEff: 0000000000000000'
	run pod exec execs sh -c 'for p in /proc/[0-9]*; do readlink $p/ns/pid; done | sort -u | wc -l; grep -c . /proc/1/cmdline'
	is "exec: one PID namespace" "$stdout" $'1\n1'
	run within "$seconds" script -qec 'stty rows 31 cols 99; podman exec -it execs sh -c "tty; until stty size 2>/dev/null | grep 31.99; do sleep 0.1; done; exit 5"' /dev/null
	is "exec -it: its status" "$status" 5
	# Podman sets the size when the program may run already
	like "exec -it: a terminal, with our size" "$(tr -d '\r' <<<"$stdout" | xargs)" '/dev/pts/[0-9]+ 31 99'
	run pod exec --detach execs sh -c 'echo done >/tmp/detached; sleep 1000'
	is "exec --detach" "$status" 0
	ok "… it runs" eventually pod exec execs grep -q done /tmp/detached
	run pod exec execs grep CapEff /proc/self/status
	like "exec --privileged: more capabilities" "$stdout $(pod exec --privileged execs grep CapEff /proc/self/status)" \
		'^CapEff:.0{8}[0-9a-f]{8} CapEff:.0{5}[1-9a-f][0-9a-f]{10}$'
	run pod exec --preserve-fds 1 execs sh -c 'cat <&3' 3<<<'through 3'
	is "exec --preserve-fds" "$stdout" 'through 3'
	ok "rm of it, with all that runs in it" pod rm --force --time 0 execs
	not_ok "exec in one that is gone" pod exec execs true
}
check_exec

check_limits() {
	if must_run cgroup-memory; then
		run pod run --rm --network none --memory 64m "$image" cat /sys/fs/cgroup/memory.max
		is "the memory limit is set" "$stdout" 67108864
		exits 137 "the memory limit holds" pod run --rm --network none --memory 32m --memory-swap 32m "$image" \
			sh -c 'dd if=/dev/zero of=/dev/null bs=200M count=1'
	fi
	if must_run cgroup-pids; then
		run pod run --rm --network none --pids-limit 20 "$image" cat /sys/fs/cgroup/pids.max
		is "the pids limit is set" "$stdout" 20
	fi
	if must_run cgroup-cpu; then
		run pod run --rm --network none --cpus 0.5 "$image" cat /sys/fs/cgroup/cpu.max
		is "the CPU limit is set" "$stdout" '50000 100000'
	fi
}
if [[ $limits == true ]]; then check_limits
else diag "no limits: $name's own features say that it has no cgroup v2"; fi

remove_all
is "no mount is left in Podman's namespace" "$(diff <(echo "$mounts") <(pod_mounts) | grep '^[<>]')" ''
nothing_left "nothing is left" "$before"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Docker without root, whose default runtime is lichen, and crun another one: what people type, checked
# by its effect. Its own networks want iptables: containers have none here, or the daemon's.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/engines.sh
source "$(dirname "$0")/lib/engines.sh"

for feature in docker user-scope cgroup-memory cgroup-pids cgroup-cpu; do
	must_run "$feature" || done_testing
done

image=box:1
home=$scratch/docker
export DOCKER_BUILDKIT=0 DOCKER_CONFIG=$home/config DOCKER_HOST=unix://$home/socket

start_docker() {
	mkdir "$home"
	jq -n --arg lichen "$LICHEN" --arg name "$name" --arg crun "$(command -v crun)" --arg home "$home" '{
		runtimes: {($name): {path: $lichen}, crun: {path: $crun}}, "default-runtime": $name,
		"exec-opts": ["native.cgroupdriver=systemd"], iptables: false, bridge: "none",
		"data-root": "\($home)/data", "exec-root": "\($home)/exec", pidfile: "\($home)/pid"}' >"$home/daemon.json"
	daemon docker env DOCKERD_ROOTLESS_ROOTLESSKIT_STATE_DIR="$home/rootlesskit" \
		/usr/share/docker.io/contrib/dockerd-rootless.sh --config-file "$home/daemon.json" --host "$DOCKER_HOST"
	docker_is_up() { docker version >/dev/null 2>&1; }
	eventually docker_is_up || eventually docker_is_up
}

docker() { within "$seconds" docker "$@"; }
# box OPTION... @ CMD...   docker run --rm without a network; "@" is the image
box() { docker run --rm --pull never --network none --runtime "$oci" "${@/#@/$image}"; }
# stay OPTION... @ CMD...  in the background, as $box
stay() {
	new_id
	box=$id
	run docker run --detach --pull never --network none --runtime "$oci" --name "$box" "${@/#@/$image}"
}
gone() { docker rm --force --volumes "$box" >/dev/null; }
group() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(outer_pid)/cgroup")"; }
scope() { group | sed 's:/container$::'; }
outer_pid() { docker inspect --format '{{.State.Pid}}' "$box"; }
limit() { cat "$(scope)/$1"; }
is_state() { [[ $(docker inspect --format "{{.State.$1}}" "$box") == "$2" ]]; }

runs() {
	local sum
	gives 0 "run: a status of 0" box @ true
	expect "run: nothing else is said" "$stdout$stderr" ''
	gives 7 "run: the command's status" box @ sh -c 'echo out; echo err >&2; exit 7'
	expect "run: stdout and stderr" "$stdout|$stderr" 'out|err'
	gives 137 "run --init: death by a signal" box --init @ sh -c 'kill -KILL $$'
	fails "run: a missing command" box @ nonexistent
	matches "run: it is named" "$stderr" 'OCI runtime create failed: .*nonexistent'
	head -c 1000000 /dev/urandom >"$scratch/big"
	sum=$(sha256sum <"$scratch/big")
	expect "run -i: every byte of stdin" "$(box -i @ sha256sum <"$scratch/big")" "$sum"
	expect "run: every byte of stdout" "$(box -v "$scratch/big:/big:ro" @ cat /big | sha256sum)" "$sum"
}

terminal() {
	local said
	said=$(on_terminal "stty rows 33 cols 77; docker run --rm -t --pull never --network none --runtime $oci $image sh -c '
		tty; i=0; while [ \"\$(stty size)\" != \"33 77\" ] && [ \$i -lt 50 ]; do i=\$((i + 1)); sleep 0.1; done
		stty size; exit 9'" </dev/null)
	expect "run -t: the status" "$?" 9
	matches "run -t: a terminal" "$said" /dev/pts/0
	matches "run -t: the window's size" "$said" '33 77'
	said=$(printf 'echo $((6 * 7))\nexit 5\n' | on_terminal docker run --rm -it --pull never --network none --runtime "$oci" "$image" sh)
	expect "run -it: the shell's status" "$?" 5
	matches "run -it: the shell's answer" "$said" 42
}

# kept KEY   what the last script said of it
kept() { sed -n "s/^$1 //p" <<<"$stdout"; }
attributes() {
	mkdir -p "$scratch/shared"
	echo there >"$scratch/shared/file"
	run box -e A=1 -w /tmp -u 5:6 --group-add 7 -h inside --ulimit nofile=100:200 --oom-score-adj 500 --shm-size 1m \
		-v "$scratch/shared:/mnt:ro" --security-opt no-new-privileges --cap-add SYS_PTRACE --cap-drop MKNOD @ sh -c '
		echo "env $A $FROM_IMAGE"; echo "cwd $PWD"; echo "ids $(id -u):$(id -g) $(id -G)"; echo "host $(hostname)"
		echo "files $(ulimit -Sn) $(ulimit -Hn)"; echo "oom $(cat /proc/self/oom_score_adj)"; echo "shm $(df -k /dev/shm | awk "END {print \$2}")"
		echo "mount $(cat /mnt/file) $( (: >/mnt/x) 2>/dev/null || echo ro)"
		sed -n "s/^\(NoNewPrivs\|Seccomp\|CapBnd\):\t/\1 /p" /proc/self/status; echo "masked $(wc -c </proc/keys)"'
	expect "run -e, and the image's environment" "$(kept env)" '1 yes'
	expect "run -w" "$(kept cwd)" /tmp
	expect "run -u, --group-add" "$(kept ids)" '5:6 6 7'
	expect "run -h" "$(kept host)" inside
	expect "run --ulimit" "$(kept files)" '100 200'
	expect "run --oom-score-adj" "$(kept oom)" 500
	expect "run --shm-size" "$(kept shm)" 1024
	expect "run -v :ro" "$(kept mount)" 'there ro'
	expect "run --security-opt no-new-privileges" "$(kept NoNewPrivs)" 1
	expect "run: Docker's own seccomp profile" "$(kept Seccomp)" 2
	expect "run --cap-add, --cap-drop" "$(kept CapBnd)" 00000000a00c25fb
	expect "run: masked paths" "$(kept masked)" 0
	run box --read-only --tmpfs /scratch:size=1m --sysctl kernel.msgmax=4096 --device /dev/null --entrypoint sh \
		--security-opt seccomp=unconfined --cgroupns host @ -c '
		echo "root $( (: >/x) 2>/dev/null || echo ro)"; echo "tmpfs $(: >/scratch/x && df -k /scratch | awk "END {print \$2}")"
		echo "sysctl $(cat /proc/sys/kernel/msgmax)"; echo "device $(echo x >/dev/null && echo works)"
		sed -n "s/^Seccomp:\t/seccomp /p" /proc/self/status; echo "cgroup $(sed -n "s/^0:://p" /proc/self/cgroup)"'
	expect "run --read-only" "$(kept root)" ro
	expect "run --tmpfs" "$(kept tmpfs)" 1024
	expect "run --sysctl" "$(kept sysctl)" 4096
	expect "run --device, --entrypoint" "$(kept device)" works
	expect "run --security-opt seccomp=unconfined" "$(kept seccomp)" 0
	matches "run --cgroupns host" "$(kept cgroup)" '/user\.slice/docker-[0-9a-f]*\.scope'
	run box --privileged --network host --uts host @ sh -c 'echo "caps $(sed -n "s/^CapEff:\t//p" /proc/self/status)"; echo "uts $(readlink /proc/self/ns/uts)"
		echo "lo $(ip link show lo | grep -c UP)"'
	matches "run --privileged" "$(kept caps)" '^000001f+$'
	expect "run --uts host" "$(kept uts)" "$(readlink "/proc/$(cat "$home/rootlesskit/child_pid")/ns/uts")"
	stay --ipc shareable @ sleep 1000
	run box --pid "container:$box" --ipc "container:$box" @ sh -c 'tr "\0" " " </proc/1/cmdline; readlink /proc/self/ns/ipc'
	expect "run --pid, --ipc of another" "$stdout" "sleep 1000 $(docker exec "$box" readlink /proc/self/ns/ipc)"
	gone
}

limits() {
	stay --memory 64m --memory-swap 96m --memory-reservation 32m --pids-limit 50 --cpus 0.5 @ sleep 1000
	matches "limits: a scope of the user's" "$(scope)" '/user\.slice/docker-[0-9a-f]*\.scope$'
	expect "run --memory" "$(limit memory.max)" $((64 << 20))
	expect "run --memory-reservation" "$(limit memory.low)" $((32 << 20))
	expect "run --pids-limit" "$(limit pids.max)" 50
	expect "run --cpus" "$(limit cpu.max)" '50000 100000'
	expect "limits: seen from inside" "$(docker exec "$box" cat /sys/fs/cgroup/memory.max)" $((64 << 20))
	works "update" docker update --memory 128m --memory-swap 128m --pids-limit 70 --cpus 0.25 "$box"
	expect "update: in the cgroup" "$(limit memory.max) $(limit pids.max) $(limit cpu.max)" "$((128 << 20)) 70 25000 100000"
	matches "stats" "$(docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$box")" ' / 128MiB 1$'
	gone
	# one process of several: the cgroup has to be there still when the shim is told
	stay --memory 32m --memory-swap 32m @ sh -c 'dd if=/dev/zero of=/dev/null bs=200M count=1; echo $?; exec sleep 1000'
	eventually eval '[[ $(docker logs "$box" 2>&1) == *137* ]]'
	matches "limits: memory is not more" "$(docker logs "$box" 2>&1)" 137
	expect "limits: Docker knows why" "$(eventually is_state OOMKilled true && echo yes)" yes
	gone
}

life() {
	local process
	stay --restart no @ sh -c 'trap "echo caught; exit 3" TERM; trap "exit 8" USR1; echo up; while :; do sleep 0.1; done'
	matches "run -d" "$status $stdout" '^0 [0-9a-f]{64}$'
	eventually eval '[[ $(docker logs "$box") == up ]]'
	expect "logs" "$(docker logs "$box")" up
	expect "exec -e, -w, -u" "$(docker exec -e B=2 -w /tmp -u 5:6 "$box" sh -c 'echo $B $PWD $(id -u):$(id -g)')" '2 /tmp 5:6'
	gives 7 "exec: the status" docker exec "$box" sh -c 'exit 7'
	fails "exec: a missing command" docker exec "$box" nonexistent
	matches "exec: it is named" "$stdout$stderr" 'OCI runtime exec failed: .*nonexistent'
	expect "exec -i: every byte" "$(docker exec -i "$box" sha256sum <"$scratch/big")" "$(sha256sum <"$scratch/big")"
	matches "exec -t" "$(on_terminal docker exec -t "$box" tty </dev/null)" /dev/pts/
	works "exec -d" docker exec -d "$box" sh -c 'echo $$ >/tmp/pid; exec sleep 1000'
	matches "top" "$(docker top "$box")" 'trap.*echo caught'
	process=$(docker top "$box" -o pid,comm | awk '$2 == "sleep"' | wc -l)
	matches "top: the one of exec, too" "$process" '^[1-9]'
	works "pause" docker pause "$box"
	expect "pause: its cgroup is frozen" "$(grep frozen "$(group)/cgroup.events")" 'frozen 1'
	fails "pause: no exec meanwhile" docker exec "$box" true
	works "unpause" docker unpause "$box"
	expect "unpause: it runs" "$(docker exec "$box" echo yes)" yes
	echo copied >"$scratch/copied"
	docker cp -q "$scratch/copied" "$box:/tmp/copied"
	expect "cp: into it" "$(docker exec "$box" cat /tmp/copied)" copied
	works "stop" docker stop -t 10 "$box"
	expect "stop: its own status" "$(docker inspect --format '{{.State.ExitCode}} {{.State.Status}}' "$box")" '3 exited'
	expect "stop: what it has said" "$(docker logs "$box" | tail -n 1)" caught
	works "start: again" docker start "$box"
	works "restart" docker restart -t 0 "$box"
	eventually eval '[[ $(docker logs "$box" | grep -c up) == 3 ]]'
	works "kill -s" docker kill -s USR1 "$box"
	expect "kill: by a signal" "$(docker wait "$box")" 8
	works "rm" docker rm "$box"
	stay @ sh -c 'trap "" TERM; echo up; while :; do sleep 0.1; done'
	eventually eval '[[ $(docker logs "$box") == up ]]'
	works "stop -t: what does not listen" docker stop -t 1 "$box"
	expect "stop -t: it is killed" "$(docker inspect --format '{{.State.ExitCode}}' "$box")" 137
	gone
	stay --restart on-failure:2 @ sh -c 'echo again; exit 1'
	expect "run --restart: as often as asked for" "$(eventually is_state Status exited && eventually eval '[[ $(docker logs "$box" | wc -l) == 3 ]]' && echo yes)" yes
	gone
	stay --health-cmd 'test -e /tmp/well' --health-interval 1s @ sh -c 'touch /tmp/well; sleep 1000'
	expect "run --health-cmd" "$(eventually is_state Health.Status healthy && echo yes)" yes
	works "rm --force: one that runs" docker rm --force "$box"
	new_id
	box=$id
	docker create -i --name "$box" --pull never --network none --runtime "$oci" "$image" sh -c 'read x; echo "got $x"; exit 4' >/dev/null
	expect "create, start -a -i" "$(echo word | docker start -a -i "$box")" 'got word'
	gone
}

# what crun 1.21 does not pass: Docker tells statuses by runc's words
ours() {
	exits 127 "run: a missing command's status" box @ nonexistent
	exits 127 "run: by a path" box @ /nonexistent
	exits 126 "run: a file that is not executable" box @ /etc/passwd
	exits 126 "run: a folder" box @ /etc
	is "run --device: under another name" "$(box --device /dev/null:/dev/empty @ sh -c 'echo x >/dev/empty && echo works')" works
	stay --memory 64m --memory-swap 96m @ sleep 1000
	is "run --memory-swap" "$(limit memory.swap.max)" $((32 << 20))
	docker update --memory 128m --memory-swap 128m "$box" >/dev/null
	is "update --memory-swap" "$(limit memory.swap.max)" 0
	gone
}

# the build asks the daemon's default runtime
builds() {
	mkdir -p "$scratch/context"
	printf 'FROM %s\nARG WHAT\nRUN echo "$WHAT of $(id -u)" >/built; hostname\nUSER 5:6\nWORKDIR /work\nRUN ["sh", "-c", "id -u >/tmp/user"]\nCMD cat /built /tmp/user; pwd\n' \
		"$image" >"$scratch/context/Dockerfile"
	ok "build" docker build -q --build-arg WHAT=work --network none --memory 64m -t built "$scratch/context"
	is "build: what it has made" "$(docker run --rm --pull never --network none built | tr '\n' ' ')" 'work of 0 5 /work '
	printf 'FROM %s\nRUN exit 6\n' "$image" >"$scratch/context/Dockerfile"
	not_ok "build: a command that fails" docker build -q --network none -t failed "$scratch/context"
	like "build: its status" "$stderr" 'returned a non-zero code: 6'
	docker ps --all --quiet | xargs --no-run-if-empty docker rm --force >/dev/null
}

image_file
start_docker || { echo "Bail out! Docker does not start: $(daemon_said)"; exit 1; }
docker load --quiet --input "$scratch/box.tar" >/dev/null || { echo "Bail out! the image cannot be loaded"; exit 1; }
is "the default runtime" "$(docker info --format '{{.DefaultRuntime}} {{.CgroupDriver}}')" "$name systemd"
run docker run --rm --pull never --network none "$image" true
is "… runs a container" "$status$stdout$stderr" 0
before=$(census)
scenario runs terminal attributes limits life
for part in ours builds; do
	if [[ " ${LICHEN_ONLY:-$part} " == *" $part "* ]]; then "$part"; fi
done
nothing_left "nothing is left of them" "$before"
is "nothing is left in the shim's folder" "$(find "$home"/exec/runtime-*/moby -mindepth 1 ! -path '*/.seccomp*' ! -path '*/.cache*')" ''
scenarios_count 70
daemon_ends
done_testing

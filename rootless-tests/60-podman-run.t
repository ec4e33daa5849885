#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman run, for lichen and for crun: what a container's first process finds itself to be, its
# statuses, streams and terminals.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }

statuses() {
	gives 0 "run: true" box @ true
	expect "run: nothing on stderr" "$stderr" ''
	gives 7 "run: the command's status" box @ sh -c 'echo out; echo err >&2; exit 7'
	expect "run: stdout and stderr are kept apart" "$stdout|$stderr" 'out|err'
	gives 137 "run: death by a signal" box --init @ sh -c 'kill -9 $$'
	gives 127 "run: a missing command" box @ nonexistent
	matches "run: the missing command is named" "$stderr" nonexistent
	gives 127 "run: a missing path" box @ /nonexistent
	gives 126 "run: a file that is not executable" box @ /etc/passwd
	gives 126 "run: a folder" box @ /etc
	gives 127 "run: a working folder's command that is missing" box --workdir /tmp @ ./nonexistent
	gives 255 "run --timeout: it is killed, and Podman knows no status" box --timeout 1 @ sleep 100
}

streams() {
	local sum
	sum=$(head -c 3000000 "$big" | sha256sum)
	expect "run -i: every byte of stdin" "$(head -c 3000000 "$big" | box -i @ sha256sum)" "$sum"
	expect "run: every byte of stdout" "$(box --volume "$big:/big:ro" @ head -c 3000000 /big | sha256sum)" "$sum"
	expect "run without -i: no stdin" "$(echo lost | box @ sh -c 'cat; echo end')" end
	run box --attach stderr @ sh -c 'echo out; echo err >&2'
	expect "run --attach stderr" "$stdout|$stderr" '|err'
}

signals() {
	box --name "$oci-signals" @ sh -c 'trap "exit 42" TERM; echo up; while :; do sleep 0.1; done' >"$scratch/said" 2>&1 &
	local caller=$!
	eventually grep -q up "$scratch/said"
	pkill -TERM -P "$(pgrep -P "$caller")"
	wait "$caller"
	expect "run: a signal for podman arrives in the container" "$?" 42
}

terminal() {
	local said
	said=$(on_terminal "stty rows 33 cols 77; podman --runtime $oci run --rm -t --network none $image sh -c '
		tty; i=0; while [ \"\$(stty size)\" != \"33 77\" ] && [ \$i -lt 100 ]; do i=\$((i + 1)); sleep 0.1; done
		stty size; ls -l /dev/console >/dev/null && echo console; exit 9'" </dev/null)
	expect "run -t: the status" "$?" 9
	matches "run -t: a terminal" "$said" /dev/pts/0
	matches "run -t: the window's size" "$said" '33 77'
	matches "run -t: /dev/console" "$said" console
	said=$(printf 'echo $((6 * 7))\nexit 5\n' | on_terminal podman --runtime "$oci" run --rm -it --network none "$image" sh)
	expect "run -it: the shell's status" "$?" 5
	matches "run -it: the shell's answer" "$said" '42'
	said=$(box @ sh -c 'test -t 0 || test -t 1 || echo none')
	expect "run without -t: no terminal" "$said" none
}

attributes() {
	printf 'FROM_FILE=f\n' >"$scratch/env"
	script --env A=1 --env-file "$scratch/env" --workdir /var --hostname box --user 1000:1001 --group-add 2000 \
		--umask 0027 --ulimit nofile=123:234 --ulimit core=0 --oom-score-adj 500 \
		--add-host there:192.0.2.9 <<-'END'
		echo "env $A $FROM_FILE $container"
		echo "cwd $PWD"
		echo "ids $(id -u):$(id -g)"
		echo "groups $(id -G)"
		echo "umask $(umask)"
		echo "nofile $(ulimit -Sn) $(ulimit -Hn)"
		echo "core $(ulimit -c)"
		echo "oom $(cat /proc/self/oom_score_adj)"
		echo "host $(hostname)"
		echo "there $(grep -w there /etc/hosts | cut -f 1)"
		echo "caps $(sed -n 's/^CapEff:\t//p' /proc/self/status)"
		: >/tmp/file; echo "mode $(stat -c %a:%u /tmp/file)"
	END
	expect "--env, --env-file" "$(said env)" '1 f podman'
	expect "--workdir" "$(said cwd)" /var
	expect "--user UID:GID" "$(said ids)" 1000:1001
	expect "--group-add" "$(said groups)" '1001 2000'
	expect "--umask" "$(said umask)" 0027
	expect "--umask: a file's mode" "$(said mode)" 640:1000
	expect "--ulimit nofile" "$(said nofile)" '123 234'
	expect "--ulimit core" "$(said core)" 0
	expect "--oom-score-adj" "$(said oom)" 500
	expect "--hostname" "$(said host)" box
	expect "--add-host" "$(said there)" 192.0.2.9
	expect "--user: no capability is effective" "$(said caps)" 0000000000000000
}

# what is for root alone, and what has no option above
root_attributes() {
	script --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 \
		--entrypoint '["/bin/busybox", "env", "B=2"]' --pidfile "$scratch/pid.$oci" <<-'END'
		echo "forward $(cat /proc/sys/net/ipv4/ip_forward)"
		echo "msgmax $(cat /proc/sys/kernel/msgmax)"
		echo "entry $B"
		echo "fds $(ls /proc/self/fd | tr '\n' ' ')"
		echo "cmd $(tr '\0' ' ' </proc/1/cmdline | cut -c 1-5)"
		cd /dev; echo "devices $(ls -d fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero | wc -l)"
		echo x >/dev/null && echo "null yes"
		echo "random $(head -c 10 /dev/urandom | wc -c)"
	END
	expect "--sysctl of the network" "$(said forward)" 1
	expect "--sysctl of the IPC namespace" "$(said msgmax)" 4096
	expect "--entrypoint" "$(said entry)" 2
	expect "no descriptor but the three" "$(said fds)" '0 1 2 3 '
	expect "the command is process 1" "$(said cmd)" 'sh -c'
	expect "/dev: all that has to be there" "$(said devices)" 14
	expect "/dev/null and /dev/urandom work" "$(said null) $(said random)" 'yes 10'
	matches "--pidfile" "$(cat "$scratch/pid.$oci")" '^[0-9]+$'
}

users() {
	script --user daemon <<<'echo "ids $(id -u):$(id -g)"'
	expect "--user NAME" "$(said ids)" 5:6
	fails "--user: a name that the image has not" box --user missing @ true
	matches "--user: the name is in the error" "$stderr" missing
	script --group-add keep-groups <<<'echo "groups $(id -G)"'
	matches "--group-add keep-groups" "$(said groups)" 65534
	script --user 1000 --cap-add net_bind_service <<-'END'
		echo "ambient $(sed -n 's/^CapAmb:\t//p' /proc/self/status)"
	END
	expect "--user, --cap-add: an ambient capability" "$(said ambient)" 0000000000000400
}

capabilities() {
	script --cap-drop all --cap-add chown --cap-add net_admin <<-'END'
		echo "set $(sed -n 's/^CapEff:\t//p' /proc/self/status) $(sed -n 's/^CapBnd:\t//p' /proc/self/status)"
		: >/tmp/f; chown 5:5 /tmp/f && echo "chown yes"
		ip link set lo up && echo "admin yes"
		chroot / true 2>/dev/null || echo "chroot no"
	END
	expect "--cap-drop all --cap-add: the sets" "$(said set)" '0000000000001001 0000000000001001'
	expect "--cap-add: chown, net_admin" "$(said chown) $(said admin)" 'yes yes'
	expect "--cap-drop: no chroot" "$(said chroot)" no
	script <<-'END'
		echo "set $(sed -n 's/^CapEff:\t//p' /proc/self/status)"
		mount -t tmpfs tmpfs /tmp 2>/dev/null || echo "mount no"
		ip link set lo down 2>/dev/null || echo "admin no"
	END
	expect "Podman's usual capabilities" "$(said set)" 00000000800405fb
	expect "usually no mount, no net_admin" "$(said mount) $(said admin)" 'no no'
	script --privileged <<-'END'
		mount -t tmpfs tmpfs /tmp && echo "mount yes"
		echo "seccomp $(sed -n 's/^Seccomp:\t//p' /proc/self/status)"
		echo "bound $(sed -n 's/^CapBnd:\t//p' /proc/self/status)"
		[ -c /dev/fuse ] && echo "fuse yes"
	END
	expect "--privileged: a mount" "$(said mount)" yes
	expect "--privileged: no filter" "$(said seccomp)" 0
	expect "--privileged: every capability" "$(said bound)" 000001ffffffffff
	expect "--privileged: the host's devices" "$(said fuse)" yes
}

security() {
	script <<-'END'
		echo "nnp $(sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)"
		echo "filter $(sed -n 's/^Seccomp:\t//p' /proc/self/status)"
		(echo 1 >/proc/sys/net/ipv4/ip_forward) 2>/dev/null || echo "sys ro"
		echo "version $(cat /proc/version | head -c 5)"
	END
	expect "usually a filter, and no no_new_privs" "$(said nnp) $(said filter)" '0 2'
	expect "usually /proc/sys is read-only" "$(said sys)" ro
	script --security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt mask=/proc/version \
		--security-opt unmask=/proc/sys --cap-add net_admin --security-opt label=disable --security-opt apparmor=unconfined <<-'END'
		echo "nnp $(sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)"
		echo "filter $(sed -n 's/^Seccomp:\t//p' /proc/self/status)"
		(echo 1 >/proc/sys/net/ipv4/ip_forward) && echo "sys rw"
		echo "version $(wc -c </proc/version)"
	END
	expect "--security-opt no-new-privileges" "$(said nnp)" 1
	expect "--security-opt seccomp=unconfined" "$(said filter)" 0
	expect "--security-opt mask" "$(said version)" 0
	expect "--security-opt unmask" "$(said sys)" rw
	jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 13},
		{names: ["link", "linkat"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}' >"$scratch/profile"
	script --security-opt seccomp="$scratch/profile" <<-'END'
		echo "mkdir $(mkdir /tmp/d 2>&1)"
		: >/tmp/f; echo "link $(ln /tmp/f /tmp/g 2>&1)"
		touch /tmp/h && echo "touch yes"
	END
	matches "--security-opt seccomp=PROFILE: a call is refused" "$(said mkdir)" 'Permission denied'
	matches "--security-opt seccomp=PROFILE: another, with its own error" "$(said link)" 'not implemented'
	expect "--security-opt seccomp=PROFILE: the others go on" "$(said touch)" yes
	fails "--security-opt seccomp: a profile with an unknown action" box --security-opt seccomp=<(echo '{"defaultAction": "X"}') @ true
}

devices() {
	script --device /dev/fuse --device /dev/zero:/dev/nought:r --device /dev/net/tun <<-'END'
		[ -c /dev/fuse ] && echo "fuse yes"
		echo "nought $(head -c 3 /dev/nought | wc -c)"
		[ -c /dev/net/tun ] && echo "tun yes"
		(: </dev/fuse) && echo "open yes"
	END
	expect "--device" "$(said fuse) $(said open)" 'yes yes'
	expect "--device by another name" "$(said nought)" 3
	expect "--device in a folder" "$(said tun)" yes
	fails "--device that does not exist" box --device /dev/missing @ true
	script --init <<<'echo "init $(cat /proc/1/comm)"; (sleep 0.05 &); sleep 0.3; echo "zombies $(ps -o stat | grep -c Z)"'
	expect "--init: another process is the first" "$(said init)" podman-init
	expect "--init: it reaps" "$(said zombies)" 0
}

descriptors() {
	echo 'from three' >"$scratch/three"
	expect "--preserve-fds" "$(box --preserve-fds 1 @ cat /proc/self/fd/3 3<"$scratch/three" 2>&1)" 'from three'
	expect "--preserve-fd" "$(box --preserve-fd 5 @ cat /proc/self/fd/5 5<"$scratch/three" 2>&1)" 'from three'
	expect "--runtime-flag" "$(within "$seconds" podman --runtime "$oci" --runtime-flag log-format=json run --rm --network none "$image" echo on 2>/dev/null)" on
	mkdir -p "$scratch/hooks"
	printf '#!/bin/sh\ncat >%s\n' "$scratch/hooked.$oci" >"$scratch/hook"
	chmod 755 "$scratch/hook"
	jq -n --arg hook "$scratch/hook" '{version: "1.0.0", hook: {path: $hook}, when: {always: true}, stages: ["prestart"]}' >"$scratch/hooks/a.json"
	works "--hooks-dir" pod --hooks-dir "$scratch/hooks" run --rm --network none "$image" true
	matches "a hook is told of the container" "$(jq -c '[.status, (.pid > 0)]' "$scratch/hooked.$oci")" '\["creat(ed|ing)",true\]'
}

big=$scratch/big
head -c 3000000 /dev/urandom >"$big"
scenario statuses streams signals terminal attributes root_attributes users capabilities security devices descriptors
scenarios_done 60

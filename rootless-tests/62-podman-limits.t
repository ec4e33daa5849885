#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Podman's limits and cgroups, for lichen and for crun: what is asked for stands in the cgroup and
# holds; update; both cgroup managers, and none.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
if ! { must_run cgroup-memory && must_run cgroup-pids && must_run cgroup-cpu; }; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }

up() { pod run --detach --network none --name "$oci-$1" "${@:2}" >/dev/null; }
pid_of() { pod inspect --format '{{.State.Pid}}' "$oci-$1"; }
host_cgroup() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
# the nearest file FILE from a process's cgroup upwards: crun's containers have one of their own below
limit() {
	local at=/sys/fs/cgroup$1
	while [[ $(cat "$at/$2" 2>/dev/null) =~ ^(|max|'max 100000')$ && $at != */user.slice ]]; do at=${at%/*}; done
	cat "$at/$2"
}
read_all='cd /sys/fs/cgroup; for f in memory.max memory.low memory.high memory.swap.max cpu.max cpu.weight pids.max cpuset.cpus io.weight; do
	[ -e $f ] && echo "$f $(cat $f)"; done; cat /proc/self/cgroup'

# Podman has none with its other manager
usual_pids=2048
[[ ${LICHEN_CGROUP_MANAGER-} != cgroupfs ]] || usual_pids=max
set_limits() {
	script --memory 64m --memory-reservation 32m --memory-swap 96m --cpus 0.5 --pids-limit 30 --cpu-shares 512 --shm-size 2m \
		--cgroup-conf memory.high=60000000 <<-END
		$read_all
		echo "shm \$(df -k /dev/shm | awk 'END {print \$2}')"
		mkdir /sys/fs/cgroup/x 2>/dev/null || echo "mkdir no"
	END
	expect "--memory" "$(said memory.max)" 67108864
	expect "--memory-reservation" "$(said memory.low)" 33554432
	expect "--memory-swap" "$(said memory.swap.max)" 33554432
	expect "--cpus" "$(said cpu.max)" '50000 100000'
	expect "--pids-limit" "$(said pids.max)" 30
	matches "--cpu-shares: less than usual" "$(said cpu.weight)" '^[1-9][0-9]?$'
	expect "--cgroup-conf" "$(said memory.high)" 59998208
	expect "--shm-size" "$(said shm)" 2048
	expect "the cgroup is read-only inside" "$(said mkdir)" no
	script --memory 64m --memory-swap -1 --pids-limit -1 <<<"$read_all"
	expect "--memory-swap -1" "$(said memory.swap.max)" max
	expect "--pids-limit -1" "$(said pids.max)" max
	script <<<"$read_all"
	expect "Podman's usual limit of processes" "$(said pids.max)" "$usual_pids"
	expect "a cgroup namespace" "$(sed -n 's/^0:://p' <<<"$stdout")" /
	fails "--memory: too little to be true" box --memory 100 @ true
}
cpusets() {
	script --cpuset-cpus 0 <<<"$read_all"
	expect "--cpuset-cpus" "$(said cpuset.cpus)" 0
	fails "--cpuset-cpus: a CPU that is not there" box --cpuset-cpus 77 @ true
}

hold() {
	run pod run --network none --name "$oci-oom" --memory 32m --memory-swap 32m "$image" dd if=/dev/zero of=/dev/null bs=200M count=1
	expect "the memory limit holds" "$status" 137
	expect "inspect: OOMKilled" "$(pod inspect --format '{{.State.OOMKilled}}' "$oci-oom")" true
	script --pids-limit 10 <<-'END'
		for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done 2>/dev/null
		echo "running $(ls -d /proc/[0-9]* | wc -l)"
		kill $(jobs -p)
	END
	unlike_many=$(said running)
	matches "the limit of processes holds" "$status ${unlike_many:-none}" '^(2 none|0 10)$'
	script --cpus 0.2 <<-'END'
		timeout 1 sh -c 'while :; do :; done'
		echo "throttled $(sed -n 's/nr_throttled //p' /sys/fs/cgroup/cpu.stat)"
	END
	matches "the CPU limit holds" "$(said throttled)" '^[1-9]'
}

updates() {
	local cgroup
	up update --memory 64m "$image" sleep 1000
	works "update" pod update --memory 128m --memory-swap 256m --cpus 0.25 --pids-limit 50 "$oci-update"
	cgroup=$(host_cgroup "$(pid_of update)")
	expect "update --memory" "$(limit "$cgroup" memory.max)" 134217728
	expect "update --memory-swap" "$(limit "$cgroup" memory.swap.max)" 134217728
	expect "update --cpus" "$(limit "$cgroup" cpu.max)" '25000 100000'
	expect "update --pids-limit" "$(limit "$cgroup" pids.max)" 50
	systemctl --user daemon-reload
	expect "update: systemd's reload takes nothing back" "$(limit "$cgroup" memory.max) $(limit "$cgroup" pids.max)" '134217728 50'
	works "update: restart" pod restart --time 0 "$oci-update"
	cgroup=$(host_cgroup "$(pid_of update)")
	expect "update outlives a restart" "$(limit "$cgroup" memory.max)" 134217728
	pod rm --force --time 0 "$oci-update" >/dev/null
	fails "rm: the cgroup is gone" test -e "/sys/fs/cgroup$cgroup"
}

scopes() {
	local id scope
	up scope --memory 64m --cgroup-parent pods.slice "$image" sleep 1000
	id=$(pod inspect --format '{{.Id}}' "$oci-scope") scope=libpod-$id.scope
	matches "--cgroup-parent" "$(host_cgroup "$(pid_of scope)")" "/pods\\.slice/$scope"
	matches "systemd knows the scope" "$(systemctl --user is-active "$scope")" '^active$'
	systemctl --user daemon-reload
	expect "systemd's reload leaves the limits alone" "$(limit "$(host_cgroup "$(pid_of scope)")" memory.max)" 67108864
	matches "systemd is told of the time to stop" "$(systemctl --user show -P TimeoutStopUSec "$scope")" '^10s$'
	works "systemd stops the scope" systemctl --user stop "$scope"
	works "then the container has ended" eventually ended scope
}
ended() { [[ $(pod inspect --format '{{.State.Status}}' "$oci-$1") == exited ]]; }

no_cgroups() {
	local own
	own=$(host_cgroup self)
	up disabled --cgroups disabled --pids-limit 0 "$image" sleep 1000
	matches "--cgroups=disabled: no scope of its own" "$(host_cgroup "$(pid_of disabled)")" "^($own|.*/(podman|libpod-conmon)-.*\\.scope|.*/session-.*)\$"
	works "--cgroups=disabled: stop" pod stop --time 0 "$oci-disabled"
	up lean --cgroups no-conmon "$image" sleep 1000
	matches "--cgroups=no-conmon: the container has one" "$(host_cgroup "$(pid_of lean)")" 'libpod-[0-9a-f]{64}\.scope'
	works "--cgroups=no-conmon: rm" pod rm --force --time 0 "$oci-lean"
	run box --cgroupns host @ cat /proc/self/cgroup
	matches "--cgroupns=host" "$stdout" '^0::/.*libpod-'
}

split() {
	local unit=split-$oci.service cgroup
	systemd-run --user --quiet --unit "$unit" --property Delegate=yes -- \
		podman --runtime "$oci" run --name "$oci-split" --network none --cgroups split --memory 64m "$image" sleep 1000
	works "--cgroups=split: it runs" eventually running split
	cgroup=$(host_cgroup "$(pid_of split)")
	matches "--cgroups=split: within the unit" "$cgroup" "/$unit/.*"
	expect "--cgroups=split: the limit" "$(limit "$cgroup" memory.max)" 67108864
	works "--cgroups=split: stop" pod stop --time 0 "$oci-split"
	works "--cgroups=split: rm" pod rm "$oci-split"
	systemctl --user stop "$unit" 2>/dev/null
	fails "--cgroups=split: the cgroup is gone" test -e "/sys/fs/cgroup$cgroup"
}
running() { [[ $(pod inspect --format '{{.State.Status}}' "$oci-$1" 2>/dev/null) == running ]]; }

# beneath a delegated unit, where one may make cgroups without asking systemd
cgroupfs() {
	cat >"$scratch/cgroupfs" <<-END
		cd "\$HOME"
		podman="timeout $seconds podman --runtime $oci --cgroup-manager cgroupfs"
		\$podman run --rm --network none $image sh -c 'exit 8'; echo "status \$?"
		\$podman run --detach --network none --name $oci-fs --memory 64m $image sleep 1000 >/dev/null; echo "up \$?"
		pid=\$(\$podman inspect --format '{{.State.Pid}}' $oci-fs)
		group=\$(sed -n 's/^0:://p' /proc/\$pid/cgroup)
		echo "group \$group"
		echo "memory \$(cat /sys/fs/cgroup\$group/memory.max)"
		\$podman pause $oci-fs >/dev/null; echo "pause \$?"
		\$podman unpause $oci-fs >/dev/null; echo "unpause \$?"
		\$podman stop --time 0 $oci-fs >/dev/null; echo "stop \$?"
		\$podman rm $oci-fs >/dev/null; echo "rm \$?"
		test -e /sys/fs/cgroup\$group; echo "left \$?"
	END
	run within 200 systemd-run --user --quiet --wait --pipe --property Delegate=yes \
		bash "$scratch/cgroupfs"
	expect "--cgroup-manager cgroupfs: the status" "$(said status)" 8
	expect "--cgroup-manager cgroupfs: run --detach" "$(said up)" 0
	matches "--cgroup-manager cgroupfs: a cgroup of its own" "$(said group)" '/((libpod|lichen)-)?[0-9a-f]{64}'
	expect "--cgroup-manager cgroupfs: --memory" "$(said memory)" 67108864
	expect "--cgroup-manager cgroupfs: pause, unpause" "$(said pause) $(said unpause)" '0 0'
	expect "--cgroup-manager cgroupfs: stop, rm" "$(said stop) $(said rm)" '0 0'
	expect "--cgroup-manager cgroupfs: the cgroup is gone" "$(said left)" 1
}

scenario set_limits hold updates scopes no_cgroups split cgroupfs
if must_run cgroup-cpuset; then scenario cpusets; fi
scenarios_done 45

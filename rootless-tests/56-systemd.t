#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# systemd as the container's first process, as an ordinary user: it comes up, makes cgroups of its own
# with limits of their own, takes a signal as the word to shut down, and nothing of it stays.
#
# The tree: /usr of the machine that the tests run on, read-only, and an /etc with the least in it.
# shellcheck disable=SC2016,SC2034,SC2154
set -uo pipefail
# shellcheck source=lib/cgroup.sh
source "$(dirname "$0")/lib/cgroup.sh"

if [[ ! $part ]]; then
	if [[ ! -x /usr/lib/systemd/systemd || ! -d /usr/lib/systemd/system ]]; then elsewhere "not installed here: systemd"
	elif has_manager; then parts systemd:env cgroupfs:in_scope
	elif [[ $mode == root && -w $tree/cgroup.procs ]]; then parts cgroupfs:env
	else no_cgroup; fi
	done_testing
fi
runtime_flags=(--cgroup-manager="$part")

make_tree() {
	local root=$1 dir
	mkdir -p "$root"/{dev,etc/systemd/system,home,opt,proc,root,run,srv,sys,tmp,usr,var/{cache,lib,log,tmp}}
	for dir in bin sbin lib lib64; do
		[[ ! -L /$dir ]] || ln -s "$(readlink "/$dir")" "$root/$dir"
	done
	cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/os-release "$root/etc/"
	[[ ! -e /etc/ld.so.cache ]] || cp /etc/ld.so.cache "$root/etc/"
	# neither a first boot nor a machine that changes
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
}

mkdir -p "$scratch/system"
make_tree "$scratch/system/rootfs"
(cd "$scratch/system" && rt spec --rootless --network none)
mv "$scratch/system/config.json" "$scratch/system/config.all"
# As Podman has it for --systemd=always; systemd itself asks for cgroups that it may write to.
jq '.process.terminal = false | .root.readonly = false | .process.args = ["/sbin/init"] | .process.cwd = "/"
	| .process.env += ["container=oci"]
	| ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
		"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"] as $caps
	| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
	| (.mounts[] | select(.type == "cgroup").options) |= map(select(. != "ro"))
	| .mounts += [{destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"]}]
	| .mounts += (["/run", "/run/lock", "/tmp", "/var/log/journal"] | map({destination: ., type: "tmpfs", source: "tmpfs",
		options: ["nosuid", "nodev", "mode=755"]}))' "$scratch/system/config.all" >"$scratch/system/config.json"

if [[ ! $(feature_reason cgroup-memory) ]]; then
	change "$scratch/system" '.linux.resources = {"memory": {"limit": 536870912}, "pids": {"limit": 500}}'
fi
before=$(census)

inside() { run rt exec "$id" "$@"; }
# boot   runs it in the foreground; $booted is the runtime's PID
boot() {
	new_id
	begin rt run --bundle "$scratch/system" "$id"
	booted=$begun
	eventually has_moved && eventually is_up
}
# Whoever enters before that stays in the way of giving controllers to its units; behind that nobody does.
has_moved() { grep -qs '/init\.scope$' "/proc/$(rt state "$id" 2>/dev/null | jq .pid)/cgroup"; }
is_up() { [[ $(rt exec "$id" systemctl is-system-running --wait 2>/dev/null) =~ ^(running|degraded)$ ]]; }

test_boot() {
	local group pid
	ok "it comes up" boot
	inside systemctl --failed --plain --no-legend
	is "no unit has failed" "$status $stdout" '0 '
	inside systemctl is-system-running
	is "systemctl is-system-running" "$stdout" running
	group=$(group_of "$id")
	inside cat /proc/1/cgroup
	like "its first process is in a cgroup that it has made" "$stdout" '0::/init\.scope$'
	pid=$(rt state "$id" | jq .pid)
	is "… beneath the container's" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "${group#"$tree"}/container/init.scope"
	is "ps: the processes of all its units" "$(rt ps --format json "$id" | jq -c sort)" "$(find "$group" -name cgroup.procs -exec cat {} + | jq -sc sort)"
	ok "… of which there are several" test "$(rt ps --format json "$id" | jq length)" -ge 4

	if must_run cgroup-memory; then limits_hold; fi

	# systemd(1), SIGNALS: halt; what Podman sends to one
	ok "kill SIGRTMIN+3" rt kill "$id" SIGRTMIN+3
	ok "it shuts down" eventually eval '! kill -0 "$booted" 2>/dev/null'
	wait "$booted"
	is "… by itself: run's exit status" "$? $(cat "$out")" '0 '
}

# the container's own, and those of its units
limits_hold() {
	inside cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max
	is "the container's limits, seen inside" "$stdout" $'536870912\n500'
	inside systemd-run --quiet --wait --pipe -p MemoryMax=32M -p TasksMax=7 -p CPUWeight=50 sh -c 'cd /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup) && cat memory.max pids.max cpu.weight'
	is "a unit with limits of its own" "$status $stdout" $'0 33554432\n7\n50'
	inside systemd-run --quiet --wait --unit=hungry -p MemoryMax=32M -p MemorySwapMax=0 dd if=/dev/zero of=/dev/null bs=200M count=1
	inside systemctl show -P Result hungry
	is "… which hold" "$stdout" oom-kill
	inside systemctl is-system-running
	is "it is degraded then" "$stdout" degraded
	inside systemctl --failed --plain --no-legend
	like "… for that reason alone" "$stdout" '^hungry\.service [^'$'\n'']*$'
}

run_tests boot
done_testing

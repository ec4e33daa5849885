#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Devices: those that every container has, those of linux.devices, links, and what may not be done.
# shellcheck disable=SC2016,SC2054,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

defaults=(null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0)
actions=(ls /dev)
for device in "${defaults[@]}"; do actions+=(, stat "/dev/${device%%:*}"); done
inside -- "${actions[@]}"
expect "what is in /dev" '.[0].names' '["fd","full","mqueue","null","ptmx","pts","random","shm","stderr","stdin","stdout","tty","urandom","zero"]'
i=1
for device in "${defaults[@]}"; do
	expect "/dev/${device%%:*}" ".[$i] | [.type, .rdev, .mode]" "[\"char\",\"${device#*:}\",\"0666\"]"
	i=$((i + 1))
done
inside -- write /dev/null x , read /dev/null , write /dev/full x , open /dev/zero r , open /dev/random r , open /dev/urandom rw , open /dev/tty rw , report
expect "null swallows, full is full" '[.[0].errno, .[1].text, .[2].error]' '[0,"","ENOSPC"]'
expect "zero, random, urandom can be opened" '[.[3, 4, 5].errno] | unique' '[0]'
expect "tty: there is none" '.[6].error' ENXIO
if [[ $mode != root ]]; then
	for device in "${defaults[@]}"; do
		expect "/dev/${device%%:*} is bound with nosuid, noexec" \
			".[7].mounts | map(select(.point == \"/dev/${device%%:*}\")) | last | [\"nosuid\", \"noexec\"] - .options" '[]'
	done
fi
inside -- lstat /dev/fd , lstat /dev/stdin , lstat /dev/stdout , lstat /dev/stderr , lstat /dev/ptmx , stat /dev/pts/ptmx , lstat /dev/shm , ls /dev/pts
expect "the links" '[.[0:5][] | .target]' '["/proc/self/fd","/proc/self/fd/0","/proc/self/fd/1","/proc/self/fd/2","pts/ptmx"]'
expect "a devpts of its own" '[.[5].rdev, .[7].names]' '["5:2",["ptmx"]]'
expect "/dev/shm" '.[6] | [.type, .mode]' '["dir","1777"]'
inside -- create /dev/shm/x x , create /dev/x x , mknod /dev/sda b 8 0 , mknod /dev/kmsg c 1 11 , mknod /dev/pipe p 0 0
expect "shared memory, files in /dev" '[.[0, 1].errno]' '[0,0]'
expect "no node can be made inside" '[.[2, 3].error]' '["EPERM","EPERM"]'
expect "but FIFOs" '.[4].errno' 0
if [[ $mode != root ]]; then
	inside 'caps(["CAP_MKNOD", "CAP_SYS_ADMIN"])' -- mknod /dev/kmsg c 1 11
	expect "… not even with CAP_MKNOD, in a user namespace" '.[0].error' EPERM
fi

# without a tmpfs on /dev the nodes go into the image
new_rootfs
inside 'unmounted("/dev") | unmounted("/dev/pts") | unmounted("/dev/shm") | unmounted("/dev/mqueue")' -- stat /dev/null , lstat /dev/fd , write /dev/null x , ls /dev
expect "no /dev in config.json: the devices are there all the same" '[.[0].rdev, .[1].target, .[2].errno]' '["1:3","/proc/self/fd",0]'
new_rootfs
inside 'unmounted("/dev") | unmounted("/dev/pts") | unmounted("/dev/shm") | unmounted("/dev/mqueue") | mounted("/dev"; "bind"; "/dev"; ["rbind"])' -- stat /dev/null , lstat /dev/fd
expect "the host's /dev bound: nothing is changed in it" '.[0].rdev' 1:3
is "… on the host" "$(stat -c %t:%T /dev/null)" 1:3
mkdir -p "$rootfs/dev"
ln -s /somewhere "$rootfs/dev/fd"
inside 'unmounted("/dev") | unmounted("/dev/pts") | unmounted("/dev/shm") | unmounted("/dev/mqueue")' -- lstat /dev/fd
expect "a link of the image is replaced by the right one" '.[0].target' /proc/self/fd
new_rootfs

# ---- linux.devices ----

device='{type: "c", path: "/dev/empty", major: 1, minor: 3}'
inside ".linux.devices = [$device]" -- stat /dev/empty , write /dev/empty x
expect "another path" '.[0] | [.type, .rdev]' '["char","1:3"]'
expect "… it works" '.[1].errno' 0
inside '.linux.devices = [{type: "c", path: "/dev/ptmx", major: 5, minor: 2, fileMode: 438, uid: 65534, gid: 65534}]' -- lstat /dev/ptmx , stat /dev/ptmx , stat /dev/pts/ptmx
expect "ptmx: the container's own, as containerd's --privileged has it" '[.[0].target, .[1].rdev, .[1].ino == .[2].ino]' '["pts/ptmx","5:2",true]'
refused "… nothing else takes its place" "linux\.devices\[0\]: .*'/dev/ptmx'" ".linux.devices = [$device | .path = \"/dev/ptmx\"]" -- report
inside ".linux.devices = [$device | .path = \"/elsewhere/deep/empty\"]" -- stat /elsewhere/deep/empty
expect "outside of /dev" '.[0].rdev' 1:3
mkdir -p "$rootfs/taken/dir"
echo text >"$rootfs/taken/file"
: >"$rootfs/taken/empty"
for name in file dir; do
	refused "a $name that is there already is no device" "linux.devices\[0\]: .*'/taken/$name': .*(something else is there|Not a directory|Is a directory)" ".linux.devices = [$device | .path = \"/taken/$name\"]" -- report
	refused "… nor a FIFO" "linux.devices\[0\]: .*'/taken/$name': something else is in its place" ".linux.devices = [{type: \"p\", path: \"/taken/$name\"}]" -- report
done
inside ".linux.devices = [$device | .path = \"/taken/empty\"]" -- stat /taken/empty
expect "an empty file is a place to bind one to" '.[0].rdev' 1:3
inside '.linux.devices = [{type: "p", path: "/run/pipe", fileMode: 384, uid: 0, gid: 0}, {type: "p", path: "/run/pipe2"}]' -- stat /run/pipe , stat /run/pipe2
expect "a FIFO" '.[0] | [.type, .mode, .uid, .gid]' '["fifo","0600",0,0]'
expect "… with the usual mode" '.[1] | [.type, .mode]' '["fifo","0666"]'
if has_ids 1000; then
	new_rootfs
	inside '.linux.devices = [{type: "p", path: "/run/pipe", fileMode: 416, uid: 7, gid: 8}]' -- stat /run/pipe
	expect "a FIFO of another owner" '.[0] | [.mode, .uid, .gid]' '["0640",7,8]'
else
	skip "a FIFO of another owner: $why_not_ids"
fi
new_rootfs
inside '.linux.devices = [{type: "u", path: "/dev/zero", major: 1, minor: 5}]' -- stat /dev/zero
expect "type u is c, and the default of the path gives way" '.[0].rdev' 1:5
inside '.linux.devices = [{type: "c", path: "/dev/null", major: 1, minor: 5}]' -- stat /dev/null
expect "config.json counts more than the default device" '.[0].rdev' 1:5
if [[ $mode == root ]]; then
	inside '.linux.devices = [{type: "c", path: "/dev/mine", major: 1, minor: 7, fileMode: 384, uid: 7, gid: 8}]' -- stat /dev/mine
	expect "root: mode and owner" '.[0] | [.rdev, .mode, .uid, .gid]' '["1:7","0600",7,8]'
	inside '.linux.devices = [{type: "b", path: "/dev/none", major: 240, minor: 200}]' -- stat /dev/none
	expect "root: a device that the host has no node of" '.[0] | [.type, .rdev]' '["block","240:200"]'
else
	refused "a device that the host has no node of" 'linux.devices\[0\].*no node of block device 240:200' \
		'.linux.devices = [{type: "b", path: "/dev/none", major: 240, minor: 200}]' -- report
	like "… with the command that makes one" "$stderr" 'mknod -m 666 /dev/none b 240 200'
	refused "the wrong type" 'linux.devices\[0\].*no node of block device 1:3' '.linux.devices = [{type: "b", path: "/dev/null", major: 1, minor: 3}]' -- report
	refused "another owner than what shows inside" "linux.devices\[0\].uid: .*the host's '/dev/null' has owner 65534 inside, not 0" \
		".linux.devices = [$device | .path = \"/dev/null\" | .uid = 0]" -- report
	refused "another group" "linux.devices\[0\].gid: .*has owner 65534 inside, not 7" ".linux.devices = [$device | .path = \"/dev/null\" | .gid = 7]" -- report
	inside ".linux.devices = [$device | .uid = 65534 | .gid = 65534 | .fileMode = 438]" -- stat /dev/empty
	expect "the owner that shows, as asked for" '.[0] | [.uid, .gid, .mode]' '[65534,65534,"0666"]'
	refused "another mode than the host's" 'linux.devices\[0\].fileMode: .*has mode 0666, not 0600' ".linux.devices = [$device | .path = \"/dev/null\" | .fileMode = 384]" -- report
	new_id
	run rt --best-effort=devices run --bundle "$scratch/bundle" "$id"
	expect "--best-effort=devices takes the host's" '.[0].pid' 1
	bundle "$scratch/bundle" ".linux.devices = [$device | .uid = 0 | .gid = 0 | .fileMode = 384]" -- sleep 100
	new_id
	rt --best-effort=devices create --bundle "$scratch/bundle" "$id"
	is "… and state lists what it is not" "$(rt state "$id" | jq -c .notApplied)" '["linux.devices[0].fileMode","linux.devices[0].uid","linux.devices[0].gid"]'
	rt delete --force "$id"
fi
refused "no number" 'linux.devices\[0\]' '.linux.devices = [{type: "c", path: "/dev/x"}]' -- report
refused "an unknown type" 'linux.devices\[0\].type' '.linux.devices = [{type: "x", path: "/dev/x", major: 1, minor: 3}]' -- report
refused "a relative path" 'linux.devices\[0\].path' '.linux.devices = [{type: "c", path: "dev/x", major: 1, minor: 3}]' -- report

# ---- a terminal, through a console socket ----

timeout 20 "$guest" accept-fds "$scratch/console" >"$scratch/console.out" &
receiver=$!
eventually test -S "$scratch/console"
bundle "$scratch/bundle" '.process.terminal = true' '.process.consoleSize = {height: 33, width: 77}' -- report , stat /dev/console , tiocsti x , wait-for /go
new_id
run rt create --console-socket "$scratch/console" --bundle "$scratch/bundle" "$id"
is "create with a console socket" "$status" 0
wait "$receiver"
stdout=$(cat "$scratch/console.out")
expect "the terminal's master comes alone" '.[0].n_fds' 1
rt delete --force "$id"
# in_terminal FILTER... -- ACTION...: as from a shell in a terminal
in_terminal() {
	bundle "$scratch/bundle" "$@"
	new_id
	run timeout 60 script -qec "'$LICHEN' --root '$(state_dir)' run --bundle '$scratch/bundle' '$id'" /dev/null
	stdout=$(tr -d '\r' <<<"$stdout" | grep -o '{"do":.*')
}
if script --version >/dev/null 2>&1; then
	in_terminal '.process.terminal = true' -- report , stat /dev/console , stat /dev/pts/0
	expect "a terminal: descriptors and /dev/tty" '.[0].terminal | [.errno, .isatty]' '[0,[true,true,true]]'
	expect "… it leads its session" '.[0] | .sid == .pid' true
	expect "… /dev/console is that terminal" '.[1].rdev == .[2].rdev' true
	expect "… the first of its own devpts, not the caller's" '.[0].fds[0].target' /dev/pts/0
	in_terminal '.process.terminal = false' -- tiocsti x , report
	expect "the caller's terminal as stdin: nobody types for the caller (TIOCSTI)" '.[0].errno != 0' true
	expect "… it is not the controlling one" '.[1].terminal | [.error, .isatty[0]]' '["ENXIO",true]'
else
	skip "a terminal in the foreground: there is no script(1)"
fi

nothing_left "nothing is left" "$before"
done_testing

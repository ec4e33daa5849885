#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exec: what a further process of a container finds itself to be, by every option, and what those who
# are inside already can do to it on its way.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

# box FILTER... [-- ACTION...]   a running container, $id; what it does is to sleep
box() {
	local filters=()
	while (($#)) && [[ $1 != -- ]]; do filters+=("$1"); shift; done
	if (($#)); then shift; else set -- sleep 1000; fi
	box_dir=$scratch/box
	rm -rf "$box_dir/config.json"
	mkdir -p "$box_dir/rootfs"
	cp "$guest" "$box_dir/rootfs/guest" 2>/dev/null
	bundle "$box_dir" "${filters[@]}" -- "$@"
	new_id
	rt create --bundle "$box_dir" "$id" >"$scratch/box.out" 2>"$scratch/box.err" </dev/null && rt start "$id" && pid=$(rt state "$id" | jq .pid) && return
	tap_fail "a container to exec in" "$(cat "$scratch/box.err")"
}
unbox() { rt delete --force "$id"; }
# in_box OPTION... -- ACTION...
in_box() {
	local options=()
	while (($#)) && [[ $1 != -- ]]; do options+=("$1"); shift; done
	shift
	run rt exec "${options[@]}" "$id" /guest "$@"
}
# refuses NAME REGEX OPTION... -- ACTION...   status 255, nothing was run, nothing is left
refuses() {
	local name=$1 regex=$2
	shift 2
	in_box "$@"
	if ((status == 255)) && [[ -z $stdout && $stderr =~ $regex ]]; then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted: $regex" "status: $status" "stderr: $stderr" "stdout: ${stdout:0:200}"
}
# the numbers of a process' namespaces as the host sees them
namespaces_of() {
	local name
	for name in cgroup ipc mnt net pid time user uts; do
		printf '"%s":%s,' "$name" "$(namespace_of "$name" "$1" 2>/dev/null || echo null)"
	done | sed 's/^/{/; s/,$/}/'
}

# ---- where it is ----

box 'new("time")' '.linux.timeOffsets = {boottime: {secs: 1000000}}' '.hostname = "stone"'
in_box -- report , ls / , processes
expect "it is in all of init's namespaces" '.[0].ns' "$(namespaces_of "$pid")"
unlike "… which are not ours" "$(got '.[0].ns.mnt')" "^$(namespace_of mnt)$"
expect "its parent is outside, it is not the first process" '.[0] | [.ppid, .pid > 1]' '[0,true]'
expect "it leads a session of its own" '.[0] | .sid == .pid and .pgid == .pid' true
expect "the root and the folder are the container's" '[.[0].cwd, (.[1].names | index("guest") != null)]' '["/",true]'
expect "the host name" '.[0].hostname' stone
expect "only it and init are there" '.[2].processes | [.[]] | sort' '["guest","guest"]'
is "nothing on stderr" "$stderr" ''
is "… status 0" "$status" 0

# ---- what it is, without options: config.json's process ----

expect "descriptors: 0, 1, 2" '[.[0].fds[].fd]' '[0,1,2]'
expect "no terminal" '.[0].terminal | [.error, .isatty]' '["ENXIO",[false,false,false]]'
expect "no signal is blocked or ignored; no death signal" '.[0] | [.blocked_signals, .ignored_signals, .parent_death_signal]' '[[],[],0]'
expect "dumpable, since it is its own program" '.[0].dumpable' 1
like "a session keyring of its own" "$(got '.[0].keyring')" ';_ses(\.[^;]*)?$'
own_key=$("$guest" report | jq -r .keyring)
unlike "… not the caller's" "$(got '.[0].keyring')" "^$own_key\$"
in_box -- report , exit 42
is "its exit status" "$status" 42
in_box -- kill-self 9
is "death by a signal is 128 + 9" "$status" 137
in_box -- kill-self 15
is "… 128 + 15" "$status" 143
is "input and output are the caller's" "$(echo '{"a": 1}' | rt exec "$id" /guest read /proc/self/fd/0 | jq -c '.text | fromjson')" '{"a":1}'
unbox

own=$(cat /proc/self/oom_score_adj)
box '.process.env = ["A=1", "B=2"]' '.process.user.umask = 63' ".process.oomScoreAdj = $((own + 50))" '.process.noNewPrivileges = true' \
	'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]' 'caps(["CAP_KILL", "CAP_CHOWN"])' \
	'.linux.personality = {domain: "LINUX32"}' '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}' '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
in_box -- report , read /proc/self/stat
expect "environment, and HOME" '.[0].env' '["A=1","B=2","HOME=/"]'
expect "umask" '.[0].umask' 63
expect "oomScoreAdj" '.[0].oom_score_adj | tonumber' $((own + 50))
expect "noNewPrivileges" '.[0].no_new_privs' 1
expect "limits" '.[0].rlimits | [.RLIMIT_NOFILE, .RLIMIT_CORE]' '[[100,200],[0,0]]'
expect "capabilities, exactly" '.[0].caps' '{"effective":["CAP_CHOWN","CAP_KILL"],"permitted":["CAP_CHOWN","CAP_KILL"],"inheritable":[],"bounding":["CAP_CHOWN","CAP_KILL"],"ambient":[]}'
expect "personality" '.[0].personality' 8
expect "nice value and scheduling policy" '.[1].text | sub(".*\\) "; "") | split(" ") | [.[16], .[38]]' '["7","3"]'
in_box --env B=other --env C=x=y --env C= --env A=1 -- report
expect "--env sets, and does not double" '.[0].env' '["A=1","B=other","C=","HOME=/"]'
in_box --cap net_raw -c CAP_SETUID --no-new-privs=false -- report
expect "--cap adds to what there is" '.[0].caps | [.bounding, .effective, .inheritable, .ambient]' '[["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_NET_RAW"],["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_NET_RAW"],[],[]]'
expect "--no-new-privs=false" '.[0].no_new_privs' 0
if has_ids 1000; then
	in_box --user 5:6 --additional-gids 7 -g 8,9 -- report
	expect "--user: real, effective, saved, file system" '.[0].uids' '[5,5,5,5]'
	expect "… the group" '.[0].gids' '[6,6,6,6]'
	expect "--additional-gids" '.[0].groups' '[7,8,9]'
	expect "… no capability without ambient" '.[0].caps | [.effective, .permitted]' '[[],[]]'
	in_box --user 5 --cap CAP_NET_RAW -- report
	expect "--cap for another user lasts" '.[0].caps | [.effective, .permitted, .inheritable, .ambient]' '[["CAP_NET_RAW"],["CAP_NET_RAW"],["CAP_NET_RAW"],["CAP_NET_RAW"]]'
	expect "--user without a group: config.json's" '.[0].gids' '[0,0,0,0]'
else
	skip "other users and groups: $why_not_ids"
fi
refuses "--user: a name" "--user 'root'" --user root -- report
refuses "--user: nothing" "--user ''" --user '' -- report
refuses "--user: more than 32 bits" "--user '4294967296'" --user 4294967296 -- report
[[ $mode == root ]] || refuses "--user: not mapped" 'process.user.uid: user 4294967294 has no mapping' --user 4294967294 -- report
refuses "--env without a value" "--env: 'HOME' is not of the form" --env HOME -- report
refuses "--cap: unknown" "--cap: 'CAP_FLY' is not a capability" --cap CAP_FLY -- report
if [[ -d /sys/kernel/security/apparmor ]]; then
	refuses "--apparmor: a profile that is not loaded" "apparmorProfile: AppArmor has no profile 'lichen-none'" --apparmor lichen-none -- report
else
	refuses "--apparmor, and no AppArmor" 'apparmorProfile: AppArmor is not active' --apparmor docker-default -- report
fi
[[ -e /sys/fs/selinux/enforce ]] || refuses "--process-label, and no SELinux" 'selinuxLabel: SELinux is not active' --process-label x:y:z:s0 -- report
refuses "--cgroup: one that there is not" "(cannot exec --cgroup in container .*no cgroup of its own|cgroup '/sub': No such file)" --cgroup /sub -- report

# ---- the folder and the program ----

mkdir -p "$box_dir/rootfs/bin" "$box_dir/rootfs/sub/deep"
cp "$guest" "$box_dir/rootfs/bin/program"
printf 'text' >"$box_dir/rootfs/bin/not-executable"
ln -s /sub/deep "$box_dir/rootfs/alias"
in_box --cwd /alias -- report
expect "--cwd: through a link, beneath the root" '.[0].cwd' /sub/deep
refuses "--cwd: it is missing" "process.cwd: change into '/nowhere': No such file or directory" --cwd /nowhere -- report
refuses "--cwd: relative" "--cwd: 'sub' is not an absolute path" --cwd sub -- report
refuses "--cwd: a descriptor of ours (CVE-2024-21626)" 'process.cwd' --cwd /proc/self/fd/3 -- report
run rt exec --env PATH=/nowhere:/bin "$id" program print a 'b c' ''
expect "PATH is searched, arguments arrive as they are" '.[0].arguments' '["a","b c",""]'
run rt exec "$id" -- /guest print -- -x
expect "a '--' in front of the program is none of its arguments" '.[0].arguments' '["--","-x"]'
run rt exec "$id" nosuch
like "a missing program: what callers look for" "$status $stderr" "^255 lichen: exec: process.args\[0\]: exec 'nosuch': executable file not found in .PATH: no such file or directory"
run rt exec "$id" /nosuch
like "… by its path" "$status $stderr" "^255 .*exec '/nosuch': no such file or directory"
run rt exec "$id" /bin/not-executable
like "not executable" "$status $stderr" "^255 .*exec '/bin/not-executable': permission denied"
run rt exec "$id" /sub
like "a folder" "$status $stderr" "^255 .*exec '/sub'.*permission denied"
run rt exec "$id"
like "no program at all" "$status $stderr" "^255 lichen: exec: there is no command to run"
run rt exec
is "no container: a usage error" "$status" 64

# ---- descriptors ----

mkdir -p "$scratch/outside"
leaky() { run "$guest" leak 6 "$scratch/outside" "$LICHEN" --root "$(state_dir)" exec "$@"; }
leaky "$id" /guest open-fds
expect "nothing that the caller has open" '[.[0].fds[].fd]' '[0,1,2]'
leaky --preserve-fds 2 "$id" /guest open-fds
expect "--preserve-fds 2: 3 and 4" '[.[0].fds[].fd]' '[0,1,2,3,4]'
leaky --preserve-fds 7 "$id" /guest report
like "more than there are: said" "$status $stderr" '^255 .*descriptor 9 .* is not open'
leaky --preserve-fds 1 --cwd /proc/self/fd/3 "$id" /guest report
like "one of them is no way out (CVE-2024-21626)" "$status $stderr" "^255 .*process.cwd.*('/proc/self/fd/3' lies outside|Permission denied|No such file)"
is "… and nothing was run" "$stdout" ''
unbox

box
"$guest" accept-fds "$scratch/pidfd.sock" >"$scratch/accepted" &
eventually test -S "$scratch/pidfd.sock"
in_box --pidfd-socket "$scratch/pidfd.sock" -- exit 4
is "--pidfd-socket" "$status $stderr" '4 '
wait $!
stdout=$(cat "$scratch/accepted")
expect "… it gets the word that callers expect, and a pidfd" '.[0] | [.text, .n_fds, ([.fds[].target] | index("anon_inode:[pidfd]") != null)]' '["setns",1,true]'
unbox

# ---- --process ----

box '.process.env = ["A=1"]' '.process.noNewPrivileges = true' 'caps(["CAP_KILL"])' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
printf '%s' '{"cwd": "/proc", "args": ["/guest", "report"], "env": ["Z=1"]}' >"$scratch/process.json"
run rt exec --process "$scratch/process.json" "$id"
expect "--process: what it says" '.[0] | [.cwd, .env]' '["/proc",["Z=1","HOME=/"]]'
expect "… and what it leaves open is the container's" '.[0] | [.no_new_privs, .caps.bounding, .rlimits.RLIMIT_NOFILE]' '[1,["CAP_KILL"],[100,200]]'
stdout=$(rt exec --process - "$id" <"$scratch/process.json")
expect "--process -: standard input" '.[0].cwd' /proc
run rt exec -p "$scratch/process.json" --env Y=2 --cwd / "$id" /guest report
expect "options change it" '.[0] | [.cwd, .env]' '["/",["Z=1","Y=2","HOME=/"]]'
printf '%s' '{"cwd": "/", "args": ["/guest", "report"], "capabilities": {"bounding": ["CAP_CHOWN"]}, "noNewPrivileges": false, "user": {"uid": 0, "gid": 0, "umask": 7}, "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 2}], "oomScoreAdj": '$((own + 9))'}' >"$scratch/process.json"
run rt exec --process "$scratch/process.json" "$id"
expect "what it says counts" '.[0] | [.caps.bounding, .no_new_privs, .umask, .rlimits.RLIMIT_CORE, (.oom_score_adj | tonumber)]' "[[\"CAP_CHOWN\"],0,7,[1,2],$((own + 9))]"
for bad in '{' '[]' '{"cwd": "/"}' '{"cwd": "x", "args": ["/guest"]}' '{"cwd": "/", "args": []}' '{"cwd": "/", "args": ["/guest"], "user": {"uid": "0", "gid": 0}}'; do
	echo "$bad" >"$scratch/bad.json"
	run rt exec --process "$scratch/bad.json" "$id"
	like "--process: $bad" "$status $stderr" "^255 lichen: $scratch/bad.json: "
done
run rt exec --process "$scratch/missing.json" "$id"
like "--process: a missing file" "$status $stderr" "^255 .*missing.json': No such file or directory"
unbox

# ---- CPUs ----

allowed=$(awk '/^Cpus_allowed_list:/ {print $2}' /proc/self/status)
read -ra cpus < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))' 2>/dev/null)
cpus_of() { got '.[0].text | capture("Cpus_allowed_list:\\t(?<n>.*)\n").n'; }
box '.process.execCPUAffinity = {initial: "'"${cpus[0]}"'"}'
in_box -- read /proc/self/status
is "execCPUAffinity: without final, all that there are" "$(cpus_of)" "$allowed"
unbox
if ((${#cpus[@]} > 1)); then
	box '.process.execCPUAffinity = {initial: "'"${cpus[0]}"'", final: "'"${cpus[1]}"'"}'
	is "execCPUAffinity: not for the first process" "$(awk '/^Cpus_allowed_list:/ {print $2}' "/proc/$pid/status")" "$allowed"
	in_box -- read /proc/self/status
	is "execCPUAffinity: the final ones" "$(cpus_of)" "${cpus[1]}"
	unbox
elif must_run smp; then
	elsewhere "execCPUAffinity.final: one CPU alone may be used here"
fi
box '.process.execCPUAffinity = {final: "8191"}'
refuses "execCPUAffinity: a CPU that there is not" 'process.execCPUAffinity.final: set the CPUs: Invalid argument' -- report
unbox

# ---- seccomp ----

box '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
in_box -- report , syscall getppid
expect "the container's filter applies" '[.[0].seccomp, .[1].error]' '[2,"EOPNOTSUPP"]'
unbox
box '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}' '.process.noNewPrivileges = false' 'caps([])'
in_box -- report , syscall getppid
expect "… without noNewPrivileges, and without a capability at last" '[.[0].seccomp, .[0].no_new_privs, .[0].caps.effective, .[1].error]' '[2,0,[],"EOPNOTSUPP"]'
unbox
for nnp in true false; do
	socket=$scratch/listener.$nnp
	"$guest" notify "$socket" 1 5 >"$scratch/agent.first" &
	eventually test -S "$socket"
	box ".process.noNewPrivileges = $nnp" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$socket"'", listenerMetadata: "m", syscalls: [{names: ["getppid"], action: "SCMP_ACT_NOTIFY"}]}' '.annotations = {"a": "b"}' -- \
		syscall getppid , sleep 1000
	wait $!
	rm -f "$socket"
	"$guest" notify "$socket" 1 6 >"$scratch/agent" &
	eventually test -S "$socket"
	rt exec --pid-file "$scratch/notify.pid" "$id" /guest syscall getppid , sleep 2 >"$scratch/notified" 2>&1 &
	wait "$!" || :
	wait
	stdout=$(cat "$scratch/notified")
	expect "noNewPrivileges $nnp: the listener's agent answers the process" '.[0].error' ENXIO
	stdout=$(cat "$scratch/agent")
	expect "… and has got one descriptor, and the state" '.[0] | [.n_fds, (.text | fromjson | [.fds, .metadata, .state.id, .state.status, .state.pid, .state.annotations])]' "[1,[[\"seccompFd\"],\"m\",\"$id\",\"running\",$pid,{\"a\":\"b\"}]]"
	expect "… with the process' own number" '.[0].text | fromjson | .pid' "$(cat "$scratch/notify.pid")"
	unbox
done

# ---- labels ----

if must_run apparmor-profiles; then
	for nnp in true false; do
		box '.process.apparmorProfile = "rig-container"' ".process.noNewPrivileges = $nnp"
		in_box -- report
		expect "noNewPrivileges $nnp: it runs in the container's profile" '.[0]["attr/current"]' 'rig-container (enforce)'
		unbox
	done
	box
	in_box --apparmor rig-container -- report
	expect "--apparmor" '.[0]["attr/current"]' 'rig-container (enforce)'
	in_box -- report
	expect "… for that process alone" '.[0]["attr/current"]' unconfined
	unbox
fi

# ---- other containers ----

# one whose mount namespace was there before: its root is one by chroot alone
maker=(unshare --mount)
[[ $mode != user ]] || maker=(unshare --user --map-root-user --mount)
mkdir -p "$scratch/second/rootfs/only-here"
cp "$guest" "$scratch/second/rootfs/guest"
"${maker[@]}" sleep 1000 &
first=$!
apart() { [[ $(namespace_of mnt "$first") != "$(namespace_of mnt)" && $(<"/proc/$first/comm") == sleep ]]; }
ok "a mount namespace to join" eventually apart
if [[ $mode == user ]]; then join_user='joined("user"; "/proc/'$first'/ns/user") | del(.linux.uidMappings, .linux.gidMappings)'; else join_user=.; fi
bundle "$scratch/second" single "$join_user" "joined(\"mount\"; \"/proc/$first/ns/mnt\")" 'caps([])' ".root.path = \"$scratch/second/rootfs\"" -- sleep 1000
new_id
ok "a container in it" rt create --bundle "$scratch/second" "$id"
ok "… is started" rt start "$id"
in_box -- ls / , report
expect "exec: the root is the container's, not the namespace's" '.[0].names | sort | index("only-here") != null and index("home") == null' true
expect "… and so is the folder" '.[1].cwd' /
expect "… in the namespace that was joined" '.[1].ns.mnt' "$(namespace_of mnt "$first")"
rt delete --force "$id"
kill "$first"
wait "$first" 2>/dev/null
# the host's PID namespace: no second process would be needed, and the number is the host's
box 'without("pid")' 'unmounted("/dev/mqueue")'
in_box -- report
expect "without a PID namespace" '.[0] | [.ns.pid, .ns.mnt]' "[$(namespace_of pid),$(namespace_of mnt "$pid")]"
ok "… detached" rt exec --detach --pid-file "$scratch/exec.pid" "$id" /guest sleep 1000
exec_pid=$(cat "$scratch/exec.pid")
is "… it is among the container's processes" "$(rt ps --format json "$id" | jq -c "index($exec_pid) != null")" true
unbox
gone() { ! kill -0 "$1" 2>/dev/null; }
ok "… and goes with the container" eventually gone "$exec_pid"
if [[ $mode != user ]]; then
	box
	is "in the caller's own user namespace" "$(namespace_of user "$pid")" "$(namespace_of user)"
	in_box -- report
	expect "… capabilities are the container's" '.[0].caps.effective == .[0].caps.bounding and (.[0].caps.bounding | length < 20)' true
	unbox
fi
if has_ids 70000 && [[ $mode == user ]]; then
	box '.linux.uidMappings = [{containerID: 10, hostID: (.linux.uidMappings[] | select(.size > 1) | .hostID), size: 1000}]' '.linux.gidMappings = [{containerID: 20, hostID: (.linux.gidMappings[] | select(.size > 1) | .hostID), size: 1000}]' \
		'.process.user = {uid: 11, gid: 21}' '.mounts |= map(select(.destination == "/proc"))' '.linux.maskedPaths = [] | .linux.readonlyPaths = []' 2>/dev/null
	in_box -- report
	expect "a container in which nobody is root, nor the caller" '.[0] | [.uids, .gids, .caps.effective]' '[[11,11,11,11],[21,21,21,21],[]]'
	unbox
fi

# ---- kernels and sandboxes that have less ----

if find_deny; then
	box 'new("time")'
	run within 60 "$deny" 'setns@1&0x20020000:22' -- "$LICHEN" --root "$(state_dir)" exec "$id" /guest report
	expect "before Linux 5.8: one namespace after the other" '.[0].ns' "$(namespaces_of "$pid")"
	run within 60 "$deny" 'clone3,close_range,openat2:ENOSYS' -- "$LICHEN" --root "$(state_dir)" exec "$id" /guest report
	expect "without clone3, close_range, openat2" '.[0] | [.ns.mnt, [.fds[].fd]]' "[$(namespace_of mnt "$pid"),[0,1,2]]"
	run within 60 "$deny" 'setns:EPERM' -- "$LICHEN" --root "$(state_dir)" exec "$id" /guest report
	like "no setns at all: said" "$status $stdout $stderr" '^255  .*enter the namespaces: Operation not permitted'
	unbox
else
	skip "exec without setns(2) by a pidfd: $why_not_deny"
fi

# ---- those who are inside ----

# What the process has of the host until it is the program, nobody inside may reach: it is held in
# front of its last step, all in place, while the container's first process hunts for it.
hunt_caps='caps(["CAP_DAC_OVERRIDE", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_KILL"])'
# where that is the caller's own user namespace, CAP_SYS_PTRACE is a right over lichen, too
[[ $mode == user ]] || hunt_caps='caps(["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_KILL"])'
mkdir -p "$scratch/prey"
rm -f "$scratch/prey/stop"
box "$hunt_caps" "mounted(\"/shared\"; \"bind\"; \"$scratch/prey\"; [\"bind\"])" '.process.noNewPrivileges = false' -- hunt /shared/stop
"$guest" hold "$scratch/hold.sock" "$scratch/prey/go" >"$scratch/held" &
console=$!
eventually test -S "$scratch/hold.sock"
run rt exec "$id" /guest processes
"$guest" leak 4 "$scratch/outside" "$LICHEN" --root "$(state_dir)" exec --tty --detach --console-socket "$scratch/hold.sock" --user 0 "$id" /guest exit 3 2>"$scratch/held.err" </dev/null &
holder=$!
is_held() { run rt exec "$id" /guest processes; [[ $(got '.[0].processes | [.[]] | index("lichen:exec") != null') == true ]]; }
ok "a process is held before its program" eventually is_held
held=$(got '.[0].processes | to_entries[] | select(.value == "lichen:exec") | .key')
in_box --cap sys_ptrace -- look-into "$held" , ptrace "$held" , write "/proc/$held/mem" x
if [[ $mode == user ]]; then
	expect "not even with CAP_SYS_PTRACE is it looked into" '.[0].into | del(.fd) | [.[] == 0] | any' false
	expect "… nor traced" '.[1].errno != 0' true
else
	elsewhere "no user namespace between a container with CAP_SYS_PTRACE and lichen: an ordinary user's has one"
fi
in_box -- look-into "$held" , ptrace "$held"
# the folder itself opens for root, who owns it then; what is in it does not: the hunter has tried
expect "without CAP_SYS_PTRACE nobody looks into it" '.[0].into | del(.fd) | [.[] == 0] | any' false
expect "… nor traces it" '.[1].errno != 0' true
if [[ $mode == root ]]; then
	for one in $(rt ps --format json "$id" | jq .[]); do
		[[ $(<"/proc/$one/comm") != lichen:exec ]] || held_fds=$(for fd in "/proc/$one/fd/"*; do echo "${fd##*/} $(readlink "$fd" | sed 's/:.*//; s|/dev/pts/.*|pts|')"; done)
	done
	is "it has its caller's 0 to 2, a socket and its terminal; nothing else is open" "$(awk '$1 > 2 {print $2}' <<<"$held_fds" | sort | xargs)" 'pts socket'
else
	elsewhere "no right to read /proc/PID/fd of a process that is not dumpable: root has it"
fi
for ((i = 0; i < 20; i++)); do rt exec "$id" /guest exit 0; done
touch "$scratch/prey/go"
wait "$holder"
is "… it goes on to its end" "$? $(cat "$scratch/held.err")" '0 '
wait "$console"
stdout=$(cat "$scratch/held")
expect "the console socket got one terminal" '.[0] | [.n_fds, .text]' '[1,"/dev/ptmx"]'
touch "$scratch/prey/stop"
hunted() { rt state "$id" | grep -q '"stopped"'; }
ok "the hunt ends" eventually hunted
stdout=$(cat "$scratch/box.out")
expect "the hunter has seen lichen's processes" '.[0].seen' true
expect "… and got hold of nothing of theirs" '.[0].got' '[]'
unbox

# lichen's own program (CVE-2019-5736)
mkdir -p "$scratch/own"
cp "$(realpath "$LICHEN")" "$scratch/own/lichen"
chmod 755 "$scratch/own/lichen"
sum=$(sha256sum <"$scratch/own/lichen")
box
ln -sf /proc/self/exe "$box_dir/rootfs/entry"
run timeout 60 "$scratch/own/lichen" --root "$(state_dir)" exec "$id" /entry --version
is "a program that is /proc/self/exe: lichen's file is what it was" "$(sha256sum <"$scratch/own/lichen")" "$sum"
unbox

# a terminal of the container's own making is no terminal
box 'unmounted("/dev/pts")' 'unmounted("/dev/mqueue")' 'mounted("/dev/pts"; "tmpfs"; "tmpfs"; [])'
"$guest" hold "$scratch/fake.sock" /nowhere >/dev/null &
holder=$!
eventually test -S "$scratch/fake.sock"
run rt exec --tty --detach --console-socket "$scratch/fake.sock" "$id" /guest report
like "a /dev/pts that is none" "$status $stderr" "^255 .*'/dev/pts' is not of a devpts"
kill "$holder"
wait "$holder" 2>/dev/null
unbox

nothing_left "nothing is left" "$before"
done_testing

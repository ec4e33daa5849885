#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The process: names, folder, environment, user, capabilities, limits, sysctls.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

# ---- host name and domain name ----

inside '.hostname = "stone"' '.domainname = "wall.example"' -- report
expect "hostname and domainname" '.[0] | [.hostname, .domainname]' '["stone","wall.example"]'
inside 'del(.hostname, .domainname)' -- report
is "without them those of a new UTS namespace: the host's" "$(got '.[0].hostname')" "$(uname -n)"
refused "a host name of 65 bytes" 'hostname' ".hostname = \"$(printf 'x%.0s' {1..65})\"" -- report

# ---- the working directory ----

inside '.process.cwd = "/made/for/us"' -- report , stat /made/for , stat /made/for/us
expect "cwd: a missing directory is made" '.[0].cwd' /made/for/us
expect "… with mode 0755" '[.[1, 2].mode]' '["0755","0755"]'
ln -s made/for "$rootfs/alias"
inside '.process.cwd = "/alias/us"' -- report
expect "cwd: through a link of the image" '.[0].cwd' /made/for/us
ln -s /../../../outside "$rootfs/out"
inside '.process.cwd = "/out/x"' -- report
expect "cwd: a link that leads up stays beneath the root" '.[0].cwd' /outside/x
if has_ids 1000; then
	mkdir -p "$rootfs/private/inner"
	chmod 0700 "$rootfs/private"
	inside '.process.cwd = "/private/inner"' '.process.user = {uid: 5, gid: 6}' '.process.capabilities = {}' -- report , ls /private
	expect "cwd: one that the user has no access to is entered all the same" '.[0].cwd' /private/inner
	expect "… and gives none" '.[1].error' EACCES
	inside '.process.cwd = "/private/new"' '.process.user = {uid: 5, gid: 6}' -- stat .
	expect "cwd: a missing one beneath it is made, as root" '.[0].uid' 0
else
	skip "cwd of another user: $why_not_ids"
fi
refused "cwd: a file" "process.cwd.*'/guest'.*(Not a directory)" '.process.cwd = "/guest"' -- report
refused "cwd: relative" 'process.cwd' '.process.cwd = "made"' -- report

# ---- environment ----

inside '.process.env = ["A=1", "B=two words", "EMPTY=", "A2=x=y"]' -- report
expect "env: what config.json says and HOME" '.[0].env' '["A=1","B=two words","EMPTY=","A2=x=y","HOME=/"]'
mkdir -p "$rootfs/etc"
printf 'root:x:0:0::/root-home:/bin/sh\nbroken\nuser:x:7:7::/home/seven:/bin/sh\n' >"$rootfs/etc/passwd"
inside '.process.env = []' -- report
expect "HOME from the image's /etc/passwd" '.[0].env' '["HOME=/root-home"]'
inside '.process.env = ["HOME=/given"]' -- report
expect "HOME that is given stays" '.[0].env' '["HOME=/given"]'
rm "$rootfs/etc/passwd"
ln -s /etc/passwd2 "$rootfs/etc/passwd"
printf 'root:x:0:0::/second:/bin/sh\n' >"$rootfs/etc/passwd2"
inside '.process.env = []' -- report
expect "HOME: an absolute link of the image is the image's" '.[0].env' '["HOME=/second"]'
rm -r "${rootfs:?}/etc"
refused "env: no '='" 'process.env\[0\]' '.process.env = ["NONSENSE"]' -- report
LEAKED=secret inside -- report
unlike "nothing of our environment gets in" "$(got '.[0].env')" 'LEAKED|XDG_RUNTIME_DIR|_LICHEN'

# ---- the program ----

mkdir -p "$rootfs/bin" "$rootfs/opt/dir/guest" "$rootfs/sub"
cp "$guest" "$rootfs/bin/program"
printf 'text' >"$rootfs/bin/not-executable"
printf 'nonsense' >"$rootfs/bin/no-format"
printf '#!/nowhere/interpreter\n' >"$rootfs/bin/script"
chmod 755 "$rootfs/bin/no-format" "$rootfs/bin/script"
chmod 644 "$rootfs/bin/not-executable"
start_program() { # PROGRAM FILTER...
	local name=$1
	shift
	bundle "$scratch/bundle" "$@" -- print a 'b c' ''
	jq --arg name "$name" '.process.args[0] = $name' "$scratch/bundle/config.json" >"$scratch/new" && mv "$scratch/new" "$scratch/bundle/config.json"
	new_id
	run rt run --bundle "$scratch/bundle" "$id"
}
start_program program '.process.env = ["PATH=/nowhere:/opt/dir:/bin"]'
expect "PATH is searched, arguments arrive as they are" '.[0].arguments' '["a","b c",""]'
start_program program '.process.env = []'
expect "without PATH: the usual one" '.[0].arguments' '["a","b c",""]'
start_program guest '.process.env = ["PATH=/opt/dir:/"]'
expect "PATH: a directory of that name is passed over" '.[0].arguments' '["a","b c",""]'
start_program ./program '.process.cwd = "/bin"'
expect "a relative path starts at cwd" '.[0].arguments' '["a","b c",""]'
start_program program '.process.env = ["PATH=:/nowhere"]' '.process.cwd = "/bin"'
expect "PATH: an empty entry is cwd" '.[0].arguments' '["a","b c",""]'
start_program missing
like "a missing program" "$stderr" "process.args\[0\]: .*'missing': executable file not found in .PATH: no such file"
start_program /bin/not-executable
like "a file that is not executable" "$stderr" "process.args\[0\]: .*'/bin/not-executable': permission denied"
start_program not-executable '.process.env = ["PATH=/bin"]'
like "… found in PATH" "$stderr" "process.args\[0\]: .*'not-executable': permission denied"
start_program /opt
like "a directory" "$stderr" "process.args\[0\]: .*'/opt'.*permission denied"
start_program /bin/no-format
like "what is no program" "$status $stderr" "^1 .*'/bin/no-format': Exec format error"
start_program /bin/script
like "a script without its interpreter" "$status $stderr" "^1 .*'/bin/script': no such file.*interpreter"
for arguments in '[]' null '[1]' '[""]'; do
	bundle "$scratch/bundle" -- report
	jq ".process.args = $arguments" "$scratch/bundle/config.json" >"$scratch/new" && mv "$scratch/new" "$scratch/bundle/config.json"
	new_id
	run rt run --bundle "$scratch/bundle" "$id"
	like "arguments $arguments" "$status $stderr" '^[1-9].*process.args'
done
refused "a user below 0" 'process.user.uid: found -1' '.process.user.uid = -1' -- report

# ---- user and groups ----

inside '.process.user.umask = 63' -- report , create /made-077 x , stat /made-077 , mkdir /dir-077 , stat /dir-077
expect "umask" '[.[0].umask, .[2].mode, .[4].mode]' '[63,"0600","0700"]'
(umask 0027; inside -- report; got '.[0].umask' >"$scratch/umask")
is "no umask: the caller's" "$(cat "$scratch/umask")" 23
if has_ids 1000; then
	inside '.process.user = {uid: 5, gid: 6, additionalGids: [6, 7, 100]}' -- report , create /x x
	expect "user: real, effective, saved, file system" '.[0].uids' '[5,5,5,5]'
	expect "group" '.[0].gids' '[6,6,6,6]'
	expect "additional groups" '.[0].groups' '[6,7,100]'
	expect "… no capability that was not asked for with ambient" '.[0].caps.effective' '[]'
	expect "… may not write where root may" '.[1].error' EACCES
	inside '.process.user = {uid: 5, gid: 6}' -- report
	expect "no additional groups: none at all" '.[0].groups' '[]'
	refused "an additional group without a mapping" 'process.user.additionalGids\[1\]: group 1234567 has no mapping' 'new("user")' \
		".linux.uidMappings //= [{containerID: 0, hostID: $EUID, size: 1}] | .linux.gidMappings //= [{containerID: 0, hostID: $(id -g), size: 1}] | single" \
		'.process.user.additionalGids = [0, 1234567]' -- report
else
	skip "other users and groups: $why_not_ids"
	refused "another user" 'process.user.uid: user 5 has no mapping' '.process.user.uid = 5' -- report
fi
one='new("user") | .linux.uidMappings = [{containerID: 0, hostID: '$EUID', size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: '$(id -g)', size: 1}] | single'
if [[ $mode == user ]]; then
	refused "additional groups where one ID alone is mapped" 'process.user.additionalGids: the kernel lets nobody set groups' "$one" '.process.user.additionalGids = [0]' -- report
	inside "$one" -- report
	expect "one ID alone: setgroups is denied" '.[0].setgroups' deny
fi

# ---- capabilities ----

some='.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID"], permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
inside "$some" '.process.noNewPrivileges = true' -- report
expect "bounding" '.[0].caps.bounding' '["CAP_CHOWN","CAP_KILL","CAP_SETUID"]'
expect "inheritable" '.[0].caps.inheritable' '["CAP_KILL"]'
expect "ambient" '.[0].caps.ambient' '["CAP_KILL"]'
expect "root: execve makes permitted effective (capabilities(7)); noNewPrivileges adds nothing" '[.[0].caps.permitted, .[0].caps.effective] | unique' '[["CAP_CHOWN","CAP_KILL"]]'
inside "$some" '.process.noNewPrivileges = false' -- report
expect "… without it root has what the bounding set lets" '[.[0].caps.permitted, .[0].caps.effective] | unique' '[["CAP_CHOWN","CAP_KILL","CAP_SETUID"]]'
if has_ids 1000; then
	inside '.process.user = {uid: 5, gid: 6}' '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL", "CAP_CHOWN"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]}' -- report , chown /guest 5 5 , stat /guest
	expect "another user: the ambient ones" '[.[0].caps | .permitted, .effective, .inheritable, .ambient] | unique' '[["CAP_CHOWN"]]'
	expect "… are in force" '[.[1].errno, .[2].uid]' '[0,5]'
	new_rootfs
	inside '.process.user = {uid: 5, gid: 6}' 'caps(["CAP_CHOWN"])' -- report
	expect "another user without ambient: none" '[.[0].caps | .permitted, .effective, .inheritable, .ambient] | unique' '[[]]'
fi
inside 'del(.process.capabilities)' -- report
expect "no capabilities at all" '[.[0].caps[]] | unique' '[[]]'
expect "… and no way to them: securebits as they were" '.[0].securebits' 0
everything=$("$guest" report | jq -c '.caps.bounding')
inside 'new("user")' "if .linux.uidMappings then . else ($one) end" '.process.capabilities = {bounding: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"], permitted: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"], effective: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]}' -- report , umount /dev/shm , syscall sethostname 0 0
expect "CAP_SYS_ADMIN over its own namespaces" '[.[0].caps.effective, .[1].errno]' '[["CAP_NET_ADMIN","CAP_SYS_ADMIN"],0]'
inside -- umount /dev/shm , mount none /dev/shm tmpfs 0 , mknod /node c 1 3
expect "without it nothing of the kind" '[.[].error]' '["EPERM","EPERM","EPERM"]'
inside '.process.capabilities.bounding += ["CAP_NONSENSE"]' '.process.capabilities.effective += ["CAP_NONSENSE"]' -- report
expect "an unknown capability: it runs" '.[0].pid' 1
like "… and the warning names it" "$stderr" "process.capabilities.bounding\[[0-9]\]: 'CAP_NONSENSE' is unknown"
inside '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL", "CAP_CHOWN"], ambient: ["CAP_KILL"]}' -- report
expect "what can't be granted: it runs without" '.[0].caps | [.effective, .ambient]' '[["CAP_KILL"],[]]'
like "… effective, not permitted" "$stderr" "effective\[1\]: 'CAP_CHOWN' can't be granted"
like "… ambient, not inheritable" "$stderr" "ambient\[0\]: 'CAP_KILL' can't be granted"
inside '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"], inheritable: ["CAP_KILL", "CAP_CHOWN"]}' -- report
expect "inheritable, not in the bounding set: it runs without" '.[0].caps.inheritable' '["CAP_KILL"]'
like "… with a warning" "$stderr" "inheritable\[1\]: 'CAP_CHOWN' can't be granted"
if [[ $mode == root ]]; then
	missing=$(jq -nr --argjson have "$everything" '["CAP_SYS_RESOURCE", "CAP_SYS_MODULE"] - $have | first // empty')
	if [[ $missing ]]; then
		inside "caps([\"CAP_KILL\", \"$missing\"])" -- report
		expect "what root does not have here can't be granted: it runs without" '.[0].caps.bounding' '["CAP_KILL"]'
		like "… with a warning" "$stderr" "'$missing' can't be granted"
	else
		elsewhere "what root does not have: root has everything here"
	fi
fi

inside '.process.noNewPrivileges = true' -- report
expect "noNewPrivileges" '.[0].no_new_privs' 1
inside '.process.noNewPrivileges = false' -- report
expect "no noNewPrivileges" '.[0].no_new_privs' 0

# ---- limits ----

hard() { "$guest" report | jq ".rlimits.$1[1]"; }
inside '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_FSIZE", soft: 1000000, hard: 2000000},
	{type: "RLIMIT_AS", soft: 500000000, hard: 600000000}, {type: "RLIMIT_CPU", soft: 50, hard: 60}, {type: "RLIMIT_NPROC", soft: 500, hard: 600}]' -- report
expect "rlimits" '.[0].rlimits | [.RLIMIT_NOFILE, .RLIMIT_CORE, .RLIMIT_FSIZE, .RLIMIT_AS, .RLIMIT_CPU, .RLIMIT_NPROC]' \
	'[[100,200],[0,0],[1000000,2000000],[500000000,600000000],[50,60],[500,600]]'
expect "one that is not named is ours" '.[0].rlimits.RLIMIT_STACK[1]' "$(hard RLIMIT_STACK)"
inside '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}]' -- report
expect "one that would hinder the set-up" '.[0].rlimits.RLIMIT_NOFILE' '[3,3]'
# a process may lower itself; only what is more than its own needs a privilege
raise='.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 1048000}]'
limited() { (ulimit -n 512; "$@"; printf '%s\n%s\n%s\n' "$status" "$stdout" "$stderr" >"$scratch/limited"); }
limited inside "$raise" -- report
if has_resource=$("$guest" report | jq '.caps.effective | index("CAP_SYS_RESOURCE") != null') && [[ $mode == root && $has_resource == true ]]; then
	like "root raises a limit" "$(cat "$scratch/limited")" '"RLIMIT_NOFILE":\[64,1048000\]'
else
	like "raising a limit is refused with both numbers" "$(cat "$scratch/limited")" 'process.rlimits\[0\].hard: RLIMIT_NOFILE 1048000 is more than your own hard limit of 512'
	like "… and says how to do without" "$(cat "$scratch/limited")" 'lichen --best-effort=rlimits'
	bundle "$scratch/bundle" "$raise" -- report
	new_id
	stdout=$(ulimit -n 512; rt --best-effort=rlimits run --bundle "$scratch/bundle" "$id" 2>&1)
	expect "--best-effort=rlimits takes what there is" '.[0].rlimits.RLIMIT_NOFILE' '[64,512]'
	(ulimit -n 512; rt --best-effort=rlimits create --bundle "$scratch/bundle" "$id")
	like "… and state shows what was not applied" "$(rt state "$id")" 'process.rlimits\[0\]'
	rt delete --force "$id"
fi
refused "the same limit twice" 'process.rlimits\[1\]' '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]' -- report
refused "an unknown limit" 'process.rlimits\[0\].type' '.process.rlimits = [{type: "RLIMIT_NONSENSE", soft: 0, hard: 0}]' -- report
refused "soft above hard" 'process.rlimits\[0\]' '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]' -- report

own=$(cat /proc/self/oom_score_adj)
inside ".process.oomScoreAdj = $((own + 100))" -- report
expect "oomScoreAdj" '.[0].oom_score_adj | tonumber' "$((own + 100))"
inside 'del(.process.oomScoreAdj)' -- report
expect "no oomScoreAdj: ours" '.[0].oom_score_adj | tonumber' "$own"
if [[ $has_resource == true && $mode == root ]]; then
	inside '.process.oomScoreAdj = -500' -- report
	expect "root lowers oomScoreAdj" '.[0].oom_score_adj | tonumber' -500
else
	refused "a lower oomScoreAdj is refused with the number that is possible" "process.oomScoreAdj: .*" '.process.oomScoreAdj = -1000' -- report
	like "… hint" "$stderr" 'hint: .*'
	new_id
	run rt --best-effort=oom run --bundle "$scratch/bundle" "$id"
	is "--best-effort=oom runs without it" "$status" 0
fi

# ---- sysctls ----

inside 'without("time")' '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "0 0", "kernel.msgmax": "4096", "kernel.shmmax": "123456", "kernel.sem": "10 100 10 10", "fs.mqueue.msg_max": "7"}' -- \
	read /proc/sys/net/ipv4/ip_forward , read /proc/sys/net/ipv4/ping_group_range , read /proc/sys/kernel/msgmax , read /proc/sys/kernel/shmmax , read /proc/sys/kernel/sem , read /proc/sys/fs/mqueue/msg_max
expect "sysctl: network, messages, shared memory, queues" '[.[].text | gsub("[\t\n ]+"; " ") | rtrimstr(" ")]' '["1","0 0","4096","123456","10 100 10 10","7"]'
inside '.linux.sysctl = {"net/ipv4/conf/lo/forwarding": "1"}' -- read /proc/sys/net/ipv4/conf/lo/forwarding
expect "sysctl: with slashes" '.[0].text | rtrimstr("\n")' 1
inside 'del(.domainname)' '.linux.sysctl = {"kernel.domainname": "moss.example"}' -- report
expect "sysctl: kernel.domainname" '.[0].domainname' moss.example
for key in kernel.panic vm.swappiness fs.file-max kernel.pid_max net.nonsense.key; do
	was=$(cat "/proc/sys/${key//.//}" 2>/dev/null)
	refused "sysctl: $key is not the container's" "linux.sysctl" ".linux.sysctl = {\"$key\": \"1\"}" -- report
	is "… and has not changed" "$(cat "/proc/sys/${key//.//}" 2>/dev/null)" "$was"
done
refused "sysctl: net.* in the host's network" 'linux.sysctl' 'without("network")' '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' -- report
refused "sysctl: kernel.msgmax in the host's IPC" 'linux.sysctl' 'without("ipc")' 'unmounted("/dev/mqueue")' '.linux.sysctl = {"kernel.msgmax": "4096"}' -- report
refused "sysctl: a key that leads elsewhere" 'linux.sysctl' '.linux.sysctl = {"net.ipv4/../../kernel/panic": "1"}' -- report
refused "sysctl: a value that the kernel does not take" 'linux.sysctl.*ip_forward.*Invalid argument' '.linux.sysctl = {"net.ipv4.ip_forward": "nonsense"}' -- report

# ---- signals, session, keys, what is inherited ----

(trap '' INT USR1 PIPE; inside -- report; got '.[0].ignored_signals' >"$scratch/ignored")
is "signals that we ignore are not ignored inside" "$(cat "$scratch/ignored")" '[]'
inside -- report
expect "no signal is blocked" '.[0].blocked_signals' '[]'
expect "no death signal of a parent" '.[0].parent_death_signal' 0
expect "no terminal" '.[0].terminal | [.error, .isatty]' '["ENXIO",[false,false,false]]'
expect "dumpable, since it is its own program" '.[0].dumpable' 1
expect "personality" '.[0].personality' 0
like "a session keyring of its own" "$(got '.[0].keyring')" ';_ses(\.[^;]*)?$'
new_id
bundle "$scratch/bundle" -- report
run rt run --no-new-keyring --bundle "$scratch/bundle" "$id"
is "--no-new-keyring: the caller's" "$(got '.[0].keyring | split(";") | last | sub("[0-9]+$"; "")')" \
	"$("$guest" report | jq -r '.keyring | split(";") | last | sub("[0-9]+$"; "")')"
inside -- exit 42
is "an exit status" "$status" 42
inside -- kill-self 9
is "death by a signal: the first process cannot kill itself, so it ends" "$status" 0
inside 'without("pid")' 'unmounted("/dev/mqueue")' -- kill-self 9
is "death by a signal is 128 + 9" "$status" 137

# ---- how it runs, and where its memory lies ----

scheduling() { echo ".[0].scheduling | [.policy, .nice, .reset_on_fork]"; }
inside '.process.scheduler = {policy: "SCHED_BATCH", nice: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' -- report
expect "scheduler: batch, with a nice value and a flag" "$(scheduling)" '[3,5,true]'
inside '.process.scheduler = {policy: "SCHED_IDLE"}' -- report
expect "scheduler: idle" '.[0].scheduling.policy' 5
inside '.process.scheduler = {policy: "SCHED_OTHER", nice: 7}' -- report
expect "scheduler: other" "$(scheduling)" '[0,7,false]'
inside -- report
expect "no scheduler: the caller's" "$(scheduling)" "[0,$(ps -o nice= -p $$ | tr -d ' '),false]"
refused "scheduler: a priority for a policy without one" 'process.scheduler.priority: only SCHED_FIFO and SCHED_RR' '.process.scheduler = {policy: "SCHED_OTHER", priority: 1}' -- report
refused "scheduler: a deadline for a policy without one" 'process.scheduler.runtime: only SCHED_DEADLINE' '.process.scheduler = {policy: "SCHED_BATCH", runtime: 1}' -- report
# ioprio_set(2): the class in the upper bits
inside '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}' -- report
expect "ioPriority: best effort, 6" '.[0].scheduling.io' $((2 << 13 | 6))
inside '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}' -- report
expect "ioPriority: idle" '.[0].scheduling.io' $((3 << 13))
[[ $mode == root ]] || refused "ioPriority: real time is root's" 'process.ioPriority: ' '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 0}' -- report
inside '.linux.personality = {domain: "LINUX32"}' -- report
expect "personality: LINUX32" '.[0].personality' 8
refused "personality: a flag" 'linux.personality.flags\[0\]' '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}' -- report
policy='.linux.memoryPolicy'
inside -- report
if [[ $(got '.[0].scheduling.memory_mode') == 0 ]]; then
	# get_mempolicy(2): MPOL_BIND 2, MPOL_INTERLEAVE 3, MPOL_LOCAL 4; MPOL_F_STATIC_NODES is bit 15
	inside "$policy = {mode: \"MPOL_BIND\", nodes: \"0\", flags: [\"MPOL_F_STATIC_NODES\"]}" -- report
	expect "memoryPolicy: bound to node 0" '.[0].scheduling | [.memory_mode, .memory_nodes]' "[$((2 | 1 << 15)),1]"
	inside "$policy = {mode: \"MPOL_INTERLEAVE\", nodes: \"0\"}" -- report
	expect "memoryPolicy: interleaved" '.[0].scheduling.memory_mode' 3
	inside "$policy = {mode: \"MPOL_LOCAL\"}" -- report
	expect "memoryPolicy: local, without nodes" '.[0].scheduling.memory_mode' 4
	refused "memoryPolicy: a node that there is not" 'linux.memoryPolicy: .*Invalid argument' "$policy = {mode: \"MPOL_BIND\", nodes: \"1000\"}" -- report
else
	refused "memoryPolicy, and a kernel without NUMA" 'linux.memoryPolicy: .*Function not implemented' "$policy = {mode: \"MPOL_BIND\", nodes: \"0\"}" -- report
fi
refused "memoryPolicy: an unknown mode" 'linux.memoryPolicy.mode: unknown value "MPOL_X"' "$policy = {mode: \"MPOL_X\"}" -- report
refused "memoryPolicy: an unknown flag" 'linux.memoryPolicy.flags\[0\]: unknown value' "$policy = {mode: \"MPOL_BIND\", nodes: \"0\", flags: [\"X\"]}" -- report
refused "memoryPolicy: nodes that are no list" 'linux.memoryPolicy.nodes: .* is not a list of nodes' "$policy = {mode: \"MPOL_BIND\", nodes: \"3-1\"}" -- report

# ---- the plan as text ----

bundle "$scratch/bundle" '.process.env = ["A=\u001b[31m\u009b31m"]' -- report
new_id
run rt create --dry-run --bundle "$scratch/bundle" "$id"
like "--dry-run prints the plan" "$stdout" 'variable A=\\x1b\[31m\\xc2\\x9b31m'
unlike "… and nothing that a terminal obeys" "$stdout" $'\e|\xc2\x9b'
not_ok "… and makes nothing" rt state "$id"

# ---- the caller's groups ----

keep_groups='.annotations["run.oci.keep_original_groups"]'
own_groups=$("$guest" report | jq -c '.groups | length')
with_groups() { # OPTION... FILTER...: a file that only a group of the caller may read
	local options=()
	while [[ ${1-} == --* ]]; do options+=("$1"); shift; done
	bundle "$scratch/bundle" "$@" -- report , open /for-group r
	new_id
	run rt run "${options[@]}" --bundle "$scratch/bundle" "$id"
}
# an ordinary user is in their own group at least; root can be in any that is mapped
if ((EUID == 0 && own_groups == 0)); then elsewhere "keeping groups: who runs this is in none"
else
	printf x >"$rootfs/for-group"
	chmod 0040 "$rootfs/for-group"
	with_groups --keep-groups
	expect "--keep-groups: the caller's" '.[0].groups | length' "$own_groups"
	if ((EUID != 0)) && has_ids 1000; then
		other='.process.user = {uid: 5, gid: 6}'
		chgrp "$(id -G | tr ' ' '\n' | tail -n 1)" "$rootfs/for-group"
		with_groups --keep-groups "$other"
		expect "… reaches what the group may read" '.[1].errno' 0
		with_groups "$other"
		expect "… which it does not without" '[.[0].groups, .[1].error]' '[[],"EACCES"]'
	fi
	if has_ids 1000; then
		with_groups --keep-groups '.process.user.additionalGids = [7]'
		expect "… with additionalGids: those are left out" '.[0].groups | length' "$own_groups"
		like "… with a warning" "$stderr" 'lichen: warning: config.json: process.user.additionalGids: left out'
	fi
	rm -f "$rootfs/for-group"
fi
if [[ $mode == nested ]]; then
	inside "$keep_groups = \"1\"" -- report
	expect "Podman's annotation alone: in a namespace that somebody made" '.[0].groups | length' "$own_groups"
	inside "$keep_groups = \"0\"" -- report
	expect "… off" '.[0].groups' '[]'
else
	refused "an annotation alone keeps no groups" "annotations\[\"run.oci.keep_original_groups\"\]: an annotation alone does not keep" "$keep_groups = \"1\"" -- report
	like "… says which option does" "$stderr" 'hint: lichen create --keep-groups'
	with_groups --keep-groups "$keep_groups = \"1\""
	expect "… with the option it does" '.[0].groups | length' "$own_groups"
fi
refused "a value that it has not" "'maybe' is neither 1 nor 0" "$keep_groups = \"maybe\"" -- report
refused "an annotation for another handler" "annotations\[\"run.oci.handler\"\]: lichen has no handlers" '.annotations["run.oci.handler"] = "krun"' -- report
inside '.annotations["run.oci.hooks.stdout"] = "/nowhere/x" | .annotations["com.example.mine"] = "yes"' -- report
expect "annotations that change nothing" '.[0].pid' 1

# ---- intelRdt: what it does where it can is for unit tests, since few machines have it ----

if grep -q ' - resctrl ' /proc/self/mountinfo; then
	elsewhere "intelRdt refused: this machine has it"
else
	refused "intelRdt without resctrl" 'linux.intelRdt: no resctrl file system is mounted' '.linux.intelRdt = {closID: "gold"}' -- report
	like "… with what mends it" "$stderr" 'hint: .*mount -t resctrl resctrl /sys/fs/resctrl'
fi
refused "intelRdt: a class that leads elsewhere" 'linux.intelRdt.closID' '.linux.intelRdt = {closID: "../x"}' -- report
refused "intelRdt: schemata in no order" 'linux.intelRdt.memBwSchema: "L3:0=1" is not one line that begins with "MB:"' '.linux.intelRdt = {memBwSchema: "L3:0=1"}' -- report

nothing_left "nothing is left" "$before"
done_testing

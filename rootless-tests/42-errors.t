#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad configurations, a table: each is refused with status 1, a text that names the JSON path (or the
# object), the reason and, where one is due, what mends it; and leaves no process, mount, file or state.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

put_bundle good '.process.args = ["true"]'
good=$bundle
uid=$(id -u) gid=$(id -g)
hurt=$scratch/hurt
mkdir "$hurt"
printf '#!/nonexistent\n' >"$scratch/base/rootfs/bin/script"
printf 'junk' >"$scratch/base/rootfs/bin/junk"
chmod 755 "$scratch"/base/rootfs/bin/{script,junk}
before=$(census)

# judge NAME PATH REASON HINT COMMAND...   PATH right behind our name (of one error: the last line but
# hints), REASON behind it, HINT (if not empty) in a line of its own, and nothing left
judge() {
	local name=$1 path=$2 reason=$3 hint=$4 wrong=() text
	shift 4
	run within 30 "${before_it[@]}" "$LICHEN" --root "$(state_dir)" "$@"
	text=$(grep -v '^lichen: warning: \|^hint: ' <<<"$stderr")
	((status == 1)) || wrong+=("status $status")
	[[ -z $stdout ]] || wrong+=("output: $stdout")
	[[ $text =~ ^lichen:\ (config\.json:\ )?$path.*$reason ]] || wrong+=("not: $path ... $reason")
	(($(grep -c '^lichen: ' <<<"$text") == 1)) || wrong+=("not one error")
	[[ -z $hint ]] || grep -qE "^hint: .*($hint)" <<<"$stderr" || wrong+=("no hint: $hint")
	eventually nothing_new "$before" || wrong+=("left: $(newly_there "$before" | tr '\n' ';')")
	if ((${#wrong[@]} == 0)); then tap_pass "$name"; return; fi
	tap_fail "$name" "${wrong[@]}" "it said: $stderr"
}
before_it=()

use() { jq "$1" "$good/config.json" >"$hurt/config.json" || echo "# the filter is wrong: $1"; }
# bad NAME FILTER PATH REASON [HINT]      by create
bad() {
	use "$2"
	judge "$1" "$3" "$4" "${5-}" create --bundle "$hurt" bad
}
# bad_run NAME FILTER PATH REASON [HINT]  what only start can find out
bad_run() {
	use "$2"
	judge "$1" "$3" "$4" "${5-}" run --bundle "$hurt" bad
}
# raw NAME TEXT PATH REASON               TEXT as printf has it
raw() {
	# shellcheck disable=SC2059
	printf "$2" >"$hurt/config.json"
	judge "$1" "$3" "$4" '' create --bundle "$hurt" bad
}
# only MODE... -- REASON   true in these modes; else the case cannot be here, for REASON
only() {
	local word
	for word; do
		shift
		[[ $word != -- ]] || break
		[[ $word != "$mode" ]] || return 0
	done
	elsewhere "as $mode: $*"
	return 1
}
# lacks NAME CMD...   true where CMD fails; else the case cannot be here, because of NAME
lacks() {
	local name=$1
	shift
	"$@" >/dev/null 2>&1 || return 0
	elsewhere "what is refused without $name: this machine has it"
	return 1
}
ns() { echo ".linux.namespaces |= map(if .type == \"$1\" then .path = \"$2\" else . end)"; }
without() { echo ".linux.namespaces |= map(select(.type != \"$1\"))"; }
single=".linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}]
	| .mounts |= map(if .type == \"devpts\" then .options -= [\"gid=5\"] else . end)"
seccomp() { echo ".linux.seccomp = ({defaultAction: \"SCMP_ACT_ALLOW\"} + $1)"; }

ok "unchanged it is good" rt run --bundle "$good" good

# ---- not JSON ----
raw "an empty file" '' 'line 1, column 1: ' 'EOF'
raw "cut off" '{"ociVersion": "1.0.2", "process": {' 'line 1, column 3[0-9]: ' 'EOF'
raw "an array" '[]' '' 'expected object, found array'
raw "a string" '"x"' '' 'expected object, found string'
raw "NUL in a string" '{"ociVersion": "1.0.2", "hostname": "a\\u0000b"}' 'hostname: ' 'NUL'
raw "a control character" '{"ociVersion": "1.0.2", "hostname": "a\001b"}' 'line 1, column [0-9]+: ' 'invalid character'
raw "not UTF-8" '{"ociVersion": "1.0.2", "hostname": "\xff"}' 'line 1, column [0-9]+: ' 'UTF-8'
raw "a duplicate key" '{"ociVersion": "1.0.2", "linux": {"sysctl": {}, "sysctl": {}}}' 'linux\.sysctl: ' 'twice'
raw "garbage behind it" '{"ociVersion": "1.0.2"} x' 'line 1, column 2[0-9]: ' 'garbage'
raw "a comment" '{"ociVersion": "1.0.2" /* x */}' 'line 1, column 2[0-9]: ' 'comment'
raw "a comma too many" '{\n"ociVersion": "1.0.2",\n}' 'line 3, column 1: ' 'invalid object key'
raw "a byte order mark" '\xef\xbb\xbf{"ociVersion": "1.0.2"}' 'line 1, column 1: ' 'invalid char'
raw "nested too deeply" "$(printf '{"a":%.0s' {1..2000})" 'line 1, column [0-9]+: ' 'nested too deeply'
head -c 20000000 /dev/zero | tr '\0' ' ' >"$hurt/config.json"
judge "too large a file" "read '$hurt/config\.json': " 'File too large' '' create --bundle "$hurt" bad
rm "$hurt/config.json"
judge "no config.json" "read '$hurt/config\.json': " 'No such file or directory' 'lichen spec' create --bundle "$hurt" bad
mkdir "$hurt/config.json"
judge "config.json is a directory" "read '$hurt/config\.json': " 'Is a directory' '' create --bundle "$hurt" bad
rmdir "$hurt/config.json"

# ---- the top ----
bad "no ociVersion" 'del(.ociVersion)' 'ociVersion: ' 'required, but missing'
bad "ociVersion is no version" '.ociVersion = "abc"' 'ociVersion: ' '"abc" is not a version'
bad "ociVersion 2" '.ociVersion = "2.0.0"' 'ociVersion: ' 'not understood'
bad "no root" 'del(.root)' 'root: ' 'is required'
bad "no root.path" 'del(.root.path)' 'root\.path: ' 'required, but missing'
bad "root.path is not there" '.root.path = "/nonexistent/rootfs"' "root\.path: open '/nonexistent/rootfs': " 'No such file or directory'
bad "root.path is a file" '.root.path = "/etc/passwd"' "root\.path: open '/etc/passwd': " 'Not a directory'
bad "an annotation is a number" '.annotations = {"a.b": 1}' 'annotations.*a\.b.*: ' 'expected string, found number'
bad "hostname without a uts namespace" "$(without uts) | .hostname = \"x\"" 'hostname: ' 'needs "uts" in linux\.namespaces'
bad "hostname too long" '.hostname = ("x" * 65)' 'hostname: ' 'limit of 64'
bad "domainname without a uts namespace" "$(without uts) | del(.hostname) | .domainname = \"x\"" 'domainname: ' 'needs "uts" in linux\.namespaces'

# ---- process ----
bad "no process" 'del(.process)' 'process: ' 'is required' 'lichen spec'
bad "no cwd" 'del(.process.cwd)' 'process\.cwd: ' 'required, but missing'
bad "a relative cwd" '.process.cwd = "tmp"' 'process\.cwd: ' '"tmp" is not an absolute path'
bad "cwd is a file" '.process.cwd = "/etc/passwd"' "process\.cwd: .*'/etc/passwd': " 'Not a directory'
bad "no args" 'del(.process.args)' 'process\.args: ' 'required, but missing'
bad "args empty" '.process.args = []' 'process\.args: ' 'at least one'
bad "args a string" '.process.args = "sh"' 'process\.args: ' 'expected array, found string'
bad "args with a number" '.process.args = ["sh", 1]' 'process\.args\[1\]: ' 'expected string, found number'
bad "args with null" '.process.args = ["sh", null]' 'process\.args\[1\]: ' 'expected string, found null'
bad "an empty program" '.process.args = [""]' 'process\.args\[0\]: ' 'empty'
bad "env without =" '.process.env = ["PATH=/bin", "BAD"]' 'process\.env\[1\]: ' '"BAD" is not of the form NAME=value'
bad "terminal a string" '.process.terminal = "yes"' 'process\.terminal: ' 'expected boolean, found string'
bad "a terminal and no tty" '.process.terminal = true' 'process\.terminal: ' 'there is no terminal' '"terminal": false.*--console-socket'
bad "half a console size" '.process.consoleSize = {height: 1}' 'process\.consoleSize\.width: ' 'required, but missing'
bad "uid a string" '.process.user.uid = "0"' 'process\.user\.uid: ' 'expected integer, found string'
bad "uid negative" '.process.user.uid = -1' 'process\.user\.uid: ' 'found -1, must be from 0 to 4294967295'
bad "uid too large" '.process.user.uid = 4294967296' 'process\.user\.uid: ' 'must be from 0 to 4294967295'
bad "uid a fraction" '.process.user.uid = 1.5' 'process\.user\.uid: ' 'expected integer'
bad "umask too large" '.process.user.umask = 4096' 'process\.user\.umask: ' 'must be from 0 to 511'
bad "a program that PATH has not" '.process.args = ["nosuch"]' "process\.args\[0\]: exec 'nosuch': " 'executable file not found in \$PATH: no such file or directory' 'root file system.*PATH'
bad "a PATH with nothing" '.process.env = ["PATH=/nowhere"]' "process\.args\[0\]: exec 'true': " 'executable file not found in \$PATH' 'PATH'
bad "a program that is not there" '.process.args = ["/nosuch"]' "process\.args\[0\]: exec '/nosuch': " 'no such file or directory'
bad "a file that is no program" '.process.args = ["/etc/passwd"]' "process\.args\[0\]: exec '/etc/passwd': " 'permission denied' 'chmod \+x'
bad "a directory for a program" '.process.args = ["/etc"]' "process\.args\[0\]: exec '/etc': " 'is a directory: permission denied'
bad_run "a script without its interpreter" '.process.args = ["/bin/script"]' "process\.args\[0\]: exec '/bin/script': " 'no such file or directory' 'interpreter'
bad_run "a file in no format" '.process.args = ["/bin/junk"]' "process\.args\[0\]: exec '/bin/junk': " 'Exec format error' 'another machine'
bad "an unknown limit" '.process.rlimits = [{type: "RLIMIT_MAGIC", soft: 1, hard: 1}]' 'process\.rlimits\[0\]\.type: ' 'unknown value "RLIMIT_MAGIC"' 'RLIMIT_NOFILE'
bad "a limit twice" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 2, hard: 2}]' 'process\.rlimits\[1\]\.type: ' 'twice'
bad "soft above hard" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]' 'process\.rlimits\[0\]: ' 'soft limit 2 is above the hard limit 1'
bad "half a limit" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2}]' 'process\.rlimits\[0\]\.hard: ' 'required, but missing'
if only user nested -- "real root may raise a limit"; then
	bad "a limit above one's own" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 99999999}]' 'process\.rlimits\[0\]\.hard: ' 'your own hard limit' 'limits\.conf.*--best-effort=rlimits'
	bad "oomScoreAdj below one's own" '.process.oomScoreAdj = -1000' 'process\.oomScoreAdj: ' 'Permission denied' "an ordinary user can't go below"
	bad "real-time scheduling" '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}' 'process\.scheduler: ' 'Operation not permitted' 'RLIMIT_RTPRIO'
fi
bad "oomScoreAdj out of range" '.process.oomScoreAdj = 1001' 'process\.oomScoreAdj: ' 'must be from -1000 to 1000'
bad "capabilities a string" '.process.capabilities.bounding = "CAP_KILL"' 'process\.capabilities\.bounding: ' 'expected array, found string'
bad "an unknown scheduling policy" '.process.scheduler = {policy: "SCHED_X"}' 'process\.scheduler\.policy: ' 'unknown value "SCHED_X"' 'SCHED_BATCH'
bad "an unknown I/O class" '.process.ioPriority = {class: "X", priority: 1}' 'process\.ioPriority\.class: ' 'unknown value "X"' 'IOPRIO_CLASS_BE'
bad "an I/O priority out of range" '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}' 'process\.ioPriority\.priority: ' 'must be from 0 to 7'

# ---- namespaces and maps ----
bad "an unknown namespace" '.linux.namespaces += [{type: "magic"}]' 'linux\.namespaces\[[0-9]\]\.type: ' 'unknown value "magic"' 'pid, network'
bad "a namespace twice" '.linux.namespaces += [{type: "pid"}]' 'linux\.namespaces\[[0-9]\]\.type: ' '"pid" is there twice'
bad "a namespace's path is not there" "$(ns network /nonexistent)" "linux\.namespaces\[[0-9]\]\.path: .*'/nonexistent': " 'No such file or directory'
bad "a path of another type" "$(ns network /proc/self/ns/uts)" 'linux\.namespaces\[[0-9]\]\.path: ' 'another type'
bad "a path that is no namespace" "$(ns network /etc/passwd)" 'linux\.namespaces\[[0-9]\]\.path: ' 'is not a namespace'
bad "no mount namespace" "$(without mount)" 'linux\.namespaces: ' 'a mount namespace is required' '"type": "mount"'
bad "time offsets without their namespace" '.linux.timeOffsets = {"boottime": {"secs": 1}}' 'linux\.timeOffsets: ' 'needs "time" in linux\.namespaces'
if only user -- "spec makes no user namespace for who has one, or needs none"; then
	bad "maps without a user namespace" "$(without user)" 'linux\.uidMappings: ' 'needs "user" in linux\.namespaces'
	bad "one map of two" 'del(.linux.gidMappings)' 'linux\.uidMappings: ' 'gidMappings must be there too'
	bad "a map that overlaps" ".linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}, {containerID: 0, hostID: 100000, size: 10}]" 'linux\.uidMappings\[1\]: ' 'overlaps \[0\]'
	bad "a map of nothing" ".linux.uidMappings[0].size = 0" 'linux\.uidMappings\[0\]\.size: ' 'found 0'
	bad "a map beyond the last ID" ".linux.uidMappings = [{containerID: 4294967295, hostID: $uid, size: 2}]" 'linux\.uidMappings\[0\]: ' 'beyond the last ID'
	bad "a range of somebody else" ".linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}, {containerID: 1, hostID: 2000000000, size: 65536}]" '(linux\.uidMappings\[1\]|map user IDs): ' 'not allowed|is not yours' "/etc/subuid gives $(id -un) "
	bad "user 0 not mapped" '.linux.uidMappings[0].containerID = 7 | .linux.uidMappings = .linux.uidMappings[:1]' 'process\.user\.uid: ' 'user 0 has no mapping' 'linux\.uidMappings'
	bad "uid not mapped" '.process.user.uid = 4000000' 'process\.user\.uid: ' 'user 4000000 has no mapping' 'linux\.uidMappings'
	bad "gid not mapped" '.process.user.gid = 4000000' 'process\.user\.gid: ' 'group 4000000 has no mapping' 'linux\.gidMappings'
	bad "uid 1000 with one's own ID alone" "$single | .process.user.uid = 1000" 'process\.user\.uid: ' 'user 1000 has no mapping' '/etc/subuid'
	bad "a group with one's own ID alone" "$single | .process.user.additionalGids = [10]" 'process\.user\.additionalGids\[0\]: ' 'group 10 has no mapping' '/etc/subuid'
	bad "the host's network by path" "$(ns network /proc/self/ns/net)" 'linux\.namespaces\[[0-9]\]\.path: ' "belongs to the host" 'leave the network namespace out'
fi

# ---- mounts ----
bad "more than a mount namespace can hold" '.linux.maskedPaths = [range(100001) | "/x"]' 'mounts, linux\.devices, maskedPaths' 'more than 100000' 'mask or mount a directory'
bad "mounts an object" '.mounts = {}' 'mounts: ' 'expected array, found object'
bad "a mount without destination" '.mounts = [{type: "tmpfs"}]' 'mounts\[0\]\.destination: ' 'required, but missing'
bad "an option is a number" '.mounts = [{destination: "/x", type: "tmpfs", options: ["ro", 1]}]' 'mounts\[0\]\.options\[1\]: ' 'expected string, found number'
bad "an unknown mount option" '.mounts += [{destination: "/x", type: "tmpfs", source: "tmpfs", options: ["nonsense"]}]' "mounts\[[0-9]\].*'/x'.*nonsense" 'Invalid argument'
bad "a bad value of a mount option" '.mounts += [{destination: "/x", type: "tmpfs", source: "tmpfs", options: ["size=abc"]}]' "mounts\[[0-9]\].*'/x'.*size=abc" 'Invalid argument'
bad "an unknown file system" '.mounts += [{destination: "/x", type: "nosuchfs", source: "x"}]' "mounts\[[0-9]\].*'nosuchfs'" 'No such device'
bad "a bind source that is not there" '.mounts += [{destination: "/x", type: "bind", source: "/nonexistent", options: ["bind"]}]' "mounts\[[0-9]\].*'/nonexistent': " 'No such file or directory'
bad "a bind without source" '.mounts += [{destination: "/x", type: "bind", options: ["bind"]}]' 'mounts\[[0-9]\]\.source: ' 'is required'
bad "a directory over a file" '.mounts += [{destination: "/etc/passwd", type: "bind", source: "'"$scratch"'", options: ["bind"]}]' "mounts\[[0-9]\].*'/etc/passwd'" 'Invalid argument|Not a directory'
bad "a destination beneath a file" '.mounts += [{destination: "/etc/passwd/x", type: "bind", source: "'"$scratch"'", options: ["bind"]}]' "mounts\[[0-9]\].*'/etc/passwd/x'" 'Not a directory'
bad "idmap without maps" '.mounts += [{destination: "/x", type: "bind", source: "'"$scratch"'", options: ["bind", "idmap"]}]' 'mounts\[[0-9]\]' "idmap|map the IDs"
bad "one map of a mount" '.mounts += [{destination: "/x", type: "bind", source: "'"$scratch"'", options: ["bind"], uidMappings: [{containerID: 0, hostID: 0, size: 1}]}]' 'mounts\[[0-9]\]\.uidMappings: ' 'gidMappings must be there too'
if only user nested -- "nothing is closed to real root"; then
	if [[ $mode != user ]]; then elsewhere "a source beneath somebody's closed directory: it takes an ordinary user"
	elif [[ -x /root ]]; then skip "a source beneath somebody's closed directory: /root is open here"
	else
		bad "a bind source beneath a closed directory" '.mounts += [{destination: "/x", type: "bind", source: "/root/inner", options: ["bind"]}]' \
			"mounts\[[0-9]\].*'/root/inner': " 'Permission denied' "'/root' does not let you through: chmod .*setfacl -m u:[0-9]+:x"
		bad "a root beneath a closed directory" '.root.path = "/root/inner"' "root\.path: open '/root/inner': " 'Permission denied'
	fi
	bad "a file system that is not for users" '.mounts += [{destination: "/x", type: "ext4", source: "/dev/vda"}]' "mounts\[[0-9]\].*'ext4'" 'Operation not permitted|No such device'
fi

# ---- linux ----
bad "a sysctl of the host" '.linux.sysctl = {"kernel.panic": "1"}' 'linux\.sysctl.*kernel\.panic.*: ' 'would change the host' 'sysctl -w kernel\.panic'
bad "a sysctl that is not there" '.linux.sysctl = {"net.ipv4.nosuch": "1"}' 'linux\.sysctl.*net\.ipv4\.nosuch.*: ' 'No such file or directory'
bad "a sysctl's bad value" '.linux.sysctl = {"net.ipv4.ip_forward": "abc"}' "linux\.sysctl.*net\.ipv4\.ip_forward.*'abc'" 'Invalid argument'
bad "a sysctl's number" '.linux.sysctl = {"net.ipv4.ip_forward": 1}' 'linux\.sysctl.*net\.ipv4\.ip_forward.*: ' 'expected string, found number'
bad "a sysctl of a network that is the host's" "$(without network) | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"}" 'linux\.sysctl.*net\.ipv4\.ip_forward.*: ' 'network namespace' '"type": "network"'
bad "a sysctl with dots" '.linux.sysctl = {"net.../../x": "1"}' 'linux\.sysctl.*: ' 'is not the name of a sysctl'
bad "seccomp without default" '.linux.seccomp = {}' 'linux\.seccomp\.defaultAction: ' 'required, but missing'
bad "seccomp: unknown action" '.linux.seccomp = {defaultAction: "SCMP_ACT_X"}' 'linux\.seccomp\.defaultAction: ' 'unknown value "SCMP_ACT_X"' 'SCMP_ACT_ERRNO'
bad "seccomp: unknown architecture" "$(seccomp '{architectures: ["SCMP_ARCH_X"]}')" 'linux\.seccomp\.architectures\[0\]: ' 'unknown value' 'SCMP_ARCH_X86_64'
bad "seccomp: unknown flag" "$(seccomp '{flags: ["X"]}')" 'linux\.seccomp\.flags\[0\]: ' 'unknown value "X"'
bad "seccomp: an errno for none" "$(seccomp '{defaultErrnoRet: 1}')" 'linux\.seccomp\.defaultErrnoRet: ' 'returns no errno'
bad "seccomp: no names" "$(seccomp '{syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}')" 'linux\.seccomp\.syscalls\[0\]\.names: ' 'at least one'
bad "seccomp: unknown operator" "$(seccomp '{syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "X"}]}]}')" 'linux\.seccomp\.syscalls\[0\]\.args\[0\]\.op: ' 'unknown value "X"' 'SCMP_CMP_EQ'
bad "seccomp: a seventh argument" "$(seccomp '{syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}')" 'linux\.seccomp\.syscalls\[0\]\.args\[0\]\.index: ' 'must be from 0 to 5'
bad "seccomp: metadata for nobody" "$(seccomp '{listenerMetadata: "x"}')" 'linux\.seccomp\.listenerMetadata: ' 'needs linux\.seccomp\.listenerPath'
bad "seccomp: notify nobody" "$(seccomp '{syscalls: [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]}')" 'linux\.seccomp\.syscalls\[0\]\.action: ' 'needs linux\.seccomp\.listenerPath'
bad "an unknown propagation" '.linux.rootfsPropagation = "magic"' 'linux\.rootfsPropagation: ' 'unknown value "magic"' 'rslave'
bad "a relative masked path" '.linux.maskedPaths = ["/proc/kcore", "proc/keys"]' 'linux\.maskedPaths\[1\]: ' 'is not an absolute path'
bad "a relative read-only path" '.linux.readonlyPaths = ["proc/sys"]' 'linux\.readonlyPaths\[0\]: ' 'is not an absolute path'
bad "an unknown kind of device" '.linux.devices = [{path: "/dev/x", type: "q", major: 1, minor: 3}]' 'linux\.devices\[0\]\.type: ' 'unknown value "q"' 'c, b'
bad "a device without numbers" '.linux.devices = [{path: "/dev/x", type: "c"}]' 'linux\.devices\[0\]\.major: ' 'required, but missing'
bad "a device at a relative path" '.linux.devices = [{path: "dev/x", type: "c", major: 1, minor: 3}]' 'linux\.devices\[0\]\.path: ' 'is not an absolute path'
if only user nested -- "real root makes the node"; then
	bad "a device that the host has not" '.linux.devices = [{path: "/dev/none", type: "c", major: 99, minor: 99}]' "linux\.devices\[0\]: '/dev/none': " 'no node of character device 99:99' 'mknod .*/dev/none c 99 99'
fi
bad "an unknown personality" '.linux.personality = {domain: "X"}' 'linux\.personality\.domain: ' 'unknown value "X"' 'LINUX32'
bad "cgroupsPath with .." '.linux.cgroupsPath = "/a/../b"' 'linux\.cgroupsPath: ' 'has a "\.\." in it'
use '.linux.resources.memory.limit = 33554432'
judge "a limit that cannot be set" 'linux\.resources\.memory\.limit: ' 'no cgroup here' '--best-effort=cgroup' --cgroup-manager=disabled create --bundle "$hurt" bad
bad "a limit that is no number" '.linux.resources.memory.limit = "abc"' 'linux\.resources\.memory\.limit: ' 'expected integer, found string'
use '.linux.resources.pids.limit = 10'
judge "a limit of processes" 'linux\.resources\.pids\.limit: ' 'no cgroup here' '--best-effort=cgroup' --cgroup-manager=disabled create --bundle "$hurt" bad
if lacks AppArmor has_apparmor; then
	bad "AppArmor that is not there" '.process.apparmorProfile = "x"' 'process\.apparmorProfile: ' 'AppArmor is not active' 'boot with apparmor=1.*or do without'
fi
if lacks SELinux test -e /sys/fs/selinux/enforce; then
	bad "SELinux that is not there" '.process.selinuxLabel = "a:b:c:d"' 'process\.selinuxLabel: ' 'SELinux is not active' 'enable it in /etc/selinux/config, or do without'
	bad "mountLabel without SELinux" '.linux.mountLabel = "a:b:c:d"' 'linux\.mountLabel: ' 'SELinux is not active' 'enable it in /etc/selinux/config, or do without'
fi
if lacks resctrl grep -q ' - resctrl ' /proc/self/mountinfo; then
	bad "Intel RDT that is not there" '.linux.intelRdt = {closID: "x"}' 'linux\.intelRdt: ' 'no resctrl file system is mounted' 'mount -t resctrl resctrl'
fi
if only user -- "root of the namespace may move a device of it"; then
	bad "a network device of the host" '.linux.netDevices = {eth0: {}}' "linux\.netDevices\['eth0'\]: " "an ordinary user can't move a device" 'unshare --map-root-user --net'
fi
bad "an annotation for another handler" '.annotations = {"run.oci.handler": "krun"}' 'annotations\["run\.oci\.handler"\]: ' 'lichen has no handlers' 'use a runtime that has this handler'
bad "a mount over an entry of procfs" '.mounts += [{destination: "/proc/self/attr/exec", type: "bind", source: "/dev/null", options: ["bind"]}]' 'mounts\[[0-9]\]\.destination: ' 'would cover a part of procfs' 'use maskedPaths'

# ---- hooks ----
bad "hooks an object" '.hooks.createRuntime = {}' 'hooks\.createRuntime: ' 'expected array, found object'
bad "a hook at a relative path" '.hooks.createRuntime = [{path: "bin/true"}]' 'hooks\.createRuntime\[0\]\.path: ' 'is not an absolute path'
bad "a hook without time" '.hooks.createRuntime = [{path: "/bin/true", timeout: 0}]' 'hooks\.createRuntime\[0\]\.timeout: ' 'at least 1'
bad "a hook that is not there" '.hooks.createRuntime = [{path: "/bin/true"}, {path: "/nonexistent"}]' "hooks\.createRuntime\[1\]: .*'/nonexistent': " 'No such file or directory'
bad "a hook that fails" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo why; exit 3"]}]' "hooks\.createRuntime\[0\]: hook '/bin/sh' " 'exited with status 3: why'
bad "a hook that is killed" '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"]}]' "hooks\.prestart\[0\]: hook '/bin/sh' " 'was killed by signal 9'
bad "a createContainer hook that fails" '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "exit 4"]}]' "hooks\.createContainer\[0\]: hook '/bin/sh' " 'exited with status 4'
bad_run "a startContainer hook that fails" '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "exit 5"]}]' "hooks\.startContainer\[0\]: hook '/bin/sh' " 'exited with status 5'
bad_run "a poststart hook that fails" '.hooks.poststart = [{path: "/bin/sh", args: ["sh", "-c", "exit 6"]}]' "hooks\.poststart\[0\]: hook '/bin/sh' " 'exited with status 6'

# ---- the command line and the machine ----
use .
judge "a terminal for nobody" '--console-socket: ' 'asks for no terminal' 'process\.terminal' create --console-socket /x --bundle "$hurt" bad
use '.process.terminal = true'
judge "a console socket that is not there" "connect to the console socket '/nonexistent': " 'No such file or directory' '' create --console-socket /nonexistent --bundle "$hurt" bad
use '.process.terminal = true | .mounts |= map(select(.type != "devpts"))'
judge "a terminal without devpts" 'process\.terminal: ' 'No such file or directory' 'devpts' create --console-socket /nonexistent --bundle "$hurt" bad
if only user -- "these make a user namespace first, as an ordinary user"; then
	jq "$single | .linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0" "$good/config.json" >"$hurt/config.json"
	before_it=(unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' -)
	judge "no more user namespaces" "make the container's process: " 'No space left on device' 'sysctl user\.max_user_namespaces' create --bundle "$hurt" bad
	before_it=()
	use "$single | $(without user) | del(.linux.uidMappings, .linux.gidMappings)"
	before_it=(unshare --user --map-root-user --mount sh -c 'mount -t tmpfs tmpfs /proc/sys; exec unshare --user --map-root-user --mount "$@"' -)
	judge "nested, and the outer /proc is covered" "mounts\[0\].*'/proc'" 'Operation not permitted' 'unmask=ALL' create --bundle "$hurt" bad
	before_it=()
	# what others fail at
	use .
	ok "without XDG_RUNTIME_DIR it runs" env -u XDG_RUNTIME_DIR "$LICHEN" run --bundle "$hurt" "without-xdg-$$"
	ok "with a PATH that has no newuidmap it runs" env PATH=/nonexistent "$LICHEN" --root "$(state_dir)" run --bundle "$hurt" bad
	if [[ -S /run/user/$uid/systemd/private ]]; then
		ok "with --systemd-cgroup it runs, whatever XDG_RUNTIME_DIR is" rt --systemd-cgroup run --bundle "$hurt" bad
	else
		judge "--systemd-cgroup, and no manager" "make a cgroup by the manager 'systemd': " '(no systemd user manager answers|this host has no cgroup v2)' \
			'--best-effort=cgroup' --systemd-cgroup create --bundle "$hurt" bad
	fi
fi
# what the specification wants to be a warning
use '.process.capabilities.bounding += ["CAP_MAGIC"]'
exits 0 "an unknown capability is no error" rt run --bundle "$hurt" bad
like "an unknown capability is a warning" "$stderr" "^lichen: warning: config\.json: process\.capabilities\.bounding\[[0-9]+\]: 'CAP_MAGIC' is unknown"
use '.unknownThing = {"x": [1, null]}'
exits 0 "an unknown property is ignored" rt run --bundle "$hurt" bad
is "an unknown property: nothing is said" "$stderr" ''
nothing_left "nothing is left of all this" "$before"
done_testing

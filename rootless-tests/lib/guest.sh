# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# For the tests of isolation: bundles with nothing in them but the guest program (tests/guest), run
# by whoever runs the tests: an ordinary user, root, or uid 0 of a user namespace that somebody made.
#
#   new_rootfs                   makes $rootfs anew: /guest and nothing else
#   bundle DIR FILTER... [-- ACTION...]   config.json for it; the actions become process.args
#   inside FILTER... -- ACTION...   runs the actions in a new container: $status, $stdout, $stderr
#   denied CALLS:ERRNO FILTER... -- ACTION...   the same where system calls are refused (find_deny first)
#   got FILTER                   the answers of the last container (an array), through jq
#   expect NAME FILTER WANT      compares one answer
#   refused NAME REGEX FILTER... -- ACTION...   create fails, says REGEX, and leaves nothing
#   pause FILTER...              a created container that others can join: $pause_pid
#   has_ids N                    whether the user namespace that the tests make can map N IDs
#   why_not_root, why_not_ids    the reasons to skip with
# shellcheck source=lichen.sh
source "$(dirname "${BASH_SOURCE[0]}")/lichen.sh"

mkdir -m 700 "$scratch/run"
export XDG_RUNTIME_DIR=$scratch/run
# No cgroup: these files are about other things, and a scope takes a tenth of a second in a guest.
case ${LICHEN##*/} in
	runc) runtime_flags=() ;;
	*) runtime_flags=(--cgroup-manager=disabled) ;;
esac

# Only what is ours: others may run containers on the machine at the same time.
census() {
	local process
	for process in /proc/[0-9]*; do
		if tr '\0' ' ' <"$process/cmdline" | grep -qF "$scratch" || grep -qF "$scratch" "$process/mountinfo"; then
			echo "process $(tr '\0' ' ' <"$process/cmdline")"
		fi
	done 2>/dev/null | grep -v '^process comm '
	grep -F "$scratch" /proc/self/mountinfo | sed -E 's/^[0-9]+ [0-9]+ [^ ]+ //; s/ - .*//; s/^/mount /'
	own_cgroups | grep -F "t$$-" | sed 's/^/cgroup /'
	find "$scratch"/state-* -mindepth 1 ! -path '*/.seccomp*' 2>/dev/null | sed 's/^/state /' || :
}

export LC_ALL=C

# Built by "make check"; where there is a compiler and no build, by us.
find_program() {
	local name=$1 found place source=$lib/../../tests/${2:?} given=LICHEN_${1^^}
	if [[ ${!given-} ]]; then echo "${!given}"; return; fi
	for place in "$(dirname "$(realpath "$LICHEN")")/../tests/$2/$name" /usr/local/libexec/lichen-tests/"$name"; do
		if [[ -x $place ]]; then realpath "$place"; return; fi
	done
	found=$scratch/bin/$name
	mkdir -p "$scratch/bin"
	if [[ $name == guest ]]; then
		cc -std=gnu17 -D_GNU_SOURCE -Ulinux -O1 -static -o "$found" "$source"/*.c
	else
		cc -std=gnu17 -D_GNU_SOURCE -O1 -o "$found" "$source/$name.c" -lseccomp
	fi >&2 && echo "$found"
}
guest=$(find_program guest guest) && [[ $guest ]] ||
	{ echo "Bail out! there is no guest program and no compiler to make it"; exit 1; }

new_rootfs() {
	rootfs=$scratch/bundle/rootfs
	rm -rf "$rootfs" 2>/dev/null || unshare --user --map-auto --map-root-user rm -rf "$rootfs"
	mkdir -p "$rootfs"
	cp "$guest" "$rootfs/guest"
}

base_config() {
	local dir=$scratch/base
	if [[ ! -f $dir/config.json ]]; then
		mkdir -p "$dir"
		(cd "$dir" && "$LICHEN" spec) || return
		jq '.process.terminal = false | .root.readonly = false | del(.annotations["org.lichen.network"])' "$dir/config.json" >"$dir/new"
		mv "$dir/new" "$dir/config.json"
	fi
	cat "$dir/config.json"
}

# What the filters may use: how many IDs there are to map, and namespaces in one word.
jq_lib='
def without($type): .linux.namespaces |= map(select(.type != $type));
def joined($type; $path): without($type) | .linux.namespaces += [{type: $type, path: $path}];
def new($type): without($type) | .linux.namespaces += [{type: $type}];
def unmounted($dir): .mounts |= map(select(.destination != $dir));
def mounted($dir; $type; $source; $options):
	.mounts += [{destination: $dir, type: $type, source: $source, options: $options}];
def caps($set): .process.capabilities = {bounding: $set, effective: $set, permitted: $set};
def own_map($in; $out): .linux.uidMappings = [{containerID: $in, hostID: $out, size: 1}];
def single: (.linux.uidMappings, .linux.gidMappings) |= (if . then [.[0]] else . end) |
	(.mounts[].options) |= (if . then map(select(. != "gid=5")) else . end);
'

bundle() {
	local dir=$1 filter=. actions=(report)
	shift
	while (($#)) && [[ $1 != -- ]]; do
		filter+=" | $1"
		shift
	done
	if (($#)); then shift; actions=("$@"); fi
	mkdir -p "$dir"
	base_config | jq "$jq_lib $filter | .process.args = (.process.args_before // []) + [\"/guest\"] + \$ARGS.positional |
		del(.process.args_before)" --args "${actions[@]}" >"$dir/config.json"
}

inside() {
	bundle "$scratch/bundle" "$@" || return
	new_id
	run rt run --bundle "$scratch/bundle" "$id"
}

# denied CALLS:ERRNO FILTER... -- ACTION...   the same where a sandbox refuses those system calls. As
# an ordinary user also newuidmap gets nothing, so one ID alone is mapped.
denied() {
	local calls=$1
	shift
	bundle "$scratch/bundle" single "$@" || return
	new_id
	run within 60 "$deny" "$calls" -- "$LICHEN" --root "$(state_dir)" --log "$log" "${runtime_flags[@]}" run --bundle "$scratch/bundle" "$id"
}
find_deny() { [[ ${deny=$(find_program deny tools 2>/dev/null)} ]]; }
why_not_deny="there is no helper tests/tools/deny, and no compiler with libseccomp to build it"

got() { jq -crs "$1" <<<"$stdout" 2>&1; }

expect() {
	local answer
	answer=$(got "$2")
	if [[ $answer == "$3" ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "filter: $2" "got:    $answer" "wanted: $3" "status: $status" "stderr: $stderr"
}

# A refusal names its reason and is as if nothing had been.
refused() {
	local name=$1 regex=$2
	shift 2
	inside "$@"
	if ((status != 0)) && [[ $stderr =~ $regex ]] && [[ ! -e $(state_dir)/$id ]]; then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted: $regex" "status: $status" "stderr: $stderr" "stdout: ${stdout:0:200}" \
		"left:   $(ls -d "$(state_dir)/$id" 2>/dev/null)"
}

pause() {
	local dir=$scratch/pause-$containers
	mkdir -p "$dir/rootfs"
	cp "$guest" "$dir/rootfs/guest"
	bundle "$dir" "$@" -- sleep 100
	new_id
	pause_id=$id
	rt create --bundle "$dir" "$id" && rt start "$id" || return
	pause_pid=$(rt state "$id" | jq .pid)
}
unpause() { rt delete --force "$pause_id"; }

namespace_of() { stat -Lc %i "/proc/${2:-self}/ns/$1"; }

# How many IDs a new user namespace can map here.
mappable_ids() {
	if [[ $mode == user ]]; then
		base_config | jq '[.linux.uidMappings[].size] | add'
	else
		awk '{n += $3} END {printf "%.0f\n", n}' /proc/self/uid_map
	fi
}
n_ids=$(mappable_ids)
has_ids() { ((n_ids >= $1)); }
why_not_ids="only $n_ids ID can be mapped here (no line in /etc/subuid, or a user namespace with a single one)"

new_rootfs

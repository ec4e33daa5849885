# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# For the tests of cgroups: life.sh, and
#
#   as_root CMD...               what an administrator would do; in a guest, or as root
#   can_be_root                  whether that is possible here; else one skipped test
#   in_scope CMD...              CMD in a delegated scope of the user's systemd (as root: of the system's)
#   parts NAME:COMMAND...        runs this file again by each COMMAND (words), as the part $part=NAME;
#                                what it says is said by us, with the part's name
#   tree                         where the unified hierarchy is mounted
#   group_of ID                  the container's cgroup as a path of the file system
#   leaf_of ID                   its child with the processes
#   limit ID FILE                what the container's cgroup has in FILE
#   systemctl_ours ARG...        systemctl of the manager that makes our scopes
#   census                       as life.sh's, with the units that are named after our containers
# shellcheck source=life.sh
source "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/life.sh"

rig_root=/usr/local/lib/rig/as-root
tree=/sys/fs/cgroup
[[ $(stat -fc %T $tree) == cgroup2fs ]] || tree=/sys/fs/cgroup/unified
# as the user's systemd knows us
user_runtime=/run/user/$(awk -v u="$EUID" 'u >= $1 && u < $1 + $3 {print $2 + u - $1}' /proc/self/uid_map)

as_root() {
	if [[ $mode == root ]]; then "$@"; else "$rig_root" --reuid 0 --regid 0 --clear-groups -- "$@"; fi
}
can_be_root() {
	if [[ $mode == root || -u $rig_root ]]; then return; fi
	skip "nobody is root here: run the tests as root, or in a guest"
	return 1
}

# life.sh gives XDG_RUNTIME_DIR a folder of its own; systemd's is the real one.
systemctl_ours() {
	if [[ $mode == root ]]; then systemctl "$@"; else XDG_RUNTIME_DIR=$user_runtime systemctl --user "$@"; fi
}
has_manager() {
	[[ ! -e /run/systemd/system ]] && return 1
	[[ $mode == root || -S $user_runtime/systemd/private ]]
}
in_scope() {
	if [[ $mode == root ]]; then systemd-run --scope --quiet -p Delegate=yes -- "$@"
	else XDG_RUNTIME_DIR=$user_runtime systemd-run --user --scope --quiet -p Delegate=yes -- "$@"; fi
}

part=${LICHEN_PART-}
parts() {
	local one
	for one; do
		[[ " ${LICHEN_PARTS:-${one%%:*}} " == *" ${one%%:*} "* ]] || continue
		# shellcheck disable=SC2086  # words
		life_reaper='' LICHEN_PART=${one%%:*} others "${one%%:*}" ${one#*:} bash "$0"
	done
}

group_of() { echo "$tree$(rt state "$1" | jq -r '.cgroup // "/none"')"; }
leaf_of() { echo "$(group_of "$1")/container"; }
limit() { cat "$(group_of "$1")/$2"; }

# By the name of this file's containers, whatever made them.
our_cgroups() { find "$tree" -type d -name "*t$$-*" 2>/dev/null || :; }
our_units() {
	! has_manager || systemctl_ours list-units --all --plain --no-legend "*t$$-*" 2>/dev/null | awk '{print $1}'
}
eval "life_$(declare -f census)"
census() {
	life_census | grep -v '^cgroup '
	our_cgroups | sed 's/^/cgroup /'
	our_units | sed 's/^/unit /'
}

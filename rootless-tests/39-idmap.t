#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ID-mapped bind mounts: applied by who owns the file system, refused with the reason for anybody else.
# shellcheck disable=SC2016,SC2054,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

source=$scratch/volume
mkdir -m 755 "$source"
maps='.mounts[-1] += {uidMappings: [{containerID: 0, hostID: 7, size: 1}], gidMappings: [{containerID: 0, hostID: 8, size: 1}]}'
bound() { printf 'mounted("/volume"; "bind"; "%s"; ["rbind", "%s"])' "$source" "$1"; }

if [[ $mode == user ]]; then
	refused "an ordinary user is told why" "mounts\[[0-9]+\]: an ordinary user can't map the IDs of a mount" "$(bound idmap)" -- report
	like "… and what to do instead" "$stderr" 'hint: .*uidMappings'
elif [[ $mode == nested ]] && ! mount -t tmpfs tmpfs "$source" 2>/dev/null; then
	elsewhere "an ID-mapped mount: uid 0 of this user namespace has no mount namespace of its own"
elif ! has_ids 100; then
	elsewhere "an ID-mapped mount: $why_not_ids"
else
	echo text >"$source/file"
	inside "$(bound idmap)" "$maps" -- stat /volume/file
	expect "the owner on disk appears as the one that is mapped" '.[0] | [.uid, .gid]' '[7,8]'
	inside "$(bound ridmap)" "$maps" -- stat /volume/file
	expect "recursively too" '.[0] | [.uid, .gid]' '[7,8]'
	inside "$(bound rbind)" -- stat /volume/file
	expect "without it the owner stays" '.[0] | [.uid, .gid]' '[0,0]'
	refused "without a mapping and without a user namespace" 'needs uidMappings' "$(bound idmap)" 'without("user")' -- report
	refused "a file system that is no bind mount" 'only bind mounts' 'mounted("/x"; "tmpfs"; "tmpfs"; ["idmap"])' "$maps" -- report
	[[ $mode != nested ]] || umount "$source"
fi
refused "crun's own form of the option" "'idmap=uids=0-1-1' is not understood" "$(bound 'idmap=uids=0-1-1')" -- report

nothing_left "nothing is left" "$before"
done_testing

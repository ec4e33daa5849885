#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many containers by Podman: 100 in a row and 20 at once, each of which does its work and ends with its
# own status; nothing is left. How long one takes is said beside crun's, in turns, in the same minutes.
# shellcheck disable=SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }

in_a_row=${LICHEN_LOAD_ROW:-100}
at_once=${LICHEN_LOAD_ONCE:-20}
ours=$name
# 20 share one processor
seconds=300

# one RUNTIME   says what went wrong; the time it took goes to $scratch/times.RUNTIME
one() {
	local oci=$1 began=$EPOCHREALTIME said rc=0
	said=$(box @ sh -c 'echo works; exit 3' 2>&1) || rc=$?
	if [[ $said != works || $rc != 3 ]]; then echo "$oci: status $rc: $said"; return 1; fi
	awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {print (b - a) * 1000}' >>"$scratch/times.$oci"
}

row() {
	local i
	for ((i = 0; i < in_a_row; i++)); do
		one "$ours" || return
		((i % 4)) || one crun || return
	done
}

once() {
	local i pids=() rc=0
	for ((i = 0; i < at_once; i++)); do
		one "$ours" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || rc=1; done
	return $rc
}

median() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%.0f ms (median of %d)", v[int((NR + 1) / 2)], NR}'; }

ok "$in_a_row containers in a row" row
diag "podman run --rm, one after the other: $ours $(median "$scratch/times.$ours"), crun $(median "$scratch/times.crun")"
rm "$scratch/times.$ours"
ok "$at_once at once" once
diag "podman run --rm, $at_once at once: $ours $(median "$scratch/times.$ours") each"
is "Podman knows of none any more" "$(pod ps --all --quiet)" ''
is "no mount is left in Podman's namespace" "$(diff <(echo "$pod_mounts_before") <(pod_mounts) | grep '^[<>]')" ''
nothing_left "nothing is left" "$before"
done_testing

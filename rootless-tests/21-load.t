#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many containers: 200 in a row, 20 at once, 20 killed while they start; each does its work, and
# nothing is left.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/lichen.sh
source "$(dirname "$0")/lib/lichen.sh"

in_a_row=${LICHEN_LOAD_ROW:-200}
at_once=${LICHEN_LOAD_ONCE:-20}
bundle=$scratch/bundle
make_bundle "$bundle" '.process.args = ["sh", "-c", "echo works; exit 3"]'

before=$(census)

one() {
	local said rc=0
	said=$(within 60 "$runtime" --root "$(state_dir)" --log "$log.$1" "${runtime_flags[@]}" run --bundle "$bundle" "$1" 2>&1) || rc=$?
	[[ $said == works && $rc == 3 ]] && { rm -f "$log.$1"; return 0; }
	printf '%s: status %s: %s %s\n' "$1" "$rc" "$said" "$(cat "$log.$1" 2>/dev/null)"
	return 1
}

row() {
	local i
	for ((i = 0; i < in_a_row; i++)); do new_id; one "$id" || return 1; done
}

once() {
	local i pids=() rc=0
	for ((i = 0; i < at_once; i++)); do new_id; one "$id" & pids+=($!); done
	for i in "${pids[@]}"; do wait "$i" || rc=1; done
	return $rc
}

# created, started, waited for and deleted, one operation of all of them after the other
steps() {
	local ids=() one pids=()
	for ((i = 0; i < at_once; i++)); do
		new_id
		ids+=("$id")
		rt create --bundle "$bundle" --pid-file "$scratch/pid.$id" "$id" >"$scratch/out.$id" 2>&1 || { cat "$scratch/out.$id"; return 1; } &
		pids+=($!)
	done
	for one in "${pids[@]}"; do wait "$one" || return 1; done
	for one in "${ids[@]}"; do rt start "$one" || return 1; done
	for one in "${ids[@]}"; do
		eventually grep -qx works "$scratch/out.$one" || { echo "$one said nothing"; return 1; }
		eventually stopped "$one" || { echo "$one does not stop"; return 1; }
		rt delete "$one" || return 1
	done
}
stopped() { [[ $(rt state "$1" | jq -r .status) == stopped ]]; }

began=$EPOCHREALTIME
ok "$in_a_row containers in a row" row
diag "$(awk -v a="$began" -v b="$EPOCHREALTIME" -v n="$in_a_row" 'BEGIN {printf "%.0f ms each", (b - a) * 1000 / n}')"
nothing_left "nothing is left of them" "$before"
ok "$at_once at once" once
ok "$at_once by create, start, delete" steps
nothing_left "nothing is left of those" "$before"
is "no container in the list" "$(rt list --quiet 2>/dev/null)" ''
done_testing

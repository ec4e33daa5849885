# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests with those who call a runtime: lichen.sh, and scenarios that lichen has to pass if crun
# passes them in the same boot.
#
#   scenario FUNCTION...    calls each for $oci=crun, then for lichen. What it checks is paired by name:
#   expect NAME GOT WANT        the same text
#   matches NAME GOT REGEX
#   works NAME CMD...           CMD succeeds
#   fails NAME CMD...           CMD fails
#   gives STATUS NAME CMD...
#   scenarios_count LEAST   passes if at least so many scenarios counted
#   on_terminal CMD...      CMD (a line for the shell) at a terminal of its own, whose input is ours
#
# A scenario that crun does not pass does not count for lichen either: it is named as such.

# shellcheck source=lichen.sh
source "$(dirname "${BASH_SOURCE[0]}")/lichen.sh"

name=${LICHEN##*/}
seconds=${LICHEN_DEADLINE:-60}
oci=$name
scenarios=() counted=0
declare -A verdict=() reason=()

on_terminal() { within "$seconds" script --quiet --return --command "$*" /dev/null; }

# verdict_is pass|fail NAME LINE...
verdict_is() {
	[[ -v verdict[crun/$2] || -v verdict[$name/$2] ]] || scenarios+=("$2")
	verdict[$oci/$2]=$1
	reason[$oci/$2]=$(printf '%s\n' "${@:3}")
}
expect() {
	if [[ $2 == "$3" ]]; then verdict_is pass "$1"
	else verdict_is fail "$1" "got:    $2" "wanted: $3" "status: $status" "stderr: $stderr"; fi
}
matches() {
	if [[ $2 =~ $3 ]]; then verdict_is pass "$1"
	else verdict_is fail "$1" "got:          $2" "wanted match: $3" "status: $status" "stderr: $stderr"; fi
}
gives() {
	local want=$1 what=$2
	shift 2
	run "$@"
	if ((status == want)); then verdict_is pass "$what"
	else verdict_is fail "$what" "wanted status $want" "$(tap_said "$@")"; fi
}
works() { gives 0 "$@"; }
fails() {
	local what=$1
	shift
	run "$@"
	if ((status != 0 && status != 124 && status != 137)); then verdict_is pass "$what"
	else verdict_is fail "$what" "wanted a failure" "$(tap_said "$@")"; fi
}

settle() {
	local one ours theirs
	for one in "${scenarios[@]}"; do
		ours=${verdict[$name/$one]:-missing} theirs=${verdict[crun/$one]:-missing}
		if [[ $theirs != pass ]] && [[ $name != crun ]]; then
			diag "crun: ${reason[crun/$one]-not checked}"
			elsewhere "crun does not pass it (${name}: $ours): $one"
			continue
		fi
		counted=$((counted + 1))
		if [[ $ours == pass ]]; then tap_pass "$one"; else tap_fail "$one" "${reason[$name/$one]-not checked}"; fi
	done
	scenarios=() verdict=() reason=()
}

scenario() {
	local one
	for one; do
		[[ " ${LICHEN_ONLY:-$one} " == *" $one "* ]] || continue
		for oci in crun "$name"; do
			"$one"
			[[ $name != crun ]] || break
		done
		settle
	done
	oci=$name
}

scenarios_count() {
	[[ ${LICHEN_ONLY-} ]] || ok "crun passed at least $1 scenarios (here: $counted)" test "$counted" -ge "$1"
}

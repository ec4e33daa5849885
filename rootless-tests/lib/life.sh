# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# For the tests of the lifecycle, the terminal, the errors and the crashes: lichen.sh, and
#
#   tool NAME                    prints the path of tools/NAME.c's program
#   need PROGRAM...              true if they are there; else one skipped test that names what is missing
#   status_of ID                 the container's status by `state`, "none" if there is no such container
#   has_status ID STATUS         for eventually
#   put_bundle NAME FILTER...    like make_bundle, on one root that all share; sets $bundle
#   change BUNDLE FILTER...      jq FILTERs on a bundle's config.json
#   put_hook NAME LINE...        a script on the host; sets $hook
#   gate NAME                    a hook that writes what it reads to $gate/state and waits for $gate/go
#   gated                        for eventually: the hook waits there
#   begin CMD...                 CMD in the background; sets $begun (its PID) and $out (the file of its output)
#   slirp_works                  whether lichen-net can be had; else one skipped test that names what is missing
#   says_ready                   for eventually: there is a line "ready" in $out
#   run_tests NAME...            calls each test_NAME; nothing may be left of any. Only what LICHEN_ONLY
#                                names, for whoever works on one of them
#   census                       as lichen.sh's, but of this file's own doings alone
#
# The file runs again beneath tools/reaper, so that every process that a container leaves becomes its
# child: others may run containers on the machine at the same time.

life_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
life_tools=$life_lib/../tools

# A compiler is all that they want; the ones of a build are in $LICHEN_TOOLS.
tool() {
	local name=$1 out=${LICHEN_TOOLS:-$life_made}/$1
	if [[ ! -x $out ]]; then
		"${CC:-cc}" -O1 -o "$out" "$life_tools/$name.c" >&2 || return 1
	fi
	echo "$out"
}

if [[ ${life_reaper-} != "$$" ]]; then
	life_made=$(mktemp -d "${TMPDIR:-/tmp}/lichen-tools.XXXXXX")
	export life_made
	if ! reaper=$(tool reaper); then
		echo "Bail out! tools/reaper.c cannot be compiled: install a C compiler, or set CC or LICHEN_TOOLS"
		exit 1
	fi
	life_reaper=$$ exec "$reaper" bash "$0" "$@"
fi

# shellcheck source=lichen.sh
source "$life_lib/lichen.sh"

# A folder of its own, whatever the caller's is: nothing but ours may appear in it.
mkdir -m 700 "$scratch/run"
export XDG_RUNTIME_DIR=$scratch/run
runtime_flags=()

at_exit_of_lichen=$(declare -f at_exit)
eval "lichen_${at_exit_of_lichen}"
at_exit() {
	lichen_at_exit
	rm -rf "$life_made"
}

# The same 10 seconds; the first steps are short.
eventually() {
	local i
	for ((i = 0; i < 140; i++)); do
		! "$@" || return 0
		if ((i < 50)); then sleep 0.01; else sleep 0.1; fi
	done
	return 1
}

need() {
	local program missing=()
	for program; do command -v "$program" >/dev/null || missing+=("$program"); done
	((${#missing[@]})) || return 0
	skip "not installed here: ${missing[*]}"
	return 1
}

status_of() {
	local json
	json=$(rt state "$1" 2>/dev/null) || { echo none; return; }
	jq -r .status <<<"$json"
}
has_status() { [[ $(status_of "$1") == "$2" ]]; }

# shellcheck disable=SC2034  # bundle is for the test file
put_bundle() {
	bundle=$scratch/bundle.$1
	shift
	[[ -d $scratch/base ]] || make_bundle "$scratch/base" ".root.path = \"$scratch/base/rootfs\"" || return
	rm -rf "$bundle"
	mkdir "$bundle"
	cp "$scratch/base/config.json" "$bundle/"
	if (($#)); then change "$bundle" "$@"; fi
}

change() {
	local bundle=$1 filter=. more
	shift
	for more; do filter+=" | $more"; done
	jq "$filter" "$bundle/config.json" >"$bundle/config.new" && mv "$bundle/config.new" "$bundle/config.json"
}

# shellcheck disable=SC2034  # hook and gate are for the test file
put_hook() {
	hook=$scratch/hook.$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$hook"
	chmod 755 "$hook"
}

slirp_works() {
	local bundle
	must_run tun || return
	put_bundle slirp '.process.args = ["true"]'
	rt run --network slirp --dry-run --bundle "$bundle" any >/dev/null 2>"$scratch/why" && return
	skip "lichen-net does not work here: $(head -n 1 "$scratch/why")"
	return 1
}

# It does not outlive the test file: its folder goes.
gate() {
	gate=$scratch/gate.$1
	rm -rf "$gate"
	mkdir "$gate"
	put_hook "gate.$1" "cat >$gate/state.new; mv $gate/state.new $gate/state" \
		"while [ -d $gate ] && [ ! -e $gate/go ]; do sleep 0.02; done"
}

gated() { [[ -e $gate/state ]]; }

# A file of its own each time: what is left of another writes into the old one.
begin() {
	out=$scratch/begun
	rm -f "$out"
	"$@" >"$out" 2>&1 </dev/null &
	# shellcheck disable=SC2034
	begun=$!
}
says_ready() { grep -sqx ready "$out"; }

run_tests() {
	local name
	for name; do
		[[ " ${LICHEN_ONLY:-$name} " == *" $name "* ]] || continue
		"test_$name"
		nothing_left "$name: nothing is left" "$before"
	done
}

# Our descendants: the processes of containers, and the runtime's own.
own_processes() {
	ps -e -o pid=,ppid=,pidns=,comm= | awk -v top=$$ -v ours="$(readlink /proc/self/ns/pid | tr -dc 0-9)" '
		{parent[$1] = $2; ns[$1] = $3; name[$1] = $4}
		END {
			for (p in parent) {
				for (q = p; q in parent && q != top; q = parent[q]) ;
				if (q != top || p == top) continue
				# one that nobody may look into belongs to a container, too
				if (ns[p] != ours) print name[p], "in a pid namespace"
				else if (name[p] ~ /^(lichen|crun|runc|hook|newuidmap|newgidmap)/) print name[p]
			}
		}'
}

census() {
	own_processes | sed 's/^/process /'
	sed -E 's/^[0-9]+ [0-9]+ [^ ]+ //; s/ - .*//' /proc/self/mountinfo | grep -F "$scratch" | sed 's/^/mount /'
	own_cgroups | grep -F "t$$-" | sed 's/^/cgroup /'
	find "$scratch"/state-* -mindepth 1 -not -path '*/.seccomp*' 2>/dev/null | sed 's/^/state /'
	find "$XDG_RUNTIME_DIR" -mindepth 2 -not -path '*/.seccomp*' 2>/dev/null | sed 's/^/runtime /'
	:
}

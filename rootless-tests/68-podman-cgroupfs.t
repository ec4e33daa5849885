#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The scenarios of the other files once more by Podman's cgroup manager cgroupfs, beneath a delegated
# unit where one may make cgroups without asking systemd: those to which the cgroup matters, and what a
# user types most.
# shellcheck disable=SC2154
set -uo pipefail
# shellcheck source=lib/lichen.sh
source "$(dirname "$0")/lib/lichen.sh"

if ! { must_run podman && must_run cgroup-memory && must_run cgroup-pids; }; then done_testing; fi

delegated() {
	within 500 systemd-run --user --quiet --wait --pipe --collect --property Delegate=yes --working-directory "$HOME" \
		--setenv PATH --setenv TMPDIR --setenv LICHEN --setenv LICHEN_TIER --setenv LICHEN_DEADLINE --setenv LICHEN_ONLY="$only" \
		--setenv LICHEN_CGROUP_MANAGER=cgroupfs -- bash "$(realpath "$(dirname "$0")")/$1"
}

for one in 60-podman-run.t:'statuses attributes root_attributes' \
	61-podman-life.t:'looks execs pauses stops' 62-podman-limits.t:'set_limits hold' 63-podman-namespaces.t:'pods'; do
	only=${one#*:}
	others "cgroupfs: ${one%%-*}" delegated "${one%%:*}"
done
ok "at least 100 scenarios (here: $tap_n)" test "$tap_n" -ge 100
done_testing

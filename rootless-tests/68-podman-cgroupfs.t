#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a user types most, and limits, once more by Podman's cgroup manager cgroupfs.
# shellcheck disable=SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! { must_run podman && must_run cgroup-memory && must_run cgroup-pids; }; then done_testing; fi
by_cgroupfs 60-podman-run.t 'statuses attributes root_attributes'
by_cgroupfs 62-podman-limits.t 'set_limits hold'
ok "at least 50 scenarios (here: $tap_n)" test "$tap_n" -ge 50
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container's life and pods once more by Podman's cgroup manager cgroupfs.
# shellcheck disable=SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! { must_run podman && must_run cgroup-memory && must_run cgroup-pids; }; then done_testing; fi
by_cgroupfs 61-podman-life.t 'looks execs pauses stops'
by_cgroupfs 63-podman-namespaces.t pods
ok "at least 50 scenarios (here: $tap_n)" test "$tap_n" -ge 50
done_testing

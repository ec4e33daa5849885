#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rig itself, seen from inside: what a user finds on a machine with systemd is here, and the
# table of the tiers is true.
# shellcheck disable=SC2016
set -uo pipefail
# shellcheck source=lib/tap.sh
source "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/features.sh
source "$(dirname "$0")/lib/features.sh"
tier=${LICHEN_TIER:-here}

# a machine that has no user session in front is no rig; a tier without one is broken
if [[ $tier == here ]] && ! must_run user-bus; then done_testing; fi
ok "not root" test "$(id -u)" -ne 0
is "XDG_RUNTIME_DIR" "${XDG_RUNTIME_DIR-}" "/run/user/$(id -u)"
ok "it is ours alone" test "$(stat -c '%u %a' "${XDG_RUNTIME_DIR:-/}")" = "$(id -u) 700"
ok "the user's bus answers" busctl --user --quiet call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.DBus.Peer Ping
ok "the user's manager is up" systemctl --user --quiet is-active default.target
like "a login session" "$(cat /proc/self/cgroup)" 'session-[^/]*\.scope|user@'
ok "a session of logind" loginctl show-session "${XDG_SESSION_ID:-self}"
like "subordinate user IDs" "$(cat /etc/subuid)" "^$(id -un):"
like "subordinate group IDs" "$(cat /etc/subgid)" "^$(id -un):"
ok "/dev/net/tun is open to users" test -r /dev/net/tun -a -w /dev/net/tun
ok "/dev/fuse is open to users" test -r /dev/fuse -a -w /dev/fuse
ok "the kernel's journal is readable" journalctl --quiet -n 1
is "no descriptors but the three" "$(bash -c 'ls /proc/self/fd | wc -l')" 4

# every row of the table, asked of the machine
for feature in $(feature_names); do
	probe=has_${feature//-/_}
	cell=$(feature_cell "$feature" "$tier")
	case $tier:$cell in
		here:* | *:*\?) if must_run "$feature"; then ok "$feature" "$probe"; fi ;;
		*:yes) ok "$feature" "$probe" ;;
		*) not_ok "$feature: missing, as the table says" "$probe" ;;
	esac
done

done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container that sends frames which are almost right, for LICHEN_STORM_SECONDS (5): lichen-net lives
# on, does not grow without bounds, and serves who behaves. A build with --enable-sanitizers tells more.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/net.sh
source "$(dirname "$0")/lib/net.sh"
net_begin || done_testing

seconds=${LICHEN_STORM_SECONDS:-5} seed=${LICHEN_STORM_SEED:-$RANDOM}
storm=$scratch/storm
if [[ ${LICHEN_TOOLS-} && -x $LICHEN_TOOLS/storm ]]; then storm=$LICHEN_TOOLS/storm
else "${CC:-cc}" -O1 -o "$storm" "$(dirname "$0")/tools/storm.c" || { echo "Bail out! tools/storm.c cannot be compiled"; exit 1; }
fi

# Buffers of connections are given back in time, so it is the limit on all of them that counts: KiB.
memory_max=$((1 << 20))
memory() { awk '/^VmRSS/ {print $2}' "/proc/$(engine)/status"; }
bounded() { (($(memory) < memory_max)); }

serve outside serve tcp 198.51.100.1 7
for mtu in 65520 1280; do
	ok "mtu $mtu: it starts" net_start --enable-ipv6 --disable-host-loopback --mtu=$mtu -p 8080:80 -p 8053:53/udp
	before=$(engine)
	run within $((seconds + 30)) "${in_container[@]}" "$storm" tap0 "$seconds" "$seed"
	is "… a storm (seed $seed)" "$status $(grep -c '^[1-9][0-9]* frames' <<<"$stdout")" '0 1'
	is "… the engine is the same" "$(engine)" "$before"
	ok "… no larger than it may be: $(memory) KiB" bounded
	is "… its state" "$(state .status)" '"up"'
	# the storm spoke for other machines, too: ours says again where it is
	"${in_container[@]}" ip neigh flush dev tap0
	inside tcp 198.51.100.1 7 echo 100000
	expect "… and serves the next connection" '.[0] | [.errno, .bytes]' '[0,100000]'
	net_stop
done
done_testing

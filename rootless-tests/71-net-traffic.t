#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lichen-net by itself: what goes through it, both ways, whole.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/net.sh
source "$(dirname "$0")/lib/net.sh"
net_begin || done_testing
gib=$((1 << 30)) some=$((10 << 20))
# a guest without a processor of its own moves a tenth
if [[ ${LICHEN_TIER:-here} == uml ]]; then gib=$((100 << 20)) some=$((1 << 20)); fi

ok "a network with all defaults and published ports" net_start --enable-ipv6 --disable-host-loopback \
	-p 8080:7 -p 8080:7/udp -p 8085:7/udp -p '[2001:db8::1]:8081:7' -p 198.51.100.1:8082:7 -p 198.51.100.1:8084:8/udp -p 127.0.0.1:8083:7 -p 9000-9002:7-9 -p 0:7 -p 8099:99
for address in 198.51.100.1 203.0.113.7 2001:db8::1; do
	serve outside serve tcp "$address" 7
	serve outside serve udp "$address" 7
done
for port in 7 8 9; do serve inside serve tcp 0.0.0.0 "$port"; done
serve inside serve tcp fd00::100 7
for port in 7 8 9; do serve inside serve udp 0.0.0.0 "$port"; done
serve inside serve udp fd00::100 7

# ---- the container connects ----

for size in 0 1 1459 1460 1461 65479 65480 65481 65535 65536 "$some"; do
	inside tcp 198.51.100.1 7 echo "$size"
	expect "TCP: $size bytes there and back" '.[0] | [.errno, .bytes, .wrong]' "[0,$size,-1]"
done
inside tcp 198.51.100.1 7 sink "$gib"
expect "TCP: $gib bytes out, and the answer to the end of them (half-close)" '.[0] | [.errno, .text]' "[0,\"$gib -1\"]"
inside tcp 198.51.100.1 7 source "$some"
expect "TCP: $some bytes in" '.[0] | [.errno, .bytes, .wrong]' "[0,$some,-1]"
inside tcp 2001:db8::1 7 echo "$some"
expect "IPv6: $some bytes there and back" '.[0] | [.errno, .bytes, .wrong]' "[0,$some,-1]"
inside tcp 198.51.100.1 7 late "$some"
expect "the server ends first" '.[0] | [.errno, .text]' '[0,"bye"]'
last_is() { outside tcp 198.51.100.1 7 last; [[ $(got '.[0].text') == "$1" ]]; }
ok "… and gets what is sent after that" eventually last_is "$some -1"
inside tcp 198.51.100.1 7 urgent
expect "urgent data" '.[0] | [.errno, .text]' '[0,"abcdef !"]'
inside tcp 198.51.100.1 7 reset
expect "a reset stays one" '.[0].error' ECONNRESET
inside tcp 198.51.100.1 7 abort
ok "… of the container's, too" eventually last_is "0 104"
inside tcp 198.51.100.1 9 who
expect "nobody listens: refused" '.[0].error' ECONNREFUSED
inside tcp 2001:db8::1 9 who
expect "… IPv6" '.[0].error' ECONNREFUSED
ip route add unreachable 192.0.2.99
inside tcp 192.0.2.99 7 who
expect "no way there: said at once" '.[0].error' EHOSTUNREACH
inside many 1000 198.51.100.1 7
expect "1,000 connections at once" '.[0] | [.opened, .answered]' '[1000,1000]'

for size in 1 1472 1473 9000 65000; do
	inside udp 198.51.100.1 7 "$size"
	expect "UDP: $size bytes there and back" '.[0] | [.errno, .same]' '[0,true]'
done
inside udp 2001:db8::1 7 1200
expect "UDP by IPv6" '.[0] | [.errno, .same]' '[0,true]'
inside udp 198.51.100.1 9 1
expect "UDP where nobody listens" '.[0].error' ECONNREFUSED

inside ping 10.0.2.2
expect "ICMP echo: the gateway" '.[0].type' 0
inside ping fd00::2
expect "… IPv6" '.[0].type' 129
inside ping 198.51.100.1
expect "… the world, where the host allows ping sockets" '.[0].type' 0
inside ping 198.51.100.1 1400
expect "… of 1400 bytes" '.[0].type' 0

# ---- published ports ----

outside tcp 198.51.100.1 8080 echo "$some"
expect "a published port: $some bytes there and back" '.[0] | [.errno, .bytes, .wrong]' "[0,$some,-1]"
outside tcp 198.51.100.1 8080 sink "$some"
expect "… $some bytes in, and half-close" '.[0] | [.errno, .text]' "[0,\"$some -1\"]"
outside tcp 127.0.0.1 8080 sink "$gib"
expect "… $gib bytes by the short way" '.[0] | [.errno, .text]' "[0,\"$gib -1\"]"
outside tcp 127.0.0.1 8080 source "$some"
expect "… and $some bytes out" '.[0] | [.errno, .bytes, .wrong]' "[0,$some,-1]"
for size in 0 1 65536 65537 "$some"; do
	outside tcp 127.0.0.1 8080 echo "$size"
	expect "… $size bytes there and back" '.[0] | [.errno, .bytes, .wrong]' "[0,$size,-1]"
done
inside_last_is() { outside tcp 127.0.0.1 8080 last; [[ $(got '.[0].text') == "$1" ]]; }
for address in 198.51.100.1 127.0.0.1; do
	outside tcp "$address" 8080 late 100001
	expect "$address: the server ends first" '.[0] | [.errno, .text]' '[0,"bye"]'
	ok "… and gets what is sent after that" eventually inside_last_is "100001 -1"
	outside tcp "$address" 8080 reset
	expect "$address: a reset stays one" '.[0].error' ECONNRESET
	outside tcp "$address" 8080 abort
	ok "… of the peer's, too" eventually inside_last_is "0 104"
	outside tcp "$address" 8099 who
	like "$address: nobody listens in the container: the connection breaks" "$(got '.[0].error')" 'ECONNRE(SET|FUSED)'
	outside many 1000 "$address" 8080
	expect "$address: 1,000 connections at once" '.[0] | [.opened, .answered]' '[1000,1000]'
done
for address in 198.51.100.1 127.0.0.1; do
	outside tcp "$address" 8080 urgent
	expect "$address: urgent data comes in line" '.[0] | [.errno, .text]' '[0,"abc!def ?"]'
done
outside tcp 2001:db8::1 8080 echo "$some"
expect "IPv6, where no address was said" '.[0] | [.errno, .bytes, .wrong]' "[0,$some,-1]"
outside tcp 2001:db8::1 8081 echo 1
expect "IPv6 with a bind address" '.[0] | [.errno, .bytes]' '[0,1]'
outside tcp 2001:db8::7 8081 echo 1
expect "… and no other" '.[0].error' ECONNREFUSED
outside tcp 198.51.100.1 8081 echo 1
expect "… nor IPv4" '.[0].error' ECONNREFUSED
outside tcp 198.51.100.1 8082 echo 1
expect "a bind address" '.[0] | [.errno, .bytes]' '[0,1]'
outside tcp 203.0.113.7 8082 echo 1
expect "… and no other" '.[0].error' ECONNREFUSED
outside tcp 127.0.0.1 8083 echo 1
expect "the loopback as bind address" '.[0] | [.errno, .bytes]' '[0,1]'
outside tcp 198.51.100.1 8083 echo 1
expect "… and no other" '.[0].error' ECONNREFUSED
outside tcp 198.51.100.1 9000 echo 1 , tcp 198.51.100.1 9001 echo 1 , tcp 127.0.0.1 9002 echo 1
expect "a range" '[.[].errno]' '[0,0,0]'
free=$(state '.ports[] | select(.guest_port == 7 and .host_port > 10000).host_port')
outside tcp 198.51.100.1 "${free:-1}" echo 1
expect "a free port, which the status file names" '.[0].errno' 0

while read -r from to; do
	FROM=$from outside tcp "$to" 8080 who
	like "TCP: the container sees the peer's own address $from" "$(got '.[0].text')" "^$from [0-9]+$"
	FROM=$from outside udp "$to" 8080 who
	like "UDP: … $from, and $to is what answers" "$(got '.[0].text')" "^$from [0-9]+$"
done <<'END'
203.0.113.7 198.51.100.1
2001:db8::7 2001:db8::1
END
FROM=203.0.113.7 outside udp 198.51.100.1 8084 who
like "UDP: the answer comes from the bind address" "$(got '.[0].text')" "^203.0.113.7 [0-9]+$"
for address in 127.0.0.1 ::1; do
	outside tcp "$address" 8080 who
	unlike "TCP from $address is none of the container's own loopback" "$(got '.[0] | "\(.errno) \(.text)"')" '^[^0]|127\.| (::ffff:127.*|::1) |null|^0 $'
done
outside udp 127.0.0.1 8080 who
like "UDP from 127.0.0.1 is the gateway's, whoever came before" "$(got '.[0].text')" '^10\.0\.2\.2 [0-9]+$'
outside udp ::1 8080 who
like "… from ::1" "$(got '.[0].text')" '^fd00::2 [0-9]+$'
for address in 198.51.100.1 2001:db8::1; do
	outside udp "$address" 8080 60000
	expect "UDP: 60,000 bytes there and back, $address" '.[0] | [.errno, .same]' '[0,true]'
done
outside udp 198.51.100.1 8080 1 , udp 198.51.100.1 8085 1 , udp 203.0.113.7 8080 1 , udp 127.0.0.1 8085 1
expect "two UDP ports of the host's for one: each answers for itself" '[.[].errno]' '[0,0,0,0]'
while read -r from to seen; do
	FROM=$from FROM_PORT=5555 outside udp "$to" 8080 who
	is "UDP: two of the loopback with one port are two to the container: $from" "$(got '.[0].text')" "$seen"
done <<'END'
127.0.0.1 127.0.0.1 10.0.2.2 5555
127.0.0.2 127.0.0.1 10.0.2.2 5556
127.0.0.1 127.0.0.1 10.0.2.2 5555
END

# ---- names ----

names=(outside serve-names)
serve "${names[@]}" 192.0.2.53 53 one.test=192.0.2.1 six.test=2001:db8::9 alias.test=@one.test
serve "${names[@]}" 192.0.2.54 53 one.test=192.0.2.2
serve "${names[@]}" 2001:db8::53 53 one.test=192.0.2.3
for server in 10.0.2.3 fd00::3; do
	inside ask "$server" 53 one.test A
	expect "$server: a name by UDP" '.[0] | [.same, .rcode, .addresses]' '[true,0,["192.0.2.1"]]'
done
inside ask 10.0.2.3 53 six.test AAAA
expect "an IPv6 address" '.[0].addresses' '["2001:db8::9"]'
inside ask 10.0.2.3 53 alias.test A
expect "an alias" '.[0].addresses' '["192.0.2.1"]'
inside ask 10.0.2.3 53 none.test A
expect "a name that is none" '.[0].rcode' 3
inside ask 10.0.2.3 53 one.test A tcp
expect "by TCP" '.[0] | [.same, .rcode, .addresses]' '[true,0,["192.0.2.1"]]'

# The world's resolv.conf changes, in every way that one can.
answers() { inside ask "${2:-10.0.2.3}" 53 one.test A ${3:+"$3"}; [[ $(got '.[0].addresses[0]') == "$1" ]]; }
name_servers 192.0.2.54
ok "another name server, written in place" eventually answers 192.0.2.2
name_servers 2001:db8::53
ok "one of IPv6" eventually answers 192.0.2.3
ok "… by TCP" eventually answers 192.0.2.3 fd00::3 tcp
printf 'nameserver 192.0.2.53\n' >/etc/resolv.new && mv /etc/resolv.new /etc/resolv.conf
ok "a file in the place of the old one" eventually answers 192.0.2.1
mkdir "$scratch/resolved"
printf 'nameserver 192.0.2.54\n' >"$scratch/resolved/stub.conf"
ln -s "$scratch/resolved/stub.conf" /etc/resolv.new && mv -T /etc/resolv.new /etc/resolv.conf
ok "a link to one elsewhere" eventually answers 192.0.2.2
printf 'nameserver 192.0.2.53\n' >"$scratch/resolved/new" && mv "$scratch/resolved/new" "$scratch/resolved/stub.conf"
ok "… that is replaced" eventually answers 192.0.2.1
printf 'nameserver 192.0.2.54\n' >"$scratch/resolved/stub.conf"
ok "… that is written to" eventually answers 192.0.2.2
name_servers 192.0.2.99 192.0.2.54
inside ask 10.0.2.3 53 one.test A
expect "one that can't be reached: the next" '.[0].addresses' '["192.0.2.2"]'
rm /etc/resolv.conf
name_servers 192.0.2.53
ok "removed, and written anew" eventually answers 192.0.2.1

# ---- the API ----

api '{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"0.0.0.0","host_port":8090,"guest_addr":"10.0.2.100","guest_port":7}}'
like "add_hostfwd" "$(got '.[0].answer')" '^\{"return":\{"id":[0-9]+,"proto":"tcp","host_addr":"0.0.0.0","host_port":8090,"guest_addr":"10.0.2.100","guest_port":7\}\}'
id=$(got '.[0].answer | fromjson | .return.id')
outside tcp 198.51.100.1 8090 echo 1 , tcp 127.0.0.1 8090 echo 1
expect "… is there" '[.[].errno]' '[0,0]'
is "… in the status file, too" "$(state ".ports[] | select(.id == $id) | [.proto, .host_port, .guest_port]")" '["tcp",8090,7]'
api '{"execute":"list_hostfwd"}'
is "list_hostfwd" "$(got ".[0].answer | fromjson | .return.entries[] | select(.id == $id) | tojson")" \
	"{\"id\":$id,\"proto\":\"tcp\",\"host_addr\":\"0.0.0.0\",\"host_port\":8090,\"guest_addr\":\"10.0.2.100\",\"guest_port\":7}"
api "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":$id}}"
expect "remove_hostfwd" '.[0].answer | fromjson | tojson' '{"return":{}}'
outside tcp 198.51.100.1 8090 echo 1 , tcp 127.0.0.1 8090 echo 1
expect "… is gone" '[.[].error]' '["ECONNREFUSED","ECONNREFUSED"]'
api "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":$id}}"
like "… twice is an error" "$(got '.[0].answer')" '"error".*no published port with the id'
api '{"execute":"add_hostfwd","arguments":{"proto":"udp","guest_port":9}}'
free=$(got '.[0].answer | fromjson | .return.host_port')
outside udp 198.51.100.1 "${free:-1}" who
expect "a free port for UDP" '.[0].errno' 0
while IFS='|' read -r request regex; do
	api "$request"
	like "refused: $request" "$(got '.[0].answer')" "^\\{\"error\":\\{\"desc\":\".*$regex"
done <<'END'
nonsense|request
|request
[]|bad request
{"execute":1}|bad request
{"execute":"reboot"}|unknown execute .*reboot
{"execute":"add_hostfwd"}|proto
{"execute":"add_hostfwd","arguments":{"proto":"sctp","host_port":1,"guest_port":1}}|proto
{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":65536,"guest_port":1}}|port
{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":-1,"guest_port":1}}|port
{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":8091}}|guest_port
{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":8091,"guest_port":7,"host_addr":"here"}}|no address
{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":8080,"guest_port":7}}|publish port 8080/tcp: Address already in use
{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":8091,"guest_port":7,"host_addr":"192.0.2.200"}}|Cannot assign requested address
{"execute":"remove_hostfwd","arguments":{"id":"x"}}|expected a number
{"execute":"remove_hostfwd"}|expected a number
END
api "{\"execute\":\"$(head -c 5000 /dev/zero | tr '\0' a)\"}"
like "refused: a request of 5,000 bytes" "$(got '.[0].answer')" '"error"'
outside tcp 198.51.100.1 8080 echo 1
expect "… and nothing is the worse for it" '.[0].errno' 0
like "the socket is the user's alone" "$(stat -c %a "$folder/api")" '^[67]00$'
net_stop

# ---- what the device can carry ----

for mtu in 1280 1500 65520; do
	ok "MTU $mtu" net_start --enable-ipv6 --disable-host-loopback --mtu="$mtu" -p 8080:7
	is "… of the device" "$("${in_container[@]}" cat /sys/class/net/tap0/mtu 2>/dev/null || "${in_container[@]}" ip -o link show tap0 | sed 's/.* mtu \([0-9]*\).*/\1/')" "$mtu"
	serve inside serve tcp 0.0.0.0 7
	wrong=''
	for size in $((mtu - 41)) $((mtu - 40)) $((mtu - 39)) $((mtu + 1)) $((3 * mtu)); do
		inside tcp 198.51.100.1 7 echo "$size"
		[[ $(got '.[0] | [.errno, .bytes, .wrong]') == "[0,$size,-1]" ]] || wrong+=" tcp-$size"
		outside tcp 198.51.100.1 8080 echo "$size"
		[[ $(got '.[0] | [.errno, .bytes, .wrong]') == "[0,$size,-1]" ]] || wrong+=" in-$size"
	done
	is "… TCP around it" "$wrong" ''
	wrong=''
	for size in $((mtu - 29)) $((mtu - 28)); do
		inside udp 198.51.100.1 7 "$size"
		[[ $(got '.[0] | [.errno, .same]') == '[0,true]' ]] || wrong+=" udp-$size"
	done
	inside udp 2001:db8::1 7 $((mtu - 48))
	[[ $(got '.[0] | [.errno, .same]') == '[0,true]' ]] || wrong+=" udp6-$((mtu - 48))"
	is "… UDP up to it" "$wrong" ''
	inside udp 198.51.100.1 7 $((mtu - 27))
	expect "… fragments are refused, and who sends them is told" '.[0].error' EHOSTUNREACH
	net_stop
done

# ---- a network that can't be ----

# cannot NAME REGEX OPTION...: said, with status 1, before it is ready, and no process is left
cannot() {
	local name=$1 regex=$2
	shift 2
	net_start "$@" >/dev/null && { tap_fail "$name" "it is ready"; net_stop; return; }
	wait "$helper"
	status=$?
	if ((status == 1)) && [[ $(<"$folder/err") =~ $regex ]] && [[ ! -S $folder/api ]]; then
		tap_pass "$name"
	else
		tap_fail "$name" "status: $status" "wanted: $regex" "said:   $(<"$folder/err")"
	fi
	net_stop
}
serve outside serve tcp 198.51.100.1 8100
holder=$(got '.[0].pid')
cannot "a port in use names the process" "publish port 8100/tcp: Address already in use.*hint: process $holder \(guest\) has it: choose another" -p 8100:80
cannot "… in the middle of a range" "publish port 8100/tcp" -p 8098-8101:80-83
serve outside serve udp 198.51.100.1 8101
cannot "… UDP" "publish port 8101/udp: .*hint: process [0-9]+ \(guest\)" -p 8101:80/udp
cannot "an address that the host has not" "publish port 192.0.2.200 8100/tcp: Cannot assign.*hint: ip address" -p 192.0.2.200:8100:80
cannot "bad words: a port" "--publish|publish" -p 80
cannot "… 65536" "65536" -p 65536:80
cannot "… ranges of different length" "8000-8001:80" -p 8000-8001:80
cannot "… an egress policy" "egress" --egress sometimes
cannot "… an MTU" "--mtu 575 is not between 576 and 65521" --mtu=575
cannot "… too small for IPv6" "--mtu 1279 is not between 1280 and 65521" --mtu=1279 --enable-ipv6
cannot "… a network" "cidr" --cidr=10.0.2.0/33
cannot "… a hardware address" "macaddress" --macaddress=00:11
cannot "… a descriptor that is not open" "--exit-fd '77' is no open descriptor" --exit-fd=77
cannot "… an option" "nonsense" --nonsense
if [[ $LICHEN_NET_MODE == root ]]; then
	elsewhere "a port below 1024: root may have it"
else
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null
	net_wrap=(setpriv --bounding-set -net_bind_service --inh-caps -net_bind_service)
	cannot "a port below 1024 names the line that allows it" "publish port 80/tcp: Permission denied.*hint: as root: sysctl net.ipv4.ip_unprivileged_port_start=80" -p 80:80
	net_wrap=()
fi
net_wrap=(unshare --mount sh -c 'mount -t tmpfs none /dev && exec "$@"' sh)
cannot "no /dev/net/tun" "open '/dev/net/tun': No such file.*hint: as root: modprobe tun" -p 8100:80
net_wrap=()
run "$lichen_net" --configure 999999999 tap0
like "no such process" "$status $stderr" '^1 lichen-net: '
run "$lichen_net"
like "no process" "$status $stderr" '^1 lichen-net: expected PID\|PATH'
# ---- few descriptors, others on our ports, a host without IPv6 ----

# what is on its way to somebody counts against all of a user's processes: nothing is sent in advance
limited() {
	local i helpers=() folders=() wrong=''
	net_wrap=(prlimit --nofile=32:4096)
	for i in 1 2 3 4; do
		net_start -p 127.0.0.1:808$i:7 || wrong+=" $i: $(<"$folder/err")"
		serve inside serve tcp 0.0.0.0 7
		helpers+=("$helper") folders+=("$folder")
	done
	net_wrap=()
	for i in 1 2 3 4; do
		outside tcp 127.0.0.1 808$i echo 1000
		[[ $(got '.[0] | [.errno, .bytes]') == '[0,1000]' && $(jq -r .status "${folders[i - 1]}/status") == up ]] || wrong+=" $i: $stdout"
	done
	kill "${helpers[@]}"
	wait "${helpers[@]}" 2>/dev/null
	is "four at a soft limit of 32 descriptors" "$wrong" ''
}
limited

net_wrap=(prlimit --nofile=300:300)
ok "at a limit of 300 descriptors: it starts" net_start --disable-host-loopback -p 8080:7
net_wrap=()
serve inside serve tcp 0.0.0.0 7
inside many 350 198.51.100.1 7
ok "… connections can't use all of them up" test "$(got '.[0].opened')" -lt 300
inside tcp 198.51.100.1 7 echo 1000
expect "… and when they have ended there are new ones" '.[0] | [.errno, .bytes]' '[0,1000]'
# libslirp keeps those that the server has closed first for a while
words=()
for ((i = 0; i < 400; i++)); do words+=(, tcp 198.51.100.1 7 who); done
WAIT=60 inside "${words[@]:1}"
expect "… 400 short ones, one after the other, wait for a place" 'map(.errno) | unique' '[0]'
# those that find no place wait for one, and keep nobody busy
ticks() { awk '{print $14 + $15}' "/proc/$(engine)/stat"; }
before=$(ticks)
run timeout 5 "$guest" many 350 198.51.100.1 8080
ok "… published ports: who waits costs no time" test $(($(ticks) - before)) -lt $(($(getconf CLK_TCK) * 2))
served() { outside tcp 198.51.100.1 8080 echo 1000; [[ $(got '.[0] | [.errno, .bytes]') == '[0,1000]' ]]; }
ok "… and there is a place when the others have ended" eventually served
is "… its state" "$(state .status)" '"up"'
net_stop

# descriptors come back from others than who has the last one
few() {
	local fds=() fd long
	net_wrap=(prlimit --nofile=128:128)
	ok "at a limit of 128 descriptors: it starts" net_start --disable-host-loopback -p 127.0.0.1:8080:7
	net_wrap=()
	serve inside serve tcp 0.0.0.0 7
	for ((i = 0; i < 56; i++)); do exec {fd}<>/dev/tcp/127.0.0.1/8080 && fds+=("$fd"); done
	(
		for fd in "${fds[@]}"; do exec {fd}>&-; done
		exec "${in_container[@]}" bash -c 'exec 3<>/dev/tcp/198.51.100.1/7 && exec sleep 1000'
	) &
	long=$!
	net_containers+=("$long")
	eventually is_connected
	is "… published connections, and a long one out" "$? ${#fds[@]}" '0 56'
	for fd in "${fds[@]}"; do exec {fd}>&-; done
	ok "… when the published ones have ended, others have room" eventually has_room
	net_stop
}
has_room() { WAIT=2 inside tcp 198.51.100.1 7 echo 1000; [[ $(got '.[0] | [.errno, .bytes]') == '[0,1000]' ]]; }
is_connected() { [[ $("${in_container[@]}" ss -Htn state established dst 198.51.100.1) ]]; }
few

# who shares a port with us after we have shared it with ourselves
steal() {
	python3 - "$1" "$2" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
		try:
		    s.bind((sys.argv[1], int(sys.argv[2]))); s.listen(); print("bound")
		except OSError as e: print(e.strerror)
	END
}
for options in '-p 0.0.0.0:8080:80' '--enable-ipv6 -p 8080:80'; do
	# shellcheck disable=SC2086
	ok "$options: it starts" net_start $options
	for address in 127.0.0.1 0.0.0.0 ::1; do
		[[ $options != *0.0.0.0* || $address != ::1 ]] || continue
		is "$options: nobody else can listen on $address" "$(steal "$address" 8080)" 'Address already in use'
	done
	net_stop
done

if echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null; then
	ok "without IPv6 on the host: it starts" net_start --enable-ipv6 -p 8080:7
	serve inside serve tcp 0.0.0.0 7
	outside tcp 127.0.0.1 8080 echo 1000
	expect "… and its ports are published" '.[0] | [.errno, .bytes]' '[0,1000]'
	net_stop
else
	elsewhere "a host without IPv6: its sysctl is not ours to set"
fi
done_testing

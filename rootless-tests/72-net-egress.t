#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lichen-net by itself: what leaves the container and what does not. A watcher in the world outside
# sees every packet, so that nothing is taken for blocked because nobody answered.
# shellcheck disable=SC2016,SC2054,SC2102,SC2154
set -uo pipefail
# shellcheck source=lib/net.sh
source "$(dirname "$0")/lib/net.sh"
net_begin || done_testing
export WAIT=2
ip route add 224.0.0.0/4 dev lo
serve outside serve tcp 203.0.113.7 443
serve outside serve udp 203.0.113.7 443
serve outside serve tcp 127.0.0.1 7
serve outside serve-names 192.0.2.53 53 good.test=203.0.113.7 good.test=2001:db8::7 evil.test=192.0.2.54 \
	a.wild.test=198.51.100.1 alias.test=@evil.test crowd.test=203.0.113.7 crowd.test=+other.test other.test=192.0.2.54 \
	loop.test=127.0.0.1 loop.test=::1 meta.test=169.254.169.254 meta.test=fd00:ec2::254 inner.test=10.0.2.2 inner.test=fd00::2 \
	mapped.test=::ffff:127.0.0.1 zero.test=0.0.0.0 good.test.evil.test=192.0.2.54 notgood.test=192.0.2.54
serve outside serve-names 192.0.2.54 53 good.test=192.0.2.54
watch

# way KIND NAME PORT|REGEX ACTION...: one way out. A port is one that no other way goes to.
#   open    gets out if nothing is said
#   named   … if a rule names it
#   never
# A name with "…" goes on from the last one without.
declare -A kind regex action passed
names=() topic=''
way() {
	local name=$2
	if [[ $name == '… '* ]]; then name="$topic, ${name#… }"; else topic=$name; fi
	names+=("$name")
	kind[$name]=$1 regex[$name]=$3
	[[ $3 == *[!0-9]* ]] || regex[$name]="^(tcp|udp) .* $3 [^ ]*$"
	shift 3
	action[$name]=$*
}
us=10.0.2.100 us6=fd00::100
way open "TCP to another address" 4001 tcp 203.0.113.7 4001 who
way open "… IPv6" 4002 tcp 2001:db8::7 4002 who
way open "… port 443" 443 tcp 203.0.113.7 443 who
way open "UDP to another address" 4003 send 203.0.113.7 4003 out
way open "… IPv6" 4004 send 2001:db8::7 4004 out
way open "a foreign name server" '^udp .* 192.0.2.54 53 ' ask 192.0.2.54 53 secret.tunnel.test A
way open "… TCP" '^tcp .* 192.0.2.54 53 ' ask 192.0.2.54 53 secret.tunnel.test A tcp
way open "… IPv6" '^udp .* 2001:db8::53 53 ' ask 2001:db8::53 53 secret.tunnel.test A
way open "the host's name server by its own address" ' direct$' send 192.0.2.53 53 direct
way open "DNS over TLS" 853 tcp 192.0.2.54 853 who
way open "a tunnel through our name server" '^udp .* 192.0.2.53 53 $' ask 10.0.2.3 53 secret.tunnel.test A
way open "… IPv6" '^udp .* 192.0.2.53 53 $' ask fd00::3 53 secret.tunnel.test AAAA
way open "… TCP" '^tcp .* 192.0.2.53 53 ' ask 10.0.2.3 53 secret.tunnel.test A tcp
way open "ICMP echo" '^icmp [^ ]+ 2048 203.0.113.7 ' ping 203.0.113.7
way open "a raw frame" 4005 frame tap0 udp $us 203.0.113.7 1005 4005 raw
way open "… TCP" 4006 frame tap0 tcp-syn $us 203.0.113.7 1006 4006
way open "… IPv6" 4007 frame tap0 udp $us6 2001:db8::7 1007 4007 raw
way never "a datagram in fragments" 4008 frame tap0 udp-fragments $us 203.0.113.7 1008 4008 fragmented
way open "a datagram from an address that nobody has" 4009 frame tap0 udp 10.0.2.77 203.0.113.7 1009 4009 spoofed
way open "… IPv6" 4010 frame tap0 udp fd00::77 2001:db8::7 1010 4010 spoofed
way open "from a published port, to a stranger" 4011 send 203.0.113.7 4011 reply 7
way named "the metadata address" 4020 tcp 169.254.169.254 4020 who
way named "… UDP" 4021 send 169.254.169.254 4021 out
way named "… IPv6" 4022 tcp fd00:ec2::254 4022 who
way named "… of another cloud" 4023 tcp 100.100.100.200 4023 who
way named "a group" 4024 frame tap0 udp $us 224.0.0.251 1024 4024 out
way never "the host's loopback" 4030 frame tap0 udp $us 127.0.0.1 1030 4030 x
way never "… TCP" 4031 frame tap0 tcp-syn $us 127.0.0.1 1031 4031
way never "… by another of its addresses" 4032 frame tap0 udp $us 127.8.9.1 1032 4032 x
way never "… IPv6" 4033 frame tap0 udp $us6 ::1 1033 4033 x
way never "… IPv4 in IPv6" 4034 frame tap0 udp $us6 ::ffff:127.0.0.1 1034 4034 x
way never "another address, IPv4 in IPv6" 4035 frame tap0 udp $us6 ::ffff:203.0.113.7 1035 4035 x
way never "… TCP" 4036 frame tap0 tcp-syn $us6 ::ffff:203.0.113.7 1036 4036
way never "0.0.0.0" 4037 frame tap0 udp $us 0.0.0.0 1037 4037 x
way never "… TCP" 4038 frame tap0 tcp-syn $us 0.0.0.0 1038 4038
way never "::" 4039 frame tap0 udp $us6 :: 1039 4039 x
way never "255.255.255.255" 4040 frame tap0 udp $us 255.255.255.255 1040 4040 x
way never "… TCP" 4041 frame tap0 tcp-syn $us 255.255.255.255 1041 4041
way never "the gateway" 4042 frame tap0 tcp-syn $us 10.0.2.2 1042 4042
way never "… UDP" 4043 frame tap0 udp $us 10.0.2.2 1043 4043 x
way never "… IPv6" 4044 frame tap0 tcp-syn $us6 fd00::2 1044 4044
way never "our name server, another port" 4045 frame tap0 udp $us 10.0.2.3 1045 4045 x
way never "… TCP" 4046 frame tap0 tcp-syn $us 10.0.2.3 1046 4046
way never "another address of our network" 4047 frame tap0 udp $us 10.0.2.77 1047 4047 x
way never "… IPv6" 4048 frame tap0 udp $us6 fd00::77 1048 4048 x
way never "… TCP" 4049 frame tap0 tcp-syn $us6 fd00::77 1049 4049
way never "our network's last address" 4050 frame tap0 udp $us 10.0.2.255 1050 4050 x
way never "link-local" 4051 frame tap0 udp $us6 fe80::2 1051 4051 x
way never "a segment in fragments" 4052 frame tap0 tcp-syn-fragments $us 203.0.113.7 1052 4052
way never "behind an extension header" 4053 frame tap0 udp-extension $us6 2001:db8::7 1053 4053 x
way never "in a frame of another type" 4054 frame tap0 other-udp $us 203.0.113.7 1054 4054 x
way never "SCTP" '^other ' frame tap0 protocol-132 $us 203.0.113.7 1055 4055
way never "IP in IP" '^other ' frame tap0 protocol-4 $us 203.0.113.7 1056 4056
way never "GRE" '^other ' frame tap0 protocol-47 $us 203.0.113.7 1057 4057
way never "in the name of somebody outside" 4058 frame tap0 udp 198.51.100.9 203.0.113.7 1058 4058 x
way never "in the name of the gateway" 4059 frame tap0 udp 10.0.2.2 203.0.113.7 1059 4059 x

# All of them at once; $passed has how many packets each brought out.
try_all() {
	local name line=()
	forget
	for name in "${names[@]}"; do
		# shellcheck disable=SC2206 # words
		line+=(${action[$name]} ,)
	done
	inside "${line[@]}"
	seen . >/dev/null
	for name in "${names[@]}"; do passed[$name]=$(grep -cE -- "${regex[$name]}" "$scratch/packets"); done
}
# judge WANT KIND...: "through" or "blocked" for all ways of these kinds, a test each
judge() {
	local want=$1 name became
	shift
	for name in "${names[@]}"; do
		[[ " $* " == *" ${kind[$name]} "* ]] || continue
		if ((${passed[$name]})); then became=through; else became=blocked; fi
		is "$policy: $name" "$became" "$want"
	done
}
begin() {
	policy=$1
	shift
	ok "$policy" net_start --enable-ipv6 "$@"
}

# ---- nothing is said ----

begin "no policy" --disable-host-loopback -p 8080:7/udp
try_all
judge through open
judge blocked named never
# libslirp has services of its own behind the gateway
serve inside watch "$scratch/inside"
inside frame tap0 udp $us 10.0.2.2 1067 67 x , frame tap0 udp $us 255.255.255.255 1068 67 x , frame tap0 udp $us 10.0.2.2 1069 69 '\0\1file\0octet\0' \
	, frame tap0 udp $us6 fe80::2 1546 547 x , send 203.0.113.7 443 answered
seen . >/dev/null
eventually grep -q answered "$scratch/inside"
is "no DHCP, no TFTP" "$(grep -cE ' (67|69|547) ' "$scratch/inside")" 0
net_stop

begin "open" --disable-host-loopback --egress=open
inside tcp 203.0.113.7 443 echo 100000
expect "… is the same" '.[0] | [.errno, .bytes]' '[0,100000]'
net_stop

# ---- nothing may leave ----

begin "deny" --disable-host-loopback --egress=deny -p 8080:7 -p 8080:7/udp
try_all
judge blocked open named never
inside tcp 203.0.113.7 443 who , tcp 2001:db8::7 443 who
expect "TCP is refused at once" '[.[].error]' '["ECONNREFUSED","ECONNREFUSED"]'
inside udp 203.0.113.7 443 1 , udp 2001:db8::7 443 1
expect "UDP: prohibited" '[.[].error]' '["EHOSTUNREACH","EACCES"]'
inside ask 10.0.2.3 53 good.test A
expect "names: refused" '.[0].rcode' 5
inside ping 10.0.2.2 , ping fd00::2
expect "the gateway answers, and is all there is" '[.[].type]' '[0,129]'
serve inside serve tcp 0.0.0.0 7
serve inside serve udp 0.0.0.0 7
outside tcp 198.51.100.1 8080 echo 100000
expect "published ports work" '.[0] | [.errno, .bytes]' '[0,100000]'
outside tcp 127.0.0.1 8080 echo 100000
expect "… by the short way" '.[0] | [.errno, .bytes]' '[0,100000]'
outside udp 203.0.113.7 8080 who
like "… UDP, where who asked is answered" "$(got '.[0].text')" '^203.0.113.7 '
port=$(got '.[0].text | split(" ")[1]')
forget
# what the published port says to who has asked, and to another port of the same peer
inside frame tap0 udp $us 203.0.113.7 7 "$port" more , frame tap0 udp $us 203.0.113.7 7 4060 other , frame tap0 udp $us 203.0.113.7 8 "$port" port
is "… and nobody else" "$(seen ' more$') $(seen ' (other|port)$')" "1 0"
net_stop

# ---- what rules name ----

begin "allow=0.0.0.0/0,::/0" --disable-host-loopback --egress=allow=0.0.0.0/0,::/0
for name in "${names[@]}"; do
	# a rule for addresses allows no names, and none but the host's resolver for them
	[[ ${regex[$name]} != *192.0.2.53* ]] || kind[$name]=name
done
try_all
judge through open
judge blocked name named never
net_stop
for name in "${names[@]}"; do [[ ${kind[$name]} != name ]] || kind[$name]=open; done

begin "allow, by name of the address" --disable-host-loopback \
	--egress='allow=169.254.169.254,[fd00:ec2::254]:4022,100.100.100.0/24' --egress=allow=224.0.0.251:4024
for name in "${names[@]}"; do [[ $name != "the metadata address, of another cloud" ]] || kind[$name]=wide; done
try_all
judge through named
judge blocked open wide never
kind["the metadata address, of another cloud"]=named
net_stop

begin "allow, a port" --disable-host-loopback --egress=allow=203.0.113.0/24:443,[2001:db8::7]:4002
forget
inside tcp 203.0.113.7 443 echo 100000
expect "… the port" '.[0] | [.errno, .bytes]' '[0,100000]'
inside udp 203.0.113.7 443 1000
expect "… of UDP, too" '.[0] | [.errno, .same]' '[0,true]'
inside tcp 203.0.113.7 444 who , tcp 198.51.100.1 443 who , tcp 2001:db8::7 4003 who , ping 203.0.113.7 \
	, frame tap0 udp-fragments $us 203.0.113.7 1443 443 fragmented , tcp 2001:db8::7 4002 who
is "… of IPv6" "$(seen '^tcp .* 2001:db8::7 4002 ')" 1
is "… and nothing else: no other port or address, no echo, no fragments" \
	"$(seen ' (444|4003) |198.51.100.1|^icmp [^ ]+ 2048 203.0.113.7 |fragmented')" 0
net_stop

# ---- names ----

allow='good.test:443,*.wild.test,alias.test:4070,crowd.test,loop.test,meta.test,inner.test,mapped.test,zero.test'
begin "allow, names" --disable-host-loopback --egress="allow=$allow"
serve outside serve tcp 198.51.100.1 443
serve outside serve tcp 2001:db8::7 443
forget
inside tcp 203.0.113.7 443 who
expect "an address before its name is asked for" '.[0].error' ECONNREFUSED
inside ask 10.0.2.3 53 good.test A , tcp 203.0.113.7 443 echo 100000
expect "a name, and its address" '[.[0].rcode, .[0].addresses[0], .[1].errno, .[1].bytes]' '[0,"203.0.113.7",0,100000]'
inside ask 10.0.2.3 53 GOOD.Test AAAA , tcp 2001:db8::7 443 who
expect "… in other letters, IPv6" '[.[0].addresses[0], .[1].errno]' '["2001:db8::7",0]'
inside tcp 203.0.113.7 444 who , tcp 2001:db8::7 444 who
expect "… no other port" '[.[].error]' '["ECONNREFUSED","ECONNREFUSED"]'
inside ask fd00::3 53 a.wild.test A , tcp 198.51.100.1 443 who
expect "a name beneath" '[.[0].rcode, .[1].errno]' '[0,0]'
forget
for name in wild.test evil.test good.test.evil.test notgood.test test secret.good.test; do
	inside ask 10.0.2.3 53 "$name" A
	expect "not allowed: $name" '.[0].rcode' 5
done
inside ask 10.0.2.3 53 good.test A tcp
expect "not by TCP, where nobody looks at the names" '.[0].error' ECONNREFUSED
inside ask 192.0.2.54 53 good.test A
expect "not from a foreign name server" '.[0].error' EHOSTUNREACH
is "… none of that has left" "$(seen ' 53 $')" 0
inside ask 10.0.2.3 53 alias.test A , tcp 192.0.2.54 4070 who , tcp 192.0.2.54 4071 who , tcp 192.0.2.54 443 who
expect "an alias leads where it leads" '.[0].addresses' '["192.0.2.54"]'
is "… at the port of its own rule" "$(seen '^tcp .* 192.0.2.54 4070 ') $(seen '^tcp [^ ]* [0-9]* 192.0.2.54 (443|4071) ')" '1 0'
net_stop
begin "allow, names that lie" --disable-host-loopback --egress="allow=$allow"
inside ask 10.0.2.3 53 crowd.test A , tcp 203.0.113.7 443 who , tcp 192.0.2.54 4072 who
expect "what came along in the answer is nobody's address" '[(.[0].addresses | length), .[1].errno, .[2].error]' '[2,0,"ECONNREFUSED"]'
forget
for name in loop.test meta.test inner.test mapped.test zero.test; do
	inside ask 10.0.2.3 53 "$name" A , ask 10.0.2.3 53 "$name" AAAA
	unlike "$name has been looked up" "$(got '[.[].addresses[]] | length')" '^0$'
done
try_all
judge blocked never named
net_stop

# ---- the host's loopback, if it is asked for ----

begin "the host's loopback" --egress=deny
inside tcp 10.0.2.2 7 who
expect "… is subject to the policy" '.[0].error' ECONNREFUSED
net_stop
begin "the host's loopback"
inside tcp 10.0.2.2 7 who
like "… is behind the gateway" "$(got '.[0].text')" '^127.0.0.1 '
for name in "${names[@]}"; do [[ ${action[$name]} != *' 10.0.2.2 10'* && ${action[$name]} != *' fd00::2 10'* ]] || kind[$name]=gateway; done
try_all
judge through gateway
judge blocked named never
net_stop
done_testing

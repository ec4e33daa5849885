#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The walkthroughs that everybody begins with, as written, with lichen in the runtime's place; and a
# whole distribution.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

lichen() { within 60 "$LICHEN" "$@"; }
before=$(census)

# (a) a busybox tree, the file that spec writes, and what people look at
test_busybox() {
	mkdir "$scratch/mycontainer" && cd "$scratch/mycontainer" || return
	make_rootfs "$PWD/rootfs"
	ok "busybox: spec" lichen spec --network none
	ok "busybox: spec wrote config.json" test -s config.json
	exits 1 "busybox: spec does not overwrite it" lichen spec
	echo 'echo hello from $0; id -u; exit 5' | lichen run busybox >out 2>err
	is "busybox: run passes the exit code on" $? 5
	is "busybox: its shell read our commands" "$(cat out)" $'hello from sh\n0'
	is "busybox: nothing on standard error" "$(cat err)" ''
	jq '.process.args = ["sleep", "100"]' config.json >config.new && mv config.new config.json
	ok "busybox: run in the background" lichen run --detach busybox
	run lichen state busybox
	is "busybox: state has what people know" \
		"$(jq -c '[.id, .status, .bundle, .rootfs, (.pid > 0), (.ociVersion | startswith("1."))]' <<<"$stdout")" \
		"[\"busybox\",\"running\",\"$PWD\",\"$PWD/rootfs\",true,true]"
	like "busybox: when it was created" "$(jq -r .created <<<"$stdout")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]+Z$'
	exits 1 "busybox: delete of a running container" lichen delete busybox
	like "busybox: it is not stopped" "$stderr" 'not stopped: running'
	like "busybox: what to type instead" "$stderr" 'hint: lichen kill busybox KILL'
	ok "busybox: kill" lichen kill busybox KILL
	ok "busybox: it stops" eventually stopped busybox
	ok "busybox: delete" lichen delete busybox
	exits 1 "busybox: state of what is gone" lichen state busybox
	cd "$scratch" || return
}

stopped() { [[ $(lichen state "$1" | jq -r .status) == stopped ]]; }

# (b) one static program in an empty root, step by step
test_one_binary() {
	mkdir -p "$scratch/one/bundle/rootfs" && cd "$scratch/one" || return
	printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >hello.c
	if ! "${CC:-cc}" -static -o bundle/rootfs/hello hello.c 2>err; then
		skip "no compiler that links statically: $(head -n 1 err)"
		return
	fi
	(cd bundle && lichen spec --network none)
	jq '.process.terminal = false | .process.args = ["/hello"]' bundle/config.json >c && mv c bundle/config.json
	lichen create test -b bundle >out 2>&1 </dev/null
	is "one binary: create" "$?:$(cat out)" '0:'
	run lichen list
	like "one binary: list shows it as created" "$stdout" "test +[0-9]+ +created +$PWD/bundle"
	ok "one binary: start" lichen start test
	ok "one binary: it prints hello" eventually grep -qx hello out
	ok "one binary: it has stopped" eventually stopped test
	ok "one binary: delete" lichen delete test
	is "one binary: nothing else was printed" "$(cat out)" hello
	cd "$scratch" || return
}

# (c) the same with a terminal that is not there
test_no_terminal() {
	local op
	cp -a "$scratch/mycontainer" "$scratch/terminal" && cd "$scratch/terminal" || return
	jq '.process.terminal = true' config.json >c && mv c config.json
	for op in create run; do
		exits 1 "no terminal: $op" lichen "$op" test
		like "no terminal: $op says which property" "$stderr" 'config\.json: process\.terminal'
		like "no terminal: $op says what to change" "$stderr" 'hint: set "terminal": false in config\.json'
	done
	run lichen list -q
	is "no terminal: nothing is left" "$stdout" ''
	rm config.json
	ok "no terminal: spec without one" lichen spec --network none
	is "no terminal: spec sets no trap" "$(jq .process.terminal config.json)" false
	cd "$scratch" || return
}

# A distribution's tree, made once: mmdebstrap as root, or in a user namespace with enough IDs.
debian_tree() {
	local cache=${LICHEN_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lichen-tests} tree
	tree=$cache/debian-1-$mode
	if [[ ! -d $tree ]]; then
		mkdir -p "$cache" || return
		rm -rf "$tree.new"
		mmdebstrap --quiet --mode="$1" --variant=minbase --include=tcc,libc6-dev \
			--aptopt='Apt::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
			"$tree.tar" >&2 || return
		mkdir "$tree.new"
		unpack "$tree.tar" "$tree.new" || return
		rm -f "$tree.tar"
		mv "$tree.new" "$tree"
	fi
	echo "$tree"
}

# With the owners that the container's map will give them.
unpack() {
	local options=(--extract --numeric-owner --exclude './dev/*' --file "$1" --directory "$2")
	if [[ $mode == user ]]; then unshare --user --map-root-user --map-auto tar "${options[@]}"
	else tar "${options[@]}"; fi
}

test_distribution() {
	local tree how=unshare
	if [[ ${LICHEN_TIER:-here} != here ]]; then
		elsewhere "a distribution: a guest reaches no archive; the machine itself runs one"
		return
	fi
	need mmdebstrap unshare tar || return 0
	[[ $mode != root ]] || how=root
	[[ $mode != nested ]] || { elsewhere "a distribution is unpacked as root or as an ordinary user, and run by both"; return; }
	if ! tree=$(debian_tree "$how" 2>"$scratch/err"); then
		skip "mmdebstrap makes no tree here: $(tail -n 1 "$scratch/err")"
		return
	fi
	mkdir "$scratch/debian" && cd "$scratch/debian" || return
	lichen spec --network none
	jq --arg root "$tree" '.root = {path: $root, readonly: false} | .process.terminal = false' config.json >c && mv c config.json
	in_debian() {
		jq --argjson args "$(printf '%s\n' "$@" | jq -R . | jq -s .)" '.process.args = $args' config.json >c.json
		lichen run -f c.json "debian$$"
	}
	ok "distribution: apt-get runs" in_debian apt-get --version
	like "distribution: and says so" "$stdout" '^apt [0-9]'
	ok "distribution: root owns its files" in_debian sh -c 'test "$(stat -c %u /etc/shadow)" = 0'
	ok "distribution: other users too" in_debian sh -c 'test "$(stat -c %G /etc/shadow)" = shadow'
	ok "distribution: a program compiled inside" in_debian sh -c \
		'printf "int printf(const char *, ...);\nint main(void) { printf(\"compiled\\n\"); return 0; }\n" >/tmp/a.c && tcc -o /tmp/a /tmp/a.c && /tmp/a'
	is "distribution: it runs" "$stdout" compiled
	need script || return 0
	jq '.process.terminal = true | .process.args = ["bash", "--norc", "-i"]' config.json >c.json
	printf '%s\n' 'sleep 50 &' 'jobs' 'kill %1; wait %1; echo "status $?"' 'tty' 'exit 3' |
		within 60 script -qec "$LICHEN run -f c.json shell$$" /dev/null >out 2>&1
	is "distribution: a shell in a terminal, its status" $? 3
	like "distribution: job control" "$(cat out)" '\[1\][+] +Running +sleep 50'
	like "distribution: a job is killed" "$(cat out)" 'status 143'
	like "distribution: its terminal" "$(cat out)" '/dev/pts/0'
	cd "$scratch" || return
}

test_busybox
test_one_binary
test_no_terminal
test_distribution
nothing_left "nothing is left" "$before"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hooks, beyond 35: odd programs, umask, environment inside, signals, time-outs after create.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)
out=$scratch/out
mkdir -p "$out"
runtime_kinds=(prestart createRuntime createContainer poststart poststop)

# script NAME LINE...: a hook on the host, $hook is its JSON
script() {
	local path=$scratch/$1.sh
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$path"
	chmod 755 "$path"
	hook="{path: \"$path\"}"
}
with() { printf '.hooks.%s += [%s]' "$1" "$2"; }

# ---- programs that do not behave ----

script deaf 'exec <&-; echo done >>"'"$out"'/deaf"'
script flood 'cat >/dev/null; dd if=/dev/zero bs=65536 count=64 2>/dev/null; echo done >>"'"$out"'/flood"'
# 256 KiB of annotations: more than a pipe holds
big='.annotations = {"org.example/big": ("x" * 262144)}'
for kind in "${runtime_kinds[@]}"; do
	for name in deaf flood; do
		hook="{path: \"$scratch/$name.sh\"}"
		rm -f "$out/$name"
		inside "$big" "$(with "$kind" "$hook")" -- print ran
		expect "$kind: a hook of the kind '$name'" '.[0].arguments' '["ran"]'
		is "… ran to its end" "$(cat "$out/$name" 2>&1)" 'done'
	done
done
script count 'wc -c >"'"$out"'/count"'
inside "$big" "$(with createRuntime "$hook")" -- print ran
ok "a state larger than a pipe arrives whole" test "$(cat "$out/count")" -gt 262144
mkfifo "$out/daemon"
script daemon 'cat >/dev/null; (read line <"'"$out"'/daemon") & exit 0'
inside "$(with createRuntime "$hook")" -- print ran
expect "a daemon that holds the hook's pipes keeps nobody" '.[0].arguments' '["ran"]'
ok "… and lives on until it is told" timeout 10 sh -c 'echo go >"$1"' - "$out/daemon"

# ---- what a hook is given ----

script zero 'echo "$0" "$#" >"'"$out"'/zero"'
cp /bin/sh "$out/sh"
inside "$(with createRuntime "{path: \"$out/sh\", args: [\"named\", \"-c\", \"echo \$0 \$# >$out/zero\"]}")" -- print
is "args[0] is the program's name, and no argument" "$(cat "$out/zero")" 'named 0'
script mask 'umask >"'"$out"'/mask"'
for kind in "${runtime_kinds[@]}"; do
	rm -f "$out/mask"
	(umask 0027; inside '.process.user.umask = 63' "$(with "$kind" "$hook")" -- print)
	is "$kind: the umask is the caller's" "$(cat "$out/mask" 2>&1)" 0027
done
own='{path: "/guest", args: ["guest", "hook", "/hook.log"]}'
CALLER=yes inside '.process.env = ["PLACE=inside"]' "$(with startContainer "$own")" -- print
is "startContainer without env: the program's" "$(jq -rc '.env - ["HOME=/"]' "$rootfs/hook.log")" '["PLACE=inside"]'
rm -f "$rootfs/hook.log"
inside '.process.env = ["PLACE=inside"]' "$(with startContainer "$own + {env: []}")" -- print
is "an empty env is an empty one" "$(jq -c .env "$rootfs/hook.log")" '[]'
rm -f "$rootfs/hook.log"

# ---- signals, several lines of output ----

script signal 'echo one; echo two >&2; kill -TERM $$'
for kind in prestart createRuntime createContainer; do
	refused "$kind: a signal is named, and all that was said" "hooks.$kind\[0\]: hook '.*' was killed by signal 15: one / two" "$(with "$kind" "$hook")" -- print
done
refused "a failure in the middle of several" 'hooks.createRuntime\[1\]: .*signal 15' "$(with createRuntime "{path: \"/bin/true\"}, $hook, {path: \"$scratch/flood.sh\"}")" -- print

# ---- time-outs after create ----

refused "startContainer: a time-out" "hooks.startContainer\[0\]: hook '/guest' was killed after its timeout of 1 s" \
	"$(with startContainer '{path: "/guest", args: ["guest", "sleep", "100"], timeout: 1}')" -- print
refused "poststart: a time-out" "hooks.poststart\[0\]: hook '$guest' was killed after its timeout of 1 s" \
	"$(with poststart "{path: \"$guest\", args: [\"guest\", \"sleep\", \"100\"], timeout: 1}")" -- sleep 100
inside "$(with poststop "{path: \"$guest\", args: [\"guest\", \"sleep\", \"100\"], timeout: 1}")" -- print ran
like "poststop: a time-out is a warning" "$status $stderr" '^0 .*hooks.poststop\[0\]: .* was killed after its timeout of 1 s'
refused "startContainer: a program that the image does not have" "hooks.startContainer\[0\].*'/nowhere'.*No such file" "$(with startContainer '{path: "/nowhere"}')" -- print

nothing_left "nothing is left" "$before"
done_testing

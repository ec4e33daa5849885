#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hooks: their order, where they run, what they read, how they fail and what remains then.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

inner=() kinds=(prestart createRuntime createContainer startContainer poststart poststop)
out=$scratch/out
mkdir -p "$out"
# hook KIND [ARGUMENT...]: one that writes into $out/log, under the same name inside and outside
hook() {
	local kind=$1 program=$guest log=$out/log
	shift
	[[ $kind != startContainer ]] || program=/guest log=/out/log
	jq -nc --arg kind "$kind" --arg program "$program" '{path: $program, args: $ARGS.positional, env: ["KIND=\($kind)"]}' --args guest hook "$log" "$@"
}
# with KIND HOOK: a filter that adds it
with() { printf '.hooks.%s += [%s]' "$1" "$2"; }
out_mount="mounted(\"/out\"; \"bind\"; \"$out\"; [\"bind\"])"
all=("$out_mount")
for kind in "${kinds[@]}"; do all+=("$(with "$kind" "$(hook "$kind")")"); done
ran() { jq -rs 'map(.env[0] | ltrimstr("KIND=")) | join(" ")' "$out/log" 2>/dev/null; }
fresh() { rm -f "$out"/*; }

# ---- order, state, place ----

fresh
own_mounts=$(namespace_of mnt)
bundle "$scratch/bundle" "${all[@]}" '.annotations = {"org.example/path": "a/b \"c\""}' 'new("time")' -- wait-for /out/go , report
new_id
ok "create" rt create --bundle "$scratch/bundle" "$id"
is "hooks of create" "$(ran)" 'prestart createRuntime createContainer'
pid=$(rt state "$id" | jq .pid)
version=$(rt state "$id" | jq -r .ociVersion)
ok "start" rt start "$id"
is "hooks of start" "$(ran)" 'prestart createRuntime createContainer startContainer poststart'
for type in mnt net pid ipc uts cgroup user time; do inner[${#inner[@]}]="$type=$(namespace_of "$type" "$pid")"; done
inner_namespaces=$(printf '%s\n' "${inner[@]}" | jq -nRc '[inputs | split("=") | {(.[0]): (.[1] | tonumber)}] | add')
touch "$out/go"
stopped() { rt state "$id" | grep -q '"stopped"'; }
eventually stopped
ok "delete" rt delete "$id"
is "hooks of delete" "$(ran)" 'prestart createRuntime createContainer startContainer poststart poststop'

stdout=$(cat "$out/log")
rest="\"bundle\":\"$scratch/bundle\",\"annotations\":{\"org.example/path\":\"a/b \\\"c\\\"\"}}"
begin="{\"ociVersion\":\"$version\",\"id\":\"$id\",\"status\":"
expect "prestart reads: one line, slashes as they are" '.[0].stdin' "$begin\"creating\",\"pid\":$pid,$rest"
expect "createRuntime reads the same" '.[1].stdin' "$begin\"creating\",\"pid\":$pid,$rest"
expect "createContainer reads creating" '.[2].stdin | fromjson | [.status, .id, .bundle]' "[\"creating\",\"$id\",\"$scratch/bundle\"]"
expect "startContainer reads created, and its PID inside" '.[3].stdin' "$begin\"created\",\"pid\":1,$rest"
expect "poststart reads running" '.[4].stdin' "$begin\"running\",\"pid\":$pid,$rest"
expect "poststop reads stopped, and no PID" '.[5].stdin' "$begin\"stopped\",$rest"

for i in 0 1 4 5; do
	expect "${kinds[i]} runs in the runtime's namespaces" ".[$i].ns" "$("$guest" report | jq -c .ns)"
	expect "${kinds[i]} runs in the bundle" ".[$i].cwd" "$scratch/bundle"
done
expect "createContainer runs in the container's namespaces" '.[2].ns' "$(jq -c 'to_entries | sort_by(.key) | from_entries' <<<"$inner_namespaces")"
expect "… before the root is changed" '.[2].root' "$(stat -c %i /)"
expect "… in the bundle" '.[2].cwd' "$scratch/bundle"
expect "startContainer runs in the container's namespaces" '.[3].ns' "$(jq -c 'to_entries | sort_by(.key) | from_entries' <<<"$inner_namespaces")"
expect "… in its root" '.[3].root' "$(stat -c %i "$rootfs")"
expect "… at its top" '.[3].cwd' /
expect "no hook gets a descriptor" '[.[].fds | map(.fd)] | unique' '[[0,1,2]]'
expect "nor more environment than it was given" '[.[].env | length] | unique' '[1]'
is "our mount namespace has not changed" "$(namespace_of mnt)" "$own_mounts"

fresh
CALLER=yes inside "$out_mount" "$(with prestart "$(hook prestart | jq -c 'del(.env)')")" "$(with poststop "$(hook poststop | jq -c 'del(.env)')")" -- report
stdout=$(cat "$out/log")
expect "no env: the runtime's own" '[.[].env | index("CALLER=yes") != null] | unique' '[true]'
fresh
inside "$out_mount" "$(with createRuntime "$(hook createRuntime first)")" "$(with createRuntime "$(hook createRuntime second)")" "$(with createRuntime "$(hook createRuntime third)")" -- report
is "hooks of one kind run in their order" "$(jq -rs 'map(.arguments[0]) | join(" ")' "$out/log")" 'first second third'
inside "$(with prestart "{path: \"$guest\"}")" -- report
expect "a hook without arguments" '.[0].pid' 1

# ---- failure at each point ----

for kind in prestart createRuntime createContainer; do
	fresh
	refused "$kind fails: create fails and says why" "hooks.$kind\[0\]: hook '.*' exited with status 3: the hook says why" "$out_mount" \
		"$(with "$kind" "$(hook "$kind" exit 3)")" "$(with "$kind" "$(hook "$kind")")" "$(with poststart "$(hook poststart)")" "$(with poststop "$(hook poststop)")" -- report
	is "… the next of its kind does not run, poststop does" "$(ran)" "$kind poststop"
	is "… the state that poststop reads" "$(jq -rs 'last.stdin | fromjson | [.id, .status] | join(" ")' "$out/log")" "$id stopped"
	is "… the program has not run" "$stdout" ''
done
for kind in prestart createRuntime createContainer; do
	refused "$kind: a program that is not there" "hooks.$kind\[0\].*'/nowhere/hook'.*No such file" "$(with "$kind" '{path: "/nowhere/hook"}')" -- report
	refused "$kind: relative" "hooks.$kind\[0\].path" "$(with "$kind" '{path: "hook"}')" -- report
	began=$SECONDS
	refused "$kind: a timeout" "hooks.$kind\[0\]: hook '.*' was killed after its timeout of 1 s" "$out_mount" \
		"$(with "$kind" "$(hook "$kind" sleep 100 | jq -c '.timeout = 1')")" -- report
	if ((SECONDS - began < 50)); then tap_pass "… does not wait for the hook"; else tap_fail "… does not wait for the hook"; fi
	refused "$kind: a timeout of 0" "hooks.$kind\[0\].timeout" "$(with "$kind" "$(hook "$kind" | jq -c '.timeout = 0')")" -- report
	fresh
	inside "$out_mount" "$(with "$kind" "$(hook "$kind" | jq -c '.timeout = 30')")" -- report
	expect "$kind: a timeout that is not needed" '.[0].pid' 1
done

fresh
bundle "$scratch/bundle" "$out_mount" "$(with startContainer "$(hook startContainer exit 4)")" "$(with poststart "$(hook poststart)")" "$(with poststop "$(hook poststop)")" -- create /out/program-ran x
new_id
ok "startContainer fails: create does not know yet" rt create --bundle "$scratch/bundle" "$id"
run rt start "$id"
like "… start fails and says why" "$status $stderr" "^[1-9].*hooks.startContainer\[0\]: hook '/guest' exited with status 4: the hook says why"
is "… no poststart, but poststop: start has deleted it" "$(ran)" 'startContainer poststop'
if [[ -e $out/program-ran ]]; then tap_fail "… the program has not run"; else tap_pass "… the program has not run"; fi
run rt state "$id"
like "… nothing remains" "$status $stderr" '^[1-9].*does not exist'

fresh
bundle "$scratch/bundle" "$out_mount" "$(with poststart "$(hook poststart exit 5)")" "$(with poststop "$(hook poststop)")" -- sleep 100
new_id
ok "poststart fails: create" rt create --bundle "$scratch/bundle" "$id"
pid=$(rt state "$id" | jq .pid)
run rt start "$id"
like "… start fails and says why" "$status $stderr" "^[1-9].*hooks.poststart\[0\]: .*exited with status 5"
gone() { [[ ! -e /proc/$pid/exe ]] || [[ $(ps -o stat= -p "$pid") == Z* ]]; }
ok "… the container has been stopped" eventually gone
is "… and poststop has run: start has deleted it" "$(ran)" 'poststart poststop'
run rt state "$id"
like "… nothing remains" "$status $stderr" '^[1-9].*does not exist'

fresh
bundle "$scratch/bundle" "$out_mount" "$(with poststop "$(hook poststop exit 6)")" "$(with poststop "$(hook poststop)")" -- report
new_id
{ rt create --bundle "$scratch/bundle" "$id" && rt start "$id"; } >/dev/null
eventually stopped
run rt delete "$id"
is "poststop fails: delete does not" "$status" 0
like "… it warns" "$(cat "$log" 2>/dev/null) $stderr" 'hooks.poststop.*exited with status 6'
is "… and the next one runs all the same" "$(ran)" 'poststop poststop'

# ---- a hook that asks for the container ----

fresh
cat >"$out/ask" <<END
#!/bin/sh
cat >/dev/null
exec '$LICHEN' --root '$(state_dir)' state '$(new_id; echo "$id")' >'$out/answer' 2>&1
END
chmod +x "$out/ask"
new_id
bundle "$scratch/bundle" "$(with createRuntime "{path: \"$out/ask\"}")" -- report
run rt run --bundle "$scratch/bundle" "$id"
is "a hook may ask for the state" "$(jq -r '[.id, .status] | join(" ")' "$out/answer")" "$id creating"

nothing_left "nothing is left" "$before"
done_testing

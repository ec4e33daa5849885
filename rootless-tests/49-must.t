#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the specification says that a runtime must do, as far as no other file of the suite shows it;
# tests/conformance/musts.table has all of it, each demand with its tests. A test here is named after
# the sentence: the document, then what it demands.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

create() { # FILTER... -- ACTION...: $id, created; what it prints is in $scratch/out
	bundle "$scratch/bundle" "$@" || return
	new_id
	rt create --bundle "$scratch/bundle" "$id" >"$scratch/out" 2>"$scratch/err" </dev/null
}
status_of() { rt state "$id" 2>/dev/null | jq -r .status; }
has_status() { [[ $(status_of) == "$1" ]]; }
# script NAME LINE...: a hook on the host; $hook is its JSON
script() {
	local path=$scratch/$1.sh
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$path"
	chmod 755 "$path"
	hook="{path: \"$path\"}"
}

# ---- runtime.md, State ----

create -- sleep 100
is "runtime.md: status is created after create" "$(status_of)" created
pid=$(rt state "$id" | jq .pid)
is "runtime.md: pid is that of the container's process, as the host sees it" \
	"$(awk '/^NSpid:/ {print $2, $NF}' "/proc/$pid/status")" "$pid 1"
rt start "$id"
is "runtime.md: status is running after start" "$(status_of)" running
is "runtime.md: pid stays the same after start" "$(rt state "$id" | jq .pid)" "$pid"
rt kill "$id" KILL
ok "runtime.md: status is stopped when the process has ended" eventually has_status stopped
is "runtime.md: bundle is absolute, also of a relative one" \
	"$(new_id; cd "$scratch" && rt create --bundle bundle "$id" </dev/null >/dev/null 2>&1 && rt state "$id" | jq -r .bundle; rt delete --force "$id")" "$scratch/bundle"
rt delete "$id"

# ---- runtime.md, Operations ----

for operation in state create start kill delete; do
	run within 20 "$LICHEN" --root "$(state_dir)" "$operation"
	like "runtime.md: $operation without an ID is an error" "$status $stderr" '^[1-9][0-9]* .'
done
mkdir -p "$scratch/empty"
run bash -c 'cd "$1" && exec timeout 20 "$2" --root "$3" create nobody' - "$scratch/empty" "$LICHEN" "$(state_dir)"
like "runtime.md: create without a bundle is an error" "$status $stderr" '^[1-9].*config.json'

mkdir -p "$scratch/kept"
echo kept >"$scratch/kept/file"
pause .
pause_net=$(namespace_of net "$pause_pid")
if [[ $mode == user ]]; then user_too='joined("user"; "/proc/'$pause_pid'/ns/user") | del(.linux.uidMappings, .linux.gidMappings)'; else user_too=.; fi
create "$user_too" 'joined("network"; "/proc/'$pause_pid'/ns/net")' "mounted(\"/kept\"; \"bind\"; \"$scratch/kept\"; [\"bind\"])" -- create /left x
rt start "$id"
eventually has_status stopped
ok "runtime.md: delete" rt delete "$id"
is "runtime.md: what the container did not make stays after delete: files, bundle, root" \
	"$(cat "$scratch/kept/file" "$rootfs/left") $(test -f "$scratch/bundle/config.json" && echo config)" $'kept\nx config'
is "runtime.md: what the container did not make stays after delete: a namespace that it joined" "$(namespace_of net "$pause_pid")" "$pause_net"
is "runtime.md: what the container did not make stays after delete: another container" "$(rt state "$pause_id" | jq -r .status)" running
unpause
new_rootfs

# ---- runtime.md and config.md, hooks ----

script hook 'cat >>"'"$scratch"'/hooks"; echo >>"'"$scratch"'/hooks"'
rm -f "$scratch/hooks"
inside ".hooks.createContainer = [$hook]" -- report
is "runtime.md: createContainer hooks read the PID as the container sees it" "$(jq .pid "$scratch/hooks")" 1
rm -f "$scratch/hooks"
inside ".hooks.createContainer = [$hook]" 'without("pid")' 'unmounted("/dev/mqueue")' -- report
is "runtime.md: … without a PID namespace it is the host's" "$(jq .pid "$scratch/hooks")" "$(got '.[0].pid')"
script look 'pid=$(sed "s/.*\"pid\":\([0-9]*\).*/\1/"); cat "/proc/$pid/comm" >"'"$scratch"'/comm"'
inside ".hooks.poststart = [$hook]" -- wait-for /never &
sleeper=$!
eventually test -s "$scratch/comm"
is "config.md: poststart hooks are called when the program has been executed" "$(cat "$scratch/comm" 2>&1)" guest
for dir in "$(state_dir)"/*/; do [[ $(basename "$dir") == .* ]] || rt kill "$(basename "$dir")" KILL 2>/dev/null; done
wait "$sleeper"
cat >"$scratch/after" <<END
#!/bin/sh
cat >/dev/null
'$LICHEN' --root '$(state_dir)' state "\$1" >'$scratch/answer' 2>&1
END
chmod 755 "$scratch/after"
new_id
bundle "$scratch/bundle" ".hooks.poststop = [{path: \"$scratch/after\", args: [\"after\", \"$id\"]}]" -- report
rt run --bundle "$scratch/bundle" "$id" >/dev/null 2>&1
like "config.md: poststop hooks are called when the container is deleted" "$(cat "$scratch/answer")" 'does not exist'

# ---- config.md ----

inside '.process.consoleSize = {height: 99999999, width: 4294967296}' -- report
expect "config.md: consoleSize without a terminal is ignored, whatever it is" '.[0].pid' 1
new_id
bundle "$scratch/bundle" '.annotations = {"org.opencontainers.nobody.knows": "", "b": "c"}' -- report
rt create --bundle "$scratch/bundle" "$id" >/dev/null 2>&1 </dev/null
is "config.md: an unknown annotation is no error, and a value may be empty" "$(rt state "$id" | jq -c .annotations)" '{"org.opencontainers.nobody.knows":"","b":"c"}'
rt delete --force "$id"
refused "config.md: an annotation's key is not empty" 'config.json: annotations\[""\]: the name is empty' '.annotations = {"": "x"}' -- report
inside '.x = 1 | .root.x = {} | .process.x = [] | .process.user.x = null | .mounts[0].x = "y" | .hooks.x = [{}] | .linux.x = {a: 1} | .linux.namespaces[0].x = true |
	.linux.resources.x = 2 | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", x: "y"}' -- report
is "config.md: unknown properties are ignored, wherever they are" "$status $(got '.[0].pid') $stderr" '0 1 '
refused "config.md: a value that is invalid is an error" 'process.oomScoreAdj: ' '.process.oomScoreAdj = 99999' -- report
refused "config.md: a value that is valid and not supported is an error" 'process.scheduler: ' '.process.scheduler = {policy: "SCHED_ISO"}' -- report
inside 'mounted("/in/order"; "tmpfs"; "tmpfs"; [])' 'mounted("/in"; "tmpfs"; "tmpfs"; [])' 'mounted("/in/order"; "tmpfs"; "tmpfs"; ["ro"])' -- report
expect "config.md: mounts are made in the order of the list" '[.[0].mounts[].point | select(startswith("/in"))]' '["/in/order","/in","/in/order"]'

# ---- config-linux.md: one state for one connection ----

listener=$scratch/listener
timeout 20 "$guest" accept-fds "$listener" >"$scratch/accepted" &
receiver=$!
eventually test -S "$listener"
inside '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$listener"'", syscalls: [{names: ["kcmp"], action: "SCMP_ACT_NOTIFY"}]}' -- print ran
wait "$receiver"
is "config-linux.md: exactly one process state per connection, and then its end" \
	"$(jq -c '[(.text | fromjson | .state.id == "'"$id"'"), .n_fds, .end]' "$scratch/accepted")" '[true,1,true]'

nothing_left "nothing is left" "$before"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sd_notify(3): what a container tells the service manager that lichen was started by.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

manager_socket=$scratch/manager.sock
# manager COUNT   listens for that many datagrams; they are in $scratch/heard when $manager has ended
manager() {
	rm -f "$manager_socket"
	"$guest" manager "$manager_socket" "$1" >"$scratch/heard" &
	manager=$!
	eventually test -S "$manager_socket"
}
heard() { wait "$manager"; stdout=$(cat "$scratch/heard"); }
notified() { NOTIFY_SOCKET=$manager_socket within "${LICHEN_DEADLINE:-60}" "$LICHEN" --root "$(state_dir)" "$@"; }
mkdir -p "$scratch/gate"
gate="mounted(\"/gate\"; \"bind\"; \"$scratch/gate\"; [\"bind\"])"

# ---- in the foreground ----

manager 3
bundle "$scratch/bundle" -- report , stat /run/notify/notify.sock , ls /run/notify , sd-notify $'STATUS=half way\nMAINPID=1' , sd-notify $'READY=1\nFDSTORE=1' , sd-notify STOPPING=1
new_id
# the function would be a process in between
env NOTIFY_SOCKET="$manager_socket" "$LICHEN" --root "$(state_dir)" run --bundle "$scratch/bundle" "$id" >"$scratch/out" 2>"$scratch/err" </dev/null &
runner=$!
wait "$runner"
is "run: its status" "$? $(cat "$scratch/err")" '0 '
stdout=$(cat "$scratch/out")
expect "the container sees its own socket" '.[0].env | map(select(startswith("NOTIFY_SOCKET")))' '["NOTIFY_SOCKET=/run/notify/notify.sock"]'
expect "… which anybody may write to" '.[1] | [.type, .mode]' '["socket","0666"]'
expect "… mounted alone" '[.[0].mounts[] | select(.point | startswith("/run/notify")) | .point]' '["/run/notify/notify.sock"]'
expect "… and for nothing else" '.[0].mounts[] | select(.point == "/run/notify/notify.sock") | .options - ["relatime"] | sort' '["nodev","noexec","nosuid","ro"]'
expect "… nothing of the host beside it" '.[2].names' '["notify.sock"]'
expect "… all was sent" '[.[3, 4, 5].errno]' '[0,0,0]'
heard
expect "the manager hears of it, and who its main process is" '.[0].datagrams' \
	"[{\"text\":\"STATUS=half way\\n\",\"n_fds\":0},{\"text\":\"READY=1\\nMAINPID=$runner\\n\",\"n_fds\":0},{\"text\":\"STOPPING=1\\n\",\"n_fds\":0}]"

# ---- create, start ----

manager 2
rm -f "$scratch/gate/"*
bundle "$scratch/bundle" "$gate" -- create /gate/began x , wait-for /gate/go , sd-notify READY=1 , sleep 1000
new_id
ok "create" notified create --bundle "$scratch/bundle" "$id"
pid=$(rt state "$id" | jq .pid)
notified start "$id" >"$scratch/start.out" 2>&1 </dev/null &
starter=$!
ok "the program has begun" eventually test -e "$scratch/gate/began"
is "… the container runs" "$(rt state "$id" | jq -r .status)" running
ok "… and start waits for it" kill -0 "$starter"
touch "$scratch/gate/go"
wait "$starter"
is "start ends when it is ready" "$? $(cat "$scratch/start.out")" '0 '
heard
expect "the manager hears who is the main process, and is waited for" '.[0].datagrams' \
	"[{\"text\":\"READY=1\\nMAINPID=$pid\\n\",\"n_fds\":0},{\"text\":\"BARRIER=1\",\"n_fds\":1}]"
ok "delete" rt delete --force "$id"

manager 2
rm -f "$scratch/gate/"*
bundle "$scratch/bundle" "$gate" -- sd-notify READY=1 , wait-for /gate/go
new_id
ok "run --detach" notified run --detach --pid-file "$scratch/pid" --bundle "$scratch/bundle" "$id"
heard
expect "… likewise" '.[0].datagrams[0].text | rtrimstr("\n") | split("\n")' "[\"READY=1\",\"MAINPID=$(cat "$scratch/pid")\"]"
touch "$scratch/gate/go"
rt delete --force "$id"

# one that never says so: until its end
manager 1
bundle "$scratch/bundle" -- print never
new_id
notified create --bundle "$scratch/bundle" "$id" >/dev/null
ok "start of one that ends without a word" notified start "$id"
heard
expect "… the manager has not heard that it is ready" '.[0].datagrams[0].text' BARRIER=1
rt delete --force "$id"
# while start waits, others may do what they like
manager 1
bundle "$scratch/bundle" -- sleep 1000
new_id
notified create --bundle "$scratch/bundle" "$id" >/dev/null
notified start "$id" >/dev/null 2>&1 </dev/null &
starter=$!
runs() { [[ $(rt state "$id" | jq -r .status) == running ]]; }
ok "one that says nothing and runs" eventually runs
ok "… is deleted while start waits" rt delete --force "$id"
wait "$starter"
is "… which ends then" $? 0
heard

# ---- a manager that does not listen ----

# a process that is stopped: its queue takes so many
n=$(($(cat /proc/sys/net/unix/max_dgram_qlen) + 5))
manager "$n"
kill -STOP "$manager"
steps=()
for ((i = 0; i < n; i++)); do steps+=(sd-notify "STATUS=$i" ,); done
bundle "$scratch/bundle" -- "${steps[@]}" exit 7
new_id
run within 30 env NOTIFY_SOCKET="$manager_socket" "$LICHEN" --root "$(state_dir)" run --bundle "$scratch/bundle" "$id"
is "a manager that does not listen keeps nobody: run ends with its container" "$status $stderr" '7 '
kill -KILL "$manager"
wait "$manager" 2>/dev/null

# ---- who may, and who is not asked ----

if has_ids 1000; then
	manager 1
	bundle "$scratch/bundle" '.process.user = {uid: 5, gid: 6}' -- sd-notify READY=1
	new_id
	notified run --bundle "$scratch/bundle" "$id" >"$scratch/out"
	stdout=$(cat "$scratch/out")
	expect "another user notifies, too" '.[0].errno' 0
	heard
else
	skip "another user: $why_not_ids"
fi
bundle "$scratch/bundle" -- report
new_id
run rt run --bundle "$scratch/bundle" "$id"
expect "without NOTIFY_SOCKET nothing of it is there" '[.[0].env[], .[0].mounts[].point] | map(select(contains("notify"))) + map(select(startswith("NOTIFY")))' '[]'
new_id
rt create --bundle "$scratch/bundle" "$id" >/dev/null
manager 1
ok "one that was created without does not keep start" notified start "$id"
kill "$manager"
wait "$manager" 2>/dev/null
rt delete --force "$id"
rm -f "$scratch/gate/"*
bundle "$scratch/bundle" "$gate" -- wait-for /gate/go , sd-notify READY=1
manager 1
new_id
notified create --bundle "$scratch/bundle" "$id" >"$scratch/out"
ok "one that was created with, and is started without" rt start "$id"
touch "$scratch/gate/go"
hears_nobody() { grep -q sd-notify "$scratch/out"; }
ok "… is told that nobody listens" eventually hears_nobody
stdout=$(cat "$scratch/out")
expect "… by an error" '.[1].error' ECONNREFUSED
kill "$manager"
wait "$manager" 2>/dev/null
rt delete --force "$id"

# ---- a manager that is none ----

bundle "$scratch/bundle" -- report
new_id
rt create --bundle "$scratch/bundle" "$id" >"$scratch/out"
run env NOTIFY_SOCKET=vsock:2:1 "$LICHEN" --root "$(state_dir)" start "$id"
like "a socket of another kind" "$status $stderr" "^1 lichen: NOTIFY_SOCKET 'vsock:2:1': neither a path nor an abstract name.*hint: unset NOTIFY_SOCKET"
run env NOTIFY_SOCKET=/nowhere/notify "$LICHEN" --root "$(state_dir)" start "$id"
like "one that nobody listens on" "$status $stderr" "^1 lichen: connect to NOTIFY_SOCKET '/nowhere/notify': No such file"
is "… and the container has not been started" "$(rt state "$id" | jq -r .status) $(cat "$scratch/out")" 'created '
rt delete --force "$id"

bundle "$scratch/bundle" '.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["ro"]}]' -- report
manager 1
new_id
run notified create --bundle "$scratch/bundle" "$id"
like "an image without room for the socket" "$status $stderr" "^1 lichen: NOTIFY_SOCKET: .*/run/notify.*Read-only file system.*hint: make an empty file at '/run/notify/notify.sock' .*env -u NOTIFY_SOCKET lichen run"
kill "$manager"
wait "$manager" 2>/dev/null

# ---- systemd itself ----

if [[ $mode == user ]] && must_run user-scope; then
	bundle "$scratch/bundle" "$gate" -- create /gate/began x , wait-for /gate/go , sd-notify $'STATUS=all is well\nREADY=1' , wait-for /gate/end , exit 7
	rm -f "$scratch/gate/"*
	new_id
	unit=lichen-notify-$$
	XDG_RUNTIME_DIR=/run/user/$EUID within 60 systemd-run --user --quiet --unit="$unit" --property=Type=notify --property=RemainAfterExit=no \
		"$LICHEN" --root "$(state_dir)" run --bundle "$scratch/bundle" "$id" >"$scratch/unit.out" 2>&1 &
	runner=$!
	shown() { XDG_RUNTIME_DIR=/run/user/$EUID systemctl --user show --property="$1" --value "$unit"; }
	ok "a unit of type notify: its container has begun" eventually test -e "$scratch/gate/began"
	is "… it is not active yet" "$(shown ActiveState)" activating
	touch "$scratch/gate/go"
	wait "$runner"
	is "… until the container is ready" "$? $(shown ActiveState) $(cat "$scratch/unit.out")" '0 active '
	is "… and has its status" "$(shown StatusText)" 'all is well'
	touch "$scratch/gate/end"
	ended() { [[ $(shown ActiveState) == failed ]]; }
	ok "… and its end" eventually ended
	is "… with the exit status" "$(shown ExecMainStatus)" 7
	XDG_RUNTIME_DIR=/run/user/$EUID systemctl --user reset-failed "$unit"
fi

nothing_left "nothing is left" "$before"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Security: images and neighbours that want out. Links in the way of mounts, races, descriptors and
# working directories of the host, lichen's own program and processes.
# shellcheck disable=SC2016,SC2054,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

# What lies on the host beside the bundle, and must stay as it is.
canary=$scratch/canary
source=$scratch/source
mkdir -p "$canary/etc" "$source"
echo alive >"$canary/file"
echo text >"$source/file"
canary_state() { find "$canary" -printf '%P %y %m %s\n' | sort; cat "$canary/file"; }
canary_before=$(canary_state)
unharmed() {
	local now
	now=$(canary_state)
	if [[ $now == "$canary_before" ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "$(diff <(echo "$canary_before") <(echo "$now"))"
}
no_dev='unmounted("/dev") | unmounted("/dev/pts") | unmounted("/dev/shm") | unmounted("/dev/mqueue")'
# A hook in the container's mount namespace, before its root is changed, sees where the mounts went.
cat >"$scratch/watch" <<END
#!/bin/sh
cat >/dev/null
echo ran >>'$scratch/watched'
sed -E 's/^[0-9]+ [0-9]+ [^ ]+ [^ ]+ ([^ ]+) .*/\1/' /proc/self/mountinfo | grep -v '^$scratch/bundle/rootfs' |
	LC_ALL=C sort | LC_ALL=C comm -13 '$scratch/host-mounts' - >>'$scratch/outside'
exit 0
END
sed -E 's/^[0-9]+ [0-9]+ [^ ]+ [^ ]+ ([^ ]+) .*/\1/' /proc/self/mountinfo | sort >"$scratch/host-mounts"
chmod +x "$scratch/watch"
watched=".hooks.createContainer = [{path: \"$scratch/watch\"}]"
no_mount_outside() {
	touch "$scratch/watched" "$scratch/outside"
	if [[ -s $scratch/watched && ! -s $scratch/outside ]]; then tap_pass "$1"
	else tap_fail "$1" "the hook ran $(wc -l <"$scratch/watched") times and saw:" "$(head -n 5 "$scratch/outside")"; fi
	rm -f "$scratch/watched" "$scratch/outside"
}

# The same with openat2(2), and with the walk that stands in for it.
ways=(plain)
if find_deny; then ways+=(openat2:ENOSYS openat2:EPERM openat2,open_tree,move_mount,fsopen,mount_setattr:ENOSYS)
else skip "the same without openat2 and the new mount calls: $why_not_deny"; fi
way=plain
within_way() {
	if [[ $way == plain ]]; then inside "$@"; else denied "$way" "$@"; fi
}
must_refuse() { # NAME REGEX FILTER... -- ACTION...
	local name=$1 regex=$2
	shift 2
	within_way "$@"
	if ((status != 0)) && [[ $stderr =~ $regex && ! -e $(state_dir)/$id ]]; then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted: $regex" "status: $status" "stderr: $stderr" "stdout: ${stdout:0:200}"
}

for way in "${ways[@]}"; do
	# ---- /proc, /sys and /dev that lead elsewhere (CVE-2019-19921, 2023-27561, 2026-41579) ----
	for dir in proc sys dev; do
		for target in /elsewhere elsewhere "$canary" ../../canary; do
			new_rootfs
			mkdir "$rootfs/elsewhere"
			ln -s "$target" "$rootfs/$dir"
			must_refuse "$way: /$dir -> ${target//$canary/HOST}" "'/$dir'.* goes through a symbolic link" -- report
		done
	done
	unharmed "$way: nothing of the host has changed"

	# /dev of the image, with links in it
	new_rootfs
	mkdir -p "$rootfs/dev"
	ln -s /../../../../canary/etc "$rootfs/dev/pts"
	ln -s "$canary/file" "$rootfs/dev/null"
	ln -s "$canary/new" "$rootfs/dev/zero"
	ln -s ../../../canary "$rootfs/dev/shm"
	ln -s /proc/self/root "$rootfs/dev/random"
	within_way "$no_dev" 'mounted("/dev/shm"; "tmpfs"; "tmpfs"; [])' -- report
	unharmed "$way: links in the image's /dev: the host's files are what they were"
	new_rootfs
	mkdir -p "$rootfs/dev"
	echo secret >"$rootfs/dev/null"
	echo masked >"$rootfs/masked"
	within_way "$no_dev" '.linux.maskedPaths = ["/masked"]' -- stat /masked , read /masked
	expect "$way: masks do not believe in the image's /dev/null (CVE-2025-31133)" '[.[] | .rdev // .text]' '["1:3",""]'
	ln -sf /masked "$rootfs/dev/null"
	within_way "$no_dev" '.linux.maskedPaths = ["/masked"]' -- stat /masked , read /masked
	expect "$way: … nor in a link there" 'if length == 0 then ["1:3", ""] else [.[] | .rdev // .text] end' '["1:3",""]'

	# ---- links in the way of mounts (CVE-2019-18837, 2021-30465, 2024-45310) ----
	new_rootfs
	mkdir -p "$rootfs/real/dir" "$rootfs/etc"
	echo image >"$rootfs/real/file"
	ln -s /real "$rootfs/absolute"
	ln -s ../../../../../../real "$rootfs/up"
	ln -s "$canary" "$rootfs/host"
	ln -s /missing/deeper "$rootfs/dangling"
	ln -s dangling "$rootfs/twice"
	ln -s loop "$rootfs/loop"
	bind() { printf 'mounted("%s"; "bind"; "%s"; ["bind"])' "$1" "$2"; }
	within_way "$(bind /absolute/dir "$source")" "$(bind /up/file "$source/file")" "$(bind /host/etc/new "$source")" "$(bind /twice/x "$source")" "$(bind /etc/../../../real/new "$source")" \
		'mounted("/host/tmp"; "tmpfs"; "tmpfs"; [])' \
		"$(bind /etc "$source")" "$(bind /usr/bin "$source")" 'mounted("/root"; "tmpfs"; "tmpfs"; [])' 'mounted("/usr/share"; "tmpfs"; "tmpfs"; [])' "$watched" -- report , read /real/dir/file , read /real/file , read "$canary/etc/new/file" , read /missing/deeper/x/file , read /real/new/file
	expect "$way: an absolute link, one that leads up, one that dangles, '..' in the target: all beneath the root" '[.[1:][].text | rtrimstr("\n")] | unique' '["text"]'
	expect "$way: … no mount anywhere else" '[.[0].mounts[].point | select(startswith("/real") or startswith("/missing"))] | sort' \
		'["/missing/deeper/x","/real/dir","/real/file","/real/new"]'
	unharmed "$way: … the host's directory of that name is untouched"
	no_mount_outside "$way: … and nothing is mounted in it"
	must_refuse "$way: a link to itself" 'Too many levels of symbolic links' "$(bind /loop/x "$source")" -- report
	for magic in /proc/self/root /proc/1/root /proc/self/cwd /proc/self/fd/0 /proc/self/exe; do
		ln -sfn "$magic" "$rootfs/magic"
		must_refuse "$way: a mount over a link to $magic" 'mounts\[[0-9]+\]' "$(bind /magic/x "$source")" -- report
	done
	must_refuse "$way: a mount through /proc/self/root" 'mounts\[[0-9]+\]' "$(bind /proc/self/root/x "$source")" -- report
	unharmed "$way: … and nothing is made on the host"
	mkdir -p "$rootfs/keep"
	ln -sfn "$canary/etc" "$rootfs/keep-link"
	ln -sfn ../../../../../.."$canary/file" "$rootfs/mask-link"
	within_way '.linux.readonlyPaths = ["/keep-link"]' '.linux.maskedPaths = ["/mask-link"]' ".process.cwd = \"/host/cwd\"" -- report
	expect "$way: masked and read-only paths, cwd: links are the image's" '.[0].cwd' "$canary/cwd"
	unharmed "$way: … and not the host's"
	new_rootfs
	mkdir -p "$rootfs/etc"
	ln -s "$canary/file" "$rootfs/etc/passwd"
	within_way '.process.env = []' -- report
	expect "$way: /etc/passwd that leads to a file of the host" '.[0].env' '["HOME=/"]'

	# ---- the working directory (CVE-2024-21626) ----
	new_rootfs
	ln -s /proc/self/fd "$rootfs/fds"
	for ((fd = 0; fd < 12; fd++)); do
		for cwd in "/proc/self/fd/$fd" "/fds/$fd" "/proc/self/fd/$fd/../../.." "/proc/1/fd/$fd"; do
			within_way ".process.cwd = \"$cwd\"" -- report
			if ((status == 0)) && [[ $(got '.[0].cwd') != "$cwd" ]]; then
				tap_fail "$way: cwd $cwd" "it is $(got '.[0].cwd')"
				continue 2
			fi
			((status != 0)) || leaked=$cwd
		done
	done
	is "$way: no descriptor is a way into a directory of the host" "${leaked-}" ''
done
way=plain

# ---- somebody renames while we mount ----

attack() { # LINK-TARGET: a directory and a link to the host change places for ever
	new_rootfs
	mkdir -p "$rootfs/race" "$rootfs/home"
	ln -s "$1" "$rootfs/race-link"
	"$guest" exchange "$rootfs/race" "$rootfs/race-link" >/dev/null 2>&1 &
	attacker=$!
}
end_attack() { kill "$attacker" 2>/dev/null; wait "$attacker" 2>/dev/null; }
tries=${HUNT_TRIES:-8}
for way in "${ways[@]}"; do
	for target in "$canary" ../../canary ../home; do
		ran=0
		attack "$target"
		# the last one is undisturbed
		for ((i = 0; i <= tries; i++)); do
			if ((i == tries)); then
				kill -0 "$attacker" 2>/dev/null || tap_fail "the attacker was there all the time"
				end_attack
				if [[ -L $rootfs/race ]]; then "$guest" exchange-once "$rootfs/race" "$rootfs/race-link" >/dev/null; fi
			fi
			within_way "$(bind "/race/dir$i/x" "$source")" "$(bind "/race/file$i" "$source/file")" 'mounted("/race/tmp"; "tmpfs"; "tmpfs"; ["tmpcopyup"])' \
				'.linux.maskedPaths += ["/race/tmp"]' '.linux.readonlyPaths += ["/race"]' ".process.cwd = \"/race/dir$i\"" ".linux.devices = [{type: \"p\", path: \"/race/fifo$i\"}]" "$watched" -- syscall getpid
			((status != 0)) || ran=$((ran + 1))
		done
		is "$way: a link to ${target//$canary/HOST}, without the attacker: it runs" "$status" 0
		diag "$way, a link to ${target//$canary/HOST}: $ran of $tries ran, the others were refused"
	done
	no_mount_outside "$way: renames during $((3 * tries)) creations: no mount outside of the root"
	unharmed "$way: … and nothing is made on the host"
done
way=plain

# ---- descriptors ----

new_rootfs
leaky() { # N PATH: the runtime's caller leaves N descriptors open
	bundle "$scratch/bundle" -- report
	new_id
	run "$guest" leak "$1" "$2" "$LICHEN" --root "$(state_dir)" "${runtime_flags[@]}" run "${@:3}" --bundle "$scratch/bundle" "$id"
	stdout=$(grep '"do":"report"' <<<"$stdout")
}
leaky 5 /
expect "what the caller left open stays out" '[.[0].fds[].fd]' '[0,1,2]'
leaky 3 "$source" --preserve-fds 2
expect "--preserve-fds 2: two of three" '[.[0].fds[] | .fd]' '[0,1,2,3,4]'
expect "… and they are the caller's" '[.[0].fds[3,4].target] | unique | length' 1
leaky 1 "$source" --preserve-fds 2
like "--preserve-fds, more than there are: said" "$status $stderr" '^[1-9].*descriptor 4.* is not open'
bundle "$scratch/bundle" -- report
new_id
run "$guest" leak 1 "$source" "$LICHEN" --root "$(state_dir)" --log "$scratch/own-log" "${runtime_flags[@]}" run --preserve-fds 2 --bundle "$scratch/bundle" "$id"
like "… lichen's own log is not given away in their place (CVE-2024-21626)" "$status $stderr" '^[1-9].*descriptor 4.* is not open'
bundle "$scratch/bundle" -- report
new_id
run bash -c 'exec 3</dev/null 4</dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"' - "$LICHEN" --root "$(state_dir)" "${runtime_flags[@]}" run --bundle "$scratch/bundle" "$id"
expect "LISTEN_FDS: its descriptors" '[.[0].fds[].fd]' '[0,1,2,3,4]'
expect "… and its variables" '[.[0].env[] | select(startswith("LISTEN"))] | sort' '["LISTEN_FDS=2","LISTEN_PID=1"]'
run bash -c 'exec 3</dev/null 4</dev/null; LISTEN_FDS=2 LISTEN_PID=1 exec "$@"' - "$LICHEN" --root "$(state_dir)" "${runtime_flags[@]}" run --bundle "$scratch/bundle" "$id-2"
expect "LISTEN_FDS of another process: nothing" '[.[0].fds[].fd]' '[0,1,2]'

# ---- lichen's program (CVE-2019-5736) ----

mkdir -p "$scratch/own"
cp "$(realpath "$LICHEN")" "$scratch/own/lichen"
chmod 755 "$scratch/own/lichen"
sum=$(sha256sum <"$scratch/own/lichen")
mine() { timeout 60 "$scratch/own/lichen" --root "$(state_dir)" "$@"; }
untouched() { is "$1" "$(sha256sum <"$scratch/own/lichen")" "$sum"; }
# a container that is lichen itself: the image's program is a link to what runs it
ln -s /proc/self/exe "$rootfs/entry"
bundle "$scratch/bundle" '.process.capabilities = {bounding: [], effective: [], permitted: []}' -- report
jq '.process.args = ["/entry", "--version"]' "$scratch/bundle/config.json" >"$scratch/new" && mv "$scratch/new" "$scratch/bundle/config.json"
new_id
run mine run --bundle "$scratch/bundle" "$id"
untouched "a container whose program is /proc/self/exe: lichen's file is what it was"

# one that is created and waits is lichen; another one in its PID and user namespaces reaches for it
mkdir -p "$scratch/victim/rootfs"
cp "$guest" "$scratch/victim/rootfs/guest"
bundle "$scratch/victim" -- report
new_id
victim=$id
mine create --bundle "$scratch/victim" "$victim" >/dev/null
victim_pid=$(mine state "$victim" | jq .pid)
if [[ $mode == user ]]; then join_user='joined("user"; "/proc/'$victim_pid'/ns/user") | del(.linux.uidMappings, .linux.gidMappings)'; else join_user=.; fi
all_caps='caps(["CAP_DAC_OVERRIDE", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_FOWNER"])'
new_id
bundle "$scratch/bundle" "$join_user" "joined(\"pid\"; \"/proc/$victim_pid/ns/pid\")" "$all_caps" -- processes , write /proc/1/exe x , open /proc/1/exe rw , look-into 1
run mine run --bundle "$scratch/bundle" "$id"
expect "a neighbour sees the one that waits" '.[0].processes["1"]' lichen:init
expect "… and cannot write its program" '[.[1, 2].errno == 0] | any' false
untouched "… lichen's file is what it was"
mine delete --force "$victim"
# another file's owner would be enough: what runs is no file that anybody inside could open for writing
bundle "$scratch/bundle" "$(printf '.hooks.createContainer = [{path: "%s", args: ["guest", "hook", "%s"]}]' "$guest" "$scratch/hook.out")" -- report
new_id
mine create --bundle "$scratch/bundle" "$id" >/dev/null
pid=$(mine state "$id" | jq .pid)
running=$(readlink "/proc/$pid/exe")
mine delete --force "$id"
unlike "what runs in the container is not our file" "$running" "$scratch/own/lichen"

# ---- lichen's processes ----

# One container hunts for processes called lichen while another joins its namespaces, which waits in
# the middle of its making and once more before its start.
mkdir -p "$scratch/hunter/rootfs/shared" "$scratch/prey"
cp "$guest" "$scratch/hunter/rootfs/guest"
# Every capability over the namespaces that are joined; where that is the caller's own user namespace,
# CAP_SYS_PTRACE is a right over lichen, too.
hunt_caps=.
[[ $mode != user ]] || hunt_caps=$all_caps
bundle "$scratch/hunter" "$hunt_caps" "mounted(\"/shared\"; \"bind\"; \"$scratch/prey\"; [\"bind\"])" -- hunt /shared/stop
new_id
hunter=$id
rt create --bundle "$scratch/hunter" "$hunter" >"$scratch/hunt.out"
hunter_pid=$(rt state "$hunter" | jq .pid)
rt start "$hunter"
if [[ $mode == user ]]; then join_user='joined("user"; "/proc/'$hunter_pid'/ns/user") | del(.linux.uidMappings, .linux.gidMappings)'; else join_user=.; fi
cat >"$scratch/prey/hook" <<'END'
#!/bin/sh
cat >/dev/null
touch "$0.began"
sleep 0.5
END
chmod +x "$scratch/prey/hook"
bundle "$scratch/bundle" "$join_user" "joined(\"pid\"; \"/proc/$hunter_pid/ns/pid\")" ".hooks.createContainer = [{path: \"$scratch/prey/hook\"}]" -- report
new_id
rt create --bundle "$scratch/bundle" "$id" >/dev/null
is "one that joins a PID namespace is created while another hunts in it" "$(rt state "$id" | jq -r .status)" created
if [[ -e $scratch/prey/hook.began ]]; then tap_pass "… its hook has run"; else tap_fail "… its hook has run"; fi
touch "$scratch/prey/stop"
hunted() { rt state "$hunter" | grep -q '"stopped"'; }
eventually hunted
stdout=$(cat "$scratch/hunt.out")
expect "… the hunter has seen lichen's processes" '.[0].seen' true
expect "… and got hold of nothing of theirs" '.[0].got' '[]'
rt delete --force "$id"
rt delete --force "$hunter"
# ---- over procfs ----

printf 'MemTotal: 1 kB\n' >"$scratch/meminfo"
new_rootfs
inside "mounted(\"/proc/meminfo\"; \"bind\"; \"$scratch/meminfo\"; [\"bind\"])" -- read /proc/meminfo
expect "an entry of procfs that reports can be replaced" '.[0].text' 'MemTotal: 1 kB'
for entry in self/attr/exec sys/kernel/core_pattern self/status 1/root /.; do
	refused "/proc/$entry can not" "mounts\\[[0-9]*\\].destination: '/proc/$entry' would cover a part of procfs" \
		"mounted(\"/proc/$entry\"; \"bind\"; \"$scratch/meminfo\"; [\"bind\"])" -- report
done
refused "a tmpfs on /proc" "mounts\\[[0-9]*\\].destination: '/proc' would cover" 'mounted("/proc"; "tmpfs"; "tmpfs"; [])' -- report
like "… says what can be done" "$stderr" 'hint: use maskedPaths or readonlyPaths'
ln -s /proc/sys "$rootfs/alias"
refused "through a link of the image" "mounts\\[[0-9]*\\]: .*'/alias/kernel' leads to a part of procfs" 'mounted("/alias/kernel"; "tmpfs"; "tmpfs"; [])' -- report
refused "a device through a link of the image" "linux.devices\\[0\\]: .*'/alias/kernel/hostname' leads to a part of procfs" '.linux.devices = [{type: "c", path: "/alias/kernel/hostname", major: 1, minor: 3}]' -- report
rm "$rootfs/alias"
mkdir -p "$rootfs/proc/here"
inside 'unmounted("/proc")' '.linux.maskedPaths = [] | .linux.readonlyPaths = []' 'mounted("/proc/here"; "tmpfs"; "tmpfs"; [])' -- create /proc/here/x x
expect "a folder of that name without a procfs in it is none" '.[0].errno' 0

nothing_left "nothing is left" "$before"
done_testing

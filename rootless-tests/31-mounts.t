#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mounts: every option, new file systems and binds, fallbacks, the root's own, masked and read-only paths.
# shellcheck disable=SC2016,SC2054,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

source=$scratch/source
mkdir -p "$source/dir" "$source/empty"
echo text >"$source/file"
ln -s file "$source/link"

point() { printf '.[0].mounts | map(select(.point == "%s")) | last' "$1"; }

# ---- the table of config.md, Linux mount options ----

# option, then what must be (+) and must not be (-) in the mount's options
table='
async
atime		+relatime
defaults
dev		-nodev
diratime	-nodiratime
exec		-noexec
noatime		+noatime
nodev		+nodev
nodiratime	+nodiratime
noexec		+noexec
norelatime	-relatime -noatime
nostrictatime	+relatime
nosuid		+nosuid
nosymfollow	+nosymfollow
relatime	+relatime
ro		+ro -rw
rw		+rw -ro
strictatime	-relatime -noatime
suid		-nosuid
symfollow	-nosymfollow
sync		+sync
dirsync		+dirsync
lazytime	+lazytime
nolazytime	-lazytime
iversion
noiversion
silent
loud
mand
nomand		-mand
private		-shared -master
shared		+shared
slave		-shared
unbindable	+unbindable
rprivate	-shared
rshared		+shared
rslave		-shared
runbindable	+unbindable
rro		+ro
rrw		+rw
rnosuid		+nosuid
rsuid		-nosuid
rnodev		+nodev
rdev		-nodev
rnoexec		+noexec
rexec		-noexec
rnodiratime	+nodiratime
rdiratime	-nodiratime
rrelatime	+relatime
rnorelatime	-relatime -noatime
rnoatime	+noatime
ratime		+relatime
rstrictatime	-relatime -noatime
rnostrictatime	+relatime
rnosymfollow	+nosymfollow
rsymfollow	-nosymfollow
'
# what each takes away is set first
declare -A opposite=([atime]=noatime [dev]=nodev [diratime]=nodiratime [exec]=noexec [rw]=ro [suid]=nosuid [symfollow]=nosymfollow
	[async]=sync [nolazytime]=lazytime [nostrictatime]=strictatime [relatime]=noatime [loud]=silent [noiversion]=iversion [nomand]=mand
	[norelatime]=relatime [strictatime]=noatime [private]=shared [slave]=shared [rprivate]=rshared [rslave]=rshared
	[rrw]=rro [rsuid]=rnosuid [rdev]=rnodev [rexec]=rnoexec [rdiratime]=rnodiratime [rrelatime]=rnoatime [rnorelatime]=rrelatime
	[ratime]=rnoatime [rnostrictatime]=rstrictatime [rsymfollow]=rnosymfollow [rstrictatime]=rnoatime)

# every word that a mount's line has, those of its propagation without their numbers
words='[.options[], .super[], (.optional[] | sub(":.*"; ""))]'
# check NAME POINT WORD...
check() {
	local name=$1 where=$2 want filter
	shift 2
	filter="$(point "$where") | if . == null then \"not mounted\" else ($words) as \$w | [true"
	for want; do
		case $want in
			# of the mount, whatever its file system is
			[+-]r[ow]) filter+=", ((.options | index(\"${want#?}\") != null) == $([[ $want == +* ]] && echo true || echo false))" ;;
			+*) filter+=", (\$w | index(\"${want#+}\") != null)" ;;
			-*) filter+=", (\$w | index(\"${want#-}\") == null)" ;;
		esac
	done
	expect "$name" "$filter] | all end" true
}

# All options at once, a new tmpfs for each.
filters=()
while read -r option _; do
	[[ $option ]] || continue
	filters+=("mounted(\"/t/$option\"; \"tmpfs\"; \"tmpfs\"; [$([[ ! -v opposite[$option] ]] || printf '"%s", ' "${opposite[$option]}")\"$option\"])")
done <<<"$table"
inside "${filters[@]}" -- report
all=$stdout
while read -r option wants; do
	[[ $option ]] || continue
	stdout=$all
	# shellcheck disable=SC2086
	check "tmpfs: $option" "/t/$option" $wants
done <<<"$table"

# On a bind mount: what is a property of the mount. What the host's mount has is locked for a user
# namespace (mount_namespaces(7)): its time mode, and flags that it has. Root of one can have a file
# system of its own, in which nothing is locked; an ordinary user cannot.
own=$scratch/own
mkdir "$own"
with_own() {
	if [[ $mode != nested ]]; then "$@"; return; fi
	unshare --mount --propagation private sh -c 'mount -t tmpfs t "$1" || exit 99; shift; exec "$@"' - "$own" "$@"
}
is_locked() {
	[[ $mode == user ]] || return 1
	case $1 in
		diratime | rdiratime | *nostrictatime) return 1 ;;
		*diratime | *noatime | *strictatime | *norelatime) ;;
		*) return 1 ;;
	esac
}
filters=()
while read -r option _; do
	case $option in
		'' | sync | dirsync | lazytime | iversion | silent | mand) continue ;;
	esac
	if is_locked "$option" || is_locked "${opposite[$option]-}"; then continue; fi
	before_it=${opposite[$option]-}
	# what takes these away is nothing to a bind mount, and can be said of one
	case $option in async | nolazytime | noiversion | loud | nomand) before_it='' ;; esac
	filters+=("mounted(\"/b/$option\"; \"bind\"; \"$own\"; [\"bind\", ${before_it:+\"$before_it\", }\"$option\"])")
done <<<"$table"
bundle "$scratch/bundle" "${filters[@]}" -- report
new_id
run with_own timeout 60 "$LICHEN" --root "$(state_dir)" run --bundle "$scratch/bundle" "$id"
all=$stdout
while read -r option wants; do
	[[ ${filters[*]} == *\"/b/$option\"* ]] || continue
	stdout=$all
	# shellcheck disable=SC2086
	check "bind: $option" "/b/$option" $wants
done <<<"$table"
if [[ $mode != root ]]; then
	for option in noatime strictatime nodiratime; do
		refused "bind: $option, which the kernel does not let a user namespace change" 'change mount attributes.*Operation not permitted' \
			"mounted(\"/b\"; \"bind\"; \"$source\"; [\"bind\", \"$option\"])" -- report
	done
fi
for option in sync dirsync lazytime iversion silent mand; do
	refused "bind: $option belongs to the file system" "mounts\[[0-9]+\].options: '$option' is a property of the source's file system" \
		"mounted(\"/b\"; \"bind\"; \"$source\"; [\"bind\", \"$option\"])" -- report
done
refused "bind: an unknown option" "mounts\[[0-9]+\].options\[1\]: 'nosiud' is no option of a bind mount" \
	"mounted(\"/b\"; \"bind\"; \"$source\"; [\"bind\", \"nosiud\"])" -- report
refused "tmpfs: an unknown option" "mounts\[[0-9]+\].*nosiud" 'mounted("/b"; "tmpfs"; "tmpfs"; ["nosiud"])' -- report
refused "a file system that there is not" 'mounts\[[0-9]+\].*nofs' 'mounted("/b"; "nofs"; "nofs"; [])' -- report
refused "a bind mount without a source" 'mounts\[[0-9]+\].source: is required' '.mounts += [{destination: "/b", type: "bind", options: ["bind"]}]' -- report
refused "a source that is not there" "open '/nowhere/x': No such file" 'mounted("/b"; "bind"; "/nowhere/x"; ["bind"])' -- report
refused "an ID without a mapping" "mounts\[[0-9]+\].options\[0\]: 'uid=1234567'" 'mounted("/b"; "tmpfs"; "tmpfs"; ["uid=1234567"])' 'new("user")' \
	".linux.uidMappings = [{containerID: 0, hostID: $EUID, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: $(id -g), size: 1}] | single" -- report

# ---- flags do what they say ----

inside "mounted(\"/ro\"; \"bind\"; \"$source\"; [\"bind\", \"ro\"])" "mounted(\"/rw\"; \"bind\"; \"$source\"; [\"bind\"])" \
	"mounted(\"/links\"; \"bind\"; \"$source\"; [\"bind\", \"nosymfollow\"])" 'mounted("/noexec"; "tmpfs"; "tmpfs"; ["noexec"])' \
	'mounted("/size"; "tmpfs"; "tmpfs"; ["size=64k", "mode=0750"])' -- \
	create /ro/x x , create /rw/x x , read /links/link , read /links/file , stat /size , read /rw/link
expect "ro: nothing can be written" '.[0].error' EROFS
expect "rw: it can" '.[1].errno' 0
is "… and it is on the host" "$(cat "$source/x")" x
expect "nosymfollow: no link is followed" '.[2].error' ELOOP
expect "… but the file can be read" '.[3].text' 'text'
expect "mode= of a new file system" '.[4].mode' 0750
expect "a link without it" '.[5].text' 'text'

# ---- targets and sources ----

mkdir -p "$scratch/bundle/beside"
echo beside >"$scratch/bundle/beside/file"
new_rootfs
inside 'mounted("/new/a/b"; "bind"; "beside"; ["bind"])' "mounted(\"/new/c/file\"; \"bind\"; \"$source/file\"; [\"bind\"])" \
	'mounted("relative/dir"; "tmpfs"; "tmpfs"; [])' "mounted(\"/typed\"; \"rbind\"; \"$source\"; null)" \
	"mounted(\"/untyped\"; null; \"$source\"; [\"rbind\", \"\"])" -- \
	read /new/a/b/file , read /new/c/file , stat /relative/dir , read /typed/file , read /untyped/file , stat /new/a
expect "a source relative to the bundle, a target that is made" '.[0].text' 'beside'
expect "a file on a file that is made" '.[1].text' 'text'
expect "a relative destination" '.[2].type' dir
expect "type rbind without options" '.[3].text' 'text'
expect "no type, option rbind, an empty option" '.[4].text' 'text'
expect "a directory that is made has mode 0755" '.[5].mode' 0755
is "… on the host, too" "$(stat -c %a "$rootfs/new/c")" 755
is "… and the file 0644" "$(stat -c %a "$rootfs/new/c/file")" 644
inside 'mounted("/over"; "tmpfs"; "tmpfs"; [])' "mounted(\"/over/in\"; \"bind\"; \"$source\"; [\"bind\"])" 'mounted("/over"; "tmpfs"; "tmpfs"; ["ro"])' -- ls /over
expect "in their order: the later hides the earlier" '.[0].names' '[]'

# ---- tmpcopyup ----

new_rootfs
mkdir -p "$rootfs/data/sub/deep" "$rootfs/data/private"
echo one >"$rootfs/data/file"
echo two >"$rootfs/data/sub/deep/two"
chmod 4711 "$rootfs/data/file"
chmod 2750 "$rootfs/data/sub"
chmod 700 "$rootfs/data/private"
ln -s ../guest "$rootfs/data/link"
mkfifo -m 600 "$rootfs/data/fifo"
touch -d '2001-02-03 04:05:06 UTC' "$rootfs/data/sub/deep/two"
owner=0
if has_ids 1000; then
	owner=7
	inside 'caps(["CAP_CHOWN"])' -- create /data/owned x , chown /data/owned 7 8 , chown /data/link 7 8
fi
inside 'mounted("/data"; "tmpfs"; "tmpfs"; ["tmpcopyup", "ro"])' -- ls /data , lstat /data/file , lstat /data/link , read /data/sub/deep/two , \
	lstat /data/sub , lstat /data/private , lstat /data/fifo , lstat /data/sub/deep/two , create /data/x x , lstat /data/link , lstat /data/owned , report
expect "tmpcopyup: all is there" '.[0].names - ["owned"]' '["fifo","file","link","private","sub"]'
expect "tmpcopyup: a set-user-ID file keeps its mode" '.[1].mode' 4711
expect "tmpcopyup: a link stays one" '.[2] | [.type, .target]' '["link","../guest"]'
expect "tmpcopyup: deep content" '.[3].text' 'two'
expect "tmpcopyup: directories keep their modes" '[.[4,5].mode]' '["2750","0700"]'
expect "tmpcopyup: a FIFO" '.[6] | [.type, .mode]' '["fifo","0600"]'
expect "tmpcopyup: times" '.[7].mtime' 981173106
expect "tmpcopyup: read-only when it is full" '.[8].error' EROFS
expect "tmpcopyup: it is a tmpfs" "$(point /data | sed 's/\.\[0\]/.[11]/') | .type" tmpfs
if ((owner)); then
	expect "tmpcopyup: owners of files" '.[10] | [.uid, .gid, .mode]' '[7,8,"0644"]'
	expect "tmpcopyup: owners of links" '.[9] | [.uid, .gid]' '[7,8]'
else
	skip "tmpcopyup with other owners: $why_not_ids"
fi
is "tmpcopyup: the original has not changed" "$(stat -c %a "$rootfs/data/file")" 4711
refused "tmpcopyup on a bind mount" "'tmpcopyup' is for a tmpfs" "mounted(\"/b\"; \"bind\"; \"$source\"; [\"bind\", \"tmpcopyup\"])" -- report
new_rootfs

# ---- remount ----

inside 'mounted("/t"; "tmpfs"; "tmpfs"; ["size=64k", "nosuid"])' 'mounted("/t"; "tmpfs"; "tmpfs"; ["remount", "size=128k", "ro"])' \
	'mounted("/u"; "tmpfs"; "tmpfs"; ["nosuid"])' 'mounted("/u"; "none"; "none"; ["remount", "bind", "ro", "nosuid"])' \
	"mounted(\"/b\"; \"bind\"; \"$source\"; [\"bind\"])" 'mounted("/b"; "bind"; "none"; ["bind", "remount", "ro", "noexec"])' -- report , create /b/y y
check "remount: new data and flags" /t +size=128k +ro
check "remount of a mount alone" /u +ro +nosuid
check "remount of a bind" /b +ro +noexec
expect "… is in force" '.[1].error' EROFS
inside '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end)' -- report , stat /dev/null , create /dev/x x
check "a read-only /dev" /dev +ro
expect "… has devices and mounts" '[.[1].type, (.[0].mounts | map(select(.point == "/dev/pts")) | length)]' '["char",1]'
expect "… and takes nothing more" '.[2].error' EROFS
refused "remount of what is not there" 'mounts\[[0-9]+\]' 'mounted("/nothing"; "none"; "none"; ["remount", "ro"])' -- report

# ---- proc, sysfs, mqueue, cgroup, with our own namespaces ----

inside -- report , read /proc/self/comm , open /proc/sys/kernel/hostname w , ls /sys/class/net , create /sys/x x
check "/proc is a procfs" /proc +rw
expect "… of the container's PIDs" '.[1].text' 'guest'
check "/sys is read-only" /sys +ro +nosuid +noexec +nodev
expect "… of the container's network" '.[3].names' '["lo"]'
if [[ $mode == user ]] || findmnt --noheadings --types cgroup2 >/dev/null; then
	check "/sys/fs/cgroup is read-only" /sys/fs/cgroup +ro +nosuid +noexec +nodev
	expect "… and the unified hierarchy" "$(point /sys/fs/cgroup) | .type" cgroup2
	inside '(.mounts[] | select(.type == "cgroup") | .options) = ["nosuid", "noexec", "nodev"]' -- report
	check "/sys/fs/cgroup writable in a cgroup namespace of its own" /sys/fs/cgroup +rw
	expect "… which ends at our own cgroup" "$(point /sys/fs/cgroup) | .root" /
	inside 'without("cgroup")' '(.mounts[] | select(.type == "cgroup") | .options) = ["nosuid", "noexec", "nodev", "rw"]' -- report , \
		write /sys/fs/cgroup/cgroup.procs 0 , mkdir /sys/fs/cgroup/mine
	check "without one it is read-only whatever config.json says (CVE-2023-25809)" /sys/fs/cgroup +ro
	expect "… nobody moves" '.[1].errno != 0' true
	expect "… nothing is made" '.[2].error' EROFS
else
	skip "a mount of type cgroup: this host has no cgroup v2"
fi
inside 'without("pid")' 'unmounted("/dev/mqueue")' -- report , read /proc/self/comm
expect "the host's PIDs: /proc is one of them" '[.[0].pid > 1, (.[1].text | rtrimstr("\n"))]' '[true,"guest"]'
expect "… masked and read-only as ever" '[.[0].mounts[].point | select(. == "/proc/sys" or . == "/proc/keys")] | sort' '["/proc/keys","/proc/sys"]'
inside 'without("network")' -- report , create /sys/x x , write /sys/fs/cgroup/unified/cgroup.procs 0 , write /sys/fs/cgroup/cgroup.procs 0
expect "the host's network: /sys" "$(point /sys) | .type" sysfs
expect "… every mount in it read-only" '[.[0].mounts[] | select(.point | startswith("/sys")) | .options[0]] | unique' '["ro"]'
expect "… nothing in it can be made" '.[1].errno != 0' true
expect "… no cgroup can be entered" '[.[2, 3].errno == 0] | any' false
inside 'without("network")' '(.mounts[] | select(.destination == "/sys").options) -= ["ro"]' 'unmounted("/sys/fs/cgroup")' -- report , create /sys/x x , write /sys/fs/cgroup/cgroup.procs 0
expect "… writable, as asked for" "$(point /sys) | [.type, .options[0]]" '["sysfs","rw"]'
expect "… but for the cgroup tree in it" '[.[0].mounts[] | select(.point | startswith("/sys/fs/cgroup"))] | group_by(.point) | map(last.options[0]) | unique' '["ro"]'
expect "… no cgroup can be entered then, either" '.[2].errno != 0' true
if [[ -d /dev/mqueue ]] && mountpoint -q /dev/mqueue || [[ $mode == root ]]; then
	inside 'without("ipc")' -- report
	expect "the host's IPC: /dev/mqueue" "$(point /dev/mqueue) | .type" mqueue
else
	refused "the host's IPC, and no /dev/mqueue on this host" 'mounts\[[0-9]+\].*/dev/mqueue' 'without("ipc")' -- report
	like "… says what mends it" "$stderr" "hint: in the host's ipc namespace.*mount -t mqueue mqueue /dev/mqueue; or add . \"type\": \"ipc\""
fi
if [[ $mode == nested ]]; then
	bundle "$scratch/bundle" 'without("network")' 'unmounted("/sys/fs/cgroup")' -- report
	new_id
	run unshare --mount sh -c 'mount -t tmpfs none /sys && exec "$@"' - "$LICHEN" --root "$(state_dir)" run --bundle "$scratch/bundle" "$id"
	like "the host's network, and something else at /sys: not shown as a sysfs" "$status $stderr" "^1 .*mounts\[[0-9]*\]: '/sys' of the host: it is not of type 'sysfs'"
fi

# ---- recursive options, where there is something mounted beneath ----

if [[ $mode == user ]]; then
	# what every host has
	tree=/dev
	below=$(findmnt --noheadings --list --output TARGET --submounts /dev | sed 1d | head -n 1)
	inside 'mounted("/tree"; "bind"; "/dev"; ["rbind", "rro", "rnosuid", "rnoexec", "rnosymfollow"])' \
		'mounted("/one"; "bind"; "/dev"; ["rbind", "ro"])' -- report
	check "rbind: what is mounted beneath comes along" "/tree${below#"$tree"}"
	check "rro, rnosuid, rnoexec, rnosymfollow reach it" "/tree${below#"$tree"}" +ro +nosuid +noexec +nosymfollow
	check "… and the top" /tree +ro +nosuid +noexec +nosymfollow
	check "ro is for the top alone" "/one${below#"$tree"}" +rw
	refused "bind without what is mounted beneath: the kernel does not uncover" "use the option 'rbind'" \
		'mounted("/tree"; "bind"; "/dev"; ["bind"])' -- report
	elsewhere "rrw, rsuid, rdev, rexec and time modes on submounts: the host's mounts are locked for an ordinary user, who has none of his own (run the tests as root or in unshare -r)"
else
	in_tree() { # SCRIPT: in a mount namespace where $source has mounts beneath
		unshare --mount --propagation private sh -c '
			mount -t tmpfs -o noexec,nosuid,nodev,ro t "$1/dir" && mount -t tmpfs -o noatime t "$1/empty" || exit 99
			shift; exec "$@"' - "$source" "$@"
	}
	bundle "$scratch/bundle" "mounted(\"/set\"; \"bind\"; \"$source\"; [\"rbind\", \"rro\", \"rnosuid\", \"rnodev\", \"rnoexec\", \"rnoatime\", \"rnodiratime\", \"rnosymfollow\"])" \
		"mounted(\"/clear\"; \"bind\"; \"$source/dir\"; [\"rbind\", \"rrw\", \"rsuid\", \"rdev\", \"rexec\", \"rstrictatime\"])" \
		"mounted(\"/mixed\"; \"bind\"; \"$source/empty\"; [\"rbind\", \"ro\", \"rrelatime\"])" "mounted(\"/plain\"; \"bind\"; \"$source/empty\"; [\"bind\"])" -- report
	new_id
	run in_tree timeout 60 "$LICHEN" --root "$(state_dir)" "${runtime_flags[@]}" run --bundle "$scratch/bundle" "$id"
	if [[ $mode == root ]]; then
		check "rro, rnosuid, rnodev, rnoexec, rnoatime, rnosymfollow beneath" /set/dir +ro +nosuid +nodev +noexec +noatime +nodiratime +nosymfollow
	else
		like "recursive options do not change what the kernel has locked: it is said" "$status $stderr" 'change mount attributes'
		bundle "$scratch/bundle" "mounted(\"/clear\"; \"bind\"; \"$source/dir\"; [\"rbind\", \"rrw\", \"rsuid\", \"rdev\", \"rexec\", \"rstrictatime\"])" \
			"mounted(\"/mixed\"; \"bind\"; \"$source/empty\"; [\"rbind\", \"ro\", \"rrelatime\"])" "mounted(\"/plain\"; \"bind\"; \"$source/empty\"; [\"bind\"])" -- report
		new_id
		run in_tree timeout 60 "$LICHEN" --root "$(state_dir)" "${runtime_flags[@]}" run --bundle "$scratch/bundle" "$id"
	fi
	check "rrw, rsuid, rdev, rexec, rstrictatime" /clear +rw -nosuid -nodev -noexec -relatime -noatime
	check "ro with rrelatime" /mixed +ro +relatime
	check "neither" /plain +rw +noatime
fi

# ---- propagation ----

if [[ $mode == user ]]; then
	elsewhere "mount events from the host: an ordinary user cannot mount there (run the tests as root or in unshare -r)"
else
	propagate() { # OPTION: prints what the container sees of a mount that comes when it is there already
		bundle "$scratch/bundle" "mounted(\"/shared\"; \"bind\"; \"$source\"; [\"rbind\", \"$1\"])" -- ls /shared/dir
		new_id
		run unshare --mount --propagation private bash -c '
			mount --bind "$1" "$1" && mount --make-shared "$1" || exit 99
			rt() { timeout 60 "$2" --root "$3" "${@:5}"; }
			timeout 60 "$2" --root "$3" create --bundle "$4" "$5" && mount -t tmpfs t "$1/dir" && touch "$1/dir/late" &&
			timeout 60 "$2" --root "$3" start "$5" && while "$2" --root "$3" state "$5" | grep -q running; do sleep 0.02; done' \
			- "$source" "$LICHEN" "$(state_dir)" "$scratch/bundle" "$id"
		rt delete --force "$id" 2>/dev/null
	}
	propagate rslave
	expect "rslave: a later mount of the host turns up" '.[0].names' '["late"]'
	propagate rshared
	expect "rshared: a later mount of the host turns up" '.[0].names' '["late"]'
	propagate rprivate
	expect "rprivate: it does not" '.[0].names' '[]'
	propagate nosuid
	expect "unless asked for it does not" '.[0].names' '[]'
fi
for value in private rprivate; do
	inside ".linux.rootfsPropagation = \"$value\"" -- report
	expect "rootfsPropagation $value" "$(point /) | .optional" '[]'
done
for value in shared rshared; do
	inside ".linux.rootfsPropagation = \"$value\"" -- report
	expect "rootfsPropagation $value" "$(point /) | .optional | map(sub(\":.*\"; \"\")) | index(\"shared\") != null" true
done
for value in slave rslave; do
	inside ".linux.rootfsPropagation = \"$value\"" -- report
	expect "rootfsPropagation $value" "$(point /) | .optional | map(sub(\":.*\"; \"\")) - [\"master\"]" '[]'
done
for value in unbindable runbindable; do
	inside ".linux.rootfsPropagation = \"$value\"" -- report
	expect "rootfsPropagation $value" "$(point /) | .optional" '["unbindable"]'
done
inside '.linux.rootfsPropagation = "rshared"' 'mounted("/t"; "tmpfs"; "tmpfs"; [])' -- report
check "rshared reaches what is mounted" /t +shared
inside '.linux.rootfsPropagation = "shared"' 'mounted("/t"; "tmpfs"; "tmpfs"; [])' -- report
check "shared is for the root alone" /t -shared
refused "another word" 'linux.rootfsPropagation' '.linux.rootfsPropagation = "sideways"' -- report

# ---- the root ----

inside '.root.readonly = true' 'mounted("/made/for/it"; "tmpfs"; "tmpfs"; [])' -- create /x x , create /made/for/it/x x , report , mkdir /made/y
expect "a read-only root" '.[0].error' EROFS
expect "… a mount in it is writable" '.[1].errno' 0
expect "… and its directory could be made" '.[3].error' EROFS
new_rootfs
inside -- create /x x , ls / , chdir .. , stat /.. , report
expect "a writable root" '.[0].errno' 0
expect "nothing of the host is in it" '.[1].names' '["dev","guest","proc","sys","x"]'
expect "the way up ends" '.[2].cwd' /
expect "no mount of the host is left" '[.[4].mounts[].point | select(test("^/(home|etc|work|usr|root|var)"))]' '[]'
if [[ -f $rootfs/x ]]; then tap_pass "… on the host, too"; else tap_fail "… on the host, too"; fi

no_pivot() {
	bundle "$scratch/bundle" "$@"
	new_id
	run rt run --no-pivot --bundle "$scratch/bundle" "$id"
}
new_rootfs
no_pivot '.root.readonly = true' -- report , ls / , create /y y , stat /.. , chdir /..
expect "--no-pivot: our root" '.[1].names' '["dev","guest","proc","sys"]'
expect "--no-pivot: read-only" '.[2].error' EROFS
expect "--no-pivot: the way up ends" '.[4].cwd' /
# A procfs that nothing covers, left beneath, would let a namespace inside mount another one without masks.
masked='.linux.maskedPaths = ["/proc/version"]'
inside "$masked" -- mkdir /p , nested-proc /p
expect "a user namespace inside gets no procfs without masks" '.[1].error' EPERM
no_pivot "$masked" -- mkdir /p , nested-proc /p
expect "--no-pivot: it gets none either" '.[1].error' EPERM
no_pivot 'caps(["CAP_SYS_CHROOT"])' -- umount / , ls /
expect "--no-pivot: our root stays, even with CAP_SYS_CHROOT" '[.[0].error, .[1].errno]' '["EPERM",0]'
no_pivot 'caps(["CAP_SYS_ADMIN"])' -- report
if [[ $mode == root ]]; then
	like "--no-pivot with CAP_SYS_ADMIN: root is warned" "$status $stderr" '^0 lichen: warning: --no-pivot: with CAP_SYS_ADMIN the container can leave its root'
else
	like "--no-pivot with CAP_SYS_ADMIN is refused" "$status $stderr" '^1 .*process.capabilities: with --no-pivot and CAP_SYS_ADMIN the container could leave its root'
fi

# ---- masked and read-only paths ----

new_rootfs
mkdir -p "$rootfs/secret/dir" "$rootfs/keep/sub"
echo secret >"$rootfs/secret/file"
echo secret >"$rootfs/secret/dir/file"
ln -s secret/file "$rootfs/secret-link"
inside '.linux.maskedPaths = ["/secret/file", "/secret/dir", "/nowhere", "/secret/file/below", "/proc/version"]' \
	'.linux.readonlyPaths = ["/keep", "/nowhere", "/proc/sys", "/proc/irq"]' 'mounted("/keep/sub"; "tmpfs"; "tmpfs"; [])' -- \
	read /secret/file , ls /secret/dir , create /secret/dir/x x , read /proc/version , create /keep/x x , create /keep/sub/x x , \
	open /proc/sys/kernel/hostname w , report , stat /secret/file , write /secret/file x , read /secret-link
expect "masked: a file is empty" '.[0].text' ''
expect "masked: through a link, too" '.[10].text' ''
expect "masked: a directory is empty" '.[1].names' '[]'
expect "masked: and read-only" '.[2].error' EROFS
expect "masked: a file of /proc" '.[3].text' ''
expect "masked: a file is the null device" '.[8] | [.type, .rdev]' '["char","1:3"]'
expect "read-only: a path" '.[4].error' EROFS
expect "read-only: what is mounted beneath it" '.[5].error' EROFS
expect "read-only: /proc/sys" '[.[6].errno != 0, (.[7].mounts[] | select(.point == "/proc/sys") | .options[0])]' '[true,"ro"]'
is "on the host nothing is masked" "$(cat "$rootfs/secret/file" "$rootfs/secret/dir/file")" $'secret\nsecret'
refused "a masked path that is relative" 'linux.maskedPaths\[0\]' '.linux.maskedPaths = ["secret"]' -- report
for path in /proc/keys /proc/timer_list /sys/firmware; do
	[[ -e $path ]] || continue
	inside -- stat "$path" , ls "$path" , read "$path"
	expect "lichen spec masks $path" '[(.[1].names // []), (.[2].text // "")]' '[[],""]'
done

# ---- a sandbox around us, or an old kernel ----

if find_deny; then
	new_rootfs
	mkdir -p "$rootfs/data/sub" "$rootfs/secret" "$rootfs/keep" "$rootfs/real/deeper"
	echo one >"$rootfs/data/sub/file"
	ln -s /real "$rootfs/alias"
	many=("mounted(\"/b/ro\"; \"bind\"; \"$source\"; [\"bind\", \"ro\", \"nosuid\", \"nodev\", \"noexec\", \"nosymfollow\"])"
		"mounted(\"/b/file\"; \"bind\"; \"$source/file\"; [\"bind\", \"ro\"])"
		"mounted(\"/b/shared\"; \"bind\"; \"$source\"; [\"rbind\", \"rshared\"])"
		"mounted(\"/alias/deeper/../deeper\"; \"bind\"; \"$source\"; [\"bind\", \"ro\"])"
		'mounted("/t"; "tmpfs"; "tmpfs"; ["size=64k", "mode=0700", "nosuid", "noexec", "strictatime"])'
		'mounted("/n"; "tmpfs"; "tmpfs"; ["noatime", "nodev", "ro", "sync"])'
		'mounted("/data"; "tmpfs"; "tmpfs"; ["tmpcopyup", "ro"])'
		'mounted("/t"; "tmpfs"; "tmpfs"; ["remount", "size=128k", "ro", "nosuid"])'
		'mounted("/s"; "tmpfs"; "tmpfs"; ["strictatime", "nodev"])'
		'.linux.maskedPaths = ["/secret", "/proc/kcore"]' '.linux.readonlyPaths = ["/keep", "/proc/sys", "/s"]'
		'.root.readonly = true' '.linux.rootfsPropagation = "slave"' 'unmounted("/sys/fs/cgroup")')
	actions=(report , read /data/sub/file , create /b/ro/x x , create /keep/x x , create /data/x x , open /proc/sys/kernel/hostname w ,
		ls /secret , ls /dev , stat /dev/null , create /x x)
	# IDs of mounts and devices differ, and so do those of peer groups
	same='[(.[0].mounts | map({point, root, type, options: (.options | sort), super: (.super - ["ro", "rw"] | sort), optional: (.optional | map(sub(":.*"; "")))}) | sort_by(.point)),
		(.[0] | [.hostname, .caps, .fds]), (.[1:] | map(del(.ino, .dev, .mtime)))]'
	inside single "${many[@]}" -- "${actions[@]}"
	wanted=$(got "$same")
	expect "the mounts to compare with" '[.[0].mounts[].point | select(. == "/b/ro" or . == "/real/deeper")] | sort' '["/b/ro","/real/deeper"]'
	new=open_tree,move_mount,fsopen,fsmount,fsconfig,mount_setattr
	for calls in openat2 mount_setattr open_tree fsopen move_mount $new $new,openat2,clone3,close_range; do
		for code in ENOSYS EPERM; do
			denied "$calls:$code" "${many[@]}" -- "${actions[@]}"
			answer=$(got "$same")
			if [[ $answer == "$wanted" ]]; then
				tap_pass "$code for $calls: the same container"
			else
				tap_fail "$code for $calls: the same container" "status: $status" "stderr: $stderr" \
					"$(diff <(jq -c '.[0][], .[1:][]' <<<"$wanted" 2>&1) <(jq -c '.[0][], .[1:][]' <<<"$answer" 2>&1) | head -n 8)"
			fi
		done
	done
else
	skip "the same container without the new system calls: $why_not_deny"
fi

nothing_left "nothing is left" "$before"
done_testing

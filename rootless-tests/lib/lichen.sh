# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016
# For test files of the runtime: bundles in a line, peers by name, the collector, what is left over.
#
#   LICHEN (environment)         the runtime under test (default: lichen from PATH)
#   mode                         user, root or nested (uid 0 of a user namespace that somebody made)
#   LICHEN_HELPERS (environment) its helper programs (default: those of the build that it lies in)
#   make_bundle DIR [FILTER...]  a bundle with a busybox root, without a network but a loopback; every jq
#                                FILTER changes config.json
#   rt ARG...                    the runtime with this file's own --root, a log and its cgroup manager
#   new_id                       sets $id to a fresh container name
#   with_runtime NAME CMD...     runs CMD with crun, runc or lichen in the place of the runtime
#   census                       all that a container could leave behind, a line each
#   newly_there BEFORE           what the census has now and had not before
#   nothing_new BEFORE           for eventually: that is nothing
#   nothing_left NAME BEFORE     passes if census says again what it said before
#   eventually CMD...            waits until CMD succeeds (10 s)
#   no_cgroup                    one skipped test: this caller gets no cgroup, and what there would have to be
#   within SECONDS CMD...        CMD with a deadline; 124 when it is over
#
# At exit every container of this file is deleted and its scratch folder removed.

lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tap.sh
source "$lib/tap.sh"
# shellcheck source=features.sh
source "$lib/features.sh"
LICHEN=$(command -v -- "${LICHEN:-lichen}") || { echo "Bail out! there is no runtime ${LICHEN:-lichen}"; exit 1; }
runtime=$LICHEN
# one that is not installed finds its helpers by this alone
helpers=$(dirname "$(realpath "$LICHEN")")/../helpers
if [[ -x $helpers/lichen-scope && ! ${LICHEN_HELPERS-} ]]; then
	LICHEN_HELPERS=$(realpath "$helpers")
	export LICHEN_HELPERS
fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lichen-test.XXXXXX")
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$scratch}
log=$scratch/log.json
collected=$(date '+%Y-%m-%d %H:%M:%S')
containers=0

# A scope by systemd where there is a user's manager, else no cgroup is asked for.
if [[ -S $XDG_RUNTIME_DIR/bus ]]; then runtime_flags=(--systemd-cgroup); else runtime_flags=(); fi

# The number of the first user namespace is fixed (PROC_USER_INIT_INO).
mode=user
if ((EUID == 0)); then
	mode=nested
	# shellcheck disable=SC2034  # for the test file
	[[ $(readlink /proc/self/ns/user) != 'user:[4026531837]' ]] || mode=root
fi

eventually() {
	local i
	for ((i = 0; i < 100; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

# A guest has one.
no_cgroup() {
	local why="no cgroup of one's own: no systemd manager answers UID $EUID, and no cgroup v2 is delegated to it"
	if [[ ${LICHEN_TIER:-here} == here ]]; then elsewhere "$why"; else skip "$why"; fi
}

within() {
	local seconds=$1
	shift
	timeout -k 5 "$seconds" "$@"
}

state_dir() { echo "$scratch/state-${runtime##*/}"; }

# always with a deadline: a runtime that hangs is a failed test, not a lost run
rt() {
	within "${LICHEN_DEADLINE:-60}" "$runtime" --root "$(state_dir)" --log "$log" "${runtime_flags[@]}" "$@"
}

# Names are unique on the machine, because a scope's name is.
# shellcheck disable=SC2034  # id is for the test file
new_id() {
	containers=$((containers + 1))
	id=t$$-${scratch##*.}-$containers
}

with_runtime() {
	local runtime=$1
	shift
	[[ $runtime != lichen ]] || runtime=$LICHEN
	runtime=$(command -v "$runtime") || return 127
	"$@"
}

# The root of every bundle is a link farm to one busybox; made once for a test file.
make_rootfs() {
	local rootfs=$1 busybox=$scratch/busybox
	if [[ ! -d $busybox ]]; then
		mkdir -p "$busybox"/{bin,dev,etc,proc,sys,tmp,root,run,var}
		cp "$(command -v busybox)" "$busybox/bin/busybox"
		"$busybox/bin/busybox" --list | (cd "$busybox/bin" && grep -vx busybox | xargs -n 1 ln -s busybox)
		printf 'root:x:0:0:root:/root:/bin/sh\n' >"$busybox/etc/passwd"
		printf 'root:x:0:\n' >"$busybox/etc/group"
	fi
	cp -a "$busybox" "$rootfs"
}

make_bundle() {
	local dir=$1 filter='.process.terminal = false | .root.readonly = false | del(.annotations["org.lichen.network"])' more
	shift
	for more; do filter+=" | $more"; done
	mkdir -p "$dir"
	make_rootfs "$dir/rootfs"
	(cd "$dir" && rm -f config.json && "$runtime" spec --rootless) || return
	jq "$filter" "$dir/config.json" >"$dir/config.new" && mv "$dir/config.new" "$dir/config.json"
}

# on a machine that somebody uses, their containers are none of ours: a storage of our own
own_storage() {
	if [[ ${LICHEN_TIER:-here} != here ]]; then return; fi
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage"\nrunroot = "%s/storage-run"\n' "$scratch" "$scratch" >"$scratch/storage.conf"
	export CONTAINERS_STORAGE_CONF=$scratch/storage.conf
}

own_cgroups() {
	local place=/sys/fs/cgroup
	[[ -d $place/user.slice ]] || place=/sys/fs/cgroup/unified
	# slices stay, and so do the session, the bus and Podman's own pause process
	find "$place" -type d -user "$(id -un)" 2>/dev/null |
		grep -vE '\.slice$|/(session-|dbus|podman-|run-|app-dbus|init\.scope)' || :
}

# In a guest every process is ours: those in other pid namespaces are containers', in ours it is the
# names that tell. On a machine that others use, only what has to do with our scratch folder counts.
own_processes() {
	local process
	if [[ ${LICHEN_TIER-} != here ]]; then
		ps -e -o pidns=,user=,comm= | awk -v ours="$(readlink /proc/self/ns/pid | tr -dc 0-9)" '
			$1 != ours && $1 ~ /^[0-9]+$/ {print $3, "in a pid namespace"}
			$1 == ours && $3 ~ /lichen|crun|runc|conmon|fuse-overlayfs|slirp4netns|pasta/ {print $3}'
		return
	fi
	for process in /proc/[0-9]*; do
		[[ ${process#/proc/} != "$$" ]] || continue
		if tr '\0' ' ' <"$process/cmdline" | grep -qF "$scratch" || grep -qF "$scratch" "$process/mountinfo"; then
			cat "$process/comm"
		fi
	done 2>/dev/null | grep -vxE 'tr|grep|comm|sort|bash|cat' || :
}

census() {
	own_cgroups | sed 's/^/cgroup /'
	own_processes | sed 's/^/process /'
	sed -E 's/^[0-9]+ [0-9]+ [^ ]+ //; s/ - .*//; s/^/mount /' /proc/self/mountinfo
	find "$scratch"/state-* -mindepth 1 ! -path '*/.seccomp*' 2>/dev/null | sed 's/^/state /' || :
	# the cache of compiled filters is meant to stay
	find "$XDG_RUNTIME_DIR" -maxdepth 2 ! -name .seccomp ! -path "$scratch" ! -path "$scratch/*" \( -path '*lichen*' -o -path '*crun*' \) 2>/dev/null | sed 's/^/runtime /' || :
}

newly_there() { LC_ALL=C comm -13 <(LC_ALL=C sort <<<"$1") <(census | LC_ALL=C sort); }
nothing_new() { [[ -z $(newly_there "$1") ]]; }

nothing_left() {
	if eventually nothing_new "$2"; then tap_pass "$1"; return; fi
	tap_fail "$1" "$(newly_there "$2" | head -n 40 | sed 's/^/left: /')"
}

# The collector: what a person would look at first. Every failed test shows what came since the last.
on_failure() {
	[[ ! -s $log ]] || diag "the runtime's log:" "$(tail -n 8 "$log")"
	rm -f "$log"
	if command -v journalctl >/dev/null; then
		diag "journal and kernel log:" "$(journalctl --quiet --no-pager --since "$collected" -o short-monotonic 2>&1 |
			grep -vE 'pam_unix| podman\[| systemd-run|<nwarn>: Failed to|(Started|Stopped) .*\.scope' | tail -n 20 | cut -c 1-240 || :)"
	fi
	collected=$(date '+%Y-%m-%d %H:%M:%S')
}

delete_containers() {
	local state name binary
	for state in "$scratch"/state-*; do
		[[ -d $state ]] || continue
		binary=$(command -v "${state##*/state-}") || binary=$LICHEN
		for name in "$state"/*/; do
			name=$(basename "$name")
			[[ $name != '*' ]] || continue
			within 20 "$binary" --root "$state" "${runtime_flags[@]}" delete --force "$name" >/dev/null 2>&1 || :
		done
	done
}

at_exit() {
	delete_containers
	# files of other mapped IDs need the mapping again
	rm -rf "$scratch" 2>/dev/null || unshare --user --map-auto --map-root-user rm -rf "$scratch" || :
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# For the tests with Podman: lichen.sh, a configuration of the user's own, an image, and scenarios that
# lichen has to pass if crun passes them in the same boot.
#
#   pod ARG...              podman with the runtime $oci, with a deadline
#   box OPTION... CMD...    pod run --rm without a network; every "@" is the image
#   script OPTION... <TEXT  the same, for a shell script that prints lines "KEY VALUE": $status, $stderr,
#                           and said KEY prints the VALUE
#   on_terminal CMD...      CMD (a line for the shell) at a terminal of its own, whose input is ours
#   cgroup_of CONTAINER     its cgroup's folder as the host sees it
#   remove_all              every container and pod
#
#   LICHEN_CGROUP_MANAGER (environment)  Podman's manager of cgroups, if not its default
#
#   scenario FUNCTION...    calls each for crun, then for lichen. What it checks is paired by name:
#   expect NAME GOT WANT        the same text
#   matches NAME GOT REGEX
#   works NAME CMD...           CMD succeeds
#   fails NAME CMD...           CMD fails
#   gives STATUS NAME CMD...
#   scenarios_done LEAST    what is left of all; at least so many scenarios counted; the last line
#
# A scenario that crun does not pass does not count for lichen either: it is named as such.

# shellcheck source=lichen.sh
source "$(dirname "${BASH_SOURCE[0]}")/lichen.sh"

name=${LICHEN##*/}
image=localhost/rig-busybox
seconds=${LICHEN_DEADLINE:-60}
oci=$name
scenarios=() counted=0
declare -A verdict=() reason=()

# A configuration folder of our own, so that nothing of the machine is changed; what systemd starts for
# Podman finds it, too.
podman_configure() {
	export XDG_CONFIG_HOME=$scratch/config
	own_storage
	systemctl --user set-environment XDG_CONFIG_HOME="$XDG_CONFIG_HOME"
	local folder=$XDG_CONFIG_HOME/containers/containers.conf.d
	local installed=${LICHEN%/*}/../share/lichen/podman.conf
	mkdir -p "$folder"
	if [[ $name == lichen && -e $installed ]]; then cp "$installed" "$folder/50-lichen.conf"
	else cat >"$folder/50-lichen.conf" <<-END
		[engine]
		runtime = "$name"
		runtime_supports_json = ["$name", "crun"]
		runtime_supports_nocgroup = ["$name", "crun"]

		[engine.runtimes]
		$name = ["$LICHEN"]
	END
	fi
	[[ ! ${LICHEN_CGROUP_MANAGER-} ]] ||
		printf '[engine]\ncgroup_manager = "%s"\n' "$LICHEN_CGROUP_MANAGER" >"$folder/55-manager.conf"
	# Podman limits the processes of every container; where no limits can be, that has to be switched off
	has_cgroup_pids 2>/dev/null || printf '[containers]\npids_limit = 0\n' >"$folder/60-no-pids.conf"
}

# The first container brings Podman's pause process and its namespace up.
podman_begin() {
	podman_configure
	make_rootfs "$scratch/image"
	printf 'daemon:x:5:6:daemon:/:/bin/sh\n' >>"$scratch/image/etc/passwd"
	chmod 1777 "$scratch/image/tmp"
	tar -c --owner 0 --group 0 -C "$scratch/image" . | within "$seconds" podman import - "$image" >/dev/null 2>&1
	[[ $(pod info --format '{{.Host.CgroupManager}}') == "${LICHEN_CGROUP_MANAGER:-systemd}" ]] || return
	oci=crun run box @ true && oci=$name run box @ true || return
	pod_mounts_before=$(pod_mounts)
	before=$(census)
}

eval "lichen_$(declare -f at_exit)"
at_exit() {
	if [[ ${XDG_CONFIG_HOME-} == "$scratch/config" ]]; then
		remove_all
		systemctl --user unset-environment XDG_CONFIG_HOME
	fi
	lichen_at_exit
}

pod() { within "$seconds" podman --runtime "$oci" "$@"; }
box() { pod run --rm --network none "${@/#@/$image}"; }
said() { sed -n "s/^$1 //p" <<<"$stdout"; }
script() {
	local text
	text=$(cat)
	run box "$@" @ sh -c "$text"
}
on_terminal() { within "$seconds" script --quiet --return --command "$*" /dev/null; }
cgroup_of() { echo "/sys/fs/cgroup$(pod inspect --format '{{.State.CgroupPath}}' "$1")"; }
remove_all() {
	within "$seconds" podman pod rm --all --force --time 0 >/dev/null 2>&1
	within "$seconds" podman rm --all --force --time 0 >/dev/null 2>&1
}
# the mount namespace in which Podman lets every container be made: a mount left there stays
pod_mounts() {
	# but for Podman's own, for its storage and for bridge networks
	within "$seconds" podman unshare sed -E 's/^[0-9]+ [0-9]+ [^ ]+ //; s/ - .*//; \|^(.*/storage/overlay) \1 |d; \|^/netns |d' \
		/proc/self/mountinfo | LC_ALL=C sort
}

# verdict_is pass|fail NAME LINE...
verdict_is() {
	[[ -v verdict[crun/$2] || -v verdict[$name/$2] ]] || scenarios+=("$2")
	verdict[$oci/$2]=$1
	reason[$oci/$2]=$(printf '%s\n' "${@:3}")
}
expect() {
	if [[ $2 == "$3" ]]; then verdict_is pass "$1"
	else verdict_is fail "$1" "got:    $2" "wanted: $3" "status: $status" "stderr: $stderr"; fi
}
matches() {
	if [[ $2 =~ $3 ]]; then verdict_is pass "$1"
	else verdict_is fail "$1" "got:          $2" "wanted match: $3" "status: $status" "stderr: $stderr"; fi
}
gives() {
	local want=$1 what=$2
	shift 2
	run "$@"
	if ((status == want)); then verdict_is pass "$what"
	else verdict_is fail "$what" "wanted status $want" "$(tap_said "$@")"; fi
}
works() { gives 0 "$@"; }
fails() {
	local what=$1
	shift
	run "$@"
	if ((status != 0 && status != 124 && status != 137)); then verdict_is pass "$what"
	else verdict_is fail "$what" "wanted a failure" "$(tap_said "$@")"; fi
}

settle() {
	local one ours theirs
	for one in "${scenarios[@]}"; do
		ours=${verdict[$name/$one]:-missing} theirs=${verdict[crun/$one]:-missing}
		if [[ $theirs != pass ]] && [[ $name != crun ]]; then
			diag "crun: ${reason[crun/$one]-not checked}"
			elsewhere "crun does not pass it (${name}: $ours): $one"
			continue
		fi
		counted=$((counted + 1))
		if [[ $ours == pass ]]; then tap_pass "$one"; else tap_fail "$one" "${reason[$name/$one]-not checked}"; fi
	done
	scenarios=() verdict=() reason=()
}

scenario() {
	local one
	for one; do
		[[ " ${LICHEN_ONLY:-$one} " == *" $one "* ]] || continue
		for oci in crun "$name"; do
			"$one"
			[[ $name != crun ]] || break
		done
		settle
	done
	oci=$name
}

scenarios_done() {
	remove_all
	is "no mount is left in Podman's namespace" "$(diff <(echo "$pod_mounts_before") <(pod_mounts) | grep '^[<>]')" ''
	nothing_left "nothing is left" "$before"
	[[ ${LICHEN_ONLY-} ]] || ok "crun passed at least $1 scenarios (here: $counted)" test "$counted" -ge "$1"
	done_testing
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# For the tests with Podman: scenarios.sh, a configuration of the user's own, and an image.
#
#   pod ARG...              podman with the runtime $oci, with a deadline
#   box OPTION... CMD...    pod run --rm without a network; every "@" is the image
#   script OPTION... <TEXT  the same, for a shell script that prints lines "KEY VALUE": $status, $stderr,
#                           and said KEY prints the VALUE
#   cgroup_of CONTAINER     its cgroup's folder as the host sees it
#   remove_all              every container and pod
#
#   LICHEN_CGROUP_MANAGER (environment)  Podman's manager of cgroups, if not its default
#   by_cgroupfs FILE SCENARIOS   those of another test file once more by Podman's manager cgroupfs, beneath
#                           a delegated unit, where one may make cgroups without asking systemd
#
#   scenarios_done LEAST    what is left of all; at least so many scenarios counted; the last line

# shellcheck source=scenarios.sh
source "$(dirname "${BASH_SOURCE[0]}")/scenarios.sh"

image=localhost/rig-busybox

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

in_delegated_unit() {
	within 500 systemd-run --user --quiet --wait --pipe --collect --property Delegate=yes --working-directory "$HOME" \
		--setenv PATH --setenv TMPDIR --setenv LICHEN --setenv LICHEN_TIER --setenv LICHEN_DEADLINE --setenv LICHEN_ONLY="$1" \
		--setenv LICHEN_CGROUP_MANAGER=cgroupfs -- "${@:2}"
}
by_cgroupfs() { others "cgroupfs: ${1%%-*}" in_delegated_unit "$2" bash "$(realpath "$(dirname "$0")")/$1"; }

scenarios_done() {
	remove_all
	is "no mount is left in Podman's namespace" "$(diff <(echo "$pod_mounts_before") <(pod_mounts) | grep '^[<>]')" ''
	nothing_left "nothing is left" "$before"
	scenarios_count "$1"
	done_testing
}

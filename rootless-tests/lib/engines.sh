# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# For the tests with engines that have a daemon: scenarios.sh, an image in a file, and the daemon in a
# delegated unit of the user's.
#
#   image_file             makes $scratch/box.tar: the image box:1, a busybox, as docker save writes them
#   daemon NAME CMD...     CMD as the unit $unit, until the file's end
#   daemon_said            what it has last said
#   daemon_ends            stops it and waits for it
#   unit_cgroup            the unit's cgroup as a folder

# shellcheck source=scenarios.sh
source "$(dirname "${BASH_SOURCE[0]}")/scenarios.sh"
unit=''

# the image format of docker save: a list of images, each with its configuration and its layers
image_file() {
	local folder=$scratch/box digest machine
	machine=$(uname -m)
	case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
	mkdir -p "$folder"
	make_rootfs "$scratch/image"
	printf 'daemon:x:5:6:daemon:/:/bin/sh\n' >>"$scratch/image/etc/passwd"
	chmod 1777 "$scratch/image/tmp"
	tar -c --owner 0 --group 0 -C "$scratch/image" . >"$folder/layer.tar"
	digest=$(sha256sum <"$folder/layer.tar" | cut -d ' ' -f 1)
	jq -n --arg digest "sha256:$digest" --arg machine "$machine" '{architecture: $machine, os: "linux",
		config: {Cmd: ["sh"], Env: ["PATH=/bin", "FROM_IMAGE=yes"]},
		rootfs: {type: "layers", diff_ids: [$digest]}}' >"$folder/config.json"
	echo '[{"Config": "config.json", "RepoTags": ["box:1"], "Layers": ["layer.tar"]}]' >"$folder/manifest.json"
	tar -c -C "$folder" . >"$scratch/box.tar"
}

daemon() {
	unit=lichen-test-$1-$$
	shift
	systemd-run --user --quiet --collect --unit="$unit" -p Delegate=yes -p StandardOutput="file:$scratch/daemon" -p StandardError="file:$scratch/daemon" \
		--setenv=PATH="$PATH:/usr/sbin:/sbin" --setenv=XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" --setenv=HOME="$scratch" -- "$@"
}
daemon_said() { tail -n "${1:-20}" "$scratch/daemon"; }
daemon_ends() {
	[[ $unit ]] || return 0
	systemctl --user stop "$unit" >/dev/null 2>&1
	unit=''
}
unit_cgroup() { echo "/sys/fs/cgroup$(systemctl --user show -P ControlGroup "$unit")"; }

eval "lichen_$(declare -f at_exit)"
at_exit() {
	daemon_ends
	lichen_at_exit
}

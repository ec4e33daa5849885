# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016
# Which tier shows what: reads the table rig/tiers, and asks the machine itself.

feature_table=$(dirname "${BASH_SOURCE[0]}")/../rig/tiers

feature_names() { sed '/^#/d; /^$/d; s/[[:space:]].*//' "$feature_table"; }

# feature_cell FEATURE TIER  prints yes, or a number that stands for a reason
feature_cell() {
	awk -v f="$1" -v t="$2" '
		/^#feature/ {for (i = 2; i <= NF; i++) if ($i == t) column = i}
		$1 == f {print column ? $column : "unknown-tier"; found = 1}
		END {if (!found) print "unknown-feature"}' "$feature_table"
}

# feature_reason FEATURE  prints nothing if the current tier shows it, else why it does not
feature_reason() {
	local tier=${LICHEN_TIER:-here} cell probe=has_${1//-/_}
	if [[ $tier == here ]]; then
		"$probe" >/dev/null 2>&1 || echo "this machine has it not"
		return
	fi
	cell=$(feature_cell "$1" "$tier")
	case $cell in
		yes) return ;;
		unknown-*) echo "$cell: $1 in $tier, see rig/tiers"; return ;;
		*\?) ! "$probe" >/dev/null 2>&1 || return 0 ;;
	esac
	sed -n "s/^#${cell%\?}[[:space:]]*//p" "$feature_table"
}

# The probes do what a real user of the feature would do, and run as the user.
delegated() {
	grep -qw "$1" "/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/cgroup.controllers"
}
has_cgroup_cpu() { delegated cpu; }
has_cgroup_memory() { delegated memory; }
has_cgroup_pids() { delegated pids; }
has_cgroup_io() { delegated io; }
has_cgroup_cpuset() { delegated cpuset; }
has_cgroup_hugetlb() { grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers; }
has_cgroup_kill() {
	local group
	group=$(systemd-run --user --quiet --wait --pipe sed -n 's/^0:://p' /proc/self/cgroup)
	[[ $group ]] && [[ -e /sys/fs/cgroup${group%/*}/cgroup.kill ]]
}
has_user_bus() { busctl --user list >/dev/null; }
has_user_scope() { systemd-run --user --scope --quiet true; }
# 32-bit calls that a filter sees as such; int 0x80 alone works under User-Mode Linux, too
has_ia32() { [[ -e /proc/sys/abi/vsyscall32 ]]; }
has_psi() { cat /proc/pressure/cpu; }
has_smp() { (($(nproc) > 1)); }
has_landlock() { grep -qw landlock /sys/kernel/security/lsm; }
has_apparmor() { grep -qx Y /sys/module/apparmor/parameters/enabled; }
has_apparmor_profiles() { aa-exec -p rig-container -- true && aa-exec -p rig-runtime -- true; }
has_nftables() { unshare -Urn nft add table inet probe; }
has_newuidmap() {
	unshare --user --map-users=auto --map-root-user sh -c '[ "$(wc -l </proc/self/uid_map)" -gt 1 ]'
}
has_time_ns() { unshare --user --map-root-user --time --boottime 1000 true; }
has_tun() { unshare -Urn sh -c 'ip tuntap add mode tap name probe0'; }
has_veth() { unshare -Urn sh -c 'ip link add probe0 type veth peer name probe1'; }
has_bridge() { unshare -Urn sh -c 'ip link add probe0 type bridge'; }
has_fuse_overlayfs() {
	local dir
	dir=$(mktemp -d)
	mkdir "$dir"/{lower,upper,work,merged}
	: >"$dir/lower/file"
	unshare -Urm sh -c "cd $dir && fuse-overlayfs -o lowerdir=lower,upperdir=upper,workdir=work merged &&
		[ -e merged/file ] && umount merged"
	local rc=$?
	rm -rf "$dir"
	return $rc
}
has_overlay() {
	local dir rc
	dir=$(mktemp -d "$HOME/probe.XXXXXX")
	mkdir "$dir"/{lower,upper,work,merged}
	: >"$dir/lower/file"
	unshare -Urm sh -c "cd $dir && mount -t overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work o merged &&
		rm merged/file && [ -c upper/file ]"
	rc=$?
	unshare -Ur rm -rf "$dir" || rm -rf "$dir"
	return $rc
}
has_idmapped_mounts() { unshare -Urm sh -c 'mount -t tmpfs t /mnt && mkdir /mnt/a /mnt/b && mount --bind -o X-mount.idmap=0:0:1 /mnt/a /mnt/b'; }
has_podman() { has_user_bus && podman info >/dev/null; }
has_rootlesskit() { ((EUID != 0)) && has_user_scope && rootlesskit --state-dir="$(mktemp -d)" true; }
has_containerd() { has_rootlesskit && containerd --version && ctr --version; }
has_docker() { has_rootlesskit && dockerd --version && docker --version && [[ -x /usr/share/docker.io/contrib/dockerd-rootless.sh ]]; }
has_buildah() { has_user_bus && buildah info >/dev/null; }
has_core_pattern() { grep -q ^/var/tmp/cores /proc/sys/kernel/core_pattern; }
has_root() { ((EUID == 0)) && grep -q ' 0 *4294967295$' /proc/self/uid_map; }

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Labels of security modules: AppArmor where there is one, refusals where there is none. The profiles
# are those of rig/guest/start. SELinux is in no tier: what the plan makes of it is a golden file.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
before=$(census)

if [[ ! -e /sys/fs/selinux/enforce ]]; then
	refused "SELinux that is not there" 'process.selinuxLabel: SELinux is not active on this host' \
		'.process.selinuxLabel = "system_u:system_r:container_t:s0"' -- report
	like "… with what mends it" "$stderr" 'hint: enable it in /etc/selinux/config, or do without selinuxLabel'
	refused "a label for mounts, and no SELinux" 'linux.mountLabel: SELinux is not active on this host' \
		'.linux.mountLabel = "system_u:object_r:container_file_t:s0"' -- report
fi
inside '.annotations["run.oci.mount_context_type"] = "rootcontext"' -- report
expect "Podman's annotation about labels alone changes nothing" '.[0].pid' 1
inside '.process.apparmorProfile = "unconfined"' -- report
expect "unconfined is what any process is" '.[0].pid' 1

if has_apparmor; then
	refused "a profile that is not loaded" "process.apparmorProfile: AppArmor has no profile 'no-such-profile'" \
		'.process.apparmorProfile = "no-such-profile"' -- report
	like "… with what mends it" "$stderr" 'hint: as root: apparmor_parser --replace'
else
	refused "AppArmor that is not there" 'process.apparmorProfile: AppArmor is not active on this host' \
		'.process.apparmorProfile = "containers-default"' -- report
	like "… with what mends it" "$stderr" 'hint: boot with apparmor=1'
fi

if must_run apparmor-profiles; then
	touch "$rootfs/denied" "$rootfs/denied-to-runtime"
	chmod 666 "$rootfs"/denied*
	profile='.process.apparmorProfile = "rig-container"'
	inside -- report , open /denied r
	expect "no profile: as the caller" '[.[0]["attr/current"], .[1].errno]' '["unconfined",0]'
	inside "$profile" '.process.noNewPrivileges = false' -- report , open /denied r , open /denied-to-runtime r
	expect "the program runs in the profile" '.[0]["attr/current"]' 'rig-container (enforce)'
	expect "… which holds" '[.[1].error, .[2].errno]' '["EACCES",0]'
	inside "$profile" '.process.noNewPrivileges = true' -- report , open /denied r
	expect "with noNewPrivileges, too" '[.[0]["attr/current"], .[0].no_new_privs, .[1].error]' '["rig-container (enforce)",1,"EACCES"]'
	# the container's /proc is not asked (CVE-2019-16884)
	mkdir -p "$rootfs/proc/self/attr/apparmor" "$rootfs/proc/thread-self"
	touch "$rootfs"/proc/self/attr/{exec,current} "$rootfs"/proc/self/attr/apparmor/{exec,current}
	inside "$profile" 'unmounted("/proc")' '.linux.maskedPaths = [] | .linux.readonlyPaths = []' -- open /denied r
	expect "a /proc of the image is not written to" '.[0].error' EACCES
	is "… and nothing is in its files" "$(cat "$rootfs"/proc/self/attr/{exec,current} "$rootfs"/proc/self/attr/apparmor/*)" ''
	rm -r "${rootfs:?}/proc"
	hook='#!/bin/sh\ncat /proc/self/attr/current >'
	printf "$hook%s/runtime-hook\n" "$scratch" >"$scratch/hook"
	chmod 755 "$scratch/hook"
	inside "$profile" ".hooks.createRuntime = [{path: \"$scratch/hook\"}] | .hooks.startContainer = [{path: \"/guest\", args: [\"guest\", \"hook\", \"/hooked\"]}]" -- report
	is "hooks of the runtime are not confined by it" "$(cat "$scratch/runtime-hook")" unconfined
	expect "… the program is, behind a startContainer hook" '.[0]["attr/current"]' 'rig-container (enforce)'
	# a runtime that is confined itself
	confined() { # PROFILE FILTER... -- ACTION...
		local profile=$1
		shift
		bundle "$scratch/bundle" "$@" || return
		new_id
		run within 60 aa-exec -p "$profile" -- "$LICHEN" --root "$(state_dir)" --log "$log" run --bundle "$scratch/bundle" "$id"
	}
	confined rig-runtime "$profile" '.process.noNewPrivileges = false' -- report , open /denied-to-runtime r
	expect "a confined runtime that may change it" '[.[0]["attr/current"], .[1].errno]' '["rig-container (enforce)",0]'
	confined rig-runtime "$profile" '.process.noNewPrivileges = true' -- open /denied r , open /denied-to-runtime r
	expect "… with noNewPrivileges: both count" '[.[].error]' '["EACCES","EACCES"]'
	confined rig-container '.process.apparmorProfile = "rig-runtime"' -- report
	like "a confined runtime that may not change it says so" "$status $stderr" '^1 .*process.apparmorProfile: .*(Permission denied|Operation not permitted)'
	confined rig-no-userns -- report
	if [[ $mode == user ]]; then
		like "a host that forbids user namespaces" "$status $stderr" "^1 .*process: Permission denied.*hint: AppArmor restricts user namespaces here.*'userns,' for lichen"
	fi
fi

nothing_left "nothing is left" "$before"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What Podman puts into a container's file system, for lichen and for crun: volumes, tmpfs, read-only
# roots, secrets, further mounts.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }

mine=$(id -u)
options() { sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* $1 \([^ ]*\) .*|\1|p" <<<"$stdout"; }
# a folder of the host with a file in it
folder() {
	local dir=$scratch/$oci-$1
	mkdir -p "$dir"
	echo "$1" >"$dir/file"
	echo "$dir"
}

volumes() {
	local rw ro
	rw=$(folder rw) ro=$(folder ro)
	script --volume "$rw:/rw" --volume "$ro:/ro:ro" --volume "$(folder over):/over:O" --volume "$(folder z):/z:z,noexec,nodev" \
		--volume "$(folder cp)/file:/etc/one:ro" --mount "type=bind,source=$ro,target=/bound,readonly" <<-'END'
		echo new >/rw/new
		(echo new >/ro/new) 2>/dev/null || echo "ro no"
		echo "read $(cat /ro/file)"
		echo changed >/over/file; echo "over $(cat /over/file)"
		cp /bin/busybox /z/busybox; /z/busybox true 2>/dev/null || echo "exec no"
		echo "one $(cat /etc/one)"
		(echo new >/bound/new) 2>/dev/null || echo "bound no"
		cat /proc/self/mountinfo
	END
	expect "--volume: what is written is on the host" "$(cat "$rw/new")" new
	expect "--volume: the owner is the caller" "$(stat -c %u "$rw/new")" "$mine"
	expect "--volume :ro" "$(said ro) $(said read)" 'no ro'
	expect "--volume :O" "$(said over) $(cat "$scratch/$oci-over/file")" 'changed over'
	expect "--volume :noexec" "$(said exec)" no
	matches "--volume :nodev" "$(options /z)" nodev
	expect "--volume of a file" "$(said one)" cp
	expect "--mount type=bind,readonly" "$(said bound)" no
	script --user 1000:1000 --volume "$(folder owned):/owned:U" <<<'echo "owner $(stat -c %u:%g /owned/file)"; echo new >/owned/new && echo "write yes"'
	expect "--volume :U" "$(said owner) $(said write)" '1000:1000 yes'
	fails "--volume: a source that is not there" box --volume /nonexistent:/x @ true
	script --volume "$rw:/slave:rslave" --volume "$ro:/private:rprivate" <<<'cat /proc/self/mountinfo'
	matches "--volume :rslave" "$(grep ' /slave ' <<<"$stdout")" master:
	matches "--volume :rprivate" "$(grep ' /private ' <<<"$stdout")" ' /private [^ ]+ - '
}

idmaps() {
	fails "--volume :idmap: not for a file system of the host's" box --uidmap 0:1:1000 --gidmap 0:1:1000 \
		--volume "$(folder idmap):/mapped:idmap" @ true
	matches "--volume :idmap: the reason" "$stderr" 'mapped|map the IDs'
	pod volume create --opt type=tmpfs --opt device=tmpfs "$oci-tmpfs" >/dev/null
	script --uidmap 0:1:1000 --gidmap 0:1:1000 --volume "$oci-tmpfs:/mapped:idmap" <<<': >/mapped/file && echo "owner $(stat -c %u /mapped/file)"; cat /proc/self/mountinfo'
	matches "--volume :idmap of a tmpfs of Podman's" "$(said owner) $(options /mapped)" '^0 .*idmapped'
	# Podman 5.4 leaves the volume mounted every second time, whatever the runtime, and can't remove it then
	within "$seconds" podman unshare umount "$(pod volume inspect --format '{{.Mountpoint}}' "$oci-tmpfs")" 2>/dev/null
	works "volume rm of a tmpfs" pod volume rm "$oci-tmpfs"
}

named() {
	pod volume create "$oci-volume" >/dev/null
	box --volume "$oci-volume:/data" @ sh -c 'echo kept >/data/file'
	expect "a named volume keeps its files" "$(box --volume "$oci-volume:/data:ro" @ cat /data/file)" kept
	expect "a new volume begins as the image's folder" "$(box --volume "$oci-copied:/etc" @ sed -n 's/:.*//p' /etc/passwd | head -n 1)" root
	run pod create --name "$oci-from" --network none --volume "$oci-volume:/data" "$image" true
	expect "--volumes-from" "$(box --volumes-from "$oci-from" @ cat /data/file)" kept
	expect "--mount type=volume,subpath" "$(box --mount "type=volume,source=$oci-volume,target=/v,readonly" @ cat /v/file)" kept
	expect "--mount type=image" "$(box --mount "type=image,source=$image,target=/image" @ head -n 1 /image/etc/passwd)" root:x:0:0:root:/root:/bin/sh
	pod rm "$oci-from" >/dev/null
	works "volume rm" pod volume rm "$oci-volume"
}

tmpfs() {
	script --tmpfs /t:size=1m,mode=1770 --mount type=tmpfs,target=/u,tmpfs-size=2m --tmpfs /etc --tmpfs /n:noexec \
		--mount type=ramfs,target=/ram <<-'END'
		echo "size $(df -k /t | awk 'END {print $2}') $(df -k /u | awk 'END {print $2}')"
		echo "mode $(stat -c %a /t)"
		echo "copied $(head -n 1 /etc/passwd | cut -d: -f1)"
		head -c 2000000 /dev/zero >/t/big 2>/dev/null || echo "full yes"
		cp /bin/busybox /n/b; /n/b true 2>/dev/null || echo "exec no"
		: >/ram/x && echo "ram yes"
	END
	expect "--tmpfs size=, --mount tmpfs-size=" "$(said size)" '1024 2048'
	expect "--tmpfs mode=" "$(said mode)" 1770
	expect "--tmpfs over a folder with files: they are copied" "$(said copied)" root
	expect "--tmpfs: its size holds" "$(said full)" yes
	expect "--tmpfs noexec" "$(said exec)" no
	expect "--mount type=ramfs" "$(said ram)" yes
}

readonly_roots() {
	script --read-only --tmpfs /scratch <<-'END'
		(: >/file) 2>/dev/null || echo "root no"
		: >/scratch/file && : >/tmp/file && : >/dev/shm/file && echo "tmp yes"
		(: >/etc/hosts) 2>/dev/null; echo "run $(: >/run/file && echo yes)"
	END
	expect "--read-only" "$(said root)" no
	expect "--read-only: /tmp, /dev/shm and --tmpfs can be written" "$(said tmp) $(said run)" 'yes yes'
	script --read-only --read-only-tmpfs=false <<-'END'
		(: >/tmp/file) 2>/dev/null || echo "tmp no"
		(: >/dev/file) 2>/dev/null || echo "dev no"
		echo >/dev/null && echo "null yes"
	END
	expect "--read-only-tmpfs=false" "$(said tmp) $(said dev) $(said null)" 'no no yes'
}

secrets() {
	echo hidden | pod secret create "$oci-secret" - >/dev/null
	script --secret "$oci-secret,mode=0400,uid=1000" --secret "$oci-secret,type=env,target=WORD" <<-END
		echo "file \$(cat /run/secrets/$oci-secret)"
		echo "mode \$(stat -c %a:%u /run/secrets/$oci-secret)"
		echo "env \$WORD"
	END
	expect "--secret" "$(said file)" hidden
	expect "--secret mode=, uid=" "$(said mode)" 400:1000
	expect "--secret type=env" "$(said env)" hidden
	works "secret rm" pod secret rm "$oci-secret"
}

roots() {
	local root=$scratch/$oci-root
	cp -a "$scratch/image" "$root"
	run pod run --rm --network none --rootfs "$root" sh -c 'echo made >/made; hostname'
	expect "--rootfs" "$status $(cat "$root/made")" '0 made'
	run pod run --rm --network none --rootfs "$root:O" sh -c 'echo gone >/gone'
	expect "--rootfs :O" "$status $(ls "$root/gone" 2>/dev/null)" '0 '
	run pod run --network none --name "$oci-changed" "$image" sh -c 'echo changed >/changed'
	pod commit --quiet "$oci-changed" "localhost/$oci-changed" >/dev/null 2>&1
	expect "commit, then run" "$(box "localhost/$oci-changed" cat /changed)" changed
	expect "export" "$(pod export "$oci-changed" | tar -x -O changed)" changed
	pod rm "$oci-changed" >/dev/null
	pod rmi "localhost/$oci-changed" >/dev/null
	expect "hosts, host name and resolver are files of their own" \
		"$(box --hostname named @ sh -c 'cat /etc/hostname; grep -c " /etc/hosts \| /etc/hostname " /proc/self/mountinfo')" $'named\n2'
	expect "masked and read-only parts of /proc" \
		"$(box @ sh -c 'wc -c </proc/timer_list 2>/dev/null || echo 0; (echo b >/proc/sysrq-trigger) 2>/dev/null || echo refused')" $'0\nrefused'
}

scenario volumes idmaps named tmpfs readonly_roots secrets roots
scenarios_done 35

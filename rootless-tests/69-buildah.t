#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Buildah by itself, with --isolation=oci: it calls the runtime as no other does, polls its state, and
# reaps the container's process itself.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/engines.sh
source "$(dirname "$0")/lib/engines.sh"

for feature in buildah user-scope; do
	must_run "$feature" || done_testing
done

export BUILDAH_ISOLATION=oci
own_storage

at_runtime() { within "$seconds" buildah "$1" --runtime "$(command -v "$oci")" "${@:2}"; }
# box OPTION... @ CMD...   buildah run in the working container $working
box() { at_runtime run --network none "${@/#@/$working}"; }
kept() { sed -n "s/^$1 //p" <<<"$stdout"; }

runs() {
	gives 0 "run: a status of 0" box @ true
	expect "run: nothing else is said" "$stdout$stderr" ''
	gives 7 "run: the command's status" box @ sh -c 'echo out; echo err >&2; exit 7'
	expect "run: stdout and stderr" "$stdout|$(head -n 1 <<<"$stderr")" 'out|err'
	expect "run: stdin" "$(echo in | box @ cat)" in
	fails "run: a missing command" box @ nonexistent
	matches "run: it is named" "$stderr" nonexistent
	fails "run: a file that is not executable" box @ /etc/passwd
	run box --user 5:6 --workingdir /tmp --env A=1 --hostname inside --cap-add CAP_SYS_PTRACE --cap-drop CAP_CHOWN \
		--volume "$scratch/shared:/mnt:ro" --mount type=tmpfs,dst=/scratch @ sh -c '
		echo "ids $(id -u):$(id -g)"; echo "cwd $PWD"; echo "env $A $FROM_IMAGE"; echo "host $(hostname)"
		sed -n "s/^CapBnd:\t/caps /p" /proc/self/status; echo "volume $(cat /mnt/file) $( (: >/mnt/x) 2>/dev/null || echo ro)"
		echo "tmpfs $(grep -c " /scratch tmpfs" /proc/mounts)"; echo "net $(ls /sys/class/net | tr "\n" " ")"'
	expect "run --user" "$(kept ids)" 5:6
	expect "run --workingdir" "$(kept cwd)" /tmp
	expect "run --env, and the image's" "$(kept env)" '1 yes'
	expect "run --hostname" "$(kept host)" inside
	matches "run --cap-add, --cap-drop" "$(kept caps)" '^00000000[0-9a-f]{8}$'
	expect "run --volume :ro" "$(kept volume)" 'there ro'
	expect "run --mount type=tmpfs" "$(kept tmpfs)" 1
	expect "run --network none" "$(kept net)" 'lo '
	run at_runtime run --network host "$working" readlink /proc/self/ns/net
	expect "run --network host" "$stdout" "$(readlink /proc/self/ns/net)"
	box @ sh -c 'echo kept >/file' && expect "run: what it writes stays in the container" "$(box @ cat /file)" kept
}

terminal() {
	local said
	said=$(on_terminal "buildah run --runtime $(command -v "$oci") --network none --terminal $working sh -c 'tty; test -c /dev/console && echo console; exit 5'" </dev/null)
	expect "run --terminal: the status" "$?" 5
	matches "run --terminal: a terminal" "$said" /dev/pts/0
	matches "run --terminal: a console" "$said" console
}

signals() {
	local buildah
	box @ sh -c 'trap "echo caught; exit 3" INT TERM; echo up; while :; do sleep 0.1; done' >"$scratch/said" 2>&1 &
	buildah=$!
	works "run: it is up" eventually grep -qx up "$scratch/said"
	pkill -TERM -P "$(pgrep -P "$buildah" | head -n 1)" buildah
	wait "$buildah"
	expect "run: its process is ended, or ends itself" "$(eventually eval '! pgrep -f "while :; do sleep 0.1" >/dev/null' && echo yes)" yes
}

# Buildah names no cgroup: crun leaves the limits out then
limits() {
	must_run cgroup-memory || return 0
	within "$seconds" buildah from --name limited --pull-never --memory 64m --cpu-shares 512 "$image" >/dev/null
	run at_runtime run --network none limited cat /sys/fs/cgroup/memory.max
	is "from --memory: in the cgroup" "$stdout" $((64 << 20))
	within "$seconds" buildah rm limited >/dev/null
}

builds() {
	mkdir -p "$scratch/context"
	echo from-context >"$scratch/context/file"
	cat >"$scratch/context/Containerfile" <<-END
		FROM $image AS first
		COPY file /copied
		RUN cat /copied >/built && hostname
		RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/fast : >/cache/x && : >/fast/x && echo mounted >>/built
		RUN --mount=type=secret,id=word cat /run/secrets/word >>/built
		USER 5:6
		RUN ["sh", "-c", "id -u >/tmp/user"]
		FROM $image
		COPY --from=first /built /tmp/user /
	END
	echo hidden >"$scratch/context/secret"
	gives 0 "build" at_runtime build --network none --secret "id=word,src=$scratch/context/secret" -q -t "built-$oci" "$scratch/context"
	within "$seconds" buildah from --name "result-$oci" --pull-never "localhost/built-$oci" >/dev/null
	expect "build: what it has made" "$(at_runtime run --network none "result-$oci" cat /built /user | tr '\n' ' ')" 'from-context mounted hidden 5 '
	within "$seconds" buildah rm "result-$oci" >/dev/null
	printf 'FROM %s\nRUN exit 6\n' "$image" >"$scratch/context/Failing"
	fails "build: a command that fails" at_runtime build --network none -f "$scratch/context/Failing" "$scratch/context"
	matches "build: its status" "$stderr" 'exit status 6'
}

image=localhost/box:1
image_file
mkdir "$scratch/shared"
echo there >"$scratch/shared/file"
within "$seconds" buildah pull --quiet "docker-archive:$scratch/box.tar" >/dev/null &&
	working=$(within "$seconds" buildah from --pull-never "$image") || { echo "Bail out! the image cannot be read"; exit 1; }

# that it is the runtime that Buildah calls, and how
printf '#!/bin/sh\necho "$@" >>%s/calls\nexec %s "$@"\n' "$scratch" "$LICHEN" >"$scratch/runtime"
chmod 755 "$scratch/runtime"
is "buildah --runtime" "$(within "$seconds" buildah run --runtime "$scratch/runtime" --network none "$working" echo up)" up
for call in create start state delete; do
	ok "… it calls $call" grep -qE "(^| )$call " "$scratch/calls"
done

for oci in crun "$name"; do box @ true; done
before=$(census)
scenario runs terminal signals builds
limits
within "$seconds" buildah rm --all >/dev/null
nothing_left "nothing is left" "$before"
scenarios_count 25
done_testing

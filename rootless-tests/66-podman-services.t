#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is built upon podman run, for lichen and for crun: images by Buildah, units of systemd, systemd
# inside, Kubernetes' files, readiness.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/podman.sh
source "$(dirname "$0")/lib/podman.sh"

if ! must_run podman; then done_testing; fi
podman_begin || { echo "Bail out! the first containers do not run, or not by the manager of cgroups that is asked for"; exit 1; }

# ends when it is told to, as the first process of a container does only if it wants to
waits='trap : TERM; sleep 1000 & wait; exit 0'
is_status() { [[ $(pod inspect --format '{{.State.Status}}' "$1" 2>/dev/null) == "$2" ]]; }
# the host's programs, for an image that has busybox alone
system=(--volume /usr:/usr:ro --volume /usr/lib:/lib:ro --volume /usr/lib64:/lib64:ro)

builds() {
	local dir=$scratch/build.$oci
	mkdir -p "$dir"
	echo context >"$dir/context"
	echo hidden >"$scratch/secret"
	cat >"$dir/Containerfile" <<-END
		FROM $image
		ARG WORD=none
		COPY context /context
		RUN echo "\$WORD \$(id -u)" >/run-file && echo inside
		RUN --mount=type=secret,id=s --mount=type=tmpfs,target=/t --network=none cat /run/secrets/s >/hidden && : >/t/x && ls /sys/class/net >/links
		USER 1000
		WORKDIR /tmp
		RUN id -u >/tmp/uid; ulimit -n >/tmp/files
		CMD cat /run-file
	END
	run pod build --isolation oci --build-arg WORD=word --secret "id=s,src=$scratch/secret" --ulimit nofile=321:321 --tag "localhost/$oci-built" "$dir"
	expect "build" "$status" 0
	matches "build: what RUN says is shown" "$stdout" inside
	run box "localhost/$oci-built" sh -c 'cat /run-file /hidden /links /tmp/uid /tmp/files /context'
	expect "build: RUN, its secret, its network, its user, its limit" "$stdout" $'word 0\nhidden\nlo\n1000\n321\ncontext'
	expect "build: the command" "$(box "localhost/$oci-built")" 'word 0'
	printf 'FROM %s\nRUN exit 9\n' "$image" >"$dir/Containerfile"
	fails "build: a RUN that fails" pod build --isolation oci "$dir"
	matches "build: its status is said" "$stderr" 'exit status 9|status 9'
	printf 'FROM %s\nRUN nonexistent\n' "$image" >"$dir/Containerfile"
	fails "build: a RUN of a missing command" pod build --isolation oci "$dir"
	pod rmi --force "localhost/$oci-built" >/dev/null 2>&1
}

runtime_of() { if [[ $oci == crun ]]; then command -v crun; else echo "$LICHEN"; fi; }
buildah_alone() {
	local buildah=(within "$seconds" buildah) container
	container=$("${buildah[@]}" from --name "$oci-work" "$image")
	run "${buildah[@]}" run --runtime "$(runtime_of)" --isolation oci "$container" sh -c 'echo "in $(id -u)"; exit 5'
	expect "buildah run" "$stdout|$status" 'in 0|5'
	run "${buildah[@]}" run --runtime "$(runtime_of)" --isolation oci --user 7:8 --cap-drop all "$container" \
		sh -c 'echo "$(id -u):$(id -g) $(sed -n "s/^CapBnd:.//p" /proc/self/status)"'
	expect "buildah run --user, --cap-drop" "$stdout" '7:8 0000000000000000'
	"${buildah[@]}" rm "$oci-work" >/dev/null
}

quadlet() {
	local units=$XDG_RUNTIME_DIR/containers/systemd pid
	mkdir -p "$units" "$scratch/quadlet.$oci"
	cat >"$units/$oci-unit.container" <<-END
		[Container]
		Image=$image
		Exec=sh -c 'echo started >/data/file; echo speaks; $waits'
		Network=none
		Volume=$scratch/quadlet.$oci:/data
		Environment=A=1
		PodmanArgs=--memory 64m
		GlobalArgs=--runtime=$oci
		ReadOnly=true
		DropCapability=all
		NoNewPrivileges=true
		[Quadlet]
		DefaultDependencies=false
	END
	printf '[Pod]\nPodName=%s-quadlet\nNetwork=none\nGlobalArgs=--runtime=%s\n[Quadlet]\nDefaultDependencies=false\n' "$oci" "$oci" >"$units/$oci-pod.pod"
	printf '[Container]\nImage=%s\nExec=sh -c "%s"\nPod=%s-pod.pod\nGlobalArgs=--runtime=%s\n[Quadlet]\nDefaultDependencies=false\n' \
		"$image" "$waits" "$oci" "$oci" >"$units/$oci-member.container"
	systemctl --user daemon-reload
	works "quadlet: start" within "$seconds" systemctl --user start "$oci-unit.service"
	expect "quadlet: active" "$(systemctl --user is-active "$oci-unit.service")" active
	works "quadlet: it works" eventually grep -qx started "$scratch/quadlet.$oci/file"
	pid=$(pod inspect --format '{{.State.Pid}}' "systemd-$oci-unit")
	matches "quadlet: the container is in the unit's cgroup" "$(cat "/proc/$pid/cgroup")" "/$oci-unit.service/"
	matches "quadlet: its options" "$(sed -n 's/^\(CapBnd\|NoNewPrivs\):\t//p' "/proc/$pid/status" | tr '\n' ' ')" '^0+ 1 $'
	expect "quadlet: its limit" "$(pod exec "systemd-$oci-unit" cat /sys/fs/cgroup/memory.max)" 67108864
	works "quadlet: stop" within "$seconds" systemctl --user stop "$oci-unit.service"
	fails "quadlet: the container is gone" pod container exists "systemd-$oci-unit"
	works "quadlet: a pod" within "$seconds" systemctl --user start "$oci-pod-pod.service"
	works "quadlet: the pod's container" eventually is_status "systemd-$oci-member" running
	works "quadlet: the pod's stop" within "$seconds" systemctl --user stop "$oci-pod-pod.service"
	rm -f "$units/$oci-"*
	systemctl --user daemon-reload
}

# systemd of the host's own /usr, with two units instead of a distribution's. Until it is up nothing may
# be executed beside it: a process in the container's own cgroup keeps systemd from enabling controllers.
systemd_inside() {
	local units=$scratch/units.$oci seen=$scratch/seen.$oci c=$oci-systemd
	mkdir -p "$units" "$seen"
	printf '[Unit]\nDefaultDependencies=no\nRequires=probe.service\nAfter=probe.service\n' >"$units/default.target"
	cat >"$units/probe.service" <<-'END'
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		MemoryMax=32M
		ExecStart=/bin/busybox sh -c 'cat /proc/self/cgroup >/seen/cgroup; cat /sys/fs/cgroup/system.slice/probe.service/memory.max >/seen/limit; : >/seen/all'
	END
	pod run --detach --name "$c" --network none --systemd always "${system[@]}" --volume "$units:/etc/systemd/system:ro" --volume "$seen:/seen" \
		"$image" /usr/lib/systemd/systemd >/dev/null
	works "--systemd=always: it starts a service" eventually test -e "$seen/all"
	expect "--systemd=always: the service's cgroup" "$(cat "$seen/cgroup")" 0::/system.slice/probe.service
	expect "--systemd=always: the service's limit" "$(cat "$seen/limit")" 33554432
	works "--systemd=always: it is up" eventually pod exec "$c" /usr/bin/systemctl is-active --quiet default.target
	works "--systemd=always: stop" pod stop --time 20 "$c"
	expect "--systemd=always: systemd ended by itself" "$(pod inspect --format '{{.State.ExitCode}}' "$c")" 0
}

readiness() {
	expect "--sdnotify=container: READY arrives" "$(within "$seconds" systemd-run --user --quiet --collect --wait --service-type notify \
		--property NotifyAccess=all podman --runtime "$oci" run --rm --name "$oci-notify" --sdnotify container --network none "${system[@]}" \
		"$image" sh -c '/usr/bin/systemd-notify --ready --status=inside && sleep 1'; echo $?)" 0
	within "$seconds" systemd-run --user --quiet --collect --unit "notify-$oci" --service-type notify --property NotifyAccess=all \
		podman --runtime "$oci" run --rm --name "$oci-conmon" --sdnotify conmon --network none "$image" \
		sh -c "$waits"
	expect "--sdnotify=conmon: the unit is up" "$(systemctl --user is-active "notify-$oci")" active
	works "--sdnotify=conmon: stop" within "$seconds" systemctl --user stop "notify-$oci"
}

kube() {
	local file=$scratch/kube.$oci p=$oci-kube
	mkdir -p "$scratch/host.$oci"
	cat >"$file" <<-END
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: $p-words}
		data: {word: configured}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: $p}
		spec:
		  restartPolicy: Never
		  hostname: kubed
		  initContainers:
		  - {name: first, image: "$image", imagePullPolicy: Never, command: [sh, -c, "echo prepared >/data/first"], volumeMounts: [{name: v, mountPath: /data}]}
		  containers:
		  - name: main
		    image: $image
		    imagePullPolicy: Never
		    command: [sh, -c, "cat /data/first; echo \$A \$WORD \$(id -u) \$(hostname); (: >/x) 2>/dev/null || echo readonly; echo out >/host/file; $waits"]
		    env: [{name: A, value: kube}, {name: WORD, valueFrom: {configMapKeyRef: {name: $p-words, key: word}}}]
		    resources: {limits: {memory: 64Mi}}
		    securityContext: {runAsUser: 0, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}, allowPrivilegeEscalation: false}
		    volumeMounts: [{name: v, mountPath: /data}, {name: h, mountPath: /host}]
		  volumes: [{name: v, emptyDir: {}}, {name: h, hostPath: {path: $scratch/host.$oci, type: Directory}}]
	END
	works "kube play" pod kube play --network none "$file"
	works "kube play: it works" eventually test -s "$scratch/host.$oci/file"
	expect "kube play: the init container, the environment, the user, the name, the root" "$(pod logs "$p-main")" $'prepared\nkube configured 0 kubed\nreadonly'
	expect "kube play: the limit" "$(pod exec "$p-main" cat /sys/fs/cgroup/memory.max)" 67108864
	expect "kube play: the security context" "$(pod exec "$p-main" sed -n 's/^\(CapBnd\|NoNewPrivs\):\t//p' /proc/1/status)" $'0000000000000000\n1'
	works "kube down" pod kube down "$file"
	fails "kube down: nothing is left" pod pod exists "$p"
}

# for a front-end that knows only that name; Podman looks a path's last part up in its lists
called_crun() {
	local link=$scratch/link.$oci/crun c=$oci-called podman
	mkdir -p "${link%/*}"
	ln -s "$(runtime_of)" "$link"
	podman=(within "$seconds" podman --runtime "$link")
	gives 5 "called crun: run" "${podman[@]}" run --rm --network none "$image" sh -c 'exit 5'
	gives 127 "called crun: a missing command" "${podman[@]}" run --rm --network none "$image" nonexistent
	works "called crun: run --detach --cgroups=disabled" "${podman[@]}" run --detach --name "$c" --network none --cgroups disabled --pids-limit 0 \
		"$image" sleep 1000
	works "called crun: the state is crun's" test -d "$XDG_RUNTIME_DIR/crun/$stdout"
	expect "called crun: exec" "$("${podman[@]}" exec "$c" echo inside)" inside
	works "called crun: rm" "${podman[@]}" rm --force --time 0 "$c"
}

scenario called_crun builds buildah_alone quadlet systemd_inside readiness kube
scenarios_done 30

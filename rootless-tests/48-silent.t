#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No silent row: each property of config.json in turn is given an unusual value (the trials of
# tests/conformance/trials.table). Then it is seen from inside, or lichen refuses it by name, or state
# lists it as not applied because the caller has asked for best effort; and which of them it is, is
# what properties.table says for this kind of caller.
# LICHEN_PEERS="crun runc": what these make of the same trials, for information.
# shellcheck disable=SC2016,SC2154
set -uo pipefail
bus=${XDG_RUNTIME_DIR-}
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
# limits are a scope's where there is a user's systemd
systemd=false
if [[ -S $bus/bus ]]; then systemd=true XDG_RUNTIME_DIR=$bus; fi
before=$(census)
tables=$lib/../../tests/conformance
[[ -e $tables/trials.table ]] || { echo "Bail out! no $tables/trials.table"; exit 1; }

# ---- what the filters and predicates use ----

jq_filters='
"@DIR@/rootfs" as $rootfs | "@DIR@/agent" as $socket |
def in_root($kind): if $kind == "startContainer" then "" else $rootfs end;
def hook($kind): {path: "\(in_root($kind))/guest", args: ["guest", "hook", "\(in_root($kind))/hooks", $kind]};
def idmapped($size): mounted("/t"; "bind"; $volume; ["rbind", "idmap"]) | .mounts[-1] +=
	{uidMappings: [{containerID: 0, hostID: 7, size: $size}], gidMappings: [{containerID: 0, hostID: 27, size: $size}]};
def ranges($own; $size): [{containerID: 1000, hostID: $own, size: 1}, (select($size > 1) | {containerID: 1001, hostID: $first, size: $size})];
def mapped($size): new("user") | single | unmounted("/dev/mqueue") | .process.user = {uid: 1000, gid: 1000} |
	.linux.uidMappings = ({} | ranges($euid; $size)) | .linux.gidMappings = ({} | ranges($egid; $size));
def join_user: if $mode == "user" then joined("user"; "/proc/\($pause)/ns/user") | del(.linux.uidMappings, .linux.gidMappings) else . end;
def profile($default): .linux.seccomp = {defaultAction: "SCMP_ACT_\($default)", syscalls: []};
def rule($action; $more): .linux.seccomp.syscalls += [{names: ["kcmp"], action: "SCMP_ACT_\($action)"} + $more];
def few: .linux.seccomp.syscalls += [{action: "SCMP_ACT_ALLOW", names: ("execve brk arch_prctl set_tid_address set_robust_list rseq
	prlimit64 readlinkat readlink getrandom mprotect write exit_group fstat newfstatat mmap munmap" | [scan("[a-z0-9_]+")])}];
def block: $block | split(":") | {major: (.[0] | tonumber), minor: (.[1] | tonumber)};
def prepared($with; $do):
	.process.args = ["/guest"] + (if $with == "terminal" then ["output", "/report", ","] else [] end) + ["report"] +
		(if $with == "exec" then [",", "wait-for", "/done"] elif $do == "" then [] else [","] + ($do | split(" ")) end) |
	if $with == "listener" then .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket,
		syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}
	elif $with | startswith("deny") then single else . end;
'
jq_predicates='
def r: .out[] | select(.do == "report");
def a: .out[1];
def mount($point): r.mounts | map(select(.point == $point)) | last;
def ran($kind): .hooks | any(.arguments[0] == $kind);
'

# ---- where ----

source=$scratch/source volume=$scratch/volume other_root=$scratch/other template=$scratch/template
mkdir -p "$source" "$volume" "$other_root/mark" "$template/keep"
chmod 755 "$volume"
echo text >"$source/file"
cp "$guest" "$template/guest"
ln "$template/guest" "$template/also-guest"
ln "$template/guest" "$other_root/guest"
# an ID-mapped mount takes a file system of our own user namespace
[[ $mode != nested ]] || mount -t tmpfs tmpfs "$volume" 2>/dev/null
touch "$volume/file" "$volume/other"
! has_ids 1000 || chown 1:1 "$volume/other" 2>/dev/null
block=$(awk 'NR > 2 {print $1 ":" $2; exit}' /proc/partitions)
namespaces_of() {
	local type
	for type in uts net ipc time; do echo "$type $(namespace_of "$type" "$1")"; done |
		jq -nR '[inputs | split(" ") | {(.[0]): (.[1] | tonumber)}] | add'
}
# With somebody whose namespaces can be joined.
given() {
	pause 'new("time")'
	given=(--arg mode "$mode" --arg source "$source" --arg volume "$volume" --arg other_root "$other_root" --arg block "${block:-8:0}"
		--argjson euid "$EUID" --argjson egid "$(id -g)" --argjson first "$(base_config | jq '.linux.uidMappings[1].hostID // 1')"
		--argjson pause "$pause_pid" --argjson pause_ns "$(namespaces_of "$pause_pid")" --argjson own "$(namespaces_of self)"
		--argjson systemd "$systemd" --arg cpu "$(awk '/^Cpus_allowed_list:/ {sub(/[-,].*/, "", $2); print $2}' /proc/self/status)" --argjson oom "$(cat /proc/self/oom_score_adj)")
}

# ---- the trials ----

# Both tables in one: [{path, name, set, with, do, see or always, needs, want}]
case $mode in user) letter=A ;; nested) letter=B ;; *) letter=root ;; esac
awk -f "$tables/read.awk" "$tables/properties.table" >"$scratch/rows"
awk -f "$tables/read.awk" "$tables/trials.table" | jq -nR --rawfile rows "$scratch/rows" --arg letter "$letter" '
	def status_in($text): $text | split(", ") | (.[1:] | map(split(" ") | {(.[0]): .[1]}) | add // {})[$letter] // .[0];
	def rows_of($key): $rows | split("\n") | map(split("\t") | select(.[1] == $key) | {(.[0]): .[2]}) | add;
	rows_of("=" + $letter) as $status | rows_of("needs") as $needs |
	reduce (inputs | split("\t")) as [$path, $key, $text] ({};
		if $key == "row" then .now = "\($path) \($text)" | .all[.now] = {path: $path, with: "", do: ""}
		else .now as $now | .all[$now][$key] = $text end) |
	[.all[] | .name = .path + (if .case then " (\(.case))" else "" end) | .needs //= $needs[.path] |
		.want = (if .expect then status_in(.expect) else $status[.path] end)] |
	# one container for all that ask for the same, and one to compare with for all that do the same
	(map([.with, .do, .set]) | to_entries | reduce .[] as {$key, $value} ({}; .[$value | tojson] //= $key)) as $runs |
	(map([.with, .do]) | to_entries | reduce .[] as {$key, $value} ({}; .[$value | tojson] //= $key)) as $controls |
	map(.run = $runs[[.with, .do, .set] | tojson] |
		.control = if .with == "" and .do == "" then null else $controls[[.with, .do] | tojson] end)' >"$scratch/trials.json"
n=$(jq length "$scratch/trials.json")

# lines FILTER: one of each trial
lines() { jq -r ".[] | $1" "$scratch/trials.json"; }
mapfile -t with < <(lines .with)
# a scope by systemd takes its time: for those alone that it is about
mapfile -t manager < <(lines 'if .path | test("linux[.](resources|cgroupsPath)") then "" else "--cgroup-manager=disabled" end')
mapfile -t distinct < <(jq 'to_entries[] | select(.key == .value.run).key' "$scratch/trials.json")
mapfile -t is_control < <(jq -r 'to_entries[] | if .key == .value.control then "yes" else "" end' "$scratch/trials.json")

# A program of jq, since jq evaluates no text: the config of every trial, and what it is compared with.
mkdir "$scratch/runs"
{
	echo "$jq_lib $jq_filters . as \$base |"
	lines '"(try ($base | prepared(\(.with | tojson); \(.do | tojson)) | \(.set)) catch {wrong: .}), ($base | prepared(\(.with | tojson); \(.do | tojson))),"'
	echo '($base | prepared(""; ""))'
} >"$scratch/program"
configure() { given && base_config | jq -c "${given[@]}" -f "$scratch/program" >"$scratch/configs"; }
configure
is "every trial has a configuration" "$(grep -c '^{"ociVersion"' "$scratch/configs") $(grep '^{"wrong"' "$scratch/configs")" "$((2 * n + 1)) "

# ---- a container of each ----

place() { # DIR LINE: a bundle with that line of the configurations
	cp -al "$template" "$1.root"
	mkdir "$1"
	mv "$1.root" "$1/rootfs"
	sed -n "$2{s|@DIR@|$1|g;p;q}" "$scratch/configs" >"$1/config.json"
	# an older one may know no newer version
	[[ $runtime == "$LICHEN" ]] || sed -i 's|"ociVersion":"1.3.0"|"ociVersion":"1.0.2"|' "$1/config.json"
}

# What came of it is in DIR: create, start, stderr, out, state, rootfs/hooks, agent.out
contain() { # DIR WITH [GLOBAL-OPTION]
	local dir=$1 with=$2 runtime_flags=(${3-}) agent=
	[[ $runtime == "$LICHEN" ]] || runtime_flags=()
	local id=t$$-${dir##*/}
	if [[ $with == agent || $with == listener ]]; then
		timeout 60 "$guest" notify "$dir/agent" 1 0 >"$dir/agent.out" &
		agent=$!
		eventually test -S "$dir/agent"
	fi
	case $with in
		terminal)
			within 60 "$guest" pty 24 80 "$runtime" --root "$(state_dir)" "${runtime_flags[@]}" run --bundle "$dir" "$id" >"$dir/pty" 2>"$dir/stderr" </dev/null
			sed 's/.*"status":\([0-9]*\).*/\1/' "$dir/pty" >"$dir/create"
			cp "$dir/rootfs/report" "$dir/out" 2>/dev/null
			;;
		deny*)
			within 60 "$deny" "${with#deny }" -- "$runtime" --root "$(state_dir)" "${runtime_flags[@]}" run --bundle "$dir" "$id" >"$dir/out" 2>"$dir/stderr" </dev/null
			echo "$?" >"$dir/create"
			;;
		*)
			{
				rt "${effort[@]}" create --bundle "$dir" "$id" 2>"$dir/stderr" </dev/null
				echo "$?" >"$dir/create"
				if [[ $(<"$dir/create") == 0 ]]; then
					rt state "$id" >"$dir/state" 2>/dev/null
					rt start "$id" 2>>"$dir/stderr" </dev/null
					echo "$?" >"$dir/start"
					[[ $with != exec ]] || rt exec "$id" /guest read /proc/self/status >"$dir/exec.out" 2>>"$dir/stderr" </dev/null
					: >"$dir/rootfs/done"
				fi
			} | within 60 cat >"$dir/out"
			;;
	esac
	rt delete --force "$id" >/dev/null 2>>"$dir/stderr"
	if [[ $agent ]]; then
		# its socket's file goes when somebody comes
		[[ ! -S $dir/agent ]] || kill "$agent" 2>/dev/null
		wait "$agent"
	fi
}

contain_all() { # DIR WHICH...: at most four at a time, since some sleep
	local dir=$1 i
	shift
	mkdir -p "$dir"
	for i; do
		while (($(jobs -rp | wc -l) >= 4)); do wait -n; done
		{
			place "$dir/$i" "$((2 * i + 1))"
			contain "$dir/$i" "${with[i]}" "${manager[i]}"
			if [[ ${is_control[i]} ]]; then
				place "$dir/c$i" "$((2 * i + 2))"
				contain "$dir/c$i" "${with[i]}" "${manager[i]}"
			fi
		} &
	done
	place "$dir/control" "$((2 * n + 1))"
	contain "$dir/control" ''
	wait
}

# ---- what came of them ----

jq_outcomes='
# Whether an error names the property, or what it is part of, but nothing as broad as "linux".
def names($stderr): split(".") as $c | [range(1; ($c | length) + 1)] | any($c[:.] as $part |
	(($part | length) > 1 or ($c | length) == 1 or $c[1] == "*" or ($part[0] | endswith("[]"))) and
	($stderr | test("config[.]json: " + ($part | map(gsub("\\[\\]"; "(\\[[0-9]+\\])?") | sub("^[*]$"; ".*")) | join("[.]")) + "([^A-Za-z]|$)")));
(reduce (inputs | capture("^(?<file>[^\t]*)\t(?<text>.*)$")) as {$file, $text} ({}; .[$file] += [$text])) as $files |
def lines($place; $name): $files["\($place)/\($name)"] // [];
def answers($place; $name): [lines($place; $name)[] | try fromjson catch {wrong: .}];
def observed($place): {create: (lines($place; "create")[0] // "255" | tonumber), start: (lines($place; "start")[0] // "0" | tonumber),
	stderr: (lines($place; "stderr") | join("\n")), out: answers($place; "out"), state: (lines($place; "state") | join(" ") | try fromjson catch null),
	hooks: answers($place; "rootfs/hooks"), agent: answers($place; "agent.out")[0], exec: answers($place; "exec.out")[0]};
def shows(predicate): [try predicate catch false] | any;
def judged($i; predicate): $trials[0][$i] as {$path, $name, $with, $want, $needs, $always, $run, $control} |
	observed("\($run)") as $o | observed(if $control then "c\($control)" else "control" end) as $c |
	{name: $name, with: $with, want: $want, needs: $needs, outcome: (
		if $o | shows(predicate) then if $always == null and ($c | shows(predicate)) then "seen without it, too" else "seen" end
		elif $o.create != 0 or $o.start != 0 then
			if $path | names($o.stderr) then "refused" else "an error that does not name it: \($o.stderr)" end
		elif $o.state.notApplied // [] | any(. as $left | $path | names("config.json: \($left)")) then "not applied"
		else "ran" end)};
'
# outcomes DIR: [{name, want, needs, outcome}]; the outcome is seen, refused, not applied (state says so), ran (nothing
# shows it), or what is wrong
outcomes() {
	{
		echo "$jq_outcomes $jq_predicates ["
		jq -r 'to_entries[] | "judged(\(.key); \(.value | .see // .always)),"' "$scratch/trials.json"
		echo 'empty]'
	} >"$scratch/judge"
	(cd "$1" && find . -mindepth 2 -maxdepth 3 -type f -size +0 \( -name create -o -name start -o -name stderr -o -name out -o -name state \
		-o -name agent.out -o -name exec.out -o -path '*/rootfs/hooks' \) -printf '%P\0' | xargs -0 awk '{print FILENAME "\t" $0}') |
		jq -nRc "${given[@]}" --slurpfile trials "$scratch/trials.json" -f "$scratch/judge"
}

# ---- each by itself ----

find_deny || deny=
effort=()
contain_all "$scratch/plain" "${distinct[@]}"
outcomes "$scratch/plain" >"$scratch/plain.json"
# may NEED: whether this host has what a property needs
may() {
	case $1 in
		-) ;;
		ids) has_ids 1000 ;;
		numa) [[ -d /sys/devices/system/node/node0 ]] ;;
		less-nice) (($(nice) < 19)) ;;
		x86_64) [[ $(uname -m) == x86_64 ]] ;;
		io-weight) [[ ! $(feature_reason cgroup-io) ]] && [[ $(find /sys/fs/cgroup -maxdepth 3 -name 'io.weight' -o -name io.bfq.weight 2>/dev/null) ]] ;;
		rdma) [[ -d /sys/class/infiniband/mlx5_0 ]] ;;
		io-weight-of-a-disk) return 1 ;; # not every kernel tells which disks have one
		*) [[ ! $(feature_reason "$1") ]] ;;
	esac
}
while IFS=$'\t' read -r name with want needs outcome; do
	if [[ $with == deny* && ! $deny ]]; then skip "$name: $why_not_deny"; continue; fi
	case $want in
		applied | fallback) if may "$needs"; then want=seen; else want='seen|seen without it, too|refused|not applied'; fi ;;
		ignored) want='ran|not applied' ;;
	esac
	like "$name" "$outcome" "^($want)\$"
done < <(jq -r '.[] | [.name, .with, .want, (.needs // ""), .outcome] | map(. // "no row" | gsub("[\t\n]"; " ")) | map(if . == "" then "-" else . end) | @tsv' "$scratch/plain.json")
silent() { jq -r 'map(select(.outcome == "ran" and .want != "ignored").name) | join(" ")' "$1"; }
is "silent rows" "$(silent "$scratch/plain.json")" ''

# ---- what is refused, as best effort ----

mapfile -t refused < <(jq -r --slurpfile trials "$scratch/trials.json" '[to_entries[] | select(.value.outcome == "refused").key] as $refused |
	[$refused[] | $trials[0][.] | (.run, (.control // empty))] | unique[]' "$scratch/plain.json")
effort=(--best-effort=cgroup,rlimits,oom,devices)
contain_all "$scratch/effort" "${refused[@]}"
outcomes "$scratch/effort" | jq --slurpfile plain "$scratch/plain.json" '[to_entries[] | select($plain[0][.key].outcome == "refused").value]' >"$scratch/effort.json"
is "silent rows with best effort" "$(silent "$scratch/effort.json")" ''
is "… of those that are refused" "$(jq 'map(select(.outcome != "not applied" and .outcome != "refused"))' "$scratch/effort.json")" '[]'
effort=()

unpause
[[ $mode != nested ]] || umount "$volume" 2>/dev/null
nothing_left "nothing is left" "$before"

# ---- others, for information: what they leave behind is their own ----

peer_silence() {
	local runtime_flags=()
	contain_all "$scratch/$1" "${distinct[@]}"
	outcomes "$scratch/$1" >"$scratch/$1.json"
	diag "$1: $(jq -r 'group_by(.outcome | if startswith("an error") then "fails" else . end) |
		map("\(length) \(.[0].outcome | sub("that does not.*"; ""))") | join(", ")' "$scratch/$1.json")"
	diag "$1 is silent about: $(silent "$scratch/$1.json")"
}
if [[ ${LICHEN_PEERS-} ]]; then configure; fi
for peer in ${LICHEN_PEERS-}; do
	if command -v "$peer" >/dev/null; then with_runtime "$peer" peer_silence "$peer"; else diag "$peer is not installed here"; fi
done
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whatever dies, and whenever: delete --force takes everything away, and nothing hangs. Every
# operation is killed with -9 at the beginning and the end of its system calls, one after the other
# (tools/killer.c); so is the container's first process.
#
#   LICHEN_CRASH_STEP=N    at every N-th of them (default 19: each run begins at another one); 1: all
# shellcheck disable=SC2016,SC2154
set -uo pipefail
# shellcheck source=lib/life.sh
source "$(dirname "$0")/lib/life.sh"

step=${LICHEN_CRASH_STEP:-19}
# the leak sanitizer wants to trace the process itself
sanitizers=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
killer=$(tool killer) || { echo "Bail out! tools/killer.c cannot be compiled"; exit 1; }
L=("$LICHEN" --root "$(state_dir)")
# A process that ends when it has said something, so that one that is lost is no zombie's parent.
put_bundle base '.process.args = ["sh", "-c", "echo ready; while :; do sleep 0.05; done"]'
plain=$bundle
# With all that has files, sockets and messages of its own.
put_bundle full '.process.args = ["sh", "-c", "echo ready; while :; do sleep 0.05; done"]' \
	'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}' \
	'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 200, hard: 300}]' \
	'.hooks = {prestart: [{path: "/bin/true"}], createRuntime: [{path: "/bin/true"}], createContainer: [{path: "/bin/true"}], poststart: [{path: "/bin/true"}]}'
full=$bundle
before=$(census)

# What the killer, if any, is allowed to find when it looks: nothing. With what was the matter.
leftovers() { newly_there "$before"; ls -A "$scratch/pids" 2>/dev/null; }
clean() { [[ -z $(leftovers) ]]; }

joiners() { ps -e -o pid=,comm= | grep -E ' lichen:(join|exec)$'; }
nobody_joins() { ! joiners >/dev/null; }

# One kill and all that must hold after it. Says what went wrong, or nothing.
after_kill() {
	local where=$1 rc
	# whoever was on its way into the container ends by itself
	eventually nobody_joins || echo "$where: $(joiners)"
	rt list >/dev/null 2>"$scratch/said" || echo "$where: list: $(cat "$scratch/said")"
	rt state "$id" >"$scratch/state" 2>&1 || grep -q 'does not exist' "$scratch/state" || echo "$where: state: $(cat "$scratch/state")"
	rm -f "$scratch/pids/pid"
	rc=0
	rt delete --force "$id" >"$scratch/said" 2>&1 || rc=$?
	((rc == 0)) && [[ ! -s $scratch/said ]] || echo "$where: delete --force: $rc: $(cat "$scratch/said")"
	if [[ $(status_of "$id") != none ]]; then echo "$where: it is still there"; fi
	eventually clean || echo "$where: left: $(leftovers | tr '\n' ';')"
}

# stepping NAME PREPARE COMMAND...   kills COMMAND at its first, (1 + step)-th ... stop until it lives
# through; PREPARE makes what it needs. COMMAND has the container's name put behind it.
stepping() {
	local name=$1 prepare=$2 n=$((RANDOM % step + 1)) first=() killed=0 rc bad=''
	shift 2
	if [[ $1 == --first ]]; then first=(--first); shift; fi
	mkdir -p "$scratch/pids"
	while ((n < 20000)); do
		new_id
		"$prepare"
		rc=0
		within 60 env ASAN_OPTIONS="$sanitizers" "$killer" "${first[@]}" "$n" "$@" "$id" >"$scratch/out" 2>"$scratch/killer" </dev/null || rc=$?
		((rc < 2)) || { bad+="$n: the killer ended with $rc: $(cat "$scratch/killer")"; break; }
		if ((rc == 0)) && ((${#first[@]})); then bad+=$(check_failure "$n"); fi
		bad+=$(after_kill "$n ($(grep -m 1 killed "$scratch/killer"))")
		((rc == 0)) || break
		[[ -z $bad ]] || break
		killed=$((killed + 1))
		n=$((n + step))
	done
	is "$name: clean after each of $killed kills" "${bad:-clean}" clean
	ok "$name: it was killed in earnest" test "$killed" -ge 3
}

# The one who created it lives and says what has happened.
check_failure() {
	local said
	# not the container's set-up but its program was killed, and run says so
	! grep -q '^CMD: 137$' "$scratch/killer" || return 0
	grep -q '^CMD: 0$' "$scratch/killer" && { [[ $(status_of "$id") == stopped ]] || echo "$1: success, and it is $(status_of "$id")"; return; }
	grep -q '^CMD: 1$' "$scratch/killer" || echo "$1: $(grep CMD "$scratch/killer")"
	said=$(grep '^lichen: ' "$scratch/killer")
	# the last is run's, when the two operations that it consists of are just between
	[[ $said =~ "process died"|"was killed by signal 9"|"cannot start a container that has stopped" ]] || echo "$1: it says: $said;"
	[[ $(status_of "$id") == none ]] || echo "$1: a create that failed left $(status_of "$id")"
	[[ ! -e $scratch/pids/pid ]] || echo "$1: a create that failed left a PID file"
}

nothing() { :; }
created() { rt create --bundle "${1:-$plain}" "$id" >/dev/null 2>&1 </dev/null; }
connected() { rt run --detach --bundle "$plain" --network slirp -p 127.0.0.1:0:80 "$id" >/dev/null 2>&1 </dev/null; }
created_full() { created "$full"; }
running() { created && rt start "$id"; }
running_with_process() {
	printf '%s' '{"cwd": "/", "env": ["PATH=/bin"], "args": ["sh", "-c", "while :; do sleep 0.05; done"]}' >"$scratch/process.json"
	printf '%s' '{"cwd": "/", "env": ["PATH=/bin"], "args": ["true"]}' >"$scratch/process.ends.json"
	running
}
stopped() { created && rt kill "$id" KILL && eventually has_status "$id" stopped; }

possible() {
	local rc=0
	case ${LICHEN_TIER:-here} in
		uml* | qemu)
			elsewhere "death at many system calls: tracing each is too slow in an emulated guest; the machine itself shows it"
			return 1 ;;
	esac
	"$killer" 0 true 2>"$scratch/killer" || rc=$?
	((rc == 1)) && return
	skip "processes cannot be traced here (a sandbox's seccomp filter, or kernel.yama.ptrace_scope=3): $(cat "$scratch/killer")"
	return 1
}

test_stepping() {
	possible || return
	stepping "create" nothing "${L[@]}" create --bundle "$plain" --pid-file "$scratch/pids/pid"
	stepping "create with hooks and a filter" nothing "${L[@]}" create --bundle "$full"
	stepping "run --detach" nothing "${L[@]}" run --detach --bundle "$plain"
	stepping "start" created "${L[@]}" start
	stepping "start with hooks and a filter" created_full "${L[@]}" start
	stepping "delete" stopped "${L[@]}" delete
	stepping "delete --force" running "${L[@]}" delete --force
	stepping "kill" running "${L[@]}" kill
	stepping "exec --detach" running_with_process "${L[@]}" exec --detach --pid-file "$scratch/pids/pid" --process "$scratch/process.json"
	stepping "exec" running_with_process "${L[@]}" exec --process "$scratch/process.ends.json"
}

# Somebody connects it beside its birth, and outlives whoever started that.
test_network() {
	possible && slirp_works || return
	stepping "create with a network" nothing "${L[@]}" create --bundle "$plain" --network slirp -p 127.0.0.1:0:80
	stepping "run --detach with a network" nothing "${L[@]}" run --detach --bundle "$plain" --network slirp
	stepping "delete --force with a network" connected "${L[@]}" delete --force
	stepping "create with a network, its first process" nothing --first "${L[@]}" create --bundle "$plain" --network slirp
}

# The container's first process is killed while the creator goes on.
test_first_process() {
	possible || return
	stepping "create, its first process" nothing --first "${L[@]}" create --bundle "$plain" --pid-file "$scratch/pids/pid"
	stepping "create with hooks and a filter, its first process" nothing --first "${L[@]}" create --bundle "$full"
	stepping "run, its first process" nothing --first "${L[@]}" run --bundle "$scratch/bundle.ends"
}

# with -9, and gone then
kill_begun() {
	local pid=${1:-$begun}
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
}

# in less than the half minute for which one operation waits for another
promptly() { within 20 "${L[@]}" "$@"; }

# A hook that hangs, in each place; its creator killed or left to find out by itself.
test_hooks() {
	local kind starter
	for kind in prestart createRuntime createContainer; do
		gate "$kind"
		put_bundle hanging ".hooks.$kind = [{path: \"$hook\"}]" \
			'.mounts += [{destination: "/gate", type: "bind", source: "'"$scratch"'", options: ["rbind"]}]'
		new_id
		begin "${L[@]}" create --bundle "$bundle" --pid-file "$scratch/pid" "$id"
		ok "$kind hangs: it is reached" eventually gated
		is "$kind hangs: creating" "$(status_of "$id")" creating
		ok "$kind hangs: delete --force takes it away at once" promptly delete --force "$id"
		wait "$begun"
		is "$kind hangs: create fails" $? 1
		like "$kind hangs: create says why" "$(cat "$out")" "process died while|died while hook"
		ok "$kind hangs: no PID file" test ! -e "$scratch/pid"
		nothing_left "$kind hangs: nothing is left" "$before"
		gate "$kind"
		new_id
		begin "${L[@]}" create --bundle "$bundle" "$id"
		ok "$kind hangs, create killed: it is reached" eventually gated
		kill_begun
		is "$kind hangs, create killed: stopped" "$(status_of "$id")" stopped
		ok "$kind hangs, create killed: delete --force" promptly delete --force "$id"
		# a hook on the host is nobody's then; it ends, as this one, or not, but holds nothing
		touch "$gate/go"
		nothing_left "$kind hangs, create killed: nothing is left" "$before"
	done

	gate startContainer
	put_bundle hanging ".hooks.startContainer = [{path: \"/gate/${hook##*/}\"}]" \
		'.mounts += [{destination: "/gate", type: "bind", source: "'"$scratch"'", options: ["rbind"]}, {destination: "'"$scratch"'", type: "bind", source: "'"$scratch"'", options: ["rbind"]}]'
	new_id
	created "$bundle"
	begin "${L[@]}" start "$id"
	ok "startContainer hangs: it is reached" eventually gated
	is "startContainer hangs: still created" "$(status_of "$id")" created
	ok "startContainer hangs: delete --force" promptly delete --force "$id"
	wait "$begun"
	is "startContainer hangs: start fails" $? 1
	like "startContainer hangs: start says why" "$(cat "$out")" "process died while"
	nothing_left "startContainer hangs: nothing is left" "$before"
	gate startContainer
	new_id
	created "$bundle"
	begin "${L[@]}" start "$id"
	ok "startContainer hangs, start killed: it is reached" eventually gated
	kill_begun
	ok "startContainer hangs, start killed: delete --force" promptly delete --force "$id"
	nothing_left "startContainer hangs, start killed: nothing is left" "$before"

	# the time-out of a hook is the hook's end, and the container's
	gate timeout
	put_bundle hanging ".hooks.createRuntime = [{path: \"$hook\", timeout: 1}]"
	new_id
	exits 1 "a hook's time-out" rt create --bundle "$bundle" "$id"
	like "a hook's time-out: the text" "$stderr" 'hooks\.createRuntime\[0\]: hook .* was killed after its timeout of 1 s'
	nothing_left "a hook's time-out: nothing is left" "$before"

	# the program runs already: it is killed; the hook, which is told of a container that ran, may finish
	gate poststart
	put_bundle hanging ".hooks.poststart = [{path: \"$hook\"}]" '.process.args = ["sleep", "1000"]'
	new_id
	created "$bundle"
	begin "${L[@]}" start "$id"
	starter=$begun
	ok "poststart hangs: it is reached" eventually gated
	is "poststart hangs: running" "$(status_of "$id")" running
	begin "${L[@]}" delete --force "$id"
	ok "poststart hangs: delete --force kills the program at once" eventually has_status "$id" stopped
	touch "$gate/go"
	wait "$begun"
	is "poststart hangs: delete --force ends with the hook" "$? $(cat "$out")" '0 '
	wait "$starter"
	nothing_left "poststart hangs: nothing is left" "$before"
	gate poststart
	new_id
	created "$bundle"
	begin "${L[@]}" start "$id"
	starter=$begun
	ok "poststart hangs on: it is reached" eventually gated
	exits 1 "poststart hangs on: delete is an error after half a minute" rt delete "$id"
	like "poststart hangs on: the text names the cause" "$stderr" 'is busy: another operation on it.*hook'
	ok "poststart hangs on: delete --force ends the hook, too" promptly delete --force "$id"
	wait "$starter"
	is "poststart hangs on: start fails" $? 1
	like "poststart hangs on: and says why" "$(cat "$out")" "hooks.poststart\[0\]: the container was deleted by force while hook '"
	not_ok "poststart hangs on: the container is gone" rt state "$id"
	nothing_left "poststart hangs on: nothing is left" "$before"
	gate poststart
	new_id
	created "$bundle"
	begin "${L[@]}" start "$id"
	ok "poststart hangs on, start killed: it is reached" eventually gated
	kill_begun "$begun"
	touch "$gate/go"
	ok "poststart hangs on, start killed: delete --force" promptly delete --force "$id"
	nothing_left "poststart hangs on, start killed: nothing is left" "$before"
}

# The foreground runtime killed: the container is not, and can be had.
test_run() {
	new_id
	begin "${L[@]}" run --bundle "$plain" "$id"
	eventually says_ready
	kill_begun
	is "run killed: the container goes on" "$(status_of "$id")" running
	ok "run killed: kill" rt kill "$id" KILL
	ok "run killed: stopped" eventually has_status "$id" stopped
	ok "run killed: delete" rt delete "$id"
	nothing_left "run killed: nothing is left" "$before"
	# a process that ignores all but SIGKILL
	put_bundle stubborn '.process.args = ["sh", "-c", "trap : HUP INT TERM QUIT; echo ready; while :; do sleep 0.05; done"]'
	new_id
	begin rt run --detach --bundle "$bundle" "$id"
	eventually says_ready
	rt kill "$id" TERM
	is "a stubborn process: running" "$(status_of "$id")" running
	ok "a stubborn process: delete --force" promptly delete --force "$id"
	# one that is stopped, as by a debugger
	new_id
	running
	rt kill "$id" STOP
	is "a stopped process is not a stopped container" "$(status_of "$id")" running
	ok "a stopped process: delete --force" promptly delete --force "$id"
	# the state directory's contents gone or broken
	local file
	for file in state.json config.json init created.lock start.sock; do
		new_id
		created
		rm -f "$(state_dir)/$id/$file"
		ok "without $file: delete --force" promptly delete --force "$id"
		nothing_left "without $file: nothing is left" "$before"
		[[ $file == *.json ]] || continue
		new_id
		created
		echo '{"id": [' >"$(state_dir)/$id/$file"
		ok "with a broken $file: delete --force" promptly delete --force "$id"
		nothing_left "with a broken $file: nothing is left" "$before"
	done
	# the root file system and the bundle gone
	put_bundle gone '.process.args = ["sleep", "1000"]'
	cp -a "$scratch/base/rootfs" "$bundle/rootfs"
	change "$bundle" '.root.path = "rootfs"'
	new_id
	created "$bundle"
	rm -rf "$bundle"
	ok "without the bundle: delete --force" promptly delete --force "$id"
}

put_bundle ends '.process.args = ["true"]'
run_tests stepping network first_process hooks run
done_testing

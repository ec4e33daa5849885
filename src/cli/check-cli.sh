#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line by itself: statuses, texts and formats that need no container. LICHEN names the
# program.
lichen=$(realpath "${LICHEN:-./lichen}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0

check() # what, wanted, found
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'wanted: %s\nfound: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

# The status, then what was printed, on one line.
result()
{
	text=$("$@" 2>&1 </dev/null)
	echo "$? $text" | tr '\n' '|'
}

run() { result "$lichen" --root "$dir/state" "$@"; }

echo 1..29
check 'no command' "64 lichen: no command given|hint: see 'lichen --help'|" "$(run)"
check 'an unknown command' "64 lichen: unknown command 'crate'|hint: did you mean 'create'?|" \
	"$(run crate x)"
check 'no checkpoints: no help for them either, by which Podman would know' \
	"64 lichen: checkpoint: not supported: rootless containers can't be restored (criu(8))|" \
	"$(run checkpoint --help)"
check 'no checkpoints: what the shim of containerd calls' \
	"64 lichen: restore: not supported: rootless containers can't be restored (criu(8))|" \
	"$(run restore --detach -no-subreaper x)"
check 'an unknown option' \
	"64 lichen: unknown option '--forse'|hint: did you mean '--force'? see 'lichen delete --help'|" \
	"$(run delete --forse x)"
check 'an argument too few' \
	"64 lichen: start: an argument is missing: expected ID|hint: see 'lichen start --help'|" \
	"$(run start)"
check 'an argument too many' \
	"64 lichen: state: unexpected argument 'b'|hint: see 'lichen state --help'|" "$(run state a b)"
check 'an option at the wrong place' \
	"64 lichen: unknown option '--log'|hint: '--log' is a global option: put it before the command|" \
	"$(run list --log x)"
check 'an option that spec could mean otherwise' \
	"64 lichen: unknown option '--root'|hint: '--root' is a global option: put it before the command|" \
	"$(run spec --root x)"
check 'two signals' "1 lichen: kill: two signals: '9' and 'TERM'|" "$(run kill -9 x TERM)"
check 'no such signal' 1 "$(run kill x FOO | cut -d ' ' -f 1)"
for command in start state kill ps; do
	check "$command of no container" "1 lichen: container 'x' does not exist|" "$(run $command x)"
done
check 'delete of no container' "1 lichen: container 'x' does not exist|" "$(run delete x)"
check 'delete --force of no container' '0 |' "$(run delete --force x)"
check 'a bad regular expression' 1 "$(run delete -r '(' | cut -d ' ' -f 1)"
check 'list of none' '0 ID          PID         STATUS      BUNDLE      CREATED     OWNER|' "$(run list)"
check 'list of none as JSON' '0 []|' "$(run list -f json)"
check 'list -q of none' '0 |' "$(run list -q)"
# shellcheck disable=SC2016
check 'a full disk' '1 lichen: write to standard output: No space left on device|' \
	"$(result sh -c '"$0" list >/dev/full' "$lichen")"

run --log log --log-format json start x >/dev/null
check 'one record in the log, one line' 1 \
	"$(grep -c '^{"msg":"container .x. does not exist","level":"error","time":"[-0-9T:.]*Z"}$' log)"
run --log log2 --log-format json start --bogus x >/dev/null
check 'a usage error is in the log, too' 1 "$(grep -c 'unknown option .--bogus' log2)"

check 'spec writes' '0 |' "$(result "$lichen" spec 2>&1 | sed 's/lichen: warning.*hint: .*|/|/')"
check 'spec knows that there is no terminal' 1 "$(grep -c '"terminal": false' config.json)"
check 'spec never overwrites' "1 lichen: file 'config.json' exists in '.'|hint: remove it first," \
	"$(result "$lichen" spec | sed 's/hint: remove it first,.*/hint: remove it first,/; s/lichen: warning.*|lichen: file/lichen: file/')"

ln -s "$lichen" runc
check 'the version by another name' 'runc version ' "$(./runc --version | sed -n '1s/[^ ]*$//p')"
check 'the version that callers parse' 'spec: 1.3.0' "$("$lichen" -v | grep ^spec:)"

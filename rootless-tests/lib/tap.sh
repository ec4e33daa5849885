# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# TAP without a plan in advance, for test files in bash.
#
#   ok NAME CMD [ARG...]         passes if CMD succeeds; shows what CMD said if not
#   not_ok NAME CMD [ARG...]     passes if CMD fails
#   exits STATUS NAME CMD...     passes if CMD exits with STATUS
#   is NAME GOT WANT             compares text
#   like NAME GOT REGEX          matches an extended regular expression
#   unlike NAME GOT REGEX
#   run CMD [ARG...]             sets $status, $stdout, $stderr
#   skip REASON                  one skipped test; with LICHEN_MUST_RUN=1 a failed one
#   others NAME CMD...           CMD says TAP: its tests become ours, with NAME in front
#   elsewhere REASON             one skipped test that this kind of caller cannot make; another one does
#   must_run FEATURE             true if the tier can show FEATURE; else lists it as skipped, false
#   diag TEXT...                 a comment
#   done_testing                 last line of a file
#
# A test that fails calls on_failure NAME, if the file (or lichen.sh) defines it.

tap_n=0 tap_failed=0 tap_done=0
tap_scratch=$(mktemp -d "${TMPDIR:-/tmp}/tap.XXXXXX")
status=0 stdout='' stderr=''

diag() { printf '%s\n' "$@" | sed 's/^/# /'; }

# tap_result OK NAME
tap_result() {
	tap_n=$((tap_n + 1))
	# "#" would begin a directive
	local name=${2//#/\\#}
	if [[ $1 == ok ]]; then
		echo "ok $tap_n - $name"
		return 0
	fi
	echo "not ok $tap_n - $name"
	tap_failed=$((tap_failed + 1))
	return 1
}

# what failed says why first, then the collector may speak
tap_fail() {
	tap_result 'not ok' "$1" || :
	shift
	local line
	for line; do diag "$line"; done
	if declare -F on_failure >/dev/null; then on_failure || :; fi
	return 0
}

tap_pass() { tap_result ok "$1"; }

run() {
	status=0
	"$@" >"$tap_scratch/out" 2>"$tap_scratch/err" </dev/null || status=$?
	stdout=$(tr -d '\0' <"$tap_scratch/out")
	stderr=$(tr -d '\0' <"$tap_scratch/err")
}

tap_said() {
	diag "command: $*"
	diag "status:  $status"
	[[ -z $stdout ]] || diag "stdout:  $stdout"
	[[ -z $stderr ]] || diag "stderr:  $stderr"
}

exits() {
	local want=$1 name=$2
	shift 2
	run "$@"
	if ((status == want)); then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted status $want" "$(tap_said "$@" | sed 's/^# //')"
}

ok() {
	local name=$1
	shift
	exits 0 "$name" "$@"
}

not_ok() {
	local name=$1
	shift
	run "$@"
	if ((status != 0)); then tap_pass "$name"; return; fi
	tap_fail "$name" "wanted a failure" "$(tap_said "$@" | sed 's/^# //')"
}

is() {
	if [[ $2 == "$3" ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "got:    $2" "wanted: $3"
}

like() {
	if [[ $2 =~ $3 ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "got:          $2" "wanted match: $3"
}

unlike() {
	if [[ ! $2 =~ $3 ]]; then tap_pass "$1"; return; fi
	tap_fail "$1" "got:             $2" "wanted no match: $3"
}

skip() {
	if [[ ${LICHEN_MUST_RUN-} == 1 ]]; then
		tap_fail "$1" "a skip that could have been avoided is a failure here (LICHEN_MUST_RUN=1)"
		return
	fi
	tap_n=$((tap_n + 1))
	echo "ok $tap_n # SKIP $1"
}

others() {
	local name=$1 line n=0 plan='an unknown number'
	shift
	while IFS= read -r line; do
		[[ $line != 'ok '* && $line != 'not ok '* ]] || n=$((n + 1))
		case $line in
			'ok '*' # SKIP '*)
				tap_n=$((tap_n + 1))
				echo "ok $tap_n # SKIP $name: ${line#*# SKIP }" ;;
			'ok '*) tap_pass "$name: ${line#ok * - }" ;;
			'not ok '*) tap_result 'not ok' "$name: ${line#not ok * - }" || : ;;
			1..*) plan=${line#1..} ;;
			*) printf '%s\n' "$line" ;;
		esac
	done < <("$@" 2>&1 </dev/null)
	[[ $n == "$plan" ]] || tap_fail "$name: to its end" "it made $n tests of $plan"
}

# never a failure: run-tests runs every file as an ordinary user, as uid 0 of a namespace and as root
elsewhere() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n # SKIP $1"
}

# The table of the tiers is the only list of what may be missing where; a machine that is in no
# column (--here) is asked itself.
must_run() {
	local reason
	# shellcheck source=/dev/null
	declare -F feature_reason >/dev/null || source "$(dirname "${BASH_SOURCE[0]}")/features.sh"
	reason=$(feature_reason "$1")
	[[ $reason ]] || return 0
	tap_n=$((tap_n + 1))
	echo "ok $tap_n # SKIP no $1 in tier ${LICHEN_TIER:-here}: $reason"
	return 1
}

done_testing() {
	tap_done=1
	echo "1..$tap_n"
	((tap_failed == 0))
	exit
}

tap_exit() {
	local rc=$?
	rm -rf "$tap_scratch"
	if declare -F at_exit >/dev/null; then at_exit; fi
	((tap_done)) && return
	tap_fail "the test file ran to its end" "it ended with status $rc"
	echo "1..$tap_n"
	exit 1
}
trap tap_exit EXIT

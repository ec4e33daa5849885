#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completion as a shell sees it. LICHEN names the program, srcdir the top of the sources.
lichen=${LICHEN:-./lichen}
top=${srcdir:-.}
dir=$(cd "$(dirname "$lichen")" && pwd)
n=0

check() # what, wanted, found
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# wanted: $2"
		echo "# found: $3"
	fi
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2 is not installed"
}

in_bash() # the command line
{
	# shellcheck disable=SC2016
	PATH=$dir:$PATH bash -c '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; compopt() { :; }; _lichen
		echo "${COMPREPLY[@]}"' - "$top/completions/lichen.bash" "$1" 2>&1
}

offers() { "$lichen" __complete -- "$@" | cut -f 1 | tr '\n' ' '; }

echo 1..15
check 'an option by its beginning' '--bundle ' "$(offers create --b)"
check 'a command by its beginning' 'start state stats ' "$(offers st)"
check 'global options come first' '--log --log-format --log-level ' "$(offers --log)"
check 'the values of a choice' 'table json ' "$(offers list --format '')"
check 'a value behind the equals sign' '--format=json ' "$(offers list --format=j)"
check 'a value behind a short option' 'json ' "$(offers list -f j)"
check 'the rest of a list' 'cgroup,rlimits ' "$(offers --best-effort cgroup,r)"
check 'a directory is the shell'\''s' ':directory ' "$(offers create --bundle '')"
check 'a signal behind the container' 'KILL ' "$(offers kill box KI)"
check 'the options behind an operand' '--force ' "$(offers delete box --f)"
check 'none behind two dashes' '' "$(offers delete -- --f)"
check 'commands to have explained' 'features ' "$(offers help f)"
if command -v bash >/dev/null; then
	check 'bash: an option' '--bundle' "$(in_bash 'lichen create --b')"
	check 'bash: only what is behind the equals sign' 'json' "$(in_bash 'lichen list --format=j')"
else
	skip 'bash: an option' bash
	skip 'bash: only what is behind the equals sign' bash
fi
if command -v fish >/dev/null; then
	found=$(PATH=$dir:$PATH fish -N -c "source $top/completions/lichen.fish
		complete -C 'lichen create --b'" 2>&1 | cut -f 1)
	check 'fish: an option' '--bundle' "$found"
else
	skip 'fish: an option' fish
fi

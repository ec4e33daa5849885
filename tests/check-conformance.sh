#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The conformance table is complete and true to its words: every property of the specification has one
# row, every row has tests, and every test is there. README.md has its numbers.
#
# check-conformance.sh TAP...   (what rootless-tests/run --keep leaves, of every mode) also sees that
# each test of rootless-tests/ that the tables name has run, and passed.
. "${srcdir:-.}/tests/tap.sh"
here=$top/tests/conformance
LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

awk -f "$here/read.awk" "$here/properties.table" >"$work/rows"
awk -f "$here/read.awk" "$here/trials.table" >"$work/trials"
awk -v plain=1 -f "$here/read.awk" "$here/musts.table" >"$work/musts"
# What is no property has its kind in front: "option nosuid".
awk -F '\t' '$2 == "row" { print $1 }' "$work/rows" | sort >"$work/all"
grep -v ' ' "$work/all" >"$work/properties"
grep -v '^#' "$top/tests/data/properties-1.3.0.txt" | sort >"$work/specified"

differences() # FILE FILE: what the first has not, what only it has
{
	comm -13 "$1" "$2" | sed 's/^/missing: /'
	comm -23 "$1" "$2" | sed 's/^/unknown: /'
}

result 'no row is there twice' "$(uniq -d "$work/all")"
result 'every property of the specification has a row, and no other' \
	"$(differences "$work/properties" "$work/specified")"
awk -F '\t' '$2 == "row" { print $1 }' "$work/trials" | sort -u >"$work/tried"
result 'every property has a trial' "$(differences "$work/tried" "$work/specified")"
result 'every trial changes something and says what shows it' "$(awk -F '\t' '
	$2 == "row" { row = $1 " " $3; rows[row] }
	$2 == "set" { set[row] }
	$2 == "see" || $2 == "always" { see[row] }
	END { for (row in rows) if (!(row in set) || !(row in see)) print row }' "$work/trials")"
result 'every row has a status, and words that are known' "$(awk -F '\t' '
	{ seen[$1, $2] }
	$2 == "row" { rows[$1] }
	$2 ~ /^=/ && ($2 !~ /^=(A|B|root)$/ || $3 !~ /^(applied|fallback|refused|ignored)$/) { print $1 ": " $2 " " $3 }
	$2 !~ /^(row|kernel|text|A|B|root|A,B|B,root|needs|[+-]|=.*)$/ { print $1 ": " $2 }
	$2 == "kernel" && $3 !~ /^[5-9]\.[0-9]+$/ { print $1 ": kernel " $3 }
	END { for (row in rows) if (!((row, "=A") in seen)) print row ": no status" }' "$work/rows")"

# What the program says of itself, "features", has the same options, namespaces, flags and hooks.
listed() # KIND KEY
{
	"${LICHEN:-./src/lichen}" features | awk -v key="\"$2\":" -v kind="$1" '
		$1 == key { inside = 1; next }
		inside && /\]/ { exit }
		inside { gsub(/[",]/, ""); print kind " " $1 }' | sort >"$work/listed"
	grep "^$1 " "$work/all" >"$work/rows-of-kind"
	differences "$work/rows-of-kind" "$work/listed"
}
result 'every mount option has a row' "$(listed option mountOptions)"
result 'every type of namespace has a row' "$(listed namespace namespaces)"
result 'every flag of seccomp has a row' "$(listed flag knownFlags)"
result 'every kind of hook has a row' "$(listed hook hooks)"

# ---- the tests ----

result 'every row names what shows that it works, and what is refused' "$(awk -F '\t' '
	$2 == "row" { rows[$1] }
	$2 == "+" || $2 == "-" { seen[$1, $2] }
	END {
		for (row in rows) {
			if (!((row, "+") in seen)) print row ": no +"
			if (!((row, "-") in seen)) print row ": no -"
		}
	}' "$work/rows")"
result 'every demand of the specification names a test' "$(awk -F '\t' '
	$2 == "row" { rows[$1] }
	$2 == "+" { seen[$1] }
	END { for (row in rows) if (!(row in seen)) print row }' "$work/musts")"
# FILE, tab, TEST
awk -F '\t' '$2 == "+" || $2 == "-" { i = index($3, ": "); print substr($3, 1, i - 1) "\t" substr($3, i + 2) }' \
	"$work/rows" "$work/musts" | sort -u >"$work/named"
grep -v '^48-silent	' "$work/named" >"$work/wanted"
result 'every test that is named is there' "$(awk -f "$here/find-tests.awk" "$work/wanted" \
	"$top"/rootless-tests/*.t "$top"/tests/unit/test-*.c "$top/tests/data/bad/config.txt" \
	"$top/tests/data/plan/refused.txt" "$top/tests/data/plan/cases.txt" "$top/tests/data/properties-1.3.0.txt")"
sed -n 's/^48-silent	//p' "$work/named" | sort >"$work/silent"
result 'every trial that is named is there' "$(comm -23 "$work/silent" "$work/tried")"

if [ $# -gt 0 ]; then
	awk -F '\t' '$1 ~ /^[0-9]/' "$work/named" | sort >"$work/wanted"
	sed -n -e 's/^@begin \(.*\)\.t$/@\1/p' -e 's/^ok [0-9]* - \(.*\)/\1/p' "$@" | awk '
		sub(/^@/, "") { file = $0; next }
		{ gsub(/\\#/, "#"); print file "\t" $0 }' | sort -u >"$work/passed"
	result 'every test that is named has passed' "$(comm -23 "$work/wanted" "$work/passed" | tr '\t' ':')"
fi

# ---- the numbers ----

n=$(grep -c . "$work/properties")
echo "| of $n properties | applied | by a fallback | refused by name | ignored, as the specification has it |" >"$work/lines"
echo '|---|---|---|---|---|' >>"$work/lines"
for mode in A:'an ordinary user' B:'uid 0 of a user namespace' root:root; do
	awk -F '\t' -v key="=${mode%%:*}" -v who="${mode#*:}" '$2 == key && $1 !~ / / { n[$3]++ }
		END { printf "| %s | %d | %d | %d | %d |\n", who, n["applied"], n["fallback"], n["refused"], n["ignored"] }' \
		"$work/rows" >>"$work/lines"
done
result 'README.md has the numbers' "$(awk 'NR == FNR { have[$0]; next } !($0 in have) { print "not there: " $0 }' \
	"$top/README.md" "$work/lines")"
tap_end

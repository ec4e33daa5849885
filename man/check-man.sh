#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages and the option tables say the same, in both directions, and the pages are clean
# mdoc. LICHEN names the program, srcdir the top of the sources.
lichen=${LICHEN:-./lichen}
man=${srcdir:-.}/man
n=0

result() # what, "" or what is wrong with it
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

# The options that a page explains: those in the headings of its lists.
explained()
{
	awk '$1 == ".It" && $2 == "Fl" {
		sub(/^\.It Fl /, "")
		gsub(/\\&/, "")
		if ($1 == "Ns" && $2 == "Ar") { print "-" $3; next }
		for (i = 1; i <= NF; i++) {
			if ($i == "Ar" || $i == "Ns" || $i == "Op") break
			if ($i != "," && $i != "Fl") print "-" $i
		}
	}' "$1" | sort -u
}

# the helpers that people call have a page as the commands have
net=$(dirname "$lichen")/../helpers/lichen-net
tables=$("$lichen" __options && "$net" __options) || exit 1
pages=$(printf '%s\n' "$tables" | awk 'NF == 1')
# shellcheck disable=SC2086
set -- $pages
echo "1..$(($# * 2 + 3))"
for page; do
	if [ ! -f "$man/$page.1" ]; then
		result "$page.1 has every option" "there is no $page.1"
		result "$page.1 has no other option" ''
		continue
	fi
	wanted=$(printf '%s\n' "$tables" | awk -v p="$page" '$1 == p && NF == 2 { print $2 }' | sort -u)
	found=$(explained "$man/$page.1")
	missing=
	for option in $wanted; do
		printf '%s\n' "$found" | grep -qxF -e "$option" || missing="$missing $option"
	done
	unknown=
	for option in $found; do
		printf '%s\n' "$wanted" | grep -qxF -e "$option" || unknown="$unknown $option"
	done
	result "$page.1 has every option" "${missing:+missing:$missing}"
	result "$page.1 has no other option" "${unknown:+unknown:$unknown}"
done

strange=
for file in "$man"/*.1; do
	name=$(basename "$file" .1)
	printf '%s\n' "$pages" | grep -qxF -e "$name" || strange="$strange $name"
done
result 'every page has a command' "$strange"

# Made by the build, in the build directory or in the tarball's sources.
config=$man/lichen-config.5
[ -f "$config" ] || config=man/lichen-config.5
long=$(for page; do
	command=${page#lichen}
	case $command in
	-net) "$net" --help ;;
	*) "$lichen" help ${command:+"${command#-}"} ;;
	esac | awk 'length > 100'
done)
result 'no line of --help is longer than 100 characters' "$long"

if command -v mandoc >/dev/null; then
	# Whether other programs' pages are installed is the machine's business.
	result 'mandoc finds nothing' "$(mandoc -Tlint -Wstyle "$man"/*.1 "$config" 2>/dev/null |
		grep -v 'referenced manual not found')"
else
	n=$((n + 1))
	echo "ok $n - mandoc finds nothing # SKIP mandoc is not installed"
fi

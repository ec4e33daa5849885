# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For the checks that are scripts: they speak TAP, and stand in the build directory with srcdir set,
# or in the top of the sources. Each ends with `tap_end`.
top=${srcdir:-.}
tap_n=0
tap_bad=0

result() # what is so, "" or what contradicts it
{
	tap_n=$((tap_n + 1))
	if [ -z "$2" ]; then
		echo "ok $tap_n - $1"
	else
		tap_bad=1
		echo "not ok $tap_n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

skip() # what is not looked at, why
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

has() # program
{
	command -v "$1" >/dev/null 2>&1
}

# C without comments, and with empty string and character literals; the lines stay where they are.
code_of() # file
{
	awk '{
		out = ""
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			two = substr($0, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (quote != "") {
				if (c == "\\") i++
				else if (c == quote) { quote = ""; out = out c }
			} else if (two == "/*") {
				comment = 1
				i++
				out = out " "
			} else if (two == "//") {
				break
			} else {
				out = out c
				if (c == "\"" || c == "\047") quote = c
			}
		}
		print out
	}' "$1"
}

# The sources: of the directories given, by default all of ours.
sources() # directory...
{
	[ $# -gt 0 ] || set -- src helpers tests
	for dir; do
		[ -d "$top/$dir" ] && find "$top/$dir" -name '*.[ch]'
	done | sed "s|^$top/||" | sort
}

tap_end()
{
	echo "1..$tap_n"
	exit "$tap_bad"
}

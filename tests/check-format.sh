#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything is as clang-format leaves it. Versions differ, so only the one that .clang-format was
# written for decides; CLANG_FORMAT names another program.
. "${srcdir:-.}/tests/tap.sh"
wanted=14
format=${CLANG_FORMAT:-}
for program in "clang-format-$wanted" clang-format; do
	[ -n "$format" ] || ! has "$program" || format=$program
done

if [ -z "$format" ]; then
	skip 'clang-format has nothing to change' \
		"clang-format is not installed (package clang-format-$wanted)"
	tap_end
fi
version=$("$format" --version | sed 's/.*version \([0-9]*\)\..*/\1/')
if [ "$version" != "$wanted" ]; then
	skip 'clang-format has nothing to change' \
		"$format is version $version, not $wanted (package clang-format-$wanted)"
	tap_end
fi
for file in $(sources); do
	result "$file" "$(cd "$top" && "$format" --dry-run -Werror "$file" 2>&1 |
		sed -n 's/^[^:]*:\([0-9]*\):.* error:.*/line \1/p' | uniq)"
done
tap_end

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone, twice in a row, and with the flags of the project: it includes what
# it needs.
. "${srcdir:-.}/tests/tap.sh"
cc=${CC:-cc}
# By hand, outside of make check.
: "${CFLAGS:=-std=gnu17 -Ulinux -D_GNU_SOURCE -I$top/src -Wall -Wextra}"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
absolute=$(cd "$top" && pwd)

for header in $(sources src helpers | grep '\.h$') tests/unit/tap.h tests/unit/temp.h; do
	printf '#include "%s/%s"\n#include "%s/%s"\nint compiled_alone;\n' \
		"$absolute" "$header" "$absolute" "$header" >"$dir/alone.c"
	# shellcheck disable=SC2086
	result "$header" "$($cc $CFLAGS -Werror -Wno-unused-function -fsyntax-only "$dir/alone.c" 2>&1)"
done
tap_end

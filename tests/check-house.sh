#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What keeps a file readable and a layer honest, as far as a program can tell.
. "${srcdir:-.}/tests/tap.sh"
file_lines=600
function_lines=70
scripts=$(cd "$top" && find autogen.sh tests man completions helpers .ci quickstart run-tests \
	rootless-tests -name corpus -prune -o -type f -print 2>/dev/null | sort | while read -r file; do
	case $file in
	*.sh | *.t) echo "$file" ;;
	*.*) ;;
	*) head -n 1 "$file" | grep -q '^#!.*sh$' && echo "$file" ;;
	esac
done)

each_line() # file: its lines as code, with the name and number in front
{
	code_of "$top/$1" | awk -v file="$1" '{ print file ":" NR ": " $0 }'
}

result 'every file names its licence' "$(cd "$top" && for file in $(sources) $scripts; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
done)"

# Lists of cases (*.t) are as long as there are cases.
result "no file is longer than $file_lines lines" "$(cd "$top" && for file in $(sources) $scripts; do
	n=$(wc -l <"$file")
	[ "$n" -le "$file_lines" ] || [ "${file%.t}" != "$file" ] || echo "$file: $n"
done)"

# A function begins and ends with a brace in the first column.
result "no function is longer than $function_lines lines" "$(for file in $(sources); do
	awk -v file="$file" -v max="$function_lines" '
		/^[A-Za-z_].*\(/ && !/;$/ { name = $0; start = NR }
		/^\{/ { inside = 1 }
		/^\}/ {
			if (inside && NR - start + 1 > max)
				print file ":" start ": " NR - start + 1 ": " name
			inside = 0
		}' "$top/$file"
done)"

result 'no goto' "$(for file in $(sources src helpers); do
	each_line "$file" | grep -E '(^|[^_[:alnum:]])goto[[:space:]]'
done)"

result 'nothing is left to be done' "$(cd "$top" && grep -rnwE 'TODO|FIXME|XXX' src helpers 2>/dev/null)"

result 'src/local.mk has every source' "$(for file in $(sources src); do
	grep -q "^	%D%/${file#src/}\( \\\\\)\{0,1\}\$" "$top/src/local.mk" ||
		[ "$file" = src/cli/main.c ] || echo "$file"
done)"

result 'tests/local.mk has every unit test' "$(for file in $(sources tests/unit | grep '/test-.*\.c$'); do
	name=$(basename "$file" .c)
	grep -q "^	%D%/unit/$name\( \\\\\)\{0,1\}\$" "$top/tests/local.mk" || echo "$file"
done)"

# A table that is searched by name has no length: it ends with an empty row.
result 'every table of names ends' "$(for file in $(sources src helpers); do
	awk -v file="$file" '
		/^(static )?const struct (name|mount_option|bind|option_def) [a-z_]+\[\] = / {
			table = $0
			line = NR
			text = ""
			inside = 1
		}
		inside { text = text $0 }
		inside && /\};$/ {
			inside = 0
			gsub(/[ \t]/, "", text)
			if (text !~ /(\{0\}|\{NULL,0\}|\{\.?[a-z]*=?NULL\}|_END|_LAST_ROWS),?\};$/)
				print file ":" line ": " table
		}' "$top/$file"
done)"

# All state is passed along. What the linker put where something can be written to:
mutable()
{
	for layer in base net spec kernel host plan stage container cli; do
		"${NM:-nm}" -f sysv "lib$layer.a" 2>/dev/null | awk -F '|' -v layer="$layer" '
			$4 ~ /OBJECT|TLS/ && $7 ~ /^\.t?(data|bss)|COM/ && $7 !~ /^\.data\.rel\.ro/ {
				gsub(/ /, "", $1)
				print "src/" layer ": " $1
			}'
	done
}
name='no variable outlives a call'
if ! has "${NM:-nm}"; then
	skip "$name" 'nm is not installed (package binutils)'
elif [ ! -f libbase.a ]; then
	skip "$name" 'not in a build directory'
elif "${NM:-nm}" libbase.a | grep -qE '__(asan|tsan|gcov|ubsan)'; then
	skip "$name" 'the build is instrumented'
else
	result "$name" "$(mutable)"
fi

if has shellcheck; then
	# rootless-tests/ sees to its own: programs of a virtual machine are not for every shell.
	result 'shellcheck finds nothing' "$(cd "$top" && for file in $scripts; do
		[ "${file#rootless-tests/}" != "$file" ] || shellcheck -x -S warning -f gcc "$file"
	done)"
else
	skip 'shellcheck finds nothing' 'shellcheck is not installed'
fi
tap_end

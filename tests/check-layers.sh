#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One directory, one layer: by what is included, by what is linked, and by what a layer may not do.
. "${srcdir:-.}/tests/tap.sh"
# Lowest first.
layers='base net spec kernel host plan stage container cli'

# The quoted includes of a file, with its name in front of each.
includes() # file
{
	sed -n "s|^#[ 	]*include[ 	]*\"\\(.*\\)\".*|$1 \\1|p" "$top/$1"
}

upwards=
for file in $(sources src); do
	own=${file#src/}
	own=${own%%/*}
	below=" ${layers%%"$own"*}$own "
	for header in $(includes "$file" | cut -d ' ' -f 2); do
		[ "$header" != config.h ] || continue
		case $below in
		*" ${header%%/*} "*) ;;
		*) upwards="$upwards$file includes $header
" ;;
		esac
	done
done
result "a layer includes itself and those below ($layers)" "$upwards"

mechanisms=$(for file in $(sources src/kernel); do includes "$file"; done | grep ' spec/')
result 'a mechanism knows nothing of config.json: kernel includes nothing of spec' "$mechanisms"

outside=$(for file in $(sources helpers); do includes "$file"; done | grep ' .*/' |
	grep -vE ' ((base|kernel|net)/|(spec/json|cli/option_help)\.h$)')
result 'helpers include base, kernel, net, and the faces of JSON and of options alone' "$outside"

# header, who may include it
only_in()
{
	result "<$1> is included by $2 alone" "$(cd "$top" &&
		grep -rlE "^#[ 	]*include[ 	]*<($1)>" src helpers 2>/dev/null | grep -vE "^($3)\$")"
}
only_in 'yajl/.*' 'src/spec/json*.c' 'src/spec/json[-a-z]*\.c'
only_in 'seccomp\.h' 'the compilers of filters' 'src/plan/seccomp\.c|helpers/net/syscalls\.c'
only_in 'libslirp.*|glib.*|systemd/.*|archive.*' 'helpers' 'helpers/.*'

# Only a main prints, and only a main ends the program; processes of their own end by _exit.
speaking=$(for file in $(sources src); do
	case $file in
	src/cli/* | src/base/log.c) continue ;;
	esac
	code_of "$top/$file" | grep -nE \
		'(^|[^_a-z])(v?printf|puts|putchar|perror|exit|abort|errx|warnx)[ ]*\(|std(out|err)([^_a-z]|$)' |
		sed "s|^|$file:|"
done)
result 'nothing below src/cli prints or exits, but the log' "$speaking"

# mem.c: the one line that must work without memory. tty.c: they are the container's own.
raw=$(for file in $(sources src); do
	case $file in
	src/cli/* | src/base/mem.c | src/base/spawn.c | src/kernel/tty.c) continue ;;
	esac
	code_of "$top/$file" | grep -nE 'write(_all)?\(STD(OUT|ERR)_FILENO' | sed "s|^|$file:|"
done)
result 'nor writes to their descriptors' "$raw"

# Every symbol that a library wants and a library above it has.
if ! has "${NM:-nm}"; then
	skip 'no library wants a symbol of one above it' 'nm is not installed (package binutils)'
elif [ ! -f libbase.a ]; then
	skip 'no library wants a symbol of one above it' 'not in a build directory'
else
	rank=0
	result 'no library wants a symbol of one above it' "$(for layer in $layers; do
		rank=$((rank + 1))
		"${NM:-nm}" -P "lib$layer.a" 2>/dev/null | sed "s|^|$rank $layer |"
	done | awk '
		$4 == "U" { wants[$1 " " $2 " " $3] = 1 }
		$4 ~ /^[A-TV-Z]$/ { rank[$3] = $1; where[$3] = $2 }
		END {
			for (want in wants) {
				split(want, w, " ")
				if (rank[w[3]] > w[1] + 0)
					print w[2] " wants " w[3] " of " where[w[3]]
			}
		}' | sort)"
fi
tap_end

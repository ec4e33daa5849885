# SPDX-License-Identifier: Apache-2.0
# Completion for bash. The candidates come from lichen itself (lichen __complete).

_lichen()
{
	local line candidate prefix='' current words
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
	current=${words[-1]}
	# Readline replaces only what stands behind the last of these characters.
	[[ $current == *[=:]* && $COMP_WORDBREAKS == *=* ]] && prefix=${current%"${current##*[=:]}"}
	COMPREPLY=()
	while IFS= read -r line; do
		candidate=${line%%$'\t'*}
		case $candidate in
		:file) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${current#"$prefix"}")
			compopt -o filenames ;;
		:directory) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "${current#"$prefix"}")
			compopt -o filenames ;;
		*) COMPREPLY+=("${candidate#"$prefix"}") ;;
		esac
	done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F _lichen lichen

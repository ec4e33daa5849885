# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What quickstart and run-tests need of a machine: packages, and somebody without privilege.
#
#   need_packages NAME...     installs the Debian packages that are missing
#   ordinary_user             prints the name of an ordinary user: the caller, or for root one that
#                             is made for this
#   as_user CMD...            runs CMD as that user, in a clean environment, with a runtime directory

# shellcheck disable=SC2034
build_packages='gcc make autoconf automake pkg-config libyajl-dev libseccomp-dev libslirp-dev libsystemd-dev libc6-dev' \
	run_packages='uidmap busybox-static'

# For machines where root has no user to lend.
made_user=lichen-user

die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
	if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n -- "$@" 2>/dev/null || sudo -- "$@"; fi
}

is_installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

need_packages() {
	local name missing=()
	command -v dpkg-query >/dev/null || {
		echo "This is not Debian or a relative: install what answers to $*" >&2
		return 0
	}
	for name; do is_installed "$name" || missing+=("$name"); done
	((${#missing[@]})) || return 0
	if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
		die "These packages are missing: ${missing[*]}. As root: apt-get install ${missing[*]}"
	fi
	echo "installing ${missing[*]}" >&2
	as_root apt-get update -qq >&2 || :
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		"${missing[@]}" >/dev/null || die "could not install ${missing[*]}"
}

ordinary_user() {
	if [[ $(id -u) != 0 ]]; then id -un; return; fi
	if ! id "$made_user" >/dev/null 2>&1; then
		useradd --create-home --shell /bin/bash "$made_user" >&2 || die "could not make the user $made_user"
	fi
	# useradd gives subordinate IDs where login.defs says so; containers on some images don't
	grep -qs "^$made_user:" /etc/subuid || usermod --add-subuids 200000-265535 "$made_user"
	grep -qs "^$made_user:" /etc/subgid || usermod --add-subgids 200000-265535 "$made_user"
	echo "$made_user"
}

as_user() {
	local user home runtime status=0
	user=$(ordinary_user)
	if [[ $(id -u) != 0 ]]; then "$@"; return; fi
	home=$(getent passwd "$user" | cut -d: -f6)
	runtime=$(mktemp -d /tmp/lichen-run.XXXXXX)
	chown "$user" "$runtime"
	(cd "$home" && setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all \
		env -i HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash TERM="${TERM:-dumb}" \
		PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin LANG=C.UTF-8 \
		XDG_RUNTIME_DIR="$runtime" "$@") || status=$?
	rm -rf "$runtime"
	return "$status"
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the programs of the rig share: the cache's place, messages, root, host packages, keys.

rig_home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rig_cache=${LICHEN_RIG_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lichen-rig}
guest_suite=trixie
uml_suite=forky
me=${0##*/}

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 125; }

# Runs the command as root: directly, or by sudo. It never asks for a password, because a rig that
# waits for a keyboard hangs a machine that has none.
as_root() {
	if ((EUID == 0)); then "$@"; else sudo -n -- "$@"; fi
}

# need_host COMMAND=PACKAGE...  installs what is missing on this machine
need_host() {
	local pair missing=()
	for pair; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	((${#missing[@]})) || return 0
	say "installing ${missing[*]}"
	local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0
		-o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}")
	as_root "${install[@]}" >/dev/null 2>&1 && return 0
	# a bare container image comes without package lists
	as_root apt-get -qq update >&2 || :
	local said
	said=$(as_root "${install[@]}" 2>&1) ||
		die "cannot install ${missing[*]} (root or password-less sudo is needed): $said"
}

digest() { sha256sum | cut -c1-16; }

# The directory with everything that a boot needs; its name is made from what it is built from, so
# that a checkout always finds the image that belongs to it.
image_dir() {
	local key
	key=$(cd "$rig_home" && { cat build-image guest/[!s]*; echo "$guest_suite $uml_suite"; } | digest)
	printf '%s/image-%s\n' "$rig_cache" "$key"
}

# lock NAME  one process at a time, until the caller ends
lock() {
	mkdir -p "$rig_cache"
	exec {rig_lock}>"$rig_cache/.lock-$1"
	flock "$rig_lock"
}

# prune KEEP PATTERN  removes all but the newest KEEP directories that nobody holds (shared flock)
prune() {
	local keep=$1 old fd
	while read -r old; do
		exec {fd}<"$old"
		if flock -n -x "$fd"; then as_root rm -rf --one-file-system "$old"; fi
		exec {fd}<&-
	done < <(find "$rig_cache" -maxdepth 1 -name "$2" -printf '%T@ %p\n' | sort -rn | tail -n +$((keep + 1)) | cut -d' ' -f2-)
}

# The archive that this machine already uses. Nothing else knows it, and no name is written here.
debian_mirror() {
	local m=${LICHEN_RIG_MIRROR:-}
	# shellcheck disable=SC2016  # apt's own placeholders
	[[ $m ]] || m=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "Debian" {print $3; exit}')
	# without lists (a bare container image) only the sources themselves are there
	[[ $m ]] || m=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
		sed -En 's/^URIs:[[:space:]]*([^ ]*).*/\1/p; s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^ ]+) .*/\2/p' | sed -n 1p)
	[[ $m ]] || die "apt knows no Debian archive here: set LICHEN_RIG_MIRROR"
	printf '%s\n' "$m"
}

# private_apt DIR SUITE...  an apt with its own lists and sources in DIR; the machine's is not
# touched, but its proxies and keys apply. Sets APT_CONFIG.
private_apt() {
	local dir=$1 suite mirror
	shift
	mirror=$(debian_mirror)
	mkdir -p "$dir"/{lists/partial,parts,archives/partial}
	for suite; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
	done >"$dir/sources.list"
	# the clock of a test machine may be past a testing suite's Valid-Until
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/parts";
		Dir::Etc::preferencesparts "$dir/parts";
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$dir/cache";
		Dir::Cache::archives "$dir/archives";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Acquire::Check-Valid-Until "false";
	EOF
	export APT_CONFIG=$dir/apt.conf
	apt-get -qq update >&2
}

# fetch_deb PACKAGE/SUITE DIR  downloads it, prints its path
fetch_deb() {
	local name
	name=$(apt-get download --print-uris "$1" 2>/dev/null | awk '{print $2; exit}')
	[[ $name ]] || die "the archive has no $1"
	(cd "$2" && apt-get -qq download "$1" >&2)
	[[ -s $2/$name ]] || die "cannot download $1"
	printf '%s\n' "$2/$name"
}

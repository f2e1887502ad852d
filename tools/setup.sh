# SPDX-License-Identifier: MIT
# What Debian 12 calls the things that are needed, one list a purpose, and how they are installed.
# Sourced by tools/quickstart and tools/run-tests, which set $top, the source tree.

build_packages='gcc libc6-dev make autoconf automake libtool pkg-config
  libltdl-dev libcjson-dev libsecp256k1-dev libyaml-dev libssl-dev libsqlite3-dev libcurl4-openssl-dev libevent-dev'
# g++ reads the public headers as C++, xz packs the release, git tells whether the release is complete, groff formats the
# manual pages, zsh and fish complete, sqlite3 looks into the example's store, busybox is one more shell, ccache knows what was
# compiled before.
test_packages='ccache libcmocka-dev perl valgrind clang clang-tidy g++ minisign shellcheck xz-utils git groff-base zsh fish sqlite3 busybox'
# The servers of t/servers, and what asks them; node.js comes with npm from elsewhere, too.
server_packages='curl openssl python3 media-types apache2-bin proftpd-core proftpd-mod-crypto radosgw ceph-mon ceph-osd ceph-common dhtnode chromium'
command -v npm >/dev/null || server_packages="$server_packages nodejs npm"
# The fuzzer and its coverage; Debian's packages; builds for other Debians.
release_packages='libclang-rt-dev llvm dpkg-dev debhelper lintian pkgconf debian-archive-keyring'

say() {
  printf '== %s\n' "$*"
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Those of the named packages that are not installed.
packages_missing() {
  for package; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf ' %s' "$package"
  done
}

# The word to put before a command that needs root: nothing, sudo, or failure.  A password is asked for on a terminal only.
packages_root() {
  if [ "$(id -u)" = 0 ]; then return; fi
  command -v sudo >/dev/null || return 1
  if sudo -n true 2>/dev/null; then echo 'sudo -n'; elif [ -t 0 ]; then echo sudo; else return 1; fi
}

packages_are_debian() {
  [ -r /etc/os-release ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null &&
    (. /etc/os-release && case " $ID ${ID_LIKE-} " in *' debian '* | *' ubuntu '*) ;; *) false ;; esac)
}

# Installs what is missing of the named packages (after choose_build), from wherever this system's apt is told to get them.
packages_install() {
  if ! packages_are_debian; then
    say "This is not Debian or Ubuntu: nothing is installed. What Debian calls it is needed here: $*"
    return
  fi
  missing=$(packages_missing "$@")
  if [ -z "$missing" ]; then
    say 'Packages: nothing is missing'
    return
  fi
  as_root=$(packages_root) || die "these packages are missing, and this needs root or sudo to install them:$missing"
  say "Packages: installing$missing"
  apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
  # The words of $apt and $missing are meant to fall apart.
  # shellcheck disable=SC2086
  quietly "$build/apt-update.log" $apt update || say 'apt-get update had errors: going on with what apt knows'
  # shellcheck disable=SC2086
  quietly "$build/apt-install.log" $apt install -y --no-install-recommends $missing || die "apt-get could not install:$missing"
}

# The same for packages of servers, none of which is started by that: their scripts ask policy-rc.d.
packages_install_servers() (
  policy=/usr/sbin/policy-rc.d
  if packages_are_debian && [ -n "$(packages_missing "$@")" ] && [ ! -e $policy ]; then
    # Without root packages_install says it.
    as_root=$(packages_root) || as_root=
    trap '$as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null && $as_root chmod 755 $policy
  fi
  packages_install "$@"
)

# Would a driver below this directory be loaded?  The library wants every directory on the way to be root's or the
# user's and closed to other writers; a sticky one of root's, such as /tmp, may be open.
directory_is_trusted() {
  directory=$1
  while :; do
    # shellcheck disable=SC2046
    set -- $(stat -c '%u %a' "$directory")
    case $1 in 0 | "$(id -u)") ;; *) return 1 ;; esac
    case $2 in
      [1357]???) [ "$1" = 0 ] || return 1 ;;
      *[2367]? | *[2367]) return 1 ;;
    esac
    [ "$directory" != / ] || return 0
    directory=$(dirname "$directory")
  done
}

# The same folder each time, so that a second run has little to do.
choose_build_elsewhere() {
  unsafe=$build
  build=${TMPDIR:-/var/tmp}/blockstore-build.$(id -u)
  mkdir -p -m 700 "$build"
  [ -O "$build" ] && directory_is_trusted "$build" || die "$build is not yours alone: remove it, or set BLOCKSTORE_BUILD"
  say "Others than you can write on the way to $unsafe, so drivers there are refused: building in $build"
}

# Sets $build: the folder for all that is built, `build` in the source tree where drivers may be loaded from there.
choose_build() {
  umask 022
  build=${BLOCKSTORE_BUILD:-$top/build}
  mkdir -p "$build"
  build=$(cd "$build" && pwd -P)
  [ -w "$build" ] || die "$build belongs to somebody else, perhaps from a run with sudo: remove it"
  directory_is_trusted "$build" || choose_build_elsewhere
}

# Makes ./configure where it is missing.
bootstrap() {
  [ ! -e "$top/config.status" ] ||
    die 'the source tree itself is configured, and then no build elsewhere works: run "make distclean" there first'
  [ ! -x "$top/configure" ] || [ ! -e "$top/Makefile.in" ] || return 0
  say 'Build: making the configure script'
  (cd "$top" && mkdir -p build-aux && quietly "$build/autoreconf.log" autoreconf -fi)
}

# quietly LOG COMMAND...: its output goes to the log; when it fails, the end of the log is shown.
quietly() {
  log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    status=$?
    tail -n 60 "$log"
    echo "(the whole of it: $log)"
    return $status
  }
}

# SPDX-License-Identifier: MIT
# For the servers of the tests: . "$(dirname "$0")/lib.sh", and `serve "$@"` as the last line.  Each is a program with three commands:
#   fetch      gets what is no package of Debian 12 into a cache outside of the tree; nothing for most
#   start DIR  starts a server of DIR's own on 127.0.0.1; it answers when this returns.  In an empty DIR that is a new one, in one
#              where it was stopped the same again, at its ports; DIR/address holds assignments for a shell, what a client must know
#   stop DIR [NAME]  ends its processes, or that one of them, by the pids in DIR/pids; `start DIR` then starts what is missing
# A status of 77 says that it cannot run here, and the last line of its output why.
# A server defines `make_new` (writes configuration; only for a new one), `run` (starts its processes), and what it needs of
# `needs` (the programs) and `fetch`.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
PATH=$PATH:/usr/sbin:/sbin
# Downloads are the user's, whatever home a test has (t/lib/cli.sh).
HOME=${SERVERS_HOME:-$HOME}
XDG_CACHE_HOME=${SERVERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}
export HOME XDG_CACHE_HOME
umask 022

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

cannot_run() {
  printf '%s\n' "$*" >&2
  exit 77
}

# Who it runs as: the one who asks; some refuse to be root's.
if [ "$(id -u)" = 0 ]; then account=www-data; else account=$(id -un); fi

# as_account COMMAND...: replaces the shell.
as_account() {
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups "$@"
  fi
  exec "$@"
}

# tell NAME VALUE: for DIR/address.  No value needs to be quoted.
tell() {
  echo "$1=$2" >>"$dir/address.new"
  eval "$1=\$2"
}

# choose_ports NAME...: free ones, below those that the kernel gives to whoever connects.
choose_ports() {
  for name; do
    tell "$name" "$(perl -MIO::Socket::INET -e '
      for (1 .. 200) {
        my $port = 20000 + int rand 12000;
        my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => $port) or next;
        print $port;
        exit;
      }')"
  done
}

# A certificate for these, from the makers in t/servers/certificates.
certificates() {
  [ -e "$dir/tls/ca.pem" ] || sh "$here/certificates" "$dir/tls"
}

# born PID: when it began, so that a number that somebody else has by now is nobody's of ours.
born() {
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

is_there() {
  [ -n "$1" ] && [ "$(born "$1")" = "$2" ]
}

# runs NAME: that process of the server does already.
runs() {
  while read -r pid birth name; do
    [ "$name" != "$1" ] || ! is_there "$pid" "$birth" || return 0
  done <"$dir/pids"
  return 1
}

# background NAME COMMAND...: a process of the server; what it says goes to DIR/NAME.out.  Locks of those who started it are not its.
background() {
  ! runs "$1" || return 0
  process=$1
  shift
  "$@" </dev/null >>"$dir/$process.out" 2>&1 8>&- 9>&- &
  echo "$! $(born $!) $process" >>"$dir/pids"
}

# all_are_there: no process of the server has ended.
all_are_there() {
  while read -r pid birth name; do
    is_there "$pid" "$birth" || return
  done <"$dir/pids"
}

# await SECONDS COMMAND...: until it succeeds.
await() {
  tries=$(($1 * 20))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] && all_are_there || {
      tail -n 5 "$dir"/*.out >&2
      return 1
    }
    sleep .05
  done
}

# answers URL [CURL-ARGUMENT...]: whatever it says.
answers() {
  curl -s -m 2 --noproxy '*' -o /dev/null "$@"
}

start() {
  for tool in $needs; do command -v "$tool" >/dev/null || cannot_run "needs $tool"; done
  mkdir -p "$1"
  dir=$(cd "$1" && pwd -P)
  : >>"$dir/pids"
  if [ -e "$dir/address" ]; then
    . "$dir/address"
  else
    rm -f "$dir/address.new"
    make_new
    mv "$dir/address.new" "$dir/address"
  fi
  run || {
    stop "$dir"
    die "it did not start: see $dir"
  }
}

# stop DIR [NAME]: the youngest first.
stop() {
  [ -e "$1/pids" ] || return 0
  tac "$1/pids" >"$1/pids.before"
  : >"$1/pids.new"
  while read -r pid birth name; do
    case $name in "${2:-$name}") end "$pid" "$birth" ;; *) echo "$pid $birth $name" >>"$1/pids.new" ;; esac
  done <"$1/pids.before"
  tac "$1/pids.new" >"$1/pids"
}

# end PID BIRTH: gently, and then not.
end() {
  is_there "$1" "$2" || return 0
  kill "$1" || :
  tries=200
  while is_there "$1" "$2" && [ $tries -gt 0 ]; do
    sleep .05
    tries=$((tries - 1))
  done
  is_there "$1" "$2" && kill -9 "$1" || :
}

fetch() {
  :
}

serve() {
  case $#:${1-} in
    1:fetch) fetch ;;
    2:start) start "$2" ;;
    2:stop | 3:stop) stop "$2" "${3-}" ;;
    *) die 'usage: fetch, start DIR, or stop DIR [PROCESS]' ;;
  esac
}

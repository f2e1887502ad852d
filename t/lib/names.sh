# SPDX-License-Identifier: MIT
# For tests of the client against name servers that a test plays: . "$srcdir/t/lib/names.sh".
#
#   world N JSON      what the server N tells from now on: t/lib/names-standin.py
#   standin N         starts it: $portN
#   stop_standin N    ends it
#   remote N...       a configuration whose servers these are: $work/remote.yaml
#   asks ARGUMENT...  blockstore-cli with it
# After another of these files, which has made the user already, a test has a trap of its own.
command -v /usr/bin/python3 >/dev/null || skip_all 'needs /usr/bin/python3'
standins=''
if [ -z "${program-}" ]; then
  . "$(dirname "$0")/lib/cli.sh"
  past_libtool
  trap 'stop_standins; rm -rf "$work"' EXIT
fi

world() {
  printf '%s\n' "$2" >"$work/world$1.new"
  mv "$work/world$1.new" "$work/world$1"
}

# Its standard input is a pipe that nobody writes to, and that ends with this shell.
standin() {
  mkfifo "$work/stdin$1"
  /usr/bin/python3 "$srcdir/t/lib/names-standin.py" "$work/world$1" <"$work/stdin$1" >"$work/port$1" 2>"$work/standin$1.log" &
  eval "standin$1=$!"
  standins="$standins $1"
  sleep 600 >"$work/stdin$1" &
  eval "stdin$1=$!"
  for _ in $(seq 200); do
    [ ! -s "$work/port$1" ] || break
    sleep 0.05
  done
  eval "port$1=$(cat "$work/port$1")"
}

stop_standin() {
  eval "pids=\"\$standin$1 \$stdin$1\""
  # shellcheck disable=SC2086 # two of them
  kill $pids 2>/dev/null
  # shellcheck disable=SC2086
  wait $pids 2>/dev/null
  rm -f "$work/stdin$1" "$work/port$1"
}

stop_standins() {
  for standin in $standins; do stop_standin "$standin"; done
}

# options: more lines of `names`.
options=''
remote() {
  list=''
  for server in "$@"; do list="$list${list:+, }127.0.0.1:$(eval "echo \$port$server")"; done
  printf 'state_dir: %s/state\nnames:\n  provider: blockstored\n  servers: [%s]\n%sstores: [{name: home, driver: disk, root: %s/data}]\n%s\n' \
    "$work" "$list" "$options" "$work" "timeouts: {connect: 2s, operation: ${patience-20s}}" >"$work/remote.yaml"
}
asks() {
  cli -c "$work/remote.yaml" "$@"
}

# fails_with STATUS WORD REGEX WHAT ARGUMENT...
fails_with() {
  expected=$1 word=$2 says=$3 what=$4
  shift 4
  asks "$@"
  [ "$status" = "$expected" ] && [ "$(member code)" = "$word" ] && grep -qE -e "$says" "$err" && report 0 "$what" ||
    report 1 "$what" "status $status instead of $expected, word $(member code) instead of $word, like $says: $(cat "$err")"
}

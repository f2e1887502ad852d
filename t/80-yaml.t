#!/bin/sh
# SPDX-License-Identifier: MIT
# Hostile configuration files: refused with their line and column, at once, and without their secrets.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
config=$work/config.yaml
good="stores: [{name: a, driver: disk, root: $work/a}]"

# hostile WHAT REGEX: what stands in the file is refused by a command that reads it.
hostile() {
  status=0
  timeout 20 "$builddir/run" blockstore-cli -c "$config" config >"$out" 2>"$err" || status=$?
  is "$status" 2 "$1"
  like "$(cat "$err")" "$config.*$2" "$1: it says where and what"
  is "$(wc -l <"$err")" 1 "$1: in one line"
  if LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" "$err"; then report 1 'no control characters'; else report 0 'no control characters'; fi
}

echo "$good" >"$config"
exits 0 'the good one' config -c "$config"
perl -e 'print "a: ", "[" x 100000, "]" x 100000' >"$config"
hostile 'deep flow' ':1:'
perl -e 'print " " x $_, "- \n" for 0 .. 1000' >"$config"
hostile 'deep blocks' ':[0-9]+:'
perl -e 'print "{" x 100000' >"$config"
hostile 'deep and open' ':1:'
head -c 3000000 /dev/zero | tr '\0' 'a' >"$config"
hostile 'one huge word' 'bytes'
perl -e 'print "k$_: v\n" for 1 .. 60000' >"$config"
hostile 'sixty thousand keys' ':1:1'
ln -sf /dev/zero "$work/zero.yaml"
status=0
timeout 20 "$builddir/run" blockstore-cli -c "$work/zero.yaml" config >"$out" 2>"$err" || status=$?
is "$status" 2 '/dev/zero ends too'
{
  echo 'a: &a [x, x, x, x, x, x, x, x, x]'
  for pair in 'b a' 'c b' 'd c' 'e d' 'f e' 'g f' 'h g'; do
    echo "${pair% *}: &${pair% *} [*${pair#* }, *${pair#* }, *${pair#* }, *${pair#* }, *${pair#* }, *${pair#* }, *${pair#* }]"
  done
} >"$config"
hostile 'a billion laughs' ':1:'
printf 'state_dir: &x /tmp\n%s\n' "$good" >"$config"
hostile 'an anchor' ':1:'
printf 'state_dir: !!binary YQ==\n%s\n' "$good" >"$config"
hostile 'a tag' ':1:'
printf '%%YAML 1.1\n---\n%s\n' "$good" >"$config"
hostile 'a directive' ':1:'
printf '%s\n---\n%s\n' "$good" "$good" >"$config"
hostile 'two documents' ':'
printf '%s\nstate_dir: /a\nstate_dir: /b\n' "$good" >"$config"
hostile 'a key twice' ':3:'
printf 'stores:\n\t- {name: a, driver: disk}\n' >"$config"
hostile 'a tab' ':2:'
printf '%s\0\n' "$good" >"$config"
hostile 'a NUL' ':'
printf 'state_dir: "a\\0b"\n%s\n' "$good" >"$config"
hostile 'an escaped NUL' ':1:'
printf 'state_dir: "\377\376"\n%s\n' "$good" >"$config"
hostile 'no UTF-8' ':'
printf '\377\376s\0' >"$config"
hostile 'UTF-16' ''
printf 'state_dir: "a\033[2Jb\n%s\n' "$good" >"$config"
hostile 'a control character' ':'
printf '"\\e[2J\\nx": 1\n%s\n' "$good" >"$config"
hostile 'an escaped one as a key' ':1:1'
printf '? [a, b]\n: c\n%s\n' "$good" >"$config"
hostile 'a list as a key' ':1:'
printf '<<: {state_dir: /a}\n%s\n' "$good" >"$config"
hostile 'a merge' ':1:'
for text in '' '[]' 'null' '"text"' '# nothing'; do
  printf '%s\n' "$text" >"$config"
  hostile "only '$text'" ':'
done
for number in 0 -1 1e3 0x10 99999999999999999999 1.5 ' 1 2' NaN ''; do
  printf '%s\nlimits: {object: %s}\n' "$good" "$number" >"$config"
  hostile "a size of '$number'" ':2:'
  printf '%s\nnames: {port: "%s"}\n' "$good" "$number" >"$config"
  hostile "a port of '$number'" ':2:'
done
printf '%s\nnames: {server: "${BLOCKSTORE_NO_SUCH}"}\n' "$good" >"$config"
hostile 'a variable that is not set' 'BLOCKSTORE_NO_SUCH'
for name in ../disk /disk disk.so 'di sk' Disk ''; do
  printf 'stores: [{name: a, driver: "%s"}]\n' "$name" >"$config"
  hostile "a driver '$name'" ':1:'
done
printf '\357\273\277%s\n' "$good" >"$config"
exits 0 'a byte order mark is no harm' config -c "$config"
tr '\n' '\r' <"$config" | sed 's/\r/\r\n/g' >"$config.crlf"
exits 0 'nor are lines of DOS' config -c "$config.crlf"
done_testing

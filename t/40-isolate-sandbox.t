#!/bin/sh
# SPDX-License-Identifier: MIT
# What a driver in the sandbox (isolate: true) cannot do, each beside a driver that can as it has no sandbox; and what it can.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
driver='exec'
. "$srcdir/t/lib/drive.sh"
host=$BLOCKSTORE_DRIVER_HOST modules=$builddir/t/modules/.libs

# ---- a kernel that can ----

mkdir "$work/root"
echo secret >"$work/outside"
# tries MODULE ARGUMENT... <WORDS: "WORD STATUS REASON" of each.
tries() {
  module=$1
  shift
  sed 's/^/handles_url /' >"$work/script"
  drive program="$host" "$@" arguments="$modules/$module.so" options=root="$work/root" options=outside="$work/outside" \
    <"$work/script"
  sed 's/handles_url //' "$work/script" >"$work/words"
  grep -E '^[A-Z_]+\b' "$said" | sed -n 's/^\([A-Z_]*\)\( .*: \([A-Z]*\)\)\{0,1\}$/\1 \3/p' | paste -d ' ' "$work/words" - | sed 's/ *$//'
}
drive program="$host" arguments=--sandbox arguments="$modules/prying.so" options=root="$work/root" options=outside=x </dev/null || :
if grep -qE 'This kernel|this kind of processor' "$said"; then
  like "$(cat "$said")" '"isolate: process" does without a sandbox' 'where there can be no sandbox, that is said'
  skip 'this kernel has too little of landlock'
  done_testing
  exit
fi

# ---- what is refused ----

refused='read-outside EACCES
write-outside EACCES
cut-outside EACCES
remove-outside EACCES
chmod EPERM
date EPERM
mark EPERM
fd-chmod EPERM
fd-chown EPERM
fd-mark EPERM
read-parent EACCES
socket EACCES
unix-socket EACCES
alg-socket EACCES
datagram-pair EACCES
raw-pair EACCES
program EACCES
session EPERM
group EPERM
signal-parent EPERM
own EPERM
own-too EPERM
limit-parent EPERM
trace EPERM
namespace EPERM
clone EPERM
sibling EPERM
mount EPERM
user EPERM
keys EPERM
bpf EPERM
io_uring EPERM
memory EPERM
queue EPERM
semaphore EPERM
named-queue EPERM
attributes EPERM
fd-flags EPERM
slow-parent EPERM
slow-all EPERM
move-parent EPERM
schedule-parent EPERM
slow-disk EPERM'
# On i386 the C library makes sockets by a call that no filter sees into.
[ "$(getconf LONG_BIT)" = 64 ] || refused=$(printf '%s\n' "$refused" | grep -v pair)
words=$(printf '%s\n' "$refused" | sed 's/ .*//')
# shellcheck disable=SC2001 # of each line
is "$(printf '%s\n' "$words" | tries prying arguments=--sandbox)" "$(printf '%s\n' "$refused" | sed 's/ / DENIED /')" \
  'what has no business with a store is refused'
is "$(cat "$work/outside")" secret 'and was not done'
allowed='write-inside
fd-date
rename-inside
read-etc
pair
packet-pair
thread
child
move-self
signal-self'
is "$(printf '%s\n' "$allowed" | tries prying arguments=--sandbox)" "$(printf '%s\n' "$allowed" | sed 's/$/ OK/')" \
  'what a driver needs is not'

# The same without a sandbox can be done: what could not be done anyway would show nothing.
free='read-outside
write-outside
chmod
fd-chmod
fd-chown
date
read-parent
socket
unix-socket
datagram-pair
raw-pair
program
session
group
signal-parent
own
own-too
limit-parent
slow-parent
move-parent
schedule-parent
slow-disk
sibling
user
memory
queue
semaphore
cut-outside
remove-outside'
is "$(printf '%s\n' "$free" | tries prying)" "$(printf '%s\n' "$free" | sed 's/$/ OK/')" 'without a sandbox it is done'
[ ! -e "$work/outside" ]
report $? 'and was done'
echo secret >"$work/outside"

# ---- links that the driver has made ----

ln -s "$work" "$work/root/link"
is "$(printf 'read-outside\nwrite-inside\n' | tries prying arguments=--sandbox options=other="$work/root/link")" \
  'read-outside DENIED EACCES
write-inside OK' 'a link in one directory, which another option names, leads nowhere'
ln -s "$work/root" "$work/alias"
for way in "$work/root/../root/link" "$work/alias/link" "$work/alias/link/outside"; do
  is "$(printf 'read-outside\n' | tries prying arguments=--sandbox options=other="$way")" 'read-outside DENIED EACCES' \
    "nor does it as ${way#"$work"/}"
done
rm "$work/root/link" "$work/alias"
ln -s "$work" "$work/elsewhere"
is "$(printf 'read-outside\n' | tries prying arguments=--sandbox options=other="$work/elsewhere")" 'read-outside OK' \
  'one that only the user can have made is followed'
rm "$work/elsewhere"

# ---- where the root is still to be made ----

# begins ARGUMENT...: opens the store and closes it.
begins() {
  drive program="$host" "$@" arguments="$modules/prying.so" options=root="$work/first" options=outside="$work/outside" </dev/null || :
}
begins arguments=--sandbox
[ -d "$work/first" ] && [ ! -e "$work/first.pried" ]
report $? 'a root is made, and nothing beside it is touched' "$(cat "$said")"
fails 'nor is a file made beside it' test -e "$work/first.file"
is "$(cat "$work/outside")" secret 'it is what it was'
rmdir "$work/first"
begins
[ -e "$work/first.pried" ] && [ -e "$work/first.file" ]
report $? 'without a sandbox it is'
begins arguments=--sandbox options=other="$work/other"
is "$(cat "$work/other")" filled 'a file is made that an option names, and can then be written'

# ---- by what the metadata say ----

is "$(printf '%s\n' "$words" | tries reaching arguments=--sandbox | grep OK)" 'socket OK
program OK
session OK
group OK' 'who needs network and programs has these, and nothing else'

# ---- in a configuration ----

mkdir -m 755 "$work/drivers"
cp "$modules/prying.so" "$modules/proposing.so" "$work/drivers" && chmod 755 "$work/drivers"/*.so
BLOCKSTORE_PLUGIN_PATH=$work/drivers
export BLOCKSTORE_PLUGIN_PATH
config=$work/config.yaml
# proposing OPTIONS: a store of a driver that would like to have the home directory.
proposing() {
  printf 'stores: [{name: shelf, driver: proposing, outside: x%s}]\n' "$1" >"$config"
}
proposing ', isolate: true'
refused 2 config 'config.yaml:1:32: Store shelf: In a sandbox the option "root" must stand here: left out it is "~/", and that only the driver proposing' \
  -c "$config" stores
proposing ", isolate: true, root: $work/root"
exits 0 'what the configuration names is granted' -c "$config" stores
proposing ', isolate: process'
exits 0 'without a sandbox the driver may choose' -c "$config" stores
printf 'state_dir: %s/state\nstores:\n  - {name: shelf, driver: disk, root: %s/new/shelf, isolate: true}\n' "$work" "$work" >"$config"
exits 0 'a store that is not there yet is made' -c "$config" stores
says stores.0.isolate true 'in a sandbox'
says stores.0.report.writable true 'and can be written'
says stores.0.report.temporaries_swept 0 'nothing was begun in passing'
keeps_data
exits 0 'and got' -c "$config" get_mutable alice.id note
says data first 'the same'
sed "s|/new/shelf|/absent, must_exist: true|" "$config" >"$work/absent.yaml"
cli -c "$work/absent.yaml" stores
like "$(member stores.0.error)" "$work/absent: .*(no such|does not exist|missing)" 'one that must exist is not made'
[ ! -e "$work/absent" ]
report $? 'not even in passing'
done_testing

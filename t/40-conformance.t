#!/bin/sh
# SPDX-License-Identifier: MIT
# Every plugin that was built shows all behaviours of a driver, in process and isolated: stores, filters above disk, and the programs
# that blockstore-exec(7) shows.  Those whose server is real do so in the test that has it.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/conformance.sh"
plugins=$builddir/plugins/.libs
[ -w /dev/shm ] && export TMPDIR=/dev/shm
(umask 077 && head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$work/key")
cp "$srcdir"/examples/exec/store.* "$work"
chmod 755 "$work"/store.*
# A sandbox that is broken is no kernel without one.
! find_sandbox env BLOCKSTORE_DRIVER_HOST=/bin/false && ! lacks_sandbox
report $? 'an isolated driver that ends at once is not the fault of the kernel' "$(cat "$work/sandbox")"
printf '#!/bin/sh\nread -r _ id _ <&3\necho "done $id status=failed error=This%%20kernel%%20has%%20no%%20landlock" >&3\nread -r _ <&3\n' \
  >"$work/host"
chmod 755 "$work/host"
! find_sandbox env BLOCKSTORE_DRIVER_HOST="$work/host" && lacks_sandbox
report $? 'a sandbox that the kernel has not is' "$(cat "$work/sandbox")"
if find_sandbox; then report 0 'a driver opens in a sandbox'
elif lacks_sandbox; then skip 'this kernel has too little of landlock'
else report 1 'a driver opens in a sandbox' "$(cat "$work/sandbox")"; fi

try_store() {
  store=$1
  shift
  conforms "$store" '' "$plugins/$store.so" "$@"
  [ -z "$sandbox" ] || conforms "$store in a sandbox" '' --isolate "$plugins/$store.so" "$@"
  conforms "$store in a process of its own" '' --isolate=process ${sandbox:+"$(but "$thousands")"} "$plugins/$store.so" "$@"
}

# try_program NAME: the sandbox has no place that only a program's own options name.
try_program() {
  lacks='the driver does not declare itself (consistent|durable)' once="$thousands" program=$1
  case $1 in
    *.py) [ -x /usr/bin/python3 ] || { skip 'needs /usr/bin/python3'; return; } ;;
    *.sh) lacks="$lacks|the driver (does not support|has no) check" once='-' ;;
  esac
  set -- "$plugins/exec.so" -o program="$work/$1" -o options=root=@DIR@/store
  conforms "$program" "$lacks" "$(but $once)" "$@"
  conforms "$program, isolated" "$lacks" --isolate=process "$(but "$sparing")" "$@"
}

# try_filter NAME OPTIONS: by itself above a store that is in this process.
try_filter() {
  filter=$1 options=$2 lacks='no way was found to make storage_init fail'
  [ "$filter" != readonly ] || lacks="$lacks|the driver is read-only"
  stack="--filter=$filter${options:+,$options}"
  [ "$filter" = readonly ] || stacks="$stacks $stack"
  set --
  for option in $(echo "$options" | tr ',' ' '); do set -- "$@" -o "$option"; done
  conforms "$filter above disk" "$lacks" "$plugins/$filter.so" "$@"
  [ "$filter" = readonly ] || [ -n "${BLOCKSTORE_TEST_LONG-}" ] || return 0
  try_stack "$filter above disk, isolated" "$stack"
}

# try_stack WHAT FILTER...: above one that is isolated.  A filter's file and options are asked for where it is examined itself.
try_stack() {
  what=$1
  shift
  conforms "$what" 'the driver with its filters is read-only' "$(but "$thousands|(file|options)\..*")" $isolated "$@" \
    "$plugins/disk.so" -o root=@DIR@/store
}

stacks=
conformance_rows >"$work/rows"
ls "$plugins" | sed -n 's/\.so$//p' >"$work/plugins"
[ -s "$work/plugins" ]
report $? 'plugins were built'
while read -r plugin <&3; do
  grep "^$plugin " "$work/rows" >"$work/row" || report 1 "$plugin has a row in t/lib/conformance.sh"
  while read -r _ kind arguments <&4; do
    # shellcheck disable=SC2086 # the arguments
    case $kind in
      store) try_store "$plugin" $arguments ;;
      filter) try_filter "$plugin" "$arguments" ;;
      program) try_program "$arguments" ;;
      *) succeeds "$plugin is held to all behaviours by $kind" grep -qE "^ *conforms_twice $plugin " "$srcdir/$kind" ;;
    esac
  done 4<"$work/row"
done 3<"$work/plugins"
# shellcheck disable=SC2086 # one each
try_stack 'all filters at once above disk, isolated' $stacks
is_empty "$(sed 's/ .*//' "$work/rows" | grep -vxFf "$work/plugins")" 'and each row is of a plugin'
done_testing

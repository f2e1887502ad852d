#!/bin/sh
# SPDX-License-Identifier: MIT
# Commands on names of a server without memory, or without descriptors, at some call or from there on: they say so, or work, and
# what was written is written once.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
if grep -q '__[at]san_init' "$program"; then skip_all "the sanitizers' allocator cannot be made to fail"; fi
serve
printf 'state_dir: %s/state-remote\nnames: {provider: blockstored, servers: ["unix:%s"]}\nstores: [{name: home, driver: disk, root: %s/data}]\n' \
  "$work" "$socket" "$work" >"$work/remote.yaml"

# faulty FAULT ARGUMENT...
faulty() {
  fault=$1
  shift
  status=0
  env "$fault" LD_PRELOAD="$builddir/t/lib/.libs/faults.so" "$program" -c "$work/remote.yaml" "$@" >"$out" 2>"$err" || status=$?
}

# sweep WORD STEP ARGUMENT...: the fault at every STEP-th call, until there are no more.
sweep() {
  word=$1 step=$2
  shift 2
  faulty "FAULT_COUNT=$work/count" "$@"
  [ "$status" = 0 ] || report 1 "without a fault: $*" "$(cat "$err")"
  at=1 wrong='' good=0 failed=0
  while [ "$at" -le 3000 ]; do
    faulty "FAULT_ERRNO=$at:$word" "$@"
    [ "$status" = 0 ] || failed=$((failed + 1))
    if [ "$status" = 0 ]; then
      good=$((good + 1))
      [ "$good" -lt 12 ] || break
    elif [ "$status" -gt 10 ]; then
      wrong="$wrong$at: status $status: $(cat "$err")
"
    elif [ ! -s "$err" ]; then
      wrong="$wrong$at: nothing was said
"
    fi
    at=$((at + step))
  done
  is_empty "$wrong" "$word: $*"
  [ "$failed" -gt 0 ]
  report $? "which fails at $failed points"
}

for word in ENOMEM:3:7 EMFILE:1:1; do
  steps=${word#*:} word=${word%%:*}
  sweep "$word" "${steps%:*}" get_name_blockchain_record alice.id
  sweep "$word" "${steps%:*}" get_all_names
  sweep "$word" "${steps%:*}" get_consensus_range 1 2
  sweep "$word" "${steps#*:}" update alice.id 1111111111111111111111111111111111111111
done
client get_name_blockchain_history alice.id
operations=$(grep -c '"opcode": "NAME_UPDATE"' "$out")
[ "$operations" -gt 0 ]
report $? 'some of the updates were made'
client get_name_blockchain_record alice.id
says value_hash 1111111111111111111111111111111111111111 'and did what they should'
exits 0 'the server is well' -c "$work/remote.yaml" getinfo

done_testing

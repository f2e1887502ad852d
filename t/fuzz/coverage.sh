#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: t/fuzz/coverage.sh FOLDER...
# How much of each room the inputs in FOLDER/TARGET reach, with the program that `make fuzz-coverage` built in the working
# directory.
set -eu
program=t/fuzz/fuzz-cover
raw=t/fuzz/cover/raw

# tool NAME: as a distribution calls it.
tool() {
  command -v "$1" || command -v "$1-14" || {
    echo "$1 is missing: install llvm" >&2
    exit 1
  }
}

profdata=$(tool llvm-profdata)
cov=$(tool llvm-cov)
rm -rf "$raw"
mkdir -p "$raw"
HOME=/nonexistent
export HOME
for target in $(FUZZ=list LLVM_PROFILE_FILE=/dev/null $program | cut -d ' ' -f 1); do
  for folder in "$@"; do
    [ -d "$folder/$target" ] || continue
    FUZZ=$target LLVM_PROFILE_FILE="$raw/$target-%p" $program -runs=0 "$folder/$target" >"$raw/log" 2>&1 || {
      tail -n 20 "$raw/log" >&2
      exit 1
    }
  done
done
"$profdata" merge -o "$raw/all" "$raw"/*-[0-9]*
# Columns: file; regions, missed, %; functions, missed, %; lines, missed, %; branches, missed, %.
"$cov" report -instr-profile="$raw/all" "$program" | awk '
  NF >= 13 && match($1, /(core|plugins)\/[a-z]+\//) {
    room = substr($1, RSTART, RLENGTH - 1)
    lines[room] += $8; lines_missed[room] += $9; branches[room] += $11; branches_missed[room] += $12
    lines["all"] += $8; lines_missed["all"] += $9; branches["all"] += $11; branches_missed["all"] += $12
  }
  END {
    for (room in lines)
      printf "%-16s lines %5.1f %% of %5d, branches %5.1f %% of %5d\n", room,
        100 * (1 - lines_missed[room] / lines[room]), lines[room],
        branches[room] == 0 ? 100 : 100 * (1 - branches_missed[room] / branches[room]), branches[room]
  }' | sort

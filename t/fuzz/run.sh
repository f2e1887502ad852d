#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: t/fuzz/run.sh SECONDS [TARGET...]
# Runs each target (none given: all) for so many seconds from a copy of its seeds, with the program that `make fuzz` built in the
# working directory, and says as TAP how far it came.  An input that fails is kept in t/fuzz/found, what the fuzzer made in
# t/fuzz/corpora.
set -eu
seeds=$(cd "$(dirname "$0")" && pwd -P)
program=t/fuzz/fuzz
seconds=$1
shift
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(FUZZ=list $program | cut -d ' ' -f 1)

# In memory where that can be: `lying` makes its puts durable.
TMPDIR=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR-/tmp}")")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME BLOCKSTORE_PLUGIN_PATH
HOME=/nonexistent # what a configuration leaves open comes from there
export HOME

# fuzz TARGET: its output goes to t/fuzz/corpora/TARGET.log.
fuzz() {
  dictionary=$(FUZZ=list $program | sed -n "s|^$1 \(.*\)|-dict=$seeds/\1.dict|p")
  rm -rf "t/fuzz/corpora/$1"
  mkdir -p "t/fuzz/corpora/$1" t/fuzz/found
  cp "$seeds/corpus/$1"/* "t/fuzz/corpora/$1"
  # shellcheck disable=SC2086
  FUZZ=$1 $program -max_total_time="$seconds" -print_final_stats=1 -timeout=25 -artifact_prefix="t/fuzz/found/$1-" $dictionary \
    "t/fuzz/corpora/$1" >"t/fuzz/corpora/$1.log" 2>&1
}

# summary LOG: from libFuzzer's last line of progress and its statistics.
summary() {
  awk '
    / cov: / { for (i = 1; i < NF; i++) value[$i] = $(i + 1) }
    /^stat::number_of_executed_units:/ { executions = $2 }
    /^stat::average_exec_per_sec:/ { rate = $2 }
    END {
      printf "%d executions, %d/s, cov %d, ft %d, corpus %s\n", executions, rate, value["cov:"], value["ft:"], value["corp:"]
    }' "$1"
}

echo "1..$#"
number=0
status=0
for target in "$@"; do
  number=$((number + 1))
  log=t/fuzz/corpora/$target.log
  if fuzz "$target"; then
    echo "ok $number - $target: $(summary "$log")"
  else
    status=1
    echo "not ok $number - $target: $(summary "$log")"
    tail -n 40 "$log" | sed 's/^/# /'
    sed -n "s|^.*Test unit written to |# Again: FUZZ=$target $program |p" "$log"
  fi
done
exit $status

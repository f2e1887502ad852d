#!/bin/sh
# SPDX-License-Identifier: MIT
# What an isolated driver does to its process costs the call in which it does it, and nothing else.
. "${srcdir:-$(dirname "$0")/..}/t/lib/lying.sh"
driver='exec'
. "$srcdir/t/lib/drive.sh"
host=$BLOCKSTORE_DRIVER_HOST
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0
# A sanitizer handles these signals too, and exits.
for variable in ASAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS; do
  export "$variable=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:detect_leaks=0"
done
everything >"$work/before"

# ---- in a configuration: the other store answers, or an error is told ----

# survived LIE WHERE: nothing of ours ends by it.
survived() {
  with_good "lie: $1" "on: $2" 'isolate: process'
  exits 0 "lie: $1, on: $2: the good store gives" get_immutable -c "$config" alice.id "$key"
  says data 'some data' 'the data'
}
for lie in segv abort raise overflow crash exit smash; do
  survived $lie get
  liar_only "lie: $lie" 'on: get' 'isolate: process'
  cli -c "$config" get_immutable alice.id "$key"
  like "$status $(member code)" '^(7 unreachable|10 deadline)$' "lie: $lie: alone it is out of reach" # it is asked again meanwhile
done
liar_only 'lie: segv' 'on: get' 'isolate: process'
cli -c "$config" get_immutable alice.id "$key"
like "$(member error)" "SIGSEGV inside the driver lying \($work/drivers/lying.so\), in get_immutable" 'it is told where'
survived segv init
survived hang init
survived hang get
with_good
everything >"$work/after"
succeeds 'nothing has changed' cmp "$work/before" "$work/after"
with_good 'lie: half' 'on: put' 'isolate: process'
cli -c "$config" put_immutable alice.id 'some new data'
is "$status $(member code)" '7 too_few' 'a crash in the midst of a put is a store that did not take it'
with_good 'isolate: process'
exits 0 'the put can be repeated' put_immutable -c "$config" alice.id 'some new data'
exits 0 'and is there' get_immutable -c "$config" alice.id \
  "$(printf 'some new data' | sha256sum | cut -d ' ' -f 1)"

# ---- call by call: the next one finds another process ----

root=$HOME/liar
hash=$key
# costs STATUSES LIE SCRIPT: calls with a driver that does this in gets; what is put in between is there.
costs() {
  calls "$1" "lie: $2" program="$host" arguments="$work/drivers/lying.so" options=root="$root" options=lie="$2" options=on=get \
    options=about=all options=at=0
}
echo 'a datum' >"$work/datum"
sum=$(sha256 "$work/datum")
for lie in segv abort overflow crash exit; do
  costs 'TRANSIENT OK TRANSIENT' $lie <<END
get_immutable $hash $work/got
put_immutable $sum $work/datum
get_immutable $hash $work/got
END
done
told 'It ended with status 3 in the midst of a call' 'an exit is told'
costs 'TRANSIENT OK' scribble <<END
get_immutable $hash $work/got
put_immutable $sum $work/datum
END
told 'It sent "scribbled" without an id.' 'what is scribbled over the channel is told'
costs 'TRANSIENT OK' smash <<END
get_immutable $hash $work/got
put_immutable $sum $work/datum
END
told 'in the midst of a call' 'a driver that writes over the memory of its process ends it'
costs 'CANCELLED OK' hang <<END
deadline 300
get_immutable $hash $work/got
deadline 5000
put_immutable $sum $work/datum
END
costs 'CANCELLED OK' wait <<END
deadline 300
get_immutable $hash $work/got
deadline 5000
put_immutable $sum $work/datum
END
is_empty "$(grep 'is killed' "$said")" 'a driver that looks at its time is not killed'
costs 'OK OK' fork <<END
get_immutable $hash $work/got
put_immutable $sum $work/datum
END
for _ in $(seq 50); do # they were killed, and need a moment
  pgrep -f "^$host $work/drivers/lying.so" >"$work/left" || break
  sleep 0.1
done
is_empty "$(cat "$work/left")" 'what a driver has forked ends with it'
costs 'OK OK OK OK' "$(printf 'slow')" <<END
get_immutable $hash $work/got
put_immutable $sum $work/datum
get_immutable $hash $work/got
handles_url lying:$root/m61
END

# What it leaks is given back with its process: none has more than so much.
{
  for _ in $(seq 40); do echo "get_immutable $hash $work/got"; done
  # shellcheck disable=SC2016 # of the script
  echo 'run cat /proc/$(pgrep -n -P $PPID driver-host)/status | grep VmRSS >'"$work/memory"
} >"$work/script"
costs "$(for _ in $(seq 40); do printf 'OK '; done | sed 's/ $//')" leak <"$work/script"
told 'The driver has grown by ' 'a driver that leaks memory is told of'
[ "$(tr -dc 0-9 <"$work/memory")" -lt 1000000 ]
report $? 'and has no more than a gigabyte' "$(cat "$work/memory")"
sed '$d' "$work/script" >"$work/opens"
costs "$(for _ in $(seq 40); do printf 'OK '; done | sed 's/ $//')" open <"$work/opens"
told 'The driver leaves descriptors open: its process is replaced.' 'and one that leaves descriptors open'

# ---- secrets ----

(umask 077 && printf 'open-sesame' >"$work/secret" && printf 'another-one' >"$work/other")
cat >"$work/s3.yaml" <<END
state_dir: $work/s3
stores:
  - name: bucket
    driver: s3
    endpoint: http://127.0.0.1:1
    region: here
    bucket: things
    access_key_id: someone
    secret_access_key: {file: $work/secret}
    session_token: {file: $work/other}
    isolate: process
END
cli -vv -c "$work/s3.yaml" stores
like "$(member stores.0.error)" '127.0.0.1' 'a driver with two secrets is opened, and tells what it misses'
is_empty "$(grep -E 'sesame|another-one' "$out" "$err")" 'no secret is told'
sed 's/isolate: process/isolate: true/' "$work/s3.yaml" >"$work/sandbox.yaml"
cli -c "$work/sandbox.yaml" stores
like "$(member stores.0.error)" '127.0.0.1|This kernel|this kind of processor' 'nor is it otherwise in a sandbox'
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# -v tells on stderr what is done, a line each; a bar shows the progress on a terminal, and nowhere else.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
cli put_immutable alice.id 'some data'
key=$(printf 'some data' | sha256)

exits 0 'without -v' get_immutable alice.id "$key"
is "$(cat "$err")" '' 'stderr is silent'
cp "$out" "$work/silent"
exits 0 '-v' -v get_immutable alice.id "$key"
cp "$err" "$work/once"
like "$(cat "$work/once")" 'the built-in configuration is used; ' 'no file is named where there is none'
exits 0 '-vv' -vv get_immutable alice.id "$key"
succeeds 'stdout is the same' cmp "$out" "$work/silent"
cp "$err" "$work/twice"
like "$(cat "$work/twice")" 'disk\.so' 'the driver file is named before it is loaded'
is_empty "$(grep -vhE '^blockstore-cli: (error|warning|information|debug): .' "$work/once" "$work/twice")" 'each line has its level'
is "$(grep -c ' debug: ' "$work/once")" 0 'debug lines want -vv'
exits 0 '-v -v is -vv' -v get_immutable alice.id "$key" --verbose
is "$(wc -l <"$err")" "$(wc -l <"$work/twice")" 'with as many lines'
is "$(grep -c "$(cat "$HOME/key")" "$work/once" "$work/twice" | tr '\n' ' ')" "$work/once:0 $work/twice:0 " 'the key is not logged'

# A driver that crashes the process as it is loaded: what was said before names its file.
printf 'plugin_path: [%s]\nstores:\n  - {name: a, driver: crashing}\n' "$builddir/t/modules/.libs" >"$work/crash.yaml"
cli -v -c "$work/crash.yaml" stores 2>/dev/null
[ "$status" -gt 128 ]
report $? 'a driver crashes the process' "status $status $(cat "$err")"
like "$(grep '^blockstore-cli: ' "$err" | tail -n 1)" 'crashing\.so' 'the last line of the log names its file'

# ---- the story of a call: two stores, one of which is tampered with or missing ----

# shellcheck disable=SC2016
printf '%s\n' 'stores:' "  - {name: laptop, driver: disk, root: $work/laptop}" "  - {name: stick, driver: disk, root: $work/stick}" >"$work/two.yaml"
two() {
  cli -c "$work/two.yaml" -v "$@"
}
# The information, with what differs from run to run and from house to house as the manual page has it.
story() {
  sed -n 's/^blockstore-cli: information: //p' "$1" |
    sed -E "s|$work/two.yaml|CONFIG|; s|$HOME/.local/state/blockstore|STATE_DIR|; s|[^ ]*/disk.so|disk.so|; s|file:///[^ ]*:|file:///...:|
      s/ 1[1-9A-Za-z]{25,33},/ 1MaV...,/; s/\"[0-9a-f]{66}\"/\"02ee...\"/; s/[0-9a-f]{64}/64 DIGITS/g; s/[0-9a-f]{40}/8c6b.../g
      s/[0-9]+ bytes in [0-9]+ ms/N bytes in N ms/"
}
# tells WHAT REGEX...: lines of the story of $err fit, in this order; and it is no longer than can be read.
tells() {
  what=$1 from=1 missing=
  shift
  story "$err" >"$work/story"
  for regex; do
    at=$(tail -n "+$from" "$work/story" | grep -nE -m 1 -e "$regex" | cut -d : -f 1)
    [ -n "$at" ] || { missing=$regex && break; }
    from=$((from + at))
  done
  [ -z "$missing" ] && report 0 "$what" || report 1 "$what" "missing, or not in its place: $missing
$(cat "$work/story")"
}
is_short() {
  lines=$(wc -l <"$err")
  [ "$lines" -ge "$1" ] && [ "$lines" -le "$2" ]
  report $? "in $1 to $2 lines" "$(cat "$err")"
}
object_with() {
  grep -rl -e "$1" "$work/$2"
}

cli register bob.id
two put_immutable bob.id 'Hidden words'
key=$(printf 'Hidden words' | sha256)
tells 'put_immutable' '^the configuration is CONFIG; .* kept in STATE_DIR$' '^the data has 12 bytes; its key is 64 DIGITS$' \
  '^the name service says: bob.id is owned by 1MaV..., its user record is none, as of block [0-9]+ \(proven: local\)$' \
  '^in the journal: the user record 8c6b... of bob.id ' '^storing 64 DIGITS: laptop: done \(' '^storing 64 DIGITS: stick: done \(' \
  '^storing 8c6b...: laptop: done \(' '^storing 8c6b...: stick: done \(' \
  '^bob.id has the user record 8c6b... by the transaction 64 DIGITS, confirmed in block [0-9]+$' \
  '^remembered: bob.id as of block [0-9]+; no older answer is taken any more$'
is_short 10 14
cp "$err" "$work/logs"

two put_mutable bob.id status one
tells 'the first put_mutable' '^the name service says: ' '^reading file:.*: laptop: .*There is no such object' '^reading file:.*: stick: ' \
  '^version 1 is written: one above all that are known \(in the stores: 0, seen before: 0, reserved: 0, route from: 0; 0 is none\)$' \
  '^reserved: version 1 of status of bob.id$' '^in the journal: ' '^storing .*: laptop: done, version 1 ' '^storing .*: stick: done, version 1 ' \
  '^reading file:.*: laptop: verified, version 1 ' '^storing 8c6b...: laptop: done' 'by the transaction 64 DIGITS, confirmed in block ' \
  '^remembered: version 1 of status of bob.id; '
is_short 10 20
cat "$err" >>"$work/logs"
two put_mutable bob.id status two
tells 'the next one' '^version 2 is written: one above all .*stores: 1, seen before: 1, reserved: 0, route from: 1;' '^reserved: version 2 ' \
  ': laptop: done, version 2 ' '^remembered: version 2 '
is "$(grep -c transaction "$err")" 0 'without a transaction'
is_short 10 18
two put_mutable bob.id status two --ver 2
tells 'a version that is asked for' "^version 2 is written: the caller's "

two get_immutable bob.id "$key" -o "$work/copy"
tells 'get_immutable' '^the name service says: ' '^reading 8c6b...: laptop: verified ' '^reading 64 DIGITS: laptop: verified ' \
  "^12 bytes of data went to the file $work/copy\$"
is_short 6 14
is "$(grep -c stick "$err")" 1 'the other store is not asked'
two get_mutable bob.id status
tells 'get_mutable' 'the configuration' '^loading disk.so$' '^opening the store laptop' '^opening the store stick' \
  '^the name service says: bob.id is owned by 1MaV..., its user record is 8c6b..., ' '^reading 8c6b...: laptop: verified \(' \
  '^The data status of bob.id: the route has 2 URLs and the key "02ee..."; version 2 was seen before$' ': laptop: verified, version 2 ' \
  ': stick: verified, version 2 ' '^version 2 is taken, from laptop \(3 bytes of data\)$' "^3 bytes of data went to the caller's memory$"
is_short 6 14
cat "$err" >>"$work/logs"
two get_immutable bob.id "$key" --raw
tells 'to stdout' '^12 bytes of data went to the descriptor 1$'

# A store that was rolled back, one that was tampered with, one that is missing.
object=$(object_with '"ver": 2' laptop/mutable)
cp "$object" "$work/true"
sed -i 's/"data": "/&AAAA/' "$object"
two get_mutable bob.id status
tells 'one store was tampered with' ': laptop: The mutable record is not signed by whom it should be' ': stick: verified, version 2 ' \
  '^version 2 is taken, from stick '
is_short 6 14
mv "$work/stick" "$work/away"
two get_mutable bob.id status
is "$status" 5 'a tampered store, and one that lost everything'
tells 'it tells of both' ': laptop: The mutable record is not signed' ': stick: .*There is no such object'
is_short 6 14
printf 'Other words.' >"$(object_with 'Hidden words' laptop/immutable)"
two get_immutable bob.id "$key"
is "$status" 5 'the same of immutable data'
tells 'it tells of both' '^reading 64 DIGITS: laptop: The store gave other bytes than those of the key 64 DIGITS. \(N bytes in N ms\)$' \
  '^reading 64 DIGITS: stick: .*There is no such object'
is_short 6 14
rm -r "$work/stick" && mv "$work/away" "$work/stick"
printf '%s\n' 'stores:' "  - {name: laptop, driver: disk, root: $work/laptop}" \
  "  - {name: stick, driver: disk, root: $work/nowhere, must_exist: true}" >"$work/missing.yaml"
cli -c "$work/missing.yaml" -v get_mutable bob.id status
tells 'a store that is not there' '^the store stick cannot be used: stick: '
cp "$work/true" "$object"
cp -r "$work/stick" "$work/old"
two put_mutable bob.id status three
rm -r "$work/stick" && mv "$work/old" "$work/stick"
two get_mutable bob.id status
tells 'a store that was rolled back' ': laptop: verified, version 3 ' ': stick: verified, version 2 ' \
  '^stick: version 2 is not taken: It is older than a version that was seen before\.$' '^version 3 is taken, from laptop '
two delete_mutable bob.id status
two get_mutable bob.id status
tells 'what is deleted' '^The data status of bob.id: the user record says that it was deleted, by version 4; '
two get_mutable bob.id nothing
tells 'what never was' '^The data nothing of bob.id: there is no route to it; no version of it was seen before$'

# Another put of the name holds its lock until the log has said so.
mkfifo "$work/hold"
flock "$HOME/.local/state/blockstore/lock-bob.id" sh -c 'echo >"$0"; cat "$0"' "$work/hold" >/dev/null &
read -r _ <"$work/hold"
timeout 60 "$builddir/run" blockstore-cli -c "$work/two.yaml" -v put_immutable bob.id more >"$out" 2>"$err" &
put=$!
until grep -q 'another put of bob.id is in progress: waiting for its end' "$err" || ! kill -0 "$put" 2>/dev/null; do sleep 0.05; done
: >"$work/hold"
wait "$put"
is "$?" 0 'a put that has to wait'
tells 'says so' 'another put of bob.id is in progress' '^the name service says: bob.id ' 'confirmed in block'

# The example of the manual page, where a line that goes on is set in.
cli register carol.id
two put_mutable carol.id status one
object=$(object_with '"ver": 1' laptop/mutable)
sed -i 's/"data": "/&AAAA/' "$object"
two get_mutable carol.id status
sed -n '/^=head1 LOGGING/,/^=head1 CHECK/s/^    //p' "$srcdir/doc/blockstore-cli.pod" | sed -E ':join; N; s/\n +/ /; tjoin; P; D' |
  sed -E 's/[0-9]+ bytes in [0-9]+ ms/N bytes in N ms/; s/block [0-9]+/block N/' >"$work/example"
is "$(story "$err" | sed -E 's/carol/alice/g; s/block [0-9]+/block N/')" "$(cat "$work/example")" 'the manual page tells the story as it is'

# ---- what is in no log ----

hostile=$(printf 'a\nblockstore-cli: error: forged\033[2J\302\233b\377')
hostile_id=$(printf 'a\nblockstore-cli: error: forged\033[2J\302\233b')
long=$(printf '%4000d' 0)
: >"$work/hostile"
for id in "$hostile_id" "$long"; do
  cli -c "$work/two.yaml" -vv put_mutable bob.id "$id" words
  cat "$err" >>"$work/hostile"
  cli -c "$work/two.yaml" -vv get_mutable bob.id "$id" -o "$work/$hostile"
  cat "$err" >>"$work/hostile"
  is "$(cat "$work/$hostile")" words 'ids and files may have any name'
  rm -f "$work/$hostile"
  is "$(grep -c ': stick: verified, version 1 ' "$err")" 1 'and the log tells of the stores all the same'
done
cat "$err" >>"$work/hostile"
is_empty "$(grep -avE '^blockstore-cli: (information|debug|warning): ' "$work/hostile")" 'a name does not begin a line of the log'
is_empty "$(LC_ALL=C grep -anP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xff' "$work/hostile")" 'nor has it control characters'
is "$(cat "$work/logs" "$work/hostile" | grep -acE "Hidden words|$(printf 'Hidden words' | base64)|$(cat "$HOME/key")")" 0 'no data and no key is in it'

if command -v script >/dev/null; then
  cat >"$work/slow" <<'END'
#!/bin/sh
for i in 1 2 3 4 5 6 7 8; do
  head -c 2000000 /dev/zero
  sleep 0.2
done | "$@" >"$0.out"
END
  chmod +x "$work/slow"
  for quiet in '' -q; do
    script -qec "'$work/slow' '$builddir/run' blockstore-cli $quiet put_immutable alice.id -" /dev/null </dev/null >"$work/terminal$quiet"
    is "$?" 0 "a slow put on a terminal $quiet"
  done
  like "$(tr '\r' '\n' <"$work/terminal")" 'MiB/s' 'a bar is drawn'
  like "$(tr '\r' '\n' <"$work/terminal" | tail -n 1 | od -An -c | tr -d ' \n')" '033\[K$' 'and erased at the end'
  is "$(cat "$work/terminal-q")" '' 'with -q there is none'
else
  skip 'needs script'
fi
done_testing

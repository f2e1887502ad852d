#!/bin/sh
# SPDX-License-Identifier: MIT
# The key of the filter encrypt: a wrong one is told and does no harm, a new one reads what the old one wrote.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
command -v openssl >/dev/null || skip_all 'needs openssl'
own_name alice.id

# with KEY [OPTIONS]: the configuration of the store with that key file.
with() {
  printf 'stores:\n  - {name: far, driver: disk, root: %s,\n     filters: [{filter: encrypt, key_file: %s%s}]}\n' \
    "$work/far" "$work/$1" "${2:-}" >"$work/c.yaml"
}
new_key() {
  (umask 077 && openssl rand -hex 32 >"$work/$1")
}
contents() {
  find "$work/far" -type f -exec sha256sum {} + | sort
}
new_key a.key
new_key b.key

with a.key
exits 0 'a key' -c "$work/c.yaml" put_immutable alice.id 'some data'
first=$(printf 'some data' | sha256)
exits 0 'and mutable data' -c "$work/c.yaml" put_mutable alice.id status 'here'
contents >"$work/before"

# ---- a wrong key ----

with b.key
wrong="far: The store is encrypted with the key [0-9a-f]{16}, which $work/b\.key does not have: nothing was read or changed"
for command in "get_immutable alice.id $first" 'get_mutable alice.id status' 'put_immutable alice.id more' \
  'put_mutable alice.id status there' "delete_immutable alice.id $first --purge" 'delete_mutable alice.id status' 'lookup alice.id'; do
  # shellcheck disable=SC2086
  cli -c "$work/c.yaml" $command
  [ "$status" = 7 ] || [ "$status" = 1 ]
  report $? "a wrong key: $command" "$status $(cat "$out" "$err")"
  like "$(cat "$out" "$err")" "$wrong" 'is told'
done
cli -c "$work/c.yaml" stores
like "$(cat "$out" "$err")" "$wrong" 'so does the check'
is "$(contents)" "$(cat "$work/before")" 'nothing was changed'
with a.key
exits 0 'with the right key' -c "$work/c.yaml" get_immutable alice.id "$first"
says data 'some data' 'all is there'

with b.key ', mark: false'
cli -c "$work/c.yaml" get_immutable alice.id "$first"
[ "$status" != 0 ]
report $? 'without a look at the mark it looks empty' "$(cat "$out" "$err")"
fails 'and nothing is known of a wrong key' grep -q 'is encrypted with the key' "$out" "$err"

# ---- another key, in front ----

cat "$work/b.key" "$work/a.key" >"$work/both.key"
chmod 600 "$work/both.key"
with both.key
exits 0 'the key of before reads immutable data' -c "$work/c.yaml" get_immutable alice.id "$first"
says data 'some data' 'as it was'
exits 0 'and mutable data' -c "$work/c.yaml" get_mutable alice.id status
says data here 'as it was'
is "$(contents)" "$(cat "$work/before")" 'reading changes nothing'
exits 0 'the same put again' -c "$work/c.yaml" put_immutable alice.id 'some data'
exits 0 'another' -c "$work/c.yaml" put_immutable alice.id 'other data'
exits 0 'a newer version' -c "$work/c.yaml" put_mutable alice.id status there
is "$(find "$work/far/mutable" -type f | wc -l)" 1 'takes the place of the older one'
exits 0 'a get' -c "$work/c.yaml" get_mutable alice.id status
says data there 'gives it'

with a.key
refused 7 unreachable "which $work/a\.key does not have" -c "$work/c.yaml" get_mutable alice.id status
with both.key
exits 0 'a purge' -c "$work/c.yaml" delete_immutable alice.id "$first" --purge

# ---- the mark goes with the key that writes ----

mark=$(find "$work/far/immutable" -name be3563ccfbb0bfb615e76cc7f9b4447cb7385e76)
is "$(head -c 16 "$mark" | tail -c 8 | od -An -tx1)" \
  "$(printf 'blockstore-encrypt-1 key id' | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(cat "$work/b.key")" -binary | head -c 8 | od -An -tx1)" \
  'the mark has the new key'
echo 'not ours' >"$mark"
with both.key
cli -c "$work/c.yaml" stores
like "$(cat "$out" "$err")" "The store's mark \(be3563[0-9a-f]*\) cannot be decrypted" 'a damaged one is told'

# ---- files that are none ----

chmod 640 "$work/a.key"
with a.key
refused 7 unreachable "a\.key: The key file can be used by others \(mode 0640\); run: chmod 600 $work/a\.key" -c "$work/c.yaml" put_immutable alice.id x
chmod 600 "$work/a.key"
with none.key
refused 7 unreachable 'none\.key: The key file cannot be opened: No such file' -c "$work/c.yaml" put_immutable alice.id x
echo 'password' >"$work/a.key"
with a.key
refused 7 unreachable 'a\.key:1: a key of 64 hexadecimal digits was expected' -c "$work/c.yaml" put_immutable alice.id x
printf 'stores: [{name: far, driver: disk, root: %s, filters: [encrypt]}]\n' "$work/far" >"$work/c.yaml"
refused 2 config 'key_file' -c "$work/c.yaml" stores
done_testing

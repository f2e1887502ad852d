#!/bin/sh
# SPDX-License-Identifier: MIT
# The filter encrypt above a disk: what the store sees, what another implementation reads, repeated puts, exchanged objects.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
command -v openssl >/dev/null || skip_all 'needs openssl'
command -v /usr/bin/python3 >/dev/null || skip_all 'needs /usr/bin/python3'
own_name zebrafish.id

# with FILTERS: the configuration of a store that has them.
with() {
  printf 'stores:\n  - {name: far, driver: disk, root: %s,\n     filters: %s}\n' "$work/far" "$1" >"$work/c.yaml"
}
(umask 077 && openssl rand -hex 32 >"$work/far.key")
encrypted="[{filter: encrypt, key_file: $work/far.key}]"
with "$encrypted"

other() {
  /usr/bin/python3 "$srcdir/t/lib/encrypt-other.py" "$1" "$work/far.key" "$2" "$3" "$4"
}

# ---- what goes in comes out ----

data='The giraffe lives at Waterloo.'
exits 0 'an immutable put' -c "$work/c.yaml" put_immutable zebrafish.id "$data"
key=$(printf %s "$data" | sha256)
exits 0 'a get' -c "$work/c.yaml" get_immutable zebrafish.id "$key"
says data "$data" 'gives the data'
exits 0 'a mutable put' -c "$work/c.yaml" put_mutable zebrafish.id quagga-at-the-zoo 'An okapi, too.'
sig=$(member sig)
exits 0 'a get' -c "$work/c.yaml" get_mutable zebrafish.id quagga-at-the-zoo
says data 'An okapi, too.' 'gives the data'
head -c 3000000 /dev/urandom >"$work/large"
exits 0 'a large put' -c "$work/c.yaml" put_immutable zebrafish.id "@$work/large"
large=$(sha256 <"$work/large")
exits 0 'a get' -c "$work/c.yaml" get_immutable zebrafish.id "$large" -o "$work/back"
succeeds 'gives the same bytes' cmp "$work/large" "$work/back"
exits 0 'the stores' -c "$work/c.yaml" stores
says stores.0.durable true 'durable as the disk is'

# ---- what the store sees: contents, names and extended attributes of all files ----

seen() {
  find "$work/far" -type f -exec cat {} +
  find "$work/far" | sed "s|^$work||"
  /usr/bin/python3 -c 'import os, sys
for folder, folders, files in os.walk(sys.argv[1]):
    for path in [folder] + [os.path.join(folder, file) for file in files]:
        for name in os.listxattr(path):
            print(name, os.getxattr(path, name))' "$work/far"
}
seen >"$work/seen"
# is_hidden TEXT: as text, in hexadecimal digits, in base64; of twelve characters or more, as base64 has less of it.
is_hidden() {
  grep -qaF -e "$1" "$work/seen" && return 1
  grep -qaF -e "$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')" "$work/seen" && return 1
  for skip in '' x xx; do
    ! grep -qaF -e "$(printf %s%s "$skip" "$1" | base64 -w 0 | cut -c 5- | sed 's/....$//')" "$work/seen" || return 1
  done
}
raw() {
  /usr/bin/python3 -c 'import sys; sys.exit(bytes.fromhex(sys.argv[1]) in open(sys.argv[2], "rb").read())' "$1" "$work/seen"
}
for word in 'The giraffe lives' 'lives at Waterloo' zebrafish.id quagga-at-the-zoo 'An okapi, too' immutable_data mutable_data "$key" "$large"; do
  succeeds "the store does not see $word" is_hidden "$word"
done
for bytes in "$key" "$large" "$(cat "$work/far.key")" "$(head -c 64 "$work/large" | od -An -v -tx1 | tr -d ' \n')"; do
  succeeds "nor these bytes: $bytes" raw "$bytes"
done
[ -z "$sig" ] || [ "$sig" = null ] || succeeds 'nor the signature' is_hidden "$sig"
succeeds 'nor the key' is_hidden "$(cat "$work/far.key")"

# ---- another implementation ----

file_of() {
  find "$work/far" -name "$(other name "$@")"
}
other open "$(file_of immutable "$key")" >"$work/plain"
is "$(cat "$work/plain")" "$data" 'another implementation reads it'
succeeds 'and makes the same bytes' sh -c "printf %s '$data' | /usr/bin/python3 $srcdir/t/lib/encrypt-other.py seal $work/far.key immutable $key 0 |
  cmp - '$(file_of immutable "$key")'"
other open "$(file_of immutable "$large")" >"$work/plain"
succeeds 'and what is large' cmp "$work/plain" "$work/large"
is "$(other open "$(file_of mark '')" | wc -c)" 0 'and the mark, which holds nothing'
record=$(find "$work/far/mutable" -name 'e-*')
other open "$record" >"$work/plain"
like "$(cat "$work/plain")" '"id": ?"quagga-at-the-zoo"' 'and a record'

# ---- again ----

find "$work/far/immutable" -type f -exec sha256sum {} + | sort >"$work/before"
exits 0 'the same put again' -c "$work/c.yaml" put_immutable zebrafish.id "$data"
find "$work/far/immutable" -type f -exec sha256sum {} + | sort >"$work/after"
is "$(comm -23 "$work/before" "$work/after")" '' 'changes nothing that was there'

# ---- objects that the store changed, exchanged or cut short ----

one=$(file_of immutable "$key") two=$(file_of immutable "$large")
cp "$one" "$work/one"
cp "$two" "$work/two"
# broken WHAT KEY
broken() {
  cli -c "$work/c.yaml" get_immutable zebrafish.id "$2" -o "$work/none"
  [ "$status" != 0 ] && [ ! -e "$work/none" ]
  report $? "$1 is refused" "$status $(cat "$out" "$err")"
  like "$(cat "$err")" "${3:-cannot be decrypted: it was changed, cut short or exchanged}" 'and told'
}
cat "$work/two" >"$one"
broken 'another object' "$key"
cat "$work/one" >"$one"
head -c 200000 "$work/two" >"$two"
broken 'one that was cut short' "$large"
{ cat "$work/two"; echo; } >"$two"
broken 'one that was made longer' "$large"
/usr/bin/python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[-1] ^= 1; sys.stdout.buffer.write(b)' "$work/two" >"$two"
broken 'one whose last byte was changed' "$large"
printf %s "$data" >"$one"
broken 'one that is not encrypted' "$key"
cat "$work/one" >"$one"
cat "$work/two" >"$two"
exits 0 'as they were they are read' -c "$work/c.yaml" get_immutable zebrafish.id "$large" -o "$work/back"
exits 0 'another datum' -c "$work/c.yaml" put_mutable zebrafish.id tapir 'No okapi.'
cp "$record" "$work/record"
cat "$(find "$work/far/mutable" -name 'e-*' ! -path "$record")" >"$record"
cli -c "$work/c.yaml" get_mutable zebrafish.id quagga-at-the-zoo
is "$status:$(grep -c 'it is another object than was asked for' "$err")" 7:1 'records that were exchanged are refused' "$(cat "$err")"
cat "$work/record" >"$record"

# ---- without a mark, with two keys ----

(umask 077 && openssl rand -hex 32 | cat - "$work/far.key" >"$work/both.key")
succeeds 'it does what a driver must' "$builddir/run" blockstore-driver-test --jobs=4 --only='immutable.*,mutable.*,urls.*,filter.*' \
  "$builddir/plugins/.libs/encrypt.so" -o key_file="$work/both.key" -o mark=false

# ---- deleting ----

exits 0 'a purge' -c "$work/c.yaml" delete_immutable zebrafish.id "$key" --purge
is "$(file_of immutable "$key")" '' 'takes the object'
exits 0 'a delete' -c "$work/c.yaml" delete_mutable zebrafish.id quagga-at-the-zoo
refused 3 deleted 'deleted' -c "$work/c.yaml" get_mutable zebrafish.id quagga-at-the-zoo

# ---- the look at the store is one ----

with '[]'
cli -c "$work/c.yaml" register antelope.id
exits 0 'without the filter' -c "$work/c.yaml" put_mutable antelope.id gnu-at-the-zoo 'An okapi, too.'
seen >"$work/seen"
fails 'the store sees the id' is_hidden gnu-at-the-zoo
fails 'and the name' is_hidden antelope.id
fails 'and the data' is_hidden 'An okapi, too'
done_testing

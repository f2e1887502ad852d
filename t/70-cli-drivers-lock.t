#!/bin/sh
# SPDX-License-Identifier: MIT
# Which bytes are loaded as a driver: `sha256` of a store or a filter, and the lock of drivers (`load`).
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
past_libtool
built=$builddir/plugins/.libs
BLOCKSTORE_PLUGIN_PATH=$work/drivers
mkdir -m 755 "$work/drivers"

# fresh: the drivers as they were built.
fresh() {
  rm -rf "$work/drivers"/*
  for driver in disk log; do cp "$built/$driver.so" "$work/drivers" && chmod 644 "$work/drivers/$driver.so"; done
}

# flip FILE OFFSET: another byte there.
flip() {
  perl -e 'my ($file, $at) = @ARGV; open my $f, "+<", $file or die; binmode $f; seek $f, $at, 0; read $f, my $b, 1;
    seek $f, $at, 0; print $f chr(ord($b) ^ 1); close $f or die' "$1" "$2"
}

fresh
disk=$(sha256 "$work/drivers/disk.so")
log=$(sha256 "$work/drivers/log.so")
size=$(stat -c %s "$work/drivers/disk.so")
conf=$work/c.yaml

# ---- sha256 ----

# pinned STORE FILTER: a configuration with these digests.
pinned() {
  printf 'stores:\n  - {name: shelf, driver: disk, root: %s, sha256: %s,\n     filters: [{filter: log, sha256: %s}]}\n' "$work/shelf" "$1" "$2" \
    >"$conf"
}

pinned "$disk" "$log"
exits 0 'the very bytes are loaded' -c "$conf" stores
exits 0 'the configuration' -c "$conf" config
is "$(member stores.0.sha256) $(member stores.0.filters.0.sha256)" "$disk $log" 'shows what is asked for'
exits 0 'why' drivers why disk
is "$(member candidates.0.sha256)" "$disk" 'tells what a file has'
other=$(printf %064d 7)
at=$(sed -n 2p "$conf" | grep -bo "$disk" | cut -d : -f 1)
pinned "$other" "$log"
refused 2 driver "^blockstore-cli: $conf:2:$((at + 1)): Store shelf: $work/drivers/disk.so: The file has the SHA-256 $disk, and $other is" \
  -c "$conf" stores
pinned "$disk" "$other"
refused 2 driver "^blockstore-cli: $conf:3:38: Store shelf: $work/drivers/log.so: The file has the SHA-256 $log, and $other is asked" \
  -c "$conf" stores
pinned "$(printf %s "$disk" | tr a-f A-F)" "$log"
refused 2 config "c.yaml:2:$((at + 1)): Expected here: a SHA-256, 64 hexadecimal digits in lower case" -c "$conf" config
pinned "${disk%?}" "$log"
refused 2 config "c.yaml:2:$((at + 1)): Expected here: a SHA-256, 64 hexadecimal digits" -c "$conf" config
pinned "${disk}0" "$log"
refused 2 config "c.yaml:2:$((at + 1)): Expected here: a SHA-256, 64 hexadecimal digits" -c "$conf" config
pinned '[]' "$log"
refused 2 config "c.yaml:2:$((at + 1)): Expected here: a SHA-256" -c "$conf" config
pinned "$disk" ''
refused 2 config 'c.yaml:3:[0-9]*: Expected here: a SHA-256' -c "$conf" config

pinned "$disk" "$log"
for offset in 0 100 $((size / 2)) $((size - 1)); do
  fresh
  flip "$work/drivers/disk.so" "$offset"
  cli -c "$conf" stores
  is "$status $(member code)" '2 driver' "a flipped byte at $offset is refused"
done
like "$(member error)" "The file has the SHA-256 $(sha256 "$work/drivers/disk.so"), and $disk" 'with what it has'
fresh
cp "$builddir/t/modules/.libs/crashing.so" "$work/drivers/new" && chmod 644 "$work/drivers/new"
mv "$work/drivers/new" "$work/drivers/disk.so"
refused 2 driver 'disk.so: The driver in it is called crashing' -c "$conf" stores
fresh
cp "$work/drivers/disk.so" "$work/disk.so"
rm "$work/drivers/disk.so" && ln -s ../disk.so "$work/drivers/disk.so"
refused 2 driver 'disk.so: The driver is a symbolic link' -c "$conf" stores
rm "$work/drivers/disk.so" && cp "$work/disk.so" "$work/drivers/disk.so"
exits 0 'another file of the same bytes will do' -c "$conf" stores
cp "$work/disk.so" "$work/new" && printf more >>"$work/new" && chmod 644 "$work/new"
mv "$work/new" "$work/drivers/disk.so"
refused 2 driver "disk.so: The file has the SHA-256 $(sha256 "$work/drivers/disk.so")" -c "$conf" stores
fresh

# Not one instruction of it runs: this one crashes when it is loaded.
cp "$builddir/t/modules/.libs/crashing.so" "$work/drivers" && chmod 644 "$work/drivers/crashing.so"
printf 'stores: [{name: shelf, driver: crashing, sha256: %s}]\n' "$other" >"$conf"
refused 2 driver 'crashing.so: The file has the SHA-256' -c "$conf" stores
rm "$work/drivers/crashing.so"

# ---- writing a lock ----

cli keygen "$work/key" && address=$(member address)
cli keygen "$work/other" && foreign=$(member address)
lock=$work/drivers.lock

# locked [MORE]: a configuration that asks for a lock.
locked() {
  printf 'stores: [{name: shelf, driver: disk, root: %s, filters: [log]}]\nload: {locked: %s%s}\n' "$work/shelf" "$address" "${1-}" >"$conf"
}

locked
refused 2 key 'needs the owner.s key' -c "$conf" drivers lock
[ ! -e "$lock" ]
report $? 'and writes none'
exits 0 'a lock is written' -c "$conf" -k "$work/key" drivers lock
is_document 'a document'
is "$(member file) $(member signer) $(member left_out)" "$lock $address []" 'where, and by whom'
is "$(member drivers.0.name) $(member drivers.0.sha256) $(member drivers.0.size)" "disk $disk $size" 'the driver'
is "$(member drivers.1.name) $(member drivers.1.sha256)" "log $log" 'and the filter'
is "$(stat -c %a "$lock")" 644 'which others can read'
cp "$lock" "$out"
is_document 'the lock itself is a document'
is "$(member signer) $(member drivers.0.file) $(member drivers.0.sha256) $(member format)" \
  "$address disk.so $disk blockstore-drivers-lock-1" 'with what it says'
exits 0 'what it lists is loaded' -c "$conf" stores
exits 0 'the configuration' -c "$conf" config
is "$(member load.locked) $(member load.file)" "$address $lock" 'shows it'
exits 0 'a check of it' -c "$conf" drivers lock --check
is "$(member same) $(member drivers.0.verdict) $(member drivers.1.verdict)" 'true same same' 'finds nothing'
cp "$lock" "$work/good.lock"
exits 0 'it is replaced' -c "$conf" -k "$work/key" drivers lock
cmp -s "$lock" "$work/good.lock"
report $? 'by the same bytes'
exits 0 'another file' -c "$conf" -k "$work/key" drivers lock "$work/else.lock"
cmp -s "$work/else.lock" "$lock"
report $? 'has the same'
locked ', file: else.lock'
rm "$lock"
exits 0 'which the configuration names' -c "$conf" stores
rm "$work/else.lock"
locked
exits 0 'all of the plugin path' -c "$conf" -k "$work/key" drivers lock --all
is "$(member drivers.0.name) $(member drivers.1.name) $(member drivers.2)" 'disk log null' 'are those that there are'
echo text >"$work/drivers/text.so" && chmod 644 "$work/drivers/text.so"
exits 0 'with a file that is no driver' -c "$conf" -k "$work/key" drivers lock --all
like "$(member left_out.0.file) $(member left_out.0.reason)" "^$work/drivers/text.so .*not an ELF file" 'it is left out, and told'
rm "$work/drivers/text.so"
refused 2 usage 'no such directory' -c "$conf" -k "$work/key" drivers lock "$work/none/drivers.lock"
refused 2 usage 'The option --check belongs to' -c "$conf" drivers --check
refused 2 usage 'The option --all belongs to' -c "$conf" drivers why disk --all
refused 2 usage 'too many arguments' -c "$conf" drivers lick disk
cli drivers why lock
is "$status $(member loads)" '1 null' 'a driver that is called lock can be asked for'
cp "$work/good.lock" "$lock"
printf 'stores: [{name: shelf, driver: nosuch}]\n' >"$work/nosuch.yaml"
refused 2 driver 'There is no driver nosuch' -c "$work/nosuch.yaml" -k "$work/key" drivers lock
cmp -s "$work/good.lock" "$lock"
report $? 'a lock that cannot be written leaves the old one'
refused 2 usage 'no configuration file beside which' -k "$work/key" drivers lock

# ---- nothing else is loaded ----

# kept REGEX: nothing is loaded, and that is why.
kept() {
  refused 2 driver "$1" -c "$conf" stores
  cli -c "$conf" -v stores
  is "$(grep -c 'information: loading' "$err")" 0 'and nothing is loaded'
  cli -c "$conf" drivers why disk
  is "$status $(member loads) $(member candidates.0.verdict)" '1 null refused' 'drivers why says so, too'
}

rm "$lock"
kept "^blockstore-cli: $conf:2:16: load.locked: $lock: There is no such lock of drivers; \"blockstore-cli drivers lock\" writes one"
refused 2 driver 'There is no such lock' -c "$conf" drivers lock --check
: >"$lock"
kept "$lock: This is no lock of drivers"
grep -v '"sig"' "$work/good.lock" >"$lock"
kept "$lock: This is no lock of drivers: it is not signed"
refused 2 usage "The key is that of $foreign, and load.locked in $conf wants the lock of drivers signed by $address: nothing was written" \
  -c "$conf" -k "$work/other" drivers lock
is "$(grep -c '"sig"' "$lock")" 0 'another key replaces no lock unasked'
exits 0 'where it is told to' -c "$conf" -k "$work/other" drivers lock "$lock"
kept "$lock: The lock is signed by $foreign, and not by $address"
refused 2 driver "signed by $foreign" -c "$conf" drivers lock --check
sed "s/$foreign/$address/" "$lock" >"$work/claimed" && mv "$work/claimed" "$lock"
kept "$lock: The signature of the lock is not that of $address: somebody has changed the file"
sed "s/$disk/$other/" "$work/good.lock" >"$lock"
kept 'somebody has changed the file'
sed 's/"name": "log"/"name": "lop"/; s/log\.so/lop.so/' "$work/good.lock" >"$lock"
kept 'somebody has changed the file'
head -c 1100000 /dev/zero | tr '\0' ' ' | cat "$work/good.lock" - >"$lock"
kept 'more than the 1048576 bytes'
rm "$lock" && mkdir "$lock"
kept "$lock: "
rmdir "$lock"
perl -0pe 's/\{/{ /' "$work/good.lock" >"$lock"
kept 'its members or its spelling'

# Each byte of it.
length=$(stat -c %s "$work/good.lock")
for offset in $(seq 0 7 $((length - 1))); do
  cp "$work/good.lock" "$lock"
  flip "$lock" "$offset"
  cli -c "$conf" stores
  [ "$status $(member code)" = '2 driver' ] || echo "$offset: $status $(cat "$err")"
done >"$work/believed"
is_empty "$(cat "$work/believed")" 'an altered byte is refused wherever it is'
cp "$work/good.lock" "$lock"

# ---- other drivers than it lists ----

flip "$work/drivers/disk.so" $((size - 1))
refused 2 driver "c.yaml:1:32: Store shelf: $lock: $work/drivers/disk.so: The file has the SHA-256 [0-9a-f]{64}, and $disk is" -c "$conf" stores
cli -c "$conf" drivers why disk
is "$status $(member candidates.0.rule) $(member candidates.0.sha256)" "1 bytes $(sha256 "$work/drivers/disk.so")" 'by the rule bytes'
cli -c "$conf" drivers lock --check
is "$status $(member same) $(member drivers.0.name) $(member drivers.0.verdict)" '1 false disk changed' 'a check tells what was changed'
is "$(member drivers.0.listed) $(member drivers.0.sha256)" "$disk $(sha256 "$work/drivers/disk.so")" 'from what to what'
like "$(cat "$err")" 'The drivers are not those of the lock' 'and that it is not as it was'
fresh
flip "$work/drivers/log.so" $(($(stat -c %s "$work/drivers/log.so") - 1))
refused 2 driver "c.yaml:1:[0-9]+: Store shelf: $lock: $work/drivers/log.so: The file has the SHA-256" -c "$conf" stores
rm "$work/drivers/log.so"
cli -c "$conf" drivers lock --check
is "$status $(member drivers.1.name) $(member drivers.1.verdict)" '1 log refused' 'one that has gone'
like "$(member drivers.1.reason)" 'There is no driver log' 'with the reason'
fresh

printf 'stores: [{name: shelf, driver: disk, root: %s}]\n' "$work/shelf" >"$work/small.yaml"
cli -c "$work/small.yaml" -k "$work/key" drivers lock
is "$(member drivers.0.name) $(member drivers.1)" 'disk null' 'a lock without the filter'
refused 2 driver "c.yaml:1:[0-9]+: Store shelf: $lock: The lock does not list the driver log" -c "$conf" stores
cli -c "$conf" drivers why log
is "$status $(member candidates.0.rule)" '1 lock' 'by the rule lock'
cli -c "$conf" drivers lock --check
is "$status $(member same) $(member drivers.1.name) $(member drivers.1.verdict)" '1 false log unlisted' 'a check tells of it'
cli -c "$work/small.yaml" drivers lock --check
is "$status $(member same)" '0 true' 'who does not use it misses nothing'
cli -c "$work/small.yaml" drivers lock --check --all
is "$status $(member drivers.1.verdict)" '1 unlisted' 'unless all are asked for'
cp "$work/good.lock" "$lock"

# An earlier directory may have another driver of that name: it decides, and is refused.
mkdir -m 755 "$work/earlier"
cp "$built/disk.so" "$work/earlier" && printf more >>"$work/earlier/disk.so" && chmod 644 "$work/earlier/disk.so"
BLOCKSTORE_PLUGIN_PATH=$work/earlier:$work/drivers
refused 2 driver "$work/earlier/disk.so: The file has the SHA-256" -c "$conf" stores
BLOCKSTORE_PLUGIN_PATH=$work/drivers

# Both are asked for.
printf 'stores: [{name: shelf, driver: disk, root: %s, sha256: %s}]\nload: {locked: %s}\n' "$work/shelf" "$disk" "$address" >"$conf"
exits 0 'a lock and a digest that agree' -c "$conf" stores
sed "s/$disk/$other/" "$conf" >"$work/both.yaml"
refused 2 driver "and $other is asked for" -c "$work/both.yaml" stores

# ---- load, as it is written ----

# writes LOAD: a configuration with that section.
writes() {
  printf 'stores: [{name: shelf, driver: disk, root: shelf}]\nload: %s\n' "$1" >"$conf"
}
writes '{}'
refused 2 config 'c.yaml:2:7: load: Give the address' -c "$conf" config
writes '{file: a}'
refused 2 config 'c.yaml:2:7: load: Give the address' -c "$conf" config
writes '[]'
refused 2 config 'c.yaml:2:7: ' -c "$conf" config
writes '{locked: true}'
refused 2 config 'c.yaml:2:16: load.locked: Expected here: the address of a key' -c "$conf" config
writes "{locked: ${address}x}"
refused 2 config 'c.yaml:2:16: load.locked: Expected here: the address of a key' -c "$conf" config
writes '{locked: 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy}'
refused 2 config 'c.yaml:2:16: load.locked: Expected here: the address of a key' -c "$conf" config
writes "{loked: $address}"
refused 2 config 'c.yaml:2:8: There is no key "loked" here; did you mean "locked"' -c "$conf" config

# The same key, as test networks write it.
cli keygen --test "$work/test.key" && writes "{locked: $(member address)}"
exits 0 'a lock by a key of a test network' -c "$conf" -k "$work/test.key" drivers lock
exits 0 'is believed' -c "$conf" stores
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page of the configuration has every key that core/client/config.c reads, with its type, range and default, and no
# other; each of its examples is read, and each of its mistakes gets the message that stands there.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
pod=$srcdir/doc/blockstore.yaml.pod
source=$srcdir/core/client/config.c

# ---- the keys ----

# "KEY TYPE VALUES LEAST MOST" of each row, names of numbers resolved.
rows() {
  sed -n 's/^    BS_ROW("\([a-z_]*\)", "\([a-z_]*\)", \([A-Z]*\), "\([a-z,]*\)", \(.*\), \(.*\), [a-z_]*),$/\1.\2 \3 \4;\5;\6/p' "$source" |
    sed 's/^\.//; s/INT64_C(\([0-9]*\))/\1/g' |
    sed "s/BS_MUTABLE_RECORD_MAX/$(record_max mutable)/; s/BS_USER_RECORD_MAX/$(record_max user)/"
}
record_max() {
  sed -n 's/^#define BS_[A-Z]*_RECORD_MAX (\([0-9]*\)u << \([0-9]*\))$/\1 << \2/p' "$srcdir/core/record/$1.h"
}

# The row as its item in the page, without what is said of the default.
described() {
  perl -ne '
    BEGIN {
      %units = (DURATION => [[3600000, "h"], [60000, "m"], [1000, "s"], [1, "ms"]],
                SIZE => [[2**40, "T"], [2**30, "G"], [2**20, "M"], [2**10, "K"], [1, ""]], INT => [[1, ""]]);
    }
    sub text {
      my ($number, @units) = @_;
      my ($unit) = grep { $number >= $_->[0] && $number % $_->[0] == 0 } @units;
      return $unit ? sprintf("%d%s", $number / $unit->[0], $unit->[1]) : "0$units[-1][1]";
    }
    chomp;
    ($key, $type, $values, $least, $most) = split /[ ;]/, $_, 5;
    ($least, $most) = (eval $least, eval $most);
    $values =~ s/,/, /g;
    $range = $most ? ", " . text($least, @{$units{$type}}) . " to " . text($most, @{$units{$type}}) : "";
    print "$key (", $type eq "ENUM" ? "one of $values" : lc $type, "$range\n"'
}

# The keys that no row has: lists of names in the source, "SECTION KEY".
others() {
  awk -v list="const char *const $1[] = {" 'index($0, list) { inside = 1 } inside { print } inside && /};/ { exit }' "$source" |
    tr -d '\n" ' | sed 's/.*{\(.*\)};/\1,/' | tr , '\n' | sed "s/^/$2/"
}
rows >"$work/rows"
[ "$(wc -l <"$work/rows")" = "$(grep -c '^    BS_ROW(' "$source")" ]
report $? 'every row is understood' "$(cat "$work/rows")"
{
  cut -d ' ' -f 1 "$work/rows"
  others top_keys '' | grep -E '^(plugin_path|stores)$'
  others bs_config_core_keys stores.
  others names_keys names.
  others replication_keys replication. | grep -vE '\.(write|read)$'
  others write_keys replication.write.
  others compat_keys compat.
} | LC_ALL=C sort >"$work/keys"
items "$pod" KEYS >"$work/items"
is "$(sed 's/ .*//' "$work/items" | LC_ALL=C sort)" "$(cat "$work/keys")" 'the page has the keys that are read'
is_empty "$(others top_keys '' | grep -vxE "$(sed -n 's/^=head2 //p' "$pod" | tr '\n' '|')state_dir|plugin_path|stores")" \
  'the page has a part for each section'
is_empty "$(described <"$work/rows" | while read -r item; do grep -qF "$item" "$work/items" || echo "$item"; done)" \
  'types and ranges are those of the rows'

# Each key with the default that the page names: the configuration is that which is in force without them.
sed -n 's/^\([a-z_.]*\) (.*[,;] default \(.*\))$/\1 \2/p' "$work/items" | grep -vE ' (where|as) ' |
  sed "s| STATE_DIR| ~/.local/state/blockstore|" >"$work/defaults"
[ "$(wc -l <"$work/defaults")" -ge 15 ]
report $? 'the page names defaults' "$(cat "$work/defaults")"
{
  echo 'stores: [{name: home, driver: disk, root: data}]'
  sed -n 's/^\([a-z_]*\) /\1: /p' "$work/defaults"
  for section in names replication timeouts limits compat; do
    printf '%s: {' $section
    sed -n "s/^$section\.\([a-z_]*\) /\1: /p" "$work/defaults" | tr '\n' ,
    sed -n "s/^$section\.write\.\([a-z_]*\) /\1: /p" "$work/defaults" | tr '\n' , | sed 's/\(..*\),$/write: {\1}/'
    echo '}'
  done
} >"$work/full.yaml"
echo 'stores: [{name: home, driver: disk, root: data}]' >"$work/short.yaml"
exits 0 'the defaults can be written out' -c "$work/full.yaml" config
grep -v '"file":' "$out" >"$work/full"
exits 0 'and left out' -c "$work/short.yaml" config
is "$(cat "$work/full")" "$(grep -v '"file":' "$out")" 'and are the same'

# ---- the examples ----

# A fragment without stores gets one behind it: the lines of the fragment stay where they are.
with_stores() {
  cat "$1"
  grep -q '^stores:' "$1" || echo 'stores: [{name: home, driver: disk, root: data}]'
}

# The message that follows a mistake, on one line.
message_of() {
  sed -n '/^blockstore\.yaml:/,$p' "$1" | tr '\n' ' ' | sed 's/  */ /g; s/ $//'
}

good=0 refused=0
blocks "$pod" 'SYNOPSIS|DESCRIPTION|KEYS|EXAMPLES' "$work/blocks"
for block in "$work"/blocks/*; do
  expected=$(message_of "$block")
  sed '/^blockstore\.yaml:/,$d' "$block" >"$work/fragment"
  with_stores "$work/fragment" >"$work/blockstore.yaml"
  cli -c "$work/blockstore.yaml" config
  if [ -z "$expected" ]; then
    good=$((good + 1))
    [ "$status" = 0 ] && continue
  else
    refused=$((refused + 1))
    [ "$status" = 2 ] && [ "$(sed "s|^blockstore-cli: $work/||" "$err")" = "$expected" ] && continue
  fi
  echo "$(cat "$block")
-- gave: $(cat "$err")"
done >"$work/wrong"
is_empty "$(cat "$work/wrong")" "the $good examples are read, the $refused mistakes refused as the page says"
keys=$(wc -l <"$work/keys")
[ "$good" -ge "$keys" ] && [ "$refused" -ge "$keys" ]
report $? "there are as many as keys, $keys" "$good $refused"
done_testing

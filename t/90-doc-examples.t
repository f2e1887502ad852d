#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of the manual pages run: each page's commands in order, in one fresh home, and its configurations are read.  What
# blockstore(7) computes comes out as it says.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"

# A block whose first line is a key is a configuration; else it is commands.
is_config() {
  head -n 1 "$1" | grep -qE '^[a-z_]+:( |$)'
}

for page in doc/blockstore-cli doc/blockstore.7 plugins/disk/disk plugins/delay/delay plugins/error/error plugins/log/log \
  plugins/rate/rate plugins/readonly/readonly plugins/retry/retry plugins/cache/cache; do
  name=$(basename "$page")
  rm -rf "$HOME" "$work/blocks" "$work/commands"
  mkdir "$HOME"
  blocks "$srcdir/$page.pod" EXAMPLES "$work/blocks"
  for block in "$work"/blocks/*; do
    if is_config "$block"; then
      exits 0 "$name: a configuration is read: $(sed -n '2p' "$block")" -c "$block" config
    else
      cat "$block" >>"$work/commands"
    fi
  done
  case $page in plugins/disk/* | doc/*) least=8 ;; *) least=3 ;; esac
  [ "$(grep -c blockstore-cli "$work/commands")" -ge "$least" ]
  report $? "$name has examples"
  output=$(cd "$HOME" && unset BLOCKSTORE_KEY_FILE && "$builddir/run" sh -eux "$work/commands" 2>&1)
  report $? "$name: its examples run" "$(printf '%s\n' "$output" | tail -n 20)"
done

# have BLOCK: what a configuration names, the files of secrets and the environment's variables.
have() {
  for file in $(grep -oE 'file: ~/[^,} ]+' "$1" | sed 's|.*~/||'); do
    (umask 077 && mkdir -p "$HOME/$(dirname "$file")" && echo x >"$HOME/$file")
  done
  for variable in $(grep -oE '[$][{][A-Z_]+' "$1" | tr -d '${'); do export "$variable=x"; done
}

# wrong DRIVERS CONFIG: the options in what `config` said that no driver has, and those that are missing.
wrong() {
  perl -MJSON::PP -e '
    sub document { local (@ARGV, $/) = shift; JSON::PP->new->utf8->decode(<>) }
    my %drivers = map { $_->{name} => $_->{options} } @{document(shift)->{drivers}};
    for my $store (@{document(shift)->{stores}}) {
      my $options = $drivers{delete $store->{driver}} // {};
      delete @$store{qw(name inline durable isolate filters sha256)};
      print "$_ is no option\n" for sort grep { !$options->{$_} } keys %$store;
      print "$_ is missing\n" for sort grep { $options->{$_}{required} && !exists $store->{$_} } keys %$options;
    }' "$1" "$2" 2>&1
}
cli drivers
cp "$out" "$work/drivers"
printf 'stores:\n  - {name: a, driver: disk, path: /x}\n' >"$work/bad.yaml"
cli -c "$work/bad.yaml" config
is "$(wrong "$work/drivers" "$out" | tr '\n' ' ')" 'path is no option root is missing ' 'what an example has wrong is found'

# Each driver's page shows configurations, which are read; commands run in the tests with servers.
for page in "$srcdir"/plugins/*/*.pod; do
  name=$(basename "$page" .pod) count=0
  blocks "$page" 'SYNOPSIS|EXAMPLES' "$work/of-$name"
  for block in "$work/of-$name"/*; do
    is_config "$block" || continue
    have "$block"
    exits 0 "$name: a configuration is read: $(sed -n '2p' "$block")" -c "$block" config
    is_empty "$(wrong "$work/drivers" "$out")" 'with the options that its drivers have'
    count=$((count + 1))
  done
  [ "$count" -ge 2 ]
  report $? "$name shows configurations"
  is_empty "$(head -qn 1 "$work/of-$name"/* | grep '^-')" "$name: none is torn by a blank line"
done

blocks "$srcdir/doc/blockstore.7.pod" 'WHAT IS SIGNED' "$work/signed"
computed=$(sh -eu "$(grep -l '^perl' "$work"/signed/*)" 2>&1)
like "$computed" '^[0-9a-f]{64}$' 'the statement that blockstore(7) builds has a digest'
is "$(grep -lx "$computed" "$work"/signed/* | wc -l)" 1 'which is the one in the page'
signature=$(cat "$work"/signed/* | tr -d ' \n' | grep -oE '"v2:[A-Za-z0-9+/=]+"' | tr -d '"' | sed 's/^v2://')
is "$(grep -c -e "$signature" -e "$computed" "$srcdir/t/20-signature.c")" 2 'digest and signature are those of the vector'

is_empty "$(grep -oE '(bs_document_[a-z]+|cJSON_Add[A-Za-z]+|add_hex|add_base64)\([a-z]+, "[a-z0-9_]+"' \
  "$srcdir/core/client/evidence.c" | sed 's/.*"\(.*\)"/\1/' | sort -u | while read -r name; do
  grep -q "C<$name>" "$srcdir/doc/blockstore.7.pod" || echo "$name"
done)" \
  'blockstore(7) tells every member of an evidence file'
done_testing

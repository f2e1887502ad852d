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

for page in doc/blockstore-cli doc/blockstore.7 plugins/disk/disk; do
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
  [ "$(grep -c blockstore-cli "$work/commands")" -ge 8 ]
  report $? "$name has examples"
  output=$(cd "$HOME" && unset BLOCKSTORE_KEY_FILE && "$builddir/run" sh -eux "$work/commands" 2>&1)
  report $? "$name: its examples run" "$(printf '%s\n' "$output" | tail -n 20)"
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

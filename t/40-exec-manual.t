#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstore-exec(7): its configurations are read, the programs that it shows are in it and serve a user, and every word of the
# protocol is told.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
pod=$srcdir/plugins/exec/exec.pod
blocks "$pod" 'SYNOPSIS|EXAMPLES' "$work/blocks"
CLOUD_PASSWORD='open sesame'
export CLOUD_PASSWORD
read_configurations "$CLOUD_PASSWORD"

# ---- the programs ----

is "$(sed -n 's/^=for include //p' "$pod" | tr '\n' ' ')" 'examples/exec/store.sh examples/exec/store.py ' 'two programs are included'
is_empty "$(awk 'length > 76 { print FILENAME ":" FNR }' "$srcdir"/examples/exec/*)" 'which are no wider than the page'
page=$builddir/plugins/exec/blockstore-exec.7
[ -e "$page" ] || page=$srcdir/plugins/exec/blockstore-exec.7
is "$(grep -cE 'make_mutable_url\\?\)|^def make_mutable_url|A store in a directory: a program for Blockstore' "$page")" 3 \
  'and are in the page that was built' # both with their first lines
[ "$(wc -l <"$srcdir/examples/exec/store.sh")" -le 60 ]
report $? 'the script is as short as the page says'

cp "$srcdir"/examples/exec/store.* "$HOME"
chmod 755 "$HOME"/store.*
programs='shell python' require='replication: {write: {at_least: 1, require: [shell, python]}}'
[ -x /usr/bin/python3 ] || programs=shell require='replication: {write: {at_least: 1, require: [shell]}}'
{
  echo 'stores:'
  for name in $programs; do
    [ $name = shell ] && file=store.sh || file=store.py
    printf '  - {name: %s, driver: exec, program: ~/%s, options: ["root=%s/shelf-%s"], durable: true}\n' $name $file "$HOME" $name
  done
  echo "$require"
} >"$work/exec.yaml"
exits 0 'a store that is a program is healthy' -c "$work/exec.yaml" stores
like "$(cat "$out")" '"healthy": true' 'as is told'
exits 0 'a key' keygen "$HOME/key"
exits 0 'a name' -c "$work/exec.yaml" -k "$HOME/key" register alice.id
exits 0 'data are put' -c "$work/exec.yaml" -k "$HOME/key" put_immutable alice.id 'some data'
exits 0 'a record, too' -c "$work/exec.yaml" -k "$HOME/key" put_mutable alice.id status 'at home'
exits 0 'and another version of it' -c "$work/exec.yaml" -k "$HOME/key" put_mutable alice.id status 'on the way'
exits 0 'the data are there' -c "$work/exec.yaml" get_immutable alice.id "$(printf 'some data' | sha256sum | cut -d ' ' -f 1)" --raw
is "$(cat "$out")" 'some data' 'and are the same'
exits 0 'so is the record' -c "$work/exec.yaml" get_mutable alice.id status --raw
is "$(cat "$out")" 'on the way' 'the newest'
for name in $programs; do
  is "$(find "$HOME/shelf-$name/immutable" "$HOME/shelf-$name/mutable" -type f | wc -l)" 4 "$name has data, a record and two user records"
done
chmod 644 "$HOME/store.sh"
exits 1 'a program that may not be run' -c "$work/exec.yaml" stores
like "$(cat "$out")" 'store\.sh: The program cannot be started: It may not be executed' 'is told'

# ---- the words ----

words=$(cat "$srcdir"/plugins/exec/*.c | grep -oE '(request|begin|ask)\([a-z_]+, (exec, |self, )*(call, )?"[a-z_]+"|self, call, "[a-z_]+"' | sed 's/.*"\(.*\)"/\1/' | sort -u)
is "$(printf '%s\n' "$words" | wc -l)" 11 'requests are found in the source'
is_empty "$(printf '%s\n' "$words" cancel | while read -r word; do grep -q "^  $word id=" "$pod" || echo "$word"; done)" 'each is told'
answers=$(grep -F '} words[] = {' "$srcdir/plugins/exec/exchange.c" | grep -oE '"[a-z]+"' | tr -d '"')
is "$(printf '%s\n' "$answers" | wc -l)" 5 'and answers'
is_empty "$(for word in $answers; do grep -q "^=item C<$word id=" "$pod" || echo "$word"; done)" 'and each answer'
statuses=$(sed -n '/statuses\[\] = {/,/};/s/.*"\([a-z_]*\)".*/\1/p' "$srcdir/plugins/exec/frame.c")
is "$(sed -n '/^  ok not_found/,/^$/p' "$pod" | tr -s ' \n' '\n\n' | sed '/^$/d' | sort)" "$(printf '%s\n' "$statuses" | sort)" 'and each status'
for number in BS_EXEC_LINE_MOST:65536 PROCESSES:16 PROCESSES_MOST:1024 IDLE_MS:10000 LEAVE_MS:2000 LONGEST_MS:30000 GRACE_MS:400; do
  grep -rqE "^#define ${number%:*} .*\b${number#*:}\b" "$srcdir/plugins/exec" || echo "$number"
done >"$work/changed"
is_empty "$(cat "$work/changed")" 'sizes and times are those that the page tells'
done_testing

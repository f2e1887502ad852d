# SPDX-License-Identifier: MIT
# For tests with t/lib/sweep.c: . "$srcdir/t/lib/sweep.sh".  Every command of blockstore-cli with what must hold after a fault, in
# homes that have what it needs.  sweep MOST FAULT... tries a fault at each point of each command; with BLOCKSTORE_TEST_LONG=1
# really at each, else at MOST (with BLOCKSTORE_TEST_BRIEF=1 at a quarter of these), evenly.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm # nothing of it need be on a disk
. "$(dirname "$0")/lib/cli.sh"
past_libtool
SWEEP_PROGRAM=$program
SWEEP_PRELOAD=$builddir/t/lib/.libs/faults.so
SWEEP_LEDGER=$HOME/.local/state/blockstore/ledger.db
BLOCKSTORE_KEY_FILE=$HOME/key
ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
export SWEEP_PROGRAM SWEEP_PRELOAD SWEEP_LEDGER BLOCKSTORE_KEY_FILE ASAN_OPTIONS
export HOME

# ---- the homes ----

# does ARGUMENT...: what a home is made of must work.
does() {
  cli "$@"
  [ "$status" = 0 ] || { echo "Bail out! $*: $(cat "$err")"; exit 1; }
}

keep() {
  cp -a "$HOME" "$work/$1"
}

keep bare
does init
sed -i 's/^  provider: embedded.*/&\n  max_price: 40000000000/' "$(member config)"
does keygen "$HOME/heir"
heir=$(member address)
does keygen "$HOME/key"
address=$(member address)
does register alice.id
does register carol.id
does put_immutable alice.id old-data
does put_mutable alice.id notes first-note
does put_mutable alice.id notes old-note
old=$(printf old-data | sha256)
hash=$(printf %040d 7)
does update --dry-run carol.id "$hash"
transaction=$(member transaction)
does getinfo
last=$(member last_block)
sed "s/^  provider: embedded.*/&\n  pin: {block: $last, consensus: $(member consensus)}/" "$HOME/.config/blockstore/blockstore.yaml" >"$work/pinned.yaml"
keep owned
cp -a "$work/owned" "$work/reader"
rm "$work/reader/.local/state/blockstore/state.db"*
echo older >"$work/reader/older"
does preorder late.id
keep preordered
does namespace_preorder test
keep claimed
does namespace_reveal test
keep revealed
does drivers lock
echo "load: {locked: $address}" >>"$(member file | sed 's/drivers\.lock$/blockstore.yaml/')"
keep locked

# ---- the commands ----
commands=

# row HOME HOW CHECKS ARGUMENT...: as t/lib/sweep.c has it; a note for each fault that is asked for.
row() {
  start=$1 how=$2 checks=$3
  shift 3
  commands="$commands $1"
  for fault in $faults; do
    rm -rf "$HOME"
    cp -a "$work/$start" "$HOME"
    "$builddir/t/lib/sweep" "$most" "$fault" "$how" "$checks" -- "$@" >"$work/swept" 2>&1 || echo "sweep ended with $?" >>"$work/swept"
    points=$(tail -n 1 "$work/swept")
    case $points in
      '' | *[!0-9]*) wrong="no number of points: $(cat "$work/swept")" points=0 ;;
      *) wrong=$(sed '$d' "$work/swept" | head -n 20) ;;
    esac
    is_empty "$wrong" "$1: $points points of $fault"
    echo "$fault $points" >>"$work/points"
  done
}

safe="always 0 old-data < get_immutable alice.id $old"
known='always 0 "formatted": "alice.id" < lookup alice.id'
idle='repeated 0 "user_records": [] < pending'

changing_commands() {
  row bare '0 6' "done 0 \"provider\": \"embedded\" < config
done 0 \"address\": < -k $work/owned/key preorder --dry-run zoe.id" init
  row bare '0 6' "done 0 \"address\": < -k $HOME/new preorder --dry-run zoe.id" keygen "$HOME/new"
  row owned '0 6' "$safe
done 6 preordered already < preorder late.id" preorder late.id
  row owned '0 6' "$safe
done 0 \"address\": \"$address\" < get_name_blockchain_record bob.id" register bob.id
  row preordered '0 6' "$safe
done 0 \"address\": \"$address\" < get_name_blockchain_record late.id" register late.id
  row owned 0 "$safe
done 0 \"block\": $((last + 1)), < get_name_blockchain_history carol.id $((last + 1))" renew carol.id
  row owned 0 "$safe
done 0 \"value_hash\": \"$hash\" < get_name_blockchain_record carol.id" update carol.id "$hash"
  row owned '0 9' "$safe
done 0 \"address\": \"$heir\" < get_name_blockchain_record carol.id" transfer carol.id "$heir"
  row owned '0 9' "$safe
done 0 \"revoked\": true < get_name_blockchain_record carol.id" revoke carol.id
  row owned '0 6' "$safe
done 6 preordered already < namespace_preorder test" namespace_preorder test
  row claimed '0 6' "$safe
done 0 \"state\": \"revealed\" < get_namespace_blockchain_record test" namespace_reveal test
  row revealed 0 "$safe
done 0 \"value_hash\": \"$hash\" < get_name_blockchain_record bob.test" name_import bob.test "$heir" "$hash"
  row revealed '0 6' "$safe
done 0 \"state\": \"ready\" < get_namespace_blockchain_record test" namespace_ready test
  row owned 0 "$safe
done 0 \"message_hash\": < get_nameops_at $((last + 1))" announce hello
  row owned '0 6' "$safe
done 0 \"value_hash\": \"$hash\" < get_name_blockchain_record carol.id" broadcast_transaction "$transaction"
  row owned 0 "$safe
$idle
done 0 \"data\": \"new-data\" < get_immutable alice.id $(printf new-data | sha256)" put_immutable alice.id new-data
  row owned 0 "$idle
$known
done 3 < get_immutable alice.id $old" delete_immutable alice.id "$old"
  row owned 0 "$idle
$known
done 3 < get_immutable alice.id $old" delete_immutable alice.id "$old" --purge
  row owned 0 "$safe
$idle
done 0 \"data\": \"new-note\" < get_mutable alice.id notes" put_mutable alice.id notes new-note
  row owned 0 "$safe
$idle
always 0 \"data\": \"old-note\" < get_mutable alice.id notes
done 0 \"data\": \"new-note\" < get_mutable alice.id other" put_mutable alice.id other new-note
  row owned 0 "$safe
$idle
done 3 \"code\": \"deleted\" < get_mutable alice.id notes" delete_mutable alice.id notes
  # Who reads for the first time is bound by what he was given.
  row reader 0 "$safe
done 0 \"first_seen\": false < get_mutable alice.id notes" get_mutable alice.id notes
  row reader 0 "$safe
done 0 \"first_seen\": false < get_mutable alice.id notes" get_mutable alice.id notes -o "$HOME/got"
  row reader '0 leaves' "$safe
done 0 \"first_seen\": false < get_mutable alice.id notes" get_mutable alice.id notes -o "$HOME/older"
  row owned 0 "$safe
done 0 \"same\": true < drivers lock --check" drivers lock
}

asking_commands() {
  for command in help config drivers stores ping getinfo get_all_names pending; do row owned asks "$safe" $command; done
  row owned asks "$safe" pending --resume
  row owned asks "$safe" drivers disk
  row owned asks "$safe" drivers why disk
  row locked asks "$safe" drivers lock --check
  row locked asks "$safe" drivers why disk
  row locked asks "$safe" stores
  for command in lookup get_name_blockchain_record get_name_blockchain_history; do row owned asks "$safe" $command alice.id; done
  row owned asks "$safe" lookup --prove alice.id -c "$work/pinned.yaml"
  row owned asks "$safe" get_name_cost zoe.id
  row owned asks "$safe" get_names_owned_by_address "$address"
  row owned asks "$safe" get_namespace_cost test
  row revealed asks "$safe" get_namespace_blockchain_record test
  row owned asks "$safe" get_names_in_namespace id
  for command in get_consensus_at get_nameops_at; do row owned asks "$safe" $command "$last"; done
  row owned asks "$safe" get_consensus_range 1 "$last"
  row owned asks "$safe" get_immutable alice.id "$old"
  row owned asks "$safe" get_mutable alice.id notes
  row owned asks "$safe" explain alice.id notes
  row owned asks "$safe" check
  row owned asks "$safe" completion bash
}

# sweep MOST ROWS FAULT...: ROWS is one of the functions above.
sweep() {
  most=$1 rows=$2
  shift 2
  faults=$*
  $rows
}

# Every command must have been among them.
sweeps_all() {
  "$SWEEP_PROGRAM" --help | sed -n '1,/^Options/s/^  \([a-z_]\{3,\}\).*/\1/p' | sort >"$work/listed"
  printf '%s\n' $commands | sort -u >"$work/rows"
  is_empty "$(comm -3 "$work/listed" "$work/rows")" 'every command of --help has a row in t/lib/sweep.sh'
}

# There were points of each fault.
done_sweeping() {
  for fault in $(cut -d ' ' -f 1 "$work/points" | sort -u); do
    sums=$(awk -v fault="$fault" '$1 == fault { sum += $2; rows++ } END { print sum " points of " fault " in " rows " commands" }' "$work/points")
    [ "${sums%% *}" -gt 0 ]
    report $? "$sums"
  done
  done_testing
}

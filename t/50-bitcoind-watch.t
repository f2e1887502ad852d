#!/bin/sh
# SPDX-License-Identifier: MIT
# A wallet of the node that watches: what was paid before it did is found without going over old blocks, also by a node that prunes;
# no coin twice, and none that is spent.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
now=$(date +%s)
old=$((now - 30 * 86400))
miner() {
  bitcoin -rpcwallet=miner "$@"
}
user() {
  bitcoin -rpcwallet=user "$@"
}
field() {
  sed -n "s/^ *\"$1\": \"\\{0,1\\}\\([^\",]*\\).*/\\1/p" | head -n 1
}
script_of() {
  user getaddressinfo "$1" | field scriptPubKey
}
hash_of() {
  script_of "$1" | sed 's/^76a914//; s/88ac$//; s/^0014//'
}
watching() {
  NODE_WALLET=watch ask coins "$@"
}
# values OF: of coins
values() {
  printf '%s\n' "$1" | cut -d ' ' -f 1 | tr '\n' ' '
}
# A node a month ago, with a rich miner; from `today` on it is today, and what the wallet begins to watch now lies behind it.
a_month_ago() {
  own_server bitcoind
  debug=$BITCOIN_DIR/regtest/debug.log
  bitcoin setmocktime "$old"
  bitcoin createwallet miner >/dev/null
  bitcoin createwallet user >/dev/null
  reward=$(miner getnewaddress '' legacy)
  mine 105 "$reward"
}
today() {
  bitcoin setmocktime "$now"
  mine 20
  border=$(($(node_height) - 19))
  bitcoin logging '["rpc"]' >/dev/null
}
scans() {
  grep -c 'method=scantxoutset' "$debug"
}
# The blocks before today that a wallet has gone over since the logging began.
went_over() {
  sed -n 's/.*\[watch\] Rescan started from block \([0-9a-f]*\).*/\1/p' "$debug" | while read -r block; do
    height=$(bitcoin getblockheader "$block" | field height)
    [ "$height" -ge "$border" ] || echo "$height"
  done
}

a_month_ago
alice=$(user getnewaddress '' legacy)
hash=$(hash_of "$alice")
witness=$(bitcoin decodescript "0014$hash" | field address)
gone=$(user getnewaddress '' legacy)
gone_hash=$(hash_of "$gone")
late=$(user getnewaddress '' legacy)
late_hash=$(hash_of "$late")
young=$(miner getnewaddress '' legacy)
young_hash=$(miner getaddressinfo "$young" | field scriptPubKey | sed 's/^76a914//; s/88ac$//')
first=$(miner sendtoaddress "$alice" 0.5)
miner sendtoaddress "$witness" 0.125 >/dev/null
twice=$(miner send "[{\"$alice\":0.25},{\"$witness\":0.0625}]" | field txid)
paid=$(miner sendtoaddress "$gone" 0.75)
mine 1
paid_in=$(bitcoin getblockhash "$(node_height)")
spent=$(user createrawtransaction "[{\"txid\":\"$paid\",\"vout\":$(bitcoin getrawtransaction "$paid" false "$paid_in" | user decoderawtransaction "$(cat)" |
  perl -0ne 'print $1 if /"value": 0\.75000000,\s*"n": (\d+)/')}]" "[{\"$reward\":0.7499}]")
user sendrawtransaction "$(user signrawtransactionwithwallet "$spent" | field hex)" >/dev/null
mine 1 "$young"
today

is "$(values "$(watching "$hash")")" '50000000 25000000 12500000 6250000 ' 'coins from before, each once, of both kinds'
is "$(watching "$hash" | sort)" "$(ask coins "$hash" | sort)" 'the same as the node finds'
is_empty "$(went_over)" 'no old block was looked through'
like "$(grep -c 'Rescan started from block' "$debug")" '^[1-9]' 'which the log of the node would tell'
before=$(scans)
is "$(values "$(watching "$hash")")" '50000000 25000000 12500000 6250000 ' 'asked again'
is "$(scans)" "$before" 'the node did not go over its coins again'
is_empty "$(watching "$gone_hash")" 'what was paid and spent before is no coin'
is_empty "$(watching "$young_hash")" 'nor is what was mined less than 100 blocks ago'

# ---- what comes later ----
miner sendtoaddress "$late" 0.5 >/dev/null
is_empty "$(watching "$late_hash")" 'nothing in a block yet'
mine 1
is "$(values "$(watching "$late_hash")")" '50000000 ' 'what is paid later is seen'
output=$(watching "$hash" | sed -n "s/^50000000 $first://p")
raw=$(user createrawtransaction "[{\"txid\":\"$first\",\"vout\":$output}]" "[{\"$alice\":0.4999}]")
change=$(bitcoin sendrawtransaction "$(user signrawtransactionwithwallet "$raw" | field hex)")
like "$(watching "$hash" | head -n 1)" "^49990000 $change:0 waits\$" 'an old coin is spent, and its change is one'
is "$(values "$(watching "$hash")")" '49990000 25000000 12500000 6250000 ' 'that of before is none'
mine 1
is "$(values "$(watching "$hash")")" '49990000 25000000 12500000 6250000 ' 'in a block, too'
branch 1
is "$(values "$(watching "$hash")")" "$(values "$(ask coins "$hash")")" 'and on another branch'
mine 90
is "$(watching "$young_hash" | sed 's/ .* / /')" '5000010000 mined' 'what had been mined is there in its time'

# ---- what the wallet does not know ----
# It takes a payment that was spent long ago for a coin: nobody told it.
bitcoin -rpcwallet=watch importprunedfunds "$(bitcoin getrawtransaction "$paid" false "$paid_in")" "$(bitcoin gettxoutproof "[\"$paid\"]" "$paid_in")" >/dev/null
like "$(bitcoin -rpcwallet=watch listunspent 0 9999999 "[\"$gone\"]" | field txid)" "^$paid\$" 'a wallet that does not know what was spent'
is_empty "$(watching "$gone_hash")" 'is not believed'
# It began to watch, and who asked it was killed before the older coins were there.
bitcoin -rpcwallet=watch setlabel "$alice" '' >/dev/null
before=$(scans)
is "$(watching "$hash" | sort)" "$(ask coins "$hash" | sort)" 'what was begun only is done again'
is "$(($(scans) - before))" 2 'by going over the coins'
is "$(values "$(watching "$hash")")" '49990000 25000000 12500000 6250000 ' 'and no coin is there twice'
is_empty "$(went_over)" 'all the time no old block was looked through'
like "$(bitcoin -rpcwallet=watch getwalletinfo | field private_keys_enabled)" false 'the wallet has no private keys'

# ---- both kinds have their places ----
crowded=$(user getnewaddress '' legacy)
crowded_hash=$(hash_of "$crowded")
other=$(bitcoin decodescript "0014$crowded_hash" | field address)
for i in $(seq 26); do
  miner sendtoaddress "$other" "0.2$i" >/dev/null
  miner sendtoaddress "$crowded" "0.1$i" >/dev/null
  [ $((i % 8)) != 0 ] || mine 1
done
mine 1
for how in ask watching; do
  [ $how = ask ] && coins=$(ask coins "$crowded_hash") || coins=$(watching "$crowded_hash")
  is "$(printf '%s\n' "$coins" | grep -c .) $(printf '%s\n' "$coins" | grep -c '^1')" '24 12' "large coins of one kind do not hide the other's ($how)"
  is "$(printf '%s\n' "$coins" | sort -rn -k 1,1 | cut -d ' ' -f 1)" "$(printf '%s\n' "$coins" | cut -d ' ' -f 1)" 'the largest first'
done
is "$(ask coins "$crowded_hash" 3 | cut -c 1 | tr -d '\n')" 221 'where few are wanted, too'

# ---- a node that prunes ----
BITCOIN_FLAGS='-prune=1 -fastprune'
export BITCOIN_FLAGS
a_month_ago
alice=$(user getnewaddress '' legacy)
hash=$(hash_of "$alice")
miner sendtoaddress "$alice" 0.5 >/dev/null
mine 1
mine 400
miner sendtoaddress "$alice" 0.25 >/dev/null
mine 1
today
mine 200
bitcoin pruneblockchain 300 >/dev/null
[ "$(bitcoin getblockchaininfo | field pruneheight)" -gt 150 ]
report $? 'a node that has pruned' "$(bitcoin getblockchaininfo)"
is "$(values "$(watching "$hash")")" '25000000 ' 'has the coins whose blocks it has'
miner sendtoaddress "$alice" 0.125 >/dev/null
mine 1
is "$(values "$(watching "$hash")")" '25000000 12500000 ' 'and those that come'
mine 600
bitcoin pruneblockchain 1000 >/dev/null
is "$(values "$(watching "$hash")")" '25000000 12500000 ' 'also when their blocks are pruned'
done_testing

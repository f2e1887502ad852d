#!/bin/sh
# SPDX-License-Identifier: MIT
# Two users, each with a state of its own, who share nothing but a name server and a store: a name and its data go from one to the
# other, while the server is killed and comes back.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"

# user NAME: a configuration with three lines about names; its key has coins, for it has registered NAME.id on the ledger.
user() {
  cli keygen "$work/$1.key"
  eval "$1=$(member address)"
  BLOCKSTORE_KEY_FILE=$work/$1.key
  client register "$1-own.id"
  cat >"$work/$1.yaml" <<YAML
state_dir: $work/state-$1
names:
  provider: blockstored
  server: 127.0.0.1
  port: $port
stores: [{name: shared, driver: disk, root: $work/shared}]
YAML
}
# The same port again, so that the configurations stay right.
restart() {
  end_server "$1"
  written
  sed "s/127.0.0.1:0/127.0.0.1:$port/" "$work/server.yaml" >"$work/again.yaml"
  "$server" -c "$work/again.yaml" 2>"$log" &
  pid=$!
  await grep -q ' info started ' "$log" || report 1 'the server starts again' "$(cat "$log")"
}

serve
user ann
user bob
done_as 'ann registers a name' ann register shop.id
done_as 'and puts data' ann put_immutable shop.id 'a price list'
key=$(member key)
done_as 'and more, that may change' ann put_mutable shop.id offer 'nails, 3 coins'
done_as 'bob reads it' bob get_mutable shop.id offer
says data 'nails, 3 coins' 'as it is'
says proven none 'by what the server says'
done_as 'and the other' bob get_immutable shop.id "$key"
as bob put_mutable shop.id offer 'hammers, 9 coins'
is "$status" 9 'bob cannot change it'

restart KILL
done_as 'after the server was killed, ann puts a newer version' ann put_mutable shop.id offer 'nails, 4 coins'
says ver 2 'which is the second'
done_as 'bob reads it' bob get_mutable shop.id offer
says data 'nails, 4 coins' 'as it is'
restart TERM
done_as 'ann updates the name by a record' ann put_immutable shop.id 'another list'
another=$(member key)
done_as 'bob sees it' bob get_immutable shop.id "$another"

# shellcheck disable=SC2154 # by user
done_as 'ann sells the name' ann transfer shop.id "$bob"
done_as 'it is bob who owns it' ann get_name_blockchain_record shop.id
says address "$bob" 'says the server'
as bob get_mutable shop.id offer
is "$(member code)" owner_changed 'the routes of before do not count'
done_as 'bob writes his own' bob put_mutable shop.id offer 'pliers, 7 coins'
done_as 'ann reads them' ann get_mutable shop.id offer
says data 'pliers, 7 coins' 'as they are'
as ann put_mutable shop.id offer 'nails again'
is "$status" 9 'and cannot change them'
done_as 'bob deletes the data' bob delete_mutable shop.id offer
as ann get_mutable shop.id offer
is "$(member code)" deleted 'and so it is for ann'
done_as 'and the other' bob delete_immutable shop.id "$key"
as ann get_immutable shop.id "$key"
is "$status" 3 'likewise'
done_as 'renews' bob renew shop.id
done_as 'and revokes' bob revoke shop.id
as ann lookup shop.id
is "$(member code)" not_found 'the name says nothing any more'
done_as 'check is content' ann check
says sound true 'with ann'
done_as 'and' bob check
says sound true 'with bob'

end_server TERM
as ann lookup ann-own.id
is "$status" 8 'without the server there are no names'
like "$(cat "$err")" "The name server 127.0.0.1:$port cannot be reached: Connection refused.  See that blockstored runs there" \
  'and it is said what to do'
as ann put_mutable ann-own.id a b
is "$status" 8 'nor writes'

# ---- two servers before one chain ----
restart TERM
sed "s/127.0.0.1:$port/127.0.0.1:0/; s/rpc.sock/second.sock/" "$work/again.yaml" >"$work/second.yaml"
"$server" -c "$work/second.yaml" 2>"$work/second.log" &
second=$!
await grep -q ' info started ' "$work/second.log"
port2=$(sed -n 's/.* listening side=rpc address=127.0.0.1:\([0-9]*\)$/\1/p' "$work/second.log")
sed "s/  server: .*/  servers: [\"127.0.0.1:$port\", \"127.0.0.1:$port2\"]/; /  port: /d" "$work/ann.yaml" >"$work/two.yaml"
mv "$work/two.yaml" "$work/ann.yaml"
done_as 'ann has two servers' ann -v put_mutable ann-own.id a one
like "$(cat "$err")" "name server 127.0.0.1:$port2 is connected" 'both are asked about the name'
end_server KILL
done_as 'one of them dies' ann put_mutable ann-own.id a two
as ann get_mutable ann-own.id a
says data two 'the other one does'
says proven none 'and is believed no more than the first'
kill -KILL "$second"
wait "$second" 2>/dev/null
as ann get_mutable ann-own.id a
is "$status" 8 'both are dead'
like "$(cat "$err")" "None of the 2 name servers.*127.0.0.1:$port cannot be.*127.0.0.1:$port2 cannot be" 'each is named'

done_testing

/* SPDX-License-Identifier: MIT */
/*
 * Coins, fees and transactions of a node.  It keeps no key: whoever has one signs elsewhere.
 *
 * A struct bs_wallet belongs to one thread at a time.  Words of every function: those of rpc.h; what else one fails with stands
 * beside it.
 */
#ifndef BS_BITCOIND_WALLET_H
#define BS_BITCOIND_WALLET_H

#include "core/bitcoind/follow.h"
#include "core/names/provider.h"

struct bs_wallet;

/* Asks nothing yet.  The configuration may go afterwards. */
bool bs_wallet_open(struct bs_wallet **ret_wallet, const struct bs_bitcoind_config *config, struct bs_error *error);
void bs_wallet_close(struct bs_wallet *wallet); /* NULL is allowed */

/*
 * The at most `most` largest coins in P2PKH and P2WPKH outputs of that hash (by bs_wallet_free_coins), each taken from the whole
 * transaction that made it, the largest first; each kind has half of the places if it needs them, as the P2WPKH outputs of an
 * uncompressed key cannot be spent and nobody can tell one by its hash.  What a transaction in the mempool spends is left out,
 * and what such a one pays back to the hash is a coin, too; what strangers pay to it counts once it is in a block, and a
 * coinbase's once it is BS_COINBASE_MATURITY deep.  A coin whose block was pruned is left out.
 *
 * Without a configured wallet the node goes over all coins there are (scantxoutset), which takes minutes on the main network;
 * what it found is kept until the next block.  With one, the hash is watched from the first question on, and only then the node
 * goes over its coins, for what was paid before: the 256 largest.  When the scope ends while it does, it is told to stop.
 * Words: failed also when it goes over them for others all the time that there is; deadline says what to do.
 */
bool bs_wallet_coins(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_unspent *unspents, size_t *ret_count,
                     size_t most, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
void bs_wallet_free_coins(struct bs_unspent *unspents, size_t count); /* what they hold */

/* Of the node's newest block. */
bool bs_wallet_height(struct bs_wallet *wallet, const struct bs_scope *scope, uint64_t *ret_height, struct bs_error *error);

/* Satoshis for 1,000 virtual bytes, so that a transaction is in a block within an hour as far as the node can tell; where it
 * cannot, the least that it relays. */
bool bs_wallet_fee_rate(struct bs_wallet *wallet, const struct bs_scope *scope, uint64_t *ret_rate, struct bs_error *error);

/* One that it has in its chain or its mempool counts as sent.  Words: conflict (what it spends was spent, or is not known),
 * denied (the node's rules; says which), forged (a signature), malformed. */
bool bs_wallet_send(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_buffer *raw, struct bs_error *error);
/* Would the node take these, one after the other?  Words as above. */
bool bs_wallet_try(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_buffer *raws, size_t count,
                   struct bs_error *error);

#endif

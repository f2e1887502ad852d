/* SPDX-License-Identifier: MIT */
/*
 * Names out of a Bitcoin node: the index that a follower (follow.h) keeps answers, the node is asked for coins and fees and given
 * transactions.
 *
 *   const struct bs_bitcoind_config bitcoind = {...};
 *   const struct bs_names_config config = {.bitcoind = &bitcoind};
 *   bs_names_open_on(&names, &bs_provider_bitcoind, &config, &error)
 *
 * Until a follower has made the index there is no chain to ask.  Threads: as in names.h; its connections are its own, so that a
 * follower may run in another thread.  Each call is answered out of one state of the index, whatever is followed meanwhile.
 * "tip" is the index's, not the node's: the next operation may be in a later block.
 */
#ifndef BS_BITCOIND_PROVIDER_H
#define BS_BITCOIND_PROVIDER_H

#include "core/bitcoind/follow.h"
#include "core/names/provider.h"

extern const struct bs_provider bs_provider_bitcoind;

#endif

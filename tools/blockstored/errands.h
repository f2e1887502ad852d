/* SPDX-License-Identifier: MIT */
/* What blockstored does instead of serving: an errand that ends by itself, which SIGINT and SIGTERM cancel. */
#ifndef BLOCKSTORED_ERRANDS_H
#define BLOCKSTORED_ERRANDS_H

#include "tools/blockstored/settings.h"

/*
 * What is wrong with the ledger or the index of the configuration `file`, as a document on standard output; a server may run
 * meanwhile.  chain: an index is compared with all blocks of the node, too; a ledger always is with its own.
 * Words: no_memory, cancelled, io (the output).
 */
bool bsd_check(const struct bsd_settings *settings, const char *file, bool chain, bool *ret_sound, struct bs_error *error);
/* Makes the index anew.  Words: those of bs_bitcoin_reindex, config (a ledger has nothing that it could be made from). */
bool bsd_reindex(const struct bsd_settings *settings, struct bs_error *error);
/* The signal that cancelled it; 0: none did. */
int bsd_errand_signal(void);

#endif

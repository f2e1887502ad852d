/* SPDX-License-Identifier: MIT */
/* User records of this client that wait for a block: what reads and further puts build on (trust rule 10). */
#ifndef BS_CLIENT_UNCONFIRMED_H
#define BS_CLIENT_UNCONFIRMED_H

#include "core/client/present.h"

/* For reads: takes the newest that is on its way, if there is one.  Nothing is changed. */
bool bs_unconfirmed_find(struct bs_work *work, struct bs_present *present, bool *ret_found);
/*
 * For writes, under the name's lock, with a name that was looked up: takes the record that a change is to be made to.  That
 * is the newest of this client's own, and where somebody else's update got in before them, theirs with what this client's
 * records changed.  Ends the journal's entries that are done.  Sets made_from and will_be.  is_whole: the change is a whole
 * record, and nothing of what stands is needed.
 */
bool bs_unconfirmed_prepare(struct bs_work *work, struct bs_present *present, bool is_whole);
/* The record that the transaction publishes, though it is in no block yet; *ret_found false: the journal has none. */
bool bs_unconfirmed_by_txid(struct bs_work *work, struct bs_present *present, bool *ret_found, const char *txid);

#endif

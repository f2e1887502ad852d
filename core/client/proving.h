/* SPDX-License-Identifier: MIT */
/* A name looked up for a call, proven as far as the call and the configuration ask for it. */
#ifndef BS_CLIENT_PROVING_H
#define BS_CLIENT_PROVING_H

#include "core/client/session.h"

/*
 * The call wants to know what is current at the pin (work->proving.is_wanted): all of that, or a failure.  Else, where a pin is
 * configured and the name service's word is not proven by itself: that the record is included, unless it is newer
 * than the pin; then nothing proves it, and its `proven` and the log say so.
 * Words: those of bs_names_prove; config (a proof is wanted, and no pin is configured).
 */
bool bs_proving_lookup(struct bs_work *work, struct bs_name_record *ret_record, const char *name);
/* What the call's proof found out: "proof": {...}; nothing where there was none. */
void bs_proving_describe(const struct bs_work *work, cJSON *answer);

#endif

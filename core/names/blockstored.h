/* SPDX-License-Identifier: MIT */
/* Between the files of the provider `blockstored`. */
#ifndef BS_NAMES_BLOCKSTORED_H
#define BS_NAMES_BLOCKSTORED_H

#include "core/names/servers.h"

#define BS_PARAMS_MAX 160

struct bs_blockstored {
  struct bs_servers servers;
  /* What this call has been told. */
  bool has_tip;
  struct bs_told_tip tip; /* all of its answers are as of this */
  bool has_name;
  struct bs_told_name name;
  bool has_moved; /* an answer was as of another */
  char place[sizeof((struct bs_server_address *)NULL)->text + sizeof "the name server "];
};

/* The call's answers are as of this tip.  False, with no_names, when others were as of another: has_moved. */
bool bs_blockstored_note_tip(struct bs_blockstored *blockstored, const struct bs_told_tip *tip, struct bs_error *error);
/* Nothing has been told yet: for what is begun anew. */
void bs_blockstored_forget(struct bs_blockstored *blockstored);
/* Is what it sends in a block at once, and stays there?  As far as is known. */
bool bs_blockstored_immediate(void *state);

/* The provider's functions that put something into the chain. */
bool bs_blockstored_submit(void *state, uint64_t *ret_block, bs_build build, void *user, bool dry_run, struct bs_error *error);
bool bs_blockstored_broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                              struct bs_error *error);

#endif

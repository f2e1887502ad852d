/* SPDX-License-Identifier: MIT */
/*
 * Recorded runs of the original name server: the rules give the same verdicts, serialise the accepted operations to the
 * same bytes and come to the same hashes in every block; at the end the index holds the same records, field by field.
 */
#include <config.h>

#include "t/lib/replayed.h"

static void replay(void **state) {
  const struct recording *recording = *state;
  struct bs_database *database;
  struct bs_index index;
  struct bs_error error = {0};

  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  assert_ok(bs_database_begin(database, &error));
  index = (struct bs_index){database, &recording->parameters};
  for (size_t i = 0; i < recording->block_count; i++) replay_block(recording, &index, &recording->blocks[i]);
  compare_end(recording, &index);
  bs_database_close(database);
}

int main(void) {
  return run_recordings(replay, true);
}

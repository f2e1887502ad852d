/* SPDX-License-Identifier: MIT */
/* replay LEDGER: 0 when the ledger opens and all that is derived in it is what its blocks say; 3 when there is none. */
#include <config.h>

#include <stdio.h>

#include "core/chain/ledger.h"

int main(int count, char **arguments) {
  struct bs_error error = {0};
  struct bs_ledger *ledger;
  bool good;

  if (count != 2) return 2;
  if (!bs_ledger_open(&ledger, arguments[1], BS_DATABASE_WRITE, NULL, NULL, &error)) {
    fprintf(stderr, "%s\n", error.message);
    return error.word == BS_WORD_not_found ? 3 : 1;
  }
  good = bs_ledger_replay_check(ledger, &error);
  if (!good) fprintf(stderr, "%s\n", error.message);
  bs_ledger_close(ledger);
  return good ? 0 : 1;
}

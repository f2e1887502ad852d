/* SPDX-License-Identifier: MIT */
/* What is wrong with a ledger's file, and how to mend it. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/state/examine.h"

#define WHAT "ledger"

struct telling {
  const struct bs_subject *subject;
  struct bs_survey *survey;
};

static void tell_difference(void *user, const char *where, const char *problem) {
  const struct telling *telling = user;
  char *place BS_AUTO_FREE = NULL;

  if (asprintf(&place, "%s, %s", telling->subject->path, where) < 0) {
    telling->survey->failed = true;
    return;
  }
  bs_finding_add(telling->survey, BS_FINDING_ERROR, WHAT, place);
  bs_finding_problem(telling->survey, "%s", problem);
  bs_finding_mend(telling->survey, "%s", telling->subject->mend);
}

static void tell_empty(const struct telling *telling) {
  bs_finding_add(telling->survey, BS_FINDING_WARNING, WHAT, telling->subject->path);
  bs_finding_problem(telling->survey, "The ledger has no chain yet: who made it ended early.");
  bs_finding_mend(telling->survey, "The next operation, such as blockstore-cli register, begins one; nothing else is "
                  "to be done.");
}

/* How many rows; both are tables of every schema. */
static bool count(const struct bs_ledger *ledger, struct bs_survey *survey, const char *table, struct bs_error *error) {
  sqlite3_stmt *statement = NULL;
  char sql[60];
  bool good;

  snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
  good = sqlite3_prepare_v2(ledger->database->sqlite, sql, -1, &statement, NULL) == SQLITE_OK &&
         sqlite3_step(statement) == SQLITE_ROW;
  if (good) bs_examined_count(survey, table, bs_row_integer(statement, 0));
  else bs_database_fail(ledger->database, error);
  sqlite3_finalize(statement);
  return good;
}

static bool check_chain(struct bs_ledger *ledger, struct telling *telling, struct bs_error *error) {
  unsigned char nonce[BS_NONCE_SIZE];
  bool found;

  if (!bs_ledger_read_chain(ledger, nonce, &found, error)) return false;
  if (!found) tell_empty(telling);
  return !found || (count(ledger, telling->survey, "blocks", error) && count(ledger, telling->survey, "names", error) &&
                    bs_ledger_replay(ledger, tell_difference, telling, error));
}

/* One of an older schema is replayed as what it will be, in memory. */
static bool check_content(void *user, struct bs_database *database, int32_t version, struct bs_survey *survey,
                          struct bs_error *error) {
  struct telling *telling = user;
  struct bs_ledger ledger = {.database = database};
  struct bs_database *copy = NULL;
  bool good;

  telling->survey = survey;
  if (version < bs_ledger_kind.version && !bs_database_copy(&copy, database, error)) return false;
  if (copy != NULL) ledger.database = copy;
  good = check_chain(&ledger, telling, error);
  bs_database_close(copy);
  return good;
}

bool bs_ledger_check(const char *path, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  char *mend BS_AUTO_FREE = NULL;
  struct bs_subject subject = {.what = WHAT,
                               .path = path,
                               .kind = &bs_ledger_kind,
                               .upgrade = "The next operation that writes brings it up to date; nothing is to be done."};
  struct telling telling = {.subject = &subject};

  if (asprintf(&mend, "While no program uses it, bring %s, with its -wal and -shm, back from a copy: what was done since is"
               " lost, as nothing else has the blocks.  Without a copy the names are gone: then remove the three, to begin"
               " anew.", path) < 0)
    return bs_fail_memory(error);
  subject.mend = mend;
  return bs_examine(&subject, scope, check_content, &telling, survey, error);
}

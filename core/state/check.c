/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/io.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/crypto/key.h"
#include "core/record/user.h"
#include "core/state/examine.h"
#include "core/state/state-private.h"
#include "core/state/underway.h"

#define WHAT "state"
#define CLOCK_SLACK 3600 /* seconds by which clocks may differ */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* What the rows say beside what is wrong with them. */
struct reading {
  const struct bs_subject *subject;
  struct bs_database *database;
  struct bs_survey *survey;
  struct bs_remembered *names;
  size_t name_count;
};

/* ---- columns ---- */

static bool is_blob(sqlite3_stmt *row, int column, int size) {
  return sqlite3_column_type(row, column) == SQLITE_BLOB && sqlite3_column_bytes(row, column) == size;
}

static bool is_number(sqlite3_stmt *row, int column, uint64_t least, uint64_t most) {
  uint64_t number = bs_row_integer(row, column);

  return sqlite3_column_type(row, column) == SQLITE_INTEGER && number >= least && number <= most;
}

/* Its text without a NUL within; NULL: it is none. */
static const char *text_of(sqlite3_stmt *row, int column) {
  const char *text = sqlite3_column_type(row, column) == SQLITE_TEXT ? (const char *)sqlite3_column_text(row, column) : NULL;

  return text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(row, column) ? text : NULL;
}

static bool is_name(sqlite3_stmt *row, int column) {
  const char *text = text_of(row, column);
  struct bs_error ignored;

  return text != NULL && bs_name_check(text, &ignored);
}

static bool is_id(sqlite3_stmt *row, int column) {
  const char *text = text_of(row, column);
  struct bs_error ignored;

  return text != NULL && bs_id_check(text, &ignored);
}

static bool is_hex(sqlite3_stmt *row, int column, size_t digits) {
  const char *text = text_of(row, column);

  return text != NULL && bs_hex_is_string(text, digits);
}

static bool is_empty(sqlite3_stmt *row, int column) {
  const char *text = text_of(row, column);

  return text != NULL && text[0] == '\0';
}

/* ---- rows: what is wrong with one, NULL when nothing is ---- */

enum { FLOOR_CHAIN, FLOOR_NAME, FLOOR_ID, FLOOR_SIGNER, FLOOR_VER, FLOOR_Z, FLOOR_TOMBSTONE, FLOOR_LEGACY, FLOOR_EXPIRES,
       FLOOR_LENGTH, FLOOR_SHA256, FLOOR_SIG };

/* A row that could not be judged for want of memory is not damaged. */
static const char *unless_memory(struct reading *reading, const struct bs_error *error, const char *problem) {
  if (error->word != BS_WORD_no_memory) return problem;
  reading->survey->failed = true;
  return NULL;
}

/* Is it what the signer signed? */
static const char *judge_signature(struct reading *reading, sqlite3_stmt *row) {
  const struct bs_datum datum = {sqlite3_column_blob(row, FLOOR_CHAIN), text_of(row, FLOOR_NAME), text_of(row, FLOOR_ID)};
  struct bs_statement statement = {
      .kind = bs_row_integer(row, FLOOR_TOMBSTONE) != 0 ? BS_STATEMENT_TOMBSTONE : BS_STATEMENT_DATA,
      .ver = bs_row_integer(row, FLOOR_VER),
      .expires = bs_row_integer(row, FLOOR_EXPIRES),
      .length = bs_row_integer(row, FLOOR_LENGTH)};
  unsigned char z[BS_SHA256_SIZE];
  struct bs_error error;

  memcpy(statement.sha256, sqlite3_column_blob(row, FLOOR_SHA256), sizeof statement.sha256);
  bs_statement_digest(z, &datum, &statement);
  if (memcmp(z, sqlite3_column_blob(row, FLOOR_Z), sizeof z) != 0) return "its z is not the digest of what it says";
  if (bs_sig_check(text_of(row, FLOOR_SIG), sqlite3_column_blob(row, FLOOR_SIGNER), z, &error)) return NULL;
  return unless_memory(reading, &error, "its signature does not verify");
}

static const char *judge_floor(struct reading *reading, sqlite3_stmt *row) {
  if (!is_blob(row, FLOOR_CHAIN, 32)) return "its chain id has not 32 bytes";
  if (!is_name(row, FLOOR_NAME)) return "its name is none";
  if (!is_id(row, FLOOR_ID)) return "its id is none";
  if (!is_blob(row, FLOOR_SIGNER, BS_HASH160_SIZE)) return "its signer has not 20 bytes";
  if (!is_number(row, FLOOR_VER, 1, BS_VER_MAX)) return "its version is out of range";
  if (!is_blob(row, FLOOR_Z, BS_SHA256_SIZE)) return "its z has not 32 bytes";
  if (!is_number(row, FLOOR_TOMBSTONE, 0, 1) || !is_number(row, FLOOR_LEGACY, 0, 1)) return "a mark of it is neither 0 nor 1";
  if (!is_number(row, FLOOR_EXPIRES, 0, NUMBER_MAX) || !is_number(row, FLOOR_LENGTH, 0, NUMBER_MAX))
    return "a number of it is out of range";
  if (!is_blob(row, FLOOR_SHA256, BS_SHA256_SIZE)) return "its SHA-256 has not 32 bytes";
  if (text_of(row, FLOOR_SIG) == NULL || sqlite3_column_bytes(row, FLOOR_SIG) >= BS_SIG_TEXT) return "its signature is none";
  if (bs_row_integer(row, FLOOR_LEGACY) == 0) return judge_signature(reading, row);
  return strncmp(text_of(row, FLOOR_SIG), "v2:", 3) == 0 ? "it is marked as of 2015, and its signature is not" : NULL;
}

enum { NAME_CHAIN, NAME_NAME, NAME_BLOCK, NAME_VTXINDEX, NAME_VALUE_HASH, NAME_OWNER, NAME_CONSENSUS, NAME_CURRENT };

static void remember(struct reading *reading, sqlite3_stmt *row) {
  struct bs_remembered *grown = reallocarray(reading->names, reading->name_count + 1, sizeof *grown), *name;

  if (grown == NULL) {
    reading->survey->failed = true;
    return;
  }
  reading->names = grown;
  name = &grown[reading->name_count++];
  *name = (struct bs_remembered){.seen = {.block = bs_row_integer(row, NAME_BLOCK),
                                          .vtxindex = bs_row_integer(row, NAME_VTXINDEX)}};
  memcpy(name->chain_id, sqlite3_column_blob(row, NAME_CHAIN), sizeof name->chain_id);
  snprintf(name->name, sizeof name->name, "%s", text_of(row, NAME_NAME));
  snprintf(name->seen.value_hash, sizeof name->seen.value_hash, "%s", text_of(row, NAME_VALUE_HASH));
  snprintf(name->seen.owner, sizeof name->seen.owner, "%s", text_of(row, NAME_OWNER));
  snprintf(name->seen.consensus, sizeof name->seen.consensus, "%s", text_of(row, NAME_CONSENSUS));
}

static const char *judge_name(struct reading *reading, sqlite3_stmt *row) {
  unsigned char version, hash[BS_HASH160_SIZE];

  if (!is_blob(row, NAME_CHAIN, 32)) return "its chain id has not 32 bytes";
  if (!is_name(row, NAME_NAME)) return "its name is none";
  if (!is_number(row, NAME_BLOCK, 0, NUMBER_MAX) || !is_number(row, NAME_VTXINDEX, 0, NUMBER_MAX))
    return "its block is out of range";
  if (!is_empty(row, NAME_VALUE_HASH) && !is_hex(row, NAME_VALUE_HASH, 40)) return "its value hash has not 40 digits";
  if (text_of(row, NAME_OWNER) == NULL || !bs_address_decode(&version, hash, text_of(row, NAME_OWNER)))
    return "its owner is no address";
  if (!is_empty(row, NAME_CONSENSUS) && !is_hex(row, NAME_CONSENSUS, 32)) return "its consensus hash has not 32 digits";
  if (!is_number(row, NAME_CURRENT, 0, 1)) return "a mark of it is neither 0 nor 1";
  remember(reading, row);
  return NULL;
}

/* A write that is on its way, or was when its program ended. */
static void tell_unfinished(struct reading *reading, const char *name, const char *what) {
  bs_finding_add(reading->survey, BS_FINDING_WARNING, WHAT, reading->subject->path);
  bs_finding_problem(reading->survey, "A write under %s is not done: %s.  Unless one is running just now, its program ended"
                     " early, or too few stores took it.", name, what);
  bs_finding_mend(reading->survey, "See blockstore-cli pending, then put it again: the write that is done ends it.");
}

enum { RESERVED_CHAIN, RESERVED_NAME, RESERVED_ID, RESERVED_VER, RESERVED_Z };

static const char *judge_reservation(struct reading *reading, sqlite3_stmt *row) {
  char what[100];

  if (!is_blob(row, RESERVED_CHAIN, 32)) return "its chain id has not 32 bytes";
  if (!is_name(row, RESERVED_NAME)) return "its name is none";
  if (!is_id(row, RESERVED_ID)) return "its id is none";
  if (!is_number(row, RESERVED_VER, 1, BS_VER_MAX)) return "its version is out of range";
  if (!is_blob(row, RESERVED_Z, BS_SHA256_SIZE)) return "its z has not 32 bytes";
  snprintf(what, sizeof what, "version %" PRIu64 " is reserved for %.40s", bs_row_integer(row, RESERVED_VER),
           text_of(row, RESERVED_ID));
  tell_unfinished(reading, text_of(row, RESERVED_NAME), what);
  return NULL;
}

enum { JOURNAL_CHAIN, JOURNAL_NAME, JOURNAL_VALUE_HASH, JOURNAL_TXID, JOURNAL_RECORD };

static const char *judge_entry(struct reading *reading, sqlite3_stmt *row) {
  const void *record = sqlite3_column_blob(row, JOURNAL_RECORD);
  size_t length = (size_t)sqlite3_column_bytes(row, JOURNAL_RECORD);
  struct bs_user user;
  struct bs_error error;
  char hash[41];

  if (!is_hex(row, JOURNAL_CHAIN, 64)) return "its chain id has not 64 digits";
  if (!is_name(row, JOURNAL_NAME)) return "its name is none";
  if (!is_hex(row, JOURNAL_VALUE_HASH, 40)) return "its value hash has not 40 digits";
  if (sqlite3_column_type(row, JOURNAL_TXID) != SQLITE_NULL && !is_hex(row, JOURNAL_TXID, 64))
    return "its transaction id has not 64 digits";
  bs_user_hash(hash, record, length);
  if (strcmp(hash, text_of(row, JOURNAL_VALUE_HASH)) != 0) return "its user record is not that of its value hash";
  if (!bs_user_parse(&user, record, length, text_of(row, JOURNAL_NAME), &error))
    return unless_memory(reading, &error, "its user record is none of its name's");
  /* One that was sent waits for its block, as long as that takes. */
  if (sqlite3_column_type(row, JOURNAL_TXID) == SQLITE_NULL)
    tell_unfinished(reading, text_of(row, JOURNAL_NAME), "a user record is on its way to the chain");
  return NULL;
}

enum { UNDERWAY_NAME, UNDERWAY_CHAIN, UNDERWAY_OPCODE, UNDERWAY_STAGE, UNDERWAY_TXID, UNDERWAY_EARLIER, UNDERWAY_INPUTS,
       UNDERWAY_SENDER, UNDERWAY_PAYER, UNDERWAY_RAW };

/* Whether the transaction is one, only who knows transactions can tell. */
static const char *judge_underway(struct reading *reading, sqlite3_stmt *row) {
  bool is_planned = bs_row_integer(row, UNDERWAY_STAGE) == BS_STAGE_PLANNED;

  (void)reading;
  if (!is_blob(row, UNDERWAY_CHAIN, 32)) return "its chain id has not 32 bytes";
  if (!is_number(row, UNDERWAY_OPCODE, 1, 127)) return "its operation is none";
  if (!is_number(row, UNDERWAY_STAGE, BS_STAGE_PLANNED, BS_STAGE_REFUSED)) return "its stage is none";
  if (!is_blob(row, UNDERWAY_TXID, 32)) return "its transaction id has not 32 bytes";
  if (sqlite3_column_bytes(row, UNDERWAY_EARLIER) % 32 != 0) return "the ids of what it replaced have not 32 bytes";
  if (sqlite3_column_bytes(row, UNDERWAY_INPUTS) % BS_UNDERWAY_INPUT_SIZE != 0) return "its inputs have a wrong size";
  if (!is_blob(row, UNDERWAY_SENDER, BS_HASH160_SIZE) || !is_blob(row, UNDERWAY_PAYER, BS_HASH160_SIZE))
    return "the hash of a key has not 20 bytes";
  return is_planned || sqlite3_column_bytes(row, UNDERWAY_RAW) > 0 ? NULL : "its transaction is missing";
}

static const char *judge_clock(struct reading *reading, sqlite3_stmt *row) {
  uint64_t now = bs_clock_unix();

  if (!is_number(row, 0, 0, NUMBER_MAX)) return "its time is out of range";
  if (bs_row_integer(row, 0) <= now + CLOCK_SLACK) return NULL;
  bs_finding_add(reading->survey, BS_FINDING_WARNING, WHAT, reading->subject->path);
  bs_finding_problem(reading->survey, "The last commit was at the time %" PRIu64 ", and now it is %" PRIu64 " (seconds since"
                     " 1970): by that later time data expires.", bs_row_integer(row, 0), now);
  bs_finding_mend(reading->survey, "If the system's clock is wrong now, set it.  If it was wrong then, data that expires may"
                  " seem to be over until that time has come.");
  return NULL;
}

/* ---- tables ---- */

static const struct table {
  const char *name, *sql;
  int name_column, id_column; /* by which a row is told; negative: it has none.  Without a name there is but one row */
  int32_t schema; /* from which on there is such a table */
  const char *(*judge)(struct reading *reading, sqlite3_stmt *row);
} tables[] = {
    {"clock", "SELECT now FROM clock", -1, -1, 2, judge_clock},
    {"names", "SELECT chain, name, block, vtxindex, value_hash, owner, consensus, is_current FROM names ORDER BY name, chain",
     NAME_NAME, -1, 2, judge_name},
    {"floors",
     "SELECT chain, name, id, signer, ver, z, is_tombstone, is_legacy, expires, length, sha256, sig FROM floors"
     " ORDER BY name, id, chain", FLOOR_NAME, FLOOR_ID, 2, judge_floor},
    {"reservations", "SELECT chain, name, id, ver, z FROM reservations ORDER BY name, id, chain", RESERVED_NAME, RESERVED_ID, 2,
     judge_reservation},
    {"journal", "SELECT chain, name, value_hash, txid, record FROM journal ORDER BY id", JOURNAL_NAME, -1, 1, judge_entry},
    {"operations", "SELECT name, chain, opcode, stage, txid, earlier, inputs, sender, payer, raw FROM operations ORDER BY id",
     UNDERWAY_NAME, -1, 3, judge_underway},
};

static void add_row(const struct reading *reading, const struct table *table, sqlite3_stmt *row) {
  struct bs_buffer where BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *name = table->name_column < 0 ? NULL : text_of(row, table->name_column);
  const char *id = table->id_column < 0 ? NULL : text_of(row, table->id_column);

  bs_buffer_format(&where, "%s, table %s", reading->subject->path, table->name);
  if (name != NULL) bs_buffer_format(&where, ", row %.40s", name);
  if (id != NULL) bs_buffer_format(&where, " %.60s", id);
  bs_finding_add(reading->survey, BS_FINDING_ERROR, WHAT, bs_buffer_string(&where) == NULL ? "" : bs_buffer_string(&where));
}

static void tell_row(const struct reading *reading, const struct table *table, sqlite3_stmt *row, const char *problem) {
  add_row(reading, table, row);
  bs_finding_problem(reading->survey, "The row is damaged: %s.", problem);
  bs_finding_mend(reading->survey, "%s", reading->subject->mend);
}

static void tell_row_count(const struct reading *reading, const struct table *table, sqlite3_stmt *row, uint64_t count) {
  add_row(reading, table, row);
  bs_finding_problem(reading->survey, "The table must have one row, and has %" PRIu64 ".", count);
  bs_finding_mend(reading->survey, "%s", reading->subject->mend);
}

static bool check_rows(struct reading *reading, const struct table *table, sqlite3_stmt *statement, struct bs_error *error) {
  uint64_t count = 0;
  int code;

  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const char *problem = table->judge(reading, statement);

    count++;
    if (problem != NULL) tell_row(reading, table, statement, problem);
    if (reading->database->scope != NULL && !bs_scope_check(reading->database->scope, error)) return false;
  }
  if (table->name_column < 0 && code == SQLITE_DONE && count != 1) tell_row_count(reading, table, statement, count);
  if (table->name_column >= 0) bs_examined_count(reading->survey, table->name, count);
  return code == SQLITE_DONE || bs_database_fail(reading->database, error);
}

static bool check_table(struct reading *reading, const struct table *table, struct bs_error *error) {
  sqlite3_stmt *statement = NULL;
  bool good = sqlite3_prepare_v2(reading->database->sqlite, table->sql, -1, &statement, NULL) == SQLITE_OK
                  ? check_rows(reading, table, statement, error)
                  : bs_database_fail(reading->database, error);

  sqlite3_finalize(statement);
  return good;
}

static bool check_content(void *user, struct bs_database *database, int32_t version, struct bs_survey *survey,
                          struct bs_error *error) {
  struct reading *reading = user;

  reading->database = database;
  reading->survey = survey;
  reading->name_count = 0;
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
    if (version >= tables[i].schema && !check_table(reading, &tables[i], error)) return false;
  return true;
}

/* ---- the sequence number ---- */

static void tell_unread_sequence(struct bs_survey *survey, const char *path) {
  int number = errno;

  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "The file cannot be read: %s.", strerrordesc_np(number));
  bs_finding_mend(survey, "See to what the problem names, and run this again.  Until then reading is a little slower, "
                  "and nothing else is wrong.");
}

static void tell_sequence(struct bs_survey *survey, const char *path, const char *problem) {
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "%s", problem);
  bs_finding_mend(survey, "The next put of something new mends it.  Until then reading is a little slower, and nothing "
                  "else is wrong.");
}

/* Not waited for: who has the lock commits just now, and all is well.  The lock is held over the read, so that no commit begins
 * meanwhile; it goes with the descriptor. */
static void judge_sequence(struct bs_survey *survey, const char *path, int fd) {
  uint64_t number;

  if (flock(fd, LOCK_SH | LOCK_NB) < 0) return;
  if (!bs_file_read_at(fd, &number, sizeof number, 0)) {
    if (errno != 0) tell_unread_sequence(survey, path);
    else tell_sequence(survey, path, "The file has less than the 8 bytes of a number.");
  } else if (number % 2 != 0) tell_sequence(survey, path, "A program ended within a commit: the number is odd.");
}

static void check_sequence(struct bs_survey *survey, const char *path) {
  int fd BS_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat status;

  if (fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO) tell_unread_sequence(survey, path);
  if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return; /* what it is, its directory's examination tells */
  bs_examined_add(survey, "sequence number", path);
  judge_sequence(survey, path, fd);
}

/* The number is made with the first state, and stays. */
static void check_lost(struct bs_survey *survey, const char *path, const char *sequence) {
  struct stat status;

  if (lstat(path, &status) == 0 || errno != ENOENT || lstat(sequence, &status) < 0) return;
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "There is no state any more: of what was seen nothing is remembered.");
  bs_finding_mend(survey, "Bring it back from a copy, where there is one.  Else nothing: the next read of each datum "
                  "is a first one.");
}

bool bs_state_check(const char *directory, const struct bs_scope *scope, struct bs_survey *survey,
                    struct bs_remembered **ret_names, size_t *ret_count, struct bs_error *error) {
  char *path BS_AUTO_FREE = NULL, *sequence BS_AUTO_FREE = NULL, *mend BS_AUTO_FREE = NULL;
  struct bs_subject subject = {.what = WHAT,
                               .kind = &bs_state_kind,
                               .upgrade = "The next read or write brings it up to date; nothing is to be done."};
  struct reading reading = {.subject = &subject};

  if (asprintf(&path, "%s/state.db", directory) < 0 || asprintf(&sequence, "%s/state.sequence", directory) < 0 ||
      asprintf(&mend, "While no program uses the state directory, bring %s, with its -wal and -shm, back from a copy; or"
               " remove the three: then what was seen is forgotten, and older versions of data may be taken for the newest.",
               path) < 0)
    return bs_fail_memory(error);
  subject.path = path;
  subject.mend = mend;
  if (!bs_examine(&subject, scope, check_content, &reading, survey, error)) {
    free(reading.names);
    return false;
  }
  check_sequence(survey, sequence);
  check_lost(survey, path, sequence);
  *ret_names = reading.names;
  *ret_count = reading.name_count;
  return true;
}

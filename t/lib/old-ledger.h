/* SPDX-License-Identifier: MIT */
/* Takes a ledger back to the schema of an older release. */
#ifndef BS_T_OLD_LEDGER_H
#define BS_T_OLD_LEDGER_H

#include "core/chain/statements.h"

/* What came after schema 4, undone. */
#define BACK_TO_SCHEMA_4 "DROP INDEX consensus_by_hash; ALTER TABLE undo DROP COLUMN digest;"

/* What came after schema 3, undone. */
#define BACK_TO_SCHEMA_3                                                                                              \
  BACK_TO_SCHEMA_4                                                                                                    \
  "DROP INDEX operations_by_name; ALTER TABLE operations RENAME TO new_operations;"                                   \
  "CREATE TABLE operations (" BS_OPERATIONS_COLUMNS_ ") WITHOUT ROWID;"                                               \
  "INSERT INTO operations SELECT * FROM new_operations; DROP TABLE new_operations;"                                   \
  "CREATE INDEX operations_by_name ON operations (name, block, position) WHERE name IS NOT NULL;"

/* What came after schema 1, undone; what had expired was not forgotten then. */
#define BACK_TO_SCHEMA_1                                                                                              \
  BACK_TO_SCHEMA_3                                                                                                    \
  "DROP TABLE refused; DROP INDEX names_by_namespace; DROP TABLE undo; DROP TABLE announcements;"                     \
  "DROP TABLE import_keys; DROP TABLE pending; DROP INDEX preorders_of_several;"                                      \
  "ALTER TABLE expiries DROP COLUMN times;"                                                                           \
  "INSERT OR IGNORE INTO expiries SELECT last_renewed + 5, name FROM names WHERE name LIKE '%.brief';"                \
  "DROP INDEX operations_by_name; DROP INDEX names_by_sender; ALTER TABLE names RENAME TO new_names;"                 \
  "CREATE TABLE names (name TEXT PRIMARY KEY NOT NULL, hash128 BLOB NOT NULL, " BS_NAMES_COLUMNS_ ") WITHOUT ROWID;"  \
  "INSERT INTO names SELECT name, zeroblob(16), sender, public_key, address, op, txid, vtxindex, value_hash,"         \
  " block_number, preorder_block_number, first_registered, last_renewed, revoked, op_fee, importer,"                  \
  " importer_address, consensus, listed <> 0, changed_block FROM new_names;"                                          \
  "DROP TABLE new_names;"                                                                                             \
  "CREATE INDEX names_by_sender ON names (sender) WHERE listed;"                                                      \
  "CREATE INDEX names_by_hash ON names (hash128) WHERE listed;"                                                       \
  "CREATE INDEX operations_by_txid ON operations (txid);"

#endif

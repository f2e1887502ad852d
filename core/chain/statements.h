/* SPDX-License-Identifier: MIT */
/*
 * The tables of the index and of a ledger, and every statement on them.  The index (names, preorders, pending,
 * import_keys, namespaces, expiries, consensus, operations, announcements, undo, refused) is derived from the blocks;
 * chain, genesis, blocks, transactions and unspents are the ledger.
 * Hashes and scripts are blobs, transaction ids in hashing order.
 */
#ifndef BS_CHAIN_STATEMENTS_H
#define BS_CHAIN_STATEMENTS_H

#define BS_NAMES_COLUMNS_                                                                                             \
  "sender BLOB NOT NULL, public_key BLOB NOT NULL,"                                                                   \
  " address TEXT NOT NULL, op TEXT NOT NULL, txid BLOB NOT NULL, vtxindex INTEGER NOT NULL, value_hash BLOB,"         \
  " block_number INTEGER NOT NULL, preorder_block_number INTEGER NOT NULL, first_registered INTEGER NOT NULL,"        \
  " last_renewed INTEGER NOT NULL, revoked INTEGER NOT NULL, op_fee TEXT NOT NULL, importer BLOB NOT NULL,"           \
  " importer_address TEXT NOT NULL, consensus BLOB, listed INTEGER NOT NULL, changed_block INTEGER NOT NULL"

#define BS_INDEX_SCHEMA                                                                                               \
  "CREATE TABLE names (name TEXT PRIMARY KEY NOT NULL, hash128 BLOB NOT NULL, " BS_NAMES_COLUMNS_ ") WITHOUT ROWID;"  \
  "CREATE INDEX names_by_sender ON names (sender) WHERE listed;"                                                      \
  "CREATE INDEX names_by_hash ON names (hash128) WHERE listed;"                                                       \
  "CREATE TABLE preorders (opcode INTEGER NOT NULL, hash BLOB NOT NULL, sender BLOB NOT NULL,"                        \
  " public_key BLOB NOT NULL, address TEXT NOT NULL, op TEXT NOT NULL, txid BLOB NOT NULL, vtxindex INTEGER NOT NULL," \
  " consensus BLOB NOT NULL, block_number INTEGER NOT NULL, op_fee INTEGER NOT NULL, PRIMARY KEY (opcode, hash))"     \
  " WITHOUT ROWID;"                                                                                                   \
  "CREATE TABLE namespaces (id TEXT PRIMARY KEY, state INTEGER NOT NULL, hash BLOB NOT NULL, sender BLOB NOT NULL,"   \
  " public_key BLOB NOT NULL, address TEXT NOT NULL, op TEXT NOT NULL, txid BLOB NOT NULL, vtxindex INTEGER NOT NULL," \
  " recipient BLOB NOT NULL, recipient_address TEXT NOT NULL, version INTEGER NOT NULL, lifetime INTEGER NOT NULL,"   \
  " coeff INTEGER NOT NULL, base INTEGER NOT NULL, buckets BLOB NOT NULL, nonalpha_discount INTEGER NOT NULL,"        \
  " no_vowel_discount INTEGER NOT NULL, block_number INTEGER NOT NULL, reveal_block INTEGER NOT NULL,"                \
  " ready_block INTEGER NOT NULL) WITHOUT ROWID;"                                                                     \
  "CREATE TABLE expiries (block INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (block, name)) WITHOUT ROWID;"      \
  "CREATE TABLE consensus (block INTEGER PRIMARY KEY, hash BLOB NOT NULL, operations_hash BLOB NOT NULL);"            \
  "CREATE TABLE operations (" BS_OPERATIONS_COLUMNS_ ") WITHOUT ROWID;"                                               \
  "CREATE INDEX operations_by_txid ON operations (txid);"

/* From schema 2 on: the newest of a name's operations is found without those of all others. */
#define BS_INDEX_SCHEMA_2 "CREATE INDEX operations_by_name ON operations (name, block, position);"

/* The names of a namespace are found without all others. */
#define BS_NAMESPACE_OF_ "substr(name, instr(name, '.') + 1)"

/*
 * From schema 3 on: preorders of several names, imports, announcements, rolling back, and the operations that were
 * refused, which before only a program of one's own could put into a block; what expired is forgotten.
 *
 * For chains of a million operations, names are no longer WITHOUT ROWID: such a table has whole rows in the inner pages
 * of its tree, too, which for rows of 350 bytes is six levels, with a new name somewhere in the middle.  Now rows are
 * added at the end, and only the short entries of the indexes have random places.  The owner's index has all that the
 * quota asks for.  An operation is found by its name; one without a name is asked for by nobody.
 */
#define BS_INDEX_SCHEMA_3                                                                                             \
  "CREATE INDEX preorders_of_several ON preorders (sender) WHERE op > '?';"                                           \
  "CREATE TABLE pending (sender BLOB NOT NULL, block INTEGER NOT NULL, vtxindex INTEGER NOT NULL, name TEXT NOT NULL," \
  " recipient BLOB NOT NULL, recipient_address TEXT NOT NULL, txid BLOB NOT NULL,"                                    \
  " PRIMARY KEY (sender, block, vtxindex)) WITHOUT ROWID;"                                                            \
  "CREATE TABLE import_keys (namespace TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (namespace, address))"       \
  " WITHOUT ROWID;"                                                                                                   \
  "CREATE TABLE announcements (block INTEGER NOT NULL, vtxindex INTEGER NOT NULL, txid BLOB NOT NULL,"                \
  " address TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (block, vtxindex)) WITHOUT ROWID;"                         \
  "CREATE TABLE undo (block INTEGER PRIMARY KEY, changes BLOB NOT NULL);"                                             \
  "ALTER TABLE expiries ADD COLUMN times INTEGER NOT NULL DEFAULT 1;"                                                 \
  "DELETE FROM expiries WHERE block <= (SELECT max(block) FROM consensus);"                                           \
  "DROP INDEX names_by_sender; DROP INDEX names_by_hash; ALTER TABLE names RENAME TO old_names;"                      \
  "ALTER TABLE old_names DROP COLUMN hash128;"                                                                        \
  "CREATE TABLE names (name TEXT PRIMARY KEY NOT NULL, " BS_NAMES_COLUMNS_ ");"                                       \
  "INSERT INTO names SELECT * FROM old_names ORDER BY first_registered;"                                              \
  "DROP TABLE old_names;"                                                                                             \
  "UPDATE names SET listed = 3 WHERE listed;"                                                                         \
  "CREATE INDEX names_by_sender ON names (sender, name, revoked, listed) WHERE listed;"                               \
  "CREATE INDEX names_by_namespace ON names (" BS_NAMESPACE_OF_ ", name);"                                            \
  "DROP INDEX operations_by_txid; DROP INDEX operations_by_name;"                                                     \
  "CREATE INDEX operations_by_name ON operations (name, block, position) WHERE name IS NOT NULL;"                     \
  "CREATE TABLE refused (block INTEGER NOT NULL, vtxindex INTEGER NOT NULL, txid BLOB NOT NULL, reason TEXT NOT NULL,"\
  " PRIMARY KEY (block, vtxindex)) WITHOUT ROWID;"

/*
 * From schema 4 on operations are no longer WITHOUT ROWID, for the reason that names are not: what leads to a row of 350 bytes
 * are numbers now, and stays in memory.
 */
#define BS_OPERATIONS_COLUMNS_                                                                                        \
  "block INTEGER NOT NULL, position INTEGER NOT NULL, txid BLOB NOT NULL, opcode INTEGER NOT NULL, name TEXT,"        \
  " value_hash BLOB, serialised BLOB NOT NULL, PRIMARY KEY (block, position)"
#define BS_INDEX_SCHEMA_4                                                                                             \
  "DROP INDEX operations_by_name; ALTER TABLE operations RENAME TO old_operations;"                                   \
  "CREATE TABLE operations (" BS_OPERATIONS_COLUMNS_ ");"                                                             \
  "INSERT INTO operations SELECT * FROM old_operations ORDER BY block, position;"                                     \
  "DROP TABLE old_operations;"                                                                                        \
  "CREATE INDEX operations_by_name ON operations (name, block, position) WHERE name IS NOT NULL;"

/*
 * From schema 5 on a block is found by its consensus hash without all others, and what takes a block back has its SHA-256 beside
 * it: what is damaged must neither be applied nor given to SQLite, whose reading of it may never end.
 */
#define BS_INDEX_SCHEMA_5                                                                                             \
  "CREATE INDEX consensus_by_hash ON consensus (hash); ALTER TABLE undo ADD COLUMN digest BLOB;"

#define BS_LEDGER_SCHEMA                                                                                              \
  "CREATE TABLE chain (id BLOB NOT NULL, nonce BLOB NOT NULL);"                                                       \
  "CREATE TABLE genesis (payload BLOB PRIMARY KEY) WITHOUT ROWID;"                                                    \
  "CREATE TABLE blocks (height INTEGER PRIMARY KEY, time INTEGER NOT NULL, consensus BLOB NOT NULL);"                 \
  "CREATE TABLE transactions (txid BLOB PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL,"             \
  " raw BLOB NOT NULL) WITHOUT ROWID;"                                                                                \
  "CREATE UNIQUE INDEX transactions_by_height ON transactions (height, position);"                                    \
  "CREATE TABLE unspents (txid BLOB NOT NULL, output INTEGER NOT NULL, value INTEGER NOT NULL, script BLOB NOT NULL," \
  " PRIMARY KEY (txid, output)) WITHOUT ROWID;"                                                                       \
  "CREATE INDEX unspents_by_script ON unspents (script, value);"

#define BS_ORIGIN_COLUMNS_ "sender, public_key, address, op, txid, vtxindex"

#define BS_NAME_COLUMNS_                                                                                              \
  "names.name, sender, public_key, address, op, names.txid, vtxindex, names.value_hash, block_number,"                \
  " preorder_block_number, first_registered, last_renewed, revoked, op_fee, importer, importer_address, consensus,"   \
  " listed, changed_block"

/* X(name, text): the columns of a SELECT are in the order in which index.c and ledger.c read them. */
#define BS_INDEX_STATEMENTS(X)                                                                                        \
  X(get_name, "SELECT " BS_NAME_COLUMNS_ " FROM names WHERE name = ?1")                                               \
  X(get_history, "SELECT " BS_NAME_COLUMNS_ ", operations.block, operations.serialised"                                \
                 " FROM names LEFT JOIN operations ON operations.name = ?1 WHERE names.name = ?1"                     \
                 " ORDER BY operations.block, operations.position")                                                   \
  X(add_name, "INSERT OR REPLACE INTO names (name, " BS_ORIGIN_COLUMNS_ ", value_hash, block_number,"                 \
              " preorder_block_number, first_registered, last_renewed, revoked, op_fee, importer, importer_address,"  \
              " consensus, listed, changed_block)"                                                                    \
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)")       \
  X(change_name, "UPDATE names SET public_key = ?3, address = ?4, op = ?5, txid = ?6, vtxindex = ?7, value_hash = ?8," \
                 " block_number = ?9, preorder_block_number = ?10, first_registered = ?11, last_renewed = ?12,"       \
                 " op_fee = ?14, importer = ?15, importer_address = ?16, consensus = ?17, changed_block = ?19"        \
                 " WHERE name = ?1 AND sender = ?2 AND revoked = ?13 AND listed = ?18")                               \
  X(names_of_sender, "SELECT name FROM names WHERE listed AND sender = ?1 AND listed & ?2 AND NOT revoked"            \
                     " ORDER BY name")                                                                                \
  X(count_of_sender, "SELECT count(*) FROM names WHERE listed AND sender = ?1 AND listed & 1 AND NOT revoked")        \
  X(all_names, "SELECT name FROM names ORDER BY name LIMIT ?2 OFFSET ?1")                                             \
  X(some_names_of_sender, "SELECT name FROM names WHERE listed AND sender = ?3 AND listed & 1 AND NOT revoked"        \
                          " ORDER BY name LIMIT ?2 OFFSET ?1")                                                        \
  X(count_names, "SELECT count(*) FROM names")                                                                        \
  X(get_preorder, "SELECT hash, " BS_ORIGIN_COLUMNS_ ", consensus, block_number, op_fee FROM preorders"               \
                  " WHERE opcode = ?1 AND hash = ?2")                                                                 \
  X(put_preorder, "INSERT INTO preorders (opcode, hash, " BS_ORIGIN_COLUMNS_ ", consensus, block_number, op_fee)"     \
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                                           \
  X(drop_preorder, "DELETE FROM preorders WHERE opcode = ?1 AND hash = ?2")                                           \
  X(multi_preorder_of_sender, "SELECT 1 FROM preorders WHERE sender = ?1 AND op > '?' LIMIT 1")                       \
  X(pending_of_sender, "SELECT name, recipient, recipient_address, txid, vtxindex FROM pending WHERE sender = ?1"     \
                       " ORDER BY block, vtxindex LIMIT 256")                                                         \
  X(put_pending, "INSERT INTO pending (sender, block, vtxindex, name, recipient, recipient_address, txid)"            \
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                                              \
  X(drop_pending, "DELETE FROM pending WHERE sender = ?1")                                                            \
  X(get_import_key, "SELECT 1 FROM import_keys WHERE namespace = ?1 AND address = ?2")                                \
  X(put_import_key, "INSERT OR IGNORE INTO import_keys (namespace, address) VALUES (?1, ?2)")                         \
  X(drop_import_keys, "DELETE FROM import_keys WHERE namespace = ?1")                                                 \
  X(get_namespace, "SELECT id, " BS_ORIGIN_COLUMNS_ ", state, hash, recipient, recipient_address, version, lifetime," \
                   " coeff, base, buckets, nonalpha_discount, no_vowel_discount, block_number, reveal_block,"         \
                   " ready_block FROM namespaces WHERE id = ?1")                                                      \
  X(put_namespace, "INSERT OR REPLACE INTO namespaces (id, " BS_ORIGIN_COLUMNS_ ", state, hash, recipient,"           \
                   " recipient_address, version, lifetime, coeff, base, buckets, nonalpha_discount, no_vowel_discount,"\
                   " block_number, reveal_block, ready_block) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"  \
                   " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)")                                              \
  X(get_lapsed, "SELECT 1 FROM namespaces WHERE state = 1 AND block_number + ?2 <= ?1 LIMIT 1")                       \
  X(unlist_names_of_revealed, "UPDATE names SET listed = 0, revoked = 0 WHERE " BS_NAMESPACE_OF_ " IN"                \
                              " (SELECT id FROM namespaces WHERE state = 1 AND block_number + ?2 <= ?1)")             \
  X(drop_keys_of_revealed, "DELETE FROM import_keys WHERE namespace IN"                                               \
                           " (SELECT id FROM namespaces WHERE state = 1 AND block_number + ?2 <= ?1)")                 \
  X(drop_namespaces_revealed, "DELETE FROM namespaces WHERE state = 1 AND block_number + ?2 <= ?1")                   \
  X(put_expiry, "INSERT INTO expiries (block, name) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET times = times + 1")     \
  X(take_expiry, "UPDATE expiries SET times = times - 1 WHERE block = ?1 AND name = ?2")                              \
  X(drop_expiry, "DELETE FROM expiries WHERE block = ?1 AND name = ?2 AND times = 0")                                 \
  X(expire_names, "UPDATE names SET listed = 0, revoked = 0"                                                           \
                  " WHERE name IN (SELECT name FROM expiries WHERE block = ?1)")                                       \
  X(drop_expiries, "DELETE FROM expiries WHERE block = ?1")                                                           \
  X(get_consensus, "SELECT hash, operations_hash FROM consensus WHERE block = ?1")                                    \
  X(block_of_consensus, "SELECT block FROM consensus WHERE hash = ?1 LIMIT 1")                                        \
  X(put_consensus, "INSERT INTO consensus (block, hash, operations_hash) VALUES (?1, ?2, ?3)")                        \
  X(put_operation, "INSERT INTO operations (block, position, txid, opcode, name, value_hash, serialised)"             \
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                                            \
  X(put_announcement, "INSERT INTO announcements (block, vtxindex, txid, address, hash)"                              \
                      " VALUES (?1, ?2, ?3, ?4, ?5)")                                                                 \
  X(put_undo, "INSERT OR REPLACE INTO undo (block, changes, digest) VALUES (?1, ?2, ?3)")                             \
  X(drop_undo_below, "DELETE FROM undo WHERE block < ?1")                                                             \
  X(drop_undo, "DELETE FROM undo WHERE block = ?1")                                                                   \
  X(newest_undo, "SELECT block, changes, digest FROM undo ORDER BY block DESC LIMIT 1")                               \
  X(all_undo, "SELECT block, changes, digest FROM undo ORDER BY block")                                               \
  X(newest_block, "SELECT max(block) FROM consensus")                                                                 \
  X(operation_on_name, "SELECT opcode, value_hash FROM operations WHERE name = ?1 AND txid = ?2"                      \
                       " ORDER BY block DESC, position DESC LIMIT 1")                                                 \
  X(newest_of_name, "SELECT opcode FROM operations WHERE name = ?1 AND opcode IN (?2, ?3, ?4)"                        \
                    " ORDER BY block DESC, position DESC LIMIT 1")                                                     \
  X(has_table, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1")                                      \
  X(names_of_namespace, "SELECT name FROM names WHERE " BS_NAMESPACE_OF_ " = ?1 ORDER BY name LIMIT ?3 OFFSET ?2")    \
  X(operations_at, "SELECT block, serialised FROM operations WHERE block = ?1 ORDER BY position")                     \
  X(operations_of_name, "SELECT block, serialised FROM operations WHERE name = ?1 AND block BETWEEN ?2 AND ?3"        \
                        " ORDER BY block, position")                                                                   \
  X(announcements_of_block, "SELECT vtxindex, txid, address, hash FROM announcements WHERE block = ?1"                \
                            " ORDER BY vtxindex")                                                                     \
  X(put_refused, "INSERT INTO refused (block, vtxindex, txid, reason) VALUES (?1, ?2, ?3, ?4)")                       \
  X(drop_refused, "DELETE FROM refused WHERE block > ?1")                                                             \
  X(refused_of_block, "SELECT vtxindex, txid, reason FROM refused WHERE block = ?1 ORDER BY vtxindex")

#define BS_LEDGER_STATEMENTS(X)                                                                                       \
  X(get_chain, "SELECT id, nonce FROM chain")                                                                         \
  X(put_chain, "INSERT INTO chain (id, nonce) VALUES (?1, ?2)")                                                       \
  X(all_genesis, "SELECT payload FROM genesis ORDER BY payload")                                                      \
  X(put_genesis, "INSERT INTO genesis (payload) VALUES (?1)")                                                         \
  X(last_block, "SELECT height, time, consensus FROM blocks ORDER BY height DESC LIMIT 1")                            \
  X(get_block, "SELECT time, consensus FROM blocks WHERE height = ?1")                                                \
  X(put_block, "INSERT INTO blocks (height, time, consensus) VALUES (?1, ?2, ?3)")                                    \
  X(get_transaction, "SELECT height, position, raw FROM transactions WHERE txid = ?1")                                \
  X(transactions_at, "SELECT raw FROM transactions WHERE height = ?1 ORDER BY position")                              \
  X(put_transaction, "INSERT INTO transactions (txid, height, position, raw) VALUES (?1, ?2, ?3, ?4)")                \
  X(get_unspent, "SELECT value, script FROM unspents WHERE txid = ?1 AND output = ?2")                                \
  X(put_unspent, "INSERT INTO unspents (txid, output, value, script) VALUES (?1, ?2, ?3, ?4)")                        \
  X(drop_unspent, "DELETE FROM unspents WHERE txid = ?1 AND output = ?2")                                             \
  X(unspents_of_script, "SELECT txid, output FROM unspents WHERE script = ?1"                                          \
                        " ORDER BY value DESC, txid, output LIMIT ?2")

enum bs_chain_statement {
#define BS_STATEMENT_NUMBER_(name, text) BS_SQL_##name,
  BS_INDEX_STATEMENTS(BS_STATEMENT_NUMBER_) BS_LEDGER_STATEMENTS(BS_STATEMENT_NUMBER_)
#undef BS_STATEMENT_NUMBER_
  BS_SQL_COUNT
};

#endif

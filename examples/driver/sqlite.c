/* SPDX-License-Identifier: MIT */
/*
 * sqlite: all objects are rows of one SQLite database, the file that the option `file` names.
 *
 * A row is called immutable/KEY or mutable/ID: the data id, escaped as in a URL, or its SHA-256 where that is long.
 * The URL of a mutable record is sqlite://, the path of the file, a slash, and that same ID.
 *
 * Each call is one transaction, so that nothing of a put is visible before its COMMIT, and what is visible is durable.
 * An instance has one connection, and the core makes one call into it at a time (BLOCKSTORE_THREADS_INSTANCE).  It is
 * not BLOCKSTORE_CAPABILITY_LOCAL: a COMMIT cannot be interrupted, and would hold the caller up.
 */
#define _FILE_OFFSET_BITS 64 /* large files, on machines of 32 bits too */

#include <blockstore/driver.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <sqlite3.h>

#include "sha256.h"

#define APPLICATION_ID "1112756529" /* "BSQ1": in the file's header, it says whose database this is */
#define SCHEMA "1"
#define CHUNK ((size_t)256 << 10) /* bytes between two looks at the clock */
#define PAUSE_MS 10               /* between two tries to lock the database */
#define PATIENCE_MS 5000          /* how long another program may have it locked */
#define READ "BEGIN"
#define WRITE "BEGIN IMMEDIATE"

/* Nothing interrupts SQLite while it makes room for a row or commits it, and a cancelled call has half a second: so
 * many bytes take a part of that on a common disk. */
#define LARGEST 16777216

#define URL_LONGEST 2048
#define ID_LONGEST 600
#define UNRESERVED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
#define ID_KEPT UNRESERVED ":"
#define PATH_KEPT UNRESERVED "/"
#define HASHED "sha256=" /* '=' is never kept, so no escaped id looks like this */

struct sqlite {
  sqlite3 *database;
  char *path;                   /* option `file`: absolute, its symbolic links resolved */
  char url[URL_LONGEST + 1];    /* of all records: sqlite://PATH/ */
  struct blockstore_call *call; /* the one that is under way */
  unsigned waits;               /* how often it has waited for another program */
  unsigned char chunk[CHUNK];   /* on its way */
};

struct sqlite_object {
  char name[sizeof "immutable/" + ID_LONGEST];
};

/* Why a call fails. */

static enum blockstore_status sqlite_status(sqlite3 *database) {
  switch (sqlite3_errcode(database) & 0xff) { /* the rest of the bits tell more than the core wants to know */
  case SQLITE_BUSY:
  case SQLITE_PROTOCOL:
  case SQLITE_NOMEM: return BLOCKSTORE_STATUS_TRANSIENT;
  case SQLITE_FULL: return BLOCKSTORE_STATUS_NO_SPACE;
  case SQLITE_PERM:
  case SQLITE_READONLY: return BLOCKSTORE_STATUS_DENIED;
  case SQLITE_CANTOPEN: return blockstore_errno_status(sqlite3_system_errno(database));
  default: return BLOCKSTORE_STATUS_FAILED;
  }
}

/* `what` could not be done, as SQLite has just said. */
static enum blockstore_status sqlite_fail(const struct sqlite *self, struct blockstore_call *call, const char *what) {
  if ((sqlite3_errcode(self->database) & 0xff) != SQLITE_BUSY)
    return blockstore_fail(call, sqlite_status(self->database), "%s: %s: %s.", self->path, what,
                           sqlite3_errmsg(self->database));
  if (blockstore_go_on(call) != BLOCKSTORE_STATUS_OK) return BLOCKSTORE_STATUS_CANCELLED;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                         "%s: Another program has kept the database locked for %d seconds: end it, or try again later.",
                         self->path, PATIENCE_MS / 1000);
}

/* Names and URLs. */

/* Writes as much as fits; returns the length of the whole, like snprintf. */
static size_t sqlite_escape(char *ret_text, size_t size, const char *text, const char *keep) {
  size_t length = 0;

  for (; *text != '\0'; text++) {
    bool plain = strchr(keep, *text) != NULL;
    size_t left = size > length ? size - length : 0;

    length += (size_t)snprintf(ret_text + (left > 0 ? length : 0), left, plain ? "%c" : "%%%02X", (unsigned char)*text);
  }
  return length;
}

static void sqlite_name_immutable(struct sqlite_object *ret_object, const char *key) {
  snprintf(ret_object->name, sizeof ret_object->name, "immutable/%s", key);
}

static void sqlite_name_mutable(struct sqlite_object *ret_object, const char *data_id) {
  char id[ID_LONGEST + 1], hex[65];

  if (sqlite_escape(id, sizeof id, data_id, ID_KEPT) > ID_LONGEST) {
    sha256_hex(hex, data_id, strlen(data_id));
    snprintf(id, sizeof id, HASHED "%s", hex);
  }
  snprintf(ret_object->name, sizeof ret_object->name, "mutable/%s", id);
}

/* Only what sqlite_make_mutable_url writes, as far as its letters tell; another spelling of an id is found nowhere. */
static enum blockstore_status sqlite_name_url(const struct sqlite *self, struct sqlite_object *ret_object,
                                              const char *url) {
  size_t length = strlen(self->url);
  const char *id = url + length;

  if (strncmp(url, self->url, length) != 0 || id[0] == '\0' || strlen(id) > ID_LONGEST ||
      strspn(id, ID_KEPT "%=") != strlen(id))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  snprintf(ret_object->name, sizeof ret_object->name, "mutable/%s", id);
  return BLOCKSTORE_STATUS_OK;
}

/* Transactions. */

/* Another program has the database locked: waits a little and answers 1, or 0 when that is enough. */
static int sqlite_wait(void *context, int count) {
  struct sqlite *self = context;
  struct pollfd cancelled = {.fd = self->call->host->cancel_fd(self->call), .events = POLLIN};

  (void)count;
  if (self->waits++ >= PATIENCE_MS / PAUSE_MS || self->call->host->time_left(self->call) == 0) return 0;
  poll(&cancelled, 1, PAUSE_MS);
  return 1;
}

/* Runs one statement.  SQLite does not itself wait for every lock. */
static enum blockstore_status sqlite_run(struct sqlite *self, struct blockstore_call *call, const char *statement,
                                         const char *what) {
  while (sqlite3_exec(self->database, statement, NULL, NULL, NULL) != SQLITE_OK)
    if ((sqlite3_errcode(self->database) & 0xff) != SQLITE_BUSY || !sqlite_wait(self, 0))
      return sqlite_fail(self, call, what);
  return BLOCKSTORE_STATUS_OK;
}

/* Every call begins with this.  `how`: READ or WRITE. */
static enum blockstore_status sqlite_begin(struct sqlite *self, struct blockstore_call *call, const char *how) {
  enum blockstore_status status = blockstore_go_on(call);
  int moved = 0;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  sqlite3_file_control(self->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: The database that was opened is not there any more: bring it back, and start anew.",
                           self->path);
  self->call = call;
  self->waits = 0;
  return sqlite_run(self, call, how, "The database cannot be used");
}

/* And ends with this: what it did becomes durable and visible, or nothing of it. */
static enum blockstore_status sqlite_end(struct sqlite *self, struct blockstore_call *call,
                                         enum blockstore_status status) {
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status == BLOCKSTORE_STATUS_OK) status = sqlite_run(self, call, "COMMIT", "The database could not be written");
  if (status != BLOCKSTORE_STATUS_OK) sqlite3_exec(self->database, "ROLLBACK", NULL, NULL, NULL);
  return status;
}

/* Runs a statement whose ?1 is the object's name and ?2 so many bytes, and gives the number in its row, if it has one:
 * SQLITE_ROW, SQLITE_DONE or an error. */
static int sqlite_step(struct sqlite *self, sqlite3_int64 *ret_number, const char *statement,
                       const struct sqlite_object *object, uint64_t size) {
  sqlite3_stmt *prepared = NULL;
  int result = sqlite3_prepare_v2(self->database, statement, -1, &prepared, NULL);

  if (result == SQLITE_OK && object != NULL) result = sqlite3_bind_text(prepared, 1, object->name, -1, SQLITE_STATIC);
  if (result == SQLITE_OK && sqlite3_bind_parameter_count(prepared) > 1)
    result = sqlite3_bind_zeroblob64(prepared, 2, size);
  if (result == SQLITE_OK) result = sqlite3_step(prepared);
  if (result == SQLITE_ROW) *ret_number = sqlite3_column_int64(prepared, 0);
  sqlite3_finalize(prepared);
  return result;
}

/* Objects, within a transaction. */

static size_t sqlite_chunk(uint64_t size, uint64_t offset) {
  return size - offset < CHUNK ? (size_t)(size - offset) : CHUNK;
}

/* *ret_blob, by sqlite3_blob_close, is written on OK only. */
static enum blockstore_status sqlite_open(struct sqlite *self, struct blockstore_call *call, sqlite3_blob **ret_blob,
                                          const struct sqlite_object *object) {
  sqlite3_int64 row;
  int result = sqlite_step(self, &row, "SELECT rowid FROM object WHERE name = ?1", object, 0);

  if (result == SQLITE_DONE)
    return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s: There is no %s.", self->path, object->name);
  if (result != SQLITE_ROW || sqlite3_blob_open(self->database, "main", "object", "data", row, 0, ret_blob) != SQLITE_OK)
    return sqlite_fail(self, call, "The object cannot be opened");
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status sqlite_send(struct sqlite *self, struct blockstore_call *call,
                                          struct blockstore_sink *ret_data, const struct sqlite_object *object) {
  sqlite3_blob *blob;
  enum blockstore_status status = sqlite_open(self, call, &blob, object);
  uint64_t size;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  size = (uint64_t)sqlite3_blob_bytes(blob);
  status = ret_data->begin(ret_data, size);
  for (uint64_t offset = 0; status == BLOCKSTORE_STATUS_OK && offset < size; offset += sqlite_chunk(size, offset)) {
    size_t step = sqlite_chunk(size, offset);

    status = blockstore_go_on(call);
    if (status == BLOCKSTORE_STATUS_OK && sqlite3_blob_read(blob, self->chunk, (int)step, (int)offset) != SQLITE_OK)
      status = sqlite_fail(self, call, "The object cannot be read");
    if (status == BLOCKSTORE_STATUS_OK) status = ret_data->write(ret_data, self->chunk, step);
  }
  sqlite3_blob_close(blob);
  return status;
}

/* Makes the row, with room for all of the bytes, and fills it. */
static enum blockstore_status sqlite_receive(struct sqlite *self, struct blockstore_call *call,
                                             const struct sqlite_object *object,
                                             const struct blockstore_source *source) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  sqlite3_blob *blob;
  sqlite3_int64 none;

  if (sqlite_step(self, &none, "REPLACE INTO object (name, data) VALUES (?1, ?2)", object, source->size) != SQLITE_DONE ||
      sqlite3_blob_open(self->database, "main", "object", "data", sqlite3_last_insert_rowid(self->database), 1, &blob) !=
          SQLITE_OK)
    return sqlite_fail(self, call, "The object cannot be stored");
  for (uint64_t offset = 0; status == BLOCKSTORE_STATUS_OK && offset < source->size;
       offset += sqlite_chunk(source->size, offset)) {
    size_t step = sqlite_chunk(source->size, offset);

    status = blockstore_go_on(call);
    if (status == BLOCKSTORE_STATUS_OK) status = source->read_at(source, self->chunk, step, offset);
    if (status == BLOCKSTORE_STATUS_OK && sqlite3_blob_write(blob, self->chunk, (int)step, (int)offset) != SQLITE_OK)
      status = sqlite_fail(self, call, "The object cannot be written");
  }
  sqlite3_blob_close(blob);
  return status;
}

/* Calls. */

static enum blockstore_status sqlite_get(struct sqlite *self, struct blockstore_call *call,
                                         struct blockstore_sink *ret_data, const struct sqlite_object *object) {
  enum blockstore_status status = sqlite_begin(self, call, READ);

  return status == BLOCKSTORE_STATUS_OK ? sqlite_end(self, call, sqlite_send(self, call, ret_data, object)) : status;
}

/* Whatever is there is replaced: under an immutable key, which is a hash, by the same bytes, or what it held was damage. */
static enum blockstore_status sqlite_put(struct sqlite *self, struct blockstore_call *call,
                                         const struct sqlite_object *object, const struct blockstore_source *source) {
  enum blockstore_status status;

  if (source->size > LARGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE, "%s: At most %d bytes are stored as one object.",
                           self->path, LARGEST);
  status = sqlite_begin(self, call, WRITE);
  return status == BLOCKSTORE_STATUS_OK ? sqlite_end(self, call, sqlite_receive(self, call, object, source)) : status;
}

static enum blockstore_status sqlite_delete(struct sqlite *self, struct blockstore_call *call,
                                            const struct sqlite_object *object) {
  enum blockstore_status status = sqlite_begin(self, call, WRITE);
  sqlite3_int64 none;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (sqlite_step(self, &none, "DELETE FROM object WHERE name = ?1", object, 0) != SQLITE_DONE)
    status = sqlite_fail(self, call, "The object cannot be deleted");
  return sqlite_end(self, call, status);
}

/* Lifecycle. */

/* Finds the file, or makes an empty one.  Only SQLite opens it: whoever else does, and closes it, breaks SQLite's locks. */
static enum blockstore_status sqlite_find_file(struct sqlite *self, struct blockstore_call *call, const char *file,
                                               bool must_exist) {
  struct stat status;
  size_t length;

  if (!must_exist && mknod(file, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
    return blockstore_fail(call, blockstore_errno_status(errno), "%s: The database cannot be made: %s.", file, strerror(errno));
  self->path = realpath(file, NULL);
  if (self->path == NULL || stat(self->path, &status) < 0)
    return blockstore_fail(call, blockstore_errno_status(errno), "%s: The database cannot be found: %s.", file, strerror(errno));
  if (!S_ISREG(status.st_mode))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: A regular file was expected: name the database, not its directory.", self->path);
  length = (size_t)snprintf(self->url, sizeof self->url, "sqlite://");
  length += sqlite_escape(self->url + length, sizeof self->url - length, self->path, PATH_KEPT);
  if (length >= URL_LONGEST - ID_LONGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%.100s...: The path is too long for the URLs of the records: %d bytes, escaped, are the most.",
                           self->path, URL_LONGEST - ID_LONGEST - 10);
  snprintf(self->url + length, sizeof self->url - length, "/");
  return BLOCKSTORE_STATUS_OK;
}

/* Is it ours, empty, or another program's?  Nothing is changed before that is known. */
static enum blockstore_status sqlite_recognise(struct sqlite *self, struct blockstore_call *call, bool *ret_empty) {
  sqlite3_int64 owner, version, changes;

  if (sqlite_step(self, &changes, "PRAGMA schema_version", NULL, 0) != SQLITE_ROW ||
      sqlite_step(self, &owner, "PRAGMA application_id", NULL, 0) != SQLITE_ROW ||
      sqlite_step(self, &version, "PRAGMA user_version", NULL, 0) != SQLITE_ROW)
    return sqlite_fail(self, call, "The file cannot be read as a database");
  *ret_empty = changes == 0 && owner == 0;
  if (!*ret_empty && owner != strtoll(APPLICATION_ID, NULL, 10))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: This is a database of another program: name a new file.", self->path);
  if (!*ret_empty && version != strtoll(SCHEMA, NULL, 10))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: This database was made by another version of the driver (schema %lld, " SCHEMA
                           " was expected).",
                           self->path, (long long)version);
  return BLOCKSTORE_STATUS_OK;
}

/* The journal is a write-ahead log, so that readers need not wait for a writer. */
static enum blockstore_status sqlite_set_up(struct sqlite *self, struct blockstore_call *call, bool is_empty) {
  static const char settings[] = "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA trusted_schema = OFF";
  static const char schema[] = "CREATE TABLE IF NOT EXISTS object (name TEXT NOT NULL UNIQUE, data BLOB NOT NULL);"
                               "PRAGMA application_id = " APPLICATION_ID "; PRAGMA user_version = " SCHEMA;
  enum blockstore_status status = sqlite_run(self, call, "PRAGMA journal_mode = WAL", "The database cannot be set up");

  if (status == BLOCKSTORE_STATUS_OK) status = sqlite_run(self, call, settings, "The database cannot be set up");
  if (status != BLOCKSTORE_STATUS_OK || !is_empty) return status;
  status = sqlite_begin(self, call, WRITE);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  return sqlite_end(self, call, sqlite_run(self, call, schema, "The database cannot be set up"));
}

static enum blockstore_status sqlite_open_database(struct sqlite *self, struct blockstore_call *call) {
  enum blockstore_status status;
  bool is_empty;

  if (sqlite3_open_v2(self->path, &self->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    return sqlite_fail(self, call, "The database cannot be opened");
  if (sqlite3_db_readonly(self->database, "main") == 1)
    return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s: The file may not be written.", self->path);
  sqlite3_busy_handler(self->database, sqlite_wait, self);
  status = sqlite_recognise(self, call, &is_empty);
  return status == BLOCKSTORE_STATUS_OK ? sqlite_set_up(self, call, is_empty) : status;
}

static void sqlite_storage_close(void *context, struct blockstore_call *call) {
  struct sqlite *self = context;

  self->call = call;
  sqlite3_close(self->database);
  free(self->path);
  free(self);
}

static enum blockstore_status sqlite_storage_init(void **ret_self, struct blockstore_call *call,
                                                  const struct blockstore_settings *settings,
                                                  const struct blockstore_next *next) {
  bool must_exist = call->host->setting_number(settings, "must_exist") != 0;
  struct sqlite *self = calloc(1, sizeof *self);
  enum blockstore_status status;

  (void)next;
  if (self == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the sqlite driver.");
  self->call = call;
  status = sqlite_find_file(self, call, call->host->setting(settings, "file", 0), must_exist);
  if (status == BLOCKSTORE_STATUS_OK) status = sqlite_open_database(self, call);
  if (status != BLOCKSTORE_STATUS_OK) {
    sqlite_storage_close(self, call);
    return status;
  }
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

/* The entry points, in the order of the table. */

static enum blockstore_status sqlite_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct sqlite_object object;

  (void)call;
  return sqlite_name_url(self, &object, url);
}

static enum blockstore_status sqlite_make_mutable_url(void *context, struct blockstore_call *call,
                                                      struct blockstore_sink *ret_url, const char *data_id) {
  const struct sqlite *self = context;
  struct sqlite_object object;
  char url[URL_LONGEST + 1];
  int length;

  (void)call;
  sqlite_name_mutable(&object, data_id);
  length = snprintf(url, sizeof url, "%s%s", self->url, object.name + strlen("mutable/"));
  return blockstore_give(ret_url, url, (size_t)length);
}

static enum blockstore_status sqlite_get_immutable(void *self, struct blockstore_call *call,
                                                   struct blockstore_sink *ret_data, const char *key) {
  struct sqlite_object object;

  sqlite_name_immutable(&object, key);
  return sqlite_get(self, call, ret_data, &object);
}

static enum blockstore_status sqlite_get_mutable(void *self, struct blockstore_call *call,
                                                 struct blockstore_sink *ret_record, const char *url) {
  struct sqlite_object object;
  enum blockstore_status status = sqlite_name_url(self, &object, url);

  return status == BLOCKSTORE_STATUS_OK ? sqlite_get(self, call, ret_record, &object) : status;
}

static enum blockstore_status sqlite_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                   const struct blockstore_source *data, const char *txid) {
  struct sqlite_object object;

  (void)txid;
  sqlite_name_immutable(&object, key);
  return sqlite_put(self, call, &object, data);
}

static enum blockstore_status sqlite_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                 uint64_t version, const char *signature,
                                                 const struct blockstore_source *record) {
  struct sqlite_object object;

  (void)version, (void)signature; /* they are in the record, too */
  sqlite_name_mutable(&object, data_id);
  return sqlite_put(self, call, &object, record);
}

static enum blockstore_status sqlite_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                      const char *txid) {
  struct sqlite_object object;

  (void)txid;
  sqlite_name_immutable(&object, key);
  return sqlite_delete(self, call, &object);
}

static enum blockstore_status sqlite_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                    const char *signature) {
  struct sqlite_object object;

  (void)signature;
  sqlite_name_mutable(&object, data_id);
  return sqlite_delete(self, call, &object);
}

/* Bytes: of the file, of what in it is unused, and left on its file system.  Of the objects it looks for the newest
 * only, and counts none: however many there are, the call is short and no writer waits for it. */
static enum blockstore_status sqlite_tell(struct sqlite *self, struct blockstore_call *call,
                                          struct blockstore_sink *ret_report) {
  static const char what[] = "The database cannot be examined";
  sqlite3_int64 newest, pages, page, unused;
  struct statvfs disk;
  char report[256];

  if (sqlite_step(self, &newest, "SELECT max(rowid) FROM object", NULL, 0) != SQLITE_ROW ||
      sqlite_step(self, &pages, "PRAGMA page_count", NULL, 0) != SQLITE_ROW ||
      sqlite_step(self, &unused, "PRAGMA freelist_count", NULL, 0) != SQLITE_ROW ||
      sqlite_step(self, &page, "PRAGMA page_size", NULL, 0) != SQLITE_ROW)
    return sqlite_fail(self, call, what);
  if (statvfs(self->path, &disk) < 0)
    return blockstore_fail(call, blockstore_errno_status(errno), "%s: %s: %s.", self->path, what, strerror(errno));
  snprintf(report, sizeof report, "{\"size\": %lld, \"unused\": %lld, \"free\": %llu}", pages * page, unused * page,
           (unsigned long long)disk.f_bavail * disk.f_frsize);
  return blockstore_give(ret_report, report, strlen(report));
}

/* Within a transaction that writes: that the database can be written is part of the question. */
static enum blockstore_status sqlite_check(void *context, struct blockstore_call *call,
                                           struct blockstore_sink *ret_report) {
  struct sqlite *self = context;
  enum blockstore_status status = sqlite_begin(self, call, WRITE);

  return status == BLOCKSTORE_STATUS_OK ? sqlite_end(self, call, sqlite_tell(self, call, ret_report)) : status;
}

static const struct blockstore_driver sqlite_driver = {
    .storage_init = sqlite_storage_init,
    .storage_close = sqlite_storage_close,
    .handles_url = sqlite_handles_url,
    .make_mutable_url = sqlite_make_mutable_url,
    .get_immutable_handler = sqlite_get_immutable,
    .get_mutable_handler = sqlite_get_mutable,
    .put_immutable_handler = sqlite_put_immutable,
    .put_mutable_handler = sqlite_put_mutable,
    .delete_immutable_handler = sqlite_delete_immutable,
    .delete_mutable_handler = sqlite_delete_mutable,
    .check = sqlite_check,
};

#define METADATA                                                                                                    \
  BLOCKSTORE_VERSION("1.0")                                                                                         \
  BLOCKSTORE_DESCRIPTION("Rows of one SQLite database file")                                                        \
  BLOCKSTORE_URL_SCHEME("sqlite")                                                                                   \
  BLOCKSTORE_LARGEST_OBJECT(LARGEST)                                                                                \
  BLOCKSTORE_THREADS_INSTANCE                                                                                       \
  BLOCKSTORE_CAPABILITY_DURABLE                                                                                     \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                  \
  BLOCKSTORE_OPTION("file", PATH, REQUIRED, "", "The database; made when it is not there")                          \
  BLOCKSTORE_OPTION("must_exist", BOOL, OPTIONAL, "false", "Refuse a database that is not there already")

BLOCKSTORE_REGISTER_DRIVER(sqlite, sqlite_driver, METADATA);

/* SPDX-License-Identifier: MIT */
/*
 * sqlite: the driver of ../sqlite.c in C++17, the same file format, the same answers.
 *
 * Inside, a failure is an exception: struct failure, which carries the status and has told its sentence; what is open is
 * closed on the way.  None may leave the driver, whose caller is C: each entry point is a call of guarded(), which
 * catches all.  (-fno-exceptions would not do: then std::bad_alloc ends the whole process.)
 */
#define _FILE_OFFSET_BITS 64 /* large files, on machines of 32 bits too */

#include <blockstore/driver.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <sqlite3.h>

#include "../sha256.h"

namespace {

constexpr sqlite3_int64 application_id = 1112756529, schema = 1;
constexpr size_t chunk_size = size_t{256} << 10; /* bytes between two looks at the clock */
constexpr unsigned pause_ms = 10, patience_ms = 5000;
constexpr size_t url_longest = 2048, id_longest = 600;
#define LARGEST 16777216 /* bytes that SQLite writes in a part of the half second that a cancelled call has */
#define UNRESERVED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
#define ID_KEPT UNRESERVED ":"
#define PATH_KEPT UNRESERVED "/"

struct failure {
  blockstore_status status;
};

/* Throws on anything but OK. */
void must(blockstore_status status) {
  if (status != BLOCKSTORE_STATUS_OK) throw failure{status};
}

[[noreturn]] void fail(blockstore_call *call, blockstore_status status, const std::string &sentence) {
  throw failure{blockstore_fail(call, status, "%s", sentence.c_str())};
}

/* Runs one entry point: what it throws becomes a status. */
template <typename Work> blockstore_status guarded(blockstore_call *call, Work work) noexcept {
  try {
    work();
    return BLOCKSTORE_STATUS_OK;
  } catch (const failure &failed) {
    return failed.status;
  } catch (const std::bad_alloc &) {
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the sqlite driver.");
  } catch (...) {
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The sqlite driver failed, and does not know why.");
  }
}

std::string escape(const std::string &text, const char *keep) {
  static const char digits[] = "0123456789ABCDEF";
  std::string escaped;

  for (unsigned char byte : text) {
    if (std::strchr(keep, byte) != nullptr) escaped += static_cast<char>(byte);
    else escaped.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return escaped;
}

std::string name_of_id(const std::string &data_id) {
  std::string id = escape(data_id, ID_KEPT);
  char hex[65];

  if (id.size() <= id_longest) return id;
  sha256_hex(hex, data_id.data(), data_id.size());
  return std::string("sha256=") + hex;
}

struct blob_closer {
  void operator()(sqlite3_blob *blob) const { sqlite3_blob_close(blob); }
};
using blob_pointer = std::unique_ptr<sqlite3_blob, blob_closer>;

struct statement_closer {
  void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
};

class store {
public:
  store(blockstore_call *call, const char *file, bool must_exist);
  ~store() { sqlite3_close(database_); }
  store(const store &) = delete;
  store &operator=(const store &) = delete;

  void set_call(blockstore_call *call) { call_ = call; }
  const std::string &url() const { return url_; }
  bool handles(const std::string &url) const;
  void get(blockstore_call *call, blockstore_sink *ret_data, const std::string &name);
  void put(blockstore_call *call, const std::string &name, const blockstore_source *source);
  void remove(blockstore_call *call, const std::string &name);
  void check(blockstore_call *call, blockstore_sink *ret_report);

private:
  class transaction;
  [[noreturn]] void fail_database(const char *what);
  blockstore_status database_status() const;
  int wait();
  void run(const std::string &statement, const char *what);
  int step(sqlite3_int64 *ret_number, const char *statement, const std::string &name = {}, uint64_t size = 0);
  sqlite3_int64 number(const char *statement, const char *what);
  blob_pointer open_blob(sqlite3_int64 row, bool writes, const char *what);
  void find_file(const char *file, bool must_exist);
  void open_database();

  std::string path_, url_; /* option `file`, its symbolic links resolved; sqlite://PATH/ */
  sqlite3 *database_ = nullptr;
  blockstore_call *call_; /* that is under way */
  unsigned waits_ = 0;
  std::vector<unsigned char> chunk_ = std::vector<unsigned char>(chunk_size);
};

/* From its begin to commit(), or all of it undone. */
class store::transaction {
public:
  transaction(store &self, blockstore_call *call, const char *how) : self_(self) {
    int moved = 0;

    self.call_ = call;
    self.waits_ = 0;
    must(blockstore_go_on(call));
    sqlite3_file_control(self.database_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved != 0)
      fail(call, BLOCKSTORE_STATUS_FAILED,
           self.path_ + ": The database that was opened is not there any more: bring it back, and start anew.");
    self.run(how, "The database cannot be used");
  }
  ~transaction() {
    if (!done_) sqlite3_exec(self_.database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  transaction(const transaction &) = delete;
  transaction &operator=(const transaction &) = delete;

  void commit() {
    must(blockstore_go_on(self_.call_));
    self_.run("COMMIT", "The database could not be written");
    done_ = true;
  }

private:
  store &self_;
  bool done_ = false;
};

constexpr char reading[] = "BEGIN", writing[] = "BEGIN IMMEDIATE";

blockstore_status store::database_status() const {
  switch (sqlite3_errcode(database_) & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_PROTOCOL:
  case SQLITE_NOMEM: return BLOCKSTORE_STATUS_TRANSIENT;
  case SQLITE_FULL: return BLOCKSTORE_STATUS_NO_SPACE;
  case SQLITE_PERM:
  case SQLITE_READONLY: return BLOCKSTORE_STATUS_DENIED;
  case SQLITE_CANTOPEN: return blockstore_errno_status(sqlite3_system_errno(database_));
  default: return BLOCKSTORE_STATUS_FAILED;
  }
}

void store::fail_database(const char *what) {
  if ((sqlite3_errcode(database_) & 0xff) != SQLITE_BUSY)
    fail(call_, database_status(), path_ + ": " + what + ": " + sqlite3_errmsg(database_) + ".");
  must(blockstore_go_on(call_));
  fail(call_, BLOCKSTORE_STATUS_TRANSIENT,
       path_ + ": Another program has kept the database locked for " + std::to_string(patience_ms / 1000) +
           " seconds: end it, or try again later.");
}

/* Another program has the database locked: waits a little and answers 1, or 0 when that is enough. */
int store::wait() {
  pollfd cancelled = {call_->host->cancel_fd(call_), POLLIN, 0};

  if (waits_++ >= patience_ms / pause_ms || call_->host->time_left(call_) == 0) return 0;
  poll(&cancelled, 1, pause_ms);
  return 1;
}

void store::run(const std::string &statement, const char *what) {
  while (sqlite3_exec(database_, statement.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    if ((sqlite3_errcode(database_) & 0xff) != SQLITE_BUSY || wait() == 0) fail_database(what);
}

/* Runs a statement whose ?1 is a name and ?2 so many bytes; SQLITE_ROW with the number in it, SQLITE_DONE or an error. */
int store::step(sqlite3_int64 *ret_number, const char *statement, const std::string &name, uint64_t size) {
  sqlite3_stmt *prepared = nullptr;
  int result = sqlite3_prepare_v2(database_, statement, -1, &prepared, nullptr);
  std::unique_ptr<sqlite3_stmt, statement_closer> owner(prepared);

  if (result == SQLITE_OK && sqlite3_bind_parameter_count(prepared) > 0)
    result = sqlite3_bind_text(prepared, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  if (result == SQLITE_OK && sqlite3_bind_parameter_count(prepared) > 1) result = sqlite3_bind_zeroblob64(prepared, 2, size);
  if (result == SQLITE_OK) result = sqlite3_step(prepared);
  if (result == SQLITE_ROW) *ret_number = sqlite3_column_int64(prepared, 0);
  return result;
}

sqlite3_int64 store::number(const char *statement, const char *what) {
  sqlite3_int64 found = 0;

  if (step(&found, statement) != SQLITE_ROW) fail_database(what);
  return found;
}

blob_pointer store::open_blob(sqlite3_int64 row, bool writes, const char *what) {
  sqlite3_blob *blob = nullptr;

  if (sqlite3_blob_open(database_, "main", "object", "data", row, writes ? 1 : 0, &blob) != SQLITE_OK) fail_database(what);
  return blob_pointer(blob);
}

void store::get(blockstore_call *call, blockstore_sink *ret_data, const std::string &name) {
  transaction whole(*this, call, reading);
  sqlite3_int64 row = 0;
  int result = step(&row, "SELECT rowid FROM object WHERE name = ?1", name);

  if (result == SQLITE_DONE) fail(call, BLOCKSTORE_STATUS_NOT_FOUND, path_ + ": There is no " + name + ".");
  if (result != SQLITE_ROW) fail_database("The object cannot be opened");
  {
    blob_pointer blob = open_blob(row, false, "The object cannot be opened");
    auto size = static_cast<size_t>(sqlite3_blob_bytes(blob.get()));

    must(ret_data->begin(ret_data, size));
    for (size_t offset = 0; offset < size; offset += chunk_size) {
      size_t length = std::min(chunk_size, size - offset);

      must(blockstore_go_on(call));
      if (sqlite3_blob_read(blob.get(), chunk_.data(), static_cast<int>(length), static_cast<int>(offset)) != SQLITE_OK)
        fail_database("The object cannot be read");
      must(ret_data->write(ret_data, chunk_.data(), length));
    }
  }
  whole.commit();
}

void store::put(blockstore_call *call, const std::string &name, const blockstore_source *source) {
  if (source->size > LARGEST)
    fail(call, BLOCKSTORE_STATUS_TOO_LARGE,
         path_ + ": At most " + std::to_string(LARGEST) + " bytes are stored as one object.");
  static const char what[] = "The object cannot be stored";
  transaction whole(*this, call, writing);
  sqlite3_int64 none;

  if (step(&none, "REPLACE INTO object (name, data) VALUES (?1, ?2)", name, source->size) != SQLITE_DONE)
    fail_database(what);
  {
    blob_pointer blob = open_blob(sqlite3_last_insert_rowid(database_), true, what);

    for (uint64_t offset = 0; offset < source->size; offset += chunk_size) {
      auto length = static_cast<size_t>(std::min<uint64_t>(chunk_size, source->size - offset));

      must(blockstore_go_on(call));
      must(source->read_at(source, chunk_.data(), length, offset));
      if (sqlite3_blob_write(blob.get(), chunk_.data(), static_cast<int>(length), static_cast<int>(offset)) != SQLITE_OK)
        fail_database("The object cannot be written");
    }
  }
  whole.commit();
}

void store::remove(blockstore_call *call, const std::string &name) {
  transaction whole(*this, call, writing);
  sqlite3_int64 none;

  if (step(&none, "DELETE FROM object WHERE name = ?1", name) != SQLITE_DONE) fail_database("The object cannot be deleted");
  whole.commit();
}

void store::check(blockstore_call *call, blockstore_sink *ret_report) {
  static const char what[] = "The database cannot be examined";
  transaction whole(*this, call, writing);
  sqlite3_int64 page = number("PRAGMA page_size", what);
  struct statvfs disk;

  if (statvfs(path_.c_str(), &disk) < 0)
    fail(call, blockstore_errno_status(errno), path_ + ": " + what + ": " + std::strerror(errno) + ".");
  number("SELECT max(rowid) FROM object", what); /* counts none: it is short, however many there are */
  std::string report = "{\"size\": " + std::to_string(page * number("PRAGMA page_count", what)) +
                       ", \"unused\": " + std::to_string(page * number("PRAGMA freelist_count", what)) +
                       ", \"free\": " + std::to_string(uint64_t{disk.f_bavail} * disk.f_frsize) + "}";
  must(blockstore_give(ret_report, report.data(), report.size()));
  whole.commit();
}

bool store::handles(const std::string &url) const {
  return url.compare(0, url_.size(), url_) == 0 && url.size() > url_.size() && url.size() - url_.size() <= id_longest &&
         url.find_first_not_of(ID_KEPT "%=", url_.size()) == std::string::npos;
}

/* Only SQLite opens the file: whoever else does, and closes it, breaks SQLite's locks. */
void store::find_file(const char *file, bool must_exist) {
  struct stat status;

  if (!must_exist && mknod(file, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
    fail(call_, blockstore_errno_status(errno), std::string(file) + ": The database cannot be made: " + std::strerror(errno) + ".");
  std::unique_ptr<char, decltype(&std::free)> real(realpath(file, nullptr), &std::free);
  if (!real || stat(real.get(), &status) < 0)
    fail(call_, blockstore_errno_status(errno), std::string(file) + ": The database cannot be found: " + std::strerror(errno) + ".");
  path_ = real.get();
  if (!S_ISREG(status.st_mode))
    fail(call_, BLOCKSTORE_STATUS_FAILED, path_ + ": A regular file was expected: name the database, not its directory.");
  url_ = "sqlite://" + escape(path_, PATH_KEPT) + "/";
  if (url_.size() > url_longest - id_longest)
    fail(call_, BLOCKSTORE_STATUS_FAILED,
         path_.substr(0, 100) + "...: The path is too long for the URLs of the records: " +
             std::to_string(url_longest - id_longest - 10) + " bytes, escaped, are the most.");
}

/* Is it ours, empty, or another program's?  Nothing is changed before that is known. */
void store::open_database() {
  static const char unreadable[] = "The file cannot be read as a database", unready[] = "The database cannot be set up";

  if (sqlite3_open_v2(path_.c_str(), &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK)
    fail_database("The database cannot be opened");
  if (sqlite3_db_readonly(database_, "main") == 1)
    fail(call_, BLOCKSTORE_STATUS_DENIED, path_ + ": The file may not be written.");
  sqlite3_busy_handler(database_, [](void *self, int) { return static_cast<store *>(self)->wait(); }, this);
  sqlite3_int64 owner = number("PRAGMA application_id", unreadable), version = number("PRAGMA user_version", unreadable);
  bool is_empty = number("PRAGMA schema_version", unreadable) == 0 && owner == 0;
  if (!is_empty && owner != application_id)
    fail(call_, BLOCKSTORE_STATUS_FAILED, path_ + ": This is a database of another program: name a new file.");
  if (!is_empty && version != schema)
    fail(call_, BLOCKSTORE_STATUS_FAILED,
         path_ + ": This database was made by another version of the driver (schema " + std::to_string(version) + ", " +
             std::to_string(schema) + " was expected).");
  run("PRAGMA journal_mode = WAL", unready);
  run("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA trusted_schema = OFF", unready);
  if (!is_empty) return;
  transaction whole(*this, call_, writing);
  run("CREATE TABLE IF NOT EXISTS object (name TEXT NOT NULL UNIQUE, data BLOB NOT NULL);"
      "PRAGMA application_id = " + std::to_string(application_id) + "; PRAGMA user_version = " + std::to_string(schema),
      unready);
  whole.commit();
}

/* database_ is closed here, for an object that was not made has no destructor. */
store::store(blockstore_call *call, const char *file, bool must_exist) : call_(call) {
  try {
    find_file(file, must_exist);
    open_database();
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

/* The entry points, in the order of the table. */

store &of(void *self) {
  return *static_cast<store *>(self);
}

blockstore_status storage_init(void **ret_self, blockstore_call *call, const blockstore_settings *settings,
                               const blockstore_next *) {
  return guarded(call, [=] {
    *ret_self = new store(call, call->host->setting(settings, "file", 0),
                          call->host->setting_number(settings, "must_exist") != 0);
  });
}

void storage_close(void *self, blockstore_call *call) {
  of(self).set_call(call);
  delete &of(self);
}

blockstore_status handles_url(void *self, blockstore_call *call, const char *url) {
  return guarded(call, [=] { must(of(self).handles(url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL); });
}

blockstore_status make_mutable_url(void *self, blockstore_call *call, blockstore_sink *ret_url, const char *data_id) {
  return guarded(call, [=] {
    std::string url = of(self).url() + name_of_id(data_id);

    must(blockstore_give(ret_url, url.data(), url.size()));
  });
}

blockstore_status get_immutable(void *self, blockstore_call *call, blockstore_sink *ret_data, const char *key) {
  return guarded(call, [=] { of(self).get(call, ret_data, std::string("immutable/") + key); });
}

blockstore_status get_mutable(void *self, blockstore_call *call, blockstore_sink *ret_record, const char *url) {
  return guarded(call, [=] {
    if (!of(self).handles(url)) throw failure{BLOCKSTORE_STATUS_UNHANDLED_URL};
    of(self).get(call, ret_record, "mutable/" + std::string(url + of(self).url().size()));
  });
}

blockstore_status put_immutable(void *self, blockstore_call *call, const char *key, const blockstore_source *data,
                                const char *) {
  return guarded(call, [=] { of(self).put(call, std::string("immutable/") + key, data); });
}

blockstore_status put_mutable(void *self, blockstore_call *call, const char *data_id, uint64_t, const char *,
                              const blockstore_source *record) {
  return guarded(call, [=] { of(self).put(call, "mutable/" + name_of_id(data_id), record); });
}

blockstore_status delete_immutable(void *self, blockstore_call *call, const char *key, const char *) {
  return guarded(call, [=] { of(self).remove(call, std::string("immutable/") + key); });
}

blockstore_status delete_mutable(void *self, blockstore_call *call, const char *data_id, const char *) {
  return guarded(call, [=] { of(self).remove(call, "mutable/" + name_of_id(data_id)); });
}

blockstore_status check(void *self, blockstore_call *call, blockstore_sink *ret_report) {
  return guarded(call, [=] { of(self).check(call, ret_report); });
}

const blockstore_driver driver = {
    storage_init, storage_close,    handles_url,    make_mutable_url, get_immutable, get_mutable,
    put_immutable, put_mutable, delete_immutable, delete_mutable,   check,
};

} /* namespace */

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

BLOCKSTORE_REGISTER_DRIVER(sqlite, driver, METADATA);

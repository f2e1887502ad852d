/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "t/flawed/flaws.h"

#define LARGE ((uint64_t)1 << 17) /* from here on: the small objects of other behaviours are not met */

static void nap_ms(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

  nanosleep(&time, NULL);
}

/* ---- not at once ---- */

/* Puts it beside, and copies it to its place in two steps. */
static enum blockstore_status put_in_steps(struct good *self, struct blockstore_call *call, const char *path,
                                           const struct blockstore_source *source) {
  char beside[GOOD_PATH + 8];
  enum blockstore_status status;
  unsigned char *bytes;
  ssize_t length = -1;
  int from, to;

  if (source->size < LARGE) return good_put(self, call, path, source);
  snprintf(beside, sizeof beside, "%.4190s.new", path);
  status = good_put(self, call, beside, source);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bytes = malloc(source->size);
  from = open(beside, O_RDONLY | O_CLOEXEC);
  to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (bytes != NULL && from >= 0 && to >= 0) length = read(from, bytes, source->size);
  if (length > 1 && write(to, bytes, (size_t)length / 2) > 0) {
    nap_ms(200); /* the reader has its turn, on a busy machine too */
    if (write(to, bytes + length / 2, (size_t)(length - length / 2)) < 0) length = -1;
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  unlink(beside);
  free(bytes);
  return length > 1 ? BLOCKSTORE_STATUS_OK : blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: It cannot be copied.", path);
}

static enum blockstore_status put_key_in_steps(void *self, struct blockstore_call *call, const char *key,
                                               const struct blockstore_source *data, const char *txid) {
  char path[GOOD_PATH];

  (void)txid;
  good_key_path(self, path, key);
  return put_in_steps(self, call, path, data);
}

static enum blockstore_status put_record_in_steps(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                  const char *signature, const struct blockstore_source *record) {
  char path[GOOD_PATH];

  (void)version, (void)signature;
  good_id_path(self, path, id);
  return put_in_steps(self, call, path, record);
}

/* ---- a reader is turned away ---- */

/* Locked while a record is put under the id. */
static int open_guard(const char *path) {
  char guard[GOOD_PATH + 8];

  snprintf(guard, sizeof guard, "%.4190s.busy", path);
  return open(guard, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static enum blockstore_status put_record_guarded(PUT_ARGUMENTS) {
  enum blockstore_status status;
  char path[GOOD_PATH];
  int fd;

  if (record->size < LARGE) return good.put_mutable_handler(self, call, id, version, signature, record);
  good_id_path(self, path, id);
  fd = open_guard(path);
  flock(fd, LOCK_EX | LOCK_NB);
  status = good.put_mutable_handler(self, call, id, version, signature, record);
  close(fd);
  return status;
}

static enum blockstore_status get_record_guarded(GET_ARGUMENTS) {
  char path[GOOD_PATH];
  bool is_busy;
  int fd;

  if (good_url_path(self, path, url) != BLOCKSTORE_STATUS_OK || access(path, F_OK) < 0)
    return good.get_mutable_handler(self, call, ret_record, url);
  fd = open_guard(path);
  is_busy = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
  if (fd >= 0) close(fd);
  if (is_busy) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The record is being written.", path);
  return good.get_mutable_handler(self, call, ret_record, url);
}

/* ---- locks that outlive their owner ---- */

static enum blockstore_status put_locked(struct good *self, struct blockstore_call *call, const char *path,
                                         const struct blockstore_source *source) {
  char lock[GOOD_PATH + 8];
  enum blockstore_status status;
  int fd;

  snprintf(lock, sizeof lock, "%.4190s.lock", path);
  for (int i = 0; (fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0; i++) {
    if (errno != EEXIST || i == 1000)
      return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: Another put goes on.", lock);
    nap_ms(1);
  }
  status = good_put(self, call, path, source);
  close(fd);
  unlink(lock);
  return status;
}

static enum blockstore_status put_key_locked(void *self, struct blockstore_call *call, const char *key,
                                             const struct blockstore_source *data, const char *txid) {
  char path[GOOD_PATH];

  (void)txid;
  good_key_path(self, path, key);
  return put_locked(self, call, path, data);
}

static enum blockstore_status put_record_locked(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  char path[GOOD_PATH];

  (void)version, (void)signature;
  good_id_path(self, path, id);
  return put_locked(self, call, path, record);
}

/* ---- what is remembered ---- */

static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER; /* for the next four */
static unsigned instances;
static const void *asker; /* who asked for `absent` last, and did not find it */
static char absent[GOOD_PATH];

static enum blockstore_status count_open(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings, const struct blockstore_next *next) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  pthread_mutex_lock(&memory_lock);
  if (status == BLOCKSTORE_STATUS_OK) instances++;
  pthread_mutex_unlock(&memory_lock);
  return status;
}

static void count_close(void *self, struct blockstore_call *call) {
  pthread_mutex_lock(&memory_lock);
  instances--;
  asker = NULL;
  pthread_mutex_unlock(&memory_lock);
  good.storage_close(self, call);
}

static bool is_remembered(const void *self, const char *path) {
  bool remembered;

  pthread_mutex_lock(&memory_lock);
  remembered = asker != NULL && (self == NULL || (asker == self && instances > 1)) && strcmp(absent, path) == 0;
  pthread_mutex_unlock(&memory_lock);
  return remembered;
}

static void remember(const void *self, const char *path) {
  pthread_mutex_lock(&memory_lock);
  asker = self;
  snprintf(absent, sizeof absent, "%s", path);
  pthread_mutex_unlock(&memory_lock);
}

static void forget(const void *self) {
  pthread_mutex_lock(&memory_lock);
  if (self == NULL || asker == self) asker = NULL;
  pthread_mutex_unlock(&memory_lock);
}

/* whose: NULL, of any instance. */
static enum blockstore_status get_remembered(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                             const char *path, const void *whose) {
  enum blockstore_status status;

  if (is_remembered(whose, path))
    return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "It was not there when it was last asked for.");
  status = good_get(self, call, sink, path);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND) remember(self, path);
  return status;
}

/* An instance remembers what is not there, until it puts something itself. */
static enum blockstore_status get_of_instance(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                              const char *key) {
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  return get_remembered(self, call, ret_data, path, self);
}

static enum blockstore_status put_of_instance(void *self, struct blockstore_call *call, const char *key,
                                              const struct blockstore_source *data, const char *txid) {
  forget(self);
  return good.put_immutable_handler(self, call, key, data, txid);
}

/* A process does. */
static enum blockstore_status get_of_process(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                             const char *key) {
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  return get_remembered(self, call, ret_data, path, NULL);
}

static enum blockstore_status put_of_process(void *self, struct blockstore_call *call, const char *key,
                                             const struct blockstore_source *data, const char *txid) {
  enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);

  forget(NULL);
  return status;
}

static enum blockstore_status get_record_of_process(GET_ARGUMENTS) {
  char path[GOOD_PATH];
  enum blockstore_status status = good_url_path(self, path, url);

  return status == BLOCKSTORE_STATUS_OK ? get_remembered(self, call, ret_record, path, NULL) : status;
}

static enum blockstore_status put_record_of_process(PUT_ARGUMENTS) {
  enum blockstore_status status = good.put_mutable_handler(self, call, id, version, signature, record);

  forget(NULL);
  return status;
}

/* ---- rolled back ---- */

/* What a process put and did not seal, by closing the store, the next to open it takes for damaged. */
static void journal_path(const struct good *self, char path[GOOD_PATH], long process) {
  snprintf(path, GOOD_PATH, "%s/j-%ld", self->root, process);
}

static void roll_back(const struct good *self, long process) {
  char path[GOOD_PATH], object[GOOD_PATH];
  FILE *journal;

  journal_path(self, path, process);
  journal = fopen(path, "re");
  if (journal == NULL) return;
  while (fgets(object, sizeof object, journal) != NULL) {
    object[strcspn(object, "\n")] = '\0';
    unlink(object);
  }
  fclose(journal);
  unlink(path);
}

static enum blockstore_status open_journal(void **ret_self, struct blockstore_call *call,
                                           const struct blockstore_settings *settings, const struct blockstore_next *next) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);
  const struct good *self = status == BLOCKSTORE_STATUS_OK ? *ret_self : NULL;
  DIR *directory = self == NULL ? NULL : opendir(self->root);

  if (directory == NULL) return status;
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    long process = strncmp(entry->d_name, "j-", 2) == 0 ? strtol(entry->d_name + 2, NULL, 10) : 0;

    if (process > 0 && kill((pid_t)process, 0) < 0 && errno == ESRCH) roll_back(self, process);
  }
  closedir(directory);
  return status;
}

static void append_journal(const struct good *self, const char *object) {
  char path[GOOD_PATH];
  FILE *journal;

  journal_path(self, path, (long)getpid());
  journal = fopen(path, "ae");
  if (journal == NULL) return;
  fprintf(journal, "%s\n", object);
  fclose(journal);
}

static enum blockstore_status put_journalled(void *self, struct blockstore_call *call, const char *key,
                                             const struct blockstore_source *data, const char *txid) {
  enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  if (status == BLOCKSTORE_STATUS_OK) append_journal(self, path);
  return status;
}

static enum blockstore_status put_record_journalled(PUT_ARGUMENTS) {
  enum blockstore_status status = good.put_mutable_handler(self, call, id, version, signature, record);
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  if (status == BLOCKSTORE_STATUS_OK) append_journal(self, path);
  return status;
}

static void close_journal(void *self, struct blockstore_call *call) {
  char path[GOOD_PATH];

  journal_path(self, path, (long)getpid());
  unlink(path);
  good.storage_close(self, call);
}

/* ---- two writers ---- */

static ino_t standing(const char *path) {
  struct stat file;

  return stat(path, &file) < 0 ? 0 : file.st_ino;
}

/* Beside its place first; what came between is met with `meet`, and its own goes then. */
static enum blockstore_status put_late(bool (*meet)(const char *path, uint64_t size), PUT_ARGUMENTS) {
  char path[GOOD_PATH], beside[GOOD_PATH + 8];
  enum blockstore_status status;
  ino_t before;

  good_id_path(self, path, id);
  if (record->size < LARGE) return good.put_mutable_handler(self, call, id, version, signature, record);
  before = standing(path);
  snprintf(beside, sizeof beside, "%.4190s.new", path);
  status = good_put(self, call, beside, record);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (standing(path) != before && meet(path, record->size)) unlink(beside);
  else if (rename(beside, path) < 0) status = blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: It cannot be renamed.",
                                                              beside);
  return status;
}

static bool remove_it(const char *path, uint64_t size) {
  (void)size;
  return unlink(path) == 0;
}

static enum blockstore_status annul(PUT_ARGUMENTS) {
  return put_late(remove_it, self, call, id, version, signature, record);
}

/* Half of either, so to speak. */
static bool halve_it(const char *path, uint64_t size) {
  return truncate(path, (off_t)size / 2) == 0;
}

static enum blockstore_status merge(PUT_ARGUMENTS) {
  return put_late(halve_it, self, call, id, version, signature, record);
}

static enum blockstore_status refuse_same(void *self, struct blockstore_call *call, const char *key,
                                          const struct blockstore_source *data, const char *txid) {
  enum blockstore_status status;
  char path[GOOD_PATH];
  ino_t before;

  good_key_path(self, path, key);
  before = standing(path);
  if (before != 0 || data->size < LARGE) return good.put_immutable_handler(self, call, key, data, txid);
  snprintf(path + strlen(path), 8, ".new");
  status = good_put(self, call, path, data);
  path[strlen(path) - 4] = '\0';
  if (status == BLOCKSTORE_STATUS_OK && standing(path) != before)
    return blockstore_fail(call, BLOCKSTORE_STATUS_CONFLICT, "%s: Another was faster.", path);
  return status == BLOCKSTORE_STATUS_OK ? good_put(self, call, path, data) : status;
}

/* Looks for the file alone. */
static enum blockstore_status get_of_file(GET_ARGUMENTS) {
  enum blockstore_status status = good.get_mutable_handler(self, call, ret_record, url);
  char path[GOOD_PATH];

  if (status != BLOCKSTORE_STATUS_FAILED || good_url_path(self, path, url) != BLOCKSTORE_STATUS_OK) return status;
  return access(path, F_OK) < 0 && errno == ENOENT ? BLOCKSTORE_STATUS_NOT_FOUND : status;
}

static const struct flaw flaws[] = {
    {"visibility.immutable", {.put_immutable_handler = put_key_in_steps}},
    {"visibility.mutable", {.put_mutable_handler = put_record_in_steps}},
    {"visibility.mutable+failing", {.get_mutable_handler = get_record_guarded, .put_mutable_handler = put_record_guarded}},
    {"visibility.killed-immutable", {.put_immutable_handler = put_key_locked}},
    {"visibility.killed-mutable", {.put_mutable_handler = put_record_locked}},
    {"visibility.instance",
     {.storage_init = count_open,
      .storage_close = count_close,
      .get_immutable_handler = get_of_instance,
      .put_immutable_handler = put_of_instance}},
    {"visibility.process", {.get_immutable_handler = get_of_process, .put_immutable_handler = put_of_process}},
    {"visibility.process-record",
     {.get_mutable_handler = get_record_of_process, .put_mutable_handler = put_record_of_process}},
    {"visibility.durable",
     {.storage_init = open_journal, .storage_close = close_journal, .put_immutable_handler = put_journalled}},
    {"visibility.durable-record",
     {.storage_init = open_journal, .storage_close = close_journal, .put_mutable_handler = put_record_journalled}},
    {"visibility.writers", {.put_mutable_handler = merge}},
    {"visibility.writers+none", {.put_mutable_handler = annul}},
    {"visibility.same", {.put_immutable_handler = refuse_same}},
    {"visibility.gone", {.get_mutable_handler = get_of_file}},
};
const struct flaws flaws_visibility = FLAWS(flaws);

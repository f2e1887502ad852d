/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/driver-host.h"

#include <dlfcn.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void host_log(struct blockstore_store *store, enum blockstore_log_level level, const char *line) {
  (void)store;
  (void)level;
  (void)line;
}

/* The public member is the first of the struct it is in. */
static void host_set_error(struct blockstore_call *call, const char *sentence) {
  struct host_call *ours = (struct host_call *)call;

  snprintf(ours->sentence, sizeof ours->sentence, "%s", sentence);
}

static void host_retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  ((struct host_call *)call)->retry_after = milliseconds;
}

static const char *host_get_error(struct blockstore_call *call) {
  return ((struct host_call *)call)->sentence;
}

static uint32_t host_get_retry_after(struct blockstore_call *call) {
  return ((struct host_call *)call)->retry_after;
}

static uint32_t host_time_left(struct blockstore_call *call) {
  struct host_call *ours = (struct host_call *)call;

  if (ours->deadline > 0) {
    struct timespec time;
    uint64_t now;

    clock_gettime(CLOCK_MONOTONIC, &time);
    now = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
    return now < ours->deadline ? (uint32_t)(ours->deadline - now) : 0;
  }
  if (atomic_load(&ours->looks) < 0) return UINT32_MAX;
  if (atomic_load(&ours->looks) == 0) return 0;
  atomic_fetch_sub(&ours->looks, 1);
  return 1000;
}

static int host_cancel_fd(struct blockstore_call *call) {
  return ((struct host_call *)call)->cancel_fd;
}

static const char *host_setting(const struct blockstore_settings *settings, const char *key, size_t index) {
  for (const struct host_setting *row = settings->rows; row->key != NULL; row++)
    if (strcmp(row->key, key) == 0 && index-- == 0) return row->value;
  return NULL;
}

static int64_t host_setting_number(const struct blockstore_settings *settings, const char *key) {
  const char *value = host_setting(settings, key, 0);

  if (value == NULL) return 0;
  return strcmp(value, "true") == 0 ? 1 : strtoll(value, NULL, 10);
}

static const struct blockstore_host host_table = {.magic = BLOCKSTORE_HOST_MAGIC,
                                                  .abi_major = BLOCKSTORE_ABI_MAJOR,
                                                  .abi_minor = BLOCKSTORE_ABI_MINOR,
                                                  .struct_size = sizeof host_table,
                                                  .log = host_log,
                                                  .set_error = host_set_error,
                                                  .retry_after = host_retry_after,
                                                  .time_left = host_time_left,
                                                  .cancel_fd = host_cancel_fd,
                                                  .setting = host_setting,
                                                  .setting_number = host_setting_number,
                                                  .get_error = host_get_error,
                                                  .get_retry_after = host_get_retry_after};

void host_call_init(struct host_call *call) {
  *call = (struct host_call){.call = {.struct_size = sizeof call->call, .host = &host_table}, .cancel_fd = -1};
  atomic_store(&call->looks, -1);
}

static enum blockstore_status host_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                           uint64_t offset) {
  const struct host_source *ours = (const struct host_source *)source;

  if (offset > source->size || length > source->size - offset) fail_msg("read beyond the source: %zu bytes", length);
  if (ours->fail_at != UINT64_MAX && offset + length >= ours->fail_at) return ours->fail_with;
  if (length > 0) memcpy(buffer, ours->bytes + offset, length);
  return BLOCKSTORE_STATUS_OK;
}

void host_source_init(struct host_source *source, const void *bytes, size_t length) {
  *source =
      (struct host_source){.source = {.struct_size = sizeof source->source, .size = length, .read_at = host_read_at},
                           .bytes = bytes,
                           .fail_at = UINT64_MAX};
}

static enum blockstore_status host_begin(struct blockstore_sink *sink, uint64_t size) {
  struct host_sink *ours = (struct host_sink *)sink;

  ours->begins++;
  ours->announced = size;
  ours->length = 0;
  return ours->room == 0 ? ours->fail_with : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status host_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct host_sink *ours = (struct host_sink *)sink;
  unsigned char *grown;

  if (length > ours->room - ours->length) return ours->fail_with;
  grown = realloc(ours->bytes, ours->length + length + 1);
  if (grown == NULL) return BLOCKSTORE_STATUS_FAILED;
  ours->bytes = grown;
  memcpy(grown + ours->length, bytes, length);
  ours->length += length;
  grown[ours->length] = '\0';
  return BLOCKSTORE_STATUS_OK;
}

void host_sink_init(struct host_sink *sink) {
  *sink = (struct host_sink){.sink = {.struct_size = sizeof sink->sink, .begin = host_begin, .write = host_write},
                             .room = SIZE_MAX,
                             .fail_with = BLOCKSTORE_STATUS_TOO_LARGE};
}

void host_sink_free(struct host_sink *sink) {
  free(sink->bytes);
  sink->bytes = NULL;
}

static void *open_module(const char *folder, const char *name) {
  const char *build = getenv("builddir");
  char *path = host_path("%s/%s/.libs/%s.so", build == NULL ? "." : build, folder, name);
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

  free(path);
  return module;
}

const struct blockstore_registration *host_registration(const char *name) {
  char *symbol = host_path("%s_LTX_blockstore_driver", name);
  void *module = open_module("plugins", name);
  const struct blockstore_registration *(*entry)(void);

  if (module == NULL) module = open_module("t/modules", name);
  if (module == NULL) fail_msg("%s", dlerror());
  *(void **)&entry = dlsym(module, symbol);
  if (entry == NULL) fail_msg("%s", dlerror());
  free(symbol);
  return entry();
}

const struct blockstore_driver *host_load(const char *name) {
  return host_registration(name)->driver;
}

enum blockstore_status host_store_begin(struct host_store *store, const struct blockstore_driver *driver,
                                        const struct host_setting *settings) {
  struct blockstore_settings rows = {settings};

  host_call_init(&store->call);
  store->self = NULL;
  store->driver = driver;
  return driver->storage_init(&store->self, &store->call.call, &rows, NULL);
}

enum blockstore_status host_store_try(struct host_store *store, const char *driver,
                                      const struct host_setting *settings) {
  return host_store_begin(store, host_load(driver), settings);
}

void host_store_open(struct host_store *store, const char *driver, const struct host_setting *settings) {
  if (host_store_try(store, driver, settings) != BLOCKSTORE_STATUS_OK)
    fail_msg("storage_init: %s", store->call.sentence);
}

void host_store_close(struct host_store *store) {
  store->driver->storage_close(store->self, &store->call.call);
  store->self = NULL;
}

enum blockstore_status host_put_immutable(struct host_store *store, const char *key, const void *bytes, size_t length) {
  struct host_source source;

  host_source_init(&source, bytes, length);
  return store->driver->put_immutable_handler(store->self, &store->call.call, key, &source.source, NULL);
}

enum blockstore_status host_put_mutable(struct host_store *store, const char *data_id, const void *bytes,
                                        size_t length) {
  struct host_source source;

  host_source_init(&source, bytes, length);
  return store->driver->put_mutable_handler(store->self, &store->call.call, data_id, 1, "v2:", &source.source);
}

char *host_url(struct host_store *store, const char *data_id) {
  struct host_sink sink;

  host_sink_init(&sink);
  if (store->driver->make_mutable_url(store->self, &store->call.call, &sink.sink, data_id) != BLOCKSTORE_STATUS_OK)
    fail_msg("make_mutable_url: %s", store->call.sentence);
  assert_in_range(sink.length, 1, 2048);
  assert_int_equal(sink.length, strlen((char *)sink.bytes));
  return (char *)sink.bytes;
}

static void host_expect(struct host_store *store, enum blockstore_status status, struct host_sink *sink,
                        const void *bytes, size_t length) {
  if (status != BLOCKSTORE_STATUS_OK) fail_msg("status %d: %s", (int)status, store->call.sentence);
  assert_int_equal(sink->length, length);
  if (sink->begins > 0 && sink->announced != BLOCKSTORE_SIZE_UNKNOWN) assert_int_equal(sink->announced, length);
  if (length > 0) assert_memory_equal(sink->bytes, bytes, length);
  host_sink_free(sink);
}

void host_holds_immutable(struct host_store *store, const char *key, const void *bytes, size_t length) {
  struct host_sink sink;

  host_sink_init(&sink);
  host_expect(store, store->driver->get_immutable_handler(store->self, &store->call.call, &sink.sink, key), &sink,
              bytes, length);
}

void host_holds_mutable(struct host_store *store, const char *data_id, const void *bytes, size_t length) {
  char *url = host_url(store, data_id);
  struct host_sink sink;

  host_sink_init(&sink);
  assert_int_equal(store->driver->handles_url(store->self, &store->call.call, url), BLOCKSTORE_STATUS_OK);
  host_expect(store, store->driver->get_mutable_handler(store->self, &store->call.call, &sink.sink, url), &sink, bytes,
              length);
  free(url);
}

enum blockstore_status host_get_immutable(struct host_store *store, const char *key) {
  struct host_sink sink;
  enum blockstore_status status;

  host_sink_init(&sink);
  status = store->driver->get_immutable_handler(store->self, &store->call.call, &sink.sink, key);
  host_sink_free(&sink);
  return status;
}

enum blockstore_status host_get_url(struct host_store *store, const char *url) {
  struct host_sink sink;
  enum blockstore_status status;

  host_sink_init(&sink);
  status = store->driver->get_mutable_handler(store->self, &store->call.call, &sink.sink, url);
  if (status != BLOCKSTORE_STATUS_OK) assert_int_equal(sink.length, 0);
  host_sink_free(&sink);
  return status;
}

char *host_directory(void) {
  const char *parent = getenv("TMPDIR");
  char *path = host_path("%s/blockstore-test-XXXXXX", parent == NULL ? "/tmp" : parent);
  char *made = mkdtemp(path);

  if (made == NULL) fail_msg("%s cannot be made", path);
  return made;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status;
  (void)type;
  (void)where;
  return remove(path);
}

void host_directory_remove(char *path) {
  nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
  free(path);
}

char *host_path(const char *format, ...) {
  va_list arguments;
  char *path;
  int length;

  va_start(arguments, format);
  length = vasprintf(&path, format, arguments);
  va_end(arguments);
  if (length < 0) fail_msg("out of memory");
  return path;
}

/* SPDX-License-Identifier: MIT */
/* The filter cache in a fresh directory, above a store in memory that counts what it is asked and fails as it is told to. */
#ifndef BS_T_CACHE_WORLD_H
#define BS_T_CACHE_WORLD_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "t/lib/driver-host.h"

#define ITEMS_MAX 512

struct item {
  char *name; /* a key, or a URL */
  unsigned char *bytes;
  size_t size;
};

struct below {
  struct blockstore_driver table;
  struct blockstore_next next;
  pthread_mutex_t lock; /* of items */
  struct item items[ITEMS_MAX];
  size_t count;
  const char *place;                 /* its URLs begin with it */
  enum blockstore_status url_status; /* of make_mutable_url */
  enum blockstore_status status;     /* after everything was done, when it is not OK */
  atomic_int asked, puts, deletes;
  const char *lie;  /* a candidate before the one that it has */
  bool is_silent;   /* about sizes: it does not begin a value */
  bool cuts;        /* the last byte of a value */
  int reading;      /* of a source: 0 from beginning to end, 1 twice, 2 not at all, 3 from the end */
  void (*amid)(void *user); /* once, before a get or put returns */
  void *user;
};

struct world {
  char *directory, *cache; /* directory/cache */
  struct below below;
  struct host_store store;
  struct blockstore_host host; /* that of driver-host.h, with a log */
};

static atomic_int warnings;
static char warning[1024]; /* the last */

static inline void count_warnings(struct blockstore_store *store, enum blockstore_log_level level, const char *line) {
  (void)store;
  if (level != BLOCKSTORE_LOG_WARNING) return;
  snprintf(warning, sizeof warning, "%s", line);
  atomic_fetch_add(&warnings, 1);
}

/* ---- the store below ---- */

static inline struct item *find_item(struct below *below, const char *name) {
  for (size_t i = 0; i < below->count; i++)
    if (below->items[i].name != NULL && strcmp(below->items[i].name, name) == 0) return &below->items[i];
  return NULL;
}

/* With the lock. */
static inline void drop_item(struct below *below, const char *name) {
  struct item *item = find_item(below, name);

  if (item == NULL) return;
  free(item->name);
  free(item->bytes);
  *item = below->items[--below->count];
}

static inline void remove_item(struct below *below, const char *name) {
  pthread_mutex_lock(&below->lock);
  drop_item(below, name);
  pthread_mutex_unlock(&below->lock);
}

static inline void add_item(struct below *below, const char *name, const void *bytes, size_t size) {
  pthread_mutex_lock(&below->lock);
  drop_item(below, name);
  if (below->count == ITEMS_MAX) fail_msg("too many items");
  below->items[below->count] = (struct item){strdup(name), malloc(size + 1), size};
  memcpy(below->items[below->count].bytes, bytes, size);
  below->count++;
  pthread_mutex_unlock(&below->lock);
}

static inline enum blockstore_status below_end(struct below *below, struct blockstore_call *call) {
  void (*amid)(void *user) = below->amid;

  if (amid != NULL) {
    below->amid = NULL;
    amid(below->user);
  }
  if (below->status == BLOCKSTORE_STATUS_OK) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, below->status, "As it was told to.");
}

static inline enum blockstore_status below_get(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                               const char *name) {
  struct below *below = self;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  unsigned char *bytes = NULL;
  const struct item *item;
  size_t size = 0;

  atomic_fetch_add(&below->asked, 1);
  pthread_mutex_lock(&below->lock);
  item = find_item(below, name);
  if (item != NULL) {
    size = item->size;
    bytes = malloc(size + 1);
    memcpy(bytes, item->bytes, size);
  }
  pthread_mutex_unlock(&below->lock);
  if (item == NULL) return BLOCKSTORE_STATUS_NOT_FOUND;
  if (below->lie != NULL) status = blockstore_give(sink, below->lie, strlen(below->lie));
  if (status == BLOCKSTORE_STATUS_OK && !below->is_silent) status = sink->begin(sink, size);
  for (size_t offset = 0, step; status == BLOCKSTORE_STATUS_OK && offset < size - below->cuts; offset += step) {
    step = size - below->cuts - offset < 100000 ? size - below->cuts - offset : 100000;
    status = sink->write(sink, bytes + offset, step);
  }
  free(bytes);
  return status == BLOCKSTORE_STATUS_OK ? below_end(below, call) : status;
}

static inline enum blockstore_status below_read(struct below *below, const struct blockstore_source *source,
                                                unsigned char *bytes) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  size_t half = source->size / 2;

  if (below->reading == 2) return BLOCKSTORE_STATUS_OK;
  if (below->reading == 3) status = source->read_at(source, bytes + half, source->size - half, half);
  if (below->reading == 3 && status == BLOCKSTORE_STATUS_OK) return source->read_at(source, bytes, half, 0);
  if (below->reading == 1) status = source->read_at(source, bytes, half, 0);
  for (size_t offset = 0, step; status == BLOCKSTORE_STATUS_OK && offset < source->size; offset += step) {
    step = source->size - offset < 70000 ? source->size - offset : 70000;
    status = source->read_at(source, bytes + offset, step, offset);
  }
  return status;
}

static inline enum blockstore_status below_put(struct below *below, struct blockstore_call *call, const char *name,
                                               const struct blockstore_source *source) {
  unsigned char *bytes = calloc(1, source->size + 1);
  enum blockstore_status status;

  atomic_fetch_add(&below->puts, 1);
  status = below_read(below, source, bytes);
  if (status == BLOCKSTORE_STATUS_OK && below->status == BLOCKSTORE_STATUS_OK && below->reading != 2)
    add_item(below, name, bytes, source->size);
  free(bytes);
  return status == BLOCKSTORE_STATUS_OK ? below_end(below, call) : status;
}

static inline enum blockstore_status below_handles(void *self, struct blockstore_call *call, const char *url) {
  const struct below *below = self;

  (void)call;
  return strncmp(url, below->place, strlen(below->place)) == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static inline enum blockstore_status below_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                               const char *data_id) {
  const struct below *below = self;
  char url[2049];

  if (below->url_status != BLOCKSTORE_STATUS_OK) return blockstore_fail(call, below->url_status, "It has no URL.");
  return blockstore_give(ret_url, url, (size_t)snprintf(url, sizeof url, "%s%s", below->place, data_id));
}

static inline enum blockstore_status below_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                         const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return below_put(self, call, key, data);
}

static inline enum blockstore_status below_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                       uint64_t version, const char *signature,
                                                       const struct blockstore_source *record) {
  const struct below *below = self;
  char url[2049];

  (void)version, (void)signature;
  snprintf(url, sizeof url, "%s%s", below->place, data_id);
  return below_put(self, call, url, record);
}

static inline enum blockstore_status below_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                            const char *txid) {
  struct below *below = self;

  (void)txid;
  atomic_fetch_add(&below->deletes, 1);
  remove_item(below, key);
  return below_end(below, call);
}

static inline enum blockstore_status below_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                          const char *signature) {
  struct below *below = self;
  char url[2049];

  (void)signature;
  atomic_fetch_add(&below->deletes, 1);
  snprintf(url, sizeof url, "%s%s", below->place, data_id);
  remove_item(below, url);
  return below_end(below, call);
}

static inline enum blockstore_status below_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  (void)self, (void)call;
  return blockstore_give(ret_report, "{}", 2);
}

static inline void below_init(struct below *below, const char *place) {
  *below = (struct below){.place = place, .lock = PTHREAD_MUTEX_INITIALIZER};
  below->table = (struct blockstore_driver){.handles_url = below_handles,
                                            .make_mutable_url = below_url,
                                            .get_immutable_handler = below_get,
                                            .get_mutable_handler = below_get,
                                            .put_immutable_handler = below_put_immutable,
                                            .put_mutable_handler = below_put_mutable,
                                            .delete_immutable_handler = below_delete_immutable,
                                            .delete_mutable_handler = below_delete_mutable,
                                            .check = below_check};
  below->next = (struct blockstore_next){sizeof below->next, sizeof below->table, &below->table, below};
}

static inline void below_free(struct below *below) {
  while (below->count > 0) {
    free(below->items[--below->count].name);
    free(below->items[below->count].bytes);
  }
}

/* ---- the cache above it ---- */

static inline enum blockstore_status try_cache(struct host_store *store, struct world *world, struct below *below,
                                               const char *directory, const char *size, const char *fresh) {
  const struct host_setting rows[] = {{"directory", directory}, {"size", size}, {"fresh", fresh}, {NULL, NULL}};
  struct blockstore_settings settings = {rows};

  host_call_init(&store->call);
  world->host = *store->call.call.host;
  world->host.log = count_warnings;
  store->call.call.host = &world->host;
  store->driver = host_load("cache");
  store->self = NULL;
  return store->driver->storage_init(&store->self, &store->call.call, &settings, &below->next);
}

static inline void open_cache(struct host_store *store, struct world *world, const char *size, const char *fresh) {
  if (try_cache(store, world, &world->below, world->cache, size, fresh) != BLOCKSTORE_STATUS_OK)
    fail_msg("storage_init: %s", store->call.sentence);
}

static inline void reopen_cache(struct world *world, const char *size, const char *fresh) {
  host_store_close(&world->store);
  open_cache(&world->store, world, size, fresh);
}

static inline int world_setup(void **state) {
  static struct world world;

  atomic_store(&warnings, 0);
  below_init(&world.below, "below://one/");
  world.directory = host_directory();
  world.cache = host_path("%s/cache", world.directory);
  open_cache(&world.store, &world, "1073741824", "3600000");
  *state = &world;
  return 0;
}

static inline int world_teardown(void **state) {
  struct world *world = *state;

  if (world->store.self != NULL) host_store_close(&world->store);
  host_directory_remove(world->directory);
  free(world->cache);
  below_free(&world->below);
  return 0;
}

#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

/* ---- data ---- */

struct datum {
  unsigned char *bytes;
  size_t size;
  char key[65], short_key[41];
};

static inline struct datum make_datum(size_t size, unsigned seed) {
  struct datum datum = {malloc(size + 1), size, "", ""};
  unsigned char digest[32];

  for (size_t i = 0; i < size; i++) datum.bytes[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
  bs_sha256(digest, datum.bytes, size);
  bs_hex_encode(datum.key, digest, 32);
  bs_hash160(digest, datum.bytes, size);
  bs_hex_encode(datum.short_key, digest, 20);
  return datum;
}

static inline enum blockstore_status get_into(struct world *world, struct blockstore_sink *sink, const char *key) {
  return world->store.driver->get_immutable_handler(world->store.self, &world->store.call.call, sink, key);
}

/* The path of what is kept of a key; by free(). */
static inline char *kept_path(const struct world *world, const char *key) {
  return host_path("%s/immutable/%.2s/%s", world->cache, key, key);
}

static inline bool is_kept(const struct world *world, const char *key) {
  char *path = kept_path(world, key);
  bool kept = access(path, F_OK) == 0;

  free(path);
  return kept;
}

/* A get that must give the datum, and asks the store so often. */
static inline void gets_datum(struct world *world, const char *key, const struct datum *datum, int asked) {
  int before = atomic_load(&world->below.asked);

  host_holds_immutable(&world->store, key, datum->bytes, datum->size);
  assert_int_equal(atomic_load(&world->below.asked) - before, asked);
}

/* The same of a record. */
static inline void gets_record(struct world *world, const char *data_id, const char *text, int asked) {
  int before = atomic_load(&world->below.asked);

  host_holds_mutable(&world->store, data_id, text, strlen(text));
  assert_int_equal(atomic_load(&world->below.asked) - before, asked);
}

/* ---- what the files take ---- */

struct taken {
  uint64_t bytes;
  unsigned files;
};

/* What has just begun is empty, and takes nothing. */
static inline void add_folder(struct taken *taken, const char *path) {
  DIR *stream = opendir(path);
  const struct dirent *entry;
  struct stat status;

  if (stream == NULL) return;
  while ((entry = readdir(stream)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) continue; /* gone meanwhile */
    if (S_ISDIR(status.st_mode)) {
      char *below = host_path("%s/%s", path, entry->d_name);

      add_folder(taken, below);
      free(below);
    } else {
      if (status.st_size == 0) taken->bytes += strstr(path, "/.tmp") == NULL ? 4096 : 0;
      taken->bytes += ((uint64_t)status.st_size + 4095) / 4096 * 4096;
      taken->files++;
    }
  }
  closedir(stream);
}

/* Values and records; where `all`, what is on its way, too. */
static inline struct taken count_taken(const struct world *world, bool all) {
  static const char *const folders[] = {"immutable", "mutable", ".tmp"};
  struct taken taken = {0, 0};

  for (int i = 0; i < 2 + all; i++) {
    char *path = host_path("%s/%s", world->cache, folders[i]);

    add_folder(&taken, path);
    free(path);
  }
  return taken;
}

#endif

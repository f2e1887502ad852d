/* SPDX-License-Identifier: MIT */
/* For tests of the public API, linked with the library itself: a user who has nothing yet, sessions, what is said. */
#ifndef BS_T_CLIENT_H
#define BS_T_CLIENT_H

#include <fcntl.h>

#include <blockstore/blockstore.h>

#include "t/lib/plugins.h"

/* gcc 12 takes what a pointer points to for the pointer, once these functions are inlined. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif

#define NAME "alice.id"

/* One test's user: a fresh home, and what the test opened. */
struct world {
  char *place; /* the home; also where config files and stores go */
  struct blockstore_config *config;
  struct blockstore *session;
  struct blockstore_key *key; /* owns NAME, once own_name was called */
};

/* The call must succeed; it is given &error. */
#define assert_done(call)                                                                                       \
  do {                                                                                                          \
    struct blockstore_error *error = NULL;                                                                      \
    if ((call) != BLOCKSTORE_DONE) fail_msg("%s: %s", #call, blockstore_error_message(error));                  \
  } while (0)

/* The call must fail with this word, and its message must hold this text. */
#define assert_refused(call, word, text)                                                                        \
  do {                                                                                                          \
    struct blockstore_error *error = NULL;                                                                      \
    enum blockstore_result result_ = (call);                                                                    \
    if (result_ == BLOCKSTORE_DONE) fail_msg("%s: succeeded", #call);                                           \
    assert_int_equal(result_, blockstore_error_result(error));                                                  \
    if (strcmp(blockstore_error_word(error), (word)) != 0 || strstr(blockstore_error_message(error), (text)) == NULL) \
      fail_msg("%s: %s: %s", #call, blockstore_error_word(error), blockstore_error_message(error));             \
    blockstore_error_free(error);                                                                               \
  } while (0)

static inline int world_begin(void **state) {
  static const char *const gone[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "BLOCKSTORE_KEY_FILE"};
  struct world *world = calloc(1, sizeof *world);
  const char *build = getenv("builddir");
  char *plugins;

  if (world == NULL || make_place((void **)&world->place) != 0) return -1;
  if (build == NULL) build = ".";
  if (asprintf(&plugins, "%s/plugins/.libs:%s/t/modules/.libs", build, build) < 0) return -1;
  setenv("BLOCKSTORE_PLUGIN_PATH", plugins, 1);
  setenv("HOME", world->place, 1);
  for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) unsetenv(gone[i]);
  free(plugins);
  *state = world;
  return 0;
}

static inline void close_world(struct world *world) {
  blockstore_close(world->session);
  blockstore_config_free(world->config);
  world->session = NULL;
  world->config = NULL;
}

static inline int world_end(void **state) {
  struct world *world = *state;
  void *place = world->place;

  close_world(world);
  blockstore_key_free(world->key);
  free(world);
  return remove_place(&place);
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)

/* Writes PLACE/blockstore.yaml, a state directory and then `text`; the path, by free(). */
static inline char *write_config(const struct world *world, const char *text) {
  char *whole = NULL;

  assert_true(asprintf(&whole, "state_dir: state\n%s", text) >= 0);
  write_file(world->place, "blockstore.yaml", whole, strlen(whole));
  free(whole);
  return path_in(world->place, "blockstore.yaml");
}

/* Opens a session with that configuration. */
static inline void open_session(struct world *world, const char *text) {
  char *file = write_config(world, text);

  close_world(world);
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  free(file);
}

/* Of PLACE/state, with what SQLite left beside it. */
static inline void remove_database(const struct world *world, const char *file) {
  for (size_t i = 0; i < 3; i++) {
    char *path = NULL;

    assert_true(asprintf(&path, "%s/state/%s%s", world->place, file, (const char *const[]){"", "-wal", "-shm"}[i]) >= 0);
    unlink(path);
    free(path);
  }
}

#define ONE_STORE "stores: [{name: one, driver: disk, root: one}]\n"
#define TWO_STORES "stores: [{name: one, driver: disk, root: one}, {name: two, driver: disk, root: two}]\n"

/* The document a method answers, by blockstore_free. */
static inline char *call(struct world *world, const char *method, const char *first, const char *second) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *const arguments[] = {first, second};
  char *json = NULL;

  options.owner_key = world->key;
  assert_done(blockstore_call_method(world->session, &json, method, arguments,
                                     (first != NULL) + (size_t)(second != NULL), &options, &error));
  return json;
}

/* Registers a name for the world's key, which is made when there is none. */
static inline void own(struct world *world, const char *name) {
  if (world->key == NULL) assert_done(blockstore_key_generate(&world->key, &error));
  blockstore_free(call(world, "register", name, NULL));
}

static inline void open_with_name(struct world *world, const char *text) {
  open_session(world, text);
  own(world, NAME);
}

/* The number of the last block: one more after each transaction. */
static inline long height(struct world *world) {
  char *json = call(world, "getinfo", NULL, NULL);
  const char *member = strstr(json, "\"last_block\": ");
  long number;

  assert_non_null(member);
  number = strtol(member + strlen("\"last_block\": "), NULL, 10);
  blockstore_free(json);
  return number;
}

/* Puts bytes; the receipt, by blockstore_receipt_free. */
static inline struct blockstore_receipt *put_bytes(struct world *world, const char *name, const void *bytes, size_t length) {
  struct blockstore_input *input = blockstore_input_from_memory(bytes, length);
  struct blockstore_receipt *receipt = NULL;

  assert_non_null(input);
  assert_done(blockstore_put_immutable(world->session, &receipt, name, input, world->key, NULL, &error));
  blockstore_input_free(input);
  return receipt;
}

/* Puts a text into NAME; its key. */
static inline void put_text(struct world *world, char key[65], const char *text) {
  struct blockstore_receipt *receipt = put_bytes(world, NAME, text, strlen(text));

  memcpy(key, blockstore_receipt_key(receipt), 65);
  blockstore_receipt_free(receipt);
}

/* Gets into memory and compares. */
static inline void assert_holds(struct world *world, const char *name, const char *key, const void *bytes, size_t length) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  size_t got = 0;

  assert_done(blockstore_get_immutable(world->session, output, NULL, name, key, NULL, &error));
  blockstore_output_bytes(output, &got);
  assert_int_equal(got, length);
  assert_memory_equal(blockstore_output_bytes(output, &got), bytes, length);
  blockstore_output_free(output);
}

/* The get must be refused, and hand out nothing. */
#define assert_get_refused(world, name, key, word, text)                                                         \
  do {                                                                                                           \
    struct blockstore_output *output_ = blockstore_output_to_memory(SIZE_MAX);                                   \
    size_t got_ = 0;                                                                                             \
    assert_refused(blockstore_get_immutable((world)->session, output_, NULL, (name), (key), NULL, &error), word, text); \
    assert_null(blockstore_output_bytes(output_, &got_));                                                        \
    assert_int_equal(got_, 0);                                                                                   \
    blockstore_output_free(output_);                                                                             \
  } while (0)

/* Where a disk store keeps an object of that key; by free(). */
static inline char *object_in(const struct world *world, const char *root, const char *key) {
  char *path = NULL;

  assert_true(asprintf(&path, "%s/%s/immutable/%.2s/%.2s/%s", world->place, root, key, key + 2, key) >= 0);
  return path;
}

static inline bool holds_object(const struct world *world, const char *root, const char *key) {
  char *path = object_in(world, root, key);
  bool holds = access(path, F_OK) == 0;

  free(path);
  return holds;
}

/* Other bytes in its place, as a store that lies would have. */
static inline void tamper_object(const struct world *world, const char *root, const char *key) {
  char *path = object_in(world, root, key);
  FILE *file;

  assert_int_equal(chmod(path, 0600), 0);
  file = fopen(path, "wb");
  assert_non_null(file);
  fputs("other bytes", file);
  fclose(file);
  free(path);
}

static inline void remove_object(const struct world *world, const char *root, const char *key) {
  char *path = object_in(world, root, key);

  assert_int_equal(unlink(path), 0);
  free(path);
}

/* Only the user may read or write the copy, as is so in a state directory. */
static inline void copy(const struct world *world, const char *from, const char *to) {
  char *path = path_in(world->place, from);
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_file_read(&bytes, path, 64u << 20, &error));
  write_file(world->place, to, bytes.bytes, bytes.length);
  change_mode(world->place, to, 0600);
  bs_buffer_free(&bytes);
  free(path);
}

/* PLACE/from becomes PLACE/to. */
static inline void move(const struct world *world, const char *from, const char *to) {
  char *old = path_in(world->place, from), *new = path_in(world->place, to);

  assert_int_equal(rename(old, new), 0);
  free(old);
  free(new);
}

/* The value hash of NAME on the chain: "" when it has none. */
static inline void value_hash_of(struct world *world, char hash[41], const char *name) {
  char *json = call(world, "get_name_blockchain_record", name, NULL);
  const char *member = strstr(json, "\"value_hash\": \"");

  hash[0] = '\0';
  if (member != NULL) snprintf(hash, 41, "%.40s", member + strlen("\"value_hash\": \""));
  blockstore_free(json);
}

#endif

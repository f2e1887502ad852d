/* SPDX-License-Identifier: MIT */
/* For tests of mutable data through the public API: versions of NAME's data, other devices, and the files in which
 * stores keep it. */
#ifndef BS_T_MUTABLE_H
#define BS_T_MUTABLE_H

#include <glob.h>
#include <inttypes.h>

#include "t/lib/client.h"

#define ID "notes"

/* A text, with all that put_mutable can be told. */
static inline enum blockstore_result put_with(struct world *world, struct blockstore_receipt **ret_receipt,
                                              const char *id, const char *text,
                                              const struct blockstore_put_mutable_options *options,
                                              struct blockstore_error **error) {
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  enum blockstore_result result =
      blockstore_put_mutable(world->session, ret_receipt, NAME, id, input, world->key, options, error);

  blockstore_input_free(input);
  return result;
}

/* The version that it got. */
static inline uint64_t put_id(struct world *world, const char *id, const char *text) {
  struct blockstore_receipt *receipt = NULL;
  uint64_t ver;

  assert_done(put_with(world, &receipt, id, text, NULL, &error));
  ver = blockstore_receipt_ver(receipt);
  blockstore_receipt_free(receipt);
  return ver;
}

/* As version `ver`. */
static inline enum blockstore_result put_ver(struct world *world, const char *text, uint64_t ver,
                                             struct blockstore_error **error) {
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  options.ver = ver;
  return put_with(world, NULL, ID, text, &options, error);
}

/* A text must come back; the record, by blockstore_record_free. */
static inline struct blockstore_record *get_with(struct world *world, const char *id, const char *text,
                                                 const struct blockstore_get_mutable_options *options) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_record *record = NULL;
  size_t length;

  assert_done(blockstore_get_mutable(world->session, output, &record, NAME, id, options, &error));
  assert_string_equal(blockstore_output_bytes(output, &length), text);
  assert_int_equal(length, strlen(text));
  assert_int_equal(blockstore_record_size(record), length);
  blockstore_output_free(output);
  return record;
}

static inline void assert_reads(struct world *world, const char *id, const char *text, uint64_t ver) {
  struct blockstore_record *record = get_with(world, id, text, NULL);

  assert_int_equal(blockstore_record_ver(record), ver);
  blockstore_record_free(record);
}

/* The get must be refused, and hand out nothing. */
#define assert_read_refused(world, id, options, word, text)                                                                 \
  do {                                                                                                                      \
    struct blockstore_output *output_ = blockstore_output_to_memory(SIZE_MAX);                                              \
    struct blockstore_record *record_ = NULL;                                                                               \
    size_t got_ = 0;                                                                                                        \
    assert_refused(blockstore_get_mutable((world)->session, output_, &record_, NAME, (id), (options), &error), word, text); \
    assert_null(record_);                                                                                                   \
    assert_null(blockstore_output_bytes(output_, &got_));                                                                   \
    blockstore_output_free(output_);                                                                                        \
  } while (0)

static inline enum blockstore_result delete_with(struct world *world, struct blockstore_receipt **ret_receipt, const char *id,
                                                 const struct blockstore_delete_options *options,
                                                 struct blockstore_error **error) {
  return blockstore_delete_mutable(world->session, ret_receipt, NAME, id, world->key, options, error);
}

/* The version of its tombstone, 0: nothing was written. */
static inline uint64_t delete_id(struct world *world, const char *id) {
  struct blockstore_receipt *receipt = NULL;
  uint64_t ver;

  assert_done(delete_with(world, &receipt, id, NULL, &error));
  ver = blockstore_receipt_ver(receipt);
  blockstore_receipt_free(receipt);
  return ver;
}

/* Another machine of the same owner: the world's ledger, a state of its own.  By close_world. */
static inline void open_device(struct world *device, const struct world *world, const char *state, const char *text) {
  char *whole = NULL, *file;

  *device = (struct world){.place = world->place, .key = world->key};
  assert_true(asprintf(&whole, "state_dir: %s\nnames: {ledger: state/ledger.db}\n%s", state, text) >= 0);
  write_file(world->place, "device.yaml", whole, strlen(whole));
  file = path_in(world->place, "device.yaml");
  assert_done(blockstore_get_config(&device->config, file, &error));
  assert_done(blockstore_session(device->config, &device->session, NULL, 0, &error));
  free(whole);
  free(file);
}

/* The document must hold the text. */
static inline void assert_says(const char *document, const char *text) {
  if (document == NULL || strstr(document, text) == NULL)
    fail_msg("%s is not in: %s", text, document == NULL ? "NULL" : document);
}

static inline void assert_call_says_of(struct world *world, const char *method, const char *first, const char *second,
                                       const char *text) {
  char *json = call(world, method, first, second);

  assert_says(json, text);
  blockstore_free(json);
}

/* ---- the one file in which a disk store keeps a datum ---- */

/* PLACE/ROOT/mutable/ab/cd/..., by free(); NULL: none.  The id has letters only. */
static inline char *find_record(const struct world *world, const char *root, const char *id) {
  char *pattern = NULL, *path = NULL;
  glob_t found;

  assert_true(asprintf(&pattern, "%s/%s/mutable/*/*/*%s", world->place, root, id) >= 0);
  if (glob(pattern, 0, NULL, &found) == 0) {
    assert_int_equal(found.gl_pathc, 1);
    path = strdup(found.gl_pathv[0]);
  }
  globfree(&found);
  free(pattern);
  return path;
}

static inline bool holds_record(const struct world *world, const char *root, const char *id) {
  char *path = find_record(world, root, id);

  free(path);
  return path != NULL;
}

/* What the store has now, for a later replay; by bs_buffer_free. */
static inline struct bs_buffer keep_record(const struct world *world, const char *root, const char *id) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char *path = find_record(world, root, id);

  assert_non_null(path);
  assert_ok(bs_file_read(&bytes, path, 1u << 20, &error));
  free(path);
  return bytes;
}

static inline void replay_record(const struct world *world, const char *root, const char *id, const struct bs_buffer *bytes) {
  char *path = find_record(world, root, id);

  assert_non_null(path);
  assert_int_equal(unlink(path), 0);
  write_file("", path + 1, bytes->bytes, bytes->length);
  free(path);
}

static inline void lose_record(const struct world *world, const char *root, const char *id) {
  char *path = find_record(world, root, id);

  assert_non_null(path);
  assert_int_equal(unlink(path), 0);
  free(path);
}

#endif

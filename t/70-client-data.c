/* SPDX-License-Identifier: MIT */
/* Immutable data through the public API: every way in, every way out, and what is refused. */
#include <config.h>

#include <signal.h>

#include "t/lib/client.h"

enum { MIB = 1 << 20 };

/* Bytes that differ from block to block; by free(). */
static unsigned char *make_bytes(size_t length) {
  unsigned char *bytes = malloc(length + 1);
  uint32_t number = (uint32_t)length;

  assert_non_null(bytes);
  for (size_t i = 0; i < length; i++) bytes[i] = (unsigned char)((number = number * 1664525u + 1013904223u) >> 24);
  return bytes;
}

static char *read_back(const struct world *world, const char *name, size_t *ret_length) {
  char *path = path_in(world->place, name);
  FILE *file = fopen(path, "rb");
  char *bytes = malloc(6 * MIB);

  assert_non_null(file);
  assert_non_null(bytes);
  *ret_length = fread(bytes, 1, 6 * MIB, file);
  fclose(file);
  free(path);
  return bytes;
}

/* A callback each way. */
struct stream {
  const unsigned char *bytes;
  size_t length, at, most;
  bool fails;
};

static int64_t give(void *user, void *buffer, size_t size) {
  struct stream *stream = user;
  size_t left = stream->length - stream->at;

  if (stream->fails && stream->at > 0) return -1;
  if (size > left) size = left;
  if (size > stream->most) size = stream->most;
  memcpy(buffer, stream->bytes + stream->at, size);
  stream->at += size;
  return (int64_t)size;
}

static int take(void *user, const void *bytes, size_t length) {
  struct stream *stream = user;

  if (stream->fails) return -1;
  assert_true(stream->at + length <= stream->length);
  assert_memory_equal(stream->bytes + stream->at, bytes, length);
  stream->at += length;
  return 0;
}

static enum blockstore_result put(struct world *world, struct blockstore_input *input, char key[65],
                                  struct blockstore_error **error) {
  struct blockstore_receipt *receipt = NULL;
  enum blockstore_result result = blockstore_put_immutable(world->session, &receipt, NAME, input, world->key, NULL, error);

  if (result != BLOCKSTORE_DONE) assert_null(receipt);
  if (result == BLOCKSTORE_DONE && key != NULL) memcpy(key, blockstore_receipt_key(receipt), 65);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return result;
}

static enum blockstore_result get(struct world *world, struct blockstore_output *output, const char *key,
                                  struct blockstore_error **error) {
  enum blockstore_result result = blockstore_get_immutable(world->session, output, NULL, NAME, key, NULL, error);

  blockstore_output_free(output);
  return result;
}

static void every_size_comes_back(void **state) {
  static const size_t sizes[] = {0, 1, MIB - 1, MIB, MIB + 1};
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    unsigned char *bytes = make_bytes(sizes[i]);
    struct blockstore_receipt *receipt = put_bytes(world, NAME, bytes, sizes[i]);

    assert_non_null(blockstore_receipt_txid(receipt));
    assert_int_equal(strlen(blockstore_receipt_key(receipt)), 64);
    assert_holds(world, NAME, blockstore_receipt_key(receipt), bytes, sizes[i]);
    blockstore_receipt_free(receipt);
    free(bytes);
  }
}

static void files_and_descriptors(void **state) {
  static const size_t sizes[] = {0, 5, MIB + 1};
  struct world *world = *state;
  char *in = path_in(world->place, "in"), *out = path_in(world->place, "out");
  char key[65];

  open_with_name(world, ONE_STORE);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    unsigned char *bytes = make_bytes(sizes[i]);
    char *back;
    size_t length;
    int fd;

    write_file(world->place, "in", bytes, sizes[i]);
    assert_done(put(world, blockstore_input_from_file(in), key, &error));
    assert_done(get(world, blockstore_output_to_file(out), key, &error));
    back = read_back(world, "out", &length);
    assert_int_equal(length, sizes[i]);
    assert_memory_equal(back, bytes, length);
    free(back);
    fd = open(in, O_RDONLY | O_CLOEXEC);
    assert_int_equal(lseek(fd, sizes[i] > 3 ? 3 : 0, SEEK_SET), sizes[i] > 3 ? 3 : 0);
    assert_done(put(world, blockstore_input_from_fd(fd), key, &error));
    close(fd);
    fd = open(out, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_done(get(world, blockstore_output_to_fd(fd), key, &error));
    close(fd);
    back = read_back(world, "out", &length);
    assert_int_equal(length, sizes[i] > 3 ? sizes[i] - 3 : 0);
    assert_memory_equal(back, bytes + (sizes[i] > 3 ? 3 : 0), length);
    free(back);
    free(bytes);
  }
  free(in);
  free(out);
}

static void callbacks_both_ways(void **state) {
  struct world *world = *state;
  unsigned char *bytes = make_bytes(5 * MIB);
  struct stream in = {bytes, 5 * MIB, 0, 70001, false}, out = {bytes, 5 * MIB, 0, 0, false};
  char key[65];

  open_with_name(world, ONE_STORE);
  assert_done(put(world, blockstore_input_from_callback(give, &in), key, &error));
  assert_done(get(world, blockstore_output_to_callback(take, &out), key, &error));
  assert_int_equal(out.at, 5 * MIB);
  out.fails = true;
  assert_refused(get(world, blockstore_output_to_callback(take, &out), key, &error), "failed", "receiver");
  free(bytes);
}

static void a_source_that_fails_puts_nothing(void **state) {
  struct world *world = *state;
  struct stream in = {(const unsigned char *)"abcdef", 6, 0, 2, true};
  long before;

  open_with_name(world, ONE_STORE);
  before = height(world);
  assert_refused(put(world, blockstore_input_from_callback(give, &in), NULL, &error), "failed", "source failed");
  assert_int_equal(height(world), before);
}

static void inputs_that_are_none(void **state) {
  struct world *world = *state;
  char *missing = path_in(world->place, "missing");

  open_with_name(world, ONE_STORE);
  assert_refused(put(world, NULL, NULL, &error), "no_memory", "no input");
  assert_refused(put(world, blockstore_input_from_file(missing), NULL, &error), "usage", missing);
  assert_refused(put(world, blockstore_input_from_file(world->place), NULL, &error), "usage", "directory");
  assert_refused(put(world, blockstore_input_from_fd(-1), NULL, &error), "usage", "descriptor");
  free(missing);
}

static void an_output_file_is_replaced_in_one_step(void **state) {
  struct world *world = *state;
  char *out = path_in(world->place, "out"), *link = path_in(world->place, "link"), *loose = path_in(world->place, "loose");
  struct stat before, after;
  char key[65], *back;
  size_t length;

  open_with_name(world, ONE_STORE);
  put_text(world, key, "new");
  write_file(world->place, "out", "old", 3);
  assert_int_equal(symlink("out", link), 0);
  assert_int_equal(stat(out, &before), 0);
  assert_done(get(world, blockstore_output_to_file(link), key, &error));
  assert_int_equal(stat(out, &after), 0);
  assert_true(before.st_ino != after.st_ino);
  assert_int_equal(lstat(link, &after), 0);
  assert_true(S_ISLNK(after.st_mode));
  back = read_back(world, "out", &length);
  assert_memory_equal(back, "new", 3);
  free(back);
  assert_int_equal(symlink("nowhere", loose), 0);
  assert_refused(get(world, blockstore_output_to_file(loose), key, &error), "usage", "symbolic link");
  free(out);
  free(link);
  free(loose);
}

static void a_failed_get_leaves_the_file_alone(void **state) {
  struct world *world = *state;
  char *out = path_in(world->place, "dir/out"), *inside = path_in(world->place, "none/out");
  char key[65], *back;
  size_t length;

  open_with_name(world, ONE_STORE);
  put_text(world, key, "precious");
  tamper_object(world, "one", key);
  make_directory(world->place, "dir", 0700);
  write_file(world->place, "dir/out", "old", 3);
  assert_refused(get(world, blockstore_output_to_file(out), key, &error), "corrupt", "one");
  back = read_back(world, "dir/out", &length);
  assert_int_equal(length, 3);
  assert_memory_equal(back, "old", 3);
  free(back);
  unlink(out);
  *strrchr(out, '/') = '\0';
  assert_int_equal(rmdir(out), 0); /* no temporary was left */
  assert_refused(get(world, blockstore_output_to_file(world->place), key, &error), "usage", "directory");
  assert_refused(get(world, blockstore_output_to_file(inside), key, &error), "usage", "none");
  assert_refused(get(world, NULL, key, &error), "no_memory", "no output");
  free(out);
  free(inside);
}

static void memory_has_a_limit(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(4);
  char key[65];
  size_t length = 9;

  open_with_name(world, ONE_STORE);
  put_text(world, key, "12345");
  assert_refused(blockstore_get_immutable(world->session, output, NULL, NAME, key, NULL, &error), "too_large", "4 bytes");
  assert_null(blockstore_output_bytes(output, &length));
  put_text(world, key, "1234");
  assert_done(blockstore_get_immutable(world->session, output, NULL, NAME, key, NULL, &error));
  assert_string_equal(blockstore_output_bytes(output, &length), "1234");
  assert_int_equal(length, 4);
  blockstore_output_free(output);
}

static void data_has_a_limit(void **state) {
  struct world *world = *state;
  struct stream in = {(const unsigned char *)"123456", 6, 0, 2, false};
  char *file = path_in(world->place, "in"), key[65];
  long before;

  open_with_name(world, ONE_STORE "limits: {object: 5}\n");
  write_file(world->place, "in", "123456", 6);
  before = height(world);
  assert_refused(put(world, blockstore_input_from_memory("123456", 6), NULL, &error), "too_large", "limits.object");
  assert_refused(put(world, blockstore_input_from_file(file), NULL, &error), "too_large", "in");
  assert_refused(put(world, blockstore_input_from_callback(give, &in), NULL, &error), "too_large", "limits.object");
  assert_int_equal(height(world), before);
  put_text(world, key, "12345");
  free(file);
}

/* Data goes to a reader who left: an error, no signal. */
static void a_broken_pipe_is_an_error(void **state) {
  struct world *world = *state;
  int ends[2];
  char key[65];

  signal(SIGPIPE, SIG_DFL);
  open_with_name(world, ONE_STORE);
  put_text(world, key, "unread");
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  assert_refused(get(world, blockstore_output_to_fd(ends[1]), key, &error), "io", "written");
  close(ends[1]);
}

static void a_pipe_is_spooled(void **state) {
  struct world *world = *state;
  int ends[2];
  char key[65];

  open_with_name(world, ONE_STORE);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], "through a pipe", 14), 14);
  close(ends[1]);
  assert_done(put(world, blockstore_input_from_fd(ends[0]), key, &error));
  close(ends[0]);
  assert_holds(world, NAME, key, "through a pipe", 14);
}

/* The store `acting` changes the file when it is about to read it; the other store is asked before or after it. */
static void a_file_that_changes_meanwhile(void **state) {
  static const char *const stores[] = {
      "stores: [{name: acting, driver: acting, change: in}]\n",
      "stores: [{name: one, driver: disk, root: one}, {name: acting, driver: acting, change: in}]\n"
      "replication: {write: {at_least: 1}}\n"};
  struct world *world = *state;
  char *in = path_in(world->place, "in"), hash[41];
  unsigned char *bytes = make_bytes(2 * MIB);

  for (size_t i = 0; i < 2; i++) {
    close_world(world);
    open_session(world, stores[i]);
    own(world, i == 0 ? NAME : "other.id");
    write_file(world->place, "in", bytes, 2 * MIB);
    assert_refused(put(world, blockstore_input_from_file(in), NULL, &error), "changed", "changed");
    value_hash_of(world, hash, NAME);
    assert_string_equal(hash, "");
  }
  free(bytes);
  free(in);
}

static void the_record_says_where_it_came_from(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_record *record = NULL;
  char key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  assert_done(blockstore_get_immutable(world->session, output, &record, NAME, key, NULL, &error));
  assert_string_equal(blockstore_record_name(record), NAME);
  assert_string_equal(blockstore_record_key(record), key);
  assert_string_equal(blockstore_record_store(record), "one");
  assert_string_equal(blockstore_record_proven(record), "local");
  assert_int_equal(blockstore_record_size(record), 4);
  assert_non_null(strstr(blockstore_record_document(record), "\"size\": 4"));
  blockstore_record_free(record);
  blockstore_output_free(output);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(every_size_comes_back),
      in_world(files_and_descriptors),
      in_world(callbacks_both_ways),
      in_world(a_source_that_fails_puts_nothing),
      in_world(inputs_that_are_none),
      in_world(an_output_file_is_replaced_in_one_step),
      in_world(a_failed_get_leaves_the_file_alone),
      in_world(memory_has_a_limit),
      in_world(data_has_a_limit),
      in_world(a_broken_pipe_is_an_error),
      in_world(a_pipe_is_spooled),
      in_world(a_file_that_changes_meanwhile),
      in_world(the_record_says_where_it_came_from),
  };

  return RUN_TESTS(tests);
}

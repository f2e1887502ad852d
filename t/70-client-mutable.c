/* SPDX-License-Identifier: MIT */
/* Mutable data through the public API: every way in and out, every kind of id, and what is refused. */
#include <config.h>

#include "t/lib/mutable.h"

enum { LIMIT = 2000 }; /* of a record, where a test sets one */

static enum blockstore_result put_input(struct world *world, const char *id, struct blockstore_input *input,
                                        struct blockstore_error **error) {
  enum blockstore_result result = blockstore_put_mutable(world->session, NULL, NAME, id, input, world->key, NULL, error);

  blockstore_input_free(input);
  return result;
}

static enum blockstore_result get_output(struct world *world, const char *id, struct blockstore_output *output,
                                         struct blockstore_error **error) {
  enum blockstore_result result = blockstore_get_mutable(world->session, output, NULL, NAME, id, NULL, error);

  blockstore_output_free(output);
  return result;
}

static void assert_bytes(struct world *world, const char *id, const void *bytes, size_t length) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  size_t got = 0;

  assert_done(blockstore_get_mutable(world->session, output, NULL, NAME, id, NULL, &error));
  blockstore_output_bytes(output, &got);
  assert_int_equal(got, length);
  assert_memory_equal(blockstore_output_bytes(output, &got), bytes, length);
  blockstore_output_free(output);
}

static void assert_file(const struct world *world, const char *name, const char *text) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char *path = path_in(world->place, name);

  assert_ok(bs_file_read(&bytes, path, 1000, &error));
  assert_int_equal(bytes.length, strlen(text));
  assert_memory_equal(bytes.bytes, text, bytes.length);
  bs_buffer_free(&bytes);
  free(path);
}

static void versions_rise_and_only_the_first_needs_a_transaction(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  long before;

  open_with_name(world, ONE_STORE);
  assert_done(put_with(world, &receipt, ID, "first", NULL, &error));
  assert_int_equal(blockstore_receipt_ver(receipt), 1);
  assert_non_null(blockstore_receipt_txid(receipt));
  assert_null(blockstore_receipt_key(receipt));
  blockstore_receipt_free(receipt);
  receipt = NULL;
  assert_reads(world, ID, "first", 1);
  before = height(world);
  assert_done(put_with(world, &receipt, ID, "second", NULL, &error));
  assert_int_equal(blockstore_receipt_ver(receipt), 2);
  assert_null(blockstore_receipt_txid(receipt));
  blockstore_receipt_free(receipt);
  assert_int_equal(height(world), before);
  assert_reads(world, ID, "second", 2);
  assert_int_equal(put_id(world, ID, "second"), 3); /* the same text, asked for anew */
  assert_reads(world, ID, "second", 3);
}

static void without_create_the_route_must_exist(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  long before;

  open_with_name(world, ONE_STORE);
  options.create = 0;
  before = height(world);
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "not_found", "none is to be made");
  put_id(world, "other", "x");
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "not_found", "none is to be made");
  assert_int_equal(height(world), before + 1);
  assert_false(holds_record(world, "one", ID));
  put_id(world, ID, "first");
  assert_done(put_with(world, NULL, ID, "second", &options, &error));
  assert_reads(world, ID, "second", 2);
}

static void what_there_is_not(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(10);

  open_with_name(world, ONE_STORE);
  assert_read_refused(world, ID, NULL, "not_found", "has no user record yet");
  put_id(world, "other", "x");
  assert_read_refused(world, ID, NULL, "not_found", "has no route to the data " ID);
  put_id(world, ID, "x");
  lose_record(world, "one", ID);
  assert_read_refused(world, ID, NULL, "not_found", "one");
  assert_refused(blockstore_get_mutable(world->session, output, NULL, "nobody.id", ID, NULL, &error), "not_found", "nobody.id");
  assert_refused(blockstore_get_mutable(world->session, output, NULL, "no name", ID, NULL, &error), "usage", "no name");
  blockstore_output_free(output);
}

static void bytes_of_every_kind(void **state) {
  static const unsigned char binary[] = {0, 255, '\n', 0, '"', '\\', 0xc3, 0x28};
  struct world *world = *state;
  unsigned char *large = calloc(1, 1500000);

  open_with_name(world, ONE_STORE);
  assert_done(put_input(world, ID, blockstore_input_from_memory("", 0), &error));
  assert_bytes(world, ID, "", 0);
  assert_done(put_input(world, ID, blockstore_input_from_memory("x", 1), &error));
  assert_bytes(world, ID, "x", 1);
  assert_done(put_input(world, ID, blockstore_input_from_memory(binary, sizeof binary), &error));
  assert_bytes(world, ID, binary, sizeof binary);
  for (size_t i = 0; i < 1500000; i++) large[i] = (unsigned char)(i * 2654435761u >> 24);
  assert_done(put_input(world, ID, blockstore_input_from_memory(large, 1500000), &error));
  assert_bytes(world, ID, large, 1500000);
  free(large);
}

static void the_longest_record(void **state) {
  struct world *world = *state;
  char text[LIMIT + 1] = "", *file = path_in(world->place, "in");
  size_t length = 0;

  open_with_name(world, ONE_STORE "limits: {mutable_record: 2000}\n");
  memset(text, 'x', sizeof text);
  while (length < LIMIT && put_input(world, ID, blockstore_input_from_memory(text, length + 3),
                                     NULL) == BLOCKSTORE_DONE)
    length += 3;
  assert_true(length > 1300 && length < 1500); /* base64, and the rest of the record */
  assert_refused(put_input(world, ID, blockstore_input_from_memory(text, length + 3), &error), "too_large",
                 "limits.mutable_record");
  text[length] = '\0';
  assert_reads(world, ID, text, length / 3);
  assert_refused(put_input(world, ID, blockstore_input_from_memory(text, LIMIT + 1), &error), "too_large",
                 "limits.mutable_record");
  text[length] = 'x';
  write_file(world->place, "in", text, length + 3);
  assert_refused(put_input(world, ID, blockstore_input_from_file(file), &error), "too_large", "limits.mutable_record");
  write_file(world->place, "in", text, LIMIT + 1);
  assert_refused(put_input(world, ID, blockstore_input_from_file(file), &error), "too_large", file);
  text[length] = '\0';
  assert_reads(world, ID, text, length / 3);
  free(file);
}

/* What a store gives is bounded as well. */
static void a_record_above_the_limit_is_not_read(void **state) {
  struct world *world = *state;
  char text[LIMIT] = "";

  open_with_name(world, ONE_STORE);
  memset(text, 'x', sizeof text - 1);
  put_id(world, ID, text);
  open_session(world, ONE_STORE "limits: {mutable_record: 2000}\n");
  assert_read_refused(world, ID, NULL, "too_large", "one");
}

/* ---- ids ---- */

static void ids_of_every_kind(void **state) {
  static const char *const ids[] = {"/", "..", "../../etc/passwd", ".", "a b", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                                    "\"quoted\\\"", "%2e%2E",
                                    "a", "A", "a/", "a//", "line\nbreak", "tab\tand\x01", "\x7f", "CHAIN:alice.id:x",
                                    "-x", "{}", "1"};
  enum { COUNT = sizeof ids / sizeof ids[0] };
  struct world *world = *state;
  char longest[4097];

  open_with_name(world, ONE_STORE);
  memset(longest, 'i', sizeof longest - 1);
  longest[4096] = '\0';
  for (size_t i = 0; i < COUNT; i++) put_id(world, ids[i], ids[i]);
  put_id(world, longest, longest);
  for (size_t i = 0; i < COUNT; i++) {
    struct blockstore_record *record = get_with(world, ids[i], ids[i], NULL);

    assert_string_equal(blockstore_record_id(record), ids[i]);
    blockstore_record_free(record);
  }
  assert_reads(world, longest, longest, 1);
  longest[4095] = 'j'; /* only its last byte differs */
  assert_read_refused(world, longest, NULL, "not_found", "no route");
}

static void ids_that_are_none(void **state) {
  static const char *const ids[] = {"", "\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "a\xf5\x80\x80\x80"};
  struct world *world = *state;
  char too_long[4098];
  long before;

  open_with_name(world, ONE_STORE);
  memset(too_long, 'i', sizeof too_long - 1);
  too_long[4097] = '\0';
  before = height(world);
  for (size_t i = 0; i <= sizeof ids / sizeof ids[0]; i++) {
    const char *id = i < sizeof ids / sizeof ids[0] ? ids[i] : too_long;

    assert_refused(put_with(world, NULL, id, "x", NULL, &error), "usage", "id");
    assert_refused(delete_with(world, NULL, id, NULL, &error), "usage", "id");
  }
  put_id(world, ID, "x");
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) assert_read_refused(world, ids[i], NULL, "usage", "id");
  assert_read_refused(world, too_long, NULL, "usage", "id");
  assert_int_equal(height(world), before + 1);
}

static void one_id_of_two_names(void **state) {
  struct world *world = *state;
  struct blockstore_input *input = blockstore_input_from_memory("bobby's", 7);
  struct blockstore_output *output = blockstore_output_to_memory(10);
  size_t length;

  open_with_name(world, ONE_STORE);
  own(world, "bobby.id");
  put_id(world, ID, "alice's");
  assert_done(blockstore_put_mutable(world->session, NULL, "bobby.id", ID, input, world->key, NULL, &error));
  assert_reads(world, ID, "alice's", 1);
  assert_done(blockstore_get_mutable(world->session, output, NULL, "bobby.id", ID, NULL, &error));
  assert_string_equal(blockstore_output_bytes(output, &length), "bobby's");
  assert_int_equal(delete_id(world, ID), 2);
  assert_done(blockstore_get_mutable(world->session, output, NULL, "bobby.id", ID, NULL, &error));
  blockstore_output_free(output);
  blockstore_input_free(input);
}

/* ---- ways in and out ---- */

static int64_t give_two(void *user, void *buffer, size_t size) {
  int *left = user;

  if (*left < 0) return -1;
  if (*left == 0 || size < 2) return 0;
  --*left;
  memcpy(buffer, "ab", 2);
  return 2;
}

static int take_text(void *user, const void *bytes, size_t length) {
  struct bs_buffer *text = user;

  bs_buffer_add(text, bytes, length);
  return text->length > 6;
}

static void every_way_in(void **state) {
  struct world *world = *state;
  char *file = path_in(world->place, "in"), *missing = path_in(world->place, "missing");
  int left = 3, failing = -1, ends[2];

  open_with_name(world, ONE_STORE);
  write_file(world->place, "in", "from a file", 11);
  assert_done(put_input(world, ID, blockstore_input_from_file(file), &error));
  assert_reads(world, ID, "from a file", 1);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], "through a pipe", 14), 14);
  close(ends[1]);
  assert_done(put_input(world, ID, blockstore_input_from_fd(ends[0]), &error));
  close(ends[0]);
  assert_reads(world, ID, "through a pipe", 2);
  assert_done(put_input(world, ID, blockstore_input_from_callback(give_two, &left), &error));
  assert_reads(world, ID, "ababab", 3);
  assert_refused(put_input(world, ID, blockstore_input_from_callback(give_two, &failing), &error), "failed", "source failed");
  assert_refused(put_input(world, ID, blockstore_input_from_file(missing), &error), "usage", missing);
  assert_refused(put_input(world, ID, blockstore_input_from_fd(-1), &error), "usage", "descriptor");
  assert_refused(put_input(world, ID, NULL, &error), "no_memory", "no input");
  assert_reads(world, ID, "ababab", 3);
  free(missing);
  free(file);
}

static void every_way_out(void **state) {
  struct world *world = *state;
  struct bs_buffer text = BS_BUFFER_INIT;
  char *file = path_in(world->place, "out"), *none = path_in(world->place, "none/out");
  int fd;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "123456");
  write_file(world->place, "out", "old", 3);
  assert_done(get_output(world, ID, blockstore_output_to_file(file), &error));
  assert_file(world, "out", "123456");
  fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);
  assert_done(get_output(world, ID, blockstore_output_to_fd(fd), &error));
  close(fd);
  assert_file(world, "out", "123456");
  assert_done(get_output(world, ID, blockstore_output_to_callback(take_text, &text), &error));
  assert_memory_equal(text.bytes, "123456", 6);
  assert_refused(get_output(world, ID, blockstore_output_to_callback(take_text, &text), &error), "failed", "receiver");
  assert_done(get_output(world, ID, blockstore_output_to_memory(6), &error));
  assert_refused(get_output(world, ID, blockstore_output_to_memory(5), &error), "too_large", "more than the 5");
  assert_refused(get_output(world, ID, blockstore_output_to_file(none), &error), "usage", "none");
  assert_refused(get_output(world, ID, NULL, &error), "no_memory", "no output");
  lose_record(world, "one", ID);
  assert_refused(get_output(world, ID, blockstore_output_to_file(file), &error), "not_found", "one");
  assert_file(world, "out", "123456");
  bs_buffer_free(&text);
  free(none);
  free(file);
}

static void an_output_may_be_used_again(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(10);
  size_t length;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "longer");
  assert_done(blockstore_get_mutable(world->session, output, NULL, NAME, ID, NULL, &error));
  put_id(world, ID, "x");
  assert_done(blockstore_get_mutable(world->session, output, NULL, NAME, ID, NULL, &error));
  assert_string_equal(blockstore_output_bytes(output, &length), "x");
  assert_int_equal(length, 1);
  blockstore_output_free(output);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(versions_rise_and_only_the_first_needs_a_transaction),
      in_world(without_create_the_route_must_exist),
      in_world(what_there_is_not),
      in_world(bytes_of_every_kind),
      in_world(the_longest_record),
      in_world(a_record_above_the_limit_is_not_read),
      in_world(ids_of_every_kind),
      in_world(ids_that_are_none),
      in_world(one_id_of_two_names),
      in_world(every_way_in),
      in_world(every_way_out),
      in_world(an_output_may_be_used_again),
  };

  return RUN_TESTS(tests);
}

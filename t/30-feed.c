/* SPDX-License-Identifier: MIT */
/* Bytes that go into stores: read back as they were hashed, or not at all. */
#include <config.h>

#include <fcntl.h>
#include <sys/mman.h>

#include "t/lib/calls.h"

#define LONG (BS_FEED_COPY + 3 * BS_FEED_CHUNK + 77) /* bytes of a file that is read in place */

static unsigned char byte_at(uint64_t offset) {
  return (unsigned char)(offset * 2654435761u >> 13);
}

static int new_file(uint64_t size) {
  char path[] = "/tmp/blockstore-feed-XXXXXX";
  int fd = mkstemp(path);
  unsigned char *bytes = malloc((size_t)size + 1);

  assert_true(fd >= 0 && bytes != NULL);
  unlink(path);
  for (uint64_t i = 0; i < size; i++) bytes[i] = byte_at(i);
  assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
  free(bytes);
  return fd;
}

static void flip(int fd, uint64_t offset) {
  unsigned char byte = (unsigned char)~byte_at(offset);

  assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
}

static bool digest(struct bs_feed *feed, unsigned char sha256[BS_SHA256_SIZE], struct bs_error *error) {
  struct bs_scope *scope = scope_of(0);
  bool done = bs_feed_digest(feed, sha256, NULL, NULL, NULL, scope, error);

  bs_scope_close(scope);
  return done;
}

/* A hashed feed over a file from `offset`. */
static struct bs_feed *long_feed(int fd, uint64_t offset) {
  unsigned char sha256[BS_SHA256_SIZE];
  struct bs_error error = {0};
  struct bs_feed *feed = NULL;

  assert_ok(bs_feed_from_fd(&feed, fd, offset, UINT64_MAX, &error));
  assert_ok(digest(feed, sha256, &error));
  return feed;
}

static bool read_part(struct bs_feed *feed, size_t length, uint64_t offset, uint64_t start, struct bs_error *error) {
  unsigned char *buffer = malloc(length + 1);
  struct bs_feed_reader reader;
  bool done;

  bs_feed_reader_begin(&reader, feed);
  done = bs_feed_read(&reader, buffer, length, offset, error);
  for (size_t i = 0; done && i < length; i++)
    if (buffer[i] != byte_at(start + offset + i)) fail_msg("byte %zu", i);
  bs_feed_reader_end(&reader);
  free(buffer);
  return done;
}

static void all_kinds_have_the_same_digest(void **state UNUSED) {
  static unsigned char bytes[BS_FEED_COPY + BS_FEED_CHUNK];
  unsigned char expected[BS_SHA256_SIZE];
  unsigned char expected160[BS_HASH160_SIZE];
  int fd BS_AUTO_CLOSE = new_file(sizeof bytes);
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};
  struct bs_feed *feeds[3];
  struct bs_spool spool;

  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = byte_at(i);
  bs_sha256(expected, bytes, sizeof bytes);
  bs_hash160(expected160, bytes, sizeof bytes);
  bs_spool_init(&spool, NULL);
  assert_ok(bs_spool_write(&spool, bytes, sizeof bytes, &error));
  assert_ok(bs_feed_from_memory(&feeds[0], bytes, sizeof bytes, &error));
  assert_ok(bs_feed_from_fd(&feeds[1], fd, 0, sizeof bytes, &error));
  assert_ok(bs_feed_from_spool(&feeds[2], &spool, &error));
  for (size_t i = 0; i < 3; i++) {
    unsigned char sha256[BS_SHA256_SIZE];
    unsigned char hash160[BS_HASH160_SIZE];

    assert_int_equal(bs_feed_size(feeds[i]), sizeof bytes);
    assert_ok(bs_feed_digest(feeds[i], sha256, hash160, NULL, NULL, scope, &error));
    assert_memory_equal(sha256, expected, BS_SHA256_SIZE);
    assert_memory_equal(hash160, expected160, BS_HASH160_SIZE);
    assert_ok(read_part(feeds[i], sizeof bytes, 0, 0, &error));
    assert_ok(read_part(feeds[i], 100, BS_FEED_CHUNK - 50, 0, &error));
    bs_feed_release(feeds[i]);
  }
  bs_scope_close(scope);
  bs_spool_free(&spool);
}

static void nothing_is_a_feed_too(void **state UNUSED) {
  unsigned char expected[BS_SHA256_SIZE];
  unsigned char sha256[BS_SHA256_SIZE];
  int fd BS_AUTO_CLOSE = new_file(5);
  struct bs_error error = {0};
  struct bs_feed *feeds[2];

  bs_sha256(expected, "", 0);
  assert_ok(bs_feed_from_memory(&feeds[0], NULL, 0, &error));
  assert_ok(bs_feed_from_fd(&feeds[1], fd, 5, 0, &error));
  for (size_t i = 0; i < 2; i++) {
    assert_ok(digest(feeds[i], sha256, &error));
    assert_memory_equal(sha256, expected, BS_SHA256_SIZE);
    assert_ok(read_part(feeds[i], 0, 0, 0, &error));
    assert_fails(read_part(feeds[i], 1, 0, 0, &error), BS_WORD_usage, "behind the end");
    bs_feed_release(feeds[i]);
  }
}

static void a_long_file_is_read_anywhere(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(LONG + 1000);
  struct bs_feed *feed = long_feed(fd, 1000);
  struct bs_error error = {0};

  assert_int_equal(bs_feed_size(feed), LONG);
  assert_ok(read_part(feed, LONG, 0, 1000, &error));
  assert_ok(read_part(feed, 1, 0, 1000, &error));
  assert_ok(read_part(feed, 1, LONG - 1, 1000, &error));
  assert_ok(read_part(feed, 0, LONG, 1000, &error));
  assert_ok(read_part(feed, 2 * BS_FEED_CHUNK + 5, BS_FEED_CHUNK - 2, 1000, &error));
  assert_fails(read_part(feed, 2, LONG - 1, 1000, &error), BS_WORD_usage, "behind the end");
  assert_fails(read_part(feed, 1, UINT64_MAX, 1000, &error), BS_WORD_usage, "behind the end");
  bs_feed_release(feed);
}

static void a_short_file_may_change_afterwards(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(BS_FEED_COPY);
  struct bs_feed *feed = long_feed(fd, 0);
  struct bs_error error = {0};

  flip(fd, 17);
  assert_int_equal(ftruncate(fd, 3), 0);
  assert_ok(read_part(feed, BS_FEED_COPY, 0, 0, &error));
  bs_feed_release(feed);
}

static void a_changed_chunk_is_not_handed_on(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_feed *feed = long_feed(fd, 0);
  struct bs_error error = {0};

  flip(fd, BS_FEED_CHUNK + 9);
  assert_ok(read_part(feed, BS_FEED_CHUNK, 0, 0, &error));
  assert_fails(read_part(feed, 1, BS_FEED_CHUNK, 0, &error), BS_WORD_changed, "was changed while");
  assert_fails(read_part(feed, LONG, 0, 0, &error), BS_WORD_changed, "was changed while");
  assert_ok(read_part(feed, BS_FEED_CHUNK, 2 * BS_FEED_CHUNK, 0, &error));
  bs_feed_release(feed);
}

static void swapped_chunks_are_changed_ones(void **state UNUSED) {
  static unsigned char chunk[BS_FEED_CHUNK];
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_feed *feed = long_feed(fd, 0);
  struct bs_error error = {0};

  assert_int_equal(pread(fd, chunk, sizeof chunk, 0), sizeof chunk);
  assert_int_equal(pwrite(fd, chunk, sizeof chunk, sizeof chunk), sizeof chunk);
  assert_fails(read_part(feed, 1, BS_FEED_CHUNK, 0, &error), BS_WORD_changed, "was changed while");
  bs_feed_release(feed);
}

static void a_file_that_became_shorter_is_changed(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_feed *feed = long_feed(fd, 0);
  struct bs_error error = {0};

  assert_int_equal(ftruncate(fd, LONG - 1), 0);
  assert_ok(read_part(feed, 10, 0, 0, &error));
  assert_fails(read_part(feed, 1, LONG - 2, 0, &error), BS_WORD_changed, "was changed while");
  bs_feed_release(feed);
}

static void a_file_that_became_longer_is_changed(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_feed *feed = long_feed(fd, 0);
  struct bs_error error = {0};

  flip(fd, LONG);
  assert_ok(read_part(feed, LONG - 1, 0, 0, &error));
  assert_fails(read_part(feed, LONG, 0, 0, &error), BS_WORD_changed, "was changed while");
  assert_fails(read_part(feed, 1, LONG - 1, 0, &error), BS_WORD_changed, "was changed while");
  bs_feed_release(feed);
}

static void a_file_that_changes_size_before_the_first_pass_is_changed(void **state UNUSED) {
  unsigned char sha256[BS_SHA256_SIZE];
  struct bs_error error = {0};

  for (int longer = 0; longer <= 1; longer++) {
    int fd BS_AUTO_CLOSE = new_file(LONG);
    struct bs_feed *feed = NULL;

    assert_ok(bs_feed_from_fd(&feed, fd, 0, UINT64_MAX, &error));
    assert_int_equal(ftruncate(fd, longer != 0 ? LONG + 1 : LONG - 1), 0);
    assert_fails(digest(feed, sha256, &error), BS_WORD_changed, "was changed while");
    bs_feed_release(feed);
  }
}

static void a_long_file_is_hashed_before_it_is_read(void **state UNUSED) {
  unsigned char sha256[BS_SHA256_SIZE];
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_error error = {0};
  struct bs_feed *feed = NULL;

  assert_ok(bs_feed_from_fd(&feed, fd, 0, UINT64_MAX, &error));
  assert_fails(read_part(feed, 1, 0, 0, &error), BS_WORD_usage, "not hashed");
  assert_ok(digest(feed, sha256, &error));
  assert_fails(digest(feed, sha256, &error), BS_WORD_usage, "hashed already");
  bs_feed_release(feed);
}

static void what_is_no_file_to_read_is_refused(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(10);
  int directory BS_AUTO_CLOSE = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct bs_error error = {0};
  struct bs_feed *feed = NULL;
  int ends[2];

  assert_int_equal(pipe(ends), 0);
  assert_fails(bs_feed_from_fd(&feed, ends[0], 0, 100, &error), BS_WORD_usage, "regular file");
  assert_fails(bs_feed_from_fd(&feed, directory, 0, UINT64_MAX, &error), BS_WORD_usage, "regular file");
  assert_fails(bs_feed_from_fd(&feed, fd, 11, 100, &error), BS_WORD_usage, "ends before");
  assert_fails(bs_feed_from_fd(&feed, fd, 0, 9, &error), BS_WORD_too_large, "10 bytes, the most is 9");
  assert_fails(bs_feed_from_fd(&feed, -1, 0, 9, &error), BS_WORD_io, "examined");
  assert_null(feed);
  close(ends[0]);
  close(ends[1]);
}

static void a_cancelled_first_pass_stops(void **state UNUSED) {
  unsigned char sha256[BS_SHA256_SIZE];
  struct bs_feed *feed = feed_of("text");
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};

  bs_scopes_cancel(&scopes);
  assert_fails(bs_feed_digest(feed, sha256, NULL, NULL, NULL, scope, &error), BS_WORD_cancelled, "cancelled");
  bs_scope_close(scope);
  bs_feed_release(feed);
}

struct reading {
  struct bs_feed *feed;
  bool ok;
};

static void *read_in_thread(void *user) {
  struct reading *reading = user;
  struct bs_error error = {0};

  reading->ok = true;
  for (uint64_t at = 0; at + 50000 < LONG; at += 49999)
    if (!read_part(reading->feed, 50000, at, 0, &error)) reading->ok = false;
  return NULL;
}

static void many_readers_at_once(void **state UNUSED) {
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_feed *feed = long_feed(fd, 0);
  struct reading readings[4];
  pthread_t threads[4];

  for (size_t i = 0; i < 4; i++) {
    readings[i].feed = feed;
    assert_int_equal(pthread_create(&threads[i], NULL, read_in_thread, &readings[i]), 0);
  }
  for (size_t i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    assert_true(readings[i].ok);
  }
  bs_feed_release(feed);
}

static int fd_to_change = -1;

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call UNUSED,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

/* Reads all of it, while somebody changes the file; says OK whatever happens. */
static enum blockstore_status mock_put(void *self UNUSED, struct blockstore_call *call UNUSED, const char *key UNUSED,
                                       const struct blockstore_source *data, const char *txid UNUSED) {
  static char buffer[10000];
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  for (uint64_t at = 0; at < data->size && status == BLOCKSTORE_STATUS_OK; at += sizeof buffer) {
    size_t part = data->size - at < sizeof buffer ? (size_t)(data->size - at) : sizeof buffer;

    if (at == BS_FEED_CHUNK / sizeof buffer * sizeof buffer) flip(fd_to_change, data->size - 1);
    status = data->read_at(data, buffer, part, at);
  }
  return BLOCKSTORE_STATUS_OK;
}

static void a_file_changed_while_it_is_put_fails_the_call(void **state UNUSED) {
  static const struct blockstore_driver driver = {.storage_init = mock_init, .put_immutable_handler = mock_put};
  struct bs_store *store = open_store("shelf", &driver, BS_THREADS_PARALLEL, false, 0);
  int fd BS_AUTO_CLOSE = new_file(LONG);
  struct bs_feed *feed = long_feed(fd, 0);
  struct bs_call *call = put_call(store, BS_ENTRY_PUT_IMMUTABLE, feed);

  fd_to_change = fd;
  assert_result(run_one(call, 0), FAILED, BS_WORD_changed, "shelf: The file was changed while it was being read.");
  bs_call_release(call);
  bs_feed_release(feed);
  bs_store_close(store);
}

#if SIZE_MAX == UINT32_MAX
/* Their number must not wrap into a small one. */
static void tags_that_need_more_than_all_memory(void **state UNUSED) {
  const uint64_t size = UINT64_C(1) << 50;
  int fd BS_AUTO_CLOSE = memfd_create("endless", MFD_CLOEXEC);
  unsigned char sha256[BS_SHA256_SIZE];
  struct bs_error error = {0};
  struct bs_feed *feed;

  assert_true(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
  assert_ok(bs_feed_from_fd(&feed, fd, 0, size, &error));
  assert_fails(digest(feed, sha256, &error), BS_WORD_too_large, "1125899906842624 bytes, more than this machine");
  bs_feed_release(feed);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      CALL_TEST(all_kinds_have_the_same_digest),
      CALL_TEST(nothing_is_a_feed_too),
      CALL_TEST(a_long_file_is_read_anywhere),
      CALL_TEST(a_short_file_may_change_afterwards),
      CALL_TEST(a_changed_chunk_is_not_handed_on),
      CALL_TEST(swapped_chunks_are_changed_ones),
      CALL_TEST(a_file_that_became_shorter_is_changed),
      CALL_TEST(a_file_that_became_longer_is_changed),
      CALL_TEST(a_file_that_changes_size_before_the_first_pass_is_changed),
      CALL_TEST(a_long_file_is_hashed_before_it_is_read),
      CALL_TEST(what_is_no_file_to_read_is_refused),
      CALL_TEST(a_cancelled_first_pass_stops),
      CALL_TEST(many_readers_at_once),
      CALL_TEST(a_file_changed_while_it_is_put_fails_the_call),
#if SIZE_MAX == UINT32_MAX
      CALL_TEST(tags_that_need_more_than_all_memory),
#endif
  };

  return RUN_TESTS(tests);
}

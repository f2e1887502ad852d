/* SPDX-License-Identifier: MIT */
/* Whatever is done to the files of a cache, a get gives what the store has. */
#include <config.h>

#include "t/lib/cache-world.h"

static void read_whole(const char *path, unsigned char **ret_bytes, size_t *ret_size) {
  FILE *file = fopen(path, "r");
  struct stat status;

  assert_non_null(file);
  assert_int_equal(fstat(fileno(file), &status), 0);
  *ret_size = (size_t)status.st_size;
  *ret_bytes = malloc(*ret_size + 1);
  assert_int_equal(fread(*ret_bytes, 1, *ret_size, file), *ret_size);
  fclose(file);
}

static void write_whole(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "w");

  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static void flip(const char *path, size_t offset) {
  int fd = open(path, O_RDWR);
  unsigned char byte;

  assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
  byte ^= (unsigned char)(1u << offset % 8);
  assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
  close(fd);
}

/* What is damaged is asked of the store once, and is then whole again. */
static void mends(struct world *world, const struct datum *datum) {
  gets_datum(world, datum->key, datum, 1);
  gets_datum(world, datum->key, datum, 0);
}

static struct datum keep(struct world *world, size_t size, unsigned seed) {
  struct datum datum = make_datum(size, seed);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 0);
  return datum;
}

/* ---- values ---- */

static void every_byte_of_a_value(void **state) {
  struct world *world = *state;
  struct datum datum = keep(world, 1024, 1);
  char *path = kept_path(world, datum.key);

  for (size_t i = 0; i < datum.size; i++) {
    flip(path, i);
    mends(world, &datum);
  }
  free(path);
  free(datum.bytes);
}

static void every_length_of_a_value(void **state) {
  struct world *world = *state;
  struct datum datum = keep(world, 300, 1);
  char *path = kept_path(world, datum.key);

  for (off_t size = 0; size < 310; size++) {
    if (size == 300) continue;
    assert_int_equal(truncate(path, size), 0);
    mends(world, &datum);
  }
  assert_int_equal(truncate(path, (off_t)1 << 40), 0); /* a file with a hole, which is read to its end */
  assert_int_equal(truncate(path, 100 << 20), 0);
  mends(world, &datum);
  free(path);
  free(datum.bytes);
}

static void a_long_value(void **state) {
  static const size_t offsets[] = {0, 1u << 20, 5000000, (9u << 20) + 16};
  struct world *world = *state;
  struct datum datum = keep(world, (9u << 20) + 17, 1);
  char *path = kept_path(world, datum.key);

  for (size_t i = 0; i < 4; i++) {
    flip(path, offsets[i]);
    mends(world, &datum);
    assert_int_equal(truncate(path, (off_t)offsets[i]), 0);
    mends(world, &datum);
  }
  free(path);
  free(datum.bytes);
}

/* Damage a sink that is at its second megabyte of a long value. */
struct damaging {
  struct blockstore_sink abi;
  struct host_sink kept;
  const char *path;
  size_t at;
  bool cuts;
};

static enum blockstore_status damaging_begin(struct blockstore_sink *sink, uint64_t size) {
  struct damaging *damaging = (struct damaging *)sink;

  return damaging->kept.sink.begin(&damaging->kept.sink, size);
}

static enum blockstore_status damaging_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct damaging *damaging = (struct damaging *)sink;

  if (damaging->kept.begins == 1 && damaging->kept.length == 1u << 20) {
    if (damaging->cuts) assert_int_equal(truncate(damaging->path, 3 << 20), 0);
    if (!damaging->cuts) flip(damaging->path, damaging->at);
  }
  return damaging->kept.sink.write(&damaging->kept.sink, bytes, length);
}

/* It was whole when it was verified, and no more when it is read again: the value is begun anew, with what the store has. */
static void a_value_that_is_damaged_while_it_is_read(void **state) {
  static const size_t offsets[] = {5u << 20, (9u << 20) + 16, 0};
  struct world *world = *state;
  struct datum datum = keep(world, (9u << 20) + 17, 1);
  char *path = kept_path(world, datum.key);

  for (size_t i = 0; i < 3; i++) {
    struct damaging damaging = {.abi = {sizeof damaging.abi, 0, damaging_begin, damaging_write}, .path = path, .at = offsets[i]};

    damaging.cuts = i == 2;
    host_sink_init(&damaging.kept);
    assert_int_equal(get_into(world, &damaging.abi, datum.key), BLOCKSTORE_STATUS_OK);
    assert_int_equal(damaging.kept.begins, 2);
    assert_int_equal(damaging.kept.length, datum.size);
    assert_memory_equal(damaging.kept.bytes, datum.bytes, datum.size);
    host_sink_free(&damaging.kept);
    gets_datum(world, datum.key, &datum, 0);
  }
  free(path);
  free(datum.bytes);
}

/* What was damaged and is empty in the store: the sink is told so aloud. */
static void nothing_comes_after_half_a_value(void **state) {
  struct world *world = *state;
  struct datum datum = keep(world, (9u << 20) + 17, 1);
  char *path = kept_path(world, datum.key);
  struct damaging damaging = {.abi = {sizeof damaging.abi, 0, damaging_begin, damaging_write}, .path = path, .at = 5u << 20};

  add_item(&world->below, datum.key, "", 0);
  world->below.is_silent = true;
  host_sink_init(&damaging.kept);
  assert_int_equal(get_into(world, &damaging.abi, datum.key), BLOCKSTORE_STATUS_OK);
  assert_int_equal(damaging.kept.begins, 2);
  assert_int_equal(damaging.kept.length, 0);
  assert_false(is_kept(world, datum.key));
  host_sink_free(&damaging.kept);
  free(path);
  free(datum.bytes);
}

static void other_files_in_its_place(void **state) {
  struct world *world = *state;
  struct datum datum = keep(world, 1000, 1), other = keep(world, 1000, 2);
  char *path = kept_path(world, datum.key), *second = kept_path(world, other.key);
  char *aside = host_path("%s/aside", world->directory), *folder = host_path("%s/immutable/%.2s", world->cache, datum.key);

  assert_int_equal(rename(path, aside), 0); /* swapped */
  assert_int_equal(rename(second, path), 0);
  assert_int_equal(rename(aside, second), 0);
  mends(world, &datum);
  mends(world, &other);

  write_whole(aside, datum.bytes, datum.size); /* a link, though to the right bytes */
  assert_int_equal(unlink(path), 0);
  assert_int_equal(symlink(aside, path), 0);
  mends(world, &datum);
  assert_int_equal(access(aside, F_OK), 0);

  assert_int_equal(unlink(path), 0); /* nobody writes into it */
  assert_int_equal(mkfifo(path, 0600), 0);
  mends(world, &datum);

  assert_int_equal(unlink(path), 0); /* never mended, and told of once */
  assert_int_equal(mkdir(path, 0700), 0);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(atomic_load(&warnings), 1);
  assert_int_equal(rmdir(path), 0);
  mends(world, &datum);

  unlink(aside); /* nothing is written past the directory */
  assert_int_equal(rename(folder, aside), 0);
  assert_int_equal(symlink(aside, folder), 0);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1);
  free(aside);
  free(folder);
  free(path);
  free(second);
  free(datum.bytes);
  free(other.bytes);
}

/* ---- records ---- */

static char *record_path(const struct world *world, const char *url) {
  unsigned char digest[32];
  char digits[65];

  bs_sha256(digest, url, strlen(url));
  bs_hex_encode(digits, digest, 32);
  return host_path("%s/mutable/%.2s/%s", world->cache, digits, digits);
}

static void every_byte_of_a_record(void **state) {
  struct world *world = *state;
  char *path = record_path(world, "below://one/x");
  unsigned char *bytes;
  size_t size;

  add_item(&world->below, "below://one/x", "what it says", 12);
  gets_record(world, "x", "what it says", 1);
  read_whole(path, &bytes, &size);
  for (size_t i = 0; i < size; i++) {
    flip(path, i);
    gets_record(world, "x", "what it says", 1);
    gets_record(world, "x", "what it says", 0);
  }
  for (off_t length = 0; length < (off_t)size; length++) {
    assert_int_equal(truncate(path, length), 0);
    gets_record(world, "x", "what it says", 1);
    gets_record(world, "x", "what it says", 0);
  }
  free(bytes);
  free(path);
}

static void records_that_were_swapped_or_put_back(void **state) {
  struct world *world = *state;
  char *x = record_path(world, "below://one/x"), *y = record_path(world, "below://one/y");
  unsigned char *bytes;
  size_t size;

  add_item(&world->below, "below://one/x", "of x", 4);
  add_item(&world->below, "below://one/y", "of y", 4);
  gets_record(world, "x", "of x", 1);
  gets_record(world, "y", "of y", 1);
  read_whole(x, &bytes, &size);
  assert_int_equal(rename(x, y), 0);
  gets_record(world, "y", "of y", 1);
  gets_record(world, "x", "of x", 1);
  assert_int_equal(host_put_mutable(&world->store, "x", "newer", 5), BLOCKSTORE_STATUS_OK);
  write_whole(x, bytes, size);
  gets_record(world, "x", "newer", 1);
  free(bytes);
  free(x);
  free(y);
}

/* ---- the tally ---- */

/* It knows what was dropped: when it is gone, or damaged, no older record counts. */
static void a_tally_that_is_gone(void **state) {
  static const char *const texts[] = {"", "x", "BSTALLY1"};
  struct world *world = *state;
  char *path = host_path("%s/tally", world->cache);
  struct datum datum = keep(world, 1000, 1);

  add_item(&world->below, "below://one/x", "first", 5);
  gets_record(world, "x", "first", 1);
  assert_int_equal(unlink(path), 0);
  gets_record(world, "x", "first", 1);
  for (int i = 0; i < 3; i++) {
    write_whole(path, texts[i], strlen(texts[i]));
    gets_record(world, "x", "first", 1);
    gets_record(world, "x", "first", 0);
    gets_datum(world, datum.key, &datum, 0);
  }
  assert_int_equal(unlink(path), 0); /* no tally at all: nothing is kept */
  assert_int_equal(mkdir(path, 0700), 0);
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "first", 1);
  gets_datum(world, datum.key, &datum, 0);
  assert_int_equal(host_put_mutable(&world->store, "x", "second", 6), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "second", 1);
  assert_int_equal(atomic_load(&warnings), 1);
  assert_int_equal(rmdir(path), 0);
  gets_record(world, "x", "second", 1); /* this instance could not drop it, and trusts no record any more */
  gets_record(world, "x", "second", 1);
  free(path);
  free(datum.bytes);
}

static void every_byte_of_the_tally(void **state) {
  struct world *world = *state;
  char *path = host_path("%s/tally", world->cache);
  struct datum datum = keep(world, 1000, 1);
  unsigned char *bytes;
  size_t size;

  read_whole(path, &bytes, &size);
  for (size_t i = 0; i < size; i++) {
    char text[32];

    flip(path, i);
    gets_datum(world, datum.key, &datum, 0);
    snprintf(text, sizeof text, "%zu", i);
    assert_int_equal(host_put_mutable(&world->store, "x", text, strlen(text)), BLOCKSTORE_STATUS_OK);
    gets_record(world, "x", text, 1);
  }
  free(bytes);
  free(path);
  free(datum.bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CACHE_TEST(every_byte_of_a_value),
      CACHE_TEST(every_length_of_a_value),
      CACHE_TEST(a_long_value),
      CACHE_TEST(a_value_that_is_damaged_while_it_is_read),
      CACHE_TEST(nothing_comes_after_half_a_value),
      CACHE_TEST(other_files_in_its_place),
      CACHE_TEST(every_byte_of_a_record),
      CACHE_TEST(records_that_were_swapped_or_put_back),
      CACHE_TEST(a_tally_that_is_gone),
      CACHE_TEST(every_byte_of_the_tally),
  };

  return RUN_TESTS(tests);
}
